package scheduler

import (
	"cmp"
	"time"
)

// sortCram orders cards by recall, the lowest first.
func (s *Scheduler) sortCram(items []Item, now time.Time) {
	sortItems(items, func(a, b *Item) int {
		return cmp.Or(
			cmp.Compare(s.Retrievability(a.Memory, now), s.Retrievability(b.Memory, now)),
			cmp.Compare(a.Card, b.Card))
	})
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
	s.crammed = append(s.crammed, s.current)
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
	it := s.crammed[len(s.crammed)-1]
	s.crammed = s.crammed[:len(s.crammed)-1]
	if n := len(s.queue.Main); n > 0 && s.queue.Main[n-1].Card == it.Card {
		s.queue.Main = s.queue.Main[:n-1]
	}
	s.queue.Main = append([]Item{it}, s.queue.Main...)
	s.show(it, now)
	s.phase = Showing
	return Action{Kind: Rate, Items: []Item{it}}, nil
}
