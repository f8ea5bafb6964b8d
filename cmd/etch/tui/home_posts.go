package tui

import (
	"fmt"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"etch/deck"
)

// topicLine is the posts of one topic, which stand together in the list.
type topicLine struct {
	sum   PostLine // their figures, under the topic's name
	first int      // the first of its posts
	posts int
}

// byTopic sums up posts that are sorted by topic.
func byTopic(posts []PostLine) []topicLine {
	var topics []topicLine
	for i, p := range posts {
		if len(topics) == 0 || topics[len(topics)-1].sum.Topic != p.Topic {
			topics = append(topics, topicLine{sum: PostLine{Topic: p.Topic, Title: p.Topic}, first: i})
		}
		t := &topics[len(topics)-1]
		t.posts++
		t.sum.Cards += p.Cards
		t.sum.Seen += p.Seen
		t.sum.Due += p.Due
		t.sum.Mature += p.Mature
	}
	for i := range topics {
		if topics[i].sum.Title == "" {
			topics[i].sum.Title = "other"
		}
	}
	return topics
}

// homeRow is a row of the list: a topic, or a post.
type homeRow struct {
	line PostLine
	post int // -1 for a topic
}

// rows lists the topics with their posts; on a screen that does not hold them
// all, and until one is chosen, the topics alone.
func (h *home) rows(room int) []homeRow {
	var rows []homeRow
	flat := len(h.topics) == 1
	all := len(h.facts.Posts) + len(h.topics)
	folded := !flat && h.list.at < 0 && all > room
	for _, t := range h.topics {
		if !flat {
			rows = append(rows, homeRow{t.sum, -1})
		}
		for i := t.first; i < t.first+t.posts && !folded; i++ {
			rows = append(rows, homeRow{h.facts.Posts[i], i})
		}
	}
	return rows
}

// posts draws the list in at most the given lines, with the chosen post in
// sight.
func (h *home) posts(f frame, room int) []string {
	c := columnsOf(f)
	var lines []string
	if room >= 4 { // below that each line counts
		lines = append(lines, f.indent+h.env.Style.dim(c.header(h.place())))
		room--
	}
	rows := h.rows(room)
	at := -1
	for i, row := range rows {
		if row.post >= 0 && row.post == h.list.at {
			at = i
		}
	}
	top := h.top
	switch {
	case at < 0:
		top = 0
	case at > 0 && rows[at-1].post < 0: // its topic, too
		top = min(top, at-1)
	default:
		top = min(top, at)
	}
	top = max(0, top, at-room+1)
	top = max(0, min(top, len(rows)-room))
	h.top = top
	h.list.room = max(1, room)
	for i := top; i < min(len(rows), top+room); i++ {
		lines = append(lines, h.row(f, c, rows[i]))
	}
	return lines
}

// place tells which of the posts is chosen.
func (h *home) place() string {
	if h.list.at < 0 {
		return plural(len(h.facts.Posts), "post")
	}
	return fmt.Sprintf("post %d/%d", h.list.at+1, len(h.facts.Posts))
}

// columns are the widths of a row's parts; those that have no room are 0.
type columns struct{ name, due, bar, seen, mature int }

func columnsOf(f frame) columns {
	c := columns{due: 5}
	width := f.text()
	if width >= 34 {
		c.bar, c.seen = 7, 8
	}
	if width >= 56 {
		c.bar, c.mature = 12, 9
	}
	c.name = max(1, min(48, width-c.due-c.bar-c.seen-c.mature))
	return c
}

func (c columns) header(place string) string {
	line := padded("  "+ansi.Truncate(place, max(0, c.name-2), ""), c.name) + rightAligned("due", c.due) + strings.Repeat(" ", c.bar)
	if c.seen > 0 {
		line += rightAligned("seen \u2592", c.seen)
	}
	if c.mature > 0 {
		line += rightAligned("mature \u2588", c.mature)
	}
	return line
}

// row draws a topic or a post with its figures.
func (h *home) row(f frame, c columns, r homeRow) string {
	style := h.env.Style
	name, paint := "  "+deck.CleanLine(r.line.Title), func(s string) string { return s }
	if r.post >= 0 {
		pin := "  "
		if r.line.Pinned {
			pin = "^ "
		}
		name = "  " + pin + deck.TitleBelow(deck.CleanLine(r.line.Topic), deck.CleanLine(r.line.Title))
	}
	if r.post >= 0 && r.post == h.list.at {
		name, paint = ">"+name[1:], style.bold
	}
	due := "-"
	if r.line.Due > 0 {
		due = fmt.Sprint(r.line.Due)
	}
	line := f.indent + paint(padded(ansi.Truncate(name, c.name, "…"), c.name)) + paint(rightAligned(due, c.due))
	if c.bar > 0 {
		line += "  " + bar(style, r.line, c.bar-2) + paint(rightAligned(fmt.Sprintf("%d/%d", r.line.Seen, r.line.Cards), c.seen))
	}
	if c.mature > 0 {
		line += paint(rightAligned(fmt.Sprint(r.line.Mature), c.mature))
	}
	return line
}

func rightAligned(text string, width int) string {
	return strings.Repeat(" ", max(0, width-ansi.StringWidth(text))) + text
}

// bar shows which shares of some cards are mature, seen, and not seen yet. A
// share that is there has a cell, and only all of them fill the bar.
func bar(style Style, p PostLine, cells int) string {
	share := func(n int) int {
		switch {
		case n <= 0 || p.Cards <= 0:
			return 0
		case n >= p.Cards:
			return cells
		}
		return max(1, min(cells-1, n*cells/p.Cards))
	}
	mature := share(p.Mature)
	seen := max(mature, share(p.Seen))
	return style.sgr(strings.Repeat("█", mature), sgrGreen) + strings.Repeat("▒", seen-mature) + strings.Repeat("·", cells-seen)
}
