package scheduler

import (
	"cmp"
	"slices"
	"time"
)

// crammed is what was done in a cram, for undo: an answer, which nothing else
// keeps, or a mark, which the log has under its act.
type crammed struct {
	item   Item
	rating Rating
	act    string // "" of an answer
	at     time.Time
}

// beginCram queues the cards by recall, the lowest first.
func (s *Session) beginCram(now time.Time) {
	items := slices.Clone(s.snap.Items)
	sortItems(items, func(a, b *Item) int {
		return cmp.Or(
			cmp.Compare(s.sched.Retrievability(a.Memory, now), s.sched.Retrievability(b.Memory, now)),
			cmp.Compare(a.Card, b.Card))
	})
	s.queue = Queue{Main: items}
}

// cramLeft is what a cram's own bounds leave of its queue, the card on show
// included.
func (s *Session) cramLeft() []Item {
	switch {
	case s.phase == Done:
		return nil
	case s.Spent(): // undo brought one back
		return first(s.queue.Main, 1)
	case s.opt.Limit > 0:
		return first(s.queue.Main, s.opt.Limit-s.tally.Answers)
	}
	return s.queue.Main
}

// keepCram takes over what is known now of the cards that are left, and drops
// those that are gone, and the marks where nothing can be undone any more. The
// order stays: a cram goes on where it stands.
func (s *Session) keepCram() {
	kept := make([]Item, 0, len(s.queue.Main))
	for _, it := range s.queue.Main {
		if i := s.index(it.Card); i >= 0 {
			kept = append(kept, s.snap.Items[i])
		}
	}
	s.queue.Main = kept
	if s.snap.Newest == nil {
		s.crammed = slices.DeleteFunc(s.crammed, func(c crammed) bool { return c.act != "" })
	}
}

// drawCram shows the head of a cram queue, which only shrinks or rotates.
func (s *Session) drawCram(now time.Time) {
	if len(s.queue.Main) == 0 || s.Spent() {
		s.phase, s.current = Done, Item{}
		return
	}
	s.show(s.queue.Main[0], now)
}

// cramNext goes on from the card on show: one that failed comes again at the
// end.
func (s *Session) cramNext(now time.Time, r Rating) {
	s.crammed = append(s.crammed, crammed{item: s.current, rating: r, at: now})
	s.queue.Main = s.queue.Main[1:]
	if r == Again {
		s.queue.Main = append(s.queue.Main, s.current)
	}
	s.drawCram(now)
}

// cramUndoable is what undo would take back in a cram: the newest thing done in
// it, or what another session did since it was marked. A mark that was taken
// back elsewhere is passed over: what is newest then is older than the cram.
func (s *Session) cramUndoable() (newest *Action, own bool) {
	for _, last := range slices.Backward(s.crammed) {
		if last.act == "" {
			return &Action{Kind: Rate, Rating: last.rating, At: last.at, Session: s.opt.ID, Items: []Item{last.item}}, true
		}
		if n := s.snap.Newest; n != nil && (n.Act == last.act || !n.At.Before(last.at)) {
			return n, s.acts[n.Act]
		}
	}
	return nil, false
}

// cramBack takes back an answer of a cram, and shows its card again.
func (s *Session) cramBack(a Action, now time.Time) Action {
	last := len(s.crammed) - 1
	for s.crammed[last].act != "" {
		last--
	}
	s.crammed = s.crammed[:last]
	s.uncount(a)
	if i := s.index(a.Items[0].Card); i >= 0 {
		a.Items[0] = s.snap.Items[i] // another terminal may have answered it since
	}
	s.cramShow(a.Items[0], now)
	return a
}

// cramShow shows a card before those that are left, revealed. It may be queued,
// too: it failed, or was skipped.
func (s *Session) cramShow(it Item, now time.Time) {
	s.queue.Main = append([]Item{it}, without(s.queue.Main, it.Card)...)
	s.show(it, now)
	s.phase = Showing
}
