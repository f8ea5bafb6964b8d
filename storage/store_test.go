package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"etch/scheduler"
)

// pooled holds every connection of the pool at once.
func pooled(t *testing.T, s *Store) []*sql.Conn {
	t.Helper()
	conns := make([]*sql.Conn, s.db.Stats().MaxOpenConnections)
	for i := range conns {
		conn, err := s.db.Conn(context.Background())
		noError(t, err)
		t.Cleanup(func() { conn.Close() })
		conns[i] = conn
	}
	return conns
}

func TestPragmasOnEveryConnection(t *testing.T) {
	s := newStore(t)
	conns := pooled(t, s)
	if len(conns) < 2 {
		t.Fatalf("the pool has %d connections: a screen could not read while an answer is written", len(conns))
	}
	for i, conn := range conns {
		for pragma, want := range map[string]string{
			"busy_timeout": "5000", "foreign_keys": "1", "recursive_triggers": "1", "journal_mode": "wal", "synchronous": "2",
		} {
			var got string
			noError(t, conn.QueryRowContext(t.Context(), "PRAGMA "+pragma).Scan(&got))
			if got != want {
				t.Errorf("connection %d: %s = %s, want %s", i, pragma, got, want)
			}
		}
	}
}

func TestFileModes(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data", "etch", "etch.db")
	s := openAt(t, path)
	add(t, s, basics(1)...)
	if _, err := s.DailyBackup(t.Context(), monday); err != nil {
		t.Fatal(err)
	}
	want := map[string]os.FileMode{
		"data": 0o700, "data/etch": 0o700, "data/etch/backups": 0o700,
		"data/etch/etch.db": 0o600, "data/etch/etch.db-wal": 0o600, "data/etch/etch.db-shm": 0o600,
	}
	root := filepath.Dir(filepath.Dir(filepath.Dir(path)))
	backups, err := filepath.Glob(filepath.Join(s.BackupDir(), "*"))
	if err != nil || len(backups) != 1 {
		t.Fatalf("backups: %q, %v", backups, err)
	}
	name, err := filepath.Rel(root, backups[0])
	noError(t, err)
	want[name] = 0o600
	for name, mode := range want {
		info, err := os.Stat(filepath.Join(root, name))
		noError(t, err)
		if got := info.Mode().Perm(); got != mode {
			t.Errorf("%s has mode %o, want %o", name, got, mode)
		}
	}
}

// TestWaitAtMost: a write of a screen fails soon while another program writes,
// and is the same as ever after that.
func TestWaitAtMost(t *testing.T) {
	s := newStore(t)
	card := add(t, s, basics(1)...)[0]
	other := openAt(t, s.Path())
	conn, err := other.db.Conn(t.Context())
	noError(t, err)
	defer conn.Close()
	_, err = conn.ExecContext(t.Context(), "BEGIN EXCLUSIVE")
	noError(t, err)

	s.WaitAtMost(50 * time.Millisecond)
	c := newClock("c")
	row := answer(t, s, c, card, scheduler.Good)
	begun := time.Now()
	if _, err := s.Record(t.Context(), row); !errors.Is(err, ErrLocked) {
		t.Errorf("record: %v, want ErrLocked", err)
	}
	if _, err := s.Void(t.Context(), scheduler.Stamp{ID: "v", Act: "v", At: monday}, ""); !errors.Is(err, ErrLocked) {
		t.Errorf("undo: %v, want ErrLocked", err)
	}
	if took := time.Since(begun); took > 3*time.Second {
		t.Errorf("they failed after %v", took)
	}
	_, err = conn.ExecContext(t.Context(), "ROLLBACK")
	noError(t, err)
	record(t, s, row)
	if n := len(entries(t, s)); n != 1 {
		t.Errorf("%d log rows, want 1", n)
	}
}

func TestOddPaths(t *testing.T) {
	for _, name := range []string{"a?b", "a#b", "a%20b", "a b", "größe-設計", "a'b", `a"b`, "a&mode=ro", "file:x", "a;b", ":memory:"} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), name)
			path := filepath.Join(dir, name+".db")
			s := openAt(t, path)
			card := add(t, s, basics(1)...)[0]
			grade(t, s, newClock("c"), card, scheduler.Good)
			copied := filepath.Join(dir, "copy "+name)
			noError(t, s.Backup(t.Context(), copied))
			if _, err := s.Restore(t.Context(), copied, monday); err != nil {
				t.Errorf("restore: %v", err)
			}
			noError(t, s.Close())

			ro, err := Open(t.Context(), path, Options{ReadOnly: true})
			noError(t, err)
			defer ro.Close()
			if n := len(entries(t, ro)); n != 1 {
				t.Errorf("opened again: %d log rows, want 1", n)
			}
			files, err := os.ReadDir(filepath.Dir(dir))
			if err != nil || len(files) != 1 {
				t.Errorf("files outside of the folder: %v, %v", files, err)
			}
		})
	}
}

func TestOpenRefuses(t *testing.T) {
	newer := func(t *testing.T, path string) {
		s := openAt(t, path)
		_, err := s.db.Exec("PRAGMA user_version = 99")
		noError(t, err)
		noError(t, s.Close())
	}
	truncated := func(t *testing.T, path string) {
		s := openAt(t, path)
		add(t, s, basics(200)...)
		noError(t, s.Close())
		noError(t, os.Truncate(path, 20_000))
	}
	// foreign makes another program's database with a table of this name.
	foreign := func(version int, table string) func(*testing.T, string) {
		return func(t *testing.T, path string) {
			db, err := sql.Open("sqlite", path)
			noError(t, err)
			_, err = db.Exec(fmt.Sprintf("CREATE TABLE %s(url TEXT); PRAGMA user_version = %d", table, version))
			noError(t, errors.Join(err, db.Close()))
		}
	}
	scribbled := func(t *testing.T, path string) {
		noError(t, os.WriteFile(path, []byte(strings.Repeat("no database at all. ", 500)), 0o600))
	}
	for _, tc := range []struct {
		name     string
		prepare  func(*testing.T, string)
		readOnly bool
		want     error
		text     []string // that the message names
	}{
		{"newer schema", newer, false, ErrNewer, []string{"99", "1"}},
		{"newer schema, reading", newer, true, ErrNewer, []string{"99"}},
		{"another program's", foreign(0, "bookmarks"), false, ErrForeign, nil},
		{"another program's, reading", foreign(0, "bookmarks"), true, ErrForeign, nil},
		{"another program's of our version", foreign(1, "bookmarks"), false, ErrForeign, nil},
		{"another program's of our version, reading", foreign(1, "bookmarks"), true, ErrForeign, nil},
		{"another program's with a log", foreign(1, "log"), false, ErrForeign, nil},
		{"another program's of a higher version", foreign(75, "bookmarks"), false, ErrForeign, nil},
		{"another program's of a negative version", foreign(-1, "bookmarks"), false, ErrForeign, nil},
		{"no database", scribbled, false, ErrDamaged, nil},
		{"no database, reading", scribbled, true, ErrDamaged, nil},
		{"truncated", truncated, false, ErrDamaged, nil},
		{"truncated, reading", truncated, true, ErrDamaged, nil},
		{"missing, reading", func(*testing.T, string) {}, true, ErrNotFound, nil},
		{"empty, reading", func(t *testing.T, path string) { noError(t, os.WriteFile(path, nil, 0o600)) }, true, ErrNotFound, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "etch.db")
			tc.prepare(t, path)
			before, _ := os.ReadFile(path)
			s, err := Open(t.Context(), path, Options{ReadOnly: tc.readOnly})
			if err == nil {
				s.Close()
			}
			if !errors.Is(err, tc.want) {
				t.Fatalf("open: %v, want %v", err, tc.want)
			}
			for _, text := range append(tc.text, path) {
				if !strings.Contains(err.Error(), text) {
					t.Errorf("%q does not name %q", err, text)
				}
			}
			after, _ := os.ReadFile(path)
			if string(before) != string(after) {
				t.Error("the refused file was changed")
			}
			if _, err := os.Stat(filepath.Join(filepath.Dir(path), "backups")); err == nil {
				t.Error("the refused file was backed up")
			}
		})
	}
}

func TestOpenRefusesAFolder(t *testing.T) {
	if s, err := Open(t.Context(), t.TempDir(), Options{}); err == nil {
		s.Close()
		t.Error("a folder was opened as a database")
	}
}

// A file that was moved, deleted or replaced takes no answer: SQLite would write
// it to a file that nobody finds again.
func TestStoreIsGone(t *testing.T) {
	for name, change := range map[string]func(t *testing.T, path string){
		"deleted":  func(t *testing.T, path string) { noError(t, os.Remove(path)) },
		"moved":    func(t *testing.T, path string) { noError(t, os.Rename(path, path+".away")) },
		"replaced": func(t *testing.T, path string) { noError(t, os.Rename(path+".copy", path)) },
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "etch.db")
			s := openAt(t, path)
			card := add(t, s, basics(1)...)[0]
			noError(t, s.Backup(t.Context(), path+".copy"))
			c := newClock("c")
			row := answer(t, s, c, card, scheduler.Good)
			change(t, path)
			if _, err := s.Record(t.Context(), row); !errors.Is(err, ErrGone) {
				t.Errorf("record: %v, want ErrGone", err)
			}
			if name == "moved" { // and comes back
				noError(t, os.Rename(path+".away", path))
				_, err := s.Record(t.Context(), row)
				noError(t, err)
			}
		})
	}
}

func TestReadOnlyStoreWritesNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "etch.db")
	s := openAt(t, path)
	card := add(t, s, basics(1)...)[0]
	c := newClock("c")
	grade(t, s, c, card, scheduler.Good)
	ro, err := Open(t.Context(), path, Options{ReadOnly: true})
	noError(t, err)
	defer ro.Close()
	row := answer(t, ro, c, card, scheduler.Good)
	foreign := row.Entry
	foreign.ID = "other"
	_, recorded := ro.Record(t.Context(), row)
	_, voided := ro.Void(t.Context(), c.stamp(), "")
	_, merged := ro.Merge(t.Context(), []scheduler.Entry{foreign})
	for name, err := range map[string]error{
		"record": recorded, "void": voided, "merge": merged, "set": ro.Set(t.Context(), "new-per-day", "3", monday),
	} {
		if !errors.Is(err, ErrReadOnly) {
			t.Errorf("%s: %v, want ErrReadOnly", name, err)
		}
	}
	if n := len(entries(t, s)); n != 1 {
		t.Errorf("%d log rows, want 1", n)
	}
	if got := ro.Scheduler().Settings().NewPerDay; got == 3 {
		t.Error("a setting that was not stored is in force")
	}
	if snap := load(t, ro, scheduler.Query{Now: monday.AddDate(0, 0, 30), New: -1}); len(snap.Items) != 1 {
		t.Errorf("a read-only store loads %d cards, want 1", len(snap.Items))
	}
}

func TestLockedDatabase(t *testing.T) {
	path := filepath.Join(t.TempDir(), "etch.db")
	s, other := openAt(t, path), openAt(t, path)
	card := add(t, s, basics(1)...)[0]
	single(t, s, "busy_timeout = 20")
	c := newClock("c")
	row := answer(t, s, c, card, scheduler.Good)

	lock, err := other.db.Begin() // immediate, as every write of this package
	noError(t, err)
	defer lock.Rollback()
	if _, err := s.Record(t.Context(), row); !errors.Is(err, ErrLocked) {
		t.Errorf("record under a lock: %v, want ErrLocked", err)
	}
	if snap := load(t, s, scheduler.Query{Now: monday, New: -1}); len(snap.Items) != 1 {
		t.Error("reading waits for the writer")
	}
	noError(t, lock.Rollback())
	record(t, s, row)
	healthy(t, s)
}

// A writer that waits is let in when the other is done, well before the
// timeout of five seconds.
func TestWriterWaitsForTheOther(t *testing.T) {
	path := filepath.Join(t.TempDir(), "etch.db")
	s, other := openAt(t, path), openAt(t, path)
	card := add(t, s, basics(1)...)[0]
	row := answer(t, s, newClock("c"), card, scheduler.Good)
	lock, err := other.db.Begin()
	noError(t, err)
	time.AfterFunc(50*time.Millisecond, func() { lock.Rollback() })
	record(t, s, row)
}

func TestCancelledRecordWritesNothing(t *testing.T) {
	s := newStore(t)
	card := add(t, s, basics(1)...)[0]
	row := answer(t, s, newClock("c"), card, scheduler.Good)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Record(ctx, row); !errors.Is(err, context.Canceled) {
		t.Errorf("record: %v, want context.Canceled", err)
	}
	if n := len(entries(t, s)); n != 0 {
		t.Errorf("%d log rows, want none", n)
	}
	healthy(t, s)
}

func TestConcurrentOpenersMigrateOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "etch.db")
	var wg sync.WaitGroup
	errs := make([]error, 8)
	for i := range errs {
		wg.Go(func() {
			s, err := Open(context.Background(), path, Options{Now: monday})
			if err == nil {
				_, err = s.Load(context.Background(), scheduler.Query{Now: monday, New: -1})
				err = errors.Join(err, s.Close())
			}
			errs[i] = err
		})
	}
	wg.Wait()
	noError(t, errors.Join(errs...))
	s := openAt(t, path)
	version, err := s.version(t.Context())
	noError(t, err)
	if version != 1 {
		t.Errorf("schema %d, want 1", version)
	}
	healthy(t, s)
}

// Four goroutines on each of two stores of one file: what every one of them was
// told is recorded is there.
func TestConcurrentWriters(t *testing.T) {
	const writers, each = 8, 12
	path := filepath.Join(t.TempDir(), "etch.db")
	stores := []*Store{openAt(t, path), openAt(t, path)}
	cards := add(t, stores[0], basics(writers)...)
	for _, s := range stores {
		for range 4 { // a slow disk must not make the test slow
			single(t, s, "synchronous = OFF")
		}
		s.db.SetMaxOpenConns(4)
	}
	var wg sync.WaitGroup
	errs := make([]error, writers)
	acknowledged := make([]int, writers)
	for i := range writers {
		wg.Go(func() {
			s, c := stores[i%2], newClock(fmt.Sprint("w", i))
			m := scheduler.Memory{}
			for range each {
				c.now = c.now.Add(time.Hour)
				e, next, err := s.Scheduler().Answer(cards[i], m, c.stamp(), scheduler.Good, time.Second)
				if err != nil {
					errs[i] = err
					return
				}
				if _, err := s.Record(context.Background(), scheduler.Row{Entry: e, Memory: next}); err != nil {
					errs[i] = err
					return
				}
				if _, err := s.Load(context.Background(), scheduler.Query{Now: c.now, New: -1}); err != nil {
					errs[i] = err
					return
				}
				m = next
				acknowledged[i]++
			}
		})
	}
	wg.Wait()
	noError(t, errors.Join(errs...))
	total := 0
	for _, n := range acknowledged {
		total += n
	}
	if n := len(entries(t, stores[1])); n != total || n != writers*each {
		t.Errorf("%d log rows for %d acknowledgements of %d", n, total, writers*each)
	}
	healthy(t, stores[0])
}

// Two terminals answer the same cards: each answer is recorded by exactly one.
func TestTwoTerminalsOneAnswer(t *testing.T) {
	path := filepath.Join(t.TempDir(), "etch.db")
	stores := []*Store{openAt(t, path), openAt(t, path)}
	cards := add(t, stores[0], basics(10)...)
	rows := make([][]scheduler.Row, 2)
	for i, s := range stores {
		c := newClock(fmt.Sprint("t", i))
		for _, card := range cards {
			rows[i] = append(rows[i], answer(t, s, c, card, scheduler.Good))
		}
	}
	var wg sync.WaitGroup
	won := make([]int, 2)
	errs := make([]error, 2)
	for i, s := range stores {
		wg.Go(func() {
			for _, row := range rows[i] {
				switch _, err := s.Record(context.Background(), row); {
				case err == nil:
					won[i]++
				case !errors.Is(err, scheduler.ErrStale):
					errs[i] = errors.Join(errs[i], err)
				}
			}
		})
	}
	wg.Wait()
	noError(t, errors.Join(errs...))
	if won[0]+won[1] != len(cards) || len(entries(t, stores[0])) != len(cards) {
		t.Errorf("%d and %d answers taken, %d log rows, want %d in all", won[0], won[1], len(entries(t, stores[0])), len(cards))
	}
	healthy(t, stores[0])
}

// Settings are read while another goroutine changes them; the race detector
// watches.
func TestSettingsWhileLoading(t *testing.T) {
	s := newStore(t)
	add(t, s, basics(3)...)
	var wg sync.WaitGroup
	for i := range 2 {
		wg.Go(func() {
			for n := range 10 {
				if i == 0 {
					if err := s.Set(context.Background(), "new-per-day", fmt.Sprint(n), monday); err != nil {
						t.Error(err)
					}
				} else if _, err := s.Load(context.Background(), scheduler.Query{Now: monday, New: -1}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
}

func TestFullDisk(t *testing.T) {
	s := newStore(t)
	cards := add(t, s, basics(50)...)
	c := newClock("c")
	grade(t, s, c, cards[0], scheduler.Good)
	single(t, s, "max_page_count = 1") // SQLite takes the present size for less
	var full error
	written := 1
	for range 200 {
		row := answer(t, s, c, cards[0], scheduler.Good)
		c.now = c.now.Add(time.Hour)
		if _, full = s.Record(t.Context(), row); full != nil {
			break
		}
		written++
	}
	if !errors.Is(full, ErrDiskFull) {
		t.Fatalf("record on a full disk: %v, want ErrDiskFull", full)
	}
	if n := len(entries(t, s)); n != written {
		t.Errorf("%d log rows for %d acknowledgements", n, written)
	}
	healthy(t, s)
	single(t, s, "max_page_count = 100000")
	grade(t, s, c, cards[0], scheduler.Good)
	healthy(t, s)
}
