package scheduler

import (
	"cmp"
	"slices"
	"time"
)

// crammed is an answer of a cram: nothing else keeps it.
type crammed struct {
	item   Item
	rating Rating
}

// beginCram queues the cards by recall, the lowest first.
func (s *Session) beginCram(now time.Time) {
	items := slices.Clone(s.snap.Items)
	sortItems(items, func(a, b *Item) int {
		return cmp.Or(
			cmp.Compare(s.sched.Retrievability(a.Memory, now), s.sched.Retrievability(b.Memory, now)),
			cmp.Compare(a.Card, b.Card))
	})
	s.queue = Queue{Main: first(items, s.limits(now).Answers)}
}

// keepCram takes over what is known now of the cards that are left, and drops
// those that are gone. The order stays: a cram goes on where it stands.
func (s *Session) keepCram() {
	kept := make([]Item, 0, len(s.queue.Main))
	for _, it := range s.queue.Main {
		if i := s.index(it.Card); i >= 0 {
			kept = append(kept, s.snap.Items[i])
		}
	}
	s.queue.Main = kept
}

// drawCram shows the head of a cram queue, which only shrinks or rotates.
func (s *Session) drawCram(now time.Time) {
	if len(s.queue.Main) == 0 || (s.opt.Time > 0 && s.tally.Time >= s.opt.Time) {
		s.phase, s.current = Done, Item{}
		return
	}
	s.show(s.queue.Main[0], now)
}

// cramNext goes on from the card on show: one that failed comes again at the
// end.
func (s *Session) cramNext(now time.Time, r Rating) {
	s.crammed = append(s.crammed, crammed{s.current, r})
	s.queue.Main = s.queue.Main[1:]
	if r == Again {
		s.queue.Main = append(s.queue.Main, s.current)
	}
	s.drawCram(now)
}

// cramBack shows the card before the current one again.
func (s *Session) cramBack(now time.Time) (Action, error) {
	if len(s.crammed) == 0 {
		return Action{}, ErrNothing
	}
	last := s.crammed[len(s.crammed)-1]
	s.crammed = s.crammed[:len(s.crammed)-1]
	it := last.item
	s.uncount(Action{Rating: last.rating, Items: []Item{it}})
	// One that failed is also queued, and skips may have moved it.
	s.queue.Main = append([]Item{it}, without(s.queue.Main, it.Card)...)
	s.show(it, now)
	s.phase = Showing
	return Action{Kind: Rate, Items: []Item{it}}, nil
}
