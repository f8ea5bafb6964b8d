// Package field turns Markdown into the HTML of Anki's fields and back.
//
//	html*.go       Markdown to HTML
//	markdown*.go   HTML to Markdown
package field

import (
	"bytes"
	"fmt"
	"html"
	"strconv"
	"strings"

	"etch/deck"

	"github.com/yuin/goldmark/ast"
	extast "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/text"
	"golang.org/x/text/unicode/norm"
)

// HTML renders a basic card's side for an Anki field. It understands the
// Markdown that [deck.Render] draws, and what stands in the field is what that
// draws: raw HTML, dollars and addresses that lead nowhere are text.
//
// etch knows no formulas. What Anki takes for one, \( \) and \[ \] in text,
// passes as it stands, so a formula in a post is written \\( \\); in code it is
// code.
func HTML(markdown string) string {
	plain := strings.NewReplacer(string(deck.Open), "", string(deck.Close), "")
	c := &converter{src: newManuscript(plain.Replace(deck.Clean(markdown)))}
	return c.field()
}

// ClozeHTML renders a cloze's text for an Anki field. The text holds its
// deletions between [deck.Open] and [deck.Close]; number returns the numbers
// that Anki shall know the i-th one by, and its hint. A deletion without a
// number is text, and what a deletion has behind [deck.Attrs] is left out.
//
// A deletion that begins or ends within an element, or crosses blocks, becomes
// several with the same numbers: Anki cuts the source text, and what it cuts
// must be whole. The hint stands at the first of them.
func ClozeHTML(markdown string, number func(i int) ([]int, string)) string {
	markdown = attributeText().ReplaceAllString(deck.Clean(markdown), "")
	c := &converter{src: newManuscript(markdown), number: number}
	c.w.cloze = true
	return c.field()
}

// attributeText matches the attributes of a deletion.
var attributeText = lazily(string(deck.Attrs) + "[^" + string(deck.Close) + "]*")

// converter writes one field.
type converter struct {
	src    manuscript
	number func(i int) ([]int, string)
	hinted map[int]bool // deletions whose hint has been written
	w      fieldWriter
}

// field writes the whole Markdown. A single paragraph needs no element of its
// own: most sides are one line, and people edit them in Anki.
func (c *converter) field() string {
	if deck.IsUnruly(c.src.text) {
		c.verbatim()
		return c.w.String()
	}
	doc := deck.Markdown(c.src.text)
	if p, ok := doc.FirstChild().(*ast.Paragraph); ok && p.NextSibling() == nil {
		c.inlines(p)
	} else {
		c.blocks(doc)
	}
	return c.w.String()
}

// verbatim writes the Markdown as it was written.
func (c *converter) verbatim() {
	root := &node{}
	c.lines(root, 0, len(c.src.text))
	c.write(root)
}

func (c *converter) blocks(parent ast.Node) {
	for n := parent.FirstChild(); n != nil; n = n.NextSibling() {
		c.block(n)
	}
}

func (c *converter) block(n ast.Node) {
	switch n := n.(type) {
	case *ast.Heading:
		c.within("h"+strconv.Itoa(n.Level), func() { c.inlines(n) })
	case *ast.Paragraph:
		c.within("p", func() { c.inlines(n) })
	case *ast.TextBlock:
		c.inlines(n)
	case *ast.ThematicBreak:
		c.w.tag("<hr>")
	case *ast.FencedCodeBlock:
		c.code(n.Lines(), string(n.Language(c.src.text)))
	case *ast.CodeBlock:
		c.code(n.Lines(), "")
	case *ast.HTMLBlock:
		c.htmlBlock(n)
	case *ast.Blockquote:
		c.within("blockquote", func() { c.blocks(n) })
	case *ast.List:
		c.list(n)
	case *extast.Table:
		c.table(n)
	}
}

// within writes an element around what fill writes.
func (c *converter) within(name string, fill func()) {
	c.w.tag("<" + name + ">")
	fill()
	name, _, _ = strings.Cut(name, " ")
	c.w.tag("</" + name + ">")
}

// list writes a list. The classes are for what HTML has no word for.
func (c *converter) list(n *ast.List) {
	name := "ul"
	var classes []string
	if n.IsOrdered() {
		name = "ol"
		if n.Start != 1 {
			name += ` start="` + strconv.Itoa(n.Start) + `"`
		}
		if n.Marker == ')' {
			classes = append(classes, parenClass)
		}
	}
	if !n.IsTight && !holdsParagraph(n) {
		classes = append(classes, looseClass)
	}
	if classes != nil {
		name += ` class="` + strings.Join(classes, " ") + `"`
	}
	c.within(name, func() {
		for item := n.FirstChild(); item != nil; item = item.NextSibling() {
			c.within("li", func() { c.item(item, n.IsTight) })
		}
	})
}

// The classes of lists.
const (
	parenClass = "paren" // counts 1) 2) 3)
	looseClass = "loose" // blank lines between items that hold no paragraphs
)

// holdsParagraph reports whether an item of a list holds a paragraph, which
// tells that the list is loose.
func holdsParagraph(list ast.Node) bool {
	for item := list.FirstChild(); item != nil; item = item.NextSibling() {
		for n := item.FirstChild(); n != nil; n = n.NextSibling() {
			if n.Kind() == ast.KindParagraph || n.Kind() == ast.KindTextBlock {
				return true
			}
		}
	}
	return false
}

// item writes the blocks of a list item. goldmark leaves no trace of a loose
// list with single paragraphs but their kind.
func (c *converter) item(item ast.Node, tight bool) {
	for n := item.FirstChild(); n != nil; n = n.NextSibling() {
		if n.Kind() == ast.KindTextBlock && !tight {
			c.within("p", func() { c.inlines(n) })
			continue
		}
		if n.Kind() == ast.KindParagraph && tight {
			c.inlines(n)
			continue
		}
		c.block(n)
	}
}

// language matches what may stand in a class.
var language = lazily(`^[A-Za-z0-9_+#.-]{1,30}$`)

// code writes a code block. Nothing in it is decoded, and Anki's card style
// must not touch its blanks; see style.css.
func (c *converter) code(lines *text.Segments, lang string) {
	open := "<pre><code>"
	if language().MatchString(lang) {
		open = `<pre><code class="language-` + html.EscapeString(lang) + `">`
	}
	root := &node{}
	for i := range lines.Len() {
		s := lines.At(i)
		root.add(strings.Repeat(" ", s.Padding), codeText, c.src.deletionAt(s.Start))
		c.src.each(s.Start, s.Stop, func(text string, del int) { root.add(text, codeText, del) })
	}
	root.trimNewline()
	c.w.tag(open)
	c.write(root)
	c.w.tag("</code></pre>")
}

// htmlBlock writes raw HTML as the text that it is, without its comments.
func (c *converter) htmlBlock(n *ast.HTMLBlock) {
	segments := n.Lines()
	if n.HasClosure() {
		segments.Append(n.ClosureLine)
	}
	if segments.Len() == 0 {
		return
	}
	start, stop := segments.At(0).Start, segments.At(segments.Len()-1).Stop
	root := &node{}
	for start < stop {
		from, to := commentIn(c.src.text[start:stop])
		c.lines(root, start, start+from)
		start += to
	}
	root.trimBreaks()
	if len(root.children) == 0 {
		return
	}
	c.within("p", func() { c.write(root) })
}

// commentIn returns where the first comment of raw HTML begins and ends, or
// the end twice. One that is not closed is text.
func commentIn(raw []byte) (from, to int) {
	from = bytes.Index(raw, []byte("<!--"))
	if from < 0 {
		return len(raw), len(raw)
	}
	end := bytes.Index(raw[from:], []byte("-->"))
	if end < 0 {
		return len(raw), len(raw)
	}
	to = from + end + len("-->")
	for to < len(raw) && raw[to] == ' ' {
		to++
	}
	return from, to
}

// lines adds a stretch of the source with nothing decoded and its line ends
// kept.
func (c *converter) lines(root *node, start, stop int) {
	c.src.each(start, stop, func(text string, del int) {
		for i, line := range strings.Split(text, "\n") {
			if i > 0 {
				root.void("<br>", del)
			}
			root.add(line, plainText, del)
		}
	})
}

// alignments are the styles of cells; the card's own style would centre them.
var alignments = map[extast.Alignment]string{
	extast.AlignLeft:   ` style="text-align:left"`,
	extast.AlignRight:  ` style="text-align:right"`,
	extast.AlignCenter: ` style="text-align:center"`,
}

func (c *converter) table(n *extast.Table) {
	c.within("table", func() {
		body := false
		for row := n.FirstChild(); row != nil; row = row.NextSibling() {
			if row.Kind() == extast.KindTableHeader {
				c.within("thead", func() { c.row(row, "th", n.Alignments) })
				continue
			}
			if !body {
				c.w.tag("<tbody>")
				body = true
			}
			c.row(row, "td", n.Alignments)
		}
		if body {
			c.w.tag("</tbody>")
		}
	})
}

func (c *converter) row(row ast.Node, name string, aligns []extast.Alignment) {
	c.within("tr", func() {
		i := 0
		for cell := row.FirstChild(); cell != nil && i < len(aligns); cell = cell.NextSibling() {
			c.within(name+alignments[aligns[i]], func() { c.inlines(cell) })
			i++
		}
	})
}

// inlines writes the inline content of a block.
func (c *converter) inlines(block ast.Node) {
	root := &node{}
	c.gather(root, block)
	c.write(root)
}

// write writes a tree of inline nodes, its deletions as Anki's clozes.
func (c *converter) write(root *node) {
	root.markMaths()
	c.writeAll(root.children, 0)
}

// writeAll writes siblings that stand in the deletion within, or in none. As
// many of them as can be go into one cloze.
func (c *converter) writeAll(nodes []*node, within int) {
	for i := 0; i < len(nodes); {
		del := nodes[i].uniform()
		end := i + 1
		for end < len(nodes) && nodes[end].uniform() == del {
			end++
		}
		c.writeGroup(nodes[i:end], del, within)
		i = end
	}
}

func (c *converter) writeGroup(nodes []*node, del, within int) {
	end := ""
	if del > 0 && del != within {
		end = c.openCloze(del)
		within = del
	}
	for _, n := range nodes {
		c.writeNode(n, within)
	}
	if end != "" {
		c.closeCloze(del, end)
	}
}

func (c *converter) writeNode(n *node, within int) {
	switch n.kind {
	case plainText, codeText:
		c.w.text(string(n.text), n.maths)
	case element:
		c.w.tag(n.open)
		c.writeAll(n.children, within)
		c.w.tag(n.close)
	}
}

// openCloze begins a cloze and returns what ends it, or "" if the deletion has
// no number.
func (c *converter) openCloze(del int) string {
	if c.number == nil {
		return ""
	}
	numbers, _ := c.number(del - 1)
	if len(numbers) == 0 {
		return ""
	}
	texts := make([]string, len(numbers))
	for i, n := range numbers {
		texts[i] = strconv.Itoa(n)
	}
	c.w.open("{{c" + strings.Join(texts, ",") + "::")
	return "}}"
}

// closeCloze ends a cloze, with the hint if it is the deletion's first.
func (c *converter) closeCloze(del int, end string) {
	_, hint := c.number(del - 1)
	hint = strings.TrimSpace(deck.CleanLine(hint))
	if hint != "" && !c.hinted[del] {
		c.w.end("::")
		c.w.text(hint, false)
	}
	if c.hinted == nil {
		c.hinted = map[int]bool{}
	}
	c.hinted[del] = true
	c.w.end(end)
}

// gather adds the inline children of n to a node.
func (c *converter) gather(to *node, n ast.Node) {
	for n := n.FirstChild(); n != nil; n = n.NextSibling() {
		switch n := n.(type) {
		case *ast.Text:
			c.words(to, n)
		case *ast.Emphasis:
			c.gather(to.element([]string{"em", "strong"}[min(n.Level, 2)-1], ""), n)
		case *extast.Strikethrough:
			c.gather(to.element("s", ""), n)
		case *ast.CodeSpan:
			c.codeSpan(to, n)
		case *ast.Link:
			c.link(to, n)
		case *ast.AutoLink:
			c.autoLink(to, n)
		case *ast.Image:
			c.image(to, n)
		case *ast.RawHTML:
			c.rawHTML(to, n)
		case *extast.TaskCheckBox:
			box := `<input type="checkbox" disabled>`
			if n.IsChecked {
				box = `<input type="checkbox" disabled checked>`
			}
			to.void(box, 0)
			to.add(" ", plainText, 0)
		}
	}
}

func (c *converter) words(to *node, n *ast.Text) {
	c.src.each(n.Segment.Start, n.Segment.Stop, func(text string, del int) {
		if !n.IsRaw() {
			text = deck.Unescape(text)
		}
		to.add(text, plainText, del)
	})
	switch {
	case n.HardLineBreak():
		to.void("<br>", c.src.deletionAt(n.Segment.Stop))
	case n.SoftLineBreak():
		to.add(" ", plainText, c.src.deletionAt(n.Segment.Stop))
	}
}

// codeSpan adds inline code. In a table a bar must be escaped, even in code.
func (c *converter) codeSpan(to *node, n *ast.CodeSpan) {
	code := to.element("code", "")
	inTable := n.Parent().Kind() == extast.KindTableCell
	for child := n.FirstChild(); child != nil; child = child.NextSibling() {
		t, ok := child.(*ast.Text)
		if !ok {
			continue
		}
		c.src.each(t.Segment.Start, t.Segment.Stop, func(text string, del int) {
			text = strings.ReplaceAll(text, "\n", " ")
			if inTable {
				text = strings.ReplaceAll(text, `\|`, "|")
			}
			code.add(text, codeText, del)
		})
	}
}

// link adds a link, or its text and address if it may not be one in Anki.
func (c *converter) link(to *node, n *ast.Link) {
	dest := address(n.Destination)
	inner := &node{}
	c.gather(inner, n)
	shown := inner.plain()
	if tag, ok := soundTag(shown, dest); ok {
		to.void(tag, max(inner.uniform(), 0))
		return
	}
	if strings.TrimSpace(shown) == "" && len(inner.children) == 0 {
		inner.add(dest, plainText, 0)
	}
	if isWebAddress(dest) {
		link := to.element("a", ` href="`+attribute(dest)+`"`)
		link.children = inner.children
		return
	}
	if dest != "" && shown != "" && dest != shown && dest != shown+"/" {
		inner.add(" ("+dest+")", plainText, 0)
	}
	to.take(inner)
}

// soundLink begins the text of the link that [Markdown] makes of a sound.
const soundLink = "sound: "

// soundName matches the names that a sound may have between its brackets.
var soundName = lazily(`^[^\[\]<>:"/?*^\\|{}\pC]{1,120}$`)

// soundTag returns Anki's tag for a sound, for the link that [Markdown] makes
// of one.
func soundTag(text, dest string) (tag string, ok bool) {
	if text != soundLink+dest || !soundName().MatchString(dest) {
		return "", false
	}
	return "[sound:" + html.EscapeString(norm.NFC.String(dest)) + "]", true
}

// address returns a link's destination as a person reads it.
func address(destination []byte) string {
	return strings.TrimSpace(withoutMarks(deck.CleanLine(deck.Unescape(string(destination)))))
}

// withoutMarks drops what stands for deletions where none can be.
func withoutMarks(s string) string {
	return strings.NewReplacer(openMark, "", closeMark, "", string(deck.Open), "", string(deck.Close), "").Replace(s)
}

// webAddress matches the addresses that may be links.
var webAddress = lazily(`^(?i:https?://|mailto:)[^\s]+$`)

func isWebAddress(dest string) bool { return webAddress().MatchString(dest) }

// inAttribute are the characters that Anki would read even in an attribute. To
// a browser they are the same as entities.
var inAttribute = strings.NewReplacer("{", "&#123;", "}", "&#125;", "[", "&#91;", "]", "&#93;", "::", ":&#58;")

// attribute escapes the value of an attribute.
func attribute(s string) string {
	return inAttribute.Replace(html.EscapeString(norm.NFC.String(s)))
}

// autoLink adds an address that stands for itself.
func (c *converter) autoLink(to *node, n *ast.AutoLink) {
	label := n.Label(c.src.text)
	start := n.Pos()
	if !bytes.HasPrefix(c.src.text[start:], label) {
		start++ // the node begins with a "<", or with the blank before a bare link
	}
	dest := withoutMarks(string(n.URL(c.src.text)))
	if n.AutoLinkType == ast.AutoLinkEmail { // whose URL goldmark may begin with http, as in www.@a.b
		dest = "mailto:" + strings.TrimPrefix(withoutMarks(string(label)), "mailto:")
	}
	if isWebAddress(dest) {
		to = to.element("a", ` href="`+attribute(dest)+`"`)
	}
	c.src.each(start, start+len(label), func(text string, del int) { to.add(text, plainText, del) })
}

// image adds an image that Anki can find: one of its own media, or one on the
// web. Of others it adds what a terminal shows.
func (c *converter) image(to *node, n *ast.Image) {
	src := address(n.Destination)
	alt := &node{}
	c.gather(alt, n)
	del := alt.uniform()
	if del <= 0 {
		del = c.src.deletionAt(n.Pos())
	}
	if src == "" || strings.Contains(src, ":") && !isWebAddress(src) {
		to.add("[image: "+firstText(alt.plain(), src)+"]", plainText, del)
		return
	}
	to.void(fmt.Sprintf(`<img src="%s" alt="%s">`, attribute(src), attribute(alt.plain())), del)
}

func firstText(texts ...string) string {
	for _, t := range texts {
		if strings.TrimSpace(t) != "" {
			return t
		}
	}
	return ""
}

// lineBreak matches the tag that people use for a line break in tables.
var lineBreak = lazily(`(?i)^<br\s*/?>$`)

// rawHTML adds a tag as text. A comment is not for the reader.
func (c *converter) rawHTML(to *node, n *ast.RawHTML) {
	tag := n.Segments.Value(c.src.text)
	switch {
	case bytes.HasPrefix(tag, []byte("<!--")):
	case lineBreak().Match(tag):
		to.void("<br>", c.src.deletionAt(n.Segments.At(0).Start))
	default:
		for i := range n.Segments.Len() {
			s := n.Segments.At(i)
			c.src.each(s.Start, s.Stop, func(text string, del int) {
				to.add(strings.ReplaceAll(text, "\n", " "), plainText, del)
			})
		}
	}
}
