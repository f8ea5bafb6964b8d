package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/adrg/xdg"

	"etch/cmd/etch/line"
	"etch/deck"
	"etch/scheduler"
	"etch/storage"
)

// flags are the ones that every command takes.
type flags struct {
	db      string
	now     string
	json    bool
	noColor bool
	quiet   bool
}

// app is one run: the world, the global flags, and the database, which opens
// only for a command that needs it, so that help works without a home.
type app struct {
	env
	flags flags
	clock *clock
	store *storage.Store
	ctrlC chan os.Signal // ends the run
}

func newApp(e env) *app {
	if e.loc == nil {
		e.loc = time.UTC
	}
	return &app{env: e, clock: &clock{real: e.now}}
}

func (a *app) close() error {
	if a.store == nil {
		return nil
	}
	err := a.store.Close()
	a.store = nil
	return err
}

// prepare applies the global flags; every command runs it first.
func (a *app) prepare() error {
	if a.flags.now == "" {
		return nil
	}
	t, err := parseTime(a.flags.now, a.env.now().In(a.loc))
	if err != nil {
		return usage("for example --now 2026-12-01T08:00 or --now 2026-12-01", "read --now: %w", err)
	}
	a.clock.shift = t.Sub(a.env.now())
	return nil
}

// parseTime reads an instant (RFC 3339), a local date and time, or a local
// date, which means 9 in the morning.
func parseTime(text string, now time.Time) (time.Time, error) {
	if t, err := time.Parse(time.RFC3339Nano, text); err == nil {
		return t, nil
	}
	for _, layout := range []string{"2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02 15:04:05", "2006-01-02 15:04"} {
		if t, err := time.ParseInLocation(layout, text, now.Location()); err == nil {
			return t, nil
		}
	}
	if t, err := time.ParseInLocation("2006-01-02", text, now.Location()); err == nil {
		return time.Date(t.Year(), t.Month(), t.Day(), 9, 0, 0, 0, t.Location()), nil // a day may have 23 hours
	}
	return time.Time{}, fmt.Errorf("%q is no date or time", text)
}

// now is the time of the run in the user's zone.
func (a *app) now() time.Time { return a.clock.Now().In(a.loc) }

// dbPath returns the database's file and whether the user named it.
func (a *app) dbPath() (path string, named bool) {
	if a.flags.db != "" {
		return a.flags.db, true
	}
	if path := a.getenv("ETCH_DB"); path != "" {
		return path, true
	}
	return filepath.Join(dataDir(), "etch.db"), false
}

// dataDir is where etch keeps its files.
func dataDir() string { return filepath.Join(xdg.DataHome, "etch") }

// access says what a command does with the database.
type access int

const (
	looking access = iota // reads; creates the database for a new user
	peeking               // reads; creates and compiles nothing
	writing
)

// open opens the database once and compiles what was added to the libraries
// since the last run.
func (a *app) open(ctx context.Context, use access) (*storage.Store, error) {
	opened := a.store != nil
	store, err := a.openOnly(ctx, use)
	if err != nil || opened || store.ReadOnly() {
		return store, err
	}
	return store, a.autoCompile(ctx)
}

// openOnly opens the database once and compiles nothing.
func (a *app) openOnly(ctx context.Context, use access) (*storage.Store, error) {
	if a.store != nil {
		return a.store, nil
	}
	path, named := a.dbPath()
	travelling := a.flags.now != "" && !named
	if travelling && use == writing {
		return nil, errTravelling()
	}
	opt := storage.Options{Location: a.loc, Now: a.clock.Now(), ReadOnly: travelling || use == peeking}
	store, err := storage.Open(ctx, path, opt)
	if travelling && errors.Is(err, storage.ErrNotFound) {
		return nil, &failure{err: err, code: exitFailure, hint: "run 'etch' once without --now to create the database"}
	}
	if err != nil {
		return nil, err
	}
	a.store = store
	return store, nil
}

// errTravelling refuses to write to the default database under --now, or to
// what stands beside it.
func errTravelling() error {
	return usage("name a database with --db or ETCH_DB: time travel never writes to your own",
		"--now is read-only on the default database")
}

// autoCompile brings in what only adds: new, edited and moved cards. What
// would retire a card waits for `etch compile`; one line says so.
func (a *app) autoCompile(ctx context.Context) error {
	libs, err := a.libraries(ctx)
	if err != nil {
		return err
	}
	report, err := a.store.Compile(ctx, libs, storage.CompileOptions{Now: a.clock.Now(), Auto: true})
	if err != nil {
		return err
	}
	if report.Pending > 0 && !a.flags.quiet {
		a.say("%s to look at: run 'etch compile'", count(report.Pending, "change"))
	}
	return nil
}

// libraries returns the built-in library, with the user's edited copies laid
// over it, and the remembered folders.
func (a *app) libraries(ctx context.Context) ([]deck.Library, error) {
	libs := []deck.Library{builtIn()}
	rows, err := a.store.Libraries(ctx)
	if err != nil {
		return nil, err
	}
	for _, row := range rows {
		if row.Kind == deck.KindFolder {
			libs = append(libs, folder(row.Path))
		}
	}
	return libs, nil
}

// encode prints a line of JSON.
func (a *app) encode(v any) error { return line.NewEncoder(a.out).Encode(v) }

// say writes one line for a person to stderr.
func (a *app) say(format string, args ...any) {
	fmt.Fprintln(a.err, strings.TrimRight(deck.CleanLine(fmt.Sprintf(format, args...)), " "))
}

// progress says what takes a while, where somebody is watching.
func (a *app) progress(format string, args ...any) {
	if a.errTTY && !a.flags.quiet {
		a.say(format+" ...", args...)
	}
}

// session returns the options that every session shares.
func (a *app) sessionOptions() scheduler.SessionOptions {
	return scheduler.SessionOptions{ID: a.newID(), NewID: a.newID}
}
