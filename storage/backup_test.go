package storage

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"etch/scheduler"
)

func TestBackupAndRestore(t *testing.T) {
	s, c := newStore(t), newClock("c")
	add(t, s, basics(3)...)
	grade(t, s, c, "card00", scheduler.Good)
	set(t, s, "new-per-day", "3")
	want := dump(t, s)
	file := filepath.Join(t.TempDir(), "copy.db")
	noError(t, s.Backup(context.Background(), file))
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("backup: %v, mode %v", err, info.Mode())
	}
	if err := s.Backup(context.Background(), file); !errors.Is(err, fs.ErrExist) {
		t.Errorf("over a file: %v, want ErrExist", err)
	}
	other := openAt(t, s.Path()) // stays open over the restore
	grade(t, s, c, "card01", scheduler.Again)
	set(t, s, "new-per-day", "7")
	saved, err := s.Restore(context.Background(), file, monday)
	noError(t, err)
	if got := dump(t, s); got != want {
		t.Errorf("restored\n%s\nwant\n%s", got, want)
	}
	if got := dump(t, other); got != want {
		t.Error("the other program sees something else")
	}
	if n := s.Scheduler().Settings().NewPerDay; n != 3 {
		t.Errorf("new-per-day is %d, want the restored 3", n)
	}
	grade(t, other, newClock("o"), "card02", scheduler.Good)
	healthy(t, s)
	before := openAt(t, saved)
	if n := len(entries(t, before)); n != 2 {
		t.Errorf("what was saved before the restore has %d rows, want 2", n)
	}
}

func TestRestoreOfADamagedFileChangesNothing(t *testing.T) {
	s := newStore(t)
	add(t, s, basics(2)...)
	grade(t, s, newClock("c"), "card00", scheduler.Good)
	want := dump(t, s)
	good := filepath.Join(t.TempDir(), "good.db")
	noError(t, s.Backup(context.Background(), good))
	text, err := os.ReadFile(good)
	noError(t, err)
	for name, content := range map[string][]byte{
		"text": []byte("no database, but long enough to look like one, so that it is opened and read as if it were one: it is not"),
		"cut":  text[:len(text)/2],
		"page": append(append(append([]byte{}, text[:4096]...), make([]byte, 4096)...), text[8192:]...),
	} {
		file := filepath.Join(t.TempDir(), "bad.db")
		noError(t, os.WriteFile(file, content, 0o600))
		if _, err := s.Restore(context.Background(), file, monday); err == nil {
			t.Errorf("%s was restored", name)
		}
		if got := dump(t, s); got != want {
			t.Errorf("%s changed the database", name)
		}
	}
	if _, err := s.Restore(context.Background(), filepath.Join(t.TempDir(), "none.db"), monday); !errors.Is(err, ErrNotFound) {
		t.Errorf("a missing file: %v, want ErrNotFound", err)
	}
}

func TestDailyBackupOnceADayTenKept(t *testing.T) {
	s := newStore(t)
	made := 0
	for day := range 14 {
		for _, hour := range []int{0, 6, 23} { // 08:00, 14:00 and 07:00 the next morning
			file, err := s.DailyBackup(context.Background(), monday.AddDate(0, 0, day).Add(time.Duration(hour)*time.Hour))
			noError(t, err)
			if file != "" {
				made++
			}
		}
	}
	if made != 15 {
		t.Errorf("%d backups on 15 study days", made)
	}
	kept, err := filepath.Glob(filepath.Join(s.BackupDir(), "*.db"))
	noError(t, err)
	if len(kept) != KeptBackups || filepath.Base(kept[0]) != "etch-20261128T070000.000Z-daily.db" {
		t.Errorf("kept %d, the oldest %s", len(kept), kept[0])
	}
	left, err := filepath.Glob(filepath.Join(s.BackupDir(), ".etch-*"))
	noError(t, err)
	if len(left) > 0 {
		t.Errorf("temporary files are left: %v", left)
	}
}

// The moments in the names of a database that was studied with --now, and the
// backups of another database in the same folder, cost no newer backup.
func TestOldBackupsAreThoseWrittenFirst(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a [b]*")
	s, other := openAt(t, filepath.Join(dir, "etch.db")), openAt(t, filepath.Join(dir, "etch-2.db"))
	first, err := other.DailyBackup(context.Background(), monday)
	noError(t, err)
	var ahead string
	for day := range KeptBackups {
		file, err := s.DailyBackup(context.Background(), monday.AddDate(1, 0, day))
		noError(t, err)
		if day == 0 {
			ahead = file
		}
	}
	last, err := s.DailyBackup(context.Background(), monday)
	noError(t, err)
	for file, kept := range map[string]bool{first: true, ahead: false, last: true} {
		if _, err := os.Stat(file); (err == nil) != kept {
			t.Errorf("%s: %v, want it kept: %v", filepath.Base(file), err, kept)
		}
	}
}
