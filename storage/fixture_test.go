package storage

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"etch/deck"
	"etch/scheduler"
)

// monday is 8 in the morning of a study day.
var monday = time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)

// tb is what fixtures need of *testing.T, *testing.B and *rapid.T.
type tb interface {
	Helper()
	Fatalf(format string, args ...any)
}

func noError(t tb, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%v", err)
	}
}

// openAt opens a database that is closed when the test ends.
func openAt(t testing.TB, path string) *Store {
	t.Helper()
	s, err := Open(context.Background(), path, Options{Now: monday})
	noError(t, err)
	t.Cleanup(func() { s.Close() })
	return s
}

// newStore opens a new database in a folder of its own.
func newStore(t testing.TB) *Store {
	t.Helper()
	return openAt(t, filepath.Join(t.TempDir(), "etch.db"))
}

// single leaves the store one connection, whose pragmas a test may change.
func single(t tb, s *Store, pragmas ...string) {
	t.Helper()
	s.db.SetMaxOpenConns(1)
	for _, p := range pragmas {
		_, err := s.db.Exec("PRAGMA " + p)
		noError(t, err)
	}
}

// note is one note of a fixture, with its post made on the way.
type note struct {
	id       deck.NoteID
	key      string
	post     string // slug; "post" for ""
	postTags []string
	tags     []string
	tier     deck.Tier // core for ""
	front    string
	back     string
	asOf     string
	clozes   int // deletions; 0 for a basic note
	after    deck.CardID
	retired  bool
}

// add puts notes with new cards into the database, as a compile would, and
// returns the ids of the cards in order.
func add(t tb, s *Store, notes ...note) (cards []deck.CardID) {
	t.Helper()
	tx, err := s.db.Begin()
	noError(t, err)
	defer tx.Rollback()
	exec := func(query string, args ...any) {
		t.Helper()
		_, err := tx.Exec(query, args...)
		noError(t, err)
	}
	list := func(words []string) string {
		text, err := json.Marshal(append([]string{}, words...))
		noError(t, err)
		return string(text)
	}
	exec(`INSERT OR IGNORE INTO libraries(id, kind, path, added_at) VALUES(1, 'builtin', 'builtin', 0)`)
	var pos int64
	noError(t, tx.QueryRow(`SELECT count(*) FROM cards`).Scan(&pos))
	for _, n := range notes {
		if n.post == "" {
			n.post = "post"
		}
		if n.tier == "" {
			n.tier = deck.Core
		}
		exec(`INSERT INTO posts(library_id, path, slug, title, topic, tags, requires, depth, body, hash)
			VALUES(1, ?, ?, ?, 'topic', ?, '[]', 0, '', '') ON CONFLICT DO NOTHING`, n.post+".md", n.post, n.post, list(n.postTags))
		var retired any
		if n.retired {
			retired = 1
		}
		kind := deck.Basic
		if n.clozes > 0 {
			kind = deck.Cloze
		}
		exec(`INSERT INTO notes(id, key, post_id, pos, line, takeaway, kind, type, tier, front, back, tags, source, as_of, after, why,
			hash, created_at, changed_at, retired_at, anki_guid, anki_nid)
			VALUES(?, nullif(?,''), (SELECT id FROM posts WHERE slug=?), ?, 1, '', ?, '', ?, ?, ?, ?, '', ?, NULL, '', ?, 0, 0, ?, ?, ?)`,
			n.id, n.key, n.post, pos, kind, n.tier, n.front, n.back, list(n.tags), n.asOf, n.id, retired, n.id, pos)
		for ord := range max(1, n.clozes) {
			card := n.id.Card(kind, ord)
			exec(`INSERT INTO cards(id, note_id, ord, pos, cloze_hash, retired_at, anki_cid) VALUES(?,?,?,?,'',?,?)`, card, n.id, ord, ord, retired, pos)
			exec(`INSERT INTO memory(card_id, head, head_at, state, step, s, d, due_day, due_at, last_at, last_day, ivl, reps, lapses,
				first_day, held_day, suspended, buried_day, flag, post_id, hidden, new_pos, after_card)
				VALUES(?, '', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, '', (SELECT id FROM posts WHERE slug=?), ?, ?, nullif(?,''))`,
				card, n.post, n.retired, pos, n.after)
			cards = append(cards, card)
			pos++
		}
	}
	noError(t, tx.Commit())
	return cards
}

// basics returns n notes of one card each, in post "post".
func basics(n int) []note {
	notes := make([]note, n)
	for i := range notes {
		notes[i] = note{id: deck.NoteID(fmt.Sprintf("card%02d", i))}
	}
	return notes
}

// clock hands out stamps with ids that ascend.
type clock struct {
	now  time.Time
	name string // makes ids of two clocks differ
	n    int
}

func newClock(name string) *clock { return &clock{now: monday, name: name} }

func (c *clock) stamp() scheduler.Stamp {
	c.n++
	id := fmt.Sprintf("%s-%06d", c.name, c.n)
	return scheduler.Stamp{ID: id, Act: id, Session: "session-" + c.name, At: c.now}
}

func memoryOf(t tb, s *Store, card deck.CardID) scheduler.Memory {
	t.Helper()
	row, err := s.CardRow(context.Background(), card)
	noError(t, err)
	return row.Memory
}

// answer returns the row of a rating on what the card's memory is now.
func answer(t tb, s *Store, c *clock, card deck.CardID, r scheduler.Rating) scheduler.Row {
	t.Helper()
	e, m, err := s.Scheduler().Answer(card, memoryOf(t, s, card), c.stamp(), r, 5*time.Second)
	noError(t, err)
	return scheduler.Row{Entry: e, Memory: m}
}

// mark returns the row of a suspend, bury, flag and the like.
func mark(t tb, s *Store, c *clock, card deck.CardID, k scheduler.Kind) scheduler.Row {
	t.Helper()
	e, m, err := s.Scheduler().Act(card, memoryOf(t, s, card), c.stamp(), k, "")
	noError(t, err)
	return scheduler.Row{Entry: e, Memory: m}
}

func record(t tb, s *Store, rows ...scheduler.Row) scheduler.Today {
	t.Helper()
	today, err := s.Record(context.Background(), rows...)
	noError(t, err)
	return today
}

func grade(t tb, s *Store, c *clock, card deck.CardID, r scheduler.Rating) scheduler.Row {
	t.Helper()
	row := answer(t, s, c, card, r)
	record(t, s, row)
	return row
}

func set(t tb, s *Store, key, value string) {
	t.Helper()
	noError(t, s.Set(context.Background(), key, value, monday))
}

func load(t tb, s *Store, q scheduler.Query) scheduler.Snapshot {
	t.Helper()
	snap, err := s.Load(context.Background(), q)
	noError(t, err)
	return snap
}

func entries(t tb, s *Store) []scheduler.Entry {
	t.Helper()
	all, err := s.Entries(context.Background(), "")
	noError(t, err)
	return all
}

func healthy(t tb, s *Store) {
	t.Helper()
	findings, err := s.Doctor(context.Background())
	noError(t, err)
	if len(findings) > 0 {
		t.Fatalf("doctor: %q", findings)
	}
}

// seedRow is a card that came from elsewhere: in review, last seen days ago,
// due on a day.
func seedRow(card deck.CardID, s *Store, at time.Time, state scheduler.State, stability float64, due scheduler.Day) scheduler.Entry {
	then := scheduler.Decision{State: state, Stability: stability, Difficulty: 5}
	if state == scheduler.Review {
		then.DueDay, then.Interval = due, max(1, int(stability))
	} else {
		then.DueAt, then.Interval = due.Date().Add(8*time.Hour), -600
	}
	return scheduler.Entry{
		ID: "seed-" + string(card), Card: card, Kind: scheduler.Seed, At: at, Day: s.Scheduler().Day(at), Act: "seed", Arg: "reps=3 lapses=1",
		Source: scheduler.FromImport, Then: then,
	}
}

func merge(t tb, s *Store, rows ...scheduler.Entry) int {
	t.Helper()
	added, err := s.Merge(context.Background(), rows)
	noError(t, err)
	return added
}

func itemIDs(items []scheduler.Item) []deck.CardID {
	ids := make([]deck.CardID, len(items))
	for i, it := range items {
		ids[i] = it.Card
	}
	return ids
}

func sameCards(a, b []deck.CardID) bool {
	a, b = slices.Clone(a), slices.Clone(b)
	slices.Sort(a)
	slices.Sort(b)
	return slices.Equal(a, b)
}
