package scheduler

import (
	"hash/fnv"
	"math"
	"strconv"

	"etch/deck"
)

// days turns a raw interval of the model into whole days: at least least, at
// most the maximum, and spread by factor, in [0,1), so that cards learned
// together part.
func (s *Scheduler) days(raw float64, least int, factor float64) int {
	most := s.set.MaximumInterval
	least = min(max(least, 1), most)
	raw = clamp(raw, 1, float64(most))
	low := int(math.Round(raw))
	high := low
	if s.set.Fuzz {
		low, high = fuzzRange(raw)
	}
	low, high = min(max(low, least), most), min(max(high, least), most)
	if s.set.Fuzz && low == high && high > 2 && high < most {
		high++
	}
	return low + int(factor*float64(high-low+1))
}

// fuzzRange returns the days among which fuzz chooses: one day to each side of
// raw, and 15 % of what lies between 2.5 and 7 days, 10 % between 7 and 20,
// 5 % above (Anki's ranges). Below 2.5 days there is no fuzz.
func fuzzRange(raw float64) (low, high int) {
	reach := 0.0
	if raw >= 2.5 {
		reach = 1 + 0.15*(min(raw, 7)-2.5) + 0.1*max(0, min(raw, 20)-7) + 0.05*max(0, raw-20)
	}
	return int(math.Round(raw - reach)), int(math.Round(raw + reach))
}

// fuzzFactor, in [0,1), depends on the card and the number of its answers
// alone, so the preview on a button is what the answer then records.
func fuzzFactor(card deck.CardID, reps int) float64 {
	return float64(scatter(card, reps)>>11) / (1 << 53)
}

// scatter hashes a card and a number. FNV alone hardly differs between two
// numbers in a row, so its bits are mixed once more (MurmurHash3's finaliser).
func scatter(card deck.CardID, n int) uint64 {
	h := fnv.New64a()
	h.Write([]byte(card))
	h.Write([]byte{0})
	h.Write(strconv.AppendInt(nil, int64(n), 10))
	x := h.Sum64()
	x ^= x >> 33
	x *= 0xff51afd7ed558ccd
	x ^= x >> 33
	x *= 0xc4ceb9fe1a85ec53
	return x ^ x>>33
}
