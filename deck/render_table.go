package deck

import (
	"slices"
	"strings"

	extast "github.com/yuin/goldmark/extension/ast"
)

// minCell is the narrowest column that a table is drawn with.
const minCell = 6

// grid is a table on its way to the screen.
type grid struct {
	canvas *canvas
	aligns []extast.Alignment
	head   []*flow
	rows   [][]*flow
	widths []int // of the columns
}

// table draws a table with its columns fitted to the room, or as a list where
// they would be too narrow to read.
func (c *canvas) table(n *extast.Table) {
	g := c.newGrid(n)
	if g.fit() {
		g.draw()
	} else {
		g.drawAsList()
	}
}

func (c *canvas) newGrid(n *extast.Table) *grid {
	g := &grid{canvas: c, aligns: n.Alignments}
	for row := n.FirstChild(); row != nil; row = row.NextSibling() {
		role := Role(0)
		if row.Kind() == extast.KindTableHeader {
			role = Strong
		}
		var cells []*flow
		for cell := row.FirstChild(); cell != nil && len(cells) < len(g.aligns); cell = cell.NextSibling() {
			cells = append(cells, c.inlines(cell, role))
		}
		if role == Strong {
			g.head = cells
		} else {
			g.rows = append(g.rows, cells)
		}
	}
	return g
}

// fit chooses the widths of the columns and reports whether all of them can be
// read. It tries two ways to share the room, and takes the one that needs fewer
// lines.
func (g *grid) fit() bool {
	n := len(g.aligns)
	wanted, least := make([]int, n), make([]int, n)
	for _, row := range append([][]*flow{g.head}, g.rows...) {
		for i, cell := range row {
			wanted[i] = max(wanted[i], widestLine(cell.text()))
			least[i] = max(least[i], min(longestWord(cell.text()), 2*minCell))
		}
	}
	for i := range least {
		least[i] = min(wanted[i], max(minCell, least[i]))
	}
	room := g.canvas.room - 3*(n-1)
	if sum(least) > room {
		return false
	}
	g.widths = share(room, least, wanted, func(w, _ int) int { return -w })
	if sum(wanted) > room {
		other := share(room, least, wanted, func(w, want int) int { return 1000 * want / w })
		if g.height(other) < g.height(g.widths) {
			g.widths = other
		}
	}
	return true
}

func sum(numbers []int) int {
	total := 0
	for _, n := range numbers {
		total += n
	}
	return total
}

// share gives each column what it needs at least and then, one by one, what is
// left of the room to the column with the greatest claim among those that want
// more.
func share(room int, least, wanted []int, claim func(width, wanted int) int) []int {
	widths := slices.Clone(least)
	for left := room - sum(least); left > 0; left-- {
		best := -1
		for i, w := range widths {
			if w < wanted[i] && (best < 0 || claim(w, wanted[i]) > claim(widths[best], wanted[best])) {
				best = i
			}
		}
		if best < 0 {
			break
		}
		widths[best]++
	}
	return widths
}

// height returns how many lines the rows take with the given widths.
func (g *grid) height(widths []int) int {
	lines := g.rowHeight(g.head, widths)
	for _, row := range g.rows {
		lines += g.rowHeight(row, widths)
	}
	return lines
}

func (g *grid) rowHeight(row []*flow, widths []int) int {
	height := 1
	for i, cell := range row {
		height = max(height, len(wrap(cell, widths[i])))
	}
	return height
}

// widestLine returns the columns of the widest line of text, at least 1.
func widestLine(text string) int {
	widest := 1
	for line := range strings.SplitSeq(text, "\n") {
		widest = max(widest, columnsOf(line))
	}
	return widest
}

func longestWord(text string) int {
	longest := 0
	for word := range strings.FieldsSeq(text) {
		longest = max(longest, columnsOf(word))
	}
	return longest
}

// draw draws the table. Rows are ruled off from one another where a cell takes
// more than one line, as it could not be told otherwise where a row begins.
func (g *grid) draw() {
	g.drawRow(g.head)
	g.drawRule()
	tall := slices.ContainsFunc(g.rows, func(row []*flow) bool { return g.rowHeight(row, g.widths) > 1 })
	for i, row := range g.rows {
		if tall && i > 0 {
			g.drawRule()
		}
		g.drawRow(row)
	}
}

// drawRow draws the cells of a row side by side.
func (g *grid) drawRow(row []*flow) {
	cells := make([][]extent, len(row))
	height := 1
	for i, cell := range row {
		cells[i] = wrap(cell, g.widths[i])
		height = max(height, len(cells[i]))
	}
	bar := " " + g.canvas.style.Paint(TableRule, "|") + " "
	for l := range height {
		var b strings.Builder
		for i, cell := range row {
			if i > 0 {
				b.WriteString(bar)
			}
			line := extent{}
			if l < len(cells[i]) {
				line = cells[i][l]
			}
			b.WriteString(g.aligned(cell, line, i))
		}
		g.canvas.line(b.String())
	}
}

// aligned returns a line of a cell, filled up to the width of its column.
func (g *grid) aligned(cell *flow, line extent, column int) string {
	line = line.trimmed(cell.text())
	left := g.widths[column] - columnsOf(cell.text()[line.start:line.stop])
	before := 0
	switch g.aligns[column] {
	case extast.AlignRight:
		before = left
	case extast.AlignCenter:
		before = left / 2
	}
	return strings.Repeat(" ", before) + cell.paint(line, g.canvas.style) + strings.Repeat(" ", left-before)
}

func (g *grid) drawRule() {
	parts := make([]string, len(g.widths))
	for i, w := range g.widths {
		parts[i] = strings.Repeat("-", w)
	}
	g.canvas.line(g.canvas.style.Paint(TableRule, strings.Join(parts, "-+-")))
}

// drawAsList draws each row as lines of "header: cell".
func (g *grid) drawAsList() {
	c := g.canvas
	for i, row := range g.rows {
		if i > 0 {
			c.owe()
		}
		for j, cell := range row {
			if cell.text() == "" {
				continue
			}
			g.drawField(g.head[j], cell)
		}
	}
	if len(g.rows) == 0 {
		for _, cell := range g.head {
			c.flowed(cell)
		}
	}
}

// drawField draws one cell after the header of its column.
func (g *grid) drawField(head, cell *flow) {
	f := &flow{}
	f.join(head)
	if head.text() != "" {
		f.add(": ", Strong, 0)
	}
	f.join(cell)
	g.canvas.hanging(f)
}
