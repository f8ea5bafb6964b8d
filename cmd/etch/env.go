package main

import (
	"io"
	"os"
	"time"

	"github.com/google/uuid"
	"golang.org/x/term"
)

// env is everything that a command takes from the world: no other code of
// this package reads the clock, the environment or the terminal.
type env struct {
	in       io.Reader
	out, err io.Writer
	inTTY    bool // stdin is a terminal
	outTTY   bool
	errTTY   bool
	getenv   func(string) string
	now      func() time.Time
	newID    func() string // globally unique and ascending
	loc      *time.Location
	columns  func() int // of the terminal that stdout is; 0 for none
}

func systemEnv() env {
	isTTY := func(f *os.File) bool { return term.IsTerminal(int(f.Fd())) }
	return env{
		in: os.Stdin, out: os.Stdout, err: os.Stderr,
		inTTY: isTTY(os.Stdin), outTTY: isTTY(os.Stdout), errTTY: isTTY(os.Stderr),
		getenv: os.Getenv,
		now:    time.Now,
		newID:  func() string { return uuid.Must(uuid.NewV7()).String() },
		loc:    time.Local,
		columns: func() int {
			w, _, err := term.GetSize(int(os.Stdout.Fd()))
			if err != nil {
				return 0
			}
			return w
		},
	}
}

// clock tells the time of one run. With --now it starts there, and time passes
// from there; a JSON session may move it on.
type clock struct {
	real  func() time.Time
	shift time.Duration
}

func (c *clock) Now() time.Time { return c.real().Add(c.shift) }

// MoveTo sets the clock forward to t; it never goes back. It reports whether
// it did.
func (c *clock) MoveTo(t time.Time) bool {
	ahead := t.Sub(c.Now())
	if ahead < 0 {
		return false
	}
	c.shift += ahead
	return true
}
