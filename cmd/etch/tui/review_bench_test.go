package tui

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"testing"
	"time"

	"etch/deck"
	"etch/scheduler"
)

// monday is 8 in the morning of a study day.
var monday = time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)

// bench is a review on cards in memory: the scheduler and its session are the
// real ones.
type bench struct {
	t     *testing.T
	clock *fakeClock
	sched *scheduler.Scheduler
	env   Env

	cards []scheduler.Item
	texts map[deck.CardID]deck.Card
	past  []scheduler.Entry // how the cards came to be where they are
	log   []scheduler.Entry

	home     Home
	passage  string
	fail     error // of everything that writes
	failLoad error
	sessions int
	searches int
	ended    int
	edits    func() (string, error)
	ends     []error // how the editors ended
	drops    error   // from what was made for an editor that failed
	ids      int
}

// newBench has new cards and reviews that are due on monday.
func newBench(t *testing.T, fresh, due int, change func(*scheduler.Settings)) *bench {
	t.Helper()
	set := scheduler.Defaults()
	set.Fuzz = false
	if change != nil {
		change(&set)
	}
	sched, err := scheduler.NewScheduler(set, time.UTC)
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{t: t, clock: &fakeClock{monday}, sched: sched, texts: make(map[deck.CardID]deck.Card), passage: passageText}
	b.env = Env{Ctx: context.Background(), Now: b.clock.Now, Texts: b, Study: b, Posts: b, Cards: b, History: b, Options: b}
	for i := range due {
		b.addDue(fmt.Sprintf("due%02d", i))
	}
	for i := range fresh {
		id := deck.CardID(fmt.Sprintf("new%02d", i))
		b.cards = append(b.cards, scheduler.Item{Card: id, NewPos: int64(i)})
		b.texts[id] = textOf(id)
	}
	return b
}

func (b *bench) addDue(name string) {
	today := b.sched.Day(monday)
	id := deck.CardID(name)
	seed := scheduler.Entry{
		ID: "seed-" + name, Card: id, Kind: scheduler.Seed, At: monday.AddDate(0, 0, -10), Day: today - 10, Arg: "reps=3 lapses=0", Source: scheduler.FromImport,
		Then: scheduler.Decision{State: scheduler.Review, Interval: 10, DueDay: today, Stability: 10, Difficulty: 5},
	}
	b.past = append(b.past, seed)
	b.cards = append(b.cards, scheduler.Item{Card: id, Memory: b.sched.Fold([]scheduler.Entry{seed})})
	b.texts[id] = textOf(id)
}

// addLater adds a review that is due some days after monday.
func (b *bench) addLater(name string, days int) {
	b.addDue(name)
	i := len(b.past) - 1
	b.past[i].Then.DueDay += scheduler.Day(days)
	b.item(deck.CardID(name)).Memory = b.sched.Fold(b.past[i:])
}

func textOf(id deck.CardID) deck.Card {
	return deck.Card{
		ID: id, Kind: deck.Basic, Topic: "caching", Title: "Consistent Hashing", Post: "consistent-hashing", Tags: []string{"caching"},
		Question: fmt.Sprintf("What does consistent hashing buy when a node joins? (%s)", id),
		Answer:   "Only `K/N` keys move, not all of them.\n\n- virtual nodes even out the load\n- a dead node's keys spread over the others",
		Source:   "Karger et al., Consistent Hashing and Random Trees, STOC 1997", AsOf: "2026-11",
	}
}

const passageText = `## Modulo hashing moves almost every key when N changes

` + "`hash(key) % N`" + ` ties every key to the number of servers. Change N and nearly
all keys move: a cache fleet goes cold at once and the database takes the load.

A ring moves only the keys between the new server and its neighbour.`

// review starts a review and draws it.
func (b *bench) review(opt scheduler.SessionOptions, keys ...string) *pumped {
	b.t.Helper()
	r := NewReview(b.env, opt).(*review)
	r.after = noTick
	return pumpWith(b.t, b.clock, r, keys...)
}

func (b *bench) item(card deck.CardID) *scheduler.Item {
	i := slices.IndexFunc(b.cards, func(it scheduler.Item) bool { return it.Card == card })
	return &b.cards[i]
}

// rates is how many answers the log holds, taken back or not.
func (b *bench) rates() int {
	n := 0
	for _, e := range b.log {
		if e.Kind == scheduler.Rate {
			n++
		}
	}
	return n
}

// Load, Record and Void make bench a scheduler.Store.
func (b *bench) Load(_ context.Context, q scheduler.Query) (scheduler.Snapshot, error) {
	day := b.sched.Day(q.Now)
	snap := scheduler.Snapshot{Seen: map[deck.NoteID]deck.CardID{}, Today: b.today(day)}
	for _, it := range b.cards {
		m := it.Memory
		if len(q.Tags) > 0 && !slices.ContainsFunc(q.Tags, func(tag string) bool { return slices.Contains(b.texts[it.Card].Tags, tag) }) {
			continue
		}
		if q.Topic != "" && q.Topic != b.texts[it.Card].Topic {
			continue
		}
		if q.Cram && m.State == scheduler.New {
			continue
		}
		snap.Items = append(snap.Items, it)
		if m.State == scheduler.Review && m.DueDay <= day+scheduler.Day(q.Ahead) && !m.Suspended && m.BuriedDay != day {
			snap.Waiting++
		}
	}
	for _, e := range scheduler.Live(b.log) {
		if e.Kind == scheduler.Rate && e.Day == day {
			snap.Seen[e.Card.Note()] = e.Card
		}
		snap.Newest = &scheduler.Action{Act: e.Act, Kind: e.Kind, Rating: e.Rating, At: e.At, Session: e.Session, Items: []scheduler.Item{*b.item(e.Card)}}
	}
	return snap, b.failLoad
}

func (b *bench) Record(_ context.Context, rows ...scheduler.Row) (scheduler.Today, error) {
	if b.fail != nil {
		return scheduler.Today{}, b.fail
	}
	for _, r := range rows {
		if b.item(r.Entry.Card).Memory.Head != r.Entry.Prev {
			return scheduler.Today{}, scheduler.ErrStale
		}
		b.log = append(b.log, r.Entry)
		b.item(r.Entry.Card).Memory = r.Memory
	}
	return b.today(rows[0].Entry.Day), nil
}

func (b *bench) Void(_ context.Context, st scheduler.Stamp, act string) (scheduler.Action, error) {
	if b.fail != nil {
		return scheduler.Action{}, b.fail
	}
	live := scheduler.Live(b.log)
	if len(live) == 0 {
		return scheduler.Action{}, scheduler.ErrNothing
	}
	e := live[len(live)-1]
	if act != "" && act != e.Act {
		return scheduler.Action{}, scheduler.ErrStale
	}
	b.log = append(b.log, scheduler.Entry{ID: st.ID, Card: e.Card, Kind: scheduler.Void, Target: e.ID, At: st.At})
	it := b.item(e.Card)
	it.Memory = b.sched.Fold(slices.DeleteFunc(slices.Concat(b.past, b.log), func(x scheduler.Entry) bool { return x.Card != e.Card }))
	return scheduler.Action{Act: e.Act, Kind: e.Kind, Rating: e.Rating, At: e.At, Session: e.Session, Items: []scheduler.Item{*it}, Log: st.ID}, nil
}

func (b *bench) today(day scheduler.Day) (t scheduler.Today) {
	for _, e := range scheduler.Live(b.log) {
		if e.Kind != scheduler.Rate || e.Day != day {
			continue
		}
		switch e.Before.State {
		case scheduler.New:
			t.New++
		case scheduler.Review:
			t.Reviews++
		}
		t.Spent += e.Took
	}
	t.Seq = int64(len(b.log))
	return t
}

// Session, Edit and Ended make bench a Study.
func (b *bench) Session(ctx context.Context, opt scheduler.SessionOptions) (*scheduler.Session, *scheduler.Scheduler, error) {
	b.sessions++
	opt.ID = fmt.Sprintf("session-%d", b.sessions)
	opt.NewID = func() string { b.ids++; return fmt.Sprintf("id-%06d", b.ids) }
	sess, err := scheduler.NewSession(ctx, b.sched, b, opt, b.clock.Now())
	return sess, b.sched, err
}

func (b *bench) Edit(context.Context, deck.CardID) (*exec.Cmd, func(error) (string, error), error) {
	if b.edits == nil {
		return nil, nil, errors.New("EDITOR is not set")
	}
	done := func(ended error) (string, error) {
		b.ends = append(b.ends, ended)
		if ended != nil {
			return "", b.drops
		}
		return b.edits()
	}
	return exec.Command("true"), done, nil
}

func (b *bench) Ended(context.Context) { b.ended++ }

// Card and Passage make bench Texts.
func (b *bench) Card(_ context.Context, id deck.CardID) (deck.Card, error) {
	card, ok := b.texts[id]
	if !ok {
		return card, fmt.Errorf("no card %s", id)
	}
	return card, nil
}

func (b *bench) Passage(context.Context, deck.CardID) (string, error) { return b.passage, b.failLoad }

// Home, Post and Pin make bench Posts.
func (b *bench) Home(context.Context) (Home, error) { return b.home, nil }

func (b *bench) Post(context.Context, string) (*deck.Post, error) { return nil, errors.ErrUnsupported }

func (b *bench) Pin(context.Context, string, bool) error { return errors.ErrUnsupported }
