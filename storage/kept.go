package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
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

// compileKept compiles all texts of the kept library. It returns how many
// cards are new. What waits for a look in folders goes on to wait.
func compileKept(ctx context.Context, tx *sql.Tx, sched *scheduler.Scheduler, src *source, opt CompileOptions) (cards int, err error) {
	var pending int
	err = tx.QueryRowContext(ctx, `SELECT coalesce((SELECT value FROM meta WHERE key='pending'), '0')`).Scan(&pending)
	if err != nil {
		return 0, err
	}
	var report Report
	c := &compiler{ctx: ctx, tx: tx, opt: opt, sources: []*source{src}, sched: sched, report: &report}
	if err := c.run(); err != nil {
		return 0, err
	}
	for _, n := range c.plan.Notes {
		for _, card := range n.Cards {
			if card.New {
				cards++
			}
		}
	}
	return cards, setPending(ctx, tx, pending)
}

// keptRank is the rank of an imported deck for new cards: after all posts of
// the libraries, or before them if it is pinned.
func keptRank(slug string, index int, pinned []string) int {
	if i := slices.Index(pinned, slug); i >= 0 {
		return i - len(pinned)
	}
	return 1<<20 + index
}

// placeKept gives the new cards of imported decks their places anew.
func (c *compiler) placeKept() error {
	type post struct {
		id   int64
		slug string
	}
	rows, err := c.tx.QueryContext(c.ctx, `SELECT p.id, p.slug FROM posts p JOIN libraries b ON b.id=p.library_id WHERE b.kind='anki' ORDER BY p.id`)
	posts, err := collect(rows, err, func(r *sql.Rows) (p post, err error) { return p, r.Scan(&p.id, &p.slug) })
	if err != nil {
		return err
	}
	for i, p := range posts {
		from := deck.NewPos(deck.Core, keptRank(p.slug, i, c.sched.Settings().PinnedPosts), 0, 0)
		_, err := c.tx.ExecContext(c.ctx, `UPDATE memory SET new_pos=new_pos-((new_pos>>32)<<32)+? WHERE post_id=? AND (new_pos>>32)<<32<>?`, from, p.id, from)
		if err != nil {
			return err
		}
	}
	return nil
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
		const notes = `SELECT id FROM notes WHERE post_id=?1`
		res, err := tx.ExecContext(ctx, `UPDATE cards SET retired_at=?2 WHERE retired_at IS NULL AND note_id IN (`+notes+`)`, id, millis(now))
		if err != nil {
			return err
		}
		n, err := res.RowsAffected()
		cards = int(n)
		for _, stmt := range []string{
			`UPDATE notes SET retired_at=?2 WHERE retired_at IS NULL AND post_id=?1`,
			`UPDATE posts SET retired_at=?2, body='' WHERE id=?1`,
			`UPDATE memory SET hidden=1 WHERE ?2>0 AND card_id IN (SELECT id FROM cards WHERE note_id IN (` + notes + `))`,
		} {
			if err == nil {
				_, err = tx.ExecContext(ctx, stmt, id, millis(now))
			}
		}
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("forget deck %q: %w", slug, err)
	}
	return cards, nil
}
