package scheduler

import (
	"fmt"
	"time"
)

// Span writes an interval in a few characters: "10m", "3h", "2d", "4mo",
// "1.5y". Positive intervals are days, negative ones seconds.
func Span(interval int) string {
	if interval < 0 {
		d := time.Duration(-interval) * time.Second
		switch minutes := d.Round(time.Minute); {
		case d < time.Minute:
			return fmt.Sprintf("%ds", int(d.Seconds()))
		case minutes < time.Hour:
			return fmt.Sprintf("%dm", int(minutes.Minutes()))
		}
		return fmt.Sprintf("%dh", int(d.Round(time.Hour).Hours()))
	}
	switch {
	case interval < 60:
		return fmt.Sprintf("%dd", interval)
	case interval < 365:
		return fmt.Sprintf("%.0fmo", float64(interval)/30.4)
	}
	return fmt.Sprintf("%.1fy", float64(interval)/365.25)
}
