package tui

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"etch/deck"
)

// readLine is one drawn line of the post.
type readLine struct {
	text  string // without its margin
	bar   bool   // a bar stands before it: it is a card's
	cards int    // how many hang here
	block int    // the stretch of text that it belongs to
}

// anchor is a place in the post that outlasts another width or mode: a block,
// and how far into it.
type anchor struct {
	block, line, lines int
}

// readMargin is where marks stand, before the text: how many cards hang on the
// line, then one column for what is searched for. At 80 columns it leaves 76
// for the text, which is what a diagram may have.
const readMargin = 4

// narrowest is the narrowest text that Markdown is drawn for.
const narrowest = 20

// readMarginOf is the width of the margin. On a narrow screen cards are told on a
// line of their own, and only the search keeps its column.
func readMarginOf(f frame) int {
	if f.width < 60 {
		return len(f.indent)
	}
	return readMargin
}

func (r *read) view(width, height int) string {
	f := newFrame(width, height)
	style := r.env.Style
	if r.fatal != nil {
		foot := []string{f.line(hints(style, f.inner(), hint{"Esc", "back"}))}
		return f.screen([]string{f.rule(style, "read", "")}, f.prosed(fmt.Sprintf("The post cannot be read: %v.", r.fatal)), foot)
	}
	switch {
	case f.width != r.width:
		r.hold()
		r.draw(f.width)
	case r.scroll.shifted(): // as many lines as before
		r.draw(f.width)
	}
	if r.held != nil {
		r.scroll.top = r.lineOf(*r.held)
	}
	foot := r.foot(f)
	head := []string{f.ends(style.bold(deck.CleanLine(r.post.Title)), fmt.Sprintf("%d min", r.minutes))}
	r.scroll.fit(len(r.lines), f.room(head, foot)-1)
	if r.seek && r.search.at < len(r.search.hits) {
		r.seek = false
		r.reveal(r.search.hits[r.search.at][0].line)
	}
	head = append(head, f.rule(style, r.label(), r.place()))
	body := make([]string, 0, max(0, r.scroll.room))
	for i := r.scroll.top; i < min(len(r.lines), r.scroll.top+r.scroll.room); i++ {
		body = append(body, r.row(f, i))
	}
	return f.screen(head, body, foot)
}

// row is a line with its marks.
func (r *read) row(f frame, i int) string {
	line, style := r.lines[i], r.env.Style
	spans := r.search.on(i)
	text := line.text
	if style.Color {
		text = reversed(text, spans, style)
	}
	if line.bar {
		text = strings.TrimRight(style.sgr("|", sgrYellow)+" "+text, " ")
	}
	mark := " "
	if len(spans) > 0 { // colour is never the only signal
		mark = style.bold(">")
	}
	margin := readMarginOf(f)
	switch {
	case margin == 0 && len(spans) > 0 && strings.HasPrefix(text, " "):
		return mark + text[1:]
	case margin == 0:
		return text
	case line.cards == 0:
		return strings.TrimRight(strings.Repeat(" ", margin-1)+mark+text, " ")
	}
	hang := "[+]"
	if line.cards < 10 {
		hang = fmt.Sprintf("[%d]", line.cards)
	}
	return style.sgr(hang, sgrYellow) + mark + text
}

// reversed shows columns of a drawn line in reverse. The spans come from the
// right, so that each leaves the columns of the next where they are.
func reversed(text string, spans []searchSpan, style Style) string {
	for _, s := range spans {
		found := style.sgr(ansi.Strip(ansi.Cut(text, s.from, s.to)), sgrReverse)
		text = ansi.Cut(text, 0, s.from) + found + ansi.Cut(text, s.to, ansi.StringWidth(text))
	}
	return text
}

// reveal scrolls to a line that is out of sight, and to a little of what stands
// before it.
func (r *read) reveal(line int) {
	if line < r.scroll.top || line >= r.scroll.top+r.scroll.room {
		r.scroll.top = max(0, min(line-r.scroll.room/4, r.scroll.most()))
	}
}

func (r *read) label() string {
	switch r.mode {
	case readTakeaways:
		return "takeaways"
	case readCards:
		return "with its cards"
	}
	return ""
}

// place is how far the end of the screen has come, and where wide code goes on.
func (r *read) place() string {
	if r.scroll.most() == 0 {
		return r.scroll.sideways()
	}
	far := fmt.Sprintf("%d %%", 100*min(r.scroll.lines, r.scroll.top+r.scroll.room)/r.scroll.lines)
	return strings.TrimSpace(r.scroll.sideways() + " " + far)
}

func (r *read) foot(f frame) []string {
	style := r.env.Style
	if r.search.typing {
		rows := []string{f.line("/" + caret(r.search.input, style, f.inner()-1))}
		if f.stacked() { // as many as there were
			rows = append(rows, "")
		}
		return r.withNotice(f, rows, hints(style, f.inner(), hint{"Enter", "search"}, hint{"Esc", "not now"}))
	}
	study := hint{"Enter", "study it"}
	if unseen := r.line.Core - r.line.CoreSeen; unseen > 0 && f.width >= 60 {
		study.does = "study its " + plural(unseen, "core card")
	}
	t, c := hint{"t", "takeaways"}, hint{"c", "cards"}
	switch r.mode {
	case readTakeaways:
		t.does = "text"
	case readCards:
		c.does = "no cards"
	}
	keys := []hint{study, t, c, {"/", "search"}, {"Esc", "back"}, {"?", "more"}}
	if len(r.post.Notes) == 0 {
		keys = slices.Delete(slices.Delete(keys, 2, 3), 0, 1)
	}
	rows := f.keyRows(style, keys...)
	return r.withNotice(f, rows, "")
}

// withNotice puts one line below the keys, so that nothing moves when there is
// something to say. On a low screen the message takes the place of the keys.
func (r *read) withNotice(f frame, rows []string, text string) []string {
	line := f.line(text)
	if r.notice.text != "" {
		line = f.line(ansi.Truncate(deck.CleanLine(r.notice.text), f.inner(), "…"))
	}
	switch {
	case f.height >= 12:
		return append(rows, strings.TrimRight(line, " "))
	case r.notice.text != "":
		return []string{line}
	}
	return rows
}

// draw draws the post in its mode for a width.
func (r *read) draw(width int) {
	f := newFrame(width, 1) // the height is no matter here
	margin := readMarginOf(f)
	f.left, f.indent = "", ""
	f.width -= margin // all that is left is for the text
	r.width, r.lines = width, nil
	r.scroll.begin()
	if r.mode == readTakeaways {
		r.drawTakeaways(f)
	} else {
		for i, part := range r.parts {
			r.drawPart(f, i, part, margin == readMargin)
		}
	}
	r.search.run(r.lines)
}

// add appends a block of lines, a blank one before it if the text has begun.
func (r *read) add(block int, lines ...readLine) {
	if len(lines) > 0 && len(r.lines) > 0 {
		r.lines = append(r.lines, readLine{block: block})
	}
	for _, line := range lines {
		line.block = block
		r.lines = append(r.lines, line)
	}
}

func readLines(texts []string, bar bool) []readLine {
	lines := make([]readLine, len(texts))
	for i, text := range texts {
		lines[i] = readLine{text: text, bar: bar}
	}
	return lines
}

// drawPart draws prose and tells how many cards hang on it, or shows them.
func (r *read) drawPart(f frame, i int, part deck.Part, inMargin bool) {
	style := r.env.Style
	r.add(2*i, readLines(f.markdown(part.Prose, style, &r.scroll), false)...)
	switch n := len(part.Notes); {
	case n == 0:
	case r.mode == readCards:
		for _, note := range part.Notes {
			r.add(2*i+1, r.drawCard(f, note)...)
		}
	case inMargin && part.Prose != "":
		r.lines[len(r.lines)-1].cards = n
	case part.Prose != "":
		r.lines = append(r.lines, readLine{text: style.sgr("["+plural(n, "card")+"]", sgrYellow), block: 2*i + 1})
	default:
		r.add(2*i+1, readLine{text: style.sgr("["+plural(n, "card")+"]", sgrYellow)})
	}
}

// drawCard draws a card beside a bar, which tells it from the prose.
func (r *read) drawCard(f frame, n deck.Note) []readLine {
	style := r.env.Style
	what := strings.Join(slices.DeleteFunc([]string{string(n.Type), string(n.Tier)}, func(s string) bool { return s == "" }), ", ")
	bar := f.width >= narrowest+2
	if bar {
		f.width -= 2
	}
	text := f.markdown(deck.Marked(n.Front), style, &r.scroll) // a cloze shows in brackets what it asks for
	if n.Back != "" {
		text = append(append(text, ""), f.markdown(n.Back, style, &r.scroll)...)
	}
	title := readLine{text: style.sgr("["+deck.CleanLine(cmp.Or(what, "card"))+"]", sgrYellow)}
	return append([]readLine{title}, readLines(text, bar)...)
}

// drawTakeaways draws the headings alone, numbered.
func (r *read) drawTakeaways(f frame) {
	if len(r.post.Takeaways) == 0 {
		r.add(0, readLines(wrapWords("This post has no takeaways: its sections have no headings.", f.prose()), false)...)
		return
	}
	digits := len(fmt.Sprint(len(r.post.Takeaways)))
	inner := f
	inner.width -= digits + 2
	for i, t := range r.post.Takeaways {
		lines := inner.markdown(t.Heading, r.env.Style, &r.scroll)
		if inner.width < narrowest {
			lines = wrapWords(deck.CleanLine(t.Heading), inner.width)
		}
		for j, line := range lines {
			number := ""
			if j == 0 {
				number = fmt.Sprintf("%*d", digits, i+1)
			}
			r.lines = append(r.lines, readLine{text: r.env.Style.bold(padded(number, digits+2)) + line, block: i})
		}
	}
}

// hold keeps the place until the next key, whatever becomes of the screen
// meanwhile.
func (r *read) hold() {
	if r.held == nil {
		at := r.anchor()
		r.held = &at
	}
}

// anchor is the place of the line at the top.
func (r *read) anchor() anchor {
	if r.scroll.top >= len(r.lines) {
		return anchor{}
	}
	block := r.lines[r.scroll.top].block
	first, lines := r.block(block)
	return anchor{block, r.scroll.top - first, lines}
}

// lineOf is the line at a place.
func (r *read) lineOf(at anchor) int {
	first, lines := r.block(at.block)
	return first + at.line*lines/max(1, at.lines)
}

// block is where a block begins and how many lines it has. One that the mode
// leaves out has none, and begins where it would.
func (r *read) block(block int) (first, lines int) {
	first = len(r.lines)
	for i, line := range r.lines {
		if line.block >= block {
			first = min(first, i)
		}
		if line.block == block {
			lines++
		}
	}
	return first, lines
}
