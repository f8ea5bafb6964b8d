package tui

import (
	"fmt"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"etch/scheduler"
)

// tickMsg is the clock of the wait screen, the only screen that has one.
type tickMsg struct{ tick int }

// wait sets the clock for the next moment at which the wait screen changes. On
// any other screen it does nothing, so that nothing wakes the program up.
func (r *review) wait() tea.Cmd {
	if r.sess == nil || r.sess.Phase() != scheduler.Waiting {
		return nil
	}
	r.ticks++
	tick := r.ticks
	return r.after(untilChange(r.waits()), func(time.Time) tea.Msg { return tickMsg{tick} })
}

// waits is how long it is until the next card is due.
func (r *review) waits() time.Duration { return max(0, r.sess.WaitUntil().Sub(r.env.Now())) }

// untilChange is how long the text that waiting returns stays as it is.
func untilChange(left time.Duration) time.Duration {
	unit := time.Minute
	if left <= time.Minute {
		unit = time.Second
	}
	if rest := left % unit; rest > 0 {
		return rest
	}
	return min(unit, max(left, time.Second))
}

// waiting writes a time to wait, rounded up, so that it never says 0 too soon.
func waiting(left time.Duration) string {
	if left <= time.Minute {
		return fmt.Sprintf("%d s", int((left+time.Second-1)/time.Second))
	}
	return fmt.Sprintf("%d min", int((left+time.Minute-1)/time.Minute))
}

// tick shows the next card once it is due.
func (r *review) tick(msg tickMsg) tea.Cmd {
	if msg.tick != r.ticks || r.sess == nil || r.sess.Phase() != scheduler.Waiting {
		return nil // a clock of an earlier wait
	}
	r.sess.Tick(r.env.Now(), false)
	if r.sess.Phase() == scheduler.Waiting {
		return r.wait()
	}
	return r.show()
}

func (r *review) waitBody(f frame) []string {
	at := r.sess.WaitUntil().In(r.env.Now().Location()).Format("15:04")
	lines := []string{f.indent + r.env.Style.bold("next in "+waiting(r.waits())) + r.env.Style.dim(" ("+at+")"), ""}
	n := r.sess.Counts().Learning
	if n == 1 {
		return append(lines, f.prosed("One card is still in its learning steps. A short wait makes it stick better; Space answers it now.")...)
	}
	return append(lines, f.prosed(fmt.Sprintf("%d cards are still in their learning steps. A short wait makes them stick better; Space answers them now.", n))...)
}

func (r *review) waitRows(f frame) []string {
	return f.keyRow(r.env.Style, hint{"Space", "answer now"}, hint{"u", "undo"}, hint{"q", "leave"}, hint{"?", "more"})
}

// keyRow is one row of keys, and a second one where the buttons take two.
func (f frame) keyRow(style Style, first hint, others ...hint) []string {
	if f.stacked() {
		return []string{f.line(first.draw(style)), f.line(hints(style, f.inner(), others...))}
	}
	return []string{f.withHints(first.draw(style), style, others...)}
}
