package storage

import (
	"bufio"
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"path"
	"strconv"
	"strings"

	"etch/deck"
	"etch/scheduler"
)

// Errors of a file that is not taken in.
var (
	// ErrDump says that it is no dump, or not one that this etch can read.
	ErrDump = errors.New("not a file that 'etch export' wrote")
	// ErrNewerDump says that it is of a later version than this etch reads.
	ErrNewerDump = errors.New("the file was written by a newer etch")
)

// maxDumpLine bounds one line of a dump: a post with its notes, or a picture.
const maxDumpLine = 256 << 20

// LoadDump reads what [Store.Dump] wrote and adds what is not here yet, in one
// transaction. A note that is here stays as it is; the log becomes the union; a
// setting is taken if it was changed there last. The posts of a folder that is
// not a library here are kept like imported decks, until the folder is
// compiled.
func (s *Store) LoadDump(ctx context.Context, r io.Reader, opt LoadOptions) (n DumpCounts, err error) {
	var media []Media
	l := &dumpLoader{ctx: ctx, s: s, opt: opt, n: &n}
	err = s.tx(ctx, func(tx *sql.Tx) error {
		l.tx = tx
		if err := l.run(r); err != nil {
			return err
		}
		if opt.DryRun {
			return errDryRun
		}
		return nil
	})
	media = l.media
	if err != nil {
		err = errors.Join(err, s.DropMedia(media))
	}
	if errors.Is(err, errDryRun) {
		return n, nil
	}
	if err != nil {
		return DumpCounts{}, fmt.Errorf("read dump: %w", err)
	}
	return n, s.ReloadSettings(ctx)
}

type dumpLoader struct {
	ctx    context.Context
	s      *Store
	tx     *sql.Tx
	opt    LoadOptions
	n      *DumpCounts
	merger *merger
	media  []Media
	line   int
	items  int                  // lines that are not blank
	ended  bool                 // the last line has come
	refold bool                 // the weights are others now
	cards  map[deck.CardID]bool // once a row of the log has come

	nextNID, nextCID int64          // free, and later than all that are here
	suffixes         map[string]int // the next to try behind a slug
}

func (l *dumpLoader) run(r io.Reader) (err error) {
	if l.merger, err = newMerger(l.ctx, l.tx); err != nil {
		return err
	}
	defer l.merger.close()
	now := millis(l.opt.Now)
	err = l.tx.QueryRowContext(l.ctx, `SELECT max(?1, 1+coalesce((SELECT max(anki_nid) FROM notes),0)), max(?1, 1+coalesce((SELECT max(anki_cid) FROM cards),0))`, now).
		Scan(&l.nextNID, &l.nextCID)
	if err != nil {
		return err
	}
	l.suffixes = make(map[string]int)
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 64<<10), maxDumpLine)
	for lines.Scan() {
		l.line++
		if err := l.ctx.Err(); err != nil {
			return err
		}
		if len(bytes.TrimSpace(lines.Bytes())) == 0 {
			continue
		}
		l.items++
		if err := l.read(lines.Bytes()); err != nil {
			return fmt.Errorf("line %d: %w", l.line, err)
		}
	}
	switch err := lines.Err(); {
	case errors.Is(err, bufio.ErrTooLong):
		return fmt.Errorf("line %d: %w: it is over %d MiB", l.line+1, ErrDump, maxDumpLine>>20)
	case err != nil:
		return err
	case l.items == 0:
		return fmt.Errorf("%w: it is empty", ErrDump)
	case !l.ended:
		return fmt.Errorf("line %d: %w: the file is cut off here", l.line, ErrDump)
	}
	return l.finish()
}

func (l *dumpLoader) read(text []byte) error {
	x, err := decodeDumpLine(text)
	switch {
	case err != nil:
		return fmt.Errorf("%w: %w", ErrDump, err)
	case l.items == 1 && x.Etch == nil:
		return fmt.Errorf("%w: its first line is not a dump's", ErrDump)
	case l.items > 1 && x.Etch != nil:
		return fmt.Errorf("%w: a second first line", ErrDump)
	case l.ended:
		return fmt.Errorf("%w: it goes on after its end", ErrDump)
	}
	switch {
	case x.Etch != nil:
		if x.Etch.Version < 1 {
			return fmt.Errorf("%w: there is no version %d", ErrDump, x.Etch.Version)
		}
		if x.Etch.Version > dumpVersion {
			return fmt.Errorf("%w: it has version %d, this etch reads %d", ErrNewerDump, x.Etch.Version, dumpVersion)
		}
		return nil
	case x.Setting != nil:
		return l.setting(*x.Setting)
	case x.Type != nil:
		if !json.Valid([]byte(x.Type.Def)) {
			return fmt.Errorf("%w: note type %d is no JSON", ErrDump, x.Type.ID)
		}
		_, err := l.tx.ExecContext(l.ctx, `INSERT INTO anki_types(id, def) VALUES(?,?) ON CONFLICT(id) DO NOTHING`, x.Type.ID, x.Type.Def)
		return err
	case x.Media != nil:
		return l.file(*x.Media)
	case x.Post != nil:
		return l.post(*x.Post)
	case x.Log != nil:
		return l.row(*x.Log)
	case x.End.Lines != l.items-1:
		return fmt.Errorf("%w: %d lines of %d", ErrDump, l.items-1, x.End.Lines)
	}
	l.ended = true
	return nil
}

// decodeDumpLine reads one object that holds one thing.
func decodeDumpLine(text []byte) (x dumpLine, err error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&x); err != nil {
		return x, err
	}
	if _, err := d.Token(); err != io.EOF {
		return x, errors.New("something stands behind the object")
	}
	things := 0
	for _, there := range []bool{x.Etch != nil, x.Setting != nil, x.Type != nil, x.Media != nil, x.Post != nil, x.Log != nil, x.End != nil} {
		if there {
			things++
		}
	}
	if things != 1 {
		return x, fmt.Errorf("%d things in one object", things)
	}
	return x, nil
}

func (l *dumpLoader) setting(x dumpSetting) error {
	set := scheduler.Defaults()
	if err := set.Set(x.Key, x.Value); err != nil {
		return fmt.Errorf("%w: %w", ErrDump, err)
	}
	res, err := l.tx.ExecContext(l.ctx, `INSERT INTO settings(key, value, changed_at) VALUES(?,?,?)
		ON CONFLICT(key) DO UPDATE SET value=excluded.value, changed_at=excluded.changed_at
		WHERE (excluded.changed_at, excluded.value)>(changed_at, value) AND excluded.value<>value`, x.Key, x.Value, x.Changed)
	if err != nil {
		return err
	}
	changed, err := res.RowsAffected()
	l.n.Settings += int(changed)
	l.refold = l.refold || changed > 0 && x.Key == "weights"
	return err
}

func (l *dumpLoader) file(x dumpMedia) error {
	if x.Name == "" {
		return fmt.Errorf("%w: a media file without a name", ErrDump)
	}
	var here bool
	err := l.tx.QueryRowContext(l.ctx, `SELECT EXISTS(SELECT 1 FROM media WHERE name=?)`, x.Name).Scan(&here)
	if err != nil || here || l.opt.DryRun {
		return err
	}
	m, err := l.s.stageMedia(l.ctx, x.Name, bytes.NewReader(x.Data))
	if err != nil {
		return err
	}
	l.media = append(l.media, m)
	_, err = l.tx.ExecContext(l.ctx, `INSERT INTO media(name, file, size) VALUES(?,?,?)`, x.Name, m.File, m.Size)
	return err
}

func (l *dumpLoader) row(e scheduler.Entry) error {
	if err := l.checkRow(e); err != nil {
		return err
	}
	if err := l.merger.add(e); err != nil {
		return fmt.Errorf("%w: %w", ErrDump, err)
	}
	return nil
}

// checkRow refuses what no etch writes and what a scheduler would stumble over;
// the table refuses the rest.
func (l *dumpLoader) checkRow(e scheduler.Entry) error {
	if l.cards == nil {
		l.cards = make(map[deck.CardID]bool)
		rows, err := l.tx.QueryContext(l.ctx, `SELECT id FROM cards`)
		_, err = collect(rows, err, func(r *sql.Rows) (_ struct{}, err error) {
			var id deck.CardID
			err = r.Scan(&id)
			l.cards[id] = true
			return struct{}{}, err
		})
		if err != nil {
			return err
		}
	}
	const days = 3_000_000 // the year 9999
	then, before := e.Then, e.Before
	switch {
	case e.ID == "" || e.ID != deck.CleanLine(e.ID):
		return fmt.Errorf("%w: a row without an id", ErrDump)
	case !l.cards[e.Card]:
		return fmt.Errorf("%w: row %s is of card %q, which is not there", ErrDump, e.ID, e.Card)
	case !in(float64(e.At.Year()), 1900, 9000) || !then.DueAt.IsZero() && !in(float64(then.DueAt.Year()), 1900, 9000),
		!in(float64(e.Zone), -1440, 1440) || !in(float64(e.Day), -days, days) || !in(float64(then.DueDay), -days, days), !isNumber(e.AnkiID):
		return fmt.Errorf("%w: row %s has an impossible time", ErrDump, e.ID)
	case (e.Kind == scheduler.Rate) != (e.Rating != 0) || (e.Kind == scheduler.Void) != (e.Target != ""):
		return fmt.Errorf("%w: row %s is of kind %q, with a rating or a target that do not go with it", ErrDump, e.ID, e.Kind)
	case !in(float64(then.Step), 0, 10_000) || !in(float64(then.Interval), math.MinInt32, math.MaxInt32) || e.Took < 0,
		!in(float64(before.State), 0, 3) || !in(float64(then.State), 0, 3):
		return fmt.Errorf("%w: row %s has an impossible number", ErrDump, e.ID)
	case !in(then.Stability, 0, 36500) || !in(then.Difficulty, 0, 10),
		!in(before.Stability, 0, 36500) || !in(before.Difficulty, 0, 10) || !in(before.Retrievability, 0, 1):
		return fmt.Errorf("%w: row %s has an impossible memory", ErrDump, e.ID)
	}
	return nil
}

func in(x, lo, hi float64) bool { return x >= lo && x <= hi }

// isNumber reports whether Anki may know something by a number: a time in unix
// milliseconds, from 1900 to 9000.
func isNumber(n int64) bool { return in(float64(n), -2_208_988_800_000, 221_845_392_000_000) }

// checkPost refuses what no compile writes; the tables refuse the rest.
func checkPost(p dumpPost) error {
	name := func(s string) bool { return s != "" && s == deck.CleanLine(s) && !strings.ContainsAny(s, " /\\") }
	if p.Kind != deck.KindBuiltIn && p.Kind != deck.KindFolder && p.Kind != deck.KindAnki {
		return fmt.Errorf("%w: a library of kind %q", ErrDump, p.Kind)
	}
	if !fs.ValidPath(p.Path) || p.Slug == "" || strings.ContainsAny(p.Slug, "/\\\n") || !isList(p.Tags) || !isList(p.Requires) {
		return fmt.Errorf("%w: post %q is none", ErrDump, p.Path)
	}
	for _, n := range p.Notes {
		if !name(strings.TrimPrefix(string(n.ID), "etch/")) || strings.Contains(string(n.ID), "~") || n.GUID == "" || !isNumber(n.AnkiID) || n.Pos < 0 || !isList(n.Tags) {
			return fmt.Errorf("%w: note %q is none", ErrDump, n.ID)
		}
		live := 0
		for _, c := range n.Cards {
			if c.Retired == 0 {
				live++
			}
			if !isCardOf(n.ID, c.ID) || !isNumber(c.AnkiID) || c.Ord < 0 || c.Pos < 0 || live > 1 && n.Kind != deck.Cloze {
				return fmt.Errorf("%w: card %q is none of note %s", ErrDump, c.ID, n.ID)
			}
		}
	}
	return nil
}

// isCardOf reports whether a note may have a card of that id, of whatever kind
// the note is: its cards keep their ids when it becomes one of another kind.
func isCardOf(note deck.NoteID, card deck.CardID) bool {
	_, number, _ := strings.Cut(string(card), "~")
	n, err := strconv.Atoi(number)
	return card == note.Card(deck.Basic, 0) || err == nil && n >= 0 && card == note.Card(deck.Cloze, n)
}

func isList(raw json.RawMessage) bool {
	var texts []string
	return len(raw) == 0 || json.Unmarshal(raw, &texts) == nil
}

// post adds the notes of a post that are not here, and the cards.
func (l *dumpLoader) post(p dumpPost) error {
	if err := checkPost(p); err != nil {
		return err
	}
	var missing []dumpNote
	for _, n := range p.Notes {
		var post int64
		err := l.tx.QueryRowContext(l.ctx, `SELECT post_id FROM notes WHERE id=?`, n.ID).Scan(&post)
		switch {
		case errors.Is(err, sql.ErrNoRows):
			missing = append(missing, n)
		case err != nil:
			return err
		default:
			if err := l.missingCards(post, n); err != nil {
				return fmt.Errorf("note %s: %w", n.ID, err)
			}
		}
	}
	if len(missing) == 0 {
		return nil
	}
	id, here, err := l.postID(p, missing)
	if err != nil {
		return err
	}
	for _, n := range missing {
		if here && n.Retired == 0 { // the post stands here without it: its text has gone
			n.Retired = millis(l.opt.Now)
		}
		if err := l.note(id, n); err != nil {
			return fmt.Errorf("note %s: %w", n.ID, err)
		}
	}
	return nil
}

// missingCards adds the cards that a note has there alone. They are retired
// here, until the text that has them comes.
func (l *dumpLoader) missingCards(post int64, n dumpNote) error {
	for _, c := range n.Cards {
		var here bool
		err := l.tx.QueryRowContext(l.ctx, `SELECT EXISTS(SELECT 1 FROM cards WHERE id=?)`, c.ID).Scan(&here)
		if err != nil {
			return err
		}
		if here {
			continue
		}
		if c.Retired == 0 {
			c.Retired = millis(l.opt.Now)
		}
		// Another card may have its ord where the note has changed its kind.
		err = l.tx.QueryRowContext(l.ctx, `SELECT CASE WHEN sum(ord=?1) THEN 1+max(ord) ELSE ?1 END FROM cards WHERE note_id=?2`, c.Ord, n.ID).Scan(&c.Ord)
		if err != nil {
			return err
		}
		if err := l.card(post, n, c); err != nil {
			return fmt.Errorf("card %s: %w", c.ID, err)
		}
	}
	return nil
}

// postID returns the row of a post, which may be here already. One that is not
// gets the notes that are missing here alone: the others have their place.
func (l *dumpLoader) postID(p dumpPost, missing []dumpNote) (id int64, here bool, err error) {
	err = l.tx.QueryRowContext(l.ctx, `SELECT p.id FROM posts p JOIN libraries b ON b.id=p.library_id
		WHERE b.path=? AND p.path=? AND (b.kind<>'anki' OR p.hash=? AND p.retired_at IS NULL)`, p.Library, p.Path, p.Hash).Scan(&id)
	if err == nil || !errors.Is(err, sql.ErrNoRows) {
		return id, true, err
	}
	var library int64
	err = l.tx.QueryRowContext(l.ctx, `INSERT INTO libraries(kind, path, added_at) VALUES('anki',?,?)
		ON CONFLICT(path) DO UPDATE SET path=path RETURNING id`, deck.KeptPath, millis(l.opt.Now)).Scan(&library)
	if err != nil {
		return 0, false, err
	}
	name, slug, err := l.freeName(library, p)
	if err != nil {
		return 0, false, err
	}
	keys, hashes := make(map[string]bool), make(map[string]bool)
	for _, m := range missing {
		if m.Retired == 0 {
			keys[m.Key], hashes[m.Hash] = true, true
		}
	}
	live := len(keys) > 0
	if !live {
		p.Body = ""
	} else {
		p.Body, _ = withoutNotes(p.Path, p.Body, func(n deck.Note) bool {
			if n.Key != "" {
				return !keys[n.Key]
			}
			return !hashes[deck.TextHash(n.Kind, n.Front, n.Back)]
		})
	}
	err = l.tx.QueryRowContext(l.ctx, `INSERT INTO posts(library_id, path, slug, title, topic, tags, requires, depth, body, hash, retired_at)
		VALUES(?,?,?,?,?,?,?,?,?,?,?) RETURNING id`,
		library, name, slug, p.Title, p.Topic, listOf(p.Tags), listOf(p.Requires), p.Depth, p.Body, textStamp([]byte(p.Body)), orNull(!live, millis(l.opt.Now))).Scan(&id)
	return id, false, err
}

// freeName returns a path and a slug that no post has.
func (l *dumpLoader) freeName(library int64, p dumpPost) (name, slug string, err error) {
	name, slug = p.Path, p.Slug
	for i := max(2, l.suffixes[p.Slug]); ; i++ {
		var taken bool
		err := l.tx.QueryRowContext(l.ctx, `SELECT EXISTS(SELECT 1 FROM posts WHERE library_id=? AND path=? OR slug=? AND retired_at IS NULL)`, library, name, slug).Scan(&taken)
		if err != nil || !taken {
			return name, slug, err
		}
		slug = fmt.Sprintf("%s-%d", p.Slug, i)
		name = path.Join(path.Dir(p.Path), slug+".md")
		l.suffixes[p.Slug] = i + 1
	}
}

// listOf returns a JSON list of texts, an empty one for what is none.
func listOf(raw json.RawMessage) string {
	var texts []string
	if json.Unmarshal(raw, &texts) != nil || texts == nil {
		return "[]"
	}
	return string(raw)
}

func (l *dumpLoader) note(post int64, n dumpNote) error {
	// Another note may have its ord where templates moved in Anki meanwhile.
	err := l.tx.QueryRowContext(l.ctx, `SELECT CASE WHEN sum(anki_ord=?1) THEN max(?2, 1+max(anki_ord)) ELSE ?1 END FROM notes WHERE anki_guid=?3`, n.AnkiOrd, goneOrd, n.GUID).Scan(&n.AnkiOrd)
	if err != nil {
		return err
	}
	nid, err := l.number(n.AnkiID, &l.nextNID, `SELECT EXISTS(SELECT 1 FROM notes WHERE anki_nid=? AND anki_ord=?)`, n.AnkiOrd)
	if err != nil {
		return err
	}
	_, err = l.tx.ExecContext(l.ctx, `INSERT INTO notes(id, key, post_id, pos, line, takeaway, kind, type, tier, front, back, tags, source, as_of, after, why,
		hash, created_at, changed_at, retired_at, anki_guid, anki_nid, anki_ord, anki_fields)
		VALUES(?,nullif(?,''),?,?,?,?,?,?,?,?,?,?,?,?,nullif(?,''),?,?,?,?,nullif(?,0),?,?,?,nullif(?,''))`,
		n.ID, n.Key, post, n.Pos, n.Line, n.Takeaway, n.Kind, n.Type, n.Tier, n.Front, n.Back, listOf(n.Tags), n.Source, n.AsOf, n.After, n.Why,
		n.Hash, n.Created, n.Changed, n.Retired, n.GUID, nid, n.AnkiOrd, n.Fields)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrDump, err)
	}
	l.n.Notes++
	for _, hash := range append(n.Lineage, n.Hash) {
		if _, err := l.tx.ExecContext(l.ctx, `INSERT INTO lineage(hash, note_id) VALUES(?,?) ON CONFLICT DO NOTHING`, hash, n.ID); err != nil {
			return err
		}
	}
	for _, c := range n.Cards {
		if err := l.card(post, n, c); err != nil {
			return fmt.Errorf("card %s: %w", c.ID, err)
		}
	}
	return nil
}

func (l *dumpLoader) card(post int64, n dumpNote, c dumpCard) error {
	cid, err := l.number(c.AnkiID, &l.nextCID, `SELECT EXISTS(SELECT 1 FROM cards WHERE anki_cid=?)`)
	if err != nil {
		return err
	}
	if c.Retired == 0 {
		c.Retired = n.Retired
	}
	_, err = l.tx.ExecContext(l.ctx, `INSERT INTO cards(id, note_id, ord, pos, cloze_hash, retired_at, anki_cid) VALUES(?,?,?,?,?,nullif(?,0),?)`,
		c.ID, n.ID, c.Ord, c.Pos, c.Hash, c.Retired, cid)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrDump, err)
	}
	l.n.Cards++
	return newMemory(l.ctx, l.tx, c.ID, post, c.Retired > 0, deck.NewPos(n.Tier, 0, n.Pos, c.Pos))
}

// number returns what Anki is to know a row by: its own number, or if another
// has it a new one. taken is asked whether one is; its first value is the
// number.
func (l *dumpLoader) number(own int64, next *int64, taken string, args ...any) (int64, error) {
	var is bool
	err := l.tx.QueryRowContext(l.ctx, taken, append([]any{own}, args...)...).Scan(&is)
	if is {
		own = *next
	}
	*next = max(*next, own+1)
	return own, err
}

// finish folds what the rows changed.
func (l *dumpLoader) finish() error {
	sched, err := l.s.readScheduler(l.ctx, l.tx)
	if err != nil {
		return err
	}
	c := &compiler{ctx: l.ctx, tx: l.tx, sched: sched}
	if err := c.placeKept(); err != nil {
		return err
	}
	err = l.merger.fold(sched)
	l.n.Rows, l.n.Left = l.merger.added, l.merger.left
	if err == nil && l.refold {
		_, err = rebuild(l.ctx, l.tx, sched)
	}
	return err
}
