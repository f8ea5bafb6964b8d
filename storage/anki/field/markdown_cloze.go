package field

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"etch/deck"

	"golang.org/x/net/html"
)

// cloze is one {{c1::text::hint}} of a field.
type cloze struct {
	opening string // as it was written
	numbers []int  // none if it is no cloze to Anki
	hint    string
	closed  bool
}

// deletions knows the clozes of a field and which of them are open at a place.
// A group is the clozes that a stretch of text belongs to.
type deletions struct {
	clozes []cloze
	open   []int   // indexes into clozes
	groups [][]int // of them, by group less 1
	group  int     // of the place, 0 for none
}

// opening matches the start of a cloze.
var opening = lazily(`^\{\{c([0-9]{1,5}(?:,[0-9]{1,5})*)::`)

// openCloze is a cloze whose end has not been met.
type openCloze struct {
	index   int
	content int // where in the output it begins
	hint    int // where in the output its hint begins, or -1
}

// occlusion is how the text of a picture with hidden parts begins.
const occlusion = "image-occlusion:"

// scanClozes replaces the marks of clozes by marker characters. Anki looks for
// them in the source, before it is HTML, and so do we.
func (r *reader) scanClozes(field string) string {
	out := make([]byte, 0, len(field))
	var stack []openCloze
	for i := 0; i < len(field); {
		top := len(stack) - 1
		rest := field[i:]
		switch {
		case strings.HasPrefix(rest, "{{c"):
			m := opening().FindStringSubmatch(rest[:min(len(rest), 200)])
			if m == nil || len(r.deletions.clozes) >= maxDeletion {
				if m != nil {
					r.note(noteManyClozes)
				}
				out = append(out, rest[0])
				i++
				continue
			}
			index := len(r.deletions.clozes)
			r.deletions.clozes = append(r.deletions.clozes, cloze{opening: m[0], numbers: numbers(m[1])})
			stack = append(stack, openCloze{index, len(out), -1})
			out = utf8.AppendRune(out, clozeOpen+rune(index))
			i += len(m[0])
		case top >= 0 && strings.HasPrefix(rest, "}}"):
			out = r.endCloze(out, stack[top])
			stack = stack[:top]
			i += 2
		case top >= 0 && stack[top].hint < 0 && strings.HasPrefix(rest, "::"):
			stack[top].hint = len(out)
			out = append(out, "::"...)
			i += 2
		default:
			out = append(out, rest[0])
			i++
		}
	}
	return string(out)
}

// endCloze ends a cloze in the output, whose hint is taken off.
func (r *reader) endCloze(out []byte, o openCloze) []byte {
	c := &r.deletions.clozes[o.index]
	if strings.HasPrefix(string(out[o.content:]), string(rune(clozeOpen+o.index))+occlusion) {
		r.note(noteOcclusion)
		return out[:o.content]
	}
	if o.hint >= 0 {
		c.hint = hintText(string(out[o.hint+2:]))
		out = out[:o.hint]
	}
	c.closed = true
	return utf8.AppendRune(out, clozeClose+rune(o.index))
}

// numbers reads a list of cloze numbers, ascending and without those that make
// no card.
func numbers(list string) []int {
	var out []int
	for s := range strings.SplitSeq(list, ",") {
		if n, err := strconv.Atoi(s); err == nil && n > 0 && n < 1<<16 {
			out = append(out, n)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// hintText returns a hint without its markup, on one line.
func hintText(hint string) string {
	var b strings.Builder
	z := html.NewTokenizer(strings.NewReader(hint))
	for z.Next() != html.ErrorToken {
		if t := z.Token(); t.Type == html.TextToken {
			b.WriteString(t.Data)
		}
	}
	text := strings.Map(withoutMarkers, deck.CleanLine(b.String()))
	return strings.Join(strings.Fields(text), " ")
}

// marker follows a marker character. One of a cloze that is never closed is
// the text that it was made from.
func (d *deletions) marker(c rune) (literal string) {
	switch {
	case c >= clozeOpen && int(c-clozeOpen) < len(d.clozes):
		i := int(c - clozeOpen)
		if !d.clozes[i].closed {
			return d.clozes[i].opening
		}
		if len(d.clozes[i].numbers) > 0 && !slices.Contains(d.open, i) {
			d.enter(append(slices.Clip(d.open), i))
		}
	case c >= clozeClose && int(c-clozeClose) < len(d.clozes):
		i := int(c - clozeClose)
		if at := slices.Index(d.open, i); at >= 0 {
			d.enter(slices.Delete(slices.Clone(d.open), at, at+1))
		}
	}
	return ""
}

// enter begins a new group.
func (d *deletions) enter(open []int) {
	d.open, d.group = open, 0
	if len(open) > 0 && len(d.groups) < 0x7000 {
		d.groups = append(d.groups, open)
		d.group = len(d.groups)
	}
}

// source replaces the sentinels in Markdown by brackets, and the group marks
// behind them by what the brackets alone do not say. parted tells whether a
// deletion came out in several pieces, n how many pieces there are.
func (d *deletions) source(md string) (out string, parted bool, n int) {
	pieces := d.pieces(md)
	uses, clozes := map[int]int{}, map[int]int{}
	for _, group := range pieces {
		for _, i := range d.groups[group] {
			clozes[i]++
			parted = parted || clozes[i] > 1
		}
		for _, number := range d.numbers(group) {
			uses[number]++
		}
	}
	a := attributes{deletions: d, uses: uses, seen: map[int]bool{}, hinted: map[int]bool{}}
	var b strings.Builder
	for _, r := range md {
		switch {
		case r == deck.Open:
			b.WriteByte('[')
		case r == deck.Close:
			b.WriteByte(']')
		case r >= groupMark:
			b.WriteString(a.of(int(r - groupMark)))
		default:
			b.WriteRune(r)
		}
	}
	return b.String(), parted, len(pieces)
}

// pieces returns the groups of the deletions in Markdown, in text order.
func (d *deletions) pieces(md string) []int {
	var out []int
	for _, r := range md {
		if r >= groupMark {
			out = append(out, int(r-groupMark))
		}
	}
	return out
}

// numbers returns the numbers of the cards that a group is hidden on.
func (d *deletions) numbers(group int) []int {
	var out []int
	for _, i := range d.groups[group] {
		out = append(out, d.clozes[i].numbers...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// attributes writes the attribute blocks of deletions, from the first on.
type attributes struct {
	deletions *deletions
	uses      map[int]int  // how many deletions have a number
	seen      map[int]bool // numbers of the deletions so far
	hinted    map[int]bool // clozes whose hint has been written
}

// of returns the attribute block of the next deletion, or "".
func (a *attributes) of(group int) string {
	numbers := a.deletions.numbers(group)
	natural := len(numbers) == 1 && a.uses[numbers[0]] == 1 && numbers[0] == len(a.seen)+1
	var parts []string
	if !natural {
		texts := make([]string, len(numbers))
		for i, n := range numbers {
			texts[i] = strconv.Itoa(n)
		}
		parts = append(parts, "c="+strings.Join(texts, ","))
	}
	for _, n := range numbers {
		a.seen[n] = true
	}
	if hint := a.hint(group); hint != "" {
		parts = append(parts, fmt.Sprintf(`hint="%s"`, strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(hint)))
	}
	if parts == nil {
		return ""
	}
	return "{" + strings.Join(parts, " ") + "}"
}

// hint returns the hint of the innermost cloze that still has to show one.
func (a *attributes) hint(group int) string {
	for _, i := range slices.Backward(a.deletions.groups[group]) {
		if hint := a.deletions.clozes[i].hint; hint != "" && !a.hinted[i] {
			a.hinted[i] = true
			return hint
		}
	}
	return ""
}
