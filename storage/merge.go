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
		touched := make(map[deck.CardID]bool)
		for _, e := range entries {
			ok, err := mergeEntry(ctx, tx, e)
			if err != nil {
				return fmt.Errorf("row %s: %w", e.ID, err)
			}
			if ok {
				added++
				touched[e.Card] = true
			}
		}
		for card := range touched {
			if _, err := refold(ctx, tx, sched, card); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("merge: %w", err)
	}
	return added, nil
}

func mergeEntry(ctx context.Context, tx *sql.Tx, e scheduler.Entry) (added bool, err error) {
	var known bool
	err = tx.QueryRowContext(ctx, `SELECT EXISTS(SELECT 1 FROM log WHERE id=?) OR NOT EXISTS(SELECT 1 FROM cards WHERE id=?)`,
		e.ID, e.Card).Scan(&known)
	if err != nil || known {
		return false, err
	}
	if e.AnkiID != 0 {
		var owner deck.CardID
		var source string
		err := tx.QueryRowContext(ctx, `SELECT card_id, source FROM log WHERE ms_id=?`, e.AnkiID).Scan(&owner, &source)
		switch {
		case errors.Is(err, sql.ErrNoRows):
		case err != nil:
			return false, err
		case owner == e.Card && (e.Source == scheduler.FromAnki) != (source == scheduler.FromAnki):
			return false, nil
		default:
			if e.AnkiID, err = freeAnkiID(ctx, tx, e.AnkiID); err != nil {
				return false, err
			}
		}
	}
	return true, appendEntry(ctx, tx, e)
}
