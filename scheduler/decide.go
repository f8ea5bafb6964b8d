package scheduler

import (
	"errors"
	"fmt"
	"time"

	"etch/deck"
)

// Errors of a decision.
var (
	ErrRating   = errors.New("a rating is 1, 2, 3 or 4")
	ErrNoChange = errors.New("nothing to change")
	ErrNewCard  = errors.New("a new card has no due date yet")
	ErrNoDay    = errors.New("a due date lies after 1970-01-01")
)

// maxTook caps a recorded answer time: longer means the reader went away.
const maxTook = 10 * time.Minute

// Scheduler decides about single cards. It is immutable and safe for
// concurrent use.
type Scheduler struct {
	set   Settings
	model Model
	cal   Calendar
}

// NewScheduler returns the scheduler that the settings make, counting study
// days in loc. The error names the setting that is out of range.
func NewScheduler(set Settings, loc *time.Location) (*Scheduler, error) {
	if err := set.Validate(); err != nil {
		return nil, err
	}
	model, err := NewModel(set.Weights, set.Retention)
	if err != nil {
		return nil, err
	}
	return &Scheduler{set: set.clone(), model: model, cal: Calendar{loc, set.Rollover}}, nil
}

// Settings returns the settings that the scheduler was made with, a copy.
func (s *Scheduler) Settings() Settings { return s.set.clone() }

// Model returns the memory model.
func (s *Scheduler) Model() Model { return s.model }

// Calendar returns how study days are counted.
func (s *Scheduler) Calendar() Calendar { return s.cal }

// Day returns the study day of t.
func (s *Scheduler) Day(t time.Time) Day { return s.cal.Day(t) }

// Retrievability is the probability of recall at a moment, 0..1, for display:
// it counts the real time since the last answer, where decisions count study
// days. It is 0 while the card is new.
func (s *Scheduler) Retrievability(m Memory, now time.Time) float64 {
	if m.State == New {
		return 0
	}
	return s.model.Retrievability(m.Stability, now.Sub(m.Last).Hours()/24)
}

// Stamp is the moment and place of a decision. The caller supplies the ids, so
// that nothing here asks a clock or a random source.
type Stamp struct {
	ID, Act, Session string
	At               time.Time // in the user's zone
}

// Preview returns what each button would do now, by rating. It is exactly what
// [Scheduler.Answer] records.
func (s *Scheduler) Preview(card deck.CardID, m Memory, now time.Time) [4]Outcome {
	return s.outcomes(card, m, now, s.answerDay(m, now))
}

// answerDay is the study day of an answer. It never lies before the last
// answer's: where a clock is set back to some old date, the days until it is
// right again would otherwise count as time in which the card was remembered.
func (s *Scheduler) answerDay(m Memory, now time.Time) Day { return max(s.Day(now), m.LastDay) }

// Answer returns the log row of an answer and the memory after it.
func (s *Scheduler) Answer(card deck.CardID, m Memory, st Stamp, r Rating, took time.Duration) (Entry, Memory, error) {
	if !r.Valid() {
		return Entry{}, m, ErrRating
	}
	e := s.entry(card, m, st, Rate)
	e.Day = s.answerDay(m, st.At)
	e.Rating, e.Took = r, min(max(took, 0), maxTook).Truncate(time.Millisecond)
	e.Before = Belief{m.State, m.Stability, m.Difficulty, s.Retrievability(m, st.At)}
	e.Then = s.outcomes(card, m, st.At, e.Day)[r-1].Decision
	return e, s.Apply(m, e), nil
}

// Act returns the row of a suspend, resume, bury, flag, unflag or forget, and
// the memory after it. It returns ErrNoChange when the card is so already.
func (s *Scheduler) Act(card deck.CardID, m Memory, st Stamp, k Kind, arg string) (Entry, Memory, error) {
	e := s.entry(card, m, st, k)
	same := false
	switch k {
	case Suspend:
		same = m.Suspended
	case Resume:
		same = !m.Suspended
	case Bury:
		same = m.BuriedDay == e.Day
	case Flag:
		if arg == "" {
			arg = "fix me"
		}
		e.Arg, same = arg, m.Flag == arg
	case Unflag:
		same = m.Flag == ""
	case Forget:
		same = m.State == New
	default:
		return Entry{}, m, fmt.Errorf("%q cannot be done to a card by itself", k)
	}
	if same {
		return Entry{}, m, ErrNoChange
	}
	return e, s.Apply(m, e), nil
}

// SetDue returns the row that makes a card a review due on a study day, and
// the memory after it. Stability and difficulty stay: the model learns nothing
// from a wish.
func (s *Scheduler) SetDue(card deck.CardID, m Memory, st Stamp, day Day) (Entry, Memory, error) {
	switch {
	case m.State == New:
		return Entry{}, m, ErrNewCard
	case day <= 0:
		return Entry{}, m, ErrNoDay
	}
	e := s.entry(card, m, st, SetDue)
	e.Then = Decision{State: Review, Interval: max(1, int(day-e.Day)), DueDay: day, Stability: m.Stability, Difficulty: m.Difficulty}
	return e, s.Apply(m, e), nil
}

// entry begins a row. Its time lies after the card's last row even where the
// clock was set back, so that the fold's order is the order of recording.
func (s *Scheduler) entry(card deck.CardID, m Memory, st Stamp, k Kind) Entry {
	at := millis(st.At)
	if m.Head != "" && !at.After(m.HeadAt) {
		at = m.HeadAt.Add(time.Millisecond)
	}
	_, offset := st.At.Zone()
	return Entry{
		ID: st.ID, Card: card, Kind: k, At: at, Zone: offset / 60, Day: s.Day(st.At),
		Act: st.Act, Prev: m.Head, Source: FromEtch, Session: st.Session,
	}
}

// millis returns t as the log keeps it: UTC, whole milliseconds.
func millis(t time.Time) time.Time { return t.UTC().Truncate(time.Millisecond) }
