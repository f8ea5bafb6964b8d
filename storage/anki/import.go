package anki

import (
	"context"
	"encoding/json"
	"fmt"
	"html"
	"maps"
	"math"
	"regexp"
	"slices"
	"strings"
	"time"

	"etch/deck"
	"etch/scheduler"
	"etch/storage"
	"etch/storage/anki/field"
)

// ImportOptions says what is taken from a collection.
type ImportOptions struct {
	Scheduler *scheduler.Scheduler
	Progress  bool              // states and reviews, too
	Renamed   map[string]string // media that had to get another name
	Here      *storage.Content  // of a text file: what its rows may be of; nil for a package
}

// Import turns a collection into what the database takes. problems tells what
// was left out or made simpler, and how often.
//
// A card of a note type with several templates becomes a note of its own. A
// review keeps its time; its study day is counted in the scheduler's zone with
// the collection's rollover. The error is the context's.
func Import(ctx context.Context, c *Collection, opt ImportOptions) (in storage.Incoming, problems []Problem, err error) {
	im := newIncoming(ctx, c, opt)
	if err := im.run(); err != nil {
		return storage.Incoming{}, nil, fmt.Errorf("import notes: %w", err)
	}
	return im.out, im.problems, nil
}

func newIncoming(ctx context.Context, c *Collection, opt ImportOptions) *incoming {
	return &incoming{
		ctx: ctx, c: c, opt: opt, left: maxAllDrawn, types: make(map[int64]*NoteType), decks: make(map[int64]*Deck),
		cards: make(map[int64][]*Card), reviews: make(map[int64][]*Review), at: make(map[string]int), whys: make(map[string]int),
	}
}

func (im *incoming) run() error {
	if im.opt.Here != nil {
		if err := im.readTable(); err != nil {
			return err
		}
	}
	im.index()
	if im.opt.Progress && !im.hasProgress() {
		im.opt.Progress = false
		if len(im.c.Cards) > 0 {
			im.problems = append(im.problems, Problem{Why: "the package has no progress: tick 'Include scheduling information' in Anki's export dialog", Skipped: true, Count: 1})
		}
	}
	for i := range im.c.Notes {
		if err := im.ctx.Err(); err != nil {
			return err
		}
		im.note(&im.c.Notes[i])
	}
	im.tellWeights()
	return im.ctx.Err()
}

// hasProgress reports whether anything was ever done to a card: an export
// without scheduling has new cards alone, without the marks that they have in
// Anki.
func (im *incoming) hasProgress() bool {
	return len(im.c.Reviews) > 0 || slices.ContainsFunc(im.c.Cards, func(c Card) bool { return c.State != New || c.Queue == Suspended || c.Flag > 0 })
}

// maxAllDrawn bounds the sides of all cards together, in bytes: twice what the
// fields of a package may have. Templates can make far more of them than fits
// into memory.
const maxAllDrawn = 1 << 30

// incoming is one collection on its way into the database.
type incoming struct {
	ctx      context.Context
	c        *Collection
	opt      ImportOptions
	left     int // of maxAllDrawn
	calendar scheduler.Calendar
	day0     scheduler.Day // of Collection.Created

	types   map[int64]*NoteType
	decks   map[int64]*Deck
	cards   map[int64][]*Card   // of each note
	reviews map[int64][]*Review // of each card, oldest first

	rows map[int64]*tableRow // of a text file, by note: those of notes that are here

	out      storage.Incoming
	at       map[string]int // index of a deck by name
	problems []Problem
	whys     map[string]int
}

func (im *incoming) index() {
	c := im.c
	for i := range c.NoteTypes {
		im.types[c.NoteTypes[i].ID] = &c.NoteTypes[i]
	}
	for i := range c.Decks {
		im.decks[c.Decks[i].ID] = &c.Decks[i]
	}
	for i := range c.Cards {
		im.cards[c.Cards[i].Note] = append(im.cards[c.Cards[i].Note], &c.Cards[i])
	}
	for i := range c.Reviews {
		if i%1024 == 0 && im.ctx.Err() != nil {
			return // as Import will
		}
		if id := c.Reviews[i].ID; id <= 0 || id/1000 > lastSecond {
			im.tell(true, "reviews with an impossible time: left out", fmt.Sprint(id))
			continue
		}
		im.reviews[c.Reviews[i].Card] = append(im.reviews[c.Reviews[i].Card], &c.Reviews[i])
	}
	for _, rows := range im.reviews {
		slices.SortFunc(rows, func(a, b *Review) int { return int(a.ID - b.ID) })
	}
	im.calendar = scheduler.Calendar{Location: im.opt.Scheduler.Calendar().Location, Rollover: c.Rollover}
	zone := im.calendar.Location
	if c.HasWest {
		zone = time.FixedZone("", -c.West*60)
	}
	im.day0 = scheduler.Calendar{Location: zone}.Day(time.Unix(c.Created, 0)) // its civil date, whatever the hour
	im.out.Types = make(map[int64]string)
}

// tellWeights says which weights are left in Anki: etch has one set for all
// cards, and does not change it behind the user's back. Anki's are of 32 bits.
func (im *incoming) tellWeights() {
	ours := im.opt.Scheduler.Settings().Weights
	same := func(a, b float64) bool { return math.Abs(a-b) < 1e-4 }
	for _, p := range im.c.Presets {
		if im.opt.Progress && len(p.Weights) > 0 && !slices.EqualFunc(p.Weights, ours, same) {
			im.tell(true, "presets with FSRS weights of their own: 'etch config weights' sets those of all cards", p.Name)
		}
	}
}

// lastSecond and lastDay bound what a calendar is asked for: the year 2242, and
// as many days from day 0 as that is.
const lastSecond, lastDay = 1 << 33, 100_000

func second(t int64) time.Time { return time.Unix(min(max(t, 0), lastSecond), 0).UTC() }

// tell counts something that was simplified, or left out.
func (im *incoming) tell(skipped bool, why, example string) {
	i, ok := im.whys[why]
	if !ok {
		i = len(im.problems)
		im.whys[why] = i
		im.problems = append(im.problems, Problem{Why: why, Skipped: skipped})
	}
	p := &im.problems[i]
	p.Count++
	if len(p.Examples) < examples {
		p.Examples = append(p.Examples, show(example))
	}
}

func (im *incoming) note(n *Note) {
	t := im.types[n.Type]
	cards := im.cards[n.ID]
	if row := im.rows[n.ID]; row != nil && len(cards) > 0 {
		if row.same {
			im.sameRow(n, row, cards[0])
			return
		}
		t, cards = row.noteType, row.cards(cards[0])
	}
	if t == nil {
		im.tell(true, "notes of an unknown type: left out", n.Fields[0])
		return
	}
	if len(cards) == 0 {
		im.tell(true, "notes without a card: left out", n.Fields[0])
		return
	}
	slices.SortFunc(cards, func(a, b *Card) int { return a.Ord - b.Ord })
	fields, err := json.Marshal(original{Type: n.Type, Mod: n.Mod, Fields: im.renamed(n.Fields), Tags: slices.Concat([]string{}, n.Tags)})
	if err != nil {
		im.tell(true, "notes that cannot be kept as they are: left out", n.Fields[0])
		return
	}
	im.keepType(t)
	guid := n.GUID
	if guid == "" {
		guid = textGUID(t.Name, n.Fields[0])
	}
	base := storage.IncomingNote{GUID: guid, Ords: im.ords(t), AnkiID: n.ID, Mod: second(n.Mod), Tags: n.Tags, Fields: string(fields)}
	if t.Cloze {
		im.cloze(t, n, cards, base)
		return
	}
	own := ownTemplate(t)
	for _, card := range cards {
		if im.ctx.Err() != nil {
			return // as Import will
		}
		base.Ord = card.Ord
		switch {
		case own >= 0 && card.Ord != own: // it would be a second note of a card that has its post here
			im.tell(true, "cards of templates that were added to etch's own note types: left out", n.Fields[0])
			continue
		case own >= 0:
			base.Ord = 0
		}
		im.basic(t, n, card, base)
	}
}

// ords returns how many notes here a note of a type can become. A text file
// does not say what templates there are.
func (im *incoming) ords(t *NoteType) int {
	switch {
	case im.c.Created == 0:
		return 0
	case t.Cloze || ownTemplate(t) >= 0:
		return 1
	}
	return len(t.Templates)
}

func (im *incoming) keepType(t *NoteType) {
	if im.out.Types[t.ID] != "" || im.opt.Here != nil { // a table has none
		return
	}
	if def, err := json.Marshal(im.renamedType(t)); err == nil {
		im.out.Types[t.ID] = string(def)
	}
}

// renamed writes the new names of media into fields.
func (im *incoming) renamed(fields []string) []string {
	if len(im.opt.Renamed) == 0 {
		return fields
	}
	out := slices.Clone(fields)
	for i := range out {
		out[i] = im.rename(out[i])
	}
	return out
}

func (im *incoming) rename(text string) string {
	text = picture.ReplaceAllStringFunc(text, func(tag string) string {
		m := picture.FindStringSubmatch(tag)
		if name, ok := im.opt.Renamed[html.UnescapeString(strings.Trim(m[2], `"'`))]; ok {
			return m[1] + `"` + html.EscapeString(name) + `"`
		}
		return tag
	})
	return sound.ReplaceAllStringFunc(text, func(tag string) string {
		if name, ok := im.opt.Renamed[html.UnescapeString(sound.FindStringSubmatch(tag)[1])]; ok {
			return "[sound:" + html.EscapeString(name) + "]"
		}
		return tag
	})
}

// sides returns what a card shows, with the new names of media. ok is false if
// there is no room left for it.
func (im *incoming) sides(t *NoteType, n *Note, ord int) (front, back string, ok bool) {
	renamed := *n
	renamed.Fields = im.renamed(n.Fields)
	front, back, simple := sides(t, &renamed, ord)
	if im.left -= len(front) + len(back); im.left < 0 {
		im.tell(true, "cards after the first 1 GiB of text: left out", t.Name)
		return "", "", false
	}
	if !simple {
		im.tell(false, "note types with special templates: first field and the rest", t.Name)
	}
	return front, back, true
}

// occlusion matches a deletion of a part of a picture.
var occlusion = regexp.MustCompile(`\{\{c[0-9,]+::image-occlusion:`)

// cloze takes a cloze note: one note here as there.
func (im *incoming) cloze(t *NoteType, n *Note, cards []*Card, base storage.IncomingNote) {
	if slices.ContainsFunc(n.Fields, occlusion.MatchString) { // shapes over a picture, which no terminal shows
		im.tell(true, "image occlusion notes: left out", n.Fields[0])
		return
	}
	front, back, ok := im.sides(t, n, cards[0].Ord)
	if !ok {
		return
	}
	text, lost, err := field.ClozeMarkdown(front)
	if err != nil {
		im.tell(true, "cloze notes without a deletion: left out", front)
		return
	}
	extra, more := field.Markdown(back)
	im.simplified(slices.Concat(lost, more), front)
	im.asRow(&base, n, ClozeTypeID, front, back)
	base.Text = "C: " + text
	if strings.TrimSpace(extra) != "" {
		base.Text += "\n\nA: " + extra
	}
	for _, card := range cards {
		base.Cards = append(base.Cards, im.card(card, card.Ord))
	}
	im.add(cards[0], base)
}

// basic takes one card of a note.
func (im *incoming) basic(t *NoteType, n *Note, card *Card, base storage.IncomingNote) {
	front, back, ok := im.sides(t, n, card.Ord)
	if !ok {
		return
	}
	question, lost := field.Markdown(front)
	answer, more := field.Markdown(back)
	im.simplified(slices.Concat(lost, more), front)
	if strings.TrimSpace(question) == "" {
		im.tell(true, "cards without a question: left out", back)
		return
	}
	if strings.TrimSpace(answer) == "" {
		answer = `\-`
	}
	im.asRow(&base, n, BasicTypeID, front, back)
	base.Text = "Q: " + question + "\n\nA: " + answer
	base.Cards = []storage.IncomingCard{im.card(card, 0)}
	im.add(card, base)
}

func (im *incoming) simplified(notes []string, example string) {
	for _, n := range notes {
		im.tell(false, n, example)
	}
}

// add puts a note into its deck: the one where it is at home.
func (im *incoming) add(card *Card, n storage.IncomingNote) {
	id := card.Deck
	if card.HomeDeck != 0 {
		id = card.HomeDeck
	}
	name := "Default"
	if d := im.decks[id]; d != nil && deck.CleanLine(d.Name) != "" {
		name = d.Name
	}
	i, ok := im.at[name]
	if !ok {
		i = len(im.out.Decks)
		im.at[name] = i
		im.out.Decks = append(im.out.Decks, storage.IncomingDeck{Name: name})
	}
	im.out.Decks[i].Notes = append(im.out.Decks[i].Notes, n)
}

// card takes a card and, if they are wanted, its reviews and state. ord is
// that of the card here.
func (im *incoming) card(card *Card, ord int) storage.IncomingCard {
	out := storage.IncomingCard{Ord: ord, AnkiID: card.ID}
	if !im.opt.Progress {
		return out
	}
	h := &cardHistory{im: im, card: card}
	out.Rows = h.rows(im.reviews[card.ID])
	out.Moved = h.moved()
	out.Marks = &storage.Marks{At: second(card.Mod), Suspended: card.Queue == Suspended}
	if card.Flag > 0 {
		out.Marks.Flag = fmt.Sprintf("flag %d in Anki", card.Flag)
	}
	return out
}

// cardHistory turns one card's reviews into rows.
type cardHistory struct {
	im   *incoming
	card *Card
	out  []scheduler.Entry
}

// rows returns what the log says of a card, and a row with its state where the
// log does not lead there.
func (h *cardHistory) rows(reviews []*Review) []scheduler.Entry {
	h.out = make([]scheduler.Entry, 0, len(reviews)+1)
	start, whole := firstRun(reviews)
	state := scheduler.New
	for i, r := range reviews {
		if i == start && whole && i > 0 && !slices.ContainsFunc(reviews[:i], isReset) {
			h.add(r.ID-1, "reset", scheduler.Entry{Kind: scheduler.Forget})
			state = scheduler.New
		}
		state = h.review(r, state, follower(reviews[i+1:]))
	}
	if h.card.State == New {
		if n := len(h.out); n > 0 && h.out[n-1].Kind != scheduler.Forget { // reset by an Anki that did not say so
			h.add(h.out[n-1].At.UnixMilli()+1, "reset", scheduler.Entry{Kind: scheduler.Forget})
		}
		return h.out
	}
	last := h.lastRating()
	if last != nil {
		last.Then = h.decision(last.At)
		h.follow(last)
	}
	if last == nil || !whole {
		h.seed()
	}
	return h.out
}

// firstRun returns where the history that counts begins, as FSRS in Anki has
// it: at the first of the last run of answers to a new card. whole is false if
// there is none: then the log was cut off.
func firstRun(reviews []*Review) (start int, whole bool) {
	for i := len(reviews) - 1; i >= 0; i-- {
		if isReset(reviews[i]) {
			break
		}
		if isRated(reviews[i]) && reviews[i].Kind == Learned {
			start, whole = i, true
		} else if whole && isRated(reviews[i]) {
			break
		}
	}
	return start, whole
}

// follower returns the next answer, or nil if there is none before a reset.
func follower(reviews []*Review) *Review {
	for _, r := range reviews {
		switch {
		case isReset(r):
			return nil
		case isRated(r):
			return r
		}
	}
	return nil
}

func isRated(r *Review) bool {
	return r.Ease >= 1 && r.Ease <= 4 && !(r.Kind == Early && r.Factor == 0)
}

func isReset(r *Review) bool { return r.Ease == 0 && r.Kind == Manual && r.Factor == 0 }

// review adds the row of one review and returns the state after it. next is
// the answer that follows: what it was given on is the state after this one,
// for a step of a day or more looks like the first interval of a review.
func (h *cardHistory) review(r *Review, before scheduler.State, next *Review) scheduler.State {
	at := time.UnixMilli(r.ID).UTC()
	day := h.im.calendar.Day(at)
	interval := min(r.Interval, lastDay)
	switch {
	case isReset(r):
		h.add(r.ID, "", scheduler.Entry{Kind: scheduler.Forget})
		return scheduler.New
	case !isRated(r):
		// The interval of a card that was in a step is 0.
		if r.Ease == 0 && (r.Kind == Manual || r.Kind == Rescheduled) && interval >= 0 && before != scheduler.New {
			interval = max(1, interval)
			h.add(r.ID, "", scheduler.Entry{Kind: scheduler.SetDue, Then: scheduler.Decision{
				State: scheduler.Review, Interval: interval, DueDay: day + scheduler.Day(interval),
			}})
			return scheduler.Review
		}
		return before
	}
	then := scheduler.Decision{Interval: interval, Difficulty: difficultyOf(r.Factor), State: stateAfter(r, next)}
	switch {
	case then.State == scheduler.Review:
		then.Interval = max(1, interval)
		then.DueDay = day + scheduler.Day(then.Interval)
	case interval > 0:
		then.DueAt = h.im.calendar.Start(day + scheduler.Day(interval)).UTC()
		then.Interval = -int(max(1, then.DueAt.Sub(at)/time.Second))
	default:
		then.DueAt = at.Add(time.Duration(-int64(interval)) * time.Second)
	}
	state := before
	switch {
	case r.Kind == Relearned:
		state = scheduler.Relearning
	case r.Kind != Learned:
		state = scheduler.Review
	case state != scheduler.New:
		state = scheduler.Learning
	}
	h.add(r.ID, "", scheduler.Entry{
		Kind: scheduler.Rate, Rating: scheduler.Rating(r.Ease), Took: time.Duration(max(0, min(r.Millis, 600_000))) * time.Millisecond,
		Before: scheduler.Belief{State: state}, Then: then,
	})
	return then.State
}

// stateAfter is the state that an answer led to.
func stateAfter(r, next *Review) scheduler.State {
	switch {
	case next != nil && next.Kind == Learned:
		return scheduler.Learning
	case next != nil && next.Kind == Relearned:
		return scheduler.Relearning
	case next != nil || r.Interval > 0:
		return scheduler.Review
	case r.Kind == Learned:
		return scheduler.Learning
	}
	return scheduler.Relearning
}

// add completes a row and appends it. Its id depends on Anki's alone, so that
// the same package brings the same rows.
func (h *cardHistory) add(ms int64, what string, e scheduler.Entry) {
	e.ID = fmt.Sprintf("anki:%d:%d", h.card.ID, ms)
	if what != "" {
		e.ID += ":" + what
	} else {
		e.AnkiID = ms
	}
	e.Act, e.Source = e.ID, scheduler.FromAnki
	e.At = time.UnixMilli(ms).UTC()
	e.Day = h.im.calendar.Day(e.At)
	_, offset := e.At.In(h.im.calendar.Location).Zone()
	e.Zone = offset / 60
	h.out = append(h.out, e)
}

// lastRating returns the row of the last answer that counts.
func (h *cardHistory) lastRating() *scheduler.Entry {
	for i := len(h.out) - 1; i >= 0; i-- {
		switch h.out[i].Kind {
		case scheduler.Rate:
			return &h.out[i]
		case scheduler.Forget:
			return nil
		}
	}
	return nil
}

// decision is where the card stands in Anki.
func (h *cardHistory) decision(last time.Time) scheduler.Decision {
	card := h.card
	d := scheduler.Decision{State: scheduler.State(card.State), Interval: card.Interval}
	if card.Memory != nil && canGoOn(card.Memory) {
		d.Stability, d.Difficulty = card.Memory.Stability, card.Memory.Difficulty
	}
	due := card.Due
	if card.HomeDeck != 0 {
		due = card.HomeDue
	}
	if d.State == scheduler.Review {
		d.Interval = max(1, d.Interval)
		d.DueDay = h.im.day0 + scheduler.Day(min(max(due, -lastDay), lastDay))
		return d
	}
	set := h.im.opt.Scheduler.Settings()
	steps := len(set.LearningSteps)
	if d.State == scheduler.Relearning {
		steps = len(set.RelearningSteps)
	}
	d.Step = max(0, steps-card.Left%1000)
	switch {
	case due > 1_000_000_000: // unix seconds, also while suspended
		d.DueAt = second(due)
	default:
		d.DueAt = h.im.calendar.Start(h.im.day0 + scheduler.Day(min(max(due, -lastDay), lastDay))).UTC()
	}
	d.Interval = -int(max(1, d.DueAt.Sub(last)/time.Second))
	return d
}

// follow adopts what a row after the last answer says: a due date set by hand
// is where the card stands, too.
func (h *cardHistory) follow(last *scheduler.Entry) {
	for i := len(h.out) - 1; i >= 0 && &h.out[i] != last; i-- {
		if h.out[i].Kind == scheduler.SetDue {
			h.out[i].Then = last.Then
			return
		}
	}
}

// moved returns a row that puts a card where it stands, if that may be after
// the last row: add-ons that postpone or advance cards write none.
func (h *cardHistory) moved() *scheduler.Entry {
	n := len(h.out)
	at := second(h.card.Mod)
	if n == 0 || h.card.State != Reviewing || h.card.HomeDeck != 0 || !at.After(h.out[n-1].At) {
		return nil
	}
	h.add(at.UnixMilli(), "moved", scheduler.Entry{Kind: scheduler.SetDue, Then: h.decision(at)})
	e := h.out[n]
	h.out = h.out[:n]
	return &e
}

// seed adds the card's state as it is, where no history leads to it: FSRS's
// own, or what the ease and the interval of the older algorithm come to.
func (h *cardHistory) seed() {
	card := h.card
	last := second(card.Mod)
	s, d := 0.0, 0.0
	if m := card.Memory; m != nil && canGoOn(m) {
		s, d = m.Stability, m.Difficulty
		if m.LastReview > 0 {
			last = second(m.LastReview)
		}
	} else if card.Interval > 0 || card.Interval == 0 && card.State == Reviewing { // 0: a new card whose due date was set by hand
		s, d = h.im.opt.Scheduler.Model().FromSM2(float64(max(1, card.Interval)), float64(card.Factor)/1000)
	} else {
		return
	}
	then := h.decision(last)
	then.Stability, then.Difficulty = s, d
	at := last.UnixMilli()
	if n := len(h.out); n > 0 { // the state comes after what the log has, or the last answer counts twice
		at = max(at, h.out[n-1].At.UnixMilli()+1)
	}
	h.add(at, "seed", scheduler.Entry{Kind: scheduler.Seed, Arg: fmt.Sprintf("reps=%d lapses=%d", card.Reps, card.Lapses), Then: then})
	h.im.tell(false, "cards whose state was taken as it is, without a history", fmt.Sprint(card.ID))
}

// canGoOn reports whether FSRS can go on from a state.
func canGoOn(m *Memory) bool {
	return m.Stability > 0 && m.Stability <= 36500 && m.Difficulty >= 1 && m.Difficulty <= 10
}

// difficultyOf unpacks the factor of a row under FSRS, or returns 0.
func difficultyOf(factor int) float64 {
	if factor < 100 || factor > 1100 {
		return 0
	}
	return math.Round((float64(factor)/1000-0.1)*9*1000)/1000 + 1
}

// References lists the names of the files that the notes of a collection and
// their note types refer to, sorted. The error is the context's.
func References(ctx context.Context, c *Collection) ([]string, error) {
	names := make(map[string]bool)
	for i := range c.NoteTypes {
		for _, name := range c.NoteTypes[i].media() {
			names[name] = true
		}
	}
	for i := range c.Notes {
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("list media: %w", err)
		}
		for _, text := range c.Notes[i].Fields {
			for _, name := range mediaOf(text) {
				names[name] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(names)), nil
}

// mediaOf returns the names of the files that HTML shows or plays.
func mediaOf(text string) (names []string) {
	for _, m := range picture.FindAllStringSubmatch(text, -1) {
		names = append(names, html.UnescapeString(strings.Trim(m[2], `"'`)))
	}
	for _, m := range sound.FindAllStringSubmatch(text, -1) {
		names = append(names, html.UnescapeString(m[1]))
	}
	return names
}
