package anki

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// trimTextNotes drops the empty fields at the end, which a text file cannot
// keep; empty tags are none.
func trimTextNotes(notes []textNote) []textNote {
	for i := range notes {
		n := &notes[i]
		for len(n.Fields) > 0 && n.Fields[len(n.Fields)-1] == "" {
			n.Fields = n.Fields[:len(n.Fields)-1]
		}
		if len(n.Tags) == 0 {
			n.Tags = nil
		}
		n.Ords = nil
	}
	return notes
}

// genText is text as a field may hold it after it was cleaned.
func genText() *rapid.Generator[string] {
	part := rapid.OneOf(
		rapid.SampledFrom([]string{
			"\"", "\"\"", "\n", "\t", ",", ";", "|", ":", " ", "#", "tags:", "#html:false", "<b>", "&amp;", "\ufeff",
			"{{c1::", "}}", "{{c2::x::h}}", "'", "`", "\\", "ä", "漢", "👍🏽", "\u00a0", "\u2028", "\u3000", "0", "a",
		}),
		rapid.String(),
	)
	return rapid.Custom(func(t *rapid.T) string {
		return cleanText(strings.Join(rapid.SliceOfN(part, 0, 6).Draw(t, "parts"), ""))
	})
}

// genName is the name of a deck or a note type.
func genName() *rapid.Generator[string] {
	return rapid.Map(genText(), func(s string) string {
		return cleanTextName("n" + s[:min(len(s), 900)]) // a rune that is cut is mended
	})
}

func genTextCollection() *rapid.Generator[*Collection] {
	return rapid.Custom(func(t *rapid.T) *Collection {
		c := &Collection{}
		for i, name := range rapid.SliceOfNDistinct(genName(), 1, 4, rapid.ID[string]).Draw(t, "types") {
			typ := NoteType{ID: int64(100 + i), Name: name}
			typ.Fields = make([]Field, rapid.IntRange(1, 6).Draw(t, "width"))
			c.NoteTypes = append(c.NoteTypes, typ)
		}
		for i, name := range rapid.SliceOfNDistinct(genName(), 1, 4, rapid.ID[string]).Draw(t, "decks") {
			c.Decks = append(c.Decks, Deck{ID: int64(200 + i), Name: name})
		}
		ids := rapid.SliceOfNDistinct(rapid.Int64Range(1, 1000), 0, 8, rapid.ID[int64]).Draw(t, "ids")
		for _, id := range ids {
			c.Notes = append(c.Notes, genTextNote(t, c.NoteTypes, id))
			deck := rapid.SampledFrom(c.Decks).Draw(t, "deck").ID
			c.Cards = append(c.Cards, Card{ID: id, Note: id, Deck: deck})
		}
		return c
	})
}

func genTextNote(t *rapid.T, types []NoteType, id int64) Note {
	typ := rapid.SampledFrom(types).Draw(t, "type")
	note := Note{ID: id, Type: typ.ID, GUID: genText().Draw(t, "guid")}
	for i := range typ.Fields {
		field := genText().Draw(t, "field")
		if i == 0 {
			field += "x" // else the row is skipped
		}
		note.Fields = append(note.Fields, field)
	}
	seen := map[string]bool{}
	for _, tag := range strings.Fields(genText().Draw(t, "tags")) {
		if key := strings.ToLower(tag); !seen[key] {
			seen[key] = true
			note.Tags = append(note.Tags, tag)
		}
	}
	return note
}

func TestTextRoundTrip(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		c := genTextCollection().Draw(rt, "collection")
		comma := rapid.SampledFrom([]rune(textSeparators)).Draw(rt, "comma")
		var out bytes.Buffer
		if err := WriteText(context.Background(), &out, c, comma); err != nil {
			rt.Fatal(err)
		}
		if strings.Contains(out.String(), "\r") {
			rt.Fatal("a carriage return was written")
		}
		// The other kind of file would suggest another separator: the header wins.
		got, problems, err := ReadText(t.Context(), &out, TextOptions{Deck: "other", Comma: ';'})
		if err != nil || len(problems) > 0 {
			rt.Fatalf("ReadText: %v, problems %q", err, problems)
		}
		byID := slices.SortedFunc(slices.Values(c.Notes), func(a, b Note) int { return int(a.ID - b.ID) })
		want := textNotes(t, &Collection{NoteTypes: c.NoteTypes, Decks: c.Decks, Notes: byID, Cards: c.Cards})
		if diff := cmp.Diff(trimTextNotes(want), trimTextNotes(textNotes(t, got))); diff != "" {
			rt.Fatalf("(-want +got):\n%s", diff)
		}
	})
}

func TestWriteText(t *testing.T) {
	c := &Collection{
		NoteTypes: []NoteType{
			{ID: 1, Name: "Basic", Fields: []Field{{Name: "Front"}, {Name: "Back"}}},
			{ID: 2, Name: "Wide", Fields: make([]Field, 3)},
			{ID: 3, Name: "Unused", Fields: make([]Field, 9)},
		},
		Decks: []Deck{{ID: 1, Name: "Default"}, {ID: 2, Name: "A::B"}, {ID: 3, Name: "Cram", Filtered: true}},
		Notes: []Note{
			{ID: 30, GUID: "g3", Type: 9, Fields: []string{"no type, no card"}},
			{ID: 20, GUID: "#2", Type: 2, Tags: []string{"a b", "c"}, Fields: []string{"x", "y", "z"}},
			{ID: 10, GUID: "g1", Type: 1, Fields: []string{"a\r\nb\x00", "say \"hi\""}},
		},
		Cards: []Card{
			{ID: 1, Note: 10, Deck: 1, Ord: 1},
			{ID: 2, Note: 10, Deck: 3, HomeDeck: 2},
			{ID: 3, Note: 20, Deck: 1},
		},
	}
	const head = "#html:true\n#guid column:1\n#notetype column:2\n#deck column:3\n#tags column:7\n"
	want := map[rune]string{
		'\t': "#separator:tab\n" + head +
			"g1\tBasic\tA::B\t\"a\nb\"\t\"say \"\"hi\"\"\"\t\t\n" +
			"\"#2\"\tWide\tDefault\tx\ty\tz\ta b c\n" +
			"g3\t\t\tno type, no card\t\t\t\n",
		',': "#separator:comma\n" + head +
			"g1,Basic,A::B,\"a\nb\",\"say \"\"hi\"\"\",,\n" +
			"\"#2\",Wide,Default,x,y,z,a b c\n" +
			"g3,,,\"no type, no card\",,,\n",
	}
	for comma, text := range want {
		var out bytes.Buffer
		if err := WriteText(context.Background(), &out, c, comma); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(text, out.String()); diff != "" {
			t.Errorf("%q (-want +got):\n%s", comma, diff)
		}
	}
	if c.Notes[0].ID != 30 {
		t.Error("the collection was sorted")
	}
}

func TestWriteTextErrors(t *testing.T) {
	for _, comma := range []rune{0, '"', '\n', '#', 'ж'} {
		if err := WriteText(context.Background(), &bytes.Buffer{}, &Collection{}, comma); err == nil {
			t.Errorf("%q was taken for a separator", comma)
		}
	}
	c := &Collection{Notes: []Note{{Fields: []string{strings.Repeat("x", 1<<16)}}}}
	if err := WriteText(context.Background(), fullDisk{}, c, ','); !errors.Is(err, errFull) {
		t.Errorf("full disk: %v", err)
	}
}

var errFull = errors.New("no space left")

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errFull }

// Whatever is read is clean, bounded by the file, and survives being written
// and read again.
func FuzzReadText(f *testing.F) {
	for _, seed := range []string{
		"", ankiExport, "a\tb\n", "\ufeff#separator:Pipe\n#html:false\n<b>|\"x\ny\"\n", "tags: a b\n\"a\"\"b\"c,d\n",
		"#columns:Back,Front,Tags\n#separator:comma\nb,a,t\n", "#notetype column:1\nCloze\t{{c1::a}}{{c2,3::b}}\n",
		"#deck column:2\n#guid column:1\n#tags:x\n#if matches:keep both\ng\tD\tq\n", "a;b\nc;\"d\n", "\xff\xfea\x00",
		"#tags column:0\n", "#separator: \n \" a\" b\n", "a\r\n\rb\x00\u0085\n#c\n",
	} {
		f.Add(seed, true)
		f.Add(seed, false)
	}
	f.Fuzz(func(t *testing.T, text string, csv bool) {
		comma := '\t'
		if csv {
			comma = ','
		}
		c, problems, err := ReadText(t.Context(), strings.NewReader(text), TextOptions{Deck: "D", Comma: comma})
		if err != nil {
			return
		}
		if len(problems) > maxTextProblems+3 {
			t.Fatalf("%d problems", len(problems))
		}
		first := textNotes(t, c)
		if wide(c) {
			return // guid, note type, deck and tags do not fit in as well
		}
		var out bytes.Buffer
		if err := WriteText(context.Background(), &out, c, comma); err != nil {
			t.Fatal(err)
		}
		again, problems, err := ReadText(t.Context(), bytes.NewReader(out.Bytes()), TextOptions{Comma: comma})
		if err != nil || len(problems) > 0 {
			t.Fatalf("read again: %v, problems %q, text %q", err, problems, out.String())
		}
		if got, want := fmt.Sprint(ords(c)), fmt.Sprint(ords(again)); got != want {
			t.Fatalf("cards %s, then %s", want, got)
		}
		if diff := cmp.Diff(trimTextNotes(first), trimTextNotes(textNotes(t, again))); diff != "" {
			t.Fatalf("(-first +again):\n%s", diff)
		}
	})
}

func wide(c *Collection) bool {
	return slices.ContainsFunc(c.NoteTypes, func(typ NoteType) bool { return len(typ.Fields) > maxTextColumns-4 })
}

func ords(c *Collection) (ords [][2]int64) {
	for _, card := range c.Cards {
		ords = append(ords, [2]int64{card.Note, int64(card.Ord)})
	}
	return ords
}
