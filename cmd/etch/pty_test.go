package main

import (
	"bytes"
	"context"
	"database/sql"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"
	"github.com/creack/pty"

	"etch/scheduler"
	"etch/storage"
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

// terminal is etch on a terminal, with what its screen shows.
type terminal struct {
	t     *testing.T
	tty   *os.File
	cmd   *exec.Cmd
	out   chan []byte
	deaf  atomic.Bool // what the terminal says is read no more
	raw   []byte
	lines map[int]string
}

func startOnTerminal(t *testing.T, db string, width, height int, args ...string) *terminal {
	t.Helper()
	cmd := etchCommand(db, args...)
	cmd.Env = append(cmd.Env, "TERM=xterm-256color", "NO_COLOR=1", "EDITOR=true")
	return watch(t, cmd, width, height)
}

// watch starts a program on a terminal and reads what it writes.
func watch(t *testing.T, cmd *exec.Cmd, width, height int) *terminal {
	t.Helper()
	tty, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: uint16(height), Cols: uint16(width)})
	if err != nil {
		t.Fatal(err)
	}
	term := &terminal{t: t, tty: tty, cmd: cmd, out: make(chan []byte), lines: map[int]string{}}
	go func() {
		defer close(term.out)
		for {
			b := make([]byte, 4096)
			n, err := tty.Read(b)
			if n > 0 {
				term.out <- b[:n]
			}
			if err != nil || term.deaf.Load() {
				return
			}
		}
	}()
	t.Cleanup(func() { cmd.Process.Kill(); tty.Close() })
	return term
}

// The painter writes whole lines, each from its first column.
var paintedLine = regexp.MustCompile(`\x1b\[(\d+);1H((?s:.*?))\x1b\[m`)

// settle reads until the screen has been at rest for a while, which is also
// what the review waits for before a key may grade.
func (x *terminal) settle() (open bool) {
	x.t.Helper()
	for {
		select {
		case b, ok := <-x.out:
			if !ok {
				return false
			}
			x.raw = append(x.raw, b...)
		case <-time.After(300 * time.Millisecond):
			for _, m := range paintedLine.FindAllSubmatchIndex(x.raw, -1) {
				row, _ := strconv.Atoi(string(x.raw[m[2]:m[3]]))
				x.lines[row] = ansi.Strip(string(x.raw[m[4]:m[5]]))
			}
			return true
		}
	}
}

func (x *terminal) screen() string {
	var b strings.Builder
	for row := 1; row <= 60; row++ {
		if line, ok := x.lines[row]; ok {
			b.WriteString(strings.TrimRight(line, " ") + "\n")
		}
	}
	return b.String()
}

// press types keys and wants to see something then.
func (x *terminal) press(keys, want string) {
	x.t.Helper()
	if keys != "" {
		if _, err := x.tty.WriteString(keys); err != nil {
			x.t.Fatal(err)
		}
	}
	for range 20 { // a busy machine takes its time
		open := x.settle()
		if ok, _ := regexp.MatchString(want, x.screen()); ok {
			return
		}
		if !open {
			break
		}
	}
	x.t.Fatalf("after %q the screen lacks %q:\n%s", keys, want, x.screen())
}

// gone waits for the end of the process and checks that the terminal is as it
// was: the alternate screen left, the cursor back.
func (x *terminal) gone(wantCode int) {
	x.t.Helper()
	for x.settle() { // until the process closes the terminal
	}
	x.cmd.Wait()
	for _, seq := range []string{"\x1b[?1049l", "\x1b[?25h", "\x1b[?2004l"} {
		if !bytes.Contains(x.raw, []byte(seq)) {
			x.t.Errorf("the terminal is not restored: no %q", seq)
		}
	}
	if code := x.cmd.ProcessState.ExitCode(); code != wantCode {
		x.t.Errorf("exit code %d, want %d", code, wantCode)
	}
}

func liveEntries(t *testing.T, db string) []scheduler.Entry {
	t.Helper()
	store, err := storage.Open(context.Background(), db, storage.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	entries, err := store.Entries(context.Background(), "")
	if err != nil {
		t.Fatal(err)
	}
	return scheduler.Live(entries)
}

// TestReviewOnTerminal is a sitting of ten cards with everything that a user
// does in one.
func TestReviewOnTerminal(t *testing.T) {
	db := filepath.Join(t.TempDir(), "etch.db")
	if out, err := etchCommand(db, "config", "new-per-day", "20").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	x := startOnTerminal(t, db, 80, 24)
	x.press("", "Begin with")       // home
	x.press("o", "Enter study its") // read
	x.press("q", "Begin with")
	x.press(" ", "Space show the answer")
	x.press("3", "(?i)show the answer") // a digit before the reveal does nothing
	for _, key := range []string{"1", "2", "3", "4", "3", "4", "4", "3", "2", "4"} {
		x.press(" ", "1 Again")
		x.press(key, "previous: ")
	}
	x.press(" ", "1 Again")
	x.press("w", "(?i)esc")
	x.press("\x1b", "1 Again")
	x.press("i", "(?i)difficulty")
	x.press("\x1b", "1 Again")
	x.press("e", "1 Again")
	x.press("u", "1 Again") // undo twice
	x.press("u", "1 Again")
	x.press("3\x1b[200~3333\x1b[201~", ".") // a burst with a paste never grades
	x.press("q", "two questions")           // after the first session
	x.press("\x1b", "Today: ")
	if _, err := x.tty.WriteString("q"); err != nil {
		t.Fatal(err)
	}
	x.gone(exitOK)
	rates := 0
	for _, e := range liveEntries(t, db) {
		if e.Kind == scheduler.Rate {
			rates++
		}
	}
	if rates < 8 || rates > 9 {
		t.Errorf("%d answers stand, want the 8 that were not undone, and the 3 before the paste at most", rates)
	}
}

// TestInterruptedEditor: Ctrl-C in an editor is for what runs there, and takes
// neither etch nor the editor's text away.
func TestInterruptedEditor(t *testing.T) {
	dir := t.TempDir()
	script := filepath.Join(dir, "ed")
	text := "#!/bin/sh\ntrap 'got=1' INT\necho READY\nwhile [ -z \"$got\" ]; do sleep 0.05; done\nexit 0\n"
	if err := os.WriteFile(script, []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, args := range map[string][]string{"review": {"review"}, "edit": {"edit", "etch/tcp-tail-loss"}} {
		t.Run(name, func(t *testing.T) {
			cmd := etchCommand(filepath.Join(t.TempDir(), "etch.db"), args...)
			cmd.Env = append(cmd.Env, "TERM=xterm-256color", "NO_COLOR=1", "EDITOR="+script, "XDG_DATA_HOME="+dir)
			x := watch(t, cmd, 80, 24)
			if name == "review" {
				x.press("", "Space show the answer")
				x.press(" ", "1 Again")
				x.tty.WriteString("e")
			}
			for range 20 {
				if x.settle(); bytes.Contains(x.raw, []byte("READY")) {
					break
				}
			}
			x.tty.WriteString("\x03")
			if name == "review" {
				x.press("", "no card changed")
				x.tty.WriteString("q")
				x.gone(exitOK)
				return
			}
			for x.settle() {
			}
			if err := cmd.Wait(); err != nil || !bytes.Contains(x.raw, []byte("unchanged")) {
				t.Errorf("%v: %s", err, x.raw)
			}
		})
	}
}

// TestTerminalGivenBack: whatever ends the screen, the terminal is restored.
func TestTerminalGivenBack(t *testing.T) {
	for name, end := range map[string]func(*terminal) int{
		"q":       func(x *terminal) int { x.tty.WriteString("q"); return exitOK },
		"ctrl-c":  func(x *terminal) int { x.tty.WriteString("\x03"); return exitOK },
		"ctrl-d":  func(x *terminal) int { x.tty.WriteString("\x04"); return exitOK },
		"SIGTERM": func(x *terminal) int { x.cmd.Process.Signal(syscall.SIGTERM); return exitInterrupted },
		"SIGHUP":  func(x *terminal) int { x.cmd.Process.Signal(syscall.SIGHUP); return exitInterrupted },
	} {
		t.Run(name, func(t *testing.T) {
			x := startOnTerminal(t, filepath.Join(t.TempDir(), "etch.db"), 80, 24, "review")
			x.press("", "Space show the answer")
			x.gone(end(x))
		})
	}
}

// vanish takes the terminal away, as a closed window or a broken connection
// does.
func (x *terminal) vanish() {
	x.t.Helper()
	// A read that waits would keep the terminal open: let something be drawn.
	x.deaf.Store(true)
	if err := pty.Setsize(x.tty, &pty.Winsize{Cols: 70, Rows: 20}); err != nil {
		x.t.Fatal(err)
	}
	for range x.out { // until the reader has gone
	}
	if err := x.tty.Close(); err != nil {
		x.t.Fatal(err)
	}
}

// TestTerminalVanishes: the process ends by itself and what was acknowledged
// stands.
func TestTerminalVanishes(t *testing.T) {
	db := filepath.Join(t.TempDir(), "etch.db")
	x := startOnTerminal(t, db, 80, 24, "review")
	x.press("", "Space show the answer")
	for range 3 {
		x.press(" ", "1 Again")
		x.press("3", "previous: ")
	}
	x.vanish()
	ended := make(chan error, 1)
	go func() { ended <- x.cmd.Wait() }()
	select {
	case <-ended:
	case <-time.After(10 * time.Second):
		t.Fatal("etch goes on without a terminal")
	}
	if n := len(liveEntries(t, db)); n != 3 {
		t.Errorf("%d answers stand, 3 were acknowledged", n)
	}
}

// TestLockedOnTerminal: another program holds the database for longer than a
// write waits. The answer is not lost, and one key saves it.
func TestLockedOnTerminal(t *testing.T) {
	path := filepath.Join(t.TempDir(), "etch.db")
	x := startOnTerminal(t, path, 80, 24, "review")
	x.press("", "Space show the answer")
	x.press(" ", "1 Again")
	other, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	other.SetMaxOpenConns(1)
	hold := func(statement string) {
		t.Helper()
		if _, err := other.Exec(statement); err != nil {
			t.Fatal(err)
		}
	}
	hold("BEGIN IMMEDIATE")
	x.press("3", "(?is)not saved.*lock")
	if n := len(liveEntries(t, path)); n != 0 {
		t.Errorf("%d answers stand before one was saved", n)
	}
	hold("ROLLBACK")
	x.press("3", "previous: ") // the card stayed
	x.tty.WriteString("q")
	x.gone(exitOK)
	if n := len(liveEntries(t, path)); n != 1 {
		t.Errorf("%d answers stand, 1 was acknowledged", n)
	}
}

func TestResizeOnTerminal(t *testing.T) {
	x := startOnTerminal(t, filepath.Join(t.TempDir(), "etch.db"), 80, 24, "review")
	x.press("", "Space show the answer")
	for _, size := range [][2]uint16{{40, 15}, {120, 40}, {20, 6}, {80, 24}} {
		x.lines = map[int]string{}
		if err := pty.Setsize(x.tty, &pty.Winsize{Cols: size[0], Rows: size[1]}); err != nil {
			t.Fatal(err)
		}
		x.raw = nil
		x.settle()
		for row, line := range x.lines {
			if row > int(size[1]) || ansi.StringWidth(line) > int(size[0]) {
				t.Errorf("%dx%d: line %d is %q", size[0], size[1], row, line)
			}
		}
		if len(x.lines) == 0 {
			t.Errorf("%dx%d: nothing was drawn", size[0], size[1])
		}
	}
	x.tty.WriteString("q")
	x.gone(exitOK)
}

// TestSuspendOnTerminal: Ctrl-Z gives the shell its terminal back, fg the
// screen.
func TestSuspendOnTerminal(t *testing.T) {
	db := filepath.Join(t.TempDir(), "etch.db")
	etch := etchCommand(db)
	cmd := exec.Command("bash", "--norc", "--noprofile", "-i")
	cmd.Env = append(etch.Env, "TERM=xterm-256color", "NO_COLOR=1", "PS1=shell>", "ETCH="+etch.Path)
	x := watch(t, cmd, 80, 24)
	wait := func(keys, want string) {
		t.Helper()
		x.raw = nil
		if _, err := x.tty.WriteString(keys); err != nil {
			t.Fatal(err)
		}
		for range 20 {
			if x.settle(); bytes.Contains(x.raw, []byte(want)) {
				return
			}
		}
		t.Fatalf("after %q no %q in %q", keys, want, x.raw)
	}
	wait("", "shell>")
	wait("$ETCH review\n", "show the answer")
	wait("\x1a", "\x1b[?1049l")
	wait("echo the shell is back\n", "the shell is back")
	wait("fg\n", "show the answer")
	wait(" ", "Again")
	wait("q", "shell>")
	wait("exit\n", "exit")
}
