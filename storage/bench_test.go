package storage

import (
	"context"
	"fmt"
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

// BenchmarkLoad reads what the first question needs.
func BenchmarkLoad(b *testing.B) {
	for _, c := range []struct{ cards, due int }{{1_000, 200}, {10_000, 200}, {100_000, 200}, {100_000, 5_000}} {
		b.Run(fmt.Sprintf("%d_cards_%d_due", c.cards, c.due), func(b *testing.B) {
			s := manyCards(b, c.cards, c.due)
			b.ReportAllocs()
			for b.Loop() {
				snap := load(b, s, scheduler.Query{Now: monday, New: -1})
				if snap.Waiting != c.due {
					b.Fatal(snap.Waiting)
				}
			}
		})
	}
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

// BenchmarkRebuild folds a log of 100,000 rows.
func BenchmarkRebuild(b *testing.B) {
	s := manyCards(b, 111_112, 200)
	if n := len(entries(b, s)); n < 100_000 {
		b.Fatal(n)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.Rebuild(context.Background()); err != nil {
			b.Fatal(err)
		}
	}
}
