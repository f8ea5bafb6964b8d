package deck

import (
	"strings"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
)

// character returns the bytes and the columns of the first character, as a
// reader sees it, of s, which is not empty.
func character(s string) (size, columns int) {
	if s[0] < utf8.RuneSelf && (len(s) == 1 || s[1] < utf8.RuneSelf) {
		return 1, 1
	}
	c, columns := ansi.FirstGraphemeCluster(s, ansi.GraphemeWidth)
	return len(c), columns
}

// columnsOf returns the columns that s takes on a screen.
func columnsOf(s string) int {
	columns := 0
	for s != "" {
		size, n := character(s)
		columns += n
		s = s[size:]
	}
	return columns
}

// breaker finds where the lines of a text end.
type breaker struct {
	flow  *flow
	text  string
	width int
	lines []extent

	start   int  // of the line
	columns int  // of the line so far
	word    spot // the last place between words
	part    spot // the last place after punctuation in a word
	loose   spot // the last place between the words of a code span that is kept on one line
	next    int  // where the stretch ends that the last character is of
	kept    int  // where the last code span ends that is kept on one line
	wide    bool // the last character is wide
	inked   bool // the line holds more than blanks
}

// maxKept is the widest code span that is kept on one line: what goes down with
// it leaves a hole.
const maxKept = 40

// lineClosers do not begin a line where wide characters may break it.
const lineClosers = "、。，．：；！？）］｝」』】〉》ー々…’”,.:;!?)]}"

// spot is a place in the line at which it may be broken, and the columns in
// front of it. One that is not after the line's start stands for no place.
type spot struct{ at, columns int }

// wrap returns the lines of at most width columns that text breaks into, the
// blanks between two lines belonging to the first. Lines break at blanks and
// beside wide characters, in a word only if it is too long for a line, and
// then rather after punctuation. A short code span is a word.
func wrap(f *flow, width int) []extent {
	text := f.text()
	b := breaker{flow: f, text: text, width: width}
	for pos := 0; pos < len(text); {
		if text[pos] == '\n' {
			b.end(pos)
			pos++
			b.begin(pos, 0)
			continue
		}
		size, columns := character(text[pos:])
		b.take(pos, size, columns)
		pos += size
	}
	b.end(len(text))
	return b.lines
}

// take adds a character to the line, which it may end before it.
func (b *breaker) take(pos, size, columns int) {
	c := b.text[pos : pos+size]
	inside := pos < b.kept
	b.enter(pos)
	if c == " " { // may hang over the edge, where it is not seen
		b.columns++
		b.wide = false
		if b.inked { // a line of nothing but its indentation helps nobody
			b.mayEnd(pos+1, pos < b.kept)
		}
		return
	}
	if (columns > 1 || b.wide) && !strings.Contains(lineClosers, c) {
		b.mayEnd(pos, inside)
	}
	if b.columns+columns > b.width {
		b.breakBefore(pos, columns)
	}
	b.columns += columns
	b.wide, b.inked = columns > 1, true
	if strings.Contains("/-_.,;:?&=", c) {
		b.part = spot{pos + size, b.columns}
	}
}

// enter notes, at the start of a short code span, that it is to be kept on one
// line.
func (b *breaker) enter(pos int) {
	if pos < b.next {
		return
	}
	s := b.flow.stretches[b.flow.stretchAfter(pos)]
	b.next = s.stop
	if s.role == Code && columnsOf(b.text[pos:s.stop]) <= min(maxKept, b.width/2) {
		b.kept = s.stop
	}
}

// mayEnd notes a place at which the line may end; in a code span that is to be
// kept, only if nothing else helps.
func (b *breaker) mayEnd(at int, kept bool) {
	if kept {
		b.loose = spot{at, b.columns}
	} else {
		b.word = spot{at, b.columns}
	}
}

// breakBefore ends the line so that a character at pos has room.
func (b *breaker) breakBefore(pos, columns int) {
	if b.word.at > b.start {
		b.cut(b.word)
	}
	if b.columns+columns > b.width && b.loose.at > b.start {
		b.cut(b.loose)
	}
	if b.columns+columns <= b.width {
		return
	}
	if b.part.at > b.start && b.part.columns > b.width/2 {
		b.cut(b.part)
	} else {
		b.cut(spot{pos, b.columns})
	}
}

// cut ends the line at a spot, and what follows begins the next one.
func (b *breaker) cut(s spot) {
	b.end(s.at)
	b.begin(s.at, b.columns-s.columns)
	b.part.columns -= s.columns
	b.loose.columns -= s.columns
}

func (b *breaker) end(at int) { b.lines = append(b.lines, extent{b.start, at}) }

func (b *breaker) begin(at, columns int) {
	b.start, b.columns, b.inked = at, columns, columns > 0
}
