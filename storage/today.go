package storage

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"etch/scheduler"
)

// Studied returns on how many study days of [from, to] an answer was given
// that still stands, and how many answers on the last of them.
func (s *Store) Studied(ctx context.Context, from, to scheduler.Day) (days, last int, err error) {
	err = s.db.QueryRowContext(ctx, `SELECT count(DISTINCT day), coalesce(sum(day=?),0) FROM log l
		WHERE day BETWEEN ? AND ? AND kind='rate' AND `+live, int(to), int(from), int(to)).Scan(&days, &last)
	if err != nil {
		return 0, 0, fmt.Errorf("count study days: %w", explain(err))
	}
	return days, last, nil
}

// NextDue returns when the next card is due after now: the instant for a card
// in a learning step that comes first, else the study day of the next review.
// Both are zero when no card comes. What is due already, and waits only because
// the day's minutes are over, does not count.
func (s *Store) NextDue(ctx context.Context, now time.Time) (at time.Time, day scheduler.Day, err error) {
	today := s.Scheduler().Day(now)
	var learn, review sql.NullInt64
	err = s.db.QueryRowContext(ctx, `SELECT
		(SELECT min(due_at) FROM memory WHERE state IN (1,3) AND hidden=0 AND due_at>?),
		(SELECT min(due_day) FROM memory WHERE state=2 AND hidden=0 AND due_day>?)`, millis(now), int(today)).Scan(&learn, &review)
	if err != nil {
		return at, 0, fmt.Errorf("find the next card: %w", explain(err))
	}
	day = scheduler.Day(review.Int64)
	if learn.Valid {
		at = instant(learn.Int64)
		if review.Valid && s.Scheduler().Day(at) >= day {
			return time.Time{}, day, nil
		}
	}
	return at, day, nil
}

// DueOn returns how many reviews are due on a study day, earlier ones aside.
func (s *Store) DueOn(ctx context.Context, day scheduler.Day) (n int, err error) {
	err = s.db.QueryRowContext(ctx, `SELECT count(*) FROM memory WHERE state=2 AND hidden=0 AND due_day=?`, int(day)).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("count the reviews of a day: %w", explain(err))
	}
	return n, nil
}
