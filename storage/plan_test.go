package storage

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"regexp"
	"strings"
	"testing"

	"etch/scheduler"
)

// spy is a database that keeps what it is asked.
type spy struct {
	inner driver.Driver
	dsn   string
	asked *[]statement
}

type statement struct {
	query string
	args  []driver.NamedValue
}

func (s spy) Driver() driver.Driver { return s.inner }

func (s spy) Connect(context.Context) (driver.Conn, error) {
	conn, err := s.inner.Open(s.dsn)
	return spyConn{conn, s.asked}, err
}

type spyConn struct {
	driver.Conn
	asked *[]statement
}

func (c spyConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	*c.asked = append(*c.asked, statement{query, args})
	return c.Conn.(driver.QueryerContext).QueryContext(ctx, query, args)
}

func (c spyConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	*c.asked = append(*c.asked, statement{query, args})
	return c.Conn.(driver.ExecerContext).ExecContext(ctx, query, args)
}

func (c spyConn) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	return c.Conn.(driver.ConnBeginTx).BeginTx(ctx, opts)
}

// TestNoScan reads the plan of everything that is asked on the way to the
// first statement and for an answer: no table of cards or answers is walked.
// A partial index may be: it holds only the rows that are wanted.
func TestNoScan(t *testing.T) {
	s, c := newStore(t), newClock("c")
	cards := add(t, s, append(basics(200), note{id: "follow-up", after: "card00"})...)
	var rows []scheduler.Entry
	for i, card := range cards[1:190] {
		rows = append(rows, seedRow(card, s, monday.AddDate(0, 0, -9), scheduler.Review, float64(1+i), s.Scheduler().Day(monday)))
	}
	merge(t, s, rows...)
	set(t, s, "reviews-per-day", "5") // more are due than one day takes

	var all []statement
	quiet := s.db
	defer func() { s.db.Close(); s.db = quiet }()
	s.db = sql.OpenDB(spy{quiet.Driver(), dsn(s.path, false), &all})
	today := s.Scheduler().Day(monday)
	for _, step := range []struct {
		name string
		ask  func() error
	}{
		{"record", func() error { grade(t, s, c, "card00", scheduler.Good); return nil }},
		{"load", func() error { _, err := s.Load(t.Context(), scheduler.Query{Now: monday, New: -1}); return err }},
		{"load of a post", func() error {
			_, err := s.Load(t.Context(), scheduler.Query{Now: monday, New: -1, Posts: []string{"post"}})
			return err
		}},
		{"next ahead", func() error {
			_, err := s.Load(t.Context(), scheduler.Query{Now: monday, Next: true})
			return err
		}},
		{"next due", func() error { _, _, err := s.NextDue(t.Context(), monday); return err }},
		{"studied", func() error { _, _, err := s.Studied(t.Context(), today-30, today); return err }},
		{"history", func() error { _, err := s.Entries(t.Context(), "card00"); return err }},
		{"undo", func() error { _, err := s.Void(t.Context(), c.stamp(), ""); return err }},
	} {
		all = nil
		noError(t, step.ask())
		if len(all) == 0 {
			t.Errorf("%s asked nothing: the spy is blind", step.name)
		}
		for _, q := range all {
			for _, line := range planOf(t, quiet, q) {
				if walked.MatchString(line) && !partial.MatchString(line) {
					t.Errorf("%s: %s\n%s", step.name, line, q.query)
				}
			}
		}
	}
	if plan := planOf(t, quiet, statement{query: `SELECT count(*) FROM memory WHERE reps=3`}); !walked.MatchString(plan[0]) {
		t.Error("a scan goes unnoticed")
	}
}

var (
	walked  = regexp.MustCompile(`^SCAN (m|l|n|c|memory|log|notes|cards|v|p)\b`)
	partial = regexp.MustCompile(`INDEX (memory_review|memory_learn|memory_new|memory_locked|log_own)\b`)
)

func planOf(t tb, db *sql.DB, q statement) []string {
	t.Helper()
	if words := strings.Fields(q.query); words[0] == "PRAGMA" {
		return nil
	}
	args := make([]any, len(q.args))
	for i, a := range q.args {
		args[i] = a.Value
	}
	rows, err := db.QueryContext(context.Background(), `EXPLAIN QUERY PLAN `+q.query, args...)
	plan, err := collect(rows, err, func(r *sql.Rows) (line string, err error) {
		var id, parent, unused int
		return line, r.Scan(&id, &parent, &unused, &line)
	})
	noError(t, err)
	return plan
}
