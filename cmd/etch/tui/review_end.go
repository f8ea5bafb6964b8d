package tui

import (
	"fmt"
	"slices"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"etch/deck"
	"etch/scheduler"
)

// ending is what the screen shows when nothing is left.
type ending struct {
	home    Home
	figures figures
	offers  []offer
	scroll  scroller // a low screen does not hold it all
}

// offer is one way to go on, in one key.
type offer struct {
	hint
	does string // in full
	opt  scheduler.SessionOptions
}

// finish collects what the end screen shows.
func (r *review) finish() {
	home, err := r.env.Posts.Home(r.env.Ctx)
	if err != nil {
		r.warn("Today's figures could not be read: %v.", err)
	}
	r.ending = &ending{home: home, figures: r.sitting.figures()}
	r.ending.offers = r.offers(home)
}

// offers lists the ways to go on: what a bound or a filter left out, reviews
// ahead of their time once nothing of today's is left, a cram, and the next
// post.
func (r *review) offers(home Home) []offer {
	var offers []offer
	today := r.sched.Day(r.env.Now())
	if n := home.Counts.New + home.Counts.Learning + home.Counts.Due; n > 0 {
		does := fmt.Sprintf("go on with what is left today: %s, %s", plural(n, "card"), minutesLeft(home.Left))
		offers = append(offers, offer{hint{"g", "go on"}, does, scheduler.SessionOptions{}})
	}
	// What the day's minutes leave out is left, too.
	all := scheduler.SessionOptions{Posts: r.asked.Posts, Tags: r.opt.Tags, Topic: r.opt.Topic, Time: 24 * time.Hour}
	left, err := planFor(r.env, all)
	if err != nil {
		r.warn("What comes next could not be read: %v.", err)
		return offers
	}
	switch {
	case left.cards() > 0 && len(offers) == 0:
		does := fmt.Sprintf("go on beyond today's minutes: %s, %s", plural(left.cards(), "card"), minutesLeft(left.left))
		offers = append(offers, offer{hint{"g", "go on"}, does, all})
	case left.ahead > 0:
		does := "ahead: what is due " + r.dayWord(today+scheduler.Day(left.ahead))
		offers = append(offers, offer{hint{"a", "ahead"}, does, scheduler.SessionOptions{Posts: r.asked.Posts, Tags: r.opt.Tags, Topic: r.opt.Topic, Ahead: left.ahead}})
	}
	if !r.opt.Cram && anySeen(home.Posts) {
		does := "cram: what you have met, weakest first; the schedule stays"
		offers = append(offers, offer{hint{"c", "cram"}, does, scheduler.SessionOptions{Posts: r.asked.Posts, Tags: r.opt.Tags, Topic: r.opt.Topic, Cram: true}})
	}
	if next := home.Next; next != nil && next.Core > next.CoreSeen && !r.sched.Settings().InterviewNear(today) {
		unseen := next.Core - next.CoreSeen
		does := fmt.Sprintf("next post: %s, its %s", deck.CleanLine(next.Title), plural(unseen, "core card"))
		offers = append(offers, offer{hint{"n", "next post"}, does, scheduler.SessionOptions{Posts: []string{next.Slug}, New: &unseen}})
	}
	return offers
}

func anySeen(posts []PostLine) bool {
	for _, p := range posts {
		if p.Seen > 0 {
			return true
		}
	}
	return false
}

// endKey serves a key when nothing is left.
func (r *review) endKey(k string) tea.Cmd {
	if r.ending == nil || r.ending.scroll.key(k) {
		return nil
	}
	for _, o := range r.ending.offers {
		if k == o.key {
			return r.ifSettled(func() tea.Cmd { return r.start(o.opt) })
		}
	}
	return nil
}

func (r *review) endView(f frame, head []string) string {
	body, rows := r.endBody(f), r.endRows(f)
	if r.ending == nil {
		return f.screen(head, nil, r.foot(f, "", rows))
	}
	s := &r.ending.scroll
	s.fit(len(body), f.room(head, r.foot(f, "x", rows)))
	end := min(len(body), s.top+s.room)
	return f.screen(head, body[s.top:end], r.foot(f, s.place(), rows))
}

// endBody sums the sitting up, says when the next card is due, and offers ways
// to go on.
func (r *review) endBody(f frame) []string {
	e := r.ending
	if e == nil {
		return nil
	}
	lines := f.prosed(r.headline())
	lines[0] = r.env.Style.bold(lines[0])
	if figures := r.endFigures(); len(figures) > 0 {
		lines = append(append(lines, ""), r.table(f, figures)...)
	}
	if len(e.offers) == 0 {
		return lines
	}
	lines = append(lines, "")
	for _, o := range e.offers {
		lines = append(lines, r.offerLines(f, o)...)
	}
	return lines
}

func (r *review) headline() string {
	e := r.ending
	switch {
	case e.figures.answers > 0 && r.subject() != "":
		return "Done with " + r.subject() + "."
	case e.figures.answers > 0:
		return "Done for now."
	case e.home.FirstRun && len(e.home.Posts) == 0:
		return "There are no cards yet. 'etch compile DIR' adds a folder of posts."
	case r.opt.Cram && anySeen(e.home.Posts):
		return "Nothing is left to cram."
	case r.subject() != "":
		return "Nothing is due in " + r.subject() + "."
	case r.opt.Cram:
		return "There is nothing to cram: no card was answered yet."
	case r.sess.DayOver():
		return fmt.Sprintf("Today: done with your %s.", plural(r.sched.Settings().MinutesPerDay, "minute"))
	}
	return "Nothing is due."
}

// figure is one line of the end screen.
type figure struct{ name, value string }

func (r *review) endFigures() []figure {
	e := r.ending
	var out []figure
	if n := e.figures.answers; n > 0 {
		out = append(out,
			figure{"answers", fmt.Sprintf("%d in %s, %s each", n, lasted(e.figures.took), lasted(e.figures.took/time.Duration(n)))},
			figure{"again", fmt.Sprintf("%d (%s)", e.figures.again, percent(e.figures.again, n))})
	}
	if n := e.figures.reviews; n > 0 {
		aim := percent(int(r.sched.Settings().Retention*100+0.5), 100)
		out = append(out, figure{"recalled", fmt.Sprintf("%d of %d, %s (aim %s)", e.figures.passed, n, percent(e.figures.passed, n), aim)})
	}
	if t := e.figures.weakest; t.topic != "" {
		out = append(out, figure{"weakest", fmt.Sprintf("%s, %d of %d again", deck.CleanLine(t.topic), t.again, t.answers)})
	}
	out = append(out, r.comingUp()...)
	if n := e.home.Backlog; n > 0 {
		out = append(out, figure{"waiting", plural(n, "review") + " for other days"})
	}
	return out
}

// comingUp tells when the next card comes and what tomorrow holds, in one line
// where that is the same.
func (r *review) comingUp() []figure {
	var out []figure
	home := r.ending.home
	when := r.nextDue()
	load := plural(home.Tomorrow, "review")
	isTomorrow := home.NextDue.IsZero() && home.NextDueDay == r.sched.Day(r.env.Now())+1
	if when != "" && isTomorrow && home.Tomorrow > 0 {
		return []figure{{"next", when + ": " + load}}
	}
	if when != "" {
		out = append(out, figure{"next", when})
	}
	if home.Tomorrow > 0 {
		out = append(out, figure{"tomorrow", load})
	}
	return out
}

// nextDue tells when the next card comes; "" when that is now, or never.
func (r *review) nextDue() string {
	home, now := r.ending.home, r.env.Now()
	switch {
	case !home.NextDue.IsZero():
		at := home.NextDue.In(now.Location())
		if sameDay(at, now) {
			return "today at " + at.Format("15:04")
		}
		return at.Format("Mon 2 Jan, 15:04")
	case home.NextDueDay != 0:
		return r.dayWord(home.NextDueDay)
	}
	return ""
}

// dayWord writes a study day as a person would say it.
func (r *review) dayWord(d scheduler.Day) string {
	now := r.env.Now()
	switch d - r.sched.Day(now) {
	case 0:
		return "today"
	case 1:
		return "tomorrow, " + dayName(d, now)
	}
	return dayName(d, now)
}

// table draws figures with their values in one column, wrapped there.
func (r *review) table(f frame, figures []figure) []string {
	lines := make([]string, 0, len(figures))
	for _, fig := range figures {
		for i, value := range wrapWords(fig.value, max(1, f.text()-11)) {
			name := fig.name
			if i > 0 {
				name = ""
			}
			lines = append(lines, f.indent+r.env.Style.dim(padded(name, 11))+value)
		}
	}
	return lines
}

// offerLines draws one way to go on, wrapped beside its key.
func (r *review) offerLines(f frame, o offer) []string {
	room := f
	room.indent += "   "
	lines := room.prosed(o.does)
	lines[0] = f.indent + r.env.Style.bold(o.key) + "  " + lines[0][len(room.indent):]
	return lines
}

func (r *review) endRows(f frame) []string {
	var ways []hint
	if r.ending != nil {
		for _, o := range r.ending.offers {
			ways = append(ways, o.hint)
		}
	}
	if len(r.sitting.answers) > 0 || len(r.sitting.marks) > 0 {
		return f.keyRow(r.env.Style, hint{"u", "undoes the last answer"}, slices.Concat([]hint{{"q", "leave"}}, ways, []hint{{"?", "more"}})...)
	}
	return f.keyRow(r.env.Style, hint{"q", "leave"}, append(ways, hint{"u", "undo"}, hint{"?", "more"})...)
}

// lasted writes how long something took.
func lasted(d time.Duration) string {
	if d < time.Minute {
		return fmt.Sprintf("%d s", int(d.Round(time.Second)/time.Second))
	}
	return fmt.Sprintf("%d min", int(d.Round(time.Minute)/time.Minute))
}

func percent(part, whole int) string {
	return fmt.Sprintf("%d %%", (part*100+whole/2)/max(1, whole))
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
