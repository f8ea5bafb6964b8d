package anki

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

// textNote is what a test sees of a note.
type textNote struct {
	GUID, Type, Deck string
	Fields, Tags     []string
	Ords             []int
}

// textNotes flattens c; it fails when an id leads nowhere.
func textNotes(t *testing.T, c *Collection) []textNote {
	t.Helper()
	types, decks, at := map[int64]NoteType{}, map[int64]string{}, map[int64]int{}
	for _, typ := range c.NoteTypes {
		types[typ.ID] = typ
	}
	for _, deck := range c.Decks {
		decks[deck.ID] = deck.Name
	}
	var notes []textNote
	for i, n := range c.Notes {
		typ, ok := types[n.Type]
		if !ok || len(typ.Fields) != len(n.Fields) {
			t.Fatalf("note %d: type %d has %d fields, the note %d", n.ID, n.Type, len(typ.Fields), len(n.Fields))
		}
		at[n.ID] = i
		notes = append(notes, textNote{GUID: n.GUID, Type: typ.Name, Fields: n.Fields, Tags: n.Tags})
	}
	for _, card := range c.Cards {
		i, ok := at[card.Note]
		if !ok || decks[card.Deck] == "" {
			t.Fatalf("card %d: note %d, deck %q", card.ID, card.Note, decks[card.Deck])
		}
		notes[i].Deck = decks[card.Deck]
		notes[i].Ords = append(notes[i].Ords, card.Ord)
	}
	return notes
}

func basicTextNote(fields ...string) textNote {
	return textNote{Type: "Basic", Deck: "D", Fields: fields, Ords: []int{0}}
}

func readText(t *testing.T, text string, comma rune) (*Collection, []string) {
	t.Helper()
	c, problems, err := ReadText(context.Background(), strings.NewReader(text), TextOptions{Deck: "D", Comma: comma})
	if err != nil {
		t.Fatalf("ReadText(%.80q): %v", text, err)
	}
	return c, problems
}

func TestReadText(t *testing.T) {
	with := func(n textNote, change func(*textNote)) textNote { change(&n); return n }
	ab := basicTextNote("a", "b")
	tagged := func(tags ...string) textNote { return with(ab, func(n *textNote) { n.Tags = tags }) }
	tests := []struct {
		name, text string
		comma      rune
		want       []textNote
		problems   []string
	}{
		{name: "empty", text: ""},
		{name: "headers only", text: "#separator:tab\n#guid column:9\n"},
		{name: "two columns", text: "a\tb\n", want: []textNote{ab}},
		{name: "no last newline", text: "a\tb", want: []textNote{ab}},
		{name: "windows, classic mac", text: "a\tb\r\na\tb\ra\tb", want: []textNote{ab, ab, ab}},
		{name: "byte order mark", text: "\ufeff#separator:comma\na,b", want: []textNote{ab}},
		{name: "one column", text: "a\n", want: []textNote{basicTextNote("a", "")}},
		{name: "three columns", text: "a\tb\tc\na\tb\n", want: []textNote{basicTextNote("a", "b", "c"), basicTextNote("a", "b", "")}},
		{name: "trailing columns of nothing", text: "a,b,,,\n,,,,\n", comma: ',', want: []textNote{ab}},
		{name: "blank lines", text: "\n\na\tb\n\n  \n", want: []textNote{ab}},
		{name: "comment among rows", text: "a\tb\n# no\n\"# yes\"\tb", want: []textNote{ab, basicTextNote("# yes", "b")}},
		{
			name: "quotes", text: "\"a\tb\"\t\"c \"\"d\"\"\ne\"\nf\"g\t\"Foo\" is \"bar\"\n",
			want: []textNote{basicTextNote("a\tb", `c "d"<br>e`), basicTextNote(`f"g`, `Foo is "bar"`)},
		},
		{
			name: "open quote", text: "a\tb\nc\t\"d\ne\tf",
			want:     []textNote{ab, basicTextNote("c", "d<br>e\tf")},
			problems: []string{"line 2: a quote is never closed, the rest of the file is one field"},
		},
		{
			name: "rows without a first field", text: "a\tb\n\tx\n \tx\na\tb\n",
			want: []textNote{ab, ab}, problems: []string{"rows without a first field, skipped: 2 (line 2, 3)"},
		},
		{
			name: "many of them", text: strings.Repeat("\tx\n", 9),
			problems: []string{"rows without a first field, skipped: 9 (line 1, 2, 3, 4, 5, …)"},
		},
		{name: "broken UTF-8, control characters", text: "a\xff\x00\x1b\u0085\tb\x7f\n", want: []textNote{basicTextNote("a\ufffd", "b")}},

		{name: "separator name", text: "#separator:Semicolon\na,b;c\n", want: []textNote{basicTextNote("a,b", "c")}},
		{name: "separator character", text: "#separator:|\na,b|c\n", want: []textNote{basicTextNote("a,b", "c")}},
		{name: "separator space", text: "#separator: \na b\n", want: []textNote{ab}},
		{name: "separator tab itself", text: "#separator:\t\na\tb\n", want: []textNote{ab}},
		{name: "separator colon", text: "# Separator : COLON \na:b\n", want: []textNote{ab}},
		{name: "filled up by a spreadsheet", text: "#separator:Comma,,\n#html:true,,\n#tags column:3,\na,b,x\n", want: []textNote{tagged("x")}},
		{
			name: "separator unknown", text: "#separator:dash\na\tb\n", want: []textNote{ab},
			problems: []string{`line 1: separator "dash" is unknown, ignored`},
		},
		{name: "guess: by name", text: "a,b\n", comma: ',', want: []textNote{ab}},
		{name: "guess: semicolons in a .csv", text: "a;b\nc, d;e\n", comma: ',', want: []textNote{ab, basicTextNote("c, d", "e")}},
		{name: "guess: the name breaks a tie", text: "a,b;c\n", comma: ',', want: []textNote{basicTextNote("a", "b;c")}},
		{name: "guess: tab before comma", text: "a, c\tb\nd, e\tb\n", want: []textNote{basicTextNote("a, c", "b"), basicTextNote("d, e", "b")}},
		{name: "guess: quoted separators", text: "\"a,x\";b\n\"c,x\";d\n", comma: ',', want: []textNote{basicTextNote("a,x", "b"), basicTextNote("c,x", "d")}},
		{name: "guess: ragged", text: "a;b\nc;d;e\n", want: []textNote{basicTextNote("a", "b", ""), basicTextNote("c", "d", "e")}},
		{name: "guess: none", text: "a\nb; c\n", want: []textNote{basicTextNote("a", ""), basicTextNote("b; c", "")}},

		{name: "html false", text: "#html:false\n<b>&\t\"x\ny\"\n", want: []textNote{basicTextNote("&lt;b&gt;&amp;", "x<br>y")}},
		{name: "html true", text: "#html:TRUE\n<b>&amp;\t\"x\ny\"\n", want: []textNote{basicTextNote("<b>&amp;", "x\ny")}},
		{
			name: "html guessed", text: "a\tb<br />\n", want: []textNote{basicTextNote("a", "b<br />")},
			problems: []string{"the rows look like HTML and are read so; a first line #html:false says otherwise"},
		},
		{name: "generics are no html", text: "List<T>\tif a<b and c>d\n", want: []textNote{basicTextNote("List&lt;T&gt;", "if a&lt;b and c&gt;d")}},
		{
			name: "html nonsense", text: "#html:perhaps\na\tb\n", want: []textNote{ab},
			problems: []string{`line 1: html "perhaps" is neither true nor false, ignored`},
		},

		{name: "tags", text: "#tags:x y  X\na\tb\n", want: []textNote{tagged("x", "y")}},
		{name: "legacy tags", text: "tags: x y\n#separator:tab\na\tb\n", want: []textNote{tagged("x", "y")}},
		{name: "legacy tags only on top", text: "a\tb\ntags: x\ty\n", want: []textNote{ab, basicTextNote("tags: x", "y")}},
		{name: "tags column", text: "#tags column:2\n#tags:g\na\tx G x\u3000y\tb\n", want: []textNote{tagged("g", "x", "y")}},
		{
			name: "columns", text: "#separator:tab\n#columns:Back\tFront\tTags\tExtra {x}\nb\ta\tt\te\n",
			want: []textNote{with(tagged("t"), func(n *textNote) { n.Fields = []string{"a", "b", "e"} })},
		},
		{name: "columns before separator", text: "#columns:Back,Front\n#separator:comma\nb,a\n", want: []textNote{ab}},
		{name: "columns keep their width", text: "#separator:comma\n#columns:Front,Back,Extra\na,b\n", want: []textNote{basicTextNote("a", "b", "")}},
		{name: "notetype", text: "#notetype: Vokabel \na\tb\n", want: []textNote{with(ab, func(n *textNote) { n.Type = "Vokabel" })}},
		{name: "notetype id", text: "#notetype:1700000000001\na\tb\n", want: []textNote{with(ab, func(n *textNote) { n.Type = "1700000000001" })}},
		{name: "deck", text: "#deck:X::Y\na\tb\n", want: []textNote{with(ab, func(n *textNote) { n.Deck = "X::Y" })}},
		{
			name: "notetype and deck column", text: "#notetype:N\n#deck:E\n#notetype column:1\n#deck column:3\nB\ta\tX\tb\n\ta\t\tb\n",
			want: []textNote{
				with(ab, func(n *textNote) { n.Type, n.Deck = "B", "X" }),
				with(ab, func(n *textNote) { n.Type, n.Deck = "N", "E" }),
			},
		},
		{
			name: "a note type is as wide as its rows", text: "#notetype column:1\nP\ta\tb\nQ\ta\tb\tc\tc\nQ\ta\n",
			want: []textNote{
				with(ab, func(n *textNote) { n.Type = "P" }),
				with(basicTextNote("a", "b", "c", "c"), func(n *textNote) { n.Type = "Q" }),
				with(basicTextNote("a", "", "", ""), func(n *textNote) { n.Type = "Q" }),
			},
		},
		{name: "guid column", text: "#guid column:3\na\tb\t #,'x\n", want: []textNote{with(ab, func(n *textNote) { n.GUID = " #,'x" })}},
		{
			name: "if matches, match scope", text: "#if matches:keep both\n#match scope:notetype\n#something:else\na\tb\n", want: []textNote{ab},
			problems: []string{`line 1: "if matches" is ignored`, `line 2: "match scope" is ignored`},
		},
		{
			name: "cloze by text", text: "{{c2::a}} {{c1,3::b::h}}\tx\na\tb\n",
			want: []textNote{
				{Type: "Cloze", Deck: "D", Fields: []string{"{{c2::a}} {{c1,3::b::h}}", "x"}, Ords: []int{0, 1, 2}},
				ab,
			},
		},
		{
			name: "cloze by name", text: "#notetype:My Cloze\na\tb\n",
			want: []textNote{with(ab, func(n *textNote) { n.Type = "My Cloze" })},
		},
		{
			name: "cloze under another name", text: "#notetype:Lückentext\n{{c2::a}}\tb\na\tb\n",
			want: []textNote{
				{Type: "Lückentext", Deck: "D", Fields: []string{"{{c2::a}}", "b"}, Ords: []int{1}},
				with(ab, func(n *textNote) { n.Type = "Lückentext" }),
			},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, problems := readText(t, tt.text, tt.comma)
			if diff := cmp.Diff(tt.want, textNotes(t, c)); diff != "" {
				t.Errorf("notes (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.problems, problems); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}

// What stands around the notes: ids, states, fields and templates.
func TestReadTextCollection(t *testing.T) {
	c, _ := readText(t, "#separator:comma\n#columns:Front,Back,Ex:{tra},Tags,front,,Deck\n{{c1::a}},b,c,t,d,e,f\na,b,c\n", ',')
	names := func(typ NoteType) (names []string) {
		for _, f := range typ.Fields {
			names = append(names, f.Name)
		}
		return names
	}
	if len(c.NoteTypes) != 2 || !c.NoteTypes[0].Cloze || c.NoteTypes[1].Cloze {
		t.Fatalf("note types: %+v", c.NoteTypes)
	}
	if got, want := names(c.NoteTypes[0]), []string{"Text", "Back Extra", "Extra", "front", "Field 5", "Field 6"}; !slices.Equal(got, want) {
		t.Errorf("fields of Cloze: %q, want %q", got, want)
	}
	if got, want := names(c.NoteTypes[1]), []string{"Front", "Back", "Extra", "front+", "Field 5", "Field 6"}; !slices.Equal(got, want) {
		t.Errorf("fields of Basic: %q, want %q", got, want)
	}
	wantCards := []Card{{ID: 1, Note: 1, Deck: 1, Due: 1, Pos: -1}, {ID: 2, Note: 2, Deck: 1, Due: 2, Pos: -1}}
	if diff := cmp.Diff(wantCards, c.Cards); diff != "" {
		t.Errorf("cards (-want +got):\n%s", diff)
	}

	c, _ = readText(t, "a\tb\n", 0)
	want := []Template{{Name: "Card 1", Front: "{{Front}}", Back: "{{FrontSide}}\n\n<hr id=answer>\n\n{{Back}}"}}
	if diff := cmp.Diff(want, c.NoteTypes[0].Templates); diff != "" {
		t.Errorf("Basic (-want +got):\n%s", diff)
	}
	if c, _, err := ReadText(t.Context(), strings.NewReader("a"), TextOptions{}); err != nil || c.Decks[0].Name != "Default" {
		t.Errorf("without a deck: %v, %+v", err, c)
	}
}

func TestReadTextErrors(t *testing.T) {
	const mib = 1 << 20
	tests := []struct{ name, text, want string }{
		{"UTF-16 LE", "\xff\xfea\x00\t\x00b\x00", "line 1: the file is UTF-16; save it as UTF-8"},
		{"UTF-16 BE", "\xfe\xff\x00a", "line 1: the file is UTF-16; save it as UTF-8"},
		{"UTF-16 without a mark", "a\x00\t\x00b\x00\n\x00", "line 1: the file is UTF-16; save it as UTF-8"},
		{"column 0", "#html:true\n#guid column:0\na\tb", `line 2: column "0" is impossible`},
		{"column -1", "#deck column:-1\na\tb", `line 1: column "-1" is impossible`},
		{"column no number", "#tags column:two\na\tb", `line 1: column "two" is impossible`},
		{"column 101", "#notetype column:101\na\tb", `line 1: column "101" is impossible`},
		{"column huge", "#notetype column:99999999999999999999\na\tb", `line 1: column "99999999999999999999" is impossible`},
		{"column not there", "#x\n#guid column:3\na\tb", "line 2: column 3 is impossible, the rows have 2"},
		{"column taken", "#guid column:1\n#tags column:1\na\tb", "line 2: column 1 is impossible, it is taken"},
		{"no field", "#guid column:2\n#tags column:1\na\tb", "line 2: no column is left for a field"},
		{"columns", "a\tb\n" + strings.Repeat("x\t", 100), "line 2: more than 100 columns"},
		{"labels", "#separator:comma\n#columns:" + strings.Repeat("x,", 100) + "\na\n", "line 2: more than 100 columns"},
		{"field", "\n\na\t" + strings.Repeat("x", mib+1), "line 3: column 2 is over 1 MiB (a quote that is never closed?)"},
		{"field as HTML", "a\t" + strings.Repeat("&", mib/2), "line 1: field 2 is over 1 MiB as HTML"},
		{"header line", "#deck:" + strings.Repeat("x", 64<<10), "line 1: a header line is over 64 KiB"},
		{"deck name", "#deck:" + strings.Repeat("x", 1001), `line 1: the name "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…" is over 1000 bytes`},
		{"deck cell", "#deck column:1\n" + strings.Repeat("ü", 501) + "\ta", `line 2: the name "üüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüü…" is over 1000 bytes`},
		{"rows", strings.Repeat("a\n", 1_000_001), "line 1000001: more than 1000000 rows"},
		{"cells", strings.Repeat(strings.Repeat("\t", 99)+"\n", 100_001), "line 100001: more than 10000000 fields and tags in all"},
		{"tags", "#tags:" + manyWords(10_000) + "\n" + strings.Repeat("a\n", 1001), "line 1001: more than 10000000 fields and tags in all"},
		{"padding", "a" + strings.Repeat("\tb", 99) + "\n" + strings.Repeat("a\n", 100_000), "read text: more than 10000000 fields and tags in all"},
		{"decks", "#deck column:1\n" + manyRows(10_001), "line 10002: more than 10000 decks"},
		{"note types", "#notetype column:1\n" + manyRows(10_001), "line 10002: more than 10000 note types"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, _, err := ReadText(t.Context(), strings.NewReader(tt.text), TextOptions{})
			if err == nil || err.Error() != tt.want {
				t.Errorf("error %v, want %s", err, tt.want)
			}
		})
	}
}

func manyRows(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "%d\ta\n", i)
	}
	return b.String()
}

func manyWords(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "%x ", i)
	}
	return b.String()
}

// The bounds themselves are allowed.
func TestReadTextBounds(t *testing.T) {
	const mib = 1 << 20
	for name, text := range map[string]string{
		"columns": "a" + strings.Repeat("\tx", 99),
		"field":   "a\t" + strings.Repeat("x", mib),
		"decks":   "#deck column:1\n" + manyRows(10_000),
		"name":    "#deck:" + strings.Repeat("x", 1000) + "\na\tb",
	} {
		if _, _, err := ReadText(t.Context(), strings.NewReader(text), TextOptions{}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestReadTextReader(t *testing.T) {
	endless := io.MultiReader(strings.NewReader("a\tb\n"), zeroReader{})
	if _, _, err := ReadText(t.Context(), endless, TextOptions{}); err == nil || err.Error() != "read text: the file is over 64 MiB" {
		t.Errorf("endless: %v", err)
	}
	broken := errors.New("disk on fire")
	if _, _, err := ReadText(t.Context(), iotest.ErrReader(broken), TextOptions{}); !errors.Is(err, broken) {
		t.Errorf("broken reader: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := ReadText(ctx, strings.NewReader("a\tb\n"), TextOptions{}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if _, _, err := ReadText(t.Context(), strings.NewReader("a\tb\n"), TextOptions{Comma: '"'}); err == nil {
		t.Error("a quote as separator was taken")
	}
}

type zeroReader struct{}

func (zeroReader) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}

func TestReadTextProblemsAreFew(t *testing.T) {
	_, problems := readText(t, strings.Repeat("#if matches:x\n", 1000)+"a\tb\n", 0)
	if n := len(problems); n != maxTextProblems+1 || problems[n-1] != "and 980 more" {
		t.Errorf("%d problems, last %q", n, problems[n-1])
	}
}

func TestTextClozeNumbers(t *testing.T) {
	tests := []struct {
		field string
		want  []int
	}{
		{"", nil},
		{"c1", nil},
		{"{{c1::a}} {{c1::b}}", []int{1}},
		{"{{c3::a}}{{c1::b::hint}}", []int{1, 3}},
		{"{{c1,3::a}}", []int{1, 3}},
		{"{{c5::{{c6::n}}}}", []int{5, 6}},
		{"{{c5::{{c6::n}}", []int{6}},
		{"{{c7::open", nil},
		{"}}{{c1::", nil},
		{"{{c0::zero}}", nil},
		{"{{C4::capital}}", nil},
		{"{{c 8::}}", nil},
		{"{{c::}}{{c1:}}{{c,::}}{{c1,::a}}", nil},
		{"{{c1::}}", []int{1}},
		{"{{c700::a}}", []int{500}},
		{"{{c99999999999999999999::a}}", nil},
		{"{{{c1::a}}}", []int{1}},
		{"{{c1::a}", nil},
	}
	for _, tt := range tests {
		if got := textClozeNumbers(tt.field); !slices.Equal(got, tt.want) {
			t.Errorf("textClozeNumbers(%q) = %v, want %v", tt.field, got, tt.want)
		}
	}
}

// ankiExport is what Anki 26.9.3 wrote for four notes, "Basic" having got a
// third field.
const ankiExport = "#separator:tab\n#html:true\n#guid column:1\n#notetype column:2\n#deck column:3\n#tags column:7\n" +
	"n_})!1K/ur\tBasic\tGo::Maps\t\"Is a map\tsafe?\"\t\"No: \"\"fatal <b>error</b>\"\"<br>x\"\t\tgo map\n" +
	"\"#x\"\"y\"\tCloze\tGo\t\"{{c1::a}} # {{c2::b}}\"\t\t\t\n" +
	"E)-JY){-]a\tBasic (and reversed card)\tDefault\t\"#hash\"\t\"line\nline\"\t\tä::ö\n" +
	"gIzzStO!BA\tBasic\tGo\tq\ta\te\t\n"

func TestTextAsAnkiWritesIt(t *testing.T) {
	c, problems := readText(t, ankiExport, '\t')
	want := []textNote{
		{"n_})!1K/ur", "Basic", "Go::Maps", []string{"Is a map\tsafe?", `No: "fatal <b>error</b>"<br>x`, ""}, []string{"go", "map"}, []int{0}},
		{`#x"y`, "Cloze", "Go", []string{"{{c1::a}} # {{c2::b}}", ""}, nil, []int{0, 1}},
		{"E)-JY){-]a", "Basic (and reversed card)", "Default", []string{"#hash", "line\nline"}, []string{"ä::ö"}, []int{0}},
		{"gIzzStO!BA", "Basic", "Go", []string{"q", "a", "e"}, nil, []int{0}},
	}
	if diff := cmp.Diff(want, textNotes(t, c)); diff != "" || problems != nil {
		t.Errorf("problems %q, notes (-want +got):\n%s", problems, diff)
	}
	var out bytes.Buffer
	if err := WriteText(context.Background(), &out, c, '\t'); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(ankiExport, out.String()); diff != "" {
		t.Errorf("written (-want +got):\n%s", diff)
	}

	// "Cards in Plain Text" has the two sides only.
	c, _ = readText(t, "#separator:tab\n#html:true\n\"<span class=\"\"cloze\"\">[...]</span>\"\t\"<span class=\"\"cloze\"\">a</span><br>\n\"\nq\ta\n", '\t')
	want = []textNote{
		basicTextNote(`<span class="cloze">[...]</span>`, "<span class=\"cloze\">a</span><br>\n"),
		basicTextNote("q", "a"),
	}
	if diff := cmp.Diff(want, textNotes(t, c)); diff != "" {
		t.Errorf("cards (-want +got):\n%s", diff)
	}
}
