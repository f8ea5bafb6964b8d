package anki

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Errors of reading a package that a user can do something about.
var (
	ErrNotPackage  = errors.New("the file is not an Anki package")
	ErrNewer       = errors.New("the package was made by a newer Anki")
	ErrUnsupported = errors.New("the package has a database that no release of Anki exports")
	ErrDamaged     = errors.New("the package is damaged")
	ErrTooLarge    = errors.New("the package is larger than etch accepts")
	ErrUnsafe      = errors.New("the package holds database code that Anki does not write")
)

// Options says how a package is opened.
type Options struct {
	// Now is the time of the import. An id more than a day later comes from a
	// wrong clock: notes and cards get another one, reviews are skipped. The
	// zero time accepts all.
	Now time.Time

	// Temp is the folder below which the database is unpacked for as long as
	// Open runs; "" is the system's.
	Temp string

	Limits Limits
}

// Limits caps what a package may make this program read. 0 stands for the
// default, which is in brackets. Only what says so is skipped and reported;
// the others end in [ErrTooLarge].
type Limits struct {
	Entries       int   // entries of the zip file (100,000)
	DatabaseBytes int64 // the database, unpacked (2 GiB)
	MapBytes      int64 // the list of media, unpacked (64 MiB)
	MediaBytes    int64 // one media file, unpacked (100 MiB); a larger one is skipped
	AllMediaBytes int64 // all media, unpacked (8 GiB)

	Settings      int   // note types, decks and presets, and fields and templates of all types, each (20,000)
	SettingsBytes int64 // one column with note types, decks or presets, or all rows of such a table (64 MiB)
	Notes         int   // (1,000,000)
	Cards         int   // (2,000,000)
	Reviews       int   // (10,000,000)
	FieldBytes    int   // one field of a note (1 MiB); a note with a longer one is skipped
	TextBytes     int64 // the fields of all notes (512 MiB)
}

// orDefaults fills in what the caller left open.
func (l Limits) orDefaults() Limits {
	l.Entries = or(l.Entries, 100_000)
	l.DatabaseBytes = or(l.DatabaseBytes, 2<<30)
	l.MapBytes = or(l.MapBytes, 64<<20)
	l.MediaBytes = or(l.MediaBytes, 100<<20)
	l.AllMediaBytes = or(l.AllMediaBytes, 8<<30)
	l.Settings = or(l.Settings, 20_000)
	l.SettingsBytes = or(l.SettingsBytes, 64<<20)
	l.Notes = or(l.Notes, 1_000_000)
	l.Cards = or(l.Cards, 2_000_000)
	l.Reviews = or(l.Reviews, 10_000_000)
	l.FieldBytes = or(l.FieldBytes, 1<<20)
	l.TextBytes = or(l.TextBytes, 512<<20)
	return l
}

func or[T int | int64](n, fallback T) T {
	if n <= 0 {
		return fallback
	}
	return n
}

// Package is an open package. All of it but the media is in memory; rows are
// sorted by id and media by name, and every reference between them holds.
// Home decks, queues and the like are as in the file.
type Package struct {
	Collection

	// Whole says that the file is meant to replace a collection and not to be
	// merged: a .colpkg, by its name.
	Whole bool

	// Problems are the rows that were skipped and the values that were mended,
	// in the order in which they were met.
	Problems []Problem

	file *container
}

// Problem is one thing that was wrong with a package.
type Problem struct {
	Why      string   // what was wrong and what was done
	Skipped  bool     // the rows are left out; else they were mended
	Count    int      // rows that had it
	Examples []string // the first few of them; text of the file is quoted
}

// Close releases the file. Media cannot be read afterwards.
func (p *Package) Close() error { return p.file.Close() }

// Open reads a package. Close it when its media are no longer needed. Every
// media file has been unpacked once when it returns, so what [Package.Media]
// lists was whole.
//
// The errors are [ErrNotPackage], [ErrNewer], [ErrUnsupported], [ErrDamaged],
// [ErrTooLarge], [ErrUnsafe], those of the file system and the context's.
func Open(ctx context.Context, path string, opt Options) (_ *Package, err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("open package %s: %w", path, err)
		}
	}()
	lim := opt.Limits.orDefaults()
	file, err := openContainer(path, lim)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			file.Close()
		}
	}()
	r := &reader{lim: lim, latest: math.MaxInt64, p: &Package{Whole: isWhole(path), file: file}}
	if !opt.Now.IsZero() {
		r.latest = opt.Now.Add(24 * time.Hour).UnixMilli()
	}
	if err := r.readDatabase(ctx, opt.Temp); err != nil {
		return nil, err
	}
	if err := r.readMedia(ctx); err != nil {
		return nil, err
	}
	return r.p, nil
}

// isWhole reports whether Anki's own dialog would replace the collection by
// the file.
func isWhole(path string) bool {
	name := strings.ToLower(filepath.Base(path))
	return strings.HasSuffix(name, ".colpkg") || name == "collection.apkg" ||
		strings.HasPrefix(name, "backup-") && strings.HasSuffix(name, ".apkg")
}

// reader fills a package.
type reader struct {
	lim      Limits
	latest   int64 // unix ms; a greater id is of a wrong clock
	p        *Package
	problems map[string]int // index in p.Problems by Why

	types, decks, presets map[int64]bool // ids that were read
}

// examples is how many rows a Problem names.
const examples = 3

// skip notes a row that is left out; why is one of a few constant texts, or
// the list would grow with the file.
func (r *reader) skip(why, format string, args ...any) { r.note(true, why, format, args) }

// mend notes a value that is replaced.
func (r *reader) mend(why, format string, args ...any) { r.note(false, why, format, args) }

func (r *reader) note(skipped bool, why, format string, args []any) {
	i, ok := r.problems[why]
	if !ok {
		if r.problems == nil {
			r.problems = map[string]int{}
		}
		i = len(r.p.Problems)
		r.problems[why] = i
		r.p.Problems = append(r.p.Problems, Problem{Why: why, Skipped: skipped})
	}
	p := &r.p.Problems[i]
	p.Count++
	if len(p.Examples) < examples {
		p.Examples = append(p.Examples, fmt.Sprintf(format, args...))
	}
}

// show quotes text of the file for a message.
func show(s string) string {
	const most = 60
	if len(s) > most {
		s = s[:most] + "…"
	}
	return strconv.Quote(s)
}

// text makes a string of the file valid: SQLite and JSON carry any bytes.
func (r *reader) text(s, format string, args ...any) string {
	clean := strings.ToValidUTF8(s, "\uFFFD")
	clean = strings.ReplaceAll(clean, "\x00", "")
	if clean != s {
		r.mend("text that is not UTF-8, or with NUL: replaced", format, args...)
	}
	return clean
}

// within returns n if it is in lo..hi and else the nearer end, which it
// reports.
func (r *reader) within(n, lo, hi int64, why, format string, args ...any) int64 {
	m := min(max(n, lo), hi)
	if m != n {
		r.mend(why, format, args...)
	}
	return m
}

// removeAll deletes a temporary folder and keeps the first error.
func removeAll(dir string, err *error) {
	if e := os.RemoveAll(dir); *err == nil {
		*err = e
	}
}
