package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
)

func newPostsCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "posts",
		Short: "List the posts with how far you have come",
		Long: `Posts lists each post with its cards, how many of them you have seen, how many
are due, how many are mature (an interval of 21 days or more), and the mean
probability that you recall the seen ones today.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return runPosts(cmd.Context(), a) },
	}
}

// postLine is one post as `etch posts --json` prints it.
type postLine struct {
	Schema   string   `json:"schema"`
	Post     string   `json:"post"`
	Title    string   `json:"title"`
	Topic    string   `json:"topic"`
	Tags     []string `json:"tags"`
	Requires []string `json:"requires"`
	Library  string   `json:"library"`
	File     string   `json:"file"`
	Cards    int      `json:"cards"`
	Core     int      `json:"core"`
	Seen     int      `json:"seen"`
	CoreSeen int      `json:"core_seen"`
	Due      int      `json:"due"`
	Mature   int      `json:"mature"`
	Recall   float64  `json:"recall"` // mean probability over the seen cards, 0..1
}

func runPosts(ctx context.Context, a *app) error {
	store, err := a.open(ctx, looking)
	if err != nil {
		return err
	}
	posts, err := store.Posts(ctx, store.Scheduler().Day(a.now()))
	if err != nil {
		return err
	}
	if !a.flags.json {
		_, err := fmt.Fprintf(a.out, "%-38s %5s %5s %5s %6s %6s\n", "post", "cards", "seen", "due", "mature", "recall")
		if err != nil {
			return err
		}
	}
	for _, p := range posts {
		if a.flags.json {
			err = a.encode(postLine{
				"etch.posts/1", p.Slug, p.Title, p.Topic, orEmpty(p.Tags), orEmpty(p.Requires), p.Library, p.Path,
				p.Cards, p.Core, p.Seen, p.CoreSeen, p.Due, p.Mature, p.Recall,
			})
		} else {
			recall := "-"
			if p.Seen > 0 {
				recall = fmt.Sprintf("%.0f %%", 100*p.Recall)
			}
			_, err = fmt.Fprintf(a.out, "%-38s %5d %5d %5d %6d %6s\n", fitColumn(p.Slug, 38), p.Cards, p.Seen, p.Due, p.Mature, recall)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// orEmpty makes a nil list an empty JSON one.
func orEmpty(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}
