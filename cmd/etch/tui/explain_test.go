package tui

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"pgregory.net/rapid"

	"etch/deck"
	"etch/scheduler"
)

// Explain makes bench a History, with the real scheduler's numbers.
func (b *bench) Explain(_ context.Context, id deck.CardID) (Explanation, error) {
	if _, ok := b.texts[id]; !ok || b.failLoad != nil {
		return Explanation{}, errors.Join(b.failLoad, fmt.Errorf("read card %s: not found", id))
	}
	m, now := b.item(id).Memory, b.clock.Now()
	rows := slices.DeleteFunc(scheduler.Live(slices.Concat(b.past, b.log)), func(e scheduler.Entry) bool { return e.Card != id })
	return Explanation{
		Found: Found{Card: b.texts[id], Memory: m, Recall: b.sched.Retrievability(m, now)},
		File:  "/home/ada/notes/caching/consistent-hashing.md", Rows: rows, Buttons: b.sched.Preview(id, m, now),
		Curve: func(days float64) float64 { return b.sched.Model().Retrievability(m.Stability, days) },
	}, nil
}

// Get and Set make bench Options. What is set counts from the next read.
func (b *bench) Get(context.Context) (scheduler.Settings, error) { return b.sched.Settings(), nil }

func (b *bench) Set(_ context.Context, changes map[string]string) error {
	if b.fail != nil {
		return b.fail
	}
	set := b.sched.Settings()
	for key, value := range changes {
		if err := set.Set(key, value); err != nil {
			return err
		}
	}
	sched, err := scheduler.NewScheduler(set, time.UTC)
	if err == nil {
		b.sched = sched
	}
	return err
}

// act records what a key of a review does to a card.
func (b *bench) act(id deck.CardID, at time.Time, do func(scheduler.Memory, scheduler.Stamp) (scheduler.Entry, scheduler.Memory, error)) {
	b.t.Helper()
	b.ids++
	name := fmt.Sprintf("act-%04d", b.ids)
	entry, memory, err := do(b.item(id).Memory, scheduler.Stamp{ID: name, Act: name, Session: "past", At: at})
	if err != nil {
		b.t.Fatal(err)
	}
	b.log = append(b.log, entry)
	b.item(id).Memory = memory
}

func (b *bench) answer(id deck.CardID, at time.Time, rating scheduler.Rating, took time.Duration) {
	b.t.Helper()
	b.act(id, at, func(m scheduler.Memory, st scheduler.Stamp) (scheduler.Entry, scheduler.Memory, error) {
		return b.sched.Answer(id, m, st, rating, took)
	})
}

func (b *bench) markAt(id deck.CardID, at time.Time, kind scheduler.Kind, arg string) {
	b.t.Helper()
	b.act(id, at, func(m scheduler.Memory, st scheduler.Stamp) (scheduler.Entry, scheduler.Memory, error) {
		return b.sched.Act(id, m, st, kind, arg)
	})
}

// studied is a card with a life: learned, known, forgotten, flagged.
func studied(t *testing.T, change func(*scheduler.Settings)) *bench {
	b := newBench(t, 1, 0, change)
	const id = "new00"
	at := monday.AddDate(0, -2, 0)
	for i, step := range []struct {
		after  time.Duration
		rating scheduler.Rating
		took   time.Duration
	}{
		{0, scheduler.Again, 41 * time.Second},
		{time.Minute, scheduler.Good, 9 * time.Second},
		{10 * time.Minute, scheduler.Good, 7 * time.Second},
		{50 * time.Hour, scheduler.Good, 12 * time.Second},
		{8 * 24 * time.Hour, scheduler.Again, 75 * time.Second},
		{10 * time.Minute, scheduler.Good, 6 * time.Second},
		{26 * time.Hour, scheduler.Hard, 22 * time.Second},
		{5 * 24 * time.Hour, scheduler.Good, 11 * time.Second},
		{27 * 24 * time.Hour, scheduler.Good, 8 * time.Second},
	} {
		at = at.Add(step.after)
		b.answer(id, at, step.rating, step.took)
		if i == 4 {
			b.markAt(id, at.Add(time.Second), scheduler.Flag, "the number is out of date")
		}
	}
	return b
}

var explainLooks = []struct {
	name string
	open func(t *testing.T) *pumped
}{
	{"studied", func(t *testing.T) *pumped { return pump(t, NewExplain(studied(t, nil).env, "new00")) }},
	{"end", func(t *testing.T) *pumped { return pump(t, NewExplain(studied(t, nil).env, "new00"), "G") }},
	{"new", func(t *testing.T) *pumped { return pump(t, NewExplain(newBench(t, 1, 0, nil).env, "new00")) }},
	{"learning", func(t *testing.T) *pumped {
		b := newBench(t, 1, 0, nil)
		b.answer("new00", monday.Add(-4*time.Minute), scheduler.Again, 20*time.Second)
		b.answer("new00", monday.Add(-2*time.Minute), scheduler.Good, 8*time.Second)
		return pump(t, NewExplain(b.env, "new00"))
	}},
	{"leech", func(t *testing.T) *pumped {
		b := studied(t, func(s *scheduler.Settings) { s.LeechThreshold = 1 })
		card := b.texts["new00"]
		card.Question = longAnswer
		b.texts["new00"] = card
		b.markAt("new00", monday, scheduler.Suspend, "")
		return pump(t, NewExplain(b.env, "new00"))
	}},
	{"missing", func(t *testing.T) *pumped { return pump(t, NewExplain(newBench(t, 0, 0, nil).env, "gone")) }},
}

func TestExplainLooks(t *testing.T) {
	for _, look := range explainLooks {
		for _, size := range sizes {
			name := fmt.Sprintf("explain-%s-%dx%d", look.name, size[0], size[1])
			t.Run(name, func(t *testing.T) {
				p := look.open(t).resize(size[0], size[1])
				if look.name == "end" {
					p.press("G")
				}
				p.golden(name)
				if strings.Contains(p.view(), "\x1b") {
					t.Error("there is an escape sequence without colour")
				}
			})
		}
	}
	t.Run("color", func(t *testing.T) {
		b := studied(t, nil)
		b.env.Style.Color = true
		pump(t, NewExplain(b.env, "new00")).golden("explain-color")
	})
}

func TestExplainScrolls(t *testing.T) {
	p := pump(t, NewExplain(studied(t, nil).env, "new00")).resize(60, 15).shows("What does consistent", "1/")
	p.press("j", "down").hides("What does consistent").press("k", "up").shows("What does consistent")
	p.press("G").shows("card new00").press("g").shows("What does consistent")
	p.press("space", "pgdown", "pgup", "pgup", "home").shows("What does consistent")
	p.press("jjj").hides("What does consistent").press("end").shows("card new00").resize(100, 15).shows("card new00").resize(40, 15).shows("card new00")
}

func TestExplainEdits(t *testing.T) {
	b := studied(t, nil)
	b.edits = func() (string, error) {
		card := b.texts["new00"]
		card.Question = "What did the edit make of it?"
		b.texts["new00"] = card
		return "1 card edited", nil
	}
	told := &listener{}
	p := pump(t, told)
	p.send(openMsg{NewExplain(b.env, "new00")})
	p.press("e").shows("What did the edit make of it?", "1 card edited").press("j").hides("1 card edited")
	b.edits = nil
	p.press("e").shows("cannot be edited: EDITOR is not set").press("q")
	if _, ok := told.result.(cardChanged); !ok {
		t.Errorf("the screen below was told %v", told.result)
	}
	p.send(openMsg{NewExplain(b.env, "new00")})
	if p.press("esc"); told.result != nil {
		t.Errorf("the screen below was told %v, though nothing changed", told.result)
	}
	p.send(openMsg{NewExplain(b.env, "new00")})
	p.press("?").shows("What the numbers say").press("esc").shows("explain").press("ctrl+c")
	if !p.ended {
		t.Error("ctrl+c does not leave")
	}
}

// listener is a screen that keeps what it is told.
type listener struct{ result any }

func (l *listener) update(msg tea.Msg) (screen, tea.Cmd) {
	if r, ok := msg.(resultMsg); ok {
		l.result = r.result
	}
	return l, nil
}

func (l *listener) view(int, int) string { return "" }

// TestExplainHides: neither the answer nor the takeaway may show, for a review
// opens this screen before the reveal.
func TestExplainHides(t *testing.T) {
	b := studied(t, nil)
	card := b.texts["new00"]
	card.Answer, card.Takeaway, card.Why, card.Back = "SECRET", "SECRET", "SECRET", "SECRET"
	b.texts["new00"] = card
	pump(t, NewExplain(b.env, "new00")).resize(120, 100).hides("SECRET")
}

// TestExplainWords covers the rows that few cards have.
func TestExplainWords(t *testing.T) {
	b := studied(t, nil)
	id := deck.CardID("new00")
	b.markAt(id, monday, scheduler.Bury, "")
	b.markAt(id, monday, scheduler.Suspend, "")
	b.markAt(id, monday, scheduler.Resume, "")
	b.markAt(id, monday, scheduler.Unflag, "")
	b.markAt(id, monday, scheduler.Flag, "")
	b.act(id, monday, func(m scheduler.Memory, st scheduler.Stamp) (scheduler.Entry, scheduler.Memory, error) {
		return b.sched.SetDue(id, m, st, b.sched.Day(monday)+400)
	})
	pump(t, NewExplain(b.env, id)).resize(100, 100).shows("Buried until tomorrow.", "* fix me", "due Tue 28 Dec 2027, in 1.1 y",
		"buried until the next day", "suspended", "resumed", "mark taken off", "marked: fix me", "due date set: 2027-12-28")
	b.markAt(id, monday, scheduler.Forget, "")
	pump(t, NewExplain(b.env, id)).resize(100, 100).shows("New: it was never answered.", "forgotten: new again")
	seeded := newBench(t, 0, 1, nil)
	pump(t, NewExplain(seeded.env, "due00")).resize(100, 100).shows("due today", "came with a state: next in 10 d")
}

func TestExplainFitsEverywhere(t *testing.T) {
	for _, look := range explainLooks {
		everySize(look.open(t))
	}
}

func TestExplainAnyKeys(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		look := rapid.SampledFrom(explainLooks).Draw(rt, "look")
		p := look.open(t)
		for range rapid.IntRange(1, 40).Draw(rt, "presses") {
			if p.ended {
				return
			}
			if rapid.IntRange(0, 4).Draw(rt, "event") == 0 {
				p.resize(rapid.IntRange(20, 150).Draw(rt, "width"), rapid.IntRange(6, 50).Draw(rt, "height"))
				continue
			}
			p.press(rapid.SampledFrom(anyKey).Draw(rt, "key"))
		}
	})
}
