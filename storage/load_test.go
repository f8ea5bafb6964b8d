package storage

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"etch/deck"
	"etch/scheduler"
)

// scatterCards gives cards all sorts of states: new, learning, due, not due,
// suspended, buried, siblings and follow-ups.
func scatterCards(t *rapid.T, s *Store) {
	var notes []note
	n := rapid.IntRange(1, 60).Draw(t, "notes")
	for i := range n {
		nt := note{id: deck.NoteID(fmt.Sprintf("n%03d", i)), clozes: rapid.SampledFrom([]int{0, 0, 0, 2, 3}).Draw(t, "clozes")}
		if i > 0 && nt.clozes == 0 && rapid.IntRange(0, 6).Draw(t, "follow-up") == 0 && notes[i-1].clozes == 0 {
			nt.after = deck.CardID(notes[i-1].id)
		}
		notes = append(notes, nt)
	}
	cards := add(t, s, notes...)
	today := s.Scheduler().Day(monday)
	var rows []scheduler.Entry
	for _, card := range cards {
		kind := rapid.SampledFrom([]string{"new", "new", "due", "due", "due", "later", "learning"}).Draw(t, "state")
		ago := rapid.IntRange(1, 90).Draw(t, "ago")
		due := today - scheduler.Day(rapid.IntRange(0, 20).Draw(t, "overdue"))
		state := scheduler.Review
		switch kind {
		case "new":
			continue
		case "later":
			due = today + 5
		case "learning":
			state, due = scheduler.Learning, today
		}
		rows = append(rows, seedRow(card, s, monday.AddDate(0, 0, -ago), state, rapid.Float64Range(0.5, 200).Draw(t, "stability"), due))
	}
	merge(t, s, rows...)
	c := newClock("c")
	for _, card := range cards {
		switch rapid.IntRange(0, 12).Draw(t, "mark") {
		case 0:
			record(t, s, mark(t, s, c, card, scheduler.Suspend))
		case 1:
			record(t, s, mark(t, s, c, card, scheduler.Bury))
		case 2:
			grade(t, s, c, card, scheduler.Good)
		}
	}
}

// allItems is the slow twin of Load: every card there is.
func allItems(t tb, s *Store) []scheduler.Item {
	t.Helper()
	rows, err := s.db.QueryContext(context.Background(), `SELECT `+itemColumns+` FROM memory m WHERE m.hidden=0`)
	items, err := collect(rows, err, scanItem)
	noError(t, err)
	return items
}

// TestLoadIsEnough compares the queue of what Load reads with the queue of all
// cards: what the limits leave must be the same.
func TestLoadIsEnough(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, done := tempStore(t)
		defer done()
		single(t, s, "synchronous = OFF")
		scatterCards(t, s)
		reviews := rapid.SampledFrom([]string{"0", "1", "3", "10", "200"}).Draw(t, "reviews")
		set(t, s, "reviews-per-day", reviews)
		set(t, s, "new-per-day", rapid.SampledFrom([]string{"0", "2", "10"}).Draw(t, "new"))
		now := monday.Add(time.Hour)
		snap := load(t, s, scheduler.Query{Now: now, New: -1})
		sched := s.Scheduler()
		lim := scheduler.Limits{
			New:     max(0, sched.Settings().NewPerDay-snap.Today.New),
			Reviews: max(0, sched.Settings().ReviewsPerDay-snap.Today.Reviews), Answers: -1, Budget: -1,
		}
		all := snap
		all.Items = allItems(t, s)
		fast, slow := sched.Queue(snap, now, lim, 0, nil), sched.Queue(all, now, lim, 0, nil)
		for name, pair := range map[string][2][]scheduler.Item{
			"learning": {fast.Learning, slow.Learning}, "main": {fast.Main, slow.Main}, "soon": {fast.Soon, slow.Soon},
		} {
			if a, b := itemIDs(pair[0]), itemIDs(pair[1]); !slices.Equal(a, b) {
				t.Fatalf("%s: from Load %v, from all cards %v", name, a, b)
			}
		}
	})
}

func TestNextDueIsNeverPast(t *testing.T) {
	s, c := newStore(t), newClock("c")
	grade(t, s, c, add(t, s, basics(2)...)[0], scheduler.Good) // back in ten minutes
	due := memoryOf(t, s, "card00").DueAt
	for _, tt := range []struct {
		now  time.Time
		want time.Time
	}{{due.Add(-time.Second), due}, {due, time.Time{}}, {due.Add(time.Hour), time.Time{}}} {
		at, day, err := s.NextDue(t.Context(), tt.now)
		if noError(t, err); !at.Equal(tt.want) || day != 0 {
			t.Errorf("at %s: %s or day %s, want %s", tt.now, at, day, tt.want)
		}
	}
}

func TestLoadTellsTheDay(t *testing.T) {
	s, c := newStore(t), newClock("c")
	cards := add(t, s, append(basics(4), note{id: "ring", clozes: 2})...)
	yesterday := newClock("y")
	yesterday.now = monday.AddDate(0, 0, -1)
	grade(t, s, yesterday, cards[0], scheduler.Good)
	grade(t, s, c, cards[1], scheduler.Again)
	c.now = c.now.Add(time.Minute)
	grade(t, s, c, cards[1], scheduler.Good)
	last := grade(t, s, c, "ring~1", scheduler.Easy)
	snap := load(t, s, scheduler.Query{Now: c.now, New: -1})
	if want := (scheduler.Today{New: 2, Spent: 15 * time.Second, Seq: 4}); snap.Today != want {
		t.Errorf("today %+v, want %+v", snap.Today, want)
	}
	if len(snap.Seen) != 2 || snap.Seen["ring"] != "ring~1" {
		t.Errorf("seen %v, want card01 and ring", snap.Seen)
	}
	if snap.Newest == nil || snap.Newest.Act != last.Entry.Act || snap.Newest.Rating != scheduler.Easy || snap.Newest.Items[0].Card != "ring~1" {
		t.Errorf("newest %+v", snap.Newest)
	}
	if snap.Pace.New != 5*time.Second || snap.Pace.Learning != 5*time.Second {
		t.Errorf("pace %+v, want 5 s", snap.Pace)
	}
}

func TestLoadKeepsToItsScope(t *testing.T) {
	s := newStore(t)
	add(t, s,
		note{id: "a", post: "one", postTags: []string{"caching"}}, note{id: "b", post: "two", postTags: []string{"networking"}},
		note{id: "c", post: "two", postTags: []string{"networking"}, tags: []string{"caching"}}, note{id: "d", post: "three"})
	for _, tt := range []struct {
		q    scheduler.Query
		want []deck.CardID
	}{
		{scheduler.Query{}, []deck.CardID{"a", "b", "c", "d"}},
		{scheduler.Query{Posts: []string{"two", "three"}}, []deck.CardID{"b", "c", "d"}},
		{scheduler.Query{Tags: []string{"caching"}}, []deck.CardID{"a", "c"}},
		{scheduler.Query{Posts: []string{"two"}, Tags: []string{"caching"}}, []deck.CardID{"c"}},
		{scheduler.Query{Tags: []string{"nothing"}}, nil},
		{scheduler.Query{Topic: "topic"}, []deck.CardID{"a", "b", "c", "d"}},
		{scheduler.Query{Topic: "topic", Tags: []string{"caching"}}, []deck.CardID{"a", "c"}},
		{scheduler.Query{Topic: "caching"}, nil}, // a tag is no topic
	} {
		tt.q.Now, tt.q.New = monday, -1
		if got := itemIDs(load(t, s, tt.q).Items); !sameCards(got, tt.want) {
			t.Errorf("%v %v: %v, want %v", tt.q.Posts, tt.q.Tags, got, tt.want)
		}
	}
}

func TestLoadAheadAndCram(t *testing.T) {
	s := newStore(t)
	cards := add(t, s, basics(4)...)
	today := s.Scheduler().Day(monday)
	for i, due := range []scheduler.Day{today, today + 1, today + 9} {
		merge(t, s, seedRow(cards[i], s, monday.AddDate(0, 0, -3), scheduler.Review, float64(3*(i+1)), due))
	}
	for ahead, want := range map[int]int{0: 1, 1: 2, 8: 2, 9: 3} {
		snap := load(t, s, scheduler.Query{Now: monday, Ahead: ahead, New: 0})
		n := 0
		for _, it := range snap.Items {
			if it.Memory.State == scheduler.Review {
				n++
			}
		}
		if n != want || snap.Waiting != want {
			t.Errorf("%d days ahead: %d reviews, %d waiting, want %d", ahead, n, snap.Waiting, want)
		}
	}
	record(t, s, mark(t, s, newClock("c"), cards[0], scheduler.Flag))
	cram := load(t, s, scheduler.Query{Now: monday, Cram: true})
	if got := itemIDs(cram.Items); !sameCards(got, cards[:3]) {
		t.Errorf("cram %v, want every card that was ever answered", got)
	}
	if cram.Newest == nil || cram.Newest.Kind != scheduler.Flag {
		t.Errorf("in a cram the newest action is %+v, want the mark", cram.Newest)
	}
}
