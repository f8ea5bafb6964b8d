package tui

import (
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"

	"etch/deck"
	"etch/scheduler"
)

// list is a cursor in rows of which some show.
type list struct {
	at   int // the row of the cursor
	top  int // the first row that shows
	rows int // all of them
	room int // rows that show
}

// fit takes over the sizes and keeps the cursor in sight.
func (l *list) fit(rows, room int) {
	l.rows, l.room = rows, max(0, room)
	l.at = max(0, min(l.at, rows-1))
	l.top = max(0, min(l.top, l.at, rows-l.room))
	if l.at >= l.top+l.room {
		l.top = max(0, l.at-l.room+1)
	}
}

// key moves by a key press and reports whether it was one that does.
func (l *list) key(k string) bool {
	switch k {
	case "j", "down":
		l.at++
	case "k", "up":
		l.at--
	case "pgdown":
		l.at += max(1, l.room-1)
		l.top += max(1, l.room-1)
	case "pgup":
		l.at -= max(1, l.room-1)
		l.top -= max(1, l.room-1)
	case "home":
		l.at = 0
	case "end":
		l.at = l.rows - 1
	default:
		return false
	}
	l.fit(l.rows, l.room)
	return true
}

// The widths of a row's columns right of the question.
const (
	markColumn = 4
	dueColumn  = 6
)

// row draws one card of the list: the cursor, the start of the question, the
// marks, and when it is due.
func (c *cards) row(i, width int, now time.Time) string {
	it := &c.found[i]
	style := c.env.Style
	cursor := "  "
	if i == c.list.at {
		cursor = "> "
	}
	room := max(1, width-len(cursor)-markColumn-dueColumn-1)
	text := padded(ansi.Truncate(oneLine(it.Card.Question), room, "…"), room)
	marks, due := c.marks(it.Memory), dueShort(it.Memory, c.today, now)
	marks = strings.Repeat(" ", max(0, markColumn-len(marks))) + marks
	due = strings.Repeat(" ", max(0, dueColumn-len(due))) + due
	if i == c.list.at {
		return style.bold(cursor+text) + style.sgr(marks, sgrBold, sgrYellow) + " " + style.bold(due)
	}
	return cursor + text + style.sgr(marks, sgrYellow) + " " + style.dim(due)
}

// marks are the letters for what is special about a card.
func (c *cards) marks(m scheduler.Memory) string {
	text := ""
	if m.Suspended {
		text += "S"
	}
	if m.Flag != "" {
		text += "*"
	}
	if isLeech(m, c.set.LeechThreshold) {
		text += "L"
	}
	if m.BuriedDay != 0 && m.BuriedDay == c.today {
		text += "b"
	}
	return text
}

// dueShort tells in a few columns when a card comes: "new", "due", "14:05",
// "12d".
func dueShort(m scheduler.Memory, today scheduler.Day, now time.Time) string {
	switch {
	case m.State == scheduler.New:
		return "new"
	case m.State == scheduler.Review && m.DueDay > today:
		return scheduler.Span(int(m.DueDay - today))
	case m.State == scheduler.Review, !m.DueAt.After(now):
		return "due"
	}
	return m.DueAt.In(now.Location()).Format("15:04")
}

// oneLine is the start of a Markdown text in one safe line. Nothing needs more
// of it than a screen is wide.
func oneLine(md string) string {
	const most = 1000 // bytes; what is cut in the middle of a rune is cleaned
	if len(md) > most {
		md = md[:most]
	}
	return deck.CleanLine(strings.Join(strings.Fields(deck.Bracketed(md)), " "))
}
