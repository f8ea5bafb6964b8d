package storage

import (
	"cmp"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"etch/deck"
	"etch/scheduler"
)

// Incoming is what an import brings.
type Incoming struct {
	Decks []IncomingDeck
	Types map[int64]string // note types as JSON, to be given back by an export
	Media []Media          // staged files that the notes refer to
}

// IncomingDeck becomes a post. The levels of its name are apart by "::".
type IncomingDeck struct {
	Name  string
	Notes []IncomingNote
}

// IncomingNote is a note as a post would hold it, with what Anki knows it by.
type IncomingNote struct {
	GUID   string
	Ord    int   // tells the notes apart that one note with several templates became; else 0
	Ords   int   // how many of them its type has now; 0 when that is not known
	AnkiID int64 // unix milliseconds of creation; 0 of a row of a table, which changes the text of a note that is here and nothing else
	Mod    time.Time
	Text   string // "Q: ...\n\nA: ..." or "C: ..."; "" of a row that says what is here
	Tags   []string
	Fields string // JSON of the note as it came
	Cards  []IncomingCard
}

// IncomingCard is one card of a note and what happened to it.
type IncomingCard struct {
	Ord    int
	AnkiID int64             // unix milliseconds of creation
	Rows   []scheduler.Entry // without their card
	Moved  *scheduler.Entry  // what puts the card where it stands, which no row says; taken if nothing else was decided here. nil for none
	Marks  *Marks            // nil when nothing is known of them
}

// Marks are what a user did to a card, by the time At.
type Marks struct {
	At        time.Time
	Suspended bool
	Flag      string // the reason, "" for none
}

// ImportOptions steers an import.
type ImportOptions struct {
	Now      time.Time
	DryRun   bool             // report what would change, and change nothing
	Progress func(now string) // told what takes a while; may be nil
}

// ImportReport is what an import did, or would do.
type ImportReport struct {
	New, Updated, Unchanged int // notes
	Mine                    int // of Unchanged: notes that came from here and stay as their files have them
	Edited                  int // of Unchanged: notes that were edited here later than there
	Cards                   int // new ones
	Rows                    int // added to the log
	Skipped                 []Skip
}

// Skip is something that could not be taken in.
type Skip struct{ What, Why string }

// LeftThere is why a review is skipped that the log has on another card.
const LeftThere = "reviews that another card here has: left there"

// Import takes notes, and what is known of their cards, into the database, in
// one transaction. A note is known by its guid and the ids of its cards, where
// those are of another collection by its ord: one that came from here keeps
// its text, one that was imported before is updated if it was changed there
// last. Rows become part of the log as by [Store.Merge].
func (s *Store) Import(ctx context.Context, in Incoming, opt ImportOptions) (report ImportReport, err error) {
	err = s.tx(ctx, func(tx *sql.Tx) error {
		im := &importer{ctx: ctx, tx: tx, store: s, opt: opt, in: in, report: &report}
		if err := im.run(); err != nil {
			return err
		}
		if opt.DryRun {
			return errDryRun
		}
		return nil
	})
	if errors.Is(err, errDryRun) {
		err = nil
	}
	if err != nil {
		return ImportReport{}, fmt.Errorf("import: %w", err)
	}
	return report, nil
}

// importer is one import within its transaction.
type importer struct {
	ctx    context.Context
	tx     *sql.Tx
	store  *Store
	opt    ImportOptions
	in     Incoming
	report *ImportReport

	known     map[identity]*knownNote
	guids     map[string][]*knownNote
	keys      map[string]bool       // that notes have or had
	texts     map[string]*knownNote // notes of other libraries by the hash of their text
	owners    map[int64]cardOwner   // by Anki's ids of cards
	all       []*IncomingNote
	apart     map[*IncomingNote]*knownNote // those that went out apart from their siblings
	matches   map[*IncomingNote]*knownNote
	taken     map[*knownNote]bool // by a note that comes
	posts     []*keptPost
	forgotten map[string]string    // paths of forgotten decks, by title
	slugs     map[string]bool      // that are taken
	suffixes  map[string]int       // the next to try behind a slug
	titled    map[string]*keptPost // posts by title, the first of each, once a deck was asked for
	notes     []*arrival           // what is taken in, in the order given
}

// identity is what Anki knows a note by.
type identity struct {
	guid string
	ord  int
}

// SiblingGUID is what a note goes out by where it can no longer be one with
// those that share its guid. It does not change when the templates move.
func SiblingGUID(guid string, note deck.NoteID) string { return guid + "~" + string(note) }

// apartOf returns the note here that went out apart from its siblings as n, or
// nil.
func (im *importer) apartOf(n *IncomingNote) *knownNote {
	at := strings.LastIndexByte(n.GUID, '~')
	if at <= 0 || n.Ord != 0 || im.known[identity{n.GUID, 0}] != nil {
		return nil
	}
	for _, known := range im.guids[n.GUID[:at]] {
		if known.kept && SiblingGUID(known.guid, known.id) == n.GUID {
			return known
		}
	}
	return nil
}

// goneOrd is added to the ord of a note whose template is gone in Anki, where
// an ord has 16 bits: such a note is known by the ids of its cards alone.
const goneOrd = 1 << 16

// knownNote is a note of the database.
type knownNote struct {
	identity
	id      deck.NoteID
	key     string
	post    int64
	kept    bool // its text is kept here alone
	returns bool // its deck was forgotten, or its template gone, and comes back
	retired bool
	cloze   bool
	changed int64
}

// cardOwner is the card here that an id of Anki's belongs to.
type cardOwner struct {
	card deck.CardID
	note *knownNote
	live bool
	log  bool // its log says so
}

// keptPost is an imported deck.
type keptPost struct {
	id      int64 // 0 for a new one
	path    string
	title   string
	lines   []string
	parsed  map[string]deck.Note // as it was before, by key, once somebody asks
	changed bool
}

// arrival is an incoming note that is well, and where it belongs.
type arrival struct {
	*IncomingNote
	note    *knownNote // nil for a new one
	key     string
	written bool // its text goes into a post
}

func (im *importer) run() error {
	steps := []struct {
		now string
		do  func() error
	}{
		{"reading what is here", im.load},
		{"sorting the notes", im.sort},
		{"", im.renumber},
		{"writing the cards", im.compile},
		{"", im.identify},
		{"", im.keep},
		{"merging the reviews", im.merge},
	}
	for _, step := range steps {
		if err := im.ctx.Err(); err != nil {
			return err
		}
		if step.now != "" && im.opt.Progress != nil {
			im.opt.Progress(step.now)
		}
		if err := step.do(); err != nil {
			return err
		}
	}
	return nil
}

func (im *importer) load() error {
	im.known, im.texts = make(map[identity]*knownNote), make(map[string]*knownNote)
	im.guids, im.keys = make(map[string][]*knownNote), make(map[string]bool)
	notes := make(map[deck.NoteID]*knownNote)
	rows, err := im.tx.QueryContext(im.ctx, `SELECT n.id, coalesce(n.key,''), n.post_id, b.kind='anki', n.changed_at, n.anki_guid, n.anki_ord, n.hash,
		n.kind='cloze', coalesce(n.retired_at,0), p.retired_at IS NOT NULL FROM notes n JOIN posts p ON p.id=n.post_id JOIN libraries b ON b.id=p.library_id ORDER BY n.id`)
	_, err = collect(rows, err, func(r *sql.Rows) (_ struct{}, err error) {
		n, hash, retired, forgotten := &knownNote{}, "", int64(0), false
		err = r.Scan(&n.id, &n.key, &n.post, &n.kept, &n.changed, &n.guid, &n.ord, &hash, &n.cloze, &retired, &forgotten)
		switch {
		case retired > 0:
			n.retired, n.returns = true, forgotten || n.ord >= goneOrd
			n.changed = max(n.changed, retired)
		case !n.kept:
			im.texts[hash] = n
		}
		notes[n.id], im.known[n.identity], im.keys[n.key] = n, n, true
		im.guids[n.guid] = append(im.guids[n.guid], n)
		return struct{}{}, err
	})
	if err != nil {
		return err
	}
	if err := im.loadOwners(notes); err != nil {
		return err
	}
	im.forgotten, im.slugs = make(map[string]string), make(map[string]bool)
	rows, err = im.tx.QueryContext(im.ctx, `SELECT p.id, p.path, p.slug, p.title, CASE WHEN b.kind='anki' THEN p.body ELSE '' END, b.kind='anki', p.retired_at IS NOT NULL
		FROM posts p JOIN libraries b ON b.id=p.library_id ORDER BY p.id`)
	_, err = collect(rows, err, func(r *sql.Rows) (_ struct{}, err error) {
		p, slug, body, kept, retired := &keptPost{}, "", "", false, false
		err = r.Scan(&p.id, &p.path, &slug, &p.title, &body, &kept, &retired)
		im.slugs[slug] = true
		switch {
		case kept && retired:
			im.forgotten[p.title] = p.path
		case kept:
			p.lines = strings.Split(body, "\n")
			im.posts = append(im.posts, p)
		}
		return struct{}{}, err
	})
	return err
}

// loadOwners finds the card of each of Anki's ids: the card that has it, or
// the one in use whose log has rows of it.
func (im *importer) loadOwners(notes map[deck.NoteID]*knownNote) error {
	im.owners = make(map[int64]cardOwner)
	cards := make(map[deck.CardID]cardOwner)
	rows, err := im.tx.QueryContext(im.ctx, `SELECT id, note_id, retired_at IS NULL, anki_cid FROM cards`)
	_, err = collect(rows, err, func(r *sql.Rows) (_ struct{}, err error) {
		var o cardOwner
		var note deck.NoteID
		var cid int64
		err = r.Scan(&o.card, &note, &o.live, &cid)
		o.note = notes[note]
		cards[o.card], im.owners[cid] = o, o
		return struct{}{}, err
	})
	if err != nil {
		return err
	}
	rows, err = im.tx.QueryContext(im.ctx, `SELECT id, card_id FROM log WHERE source='anki' ORDER BY seq`)
	_, err = collect(rows, err, func(r *sql.Rows) (_ struct{}, err error) {
		var id string
		var card deck.CardID
		err = r.Scan(&id, &card)
		cid, ok := ankiCard(id)
		if o := cards[card]; ok && o.live {
			o.log = true
			im.owners[cid] = o
		}
		return struct{}{}, err
	})
	return err
}

// ankiCard returns Anki's id of the card that a row of Anki's is of.
func ankiCard(row string) (id int64, ok bool) {
	rest, ok := strings.CutPrefix(row, "anki:")
	number, _, _ := strings.Cut(rest, ":")
	id, err := strconv.ParseInt(number, 10, 64)
	return id, ok && err == nil
}

// match finds the notes that are here already. Anki's ids of cards come first:
// ords change when a template is added, removed or moved. Other collections
// have other ids for the cards of a guid; there the ord decides. A guid that
// is not known may be that of a note whose answers are here: it was matched by
// its text once, or it got another guid.
func (im *importer) match() error {
	im.matches, im.taken = make(map[*IncomingNote]*knownNote), make(map[*knownNote]bool)
	for _, round := range []struct {
		find  func(*IncomingNote) (*knownNote, error)
		apart bool
	}{{im.byCard, false}, {im.byOrd, false}, {im.byReview, false}, {im.byName, true}} {
		for _, n := range im.all {
			if im.matches[n] != nil || (im.apart[n] != nil) != round.apart {
				continue
			}
			known, err := round.find(n)
			if err != nil {
				return err
			}
			if known != nil {
				im.matches[n], im.taken[known] = known, true
			}
		}
	}
	return nil
}

func (im *importer) byCard(n *IncomingNote) (*knownNote, error) {
	for _, c := range n.Cards {
		if known := im.owners[c.AnkiID].note; known != nil && known.guid == n.GUID && !im.taken[known] {
			return known, nil
		}
	}
	return nil, nil
}

func (im *importer) byOrd(n *IncomingNote) (*knownNote, error) {
	if known := im.known[identity{n.GUID, n.Ord}]; !im.taken[known] {
		return known, nil
	}
	return nil, nil
}

func (im *importer) byName(n *IncomingNote) (*knownNote, error) {
	if known := im.apart[n]; !im.taken[known] {
		return known, nil
	}
	return nil, nil
}

// byReview asks for more where the other note is an imported one: the id of a
// card, which is a time, may be that of a card of another collection.
func (im *importer) byReview(n *IncomingNote) (*knownNote, error) {
	if len(im.guids[n.GUID]) > 0 {
		return nil, nil
	}
	for _, c := range n.Cards {
		o := im.owners[c.AnkiID]
		switch {
		case !o.log || o.note.kept && im.taken[o.note]:
			continue
		case !o.note.kept:
			return o.note, nil
		}
		for _, e := range c.Rows {
			var here bool
			err := im.tx.QueryRowContext(im.ctx, `SELECT EXISTS(SELECT 1 FROM log WHERE id=?) AND EXISTS(SELECT 1 FROM notes WHERE id=? AND anki_nid=?)`,
				e.ID, o.note.id, n.AnkiID).Scan(&here)
			if here || err != nil {
				return o.note, err
			}
		}
	}
	return nil, nil
}

// renumber gives the notes that are here the guids and ords that Anki has for
// them now. A note whose ord another took goes out of its way; where its type
// has no ord for it any more, it is retired.
func (im *importer) renumber() error {
	type move struct {
		note *knownNote
		to   identity
	}
	var moves []move
	var guids []string
	ords, taken, placed := make(map[string]int), make(map[identity]bool), make(map[*knownNote]bool)
	for _, n := range im.all {
		known, at := im.matches[n], identity{n.GUID, n.Ord}
		if im.apart[n] != nil {
			if known != nil {
				placed[known] = true
			}
			continue
		}
		if taken[at] {
			continue // stands in the file twice
		}
		taken[at] = true
		if _, met := ords[n.GUID]; !met {
			guids = append(guids, n.GUID)
		}
		ords[n.GUID] = max(ords[n.GUID], n.Ords)
		if known != nil && (known.kept || known.guid == n.GUID) {
			placed[known] = true
			if at != known.identity {
				moves = append(moves, move{known, at})
			}
		}
	}
	for _, n := range im.all { // its place may be another's now
		known := im.matches[n]
		if im.apart[n] == nil || known == nil {
			continue
		}
		at := known.identity
		if taken[at] {
			for at.ord = max(at.ord, goneOrd); taken[at] || im.known[at] != nil; at.ord++ {
			}
			moves = append(moves, move{known, at})
		}
		taken[at] = true
		n.Ord = at.ord
	}
	for _, guid := range guids {
		for _, known := range im.guids[guid] {
			if placed[known] {
				continue
			}
			at := known.identity
			if taken[at] {
				for at.ord = 0; taken[at]; at.ord++ {
				}
			}
			if ords[guid] > 0 && at.ord >= ords[guid] && at.ord < goneOrd {
				if err := im.retire(known); err != nil {
					return fmt.Errorf("retire note %s: %w", known.id, err)
				}
				for at.ord += goneOrd; taken[at] || im.known[at] != nil; at.ord++ {
				}
			}
			taken[at] = true
			if at != known.identity {
				moves = append(moves, move{known, at})
			}
		}
	}
	for _, m := range moves { // two may have changed places: step aside first
		if _, err := im.tx.ExecContext(im.ctx, `UPDATE notes SET anki_ord=-1-anki_ord WHERE id=?`, m.note.id); err != nil {
			return fmt.Errorf("note %s: %w", m.note.id, err)
		}
	}
	for _, m := range moves {
		_, err := im.tx.ExecContext(im.ctx, `UPDATE notes SET anki_guid=?1, anki_ord=?2, anki_nid=CASE
			WHEN EXISTS(SELECT 1 FROM notes o WHERE o.anki_nid=notes.anki_nid AND o.anki_ord=?2) THEN (SELECT 1+max(anki_nid) FROM notes) ELSE anki_nid END
			WHERE id=?3`, m.to.guid, m.to.ord, m.note.id)
		if err != nil {
			return fmt.Errorf("note %s: %w", m.note.id, err)
		}
	}
	return nil
}

// retire retires a note whose template is gone in Anki, and takes it out of
// its post.
func (im *importer) retire(known *knownNote) error {
	if known.retired || !known.kept {
		return nil
	}
	var front string
	if err := im.tx.QueryRowContext(im.ctx, `SELECT front FROM notes WHERE id=?`, known.id).Scan(&front); err != nil {
		return err
	}
	im.report.Skipped = append(im.report.Skipped, Skip{What: front, Why: "its template is gone in Anki: the card is retired"})
	for _, p := range im.posts {
		if p.id == known.post {
			p.replace(known.key, nil)
		}
	}
	now := millis(im.opt.Now)
	if _, err := im.tx.ExecContext(im.ctx, `UPDATE cards SET retired_at=? WHERE retired_at IS NULL AND note_id=?`, now, known.id); err != nil {
		return err
	}
	if _, err := im.tx.ExecContext(im.ctx, `UPDATE notes SET retired_at=? WHERE id=?`, now, known.id); err != nil {
		return err
	}
	_, err := im.tx.ExecContext(im.ctx, `UPDATE memory SET hidden=1 WHERE card_id IN (SELECT id FROM cards WHERE note_id=?)`, known.id)
	return err
}

// sort decides for each note whether its text is taken; those that went out
// apart come last, for the file may have what they were, too.
func (im *importer) sort() error {
	im.apart = make(map[*IncomingNote]*knownNote)
	for d := range im.in.Decks {
		for i := range im.in.Decks[d].Notes {
			im.all = append(im.all, &im.in.Decks[d].Notes[i])
		}
	}
	for _, n := range im.all {
		if known := im.apartOf(n); known != nil {
			n.GUID, n.Ord, n.Ords, im.apart[n] = known.guid, known.ord, 0, known
		}
	}
	if err := im.match(); err != nil {
		return err
	}
	seen := make(map[identity]bool)
	for _, apart := range []bool{false, true} {
		for d := range im.in.Decks {
			if err := im.sortDeck(&im.in.Decks[d], apart, seen); err != nil {
				return err
			}
		}
	}
	return nil
}

func (im *importer) sortDeck(in *IncomingDeck, apart bool, seen map[identity]bool) error {
	for i := range in.Notes {
		if err := im.ctx.Err(); err != nil {
			return err
		}
		n := &in.Notes[i]
		if (im.apart[n] != nil) != apart {
			continue
		}
		id := identity{n.GUID, n.Ord}
		switch {
		case apart && im.matches[n] == nil: // the file has what it was; what was answered there, was answered
			for c := range n.Cards {
				n.Cards[c].Marks = nil
			}
			im.report.Unchanged++
			im.notes = append(im.notes, &arrival{IncomingNote: n, note: im.apart[n]})
		case !apart && seen[id]:
			im.skip(n, "its guid stands in the file twice")
		default:
			seen[id] = seen[id] || !apart
			if err := im.arrive(in, n, im.matches[n]); err != nil {
				return err
			}
		}
	}
	return nil
}

func (im *importer) skip(n *IncomingNote, why string) {
	what, _, _ := strings.Cut(n.Text, "\n")
	im.report.Skipped = append(im.report.Skipped, Skip{What: what, Why: why})
}

func (im *importer) arrive(in *IncomingDeck, n *IncomingNote, known *knownNote) error {
	a := &arrival{IncomingNote: n, note: known}
	if known != nil && !known.kept {
		im.report.Unchanged++
		im.report.Mine++
		im.notes = append(im.notes, a)
		return nil
	}
	if known != nil && n.Text == "" {
		im.report.Unchanged++
		im.notes = append(im.notes, a)
		return nil
	}
	if known != nil && known.changed >= millis(n.Mod) && !known.returns {
		im.report.Unchanged++
		if known.changed > millis(n.Mod) {
			im.report.Edited++
		}
		im.notes = append(im.notes, a)
		return nil
	}
	parsed, problem := parseAlone(n.Text)
	if problem != "" {
		im.skip(n, problem)
		return nil
	}
	hash := deck.TextHash(parsed.Kind, parsed.Front, parsed.Back)
	if known != nil && !known.returns {
		a.key = known.key
		same, err := im.isSame(known, a, hash)
		if err != nil {
			return err
		}
		if same {
			im.report.Unchanged++
			im.notes = append(im.notes, a)
			return nil
		}
	}
	if same := im.texts[hash]; known == nil && same != nil && !im.taken[same] { // one note alone: two have two histories
		im.taken[same] = true
		im.report.Unchanged++
		im.report.Mine++
		a.note = same
		im.notes = append(im.notes, a)
		return nil
	}
	a.written = true
	if known != nil {
		a.key = known.key
		if err := im.makeRoom(known, &parsed); err != nil {
			return fmt.Errorf("note %s: %w", known.id, err)
		}
		im.report.Updated++
	} else {
		a.key = im.freeKey(n)
		im.report.New++
	}
	im.place(in, a)
	im.notes = append(im.notes, a)
	return nil
}

// makeRoom keeps the ords of a question that becomes a cloze for its
// deletions: Anki numbers them from the first one on. A lone deletion takes
// over the card.
func (im *importer) makeRoom(known *knownNote, now *deck.Note) error {
	if known.cloze || now.Kind != deck.Cloze {
		return nil
	}
	ord := goneOrd
	if len(deck.ClozeTexts(now.Front)) == 1 {
		ord = 0
		if numbers := deck.Deletions(now.Front)[0].Numbers; len(numbers) > 0 {
			ord = numbers[0] - 1
		}
	}
	_, err := im.tx.ExecContext(im.ctx, `UPDATE cards SET ord=?1 WHERE id=?2 AND retired_at IS NULL AND NOT EXISTS(SELECT 1 FROM cards WHERE note_id=?2 AND ord=?1)`, ord, known.id)
	return err
}

// isSame reports whether a note that has a newer date is as it was here all
// the same. A row of a table that has no tags says nothing of them.
func (im *importer) isSame(known *knownNote, a *arrival, hash string) (bool, error) {
	var was, fields, tags string
	err := im.tx.QueryRowContext(im.ctx, `SELECT hash, coalesce(anki_fields,''), tags FROM notes WHERE id=? AND retired_at IS NULL`, known.id).Scan(&was, &fields, &tags)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	if err != nil || a.AnkiID != 0 {
		return err == nil && was == hash && sameFields(fields, a.Fields), err
	}
	var have []string
	if err := json.Unmarshal([]byte(tags), &have); err != nil {
		return false, fmt.Errorf("tags of note %s: %w", known.id, err)
	}
	if len(a.Tags) == 0 {
		a.Tags = have
	}
	tagged, _ := parseAlone(cardComment(a) + "\n" + a.Text)
	return was == hash && slices.Equal(slices.Sorted(slices.Values(tagged.Tags)), slices.Sorted(slices.Values(have))), nil
}

// sameFields compares two notes as they came, but for their dates.
func sameFields(a, b string) bool {
	var x, y map[string]any
	if json.Unmarshal([]byte(a), &x) != nil || json.Unmarshal([]byte(b), &y) != nil {
		return false
	}
	delete(x, "mod")
	delete(y, "mod")
	return reflect.DeepEqual(x, y)
}

// importedKey is the explicit id of an imported note. It depends on the guid
// alone, so that two machines agree.
func importedKey(n *IncomingNote) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "anki\x00%s\x00%d", n.GUID, n.Ord))
	return "anki-" + hex.EncodeToString(sum[:6])
}

// freeKey returns the explicit id of a new note: one that no other note has,
// as one has whose ord this note has now.
func (im *importer) freeKey(n *IncomingNote) string {
	key := importedKey(n)
	if im.keys[key] {
		other := *n
		other.GUID = fmt.Sprintf("%s\x00%d", n.GUID, n.Cards[0].AnkiID)
		key = importedKey(&other)
	}
	return key
}

// parseAlone parses the text of one note as a post of its own, so that one bad
// note does not cost its deck.
func parseAlone(text string) (deck.Note, string) {
	post, problems := deck.ParseStored("note", []byte(noteHead+text+"\n"))
	switch {
	case len(problems) > 0:
		return deck.Note{}, problems[0].Msg
	case len(post.Notes) != 1:
		return deck.Note{}, fmt.Sprintf("its text reads as %d cards", len(post.Notes))
	}
	return post.Notes[0], ""
}

const noteHead = "---\ntitle: x\n---\n"

// place writes a note into its post: where it stood, or at the end.
func (im *importer) place(in *IncomingDeck, a *arrival) {
	block := slices.Concat([]string{cardComment(a)}, strings.Split(a.Text, "\n"))
	if a.note != nil {
		for _, p := range im.posts {
			if p.id == a.note.post && p.replace(a.key, block) {
				return
			}
		}
	}
	p := im.postFor(in.Name)
	p.changed = true
	p.lines = append(append(p.lines, block...), "")
}

// cardComment names a note, and its tags that can stand there.
func cardComment(a *arrival) string {
	var tags []string
	for _, t := range a.Tags {
		if t = strings.Map(tagRune, plainLine(t)); strings.TrimSpace(t) != "" {
			tags = append(tags, t)
		}
	}
	if len(tags) == 0 {
		return "<!-- card " + a.key + " -->"
	}
	return "<!-- card " + a.key + ` tags="` + strings.Join(tags, ",") + `" -->`
}

// tagRune drops what would end a tag or the comment around it.
func tagRune(r rune) rune {
	if strings.ContainsRune(`",<>`, r) {
		return -1
	}
	return r
}

// replace puts a block in the place of the note with the key.
func (p *keptPost) replace(key string, block []string) bool {
	if p.parsed == nil {
		p.parsed = make(map[string]deck.Note)
		if post, _ := deck.ParseStored(p.path, []byte(strings.Join(p.lines, "\n"))); post != nil {
			for _, n := range post.Notes {
				p.parsed[n.Key] = n
			}
		}
	}
	n, ok := p.parsed[key]
	if !ok {
		return false
	}
	// Line numbers stay: what the block has more than its place goes into one
	// line, which is split again when the text is joined.
	p.lines[n.First-1] = strings.Join(block, "\n")
	for at := n.First; at < n.Last; at++ {
		p.lines[at] = dropped
	}
	p.changed = true
	return true
}

// dropped marks a line that is left out; no text of a post can hold it.
const dropped = "\x00"

func (p *keptPost) text() string {
	lines := slices.DeleteFunc(p.lines, func(l string) bool { return l == dropped })
	return strings.Join(lines, "\n")
}

// postFor returns the post of a deck, a new one if there is none. A deck that
// was forgotten comes back to its place.
func (im *importer) postFor(name string) *keptPost {
	title := cmp.Or(plainLine(name), "Default")
	if im.titled == nil {
		im.titled = make(map[string]*keptPost)
		for _, p := range slices.Backward(im.posts) {
			im.titled[p.title] = p
		}
	}
	if p := im.titled[title]; p != nil {
		return p
	}
	topic := title
	for level := range strings.SplitSeq(title, "::") {
		if level = strings.TrimSpace(level); level != "" {
			topic = level
			break
		}
	}
	p := &keptPost{title: title, path: im.forgotten[title], lines: []string{
		"---", "title: " + yamlText(title), "tags: [" + yamlText(topic) + "]", "---", "",
	}}
	if p.path == "" {
		p.path = im.freePath(title)
	}
	im.posts, im.titled[title] = append(im.posts, p), p
	return p
}

// plainLine returns a text as one line that any place of a post can hold.
func plainLine(s string) string {
	return strings.Join(strings.Fields(strings.Map(func(r rune) rune {
		if r == deck.Open || r == deck.Close || r == deck.Attrs {
			return -1
		}
		return r
	}, deck.CleanLine(s))), " ")
}

// yamlText quotes a text for YAML.
func yamlText(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

// freePath makes a file name of a deck's name.
func (im *importer) freePath(title string) string {
	words := strings.FieldsFunc(strings.ToLower(title), func(r rune) bool {
		return !('a' <= r && r <= 'z' || '0' <= r && r <= '9')
	})
	name := strings.Join(words, "-")
	if name = strings.Trim(name[:min(len(name), 60)], "-"); name == "" {
		name = "deck"
	}
	if im.suffixes == nil {
		im.suffixes = make(map[string]int)
	}
	slug := name
	for i := max(2, im.suffixes[name]); im.slugs[slug]; i++ {
		slug = fmt.Sprintf("%s-%d", name, i)
		im.suffixes[name] = i + 1
	}
	im.slugs[slug] = true
	return slug + ".md"
}

// compile brings the kept library up to date with the new texts.
func (im *importer) compile() error {
	if !slices.ContainsFunc(im.posts, func(p *keptPost) bool { return p.changed }) {
		return nil
	}
	src := keptSource()
	for _, p := range im.posts {
		if err := src.take(p.path, []byte(p.text())); err != nil {
			return err
		}
	}
	report, err := compileKept(im.ctx, im.tx, im.store.Scheduler(), src, CompileOptions{Now: im.opt.Now, Auto: true})
	im.report.Cards = report.cards
	return err
}

// identify gives the notes and cards that were written the numbers that Anki
// knows them by.
func (im *importer) identify() error {
	for _, a := range im.notes {
		known := a.note
		if known == nil {
			a.note = &knownNote{}
			err := im.tx.QueryRowContext(im.ctx, `SELECT id FROM notes WHERE key=? AND retired_at IS NULL`, a.key).Scan(&a.note.id)
			if err != nil {
				return fmt.Errorf("find note %s: %w", a.key, err)
			}
		}
		if !a.written {
			continue
		}
		id := a.note.id
		if a.AnkiID == 0 {
			if err := im.identifyRow(a, known); err != nil {
				return fmt.Errorf("note %s: %w", id, err)
			}
			continue
		}
		_, err := im.tx.ExecContext(im.ctx, `UPDATE notes SET anki_guid=?1, anki_ord=?2, anki_fields=?3, changed_at=?4, created_at=?5,
			anki_nid=CASE WHEN EXISTS(SELECT 1 FROM notes WHERE anki_nid=?5 AND anki_ord=?2 AND id<>?6) THEN anki_nid ELSE ?5 END WHERE id=?6`,
			a.GUID, a.Ord, a.Fields, millis(a.Mod), a.AnkiID, id)
		if err != nil {
			return fmt.Errorf("note %s: %w", id, err)
		}
		for _, c := range a.Cards {
			_, err := im.tx.ExecContext(im.ctx, `UPDATE cards SET anki_cid=?1 WHERE note_id=?2 AND ord=?3
				AND NOT EXISTS(SELECT 1 FROM cards WHERE anki_cid=?1)`, c.AnkiID, id, c.Ord)
			if err != nil {
				return fmt.Errorf("cards of note %s: %w", id, err)
			}
		}
	}
	return nil
}

// identifyRow does so for a row of a table, which has no numbers. A note that
// was here keeps what it came with: the row is an edit, of the file's date.
func (im *importer) identifyRow(a *arrival, known *knownNote) (err error) {
	switch {
	case known == nil:
		_, err = im.tx.ExecContext(im.ctx, `UPDATE notes SET anki_guid=?, anki_ord=?, anki_fields=?, changed_at=? WHERE id=?`, a.GUID, a.Ord, a.Fields, millis(a.Mod), a.note.id)
	case !known.returns:
		_, err = im.tx.ExecContext(im.ctx, `UPDATE notes SET changed_at=? WHERE id=?`, millis(a.Mod), a.note.id)
	}
	return err
}

// keep stores what an export gives back: note types and the names of media.
func (im *importer) keep() error {
	for id, def := range im.in.Types {
		_, err := im.tx.ExecContext(im.ctx, `INSERT INTO anki_types(id, def) VALUES(?,?) ON CONFLICT(id) DO UPDATE SET def=excluded.def WHERE def<>excluded.def`, id, def)
		if err != nil {
			return err
		}
	}
	for _, m := range im.in.Media {
		_, err := im.tx.ExecContext(im.ctx, `INSERT INTO media(name, file, size) VALUES(?,?,?) ON CONFLICT(name) DO NOTHING`, m.Name, m.File, m.Size)
		if err != nil {
			return err
		}
	}
	return nil
}

// merge adds what happened to the cards.
func (im *importer) merge() error {
	sched, err := im.store.current(im.ctx, im.tx)
	if err != nil {
		return err
	}
	m, err := newMerger(im.ctx, im.tx)
	if err != nil {
		return err
	}
	defer m.close()
	cards, err := im.cards()
	if err != nil {
		return err
	}
	for _, a := range im.notes {
		for _, c := range a.Cards {
			card, ok := cards[cardPlace{a.note.id, c.Ord}]
			if !ok {
				if len(c.Rows) > 0 {
					im.skip(a.IncomingNote, fmt.Sprintf("its text has no card %d: %d reviews left out", c.Ord+1, len(c.Rows)))
				}
				continue
			}
			stands, err := im.standsHere(m, card, c.Rows)
			if err != nil {
				return err
			}
			reset, err := unsaidReset(m, card, c.Rows)
			if err != nil {
				return err
			}
			left := m.left
			for i, e := range c.Rows {
				e.Card = card
				if e.Kind == scheduler.Seed && stands || i == reset {
					continue
				}
				if err := m.add(e); err != nil {
					return err
				}
			}
			for range m.left - left {
				im.skip(a.IncomingNote, LeftThere)
			}
			if c.Moved != nil {
				if err := im.move(m, card, &c); err != nil {
					return err
				}
			}
			if c.Marks != nil {
				if err := im.mark(m, card, c.AnkiID, *c.Marks); err != nil {
					return err
				}
			}
		}
	}
	err = m.fold(sched)
	im.report.Rows = m.added
	return err
}

// move takes over a due day that was moved there without a row that says so:
// what stands here was known there, and is older.
func (im *importer) move(m *merger, card deck.CardID, c *IncomingCard) error {
	var id string
	var number, at int64
	var state scheduler.State
	var due scheduler.Day
	err := im.tx.QueryRowContext(im.ctx, `SELECT id, ms_id, at, state, due_day FROM log l WHERE card_id=? AND kind IN ('rate','seed','forget','due') AND `+live+`
		ORDER BY at DESC, id DESC LIMIT 1`, card).Scan(&id, &number, &at, &state, &due)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil || state != scheduler.Review || due == c.Moved.Then.DueDay || at >= millis(c.Moved.At) {
		return err
	}
	known := strings.HasPrefix(id, "anki:") && strings.HasSuffix(id, ":moved") // by an import before
	for i := range c.Rows {
		e := &c.Rows[i]
		known = known || e.ID == id || e.AnkiID == number
		if e.Kind != scheduler.Seed && millis(e.At) > max(at, number) {
			return nil // Anki stands on an answer that was taken back here
		}
	}
	if !known {
		return nil
	}
	e := *c.Moved
	e.Card = card
	return m.add(e)
}

// unsaidReset returns the place of a reset that nobody wrote down, as a second
// first answer says of a history of Anki's, if the answers on both sides of it
// are here: then the log is what happened, and two are first answers because
// both sides learned the card. It is -1 if there is none.
func unsaidReset(m *merger, card deck.CardID, rows []scheduler.Entry) (int, error) {
	for i := 1; i < len(rows)-1; i++ {
		if rows[i].Kind != scheduler.Forget || rows[i].AnkiID != 0 {
			continue
		}
		if _, err := m.knows(card); err != nil {
			return -1, err
		}
		before, after := rows[i-1], rows[i+1]
		before.Card, after.Card = card, card
		if m.has(&before) && m.has(&after) {
			return i, nil
		}
	}
	return -1, nil
}

// standsHere reports whether the state that a card's rows end with is none to
// be taken: the card went on from there here, or stands there; or the answer
// that it comes from is here, or one after a state that was taken before.
func (im *importer) standsHere(m *merger, card deck.CardID, rows []scheduler.Entry) (bool, error) {
	last := len(rows) - 1 // where alone it can be
	if last < 0 || rows[last].Kind != scheduler.Seed {
		return false, nil
	}
	e := &rows[last]
	// An answer at the time of a state, and sorted behind it, counted twice once.
	var newest, seed, twice, same, forgotten int64
	err := im.tx.QueryRowContext(im.ctx, `SELECT coalesce(max(at),0), coalesce(max(CASE WHEN kind='seed' THEN at END),0),
		coalesce(max(kind='seed' AND EXISTS(SELECT 1 FROM log r WHERE r.card_id=l.card_id AND r.kind='rate' AND r.at=l.at AND r.id>l.id)),0),
		coalesce(max(CASE WHEN kind='seed' AND state=?2 AND due_day=?3 AND arg=?4 AND abs(s-?5)<=s/1000 AND abs(d-?6)<=d/1000 THEN at END),0),
		coalesce(max(CASE WHEN kind='forget' THEN at END),0) FROM log l WHERE card_id=?1 AND kind IN ('rate','seed','forget','due') AND `+live,
		card, e.Then.State, e.Then.DueDay, e.Arg, e.Then.Stability, e.Then.Difficulty).Scan(&newest, &seed, &twice, &same, &forgotten)
	switch {
	case err != nil || newest == 0:
		return false, err
	case millis(e.At) <= newest || twice == 0 && same == newest:
		return true, nil
	case twice > 0:
		return false, nil
	}
	answered := false
	for i := range rows {
		switch at := millis(rows[i].At); rows[i].Kind {
		case scheduler.Rate:
			answered = answered || at > seed
		case scheduler.Forget:
			forgotten = max(forgotten, at)
		}
	}
	if answered && seed > forgotten || last == 0 || rows[last-1].Kind != scheduler.Rate {
		return answered && seed > forgotten, nil
	}
	if _, err := m.knows(card); err != nil {
		return false, err
	}
	before := rows[last-1]
	before.Card = card
	return m.has(&before), nil
}

// cardPlace is a card of a note.
type cardPlace struct {
	note deck.NoteID
	ord  int
}

// cards returns the cards by their places. The card of a question has the
// first, whatever its ord: it may have been another kind of note before.
func (im *importer) cards() (map[cardPlace]deck.CardID, error) {
	cards := make(map[cardPlace]deck.CardID)
	rows, err := im.tx.QueryContext(im.ctx, `SELECT c.id, note_id, CASE WHEN n.kind='cloze' THEN c.ord ELSE 0 END FROM cards c JOIN notes n ON n.id=c.note_id
		ORDER BY c.retired_at IS NULL, c.retired_at, c.id`)
	_, err = collect(rows, err, func(r *sql.Rows) (_ struct{}, err error) {
		var id deck.CardID
		var at cardPlace
		err = r.Scan(&id, &at.note, &at.ord)
		cards[at] = id
		return struct{}{}, err
	})
	return cards, err
}

// mark takes over what the user did to a card there, where it was done later
// than what was done here. A mark that was set here is not taken back.
func (im *importer) mark(m *merger, card deck.CardID, cid int64, marks Marks) error {
	var suspended bool
	var flag string
	err := im.tx.QueryRowContext(im.ctx, `SELECT suspended, flag FROM memory WHERE card_id=?`, card).Scan(&suspended, &flag)
	if err != nil {
		return fmt.Errorf("card %s: %w", card, err)
	}
	set := func(differs bool, kind, other scheduler.Kind, arg string) error {
		if !differs {
			return nil
		}
		var last int64
		var source string
		err := im.tx.QueryRowContext(im.ctx, `SELECT at, source FROM log l WHERE card_id=? AND kind IN (?,?) AND `+live+` ORDER BY at DESC, id DESC LIMIT 1`, card, kind, other).
			Scan(&last, &source)
		none := errors.Is(err, sql.ErrNoRows)
		if err != nil && !none {
			return err
		}
		if !none && last/1000 > marks.At.Unix() {
			return nil
		}
		takesBack := kind == scheduler.Resume || kind == scheduler.Unflag
		if takesBack && source != scheduler.FromAnki {
			return nil // set here: Anki may never have had it
		}
		// A flag leaves no time in Anki: what is there came after what an export brought there.
		at := instant(max(last+1, millis(marks.At)))
		id := fmt.Sprintf("anki:%d:%d:%s", cid, millis(at), kind)
		return m.add(scheduler.Entry{
			ID: id, Act: id, Card: card, Kind: kind, At: at, Day: im.store.Scheduler().Day(at), Arg: arg, Source: scheduler.FromAnki,
		})
	}
	kind, other := scheduler.Resume, scheduler.Suspend
	if marks.Suspended {
		kind, other = other, kind
	}
	if err := set(suspended != marks.Suspended, kind, other, ""); err != nil {
		return err
	}
	kind, other = scheduler.Unflag, scheduler.Flag
	if marks.Flag != "" {
		kind, other = other, kind
	}
	return set((flag != "") != (marks.Flag != ""), kind, other, marks.Flag)
}
