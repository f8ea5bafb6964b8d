package deck

import (
	"cmp"
	"fmt"
	"slices"
)

// These rules look at one post's cards together: which kinds of question it
// asks, and how many. They say nothing about decks, and nothing about a post
// with a handful of cards, of which a share means little.

const (
	minCardsToJudge = 8
	minReasons      = 30 // %
	minScenarios    = 20
	maxDefinitions  = 60
	maxOpener       = 35
	minCore         = 8
	maxCore         = 12
	minCards        = 15
	maxCards        = 30
)

// eachPost calls judge for each post that the shares are for.
func eachPost(s *lintSet, report report, judge func(cards []*lintCard) finding) {
	byPost := map[*Post][]*lintCard{}
	for _, c := range s.cards {
		byPost[c.post] = append(byPost[c.post], c)
	}
	for _, p := range s.posts {
		if cards := byPost[p]; p.Dialect == PostDialect && len(cards) >= minCardsToJudge {
			report(place{p, 1, nil}, judge(cards))
		}
	}
}

// matching returns how many of the cards match.
func matching(cards []*lintCard, match func(*lintCard) bool) int {
	n := 0
	for _, c := range cards {
		if match(c) {
			n++
		}
	}
	return n
}

// atLeast is what a rule says when n of all cards are too few, or nothing.
func atLeast(percent, n, all int, what string) finding {
	if 100*n >= percent*all {
		return finding{}
	}
	return found("%d of %d %s (%d %%), at least %d %% wanted", n, all, what, 100*n/all, percent)
}

// atMost is what a rule says when n of all cards are too many, or nothing.
func atMost(percent, n, all int, what string) finding {
	if 100*n <= percent*all {
		return finding{}
	}
	return found("%d of %d %s (%d %%), at most %d %% wanted", n, all, what, (100*n+all-1)/all, percent)
}

func fewReasons(s *lintSet, report report) {
	eachPost(s, report, func(cards []*lintCard) finding {
		return atLeast(minReasons, matching(cards, asksReason), len(cards), "cards ask why, when or what happens")
	})
}

// asksReason reports whether the card asks for a cause, a condition or a
// consequence.
func asksReason(c *lintCard) bool {
	if c.isType(Why, Failure) {
		return true
	}
	for i := range c.q.sentences {
		s := &c.q.sentences[i]
		if !s.asks {
			continue
		}
		w := s.words()
		if slices.Contains(w, "why") || slices.Contains(w, "when") || hasPhrase(w, "what", "happens") || hasPhrase(w, "goes", "wrong") {
			return true
		}
	}
	return false
}

func fewScenarios(s *lintSet, report report) {
	eachPost(s, report, func(cards []*lintCard) finding {
		n := matching(cards, func(c *lintCard) bool { return c.isType(Scenario, Failure) })
		return atLeast(minScenarios, n, len(cards), "cards are scenario or failure")
	})
}

func manyDefinitions(s *lintSet, report report) {
	eachPost(s, report, func(cards []*lintCard) finding {
		n := matching(cards, func(c *lintCard) bool { return c.isType(Term) || c.cloze() })
		return atMost(maxDefinitions, n, len(cards), "cards are term or cloze")
	})
}

func sameOpener(s *lintSet, report report) {
	eachPost(s, report, func(cards []*lintCard) finding {
		openers := map[string]int{}
		top := ""
		for _, c := range cards {
			if w := c.opener(); w != "" {
				openers[w]++
				if cmp.Or(cmp.Compare(openers[w], openers[top]), cmp.Compare(top, w)) > 0 {
					top = w
				}
			}
		}
		return atMost(maxOpener, openers[top], len(cards), fmt.Sprintf("questions open with %q", top))
	})
}

// opener returns what a question asks with, or "". It is the first asker at
// the beginning of a clause: "After a crash, in which order ...". What and how
// count with the word after them: "what happens" and "what do you pick" are
// different questions, and the types of CONTENT.md ask for both.
func (c *lintCard) opener() string {
	s := c.q.asking()
	if c.cloze() || s == nil {
		return ""
	}
	for _, i := range s.clauses(":;,\u2014") {
		for k := i; k < i+2; k++ {
			w := s.word(k)
			if !s.asksAt(k) && (!askers[w] || len(s.clauses(",")) > 1) {
				continue
			}
			if next := s.word(k + 1); next != "" && (w == "what" || w == "how") {
				w += " " + next
			}
			return w
		}
	}
	return s.word(0)
}

func cardCount(s *lintSet, report report) {
	eachPost(s, report, func(cards []*lintCard) finding {
		deep := matching(cards, func(c *lintCard) bool { return c.note.Tier == Deep })
		core := matching(cards, func(c *lintCard) bool { return c.note.Tier == Core })
		n := len(cards)
		switch {
		case n > maxCards:
			return found("%d cards, at most %d wanted", n, maxCards)
		case core+deep == 0: // a user's post that knows no tiers
			return finding{}
		case n-deep < minCore || n-deep > maxCore:
			return found("%d core cards, %d to %d wanted", n-deep, minCore, maxCore)
		case deep > 0 && n < minCards:
			return found("%d cards, %d to %d wanted once there are deep ones", n, minCards, maxCards)
		}
		return finding{}
	})
}
