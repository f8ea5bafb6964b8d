package tui

import (
	"math"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"
	"pgregory.net/rapid"
)

// forgetting is the curve of FSRS-6 with its default weights.
func forgetting(stability float64) func(float64) float64 {
	return func(days float64) float64 {
		return math.Pow(1+days/stability*(math.Pow(0.9, -1/0.1542)-1), -0.1542)
	}
}

func TestCurveLooks(t *testing.T) {
	var out []string
	for _, c := range []struct {
		name          string
		recall        func(float64) float64
		span          float64
		today, due    float64
		width, height int
	}{
		{"before the due day", forgetting(12.3), 24, 5, 12, 74, 10},
		{"on the due day", forgetting(12.3), 24, 12, 12, 36, 8},
		{"in a learning step", forgetting(0.3), 1, 0.01, -1, 60, 8},
		{"years", forgetting(900), 1800, 1, 900, 74, 12},
		{"long overdue", forgetting(3), 90, 80, 3, 74, 10},
		{"small", forgetting(3), 90, 80, 3, 20, 6},
		{"not yet forgotten", forgetting(36500), 2, 1, 2, 40, 7},
		{"at both ends", forgetting(5), 10, 0, 10, 40, 7},
		{"no number", func(float64) float64 { return math.NaN() }, 10, 2, 4, 40, 7},
	} {
		out = append(out, c.name, "")
		out = append(out, Curve(c.recall, c.span, c.today, c.due, c.width, c.height)...)
		out = append(out, "")
	}
	checkGolden(t, "explain-curves", strings.Join(out, "\n"))
}

// TestCurveFits: whatever is drawn fits, has both marks, and never fails.
func TestCurveFits(t *testing.T) {
	anyDay := rapid.OneOf(rapid.Float64Range(-2, 3000), rapid.Float64())
	rapid.Check(t, func(rt *rapid.T) {
		width, height := rapid.IntRange(-1, 130).Draw(rt, "width"), rapid.IntRange(-1, 30).Draw(rt, "height")
		span, today, due := anyDay.Draw(rt, "span"), anyDay.Draw(rt, "today"), anyDay.Draw(rt, "due")
		recall := rapid.SampledFrom([]func(float64) float64{
			forgetting(0.001), forgetting(7), forgetting(36500), math.Sin, func(float64) float64 { return 0 }, func(d float64) float64 { return d },
		}).Draw(rt, "curve")
		lines := Curve(recall, span, today, due, width, height)
		if len(lines) > max(0, height) {
			rt.Fatalf("%d lines in %d", len(lines), height)
		}
		for _, line := range lines {
			if ansi.StringWidth(line) > width {
				rt.Fatalf("%d columns in %d: %q", ansi.StringWidth(line), width, line)
			}
		}
		drawn := strings.Join(lines, "")
		if len(lines) > 0 && (strings.Contains(drawn, "N") != (today >= 0) || strings.Contains(drawn, "D") != (due >= 0)) {
			rt.Fatalf("marks are wrong:\n%s", strings.Join(lines, "\n"))
		}
	})
}
