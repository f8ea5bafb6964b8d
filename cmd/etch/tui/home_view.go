package tui

import (
	"fmt"
	"strings"
	"time"

	"etch/deck"
)

func (h *home) view(width, height int) string {
	f := newFrame(width, height)
	style := h.env.Style
	if h.fatal != nil {
		foot := []string{f.line(hints(style, f.inner(), hint{"r", "try again"}, hint{"q", "leave"}))}
		return f.screen([]string{f.line(style.bold("etch"))}, f.prosed(fmt.Sprintf("Today cannot be read: %v.", h.fatal)), foot)
	}
	head := []string{f.ends(style.bold("etch"), h.interview()+h.env.Now().Format("Mon 2 Jan"))}
	if !f.short() {
		head = append(head, f.rule(style, "", ""), "")
	}
	foot := h.foot(f)
	return f.screen(head, h.body(f, f.room(head, foot)), foot)
}

// interview counts the days to the interview; it is silent without one, and
// when it is over.
func (h *home) interview() string {
	switch days := int(h.set.InterviewDate - h.today); {
	case h.set.InterviewDate == 0 || days < 0:
		return ""
	case days == 0:
		return "interview today · "
	case days == 1:
		return "interview tomorrow · "
	default:
		return fmt.Sprintf("interview in %d days · ", days)
	}
}

// fewest is how many lines of the list are of use.
const fewest = 4

// body is today, the ways to go on, and the posts. Where there is no room for
// all of it, the posts go first, and once one is chosen they go last.
func (h *home) body(f frame, room int) []string {
	today, done, ways := h.sayToday(f), f.prosed(h.doneToday()), h.ways(f)
	if len(h.facts.Posts) == 0 {
		return today
	}
	if h.doneToday() == "" || len(today)+len(done)+1+lengths(ways) > room {
		done = nil
	}
	lines := append(today, done...)
	for i, way := range ways { // whole, or not at all: the keys are in the foot
		gap := 0
		if i == 0 {
			gap = 1
		}
		if len(lines)+gap+len(way) <= room {
			lines = append(append(lines, make([]string, gap)...), way...)
		}
	}
	_, picked := h.chosen()
	if picked && room-len(lines)-1 < fewest {
		lines = today
	}
	if picked && room-len(lines)-1 < fewest {
		lines = today[:1]
	}
	gap := 1
	if len(lines) == 1 && room < 6 {
		gap = 0
	}
	left := room - len(lines) - gap
	if left < 1 || !picked && left < fewest {
		return lines
	}
	return append(append(lines, make([]string, gap)...), h.posts(f, left)...)
}

func lengths(blocks [][]string) (n int) {
	for _, block := range blocks {
		n += len(block)
	}
	return n
}

// sayToday says in a few lines what waits.
func (h *home) sayToday(f frame) []string {
	title, more := h.headline()
	lines := f.prosed(title)
	for i, line := range lines {
		lines[i] = h.env.Style.bold(line)
	}
	if more != "" {
		lines = append(lines, f.prosed(more)...)
	}
	if h.eve() && len(h.facts.Posts) > 0 {
		lines = append(lines, f.prosed("No new cards so near the interview; the weakest are worth a look.")...)
	}
	return lines[:len(lines):len(lines)]
}

// headline is what waits in a few words, and what else there is to say of it.
func (h *home) headline() (title, more string) {
	cards, whole, backlog := h.plan.cards(), h.whole.cards(), h.facts.Backlog
	switch {
	case len(h.facts.Posts) == 0:
		return "No cards yet.", "Leave, and add a folder of posts: 'etch compile DIR'"
	case h.facts.FirstRun && h.facts.Next != nil:
		return "Begin with " + deck.CleanLine(h.offered().Title) + ".", ""
	case cards == 0 && whole > 0: // the day's own minutes are over
		return fmt.Sprintf("Today: done with your %s.", plural(h.set.MinutesPerDay, "minute")),
			fmt.Sprintf("%s for other days; m takes more time today.", waits(whole+h.whole.backlog))
	case cards == 0 && backlog > 0:
		return "Today: all done.", waits(backlog) + " for other days."
	case cards == 0:
		return "Today: all done.", h.nextDue()
	case backlog > 0:
		return h.afterBreak()
	case h.budget > 0 && cards < whole:
		return fmt.Sprintf("%d minutes: %d of %s", h.budget, cards, plural(whole, "card")), h.sorts()
	case h.budget > 0:
		return fmt.Sprintf("%d minutes: all %s, %s", h.budget, plural(cards, "card"), minutesLeft(h.plan.left)), h.sorts()
	case cards < whole:
		more = fmt.Sprintf(" %s for other days; m takes more time.", waits(whole-cards))
	}
	return fmt.Sprintf("Today: %s, %s", plural(cards, "card"), minutesLeft(h.plan.left)), h.sorts() + more
}

// afterBreak puts a backlog into minutes. It neither counts the days that were
// missed nor asks for all of it at once.
func (h *home) afterBreak() (title, more string) {
	minutes, today := h.budget, ""
	if minutes == 0 {
		minutes, today = max(1, int((h.plan.left+30*time.Second)/time.Minute)), " today"
	}
	verb := "cover"
	if minutes == 1 {
		verb = "covers"
	}
	title = fmt.Sprintf("%d waiting; %s%s %s the %d most worth keeping.",
		h.whole.cards()+h.whole.backlog, plural(minutes, "minute"), today, verb, h.plan.cards())
	return title, "New cards come again once the rest fits into a day."
}

// sorts is what the cards are.
func (h *home) sorts() string {
	var parts []string
	for _, sort := range []struct {
		n    int
		name string
	}{{h.plan.New, "new"}, {h.plan.Learning, "learning"}, {h.plan.Due, "due"}} {
		if sort.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", sort.n, sort.name))
		}
	}
	return strings.Join(parts, ", ") + "."
}

func waits(n int) string {
	if n == 1 {
		return "1 card waits"
	}
	return fmt.Sprintf("%d cards wait", n)
}

// doneToday is what was done so far; it is silent where there is nothing to
// be glad of.
func (h *home) doneToday() string {
	var parts []string
	if h.facts.Done > 0 {
		parts = append(parts, plural(h.facts.Done, "answer")+" so far today")
	}
	if h.facts.Studied > 0 {
		parts = append(parts, fmt.Sprintf("%d of the last 14 days", h.facts.Studied))
	}
	if parts == nil {
		return ""
	}
	return strings.Join(parts, "; ") + "."
}

// nextDue tells when the next card comes.
func (h *home) nextDue() string {
	now := h.env.Now()
	switch t := h.facts; {
	case !t.NextDue.IsZero():
		at := t.NextDue.In(now.Location())
		if sameDay(at, now) {
			return "The next card is due today at " + at.Format("15:04") + "."
		}
		return "The next card is due " + at.Format("Mon 2 Jan, 15:04") + "."
	case t.NextDueDay == h.today+1 && t.Tomorrow > 0:
		return fmt.Sprintf("Tomorrow: %s.", plural(t.Tomorrow, "review"))
	case t.NextDueDay != 0:
		return "The next card is due " + dayName(t.NextDueDay, now) + "."
	}
	return ""
}

// ways are the ways to go on, each with its key: the next post, and with
// nothing left reviews ahead of their time and a cram.
func (h *home) ways(f frame) (ways [][]string) {
	way := func(key, does, more string) {
		room := f
		room.indent += padded("", len(key)+2)
		if f.width >= 60 {
			does += more
		}
		text := room.prosed(does)
		text[0] = f.indent + h.env.Style.bold(key) + "  " + text[0][len(room.indent):]
		ways = append(ways, text)
	}
	next, idle := h.offered(), h.plan.cards() == 0
	if h.facts.FirstRun && next != nil {
		way("Enter", readFirst(*next), "")
		if !idle {
			within := ""
			if h.budget > 0 {
				within = fmt.Sprintf(", in %d minutes", h.budget)
			}
			way("Space", fmt.Sprintf("the cards at once%s: %s, %s", within, plural(h.plan.cards(), "card"), minutesLeft(h.plan.left)), "")
		}
		return ways
	}
	if idle && h.ahead() {
		way("a", "ahead: what is due next", "")
	}
	if (idle || h.eve()) && anySeen(h.facts.Posts) {
		way("c", "cram: weakest first", ", of all that you have met; the schedule stays")
	}
	_, picked := h.chosen()
	switch {
	case h.eve():
		way("j k", "choose a post: Enter reads it, and t there leaves only its takeaways", "")
	case next != nil && h.facts.Backlog == 0: // after a break new cards wait
		name := "next"
		switch {
		case picked:
			name = "chosen"
		case next.CoreSeen > 0:
			name = "open"
		}
		way("o", fmt.Sprintf("%s post: %s. %s.", name, deck.CleanLine(next.Title), capital(readFirst(*next))), "")
	}
	return ways
}

// offered is the post that the keys for a post go to: the chosen one, or the
// one that comes next; nil for none.
func (h *home) offered() *PostLine {
	p, picked := h.chosen()
	if next := h.facts.Next; !picked || next != nil && next.Slug == p.Slug { // it knows the minutes, too
		return next
	}
	return &p
}

// eve reports whether the interview is so near that no new cards come.
func (h *home) eve() bool { return h.set.InterviewNear(h.today) }

// ahead reports whether reviews can be taken ahead of their time: there are
// some, and today's own are done.
func (h *home) ahead() bool {
	return h.whole.cards()+h.whole.backlog == 0 && h.whole.ahead > 0
}

// readFirst is the offer for a post.
func readFirst(p PostLine) string {
	unseen := p.Core - p.CoreSeen
	read := "read it"
	if p.Minutes > 0 {
		read += fmt.Sprintf(" (%d min)", p.Minutes)
	}
	if unseen <= 0 {
		return read
	}
	more := ""
	if p.CoreSeen > 0 {
		more = " other"
	}
	return fmt.Sprintf("%s, then its %s", read, strings.Replace(plural(unseen, "core card"), " ", more+" ", 1))
}

// foot is the keys, and a line for what the last one did.
func (h *home) foot(f frame) []string {
	var foot []string
	if !f.short() {
		foot = append(foot, f.rule(h.env.Style, "", ""))
	}
	foot = append(foot, f.keyRows(h.env.Style, h.keys()...)...)
	if h.notice.text == "" && f.height >= 8 {
		return append(foot, "")
	}
	return append(foot, f.noticeLines(h.notice, h.env.Style)...)
}

func (h *home) keys() []hint {
	posts, minutes, cards, settings := hint{"j k", "posts"}, hint{"m", "time"}, hint{"/", "cards"}, hint{",", "settings"}
	leave, more := hint{"q", "leave"}, hint{"?", "more"}
	p, picked := h.chosen()
	cram := hint{"c", "cram"}
	pin := hint{"p", "pin"}
	if p.Pinned {
		pin.does = "unpin"
	}
	switch {
	case len(h.facts.Posts) == 0:
		return []hint{leave, settings, more}
	case picked && p.Cards == 0:
		return []hint{{"Enter", "read"}, pin, {"Esc", "back"}, {"Space", "review all"}, posts, more}
	case picked:
		return []hint{{"Enter", "read"}, {"s", "study"}, pin, {"Esc", "back"}, {"Space", "review all"}, posts, more}
	case h.facts.FirstRun && h.facts.Next != nil:
		return []hint{{"Enter", "read"}, {"Space", "review"}, posts, cards, settings, leave, more}
	case h.plan.cards() == 0 && h.whole.cards() > 0:
		return []hint{{"m", "more time"}, cram, {"o", "read"}, posts, cards, settings, leave, more}
	case h.ahead():
		return []hint{{"a", "ahead"}, cram, {"o", "read"}, posts, cards, settings, leave, more}
	case h.plan.cards() == 0:
		return []hint{cram, {"o", "read"}, posts, cards, settings, leave, more}
	}
	if h.eve() {
		return []hint{{"Space", "review"}, cram, posts, minutes, cards, settings, leave, more}
	}
	return []hint{{"Space", "review"}, {"o", "read"}, posts, minutes, cards, settings, leave, more}
}
