package storage

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"etch/deck"
	"etch/scheduler"
)

// PostRow is one post with how far its reader has come.
type PostRow struct {
	Slug     string
	Title    string
	Topic    string
	Tags     []string
	Requires []string
	Depth    int    // longest chain of prerequisites below it
	Library  string // path of its library; "builtin" for the built-in one
	Path     string // of the file, relative to the library
	Cards    int
	Core     int
	Seen     int // cards that were answered at least once
	CoreSeen int
	Due      int     // reviews due today, and learning cards
	Mature   int     // in review with an interval of 21 days or more
	Recall   float64 // mean probability of recall of the seen cards now; 0 for none
	Order    int64   // position of its first unseen core card among the new ones; 0 for none
}

// Posts lists the posts that hold cards or prose and are not retired, by
// library and path. Recall is computed by the caller's scheduler for day.
func (s *Store) Posts(ctx context.Context, today scheduler.Day) ([]PostRow, error) {
	posts, err := s.postRows(ctx)
	if err != nil {
		return nil, fmt.Errorf("list posts: %w", explain(err))
	}
	byID := make(map[int64]int, len(posts))
	out := make([]PostRow, len(posts))
	for i, p := range posts {
		byID[p.id], out[i] = i, p.PostRow
	}
	rows, err := s.db.QueryContext(ctx, `SELECT m.post_id, n.tier, m.state, m.hidden, m.buried_day, m.due_day, m.ivl, m.s, m.last_day, m.new_pos
		FROM memory m JOIN cards c ON c.id=m.card_id JOIN notes n ON n.id=c.note_id WHERE c.retired_at IS NULL`)
	if err != nil {
		return nil, fmt.Errorf("list posts: %w", explain(err))
	}
	defer rows.Close()
	recall := make([]float64, len(posts))
	for rows.Next() {
		var post, newPos int64
		var tier deck.Tier
		var m scheduler.Memory
		var hidden bool
		err := rows.Scan(&post, &tier, &m.State, &hidden, &m.BuriedDay, &m.DueDay, &m.Interval, &m.Stability, &m.LastDay, &newPos)
		if err != nil {
			return nil, fmt.Errorf("list posts: %w", explain(err))
		}
		i, ok := byID[post]
		if !ok {
			continue
		}
		p := &out[i]
		p.Cards++
		if tier == deck.Core {
			p.Core++
		}
		if m.State == scheduler.New {
			if tier == deck.Core && (p.Order == 0 || newPos < p.Order) {
				p.Order = newPos
			}
			continue
		}
		p.Seen++
		if tier == deck.Core {
			p.CoreSeen++
		}
		if m.State == scheduler.Review && m.Interval >= 21 {
			p.Mature++
		}
		if !hidden && m.BuriedDay != today && (m.State != scheduler.Review || m.DueDay <= today) {
			p.Due++
		}
		recall[i] += s.Scheduler().RecallOn(m, today)
	}
	for i := range out {
		if out[i].Seen > 0 {
			out[i].Recall = recall[i] / float64(out[i].Seen)
		}
	}
	return out, explain(rows.Err())
}

type storedPost struct {
	PostRow
	id int64
}

func (s *Store) postRows(ctx context.Context) ([]storedPost, error) {
	rows, err := s.db.QueryContext(ctx, `SELECT p.id, p.slug, p.title, p.topic, p.tags, p.requires, p.depth, b.path, p.path
		FROM posts p JOIN libraries b ON b.id=p.library_id WHERE p.retired_at IS NULL ORDER BY b.id, p.path`)
	return collect(rows, err, func(r *sql.Rows) (p storedPost, err error) {
		var tags, requires string
		err = r.Scan(&p.id, &p.Slug, &p.Title, &p.Topic, &tags, &requires, &p.Depth, &p.Library, &p.Path)
		if err != nil {
			return p, err
		}
		return p, errors.Join(json.Unmarshal([]byte(tags), &p.Tags), json.Unmarshal([]byte(requires), &p.Requires))
	})
}

// PostBody returns the last good text of the post called slug, and its row.
// The error is ErrNotFound, or ErrAmbiguous when two libraries have it.
func (s *Store) PostBody(ctx context.Context, slug string) (body string, row PostRow, err error) {
	rows, err := s.db.QueryContext(ctx, `SELECT p.body, p.title, p.topic, b.path, p.path FROM posts p
		JOIN libraries b ON b.id=p.library_id WHERE p.slug=? AND p.retired_at IS NULL ORDER BY p.id`, slug)
	type found struct {
		body string
		row  PostRow
	}
	all, err := collect(rows, err, func(r *sql.Rows) (f found, err error) {
		f.row.Slug = slug
		return f, r.Scan(&f.body, &f.row.Title, &f.row.Topic, &f.row.Library, &f.row.Path)
	})
	switch {
	case err != nil:
		return "", row, fmt.Errorf("read post %s: %w", slug, explain(err))
	case len(all) == 0:
		return "", row, fmt.Errorf("post %q: %w%s", slug, ErrNotFound, s.likePost(ctx, slug))
	case len(all) > 1:
		return "", row, fmt.Errorf("post %q: %w: in %s and %s", slug, ErrAmbiguous, all[0].row.Library, all[1].row.Library)
	}
	return all[0].body, all[0].row, nil
}

// likePost names the posts that somebody may have meant whose name holds this
// one; "" where there are none, or too many to help.
func (s *Store) likePost(ctx context.Context, name string) string {
	const few = 3
	part := strings.ReplaceAll(strings.ToLower(strings.TrimSpace(name)), " ", "-")
	if part == "" {
		return ""
	}
	rows, err := s.db.QueryContext(ctx, `SELECT DISTINCT slug FROM posts
		WHERE retired_at IS NULL AND instr(slug, ?)>0 ORDER BY slug LIMIT ?`, part, few+1)
	slugs, err := collect(rows, err, func(r *sql.Rows) (slug string, err error) { return slug, r.Scan(&slug) })
	if err != nil || len(slugs) == 0 || len(slugs) > few {
		return ""
	}
	return "; did you mean " + strings.Join(slugs, ", ") + "?"
}

// HasTag reports whether a live card has the tag, from its post or its own, or
// the topic of that name.
func (s *Store) HasTag(ctx context.Context, tag string) (has bool, err error) {
	sc := newScope(scheduler.Query{Tags: []string{tag}})
	err = s.db.QueryRowContext(ctx, `SELECT EXISTS(SELECT 1 FROM memory m JOIN cards c ON c.id=m.card_id WHERE c.retired_at IS NULL`+sc.where+`)`, sc.args...).Scan(&has)
	if err != nil {
		return false, fmt.Errorf("look for tag %s: %w", tag, explain(err))
	}
	return has, nil
}

// Passage returns the prose of the post that a card comes from.
func (s *Store) Passage(ctx context.Context, id deck.CardID) (string, error) {
	row, err := s.CardRow(ctx, id)
	if err != nil {
		return "", err
	}
	var body string
	err = s.db.QueryRowContext(ctx, `SELECT p.body FROM posts p JOIN notes n ON n.post_id=p.id WHERE n.id=?`, id.Note()).Scan(&body)
	if err != nil {
		return "", fmt.Errorf("read the post of card %s: %w", id, explain(err))
	}
	post, problems := deck.ParseStored(row.Card.Path, []byte(body))
	if post == nil {
		return "", fmt.Errorf("read the post of card %s: %w", id, problems[0])
	}
	return post.Passage(row.Card.Line), nil
}
