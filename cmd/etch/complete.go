package main

import (
	"context"

	"github.com/spf13/cobra"

	"etch/storage"
)

// peek opens the database for a completion, which creates nothing and says
// nothing.
func (a *app) peek(ctx context.Context) *storage.Store {
	if a.prepare() != nil {
		return nil
	}
	store, err := a.open(ctx, peeking)
	if err != nil {
		return nil
	}
	return store
}

func (a *app) completePosts(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
	var names []string
	if store := a.peek(cmd.Context()); store != nil {
		posts, _ := store.Posts(cmd.Context(), store.Scheduler().Day(a.now()))
		for _, p := range posts {
			names = append(names, p.Slug+"\t"+p.Title)
		}
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

func (a *app) completeTags(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
	var names []string
	if store := a.peek(cmd.Context()); store != nil {
		posts, _ := store.Posts(cmd.Context(), store.Scheduler().Day(a.now()))
		have := make(map[string]bool)
		for _, p := range posts {
			for _, t := range p.Tags {
				if !have[t] {
					have[t], names = true, append(names, t)
				}
			}
		}
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

func (a *app) completeCards(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
	var names []string
	if store := a.peek(cmd.Context()); store != nil {
		rows, _ := store.Cards(cmd.Context(), "", a.now())
		for _, r := range rows {
			names = append(names, string(r.Card.ID)+"\t"+fitColumn(r.Card.Question, 60))
		}
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}
