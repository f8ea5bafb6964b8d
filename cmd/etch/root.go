package main

import (
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"
)

func newRootCmd(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "etch",
		Short: "Study for system design interviews, a few minutes every day",
		Long: `etch boils a library of posts down to question/answer cards and shows each
card on the day on which you are about to forget it.

Run 'etch' to see today, 'etch review' to study, 'etch read POST' to read.`,
		Version:       version(),
		Args:          cobra.NoArgs,
		SilenceErrors: true,
		SilenceUsage:  true,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			if err := cmd.ValidateFlagGroups(); err != nil {
				return usage(helpHint(cmd), "%w", err)
			}
			return a.prepare()
		},
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runHome(cmd.Context(), a)
		},
	}
	f := cmd.PersistentFlags()
	f.StringVar(&a.flags.db, "db", "", "the database `FILE` (or ETCH_DB; default $XDG_DATA_HOME/etch/etch.db)")
	f.StringVar(&a.flags.now, "now", "", "pretend that it is `TIME`; writes only with --db or ETCH_DB")
	f.BoolVar(&a.flags.json, "json", false, "print JSON for scripts")
	f.BoolVar(&a.flags.noColor, "no-color", false, "print no colour (or NO_COLOR)")
	f.BoolVarP(&a.flags.quiet, "quiet", "q", false, "print no notices")
	cmd.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		if what, _, ok := strings.Cut(err.Error(), ": strconv."); ok {
			return usage(helpHint(c), "%s: want a whole number", what)
		}
		return usage(helpHint(c), "%w", err)
	})
	cmd.AddCommand(
		newReviewCmd(a), newDueCmd(a), newCompileCmd(a), newPostsCmd(a), newReadCmd(a), newCardsCmd(a),
		newExplainCmd(a), newEditCmd(a), newCardCmd(a), newUndoCmd(a), newLogCmd(a), newConfigCmd(a),
		newDoctorCmd(a), newBackupCmd(a), newRestoreCmd(a), newExportCmd(a), newImportCmd(a), newManCmd(a),
		&cobra.Command{Use: "exit-codes", Short: "What the exit codes mean", Long: exitCodesHelp},
	)
	cmd.SetHelpCommand(newHelpCmd())
	refuseWrongArgs(cmd)
	return cmd
}

// newHelpCmd is cobra's help, but for a topic that does not exist it fails.
func newHelpCmd() *cobra.Command {
	return &cobra.Command{
		Use:   "help [COMMAND]",
		Short: "Show help about a command",
		RunE: func(cmd *cobra.Command, args []string) error {
			about, rest, err := cmd.Root().Find(args)
			if err != nil || len(rest) > 0 {
				return usage("'etch --help' lists the commands", "unknown help topic %q", strings.Join(args, " "))
			}
			about.InitDefaultHelpFlag()
			return about.Help()
		},
		ValidArgsFunction: func(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			var names []string
			if about, rest, err := cmd.Root().Find(args); err == nil && len(rest) == 0 {
				for _, sub := range about.Commands() {
					if sub.IsAvailableCommand() || sub.IsAdditionalHelpTopicCommand() {
						names = append(names, cobra.CompletionWithDesc(sub.Name(), sub.Short))
					}
				}
			}
			return names, cobra.ShellCompDirectiveNoFileComp
		},
	}
}

// refuseWrongArgs makes the wrong number of arguments, and an unknown command,
// a wrong command line in cmd and in everything below it.
func refuseWrongArgs(cmd *cobra.Command) {
	cmd.SuggestionsMinimumDistance = 2
	if check := cmd.Args; check != nil {
		cmd.Args = func(c *cobra.Command, args []string) error {
			if err := check(c, args); err != nil {
				hint := helpHint(c)
				if c.HasSubCommands() && len(args) > 0 {
					if names := c.SuggestionsFor(args[0]); len(names) > 0 {
						hint = "did you mean '" + c.CommandPath() + " " + names[0] + "'? " + hint
					}
				}
				return usage(hint, "%w", err)
			}
			return nil
		}
	}
	for _, sub := range cmd.Commands() {
		refuseWrongArgs(sub)
	}
}

func helpHint(c *cobra.Command) string { return "'" + c.CommandPath() + " --help' shows what it takes" }

// version is the module's version, or "devel" for a build from a checkout.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" || info.Main.Version == "(devel)" {
		return "devel"
	}
	return info.Main.Version
}
