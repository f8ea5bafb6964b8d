package anki

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode"
)

// What a text file may hold. Anki knows no such bounds; with these, the worst
// file takes about a gigabyte for a moment.
const (
	maxTextFile    = 64 << 20 // bytes
	maxTextField   = 1 << 20  // bytes, as read and as HTML
	maxTextRows    = 1_000_000
	maxTextColumns = 100
	maxTextHeader  = 64 << 10   // bytes of a header line
	maxTextName    = 1000       // bytes
	maxTextNames   = 10_000     // note types, decks
	maxTextParts   = 10_000_000 // fields and tags of all notes
	maxTextCards   = 2_000_000
	maxTextOrd     = 499 // what Anki gives to every cloze above 500, too

	maxTextProblems = 20
	maxTextExamples = 5
	textGuessRows   = 20      // for the separator
	textGuessBytes  = 1 << 20 // for HTML; Anki looks at five rows
)

// TextOptions says what a text file leaves open.
type TextOptions struct {
	Deck  string // the deck of a row that names none; "Default" if empty
	Comma rune   // the separator its name suggests: ',' for .csv, else '\t', which 0 means
}

// ReadText reads a text file with Anki's header lines. Each row becomes a note
// with HTML in its fields, and one new card, or one for each cloze number.
//
// The rows are read as Anki reads them, but for this: invalid UTF-8 and
// control characters are mended, plain text is not taken for HTML for any two
// angle brackets, and a column after the second is a field, not the tags, unless
// a header or its label says so. A note type is a name only: its fields are
// Front and Back (Text and Back Extra for a cloze), labels, or "Field 3".
// A numeric id is taken as a name too, since only the collection that gave
// it knows more.
//
// Ids count from 1 in the order of the rows and mean nothing elsewhere; GUID is
// "" where the file has none. The strings say what was skipped or ignored.
func ReadText(ctx context.Context, r io.Reader, opt TextOptions) (*Collection, []string, error) {
	text, err := slurpText(r)
	if err != nil {
		return nil, nil, err
	}
	var problems textProblems
	head, err := parseTextHead(text, &problems)
	if err != nil {
		return nil, nil, err
	}
	if err := head.settle(opt.Comma); err != nil {
		return nil, nil, err
	}
	rows, err := readTextRows(ctx, head.body(), &problems)
	if err != nil {
		return nil, nil, err
	}
	lay, err := newTextLayout(head, rows)
	if err != nil {
		return nil, nil, err
	}
	b := newTextBuilder(head, lay, opt.Deck)
	for i, row := range rows {
		if i%1024 == 0 && ctx.Err() != nil {
			return nil, nil, ctx.Err()
		}
		if err := b.add(row); err != nil {
			return nil, nil, err
		}
	}
	if err := b.finish(&problems); err != nil {
		return nil, nil, err
	}
	return b.c, problems.all(), nil
}

// textProblems collects what the user should know; a hostile file has only so
// much to say.
type textProblems struct {
	list []string
	more int
}

func (p *textProblems) add(format string, args ...any) {
	if len(p.list) == maxTextProblems {
		p.more++
		return
	}
	p.list = append(p.list, fmt.Sprintf(format, args...))
}

func (p *textProblems) all() []string {
	if p.more == 0 {
		return p.list
	}
	return append(p.list, fmt.Sprintf("and %d more", p.more))
}

// textQuote quotes what a message cites, shortened.
func textQuote(s string) string {
	if r := []rune(s[:min(len(s), 200)]); len(r) > 40 {
		s = string(r[:40]) + "…"
	}
	return strconv.Quote(s)
}

// slurpText returns all of r as clean text without a byte order mark.
func slurpText(r io.Reader) (string, error) {
	raw, err := io.ReadAll(io.LimitReader(r, maxTextFile+1))
	if err != nil {
		return "", fmt.Errorf("read text: %w", err)
	}
	if len(raw) > maxTextFile {
		return "", fmt.Errorf("read text: the file is over %d MiB", maxTextFile>>20)
	}
	if textIsUTF16(raw) {
		return "", errors.New("line 1: the file is UTF-16; save it as UTF-8")
	}
	return cleanText(strings.TrimPrefix(string(raw), "\ufeff")), nil
}

// textIsUTF16 tells by the byte order mark or, as every other byte of Latin text is
// zero then, by the zeros near the start.
func textIsUTF16(raw []byte) bool {
	start := string(raw[:min(len(raw), 512)])
	if strings.HasPrefix(start, "\xff\xfe") || strings.HasPrefix(start, "\xfe\xff") {
		return true
	}
	return len(start) >= 4 && strings.Count(start, "\x00")*3 > len(start)
}

// cleanText mends UTF-8, makes every line end "\n" and drops the other control
// characters but tabs.
func cleanText(s string) string {
	s = strings.ToValidUTF8(s, "\ufffd")
	if strings.Contains(s, "\r") {
		s = strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
	}
	return strings.Map(func(r rune) rune {
		if r != '\n' && r != '\t' && unicode.IsControl(r) {
			return -1
		}
		return r
	}, s)
}

// cleanTextName makes s fit to name a deck or a note type.
func cleanTextName(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' {
			return ' '
		}
		return r
	}, cleanText(s)))
}

// setTextName sets *name to s unless that is empty or too long.
func setTextName(name *string, s string) error {
	s = cleanTextName(s)
	if len(s) > maxTextName {
		return fmt.Errorf("the name %s is over %d bytes", textQuote(s), maxTextName)
	}
	if s != "" {
		*name = s
	}
	return nil
}
