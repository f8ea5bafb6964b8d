package anki

import (
	"context"
	"crypto/sha1"
	"encoding/hex"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// fixtures are packages that Anki 26.9.3 wrote from our own content.
var fixtures = []string{"latest-sched.apkg", "legacy2-sched.apkg", "latest-nosched.apkg", "full.colpkg"}

// expected is what Python read out of the fixtures.
type expected struct {
	Crt   int64
	Files map[string]struct {
		Version   int `json:"package_version"`
		Types     int `json:"all_notetypes"`
		NoteTypes map[int64]string
		Decks     map[int64]string
		Presets   map[int64]struct{ Name string }
		Media     []struct {
			Name, SHA1 string
			Size       int64
		}
	}
	Notes []struct {
		ID, Mid, Mod, Csum int64
		GUID, Tags, Sfld   string
		Fields             []string
	}
	Sched   []expectedCard `json:"cards_sched"`
	NoSched []expectedCard `json:"cards_nosched"`
	Revlog  [][]int64
}

type expectedCard struct {
	ID, Nid, Did, Mod, Due, Odue, Odid                       int64
	Ord, Type, Queue, Ivl, Factor, Reps, Lapses, Left, Flags int
	Data, Deck                                               string
}

func readExpected(t *testing.T) expected {
	t.Helper()
	b, err := os.ReadFile("testdata/expected.json")
	noError(t, err)
	var e expected
	noError(t, json.Unmarshal(b, &e))
	return e
}

func noError(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// open opens a package that must be readable, and closes it at the end.
func open(t testing.TB, path string, opt Options) *Package {
	t.Helper()
	p, err := Open(context.Background(), path, opt)
	noError(t, err)
	t.Cleanup(func() { p.Close() })
	return p
}

func content(t testing.TB, m Media) []byte {
	t.Helper()
	r, err := m.Open()
	noError(t, err)
	b, err := io.ReadAll(r)
	noError(t, err)
	noError(t, r.Close())
	return b
}

func TestFixtures(t *testing.T) {
	want := readExpected(t)
	for _, name := range fixtures {
		t.Run(name, func(t *testing.T) {
			temp := t.TempDir()
			p := open(t, filepath.Join("testdata", name), Options{Now: time.Unix(1795196463, 0), Temp: temp})
			empty(t, temp)
			f := want.Files[name]
			if len(p.Problems) > 0 {
				t.Errorf("problems: %+v", p.Problems)
			}
			if p.Version != Version(f.Version) || p.Whole != strings.HasSuffix(name, ".colpkg") || p.FSRS != p.Whole {
				t.Errorf("version %d, whole %v, fsrs %v", p.Version, p.Whole, p.FSRS)
			}
			if p.Created != want.Crt || p.West != -120 || !p.HasWest || p.Rollover != 4 || p.Scheduler != 2 {
				t.Errorf("created %d, west %d %v, rollover %d, scheduler %d", p.Created, p.West, p.HasWest, p.Rollover, p.Scheduler)
			}
			checkFixtureSettings(t, p, name, want)
			if strings.Contains(name, "nosched") {
				checkFixtureNotes(t, p, want, "leech") // Anki takes it away with the schedule
				checkFixtureCards(t, p, want.NoSched)
				checkFixtureReviews(t, p, nil)
				return
			}
			checkFixtureNotes(t, p, want, "")
			checkFixtureCards(t, p, want.Sched)
			checkFixtureReviews(t, p, want.Revlog)
		})
	}
}

func checkFixtureSettings(t *testing.T, p *Package, name string, want expected) {
	f := want.Files[name]
	if len(p.NoteTypes) != f.Types {
		t.Errorf("%d note types, want %d", len(p.NoteTypes), f.Types)
	}
	types, decks, presets := map[int64]string{}, map[int64]string{}, map[int64]struct{ Name string }{}
	for _, n := range p.NoteTypes {
		if f.NoteTypes[n.ID] != "" {
			types[n.ID] = n.Name
		}
		if n.Cloze != (n.Name == "Cloze" || n.Name == "Image Occlusion") || n.SortField != 0 || !strings.Contains(n.CSS, "font-size: 20px") {
			t.Errorf("note type %+v", n)
		}
	}
	for _, d := range p.Decks {
		decks[d.ID] = d.Name
		if d.Filtered != (d.Name == "Filtered now" && !strings.Contains(name, "nosched")) {
			t.Errorf("deck %+v", d)
		}
	}
	for _, s := range p.Presets {
		presets[s.ID] = struct{ Name string }{s.Name}
	}
	for what, pair := range map[string][2]any{"types": {types, f.NoteTypes}, "decks": {decks, f.Decks}, "presets": {presets, f.Presets}} {
		if d := cmp.Diff(pair[1], pair[0]); d != "" {
			t.Errorf("%s: %s", what, d)
		}
	}
	basic := NoteType{
		ID: 1792515600000, Name: "Basic", CSS: p.NoteTypes[0].CSS, LatexPre: p.NoteTypes[0].LatexPre, LatexPost: `\end{document}`, Stock: 1,
		Fields:    []Field{{ID: 1235109149797225595, Name: "Front"}, {ID: 3455186724157926564, Name: "Back"}},
		Templates: []Template{{ID: 7708225123478062854, Name: "Card 1", Front: "{{Front}}", Back: "{{FrontSide}}\n\n<hr id=answer>\n\n{{Back}}"}},
	}
	if d := cmp.Diff(basic, p.NoteTypes[0]); d != "" {
		t.Errorf("basic: %s", d)
	}
	if !strings.HasPrefix(basic.LatexPre, `\documentclass[12pt]{article}`) {
		t.Errorf("basic: LaTeX %q", basic.LatexPre)
	}
	ours := []Preset{defaultPreset(), {
		ID: 1792515600000, Name: "Messaging FSRS", Mod: 1792515600, LearningSteps: []float64{1, 10, 1440}, RelearningSteps: []float64{10},
		NewPerDay: 3, ReviewsPerDay: 200, MaximumInterval: 36500, LeechThreshold: 3, BurySiblings: true, DesiredRetention: 0.85,
		Weights: []float64{0.25, 1.1, 2.5, 9, 6.2, 0.8, 2.9, 0.002, 1.8, 0.17, 0.8, 1.5, 0.06, 0.25, 1.6, 0.6, 1.9, 0.5, 0.1, 0.08, 0.2},
	}}
	if d := cmp.Diff(ours[:len(f.Presets)], p.Presets); d != "" {
		t.Errorf("presets: %s", d)
	}
	for i, m := range f.Media {
		sum := sha1.Sum(content(t, p.Media[i]))
		if len(p.Media) != len(f.Media) || p.Media[i].Name != m.Name || p.Media[i].Size != m.Size || hex.EncodeToString(sum[:]) != m.SHA1 {
			t.Errorf("media %+v, want %+v", p.Media, f.Media)
		}
	}
}

func checkFixtureNotes(t *testing.T, p *Package, want expected, without string) {
	var notes []Note
	for _, n := range want.Notes {
		var tags []string
		for _, tag := range strings.Fields(n.Tags) {
			if tag != without {
				tags = append(tags, tag)
			}
		}
		notes = append(notes, Note{ID: n.ID, GUID: n.GUID, Type: n.Mid, Mod: n.Mod, Tags: tags, Fields: n.Fields})
	}
	if d := cmp.Diff(notes, p.Notes); d != "" {
		t.Errorf("notes: %s", d)
	}
}

func checkFixtureCards(t *testing.T, p *Package, want []expectedCard) {
	var cards []Card
	for _, c := range want {
		card := Card{
			ID: c.ID, Note: c.Nid, Deck: c.Did, Ord: c.Ord, Mod: c.Mod, State: CardState(c.Type), Queue: Queue(c.Queue), Due: c.Due,
			Interval: c.Ivl, Factor: c.Factor, Reps: c.Reps, Lapses: c.Lapses, Left: c.Left, HomeDeck: c.Odid, HomeDue: c.Odue, Flag: c.Flags, Pos: -1,
		}
		var d map[string]float64
		noError(t, json.Unmarshal([]byte(c.Data), &d))
		if pos, ok := d["pos"]; ok {
			card.Pos = int(pos)
		}
		if _, ok := d["s"]; ok {
			card.Memory = &Memory{Stability: d["s"], Difficulty: d["d"], Retention: d["dr"], Decay: d["decay"], LastReview: int64(d["lrt"])}
		}
		cards = append(cards, card)
	}
	if d := cmp.Diff(cards, p.Cards); d != "" {
		t.Errorf("cards: %s", d)
	}
}

func checkFixtureReviews(t *testing.T, p *Package, want [][]int64) {
	var reviews []Review
	for _, r := range want { // id cid usn ease ivl lastIvl factor time type
		reviews = append(reviews, Review{
			ID: r[0], Card: r[1], Ease: int(r[3]), Interval: int(r[4]), LastInterval: int(r[5]), Factor: int(r[6]), Millis: int(r[7]), Kind: ReviewKind(r[8]),
		})
	}
	if d := cmp.Diff(reviews, p.Reviews); d != "" {
		t.Errorf("reviews: %s", d)
	}
}

// empty fails if something is left in a folder.
func empty(t testing.TB, dir string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	noError(t, err)
	for _, e := range entries {
		t.Errorf("%s was left behind", e.Name())
	}
}

func TestWholeByName(t *testing.T) {
	for name, want := range map[string]bool{
		"a.apkg": false, "a.colpkg": true, "A.COLPKG": true, "collection.apkg": true, "backup-2026.apkg": true, "backup.apkg": false, "colpkg": false,
	} {
		if isWhole(filepath.Join("backup-x", name)) != want {
			t.Errorf("%s: want %v", name, want)
		}
	}
}

func TestMediaAfterClose(t *testing.T) {
	p, err := Open(context.Background(), "testdata/latest-sched.apkg", Options{})
	noError(t, err)
	noError(t, p.Close())
	r, err := p.Media[0].Open()
	if err == nil {
		_, err = io.ReadAll(r)
	}
	if err == nil {
		t.Error("media can be read after the package was closed")
	}
}

// TestWire reads the three kinds of values, and stops at what is malformed.
func TestWire(t *testing.T) {
	w := wire{b: []byte("\x08\x96\x01\x12\x03abc\x1d\x00\x00\x80\x3f\x21\x01\x00\x00\x00\x00\x00\x00\x00")}
	var got []any
	for w.next() {
		got = append(got, w.num, w.n, string(w.data))
	}
	want := []any{1, uint64(150), "", 2, uint64(0), "abc", 3, uint64(0x3f800000), "", 4, uint64(1), ""}
	if d := cmp.Diff(want, got); d != "" || w.bad {
		t.Errorf("bad %v: %s", w.bad, d)
	}
	for name, b := range map[string]string{
		"cut tag": "\xff", "cut varint": "\x08\xff", "long varint": "\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", "field 0": "\x00\x01",
		"cut bytes": "\x12\x05abc", "huge bytes": "\x12\xff\xff\xff\xff\xff\xff\xff\xff\x7fa", "group": "\x0b\x0c", "cut 4": "\x1d\x00", "cut 8": "\x21\x00",
	} {
		w := wire{b: []byte(b)}
		if w.next() || !w.bad || w.next() {
			t.Errorf("%s was read", name)
		}
	}
}
