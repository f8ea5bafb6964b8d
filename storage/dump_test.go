package storage

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"etch/deck"
	"etch/scheduler"
)

func dumpText(t tb, s *Store) string {
	t.Helper()
	var b bytes.Buffer
	_, err := s.Dump(context.Background(), &b)
	noError(t, err)
	return b.String()
}

func loadDump(t tb, s *Store, text string) DumpCounts {
	t.Helper()
	n, err := s.LoadDump(context.Background(), strings.NewReader(text), LoadOptions{Now: monday.AddDate(1, 0, 0)})
	noError(t, err)
	return n
}

// kept is what a dump must carry over: notes with their texts and numbers,
// cards, the log, settings and memories. What a machine numbers or derives for
// itself is left out.
func kept(t tb, s *Store) string {
	t.Helper()
	var out []string
	add := func(what, query string) {
		t.Helper()
		rows, err := s.db.Query(query)
		noError(t, err)
		names, err := rows.Columns()
		noError(t, err)
		defer rows.Close()
		for rows.Next() {
			values := make([]any, len(names))
			for i := range values {
				values[i] = new(any)
			}
			noError(t, rows.Scan(values...))
			line := what
			for i, v := range values {
				line += fmt.Sprintf(" %s=%v", names[i], *v.(*any))
			}
			out = append(out, line)
		}
		noError(t, rows.Err())
	}
	add("note", `SELECT id, key, kind, type, tier, front, back, tags, source, as_of, after, why, takeaway, hash, created_at, changed_at, retired_at IS NULL AS live, anki_guid, anki_nid, anki_ord, anki_fields FROM notes`)
	add("lineage", `SELECT * FROM lineage`)
	add("card", `SELECT id, note_id, ord, pos, cloze_hash, retired_at IS NULL AS live, anki_cid FROM cards`)
	add("log", `SELECT `+entryColumns+` FROM log`)
	add("setting", `SELECT * FROM settings`)
	add("memory", `SELECT `+memoryColumns+`, m.hidden FROM memory m`)
	add("type", `SELECT * FROM anki_types`)
	add("media", `SELECT * FROM media`)
	slices.Sort(out)
	return strings.Join(out, "\n")
}

// machine is a database with a folder, the built-in library's place taken by
// another folder, and imported decks.
type machine struct {
	*model
	f files
}

func newMachine(t *testing.T, rt *rapid.T, name string) *machine {
	t.Helper()
	dir, err := os.MkdirTemp(t.TempDir(), "")
	noError(rt, err)
	s, err := Open(context.Background(), filepath.Join(dir, "etch.db"), Options{Now: monday})
	noError(rt, err)
	rt.Cleanup(func() { s.Close() })
	m := &machine{model: newModel(s, name, nil), f: files{"a.md": id("lease-end", lease) + fence, "sub/b.md": ring}}
	m.compile(rt)
	return m
}

func (m *machine) compile(t tb) {
	t.Helper()
	_, err := m.s.db.Exec(`UPDATE libraries SET stamp='?'`)
	noError(t, err)
	_, err = m.s.Compile(context.Background(), []deck.Library{m.f.library("/notes")}, CompileOptions{Now: m.now})
	noError(t, err)
	m.know(t)
}

// know takes note of the cards that there are, and of their memories.
func (m *machine) know(t tb) {
	t.Helper()
	m.cards, m.memory = nil, memories(t, m.s)
	for card := range m.memory {
		m.cards = append(m.cards, card)
	}
	slices.Sort(m.cards)
	m.log = entries(t, m.s)
}

func (m *machine) edit(t *rapid.T) {
	name := rapid.SampledFrom([]string{"a.md", "sub/b.md", "c.md"}).Draw(t, "file")
	text := rapid.SampledFrom([]string{
		"", lease, fence, ring, lease + fence, id("lease-end", lease), id("lease-end", fence), strings.Replace(ring, "[keys]", "keys", 1), strings.Replace(ring, "keys", "[servers] and [keys]", 1),
		"Q: Something else?\n\nA: Entirely new.\n",
		id("lease-end", ring), id("lease-end", "C: A lease ends by [itself].\n"), id("lease-end", "C: A [lease] ends by [itself], in [time].\n"),
	}).Draw(t, "text")
	if m.f[name] = text; text == "" {
		delete(m.f, name)
	}
	if len(m.f) == 0 {
		m.f["a.md"] = fence
	}
	m.compile(t)
}

func (m *machine) importDeck(t *rapid.T) {
	n := basicNote(fmt.Sprint("g", rapid.IntRange(0, 3).Draw(t, "guid")), "Imported "+rapid.SampledFrom([]string{"one", "two", "three"}).Draw(t, "text")+"?", "1.")
	n.Mod = m.now
	n = n.row(0, m.now.Add(-time.Hour), scheduler.Good, scheduler.Decision{State: scheduler.Review, Interval: 3, DueDay: dayOf(m.now) + 3})
	in := incoming(inDeck(rapid.SampledFrom([]string{"One", "Two::Three"}).Draw(t, "deck"), n))
	in.Types = map[int64]string{7: `{"Name":"x"}`}
	media, err := m.s.StageMedia(context.Background(), "p.png", strings.NewReader("picture"))
	noError(t, err)
	in.Media = []Media{media}
	importAt(t, m.s, m.now, in)
	m.know(t)
}

func (m *machine) forget(t *rapid.T) {
	m.s.ForgetDeck(context.Background(), "one", m.now)
	m.know(t)
}

func (m *machine) set(t *rapid.T) {
	key := rapid.SampledFrom([]string{"new-per-day 3", "new-per-day 8", "learning-steps 1m", "weights 0.3 1 3 9 6 0.8 3 0.01 1.8 0.1 0.8 1.4 0.1 0.2 1.6 0.6 1.8 0.5 0.1 0.07 0.2"}).Draw(t, "setting")
	name, value, _ := strings.Cut(key, " ")
	noError(t, m.s.Set(context.Background(), name, value, m.now))
	m.know(t)
}

func (m *machine) live(t *rapid.T, steps int) {
	acts := []func(*rapid.T){m.grade, m.grade, m.grade, m.mark, m.setDue, m.undo, m.wait, m.edit, m.importDeck, m.forget, m.set}
	for range steps {
		acts[rapid.IntRange(0, len(acts)-1).Draw(t, "act")](t)
		m.know(t)
	}
}

// A dump into an empty database gives the same notes, cards, log, settings and
// memories; twice, nothing more. Then life goes on there.
func TestDumpAndLoad(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		a := newMachine(t, rt, "a")
		a.live(rt, rapid.IntRange(0, 20).Draw(rt, "steps"))
		text := dumpText(rt, a.s)
		if again := dumpText(rt, a.s); again != text {
			rt.Fatalf("two dumps differ")
		}
		before := dumped(rt, a.s)
		if n := loadDump(rt, a.s, text); n != (DumpCounts{}) {
			rt.Fatalf("into itself: %+v", n)
		}
		same(rt, "into itself", before, dumped(rt, a.s))

		b := newMachine(t, rt, "b")
		empty := newStoreIn(t, rt)
		for _, s := range []*Store{empty, b.s} {
			blank := dumped(rt, s)
			dry, err := s.LoadDump(context.Background(), strings.NewReader(text), LoadOptions{Now: monday, DryRun: true})
			noError(rt, err)
			same(rt, "a dry run", blank, dumped(rt, s))
			if _, err := os.Stat(s.MediaFolder()); err == nil {
				rt.Fatalf("a dry run made the media folder")
			}
			if n := loadDump(rt, s, text); n != dry {
				rt.Fatalf("loaded %+v, dry run %+v", n, dry)
			}
			healthy(rt, s)
			after := dumped(rt, s)
			if n := loadDump(rt, s, text); n != (DumpCounts{}) {
				rt.Fatalf("again: %+v", n)
			}
			same(rt, "again", after, dumped(rt, s))
			if x, y := ids(entries(rt, a.s)), ids(entries(rt, s)); !slices.Equal(x, y) {
				rt.Fatalf("log ids %q, want %q", y, x)
			}
		}
		same(rt, "loaded", kept(rt, a.s), kept(rt, empty))

		// The folder comes to the new machine, at another place.
		_, err := empty.Compile(context.Background(), []deck.Library{a.f.library("/home/b/notes")}, CompileOptions{Now: a.now.Add(time.Hour)})
		noError(rt, err)
		healthy(rt, empty)
		if x, y := liveFronts(rt, a.s), liveFronts(rt, empty); !slices.Equal(x, y) {
			rt.Fatalf("live after the folder came:\n%q\nwant\n%q", y, x)
		}
		importAt(rt, empty, a.now.Add(2*time.Hour), incoming(inDeck("New", basicNote("new", "Brand new?", "Yes."))))
		if x, y := append(liveFronts(rt, a.s), "Brand new?"), liveFronts(rt, empty); !sameTexts(x, y) {
			rt.Fatalf("live after an import:\n%q\nwant\n%q", y, x)
		}
		healthy(rt, empty)
	})
}

func sameTexts(a, b []string) bool {
	a, b = slices.Clone(a), slices.Clone(b)
	slices.Sort(a)
	slices.Sort(b)
	return slices.Equal(a, b)
}

func newStoreIn(t *testing.T, rt *rapid.T) *Store {
	t.Helper()
	dir, err := os.MkdirTemp(t.TempDir(), "")
	noError(rt, err)
	s, err := Open(context.Background(), filepath.Join(dir, "etch.db"), Options{Now: monday})
	noError(rt, err)
	rt.Cleanup(func() { s.Close() })
	return s
}

func liveFronts(t tb, s *Store) []string {
	t.Helper()
	rows, err := s.Cards(context.Background(), "", monday)
	noError(t, err)
	var out []string
	for _, r := range rows {
		out = append(out, r.Card.Front)
	}
	slices.Sort(out)
	return out
}

// Two machines that load each other's dumps hold the same log and, for equal
// settings, the same memories. A card that only one of them has is there on the
// other, too, with its history.
func TestDumpsOfTwoMachinesConverge(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		a, b := newMachine(t, rt, "a"), newMachine(t, rt, "b")
		b.now = b.now.Add(7 * time.Second)
		a.live(rt, rapid.IntRange(0, 10).Draw(rt, "a"))
		b.live(rt, rapid.IntRange(0, 10).Draw(rt, "b"))
		first := dumpText(rt, a.s)
		loadDump(rt, b.s, first)
		loadDump(rt, a.s, dumpText(rt, b.s))
		for _, s := range []*Store{a.s, b.s} {
			healthy(rt, s)
		}
		x, y := entries(rt, a.s), entries(rt, b.s)
		if !slices.Equal(ids(x), ids(y)) {
			rt.Fatalf("log ids differ\n%q\n%q", ids(x), ids(y))
		}
		if p, q := settingsOf(rt, a.s), settingsOf(rt, b.s); p != q {
			rt.Fatalf("settings differ\n%s\n%s", p, q)
		}
		allMemories := func(s *Store) string {
			rows, err := s.db.Query(`SELECT ` + memoryColumns + ` FROM memory m ORDER BY card_id`)
			var out strings.Builder
			_, err = collect(rows, err, func(r *sql.Rows) (_ struct{}, err error) {
				var card deck.CardID
				var m scheduler.Memory
				fields, done := memoryFields(&card, &m)
				err = r.Scan(fields...)
				done()
				fmt.Fprintf(&out, "%s %s %.6f %.6f %s %v %v %q\n", card, m.State, m.Stability, m.Difficulty, m.DueDay, m.DueAt, m.Suspended, m.Flag)
				return struct{}{}, err
			})
			noError(rt, err)
			return out.String()
		}
		same(rt, "memories", allMemories(a.s), allMemories(b.s))
		// Each of them compiles and imports what it had: nothing is doubled.
		for _, m := range []*machine{a, b} {
			before := count(rt, m.s, `SELECT count(*) FROM notes`)
			m.compile(rt)
			importAt(rt, m.s, m.now.Add(time.Hour), incoming(inDeck("One", basicNote("new", "Brand new?", "Yes."))))
			if n := count(rt, m.s, `SELECT count(*) FROM notes`); n != before+1 {
				rt.Fatalf("%d notes after a compile and an import, want %d", n, before+1)
			}
			healthy(rt, m.s)
		}
	})
}

func settingsOf(t tb, s *Store) string {
	t.Helper()
	var out string
	noError(t, s.db.QueryRow(`SELECT coalesce(group_concat(key||'='||value, ';'),'') FROM (SELECT * FROM settings ORDER BY key)`).Scan(&out))
	return out
}

// Two machines that imported one deck in two versions do not double it.
func TestDumpOfADeckInTwoVersions(t *testing.T) {
	a, b := newStore(t), newStore(t)
	one, two, three := basicNote("g1", "One?", "1."), basicNote("g2", "Two?", "2."), basicNote("g3", "Three?", "3.")
	importAll(t, a, incoming(inDeck("D", one, two)))
	importAll(t, b, incoming(inDeck("D", one, three)))
	loadDump(t, a, dumpText(t, b))
	if got := liveFronts(t, a); len(got) != 3 {
		t.Errorf("live %q", got)
	}
	healthy(t, a)
	importAll(t, a, incoming(inDeck("D", one.changed(monday, "Q: Uno?\n\nA: 1."), basicNote("g4", "Four?", "4."))))
	want := []string{"Four?", "Three?", "Two?", "Uno?"}
	if got := liveFronts(t, a); !slices.Equal(got, want) {
		t.Errorf("live %q, want %q", got, want)
	}
	if n := count(t, a, `SELECT count(*) FROM notes`); n != 4 {
		t.Errorf("%d notes, want 4", n)
	}
	posts, err := a.Posts(t.Context(), 0)
	noError(t, err)
	for _, p := range posts {
		if _, _, err := a.PostBody(t.Context(), p.Slug); err != nil {
			t.Error(err)
		}
	}
	healthy(t, a)
}

// A cloze that has one card more on the other machine brings it along.
func TestDumpOfACardThatIsNotHere(t *testing.T) {
	a, b, c := newStore(t), newStore(t), newClock("c")
	more := strings.Replace(ring, "server", "[server]", 1)
	compileFolder(t, a, files{"a.md": id("ring", ring)}, CompileOptions{})
	compileFolder(t, b, files{"a.md": id("ring", ring)}, CompileOptions{})
	compileFolder(t, a, files{"a.md": id("ring", more)}, CompileOptions{})
	grade(t, a, c, "ring~2", scheduler.Good)
	text := dumpText(t, a)
	loadDump(t, b, text)
	healthy(t, b)
	if n := loadDump(t, b, text); n != (DumpCounts{}) {
		t.Errorf("again %+v", n)
	}
	if n := len(entries(t, b)); n != 1 {
		t.Errorf("%d rows, want 1", n)
	}
	compileFolder(t, b, files{"a.md": id("ring", more)}, CompileOptions{})
	if m := memoryOf(t, b, "ring~2"); m.Reps != 1 {
		t.Errorf("memory %+v", m)
	}
	healthy(t, b)
}

// A note that becomes one of another kind, and one of its old kind again, keeps
// its cards, whose ids are of either form: in use what a bracket was taken for,
// retired what it was before.
func TestDumpOfANoteThatChangesItsKind(t *testing.T) {
	texts := []string{
		lease, fence, ring, strings.Replace(ring, "[keys]", "keys", 1), "C: A lease ends by [itself].\n",
		"C: A [lease]{c=2} ends by [itself]{c=1}.\n", "C: A [lease], in [time], ends by [itself].\n", "", "Q: How many keys move?\n\nA: About 1/(N+1) of them.\n",
	}
	rapid.Check(t, func(rt *rapid.T) {
		s, c := newStoreIn(t, rt), newClock("c")
		for _, text := range rapid.SliceOfN(rapid.SampledFrom(texts), 1, 6).Draw(rt, "texts") {
			f := files{"a.md": id("note", text), "b.md": fence}
			if text == "" {
				delete(f, "a.md")
			}
			compileFolder(rt, s, f, CompileOptions{})
			for card := range memories(rt, s) {
				grade(rt, s, c, card, scheduler.Good)
			}
		}
		text := dumpText(rt, s)
		other := newStoreIn(t, rt)
		loadDump(rt, other, text)
		healthy(rt, other)
		same(rt, "loaded", kept(rt, s), kept(rt, other))
		if n := loadDump(rt, other, text); n != (DumpCounts{}) {
			rt.Fatalf("again: %+v", n)
		}
		again := newStoreIn(t, rt)
		loadDump(rt, again, dumpText(rt, other))
		same(rt, "loaded from what was loaded", kept(rt, s), kept(rt, again))
	})
}

// A machine that met the note as what it is now has other cards for it than one
// that saw it change: each learns of the other's.
func TestDumpOfANoteThatChangedItsKindElsewhere(t *testing.T) {
	a, b, c := newStore(t), newStore(t), newClock("c")
	compileFolder(t, a, files{"a.md": id("ring", fence)}, CompileOptions{})
	grade(t, a, c, "ring", scheduler.Good)
	for _, s := range []*Store{a, b} {
		compileFolder(t, s, files{"a.md": id("ring", ring)}, CompileOptions{})
	}
	grade(t, a, c, "ring~2", scheduler.Good)
	grade(t, b, c, "ring~0", scheduler.Good)
	for i := range 2 {
		for _, s := range [][2]*Store{{a, b}, {b, a}} {
			if n := loadDump(t, s[1], dumpText(t, s[0])); i > 0 && n != (DumpCounts{}) {
				t.Errorf("again %+v", n)
			}
			healthy(t, s[1])
		}
	}
	fresh := newStore(t)
	loadDump(t, fresh, dumpText(t, b))
	same(t, "loaded", kept(t, b), kept(t, fresh))
	for _, s := range []*Store{a, b, fresh} {
		for _, text := range []string{ring, fence, lease, ring} {
			compileFolder(t, s, files{"a.md": id("ring", text)}, CompileOptions{})
			healthy(t, s)
		}
		if got := strings.Join(ids(entries(t, s)), " "); got != "c-000001 c-000002 c-000003" {
			t.Errorf("rows %s", got)
		}
	}
}

// Two machines may know a note of Anki's under two ids, or two notes of one guid
// at the same place, where templates moved: a dump is read all the same.
func TestDumpOfAPlaceThatAnotherNoteHas(t *testing.T) {
	moved := basicNote("g", "one", "two")
	moved.Ord = 1
	before := basicNote("g", "zero", "nought")
	before.Cards = []IncomingCard{{AnkiID: before.AnkiID + 7}}
	for name, change := range map[string]func(t *testing.T, a, b *Store){
		"a template in front": func(t *testing.T, a, b *Store) {
			for _, s := range []*Store{a, b} {
				importAll(t, s, incoming(inDeck("D", basicNote("g", "one", "two"))))
			}
			importAll(t, a, incoming(inDeck("D", before, moved)))
		},
		"the text of another guid": func(t *testing.T, a, b *Store) {
			importAll(t, a, incoming(inDeck("D", basicNote("g", "one", "two"))))
			importAll(t, b, incoming(inDeck("D", basicNote("h", "one", "two"))))
			_, err := b.ForgetDeck(t.Context(), "d", monday)
			noError(t, err)
			importAll(t, b, incoming(inDeck("D", basicNote("g", "one", "two"))))
		},
	} {
		t.Run(name, func(t *testing.T) {
			a, b := newStore(t), newStore(t)
			change(t, a, b)
			for i := range 2 {
				for _, s := range [][2]*Store{{a, b}, {b, a}} {
					if n := loadDump(t, s[1], dumpText(t, s[0])); i > 0 && n != (DumpCounts{}) {
						t.Errorf("again %+v", n)
					}
					healthy(t, s[1])
				}
			}
		})
	}
}

// edited changes a line of a dump as JSON.
func edited(t tb, line string, change func(map[string]any)) string {
	t.Helper()
	var x map[string]any
	noError(t, json.Unmarshal([]byte(line), &x))
	change(x)
	out, err := json.Marshal(x)
	noError(t, err)
	return string(out)
}

// TestHostileDumps is the table of lines that are refused, each by its number,
// with nothing of the file taken.
func TestHostileDumps(t *testing.T) {
	src, c := newStore(t), newClock("c")
	compileFolder(t, src, files{"a.md": id("lease-end", lease) + ring}, CompileOptions{})
	m, err := src.StageMedia(t.Context(), "p.png", strings.NewReader("picture"))
	noError(t, err)
	in := incoming(inDeck("D", basicNote("g1", "One?", "1.")))
	in.Media, in.Types = []Media{m}, map[int64]string{3: "{}"}
	importAll(t, src, in)
	grade(t, src, c, "lease-end", scheduler.Good)
	grade(t, src, c, "lease-end", scheduler.Easy)
	set(t, src, "new-per-day", "5")
	text := dumpText(t, src)
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	at := func(key string) int {
		return slices.IndexFunc(lines, func(l string) bool { return strings.HasPrefix(l, `{"`+key+`"`) })
	}
	field := func(key, name string, value any) func() (string, int) {
		return func() (string, int) {
			i := at(key)
			out := slices.Clone(lines)
			out[i] = edited(t, out[i], func(x map[string]any) {
				o := x[key].(map[string]any)
				for path := strings.Split(name, "."); ; path = path[1:] {
					if len(path) == 1 {
						o[path[0]] = value
						return
					}
					next, ok := o[path[0]].(map[string]any)
					if list, isList := o[path[0]].([]any); isList {
						next, ok = list[0].(map[string]any), true
					}
					if !ok {
						t.Fatalf("no %s in %s", name, key)
					}
					o = next
				}
			})
			return strings.Join(out, "\n") + "\n", i + 1
		}
	}
	line := func(i int, text string) func() (string, int) {
		return func() (string, int) {
			out := slices.Clone(lines)
			out[i] = text
			return strings.Join(out, "\n") + "\n", i + 1
		}
	}
	last := len(lines) - 1
	for lines[last] == "" || !strings.HasPrefix(lines[last], `{"log"`) {
		last--
	}
	tests := []struct {
		name string
		make func() (string, int)
	}{
		{"empty", func() (string, int) { return "", 0 }},
		{"blank lines alone", func() (string, int) { return "\n\n\n", 0 }},
		{"an apkg", func() (string, int) { return "PK\x03\x04\x00\x00", 1 }},
		{"a list", line(0, "[1]")},
		{"another JSON", line(0, `{"name":"x"}`)},
		{"no head", func() (string, int) { return strings.Join(lines[1:], "\n"), 1 }},
		{"version 0", line(0, `{"etch":{"version":0}}`)},
		{"version 2", line(0, `{"etch":{"version":2,"at":0}}`)},
		{"version -1", line(0, `{"etch":{"version":-1,"at":0}}`)},
		{"bad JSON", line(last, `{"log":`)},
		{"cut off within a line", func() (string, int) { return strings.Join(lines[:last], "\n") + "\n" + lines[last][:20], last + 1 }},
		{"cut off after a line", func() (string, int) { return strings.Join(lines[:last], "\n") + "\n", 0 }},
		{"an empty object", line(last, `{}`)},
		{"null", line(last, `null`)},
		{"an unknown key", line(last, `{"unknown":{}}`)},
		{"two things on a line", line(last, lines[last]+lines[last])},
		{"something after it", line(last, lines[last]+" x")},
		{"two things in one object", line(last, `{"etch":{"version":1,"at":0},"setting":{"key":"new-per-day","value":"9","changed_at":1}}`)},
		{"an unknown field", field("log", "Unknown", 1)},
		{"NaN", line(last, strings.Replace(lines[last], `"Stability":`, `"Stability":NaN,"x":`, 1))},
		{"a number beyond all", line(last, strings.Replace(lines[last], `"Stability":`, `"Stability":1e999,"Step":`, 1))},
		{"a text for a number", field("log", "Day", "x")},
		{"rating 0", field("log", "Rating", 0)},
		{"rating 5", field("log", "Rating", 5)},
		{"rating -1", field("log", "Rating", -1)},
		{"negative time taken", field("log", "Took", -5e9)},
		{"an hour taken", field("log", "Took", 3.6e12)},
		{"state 4", field("log", "Then.State", 4)},
		{"state -1", field("log", "Then.State", -1)},
		{"step -1", field("log", "Then.Step", -1)},
		{"a step beyond all", field("log", "Then.Step", 1<<40)},
		{"negative stability", field("log", "Then.Stability", -1)},
		{"a stability beyond all", field("log", "Then.Stability", 1e300)},
		{"difficulty 11", field("log", "Then.Difficulty", 11)},
		{"a day beyond all", field("log", "Then.DueDay", 1<<60)},
		{"a day of answer beyond all", field("log", "Day", -(1 << 60))},
		{"an interval beyond all", field("log", "Then.Interval", 1<<60)},
		{"a zone beyond all", field("log", "Zone", 1<<40)},
		{"a time before all", field("log", "At", "0001-01-01T00:00:00Z")},
		{"a time after all", field("log", "At", "9999-01-01T00:00:00Z")},
		{"a bad time", field("log", "At", "yesterday")},
		{"an unknown kind", field("log", "Kind", "explode")},
		{"a void without a target", field("log", "Kind", "void")},
		{"a target without a void", field("log", "Target", "x")},
		{"a rating of another kind", field("log", "Kind", "suspend")},
		{"an unknown source", field("log", "Source", "evil")},
		{"a number beyond all of a row", field("log", "AnkiID", 1<<60)},
		{"a number beyond all of a note", field("post", "notes.anki_nid", 1<<60)},
		{"a number beyond all of a card", field("post", "notes.cards.anki_cid", -(1 << 60))},
		{"no id", field("log", "ID", "")},
		{"an unknown card", field("log", "Card", "nobody")},
		{"an unknown setting", field("setting", "key", "colour-of-the-sky")},
		{"a bad value", field("setting", "value", "many")},
		{"an unknown note kind", field("post", "notes.kind", "riddle")},
		{"an unknown tier", field("post", "notes.tier", "top")},
		{"no note id", field("post", "notes.id", "")},
		{"a note id of two lines", field("post", "notes.id", "a\nb")},
		{"no guid", field("post", "notes.anki_guid", "")},
		{"tags that are no list", field("post", "tags", "x")},
		{"a slug that is a path", field("post", "slug", "../../x")},
		{"an unknown kind of library", field("post", "kind", "web")},
		{"a negative card number", field("post", "notes.cards.ord", -1)},
		{"a card of another note", field("post", "notes.cards.id", "other~0")},
		{"a card of no number", field("post", "notes.cards.id", "lease-end~x")},
		{"a card of an odd number", field("post", "notes.cards.id", "lease-end~01")},
		{"a second card of a question", field("post", "notes.cards", []any{
			map[string]any{"id": "lease-end", "anki_cid": 1}, map[string]any{"id": "lease-end~1", "ord": 1, "anki_cid": 2},
		})},
		{"no card id", field("post", "notes.cards.id", "")},
		{"a negative place", field("post", "notes.pos", -1)},
		{"media that is no base64", field("media", "data", "!!!")},
		{"media without a name", field("media", "name", "")},
		{"a type that is no JSON", field("anki_type", "def", "{")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newStore(t)
			compileFolder(t, s, files{"z.md": fence}, CompileOptions{})
			before := dumped(t, s)
			text, want := tt.make()
			n, err := s.LoadDump(t.Context(), strings.NewReader(text), LoadOptions{Now: monday})
			if err == nil || n != (DumpCounts{}) {
				t.Fatalf("taken: %+v", n)
			}
			if kind := map[bool]error{true: ErrNewerDump, false: ErrDump}[tt.name == "version 2"]; !errors.Is(err, kind) {
				t.Errorf("%v, want %v", err, kind)
			}
			if want > 0 && !strings.Contains(err.Error(), fmt.Sprintf("line %d: ", want)) {
				t.Errorf("%v, want line %d", err, want)
			}
			same(t, "a file that was refused", before, dumped(t, s))
			left, err := filepath.Glob(filepath.Join(s.MediaFolder(), "*"))
			noError(t, err)
			if len(left) > 0 {
				t.Errorf("left behind: %q", left)
			}
			healthy(t, s)
		})
	}
}

// endless is a line without an end.
type endless struct{ read int64 }

func (e *endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	e.read += int64(len(p))
	return len(p), nil
}

func TestDumpLineWithoutAnEnd(t *testing.T) {
	if testing.Short() {
		t.Skip("reads 256 MiB")
	}
	s := newStore(t)
	e := &endless{}
	_, err := s.LoadDump(t.Context(), e, LoadOptions{Now: monday})
	if !errors.Is(err, ErrDump) || !strings.Contains(err.Error(), "line 1") || e.read > 2*maxDumpLine {
		t.Errorf("%v after %d bytes", err, e.read)
	}
}

func TestLoadDumpIsCancelled(t *testing.T) {
	src, s := newStore(t), newStore(t)
	importAll(t, src, incoming(inDeck("D", basicNote("g1", "One?", "1."))))
	before := dumped(t, s)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.LoadDump(ctx, strings.NewReader(dumpText(t, src)), LoadOptions{Now: monday}); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	same(t, "cancelled", before, dumped(t, s))
}

// Media of a dump come with their contents.
func TestDumpOfMedia(t *testing.T) {
	a, b := newStore(t), newStore(t)
	m, err := a.StageMedia(t.Context(), "../p \x00.png", strings.NewReader("picture"))
	noError(t, err)
	in := incoming(inDeck("D", basicNote("g1", "One?", "1.")))
	in.Media = []Media{m}
	importAll(t, a, in)
	loadDump(t, b, dumpText(t, a))
	got, err := os.ReadFile(filepath.Join(b.MediaFolder(), m.File))
	if err != nil || string(got) != "picture" {
		t.Errorf("%q %v", got, err)
	}
	// One that has gone from the disk does not cost the rest.
	noError(t, os.Remove(filepath.Join(a.MediaFolder(), m.File)))
	loadDump(t, newStore(t), dumpText(t, a))
}

// dumpOf writes a dump of the given lines.
func dumpOf(lines ...string) string {
	lines = append([]string{`{"etch":{"version":1}}`}, lines...)
	return strings.Join(lines, "\n") + fmt.Sprintf("\n{\"end\":{\"lines\":%d}}\n", len(lines))
}

// postLine is the line of a post whose notes have one card each, under numbers
// of Anki's.
func postLine(slug string, numbers ...int64) string {
	var notes []string
	for i, n := range numbers {
		id := fmt.Sprintf("%s-%d", slug, i)
		notes = append(notes, fmt.Sprintf(`{"id":%[1]q,"kind":"basic","tier":"core","anki_guid":%[1]q,"anki_nid":%[2]d,"hash":"h","cards":[{"id":%[1]q,"anki_cid":%[2]d}]}`, id, n))
	}
	return fmt.Sprintf(`{"post":{"kind":"folder","library":"/x","path":"%[1]s.md","slug":%[1]q,"title":"T","notes":[%s]}}`, slug, strings.Join(notes, ","))
}

// A number that Anki knows something by stays with the first that has it, the
// others get one that is free; what is free in the file is not given to others.
func TestDumpOfNumbersThatClash(t *testing.T) {
	s := newStore(t)
	loadDump(t, s, dumpOf(postLine("a", 5, 5, 6, 5)))
	loadDump(t, s, dumpOf(postLine("b", 7, 5)))
	for _, column := range []string{"notes WHERE anki_nid", "cards WHERE anki_cid"} {
		for n, want := range map[int]string{5: "a-0", 6: "a-2", 7: "b-0"} {
			var id string
			noError(t, s.db.QueryRow(`SELECT id FROM `+column+`=?`, n).Scan(&id))
			if id != want {
				t.Errorf("%s=%d has %s, want %s", column, n, id, want)
			}
		}
	}
	if n := count(t, s, `SELECT count(DISTINCT anki_nid) FROM notes`); n != 6 {
		t.Errorf("%d numbers for 6 notes", n)
	}
	healthy(t, s)
}

// looked is a context that counts how often it is looked at: a statement does so
// a few times.
type looked struct {
	context.Context
	times atomic.Int64
}

func (l *looked) Done() <-chan struct{} {
	l.times.Add(1)
	return l.Context.Done()
}

// soon fails a test that takes far longer than it should: a file of some
// kilobytes held the lock for minutes.
func soon(t *testing.T, what string, do func()) {
	t.Helper()
	start := time.Now()
	do()
	if took := time.Since(start); took > 10*time.Second {
		t.Errorf("%s took %v", what, took)
	}
}

// What a file has many times costs no more each time.
func TestHostileDumpsAreQuick(t *testing.T) {
	for what, dump := range map[string]func(n int) string{
		"equal numbers of notes and cards": func(n int) string { return dumpOf(postLine("a", make([]int64, n)...)) },
		"equal names of posts": func(n int) string {
			var lines []string
			for i := range n {
				lines = append(lines, strings.Replace(postLine(fmt.Sprint("p", i), int64(i)), fmt.Sprintf(`"slug":"p%d"`, i), `"slug":"p"`, 1))
			}
			return dumpOf(lines...)
		},
	} {
		statements := func(n int) int64 {
			ctx := &looked{Context: t.Context()}
			_, err := newStore(t).LoadDump(ctx, strings.NewReader(dump(n)), LoadOptions{Now: monday})
			noError(t, err)
			return ctx.times.Load()
		}
		if few, many := statements(50), statements(200); many > 5*few {
			t.Errorf("%s: 50 take %d looks at the context, 200 take %d", what, few, many)
		}
	}
	soon(t, "the notes of a large post", func() {
		s := newStore(t)
		tx, err := s.db.Begin()
		noError(t, err)
		defer tx.Rollback()
		var body strings.Builder
		body.WriteString("---\ntitle: T\n---\n")
		var notes []dumpNote
		for i := range 50_000 {
			fmt.Fprintf(&body, "Q: %d?\n\nA: Yes.\n\n", i)
			notes = append(notes, dumpNote{Hash: deck.TextHash(deck.Basic, fmt.Sprintf("%d?", i), "Yes.")})
		}
		l := &dumpLoader{ctx: t.Context(), s: s, tx: tx, suffixes: make(map[string]int)}
		id, _, err := l.postID(dumpPost{Path: "a.md", Slug: "a", Body: body.String()}, notes)
		noError(t, err)
		var kept string
		noError(t, tx.QueryRow(`SELECT body FROM posts WHERE id=?`, id).Scan(&kept))
		if kept != body.String() {
			t.Errorf("%d bytes of %d are left", len(kept), body.Len())
		}
	})
	soon(t, "equal numbers of rows", func() {
		s := newStore(t)
		cards := add(t, s, basics(1)...)
		tx, err := s.db.Begin()
		noError(t, err)
		defer tx.Rollback()
		m, err := newMerger(t.Context(), tx)
		noError(t, err)
		defer m.close()
		for n := range int64(300_000) {
			m.numbers[n] = revlogOwner{card: "other"}
		}
		for i := range 4000 {
			at := int64(i % 2000)
			noError(t, m.add(scheduler.Entry{ID: fmt.Sprint("r", i), Card: cards[0], Kind: scheduler.Flag, At: monday, Source: scheduler.FromEtch, AnkiID: at}))
		}
	})
}

// A row gets the first number that is free from its own on, whatever came
// before, here and in rows of other cards.
func TestNumbersOfRows(t *testing.T) {
	s := newStore(t)
	cards := add(t, s, basics(3)...)
	rapid.Check(t, func(rt *rapid.T) {
		tx, err := s.db.Begin()
		noError(rt, err)
		defer tx.Rollback()
		taken := make(map[int64]bool)
		row := func(i int, card deck.CardID, number int64) scheduler.Entry {
			return scheduler.Entry{ID: fmt.Sprint("r", i), Card: card, Kind: scheduler.Flag, At: monday, Source: scheduler.FromEtch, AnkiID: number}
		}
		for i, n := range rapid.SliceOfDistinct(rapid.Int64Range(-5, 15), rapid.ID[int64]).Draw(rt, "there") {
			noError(rt, appendEntry(rt.Context(), tx, row(-1-i, cards[2], n)))
			taken[n] = n != 0
			if n == 0 {
				taken[millis(monday)] = true
			}
		}
		m, err := newMerger(rt.Context(), tx)
		noError(rt, err)
		defer m.close()
		for i, n := range rapid.SliceOf(rapid.Int64Range(-6, 12)).Draw(rt, "rows") {
			noError(rt, m.add(row(i, cards[i%2], n)))
			want := n
			if n == 0 {
				want = millis(monday)
			}
			for taken[want] {
				want++
			}
			taken[want] = true
			var got int64
			noError(rt, tx.QueryRow(`SELECT ms_id FROM log WHERE id=?`, fmt.Sprint("r", i)).Scan(&got))
			if got != want {
				rt.Fatalf("row %d has number %d, want %d", i, got, want)
			}
		}
	})
}

// during is a writer that does something once, after a text has come by.
type during struct {
	bytes.Buffer
	text string
	do   func()
}

func (d *during) Write(p []byte) (int, error) {
	if do := d.do; do != nil && bytes.Contains(p, []byte(d.text)) {
		d.do = nil
		do()
	}
	return d.Buffer.Write(p)
}

// What another program does while a dump is written is in none of its lines.
func TestDumpIsOfOneMoment(t *testing.T) {
	s, c := newStore(t), newClock("c")
	cards := add(t, s, basics(2)...)
	grade(t, s, c, cards[0], scheduler.Good)
	want := dumpText(t, s)
	other := openAt(t, s.Path())
	d := &during{text: `"post":`, do: func() {
		late := add(t, other, note{id: "late"})
		grade(t, other, c, late[0], scheduler.Good)
		set(t, other, "new-per-day", "3")
	}}
	_, err := s.Dump(t.Context(), d)
	noError(t, err)
	same(t, "a dump while another program writes", want, d.String())
	loadDump(t, newStore(t), d.String())
}

// So it is with what an export takes: a card's memory is that of its log.
func TestContentIsOfOneMoment(t *testing.T) {
	s, c := newStore(t), newClock("c")
	cards := add(t, s, basics(40)...)
	other := openAt(t, s.Path())
	done := make(chan struct{})
	go func() {
		defer close(done)
		for range 60 {
			content, err := other.Content(t.Context(), ContentFilter{Log: true})
			if err != nil {
				t.Error(err)
				return
			}
			for _, n := range content.Notes {
				card, newest := n.Cards[0], ""
				if len(card.Rows) > 0 {
					newest = card.Rows[len(card.Rows)-1].ID
				}
				if card.Memory.Head != newest {
					t.Errorf("card %s: memory of row %q, log up to %q", card.ID, card.Memory.Head, newest)
					return
				}
			}
		}
	}()
	for i := 0; ; i++ {
		select {
		case <-done:
			return
		default:
		}
		c.now = c.now.Add(time.Minute)
		grade(t, s, c, cards[i%len(cards)], scheduler.Again)
	}
}

// The first line of older files has a time in it.
func TestDumpOfAnOlderEtch(t *testing.T) {
	text := dumpText(t, newStore(t))
	if !strings.HasPrefix(text, "{\"etch\":{\"version\":1}}\n") {
		t.Errorf("first line of %.60q", text)
	}
	loadDump(t, newStore(t), strings.Replace(text, `"version":1`, `"version":1,"at":1795492800000`, 1))
}
