package scheduler

import (
	"math"
	"time"

	"etch/deck"
)

// Outcome is what one button does.
type Outcome struct {
	Rating Rating
	Decision
	Leech bool // this answer makes the card a leech, or reminds of it
}

// outcomes returns what the four buttons do to a card on a study day. The
// rules are Anki's:
//
//   - A new, learning or relearning card goes through the steps; a review that
//     fails enters the relearning steps.
//   - What leaves the steps, or has none, waits for the interval of the model.
//   - hard < good < easy, where they count days, up to the maximum interval.
func (s *Scheduler) outcomes(card deck.CardID, m Memory, now time.Time, day Day) (out [4]Outcome) {
	factor := fuzzFactor(card, m.Reps)
	least := 1              // days; each button waits a day longer than the one before
	shortest := time.Minute // likewise a second longer, where there are no steps
	state := stepState(m)
	for i, r := range Ratings {
		o := Outcome{Rating: r}
		o.Stability, o.Difficulty = s.remember(m, day, r)
		raw := s.model.Interval(o.Stability)
		days := s.days(raw, max(least, s.leastReview(m, r, raw)), factor)

		step, wait, inSteps := s.nextStep(m, r)
		if !inSteps && least == 1 && s.isShort(m, r, raw) {
			step, wait, inSteps = 0, max(wholeSeconds(raw), shortest), true
			shortest = wait + time.Second
		}
		if inSteps {
			o.State, o.Step, o.Interval = state, step, -int(wait/time.Second)
			o.DueAt = millis(now).Add(wait)
		} else {
			o.State, o.Interval, o.DueDay = Review, days, day+Day(days)
		}
		// Easy beats what Good would give even while Good is still in a step.
		if r == Good || (r == Hard && !inSteps) {
			least = days + 1
		}
		o.Leech = s.leechAfter(m, r)
		out[i] = o
	}
	return out
}

// remember returns stability and difficulty after a rating on a study day.
func (s *Scheduler) remember(m Memory, day Day, r Rating) (stability, difficulty float64) {
	if m.State == New || m.Stability == 0 {
		return s.model.Init(r)
	}
	return s.model.Step(m.Stability, m.Difficulty, int(day-m.LastDay), r)
}

// stepState is the state of a card while it is in its steps.
func stepState(m Memory) State {
	if m.State == Review || m.State == Relearning {
		return Relearning
	}
	return Learning
}

// steps returns the waits of a card in stepState.
func (s *Scheduler) steps(m Memory) []time.Duration {
	if stepState(m) == Relearning {
		return s.set.RelearningSteps
	}
	return s.set.LearningSteps
}

// nextStep returns the step that a rating leads to and how long it waits, or
// false when the card leaves the steps or does not enter them.
func (s *Scheduler) nextStep(m Memory, r Rating) (step int, wait time.Duration, ok bool) {
	steps := s.steps(m)
	if len(steps) == 0 || r == Easy || (m.State == Review && r != Again) {
		return 0, 0, false
	}
	at := 0
	if m.State == Learning || m.State == Relearning {
		at = min(m.Step, len(steps)-1) // the setting may have become shorter
	}
	switch {
	case r == Again:
		step, wait = 0, steps[0]
	case r == Hard && at > 0:
		step, wait = at, steps[at]
	case r == Hard && len(steps) > 1:
		step, wait = 0, (steps[0]+steps[1])/2
	case r == Hard:
		step, wait = 0, steps[0]*3/2
	case at+1 < len(steps):
		step, wait = at+1, steps[at+1]
	default:
		return 0, 0, false
	}
	return step, wait.Truncate(time.Second), true
}

// isShort reports whether a rating without any steps waits for part of a day:
// when the model's interval, raw, is under half a day. Easy always leaves for
// days, and so does a review that was passed.
func (s *Scheduler) isShort(m Memory, r Rating, raw float64) bool {
	return len(s.steps(m)) == 0 && raw < 0.5 && r != Easy && (m.State != Review || r == Again)
}

// leastReview is the least interval in days of a passed review. Where the
// model has a longer one than the last, fuzz must not eat all of the growth;
// where it has the last one within the reach of fuzz, fuzz must not shorten
// it.
func (s *Scheduler) leastReview(m Memory, r Rating, raw float64) int {
	if m.State != Review || r == Again || m.Interval <= 0 || !s.set.Fuzz {
		return 1
	}
	if int(math.Round(raw)) > m.Interval {
		return m.Interval + 1
	}
	if _, high := fuzzRange(raw); m.Interval <= high {
		return m.Interval
	}
	return 1
}

// leechAfter reports whether an answer is a lapse at which a card is called a
// leech: at the threshold, and again after every half of it (8, 12, 16, ...).
func (s *Scheduler) leechAfter(m Memory, r Rating) bool {
	threshold, lapses := s.set.LeechThreshold, m.Lapses+1
	if m.State != Review || r != Again || threshold <= 0 || lapses < threshold {
		return false
	}
	return (lapses-threshold)%((threshold+1)/2) == 0
}

// wholeSeconds returns a time in days as a duration.
func wholeSeconds(days float64) time.Duration {
	return time.Duration(days*secondsPerDay) * time.Second
}
