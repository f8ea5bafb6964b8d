package anki

import (
	"crypto/sha256"
	"encoding/json"
	"slices"
	"strings"

	"etch/deck"
	"etch/storage"
)

// A text file has no ids and no dates, and of note types it has but the names.
// So a row of a note that is here is read with the note type that the note came
// with, and one that says what an export would write says nothing new.

// tableRow is a row of a note that is here.
type tableRow struct {
	same     bool      // it says what is here
	noteType *NoteType // what it is read with
	ords     []int     // of its cards; where it is the same, of the notes that they are here
}

// readTable gives the rows their guids and finds the notes that are here.
func (im *incoming) readTable() error {
	types := make(map[int64]string)
	for _, t := range im.c.NoteTypes {
		types[t.ID] = t.Name
	}
	im.nameRows(types)
	here, err := im.written()
	if err != nil {
		return err
	}
	im.rows = make(map[int64]*tableRow)
	for i := range im.c.Notes {
		n := &im.c.Notes[i]
		if w := here[n.GUID]; w != nil {
			im.rows[n.ID] = w.row(n, types[n.Type])
		}
	}
	return nil
}

// nameRows gives a row without a guid one that depends on its type and first
// field, as Anki matches such rows; a later row with that field gets one of all
// its fields.
func (im *incoming) nameRows(types map[int64]string) {
	seen := make(map[string]bool)
	im.c.Notes = slices.DeleteFunc(im.c.Notes, func(n Note) bool {
		whole := textGUID(types[n.Type], strings.Join(filled(n.Fields), "\x1f"))
		twice := n.GUID == "" && seen[whole]
		if twice {
			im.tell(true, "rows with the same fields as one before: left out", n.Fields[0])
		}
		seen[whole] = seen[whole] || n.GUID == ""
		return twice
	})
	clear(seen)
	for i := range im.c.Notes {
		n := &im.c.Notes[i]
		if n.GUID != "" {
			continue
		}
		n.GUID = textGUID(types[n.Type], n.Fields[0])
		if seen[n.GUID] {
			n.GUID = textGUID(types[n.Type], strings.Join(filled(n.Fields), "\x1f"))
		}
		seen[n.GUID] = true
	}
}

// textGUID is the identity of a row without a guid.
func textGUID(noteType, text string) string {
	sum := sha256.Sum256([]byte(noteType + "\x00" + text))
	return deck.AnkiGUID(deck.NoteID(sum[:]))
}

// filled returns fields without the empty ones at the end, which a text file
// cannot tell from none.
func filled(fields []string) []string {
	n := len(fields)
	for n > 0 && fields[n-1] == "" {
		n--
	}
	return fields[:n]
}

// written is a note that is here as an export would write it.
type written struct {
	note     *Note
	noteType *NoteType
	ords     []int // of its cards
}

// written returns the imported notes that rows may be of, by guid.
func (im *incoming) written() (map[string]*written, error) {
	wanted := make(map[string]bool)
	for i := range im.c.Notes {
		wanted[im.c.Notes[i].GUID] = true
	}
	here := *im.opt.Here
	here.Notes = nil
	for i := range im.opt.Here.Notes {
		if n := &im.opt.Here.Notes[i]; wanted[storage.SiblingGUID(n.GUID, n.ID)] {
			wanted[n.GUID] = true
		}
	}
	for _, n := range im.opt.Here.Notes {
		if n.Library == deck.KindAnki && wanted[n.GUID] {
			here.Notes = append(here.Notes, n)
		}
	}
	c, _, err := Export(im.ctx, &here, ExportOptions{Scheduler: im.opt.Scheduler})
	if err != nil {
		return nil, err
	}
	types, notes, out := make(map[int64]*NoteType), make(map[int64]*written), make(map[string]*written)
	for i := range c.NoteTypes {
		types[c.NoteTypes[i].ID] = &c.NoteTypes[i]
	}
	for i := range c.Notes {
		n := &c.Notes[i]
		notes[n.ID] = &written{note: n, noteType: types[n.Type]}
		out[n.GUID] = notes[n.ID]
	}
	for i := range c.Cards {
		w := notes[c.Cards[i].Note]
		w.ords = append(w.ords, c.Cards[i].Ord)
	}
	return out, nil
}

// row returns what a row means for the note, or nil if it makes another kind of
// note of it, which only the names of its type tell of. Of etch's own types the
// text is in the first two fields.
func (w *written) row(n *Note, typeName string) *tableRow {
	t := w.noteType
	if w.says(n) {
		if t.Cloze {
			return &tableRow{same: true, ords: []int{0}}
		}
		return &tableRow{same: true, ords: w.ords}
	}
	own := t.ID == BasicTypeID || t.ID == ClozeTypeID
	fields := slices.Clone(filled(n.Fields))
	clozes := clozeOrds(fields)
	if len(fields) > len(t.Fields) || own && typeName != t.Name || (len(clozes) > 0) != (len(clozeOrds(w.note.Fields)) > 0) {
		return nil
	}
	n.Fields = append(fields, make([]string, len(t.Fields)-len(fields))...)
	if own {
		clear(n.Fields[2:])
	}
	if t.Cloze {
		return &tableRow{noteType: t, ords: clozes}
	}
	return &tableRow{noteType: t, ords: w.ords}
}

// says reports whether a row is what an export would write. Without tags it
// says nothing of them.
func (w *written) says(n *Note) bool {
	fields := slices.Clone(w.note.Fields)
	for i := range fields {
		fields[i] = cleanText(fields[i])
	}
	return slices.Equal(filled(n.Fields), filled(fields)) && (len(n.Tags) == 0 || slices.Equal(tagSet(n.Tags), tagSet(w.note.Tags)))
}

func tagSet(tags []string) []string {
	set := strings.Fields(strings.ToLower(cleanText(strings.Join(tags, " "))))
	slices.Sort(set)
	return slices.Compact(set)
}

// clozeOrds returns the ords of the cards that the deletions of fields make.
func clozeOrds(fields []string) (ords []int) {
	for _, f := range fields {
		for _, n := range textClozeNumbers(f) {
			ords = append(ords, n-1)
		}
	}
	slices.Sort(ords)
	return slices.Compact(ords)
}

// cards returns the cards of a row, in the deck of one.
func (r *tableRow) cards(like *Card) (cards []*Card) {
	for _, ord := range r.ords {
		card := *like
		card.Ord = ord
		cards = append(cards, &card)
	}
	return cards
}

// sameRow takes a row that says nothing new.
func (im *incoming) sameRow(n *Note, row *tableRow, card *Card) {
	for _, ord := range row.ords {
		im.add(card, storage.IncomingNote{GUID: n.GUID, Ord: ord, Mod: second(n.Mod)})
	}
}

// asRow makes a note one of a table, if it is: without numbers, and as the
// note of etch's own type that it is when it is new here.
func (im *incoming) asRow(base *storage.IncomingNote, n *Note, noteType int64, front, back string) {
	if im.opt.Here == nil {
		return
	}
	base.AnkiID = 0
	fields, err := json.Marshal(original{Type: noteType, Mod: n.Mod, Fields: []string{front, back, "", "", "", ""}, Tags: slices.Concat([]string{}, n.Tags)})
	if err == nil {
		base.Fields = string(fields)
	}
}
