package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"etch/deck"
	"etch/scheduler"
	"etch/storage"
)

func newCardCmd(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "card",
		Short: "Suspend, resume, bury, flag, forget or reschedule cards",
		Long: `Card does for scripts what the keys of a review do. CARD is an explicit id, a
card id, or a unique prefix of one. All cards of one command are one action:
'etch undo' takes it back whole.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	mark := func(use, short string, kind scheduler.Kind) *cobra.Command {
		var reason string
		sub := &cobra.Command{
			Use: use + " CARD...", Short: short, Args: cobra.MinimumNArgs(1), ValidArgsFunction: a.completeCards,
			RunE: func(cmd *cobra.Command, names []string) error {
				return runMark(cmd.Context(), a, names, func(s *scheduler.Scheduler, it storage.CardRow, st scheduler.Stamp) (scheduler.Entry, scheduler.Memory, error) {
					return s.Act(it.Card.ID, it.Memory, st, kind, deck.CleanLine(reason))
				})
			},
		}
		if kind == scheduler.Flag {
			sub.Flags().StringVar(&reason, "reason", "", "what to fix")
		}
		return sub
	}
	due := &cobra.Command{
		Use: "due DATE CARD...", Short: "Set the day on which cards are due", Args: cobra.MinimumNArgs(2),
		Long: "Due sets the study day on which cards come back, as 2026-12-31. What is known\nof the cards' memory stays as it is.",
		RunE: func(cmd *cobra.Command, args []string) error {
			day, err := scheduler.ParseDay(args[0])
			if err != nil {
				return usage("for example: etch card due 2026-12-31 CARD", "read the date: %w", err)
			}
			return runMark(cmd.Context(), a, args[1:], func(s *scheduler.Scheduler, it storage.CardRow, st scheduler.Stamp) (scheduler.Entry, scheduler.Memory, error) {
				return s.SetDue(it.Card.ID, it.Memory, st, day)
			})
		},
	}
	cmd.AddCommand(
		mark("suspend", "Take cards out of every review until they are resumed", scheduler.Suspend),
		mark("resume", "Bring suspended cards back", scheduler.Resume),
		mark("bury", "Hide cards until tomorrow", scheduler.Bury),
		mark("flag", `Mark cards "fix me"`, scheduler.Flag),
		mark("unflag", "Take the mark off", scheduler.Unflag),
		mark("forget", "Make cards new again; their history stays in the log", scheduler.Forget),
		due,
	)
	return cmd
}

// decide makes the row for one card.
type decide func(*scheduler.Scheduler, storage.CardRow, scheduler.Stamp) (scheduler.Entry, scheduler.Memory, error)

// runMark takes one decision about each card, all of them in one action: one
// wrong name leaves everything as it was.
func runMark(ctx context.Context, a *app, names []string, fn decide) error {
	store, err := a.open(ctx, writing)
	if err != nil {
		return err
	}
	act, session := a.newID(), a.newID()
	var rows []scheduler.Row
	seen := make(map[deck.CardID]bool)
	for _, name := range names {
		id, err := store.FindCard(ctx, name)
		if err != nil {
			return err
		}
		if seen[id] {
			continue
		}
		seen[id] = true
		card, err := store.CardRow(ctx, id)
		if err != nil {
			return err
		}
		stamp := scheduler.Stamp{ID: a.newID(), Act: act, Session: session, At: a.now()}
		entry, memory, err := fn(store.Scheduler(), card, stamp)
		if errors.Is(err, scheduler.ErrNoChange) {
			a.say("%s: nothing to change", id)
			continue
		}
		if err != nil {
			return fmt.Errorf("card %s: %w", id, err)
		}
		rows = append(rows, scheduler.Row{Entry: entry, Memory: memory})
	}
	if _, err := store.Record(ctx, rows...); err != nil {
		return err
	}
	return a.printMarked(rows)
}

func (a *app) printMarked(rows []scheduler.Row) error {
	type marked struct {
		Schema string `json:"schema"`
		Card   string `json:"card"`
		Kind   string `json:"kind"`
		Log    string `json:"log"`
	}
	for _, row := range rows {
		m := marked{"etch.card/1", string(row.Entry.Card), string(row.Entry.Kind), row.Entry.ID}
		var err error
		if a.flags.json {
			err = a.encode(m)
		} else {
			_, err = fmt.Fprintf(a.out, "%s: %s\n", m.Kind, m.Card)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
