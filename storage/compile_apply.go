package storage

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"path"
	"slices"

	"etch/deck"
	"etch/scheduler"
)

// compiler applies one compile within a transaction.
type compiler struct {
	ctx     context.Context
	tx      *sql.Tx
	opt     CompileOptions
	sources []*source
	sched   *scheduler.Scheduler
	report  *Report
	asked   *questions // nil when nobody is asked

	libraries map[string]int64 // row ids by path
	hashes    map[int64]string // of the stored posts' texts; "" for a retired post
	slugs     map[int64]string // of the stored posts; "" for a retired post
	kept      map[int64]bool   // imported decks among the stored posts
	parsed    []deck.Parsed
	plan      *deck.Plan
	postIDs   []int64 // of the parsed posts
	ranks     []int
	nextNID   int64
	nextCID   int64
}

func (c *compiler) run() error {
	stored, err := c.load()
	if err != nil {
		return err
	}
	c.parsed = parsedOf(c.sources)
	retire := !c.opt.Auto && !c.trouble()
	opt := deck.DiffOptions{Retire: retire, Pairings: c.opt.Pairings, Edited: c.opt.Edited, Wait: c.opt.Auto}
	opt.Stay = c.opt.Auto && c.sources[0].lib.Kind == deck.KindAnki // an import, which takes nothing away from a folder
	if c.asked != nil {
		opt.Same = c.asked.same
	}
	c.plan = deck.Diff(stored, c.parsed, opt)
	if c.asked != nil && len(c.asked.open) > 0 {
		return errAsk
	}
	for _, step := range []func() error{
		c.addLibraries, c.writePosts, c.writeNotes, c.retireNotes, c.dropMoved,
		func() error { return c.retirePosts(stored, retire) },
		c.writeOrder, c.finish,
	} {
		if err := c.ctx.Err(); err != nil {
			return err
		}
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// trouble reports whether something could not be read: then nothing is
// retired, since what seems to have vanished may be there. A folder that is
// not remembered hides nothing.
func (c *compiler) trouble() bool {
	return slices.ContainsFunc(c.sources, func(s *source) bool { return c.isGone(s) || len(s.broken) > 0 })
}

// isGone reports whether a remembered library has no posts any more.
func (c *compiler) isGone(s *source) bool { return s.missing() != "" && c.libraries[s.lib.Path] != 0 }

// load reads what the database holds of all libraries.
func (c *compiler) load() (deck.Stored, error) {
	var st deck.Stored
	c.libraries, c.kept = make(map[string]int64), make(map[int64]bool)
	c.hashes, c.slugs = make(map[int64]string), make(map[int64]string)
	type library struct {
		id   int64
		path string
	}
	rows, err := c.tx.QueryContext(c.ctx, `SELECT id, path FROM libraries`)
	libs, err := collect(rows, err, func(r *sql.Rows) (l library, err error) { return l, r.Scan(&l.id, &l.path) })
	if err != nil {
		return st, err
	}
	for _, l := range libs {
		c.libraries[l.path] = l.id
	}
	rows, err = c.tx.QueryContext(c.ctx, `SELECT p.id, b.path, p.path, p.title, p.hash, p.slug, p.retired_at IS NOT NULL
		FROM posts p JOIN libraries b ON b.id=p.library_id ORDER BY p.id`)
	st.Posts, err = collect(rows, err, func(r *sql.Rows) (p deck.StoredPost, err error) {
		var hash, slug string
		err = r.Scan(&p.ID, &p.Library, &p.Path, &p.Title, &hash, &slug, &p.Retired)
		p.Drop = c.opt.Forget != "" && p.Library == c.opt.Forget
		p.Keep = !p.Drop && c.keeps(p)
		if !p.Retired {
			c.hashes[p.ID], c.slugs[p.ID] = hash, slug
			c.kept[p.ID] = p.Library == deck.KeptPath
		}
		return p, err
	})
	if err != nil {
		return st, err
	}
	st.Notes, err = c.loadNotes()
	return st, err
}

// keeps reports whether a stored post stays as it is: its library is not
// compiled now, or its file cannot be read.
func (c *compiler) keeps(p deck.StoredPost) bool {
	i := slices.IndexFunc(c.sources, func(s *source) bool { return s.lib.Path == p.Library })
	return i < 0 || c.sources[i].missing() != "" || c.sources[i].broken[p.Path]
}

func (c *compiler) loadNotes() ([]deck.StoredNote, error) {
	rows, err := c.tx.QueryContext(c.ctx, `SELECT id, coalesce(key,''), post_id, pos, kind, front, back, takeaway, hash, retired_at IS NOT NULL FROM notes ORDER BY id`)
	notes, err := collect(rows, err, func(r *sql.Rows) (n deck.StoredNote, err error) {
		return n, r.Scan(&n.ID, &n.Key, &n.Post, &n.Pos, &n.Kind, &n.Front, &n.Back, &n.Takeaway, &n.Hash, &n.Retired)
	})
	if err != nil {
		return nil, err
	}
	at := make(map[deck.NoteID]*deck.StoredNote, len(notes))
	for i := range notes {
		at[notes[i].ID] = &notes[i]
	}
	rows, err = c.tx.QueryContext(c.ctx, `SELECT id, note_id, ord, pos, cloze_hash, retired_at IS NOT NULL FROM cards ORDER BY note_id, ord`)
	_, err = collect(rows, err, func(r *sql.Rows) (_ struct{}, err error) {
		var card deck.StoredCard
		var note deck.NoteID
		err = r.Scan(&card.ID, &note, &card.Ord, &card.Pos, &card.Hash, &card.Retired)
		if n := at[note]; n != nil {
			n.Cards = append(n.Cards, card)
		}
		return struct{}{}, err
	})
	if err != nil {
		return nil, err
	}
	rows, err = c.tx.QueryContext(c.ctx, `SELECT note_id, hash FROM lineage ORDER BY note_id, hash`)
	_, err = collect(rows, err, func(r *sql.Rows) (_ struct{}, err error) {
		var note deck.NoteID
		var hash string
		err = r.Scan(&note, &hash)
		if n := at[note]; n != nil && hash != n.Hash {
			n.Lineage = append(n.Lineage, hash)
		}
		return struct{}{}, err
	})
	return notes, err
}

func (c *compiler) addLibraries() error {
	for _, src := range c.sources {
		if c.libraries[src.lib.Path] == 0 && src.missing() != "" {
			continue // a folder that was never there is not remembered
		}
		var id int64
		err := c.tx.QueryRowContext(c.ctx, `INSERT INTO libraries(kind, path, added_at) VALUES(?,?,?)
			ON CONFLICT(path) DO UPDATE SET forgotten_at=NULL RETURNING id`, src.lib.Kind, src.lib.Path, millis(c.opt.Now)).Scan(&id)
		if err != nil {
			return err
		}
		c.libraries[src.lib.Path] = id
	}
	_, err := c.tx.ExecContext(c.ctx, `UPDATE libraries SET forgotten_at=? WHERE path=? AND forgotten_at IS NULL`, millis(c.opt.Now), c.opt.Forget)
	return err
}

// nameApart gives each post a slug of its own, since a slug is what a user
// types: of two files "basics.md", the second is called after its folder, too.
// Who has a name keeps it, but for a name of the built-in library, whose posts
// refer to each other by it.
func (c *compiler) nameApart() {
	compiled := make(map[int64]bool)
	for _, plan := range c.plan.Posts {
		compiled[plan.ID] = true
	}
	taken := make(map[string]bool)
	for id, slug := range c.slugs {
		taken[slug] = taken[slug] || !compiled[id]
	}
	for _, p := range c.parsed {
		if p.Library.Kind == deck.KindBuiltIn {
			taken[p.Post.Slug] = true
		}
	}
	var open []*deck.Post
	for i, p := range c.parsed {
		if p.Library.Kind == deck.KindBuiltIn {
			continue
		}
		plan := c.plan.Posts[i]
		if had := c.slugs[plan.ID]; had != "" && !plan.Renamed && !taken[had] {
			p.Post.Slug, taken[had] = had, true
			continue
		}
		open = append(open, p.Post)
	}
	for _, p := range open {
		base := p.Slug
		if folder := path.Base(path.Dir(p.Path)); taken[p.Slug] && folder != "." {
			base = folder + "-" + base
			p.Slug = base
		}
		for i := 2; taken[p.Slug]; i++ {
			p.Slug = fmt.Sprintf("%s-%d", base, i)
		}
		taken[p.Slug] = true
	}
}

func (c *compiler) writePosts() error {
	c.nameApart()
	posts := make([]*deck.Post, len(c.parsed))
	for i, p := range c.parsed {
		posts[i] = p.Post
	}
	c.ranks = c.rank(posts)
	depths := deck.Depths(posts)
	// Two files may have changed names: step aside first.
	for _, p := range c.plan.Posts {
		if p.Renamed {
			if _, err := c.tx.ExecContext(c.ctx, `UPDATE posts SET path='/moving/'||id WHERE id=?`, p.ID); err != nil {
				return err
			}
		}
	}
	for i, p := range c.parsed {
		id, err := c.writePost(p, c.plan.Posts[i], depths[i])
		if err != nil {
			return err
		}
		c.postIDs = append(c.postIDs, id)
	}
	return nil
}

func (c *compiler) rank(posts []*deck.Post) []int {
	pinned := c.sched.Settings().PinnedPosts
	if c.sources[0].lib.Kind != deck.KindAnki {
		return deck.Ranks(posts, pinned)
	}
	ranks := make([]int, len(posts))
	for i, p := range posts {
		ranks[i] = keptRank(p.Slug, i, pinned)
	}
	return ranks
}

func (c *compiler) writePost(p deck.Parsed, plan deck.PostPlan, depth int) (id int64, err error) {
	hash := c.hashOf(p)
	if plan.ID != 0 && !plan.Renamed && c.hashes[plan.ID] == hash && c.slugs[plan.ID] == p.Post.Slug {
		_, err = c.tx.ExecContext(c.ctx, `UPDATE posts SET depth=? WHERE id=? AND depth<>?`, depth, plan.ID, depth)
		return plan.ID, err
	}
	tags, err := json.Marshal(append([]string{}, p.Post.Tags...))
	if err != nil {
		return 0, err
	}
	requires, err := json.Marshal(append([]string{}, p.Post.Requires...))
	if err != nil {
		return 0, err
	}
	args := []any{
		c.libraries[p.Library.Path], p.Post.Path, p.Post.Slug, p.Post.Title, p.Post.Topic, string(tags), string(requires), depth, p.Post.Body, hash,
	}
	if plan.ID == 0 {
		err = c.tx.QueryRowContext(c.ctx, `INSERT INTO posts(library_id, path, slug, title, topic, tags, requires, depth, body, hash)
			VALUES(?,?,?,?,?,?,?,?,?,?) RETURNING id`, args...).Scan(&id)
		return id, err
	}
	_, err = c.tx.ExecContext(c.ctx, `UPDATE posts SET library_id=?, path=?, slug=?, title=?, topic=?, tags=?, requires=?, depth=?, body=?, hash=?, retired_at=NULL
		WHERE id=?`, append(args, plan.ID)...)
	return plan.ID, err
}

func (c *compiler) hashOf(p deck.Parsed) string {
	for _, src := range c.sources {
		if src.lib.Path == p.Library.Path {
			return src.hashes[p.Post.Path]
		}
	}
	return ""
}

func (c *compiler) writeNotes() error {
	err := c.tx.QueryRowContext(c.ctx, `SELECT max(?, 1+coalesce((SELECT max(anki_nid) FROM notes),0)), max(?, 1+coalesce((SELECT max(anki_cid) FROM cards),0))`,
		millis(c.opt.Now), millis(c.opt.Now)).Scan(&c.nextNID, &c.nextCID)
	if err != nil {
		return err
	}
	for i := range c.plan.Notes {
		n := &c.plan.Notes[i]
		c.count(n)
		if c.untouched(n) {
			continue
		}
		if err := c.writeNote(n); err != nil {
			return fmt.Errorf("note %s: %w", n.ID, err)
		}
	}
	return nil
}

// untouched reports whether a note is in the database as it stands: its file
// has not changed at all.
func (c *compiler) untouched(n *deck.NotePlan) bool {
	post := c.plan.Posts[n.Post]
	return n.Old != nil && !n.Edited && !n.Moved && !n.Returned && !post.Renamed && c.hashes[post.ID] == c.hashOf(c.parsed[n.Post])
}

// count adds a note to the report.
func (c *compiler) count(n *deck.NotePlan) {
	r := c.report
	change := Change{Note: n.ID, File: c.fileName(n), Line: c.note(n).Line}
	tell := func(happened bool, what string, counter *int) {
		if happened {
			*counter++
			change.What = append(change.What, what)
		}
	}
	tell(n.Old == nil, "new", &r.New)
	tell(n.Returned, "returned", &r.Returned)
	tell(n.Edited, "edited", &r.Edited)
	tell(n.Moved, "moved", &r.Moved)
	if len(change.What) == 0 {
		r.Unchanged++
		return
	}
	r.Changes = append(r.Changes, change)
}

func (c *compiler) note(n *deck.NotePlan) *deck.Note { return &c.parsed[n.Post].Post.Notes[n.Note] }

func (c *compiler) fileName(n *deck.NotePlan) string {
	p := c.parsed[n.Post]
	return p.Library.FileName(p.Post.Path)
}

func (c *compiler) writeNote(n *deck.NotePlan) error {
	note, post := c.note(n), c.parsed[n.Post].Post
	tags, err := json.Marshal(append([]string{}, note.Tags...))
	if err != nil {
		return err
	}
	now := millis(c.opt.Now)
	args := []any{
		orNull(note.Key != "", note.Key), c.postIDs[n.Post], n.Note, note.Line, note.Takeaway, note.Kind, note.Type, cmp.Or(note.Tier, deck.Core),
		note.Front, note.Back, string(tags), reference(post, note.Source), note.AsOf, orNull(note.After != "", note.After), note.Why, n.Hash,
	}
	if n.Old == nil {
		_, err = c.tx.ExecContext(c.ctx, `INSERT INTO notes(key, post_id, pos, line, takeaway, kind, type, tier, front, back, tags, source, as_of, after, why, hash,
			created_at, changed_at, id, anki_guid, anki_nid) VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)`,
			append(args, now, now, n.ID, deck.AnkiGUID(n.ID), c.nextNID)...)
		c.nextNID++
	} else {
		_, err = c.tx.ExecContext(c.ctx, `UPDATE notes SET key=?, post_id=?, pos=?, line=?, takeaway=?, kind=?, type=?, tier=?, front=?, back=?, tags=?, source=?, as_of=?,
			after=?, why=?, hash=?, retired_at=NULL,
			changed_at=CASE WHEN ? OR (takeaway, type, tier, tags, source, as_of)<>(?,?,?,?,?,?) THEN max(?, changed_at+1000) ELSE changed_at END WHERE id=?`,
			append(args, n.Edited, note.Takeaway, note.Type, cmp.Or(note.Tier, deck.Core), string(tags), reference(post, note.Source), note.AsOf, now, n.ID)...)
	}
	if err != nil {
		return err
	}
	if _, err = c.tx.ExecContext(c.ctx, `INSERT INTO lineage(hash, note_id) VALUES(?,?) ON CONFLICT DO NOTHING`, n.Hash, n.ID); err != nil {
		return err
	}
	return c.writeCards(n)
}

// reference returns a source in full where the post names it.
func reference(post *deck.Post, source string) string {
	for _, s := range post.Sources {
		if s.Key == source {
			return s.Ref
		}
	}
	return source
}

func (c *compiler) writeCards(n *deck.NotePlan) error {
	var live []deck.CardID
	for _, card := range n.Cards {
		live = append(live, card.ID)
		if !card.New {
			_, err := c.tx.ExecContext(c.ctx, `UPDATE cards SET pos=?, cloze_hash=?, retired_at=NULL WHERE id=?`, card.Pos, card.Hash, card.ID)
			if err != nil {
				return err
			}
			continue
		}
		_, err := c.tx.ExecContext(c.ctx, `INSERT INTO cards(id, note_id, ord, pos, cloze_hash, anki_cid) VALUES(?,?,?,?,?,?)`,
			card.ID, n.ID, card.Ord, card.Pos, card.Hash, c.nextCID)
		if err != nil {
			return err
		}
		c.nextCID++
		if err := newMemory(c.ctx, c.tx, card.ID, 0, false, 0); err != nil { // writeOrder places it
			return err
		}
	}
	if n.Old == nil {
		return nil
	}
	for _, old := range n.Old.Cards {
		if !old.Retired && !slices.Contains(live, old.ID) {
			if err := c.retireCard(old.ID); err != nil {
				return err
			}
		}
	}
	return nil
}

// newMemory gives a card the memory of a new one.
func newMemory(ctx context.Context, tx *sql.Tx, card deck.CardID, post int64, hidden bool, newPos int64) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO memory(card_id, head, head_at, state, step, s, d, due_day, due_at, last_at, last_day, ivl, reps, lapses,
		first_day, held_day, suspended, buried_day, flag, post_id, hidden, new_pos) VALUES(?,'',0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,'',?,?,?)`,
		card, post, hidden, newPos)
	return err
}

func (c *compiler) retireCard(id deck.CardID) error {
	_, err := c.tx.ExecContext(c.ctx, `UPDATE cards SET retired_at=? WHERE id=?`, millis(c.opt.Now), id)
	return err
}

func (c *compiler) retireNotes() error {
	for _, old := range c.plan.Retire {
		c.report.Retired++
		c.report.Changes = append(c.report.Changes, Change{Note: old.ID, What: []string{"retired"}})
		if _, err := c.tx.ExecContext(c.ctx, `UPDATE notes SET retired_at=? WHERE id=?`, millis(c.opt.Now), old.ID); err != nil {
			return err
		}
		for _, card := range old.Cards {
			if card.Retired {
				continue
			}
			if err := c.retireCard(card.ID); err != nil {
				return err
			}
		}
	}
	return nil
}

func (c *compiler) retirePosts(stored deck.Stored, retire bool) error {
	for _, p := range stored.Posts {
		if p.Retired || p.Keep || slices.Contains(c.postIDs, p.ID) || !(retire || p.Drop) {
			continue
		}
		if _, err := c.tx.ExecContext(c.ctx, `UPDATE posts SET retired_at=? WHERE id=?`, millis(c.opt.Now), p.ID); err != nil {
			return err
		}
	}
	return nil
}

// finish completes the report and remembers how the files looked.
func (c *compiler) finish() error {
	r := c.report
	for _, src := range c.sources {
		r.Problems = append(r.Problems, src.problems...)
		r.Pending += len(src.broken)
		if c.isGone(src) {
			r.Pending++
		}
		if src.stamp == "" {
			continue
		}
		if _, err := c.tx.ExecContext(c.ctx, `UPDATE libraries SET stamp=? WHERE path=? AND stamp<>?`, src.stamp, src.lib.Path, src.stamp); err != nil {
			return err
		}
	}
	r.Problems = append(r.Problems, c.plan.Problems...)
	r.Doubts = c.plan.Doubts
	r.Pending += c.plan.Vanished
	if c.opt.Auto {
		r.Pending += len(r.Doubts)
	}
	if c.opt.Lint != nil && len(r.Problems) == 0 {
		if err := setMeta(c.ctx, c.tx, "clean", looks(c.sources)); err != nil {
			return err
		}
	}
	return setPending(c.ctx, c.tx, r.Pending)
}
