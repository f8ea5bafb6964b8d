package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"etch/scheduler"
)

func newUndoCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "undo [N]",
		Short: "Take back the newest actions",
		Long: `Undo takes back the newest action (an answer, a bury, a suspend, a flag, a
forget, a set due date), or the newest N, whenever they were taken. Nothing is
deleted: the log grows by a row that voids each.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			n := 1
			if len(args) == 1 {
				var err error
				if n, err = strconv.Atoi(args[0]); err != nil || n < 1 {
					return usage("for example: etch undo 3", "undo wants a number of actions, not %q", args[0])
				}
			}
			return runUndo(cmd.Context(), a, n)
		},
	}
}

func runUndo(ctx context.Context, a *app, n int) error {
	store, err := a.open(ctx, writing)
	if err != nil {
		return err
	}
	session := a.newID()
	for i := range n {
		id := a.newID()
		action, err := store.Void(ctx, scheduler.Stamp{ID: id, Act: id, Session: session, At: a.now()}, "")
		if errors.Is(err, scheduler.ErrNothing) && i > 0 {
			a.say("only %s could be undone", count(i, "action"))
			return nil
		}
		if err != nil {
			return err
		}
		if err := a.printUndone(action); err != nil {
			return err
		}
	}
	return nil
}

func (a *app) printUndone(action scheduler.Action) error {
	type undone struct {
		Schema string   `json:"schema"`
		Kind   string   `json:"kind"`
		Rating string   `json:"rating,omitempty"`
		At     string   `json:"at"`
		Cards  []string `json:"cards"`
		Log    string   `json:"log"`
	}
	u := undone{"etch.undo/1", string(action.Kind), action.Rating.String(), a.instant(action.At), nil, action.Log}
	for _, it := range action.Items {
		u.Cards = append(u.Cards, string(it.Card))
	}
	if a.flags.json {
		return a.encode(u)
	}
	what := u.Kind
	if u.Rating != "" {
		what = u.Rating
	}
	for _, card := range u.Cards {
		if _, err := fmt.Fprintf(a.out, "undone: %s on %s of %s\n", what, card, action.At.In(a.loc).Format("Mon 2 Jan 15:04")); err != nil {
			return err
		}
	}
	return nil
}
