package tui

import (
	"fmt"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"etch/deck"
	"etch/scheduler"
)

func TestUndoOnEndScreen(t *testing.T) {
	b := newBench(t, 0, 1, nil)
	p := b.review(scheduler.SessionOptions{}, "space", "3").shows("Done for now.", "u undoes the last answer", "1 in ")
	p.press("u").shows("── answer", "undone: Good", "3 Good 32d")
	p.press("1")
	if b.rates() != 2 || len(b.log) != 3 {
		t.Errorf("log %v", b.log)
	}
}

func TestUndoOlderAsks(t *testing.T) {
	b := newBench(t, 0, 1, nil)
	b.review(scheduler.SessionOptions{}, "space", "3")
	b.clock.advance(24 * time.Hour)
	p := b.review(scheduler.SessionOptions{}).shows("Nothing is due.")
	p.press("u").shows("Undo it?", "Good, Mon 23 Nov 08:00", "What does consistent hashing", "y undo it")
	p.press("x").shows("y undoes it, n keeps it.", "Undo it?")
	p.press("n").shows("Nothing was undone.", "Nothing is due.")
	p.press("u", "esc").shows("Nothing was undone.", "Nothing is due.")
	if len(b.log) != 1 {
		t.Fatal("it undid")
	}
	p.press("u").after(79*ms, "y").shows("Undo it?")
	p.press("y").shows("undone: Good", "── answer")
	if len(b.log) != 2 {
		t.Errorf("log %v", b.log)
	}
	p.press("u").shows("There is nothing to undo.")
}

// TestUndoAsksAboutAnother: what another terminal did since the screen was
// drawn, or since the question was asked, is not taken back unseen.
func TestUndoAsksAboutAnother(t *testing.T) {
	b := newBench(t, 0, 4, nil)
	p := b.review(scheduler.SessionOptions{}, "space", "3", "space")
	id := p.top().(*review).card.ID
	b.answerOther(id, scheduler.Hard)
	p.press("u").shows("Undo it?", "Hard, Mon 23 Nov 08:00", "Another etch was quicker")
	if len(b.log) != 2 {
		t.Fatalf("log %v: the other's answer was taken back unseen", b.log)
	}
	p.press("n").shows("Nothing was undone.", "── answer", "due 2", "3 Good 32d")
	if r := p.top().(*review); r.card.ID != id {
		t.Errorf("%s is on show, and was %s", r.card.ID, id)
	}

	p.press("u").shows("Undo it?", "Hard").hides("quicker")
	b.answerOther(id, scheduler.Easy)
	p.press("y").shows("Undo it?", "Easy", "Another etch was quicker")
	if len(b.log) != 3 {
		t.Fatalf("log %v: y took back what it was not asked about", b.log)
	}
	p.press("y").shows("undone: Easy", "── answer")
	if n := len(p.top().(*review).sitting.answers); n != 1 {
		t.Errorf("%d own answers still count, want 1", n)
	}
}

// TestUndoOfWhatIsUndone: another terminal took the answer back.
func TestUndoOfWhatIsUndone(t *testing.T) {
	b := newBench(t, 0, 2, nil)
	p := b.review(scheduler.SessionOptions{}, "space", "3").shows("due 1")
	b.review(scheduler.SessionOptions{}, "u", "y").shows("undone: Good")
	p.press("u").shows("There is nothing to undo.", "due 2", "Space show the answer")
}

func TestLeaving(t *testing.T) {
	for _, key := range []string{"q", "esc", "ctrl+c", "ctrl+d"} {
		for _, before := range [][]string{nil, {"space"}, {"space", "3"}} {
			b := newBench(t, 0, 2, nil)
			p := b.review(scheduler.SessionOptions{}, before...)
			p.after(0, key)
			if !p.ended {
				t.Errorf("%s after %v does not leave", key, before)
			}
			if want := len(b.log); b.ended != want {
				t.Errorf("Ended was called %d times after %d answers", b.ended, want)
			}
		}
	}
}

// TestLeavingFromAbove: Ctrl-C on a screen above the review forgets nothing.
func TestLeavingFromAbove(t *testing.T) {
	for _, key := range []string{"?", "/", "w", "i"} {
		b := newBench(t, 0, 2, nil)
		p := b.review(scheduler.SessionOptions{}, "space", "3", "space", key, "ctrl+c")
		if !p.ended || b.ended != 1 {
			t.Errorf("%s: ended %v, Ended was called %d times", key, p.ended, b.ended)
		}
	}
}

// TestNextDue: a time for today, a day else.
func TestNextDue(t *testing.T) {
	b := newBench(t, 0, 0, nil)
	today := b.sched.Day(monday)
	for _, tc := range []struct {
		home Home
		want string
	}{
		{Home{NextDue: monday.Add(5 * time.Hour)}, "next       today at 13:00"},
		{Home{NextDue: monday.Add(20 * time.Hour)}, "next       Tue 24 Nov, 04:00"},
		{Home{NextDueDay: today + 1, Tomorrow: 1}, "next       tomorrow, Tue 24 Nov: 1 review"},
		{Home{NextDueDay: today + 50}, "next       Tue 12 Jan 2027"},
		{Home{NextDueDay: today + 3, NextDue: monday.Add(time.Hour), Tomorrow: 0}, "next       today at 09:00"},
	} {
		b.home = tc.home
		b.review(scheduler.SessionOptions{}).shows(tc.want)
	}
	b.home = Home{}
	b.review(scheduler.SessionOptions{}).shows("Nothing is due.").hides("next  ")
}

func TestWait(t *testing.T) {
	b := newBench(t, 1, 0, nil)
	p := b.review(scheduler.SessionOptions{}, "space", "3").shows("next in 10 min", "Space answer now", "learn 1")
	p.clock.advance(9*time.Minute + 30*time.Second)
	p.shows("next in 30 s")
	p.press("space").shows("Space show the answer", "learn 1")
	p.press("space", "3").shows("Done for now.")
}

// TestWaitTicks: the clock runs on the wait screen alone, once a minute and at
// the end once a second.
func TestWaitTicks(t *testing.T) {
	b := newBench(t, 1, 1, nil)
	var asked []time.Duration
	var pending tea.Msg
	r := NewReview(b.env, scheduler.SessionOptions{}).(*review)
	r.after = func(d time.Duration, msg func(time.Time) tea.Msg) tea.Cmd {
		asked = append(asked, d)
		pending = msg(time.Time{})
		return nil
	}
	p := pumpWith(t, b.clock, r, "space", "3", "space")
	if len(asked) != 0 {
		t.Fatalf("a clock runs while a card shows: %v", asked)
	}
	p.press("3").shows("next in 10 min")
	old := pending
	p.press("?", "esc").shows("next in 10 min") // the help swallows ticks: the clock starts anew
	if len(asked) != 2 {
		t.Fatalf("clocks %v", asked)
	}
	n := len(asked)
	p.send(old)
	if len(asked) != n {
		t.Error("an old clock started another one")
	}
	for range 100 {
		if r.sess.Phase() != scheduler.Waiting {
			break
		}
		p.clock.advance(asked[len(asked)-1])
		p.send(pending)
	}
	p.shows("Space show the answer")
	if ticks := len(asked) - n; ticks < 60 || ticks > 70 {
		t.Errorf("%d wake-ups in ten minutes, want 9 minutes and 60 seconds", ticks)
	}
	n = len(asked)
	p.send(pending)
	if len(asked) != n {
		t.Error("the clock goes on after the wait")
	}
}

func TestUntilChange(t *testing.T) {
	for left, want := range map[time.Duration]time.Duration{
		10 * time.Minute:          time.Minute,
		10*time.Minute - 1:        time.Minute - 1,
		9*time.Minute + 1:         1,
		time.Minute + time.Second: time.Second,
		time.Minute:               time.Second,
		1500 * ms:                 500 * ms,
		0:                         time.Second,
	} {
		if got := untilChange(left); got != want {
			t.Errorf("untilChange(%v) = %v, want %v", left, got, want)
		}
	}
}

func TestCram(t *testing.T) {
	b := newBench(t, 1, 3, nil)
	p := b.review(scheduler.SessionOptions{Cram: true}).shows("answers are not recorded", "3 left")
	p.press("space").shows("1 Again   2 Hard   3 Good").hides("32d")
	p.press("3").shows("previous: Good (not recorded)", "2 left")
	p.press("u").shows("undone: Good on this card (it was not recorded)", "3 left", "── answer")
	p.press("3")
	id := p.top().(*review).card.ID
	p.press("-").shows("buried")
	if p.top().(*review).card.ID == id {
		t.Error("the buried card still shows")
	}
	if b.rates() != 0 {
		t.Error("a cram answer was recorded")
	}
}

// TestUndoInACram: u takes back the newest thing done in the cram, a mark or an
// answer, and nothing older.
func TestUndoInACram(t *testing.T) {
	b := newBench(t, 0, 4, nil)
	b.answerElsewhere()
	p := b.review(scheduler.SessionOptions{Cram: true})
	p.press("u").shows("There is nothing to undo.")
	p.press("space", "3", "@").shows("suspended", "2 left")
	p.press("u").shows("undone: suspend", "3 left", "── answer")
	p.press("*").shows("Marked").press("u").shows(`undone: the mark "fix me"`).hides("* fix me")
	p.press("u").shows("undone: Good on this card", "4 left")
	p.press("u").shows("There is nothing to undo.")
	live := scheduler.Live(b.log)
	if len(live) != 1 || live[0].Session != "elsewhere" {
		t.Errorf("%+v stands, want what was answered before the cram", live)
	}
	p.press("-").shows("buried")
	b.answerOther(p.top().(*review).card.ID, scheduler.Hard)
	p.press("u").shows("Another etch was quicker", "Undo it?", "Hard").press("y").shows("undone: Hard")
	p.press("u").shows("undone: bury")
}

// TestMarksInACram: each takes its card away and no other, and the last one
// ends the cram.
func TestMarksInACram(t *testing.T) {
	for _, key := range []string{"-", "@"} {
		b := newBench(t, 0, 3, nil)
		b.home = laterHome(b)
		p := b.review(scheduler.SessionOptions{Cram: true})
		for i := range 3 {
			want := deck.CardID(fmt.Sprintf("due%02d", i))
			p.shows(fmt.Sprintf("%d left", 3-i))
			if r := p.top().(*review); r.card.ID != want {
				t.Errorf("%s: card %d is %s, want %s", key, i, r.card.ID, want)
			}
			p.press(key)
		}
		p.shows("0 left", "previous: ", "Nothing is left to cram.").hides("That was saved")
	}
	newBench(t, 2, 0, nil).review(scheduler.SessionOptions{Cram: true}).shows("no card was answered yet")
}

func TestOffers(t *testing.T) {
	b := newBench(t, 9, 0, func(s *scheduler.Settings) { s.NewPerDay = 0 })
	b.addLater("later", 1)
	b.home = laterHome(b)
	p := b.review(scheduler.SessionOptions{}).shows("Nothing is due.", "tomorrow, Tue 24 Nov: 18 reviews", "143 reviews")
	p.press("a").shows("due 1")
	b.review(scheduler.SessionOptions{}).press("c").shows("cram")
	p = b.review(scheduler.SessionOptions{}).press("n").shows("new 8")
	if p.top().(*review).asked.Posts != nil {
		t.Error("the offer changed what the review was opened for")
	}
	b.home.Counts = scheduler.Counts{Due: 7}
	b.review(scheduler.SessionOptions{}).shows("g  go on with what is left today: 7 cards")
}

func TestNoCards(t *testing.T) {
	b := newBench(t, 0, 0, nil)
	b.home.FirstRun = true
	p := b.review(scheduler.SessionOptions{}).shows("There are no cards yet.", "etch compile DIR", "new 0")
	p.press("space", "3", "1", "a", "c", "n", "g", "-", "@", "*", "s", "w", "e", "i", "j", "k", "u").shows("nothing to undo")
}

func TestEndFigures(t *testing.T) {
	endedBench(t).shows("Done for now.", "5 in 1 min", "again      1 (20 %)", "4 of 5, 80 % (aim 90 %)", "weakest", "1 of ")
}

// TestEndSaysHowToLeave: however many ways there are to go on.
func TestEndSaysHowToLeave(t *testing.T) {
	b := newBench(t, 0, 1, nil)
	b.home = laterHome(b)
	b.home.Counts = scheduler.Counts{New: 3}
	p := b.review(scheduler.SessionOptions{}, "space", "3")
	p.shows("g  go on", "c  cram", "n  next post", "q leave", "u undoes")
	p.resize(40, 15).shows("q leave")
}

// TestAheadOfTheFirstDay: the end of a new user's first day offers the cards of
// that day ahead, from the review and from the home, and they come.
func TestAheadOfTheFirstDay(t *testing.T) {
	b := newBench(t, 2, 0, nil)
	b.home = laterHome(b)
	p := b.review(scheduler.SessionOptions{}, "space", "4", "space", "4").shows("Done for now.", "a  ahead: what is due Tue 1 Dec")
	p.press("a").shows("due 2", "Space show the answer")
	p.press("space", "3", "space", "3").shows("Done for now.", "a  ahead: what is due ")

	d := newDesk(t, 0, 0, nil)
	d.addLater("later", 8)
	answerAll(d.bench, "later")
	d.open(t).shows("a  ahead: what is due next").press("a").shows("due 1", "Space show the answer")
}

// answerAll is another program that answered these cards today.
func answerAll(b *bench, names ...string) {
	for _, name := range names {
		b.elsewhere(b.item(deck.CardID(name)), scheduler.Good)
	}
}

// TestAheadComesAfterToday: while something of today is left, that is offered,
// also where only the day's minutes left it out; and nothing ahead of its time
// where there is nothing.
func TestAheadComesAfterToday(t *testing.T) {
	b := newBench(t, 3, 1, nil)
	b.addLater("later", 8)
	b.home = laterHome(b)
	b.home.Counts = scheduler.Counts{New: 3}
	b.review(scheduler.SessionOptions{Limit: 1}, "space", "3").
		shows("Done for now.", "g  go on with what is left today: 3 cards").hides("ahead")

	b = newBench(t, 0, 9, func(s *scheduler.Settings) { s.MinutesPerDay = 1 })
	b.addLater("later", 8)
	p := b.review(scheduler.SessionOptions{})
	p.gap = 40 * time.Second
	p.press("space", "3").shows("g  go on beyond today's minutes: 8 cards").hides("ahead")
	p.press("g").shows("due 8")

	b = newBench(t, 0, 0, nil)
	b.home = laterHome(b) // it knows of a learning card
	b.review(scheduler.SessionOptions{}).shows("Nothing is due.").hides("ahead")
	newDesk(t, 0, 0, nil).open(t).hides("ahead").press("a").shows("Nothing can be taken ahead now.")
}
