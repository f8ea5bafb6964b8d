package scheduler

import (
	"fmt"
	"math"
	"slices"
)

// fsrs6 holds the default weights of FSRS-6 (fsrs-rs 6.x, BSD-3).
var fsrs6 = [21]float64{
	0.212, 1.2931, 2.3065, 8.2956, 6.4133, 0.8334, 3.0194, 0.001, 1.8722, 0.1666, 0.796,
	1.4835, 0.0614, 0.2629, 1.6483, 0.6014, 1.8729, 0.5425, 0.0912, 0.0658, 0.1542,
}

// weightBounds holds the range of each weight: those that the optimiser of
// fsrs-rs keeps to. Within them every formula of the model stays finite.
var weightBounds = [21][2]float64{
	{minStability, 100}, {minStability, 100}, {minStability, 100}, {minStability, 100}, // first stability, by rating
	{1, 10}, {0.001, 4}, {0.001, 4}, {0.001, 0.75}, // difficulty
	{0, 4.5}, {0, 0.8}, {0.001, 3.5}, // stability after a pass
	{0.001, 5}, {0.001, 0.25}, {0.001, 0.9}, {0, 4}, // stability after a lapse
	{0, 1}, {1, 6}, // hard and easy
	{0, 2}, {0, 2}, {0, 0.8}, // the same day
	{0.1, 0.8}, // how flat the forgetting curve is
}

// DefaultWeights returns the default weights of FSRS-6, a fresh slice.
func DefaultWeights() []float64 { return slices.Clone(fsrs6[:]) }

// widen returns FSRS-6 weights: 21 as they are, 19 (FSRS-5) with 0 and 0.5
// appended, which is that version's forgetting curve. A weight out of its
// range is moved to the nearest bound.
func widen(weights []float64) (w [21]float64, err error) {
	switch len(weights) {
	case 19:
		w[20] = 0.5
	case 21:
	default:
		return w, fmt.Errorf("weights: want 21, or 19 of FSRS-5; got %d", len(weights))
	}
	copy(w[:], weights)
	for i, b := range weightBounds {
		if math.IsNaN(w[i]) || math.IsInf(w[i], 0) {
			return w, fmt.Errorf("weights: w%d is %g, not a finite number", i, w[i])
		}
		w[i] = clamp(w[i], b[0], b[1])
	}
	return w, nil
}
