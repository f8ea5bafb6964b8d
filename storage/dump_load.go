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

	"etch/deck"
	"etch/scheduler"
)

// ErrDump says that a file is no dump, or not one that this etch can read.
var ErrDump = errors.New("not a file that 'etch export' wrote")

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
	refold bool // the weights are others now
}

func (l *dumpLoader) run(r io.Reader) (err error) {
	if l.merger, err = newMerger(l.ctx, l.tx); err != nil {
		return err
	}
	defer l.merger.close()
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
		if err := l.read(lines.Bytes()); err != nil {
			return fmt.Errorf("line %d: %w", l.line, err)
		}
	}
	switch err := lines.Err(); {
	case errors.Is(err, bufio.ErrTooLong):
		return fmt.Errorf("line %d: %w: it is over %d MiB", l.line+1, ErrDump, maxDumpLine>>20)
	case err != nil:
		return err
	case l.line == 0:
		return fmt.Errorf("%w: it is empty", ErrDump)
	}
	return l.finish()
}

func (l *dumpLoader) read(text []byte) error {
	var x dumpLine
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&x); err != nil {
		return fmt.Errorf("%w: %w", ErrDump, err)
	}
	if l.line == 1 && x.Etch == nil {
		return fmt.Errorf("%w: its first line is not a dump's", ErrDump)
	}
	switch {
	case x.Etch != nil:
		if x.Etch.Version != dumpVersion {
			return fmt.Errorf("%w: it has version %d, this etch reads %d", ErrNewer, x.Etch.Version, dumpVersion)
		}
		return nil
	case x.Setting != nil:
		return l.setting(*x.Setting)
	case x.Type != nil:
		_, err := l.tx.ExecContext(l.ctx, `INSERT INTO anki_types(id, def) VALUES(?,?) ON CONFLICT(id) DO NOTHING`, x.Type.ID, x.Type.Def)
		return err
	case x.Media != nil:
		return l.file(*x.Media)
	case x.Post != nil:
		return l.post(*x.Post)
	case x.Log != nil:
		return l.row(*x.Log)
	}
	return fmt.Errorf("%w: an empty object", ErrDump)
}

func (l *dumpLoader) setting(x dumpSetting) error {
	set := scheduler.Defaults()
	if err := set.Set(x.Key, x.Value); err != nil {
		return fmt.Errorf("%w: %w", ErrDump, err)
	}
	res, err := l.tx.ExecContext(l.ctx, `INSERT INTO settings(key, value, changed_at) VALUES(?,?,?)
		ON CONFLICT(key) DO UPDATE SET value=excluded.value, changed_at=excluded.changed_at
		WHERE excluded.changed_at>changed_at AND excluded.value<>value`, x.Key, x.Value, x.Changed)
	if err != nil {
		return err
	}
	changed, err := res.RowsAffected()
	l.n.Settings += int(changed)
	l.refold = l.refold || changed > 0 && x.Key == "weights"
	return err
}

func (l *dumpLoader) file(x dumpMedia) error {
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
	before := l.merger.added
	if err := l.merger.add(e); err != nil {
		return fmt.Errorf("%w: %w", ErrDump, err)
	}
	l.n.Rows += l.merger.added - before
	return nil
}

// post adds the notes of a post that are not here.
func (l *dumpLoader) post(p dumpPost) error {
	var missing []dumpNote
	for _, n := range p.Notes {
		var here bool
		err := l.tx.QueryRowContext(l.ctx, `SELECT EXISTS(SELECT 1 FROM notes WHERE id=?)`, n.ID).Scan(&here)
		if err != nil {
			return err
		}
		if !here {
			missing = append(missing, n)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	id, here, err := l.postID(p)
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

// postID returns the row of a post, which may be here already.
func (l *dumpLoader) postID(p dumpPost) (id int64, here bool, err error) {
	err = l.tx.QueryRowContext(l.ctx, `SELECT p.id FROM posts p JOIN libraries b ON b.id=p.library_id
		WHERE b.path=? AND p.path=? AND (b.kind<>'anki' OR p.hash=?)`, p.Library, p.Path, p.Hash).Scan(&id)
	if err == nil || !errors.Is(err, sql.ErrNoRows) {
		return id, true, err
	}
	var library int64
	err = l.tx.QueryRowContext(l.ctx, `INSERT INTO libraries(kind, path, added_at) VALUES('anki',?,?)
		ON CONFLICT(path) DO UPDATE SET path=path RETURNING id`, deck.KeptPath, millis(l.opt.Now)).Scan(&library)
	if err != nil {
		return 0, false, err
	}
	path := p.Path
	for i := 2; ; i++ {
		var taken bool
		err := l.tx.QueryRowContext(l.ctx, `SELECT EXISTS(SELECT 1 FROM posts WHERE library_id=? AND path=?)`, library, path).Scan(&taken)
		if err != nil {
			return 0, false, err
		}
		if !taken {
			break
		}
		path = fmt.Sprintf("%d-%s", i, p.Path)
	}
	err = l.tx.QueryRowContext(l.ctx, `INSERT INTO posts(library_id, path, slug, title, topic, tags, requires, depth, body, hash)
		VALUES(?,?,?,?,?,?,?,?,?,?) RETURNING id`,
		library, path, p.Slug, p.Title, p.Topic, listOf(p.Tags), listOf(p.Requires), p.Depth, p.Body, p.Hash).Scan(&id)
	return id, false, err
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
	nid := n.AnkiID
	for {
		var taken bool
		err := l.tx.QueryRowContext(l.ctx, `SELECT EXISTS(SELECT 1 FROM notes WHERE anki_nid=? AND anki_ord=?)`, nid, n.AnkiOrd).Scan(&taken)
		if err != nil {
			return err
		}
		if !taken {
			break
		}
		nid++
	}
	_, err := l.tx.ExecContext(l.ctx, `INSERT INTO notes(id, key, post_id, pos, line, takeaway, kind, type, tier, front, back, tags, source, as_of, after, why,
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
	cid := c.AnkiID
	for {
		var taken bool
		err := l.tx.QueryRowContext(l.ctx, `SELECT EXISTS(SELECT 1 FROM cards WHERE anki_cid=?)`, cid).Scan(&taken)
		if err != nil {
			return err
		}
		if !taken {
			break
		}
		cid++
	}
	if c.Retired == 0 {
		c.Retired = n.Retired
	}
	_, err := l.tx.ExecContext(l.ctx, `INSERT INTO cards(id, note_id, ord, pos, cloze_hash, retired_at, anki_cid) VALUES(?,?,?,?,?,nullif(?,0),?)`,
		c.ID, n.ID, c.Ord, c.Pos, c.Hash, c.Retired, cid)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrDump, err)
	}
	l.n.Cards++
	return newMemory(l.ctx, l.tx, c.ID, post, c.Retired > 0, deck.NewPos(n.Tier, 0, n.Pos, c.Pos))
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
	if l.refold {
		_, err := rebuild(l.ctx, l.tx, sched)
		return err
	}
	return l.merger.fold(sched)
}
