package field

import (
	"slices"
	"strings"

	"etch/deck"

	"golang.org/x/net/html"
)

// inlineCode reads a code element: a span, or a block where it holds several
// lines.
func (r *reader) inlineCode(n *html.Node) {
	if !r.cell && holdsBreak(n) && !r.hidesIn(n) {
		r.addCode(n)
		return
	}
	was := r.code
	r.code = true
	r.styled(n)
	r.code = was
}

func holdsBreak(n *html.Node) bool {
	for d := range n.Descendants() {
		if d.Type == html.ElementNode && (d.Data == "br" || isLine[d.Data] || isParagraph[d.Data]) {
			return true
		}
	}
	return false
}

// hidesIn reports whether a deletion reaches into an element.
func (r *reader) hidesIn(n *html.Node) bool {
	return r.deletions.group > 0 || strings.ContainsFunc(textOf(n), func(c rune) bool {
		return c >= markers && c < groupMark
	})
}

// pre reads a code block.
func (r *reader) pre(n *html.Node) {
	r.endPara()
	switch {
	case r.cell:
		r.note(noteCellBlock)
		r.preLines(n, true)
	case r.hidesIn(n):
		r.note(noteClozeCode)
		r.preLines(n, false)
	default:
		r.addCode(n)
	}
	r.endPara()
}

// preLines reads preformatted text as lines, which keep their indentation.
func (r *reader) preLines(n *html.Node, code bool) {
	was := r.code
	r.code = code
	for i, line := range strings.Split(preText(n), "\n") {
		if i > 0 {
			r.lineBreak()
		}
		line = strings.ReplaceAll(line, "\t", "    ")
		rest := strings.TrimLeft(line, " ")
		if !code && len(r.para) == 0 || r.breaks > 0 {
			r.indented(len(line) - len(rest))
		}
		r.text(rest)
	}
	r.code = was
}

// addCode adds a code block.
func (r *reader) addCode(n *html.Node) {
	text := strings.Map(withoutMarkers, deck.Clean(preText(n)))
	text = strings.ReplaceAll(text, string(nbsp), " ")
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = strings.TrimRight(line, " \t")
	}
	for len(lines) > 0 && lines[len(lines)-1] == "" {
		lines = lines[:len(lines)-1]
	}
	for len(lines) > 0 && lines[0] == "" {
		lines = lines[1:]
	}
	r.endPara()
	if len(lines) > 0 {
		r.blocks = append(r.blocks, block{kind: codeBlock, lang: codeLanguage(n), lines: lines})
	}
}

// preText returns the text of a preformatted element, in which editors write
// line ends in any way.
func preText(n *html.Node) string {
	var b strings.Builder
	var walk func(n *html.Node)
	walk = func(n *html.Node) {
		block := n.Type == html.ElementNode && (isLine[n.Data] || isParagraph[n.Data] || n.Data == "li")
		switch {
		case n.Type == html.TextNode:
			b.WriteString(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(n.Data))
		case n.Type == html.ElementNode && n.Data == "br":
			b.WriteByte('\n')
		case n.Type == html.ElementNode && (isDropped[n.Data] || isMedia[n.Data] || n.Data == "script"):
			return
		}
		if block && b.Len() > 0 && !strings.HasSuffix(b.String(), "\n") {
			b.WriteByte('\n')
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			walk(c)
		}
		if block && !strings.HasSuffix(b.String(), "\n") {
			b.WriteByte('\n')
		}
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		walk(c)
	}
	return b.String()
}

// languageClass matches the class that names a language.
var languageClass = lazily(`(?:^|\s)(?:lang(?:uage)?-|highlight-source-|brush:\s*)([A-Za-z0-9_+#.-]{1,30})`)

// codeLanguage returns the language that a code block names, or "".
func codeLanguage(n *html.Node) string {
	for _, e := range append([]*html.Node{n}, slices.Collect(n.ChildNodes())...) {
		if m := languageClass().FindStringSubmatch(attr(e, "class")); m != nil {
			return m[1]
		}
	}
	return ""
}

// alignStyle matches the alignment of a cell.
var alignStyle = lazily(`(?i)text-align:\s*(left|right|center)`)

// table reads a table. One of a single cell is a frame around its content.
func (r *reader) table(n *html.Node) {
	cells := tableCells(n)
	r.caption(n)
	switch {
	case len(cells) == 0 || len(cells) == 1 && len(cells[0]) == 1 && !r.cell:
		r.line()
		for _, row := range cells {
			r.children(row[0])
		}
		r.line()
		return
	case r.cell:
		r.note(noteCellBlock)
		r.tableLines(cells)
		return
	}
	r.endPara()
	columns, all := 0, 0
	for _, row := range cells {
		columns = max(columns, len(row))
		all += len(row)
	}
	if columns > maxColumns || columns*len(cells) > 4*all+100 {
		r.note(noteWideTable)
		r.tableLines(cells)
		return
	}
	if !slices.ContainsFunc(cells[0], func(c *html.Node) bool { return c.Data == "th" }) {
		r.note(noteHeader)
	}
	t := block{kind: tableBlock, aligns: make([]string, columns)}
	for i, c := range cells[0] {
		t.aligns[i] = alignOf(c)
	}
	for _, row := range cells {
		t.rows = append(t.rows, r.row(row, columns))
	}
	r.blocks = append(r.blocks, t)
}

// caption reads a table's caption as a paragraph above it.
func (r *reader) caption(n *html.Node) {
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if c.Type == html.ElementNode && c.Data == "caption" {
			r.paragraph(c)
		}
	}
}

func (r *reader) row(cells []*html.Node, columns int) [][]run {
	row := make([][]run, columns)
	outer := r.para
	for i, c := range cells {
		if attr(c, "colspan")+attr(c, "rowspan") != "" {
			r.note(noteSpan)
		}
		r.para, r.breaks, r.indent, r.cell = nil, 0, 0, true
		r.styled(c)
		row[i] = r.para
	}
	r.para, r.breaks, r.indent, r.cell = outer, 0, 0, false
	return row
}

// tableLines reads a table row by row.
func (r *reader) tableLines(rows [][]*html.Node) {
	for _, row := range rows {
		r.line()
		for i, c := range row {
			if i > 0 {
				r.put(" | ")
			}
			was := r.cell
			r.cell = true
			r.styled(c)
			r.cell = was
		}
	}
	r.line()
}

func alignOf(cell *html.Node) string {
	if m := alignStyle().FindStringSubmatch(attr(cell, "style")); m != nil {
		return strings.ToLower(m[1])
	}
	return strings.ToLower(attr(cell, "align"))
}

// tableCells returns the cells of a table row by row, without empty rows.
func tableCells(n *html.Node) [][]*html.Node {
	var rows [][]*html.Node
	for part := n.FirstChild; part != nil; part = part.NextSibling {
		switch {
		case part.Type != html.ElementNode:
		case part.Data == "tr":
			rows = appendRow(rows, part)
		case part.Data == "thead" || part.Data == "tbody" || part.Data == "tfoot":
			for tr := part.FirstChild; tr != nil; tr = tr.NextSibling {
				if tr.Type == html.ElementNode && tr.Data == "tr" {
					rows = appendRow(rows, tr)
				}
			}
		}
	}
	return rows
}

func appendRow(rows [][]*html.Node, tr *html.Node) [][]*html.Node {
	var row []*html.Node
	for c := tr.FirstChild; c != nil; c = c.NextSibling {
		if c.Type == html.ElementNode && (c.Data == "td" || c.Data == "th") {
			row = append(row, c)
		}
	}
	if len(row) == 0 {
		return rows
	}
	return append(rows, row)
}
