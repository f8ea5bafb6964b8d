package scheduler

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"etch/deck"
)

// A desk is one card on one machine: what a front end and storage do with a
// scheduler, and nothing more.
type desk struct {
	s     *Scheduler
	name  string // begins the ids
	log   []Entry
	now   time.Time
	m     Memory
	past  []Memory // before each live row, for undo
	live  []string // ids of the live rows, in the order of recording
	count int
}

const theCard = deck.CardID("raft-quorum~1")

func (d *desk) stamp() Stamp {
	d.count++
	id := fmt.Sprintf("%s%04d", d.name, 9999-d.count) // of two rows in one millisecond, the later comes first
	return Stamp{ID: id, Act: id, At: d.now}
}

// keep records a row, if there is one.
func (d *desk) keep(e Entry, m Memory, err error) {
	if err != nil {
		return
	}
	d.past, d.live = append(d.past, d.m), append(d.live, e.ID)
	d.log, d.m = append(d.log, e), m
}

// undo takes back the newest row and returns the memory before it.
func (d *desk) undo() (before Memory) {
	n := len(d.live) - 1
	st := d.stamp()
	d.log = append(d.log, Entry{ID: st.ID, Act: st.Act, Card: theCard, Kind: Void, Target: d.live[n], At: millis(d.now), Day: d.s.Day(d.now)})
	before = d.past[n]
	d.past, d.live = d.past[:n], d.live[:n]
	d.m = d.s.Fold(d.log)
	return before
}

var marks = []Kind{Suspend, Resume, Bury, Flag, Unflag, Forget}

// step does one random thing.
func (d *desk) step(t *rapid.T) {
	d.now = d.now.Add(time.Duration(rapid.OneOf(
		rapid.Int64Range(0, 3600e3), rapid.Int64Range(0, 90*86400e3), rapid.Int64Range(-3*86400e3, 0)).Draw(t, "ms later")) * time.Millisecond)
	switch act := rapid.IntRange(0, 9).Draw(t, "act"); {
	case act < 6:
		r := rapid.SampledFrom(Ratings[:]).Draw(t, "rating")
		shown := d.s.Preview(theCard, d.m, d.now)[r-1].Decision
		e, m, err := d.s.Answer(theCard, d.m, d.stamp(), r, time.Second)
		if err != nil || e.Then != shown {
			t.Fatalf("recorded %+v, shown %+v (%v)", e.Then, shown, err)
		}
		d.keep(e, m, err)
	case act == 6:
		d.keep(d.s.SetDue(theCard, d.m, d.stamp(), d.s.Day(d.now)+Day(rapid.IntRange(-5, 100).Draw(t, "due in"))))
	case act == 7 && len(d.live) > 0:
		if want := d.undo(); d.m != want {
			t.Fatalf("undo leaves\n%+v\nbefore was\n%+v", d.m, want)
		}
	default:
		d.keep(d.s.Act(theCard, d.m, d.stamp(), rapid.SampledFrom(marks).Draw(t, "mark"), rapid.SampledFrom([]string{"", "vague"}).Draw(t, "reason")))
	}
}

func newDesk(t *rapid.T, name string) *desk {
	set := drawSettings(t)
	loc := zone(t, rapid.SampledFrom(zones).Draw(t, "zone"))
	d := &desk{s: in(t, loc, func(x *Settings) { *x = set }), name: name, now: monday}
	if rapid.Bool().Draw(t, "seeded") {
		d.keep(seedRow(d), Memory{}, nil)
		d.m = d.s.Fold(d.log)
	}
	return d
}

func seedRow(d *desk) Entry {
	st, day := d.stamp(), d.s.Day(d.now)
	return Entry{
		ID: st.ID, Card: theCard, Kind: Seed, At: millis(d.now), Day: day, Source: FromImport, Arg: "reps=12 lapses=3",
		Then: Decision{State: Review, Interval: 20, DueDay: day + 7, Stability: 25, Difficulty: 6.5},
	}
}

func shuffled(log []Entry) []Entry {
	log = slices.Clone(log)
	rand.New(rand.NewPCG(uint64(len(log)), 1)).Shuffle(len(log), func(i, j int) { log[i], log[j] = log[j], log[i] })
	return log
}

// checkMemory fails for a memory that no card may have.
func checkMemory(t *rapid.T, s *Scheduler, m Memory) {
	if m.State == New {
		if m.Reps != 0 || m.Stability != 0 || m.DueDay != 0 || !m.DueAt.IsZero() || !m.Last.IsZero() {
			t.Fatalf("a new card with %+v", m)
		}
		return
	}
	if !(m.Stability >= minStability && m.Stability <= maxStability && m.Difficulty >= 1 && m.Difficulty <= 10) {
		t.Fatalf("stability %g, difficulty %g", m.Stability, m.Difficulty)
	}
	if m.State == Review && (m.DueDay == 0 || !m.DueAt.IsZero()) || m.State != Review && m.DueAt.IsZero() {
		t.Fatalf("%s, due %s %s", m.State, m.DueDay, m.DueAt)
	}
}

// The memory is the fold of the log after anything that a user may do, in
// whatever order storage returns the rows.
func TestMemoryIsTheFold(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := newDesk(t, "a")
		for range rapid.IntRange(1, 30).Draw(t, "steps") {
			d.step(t)
			if got := d.s.Fold(shuffled(d.log)); got != d.m {
				t.Fatalf("fold\n%+v\nmemory\n%+v", got, d.m)
			}
			checkMemory(t, d.s, d.m)
		}
	})
}

func TestGradeUndoGradeIsOneGrade(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := newDesk(t, "a")
		for range rapid.IntRange(0, 10).Draw(t, "steps") {
			d.step(t)
		}
		wrong := rapid.SampledFrom(Ratings[:]).Draw(t, "wrong")
		right := rapid.SampledFrom(Ratings[:]).Draw(t, "right")
		_, want, _ := d.s.Answer(theCard, d.m, Stamp{At: d.now}, right, 0)
		d.keep(d.s.Answer(theCard, d.m, d.stamp(), wrong, 0))
		d.undo()
		d.keep(d.s.Answer(theCard, d.m, d.stamp(), right, 0))
		got := d.s.Fold(shuffled(d.log))
		if want.Head = got.Head; got != want {
			t.Fatalf("got\n%+v\nwant\n%+v", got, want)
		}
	})
}

// A setting changed alone moves no card; changed and changed back it leaves no
// trace.
func TestSettingsMoveNoCard(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := newDesk(t, "a")
		for range rapid.IntRange(1, 20).Draw(t, "steps") {
			d.step(t)
		}
		set := drawSettings(t)
		other := in(t, zone(t, rapid.SampledFrom(zones).Draw(t, "other zone")), func(x *Settings) { *x = set })
		got, want := other.Fold(d.log), d.m
		got.Stability, got.Difficulty = want.Stability, want.Difficulty // other weights may change these
		if got != want {
			t.Fatalf("with other settings\n%+v\nbefore\n%+v", got, want)
		}
		back := in(t, d.s.Calendar().Location, func(x *Settings) { *x = d.s.Settings() })
		if got := back.Fold(d.log); got != d.m {
			t.Fatalf("changed back\n%+v\nbefore\n%+v", got, d.m)
		}
	})
}

// Stability and difficulty are today's weights on the recorded ratings and
// days, whatever the rows say of them.
func TestOtherWeights(t *testing.T) {
	s := with(t, nil)
	_, rows := answers(t, s, monday, Good, Good, Good, Again, Hard, Good)
	other := with(t, func(set *Settings) { set.Weights = fsrs5 })
	stability, difficulty := other.Model().Init(rows[0].Rating)
	for i, e := range rows[1:] {
		stability, difficulty = other.Model().Step(stability, difficulty, int(e.Day-rows[i].Day), e.Rating)
	}
	got := other.Fold(rows)
	if got.Stability != stability || got.Difficulty != difficulty {
		t.Errorf("stability %g, difficulty %g; want %g, %g", got.Stability, got.Difficulty, stability, difficulty)
	}
	if then := rows[len(rows)-1].Then; got.Stability == then.Stability || got.DueDay != then.DueDay {
		t.Errorf("stability %g as before, due %s, before %s", got.Stability, got.DueDay, then.DueDay)
	}
}

// Two machines part and meet: both fold the union to the same memory.
func TestMergeFoldsAlike(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := newDesk(t, "a")
		for range rapid.IntRange(0, 8).Draw(t, "common steps") {
			a.step(t)
		}
		common := len(a.log)
		b := *a
		b.name, b.log, b.live, b.past = "b", slices.Clone(a.log), slices.Clone(a.live), slices.Clone(a.past)
		for range rapid.IntRange(1, 8).Draw(t, "steps of a") {
			a.step(t)
		}
		for range rapid.IntRange(1, 8).Draw(t, "steps of b") {
			b.step(t)
		}
		ab := a.s.Fold(slices.Concat(a.log, b.log[common:]))
		ba := b.s.Fold(slices.Concat(b.log, a.log[common:]))
		mixed := a.s.Fold(shuffled(slices.Concat(b.log[common:], a.log)))
		if ab != ba || ab != mixed {
			t.Fatalf("a+b   %+v\nb+a   %+v\nmixed %+v", ab, ba, mixed)
		}
		checkMemory(t, a.s, ab)
	})
}

// After a merge the last answer's due day stands, whatever the settings are
// now, and the memory knows all the answers.
func TestMergeKeepsDecisions(t *testing.T) {
	s := with(t, noFuzz)
	_, rows := answers(t, s, monday, Good, Good, Good)
	other := rows[2] // the other machine answers a day later, not knowing of rows[2]
	other.ID, other.At, other.Day = "other", rows[2].At.AddDate(0, 0, 1), rows[2].Day+1
	other.Then = Decision{State: Review, Interval: 999, DueDay: other.Day + 999}
	union := append([]Entry{other}, rows...)
	m := s.Fold(union)
	if m.Interval != 999 || m.DueDay != other.Day+999 || m.Reps != 4 {
		t.Errorf("interval %d due %s after %d answers, want the decision of the last of 4", m.Interval, m.DueDay, m.Reps)
	}
	_, want, err := s.Answer("card", s.Fold(rows), Stamp{ID: "other", At: other.At}, Good, 0)
	if err != nil || m.Stability != want.Stability || m.Difficulty != want.Difficulty {
		t.Errorf("S %v D %v, want %v and %v of four answers (%v)", m.Stability, m.Difficulty, want.Stability, want.Difficulty, err)
	}
	strict := with(t, func(set *Settings) { noFuzz(set); set.Retention = 0.97 })
	if got := strict.Fold(union); got != m {
		t.Errorf("another retention moves the card:\n%+v\n%+v", got, m)
	}
}

// Taking back a row in the middle takes it out of the memory; the due day that
// was given later stands.
func TestVoidInTheMiddle(t *testing.T) {
	s := with(t, noFuzz)
	_, rows := answers(t, s, monday, Easy, Again, Good)
	void := Entry{ID: "v", Card: "card", Kind: Void, Target: rows[1].ID, At: rows[2].At.Add(time.Hour)}
	got := s.Fold(append(slices.Clone(rows), void))
	_, want, err := s.Answer("card", s.Fold(rows[:1]), Stamp{ID: rows[2].ID, At: rows[2].At}, Good, 0)
	if err != nil || got.Stability != want.Stability || got.Difficulty != want.Difficulty || got.Reps != 2 || got.Lapses != 0 {
		t.Errorf("got\n%+v\nwant the memory of\n%+v", got, want)
	}
	if got.DueDay != rows[2].Then.DueDay || got.State != rows[2].Then.State {
		t.Errorf("due %s in state %v, the row says %s, %v", got.DueDay, got.State, rows[2].Then.DueDay, rows[2].Then.State)
	}
}

func TestSeed(t *testing.T) {
	s := with(t, noFuzz)
	e := Entry{
		ID: "s", Card: "card", Kind: Seed, At: monday, Day: s.Day(monday), Source: FromImport, Arg: "reps=12 lapses=3",
		Then: Decision{State: Review, Interval: 20, DueDay: s.Day(monday) + 7, Stability: 25, Difficulty: 6.5},
	}
	seed := e
	want := Memory{
		Head: "s", HeadAt: monday, State: Review, Stability: 25, Difficulty: 6.5, DueDay: e.Then.DueDay, Interval: 20,
		Last: monday, LastDay: e.Day, FirstDay: e.Day, HeldDay: e.Day, Reps: 12, Lapses: 3,
	}
	if got := s.Fold([]Entry{e}); got != want {
		t.Errorf("got\n%+v\nwant\n%+v", got, want)
	}
	now := monday.AddDate(0, 0, 7)
	_, m, _ := s.Answer("card", want, Stamp{ID: "a", At: now}, Good, 0)
	if stability, _ := s.Model().Step(25, 6.5, 7, Good); m.Stability != stability || m.Reps != 13 {
		t.Errorf("after an answer: stability %g, want %g; %d answers", m.Stability, stability, m.Reps)
	}
	for arg, reps := range map[string]int{"": 0, "reps=4": 4, "reps=x lapses=1": 0} {
		e.Arg = arg
		if m := s.Fold([]Entry{e}); m.Reps != reps || m.Lapses != 0 {
			t.Errorf("%q: reps %d, lapses %d", arg, m.Reps, m.Lapses)
		}
	}
	_, past := answers(t, s, monday.AddDate(-1, 0, 0), Good, Good, Good) // a seed starts afresh
	if got := s.Fold(append(past, seed)); got != want {
		t.Errorf("after other rows\n got %+v\nwant %+v", got, want)
	}
	e.Then.Stability, e.Then.Difficulty = 0, 0 // of an algorithm without them
	_, m, _ = s.Answer("card", s.Fold([]Entry{e}), Stamp{ID: "a", At: now}, Good, 0)
	if stability, _ := s.Model().Init(Good); m.Stability != stability {
		t.Errorf("without a stability, the first answer leads to %g, want %g", m.Stability, stability)
	}
	e.Then = Decision{State: New}
	if m := s.Fold([]Entry{e}); m != (Memory{Head: "s", HeadAt: monday}) {
		t.Errorf("a new card: %+v", m)
	}
}

// Rows that no etch writes do no harm.
func TestFoldBearsOddRows(t *testing.T) {
	s := with(t, nil)
	want, rows := answers(t, s, monday, Good, Good)
	odd := []Entry{
		{ID: "x", Card: "card", Kind: Rate, Rating: 9, At: monday.AddDate(0, 0, 1)},
		{ID: "y", Card: "card", Kind: "later version", At: monday.AddDate(0, 0, 2)},
		{ID: "z", Card: "card", Kind: Void, Target: "nobody", At: monday.AddDate(0, 0, 3)},
	}
	want.Head, want.HeadAt = "y", odd[1].At
	if got := s.Fold(append(rows, odd...)); got != want {
		t.Errorf("got\n%+v\nwant\n%+v", got, want)
	}
	due := Entry{ID: "d", Card: "card", Kind: SetDue, At: monday, Then: Decision{State: Review, DueDay: 30000, Interval: 5}}
	if m := s.Fold([]Entry{due}); m.State != New || m.DueDay != 0 {
		t.Errorf("a due date made a new card %+v", m)
	}
	if m := s.Fold(nil); m != (Memory{}) {
		t.Errorf("no rows fold to %+v", m)
	}
}

// The row's recorded day counts, not its time.
func TestRolloverMovesNoDueDate(t *testing.T) {
	s := with(t, nil)
	want, rows := answers(t, s, time.Date(2026, 11, 24, 3, 59, 0, 0, time.UTC), Good, Good, Good, Good, Again, Good, Good)
	for hour := range 24 {
		other := with(t, func(set *Settings) { set.Rollover = hour })
		if got := other.Fold(rows); got != want {
			t.Errorf("rollover %d:\n got %+v\nwant %+v", hour, got, want)
		}
	}
}

// BenchmarkFold folds 1000 rows of 100 cards.
func BenchmarkFold(b *testing.B) {
	s := with(b, nil)
	var logs [100][]Entry
	for i := range logs {
		ratings := make([]Rating, 10)
		for j := range ratings {
			ratings[j] = Ratings[(i+j*j)%4]
		}
		_, logs[i] = answers(b, s, monday.Add(time.Duration(i)*time.Minute), ratings...)
	}
	b.ReportAllocs()
	for b.Loop() {
		for _, log := range logs {
			s.Fold(log)
		}
	}
}
