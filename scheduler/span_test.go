package scheduler

import (
	"regexp"
	"testing"
)

func TestSpan(t *testing.T) {
	for interval, want := range map[int]string{
		-1: "1s", -59: "59s", -60: "1m", -89: "1m", -90: "2m", -600: "10m", -3569: "59m", -3570: "1h", -3600: "1h", -5400: "2h", -82_800: "23h",
		0: "0d", 1: "1d", 59: "59d", 60: "2mo", 91: "3mo", 364: "12mo", 365: "1.0y", 548: "1.5y", 36_500: "99.9y",
	} {
		if got := Span(interval); got != want {
			t.Errorf("Span(%d) = %q, want %q", interval, got, want)
		}
	}
}

// A button has room for five characters, and no unit is used beyond the next.
func TestSpanIsShort(t *testing.T) {
	short := regexp.MustCompile(`^([1-5]?[0-9]s|[1-5]?[0-9]m|([1-9]|1[0-9]|2[0-4])h|[1-5]?[0-9]d|([2-9]|1[0-2])mo|[0-9]{1,2}\.[0-9]y)$`)
	for interval := -86_399; interval <= 36_500; interval++ {
		if got := Span(interval); !short.MatchString(got) {
			t.Fatalf("Span(%d) = %q", interval, got)
		}
	}
}
