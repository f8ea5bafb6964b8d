package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// fullOnce fails its first write as a full disk does, and no other.
type fullOnce struct {
	failed bool
	bytes.Buffer
}

func (w *fullOnce) Write(p []byte) (int, error) {
	if !w.failed {
		w.failed = true
		return 0, errors.New("the disk is full")
	}
	return w.Buffer.Write(p)
}

// TestLostOutput: a command that could not print all it had to is no success.
func TestLostOutput(t *testing.T) {
	dir := t.TempDir()
	execute := func(out *fullOnce, args ...string) (int, string) {
		e := systemEnv()
		var stderr bytes.Buffer
		e.in, e.out, e.err = strings.NewReader(""), out, &stderr
		e.inTTY, e.outTTY, e.errTTY = false, false, false
		e.getenv = func(name string) string {
			if name == "ETCH_DB" {
				return filepath.Join(dir, "etch.db")
			}
			return os.Getenv(name)
		}
		return run(args, e), stderr.String()
	}
	for _, line := range []string{
		"", "card suspend etch/tcp-hol", "card resume etch/tcp-hol", "posts", "posts --json", "due", "cards tcp", "explain etch/tcp-hol", "log", "undo",
		"read tcp-vs-udp", "read tcp-vs-udp --cards", "read tcp-vs-udp --takeaways", "read tcp-vs-udp --diff",
		"config", "config new-per-day", "compile", "compile --check", "review --plain", "doctor", "doctor --json", "doctor --rebuild",
		"backup " + filepath.Join(dir, "a.db"), "restore " + filepath.Join(dir, "a.db"),
		"export " + filepath.Join(dir, "a.csv"), "completion bash", "man", "--version",
	} {
		out := &fullOnce{}
		code, stderr := execute(out, append(strings.Fields(line), "-q")...)
		if !out.failed {
			t.Errorf("etch %s prints nothing: it tests nothing\n%s", line, stderr)
		}
		if code != exitFailure || !strings.Contains(stderr, "the disk is full") {
			t.Errorf("etch %s: exit code %d\n%s", line, code, stderr)
		}
	}
}
