package storage

import (
	"context"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"etch/deck"
	"etch/scheduler"
)

const (
	quorum       = "Q: Which guarantee does a quorum of readers and writers give?\n\nA: Readers see the newest acknowledged write.\n\n"
	quorumEdited = "Q: With R + W > N, which guarantee holds for readers?\n\nA: They see the newest write that was acknowledged.\n\n"
)

// While a person thinks about a doubtful pair, another etch records answers.
func TestNobodyWaitsForAPersonWithinATransaction(t *testing.T) {
	s := newStore(t)
	compileFolder(t, s, files{"a.md": quorum + lease}, CompileOptions{})
	cards, err := s.Cards(context.Background(), "", monday)
	noError(t, err)
	asked := 0
	r := compileFolder(t, s, files{"a.md": quorumEdited + lease}, CompileOptions{Same: func(deck.Doubt) bool {
		asked++
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		defer cancel()
		st := scheduler.Stamp{ID: "x", Act: "x", Session: "s", At: monday}
		e, m, err := s.Scheduler().Answer(cards[1].Card.ID, cards[1].Memory, st, scheduler.Good, time.Second)
		noError(t, err)
		if _, err := s.Record(ctx, scheduler.Row{Entry: e, Memory: m}); err != nil {
			t.Errorf("record while compile asks: %v", err)
		}
		return true
	}})
	if asked != 1 || r.Edited != 1 || r.New != 0 || r.Retired != 0 || r.Unchanged != 1 {
		t.Errorf("asked %d times; %s", asked, counts(r))
	}
	if got := history(t, s); got[strings.TrimPrefix(strings.Split(lease, "\n")[0], "Q: ")] != 1 {
		t.Errorf("the answer of meanwhile is lost: %v", got)
	}
}

// A folder of which only a README is left has lost its posts, like an empty
// one.
func TestFolderOfProseAloneRetiresNothing(t *testing.T) {
	s := newStore(t)
	compileFolder(t, s, files{"a.md": lease, "README.md": "# My notes\n"}, CompileOptions{})
	posts, err := s.Posts(context.Background(), 0)
	noError(t, err)
	if len(posts) != 1 || posts[0].Slug != "a" {
		t.Errorf("posts %+v, want a alone", posts)
	}
	r := compileFolder(t, s, files{"README.md": "# My notes\n"}, CompileOptions{})
	if r.Retired != 0 || len(r.Problems) != 1 || r.Pending == 0 {
		t.Errorf("%s, problems %v, pending %d", counts(r), r.Problems, r.Pending)
	}
	if len(history(t, s)) != 1 {
		t.Error("the card is gone")
	}
}

// A new folder that turns out to be empty is a mistake of this one command: it
// holds up nothing and is forgotten.
func TestNewFolderThatIsEmpty(t *testing.T) {
	s := newStore(t)
	notes := files{"a.md": lease + fence}
	compileFolder(t, s, notes, CompileOptions{})
	notes = files{"a.md": lease}
	r := compileAt(t, s, CompileOptions{}, notes.library("/notes"), files{}.library("/new"))
	if r.Retired != 1 || len(r.Problems) != 1 || r.Pending != 0 {
		t.Errorf("%s, problems %v, pending %d", counts(r), r.Problems, r.Pending)
	}
	libs, err := s.Libraries(context.Background())
	noError(t, err)
	if len(libs) != 1 {
		t.Errorf("libraries %v", libs)
	}
}

// A card that moves back to a post where it was retired once brings the history
// of today with it.
func TestMovePrefersTheHistoryInUse(t *testing.T) {
	s := newStore(t)
	compileFolder(t, s, files{"a.md": lease + fence, "b.md": ring}, CompileOptions{})
	compileFolder(t, s, files{"a.md": lease + fence, "b.md": ring + fence}, CompileOptions{})
	compileFolder(t, s, files{"a.md": lease, "b.md": ring + fence}, CompileOptions{})
	answerAll(t, s)
	const question = "What stops a writer that wakes up after its lease?"
	want := history(t, s)[question]
	r := compileFolder(t, s, files{"a.md": lease + fence, "b.md": ring}, CompileOptions{})
	if got := history(t, s)[question]; got != want || want == 0 || r.Moved != 1 || r.Returned != 0 {
		t.Errorf("%d answers, want %d; %s", got, want, counts(r))
	}
}

func TestLinksThatCannotBeFollowed(t *testing.T) {
	for _, tt := range []struct{ old, new, want string }{
		{"nobody", "fe", "link nobody=fe: no card nobody is known"},
		{"le", "nobody", "link le=nobody: no card of a file is nobody"},
		{"le", "fe", "link le=fe: le is still in /notes/a.md:2"},
	} {
		s := newStore(t)
		f := files{"a.md": id("le", lease) + id("fe", fence)}
		compileFolder(t, s, f, CompileOptions{})
		r := compileFolder(t, s, f, CompileOptions{Pairings: []deck.Pairing{{Old: deck.NoteID(tt.old), New: deck.NoteID(tt.new)}}})
		if len(r.Problems) != 1 || r.Problems[0].Error() != tt.want || r.Problems[0].Severity != deck.Error {
			t.Errorf("problems %v, want %s", r.Problems, tt.want)
		}
		if r.Unchanged != 2 {
			t.Errorf("%s=%s: %s", tt.old, tt.new, counts(r))
		}
	}
}

// Lint speaks at each compile by hand until it has nothing to say, even when
// the files were taken in at start.
func TestLintSpeaksAboutUnchangedFiles(t *testing.T) {
	s := newStore(t)
	lib := files{"a.md": lease}.library("/notes")
	compileAt(t, s, CompileOptions{Auto: true}, lib)
	calls, say := 0, []*deck.Problem{{File: "a.md", Line: 1, Rule: "L99", Msg: "so so"}}
	judge := func(deck.Library, []*deck.Post) []*deck.Problem {
		calls++
		var out []*deck.Problem
		for _, p := range say {
			c := *p
			out = append(out, &c)
		}
		return out
	}
	for range 2 {
		if r := compileAt(t, s, CompileOptions{Lint: judge}, lib); len(r.Problems) != 1 {
			t.Errorf("problems %v", r.Problems)
		}
	}
	say = nil
	for range 3 {
		compileAt(t, s, CompileOptions{Lint: judge}, lib)
	}
	if calls != 3 {
		t.Errorf("lint ran %d times, want 2 with a warning and 1 without", calls)
	}
}

// locks maps keys to the card that each waits for.
func locks(t tb, s *Store) string {
	t.Helper()
	return tableOf(t, s, `SELECT n.key, m.after_card FROM memory m JOIN cards c ON c.id=m.card_id JOIN notes n ON n.id=c.note_id WHERE m.after_card IS NOT NULL ORDER BY 1`)
}

func after(key, parent, card string) string {
	return "<!-- card " + key + " after=" + parent + " -->\n" + card
}

func TestFollowUps(t *testing.T) {
	builtin := deck.Library{Kind: deck.KindBuiltIn, Path: deck.BuiltInPath, FS: fstest.MapFS{"c.md": {Data: []byte(id("ri", ring))}}}
	for _, tt := range []struct {
		name string
		f    files
		want string
	}{
		{"a parent in the post", files{"a.md": id("le", lease) + after("fe", "le", fence)}, "[fe le]\n"},
		{"a parent in another post", files{"a.md": after("fe", "le", fence), "b.md": id("le", lease)}, "[fe le]\n"},
		{"a parent in the library", files{"a.md": after("fe", "ri", fence)}, "[fe etch/ri~0]\n"},
		{"a parent of one's own before the library's", files{"a.md": after("fe", "ri", fence) + id("ri", lease)}, "[fe ri]\n"},
		{"no parent", files{"a.md": after("fe", "le", fence)}, ""},
		{"itself", files{"a.md": after("fe", "fe", fence)}, ""},
		{"each other", files{"a.md": after("le", "fe", lease) + after("fe", "le", fence)}, ""},
		{"after two that wait for each other", files{"a.md": after("le", "fe", lease) + after("fe", "le", fence) + after("qu", "le", quorum)}, "[qu le]\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newStore(t)
			compileAt(t, s, CompileOptions{}, builtin, tt.f.library("/notes"))
			if got := locks(t, s); got != tt.want {
				t.Errorf("locks %q, want %q", got, tt.want)
			}
		})
	}
}

// A parent whose file is broken, or that is a deletion taken away, still
// locks, or no longer does.
func TestFollowUpsWhenTheParentChanges(t *testing.T) {
	s := newStore(t)
	child := after("fe", "ri", fence)
	compileFolder(t, s, files{"a.md": child, "b.md": id("ri", ring)}, CompileOptions{})
	for _, step := range []struct {
		name, parent, child, want string
	}{
		{"its file is broken", id("ri", ring) + "Q: Half?\n", strings.Replace(child, "What", "Which", 1), "[fe ri~0]\n"},
		{"its first deletion is gone", id("ri", strings.Replace(ring, "[1/(N+1)]", "1/(N+1)", 1)), child, "[fe ri~1]\n"},
		{"it is retired", lease, child, ""},
		{"it returns", id("ri", ring), child, "[fe ri~0]\n"},
	} {
		compileFolder(t, s, files{"a.md": step.child, "b.md": step.parent}, CompileOptions{})
		if got := locks(t, s); got != step.want {
			t.Errorf("%s: locks %q, want %q", step.name, got, step.want)
		}
	}
	if findings, err := s.Doctor(context.Background()); err != nil || len(findings) > 0 {
		t.Errorf("doctor: %v %v", findings, err)
	}
}

// A script without blanks between its words keeps a history through an edit.
func TestEditWithoutBlanksBetweenWords(t *testing.T) {
	s := newStore(t)
	compileFolder(t, s, files{"a.md": "Q: 为什么租约不需要持有者释放？\n\nA: 时间一到租约自动失效。\n"}, CompileOptions{})
	r := compileFolder(t, s, files{"a.md": "Q: 为何租约不需要持有者主动释放？\n\nA: 时间一到租约自动失效。\n"}, CompileOptions{})
	if r.Edited != 1 || r.New != 0 {
		t.Error(counts(r))
	}
}

// TestSlugsAreApart: a slug names one post, whatever the files are called, and
// a post keeps its own.
func TestSlugsAreApart(t *testing.T) {
	s := newStore(t)
	slugs := func() string {
		posts, err := s.Posts(context.Background(), 0)
		noError(t, err)
		var out []string
		for _, p := range posts {
			out = append(out, p.Path+"="+p.Slug)
			if _, row, err := s.PostBody(context.Background(), p.Slug); err != nil || row.Path != p.Path || row.Library != p.Library {
				t.Errorf("%s names %s in %s (%v)", p.Slug, row.Path, row.Library, err)
			}
		}
		return strings.Join(out, " ")
	}
	for _, tt := range []struct {
		name      string
		one, more files
		want      string
	}{
		{"one", files{"redis/basics.md": lease}, nil, "redis/basics.md=basics"},
		{"another folder", files{"redis/basics.md": lease, "kafka/basics.md": fence}, nil, "kafka/basics.md=kafka-basics redis/basics.md=basics"},
		{"nothing new", files{"redis/basics.md": lease, "kafka/basics.md": fence + quorum}, nil, "kafka/basics.md=kafka-basics redis/basics.md=basics"},
		{
			"another library",
			files{"redis/basics.md": lease, "kafka/basics.md": fence},
			files{"basics.md": quorum},
			"kafka/basics.md=kafka-basics redis/basics.md=basics basics.md=basics-2",
		},
		{"moved", files{"etcd/basics.md": lease, "kafka/basics.md": fence}, files{"basics.md": quorum}, "etcd/basics.md=basics kafka/basics.md=kafka-basics basics.md=basics-2"},
		{"renamed", files{"etcd/locks.md": lease, "kafka/basics.md": fence}, files{"basics.md": quorum}, "etcd/locks.md=locks kafka/basics.md=kafka-basics basics.md=basics-2"},
	} {
		libs := []deck.Library{tt.one.library("/notes")}
		if tt.more != nil {
			libs = append(libs, tt.more.library("/more"))
		}
		compileAt(t, s, CompileOptions{}, libs...)
		if got := slugs(); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
	lib := files{"basics.md": "---\ntitle: B\n---\n\n# B\n"}.library(deck.BuiltInPath)
	lib.Kind = deck.KindBuiltIn
	compileAt(t, s, CompileOptions{}, lib, files{"etcd/locks.md": lease, "kafka/basics.md": fence}.library("/notes"), files{"basics.md": quorum, "x/basics.md": quorumEdited}.library("/more"))
	if got, want := slugs(), "etcd/locks.md=locks kafka/basics.md=kafka-basics basics.md=basics-2 x/basics.md=x-basics basics.md=basics"; got != want {
		t.Errorf("the built-in library: %s, want %s", got, want)
	}
	healthy(t, s)
}
