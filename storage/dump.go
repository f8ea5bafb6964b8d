package storage

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"etch/deck"
	"etch/scheduler"
)

// DumpCounts is how much a dump holds, or how much of one was new here.
type DumpCounts struct {
	Notes, Cards, Rows, Settings int
	Left                         int // reviews that another card here has
}

// dumpVersion is raised when an older etch could not read the lines.
const dumpVersion = 1

// The lines of a dump, each an object whose first key says which it is. What
// refers to something stands after it.
type (
	dumpHead struct {
		Version int   `json:"version"`
		At      int64 `json:"at,omitempty"` // only read: older files have it, and an unknown key is an error
	}
	// dumpEnd is the last line: without it the file was cut off.
	dumpEnd struct {
		Lines int `json:"lines"` // before it
	}
	dumpSetting struct {
		Key     string `json:"key"`
		Value   string `json:"value"`
		Changed int64  `json:"changed_at"`
	}
	dumpPost struct {
		Kind     deck.LibraryKind `json:"kind"`
		Library  string           `json:"library"`
		Path     string           `json:"path"`
		Slug     string           `json:"slug"`
		Title    string           `json:"title"`
		Topic    string           `json:"topic"`
		Tags     json.RawMessage  `json:"tags"`
		Requires json.RawMessage  `json:"requires"`
		Depth    int              `json:"depth"`
		Body     string           `json:"body"`
		Hash     string           `json:"hash"`
		Notes    []dumpNote       `json:"notes"`
	}
	dumpNote struct {
		ID       deck.NoteID     `json:"id"`
		Key      string          `json:"key,omitempty"`
		Pos      int             `json:"pos"`
		Line     int             `json:"line"`
		Takeaway string          `json:"takeaway"`
		Kind     deck.Kind       `json:"kind"`
		Type     deck.Type       `json:"type"`
		Tier     deck.Tier       `json:"tier"`
		Front    string          `json:"front"`
		Back     string          `json:"back"`
		Tags     json.RawMessage `json:"tags"`
		Source   string          `json:"source"`
		AsOf     string          `json:"as_of"`
		After    string          `json:"after,omitempty"`
		Why      string          `json:"why"`
		Hash     string          `json:"hash"`
		Created  int64           `json:"created_at"`
		Changed  int64           `json:"changed_at"`
		Retired  int64           `json:"retired_at,omitempty"`
		GUID     string          `json:"anki_guid"`
		AnkiID   int64           `json:"anki_nid"`
		AnkiOrd  int             `json:"anki_ord"`
		Fields   string          `json:"anki_fields,omitempty"`
		Lineage  []string        `json:"lineage"`
		Cards    []dumpCard      `json:"cards"`
	}
	dumpCard struct {
		ID      deck.CardID `json:"id"`
		Ord     int         `json:"ord"`
		Pos     int         `json:"pos"`
		Hash    string      `json:"hash"`
		Retired int64       `json:"retired_at,omitempty"`
		AnkiID  int64       `json:"anki_cid"`
	}
	dumpType struct {
		ID  int64  `json:"id"`
		Def string `json:"def"`
	}
	dumpMedia struct {
		Name string `json:"name"`
		Data []byte `json:"data"`
	}
	dumpLine struct {
		Etch    *dumpHead        `json:"etch,omitempty"`
		Setting *dumpSetting     `json:"setting,omitempty"`
		Type    *dumpType        `json:"anki_type,omitempty"`
		Media   *dumpMedia       `json:"media,omitempty"`
		Post    *dumpPost        `json:"post,omitempty"`
		Log     *scheduler.Entry `json:"log,omitempty"`
		End     *dumpEnd         `json:"end,omitempty"`
	}
)

// Dump writes everything that the database holds, one JSON object a line:
// settings, posts with their notes and cards, retired ones too, and the log, all
// as of one moment. [Store.LoadDump] reads it. What can be rebuilt from the log
// is left out.
func (s *Store) Dump(ctx context.Context, w io.Writer) (n DumpCounts, err error) {
	err = s.read(ctx, func(tx *sql.Tx) error {
		d := &dumper{ctx: ctx, s: s, tx: tx, out: json.NewEncoder(w), n: &n}
		d.out.SetEscapeHTML(false)
		for _, part := range []func() error{d.head, d.settings, d.types, d.media, d.posts, d.log, d.end} {
			if err := part(); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return n, fmt.Errorf("dump: %w", err)
	}
	return n, nil
}

type dumper struct {
	ctx   context.Context
	s     *Store
	tx    *sql.Tx
	out   *json.Encoder
	n     *DumpCounts
	lines int
}

func (d *dumper) line(l dumpLine) error {
	d.lines++
	return d.out.Encode(l)
}

func (d *dumper) head() error { return d.line(dumpLine{Etch: &dumpHead{Version: dumpVersion}}) }

func (d *dumper) end() error { return d.line(dumpLine{End: &dumpEnd{Lines: d.lines}}) }

// rows writes a line for each row of a query.
func (d *dumper) rows(query string, line func(*sql.Rows) (dumpLine, error)) error {
	rows, err := d.tx.QueryContext(d.ctx, query)
	_, err = collect(rows, err, func(r *sql.Rows) (_ struct{}, err error) {
		l, err := line(r)
		if err == nil && l != (dumpLine{}) {
			err = d.line(l)
		}
		return struct{}{}, err
	})
	return err
}

func (d *dumper) settings() error {
	return d.rows(`SELECT key, value, changed_at FROM settings ORDER BY key`, func(r *sql.Rows) (dumpLine, error) {
		x := &dumpSetting{}
		d.n.Settings++
		return dumpLine{Setting: x}, r.Scan(&x.Key, &x.Value, &x.Changed)
	})
}

func (d *dumper) types() error {
	return d.rows(`SELECT id, def FROM anki_types ORDER BY id`, func(r *sql.Rows) (dumpLine, error) {
		x := &dumpType{}
		return dumpLine{Type: x}, r.Scan(&x.ID, &x.Def)
	})
}

func (d *dumper) media() error {
	return d.rows(`SELECT name, file FROM media ORDER BY name`, func(r *sql.Rows) (dumpLine, error) {
		x, file := &dumpMedia{}, ""
		if err := r.Scan(&x.Name, &file); err != nil {
			return dumpLine{}, err
		}
		var err error
		x.Data, err = os.ReadFile(filepath.Join(d.s.MediaFolder(), file))
		if errors.Is(err, fs.ErrNotExist) {
			return dumpLine{}, nil // it has gone from the disk
		}
		return dumpLine{Media: x}, err
	})
}

func (d *dumper) posts() error {
	notes, err := d.notes()
	if err != nil {
		return err
	}
	return d.rows(`SELECT p.id, b.kind, b.path, p.path, p.slug, p.title, p.topic, p.tags, p.requires, p.depth, p.body, p.hash
		FROM posts p JOIN libraries b ON b.id=p.library_id ORDER BY p.id`, func(r *sql.Rows) (dumpLine, error) {
		x, id := &dumpPost{}, int64(0)
		var tags, requires string
		err := r.Scan(&id, &x.Kind, &x.Library, &x.Path, &x.Slug, &x.Title, &x.Topic, &tags, &requires, &x.Depth, &x.Body, &x.Hash)
		x.Tags, x.Requires, x.Notes = json.RawMessage(tags), json.RawMessage(requires), notes[id]
		for _, n := range x.Notes {
			d.n.Notes++
			d.n.Cards += len(n.Cards)
		}
		return dumpLine{Post: x}, err
	})
}

// notes reads all notes by their posts.
func (d *dumper) notes() (map[int64][]dumpNote, error) {
	cards := make(map[deck.NoteID][]dumpCard)
	rows, err := d.tx.QueryContext(d.ctx, `SELECT note_id, id, ord, pos, cloze_hash, coalesce(retired_at,0), anki_cid FROM cards ORDER BY note_id, ord`)
	_, err = collect(rows, err, func(r *sql.Rows) (_ struct{}, err error) {
		var note deck.NoteID
		var x dumpCard
		err = r.Scan(&note, &x.ID, &x.Ord, &x.Pos, &x.Hash, &x.Retired, &x.AnkiID)
		cards[note] = append(cards[note], x)
		return struct{}{}, err
	})
	if err != nil {
		return nil, err
	}
	lineage := make(map[deck.NoteID][]string)
	rows, err = d.tx.QueryContext(d.ctx, `SELECT note_id, hash FROM lineage ORDER BY note_id, hash`)
	_, err = collect(rows, err, func(r *sql.Rows) (_ struct{}, err error) {
		var note deck.NoteID
		var hash string
		err = r.Scan(&note, &hash)
		lineage[note] = append(lineage[note], hash)
		return struct{}{}, err
	})
	if err != nil {
		return nil, err
	}
	notes := make(map[int64][]dumpNote)
	rows, err = d.tx.QueryContext(d.ctx, `SELECT post_id, id, coalesce(key,''), pos, line, takeaway, kind, type, tier, front, back, tags, source, as_of, coalesce(after,''), why,
		hash, created_at, changed_at, coalesce(retired_at,0), anki_guid, anki_nid, anki_ord, coalesce(anki_fields,'') FROM notes ORDER BY post_id, pos, id`)
	_, err = collect(rows, err, func(r *sql.Rows) (_ struct{}, err error) {
		var post int64
		var x dumpNote
		var tags string
		err = r.Scan(&post, &x.ID, &x.Key, &x.Pos, &x.Line, &x.Takeaway, &x.Kind, &x.Type, &x.Tier, &x.Front, &x.Back, &tags, &x.Source, &x.AsOf, &x.After, &x.Why,
			&x.Hash, &x.Created, &x.Changed, &x.Retired, &x.GUID, &x.AnkiID, &x.AnkiOrd, &x.Fields)
		x.Tags, x.Lineage, x.Cards = json.RawMessage(tags), lineage[x.ID], cards[x.ID]
		notes[post] = append(notes[post], x)
		return struct{}{}, err
	})
	return notes, err
}

func (d *dumper) log() error {
	return d.rows(`SELECT `+entryColumns+` FROM log ORDER BY seq`, func(r *sql.Rows) (dumpLine, error) {
		e, err := scanEntry(r)
		d.n.Rows++
		return dumpLine{Log: &e}, err
	})
}

// LoadOptions steers the reading of a dump.
type LoadOptions struct {
	Now    time.Time
	DryRun bool
}
