package deck

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// indexRow is what the post index promises of one post.
type indexRow struct {
	Slug, Title    string
	Tags, Requires []string
	Must, Also     []string // terms that cards must and should answer
	Sources        []string
	Cards          int
}

// postIndex reads the post index.
func postIndex(t testing.TB) []indexRow {
	t.Helper()
	src, err := os.ReadFile("testdata/posts.json")
	if err != nil {
		t.Fatal(err)
	}
	var rows []indexRow
	d := json.NewDecoder(bytes.NewReader(src))
	d.DisallowUnknownFields()
	if err := d.Decode(&rows); err != nil {
		t.Fatal(err)
	}
	return rows
}

// libraryPosts parses the built-in library.
func libraryPosts(t testing.TB) []*Post {
	t.Helper()
	files, err := sourceLibrary().Files()
	if err != nil {
		t.Fatal(err)
	}
	var posts []*Post
	for _, f := range files {
		src, err := f.Read()
		if err != nil {
			t.Fatal(err)
		}
		p, problems := Parse(f.Path, src)
		for _, problem := range problems {
			t.Errorf("parse: %v", problem)
		}
		if p != nil {
			posts = append(posts, p)
		}
	}
	return posts
}

// firstPosts are the posts of the first release.
var firstPosts = strings.Fields(`consistent-hashing what-does-acid-mean caching-strategies-overview
	cache-invalidation-strategies tcp-vs-udp database-indexing idempotency-in-distributed-systems
	designing-an-api-rate-limiter`)

func TestLibraryIsComplete(t *testing.T) {
	posts := libraryPosts(t)
	for _, slug := range firstPosts {
		if !slices.ContainsFunc(posts, func(p *Post) bool { return p.Slug == slug }) {
			t.Errorf("posts/%s.md is missing or does not parse", slug)
		}
	}
}

func TestLibraryKeepsThePromisesOfTheIndex(t *testing.T) {
	rows := map[string]indexRow{}
	for _, r := range postIndex(t) {
		rows[r.Slug] = r
	}
	for _, p := range libraryPosts(t) {
		t.Run(p.Slug, func(t *testing.T) {
			row, ok := rows[p.Slug]
			if !ok {
				t.Fatal("the index has no such post")
			}
			if p.Dialect != PostDialect || p.Title != row.Title {
				t.Errorf("title %q, the index says %q", p.Title, row.Title)
			}
			if !slices.Equal(p.Tags, row.Tags) {
				t.Errorf("tags %v, the index says %v", p.Tags, row.Tags)
			}
			if !slices.Equal(p.Requires, row.Requires) {
				t.Errorf("requires %v, the index says %v", p.Requires, row.Requires)
			}
			if len(p.Sources) == 0 {
				t.Error("no sources")
			}
			checkTerms(t, p, row)
			checkTakeaways(t, p)
			checkSize(t, p)
		})
	}
}

// checkTerms checks that core cards answer all terms of must, and, once there
// are deep cards, that cards answer 65 % of the menu.
func checkTerms(t *testing.T, p *Post, row indexRow) {
	t.Helper()
	var core, all []string
	for _, n := range p.Notes {
		text := normalTerm(n.Front + "\n" + n.Back)
		all = append(all, text)
		if n.Tier == Core {
			core = append(core, text)
		}
	}
	for _, term := range row.Must {
		if answered(all, term) && !answered(core, term) {
			t.Errorf("only a deep card answers the must-term %q", term)
		} else if !answered(core, term) {
			t.Errorf("no core card answers the must-term %q", term)
		}
	}
	if len(core) == len(all) {
		return // the core comes first
	}
	var missing []string
	for _, term := range row.Also {
		if !answered(all, term) {
			missing = append(missing, term)
		}
	}
	if n := len(row.Also); 100*(n-len(missing)) < 65*n {
		t.Errorf("cards answer %d of %d terms of the menu, at least 65 %% wanted; missing: %q", n-len(missing), n, missing)
	}
}

// normalTerm returns text as terms are looked for: in lower case, with - _ and
// / as blanks, and no two blanks in a row. The marks of deletions vanish.
func normalTerm(text string) string {
	text = strings.NewReplacer("-", " ", "_", " ", "/", " ", string(Open), "", string(Close), "").Replace(strings.ToLower(text))
	return strings.Join(strings.Fields(text), " ")
}

// answered reports whether one of the normalised texts mentions one of the
// term's alternatives.
func answered(texts []string, term string) bool {
	for alternative := range strings.SplitSeq(term, "|") {
		alternative = normalTerm(alternative)
		if slices.ContainsFunc(texts, func(text string) bool { return mentions(text, alternative) }) {
			return true
		}
	}
	return false
}

// mentions reports whether the term stands in the text at the start of a word.
// A term of at most four letters must be a whole word.
func mentions(text, term string) bool {
	isWord := func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }
	first, _ := utf8.DecodeRuneInString(term)
	for at := 0; ; {
		i := strings.Index(text[at:], term)
		if i < 0 {
			return false
		}
		i += at
		before, _ := utf8.DecodeLastRuneInString(text[:i])
		after, _ := utf8.DecodeRuneInString(text[i+len(term):])
		starts := i == 0 || !isWord(first) || !isWord(before)
		whole := i+len(term) == len(text) || !isWord(after)
		if starts && (whole || utf8.RuneCountInString(term) > 4) {
			return true
		}
		at = i + 1
	}
}

func TestMentions(t *testing.T) {
	for _, c := range []struct {
		text, term string
		want       bool
	}{
		{"The loop reconciles.", "reconcil", true},
		{"unreconciled", "reconcil", false},
		{"TTLs expire", "TTL", false},
		{"the TTL, then", "TTL", true},
		{"a hash ring", "ring", true},
		{"hashing", "ring", false},
		{"a string and the ring", "ring", true},
		{"Write-behind", "write-back|write behind", true},
		{"about [1/(N+1)] of K/N keys", "k/n", true},
		{"`hash(key) % N`", "mod N|% N", true},
		{"HTTP/2", "http 2", true},
		{"in\norder", "in-order", true},
		{"B+tree index", "B-tree|B+tree", true},
	} {
		if got := answered([]string{normalTerm(c.text)}, c.term); got != c.want {
			t.Errorf("%q in %q: %v, want %v", c.term, c.text, got, c.want)
		}
	}
}

// checkTakeaways checks that each takeaway is asked for by a core card.
func checkTakeaways(t *testing.T, p *Post) {
	t.Helper()
	if n := len(p.Takeaways); n < 5 || n > 9 {
		t.Errorf("%d takeaways, 5 to 9 wanted", n)
	}
	for _, take := range p.Takeaways {
		if !slices.ContainsFunc(p.Notes, func(n Note) bool { return n.Takeaway == take.Heading && n.Tier == Core }) {
			t.Errorf("line %d: no core card asks for the takeaway %q", take.Line, take.Heading)
		}
	}
	for _, n := range p.Notes {
		if n.Takeaway == "" {
			t.Errorf("line %d: the card stands in no section", n.Line)
		}
	}
}

// A post, its prose with its core cards, is read in about five minutes at 230
// words a minute.
const (
	minPostWords = 400
	maxPostWords = 1200
)

// checkSize checks that a post can be read at one go and that each card fits
// a screen.
func checkSize(t *testing.T, p *Post) {
	t.Helper()
	words := len(wordsOf(p.Prose()))
	for _, n := range p.Notes {
		if n.Tier == Core {
			words += len(wordsOf(n.Front)) + len(wordsOf(n.Back))
		}
	}
	if words < minPostWords || words > maxPostWords {
		t.Errorf("%d words in prose and core cards (%.1f min), %d to %d wanted", words, float64(words)/230, minPostWords, maxPostWords)
	}
	if n := tableRules(p.Prose(), cardColumns) - tableRules(p.Prose(), 1000); n > 0 {
		t.Errorf("a table is wider than %d columns: its cells wrap, with %d more rules between its rows", cardColumns, n)
	}
	core := 0
	for _, n := range p.Notes {
		if n.Tier == Core {
			core++
		}
		cards := 1
		if n.Kind == Cloze {
			cards = len(ClozeTexts(n.Front))
		}
		for i := range cards {
			lines := len(Render(Answer(n.Kind, n.Front, n.Back, i), cardColumns, Plain))
			if n.Kind != Cloze {
				lines += len(Render(n.Front, cardColumns, Plain))
			}
			if lines > cardLines {
				t.Errorf("line %d: question and answer take %d lines at %d columns, limit %d", n.Line, lines, cardColumns, cardLines)
			}
		}
	}
	if core < minCore || core > maxCore {
		t.Errorf("%d core cards, %d to %d wanted", core, minCore, maxCore)
	}
}

// tableRules counts the rules of the tables of a text: one below each head and,
// if cells wrap, one between any two rows.
func tableRules(md string, width int) int {
	rules := 0
	for _, line := range Render(md, width, Plain) {
		if strings.Contains(line, "-+-") && strings.Trim(line, "-+") == "" {
			rules++
		}
	}
	return rules
}

// The library has no error, and few waivers and warnings: a rule that is waived
// everywhere is not kept.
func TestLibraryPassesLint(t *testing.T) {
	opt := LintOptions{Library: true, Known: map[string]bool{}}
	for _, r := range postIndex(t) {
		opt.Known[r.Slug] = true
		for _, texts := range [][]string{{r.Title}, r.Must, r.Also, r.Sources} {
			opt.Index = append(opt.Index, texts...)
		}
	}
	posts := libraryPosts(t)
	cards, waived, warned := 0, 0, 0
	for _, p := range posts {
		cards += len(p.Notes)
		for _, n := range p.Notes {
			if len(n.Waivers) > 0 {
				waived++
			}
		}
	}
	for _, p := range Lint(posts, opt) {
		if p.Severity == Error {
			t.Errorf("%v (%s)", p, p.Hint)
			continue
		}
		t.Logf("warning: %v (%s)", p, p.Hint)
		if p.Rule[0] == 'L' {
			warned++
		}
	}
	if 10*waived >= cards {
		t.Errorf("%d of %d cards waive a rule, under 10 %% wanted", waived, cards)
	}
	if 10*warned >= cards {
		t.Errorf("%d warnings on %d cards, under 10 %% wanted", warned, cards)
	}
}

// Prerequisites that are here must come from the index, and the index itself
// has no cycle and no gap.
func TestIndexIsSound(t *testing.T) {
	var posts []*Post
	tags := map[string]bool{}
	for _, r := range postIndex(t) {
		posts = append(posts, &Post{Path: r.Slug + ".md", Slug: r.Slug, Tags: r.Tags, Requires: r.Requires})
		for _, tag := range r.Tags {
			tags[tag] = true
		}
	}
	for _, p := range Lint(posts, LintOptions{Library: true}) {
		t.Error(p)
	}
	known := map[string]bool{}
	for _, tag := range libraryTags {
		known[tag] = true
	}
	if len(known) != len(libraryTags) || fmt.Sprint(known) != fmt.Sprint(tags) {
		t.Errorf("libraryTags are %v\nthe index has   %v", known, tags)
	}
	firsts := map[string]bool{}
	for _, p := range posts {
		firsts[p.Tags[0]] = true
	}
	categoriesHere := map[string]bool{}
	for _, tag := range libraryTags[:categories] {
		categoriesHere[tag] = true
	}
	if fmt.Sprint(firsts) != fmt.Sprint(categoriesHere) {
		t.Errorf("categories are %v\nthe index has  %v", categoriesHere, firsts)
	}
}

// TestReadmeListsThePosts: -update rewrites the list.
func TestReadmeListsThePosts(t *testing.T) {
	const name = "../README.md"
	src, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, ok := strings.Cut(string(src), "## The library\n\n")
	_, tail, ok2 := strings.Cut(rest, "## Your own cards\n")
	if !ok || !ok2 {
		t.Fatal("the README has no section for the library")
	}
	want := head + "## The library\n\n" + postList(libraryPosts(t)) + "\n## Your own cards\n" + tail
	if *update {
		if err := os.WriteFile(name, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if string(src) != want {
		t.Error("the README's list of posts is stale: run 'go test ./deck -run Readme -update'")
	}
}

// cardsOf is how many cards a note is: a cloze may be several.
func cardsOf(n Note) int {
	if n.Kind == Cloze {
		return len(ClozeTexts(n.Front))
	}
	return 1
}

// postList is a table of all posts by topic.
func postList(posts []*Post) string {
	var b strings.Builder
	core, all := 0, 0
	rows := map[string][]string{}
	for _, p := range posts {
		n, cards := 0, 0
		for _, note := range p.Notes {
			cards += cardsOf(note)
			if note.Tier == Core {
				n += cardsOf(note)
			}
		}
		core, all = core+n, all+cards
		rows[p.Topic] = append(rows[p.Topic], fmt.Sprintf("| %s | %s | %d | %d |\n", p.Topic, p.Title, n, cards))
	}
	fmt.Fprintf(&b, "%d posts, %d core cards, %d in all. `etch read POST` reads one, `etch review\nPOST` studies it; `etch posts` has their short names.\n\n| topic | post | core | all |\n|---|---|---|---|\n", len(posts), core, all)
	for _, topic := range libraryTags[:categories] {
		slices.Sort(rows[topic])
		b.WriteString(strings.Join(rows[topic], ""))
	}
	return b.String()
}
