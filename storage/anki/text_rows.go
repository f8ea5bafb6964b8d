package anki

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// textRows splits text into rows, with csv's quotes, as the reader that Anki
// uses does. encoding/csv is stricter or, with LazyQuotes, takes what follows
// `"Foo" is` up to the next quote for one field, however many rows that is.
type textRows struct {
	text   string // what is left
	line   int    // of its first byte
	sep    byte
	labels bool // one row, in which "#" begins no comment

	open int // the line of a quote that was never closed
}

// next returns the next row and the line that it begins on, or io.EOF.
func (t *textRows) next() (row []string, line int, err error) {
	if !t.labels {
		t.skip()
	}
	line = t.line
	if t.text == "" {
		return nil, line, io.EOF
	}
	for more := true; more; {
		if len(row) == maxTextColumns {
			return nil, line, fmt.Errorf("more than %d columns", maxTextColumns)
		}
		var field string
		field, more = t.field()
		if len(field) > maxTextField {
			return nil, line, fmt.Errorf("column %d is over %d MiB (a quote that is never closed?)",
				len(row)+1, maxTextField>>20)
		}
		row = append(row, field)
	}
	return row, line, nil
}

// skip passes over empty lines and comments.
func (t *textRows) skip() {
	for t.text != "" && (t.text[0] == '\n' || t.text[0] == '#') {
		_, t.text, _ = strings.Cut(t.text, "\n")
		t.line++
	}
}

// field takes the next field and reports whether the row goes on after it.
func (t *textRows) field() (field string, more bool) {
	quoted, found := strings.CutPrefix(t.text, `"`)
	if !found {
		return t.plain()
	}
	start := t.line
	var b strings.Builder
	for {
		part, rest, closed := strings.Cut(quoted, `"`)
		b.WriteString(part)
		t.line += strings.Count(part, "\n")
		if b.Len() > maxTextField {
			return b.String(), false // refused anyway, so don't collect the rest of the file
		}
		if !closed {
			t.open, t.text = start, ""
			return b.String(), false
		}
		if quoted, found = strings.CutPrefix(rest, `"`); !found {
			t.text = rest
			break
		}
		b.WriteByte('"')
	}
	// Whatever stands behind the closing quote belongs to the field.
	tail, more := t.plain()
	b.WriteString(tail)
	return b.String(), more
}

// plain takes all up to the next separator or the end of the line.
func (t *textRows) plain() (field string, more bool) {
	line, rest, ended := strings.Cut(t.text, "\n")
	if i := strings.IndexByte(line, t.sep); i >= 0 {
		t.text = t.text[i+1:]
		return line[:i], true
	}
	t.text = rest
	if ended {
		t.line++
	}
	return line, false
}

// textRow is a row and the line that it begins on.
type textRow struct {
	cells []string
	line  int
}

// textBlank reports whether s shows nothing.
func textBlank(s string) bool { return strings.TrimSpace(s) == "" }

// readTextRows returns the rows that hold anything.
func readTextRows(ctx context.Context, t *textRows, problems *textProblems) ([]textRow, error) {
	var rows []textRow
	parts := 0
	for n := 0; ; n++ {
		if n%1024 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		cells, line, err := t.next()
		if errors.Is(err, io.EOF) {
			break
		}
		parts += len(cells)
		switch {
		case err != nil:
		case n == maxTextRows:
			err = fmt.Errorf("more than %d rows", maxTextRows)
		case parts > maxTextParts:
			err = errTextParts
		}
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", line, err)
		}
		if !slices.ContainsFunc(cells, func(s string) bool { return !textBlank(s) }) {
			continue
		}
		rows = append(rows, textRow{cells, line})
	}
	if t.open > 0 {
		problems.add("line %d: a quote is never closed, the rest of the file is one field", t.open)
	}
	return rows, nil
}

var errTextParts = fmt.Errorf("more than %d fields and tags in all", maxTextParts)
