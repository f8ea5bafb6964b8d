package deck

import "math"

// byPlace pairs the one text that came with the one that went between the same
// two neighbours of a post, if their backs are equal: a question in other words.
// Where an editor was opened at the old one, its new text is the same card
// whatever it says.
func (m *matcher) byPlace(edited NoteID) {
	gone := make(map[int64][]*StoredNote)
	for i := range m.stored.Notes {
		if n := &m.stored.Notes[i]; m.free(n, false) {
			gone[n.Post] = append(gone[n.Post], n)
		}
	}
	for start := 0; start < len(m.notes); {
		end := start
		for end < len(m.notes) && m.notes[end].post == m.notes[start].post {
			end++
		}
		id := m.postOf[m.notes[start].post]
		if olds := gone[id]; id != 0 && len(olds) > 0 {
			m.fillGaps(m.notes[start:end], olds, edited)
		}
		start = end
	}
}

// fillGaps looks at the runs of texts without a partner in one post.
func (m *matcher) fillGaps(notes []*fresh, gone []*StoredNote, edited NoteID) {
	after := -1 // the place of the neighbour above
	var came []*fresh
	fill := func(before int) {
		var old *StoredNote
		n := 0
		for _, o := range gone {
			if o.Pos > after && o.Pos < before {
				old = o
				n++
			}
		}
		if n == 1 && len(came) == 1 && old.Kind == came[0].note.Kind &&
			(old.ID == edited || old.Back != "" && Normalise(old.Back) == Normalise(came[0].note.Back)) {
			m.pair(came[0], old)
		}
		came = nil
	}
	for _, f := range notes {
		switch {
		case f.old == nil:
			came = append(came, f)
		case f.old.Post == gone[0].Post:
			fill(f.old.Pos)
			after = f.old.Pos
		}
	}
	fill(math.MaxInt)
}
