package deck

import (
	"bytes"
	"fmt"
	"strings"
	"unicode"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/text"
)

// The marks at the edges beyond which a code line goes on.
const (
	cutLeft  = "‹"
	cutRight = "›"
)

// tabStop is the distance between tab stops in code.
const tabStop = 4

// list draws the items of a list, ordered ones with their numbers set flush
// right.
func (c *canvas) list(list *ast.List) {
	widest := len(itemMark(list, list.ChildCount()-1))
	start := len(c.out)
	i := 0
	for item := list.FirstChild(); item != nil; item = item.NextSibling() {
		if !list.IsTight && len(c.out) > start {
			c.owe()
		}
		mark := fmt.Sprintf("%*s", widest, itemMark(list, i))
		indent := strings.Repeat(" ", widest+1)
		c.within(c.style.Paint(ListMarker, mark)+" ", indent, widest+1, func() {
			c.blocks(item, list.IsTight)
		})
		i++
	}
}

// itemMark returns what stands before the i-th item of a list.
func itemMark(list *ast.List, i int) string {
	if !list.IsOrdered() {
		return "*"
	}
	return fmt.Sprintf("%d%c", list.Start+i, list.Marker)
}

// code draws a code block, set off by two blanks where those cut nothing off.
func (c *canvas) code(n ast.Node) {
	f := c.codeText(n.Lines())
	lines := cutLines(f.text())
	if len(lines) == 0 {
		return
	}
	widest := 0
	for _, l := range lines {
		widest = max(widest, columnsOf(f.text()[l.start:l.stop]))
	}
	over := max(0, widest-c.room)
	c.over = max(c.over, over)
	draw := func() {
		for _, l := range lines {
			if c.cut && over > 0 {
				c.codeLine(f, l, min(c.shift, over))
			} else {
				c.line(f.paint(l, c.style))
			}
		}
	}
	if widest+2 > c.room {
		draw()
		return
	}
	c.within("  ", "  ", 2, draw)
}

// codeText returns the text of a code block, its tabs expanded.
func (c *canvas) codeText(segments *text.Segments) *flow {
	f := &flow{}
	column := 0
	for i := range segments.Len() {
		s := segments.At(i)
		f.add(strings.Repeat(" ", s.Padding), CodeBlock, c.src.deletionAt(s.Start))
		column = s.Padding
		c.src.each(s.Start, s.Stop, func(text string, del int) {
			text, column = expandTabs(text, column)
			f.add(text, CodeBlock, del)
		})
	}
	f.finish()
	return f
}

// expandTabs replaces the tabs of text, which begins in a column of its line,
// and returns the column that it ends in.
func expandTabs(text string, column int) (string, int) {
	if !strings.Contains(text, "\t") {
		return text, column + columnsOf(text)
	}
	var b strings.Builder
	for i, part := range strings.Split(text, "\t") {
		if i > 0 {
			n := tabStop - column%tabStop
			b.WriteString(strings.Repeat(" ", n))
			column += n
		}
		b.WriteString(part)
		column += columnsOf(part)
	}
	return b.String(), column
}

// cutLines returns the lines of text without the newlines.
func cutLines(text string) []extent {
	var out []extent
	pos := 0
	for line := range strings.Lines(text) {
		e := extent{pos, pos + len(strings.TrimSuffix(line, "\n"))}
		out = append(out, e.trimmed(text))
		pos += len(line)
	}
	return out
}

// codeLine draws the columns of a code line from shift on that have room, with
// a mark at each edge beyond which there is more.
func (c *canvas) codeLine(f *flow, line extent, shift int) {
	text := f.text()
	code := text[line.start:line.stop]
	from, to := shift, shift+c.room // the columns that show
	before, after := "", ""
	if indent := len(code) - len(strings.TrimLeftFunc(code, unicode.IsSpace)); code != "" && columnsOf(code[:indent]) < from {
		before = c.style.Paint(Mark, cutLeft)
		from++
	}
	if columnsOf(code) > to {
		after = c.style.Paint(Mark, cutRight)
		to--
	}
	shown, start := extent{line.stop, line.stop}, from
	column := 0
	for pos := line.start; pos < line.stop; {
		size, n := character(text[pos:])
		if column >= from && column+n <= to {
			if pos < shown.start {
				shown.start, start = pos, column
			}
			shown.stop = pos + size
		}
		column += n
		pos += size
	}
	shown = shown.trimmed(text)
	drawn := before + strings.Repeat(" ", start-from) + f.paint(shown, c.style)
	if after != "" {
		drawn += strings.Repeat(" ", to-start-columnsOf(text[shown.start:shown.stop])) + after
	}
	c.line(drawn)
}

// html draws an HTML block as it was written, without its comments.
func (c *canvas) html(n *ast.HTMLBlock) {
	segments := n.Lines()
	if n.HasClosure() {
		segments.Append(n.ClosureLine)
	}
	f := &flow{}
	for _, e := range c.outsideComments(segments) {
		c.src.each(e.start, e.stop, func(text string, del int) { f.add(text, 0, del) })
	}
	f.finish()
	c.flowed(f)
}

// outsideComments returns what of the segments is outside of HTML comments. A
// comment without an end is text.
func (c *canvas) outsideComments(segments *text.Segments) []extent {
	var out []extent
	if segments.Len() == 0 {
		return nil
	}
	end := segments.At(segments.Len() - 1).Stop
	skip := 0 // the end of the last comment
	open := []byte("<!--")
	unclosed := false
	for i := range segments.Len() {
		s := segments.At(i)
		for pos := max(s.Start, skip); pos < s.Stop; pos = max(pos, skip) {
			at := bytes.Index(c.src.text[pos:s.Stop], open)
			if at < 0 || unclosed {
				out = append(out, extent{pos, s.Stop})
				break
			}
			out = append(out, extent{pos, pos + at})
			length := bytes.Index(c.src.text[pos+at:end], []byte("-->"))
			if length < 0 {
				out = append(out, extent{pos + at, s.Stop})
				unclosed = true
				break
			}
			skip = pos + at + length + len("-->")
			for skip < end && c.src.text[skip] == ' ' {
				skip++
			}
		}
	}
	return out
}
