package deck

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// These rules look at all cards together: repetition, and what cards and posts
// say about each other.

const (
	copiedWords = 7   // consecutive words that make a copy
	nearlySame  = 0.7 // Jaccard index of two questions' words
	minSetWords = 4   // of a question: fewer are alike by chance
	minLineWord = 4   // of a first answer line
)

// stopWords are left out before two questions are compared. Words that change
// what is asked (why, when, not, before, without, from, to) stay.
var stopWords = wordSet(`a an the is are was were be been being do does did of in on at for and or you
	your yours we our it its this that these those by as into can could will would shall should may
	might must has have had there here so then than also just`)

// contentWords returns the words of a question that make it what it is.
func contentWords(words []string) []string {
	out := make([]string, 0, len(words))
	for _, w := range words {
		if w == "which" {
			w = "what"
		}
		if !stopWords[w] {
			out = append(out, w)
		}
	}
	return out
}

// questionKey returns the same text for questions that L30 takes for the same,
// or "" when there is no question.
func (c *lintCard) questionKey() string {
	if c.cloze() {
		// Two deletions of one sentence are two cards: where it is open counts.
		text := mapDeletions(c.note.Front, func(ClozeDeletion) string { return " \x00 " })
		return strings.Join(strings.Fields(strings.ToLower(text)), " ")
	}
	words := contentWords(c.q.words)
	if len(words) == 0 {
		words = c.q.words
	}
	return strings.Join(words, " ")
}

func sameQuestion(s *lintSet, report report) {
	first := map[string]*lintCard{}
	for _, c := range s.cards {
		key := c.questionKey()
		if key == "" {
			continue
		}
		if twin := first[key]; twin != nil {
			report(c.place(), found("the same question as %s", twin.name()))
		} else {
			first[key] = c
		}
	}
}

func copied(s *lintSet, report report) {
	if len(s.opt.Index) == 0 {
		return
	}
	index := map[string]bool{}
	for _, text := range s.opt.Index {
		for run := range runs(wordsOf(text)) {
			index[run] = true
		}
	}
	for _, c := range s.cards {
		if run := firstCopied(c, index); run != "" {
			report(c.place(), found("shares %d words with the index: %q", copiedWords, run))
		}
	}
}

func firstCopied(c *lintCard, index map[string]bool) string {
	for _, side := range c.sides() {
		for run := range runs(side.words) {
			if index[run] {
				return run
			}
		}
	}
	return ""
}

// runs yields every run of copiedWords consecutive words.
func runs(words []string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for i := 0; i+copiedWords <= len(words); i++ {
			if !yield(strings.Join(words[i:i+copiedWords], " ")) {
				return
			}
		}
	}
}

// libraryTags is every tag that a post of the library may have. The first ten
// are the categories, one of which is a post's first tag.
var libraryTags = []string{
	"ai-llm", "caching", "case-study", "data-engineering", "databases", "deployment",
	"distributed-systems", "messaging", "networking", "security",
	"api", "containers", "geo", "real-time", "reliability", "search", "storage",
}

// categories is how many of libraryTags are categories.
const categories = 10

func broken(s *lintSet, report report) {
	brokenPosts(s, report)
	brokenCards(s, report)
	brokenChains(s, report)
}

func brokenPosts(s *lintSet, report report) {
	bySlug := map[string]*Post{}
	for _, p := range s.posts {
		bySlug[p.Slug] = p
	}
	for _, p := range s.posts {
		line := frontMatterLine(p, "requires:")
		for _, slug := range p.Requires {
			if bySlug[slug] == nil && !s.opt.Known[slug] {
				report(place{p, line, nil}, found("requires an unknown post: %s", excerpt(slug)))
			}
		}
		if loop := requireLoop(p, bySlug); loop != nil {
			report(place{p, line, nil}, found("a cycle of requires: %s", strings.Join(loop, " -> ")))
		}
		if !s.opt.Library {
			continue
		}
		line = frontMatterLine(p, "tags:")
		for i, tag := range p.Tags {
			known := libraryTags
			if i == 0 {
				known = libraryTags[:categories]
			}
			if !slices.Contains(known, tag) {
				what := "tag"
				if i == 0 {
					what = "category"
				}
				report(place{p, line, nil}, found("unknown %s: %s", what, excerpt(tag)))
			}
		}
		if len(p.Tags) == 0 {
			report(place{p, line, nil}, found("the post has no category: its first tag"))
		}
	}
}

// requireLoop returns the way from p back to p along requires, or nil. Only
// the post that sorts first in a cycle reports it.
func requireLoop(p *Post, bySlug map[string]*Post) []string {
	seen := map[string]bool{}
	var walk func(slug string, path []string) []string
	walk = func(slug string, path []string) []string {
		at := bySlug[slug]
		if at == nil || at.Path < p.Path {
			return nil
		}
		for _, next := range at.Requires {
			if next == p.Slug {
				return append(path, next)
			}
			if seen[next] {
				continue
			}
			seen[next] = true
			if loop := walk(next, append(path, next)); loop != nil {
				return loop
			}
		}
		return nil
	}
	return walk(p.Slug, []string{p.Slug})
}

// frontMatterLine returns the line that begins with a key, or 1.
func frontMatterLine(p *Post, key string) int {
	n := 0
	for line := range strings.SplitSeq(p.Body, "\n") {
		if n++; strings.HasPrefix(line, key) {
			return n
		}
		if n > 1 && line == "---" {
			break
		}
	}
	return 1
}

func brokenCards(s *lintSet, report report) {
	for _, c := range s.cards {
		n := c.note
		if twin := s.byKey[n.Key]; twin != nil && twin != c {
			report(c.place(), found("id %s is taken by %s", n.Key, twin.name()))
		}
		if n.Type != "" && !slices.Contains(Types, n.Type) {
			report(c.place(), found("unknown type: %s", excerpt(string(n.Type))))
		}
		if n.Tier != "" && n.Tier != Core && n.Tier != Deep {
			report(c.place(), found("unknown tier: %s", excerpt(string(n.Tier))))
		}
		if s.opt.Library {
			libraryCard(c, report)
		}
	}
}

// libraryCard checks what only a card of the library must say.
func libraryCard(c *lintCard, report report) {
	n := c.note
	for _, must := range []struct{ what, value string }{
		{"id", n.Key}, {"type", string(n.Type)}, {"tier", string(n.Tier)},
	} {
		if must.value == "" {
			report(c.place(), found("a card of the library needs its %s", must.what))
		}
	}
	for _, tag := range n.Tags {
		if !slices.Contains(libraryTags, tag) {
			report(c.place(), found("unknown tag: %s", excerpt(tag)))
		}
	}
	// A source is a key of the front matter or free text; a single word is meant
	// as a key.
	isKey := n.Source != "" && !strings.ContainsAny(n.Source, " :/")
	if isKey && !slices.ContainsFunc(c.post.Sources, func(s Source) bool { return s.Key == n.Source }) {
		report(c.place(), found("the post has no source %s", excerpt(n.Source)))
	}
}

func brokenChains(s *lintSet, report report) {
	for _, c := range s.cards {
		if c.note.After == "" {
			continue
		}
		parent := s.byKey[c.note.After]
		if parent == nil {
			report(c.place(), found("after names an unknown card: %s", excerpt(c.note.After)))
			continue
		}
		if cmp.Or(c.note.Tier, Core) == Core && parent.note.Tier == Deep {
			report(c.place(), found("a core card waits for the deep card %s", parent.note.Key))
		}
		switch n, loops := s.chain(c); {
		case loops:
			report(c.place(), found("a cycle of after: the card waits for itself"))
		case n == maxAfter+1: // further ones are told by this one
			report(c.place(), found("a chain of %d follow-ups, limit %d", n, maxAfter))
		}
	}
}

// chain returns how many cards stand before c along after, and whether they
// come back to c.
func (s *lintSet) chain(c *lintCard) (n int, loops bool) {
	for at := c; at.note.After != "" && n <= maxAfter+1; n++ {
		if at = s.byKey[at.note.After]; at == nil {
			return n, false
		}
		if at == c {
			return n, true
		}
	}
	return n, s.inLoop(c)
}

// inLoop reports whether a long chain leads back to c.
func (s *lintSet) inLoop(c *lintCard) bool {
	seen := map[*lintCard]bool{}
	for at := s.byKey[c.note.After]; at != nil && !seen[at]; at = s.byKey[at.note.After] {
		if at == c {
			return true
		}
		seen[at] = true
	}
	return false
}

func nearDuplicate(s *lintSet, report report) {
	told := map[*lintCard]bool{}
	firstLines := map[string]*lintCard{}
	questions := map[string]*lintCard{}
	index := newNearIndex(s.cards)
	for _, c := range s.cards {
		// L30 has told of the same question.
		if key := c.questionKey(); key == "" || questions[key] != nil {
			told[c] = true
		} else {
			questions[key] = c
		}
		if twin, likeness := index.find(c); twin != nil && !told[c] {
			told[c] = true
			report(c.place(), found("almost the question of %s (%.0f %% of the words)", twin.name(), 100*likeness))
		}
		line := wordsOf(firstLineOf(c.a.plain))
		if c.cloze() || len(line) < minLineWord {
			continue
		}
		key := strings.Join(line, " ")
		switch twin := firstLines[key]; {
		case twin == nil:
			firstLines[key] = c
		case twin.post != c.post && !told[c]:
			report(c.place(), found("the same first line of the answer as %s", twin.name()))
		}
	}
}

// nearIndex finds cards of other posts with almost the same words, without
// looking at all pairs: two sets that are alike to the degree t share a word
// among the rarest (1-t)*n+1 words of each, so only those are indexed (prefix
// filtering, Chaudhuri et al. 2006).
type nearIndex struct {
	sets   map[*lintCard][]int // word numbers, the rarest word first
	byWord map[int][]*lintCard // cards seen so far, by the words of their prefix
	same   map[string]bool     // sets of a post that are indexed already
}

func newNearIndex(cards []*lintCard) *nearIndex {
	words := make([][]string, len(cards))
	seen := map[string]int{} // in how many cards
	for i, c := range cards {
		of := c.q.words
		if c.cloze() {
			of = c.a.words
		}
		words[i] = contentWords(of)
		slices.Sort(words[i])
		words[i] = slices.Compact(words[i])
		for _, w := range words[i] {
			seen[w]++
		}
	}
	order := make([]string, 0, len(seen))
	for w := range seen {
		order = append(order, w)
	}
	slices.SortFunc(order, func(a, b string) int { return cmp.Or(cmp.Compare(seen[a], seen[b]), cmp.Compare(a, b)) })
	number := make(map[string]int, len(order))
	for i, w := range order {
		number[w] = i
	}
	x := &nearIndex{sets: map[*lintCard][]int{}, byWord: map[int][]*lintCard{}, same: map[string]bool{}}
	for i, c := range cards {
		set := make([]int, len(words[i]))
		for k, w := range words[i] {
			set[k] = number[w]
		}
		slices.Sort(set)
		x.sets[c] = set
	}
	return x
}

// find returns a card seen before, of another post, that is almost c, and
// takes c in.
func (x *nearIndex) find(c *lintCard) (twin *lintCard, likeness float64) {
	set := x.sets[c]
	if len(set) < minSetWords {
		return nil, 0
	}
	prefix := set[:len(set)-int(nearlySame*float64(len(set)))]
	defer x.add(c, prefix)
	tried := map[*lintCard]bool{}
	for _, w := range prefix {
		for _, other := range x.byWord[w] {
			if other.post == c.post || tried[other] {
				continue
			}
			tried[other] = true
			if j := jaccard(set, x.sets[other]); j > nearlySame {
				return other, j
			}
		}
	}
	return nil, 0
}

// add takes a card in. A second card of the post with the same words would
// find nothing more.
func (x *nearIndex) add(c *lintCard, prefix []int) {
	key := c.post.Path + fmt.Sprint(x.sets[c])
	if x.same[key] {
		return
	}
	x.same[key] = true
	for _, w := range prefix {
		x.byWord[w] = append(x.byWord[w], c)
	}
}

// jaccard returns the size of the intersection of two sorted sets over the
// size of their union.
func jaccard(a, b []int) float64 {
	if lo, hi := min(len(a), len(b)), max(len(a), len(b)); float64(lo) <= nearlySame*float64(hi) {
		return 0 // too different in size to matter
	}
	both := 0
	for i, j := 0, 0; i < len(a) && j < len(b); {
		switch {
		case a[i] == b[j]:
			both++
			i++
			j++
		case a[i] < b[j]:
			i++
		default:
			j++
		}
	}
	return float64(both) / float64(len(a)+len(b)-both)
}
