package deck

import (
	"cmp"
	"slices"
	"sort"
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
	sort.Slice(out, func(i, j int) bool {
		a, b := out[i], out[j]
		return cmp.Or(cmp.Compare(b.count, a.count), cmp.Compare(a.post, b.post), cmp.Compare(a.old, b.old)) < 0
	})
	return out
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

// byText pairs equal texts: within a post before anywhere, the text of now
// before the texts that a note once had, and notes in use before retired ones,
// because what vanishes here is more likely to have moved there than what was
// retired long ago is to have come back.
func (m *matcher) byText() {
	var used, retired []*StoredNote
	for i := range m.stored.Notes {
		switch n := &m.stored.Notes[i]; {
		case !m.free(n, true):
		case n.Retired:
			retired = append(retired, n)
		default:
			used = append(used, n)
		}
	}
	for _, olds := range [][]*StoredNote{used, retired} {
		slices.SortFunc(olds, func(a, b *StoredNote) int {
			return cmp.Or(cmp.Compare(a.Post, b.Post), cmp.Compare(a.Pos, b.Pos), cmp.Compare(a.ID, b.ID))
		})
		m.byTextNow(olds, func(post int64) int64 { return post })
		m.byTextNow(olds, func(int64) int64 { return 0 })
		m.byTextOnce(olds)
	}
}

// byTextNow pairs equal texts in the same place, in their order.
func (m *matcher) byTextNow(olds []*StoredNote, place func(post int64) int64) {
	type key struct {
		place int64
		hash  string
	}
	by := make(map[key][]*StoredNote, len(olds))
	for _, n := range olds {
		if m.free(n, true) {
			k := key{place(n.Post), n.Hash}
			by[k] = append(by[k], n)
		}
	}
	for _, f := range m.unpaired() {
		k := key{place(m.postOf[f.post]), f.hash}
		if same := by[k]; len(same) > 0 {
			m.pair(f, same[0])
			by[k] = same[1:]
		}
	}
}

// byTextOnce pairs a text with a note that had it before an edit. A note that
// cannot be seen now, because its file is broken, has its newest text there.
func (m *matcher) byTextOnce(olds []*StoredNote) {
	by := make(map[string][]*StoredNote)
	for _, n := range olds {
		if n.Retired || m.free(n, false) {
			for _, h := range n.Lineage {
				by[h] = append(by[h], n)
			}
		}
	}
	for _, f := range m.unpaired() {
		for _, old := range by[f.hash] {
			if m.free(old, true) {
				m.pair(f, old)
				break
			}
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
		if words > 1 && len(wordsIn(s)) < words {
			return ""
		}
		return Normalise(s)
	}
	olds := make(map[key][]*StoredNote)
	for i := range m.stored.Notes {
		n := &m.stored.Notes[i]
		if !m.free(n, false) {
			continue
		}
		if k := (key{n.Post, text(oldSide(n))}); k.text != "" {
			olds[k] = append(olds[k], n)
		}
	}
	if len(olds) == 0 {
		return
	}
	news := make(map[key][]*fresh)
	for _, f := range m.unpaired() {
		k := key{m.postOf[f.post], text(side(f.note))}
		news[k] = append(news[k], f)
	}
	for k, same := range news { // no two of them share a partner: the order does not matter
		if len(olds[k]) == 1 && len(same) == 1 {
			m.pair(same[0], olds[k][0])
		}
	}
}
