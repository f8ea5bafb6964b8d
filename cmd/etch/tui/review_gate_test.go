package tui

import (
	"testing"
	"time"

	"etch/scheduler"
)

const ms = time.Millisecond

// TestSettle: after each change of the screen a key counts only after 80 ms
// without any key.
func TestSettle(t *testing.T) {
	for _, tc := range []struct {
		name     string
		gaps     []time.Duration
		keys     []string
		revealed bool
	}{
		{"79 ms after the question", []time.Duration{79 * ms}, []string{"space"}, false},
		{"80 ms after the question", []time.Duration{80 * ms}, []string{"space"}, true},
		{"79 ms after another key", []time.Duration{time.Second, 79 * ms}, []string{"x", "space"}, false},
		{"80 ms after another key", []time.Duration{time.Second, 80 * ms}, []string{"x", "space"}, true},
		{"a key that came too soon begins the wait anew", []time.Duration{79 * ms, 79 * ms}, []string{"space", "space"}, false},
		{"and ends it 80 ms later", []time.Duration{79 * ms, 80 * ms}, []string{"space", "space"}, true},
		{"Enter counts as Space", []time.Duration{80 * ms}, []string{"enter"}, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := newBench(t, 0, 2, nil).review(scheduler.SessionOptions{})
			for i, k := range tc.keys {
				p.after(tc.gaps[i], k)
			}
			if got := p.top().(*review).showing(); got != tc.revealed {
				t.Errorf("revealed %v, want %v", got, tc.revealed)
			}
		})
	}
}

// TestGlance: digits grade 80 ms after the reveal, Space 250 ms after it.
func TestGlance(t *testing.T) {
	for _, tc := range []struct {
		gap    time.Duration
		key    string
		grades int
	}{
		{79 * ms, "3", 0},
		{80 * ms, "3", 1},
		{249 * ms, "space", 0},
		{250 * ms, "space", 1},
		{249 * ms, "enter", 0},
		{250 * ms, "enter", 1},
	} {
		b := newBench(t, 0, 2, nil)
		b.review(scheduler.SessionOptions{}, "space").after(tc.gap, tc.key)
		if got := b.rates(); got != tc.grades {
			t.Errorf("%s %v after the reveal: %d answers, want %d", tc.key, tc.gap, got, tc.grades)
		}
	}
}

// TestNextCardSettles: a key that is typed twice grades one card.
func TestNextCardSettles(t *testing.T) {
	b := newBench(t, 0, 3, nil)
	p := b.review(scheduler.SessionOptions{}, "space", "3")
	p.after(79*ms, "space")
	if !p.top().(*review).asking() || b.rates() != 1 {
		t.Error("a key typed ahead revealed the next card")
	}
	p.after(80*ms, "space")
	if !p.top().(*review).showing() {
		t.Error("80 ms later the key does not reveal")
	}
}

// TestKeyBeforePaint: a key that waited while the answer was being stored
// belongs to the old card, however long that took.
func TestKeyBeforePaint(t *testing.T) {
	b := newBench(t, 0, 3, nil)
	p := b.review(scheduler.SessionOptions{}, "space")
	r := p.top().(*review)
	p.clock.advance(time.Second)
	r.update(keyMsg("3")) // as the shell does it, without drawing
	p.clock.advance(time.Second)
	r.update(keyMsg("space"))
	if !r.asking() || b.rates() != 1 {
		t.Fatalf("a key revealed a card that was never drawn; %d answers", b.rates())
	}
}

// TestPasteAndBurst: neither grades nor reveals, whatever it holds.
func TestPasteAndBurst(t *testing.T) {
	for _, keys := range [][]string{
		{"paste: 3 3 3"}, {"paste:3"}, {"paste:"}, {"3333"}, {" 3"}, {"3 3"}, {"uuu"}, {"--"}, {"@@"}, {"1234"},
	} {
		b := newBench(t, 0, 3, nil)
		p := b.review(scheduler.SessionOptions{}, "space")
		p.press(keys...)
		if len(b.log) != 0 {
			t.Errorf("%q changed the log: %v", keys, b.log)
		}
	}
	b := newBench(t, 0, 3, nil)
	b.review(scheduler.SessionOptions{}, "paste: ", "paste:\n")
	p := b.review(scheduler.SessionOptions{}, "paste: 3")
	if p.top().(*review).showing() {
		t.Error("a paste revealed")
	}
	p.shows("Pasted text does nothing here.")
}

// TestUnmarkedBurst: where a terminal knows no bracketed paste, the keys of a
// paste come one after the other without a gap. The first may reveal; nothing
// grades.
func TestUnmarkedBurst(t *testing.T) {
	for _, text := range []string{" 3 3 3 3", "\r\r\r\r", "3 3 3", "x3", "j3", "s3", " u3"} {
		b := newBench(t, 0, 5, nil)
		p := b.review(scheduler.SessionOptions{})
		p.clock.advance(time.Second)
		for _, c := range text {
			k := string(c)
			if c == '\r' {
				k = "enter"
			}
			p.after(0, k)
		}
		if n := b.rates(); n != 0 {
			t.Errorf("%q graded %d cards", text, n)
		}
	}
}

// TestBurstOnAnswer: with an answer on show, a burst's key grades nothing once
// another key came right before it.
func TestBurstOnAnswer(t *testing.T) {
	b := newBench(t, 0, 5, nil)
	p := b.review(scheduler.SessionOptions{}, "space", "j")
	p.after(ms, "3")
	p.after(ms, "3")
	if b.rates() != 0 {
		t.Errorf("%d answers", b.rates())
	}
}

// TestHeldKey: a key that is held down repeats after a pause, and then at the
// terminal's rate. At most one card is graded, at any rate.
func TestHeldKey(t *testing.T) {
	for _, key := range []string{"space", "enter", "1", "3"} {
		for _, pause := range []time.Duration{200 * ms, 250 * ms, 500 * ms, 660 * ms} {
			for _, rate := range []time.Duration{10 * ms, 30 * ms, 79 * ms, 80 * ms, 100 * ms, 200 * ms, 249 * ms} {
				for _, open := range []bool{false, true} {
					b := newBench(t, 0, 9, nil)
					p := b.review(scheduler.SessionOptions{})
					if open {
						p.press("space")
					}
					p.after(time.Second, key)
					p.after(pause, key)
					for range 40 {
						p.after(rate, key)
					}
					if n := b.rates(); n > 1 {
						t.Errorf("%s held, %v then every %v: %d cards graded", key, pause, rate, n)
					}
				}
			}
		}
	}
}

// TestSteadyHand: somebody who looks at each answer for a moment is never
// slowed down.
func TestSteadyHand(t *testing.T) {
	b := newBench(t, 0, 6, nil)
	p := b.review(scheduler.SessionOptions{})
	p.gap = 250 * ms
	for range 6 {
		p.press("space", "space")
	}
	if n := b.rates(); n != 6 {
		t.Errorf("%d of 6 cards graded", n)
	}
}

// TestComingBack: after a screen above, the keys have to settle again.
func TestComingBack(t *testing.T) {
	b := newBench(t, 0, 3, nil)
	p := b.review(scheduler.SessionOptions{}, "space", "?", "esc")
	p.after(79*ms, "3")
	if b.rates() != 0 {
		t.Error("a key typed ahead in the help graded")
	}
	p.after(80*ms, "3")
	if b.rates() != 1 {
		t.Error("80 ms later the key does not grade")
	}
}
