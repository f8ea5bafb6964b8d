package scheduler

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"etch/deck"
)

// with returns a scheduler in UTC with the defaults as changed.
func with(t interface{ Fatal(...any) }, change func(*Settings)) *Scheduler {
	return in(t, time.UTC, change)
}

func in(t interface{ Fatal(...any) }, loc *time.Location, change func(*Settings)) *Scheduler {
	set := Defaults()
	if change != nil {
		change(&set)
	}
	s, err := NewScheduler(set, loc)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func noFuzz(set *Settings) { set.Fuzz = false }

// answers rates a new card, each time when it is due, and returns the rows.
func answers(t testing.TB, s *Scheduler, now time.Time, ratings ...Rating) (m Memory, rows []Entry) {
	t.Helper()
	for i, r := range ratings {
		e, next, err := s.Answer("card", m, Stamp{ID: strconv.Itoa(i), At: now}, r, time.Second)
		if err != nil {
			t.Fatal(err)
		}
		rows, m = append(rows, e), next
		if now = m.DueAt; m.State == Review {
			now = s.Calendar().Start(m.DueDay).Add(6 * time.Hour)
		}
	}
	return m, rows
}

// The intervals of ts-fsrs 5 and py-fsrs 6 (FSRS-6), and of go-fsrs 3 (FSRS-5).
func TestIntervalsOfOtherImplementations(t *testing.T) {
	ratings := []Rating{Good, Good, Good, Good, Good, Good, Again, Again, Good, Good, Good, Good, Good}
	six := with(t, noFuzz)
	five := with(t, noFuzz)
	five.model = model5(t, fsrs5, 0.9)
	for _, tt := range []struct {
		name string
		s    *Scheduler
		want []int
	}{
		{"FSRS-6", six, []int{0, 2, 11, 46, 163, 498, 0, 0, 2, 4, 7, 12, 21}},
		{"FSRS-5", five, []int{0, 4, 14, 44, 125, 328, 0, 0, 7, 16, 34, 71, 142}},
	} {
		_, rows := answers(t, tt.s, monday, ratings...)
		var got []int
		for _, e := range rows {
			got = append(got, max(0, e.Then.Interval))
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}

// spans writes what the four buttons do, such as "learning 0 1m".
func spans(out [4]Outcome) (text [4]string) {
	for i, o := range out {
		text[i] = fmt.Sprintf("%s %d %s", o.State, o.Step, time.Duration(-o.Interval)*time.Second)
		if o.Interval > 0 {
			text[i] = fmt.Sprintf("%s %dd", o.State, o.Interval)
		}
	}
	return text
}

func TestSteps(t *testing.T) {
	const m, h = time.Minute, time.Hour
	learned := Memory{Head: "x", HeadAt: monday, State: Review, Stability: 10, Difficulty: 5, Interval: 10, Reps: 3}
	at := func(state State, step int) Memory {
		return Memory{Head: "x", HeadAt: monday, State: state, Step: step, Stability: 2.3065, Difficulty: 2.118, Reps: 1}
	}
	for _, tt := range []struct {
		name              string
		learning, relearn []time.Duration
		m                 Memory
		want              [4]string
	}{
		{
			"new",
			[]time.Duration{m, 10 * m},
			nil,
			Memory{},
			[4]string{"learning 0 1m0s", "learning 0 5m30s", "learning 1 10m0s", "review 8d"},
		},
		{
			"new, one step",
			[]time.Duration{10 * m},
			nil,
			Memory{},
			[4]string{"learning 0 10m0s", "learning 0 15m0s", "review 2d", "review 8d"},
		},
		{
			"new, fractions of seconds",
			[]time.Duration{1500 * time.Millisecond, 2 * time.Second},
			nil,
			Memory{},
			[4]string{"learning 0 1s", "learning 0 1s", "learning 1 2s", "review 8d"},
		},
		{
			"new, no steps", nil, nil,
			Memory{},
			[4]string{"learning 0 5h5m16s", "review 1d", "review 2d", "review 8d"},
		},
		{
			"first step",
			[]time.Duration{m, 10 * m, h},
			nil, at(Learning, 0),
			[4]string{"learning 0 1m0s", "learning 0 5m30s", "learning 1 10m0s", "review 4d"},
		},
		{
			"middle step",
			[]time.Duration{m, 10 * m, h},
			nil, at(Learning, 1),
			[4]string{"learning 0 1m0s", "learning 1 10m0s", "learning 2 1h0m0s", "review 4d"},
		},
		{
			"last step",
			[]time.Duration{m, 10 * m},
			nil, at(Learning, 1),
			[4]string{"learning 0 1m0s", "learning 1 10m0s", "review 2d", "review 4d"},
		},
		{
			"beyond the last step",
			[]time.Duration{m},
			nil, at(Learning, 5),
			[4]string{"learning 0 1m0s", "learning 0 1m30s", "review 2d", "review 4d"},
		},
		{
			"relearning", nil,
			[]time.Duration{10 * m},
			at(Relearning, 0),
			[4]string{"relearning 0 10m0s", "relearning 0 15m0s", "review 2d", "review 4d"},
		},
		{
			"relearning, no steps",
			[]time.Duration{m},
			nil, at(Relearning, 0),
			[4]string{"review 1d", "review 2d", "review 3d", "review 4d"},
		},
		{
			"review", nil,
			[]time.Duration{10 * m, h},
			learned,
			[4]string{"relearning 0 10m0s", "review 23d", "review 32d", "review 51d"},
		},
		{
			"review, no steps",
			[]time.Duration{m},
			nil, learned,
			[4]string{"review 1d", "review 23d", "review 32d", "review 51d"},
		},
	} {
		s := with(t, func(set *Settings) {
			set.Fuzz, set.LearningSteps, set.RelearningSteps = false, tt.learning, tt.relearn
		})
		now := monday.Add(123456789 * time.Nanosecond)
		today := s.Day(now)
		if tt.m.LastDay = today; tt.m.State == Review {
			tt.m.LastDay -= 10
		}
		out := s.Preview("card", tt.m, now)
		if got := spans(out); got != tt.want {
			t.Errorf("%s:\n got %q\nwant %q", tt.name, got, tt.want)
		}
		for _, o := range out {
			if o.Interval > 0 && (o.DueDay != today+Day(o.Interval) || !o.DueAt.IsZero()) {
				t.Errorf("%s: %s is due %s %s", tt.name, o.Rating, o.DueDay, o.DueAt)
			}
			if want := monday.Add(123*time.Millisecond - time.Duration(o.Interval)*time.Second); o.Interval < 0 && (o.DueAt != want || o.DueDay != 0) {
				t.Errorf("%s: %s is due %s, want %s", tt.name, o.Rating, o.DueAt, want)
			}
		}
	}
}

// Where the model sees no difference, Easy still beats what Good would give,
// even while Good only leads to the next step.
func TestEasyBeatsGoodInAStep(t *testing.T) {
	s := with(t, func(set *Settings) { set.Fuzz, set.Weights[17] = false, 0 })
	m := Memory{State: Learning, Stability: 6, Difficulty: 5, Reps: 1, LastDay: s.Day(monday)}
	want := [4]string{"learning 0 1m0s", "learning 0 5m30s", "learning 1 10m0s", "review 7d"}
	if got := spans(s.Preview("card", m, monday)); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// Without steps, a wait of under half a day is counted in seconds, at least a
// minute, and each button waits longer than the one before.
func TestShortWaitsWithoutSteps(t *testing.T) {
	for _, tt := range []struct {
		first [4]float64 // stability after the first rating, at retention 0.9 the interval
		want  [4]string
	}{
		{[4]float64{0.4, 0.49, 0.51, 3}, [4]string{"learning 0 9h36m0s", "learning 0 11h45m36s", "review 1d", "review 3d"}},
		{[4]float64{0.001, 0.001, 0.001, 0.001}, [4]string{"learning 0 1m26s", "learning 0 1m27s", "learning 0 1m28s", "review 2d"}},
		{[4]float64{1, 0.4, 1, 0.4}, [4]string{"review 1d", "learning 0 9h36m0s", "review 1d", "review 2d"}},
		{[4]float64{0.1, 2, 0.4, 0.4}, [4]string{"learning 0 2h24m0s", "review 2d", "review 3d", "review 4d"}},
	} {
		s := with(t, func(set *Settings) {
			set.Fuzz, set.LearningSteps = false, nil
			copy(set.Weights, tt.first[:])
		})
		if got := spans(s.Preview("card", Memory{}, monday)); got != tt.want {
			t.Errorf("%v:\n got %q\nwant %q", tt.first, got, tt.want)
		}
	}
	s := with(t, func(set *Settings) { set.Retention, set.LearningSteps, set.Weights[0] = 0.99, nil, 0.001 })
	if got := spans(s.Preview("card", Memory{}, monday))[0]; got != "learning 0 1m0s" {
		t.Errorf("the least wait is %s", got)
	}
}

func TestLeech(t *testing.T) {
	for _, tt := range []struct {
		threshold int
		want      []int
	}{
		{8, []int{8, 12, 16, 20}}, {5, []int{5, 8, 11, 14, 17, 20}}, {1, []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20}}, {0, nil},
	} {
		s := with(t, func(set *Settings) { set.LeechThreshold = tt.threshold })
		var got []int
		for lapses := range 20 {
			for _, state := range []State{New, Learning, Review, Relearning} {
				m := Memory{State: state, Stability: 5, Difficulty: 5, Lapses: lapses}
				for _, o := range s.Preview("card", m, monday) {
					if o.Leech && (state != Review || o.Rating != Again) {
						t.Errorf("%s on a %s card makes a leech", o.Rating, state)
					}
					if o.Leech {
						got = append(got, lapses+1)
					}
				}
			}
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("threshold %d: %v, want %v", tt.threshold, got, tt.want)
		}
	}
}

func TestLapsesCountInReviewOnly(t *testing.T) {
	s := with(t, noFuzz)
	m, _ := answers(t, s, monday, Again, Again, Good, Good, Again, Again, Good, Again)
	if m.Lapses != 2 || m.Reps != 8 {
		t.Errorf("%d lapses in %d answers, want 2 in 8", m.Lapses, m.Reps)
	}
}

func TestHeldDay(t *testing.T) {
	s := with(t, nil)
	first := s.Day(monday)
	m, _ := answers(t, s, monday, Good, Good) // both on one day
	if m.FirstDay != first || m.HeldDay != 0 {
		t.Fatalf("first %s, held %s", m.FirstDay, m.HeldDay)
	}
	at := func(days int) Stamp { return Stamp{ID: strconv.Itoa(days), At: monday.AddDate(0, 0, days)} }
	_, m, _ = s.Answer("card", m, at(3), Again, 0)
	if m.HeldDay != 0 {
		t.Fatalf("held on %s by a failure", m.HeldDay)
	}
	_, m, _ = s.Answer("card", m, at(4), Hard, 0)
	_, m, _ = s.Answer("card", m, at(9), Good, 0)
	if m.HeldDay != first+4 {
		t.Fatalf("held on %s, want %s", m.HeldDay, first+4)
	}
}

func TestAnswerRow(t *testing.T) {
	s := in(t, zone(t, "Asia/Kolkata"), noFuzz)
	at := time.Date(2026, 11, 24, 3, 59, 0, 123456789, zone(t, "Asia/Kolkata"))
	e, m, err := s.Answer("card", Memory{}, Stamp{ID: "id", Act: "act", Session: "session", At: at}, Good, 90*time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	want := Entry{
		ID: "id", Card: "card", Kind: Rate, At: time.Date(2026, 11, 23, 22, 29, 0, 123e6, time.UTC), Zone: 330, Day: s.Day(at),
		Act: "act", Rating: Good, Took: maxTook, Then: e.Then, Source: FromEtch, Session: "session",
	}
	if e != want {
		t.Errorf("got  %+v\nwant %+v", e, want)
	}
	if e.Day.String() != "2026-11-23" {
		t.Errorf("a minute before the rollover is %s", e.Day)
	}
	e, _, err = s.Answer("card", m, Stamp{ID: "next", At: at.Add(24 * time.Hour)}, Hard, -time.Second)
	if err != nil {
		t.Fatal(err)
	}
	if e.Prev != "id" || e.Took != 0 || e.Before.State != Learning || e.Before.Stability != m.Stability || e.Before.Retrievability <= 0.9 {
		t.Errorf("got %+v", e)
	}
}

func TestAnswerRefusesOtherRatings(t *testing.T) {
	s := with(t, nil)
	m, _ := answers(t, s, monday, Good)
	for _, r := range []Rating{-1, 0, 5, 99} {
		e, after, err := s.Answer("card", m, Stamp{ID: "x", At: monday}, r, 0)
		if !errors.Is(err, ErrRating) || after != m || e != (Entry{}) {
			t.Errorf("rating %d: %v", r, err)
		}
	}
}

func TestClockSetBack(t *testing.T) {
	s := with(t, noFuzz)
	m, rows := answers(t, s, monday, Good, Good, Good)
	before := m
	e, m, err := s.Answer("card", m, Stamp{ID: "0", At: monday.AddDate(-3, 0, 0)}, Good, 0)
	if err != nil {
		t.Fatal(err)
	}
	if want := before.HeadAt.Add(time.Millisecond); e.At != want {
		t.Errorf("written at %s, want %s", e.At, want)
	}
	if e.Then.DueDay != e.Day+Day(e.Then.Interval) {
		t.Errorf("due %s, %d days after %s", e.Then.DueDay, e.Then.Interval, e.Day)
	}
	if e.Day != before.LastDay || e.Before.Retrievability != 1 {
		t.Errorf("day %s after %s, recall %g", e.Day, before.LastDay, e.Before.Retrievability)
	}
	if s, _ := s.model.Step(before.Stability, before.Difficulty, 0, Good); m.Stability != s {
		t.Errorf("stability %g, want %g as on the same day", m.Stability, s)
	}
	if got := s.Fold(append([]Entry{e}, rows...)); got != m {
		t.Errorf("fold\n got %+v\nwant %+v", got, m)
	}
	// A bury hides the card today, whatever the log says about other days.
	at := monday.AddDate(-3, 0, 0)
	if _, m, err = s.Act("card", m, Stamp{ID: "b", At: at}, Bury, ""); err != nil || m.BuriedDay != s.Day(at) {
		t.Errorf("buried on %s (%v)", m.BuriedDay, err)
	}
}

func TestAct(t *testing.T) {
	s := with(t, nil)
	seen, _ := answers(t, s, monday, Good, Good)
	at := func(id string) Stamp { return Stamp{ID: id, At: monday.AddDate(0, 0, 1)} }
	for _, tt := range []struct {
		kind  Kind
		arg   string
		start Memory
		want  func(*Memory)
	}{
		{Suspend, "", seen, func(m *Memory) { m.Suspended = true }},
		{Bury, "", seen, func(m *Memory) { m.BuriedDay = s.Day(monday) + 1 }},
		{Flag, "wrong", seen, func(m *Memory) { m.Flag = "wrong" }},
		{Flag, "", seen, func(m *Memory) { m.Flag = "fix me" }},
		{Forget, "", seen, func(m *Memory) { *m = Memory{} }},
	} {
		e, m, err := s.Act("card", tt.start, at("a"), tt.kind, tt.arg)
		if err != nil {
			t.Fatal(err)
		}
		want := tt.start
		tt.want(&want)
		want.Head, want.HeadAt = "a", e.At
		if m != want {
			t.Errorf("%s:\n got %+v\nwant %+v", tt.kind, m, want)
		}
		if _, same, err := s.Act("card", m, at("b"), tt.kind, tt.arg); !errors.Is(err, ErrNoChange) || same != m {
			t.Errorf("%s twice: %v", tt.kind, err)
		}
		if back := map[Kind]Kind{Suspend: Resume, Flag: Unflag}[tt.kind]; back != "" {
			e, m, err := s.Act("card", m, at("b"), back, "")
			want := tt.start
			want.Head, want.HeadAt = "b", e.At
			if err != nil || m != want {
				t.Errorf("%s: %v\n got %+v\nwant %+v", back, err, m, want)
			}
			if _, _, err := s.Act("card", m, at("c"), back, ""); !errors.Is(err, ErrNoChange) {
				t.Errorf("%s twice: %v", back, err)
			}
		}
	}
	for _, k := range []Kind{"", Rate, Void, Seed, SetDue, "other"} {
		if e, m, err := s.Act("card", seen, at("a"), k, ""); err == nil || m != seen || e != (Entry{}) {
			t.Errorf("%q was done", k)
		}
	}
}

func TestForgetKeepsTheMarks(t *testing.T) {
	s := with(t, nil)
	m, _ := answers(t, s, monday, Good, Good, Again)
	m.Suspended, m.BuriedDay, m.Flag = true, s.Day(monday), "vague"
	e, m, err := s.Act("card", m, Stamp{ID: "f", At: monday.AddDate(0, 1, 0)}, Forget, "")
	if err != nil || m != (Memory{Head: "f", HeadAt: e.At, Suspended: true, BuriedDay: s.Day(monday), Flag: "vague"}) {
		t.Errorf("%+v (%v)", m, err)
	}
}

func TestSetDue(t *testing.T) {
	s := with(t, nil)
	today := s.Day(monday)
	if _, _, err := s.SetDue("card", Memory{}, Stamp{ID: "d", At: monday}, today+5); !errors.Is(err, ErrNewCard) {
		t.Errorf("a new card: %v", err)
	}
	learning, _ := answers(t, s, monday, Good)
	if _, _, err := s.SetDue("card", learning, Stamp{ID: "d", At: monday}, 0); !errors.Is(err, ErrNoDay) {
		t.Errorf("day 0: %v", err)
	}
	for _, tt := range []struct {
		day  Day
		want int
	}{{today + 5, 5}, {today, 1}, {today - 3, 1}} {
		e, m, err := s.SetDue("card", learning, Stamp{ID: "d", At: monday.Add(time.Minute)}, tt.day)
		want := learning
		want.Head, want.HeadAt = "d", e.At
		want.State, want.Step, want.DueAt, want.DueDay, want.Interval = Review, 0, time.Time{}, tt.day, tt.want
		if err != nil || m != want {
			t.Errorf("%s: %v\n got %+v\nwant %+v", tt.day, err, m, want)
		}
	}
}

// drawMemory draws a memory as some history might have left it, and some that
// no history leaves.
func drawMemory(t *rapid.T, today Day) Memory {
	m := Memory{State: State(rapid.IntRange(0, 3).Draw(t, "state")), Reps: rapid.IntRange(0, 50).Draw(t, "reps")}
	if m.State == New {
		return m
	}
	m.Head, m.Step = "head", rapid.IntRange(0, 3).Draw(t, "step")
	m.Stability, m.Difficulty = drawStability(t), rapid.Float64Range(1, 10).Draw(t, "difficulty")
	m.Interval = rapid.OneOf(rapid.IntRange(-600, 30), rapid.IntRange(1, 40000)).Draw(t, "interval")
	m.LastDay = today - Day(rapid.OneOf(rapid.IntRange(-3, 10), rapid.IntRange(0, 40000)).Draw(t, "days ago"))
	m.Last = m.LastDay.Date().Add(10 * time.Hour)
	m.HeadAt, m.Lapses = m.Last, rapid.IntRange(0, 20).Draw(t, "lapses")
	return m
}

func drawSettings(t *rapid.T) Settings {
	set := Defaults()
	step := rapid.Custom(func(t *rapid.T) time.Duration {
		return time.Duration(rapid.IntRange(1, 86399).Draw(t, "seconds")) * time.Second
	})
	if rapid.Bool().Draw(t, "other weights") {
		set.Weights = drawWeights(t)
	}
	set.Retention = rapid.Float64Range(0.7, 0.99).Draw(t, "retention")
	set.MaximumInterval = rapid.SampledFrom([]int{1, 2, 3, 30, 365, 36500}).Draw(t, "maximum")
	set.LearningSteps = rapid.SliceOfN(step, 0, 3).Draw(t, "learning steps")
	set.RelearningSteps = rapid.SliceOfN(step, 0, 3).Draw(t, "relearning steps")
	set.Fuzz = rapid.Bool().Draw(t, "fuzz")
	set.Rollover = rapid.IntRange(0, 23).Draw(t, "rollover")
	return set
}

// Whatever the card and the settings: the buttons are in order and within the
// maximum, and the preview is the answer.
func TestButtons(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		set := drawSettings(t)
		s := in(t, zone(t, rapid.SampledFrom(zones).Draw(t, "zone")), func(x *Settings) { *x = set })
		card := deck.CardID(rapid.StringN(1, 8, -1).Draw(t, "card"))
		now := monday.Add(time.Duration(rapid.IntRange(0, 86400000).Draw(t, "ms")) * time.Millisecond)
		m := drawMemory(t, s.Day(now))
		out := s.Preview(card, m, now)
		for i, o := range out {
			if o.Rating != Ratings[i] || o.Interval == 0 || o.Interval > set.MaximumInterval {
				t.Fatalf("%s waits %d of at most %d days", o.Rating, o.Interval, set.MaximumInterval)
			}
			if (o.Interval > 0) != (o.State == Review) || (o.State == Review) != o.DueAt.IsZero() {
				t.Fatalf("%s: interval %d, state %s, due %s", o.Rating, o.Interval, o.State, o.DueAt)
			}
			if i > 1 && o.Interval > 0 && o.Interval <= out[i-1].Interval && o.Interval < set.MaximumInterval {
				t.Fatalf("%s waits %d days, %s %d", out[i-1].Rating, out[i-1].Interval, o.Rating, o.Interval)
			}
			if i > 1 && len(s.steps(m)) == 0 && o.Interval < 0 && (out[i-1].Interval > 0 || o.Interval >= out[i-1].Interval) {
				t.Fatalf("%s waits %d, %s %d", out[i-1].Rating, out[i-1].Interval, o.Rating, o.Interval)
			}
			if m.State == Review && i > 0 && o.Interval < out[0].Interval {
				t.Fatalf("%s waits %d days, again %d", o.Rating, o.Interval, out[0].Interval)
			}
			e, after, err := s.Answer(card, m, Stamp{ID: "new", At: now}, o.Rating, 0)
			if err != nil || e.Then != o.Decision {
				t.Fatalf("%s records %+v, was shown %+v (%v)", o.Rating, e.Then, o.Decision, err)
			}
			got := Decision{after.State, after.Step, after.Interval, after.DueDay, after.DueAt, after.Stability, after.Difficulty}
			if got != o.Decision {
				t.Fatalf("%s leads to %+v, was shown %+v", o.Rating, got, o.Decision)
			}
		}
	})
}

// The same study days give the same memory, whatever the times of day, the
// zone, and the clock changes between.
func TestTimeOfDayDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		set := drawSettings(t)
		var days []int // from one answer to the next
		var ratings []Rating
		for range rapid.IntRange(1, 12).Draw(t, "answers") {
			days = append(days, rapid.OneOf(rapid.IntRange(0, 3), rapid.IntRange(0, 200)).Draw(t, "days"))
			ratings = append(ratings, rapid.SampledFrom(Ratings[:]).Draw(t, "rating"))
		}
		run := func(label string) (out []Decision) {
			s := in(t, zone(t, rapid.SampledFrom(zones).Draw(t, "zone "+label)), func(x *Settings) { *x = set })
			s.cal.Rollover = rapid.IntRange(0, 23).Draw(t, "rollover "+label)
			day, err := ParseDay("2026-03-01")
			if err != nil {
				t.Fatal(err)
			}
			var m Memory
			for i, r := range ratings {
				day += Day(days[i])
				start, end := s.cal.Start(day), s.cal.Start(day+1)
				at := start.Add(time.Duration(rapid.Int64Range(0, int64(end.Sub(start)/time.Second)-1).Draw(t, "second "+label)) * time.Second)
				if _, m, err = s.Answer("card", m, Stamp{ID: strconv.Itoa(i), At: at}, r, 0); err != nil {
					t.Fatal(err)
				}
				d := Decision{m.State, m.Step, m.Interval, m.DueDay, time.Time{}, m.Stability, m.Difficulty}
				out = append(out, d)
			}
			return out
		}
		if a, b := run("a"), run("b"); !slices.Equal(a, b) {
			t.Fatalf("one way\n%+v\nthe other\n%+v", a, b)
		}
	})
}

func TestRetrievabilityCountsRealTime(t *testing.T) {
	s := with(t, nil)
	if p := s.Retrievability(Memory{}, monday); p != 0 {
		t.Errorf("a new card: %g", p)
	}
	m := Memory{State: Review, Stability: 10, Difficulty: 5, Last: monday, LastDay: s.Day(monday)}
	last := 1.1
	for _, after := range []time.Duration{-time.Hour, time.Hour, 20 * time.Hour, 240 * time.Hour, 100000 * time.Hour} {
		p := s.Retrievability(m, monday.Add(after))
		if p >= last || p > 1 || p <= 0 {
			t.Errorf("after %s: %g, before that %g", after, p, last)
		}
		last = p
	}
	if p := s.Retrievability(m, monday.Add(240*time.Hour)); !near(p, 0.9, 1e-12) {
		t.Errorf("after as many days as the stability: %g, want 0.9", p)
	}
}

func TestSchedulerKeepsItsSettings(t *testing.T) {
	set := Defaults()
	s := with(t, func(x *Settings) { *x = set })
	set.Weights[0], set.LearningSteps[0] = 50, time.Hour
	got := s.Settings()
	got.Weights[1], got.LearningSteps[1] = 50, time.Hour
	if w := s.Settings(); !slices.Equal(w.Weights, DefaultWeights()) || !slices.Equal(w.LearningSteps, Defaults().LearningSteps) {
		t.Errorf("changed from outside: %v %v", w.Weights, w.LearningSteps)
	}
}

// One scheduler serves many goroutines, which the race detector watches.
func TestSchedulerIsShared(t *testing.T) {
	s := with(t, nil)
	want, log := answers(t, s, monday, Good, Good, Again, Good, Easy)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 20 {
				if got := s.Fold(log); got != want {
					t.Errorf("fold %+v, want %+v", got, want)
				}
				s.Preview("card", want, monday)
				s.Retrievability(want, monday)
				s.Settings()
			}
		})
	}
	wg.Wait()
}

func BenchmarkPreview(b *testing.B) {
	s := with(b, nil)
	m := Memory{State: Review, Stability: 20, Difficulty: 5, Interval: 18, Reps: 5, Last: monday, LastDay: s.Day(monday)}
	now := monday.AddDate(0, 0, 18)
	b.ReportAllocs()
	for b.Loop() {
		s.Preview("card", m, now)
	}
}
