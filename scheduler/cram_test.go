package scheduler

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"etch/deck"
)

// Undo in a cram goes back through all that was done in it, the newest first:
// marks are taken back from the log, answers are not in it.
func TestCramUndoesWhatItDid(t *testing.T) {
	ctx := t.Context()
	f := bench(t, 0, 4, nil)
	before := slices.Clone(f.cards)
	s := start(t, f, SessionOptions{ID: "older"}, monday) // a real answer, which no cram takes back
	grade(t, s, monday, Good)
	s = start(t, f, SessionOptions{ID: "s", Cram: true}, monday)
	if newest, _ := s.Undoable(); newest != nil {
		t.Errorf("a cram that has done nothing would undo %+v", newest)
	}
	var done []deck.CardID
	for _, k := range []Kind{Rate, Suspend, Flag, Rate, Bury} {
		it, _ := s.Current()
		done = append(done, it.Card)
		if k == Rate {
			grade(t, s, monday, Again)
		} else if _, err := s.Mark(ctx, monday, k, ""); err != nil {
			t.Fatal(err)
		}
	}
	for i, k := range []Kind{Bury, Rate, Flag, Suspend, Rate} {
		newest, own := s.Undoable()
		if newest == nil || !own || newest.Kind != k {
			t.Fatalf("undo would take back %+v, want its own %s", newest, k)
		}
		action, err := s.Undo(ctx, monday)
		if err != nil {
			t.Fatal(err)
		}
		it, _ := s.Current()
		if want := done[len(done)-1-i]; action.Kind != k || it.Card != want || s.Phase() != Showing || action.Items[0].Card != want {
			t.Errorf("undo took back %s of %s and shows %s, want %s of %s", action.Kind, action.Items[0].Card, it.Card, k, want)
		}
		if k == Rate && action.Rating != Again {
			t.Errorf("undo took back %q, want again", action.Rating)
		}
	}
	if _, err := s.Undo(ctx, monday); !errors.Is(err, ErrNothing) {
		t.Errorf("undo of nothing: %v", err)
	}
	if n := s.Counts().Due; n != 4 || s.Tally().Answers != 0 {
		t.Errorf("%d cards are left after %d answers, want 4 after 0", n, s.Tally().Answers)
	}
	live := Live(f.log)
	if len(live) != 1 || live[0].Kind != Rate {
		t.Errorf("%+v stands, want the older answer alone", live)
	}
	for i, it := range f.cards {
		if m := it.Memory; m.Suspended || m.BuriedDay != 0 || m.Flag != "" || it.Card != live[0].Card && m.State != before[i].Memory.State {
			t.Errorf("%s is left as %+v", it.Card, m)
		}
	}
}

// What another terminal did after a mark is not taken back unseen, and the mark
// can be once that is.
func TestCramUndoAfterAnotherTerminal(t *testing.T) {
	ctx := t.Context()
	f := bench(t, 0, 3, nil)
	s := start(t, f, SessionOptions{ID: "s", Cram: true}, monday)
	marked, _ := s.Current()
	if _, err := s.Mark(ctx, monday, Suspend, ""); err != nil {
		t.Fatal(err)
	}
	other := start(t, f, SessionOptions{ID: "other"}, monday)
	grade(t, other, monday, Hard)
	if _, err := s.Undo(ctx, monday); !errors.Is(err, ErrStale) || len(Live(f.log)) != 2 {
		t.Fatalf("undo after another's answer: %v, %d rows stand", err, len(Live(f.log)))
	}
	newest, own := s.Undoable()
	if newest == nil || own || newest.Rating != Hard {
		t.Fatalf("undo would take back %+v, own %v", newest, own)
	}
	for i := range 2 {
		if _, err := s.Undo(ctx, monday); err != nil || len(Live(f.log)) != 1-i {
			t.Fatalf("undo: %v, %d rows stand", err, len(Live(f.log)))
		}
	}
	if it, _ := s.Current(); it.Card != marked.Card || s.Counts().Due != 3 {
		t.Errorf("%s is on show with %+v left, want %s and 3", it.Card, s.Counts(), marked.Card)
	}

	// Another terminal took the mark back.
	grade(t, s, monday, Good)
	if _, err := s.Mark(ctx, monday, Bury, ""); err != nil {
		t.Fatal(err)
	}
	other = start(t, f, SessionOptions{ID: "third"}, monday)
	if _, err := other.Undo(ctx, monday); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Undo(ctx, monday); !errors.Is(err, ErrNothing) {
		t.Errorf("undo of what is undone: %v", err)
	}
	if _, err := s.Undo(ctx, monday); err != nil || s.Tally().Answers != 0 {
		t.Errorf("undo of the answer before: %v", err)
	}
}

// What is older than the cram stays, also where another terminal took back all
// that was done in it.
func TestCramUndoesNothingOlder(t *testing.T) {
	ctx := t.Context()
	f := bench(t, 0, 3, nil)
	grade(t, start(t, f, SessionOptions{ID: "before"}, monday), monday, Good)
	later := monday.Add(time.Hour)
	s := start(t, f, SessionOptions{ID: "s", Cram: true}, later)
	if _, err := s.Mark(ctx, later, Flag, "unclear"); err != nil {
		t.Fatal(err)
	}
	if _, err := start(t, f, SessionOptions{ID: "other"}, later).Undo(ctx, later); err != nil {
		t.Fatal(err)
	}
	for _, want := range []error{ErrStale, ErrNothing, ErrNothing} {
		if _, err := s.Undo(ctx, later); !errors.Is(err, want) {
			t.Errorf("undo: %v, want %v", err, want)
		}
	}
	if n := len(Live(f.log)); n != 1 {
		t.Errorf("%d rows stand, want the answer before the cram", n)
	}
}

// A bound on the answers is one, whatever they are.
func TestCramKeepsToItsLimit(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		cards, limit := rapid.IntRange(1, 5).Draw(rt, "cards"), rapid.IntRange(1, 5).Draw(rt, "limit")
		f := bench(t, 0, cards, nil)
		s := start(t, f, SessionOptions{ID: "s", Cram: true, Limit: limit}, monday)
		gone := 0
		for range 60 {
			if s.Phase() == Done {
				break
			}
			if left := s.Counts().Due; left < 1 || left > limit-s.Tally().Answers {
				rt.Fatalf("%d left after %d of %d answers", left, s.Tally().Answers, limit)
			}
			var err error
			switch rapid.IntRange(0, 6).Draw(rt, "do") {
			case 0:
				_, err = s.Mark(t.Context(), monday, Suspend, "")
				gone++
			case 1:
				var action Action
				if action, err = s.Undo(t.Context(), monday); errors.Is(err, ErrNothing) {
					err = nil
				} else if action.Kind == Suspend {
					gone--
				}
			case 2:
				err = s.Skip(t.Context(), monday)
			default:
				grade(t, s, monday, rapid.SampledFrom([]Rating{Again, Good}).Draw(rt, "rating"))
			}
			if err != nil {
				rt.Fatal(err)
			}
		}
		if s.Phase() != Done {
			return
		}
		if s.Counts() != (Counts{}) || s.Left() != 0 || s.Spent() != (s.Tally().Answers == limit) {
			rt.Fatalf("done with %+v left, %+v", s.Counts(), s.Tally())
		}
		if n := s.Tally().Answers; n != limit && n < min(limit, cards-gone) {
			rt.Fatalf("%d answers of %d, with %d cards of which %d were suspended", n, limit, cards, gone)
		}
	})
}

// The minutes of a cram end it, and the counts with it; undo reaches back all
// the same.
func TestCramKeepsToItsMinutes(t *testing.T) {
	s := start(t, bench(t, 0, 9, nil), SessionOptions{ID: "s", Cram: true, Time: 10 * time.Second}, monday)
	for i := range 2 {
		grade(t, s, monday.Add(time.Duration(i)*5*time.Second), Again)
	}
	if s.Phase() != Done || s.Counts() != (Counts{}) {
		t.Errorf("phase %d with %+v left", s.Phase(), s.Counts())
	}
	if _, err := s.Undo(t.Context(), monday); err != nil || s.Counts() != (Counts{Due: 1}) {
		t.Errorf("undo: %v, %s", err, fmt.Sprint(s.Counts()))
	}
}

// undoing is a store on which another terminal undoes each row at once.
type undoing struct{ *fakeStore }

func (u undoing) Record(ctx context.Context, rows ...Row) (Today, error) {
	today, err := u.fakeStore.Record(ctx, rows...)
	if err == nil {
		_, err = u.Void(ctx, Stamp{ID: "void-" + rows[0].Entry.ID, At: rows[0].Entry.At}, "")
	}
	today.Seq++
	return today, err
}

func TestCramMarkUndoneAtOnce(t *testing.T) {
	f := bench(t, 0, 2, nil)
	s, err := NewSession(t.Context(), f.sched, undoing{f}, SessionOptions{Cram: true, NewID: func() string { return "id" }}, monday)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Mark(t.Context(), monday, Bury, ""); err != nil {
		t.Fatal(err)
	}
	if newest, _ := s.Undoable(); newest != nil {
		t.Errorf("undo would take back %+v", newest)
	}
}
