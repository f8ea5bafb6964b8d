package field

import (
	"bytes"
	"html"
	"slices"
	"strings"

	"etch/deck"

	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/util"
)

// mdParser reads the Markdown that [deck.Render] reads. It holds no state
// between calls and may be shared.
var mdParser = parser.NewParser(
	parser.WithBlockParsers(parser.DefaultBlockParsers()...),
	parser.WithInlineParsers(append(parser.DefaultInlineParsers(),
		util.Prioritized(extension.NewTaskCheckBoxParser(), 0),
		util.Prioritized(extension.NewStrikethroughParser(), 500),
		util.Prioritized(extension.NewLinkifyParser(), 999),
	)...),
	parser.WithParagraphTransformers(append(parser.DefaultParagraphTransformers(),
		util.Prioritized(extension.NewTableParagraphTransformer(), 200),
	)...),
)

// What the parser sees in place of the sentinels: brackets of another kind,
// equally long, so that emphasis beside a deletion is recognised as it would
// be beside the author's brackets.
const (
	openMark  = "⁅"
	closeMark = "⁆"
)

// sentinelLen is the length of a sentinel in bytes.
const sentinelLen = len(openMark)

// manuscript is Markdown made ready for the parser, and where its deletions
// stand. That a piece of text is deleted is seen from where it stands, whatever
// encloses it.
type manuscript struct {
	text      []byte
	deletions []extent // with their sentinels
	index     []int    // of each deletion in the text's numbering
}

// extent is a range of bytes.
type extent struct{ start, stop int }

// newManuscript finds the balanced pairs of sentinels. One without its partner
// counts for nothing, but the numbering of [deck.Deletions] counts each Open.
func newManuscript(md string) manuscript {
	m := manuscript{text: []byte(md)}
	open, opens := -1, 0
	for i, r := range md {
		switch {
		case r == deck.Open:
			open = i
			opens++
		case r == deck.Close && open >= 0:
			m.deletions = append(m.deletions, extent{open, i + sentinelLen})
			m.index = append(m.index, opens)
			open = -1
		}
	}
	m.text = bytes.ReplaceAll(m.text, []byte(string(deck.Open)), []byte(openMark))
	m.text = bytes.ReplaceAll(m.text, []byte(string(deck.Close)), []byte(closeMark))
	m.dropLonely([]byte(md))
	return m
}

// dropLonely makes a sentinel without its partner invisible. Its place must
// stay taken, as offsets point behind it.
func (m manuscript) dropLonely(md []byte) {
	for i := 0; i+sentinelLen <= len(md); i++ {
		r := string(md[i : i+sentinelLen])
		if r != string(deck.Open) && r != string(deck.Close) {
			continue
		}
		d := m.deletionIndex(i)
		if d >= 0 && (m.deletions[d].start == i || m.deletions[d].stop == i+sentinelLen) {
			continue
		}
		copy(m.text[i:], zeroWidth)
	}
}

// zeroWidth is as long as a sentinel and is dropped from all text.
const zeroWidth = "\u200b"

// deletionIndex returns which of the deletions the byte at an offset belongs
// to, or -1.
func (m manuscript) deletionIndex(offset int) int {
	i, _ := slices.BinarySearchFunc(m.deletions, offset, func(d extent, at int) int {
		if d.stop <= at {
			return -1
		}
		return 1
	})
	if i < len(m.deletions) && m.deletions[i].start <= offset {
		return i
	}
	return -1
}

// deletionAt returns the number, from 1, of the deletion that the byte at an
// offset belongs to, or 0.
func (m manuscript) deletionAt(offset int) int {
	if i := m.deletionIndex(offset); i >= 0 {
		return m.index[i]
	}
	return 0
}

// each calls fn for the stretches of text between two offsets, each wholly
// inside or wholly outside of a deletion, with its number or 0. Sentinels are
// left out.
func (m manuscript) each(start, stop int, fn func(text string, del int)) {
	for pos := start; pos < stop; {
		i := m.deletionIndex(pos)
		if i >= 0 {
			d := m.deletions[i]
			from, to := max(pos, d.start+sentinelLen), min(stop, d.stop-sentinelLen)
			fn(m.slice(from, max(from, to)), m.index[i])
			pos = d.stop
			continue
		}
		next := stop
		if i := m.nextDeletion(pos); i < len(m.deletions) {
			next = min(stop, m.deletions[i].start)
		}
		fn(m.slice(pos, next), 0)
		pos = next
	}
}

func (m manuscript) slice(from, to int) string {
	return strings.ReplaceAll(string(m.text[from:to]), zeroWidth, "")
}

// nextDeletion returns which deletion is the first at or after an offset.
func (m manuscript) nextDeletion(offset int) int {
	i, _ := slices.BinarySearchFunc(m.deletions, offset, func(d extent, at int) int { return d.start - at })
	return i
}

// decode resolves backslash escapes and entities, as [deck.Render] does.
func decode(s string) string {
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

// Limits on what is parsed as Markdown, those of [deck.Render]: beyond them it
// draws the text as it was written.
const (
	maxMarkers    = 32   // of quotes and lists at the start of one line
	maxIndent     = 240  // bytes of blanks and markers at the start of one line
	maxDelimiters = 2000 // of emphasis, between two blank lines
	maxBrackets   = 1000 // between two blank lines
	maxCells      = 500  // of a table, that need no text
	maxBlanks     = 1000 // bytes of indentation times blank lines after it
)

// unruly reports whether parsing the text could take very long.
func unruly(src []byte) bool {
	var size, lines, indent, delimiters, brackets, columns, blanks, depth int
	for line := range bytes.Lines(src) {
		start := bytes.TrimSuffix(line, []byte("\n"))
		rest := bytes.TrimLeft(start, " \t>-+*.)0123456789")
		start = start[:len(start)-len(rest)]
		if markerCount(start) > maxMarkers {
			return true
		}
		if len(rest) == 0 {
			start = nil // nothing but marks: a rule or an empty line
		}
		if len(start) > maxIndent {
			return true
		}
		if len(bytes.TrimSpace(line)) == 0 {
			if lines > 0 {
				depth = indent
			}
			size, lines, indent, delimiters, brackets, columns = 0, 0, 0, 0, 0, 0
			blanks += depth
			continue
		}
		size += len(line)
		lines++
		indent = max(indent, len(start))
		delimiters += bytes.Count(line, []byte("*")) + bytes.Count(line, []byte("_")) + bytes.Count(line, []byte("~"))
		brackets += bytes.Count(line, []byte("["))
		columns = max(columns, bytes.Count(line, []byte("|")))
		if delimiters > maxDelimiters || brackets > maxBrackets || lines*columns > 4*size+maxCells {
			return true
		}
	}
	return blanks > 16*len(src)+maxBlanks
}

// markerCount counts the container markers of a line's start.
func markerCount(start []byte) int {
	n := bytes.Count(start, []byte(">"))
	for i, c := range start[:max(0, len(start)-1)] {
		if bytes.IndexByte([]byte("-+*.)"), c) >= 0 && (start[i+1] == ' ' || start[i+1] == '\t') {
			n++
		}
	}
	return n
}
