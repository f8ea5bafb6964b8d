package field

import (
	"fmt"
	"slices"
	"strings"

	"etch/deck"
)

// writer turns blocks into lines of Markdown. In a cloze the deletions stand
// between sentinels, with a group mark behind.
type writer struct {
	links []string
	notes []string
	cloze bool
	left  int // bytes that may still be written
	depth int // of lists and quotes
}

// spend takes a line off what may be written and reports whether there was
// room for it.
func (w *writer) spend(line string) bool {
	w.left -= len(line) + 4*w.depth + 2 // and a blank line, it may be
	if w.left < 0 && !slices.Contains(w.notes, noteLong) {
		w.notes = append(w.notes, noteLong)
	}
	return w.left >= 0
}

// blocks returns the lines of blocks, with a blank line between them unless
// they are tight.
func (w *writer) blocks(blocks []block, tight bool) []string {
	var out []string
	above := "" // the mark of a list right above
	for _, b := range blocks {
		mark := ""
		if b.kind == listBlock {
			mark = w.listMark(b, above)
		}
		lines := w.block(b, mark)
		if len(lines) == 0 {
			continue
		}
		above = mark
		if len(out) > 0 && !tight {
			out = append(out, "")
		}
		out = append(out, lines...)
	}
	return out
}

// block returns the lines of a block. mark is that of a list.
func (w *writer) block(b block, mark string) []string {
	switch b.kind {
	case paraBlock:
		return w.paragraph(b.runs)
	case codeBlock:
		return w.code(b)
	case listBlock:
		return w.list(b, mark)
	case quoteBlock:
		return w.quote(b)
	case tableBlock:
		return w.table(b)
	}
	if !w.spend("***") {
		return nil
	}
	return []string{"***"} // "---" ends a card
}

// code returns a fenced block.
func (w *writer) code(b block) []string {
	ticks := 3
	for _, line := range b.lines {
		ticks = max(ticks, longestRun(line, '`')+1)
	}
	fence := strings.Repeat("`", ticks)
	w.left -= 2 * (len(fence) + 4*w.depth + 2)
	out := []string{fence + b.lang}
	for _, line := range b.lines {
		if !w.spend(line) {
			break
		}
		out = append(out, line)
	}
	if len(out) == 1 {
		return nil
	}
	return append(out, fence)
}

// longestRun returns the length of the longest run of c in text.
func longestRun(text string, c byte) int {
	longest, n := 0, 0
	for i := range len(text) {
		n++
		if text[i] != c {
			n = 0
		}
		longest = max(longest, n)
	}
	return longest
}

func (w *writer) quote(b block) []string {
	w.depth++
	defer func() { w.depth-- }()
	return prefixed(w.blocks(b.blocks, false), "> ", "> ")
}

// prefixed puts first before the first line and rest before the others.
func prefixed(lines []string, first, rest string) []string {
	out := make([]string, len(lines))
	for i, line := range lines {
		prefix := rest
		if i == 0 {
			prefix = first
		}
		out[i] = strings.TrimRight(prefix+line, " ")
		if line != "" {
			out[i] = prefix + line
		}
	}
	return out
}

// list returns a list. The blank line between the items of a loose one is what
// makes it loose.
func (w *writer) list(b block, mark string) []string {
	w.depth++
	defer func() { w.depth-- }()
	loose := b.loose || slices.ContainsFunc(b.items, func(it item) bool { return !tightItem(it) })
	loose = loose && (len(b.items) > 1 || len(b.items[0].blocks) > 1)
	var out []string
	for i, it := range b.items {
		lines := w.item(it, itemMark(b, i, mark), !loose)
		if w.left < 0 {
			break
		}
		if loose && i > 0 {
			out = append(out, "")
		}
		out = append(out, lines...)
	}
	return out
}

// listMark returns the mark of a list that is not that of the list above it:
// two lists with the same mark would be one. Three of the same mark in a line
// would be a rule, so lists whose marks may stand alone take turns.
func (w *writer) listMark(b block, above string) string {
	marks := []string{"-", "+"}
	if b.ordered {
		marks = []string{".", ")"}
	}
	if b.ordered && b.paren || !b.ordered && w.depth%2 == 1 && beginsBare(b) {
		slices.Reverse(marks)
	}
	if marks[0] == above {
		return marks[1]
	}
	return marks[0]
}

// beginsBare reports whether nothing follows the first mark of a list on its
// line but other marks.
func beginsBare(list block) bool {
	blocks := list.items[0].blocks
	return len(blocks) == 0 || blocks[0].kind == codeBlock || blocks[0].kind == listBlock && beginsBare(blocks[0])
}

func itemMark(b block, i int, mark string) string {
	if !b.ordered {
		return mark + " "
	}
	return fmt.Sprintf("%d%s ", min(b.start+i, 999999999), mark)
}

// item returns the lines of a list item. Code begins on a line below the mark:
// deck's parser knows a fence behind one mark, not behind two.
func (w *writer) item(it item, mark string, tight bool) []string {
	lines := w.blocks(it.blocks, tight)
	indent := strings.Repeat(" ", len(mark))
	bare := strings.TrimSpace(mark)
	if len(lines) == 0 {
		w.spend(mark)
		return []string{strings.TrimSpace(bare + " " + it.box)}
	}
	lines[0] = notABox(lines[0])
	if it.box == "" && it.blocks[0].kind == codeBlock {
		return append([]string{bare}, prefixed(lines, indent, indent)...)
	}
	return prefixed(lines, mark+it.box, indent)
}

// notABox keeps a deletion of a lone x at the start of an item from being read
// as a check box.
func notABox(line string) string {
	for _, x := range []string{"x", "X"} {
		box := string(deck.Open) + x + string(deck.Close)
		if rest, ok := strings.CutPrefix(line, box); ok {
			return fmt.Sprintf("%c&#%d;%c%s", deck.Open, x[0], deck.Close, rest)
		}
	}
	return line
}

// tightItem reports whether the blocks of an item can follow one another
// without blank lines.
func tightItem(it item) bool {
	for i := range len(it.blocks) - 1 {
		if !follows(it.blocks[i], it.blocks[i+1]) {
			return false
		}
	}
	return true
}

// follows reports whether a block may stand right below another one.
func follows(above, below block) bool {
	switch above.kind {
	case codeBlock, ruleBlock:
		return true
	case paraBlock:
		return below.kind != paraBlock && below.kind != tableBlock && (below.kind != listBlock || interrupts(below))
	}
	// What these hold would go on in a line of text.
	return below.kind != paraBlock && below.kind != tableBlock && (below.kind != quoteBlock || above.kind != quoteBlock)
}

// interrupts reports whether a list may follow a paragraph's line.
func interrupts(list block) bool {
	first := list.items[0]
	return (!list.ordered || list.start == 1) && len(first.blocks) > 0 && first.blocks[0].kind == paraBlock
}

// table returns a table. Its first row is the header, as there must be one.
func (w *writer) table(b block) []string {
	var out []string
	for i, row := range b.rows {
		line := w.tableRow(row)
		if !w.spend(line) {
			break
		}
		out = append(out, line)
		if i == 0 {
			out = append(out, ruleRow(b.aligns))
		}
	}
	return out
}

func (w *writer) tableRow(row [][]run) string {
	var b strings.Builder
	b.WriteString("|")
	for _, cell := range row {
		b.WriteString(" " + w.cell(cell) + " |")
	}
	return b.String()
}

func ruleRow(aligns []string) string {
	var b strings.Builder
	b.WriteString("|")
	for _, a := range aligns {
		b.WriteString(map[string]string{"left": ":--", "right": "--:", "center": ":-:"}[a])
		if a != "left" && a != "right" && a != "center" {
			b.WriteString("---")
		}
		b.WriteString("|")
	}
	return b.String()
}
