package anki

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// check returns an error for what Anki would refuse, repair, or read as
// something else. c is sorted.
func check(c *Collection) error {
	k := &checker{c: c, types: map[int64]*NoteType{}, decks: map[int64]bool{}, presets: map[int64]bool{}, notes: map[int64]int64{}}
	for _, part := range []func() error{k.collection, k.noteTypes, k.allPresets, k.allDecks, k.allNotes, k.allCards, k.allReviews, k.allMedia} {
		if err := part(); err != nil {
			return err
		}
	}
	return nil
}

// checker knows what may be referred to.
type checker struct {
	c       *Collection
	types   map[int64]*NoteType
	decks   map[int64]bool
	presets map[int64]bool
	notes   map[int64]int64 // note type by note
}

// invalid makes an error; what names the row.
func invalid(what, format string, args ...any) error {
	return fmt.Errorf("%s: %s: %w", what, fmt.Sprintf(format, args...), errInvalid)
}

// rule is one thing that must hold, and what to say if it does not.
type rule struct {
	ok  bool
	why string
}

// hold returns an error for the first rule that is broken.
func hold(kind string, id int64, rules ...rule) error {
	for _, r := range rules {
		if !r.ok {
			return invalid(fmt.Sprintf("%s %d", kind, id), "%s", r.why)
		}
	}
	return nil
}

func between[T int | int64](n, lo, hi T) bool { return n >= lo && n <= hi }

// plain reports whether Anki and SQLite keep a text as it is.
func plain(s string) bool { return utf8.ValidString(s) && !strings.ContainsRune(s, 0) }

func (k *checker) collection() error {
	c := k.c
	return hold("collection", 1,
		rule{between(c.Created, 0, maxSeconds), "impossible time of creation"},
		rule{between(c.Rollover, 0, 23), "a day must begin in an hour of 0 to 23"},
		rule{between(c.West, -maxWest, maxWest), "impossible time zone"},
	)
}

func (k *checker) noteTypes() error {
	fields, templates, names := map[int64]bool{}, map[int64]bool{}, map[string]bool{}
	for i := range k.c.NoteTypes {
		t := &k.c.NoteTypes[i]
		err := hold("note type", t.ID,
			rule{k.types[t.ID] == nil, "the id is used twice"},
			rule{fresh(names, t.Name), "it has the name of another"},
		)
		if err := cmp.Or(err, checkType(t)); err != nil {
			return err
		}
		if err := checkParts(t, fields, templates); err != nil {
			return err
		}
		k.types[t.ID] = t
	}
	return nil
}

// checkType checks what a note type says of itself, but for its fields and
// templates.
func checkType(t *NoteType) error {
	return hold("note type", t.ID,
		rule{t.ID > 0, "the id is no time"},
		rule{t.Name != "" && plain(t.Name), "it has no name"},
		rule{plain(t.CSS) && plain(t.LatexPre) && plain(t.LatexPost), "its CSS or its LaTeX is not UTF-8"},
		rule{between(t.Mod, 0, maxSeconds), "impossible time"},
		rule{len(t.Fields) > 0 && len(t.Templates) > 0, "it has no fields or no templates"},
		rule{between(t.SortField, 0, len(t.Fields)-1), "it has no such field to sort by"},
		rule{!t.Cloze || len(t.Templates) == 1, "a cloze type has one template"},
	)
}

// checkParts checks fields and templates; their ids must differ over all
// types.
func checkParts(t *NoteType, fields, templates map[int64]bool) error {
	names := map[string]bool{}
	for _, f := range t.Fields {
		err := hold("note type", t.ID,
			rule{f.Name != "" && plain(f.Name) && fresh(names, f.Name), "a field has no name, or that of another"},
			rule{!strings.ContainsAny(f.Name, ":{}\"") && strings.IndexAny(f.Name, "#/^") != 0 && strings.TrimSpace(f.Name) == f.Name, "templates cannot use the field's name"},
			rule{plain(f.Font) && plain(f.Description), "a field's font or description is not UTF-8"},
			rule{f.ID == 0 || !fields[f.ID], "a field has the id of another"},
		)
		if err != nil {
			return err
		}
		fields[f.ID] = true
	}
	names = map[string]bool{}
	for _, p := range t.Templates {
		err := hold("note type", t.ID,
			rule{p.Name != "" && plain(p.Name) && fresh(names, p.Name), "a template has no name, or that of another"},
			rule{plain(p.Front) && plain(p.Back) && plain(p.BrowserFront) && plain(p.BrowserBack) && plain(p.BrowserFont), "a template is not UTF-8"},
			rule{strings.Contains(p.Front, "{{"), "a template's front has no field"},
			rule{!t.Cloze || strings.Contains(p.Front, "cloze:") && strings.Contains(p.Back, "cloze:"), "a side of a cloze template has no cloze"},
			rule{p.ID == 0 || !templates[p.ID], "a template has the id of another"},
		)
		if err != nil {
			return err
		}
		templates[p.ID] = true
	}
	return nil
}

// fresh adds a name to a set and reports whether it was not there; Anki tells
// names apart without regard to case.
func fresh(names map[string]bool, name string) bool {
	name = strings.ToLower(name)
	if names[name] {
		return false
	}
	names[name] = true
	return true
}

func (k *checker) allPresets() error {
	for _, p := range k.c.Presets {
		err := hold("preset", p.ID,
			rule{p.ID > 0 && !k.presets[p.ID], "the id is no time, or used twice"},
			rule{p.Name != "" && plain(p.Name), "it has no name"},
			rule{between(p.Mod, 0, maxSeconds), "impossible time"},
			rule{validWeights(p.Weights), "weights must be 0, 17, 19 or 21 numbers"},
			rule{p.DesiredRetention >= minRetention && p.DesiredRetention <= maxRetention, "desired retention must be 0.7 to 0.99"},
			rule{validSteps(p.LearningSteps) && validSteps(p.RelearningSteps), "a step is no time"},
			rule{between(p.NewPerDay, 0, maxInt32) && between(p.ReviewsPerDay, 0, maxInt32), "impossible limit"},
			rule{between(p.MaximumInterval, 1, maxInt32), "impossible maximum interval"},
			rule{between(p.LeechThreshold, 0, maxInt32), "impossible leech threshold"},
		)
		if err != nil {
			return err
		}
		k.presets[p.ID] = true
	}
	return nil
}

func validSteps(list []float64) bool {
	return !slices.ContainsFunc(list, func(f float64) bool { return !(f > 0 && f <= maxSteps) })
}

func (k *checker) allDecks() error {
	names := map[string]bool{}
	for _, d := range k.c.Decks {
		err := hold("deck", d.ID,
			rule{d.ID > 0 && !k.decks[d.ID], "the id is no time, or used twice"},
			rule{plain(d.Name) && !slices.Contains(strings.Split(d.Name, "::"), ""), "its name has an empty part"},
			rule{fresh(names, d.Name), "it has the name of another"},
			rule{plain(d.Description), "its description is not UTF-8"},
			rule{d.Filtered || k.presets[d.Preset], "it has an unknown preset"},
			rule{!d.Filtered || d.Preset == 0, "a filtered deck has no preset"},
		)
		if err != nil {
			return err
		}
		k.decks[d.ID] = true
	}
	return nil
}

func (k *checker) allNotes() error {
	guids := make(map[string]bool, len(k.c.Notes))
	for i := range k.c.Notes {
		n := &k.c.Notes[i]
		t := k.types[n.Type]
		err := hold("note", n.ID,
			rule{k.notes[n.ID] == 0, "the id is used twice"},
			rule{!guids[n.GUID], "it has the guid of another"},
		)
		if err := cmp.Or(err, checkNote(n, t)); err != nil {
			return err
		}
		guids[n.GUID] = true
		k.notes[n.ID] = n.Type
	}
	return nil
}

// checkNote checks what a note says of itself. t is its type, nil for an unknown
// one.
func checkNote(n *Note, t *NoteType) error {
	return hold("note", n.ID,
		rule{n.ID > 0, "the id is no time"},
		rule{n.GUID != "" && plain(n.GUID), "it has no guid"},
		rule{t != nil, "it has an unknown type"},
		rule{t == nil || len(n.Fields) == len(t.Fields), "it has not as many fields as its type"},
		rule{between(n.Mod, 0, maxSeconds), "impossible time"},
		rule{!slices.ContainsFunc(n.Tags, badTag), "a tag is empty or has a space"},
		rule{!slices.ContainsFunc(n.Fields, badField), "a field is not UTF-8, or has the character that parts fields"},
	)
}

func badTag(s string) bool   { return s == "" || !plain(s) || strings.ContainsFunc(s, isTagSpace) }
func badField(s string) bool { return !plain(s) || strings.Contains(s, "\x1f") }

func (k *checker) allCards() error {
	type key struct {
		note int64
		ord  int
	}
	seen := make(map[key]bool, len(k.c.Cards))
	for i := range k.c.Cards {
		c := &k.c.Cards[i]
		t := k.types[k.notes[c.Note]]
		err := hold("card", c.ID,
			rule{i == 0 || k.c.Cards[i-1].ID != c.ID, "the id is used twice"},
			rule{!seen[key{c.Note, c.Ord}], "its note has another of that template"},
			rule{k.decks[c.Deck] && (c.HomeDeck == 0 || k.decks[c.HomeDeck]), "it has an unknown deck"},
		)
		if err := cmp.Or(err, checkCard(c, t)); err != nil {
			return err
		}
		seen[key{c.Note, c.Ord}] = true
	}
	return nil
}

// checkCard checks what a card says of itself. t is the type of its note, nil
// for an unknown note.
func checkCard(c *Card, t *NoteType) error {
	return hold("card", c.ID,
		rule{c.ID > 0, "the id is no time"},
		rule{t != nil, "it has an unknown note"},
		rule{t == nil || between(c.Ord, 0, maxUint16) && (t.Cloze || c.Ord < len(t.Templates)), "its note type has no such template"},
		rule{between(c.Mod, 0, maxSeconds), "impossible time"},
		rule{c.State >= New && c.State <= Relearning && c.Queue >= UserBuried && c.Queue <= PreviewQueue, "unknown state or queue"},
		rule{between(c.Due, math.MinInt32, math.MaxInt32) && between(c.HomeDue, math.MinInt32, math.MaxInt32), "impossible due"},
		rule{between(c.Interval, 0, maxInt32) && between(c.Factor, 0, maxUint16), "impossible interval or factor"},
		rule{between(c.Reps, 0, maxInt32) && between(c.Lapses, 0, maxInt32) && between(c.Left, 0, 999), "impossible count"},
		rule{between(c.Flag, 0, 7) && between(c.Pos, -1, maxInt32), "impossible flag or position"},
		rule{c.Memory == nil || c.Memory.readable(), "impossible memory state"},
	)
}

// readable reports whether a reader would take the state; NaN is in no range.
func (m *Memory) readable() bool {
	in := func(f, lo, hi float64) bool { return f >= lo && f <= hi }
	return in(m.Stability, 0.0001, maxStability) && in(m.Difficulty, 1, 10) && in(m.Retention, 0, 1) &&
		in(m.Decay, 0, maxDecay) && between(m.LastReview, 0, maxSeconds)
}

func (k *checker) allReviews() error {
	cards := make(map[int64]bool, len(k.c.Cards))
	for i := range k.c.Cards {
		cards[k.c.Cards[i].ID] = true
	}
	for i := range k.c.Reviews {
		r := &k.c.Reviews[i]
		err := hold("review", r.ID,
			rule{i == 0 || k.c.Reviews[i-1].ID != r.ID, "the id is used twice"},
			rule{cards[r.Card], "it has an unknown card"},
		)
		if err := cmp.Or(err, checkReview(r)); err != nil {
			return err
		}
	}
	return nil
}

// checkReview checks what a row of the log says of itself.
func checkReview(r *Review) error {
	return hold("review", r.ID,
		rule{r.ID > 0, "the id is no time"},
		rule{between(r.Ease, 0, 4) && r.Kind >= Learned && r.Kind <= Rescheduled, "unknown rating or kind"},
		rule{between(r.Interval, -maxInt32, maxInt32) && between(r.LastInterval, -maxInt32, maxInt32), "impossible interval"},
		rule{between(r.Factor, 0, maxInt32) && between(r.Millis, 0, maxInt32), "impossible factor or time"},
	)
}

func (k *checker) allMedia() error {
	for i, m := range k.c.Media {
		what := "media " + show(m.Name)
		switch {
		case i > 0 && k.c.Media[i-1].Name == m.Name:
			return invalid(what, "the name is used twice")
		case m.Open == nil:
			return invalid(what, "nothing to read")
		case !goodMediaName(m.Name):
			return invalid(what, "Anki would rename it")
		}
	}
	return nil
}

// goodMediaName reports whether every Anki keeps the name on every system.
func goodMediaName(name string) bool {
	if name == "" || len(name) > 120 || !utf8.ValidString(name) || !norm.NFC.IsNormalString(name) {
		return false
	}
	if strings.ContainsAny(name, `[]<>:"/?*^\|`) || strings.ContainsFunc(name, func(c rune) bool { return c < ' ' || c >= 0x7f && c < 0xa0 }) {
		return false
	}
	if strings.HasSuffix(name, " ") || strings.HasSuffix(name, ".") {
		return false
	}
	stem, _, _ := strings.Cut(strings.ToLower(name), ".")
	return !isDevice(strings.TrimSpace(stem))
}

// isDevice reports whether Windows takes a name for a device.
func isDevice(stem string) bool {
	if len(stem) == 4 && (strings.HasPrefix(stem, "com") || strings.HasPrefix(stem, "lpt")) {
		return stem[3] >= '0' && stem[3] <= '9'
	}
	return slices.Contains([]string{"con", "prn", "aux", "nul"}, stem)
}
