package storage

import (
	"cmp"
	"database/sql"

	"etch/deck"
)

// placed is what the queue knows of a card from its text.
type placed struct {
	post   int64
	newPos int64
	after  string
	hidden bool
}

// writeOrder brings up to date what memory repeats from the texts: post,
// position among new cards, parent, and whether the card is hidden.
func (c *compiler) writeOrder() error {
	want := make(map[deck.CardID]placed)
	parents, err := c.parents()
	if err != nil {
		return err
	}
	for i := range c.plan.Notes {
		n := &c.plan.Notes[i]
		note := c.note(n)
		parent := parents.of(n.ID)
		for _, card := range n.Cards {
			pos := deck.NewPos(cmp.Or(note.Tier, deck.Core), c.ranks[n.Post], n.Note, card.Pos)
			want[card.ID] = placed{post: c.postIDs[n.Post], newPos: pos, after: string(parent)}
		}
	}
	type row struct {
		card               deck.CardID
		have               placed
		suspended, retired bool
	}
	rows, err := c.tx.QueryContext(c.ctx, `SELECT m.card_id, m.post_id, m.new_pos, coalesce(m.after_card,''), m.hidden, m.suspended, c.retired_at IS NOT NULL
		FROM memory m JOIN cards c ON c.id=m.card_id`)
	all, err := collect(rows, err, func(r *sql.Rows) (x row, err error) {
		return x, r.Scan(&x.card, &x.have.post, &x.have.newPos, &x.have.after, &x.have.hidden, &x.suspended, &x.retired)
	})
	if err != nil {
		return err
	}
	update, err := c.tx.PrepareContext(c.ctx, `UPDATE memory SET post_id=?, new_pos=?, after_card=nullif(?,''), hidden=? WHERE card_id=?`)
	if err != nil {
		return err
	}
	defer update.Close()
	for _, x := range all {
		w, ok := want[x.card]
		if !ok {
			w = x.have // of a file that is kept, or retired
		}
		w.hidden = x.suspended || x.retired
		if w == x.have {
			continue
		}
		if _, err := update.ExecContext(c.ctx, w.post, w.newPos, w.after, w.hidden, x.card); err != nil {
			return err
		}
	}
	if c.opt.Reorder {
		return c.placeKept()
	}
	return nil
}

// parents knows which card must hold before a follow-up comes.
type parents struct {
	notes map[deck.NoteID]followUp
	byKey map[parentKey]deck.NoteID
}

// followUp is a note in use as far as the lock of follow-ups goes.
type followUp struct {
	after parentKey // the key that it names, or ""
	first deck.CardID
}

// parentKey is an explicit id. The built-in library has ids of its own.
type parentKey struct {
	builtin bool
	key     string
}

// parents reads the notes in use that have an id or name a parent: those of
// this compile, and those that it leaves alone.
func (c *compiler) parents() (parents, error) {
	p := parents{notes: make(map[deck.NoteID]followUp), byKey: make(map[parentKey]deck.NoteID)}
	rows, err := c.tx.QueryContext(c.ctx, `SELECT n.id, coalesce(n.key,''), coalesce(n.after,''), b.kind='builtin',
		coalesce((SELECT id FROM cards WHERE note_id=n.id AND retired_at IS NULL ORDER BY pos LIMIT 1),'')
		FROM notes n JOIN posts p ON p.id=n.post_id JOIN libraries b ON b.id=p.library_id
		WHERE n.retired_at IS NULL AND (n.key IS NOT NULL OR n.after IS NOT NULL)`)
	_, err = collect(rows, err, func(r *sql.Rows) (_ struct{}, err error) {
		var id deck.NoteID
		var key string
		var f followUp
		err = r.Scan(&id, &key, &f.after.key, &f.after.builtin, &f.first)
		p.notes[id] = f
		if key != "" {
			p.byKey[parentKey{f.after.builtin, key}] = id
		}
		return struct{}{}, err
	})
	return p, err
}

// of returns the card that locks a note, or "". A parent that is not there
// locks nothing, and neither does one that in the end waits for the note.
func (p parents) of(id deck.NoteID) deck.CardID {
	parent := p.parent(id)
	seen := make(map[deck.NoteID]bool)
	for n := parent; n != "" && !seen[n]; n = p.parent(n) {
		if n == id {
			return ""
		}
		seen[n] = true
	}
	return p.notes[parent].first
}

// parent returns the note that a follow-up names, or "". A user's follow-up
// may name a card of the library.
func (p parents) parent(id deck.NoteID) deck.NoteID {
	after := p.notes[id].after
	if after.key == "" {
		return ""
	}
	if parent, ok := p.byKey[after]; ok {
		return parent
	}
	return p.byKey[parentKey{builtin: true, key: after.key}]
}
