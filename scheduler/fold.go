package scheduler

import (
	"cmp"
	"fmt"
	"sort"
)

// Live returns the rows that stand, in the order given: no void row, and none
// that a void row names.
func Live(log []Entry) []Entry {
	voided := make(map[string]bool)
	for i := range log {
		if log[i].Kind == Void {
			voided[log[i].Target] = true
		}
	}
	live := make([]Entry, 0, len(log))
	for i := range log {
		if log[i].Kind != Void && !voided[log[i].ID] {
			live = append(live, log[i])
		}
	}
	return live
}

// SortEntries puts a card's rows into the order in which they happened.
func SortEntries(log []Entry) {
	sort.Slice(log, func(i, j int) bool {
		a, b := &log[i], &log[j]
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.ID, b.ID)) < 0
	})
}

// Fold rebuilds a card's memory from its rows, given in any order and with the
// voids among them.
//
// Where a card stands is what its last row decided, also after a merge, when
// that was decided without knowing all the rows before it: a due day that was
// given is never moved by a setting that changed later. Stability and
// difficulty are always computed, from the ratings, the recorded days and
// today's weights, so the next answer knows the whole history.
func (s *Scheduler) Fold(log []Entry) Memory {
	live := Live(log)
	SortEntries(live)
	var m Memory
	for _, e := range live {
		m = s.Apply(m, e)
	}
	return m
}

// Apply returns the memory after one more row, with today's weights. Recording and folding both go
// through here, so that the cache is what a rebuild gives.
func (s *Scheduler) Apply(m Memory, e Entry) Memory {
	switch e.Kind {
	case Rate:
		m = s.rated(m, e)
	case Seed:
		m = seeded(m, e)
	case SetDue:
		if m.State != New { // the answers before it may have been taken back
			m.place(e.Then)
		}
	case Forget:
		m = m.forgotten()
	case Suspend:
		m.Suspended = true
	case Resume:
		m.Suspended = false
	case Bury:
		m.BuriedDay = e.Day
	case Flag:
		m.Flag = e.Arg
	case Unflag:
		m.Flag = ""
	}
	m.Head, m.HeadAt = e.ID, e.At
	return m
}

// rated returns the memory after an answer; an answer without a valid rating
// changes nothing.
func (s *Scheduler) rated(m Memory, e Entry) Memory {
	if !e.Rating.Valid() {
		return m
	}
	stability, difficulty := s.remember(m, e.Day, e.Rating)
	if m.State == Review && e.Rating == Again {
		m.Lapses++
	}
	switch {
	case m.Reps == 0:
		m.FirstDay = e.Day
	case m.HeldDay == 0 && e.Rating > Again && e.Day > m.FirstDay:
		m.HeldDay = e.Day
	}
	m.Reps++
	m.place(e.Then)
	m.Stability, m.Difficulty = stability, difficulty
	m.Last, m.LastDay = e.At, e.Day
	return m
}

// seeded returns the memory of a card that came with a state and without a
// history. Stability and difficulty are those of the row: there is nothing to
// compute them from.
func seeded(m Memory, e Entry) Memory {
	m = m.forgotten()
	m.place(e.Then)
	if e.Then.State == New {
		return m
	}
	m.Stability, m.Difficulty = e.Then.Stability, e.Then.Difficulty
	m.Last, m.LastDay, m.FirstDay = e.At, e.Day, e.Day
	if e.Then.State == Review {
		m.HeldDay = e.Day // it was recalled on some day before, or it would not be in review
	}
	_, _ = fmt.Sscanf(e.Arg, "reps=%d lapses=%d", &m.Reps, &m.Lapses) // what is missing is 0
	return m
}

// forgotten returns a new card's memory that keeps the user's marks.
func (m Memory) forgotten() Memory {
	return Memory{Suspended: m.Suspended, BuriedDay: m.BuriedDay, Flag: m.Flag}
}

// place takes over where a decision puts the card.
func (m *Memory) place(d Decision) {
	m.State, m.Step, m.Interval, m.DueDay, m.DueAt = d.State, d.Step, d.Interval, d.DueDay, d.DueAt
}
