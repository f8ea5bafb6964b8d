package tui

import (
	"errors"
	"fmt"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"etch/deck"
	"etch/scheduler"
)

// review is the review screen: it drives one scheduler.Session after the other
// and holds no rules of its own but those of the hand on the keys (gate).
//
//	review.go          what is on show, and how it comes there
//	review_keys.go     what each key does
//	review_gate.go     which key presses count
//	review_body.go     the card, drawn once for each width, and its scrolling
//	review_view.go     the screen
//	review_undo.go     taking back, and asking first where it was another day
//	review_end.go      waiting, the end, nothing due
//	review_sitting.go  what was answered so far
//	review_why.go, review_filter.go, review_help.go    the screens that it opens
type review struct {
	env   Env
	asked scheduler.SessionOptions // what the caller wanted
	opt   scheduler.SessionOptions // what the session that runs does
	sess  *scheduler.Session       // nil if none could be started
	sched *scheduler.Scheduler
	two   bool  // two buttons
	fatal error // why there is no session

	card    deck.Card
	noCard  error                // why the card's text is missing
	buttons [4]scheduler.Outcome // while its answer shows
	body    body
	gate    gate
	older   *olderAction // the user is asked whether to undo it
	ending  *ending      // while nothing is left

	sitting sitting
	last    string // what the last action did
	notice  notice
	before  notice         // the one that the last key took away
	unsaved bool           // the last attempt to write failed
	retry   func() tea.Cmd // what is tried again once the screen says so
	ticks   int            // tells a tick of this wait from an older one
	after   func(time.Duration, func(time.Time) tea.Msg) tea.Cmd
}

// notice is one message, until the next key.
type notice struct {
	text  string
	alarm bool // something failed
}

// NewReview starts a session. What cannot be started says so on the screen.
func NewReview(env Env, opt scheduler.SessionOptions) screen {
	r := &review{env: env, asked: opt, after: tea.Tick}
	r.start(opt)
	return r
}

// start begins a session and keeps the one that runs if that fails.
func (r *review) start(opt scheduler.SessionOptions) tea.Cmd {
	sess, sched, err := r.env.Study.Session(r.env.Ctx, opt)
	if err != nil {
		if r.sess == nil {
			r.fatal = err
		}
		r.warn("The session could not be started: %v.", err)
		return nil
	}
	r.sess, r.sched, r.opt, r.fatal = sess, sched, opt, nil
	r.two = sched.Settings().TwoButtons
	return r.show()
}

// update takes in one message.
func (r *review) update(msg tea.Msg) (screen, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.KeyMsg:
		return r, r.press(msg)
	case shownMsg:
		r.gate.changed(false)
		return r, r.wait()
	case resultMsg:
		return r, r.result(msg.result)
	case tickMsg:
		return r, r.tick(msg)
	case editedMsg:
		return r, r.edited(msg)
	case retryMsg:
		if again := r.retry; again != nil {
			r.retry, r.notice = nil, notice{}
			return r, again()
		}
	}
	return r, nil
}

// show takes over what the session has on show.
func (r *review) show() tea.Cmd {
	r.ending, r.older = nil, nil
	r.body.reset()
	switch r.sess.Phase() {
	case scheduler.Asking, scheduler.Showing:
		r.read()
	case scheduler.Done:
		r.finish()
	}
	r.gate.changed(r.sess.Phase() == scheduler.Showing)
	return r.wait()
}

// read gets the text of the card on show and, once its answer shows, what the
// buttons do.
func (r *review) read() {
	item, _ := r.sess.Current()
	r.body.reset()
	if r.card, r.noCard = r.env.Texts.Card(r.env.Ctx, item.Card); r.noCard != nil {
		r.card = deck.Card{ID: item.Card}
		return
	}
	if r.sess.Phase() == scheduler.Showing {
		// A second Reveal changes nothing and cannot fail.
		r.buttons, _ = r.sess.Reveal(r.env.Now())
	}
}

// asking reports whether a question is on show, and showing whether its answer
// is too.
func (r *review) asking() bool  { return r.sess != nil && r.sess.Phase() == scheduler.Asking }
func (r *review) showing() bool { return r.sess != nil && r.sess.Phase() == scheduler.Showing }
func (r *review) onCard() bool  { return r.asking() || r.showing() }

// memory is what is known of the card on show.
func (r *review) memory() scheduler.Memory {
	item, _ := r.sess.Current()
	return item.Memory
}

// reveal shows the answer.
func (r *review) reveal() tea.Cmd {
	if r.noCard != nil { // nobody can grade what cannot be read
		if r.read(); r.noCard != nil {
			return nil
		}
	}
	buttons, err := r.sess.Reveal(r.env.Now())
	if err != nil {
		r.warn("%v.", err)
		return nil
	}
	r.buttons = buttons
	r.body.revealed()
	r.gate.acted()
	r.gate.changed(true)
	return nil
}

// grade records an answer. Only once it is durable does the screen go on.
func (r *review) grade(rating scheduler.Rating) tea.Cmd {
	row, err := r.sess.Grade(r.env.Ctx, r.env.Now(), rating)
	if !recorded(row, err) {
		return r.refused(err)
	}
	r.gate.acted()
	r.sitting.answered(row.Entry, r.card.Topic)
	r.last = "previous: " + r.whatAnswerDid(row.Entry)
	if row.Leech {
		r.say("A leech: it keeps failing. u takes you back to it, then e rewrites it or @ suspends it.")
	}
	return r.next(err)
}

// mark buries, suspends, flags or unflags the card on show.
func (r *review) mark(kind scheduler.Kind, done string) tea.Cmd {
	row, err := r.sess.Mark(r.env.Ctx, r.env.Now(), kind, "")
	if !recorded(row, err) {
		return r.refused(err)
	}
	r.gate.acted()
	r.sitting.marked(row.Entry)
	if kind == scheduler.Flag || kind == scheduler.Unflag {
		r.say("%s", done)
		return nil
	}
	r.last = "previous: " + done
	return r.next(err)
}

// skip puts the card behind the others.
func (r *review) skip() tea.Cmd {
	card := r.card.ID
	err := r.sess.Skip(r.env.Ctx, r.env.Now())
	if err != nil {
		r.warn("%v.", err)
	}
	r.last = "previous: skipped, it comes again later"
	cmd := r.show()
	if r.onCard() && r.card.ID == card {
		r.last = "no other card is ready, so it comes again now"
	}
	return cmd
}

// recorded reports whether the log holds the row, whatever failed after that;
// a cram answer counts as well, though it leaves no row.
func recorded(row scheduler.Row, err error) bool {
	return err == nil || row.Entry.ID != ""
}

// next shows the next card, and what failed on the way to it.
func (r *review) next(err error) tea.Cmd {
	cmd := r.show()
	if err != nil {
		r.warn("That was saved, but the next card could not be read: %v.", err)
	}
	return cmd
}

// refused says what was not recorded, and what to do about it. The card stays,
// unless somebody else has answered it.
func (r *review) refused(err error) tea.Cmd {
	switch {
	case errors.Is(err, scheduler.ErrStale):
		cmd := r.show()
		r.say("That card was already answered elsewhere: nothing was recorded.")
		return cmd
	case errors.Is(err, scheduler.ErrNoChange):
		r.say("It is so already.")
	default:
		r.failed("NOT SAVED: %v. The card stays: press the key again once that is mended, or q.", err)
	}
	return nil
}

// edit opens the editor on the card on show.
func (r *review) edit() tea.Cmd {
	cmd, err := runEditor(r.env, r.card.ID)
	if err != nil {
		r.warn("The card cannot be edited: %v.", err)
	}
	return cmd
}

// editedMsg says what came of an edit.
type editedMsg struct {
	what string
	err  error
}

// edited goes on at the same card with its new text.
func (r *review) edited(msg editedMsg) tea.Cmd {
	cmd := r.reload()
	switch {
	case msg.err != nil:
		r.warn("%v.", msg.err)
	case msg.what != "":
		r.say("%s", msg.what)
	}
	return cmd
}

// reload reads everything again after something changed it from outside, and
// keeps the card and whether its answer shows.
func (r *review) reload() tea.Cmd {
	if r.sess == nil {
		return nil
	}
	before, _ := r.sess.Current()
	if err := r.sess.Reload(r.env.Ctx, r.env.Now()); err != nil {
		r.warn("The cards could not be read again: %v.", err)
		return nil
	}
	return r.reread(before)
}

// reread shows the session after it has read everything again: in its place if
// the card that was on show before still is.
func (r *review) reread(before scheduler.Item) tea.Cmd {
	if item, ok := r.sess.Current(); ok && item.Card == before.Card {
		top := r.body.scroll.top
		r.read()
		r.body.scroll.top = top
		r.gate.changed(false)
		return nil
	}
	return r.show()
}

// result takes in what a screen above has to say.
func (r *review) result(result any) tea.Cmd {
	switch result := result.(type) {
	case nil:
		return nil
	case topicChoice:
		return r.filter(result)
	}
	return r.reload()
}

// leave says what was recorded before cmd shows another screen: the program may
// be left from there as well.
func (r *review) leave(cmd tea.Cmd) tea.Cmd {
	if r.sitting.recorded {
		r.env.Study.Ended(r.env.Ctx)
		r.sitting.recorded = false
	}
	return cmd
}

func (r *review) say(format string, args ...any) {
	r.notice = notice{fmt.Sprintf(format, args...), false}
}

func (r *review) warn(format string, args ...any) {
	r.notice = notice{fmt.Sprintf(format, args...), true}
}

// failed warns of a write that came to nothing. It may have waited for another
// program, so that keys which were pressed meanwhile were not meant for what
// shows now.
func (r *review) failed(format string, args ...any) {
	r.unsaved = true
	r.gate.changed(false)
	r.warn(format, args...)
}

// retryMsg comes once the screen says that a write is tried again.
type retryMsg struct{}

// write does what writes. After a failure the screen first says that it tries
// again, as the message of that failure would stand there meanwhile.
func (r *review) write(act func() tea.Cmd) tea.Cmd {
	if !r.unsaved {
		return act()
	}
	r.unsaved, r.retry = false, act
	r.say("Saving ...")
	return func() tea.Msg { return retryMsg{} }
}
