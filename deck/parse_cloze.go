package deck

import (
	"regexp"
	"strings"
	"unicode"
)

// span is a deletion: the offsets of its "[" and its "]", and the end of the
// attributes behind it.
type span struct{ open, close, end int }

// fault is a problem at an offset of a text.
type fault struct {
	at        int
	msg, hint string
}

const escapeHint = `write \[ and \] for brackets that are text`

var (
	nestedFault    = fault{msg: "deletion inside a deletion", hint: escapeHint}
	openFault      = fault{msg: "deletion is not closed", hint: "add the ], or " + escapeHint}
	strayFault     = fault{msg: "] without a [", hint: escapeHint}
	emptyFault     = fault{msg: "empty deletion", hint: "put the words to recall between the brackets"}
	taskFault      = fault{msg: "task-list box in a cloze", hint: escapeHint}
	attrFault      = fault{msg: "faulty attributes of a deletion", hint: `write {c=2}, {c=1,3}, {hint="..."} or {c=2 hint="..."}, or \{ for a brace that is text`}
	footnoteFault  = fault{msg: "footnote mark in a cloze", hint: escapeHint}
	footnoteText   = regexp.MustCompile(`^\^[^\s\[\]]+$`)
	taskListPrefix = regexp.MustCompile(`(?:^|\n)[ \t]*(?:[-*+]|[0-9]{1,9}[.)])[ \t]+$`)
)

func (f fault) in(at int) fault {
	f.at = at
	return f
}

// cloze returns the text of a cloze with each deletion between [Open] and
// [Close]. line is where to report a card without any.
func (s *scanner) cloze(lines side, line int) string {
	if len(lines) == 0 {
		s.report(line, "write its text after the C:, with the words to recall in [brackets]", "the cloze is empty")
		return ""
	}
	before := len(s.list)
	var text string
	var deletions int
	if s.post.Dialect == DeckDialect {
		text, deletions = s.deckCloze(lines)
	} else {
		text, deletions = s.postCloze(lines)
	}
	if deletions == 0 && len(s.list) == before {
		s.report(line, "put the words to recall in [brackets]", "cloze without a deletion")
	}
	return text
}

// postCloze finds the deletions of a post's cloze paragraph by paragraph, since
// a deletion, like any other inline Markdown, ends with its paragraph.
func (s *scanner) postCloze(lines side) (text string, deletions int) {
	var b strings.Builder
	for i := 0; i < len(lines); {
		if i > 0 {
			b.WriteByte('\n')
		}
		if lines[i].opaque() {
			b.WriteString(lines[i].text)
			i++
			continue
		}
		end := i + 1
		for end < len(lines) && !lines[end].opaque() {
			end++
		}
		par := lines[i:end].text()
		spans, faults := scanInline(par)
		s.faults(par, lines[i].no, faults)
		enclose(&b, par, spans)
		deletions += len(spans)
		i = end
	}
	return b.String(), deletions
}

// opaque reports whether the line belongs to no paragraph.
func (l srcLine) opaque() bool { return l.fenced || isBlank(l.text) }

// faults reports what is wrong in a text that begins at the given line.
func (s *scanner) faults(text string, line int, faults []fault) {
	at := 0
	for _, f := range faults {
		if f.at < at { // an unclosed bracket is found last
			line, at = line-strings.Count(text[f.at:at], "\n"), f.at
		}
		line += strings.Count(text[at:f.at], "\n")
		at = f.at
		s.report(line, f.hint, "%s", f.msg)
	}
}

// enclose writes text with the brackets of the spans replaced by sentinels.
func enclose(b *strings.Builder, text string, spans []span) {
	at := 0
	for _, d := range spans {
		b.WriteString(text[at:d.open])
		b.WriteRune(Open)
		b.WriteString(text[d.open+1 : d.close])
		if d.end > d.close+1 {
			b.WriteRune(Attrs)
			b.WriteString(text[d.close+1 : d.end])
		}
		b.WriteRune(Close)
		at = d.end
	}
	b.WriteString(text[at:])
}

// deckCloze finds the deletions as hashcards does: every pair of brackets that
// is no image, in code or not, and a backslash before a bracket makes it text
// and is dropped. Where hashcards guesses, at nested and lonely brackets, it
// reports.
func (s *scanner) deckCloze(lines side) (text string, deletions int) {
	src := lines.text()
	var b strings.Builder
	var faults []fault
	depth := 0 // of open brackets
	open := 0  // offset of the outermost one
	inner := 0 // length of b where its text begins
	for i := 0; i < len(src); i++ {
		switch c := src[i]; {
		case strings.HasPrefix(src[i:], "!["):
			end := i + 1 + strings.IndexByte(src[i:], ']')
			if end == i {
				end = len(src)
			}
			b.WriteString(src[i:end])
			i = end - 1
		case c == '\\' && i+1 < len(src) && (src[i+1] == '[' || src[i+1] == ']'):
			i++
			b.WriteByte(src[i])
		case c == '[':
			if depth++; depth == 1 {
				open = i
				b.WriteRune(Open)
				inner = b.Len()
			} else if depth == 2 {
				faults = append(faults, nestedFault.in(open))
			}
		case c == ']' && depth == 0:
			faults = append(faults, strayFault.in(i))
		case c == ']':
			if depth--; depth > 0 {
				continue
			}
			if isBlank(b.String()[inner:]) {
				faults = append(faults, emptyFault.in(open))
			}
			b.WriteRune(Close)
			deletions++
		default:
			b.WriteByte(c)
		}
	}
	if depth > 0 {
		if n := len(faults); n > 0 && faults[n-1].at == open {
			faults = faults[:n-1] // one complaint about this bracket is enough
		}
		faults = append(faults, openFault.in(open))
	}
	s.faults(src, lines[0].no, faults)
	return b.String(), deletions
}

// opener is a bracket whose partner has not been met, with what had been found
// before it.
type opener struct {
	at    int
	image bool
	// how many there were when it was met
	spans, nested, problems int
}

// inline finds the deletions of one paragraph of a post.
type inline struct {
	text   string
	ticks  ticks
	parens map[int]int // offset of each "](" parenthesis to that of its partner
	stack  []opener
	spans  []span
	nested []int // offsets of deletions that hold others
	faults []fault
}

// scanInline returns the deletions of a paragraph in text order. Code spans,
// links, images and escaped characters are opaque.
func scanInline(text string) ([]span, []fault) {
	if !strings.ContainsAny(text, "[]") {
		return nil, nil
	}
	in := &inline{text: text, ticks: indexTicks(text), parens: matchParens(text)}
	for i := 0; i < len(text); {
		switch text[i] {
		case '\\':
			i += 2 // at a multi-byte rune the rest of it is skipped by default
		case '`':
			i = in.ticks.skip(i)
		case '<':
			i += max(1, autolink(text[i:]))
		case '!':
			if i++; strings.HasPrefix(text[i:], "[") {
				in.push(i, true)
				i++
			}
		case '[':
			in.push(i, false)
			i++
		case ']':
			i = in.close(i)
		default:
			i++
		}
	}
	for _, o := range in.stack {
		if !o.image {
			in.faults = append(in.faults, openFault.in(o.at))
			break // the others follow from it
		}
	}
	for _, at := range in.nested {
		in.faults = append(in.faults, nestedFault.in(at))
	}
	return in.spans, in.faults
}

func (in *inline) push(at int, image bool) {
	in.stack = append(in.stack, opener{at, image, len(in.spans), len(in.nested), len(in.faults)})
}

// close decides what the bracket that ends at offset at is, and returns the
// offset to go on from.
func (in *inline) close(at int) int {
	if len(in.stack) == 0 {
		in.faults = append(in.faults, strayFault.in(at))
		return at + 1
	}
	o := in.stack[len(in.stack)-1]
	in.stack = in.stack[:len(in.stack)-1]
	after := at + 1
	target, isLink := in.parens[after]
	switch {
	case isLink:
		in.forget(o)
		return target + 1
	case o.image:
		in.forget(o)
		if strings.HasPrefix(in.text[after:], "[") { // ![alt][ref]
			if n := strings.IndexByte(in.text[after:], ']'); n >= 0 {
				return after + n + 1
			}
		}
	case strings.HasPrefix(in.text[after:], "("):
		// neither a link nor, by the grammar, a deletion
	case len(in.spans) > o.spans || len(in.nested) > o.nested:
		in.forget(o)
		in.nested = append(in.nested, o.at)
	default:
		return in.delete(o.at, at)
	}
	return after
}

// forget drops what was found inside a bracket that turned out to be opaque.
func (in *inline) forget(o opener) {
	in.spans = in.spans[:o.spans]
	in.nested = in.nested[:o.nested]
	in.faults = in.faults[:o.problems]
}

// attributeStart is how attributes begin that are meant as such.
var attributeStart = regexp.MustCompile(`^\{[ \t]*(?:c|hint)[ \t]*=`)

// delete records the deletion between two brackets, with its attributes, and
// returns where they end. It is recorded even where it is wrong, so that the
// card is not called one without a deletion as well.
func (in *inline) delete(open, close int) int {
	text := in.text[open+1 : close]
	switch {
	case len(text) <= 1 && strings.Trim(text, " xX") == "" && in.afterListMark(open):
		in.faults = append(in.faults, taskFault.in(open))
	case isBlank(text):
		in.faults = append(in.faults, emptyFault.in(open))
	case footnoteText.MatchString(text):
		in.faults = append(in.faults, footnoteFault.in(open))
	}
	end, rest := close+1, in.text[close+1:]
	if attrs := attributes.FindString(rest); attrs != "" {
		end += len(attrs)
	} else if attributeStart.MatchString(rest) {
		in.faults = append(in.faults, attrFault.in(end))
	}
	in.spans = append(in.spans, span{open, close, end})
	return end
}

// afterListMark reports whether nothing but a list mark stands before the
// offset on its line.
func (in *inline) afterListMark(at int) bool {
	const window = 40 // bytes; a list mark is short, and the cost must not add up
	from := max(0, at-window)
	before := in.text[from:at]
	loc := taskListPrefix.FindStringIndex(before)
	return loc != nil && (from == 0 || loc[0] > 0 || before[0] == '\n')
}

// matchParens returns the partner of each "(" that follows a "]".
func matchParens(text string) map[int]int {
	if !strings.Contains(text, "](") {
		return nil
	}
	pairs := map[int]int{}
	var stack []int
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '(':
			stack = append(stack, i)
		case ')':
			if len(stack) == 0 {
				continue
			}
			open := stack[len(stack)-1]
			stack = stack[:len(stack)-1]
			if open > 0 && text[open-1] == ']' {
				pairs[open] = i
			}
		}
	}
	return pairs
}

// autolinkStart is the scheme of a link such as <https://example.org/[x]>.
var autolinkStart = regexp.MustCompile(`^<[A-Za-z][A-Za-z0-9+.-]{1,31}:`)

// autolink returns the length of the autolink that text begins with, or 0.
func autolink(text string) int {
	if !autolinkStart.MatchString(text) {
		return 0
	}
	end := strings.IndexFunc(text[1:], func(r rune) bool {
		return r == '<' || r == '>' || unicode.IsSpace(r) || unicode.IsControl(r)
	}) + 1
	if end == 0 || text[end] != '>' {
		return 0
	}
	return end + 1
}

// ticks knows the runs of backticks of a text by their length, so that the end
// of each code span is found in constant time.
type ticks struct {
	text string
	runs map[int][]int // length to offsets, ascending; those behind are dropped
}

// indexTicks finds the runs of backticks.
func indexTicks(text string) ticks {
	t := ticks{text: text}
	for i := strings.IndexByte(text, '`'); i >= 0 && i < len(text); {
		if text[i] != '`' {
			i++
			continue
		}
		n := tickRun(text[i:])
		if t.runs == nil {
			t.runs = map[int][]int{}
		}
		t.runs[n] = append(t.runs[n], i)
		i += n
	}
	return t
}

// skip returns the offset after the code span that begins at offset i, or
// after the run of backticks there when it begins none. Offsets must not
// decrease from call to call.
func (t ticks) skip(i int) int {
	n := tickRun(t.text[i:])
	runs := t.runs[n]
	for len(runs) > 0 && runs[0] < i+n {
		runs = runs[1:]
	}
	t.runs[n] = runs
	if len(runs) == 0 {
		return i + n
	}
	return runs[0] + n
}

// tickRun returns how many backticks text begins with.
func tickRun(text string) int {
	return len(text) - len(strings.TrimLeft(text, "`"))
}
