package tui

import (
	"math"
	"strconv"
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// The letters that mark two days on a forgetting curve.
const (
	markNow = 'N'
	markDue = 'D'
)

// curveMargin is the width of the percentages left of a curve, with their axis.
const curveMargin = 7

// Curve draws a forgetting curve with lines that every font has: the
// probability of recall, 0..1, from the last answer until span days after it.
// Today is marked by an N, the due day by a D; a negative day has no mark. The
// scale ends a little below the curve: the part down to nothing would only
// flatten it. All lines together take at most width x height; where
// that is too little to draw in, there are none.
func Curve(recall func(days float64) float64, span float64, today, due float64, width, height int) []string {
	columns, rows := width-curveMargin, height-2
	if columns < 10 || rows < 3 || !(span > 0) {
		return nil
	}
	p := plot{span: span, columns: columns, rows: rows}
	p.measure(recall)
	p.draw()
	p.mark(today, due)
	lines := make([]string, 0, height)
	labels := p.percentages()
	for y, row := range p.cells {
		lines = append(lines, labels[y]+strings.TrimRight(string(row), " "))
	}
	axis := strings.Repeat(" ", curveMargin-1) + "└" + string(p.axis)
	return append(lines, axis, strings.TrimRight(strings.Repeat(" ", curveMargin)+p.days(today, due), " "))
}

// plot is a curve while it is being drawn.
type plot struct {
	span          float64
	columns, rows int
	low           float64 // the percentage of the last row; the first is 100
	height        []int   // the row of the curve in each column
	cells         [][]rune
	axis          []rune
}

// measure finds the row of the curve in each column.
func (p *plot) measure(recall func(float64) float64) {
	percent := make([]float64, p.columns)
	least := 100.0
	for x := range percent {
		v := 100 * recall(p.span*float64(x)/float64(p.columns-1))
		if !(v >= 0) { // NaN, too
			v = 0
		}
		percent[x] = min(v, 100)
		least = min(least, percent[x])
	}
	p.low = min(90, 5*math.Floor(least/5))
	p.height = make([]int, p.columns)
	for x, v := range percent {
		p.height[x] = p.row(v)
	}
}

// row is the row that stands for a percentage.
func (p *plot) row(percent float64) int {
	return int(math.Round((100 - percent) / (100 - p.low) * float64(p.rows-1)))
}

// column is the column that stands for a day.
func (p *plot) column(days float64) int {
	x := math.Round(days / p.span * float64(p.columns-1))
	return int(max(0, min(x, float64(p.columns-1))))
}

// draw joins the rows of neighbouring columns.
func (p *plot) draw() {
	p.cells = make([][]rune, p.rows)
	for y := range p.cells {
		p.cells[y] = []rune(strings.Repeat(" ", p.columns))
	}
	p.axis = []rune(strings.Repeat("─", p.columns))
	for x, y := range p.height {
		if x == 0 || p.height[x-1] == y {
			p.cells[y][x] = '─'
			continue
		}
		from := p.height[x-1] // recall only falls, but nothing here relies on it
		first, last := '╮', '╰'
		if y < from {
			first, last = '╯', '╭'
		}
		p.cells[from][x], p.cells[y][x] = first, last
		for between := min(from, y) + 1; between < max(from, y); between++ {
			p.cells[between][x] = '│'
		}
	}
}

// marked returns the columns of the two marks, -1 for none. Where both fall on
// the same one, they move apart, in their order.
func (p *plot) marked(today, due float64) (now, then int) {
	now, then = -1, -1
	if today >= 0 {
		now = p.column(today)
	}
	if due >= 0 {
		then = p.column(due)
	}
	if now < 0 || now != then {
		return now, then
	}
	step := 1
	if due < today {
		step = -1
	}
	if then+step < 0 || then+step >= p.columns {
		return now - step, then
	}
	return now, then + step
}

// mark puts the letters on the curve, with a line down to the axis.
func (p *plot) mark(today, due float64) {
	now, then := p.marked(today, due)
	for _, m := range []struct {
		x      int
		letter rune
	}{{then, markDue}, {now, markNow}} {
		if m.x < 0 {
			continue
		}
		top := p.height[m.x]
		for y := range p.cells[top:] {
			p.cells[top+y][m.x] = '┊'
		}
		p.cells[top][m.x] = m.letter
		p.axis[m.x] = '┴'
	}
}

// percentages are the labels of the rows with the axis: as many round numbers
// as there is room for.
func (p *plot) percentages() []string {
	step := 5.0
	for _, s := range []float64{10, 25, 50} {
		if (100-p.low)/step > float64(p.rows)/2 {
			step = s
		}
	}
	labels := make([]string, p.rows)
	for y := range labels {
		labels[y] = strings.Repeat(" ", curveMargin-1) + "│"
	}
	for v := 100.0; v >= p.low; v -= step {
		number := strconv.Itoa(int(v))
		labels[p.row(v)] = strings.Repeat(" ", curveMargin-3-len(number)) + number + "% ┤"
	}
	return labels
}

// days is the line below the axis: its two ends and, where there is room, the
// marked days.
func (p *plot) days(today, due float64) string {
	line := []rune(strings.Repeat(" ", p.columns))
	put := func(x int, text string) {
		x = max(0, min(x, p.columns-len(text)))
		for i := x - 1; i <= x+len(text); i++ {
			if i >= 0 && i < p.columns && line[i] != ' ' {
				return
			}
		}
		copy(line[x:], []rune(text))
	}
	put(0, "0")
	put(p.columns, inDays(p.span))
	now, then := p.marked(today, due)
	for _, m := range []struct {
		x    int
		days float64
	}{{now, today}, {then, due}} {
		if text := dayCount(m.days); m.x >= 0 {
			put(m.x-ansi.StringWidth(text)/2, text)
		}
	}
	return string(line)
}

// inDays writes a number of days with the unit.
func inDays(days float64) string {
	if text := dayCount(days); text != "1" {
		return text + " days"
	}
	return "1 day"
}

// dayCount writes a number of days; below ten with one decimal where that says
// more.
func dayCount(days float64) string {
	if whole := math.Round(days); days >= 10 || math.Abs(days-whole) < 0.05 {
		return strconv.FormatFloat(whole, 'f', 0, 64)
	}
	return strconv.FormatFloat(days, 'f', 1, 64)
}
