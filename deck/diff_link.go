package deck

import (
	"fmt"
	"slices"
)

// byLink takes the user's word for a pair. A link that cannot be followed is
// an error: the user must not believe that it was.
func (m *matcher) byLink(links []Pairing) {
	for _, l := range links {
		if err := m.link(l); err != nil {
			m.problems = append(m.problems, &Problem{
				File: fmt.Sprintf("link %s=%s", l.Old, l.New), Severity: Error, Msg: err.Error(),
				Hint: "OLD is a card that has vanished, NEW the card in the file that it has become",
			})
		}
	}
}

func (m *matcher) link(l Pairing) error {
	old := m.linked(l.Old)
	if old == nil {
		return fmt.Errorf("no card %s is known", l.Old)
	}
	f := m.meant(l.New)
	switch {
	case f == nil:
		return fmt.Errorf("no card of a file is %s", l.New)
	case f.old != nil || m.taken[old]:
		return fmt.Errorf("it is in another link already")
	}
	for _, g := range m.notes {
		if g != f && (g.hash == old.Hash && m.postOf[g.post] == old.Post || m.sameKey(g, old)) {
			return fmt.Errorf("%s is still in %s:%d", l.Old, fileName(m.parsed[g.post]), g.note.Line)
		}
	}
	m.pair(f, old)
	return nil
}

// sameKey reports whether a parsed note has the explicit id of a stored one.
// The built-in library has a name space of its own, so that an update of etch
// never collides with a user's id.
func (m *matcher) sameKey(f *fresh, old *StoredNote) bool {
	builtin := m.parsed[f.post].Library.Kind == KindBuiltIn
	return f.note.Key != "" && f.note.Key == old.Key && builtin == (m.posts[old.Post].Library == BuiltInPath)
}

// linked returns the stored note that a user calls name: by its id, by the id
// of one of its cards, or by its key.
func (m *matcher) linked(name NoteID) *StoredNote {
	name = CardID(name).Note()
	var found *StoredNote
	for i := range m.stored.Notes {
		switch n := &m.stored.Notes[i]; {
		case n.ID == name:
			return n
		case n.Key == string(name) && found == nil:
			found = n
		}
	}
	return found
}

// meant returns the parsed note that a user calls name: by its key, by the id
// that it would get, or by the id that it got in the last compile.
func (m *matcher) meant(name NoteID) *fresh {
	stored := m.linked(name)
	better := func(f *fresh) int {
		switch {
		case stored != nil && stored.ID == CardID(name).Note() && f.hash == stored.Hash && m.postOf[f.post] == stored.Post:
			return 4
		case f.note.Key != "" && NoteID(f.note.Key) == name:
			return 3
		case newNoteID(f.note, m.parsed[f.post].Library.Kind, f.hash, func(NoteID) bool { return false }) == name:
			return 2
		case stored != nil && f.hash == stored.Hash:
			return 1
		}
		return 0
	}
	best := slices.MaxFunc(append([]*fresh{nil}, m.notes...), func(a, b *fresh) int {
		rank := func(f *fresh) int {
			if f == nil {
				return 0
			}
			return better(f)
		}
		return rank(a) - rank(b)
	})
	return best
}
