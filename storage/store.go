// Package storage is where it is kept: one SQLite file with the notes, the
// append-only log and the memory that a fold of the log rebuilds.
//
// A [Store] is the database with its user's settings. One exported method is
// one transaction. What is due and in which order is not decided here: Load
// hands rows to [scheduler.Scheduler.Queue].
package storage

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"etch/scheduler"
)

// Errors that a caller tells apart.
var (
	ErrNotFound  = errors.New("not found")
	ErrForeign   = errors.New("not a database of etch")
	ErrNewer     = errors.New("the database was written by a newer etch")
	ErrLocked    = errors.New("the database is locked by another program")
	ErrDamaged   = errors.New("the database is damaged")
	ErrReadOnly  = errors.New("the database cannot be written")
	ErrGone      = errors.New("the database was moved, deleted or replaced")
	ErrDiskFull  = errors.New("the disk is full")
	ErrAmbiguous = errors.New("ambiguous")
)

//go:embed migrations/*.sql
var migrations embed.FS

// Options says how a database is opened.
type Options struct {
	Location *time.Location // where study days are counted; nil for UTC
	ReadOnly bool           // refuse to create, migrate or write
	Now      time.Time      // names the backup that is made before a migration
}

// Store is an open database. It is safe for concurrent use.
type Store struct {
	db    *sql.DB
	path  string
	file  fs.FileInfo // what stood at path when it was opened
	loc   *time.Location
	ro    bool
	sched atomic.Pointer[scheduler.Scheduler]
	wait  atomic.Int64 // milliseconds that a write waits for another program's; 0 for those of dsn
}

// Open opens the database at path, creates or migrates it unless it is opened
// read-only, and reads its settings. A missing file in read-only mode is
// ErrNotFound.
func Open(ctx context.Context, path string, opt Options) (_ *Store, err error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	s := &Store{path: abs, loc: opt.Location, ro: opt.ReadOnly}
	if s.loc == nil {
		s.loc = time.UTC
	}
	defer func() {
		if err != nil {
			err = fmt.Errorf("open database %s: %w", path, explain(err))
			if s.db != nil {
				s.db.Close()
			}
		}
	}()
	if err := prepareFile(abs, opt.ReadOnly); errors.Is(err, fs.ErrPermission) {
		return nil, fmt.Errorf("%w: %w", ErrReadOnly, err)
	} else if err != nil {
		return nil, err
	}
	if s.file, err = os.Stat(abs); err != nil {
		return nil, err
	}
	if s.db, err = sql.Open("sqlite", dsn(abs, opt.ReadOnly)); err != nil {
		return nil, err
	}
	// Four connections let a screen read while an answer is written.
	s.db.SetMaxOpenConns(4)
	s.db.SetMaxIdleConns(4)
	if err := s.migrate(ctx, opt); err != nil {
		return nil, err
	}
	return s, s.ReloadSettings(ctx)
}

// Close releases the database.
func (s *Store) Close() error { return explain(s.db.Close()) }

// ReadOnly reports whether the database was opened to be read alone.
func (s *Store) ReadOnly() bool { return s.ro }

// Path returns the absolute path of the database file.
func (s *Store) Path() string { return s.path }

// WaitAtMost bounds how long a write waits from now on while another program
// writes, until it fails with ErrLocked. Five seconds suit a command; on a
// screen, nobody could tell them from a hang.
func (s *Store) WaitAtMost(d time.Duration) { s.wait.Store(d.Milliseconds()) }

// prepareFile makes the folder and an empty file that only its owner can
// read: SQLite itself would create it with the umask's mode.
func prepareFile(path string, readOnly bool) error {
	info, err := os.Stat(path)
	switch {
	case err == nil && info.IsDir():
		return fmt.Errorf("%s is a folder", path)
	case err == nil:
		return nil
	case !errors.Is(err, fs.ErrNotExist):
		return err
	case readOnly:
		return ErrNotFound
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	return f.Close()
}

// dsn builds the connection string; net/url keeps paths with ?, # and % whole.
func dsn(path string, readOnly bool) string {
	q := url.Values{"_txlock": {"immediate"}}
	pragma := func(name string, value any) { q.Add("_pragma", fmt.Sprintf("%s(%v)", name, value)) }
	pragma("busy_timeout", 5000)
	pragma("foreign_keys", 1)
	pragma("recursive_triggers", 1) // or INSERT OR REPLACE slips past the log's delete trigger
	if readOnly {
		q.Set("mode", "ro")
		q.Set("_txlock", "deferred")
	} else {
		pragma("synchronous", "FULL") // an acknowledged answer survives a power cut
	}
	u := url.URL{Scheme: "file", Path: filepath.ToSlash(path), RawQuery: q.Encode()}
	return u.String()
}

// migrate brings the schema up to date, one numbered file a transaction. Until
// it knows that the file is etch's it changes nothing in it.
func (s *Store) migrate(ctx context.Context, opt Options) error {
	steps, err := fs.ReadDir(migrations, "migrations")
	if err != nil {
		return err
	}
	version, err := s.version(ctx)
	if err != nil {
		return err
	}
	if !opt.ReadOnly {
		if err := s.useWAL(ctx); err != nil {
			return err
		}
	}
	switch {
	case version > len(steps):
		return fmt.Errorf("%w: it has schema %d, this etch knows up to %d", ErrNewer, version, len(steps))
	case version == len(steps):
		return nil
	case opt.ReadOnly && version == 0:
		return fmt.Errorf("a database of etch is %w in the file", ErrNotFound)
	case opt.ReadOnly:
		return fmt.Errorf("%w: its schema %d needs an upgrade to %d", ErrReadOnly, version, len(steps))
	case version > 0:
		if _, err := s.backup(ctx, "schema"+strconv.Itoa(version), opt.Now); err != nil {
			return fmt.Errorf("back up before the upgrade: %w", err)
		}
	}
	for i, step := range steps[version:] {
		if err := s.migrateTo(ctx, version+i+1, step.Name()); err != nil {
			return fmt.Errorf("upgrade to schema %d: %w", version+i+1, err)
		}
	}
	return nil
}

// useWAL sets the journal mode; the file keeps it, so that one connection does
// it for all. Of two processes that do it to a new file at once, SQLite refuses
// one without waiting, which finds it done when it tries again.
func (s *Store) useWAL(ctx context.Context) (err error) {
	for range 3 {
		if _, err = s.db.ExecContext(ctx, "PRAGMA journal_mode = WAL"); !errors.Is(explain(err), ErrLocked) {
			break
		}
	}
	return err
}

// version returns the number of the schema, 0 for an empty file. Tables of
// another program are ErrForeign. It is one statement: another process may be
// creating the database.
func (s *Store) version(ctx context.Context) (version int, err error) {
	var tables, ours int
	err = s.db.QueryRowContext(ctx, `SELECT user_version, (SELECT count(*) FROM sqlite_master),
		(SELECT count(*) FROM sqlite_master WHERE type='table' AND name IN ('log','settings')) FROM pragma_user_version`).
		Scan(&version, &tables, &ours)
	if err == nil && (version == 0 && tables > 0 || version != 0 && ours < 2) {
		err = ErrForeign
	}
	return version, err
}

func (s *Store) migrateTo(ctx context.Context, version int, name string) error {
	text, err := migrations.ReadFile("migrations/" + name)
	if err != nil {
		return err
	}
	return s.tx(ctx, func(tx *sql.Tx) error {
		var now int
		if err := tx.QueryRowContext(ctx, "PRAGMA user_version").Scan(&now); err != nil || now >= version {
			return err // another process was faster
		}
		if _, err := tx.ExecContext(ctx, string(text)); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, fmt.Sprintf("PRAGMA user_version = %d", version))
		return err
	})
}

// tx runs fn in one transaction. The named result matters: a commit that
// fails must reach the caller.
func (s *Store) tx(ctx context.Context, fn func(*sql.Tx) error) (err error) {
	begin := s.db.BeginTx
	if wait := s.wait.Load(); wait > 0 {
		conn, err := s.db.Conn(ctx)
		if err != nil {
			return explain(err)
		}
		defer conn.Close()
		if _, err := conn.ExecContext(ctx, fmt.Sprintf("PRAGMA busy_timeout = %d", wait)); err != nil {
			return explain(err)
		}
		begin = conn.BeginTx
	}
	tx, err := begin(ctx, nil)
	if err != nil {
		return explain(err)
	}
	defer func() {
		if p := recover(); p != nil {
			tx.Rollback()
			panic(p)
		}
		if err != nil {
			tx.Rollback()
			err = explain(err)
			return
		}
		err = explain(tx.Commit())
	}()
	if err := s.inPlace(); err != nil {
		return err
	}
	return fn(tx)
}

// inPlace returns ErrGone if the file is another than was opened. SQLite goes
// on with a file that has no name any more: what it writes there is lost.
func (s *Store) inPlace() error {
	now, err := os.Stat(s.path)
	switch {
	case errors.Is(err, fs.ErrNotExist) || err == nil && !os.SameFile(s.file, now):
		return ErrGone
	case err != nil:
		return fmt.Errorf("look at the database: %w", err)
	}
	return nil
}

// explain maps SQLite's codes to this package's errors and keeps the cause.
func explain(err error) error {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return err
	}
	known := []error{ErrNewer, ErrLocked, ErrDamaged, ErrReadOnly, ErrDiskFull}
	for _, k := range known {
		if errors.Is(err, k) {
			return err
		}
	}
	var kind error
	if e.Code() == sqlite3.SQLITE_IOERR_SHMSIZE {
		return fmt.Errorf("%w (%w)", ErrDiskFull, err) // the shared memory beside the file cannot grow
	}
	switch e.Code() & 0xff {
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		kind = ErrLocked
	case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
		kind = ErrDamaged
	case sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_CANTOPEN:
		kind = ErrReadOnly
	case sqlite3.SQLITE_FULL:
		kind = ErrDiskFull
	default:
		return err
	}
	return fmt.Errorf("%w (%w)", kind, err)
}

// millis and instant convert times as the tables keep them; 0 is the zero
// time.
func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func instant(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

// collect reads all rows of a query through scan, so that no other query runs
// while rows are open.
func collect[T any](rows *sql.Rows, err error, scan func(*sql.Rows) (T, error)) (out []T, _ error) {
	err = each(rows, err, func() error {
		v, err := scan(rows)
		if err == nil {
			out = append(out, v)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// each is what collect has in common for all types: those are in the program
// one by one.
func each(rows *sql.Rows, err error, row func() error) error {
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := row(); err != nil {
			return err
		}
	}
	return rows.Err()
}
