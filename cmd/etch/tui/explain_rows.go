package tui

import (
	"fmt"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"

	"etch/deck"
	"etch/scheduler"
)

// dueWords tells when a card comes back: "due today", "due Mon 12 Jan, in 5 d".
func dueWords(m scheduler.Memory, today scheduler.Day, now time.Time) string {
	if m.State != scheduler.Review {
		if !m.DueAt.After(now) {
			return "due now"
		}
		at := m.DueAt.In(now.Location())
		if sameDay(at, now) {
			return "due at " + at.Format("15:04")
		}
		return "due at " + at.Format("15:04 on Mon 2 Jan")
	}
	switch late := int(today - m.DueDay); {
	case late == 0:
		return "due today"
	case late > 0:
		return fmt.Sprintf("due since %s, %s late", dayName(m.DueDay, now), spaced(scheduler.Span(late)))
	default:
		return fmt.Sprintf("due %s, in %s", dayName(m.DueDay, now), spaced(scheduler.Span(-late)))
	}
}

// curve is the forgetting curve with its legend; a card that was never answered
// has none.
func (e *explain) curve(f frame) []string {
	m := e.it.Memory
	if m.State == scheduler.New || e.it.Curve == nil {
		return nil
	}
	today := max(0, e.env.Now().Sub(m.Last).Hours()/24)
	due := -1.0
	if m.State == scheduler.Review {
		due = float64(m.DueDay - m.LastDay)
	}
	span := max(2*float64(max(m.Interval, 1)), today*1.2, due*1.2, 1)
	height := max(5, min(10, f.height-17)) // what stands above it shows, too, where that can be
	lines := Curve(e.it.Curve, span, today, due, min(f.text(), 76), height)
	if lines == nil {
		return nil
	}
	legend := string(markNow) + " now"
	if due >= 0 {
		legend += "  " + string(markDue) + " due"
	}
	return f.indented(e.coloured(withLegend(lines, legend, min(f.text(), 76))))
}

// withLegend puts a legend into the upper right corner, where a curve that
// falls leaves room.
func withLegend(lines []string, legend string, width int) []string {
	for i, line := range lines[:len(lines)-2] {
		if room := width - ansi.StringWidth(line) - ansi.StringWidth(legend); room > 0 {
			lines[i] += strings.Repeat(" ", room) + legend
			return lines
		}
	}
	return lines
}

// coloured paints the two letters on the curve.
func (e *explain) coloured(lines []string) []string {
	style := e.env.Style
	letters := strings.NewReplacer(string(markNow), style.sgr(string(markNow), sgrBold, sgrCyan), string(markDue), style.sgr(string(markDue), sgrBold, sgrYellow))
	out := make([]string, len(lines))
	for i, line := range lines {
		out[i] = letters.Replace(line)
	}
	return out
}

// history lists what happened, newest last.
func (e *explain) history(f frame) []string {
	if len(e.it.Rows) == 0 {
		return nil
	}
	style := e.env.Style
	c := historyColumns{took: f.text() >= 46, clock: f.text() >= 52}
	lines := []string{f.indent + style.dim(c.line("when", "answer", "took", "recall", "next"))}
	for _, row := range e.it.Rows {
		lines = append(lines, f.indent+ansi.Truncate(c.row(row, e.env.Now().Location()), f.text(), "…"))
	}
	return lines
}

// historyColumns says which columns there is room for.
type historyColumns struct{ took, clock bool }

// layout is how the time of an answer is written.
func (c historyColumns) layout() string {
	if c.clock {
		return "2006-01-02 15:04"
	}
	return time.DateOnly
}

func (c historyColumns) line(when, answer, took, recall, next string) string {
	text := padded(when, len(c.layout())+2) + padded(answer, 8)
	if c.took {
		text += padded(took, 9)
	}
	return strings.TrimRight(text+padded(recall, 8)+next, " ")
}

// row is one line of the history. Recall is what was believed just before the
// answer; a first answer has none.
func (c historyColumns) row(e scheduler.Entry, zone *time.Location) string {
	when := e.At.In(zone).Format(c.layout())
	if e.Kind != scheduler.Rate {
		return when + "  " + deck.CleanLine(entryWords(e))
	}
	recall := ""
	if e.Before.State != scheduler.New {
		recall = chance(e.Before.Retrievability)
	}
	return c.line(when, capital(e.Rating.String()), tookWords(e.Took), recall, spaced(scheduler.Span(e.Then.Interval)))
}

// tookWords writes how long an answer took.
func tookWords(d time.Duration) string {
	if d < time.Minute {
		return fmt.Sprintf("%.0f s", d.Seconds())
	}
	return fmt.Sprintf("%d:%02d min", int(d.Minutes()), int(d.Seconds())%60)
}

// entryWords tells what was done to a card other than answering it.
func entryWords(e scheduler.Entry) string {
	switch e.Kind {
	case scheduler.Seed:
		return "came with a state: next in " + spaced(scheduler.Span(e.Then.Interval))
	case scheduler.Forget:
		return "forgotten: new again"
	case scheduler.SetDue:
		return "due date set: " + e.Then.DueDay.String()
	case scheduler.Suspend:
		return "suspended"
	case scheduler.Resume:
		return "resumed"
	case scheduler.Bury:
		return "buried until the next day"
	case scheduler.Flag:
		return "marked: " + e.Arg
	case scheduler.Unflag:
		return "mark taken off"
	}
	return string(e.Kind)
}
