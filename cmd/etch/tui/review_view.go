package tui

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"

	"etch/deck"
	"etch/scheduler"
)

// view draws the screen: head, card, foot.
func (r *review) view(width, height int) string {
	f := newFrame(width, height)
	head := r.head(f)
	defer func() { r.gate.painted(r.env.Now()) }()
	switch {
	case r.older != nil:
		return f.screen(head, r.older.body(f, r.env.Style), r.olderFoot(f))
	case r.sess == nil:
		return f.screen(head, f.prosed("There is nothing to review as long as this fails."), r.foot(f, "", nil))
	case r.onCard():
		return r.cardView(f, head)
	case r.sess.Phase() == scheduler.Waiting:
		return f.screen(head, r.waitBody(f), r.foot(f, "", r.waitRows(f)))
	}
	return r.endView(f, head)
}

func (r *review) cardView(f frame, head []string) string {
	if r.noCard != nil {
		text := fmt.Sprintf("The text of this card cannot be read: %v.", r.noCard)
		return f.screen(head, f.prosed(text), r.foot(f, "", r.askRows(f)))
	}
	rows := r.askRows(f)
	if r.showing() {
		rows = r.buttonRows(f)
	}
	r.body.draw(f, r.card, r.showing(), r.env.Style)
	room := f.room(head, r.foot(f, "", rows))
	if r.asking() && r.body.length() > room { // the place takes a line where there was no rule
		room = f.room(head, r.foot(f, " ", rows))
	}
	r.body.fit(room)
	place := ""
	if r.asking() && (!f.short() || r.body.scroll.page() != "") {
		place = r.body.scroll.place()
	}
	return f.screen(head, r.body.visible(f, r.env.Style), r.foot(f, place, rows))
}

// head is the line with the breadcrumb and the counters, and a rule.
func (r *review) head(f frame) []string {
	counters := r.counters(f)
	left := r.breadcrumb(f.inner() - ansi.StringWidth(counters) - 2)
	if !f.short() {
		return []string{f.ends(left, counters), f.rule(r.env.Style, "", "")}
	}
	return []string{f.ends(left, counters)}
}

// breadcrumb is the context of the question, so that it can be short: topic
// and title, or the title alone where both do not fit. It never holds the
// takeaway, which would give the answer away.
func (r *review) breadcrumb(room int) string {
	if !r.onCard() && r.older == nil {
		return r.env.Style.bold(r.title())
	}
	card := r.card
	if r.older != nil {
		card = r.older.card
	}
	mark := ""
	if r.older == nil && r.memory().Flag != "" {
		mark = "  " + r.env.Style.sgr("* fix me", sgrYellow)
		room -= ansi.StringWidth(mark)
	}
	return crumbs(card, room) + mark
}

// title names the review while no card is on show.
func (r *review) title() string {
	if subject := r.subject(); subject != "" {
		return "review > " + subject
	}
	return "review"
}

// subject is what the session is narrowed to, a topic or tags; "" for nothing.
func (r *review) subject() string {
	return deck.CleanLine(cmp.Or(r.opt.Topic, strings.Join(r.opt.Tags, ", ")))
}

func crumbs(card deck.Card, room int) string {
	topic := deck.CleanLine(card.Topic)
	title := deck.TitleBelow(topic, deck.CleanLine(card.Title))
	if text := topic + " > " + title; topic != "" && topic != title && ansi.StringWidth(text) <= room {
		return text
	}
	return ansi.Truncate(title, max(1, room), "…")
}

// counters tell what is left, in words where there is room.
func (r *review) counters(f frame) string {
	if r.sess == nil {
		return ""
	}
	n, left := r.sess.Counts(), minutesLeft(r.sess.Left())
	style := r.env.Style
	if r.opt.Cram {
		if f.width < 60 {
			return fmt.Sprintf("cram %d", n.New+n.Learning+n.Due)
		}
		return fmt.Sprintf("cram, answers are not recorded · %d left", n.New+n.Learning+n.Due)
	}
	if n == (scheduler.Counts{}) {
		left = ""
	}
	if f.width < 60 {
		text := fmt.Sprintf("%s %s %s", style.sgr(fmt.Sprintf("n%d", n.New), sgrCyan),
			style.sgr(fmt.Sprintf("l%d", n.Learning), sgrRed), style.sgr(fmt.Sprintf("d%d", n.Due), sgrGreen))
		return strings.TrimRight(text+" "+strings.Replace(left, " min", "m", 1), " ")
	}
	text := fmt.Sprintf("%s · %s · %s", style.sgr(fmt.Sprintf("new %d", n.New), sgrCyan),
		style.sgr(fmt.Sprintf("learn %d", n.Learning), sgrRed), style.sgr(fmt.Sprintf("due %d", n.Due), sgrGreen))
	return strings.TrimRight(text+"   "+left, " ")
}

// minutesLeft is an estimate, and says so.
func minutesLeft(d time.Duration) string {
	return fmt.Sprintf("~%d min", max(1, int((d+30*time.Second)/time.Minute)))
}

// foot is the rule with the place in the text, the keys, and one line for what
// the last key did. A longer message takes the room that it needs.
func (r *review) foot(f frame, place string, rows []string) []string {
	foot := make([]string, 0, len(rows)+4)
	if !f.short() || place != "" {
		foot = append(foot, f.rule(r.env.Style, "", place))
	}
	foot = append(foot, rows...)
	return append(foot, r.lastLines(f)...)
}

func (r *review) lastLines(f frame) []string {
	style := r.env.Style
	if r.notice.text == "" {
		switch {
		case f.height < 8:
			return nil
		case r.last == "":
			return []string{""}
		}
		return []string{f.line(style.dim(ansi.Truncate(r.last, f.inner(), "…")))}
	}
	lines := wrapWords(deck.CleanLine(r.notice.text), f.inner())
	lines = lines[:min(len(lines), max(1, f.height/3))]
	for i, line := range lines {
		if r.notice.alarm {
			line = style.sgr(line, sgrBold, sgrRed)
		}
		lines[i] = f.line(line)
	}
	return lines
}

// stacked reports whether the keys take two rows: the buttons with their names
// do not fit side by side, but there are lines to spare.
func (f frame) stacked() bool { return f.width < 60 && f.height >= 14 }

// askRows are the keys while a question is on show. They take as many rows as
// the buttons will, so that nothing moves when the answer comes.
func (r *review) askRows(f frame) []string {
	style := r.env.Style
	show := hint{"Space", "show the answer"}
	more := []hint{{"s", "skip"}, {"u", "undo"}, {"e", "edit"}, {"?", "more"}}
	if f.stacked() {
		return []string{f.line(show.draw(style)), f.line(hints(style, f.inner(), more...))}
	}
	return []string{f.withHints(show.draw(style), style, more...)}
}

// withHints is a line with keys at its left end, and others at its right end
// as far as they fit.
func (f frame) withHints(left string, style Style, all ...hint) string {
	room := f.inner() - ansi.StringWidth(left) - 3
	if room < all[len(all)-1].width() {
		return f.line(left)
	}
	return f.ends(left, hints(style, room, all...))
}

// buttonRows are the grades with what each would do.
func (r *review) buttonRows(f frame) []string {
	style := r.env.Style
	more := []hint{{"u", "undo"}, {"w", "why"}, {"e", "edit"}, {"?", "more"}}
	texts := make([]string, 0, 4)
	for _, o := range r.buttons {
		if r.two && (o.Rating == scheduler.Hard || o.Rating == scheduler.Easy) {
			continue
		}
		texts = append(texts, r.button(o, f.width >= 60 || f.stacked()))
	}
	if f.stacked() && len(texts) == 4 {
		column := max(ansi.StringWidth(texts[0]), ansi.StringWidth(texts[2])) + 3
		return []string{
			f.line(padded(texts[0], column) + texts[1]),
			f.withHints(padded(texts[2], column)+texts[3], style, more[len(more)-1]),
		}
	}
	if f.stacked() {
		return []string{f.line(strings.Join(texts, "   ")), f.line(hints(style, f.inner(), more...))}
	}
	gap := "   "
	if f.width < 70 {
		gap = "  "
	}
	return []string{f.withHints(strings.Join(texts, gap), style, more...)}
}

// button is one grade: its key, its name where there is room, and when the
// card would come back. A cram session changes no schedule, so there it tells
// no interval.
func (r *review) button(o scheduler.Outcome, named bool) string {
	style := r.env.Style
	text := style.bold(fmt.Sprint(int(o.Rating)))
	if named || r.opt.Cram {
		text += " " + capital(o.Rating.String())
	}
	if r.opt.Cram {
		return text
	}
	return text + " " + style.dim(scheduler.Span(o.Interval))
}

func padded(text string, width int) string {
	return text + strings.Repeat(" ", max(0, width-ansi.StringWidth(text)))
}

// capital writes a word of ASCII with a capital letter.
func capital(word string) string {
	if word == "" {
		return ""
	}
	return strings.ToUpper(word[:1]) + word[1:]
}

// whatAnswerDid tells what an answer did: "Good -> 6 d (Mon 12 Jan)".
func (r *review) whatAnswerDid(e scheduler.Entry) string {
	name := capital(e.Rating.String())
	if e.ID == "" {
		return name + " (not recorded)"
	}
	return fmt.Sprintf("%s -> %s (%s)", name, spaced(scheduler.Span(e.Then.Interval)), whenDue(e.Then, r.env.Now()))
}

// spaced writes "6d" as "6 d" and "10m" as "10 min".
func spaced(span string) string {
	i := strings.IndexFunc(span, func(c rune) bool { return c >= 'a' && c <= 'z' })
	if i < 0 {
		return span
	}
	unit := span[i:]
	if unit == "m" {
		unit = "min"
	}
	return span[:i] + " " + unit
}

// whenDue tells when a card comes back: a time for one in a learning step, a
// date else.
func whenDue(d scheduler.Decision, now time.Time) string {
	if d.State != scheduler.Review {
		return d.DueAt.In(now.Location()).Format("15:04")
	}
	return dayName(d.DueDay, now)
}

// dayName writes a study day, with its year unless that is this year.
func dayName(d scheduler.Day, now time.Time) string {
	date := d.Date()
	if date.Year() != now.Year() {
		return date.Format("Mon 2 Jan 2006")
	}
	return date.Format("Mon 2 Jan")
}
