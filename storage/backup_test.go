package storage

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
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

// Whatever is broken and wherever, a backup is restored, and the damaged bytes
// are kept.
func TestRestoreOverADamagedDatabase(t *testing.T) {
	s, c := newStore(t), newClock("c")
	add(t, s, basics(300)...)
	grade(t, s, c, "card00", scheduler.Good)
	want := dump(t, s)
	good := filepath.Join(t.TempDir(), "good.db")
	noError(t, s.Backup(t.Context(), good))
	noError(t, s.Close())
	whole, err := os.ReadFile(s.Path())
	noError(t, err)

	damages := map[string][]byte{
		"text":           []byte(strings.Repeat("no database at all. ", 500)),
		"short text":     []byte("none"),
		"header alone":   whole[:100],
		"one page":       whole[:4096],
		"half":           whole[:len(whole)/2],
		"all but a page": whole[:len(whole)-4096],
		"part of a page": whole[:len(whole)-1000],
	}
	for i := range 16 {
		damaged := bytes.Clone(whole)
		part := len(damaged) / 16 / 4096 * 4096
		copy(damaged[i*part:], bytes.Repeat([]byte{0xa5}, part))
		damages[fmt.Sprintf("part %d", i)] = damaged
	}
	opened := 0
	for name, damaged := range damages {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "etch.db")
			noError(t, os.WriteFile(path, damaged, 0o600))
			var saved string
			s, err := Open(t.Context(), path, Options{})
			if err == nil {
				saved, err = s.Restore(t.Context(), good, monday)
				noError(t, errors.Join(err, s.Close()))
				opened++
			} else {
				if !errors.Is(err, ErrDamaged) {
					t.Fatalf("open: %v, want ErrDamaged", err)
				}
				noError(t, os.WriteFile(path+"-wal", []byte("what was not yet in the file"), 0o600))
				saved, err = Replace(t.Context(), path, good, Options{Now: monday})
				noError(t, err)
				if text, err := os.ReadFile(saved + "-wal"); err != nil || len(text) != 28 {
					t.Errorf("the log beside the file is saved as %q: %v", text, err)
				}
			}
			// Where SQLite can still read everything, a copy of that will do.
			readable := strings.HasSuffix(saved, "-before-restore.db")
			if got, err := os.ReadFile(saved); err != nil || !readable && !bytes.Contains(got, damaged[min(100, len(damaged)):]) {
				t.Errorf("%s is not what was there before: %v", saved, err)
			}
			if info, err := os.Stat(saved); err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("saved: %v, mode %v", err, info.Mode())
			}
			restored := openAt(t, path)
			if got := dump(t, restored); got != want {
				t.Errorf("restored\n%s\nwant\n%s", got, want)
			}
			healthy(t, restored)
			noError(t, restored.Close())
			for range keptBackups + 1 {
				_, err := openAt(t, path).backup(t.Context(), "daily", monday)
				noError(t, err)
			}
			if _, err := os.Stat(saved); err != nil && !readable {
				t.Errorf("backups drop what was saved: %v", err)
			}
			left, err := filepath.Glob(filepath.Join(filepath.Dir(path), "*-restored"))
			if err != nil || len(left) > 0 {
				t.Errorf("temporary files are left: %v %v", left, err)
			}
		})
	}
	if opened == 0 || opened == len(damages) {
		t.Errorf("%d of %d damages left a database that opens: both kinds want a test", opened, len(damages))
	}
}

// A link to a database stays one, and leads to the restored one.
func TestReplaceBehindALink(t *testing.T) {
	s := newStore(t)
	add(t, s, basics(2)...)
	want := dump(t, s)
	good := filepath.Join(t.TempDir(), "good.db")
	noError(t, s.Backup(t.Context(), good))
	file, link := filepath.Join(t.TempDir(), "etch.db"), filepath.Join(t.TempDir(), "link.db")
	noError(t, os.WriteFile(file, []byte("none"), 0o600))
	if err := os.Symlink(file, link); err != nil {
		t.Skip(err)
	}
	saved, err := Replace(t.Context(), link, good, Options{Now: monday})
	noError(t, err)
	if text, err := os.ReadFile(saved); err != nil || string(text) != "none" {
		t.Errorf("saved %q: %v", text, err)
	}
	if to, err := os.Readlink(link); err != nil || to != file {
		t.Errorf("the link leads to %q: %v", to, err)
	}
	if got := dump(t, openAt(t, link)); got != want {
		t.Errorf("restored\n%s\nwant\n%s", got, want)
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
	if len(kept) != keptBackups || filepath.Base(kept[0]) != "etch-20261128T070000.000Z-daily.db" {
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
	for day := range keptBackups {
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
