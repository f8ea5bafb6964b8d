package tui

import (
	"slices"

	tea "github.com/charmbracelet/bubbletea"

	"etch/scheduler"
)

// press serves one key press. Leaving always works; whatever acts on the card
// must pass the gate.
func (r *review) press(msg tea.KeyMsg) tea.Cmd {
	k, times := keyName(msg)
	r.gate.press(k, r.env.Now())
	if k == "ctrl+c" || k == "ctrl+d" {
		return r.leave(tea.Quit)
	}
	if r.retry != nil && k != "q" && k != "esc" { // one at a time
		return nil
	}
	r.before, r.notice = r.notice, notice{}
	switch {
	case msg.Paste:
		r.say("Pasted text does nothing here.")
		return nil
	case k == "":
		r.say(ignored)
		return nil
	}
	if r.older != nil {
		return r.answerOlder(k)
	}
	if r.scrolls(k, times) {
		return nil
	}
	if times > 1 {
		r.gate.quiet = 0 // presses that come in one piece are no single press
	}
	if cmd, ok := r.always(k); ok {
		return cmd
	}
	switch {
	case r.sess == nil:
		return nil
	case r.onCard():
		return r.cardKey(k)
	case r.sess.Phase() == scheduler.Waiting:
		return r.waitKey(k)
	}
	return r.endKey(k)
}

// keyName returns the name of the key and how often it was pressed: a slow
// line delivers several presses in one piece. The name is empty where the
// piece holds different keys.
func keyName(msg tea.KeyMsg) (name string, times int) {
	if msg.Type != tea.KeyRunes || len(msg.Runes) < 2 || msg.Paste {
		return msg.String(), 1
	}
	if slices.ContainsFunc(msg.Runes, func(r rune) bool { return r != msg.Runes[0] }) {
		return "", 0
	}
	return string(msg.Runes[:1]), len(msg.Runes)
}

// slashed returns what was typed behind the key that opens a text input, where
// both came in one piece.
func slashed(msg tea.KeyMsg) (rest tea.KeyMsg, ok bool) {
	if msg.Type != tea.KeyRunes || msg.Paste || len(msg.Runes) < 2 || msg.Runes[0] != '/' {
		return rest, false
	}
	return tea.KeyMsg{Type: tea.KeyRunes, Runes: msg.Runes[1:]}, true
}

func (r *review) scrolls(k string, times int) bool {
	if !r.onCard() {
		return false
	}
	for range times {
		if !r.body.scroll.key(k) {
			return false
		}
	}
	return true
}

// always serves the keys that work whatever is on show.
func (r *review) always(k string) (tea.Cmd, bool) {
	switch k {
	case "q", "esc":
		return r.leave(back(nil)), true
	case "?":
		return r.leave(open(newHelp(r.env, "review", reviewHelp(r.two)...))), true
	case "/":
		return r.openFilter(), true
	case "u":
		return r.ifSettled(func() tea.Cmd { return r.write(r.undo) }), true
	}
	return nil, false
}

// ifSettled runs what acts on the card, unless the key was typed ahead.
func (r *review) ifSettled(act func() tea.Cmd) tea.Cmd {
	if !r.gate.settled() {
		r.tooSoon()
		return nil
	}
	return act()
}

// ifMayRecord runs what changes the log, unless the key was typed ahead or is
// held down.
func (r *review) ifMayRecord(act func() tea.Cmd) tea.Cmd {
	if !r.gate.mayRecord() {
		r.tooSoon()
		return nil
	}
	return act()
}

func (r *review) ifMayWrite(act func() tea.Cmd) tea.Cmd {
	return r.ifMayRecord(func() tea.Cmd { return r.write(act) })
}

// tooSoon says so, but does not take a failure's message away that nobody can
// have read.
func (r *review) tooSoon() {
	if r.before.alarm {
		r.notice = r.before
		return
	}
	r.say("Too soon: press that key again.")
}

// cardKey serves a key while a card is on show.
func (r *review) cardKey(k string) tea.Cmd {
	if rating, ok := digit(k); ok {
		return r.digitKey(rating)
	}
	switch k {
	case " ", "enter", "ctrl+j":
		return r.spaceKey()
	case "e":
		return r.ifSettled(r.edit)
	case "i":
		return r.leave(open(NewExplain(r.env, r.card.ID)))
	case "w":
		return r.why()
	case "s":
		return r.ifMayRecord(r.skip)
	case "-":
		return r.ifMayWrite(func() tea.Cmd { return r.mark(scheduler.Bury, "buried until tomorrow") })
	case "@":
		return r.ifMayWrite(func() tea.Cmd { return r.mark(scheduler.Suspend, "suspended until you resume it") })
	case "*":
		return r.ifMayWrite(r.flag)
	}
	return nil
}

// digit reads the keys 1 to 4.
func digit(k string) (scheduler.Rating, bool) {
	if len(k) != 1 {
		return 0, false
	}
	rating := scheduler.Rating(k[0] - '0')
	return rating, rating.Valid()
}

func (r *review) digitKey(rating scheduler.Rating) tea.Cmd {
	switch {
	case r.asking():
		r.say("Show the answer first: Space.")
		return nil
	case r.two && (rating == scheduler.Hard || rating == scheduler.Easy):
		r.say("%d is off: 1 again, 3 or Space good.", rating)
		return nil
	}
	return r.ifMayWrite(func() tea.Cmd { return r.grade(rating) })
}

// spaceKey reveals, then grades Good once there was time to look.
func (r *review) spaceKey() tea.Cmd {
	if r.asking() {
		return r.ifSettled(r.reveal)
	}
	if !r.gate.glanced() {
		r.tooSoon()
		return nil
	}
	return r.ifMayWrite(func() tea.Cmd { return r.grade(scheduler.Good) })
}

// flag marks the card "fix me", or takes the mark off.
func (r *review) flag() tea.Cmd {
	if r.memory().Flag != "" {
		return r.mark(scheduler.Unflag, `No longer marked "fix me".`)
	}
	return r.mark(scheduler.Flag, `Marked "fix me"; * takes it off.`)
}

// why opens the passage that the card comes from. It would give the answer
// away before the reveal.
func (r *review) why() tea.Cmd {
	if !r.showing() {
		r.say("Show the answer first: Space.")
		return nil
	}
	text, err := r.env.Texts.Passage(r.env.Ctx, r.card.ID)
	if err != nil {
		r.warn("The passage could not be read: %v.", err)
		return nil
	}
	return r.leave(open(newWhy(r.env, r.card, text)))
}

// waitKey serves a key while the next learning card is not yet due.
func (r *review) waitKey(k string) tea.Cmd {
	switch k {
	case " ", "enter", "ctrl+j":
		return r.ifSettled(func() tea.Cmd {
			r.sess.Tick(r.env.Now(), true)
			return r.show()
		})
	}
	return nil
}
