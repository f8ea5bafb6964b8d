package storage

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"etch/deck"
	"etch/scheduler"
)

// ankiRow is an answer that Anki gives of one of its cards, taken for a card
// here. The card is due so many days later.
func ankiRow(cid int, card deck.CardID, at time.Time, r scheduler.Rating, days int) scheduler.Entry {
	id := fmt.Sprintf("anki:%d:%d", cid, millis(at))
	return scheduler.Entry{
		ID: id, Act: id, Card: card, Kind: scheduler.Rate, Rating: r, At: at, Day: dayOf(at), Source: scheduler.FromAnki, AnkiID: millis(at),
		Then: scheduler.Decision{State: scheduler.Review, Interval: days, DueDay: dayOf(at) + scheduler.Day(days)},
	}
}

// A card of Anki's was taken for card00 when its first answers came, and is
// taken for card01 now. What card00 has stays there and nothing counts twice;
// card01 stands where the card stands in Anki, unless it was decided here.
func TestMergeOfRowsThatAnotherCardHas(t *testing.T) {
	day := func(n int) time.Time { return monday.AddDate(0, 0, n) }
	rows := func(card deck.CardID) []scheduler.Entry {
		return []scheduler.Entry{
			ankiRow(7, card, day(-9), scheduler.Good, 3), ankiRow(7, card, day(-6), scheduler.Again, 1), ankiRow(7, card, day(-5), scheduler.Good, 8),
		}
	}
	forget := scheduler.Entry{
		ID: "anki:7:reset", Act: "anki:7:reset", Kind: scheduler.Forget, At: day(-4), Day: dayOf(day(-4)), Source: scheduler.FromAnki, AnkiID: 9,
	}
	of := func(e scheduler.Entry, card deck.CardID) scheduler.Entry {
		e.Card = card
		return e
	}
	tests := []struct {
		name       string
		there      []scheduler.Entry // what came first
		now        []scheduler.Entry
		left, rows int
		like       []scheduler.Entry // what card01 stands like
	}{
		{"all of them", rows("card00"), rows("card01"), 3, 1, rows("card01")},
		{"the first ones, and it goes on", rows("card00")[:2], rows("card01"), 2, 2, rows("card01")},
		{"the newest, and the older ones come late", rows("card00")[2:], rows("card01"), 1, 3, rows("card01")},
		{"one in the middle", rows("card00")[1:2], rows("card01"), 1, 3, rows("card01")},
		{"with a reset", append(rows("card00"), of(forget, "card00")), append(rows("card01"), of(forget, "card01")), 4, 0, nil},
		{
			"before what was decided here", append(rows("card00"), ankiRow(8, "card01", day(-2), scheduler.Hard, 2)), rows("card01"), 3, 0,
			[]scheduler.Entry{ankiRow(8, "card01", day(-2), scheduler.Hard, 2)},
		},
		{
			"after what was decided here", append(rows("card00"), ankiRow(8, "card01", day(-20), scheduler.Hard, 2)), rows("card01"), 3, 0,
			[]scheduler.Entry{ankiRow(8, "card01", day(-20), scheduler.Hard, 2)},
		},
		{"both in one merge", nil, append(rows("card00"), rows("card01")...), 3, 4, rows("card01")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newStore(t)
			add(t, s, basics(2)...)
			merge(t, s, tt.there...)
			card00 := s.Scheduler().Fold(slices.DeleteFunc(slices.Concat(tt.there, tt.now), func(e scheduler.Entry) bool { return e.Card != "card00" }))
			for i, want := range []int{tt.rows, 0} {
				if n := merge(t, s, tt.now...); n != want {
					t.Errorf("merge %d added %d rows, want %d", i, n, want)
				}
				got, want := memoryOf(t, s, "card01"), s.Scheduler().Fold(tt.like)
				got.Head, got.HeadAt, got.FirstDay, got.HeldDay = want.Head, want.HeadAt, want.FirstDay, want.HeldDay
				if !SameMemory(got, want) {
					t.Errorf("merge %d: card01 stands\n%+v, want\n%+v", i, got, want)
				}
				if got := memoryOf(t, s, "card00"); !SameMemory(got, card00) {
					t.Errorf("merge %d: card00 stands\n%+v, want\n%+v", i, got, card00)
				}
				healthy(t, s)
			}
			// Another machine that takes the card for card01 from the start has the
			// same rows in the end.
			other := newStore(t)
			add(t, other, basics(2)...)
			merge(t, other, tt.now...)
			merge(t, other, entries(t, s)...)
			merge(t, s, entries(t, other)...)
			if n := merge(t, other, entries(t, s)...); n != 0 {
				t.Errorf("the second exchange added %d rows", n)
			}
			if x, y := ids(entries(t, s)), ids(entries(t, other)); !slices.Equal(x, y) {
				t.Errorf("log ids differ\n%q\n%q", x, y)
			}
			healthy(t, s)
			healthy(t, other)
		})
	}
}

// A mark says how a card is now: one whose id another card has is not lost.
func TestMergeOfAMarkThatAnotherCardHas(t *testing.T) {
	s := newStore(t)
	add(t, s, basics(2)...)
	suspend := func(card deck.CardID) scheduler.Entry {
		return scheduler.Entry{ID: "anki:7:1:suspend", Act: "anki:7:1:suspend", Card: card, Kind: scheduler.Suspend, At: monday, Day: dayOf(monday), Source: scheduler.FromAnki}
	}
	for i, want := range []int{1, 1, 0, 0} {
		card := deck.CardID(fmt.Sprintf("card%02d", i%2))
		if n := merge(t, s, suspend(card)); n != want {
			t.Errorf("merge %d added %d rows, want %d", i, n, want)
		}
		if !memoryOf(t, s, card).Suspended {
			t.Errorf("merge %d: %s is not suspended", i, card)
		}
	}
	healthy(t, s)
}

// An import tells of the reviews that it left where they are.
func TestImportOfReviewsThatAnotherCardHas(t *testing.T) {
	s := newStore(t)
	then := scheduler.Decision{State: scheduler.Review, Interval: 3, DueDay: dayOf(monday) + 2}
	a, b := basicNote("aa", "One?", "1.").row(0, yesterday, scheduler.Good, then), basicNote("bb", "Two?", "2.")
	b.Cards = a.Cards
	importAll(t, s, incoming(inDeck("D", a)))
	b = b.row(0, monday, scheduler.Good, then)
	for i, want := range []string{"new 1 updated 0 unchanged 0 cards 1 rows 2 skipped 1", "new 0 updated 0 unchanged 1 skipped 1"} {
		r := importAll(t, s, incoming(inDeck("D", b)))
		if got := reported(r); got != want || r.Skipped[0] != (Skip{What: "Q: Two?", Why: LeftThere}) {
			t.Errorf("import %d: %s %+v, want %s", i, got, r.Skipped, want)
		}
	}
	healthy(t, s)
}

// An answer went to Anki and was taken back afterwards. Another machine has it
// from Anki, under Anki's name: what takes it back there takes it back here,
// whichever dump comes first, and whoever hears of it from either.
func TestVoidOfAnAnswerThatWentThroughAnki(t *testing.T) {
	for _, first := range []string{"one", "two"} {
		t.Run(first+" loads first", func(t *testing.T) {
			one, two, c := newStore(t), newStore(t), newClock("c")
			for _, s := range []*Store{one, two} {
				add(t, s, basics(2)...)
				grade(t, s, &clock{now: monday.Add(-time.Hour), name: "old"}, "card00", scheduler.Good)
			}
			grade(t, one, c, "card00", scheduler.Again)
			grade(t, one, c, "card01", scheduler.Good)
			var viaAnki []scheduler.Entry
			for _, e := range entries(t, one)[1:] {
				e.ID, e.Source, e.Prev, e.Session = fmt.Sprintf("anki:7:%d", e.AnkiID), scheduler.FromAnki, "", ""
				e.Act = e.ID
				viaAnki = append(viaAnki, e)
			}
			merge(t, two, viaAnki...)
			c.now = c.now.Add(time.Minute)
			for range 2 {
				_, err := one.Void(t.Context(), c.stamp(), "")
				noError(t, err)
			}
			stores := []*Store{one, two}
			if first == "two" {
				slices.Reverse(stores)
			}
			var voids int
			for i := range 2 {
				for j, s := range stores {
					n := loadDump(t, s, dumpText(t, stores[1-j])).Rows
					if voids += n; i > 0 && n != 0 {
						t.Errorf("exchange %d added %d rows", i, n)
					}
				}
			}
			if voids != 2 {
				t.Errorf("%d voids came, want 2", voids)
			}
			stores = append(stores, newStore(t), newStore(t), newStore(t))
			for i, from := range []*Store{one, two} {
				loadDump(t, stores[2+i], dumpText(t, from))
				loadDump(t, stores[2+i], dumpText(t, []*Store{two, one}[i]))
			}
			add(t, stores[4], basics(2)...)
			all := entries(t, one)
			slices.Reverse(all)
			merge(t, stores[4], viaAnki...)
			merge(t, stores[4], all...)
			want := memories(t, one)
			if m := want["card00"]; m.Reps != 1 || want["card01"].State != scheduler.New {
				t.Errorf("card00 has %d answers, want 1; card01 is %s, want new", m.Reps, want["card01"].State)
			}
			for i, s := range stores {
				healthy(t, s)
				if got := memories(t, s); !maps.EqualFunc(got, want, SameMemory) {
					t.Errorf("store %d: memories\n%+v, want\n%+v", i, got, want)
				}
			}
		})
	}
}
