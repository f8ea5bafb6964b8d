package deck

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// lintPosts returns "file:line rule message" for the rule on some posts.
func lintPosts(rule string, opt LintOptions, posts ...*Post) []string {
	var got []string
	for _, p := range Lint(posts, opt) {
		if p.Rule == rule {
			got = append(got, fmt.Sprintf("%s:%d %s", p.File, p.Line, p.Msg))
		}
	}
	return got
}

func TestSameQuestion(t *testing.T) {
	for _, c := range []struct {
		a, b Note
		same bool
	}{
		{asking("Which node of a Raft group accepts the writes?"), asking("What node in the Raft group accepts writes?"), true},
		{asking("Why does the leader wait?"), asking("When does the leader wait?"), false},
		{asking("Why may a leader not wait?"), asking("Why may a leader wait?"), false},
		{asking("Which node writes from disk to log?"), asking("Which node writes from log to disk?"), false},
		{hide("The [leader] writes, a follower reads."), hide("The leader writes, a [follower] reads."), false},
		{hide("The [leader] writes, a follower reads."), hide("The [leader]  writes, a\nfollower reads."), true},
	} {
		got := lintPosts("L30", LintOptions{}, postOf("a", c.a), postOf("b", c.b))
		if c.same && (len(got) != 1 || got[0] != "b.md:10 the same question as a.md:10") || !c.same && len(got) > 0 {
			t.Errorf("%q and %q: %q, want same %v", c.a.Front, c.b.Front, got, c.same)
		}
	}
	if got := lintPosts("L30", LintOptions{}, postOf("a", asking("Why does a leader wait?"), asking("Why does a leader wait?"))); len(got) != 1 {
		t.Errorf("twice in one post: %q", got)
	}
}

func TestCopied(t *testing.T) {
	opt := LintOptions{Index: []string{"A leader that pauses past its lease may still write to disk."}}
	for _, c := range []struct {
		note  Note
		fires bool
	}{
		{asking("Which leader that pauses past its lease may still write?"), true},
		{answering("The *leader* that pauses `past` its\nlease may fail."), true},
		{hide("A leader that pauses [past its] lease may fail."), true},
		{asking("Which leader that pauses past its lease can write?"), false},
		{qa("Why fence a leader that pauses?", "Past its lease may still write to disk."), true},
		{qa("Why fence a leader that pauses past its", "lease may still write"), false},
	} {
		if got := lintPosts("L31", opt, postOf("a", c.note)); (len(got) > 0) != c.fires {
			t.Errorf("%q %q: %q, want %v", c.note.Front, c.note.Back, got, c.fires)
		}
	}
}

func TestBroken(t *testing.T) {
	key := func(key string, set func(*Note)) Note {
		n := typed(Why, "Why does card "+key+" stand for itself?", "Because it says so.")
		n.Key, n.Tier = key, Core
		if set != nil {
			set(&n)
		}
		return n
	}
	after := func(k, parent string) Note { return key(k, func(n *Note) { n.After = parent }) }
	requires := func(slug string, slugs ...string) *Post {
		p := postOf(slug)
		p.Body = "---\ntitle: x\nrequires: []\ntags: [caching]\n---\n"
		p.Requires, p.Tags = slugs, []string{"caching"}
		return p
	}
	tagged := func(tags ...string) *Post {
		p := requires("a")
		p.Tags = tags
		return p
	}
	library := LintOptions{Library: true}
	for _, c := range []struct {
		name  string
		opt   LintOptions
		posts []*Post
		want  []string
	}{
		{"unknown post", LintOptions{}, []*Post{requires("a", "b", "nope")}, []string{
			`a.md:3 requires an unknown post: "nope"`,
		}},
		{"cycle", LintOptions{}, []*Post{requires("a", "b"), requires("b", "c"), requires("c", "a"), requires("d", "b")}, []string{
			"a.md:3 a cycle of requires: a -> b -> c -> a",
		}},
		{"itself", LintOptions{}, []*Post{requires("a", "a")}, []string{"a.md:3 a cycle of requires: a -> a"}},
		{"no cycle", LintOptions{}, []*Post{requires("a", "b", "c"), requires("b", "d"), requires("c", "d"), requires("d")}, nil},
		{"category", library, []*Post{tagged("api")}, []string{`a.md:4 unknown category: "api"`}},
		{"tag", library, []*Post{tagged("caching", "cashing", "api")}, []string{`a.md:4 unknown tag: "cashing"`}},
		{"no tag", library, []*Post{tagged()}, []string{"a.md:4 the post has no category: its first tag"}},
		{"a user's tag", LintOptions{}, []*Post{tagged("cooking")}, nil},
		{
			"card's tag", library,
			[]*Post{withNotes(tagged("caching"), key("k1", func(n *Note) { n.Tags = []string{"geo", "cooking"} }))},
			[]string{`a.md:10 unknown tag: "cooking"`},
		},
		{"nothing said", library, []*Post{withNotes(tagged("caching"), key("", func(n *Note) { n.Type, n.Tier = "", "" }))}, []string{
			"a.md:10 a card of the library needs its id", "a.md:10 a card of the library needs its type", "a.md:10 a card of the library needs its tier",
		}},
		{"nothing said by a user", LintOptions{}, []*Post{postOf("a", key("", func(n *Note) { n.Type, n.Tier = "", "" }))}, nil},
		{"type", LintOptions{}, []*Post{postOf("a", key("k1", func(n *Note) { n.Type = "essay" }))}, []string{`a.md:10 unknown type: "essay"`}},
		{"tier", LintOptions{}, []*Post{postOf("a", key("k1", func(n *Note) { n.Tier = "top" }))}, []string{`a.md:10 unknown tier: "top"`}},
		{
			"source", library,
			[]*Post{withNotes(tagged("caching"),
				key("k1", func(n *Note) { n.Source = "karger79" }), key("k2", func(n *Note) { n.Source = "Karger 1997" }))},
			[]string{`a.md:10 the post has no source "karger79"`},
		},
		{
			"id twice",
			LintOptions{},
			[]*Post{postOf("a", key("k1", nil)), postOf("b", key("k0", nil), key("k1", nil))},
			[]string{"b.md:20 id k1 is taken by a.md:10"},
		},
		{"parent", LintOptions{}, []*Post{postOf("a", after("k1", "k0"))}, []string{`a.md:10 after names an unknown card: "k0"`}},
		{"parent elsewhere", LintOptions{}, []*Post{postOf("a", after("k1", "k0")), postOf("b", key("k0", nil))}, nil},
		{
			"core after deep",
			LintOptions{},
			[]*Post{postOf("a", key("k0", func(n *Note) { n.Tier = Deep }), after("k1", "k0"))},
			[]string{"a.md:20 a core card waits for the deep card k0"},
		},
		{"deep after deep", LintOptions{}, []*Post{postOf("a", key("k0", func(n *Note) { n.Tier = Deep }),
			key("k1", func(n *Note) { n.Tier, n.After = Deep, "k0" }))}, nil},
		{"after itself", LintOptions{}, []*Post{postOf("a", after("k1", "k1"))}, []string{"a.md:10 a cycle of after: the card waits for itself"}},
		{"cycle of after", LintOptions{}, []*Post{postOf("a", after("k1", "k3"), after("k2", "k1"), after("k3", "k2"), after("k4", "k3"))}, []string{
			"a.md:10 a cycle of after: the card waits for itself", "a.md:20 a cycle of after: the card waits for itself",
			"a.md:30 a cycle of after: the card waits for itself",
		}},
		{"long cycle of after", LintOptions{}, []*Post{postOf("a", after("k1", "k8"), after("k2", "k1"), after("k3", "k2"), after("k4", "k3"),
			after("k5", "k4"), after("k6", "k5"), after("k7", "k6"), after("k8", "k7"))}, slices.Collect(func(yield func(string) bool) {
			for i := range 8 {
				if !yield(fmt.Sprintf("a.md:%d a cycle of after: the card waits for itself", 10*(i+1))) {
					return
				}
			}
		})},
		{"chain of three", LintOptions{}, []*Post{postOf("a", key("k0", nil), after("k1", "k0"), after("k2", "k1"), after("k3", "k2"))}, nil},
		{"chain of five", LintOptions{}, []*Post{postOf("a", key("k0", nil), after("k1", "k0"), after("k2", "k1"), after("k3", "k2"),
			after("k4", "k3"), after("k5", "k4"))}, []string{"a.md:50 a chain of 4 follow-ups, limit 3"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			opt := c.opt
			opt.Known = map[string]bool{}
			if c.name == "unknown post" {
				opt.Known["b"] = true
			}
			if got := lintPosts("L32", opt, c.posts...); !slices.Equal(got, c.want) {
				t.Errorf("got  %q\nwant %q", got, c.want)
			}
		})
	}
}

// withNotes puts notes into a post.
func withNotes(p *Post, notes ...Note) *Post {
	p.Notes = postOf(p.Slug, notes...).Notes
	return p
}

func TestNearDuplicate(t *testing.T) {
	ask := func(front string) Note {
		return qa(front, fmt.Sprintf("An answer of %d bytes, unlike others.", len(front)))
	}
	for _, c := range []struct {
		name string
		a, b Note
		want string
	}{
		{
			"one word in eight", ask("Why does a stale leader lose its lease during long pauses?"),
			ask("Why does a stale leader lose its lease during short pauses?"), "b.md:10 almost the question of a.md:10 (78 % of the words)",
		},
		{
			"another question", ask("Why does a stale leader lose its lease during long pauses?"),
			ask("Why does a new leader win its election after long pauses?"), "",
		},
		{"few words", ask("Why a lease?"), ask("Why the lease, why?"), ""},
		{
			"same first line", qa("Which node writes?", "The leader of the term.\n\nNobody else."),
			qa("Which log is ahead?", "The *leader* of\nthe term.\n\nBy Raft's rule."), "b.md:10 the same first line of the answer as a.md:10",
		},
		{"short first line", qa("Which node writes?", "The leader."), qa("Which log is ahead?", "The leader."), ""},
		{
			"told by L30", ask("Why does a stale leader lose its lease during long pauses?"),
			ask("Why does the stale leader lose its lease during the long pauses?"), "",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := strings.Join(lintPosts("L33", LintOptions{}, postOf("a", c.a), postOf("b", c.b)), "; ")
			if got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
			// Within a post, overlapping cards are wanted.
			if got := lintPosts("L33", LintOptions{}, postOf("a", c.a, c.b)); len(got) > 0 {
				t.Errorf("within a post: %q", got)
			}
		})
	}
}

// The index finds what comparing all pairs finds.
func TestNearIndexAgainstAllPairs(t *testing.T) {
	posts := manyPosts(600)
	// Make many questions alike to some degree.
	for i, p := range posts {
		for k := range p.Notes {
			p.Notes[k].Front = fmt.Sprintf("Why a%d b%d c%d d%d e%d f%d g%d h%d?", i%2, i%3, k%2, k%3, (i+k)%3, i%5, k%7, (i*k)%2)
		}
	}
	cards := newLintSet(posts, LintOptions{}).cards
	index := newNearIndex(cards)
	found := 0
	for i, c := range cards {
		want := false
		for _, other := range cards[:i] {
			a, b := index.sets[c], index.sets[other]
			want = want || other.post != c.post && min(len(a), len(b)) >= minSetWords && jaccard(a, b) > nearlySame
		}
		twin, _ := index.find(c)
		if (twin != nil) != want {
			t.Fatalf("card %d %q: found %v, want %v", i, c.note.Front, twin != nil, want)
		}
		if want {
			found++
		}
	}
	if found == 0 || found == len(cards) {
		t.Errorf("%d of %d found: the test tests nothing", found, len(cards))
	}
}
