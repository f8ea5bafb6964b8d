package tui

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"etch/deck"
	"etch/scheduler"
)

// noTick keeps the wait screen's clock still.
func noTick(time.Duration, func(time.Time) tea.Msg) tea.Cmd { return nil }

const longAnswer = "The ring is a sorted list of tokens; a key belongs to the first token clockwise.\n\n" +
	"```go\nfunc (r *Ring) Owner(key string) Node {\n\ti := sort.Search(len(r.tokens), func(i int) bool { return r.tokens[i].at >= hash(key) })\n\treturn r.tokens[i%len(r.tokens)].node\n}\n```\n\n" +
	"| what | modulo | ring |\n|---|---|---|\n| keys that move | almost all | K/N |\n| lookup | O(1) | O(log n) |\n\n" +
	"1. Each server takes 100 to 200 tokens, so that its share evens out.\n2. A server that dies leaves its tokens' keys to many others.\n3. A hot key stays hot: it lives on one owner, however fine the arcs are.\n\n" +
	"> 一致性哈希 is the same idea in any language.\n\nSee https://www.example.org/a-very-long-address/that-goes-on-and-on/without-a-blank/until-it-is-wider-than-a-narrow-screen.html"

// looks are the screens of the golden files.
var looks = []struct {
	name string
	open func(t *testing.T) *pumped
}{
	{"question", func(t *testing.T) *pumped { return newBench(t, 3, 19, nil).review(scheduler.SessionOptions{}) }},
	{"answer", func(t *testing.T) *pumped { return newBench(t, 3, 19, nil).review(scheduler.SessionOptions{}, "space") }},
	{"second", func(t *testing.T) *pumped {
		return newBench(t, 3, 19, nil).review(scheduler.SessionOptions{}, "space", "3")
	}},
	{"long", func(t *testing.T) *pumped { return longBench(t).review(scheduler.SessionOptions{}, "space") }},
	{"long-scrolled", func(t *testing.T) *pumped {
		return longBench(t).review(scheduler.SessionOptions{}, "space", "pgdown", "j")
	}},
	{"long-question", func(t *testing.T) *pumped {
		b := longBench(t)
		for id, card := range b.texts {
			card.Question, card.Answer = card.Answer, "No."
			b.texts[id] = card
		}
		return b.review(scheduler.SessionOptions{})
	}},
	{"wide", func(t *testing.T) *pumped { return wideBench(t).review(scheduler.SessionOptions{}, "space") }},
	{"wide-shifted", func(t *testing.T) *pumped {
		return wideBench(t).review(scheduler.SessionOptions{}, "space", "right", "right")
	}},
	{"wide-end", func(t *testing.T) *pumped {
		return wideBench(t).review(scheduler.SessionOptions{}, "space", ">>>>>>>>>>>>>>>>>>>>")
	}},
	{"wait", func(t *testing.T) *pumped {
		return newBench(t, 2, 0, nil).review(scheduler.SessionOptions{}, "space", "3", "space", "3")
	}},
	{"end", func(t *testing.T) *pumped { return endedBench(t) }},
	{"nothing-due", func(t *testing.T) *pumped {
		b := newBench(t, 0, 0, nil)
		b.addLater("later", 1)
		b.home = laterHome(b)
		return b.review(scheduler.SessionOptions{})
	}},
	{"undo-prompt", func(t *testing.T) *pumped {
		b := newBench(t, 0, 3, nil)
		b.review(scheduler.SessionOptions{}, "space", "3")
		b.clock.advance(26 * time.Hour)
		return b.review(scheduler.SessionOptions{}, "u")
	}},
	{"why", func(t *testing.T) *pumped {
		return newBench(t, 0, 3, nil).review(scheduler.SessionOptions{}, "space", "w")
	}},
	{"help", func(t *testing.T) *pumped { return newBench(t, 0, 3, nil).review(scheduler.SessionOptions{}, "?") }},
	{"error", func(t *testing.T) *pumped {
		b := newBench(t, 0, 3, nil)
		p := b.review(scheduler.SessionOptions{}, "space")
		b.fail = errors.New("grade card due00: the database is locked by another program")
		return p.press("3")
	}},
	{"two-buttons", func(t *testing.T) *pumped {
		b := newBench(t, 1, 3, func(s *scheduler.Settings) { s.TwoButtons = true })
		return b.review(scheduler.SessionOptions{}, "space", "2")
	}},
	{"flagged", func(t *testing.T) *pumped {
		return newBench(t, 1, 3, nil).review(scheduler.SessionOptions{}, "space", "*")
	}},
	{"filter", func(t *testing.T) *pumped {
		b := newBench(t, 1, 3, nil)
		b.home = laterHome(b)
		return b.review(scheduler.SessionOptions{}, "/", "j")
	}},
	{"cram", func(t *testing.T) *pumped {
		return newBench(t, 1, 3, nil).review(scheduler.SessionOptions{Cram: true}, "space", "1", "space")
	}},
	{"digit-first", func(t *testing.T) *pumped { return newBench(t, 1, 3, nil).review(scheduler.SessionOptions{}, "3") }},
}

func longBench(t *testing.T) *bench {
	b := newBench(t, 2, 3, nil)
	for id, card := range b.texts {
		card.Answer = longAnswer
		b.texts[id] = card
	}
	return b
}

func laterHome(b *bench) Home {
	return Home{
		NextDueDay: b.sched.Day(monday) + 1, Tomorrow: 18, Backlog: 143, Done: 4, Studied: 12,
		Next: &PostLine{Slug: "database-indexing", Title: "Database Indexing", Topic: "databases", Cards: 14, Core: 8, Minutes: 5},
		Posts: []PostLine{
			{Slug: "consistent-hashing", Title: "Consistent Hashing", Topic: "caching", Cards: 22, Core: 8, Seen: 20, CoreSeen: 8, Due: 3},
			{Slug: "caching-strategies", Title: "Caching Strategies", Topic: "caching", Cards: 12, Core: 8, Seen: 12, CoreSeen: 8},
			{Slug: "database-indexing", Title: "Database Indexing", Topic: "databases", Cards: 14, Core: 8},
			{Slug: "tcp-vs-udp", Title: "TCP vs UDP", Topic: "networking", Cards: 9, Core: 6, Seen: 4, CoreSeen: 4, Due: 1},
		},
	}
}

// endedBench answers five reviews of two topics, one of them wrongly.
func endedBench(t *testing.T) *pumped {
	b := newBench(t, 0, 5, func(s *scheduler.Settings) { s.RelearningSteps = nil })
	for _, id := range []deck.CardID{"due01", "due03"} {
		card := b.texts[id]
		card.Topic, card.Tags = "databases", []string{"databases"}
		b.texts[id] = card
	}
	b.home = laterHome(b)
	p := b.review(scheduler.SessionOptions{})
	p.gap = 7 * time.Second
	for i := range 5 {
		grade := "3"
		if i == 2 {
			grade = "1"
		}
		p.press("space", grade)
	}
	return p
}

// sizes are the terminals that the screens are looked at on.
var sizes = [][2]int{{40, 15}, {60, 20}, {80, 24}, {120, 40}}

func TestReviewLooks(t *testing.T) {
	for _, look := range looks {
		for _, size := range sizes {
			t.Run(fmt.Sprintf("%s-%dx%d", look.name, size[0], size[1]), func(t *testing.T) {
				p := look.open(t)
				p.resize(size[0], size[1])
				p.golden(fmt.Sprintf("review-%s-%dx%d", look.name, size[0], size[1]))
				if strings.Contains(p.view(), "\x1b") {
					t.Error("there is an escape sequence without colour")
				}
			})
		}
	}
}

func TestReviewLooksInColor(t *testing.T) {
	for _, name := range []string{"answer", "end", "error", "flagged", "filter"} {
		for _, look := range looks {
			if look.name != name {
				continue
			}
			t.Run(name, func(t *testing.T) {
				p := look.open(t)
				paint(p.top(), Style{Color: true})
				p.resize(80, 24)
				p.golden("review-" + name + "-color")
			})
		}
	}
}

// paint turns colour on for a screen that is open already.
func paint(s screen, style Style) {
	switch s := s.(type) {
	case *review:
		s.env.Style = style
		s.body.reset()
	case *filter:
		s.env.Style = style
	}
}
