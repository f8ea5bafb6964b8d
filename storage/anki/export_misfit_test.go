package anki

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"etch/deck"
	"etch/storage"
)

// reversed returns a note type with two templates and a note with both cards.
func reversed() *Collection {
	c := oneCard(Card{})
	c.NoteTypes[0].Templates = append(c.NoteTypes[0].Templates, Template{Name: "Card 2", Front: "{{Back}}", Back: "{{FrontSide}}<hr id=answer>{{Front}}"})
	second := c.Cards[0]
	second.ID++
	second.Ord++
	c.Cards = append(c.Cards, second)
	return c
}

// A note that no longer fits the note type it came with goes out as one of
// etch's own, and comes back as what it is.
func TestExportOfMisfits(t *testing.T) {
	tests := []struct {
		name   string
		change func(t *testing.T, s *storage.Store, c *Collection)
		want   []string // type, guid and ord of each card that goes out
	}{
		{"a field more", func(t *testing.T, s *storage.Store, c *Collection) {
			c.NoteTypes[0].Fields = append(c.NoteTypes[0].Fields, Field{Name: "More"})
			c.Notes = []Note{{ID: 1795000000000, GUID: "h", Type: c.Notes[0].Type, Mod: 9, Fields: []string{"1", "2", "3"}}}
			c.Cards = []Card{{ID: 1795000000000, Note: 1795000000000, Deck: c.Cards[0].Deck}}
			into(t, s, c)
		}, []string{"Basic h 0", "etch Basic g 0", "etch Basic g~1 0"}},
		{"a question that becomes a cloze", func(t *testing.T, s *storage.Store, c *Collection) {
			editBlock(t, s, "Q: q\n\nA: a", "C: the [q] is [a]")
		}, []string{"Basic g 1", "etch Cloze g~0 1", "etch Cloze g~0 2"}},
		{"a type that Anki would refuse", func(t *testing.T, s *storage.Store, c *Collection) {
			c.NoteTypes[0].Fields[0].Name = "a:b"
			c.Notes[0].Mod++
			c.Notes[0].Tags = []string{"other"}
			into(t, s, c)
		}, []string{"etch Basic g 0", "etch Basic g~1 0"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, c := newStore(t, time.UTC), reversed()
			c.Notes[0].Fields = []string{"q", "a"}
			into(t, s, c)
			tt.change(t, s, c)
			out, told := roundTrip(t, s, c)
			if !slices.ContainsFunc(told, func(s string) bool { return strings.Contains(s, "do not fit their note type") }) {
				t.Errorf("told %q", told)
			}
			byOrd := strings.NewReplacer("~"+idOf(t, s, 0), "~0", "~"+idOf(t, s, 1), "~1")
			places := func(c *Collection) (places []string) {
				for _, p := range placesOf(c) {
					places = append(places, byOrd.Replace(p))
				}
				return places
			}
			if got := places(out); !slices.Equal(got, tt.want) {
				t.Errorf("cards %q, want %q", got, tt.want)
			}
			again, _ := roundTrip(t, s, c)
			if got := places(again); !slices.Equal(got, tt.want) {
				t.Errorf("again %q", got)
			}
		})
	}
}

// A card of a misfit that is studied and edited in Anki is the same card here.
func TestMisfitComesBack(t *testing.T) {
	s, c := newStore(t, time.UTC), reversed()
	c.Notes[0].Fields = []string{"q", "a"}
	into(t, s, c)
	c.NoteTypes[0].Fields[0].Name = "a:b" // which Anki would refuse
	c.Notes[0].Mod++
	c.Notes[0].Tags = []string{"other"}
	into(t, s, c)
	out, _ := roundTrip(t, s, c)
	for i := range out.Notes {
		if n := &out.Notes[i]; n.GUID == "g~"+idOf(t, s, 1) {
			n.Mod += 1e9
			n.Fields[1] = "edited there"
		}
	}
	for i := range out.Cards {
		out.Cards[i].ID += 1000 // numbers that were taken there
	}
	if r, _ := into(t, s, out); r.New != 0 || r.Updated != 1 || r.Cards != 0 {
		t.Errorf("%+v", r)
	}
	for _, n := range contentOf(t, s).Notes {
		if n.GUID != "g" || n.Ord == 1 && n.Back != "edited there" {
			t.Errorf("%+v", n)
		}
	}
	roundTrip(t, s, c)
}

// Where Anki has what a misfit was, too, the answers of both come.
func TestMisfitBesideItsOrigin(t *testing.T) {
	s, c := newStore(t, time.UTC), reversed()
	c.Notes[0].Fields = []string{"q", "a"}
	into(t, s, c)
	before := contentOf(t, s)
	c.NoteTypes = append(c.NoteTypes, BasicType())
	c.Notes = append([]Note{{ID: 1795000000000, GUID: "g~" + idOf(t, s, 1), Type: BasicTypeID, Mod: c.Notes[0].Mod, Fields: []string{"a", "q", "", "", "", ""}}}, c.Notes...)
	card := Card{ID: 1795000000000, Note: 1795000000000, Deck: c.Cards[0].Deck, State: Learning, Queue: LearnQueue, Due: on(20)/1000 + 600, Left: 1, Reps: 1}
	c.Cards = append(c.Cards, card)
	c.Reviews = append(c.Reviews, Review{ID: on(20), Card: card.ID, Ease: 3, Interval: -600, Factor: 224})
	for _, want := range []int{1, 0} {
		if r, problems := into(t, s, c); r.New+r.Updated+r.Cards != 0 || r.Rows != want || len(r.Skipped) > 0 || len(problems) > 0 {
			t.Errorf("%+v %+v", r, problems)
		}
	}
	for i, n := range contentOf(t, s).Notes {
		if n.Fields != before.Notes[i].Fields || n.Cards[0].AnkiID != before.Notes[i].Cards[0].AnkiID || (n.Cards[0].Memory.Reps == 1) != (n.Ord == 1) {
			t.Errorf("%+v", n)
		}
	}
}

// idOf returns the id of the note "g" with an ord.
func idOf(t *testing.T, s *storage.Store, ord int) string {
	t.Helper()
	for _, n := range contentOf(t, s).Notes {
		if n.GUID == "g" && n.Ord == ord {
			return string(n.ID)
		}
	}
	t.Fatalf("no note with ord %d", ord)
	return ""
}

// A note that went out apart stays itself when the templates move in Anki, and
// leaves its place to the one that has it there.
func TestMisfitWhoseSiblingsMove(t *testing.T) {
	s, c := newStore(t, time.UTC), reversed()
	c.Notes[0].Fields = []string{"q", "a"}
	into(t, s, c)
	editBlock(t, s, "Q: q\n\nA: a", "C: the [q] is here")
	name := storage.SiblingGUID("g", deck.NoteID(idOf(t, s, 0)))
	out, _ := roundTrip(t, s, c)
	i := slices.IndexFunc(out.Notes, func(n Note) bool { return n.GUID == name })
	if i < 0 {
		t.Fatalf("notes %+v", out.Notes)
	}
	apart := out.Notes[i]
	// Anki takes the first template away: the second card has ord 0 now.
	c.NoteTypes[0].Templates, c.Cards = c.NoteTypes[0].Templates[1:], c.Cards[1:]
	c.Cards[0].Ord = 0
	c.NoteTypes = append(c.NoteTypes, ClozeType())
	c.Notes = append(c.Notes, apart)
	c.Cards = append(c.Cards, Card{ID: apart.ID, Note: apart.ID, Deck: c.Cards[0].Deck, State: Learning, Queue: LearnQueue, Due: on(20)/1000 + 600, Left: 1, Reps: 1})
	c.Reviews = append(c.Reviews, Review{ID: on(20), Card: apart.ID, Ease: 3, Interval: -600, Factor: 224})
	for _, want := range []int{1, 0} {
		if r, _ := into(t, s, c); r.New != 0 || r.Rows != want {
			t.Errorf("%+v", r)
		}
	}
	for _, n := range contentOf(t, s).Notes {
		if (n.Kind == deck.Cloze) != (n.Cards[0].Memory.Reps == 1) || n.Kind == deck.Basic && n.Ord != 0 {
			t.Errorf("%s: ord %d, reps %d", n.Kind, n.Ord, n.Cards[0].Memory.Reps)
		}
	}
	again, _ := roundTrip(t, s, c)
	if !slices.ContainsFunc(again.Notes, func(n Note) bool { return n.GUID == name }) {
		t.Errorf("it goes out under another name: %+v", again.Notes)
	}
}

// placesOf lists type, guid and ord of each card.
func placesOf(c *Collection) (places []string) {
	types, notes := make(map[int64]string), make(map[int64]string)
	for _, t := range c.NoteTypes {
		types[t.ID] = t.Name
	}
	for _, n := range c.Notes {
		notes[n.ID] = types[n.Type] + " " + n.GUID
	}
	for _, card := range c.Cards {
		places = append(places, fmt.Sprint(notes[card.Note], " ", card.Ord))
	}
	slices.Sort(places)
	return places
}

// editBlock edits the imported deck.
func editBlock(t tb, s *storage.Store, from, to string) {
	t.Helper()
	text, row, err := s.PostBody(context.Background(), "default")
	ok(t, err)
	edited := strings.Replace(text, from, to, 1)
	if edited == text {
		t.Fatalf("no %q in %s", from, text)
	}
	_, err = s.EditDeck(context.Background(), row.Slug, edited, monday.Add(time.Hour))
	ok(t, err)
}

// Whatever note types came and however the notes were edited since: one note
// never stops an export, and what went out brings nothing new.
func TestExportNeverRefuses(t *testing.T) {
	fewer(t)
	rapid.Check(t, func(rt *rapid.T) {
		s := newStore(t, time.UTC)
		for round := range rapid.IntRange(1, 3).Draw(rt, "imports") {
			c := &Collection{Created: 1795492800, Rollover: 4, Scheduler: 2, Decks: []Deck{{ID: 1, Name: "Default"}}}
			for i := range 3 {
				nt := NoteType{ID: rapid.SampledFrom([]int64{5, 6, 7, BasicTypeID, ClozeTypeID, -3}).Draw(rt, "type"), Name: rapid.SampledFrom([]string{"", "Basic", "x"}).Draw(rt, "name"), Cloze: rapid.IntRange(0, 3).Draw(rt, "kind") == 0}
				if slices.ContainsFunc(c.NoteTypes, func(t NoteType) bool { return t.ID == nt.ID }) {
					continue
				}
				for f := range rapid.IntRange(1, 4).Draw(rt, "fields") {
					nt.Fields = append(nt.Fields, Field{Name: rapid.SampledFrom([]string{fmt.Sprint("F", f), fmt.Sprint("F", f), "a:b"}).Draw(rt, "field")})
				}
				for p := range rapid.IntRange(1, 3).Draw(rt, "templates") {
					front := fmt.Sprintf("{{%s}}", nt.Fields[p%len(nt.Fields)].Name)
					if nt.Cloze {
						front = "{{cloze:" + front[2:]
					}
					nt.Templates = append(nt.Templates, Template{Name: rapid.SampledFrom([]string{fmt.Sprint("T", p), "T"}).Draw(rt, "template"), Front: front, Back: front})
				}
				c.NoteTypes = append(c.NoteTypes, nt)
				for k := range rapid.IntRange(0, 2).Draw(rt, "notes") {
					id := int64(1795000000000 + i*10 + k)
					n := Note{ID: id, GUID: fmt.Sprint("g", i, k), Type: nt.ID, Mod: int64(round), Fields: make([]string, len(nt.Fields))}
					for f := range n.Fields {
						n.Fields[f] = rapid.SampledFrom([]string{"some {{c1::text}} and {{c3::more}}", "text", "other"}).Draw(rt, "text")
					}
					c.Notes = append(c.Notes, n)
					for ord := range len(nt.Templates) {
						c.Cards = append(c.Cards, Card{ID: 1795000000000 + int64(round)*100_000 + int64(len(c.Cards)), Note: id, Deck: 1, Ord: ord, Pos: -1})
					}
				}
			}
			into(rt, s, c)
			for range rapid.IntRange(0, 2).Draw(rt, "edits") {
				text, row, err := s.PostBody(context.Background(), "default")
				if err != nil {
					break // nothing came
				}
				from := rapid.SampledFrom([]string{"Q: text", "A: other", "text", "C: some"}).Draw(rt, "from")
				to := rapid.SampledFrom([]string{"Q: new", "C: a [new] one", "edited", "C: some [new]"}).Draw(rt, "to")
				s.EditDeck(context.Background(), row.Slug, strings.Replace(text, from, to, 1), monday.Add(time.Duration(round)*time.Hour)) // a text that is none is refused
			}
		}
		content := contentOf(rt, s)
		c, told, err := Export(context.Background(), content, ExportOptions{Scheduler: s.Scheduler(), Progress: true})
		ok(rt, err)
		cards := 0
		for _, n := range content.Notes {
			cards += len(n.Cards)
		}
		if len(c.Cards) != cards {
			rt.Fatalf("%d cards of %d; told %q", len(c.Cards), cards, told)
		}
		var b bytes.Buffer
		ok(rt, Write(context.Background(), &b, c))
		if r, _ := into(rt, s, c); r.New+r.Updated+r.Cards+r.Rows != 0 {
			rt.Fatalf("the way back: %+v", r)
		}
		if r, _ := table(rt, s, asTable(rt, s), monday.AddDate(1, 0, 0)); r.New+r.Updated+r.Cards != 0 {
			rt.Fatalf("the way back as a table: %+v", r)
		}
		sameContent(rt, content, contentOf(rt, s))
	})
}
