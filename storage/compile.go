package storage

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"etch/deck"
)

// CompileOptions steers a compile.
type CompileOptions struct {
	Now    time.Time
	DryRun bool // report what would change, and change nothing
	// Auto takes only what adds: new, edited and moved cards. What would
	// retire a card, and every doubtful pair, waits and is counted as pending.
	Auto     bool
	Reorder  bool // give new cards their places anew even where no file changed
	Pairings []deck.Pairing
	Edited   deck.NoteID           // the note that an editor was opened at, if any
	Forget   string                // the path of a folder that is a library no longer
	Same     func(deck.Doubt) bool // decides about doubtful pairs; nil: they are not the same
	// Lint judges the posts of a library. A file with an error keeps its last
	// good version, as a file that does not parse.
	Lint func(deck.Library, []*deck.Post) []*deck.Problem
}

// Change is what a compile did to one note.
type Change struct {
	Note deck.NoteID
	What []string // of new, edited, moved, returned; or retired alone
	File string
	Line int
}

// Report is what a compile did, or would do.
type Report struct {
	New, Edited, Moved, Retired, Returned, Unchanged int

	Changes  []Change
	Problems []*deck.Problem
	Doubts   []deck.Doubt
	Pending  int // changes that wait for a look, and files that are broken

	cards int // new ones, where imported decks are compiled
}

// LibraryRow is a library that the database remembers.
type LibraryRow struct {
	Kind deck.LibraryKind
	Path string
}

// Libraries lists the remembered libraries, in the order in which they were
// added.
func (s *Store) Libraries(ctx context.Context) ([]LibraryRow, error) {
	rows, err := s.db.QueryContext(ctx, `SELECT kind, path FROM libraries WHERE forgotten_at IS NULL ORDER BY id`)
	libs, err := collect(rows, err, func(r *sql.Rows) (l LibraryRow, err error) { return l, r.Scan(&l.Kind, &l.Path) })
	if err != nil {
		return nil, fmt.Errorf("list libraries: %w", explain(err))
	}
	return libs, nil
}

// Compile reads libraries and brings the cards up to date, in one transaction:
// all of it happens, or nothing. It never deletes a note, a card or a log row.
// While a file is broken, or a library is missing or empty, nothing is retired.
func (s *Store) Compile(ctx context.Context, libs []deck.Library, opt CompileOptions) (Report, error) {
	report, err := s.compile(ctx, libs, opt)
	if err != nil {
		return Report{}, fmt.Errorf("compile: %w", err)
	}
	return report, nil
}

func (s *Store) compile(ctx context.Context, libs []deck.Library, opt CompileOptions) (Report, error) {
	sources := make([]*source, len(libs))
	for i, lib := range libs {
		sources[i] = list(lib)
	}
	known, err := s.known(ctx)
	if err != nil {
		return Report{}, err
	}
	if known.upToDate(sources, opt) {
		report := Report{Pending: known.pending}
		if !opt.Auto { // at start nobody asks for the number, and it takes a scan
			err = s.db.QueryRowContext(ctx, `SELECT count(*) FROM notes WHERE retired_at IS NULL`).Scan(&report.Unchanged)
		}
		return report, err
	}
	for _, src := range sources {
		if err := src.read(ctx); err != nil {
			return Report{}, err
		}
		src.lint(opt.Lint)
	}
	refuseRepeatedIDs(sources)
	asked := questions{ask: opt.Same, answers: make(map[question]bool)}
	for {
		report, err := s.compileOnce(ctx, sources, opt, &asked)
		switch {
		case errors.Is(err, errAsk):
			asked.answer()
		case errors.Is(err, errDryRun):
			return report, nil
		default:
			return report, err
		}
	}
}

func (s *Store) compileOnce(ctx context.Context, sources []*source, opt CompileOptions, asked *questions) (report Report, err error) {
	err = s.tx(ctx, func(tx *sql.Tx) error {
		c := &compiler{ctx: ctx, tx: tx, opt: opt, sources: sources, sched: s.Scheduler(), report: &report}
		if opt.Same != nil {
			c.asked = asked
		}
		if err := c.run(); err != nil {
			return err
		}
		if opt.DryRun {
			return errDryRun
		}
		return nil
	})
	return report, err
}

// Both roll a transaction back.
var (
	errDryRun = errors.New("dry run")
	errAsk    = errors.New("a doubtful pair waits for an answer")
)

// known is what the last compile left.
type known struct {
	stamps  map[string]string
	pending int
	clean   string // what the files looked like when lint last had nothing to say
}

func (s *Store) known(ctx context.Context) (known, error) {
	k := known{stamps: make(map[string]string)}
	rows, err := s.db.QueryContext(ctx, `SELECT path, stamp FROM libraries WHERE forgotten_at IS NULL`)
	_, err = collect(rows, err, func(r *sql.Rows) (_ struct{}, err error) {
		var path, stamp string
		err = r.Scan(&path, &stamp)
		k.stamps[path] = stamp
		return struct{}{}, err
	})
	if err != nil {
		return k, explain(err)
	}
	err = s.db.QueryRowContext(ctx, `SELECT coalesce((SELECT value FROM meta WHERE key='pending'), '0'), coalesce((SELECT value FROM meta WHERE key='clean'), '')`).
		Scan(&k.pending, &k.clean)
	return k, explain(err)
}

// upToDate reports whether nothing has changed since the last compile, from
// the look of the files alone.
func (k known) upToDate(sources []*source, opt CompileOptions) bool {
	if opt.Reorder || len(opt.Pairings) > 0 || opt.Forget != "" || (k.pending > 0 && !opt.Auto) {
		return false
	}
	if opt.Lint != nil && k.clean != looks(sources) {
		return false // its warnings are what a user who compiles wants to see
	}
	for _, src := range sources {
		if src.err != nil && opt.Auto && k.stamps[src.lib.Path] != "" {
			continue // a folder on a disk that is not there now
		}
		if src.stamp == "" || k.stamps[src.lib.Path] != src.stamp {
			return false
		}
	}
	return true
}

// looks sums up what the files of all libraries look like.
func looks(sources []*source) string {
	h := sha256.New()
	for _, src := range sources {
		fmt.Fprintf(h, "%s\x00%s\x00", src.lib.Path, src.stamp)
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// Check parses and judges one library without a database. It returns every
// problem, and the number of notes that are well.
func Check(lib deck.Library, judge func(deck.Library, []*deck.Post) []*deck.Problem) ([]*deck.Problem, int, error) {
	src := list(lib)
	if err := src.read(context.Background()); err != nil {
		return nil, 0, fmt.Errorf("check %s: %w", lib.Path, err)
	}
	src.lint(judge)
	refuseRepeatedIDs([]*source{src})
	notes := 0
	for _, post := range src.posts {
		notes += len(post.Notes)
	}
	return src.problems, notes, nil
}

// readerVersion goes into what tells a changed file from an unchanged one.
// Change it when the parser reads the same file otherwise than before.
const readerVersion = "2"

// source is one library on its way into the database.
type source struct {
	lib      deck.Library
	files    []deck.File
	err      error  // it could not be listed
	stamp    string // what the files look like; "" when that is unknown
	posts    []*deck.Post
	hashes   map[string]string // of the files that parse, by path
	broken   map[string]bool   // files that keep their last good version
	problems []*deck.Problem
}

// list looks at a library's files: names, sizes and times for a folder, sums
// for the built-in library, which has no times, and contents for the copies
// that lie over it.
func list(lib deck.Library) *source {
	src := &source{lib: lib, hashes: make(map[string]string), broken: make(map[string]bool)}
	if src.files, src.err = lib.Files(); src.err != nil {
		return src
	}
	look := []byte(readerVersion)
	for _, f := range src.files {
		look = append(append(look, f.Path...), 0)
		look = binary.BigEndian.AppendUint64(look, uint64(f.Size))
		if lib.Kind != deck.KindBuiltIn {
			look = binary.BigEndian.AppendUint64(look, uint64(f.ModTime.UnixNano()))
			continue
		}
		if f.Sum != 0 {
			look = binary.BigEndian.AppendUint32(look, f.Sum)
			continue
		}
		text, err := f.Read()
		if err != nil {
			return src
		}
		look = append(look, text...)
	}
	sum := sha256.Sum256(look)
	src.stamp = hex.EncodeToString(sum[:])
	return src
}

// missing reports why a library that was read has nothing to compile, or "".
func (src *source) missing() string {
	switch {
	case src.err != nil:
		return src.err.Error()
	case len(src.posts) == 0 && len(src.broken) == 0:
		return "the folder holds no post"
	}
	return ""
}

func (src *source) read(ctx context.Context) error {
	if err := src.readFiles(ctx); err != nil {
		return err
	}
	if why := src.missing(); why != "" {
		src.problems = append(src.problems, &deck.Problem{
			File: src.lib.Path, Severity: deck.Error, Msg: why,
			Hint: "nothing is retired; 'etch compile --forget " + src.lib.Path + "' leaves the folder out for good",
		})
	}
	return nil
}

func (src *source) readFiles(ctx context.Context) error {
	for _, f := range src.files {
		if err := ctx.Err(); err != nil {
			return err
		}
		text, err := f.Read()
		if err != nil {
			src.refuse(f.Path, &deck.Problem{File: f.Path, Severity: deck.Error, Msg: "read the file: " + err.Error()})
			continue
		}
		post, problems := deck.Parse(f.Path, text)
		src.add(problems)
		if post == nil {
			src.broken[f.Path] = true
			continue
		}
		if post.Dialect == deck.DeckDialect && len(post.Notes) == 0 {
			continue // a README or a to-do list
		}
		src.hashes[f.Path] = textStamp(text)
		src.posts = append(src.posts, post)
	}
	return nil
}

// textStamp identifies a post's text as this parser reads it.
func textStamp(text []byte) string {
	h := sha256.New()
	h.Write(text)
	h.Write([]byte(readerVersion))
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// add takes over problems, with their files named as a user would.
func (src *source) add(problems []*deck.Problem) {
	for _, p := range problems {
		p.File = src.lib.FileName(p.File)
		src.problems = append(src.problems, p)
	}
}

// refuse keeps a file at its last good version.
func (src *source) refuse(path string, p *deck.Problem) {
	src.add([]*deck.Problem{p})
	src.broken[path] = true
	src.posts = slices.DeleteFunc(src.posts, func(post *deck.Post) bool { return post.Path == path })
}

func (src *source) lint(judge func(deck.Library, []*deck.Post) []*deck.Problem) {
	if judge == nil {
		return
	}
	for _, p := range judge(src.lib, src.posts) {
		if p.Severity == deck.Error {
			src.refuse(p.File, p)
		} else {
			src.add([]*deck.Problem{p})
		}
	}
}

// refuseRepeatedIDs keeps both files of an id that stands twice as they were:
// which of them has the history cannot be told.
func refuseRepeatedIDs(sources []*source) {
	for _, p := range deck.RepeatedIDs(parsedOf(sources)) {
		for _, src := range sources {
			i := slices.IndexFunc(src.posts, func(post *deck.Post) bool { return src.lib.FileName(post.Path) == p.File })
			if i < 0 {
				continue
			}
			path := src.posts[i].Path
			src.broken[path] = true
			src.posts = slices.Delete(src.posts, i, i+1)
			break
		}
		sources[0].problems = append(sources[0].problems, p)
	}
}

func parsedOf(sources []*source) []deck.Parsed {
	var parsed []deck.Parsed
	for _, src := range sources {
		for _, post := range src.posts {
			parsed = append(parsed, deck.Parsed{Library: src.lib, Post: post})
		}
	}
	return parsed
}

// setMeta stores one value of the meta table.
func setMeta(ctx context.Context, tx *sql.Tx, key, value string) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO meta(key, value) VALUES(?,?) ON CONFLICT(key) DO UPDATE SET value=excluded.value WHERE value<>excluded.value`, key, value)
	return err
}

func setPending(ctx context.Context, tx *sql.Tx, n int) error {
	return setMeta(ctx, tx, "pending", strconv.Itoa(n))
}
