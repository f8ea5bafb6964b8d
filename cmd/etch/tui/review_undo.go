package tui

import (
	"errors"
	"fmt"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"etch/deck"
	"etch/scheduler"
)

// olderAction is an action of another sitting that undo would take back: the
// user is asked first.
type olderAction struct {
	action scheduler.Action
	card   deck.Card
	when   string
	why    string // the user is asked
}

const (
	fromElsewhere = "The newest action was not taken here. Undo it?"
	fromMeanwhile = "Another etch was quicker: this is the newest action now. Undo it?"
)

// undo takes back the newest action: at once if it was taken in this sitting.
func (r *review) undo() tea.Cmd {
	if r.sess == nil {
		return nil
	}
	newest, own := r.sess.Undoable()
	if newest == nil || own || r.sitting.owns(newest.Act) {
		return r.takeBack()
	}
	r.ask(*newest, fromElsewhere)
	return nil
}

// ask asks the user whether to take an action back.
func (r *review) ask(newest scheduler.Action, why string) {
	card, err := r.env.Texts.Card(r.env.Ctx, newest.Items[0].Card)
	if err != nil {
		card = deck.Card{ID: newest.Items[0].Card, Title: string(newest.Items[0].Card)}
	}
	r.older = &olderAction{newest, card, newest.At.In(r.env.Now().Location()).Format("Mon 2 Jan 15:04"), why}
	r.gate.changed(false)
}

// answerOlder serves a key while the user is asked.
func (r *review) answerOlder(k string) tea.Cmd {
	switch k {
	case "y", "Y":
		return r.ifSettled(func() tea.Cmd { return r.write(r.takeBack) })
	case "n", "N", "q", "esc":
		r.older = nil
		r.gate.changed(false)
		r.say("Nothing was undone.")
		return nil
	}
	r.say("y undoes it, n keeps it.")
	return nil
}

// takeBack undoes, and shows the card again with its answer. Where something
// else is the newest action by now, the user is asked about that.
func (r *review) takeBack() tea.Cmd {
	before, _ := r.sess.Current()
	action, err := r.sess.Undo(r.env.Ctx, r.env.Now())
	switch {
	case errors.Is(err, scheduler.ErrNothing):
		r.older = nil
		cmd := r.reread(before)
		r.say("There is nothing to undo.")
		return cmd
	case errors.Is(err, scheduler.ErrStale):
		cmd := r.reread(before)
		newest, _ := r.sess.Undoable()
		r.ask(*newest, fromMeanwhile)
		return cmd
	case err != nil && action.Act == "":
		r.older = nil
		r.failed("NOT UNDONE: %v. Press u again once that is mended, or q.", err)
		return nil
	}
	r.sitting.undone(action)
	r.last = "undone: " + whatWasDone(action)
	if action.Act == "" {
		r.last += " on this card (it was not recorded)"
	}
	return r.next(err)
}

// whatWasDone names an action: a grade, or what was done to the card.
func whatWasDone(a scheduler.Action) string {
	switch a.Kind {
	case scheduler.Rate:
		return capital(a.Rating.String())
	case scheduler.SetDue:
		return "a new due date"
	case scheduler.Flag:
		return `the mark "fix me"`
	case scheduler.Unflag:
		return `taking off the mark "fix me"`
	}
	return string(a.Kind)
}

// body shows what would be taken back, and on which card.
func (o *olderAction) body(f frame, style Style) []string {
	lines := f.prosed(o.why)
	lines = append(lines, "")
	what := fmt.Sprintf("%s, %s", capital(whatWasDone(o.action)), o.when)
	if n := len(o.action.Items); n > 1 {
		what += fmt.Sprintf(", on %d cards", n)
	}
	for _, line := range f.prosed(what) {
		lines = append(lines, style.bold(line))
	}
	lines = append(lines, "")
	return append(lines, f.markdown(o.card.Question, style, new(scroller))...)
}

func (r *review) olderFoot(f frame) []string {
	style := r.env.Style
	return r.foot(f, "", []string{f.line(hints(style, f.inner(), hint{"y", "undo it"}, hint{"n", "keep it"}))})
}

// sameDay reports whether two times show the same date on the wall.
func sameDay(a, b time.Time) bool {
	ay, am, ad := a.Date()
	by, bm, bd := b.Date()
	return ay == by && am == bm && ad == bd
}
