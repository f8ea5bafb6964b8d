package scheduler

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// Settings is everything that a user can set about scheduling.
type Settings struct {
	Weights         []float64       // FSRS-6, 21 of them; 19 (FSRS-5) are widened
	Retention       float64         // desired probability of recall, 0.70..0.99
	MaximumInterval int             // days, 1..36500
	LearningSteps   []time.Duration // each at least 1 s and under a day
	RelearningSteps []time.Duration // likewise
	LearnAhead      time.Duration   // how early a learning card may come when nothing else is left
	NewPerDay       int             // new cards a study day, over all sessions; 0..9999
	ReviewsPerDay   int             // likewise for reviews
	MinutesPerDay   int             // 0 for no bound
	Rollover        int             // the local hour at which a study day begins, 0..23
	LeechThreshold  int             // lapses until a card is a leech, then every half of it; 0 for never
	BurySiblings    bool            // at most one card of a note a study day
	Fuzz            bool            // spread intervals a little, so that cards learned together part
	TwoButtons      bool            // grade with Again and Good alone
	InterviewDate   Day             // the day that the reader studies for; 0 for none
	PinnedPosts     []string        // slugs of posts whose new cards come first
}

// Defaults returns the settings of a new user.
func Defaults() Settings {
	return Settings{
		Weights:         DefaultWeights(),
		Retention:       0.9,
		MaximumInterval: 36500,
		LearningSteps:   []time.Duration{time.Minute, 10 * time.Minute},
		RelearningSteps: []time.Duration{10 * time.Minute},
		LearnAhead:      20 * time.Minute,
		NewPerDay:       10,
		ReviewsPerDay:   200,
		Rollover:        4,
		LeechThreshold:  8,
		BurySiblings:    true,
		Fuzz:            true,
	}
}

// ErrPast is the error of a date to come that is over.
var ErrPast = errors.New("that day is over")

// ChangeFrom returns why the settings cannot take the place of old ones on a
// study day. An interview date may pass, but none can be set that is over.
func (s Settings) ChangeFrom(old Settings, today Day) error {
	if date := s.InterviewDate; date != 0 && date != old.InterviewDate && date < today {
		return fmt.Errorf("set interview-date to %s: %w", date, ErrPast)
	}
	return nil
}

// InterviewNear reports whether the interview is on a study day or on the next
// one. What is learned so late does not hold: no new cards come by themselves.
func (s Settings) InterviewNear(day Day) bool {
	return s.InterviewDate != 0 && (s.InterviewDate == day || s.InterviewDate == day+1)
}

// Validate returns an error that names the first setting out of its range.
func (s Settings) Validate() error {
	for _, b := range []struct {
		name      string
		value     float64
		low, high float64
	}{
		{"desired-retention", s.Retention, 0.7, 0.99},
		{"maximum-interval", float64(s.MaximumInterval), 1, maxStability},
		{"new-per-day", float64(s.NewPerDay), 0, 9999},
		{"reviews-per-day", float64(s.ReviewsPerDay), 0, 9999},
		{"minutes-per-day", float64(s.MinutesPerDay), 0, 1440},
		{"rollover-hour", float64(s.Rollover), 0, 23},
		{"leech-threshold", float64(s.LeechThreshold), 0, 99},
	} {
		if !(b.value >= b.low && b.value <= b.high) { // so that NaN fails
			return fmt.Errorf("%s %g: want %g to %g", b.name, b.value, b.low, b.high)
		}
	}
	if _, err := widen(s.Weights); err != nil {
		return err
	}
	if err := validSteps("learning-steps", s.LearningSteps); err != nil {
		return err
	}
	if err := validSteps("relearning-steps", s.RelearningSteps); err != nil {
		return err
	}
	if s.LearnAhead < 0 || s.LearnAhead >= 24*time.Hour {
		return fmt.Errorf("learn-ahead %s: want 0s to 23h59m", s.LearnAhead)
	}
	return nil
}

// validSteps refuses steps that a study day may not hold: intervals of a day
// and more belong to the memory model.
func validSteps(name string, steps []time.Duration) error {
	for _, d := range steps {
		if d < time.Second || d >= 24*time.Hour {
			return fmt.Errorf("%s %s: want 1s to 23h59m", name, d)
		}
	}
	return nil
}

// clone returns settings that share no slice with s.
func (s Settings) clone() Settings {
	s.Weights = slices.Clone(s.Weights)
	s.LearningSteps = slices.Clone(s.LearningSteps)
	s.RelearningSteps = slices.Clone(s.RelearningSteps)
	s.PinnedPosts = slices.Clone(s.PinnedPosts)
	return s
}
