package storage

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"etch/deck"
	"etch/scheduler"
)

// CardRow is one card with its text and its memory.
type CardRow struct {
	Card   deck.Card
	Memory scheduler.Memory
}

const cardTables = ` FROM memory m JOIN cards c ON c.id=m.card_id JOIN notes n ON n.id=c.note_id
	JOIN posts p ON p.id=n.post_id JOIN libraries b ON b.id=p.library_id `

const cardColumns = memoryColumns + `, coalesce(n.key,''), n.kind, n.type, n.tier, n.front, n.back, n.tags, p.tags,
	n.source, n.as_of, n.why, n.takeaway, p.slug, p.title, p.topic, b.path, p.path, n.line, c.pos`

func scanCard(rows *sql.Rows) (row CardRow, err error) {
	c := &row.Card
	var noteTags, postTags string
	var del int
	fields, done := memoryFields(&c.ID, &row.Memory)
	err = rows.Scan(append(fields, &c.Key, &c.Kind, &c.Type, &c.Tier, &c.Front, &c.Back, &noteTags, &postTags,
		&c.Source, &c.AsOf, &c.Why, &c.Takeaway, &c.Post, &c.Title, &c.Topic, &c.Library, &c.Path, &c.Line, &del)...)
	if err != nil {
		return row, err
	}
	done()
	c.Question, c.Answer = deck.Question(c.Kind, c.Front, del), deck.Answer(c.Kind, c.Front, c.Back, del)
	c.Tags, err = joinTags(postTags, noteTags)
	return row, err
}

// joinTags reads the two JSON lists of tags and drops repetitions.
func joinTags(lists ...string) ([]string, error) {
	var all []string
	have := make(map[string]bool)
	for _, list := range lists {
		var tags []string
		if err := json.Unmarshal([]byte(list), &tags); err != nil {
			return nil, fmt.Errorf("read tags: %w", err)
		}
		for _, t := range tags {
			if !have[t] {
				have[t], all = true, append(all, t)
			}
		}
	}
	return all, nil
}

// Card returns one card's text. The error is ErrNotFound for an unknown id.
func (s *Store) Card(ctx context.Context, id deck.CardID) (deck.Card, error) {
	row, err := s.CardRow(ctx, id)
	return row.Card, err
}

// CardRow returns one card with its memory. The error is ErrNotFound for an
// unknown id.
func (s *Store) CardRow(ctx context.Context, id deck.CardID) (CardRow, error) {
	rows, err := s.db.QueryContext(ctx, `SELECT `+cardColumns+cardTables+`WHERE m.card_id=?`, id)
	found, err := collect(rows, err, scanCard)
	if err == nil && len(found) == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return CardRow{}, fmt.Errorf("read card %s: %w", id, explain(err))
	}
	return found[0], nil
}

// Cards lists the cards that a search finds, post by post in text order.
// Retired cards are left out. The error names a search word that is wrong.
func (s *Store) Cards(ctx context.Context, query string, now time.Time) ([]CardRow, error) {
	where, args, err := s.search(query, now)
	if err != nil {
		return nil, err
	}
	rows, err := s.db.QueryContext(ctx, `SELECT `+cardColumns+cardTables+`WHERE c.retired_at IS NULL`+where+
		` ORDER BY b.id, p.path, n.pos, c.pos`, args...)
	found, err := collect(rows, err, scanCard)
	if err != nil {
		return nil, fmt.Errorf("list cards: %w", explain(err))
	}
	return found, nil
}

// FindCard resolves what a user calls a card: an explicit id, a card id, or a
// unique prefix of one. A cloze note's key names its first card. The error is
// ErrNotFound or ErrAmbiguous.
func (s *Store) FindCard(ctx context.Context, name string) (deck.CardID, error) {
	const query = `SELECT c.id FROM cards c JOIN notes n ON n.id=c.note_id WHERE c.retired_at IS NULL AND `
	exact, err := s.cardIDs(ctx, query+`(c.id=? OR n.key=? OR n.id=?) ORDER BY c.id=? DESC, c.pos LIMIT 1`, name, name, name, name)
	if err != nil || len(exact) > 0 {
		return firstID(exact), err
	}
	if name == "" {
		return "", fmt.Errorf("card %q: %w", name, ErrNotFound)
	}
	pattern := likeEscape.Replace(name) + "%"
	found, err := s.cardIDs(ctx, query+`(c.id LIKE ? ESCAPE '\' OR n.key LIKE ? ESCAPE '\') ORDER BY c.id LIMIT 6`, pattern, pattern)
	switch {
	case err != nil:
		return "", err
	case len(found) == 0:
		return "", fmt.Errorf("card %q: %w", name, ErrNotFound)
	case len(found) > 1:
		names := make([]string, len(found))
		for i, id := range found {
			names[i] = string(id)
		}
		return "", fmt.Errorf("card %q: %w: %s", name, ErrAmbiguous, strings.Join(names, ", "))
	}
	return found[0], nil
}

func (s *Store) cardIDs(ctx context.Context, query string, args ...any) ([]deck.CardID, error) {
	rows, err := s.db.QueryContext(ctx, query, args...)
	ids, err := collect(rows, err, func(r *sql.Rows) (id deck.CardID, err error) { return id, r.Scan(&id) })
	if err != nil {
		return nil, fmt.Errorf("find card: %w", explain(err))
	}
	return ids, nil
}

func firstID(ids []deck.CardID) deck.CardID {
	if len(ids) == 0 {
		return ""
	}
	return ids[0]
}

var likeEscape = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)
