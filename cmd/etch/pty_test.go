package main

import (
	"bytes"
	"io"
	"path/filepath"
	"testing"

	"github.com/creack/pty"
)

// onTerminal runs etch on a terminal that answers no query, and returns all
// that it wrote there.
func onTerminal(t *testing.T, args ...string) []byte {
	t.Helper()
	cmd := etchCommand(filepath.Join(t.TempDir(), "etch.db"), args...)
	cmd.Env = append(cmd.Env, "TERM=xterm-256color", "NO_COLOR=")
	tty, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 24, Cols: 80})
	if err != nil {
		t.Fatal(err)
	}
	defer tty.Close()
	out, _ := io.ReadAll(tty) // ends with EIO once the process has gone
	if err := cmd.Wait(); err != nil {
		t.Fatalf("etch %v: %v\n%s", args, err, out)
	}
	return out
}

// TestQuietStart guards the start of every command: Bubble Tea's package
// initialisation would query the terminal and wait for an answer.
func TestQuietStart(t *testing.T) {
	for _, args := range [][]string{{"--version"}, {"help"}, {"due"}, {"posts"}} {
		if out := onTerminal(t, args...); bytes.ContainsRune(out, '\x1b') {
			t.Errorf("etch %v writes escape sequences to a terminal: %q", args, out)
		}
	}
}
