package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"etch/deck"
	"etch/scheduler"
)

const entryColumns = `id, card_id, kind, at, tz_min, day, act, prev, coalesce(target,''),
	coalesce(rating,0), coalesce(took_ms,0), coalesce(state_before,0), coalesce(s_before,0), coalesce(d_before,0), coalesce(r_before,0),
	coalesce(state,0), coalesce(step,0), coalesce(ivl,0), coalesce(due_day,0), coalesce(due_at,0), coalesce(s,0), coalesce(d,0),
	arg, source, session, ms_id`

func scanEntry(rows *sql.Rows) (e scheduler.Entry, err error) {
	var at, took, due int64
	err = rows.Scan(&e.ID, &e.Card, &e.Kind, &at, &e.Zone, &e.Day, &e.Act, &e.Prev, &e.Target,
		&e.Rating, &took, &e.Before.State, &e.Before.Stability, &e.Before.Difficulty, &e.Before.Retrievability,
		&e.Then.State, &e.Then.Step, &e.Then.Interval, &e.Then.DueDay, &due, &e.Then.Stability, &e.Then.Difficulty,
		&e.Arg, &e.Source, &e.Session, &e.AnkiID)
	e.At, e.Took, e.Then.DueAt = instant(at), time.Duration(took)*time.Millisecond, instant(due)
	return e, err
}

const insertEntry = `INSERT INTO log(id, card_id, kind, at, tz_min, day, act, prev, target, rating, took_ms,
	state_before, s_before, d_before, r_before, state, step, ivl, due_day, due_at, s, d, arg, source, session, ms_id)
	VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)`

// appendEntry writes one row. A row without an Anki id gets its time in ms,
// plus 1 until free, as Anki numbers its own.
func appendEntry(ctx context.Context, tx *sql.Tx, e scheduler.Entry) error {
	if e.AnkiID == 0 {
		id, err := freeAnkiID(ctx, tx, millis(e.At))
		if err != nil {
			return err
		}
		e.AnkiID = id
	}
	_, err := tx.ExecContext(ctx, insertEntry, entryValues(e)...)
	return err
}

// entryValues returns the values of insertEntry for a row that has its Anki
// id.
func entryValues(e scheduler.Entry) []any {
	rated := e.Kind == scheduler.Rate
	decided := rated || e.Kind == scheduler.Seed || e.Kind == scheduler.Forget || e.Kind == scheduler.SetDue
	return []any{
		e.ID, e.Card, e.Kind, millis(e.At), e.Zone, e.Day, e.Act, e.Prev,
		orNull(e.Target != "", e.Target), orNull(rated, int(e.Rating)), orNull(rated, e.Took.Milliseconds()),
		orNull(rated, int(e.Before.State)), orNull(rated, e.Before.Stability), orNull(rated, e.Before.Difficulty), orNull(rated, e.Before.Retrievability),
		orNull(decided, int(e.Then.State)), orNull(decided, e.Then.Step), orNull(decided, e.Then.Interval),
		orNull(decided, int(e.Then.DueDay)), orNull(decided, millis(e.Then.DueAt)), orNull(decided, e.Then.Stability), orNull(decided, e.Then.Difficulty),
		e.Arg, e.Source, e.Session, e.AnkiID,
	}
}

func orNull(ok bool, v any) any {
	if !ok {
		return nil
	}
	return v
}

func freeAnkiID(ctx context.Context, tx *sql.Tx, ms int64) (int64, error) {
	var taken bool
	for {
		err := tx.QueryRowContext(ctx, "SELECT EXISTS(SELECT 1 FROM log WHERE ms_id=?)", ms).Scan(&taken)
		if err != nil || !taken {
			return ms, err
		}
		ms++
	}
}

const memoryColumns = `m.card_id, m.head, m.head_at, m.state, m.step, m.s, m.d, m.due_day, m.due_at, m.last_at, m.last_day,
	m.ivl, m.reps, m.lapses, m.first_day, m.held_day, m.suspended, m.buried_day, m.flag`

// memoryFields returns scan targets for memoryColumns and a function that
// fills the times after the scan.
func memoryFields(card *deck.CardID, m *scheduler.Memory) (fields []any, done func()) {
	var headAt, dueAt, last int64
	fields = []any{
		card, &m.Head, &headAt, &m.State, &m.Step, &m.Stability, &m.Difficulty, &m.DueDay, &dueAt, &last, &m.LastDay,
		&m.Interval, &m.Reps, &m.Lapses, &m.FirstDay, &m.HeldDay, &m.Suspended, &m.BuriedDay, &m.Flag,
	}
	return fields, func() { m.HeadAt, m.DueAt, m.Last = instant(headAt), instant(dueAt), instant(last) }
}

func scanItem(rows *sql.Rows) (it scheduler.Item, err error) {
	fields, done := memoryFields(&it.Card, &it.Memory)
	err = rows.Scan(append(fields, &it.NewPos, &it.After, &it.ParentHeld)...)
	done()
	return it, err
}

const updateMemory = `UPDATE memory SET head=?, head_at=?, state=?, step=?, s=?, d=?, due_day=?, due_at=?, last_at=?, last_day=?,
	ivl=?, reps=?, lapses=?, first_day=?, held_day=?, suspended=?, buried_day=?, flag=?,
	hidden = ? OR (SELECT retired_at IS NOT NULL FROM cards WHERE id=card_id)
	WHERE card_id=?`

func memoryValues(card deck.CardID, m scheduler.Memory) []any {
	return []any{
		m.Head, millis(m.HeadAt), int(m.State), m.Step, m.Stability, m.Difficulty, int(m.DueDay), millis(m.DueAt),
		millis(m.Last), int(m.LastDay), m.Interval, m.Reps, m.Lapses, int(m.FirstDay), int(m.HeldDay), m.Suspended, int(m.BuriedDay), m.Flag,
		m.Suspended, card,
	}
}

// writeMemory stores what a card's rows lead to.
func writeMemory(ctx context.Context, tx *sql.Tx, card deck.CardID, m scheduler.Memory) error {
	res, err := tx.ExecContext(ctx, updateMemory, memoryValues(card, m)...)
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); err != nil || n == 1 {
		return err
	}
	return fmt.Errorf("card %s: %w", card, ErrNotFound)
}

// Record appends rows with the memory that each leads to, in one transaction
// that is on the disk when it returns, and returns what was done on the first
// row's day. If a card's head is no longer its row's Prev it returns
// scheduler.ErrStale and writes nothing.
func (s *Store) Record(ctx context.Context, rows ...scheduler.Row) (today scheduler.Today, err error) {
	err = s.tx(ctx, func(tx *sql.Tx) error {
		sched, err := s.current(ctx, tx)
		if err != nil {
			return err
		}
		for _, row := range rows {
			if err := recordRow(ctx, tx, sched, row.Entry); err != nil {
				return err
			}
		}
		if len(rows) == 0 {
			return nil
		}
		today, err = todayOf(ctx, tx, rows[0].Entry.Day)
		return err
	})
	if err != nil {
		return scheduler.Today{}, fmt.Errorf("record: %w", err)
	}
	return today, nil
}

// recordRow appends one row and takes its card's memory over it. That is done
// anew here, where nobody can change the memory or the weights meanwhile.
func recordRow(ctx context.Context, tx *sql.Tx, sched *scheduler.Scheduler, e scheduler.Entry) error {
	rows, err := tx.QueryContext(ctx, `SELECT `+memoryColumns+` FROM memory m WHERE card_id=?`, e.Card)
	kept, err := collect(rows, err, scanMemory)
	switch {
	case err != nil:
		return err
	case len(kept) == 0:
		return fmt.Errorf("card %s: %w", e.Card, ErrNotFound)
	case kept[0].Head != e.Prev:
		return scheduler.ErrStale
	}
	if err := writeMemory(ctx, tx, e.Card, sched.Apply(kept[0], e)); err != nil {
		return err
	}
	return appendEntry(ctx, tx, e)
}

func scanMemory(rows *sql.Rows) (m scheduler.Memory, err error) {
	var card deck.CardID
	fields, done := memoryFields(&card, &m)
	err = rows.Scan(fields...)
	done()
	return m, err
}

// live is the condition that no void row takes back the log row l.
const live = `NOT EXISTS(SELECT 1 FROM log v WHERE v.target=l.id)`

// newest returns the newest action taken in etch that still stands, or
// scheduler.ErrNothing.
func newest(ctx context.Context, tx *sql.Tx) (scheduler.Action, error) {
	var a scheduler.Action
	var at int64
	err := tx.QueryRowContext(ctx, `SELECT act, kind, coalesce(rating,0), at, session FROM log l
		WHERE kind<>'void' AND source='etch' AND `+live+` ORDER BY seq DESC LIMIT 1`).
		Scan(&a.Act, &a.Kind, &a.Rating, &at, &a.Session)
	if errors.Is(err, sql.ErrNoRows) {
		return a, scheduler.ErrNothing
	}
	if err != nil {
		return a, err
	}
	a.At = instant(at)
	rows, err := tx.QueryContext(ctx, `SELECT `+itemColumns+` FROM memory m WHERE card_id IN
		(SELECT card_id FROM log l WHERE act=? AND source='etch' AND kind<>'void' AND `+live+`) ORDER BY card_id`, a.Act)
	a.Items, err = collect(rows, err, scanItem)
	return a, err
}

// Void takes back the newest action that still stands: it appends a void row
// for each of the action's rows and folds their cards anew. It returns the
// action with its cards as they are now. Without an action it returns
// scheduler.ErrNothing, and where the newest one is not the act that is wanted,
// "" being any, scheduler.ErrStale; neither writes anything.
func (s *Store) Void(ctx context.Context, st scheduler.Stamp, act string) (a scheduler.Action, err error) {
	err = s.tx(ctx, func(tx *sql.Tx) error {
		sched, err := s.current(ctx, tx)
		if err != nil {
			return err
		}
		if a, err = newest(ctx, tx); err != nil {
			return err
		}
		if act != "" && act != a.Act {
			return scheduler.ErrStale
		}
		rows, err := tx.QueryContext(ctx, `SELECT `+entryColumns+` FROM log l WHERE act=? AND source='etch' AND kind<>'void' AND `+live+` ORDER BY seq`, a.Act)
		targets, err := collect(rows, err, scanEntry)
		if err != nil {
			return err
		}
		for i, target := range targets {
			if err := appendEntry(ctx, tx, s.voiding(st, target, i)); err != nil {
				return err
			}
		}
		a.Log = st.ID
		for i := range a.Items {
			if a.Items[i].Memory, err = refold(ctx, tx, sched, a.Items[i].Card); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return scheduler.Action{}, fmt.Errorf("undo: %w", err)
	}
	return a, nil
}

// voiding returns the i-th row of an undo: the one that takes back target.
func (s *Store) voiding(st scheduler.Stamp, target scheduler.Entry, i int) scheduler.Entry {
	id := st.ID
	if i > 0 {
		id = fmt.Sprintf("%s.%d", id, i)
	}
	_, offset := st.At.Zone()
	return scheduler.Entry{
		ID: id, Card: target.Card, Kind: scheduler.Void, At: st.At, Zone: offset / 60, Day: s.Scheduler().Day(st.At),
		Act: st.Act, Prev: target.ID, Target: target.ID, Source: scheduler.FromEtch, Session: st.Session,
	}
}

const cardEntries = `SELECT ` + entryColumns + ` FROM log WHERE card_id=? ORDER BY at, id`

// refold rebuilds one card's memory from its log and stores it.
func refold(ctx context.Context, tx *sql.Tx, sched *scheduler.Scheduler, card deck.CardID) (scheduler.Memory, error) {
	rows, err := tx.QueryContext(ctx, cardEntries, card)
	entries, err := collect(rows, err, scanEntry)
	if err != nil {
		return scheduler.Memory{}, err
	}
	m := sched.Fold(entries)
	return m, writeMemory(ctx, tx, card, m)
}

// Entries returns log rows in the order in which they were written: those of
// one card, or all for the empty id.
func (s *Store) Entries(ctx context.Context, card deck.CardID) ([]scheduler.Entry, error) {
	query, args := `SELECT `+entryColumns+` FROM log`, []any{}
	if card != "" {
		query, args = query+` WHERE card_id=?`, append(args, card)
	}
	rows, err := s.db.QueryContext(ctx, query+` ORDER BY seq`, args...)
	entries, err := collect(rows, err, scanEntry)
	if err != nil {
		return nil, fmt.Errorf("read the log: %w", explain(err))
	}
	return entries, nil
}

// placeholders returns "?,?,?" for n values.
func placeholders(n int) string { return strings.TrimSuffix(strings.Repeat("?,", n), ",") }
