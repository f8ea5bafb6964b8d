package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"etch/scheduler"
)

// Scheduler returns the scheduler that the stored settings make.
func (s *Store) Scheduler() *scheduler.Scheduler { return s.sched.Load() }

// ReloadSettings reads the settings again, after another program may have
// changed them. Keys that this etch does not know are left alone.
func (s *Store) ReloadSettings(ctx context.Context) error {
	sched, err := s.readScheduler(ctx, s.db)
	if err != nil {
		return fmt.Errorf("read settings: %w", explain(err))
	}
	s.sched.Store(sched)
	return nil
}

// querier is a database or a transaction.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

func (s *Store) readScheduler(ctx context.Context, q querier) (*scheduler.Scheduler, error) {
	set, err := readSettings(ctx, q)
	if err != nil {
		return nil, err
	}
	return scheduler.NewScheduler(set, s.loc)
}

func readSettings(ctx context.Context, q querier) (scheduler.Settings, error) {
	set := scheduler.Defaults()
	type pair struct{ key, value string }
	rows, err := q.QueryContext(ctx, `SELECT key, value FROM settings ORDER BY key`)
	pairs, err := collect(rows, err, func(r *sql.Rows) (p pair, err error) { return p, r.Scan(&p.key, &p.value) })
	if err != nil {
		return set, err
	}
	for _, p := range pairs {
		if err := set.Set(p.key, p.value); err != nil && !errors.Is(err, scheduler.ErrUnknownOption) {
			return set, err
		}
	}
	return set, nil
}

// current returns the scheduler to take a memory over a row with: the store's,
// unless another program has stored other weights since it read its settings.
func (s *Store) current(ctx context.Context, tx *sql.Tx) (*scheduler.Scheduler, error) {
	sched := s.Scheduler()
	known, err := sched.Settings().Get("weights")
	if err != nil {
		return nil, err
	}
	var same bool
	err = tx.QueryRowContext(ctx, `SELECT coalesce((SELECT value FROM settings WHERE key='weights'), ?)=?`, defaultWeights, known).Scan(&same)
	if err != nil || same {
		return sched, err
	}
	if sched, err = s.readScheduler(ctx, tx); err != nil {
		return nil, fmt.Errorf("read settings: %w", err)
	}
	s.sched.Store(sched)
	return sched, nil
}

var defaultWeights, _ = scheduler.Defaults().Get("weights")

// Set stores one setting.
func (s *Store) Set(ctx context.Context, key, value string, now time.Time) error {
	return s.SetAll(ctx, map[string]string{key: value}, now)
}

// SetAll stores settings, all of them or none. They change no due date; new
// weights change stability and difficulty, so every memory is folded anew. An
// interview date that is over is scheduler.ErrPast, a pin of a post that there
// is not ErrNotFound.
func (s *Store) SetAll(ctx context.Context, changes map[string]string, now time.Time) error {
	old := s.Scheduler().Settings()
	set := old
	texts := make(map[string]string, len(changes))
	for key, value := range changes {
		if err := set.Set(key, value); err != nil {
			return err
		}
		text, err := set.Get(key)
		if err != nil {
			return err
		}
		texts[key] = text
	}
	if err := set.ChangeFrom(old, s.Scheduler().Day(now)); err != nil {
		return err
	}
	if err := s.knowPosts(ctx, set.PinnedPosts, old.PinnedPosts); err != nil {
		return err
	}
	_, refold := changes["weights"]
	var sched *scheduler.Scheduler
	err := s.tx(ctx, func(tx *sql.Tx) (err error) {
		for key, text := range texts {
			_, err := tx.ExecContext(ctx, `INSERT INTO settings(key, value, changed_at) VALUES(?,?,?)
				ON CONFLICT(key) DO UPDATE SET value=excluded.value, changed_at=excluded.changed_at`, key, text, millis(now))
			if err != nil {
				return err
			}
		}
		if sched, err = s.readScheduler(ctx, tx); err == nil && refold {
			_, err = rebuild(ctx, tx, sched)
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("store settings: %w", err)
	}
	s.sched.Store(sched)
	return nil
}

// knowPosts returns ErrNotFound for the first of the names that is no post's,
// but for those that were accepted before: a post may go.
func (s *Store) knowPosts(ctx context.Context, names, accepted []string) error {
	for _, name := range names {
		if slices.Contains(accepted, name) {
			continue
		}
		var known bool
		err := s.db.QueryRowContext(ctx, `SELECT EXISTS(SELECT 1 FROM posts WHERE slug=? AND retired_at IS NULL)`, name).Scan(&known)
		if err != nil {
			return fmt.Errorf("look for post %s: %w", name, explain(err))
		}
		if !known {
			return fmt.Errorf("pin post %q: %w%s", name, ErrNotFound, s.likePost(ctx, name))
		}
	}
	return nil
}
