package storage

import (
	"database/sql"
	"fmt"
	"strconv"
	"strings"

	"etch/deck"
)

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
