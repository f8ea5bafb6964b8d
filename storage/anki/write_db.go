package anki

import (
	"context"
	"database/sql"
	"errors"
	"net/url"
	"strings"
)

// schema11 is the form that every Anki reads. The columns stand in this order,
// for some programs count them.
const schema11 = `
CREATE TABLE col (
  id integer PRIMARY KEY, crt integer NOT NULL, mod integer NOT NULL, scm integer NOT NULL, ver integer NOT NULL,
  dty integer NOT NULL, usn integer NOT NULL, ls integer NOT NULL,
  conf text NOT NULL, models text NOT NULL, decks text NOT NULL, dconf text NOT NULL, tags text NOT NULL
);
CREATE TABLE notes (
  id integer PRIMARY KEY, guid text NOT NULL, mid integer NOT NULL, mod integer NOT NULL, usn integer NOT NULL,
  tags text NOT NULL, flds text NOT NULL, sfld integer NOT NULL, csum integer NOT NULL, flags integer NOT NULL, data text NOT NULL
);
CREATE TABLE cards (
  id integer PRIMARY KEY, nid integer NOT NULL, did integer NOT NULL, ord integer NOT NULL, mod integer NOT NULL, usn integer NOT NULL,
  type integer NOT NULL, queue integer NOT NULL, due integer NOT NULL, ivl integer NOT NULL, factor integer NOT NULL,
  reps integer NOT NULL, lapses integer NOT NULL, left integer NOT NULL, odue integer NOT NULL, odid integer NOT NULL,
  flags integer NOT NULL, data text NOT NULL
);
CREATE TABLE revlog (
  id integer PRIMARY KEY, cid integer NOT NULL, usn integer NOT NULL, ease integer NOT NULL, ivl integer NOT NULL,
  lastIvl integer NOT NULL, factor integer NOT NULL, time integer NOT NULL, type integer NOT NULL
);
CREATE TABLE graves (usn integer NOT NULL, oid integer NOT NULL, type integer NOT NULL);
`

// indexes11 are made after the rows, which is faster.
const indexes11 = `
CREATE INDEX ix_notes_usn ON notes (usn);
CREATE INDEX ix_cards_usn ON cards (usn);
CREATE INDEX ix_revlog_usn ON revlog (usn);
CREATE INDEX ix_cards_nid ON cards (nid);
CREATE INDEX ix_cards_sched ON cards (did, queue, due);
CREATE INDEX ix_revlog_cid ON revlog (cid);
CREATE INDEX ix_notes_csum ON notes (csum);
`

// writeDatabase makes the database file. It is thrown away on any error, so
// nothing is synced and there is no journal; a reader sees a database with
// the journal mode DELETE. One transaction, sorted rows and SQLite's own
// counters, which start at the same value, make equal input equal bytes.
func writeDatabase(ctx context.Context, path string, c *Collection) (err error) {
	db := sql.OpenDB(connector{fileDSN(path, url.Values{},
		"page_size(4096)", "journal_mode(off)", "synchronous(off)", "locking_mode(exclusive)", "temp_store(2)", "cache_size(-16384)")})
	db.SetMaxOpenConns(1)
	defer func() { err = errors.Join(err, db.Close()) }()
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if _, err := tx.ExecContext(ctx, schema11); err != nil {
		return err
	}
	for _, write := range []func(context.Context, *sql.Tx, *Collection) error{writeCol, writeNotes, writeCards, writeReviews} {
		if err := write(ctx, tx, c); err != nil {
			return err
		}
	}
	if _, err := tx.ExecContext(ctx, indexes11); err != nil {
		return err
	}
	return tx.Commit()
}

// usn is the column of that name: a row that no server has seen.
const usn = -1

func writeCol(ctx context.Context, tx *sql.Tx, c *Collection) error {
	texts := make([]any, 0, 4)
	for _, v := range []object{confJSON(c), modelsJSON(c.NoteTypes), decksJSON(c.Decks), presetsJSON(c.Presets)} {
		s, err := encode(v)
		if err != nil {
			return err
		}
		texts = append(texts, s)
	}
	mod := modified(c) * 1000
	args := append([]any{1, c.Created, mod, mod, 11, 0, 0, 0}, texts...)
	_, err := tx.ExecContext(ctx, "insert into col values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, '{}')", args...)
	return err
}

// modified is when the newest row was changed, in unix seconds: the time of
// the export would make every file differ.
func modified(c *Collection) int64 {
	m := c.Created
	for i := range c.Notes {
		m = max(m, c.Notes[i].Mod)
	}
	for i := range c.Cards {
		m = max(m, c.Cards[i].Mod)
	}
	return m
}

// insertRows inserts n rows, many with one statement: a call to SQLite costs
// more than a row. row appends the values of row i.
func insertRows(ctx context.Context, tx *sql.Tx, table string, columns, n int, row func(args []any, i int) []any) error {
	const batch = 50
	group := "(?" + strings.Repeat(",?", columns-1) + ")"
	insert := func(rows int) (*sql.Stmt, error) {
		return tx.PrepareContext(ctx, "insert into "+table+" values "+group+strings.Repeat(","+group, rows-1))
	}
	args := make([]any, 0, batch*columns)
	var stmt *sql.Stmt
	defer func() {
		if stmt != nil {
			stmt.Close()
		}
	}()
	rows := 0 // of stmt
	for i := 0; i < n; i += rows {
		if err := ctx.Err(); err != nil {
			return err
		}
		if want := min(batch, n-i); want != rows {
			if stmt != nil {
				stmt.Close()
			}
			var err error
			if stmt, err = insert(want); err != nil {
				return err
			}
			rows = want
		}
		args = args[:0]
		for j := range rows {
			args = row(args, i+j)
		}
		// A context that can end costs a goroutine a call.
		if _, err := stmt.ExecContext(context.WithoutCancel(ctx), args...); err != nil {
			return err
		}
	}
	return nil
}

func writeNotes(ctx context.Context, tx *sql.Tx, c *Collection) error {
	sort := map[int64]int{}
	for _, t := range c.NoteTypes {
		sort[t.ID] = t.SortField
	}
	return insertRows(ctx, tx, "notes", 11, len(c.Notes), func(args []any, i int) []any {
		n := &c.Notes[i]
		tags := ""
		if len(n.Tags) > 0 {
			tags = " " + strings.Join(n.Tags, " ") + " "
		}
		return append(args, n.ID, n.GUID, n.Type, n.Mod, usn, tags, strings.Join(n.Fields, "\x1f"),
			plainField(n.Fields[sort[n.Type]]), checksum(n.Fields[0]), 0, "")
	})
}

func writeCards(ctx context.Context, tx *sql.Tx, c *Collection) error {
	last := lastReviews(c)
	return insertRows(ctx, tx, "cards", 18, len(c.Cards), func(args []any, i int) []any {
		v := &c.Cards[i]
		return append(args, v.ID, v.Note, v.Deck, v.Ord, v.Mod, usn, int(v.State), int(v.Queue), v.Due, v.Interval, v.Factor,
			v.Reps, v.Lapses, v.Left, v.HomeDue, v.HomeDeck, v.Flag, cardDataJSON(v, last[v.ID]))
	})
}

// lastReviews returns the unix seconds at which cards were last answered since
// they were new.
func lastReviews(c *Collection) map[int64]int64 {
	last := map[int64]int64{}
	for i := range c.Reviews { // sorted by time
		v := &c.Reviews[i]
		crammed := v.Kind == Early && v.Factor == 0
		switch {
		case isReset(v):
			delete(last, v.Card)
		case v.Ease > 0 && !crammed:
			last[v.Card] = v.ID / 1000
		}
	}
	return last
}

func writeReviews(ctx context.Context, tx *sql.Tx, c *Collection) error {
	return insertRows(ctx, tx, "revlog", 9, len(c.Reviews), func(args []any, i int) []any {
		v := &c.Reviews[i]
		return append(args, v.ID, v.Card, usn, v.Ease, v.Interval, v.LastInterval, v.Factor, v.Millis, int(v.Kind))
	})
}
