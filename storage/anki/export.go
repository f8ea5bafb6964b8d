package anki

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"io/fs"
	"maps"
	"math"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"etch/deck"
	"etch/scheduler"
	"etch/storage"
	"etch/storage/anki/field"
)

// ExportOptions says what goes into a package.
type ExportOptions struct {
	Scheduler *scheduler.Scheduler // the settings that the states belong to
	Progress  bool                 // states and reviews, too; else every card is new
	Preset    bool                 // deck options made of the settings
}

// Export turns what the database holds into a collection for [Write]. The
// notes say what Anki will not have as it is here. An error names the card
// whose picture is missing, or the one at which the context ended.
//
// Nothing in it depends on the time of the export: equal content gives an
// equal collection.
func Export(ctx context.Context, content *storage.Content, opt ExportOptions) (c *Collection, notes []string, err error) {
	x := &exporter{
		opt: opt, content: content, types: make(map[int64]bool), defs: make(map[int64]*NoteType), names: make(map[string]bool), ids: make(map[int64]bool),
		decks: make(map[string]bool), odd: make(map[int]bool),
		media: make(map[string]Media), notes: make(map[string]int), simplified: make(map[string]int),
		c: &Collection{Created: epoch, HasWest: true, Rollover: opt.Scheduler.Calendar().Rollover, Scheduler: 2},
	}
	x.setEpoch()
	// A guid goes to the note that is etch's own, then to one that goes back as
	// it came, then to one that no longer fits what it came as.
	for _, take := range []func(int, *storage.ContentNote) error{x.own, x.imported, x.misfit} {
		x.order = 0
		for i := range content.Notes {
			err := ctx.Err()
			if err == nil {
				err = take(i, &content.Notes[i])
			}
			if err != nil {
				return nil, nil, fmt.Errorf("export card %s: %w", content.Notes[i].ID, err)
			}
			x.order += len(content.Notes[i].Cards)
		}
	}
	x.addDecks()
	if opt.Preset {
		x.c.Presets = append(x.c.Presets, presetOf(opt.Scheduler.Settings()))
	}
	for _, m := range x.media {
		x.c.Media = append(x.c.Media, m)
	}
	return x.c, x.summary(), nil
}

const (
	// epoch is 2026-11-24, 04:00 UTC: day 0 of a package without reviews.
	epoch int64 = 1795492800
	// presetID and firstDeck number what Anki tells apart within a file; a
	// preset keeps its id, so that a second import finds it.
	presetID  int64 = 1795478400201
	firstDeck int64 = 1795478401000
)

type exporter struct {
	opt     ExportOptions
	content *storage.Content
	c       *Collection
	day0    scheduler.Day // that Created lies in

	types map[int64]bool
	defs  map[int64]*NoteType // of imported notes; nil for one that cannot go back
	names map[string]bool     // of note types, in lower case
	ids   map[int64]bool      // of notes, fields and templates
	decks map[string]bool
	media map[string]Media
	notes map[string]int // index of a note by guid
	odd   map[int]bool   // by index: imported notes that do not fit their note type

	simplified map[string]int
	left       []string // cards that cannot be valid in Anki
	order      int      // of new cards: how many stand before the note
	cardDecks  []string // the deck of each card of c
}

// setEpoch lets day 0 be the study day of the first review, at the local hour
// at which it begins.
func (x *exporter) setEpoch() {
	var first *scheduler.Entry
	for i := range x.content.Notes {
		for _, card := range x.content.Notes[i].Cards {
			if len(card.Rows) > 0 && x.opt.Progress && (first == nil || card.Rows[0].At.Before(first.At)) {
				first = &card.Rows[0]
			}
		}
	}
	cal := x.opt.Scheduler.Calendar()
	if first == nil {
		x.day0 = scheduler.Calendar{Location: time.UTC}.Day(time.Unix(epoch, 0))
		return
	}
	x.day0 = first.Day
	start := cal.Start(x.day0)
	_, east := start.Zone()
	x.c.Created, x.c.West = start.Unix(), -east/60
}

func (x *exporter) summary() []string {
	var out []string
	for what, n := range x.simplified {
		out = append(out, fmt.Sprintf("%s (%d)", what, n))
	}
	if n := len(x.left); n > 0 {
		out = append(out, fmt.Sprintf("cards that cannot be valid in Anki are left out: %s (%d)", strings.Join(x.left[:min(n, examples)], ", "), n))
	}
	slices.Sort(out)
	return out
}

// original is an imported note as it came.
type original struct {
	Type   int64    `json:"type"`
	Mod    int64    `json:"mod"`
	Fields []string `json:"fields"`
	Tags   []string `json:"tags"`
}

// own takes a note that has no other form than etch's.
func (x *exporter) own(_ int, n *storage.ContentNote) error {
	if n.Fields != "" {
		return nil
	}
	return x.asOwn(n, n.GUID)
}

// imported takes a note that came from Anki, if it can go back to its note
// type; its siblings there are one note with it.
func (x *exporter) imported(i int, n *storage.ContentNote) error {
	if n.Fields == "" {
		return nil
	}
	from, t := x.origin(n)
	at, ok := x.notes[n.GUID]
	if t == nil || t.Cloze != (n.Kind == deck.Cloze) || !t.Cloze && n.Ord >= len(t.Templates) || ok && x.c.Notes[at].Type != t.ID {
		x.odd[i] = true
		return nil
	}
	if ok {
		x.cards(n, x.c.Notes[at].ID, n.Ord, t)
		return nil
	}
	note := x.newNote(n, n.GUID)
	if err := x.fromOriginal(&note, n, from, t); err != nil {
		return err
	}
	if checkNote(&note, t) != nil {
		x.odd[i] = true
		return nil
	}
	x.useType(*t)
	x.add(n, note, n.Ord, t)
	return nil
}

// misfit takes an imported note that its note type has no place for: as etch's
// own, or it would cost the whole export.
func (x *exporter) misfit(i int, n *storage.ContentNote) error {
	if !x.odd[i] {
		return nil
	}
	x.simplified["notes that do not fit their note type in Anki go out as notes of etch's own types"]++
	guid := n.GUID
	if _, taken := x.notes[guid]; taken || n.Ord > 0 {
		guid = storage.SiblingGUID(n.GUID, n.ID)
	}
	return x.asOwn(n, guid)
}

// deckName is where a post's cards go: one deck for each topic and post; an
// imported deck goes back to where it was.
func deckName(n *storage.ContentNote) string {
	levels := []string{"etch"}
	for _, level := range []string{n.Topic, n.Title} {
		level = deck.CleanLine(level)
		for strings.Contains(level, "::") { // ":::" has two
			level = strings.ReplaceAll(level, "::", ":")
		}
		levels = append(levels, level)
	}
	if n.Library == deck.KindAnki {
		levels = strings.Split(n.Title, "::")
	}
	for i := range levels {
		levels[i] = strings.TrimSpace(levels[i])
	}
	levels = slices.DeleteFunc(levels, func(level string) bool { return level == "" })
	return cmp.Or(strings.Join(levels, "::"), "Default")
}

// add adds a note with its cards, if there is one that Anki can have.
func (x *exporter) add(n *storage.ContentNote, note Note, ord int, t *NoteType) {
	if x.cards(n, note.ID, ord, t) {
		x.notes[note.GUID] = len(x.c.Notes)
		x.c.Notes = append(x.c.Notes, note)
	}
}

func (x *exporter) newNote(n *storage.ContentNote, guid string) Note {
	note := Note{ID: n.AnkiID, GUID: guid, Mod: max(0, n.Changed.Unix()), Tags: tagsOf(n)}
	for x.ids[note.ID] {
		note.ID++
	}
	x.ids[note.ID] = true
	return note
}

// asOwn adds a note as one of etch's own types.
func (x *exporter) asOwn(n *storage.ContentNote, guid string) error {
	note := x.newNote(n, guid)
	id, front := BasicTypeID, ""
	if n.Kind == deck.Cloze {
		id, front = ClozeTypeID, clozeHTML(n)
	} else {
		front = field.HTML(n.Front)
	}
	t := x.noteType(id)
	note.Type = id
	note.Fields = []string{front, field.HTML(n.Back), field.HTML(n.Takeaway), html.EscapeString(n.Source), html.EscapeString(n.AsOf), html.EscapeString(string(n.ID))}
	if err := x.pictures(&note, n.Folder); err != nil {
		return err
	}
	if checkNote(&note, t) != nil {
		for _, card := range n.Cards {
			x.left = append(x.left, string(card.ID))
		}
		return nil
	}
	x.useType(*t)
	x.add(n, note, 0, t)
	return nil
}

// clozeHTML numbers each deletion as the cards that hide it are numbered.
func clozeHTML(n *storage.ContentNote) string {
	ords := make(map[int]int)
	for _, card := range n.Cards {
		ords[card.Pos] = card.Ord
	}
	deletions := deck.Deletions(n.Front)
	return field.ClozeHTML(n.Front, func(i int) ([]int, string) {
		var numbers []int
		for _, card := range deletions[i].Cards {
			if ord, ok := ords[card]; ok {
				numbers = append(numbers, ord+1)
			}
		}
		return numbers, deletions[i].Hint
	})
}

// origin returns an imported note as it came and its note type; none where it
// is not known, is not valid in Anki, or has other fields than the note.
func (x *exporter) origin(n *storage.ContentNote) (from original, t *NoteType) {
	if json.Unmarshal([]byte(n.Fields), &from) != nil {
		return from, nil
	}
	if t = x.noteType(from.Type); t != nil && len(from.Fields) != len(t.Fields) {
		t = nil
	}
	return from, t
}

func (x *exporter) noteType(id int64) *NoteType {
	t, ok := x.defs[id]
	if !ok {
		t = x.definition(id)
		x.defs[id] = t
	}
	return t
}

func (x *exporter) definition(id int64) *NoteType {
	var t NoteType
	switch id {
	case BasicTypeID:
		t = BasicType()
	case ClozeTypeID:
		t = ClozeType()
	default:
		if json.Unmarshal([]byte(x.content.Types[id]), &t) != nil || t.ID != id {
			return nil
		}
	}
	if checkType(&t) != nil || checkParts(&t, map[int64]bool{}, map[int64]bool{}) != nil {
		return nil
	}
	return &t
}

// fromOriginal gives an imported note back as it came. Where its text was
// edited here since, its first two fields are written anew.
func (x *exporter) fromOriginal(note *Note, n *storage.ContentNote, from original, t *NoteType) error {
	note.Type, note.Fields = from.Type, from.Fields
	if n.Changed.Unix() == from.Mod {
		note.Tags = from.Tags
		return x.pictures(note, "")
	}
	if slices.Equal(slices.Sorted(slices.Values(from.Tags)), slices.Sorted(slices.Values(n.Tags))) {
		note.Tags = from.Tags
	}
	front, back := editPlaces(t, from.Fields)
	question, answer, _ := sides(t, &Note{Fields: slices.Clone(from.Fields)}, 0)
	switch {
	case n.Ord > 0 || len(t.Templates) > 1 || front < 0 || back < 0 && n.Back != "":
		x.simplified["edits of cards with several fields on a side, or several templates, stay here"]++
		return x.pictures(note, "")
	case n.Kind == deck.Cloze:
		note.Fields[front] = clozeHTML(n)
	case !readsAs(question, n.Front):
		note.Fields[front] = field.HTML(n.Front)
	}
	if back >= 0 && !readsAs(answer, n.Back) {
		note.Fields[back] = field.HTML(n.Back)
	}
	return x.pictures(note, "")
}

// readsAs reports whether a side that came as HTML still has its text.
func readsAs(html, text string) bool {
	was, _ := field.Markdown(html)
	return deck.Normalise(was) == deck.Normalise(text)
}

// editPlaces returns the field that alone makes up each side of a note's
// cards, or -1 where there is none.
func editPlaces(t *NoteType, fields []string) (front, back int) {
	if t.ID == BasicTypeID || t.ID == ClozeTypeID {
		return 0, 1
	}
	probe := Note{Fields: make([]string, len(fields))}
	for i, text := range fields {
		if !isEmpty(text) {
			probe.Fields[i] = fmt.Sprintf("{{c1::field %d.}}", i)
		}
	}
	q, a, simple := sides(t, &probe, 0)
	front, back = -1, -1
	for i, text := range probe.Fields {
		switch {
		case text == "" || !simple:
		case shown(q) == text:
			front = i
		case shown(a) == text:
			back = i
		}
	}
	if front >= 0 && back < 0 && shown(a) == "" { // a side that was empty
		for i, text := range fields {
			if text == "" && i != front {
				probe.Fields[i] = "empty"
				if _, a, _ := sides(t, &probe, 0); shown(a) == "empty" {
					return front, i
				}
				probe.Fields[i] = ""
			}
		}
	}
	return front, back
}

func shown(side string) string { return strings.TrimSpace(stripped(side)) }

func (x *exporter) useType(t NoteType) {
	if x.types[t.ID] {
		return
	}
	x.types[t.ID] = true
	for _, name := range t.media() {
		x.addKept(name)
	}
	for x.names[strings.ToLower(t.Name)] { // two collections may have one each
		t.Name += "+"
	}
	x.names[strings.ToLower(t.Name)] = true
	t.Fields, t.Templates = slices.Clone(t.Fields), slices.Clone(t.Templates)
	for i := range t.Fields {
		t.Fields[i].ID = x.freeID(t.Fields[i].ID)
	}
	for i := range t.Templates {
		t.Templates[i].ID = x.freeID(t.Templates[i].ID)
	}
	x.c.NoteTypes = append(x.c.NoteTypes, t)
}

// freeID returns an id of a field or a template, or 0 for none if it is that
// of another.
func (x *exporter) freeID(id int64) int64 {
	if x.ids[id] {
		return 0
	}
	x.ids[id] = id != 0
	return id
}

// tagsOf writes tags as Anki has them, without blanks, and type and tier with
// them.
func tagsOf(n *storage.ContentNote) []string {
	tags := slices.Clone(n.Tags)
	if n.Type != "" {
		tags = append(tags, "type::"+string(n.Type))
	}
	if n.Library != deck.KindAnki && n.Tier != "" {
		tags = append(tags, "tier::"+string(n.Tier))
	}
	for i, t := range tags {
		tags[i] = strings.Join(strings.Fields(deck.CleanLine(t)), "_")
	}
	slices.Sort(tags)
	return slices.Compact(slices.DeleteFunc(tags, func(t string) bool { return t == "" }))
}

var (
	picture = regexp.MustCompile(`(<(?i:img|audio|video|object|source)\b[^>]*?\s(?i:src|data)\s*=\s*)("[^"]*"|'[^']*'|[^\s"'>]+)`)
	sound   = regexp.MustCompile(`\[sound:([^\]\n]+)\]`)
)

// pictures adds the files that a note refers to. Those of a folder's posts are
// renamed after their contents, so that a changed picture changes the field.
func (x *exporter) pictures(note *Note, folder string) error {
	for i, text := range note.Fields {
		var failed error
		note.Fields[i] = picture.ReplaceAllStringFunc(text, func(tag string) string {
			m := picture.FindStringSubmatch(tag)
			name := html.UnescapeString(strings.Trim(m[2], `"'`))
			if name == "" || strings.Contains(name, ":") {
				return tag // somewhere else, or nothing
			}
			if folder == "" {
				x.addKept(name)
				return tag
			}
			renamed, changed, err := x.addFile(folder, name)
			failed = errors.Join(failed, err)
			if changed > note.Mod && changed < 1<<32 {
				note.Mod = changed // its new name is a change that no post tells
			}
			return m[1] + `"` + html.EscapeString(renamed) + `"`
		})
		if failed != nil {
			return failed
		}
		for _, m := range sound.FindAllStringSubmatch(text, -1) {
			if folder == "" {
				x.addKept(html.UnescapeString(m[1]))
			}
		}
	}
	return nil
}

// addKept adds a file that came with an import. One that was missing then is
// missing still.
func (x *exporter) addKept(name string) {
	path, ok := x.content.Media[name]
	if !ok {
		return
	}
	if !goodMediaName(name) {
		x.simplified["media files have names that Anki does not take"]++
		return
	}
	info, err := os.Stat(path)
	if err != nil {
		x.simplified["media files are missing"]++
		return
	}
	x.media[name] = Media{Name: name, Size: info.Size(), Open: func() (io.ReadCloser, error) { return os.Open(path) }}
}

// maxPicture is what Anki's server takes of one file.
const maxPicture = 100 << 20

// addFile adds a picture beside a post. changed is in unix seconds.
func (x *exporter) addFile(folder, name string) (renamed string, changed int64, err error) {
	root, err := os.OpenRoot(folder)
	if err != nil {
		return "", 0, err
	}
	defer root.Close()
	path := filepath.FromSlash(name)
	f, err := root.Open(path)
	if plain, bad := url.PathUnescape(name); errors.Is(err, fs.ErrNotExist) && bad == nil && plain != name {
		path = filepath.FromSlash(plain) // written as an address, with %20 for a blank
		f, err = root.Open(path)
	}
	if err != nil {
		return "", 0, fmt.Errorf("open its picture: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return "", 0, fmt.Errorf("open its picture: %w", err)
	}
	hash := sha256.New()
	size, err := io.Copy(hash, io.LimitReader(f, maxPicture+1))
	if err != nil {
		return "", 0, fmt.Errorf("read its picture %s: %w", name, err)
	}
	if size > maxPicture {
		return "", 0, fmt.Errorf("its picture %s is over 100 MiB", name)
	}
	renamed = "etch-" + hex.EncodeToString(hash.Sum(nil)[:8]) + strings.ToLower(filepath.Ext(path))
	full := filepath.Join(folder, path)
	x.media[renamed] = Media{Name: renamed, Size: size, Open: func() (io.ReadCloser, error) { return os.Open(full) }}
	return renamed, info.ModTime().Unix(), nil
}

// addDecks numbers the decks and those above them, and puts the cards there.
func (x *exporter) addDecks() {
	names := make(map[string]string) // by what Anki compares
	add := func(name string) {
		key := strings.ToLower(name)
		if other, ok := names[key]; !ok || name < other {
			names[key] = name
		}
	}
	for name := range x.decks {
		for at := 0; ; {
			i := strings.Index(name[at:], "::")
			if i < 0 {
				break
			}
			add(name[:at+i])
			at += i + 2
		}
		add(name)
	}
	sorted := slices.Sorted(maps.Keys(names))
	preset := int64(1)
	if x.opt.Preset {
		preset = presetID
	}
	ids := make(map[string]int64)
	for i, key := range sorted {
		ids[key] = firstDeck + int64(i)
		if key == "default" {
			ids[key] = 1 // Anki always has it
		}
		x.c.Decks = append(x.c.Decks, Deck{ID: ids[key], Name: names[key], Preset: preset})
	}
	for i := range x.c.Cards {
		x.c.Cards[i].Deck = ids[strings.ToLower(x.cardDecks[i])]
	}
}

func presetOf(set scheduler.Settings) Preset {
	minutes := func(steps []time.Duration) []float64 {
		out := []float64{}
		for _, s := range steps {
			out = append(out, s.Minutes())
		}
		return out
	}
	return Preset{
		ID: presetID, Name: "etch", Mod: noteTypeMod,
		LearningSteps: minutes(set.LearningSteps), RelearningSteps: minutes(set.RelearningSteps),
		NewPerDay: set.NewPerDay, ReviewsPerDay: set.ReviewsPerDay, MaximumInterval: set.MaximumInterval,
		LeechThreshold: set.LeechThreshold, BurySiblings: set.BurySiblings,
		Weights: set.Weights, DesiredRetention: set.Retention,
	}
}

// cards adds the cards of a note and reports whether there are any. ord is that
// of a card which is no cloze.
func (x *exporter) cards(n *storage.ContentNote, note int64, ord int, t *NoteType) (added bool) {
	name := deckName(n)
	for i := range n.Cards {
		from := &n.Cards[i]
		if n.Kind == deck.Cloze {
			ord = from.Ord
		}
		reviews := len(x.c.Reviews)
		card := x.card(n, from, Card{ID: from.AnkiID, Note: note, Ord: ord, Due: int64(x.order + i + 1), Pos: -1})
		if n.Kind != deck.Cloze && i > 0 || checkCard(&card, t) != nil {
			x.left = append(x.left, string(from.ID))
			x.c.Reviews = x.c.Reviews[:reviews]
			continue
		}
		added = true
		x.decks[name] = true
		x.c.Cards = append(x.c.Cards, card)
		x.cardDecks = append(x.cardDecks, name)
	}
	return added
}

// card returns a card, and adds its reviews if they are asked for.
func (x *exporter) card(n *storage.ContentNote, from *storage.ContentCard, card Card) Card {
	card.Mod = max(0, from.AnkiID/1000)
	m := from.Memory
	if x.opt.Progress {
		card.Mod = max(card.Mod, n.Changed.Unix())
		if len(from.Rows) > 0 {
			card.Mod = max(card.Mod, from.Rows[len(from.Rows)-1].At.Unix())
		}
		last := x.reviews(from)
		x.state(&card, m, last)
		if m.Suspended {
			card.Queue = Suspended
		}
		if m.Flag != "" {
			card.Flag = 1
		}
	}
	return card
}

// lastDue bounds a due day. Anki's Check Database takes one after 100,000 for
// damaged, counted from the first day of a collection, which may be decades
// before that of the package.
const lastDue = 90_000

// state writes where a card stands.
func (x *exporter) state(card *Card, m scheduler.Memory, last int64) {
	if m.State == scheduler.New {
		return
	}
	card.Pos = int(card.Due)
	card.Reps, card.Lapses = m.Reps, m.Lapses
	card.Interval = max(0, m.Interval)
	set := x.opt.Scheduler.Settings()
	switch m.State {
	case scheduler.Review:
		card.State, card.Queue = Reviewing, ReviewQueue
		card.Interval = max(1, card.Interval)
		card.Due = int64(m.DueDay - x.day0)
		card.Factor = 2500
	case scheduler.Learning:
		card.State, card.Left = Learning, max(1, len(set.LearningSteps)-m.Step)
	default:
		card.State, card.Left = Relearning, max(1, len(set.RelearningSteps)-m.Step)
		card.Interval, card.Factor = max(1, card.Interval), 2500
	}
	if m.State != scheduler.Review {
		card.Queue, card.Due = LearnQueue, m.DueAt.Unix()
		// Anki moves the day numbers of a file to its own day 0, but not that of a
		// suspended card in a step.
		if day := x.opt.Scheduler.Day(m.DueAt); day > m.LastDay && !m.Suspended {
			card.Queue, card.Due = DayLearnQueue, int64(day-x.day0)
		}
	}
	latest := int64(lastDue)
	if card.State != Reviewing && card.Queue != DayLearnQueue {
		latest = math.MaxInt32
	}
	if card.Due > latest {
		card.Due = latest
		x.simplified["due dates too far ahead for Anki are nearer there"]++
	}
	weights := set.Weights
	decay := 0.5
	if len(weights) == 21 {
		decay = weights[20]
	}
	memory := &Memory{Stability: m.Stability, Difficulty: m.Difficulty, Retention: set.Retention, Decay: decay, LastReview: max(0, cmp.Or(last, m.Last.Unix()))}
	if memory.readable() { // else Anki computes it from the reviews
		card.Memory = memory
	}
}

// reviews writes a card's log and returns the time of the last answer, in unix
// seconds, 0 if there is none, and -1 if there is none since the card was
// forgotten: then Anki knows of no last review.
func (x *exporter) reviews(from *storage.ContentCard) (last int64) {
	interval := 0
	for _, e := range from.Rows {
		r := Review{ID: e.AnkiID, Card: from.AnkiID, Interval: e.Then.Interval, LastInterval: interval}
		switch e.Kind {
		case scheduler.Rate:
			r.Ease, r.Factor = int(e.Rating), factorOf(e.Then.Difficulty)
			r.Millis = int(min(e.Took.Milliseconds(), 60_000))
			r.Kind = kindOf(e.Before.State)
			last = e.AnkiID / 1000
		case scheduler.Forget:
			r.Kind, r.Interval = Manual, 0
			last = -1
		case scheduler.SetDue:
			r.Kind, r.Factor = Manual, cmp.Or(factorOf(e.Then.Difficulty), 100)
		default:
			continue
		}
		interval = r.Interval
		if checkReview(&r) != nil {
			x.simplified["reviews that cannot be valid in Anki are left out"]++
			continue
		}
		x.c.Reviews = append(x.c.Reviews, r)
	}
	return last
}

// kindOf is what Anki calls an answer by the state before it.
func kindOf(before scheduler.State) ReviewKind {
	switch before {
	case scheduler.Review:
		return Reviewed
	case scheduler.Relearning:
		return Relearned
	}
	return Learned
}

// factorOf packs a difficulty of 1..10 as Anki's log does: 100..1100.
func factorOf(difficulty float64) int {
	if difficulty < 1 {
		return 0
	}
	return int(math.Round(((difficulty-1)/9 + 0.1) * 1000))
}
