package anki

import (
	"bufio"
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"sort"
	"strings"
)

// WriteText writes the notes of c as Anki's own export does: header lines, then
// a row for each note, by id, with its guid, note type, deck, fields and tags.
// comma is one of the separators that Anki knows. Scheduling and media have no
// place in such a file.
//
// [ReadText] and Anki read it back, but for empty fields at the end of a note,
// which a file cannot tell from those of a wider note type, and notes whose
// first field is empty.
//
// The errors are those of w and the context's. What was written then is a part.
func WriteText(ctx context.Context, w io.Writer, c *Collection, comma rune) error {
	name := textSeparatorName(comma)
	if name == "" {
		return fmt.Errorf("write text: %q is no separator", comma)
	}
	t := newTextWriter(w, c, byte(comma))
	fmt.Fprintf(t.out, "#separator:%s\n#html:true\n", name)
	fmt.Fprintf(t.out, "#guid column:1\n#notetype column:2\n#deck column:3\n#tags column:%d\n", 4+t.width)
	notes := slices.Clone(c.Notes)
	sort.SliceStable(notes, func(i, j int) bool { return notes[i].ID < notes[j].ID })
	for i, note := range notes {
		if i%1024 == 0 && ctx.Err() != nil {
			return fmt.Errorf("write text: %w", ctx.Err())
		}
		t.row(note)
	}
	if err := t.out.Flush(); err != nil {
		return fmt.Errorf("write text: %w", err)
	}
	return nil
}

// textWriter writes rows; errors stay in out until it is flushed.
type textWriter struct {
	out   *bufio.Writer
	sep   byte
	width int              // fields of a row
	types map[int64]string // names, by id
	decks map[int64]string // names, by the id of a note
}

func newTextWriter(w io.Writer, c *Collection, sep byte) *textWriter {
	t := &textWriter{out: bufio.NewWriter(w), sep: sep, width: 1, types: map[int64]string{}}
	fields := map[int64]int{}
	for _, typ := range c.NoteTypes {
		t.types[typ.ID] = typ.Name
		fields[typ.ID] = len(typ.Fields)
	}
	for _, note := range c.Notes {
		t.width = max(t.width, fields[note.Type], len(note.Fields))
	}
	t.decks = textNoteDecks(c)
	return t
}

// textNoteDecks returns the name of the deck that the first card of each note
// lives in. Anki files the cards of a note in one deck on import.
func textNoteDecks(c *Collection) map[int64]string {
	names := map[int64]string{}
	for _, deck := range c.Decks {
		names[deck.ID] = deck.Name
	}
	first := map[int64]Card{}
	for _, card := range c.Cards {
		known, ok := first[card.Note]
		if !ok || cmp.Or(cmp.Compare(card.Ord, known.Ord), cmp.Compare(card.ID, known.ID)) < 0 {
			first[card.Note] = card
		}
	}
	decks := make(map[int64]string, len(first))
	for note, card := range first {
		home := card.Deck
		if card.HomeDeck != 0 {
			home = card.HomeDeck
		}
		decks[note] = names[home]
	}
	return decks
}

func (t *textWriter) row(note Note) {
	t.field(note.GUID, t.sep)
	t.field(cleanTextName(t.types[note.Type]), t.sep)
	t.field(cleanTextName(t.decks[note.ID]), t.sep)
	for i := range t.width {
		field := ""
		if i < len(note.Fields) {
			field = note.Fields[i]
		}
		t.field(field, t.sep)
	}
	t.field(strings.Join(strings.Fields(cleanText(strings.Join(note.Tags, " "))), " "), '\n')
}

// field writes one field and what follows it. A "#" at the beginning of a row
// would make a comment of it; Anki quotes every one.
func (t *textWriter) field(s string, next byte) {
	s = cleanText(s)
	if strings.ContainsAny(s, "#\"\n"+string(t.sep)) {
		s = `"` + strings.ReplaceAll(s, `"`, `""`) + `"`
	}
	t.out.WriteString(s)
	t.out.WriteByte(next)
}
