package tui

import (
	"fmt"
	"io"
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// painter draws views on a terminal at once, instead of on the ticks of a
// renderer: it compares each line with the one on the screen and writes what
// differs, in a single write between the marks of a synchronised update. That
// makes a key visible in well under a millisecond, without flicker, and leaves
// the processor alone while nothing happens.
type painter struct {
	out           io.Writer
	width, height int
	shown         []string // the lines on the screen
	stale         bool     // the screen holds something else: draw every line
}

// resize tells the painter the terminal's size; the next paint draws it all.
func (p *painter) resize(width, height int) {
	p.width, p.height = width, height
	p.forget()
}

// forget makes the next paint draw every line, after something else wrote to
// the screen.
func (p *painter) forget() { p.shown, p.stale = nil, true }

// paint draws a view. A line that is too wide is cut, lines that are too many
// are left out: nothing may ever scroll the screen.
func (p *painter) paint(view string) error {
	lines := strings.Split(view, "\n")
	if p.height > 0 && len(lines) > p.height {
		lines = lines[:p.height]
	}
	var b strings.Builder
	if p.stale {
		b.WriteString("\x1b[2J")
	}
	for i := range max(len(lines), len(p.shown)) {
		line := ""
		if i < len(lines) {
			line = lines[i]
			if p.width > 0 && ansi.StringWidth(line) > p.width {
				line = ansi.Truncate(line, p.width, "")
			}
			lines[i] = line
		}
		if i < len(p.shown) && p.shown[i] == line || i >= len(p.shown) && line == "" {
			continue
		}
		fmt.Fprintf(&b, "\x1b[%d;1H%s\x1b[m", i+1, line)
		// Behind a full line the cursor still stands on its last column, which
		// erasing to the end would take away.
		if p.width == 0 || ansi.StringWidth(line) < p.width {
			b.WriteString("\x1b[K")
		}
	}
	p.shown, p.stale = lines, false
	if b.Len() == 0 {
		return nil
	}
	_, err := io.WriteString(p.out, "\x1b[?2026h"+b.String()+"\x1b[?2026l")
	return err
}
