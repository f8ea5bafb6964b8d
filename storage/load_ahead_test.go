package storage

import (
	"context"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"etch/scheduler"
)

// sessionAt begins a session on the store itself.
func sessionAt(t tb, s *Store, now time.Time, opt scheduler.SessionOptions) *scheduler.Session {
	t.Helper()
	n := 0
	opt.ID = fmt.Sprint(now.UnixNano(), opt.Ahead)
	opt.NewID = func() string { n++; return fmt.Sprintf("%s-%04d", opt.ID, n) }
	sess, err := scheduler.NewSession(context.Background(), s.Scheduler(), s, opt, now)
	noError(t, err)
	return sess
}

func daysAhead(t tb, sess *scheduler.Session, now time.Time) int {
	t.Helper()
	days, err := sess.Ahead(context.Background(), now)
	noError(t, err)
	return days
}

// TestAheadOffersWhatComes takes reviews ahead, again and again, as a user does
// whose day is done: what is offered comes, each session ends, and where nothing
// is offered nothing would come.
func TestAheadOffersWhatComes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, done := tempStore(t)
		defer done()
		single(t, s, "synchronous = OFF")
		set(t, s, "bury-siblings", rapid.SampledFrom([]string{"yes", "no"}).Draw(t, "bury siblings"))
		set(t, s, "reviews-per-day", rapid.SampledFrom([]string{"0", "3", "200"}).Draw(t, "reviews"))
		set(t, s, "new-per-day", rapid.SampledFrom([]string{"0", "2", "10"}).Draw(t, "new"))
		scatterCards(t, s)
		now, ahead := monday.Add(time.Hour), 0
		for range 3 {
			sess := sessionAt(t, s, now, scheduler.SessionOptions{Ahead: ahead, Eager: true})
			for steps := 0; sess.Phase() == scheduler.Asking; steps++ {
				if steps > 300 {
					t.Fatalf("a session %d days ahead does not end", ahead)
				}
				_, err := sess.Reveal(now)
				noError(t, err)
				_, err = sess.Grade(t.Context(), now.Add(5*time.Second), rapid.SampledFrom([]scheduler.Rating{scheduler.Hard, scheduler.Good, scheduler.Easy}).Draw(t, "rating"))
				noError(t, err)
				now = now.Add(10 * time.Second)
			}
			next := daysAhead(t, sessionAt(t, s, now, scheduler.SessionOptions{Ahead: ahead}), now)
			if next == 0 {
				this, far := sessionAt(t, s, now, scheduler.SessionOptions{Ahead: ahead}), sessionAt(t, s, now, scheduler.SessionOptions{Ahead: 3650})
				if this.Counts().Due < far.Counts().Due {
					t.Fatalf("nothing is offered beyond %d days, but %+v come", ahead, far.Counts())
				}
				return
			}
			found := sessionAt(t, s, now, scheduler.SessionOptions{Ahead: next})
			if next <= ahead || found.Counts().Due == 0 {
				t.Fatalf("offered %d days ahead after %d, and %+v come", next, ahead, found.Counts())
			}
			ahead = next
		}
	})
}

// Many siblings of what was answered today come before the review that is next,
// and many cards were had when the rest is read.
func TestAheadBehindSiblings(t *testing.T) {
	s, c := newStore(t), newClock("c")
	cards := add(t, s, append([]note{{id: "ring", clozes: 300}}, basics(3)...)...)
	today := s.Scheduler().Day(monday)
	var rows []scheduler.Entry
	for i, card := range cards {
		rows = append(rows, seedRow(card, s, monday.AddDate(0, 0, -9), scheduler.Review, 9, today+1+scheduler.Day(i)))
	}
	merge(t, s, rows...)
	grade(t, s, c, cards[299], scheduler.Easy)
	want := int(memoryOf(t, s, cards[299]).DueDay - today)
	if got := daysAhead(t, sessionAt(t, s, c.now, scheduler.SessionOptions{}), c.now); got != want || want > 300 {
		t.Errorf("offered %d days ahead, want %d", got, want)
	}
	set(t, s, "bury-siblings", "no")
	if got := daysAhead(t, sessionAt(t, s, c.now, scheduler.SessionOptions{}), c.now); got != 1 {
		t.Errorf("offered %d days ahead without siblings that wait, want 1", got)
	}
}

// A session far ahead, with more to review than a day takes, goes on to that
// number though what it has answered is the best known of all.
func TestAheadGoesOnToTheLimit(t *testing.T) {
	s := newStore(t)
	set(t, s, "reviews-per-day", "150")
	today := s.Scheduler().Day(monday)
	var rows []scheduler.Entry
	for _, card := range add(t, s, basics(400)...) {
		rows = append(rows, seedRow(card, s, monday.AddDate(0, 0, -9), scheduler.Review, 20, today+11))
	}
	merge(t, s, rows...)
	sess, now := sessionAt(t, s, monday, scheduler.SessionOptions{Ahead: 3650}), monday
	for range 120 {
		_, err := sess.Reveal(now)
		noError(t, err)
		_, err = sess.Grade(t.Context(), now, scheduler.Good)
		noError(t, err)
		now = now.Add(time.Second)
	}
	noError(t, sess.Reload(t.Context(), now))
	if got := sess.Counts().Due; got != 30 {
		t.Errorf("%d are left, want 30", got)
	}
}
