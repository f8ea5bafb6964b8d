package scheduler

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"etch/deck"
)

// fakeStore is a Store in memory: a log, and memories folded from it.
type fakeStore struct {
	sched *Scheduler
	cards []Item
	past  []Entry // how the cards came to be where they are
	log   []Entry
	fail  error

	failLoad error
}

func (f *fakeStore) Load(_ context.Context, q Query) (Snapshot, error) {
	day := f.sched.Day(q.Now)
	snap := Snapshot{Items: slices.Clone(f.cards), Seen: map[deck.NoteID]deck.CardID{}, Today: f.today(day)}
	for _, it := range f.cards {
		if it.Memory.State == Review && it.Memory.DueDay <= day+Day(q.Ahead) && !it.Memory.Suspended && it.Memory.BuriedDay != day {
			snap.Waiting++
		}
	}
	for _, e := range Live(f.log) {
		if e.Kind == Rate && e.Day == day {
			snap.Seen[e.Card.Note()] = e.Card
		}
		snap.Newest = &Action{Act: e.Act, Kind: e.Kind, Rating: e.Rating, At: e.At, Session: e.Session, Items: []Item{*f.item(e.Card)}}
	}
	return snap, errors.Join(f.fail, f.failLoad)
}

func (f *fakeStore) Record(_ context.Context, rows ...Row) (Today, error) {
	for _, r := range rows {
		if f.fail != nil {
			return Today{}, f.fail
		}
		if f.item(r.Entry.Card).Memory.Head != r.Entry.Prev {
			return Today{}, ErrStale
		}
		f.log = append(f.log, r.Entry)
		f.item(r.Entry.Card).Memory = r.Memory
	}
	return f.today(rows[0].Entry.Day), nil
}

func (f *fakeStore) Void(_ context.Context, st Stamp, act string) (Action, error) {
	live := Live(f.log)
	if len(live) == 0 {
		return Action{}, ErrNothing
	}
	e := live[len(live)-1]
	if act != "" && act != e.Act {
		return Action{}, ErrStale
	}
	f.log = append(f.log, Entry{ID: st.ID, Card: e.Card, Kind: Void, Target: e.ID, At: st.At})
	it := f.item(e.Card)
	it.Memory = f.sched.Fold(slices.DeleteFunc(slices.Concat(f.past, f.log), func(x Entry) bool { return x.Card != e.Card }))
	return Action{Act: e.Act, Kind: e.Kind, Rating: e.Rating, At: e.At, Session: e.Session, Items: []Item{*it}, Log: st.ID}, nil
}

func (f *fakeStore) item(card deck.CardID) *Item {
	i := slices.IndexFunc(f.cards, func(it Item) bool { return it.Card == card })
	return &f.cards[i]
}

func (f *fakeStore) today(day Day) (t Today) {
	for _, e := range Live(f.log) {
		if e.Kind != Rate || e.Day != day {
			continue
		}
		switch e.Before.State {
		case New:
			t.New++
		case Review:
			t.Reviews++
		}
		t.Spent += e.Took
	}
	t.Seq = int64(len(f.log))
	return t
}

// monday is 8 in the morning of a study day.
var monday = time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)

// bench builds a store with some new cards and some reviews due on monday.
func bench(t *testing.T, fresh, due int, change func(*Settings)) *fakeStore {
	t.Helper()
	set := Defaults()
	if change != nil {
		change(&set)
	}
	sched, err := NewScheduler(set, time.UTC)
	if err != nil {
		t.Fatal(err)
	}
	f := &fakeStore{sched: sched}
	today := sched.Day(monday)
	for i := range fresh {
		f.cards = append(f.cards, Item{Card: deck.CardID(fmt.Sprintf("new%02d", i)), NewPos: int64(i)})
	}
	for i := range due {
		card := deck.CardID(fmt.Sprintf("due%02d", i))
		seed := Entry{
			ID: "seed-" + string(card), Card: card, Kind: Seed, At: monday.AddDate(0, 0, -10), Day: today - 10, Arg: "reps=3 lapses=0", Source: FromImport,
			Then: Decision{State: Review, Interval: 10, DueDay: today, Stability: 10, Difficulty: 5},
		}
		f.past = append(f.past, seed)
		f.cards = append(f.cards, Item{Card: card, Memory: sched.Fold([]Entry{seed})})
	}
	return f
}

func start(t *testing.T, f *fakeStore, opt SessionOptions, now time.Time) *Session {
	t.Helper()
	n := 0
	opt.NewID = func() string { n++; return fmt.Sprintf("%s-%04d", opt.ID, n) }
	s, err := NewSession(context.Background(), f.sched, f, opt, now)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func reveal(t *testing.T, s *Session, now time.Time) {
	t.Helper()
	if _, err := s.Reveal(now); err != nil {
		t.Fatal(err)
	}
}

func grade(t *testing.T, s *Session, now time.Time, r Rating) Row {
	t.Helper()
	reveal(t, s, now)
	row, err := s.Grade(context.Background(), now.Add(5*time.Second), r)
	if err != nil {
		t.Fatal(err)
	}
	return row
}

func TestSessionRunsToItsEnd(t *testing.T) {
	f := bench(t, 4, 9, nil)
	s := start(t, f, SessionOptions{ID: "s", Eager: true}, monday)
	now, answers := monday, 0
	for {
		s.Tick(now, true)
		it, ok := s.Current()
		if !ok {
			break
		}
		if answers++; answers > 100 {
			t.Fatal("the session does not end")
		}
		before := s.Counts()
		row := grade(t, s, now, Good)
		if row.Entry.Card != it.Card {
			t.Fatalf("graded %s, but %s was on show", row.Entry.Card, it.Card)
		}
		if before.New+before.Learning+before.Due == 0 {
			t.Fatal("a card was on show with counts at 0")
		}
		now = now.Add(10 * time.Second)
	}
	if got := s.Counts(); got != (Counts{}) {
		t.Errorf("counts at the end = %+v, want zero", got)
	}
	tally := s.Tally()
	if want := 4*2 + 9; tally.Answers != want || tally.New != 4 || tally.Reviews != 9 || tally.Passed != 9 {
		t.Errorf("tally = %+v, want %d answers, 4 new, 9 reviews, 9 passed", tally, want)
	}
	if len(Live(f.log)) != answers {
		t.Errorf("log has %d rows for %d answers", len(f.log), answers)
	}
}

func TestGradeNeedsAReveal(t *testing.T) {
	f := bench(t, 1, 0, nil)
	s := start(t, f, SessionOptions{ID: "s"}, monday)
	if _, err := s.Grade(context.Background(), monday, Good); !errors.Is(err, ErrNotShown) {
		t.Errorf("grade before the reveal: %v, want ErrNotShown", err)
	}
	reveal(t, s, monday)
	if _, err := s.Grade(context.Background(), monday, 5); !errors.Is(err, ErrRating) {
		t.Errorf("grade 5: %v, want ErrRating", err)
	}
	if len(f.log) != 0 {
		t.Errorf("refused grades left %d rows", len(f.log))
	}
}

func TestPreviewIsTheAnswer(t *testing.T) {
	for _, r := range Ratings {
		f := bench(t, 1, 3, nil)
		s := start(t, f, SessionOptions{ID: "s", Eager: true}, monday)
		outcomes, err := s.Reveal(monday)
		if err != nil {
			t.Fatal(err)
		}
		row, err := s.Grade(context.Background(), monday, r)
		if err != nil {
			t.Fatal(err)
		}
		if row.Entry.Then != outcomes[r-1].Decision {
			t.Errorf("%s: recorded %+v, the button said %+v", r, row.Entry.Then, outcomes[r-1].Decision)
		}
	}
}

func TestUndoShowsTheCardAgain(t *testing.T) {
	f := bench(t, 3, 3, nil)
	want := slices.Clone(f.cards)
	s := start(t, f, SessionOptions{ID: "s", Eager: true}, monday)
	var order []deck.CardID
	for range 3 {
		it, _ := s.Current()
		order = append(order, it.Card)
		grade(t, s, monday, Hard)
	}
	for i := 2; i >= 0; i-- {
		a, err := s.Undo(context.Background(), monday)
		if err != nil {
			t.Fatal(err)
		}
		it, _ := s.Current()
		if it.Card != order[i] || a.Items[0].Card != order[i] || s.Phase() != Showing {
			t.Fatalf("undo %d shows %s in phase %d, want %s revealed", i, it.Card, s.Phase(), order[i])
		}
	}
	if got := s.Counts(); got != (Counts{New: 3, Due: 3}) {
		t.Errorf("counts after undo of everything = %+v", got)
	}
	if !slices.Equal(f.cards, want) {
		t.Errorf("after undo of everything:\n%+v\nwant\n%+v", f.cards, want)
	}
	if s.Tally().Answers != 0 || s.Tally().New != 0 || s.Tally().Reviews != 0 {
		t.Errorf("tally after undo = %+v", s.Tally())
	}
	if len(f.log) != 6 {
		t.Errorf("log has %d rows, want 3 answers and 3 voids", len(f.log))
	}
	if _, err := s.Undo(context.Background(), monday); !errors.Is(err, ErrNothing) {
		t.Errorf("one undo too many: %v, want ErrNothing", err)
	}
}

func TestUndoReachesOlderSessions(t *testing.T) {
	f := bench(t, 0, 2, nil)
	s := start(t, f, SessionOptions{ID: "one"}, monday)
	grade(t, s, monday, Good)
	s = start(t, f, SessionOptions{ID: "two"}, monday)
	if a, own := s.Undoable(); a == nil || own {
		t.Fatalf("Undoable = %+v, %v; want the other session's answer, not own", a, own)
	}
	grade(t, s, monday, Good)
	if _, own := s.Undoable(); !own {
		t.Error("the own answer is not own")
	}
	for range 2 {
		if _, err := s.Undo(context.Background(), monday); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(Live(f.log)); n != 0 {
		t.Errorf("%d rows still stand", n)
	}
	if got := s.Tally().Answers; got != 0 {
		t.Errorf("tally counts %d answers: the older session's undo is not this one's", got)
	}
}

// What another terminal did meanwhile is not taken back unseen: the undo is
// refused, and the session then knows what is newest.
func TestUndoTakesBackWhatWasShown(t *testing.T) {
	ctx := context.Background()
	for _, before := range []int{0, 1} { // answers of this session
		f := bench(t, 0, 4, nil)
		a := start(t, f, SessionOptions{ID: "a"}, monday)
		for range before {
			grade(t, a, monday, Good)
		}
		if _, own := a.Undoable(); own != (before > 0) {
			t.Fatalf("%d answers: own = %v", before, own)
		}
		shown, _ := a.Current()
		b := start(t, f, SessionOptions{ID: "b"}, monday)
		if err := b.Skip(ctx, monday); err != nil { // so that they do not meet
			t.Fatal(err)
		}
		other := grade(t, b, monday.Add(time.Minute), Good)
		if a, err := a.Undo(ctx, monday.Add(2*time.Minute)); !errors.Is(err, ErrStale) {
			t.Fatalf("%d answers: undo of %+v: %v, want ErrStale", before, a, err)
		}
		if n := len(Live(f.log)); n != before+1 || a.Tally().Answers != before {
			t.Errorf("%d answers: %d rows stand, tally %+v", before, n, a.Tally())
		}
		if it, _ := a.Current(); it.Card != shown.Card {
			t.Errorf("%d answers: %s is on show, and was %s", before, it.Card, shown.Card)
		}
		newest, own := a.Undoable()
		if newest == nil || newest.Act != other.Entry.Act || own {
			t.Fatalf("%d answers: Undoable = %+v, %v; want the other session's answer", before, newest, own)
		}
		if a, err := a.Undo(ctx, monday.Add(3*time.Minute)); err != nil || a.Act != other.Entry.Act {
			t.Errorf("%d answers: undo after the look took back %+v: %v", before, a, err)
		}
	}
}

// An action that another terminal has taken back is not taken back twice.
func TestUndoOfWhatIsUndone(t *testing.T) {
	f := bench(t, 0, 2, nil)
	a := start(t, f, SessionOptions{ID: "a"}, monday)
	grade(t, a, monday, Good)
	b := start(t, f, SessionOptions{ID: "b"}, monday)
	if _, err := b.Undo(context.Background(), monday); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Undo(context.Background(), monday); !errors.Is(err, ErrNothing) {
		t.Errorf("undo of what is undone: %v, want ErrNothing", err)
	}
	if newest, _ := a.Undoable(); newest != nil {
		t.Errorf("Undoable = %+v after it", newest)
	}
	if c := a.Counts(); c.Due != 2 {
		t.Errorf("%+v left, want both cards", c)
	}
}

func TestMarksTakeCardsAway(t *testing.T) {
	for _, k := range []Kind{Bury, Suspend} {
		f := bench(t, 0, 3, nil)
		s := start(t, f, SessionOptions{ID: "s"}, monday)
		it, _ := s.Current()
		if _, err := s.Mark(context.Background(), monday, k, ""); err != nil {
			t.Fatal(err)
		}
		next, _ := s.Current()
		if next.Card == it.Card || s.Counts().Due != 2 {
			t.Errorf("%s: %s still on show, counts %+v", k, next.Card, s.Counts())
		}
		tomorrow := start(t, f, SessionOptions{ID: "t"}, monday.AddDate(0, 0, 1))
		want := map[Kind]int{Bury: 3, Suspend: 2}[k]
		if got := tomorrow.Counts().Due; got != want {
			t.Errorf("%s: %d due tomorrow, want %d", k, got, want)
		}
		if _, err := s.Undo(context.Background(), monday); err != nil {
			t.Fatal(err)
		}
		if back, _ := s.Current(); back.Card != it.Card || s.Counts().Due != 3 {
			t.Errorf("undo of %s shows %s, counts %+v", k, back.Card, s.Counts())
		}
	}
}

func TestFlagKeepsTheCard(t *testing.T) {
	f := bench(t, 0, 2, nil)
	s := start(t, f, SessionOptions{ID: "s"}, monday)
	it, _ := s.Current()
	if _, err := s.Mark(context.Background(), monday, Flag, "stale number"); err != nil {
		t.Fatal(err)
	}
	if now, _ := s.Current(); now.Card != it.Card || now.Memory.Flag != "stale number" {
		t.Errorf("on show %s with flag %q", now.Card, now.Memory.Flag)
	}
	grade(t, s, monday, Good) // the head moved with the flag: the answer must follow it
	if got := f.item(it.Card).Memory; got.Reps != 4 || got.Flag == "" {
		t.Errorf("after flag and answer: %+v", got)
	}
}

func TestSkipComesLast(t *testing.T) {
	f := bench(t, 0, 4, nil)
	s := start(t, f, SessionOptions{ID: "s"}, monday)
	skipped, _ := s.Current()
	if err := s.Skip(context.Background(), monday); err != nil {
		t.Fatal(err)
	}
	var last deck.CardID
	for {
		it, ok := s.Current()
		if !ok {
			break
		}
		last = it.Card
		grade(t, s, monday, Good)
	}
	if last != skipped.Card {
		t.Errorf("last card was %s, want the skipped %s", last, skipped.Card)
	}
}

// A learning card that is skipped comes behind the rest, too, and several come
// in the order in which they were skipped.
func TestSkippedLearningComesLast(t *testing.T) {
	for _, eager := range []bool{false, true} {
		f := bench(t, 0, 5, nil)
		s := start(t, f, SessionOptions{ID: "fail", Limit: 3}, monday)
		for range 3 {
			grade(t, s, monday, Again)
		}
		now := monday.Add(11 * time.Minute)
		s = start(t, f, SessionOptions{ID: "s", Eager: eager}, now)
		want := make([]deck.CardID, 2)
		for i := range want {
			it, _ := s.Current()
			if it.Memory.State != Relearning {
				t.Fatalf("%s is on show, want a learning card", it.Card)
			}
			want[i] = it.Card
			if err := s.Skip(context.Background(), now); err != nil {
				t.Fatal(err)
			}
		}
		var got []deck.CardID
		for s.Phase() == Asking {
			it, _ := s.Current()
			got = append(got, it.Card)
			grade(t, s, now, Easy)
		}
		if len(got) != 5 || !slices.Equal(got[3:], want) {
			t.Errorf("eager %v: %v, want the skipped %v last", eager, got, want)
		}
	}
}

// Who skips all of them goes round, and a card alone comes again.
func TestSkipGoesRound(t *testing.T) {
	f := bench(t, 0, 3, nil)
	s := start(t, f, SessionOptions{ID: "fail", Limit: 1}, monday)
	grade(t, s, monday, Again)
	now := monday.Add(11 * time.Minute)
	s = start(t, f, SessionOptions{ID: "s"}, now)
	var order []deck.CardID
	for range 6 {
		it, _ := s.Current()
		order = append(order, it.Card)
		if err := s.Skip(context.Background(), now); err != nil {
			t.Fatal(err)
		}
	}
	if !slices.Equal(order[:3], order[3:]) || order[0] == order[1] || order[1] == order[2] || order[0] == order[2] {
		t.Errorf("skipped %v, want the same three twice", order)
	}
	f = bench(t, 0, 1, nil)
	s = start(t, f, SessionOptions{ID: "alone"}, monday)
	if err := s.Skip(context.Background(), monday); err != nil || s.Phase() != Asking {
		t.Errorf("after the only card was skipped: phase %d, %v", s.Phase(), err)
	}
}

func TestStaleCardIsRefused(t *testing.T) {
	f := bench(t, 0, 3, nil)
	a := start(t, f, SessionOptions{ID: "a"}, monday)
	b := start(t, f, SessionOptions{ID: "b"}, monday)
	first, _ := a.Current()
	grade(t, a, monday, Good)
	reveal(t, b, monday)
	if _, err := b.Grade(context.Background(), monday, Again); !errors.Is(err, ErrStale) {
		t.Fatalf("second answer to %s: %v, want ErrStale", first.Card, err)
	}
	if it, ok := b.Current(); !ok || it.Card == first.Card || b.Phase() != Asking {
		t.Errorf("after a stale answer %s is on show", it.Card)
	}
	if len(f.log) != 1 || b.Tally().Answers != 0 {
		t.Errorf("log has %d rows, tally %+v", len(f.log), b.Tally())
	}
}

func TestFailedRecordKeepsTheCard(t *testing.T) {
	f := bench(t, 0, 2, nil)
	s := start(t, f, SessionOptions{ID: "s"}, monday)
	it, _ := s.Current()
	reveal(t, s, monday)
	f.fail = errors.New("disk full")
	if _, err := s.Grade(context.Background(), monday, Good); err == nil {
		t.Fatal("an answer that could not be stored was acknowledged")
	}
	f.fail = nil
	if now, ok := s.Current(); !ok || now.Card != it.Card || s.Phase() != Showing || s.Tally().Answers != 0 {
		t.Errorf("after a failed answer: %s in phase %d, tally %+v", now.Card, s.Phase(), s.Tally())
	}
	grade(t, s, monday, Good)
}

func TestLearningCardWaitsItsStep(t *testing.T) {
	f := bench(t, 1, 0, nil)
	s := start(t, f, SessionOptions{ID: "s"}, monday)
	grade(t, s, monday, Good)
	if s.Phase() != Waiting {
		t.Fatalf("phase = %d, want Waiting", s.Phase())
	}
	until := s.WaitUntil()
	if want := monday.Add(10*time.Minute + 5*time.Second); !until.Equal(want) {
		t.Errorf("waits until %s, want %s", until, want)
	}
	if s.Tick(until.Add(-time.Second), false); s.Phase() != Waiting {
		t.Error("the card came before its step was over")
	}
	if s.Tick(until, false); s.Phase() != Asking {
		t.Error("the card did not come when its step was over")
	}
	s = start(t, f, SessionOptions{ID: "s2"}, monday.Add(time.Minute))
	if s.Tick(monday.Add(time.Minute), true); s.Phase() != Asking {
		t.Error("the card did not come early when asked for")
	}
}

// What is asked for beyond the day comes although the day's minutes are over.
func TestMinutesDoNotBoundWhatIsAskedFor(t *testing.T) {
	two, none := 2, 0
	for name, tt := range map[string]struct {
		opt  SessionOptions
		want Phase
	}{
		"today":        {SessionOptions{}, Done},
		"ahead":        {SessionOptions{Ahead: 1}, Asking},
		"new cards":    {SessionOptions{New: &two}, Asking},
		"no new cards": {SessionOptions{New: &none}, Done},
	} {
		t.Run(name, func(t *testing.T) {
			f := bench(t, 5, 5, func(s *Settings) { s.MinutesPerDay = 1 })
			first := start(t, f, SessionOptions{ID: "first", Limit: 1}, monday)
			if _, err := first.Reveal(monday); err != nil {
				t.Fatal(err)
			}
			if _, err := first.Grade(context.Background(), monday.Add(time.Minute), Easy); err != nil {
				t.Fatal(err)
			}
			tt.opt.ID = "s"
			s := start(t, f, tt.opt, monday.Add(2*time.Minute))
			if s.Phase() != tt.want || !s.DayOver() {
				t.Errorf("phase = %d, want %d; day over: %t", s.Phase(), tt.want, s.DayOver())
			}
		})
	}
}

// One "answer now" takes all cards that were waiting; one that is failed then
// waits its step again.
func TestAnswerNowTakesAllThatWait(t *testing.T) {
	f := bench(t, 3, 0, nil)
	s := start(t, f, SessionOptions{ID: "s"}, monday)
	for range 3 {
		grade(t, s, monday, Good)
	}
	if s.Phase() != Waiting {
		t.Fatalf("phase = %d, want Waiting", s.Phase())
	}
	now := monday.Add(time.Minute)
	s.Tick(now, true)
	grade(t, s, now, Again)
	for range 2 {
		if s.Phase() != Asking {
			t.Fatalf("phase = %d, want the next of the cards that waited", s.Phase())
		}
		grade(t, s, now, Good)
	}
	if s.Phase() != Waiting {
		t.Errorf("phase = %d, want Waiting for the failed card", s.Phase())
	}
}

func TestAgainIsNotDirectlyRepeated(t *testing.T) {
	f := bench(t, 2, 0, nil)
	s := start(t, f, SessionOptions{ID: "s", Eager: true}, monday)
	first, _ := s.Current()
	grade(t, s, monday, Again)
	second, _ := s.Current()
	if second.Card == first.Card {
		t.Fatal("a failed card came directly after itself")
	}
	late := monday.Add(5 * time.Minute) // now the failed card is due, and alone in learning
	grade(t, s, late, Again)
	if third, _ := s.Current(); third.Card != first.Card {
		t.Errorf("due learning card is %s, want %s", third.Card, first.Card)
	}
}

func TestLimits(t *testing.T) {
	two, many := 2, 30
	tests := []struct {
		name   string
		set    func(*Settings)
		opt    SessionOptions
		counts Counts
	}{
		{"the day's", func(s *Settings) { s.NewPerDay, s.ReviewsPerDay = 3, 40 }, SessionOptions{}, Counts{New: 3, Due: 30}},
		{"backlog stops new cards", func(s *Settings) { s.ReviewsPerDay = 10 }, SessionOptions{}, Counts{Due: 10}},
		{"--new", nil, SessionOptions{New: &two}, Counts{New: 2, Due: 30}},
		{"--new beyond the day's", nil, SessionOptions{New: &many}, Counts{New: 20, Due: 30}},
		{"--limit", nil, SessionOptions{Limit: 7}, Counts{New: 2, Due: 5}},
		{"--minutes: 12 s a review, 30 s a new card", nil, SessionOptions{Time: 4 * time.Minute}, Counts{New: 4, Due: 10}},
		{"minutes-per-day", func(s *Settings) { s.MinutesPerDay, s.NewPerDay = 1, 0 }, SessionOptions{}, Counts{Due: 5}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := start(t, bench(t, 20, 30, tt.set), tt.opt, monday)
			if got := s.Counts(); got != tt.counts {
				t.Errorf("counts = %+v, want %+v", got, tt.counts)
			}
		})
	}
}

func TestNewLimitCountsOverSessions(t *testing.T) {
	f := bench(t, 20, 0, func(s *Settings) { s.NewPerDay = 4 })
	for i, want := range []int{4, 2, 0} {
		s := start(t, f, SessionOptions{ID: fmt.Sprint("s", i), Eager: true, Limit: 2}, monday)
		fresh := start(t, f, SessionOptions{ID: fmt.Sprint("look", i)}, monday).Counts().New
		if fresh != want {
			t.Errorf("session %d: %d new left, want %d", i, fresh, want)
		}
		for s.Phase() == Asking {
			it, _ := s.Current()
			if it.Memory.State != New {
				break
			}
			grade(t, s, monday, Easy)
		}
	}
	tomorrow := start(t, f, SessionOptions{ID: "t"}, monday.AddDate(0, 0, 1))
	if got := tomorrow.Counts().New; got != 4 {
		t.Errorf("%d new tomorrow, want 4", got)
	}
}

func TestCramLeavesTheSchedule(t *testing.T) {
	f := bench(t, 2, 5, nil)
	f.cards[3].Memory.Stability = 2 // the least likely to be known
	f.cards = f.cards[2:]
	before := slices.Clone(f.cards)
	s := start(t, f, SessionOptions{ID: "s", Cram: true}, monday)
	weakest, _ := s.Current()
	if weakest.Card != "due01" {
		t.Errorf("cram begins with %s, want due01", weakest.Card)
	}
	grade(t, s, monday, Again)
	if _, err := s.Undo(context.Background(), monday); err != nil {
		t.Fatal(err)
	}
	if it, _ := s.Current(); it.Card != weakest.Card || s.Phase() != Showing {
		t.Errorf("undo in a cram shows %s in phase %d", it.Card, s.Phase())
	}
	grade(t, s, monday, Again)
	seen := 1
	for s.Phase() != Done {
		grade(t, s, monday, Good)
		seen++
	}
	if seen != 6 {
		t.Errorf("%d cards, want 5 and the failed one again", seen)
	}
	if len(f.log) != 0 || !slices.Equal(f.cards, before) {
		t.Error("a cram changed the schedule")
	}
}

func TestLeechIsTold(t *testing.T) {
	f := bench(t, 0, 1, func(s *Settings) { s.LeechThreshold, s.RelearningSteps = 2, nil })
	now := monday
	for i, want := range []bool{false, true, true} { // at 2 lapses, then at each half of that
		s := start(t, f, SessionOptions{ID: fmt.Sprint("s", i)}, now)
		it, _ := s.Current()
		button := f.sched.Preview(it.Card, it.Memory, now)[Again-1].Leech
		if row := grade(t, s, now, Again); row.Leech != want || button != want {
			t.Errorf("lapse %d: leech %v, the button said %v, want %v", i+1, row.Leech, button, want)
		}
		now = now.AddDate(0, 0, 30)
	}
}

func TestMarkAndReloadInACram(t *testing.T) {
	f := bench(t, 0, 4, nil)
	s := start(t, f, SessionOptions{ID: "s", Cram: true}, monday)
	first, _ := s.Current()
	if _, err := s.Mark(context.Background(), monday, Suspend, ""); err != nil {
		t.Fatal(err)
	}
	second, _ := s.Current()
	grade(t, s, monday, Good)
	third, _ := s.Current()
	if err := s.Reload(context.Background(), monday); err != nil {
		t.Fatal(err)
	}
	if again, _ := s.Current(); again.Card != third.Card || s.Counts().Due != 2 {
		t.Errorf("after a reload %s is on show with %+v left, want %s and 2", again.Card, s.Counts(), third.Card)
	}
	for s.Phase() != Done {
		if it, _ := s.Current(); it.Card == first.Card || it.Card == second.Card {
			t.Errorf("%s came again", it.Card)
		}
		grade(t, s, monday, Good)
	}
}

// What another terminal does meanwhile does not begin a cram anew.
func TestCramGoesOnAfterAnotherTerminal(t *testing.T) {
	ctx := context.Background()
	f := bench(t, 0, 5, nil)
	s := start(t, f, SessionOptions{ID: "s", Cram: true}, monday)
	for range 2 {
		grade(t, s, monday, Good)
	}
	other := start(t, f, SessionOptions{ID: "other"}, monday)
	for it, _ := other.Current(); it.Card != "due03"; it, _ = other.Current() {
		if err := other.Skip(ctx, monday); err != nil {
			t.Fatal(err)
		}
	}
	grade(t, other, monday, Good)
	for i, want := range []deck.CardID{"due02", "due03", "due04"} {
		if it, _ := s.Current(); it.Card != want || s.Counts().Due != 3-i {
			t.Fatalf("%s is on show with %+v left, want %s and %d", it.Card, s.Counts(), want, 3-i)
		}
		if _, err := s.Mark(ctx, monday, Suspend, ""); err != nil { // due03 was answered: its head has moved
			t.Fatal(err)
		}
	}
	if s.Phase() != Done {
		t.Errorf("phase = %d, want Done", s.Phase())
	}
}

// A step back takes the answer out of the tally, and the failed copy out of
// the queue, wherever it stands.
func TestCramStepsBack(t *testing.T) {
	ctx := context.Background()
	f := bench(t, 0, 3, nil)
	s := start(t, f, SessionOptions{ID: "s", Cram: true}, monday)
	first, _ := s.Current()
	grade(t, s, monday, Again)
	if err := s.Skip(ctx, monday); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Undo(ctx, monday); err != nil {
		t.Fatal(err)
	}
	if it, _ := s.Current(); it.Card != first.Card || s.Counts().Due != 3 {
		t.Errorf("%s is on show with %+v left, want %s and 3", it.Card, s.Counts(), first.Card)
	}
	if got := s.Tally(); got.Answers != 0 || got.ByGrade != [5]int{} || got.Reviews != 0 || got.Passed != 0 {
		t.Errorf("tally after a step back = %+v", got)
	}
	seen := make(map[deck.CardID]int)
	for s.Phase() != Done {
		it, _ := s.Current()
		seen[it.Card]++
		grade(t, s, monday, Good)
	}
	if got := s.Tally(); len(seen) != 3 || seen[first.Card] != 1 || got.Answers != 3 || got.Passed != 3 || got.ByGrade[Good] != 3 {
		t.Errorf("the rest was %v with tally %+v, want each card once", seen, got)
	}
}

func TestSessionCrossesTheRollover(t *testing.T) {
	f := bench(t, 10, 0, func(s *Settings) { s.NewPerDay = 2 })
	night := time.Date(2026, 11, 24, 3, 59, 0, 0, time.UTC)
	s := start(t, f, SessionOptions{ID: "s", Eager: true}, night)
	grade(t, s, night, Easy)
	grade(t, s, time.Date(2026, 11, 24, 4, 1, 0, 0, time.UTC), Easy)
	if got := s.Counts().New; got != 1 {
		t.Errorf("after the rollover %d new are left, want 1: the second answer is the new day's first", got)
	}
	if f.log[0].Day+1 != f.log[1].Day {
		t.Errorf("days %s and %s", f.log[0].Day, f.log[1].Day)
	}
}

// A clock was set back over the rollover: a card's answer is dated on the day of
// its last one, and that day's counts bound nothing today.
func TestAnotherDaysCountsAreNotTodays(t *testing.T) {
	f := bench(t, 10, 0, func(s *Settings) { s.NewPerDay = 3 })
	tomorrow := time.Date(2026, 11, 24, 4, 0, 10, 0, time.UTC)
	s := start(t, f, SessionOptions{ID: "ahead", Limit: 1}, tomorrow)
	grade(t, s, tomorrow, Again)

	now := tomorrow.Add(-5 * time.Minute) // the day before
	s = start(t, f, SessionOptions{ID: "back", Eager: true}, now)
	fresh := make(map[deck.CardID]bool)
	dated := false
	for s.Phase() == Asking {
		it, _ := s.Current()
		if it.Memory.State == New {
			fresh[it.Card] = true
		}
		row := grade(t, s, now, Good)
		dated = dated || row.Entry.Day != f.sched.Day(now)
		if got, want := s.snap.Today, f.today(f.sched.Day(now)); got != want {
			t.Fatalf("after %s the session counts %+v, want %+v", row.Entry.Card, got, want)
		}
	}
	if !dated {
		t.Fatal("no answer was dated on another day")
	}
	if len(fresh) != 3 {
		t.Errorf("%d new cards came, want 3", len(fresh))
	}

	// Should the look at today fail, its counts stay as they were.
	f = bench(t, 10, 0, nil)
	s = start(t, f, SessionOptions{ID: "ahead", Limit: 1}, tomorrow)
	grade(t, s, tomorrow, Again)
	s = start(t, f, SessionOptions{ID: "back", Eager: true, New: new(int)}, now)
	before := s.snap.Today
	reveal(t, s, now)
	f.failLoad = errors.New("disk on fire")
	if row, _ := s.Grade(context.Background(), now, Good); row.Entry.ID == "" || row.Entry.Day == s.day {
		t.Fatalf("recorded %+v, want an answer of another day", row.Entry)
	}
	if got := s.snap.Today; got.New != before.New || got.Spent != before.Spent {
		t.Errorf("today is %+v, and was %+v", got, before)
	}
}

func TestFollowUpWaitsForItsParent(t *testing.T) {
	f := bench(t, 3, 0, nil)
	f.cards[1].After = "new00"
	hold := func(day Day) { f.cards[1].ParentHeld = day }
	today := f.sched.Day(monday)
	heads := func(now time.Time) []deck.CardID {
		s := start(t, f, SessionOptions{ID: "s"}, now)
		var out []deck.CardID
		for _, it := range s.queue.Main {
			out = append(out, it.Card)
		}
		return out
	}
	if got := heads(monday); slices.Contains(got, "new01") {
		t.Errorf("locked follow-up in %v", got)
	}
	hold(today)
	if got := heads(monday); slices.Contains(got, "new01") {
		t.Errorf("follow-up in %v on the day on which its parent held", got)
	}
	if got := heads(monday.AddDate(0, 0, 1)); len(got) == 0 || got[0] != "new01" {
		t.Errorf("unlocked follow-up is not first in %v", got)
	}
}

func TestSiblingsWait(t *testing.T) {
	f := bench(t, 0, 0, nil)
	for i := range 3 {
		f.cards = append(f.cards, Item{Card: deck.NoteID("ring").Card(deck.Cloze, i), NewPos: int64(i)})
	}
	s := start(t, f, SessionOptions{ID: "s", Eager: true}, monday)
	if got := s.Counts().New; got != 1 {
		t.Fatalf("%d siblings today, want 1", got)
	}
	grade(t, s, monday, Easy)
	if s.Phase() != Done {
		t.Error("a sibling came on the same day")
	}
	if got := start(t, f, SessionOptions{ID: "t"}, monday.AddDate(0, 0, 1)).Counts().New; got != 1 {
		t.Errorf("%d siblings tomorrow, want 1", got)
	}
}

// TestQueueOrder checks the shuffle: stable within a day, another the next
// day, and by due day first.
func TestQueueOrder(t *testing.T) {
	f := bench(t, 0, 30, nil)
	for i := range f.cards {
		f.cards[i].Memory.DueDay -= Day(i % 3)
	}
	order := func(now time.Time) []deck.CardID {
		items := slices.Clone(f.cards)
		rand.New(rand.NewPCG(1, uint64(now.Unix()))).Shuffle(len(items), func(i, j int) { items[i], items[j] = items[j], items[i] })
		q := f.sched.Queue(Snapshot{Items: items}, now, Limits{-1, -1, -1, -1}, 0, nil)
		var out []deck.CardID
		for i, it := range q.Main {
			if i > 0 && it.Memory.DueDay < q.Main[i-1].Memory.DueDay {
				t.Errorf("%s of %s comes after %s", it.Card, it.Memory.DueDay, q.Main[i-1].Memory.DueDay)
			}
			out = append(out, it.Card)
		}
		return out
	}
	morning, evening := order(monday), order(monday.Add(10*time.Hour))
	if !slices.Equal(morning, evening) {
		t.Error("the order changed within a study day")
	}
	if slices.Equal(morning, order(monday.AddDate(0, 0, 1))) {
		t.Error("the order is the same the next day")
	}
	if slices.IsSorted(morning[:10]) {
		t.Error("the cards of one due day come in the order of their ids")
	}
}

func TestBacklogTakesTheBestKnownFirst(t *testing.T) {
	f := bench(t, 0, 12, nil)
	for i := range f.cards {
		f.cards[i].Memory.Stability = float64(1 + (i*5)%12)
	}
	q := f.sched.Queue(Snapshot{Items: f.cards, Waiting: 12}, monday, Limits{0, 5, -1, -1}, 0, nil)
	if len(q.Main) != 5 || q.Backlog != 7 {
		t.Fatalf("%d cards and a backlog of %d, want 5 and 7", len(q.Main), q.Backlog)
	}
	for i, it := range q.Main {
		if want := float64(12 - i); it.Memory.Stability != want {
			t.Errorf("card %d has stability %g, want %g", i, it.Memory.Stability, want)
		}
	}
}

// TestMixIsSteady checks that new cards are spread over the whole day however
// often the queue is rebuilt.
func TestMixIsSteady(t *testing.T) {
	f := bench(t, 5, 20, func(s *Settings) { s.NewPerDay = 5 })
	var at []int
	for i := range 25 {
		s := start(t, f, SessionOptions{ID: fmt.Sprint("s", i)}, monday)
		it, ok := s.Current()
		if !ok {
			t.Fatalf("session %d has no card", i)
		}
		if it.Memory.State == New {
			at = append(at, i)
		}
		grade(t, s, monday, Easy)
	}
	if len(at) != 5 {
		t.Fatalf("new cards at %v, want 5 of them", at)
	}
	for i := 1; i < len(at); i++ {
		if gap := at[i] - at[i-1]; gap < 4 || gap > 6 {
			t.Errorf("new cards at %v: a gap of %d", at, gap)
		}
	}
}

// A day's minutes make a backlog as its limit does: with less time than the
// reviews take, no new cards, and the best known first.
func TestMinutesMakeABacklog(t *testing.T) {
	f := bench(t, 5, 60, func(s *Settings) { s.MinutesPerDay = 5 })
	s := start(t, f, SessionOptions{ID: "a"}, monday)
	c := s.Counts()
	if c.New != 0 || c.Due == 0 || c.Due >= 60 || c.Due+s.Backlog() != 60 {
		t.Fatalf("%+v and %d for other days, want no new card and 60 reviews in all", c, s.Backlog())
	}
	few := bench(t, 5, 3, func(s *Settings) { s.MinutesPerDay = 5 })
	if s := start(t, few, SessionOptions{ID: "a"}, monday); s.Counts() != (Counts{New: 5, Due: 3}) || s.Backlog() != 0 {
		t.Errorf("%+v and %d for other days, want all of it", s.Counts(), s.Backlog())
	}
	// Who names a time of their own gets what fits into that.
	if s := start(t, f, SessionOptions{ID: "a", Time: time.Hour}, monday); s.Counts() != (Counts{New: 5, Due: 60}) {
		t.Errorf("%+v in an hour, want all of it", s.Counts())
	}
}
