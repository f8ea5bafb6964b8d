package deck

import (
	"cmp"
	"slices"
	"strings"
	"unicode"
)

// pairPosts finds the row of each parsed post: the same path; else the same
// title in its library; else the vanished post that shares most card texts.
func (m *matcher) pairPosts() {
	type key struct{ library, name string }
	byPath := make(map[key]*StoredPost)
	for _, p := range m.posts {
		byPath[key{p.Library, p.Path}] = p
	}
	paired := make(map[int64]bool)
	pair := func(i int, p *StoredPost) { m.postOf[i], paired[p.ID] = p.ID, true }
	for i, p := range m.parsed {
		if old := byPath[key{p.Library.Path, p.Post.Path}]; old != nil {
			pair(i, old)
		}
	}
	byTitle := make(map[key][]*StoredPost)
	for i := range m.stored.Posts {
		if p := &m.stored.Posts[i]; !paired[p.ID] && !p.Keep {
			k := key{p.Library, p.Title}
			byTitle[k] = append(byTitle[k], p)
		}
	}
	for i, p := range m.parsed {
		if same := byTitle[key{p.Library.Path, p.Post.Title}]; m.postOf[i] == 0 && len(same) == 1 && !paired[same[0].ID] {
			pair(i, same[0])
		}
	}
	for _, s := range m.sharedTexts() {
		if m.postOf[s.post] == 0 && !paired[s.old] && !m.posts[s.old].Keep {
			pair(s.post, m.posts[s.old])
		}
	}
}

type shared struct {
	post  int
	old   int64
	count int
}

// sharedTexts counts the texts that parsed posts have in common with stored
// ones, most first.
func (m *matcher) sharedTexts() []shared {
	posts := make(map[string][]int64)
	for i := range m.stored.Notes {
		n := &m.stored.Notes[i]
		posts[n.Hash] = append(posts[n.Hash], n.Post)
	}
	type pair struct {
		post int
		old  int64
	}
	counts := make(map[pair]int)
	for _, f := range m.notes {
		if m.postOf[f.post] != 0 {
			continue
		}
		for _, old := range posts[f.hash] {
			counts[pair{f.post, old}]++
		}
	}
	out := make([]shared, 0, len(counts))
	for p, n := range counts {
		out = append(out, shared{p.post, p.old, n})
	}
	slices.SortFunc(out, func(a, b shared) int {
		return cmp.Or(cmp.Compare(b.count, a.count), cmp.Compare(a.post, b.post), cmp.Compare(a.old, b.old))
	})
	return out
}

// byLink takes the user's word. A link names the new card by its key or by the
// id that it would get or already has.
func (m *matcher) byLink(links []Pairing) {
	for _, l := range links {
		i := slices.IndexFunc(m.stored.Notes, func(n StoredNote) bool { return n.ID == l.Old })
		if i < 0 {
			continue
		}
		for _, f := range m.notes {
			if f.old == nil && m.named(f, l.New) {
				m.pair(f, &m.stored.Notes[i])
				break
			}
		}
	}
}

// named reports whether id means the parsed note f.
func (m *matcher) named(f *fresh, id NoteID) bool {
	if id == NoteID(f.note.Key) && f.note.Key != "" {
		return true
	}
	return id == newNoteID(f.note, m.parsed[f.post].Library.Kind, f.hash, func(NoteID) bool { return false })
}

// byKey pairs equal explicit ids. The built-in library has a name space of its
// own, so that an update of etch never collides with a user's id.
func (m *matcher) byKey() {
	type key struct {
		builtin bool
		name    string
	}
	byKey := make(map[key]*StoredNote)
	for i := range m.stored.Notes {
		n := &m.stored.Notes[i]
		if k := (key{m.posts[n.Post].Library == BuiltInPath, n.Key}); n.Key != "" && (byKey[k] == nil || byKey[k].Retired) {
			byKey[k] = n
		}
	}
	for _, f := range m.unpaired() {
		if f.note.Key == "" {
			continue
		}
		old := byKey[key{m.parsed[f.post].Library.Kind == KindBuiltIn, f.note.Key}]
		if old != nil && m.free(old, true) {
			m.pair(f, old)
		}
	}
}

// byTextInPost pairs equal texts within a post, in their order.
func (m *matcher) byTextInPost() {
	type key struct {
		post int64
		hash string
	}
	olds := make(map[key][]*StoredNote)
	for _, n := range m.oldest() {
		olds[key{n.Post, n.Hash}] = append(olds[key{n.Post, n.Hash}], n)
	}
	for _, f := range m.unpaired() {
		m.pairFirst(f, olds[key{m.postOf[f.post], f.hash}])
	}
}

// byTextAnywhere pairs equal texts across posts, then texts that a note once
// had.
func (m *matcher) byTextAnywhere() {
	now, once := make(map[string][]*StoredNote), make(map[string][]*StoredNote)
	for _, n := range m.oldest() {
		now[n.Hash] = append(now[n.Hash], n)
		for _, h := range n.Lineage {
			once[h] = append(once[h], n)
		}
	}
	for _, olds := range []map[string][]*StoredNote{now, once} {
		for _, f := range m.unpaired() {
			m.pairFirst(f, olds[f.hash])
		}
	}
}

// oldest lists the stored notes that an exact text can reach: those in use
// first, then by post and position.
func (m *matcher) oldest() []*StoredNote {
	var out []*StoredNote
	for i := range m.stored.Notes {
		if n := &m.stored.Notes[i]; m.free(n, true) {
			out = append(out, n)
		}
	}
	slices.SortStableFunc(out, func(a, b *StoredNote) int {
		return cmp.Or(compareBool(a.Retired, b.Retired), cmp.Compare(a.Post, b.Post), cmp.Compare(a.Pos, b.Pos))
	})
	return out
}

func (m *matcher) pairFirst(f *fresh, olds []*StoredNote) {
	for _, old := range olds {
		if m.free(old, true) {
			m.pair(f, old)
			return
		}
	}
}

// bySide pairs notes of one post that have an equal side of at least so many
// words, if it is the only such pair.
func (m *matcher) bySide(side func(*Note) string, oldSide func(*StoredNote) string, words int) {
	type key struct {
		post int64
		text string
	}
	text := func(s string) string {
		if s = Normalise(s); strings.Count(s, " ")+1 < words {
			return ""
		}
		return s
	}
	olds := make(map[key][]*StoredNote)
	for i := range m.stored.Notes {
		n := &m.stored.Notes[i]
		if k := (key{n.Post, text(oldSide(n))}); k.text != "" && m.free(n, false) {
			olds[k] = append(olds[k], n)
		}
	}
	news := make(map[key][]*fresh)
	for _, f := range m.unpaired() {
		k := key{m.postOf[f.post], text(side(f.note))}
		news[k] = append(news[k], f)
	}
	for _, f := range m.unpaired() {
		k := key{m.postOf[f.post], text(side(f.note))}
		if len(olds[k]) == 1 && len(news[k]) == 1 {
			m.pair(f, olds[k][0])
		}
	}
}

// alike is a new text and an old one that share words.
type alike struct {
	new   *fresh
	old   *StoredNote
	score float64
}

// bySimilarity pairs texts whose words agree for the most part, best first.
func (m *matcher) bySimilarity() {
	for _, a := range m.alike() {
		if a.score >= sameText && a.new.old == nil && m.free(a.old, false) {
			m.pair(a.new, a.old)
		}
	}
}

// doubts collects the pairs that are left and hardly similar, and decides
// about them where it can.
func (m *matcher) doubts(opt DiffOptions) {
	asked := make(map[*StoredNote]bool)
	for _, a := range m.alike() {
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
// similar first; among equals those of one post, and the nearest.
func (m *matcher) alike() []alike {
	index := make(map[string][]posting)
	var olds []*StoredNote
	var sizes []int
	for i := range m.stored.Notes {
		n := &m.stored.Notes[i]
		if !m.free(n, false) {
			continue
		}
		words := wordCounts(n.Front + " " + n.Back)
		for w, count := range words {
			index[w] = append(index[w], posting{len(olds), count})
		}
		olds, sizes = append(olds, n), append(sizes, total(words))
	}
	if len(olds) == 0 {
		return nil
	}
	var out []alike
	for _, f := range m.unpaired() {
		words := wordCounts(f.note.Front + " " + f.note.Back)
		common := make(map[int]int)
		for w, count := range words {
			for _, p := range index[w] {
				common[p.old] += min(count, p.count)
			}
		}
		size := total(words)
		for i, n := range common {
			if score := 2 * float64(n) / float64(size+sizes[i]); score >= doubtful {
				out = append(out, alike{f, olds[i], score})
			}
		}
	}
	distance := func(a alike) int {
		if m.postOf[a.new.post] != a.old.Post {
			return 1 << 20
		}
		d := a.new.index - a.old.Pos
		return max(d, -d)
	}
	slices.SortFunc(out, func(a, b alike) int {
		return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(distance(a), distance(b)),
			cmp.Compare(a.new.post, b.new.post), cmp.Compare(a.new.index, b.new.index), cmp.Compare(a.old.ID, b.old.ID))
	})
	return out
}

// posting says how often a stored text has a word.
type posting struct{ old, count int }

// wordCounts counts the words of a text, without case and punctuation.
func wordCounts(text string) map[string]int {
	counts := make(map[string]int)
	words := strings.FieldsFunc(strings.ToLower(Normalise(text)), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsNumber(r)
	})
	for _, w := range words {
		counts[w]++
	}
	return counts
}

func total(counts map[string]int) int {
	n := 0
	for _, c := range counts {
		n += c
	}
	return n
}
