package tui

import (
	"errors"
	"strings"
	"testing"
	"time"

	"etch/deck"
	"etch/scheduler"
)

func TestReviewAnswers(t *testing.T) {
	b := newBench(t, 0, 2, nil)
	p := b.review(scheduler.SessionOptions{}).shows("due 2", "What does", "Space show the answer").hides("answer ─", "Only `K/N`")
	p.press("space").shows("── answer", "Only `K/N` keys move", "1 Again 10m", "3 Good 32d", "Karger et al.", "2026-11")
	p.press("space").shows("due 1", "previous: Good -> 32 d (Fri 25 Dec)").hides("── answer")
	p.press("enter", "1").shows("previous: Again -> 10 min (08:10)", "next in 10 min")
	if n := b.rates(); n != 2 {
		t.Errorf("%d answers in the log", n)
	}
}

func TestEachDigitGrades(t *testing.T) {
	for i, key := range []string{"1", "2", "3", "4"} {
		b := newBench(t, 0, 2, nil)
		b.review(scheduler.SessionOptions{}, "space", key)
		if len(b.log) != 1 || b.log[0].Rating != scheduler.Ratings[i] {
			t.Errorf("%s: log %v", key, b.log)
		}
	}
}

// TestPreviewIsAnswer: what the button says is what the line afterwards says.
func TestPreviewIsAnswer(t *testing.T) {
	b := newBench(t, 1, 0, nil)
	b.review(scheduler.SessionOptions{}, "space").shows("4 Easy 8d").press("4").shows("Easy -> 8 d (Tue 1 Dec)")
}

func TestDigitBeforeReveal(t *testing.T) {
	b := newBench(t, 0, 2, nil)
	p := b.review(scheduler.SessionOptions{}, "3").shows("Show the answer first: Space.")
	p.press("j").hides("Show the answer first")
	if len(b.log) != 0 {
		t.Error("it graded")
	}
}

func TestTwoButtons(t *testing.T) {
	b := newBench(t, 0, 4, func(s *scheduler.Settings) { s.TwoButtons = true })
	p := b.review(scheduler.SessionOptions{}, "space").shows("1 Again", "3 Good").hides("Hard", "Easy")
	p.press("2").shows("2 is off").press("4").shows("4 is off")
	if len(b.log) != 0 {
		t.Fatal("a key that is off graded")
	}
	p.press("space", "space", "3", "space", "1")
	if got := []scheduler.Rating{b.log[0].Rating, b.log[1].Rating, b.log[2].Rating}; got[0] != scheduler.Good || got[1] != scheduler.Good || got[2] != scheduler.Again {
		t.Errorf("ratings %v", got)
	}
}

func TestQuestionStays(t *testing.T) {
	for _, size := range sizes {
		p := newBench(t, 0, 2, nil).review(scheduler.SessionOptions{}).resize(size[0], size[1])
		before := strings.Split(p.view(), "\n")
		after := strings.Split(p.press("space").view(), "\n")
		for i, line := range before {
			if strings.Contains(line, "What does") && after[i] != line {
				t.Errorf("%v: line %d was %q and is %q", size, i, line, after[i])
			}
			if strings.Contains(line, "Space show") && !strings.Contains(after[i], "1 ") {
				t.Errorf("%v: the buttons do not stand where the keys stood", size)
			}
		}
	}
}

// TestRevealShowsAnswer: even below a question that fills the screen.
func TestRevealShowsAnswer(t *testing.T) {
	b := newBench(t, 0, 1, nil)
	card := b.texts["due00"]
	card.Question, card.Answer = strings.Repeat("A long question. ", 200), "One.\n\nTwo.\n\nThree."
	b.texts["due00"] = card
	b.review(scheduler.SessionOptions{}, "space").shows("── answer", "One.")
}

func TestMarks(t *testing.T) {
	b := newBench(t, 0, 4, nil)
	p := b.review(scheduler.SessionOptions{}, "*").shows("* fix me", `Marked "fix me"`)
	p.press("*").shows("No longer marked").hides("* fix me")
	p.press("-").shows("due 3", "previous: buried until tomorrow")
	p.press("@").shows("due 2", "previous: suspended")
	p.press("s").shows("due 2", "previous: skipped")
	p.press("u").shows("undone: suspend", "── answer", "due 3").hides("previous:")
	p.press("u").shows("undone: bury", "due 4")
	kinds := make([]scheduler.Kind, 0, len(b.log))
	for _, e := range b.log {
		kinds = append(kinds, e.Kind)
	}
	want := []scheduler.Kind{scheduler.Flag, scheduler.Unflag, scheduler.Bury, scheduler.Suspend, scheduler.Void, scheduler.Void}
	if len(kinds) != len(want) {
		t.Fatalf("log %v, want %v", kinds, want)
	}
	for i := range want {
		if kinds[i] != want[i] {
			t.Fatalf("log %v, want %v", kinds, want)
		}
	}
}

// TestSkipAlone: a card that is alone comes again at once, and the screen does
// not say that it comes later.
func TestSkipAlone(t *testing.T) {
	newBench(t, 0, 1, nil).review(scheduler.SessionOptions{}, "s").shows("no other card is ready", "Space show").hides("comes again later")
	newBench(t, 0, 1, nil).review(scheduler.SessionOptions{Cram: true}, "s").shows("no other card is ready")
	newBench(t, 0, 2, nil).review(scheduler.SessionOptions{}, "s").shows("skipped, it comes again later").hides("no other")
}

func TestStale(t *testing.T) {
	b := newBench(t, 0, 2, nil)
	p := b.review(scheduler.SessionOptions{}, "space")
	r := p.top().(*review)
	id := r.card.ID
	other := b.review(scheduler.SessionOptions{}, "space")
	if other.top().(*review).card.ID != id {
		t.Fatal("the two sessions show different cards")
	}
	other.press("3")
	p.press("1").shows("already answered elsewhere", "due 1", "Space show the answer")
	if b.rates() != 1 {
		t.Error("it was recorded twice")
	}
}

func TestFailingRecord(t *testing.T) {
	b := newBench(t, 0, 2, nil)
	p := b.review(scheduler.SessionOptions{}, "space")
	id := p.top().(*review).card.ID
	b.fail = errors.New("no space left on device")
	p.press("3").shows("NOT SAVED: no space left on device.", "press the key again", "── answer", "due 2").hides("previous:")
	p.press("-").shows("NOT SAVED")
	if r := p.top().(*review); r.card.ID != id || len(b.log) != 0 || len(r.sitting.answers) != 0 {
		t.Error("something was acknowledged")
	}
	b.fail = nil
	p.press("3").shows("previous: Good", "due 1").hides("NOT SAVED")
	if b.rates() != 1 {
		t.Error("the retry did not record")
	}
	b.fail = errors.New("no space left on device")
	p.press("u").shows("NOT UNDONE: no space left on device.", "due 1")
	if r := p.top().(*review); len(b.log) != 1 || len(r.sitting.answers) != 1 {
		t.Error("an undo was acknowledged")
	}
}

// TestRetry: after a failure the screen says that it tries again before it
// does, as that may take a while, and serves nothing but leaving until then.
func TestRetry(t *testing.T) {
	for _, failing := range []string{"3", "u"} {
		b := newBench(t, 0, 3, nil)
		p := b.review(scheduler.SessionOptions{}, "space", "3", "space")
		b.fail = errors.New("the database is locked by another program")
		p.press(failing).shows("NOT ", "the database is locked")
		b.fail = nil
		r, rows := p.top().(*review), len(b.log)
		b.clock.advance(time.Second)
		_, cmd := r.update(keyMsg(failing))
		p.shows("Saving ...").hides("NOT ")
		for _, k := range []string{"3", "-", "?", "paste:3", failing} {
			b.clock.advance(time.Second)
			if _, more := r.update(keyMsg(k)); more != nil {
				t.Errorf("%s, then %q: it does something meanwhile", failing, k)
			}
		}
		if len(b.log) != rows {
			t.Fatalf("%s: it wrote before it said so", failing)
		}
		p.send(cmd())
		if p.hides("Saving", "NOT "); len(b.log) != rows+1 {
			t.Errorf("%s: %d rows were written, want 1", failing, len(b.log)-rows)
		}
		p.press("space", "3").hides("Saving")
	}
	b := newBench(t, 0, 3, nil)
	b.fail = errors.New("the database is locked by another program")
	p := b.review(scheduler.SessionOptions{}, "space", "3")
	b.clock.advance(time.Second)
	r := p.top().(*review)
	r.update(keyMsg("3"))
	if _, cmd := r.update(keyMsg("q")); cmd == nil {
		t.Error("q does not leave")
	}
}

// TestKeysDuringAFailingWrite: they were pressed for what showed before, and
// take no message away.
func TestKeysDuringAFailingWrite(t *testing.T) {
	b := newBench(t, 0, 3, nil)
	p := b.review(scheduler.SessionOptions{}, "space")
	b.fail = errors.New("the database is locked by another program")
	p.press("3").shows("NOT SAVED")
	b.fail = nil
	p.after(0, "3").after(79*ms, "3").shows("NOT SAVED")
	if b.rates() != 0 {
		t.Error("a key that waited graded")
	}
	p.after(80*ms, "3").shows("previous: Good")
}

// TestSavedButNotRead: the answer stands even if the next card cannot be read.
func TestSavedButNotRead(t *testing.T) {
	b := newBench(t, 0, 1, nil)
	p := b.review(scheduler.SessionOptions{}, "space")
	b.failLoad = errors.New("disk on fire")
	p.press("3").shows("That was saved, but the next card could not be read")
	if r := p.top().(*review); len(r.sitting.answers) != 1 || b.rates() != 1 {
		t.Error("the answer is lost")
	}
}

func TestNoSession(t *testing.T) {
	b := newBench(t, 0, 2, nil)
	b.failLoad = errors.New("disk on fire")
	p := b.review(scheduler.SessionOptions{}).shows("could not be started", "disk on fire")
	p.press("space", "3", "u", "j", "w", "e", "-", "?", "esc")
	if p.press("q"); !p.ended {
		t.Error("q does not leave")
	}
}

func TestNoText(t *testing.T) {
	b := newBench(t, 0, 2, nil)
	texts := b.texts
	b.texts = nil
	p := b.review(scheduler.SessionOptions{}).shows("cannot be read")
	p.press("space", "3")
	if b.rates() != 0 {
		t.Error("graded what cannot be read")
	}
	b.texts = texts
	p.press("space").shows("── answer", "Only `K/N`")
}

func TestLeech(t *testing.T) {
	b := newBench(t, 0, 2, func(s *scheduler.Settings) { s.LeechThreshold = 1 })
	b.review(scheduler.SessionOptions{Cram: true}, "space", "1").shows("not recorded").hides("A leech")
	b.review(scheduler.SessionOptions{}, "space", "1").shows("A leech")
}

// TestHostileText: what a card says never drives the terminal.
func TestHostileText(t *testing.T) {
	b := newBench(t, 0, 1, nil)
	evil := "a\x1b]0;owned\x07b\x1b[2Jc\u202ed\x9b31m"
	b.texts["due00"] = deck.Card{ID: "due00", Topic: evil, Title: evil + "!", Question: evil, Answer: evil, Source: evil, AsOf: evil, Why: evil}
	b.passage = evil
	b.home = Home{Posts: []PostLine{{Topic: evil, Title: evil, Due: 1}}, Next: &PostLine{Title: evil, Core: 1}}
	p := b.review(scheduler.SessionOptions{})
	check := func() {
		t.Helper()
		if text := p.view(); strings.ContainsAny(text, "\x1b\x07\u202e\u009b\t\r") {
			t.Errorf("%q", text)
		}
	}
	check()
	for _, k := range []string{"space", "w", "esc", "/", "esc", "3"} {
		p.press(k)
		check()
	}
	b.fail = errors.New(evil)
	p.press("u")
	check()
}

// TestResizeKeepsPlace: the line at the top stays about where it is, at any
// width and back again.
func TestResizeKeepsPlace(t *testing.T) {
	b := longBench(t)
	p := b.review(scheduler.SessionOptions{}).resize(40, 15).press("space", "pgdown", "pgdown", "pgdown")
	p.shows("tokens")
	for _, size := range [][2]int{{120, 15}, {20, 6}, {60, 15}, {80, 12}} {
		p.resize(size[0], size[1])
	}
	p.resize(40, 15).shows("tokens")
	if place := p.top().(*review).body.scroll.page(); !strings.HasPrefix(place, "3/") && !strings.HasPrefix(place, "4/") {
		t.Errorf("place %q", place)
	}
}

// TestDrawnOnce: a key press does not draw the card again.
func TestDrawnOnce(t *testing.T) {
	p := longBench(t).review(scheduler.SessionOptions{}, "space")
	r := p.top().(*review)
	before := &r.body.answer[0]
	p.press("j", "j", "k", "pgdown", "x")
	if &r.body.answer[0] != before {
		t.Error("the answer was drawn again")
	}
	p.resize(60, 20)
	if &r.body.answer[0] == before {
		t.Error("the answer was not drawn for the new width")
	}
}

func BenchmarkReviewKey(b *testing.B) {
	t := &testing.T{}
	p := longBench(t).review(scheduler.SessionOptions{}, "space")
	r := p.top()
	b.ReportAllocs()
	for i := range b.N {
		r.update(keyMsg([]string{"j", "k"}[i%2]))
		r.view(80, 24)
	}
}

// TestLowScreenShowsTheEnd: a question that scrolls on a low screen has its last
// line above the rule that tells the place.
func TestLowScreenShowsTheEnd(t *testing.T) {
	b := newBench(t, 0, 1, nil)
	card := b.texts["due00"]
	card.Question = strings.Repeat("More of it.\n\n", 8) + "The end."
	b.texts["due00"] = card
	for height := 5; height < 16; height++ {
		p := b.review(scheduler.SessionOptions{}).resize(80, height)
		p.press("end").shows("The end.", "^").press("k").hides("The end.").press("j").shows("The end.")
	}
}
