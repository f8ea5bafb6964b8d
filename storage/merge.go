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
// and came back. A void of one of them takes back the other. A row whose id
// another card has stays there, see [merger.leave].
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
		for _, voids := range []bool{false, true} { // what a void names has to be known before it
			for _, e := range entries {
				if (e.Kind == scheduler.Void) != voids {
					continue
				}
				if err := m.add(e); err != nil {
					return err
				}
			}
		}
		err = m.fold(sched)
		added = m.added
		return err
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
	left    int // reviews that another card has
	touched map[deck.CardID]bool
	cards   map[deck.CardID]bool              // whether a card is there, once a row of it came
	decided map[deck.CardID]bool              // those where a row said where they stand, before this merge
	away    map[deck.CardID][]scheduler.Entry // what came for a card and stays with another one
	moved   []deck.CardID                     // the cards of away that are not decided
	ids     map[string]deck.CardID            // the rows of those cards, and whose they are
	numbers map[int64]revlogOwner             // likewise by revlog id
	aliases map[string]string                 // ids of rows that came to what those are called here
	next    map[int64]int64                   // behind a revlog id that was found taken, the first that may be free
}

// revlogOwner is what has a revlog id.
type revlogOwner struct {
	card deck.CardID
	id   string
	anki bool
}

func newMerger(ctx context.Context, tx *sql.Tx) (*merger, error) {
	m := &merger{
		ctx: ctx, tx: tx, touched: make(map[deck.CardID]bool), cards: make(map[deck.CardID]bool), decided: make(map[deck.CardID]bool),
		away: make(map[deck.CardID][]scheduler.Entry), ids: make(map[string]deck.CardID), numbers: make(map[int64]revlogOwner),
		aliases: make(map[string]string), next: make(map[int64]int64),
	}
	var err error
	m.known, err = tx.PrepareContext(ctx, `SELECT coalesce(l.id,''), coalesce(l.ms_id,0), coalesce(l.source,''), coalesce(l.kind IN ('rate','seed','forget','due'),0) FROM cards c LEFT JOIN log l ON l.card_id=c.id WHERE c.id=?`)
	if err == nil {
		m.insert, err = tx.PrepareContext(ctx, insertEntry+` ON CONFLICT DO NOTHING`)
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
		var decides bool
		if err = r.Scan(&id, &number, &source, &decides); id != "" {
			m.ids[id], m.numbers[number] = card, revlogOwner{card, id, source == scheduler.FromAnki}
		}
		m.decided[card] = m.decided[card] || decides
		m.cards[card] = true
		return struct{}{}, err
	})
	return m.cards[card], err
}

// has reports whether a row is there: by its id, or as an answer that Anki
// knows too.
func (m *merger) has(e *scheduler.Entry) bool {
	if m.ids[e.ID] == e.Card {
		return true
	}
	owner, taken := m.numbers[e.AnkiID]
	if e.AnkiID == 0 || !taken || owner.card != e.Card || !owner.anki && e.Source != scheduler.FromAnki {
		return false
	}
	m.aliases[e.ID] = owner.id
	return true
}

// append gives a row a revlog id that is free, and writes it. What a void takes
// back it names as it is called here.
func (m *merger) append(e scheduler.Entry) error {
	if _, taken := m.ids[e.ID]; taken {
		return m.leave(e)
	}
	if name, ok := m.aliases[e.Target]; ok {
		e.Target = name
	}
	if e.AnkiID == 0 {
		e.AnkiID = millis(e.At)
	}
	asked := false
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
			if !asked { // whether it is the id that is taken, on a card that nothing came for yet
				asked = true
				var taken bool
				if err := m.tx.QueryRowContext(m.ctx, `SELECT EXISTS(SELECT 1 FROM log WHERE id=?)`, e.ID).Scan(&taken); err != nil {
					return err
				}
				if taken {
					return m.leave(e)
				}
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
	m.ids[e.ID], m.numbers[e.AnkiID] = e.Card, revlogOwner{e.Card, e.ID, e.Source == scheduler.FromAnki}
	return nil
}

// leave deals with a row whose id another card has: a card of Anki's was taken
// for that one before. What was learned stays there, or it would count twice.
// A mark says how the card is now, and gets an id of its own.
func (m *merger) leave(e scheduler.Entry) error {
	switch e.Kind {
	case scheduler.Suspend, scheduler.Resume, scheduler.Flag, scheduler.Unflag:
		if e.Source == scheduler.FromAnki {
			e.ID += ":" + string(e.Card)
			e.Act = e.ID
			return m.add(e)
		}
	}
	if m.away[e.Card] == nil && !m.decided[e.Card] {
		m.moved = append(m.moved, e.Card)
	}
	m.away[e.Card] = append(m.away[e.Card], e)
	if e.Kind != scheduler.Seed {
		m.left++
	}
	return nil
}

// standing returns the row that takes a card to where the rows led that stay
// away from it, given with those that it has. Its id depends on them and the
// card alone.
func standing(sched *scheduler.Scheduler, away, here []scheduler.Entry) (e scheduler.Entry, ok bool) {
	scheduler.SortEntries(away)
	last := away[len(away)-1]
	for _, e := range here {
		if e.Kind == scheduler.Void || !e.At.After(last.At) {
			away = append(away, e)
		}
	}
	m := sched.Fold(away)
	id := last.ID + ":" + string(last.Card)
	return scheduler.Entry{
		ID: id, Act: id, Card: last.Card, Kind: scheduler.Seed, At: last.At, Zone: last.Zone, Day: m.LastDay, Source: scheduler.FromImport,
		Arg: fmt.Sprintf("reps=%d lapses=%d", m.Reps, m.Lapses),
		Then: scheduler.Decision{
			State: m.State, Step: m.Step, Interval: m.Interval, DueDay: m.DueDay, DueAt: m.DueAt, Stability: m.Stability, Difficulty: m.Difficulty,
		},
	}, m.State != scheduler.New
}

// fold rebuilds the memory of the cards that got rows. A card that had nothing
// to say where it stands, and whose rows stay with another one, is put there
// first: it would be new, or follow an older row.
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
	entries := func(card deck.CardID) ([]scheduler.Entry, error) {
		rows, err := read.QueryContext(m.ctx, card)
		return collect(rows, err, scanEntry)
	}
	for _, card := range m.moved {
		here, err := entries(card)
		if err != nil {
			return err
		}
		if e, ok := standing(sched, m.away[card], here); ok {
			if err := m.add(e); err != nil {
				return err
			}
		}
	}
	for card := range m.touched {
		entries, err := entries(card)
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
