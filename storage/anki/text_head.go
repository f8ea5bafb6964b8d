package anki

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
)

// The columns that are no fields.
const (
	guidColumn = iota
	typeColumn
	deckColumn
	tagsColumn
	textMetaColumns
)

// textColumn is a column that a header line names.
type textColumn struct {
	n    int // 1-based; 0 for none
	line int
}

// textHead is what the header lines say.
type textHead struct {
	sep      byte // 0 when no line says
	html     bool
	saysHTML bool
	tags     []string
	columns  string   // the labels, to be split once the separator is known
	labelled int      // the line of them
	labels   []string // of the columns
	noteType string
	deck     string
	meta     [textMetaColumns]textColumn

	rest string // the rows
	line int    // where they begin
}

// parseTextHead reads the header lines of text.
func parseTextHead(text string, problems *textProblems) (*textHead, error) {
	h := &textHead{rest: text}
	for h.line = 1; h.rest != ""; h.line++ {
		line, rest, _ := strings.Cut(h.rest, "\n")
		header, ok := strings.CutPrefix(line, "#")
		if !ok && h.line == 1 && strings.HasPrefix(line, "tags:") {
			header, ok = line, true
		}
		if !ok {
			break
		}
		if err := h.parseLine(header, problems); err != nil {
			return nil, fmt.Errorf("line %d: %w", h.line, err)
		}
		h.rest = rest
	}
	return h, nil
}

// parseLine takes one header line, without its "#". One that says nothing we
// know is a comment.
func (h *textHead) parseLine(line string, problems *textProblems) error {
	if len(line) > maxTextHeader {
		return fmt.Errorf("a header line is over %d KiB", maxTextHeader>>10)
	}
	key, value, _ := strings.Cut(line, ":")
	key = strings.Join(strings.Fields(strings.ToLower(key)), " ")
	switch key {
	case "separator":
		if h.sep = parseTextSeparator(value); h.sep == 0 {
			problems.add("line %d: separator %s is unknown, ignored", h.line, textQuote(value))
		}
	case "html":
		h.parseHTML(value, problems)
	case "tags":
		h.tags = strings.Fields(value)
	case "columns":
		h.columns, h.labelled = value, h.line
	case "notetype":
		return setTextName(&h.noteType, value)
	case "deck":
		return setTextName(&h.deck, value)
	case "if matches", "match scope":
		problems.add("line %d: %q is ignored", h.line, key)
	case "guid column":
		return h.parseColumn(guidColumn, value)
	case "notetype column":
		return h.parseColumn(typeColumn, value)
	case "deck column":
		return h.parseColumn(deckColumn, value)
	case "tags column":
		return h.parseColumn(tagsColumn, value)
	}
	return nil
}

func (h *textHead) parseHTML(value string, problems *textProblems) {
	switch strings.ToLower(trimTextFill(value)) {
	case "true":
		h.html, h.saysHTML = true, true
	case "false":
		h.html, h.saysHTML = false, true
	default:
		problems.add("line %d: html %s is neither true nor false, ignored", h.line, textQuote(value))
	}
}

func (h *textHead) parseColumn(which int, value string) error {
	n, err := strconv.Atoi(trimTextFill(value))
	if err != nil || n < 1 || n > maxTextColumns {
		return fmt.Errorf("column %s is impossible", textQuote(strings.TrimSpace(value)))
	}
	h.meta[which] = textColumn{n: n, line: h.line}
	return nil
}

// trimTextFill drops the separators with which a spreadsheet fills up a header
// line to the width of its rows.
func trimTextFill(value string) string {
	return strings.TrimSpace(strings.TrimRight(value, ",;\t "))
}

// textSeparators are the separators that Anki knows.
const textSeparators = "\t,;|: "

// textSeparatorName returns what Anki calls a separator, "" if it is none.
func textSeparatorName(sep rune) string {
	switch sep {
	case '\t':
		return "tab"
	case ',':
		return "comma"
	case ';':
		return "semicolon"
	case '|':
		return "pipe"
	case ':':
		return "colon"
	case ' ':
		return "space"
	}
	return ""
}

// parseTextSeparator takes a separator or its name; it returns 0 for none that
// Anki knows.
func parseTextSeparator(value string) byte {
	name := strings.ToLower(trimTextFill(value))
	char := strings.TrimSpace(value)
	if char == "" && value != "" {
		char = value[:1] // a tab or a space is the value itself
	}
	for _, sep := range textSeparators {
		if name == textSeparatorName(sep) || char == string(sep) {
			return byte(sep)
		}
	}
	return 0
}

// settle decides what the header lines leave open. comma is the separator that
// the file's name suggests.
func (h *textHead) settle(comma rune) error {
	if comma == 0 {
		comma = '\t'
	}
	if textSeparatorName(comma) == "" {
		return fmt.Errorf("read text: %q is no separator", comma)
	}
	if h.sep == 0 {
		h.sep = h.guessSeparator(byte(comma))
	}
	if !h.saysHTML {
		h.html = textHTMLTag.MatchString(h.rest[:min(len(h.rest), textGuessBytes)])
	}
	if h.columns != "" {
		labels, _, err := (&textRows{text: h.columns, sep: h.sep, labels: true}).next()
		if err != nil {
			return fmt.Errorf("line %d: %w", h.labelled, err)
		}
		h.labels = labels
	}
	return nil
}

// textHTMLTag finds a tag that people write into cards. Anki takes anything
// between "<" and ">" for one, and the T of List<T> is gone.
var textHTMLTag = regexp.MustCompile(`(?i)</?(?:a|b|blockquote|br|center|code|div|em|font|h[1-6]|hr|i|img|li|ol|p|pre|s|small|span|strong|sub|sup|table|tbody|td|th|tr|tt|u|ul)(?:\s+[\w-]+\s*=[^<>]*)?\s*/?>`)

// guessSeparator takes the first separator that gives all of the first rows
// the same number of columns, else one that gives each row several, else comma.
// The one that the file's name suggests goes first.
func (h *textHead) guessSeparator(comma byte) byte {
	several := comma
	found := false
	for _, sep := range []byte{comma, '\t', ';', ',', '|'} {
		least, most := h.sampleColumns(sep)
		if least < 2 {
			continue
		}
		if least == most {
			return sep
		}
		if !found {
			several, found = sep, true
		}
	}
	return several
}

// sampleColumns returns the fewest and the most columns of the first rows.
func (h *textHead) sampleColumns(sep byte) (least, most int) {
	rows := textRows{text: h.rest, sep: sep}
	for i := range textGuessRows {
		row, _, err := rows.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return 0, 0
		}
		if i == 0 {
			least = len(row)
		}
		least, most = min(least, len(row)), max(most, len(row))
	}
	return least, most
}

func (h *textHead) body() *textRows {
	return &textRows{text: h.rest, line: h.line, sep: h.sep}
}
