package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"etch/deck"
	"etch/scheduler"
)

func newLogCmd(a *app) *cobra.Command {
	var all bool
	cmd := &cobra.Command{
		Use:   "log [CARD]",
		Short: "Show what was recorded, of one card or all",
		Long: `Log prints every decision in the order in which it was recorded: the log is the
truth, and the schedule follows from it. With --json each row is one object; a
row that was undone has "live": false, and the void row that undid it names it
as its target.`,
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: a.completeCards,
		RunE: func(cmd *cobra.Command, args []string) error {
			name := ""
			if len(args) == 1 {
				name = args[0]
			}
			return runLog(cmd.Context(), a, name, all)
		},
	}
	cmd.Flags().BoolVar(&all, "all", false, "show undone rows, too")
	return cmd
}

// logRow is one row as `etch log --json` prints it.
type logRow struct {
	Schema         string   `json:"schema"`
	ID             string   `json:"id"`
	Card           string   `json:"card"`
	Kind           string   `json:"kind"`
	Live           bool     `json:"live"`
	At             string   `json:"at"`
	Day            string   `json:"day"`
	Act            string   `json:"act"`
	Session        string   `json:"session"`
	Source         string   `json:"source"`
	Target         string   `json:"target,omitempty"`
	Rating         int      `json:"rating,omitempty"`
	Seconds        float64  `json:"seconds,omitempty"`
	StateBefore    string   `json:"state_before,omitempty"`
	Retrievability *float64 `json:"retrievability,omitempty"`
	State          string   `json:"state,omitempty"`
	Interval       int      `json:"interval,omitempty"` // days when positive, seconds when negative
	Due            string   `json:"due,omitempty"`
	Stability      float64  `json:"stability,omitempty"`
	Difficulty     float64  `json:"difficulty,omitempty"`
	Arg            string   `json:"arg,omitempty"`
}

func runLog(ctx context.Context, a *app, name string, all bool) error {
	store, err := a.open(ctx, looking)
	if err != nil {
		return err
	}
	var card deck.CardID
	if name != "" {
		if card, err = store.FindCard(ctx, name); err != nil {
			return err
		}
	}
	entries, err := store.Entries(ctx, card)
	if err != nil {
		return err
	}
	voided := make(map[string]bool)
	for _, e := range entries {
		if e.Kind == scheduler.Void {
			voided[e.Target] = true
		}
	}
	shown := 0
	for _, e := range entries {
		row := a.logRow(e, e.Kind != scheduler.Void && !voided[e.ID])
		switch {
		case a.flags.json:
			err = a.encode(row)
		case row.Live || all:
			shown++
			err = a.printLogRow(row)
		}
		if err != nil {
			return err
		}
	}
	if shown == 0 && len(entries) > 0 && !a.flags.json && !a.flags.quiet {
		a.say("all of it was undone")
		a.say("hint: 'etch log --all' shows undone rows, too")
	}
	return nil
}

func (a *app) logRow(e scheduler.Entry, live bool) logRow {
	row := logRow{
		Schema: "etch.log/1", ID: e.ID, Card: string(e.Card), Kind: string(e.Kind), Live: live, At: a.instant(e.At), Day: e.Day.String(),
		Act: e.Act, Session: e.Session, Source: e.Source, Target: e.Target, Rating: int(e.Rating), Seconds: e.Took.Seconds(), Arg: e.Arg,
	}
	if e.Kind == scheduler.Rate {
		row.StateBefore, row.Retrievability = e.Before.State.String(), &e.Before.Retrievability
	}
	switch e.Kind {
	case scheduler.Rate, scheduler.Seed, scheduler.SetDue:
		row.State, row.Interval, row.Due = e.Then.State.String(), e.Then.Interval, a.dueText(e.Then.State, e.Then.DueDay, e.Then.DueAt)
		row.Stability, row.Difficulty = e.Then.Stability, e.Then.Difficulty
	}
	return row
}

func (a *app) printLogRow(row logRow) error {
	what := row.Kind
	if row.Kind == string(scheduler.Rate) {
		what = fmt.Sprintf("%s (%.0f s)", scheduler.Rating(row.Rating), row.Seconds)
	}
	if !row.Live {
		what += ", undone"
		if row.Kind == string(scheduler.Void) {
			what = "undo"
		}
	}
	due := ""
	if row.Due != "" {
		due = "due " + row.Due
	}
	_, err := fmt.Fprintf(a.out, "%s  %-34s %-16s %s\n", row.At[:16], fitColumn(row.Card, 34), what, due)
	return err
}
