package scheduler

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"etch/deck"
)

// ahead asks a session how many days ahead the next review is.
func ahead(t *testing.T, s *Session, now time.Time) int {
	t.Helper()
	days, err := s.Ahead(t.Context(), now)
	if err != nil {
		t.Fatal(err)
	}
	return days
}

// Day 1 of a new user: the cards that were learned today are all that there is
// to take ahead.
func TestAheadOfTheFirstDay(t *testing.T) {
	for _, bury := range []bool{true, false} {
		t.Run(fmt.Sprint("bury siblings ", bury), func(t *testing.T) {
			f := bench(t, 2, 0, func(s *Settings) { s.BurySiblings = bury })
			s := start(t, f, SessionOptions{ID: "s"}, monday)
			for s.Phase() != Done {
				grade(t, s, monday, Easy)
			}
			days := ahead(t, s, monday)
			first := min(f.cards[0].Memory.DueDay, f.cards[1].Memory.DueDay)
			if want := int(first - f.sched.Day(monday)); days != want {
				t.Fatalf("the next review is %d days ahead, want %d", days, want)
			}
			s = start(t, f, SessionOptions{ID: "a", Ahead: days}, monday)
			it, ok := s.Current()
			if !ok || it.Memory.DueDay != first {
				t.Errorf("%d days ahead comes %+v", days, it)
			}
		})
	}
}

// An answer ahead, on the day of the one before, is a review on the same day to
// the model: a pass weakens nothing and moves no due day forward to today, a
// lapse is one, and no follow-up is unlocked.
func TestAnswerAheadOnTheSameDay(t *testing.T) {
	for _, r := range Ratings {
		f := bench(t, 1, 0, nil)
		s := start(t, f, SessionOptions{ID: "s"}, monday)
		grade(t, s, monday, Easy)
		before := f.cards[0].Memory
		s = start(t, f, SessionOptions{ID: "a", Ahead: ahead(t, s, monday)}, monday)
		row := grade(t, s, monday.Add(time.Minute), r)
		m := f.cards[0].Memory
		if got := f.today(before.LastDay); got.New != 1 || got.Reviews != 1 {
			t.Errorf("%s: %+v were counted", r, got)
		}
		if m.HeldDay != 0 || row.Entry.Day != before.LastDay {
			t.Errorf("%s on the same day counts as recalled on %s", r, m.HeldDay)
		}
		if r == Again {
			if m.State != Relearning || m.Lapses != 1 || m.Stability >= before.Stability {
				t.Errorf("%s leads to %+v", r, m)
			}
			continue
		}
		if m.State != Review || m.Stability < before.Stability || m.DueDay < before.DueDay || s.Phase() != Done {
			t.Errorf("%s leads from %+v to %+v, phase %d", r, before, m, s.Phase())
		}
	}
}

// The same card again and again, on one day, is learned no better for it.
func TestAheadManyTimesADay(t *testing.T) {
	f := bench(t, 1, 0, nil)
	grade(t, start(t, f, SessionOptions{ID: "s"}, monday), monday, Easy)
	first := f.cards[0].Memory
	for i := range 50 {
		now := monday.Add(time.Duration(i+1) * time.Minute)
		days := ahead(t, start(t, f, SessionOptions{ID: fmt.Sprint("look", i)}, now), now)
		grade(t, start(t, f, SessionOptions{ID: fmt.Sprint("a", i), Ahead: days}, now), now, Good)
	}
	if m := f.cards[0].Memory; m.Stability > 1.1*first.Stability || m.Interval > 2*first.Interval {
		t.Errorf("50 answers on one day lead from %+v to %+v", first, m)
	}
}

// A card comes ahead of its time once in a session, also where it is due before
// the end of the days that were asked for again; taken back, it comes once more.
func TestAheadEnds(t *testing.T) {
	for _, bury := range []bool{true, false} {
		f := bench(t, 0, 5, func(s *Settings) { s.BurySiblings = bury })
		s := start(t, f, SessionOptions{ID: "s", Ahead: 3650}, monday)
		for i := range 5 {
			if s.Phase() != Asking {
				t.Fatalf("it ends after %d answers", i)
			}
			grade(t, s, monday, Good)
		}
		if s.Phase() != Done {
			t.Fatal("a card that was answered comes again")
		}
		action, err := s.Undo(t.Context(), monday)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Skip(t.Context(), monday); err != nil {
			t.Fatal(err)
		}
		if it, _ := s.Current(); it.Card != action.Items[0].Card {
			t.Errorf("after undo comes %q, want %s", it.Card, action.Items[0].Card)
		}
	}
}

// Whatever is offered ahead can be had, and where nothing is offered nothing
// comes.
func TestAheadOffersWhatComes(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		f := bench(t, 0, 0, func(s *Settings) {
			s.BurySiblings = rapid.Bool().Draw(rt, "bury siblings")
			s.ReviewsPerDay = rapid.SampledFrom([]int{0, 2, 5, 200}).Draw(rt, "reviews-per-day")
			s.NewPerDay = rapid.SampledFrom([]int{0, 2, 20}).Draw(rt, "new-per-day")
			s.MinutesPerDay = rapid.SampledFrom([]int{0, 0, 1}).Draw(rt, "minutes-per-day")
		})
		today := f.sched.Day(monday)
		for n := range rapid.IntRange(1, 8).Draw(rt, "notes") {
			for c := range rapid.IntRange(1, 3).Draw(rt, "cards") {
				it := Item{Card: deck.NoteID(fmt.Sprint("note", n)).Card(deck.Cloze, c), NewPos: int64(10*n + c)}
				if rapid.Bool().Draw(rt, "seen") {
					due := today + Day(rapid.IntRange(-3, 9).Draw(rt, "due"))
					seed := Entry{
						ID: "seed-" + string(it.Card), Card: it.Card, Kind: Seed, At: monday.AddDate(0, 0, -10), Day: today - 10, Source: FromImport,
						Then: Decision{State: Review, Interval: 10, DueDay: due, Stability: 10, Difficulty: 5},
					}
					f.past = append(f.past, seed)
					it.Memory = f.sched.Fold([]Entry{seed})
				}
				f.cards = append(f.cards, it)
			}
		}
		now, days := monday, 0
		for i := range 4 {
			s := start(t, f, SessionOptions{ID: fmt.Sprint("s", i), Ahead: days, Eager: true}, now)
			steps := 0
			for s.Phase() == Asking {
				if steps++; steps > 200 {
					rt.Fatalf("a session %d days ahead does not end", days)
				}
				rating := rapid.SampledFrom([]Rating{Again, Hard, Good, Good, Easy}).Draw(rt, "rating")
				if steps > 50 {
					rating = Easy
				}
				if rapid.IntRange(0, 9).Draw(rt, "mark") == 0 {
					if _, err := s.Mark(t.Context(), now, rapid.SampledFrom([]Kind{Suspend, Bury}).Draw(rt, "kind"), ""); err != nil {
						rt.Fatal(err)
					}
					continue
				}
				grade(t, s, now, rating)
				now = now.Add(10 * time.Second)
			}
			look := start(t, f, SessionOptions{ID: fmt.Sprint("look", i), Ahead: days}, now)
			next := ahead(t, look, now)
			if next == 0 {
				far := start(t, f, SessionOptions{ID: fmt.Sprint("far", i), Ahead: 3650}, now)
				if done := start(t, f, SessionOptions{ID: fmt.Sprint("day", i), Ahead: days, Time: 24 * time.Hour}, now); done.Counts().Due < far.Counts().Due {
					rt.Fatalf("nothing is offered beyond %d days, but %+v come", days, far.Counts())
				}
				return
			}
			found := start(t, f, SessionOptions{ID: fmt.Sprint("ahead", i), Ahead: next}, now)
			if next <= days || found.Counts().Due == 0 {
				rt.Fatalf("offered %d days ahead after %d, and %+v come", next, days, found.Counts())
			}
			days = next
		}
	})
}
