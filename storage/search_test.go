package storage

import (
	"context"
	"errors"
	"slices"
	"testing"

	"etch/deck"
	"etch/scheduler"
)

func TestSearch(t *testing.T) {
	s, c := newStore(t), newClock("c")
	add(t, s,
		note{id: "a", key: "a", post: "one", postTags: []string{"caching"}, front: "What is 100% of a_b?", back: "A lease", asOf: "2021-05"},
		note{id: "b", post: "two", tags: []string{"caching"}, tier: deck.Deep, front: "A token that fences", back: "x", asOf: "2026-11"},
		note{id: "c", post: "two", front: "Que\u0301 es esto?", back: "axb: std::vector -x"},
		note{id: "gone", post: "two", front: "token", retired: true})
	grade(t, s, c, "b", scheduler.Good)
	record(t, s, mark(t, s, c, "c", scheduler.Suspend))
	record(t, s, mark(t, s, c, "a", scheduler.Flag))
	record(t, s, mark(t, s, c, "a", scheduler.Bury))
	for query, want := range map[string][]deck.CardID{
		"": {"a", "b", "c"}, "tag:caching": {"a", "b"}, "-tag:caching": {"c"}, "post:two": {"b", "c"}, "tier:deep": {"b"},
		"is:new": {"a", "c"}, "is:learning": {"b"}, "is:review": nil, "is:suspended": {"c"}, "is:flagged": {"a"}, "is:buried": {"a"},
		"is:stale": {"a"}, "is:leech": nil, "is:due": nil, "token": {"b"}, "TOKEN fences": {"b"}, `"token that"`: {"b"}, `"that token"`: nil,
		"100%": {"a"}, "a_b": {"a"}, "%": {"a"}, "tag:caching -token": {"a"}, `"unclosed lease`: nil, "lease": {"a"}, "'": nil,
		"TAG:Caching": {"a", "b"}, "Post:TWO": {"b", "c"}, "TIER:Deep": {"b"}, "Is:NEW": {"a", "c"}, "-Tag:CACHING": {"c"},
		`"std::vector"`: {"c"}, `-"std::vector"`: {"a", "b"}, "axb:": {"c"}, "::vector": {"c"}, `"-x"`: {"c"}, `tag:"caching"`: {"a", "b"},
		"-": {"a", "b", "c"}, "10:30": nil,
	} {
		rows, err := s.Cards(context.Background(), query, c.now)
		noError(t, err)
		var got []deck.CardID
		for _, r := range rows {
			got = append(got, r.Card.ID)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q finds %v, want %v", query, got, want)
		}
	}
	for _, query := range []string{"is:odd", "tier:hard", "foo:bar", "-foo:bar", "std::vector", "lease topic:caching", `tier:"core deep"`} {
		if _, err := s.Cards(context.Background(), query, c.now); !errors.Is(err, ErrSearch) {
			t.Errorf("%s: %v, want ErrSearch", query, err)
		}
	}
}

func TestFindCard(t *testing.T) {
	s := newStore(t)
	add(t, s, note{id: "etch/lease-end", key: "lease-end"}, note{id: "lease", key: "mine"}, note{id: "lease-fence"}, note{id: "ring", clozes: 2}, note{id: "old", retired: true})
	for name, want := range map[string]deck.CardID{
		"etch/lease-end": "etch/lease-end", "lease-end": "etch/lease-end", "lease": "lease", "mine": "lease", "lease-f": "lease-fence",
		"etch/": "etch/lease-end", "ring": "ring~0", "ring~1": "ring~1",
	} {
		if got, err := s.FindCard(context.Background(), name); err != nil || got != want {
			t.Errorf("%q is %s (%v), want %s", name, got, err, want)
		}
	}
	for name, want := range map[string]error{"lease-": ErrAmbiguous, "nobody": ErrNotFound, "": ErrNotFound, "%": ErrNotFound, "old": ErrNotFound, "l_ase": ErrNotFound} {
		if got, err := s.FindCard(context.Background(), name); !errors.Is(err, want) {
			t.Errorf("%q is %s (%v), want %v", name, got, err, want)
		}
	}
}
