package scheduler

import (
	"fmt"
	"math"
	"time"

	"github.com/open-spaced-repetition/go-fsrs/v3"
)

// The bounds of stability, in days, and of difficulty (fsrs-rs).
const (
	minStability  = 0.001
	maxStability  = 36500
	minDifficulty = 1
	maxDifficulty = 10
)

// Model is the memory model FSRS-6. A memory is a stability s, the days until
// recall falls to 90 %, in [0.001, 36500], and a difficulty d in [1, 10].
//
// The formulas are those of the FSRS wiki and of fsrs-rs (BSD-3), which Anki
// runs. go-fsrs v3 knows FSRS-5 and its own idea of which formula applies
// when, so it is asked one narrow question at a time (see next), and what the
// versions do not share is computed here.
//
// A Model comes from [NewModel], is immutable and safe for concurrent use.
// Ratings must be valid.
type Model struct {
	w      [21]float64
	params fsrs.Parameters // w and the forgetting curve, as go-fsrs takes them
	growth float64         // interval at the desired retention / stability

	// What FSRS-5 has different; the test against its golden vectors sets them.
	leastStability float64 // 0.001 days, FSRS-5: 0.01
	leastSameDay   float64 // factor of a same-day pass: at least 1, FSRS-5: 0
}

// NewModel returns the model with 21 weights, or with 19 of FSRS-5, which are
// widened. Weights out of range are moved to the nearest bound. retention is
// the desired probability of recall, between 0 and 1.
func NewModel(weights []float64, retention float64) (Model, error) {
	if !(retention > 0 && retention < 1) {
		return Model{}, fmt.Errorf("desired retention %g: want more than 0 and less than 1", retention)
	}
	w, err := widen(weights)
	if err != nil {
		return Model{}, err
	}
	m := Model{w: w, params: fsrs.DefaultParam(), leastStability: minStability, leastSameDay: 1}
	copy(m.params.W[:], w[:])
	m.params.Decay = -w[20]
	m.params.Factor = math.Pow(0.9, 1/m.params.Decay) - 1 // so that recall is 0.9 after s days
	m.growth = (math.Pow(retention, 1/m.params.Decay) - 1) / m.params.Factor
	return m, nil
}

// Init returns stability (days) and difficulty after the first rating.
func (m Model) Init(r Rating) (s, d float64) {
	return m.clampStability(m.w[r-1]), clampDifficulty(m.initDifficulty(r))
}

// initDifficulty is D0(r) = w4 - e^(w5(r-1)) + 1, unclamped.
func (m Model) initDifficulty(r Rating) float64 {
	return m.w[4] - math.Exp(m.w[5]*float64(r-1)) + 1
}

// Step returns stability (days) and difficulty after a rating, given those
// before it and the study days since the rating before. Fewer than 0 days
// count as 0. The result is finite and within bounds whatever s and d are.
func (m Model) Step(s, d float64, days int, r Rating) (s2, d2 float64) {
	s, d = m.clampStability(s), clampDifficulty(d)
	if days > 0 {
		s2 = m.next(fsrs.Review, s, d, min(days, maxStability), r)
	} else {
		// go-fsrs multiplies by FSRS-5's factor: divide by it and put in ours.
		s2 = m.next(fsrs.Learning, s*m.sameDay(s, r)/m.sameDay5(r), d, 0, r)
	}
	return m.clampStability(s2), m.nextDifficulty(d, r)
}

// next asks go-fsrs for the stability after a rating. The card is made up, and
// so is the clock: state Review selects the formulas for a later day (pass and
// lapse), Learning that for the same day, whatever state the real card is in.
// Only the stability of the answer is used. fsrs.FSRS writes into itself and
// must not be shared, so each call makes its own.
func (m Model) next(state fsrs.State, s, d float64, days int, r Rating) float64 {
	epoch := time.Unix(0, 0).UTC()
	card := fsrs.Card{State: state, Stability: s, Difficulty: d, Reps: 1, LastReview: epoch}
	now := epoch.Add(time.Duration(days) * 24 * time.Hour)
	return fsrs.NewFSRS(m.params).Next(card, now, fsrs.Rating(r)).Card.Stability
}

// sameDay is the factor on s of a rating on the day of the one before:
// e^(w17(r-3+w18)) s^-w19. A pass never makes a memory weaker.
func (m Model) sameDay(s float64, r Rating) float64 {
	factor := m.sameDay5(r) * math.Pow(s, -m.w[19])
	if r > Again {
		factor = max(factor, m.leastSameDay)
	}
	return factor
}

// sameDay5 is the factor of FSRS-5, the one inside go-fsrs.
func (m Model) sameDay5(r Rating) float64 {
	return math.Exp(m.w[17] * (float64(r-Good) + m.w[18]))
}

// nextDifficulty moves d by the rating, less the closer d is to 10, and then a
// little towards D0(easy). That target is unclamped in fsrs-rs, clamped in
// go-fsrs.
func (m Model) nextDifficulty(d float64, r Rating) float64 {
	moved := d - m.w[6]*float64(r-Good)*(maxDifficulty-d)/9
	return clampDifficulty(m.w[7]*m.initDifficulty(Easy) + (1-m.w[7])*moved)
}

// Retrievability is the probability of recall, 0..1, after a time in days: the
// curve (1 + F t/s)^-w20, with F so that it is 0.9 at t = s.
func (m Model) Retrievability(s, elapsed float64) float64 {
	t := clamp(elapsed, 0, math.MaxFloat64) / m.clampStability(s)
	return math.Pow(1+m.params.Factor*t, m.params.Decay)
}

// Interval is the time in days until recall falls to the desired retention,
// neither rounded nor bounded.
func (m Model) Interval(s float64) float64 { return m.clampStability(s) * m.growth }

// FromSM2 returns the memory that an interval (days) and an ease (2.5 is 250 %)
// of the algorithm SM-2 come to, taking for granted that recall was 90 % at the
// end of the interval. The formula is fsrs-rs's: the difficulty at which a pass
// then would multiply the stability by the ease.
func (m Model) FromSM2(interval, ease float64) (s, d float64) {
	const recalled = 0.9
	s = m.clampStability(interval)
	growth := math.Exp(m.w[8]) * math.Pow(s, -m.w[9]) * math.Expm1((1-recalled)*m.w[10])
	return s, clampDifficulty(11 - (clamp(ease, 1.3, 10)-1)/growth)
}

func (m Model) clampStability(s float64) float64 { return clamp(s, m.leastStability, maxStability) }

func clampDifficulty(d float64) float64 { return clamp(d, minDifficulty, maxDifficulty) }

// clamp returns x, or the nearer bound; low when x is NaN.
func clamp(x, low, high float64) float64 {
	if math.IsNaN(x) {
		return low
	}
	return min(max(x, low), high)
}
