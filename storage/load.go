package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"etch/deck"
	"etch/scheduler"
)

// itemColumns is what scanItem reads. A parent's held day costs one key search
// and only for follow-ups.
const itemColumns = memoryColumns + `, m.new_pos, coalesce(m.after_card,''),
	CASE WHEN m.after_card IS NULL THEN 0 ELSE coalesce((SELECT p.held_day FROM memory p WHERE p.card_id=m.after_card),0) END`

// Load returns what the queue is built from. The partial indexes answer it
// without a scan; with a backlog it takes only the reviews that the queue
// would keep.
func (s *Store) Load(ctx context.Context, q scheduler.Query) (scheduler.Snapshot, error) {
	var snap scheduler.Snapshot
	err := s.read(ctx, func(tx *sql.Tx) error {
		day := s.Scheduler().Day(q.Now)
		l := loader{ctx: ctx, tx: tx, day: day, now: q.Now, scope: newScope(q)}
		var err error
		if snap.Today, err = todayOf(ctx, tx, day); err != nil {
			return err
		}
		if snap.Newest, err = l.newest(); err != nil {
			return err
		}
		if q.Cram {
			snap.Items, err = l.seen()
			return err
		}
		set := s.Scheduler().Settings()
		if q.Next {
			return l.next(&snap, day+scheduler.Day(q.Ahead), set.BurySiblings)
		}
		fresh := q.New
		if fresh < 0 {
			fresh = max(0, set.NewPerDay-snap.Today.New)
		}
		reviews := max(0, set.ReviewsPerDay-snap.Today.Reviews)
		return l.fill(&snap, q, set.BurySiblings, reviews, fresh)
	})
	if err != nil {
		return snap, fmt.Errorf("load cards: %w", err)
	}
	return snap, nil
}

// read runs fn in a transaction that sees one state and takes no write lock.
func (s *Store) read(ctx context.Context, fn func(*sql.Tx) error) error {
	tx, err := s.db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return explain(err)
	}
	defer tx.Rollback()
	return explain(fn(tx))
}

// loader reads the parts of one snapshot.
type loader struct {
	ctx   context.Context
	tx    *sql.Tx
	day   scheduler.Day
	now   time.Time
	scope scope
}

// scope is a condition on the memory row m.
type scope struct {
	where string
	args  []any
}

func newScope(q scheduler.Query) scope {
	var sc scope
	if len(q.Posts) > 0 {
		sc.where += ` AND m.post_id IN (SELECT id FROM posts WHERE slug IN (` + placeholders(len(q.Posts)) + `))`
		for _, p := range q.Posts {
			sc.args = append(sc.args, p)
		}
	}
	if q.Topic != "" {
		sc.where += ` AND m.post_id IN (SELECT id FROM posts WHERE topic=?)`
		sc.args = append(sc.args, q.Topic)
	}
	if len(q.Tags) > 0 {
		in := placeholders(len(q.Tags))
		sc.where += ` AND (EXISTS(SELECT 1 FROM posts p WHERE p.id=m.post_id AND (p.topic IN (` + in + `)
				OR EXISTS(SELECT 1 FROM json_each(p.tags) t WHERE t.value IN (` + in + `))))
			OR EXISTS(SELECT 1 FROM cards c, notes n, json_each(n.tags) t WHERE c.id=m.card_id AND n.id=c.note_id AND t.value IN (` + in + `)))`
		for range 3 {
			for _, t := range q.Tags {
				sc.args = append(sc.args, t)
			}
		}
	}
	return sc
}

// How many more rows than are wanted are read at first, for siblings that the
// queue will bury: slack of what the limits allow, few of the one review that
// comes next.
const (
	slack = 64
	few   = 3
)

// siblings is the card of each note that may still come; the others are hidden
// until another day.
type siblings map[deck.NoteID]deck.CardID

func (m siblings) hide(card deck.CardID) bool {
	other, ok := m[card.Note()]
	return ok && other != card
}

func (l loader) fill(snap *scheduler.Snapshot, q scheduler.Query, burySiblings bool, reviews, fresh int) (err error) {
	met, err := l.met(snap, burySiblings)
	if err != nil {
		return err
	}
	learning, err := l.items(`m.state IN (1,3) AND m.hidden=0 AND m.due_at<=?`, ``, millis(l.now.Add(24*time.Hour)))
	if err != nil {
		return err
	}
	due, err := l.reviews(snap, l.day+scheduler.Day(q.Ahead), reviews+q.Done, met)
	if err != nil {
		return err
	}
	followUps, err := l.items(`m.state=0 AND m.hidden=0 AND m.after_card IS NOT NULL
		AND EXISTS(SELECT 1 FROM memory p WHERE p.card_id=m.after_card AND p.held_day>0 AND p.held_day<?)`, ``, int(l.day))
	if err != nil {
		return err
	}
	for _, it := range due {
		if burySiblings && !met.hide(it.Card) {
			met[it.Card.Note()] = it.Card
		}
	}
	news, err := enough(fresh, slack, met, func(limit int) ([]scheduler.Item, error) {
		return l.items(`m.state=0 AND m.hidden=0 AND m.after_card IS NULL AND m.buried_day<>?`,
			fmt.Sprintf(`ORDER BY m.new_pos LIMIT %d`, limit), int(l.day))
	})
	if err != nil {
		return err
	}
	for _, part := range [][]scheduler.Item{learning, due, followUps, news} {
		snap.Items = append(snap.Items, part...)
	}
	snap.Pace, err = l.pace()
	return err
}

// met tells the snapshot which notes were answered today, and returns what their
// siblings wait for: nothing, where they are not buried.
func (l loader) met(snap *scheduler.Snapshot, burySiblings bool) (met siblings, err error) {
	snap.Seen, err = l.answered()
	met = make(siblings, len(snap.Seen))
	if burySiblings {
		for note, card := range snap.Seen {
			met[note] = card
		}
	}
	return met, err
}

// next reads the review that comes first after the day last, with some that wait
// for their siblings.
func (l loader) next(snap *scheduler.Snapshot, last scheduler.Day, burySiblings bool) error {
	met, err := l.met(snap, burySiblings)
	if err != nil {
		return err
	}
	snap.Items, err = enough(1, few, met, func(limit int) ([]scheduler.Item, error) {
		return l.items(`m.state=2 AND m.hidden=0 AND m.due_day>? AND m.buried_day<>?`,
			fmt.Sprintf(`ORDER BY m.due_day LIMIT %d`, limit), int(last), int(l.day))
	})
	return err
}

// newest returns what undo would take back; nil for nothing.
func (l loader) newest() (*scheduler.Action, error) {
	action, err := newest(l.ctx, l.tx)
	switch {
	case errors.Is(err, scheduler.ErrNothing):
		return nil, nil
	case err != nil:
		return nil, err
	}
	return &action, nil
}

// enough reads cards in the queue's order, at first more of them than wanted and
// then ever more, until those that are not hidden come from want notes, or all
// are read. Siblings wait for another day, so that any number of cards may be of
// no use today.
func enough(want, more int, met siblings, read func(limit int) ([]scheduler.Item, error)) ([]scheduler.Item, error) {
	for limit := want + more; ; limit *= 4 {
		items, err := read(limit)
		if err != nil || len(items) < limit {
			return items, err
		}
		notes := make(map[deck.NoteID]bool)
		for _, it := range items {
			if !met.hide(it.Card) {
				notes[it.Card.Note()] = true
			}
		}
		if len(notes) >= want {
			return items, nil
		}
	}
}

func (l loader) items(where, order string, args ...any) ([]scheduler.Item, error) {
	rows, err := l.tx.QueryContext(l.ctx, `SELECT `+itemColumns+` FROM memory m WHERE `+where+l.scope.where+` `+order,
		append(args, l.scope.args...)...)
	return collect(rows, err, scanItem)
}

// reviews reads the due reviews; of more than the limit, the ones most likely
// still known, which is where elapsed days over stability are smallest: all
// cards up to a value, since the queue has an order of its own among equals.
// The index covers the choice, so only the chosen rows are looked up.
func (l loader) reviews(snap *scheduler.Snapshot, last scheduler.Day, limit int, met siblings) ([]scheduler.Item, error) {
	const where = `m.state=2 AND m.hidden=0 AND m.due_day<=? AND m.buried_day<>?`
	due := ` FROM memory m WHERE ` + where + l.scope.where
	args := append([]any{int(last), int(l.day)}, l.scope.args...)
	if err := l.tx.QueryRowContext(l.ctx, `SELECT count(*)`+due, args...).Scan(&snap.Waiting); err != nil {
		return nil, err
	}
	return enough(limit, slack, met, func(limit int) ([]scheduler.Item, error) {
		if snap.Waiting <= limit {
			return l.items(where, ``, int(last), int(l.day))
		}
		faded := fmt.Sprintf(`max(0, %d-m.last_day)/max(m.s, 0.001)`, l.day)
		last := fmt.Sprintf(`(SELECT %s%s ORDER BY 1 LIMIT 1 OFFSET %d)`, faded, due, limit-1)
		rows, err := l.tx.QueryContext(l.ctx, `SELECT `+itemColumns+` FROM memory m WHERE m.card_id IN
			(SELECT m.card_id`+due+` AND `+faded+`<=`+last+`)`, slices.Concat(args, args)...)
		return collect(rows, err, scanItem)
	})
}

// seen reads every card that was ever answered, at most the thousand with the
// lowest recall: a cram of more is no cram.
func (l loader) seen() ([]scheduler.Item, error) {
	return l.items(`m.state<>0 AND m.hidden=0 AND m.s>0`, fmt.Sprintf(`ORDER BY max(0, %d-m.last_day)/m.s DESC LIMIT 1000`, l.day))
}

// answered returns the notes that were answered today: their siblings wait.
func (l loader) answered() (map[deck.NoteID]deck.CardID, error) {
	rows, err := l.tx.QueryContext(l.ctx, `SELECT card_id FROM log l WHERE day=? AND kind='rate' AND `+live+` ORDER BY seq`, int(l.day))
	cards, err := collect(rows, err, func(r *sql.Rows) (card deck.CardID, err error) { return card, r.Scan(&card) })
	seen := make(map[deck.NoteID]deck.CardID, len(cards))
	for _, card := range cards {
		seen[card.Note()] = card
	}
	return seen, err
}

// pace is the mean answer time over the newest answers, by state.
func (l loader) pace() (p scheduler.Pace, err error) {
	rows, err := l.tx.QueryContext(l.ctx, `SELECT state_before, avg(took_ms) FROM
		(SELECT state_before, took_ms FROM log WHERE source='etch' AND kind<>'void' AND kind='rate' AND took_ms>0 ORDER BY seq DESC LIMIT 300) GROUP BY 1`)
	type mean struct {
		state scheduler.State
		took  float64
	}
	means, err := collect(rows, err, func(r *sql.Rows) (m mean, err error) { return m, r.Scan(&m.state, &m.took) })
	for _, m := range means {
		took := time.Duration(m.took * float64(time.Millisecond))
		switch m.state {
		case scheduler.New:
			p.New = took
		case scheduler.Review:
			p.Review = took
		case scheduler.Learning, scheduler.Relearning:
			p.Learning = max(p.Learning, took)
		}
	}
	return p, err
}

// todayOf counts one study day's answers that still stand.
func todayOf(ctx context.Context, tx *sql.Tx, day scheduler.Day) (t scheduler.Today, err error) {
	var ms int64
	err = tx.QueryRowContext(ctx, `SELECT count(DISTINCT CASE WHEN state_before=0 THEN card_id END),
		coalesce(sum(state_before=2),0), coalesce(sum(took_ms),0), (SELECT coalesce(max(seq),0) FROM log)
		FROM log l WHERE day=? AND kind='rate' AND `+live, int(day)).Scan(&t.New, &t.Reviews, &ms, &t.Seq)
	t.Spent = time.Duration(ms) * time.Millisecond
	return t, err
}
