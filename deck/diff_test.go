package deck

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// shelf is a database in miniature: what compile keeps, without SQL.
type shelf struct {
	stored Stored
	now    map[string]NoteID // live notes by the first word of their front
}

func parseAll(t testing.TB, library Library, files map[string]string) []Parsed {
	t.Helper()
	var out []Parsed
	for _, name := range slices.Sorted(maps.Keys(files)) {
		post, problems := Parse(name, []byte(files[name]))
		if post == nil {
			t.Fatalf("%s: %v", name, problems)
		}
		out = append(out, Parsed{Library: library, Post: post})
	}
	return out
}

var notes = Library{Kind: KindFolder, Path: "/notes"}

func (s *shelf) compile(t testing.TB, files map[string]string, opt DiffOptions) *Plan {
	t.Helper()
	parsed := parseAll(t, notes, files)
	plan := Diff(s.stored, parsed, opt)
	s.now = make(map[string]NoteID)
	for i := range plan.Posts {
		p := parsed[i].Post
		row := StoredPost{ID: plan.Posts[i].ID, Library: notes.Path, Path: p.Path, Title: p.Title}
		if row.ID == 0 {
			row.ID = int64(len(s.stored.Posts) + 1)
			plan.Posts[i].ID = row.ID
			s.stored.Posts = append(s.stored.Posts, row)
		}
		s.stored.Posts[row.ID-1] = row
	}
	next := make(map[NoteID]StoredNote)
	for _, n := range s.stored.Notes {
		next[n.ID] = n
	}
	for _, old := range plan.Retire {
		n := next[old.ID]
		n.Retired = true
		next[old.ID] = n
	}
	for _, n := range plan.Notes {
		note := parsed[n.Post].Post.Notes[n.Note]
		row := StoredNote{ID: n.ID, Key: note.Key, Post: plan.Posts[n.Post].ID, Pos: n.Note, Kind: note.Kind, Front: note.Front, Back: note.Back, Takeaway: note.Takeaway, Hash: n.Hash}
		if n.Old != nil {
			row.Lineage = append(slices.Clone(n.Old.Lineage), n.Old.Hash)
		}
		for _, c := range n.Cards {
			row.Cards = append(row.Cards, StoredCard{ID: c.ID, Ord: c.Ord, Pos: c.Pos, Hash: c.Hash})
		}
		if n.Old != nil {
			for _, c := range n.Old.Cards {
				if !slices.ContainsFunc(n.Cards, func(x CardPlan) bool { return x.ID == c.ID }) {
					c.Retired = true
					row.Cards = append(row.Cards, c)
				}
			}
		}
		next[n.ID] = row
		word, _, _ := strings.Cut(note.Front, " ")
		s.now[strings.TrimSuffix(word, "?")] = n.ID
	}
	s.stored.Notes = nil
	for _, id := range slices.Sorted(maps.Keys(next)) {
		s.stored.Notes = append(s.stored.Notes, next[id])
	}
	return plan
}

// card writes a card; the first word of the question is how a test finds it.
func card(question, answer string) string { return "Q: " + question + "\n\nA: " + answer + "\n\n" }

// TestMatchingOrder has a case for each rule and for what just misses it.
// same names cards, by the first words of their questions before and after,
// that are one card; new ones are not listed.
func TestMatchingOrder(t *testing.T) {
	const lease, fence = "Lease ends how, when nobody releases it?", "Fencing token is compared by whom?"
	for _, tt := range []struct {
		name          string
		before, after map[string]string
		same          string
	}{
		{
			"key beats text",
			map[string]string{"a.md": "<!-- card k1 -->\n" + card("One is this?", "first answer") + "<!-- card k2 -->\n" + card("Two is that?", "second thing")},
			map[string]string{"a.md": "<!-- card k2 -->\n" + card("One is this?", "first answer") + "<!-- card k1 -->\n" + card("Two is that?", "second thing")},
			"One-Two Two-One",
		},
		{
			"key over files",
			map[string]string{"a.md": "<!-- card k1 -->\n" + card("One is this?", "first answer") + card(lease, "by itself")},
			map[string]string{"a.md": card(lease, "by itself"), "b.md": "<!-- card k1 -->\n" + card("Else entirely?", "other words")},
			"Lease-Lease One-Else",
		},
		{
			"text in the post beats text elsewhere",
			map[string]string{"a.md": card(lease, "x y"), "b.md": card(lease, "x y") + card(fence, "storage")},
			map[string]string{"a.md": card(fence, "storage"), "b.md": card(lease, "x y")},
			"Fencing-Fencing Lease-Lease",
		},
		{"blanks and composition are no edit", map[string]string{"a.md": card("Caf\u00e9  is what?", "a  place")}, map[string]string{"a.md": card("Cafe\u0301 is what?", "a\nplace")}, "Caf\u00e9-Cafe\u0301"},
		{"case is an edit", map[string]string{"a.md": card("RAFT elects whom?", "a leader")}, map[string]string{"a.md": card("Raft elects whom?", "a leader")}, "RAFT-Raft"},
		{"equal front, nothing else", map[string]string{"a.md": card(lease, "one two three four")}, map[string]string{"a.md": card(lease, "nothing of that sort remains")}, "Lease-Lease"},
		{
			"equal front in another post",
			map[string]string{"a.md": card("Lease?", "one two three four five"), "b.md": card(fence, "s")},
			map[string]string{"a.md": card("Zzz?", "q"), "b.md": card(fence, "s") + card("Lease?", "nothing of that sort remains here")},
			"Fencing-Fencing",
		},
		{"equal back of four words", map[string]string{"a.md": card("Lease?", "one two three four")}, map[string]string{"a.md": card("Something quite different is asked here?", "one two three four")}, "Lease-Something"},
		{
			"equal back of three words, in another place",
			map[string]string{"a.md": card("Lease?", "one two three") + card(fence, "storage")},
			map[string]string{"a.md": card(fence, "storage") + card("Something quite different is asked now here at last?", "one two three")},
			"Fencing-Fencing",
		},
		{
			"equal back in the same place",
			map[string]string{"a.md": card(fence, "storage") + card("What port does HTTPS use?", "443") + card(lease, "by itself")},
			map[string]string{"a.md": card(fence, "storage") + card("Over which one does a browser reach a TLS site?", "443") + card(lease, "by itself")},
			"Fencing-Fencing Lease-Lease What-Over",
		},
		{
			"another back in the same place",
			map[string]string{"a.md": card(fence, "storage") + card("What port does HTTPS use?", "443")},
			map[string]string{"a.md": card(fence, "storage") + card("Over which one does a browser reach a site?", "80")},
			"Fencing-Fencing",
		},
		{
			"equal back in the same place, beside another new card",
			map[string]string{"a.md": card(fence, "storage") + card("What port does HTTPS use?", "443")},
			map[string]string{"a.md": card(fence, "storage") + card("Over which one does a browser reach a TLS site?", "443") + card("Zero is how many?", "0")},
			"Fencing-Fencing",
		},
		{
			"equal back, behind another neighbour",
			map[string]string{"a.md": card("What port does HTTPS use?", "443") + card(fence, "storage")},
			map[string]string{"a.md": card(fence, "storage") + card("Over which one does a browser reach a TLS site?", "443")},
			"Fencing-Fencing",
		},
		{
			"equal back, twice",
			map[string]string{"a.md": card("Lease is a thing of which sort then?", "one two three four") + card("Zebra crossings have how many black stripes?", "one two three four")},
			map[string]string{"a.md": card("Something quite different is asked here today?", "one two three four") + card("Anything goes when nobody is watching us?", "one two three four")},
			"",
		},
		{"three words of five", map[string]string{"a.md": card("Aa bb", "cc dd ee")}, map[string]string{"a.md": card("Xx bb", "cc dd yy")}, "Aa-Xx"},
		{"two words of five", map[string]string{"a.md": card("Aa bb", "cc dd ee")}, map[string]string{"a.md": card("Xx bb", "cc zz yy")}, ""},
		{
			"the most similar wins",
			map[string]string{"a.md": card("Aa bb cc dd ee", "one two") + card("Kk bb cc dd ff", "three four")},
			map[string]string{"a.md": card("Yy bb cc dd ff", "three four") + card("Zz bb cc dd ee", "one two")},
			"Aa-Zz Kk-Yy",
		},
		{
			"moved and edited",
			map[string]string{"a.md": card(lease, "by itself, after its time") + card(fence, "by the storage"), "b.md": card("Zero?", "0")},
			map[string]string{"a.md": card(fence, "by the storage"), "b.md": card("Zero?", "0") + card("Leases end how, when nobody releases it?", "by itself, after its time")},
			"Fencing-Fencing Lease-Leases Zero-Zero",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var s shelf
			s.compile(t, tt.before, DiffOptions{Retire: true})
			was := make(map[NoteID]string)
			for word, id := range s.now {
				was[id] = word
			}
			s.compile(t, tt.after, DiffOptions{Retire: true})
			var same []string
			for word, id := range s.now {
				if was[id] != "" {
					same = append(same, was[id]+"-"+word)
				}
			}
			slices.Sort(same)
			if got := strings.Join(same, " "); got != tt.same {
				t.Errorf("same cards %q, want %q", got, tt.same)
			}
		})
	}
}

// What an editor was opened at is one card whatever its new text says, unless
// it is not clear which text that is.
func TestDiffOfAnEditedNote(t *testing.T) {
	before := map[string]string{"a.md": card("First of all?", "one") + card("Second of all?", "two") + card("Third of all?", "three")}
	for _, tt := range []struct {
		name, after string
		want        string // the word under which the second card is found
	}{
		{"both sides in other words", card("First of all?", "one") + card("Anything else here?", "nothing") + card("Third of all?", "three"), "Anything"},
		{"the neighbour in other words, too", card("Never seen before?", "never") + card("Anything else here?", "nothing") + card("Third of all?", "three"), ""},
		{"gone", card("First of all?", "one") + card("Third of all?", "three"), ""},
		{"a new card elsewhere", card("First of all?", "one") + card("Third of all?", "three") + card("Anything else here?", "nothing"), ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var s shelf
			s.compile(t, before, DiffOptions{Retire: true})
			second := s.now["Second"]
			s.compile(t, map[string]string{"a.md": tt.after}, DiffOptions{Retire: true, Edited: second})
			found := ""
			for word, id := range s.now {
				if id == second {
					found = word
				}
			}
			if found != tt.want {
				t.Errorf("the second card is %q, want %q", found, tt.want)
			}
		})
	}
}

func TestNewNoteID(t *testing.T) {
	hash := TextHash(Basic, "a", "b")
	taken := map[NoteID]bool{"le": true, "etch/le": true, "etch/le-2": true}
	for _, tt := range []struct {
		key     string
		library LibraryKind
		want    NoteID
	}{
		{"fe", KindFolder, "fe"},
		{"fe", KindBuiltIn, "etch/fe"},
		{"le", KindFolder, "le-2"},
		{"le", KindBuiltIn, "etch/le-3"},
		{"", KindFolder, NoteID("h" + hash[:16])},
	} {
		if got := newNoteID(&Note{Key: tt.key}, tt.library, hash, func(id NoteID) bool { return taken[id] }); got != tt.want {
			t.Errorf("id of %q in a %s library is %s, want %s", tt.key, tt.library, got, tt.want)
		}
	}
}

// Posts are paired by path, then by title, then by the texts that they share.
func TestPairPosts(t *testing.T) {
	post := func(title string, cards ...string) string {
		return "---\ntitle: " + title + "\n---\n\n" + strings.Join(cards, "")
	}
	a, b, c := card("Aa?", "1"), card("Bb?", "2"), card("Cc?", "3")
	before := map[string]string{"a.md": post("First", a), "b.md": post("Second", b, c)}
	for _, tt := range []struct {
		name  string
		after map[string]string
		want  []int64 // rows of the posts by path
	}{
		{"path beats title", map[string]string{"a.md": post("Second", b, c), "b.md": post("First", a)}, []int64{1, 2}},
		{"title", map[string]string{"x.md": post("Second", card("Zz?", "9")), "y.md": post("First", b, c)}, []int64{2, 1}},
		{"shared texts", map[string]string{"x.md": post("New", c, b), "y.md": post("Other", card("Zz?", "9"))}, []int64{2, 0}},
		{"most shared texts", map[string]string{"x.md": post("New", a, b, c)}, []int64{2}},
		{"nothing in common", map[string]string{"x.md": post("New", card("Zz?", "9"))}, []int64{0}},
	} {
		var s shelf
		s.compile(t, before, DiffOptions{Retire: true})
		plan := Diff(s.stored, parseAll(t, notes, tt.after), DiffOptions{Retire: true})
		var got []int64
		for _, p := range plan.Posts {
			got = append(got, p.ID)
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: rows %v, want %v", tt.name, got, tt.want)
		}
	}
}

// TestCardsOfACloze has ords before and after: which deletion keeps its card.
func TestCardsOfACloze(t *testing.T) {
	for _, tt := range []struct{ name, before, after, want string }{
		{"nothing", "[A1] then [B2]", "[A1] then [B2]", "0 1"},
		{"words around change", "[A1] then [B2]", "First [A1], afterwards [B2].", "0 1"},
		{"order changes", "[A1] then [B2]", "[B2] after [A1]", "1 0"},
		{"one in front", "[A1] then [B2]", "[Z9] then [A1] then [B2]", "2 0 1"},
		{"one taken away", "[A1] then [B2]", "A1 then [B2]", "1"},
		{"an inner text, slightly", "[A1] holds [the leader] alone", "[A1] holds [the one leader] alone", "0 1"},
		{"an inner text, entirely, its neighbours stay", "A ring moves [1/N] of keys, [often].", "A ring moves [few] of keys, [often].", "0 1"},
		{"an inner text and its neighbours", "Locks [abc] here, [often].", "There is no [xyz] anywhere, [often].", "2 1"},
		{"both inner texts", "[A1] beats [B2] always", "[C3] beats [D4] always", "0 1"},
		{"the brackets move", "[Paxos] is older than Raft", "Paxos is older than [Raft]", "1"},
		{"the brackets move, between equal words", "the [cat] of Rome and the dog of Bonn", "the cat of Rome and the [dog] of Bonn", "1"},
		{"the brackets widen", "a lease of [ten seconds] each", "a lease [of ten seconds] each", "0"},
		{"the only one is rewritten", "Raft elects [a leader] first", "To begin with, whom do they choose: [somebody else]", "0"},
		{"equal texts keep their places", "[7] bits and [7] bytes", "7 bits and [7] bytes", "1"},
		{"added and taken away", "Uses [port 80] in clear", "Uses port 80 in clear, [certificates] otherwise", "1"},
	} {
		var s shelf
		s.compile(t, map[string]string{"a.md": "<!-- card k1 -->\nC: " + tt.before + "\n"}, DiffOptions{Retire: true})
		plan := s.compile(t, map[string]string{"a.md": "<!-- card k1 -->\nC: " + tt.after + "\n"}, DiffOptions{Retire: true})
		var ords []string
		for i, c := range plan.Notes[0].Cards {
			if c.Pos != i || c.ID != NoteID("k1").Card(Cloze, c.Ord) {
				t.Errorf("%s: card %+v", tt.name, c)
			}
			ords = append(ords, fmt.Sprint(c.Ord))
		}
		if got := strings.Join(ords, " "); got != tt.want {
			t.Errorf("%s: ords %s, want %s", tt.name, got, tt.want)
		}
	}
}

// TestNumberedCards has ords before and after in a post, where a number is an
// ord plus 1, as in Anki.
func TestNumberedCards(t *testing.T) {
	for _, tt := range []struct{ name, before, after, first, then string }{
		{"one card for two deletions", "[A1]{c=1} then [B2], [C3]{c=1}", "[A1]{c=1} then [B2], [C3]{c=1}", "0 1", "0 1"},
		{"a gap, and out of order", "[A1]{c=3} [B2]{c=1} [C3]", "[C3] [B2]{c=1} [A1]{c=3}", "2 0 3", "3 0 2"},
		{"places without numbers", "[A1] [B2]{c=4} [C3]", "[A1] [B2]{c=4} [C3]", "0 3 2", "0 3 2"},
		{"a deletion of two cards", "[a ]{c=1}[b]{c=1,2}[ d]{c=1}", "[b]{c=2} and [a d]{c=1}", "0 1", "1 0"},
		{"the number tells, not the text", "[A1]{c=1} [B2]{c=2}", "[B2]{c=1} [A1]{c=2}", "0 1", "0 1"},
		{"numbers come later", "[A1] then [B2]", "[A1]{c=2} then [B2]{c=1}", "0 1", "1 0"},
		{"numbers go", "[A1]{c=5} then [B2]", "[A1] then [B2]", "4 1", "4 1"},
		{"a new number on an old note", "[A1]{c=2}", "[A1]{c=2} [B2]{c=7} [C3]", "1", "1 6 7"},
	} {
		var s shelf
		ords := func(text string) string {
			plan := s.compile(t, map[string]string{"a.md": post("<!-- card k1 -->\nC: " + text + "\n")}, DiffOptions{Retire: true})
			var out []string
			for i, c := range plan.Notes[0].Cards {
				if c.Pos != i {
					t.Errorf("%s: card %+v", tt.name, c)
				}
				out = append(out, fmt.Sprint(c.Ord))
			}
			return strings.Join(out, " ")
		}
		if got := ords(tt.before); got != tt.first {
			t.Errorf("%s: first ords %s, want %s", tt.name, got, tt.first)
		}
		if got := ords(tt.after); got != tt.then {
			t.Errorf("%s: then ords %s, want %s", tt.name, got, tt.then)
		}
	}
}

// A note that changes its kind has cards whose ids nobody else has, of either
// form: a lone bracket is taken for the question that it replaces.
func TestCardsOfANoteThatChangesItsKind(t *testing.T) {
	const q = "Q: What ends a lease?\n\nA: Its time.\n"
	for _, tt := range []struct {
		name  string
		texts []string
		want  string // ids after the last of them
	}{
		{"a question", []string{q}, "k1"},
		{"to brackets", []string{q, "C: [A1] then [B2]\n"}, "k1~1 k1~2"},
		{"and back", []string{q, "C: [A1] then [B2]\n", q}, "k1"},
		{"to one bracket", []string{q, "C: Then [B2]\n"}, "k1"},
		{"from one bracket", []string{"C: Then [B2]\n", q}, "k1~0"},
		{"from brackets", []string{"C: [A1] then [B2]\n", q}, "k1"},
		{"back when a bracket among others has the id", []string{q, "C: Then [B2]\n", "C: [A1]{c=2} then [B2]{c=1}\n", q}, "k1~2"},
	} {
		var s shelf
		var ids []string
		for _, text := range tt.texts {
			plan := s.compile(t, map[string]string{"a.md": post("<!-- card k1 -->\n" + text)}, DiffOptions{Retire: true})
			ids = nil
			for _, c := range plan.Notes[0].Cards {
				ids = append(ids, string(c.ID))
			}
		}
		if got := strings.Join(ids, " "); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
}

// A diff depends on what it is given alone, not on the order of a map.
func TestDiffIsDeterministic(t *testing.T) {
	before, after := make(map[string]string), make(map[string]string)
	for i := range 60 {
		name := fmt.Sprintf("%d.md", i%7)
		before[name] += card(fmt.Sprintf("Why does part %d of %d need it?", i%5, i%9), fmt.Sprintf("Because of %d.", i))
		after[name] += card(fmt.Sprintf("Why would part %d of %d need that?", i%6, i%8), fmt.Sprintf("Because of %d.", i+3))
	}
	var want string
	for range 10 {
		var s shelf
		s.compile(t, before, DiffOptions{Retire: true})
		plan := s.compile(t, after, DiffOptions{Retire: true})
		got := fmt.Sprint(s.now, len(plan.Doubts), len(plan.Retire))
		for _, n := range plan.Notes {
			got += fmt.Sprint(" ", n.ID, n.Edited, n.Moved)
		}
		if want == "" {
			want = got
		}
		if got != want {
			t.Fatalf("two diffs of the same differ:\n%s\n%s", got, want)
		}
	}
}

// Looking at rare words first finds what comparing all with all finds.
func TestSimilarTextsAgainstAllPairs(t *testing.T) {
	words := strings.Fields("the a of and to in is it that was for on lease quorum ring token shard broker cache index vector window")
	text := func(seed int) string {
		var out []string
		for k := range 6 + seed%9 {
			out = append(out, words[(seed*seed+k*seed+k*k*3)%len(words)])
		}
		return strings.Join(out, " ")
	}
	ix := newWordIndex()
	ix.budget = 1 << 30
	var olds []string
	for i := range 40 {
		olds = append(olds, text(i*3))
		ix.add(&StoredNote{Front: text(i * 3)})
	}
	for i := range 80 {
		new := text(i*2 + 1)
		var want, got []string
		for j, old := range olds {
			a, b := wordCounts(new), wordCounts(old)
			if score := 2 * float64(shareWords(a, b)) / float64(total(a)+total(b)); score >= doubtful {
				want = append(want, fmt.Sprintf("%d:%.4f", j, score))
			}
		}
		best, cut := ix.like(new)
		for _, l := range best {
			got = append(got, fmt.Sprintf("%d:%.4f", l.old, l.score))
		}
		slices.Sort(want)
		slices.Sort(got)
		if !slices.Equal(got, want) || cut {
			t.Fatalf("%q is like %v, want %v (cut %t)", new, got, want, cut)
		}
	}
}

// BenchmarkDiffReplaced10k has 10,000 cards of the same make that all vanish
// while 10,000 others come: the worst case of similarity.
func BenchmarkDiffReplaced10k(b *testing.B) {
	deck := func(word string) map[string]string {
		files := make(map[string]string)
		for i := range 10_000 {
			files[fmt.Sprintf("%s%d.md", word, i/20)] += card(fmt.Sprintf("What is the %s %d of the %s, and why is it used in a large system?", word, i, word),
				fmt.Sprintf("It is the %s that the %s needs for the %s%d.", word, word, word, i))
		}
		return files
	}
	var s shelf
	s.compile(b, deck("apple"), DiffOptions{Retire: true})
	parsed := parseAll(b, notes, deck("pear"))
	b.ReportAllocs()
	for b.Loop() {
		Diff(s.stored, parsed, DiffOptions{Retire: true})
	}
}
