package deck

import (
	"cmp"
	"maps"
	"slices"
	"sort"
	"strings"
	"unicode"
)

// alike is a new text and an old one that share words.
type alike struct {
	new   *fresh
	old   *StoredNote
	score float64 // Dice over their words
}

// bySimilarity pairs texts whose words agree for the most part, best first.
// Where more old texts resemble a new one than are looked at, the ones that
// are left get another chance.
func (m *matcher) bySimilarity() {
	for range maxRounds {
		found, cut := m.alike()
		for _, a := range found {
			if a.score >= sameText && a.new.old == nil && m.free(a.old, false) {
				m.pair(a.new, a.old)
			}
		}
		if !cut {
			return
		}
	}
}

// doubts collects the pairs that are left and hardly similar, and decides
// about them where it can.
func (m *matcher) doubts(opt DiffOptions) {
	asked := make(map[*StoredNote]bool)
	found, _ := m.alike()
	for _, a := range found {
		if a.new.old != nil || a.new.id != "" || asked[a.old] || !m.free(a.old, false) {
			continue
		}
		asked[a.old] = true
		a.new.id = m.give(a.new)
		d := Doubt{
			Old: a.old, New: a.new.note, NewID: a.new.id, Score: a.score,
			File: fileName(m.parsed[a.new.post]), Library: m.parsed[a.new.post].Library,
		}
		switch {
		case opt.Same != nil && opt.Same(d):
			m.pair(a.new, a.old)
		case opt.Same != nil:
		default:
			a.new.waits = opt.Wait
			m.open = append(m.open, d)
		}
	}
}

// alike lists the pairs of leftovers that are at least doubtful, the most
// similar first; among equals those of one post, and the nearest. cut reports
// that there may be more.
func (m *matcher) alike() (found []alike, cut bool) {
	news := m.unpaired()
	if len(news) == 0 {
		return nil, false
	}
	ix := newWordIndex()
	for i := range m.stored.Notes {
		if n := &m.stored.Notes[i]; m.free(n, false) {
			ix.add(n)
		}
	}
	if len(ix.olds) == 0 {
		return nil, false
	}
	ix.budget = max(minLooks, maxLooks/len(news))
	for _, f := range news {
		best, more := ix.like(f.note.Front + " " + f.note.Back)
		cut = cut || more
		for _, b := range best {
			found = append(found, alike{f, ix.olds[b.old], b.score})
		}
	}
	distance := func(a alike) int {
		if m.postOf[a.new.post] != a.old.Post {
			return 1 << 20
		}
		d := a.new.index - a.old.Pos
		return max(d, -d)
	}
	sort.Slice(found, func(i, j int) bool {
		a, b := found[i], found[j]
		return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(distance(a), distance(b)),
			cmp.Compare(a.new.post, b.new.post), cmp.Compare(a.new.index, b.new.index), cmp.Compare(a.old.ID, b.old.ID)) < 0
	})
	return found, cut
}

// A library that is replaced by another leaves thousands of texts on both
// sides, and all of them share "the". So a search looks at rare words first
// and at a bounded number of places: all of them unless thousands are left.
const (
	maxLooks  = 40_000_000 // places in one diff, under a second
	minLooks  = 4_000      // places for one text
	maxRounds = 3          // of the search for what is left
	maxAlike  = 64         // old texts that one new text is compared with in full
)

// wordIndex finds the old texts that share words with a new one.
type wordIndex struct {
	budget int // places to look at for one text
	olds   []*StoredNote
	counts []map[string]int // of each old text: how often it has a word
	sizes  []int            // of each old text: how many words it has
	places map[string][]wordPlace
	// Scratch of one search: shared words by old text, and which have any.
	common  []int
	touched []int
}

// wordPlace says how often an old text has a word.
type wordPlace struct{ old, count int }

// likeness is an old text that resembles a new one.
type likeness struct {
	old    int
	common int // words that they share
	score  float64
}

func newWordIndex() *wordIndex { return &wordIndex{places: make(map[string][]wordPlace)} }

func (ix *wordIndex) add(n *StoredNote) {
	counts := wordCounts(n.Front + " " + n.Back)
	for w, count := range counts {
		ix.places[w] = append(ix.places[w], wordPlace{len(ix.olds), count})
	}
	ix.olds, ix.counts = append(ix.olds, n), append(ix.counts, counts)
	ix.sizes, ix.common = append(ix.sizes, total(counts)), append(ix.common, 0)
}

// like returns the old texts that are at least doubtfully similar to text, and
// whether it left some out.
func (ix *wordIndex) like(text string) (best []likeness, cut bool) {
	counts := wordCounts(text)
	size := total(counts)
	cut = ix.look(counts)
	worst := doubtful // what a text must reach; unknown while counts are partial
	if cut {
		worst = 0
	}
	for _, old := range ix.touched {
		l := ix.likeness(old, ix.common[old], size)
		ix.common[old] = 0
		if l.score < worst {
			continue
		}
		if best = append(best, l); len(best) == 2*maxAlike {
			best, cut = mostAlike(best), true
			worst = best[maxAlike-1].score
		}
	}
	if len(best) > maxAlike {
		best, cut = mostAlike(best), true
	}
	kept := best[:0]
	for _, l := range best {
		if cut { // the count is not complete
			l = ix.likeness(l.old, shareWords(counts, ix.counts[l.old]), size)
		}
		if l.score >= doubtful {
			kept = append(kept, l)
		}
	}
	return kept, cut
}

// mostAlike returns the first maxAlike of best, the most similar first.
func mostAlike(best []likeness) []likeness {
	sort.Slice(best, func(i, j int) bool {
		return cmp.Or(cmp.Compare(best[j].score, best[i].score), cmp.Compare(best[i].old, best[j].old)) < 0
	})
	return best[:maxAlike]
}

func (ix *wordIndex) likeness(old, common, size int) likeness {
	return likeness{old, common, 2 * float64(common) / float64(size+ix.sizes[old])}
}

// look counts in common how many words each old text shares, rare words first,
// until the budget is spent. It lists in touched the old texts that share any.
func (ix *wordIndex) look(counts map[string]int) (cut bool) {
	words := slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		return cmp.Or(cmp.Compare(len(ix.places[a]), len(ix.places[b])), strings.Compare(a, b))
	})
	ix.touched = ix.touched[:0]
	left := ix.budget
	for _, w := range words {
		for _, p := range ix.places[w] {
			if left--; left < 0 {
				return true
			}
			if ix.common[p.old] == 0 {
				ix.touched = append(ix.touched, p.old)
			}
			ix.common[p.old] += min(counts[w], p.count)
		}
	}
	return false
}

// shareWords returns how many words two texts have in common.
func shareWords(a, b map[string]int) int {
	n := 0
	for w, count := range a {
		n += min(count, b[w])
	}
	return n
}

// wordCounts counts the words of a text, without case and punctuation.
func wordCounts(text string) map[string]int {
	counts := make(map[string]int)
	for _, w := range wordsIn(text) {
		counts[w]++
	}
	return counts
}

// wordsIn splits a text into words without case and punctuation. Scripts that
// put no blanks between words count by the character.
func wordsIn(text string) []string {
	text = strings.ToLower(Normalise(withoutMarks(text)))
	var words []string
	start := -1
	end := func(i int) {
		if start >= 0 {
			words, start = append(words, text[start:i]), -1
		}
	}
	for i, r := range text {
		switch {
		case unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar):
			end(i)
			words = append(words, string(r))
		case !unicode.IsLetter(r) && !unicode.IsNumber(r) && !unicode.IsMark(r):
			end(i)
		case start < 0:
			start = i
		}
	}
	end(len(text))
	return words
}

func total(counts map[string]int) int {
	n := 0
	for _, c := range counts {
		n += c
	}
	return n
}
