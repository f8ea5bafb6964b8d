package deck

import (
	"regexp"
	"strings"
)

// srcLine is one line of a file.
type srcLine struct {
	no     int    // from 1
	text   string // without the line end
	fenced bool   // part of a code block between fences: no marker counts
}

// splitLines cuts text into lines. A line end at the end of the text begins no
// further line.
func splitLines(text string) []srcLine {
	if text == "" {
		return nil
	}
	parts := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	lines := make([]srcLine, len(parts))
	for i, p := range parts {
		lines[i] = srcLine{no: i + 1, text: p}
	}
	return lines
}

func isBlank(text string) bool { return strings.TrimSpace(text) == "" }

// fence is what an opening fence asks of the line that closes it.
type fence struct {
	mark   byte // '`' or '~'
	length int  // at least as many marks
	indent int  // at most three more blanks
}

// markFences marks the lines between code fences, fences included, and returns
// the index of a fence that is never closed, or -1. A fence on the line of a
// marker, such as "A: ```", leaves that line unmarked.
func markFences(lines []srcLine) (unclosed int) {
	var open fence
	unclosed = -1
	for i := range lines {
		text := lines[i].text
		if unclosed >= 0 {
			lines[i].fenced = true
			if open.closedBy(text) {
				unclosed = -1
			}
			continue
		}
		m, rest := marker(text)
		if m != 0 {
			text = rest
		}
		if f, ok := openFence(text); ok {
			open, unclosed = f, i
			lines[i].fenced = m == 0
		}
	}
	return unclosed
}

// listMark is what may stand before a fence on its line: the mark of the list
// item that holds the code.
var listMark = regexp.MustCompile(`^[ \t]*(?:[-*+]|[0-9]{1,9}[.)])[ \t]+`)

// openFence reports whether text opens a fenced code block, at any
// indentation, because the block may belong to a list.
func openFence(text string) (fence, bool) {
	if m := listMark.FindString(text); m != "" {
		text = strings.Repeat(" ", len(m)) + text[len(m):]
	}
	f, rest := fenceRun(text)
	if f.length < 3 || f.mark == '`' && strings.Contains(rest, "`") {
		return fence{}, false
	}
	return f, true
}

// closedBy reports whether text is the line that closes the fence.
func (f fence) closedBy(text string) bool {
	c, rest := fenceRun(text)
	return c.mark == f.mark && c.length >= f.length && c.indent <= f.indent+3 && isBlank(rest)
}

// fenceRun returns the run of backticks or tildes that text begins with after
// its indentation, and what follows.
func fenceRun(text string) (f fence, rest string) {
	rest = strings.TrimLeft(text, " \t")
	f.indent = len(text) - len(rest)
	if rest == "" || rest[0] != '`' && rest[0] != '~' {
		return f, rest
	}
	f.mark = rest[0]
	run := strings.TrimLeft(rest, rest[:1])
	f.length = len(rest) - len(run)
	return f, run
}

// marker returns the letter of the marker that text begins with and what
// follows it without leading blanks, or 0. A Windows path is no marker.
func marker(text string) (letter byte, rest string) {
	if len(text) < 2 || text[1] != ':' {
		return 0, ""
	}
	rest = text[2:]
	switch text[0] {
	case 'C':
		if strings.HasPrefix(rest, `\`) || strings.HasPrefix(rest, "/") {
			return 0, ""
		}
	case 'Q', 'A':
	default:
		return 0, ""
	}
	return text[0], strings.TrimLeft(rest, " \t")
}

// unescapeMarker turns a literal marker, Q\: A\: or C\: at the start of a
// line, into the text that it stands for.
func unescapeMarker(text string) string {
	if len(text) >= 3 && text[1] == '\\' && text[2] == ':' && strings.IndexByte("QAC", text[0]) >= 0 {
		return text[:1] + text[2:]
	}
	return text
}

// cutHeading returns the text and the level of a heading, or level 0. A line
// of # alone states nothing and is text.
func cutHeading(text string) (heading string, level int) {
	rest := strings.TrimLeft(text, "#")
	level = len(text) - len(rest)
	if level < 1 || level > 6 || !strings.HasPrefix(rest, " ") && !strings.HasPrefix(rest, "\t") {
		return "", 0
	}
	heading = strings.TrimSpace(rest)
	// Markdown lets a heading end with a run of #.
	if cut := strings.TrimRight(heading, "#"); strings.TrimRight(cut, " \t") != cut || cut == "" {
		heading = strings.TrimSpace(cut)
	}
	if heading == "" {
		return "", 0
	}
	return heading, level
}

const (
	emphasis = "*_"
	// colons are the colon and what input methods type in its place.
	colons = ":：﹕∶"
)

// markerWords are what people write where a marker belongs, the long forms
// first.
var markerWords = []string{"question", "answer", "cloze", "q", "a", "c"}

// lookAlike returns the letter of the marker that text seems to be meant for
// and the text that looks like it, or 0. Outside cards any case counts; inside
// a card only upper case, since there text is to be expected. Never call it
// with a line that begins with a marker.
func lookAlike(text string, inCard bool) (letter byte, found string) {
	rest := strings.TrimLeft(text, " ")
	if len(text)-len(rest) > 3 { // an indented code block
		return 0, ""
	}
	rest = strings.TrimLeft(rest, emphasis)
	word := markerWord(rest)
	if word == "" || inCard && (rest[0] < 'A' || rest[0] > 'Z') {
		return 0, ""
	}
	if word == "cloze" && !strings.Contains(rest, "[") { // a word of prose
		return 0, ""
	}
	letter = word[0] - 'a' + 'A'
	rest = strings.TrimLeft(rest[len(word):], emphasis)
	colon, after, ok := cutColon(strings.TrimLeft(rest, " \t"))
	if !ok {
		// "Q. Why?" is a question; "A. Smith" and "C. elegans" are names, and
		// an answer "A." is found by its question.
		after, ok = strings.CutPrefix(rest, ".")
		after = strings.TrimLeft(after, emphasis)
		if !ok || word != "q" || after != "" && after[0] != ' ' && after[0] != '\t' {
			return 0, ""
		}
	}
	if colon == ":" && strings.HasPrefix(after, ":") { // front::back, or std::
		return 0, ""
	}
	if word == "c" && (strings.HasPrefix(after, `\`) || strings.HasPrefix(after, "/")) { // c:\temp
		return 0, ""
	}
	end := len(text) - len(strings.TrimLeft(after, emphasis))
	return letter, text[:end]
}

// markerWord returns the marker word that text begins with, in any case, as it
// stands in markerWords, or "".
func markerWord(text string) string {
	for _, w := range markerWords {
		if len(text) >= len(w) && strings.EqualFold(text[:len(w)], w) {
			return w
		}
	}
	return ""
}

// cutColon cuts a colon of any sort off the start of text.
func cutColon(text string) (colon, after string, ok bool) {
	for _, c := range colons {
		if after, ok := strings.CutPrefix(text, string(c)); ok {
			return string(c), after, true
		}
	}
	return "", "", false
}

// lookAlikeHint says how to write the marker, or the text.
func lookAlikeHint(letter byte, found string) string {
	text := string(letter) + `\:`
	if strings.HasSuffix(strings.TrimRight(found, emphasis), ".") {
		text = string(letter) + `\.`
	}
	return "for a card write " + string(letter) + ": at the start of the line; for plain text write " + text
}

// splitOneLine cuts a line at its first "::" outside code spans. Indented code
// and the ":::" of a container block are no cards.
func splitOneLine(text string) (front, back string, ok bool) {
	if strings.HasPrefix(text, "    ") || strings.HasPrefix(text, "\t") ||
		strings.HasPrefix(strings.TrimLeft(text, " "), ":::") || !strings.Contains(text, "::") {
		return "", "", false
	}
	ticks := indexTicks(text)
	for i := 0; i < len(text); {
		switch {
		case text[i] == '`':
			i = ticks.skip(i)
		case strings.HasPrefix(text[i:], "::"):
			return text[:i], text[i+2:], true
		default:
			i++
		}
	}
	return "", "", false
}
