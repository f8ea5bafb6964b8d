package storage

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"path/filepath"
	"time"

	"etch/deck"
	"etch/scheduler"
)

// ContentFilter says what an export takes; the zero value takes all.
type ContentFilter struct {
	Posts []string // slugs
	Tags  []string
	Core  bool // core cards alone
	Log   bool // with what happened to each card
}

// Content is what an export takes out of the database: the live cards, note by
// note in reading order.
type Content struct {
	Notes []ContentNote
	Types map[int64]string  // note types of imported notes, as JSON
	Media map[string]string // files of imported notes by name: where they lie
}

// ContentNote is a note with the place that it comes from.
type ContentNote struct {
	ID           deck.NoteID
	Kind         deck.Kind
	Type         deck.Type
	Tier         deck.Tier
	Front, Back  string
	Tags         []string // the post's and the note's
	Source, AsOf string
	Takeaway     string
	Post, Title  string
	Topic        string
	Library      deck.LibraryKind
	Folder       string // that its file lies in; "" where there is no file
	GUID         string
	Ord          int // see [IncomingNote]
	AnkiID       int64
	Changed      time.Time // what an export shows of it
	Fields       string    // JSON of an imported note as it came, or ""
	Cards        []ContentCard
}

// ContentCard is one card of a note.
type ContentCard struct {
	ID     deck.CardID
	Ord    int
	Pos    int // which card of the text, from 0
	AnkiID int64
	Memory scheduler.Memory
	Rows   []scheduler.Entry // what stands, oldest first; none unless asked for
}

// Content reads what an export takes, all as of one moment.
func (s *Store) Content(ctx context.Context, f ContentFilter) (*Content, error) {
	c := &Content{Types: make(map[int64]string), Media: make(map[string]string)}
	err := s.read(ctx, func(tx *sql.Tx) error {
		if err := s.readContent(ctx, tx, f, c); err != nil || !f.Log {
			return err
		}
		return addRows(ctx, tx, c)
	})
	if err != nil {
		return nil, fmt.Errorf("read cards: %w", err)
	}
	return c, nil
}

func (s *Store) readContent(ctx context.Context, tx *sql.Tx, f ContentFilter, c *Content) error {
	sc := newScope(scheduler.Query{Posts: f.Posts, Tags: f.Tags})
	if f.Core {
		sc.where += ` AND n.tier='core'`
	}
	rows, err := tx.QueryContext(ctx, `SELECT n.id, n.kind, n.type, n.tier, n.front, n.back, n.tags, p.tags, n.source, n.as_of, n.takeaway,
		p.slug, p.title, p.topic, b.kind, b.path, p.path, n.anki_guid, n.anki_ord, n.anki_nid, n.changed_at, coalesce(n.anki_fields,''),
		c.ord, c.pos, c.anki_cid, `+memoryColumns+cardTables+`
		WHERE c.retired_at IS NULL`+sc.where+` ORDER BY b.id, p.path, n.pos, n.id, c.ord`, sc.args...)
	_, err = collect(rows, err, func(r *sql.Rows) (_ struct{}, err error) {
		var n ContentNote
		var card ContentCard
		var noteTags, postTags, library, path string
		var changed int64
		fields, done := memoryFields(&card.ID, &card.Memory)
		err = r.Scan(append([]any{
			&n.ID, &n.Kind, &n.Type, &n.Tier, &n.Front, &n.Back, &noteTags, &postTags, &n.Source, &n.AsOf, &n.Takeaway,
			&n.Post, &n.Title, &n.Topic, &n.Library, &library, &path, &n.GUID, &n.Ord, &n.AnkiID, &changed, &n.Fields,
			&card.Ord, &card.Pos, &card.AnkiID,
		}, fields...)...)
		if err != nil {
			return struct{}{}, err
		}
		done()
		if last := len(c.Notes) - 1; last >= 0 && c.Notes[last].ID == n.ID {
			c.Notes[last].Cards = append(c.Notes[last].Cards, card)
			return struct{}{}, nil
		}
		n.Changed, n.Cards = instant(changed), []ContentCard{card}
		if n.Library == deck.KindFolder {
			n.Folder = filepath.Join(library, filepath.Dir(filepath.FromSlash(path)))
		}
		if n.Library == deck.KindAnki { // the post's tag is there for etch alone
			err = json.Unmarshal([]byte(noteTags), &n.Tags)
		} else {
			n.Tags, err = joinTags(postTags, noteTags)
		}
		c.Notes = append(c.Notes, n)
		return struct{}{}, err
	})
	if err != nil {
		return err
	}
	rows, err = tx.QueryContext(ctx, `SELECT id, def FROM anki_types`)
	_, err = collect(rows, err, func(r *sql.Rows) (_ struct{}, err error) {
		var id int64
		var def string
		err = r.Scan(&id, &def)
		c.Types[id] = def
		return struct{}{}, err
	})
	if err != nil {
		return err
	}
	rows, err = tx.QueryContext(ctx, `SELECT name, file FROM media`)
	_, err = collect(rows, err, func(r *sql.Rows) (_ struct{}, err error) {
		var name, file string
		err = r.Scan(&name, &file)
		c.Media[name] = filepath.Join(s.MediaFolder(), file)
		return struct{}{}, err
	})
	return err
}

// addRows gives each card the rows that stand. The log is read card by card:
// it is the largest part of an export.
func addRows(ctx context.Context, tx *sql.Tx, c *Content) error {
	cards := make(map[deck.CardID]*ContentCard)
	for i := range c.Notes {
		for j := range c.Notes[i].Cards {
			cards[c.Notes[i].Cards[j].ID] = &c.Notes[i].Cards[j]
		}
	}
	var rows []scheduler.Entry
	flush := func() {
		if len(rows) > 0 {
			card := cards[rows[0].Card]
			card.Rows = scheduler.Live(rows)
			scheduler.SortEntries(card.Rows)
			rows = rows[:0]
		}
	}
	all, err := tx.QueryContext(ctx, `SELECT `+entryColumns+` FROM log ORDER BY card_id, at, id`)
	_, err = collect(all, err, func(r *sql.Rows) (_ struct{}, err error) {
		e, err := scanEntry(r)
		if err != nil || cards[e.Card] == nil {
			return struct{}{}, err
		}
		if len(rows) > 0 && rows[0].Card != e.Card {
			flush()
		}
		rows = append(rows, e)
		return struct{}{}, nil
	})
	flush()
	return err
}
