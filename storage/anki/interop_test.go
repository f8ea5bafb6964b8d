package anki

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"etch/deck"
	"etch/scheduler"
	"etch/storage"
)

// What Anki itself showed to be wrong; .ci/anki.py holds whole packages
// against it.

func testScheduler(t *testing.T) *scheduler.Scheduler {
	t.Helper()
	s, err := scheduler.NewScheduler(scheduler.Defaults(), time.UTC)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// testNote returns a note of a folder with one card.
func testNote(id, title, topic string, changed time.Time) storage.ContentNote {
	return storage.ContentNote{
		ID: deck.NoteID(id), Kind: deck.Basic, Front: "front", Back: "back", Title: title, Topic: topic,
		Library: deck.KindFolder, GUID: id, AnkiID: changed.UnixMilli(), Changed: changed,
		Cards: []storage.ContentCard{{ID: deck.CardID(id), AnkiID: changed.UnixMilli()}},
	}
}

var mondayNight = time.Date(2026, 11, 23, 22, 0, 0, 0, time.UTC)

func TestSuspendedStepIsDueInSeconds(t *testing.T) {
	s := testScheduler(t)
	due := mondayNight.Add(8 * time.Hour) // the next study day
	for _, suspended := range []bool{false, true} {
		n := testNote("a", "T", "x", mondayNight)
		n.Cards[0].Memory = scheduler.Memory{
			State: scheduler.Learning, DueAt: due, Last: mondayNight, LastDay: s.Day(mondayNight), Stability: 1, Difficulty: 5, Reps: 1, Suspended: suspended,
		}
		n.Cards[0].Rows = []scheduler.Entry{{
			ID: "r", Kind: scheduler.Rate, Rating: 3, At: mondayNight, Day: s.Day(mondayNight), AnkiID: mondayNight.UnixMilli(),
		}}
		c, _, err := Export(context.Background(), &storage.Content{Notes: []storage.ContentNote{n}}, ExportOptions{Scheduler: s, Progress: true})
		if err != nil {
			t.Fatal(err)
		}
		card := c.Cards[0]
		if want := suspended; (card.Due == due.Unix()) != want || (card.Queue == Suspended) != want {
			t.Errorf("suspended %v: queue %d due %d", suspended, card.Queue, card.Due)
		}
	}
}

// Check Database sets a due day after 100,000 to today, counted from the day on
// which the collection began that the package goes into; due seconds have 32 bits.
func TestFarDueDays(t *testing.T) {
	s := testScheduler(t)
	far := time.Date(9999, 12, 31, 12, 0, 0, 0, time.UTC)
	for _, m := range []scheduler.Memory{
		{State: scheduler.Review, DueDay: s.Day(far), Interval: int(s.Day(far) - s.Day(mondayNight))},
		{State: scheduler.Learning, DueAt: far, Suspended: true},
		{State: scheduler.Learning, DueAt: far},
	} {
		m.Last, m.LastDay, m.Stability, m.Difficulty, m.Reps = mondayNight, s.Day(mondayNight), 1, 5, 1
		n := testNote("a", "T", "x", mondayNight)
		n.Cards[0].Memory = m
		c, told, err := Export(context.Background(), &storage.Content{Notes: []storage.ContentNote{n}}, ExportOptions{Scheduler: s, Progress: true})
		if err != nil {
			t.Fatal(err)
		}
		if err := Write(context.Background(), io.Discard, c); err != nil {
			t.Fatal(err)
		}
		card := c.Cards[0]
		if seconds := card.State == Learning && card.Queue == Suspended; !seconds && (card.Due > 90_000 || card.Due < 36_500) || len(told) != 1 {
			t.Errorf("due %d, told %q", card.Due, told)
		}
	}
}

func TestDeckNames(t *testing.T) {
	imported := testNote("c", "Default", "", mondayNight.Add(2*time.Second))
	imported.Library = deck.KindAnki
	content := &storage.Content{Notes: []storage.ContentNote{
		testNote("a", "Cache", "API", mondayNight), testNote("b", "cache", "api", mondayNight.Add(time.Second)), imported,
		testNote("d", "a:::", ":::b", mondayNight.Add(3*time.Second)),
	}}
	c, _, err := Export(context.Background(), content, ExportOptions{Scheduler: testScheduler(t)})
	if err != nil {
		t.Fatal(err)
	}
	if err := Write(context.Background(), io.Discard, c); err != nil {
		t.Fatal(err)
	}
	if c.Cards[0].Deck != c.Cards[1].Deck || c.Cards[2].Deck != 1 {
		t.Errorf("decks of the cards: %d %d %d", c.Cards[0].Deck, c.Cards[1].Deck, c.Cards[2].Deck)
	}
}

func TestPictureOfAPost(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a dot.png")
	note := testNote("a", "T", "x", mondayNight)
	note.Folder, note.Back = dir, "![dot](a%20dot.png)"
	field, mod := "", note.Changed.Unix()
	for i, text := range []string{"one", "two"} {
		later := mondayNight.Add(time.Duration(i) * time.Hour)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, later, later); err != nil {
			t.Fatal(err)
		}
		c, _, err := Export(context.Background(), &storage.Content{Notes: []storage.ContentNote{note}}, ExportOptions{Scheduler: testScheduler(t)})
		if err != nil {
			t.Fatal(err)
		}
		n := c.Notes[0]
		if n.Fields[1] == field || n.Mod != later.Unix() || len(c.Media) != 1 || !strings.Contains(n.Fields[1], c.Media[0].Name) {
			t.Errorf("write %d: field %q, mod %d (%d before), media %v", i, n.Fields[1], n.Mod, mod, c.Media)
		}
		field, mod = n.Fields[1], n.Mod
	}
}

// fromAnki imports one card with its reviews.
func fromAnki(t *testing.T, card Card, reviews ...Review) []scheduler.Entry {
	t.Helper()
	card.ID, card.Note, card.Deck = 1, 1, 1
	for i := range reviews {
		reviews[i].Card = 1
	}
	c := &Collection{
		Created: 1795492800, HasWest: true, Rollover: 4, Scheduler: 2, NoteTypes: []NoteType{BasicType()},
		Decks: []Deck{{ID: 1, Name: "Default"}}, Notes: []Note{{ID: 1, GUID: "g", Type: BasicTypeID, Fields: []string{"f", "b", "", "", "", ""}}},
		Cards: []Card{card}, Reviews: reviews,
	}
	in, _, err := Import(context.Background(), c, ImportOptions{Scheduler: testScheduler(t), Progress: true})
	ok(t, err)
	return in.Decks[0].Notes[0].Cards[0].Rows
}

func TestDueDateSetInAnki(t *testing.T) {
	s := testScheduler(t)
	day0 := s.Day(time.Unix(1795492800, 0))
	at := int64(1795500000000)
	answer := Review{ID: at, Ease: 3, Interval: -600, Factor: 500, Kind: Learned}
	set := Review{ID: at + 1000, Factor: 2500, Kind: Manual}
	moved := Review{ID: at + 1000, Factor: 2500, Interval: 9, Kind: Rescheduled}
	reset := Review{ID: at + 2500, Kind: Manual}
	card := Card{State: Reviewing, Queue: ReviewQueue, Due: 5, Factor: 2500, Mod: at/1000 + 2}
	learned := card
	learned.Memory = &Memory{Stability: 2, Difficulty: 5}
	for name, rows := range map[string][]scheduler.Entry{
		"in a step":                  fromAnki(t, learned, answer, set),
		"moved by Anki":              fromAnki(t, learned, answer, moved),
		"new":                        fromAnki(t, card, set),
		"reset in the same second":   fromAnki(t, card, answer, reset, Review{ID: at + 2501, Factor: 2500, Kind: Manual}),
		"without a row in a new one": fromAnki(t, card),
	} {
		slices.Reverse(rows) // any order
		if m := s.Fold(rows); m.State != scheduler.Review || m.DueDay != day0+5 {
			t.Errorf("%s: state %v, due %v, want review, %v", name, m.State, m.DueDay, day0+5)
		}
	}
}

func TestNoLastReviewAfterReset(t *testing.T) {
	c := &Collection{Reviews: []Review{
		{ID: 1000, Card: 1, Ease: 3}, {ID: 2000, Card: 1, Kind: Manual}, {ID: 3000, Card: 2, Kind: Manual}, {ID: 4000, Card: 2, Ease: 1},
	}}
	if last := lastReviews(c); last[1] != 0 || last[2] != 4 {
		t.Errorf("last reviews %v, want 4 s for card 2 alone", last)
	}
}

// An Anki without pictures writes a list of no bytes, packed.
func TestEmptyMediaListOfTheNewestForm(t *testing.T) {
	list := []byte("\x28\xb5\x2f\xfd\x20\x00\x01\x00\x00")
	hostile{name: "empty list", latest: true, noList: true, files: []entry{{name: "media", data: list}}, check: mediaNames()}.run(t)
}

// What cannot be valid in Anki is left out and named; the others go.
func TestExportLeavesOutAndNames(t *testing.T) {
	s := testScheduler(t)
	good, noID, noGUID, odd := testNote("good", "T", "x", mondayNight), testNote("no-id", "T", "x", mondayNight), testNote("no-guid", "T", "x", mondayNight), testNote("odd", "T", "x", mondayNight)
	noID.Cards[0].AnkiID, noGUID.GUID = -1, ""
	noID.Cards[0].Rows = []scheduler.Entry{{ID: "r", Kind: scheduler.Rate, Rating: 3, At: mondayNight, AnkiID: mondayNight.UnixMilli()}}
	noGUID.Cards[0].AnkiID++
	odd.Cards[0].AnkiID += 2
	odd.Cards[0].Memory = scheduler.Memory{State: scheduler.Review, DueDay: 1, Stability: -1, Difficulty: 99}
	odd.Cards[0].Rows = []scheduler.Entry{{ID: "q", Kind: scheduler.Rate, Rating: 9, At: mondayNight, AnkiID: mondayNight.UnixMilli() + 1}}
	c, told, err := Export(context.Background(), &storage.Content{Notes: []storage.ContentNote{good, noID, noGUID, odd}}, ExportOptions{Scheduler: s, Progress: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := Write(context.Background(), io.Discard, c); err != nil {
		t.Fatal(err)
	}
	want := []string{"cards that cannot be valid in Anki are left out: no-id, no-guid (2)", "reviews that cannot be valid in Anki are left out (1)"}
	if !slices.Equal(told, want) || len(c.Notes) != 2 || len(c.Cards) != 2 || len(c.Reviews) != 0 || c.Cards[1].Memory != nil || c.Cards[1].State != Reviewing {
		t.Errorf("%q %+v %+v", told, c.Cards, c.Reviews)
	}
}
