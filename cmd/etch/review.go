package main

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"etch/cmd/etch/line"
	"etch/cmd/etch/tui"
	"etch/scheduler"
	"etch/storage"
)

type reviewOptions struct {
	tags    []string
	newOnly int
	limit   int
	minutes int
	ahead   int
	cram    bool
	plain   bool
}

func newReviewCmd(a *app) *cobra.Command {
	var opt reviewOptions
	cmd := &cobra.Command{
		Use:   "review [POST...]",
		Short: "Study what is due, with new cards mixed in",
		Long: `Review shows one card after the other. In a pipe, and with --plain, it speaks
in lines: an empty line or 'show' reveals, 1 to 4 (or again, hard, good, easy)
grade, u undoes, - buries until tomorrow, @ suspends, * marks "fix me",
s skips, w shows the paragraph behind the card, q quits. The end of the input
ends the session; nothing is graded without a line that says so.

With --json it speaks one JSON object a line in both directions; see
docs/JSON.md.`,
		ValidArgsFunction: a.completePosts,
		RunE: func(cmd *cobra.Command, posts []string) error {
			newSet := cmd.Flags().Changed("new")
			return runReview(cmd.Context(), a, posts, opt, newSet)
		},
	}
	f := cmd.Flags()
	f.StringArrayVar(&opt.tags, "tag", nil, "only cards with this `TAG`; may be repeated")
	f.IntVar(&opt.newOnly, "new", 0, "`N` new cards in this run, instead of what the day's limit leaves")
	f.IntVar(&opt.limit, "limit", 0, "stop after `N` answers")
	f.IntVar(&opt.minutes, "minutes", 0, "study about `N` minutes")
	f.IntVar(&opt.ahead, "ahead", 0, "also review what is due in the next `DAYS` days")
	f.BoolVar(&opt.cram, "cram", false, "every card you have met, lowest recall first; the schedule stays as it is")
	f.BoolVar(&opt.plain, "plain", false, "the line mode, on a terminal too")
	cmd.RegisterFlagCompletionFunc("tag", a.completeTags)
	return cmd
}

func runReview(ctx context.Context, a *app, posts []string, opt reviewOptions, newSet bool) error {
	if opt.newOnly < 0 || opt.limit < 0 || opt.minutes < 0 || opt.ahead < 0 {
		return usage("use 0 or more", "--new, --limit, --minutes and --ahead cannot be negative")
	}
	store, err := a.open(ctx, writing)
	if err != nil {
		return err
	}
	if err := a.checkFilter(ctx, store, posts, opt.tags); err != nil {
		return err
	}
	so := a.sessionOptions()
	so.Posts, so.Tags, so.Limit, so.Ahead, so.Cram = posts, opt.tags, opt.limit, opt.ahead, opt.cram
	so.Time = time.Duration(opt.minutes) * time.Minute
	if newSet {
		so.New = &opt.newOnly
	}
	if a.hasScreen() && !opt.plain {
		return a.runScreens(ctx, store, func(env tui.Env) tui.Screen { return tui.NewReview(env, so) })
	}
	so.Eager = true
	sess, err := scheduler.NewSession(ctx, store.Scheduler(), store, so, a.now())
	if err != nil {
		return err
	}
	if a.flags.json {
		err = line.JSON(ctx, a.in, a.out, sess, store, jsonClock{a})
	} else {
		err = line.Plain(ctx, a.in, a.out, sess, store, a.now)
	}
	interrupted := ctx.Err() != nil // by a user who is done
	if (err == nil || interrupted) && sess.Tally().Answers > 0 && !opt.cram {
		a.backUp(context.WithoutCancel(ctx), store)
	}
	return err
}

// backUp makes the daily backup. It failing is no reason to call a session
// failed.
func (a *app) backUp(ctx context.Context, store *storage.Store) {
	if _, err := store.DailyBackup(ctx, a.now()); err != nil && !a.flags.quiet {
		a.say("no backup was made: %v", err)
	}
}

// jsonClock lets a JSON session move a pretended clock.
type jsonClock struct{ a *app }

func (c jsonClock) Now() time.Time { return c.a.now() }

func (c jsonClock) MoveTo(t time.Time) bool { return c.a.flags.now != "" && c.a.clock.MoveTo(t) }
