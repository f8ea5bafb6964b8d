package tui

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"etch/deck"
	"etch/scheduler"
)

var anyKey = []string{
	"space", "space", "space", "enter", "1", "2", "3", "4", "3", "u", "u", "s", "-", "@", "*", "e", "w", "i", "j", "k", "pgdown", "pgup", "home", "end",
	"/", "?", "y", "n", "esc", "g", "a", "c", "x", "33", " 3", "jj", "paste:3 3", "ctrl+j", "up", "down", "tab", "alt+3", "你",
}

var anyGap = []time.Duration{0, ms, 40 * ms, 79 * ms, 80 * ms, 200 * ms, 249 * ms, 250 * ms, time.Second, 30 * time.Second, 11 * time.Minute, 9 * time.Hour}

// TestAnyKeys presses any keys with any gaps, on any size of screen, while the
// store fails now and then. Nothing panics, no card is graded whose answer was
// not drawn, and the log holds what was acknowledged and nothing else.
func TestAnyKeys(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		b := newBench(t, rapid.IntRange(0, 4).Draw(rt, "new"), rapid.IntRange(0, 5).Draw(rt, "due"), func(s *scheduler.Settings) {
			s.TwoButtons = rapid.Bool().Draw(rt, "two buttons")
		})
		b.texts["due00"] = deck.Card{ID: "due00", Question: longAnswer, Answer: longAnswer, Topic: "databases"}
		b.home = laterHome(b)
		b.edits = func() (string, error) { return "edited", nil }
		r := NewReview(b.env, scheduler.SessionOptions{Cram: rapid.Bool().Draw(rt, "cram")}).(*review)
		r.after = noTick
		w := &watched{bench: b, review: r, rt: rt}
		p := pumpWith(t, b.clock, r)
		for range rapid.IntRange(1, 60).Draw(rt, "presses") {
			if p.ended {
				return
			}
			switch rapid.IntRange(0, 19).Draw(rt, "event") {
			case 0:
				p.resize(rapid.IntRange(20, 130).Draw(rt, "width"), rapid.IntRange(6, 50).Draw(rt, "height"))
			case 1:
				b.fail = errors.New("no space left on device")
			case 2:
				b.fail = nil
			case 3:
				b.answerElsewhere()
			case 4:
				p.send(tickMsg{r.ticks})
			default:
				key := rapid.SampledFrom(anyKey).Draw(rt, "key")
				gap := rapid.SampledFrom(anyGap).Draw(rt, "gap")
				w.before(p)
				p.after(gap, key)
				w.after(key, gap)
			}
		}
	})
}

// answerElsewhere is another program that answers a card.
func (b *bench) answerElsewhere() {
	if len(b.cards) == 0 {
		return
	}
	b.elsewhere(&b.cards[b.ids%len(b.cards)], scheduler.Good)
}

// answerOther is another program that answers a review that is due, but not
// the one given.
func (b *bench) answerOther(than deck.CardID, r scheduler.Rating) {
	b.t.Helper()
	today := b.sched.Day(b.clock.Now())
	i := slices.IndexFunc(b.cards, func(it scheduler.Item) bool { return it.Card != than && it.Memory.DueDay <= today })
	b.elsewhere(&b.cards[i], r)
}

func (b *bench) elsewhere(it *scheduler.Item, r scheduler.Rating) {
	b.t.Helper()
	b.ids++
	id := fmt.Sprintf("id-%06d", b.ids)
	entry, memory, err := b.sched.Answer(it.Card, it.Memory, scheduler.Stamp{ID: id, Act: id, Session: "elsewhere", At: b.clock.Now()}, r, time.Second)
	if err != nil {
		b.t.Fatal(err)
	}
	b.log = append(b.log, entry)
	it.Memory = memory
}

// watched compares a review before and after a key press.
type watched struct {
	*bench
	review  *review
	rt      *rapid.T
	showing bool
	onTop   bool
	asked   string // the act of the question that is on show
	rows    int
	mine    int
	graded  int
}

// own is how many answers of this review the log holds.
func (w *watched) own() int {
	n := 0
	for _, e := range w.log {
		if e.Kind == scheduler.Rate && e.Session != "elsewhere" {
			n++
		}
	}
	return n
}

func (w *watched) before(p *pumped) {
	w.showing, w.onTop = w.review.showing() && w.review.older == nil, p.top() == screen(w.review)
	w.asked = ""
	if w.review.older != nil {
		w.asked = w.review.older.action.Act
	}
	w.rows, w.mine, w.graded = len(w.log), w.own(), len(w.review.sitting.answers)
}

func (w *watched) after(key string, gap time.Duration) {
	grew := w.own() - w.mine
	switch {
	case grew > 1:
		w.rt.Fatalf("%q graded %d cards", key, grew)
	case grew == 1 && (!w.showing || !w.onTop):
		w.rt.Fatalf("%q graded a card whose answer did not show", key)
	case grew == 1 && gap < settle:
		w.rt.Fatalf("%q graded %v after the last key", key, gap)
	case grew == 1 && len(w.review.sitting.answers) != w.graded+1:
		w.rt.Fatalf("%q recorded an answer that was not acknowledged", key)
	case grew == 0 && len(w.review.sitting.answers) > w.graded && !w.review.opt.Cram:
		w.rt.Fatalf("%q acknowledged an answer that was not recorded", key)
	case len(w.log) > w.rows+1:
		w.rt.Fatalf("%q wrote %d rows", key, len(w.log)-w.rows)
	}
	for _, v := range w.log[w.rows:] {
		i := slices.IndexFunc(w.log, func(e scheduler.Entry) bool { return e.ID == v.Target })
		if v.Kind == scheduler.Void && w.log[i].Session == "elsewhere" && w.log[i].Act != w.asked {
			w.rt.Fatalf("%q took back another's answer unasked", key)
		}
	}
}

// TestFitsEverywhere draws every look at every size from 20x6 up; pumped.view
// checks that nothing is larger than the screen.
func TestFitsEverywhere(t *testing.T) {
	for _, look := range looks {
		t.Run(look.name, func(t *testing.T) {
			p := look.open(t)
			for width := 20; width <= 130; width += 1 + width/40 {
				for height := 6; height <= 45; height += 1 + height/10 {
					p.resize(width, height)
				}
			}
			for _, size := range [][2]int{{1, 1}, {5, 2}, {19, 5}} { // ugly, but no panic
				p.top().view(size[0], size[1])
			}
		})
	}
}
