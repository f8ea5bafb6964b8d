package storage

import (
	"context"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// deckModel is a user's folder as a list of cards, each with a number in its
// words that no other has, so that a test knows which history is whose.
type deckModel struct {
	cards []modelCard
	heads map[string]string // the heading above the cards of a file
}

type modelCard struct {
	number string
	text   string
	file   string
	gone   bool // cut out, to be pasted in later
}

var numbered = regexp.MustCompile(`[a-z]+([0-9]+)`)

// files writes the folder.
func (m *deckModel) files() files {
	f := files{}
	for _, c := range m.cards {
		if c.gone {
			continue
		}
		if f[c.file] == "" {
			f[c.file] = fmt.Sprintf("---\ntitle: %s\n---\n\n## %s\n\n", c.file, m.heads[c.file])
		}
		f[c.file] += c.text
	}
	return f
}

// change does one of the things that must cost no history.
func (m *deckModel) change(t *rapid.T, edited map[int]bool) {
	i := rapid.IntRange(0, len(m.cards)-1).Draw(t, "card")
	j := rapid.IntRange(0, len(m.cards)-1).Draw(t, "other")
	file := rapid.SampledFrom([]string{"a.md", "b.md", "sub/c.md", "d.md"}).Draw(t, "file")
	switch rapid.SampledFrom([]string{"move", "swap", "rename", "section", "word", "word", "cut"}).Draw(t, "change") {
	case "move":
		m.cards[i].file = file
	case "swap":
		m.cards[i], m.cards[j] = m.cards[j], m.cards[i]
		edited[i], edited[j] = edited[j], edited[i]
	case "rename":
		from := m.cards[i].file
		for k := range m.cards {
			switch m.cards[k].file {
			case from:
				m.cards[k].file = file
			case file:
				m.cards[k].file = from
			}
		}
	case "section":
		m.heads[file] += " again"
	case "word":
		if !edited[i] && !m.cards[i].gone {
			m.cards[i].text, edited[i] = editWord(t, m.cards[i].text), true
		}
	case "cut":
		if !edited[i] {
			m.cards[i].gone = !m.cards[i].gone
			edited[i] = true // nor is it edited while it lies in the clipboard
		}
	}
}

// histories maps each card in use, by its number and which deletion it is, to
// its answers.
func histories(t tb, s *Store) map[string]int {
	t.Helper()
	cards, err := s.Cards(context.Background(), "", monday)
	noError(t, err)
	out := make(map[string]int)
	for _, c := range cards {
		key := numbered.FindStringSubmatch(c.Card.Front)[1]
		if c.Card.Kind == "cloze" {
			key += " " + numbered.FindString(c.Card.Answer[strings.IndexRune(c.Card.Answer, '\uF8F0'):])
		}
		if _, twice := out[key]; twice {
			t.Fatalf("two cards of %s", key)
		}
		out[key] = c.Memory.Reps
	}
	return out
}

// Any mix of changes, over several compiles at start and by hand: each card
// has its own history afterwards, and not another's.
func TestInvariant8EachCardKeepsItsOwnHistory(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, done := tempStore(t)
		defer done()
		m := &deckModel{heads: map[string]string{"a.md": "One", "b.md": "Two", "sub/c.md": "Three", "d.md": "Four"}}
		for i := range rapid.IntRange(2, 10).Draw(t, "cards") {
			m.cards = append(m.cards, modelCard{number: fmt.Sprint(i), text: drawCard(t, i), file: rapid.SampledFrom([]string{"a.md", "b.md"}).Draw(t, "file")})
		}
		// A folder without a card would be a lost folder.
		const keep = "100"
		m.cards = append(m.cards, modelCard{number: keep, text: drawCard(t, 100), file: "keep.md"})
		compileFolder(t, s, m.files(), CompileOptions{})
		answerAll(t, s)
		want := histories(t, s)
		rows, before := countRows(t, s), len(want)
		for range rapid.IntRange(1, 4).Draw(t, "rounds") {
			edited := make(map[int]bool)
			for range rapid.IntRange(1, 6).Draw(t, "changes") {
				m.change(t, edited)
			}
			m.cards[slices.IndexFunc(m.cards, func(c modelCard) bool { return c.number == keep })].gone = false
			opt := CompileOptions{Auto: rapid.Bool().Draw(t, "auto")}
			r := compileFolder(t, s, m.files(), opt)
			if r.New != 0 || len(r.Problems) != 0 || len(r.Doubts) != 0 {
				t.Fatalf("%s, problems %v, doubts %v\n%v", counts(r), r.Problems, r.Doubts, m.files())
			}
			got := histories(t, s)
			for _, c := range m.cards {
				for key, reps := range want {
					number, _, _ := strings.Cut(key, " ")
					if n, ok := got[key]; number == c.number && !c.gone && (!ok || n != reps) {
						t.Fatalf("card %s has %d answers, want %d\n%v", key, n, reps, m.files())
					}
				}
			}
			if opt.Auto && len(got) < before {
				t.Fatalf("a compile at start left %v of %d cards", slices.Sorted(maps.Keys(got)), before)
			}
			before = len(got)
		}
		if after := countRows(t, s); after != rows {
			t.Fatalf("notes, cards and log rows %s, were %s", after, rows)
		}
		if findings, err := s.Doctor(context.Background()); err != nil || len(findings) > 0 {
			t.Fatalf("doctor: %v %v", findings, err)
		}
	})
}
