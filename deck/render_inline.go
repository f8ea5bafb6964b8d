package deck

import (
	"bytes"
	"html"
	"regexp"
	"strings"

	"github.com/yuin/goldmark/ast"
	extast "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// maxAddress is the longest address that is shown whole. A short reference can
// stand for a long address as often as it likes.
const maxAddress = 400

// lineBreak matches the tag that people use for a line break in tables.
var lineBreak = regexp.MustCompile(`(?i)^<br\s*/?>$`)

// inlines returns the text of a block's inline nodes.
func (c *canvas) inlines(block ast.Node, role Role) *flow {
	f := &flow{}
	c.inline(f, block, role)
	f.finish()
	return f
}

// inline adds the children of n to f. role is what the text is by its
// surroundings.
func (c *canvas) inline(f *flow, n ast.Node, role Role) {
	for n := n.FirstChild(); n != nil; n = n.NextSibling() {
		switch n := n.(type) {
		case *ast.Text:
			c.words(f, n, role)
		case *ast.Emphasis:
			c.inline(f, n, emphasised(role, n.Level))
		case *ast.CodeSpan:
			c.codeSpan(f, n)
		case *ast.Link:
			c.link(f, n)
		case *ast.AutoLink:
			c.autoLink(f, n)
		case *ast.Image:
			c.image(f, n)
		case *ast.RawHTML:
			c.rawHTML(f, n, role)
		case *extast.Strikethrough:
			// The tildes stay: that a text does not hold must be seen.
			f.add("~~", role, 0)
			c.inline(f, n, role)
			f.add("~~", role, 0)
		case *extast.TaskCheckBox:
			box := "[ ]"
			if n.IsChecked {
				box = "[x]"
			}
			f.add(box, ListMarker, 0)
			f.add(" ", 0, 0)
		}
	}
}

// emphasised returns the role of emphasis of a level inside of another role.
func emphasised(outer Role, level int) Role {
	switch {
	case outer == Heading || outer == Link:
		return outer
	case level > 1:
		return Strong
	}
	return Emphasis
}

func (c *canvas) words(f *flow, n *ast.Text, role Role) {
	c.src.each(n.Segment.Start, n.Segment.Stop, func(text string, del int) {
		if !n.IsRaw() {
			text = Unescape(text)
		}
		f.add(text, role, del)
	})
	switch {
	case n.HardLineBreak():
		f.add("\n", role, c.src.deletionAt(n.Segment.Stop))
	case n.SoftLineBreak():
		f.add(" ", role, c.src.deletionAt(n.Segment.Stop))
	}
}

// codeSpan adds inline code with as many backticks around it as it takes.
func (c *canvas) codeSpan(f *flow, n *ast.CodeSpan) {
	first, ok := n.FirstChild().(*ast.Text)
	if !ok {
		return
	}
	last := n.LastChild().(*ast.Text)
	start, stop := first.Segment.Start, last.Segment.Stop
	ticks := strings.Repeat("`", longestRun(c.src.text[start:stop], '`')+1)
	open, closing := ticks, ticks
	if len(ticks) > 1 {
		open, closing = ticks+" ", " "+ticks
	}
	inTable := n.Parent().Kind() == extast.KindTableCell

	f.add(open, Code, c.src.deletionAt(start-1))
	for child := n.FirstChild(); child != nil; child = child.NextSibling() {
		t, ok := child.(*ast.Text)
		if !ok {
			continue
		}
		c.src.each(t.Segment.Start, t.Segment.Stop, func(text string, del int) {
			text = strings.ReplaceAll(text, "\n", " ")
			if inTable { // a bar in a cell must be escaped, even in code
				text = strings.ReplaceAll(text, `\|`, "|")
			}
			f.add(text, Code, del)
		})
	}
	f.add(closing, Code, c.src.deletionAt(stop))
}

// longestRun returns the length of the longest run of c in text.
func longestRun(text []byte, c byte) int {
	longest, n := 0, 0
	for _, b := range text {
		n++
		if b != c {
			n = 0
		}
		longest = max(longest, n)
	}
	return longest
}

// link adds a link's text and, where it tells something else, its address.
func (c *canvas) link(f *flow, n *ast.Link) {
	start := f.b.Len()
	c.inline(f, n, Link)
	shown := f.text()[start:]
	to := address(n.Destination)
	switch {
	case to == "" || sameAddress(shown, to):
	case strings.TrimSpace(shown) == "":
		f.add(to, Link, 0)
	default:
		f.add(" ("+to+")", Link, 0)
	}
}

// address returns a link's destination as it is shown.
func address(destination []byte) string {
	to := strings.NewReplacer("⁅", "", "⁆", "").Replace(Unescape(string(destination)))
	if runes := []rune(to); len(runes) > maxAddress {
		to = string(runes[:maxAddress]) + "…"
	}
	return to
}

// sameAddress reports whether a link's text is its address already.
func sameAddress(text, to string) bool {
	for _, scheme := range []string{"", "http://", "https://", "mailto:"} {
		if scheme+text == to || scheme+text+"/" == to {
			return true
		}
	}
	return false
}

// autoLink adds an address that stands for itself.
func (c *canvas) autoLink(f *flow, n *ast.AutoLink) {
	label := n.Label(c.src.text)
	start := n.Pos()
	if !bytes.HasPrefix(c.src.text[start:], label) {
		start++ // the node begins with a "<", or with the blank before a bare link
	}
	c.src.each(start, start+len(label), func(text string, del int) { f.add(text, Link, del) })
}

// image adds what a terminal can show of an image: its description, else its
// address.
func (c *canvas) image(f *flow, n *ast.Image) {
	f.add("[image: ", Link, 0)
	start := f.b.Len()
	c.inline(f, n, Link)
	if f.b.Len() == start {
		f.add(address(n.Destination), Link, 0)
	}
	f.add("]", Link, 0)
}

// rawHTML adds a tag as it was written. A comment is not for the reader, and
// the tag for a line break is what people write in a table.
func (c *canvas) rawHTML(f *flow, n *ast.RawHTML, role Role) {
	tag := n.Segments.Value(c.src.text)
	switch {
	case bytes.HasPrefix(tag, []byte("<!--")):
	case lineBreak.Match(tag):
		f.add("\n", role, c.src.deletionAt(n.Segments.At(0).Start))
	default:
		c.raw(f, n.Segments, role)
	}
}

// raw adds segments of the source with nothing decoded.
func (c *canvas) raw(f *flow, segments *text.Segments, role Role) {
	for i := range segments.Len() {
		s := segments.At(i)
		c.src.each(s.Start, s.Stop, func(text string, del int) {
			f.add(strings.ReplaceAll(text, "\n", " "), role, del)
		})
	}
}

// Unescape resolves the backslash escapes and entities of Markdown text.
func Unescape(s string) string {
	if !strings.ContainsAny(s, `\&`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		switch {
		case s[i] == '\\' && i+1 < len(s) && util.IsPunct(s[i+1]):
			b.WriteByte(s[i+1])
			i += 2
		case s[i] == '&':
			size := entityLen(s[i:])
			b.WriteString(html.UnescapeString(s[i : i+size]))
			i += size
		default:
			b.WriteByte(s[i])
			i++
		}
	}
	return b.String()
}

// entityLen returns the length of the entity that s, which begins with &,
// begins with, or 1. HTML decodes "&copyright" too; Markdown wants the
// semicolon, and the whole name.
func entityLen(s string) int {
	const longest = 33 // the longest name in HTML's table
	end := strings.IndexByte(s[:min(len(s), longest)], ';')
	if end < 2 {
		return 1
	}
	if s[1] != '#' {
		if _, ok := util.LookUpHTML5EntityByName(s[1:end]); !ok {
			return 1
		}
	}
	return end + 1
}
