package tui

import (
	tea "github.com/charmbracelet/bubbletea"

	"etch/scheduler"
)

// welcome asks what only the user can know, after the first session and not
// before: nobody should fill in a form to see a first card. It is the form of
// the settings in other words, so nothing is saved before it is confirmed.
type welcome struct{ *config }

// welcomeWords are the two questions.
var welcomeWords = configWords{
	cancel: "skip",
	ask: map[string]question{
		"interview-date":  {"When is the interview?", "Such as 2026-12-31; home counts the days. Leave it empty if you do not know.", "interview"},
		"minutes-per-day": {"How many minutes a day do you have?", "A day then asks for no more than that; 0 sets no bound.", "minutes a day"},
	},
}

func newWelcome(env Env) screen {
	return welcome{newConfig(env, welcomeWords, configPage{"two questions", []string{"interview-date", "minutes-per-day"}})}
}

// unanswered reports whether the questions are worth asking: not of somebody
// who has already found one of the settings.
func unanswered(set scheduler.Settings) bool {
	unset := scheduler.Defaults()
	return set.InterviewDate == unset.InterviewDate && set.MinutesPerDay == unset.MinutesPerDay
}

// update leaves when both answers stay as they are, and else does what the form
// does.
func (w welcome) update(msg tea.Msg) (screen, tea.Cmd) {
	if key, ok := msg.(tea.KeyMsg); ok && w.ends(key) && len(w.changes()) == 0 {
		return w, back(nil)
	}
	_, cmd := w.config.update(msg)
	return w, cmd
}

// ends reports whether a key would end the form.
func (w welcome) ends(key tea.KeyMsg) bool {
	if w.fatal != nil || w.asking != nil {
		return false
	}
	switch key.String() {
	case "ctrl+s":
		return true
	case "enter", "ctrl+j":
		return w.last()
	}
	return false
}
