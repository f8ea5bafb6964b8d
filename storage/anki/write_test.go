package anki

import (
	"archive/zip"
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// small is a collection with a bit of everything, and ids to refer to.
func small() *Collection {
	return &Collection{
		Version: Legacy2, Created: 1700000000, West: -60, HasWest: true, Rollover: 4, Scheduler: 2,
		NoteTypes: []NoteType{
			{
				ID: 101, Name: "Basic", Mod: 5, CSS: ".card{}", Fields: []Field{{ID: 11, Name: "Front"}, {ID: 12, Name: "Back"}},
				Templates: []Template{{ID: 21, Name: "Card 1", Front: "{{Front}}", Back: "{{Back}}"}, {ID: 22, Name: "Card 2", Front: "{{Back}}", Back: "{{Front}}"}},
			},
			{
				ID: 102, Name: "Cloze", Cloze: true, SortField: 1, LatexPre: "pre", LatexPost: "post", LatexSVG: true, Stock: 5, Original: 7,
				Fields: []Field{
					{ID: 13, Name: "Text", Font: "Vazir", Size: 33, RTL: true, Sticky: true, Tag: new(int)},
					{Name: "Extra", PlainText: true, Collapsed: true, Unsearched: true, PreventDeletion: true, Description: "what else"},
				},
				Templates: []Template{{Name: "Cloze", Front: "{{cloze:Text}}", Back: "{{cloze:Text}}", BrowserFront: "B {{Text}}", BrowserBack: "b", BrowserFont: "F", BrowserSize: 9}},
			},
		},
		Decks: []Deck{
			{ID: 1, Name: "Default", Preset: 1},
			{ID: 301, Name: "A", Description: "of <b>a</b>", Preset: 401},
			{ID: 302, Name: "A::B", Preset: 1},
			{ID: 303, Name: "Now", Filtered: true},
		},
		Presets: []Preset{defaultPreset(), {
			ID: 401, Name: "Own", Mod: 7, LearningSteps: []float64{0.5, 1440}, NewPerDay: 3, ReviewsPerDay: 9, MaximumInterval: 100,
			LeechThreshold: 4, LeechSuspends: true, BurySiblings: true, Weights: weights(19), DesiredRetention: 0.85,
		}},
		Notes: []Note{
			{ID: 1700000000501, GUID: "one", Type: 101, Mod: 1700000001, Tags: []string{"x", "y::z"}, Fields: []string{"1 &lt; 2 <img src=\"p.png\">", "b"}},
			{ID: 1700000000502, GUID: "two", Type: 101, Mod: 1700000002, Fields: []string{"q", ""}},
			{ID: 1700000000503, GUID: "thr", Type: 102, Mod: 1700000003, Fields: []string{"{{c1::a}} {{c2::b}} [sound:ö.mp3]", "12"}},
		},
		Cards: []Card{
			{ID: 1700000000601, Note: 1700000000501, Deck: 301, Mod: 1700000009, State: Reviewing, Queue: ReviewQueue, Due: 30, Interval: 20, Factor: 2500, Reps: 3, Lapses: 1, Flag: 2, Pos: 1, Memory: &Memory{20.5, 4.321, 0.9, 0.154, 1700000100}},
			{ID: 1700000000602, Note: 1700000000501, Deck: 303, Ord: 1, State: Relearning, Queue: LearnQueue, Due: 1700009999, Interval: 1, Factor: 2500, Reps: 5, Left: 2, HomeDeck: 301, HomeDue: 12, Pos: -1},
			{ID: 1700000000603, Note: 1700000000502, Deck: 302, Due: 7, Pos: -1},
			{ID: 1700000000604, Note: 1700000000503, Deck: 1, Ord: 0, State: Learning, Queue: DayLearnQueue, Due: 3, Left: 1, Reps: 1, Pos: 9},
			{ID: 1700000000605, Note: 1700000000503, Deck: 1, Ord: 1, Due: 8, Queue: Suspended, Pos: -1},
		},
		Reviews: []Review{
			{ID: 1700000050001, Card: 1700000000601, Ease: 3, Interval: -600, LastInterval: -60, Millis: 900},
			{ID: 1700000060001, Card: 1700000000602, Ease: 1, Interval: 1, LastInterval: 4, Factor: 2300, Millis: 60000, Kind: Reviewed},
			{ID: 1700000070001, Card: 1700000000601, Kind: Manual},
			{ID: 1700000100000, Card: 1700000000601, Ease: 2, Interval: 20, LastInterval: 3, Factor: 420, Kind: Reviewed},
		},
		Media: []Media{memoryMedia("p.png", []byte("\x89PNG")), memoryMedia("ö.mp3", []byte("ID3"))},
	}
}

func weights(n int) []float64 {
	w := make([]float64, n)
	for i := range w {
		w[i] = float64(i+1) / 8
	}
	return w
}

func memoryMedia(name string, b []byte) Media {
	return Media{Name: name, Size: int64(len(b)), Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(b)), nil }}
}

// generate makes a collection of all states from a seed, as Anki would make
// one: what a property finds here, Anki's own check has found right too.
func generate(seed uint64, notes, reviews int) *Collection {
	r := rand.New(rand.NewPCG(seed, 1))
	const created = 1700000000
	c := &Collection{Version: Legacy2, Created: created, Rollover: r.IntN(24), Scheduler: 2, FSRS: r.IntN(2) == 0}
	if c.HasWest = r.IntN(4) > 0; c.HasWest {
		c.West = r.IntN(1400) - 700
	}
	c.Presets = []Preset{defaultPreset()}
	for i, n := range []int{0, 17, 19, 21}[:1+r.IntN(4)] {
		p := Preset{
			ID: 1690000000000 + int64(i), Name: fmt.Sprint("Preset ", i), Mod: created + int64(i), NewPerDay: r.IntN(50), ReviewsPerDay: r.IntN(500),
			MaximumInterval: 1 + r.IntN(36500), LeechThreshold: r.IntN(10), LeechSuspends: r.IntN(2) == 0, BurySiblings: r.IntN(2) == 0,
			DesiredRetention: 0.7 + float64(r.IntN(30))/100, LearningSteps: []float64{1, 10}[:r.IntN(3)], RelearningSteps: []float64{10},
		}
		if n > 0 {
			p.Weights = weights(n)
		}
		if len(p.LearningSteps) == 0 {
			p.LearningSteps = nil
		}
		c.Presets = append(c.Presets, p)
	}
	c.Decks = []Deck{{ID: 1, Name: "Default", Preset: 1}}
	for i := range 1 + r.IntN(5) {
		c.Decks = append(c.Decks, Deck{ID: 1690000001000 + int64(i), Name: []string{"S", "S::T", "S::T::ü", "M", "M::<x> & \"y\""}[i], Description: "d", Preset: c.Presets[r.IntN(len(c.Presets))].ID})
	}
	filtered := Deck{ID: 1690000002000, Name: "Filtered", Filtered: true}
	c.Decks = append(c.Decks, filtered)
	c.NoteTypes = small().NoteTypes
	c.NoteTypes[0].ID, c.NoteTypes[1].ID = 1690000003000, 1690000003001
	for i := range notes {
		n := Note{ID: 1690000010000 + int64(i), GUID: "g" + strconv.Itoa(i), Type: c.NoteTypes[r.IntN(2)].ID, Mod: created + r.Int64N(1e6), Fields: []string{words(r), words(r)}}
		for range r.IntN(3) {
			n.Tags = append(n.Tags, []string{"a", "b::c", "ü", "leech"}[r.IntN(4)])
		}
		if n.Type == c.NoteTypes[1].ID {
			n.Fields[0] = "{{c1::" + n.Fields[0] + "}} and {{c2::" + words(r) + "}}"
		}
		c.Notes = append(c.Notes, n)
		for ord := range 2 {
			c.Cards = append(c.Cards, card(r, c, n.ID, ord, filtered.ID))
		}
	}
	c.Reviews = history(r, c, reviews)
	for i := range 2 + r.IntN(3) {
		c.Media = append(c.Media, memoryMedia(fmt.Sprintf("etch-%d.png", i), []byte(words(r))))
	}
	return c
}

// words is a bit of text with what fields are full of.
func words(r *rand.Rand) string {
	list := []string{"plain", "<b>bold</b>", "1 &lt; 2", "ä𝔘🎲", "a\nb", "<img src=\"etch-0.png\">", "[sound:etch-1.png]", "x=\\(y\\)", "&nbsp;", "\"quoted\"", "007"}
	var s []string
	for range 1 + r.IntN(6) {
		s = append(s, list[r.IntN(len(list))])
	}
	return strings.Join(s, " ")
}

// card makes one of the states of ANKI.md 3.1.
func card(r *rand.Rand, c *Collection, note int64, ord int, filtered int64) Card {
	v := Card{ID: 1690010000000 + int64(len(c.Cards)), Note: note, Ord: ord, Deck: c.Decks[r.IntN(len(c.Decks)-1)].ID, Mod: c.Created + r.Int64N(1e6), Flag: r.IntN(8), Pos: -1}
	v.State = CardState(r.IntN(4))
	switch v.State {
	case New:
		v.Due = int64(len(c.Cards) + 1)
		return v
	case Learning:
		v.Left = 1 + r.IntN(2)
	case Reviewing:
		v.Queue, v.Due, v.Interval, v.Factor = ReviewQueue, int64(r.IntN(500)), 1+r.IntN(300), 2500
	case Relearning:
		v.Left, v.Interval, v.Factor, v.Lapses = 1, 1+r.IntN(30), 2500, 1+r.IntN(3)
	}
	if v.Left > 0 {
		v.Queue, v.Due = LearnQueue, c.Created+r.Int64N(1e6)
		if r.IntN(2) == 0 {
			v.Queue, v.Due = DayLearnQueue, int64(r.IntN(500))
		}
	}
	v.Pos, v.Reps = len(c.Cards)+1, 1+r.IntN(20)
	v.Memory = &Memory{Stability: round(0.1+r.Float64()*300, 4), Difficulty: round(1+r.Float64()*9, 3), Retention: 0.9, Decay: 0.154}
	switch r.IntN(8) {
	case 0:
		v.Queue = Suspended
	case 1:
		v.Queue = UserBuried
	case 2:
		v.Queue = SiblingBuried
	case 3:
		if v.State == Reviewing {
			v.HomeDeck, v.HomeDue, v.Deck, v.Due = v.Deck, v.Due, filtered, -100000+int64(len(c.Cards))
		}
	}
	return v
}

// history gives the cards that are not new reviews, the first of each a
// learned one, and sets their times of the last one.
func history(r *rand.Rand, c *Collection, n int) []Review {
	var studied []*Card
	for i := range c.Cards {
		if c.Cards[i].State != New {
			studied = append(studied, &c.Cards[i])
		}
	}
	first := map[int64]bool{}
	var out []Review
	for i := range n {
		if len(studied) == 0 {
			break
		}
		v := studied[i%len(studied)]
		rev := Review{ID: 1700000100000 + int64(i)*1009, Card: v.ID, Ease: 1 + r.IntN(4), Interval: 1 + r.IntN(50), Factor: 100 + r.IntN(1000), Millis: r.IntN(60000), Kind: Reviewed}
		if !first[v.ID] {
			rev.Kind, rev.Interval, rev.LastInterval = Learned, -600, -60
		}
		first[v.ID] = true
		v.Memory.LastReview = rev.ID / 1000
		out = append(out, rev)
	}
	for _, v := range studied {
		if !first[v.ID] {
			v.Memory.LastReview = 0
		}
	}
	return out
}

// write writes a collection to a file.
func write(t testing.TB, c *Collection) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "out.apkg")
	f, err := os.Create(path)
	noError(t, err)
	noError(t, Write(context.Background(), f, c))
	noError(t, f.Close())
	return path
}

// equalCollection compares two collections with the contents of their media.
func equalCollection(t testing.TB, want, got *Collection) {
	t.Helper()
	w, g := *want, *got
	w.Media, g.Media = nil, nil
	if d := cmp.Diff(w, g); d != "" {
		t.Errorf("want - got +\n%s", d)
	}
	if len(want.Media) != len(got.Media) {
		t.Fatalf("%d media, want %d", len(got.Media), len(want.Media))
	}
	for i, m := range want.Media {
		o := got.Media[i]
		if m.Name != o.Name || m.Size != o.Size || !bytes.Equal(content(t, m), content(t, o)) {
			t.Errorf("media %s of %d bytes, want %s of %d", o.Name, o.Size, m.Name, m.Size)
		}
	}
}

func TestWriteThenRead(t *testing.T) {
	p := open(t, write(t, small()), Options{})
	equalCollection(t, small(), &p.Collection)
	if len(p.Problems) > 0 {
		t.Errorf("problems: %+v", p.Problems)
	}
}

func TestWriteThenReadSeeds(t *testing.T) {
	for seed := range uint64(40) {
		c := generate(seed, int(seed)*3, int(seed)*20)
		p := open(t, write(t, c), Options{})
		if len(p.Problems) > 0 {
			t.Errorf("seed %d: problems: %+v", seed, p.Problems)
		}
		equalCollection(t, c, &p.Collection)
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

func TestWriteFixturesBack(t *testing.T) {
	for _, name := range fixtures {
		p := open(t, filepath.Join("testdata", name), Options{})
		q := open(t, write(t, &p.Collection), Options{})
		p.Version = Legacy2
		equalCollection(t, &p.Collection, &q.Collection)
	}
}

// TestWriteTwice: the same rows in another order are the same file.
func TestWriteTwice(t *testing.T) {
	a := generate(3, 50, 300)
	b := generate(3, 50, 300)
	shuffle := rand.New(rand.NewPCG(1, 2)).Shuffle
	shuffle(len(b.Notes), func(i, j int) { b.Notes[i], b.Notes[j] = b.Notes[j], b.Notes[i] })
	shuffle(len(b.Cards), func(i, j int) { b.Cards[i], b.Cards[j] = b.Cards[j], b.Cards[i] })
	shuffle(len(b.Reviews), func(i, j int) { b.Reviews[i], b.Reviews[j] = b.Reviews[j], b.Reviews[i] })
	shuffle(len(b.Decks), func(i, j int) { b.Decks[i], b.Decks[j] = b.Decks[j], b.Decks[i] })
	shuffle(len(b.Media), func(i, j int) { b.Media[i], b.Media[j] = b.Media[j], b.Media[i] })
	order := b.Notes[0].ID
	var one, two bytes.Buffer
	noError(t, Write(context.Background(), &one, a))
	noError(t, Write(context.Background(), &two, b))
	if !bytes.Equal(one.Bytes(), two.Bytes()) {
		t.Error("two files of the same collection differ")
	}
	if b.Notes[0].ID != order {
		t.Error("Write sorted its argument")
	}
	b.Notes[0].Fields[0] += "!"
	two.Reset()
	noError(t, Write(context.Background(), &two, b))
	if bytes.Equal(one.Bytes(), two.Bytes()) {
		t.Error("a changed field changed nothing: the comparison is void")
	}
}

// TestContainer checks the zip file entry by entry, and the database.
func TestContainer(t *testing.T) {
	z, err := zip.OpenReader(write(t, small()))
	noError(t, err)
	defer z.Close()
	var got []string
	parts := map[string][]byte{}
	for _, e := range z.File {
		r, err := e.Open()
		noError(t, err)
		b, err := io.ReadAll(r)
		noError(t, err)
		parts[e.Name] = b
		got = append(got, fmt.Sprint(e.Name, " ", e.Method, " ", e.Flags, " ", e.ModifiedDate, e.ModifiedTime, " ", len(e.Extra)))
	}
	want := []string{"meta 0 0 33 0 0", "collection.anki21 8 0 33 0 0", "collection.anki2 8 0 33 0 0", "0 0 0 33 0 0", "1 0 0 33 0 0", "media 0 0 33 0 0"}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("entries: %s", d)
	}
	if !bytes.Equal(parts["collection.anki2"], parts["collection.anki21"]) || string(parts["meta"]) != "\x08\x02" || string(parts["media"]) != `{"0":"p.png","1":"ö.mp3"}` {
		t.Errorf("meta %q, media %s", parts["meta"], parts["media"])
	}
	db := parts["collection.anki2"]
	// Page size 4096, and 1 for a rollback journal.
	if string(db[16:20]) != "\x10\x00\x01\x01" {
		t.Errorf("header %x", db[16:20])
	}
}

// TestColumns reads what is in no Collection.
func TestColumns(t *testing.T) {
	db := openRaw(t, unpackDB(t, write(t, small())))
	var sfld, kind, tags string
	var csum int64
	rows := [][]any{}
	list, err := db.Query("select cast(sfld as text), typeof(sfld), tags, csum from notes order by id")
	noError(t, err)
	for list.Next() {
		noError(t, list.Scan(&sfld, &kind, &tags, &csum))
		rows = append(rows, []any{sfld, kind, tags, csum})
	}
	want := [][]any{
		{"1 < 2  p.png ", "text", " x y::z ", checksum("1 &lt; 2  p.png ")},
		{"q", "text", "", int64(0x22ea1c64)},
		{"12", "integer", "", checksum("{{c1::a}} {{c2::b}} [sound:ö.mp3]")},
	}
	if d := cmp.Diff(want, rows); d != "" {
		t.Errorf("notes: %s", d)
	}
	var n int
	noError(t, db.QueryRow("select sum(usn = -1) = count(*) from (select usn from notes union all select usn from cards union all select usn from revlog)").Scan(&n))
	if n != 1 {
		t.Error("a row has another usn than -1")
	}
	var conf, models, decks, dconf, check string
	noError(t, db.QueryRow("select conf, models, decks, dconf from col").Scan(&conf, &models, &decks, &dconf))
	for _, s := range []string{`"schedVer":2`, `"creationOffset":-60`, `"nextPos":9`, `"rollover":4`} {
		if !strings.Contains(conf, s) {
			t.Errorf("conf has no %s: %s", s, conf)
		}
	}
	for _, s := range []string{`"fsrsWeights":[]`, `"fsrsParams5":[0.125,`, `2.25,2.375,0,0.5]`, `"desiredRetention":0.85`} {
		if !strings.Contains(dconf, s) {
			t.Errorf("dconf has no %s: %s", s, dconf)
		}
	}
	for _, s := range []string{conf, decks, dconf} {
		if strings.Contains(strings.ReplaceAll(s, `"delays":null`, ""), "null") { // of a filtered deck
			t.Errorf("null in %s", s)
		}
	}
	noError(t, db.QueryRow("pragma integrity_check").Scan(&check))
	if check != "ok" {
		t.Error(check)
	}
}

// unpackDB returns the path of a copy of a package's legacy database.
func unpackDB(t testing.TB, path string) string {
	t.Helper()
	z, err := zip.OpenReader(path)
	noError(t, err)
	defer z.Close()
	r, err := z.Open("collection.anki2")
	noError(t, err)
	b, err := io.ReadAll(r)
	noError(t, err)
	out := filepath.Join(t.TempDir(), "x.db")
	noError(t, os.WriteFile(out, b, 0o600))
	return out
}

func openRaw(t testing.TB, path string) *sql.DB {
	t.Helper()
	db := sql.OpenDB(connector{fileDSN(path, url.Values{})})
	db.SetMaxOpenConns(1)
	t.Cleanup(func() { db.Close() })
	return db
}

func TestPlainField(t *testing.T) {
	want := readExpected(t)
	for _, n := range want.Notes {
		if got := plainField(n.Fields[0]); got != n.Sfld {
			t.Errorf("%q: %q, want %q", n.Fields[0], got, n.Sfld)
		}
		if got := checksum(n.Fields[0]); got != n.Csum {
			t.Errorf("%q: sum %d, want %d", n.Fields[0], got, n.Csum)
		}
	}
	for in, out := range map[string]string{
		"":                                     "",
		"a<br>b":                               "ab",
		"a < b":                                "a < b",
		"1<2 and 3>2":                          "12",
		"<style>x</style >y":                   "xy",
		"<STYLE a>x</Style>y":                  "y",
		"<script>if (a<b) {}</script>z":        "z",
		"<!-- <b> -->c":                        "c",
		"<!-- c":                               "<!-- c",
		"<img alt=x src='a b.png'/>":           " a b.png ",
		"<img src=a.png>":                      " a.png ",
		"<IMG\nSRC=\"a&amp;b.png\">":           " a&b.png ",
		"<object data=\"x.swf\"></object>":     " x.swf ",
		"<image src=a>":                        "",
		"<img>":                                "",
		"&lt;b&gt;&nbsp;\u00a0&#39;&unknown;x": "<b>  '&unknown;x",
	} {
		if got := plainField(in); got != out {
			t.Errorf("%q: %q, want %q", in, got, out)
		}
	}
	for _, s := range []string{"<", "<style>", "<!--", "<img src=", "<script"} {
		plainField(strings.Repeat(s, 1<<20/len(s))) // must end
	}
}

// TestWriteRefuses changes one value at a time to what Anki would not take.
func TestWriteRefuses(t *testing.T) {
	for name, break_ := range map[string]func(*Collection){
		"created":          func(c *Collection) { c.Created = -1 },
		"rollover":         func(c *Collection) { c.Rollover = 24 },
		"west":             func(c *Collection) { c.West = 2000 },
		"type id":          func(c *Collection) { c.NoteTypes[0].ID = 0 },
		"type twice":       func(c *Collection) { c.NoteTypes[1].ID = 101 },
		"type name":        func(c *Collection) { c.NoteTypes[1].Name = "basic" },
		"type no name":     func(c *Collection) { c.NoteTypes[1].Name = "" },
		"type sort":        func(c *Collection) { c.NoteTypes[1].SortField = 2 },
		"type no fields":   func(c *Collection) { c.NoteTypes[1].Fields = nil },
		"type css":         func(c *Collection) { c.NoteTypes[1].CSS = "\xff" },
		"type LaTeX":       func(c *Collection) { c.NoteTypes[1].LatexPost = "\xff" },
		"field font":       func(c *Collection) { c.NoteTypes[1].Fields[0].Font = "\xff" },
		"browser template": func(c *Collection) { c.NoteTypes[1].Templates[0].BrowserBack = "\xff" },
		"two clozes":       func(c *Collection) { c.NoteTypes[0].Cloze = true },
		"no cloze":         func(c *Collection) { c.NoteTypes[1].Templates[0].Back = "{{Text}}" },
		"field name":       func(c *Collection) { c.NoteTypes[0].Fields[0].Name = "a:b" },
		"field name hash":  func(c *Collection) { c.NoteTypes[0].Fields[0].Name = "#a" },
		"field name empty": func(c *Collection) { c.NoteTypes[0].Fields[0].Name = "" },
		"field twice":      func(c *Collection) { c.NoteTypes[0].Fields[0].Name = "back" },
		"field id":         func(c *Collection) { c.NoteTypes[1].Fields[0].ID = 11 },
		"template name":    func(c *Collection) { c.NoteTypes[0].Templates[0].Name = "CARD 2" },
		"template front":   func(c *Collection) { c.NoteTypes[0].Templates[0].Front = "x" },
		"template id":      func(c *Collection) { c.NoteTypes[0].Templates[0].ID = 22 },
		"preset id":        func(c *Collection) { c.Presets[1].ID = -4 },
		"preset twice":     func(c *Collection) { c.Presets[1].ID = 1 },
		"weights 18":       func(c *Collection) { c.Presets[1].Weights = weights(18) },
		"weights NaN":      func(c *Collection) { c.Presets[1].Weights[3] = math.NaN() },
		"retention":        func(c *Collection) { c.Presets[1].DesiredRetention = 0.5 },
		"retention NaN":    func(c *Collection) { c.Presets[1].DesiredRetention = math.NaN() },
		"step":             func(c *Collection) { c.Presets[1].LearningSteps[0] = math.Inf(1) },
		"limit":            func(c *Collection) { c.Presets[1].NewPerDay = -1 },
		"max interval":     func(c *Collection) { c.Presets[1].MaximumInterval = 0 },
		"leech":            func(c *Collection) { c.Presets[1].LeechThreshold = -1 },
		"deck id":          func(c *Collection) { c.Decks[1].ID = 0 },
		"deck twice":       func(c *Collection) { c.Decks[1].ID = 302 },
		"deck name":        func(c *Collection) { c.Decks[1].Name = "a::b" },
		"deck empty part":  func(c *Collection) { c.Decks[1].Name = "A::" },
		"deck preset":      func(c *Collection) { c.Decks[1].Preset = 9 },
		"filtered preset":  func(c *Collection) { c.Decks[3].Preset = 1 },
		"note id":          func(c *Collection) { c.Notes[0].ID = 0 },
		"note twice":       func(c *Collection) { c.Notes[1].ID = c.Notes[0].ID },
		"guid":             func(c *Collection) { c.Notes[1].GUID = "" },
		"guid twice":       func(c *Collection) { c.Notes[1].GUID = "one" },
		"note type":        func(c *Collection) { c.Notes[1].Type = 9 },
		"too few fields":   func(c *Collection) { c.Notes[1].Fields = []string{"a"} },
		"too many fields":  func(c *Collection) { c.Notes[1].Fields = []string{"a", "b", "c"} },
		"field separator":  func(c *Collection) { c.Notes[1].Fields[1] = "a\x1fb" },
		"field UTF-8":      func(c *Collection) { c.Notes[1].Fields[1] = "\xc3" },
		"field NUL":        func(c *Collection) { c.Notes[1].Fields[1] = "a\x00" },
		"tag":              func(c *Collection) { c.Notes[1].Tags = []string{"a b"} },
		"tag wide space":   func(c *Collection) { c.Notes[1].Tags = []string{"a\u3000b"} },
		"tag empty":        func(c *Collection) { c.Notes[1].Tags = []string{""} },
		"card id":          func(c *Collection) { c.Cards[0].ID = -1 },
		"card twice":       func(c *Collection) { c.Cards[1].ID = c.Cards[0].ID },
		"card note":        func(c *Collection) { c.Cards[0].Note = 4 },
		"card ord":         func(c *Collection) { c.Cards[0].Ord = 2 },
		"card same ord":    func(c *Collection) { c.Cards[1].Ord = 0 },
		"cloze ord":        func(c *Collection) { c.Cards[3].Ord = 65536 },
		"card deck":        func(c *Collection) { c.Cards[0].Deck = 9 },
		"card home":        func(c *Collection) { c.Cards[1].HomeDeck = 9 },
		"card state":       func(c *Collection) { c.Cards[0].State = 4 },
		"card queue":       func(c *Collection) { c.Cards[0].Queue = -4 },
		"card due":         func(c *Collection) { c.Cards[0].Due = 1 << 31 },
		"card ivl":         func(c *Collection) { c.Cards[0].Interval = -5 },
		"card factor":      func(c *Collection) { c.Cards[0].Factor = 65536 },
		"card reps":        func(c *Collection) { c.Cards[0].Reps = -1 },
		"card left":        func(c *Collection) { c.Cards[0].Left = 1000 },
		"card flag":        func(c *Collection) { c.Cards[0].Flag = 8 },
		"card pos":         func(c *Collection) { c.Cards[0].Pos = -2 },
		"stability NaN":    func(c *Collection) { c.Cards[0].Memory.Stability = math.NaN() },
		"stability":        func(c *Collection) { c.Cards[0].Memory.Stability = 0 },
		"difficulty":       func(c *Collection) { c.Cards[0].Memory.Difficulty = 10.1 },
		"retention 2":      func(c *Collection) { c.Cards[0].Memory.Retention = 2 },
		"decay":            func(c *Collection) { c.Cards[0].Memory.Decay = math.Inf(1) },
		"last review":      func(c *Collection) { c.Cards[0].Memory.LastReview = -1 },
		"review id":        func(c *Collection) { c.Reviews[0].ID = 0 },
		"review twice":     func(c *Collection) { c.Reviews[0].ID = c.Reviews[1].ID },
		"review card":      func(c *Collection) { c.Reviews[0].Card = 1 },
		"review ease":      func(c *Collection) { c.Reviews[0].Ease = 5 },
		"review kind":      func(c *Collection) { c.Reviews[0].Kind = 6 },
		"review factor":    func(c *Collection) { c.Reviews[0].Factor = -1 },
		"review ivl":       func(c *Collection) { c.Reviews[0].Interval = 1 << 31 },
		"review time":      func(c *Collection) { c.Reviews[0].Millis = -1 },
		"media twice":      func(c *Collection) { c.Media[1].Name = "p.png" },
		"media unreadable": func(c *Collection) { c.Media[1].Open = nil },
	} {
		c := small()
		break_(c)
		var out bytes.Buffer
		if err := Write(context.Background(), &out, c); !errors.Is(err, errInvalid) || out.Len() > 0 {
			t.Errorf("%s: %v, %d bytes written", name, err, out.Len())
		}
	}
}

func TestMediaNames(t *testing.T) {
	for name, want := range map[string]bool{
		"a.png": true, "ä.png": true, "a b.png": true, "_x.css": true, strings.Repeat("a", 116) + ".png": true, "com10.png": true, "console.png": true,
		"": false, ".": false, "..": false, "a/b": false, `a\b`: false, "a:b": false, "a\x00b": false, "a\nb": false, "a?": false, "[a]": false,
		"a^b": false, "a*": false, "<a>": false, "a\"b": false, "a|b": false, "CON.png": false, "nul": false, "com1.tar.gz": false, "LPT9.x": false,
		"a.": false, "a ": false, "a\u0308.png": false, "\xff": false, strings.Repeat("a", 117) + ".png": false,
	} {
		if goodMediaName(name) != want {
			t.Errorf("%q: want %v", name, want)
		}
	}
}

// TestWriteFails: errors of the writer, the media and the context come back,
// and nothing stays in the folder for temporary files.
func TestWriteFails(t *testing.T) {
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	canceled, cancel := context.WithCancel(context.Background())
	cancel()
	if err := Write(canceled, io.Discard, small()); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled: %v", err)
	}
	broken := errors.New("broken")
	c := small()
	c.Media[1].Open = func() (io.ReadCloser, error) { return nil, broken }
	if err := Write(context.Background(), io.Discard, c); !errors.Is(err, broken) {
		t.Errorf("media: %v", err)
	}
	n := 0
	c.Media[1].Open = func() (io.ReadCloser, error) {
		n++
		return io.NopCloser(strings.NewReader(strconv.Itoa(n))), nil
	}
	if err := Write(context.Background(), io.Discard, c); err == nil || !strings.Contains(err.Error(), "changed") {
		t.Errorf("changing media: %v", err)
	}
	if err := Write(context.Background(), failAfter{100, broken}, small()); !errors.Is(err, broken) {
		t.Errorf("writer: %v", err)
	}
	for left := range int64(40) {
		ctx := newCountdown(left)
		if err := Write(ctx, io.Discard, small()); err != nil && !errors.Is(err, context.Canceled) {
			t.Errorf("canceled after %d looks: %v", left, err)
		}
	}
	empty(t, temp)
}

type failAfter struct {
	n   int
	err error
}

func (f failAfter) Write(p []byte) (int, error) {
	if len(p) > f.n {
		return 0, f.err
	}
	return len(p), nil
}

// BenchmarkWrite is the size of a large deck: 10,000 notes, 20,000 cards and
// 100,000 reviews.
func BenchmarkWrite(b *testing.B) {
	c := generate(1, 10_000, 100_000)
	b.ReportAllocs()
	for b.Loop() {
		noError(b, Write(context.Background(), io.Discard, c))
	}
	reportPeak(b)
}

// BenchmarkRead reads what BenchmarkWrite writes.
func BenchmarkRead(b *testing.B) {
	path := write(b, generate(1, 10_000, 100_000))
	b.ReportAllocs()
	for b.Loop() {
		p, err := Open(context.Background(), path, Options{})
		noError(b, err)
		noError(b, p.Close())
	}
	reportPeak(b)
}

func reportPeak(b *testing.B) {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	b.ReportMetric(float64(m.HeapSys)/(1<<20), "MiB-heap")
}
