package scheduler

import (
	"cmp"
	"sort"
	"time"

	"etch/deck"
)

// Item is one card as the queue sees it. The queue knows no text.
type Item struct {
	Card       deck.CardID
	Memory     Memory
	NewPos     int64       // position among new cards, post by post
	After      deck.CardID // the parent that must hold before a new card comes, or ""
	ParentHeld Day         // the parent's Memory.HeldDay
}

// Today is what was done on one study day, over all sessions.
type Today struct {
	New     int           // distinct cards that were new
	Reviews int           // answers to cards in state Review
	Spent   time.Duration // time from shown to graded
	Seq     int64         // newest row of the log: tells whether somebody else wrote
}

// Snapshot is what the queue is built from. Items may come in any order and
// may lack only cards that the day's limits would cut anyway.
type Snapshot struct {
	Items   []Item
	Waiting int // due reviews in scope, however many of them Items holds
	Today   Today
	Seen    map[deck.NoteID]deck.CardID // notes answered today, and by which card last
	Pace    Pace
	Newest  *Action // what undo would take back; nil for nothing
}

// Pace is the user's mean time for one answer, by the state of the card.
type Pace struct{ New, Learning, Review time.Duration }

// Limits bounds one queue. A negative bound means none.
type Limits struct {
	New     int // new cards that may still come
	Reviews int // reviews that may still come
	Answers int // cards of any sort
	Budget  time.Duration
}

// Queue is what is left to do, in the order in which it comes.
type Queue struct {
	Learning []Item // (re)learning cards that are due, oldest first
	Main     []Item // reviews with new cards mixed in
	Soon     []Item // learning cards within the learn-ahead window, soonest first
	Backlog  int    // due reviews that today's limit leaves for other days
}

// Len returns the number of cards that are left.
func (q Queue) Len() int { return len(q.Learning) + len(q.Main) + len(q.Soon) }

// Queue orders a snapshot: learning cards that are due, then reviews by due
// day and within the day shuffled, with new cards mixed in at the pace that
// ends both together. With more reviews than the limit allows, those most
// likely still known come first: that order saves most of a backlog
// (review-sort-order-comparison: 1.42 minutes per remembered card against 1.61
// by due date, and the best true retention).
//
// ahead is how many days of future reviews count as due. skipped cards come
// last in the main queue, in the order in which they were skipped.
func (s *Scheduler) Queue(snap Snapshot, now time.Time, lim Limits, ahead int, skipped []deck.CardID) Queue {
	today := s.Day(now)
	var q Queue
	var reviews, fresh []Item
	for _, it := range snap.Items {
		m := it.Memory
		if m.Suspended || (m.BuriedDay != 0 && m.BuriedDay == today) {
			continue
		}
		switch m.State {
		case Learning, Relearning:
			switch {
			case !m.DueAt.After(now):
				q.Learning = append(q.Learning, it)
			case !m.DueAt.After(now.Add(s.set.LearnAhead)):
				q.Soon = append(q.Soon, it)
			}
		case Review:
			if m.DueDay <= today+Day(ahead) {
				reviews = append(reviews, it)
			}
		case New:
			if it.After == "" || (it.ParentHeld != 0 && it.ParentHeld < today) {
				fresh = append(fresh, it)
			}
		}
	}
	byDueAt := func(a, b *Item) int {
		return cmp.Or(a.Memory.DueAt.Compare(b.Memory.DueAt), cmp.Compare(a.Card, b.Card))
	}
	sortItems(q.Learning, byDueAt)
	sortItems(q.Soon, byDueAt)

	backlog := lim.Reviews >= 0 && max(snap.Waiting, len(reviews)) > lim.Reviews
	s.sortReviews(reviews, now, backlog)
	sortNew(fresh)
	if s.set.BurySiblings {
		met := make(map[deck.NoteID]deck.CardID, len(reviews)+len(fresh))
		for note, card := range snap.Seen {
			met[note] = card
		}
		reviews = onePerNote(reviews, met)
		fresh = onePerNote(fresh, met)
	}
	due := len(reviews)
	reviews = first(reviews, lim.Reviews)
	fresh = first(fresh, lim.New)
	q.Backlog = due - len(reviews)
	q.Main = mix(reviews, fresh, snap.Today)
	q.Main = toEnd(q.Main, skipped)
	return q.fit(lim, snap.Pace)
}

// sortReviews orders due reviews. The shuffle within a due day is a hash of
// card and study day, so that it is stable over sessions and reloads.
func (s *Scheduler) sortReviews(items []Item, now time.Time, backlog bool) {
	today := s.Day(now)
	type key struct {
		recall float64
		mixed  uint64
	}
	keys := make(map[deck.CardID]key, len(items))
	for _, it := range items {
		k := key{mixed: scatter(it.Card, int(today))}
		if backlog {
			k.recall = s.RecallOn(it.Memory, today)
		}
		keys[it.Card] = k
	}
	sortItems(items, func(a, b *Item) int {
		ka, kb := keys[a.Card], keys[b.Card]
		first := cmp.Compare(a.Memory.DueDay, b.Memory.DueDay)
		if backlog {
			first = cmp.Compare(kb.recall, ka.recall)
		}
		return cmp.Or(first, cmp.Compare(ka.mixed, kb.mixed), cmp.Compare(a.Card, b.Card))
	})
}

// sortItems sorts in place; what compares as equal keeps its order. Items are
// large: they are compared where they are, and moved by one piece of code for
// all types.
func sortItems(items []Item, order func(a, b *Item) int) {
	sort.SliceStable(items, func(i, j int) bool { return order(&items[i], &items[j]) < 0 })
}

// RecallOn is the probability of recall (0..1) on a study day, counted in
// whole days, so that the order of a backlog stands still within a day.
func (s *Scheduler) RecallOn(m Memory, today Day) float64 {
	return s.model.Retrievability(m.Stability, float64(max(0, today-m.LastDay)))
}

// sortNew puts unlocked follow-ups first, then goes post by post.
func sortNew(items []Item) {
	sortItems(items, func(a, b *Item) int {
		return cmp.Or(
			-cmp.Compare(min(1, len(a.After)), min(1, len(b.After))),
			cmp.Compare(a.NewPos, b.NewPos),
			cmp.Compare(a.Card, b.Card))
	})
}

// onePerNote keeps the first card of each note that may come, and adds it to
// met.
func onePerNote(items []Item, met map[deck.NoteID]deck.CardID) []Item {
	kept := items[:0]
	for _, it := range items {
		if !siblingMet(met, it.Card) {
			met[it.Card.Note()] = it.Card
			kept = append(kept, it)
		}
	}
	return kept
}

// siblingMet reports whether another card of the note was met. That a card
// itself was answered today does not hide it: where it comes once more, that is
// because the user asked for it.
func siblingMet(met map[deck.NoteID]deck.CardID, card deck.CardID) bool {
	other, ok := met[card.Note()]
	return ok && other != card
}

// mix spreads new cards among reviews in proportion to the whole study day:
// with r of R reviews and n of N new cards done, the next is new when the new
// ones lag behind. It depends only on the day's counts, so a reload or a
// second session goes on where the first stopped.
func mix(reviews, fresh []Item, today Today) []Item {
	r, n := today.Reviews, today.New
	allReviews, allNew := r+len(reviews), n+len(fresh)
	out := make([]Item, 0, len(reviews)+len(fresh))
	for len(reviews) > 0 && len(fresh) > 0 {
		if (2*n+1)*allReviews <= (2*r+1)*allNew && r > 0 {
			out, fresh, n = append(out, fresh[0]), fresh[1:], n+1
		} else {
			out, reviews, r = append(out, reviews[0]), reviews[1:], r+1
		}
	}
	return append(append(out, reviews...), fresh...)
}

func toEnd(items []Item, skipped []deck.CardID) []Item {
	if len(skipped) == 0 {
		return items
	}
	rank := make(map[deck.CardID]int, len(skipped))
	for i, card := range skipped {
		rank[card] = i + 1
	}
	sortItems(items, func(a, b *Item) int { return cmp.Compare(rank[a.Card], rank[b.Card]) })
	return items
}

// fit cuts the queue to the number of answers and the time that are left. A
// bound on the time cuts the main queue alone: what was begun is finished first.
// Only where no time is left at all do the learning cards go, too.
func (q Queue) fit(lim Limits, pace Pace) Queue {
	if lim.Answers >= 0 {
		q.Learning = first(q.Learning, lim.Answers)
		q.Main = first(q.Main, lim.Answers-len(q.Learning))
		q.Soon = first(q.Soon, lim.Answers-len(q.Learning)-len(q.Main))
	}
	if lim.Budget < 0 {
		return q
	}
	left := lim.Budget - q.begun(pace)
	for i, it := range q.Main {
		if left -= pace.of(it); left < 0 {
			q.Main = q.Main[:i]
			break
		}
	}
	if lim.Budget == 0 {
		q.Learning, q.Soon = nil, nil
	}
	return q
}

func (q Queue) begun(pace Pace) time.Duration {
	return time.Duration(len(q.Learning)+len(q.Soon)) * pace.Learning
}

// Left estimates the time that the queue takes from the user's own answers.
func (q Queue) Left(pace Pace) time.Duration {
	left := q.begun(pace)
	for _, it := range q.Main {
		left += pace.of(it)
	}
	return left
}

// of is what a card costs today; a new one comes back once for its second step.
func (p Pace) of(it Item) time.Duration {
	if it.Memory.State == New {
		return p.New + p.Learning
	}
	return p.Review
}

// first returns the first n items, all of them for a negative n.
func first(items []Item, n int) []Item {
	if n < 0 || n >= len(items) {
		return items
	}
	return items[:n]
}
