package storage

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
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
