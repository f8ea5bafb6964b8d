package tui

import (
	"fmt"
	"os"

	"golang.org/x/term"
)

// What entering and leaving the screen sends. Bubble Tea would do this in its
// renderer, which the painter replaces.
const (
	enterScreen = "\x1b[?1049h" + "\x1b[?2004h" + "\x1b[?25l" + "\x1b[2J" // alternate screen, bracketed paste, no cursor, clear
	leaveScreen = "\x1b[?25h" + "\x1b[?2004l" + "\x1b[?1049l"
)

// terminal is the tty while a screen is on it. Entering and leaving any number
// of times is safe; leaving always restores what was there before.
type terminal struct {
	in, out *os.File
	saved   *term.State // cooked mode; nil while not entered
}

// enter takes the terminal over: raw mode and the alternate screen.
func (t *terminal) enter() error {
	if t.saved != nil {
		return nil
	}
	state, err := term.MakeRaw(int(t.in.Fd()))
	if err != nil {
		return fmt.Errorf("take over the terminal: %w", err)
	}
	t.saved = state
	_, err = t.out.WriteString(enterScreen)
	return err
}

// leave gives the terminal back as it was.
func (t *terminal) leave() error {
	if t.saved == nil {
		return nil
	}
	_, werr := t.out.WriteString(leaveScreen)
	err := term.Restore(int(t.in.Fd()), t.saved)
	t.saved = nil
	if err != nil {
		return fmt.Errorf("restore the terminal: %w", err)
	}
	return werr
}

// size returns the terminal's columns and lines, 80 and 24 if it does not say.
func (t *terminal) size() (width, height int) {
	w, h, err := term.GetSize(int(t.out.Fd()))
	if err != nil || w <= 0 || h <= 0 {
		return 80, 24
	}
	return w, h
}
