package tui

import (
	"fmt"
	"slices"
	"sort"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"etch/scheduler"
)

// home is where a day begins: what waits, how long it takes, which post comes
// next. It holds no rules of its own: what fits into some minutes is what a
// session of that many minutes would show.
//
//	home.go        what is known, and what each key does
//	home_view.go   what today holds, in words
//	home_posts.go  the posts, by topic
//	welcome.go     the two questions after the first session
type home struct {
	env    Env
	facts  Home
	set    scheduler.Settings
	today  scheduler.Day
	topics []topicLine
	fatal  error
	readAt time.Time

	budget int  // minutes that the user has; 0 for all
	plan   plan // what fits into them
	whole  plan // what today holds without a bound in minutes

	list   list   // the posts; at is -1 for none
	top    int    // the first row that shows
	search *cards // that was opened last, until home shows again
	burst  burst
	notice notice
	first  bool // nothing was ever answered when this began
	shown  bool // it was on top before
}

// plan is what a session would show.
type plan struct {
	scheduler.Counts
	left    time.Duration
	backlog int // reviews that it leaves for other days
	ahead   int // with nothing left, how many days ahead the next review can be had; 0 for none
}

// planFor is what a session would show, and the next review where that is
// nothing.
func planFor(env Env, opt scheduler.SessionOptions) (plan, error) {
	sess, _, err := env.Study.Session(env.Ctx, opt)
	if err != nil {
		return plan{}, err
	}
	p := plan{Counts: sess.Counts(), left: sess.Left(), backlog: sess.Backlog()}
	if p.cards()+p.backlog == 0 {
		p.ahead, err = sess.Ahead(env.Ctx, env.Now())
	}
	return p, err
}

func (p plan) cards() int { return p.New + p.Learning + p.Due }

// budgets are the minutes that the keys go through.
var budgets = []int{0, 5, 10, 15, 20, 30, 45, 60}

// stale is how old facts may be when a key is pressed: etch may have stood open
// in a corner since yesterday.
const stale = time.Minute

// NewHome shows today.
func NewHome(env Env) screen {
	h := &home{env: env, list: list{at: -1}}
	h.read()
	h.first = h.facts.FirstRun && h.fatal == nil
	return h
}

// read gets today's facts, and keeps the chosen post.
func (h *home) read() {
	chosen, had := h.chosen()
	h.readAt = h.env.Now()
	if h.set, h.fatal = h.env.Options.Get(h.env.Ctx); h.fatal != nil {
		return
	}
	if h.facts, h.fatal = h.env.Posts.Home(h.env.Ctx); h.fatal != nil {
		return
	}
	h.today = studyDay(h.env, h.set)
	posts := slices.Clone(h.facts.Posts)
	sort.SliceStable(posts, func(i, j int) bool { return posts[i].Topic < posts[j].Topic })
	h.facts.Posts, h.topics = posts, byTopic(posts)
	h.list.at, h.list.rows = -1, len(posts)
	if had {
		h.list.at = slices.IndexFunc(posts, func(p PostLine) bool { return p.Slug == chosen.Slug })
	}
	h.measure()
}

// measure asks what fits into the minutes that there are.
func (h *home) measure() {
	h.plan = plan{Counts: h.facts.Counts, left: h.facts.Left, backlog: h.facts.Backlog}
	h.whole = h.plan
	if h.set.MinutesPerDay > 0 || h.plan.cards() == 0 {
		h.whole = h.planFor(24 * time.Hour)
	}
	if h.budget > 0 {
		h.plan = h.planFor(time.Duration(h.budget) * time.Minute)
	}
}

func (h *home) planFor(d time.Duration) plan {
	p, err := planFor(h.env, scheduler.SessionOptions{Time: d})
	if err != nil {
		h.notice = notice{fmt.Sprintf("What fits could not be counted: %v.", err), true}
		return h.plan
	}
	return p
}

// chosen is the post under the cursor.
func (h *home) chosen() (PostLine, bool) {
	if h.list.at < 0 || h.list.at >= len(h.facts.Posts) {
		return PostLine{}, false
	}
	return h.facts.Posts[h.list.at], true
}

func (h *home) update(msg tea.Msg) (screen, tea.Cmd) {
	switch msg := msg.(type) {
	case shownMsg:
		h.search = nil
		if h.shown { // back from another screen, which may have changed anything
			h.read()
		}
		h.shown = true
		if h.first && h.fatal == nil && !h.facts.FirstRun { // back from the first session
			h.first = false
			if unanswered(h.set) {
				return h, open(newWelcome(h.env))
			}
		}
	case resultMsg:
		if saved, ok := msg.result.(configSaved); ok {
			h.notice = notice{plural(saved.changes, "setting") + " saved.", false}
		}
	case tea.KeyMsg:
		return h, h.press(msg)
	}
	return h, nil
}

func (h *home) press(msg tea.KeyMsg) tea.Cmd {
	h.notice = notice{}
	k, times := keyName(msg)
	if h.search != nil {
		return h.typedAhead(msg)
	}
	if k == "ctrl+c" || k == "ctrl+d" || k == "q" {
		return tea.Quit
	}
	if msg.Paste {
		h.notice = notice{"Pasted text does nothing here; / searches the cards.", false}
		return nil
	}
	if h.env.Now().Sub(h.readAt) > stale {
		h.read()
	}
	_, picked := h.chosen()
	switch {
	case k == "esc" && picked:
		h.list.at = -1
		return nil
	case k == "esc":
		return tea.Quit
	case h.fatal != nil:
		h.read()
		return nil
	}
	if rest, ok := slashed(msg); ok {
		opens := h.query()
		h.typedAhead(rest)
		return opens
	}
	if h.burst.drops(k, h.env.Now()) {
		h.notice = notice{ignored, false}
		return nil
	}
	moved := false
	for range times {
		moved = h.moves(k)
	}
	if moved {
		return nil
	}
	return h.opens(k, picked)
}

// query opens the search of all cards.
func (h *home) query() tea.Cmd {
	h.search = newQuery(h.env)
	return open(h.search)
}

// typedAhead hands a key to the search that was opened: it comes to the top
// with a message of its own, and keys may be quicker than that.
func (h *home) typedAhead(msg tea.KeyMsg) tea.Cmd {
	if !h.search.typing {
		return nil
	}
	_, cmd := h.search.update(msg)
	return cmd
}

// moves serves the keys that choose: a post, or how many minutes there are.
func (h *home) moves(k string) bool {
	switch k {
	case "m", "+":
		h.spend(1)
	case "-":
		h.spend(-1)
	case "g":
		h.list.at = -1
	case "k", "up":
		h.list.at = max(-1, h.list.at-1)
	case "G":
		return h.list.key("end")
	default:
		return h.list.key(k)
	}
	return true
}

// spend takes the next number of minutes, or the one before, round and round.
func (h *home) spend(by int) {
	n := len(budgets)
	h.budget = budgets[(slices.Index(budgets, h.budget)+by+n)%n]
	h.measure()
}

// opens serves the keys that go somewhere else.
func (h *home) opens(k string, picked bool) tea.Cmd {
	switch k {
	case "?":
		return open(newHelp(h.env, "home", homeHelp...))
	case ",":
		return open(NewConfig(h.env))
	case "/":
		return h.query()
	case "enter", "ctrl+j":
		if picked || h.facts.FirstRun && h.facts.Next != nil { // what the screen offers
			return h.withPost(h.readPost)
		}
		return h.review(scheduler.SessionOptions{})
	case " ", "r":
		return h.review(scheduler.SessionOptions{})
	case "a":
		switch {
		case h.ahead():
			return h.review(scheduler.SessionOptions{Ahead: h.whole.ahead})
		case h.plan.cards() > 0: // today comes first
			return h.review(scheduler.SessionOptions{})
		}
		h.notice = notice{"Nothing can be taken ahead now.", false}
	case "c":
		return h.review(scheduler.SessionOptions{Cram: true})
	case "o", "l", "right":
		return h.withPost(h.readPost)
	case "s":
		return h.withPost(h.study)
	case "p":
		return h.withPost(h.pin)
	}
	return nil
}

func (h *home) review(opt scheduler.SessionOptions) tea.Cmd {
	opt.Time = time.Duration(h.budget) * time.Minute
	return open(NewReview(h.env, opt))
}

func (h *home) study(p PostLine) tea.Cmd {
	if p.Cards == 0 {
		h.notice = notice{noCards, false}
		return nil
	}
	return h.review(studyPost(p.Slug, p))
}

func (h *home) readPost(p PostLine) tea.Cmd { return open(NewRead(h.env, p.Slug)) }

// withPost does something with the chosen post, or with the one that comes
// next.
func (h *home) withPost(do func(PostLine) tea.Cmd) tea.Cmd {
	if p, ok := h.chosen(); ok {
		return do(p)
	}
	if h.facts.Next != nil {
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
	h.notice = notice{"Pinned (^): its new cards come first, after those of its prerequisites.", false}
	if p.Pinned {
		h.notice.text = "No longer pinned."
	}
	return nil
}

var homeHelp = []helpGroup{
	{"", []hint{
		{"Space r", "review what today asks for"},
		{"m + -", "how many minutes you have: 5, 10, 15, 20, 30, 45, 60 or all of it"},
		{"a", "ahead, once today is done: what is due next"},
		{"c", "cram: what you have met, weakest first; the schedule stays"},
	}},
	{"Posts", []hint{
		{"j k PgUp PgDn G", "choose a post; Esc or g chooses none"},
		{"Enter o l", "read it; without a choice o reads the one that comes next"},
		{"s", "study it: its core cards that are new, and what is due"},
		{"p", "pin it (^): its new cards come first; again to unpin"},
	}},
	{"The bars", []hint{
		{"\u2588 \u2592 \u00b7", "mature (it comes back after 21 days or more), seen, not seen yet"},
	}},
	{"", []hint{
		{"/", "browse and search all cards"},
		{",", "settings"},
		{"q Esc", "leave"},
	}},
}
