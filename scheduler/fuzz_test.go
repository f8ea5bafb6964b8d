package scheduler

import (
	"fmt"
	"testing"

	"etch/deck"
)

func TestFuzzRange(t *testing.T) {
	for _, tt := range []struct {
		raw       float64
		low, high int
	}{
		{1, 1, 1}, {2.49, 2, 2}, {2.5, 2, 4}, {7, 5, 9}, {10, 8, 12}, {20, 17, 23}, {100, 93, 107}, {1000, 948, 1052},
	} {
		if low, high := fuzzRange(tt.raw); low != tt.low || high != tt.high {
			t.Errorf("%g days: %d to %d, want %d to %d", tt.raw, low, high, tt.low, tt.high)
		}
	}
}

// Over many cards, every day of the range is taken about equally often, and
// the mean stays where the model put it.
func TestFuzzSpreadsEvenly(t *testing.T) {
	const cards = 20000
	s := with(t, nil)
	for _, tt := range []struct {
		raw       float64
		low, high int
	}{{2, 2, 2}, {10, 8, 12}, {30, 27, 33}, {100, 93, 107}} {
		count := make(map[int]int)
		sum := 0
		for i := range cards {
			d := s.days(tt.raw, 1, fuzzFactor(deck.CardID(fmt.Sprintf("post/card-%d", i/4)), i%4))
			count[d]++
			sum += d
		}
		want := cards / (tt.high - tt.low + 1)
		for d, n := range count {
			if d < tt.low || d > tt.high || n < want*85/100 || n > want*115/100 {
				t.Errorf("%g days: %d of %d cards wait %d days, want about %d", tt.raw, n, cards, d, want)
			}
		}
		if mean := float64(sum) / cards; !near(mean, tt.raw, 0.01) {
			t.Errorf("%g days: mean %g", tt.raw, mean)
		}
	}
}

func TestFuzzKeepsToItsBounds(t *testing.T) {
	s := with(t, func(set *Settings) { set.MaximumInterval = 30 })
	last := 1 - 1.0/(1<<53)
	for _, tt := range []struct {
		raw    float64
		least  int
		factor float64
		want   int
	}{
		{29, 1, last, 30}, {500, 1, 0, 27}, {500, 1, last, 30}, {1, 40, 0, 30}, // the maximum
		{10, 1, 0, 8}, {10, 1, last, 12}, {10, 11, 0, 11}, // least
		{10, 20, 0, 20}, {10, 20, last, 21}, // collapsed: widened by a day
		{0.2, 1, last, 1}, {0.2, 2, last, 2},
	} {
		if got := s.days(tt.raw, tt.least, tt.factor); got != tt.want {
			t.Errorf("%g days, at least %d, factor %g: %d, want %d", tt.raw, tt.least, tt.factor, got, tt.want)
		}
	}
}

func TestFuzzOff(t *testing.T) {
	s := with(t, noFuzz)
	for _, tt := range []struct {
		raw         float64
		least, want int
	}{{0.1, 1, 1}, {10.4, 1, 10}, {10.5, 1, 11}, {10, 12, 12}, {1e9, 1, 36500}} {
		if got := s.days(tt.raw, tt.least, 0.99); got != tt.want {
			t.Errorf("%g days, at least %d: %d, want %d", tt.raw, tt.least, got, tt.want)
		}
	}
}

// Fuzz never takes away growth, and never makes an interval shorter that the
// model leaves as it is.
func TestFuzzDoesNotShorten(t *testing.T) {
	s := with(t, nil)
	for i := range 500 {
		card := deck.CardID(fmt.Sprint("card", i))
		for _, tt := range []struct{ last, least int }{
			{28, 29}, // Good has 31 days: longer
			{31, 31}, // the same
			{35, 35}, // within reach of fuzz
			{36, 1},  // the last one was too long
		} {
			m := Memory{State: Review, Stability: 10, Difficulty: 5, Interval: tt.last, Reps: 3, LastDay: s.Day(monday) - 10}
			if got := s.leastReview(m, Good, s.Model().Interval(31)); got != tt.least {
				t.Fatalf("least after %d days: %d, want %d", tt.last, got, tt.least)
			}
			if got := s.leastReview(m, Again, s.Model().Interval(31)); got != 1 {
				t.Fatalf("least after a lapse: %d, want 1", got)
			}
			if good := s.Preview(card, m, monday)[Good-1].Interval; good < tt.least {
				t.Errorf("%s waits %d days after %d", card, good, tt.last)
			}
		}
	}
}
