package deck

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/text"
)

// cutMark stands at the end of a code line that was cut.
const cutMark = "›"

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
	draw := func() {
		for _, l := range lines {
			c.codeLine(f, l)
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

// codeLine draws a line of code, cut at the edge if it is too long.
func (c *canvas) codeLine(f *flow, line extent) {
	columns := 0
	fits := line.start // the end of what leaves room for the mark
	for pos := line.start; pos < line.stop; {
		size, n := character(f.text()[pos:])
		columns += n
		pos += size
		if columns > c.room {
			shown := extent{line.start, fits}.trimmed(f.text())
			left := c.room - 1 - columnsOf(f.text()[shown.start:shown.stop])
			c.line(f.paint(shown, c.style) + strings.Repeat(" ", left) + c.style.Paint(Mark, cutMark))
			return
		}
		if columns < c.room {
			fits = pos
		}
	}
	c.line(f.paint(line, c.style))
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
