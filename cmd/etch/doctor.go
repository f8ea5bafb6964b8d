package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"etch/deck"
)

func newDoctorCmd(a *app) *cobra.Command {
	var rebuild bool
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Check the database; with --rebuild recompute every card's memory",
		Long: `Doctor checks the file itself, its references, and that each card's memory is
what the log says. It changes nothing. --rebuild first computes every memory
anew from the log.

It exits with 3 when something is wrong.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return runDoctor(cmd.Context(), a, rebuild) },
	}
	cmd.Flags().BoolVar(&rebuild, "rebuild", false, "recompute every card's memory from the log")
	return cmd
}

func runDoctor(ctx context.Context, a *app, rebuild bool) error {
	use := looking
	if rebuild {
		use = writing
	}
	store, err := a.openOnly(ctx, use) // a damaged database is to be told of, not to be compiled
	if err != nil {
		return err
	}
	var report struct {
		Schema   string   `json:"schema"`
		Rebuilt  *int     `json:"rebuilt,omitempty"` // cards whose memory changed
		Findings []string `json:"findings"`
	}
	report.Schema, report.Findings = "etch.doctor/1", []string{}
	if rebuild {
		a.progress("folding the log of every card")
		n, err := store.Rebuild(ctx)
		if err != nil {
			return err
		}
		report.Rebuilt = &n
		if err := a.reorder(ctx); err != nil {
			return err
		}
	}
	found, err := store.Doctor(ctx)
	if err != nil {
		return err
	}
	report.Findings = append(report.Findings, found...)
	if a.flags.json {
		if err := a.encode(report); err != nil {
			return err
		}
	} else {
		var b strings.Builder
		if rebuild {
			fmt.Fprintf(&b, "rebuilt: the memory of %s changed\n", count(*report.Rebuilt, "card"))
		}
		for _, f := range found {
			fmt.Fprintln(&b, deck.CleanLine(f))
		}
		if len(found) == 0 {
			fmt.Fprintln(&b, "healthy: the file is whole, and every memory is what the log says")
		}
		if _, err := fmt.Fprint(a.out, b.String()); err != nil {
			return err
		}
	}
	if len(found) > 0 {
		return &failure{
			err: fmt.Errorf("the database has %s", count(len(found), "problem")), code: exitContent,
			hint: "'etch doctor --rebuild' mends memories; 'etch restore' brings back a backup",
		}
	}
	return nil
}
