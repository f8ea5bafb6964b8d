package tui

import (
	"slices"
	"testing"
	"time"

	"etch/scheduler"
)

// burst sends keys without a gap, as a slow line does: those that are letters
// in one piece, an Enter behind them.
func (p *pumped) burst(keys ...string) *pumped {
	p.t.Helper()
	p.clock.advance(time.Second)
	for _, k := range keys {
		p.send(keyMsg(k))
	}
	return p
}

func reader(t *testing.T) *pumped {
	d := newDesk(t, 3, 5, nil)
	return pumpWith(t, d.clock, NewRead(d.env, "leases"))
}

// TestPieceOpensSearch: where a key opens an input, what came with it in one
// piece is typed there.
func TestPieceOpensSearch(t *testing.T) {
	reader(t).burst("/token").shows("/token").burst("enter").shows("1 of ")
	p := reader(t).burst("/token", "enter").shows("1 of ")
	if len(p.stack) != 1 {
		t.Error("the Enter opened a screen")
	}
	d := newDesk(t, 3, 5, nil)
	p = pumpWith(t, d.clock, NewCards(d.env, "")).burst("/due0", "enter").shows("cards: due0", "1/5")
	if p.top().(*cards).whole {
		t.Error("the Enter opened a card")
	}
	d.open(t).burst("/due0", "space", "what", "enter").shows("cards: due0 what")
}

// TestSearchIsQuickerThanItsScreen: the Enter may come before the message that
// puts the search on top.
func TestSearchIsQuickerThanItsScreen(t *testing.T) {
	for _, pieces := range [][]string{{"/due0", "enter"}, {"/", "due0", "enter"}, {"/", "due0", "enter", "enter", "esc", "esc"}} {
		d := newDesk(t, 3, 5, nil)
		h := NewHome(d.env).(*home)
		var opened screen
		for _, k := range pieces {
			_, cmd := h.update(keyMsg(k))
			if cmd == nil {
				continue
			}
			msg := cmd()
			if msg, ok := msg.(openMsg); ok && opened == nil {
				opened = msg.next
				continue
			}
			t.Errorf("%q: %q brings %T", pieces, k, msg)
		}
		if c := opened.(*cards); c.query != "due0" || c.typing || c.whole {
			t.Errorf("%q: it searches for %q; whole %v", pieces, c.query, c.whole)
		}
	}
}

// TestPieceDoesNothing: different keys in one piece do nothing, and neither
// does what comes right behind them; the screen says so.
func TestPieceDoesNothing(t *testing.T) {
	for name, start := range map[string]func() *pumped{
		"home":  func() *pumped { return newDesk(t, 3, 5, nil).open(t) },
		"read":  func() *pumped { return reader(t) },
		"cards": func() *pumped { d := newDesk(t, 3, 5, nil); return pumpWith(t, d.clock, NewCards(d.env, "")) },
		"review": func() *pumped {
			return newBench(t, 0, 3, nil).review(scheduler.SessionOptions{}, "space")
		},
	} {
		t.Run(name, func(t *testing.T) {
			for _, piece := range [][]string{{"ack"}, {"ack", "enter"}, {"foo", "space", "s", "space", "-", "ctrl+j"}} {
				p := start()
				top := p.top()
				p.burst(piece...)
				if name != "review" || len(piece) == 1 {
					p.shows(ignored)
				}
				if p.top() != top || p.ended {
					t.Errorf("%q left the screen", piece)
				}
				if c, ok := top.(*cards); ok && (c.whole || c.marked) {
					t.Errorf("%q acted on a card", piece)
				}
				if r, ok := top.(*review); ok && !r.showing() {
					t.Errorf("%q acted on the card", piece)
				}
			}
			p := start().burst("ack")
			p.after(80*ms, "?").shows("keys: ") // after that all is as before
			if p := start().burst("ack", "q"); !p.ended {
				t.Error("leaving does not work")
			}
		})
	}
}

// TestPieceAtQuestion: Enter behind several keys neither chooses nor saves.
func TestPieceAtQuestion(t *testing.T) {
	b := newBench(t, 0, 3, nil)
	b.home = Home{Posts: []PostLine{{Topic: "caching", Cards: 3, Seen: 3, Due: 3}}}
	b.review(scheduler.SessionOptions{}, "/").burst("caching", "enter").shows("review one topic")
	p := pumpWith(t, b.clock, NewConfig(b.env), slices.Concat(replace("15"), []string{"ctrl+s"})...)
	p.burst("no", "enter").shows("Save this change?", ignored).press("y")
	if !p.ended || b.sched.Settings().NewPerDay != 15 {
		t.Error("y does not save")
	}
}
