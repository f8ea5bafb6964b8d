package anki

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"etch/storage"
)

// table imports a text file that was changed at a time.
func table(t tb, s *storage.Store, text string, changed time.Time) (storage.ImportReport, []Problem) {
	t.Helper()
	c, _, err := ReadText(context.Background(), strings.NewReader(text), TextOptions{Deck: "Table", Comma: ','})
	ok(t, err)
	for i := range c.Notes {
		c.Notes[i].Mod = changed.Unix()
	}
	in, problems, err := Import(context.Background(), c, ImportOptions{Scheduler: s.Scheduler(), Here: contentOf(t, s)})
	ok(t, err)
	r, err := s.Import(context.Background(), in, storage.ImportOptions{Now: changed})
	ok(t, err)
	healthy(t, s)
	return r, problems
}

// asTable exports a store to a text file.
func asTable(t tb, s *storage.Store) string {
	t.Helper()
	c, _ := exported(t, s, false)
	var b bytes.Buffer
	ok(t, WriteText(context.Background(), &b, c, ','))
	return b.String()
}

// A table of what is here changes nothing, whatever note types came with it;
// a row with another text changes the text, and nothing that Anki knows a note by.
func TestTableOverAnImport(t *testing.T) {
	s := newStore(t, time.UTC)
	p := open(t, "testdata/latest-sched.apkg", Options{Now: monday})
	into(t, s, &p.Collection)
	c := reversed()
	c.Notes[0].Fields = []string{"front <b>side</b>", "back side"}
	c.NoteTypes = append(c.NoteTypes, NoteType{ID: 77, Name: "Capital", Fields: []Field{{Name: "Country"}, {Name: "Hidden"}, {Name: "City"}}, Templates: []Template{{Name: "1", Front: "What is the capital of {{Country}}?", Back: "{{City}}"}}})
	c.Notes = append(c.Notes, Note{ID: 1700000000077, GUID: "cap", Type: 77, Mod: 5, Fields: []string{"France", "never shown", "Paris"}, Tags: []string{"geo"}})
	c.Cards = append(c.Cards, Card{ID: 1700000000077, Note: 1700000000077, Deck: c.Cards[0].Deck})
	into(t, s, c)
	before := contentOf(t, s)
	text, later := asTable(t, s), monday.Add(time.Hour)
	if r, problems := table(t, s, text, later); r.New+r.Updated+r.Cards+r.Edited != 0 || r.Unchanged != len(before.Notes) || len(r.Skipped) > 0 {
		t.Fatalf("%+v %+v", r, problems)
	}
	sameContent(t, before, contentOf(t, s))

	edited := strings.NewReplacer("Paris", "Lutetia", "back side", "other side").Replace(text)
	for range 2 {
		r, problems := table(t, s, edited, later.Add(time.Hour))
		if r.New+r.Cards+r.Edited != 0 || len(r.Skipped) > 0 || r.Updated != 0 && r.Updated != 3 {
			t.Fatalf("%+v %+v", r, problems)
		}
	}
	texts := make(map[string]string)
	for i, n := range contentOf(t, s).Notes {
		was := before.Notes[i]
		if n.GUID != was.GUID || n.AnkiID != was.AnkiID || n.Cards[0].AnkiID != was.Cards[0].AnkiID || n.Fields != was.Fields || !slices.Equal(n.Tags, was.Tags) {
			t.Errorf("%+v was %+v", n, was)
		}
		texts[n.Front] = n.Back
	}
	if texts["What is the capital of France?"] != "Lutetia" || texts["other side"] != "front **side**" || texts["front **side**"] != "other side" {
		t.Errorf("%q", texts)
	}
	// The package, which is older, changes nothing of it, and goes out again.
	if r, _ := into(t, s, c); r.New+r.Updated+r.Cards+r.Rows != 0 || r.Edited != 3 {
		t.Errorf("%+v", r)
	}
	roundTrip(t, s, c)
}

// What a table brought goes out as etch's own notes, with ids of its own time,
// and comes back from its own file and from an exported one.
func TestTableOfItsOwn(t *testing.T) {
	s := newStore(t, time.UTC)
	text := "q one,<b>a</b>,more\nq two,a\nq two,another\nq two,a\na {{c1::cloze}},extra\n"
	r, problems := table(t, s, text, monday)
	if r.New != 4 || len(problems) == 0 {
		t.Fatalf("%+v %+v", r, problems)
	}
	if !slices.ContainsFunc(problems, func(p Problem) bool {
		return p.Skipped && p.Count == 1 && strings.HasPrefix(p.Why, "rows with the same fields as one before")
	}) {
		t.Errorf("%+v", problems)
	}
	before := contentOf(t, s)
	for range 2 {
		if r, _ := table(t, s, text, monday.Add(time.Hour)); r.New+r.Updated+r.Cards != 0 || r.Unchanged != 4 {
			t.Errorf("again: %+v", r)
		}
		if r, _ := table(t, s, asTable(t, s), monday.Add(time.Hour)); r.New+r.Updated+r.Cards != 0 || r.Unchanged != 4 {
			t.Errorf("exported: %+v", r)
		}
	}
	sameContent(t, before, contentOf(t, s))
	out, told := roundTrip(t, s, nil)
	if len(told) > 0 || len(out.NoteTypes) != 2 || out.NoteTypes[0].ID != BasicTypeID || out.NoteTypes[1].ID != ClozeTypeID {
		t.Errorf("%q %+v", told, out.NoteTypes)
	}
	for _, n := range out.Notes {
		if n.ID < monday.UnixMilli() || len(n.Fields) != 6 {
			t.Errorf("%+v", n)
		}
	}
	// Another table has no say in these.
	if r, _ := table(t, s, "x,{{c1::y}},z\n{{c1::z}},,,more\n", monday.Add(time.Hour)); r.New != 2 {
		t.Errorf("%+v", r)
	}
	roundTrip(t, s, nil)
	// An edit, and a row that is added.
	edited := strings.Replace(text, "q one,<b>a</b>", "q one,<b>b</b>", 1) + "new,row\n"
	if r, _ := table(t, s, edited, monday.Add(2*time.Hour)); r.New != 1 || r.Updated != 1 || r.Unchanged != 3 {
		t.Errorf("%+v", r)
	}
	if r, _ := table(t, s, edited, monday.Add(2*time.Hour)); r.Unchanged != 5 || r.Edited != 0 {
		t.Errorf("%+v", r)
	}
	roundTrip(t, s, nil)
}
