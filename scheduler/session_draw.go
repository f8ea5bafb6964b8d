package scheduler

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"etch/deck"
)

// This file is the inner half of Session: how it reads the day, keeps it up to
// date, and chooses the card that comes next.

// record stores a row and brings the snapshot up to date. A card that was
// answered elsewhere is dropped by reading everything again.
func (s *Session) record(ctx context.Context, now time.Time, row Row) error {
	before := s.snap.Today.Seq
	today, err := s.store.Record(ctx, row)
	if errors.Is(err, ErrStale) {
		if lerr := s.load(ctx, now); lerr != nil {
			return errors.Join(err, lerr)
		}
		s.draw(now)
		return err
	}
	if err != nil {
		return err
	}
	if row.Entry.Kind == Rate && row.Entry.Before.State == Review {
		s.snap.Waiting--
	}
	other := row.Entry.Day != s.day // the clock was set back, or a new day has begun
	if !other {
		s.snap.Today = today
	}
	if i := s.index(row.Entry.Card); i >= 0 {
		s.snap.Items[i].Memory = row.Memory
	}
	s.acts[row.Entry.Act] = true
	s.snap.Newest = &Action{
		Act: row.Entry.Act, Kind: row.Entry.Kind, Rating: row.Entry.Rating, At: row.Entry.At,
		Session: s.opt.ID, Items: []Item{{Card: row.Entry.Card, Memory: row.Memory}},
	}
	// Somebody else wrote, too, or these are another day's counts. Should the
	// look at it fail, the answer is durable all the same, and the next one
	// looks again.
	if (other || today.Seq != before+1) && s.load(ctx, now) != nil {
		s.snap.Today.Seq = -1
	}
	return nil
}

// next draws the next card; it reads everything again when a new study day has
// begun, or before it says that nothing is left.
func (s *Session) next(ctx context.Context, now time.Time) error {
	if s.opt.Cram {
		s.drawCram(now)
		return nil
	}
	if s.sched.Day(now) != s.day {
		if err := s.load(ctx, now); err != nil {
			return err
		}
	}
	s.draw(now)
	if s.phase == Done && s.roomLeft() {
		if err := s.load(ctx, now); err != nil {
			return err
		}
		s.draw(now)
	}
	return nil
}

// roomLeft reports whether a fresh look could bring more cards.
func (s *Session) roomLeft() bool { return s.opt.Limit == 0 || s.tally.Answers < s.opt.Limit }

func (s *Session) load(ctx context.Context, now time.Time) error {
	q := Query{Now: now, Posts: s.opt.Posts, Tags: s.opt.Tags, Topic: s.opt.Topic, Ahead: s.opt.Ahead, Cram: s.opt.Cram, New: -1, Done: len(s.had)}
	if s.opt.New != nil {
		q.New = max(0, *s.opt.New-s.tally.New)
	}
	snap, err := s.store.Load(ctx, q)
	if err != nil {
		return fmt.Errorf("load the day: %w", err)
	}
	s.snap, s.day = snap, s.sched.Day(now)
	if s.snap.Seen == nil {
		s.snap.Seen = make(map[deck.NoteID]deck.CardID)
	}
	s.snap.Pace = s.snap.Pace.orDefault()
	if s.opt.Cram {
		s.keepCram()
	} else {
		s.arrange(now)
	}
	return nil
}

// limits says what may still come, today and in this run.
func (s *Session) limits(now time.Time) Limits {
	set := s.sched.Settings()
	lim := Limits{
		New:     max(0, set.NewPerDay-s.snap.Today.New),
		Reviews: max(0, set.ReviewsPerDay-s.snap.Today.Reviews),
		Answers: -1,
		Budget:  -1,
	}
	if set.MinutesPerDay > 0 && s.opt.Time == 0 && !s.beyond() {
		lim.Budget = max(0, time.Duration(set.MinutesPerDay)*time.Minute-s.snap.Today.Spent)
		lim.Reviews = min(lim.Reviews, int(lim.Budget/s.snap.Pace.Review))
	}
	if s.waiting(now) > lim.Reviews {
		lim.New = 0 // coming back after a break: first the backlog
	}
	if set.InterviewNear(s.sched.Day(now)) {
		lim.New = 0
	}
	if s.opt.New != nil {
		lim.New = max(0, *s.opt.New-s.tally.New)
	}
	if s.opt.Limit > 0 {
		lim.Answers = max(0, s.opt.Limit-s.tally.Answers)
	}
	if s.opt.Time > 0 {
		lim.Budget = max(0, s.opt.Time-s.tally.Time)
	}
	return lim
}

// waiting is how many reviews are due, as far as the snapshot knows.
func (s *Session) waiting(now time.Time) int {
	n, today := 0, s.sched.Day(now)
	for _, it := range s.snap.Items {
		if m := it.Memory; m.State == Review && m.DueDay <= today && !m.Suspended && m.BuriedDay != today {
			n++
		}
	}
	return max(s.snap.Waiting, n)
}

// beyond reports whether this run asks for more than the day does: reviews ahead
// of their time, or a number of new cards. The day's minutes do not bound that,
// or nothing would come of it once they are over.
func (s *Session) beyond() bool {
	return s.opt.Ahead > 0 || s.opt.New != nil && *s.opt.New > 0
}

func (s *Session) arrange(now time.Time) {
	snap := s.snap
	if s.opt.Ahead > 0 && len(s.had) > 0 { // or a session far ahead would ask the same cards until they are due beyond
		today := s.sched.Day(now)
		snap.Items = slices.DeleteFunc(slices.Clone(snap.Items), func(it Item) bool {
			return s.had[it.Card] && it.Memory.State == Review && it.Memory.DueDay > today
		})
	}
	s.queue = s.sched.Queue(snap, now, s.limits(now), s.opt.Ahead, s.skipped)
}

// draw puts the next card on show.
func (s *Session) draw(now time.Time) {
	if s.opt.Cram {
		s.drawCram(now)
		return
	}
	s.arrange(now)
	s.pick(now)
}

// pick chooses from the queue: what is due in learning, then the main queue,
// then learning cards ahead of their time, if they may, and what was skipped
// after all of these. The card just answered comes directly again only when it
// is alone.
func (s *Session) pick(now time.Time) {
	// Two that were not skipped are enough to choose from, and among so many
	// heads they are, if there are any.
	n := len(s.skipped) + 2
	var ready []Item
	ready = append(ready, first(s.queue.Learning, n)...)
	ready = append(ready, first(s.queue.Main, n)...)
	if s.opt.Eager {
		ready = append(ready, first(s.queue.Soon, n)...)
	} else if len(s.hurried) > 0 {
		ready = append(ready, first(s.unwaited(), n)...)
	}
	ready = toEnd(ready, s.skipped)
	switch {
	case len(ready) > 0:
		i := max(0, slices.IndexFunc(ready, func(it Item) bool { return it.Card != s.last }))
		s.show(ready[i], now)
	case len(s.queue.Soon) > 0:
		s.phase, s.current = Waiting, Item{}
	default:
		s.phase, s.current = Done, Item{}
	}
}

// unwaited returns the learning cards ahead of their time that the user would
// not wait for, and has not answered since.
func (s *Session) unwaited() (out []Item) {
	for _, it := range s.queue.Soon {
		if due, ok := s.hurried[it.Card]; ok && due.Equal(it.Memory.DueAt) {
			out = append(out, it)
		}
	}
	return out
}

func (s *Session) show(it Item, now time.Time) {
	s.current, s.shown, s.phase = it, now, Asking
	s.toFront()
	s.last = it.Card
}

// toFront makes the counts include the card on show, even where undo brought
// back one that the limits would cut.
func (s *Session) toFront() {
	same := func(it Item) bool { return it.Card == s.current.Card }
	for _, items := range [][]Item{s.queue.Learning, s.queue.Main, s.queue.Soon} {
		if slices.ContainsFunc(items, same) {
			return
		}
	}
	switch s.current.Memory.State {
	case Learning, Relearning:
		s.queue.Learning = append([]Item{s.current}, s.queue.Learning...)
	default:
		s.queue.Main = append([]Item{s.current}, s.queue.Main...)
	}
}

func (s *Session) index(card deck.CardID) int {
	return slices.IndexFunc(s.snap.Items, func(it Item) bool { return it.Card == card })
}
