package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"etch/cmd/etch/tui"
	"etch/deck"
	"etch/scheduler"
	"etch/storage"
)

func newCardsCmd(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "cards [QUERY]",
		Short: "List and search cards",
		Long: `Cards lists the cards that match every word of QUERY:

  tag:caching      the post or the note has the tag
  post:SLUG        of one post
  tier:core        or tier:deep
  is:due           also is:new is:learning is:review is:leech is:flagged
                   is:suspended is:buried is:stale (checked over two years ago)
  word             in the question, the answer or the id
  -WORD            the opposite of any of these; put -- before the query then:
                   etch cards -- tag:caching -tier:deep`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return runCards(cmd.Context(), a, strings.Join(args, " "))
		},
	}
	cmd.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		if !strings.Contains(err.Error(), "shorthand") {
			return c.Root().FlagErrorFunc()(c, err)
		}
		return usage("put -- before a query with -WORD: etch cards -- tag:caching -tier:deep", "%w", err)
	})
	return cmd
}

// cardLine is one card as `etch cards --json` prints it.
type cardLine struct {
	Schema         string   `json:"schema"`
	ID             string   `json:"id"`
	Key            string   `json:"key,omitempty"`
	Post           string   `json:"post"`
	Title          string   `json:"title"`
	Topic          string   `json:"topic"`
	Takeaway       string   `json:"takeaway"`
	Kind           string   `json:"kind"`
	Type           string   `json:"type"`
	Tier           string   `json:"tier"`
	Front          string   `json:"front"`
	Back           string   `json:"back"`
	Tags           []string `json:"tags"`
	Source         string   `json:"source"`
	AsOf           string   `json:"as_of"`
	File           string   `json:"file"`
	Line           int      `json:"line"`
	State          string   `json:"state"`
	Due            string   `json:"due"`
	Interval       int      `json:"interval"` // days when positive, seconds when negative
	Stability      float64  `json:"stability"`
	Difficulty     float64  `json:"difficulty"`
	Retrievability float64  `json:"retrievability"`
	Reps           int      `json:"reps"`
	Lapses         int      `json:"lapses"`
	Suspended      bool     `json:"suspended"`
	Buried         bool     `json:"buried"`
	Flag           string   `json:"flag,omitempty"`
}

func runCards(ctx context.Context, a *app, query string) error {
	store, err := a.open(ctx, looking)
	if err != nil {
		return err
	}
	if a.hasScreen() {
		return a.runScreens(ctx, store, func(env tui.Env) tui.Screen { return tui.NewCards(env, query) })
	}
	now := a.now()
	rows, err := store.Cards(ctx, query, now)
	if err != nil {
		return err
	}
	for _, row := range rows {
		if a.flags.json {
			err = a.encode(a.cardLine(store.Scheduler(), row))
		} else {
			_, err = fmt.Fprintf(a.out, "%-28s %-10s %s\n", fitColumn(string(row.Card.ID), 28), a.cardState(store.Scheduler(), row.Memory), oneLine(row.Card.Question, 60))
		}
		if err != nil {
			return err
		}
	}
	if len(rows) == 0 && !a.flags.quiet {
		a.say("no card matches")
	}
	return nil
}

func (a *app) cardLine(sched *scheduler.Scheduler, row storage.CardRow) cardLine {
	c, m, now := row.Card, row.Memory, a.now()
	return cardLine{
		Schema: "etch.cards/1", ID: string(c.ID), Key: c.Key, Post: c.Post, Title: c.Title, Topic: c.Topic, Takeaway: c.Takeaway,
		Kind: string(c.Kind), Type: string(c.Type), Tier: string(c.Tier), Front: deck.Bracketed(c.Question), Back: deck.Bracketed(c.Answer),
		Tags: orEmpty(c.Tags), Source: c.Source, AsOf: c.AsOf, File: filePath(c), Line: c.Line,
		State: m.State.String(), Due: a.dueText(m.State, m.DueDay, m.DueAt), Interval: m.Interval,
		Stability: m.Stability, Difficulty: m.Difficulty, Retrievability: sched.Retrievability(m, now), Reps: m.Reps, Lapses: m.Lapses,
		Suspended: m.Suspended, Buried: m.BuriedDay != 0 && m.BuriedDay == sched.Day(now), Flag: m.Flag,
	}
}

// cardState is a card's state in one word for a list.
func (a *app) cardState(sched *scheduler.Scheduler, m scheduler.Memory) string {
	switch {
	case m.Suspended:
		return "suspended"
	case m.State == scheduler.Review && m.DueDay <= sched.Day(a.now()):
		return "due"
	case m.State == scheduler.Review:
		return m.DueDay.String()
	}
	return m.State.String()
}

// oneLine is the start of a Markdown text in one safe line.
func oneLine(md string, width int) string {
	return fitColumn(strings.Join(strings.Fields(deck.Bracketed(md)), " "), width)
}
