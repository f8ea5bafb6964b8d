package tui

import (
	"fmt"
	"path"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"etch/deck"
	"etch/scheduler"
)

const (
	besideFrom   = 100 // columns from which on the card stands beside the list
	widestBeside = 140 // columns that the two take at most
	separator    = " │ "
)

// pane is the card under the cursor, drawn once for each width.
type pane struct {
	id     deck.CardID
	width  int
	lines  []string
	scroll scroller
}

// forget makes the next draw draw anew, at the same place.
func (p *pane) forget() { p.width = 0 }

// view draws the screen: query, list and card, keys.
func (c *cards) view(width, height int) string {
	f := newFrame(width, height)
	beside := width >= besideFrom
	if beside {
		f.width = min(width, widestBeside)
	}
	head, foot := c.head(f), c.foot(f)
	room := f.room(head, foot)
	switch {
	case len(c.found) == 0:
		return f.screen(head, c.nothing(f), foot)
	case c.whole:
		return f.screen(head, c.wholeBody(f, room), foot)
	case beside:
		return f.screen(head, c.besideBody(f, room), foot)
	}
	return f.screen(head, c.stackedBody(f, room), foot)
}

// head is the query and the place in what it finds.
func (c *cards) head(f frame) []string {
	style := c.env.Style
	place := ""
	if n := len(c.found); n > 0 {
		place = fmt.Sprintf("%d/%d", c.list.at+1, n)
	}
	label := "cards: "
	if f.width < 30 {
		label = "/"
	}
	room := max(1, f.inner()-len(label)-ansi.StringWidth(place)-1)
	query := deck.CleanLine(c.query)
	switch {
	case c.typing:
		label, query = strings.Replace(label, "cards: ", "query: ", 1), caret(c.input, c.env.Style, room)
	case query == "":
		query = "all"
	}
	lines := []string{f.ends(style.bold(label)+query, place)}
	if !f.short() {
		lines = append(lines, f.rule(style, "", ""))
	}
	return lines
}

// foot is the keys, and a line for what the last one did.
func (c *cards) foot(f frame) []string {
	style := c.env.Style
	var foot []string
	if !f.short() {
		foot = append(foot, f.rule(style, "", ""))
	}
	switch {
	case c.typing:
		foot = append(foot, f.line(hints(style, f.inner(), hint{"Enter", "search"}, hint{"Esc", "as it was"})))
		return append(foot, f.noticeLines(notice{text: cardsHelpLine}, style)...)
	case c.forget:
		foot = append(foot, f.noticeLines(notice{"Forget this card? It becomes new; its history stays in the log.", true}, style)...)
		return append(foot, f.line(hints(style, f.inner(), hint{"y", "forget"}, hint{"n", "keep"})))
	}
	foot = append(foot, f.line(hints(style, f.inner(), c.keys()...)))
	if c.notice.text == "" && f.height >= 8 {
		return append(foot, "")
	}
	return append(foot, f.noticeLines(c.notice, style)...)
}

func (c *cards) keys() []hint {
	if len(c.found) == 0 {
		return []hint{{"/", "search"}, {"q", "back"}, {"?", "more"}}
	}
	if c.whole {
		return []hint{{"Esc", "list"}, {"j k", "scroll"}, {"J K", "next card"}, {"i", "explain"}, {"e", "edit"}, {"@", "suspend"}, {"*", "fix me"}, {"?", "more"}}
	}
	return []hint{{"/", "search"}, {"Enter", "whole card"}, {"i", "explain"}, {"e", "edit"}, {"o", "post"}, {"@", "suspend"}, {"*", "fix me"}, {"f", "forget"}, {"q", "back"}, {"?", "more"}}
}

// nothing says why there is no card.
func (c *cards) nothing(f frame) []string {
	switch {
	case c.wrong != nil:
		lines := f.prosed(fmt.Sprintf("The search failed: %v.", c.wrong))
		return append(append(lines, ""), f.prosed("A query can hold "+cardsHelpLine+"; text with a colon in double quotes.")...)
	case c.query == "":
		return f.prosed("There are no cards yet: 'etch compile DIR' adds a folder of them.")
	}
	lines := f.prosed("No card matches. / edits the query.")
	return append(append(lines, ""), f.prosed("A query can hold "+cardsHelpLine+".")...)
}

// stackedBody has the list above the card, where there is room for both.
func (c *cards) stackedBody(f frame, room int) []string {
	rows := room
	if room >= 6 {
		rows = min(len(c.found), max(2, room/3))
	}
	c.list.fit(len(c.found), rows)
	lines := c.rows(f, rows)
	if room < 6 {
		return lines
	}
	c.draw(f)
	c.pane.scroll.fit(len(c.pane.lines), room-rows-1)
	lines = append(lines, f.rule(c.env.Style, crumbs(c.found[c.list.at].Card, f.inner()-20), c.pane.scroll.place()))
	return append(lines, c.pane.visible()...)
}

// wholeBody has the card alone.
func (c *cards) wholeBody(f frame, room int) []string {
	c.list.fit(len(c.found), max(1, room-1))
	c.draw(f)
	c.pane.scroll.fit(len(c.pane.lines), room-1)
	line := f.ends(crumbs(c.found[c.list.at].Card, f.inner()-10), c.pane.scroll.place())
	return append([]string{c.env.Style.dim(line)}, c.pane.visible()...)
}

// besideBody has the card to the right of the list.
func (c *cards) besideBody(f frame, room int) []string {
	left := f
	left.width = f.width * 2 / 5
	right := frame{width: f.width - left.width - len(" | "), height: f.height}
	c.list.fit(len(c.found), room)
	c.draw(right)
	c.pane.scroll.fit(len(c.pane.lines), room-1)
	card := append([]string{c.env.Style.dim(right.ends(crumbs(c.found[c.list.at].Card, right.inner()-10), c.pane.scroll.place()))}, c.pane.visible()...)
	rows := c.rows(left, room)
	lines := make([]string, room)
	for i := range lines {
		row, text := "", ""
		if i < len(rows) {
			row = rows[i]
		}
		if i < len(card) {
			text = card[i]
		}
		lines[i] = strings.TrimRight(padded(row, left.width)+c.env.Style.dim(separator)+text, " ")
	}
	return lines
}

// rows draws the rows of the list that show.
func (c *cards) rows(f frame, room int) []string {
	now := c.env.Now()
	var lines []string
	for i := c.list.top; i < min(len(c.found), c.list.top+room); i++ {
		lines = append(lines, f.line(c.row(i, f.inner(), now)))
	}
	return lines
}

// visible returns the lines of the card that show.
func (p *pane) visible() []string {
	end := min(len(p.lines), p.scroll.top+max(0, p.scroll.room))
	return p.lines[p.scroll.top:end]
}

// draw brings the card up to date: another one begins at its top, the same one
// keeps its place.
func (c *cards) draw(f frame) {
	it, p := c.found[c.list.at], &c.pane
	if p.id == it.Card.ID && p.width == f.width && !p.scroll.shifted() {
		return
	}
	if p.id != it.Card.ID {
		p.scroll = scroller{}
	}
	p.scroll.begin()
	p.lines = c.card(f, it)
	p.scroll.redrawn(len(p.lines))
	p.id, p.width = it.Card.ID, f.width
}

// card draws a card in full: question, answer, where it stands, its place.
func (c *cards) card(f frame, it Found) []string {
	style := c.env.Style
	lines := f.markdown(it.Card.Question, style, &c.pane.scroll)
	lines = append(lines, "", f.rule(style, "answer", ""))
	lines = append(lines, f.answer(it.Card, style, &c.pane.scroll)...)
	lines = append(lines, "", f.rule(style, "memory", ""))
	lines = append(lines, c.standing(f, it)...)
	return append(lines, c.place(f, it.Card)...)
}

func (c *cards) standing(f frame, it Found) []string {
	m := it.Memory
	text := "New: it was never answered."
	if m.State != scheduler.New {
		text = fmt.Sprintf("%s, %s. Stability %s, difficulty %.1f, recall now %s. %s, %s.",
			capital(m.State.String()), dueWords(m, c.today, c.env.Now()), stability(m.Stability), m.Difficulty, chance(it.Recall),
			counted(m.Reps, "answer"), counted(m.Lapses, "lapse"))
	}
	lines := f.prosed(text)
	for _, words := range markWords(m, c.today, c.set.LeechThreshold) {
		for _, line := range f.prosed(words) {
			lines = append(lines, c.env.Style.sgr(line, sgrYellow))
		}
	}
	return lines
}

// place tells what the card is called, what finds it, and where it is written.
func (c *cards) place(f frame, card deck.Card) []string {
	words := []string{string(card.ID)}
	if card.Tier != "" {
		words = append(words, "tier:"+string(card.Tier))
	}
	for _, tag := range card.Tags {
		words = append(words, "tag:"+tag)
	}
	var lines []string
	file := card.Path
	if card.Library != "" && card.Library != deck.BuiltInPath {
		file = path.Join(card.Library, file)
	}
	for _, text := range []string{strings.Join(words, "  "), fmt.Sprintf("%s:%d", file, card.Line)} {
		for _, line := range f.prosed(text) {
			lines = append(lines, c.env.Style.dim(line))
		}
	}
	return lines
}
