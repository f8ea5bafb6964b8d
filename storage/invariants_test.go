package storage

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"etch/deck"
	"etch/scheduler"
)

// Each step of a state machine here is a transaction on a real file: fewer,
// longer runs than rapid's hundred. The flags still override it.
func TestMain(m *testing.M) {
	flag.Parse()
	given := make(map[string]bool)
	flag.Visit(func(f *flag.Flag) { given[f.Name] = true })
	if !given["rapid.checks"] {
		flag.Set("rapid.checks", "15")
	}
	os.Exit(run(m))
}

// benchDir holds the databases that benchmarks share.
var benchDir string

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "etch-bench-")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	benchDir = dir
	return m.Run()
}

// twins returns stores with the same cards; nothing waits for the disk.
func twins(t *testing.T, rt *rapid.T, n int, notes ...note) []*Store {
	t.Helper()
	dir, err := os.MkdirTemp(t.TempDir(), "")
	noError(t, err)
	stores := make([]*Store, n)
	for i := range stores {
		s, err := Open(context.Background(), filepath.Join(dir, fmt.Sprint(i, ".db")), Options{Now: monday})
		noError(t, err)
		rt.Cleanup(func() { s.Close() })
		single(rt, s, "synchronous = OFF")
		add(rt, s, notes...)
		stores[i] = s
	}
	return stores
}

// model is what a database should hold, kept by the test alone.
type model struct {
	*clock
	s       *Store
	cards   []deck.CardID
	log     []scheduler.Entry                // in the order of recording
	memory  map[deck.CardID]scheduler.Memory // as each row's decision left it
	before  map[string]scheduler.Memory      // by row: what undo must bring back
	voided  map[string]bool
	pending map[deck.CardID]scheduler.Row // answers on an old memory
}

func newModel(s *Store, name string, cards []deck.CardID) *model {
	return &model{
		clock: newClock(name), s: s, cards: cards, memory: make(map[deck.CardID]scheduler.Memory),
		before: make(map[string]scheduler.Memory), voided: make(map[string]bool), pending: make(map[deck.CardID]scheduler.Row),
	}
}

func (m *model) of(card deck.CardID) []scheduler.Entry {
	return slices.DeleteFunc(slices.Clone(m.log), func(e scheduler.Entry) bool { return e.Card != card })
}

// took is a row that the store accepted.
func (m *model) took(row scheduler.Row) {
	m.before[row.Entry.ID] = m.memory[row.Entry.Card]
	m.memory[row.Entry.Card] = row.Memory
	m.log = append(m.log, row.Entry)
}

// newest is the newest act of etch that stands, as rows.
func (m *model) newest() (rows []scheduler.Entry) {
	for _, e := range slices.Backward(m.log) {
		if e.Kind == scheduler.Void || e.Source != scheduler.FromEtch || m.voided[e.ID] {
			continue
		}
		if len(rows) > 0 && e.Act != rows[0].Act {
			break
		}
		rows = append(rows, e)
	}
	return rows
}

func (m *model) wait(t *rapid.T) {
	m.now = m.now.Add(rapid.SampledFrom([]time.Duration{
		time.Millisecond, 20 * time.Second, 11 * time.Minute, 5 * time.Hour, 24 * time.Hour, 9 * 24 * time.Hour, 200 * 24 * time.Hour,
	}).Draw(t, "wait"))
}

func (m *model) card(t *rapid.T) deck.CardID { return rapid.SampledFrom(m.cards).Draw(t, "card") }

func (m *model) answer(t *rapid.T, card deck.CardID, on scheduler.Memory) scheduler.Row {
	r := rapid.SampledFrom([]scheduler.Rating{scheduler.Again, scheduler.Hard, scheduler.Good, scheduler.Good, scheduler.Easy}).Draw(t, "rating")
	took := time.Duration(rapid.IntRange(-1, 700_000).Draw(t, "took")) * time.Millisecond
	e, next, err := m.s.Scheduler().Answer(card, on, m.stamp(), r, took)
	noError(t, err)
	return scheduler.Row{Entry: e, Memory: next}
}

func (m *model) grade(t *rapid.T) {
	card := m.card(t)
	row := m.answer(t, card, m.memory[card])
	record(t, m.s, row)
	m.took(row)
}

// mark suspends, buries, flags and so on, now and then all cards at once.
func (m *model) mark(t *rapid.T) {
	kind := rapid.SampledFrom([]scheduler.Kind{
		scheduler.Suspend, scheduler.Resume, scheduler.Bury, scheduler.Flag, scheduler.Unflag, scheduler.Forget,
	}).Draw(t, "kind")
	cards := []deck.CardID{m.card(t)}
	if rapid.IntRange(0, 3).Draw(t, "all") == 0 {
		cards = m.cards
	}
	m.act(t, cards, func(card deck.CardID, st scheduler.Stamp) (scheduler.Entry, scheduler.Memory, error) {
		return m.s.Scheduler().Act(card, m.memory[card], st, kind, rapid.SampledFrom([]string{"", "it's wrong; \"100 %\"", "größer"}).Draw(t, "reason"))
	})
}

func (m *model) setDue(t *rapid.T) {
	days := rapid.IntRange(-5, 400).Draw(t, "days")
	m.act(t, []deck.CardID{m.card(t)}, func(card deck.CardID, st scheduler.Stamp) (scheduler.Entry, scheduler.Memory, error) {
		return m.s.Scheduler().SetDue(card, m.memory[card], st, m.s.Scheduler().Day(m.now)+scheduler.Day(days))
	})
}

func (m *model) act(t *rapid.T, cards []deck.CardID, decide func(deck.CardID, scheduler.Stamp) (scheduler.Entry, scheduler.Memory, error)) {
	var rows []scheduler.Row
	st := m.stamp()
	for i, card := range cards {
		if i > 0 {
			st.ID = m.stamp().ID
		}
		e, next, err := decide(card, st)
		if errors.Is(err, scheduler.ErrNoChange) || errors.Is(err, scheduler.ErrNewCard) {
			continue
		}
		noError(t, err)
		rows = append(rows, scheduler.Row{Entry: e, Memory: next})
	}
	record(t, m.s, rows...)
	for _, row := range rows {
		m.took(row)
	}
}

// keep answers a card and keeps the answer back, for stale to send.
func (m *model) keep(t *rapid.T) {
	card := m.card(t)
	m.pending[card] = m.answer(t, card, m.memory[card])
}

// stale sends an answer that was given on an old memory together with one that
// could be recorded: neither is.
func (m *model) stale(t *rapid.T) {
	for _, card := range m.cards {
		row, ok := m.pending[card]
		if !ok || row.Entry.Prev == m.memory[card].Head {
			continue
		}
		delete(m.pending, card)
		other := m.cards[(slices.Index(m.cards, card)+1)%len(m.cards)]
		if _, err := m.s.Record(context.Background(), m.answer(t, other, m.memory[other]), row); !errors.Is(err, scheduler.ErrStale) {
			t.Fatalf("record on an old head: %v, want ErrStale", err)
		}
		return
	}
}

func (m *model) undo(t *rapid.T) {
	want := m.newest()
	st := m.stamp()
	a, err := m.s.Void(context.Background(), st, "")
	if len(want) == 0 {
		if !errors.Is(err, scheduler.ErrNothing) {
			t.Fatalf("undo of nothing: %v", err)
		}
		return
	}
	noError(t, err)
	if a.Act != want[0].Act || len(a.Items) != len(want) || a.Log != st.ID {
		t.Fatalf("undo took back %s of %d cards as %s, want %s of %d as %s", a.Act, len(a.Items), a.Log, want[0].Act, len(want), st.ID)
	}
	all := entries(t, m.s)
	for _, e := range all[len(m.log):] {
		if e.Kind != scheduler.Void || e.Act != st.Act || !slices.ContainsFunc(want, func(w scheduler.Entry) bool { return w.ID == e.Target }) {
			t.Fatalf("undo wrote %+v", e)
		}
		m.log = append(m.log, e)
	}
	for _, e := range want {
		if !m.voided[e.ID] && !slices.ContainsFunc(m.log, func(v scheduler.Entry) bool { return v.Target == e.ID }) {
			t.Fatalf("undo left row %s standing", e.ID)
		}
		m.voided[e.ID] = true
		m.refold(e.Card)
	}
}

func (m *model) refold(card deck.CardID) { m.memory[card] = m.s.Scheduler().Fold(m.of(card)) }

// weights refits the model, now and then in another process.
func (m *model) weights(t *rapid.T) {
	w := scheduler.DefaultWeights()
	for i := range 4 {
		w[i] *= rapid.Float64Range(0.5, 2).Draw(t, "w")
	}
	store := m.s
	if rapid.Bool().Draw(t, "elsewhere") {
		other, err := Open(context.Background(), m.s.Path(), Options{})
		noError(t, err)
		defer other.Close()
		store = other
	}
	set(t, store, "weights", strings.Trim(fmt.Sprint(w), "[]"))
	fresh, err := scheduler.NewScheduler(store.Scheduler().Settings(), time.UTC)
	noError(t, err)
	for _, card := range m.cards {
		m.memory[card] = fresh.Fold(m.of(card))
	}
}

// merge brings in what another machine or Anki did with a card meanwhile.
func (m *model) merge(t *rapid.T) {
	card := m.card(t)
	on := rapid.SampledFrom([]scheduler.Memory{{}, m.memory[card]}).Draw(t, "on")
	source := rapid.SampledFrom([]string{scheduler.FromEtch, scheduler.FromAnki, scheduler.FromImport}).Draw(t, "source")
	var rows []scheduler.Entry
	for range rapid.IntRange(1, 3).Draw(t, "rows") {
		row := m.answer(t, card, on)
		on = row.Memory
		row.Entry.Source = source
		rows = append(rows, row.Entry)
		m.now = m.now.Add(time.Minute)
	}
	back := time.Duration(rapid.IntRange(0, 400).Draw(t, "back")) * time.Hour
	for i := range rows {
		rows[i].At = rows[i].At.Add(-back)
	}
	if added := merge(t, m.s, rows...); added != len(rows) {
		t.Fatalf("merged %d of %d rows", added, len(rows))
	}
	m.log = append(m.log, rows...)
	m.refold(card)
}

func (m *model) check(t *rapid.T) {
	healthy(t, m.s)
	stored := entries(t, m.s)
	if len(stored) != len(m.log) {
		t.Fatalf("%d log rows, want %d", len(stored), len(m.log))
	}
	for i, e := range stored {
		want := m.log[i]
		if want.AnkiID == 0 {
			want.AnkiID = e.AnkiID
		}
		if e != want {
			t.Fatalf("log row %d\n got %+v\nwant %+v", i, e, want)
		}
	}
	for _, card := range m.cards {
		got := memoryOf(t, m.s, card)
		if want := m.s.Scheduler().Fold(m.of(card)); !SameMemory(got, want) {
			t.Fatalf("card %s\nmemory %+v\n  fold %+v", card, got, want)
		}
		if !SameMemory(got, m.memory[card]) {
			t.Fatalf("card %s\n memory %+v\ndecided %+v", card, got, m.memory[card])
		}
		var hidden bool
		noError(t, m.s.db.QueryRow(`SELECT hidden FROM memory WHERE card_id=?`, card).Scan(&hidden))
		if hidden != got.Suspended {
			t.Fatalf("card %s: hidden %v, suspended %v", card, hidden, got.Suspended)
		}
	}
}

func (m *model) actions() map[string]func(*rapid.T) {
	return map[string]func(*rapid.T){
		"grade": m.grade, "grade again": m.grade, "mark": m.mark, "set due": m.setDue, "undo": m.undo, "wait": m.wait, "keep": m.keep, "stale": m.stale,
	}
}

func TestInvariant1MemoryIsTheFold(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s := twins(t, rt, 1, basics(3)...)[0]
		m := newModel(s, "a", []deck.CardID{"card00", "card01", "card02"})
		actions := m.actions()
		actions["weights"], actions["merge"], actions[""] = m.weights, m.merge, m.check
		rt.Repeat(actions)
		if n, err := s.Rebuild(context.Background()); n != 0 || err != nil {
			rt.Fatalf("rebuild changed %d cards: %v", n, err)
		}
	})
}

// A memory that is wrong is found and mended, and nothing else is touched.
func TestDoctorFindsAndRebuildMends(t *testing.T) {
	s, c := newStore(t), newClock("c")
	cards := add(t, s, basics(3)...)
	for _, card := range cards[:2] {
		grade(t, s, c, card, scheduler.Good)
	}
	for _, column := range []string{
		"head='x'", "head_at=1", "state=2", "step=5", "s=s*1.00001", "d=d+0.001", "due_day=9", "due_at=9", "last_at=9", "last_day=9", "ivl=3", "reps=7",
		"lapses=1", "first_day=3", "held_day=4", "suspended=1", "buried_day=5", "flag='f'",
	} {
		_, err := s.db.Exec(`UPDATE memory SET ` + column + ` WHERE card_id='card00'`)
		noError(t, err)
		findings, err := s.Doctor(t.Context())
		noError(t, err)
		if len(findings) != 1 || !strings.Contains(findings[0], "card00") {
			t.Errorf("%s: doctor says %q, want one line on card00", column, findings)
		}
		if n, err := s.Rebuild(t.Context()); n != 1 || err != nil {
			t.Errorf("%s: rebuilt %d cards, %v; want 1", column, n, err)
		}
		healthy(t, s)
	}
	for _, column := range []string{"hidden=1", "post_id=999", "after_card='nobody'"} {
		_, err := s.db.Exec(`UPDATE memory SET ` + column + ` WHERE card_id='card02'`)
		noError(t, err)
		if findings, err := s.Doctor(t.Context()); err != nil || len(findings) != 1 || !strings.Contains(findings[0], "card02") {
			t.Errorf("%s: doctor says %q, %v, want one line on card02", column, findings, err)
		}
		_, err = s.db.Exec(`UPDATE memory SET hidden=0, post_id=1, after_card=NULL WHERE card_id='card02'`)
		noError(t, err)
	}
	conn, err := s.db.Conn(t.Context())
	noError(t, err)
	defer conn.Close()
	for _, q := range []string{`PRAGMA foreign_keys=0`, `DELETE FROM memory WHERE card_id='card01'`, `PRAGMA foreign_keys=1`} {
		_, err := conn.ExecContext(t.Context(), q)
		noError(t, err)
	}
	findings, err := s.Doctor(t.Context())
	noError(t, err)
	if len(findings) != 1 || !strings.Contains(findings[0], "card01") {
		t.Errorf("without its memory: doctor says %q, want one line on card01", findings)
	}
}

func TestDoctorFindsABrokenReference(t *testing.T) {
	s := newStore(t)
	add(t, s, basics(1)...)
	single(t, s, "foreign_keys = 0")
	_, err := s.db.Exec(`UPDATE cards SET note_id='nobody'`)
	noError(t, err)
	findings, err := s.Doctor(t.Context())
	noError(t, err)
	if len(findings) != 1 || !strings.Contains(findings[0], "notes") {
		t.Errorf("doctor says %q, want one line on notes", findings)
	}
}

// No statement changes the log, not even one that replaces a row, on no
// connection.
func TestInvariant2TheLogIsAppendOnly(t *testing.T) {
	s, c := newStore(t), newClock("c")
	card := add(t, s, basics(1)...)[0]
	grade(t, s, c, card, scheduler.Good)
	grade(t, s, c, card, scheduler.Again)
	before := entries(t, s)
	for i, conn := range pooled(t, s) {
		for _, query := range []string{
			`UPDATE log SET rating=4`, `UPDATE log SET seq=seq+10`, `UPDATE OR REPLACE log SET id='x' WHERE seq=1`, `DELETE FROM log`, `DELETE FROM log WHERE seq=1`,
			`INSERT OR REPLACE INTO log SELECT * FROM log WHERE seq=1`,
			`REPLACE INTO log(seq, id, card_id, kind, at, tz_min, day, act, prev, arg, source, session, ms_id)
				SELECT 99, id, card_id, 'bury', at, tz_min, day, act, prev, arg, source, session, ms_id FROM log WHERE seq=1`,
			`REPLACE INTO log(seq, id, card_id, kind, at, tz_min, day, act, prev, arg, source, session, ms_id)
				SELECT 99, 'new', card_id, 'bury', at, tz_min, day, act, prev, arg, source, session, ms_id FROM log WHERE seq=1`,
			`INSERT INTO log SELECT * FROM log WHERE true ON CONFLICT(id) DO UPDATE SET rating=1`,
		} {
			if _, err := conn.ExecContext(t.Context(), query); err == nil || !strings.Contains(err.Error(), "append-only") {
				t.Errorf("connection %d: %s: %v, want the trigger's refusal", i, query, err)
			}
		}
		conn.Close()
	}
	if after := entries(t, s); !slices.Equal(before, after) {
		t.Errorf("the log changed\n from %+v\n to %+v", before, after)
	}
}

func TestInvariant3UndoRestores(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s := twins(t, rt, 1, basics(2)...)[0]
		m := newModel(s, "a", []deck.CardID{"card00", "card01"})
		actions := m.actions()
		actions["undo"] = func(t *rapid.T) {
			rows := m.newest()
			m.undo(t)
			for _, e := range rows {
				if got := memoryOf(t, s, e.Card); !SameMemory(got, m.before[e.ID]) {
					t.Fatalf("undo of %s %s\n  gave %+v\nbefore %+v", e.Kind, e.Card, got, m.before[e.ID])
				}
			}
		}
		actions["grade, undo, grade"] = func(t *rapid.T) {
			card := m.card(t)
			first := m.answer(t, card, m.memory[card])
			e, single, err := s.Scheduler().Answer(card, m.memory[card], scheduler.Stamp{ID: "single", At: m.now}, scheduler.Good, 0)
			noError(t, err)
			record(t, s, first)
			m.took(first)
			m.undo(t)
			second, again, err := s.Scheduler().Answer(card, m.memory[card], m.stamp(), scheduler.Good, e.Took)
			noError(t, err)
			record(t, s, scheduler.Row{Entry: second, Memory: again})
			m.took(scheduler.Row{Entry: second, Memory: again})
			single.Head, again.Head = "", ""
			if again != single {
				t.Fatalf("grade, undo, grade\n gave %+v\nsingle %+v", again, single)
			}
		}
		actions[""] = m.check
		rt.Repeat(actions)
		for len(m.newest()) > 0 {
			m.undo(rt)
		}
		for _, card := range m.cards {
			if got := memoryOf(rt, s, card); got != (scheduler.Memory{}) {
				rt.Fatalf("after undoing everything card %s is %+v", card, got)
			}
		}
	})
}

func ids(log []scheduler.Entry) []string {
	out := make([]string, len(log))
	for i, e := range log {
		out[i] = e.ID
	}
	slices.Sort(out)
	return out
}

func memories(t tb, s *Store) map[deck.CardID]scheduler.Memory {
	t.Helper()
	rows, err := s.Cards(context.Background(), "", monday)
	noError(t, err)
	all := make(map[deck.CardID]scheduler.Memory, len(rows))
	for _, row := range rows {
		all[row.Card.ID] = row.Memory
	}
	return all
}

// sameDatabases compares the set of log ids and every memory.
func sameDatabases(t tb, what string, a, b *Store) {
	t.Helper()
	if x, y := ids(entries(t, a)), ids(entries(t, b)); !slices.Equal(x, y) {
		t.Fatalf("%s: log ids differ\n%q\n%q", what, x, y)
	}
	if x, y := memories(t, a), memories(t, b); !maps.EqualFunc(x, y, SameMemory) {
		t.Fatalf("%s: memories differ\n%+v\n%+v", what, x, y)
	}
}

func TestInvariant4MergeIsAUnion(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		const laptops = 3
		stores := twins(t, rt, 2*laptops, basics(2)...)
		cards := []deck.CardID{"card00", "card01"}
		shared := newModel(stores[0], "shared", cards)
		for range rapid.IntRange(0, 6).Draw(rt, "shared rows") {
			shared.grade(rt)
			shared.wait(rt)
		}
		histories := make([][]scheduler.Entry, laptops)
		for i := range laptops {
			m := newModel(stores[i], fmt.Sprint("laptop", i), cards)
			if i > 0 {
				merge(rt, stores[i], shared.log...)
			}
			m.log, m.now = slices.Clone(shared.log), shared.now
			for _, card := range cards {
				m.memory[card] = shared.memory[card]
			}
			actions := []func(*rapid.T){m.grade, m.grade, m.mark, m.setDue, m.undo, m.wait}
			for range rapid.IntRange(0, 8).Draw(rt, "rows") {
				rapid.SampledFrom(actions).Draw(rt, "action")(rt)
			}
			histories[i] = entries(rt, stores[i])
		}
		// a+(b+c), (c+a)+b, b then everything in disorder
		a, b, c := histories[0], histories[1], histories[2]
		merge(rt, stores[0], b...)
		merge(rt, stores[0], c...)
		merge(rt, stores[3], c...)
		merge(rt, stores[3], a...)
		merge(rt, stores[3], b...)
		merge(rt, stores[1], slices.Concat(c, a)...)
		all := slices.Concat(a, b, c)
		r := rand.New(rand.NewPCG(uint64(len(all)), 1))
		r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		merge(rt, stores[4], all...)
		for _, i := range []int{1, 3, 4} {
			sameDatabases(rt, fmt.Sprint("stores 0 and ", i), stores[0], stores[i])
			if n := merge(rt, stores[i], all...); n != 0 {
				rt.Fatalf("a second merge added %d rows", n)
			}
			healthy(rt, stores[i])
		}
		// Back and forth between two laptops ends at once.
		merge(rt, stores[2], entries(rt, stores[1])...)
		if n := merge(rt, stores[1], entries(rt, stores[2])...); n != 0 {
			rt.Fatalf("the way back added %d rows", n)
		}
	})
}

// The same answer reaches one laptop as our own row and another one through
// Anki. Whichever comes first, it counts once.
func TestMergeOfAnAnswerThatWentThroughAnki(t *testing.T) {
	a, b, c := newStore(t), newStore(t), newClock("c")
	for _, s := range []*Store{a, b} {
		add(t, s, basics(1)...)
	}
	grade(t, a, c, "card00", scheduler.Good)
	own := entries(t, a)[0]
	viaAnki := own
	viaAnki.ID, viaAnki.Source = fmt.Sprintf("anki:7:%d", own.AnkiID), scheduler.FromAnki
	if n := merge(t, b, viaAnki); n != 1 {
		t.Fatalf("added %d rows, want 1", n)
	}
	if n := merge(t, a, viaAnki); n != 0 {
		t.Errorf("the answer came back from Anki and added %d rows", n)
	}
	if n := merge(t, b, own); n != 0 {
		t.Errorf("our own row of an answer that Anki brought added %d rows", n)
	}
	for name, s := range map[string]*Store{"a": a, "b": b} {
		if m := memoryOf(t, s, "card00"); m.Reps != 1 {
			t.Errorf("%s counts %d answers, want 1", name, m.Reps)
		}
		healthy(t, s)
	}
}

func TestInvariant5SettingsMoveNoDueDate(t *testing.T) {
	values := map[string][]string{
		"new-per-day": {"0", "30"}, "reviews-per-day": {"5"}, "minutes-per-day": {"20"}, "interview-date": {"2027-01-02"},
		"desired-retention": {"0.8", "0.97"}, "maximum-interval": {"10"}, "learning-steps": {"", "5m"}, "relearning-steps": {"", "1m 5m 20m"},
		"rollover-hour": {"0", "9"}, "leech-threshold": {"2"}, "bury-siblings": {"off"}, "two-buttons": {"on"}, "fuzz": {"off"},
		"pinned-posts": {"post"}, "weights": {"0.3 1 3 9 6 0.8 3 0.01 1.8 0.1 0.8 1.4 0.1 0.2 1.6 0.6 1.8 0.5 0.1 0.07 0.2"},
	}
	for _, o := range scheduler.Options() {
		if len(values[o.Key]) == 0 {
			t.Errorf("setting %s is not tested", o.Key)
		}
	}
	keys := slices.Sorted(maps.Keys(values))
	rapid.Check(t, func(rt *rapid.T) {
		s := twins(t, rt, 1, basics(3)...)[0]
		m := newModel(s, "a", []deck.CardID{"card00", "card01", "card02"})
		for range rapid.IntRange(5, 25).Draw(rt, "rows") {
			rapid.SampledFrom([]func(*rapid.T){m.grade, m.grade, m.grade, m.mark, m.setDue, m.undo, m.wait, m.wait}).Draw(rt, "action")(rt)
		}
		before := memories(rt, s)
		key := rapid.SampledFrom(keys).Draw(rt, "key")
		old, err := s.Scheduler().Settings().Get(key)
		noError(rt, err)
		set(rt, s, key, rapid.SampledFrom(values[key]).Draw(rt, "value"))
		healthy(rt, s)
		for card, m := range memories(rt, s) {
			if key == "weights" {
				m.Stability, m.Difficulty = before[card].Stability, before[card].Difficulty
			}
			if m != before[card] {
				rt.Fatalf("%s changed card %s\nfrom %+v\n  to %+v", key, card, before[card], m)
			}
		}
		set(rt, s, key, old)
		if after := memories(rt, s); !maps.EqualFunc(before, after, SameMemory) {
			rt.Fatalf("%s there and back\nfrom %+v\n  to %+v", key, before, after)
		}
		// What is decided afterwards is decided with it, and folds to the same.
		set(rt, s, key, values[key][0])
		m.grade(rt)
		healthy(rt, s)
	})
}

func TestNewWeightsChangeStability(t *testing.T) {
	s, c := newStore(t), newClock("c")
	card := add(t, s, basics(1)...)[0]
	grade(t, s, c, card, scheduler.Good)
	before := memoryOf(t, s, card)
	w := scheduler.DefaultWeights()
	w[2] = 7.5
	set(t, s, "weights", strings.Trim(fmt.Sprint(w), "[]"))
	after := memoryOf(t, s, card)
	if after.Stability != 7.5 || after.DueAt != before.DueAt {
		t.Errorf("stability %v due %v, want 7.5 and %v", after.Stability, after.DueAt, before.DueAt)
	}
}

// Two live cards never share a number that Anki takes for an identity.
func TestInvariant9NumbersAreUnique(t *testing.T) {
	s := newStore(t)
	add(t, s, note{id: "a", clozes: 2}, note{id: "b"})
	for _, query := range []string{
		`INSERT INTO cards SELECT 'x', note_id, ord, pos, cloze_hash, retired_at, 99 FROM cards WHERE id='a~1'`,
		`INSERT INTO cards SELECT 'x', note_id, 7, pos, cloze_hash, retired_at, anki_cid FROM cards WHERE id='a~1'`,
		`UPDATE notes SET anki_guid='a' WHERE id='b'`,
		`UPDATE notes SET anki_nid=(SELECT anki_nid FROM notes WHERE id='a') WHERE id='b'`,
	} {
		if _, err := s.db.Exec(query); err == nil || !strings.Contains(err.Error(), "UNIQUE") {
			t.Errorf("%s: %v, want a UNIQUE refusal", query, err)
		}
	}
	// Answers of one moment get revlog ids of their own, next to each other.
	c := newClock("c")
	for _, card := range []deck.CardID{"a~0", "a~1", "b"} {
		grade(t, s, c, card, scheduler.Good)
	}
	for i, e := range entries(t, s) {
		if want := monday.UnixMilli() + int64(i); e.AnkiID != want || !e.At.Equal(monday) {
			t.Errorf("row %d: revlog id %d at %v, want %d at %v", i, e.AnkiID, e.At, want, monday)
		}
	}
}

// The new count of a day is recounted here in the plainest way.
func TestInvariant10NewCountOfADay(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s := twins(t, rt, 1, basics(4)...)[0]
		m := newModel(s, "a", []deck.CardID{"card00", "card01", "card02", "card03"})
		check := func(t *rapid.T) {
			day := s.Scheduler().Day(m.now)
			var want scheduler.Today
			fresh := make(map[deck.CardID]bool)
			for _, e := range m.log {
				if e.Kind != scheduler.Rate || m.voided[e.ID] || e.Day != day {
					continue
				}
				want.Spent += e.Took
				switch e.Before.State {
				case scheduler.New:
					fresh[e.Card] = true
				case scheduler.Review:
					want.Reviews++
				}
			}
			want.New, want.Seq = len(fresh), int64(len(m.log))
			if got := load(t, s, scheduler.Query{Now: m.now, New: -1}).Today; got != want {
				t.Fatalf("today = %+v, want %+v", got, want)
			}
		}
		actions := m.actions()
		actions["forget"] = func(t *rapid.T) {
			m.act(t, []deck.CardID{m.card(t)}, func(card deck.CardID, st scheduler.Stamp) (scheduler.Entry, scheduler.Memory, error) {
				return s.Scheduler().Act(card, m.memory[card], st, scheduler.Forget, "")
			})
		}
		actions[""] = check
		rt.Repeat(actions)
	})
}

// Undo compares and swaps as an answer does: what another program did since is
// not taken back unseen.
func TestUndoOfAnotherAct(t *testing.T) {
	s, c := newStore(t), newClock("c")
	cards := add(t, s, basics(2)...)
	mine := grade(t, s, c, cards[0], scheduler.Good).Entry.Act
	other := openAt(t, s.path)
	theirs := grade(t, other, newClock("other"), cards[1], scheduler.Good).Entry.Act
	for _, act := range []string{mine, "unknown"} {
		if a, err := s.Void(t.Context(), c.stamp(), act); !errors.Is(err, scheduler.ErrStale) {
			t.Errorf("undo of %s while %s is newest: %+v, %v; want ErrStale", act, theirs, a, err)
		}
	}
	if n := len(entries(t, s)); n != 2 {
		t.Fatalf("%d log rows, want the two answers", n)
	}
	for _, want := range []string{theirs, mine} {
		if a, err := s.Void(t.Context(), c.stamp(), want); err != nil || a.Act != want {
			t.Errorf("undo of %s took back %+v: %v", want, a, err)
		}
	}
	healthy(t, s)
}

func TestUndoGivesTheNewCardBack(t *testing.T) {
	s, c := newStore(t), newClock("c")
	cards := add(t, s, basics(2)...)
	grade(t, s, c, cards[0], scheduler.Good)
	today := record(t, s, answer(t, s, c, cards[1], scheduler.Good))
	if today.New != 2 {
		t.Fatalf("new today = %d, want 2", today.New)
	}
	if _, err := s.Void(t.Context(), c.stamp(), ""); err != nil {
		t.Fatal(err)
	}
	if got := load(t, s, scheduler.Query{Now: c.now, New: -1}).Today.New; got != 1 {
		t.Errorf("new after the undo = %d, want 1", got)
	}
}

func TestInvariant11ImportingTwiceAddsNothing(t *testing.T) {
	s, c := newStore(t), newClock("c")
	add(t, s, basics(2)...)
	grade(t, s, c, "card00", scheduler.Good)
	grade(t, s, c, "card01", scheduler.Good)
	own := entries(t, s)

	// A package of ours comes back from Anki: same cards, same revlog ids.
	back := slices.Clone(own)
	for i := range back {
		back[i].ID = fmt.Sprintf("anki:%d:%d", i, back[i].AnkiID)
		back[i].Source, back[i].Act, back[i].Prev = scheduler.FromAnki, "import", ""
	}
	if n := merge(t, s, back...); n != 0 {
		t.Errorf("our own package added %d rows", n)
	}
	// A package of somebody else's, with an id that we gave to another card.
	foreign := []scheduler.Entry{back[0], back[0], back[1]}
	foreign[0].ID, foreign[0].AnkiID = "anki:0:1000", 1000
	foreign[1].ID, foreign[1].AnkiID = fmt.Sprintf("anki:0:%d", own[1].AnkiID), own[1].AnkiID
	foreign[2].ID, foreign[2].Card, foreign[2].AnkiID = "anki:9:5", "no such card", 5
	if n := merge(t, s, foreign...); n != 2 {
		t.Errorf("the first import added %d rows, want 2", n)
	}
	before := entries(t, s)
	if n := merge(t, s, foreign...); n != 0 {
		t.Errorf("the second import added %d rows", n)
	}
	if after := entries(t, s); !slices.Equal(before, after) {
		t.Errorf("the second import changed the log\nfrom %+v\n  to %+v", before, after)
	}
	if m := memoryOf(t, s, "card00"); m.Reps != 3 {
		t.Errorf("card00 has %d answers, want 3", m.Reps)
	}
	healthy(t, s)
}

// The other half, SIGKILL after each acknowledgement, is tested on the binary.
func TestInvariant12AStaleHeadWritesNothing(t *testing.T) {
	s, c := newStore(t), newClock("c")
	cards := add(t, s, basics(2)...)
	old := answer(t, s, c, cards[0], scheduler.Good)
	fine := answer(t, s, c, cards[1], scheduler.Good)
	grade(t, s, c, cards[0], scheduler.Again)
	before := entries(t, s)
	for _, rows := range [][]scheduler.Row{{old}, {fine, old}, {old, fine}} {
		if _, err := s.Record(t.Context(), rows...); !errors.Is(err, scheduler.ErrStale) {
			t.Errorf("record: %v, want ErrStale", err)
		}
	}
	if after := entries(t, s); !slices.Equal(before, after) {
		t.Errorf("%d log rows, want %d", len(after), len(before))
	}
	if m := memoryOf(t, s, cards[1]); m != (scheduler.Memory{}) {
		t.Errorf("half of the act was recorded: %+v", m)
	}
	healthy(t, s)
	record(t, s, fine)
}

func TestRecordOfAnUnknownCard(t *testing.T) {
	s, c := newStore(t), newClock("c")
	e, m, err := s.Scheduler().Answer("nobody", scheduler.Memory{}, c.stamp(), scheduler.Good, 0)
	noError(t, err)
	if _, err := s.Record(t.Context(), scheduler.Row{Entry: e, Memory: m}); err == nil {
		t.Error("an answer to an unknown card was recorded")
	}
	if n := len(entries(t, s)); n != 0 {
		t.Errorf("%d log rows, want none", n)
	}
}
