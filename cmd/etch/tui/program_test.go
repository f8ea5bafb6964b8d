package tui

import (
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"testing"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/creack/pty"
	"golang.org/x/term"
)

// bomb is a screen that panics at the first key.
type bomb struct{}

func (bomb) update(msg tea.Msg) (screen, tea.Cmd) {
	if _, ok := msg.(tea.KeyMsg); ok {
		panic("boom")
	}
	return bomb{}, nil
}

func (bomb) view(int, int) string { return "a bomb" }

// TestFailedEnterGivesTheTerminalBack: the mode is raw by the time at which the
// screen cannot be written to.
func TestFailedEnterGivesTheTerminalBack(t *testing.T) {
	master, slave, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer master.Close()
	defer slave.Close()
	before, err := term.GetState(int(slave.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	deaf, err := os.Open(os.DevNull) // for reading alone
	if err != nil {
		t.Fatal(err)
	}
	defer deaf.Close()
	if err := Run(context.Background(), slave, deaf, bomb{}); err == nil {
		t.Error("Run returned nil")
	}
	after, err := term.GetState(int(slave.Fd()))
	if err != nil || *after != *before {
		t.Errorf("the terminal's mode is not what it was: %v", err)
	}
}

// TestPanicGivesTheTerminalBack runs a screen that panics on a real terminal.
func TestPanicGivesTheTerminalBack(t *testing.T) {
	master, slave, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer slave.Close()
	before, err := term.GetState(int(slave.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	out := make(chan string)
	go func() {
		text, _ := io.ReadAll(master)
		out <- string(text)
	}()
	if _, err := master.WriteString("x"); err != nil {
		t.Fatal(err)
	}
	if err := Run(context.Background(), slave, slave, bomb{}); err == nil || errors.Is(err, context.Canceled) {
		t.Errorf("Run returned %v, want the panic", err)
	}
	after, err := term.GetState(int(slave.Fd()))
	if err != nil || *after != *before {
		t.Errorf("the terminal's mode is not what it was: %v", err)
	}
	slave.Close()
	master.Close()
	if text := <-out; !strings.Contains(text, "a bomb") || !strings.Contains(text, leaveScreen) {
		t.Errorf("the screen was %q", text)
	}
}

// plain is a screen of one line.
type plain struct{ keys *int }

func (s plain) update(msg tea.Msg) (screen, tea.Cmd) {
	if _, ok := msg.(tea.KeyMsg); ok {
		*s.keys++
	}
	return s, nil
}

func (plain) view(int, int) string { return "one line" }

// TestRedraw: Ctrl-L draws what shows anew, in every screen.
func TestRedraw(t *testing.T) {
	var out strings.Builder
	keys := 0
	s := &shell{stack: []screen{plain{&keys}}, paint: &painter{out: &out, width: 80, height: 24}}
	s.Init()
	out.Reset()
	s.Update(keyMsg("x"))
	if out.Len() > 0 {
		t.Errorf("a key that changes nothing draws %q", out.String())
	}
	s.Update(keyMsg("ctrl+l"))
	if !strings.Contains(out.String(), "\x1b[2J") || !strings.Contains(out.String(), "one line") {
		t.Errorf("Ctrl-L draws %q", out.String())
	}
	if keys != 1 {
		t.Errorf("the screen had %d keys, want 1", keys)
	}
}
