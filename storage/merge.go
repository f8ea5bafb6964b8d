package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"etch/deck"
	"etch/scheduler"
)

// Merge adds the log rows that the database does not have yet and folds their
// cards anew: two histories become their union, whatever the order. Rows of
// cards that are not in the database are left out. It returns how many rows
// were added.
//
// Two rows are the same when their ids are equal, or when one of them comes
// from Anki and has the other's card and revlog id: an answer that went there
// and came back.
func (s *Store) Merge(ctx context.Context, entries []scheduler.Entry) (added int, err error) {
	err = s.tx(ctx, func(tx *sql.Tx) error {
		sched, err := s.current(ctx, tx)
		if err != nil {
			return err
		}
		m, err := newMerger(ctx, tx)
		if err != nil {
			return err
		}
		defer m.close()
		for _, e := range entries {
			if err := m.add(e); err != nil {
				return err
			}
		}
		added = m.added
		return m.fold(sched)
	})
	if err != nil {
		return 0, fmt.Errorf("merge: %w", err)
	}
	return added, nil
}

// merger adds rows to the log. Its statements are prepared: an import brings
// a hundred thousand rows.
type merger struct {
	ctx     context.Context
	tx      *sql.Tx
	known   *sql.Stmt
	owner   *sql.Stmt
	insert  *sql.Stmt
	added   int
	touched map[deck.CardID]bool
}

func newMerger(ctx context.Context, tx *sql.Tx) (*merger, error) {
	m := &merger{ctx: ctx, tx: tx, touched: make(map[deck.CardID]bool)}
	for stmt, query := range map[**sql.Stmt]string{
		&m.known:  `SELECT EXISTS(SELECT 1 FROM log WHERE id=?) OR NOT EXISTS(SELECT 1 FROM cards WHERE id=?)`,
		&m.owner:  `SELECT card_id, source FROM log WHERE ms_id=?`,
		&m.insert: insertEntry,
	} {
		var err error
		if *stmt, err = tx.PrepareContext(ctx, query); err != nil {
			return nil, err
		}
	}
	return m, nil
}

func (m *merger) close() {
	for _, stmt := range []*sql.Stmt{m.known, m.owner, m.insert} {
		stmt.Close()
	}
}

// add appends a row that is not there yet.
func (m *merger) add(e scheduler.Entry) error {
	fresh, err := m.isFresh(&e)
	if err == nil && fresh {
		err = m.append(e)
	}
	if err != nil {
		return fmt.Errorf("row %s: %w", e.ID, err)
	}
	return nil
}

// isFresh reports whether a row is not there yet, and gives it a revlog id
// that is free.
func (m *merger) isFresh(e *scheduler.Entry) (bool, error) {
	var known bool
	err := m.known.QueryRowContext(m.ctx, e.ID, e.Card).Scan(&known)
	if err != nil || known {
		return false, err
	}
	first := e.AnkiID
	if first == 0 {
		e.AnkiID = millis(e.At)
	}
	for ; ; e.AnkiID++ {
		var owner deck.CardID
		var source string
		err := m.owner.QueryRowContext(m.ctx, e.AnkiID).Scan(&owner, &source)
		switch {
		case errors.Is(err, sql.ErrNoRows):
			return true, nil
		case err != nil:
			return false, err
		case e.AnkiID == first && owner == e.Card && (e.Source == scheduler.FromAnki) != (source == scheduler.FromAnki):
			return false, nil
		}
	}
}

func (m *merger) append(e scheduler.Entry) error {
	if _, err := m.insert.ExecContext(m.ctx, entryValues(e)...); err != nil {
		return err
	}
	m.added++
	m.touched[e.Card] = true
	return nil
}

// fold rebuilds the memory of the cards that got rows.
func (m *merger) fold(sched *scheduler.Scheduler) error {
	for card := range m.touched {
		if _, err := refold(m.ctx, m.tx, sched, card); err != nil {
			return err
		}
	}
	return nil
}
