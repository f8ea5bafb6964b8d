package field

import (
	"bytes"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"etch/deck"

	"golang.org/x/net/html"
)

// blockKind is what a block is.
type blockKind int

const (
	paraBlock blockKind = iota
	codeBlock
	listBlock
	quoteBlock
	tableBlock
	ruleBlock
)

// block is one block of a field.
type block struct {
	kind    blockKind
	runs    []run    // of a paragraph
	lang    string   // of code
	lines   []string // of code
	blocks  []block  // of a quote
	items   []item   // of a list
	ordered bool
	start   int
	paren   bool
	loose   bool
	rows    [][][]run // of a table, the header first
	aligns  []string
}

// item is one item of a list.
type item struct {
	box    string // "[ ] ", "[x] " or none
	blocks []block
}

// runKind is what a run is.
type runKind int

const (
	wordRun runKind = iota
	codeRun
	breakRun
	pictureRun
	boxRun
)

// run is a stretch of inline content with one look.
type run struct {
	kind   runKind
	text   []byte
	dest   string  // of a picture
	styles []style // from the outside in
	group  int     // the deletions that it belongs to, 0 for none
}

// style is a look of text, or from linkStyle on a link.
type style int

const (
	strongStyle style = iota + 1
	emStyle
	strikeStyle
	linkStyle style = 16 // and the index of the link
)

// reader turns a field's tree into blocks.
type reader struct {
	cloze     bool
	deletions deletions
	links     []string
	notes     []string

	blocks []block // of the container being read
	para   []run   // the paragraph being read
	breaks int     // line ends that wait for text
	around []style // the looks where the first of them stands
	indent int     // blanks at the start of the line that are meant as such
	margin int     // the group that they belong to
	depth  int     // of lists and quotes
	cell   bool    // in a table's cell: no blocks
	code   bool
	styles []style
}

func (r *reader) note(s string) {
	if !slices.Contains(r.notes, s) {
		r.notes = append(r.notes, s)
	}
}

// isLine are the elements that stand on lines of their own, isParagraph those
// that are set off by a blank line, isDropped those that nobody sees.
var (
	isLine = set("div section article header footer main nav aside address center figcaption details summary dl dt dd " +
		"fieldset form legend caption tr option")
	isParagraph = set("p figure h1 h2 h3 h4 h5 h6")
	isDropped   = set("style head title meta link base template noscript noembed noframes rp colgroup datalist")
	isMedia     = set("iframe object embed applet canvas frame frameset")
)

func set(names string) map[string]bool {
	m := map[string]bool{}
	for name := range strings.FieldsSeq(names) {
		m[name] = true
	}
	return m
}

func (r *reader) node(n *html.Node) {
	switch n.Type {
	case html.TextNode:
		r.text(n.Data)
	case html.ElementNode:
		r.element(n)
	}
}

func (r *reader) children(n *html.Node) {
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		r.node(c)
	}
}

func (r *reader) element(n *html.Node) {
	name := n.Data
	switch {
	case isDropped[name]:
		r.lostClozes(n)
	case isMedia[name]:
		r.note(noteMedia)
		r.lostClozes(n)
	case isLine[name]:
		r.line()
		r.styled(n)
		r.line()
	case isParagraph[name]:
		r.paragraph(n)
	default:
		r.other(n)
	}
}

// lostClozes is where a deletion that begins or ends in what nobody sees does
// so all the same.
func (r *reader) lostClozes(n *html.Node) {
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			for _, c := range d.Data {
				r.deletions.marker(c)
			}
		}
	}
}

func (r *reader) other(n *html.Node) {
	switch n.Data {
	case "br":
		r.lineBreak()
	case "hr", "ul", "ol", "menu", "dir", "pre", "xmp", "listing", "blockquote", "table":
		r.container(n)
	case "li": // outside a list
		r.line()
		r.children(n)
		r.line()
	case "code", "tt", "kbd", "samp":
		r.inlineCode(n)
	case "a":
		r.link(n)
	case "img", "svg", "audio", "video":
		r.media(n)
	case "input":
		r.input(n)
	case "sup":
		r.script(n, "^", noteSuper)
	case "sub":
		r.script(n, "_", noteSub)
	case "rt":
		r.note(noteRuby)
		r.put("(")
		r.children(n)
		r.put(")")
	case "q":
		r.put(`"`)
		r.children(n)
		r.put(`"`)
	case "script", "math", "anki-mathjax":
		r.formula(n)
	default:
		r.styled(n)
	}
}

// container reads an element that is a block.
func (r *reader) container(n *html.Node) {
	switch n.Data {
	case "hr":
		r.endPara()
		if !r.cell {
			r.blocks = append(r.blocks, block{kind: ruleBlock})
		}
	case "pre", "xmp", "listing":
		r.pre(n)
	case "blockquote":
		r.quote(n)
	case "table":
		r.table(n)
	default:
		r.list(n)
	}
}

// paragraph reads an element that is set off by blank lines.
func (r *reader) paragraph(n *html.Node) {
	r.endPara()
	if len(n.Data) == 2 && n.Data[0] == 'h' {
		r.note(noteHeading)
		r.in(strongStyle, func() { r.styled(n) })
	} else {
		r.styled(n)
	}
	r.endPara()
}

// What a style attribute may say.
var (
	boldStyle    = lazily(`(?i)font-weight:\s*(?:bold|[6-9]00)`)
	italicStyle  = lazily(`(?i)font-style:\s*(?:italic|oblique)`)
	struckStyle  = lazily(`(?i)text-decoration[a-z-]*:[^;]*line-through`)
	underStyle   = lazily(`(?i)text-decoration[a-z-]*:[^;]*underline`)
	colourStyle  = lazily(`(?i)(?:^|[;\s])(?:color|background(?:-color)?):`)
	monospaced   = lazily(`(?i)font-family:[^;]*(?:mono|courier|consolas|menlo)`)
	elementStyle = map[string]style{
		"b": strongStyle, "strong": strongStyle,
		"i": emStyle, "em": emStyle, "cite": emStyle, "var": emStyle, "dfn": emStyle,
		"s": strikeStyle, "del": strikeStyle, "strike": strikeStyle,
	}
)

// styled reads the children of an element with the look that it gives them.
func (r *reader) styled(n *html.Node) {
	css := attr(n, "style")
	switch {
	case n.Data == "u" || n.Data == "ins" || underStyle().MatchString(css):
		r.note(noteUnderline)
	case n.Data == "mark" || n.Data == "font" && attr(n, "color") != "" || colourStyle().MatchString(css):
		r.note(noteColour)
	}
	looks := []style{elementStyle[n.Data]}
	if css != "" {
		for s, re := range map[style]func() *regexp.Regexp{
			strongStyle: boldStyle, emStyle: italicStyle, strikeStyle: struckStyle,
		} {
			if re().MatchString(css) {
				looks = append(looks, s)
			}
		}
		slices.Sort(looks)
	}
	if n.Data == "span" && monospaced().MatchString(css) {
		was := r.code
		r.code = true
		defer func() { r.code = was }()
	}
	r.inAll(looks, func() { r.children(n) })
}

func (r *reader) inAll(looks []style, fill func()) {
	if len(looks) == 0 {
		fill()
		return
	}
	r.in(looks[0], func() { r.inAll(looks[1:], fill) })
}

// in reads what has one look more.
func (r *reader) in(s style, fill func()) {
	if s == 0 || slices.Contains(r.styles, s) {
		fill()
		return
	}
	was := r.styles
	r.styles = append(slices.Clip(was), s)
	fill()
	r.styles = was
}

// attr returns an attribute of an element.
func attr(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return strings.Map(withoutMarkers, a.Val)
		}
	}
	return ""
}

// text reads a text node.
func (r *reader) text(s string) {
	s = deck.Clean(s)
	for s != "" {
		i := strings.IndexFunc(s, func(c rune) bool { return c >= markers || c == deck.Open || c == deck.Close })
		if i < 0 {
			r.put(s)
			return
		}
		r.put(s[:i])
		c, size := utf8.DecodeRuneInString(s[i:])
		s = s[i+size:]
		if c == soundOpen {
			if name, rest, ok := strings.Cut(s, string(soundClose)); ok {
				r.sound(strings.Map(withoutMarkers, name))
				s = rest
			}
			continue
		}
		r.marker(c)
	}
}

// marker begins or ends a deletion.
func (r *reader) marker(c rune) {
	if literal := r.deletions.marker(c); literal != "" {
		r.put(literal)
	}
}

// nbsp is what people indent with in an editor that eats blanks.
const nbsp = '\u00a0'

// put adds text, its blanks collapsed as a browser does.
func (r *reader) put(s string) {
	for _, c := range s {
		switch c {
		case ' ', '\t', '\n', '\f', '\r', nbsp:
			r.blank(c)
		default:
			r.begin()
			r.last().text = utf8.AppendRune(r.last().text, c)
		}
	}
}

// blank adds a blank. At the start of a line those of an editor's indentation
// are kept if there is more than one.
func (r *reader) blank(c rune) {
	if len(r.para) == 0 || r.breaks > 0 {
		if c == nbsp || r.indent > 0 {
			r.indented(r.indent + 1)
		}
		return
	}
	last := r.para[len(r.para)-1]
	if last.kind == breakRun || bytes.HasSuffix(last.text, []byte(" ")) {
		return
	}
	r.last().text = append(r.last().text, ' ')
}

// indented keeps blanks for the start of the line. They belong to where the
// first of them stands: a deletion that begins behind them begins with a word.
func (r *reader) indented(n int) {
	if r.indent == 0 {
		r.margin = r.deletions.group
	}
	r.indent = n
}

// begin makes ready for a character: line ends that waited are written.
func (r *reader) begin() {
	if r.breaks > 1 && !r.cell {
		r.endParaKeep()
	} else if r.breaks > 0 && len(r.para) > 0 {
		r.para = append(r.para, run{kind: breakRun, styles: r.around, group: r.deletions.group})
	}
	fresh := len(r.para) == 0 || r.breaks > 0
	r.breaks = 0
	if fresh && r.indent > 1 {
		blanks := strings.Repeat(string(nbsp), min(r.indent, 40))
		r.para = append(r.para, run{text: []byte(blanks), group: r.margin})
	}
	r.indent = 0
}

// endParaKeep ends a paragraph in the middle of what a line begins with.
func (r *reader) endParaKeep() {
	indent := r.indent
	r.endPara()
	r.indent = indent
}

// last returns the run that text goes to: the last one, if it looks the same.
func (r *reader) last() *run {
	k := wordRun
	if r.code {
		k = codeRun
	}
	if n := len(r.para); n > 0 {
		l := &r.para[n-1]
		if l.kind == k && l.group == r.deletions.group && slices.Equal(l.styles, r.styles) {
			return l
		}
	}
	r.para = append(r.para, run{kind: k, styles: slices.Clip(r.styles), group: r.deletions.group})
	return &r.para[len(r.para)-1]
}

// lineBreak reads a br.
func (r *reader) lineBreak() { r.endLine(r.breaks + 1) }

// line begins a line unless one begins here.
func (r *reader) line() { r.endLine(max(r.breaks, 1)) }

func (r *reader) endLine(breaks int) {
	r.indent = 0
	if len(r.para) == 0 {
		return
	}
	if r.breaks == 0 {
		r.around = slices.Clip(r.styles)
	}
	r.breaks = breaks
}

// endPara ends the paragraph. In a cell there is only one.
func (r *reader) endPara() {
	if r.cell {
		r.line()
		return
	}
	if len(r.para) > 0 {
		r.blocks = append(r.blocks, block{kind: paraBlock, runs: r.para})
	}
	r.para, r.breaks, r.indent = nil, 0, 0
}

// sub reads a container and returns its blocks.
func (r *reader) sub(read func()) []block {
	r.endPara()
	outer := r.blocks
	r.blocks = nil
	r.depth++
	read()
	r.endPara()
	r.depth--
	inner := r.blocks
	r.blocks = outer
	return inner
}

// shallow reports whether a list or quote may stand here.
func (r *reader) shallow() bool {
	if r.cell {
		r.note(noteCellBlock)
		return false
	}
	if r.depth >= maxNesting {
		r.note(noteDeep)
		return false
	}
	return true
}

func (r *reader) quote(n *html.Node) {
	if !r.shallow() {
		r.line()
		r.children(n)
		r.line()
		return
	}
	if blocks := r.sub(func() { r.children(n) }); len(blocks) > 0 {
		r.blocks = append(r.blocks, block{kind: quoteBlock, blocks: blocks})
	}
}

func (r *reader) list(n *html.Node) {
	if !r.shallow() {
		r.flatList(n)
		return
	}
	r.endPara()
	classes := strings.Fields(attr(n, "class"))
	l := block{
		kind:    listBlock,
		ordered: n.Data == "ol",
		start:   1,
		paren:   slices.Contains(classes, parenClass),
		loose:   slices.Contains(classes, looseClass),
	}
	if start, err := strconv.Atoi(attr(n, "start")); err == nil && start >= 0 && start < 1e9 {
		l.start = start
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		r.listChild(&l, c)
	}
	if len(l.items) > 0 {
		r.blocks = append(r.blocks, l)
	}
}

// listChild reads what stands in a list. A list that stands there by itself
// belongs to the item before it: so editors write it.
func (r *reader) listChild(l *block, n *html.Node) {
	blocks := r.sub(func() {
		if n.Type == html.ElementNode && n.Data == "li" {
			r.children(n)
		} else {
			r.node(n)
		}
	})
	isItem := n.Type == html.ElementNode && n.Data == "li"
	switch {
	case isItem:
		l.loose = l.loose || hasParagraph(n)
		l.items = append(l.items, newItem(blocks))
	case len(blocks) == 0:
	case len(l.items) > 0:
		last := &l.items[len(l.items)-1]
		last.blocks = append(last.blocks, blocks...)
	default:
		l.items = append(l.items, newItem(blocks))
	}
}

// newItem takes a check box off the start of an item.
func newItem(blocks []block) item {
	it := item{blocks: blocks}
	if len(blocks) > 0 && blocks[0].kind == paraBlock && blocks[0].runs[0].kind == boxRun && len(blocks[0].runs) > 1 {
		it.box = string(blocks[0].runs[0].text)
		blocks[0].runs = blocks[0].runs[1:]
	}
	return it
}

func hasParagraph(li *html.Node) bool {
	for c := li.FirstChild; c != nil; c = c.NextSibling {
		if c.Type == html.ElementNode && c.Data == "p" {
			return true
		}
	}
	return false
}

// flatList reads a list as lines.
func (r *reader) flatList(n *html.Node) {
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		r.line()
		if c.Type == html.ElementNode && c.Data == "li" {
			r.put("- ")
			r.children(c)
		} else {
			r.node(c)
		}
	}
	r.line()
}

// input reads a check box.
func (r *reader) input(n *html.Node) {
	if !strings.EqualFold(attr(n, "type"), "checkbox") {
		return
	}
	checked := slices.ContainsFunc(n.Attr, func(a html.Attribute) bool { return a.Key == "checked" })
	switch {
	case r.cloze || r.cell: // a box in brackets would be a deletion, or is none
		r.note(noteTaskInCloze)
		r.put(map[bool]string{false: "☐ ", true: "☑ "}[checked])
	default:
		r.begin()
		box := map[bool]string{false: "[ ] ", true: "[x] "}[checked]
		r.para = append(r.para, run{kind: boxRun, text: []byte(box), styles: slices.Clip(r.styles)})
	}
}

// link reads a link with a web address; of others the text.
func (r *reader) link(n *html.Node) {
	dest := strings.TrimSpace(deck.CleanLine(attr(n, "href")))
	if !isWebAddress(dest) {
		if dest != "" {
			r.note(noteLink)
		}
		r.styled(n)
		return
	}
	before := len(r.para)
	r.linked(dest, func() { r.styled(n) })
	if len(r.para) == before && strings.TrimSpace(textOf(n)) == "" {
		r.linked(dest, func() { r.put(dest) })
	}
}

// linked reads what is the text of a link.
func (r *reader) linked(dest string, fill func()) {
	r.links = append(r.links, dest)
	r.in(linkStyle+style(len(r.links)-1), fill)
}

func (r *reader) sound(name string) {
	r.note(noteSound)
	name = strings.TrimSpace(deck.CleanLine(name))
	if name == "" {
		return
	}
	code := r.code
	r.code = false
	if slices.ContainsFunc(r.styles, func(s style) bool { return s >= linkStyle }) {
		r.put(soundLink + name) // no link in a link
	} else {
		r.linked(name, func() { r.put(soundLink + name) })
	}
	r.code = code
}

// media reads pictures and what plays.
func (r *reader) media(n *html.Node) {
	src := strings.TrimSpace(deck.CleanLine(attr(n, "src")))
	switch n.Data {
	case "svg":
		r.note(noteEmbedded)
		r.lostClozes(n)
	case "audio", "video":
		for c := n.FirstChild; c != nil && src == ""; c = c.NextSibling {
			src = strings.TrimSpace(deck.CleanLine(attr(c, "src")))
		}
		if src != "" && !strings.HasPrefix(src, "data:") {
			r.sound(src)
		}
	default:
		r.picture(src, deck.CleanLine(attr(n, "alt")))
	}
}

func (r *reader) picture(src, alt string) {
	alt = strings.Join(strings.Fields(alt), " ")
	if src == "" || strings.Contains(src, ":") && !isWebAddress(src) {
		r.note(noteEmbedded)
		r.put(alt)
		return
	}
	r.note(notePicture)
	r.begin()
	r.para = append(r.para, run{
		kind: pictureRun, text: []byte(alt), dest: src, styles: slices.Clip(r.styles), group: r.deletions.group,
	})
}

// simpleScript matches what needs no parentheses behind a ^ or _.
var simpleScript = lazily(`^[-+−]?[\pL\pN]+$`)

// script reads superscripts and subscripts. Those of a number's ordinal, and
// signs such as ®, stand well on the line.
func (r *reader) script(n *html.Node, mark, note string) {
	text := strings.TrimSpace(strings.Map(withoutMarkers, textOf(n)))
	switch {
	case !strings.ContainsFunc(text, func(c rune) bool { return unicode.IsLetter(c) || unicode.IsDigit(c) }),
		mark == "^" && slices.Contains([]string{"st", "nd", "rd", "th"}, text):
		r.children(n)
	case simpleScript().MatchString(text):
		r.note(note)
		r.put(mark)
		r.children(n)
	default:
		r.note(note)
		r.put(mark + "(")
		r.children(n)
		r.put(")")
	}
}

// textOf returns the text of an element, with the marks of deletions.
func textOf(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data)
		}
	}
	return b.String()
}

// formula reads what editors and web pages keep a formula's source in.
func (r *reader) formula(n *html.Node) {
	open, end, tex := `\(`, `\)`, ""
	switch n.Data {
	case "script":
		kind := attr(n, "type")
		if !strings.HasPrefix(kind, "math/tex") {
			r.note(noteScript)
			r.lostClozes(n)
			return
		}
		tex = textOf(n)
		if strings.Contains(kind, "display") {
			open, end = `\[`, `\]`
		}
	case "math":
		tex = annotation(n)
		if attr(n, "display") == "block" {
			open, end = `\[`, `\]`
		}
	default:
		tex = textOf(n)
		if attr(n, "block") == "true" {
			open, end = `\[`, `\]`
		}
	}
	r.note(noteFormula)
	if strings.TrimSpace(tex) == "" { // MathML alone: its letters
		r.children(n)
		return
	}
	r.put(open)
	r.text(tex)
	r.put(end)
}

// annotation returns the TeX source that MathML may carry.
func annotation(n *html.Node) string {
	for d := range n.Descendants() {
		if d.Type == html.ElementNode && d.Data == "annotation" && attr(d, "encoding") == "application/x-tex" {
			return textOf(d)
		}
	}
	return ""
}
