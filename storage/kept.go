package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"etch/deck"
	"etch/scheduler"
)

// Imported decks are posts of a library without a folder: their texts are kept
// in the database alone. They are compiled when they change, and left as they
// are by every other compile.
var keptLibrary = deck.Library{Kind: deck.KindAnki, Path: deck.KeptPath}

// take adds a text that is kept in the database.
func (src *source) take(path string, text []byte) error {
	post, problems := deck.ParseStored(path, text)
	if post == nil {
		return fmt.Errorf("deck %s: %w", path, problems[0])
	}
	src.posts = append(src.posts, post)
	src.hashes[path] = textStamp(text)
	return nil
}

func keptSource() *source {
	return &source{lib: keptLibrary, hashes: make(map[string]string), broken: make(map[string]bool)}
}

// compileKept compiles all texts of the kept library. What waits for a look in
// folders goes on to wait.
func compileKept(ctx context.Context, tx *sql.Tx, sched *scheduler.Scheduler, src *source, opt CompileOptions) (report Report, err error) {
	var pending int
	err = tx.QueryRowContext(ctx, `SELECT coalesce((SELECT value FROM meta WHERE key='pending'), '0')`).Scan(&pending)
	if err != nil {
		return report, err
	}
	c := &compiler{ctx: ctx, tx: tx, opt: opt, sources: []*source{src}, sched: sched, report: &report}
	if err := c.run(); err != nil {
		return report, err
	}
	if err := c.placeKept(); err != nil {
		return report, err
	}
	for _, n := range c.plan.Notes {
		for _, card := range n.Cards {
			if card.New {
				report.cards++
			}
		}
	}
	return report, setPending(ctx, tx, pending)
}

// DeckText returns the text of an imported deck. The error is ErrNotFound for a
// post that is not one.
func (s *Store) DeckText(ctx context.Context, slug string) (text string, err error) {
	err = s.db.QueryRowContext(ctx, `SELECT p.body FROM posts p JOIN libraries b ON b.id=p.library_id
		WHERE b.kind='anki' AND p.slug=? AND p.retired_at IS NULL`, slug).Scan(&text)
	if errors.Is(err, sql.ErrNoRows) {
		err = ErrNotFound
	}
	if err != nil {
		return "", fmt.Errorf("read deck %q: %w", slug, explain(err))
	}
	return text, nil
}

// EditDeck puts a text in the place of an imported deck's and brings its cards
// up to date: what the text has no more is retired. A text with an error in
// it, or without any card, changes nothing.
func (s *Store) EditDeck(ctx context.Context, slug, text string, now time.Time) (report Report, err error) {
	err = s.tx(ctx, func(tx *sql.Tx) error {
		src, err := editedDecks(ctx, tx, slug, text)
		if err != nil {
			return err
		}
		report, err = compileKept(ctx, tx, s.Scheduler(), src, CompileOptions{Now: now})
		return err
	})
	if err != nil {
		return Report{}, fmt.Errorf("edit deck %q: %w", slug, err)
	}
	return report, nil
}

// editedDecks returns the texts of all imported decks, one of them edited.
func editedDecks(ctx context.Context, tx *sql.Tx, slug, text string) (*source, error) {
	type post struct{ path, slug, body string }
	rows, err := tx.QueryContext(ctx, `SELECT p.path, p.slug, p.body FROM posts p JOIN libraries b ON b.id=p.library_id
		WHERE b.kind='anki' AND p.retired_at IS NULL ORDER BY p.id`)
	posts, err := collect(rows, err, func(r *sql.Rows) (p post, err error) { return p, r.Scan(&p.path, &p.slug, &p.body) })
	if err != nil {
		return nil, err
	}
	src := keptSource()
	edited := false
	for _, p := range posts {
		if p.slug != slug || edited {
			if err := src.take(p.path, []byte(p.body)); err != nil {
				return nil, err
			}
			continue
		}
		edited = true
		if err := src.take(p.path, []byte(text)); err != nil {
			return nil, err
		}
		if len(src.posts[len(src.posts)-1].Notes) == 0 {
			return nil, &deck.Problem{File: p.path, Severity: deck.Error, Msg: "the text has no card", Hint: "'etch import --forget " + slug + "' leaves out a deck"}
		}
	}
	if !edited {
		return nil, ErrNotFound
	}
	return src, refuseForeignIDs(ctx, tx, src)
}

// refuseForeignIDs refuses an id that stands in two decks, or in a folder too:
// the card there would lose its history to the one here.
func refuseForeignIDs(ctx context.Context, tx *sql.Tx, src *source) error {
	if twice := deck.RepeatedIDs(parsedOf([]*source{src})); len(twice) > 0 {
		return twice[0]
	}
	rows, err := tx.QueryContext(ctx, `SELECT n.key, b.path || '/' || p.path FROM notes n JOIN posts p ON p.id=n.post_id JOIN libraries b ON b.id=p.library_id
		WHERE b.kind='folder' AND n.key IS NOT NULL AND n.retired_at IS NULL`)
	files := make(map[string]string)
	_, err = collect(rows, err, func(r *sql.Rows) (_ struct{}, err error) {
		var key, file string
		err = r.Scan(&key, &file)
		files[key] = file
		return struct{}{}, err
	})
	if err != nil {
		return err
	}
	for _, p := range src.posts {
		for _, n := range p.Notes {
			if files[n.Key] != "" {
				return &deck.Problem{File: p.Path, Line: n.Line, Severity: deck.Error, Msg: fmt.Sprintf("id %s is also in %s", n.Key, files[n.Key]), Hint: "give each card an id of its own"}
			}
		}
	}
	return nil
}

// keptRank is the rank of an imported deck for new cards: after all posts of
// the libraries, in the order in which they came, or before them if it is
// pinned.
func keptRank(slug string, id int, pinned []string) int {
	if i := slices.Index(pinned, slug); i >= 0 {
		return i - len(pinned)
	}
	return 1<<20 + id
}

// placeKept gives the new cards of imported decks their places anew.
func (c *compiler) placeKept() error {
	type post struct {
		id   int64
		slug string
	}
	rows, err := c.tx.QueryContext(c.ctx, `SELECT p.id, p.slug FROM posts p JOIN libraries b ON b.id=p.library_id WHERE b.kind='anki' AND p.retired_at IS NULL ORDER BY p.id`)
	posts, err := collect(rows, err, func(r *sql.Rows) (p post, err error) { return p, r.Scan(&p.id, &p.slug) })
	if err != nil {
		return err
	}
	for _, p := range posts {
		from := deck.NewPos(deck.Core, keptRank(p.slug, int(p.id), c.sched.Settings().PinnedPosts), 0, 0)
		_, err := c.tx.ExecContext(c.ctx, `UPDATE memory SET new_pos=new_pos-((new_pos>>32)<<32)+? WHERE post_id=? AND (new_pos>>32)<<32<>?`, from, p.id, from)
		if err != nil {
			return err
		}
	}
	return nil
}

// dropMoved takes what has moved to another library out of the texts of
// imported decks, or the next import would take it back. A deck that is empty
// then is retired.
func (c *compiler) dropMoved() error {
	if c.sources[0].lib.Kind == deck.KindAnki {
		return nil
	}
	moved := make(map[int64][]*deck.StoredNote)
	for i := range c.plan.Notes {
		if old := c.plan.Notes[i].Old; old != nil && c.kept[old.Post] {
			moved[old.Post] = append(moved[old.Post], old)
		}
	}
	for id, notes := range moved {
		var path, body string
		if err := c.tx.QueryRowContext(c.ctx, `SELECT path, body FROM posts WHERE id=?`, id).Scan(&path, &body); err != nil {
			return err
		}
		body, left := withoutNotes(path, body, func(n deck.Note) bool {
			hash := deck.TextHash(n.Kind, n.Front, n.Back)
			return slices.ContainsFunc(notes, func(o *deck.StoredNote) bool { return n.Key != "" && n.Key == o.Key || n.Key == "" && hash == o.Hash })
		})
		_, err := c.tx.ExecContext(c.ctx, `UPDATE posts SET body=?, hash=?, retired_at=CASE WHEN ?=0 THEN ? END WHERE id=?`,
			body, textStamp([]byte(body)), left, millis(c.opt.Now), id)
		if err != nil {
			return err
		}
	}
	return nil
}

// withoutNotes blanks the lines of some notes of a text, so that those of the
// others stay where they are, and returns how many notes are left.
func withoutNotes(path, body string, drop func(deck.Note) bool) (rest string, left int) {
	post, _ := deck.ParseStored(path, []byte(body))
	if post == nil {
		return body, 0
	}
	lines := strings.Split(post.Body, "\n")
	for _, n := range post.Notes {
		if !drop(n) {
			left++
			continue
		}
		for i := n.First - 1; i < min(n.Last, len(lines)); i++ {
			lines[i] = ""
		}
	}
	return strings.Join(lines, "\n"), left
}

// ForgetDeck retires the cards of an imported deck; their history stays. It
// returns how many there were. The error is ErrNotFound for a post that is not
// an imported deck.
func (s *Store) ForgetDeck(ctx context.Context, slug string, now time.Time) (cards int, err error) {
	err = s.tx(ctx, func(tx *sql.Tx) error {
		var id int64
		err := tx.QueryRowContext(ctx, `SELECT p.id FROM posts p JOIN libraries b ON b.id=p.library_id
			WHERE b.kind='anki' AND p.slug=? AND p.retired_at IS NULL`, slug).Scan(&id)
		if errors.Is(err, sql.ErrNoRows) {
			return ErrNotFound
		}
		if err != nil {
			return err
		}
		res, err := tx.ExecContext(ctx, `UPDATE cards SET retired_at=? WHERE retired_at IS NULL AND note_id IN (SELECT id FROM notes WHERE post_id=?)`, millis(now), id)
		if err != nil {
			return err
		}
		n, err := res.RowsAffected()
		if err != nil {
			return err
		}
		cards = int(n)
		if _, err := tx.ExecContext(ctx, `UPDATE notes SET retired_at=? WHERE retired_at IS NULL AND post_id=?`, millis(now), id); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `UPDATE posts SET retired_at=?, body='' WHERE id=?`, millis(now), id); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `UPDATE memory SET hidden=1 WHERE card_id IN (SELECT c.id FROM cards c JOIN notes n ON n.id=c.note_id WHERE n.post_id=?)`, id)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("forget deck %q: %w", slug, err)
	}
	return cards, nil
}
