package storage

import (
	"context"
	"testing"
	"time"

	"etch/scheduler"
)

// manyCards fills a database with n cards, 9 of 10 in review, of which due are
// due today, each with a log row.
func manyCards(b *testing.B, n, due int) *Store {
	b.Helper()
	s := newStore(b)
	cards := add(b, s, basics(n)...)
	today := s.Scheduler().Day(monday)
	rows := make([]scheduler.Entry, 0, n)
	for i, card := range cards[:n*9/10] {
		ago := 1 + i%300
		when := today + scheduler.Day(1+i%400)
		if i < due {
			when = today - scheduler.Day(i%30)
		}
		rows = append(rows, seedRow(card, s, monday.AddDate(0, 0, -ago), scheduler.Review, float64(1+i%200), when))
	}
	merge(b, s, rows...)
	return s
}

func BenchmarkOpen(b *testing.B) {
	s := manyCards(b, 1000, 100)
	b.ReportAllocs()
	for b.Loop() {
		again, err := Open(context.Background(), s.Path(), Options{})
		noError(b, err)
		noError(b, again.Close())
	}
}

// BenchmarkLoad reads what the first question needs. The largest database is
// also the one whose log is folded anew: making it takes a minute.
func BenchmarkLoad(b *testing.B) {
	run := func(name string, s *Store, due int) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				snap := load(b, s, scheduler.Query{Now: monday, New: -1})
				if snap.Waiting != due {
					b.Fatal(snap.Waiting)
				}
			}
		})
	}
	run("1000_cards", manyCards(b, 1_000, 200), 200)
	run("10000_cards", manyCards(b, 10_000, 200), 200)
	s := manyCards(b, 111_112, 5_000)
	run("111112_cards_5000_due", s, 5_000)
	b.Run("fold_100000_rows", func(b *testing.B) {
		if n := len(entries(b, s)); n < 100_000 {
			b.Fatal(n)
		}
		b.ReportAllocs()
		for b.Loop() {
			if _, err := s.Rebuild(context.Background()); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkRecord makes one answer durable.
func BenchmarkRecord(b *testing.B) {
	s, c := manyCards(b, 10_000, 200), newClock("c")
	b.ReportAllocs()
	for b.Loop() {
		c.now = c.now.Add(time.Second)
		grade(b, s, c, "card00", scheduler.Good)
	}
}
