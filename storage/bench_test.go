package storage

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"etch/deck"
	"etch/scheduler"
)

// many holds the databases that benchmarks share: 100,000 cards take a while.
var many = struct {
	sync.Mutex
	made map[string]*Store
}{made: make(map[string]*Store)}

// manyCards returns a database of n cards, every third of a cloze note of
// three: 1 of 20 new, 20 in a learning step, the others in review, due of them
// today. Each seen card has a log row; the newest thousand rows are answers.
func manyCards(b *testing.B, n, due int) *Store {
	b.Helper()
	many.Lock()
	defer many.Unlock()
	key := fmt.Sprint(n, " ", due)
	if s := many.made[key]; s != nil {
		return s
	}
	s, err := Open(context.Background(), fmt.Sprintf("%s/%d-%d.db", benchDir, n, due), Options{Now: monday})
	noError(b, err)
	notes := make([]note, 0, n)
	for left := n; left > 0; {
		nt := note{id: deck.NoteID(fmt.Sprintf("note-%06d", len(notes))), post: fmt.Sprint("post", len(notes)/25)}
		if len(notes)%5 == 0 && left >= 3 {
			nt.clozes = 3
		}
		notes, left = append(notes, nt), left-max(1, nt.clozes)
	}
	cards := add(b, s, notes...)
	sched := s.Scheduler()
	today := sched.Day(monday)
	tx, err := s.db.Begin()
	noError(b, err)
	defer tx.Rollback()
	for i, card := range cards[:n*19/20] {
		ago := 1 + i*7%300
		e := seedRow(card, s, monday.AddDate(0, 0, -ago).Add(time.Duration(i)*time.Millisecond), scheduler.Review, 1+float64(i*31%20_000)/100, today+scheduler.Day(1+i*13%400))
		switch {
		case i < due:
			e.Then.DueDay = today - scheduler.Day(i%30)
		case i < due+20:
			e.Then = scheduler.Decision{State: scheduler.Learning, Interval: -600, DueAt: monday.Add(time.Duration(i-due) * time.Minute), Stability: 1, Difficulty: 5}
		}
		log := []scheduler.Entry{e}
		if left := n*19/20 - i; left <= min(1000, n/10) {
			c := &clock{name: string(card), now: monday.AddDate(0, 0, -1).Add(time.Duration(-left) * time.Minute)}
			answer, _, err := sched.Answer(card, sched.Fold(log), c.stamp(), scheduler.Good, 9*time.Second)
			noError(b, err)
			log = append(log, answer)
		}
		for _, e := range log {
			noError(b, appendEntry(context.Background(), tx, e))
		}
		noError(b, writeMemory(context.Background(), tx, card, sched.Fold(log)))
	}
	noError(b, tx.Commit())
	many.made[key] = s
	return s
}

func BenchmarkOpen(b *testing.B) {
	s := manyCards(b, 1000, 200)
	b.ReportAllocs()
	for b.Loop() {
		again, err := Open(context.Background(), s.Path(), Options{})
		noError(b, err)
		noError(b, again.Close())
	}
}

// sizes runs a benchmark on databases of the sizes that the issues name.
func sizes(b *testing.B, run func(b *testing.B, s *Store, due int)) {
	for _, size := range []struct{ cards, due int }{{1_000, 200}, {10_000, 200}, {100_000, 200}, {100_000, 5_000}} {
		b.Run(fmt.Sprintf("%d_cards_%d_due", size.cards, size.due), func(b *testing.B) {
			s := manyCards(b, size.cards, size.due)
			b.ReportAllocs()
			run(b, s, size.due)
		})
	}
}

// BenchmarkLoad reads what the first question needs.
func BenchmarkLoad(b *testing.B) {
	sizes(b, func(b *testing.B, s *Store, due int) {
		for b.Loop() {
			if snap := load(b, s, scheduler.Query{Now: monday, New: -1}); snap.Waiting != due || snap.Newest == nil {
				b.Fatal(snap.Waiting, snap.Newest)
			}
		}
	})
}

// BenchmarkFirstQuestion opens the database and draws a card, as a process
// does.
func BenchmarkFirstQuestion(b *testing.B) {
	sizes(b, func(b *testing.B, s *Store, _ int) {
		for b.Loop() {
			again, err := Open(context.Background(), s.Path(), Options{})
			noError(b, err)
			session, err := scheduler.NewSession(context.Background(), again.Scheduler(), again, scheduler.SessionOptions{}, monday)
			noError(b, err)
			if it, ok := session.Current(); !ok {
				b.Fatal("no card")
			} else if _, err := again.Card(context.Background(), it.Card); err != nil {
				b.Fatal(err)
			}
			noError(b, again.Close())
		}
	})
}

// BenchmarkRecord makes one answer durable and takes it back.
func BenchmarkRecord(b *testing.B) {
	s, c := manyCards(b, 100_000, 200), newClock("c")
	c.now = monday.AddDate(1, 0, 0)
	card := deck.CardID("note-000001")
	b.Run("grade", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			b.StopTimer()
			if c.n%300 == 299 { // an answer on a day of 300, not of a benchmark's thousands
				c.now = c.now.AddDate(0, 0, 1)
			}
			c.now = c.now.Add(time.Second)
			row := answer(b, s, c, card, scheduler.Good)
			b.StartTimer()
			record(b, s, row)
		}
	})
	b.Run("undo", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			b.StopTimer()
			c.now = c.now.AddDate(0, 0, 1)
			other := deck.CardID(fmt.Sprintf("note-%06d", 1+5*(c.n%1000)))
			grade(b, s, c, other, scheduler.Good)
			b.StartTimer()
			if _, err := s.Void(context.Background(), c.stamp(), ""); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkDoctor(b *testing.B) {
	s := manyCards(b, 100_000, 200)
	b.ReportAllocs()
	for b.Loop() {
		healthy(b, s)
	}
}

// BenchmarkRebuild folds a log of 96,000 rows anew.
func BenchmarkRebuild(b *testing.B) {
	s := manyCards(b, 100_000, 200)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.Rebuild(context.Background()); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkMerge brings in 10,000 answers that Anki kept.
func BenchmarkMerge(b *testing.B) {
	source := manyCards(b, 10_000, 200)
	all := entries(b, source)
	for i := range all {
		all[i].Source = scheduler.FromAnki
	}
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		s := newStore(b)
		notes := make([]note, 0, 10_000)
		for _, e := range all {
			if n := len(notes); e.Card == deck.CardID(e.Card.Note()) && (n == 0 || notes[n-1].id != e.Card.Note()) {
				notes = append(notes, note{id: e.Card.Note()})
			}
		}
		add(b, s, notes...)
		b.StartTimer()
		merge(b, s, all...)
	}
}
