package storage

import (
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"etch/deck"
	"etch/scheduler"
)

// merge adds what happened to the cards.
func (im *importer) merge() error {
	sched, err := im.store.current(im.ctx, im.tx)
	if err != nil {
		return err
	}
	m, err := newMerger(im.ctx, im.tx)
	if err != nil {
		return err
	}
	defer m.close()
	cards, err := im.cards()
	if err != nil {
		return err
	}
	for _, a := range im.notes {
		for _, c := range a.Cards {
			card, ok := cards[cardPlace{a.note.id, c.Ord}]
			if !ok {
				if len(c.Rows) > 0 {
					im.skip(a.IncomingNote, fmt.Sprintf("its text has no card %d: %d reviews left out", c.Ord+1, len(c.Rows)))
				}
				continue
			}
			stands, err := im.standsHere(m, card, c.Rows)
			if err != nil {
				return err
			}
			reset, err := unsaidReset(m, card, c.Rows)
			if err != nil {
				return err
			}
			left := m.left
			for i, e := range c.Rows {
				e.Card = card
				if e.Kind == scheduler.Seed && stands || i == reset {
					continue
				}
				if err := m.add(e); err != nil {
					return err
				}
			}
			for range m.left - left {
				im.skip(a.IncomingNote, LeftThere)
			}
			if c.Moved != nil {
				if err := im.move(m, card, &c); err != nil {
					return err
				}
			}
			if c.Marks != nil {
				if err := im.mark(m, card, c.AnkiID, *c.Marks); err != nil {
					return err
				}
			}
		}
	}
	err = m.fold(sched)
	im.report.Rows = m.added
	return err
}

// move takes over a due day that was moved there without a row that says so:
// what stands here was known there, and is older.
func (im *importer) move(m *merger, card deck.CardID, c *IncomingCard) error {
	var id string
	var number, at int64
	var state scheduler.State
	var due scheduler.Day
	err := im.tx.QueryRowContext(im.ctx, `SELECT id, ms_id, at, state, due_day FROM log l WHERE card_id=? AND kind IN ('rate','seed','forget','due') AND `+live+`
		ORDER BY at DESC, id DESC LIMIT 1`, card).Scan(&id, &number, &at, &state, &due)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil || state != scheduler.Review || due == c.Moved.Then.DueDay || at >= millis(c.Moved.At) {
		return err
	}
	known := strings.HasPrefix(id, "anki:") && strings.HasSuffix(id, ":moved") // by an import before
	for i := range c.Rows {
		e := &c.Rows[i]
		known = known || e.ID == id || e.AnkiID == number
		if e.Kind != scheduler.Seed && millis(e.At) > max(at, number) {
			return nil // Anki stands on an answer that was taken back here
		}
	}
	if !known {
		return nil
	}
	e := *c.Moved
	e.Card = card
	return m.add(e)
}

// unsaidReset returns the place of a reset that nobody wrote down, as a second
// first answer says of a history of Anki's, if the answers on both sides of it
// are here: then the log is what happened, and two are first answers because
// both sides learned the card. It is -1 if there is none.
func unsaidReset(m *merger, card deck.CardID, rows []scheduler.Entry) (int, error) {
	for i := 1; i < len(rows)-1; i++ {
		if rows[i].Kind != scheduler.Forget || rows[i].AnkiID != 0 {
			continue
		}
		if _, err := m.knows(card); err != nil {
			return -1, err
		}
		before, after := rows[i-1], rows[i+1]
		before.Card, after.Card = card, card
		if m.has(&before) && m.has(&after) {
			return i, nil
		}
	}
	return -1, nil
}

// standsHere reports whether the state that a card's rows end with is none to
// be taken: the card went on from there here, or stands there; or the answer
// that it comes from is here, or one after a state that was taken before.
func (im *importer) standsHere(m *merger, card deck.CardID, rows []scheduler.Entry) (bool, error) {
	last := len(rows) - 1 // where alone it can be
	if last < 0 || rows[last].Kind != scheduler.Seed {
		return false, nil
	}
	e := &rows[last]
	// An answer at the time of a state, and sorted behind it, counted twice once.
	var newest, seed, twice, same, forgotten int64
	err := im.tx.QueryRowContext(im.ctx, `SELECT coalesce(max(at),0), coalesce(max(CASE WHEN kind='seed' THEN at END),0),
		coalesce(max(kind='seed' AND EXISTS(SELECT 1 FROM log r WHERE r.card_id=l.card_id AND r.kind='rate' AND r.at=l.at AND r.id>l.id)),0),
		coalesce(max(CASE WHEN kind='seed' AND state=?2 AND due_day=?3 AND arg=?4 AND abs(s-?5)<=s/1000 AND abs(d-?6)<=d/1000 THEN at END),0),
		coalesce(max(CASE WHEN kind='forget' THEN at END),0) FROM log l WHERE card_id=?1 AND kind IN ('rate','seed','forget','due') AND `+live,
		card, e.Then.State, e.Then.DueDay, e.Arg, e.Then.Stability, e.Then.Difficulty).Scan(&newest, &seed, &twice, &same, &forgotten)
	switch {
	case err != nil || newest == 0:
		return false, err
	case millis(e.At) <= newest || twice == 0 && same == newest:
		return true, nil
	case twice > 0:
		return false, nil
	}
	answered := false
	for i := range rows {
		switch at := millis(rows[i].At); rows[i].Kind {
		case scheduler.Rate:
			answered = answered || at > seed
		case scheduler.Forget:
			forgotten = max(forgotten, at)
		}
	}
	if answered && seed > forgotten || last == 0 || rows[last-1].Kind != scheduler.Rate {
		return answered && seed > forgotten, nil
	}
	if _, err := m.knows(card); err != nil {
		return false, err
	}
	before := rows[last-1]
	before.Card = card
	return m.has(&before), nil
}

// cardPlace is a card of a note.
type cardPlace struct {
	note deck.NoteID
	ord  int
}

// cards returns the cards by their places. The card of a question has the
// first, whatever its ord: it may have been another kind of note before.
func (im *importer) cards() (map[cardPlace]deck.CardID, error) {
	cards := make(map[cardPlace]deck.CardID)
	rows, err := im.tx.QueryContext(im.ctx, `SELECT c.id, note_id, CASE WHEN n.kind='cloze' THEN c.ord ELSE 0 END FROM cards c JOIN notes n ON n.id=c.note_id
		ORDER BY c.retired_at IS NULL, c.retired_at, c.id`)
	_, err = collect(rows, err, func(r *sql.Rows) (_ struct{}, err error) {
		var id deck.CardID
		var at cardPlace
		err = r.Scan(&id, &at.note, &at.ord)
		cards[at] = id
		return struct{}{}, err
	})
	return cards, err
}

// mark takes over what the user did to a card there, where it was done later
// than what was done here. A mark that was set here is not taken back.
func (im *importer) mark(m *merger, card deck.CardID, cid int64, marks Marks) error {
	var suspended bool
	var flag string
	err := im.tx.QueryRowContext(im.ctx, `SELECT suspended, flag FROM memory WHERE card_id=?`, card).Scan(&suspended, &flag)
	if err != nil {
		return fmt.Errorf("card %s: %w", card, err)
	}
	set := func(differs bool, kind, other scheduler.Kind, arg string) error {
		if !differs {
			return nil
		}
		var last int64
		var source string
		err := im.tx.QueryRowContext(im.ctx, `SELECT at, source FROM log l WHERE card_id=? AND kind IN (?,?) AND `+live+` ORDER BY at DESC, id DESC LIMIT 1`, card, kind, other).
			Scan(&last, &source)
		none := errors.Is(err, sql.ErrNoRows)
		if err != nil && !none {
			return err
		}
		if !none && last/1000 > marks.At.Unix() {
			return nil
		}
		takesBack := kind == scheduler.Resume || kind == scheduler.Unflag
		if takesBack && source != scheduler.FromAnki {
			return nil // set here: Anki may never have had it
		}
		// A flag leaves no time in Anki: what is there came after what an export brought there.
		at := instant(max(last+1, millis(marks.At)))
		id := fmt.Sprintf("anki:%d:%d:%s", cid, millis(at), kind)
		return m.add(scheduler.Entry{
			ID: id, Act: id, Card: card, Kind: kind, At: at, Day: im.store.Scheduler().Day(at), Arg: arg, Source: scheduler.FromAnki,
		})
	}
	kind, other := scheduler.Resume, scheduler.Suspend
	if marks.Suspended {
		kind, other = other, kind
	}
	if err := set(suspended != marks.Suspended, kind, other, ""); err != nil {
		return err
	}
	kind, other = scheduler.Unflag, scheduler.Flag
	if marks.Flag != "" {
		kind, other = other, kind
	}
	return set((flag != "") != (marks.Flag != ""), kind, other, marks.Flag)
}
