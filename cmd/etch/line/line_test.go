package line

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"etch/deck"
	"etch/scheduler"
)

// memoryStore is the smallest store that a session can live on.
type memoryStore struct {
	sched *scheduler.Scheduler
	items []scheduler.Item
	log   []scheduler.Entry
}

func (s *memoryStore) Load(context.Context, scheduler.Query) (scheduler.Snapshot, error) {
	snap := scheduler.Snapshot{Items: slices.Clone(s.items), Today: scheduler.Today{Seq: int64(len(s.log))}}
	if live := scheduler.Live(s.log); len(live) > 0 {
		e := live[len(live)-1]
		snap.Newest = &scheduler.Action{Act: e.Act, Kind: e.Kind, Rating: e.Rating, At: e.At, Session: e.Session, Items: []scheduler.Item{s.item(e.Card)}}
	}
	return snap, nil
}

func (s *memoryStore) item(card deck.CardID) scheduler.Item {
	return s.items[slices.IndexFunc(s.items, func(it scheduler.Item) bool { return it.Card == card })]
}

func (s *memoryStore) fold(card deck.CardID) {
	own := slices.DeleteFunc(slices.Clone(s.log), func(e scheduler.Entry) bool { return e.Card != card })
	for i := range s.items {
		if s.items[i].Card == card {
			s.items[i].Memory = s.sched.Fold(own)
		}
	}
}

func (s *memoryStore) Record(_ context.Context, rows ...scheduler.Row) (scheduler.Today, error) {
	for _, r := range rows {
		s.log = append(s.log, r.Entry)
		s.fold(r.Entry.Card)
	}
	return scheduler.Today{Seq: int64(len(s.log))}, nil
}

func (s *memoryStore) Void(_ context.Context, st scheduler.Stamp, act string) (scheduler.Action, error) {
	live := scheduler.Live(s.log)
	if len(live) == 0 {
		return scheduler.Action{}, scheduler.ErrNothing
	}
	e := live[len(live)-1]
	if act != "" && act != e.Act {
		return scheduler.Action{}, scheduler.ErrStale
	}
	s.log = append(s.log, scheduler.Entry{ID: st.ID, Card: e.Card, Kind: scheduler.Void, Target: e.ID, At: st.At})
	s.fold(e.Card)
	return scheduler.Action{Act: e.Act, Kind: e.Kind, Rating: e.Rating, At: e.At, Log: st.ID, Items: []scheduler.Item{s.item(e.Card)}}, nil
}

// texts makes up a text for every card.
type texts struct{}

func (texts) Card(_ context.Context, id deck.CardID) (deck.Card, error) {
	return deck.Card{ID: id, Question: "What is " + string(id) + "?", Answer: "An *answer*.\n\nWith more.", Title: "A title\x1b[31m", Topic: "topic"}, nil
}

func (texts) Passage(context.Context, deck.CardID) (string, error) { return "## Why\n\nBecause.", nil }

// fixedClock moves a second with each look.
type fixedClock struct{ now time.Time }

func (c *fixedClock) Now() time.Time { c.now = c.now.Add(time.Second); return c.now }

func (c *fixedClock) MoveTo(t time.Time) bool {
	if t.Before(c.now) {
		return false
	}
	c.now = t
	return true
}

func newSession(t testing.TB, cards int, change ...func(*scheduler.SessionOptions)) (*scheduler.Session, *memoryStore, *fixedClock) {
	t.Helper()
	sched, err := scheduler.NewScheduler(scheduler.Defaults(), time.UTC)
	if err != nil {
		t.Fatal(err)
	}
	store := &memoryStore{sched: sched}
	for i := range cards {
		store.items = append(store.items, scheduler.Item{Card: deck.CardID(fmt.Sprint("card", i)), NewPos: int64(i)})
	}
	clock := &fixedClock{time.Date(2026, 11, 24, 8, 0, 0, 0, time.UTC)}
	n := 0
	opt := scheduler.SessionOptions{ID: "s", Eager: true, NewID: func() string { n++; return fmt.Sprintf("%06d", n) }}
	for _, f := range change {
		f(&opt)
	}
	sess, err := scheduler.NewSession(context.Background(), sched, store, opt, clock.Now())
	if err != nil {
		t.Fatal(err)
	}
	return sess, store, clock
}

func TestPlainNeverGradesByItself(t *testing.T) {
	for name, input := range map[string]string{
		"end of input": "", "blank lines": strings.Repeat("\n", 50), "no line end": "show", "grades before reveals": "1\n2\n3\n4\ngood\nagain\n",
	} {
		sess, store, clock := newSession(t, 3)
		var out strings.Builder
		if err := Plain(context.Background(), strings.NewReader(input), &out, sess, texts{}, clock.Now); err != nil {
			t.Fatal(err)
		}
		if len(store.log) != 0 {
			t.Errorf("%s recorded %d rows", name, len(store.log))
		}
	}
}

func TestPlainTranscript(t *testing.T) {
	sess, store, clock := newSession(t, 2)
	var out strings.Builder
	input := "\n4\nshow\nw\nagain\nu\n4\n"
	if err := Plain(context.Background(), strings.NewReader(input), &out, sess, texts{}, clock.Now); err != nil {
		t.Fatal(err)
	}
	want := plainHelp + `

[topic > A title] new 2, learning 0, due 0, about 1 min
Q: What is card0?
A: An answer.

   With more.
1 again 1m, 2 hard 6m, 3 good 10m, 4 easy 6d
easy: back in 6d (Mon 30 Nov 2026)

[topic > A title] new 1, learning 0, due 0, about 30 s
Q: What is card1?
A: An answer.

   With more.
1 again 1m, 2 hard 6m, 3 good 10m, 4 easy 9d
## Why

Because.
again: back in 1m (08:01)

[topic > A title] new 0, learning 1, due 0, about 10 s
Q: What is card1?
Undone.

[topic > A title] new 1, learning 0, due 0, about 30 s
Q: What is card1?
A: An answer.

   With more.
1 again 1m, 2 hard 6m, 3 good 10m, 4 easy 9d
easy: back in 9d (Thu 3 Dec 2026)

Nothing is left for now; 'etch' says when to come back, 'etch undo' takes back the last answer.
Answers 2, of which again 0; 10 s.
`
	if got := out.String(); got != want {
		t.Errorf("transcript:\n%s\nwant:\n%s", got, want)
	}
	if live := scheduler.Live(store.log); len(live) != 2 {
		t.Errorf("%d rows stand, want 2", len(live))
	}
}

// TestPlainCram: a cram schedules nothing, so no button has an interval, and no
// line leads to an answer that it did not give.
func TestPlainCram(t *testing.T) {
	for limit, want := range map[int]string{1: "That was this run's limit.\n", 0: "The cram is over; its answers were not recorded.\n"} {
		sess, store, clock := newSession(t, 1, func(o *scheduler.SessionOptions) { o.Cram, o.Limit = true, limit })
		var out strings.Builder
		if err := Plain(context.Background(), strings.NewReader("\n3\n"), &out, sess, texts{}, clock.Now); err != nil {
			t.Fatal(err)
		}
		got := out.String()
		for _, text := range []string{"\nA cram: answers are not recorded.\n", "\n1 again, 2 hard, 3 good, 4 easy\n", "good (not recorded)\n", want} {
			if !strings.Contains(got, text) {
				t.Errorf("it does not say %q:\n%s", text, got)
			}
		}
		if strings.Contains(got, "etch undo") || len(store.log) != 0 {
			t.Errorf("it leads to undo, or recorded:\n%s", got)
		}
	}
}

// TestCramUndo: a mark in a cram is taken back from the log, an answer is not in
// it, and what was done before the cram stays.
func TestCramUndo(t *testing.T) {
	for name, input := range map[string]string{
		"plain": "\n3\n@\nu\nu\nu\nq\n",
		"json": `{"cmd":"reveal"}` + "\n" + `{"cmd":"grade","card":"card0","rating":3}` + "\n" + `{"cmd":"suspend"}` + "\n" +
			strings.Repeat(`{"cmd":"undo"}`+"\n", 3),
	} {
		sess, store, clock := newSession(t, 3, func(o *scheduler.SessionOptions) { o.Cram = true })
		store.elsewhere(t, "card2", clock.Now())
		var out strings.Builder
		var err error
		says := []string{"Undone.\n\n[topic > A title] new 0, learning 0, due 2", "Q: What is card1?\nA:", "Undone.\n\n[topic > A title] new 0, learning 0, due 3", "nothing to undo."}
		if name == "json" {
			err = JSON(context.Background(), strings.NewReader(input), &out, sess, texts{}, clock)
			says = []string{`"cmd":"undo","card":"card1","log":"0`, `"cmd":"undo","card":"card0","rating":3,"log":""`, `"nothing-to-undo"`, `"previews":[]`}
		} else {
			err = Plain(context.Background(), strings.NewReader(input), &out, sess, texts{}, clock.Now)
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range says {
			if !strings.Contains(out.String(), text) {
				t.Errorf("%s does not say %q:\n%s", name, text, out.String())
			}
		}
		if live := scheduler.Live(store.log); len(live) != 1 || live[0].Session != "other" {
			t.Errorf("%s: %+v stands, want what was before", name, live)
		}
	}
}

// TestPlainHelpFits: a terminal has 80 columns.
func TestPlainHelpFits(t *testing.T) {
	for _, line := range strings.Split(plainHelp, "\n") {
		if len(line) > 80 {
			t.Errorf("%d columns: %s", len(line), line)
		}
	}
}

// TestPlainSkip: the line says whether another card comes first.
func TestPlainSkip(t *testing.T) {
	for cards, want := range map[int]string{1: "No other card is ready.\n", 2: "Skipped: it comes later in this session.\n"} {
		sess, _, clock := newSession(t, cards)
		var out strings.Builder
		if err := Plain(context.Background(), strings.NewReader("s\nq\n"), &out, sess, texts{}, clock.Now); err != nil {
			t.Fatal(err)
		}
		if next := fmt.Sprintf("Q: What is card%d?", cards-1); !strings.Contains(out.String(), want) || !strings.Contains(out.String(), next) {
			t.Errorf("%d cards:\n%s", cards, out.String())
		}
	}
}

// bookless gives cards their text, and no passage.
type bookless struct{ texts }

func (bookless) Passage(context.Context, deck.CardID) (string, error) {
	return "", errors.New("open post.md\x1b[2J: no such file")
}

// TestPlainNoPassage: it is no end of the session that a passage is missing.
func TestPlainNoPassage(t *testing.T) {
	sess, store, clock := newSession(t, 1)
	var out strings.Builder
	if err := Plain(context.Background(), strings.NewReader("\nw\n4\n"), &out, sess, bookless{}, clock.Now); err != nil {
		t.Fatal(err)
	}
	want := "The passage could not be read: open post.md: no such file.\n\n" +
		"[topic > A title] new 1, learning 0, due 0, about 30 s\nQ: What is card0?\nA: An answer.\n"
	if !strings.Contains(out.String(), want) || len(store.log) != 1 {
		t.Errorf("log %v\n%s", store.log, out.String())
	}
	sess, _, clock = newSession(t, 1)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := Plain(ctx, strings.NewReader("\nw\n"), &out, sess, bookless{}, clock.Now); !errors.Is(err, context.Canceled) {
		t.Errorf("an interrupted session returns %v", err)
	}
}

// elsewhere is another program that answers a card.
func (s *memoryStore) elsewhere(t *testing.T, card deck.CardID, at time.Time) {
	t.Helper()
	e, _, err := s.sched.Answer(card, s.item(card).Memory, scheduler.Stamp{ID: "other", Act: "other", Session: "other", At: at}, scheduler.Hard, time.Second)
	if err != nil {
		t.Fatal(err)
	}
	s.log = append(s.log, e)
	s.fold(card)
}

// TestUndoOfAnother: what another program did since the session read the log is
// not taken back unseen, and the card on show is the one that the next line
// acts on.
func TestUndoOfAnother(t *testing.T) {
	for name, tt := range map[string]struct {
		input      string
		rows, live int
		says       []string
	}{
		"plain, kept":   {"\nu\nn\n4\nq\n", 2, 2, []string{"Another etch was quicker.\nUndo \"hard\" on card1", "Nothing was undone.\neasy: back in"}},
		"plain, undone": {"\nu\ny\n4\nq\n", 3, 1, []string{"Undone.", "Q: What is card1?\nA:", "easy: back in"}},
		"json": {
			`{"cmd":"undo"}` + "\n" + `{"cmd":"undo"}` + "\n", 2, 0,
			[]string{`"code":"stale"`, `{"event":"card","card":"card0"`, `"cmd":"undo","card":"card1"`},
		},
	} {
		t.Run(name, func(t *testing.T) {
			sess, store, clock := newSession(t, 3)
			store.elsewhere(t, "card1", clock.Now())
			var out strings.Builder
			var err error
			if name == "json" {
				err = JSON(context.Background(), strings.NewReader(tt.input), &out, sess, texts{}, clock)
			} else {
				err = Plain(context.Background(), strings.NewReader(tt.input), &out, sess, texts{}, clock.Now)
			}
			if err != nil {
				t.Fatal(err)
			}
			for _, text := range tt.says {
				if !strings.Contains(out.String(), text) {
					t.Errorf("it does not say %q:\n%s", text, out.String())
				}
			}
			if live := len(scheduler.Live(store.log)); len(store.log) != tt.rows || live != tt.live {
				t.Errorf("%d rows, %d of them stand; want %d and %d", len(store.log), live, tt.rows, tt.live)
			}
		})
	}
}

// TestUndoOfNothingReadsAgain: the card on show is gone by then, so another
// one is, and no line grades it unseen.
func TestUndoOfNothingReadsAgain(t *testing.T) {
	for name, input := range map[string]string{
		"plain": "\nu\n4\n",
		"json":  `{"cmd":"reveal"}` + "\n" + `{"cmd":"undo"}` + "\n" + `{"cmd":"grade","card":"card0","rating":4}` + "\n",
	} {
		sess, store, clock := newSession(t, 2)
		store.items = store.items[1:]
		var out strings.Builder
		var err error
		if name == "json" {
			err = JSON(context.Background(), strings.NewReader(input), &out, sess, texts{}, clock)
		} else {
			err = Plain(context.Background(), strings.NewReader(input), &out, sess, texts{}, clock.Now)
		}
		if err != nil {
			t.Fatal(err)
		}
		if len(store.log) != 0 || !strings.Contains(out.String(), "What is card1?") {
			t.Errorf("%s: log %v\n%s", name, store.log, out.String())
		}
	}
}

// Where the next line begins after one that is too long cannot be told, so the
// session ends there, and says so.
func TestJSONEndsAtALineTooLong(t *testing.T) {
	sess, _, clock := newSession(t, 1)
	var out strings.Builder
	if err := JSON(context.Background(), strings.NewReader(strings.Repeat("x", maxLine+1)), &out, sess, texts{}, clock); err != nil {
		t.Fatal(err)
	}
	if got := out.String(); !strings.Contains(got, `"code":"bad-line"`) || !strings.Contains(got, `"event":"done"`) {
		t.Errorf("transcript:\n%s", got)
	}
}

// FuzzPlain: whatever the lines say, only what a line graded after a reveal is
// recorded, and no control byte comes out.
func FuzzPlain(f *testing.F) {
	f.Add("\n3\n\n1\nu\ny\n*\n-\n@\ns\nw\n?\nq\n")
	f.Add("show\r\nGOOD\r\n\x00\x1b[2J\n")
	f.Fuzz(func(t *testing.T, input string) {
		sess, store, clock := newSession(t, 3)
		var out strings.Builder
		err := Plain(context.Background(), strings.NewReader(input), &out, sess, texts{}, clock.Now)
		if err != nil && err != errTooLong {
			t.Fatal(err)
		}
		if strings.ContainsAny(out.String(), "\x00\x1b\r") {
			t.Errorf("control bytes in %q", out.String())
		}
		if rates, said := rated(store.log), strings.Count(out.String(), ": back in "); rates != said {
			t.Errorf("%d answers recorded, %d told", rates, said)
		}
	})
}

// FuzzJSON: every output line is an object, and the recorded events are the
// log's rows.
func FuzzJSON(f *testing.F) {
	f.Add(`{"cmd":"reveal"}` + "\n" + `{"cmd":"grade","card":"card0","rating":3}` + "\n" + `{"cmd":"undo"}`)
	f.Add(`{"cmd":"flag","reason":"x"}` + "\n" + `{"cmd":"bury"}` + "\n" + `{"cmd":"reveal","now":"2026-11-25T08:00:00Z"}` + "\n" + `{"cmd":"skip"}`)
	f.Add("[]\nnull\n{\"cmd\":7}\n\n{")
	f.Fuzz(func(t *testing.T, input string) {
		sess, store, clock := newSession(t, 3)
		var out strings.Builder
		if err := JSON(context.Background(), strings.NewReader(input), &out, sess, texts{}, clock); err != nil {
			t.Fatal(err)
		}
		recorded, last := 0, ""
		for _, line := range strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n") {
			var e struct{ Event, Cmd, Log string }
			if err := json.Unmarshal([]byte(line), &e); err != nil {
				t.Fatalf("output line %q: %v", line, err)
			}
			if e.Event == "recorded" && e.Log != "" {
				recorded++
			}
			last = e.Event
		}
		if recorded != len(store.log) {
			t.Errorf("%d recorded events, %d rows", recorded, len(store.log))
		}
		if last != "done" && last != "error" {
			t.Errorf("the last event is %q", last)
		}
	})
}

func rated(log []scheduler.Entry) (n int) {
	for _, e := range log {
		if e.Kind == scheduler.Rate {
			n++
		}
	}
	return n
}
