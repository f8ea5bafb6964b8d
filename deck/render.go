package deck

import (
	"strings"

	"github.com/yuin/goldmark/ast"
	extast "github.com/yuin/goldmark/extension/ast"
)

// Role is what a piece of drawn text is, for a [Style] to paint. Running text
// has no role and is never painted.
type Role int

// The roles. Where several apply, the first of Deletion, Code and Link wins,
// else the innermost; a heading's text is Heading throughout.
const (
	Heading    Role = iota + 1 // a heading with its marks
	Strong                     // strong text, and the header of a table
	Emphasis                   // emphasised text
	Code                       // inline code with its backticks
	CodeBlock                  // a line of a code block
	Link                       // a link's text and address, an image's stand-in
	Quote                      // the bar beside a block quote
	ListMarker                 // the bullet, number or check box of a list item
	TableRule                  // the lines of a table
	Deletion                   // a cloze's deletion with its brackets
	Mark                       // the sign that something is cut off at an edge
	Rule                       // a thematic break
)

// Style paints text. Paint must not change the text's width, so it may add
// nothing but escape sequences. It is never given an empty text or a newline.
type Style interface {
	Paint(role Role, text string) string
}

// Plain is the [Style] that adds no colour. What must not be missed shows in
// characters under every style, so Plain loses nothing that matters.
var Plain Style = plainStyle{}

type plainStyle struct{}

func (plainStyle) Paint(_ Role, text string) string { return text }

// minWidth is the narrowest screen that is drawn for.
const minWidth = 20

// minColumns is the room that nested blocks must leave for their text.
const minColumns = 10

// ShiftStep is how far the shift of [RenderScreen] may change at once without
// passing over a character: in the narrowest room two columns are marks, and
// the last of the others may be half of a character that shows after the step.
const ShiftStep = minColumns - 3

// Render draws Markdown as lines of at most width columns; a width below 20
// counts as 20. The lines hold no control characters but those that style
// adds, no tabs and no trailing blanks. Code is never wrapped, and nothing is
// lost: a line of it that is too long is longer than width. Text between [Open]
// and [Close] is drawn in square brackets.
func Render(md string, width int, style Style) []string {
	c := newCanvas(md, width, style)
	c.draw()
	return c.out
}

// RenderScreen draws as [Render] does, but no line is longer than width. Of a
// code block that is too wide the columns from shift on show, or the last ones
// where there are fewer. A line of it begins with a "‹" or ends in a "›" where
// more of it is hidden there. The number of lines does not depend on shift.
// most is the least shift that shows the ends of all lines: 0 if none is cut.
func RenderScreen(md string, width, shift int, style Style) (lines []string, most int) {
	c := newCanvas(md, width, style)
	c.cut, c.shift = true, shift
	c.draw()
	return c.out, c.over
}

// canvas collects the drawn lines. Containers such as lists and quotes put a
// prefix before each line of theirs and leave less room for the text.
type canvas struct {
	src   manuscript
	style Style
	out   []string

	root   int     // the columns of the screen
	room   int     // the columns right of the prefix
	prefix string  // what stands before each line, painted
	first  string  // stands before the next line instead of prefix, if not ""
	gap    *string // a blank line that is owed before the next line

	cut   bool // code that is too wide is cut at the edges
	shift int  // of such code: the first column that shows
	over  int  // columns that the widest code has too many
}

func newCanvas(md string, width int, style Style) *canvas {
	width = max(width, minWidth)
	return &canvas{src: newManuscript(md), style: style, root: width, room: width}
}

// draw draws the whole manuscript.
func (c *canvas) draw() {
	if IsUnruly(c.src.text) {
		c.verbatim()
	} else {
		c.blocks(c.src.parse(), false)
	}
}

// line draws one painted line.
func (c *canvas) line(text string) {
	if c.gap != nil {
		c.out = append(c.out, *c.gap)
		c.gap = nil
	}
	prefix := c.prefix
	if c.first != "" {
		prefix, c.first = c.first, ""
	}
	c.out = append(c.out, strings.TrimRight(prefix+text, " "))
}

// blocks draws the children of a container, with a blank line between them
// unless they are tight. The blank line is owed until a child draws something,
// because some draw nothing.
func (c *canvas) blocks(parent ast.Node, tight bool) {
	start := len(c.out)
	for n := parent.FirstChild(); n != nil; n = n.NextSibling() {
		if !tight && len(c.out) > start {
			c.owe()
		}
		c.block(n)
	}
	c.gap = nil
}

// owe asks for a blank line, with the bars of the quotes around it, before the
// next line.
func (c *canvas) owe() {
	blank := strings.TrimRight(c.prefix, " ")
	c.gap = &blank
}

func (c *canvas) block(n ast.Node) {
	switch n := n.(type) {
	case *ast.Heading:
		c.heading(n)
	case *ast.Paragraph, *ast.TextBlock:
		c.flowed(c.inlines(n, 0))
	case *ast.ThematicBreak:
		c.line(c.style.Paint(Rule, strings.Repeat("-", c.room)))
	case *ast.CodeBlock, *ast.FencedCodeBlock:
		c.code(n)
	case *ast.HTMLBlock:
		c.html(n)
	case *ast.Blockquote:
		bar := c.style.Paint(Quote, "|") + " "
		c.within(bar, bar, 2, func() { c.blocks(n, false) })
	case *ast.List:
		c.list(n)
	case *extast.Table:
		c.table(n)
	}
}

// within draws a container whose first line begins with first and whose other
// lines begin with rest, both painted and columns wide. Where that would leave
// too little room, the container starts again at the left edge.
func (c *canvas) within(first, rest string, columns int, draw func()) {
	outer := *c
	if c.room-columns < minColumns {
		if c.first != "" { // a marker that waits for its text
			c.line("")
		}
		c.prefix, c.room = "", c.root
	}
	before := c.prefix
	if c.first != "" {
		before = c.first
	}
	c.first = before + first
	c.prefix += rest
	c.room -= columns
	waiting := c.first
	draw()
	if c.first == waiting { // an empty container still shows its marker
		c.line("")
	}
	c.prefix, c.room, c.first = outer.prefix, outer.room, ""
}

// flowed draws text that is wrapped to the room, without empty lines before
// and after it.
func (c *canvas) flowed(f *flow) {
	empty, drawn := 0, false
	for _, r := range wrap(f, c.room) {
		text := f.paint(r, c.style)
		if text == "" {
			empty++
			continue
		}
		for ; empty > 0 && drawn; empty-- {
			c.line("")
		}
		c.line(text)
		empty, drawn = 0, true
	}
}

// heading keeps the #s: they tell the level, and that it is a heading.
func (c *canvas) heading(n *ast.Heading) {
	marks := strings.Repeat("#", n.Level)
	columns := n.Level + 1
	c.within(c.style.Paint(Heading, marks)+" ", strings.Repeat(" ", columns), columns, func() {
		c.flowed(c.inlines(n, Heading))
	})
}

// verbatim draws the Markdown as it was written.
func (c *canvas) verbatim() {
	f := &flow{}
	c.src.each(0, len(c.src.text), func(text string, del int) { f.add(text, 0, del) })
	f.finish()
	c.flowed(f)
}

// hanging draws text whose lines after the first are indented.
func (c *canvas) hanging(f *flow) {
	for i, r := range wrap(f, c.room-2) {
		indent := ""
		if i > 0 {
			indent = "  "
		}
		c.line(indent + f.paint(r, c.style))
	}
}
