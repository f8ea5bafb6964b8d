package anki

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"sort"
	"strconv"
	"strings"
)

// Rows are read in the order of the table and sorted here: a hostile table
// need not have its id as its key. Numbers are cast as Anki casts them, for
// old files have fractions where integers are meant.

// eachRow calls fn for every row, up to most rows.
func eachRow(ctx context.Context, conn *sql.Conn, table string, most int, query string, args []any, fn func(*sql.Rows) error) error {
	rows, err := conn.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for n := 0; rows.Next(); n++ {
		if n == most {
			return tooMany("rows in "+table, most)
		}
		if n%1024 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		if err := fn(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// integer is the SQL for a column as a number, text for one as a string of at
// most so many bytes, else NULL.
func integer(column string) string { return "coalesce(cast(" + column + " as integer), 0)" }

func text(column string) string {
	return "iif(octet_length(" + column + ") <= ?, cast(" + column + " as text), null)"
}

func integers(columns ...string) string {
	for i, c := range columns {
		columns[i] = integer(c)
	}
	return strings.Join(columns, ", ")
}

// maxTags is how many bytes of tags a note may have, and of a guid.
const maxTags, maxGUID = 64 << 10, 1 << 10

func (r *reader) readNotes(ctx context.Context, conn *sql.Conn) error {
	types := map[int64]*NoteType{}
	for i := range r.p.NoteTypes {
		types[r.p.NoteTypes[i].ID] = &r.p.NoteTypes[i]
	}
	query := "select " + integers("id", "mid", "mod") + ", " + text("guid") + ", " + text("tags") + ", " + text("flds") + " from notes"
	// A note is cut off at 16 long fields before it is loaded.
	args := []any{maxGUID, maxTags, 16 * int64(r.lim.FieldBytes)}
	var total int64
	err := eachRow(ctx, conn, "notes", r.lim.Notes, query, args, func(rows *sql.Rows) error {
		var n Note
		var guid, tags, fields sql.NullString
		if err := rows.Scan(&n.ID, &n.Type, &n.Mod, &guid, &tags, &fields); err != nil {
			return err
		}
		if total += int64(len(fields.String)); total > r.lim.TextBytes {
			return fmt.Errorf("%w: more than %d bytes of fields", ErrTooLarge, r.lim.TextBytes)
		}
		if r.fillNote(&n, types[n.Type], guid, tags, fields) {
			r.p.Notes = append(r.p.Notes, n)
		}
		return nil
	})
	if err != nil {
		return err
	}
	sort.SliceStable(r.p.Notes, func(i, j int) bool { return r.p.Notes[i].ID < r.p.Notes[j].ID })
	r.dropTwins()
	return nil
}

// fillNote checks a row and reports whether the note is kept.
func (r *reader) fillNote(n *Note, t *NoteType, guid, tags, fields sql.NullString) bool {
	switch {
	case t == nil:
		r.skip("notes of an unknown type", "note %d, type %d", n.ID, n.Type)
		return false
	case !fields.Valid:
		r.skip("notes with a field that is too long, or with none", "note %d", n.ID)
		return false
	}
	n.Mod = r.within(n.Mod, 0, maxSeconds, "notes with an impossible time: set to the nearest", "note %d", n.ID)
	n.GUID = r.text(guid.String, "guid of note %d", n.ID)
	for _, tag := range strings.FieldsFunc(tags.String, isTagSpace) {
		n.Tags = append(n.Tags, r.text(tag, "tag of note %d", n.ID))
	}
	if !tags.Valid {
		r.mend("notes whose tags are too long, or missing: without tags", "note %d", n.ID)
	}
	n.Fields = strings.Split(fields.String, "\x1f")
	for i, f := range n.Fields {
		if len(f) > r.lim.FieldBytes {
			r.skip("notes with a field that is too long, or with none", "note %d, field %d: %d bytes", n.ID, i+1, len(f))
			return false
		}
		n.Fields[i] = r.text(f, "field %d of note %d", i+1, n.ID)
	}
	r.fitFields(n, len(t.Fields))
	return true
}

func isTagSpace(c rune) bool { return c == ' ' || c == '\u3000' }

// fitFields gives a note as many fields as its type has, and loses no text.
func (r *reader) fitFields(n *Note, want int) {
	if len(n.Fields) < want {
		r.mend("notes with fewer fields than their type: the others are empty", "note %d", n.ID)
		n.Fields = append(n.Fields, make([]string, want-len(n.Fields))...)
	}
	if len(n.Fields) > want {
		r.mend("notes with more fields than their type: joined to the last", "note %d", n.ID)
		n.Fields[want-1] = strings.Join(n.Fields[want-1:], "<br>")
		n.Fields = n.Fields[:want:want]
	}
}

// dropTwins removes notes with the id or the guid of an earlier one, and makes
// up a guid for those without.
func (r *reader) dropTwins() {
	ids, guids := map[int64]bool{}, map[string]bool{}
	r.p.Notes = slices.DeleteFunc(r.p.Notes, func(n Note) bool {
		if ids[n.ID] {
			r.skip("notes with the id of another", "note %d", n.ID)
			return true
		}
		ids[n.ID] = true
		if n.GUID == "" {
			return false
		}
		if guids[n.GUID] {
			r.skip("notes with the guid of another", "note %d, guid %s", n.ID, show(n.GUID))
			return true
		}
		guids[n.GUID] = true
		return false
	})
	for i := range r.p.Notes {
		n := &r.p.Notes[i]
		if n.GUID != "" {
			continue
		}
		r.mend("notes without a guid: made from the id", "note %d", n.ID)
		// The same file must give the same guid the next time.
		for n.GUID = "note:" + strconv.FormatInt(n.ID, 10); guids[n.GUID]; n.GUID += "'" {
		}
		guids[n.GUID] = true
	}
}

// The greatest values that a column of Anki's holds.
const (
	maxSeconds = 1 << 40 // far beyond any calendar, and safe to multiply by 1000
	maxInt32   = math.MaxInt32
	maxUint16  = math.MaxUint16
)

func (r *reader) readCards(ctx context.Context, conn *sql.Conn) error {
	c := r.newCardChecker()
	query := "select " + integers("id", "nid", "did", "ord", "mod", "type", "queue", "due", "ivl", "factor", "reps", "lapses", "left", "odue", "odid", "flags") +
		", " + text("data") + " from cards"
	err := eachRow(ctx, conn, "cards", r.lim.Cards, query, []any{4 << 10}, func(rows *sql.Rows) error {
		var v [16]int64
		var data sql.NullString
		if err := rows.Scan(&v[0], &v[1], &v[2], &v[3], &v[4], &v[5], &v[6], &v[7], &v[8], &v[9], &v[10], &v[11], &v[12], &v[13], &v[14], &v[15], &data); err != nil {
			return err
		}
		card, ok := c.card(v)
		if !ok {
			return nil
		}
		r.readCardData(&card, data)
		r.p.Cards = append(r.p.Cards, card)
		return nil
	})
	if err != nil {
		return err
	}
	sort.SliceStable(r.p.Cards, func(i, j int) bool { return r.p.Cards[i].ID < r.p.Cards[j].ID })
	r.dropTwinCards()
	r.reportBareNotes()
	return nil
}

// cardChecker knows what a card may refer to.
type cardChecker struct {
	*reader
	notes map[int64]int // number of templates, -1 for cloze
}

func (r *reader) newCardChecker() *cardChecker {
	c := &cardChecker{reader: r, notes: make(map[int64]int, len(r.p.Notes))}
	templates := map[int64]int{}
	for _, t := range r.p.NoteTypes {
		templates[t.ID] = len(t.Templates)
		if t.Cloze {
			templates[t.ID] = -1
		}
	}
	for _, n := range r.p.Notes {
		c.notes[n.ID] = templates[n.Type]
	}
	return c
}

// card makes a card from the columns in the order of the query.
func (c *cardChecker) card(v [16]int64) (Card, bool) {
	id := v[0]
	templates, known := c.notes[v[1]]
	switch {
	case !known:
		c.skip("cards without a note", "card %d, note %d", id, v[1])
		return Card{}, false
	case v[3] < 0 || v[3] > maxUint16 || templates >= 0 && v[3] >= int64(templates):
		c.skip("cards of a template that their note type does not have", "card %d, template %d", id, v[3])
		return Card{}, false
	}
	number := func(i int, hi int64) int {
		return int(c.within(v[i], 0, hi, "cards with a number that is negative or too large: set to the nearest", "card %d", id))
	}
	card := Card{
		ID: id, Note: v[1], Deck: v[2], Ord: int(v[3]), Mod: int64(number(4, maxSeconds)),
		State: CardState(v[5]), Queue: Queue(v[6]), Due: c.due(v[7], id),
		Interval: number(8, maxInt32), Factor: number(9, maxUint16), Reps: number(10, maxInt32), Lapses: number(11, maxInt32),
		Left: number(12, maxInt32) % 1000, HomeDue: c.due(v[13], id), HomeDeck: v[14], Flag: int(v[15] & 7), Pos: -1,
	}
	c.fitState(&card, v[5], v[6])
	c.fitDeck(&card)
	return card, true
}

// due is 0 beyond 32 bits, as Anki reads it.
func (c *cardChecker) due(n, id int64) int64 {
	if n < math.MinInt32 || n > math.MaxInt32 {
		c.mend("cards with an impossible due: set to 0", "card %d, due %d", id, n)
		return 0
	}
	return n
}

// fitState makes a card new whose state or queue does not exist: what it was
// is in its reviews.
func (c *cardChecker) fitState(card *Card, state, queue int64) {
	if state >= int64(New) && state <= int64(Relearning) && queue >= int64(UserBuried) && queue <= int64(PreviewQueue) {
		return
	}
	c.mend("cards in an unknown state: made new", "card %d, type %d, queue %d", card.ID, state, queue)
	card.State, card.Queue, card.Due, card.Interval, card.Left = New, NewQueue, 0, 0, 0
}

// fitDeck puts a card whose deck is missing into the default deck.
func (c *cardChecker) fitDeck(card *Card) {
	if !c.decks[card.Deck] {
		c.mend("cards of an unknown deck: put into deck 1", "card %d, deck %d", card.ID, card.Deck)
		card.Deck = 1
	}
	if card.HomeDeck != 0 && !c.decks[card.HomeDeck] {
		c.mend("cards from an unknown deck: put into deck 1", "card %d, deck %d", card.ID, card.HomeDeck)
		card.HomeDeck = 1
	}
}

// cardData is the column "data"; keys that etch does not know are left out.
type cardData struct {
	Pos        *lenientInt   `json:"pos"`
	Stability  *lenientFloat `json:"s"`
	Difficulty *lenientFloat `json:"d"`
	Retention  lenientFloat  `json:"dr"`
	Decay      lenientFloat  `json:"decay"`
	LastReview lenientInt    `json:"lrt"`
}

func (r *reader) readCardData(c *Card, column sql.NullString) {
	if !column.Valid || column.String == "" || column.String == "{}" {
		return
	}
	var d cardData
	if err := json.Unmarshal([]byte(column.String), &d); err != nil {
		r.mend("cards with data that is not JSON: ignored", "card %d: %s", c.ID, show(column.String))
		return
	}
	if d.Pos != nil && *d.Pos >= 0 && *d.Pos <= maxInt32 {
		c.Pos = int(*d.Pos)
	}
	if d.Stability == nil || d.Difficulty == nil {
		return // only both are a state
	}
	m := Memory{
		Stability: float64(*d.Stability), Difficulty: float64(*d.Difficulty),
		Retention: float64(d.Retention), Decay: float64(d.Decay), LastReview: int64(d.LastReview),
	}
	if !(m.Stability > 0 && m.Stability <= maxStability && m.Difficulty >= 1 && m.Difficulty <= 10) {
		r.mend("cards with an impossible memory state: without one", "card %d: %s", c.ID, show(column.String))
		return
	}
	if !(m.Retention >= 0 && m.Retention <= 1) || !(m.Decay >= 0 && m.Decay <= maxDecay) || m.LastReview < 0 || m.LastReview > maxSeconds {
		r.mend("cards with an impossible retention, decay or time: ignored", "card %d: %s", c.ID, show(column.String))
		m.Retention, m.Decay, m.LastReview = 0, 0, 0
	}
	c.Memory = &m
}

// The ranges of a memory state: FSRS never leaves them.
const (
	maxStability = 36500 // days
	maxDecay     = 10
)

// dropTwinCards removes cards with the id, or the note and template, of an
// earlier one.
func (r *reader) dropTwinCards() {
	type key struct {
		note int64
		ord  int
	}
	ids, keys := make(map[int64]bool, len(r.p.Cards)), make(map[key]bool, len(r.p.Cards))
	r.p.Cards = slices.DeleteFunc(r.p.Cards, func(c Card) bool {
		k := key{c.Note, c.Ord}
		if ids[c.ID] || keys[k] {
			r.skip("cards with the id, or the note and template, of another", "card %d, note %d", c.ID, c.Note)
			return true
		}
		ids[c.ID], keys[k] = true, true
		return false
	})
}

// reportBareNotes names notes that nothing would be asked of.
func (r *reader) reportBareNotes() {
	has := make(map[int64]bool, len(r.p.Notes))
	for _, c := range r.p.Cards {
		has[c.Note] = true
	}
	for _, n := range r.p.Notes {
		if !has[n.ID] {
			r.mend("notes without cards: kept", "note %d", n.ID)
		}
	}
}

func (r *reader) readReviews(ctx context.Context, conn *sql.Conn) error {
	cards := make(map[int64]bool, len(r.p.Cards))
	for _, c := range r.p.Cards {
		cards[c.ID] = true
	}
	query := "select " + integers("id", "cid", "ease", "ivl", "lastIvl", "factor", "time", "type") + " from revlog"
	err := eachRow(ctx, conn, "revlog", r.lim.Reviews, query, nil, func(rows *sql.Rows) error {
		var v [8]int64
		if err := rows.Scan(&v[0], &v[1], &v[2], &v[3], &v[4], &v[5], &v[6], &v[7]); err != nil {
			return err
		}
		if v[0] <= 0 || v[0] > r.latest {
			// Two programs tell reviews apart by their times: another one
			// would come in as a new review the next time.
			r.skip("reviews at an impossible time", "review %d of card %d", v[0], v[1])
		} else if review, ok := r.review(v, cards); ok {
			r.p.Reviews = append(r.p.Reviews, review)
		}
		return nil
	})
	if err != nil {
		return err
	}
	sort.SliceStable(r.p.Reviews, func(i, j int) bool { return r.p.Reviews[i].ID < r.p.Reviews[j].ID })
	r.p.Reviews = slices.CompactFunc(r.p.Reviews, func(a, b Review) bool {
		if a.ID == b.ID {
			r.skip("reviews with the id of another", "review %d of card %d", b.ID, b.Card)
		}
		return a.ID == b.ID
	})
	r.upgrade()
	r.renumber()
	return nil
}

// review makes a review from the columns in the order of the query.
func (r *reader) review(v [8]int64, cards map[int64]bool) (Review, bool) {
	switch {
	case !cards[v[1]]:
		// A collection keeps the log of cards that were deleted.
		r.skip("reviews of cards that are not in the package", "review %d of card %d", v[0], v[1])
		return Review{}, false
	case v[2] < 0 || v[2] > 4 || v[7] < int64(Learned) || v[7] > int64(Rescheduled):
		r.skip("reviews with an unknown rating or kind", "review %d of card %d, ease %d, type %d", v[0], v[1], v[2], v[7])
		return Review{}, false
	}
	number := func(i int, lo, hi int64) int {
		return int(r.within(v[i], lo, hi, "reviews with a number that is negative or too large: set to the nearest", "review %d", v[0]))
	}
	return Review{
		ID: v[0], Card: v[1], Ease: int(v[2]), Interval: number(3, -maxInt32, maxInt32), LastInterval: number(4, -maxInt32, maxInt32),
		Factor: number(5, 0, maxInt32), Millis: number(6, 0, maxInt32), Kind: ReviewKind(v[7]),
	}, true
}

// upgrade turns the rows of the first scheduler into those of the second, as
// Anki does: learning had three buttons, so 2 was good and 3 easy, and a card
// that is relearned had no state of its own. A file in which no card ever
// waited anywhere does not show which scheduler it is of, and is left alone.
func (r *reader) upgrade() {
	if r.p.Scheduler != 1 || !slices.ContainsFunc(r.p.Cards, func(c Card) bool { return c.Queue != NewQueue }) {
		return
	}
	for i := range r.p.Reviews {
		v := &r.p.Reviews[i]
		if (v.Kind == Learned || v.Kind == Relearned) && (v.Ease == 2 || v.Ease == 3) {
			v.Ease++
		}
	}
	for i := range r.p.Cards {
		c := &r.p.Cards[i]
		if c.State == Reviewing && (c.Queue == LearnQueue || c.Queue == DayLearnQueue) {
			c.State = Relearning
		}
	}
}

// renumber gives notes and cards whose ids are no times of the past free ones,
// early in the collection: the same in every import of the file. What refers
// to them follows.
func (r *reader) renumber() {
	base := int64(1)
	if r.p.Created > 0 && r.p.Created <= r.latest/1000 {
		base = r.p.Created * 1000
	}
	notes := newIDs(r, r.p.Notes, base, func(n *Note) *int64 { return &n.ID })
	for _, n := range notes.list {
		r.mend("notes with an impossible id: another was given", "note %d", n)
	}
	cards := newIDs(r, r.p.Cards, base, func(c *Card) *int64 { return &c.ID })
	for _, c := range cards.list {
		r.mend("cards with an impossible id: another was given", "card %d", c)
	}
	if len(notes.list) > 0 {
		for i := range r.p.Cards {
			r.p.Cards[i].Note = notes.of(r.p.Cards[i].Note)
		}
	}
	if len(cards.list) > 0 {
		for i := range r.p.Reviews {
			r.p.Reviews[i].Card = cards.of(r.p.Reviews[i].Card)
		}
	}
}

// moved maps old ids to new ones.
type moved struct {
	list []int64 // the old ones, sorted
	to   map[int64]int64
}

func (m moved) of(id int64) int64 {
	if to, ok := m.to[id]; ok {
		return to
	}
	return id
}

// newIDs moves the ids of rows, which are sorted by them, that are not in
// 1..latest, and sorts the rows again.
func newIDs[T any](r *reader, rows []T, base int64, id func(*T) *int64) moved {
	m := moved{to: map[int64]int64{}}
	good := map[int64]bool{}
	for i := range rows {
		if n := *id(&rows[i]); n <= 0 || n > r.latest {
			m.list = append(m.list, n)
		}
	}
	if len(m.list) == 0 {
		return m
	}
	for i := range rows {
		good[*id(&rows[i])] = true
	}
	for _, n := range m.list {
		for good[base] {
			base++
		}
		good[base] = true
		m.to[n] = base
	}
	for i := range rows {
		n := id(&rows[i])
		*n = m.of(*n)
	}
	sort.SliceStable(rows, func(i, j int) bool { return *id(&rows[i]) < *id(&rows[j]) })
	return m
}
