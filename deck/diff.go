package deck

import (
	"fmt"
	"slices"
)

// Stored is what the database holds of all libraries before a compile.
type Stored struct {
	Posts []StoredPost
	Notes []StoredNote
}

// StoredPost is a post as it was last compiled.
type StoredPost struct {
	ID      int64
	Library string // the library's path
	Path    string
	Title   string
	Retired bool
	// Keep leaves the post and its notes as they are: its file is broken, or
	// its folder is missing.
	Keep bool
	// Drop retires its notes even where nothing else is retired: the user
	// asked to forget its folder.
	Drop bool
}

// StoredNote is a note as it was last compiled.
type StoredNote struct {
	ID          NoteID
	Key         string
	Post        int64
	Pos         int // among the notes of its post
	Kind        Kind
	Front, Back string
	Takeaway    string
	Hash        string
	Lineage     []string // the hashes of all texts that it ever had
	Retired     bool
	Cards       []StoredCard
}

// StoredCard is one card of a note.
type StoredCard struct {
	ID      CardID
	Ord     int
	Pos     int // the index of its deletion
	Hash    string
	Retired bool
}

// Parsed is one post to compile, with the library that it stands in.
type Parsed struct {
	Library Library
	Post    *Post
}

// Pairing is the user's word that the card New is the card Old, edited.
type Pairing struct{ Old, New NoteID }

// DiffOptions steers a diff.
type DiffOptions struct {
	Retire   bool // what has vanished is retired; else it stays as it is
	Pairings []Pairing
	Edited   NoteID // the note that an editor was opened at, if any
	// Same decides about doubtful pairs. Without it they are not the same,
	// unless Wait is set: then the new text waits.
	Same func(Doubt) bool
	Wait bool
	// Stay leaves what is in use in a post that is kept where it is, whatever
	// texts come: two cards with one text are two.
	Stay bool
}

// Doubt is a new text that may be an old card, edited.
type Doubt struct {
	Old     *StoredNote
	New     *Note
	NewID   NoteID // the id that it gets as a card of its own
	File    string // of the new text
	Library Library
	Score   float64 // Dice over the words, 0.35..0.60
}

// Plan is what a compile does.
type Plan struct {
	Posts    []PostPlan // one for each parsed post, in the order given
	Notes    []NotePlan
	Retire   []*StoredNote // notes that have vanished
	Vanished int           // notes that would be retired, and stay since Retire is off
	Doubts   []Doubt
	Problems []*Problem
}

// PostPlan pairs a parsed post with its row: 0 is a new one.
type PostPlan struct {
	ID      int64
	Renamed bool // its file or folder is another than before
}

// NotePlan is one note after the compile.
type NotePlan struct {
	Post  int // index of its post
	Note  int // index among the post's notes
	ID    NoteID
	Old   *StoredNote // nil for a new note
	Hash  string
	Cards []CardPlan
	// What happened to it: a new note is none of these.
	Edited, Moved, Returned bool
}

// CardPlan is one live card of a note after the compile. A card that the note
// no longer has is retired.
type CardPlan struct {
	ID   CardID
	Ord  int
	Pos  int
	Hash string
	New  bool
}

// Similarity of two texts, as Dice over their words.
const (
	sameText = 0.60 // at least this much: the card, edited
	doubtful = 0.35 // at least this much: worth a question
)

// Diff pairs parsed notes with stored ones, one to one, so that a card keeps
// its history through edits and moves. The first rule that finds a partner
// wins: the user's links; the explicit id; the same text in the post; the same
// text anywhere, now or once; the same front, then the same back, in the post;
// similar words anywhere; the same place and back. A pair that is hardly similar
// is a doubt.
func Diff(stored Stored, parsed []Parsed, opt DiffOptions) *Plan {
	m := newMatcher(stored, parsed)
	m.stay = opt.Stay
	m.pairPosts()
	m.byLink(opt.Pairings)
	m.byKey()
	m.byText()
	m.bySide(func(n *Note) string { return n.Front }, func(n *StoredNote) string { return n.Front }, 1)
	m.bySide(func(n *Note) string { return n.Back }, func(n *StoredNote) string { return n.Back }, 4)
	m.bySimilarity()
	m.byPlace(opt.Edited)
	m.doubts(opt)
	return m.plan(opt)
}

// fresh is a parsed note on its way to a partner.
type fresh struct {
	post, index int
	note        *Note
	hash        string
	old         *StoredNote
	id          NoteID // of a note without a partner
	waits       bool   // it is one half of an open doubt
}

// matcher holds the state of one diff.
type matcher struct {
	stored   Stored
	parsed   []Parsed
	stay     bool
	posts    map[int64]*StoredPost
	postOf   []int64 // the stored post of each parsed one; 0 for none
	notes    []*fresh
	taken    map[*StoredNote]bool
	ids      map[NoteID]bool
	open     []Doubt
	problems []*Problem
}

func newMatcher(stored Stored, parsed []Parsed) *matcher {
	m := &matcher{
		stored: stored, parsed: parsed, postOf: make([]int64, len(parsed)),
		posts: make(map[int64]*StoredPost, len(stored.Posts)),
		taken: make(map[*StoredNote]bool), ids: make(map[NoteID]bool, len(stored.Notes)),
	}
	for i := range stored.Posts {
		m.posts[stored.Posts[i].ID] = &stored.Posts[i]
	}
	for i := range stored.Notes {
		m.ids[stored.Notes[i].ID] = true
	}
	m.collect()
	return m
}

// collect lists the parsed notes, less what stands twice.
func (m *matcher) collect() {
	texts := make(map[string]place)
	for p, parsed := range m.parsed {
		inFile := make(map[string]int)
		for i := range parsed.Post.Notes {
			n := &parsed.Post.Notes[i]
			hash := TextHash(n.Kind, n.Front, n.Back)
			if first, ok := inFile[hash]; ok && parsed.Library.Kind != KindAnki {
				m.warn(parsed, n.Line, "the card of line %d again: it is compiled once", first)
				continue
			}
			inFile[hash] = n.Line
			here := place{post: parsed.Post, line: n.Line}
			if first, ok := texts[hash]; ok && parsed.Library.Kind != KindAnki {
				m.warn(parsed, n.Line, "the same card stands in %s:%d: it is compiled as two cards", first.post.Path, first.line)
			}
			texts[hash] = here
			m.notes = append(m.notes, &fresh{post: p, index: i, note: n, hash: hash})
		}
	}
}

// RepeatedIDs returns an error at each place of an explicit id that stands in
// more than one. The built-in library and the user's folders do not share ids.
func RepeatedIDs(parsed []Parsed) []*Problem {
	type key struct {
		builtin bool
		name    string
	}
	places := make(map[key][]*Problem)
	var order []key
	for _, p := range parsed {
		for _, n := range p.Post.Notes {
			if n.Key == "" {
				continue
			}
			k := key{p.Library.Kind == KindBuiltIn, n.Key}
			if len(places[k]) == 0 {
				order = append(order, k)
			}
			places[k] = append(places[k], &Problem{File: fileName(p), Line: n.Line, Severity: Error, Hint: "give each card an id of its own"})
		}
	}
	var out []*Problem
	for _, k := range order {
		same := places[k]
		for i, p := range same {
			if len(same) > 1 {
				other := same[(i+1)%len(same)]
				p.Msg = fmt.Sprintf("id %s is also in %s:%d", k.name, other.File, other.Line)
				out = append(out, p)
			}
		}
	}
	return out
}

func fileName(p Parsed) string { return p.Library.FileName(p.Post.Path) }

func (m *matcher) warn(p Parsed, line int, format string, args ...any) {
	m.problems = append(m.problems, &Problem{File: fileName(p), Line: line, Msg: fmt.Sprintf(format, args...)})
}

// free reports whether a stored note has no partner yet. Only the explicit id
// and the exact text reach a note that is retired or, unless it stays, in a
// post that is kept.
func (m *matcher) free(old *StoredNote, exact bool) bool {
	if m.taken[old] {
		return false
	}
	kept := m.posts[old.Post].Keep
	return exact && (old.Retired || !kept || !m.stay) || !old.Retired && !kept
}

func (m *matcher) pair(f *fresh, old *StoredNote) {
	f.old = old
	m.taken[old] = true
}

// unpaired returns the parsed notes without a partner.
func (m *matcher) unpaired() []*fresh {
	return slices.DeleteFunc(slices.Clone(m.notes), func(f *fresh) bool { return f.old != nil })
}

// plan turns the pairs into what has to be done.
func (m *matcher) plan(opt DiffOptions) *Plan {
	p := &Plan{Doubts: m.open, Problems: m.problems}
	for i, id := range m.postOf {
		pp := PostPlan{ID: id}
		if old := m.posts[id]; old != nil {
			pp.Renamed = old.Path != m.parsed[i].Post.Path || old.Library != m.parsed[i].Library.Path
		}
		p.Posts = append(p.Posts, pp)
	}
	for _, f := range m.notes {
		if f.old != nil || !f.waits {
			p.Notes = append(p.Notes, m.notePlan(f, p.Posts[f.post]))
		}
	}
	waiting := make(map[*StoredNote]bool)
	if opt.Wait {
		for _, d := range m.open {
			waiting[d.Old] = true
		}
	}
	for i := range m.stored.Notes {
		old := &m.stored.Notes[i]
		post := m.posts[old.Post]
		switch {
		case !m.free(old, false) || waiting[old]:
		case opt.Retire || post.Drop:
			p.Retire = append(p.Retire, old)
		default:
			p.Vanished++
		}
	}
	return p
}

func (m *matcher) notePlan(f *fresh, post PostPlan) NotePlan {
	n := NotePlan{Post: f.post, Note: f.index, Old: f.old, Hash: f.hash}
	if f.old == nil {
		if f.id == "" {
			f.id = m.give(f)
		}
		n.ID = f.id
	} else {
		n.ID = f.old.ID
		n.Edited = f.old.Hash != f.hash
		n.Returned = f.old.Retired
		n.Moved = post.Renamed || f.old.Post != post.ID || m.otherSection(f)
	}
	n.Cards = planCards(n.ID, f.note, f.old, f.old != nil && f.old.Hash == f.hash)
	return n
}

// give returns the id of a note at first sight.
func (m *matcher) give(f *fresh) NoteID {
	id := newNoteID(f.note, m.parsed[f.post].Library.Kind, f.hash, func(id NoteID) bool { return m.ids[id] })
	m.ids[id] = true
	return id
}

// otherSection reports whether a note stands in another section of its post
// than before. A heading that was reworded moves nothing.
func (m *matcher) otherSection(f *fresh) bool {
	if f.old.Takeaway == f.note.Takeaway {
		return false
	}
	return slices.ContainsFunc(m.parsed[f.post].Post.Takeaways, func(t Takeaway) bool { return t.Heading == f.old.Takeaway })
}
