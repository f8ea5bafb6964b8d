package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// write writes a file of a test.
func write(t *testing.T, path, text string, mode os.FileMode) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
}

// run1 runs a command to its end.
func run1(t *testing.T, db string, args ...string) string {
	t.Helper()
	cmd := etchCommand(db, args...)
	cmd.Dir = filepath.Dir(db)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%q: %v\n%s", args, err, out)
	}
	return string(out)
}

// listed names the files of a folder, without those of the database itself.
func listed(t *testing.T, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), "etch.db") {
			names = append(names, e.Name())
		}
	}
	return names
}

// TestInterruptedTransfers ends imports and exports in the middle: all of a
// file was taken or nothing, a target is whole or as it was, and no temporary
// file is left.
func TestInterruptedTransfers(t *testing.T) {
	dir := t.TempDir()
	db := filepath.Join(dir, "etch.db")
	const rows = 3000
	var b strings.Builder
	for i := range rows {
		fmt.Fprintf(&b, "What is item %d of the table?,Item %d.\n", i, i)
	}
	write(t, filepath.Join(dir, "big.csv"), b.String(), 0o600)
	write(t, filepath.Join(dir, "out.apkg"), "as it was", 0o600)
	t.Setenv("TMPDIR", dir)
	run1(t, db)
	before := listed(t, dir)
	interrupt := func(wait time.Duration, args ...string) (stopped bool) {
		t.Helper()
		cmd := etchCommand(db, args...)
		cmd.Dir = dir
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(wait)
		cmd.Process.Signal(os.Interrupt)
		cmd.Wait()
		switch code := cmd.ProcessState.ExitCode(); {
		case code == exitOK:
		case code == exitInterrupted && strings.Contains(stderr.String(), "interrupted"), code < 0 && wait < 60*time.Millisecond: // before it listens
			stopped = true
		default:
			t.Errorf("%q after %v: exit code %d\n%s", args, wait, code, stderr.String())
		}
		return stopped
	}
	stops := 0
	for _, wait := range []time.Duration{40, 100, 160, 250, 400, 600} {
		stopped := interrupt(wait*time.Millisecond, "import", "big.csv")
		cards := strings.Count(run1(t, db, "cards", "post:big"), "What is item")
		if stopped {
			stops++
		}
		if cards != 0 && cards != rows || !stopped && cards != rows {
			t.Fatalf("after %v ms %d cards are there, stopped %v", int64(wait), cards, stopped)
		}
		if cards == rows {
			break
		}
	}
	run1(t, db, "import", "big.csv")
	for _, wait := range []time.Duration{40, 120, 200, 300} {
		stopped := interrupt(wait*time.Millisecond, "export", "out.apkg", "big")
		text, err := os.ReadFile(filepath.Join(dir, "out.apkg"))
		if err != nil || stopped && string(text) != "as it was" || !stopped && !strings.HasPrefix(string(text), "PK") {
			t.Errorf("after %v ms: %d bytes, %v, stopped %v", int64(wait), len(text), err, stopped)
		}
		if !stopped {
			break
		}
		stops++
	}
	if stops == 0 {
		t.Error("nothing was interrupted: the test tests nothing")
	}
	if after := listed(t, dir); fmt.Sprint(after) != fmt.Sprint(before) {
		t.Errorf("left behind: %q, before %q", after, before)
	}
	run1(t, db, "doctor")
}

// TestEditImportedOnTerminal edits a card of an imported deck in a review.
func TestEditImportedOnTerminal(t *testing.T) {
	dir := t.TempDir()
	db := filepath.Join(dir, "etch.db")
	write(t, filepath.Join(dir, "Words.csv"), "What is zeins?,1\nWhat is zzwei?,2\n", 0o600)
	write(t, filepath.Join(dir, "editor"), "#!/bin/sh\nif [ -e \"$0.bad\" ]; then echo 'Q: oops' >>\"$1\"; else sed -i 's/^Q: What/Q: Which number/' \"$1\"; fi\n", 0o700)
	run1(t, db, "import", "Words.csv")
	cmd := etchCommand(db, "review", "words")
	cmd.Env = append(cmd.Env, "TERM=xterm-256color", "NO_COLOR=1", "EDITOR="+filepath.Join(dir, "editor"))
	x := watch(t, cmd, 80, 24)
	x.press("", "What is zeins")
	x.press(" ", "1 Again")
	x.press("e", "Which number is zeins")
	x.press("", "2 cards edited")
	write(t, filepath.Join(dir, "editor.bad"), "", 0o600)
	x.press("e", "the edited text is in")
	x.press("3", "Which number is zzwei")
	x.tty.WriteString("q")
	for x.settle() {
	}
	x.cmd.Wait()
	if !bytes.Contains(x.raw, []byte("the edited text is in "+dir)) {
		t.Error("at the end it does not say where the text is that could not be taken")
	}
	left := 0
	for _, name := range listed(t, dir) {
		if strings.HasPrefix(name, "etch-edit-") {
			left++
		}
	}
	if left != 1 {
		t.Errorf("%d copies are left, want the one that could not be taken", left)
	}
	if out := run1(t, db, "cards", "post:words"); strings.Count(out, "Which number") != 2 {
		t.Error(out)
	}
	run1(t, db, "doctor")
}

// TestExportModes: what is made to be shared has the mode of any new file. What
// holds the whole log is as private as the database.
func TestExportModes(t *testing.T) {
	dir := t.TempDir()
	db := filepath.Join(dir, "etch.db")
	write(t, filepath.Join(dir, "all.json"), "an older one", 0o644)
	for mask, shared := range map[string]os.FileMode{"022": 0o644, "077": 0o600, "002": 0o664} {
		for name, want := range map[string]os.FileMode{"deck.apkg": shared, "cards.csv": shared, "all.json": 0o600} {
			cmd := etchCommand(db, "export", name, "-q")
			cmd.Args = append([]string{"sh", "-c", "umask " + mask + ` && exec "$0" "$@"`}, append([]string{cmd.Path}, cmd.Args[1:]...)...)
			cmd.Path, cmd.Dir = "/bin/sh", dir
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Mode().Perm() != want {
				t.Errorf("umask %s: %s has mode %v, want %v (%v)", mask, name, info.Mode(), want, err)
			}
		}
	}
}
