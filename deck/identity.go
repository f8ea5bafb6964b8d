package deck

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"
)

// Normalise returns text as two versions of it are compared: NFC, with every
// run of blanks as one. Case and punctuation stay.
func Normalise(text string) string {
	return strings.Join(strings.Fields(norm.NFC.String(text)), " ")
}

// TextHash identifies the text of a note: 32 hex digits of SHA-256 over its
// kind and its normalised sides.
func TextHash(kind Kind, front, back string) string {
	return digest(string(kind), Normalise(front), Normalise(back))
}

// ClozeHash identifies the text of one deletion.
func ClozeHash(deletion string) string { return digest("deletion", Normalise(deletion)) }

func digest(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(sum[:16])
}

// newNoteID returns the id that a note is given at first sight. taken reports
// the ids in use: a true duplicate gets "-2".
func newNoteID(n *Note, library LibraryKind, hash string, taken func(NoteID) bool) NoteID {
	id := NoteID(n.Key)
	switch {
	case n.Key != "" && library == KindBuiltIn:
		id = NoteID("etch/" + n.Key)
	case n.Key == "":
		id = NoteID("h" + hash[:16])
	}
	first := id
	for i := 2; taken(id); i++ {
		id = NoteID(fmt.Sprintf("%s-%d", first, i))
	}
	return id
}

// base91 is the alphabet of Anki's guids.
const base91 = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789" + "!#$%&()*+,-./:;<=>?@[]^_`{|}~"

// AnkiGUID returns the guid under which Anki knows a note. It depends on the
// id alone, so that two machines agree.
func AnkiGUID(id NoteID) string {
	sum := sha256.Sum256([]byte("etch\x00" + string(id)))
	var out []byte
	for n := binary.BigEndian.Uint64(sum[:8]); n > 0; n /= uint64(len(base91)) {
		out = append(out, base91[n%uint64(len(base91))])
	}
	slices.Reverse(out)
	return string(out)
}
