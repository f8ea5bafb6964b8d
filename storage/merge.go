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

// merger adds rows to the log. It reads the rows of a card once and prepares
// its statements: an import brings a hundred thousand rows.
type merger struct {
	ctx     context.Context
	tx      *sql.Tx
	known   *sql.Stmt
	insert  *sql.Stmt
	added   int
	touched map[deck.CardID]bool
	cards   map[deck.CardID]bool  // whether a card is there, once a row of it came
	ids     map[string]bool       // the rows of those cards
	numbers map[int64]revlogOwner // likewise by revlog id
	next    map[int64]int64       // behind a revlog id that was found taken, the first that may be free
}

// revlogOwner is what has a revlog id.
type revlogOwner struct {
	card deck.CardID
	anki bool
}

func newMerger(ctx context.Context, tx *sql.Tx) (*merger, error) {
	m := &merger{
		ctx: ctx, tx: tx, touched: make(map[deck.CardID]bool), cards: make(map[deck.CardID]bool),
		ids: make(map[string]bool), numbers: make(map[int64]revlogOwner), next: make(map[int64]int64),
	}
	var err error
	m.known, err = tx.PrepareContext(ctx, `SELECT coalesce(l.id,''), coalesce(l.ms_id,0), coalesce(l.source,'') FROM cards c LEFT JOIN log l ON l.card_id=c.id WHERE c.id=?`)
	if err == nil {
		m.insert, err = tx.PrepareContext(ctx, insertEntry+` ON CONFLICT(ms_id) DO NOTHING`)
	}
	return m, err
}

func (m *merger) close() {
	for _, stmt := range []*sql.Stmt{m.known, m.insert} {
		if stmt != nil {
			stmt.Close()
		}
	}
}

// add appends a row that is not there yet.
func (m *merger) add(e scheduler.Entry) error {
	there, err := m.knows(e.Card)
	if err == nil && there && !m.has(&e) {
		err = m.append(e)
	}
	if err != nil {
		return fmt.Errorf("row %s: %w", e.ID, err)
	}
	return nil
}

// knows reads the rows of a card, once, and reports whether there is such a
// card.
func (m *merger) knows(card deck.CardID) (bool, error) {
	if there, ok := m.cards[card]; ok {
		return there, nil
	}
	m.cards[card] = false
	rows, err := m.known.QueryContext(m.ctx, card)
	_, err = collect(rows, err, func(r *sql.Rows) (_ struct{}, err error) {
		var id, source string
		var number int64
		if err = r.Scan(&id, &number, &source); id != "" {
			m.ids[id], m.numbers[number] = true, revlogOwner{card, source == scheduler.FromAnki}
		}
		m.cards[card] = true
		return struct{}{}, err
	})
	return m.cards[card], err
}

// has reports whether a row is there: by its id, or as an answer that Anki
// knows too.
func (m *merger) has(e *scheduler.Entry) bool {
	if m.ids[e.ID] {
		return true
	}
	owner, taken := m.numbers[e.AnkiID]
	return e.AnkiID != 0 && taken && owner.card == e.Card && (owner.anki || e.Source == scheduler.FromAnki)
}

// append gives a row a revlog id that is free, and writes it.
func (m *merger) append(e scheduler.Entry) error {
	if e.AnkiID == 0 {
		e.AnkiID = millis(e.At)
	}
	var passed []int64
	for {
		next, walked := m.next[e.AnkiID]
		if _, taken := m.numbers[e.AnkiID]; !taken && !walked {
			res, err := m.insert.ExecContext(m.ctx, entryValues(e)...)
			if err != nil {
				return err
			}
			n, err := res.RowsAffected()
			if err != nil {
				return err
			}
			if n == 1 {
				break
			}
		}
		passed = append(passed, e.AnkiID)
		if e.AnkiID++; walked {
			e.AnkiID = next
		}
	}
	for _, number := range passed { // so that no row walks there again
		m.next[number] = e.AnkiID + 1
	}
	m.added++
	m.touched[e.Card] = true
	m.ids[e.ID], m.numbers[e.AnkiID] = true, revlogOwner{e.Card, e.Source == scheduler.FromAnki}
	return nil
}

// fold rebuilds the memory of the cards that got rows.
func (m *merger) fold(sched *scheduler.Scheduler) error {
	read, err := m.tx.PrepareContext(m.ctx, cardEntries)
	if err != nil {
		return err
	}
	defer read.Close()
	write, err := m.tx.PrepareContext(m.ctx, updateMemory)
	if err != nil {
		return err
	}
	defer write.Close()
	for card := range m.touched {
		rows, err := read.QueryContext(m.ctx, card)
		entries, err := collect(rows, err, scanEntry)
		if err != nil {
			return err
		}
		res, err := write.ExecContext(m.ctx, memoryValues(card, sched.Fold(entries))...)
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n != 1 {
			return errors.Join(err, fmt.Errorf("memory of card %s: %w", card, ErrNotFound))
		}
	}
	return nil
}
