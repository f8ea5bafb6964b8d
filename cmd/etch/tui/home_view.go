package tui

import (
	"fmt"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"

	"etch/deck"
)

func (h *home) view(width, height int) string {
	f := newFrame(width, height)
	style := h.env.Style
	if h.fatal != nil {
		return f.screen([]string{f.line("etch")}, f.prosed(fmt.Sprintf("Today cannot be read: %v.", h.fatal)), []string{f.line(hints(style, f.inner(), hint{"q", "leave"}))})
	}
	head := []string{f.ends(style.bold("etch"), h.env.Now().Format("Mon 2 Jan"))}
	if !f.short() {
		head = append(head, f.rule(style, "", ""))
	}
	foot := h.foot(f)
	body := h.today(f)
	if room := f.room(head, foot) - len(body) - 2; room >= 3 && len(h.facts.Posts) > 0 {
		body = append(body, "")
		body = append(body, h.posts(f, room)...)
	}
	return f.screen(head, body, foot)
}

// today says in a few lines what waits.
func (h *home) today(f frame) []string {
	var lines []string
	say := func(text string) { lines = append(lines, f.prosed(text)...) }
	if !f.short() {
		lines = append(lines, "")
	}
	t := h.facts
	switch left := h.left(); {
	case len(t.Posts) == 0:
		say("No cards yet. Leave, and add a folder of posts: etch compile DIR")
		return lines
	case left > 0:
		lines = append(lines, f.indent+h.env.Style.bold(ansi.Truncate(fmt.Sprintf("Today: %s, %s", plural(left, "card"), minutesLeft(t.Left)), f.text(), "…")))
		say(fmt.Sprintf("%d new, %d learning, %d due.%s", t.Counts.New, t.Counts.Learning, t.Counts.Due, h.budgetText()))
	default:
		lines = append(lines, f.indent+h.env.Style.bold("Today: all done."))
		if next := h.nextDue(); next != "" {
			say("The next card is due " + next + ".")
		}
		say("a studies ahead, x crams, o opens the next post.")
	}
	if t.Backlog > 0 {
		say(fmt.Sprintf("%d more are waiting: today's limit takes the ones most worth keeping, and new cards wait until the others are done.", t.Backlog))
	}
	if t.Studied > 0 || t.Done > 0 {
		say(fmt.Sprintf("%s so far today; %d of the last 14 days.", plural(t.Done, "answer"), t.Studied))
	}
	if t.Next != nil {
		lines = append(lines, "")
		verb := "Next post: "
		switch {
		case t.FirstRun:
			verb = "Begin with "
		case t.Next.CoreSeen > 0:
			verb = "Open post: "
		}
		say(verb + readFirst(*t.Next) + ".")
	}
	return lines
}

// budgetText says how many minutes the next review may take.
func (h *home) budgetText() string {
	if h.budget == 0 {
		return ""
	}
	return fmt.Sprintf(" You have %d minutes: what fits is shown.", h.budget)
}

func (h *home) nextDue() string {
	now := h.env.Now()
	switch t := h.facts; {
	case !t.NextDue.IsZero() && t.NextDue.Sub(now) < 20*time.Hour:
		return "at " + t.NextDue.In(now.Location()).Format("15:04")
	case !t.NextDue.IsZero():
		return t.NextDue.In(now.Location()).Format("Mon 2 Jan 15:04")
	case t.NextDueDay != 0:
		return t.NextDueDay.Date().Format("Mon 2 Jan")
	}
	return ""
}

// posts lists the posts by topic, as many as there is room for, with the
// chosen one in sight.
func (h *home) posts(f frame, room int) []string {
	name, topic := max(10, f.text()-24), 0
	if name > 48 {
		name, topic = name-17, 17
	}
	rows := []string{f.indent + h.env.Style.dim(padded("", name+topic+2)+fmt.Sprintf("%13s %3s", "seen", "due"))}
	room--
	if h.cursor >= 0 {
		h.top = max(min(h.top, h.cursor), h.cursor-room+1)
	} else {
		h.top = 0
	}
	h.top = max(0, min(h.top, len(h.facts.Posts)-room))
	for i := h.top; i < min(len(h.facts.Posts), h.top+room); i++ {
		rows = append(rows, h.post(f, i, name, topic))
	}
	return rows
}

func (h *home) post(f frame, i, name, topic int) string {
	p := h.facts.Posts[i]
	mark := "  "
	if i == h.cursor {
		mark = "> "
	}
	title := deck.CleanLine(p.Title)
	if p.Pinned {
		title = "^ " + title
	}
	due := "-"
	if p.Due > 0 {
		due = fmt.Sprint(p.Due)
	}
	cell := func(text string, width int) string { return padded(ansi.Truncate(text, max(0, width-1), "…"), width) }
	line := mark + cell(title, name) + cell(deck.CleanLine(p.Topic), topic) + " " + bar(p.Seen, p.Cards) + fmt.Sprintf(" %2d/%-3d %3s", p.Seen, p.Cards, due)
	line = f.indent + ansi.Truncate(line, f.text(), "…")
	if i == h.cursor {
		return h.env.Style.bold(line)
	}
	return line
}

// bar shows a share in five cells.
func bar(part, whole int) string {
	const cells = 5
	full := 0
	if whole > 0 {
		full = (part*cells + whole - 1) / whole
	}
	return strings.Repeat("█", full) + strings.Repeat("·", cells-full)
}

func (h *home) foot(f frame) []string {
	style := h.env.Style
	var foot []string
	if !f.short() {
		foot = append(foot, f.rule(style, "", ""))
	}
	if h.notice.text != "" {
		for _, line := range f.prosed(h.notice.text) {
			foot = append(foot, f.line(strings.TrimSpace(line)))
		}
		return foot
	}
	if len(h.facts.Posts) == 0 {
		return append(foot, f.line(hints(style, f.inner(), hint{"q", "leave"}, hint{",", "settings"}, hint{"?", "more"})))
	}
	first := hint{"Space", "review"}
	if h.left() == 0 {
		first = hint{"a", "ahead"}
	}
	return append(foot, f.line(hints(style, f.inner(), first, hint{"o", "read"}, hint{"j k", "posts"}, hint{"m", "minutes"}, hint{"p", "pin"},
		hint{"/", "cards"}, hint{",", "settings"}, hint{"q", "leave"}, hint{"?", "more"})))
}
