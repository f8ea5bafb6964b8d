package tui

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"etch/deck"
	"etch/scheduler"
)

// home is where a day begins: what waits, how long it takes, which post comes
// next. It reads its facts anew whenever it is on top again.
type home struct {
	env    Env
	facts  Home
	fatal  error
	budget int // minutes that the user has; 0 for all
	cursor int // the post that keys act on; -1 for none
	top    int // the first post that shows
	notice notice
	first  bool // nothing was ever answered when this began
}

// budgets are the minutes that one key goes through.
var budgets = []int{0, 5, 10, 15, 20, 30}

// NewHome shows today.
func NewHome(env Env) screen {
	h := &home{env: env, cursor: -1}
	h.read()
	h.first = h.facts.FirstRun && h.fatal == nil
	return h
}

func (h *home) read() {
	h.facts, h.fatal = h.env.Posts.Home(h.env.Ctx)
	slices.SortStableFunc(h.facts.Posts, func(a, b PostLine) int { return cmp.Compare(a.Topic, b.Topic) })
	h.cursor = min(h.cursor, len(h.facts.Posts)-1)
}

func (h *home) update(msg tea.Msg) (screen, tea.Cmd) {
	switch msg := msg.(type) {
	case shownMsg:
		h.read()
		if h.first && !h.facts.FirstRun { // back from the first session
			h.first = false
			return h, open(newWelcome(h.env))
		}
	case tea.KeyMsg:
		return h, h.press(msg)
	}
	return h, nil
}

func (h *home) press(msg tea.KeyMsg) tea.Cmd {
	h.notice = notice{}
	if msg.Paste {
		return nil
	}
	k, times := keyName(msg)
	switch k {
	case "q", "esc", "ctrl+c", "ctrl+d":
		return tea.Quit
	case "?":
		return open(newHelp(h.env, "home", homeHelp...))
	case ",":
		return open(NewConfig(h.env))
	case "/":
		return open(NewCards(h.env, ""))
	case " ", "enter", "r":
		return h.review()
	case "a":
		return h.session(scheduler.SessionOptions{Ahead: h.daysAhead()})
	case "x":
		return h.session(scheduler.SessionOptions{Cram: true})
	case "m":
		i := slices.Index(budgets, h.budget)
		h.budget = budgets[(i+1)%len(budgets)]
	case "o", "l", "right":
		return h.withPost(func(p PostLine) tea.Cmd { return open(NewRead(h.env, p.Slug)) })
	case "s":
		return h.withPost(func(p PostLine) tea.Cmd { return h.session(scheduler.SessionOptions{Posts: []string{p.Slug}}) })
	case "p":
		return h.withPost(h.pin)
	case "j", "down":
		h.cursor = min(h.cursor+times, len(h.facts.Posts)-1)
	case "k", "up":
		h.cursor = max(h.cursor-times, -1)
	case "pgdown":
		h.cursor = min(h.cursor+10, len(h.facts.Posts)-1)
	case "pgup":
		h.cursor = max(h.cursor-10, -1)
	case "g", "home":
		h.cursor = -1
	case "G", "end":
		h.cursor = len(h.facts.Posts) - 1
	}
	return nil
}

// review studies what the day asks for, within the budget; with a post chosen
// it studies that one.
func (h *home) review() tea.Cmd {
	if h.cursor >= 0 {
		return h.session(scheduler.SessionOptions{Posts: []string{h.facts.Posts[h.cursor].Slug}})
	}
	return h.session(scheduler.SessionOptions{})
}

func (h *home) session(opt scheduler.SessionOptions) tea.Cmd {
	opt.Time = time.Duration(h.budget) * time.Minute
	return open(NewReview(h.env, opt))
}

// withPost does something with the chosen post, or with the one that comes
// next.
func (h *home) withPost(do func(PostLine) tea.Cmd) tea.Cmd {
	switch {
	case h.cursor >= 0:
		return do(h.facts.Posts[h.cursor])
	case h.facts.Next != nil:
		return do(*h.facts.Next)
	}
	h.notice = notice{"Choose a post with j and k first.", false}
	return nil
}

func (h *home) pin(p PostLine) tea.Cmd {
	if err := h.env.Posts.Pin(h.env.Ctx, p.Slug, !p.Pinned); err != nil {
		h.notice = notice{fmt.Sprintf("The post could not be pinned: %v.", err), true}
		return nil
	}
	h.read()
	what := "Pinned: its new cards come first, after those of its prerequisites."
	if p.Pinned {
		what = "No longer pinned."
	}
	h.notice = notice{what, false}
	return nil
}

// daysAhead reaches the next reviews, at most a week of them.
func (h *home) daysAhead() int {
	if h.facts.NextDueDay == 0 {
		return 7
	}
	set, err := h.env.Options.Get(h.env.Ctx)
	if err != nil {
		return 7
	}
	return max(1, int(h.facts.NextDueDay-studyDay(h.env, set)))
}

// left is the number of cards that wait today.
func (h *home) left() int {
	c := h.facts.Counts
	return c.New + c.Learning + c.Due
}

var homeHelp = []helpGroup{
	{"", []hint{
		{"Space Enter r", "review what is due today; with a post chosen, its cards"},
		{"m", "how many minutes you have: 5, 10, 15, 20, 30 or all"},
		{"a", "ahead: what is due next"},
		{"x", "cram: what you have met, weakest first; the schedule stays"},
	}},
	{"", []hint{
		{"j k g G", "choose a post, or none"},
		{"o", "read it; without a choice the one that comes next"},
		{"s", "study it"},
		{"p", "pin it: its new cards come first; again to unpin"},
	}},
	{"", []hint{
		{"/", "browse and search all cards"},
		{",", "settings"},
		{"q Esc", "leave"},
	}},
}

// readFirst is the offer for the post that comes next.
func readFirst(p PostLine) string {
	unseen := p.Core - p.CoreSeen
	return fmt.Sprintf("%s: read it (5 min), then its %s", deck.CleanLine(p.Title), plural(unseen, "core card"))
}
