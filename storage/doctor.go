package storage

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"math"
	"slices"

	"etch/deck"
	"etch/scheduler"
)

// Doctor checks the file, its references, and that every memory is what a
// fold of the log gives. It returns one line for each thing that is wrong,
// none for a healthy database, and changes nothing.
func (s *Store) Doctor(ctx context.Context) (findings []string, err error) {
	err = s.read(ctx, func(tx *sql.Tx) error {
		text := func(r *sql.Rows) (line string, err error) { return line, r.Scan(&line) }
		rows, err := tx.QueryContext(ctx, `PRAGMA integrity_check`)
		lines, err := collect(rows, err, text)
		if err != nil {
			return err
		}
		for _, line := range lines {
			if line != "ok" {
				findings = append(findings, "file: "+line)
			}
		}
		if len(findings) > 0 {
			return nil // what a damaged file holds would be guessed at, or not be readable
		}
		rows, err = tx.QueryContext(ctx, `SELECT "table" || ' row ' || coalesce(rowid,'?') || ' refers to a missing row of ' || parent FROM pragma_foreign_key_check`)
		if lines, err = collect(rows, err, text); err != nil {
			return err
		}
		findings = append(findings, lines...)
		return s.checkMemory(ctx, tx, &findings)
	})
	if err != nil {
		return nil, fmt.Errorf("check the database: %w", err)
	}
	return findings, nil
}

func (s *Store) checkMemory(ctx context.Context, tx *sql.Tx, findings *[]string) error {
	sched, err := s.current(ctx, tx)
	if err != nil {
		return err
	}
	folded, err := foldAll(ctx, tx, sched)
	if err != nil {
		return err
	}
	type row struct {
		card   deck.CardID
		memory scheduler.Memory
		placed bool // what memory repeats of the texts is right
	}
	rows, err := tx.QueryContext(ctx, `SELECT `+memoryColumns+`,
		m.hidden = (m.suspended OR c.retired_at IS NOT NULL) AND (m.post_id = n.post_id OR c.retired_at IS NOT NULL)
		AND (m.after_card IS NULL OR EXISTS(SELECT 1 FROM cards a WHERE a.id=m.after_card))
		FROM memory m JOIN cards c ON c.id=m.card_id JOIN notes n ON n.id=c.note_id`)
	kept, err := collect(rows, err, func(r *sql.Rows) (x row, err error) {
		fields, done := memoryFields(&x.card, &x.memory)
		err = r.Scan(append(fields, &x.placed)...)
		done()
		return x, err
	})
	if err != nil {
		return err
	}
	for _, x := range kept {
		switch {
		case !SameMemory(x.memory, folded[x.card]):
			*findings = append(*findings, fmt.Sprintf("card %s: its memory is not what the log says", x.card))
		case !x.placed:
			*findings = append(*findings, fmt.Sprintf("card %s: its place among the cards is wrong", x.card))
		}
		delete(folded, x.card)
	}
	for _, card := range slices.Sorted(maps.Keys(folded)) {
		*findings = append(*findings, fmt.Sprintf("card %s: it has answers but no memory", card))
	}
	return nil
}

// SameMemory reports whether two memories are equal, stability and difficulty
// within 1e-9: some processors fuse multiply and add.
func SameMemory(a, b scheduler.Memory) bool {
	near := func(x, y float64) bool { return math.Abs(x-y) <= 1e-9*max(math.Abs(x), math.Abs(y)) }
	if !near(a.Stability, b.Stability) || !near(a.Difficulty, b.Difficulty) {
		return false
	}
	a.Stability, a.Difficulty = b.Stability, b.Difficulty
	return a == b
}

// foldAll folds the log of every card that has one.
func foldAll(ctx context.Context, tx *sql.Tx, sched *scheduler.Scheduler) (map[deck.CardID]scheduler.Memory, error) {
	rows, err := tx.QueryContext(ctx, `SELECT `+entryColumns+` FROM log ORDER BY card_id, at, id`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	folded := make(map[deck.CardID]scheduler.Memory)
	var entries []scheduler.Entry
	flush := func() {
		if len(entries) > 0 {
			folded[entries[0].Card] = sched.Fold(entries)
			entries = entries[:0]
		}
	}
	for rows.Next() {
		e, err := scanEntry(rows)
		if err != nil {
			return nil, err
		}
		if len(entries) > 0 && entries[0].Card != e.Card {
			flush()
		}
		entries = append(entries, e)
	}
	flush()
	return folded, rows.Err()
}

// Rebuild folds the log of every card anew, stores what has changed, and
// returns how many cards that were. Reading is never refused for it: the log
// is the truth.
func (s *Store) Rebuild(ctx context.Context) (changed int, err error) {
	err = s.tx(ctx, func(tx *sql.Tx) error {
		sched, err := s.current(ctx, tx)
		if err == nil {
			changed, err = rebuild(ctx, tx, sched)
		}
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("rebuild memory: %w", err)
	}
	return changed, nil
}

func rebuild(ctx context.Context, tx *sql.Tx, sched *scheduler.Scheduler) (changed int, err error) {
	folded, err := foldAll(ctx, tx, sched)
	if err != nil {
		return 0, err
	}
	rows, err := tx.QueryContext(ctx, `SELECT `+memoryColumns+`, m.hidden, c.retired_at IS NOT NULL FROM memory m JOIN cards c ON c.id=m.card_id`)
	type stored struct {
		card            deck.CardID
		memory          scheduler.Memory
		hidden, retired bool
	}
	all, err := collect(rows, err, func(r *sql.Rows) (st stored, err error) {
		fields, done := memoryFields(&st.card, &st.memory)
		err = r.Scan(append(fields, &st.hidden, &st.retired)...)
		done()
		return st, err
	})
	if err != nil {
		return 0, err
	}
	for _, st := range all {
		m := folded[st.card]
		if SameMemory(m, st.memory) && st.hidden == (m.Suspended || st.retired) {
			continue
		}
		if err := writeMemory(ctx, tx, st.card, m); err != nil {
			return 0, err
		}
		changed++
	}
	return changed, nil
}
