package storage

import (
	"errors"
	"strings"
	"testing"

	"etch/deck"
	"etch/scheduler"
)

// TestEditDeck is the table of what may become of an imported deck's text.
func TestEditDeck(t *testing.T) {
	replace := func(old, new string) func(string) string {
		return func(text string) string { return strings.Replace(text, old, new, 1) }
	}
	tests := []struct {
		name string
		edit func(string) string
		want string // counts, or a piece of the error
		fail bool
	}{
		{"nothing", func(text string) string { return text }, "new 0 edited 0 moved 0 retired 0 returned 0 unchanged 3", false},
		{"one word", replace("One?", "Uno?"), "new 0 edited 1 moved 0 retired 0 returned 0 unchanged 2", false},
		{"all of a card", replace("Q: One?\n\nA: 1.", "Q: Entirely new?\n\nA: Indeed it is."), "new 0 edited 1 moved 0 retired 0 returned 0 unchanged 2", false},
		{"a card more", func(text string) string { return text + "\nQ: Mine?\n\nA: Yes.\n" }, "new 1 edited 0 moved 0 retired 0 returned 0 unchanged 3", false},
		{"a card less", func(text string) string { return text[:strings.LastIndex(text, "<!--")] }, "new 0 edited 0 moved 0 retired 1 returned 0 unchanged 2", false},
		{"another title", replace(`"D"`, `"E"`), "new 0 edited 0 moved 0 retired 0 returned 0 unchanged 3", false},
		{"a question without an answer", replace("A: 1.", ""), "d.md:", true},
		{"an id twice", func(text string) string { return text + text[strings.Index(text, "<!--"):] }, "d.md:", true},
		{"the id of another deck", func(text string) string { return text + "\n<!-- card " + keyOf("g3") + " -->\nQ: Mine?\n\nA: Yes.\n" }, "is also in", true},
		{"the id of a folder's card", func(text string) string { return text + "\n<!-- card lease-end -->\nQ: Mine?\n\nA: Yes.\n" }, "lease-end is also in /notes/a.md", true},
		{"an empty file", func(string) string { return "" }, "has no card", true},
		{"NUL", func(text string) string { return text + "\x00" }, "NUL", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, c := newStore(t), newClock("c")
			compileFolder(t, s, files{"a.md": id("lease-end", lease)}, CompileOptions{})
			importAll(t, s, incoming(inDeck("D", basicNote("g1", "One?", "1."), basicNote("g2", "Two?", "2.")), inDeck("Other", basicNote("g3", "Three?", "3."))))
			card := onlyRow(t, s, "One").Card.ID
			grade(t, s, c, card, scheduler.Good)
			text, err := s.DeckText(t.Context(), "d")
			noError(t, err)
			before := dumped(t, s)
			r, err := s.EditDeck(t.Context(), "d", tt.edit(text), monday.AddDate(0, 0, 1))
			if tt.fail {
				if err == nil || !strings.Contains(err.Error(), tt.want) {
					t.Errorf("%v, want %q", err, tt.want)
				}
				same(t, "a text with an error", before, dumped(t, s))
				return
			}
			noError(t, err)
			if counts(r) != tt.want {
				t.Errorf("%s, want %s", counts(r), tt.want)
			}
			if m := memoryOf(t, s, card); m.Reps != 1 {
				t.Errorf("the card has %d answers", m.Reps)
			}
			if tt.name == "nothing" {
				same(t, "no edit", before, dumped(t, s))
			}
			after := dumped(t, s)
			text, err = s.DeckText(t.Context(), "d")
			noError(t, err)
			if _, err := s.EditDeck(t.Context(), "d", text, monday.AddDate(0, 0, 2)); err != nil {
				t.Error(err)
			}
			same(t, "the same again", after, dumped(t, s))
			healthy(t, s)
		})
	}
}

func keyOf(guid string) string { return importedKey(&IncomingNote{GUID: guid}) }

func TestEditDeckThatIsNone(t *testing.T) {
	s := newStore(t)
	compileFolder(t, s, files{"a.md": lease}, CompileOptions{})
	for _, slug := range []string{"a", "nothing", ""} {
		if _, err := s.EditDeck(t.Context(), slug, lease, monday); !errors.Is(err, ErrNotFound) {
			t.Errorf("edit %q: %v", slug, err)
		}
		if _, err := s.DeckText(t.Context(), slug); !errors.Is(err, ErrNotFound) {
			t.Errorf("text of %q: %v", slug, err)
		}
	}
}

// A card that goes with an edit stays gone, until it is changed in Anki; its
// error is a place, for the exit code.
func TestDeletedFromADeck(t *testing.T) {
	s := newStore(t)
	one, two := basicNote("g1", "One?", "1."), basicNote("g2", "Two?", "2.")
	importAll(t, s, incoming(inDeck("D", one, two)))
	text, err := s.DeckText(t.Context(), "d")
	noError(t, err)
	_, err = s.EditDeck(t.Context(), "d", text[:strings.LastIndex(text, "<!--")], monday)
	noError(t, err)
	if r := importAll(t, s, incoming(inDeck("D", one, two))); r.Edited != 1 || len(liveFronts(t, s)) != 1 {
		t.Errorf("%s, live %q", reported(r), liveFronts(t, s))
	}
	if r := importAll(t, s, incoming(inDeck("D", two.changed(monday.AddDate(0, 0, 1), "Q: Two, again?\n\nA: 2.")))); r.Updated != 1 || len(liveFronts(t, s)) != 2 {
		t.Errorf("%s, live %q", reported(r), liveFronts(t, s))
	}
	healthy(t, s)
	_, err = s.EditDeck(t.Context(), "d", "Q: x", monday)
	var place *deck.Problem
	if !errors.As(err, &place) || place.Line == 0 {
		t.Errorf("%v", err)
	}
}
