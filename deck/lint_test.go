package deck

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// qa is a basic note.
func qa(front, back string) Note {
	return Note{Kind: Basic, Front: front, Back: back, Line: 10}
}

// typed is a basic note with a type.
func typed(t Type, front, back string) Note {
	n := qa(front, back)
	n.Type = t
	return n
}

// hide is a cloze note; its deletions are written in brackets.
func hide(text string) Note {
	return Note{Kind: Cloze, Front: strings.NewReplacer("[", string(Open), "]", string(Close)).Replace(text), Line: 10}
}

// asking is a basic note with a good answer.
func asking(front string) Note {
	return qa(front, "The write is refused, because a majority cannot see it.")
}

// answering is a basic note with a good question.
func answering(back string) Note {
	return qa("Which part of a Raft group accepts client writes?", back)
}

// postOf is a post with notes, each on a line of its own.
func postOf(slug string, notes ...Note) *Post {
	p := &Post{Path: slug + ".md", Slug: slug, Dialect: PostDialect, Title: slug, Notes: slices.Clone(notes)}
	for i := range p.Notes {
		p.Notes[i].Line = 10 * (i + 1)
	}
	return p
}

// lintNote returns the rules that fire on a note alone.
func lintNote(n Note) []string {
	return ruleIDs(Lint([]*Post{postOf("one", n)}, LintOptions{}))
}

func ruleIDs(problems []*Problem) []string {
	var ids []string
	for _, p := range problems {
		ids = append(ids, p.Rule)
	}
	return ids
}

// lintCase is a note on which one rule fires, or is close to it and must not.
type lintCase struct {
	rule  string
	fires bool
	note  Note
}

func testRules(t *testing.T, cases []lintCase) {
	t.Helper()
	for _, c := range cases {
		name := fmt.Sprintf("%s/%v/%s", c.rule, c.fires, short(c.note.Front+" "+c.note.Back, 60))
		t.Run(name, func(t *testing.T) {
			got := lintNote(c.note)
			if fires := slices.Contains(got, c.rule); fires != c.fires {
				t.Errorf("%s fires: %v, want %v; all: %v\nQ: %s\nA: %s", c.rule, fires, c.fires, got, c.note.Front, c.note.Back)
			}
			// A near miss is a good card in every other respect, too.
			if !c.fires && len(got) > 0 && c.rule != "L35" {
				t.Errorf("%v fires on a card that is meant to be good\nQ: %s\nA: %s", got, c.note.Front, c.note.Back)
			}
		})
	}
}

// The table of bad and good cards in the content guide. Where it gives a bad
// question alone, the answer is the sort that such a question begets.
func TestLintGuideTable(t *testing.T) {
	essay := strings.Repeat("It is a way to do a thing in a system that has many parts. ", 8)
	bad := []Note{
		qa("CAP theorem", "Pick two of three"),
		qa("Is Kafka ordered?", "Yes"),
		qa("List the six deployment strategies", "- recreate\n- rolling\n- blue/green\n- canary\n- shadow\n- A/B"),
		qa("What is consistent hashing?", "A way to spread keys."),
		qa("Explain TLS 1.3", essay),
		qa("Pros and cons of caching", "Fast, but stale."),
		qa("What does the circuit breaker do? Name its states and settings", "It stops calls."),
		qa("Redis lock with SETNX, EXPIRE", "SETNX, then EXPIRE."),
		qa("How many URLs? 100M/month", "40/s"),
	}
	for _, n := range bad {
		if got := lintNote(n); len(got) == 0 {
			t.Errorf("nothing fires on the bad card %q", n.Front)
		}
	}
	good := []Note{
		typed(Failure, "During a partition a CP store's minority side gets a write. What does it do, and why?",
			"Refuses or times out; accepting it could break linearizability, since the majority side cannot see it."),
		typed(Scenario, "Two updates of one order must be processed in order. What do you set in Kafka?",
			"The same message key, hence the same partition; order holds per partition only."),
		typed(Term, "Which strategy sends production traffic to the new version but throws its answers away, and what must you stub?",
			"Shadow; side effects such as mails, charges, writes."),
		typed(Why, "Why does a server dying on a ring without virtual nodes overload one neighbour?",
			"Its whole arc goes to the next node clockwise; many small arcs would spread it."),
		typed(Term, "Which trick lets TLS 1.3 finish a full handshake in one round trip?",
			"The client sends its key share in the first message, guessing the group."),
		typed(Compare, "Write-back acknowledges before the database is written. What do you gain and risk?",
			"Low write latency and batching; loss of acknowledged writes if the cache node dies."),
		typed(Why, "Why does a half-open breaker admit only a few calls?",
			"To test recovery without flooding a dependency that is just coming back."),
		typed(Failure, "Client A pauses past its lease, B gets the lock, A wakes and writes. What stops A?",
			"A fencing token: the storage rejects a token lower than one it has seen."),
		typed(Estimation, "100 M new URLs a month: average writes per second?", "100 M / (30 x 86,400), about 40/s."),
		// The rubric's example of a perfect card.
		typed(Failure, "Your shard key is created_at. What goes wrong at write time, and why?",
			"All new rows hit the last range, one hot shard; hash or prefix the key and lose cheap time ranges."),
		// The format's example of a post.
		typed(Why, "A cache fleet grows from 4 to 5 nodes with `hash(key) % N`. Which share of\nkeys moves, and who feels it?",
			"About 80 % (N/(N+1) for N = 4).\n\nThe database: most reads miss until the caches are warm again."),
		hide("On a hash ring, adding one server to N moves about [1/(N+1)] of the keys."),
		typed(Failure, "A server dies on a ring WITHOUT virtual nodes. Which server suffers, and why?",
			"Only the next one clockwise: it inherits the whole arc, so its load can double."),
	}
	for _, n := range good {
		if got := lintNote(n); len(got) > 0 {
			t.Errorf("%v fires on the good card %q", got, n.Front)
		}
	}
}

func TestLintOrderAndPlace(t *testing.T) {
	a := postOf("a", asking("Is Kafka ordered?"), asking("Why does a follower wait?"))
	b := postOf("b", asking("is Kafka ordered"))
	got := Lint([]*Post{b, a}, LintOptions{})
	var lines []string
	for _, p := range got {
		lines = append(lines, fmt.Sprintf("%s:%d %s %d", p.File, p.Line, p.Rule, p.Severity))
	}
	want := []string{
		"a.md:10 L03 1", "a.md:10 L07 1",
		"b.md:10 L02 1", "b.md:10 L03 1", "b.md:10 L26 0", "b.md:10 L30 1",
	}
	if diff := cmp.Diff(want, lines); diff != "" {
		t.Error(diff)
	}
	for _, p := range got {
		if p.Hint == "" {
			t.Errorf("%v has no hint", p)
		}
	}
}

func TestWaivers(t *testing.T) {
	doubled := typed(Why, "Why does a follower lag, and how do you see it?", "Its disk is slow; watch the replay position.")
	clean := asking("Why does a minority refuse a write?")
	yesNo := asking("Is a minority allowed to accept the write?")
	tooLong := typed(Number, "Which words does a far too long answer to a number card have?", strings.Repeat(" word", 50)[1:])
	for _, c := range []struct {
		name string
		note Note
		give []Waiver
		want []string // rule and severity
		says string
	}{
		{"waived", doubled, []Waiver{{"L12", "both halves are one fact"}}, nil, ""},
		{"two, one stale", doubled, []Waiver{{"L12", "one fact"}, {"L11", "one fact"}}, []string{"L35w"}, "does not fire"},
		{"no reason", doubled, []Waiver{{"L12", " "}}, []string{"L12w", "L35E"}, "no reason"},
		{"a reason without a word", doubled, []Waiver{{"L12", "..."}}, []string{"L12w", "L35E"}, "no reason"},
		{"unknown rule", doubled, []Waiver{{"L99", "why not"}}, []string{"L12w", "L35E"}, "no rule"},
		{"empty rule", clean, []Waiver{{"", "why not"}}, []string{"L35E"}, "no rule"},
		{"an error", yesNo, []Waiver{{"L07", "I like it"}}, []string{"L07E", "L35E"}, "only warnings"},
		{"an error that is not there", clean, []Waiver{{"L07", "I like it"}}, []string{"L35E"}, "only warnings"},
		{"error by how much", tooLong, []Waiver{{"L05", "a quotation"}}, []string{"L05E", "L35E"}, "only warnings"},
		{"does not fire", clean, []Waiver{{"L12", "one fact"}}, []string{"L35w"}, "does not fire"},
		{"a rule of posts", clean, []Waiver{{"S4", "no other way"}}, []string{"L35E"}, "not the card"},
		{"of waivers", clean, []Waiver{{"L35", "clever"}}, []string{"L35E"}, "about waivers"},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.note.Waivers = c.give
			problems := Lint([]*Post{postOf("one", c.note)}, LintOptions{})
			var got []string
			all := ""
			for _, p := range problems {
				got = append(got, p.Rule+map[Severity]string{Warning: "w", Error: "E"}[p.Severity])
				all += p.Msg + "\n"
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
			if !strings.Contains(all, c.says) {
				t.Errorf("messages %q, want %q", all, c.says)
			}
		})
	}
}

// A waiver reaches the rules that look at all cards together, too.
func TestWaiverAcrossPosts(t *testing.T) {
	a := postOf("a", qa("Which write wins when two leaders disagree about a row?", "The one with the higher term wins."))
	b := postOf("b", qa("Which Raft message carries a stale leader's last entry?", "The one with the higher term wins."))
	if got := ruleIDs(Lint([]*Post{a, b}, LintOptions{})); !slices.Equal(got, []string{"L33"}) {
		t.Fatalf("rules %v, want L33", got)
	}
	b.Notes[0].Waivers = []Waiver{{"L33", "the same rule decides both"}}
	if got := Lint([]*Post{a, b}, LintOptions{}); len(got) > 0 {
		t.Errorf("waived, but %v", got)
	}
}

// The rule ids of the table in the design, and those that were added to it.
var designRules = strings.Fields(`L01 L02 L03 L04 L05 L06 L07 L08 L09 L10 L11 L12 L13 L14 L15 L16 L17 L18 L19
	L20 L21 L22 L23 L24 L25 L26 L27 L30 L31 L32 L33 L34 L35 L36 S1 S2 S3 S4 S5`)

func TestRuleTable(t *testing.T) {
	var ids []string
	for _, r := range rules {
		ids = append(ids, r.id)
		if r.id != waiverRule && (r.card == nil) == (r.posts == nil) {
			t.Errorf("%s needs one check", r.id)
		}
		if r.says == "" || r.cure == "" && r.id[0] != 'S' {
			t.Errorf("%s says nothing", r.id)
		}
		if ruleByID(r.id).id != r.id {
			t.Errorf("%s is not found by its id", r.id)
		}
	}
	if diff := cmp.Diff(designRules, ids); diff != "" {
		t.Errorf("rules differ from the design's table (-design +code):\n%s", diff)
	}
}

// The table in docs/CONTENT.md is written by hand; it says what the code does.
func TestRuleTableIsDocumented(t *testing.T) {
	doc, err := os.ReadFile("../docs/CONTENT.md")
	if err != nil {
		t.Fatal(err)
	}
	var rows []string
	for line := range strings.Lines(string(doc)) {
		if strings.HasPrefix(line, "| L") || strings.HasPrefix(line, "| S") {
			rows = append(rows, strings.TrimSpace(line))
		}
	}
	var want []string
	for _, r := range rules {
		want = append(want, fmt.Sprintf("| %s | %s | %s |", r.id, r.level, r.says))
	}
	if diff := cmp.Diff(want, rows); diff != "" {
		t.Errorf("docs/CONTENT.md differs from the rules (-code +docs):\n%s", diff)
	}
}

// Lint judges whatever Parse or a test can build, and gives the same verdict
// for any order of the posts.
func TestLintAnyNotes(t *testing.T) {
	piece := rapid.SampledFrom([]string{
		"Is", "Why", "it", "do", "what is", "the", "Kafka", "order", "?", ".", ":", ",", "\"", "`", "``", "\n\n", "\n", "- a\n", "1. b\n",
		"```\n", "|a|b|\n|-|-|\n", "<b>", "<!--", "-->", "[x](y)", "![z](", "\\`", "&amp;", "  ", "\t", "\u200b", "é", "100 ms", "2026",
		string(Open), string(Close), "always", "and how", "> - q\n", "# h\n", "%", "TODO", "\r\n",
	})
	text := rapid.Custom(func(t *rapid.T) string { return strings.Join(rapid.SliceOfN(piece, 0, 12).Draw(t, "pieces"), " ") })
	key := rapid.SampledFrom([]string{"", "k1", "k2", "k3"})
	note := rapid.Custom(func(t *rapid.T) Note {
		return Note{
			Kind: rapid.SampledFrom([]Kind{Basic, Cloze}).Draw(t, "kind"), Key: key.Draw(t, "key"), After: key.Draw(t, "after"),
			Type: rapid.SampledFrom(append([]Type{"", "odd"}, Types...)).Draw(t, "type"), Tier: rapid.SampledFrom([]Tier{"", Core, Deep}).Draw(t, "tier"),
			Front: text.Draw(t, "front"), Back: text.Draw(t, "back"), Waivers: []Waiver{{Rule: rapid.SampledFrom([]string{"L12", "S1", "x"}).Draw(t, "rule")}},
		}
	})
	rapid.Check(t, func(t *rapid.T) {
		var posts []*Post
		for i := range rapid.IntRange(0, 3).Draw(t, "posts") {
			p := postOf(fmt.Sprint("p", i), rapid.SliceOfN(note, 0, 10).Draw(t, "notes")...)
			p.Requires = []string{fmt.Sprint("p", rapid.IntRange(0, 3).Draw(t, "requires"))}
			posts = append(posts, p)
		}
		opt := LintOptions{Library: rapid.Bool().Draw(t, "library")}
		forth := Lint(posts, opt)
		slices.Reverse(posts)
		if diff := cmp.Diff(forth, Lint(posts, opt)); diff != "" {
			t.Fatal(diff)
		}
	})
}

func FuzzLint(f *testing.F) {
	files, err := sourceLibrary().Files()
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		src, err := file.Read()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(src)
	}
	f.Add([]byte("Q: a\nA: b\nC: [c] d\nfront::back\n"))
	f.Add([]byte("---\ntitle: t\ntags: [x]\n---\n<!-- card ab why core after=ab ok=\"L12 x\" -->\nQ: is `it?\nA: - a\n- b\n"))
	f.Fuzz(func(t *testing.T, src []byte) {
		post, _ := Parse("f.md", src)
		if post == nil {
			return
		}
		for _, p := range Lint([]*Post{post}, LintOptions{Library: true, Index: []string{"a b c d e f g h"}}) {
			if p.Msg == "" || p.Rule == "" || p.Line < 1 {
				t.Errorf("unfit to print: %+v", p)
			}
		}
	})
}

// A huge card costs no more than a large one.
func TestLintHugeCard(t *testing.T) {
	for _, text := range []string{
		strings.Repeat("never the article, is a TODO of it? ", 30_000),
		strings.Repeat("- é\n", 200_000),
		strings.Repeat(string(Open)+"a"+string(Close)+" b ", 100_000),
		strings.Repeat("é", 500_000),
	} {
		for _, kind := range []Kind{Basic, Cloze} {
			got := lintNote(Note{Kind: kind, Front: text, Back: text})
			if !slices.Contains(got, "L06") && !slices.Contains(got, "L05") {
				t.Errorf("%s %q: %v", kind, text[:20], got)
			}
		}
	}
}

// manyPosts is a library of n cards with words of a vocabulary as uneven as a
// language's.
func manyPosts(n int) []*Post {
	var posts []*Post
	seed := uint64(1)
	word := func() string {
		seed = seed*6364136223846793005 + 1442695040888963407
		u := float64(seed>>11) / (1 << 53)
		return fmt.Sprint("w", int(3000*u*u*u))
	}
	text := func(k int) string {
		words := make([]string, k)
		for i := range words {
			words[i] = word()
		}
		return strings.Join(words, " ")
	}
	for i := range n / 20 {
		var notes []Note
		for range 20 {
			notes = append(notes, typed(Why, "Why does "+text(14)+"?", "Because "+text(9)+".\n\nThe `code` then "+text(20)+"."))
		}
		posts = append(posts, postOf(fmt.Sprint("post-", i), notes...))
	}
	return posts
}

func BenchmarkLint10k(b *testing.B) {
	posts := manyPosts(10_000)
	for b.Loop() {
		Lint(posts, LintOptions{Index: []string{"one two three four five six seven eight"}})
	}
}

// The worst that a folder can hold: thousands of cards that are all alike.
func BenchmarkLint10kAlike(b *testing.B) {
	posts := manyPosts(10_000)
	for i, p := range posts {
		for k := range p.Notes {
			p.Notes[k].Front = fmt.Sprintf("Why does the leader of one Raft group refuse the late write number x%d?", i*20+k)
		}
	}
	for b.Loop() {
		Lint(posts, LintOptions{})
	}
}
