package main

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// TestFullDiskOnTerminal: the disk fills up under the review.
func TestFullDiskOnTerminal(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=4m"); err != nil {
		t.Skipf("a small disk can't be mounted: %v", err)
	}
	t.Cleanup(func() { syscall.Unmount(dir, syscall.MNT_DETACH) })
	db, filler := filepath.Join(dir, "etch.db"), filepath.Join(dir, "filler")
	x := startOnTerminal(t, db, 80, 24, "review")
	x.press("", "Space show the answer")
	x.press(" ", "1 Again")
	f, err := os.Create(filler)
	if err != nil {
		t.Fatal(err)
	}
	for err == nil {
		_, err = f.Write(make([]byte, 4096))
	}
	f.Close()
	if !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("fill the disk: %v", err)
	}
	x.press("3", "(?is)not saved.*full")
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	x.press("3", "previous: ")
	x.tty.WriteString("q")
	x.gone(exitOK)
	if n := len(liveEntries(t, db)); n != 1 {
		t.Errorf("%d answers stand, 1 was acknowledged", n)
	}
}
