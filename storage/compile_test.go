package storage

import (
	"context"
	"database/sql"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"pgregory.net/rapid"

	"etch/deck"
	"etch/scheduler"
)

// files is a folder of posts by path.
type files map[string]string

func (f files) library(name string) deck.Library {
	fsys := fstest.MapFS{}
	for path, text := range f {
		fsys[path] = &fstest.MapFile{Data: []byte(text), ModTime: monday.Add(time.Duration(len(text)) * time.Second)}
	}
	return deck.Library{Kind: deck.KindFolder, Path: name, FS: fsys}
}

func compileAt(t tb, s *Store, opt CompileOptions, libs ...deck.Library) Report {
	t.Helper()
	opt.Now = monday
	r, err := s.Compile(context.Background(), libs, opt)
	noError(t, err)
	return r
}

// compileFolder compiles one folder in full: that its files look as before must
// not decide what a test sees.
func compileFolder(t tb, s *Store, f files, opt CompileOptions) Report {
	t.Helper()
	_, err := s.db.Exec(`UPDATE libraries SET stamp='?'`)
	noError(t, err)
	return compileAt(t, s, opt, f.library("/notes"))
}

func counts(r Report) string {
	return fmt.Sprintf("new %d edited %d moved %d retired %d returned %d unchanged %d", r.New, r.Edited, r.Moved, r.Retired, r.Returned, r.Unchanged)
}

// history maps the text of each live card's note to its answers: what a reader
// would lose if a compile paired wrongly.
func history(t tb, s *Store) map[string]int {
	t.Helper()
	rows, err := s.db.Query(`SELECT n.front, m.reps FROM memory m JOIN cards c ON c.id=m.card_id JOIN notes n ON n.id=c.note_id WHERE c.retired_at IS NULL`)
	type pair struct {
		front string
		reps  int
	}
	pairs, err := collect(rows, err, func(r *sql.Rows) (p pair, err error) { return p, r.Scan(&p.front, &p.reps) })
	noError(t, err)
	out := make(map[string]int)
	for _, p := range pairs {
		out[p.front] += p.reps
	}
	return out
}

// answerAll gives each live card a history of its own: the i-th card i+1
// answers.
func answerAll(t tb, s *Store) {
	t.Helper()
	cards, err := s.Cards(context.Background(), "", monday)
	noError(t, err)
	for i, row := range cards {
		m := row.Memory
		for j := range i + 1 {
			id := fmt.Sprintf("%s-%d", row.Card.ID, j)
			e, next, err := s.Scheduler().Answer(row.Card.ID, m, scheduler.Stamp{ID: id, Act: id, Session: "s", At: monday.AddDate(0, 0, j)}, scheduler.Good, time.Second)
			noError(t, err)
			_, err = s.Record(context.Background(), scheduler.Row{Entry: e, Memory: next})
			noError(t, err)
			m = next
		}
	}
}

const (
	lease = "Q: Why does a lease need no release by its holder?\n\nA: It ends by itself when its time is over.\n\n"
	fence = "Q: What stops a writer that wakes up after its lease?\n\nA: A fencing token, compared by the storage.\n\n"
	ring  = "C: On a ring, adding a server to N moves about [1/(N+1)] of the [keys].\n\n"
)

func id(key, card string) string { return "<!-- card " + key + " -->\n" + card }

// TestPairing is the table of the rules: one change a line, and what becomes
// of the cards.
func TestPairing(t *testing.T) {
	tests := []struct {
		name   string
		before files
		after  files
		want   string
		kept   map[string]int // answers by the question's start, after
	}{
		{"nothing", files{"a.md": lease + fence}, files{"a.md": lease + fence}, "new 0 edited 0 moved 0 retired 0 returned 0 unchanged 2", nil},
		{"reordered", files{"a.md": lease + fence}, files{"a.md": fence + lease}, "new 0 edited 0 moved 0 retired 0 returned 0 unchanged 2", map[string]int{"Why": 1, "What": 2}},
		{"one word of the question", files{"a.md": lease + fence}, files{"a.md": strings.Replace(lease, "release", "unlock", 1) + fence}, "new 0 edited 1 moved 0 retired 0 returned 0 unchanged 1", map[string]int{"Why": 1, "What": 2}},
		{"the whole answer", files{"a.md": lease}, files{"a.md": "Q: Why does a lease need no release by its holder?\n\nA: Expiry.\n"}, "new 0 edited 1 moved 0 retired 0 returned 0 unchanged 0", map[string]int{"Why": 1}},
		{"the whole question", files{"a.md": lease}, files{"a.md": "Q: Who frees it?\n\nA: It ends by itself when its time is over.\n"}, "new 0 edited 1 moved 0 retired 0 returned 0 unchanged 0", map[string]int{"Who": 1}},
		{"both sides, with an id", files{"a.md": id("le", lease)}, files{"a.md": id("le", "Q: Something else?\n\nA: Entirely.\n")}, "new 0 edited 1 moved 0 retired 0 returned 0 unchanged 0", map[string]int{"Something": 1}},
		{"both sides, without an id", files{"a.md": lease}, files{"a.md": "Q: Something else?\n\nA: Entirely.\n"}, "new 1 edited 0 moved 0 retired 1 returned 0 unchanged 0", map[string]int{"Something": 0}},
		{"an id added", files{"a.md": lease}, files{"a.md": id("le", lease)}, "new 0 edited 0 moved 0 retired 0 returned 0 unchanged 1", map[string]int{"Why": 1}},
		{"an id removed", files{"a.md": id("le", lease)}, files{"a.md": lease}, "new 0 edited 0 moved 0 retired 0 returned 0 unchanged 1", map[string]int{"Why": 1}},
		{"an id changed", files{"a.md": id("le", lease)}, files{"a.md": id("lease-end", lease)}, "new 0 edited 0 moved 0 retired 0 returned 0 unchanged 1", map[string]int{"Why": 1}},
		{"a file renamed", files{"a.md": lease + fence}, files{"b.md": lease + fence}, "new 0 edited 0 moved 2 retired 0 returned 0 unchanged 0", map[string]int{"Why": 1, "What": 2}},
		{"renamed, edited and the id gone", files{"a.md": id("le", lease) + fence}, files{"sub/b.md": strings.Replace(lease, "holder", "owner", 1) + fence}, "new 0 edited 1 moved 2 retired 0 returned 0 unchanged 0", map[string]int{"Why": 1, "What": 2}},
		{"moved to another file", files{"a.md": lease + fence, "b.md": ring}, files{"a.md": lease, "b.md": ring + fence}, "new 0 edited 0 moved 1 retired 0 returned 0 unchanged 2", map[string]int{"Why": 1, "What": 2, "On": 7}},
		{"split into two files", files{"a.md": lease + fence}, files{"a.md": lease, "c.md": fence}, "new 0 edited 0 moved 1 retired 0 returned 0 unchanged 1", map[string]int{"Why": 1, "What": 2}},
		{"two files change names", files{"a.md": lease, "b.md": fence}, files{"a.md": fence, "b.md": lease}, "new 0 edited 0 moved 2 retired 0 returned 0 unchanged 0", map[string]int{"Why": 1, "What": 2}},
		{"removed", files{"a.md": lease + fence}, files{"a.md": lease}, "new 0 edited 0 moved 0 retired 1 returned 0 unchanged 1", map[string]int{"Why": 1}},
		{"added", files{"a.md": lease}, files{"a.md": lease + fence}, "new 1 edited 0 moved 0 retired 0 returned 0 unchanged 1", map[string]int{"Why": 1, "What": 0}},
		{"the same text twice in a file", files{"a.md": lease}, files{"a.md": lease + lease}, "new 0 edited 0 moved 0 retired 0 returned 0 unchanged 1", map[string]int{"Why": 1}},
		{"the same text in two files", files{"a.md": lease}, files{"a.md": lease, "b.md": lease}, "new 1 edited 0 moved 0 retired 0 returned 0 unchanged 1", map[string]int{"Why": 1}},
		{"a deletion reworded", files{"a.md": ring}, files{"a.md": strings.Replace(ring, "[keys]", "[stored keys]", 1)}, "new 0 edited 1 moved 0 retired 0 returned 0 unchanged 0", map[string]int{"On": 3}},
		{"a deletion taken away", files{"a.md": ring}, files{"a.md": strings.Replace(ring, "[1/(N+1)]", "1/(N+1)", 1)}, "new 0 edited 1 moved 0 retired 0 returned 0 unchanged 0", map[string]int{"On": 2}},
		{"a deletion added in front", files{"a.md": ring}, files{"a.md": strings.Replace(ring, "a server", "a [server]", 1)}, "new 0 edited 1 moved 0 retired 0 returned 0 unchanged 0", map[string]int{"On": 3}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newStore(t)
			compileFolder(t, s, tt.before, CompileOptions{})
			answerAll(t, s)
			r := compileFolder(t, s, tt.after, CompileOptions{})
			if got := counts(r); got != tt.want {
				t.Errorf("report: %s, want %s\n%+v", got, tt.want, r.Changes)
			}
			got := history(t, s)
			for start, reps := range tt.kept {
				for front, n := range got {
					if strings.HasPrefix(front, start+" ") && n != reps {
						t.Errorf("%q has %d answers, want %d", front, n, reps)
					}
				}
			}
			if findings, err := s.Doctor(context.Background()); err != nil || len(findings) > 0 {
				t.Errorf("doctor: %v %v", findings, err)
			}
		})
	}
}

// TestOrdsAreNotReused: a deletion that is taken away leaves its number unused.
func TestOrdsAreNotReused(t *testing.T) {
	s := newStore(t)
	compileFolder(t, s, files{"a.md": "C: One [alpha] and two [beta].\n"}, CompileOptions{})
	compileFolder(t, s, files{"a.md": "C: One [alpha] and two beta.\n"}, CompileOptions{})
	compileFolder(t, s, files{"a.md": "C: One [alpha] and two beta, three [gamma].\n"}, CompileOptions{})
	cards, err := s.Cards(context.Background(), "", monday)
	noError(t, err)
	var ords []string
	for _, c := range cards {
		_, ord, _ := strings.Cut(string(c.Card.ID), "~")
		ords = append(ords, ord)
	}
	if !slices.Equal(ords, []string{"0", "2"}) {
		t.Errorf("ords %v, want 0 and 2", ords)
	}
	r := compileFolder(t, s, files{"a.md": "C: One [alpha] and two [beta], three [gamma].\n"}, CompileOptions{})
	if cards, _ = s.Cards(context.Background(), "", monday); !strings.HasSuffix(string(cards[1].Card.ID), "~1") {
		t.Errorf("the deletion that returns is %s, want its old ord 1 (%s)", cards[1].Card.ID, counts(r))
	}
}

func TestDoubtfulPairs(t *testing.T) {
	const (
		old    = "Q: Which guarantee does a quorum of readers and writers give?\n\nA: Readers see the newest acknowledged write.\n"
		edited = "Q: With R + W > N, which guarantee holds for readers?\n\nA: They see the newest write that was acknowledged.\n"
	)
	setUp := func(t *testing.T) *Store {
		s := newStore(t)
		compileFolder(t, s, files{"a.md": old}, CompileOptions{})
		answerAll(t, s)
		return s
	}
	t.Run("in a pipe they are two cards", func(t *testing.T) {
		s := setUp(t)
		r := compileFolder(t, s, files{"a.md": edited}, CompileOptions{})
		if r.New != 1 || r.Retired != 1 || len(r.Doubts) != 1 {
			t.Fatalf("%s, doubts %v", counts(r), r.Doubts)
		}
		// The link that is printed joins them afterwards.
		d := r.Doubts[0]
		r = compileFolder(t, s, files{"a.md": edited}, CompileOptions{Pairings: []deck.Pairing{{Old: d.Old.ID, New: d.NewID}}})
		if r.Edited != 1 || r.Returned != 1 || r.Retired != 1 {
			t.Errorf("after the link: %s", counts(r))
		}
		if got := history(t, s); len(got) != 1 || slices.Collect(maps.Values(got))[0] != 1 {
			t.Errorf("history %v, want the old card's answer", got)
		}
	})
	t.Run("a yes keeps the history", func(t *testing.T) {
		s := setUp(t)
		r := compileFolder(t, s, files{"a.md": edited}, CompileOptions{Same: func(deck.Doubt) bool { return true }})
		if r.Edited != 1 || r.Retired != 0 {
			t.Error(counts(r))
		}
	})
	t.Run("at start they wait", func(t *testing.T) {
		s := setUp(t)
		r := compileFolder(t, s, files{"a.md": edited}, CompileOptions{Auto: true})
		if r.New != 0 || r.Retired != 0 || r.Pending != 1 {
			t.Errorf("%s, pending %d", counts(r), r.Pending)
		}
		if got := history(t, s); len(got) != 1 {
			t.Errorf("cards %v, want the old one alone", got)
		}
	})
}

func TestAutoRetiresNothing(t *testing.T) {
	s := newStore(t)
	compileFolder(t, s, files{"a.md": lease + fence}, CompileOptions{})
	r := compileFolder(t, s, files{"a.md": lease + ring}, CompileOptions{Auto: true})
	if r.New != 1 || r.Retired != 0 || r.Pending != 1 {
		t.Errorf("at start: %s, pending %d", counts(r), r.Pending)
	}
	again := compileAt(t, s, CompileOptions{Auto: true}, files{"a.md": lease + ring}.library("/notes"))
	if again.Pending != 1 {
		t.Errorf("the second start says %d pending, want 1", again.Pending)
	}
	r = compileAt(t, s, CompileOptions{}, files{"a.md": lease + ring}.library("/notes"))
	if r.Retired != 1 || r.Pending != 0 {
		t.Errorf("by hand: %s, pending %d", counts(r), r.Pending)
	}
}

func TestBrokenFileKeepsItsLastGoodVersion(t *testing.T) {
	s := newStore(t)
	compileFolder(t, s, files{"a.md": lease + ring, "b.md": fence}, CompileOptions{})
	answerAll(t, s)
	before := history(t, s)
	r := compileFolder(t, s, files{"a.md": lease + "Q: Half a card?\n"}, CompileOptions{})
	if r.Retired != 0 || len(r.Problems) == 0 || r.Problems[0].Line != 5 || r.Problems[0].File != "/notes/a.md" {
		t.Errorf("%s, problems %v", counts(r), r.Problems)
	}
	if got := history(t, s); !maps.Equal(got, before) {
		t.Errorf("cards %v, want those of before: %v", got, before)
	}
	r = compileFolder(t, s, files{"a.md": lease + ring}, CompileOptions{})
	if r.Retired != 1 || r.Unchanged != 2 {
		t.Errorf("once it is mended: %s", counts(r))
	}
}

func TestVanishedFolderRetiresNothing(t *testing.T) {
	s := newStore(t)
	compileFolder(t, s, files{"a.md": lease}, CompileOptions{})
	for name, lib := range map[string]deck.Library{
		"empty":   files{}.library("/notes"),
		"missing": {Kind: deck.KindFolder, Path: "/notes", FS: missingFS{}},
	} {
		r := compileAt(t, s, CompileOptions{}, lib, files{"b.md": fence}.library("/other"))
		if r.Retired != 0 || !slices.ContainsFunc(r.Problems, func(p *deck.Problem) bool { return p.File == "/notes" && p.Severity == deck.Error }) {
			t.Errorf("%s: %s, problems %v", name, counts(r), r.Problems)
		}
	}
	if got := history(t, s); len(got) != 2 {
		t.Errorf("cards %v", got)
	}
	r := compileAt(t, s, CompileOptions{Forget: "/notes"}, files{"b.md": fence}.library("/other"))
	if r.Retired != 1 {
		t.Errorf("forgotten: %s", counts(r))
	}
	if libs, err := s.Libraries(context.Background()); err != nil || len(libs) != 1 || libs[0].Path != "/other" {
		t.Errorf("libraries %v %v", libs, err)
	}
}

type missingFS struct{}

func (missingFS) Open(string) (fs.File, error) { return nil, fs.ErrNotExist }

func TestRepeatedIDsNameBothPlaces(t *testing.T) {
	s := newStore(t)
	compileFolder(t, s, files{"a.md": id("le", lease)}, CompileOptions{})
	r := compileFolder(t, s, files{"a.md": id("le", lease), "b.md": id("le", fence)}, CompileOptions{})
	var got []string
	for _, p := range r.Problems {
		got = append(got, p.Error())
	}
	want := []string{"/notes/a.md:2: id le is also in /notes/b.md:2", "/notes/b.md:2: id le is also in /notes/a.md:2"}
	if !slices.Equal(got, want) || r.New != 0 || r.Retired != 0 {
		t.Errorf("problems %q, want %q; %s", got, want, counts(r))
	}
	builtin := deck.Library{Kind: deck.KindBuiltIn, Path: deck.BuiltInPath, FS: fstest.MapFS{"c.md": {Data: []byte(id("le", ring))}}}
	r = compileAt(t, s, CompileOptions{}, builtin, files{"a.md": id("le", lease)}.library("/notes"))
	if len(r.Problems) != 0 || r.New != 1 {
		t.Errorf("an id of the library collides with a user's: %v, %s", r.Problems, counts(r))
	}
}

// dump is every row of the tables that a compile writes, as text.
func dump(t tb, s *Store) string {
	t.Helper()
	var out strings.Builder
	for _, table := range []string{"libraries", "posts", "notes", "lineage", "cards", "memory", "log"} {
		fmt.Fprintln(&out, table, tableOf(t, s, `SELECT * FROM `+table))
	}
	return out.String()
}

func TestInvariant6CompileTwiceChangesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, done := tempStore(t)
		defer done()
		f := drawFiles(t)
		compileFolder(t, s, f, CompileOptions{})
		compileFolder(t, s, f, CompileOptions{})
		before := dump(t, s)
		r := compileFolder(t, s, f, CompileOptions{})
		if r.New+r.Edited+r.Moved+r.Retired+r.Returned != 0 {
			t.Fatalf("the second compile: %s", counts(r))
		}
		if after := dump(t, s); after != before {
			t.Fatalf("the second compile changed\n%s\nto\n%s", before, after)
		}
		g := drawFiles(t)
		_, err := s.db.Exec(`UPDATE libraries SET stamp='?'`)
		noError(t, err)
		before = dump(t, s)
		compileAt(t, s, CompileOptions{DryRun: true}, g.library("/notes"))
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		if _, err := s.Compile(ctx, []deck.Library{g.library("/notes")}, CompileOptions{Now: monday}); err == nil {
			t.Fatal("a cancelled compile succeeded")
		}
		if after := dump(t, s); after != before {
			t.Fatal("a dry run or a failed compile changed something")
		}
	})
}

func TestInvariant7RemovedAndPutBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, done := tempStore(t)
		defer done()
		f := drawFiles(t)
		f["kept.md"] = "Q: What is kept?\n\nA: This.\n"
		compileFolder(t, s, f, CompileOptions{})
		answerAll(t, s)
		memory := tableOf(t, s, "SELECT card_id, head, state, s, d, due_day, due_at, ivl, reps, hidden FROM memory ORDER BY 1")
		rows := countRows(t, s)
		gone := rapid.SampledFrom(slices.Sorted(maps.Keys(f))).Draw(t, "gone")
		rest := maps.Clone(f)
		if delete(rest, gone); len(rest) == 0 {
			return
		}
		compileFolder(t, s, rest, CompileOptions{})
		if after := countRows(t, s); after != rows {
			t.Fatalf("a compile took away rows: %s, were %s", after, rows)
		}
		compileFolder(t, s, f, CompileOptions{})
		if after := tableOf(t, s, "SELECT card_id, head, state, s, d, due_day, due_at, ivl, reps, hidden FROM memory ORDER BY 1"); after != memory {
			t.Fatalf("memory after the file came back\n%s\nwant\n%s", after, memory)
		}
	})
}

func TestInvariant8EveryCardKeepsItsHistory(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, done := tempStore(t)
		defer done()
		f := drawFiles(t)
		compileFolder(t, s, f, CompileOptions{})
		answerAll(t, s)
		want := sortedHistory(t, s)
		cards := splitCards(f)
		// Reorder, rename, move, split and swap: any distribution of the cards
		// over files is a mix of these. Then a word on one side of some.
		cards = rapid.Permutation(cards).Draw(t, "order")
		after := files{}
		for _, card := range cards {
			if rapid.IntRange(0, 4).Draw(t, "edit") == 0 {
				card = editWord(t, card)
			}
			name := rapid.SampledFrom([]string{"a.md", "b.md", "moved/c.md", "d.md"}).Draw(t, "file")
			after[name] += card
		}
		r := compileFolder(t, s, after, CompileOptions{})
		if r.New != 0 || r.Retired != 0 {
			t.Fatalf("%s\nbefore %v\nafter %v", counts(r), f, after)
		}
		if got := sortedHistory(t, s); !slices.Equal(got, want) {
			t.Fatalf("histories %v, want %v", got, want)
		}
	})
}

func TestInvariant9IdsAreUnique(t *testing.T) {
	s := newStore(t)
	f := files{"a.md": ring + lease + fence, "b.md": lease, "c.md": id("le", "Q: Another one here?\n\nA: Yes, it is.\n")}
	compileFolder(t, s, f, CompileOptions{})
	for _, query := range []string{
		`SELECT count(*) - count(DISTINCT anki_guid) FROM notes`, `SELECT count(*) - count(DISTINCT anki_nid) FROM notes`,
		`SELECT count(*) - count(DISTINCT anki_cid) FROM cards`, `SELECT count(*) - count(DISTINCT note_id || '~' || ord) FROM cards`,
	} {
		if got := tableOf(t, s, query); strings.TrimSpace(got) != "[0]" {
			t.Errorf("%s = %s", query, got)
		}
	}
	// The guid depends on the note id alone: another database agrees.
	other := newStore(t)
	compileFolder(t, other, files{"z.md": fence + ring}, CompileOptions{})
	const guids = `SELECT anki_guid FROM notes WHERE front LIKE 'What stops%'`
	if a, b := tableOf(t, s, guids), tableOf(t, other, guids); a != b || a == "" {
		t.Errorf("guids %s and %s of one note", a, b)
	}
}

// tempStore opens a database for one run of a property.
func tempStore(t *rapid.T) (*Store, func()) {
	dir, err := os.MkdirTemp("", "etch-test-")
	noError(t, err)
	s, err := Open(context.Background(), path.Join(dir, "etch.db"), Options{Now: monday})
	noError(t, err)
	return s, func() { s.Close(); os.RemoveAll(dir) }
}

var nouns = strings.Fields("lease quorum replica leader follower shard index cache queue broker ledger token bucket window ring gossip vector clock snapshot compaction")

// drawCard makes a card whose text shares few words with any other's.
func drawCard(t *rapid.T, i int) string {
	w := func(k int) string { return nouns[(i*7+k*3)%len(nouns)] + fmt.Sprint(i) }
	if i%4 == 3 {
		return fmt.Sprintf("C: The %s of a %s holds [%s] and then [%s] for %s.\n\n", w(0), w(1), w(2), w(3), w(4))
	}
	key := ""
	if i%3 == 1 {
		key = fmt.Sprintf("<!-- card key-%d -->\n", i)
	}
	return fmt.Sprintf("%sQ: Why does the %s of each %s need a %s before the %s?\n\nA: Without it the %s loses every %s on %s.\n\n", key, w(0), w(1), w(2), w(3), w(4), w(5), w(6))
}

func drawFiles(t *rapid.T) files {
	f := files{}
	n := rapid.IntRange(1, 9).Draw(t, "cards")
	for i := range n {
		name := rapid.SampledFrom([]string{"a.md", "b.md", "sub/c.md"}).Draw(t, "file")
		f[name] += drawCard(t, i+20*rapid.IntRange(0, 1).Draw(t, "set"))
	}
	return f
}

// splitCards returns the cards of all files.
func splitCards(f files) []string {
	var cards []string
	for _, name := range slices.Sorted(maps.Keys(f)) {
		meta := ""
		for _, part := range strings.SplitAfter(f[name], "\n\n") {
			switch {
			case part == "":
			case strings.HasPrefix(part, "A:"):
				cards[len(cards)-1] += part
			default:
				cards = append(cards, meta+part)
			}
		}
	}
	return cards
}

// editWord changes one word on one side, outside brackets and metadata.
func editWord(t *rapid.T, card string) string {
	word := rapid.SampledFrom([]string{" of ", " need ", " before ", " loses ", " holds ", " for "}).Draw(t, "word")
	return strings.Replace(card, word, " changed ", 1)
}

func sortedHistory(t tb, s *Store) []int { return slices.Sorted(maps.Values(history(t, s))) }

func countRows(t tb, s *Store) string {
	return tableOf(t, s, `SELECT (SELECT count(*) FROM notes), (SELECT count(*) FROM cards), (SELECT count(*) FROM log)`)
}

func tableOf(t tb, s *Store, query string) string {
	t.Helper()
	rows, err := s.db.Query(query)
	noError(t, err)
	defer rows.Close()
	columns, err := rows.Columns()
	noError(t, err)
	var out strings.Builder
	for rows.Next() {
		values, targets := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			targets[i] = &values[i]
		}
		noError(t, rows.Scan(targets...))
		fmt.Fprintln(&out, values)
	}
	noError(t, rows.Err())
	return out.String()
}
