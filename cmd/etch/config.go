package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"etch/cmd/etch/tui"
	"etch/scheduler"
)

func newConfigCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "config [KEY [VALUE]]",
		Short: "List, show or change settings",
		Long: `Config lists the settings, shows one, or changes one. They are kept in the
database. A changed setting counts from the next answer; it moves no due date
by itself. Without a key it opens a form on a terminal, and lists in a pipe.`,
		Args: cobra.MaximumNArgs(2),
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			var keys []string
			for _, o := range scheduler.Options() {
				keys = append(keys, o.Key+"\t"+o.Help)
			}
			if len(args) > 0 {
				keys = nil
			}
			return keys, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			switch len(args) {
			case 0:
				return runConfigList(cmd.Context(), a)
			case 1:
				return runConfigGet(cmd.Context(), a, args[0])
			}
			return runConfigSet(cmd.Context(), a, args[0], args[1])
		},
	}
}

// setting is one setting as `etch config --json` prints it.
type setting struct {
	Schema string `json:"schema"`
	Key    string `json:"key"`
	Value  string `json:"value"`
	Range  string `json:"range"`
	Help   string `json:"help"`
}

func runConfigList(ctx context.Context, a *app) error {
	store, err := a.open(ctx, looking)
	if err != nil {
		return err
	}
	if a.hasScreen() {
		return a.runScreens(ctx, store, func(env tui.Env) tui.Screen { return tui.NewConfig(env) })
	}
	set := store.Scheduler().Settings()
	for _, o := range scheduler.Options() {
		value, err := set.Get(o.Key)
		if err != nil {
			return err
		}
		if a.flags.json {
			err = a.encode(setting{"etch.config/1", o.Key, value, o.Range, o.Help})
		} else {
			_, err = fmt.Fprintf(a.out, "%-18s %-16s %s\n", o.Key, fitColumn(orDash(value), 16), o.Help)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func runConfigGet(ctx context.Context, a *app, key string) error {
	store, err := a.open(ctx, looking)
	if err != nil {
		return err
	}
	value, err := store.Scheduler().Settings().Get(key)
	if err != nil {
		return err
	}
	if a.flags.json {
		for _, o := range scheduler.Options() {
			if o.Key == key {
				return a.encode(setting{"etch.config/1", key, value, o.Range, o.Help})
			}
		}
	}
	_, err = fmt.Fprintln(a.out, value)
	return err
}

func runConfigSet(ctx context.Context, a *app, key, value string) error {
	set := scheduler.Defaults()
	if err := set.Set(key, value); err != nil {
		f := diagnose(err, false)
		f.code = exitUsage
		if f.hint == "" {
			f.hint = "'etch config' lists the settings"
		}
		return f
	}
	store, err := a.open(ctx, writing)
	if err != nil {
		return err
	}
	if err := store.Set(ctx, key, value, a.now()); errors.Is(err, scheduler.ErrPast) {
		return usage("name a day to come, or '' for none", "%w", err)
	} else if err != nil {
		return err
	}
	if key == "pinned-posts" {
		return a.reorder(ctx)
	}
	return nil
}
