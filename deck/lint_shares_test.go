package deck

import (
	"fmt"
	"strings"
	"testing"
)

func TestShares(t *testing.T) {
	n := 0
	// ask makes notes with questions that differ.
	ask := func(count int, typ Type, tier Tier, opener string) []Note {
		var notes []Note
		for range count {
			n++
			note := typed(typ, fmt.Sprintf("%s node%d of group%d accepts?", opener, n, n), fmt.Sprintf("Node %d.", n))
			note.Tier = tier
			notes = append(notes, note)
		}
		return notes
	}
	join := func(parts ...[]Note) []Note {
		var all []Note
		for _, p := range parts {
			all = append(all, p...)
		}
		return all
	}
	good := func() []Note {
		return join(ask(3, Why, Core, "Why does"), ask(3, Scenario, Core, "Which"), ask(3, Term, Core, "How far"))
	}
	for _, c := range []struct {
		name  string
		notes []Note
		want  string
	}{
		{"good", good(), ""},
		{
			"no reasons", join(ask(3, Term, Core, "What"), ask(3, Scenario, Core, "Which"), ask(3, Compare, Core, "How far")),
			"S1 0 of 9 cards ask why, when or what happens (0 %), at least 30 % wanted",
		},
		{"when is a reason", join(ask(3, Compare, Core, "When does"), ask(3, Scenario, Core, "Which"), ask(3, Term, Core, "How far")), ""},
		{"what happens is a reason", join(ask(3, Compare, Core, "What happens when"), ask(3, Scenario, Core, "Which"), ask(3, Term, Core, "How far")), ""},
		{
			"no scenarios", join(ask(3, Why, Core, "Why does"), ask(3, Term, Core, "Which"), ask(3, Compare, Core, "How far")),
			"S2 0 of 9 cards are scenario or failure (0 %), at least 20 % wanted",
		},
		{
			"definitions", join(ask(2, Why, Core, "Why does"), ask(3, Failure, Core, "Where does"), ask(4, Term, Core, "How far"), ask(4, Term, Core, "Which")),
			"S3 8 of 13 cards are term or cloze (62 %), at most 60 % wanted; S5 13 core cards, 8 to 12 wanted",
		},
		{
			"one opener", join(ask(4, Why, Core, "Why does"), ask(3, Scenario, Core, "Which"), ask(3, Term, Core, "How far")),
			`S4 4 of 10 questions open with "why" (40 %), at most 35 % wanted`,
		},
		{"what and what", join(ask(3, Why, Core, "What happens when"), ask(3, Scenario, Core, "What do"), ask(3, Term, Core, "What limits")), ""},
		{"too few to judge", ask(7, Term, Core, "Which"), ""},
		{"few cores", join(good()[:7], ask(4, Failure, Deep, "After a crash, how fast is"), ask(4, Failure, Deep, "Where does")), "S5 7 core cards, 8 to 12 wanted"},
		{"few deep", join(good(), ask(1, Failure, Deep, "After a crash, how fast is")), "S5 10 cards, 15 to 30 wanted once there are deep ones"},
		{"full", join(good(), ask(6, Failure, Deep, "After a crash, how fast is")), `S4 6 of 15 questions open with "how fast" (40 %), at most 35 % wanted`},
		{"no tiers", join(ask(5, Why, "", "Why does"), ask(4, Scenario, "", "Which"), ask(4, Term, "", "How far"), ask(3, Term, "", "Where does")), ""},
		{"too many", join(ask(10, Why, "", "Why does"), ask(11, Scenario, "", "Which"), ask(10, Term, "", "How far")), `S4 11 of 31 questions open with "which" (36 %), at most 35 % wanted; S5 31 cards, at most 30 wanted`},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []string
			for _, p := range Lint([]*Post{postOf("a", c.notes...)}, LintOptions{}) {
				if p.Rule[0] == 'S' {
					got = append(got, p.Rule+" "+p.Msg)
					if p.Line != 1 || p.Severity != Warning {
						t.Errorf("%v: line %d, severity %d", p, p.Line, p.Severity)
					}
				}
			}
			if got := strings.Join(got, "; "); got != c.want {
				t.Errorf("got  %q\nwant %q", got, c.want)
			}
			// A deck is not judged as a post.
			deck := postOf("a", c.notes...)
			deck.Dialect = DeckDialect
			for _, p := range Lint([]*Post{deck}, LintOptions{}) {
				if p.Rule[0] == 'S' {
					t.Errorf("a deck: %v", p)
				}
			}
		})
	}
}

func TestOpener(t *testing.T) {
	for front, want := range map[string]string{
		"After a crash, in which order does a log replay?":            "which",
		"When a follower lags, what happens to its reads?":            "what happens",
		"A trip takes 80 ms. When can a client send, and when later?": "when",
		"When do you prefer a queue?":                                 "when",
		"TCP or UDP: which suits voice, and what decides?":            "which",
		"Name the leader.":                                         "",
		"A leader dies. How long until the next?":                  "how long",
		"Interviewer: \"it fails.\" What do you do when it fails?": "what do",
		"You run five nodes: the smallest quorum?":                 "you",
	} {
		c := newLintCard(postOf("a"), &Note{Kind: Basic, Front: front})
		if got := c.opener(); got != want {
			t.Errorf("%q opens with %q, want %q", front, got, want)
		}
	}
}
