package tui

import "time"

const (
	settle = 80 * time.Millisecond  // without a key, before one acts on the card
	glance = 250 * time.Millisecond // from the reveal until Space grades
	held   = 250 * time.Millisecond // a key that repeats faster is held down
)

// gate keeps keys that were meant for another screen from acting on the card
// that shows: those typed ahead, pasted, or repeated by a held key. It counts
// from the moment a screen was drawn, because nobody can mean a key for a
// screen that is not there yet.
type gate struct {
	undrawn bool      // the screen has changed and was not drawn since
	answer  bool      // that change shows an answer
	drawn   time.Time // when the screen last changed
	shown   time.Time // when the answer came

	key   string        // the last key
	at    time.Time     // when it was pressed
	quiet time.Duration // before it, without a key or a change of the screen
	spent bool          // it is held down and has already done something
}

// changed says that the screen shows something else; answer, that it now shows
// an answer.
func (g *gate) changed(answer bool) { g.undrawn, g.answer = true, g.answer || answer }

// painted says that the screen is drawn.
func (g *gate) painted(now time.Time) {
	if !g.undrawn {
		return
	}
	g.drawn = now
	if g.answer {
		g.shown = now
	}
	g.undrawn, g.answer = false, false
}

// press takes note of a key.
func (g *gate) press(key string, now time.Time) {
	if key != g.key || now.Sub(g.at) >= held {
		g.key, g.spent = key, false
	}
	since := g.at
	if g.drawn.After(since) {
		since = g.drawn
	}
	g.quiet, g.at = now.Sub(since), now
	if g.undrawn {
		g.quiet = 0
	}
}

// settled reports whether the last key was meant for what shows.
func (g *gate) settled() bool { return g.quiet >= settle }

// mayRecord reports whether the last key may change the log. One that is held
// down goes no further than it came with its first press and the next reveal:
// else a slow repeat would grade card after card.
func (g *gate) mayRecord() bool { return g.settled() && !g.spent }

// burst keeps what comes right behind several keys in one piece from acting: on
// a slow line a word that was typed arrives so, and the Enter behind it was
// meant for an input that is not there.
type burst struct{ at time.Time }

// ignored is what a screen says then.
const ignored = "Several keys came at once and were ignored."

// drops reports whether a key is part of a burst. Leaving always works.
func (b *burst) drops(key string, now time.Time) bool {
	switch key {
	case "q", "esc", "ctrl+c", "ctrl+d":
		return false
	case "":
	default:
		if now.Sub(b.at) >= settle {
			return false
		}
	}
	b.at = now
	return true
}

// acted says that the last key revealed or recorded.
func (g *gate) acted() { g.spent = true }

// glanced reports whether there was time to look at the answer.
func (g *gate) glanced() bool { return g.at.Sub(g.shown) >= glance }
