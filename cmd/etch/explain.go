package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"etch/cmd/etch/tui"
	"etch/deck"
	"etch/scheduler"
	"etch/storage"
)

func newExplainCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "explain CARD",
		Short: "Show why a card is where it is",
		Long: `Explain shows what is known of one card: its history, its stability (days until
recall falls to 90 %), its difficulty (1 to 10), the probability that you recall
it now, the forgetting curve, what each button would do, and the file and line
that its text comes from.`,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: a.completeCards,
		RunE:              func(cmd *cobra.Command, args []string) error { return runExplain(cmd.Context(), a, args[0]) },
	}
}

func runExplain(ctx context.Context, a *app, name string) error {
	store, err := a.open(ctx, looking)
	if err != nil {
		return err
	}
	id, err := store.FindCard(ctx, name)
	if err != nil {
		return err
	}
	if a.hasScreen() {
		return a.runScreens(ctx, store, func(env tui.Env) tui.Screen { return tui.NewExplain(env, id) })
	}
	row, err := store.CardRow(ctx, id)
	if err != nil {
		return err
	}
	entries, err := store.Entries(ctx, id)
	if err != nil {
		return err
	}
	if a.flags.json {
		return a.explainJSON(store.Scheduler(), row, entries)
	}
	_, err = fmt.Fprint(a.out, a.explainText(store.Scheduler(), row, scheduler.Live(entries)))
	return err
}

func (a *app) explainJSON(sched *scheduler.Scheduler, row storage.CardRow, entries []scheduler.Entry) error {
	type button struct {
		Rating     string  `json:"rating"`
		Interval   int     `json:"interval"` // days when positive, seconds when negative
		Due        string  `json:"due"`
		Stability  float64 `json:"stability"`
		Difficulty float64 `json:"difficulty"`
	}
	out := struct {
		cardLine
		History []logRow  `json:"history"`
		Buttons [4]button `json:"buttons"`
	}{cardLine: a.cardLine(sched, row), History: []logRow{}}
	out.Schema = "etch.explain/1"
	live := make(map[string]bool)
	for _, e := range scheduler.Live(entries) {
		live[e.ID] = true
	}
	for _, e := range entries {
		out.History = append(out.History, a.logRow(e, live[e.ID]))
	}
	for i, o := range sched.Preview(row.Card.ID, row.Memory, a.now()) {
		out.Buttons[i] = button{o.Rating.String(), o.Interval, a.dueText(o.State, o.DueDay, o.DueAt), o.Stability, o.Difficulty}
	}
	return a.encode(out)
}

func (a *app) explainText(sched *scheduler.Scheduler, row storage.CardRow, live []scheduler.Entry) string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	c, m, now := row.Card, row.Memory, a.now()
	line("%s", c.ID)
	line("%s:%d  %s", deck.CleanLine(filePath(c)), c.Line, deck.CleanLine(c.Title))
	line("")
	line("%s", strings.Join(deck.Render(c.Question, a.width(), deck.Plain), "\n"))
	line("")
	if m.State == scheduler.New {
		line("New: never answered.")
	} else {
		line("State %s, due %s; %s, %s.", m.State, a.dueText(m.State, m.DueDay, m.DueAt), count(m.Reps, "answer"), count(m.Lapses, "lapse"))
		line("Stability %.1f days, difficulty %.1f of 10, recall now %.0f %%.", m.Stability, m.Difficulty, 100*sched.Retrievability(m, now))
		line("")
		b.WriteString(forgettingCurve(sched, m, now, a.width()))
	}
	line("")
	for _, o := range sched.Preview(c.ID, m, now) {
		line("%d %-6s back in %-6s stability %.1f days, difficulty %.1f", o.Rating, o.Rating, scheduler.Span(o.Interval), o.Stability, o.Difficulty)
	}
	if len(live) > 0 {
		line("\nHistory:")
	}
	for _, e := range live {
		row := a.logRow(e, true)
		what := row.Kind
		if e.Kind == scheduler.Rate {
			what = fmt.Sprintf("%s after %.0f s", e.Rating, e.Took.Seconds())
			if e.Before.State != scheduler.New { // before its first answer there is nothing to recall
				what += fmt.Sprintf(", recall then %.0f %%", 100*e.Before.Retrievability)
			}
		}
		line("%s  %-40s %s", row.At[:16], what, row.Due)
	}
	return b.String()
}

// forgettingCurve draws the probability of recall from the last answer until
// well after the due day.
func forgettingCurve(sched *scheduler.Scheduler, m scheduler.Memory, now time.Time, width int) string {
	elapsed := now.Sub(m.Last).Hours() / 24
	due := -1.0
	if m.State == scheduler.Review {
		due = float64(m.DueDay - m.LastDay)
	}
	span := max(2*float64(max(m.Interval, 1)), elapsed*1.2, 1)
	recall := func(days float64) float64 { return sched.Model().Retrievability(m.Stability, days) }
	return strings.Join(tui.Curve(recall, span, elapsed, due, min(width, 70), 9), "\n") + "\n"
}
