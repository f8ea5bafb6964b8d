package storage

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"etch/deck"
	"etch/scheduler"
)

// twinQueues returns the queue of what Load reads and the queue of every card.
func twinQueues(t tb, s *Store, now time.Time) (fast, slow scheduler.Queue) {
	t.Helper()
	snap, sched := load(t, s, scheduler.Query{Now: now, New: -1}), s.Scheduler()
	set := sched.Settings()
	lim := scheduler.Limits{
		New: max(0, set.NewPerDay-snap.Today.New), Reviews: max(0, set.ReviewsPerDay-snap.Today.Reviews), Answers: -1, Budget: -1,
	}
	all := snap
	all.Items = allItems(t, s)
	return sched.Queue(snap, now, lim, 0, nil), sched.Queue(all, now, lim, 0, nil)
}

func sameQueues(t tb, fast, slow scheduler.Queue) {
	t.Helper()
	for _, q := range [][2][]scheduler.Item{{fast.Learning, slow.Learning}, {fast.Main, slow.Main}, {fast.Soon, slow.Soon}} {
		if a, b := itemIDs(q[0]), itemIDs(q[1]); !slices.Equal(a, b) {
			t.Fatalf("from Load %v\nfrom all cards %v", a, b)
		}
	}
}

// Many siblings stand where the limits cut: the siblings of what was answered
// today, which wait for another day, must not take the place of the rest.
func TestLoadIsEnoughWithManySiblings(t *testing.T) {
	for name, fresh := range map[string]bool{"new": true, "due": false} {
		t.Run(name, func(t *testing.T) {
			s, c := newStore(t), newClock("c")
			set(t, s, "reviews-per-day", "8")
			set(t, s, "new-per-day", "8")
			var notes []note
			for i := range 4 { // their siblings come before everything else
				notes = append(notes, note{id: deck.NoteID(fmt.Sprint("a", i)), clozes: 40})
			}
			cards := add(t, s, append(notes, basics(9)...)...)
			if !fresh {
				var rows []scheduler.Entry
				today := s.Scheduler().Day(monday)
				for i, card := range cards {
					rows = append(rows, seedRow(card, s, monday.AddDate(0, 0, -9), scheduler.Review, float64(900-i), today))
				}
				merge(t, s, rows...)
			}
			for i := range 4 {
				grade(t, s, c, deck.CardID(fmt.Sprintf("a%d~0", i)), scheduler.Easy)
			}
			fast, slow := twinQueues(t, s, c.now)
			if len(slow.Main) != 4 {
				t.Fatalf("all cards give %d, want the 4 that the limit leaves", len(slow.Main))
			}
			sameQueues(t, fast, slow)
		})
	}
}

// What was buried today does not take the place of the rest either.
func TestLoadIsEnoughBehindBuriedCards(t *testing.T) {
	s, c := newStore(t), newClock("c")
	set(t, s, "new-per-day", "2")
	cards := add(t, s, basics(100)...)
	var rows []scheduler.Row
	for _, card := range cards[:97] {
		rows = append(rows, mark(t, s, c, card, scheduler.Bury))
	}
	record(t, s, rows...)
	fast, slow := twinQueues(t, s, c.now)
	if len(slow.Main) != 2 {
		t.Fatalf("all cards give %d, want 2", len(slow.Main))
	}
	sameQueues(t, fast, slow)
}

// A backlog of cards that were learned together: recall is the same for many,
// and the rest of the order decides which of them come.
func TestLoadIsEnoughWithTies(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, done := tempStore(t)
		defer done()
		single(t, s, "synchronous = OFF")
		set(t, s, "reviews-per-day", rapid.SampledFrom([]string{"1", "5", "20"}).Draw(t, "reviews"))
		cards := add(t, s, basics(rapid.IntRange(100, 160).Draw(t, "cards"))...)
		today := s.Scheduler().Day(monday)
		var rows []scheduler.Entry
		for _, card := range cards {
			ago := rapid.SampledFrom([]int{3, 9}).Draw(t, "ago")
			rows = append(rows, seedRow(card, s, monday.AddDate(0, 0, -ago), scheduler.Review, 2.3065, today))
		}
		merge(t, s, rows...)
		fast, slow := twinQueues(t, s, monday)
		sameQueues(t, fast, slow)
	})
}
