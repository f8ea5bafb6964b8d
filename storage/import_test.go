package storage

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"etch/deck"
	"etch/scheduler"
)

// incoming returns an import of decks, whose notes were changed yesterday.
func incoming(decks ...IncomingDeck) Incoming { return Incoming{Decks: decks} }

func inDeck(name string, notes ...IncomingNote) IncomingDeck {
	return IncomingDeck{Name: name, Notes: notes}
}

var yesterday = monday.AddDate(0, 0, -1)

// basicNote is an incoming note whose numbers come from its guid.
func basicNote(guid, question, answer string) IncomingNote {
	return textNote(guid, "Q: "+question+"\n\nA: "+answer, 1)
}

func textNote(guid, text string, cards int) IncomingNote {
	at := int64(0)
	for _, r := range guid {
		at = at*31 + int64(r)
	}
	n := IncomingNote{GUID: guid, AnkiID: 1e12 + at*100, Mod: yesterday, Text: text, Fields: `{"type":1}`}
	for ord := range cards {
		n.Cards = append(n.Cards, IncomingCard{Ord: ord, AnkiID: n.AnkiID + int64(ord)})
	}
	return n
}

// row is a rating of an incoming card as Anki gives it.
func (n IncomingNote) row(ord int, at time.Time, r scheduler.Rating, then scheduler.Decision) IncomingNote {
	n.Cards = slices.Clone(n.Cards)
	c := &n.Cards[ord]
	id := fmt.Sprintf("anki:%d:%d", c.AnkiID, at.UnixMilli())
	c.Rows = append(slices.Clone(c.Rows), scheduler.Entry{
		ID: id, Act: id, Kind: scheduler.Rate, Rating: r, At: at, Day: dayOf(at), Source: scheduler.FromAnki, AnkiID: at.UnixMilli(), Then: then,
	})
	return n
}

func dayOf(at time.Time) scheduler.Day { return scheduler.Calendar{Location: time.UTC}.Day(at) }

func (n IncomingNote) marked(at time.Time, suspended bool, flag string) IncomingNote {
	n.Cards = slices.Clone(n.Cards)
	for i := range n.Cards {
		n.Cards[i].Marks = &Marks{At: at, Suspended: suspended, Flag: flag}
	}
	return n
}

func (n IncomingNote) changed(at time.Time, text string) IncomingNote {
	n.Mod, n.Text = at, text
	return n
}

func importAll(t tb, s *Store, in Incoming) ImportReport {
	t.Helper()
	return importAt(t, s, monday, in)
}

func importAt(t tb, s *Store, now time.Time, in Incoming) ImportReport {
	t.Helper()
	r, err := s.Import(context.Background(), in, ImportOptions{Now: now})
	noError(t, err)
	return r
}

func reported(r ImportReport) string {
	out := fmt.Sprintf("new %d updated %d unchanged %d", r.New, r.Updated, r.Unchanged)
	for _, x := range []struct {
		n    int
		what string
	}{{r.Mine, "mine"}, {r.Edited, "edited"}, {r.Cards, "cards"}, {r.Rows, "rows"}, {len(r.Skipped), "skipped"}} {
		if x.n > 0 {
			out += fmt.Sprintf(" %s %d", x.what, x.n)
		}
	}
	return out
}

// dumped is everything that the database holds, line by line.
func dumped(t tb, s *Store) string {
	t.Helper()
	var b strings.Builder
	for _, table := range []string{"settings", "libraries", "posts", "notes", "lineage", "cards", "log", "memory", "anki_types", "media", "meta"} {
		rows, err := s.db.Query(`SELECT * FROM ` + table + ` ORDER BY 1, 2`)
		noError(t, err)
		names, err := rows.Columns()
		noError(t, err)
		_, err = collect(rows, err, func(r *sql.Rows) (struct{}, error) {
			values := make([]any, len(names))
			for i := range values {
				values[i] = new(any)
			}
			err := r.Scan(values...)
			fmt.Fprint(&b, table)
			for i, v := range values {
				fmt.Fprintf(&b, " %s=%v", names[i], *v.(*any))
			}
			b.WriteString("\n")
			return struct{}{}, err
		})
		noError(t, err)
	}
	return b.String()
}

// same fails with the first lines that differ.
func same(t tb, what, before, after string) {
	t.Helper()
	if before == after {
		return
	}
	a, b := strings.Split(before, "\n"), strings.Split(after, "\n")
	var out []string
	for _, l := range a {
		if !slices.Contains(b, l) {
			out = append(out, "- "+l)
		}
	}
	for _, l := range b {
		if !slices.Contains(a, l) {
			out = append(out, "+ "+l)
		}
	}
	t.Fatalf("%s:\n%s", what, strings.Join(out[:min(len(out), 12)], "\n"))
}

// liveTexts maps the front of each live note to its back, with the post's title
// before it.
func liveTexts(t tb, s *Store) map[string]string {
	t.Helper()
	rows, err := s.db.Query(`SELECT p.title, n.front, n.back FROM notes n JOIN posts p ON p.id=n.post_id WHERE n.retired_at IS NULL`)
	out := make(map[string]string)
	_, err = collect(rows, err, func(r *sql.Rows) (_ struct{}, err error) {
		var title, front, back string
		err = r.Scan(&title, &front, &back)
		out[title+": "+front] = back
		return struct{}{}, err
	})
	noError(t, err)
	return out
}

func TestImport(t *testing.T) {
	soon, later := monday.Add(time.Hour), monday.AddDate(0, 0, 3)
	first := incoming(inDeck("Go::Memory", basicNote("g1", "What is a stack?", "LIFO."), basicNote("g2", "What is a heap?", "A tree.")))
	tests := []struct {
		name string
		then Incoming
		want string
		live map[string]string
	}{
		{"the same", first, "new 0 updated 0 unchanged 2", nil},
		{"a new note", incoming(inDeck("Go::Memory", first.Decks[0].Notes[0], basicNote("g3", "And a queue?", "FIFO."))), "new 1 updated 0 unchanged 1 cards 1", nil},
		{
			"a new deck", incoming(inDeck("Go", basicNote("g3", "And a queue?", "FIFO."))), "new 1 updated 0 unchanged 0 cards 1",
			map[string]string{"Go: And a queue?": "FIFO.", "Go::Memory: What is a stack?": "LIFO.", "Go::Memory: What is a heap?": "A tree."},
		},
		{
			"one changed there", incoming(inDeck("Go::Memory", first.Decks[0].Notes[0].changed(soon, "Q: What is a stack?\n\nA: Last in, first out."))), "new 0 updated 1 unchanged 0",
			map[string]string{"Go::Memory: What is a stack?": "Last in, first out.", "Go::Memory: What is a heap?": "A tree."},
		},
		{
			"all of it changed there", incoming(inDeck("Go::Memory", first.Decks[0].Notes[1].changed(soon, "Q: Else?\n\nA: Whatever\n\n- a\n- b"))), "new 0 updated 1 unchanged 0",
			map[string]string{"Go::Memory: What is a stack?": "LIFO.", "Go::Memory: Else?": "Whatever\n\n- a\n- b"},
		},
		{"a newer date alone", incoming(inDeck("Go::Memory", first.Decks[0].Notes[0].changed(soon, first.Decks[0].Notes[0].Text))), "new 0 updated 0 unchanged 1", nil},
		{"an older version", incoming(inDeck("Go::Memory", first.Decks[0].Notes[0].changed(yesterday.Add(-time.Hour), "Q: Old?\n\nA: Old."))), "new 0 updated 0 unchanged 1 edited 1", nil},
		{
			"moved to another deck", incoming(inDeck("Other", first.Decks[0].Notes[0].changed(soon, "Q: What is a stack?\n\nA: LIFO!"))), "new 0 updated 1 unchanged 0",
			map[string]string{"Go::Memory: What is a stack?": "LIFO!", "Go::Memory: What is a heap?": "A tree."},
		},
		{"moved, and not changed", incoming(inDeck("Other", first.Decks[0].Notes[0])), "new 0 updated 0 unchanged 1", nil},
		{
			"twice in the file", incoming(inDeck("Go::Memory", basicNote("g3", "One?", "1."), basicNote("g3", "Two?", "2."))), "new 1 updated 0 unchanged 0 cards 1 skipped 1",
			map[string]string{"Go::Memory: What is a stack?": "LIFO.", "Go::Memory: What is a heap?": "A tree.", "Go::Memory: One?": "1."},
		},
		{"twice, in two decks", incoming(inDeck("A", basicNote("g3", "One?", "1.")), inDeck("B", basicNote("g3", "One?", "1."))), "new 1 updated 0 unchanged 0 cards 1 skipped 1", nil},
		{"equal texts of two notes", incoming(inDeck("Go::Memory", basicNote("g3", "One?", "1."), basicNote("g4", "One?", "1."))), "new 2 updated 0 unchanged 0 cards 2", nil},
		{"a text that is here", incoming(inDeck("Go::Memory", basicNote("g3", "What is a stack?", "LIFO."))), "new 1 updated 0 unchanged 0 cards 1", nil},
		{"no text", incoming(inDeck("Go::Memory", textNote("g3", "", 1))), "new 0 updated 0 unchanged 0 skipped 1", nil},
		{"no answer", incoming(inDeck("Go::Memory", textNote("g3", "Q: What?", 1))), "new 0 updated 0 unchanged 0 skipped 1", nil},
		{"two cards", incoming(inDeck("Go::Memory", textNote("g3", "Q: What?\n\nA: This.\n\nQ: And?\n\nA: That.", 1))), "new 0 updated 0 unchanged 0 skipped 1", nil},
		{"a card comment in the text", incoming(inDeck("Go::Memory", textNote("g3", "Q: What?\n\nA: This.\n\n<!-- card x -->", 1))), "new 0 updated 0 unchanged 0 skipped 1", nil},
		{"no deletion", incoming(inDeck("Go::Memory", textNote("g3", "C: Nothing hidden", 1))), "new 0 updated 0 unchanged 0 skipped 1", nil},
		{"a faulty update", incoming(inDeck("Go::Memory", first.Decks[0].Notes[0].changed(later, "Q: gone"))), "new 0 updated 0 unchanged 0 skipped 1", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newStore(t)
			if got := reported(importAll(t, s, first)); got != "new 2 updated 0 unchanged 0 cards 2" {
				t.Fatalf("first import: %s", got)
			}
			before := dumped(t, s)
			want := liveTexts(t, s)
			dry, err := s.Import(t.Context(), tt.then, ImportOptions{Now: later, DryRun: true})
			noError(t, err)
			same(t, "the dry run", before, dumped(t, s))
			r := importAt(t, s, later, tt.then)
			if reported(r) != tt.want || reported(dry) != tt.want {
				t.Errorf("got  %s\nwant %s\ndry  %s\n%+v", reported(r), tt.want, reported(dry), r.Skipped)
			}
			if tt.live != nil {
				want = tt.live
			}
			if got := liveTexts(t, s); (tt.live != nil || r.New+r.Updated == 0) && !maps.Equal(got, want) {
				t.Errorf("texts %q\n  want %q", got, want)
			}
			healthy(t, s)
			before = dumped(t, s)
			again := importAt(t, s, later.Add(time.Hour), tt.then)
			if again.New+again.Updated+again.Cards+again.Rows > 0 {
				t.Errorf("the second time: %s", reported(again))
			}
			same(t, "importing twice", before, dumped(t, s))
		})
	}
}

// What a note is known by in Anki stays with it.
func TestImportKeepsTheNumbers(t *testing.T) {
	s := newStore(t)
	n := textNote("guid~1", "C: A [ring](1) of [keys](2).", 2)
	n.Text = "C: A [ring] of [keys]."
	importAll(t, s, incoming(inDeck("D", n)))
	c, err := s.Content(t.Context(), ContentFilter{})
	noError(t, err)
	got := c.Notes[0]
	if got.GUID != n.GUID || got.AnkiID != n.AnkiID || !got.Changed.Equal(n.Mod) || got.Fields != n.Fields || len(got.Cards) != 2 ||
		got.Cards[0].AnkiID != n.Cards[0].AnkiID || got.Cards[1].AnkiID != n.Cards[1].AnkiID {
		t.Errorf("got %+v\nwant %+v", got, n)
	}
	if got.Library != deck.KindAnki || got.Title != "D" || got.Post != "d" || got.Folder != "" {
		t.Errorf("place %+v", got)
	}
}

// Numbers that clash with those of other notes are given anew, and a second
// import still adds nothing.
func TestImportOfNumbersThatClash(t *testing.T) {
	s := newStore(t)
	then := scheduler.Decision{State: scheduler.Review, Interval: 3, DueDay: dayOf(monday)}
	a := basicNote("aa", "One?", "1.").row(0, yesterday, scheduler.Good, then)
	b := basicNote("bb", "Two?", "2.")
	b.AnkiID, b.Cards[0].AnkiID = a.AnkiID, a.Cards[0].AnkiID
	b = b.row(0, yesterday, scheduler.Good, then)
	b.Cards[0].Rows[0].ID += ":b"
	in := incoming(inDeck("D", a, b))
	importAll(t, s, in)
	healthy(t, s)
	before := dumped(t, s)
	if r := importAll(t, s, in); r.Rows != 0 {
		t.Errorf("%s", reported(r))
	}
	same(t, "again", before, dumped(t, s))
	// The way out and back: the card has another number there now.
	c, err := s.Content(t.Context(), ContentFilter{Log: true})
	noError(t, err)
	for _, n := range c.Notes {
		back := basicNote(n.GUID, n.Front, n.Back)
		back.AnkiID, back.Cards[0].AnkiID = n.AnkiID, n.Cards[0].AnkiID
		for _, e := range n.Cards[0].Rows {
			e.ID = fmt.Sprintf("anki:%d:%d", n.Cards[0].AnkiID, e.AnkiID)
			back.Cards[0].Rows = append(back.Cards[0].Rows, e)
		}
		if r := importAll(t, s, incoming(inDeck("D", back))); r.Rows != 0 {
			t.Errorf("note %s came back: %s", n.GUID, reported(r))
		}
	}
}

func TestImportOfOwnNotes(t *testing.T) {
	s := newStore(t)
	f := files{"a.md": id("lease-end", lease) + fence}
	compileFolder(t, s, f, CompileOptions{})
	texts := liveTexts(t, s)
	c, err := s.Content(t.Context(), ContentFilter{})
	noError(t, err)
	var notes []IncomingNote
	for _, n := range c.Notes {
		in := basicNote(n.GUID, "Changed in Anki: "+n.Front, n.Back)
		in.Mod = monday.AddDate(1, 0, 0)
		in.Cards[0].AnkiID = n.Cards[0].AnkiID
		notes = append(notes, in.row(0, yesterday, scheduler.Good, scheduler.Decision{State: scheduler.Review, Interval: 4, DueDay: dayOf(monday) + 3}))
	}
	notes[1] = notes[1].row(0, yesterday.Add(time.Hour), scheduler.Again, scheduler.Decision{State: scheduler.Relearning, Interval: -600, DueAt: yesterday.Add(2 * time.Hour)})
	r := importAll(t, s, incoming(inDeck("etch::Leases", notes...)))
	if got := reported(r); got != "new 0 updated 0 unchanged 2 mine 2 rows 3" {
		t.Error(got)
	}
	if got := liveTexts(t, s); !maps.Equal(got, texts) {
		t.Errorf("texts changed to %q", got)
	}
	if m := memoryOf(t, s, "lease-end"); m.State != scheduler.Review || m.Interval != 4 || m.Reps != 1 {
		t.Errorf("memory %+v", m)
	}
	healthy(t, s)
	if n := count(t, s, `SELECT count(*) FROM posts WHERE retired_at IS NULL`); n != 1 {
		t.Errorf("%d posts, want the folder's alone", n)
	}
}

// A note from elsewhere that has the text of an own one is that, and stays it
// after an edit here, by its answers. A second one has a history of its own.
func TestImportOfAnOwnText(t *testing.T) {
	s := newStore(t)
	compileFolder(t, s, files{"a.md": id("lease-end", lease)}, CompileOptions{})
	then := scheduler.Decision{State: scheduler.Review, Interval: 4, DueDay: dayOf(monday) + 3}
	same := func(guid string) IncomingNote {
		return basicNote(guid, "Why does a lease need no release by its holder?", "It ends by itself when its time is over.")
	}
	first, second := same("first").row(0, yesterday, scheduler.Good, then), same("other").row(0, yesterday.Add(time.Second), scheduler.Again, then)
	check := func(what string, r ImportReport, want string, reps int) {
		t.Helper()
		if got := reported(r); got != want || memoryOf(t, s, "lease-end").Reps != reps {
			t.Errorf("%s: %s, want %s; %d answers, want %d", what, got, want, memoryOf(t, s, "lease-end").Reps, reps)
		}
		healthy(t, s)
	}
	check("the first", importAll(t, s, incoming(inDeck("D", first))), "new 0 updated 0 unchanged 1 mine 1 rows 1", 1)
	check("both", importAll(t, s, incoming(inDeck("D", first, second))), "new 1 updated 0 unchanged 1 mine 1 cards 1 rows 1", 1)
	compileFolder(t, s, files{"a.md": id("lease-end", strings.Replace(lease, "is over", "is up", 1))}, CompileOptions{})
	first = first.row(0, yesterday.Add(time.Hour), scheduler.Good, then)
	check("edited here", importAll(t, s, incoming(inDeck("D", first, second))), "new 0 updated 0 unchanged 2 mine 1 rows 1", 2)
	check("again", importAll(t, s, incoming(inDeck("D", first, second))), "new 0 updated 0 unchanged 2 mine 1", 2)
	first.Cards = []IncomingCard{{AnkiID: first.Cards[0].AnkiID}}
	check("without progress", importAll(t, s, incoming(inDeck("D", first, second))), "new 0 updated 0 unchanged 2 mine 1", 2)
}

// Two notes of a file that have the text of an own one are two cards.
func TestImportOfAnOwnTextTwice(t *testing.T) {
	s := newStore(t)
	compileFolder(t, s, files{"a.md": id("lease-end", lease)}, CompileOptions{})
	text := textNote("x", strings.TrimSpace(lease[strings.Index(lease, "Q:"):]), 1).Text
	in := incoming(inDeck("D", textNote("g1", text, 1), textNote("g2", text, 1)))
	for _, want := range []string{"new 1 updated 0 unchanged 1 mine 1 cards 1", "new 0 updated 0 unchanged 2 mine 1"} {
		if got := reported(importAll(t, s, in)); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

// Ords change in Anki when templates come, go and change places; the ids of
// cards stay. Each card keeps its text and its answers.
func TestImportOfMovedTemplates(t *testing.T) {
	then := scheduler.Decision{State: scheduler.Review, Interval: 4, DueDay: dayOf(monday) + 3}
	card := func(ord, ords int, cid int64, name string) IncomingNote {
		n := basicNote("g", name+"?", "The answer of "+name+".")
		n.Ord, n.Ords, n.Cards[0].AnkiID = ord, ords, n.AnkiID+cid
		return n.row(0, yesterday.Add(time.Duration(cid)*time.Minute), scheduler.Good, then)
	}
	type notes = []IncomingNote
	tests := []struct {
		name string
		then notes
		want string
		live string // names with their ords, and how many answers
	}{
		{"the same", notes{card(0, 2, 1, "a"), card(1, 2, 2, "b")}, "new 0 updated 0 unchanged 2", "a 0 1, b 1 1"},
		{"one of two cards", notes{card(1, 2, 2, "b")}, "new 0 updated 0 unchanged 1", "a 0 1, b 1 1"},
		{"swapped", notes{card(0, 2, 2, "b"), card(1, 2, 1, "a")}, "new 0 updated 0 unchanged 2", "a 1 1, b 0 1"},
		{"swapped, one of two cards", notes{card(0, 2, 2, "b")}, "new 0 updated 0 unchanged 1", "a 1 1, b 0 1"},
		{"the first removed", notes{card(0, 1, 2, "b")}, "new 0 updated 0 unchanged 1 skipped 1", "b 0 1"},
		{"the second removed", notes{card(0, 1, 1, "a")}, "new 0 updated 0 unchanged 1 skipped 1", "a 0 1"},
		{"one added before", notes{card(0, 3, 3, "c"), card(1, 3, 1, "a"), card(2, 3, 2, "b")}, "new 1 updated 0 unchanged 2 cards 1 rows 1", "a 1 1, b 2 1, c 0 1"},
		{"one for another", notes{card(0, 2, 3, "c"), card(1, 2, 1, "a")}, "new 1 updated 0 unchanged 1 cards 1 rows 1 skipped 1", "a 1 1, c 0 1"},
		{"of another collection", notes{card(0, 2, 8, "a"), card(1, 2, 9, "b")}, "new 0 updated 0 unchanged 2 rows 2", "a 0 2, b 1 2"},
		{"types unknown", notes{card(0, 0, 1, "a")}, "new 0 updated 0 unchanged 1", "a 0 1, b 1 1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newStore(t)
			first := incoming(inDeck("D", card(0, 2, 1, "a"), card(1, 2, 2, "b")))
			importAll(t, s, first)
			standing := func() string {
				rows, err := s.db.Query(`SELECT trim(n.front,'?')||' '||n.anki_ord||' '||m.reps FROM notes n JOIN cards c ON c.note_id=n.id JOIN memory m ON m.card_id=c.id
					WHERE m.hidden=0 ORDER BY 1`)
				texts, err := collect(rows, err, func(r *sql.Rows) (text string, err error) { return text, r.Scan(&text) })
				noError(t, err)
				return strings.Join(texts, ", ")
			}
			in := incoming(inDeck("D", tt.then...))
			if got := reported(importAll(t, s, in)); got != tt.want {
				t.Errorf("%s, want %s", got, tt.want)
			}
			if got := standing(); got != tt.live {
				t.Errorf("%s, want %s", got, tt.live)
			}
			healthy(t, s)
			before := dumped(t, s)
			if r := importAll(t, s, in); r.New+r.Updated+r.Cards+r.Rows+len(r.Skipped) > 0 {
				t.Errorf("again: %s", reported(r))
			}
			same(t, "again", before, dumped(t, s))
			// Undone in Anki, everything is as it was.
			importAll(t, s, first)
			if got := standing(); !strings.Contains(got, "a 0 ") || !strings.Contains(got, "b 1 ") {
				t.Errorf("undone: %s", got)
			}
			healthy(t, s)
		})
	}
}

// A note that becomes one of another kind in Anki keeps the history of the
// card that stays: on the card itself, or on the one that follows it.
func TestImportOfAChangedKind(t *testing.T) {
	then := scheduler.Decision{State: scheduler.Review, Interval: 4, DueDay: dayOf(monday) + 3}
	note := func(ord int, text string, cids ...int64) IncomingNote {
		n := textNote("g", text, len(cids))
		n.Ord, n.Ords = ord, 2
		if text[0] == 'C' {
			n.Ords = 1
		}
		for i, cid := range cids {
			n.Cards[i].AnkiID = n.AnkiID + cid
			if strings.Contains(text, "c=2") {
				n.Cards[i].Ord = 1
			}
			for r := range cid { // as many answers as the number says
				n = n.row(i, yesterday.Add(time.Duration(10*cid+r)*time.Minute), scheduler.Good, then)
			}
		}
		return n
	}
	const one, two, question = "C: Here is [one] alone.", "C: Here is [one] and there [two].", "Q: What is here?\n\nA: Some one and another one, too."
	type notes = []IncomingNote
	tests := []struct {
		name     string
		was, now notes
		want     string // answers of the cards in use, by their places
	}{
		{"two deletions to a question", notes{note(0, two, 1, 2)}, notes{note(0, question, 1)}, "1"},
		{"two deletions to a question and its reverse", notes{note(0, two, 1, 2)}, notes{note(0, question, 1), note(1, question+" Back", 2)}, "1 2"},
		{"a deletion to a question", notes{note(0, one, 3)}, notes{note(0, question, 3)}, "3"},
		{"a question to a deletion", notes{note(0, question, 3)}, notes{note(0, one, 3)}, "3"},
		{"a question to two deletions", notes{note(0, question, 3)}, notes{note(0, two, 3, 1)}, "3 1"},
		{"a question to a second deletion", notes{note(0, question, 3)}, notes{note(0, "C: Here is [two]{c=2}.", 3)}, "3"},
		{"a question and its reverse to two deletions", notes{note(0, question, 1), note(1, question+" Back", 2)}, notes{note(0, two, 1, 2)}, "1 2"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newStore(t)
			importAll(t, s, incoming(inDeck("D", tt.was...)))
			for i := range tt.now {
				tt.now[i].Mod = monday
			}
			for i := range 3 {
				r := importAll(t, s, incoming(inDeck("D", tt.now...)))
				if i > 0 && r.New+r.Updated+r.Cards+r.Rows > 0 {
					t.Errorf("again: %s", reported(r))
				}
				rows, err := s.db.Query(`SELECT m.reps FROM cards c JOIN memory m ON m.card_id=c.id JOIN notes n ON n.id=c.note_id WHERE m.hidden=0 ORDER BY n.anki_ord, c.pos`)
				got, err := collect(rows, err, func(r *sql.Rows) (reps string, err error) { return reps, r.Scan(&reps) })
				noError(t, err)
				if strings.Join(got, " ") != tt.want {
					t.Errorf("answers %q, want %s: %+v", got, tt.want, r.Skipped)
				}
				healthy(t, s)
			}
			if tt.now[0].Text[0] == 'C' && count(t, s, `SELECT count(*) FROM cards WHERE retired_at IS NULL AND ord<>pos`) > 0 && tt.now[0].Cards[0].Ord == 0 {
				t.Error("the cards are not numbered as in Anki")
			}
		})
	}
}

// A state that an older etch took at the very time of the last answer, which
// then counted twice, is mended by the next import.
func TestImportMendsAStateThatWasCountedTwice(t *testing.T) {
	s := newStore(t)
	then := scheduler.Decision{State: scheduler.Review, Interval: 4, DueDay: dayOf(monday) + 3, Stability: 8.25, Difficulty: 4}
	at := yesterday.Add(123 * time.Millisecond)
	n := basicNote("g", "One?", "1.").row(0, at, scheduler.Easy, then)
	state := func(id string, at time.Time) IncomingNote {
		n := n
		n.Cards = slices.Clone(n.Cards)
		e := n.Cards[0].Rows[0]
		e.ID, e.Act, e.Kind, e.Rating, e.At, e.AnkiID, e.Arg = id, id, scheduler.Seed, 0, at, 0, "reps=1 lapses=0"
		n.Cards[0].Rows = append(slices.Clone(n.Cards[0].Rows), e)
		return n
	}
	importAll(t, s, incoming(inDeck("D", state(fmt.Sprintf("anki:%d:%d:seed", n.Cards[0].AnkiID, yesterday.UnixMilli()), at))))
	if m := memoryOf(t, s, onlyCard(t, s)); m.Reps != 2 {
		t.Fatalf("%+v", m)
	}
	for _, rows := range []int{1, 0} {
		r := importAll(t, s, incoming(inDeck("D", state("anki:x:seed", at.Add(time.Millisecond)))))
		if m := memoryOf(t, s, onlyCard(t, s)); r.Rows != rows || m.Reps != 1 || m.Stability != 8.25 {
			t.Errorf("%d rows, want %d: %+v", r.Rows, rows, m)
		}
	}
	healthy(t, s)
}

// A note whose guid was changed in Anki is the same by its answers.
func TestImportOfAChangedGUID(t *testing.T) {
	s := newStore(t)
	n := basicNote("old", "One?", "1.").row(0, yesterday, scheduler.Good, scheduler.Decision{State: scheduler.Review, Interval: 4, DueDay: dayOf(monday) + 3})
	importAll(t, s, incoming(inDeck("D", n)))
	n.GUID, n.Mod = "new", monday
	for range 2 {
		if got := reported(importAll(t, s, incoming(inDeck("D", n)))); got != "new 0 updated 0 unchanged 1" {
			t.Error(got)
		}
	}
	c, err := s.Content(t.Context(), ContentFilter{})
	noError(t, err)
	if len(c.Notes) != 1 || c.Notes[0].GUID != "new" {
		t.Errorf("%+v", c.Notes)
	}
}

func count(t tb, s *Store, query string, args ...any) (n int) {
	t.Helper()
	noError(t, s.db.QueryRow(query, args...).Scan(&n))
	return n
}

func TestImportedTags(t *testing.T) {
	tests := map[string][]string{
		"plain":                   {"plain"},
		"a::b":                    {"a::b"},
		"schlüssel":               {"schlüssel"},
		`quo"te`:                  {"quote"},
		"com,ma":                  {"comma"},
		"a-->b":                   {"a--b"},
		"--":                      {"--"},
		"<b>":                     {"b"},
		`"`:                       nil,
		",":                       nil,
		"back\\slash":             {"back\\slash"},
		"a=b":                     {"a=b"},
		"tags=":                   {"tags="},
		" blanks  around ":        {"blanks around"},
		"\u3000":                  nil,
		" ":                       nil,
		"\x1b[31mred":             {"red"},
		"bad\xffutf8":             {"bad\ufffdutf8"},
		"\u202eright-to-left":     {"right-to-left"},
		"\uf8f0mark\uf8f1":        {"mark"},
		"new\nline":               {"new line"},
		strings.Repeat("x", 9000): {strings.Repeat("x", 9000)},
	}
	for tag, want := range tests {
		s := newStore(t)
		n := basicNote("g1", "What?", "This.")
		n.Tags = []string{"first", tag}
		r, err := s.Import(t.Context(), incoming(inDeck("D", n, basicNote("g2", "And?", "That."))), ImportOptions{Now: monday})
		if err != nil || r.New != 2 {
			t.Errorf("tag %q: %+v, %v", tag, r, err)
			continue
		}
		c, err := s.Content(t.Context(), ContentFilter{})
		noError(t, err)
		got := c.Notes[0].Tags
		if len(got) == 0 || got[0] != "first" || !slices.EqualFunc(got[1:], want, func(a, b string) bool {
			return strings.Join(strings.Fields(a), " ") == strings.Join(strings.Fields(b), " ")
		}) {
			t.Errorf("tag %q became %q, want %q", tag, got, want)
		}
	}
}

// Whatever stands alone also stands among others: no text swallows the note
// after it.
func TestImportOfAnyText(t *testing.T) {
	pieces := rapid.SampledFrom([]string{
		"a", " ", "\n", "\n\n", "```", "~~~", "<!--", "-->", "---", "***", "#", "# H", "## H", "Q:", "A:", "C:", "Q: x", "A: y", "C: z", "[", "]", "(", ")", "[x]: y", "$$", "$", "\\",
		"<!-- card x -->", "<!-- card ab -->", "|", "| a | b |\n|---|---|", "- ", "1. ", "> ", "    ", "\t", "\x00", "\r", "\u2028", "\uf8f0", "\uf8f1", "\uf8f2", "{{c1::x}}", "![p](x.png)", "[^1]", "[^1]: f", "title: x", "é", "e\u0301", "\xff",
		"<details>", "<pre>", "</pre>", "<script>", "====", "----", "`",
	})
	text := rapid.Custom(func(t *rapid.T) string { return strings.Join(rapid.SliceOfN(pieces, 0, 8).Draw(t, "text"), "") })
	rapid.Check(t, func(rt *rapid.T) {
		s := twins(t, rt, 1)[0]
		var notes []IncomingNote
		for i := range rapid.IntRange(1, 5).Draw(rt, "notes") {
			n := basicNote(fmt.Sprint("g", i), text.Draw(rt, "front"), text.Draw(rt, "back"))
			if rapid.Bool().Draw(rt, "cloze") {
				n.Text = "C: [x] " + text.Draw(rt, "cloze text")
			}
			notes = append(notes, n)
		}
		in := incoming(inDeck(text.Draw(rt, "deck"), notes...))
		r, err := s.Import(context.Background(), in, ImportOptions{Now: monday})
		if err != nil {
			rt.Fatalf("%v\n%q", err, noteTexts(in))
		}
		if r.New+len(r.Skipped) != len(notes) {
			rt.Fatalf("%s of %d notes\n%q", reported(r), len(notes), noteTexts(in))
		}
		before := dumped(rt, s)
		if r = importAll(rt, s, in); r.New+r.Updated+r.Cards+r.Rows != 0 {
			rt.Fatalf("again: %s\n%q", reported(r), noteTexts(in))
		}
		same(rt, "again", before, dumped(rt, s))
		for i := range in.Decks[0].Notes {
			in.Decks[0].Notes[i].Mod = monday.AddDate(0, 0, 1)
			in.Decks[0].Notes[i].Text = "Q: " + text.Draw(rt, "front") + "\n\nA: " + text.Draw(rt, "back")
		}
		r2, err := s.Import(context.Background(), in, ImportOptions{Now: monday})
		if err != nil {
			rt.Fatalf("update: %v\n%q", err, noteTexts(in))
		}
		if n := count(rt, s, `SELECT count(*) FROM notes WHERE retired_at IS NULL`); n != r2.New+r2.Updated+r2.Unchanged+len(r2.Skipped)-len(notes)+r.Unchanged+r2.New {
			rt.Logf("live notes %d: %s after %s", n, reported(r2), reported(r))
		}
		healthy(rt, s)
	})
}

// An import that fails changes nothing.
func TestImportThatFails(t *testing.T) {
	s := newStore(t)
	importAll(t, s, incoming(inDeck("D", basicNote("g1", "One?", "1."))))
	before := dumped(t, s)
	bad := basicNote("g3", "Three?", "3.").row(0, yesterday, scheduler.Good, scheduler.Decision{State: 9})
	in := incoming(inDeck("D", basicNote("g1", "One?", "1.").changed(monday, "Q: Uno?\n\nA: 1."), basicNote("g2", "Two?", "2."), bad))
	in.Types = map[int64]string{1: "{}"}
	if r, err := s.Import(t.Context(), in, ImportOptions{Now: monday}); err == nil || r.New != 0 {
		t.Errorf("a state of 9 was taken: %+v", r)
	}
	same(t, "an error in the middle", before, dumped(t, s))
	in.Decks[0].Notes = in.Decks[0].Notes[:2]
	for step := range 4 { // at every step that it tells of
		ctx, cancel := context.WithCancel(t.Context())
		at := 0
		_, err := s.Import(ctx, in, ImportOptions{Now: monday, Progress: func(string) {
			if at == step {
				cancel()
			}
			at++
		}})
		cancel()
		if !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled at step %d: %v", step, err)
		}
		same(t, fmt.Sprint("cancelled at step ", step), before, dumped(t, s))
	}
	if r := importAll(t, s, in); r.New != 1 || r.Updated != 1 {
		t.Errorf("afterwards: %s", reported(r))
	}
}

// Suspended and flagged: what was done last wins, and undo does not reach it.
func TestImportedMarks(t *testing.T) {
	before, after := monday.Add(-time.Hour), monday.Add(time.Hour)
	tests := []struct {
		name    string
		here    []scheduler.Kind // done on Monday at 8
		at      time.Time
		suspend bool
		flag    string
		rows    int
		want    scheduler.Memory
	}{
		{"nothing", nil, after, false, "", 0, scheduler.Memory{}},
		{"suspended there", nil, before, true, "", 1, scheduler.Memory{Suspended: true}},
		{"flagged there", nil, before, false, "why", 1, scheduler.Memory{Flag: "why"}},
		{"both there", nil, before, true, "why", 2, scheduler.Memory{Suspended: true, Flag: "why"}},
		{"suspended here, later", []scheduler.Kind{scheduler.Suspend}, before, false, "", 0, scheduler.Memory{Suspended: true}},
		{"suspended here, earlier, of which Anki need not know", []scheduler.Kind{scheduler.Suspend}, after, false, "", 0, scheduler.Memory{Suspended: true}},
		{"resumed here, later", []scheduler.Kind{scheduler.Suspend, scheduler.Resume}, before, true, "", 0, scheduler.Memory{}},
		{"resumed here, earlier", []scheduler.Kind{scheduler.Suspend, scheduler.Resume}, after, true, "", 1, scheduler.Memory{Suspended: true}},
		{"at the same moment", []scheduler.Kind{scheduler.Suspend}, monday, false, "", 0, scheduler.Memory{Suspended: true}},
		{"flagged here, later", []scheduler.Kind{scheduler.Flag}, before, false, "", 0, scheduler.Memory{Flag: "here"}},
		{"flagged here, earlier, of which Anki need not know", []scheduler.Kind{scheduler.Flag}, after, false, "", 0, scheduler.Memory{Flag: "here"}},
		{"unflagged here, earlier", []scheduler.Kind{scheduler.Flag, scheduler.Unflag}, after, false, "there", 1, scheduler.Memory{Flag: "there"}},
		{"flagged on both sides", []scheduler.Kind{scheduler.Flag}, after, false, "there", 0, scheduler.Memory{Flag: "here"}},
		{"a flag is no suspension", []scheduler.Kind{scheduler.Flag}, before, true, "", 1, scheduler.Memory{Flag: "here", Suspended: true}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, c := newStore(t), newClock("c")
			n := basicNote("g1", "One?", "1.")
			importAll(t, s, incoming(inDeck("D", n)))
			card := onlyCard(t, s)
			for _, kind := range tt.here {
				e, m, err := s.Scheduler().Act(card, memoryOf(t, s, card), c.stamp(), kind, "here")
				noError(t, err)
				record(t, s, scheduler.Row{Entry: e, Memory: m})
			}
			in := incoming(inDeck("D", n.marked(tt.at, tt.suspend, tt.flag)))
			if r := importAll(t, s, in); r.Rows != tt.rows {
				t.Errorf("%d rows, want %d", r.Rows, tt.rows)
			}
			got := memoryOf(t, s, card)
			if got.Suspended != tt.want.Suspended || got.Flag != tt.want.Flag {
				t.Errorf("suspended %v flag %q, want %+v", got.Suspended, got.Flag, tt.want)
			}
			if r := importAll(t, s, in); r.Rows != 0 {
				t.Errorf("again: %d rows", r.Rows)
			}
			healthy(t, s)
			if a := load(t, s, scheduler.Query{Now: monday}).Newest; a != nil && len(tt.here) == 0 {
				t.Errorf("undo reaches %+v", *a)
			}
		})
	}
}

func onlyCard(t tb, s *Store) (id deck.CardID) {
	t.Helper()
	noError(t, s.db.QueryRow(`SELECT id FROM cards WHERE retired_at IS NULL`).Scan(&id))
	return id
}

// A card that the text does not have cannot take its reviews.
func TestImportOfCardsWithoutPlace(t *testing.T) {
	s := newStore(t)
	n := textNote("g1", "C: The [one] and the [other].", 4)
	for ord := range n.Cards {
		n = n.row(ord, yesterday.Add(time.Duration(ord)*time.Minute), scheduler.Good, scheduler.Decision{State: scheduler.Review, Interval: 2, DueDay: 1})
	}
	n.Cards[3].Rows = nil
	r := importAll(t, s, incoming(inDeck("D", n)))
	if got := reported(r); got != "new 1 updated 0 unchanged 0 cards 2 rows 2 skipped 1" || !strings.Contains(r.Skipped[0].Why, "no card 3: 1 review") {
		t.Errorf("%s %+v", got, r.Skipped)
	}
	healthy(t, s)
}

// A cloze that gains and loses deletions in Anki keeps the history of the
// others, by their numbers.
func TestImportOfAClozeThatChanges(t *testing.T) {
	s := newStore(t)
	review := scheduler.Decision{State: scheduler.Review, Interval: 2, DueDay: 20000}
	n := textNote("g1", "C: [one]{1} [two]{2} [three]{3}.", 3)
	post, problem := parseAlone("C: The [one] and [two].")
	if problem != "" || len(deck.Deletions(post.Front)) != 2 {
		t.Fatalf("%q", problem)
	}
	n.Text = "C: The [one] and the [two] and the [three]."
	for ord := range 3 {
		n = n.row(ord, yesterday.Add(time.Duration(ord)*time.Minute), scheduler.Good, review)
	}
	importAll(t, s, incoming(inDeck("D", n)))
	n = n.changed(monday, "C: The [one] and the two and the [three], and [four].")
	n.Cards = slices.Concat(n.Cards[:1], n.Cards[2:], []IncomingCard{{Ord: 3, AnkiID: n.AnkiID + 3}})
	if got := reported(importAll(t, s, incoming(inDeck("D", n)))); got != "new 0 updated 1 unchanged 0 cards 1" {
		t.Error(got)
	}
	if n := count(t, s, `SELECT count(*) FROM memory m JOIN cards c ON c.id=m.card_id WHERE m.reps=1 AND m.hidden=0`); n != 2 {
		t.Errorf("%d cards with a history, want 2", n)
	}
	healthy(t, s)
}

// Forgetting a deck retires it, and the same file brings it back as it was.
func TestForgetDeck(t *testing.T) {
	s, c := newStore(t), newClock("c")
	compileFolder(t, s, files{"a.md": lease}, CompileOptions{})
	first := incoming(inDeck("One", basicNote("g1", "One?", "1."), basicNote("g2", "Two?", "2.")), inDeck("Two", basicNote("g3", "Three?", "3.")))
	importAll(t, s, first)
	rows, err := s.Cards(t.Context(), "post:one", monday)
	noError(t, err)
	grade(t, s, c, rows[0].Card.ID, scheduler.Good)
	texts, memory := liveTexts(t, s), memories(t, s)

	for _, slug := range []string{"a", "nothing", ""} {
		if n, err := s.ForgetDeck(t.Context(), slug, monday); !errors.Is(err, ErrNotFound) || n != 0 {
			t.Errorf("forget %q: %d, %v", slug, n, err)
		}
	}
	if n, err := s.ForgetDeck(t.Context(), "one", monday); n != 2 || err != nil {
		t.Fatalf("forget one: %d, %v", n, err)
	}
	if _, err := s.ForgetDeck(t.Context(), "one", monday); !errors.Is(err, ErrNotFound) {
		t.Errorf("forget one again: %v", err)
	}
	healthy(t, s)
	if got := liveTexts(t, s); len(got) != 2 {
		t.Errorf("live %q", got)
	}
	if snap := load(t, s, scheduler.Query{Now: monday, New: -1}); len(snap.Items) != 2 {
		t.Errorf("%d cards in the queue, want 2", len(snap.Items))
	}
	// Another import leaves it forgotten.
	importAll(t, s, incoming(inDeck("Three", basicNote("g4", "Four?", "4."))))
	if posts, err := s.Posts(t.Context(), 0); err != nil || len(posts) != 3 {
		t.Errorf("%d posts, want a, two and three: %+v", len(posts), posts)
	}
	if r := compileFolder(t, s, files{"a.md": lease}, CompileOptions{Reorder: true}); r.Retired+r.New+r.Returned+r.Pending != 0 {
		t.Errorf("compile: %s", counts(r))
	}
	healthy(t, s)
	r := importAll(t, s, first)
	if r.New+r.Updated != 2 || r.Unchanged != 1 || r.Cards != 0 {
		t.Errorf("coming back: %s", reported(r))
	}
	got := liveTexts(t, s)
	delete(got, "Three: Four?")
	if !maps.Equal(got, texts) {
		t.Errorf("came back as %q, want %q", got, texts)
	}
	now := memories(t, s)
	for card, m := range memory {
		if !SameMemory(now[card], m) {
			t.Errorf("card %s came back with %+v, was %+v", card, now[card], m)
		}
	}
	healthy(t, s)
	if r := importAll(t, s, first); r.Unchanged != 3 {
		t.Errorf("again: %s", reported(r))
	}
}

// A compile of the other libraries leaves imported decks alone.
func TestImportedDecksSurviveACompile(t *testing.T) {
	s, c := newStore(t), newClock("c")
	f := files{"a.md": lease, "b.md": fence}
	compileFolder(t, s, f, CompileOptions{})
	importAll(t, s, incoming(inDeck("One", basicNote("g1", "One?", "1."), textNote("g2", ring[:len(ring)-2], 2))))
	rows, err := s.Cards(t.Context(), "post:one", monday)
	noError(t, err)
	grade(t, s, c, rows[0].Card.ID, scheduler.Good)
	texts, memory := liveTexts(t, s), memories(t, s)
	for _, opt := range []CompileOptions{{}, {Auto: true}, {Reorder: true}, {Auto: true, Reorder: true}} {
		if r := compileFolder(t, s, f, opt); r.New+r.Retired+r.Edited+r.Moved+r.Returned+r.Pending != 0 || len(r.Doubts) != 0 || r.Unchanged != 2 {
			t.Errorf("%+v: %s pending %d doubts %+v", opt, counts(r), r.Pending, r.Doubts)
		}
		if got := memories(t, s); !maps.EqualFunc(memory, got, SameMemory) {
			t.Errorf("%+v: memory changed", opt)
		}
	}
	// A card of a folder goes: only that is retired, and an import in between
	// does not forget that something waits.
	delete(f, "b.md")
	if r := compileFolder(t, s, f, CompileOptions{Auto: true}); r.Pending != 1 {
		t.Errorf("pending %d, want 1", r.Pending)
	}
	importAll(t, s, incoming(inDeck("Two", basicNote("g3", "Three?", "3."))))
	if n := count(t, s, `SELECT value FROM meta WHERE key='pending'`); n != 1 {
		t.Errorf("pending %d after the import, want 1", n)
	}
	if r := compileFolder(t, s, f, CompileOptions{}); r.Retired != 1 {
		t.Errorf("%s, want 1 retired", counts(r))
	}
	for text := range texts {
		if _, ok := liveTexts(t, s)[text]; !ok && strings.HasPrefix(text, "One") {
			t.Errorf("%q has gone", text)
		}
	}
	// All folders forgotten.
	compileAt(t, s, CompileOptions{Forget: "/notes"}, files{"x.md": fence}.library("/other"))
	if n := count(t, s, `SELECT count(*) FROM notes WHERE retired_at IS NULL`); n != 4 {
		t.Errorf("%d live notes, want 4", n)
	}
	healthy(t, s)
}

// A note that moves into a folder's file leaves the deck, and no import
// fetches it back or makes it twice.
func TestImportedNoteThatMovesToAFolder(t *testing.T) {
	s, c := newStore(t), newClock("c")
	in := incoming(inDeck("One", basicNote("g1", "Why does a lease need no release by its holder?", "It ends by itself when its time is over."), basicNote("g2", "Two?", "2.")))
	importAll(t, s, in)
	rows, err := s.Cards(t.Context(), "lease", monday)
	noError(t, err)
	grade(t, s, c, rows[0].Card.ID, scheduler.Good)
	f := files{"a.md": lease}
	compileFolder(t, s, f, CompileOptions{})
	check := func(what string) {
		t.Helper()
		got := liveTexts(t, s)
		if len(got) != 2 || count(t, s, `SELECT count(*) FROM notes`) != 2 {
			t.Errorf("%s: %q", what, got)
		}
		if row := onlyRow(t, s, "lease"); row.Card.Library != "/notes" || row.Memory.Reps != 1 {
			t.Errorf("%s: it is in %s, %d answers", what, row.Card.Library, row.Memory.Reps)
		}
		healthy(t, s)
	}
	check("compiled")
	importAll(t, s, in)
	check("the same import")
	importAll(t, s, incoming(inDeck("Two", basicNote("g3", "Three?", "3."))))
	s.db.Exec(`DELETE FROM memory WHERE card_id IN (SELECT id FROM cards WHERE note_id IN (SELECT id FROM notes WHERE anki_guid='g3'))`)
	if row := onlyRow(t, s, "lease"); row.Card.Library != "/notes" {
		t.Errorf("another import took it back to %s", row.Card.Library)
	}
	if r := compileFolder(t, s, f, CompileOptions{}); r.Unchanged != 1 || r.New+r.Moved+r.Retired != 0 {
		t.Errorf("the folder again: %s", counts(r))
	}
}

func onlyRow(t tb, s *Store, query string) CardRow {
	t.Helper()
	rows, err := s.Cards(context.Background(), query, monday)
	noError(t, err)
	if len(rows) != 1 {
		t.Fatalf("%q: %d cards, want 1", query, len(rows))
	}
	return rows[0]
}

// newOrder lists the posts of the new cards in the queue's order.
func newOrder(t tb, s *Store) (posts []string) {
	t.Helper()
	rows, err := s.db.Query(`SELECT p.slug FROM memory m JOIN posts p ON p.id=m.post_id WHERE m.state=0 AND m.hidden=0 ORDER BY m.new_pos`)
	posts, err = collect(rows, err, func(r *sql.Rows) (slug string, err error) { return slug, r.Scan(&slug) })
	noError(t, err)
	return posts
}

// New cards of imported decks come after the library's, unless pinned.
func TestOrderOfImportedCards(t *testing.T) {
	s := newStore(t)
	f := files{"a.md": lease, "b.md": fence}
	importAll(t, s, incoming(inDeck("One", basicNote("g1", "One?", "1."), basicNote("g2", "Two?", "2.")), inDeck("Two", basicNote("g3", "Three?", "3."))))
	compileFolder(t, s, f, CompileOptions{})
	want := func(slugs ...string) {
		t.Helper()
		if got := newOrder(t, s); !slices.Equal(got, slugs) {
			t.Errorf("order %q, want %q", got, slugs)
		}
	}
	want("a", "b", "one", "one", "two")
	reorder := func(pins string) {
		t.Helper()
		set(t, s, "pinned-posts", pins)
		compileFolder(t, s, f, CompileOptions{Auto: true, Reorder: true})
	}
	reorder("two")
	want("two", "a", "b", "one", "one")
	reorder("two b one")
	want("two", "one", "one", "b", "a")
	importAll(t, s, incoming(inDeck("Two", basicNote("g4", "Four?", "4.")), inDeck("Three", basicNote("g5", "Five?", "5."))))
	want("two", "two", "one", "one", "b", "a", "three")
	reorder("")
	want("a", "b", "one", "one", "two", "two", "three")
	before := dumped(t, s)
	compileFolder(t, s, f, CompileOptions{Auto: true, Reorder: true})
	same(t, "reordered twice", before, dumped(t, s))
}

// The name of a deck's post is free, whatever the deck is called.
func TestSlugsOfImportedDecks(t *testing.T) {
	s := newStore(t)
	compileFolder(t, s, files{"lease.md": lease}, CompileOptions{})
	names := []string{"Lease", "lease", "LEASE!", "::", "日本語", "../../etc/passwd", strings.Repeat("long ", 100), "a\nb", "\x1b[31m", "Default", `quo"ted\ <b>: {}`, "- x", "'"}
	var decks []IncomingDeck
	for i, name := range names {
		decks = append(decks, inDeck(name, basicNote(fmt.Sprint("g", i), fmt.Sprint(i, "?"), "1.")))
	}
	importAll(t, s, incoming(decks...))
	posts, err := s.Posts(t.Context(), 0)
	noError(t, err)
	for _, p := range posts {
		if _, _, err := s.PostBody(t.Context(), p.Slug); err != nil {
			t.Errorf("%q: %v", p.Slug, err)
		}
		if strings.ContainsAny(p.Path, "/\\ \n\x1b") && p.Library == deck.KeptPath {
			t.Errorf("path %q", p.Path)
		}
	}
	again := importAll(t, s, incoming(decks...))
	if again.New != 0 || count(t, s, `SELECT count(*) FROM posts`) != len(posts) {
		t.Errorf("again: %s, %d posts", reported(again), count(t, s, `SELECT count(*) FROM posts`))
	}
	// A changed note finds its deck again, by its title.
	more := make([]IncomingDeck, 0, len(names))
	for i, name := range names {
		more = append(more, inDeck(name, basicNote(fmt.Sprint("n", i), fmt.Sprint("new ", i, "?"), "1.")))
	}
	importAll(t, s, incoming(more...))
	if n := count(t, s, `SELECT count(*) FROM posts`); n != len(posts) {
		t.Errorf("%d posts, want %d", n, len(posts))
	}
}

// Many decks, all of whose names make the same slug, cost no more each.
func TestSlugsOfManyDecks(t *testing.T) {
	im := &importer{slugs: map[string]bool{"deck-3": true}}
	soon(t, "30000 decks", func() {
		for i := range 30_000 {
			want := fmt.Sprintf("deck-%d.md", i+2)
			switch i {
			case 0:
				want = "deck.md"
			case 1:
				want = "deck-2.md"
			}
			name := strings.Map(func(r rune) rune { return '一' + r }, fmt.Sprint(i))
			p := im.postFor(name)
			if p.path != want || im.postFor(name) != p {
				t.Fatalf("deck %d has %s, want %s", i, p.path, want)
			}
		}
	})
}

// Note types and media are kept, the first of each name.
func TestImportKeepsTypesAndMedia(t *testing.T) {
	s := newStore(t)
	m, err := s.StageMedia(t.Context(), "a.png", strings.NewReader("png"))
	noError(t, err)
	in := incoming(inDeck("D", basicNote("g1", "One?", "1.")))
	in.Types, in.Media = map[int64]string{7: `{"Name":"x"}`}, []Media{m}
	importAll(t, s, in)
	in.Types[7] = `{"Name":"y"}`
	importAll(t, s, in)
	c, err := s.Content(t.Context(), ContentFilter{})
	noError(t, err)
	if c.Types[7] != `{"Name":"y"}` || len(c.Media) != 1 || !strings.HasSuffix(c.Media["a.png"], m.File) {
		t.Errorf("%+v %+v", c.Types, c.Media)
	}
}

// Invariants 1, 4 and 11 for imports between everything else that happens.
func TestImportsAndEverythingElse(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s := twins(t, rt, 1)[0]
		ntc := rapid.IntRange(1, 3).Draw(rt, "notes")
		var notes []IncomingNote
		for i := range ntc {
			notes = append(notes, basicNote(fmt.Sprint("g", i), fmt.Sprint("Question ", i, "?"), "1."))
		}
		importAll(rt, s, incoming(inDeck("D", notes...)))
		rows, err := s.Cards(context.Background(), "", monday)
		noError(rt, err)
		var cards []deck.CardID
		for _, r := range rows {
			cards = append(cards, r.Card.ID)
		}
		m := newModel(s, "a", cards)
		actions := m.actions()
		actions["import"] = func(t *rapid.T) {
			i := rapid.IntRange(0, len(notes)-1).Draw(t, "note")
			if rapid.Bool().Draw(t, "edited") {
				notes[i] = notes[i].changed(notes[i].Mod.Add(time.Hour), fmt.Sprintf("Q: Question %d, %d?\n\nA: 1.", i, m.n))
				m.n++
			}
			at := m.now.Add(-time.Duration(rapid.IntRange(0, 300).Draw(t, "back")) * time.Hour)
			then := scheduler.Decision{State: scheduler.Review, Interval: 3, DueDay: dayOf(at) + 3}
			notes[i] = notes[i].row(0, at, rapid.SampledFrom(scheduler.Ratings[:]).Draw(t, "rating"), then)
			in := incoming(inDeck("D", notes...))
			importAll(t, s, in)
			if r := importAll(t, s, in); r.Rows+r.New+r.Updated != 0 {
				t.Fatalf("again: %s", reported(r))
			}
			all := entries(t, s)
			m.log = append(m.log, all[len(m.log):]...)
			for _, card := range cards {
				m.refold(card)
			}
		}
		actions[""] = m.check
		rt.Repeat(actions)
	})
}

// The fields of a note are given back; what a note says of itself is JSON.
func TestImportedFieldsAreKept(t *testing.T) {
	s := newStore(t)
	n := basicNote("g1", "One?", "1.")
	n.Fields = `{"type":1,"fields":["a'b","\u001f"]}`
	importAll(t, s, incoming(inDeck("D", n)))
	c, err := s.Content(t.Context(), ContentFilter{})
	noError(t, err)
	if !json.Valid([]byte(c.Notes[0].Fields)) || c.Notes[0].Fields != n.Fields {
		t.Errorf("fields %s", c.Notes[0].Fields)
	}
}

func noteTexts(in Incoming) (texts []string) {
	for _, d := range in.Decks {
		texts = append(texts, d.Name)
		for _, n := range d.Notes {
			texts = append(texts, n.Text)
		}
	}
	return texts
}

// A flag leaves no time on a card in Anki: its time is that of the export. One
// that was set here is not taken off: Anki may never have had it.
func TestFlagTakenOffInAnki(t *testing.T) {
	s, c := newStore(t), newClock("a")
	card := add(t, s, basics(1)...)[0]
	flag := mark(t, s, c, card, scheduler.Flag)
	record(t, s, flag)
	var guid string
	noError(t, s.db.QueryRow(`SELECT anki_guid FROM notes`).Scan(&guid))
	bring := func(at time.Time, flag string) int {
		t.Helper()
		report, err := s.Import(context.Background(), Incoming{Decks: []IncomingDeck{{Name: "d", Notes: []IncomingNote{{
			GUID: guid, Cards: []IncomingCard{{AnkiID: 1, Marks: &Marks{At: at, Flag: flag}}},
		}}}}}, ImportOptions{Now: monday})
		noError(t, err)
		return report.Rows
	}
	for _, d := range []time.Duration{-time.Second, 0, time.Hour} {
		if n := bring(flag.Entry.At.Add(d), ""); n != 0 || memoryOf(t, s, card).Flag == "" {
			t.Errorf("Anki, %s later, took off the flag from here", d)
		}
	}
	row := mark(t, s, c, card, scheduler.Unflag)
	record(t, s, row)
	if n := bring(row.Entry.At.Add(-time.Second), "flag 1 in Anki"); n != 0 || memoryOf(t, s, card).Flag != "" {
		t.Errorf("what Anki had before came back")
	}
	exported := row.Entry.At.Truncate(time.Second)
	for i, flag := range []string{"flag 1 in Anki", "", "flag 2 in Anki", ""} {
		if n := bring(exported, flag); n != 1 || (memoryOf(t, s, card).Flag == "") != (flag == "") {
			t.Errorf("step %d: %d rows, flag %q, want %q", i, n, memoryOf(t, s, card).Flag, flag)
		}
		if n := bring(exported, flag); n != 0 {
			t.Errorf("step %d again: %d rows", i, n)
		}
	}
}

// A row of a table has no numbers: it changes the text of a note that is here,
// and nothing that Anki knows the note by.
func TestImportOfRows(t *testing.T) {
	s := newStore(t)
	note := basicNote("g", "question", "answer")
	note.Tags = []string{"kept"}
	importAll(t, s, incoming(inDeck("D", note)))
	const all = `SELECT count(*) FROM notes n JOIN cards c ON c.note_id=n.id WHERE anki_guid='g' AND anki_fields=? AND created_at=? AND anki_nid=? AND anki_cid=? AND n.tags='["kept"]' AND changed_at=?`
	row := func(at time.Time, text string) IncomingNote {
		return IncomingNote{GUID: "g", Mod: at, Text: text, Fields: `{"type":2}`, Cards: []IncomingCard{{AnkiID: 1}}}
	}
	later := monday.Add(time.Hour)
	for _, tt := range []struct {
		row     IncomingNote
		want    string
		changed time.Time
	}{
		{row(later, "Q: question\n\nA: answer"), "unchanged 1", yesterday},
		{row(later, ""), "unchanged 1", yesterday},
		{row(yesterday.Add(-time.Hour), ""), "unchanged 1", yesterday},
		{row(yesterday.Add(-time.Hour), "Q: question\n\nA: older"), "unchanged 1", yesterday},
		{row(later, "Q: question\n\nA: edited"), "updated 1", later},
		{row(later, "Q: question\n\nA: edited"), "unchanged 1", later},
	} {
		r := importAt(t, s, later, incoming(inDeck("D", tt.row)))
		if got := fmt.Sprintf("new %d updated %d unchanged %d", r.New, r.Updated, r.Unchanged); !strings.Contains(got, tt.want) || r.Cards+r.Rows > 0 {
			t.Errorf("%q: %s", tt.row.Text, got)
		}
		if n := count(t, s, all, note.Fields, note.AnkiID, note.AnkiID, note.AnkiID, millis(tt.changed)); n != 1 {
			t.Errorf("%q: the note is another", tt.row.Text)
		}
	}
	// A new one has the time at which it came.
	fresh := row(later, "Q: new?\n\nA: yes")
	fresh.GUID = "h"
	importAt(t, s, later, incoming(inDeck("D", fresh)))
	if n := count(t, s, `SELECT count(*) FROM notes n JOIN cards c ON c.note_id=n.id WHERE anki_guid='h' AND created_at>=?1 AND anki_nid>=?1 AND anki_cid>=?1`, millis(later)); n != 1 {
		t.Error("a new row has another time")
	}
}

// A note that went out apart from its siblings comes back as what it was.
func TestImportOfANoteThatWentOutApart(t *testing.T) {
	s := newStore(t)
	first, second := basicNote("g~x", "one", "two"), basicNote("g~x", "two", "one")
	second.Ord, second.Cards = 1, []IncomingCard{{AnkiID: second.AnkiID + 1}}
	importAll(t, s, incoming(inDeck("D", first, second)))
	apart := second.changed(monday, "Q: two\n\nA: other")
	var id deck.NoteID
	noError(t, s.db.QueryRow(`SELECT id FROM notes WHERE anki_guid='g~x' AND anki_ord=1`).Scan(&id))
	apart.GUID, apart.Ord, apart.Fields = SiblingGUID("g~x", id), 0, `{"type":3}`
	for _, guid := range []string{"g~x~1", "g~x~" + string(id) + "0", "g~x~", "~" + string(id)} { // are others
		other := basicNote(guid, guid, "x")
		if r := importAll(t, s, incoming(inDeck("D", other))); r.New != 1 {
			t.Errorf("%s: %+v", guid, r)
		}
	}
	if r := importAll(t, s, incoming(inDeck("D", apart))); r.New+r.Cards != 0 || r.Updated != 1 {
		t.Errorf("%+v", r)
	}
	if n := count(t, s, `SELECT count(*) FROM notes WHERE anki_guid='g~x' AND anki_ord=1 AND back='other' AND anki_fields='{"type":3}'`); n != 1 {
		t.Error("it is another note")
	}
}
