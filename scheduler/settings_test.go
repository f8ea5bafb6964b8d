package scheduler

import (
	"errors"
	"math"
	"testing"
	"time"
)

func TestDefaultsAreValid(t *testing.T) {
	if err := Defaults().Validate(); err != nil {
		t.Error(err)
	}
}

func TestValidate(t *testing.T) {
	for want, change := range map[string]func(*Settings){
		"desired-retention 0.69: want 0.7 to 0.99":  func(s *Settings) { s.Retention = 0.69 },
		"desired-retention 1: want 0.7 to 0.99":     func(s *Settings) { s.Retention = 1 },
		"desired-retention NaN: want 0.7 to 0.99":   func(s *Settings) { s.Retention = math.NaN() },
		"maximum-interval 0: want 1 to 36500":       func(s *Settings) { s.MaximumInterval = 0 },
		"maximum-interval 36501: want 1 to 36500":   func(s *Settings) { s.MaximumInterval = 36501 },
		"new-per-day -1: want 0 to 9999":            func(s *Settings) { s.NewPerDay = -1 },
		"reviews-per-day 10000: want 0 to 9999":     func(s *Settings) { s.ReviewsPerDay = 10000 },
		"minutes-per-day 1441: want 0 to 1440":      func(s *Settings) { s.MinutesPerDay = 1441 },
		"rollover-hour 24: want 0 to 23":            func(s *Settings) { s.Rollover = 24 },
		"leech-threshold -1: want 0 to 99":          func(s *Settings) { s.LeechThreshold = -1 },
		"learning-steps 24h0m0s: want 1s to 23h59m": func(s *Settings) { s.LearningSteps = []time.Duration{time.Minute, 24 * time.Hour} },
		"relearning-steps 0s: want 1s to 23h59m":    func(s *Settings) { s.RelearningSteps = []time.Duration{0} },
		"learn-ahead -1s: want 0s to 23h59m":        func(s *Settings) { s.LearnAhead = -time.Second },
		"weights: want 21, or 19 of FSRS-5; got 20": func(s *Settings) { s.Weights = s.Weights[:20] },
		"weights: w20 is +Inf, not a finite number": func(s *Settings) { s.Weights[20] = math.Inf(1) },
	} {
		set := Defaults()
		change(&set)
		if err := set.Validate(); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
		if _, err := NewScheduler(set, time.UTC); err == nil {
			t.Errorf("a scheduler with %s", want)
		}
	}
	set := Defaults()
	set.LearningSteps, set.RelearningSteps, set.Weights = nil, nil, fsrs5
	if err := set.Validate(); err != nil {
		t.Errorf("no steps and FSRS-5: %v", err)
	}
}

// TestChangeFrom: a date that has passed since it was set changes nothing.
func TestChangeFrom(t *testing.T) {
	const today = Day(20800)
	for _, tt := range []struct {
		old, date Day
		ok        bool
	}{
		{0, today - 1, false},
		{today + 9, today - 1, false},
		{0, 1, false},
		{0, today, true},
		{0, today + 1, true},
		{today - 1, today - 1, true},
		{today - 1, 0, true},
		{0, 0, true},
	} {
		old, set := Defaults(), Defaults()
		old.InterviewDate, set.InterviewDate = tt.old, tt.date
		if err := set.ChangeFrom(old, today); errors.Is(err, ErrPast) == tt.ok {
			t.Errorf("%d after %d: %v", tt.date, tt.old, err)
		}
	}
}

// TestNoNewCardsNearTheInterview: none come by themselves on its day and the
// day before, but those that are asked for do.
func TestNoNewCardsNearTheInterview(t *testing.T) {
	for days, want := range map[Day]int{-1: 3, 0: 0, 1: 0, 2: 3} {
		f := bench(t, 3, 2, func(s *Settings) { s.InterviewDate = Calendar{Location: time.UTC, Rollover: 4}.Day(monday) + days })
		if got := start(t, f, SessionOptions{}, monday).Counts(); got.New != want || got.Due != 2 {
			t.Errorf("%d days before it: %+v, want %d new", days, got, want)
		}
		two := 2
		if got := start(t, f, SessionOptions{New: &two}, monday).Counts().New; got != 2 {
			t.Errorf("%d days before it: %d new cards of 2 that were asked for", days, got)
		}
	}
}
