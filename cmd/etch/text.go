package main

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"

	"etch/deck"
	"etch/scheduler"
	"etch/storage"
)

func isNotFound(err error) bool { return errors.Is(err, storage.ErrNotFound) }

// width is how many columns prose may take: the terminal's, at most 80.
func (a *app) width() int {
	if w := a.columns(); w > 0 {
		return min(w, 80)
	}
	return 80
}

// count writes "1 card" and "2 cards".
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// aboutMinutes rounds minutes as a person would say them.
func aboutMinutes(m float64) string {
	if m < 1 {
		return "1 min"
	}
	return fmt.Sprintf("%.0f min", m)
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// fitColumn makes text from a file safe for one column of the given width.
func fitColumn(text string, width int) string {
	return ansi.Truncate(deck.CleanLine(text), width, "…")
}

// instant writes a time as RFC 3339 with the user's offset.
func (a *app) instant(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(a.loc).Format(time.RFC3339)
}

// dueText tells when a card is due: a study day, an instant for a card in a
// learning step, "" for a new one.
func (a *app) dueText(state scheduler.State, day scheduler.Day, at time.Time) string {
	switch state {
	case scheduler.Review:
		return day.String()
	case scheduler.Learning, scheduler.Relearning:
		return a.instant(at)
	}
	return ""
}

// readLine reads one line byte by byte, so that nothing behind it is taken
// from whoever reads next.
func readLine(in io.Reader) (string, error) {
	var line []byte
	var b [1]byte
	for len(line) < 1024 {
		if _, err := io.ReadFull(in, b[:]); err != nil {
			return strings.TrimSpace(string(line)), err
		}
		if b[0] == '\n' {
			break
		}
		line = append(line, b[0])
	}
	return strings.ToLower(strings.TrimSpace(string(line))), nil
}
