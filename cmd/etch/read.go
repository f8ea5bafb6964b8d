package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/rogpeppe/go-internal/diff"
	"github.com/spf13/cobra"

	"etch/cmd/etch/line"
	"etch/cmd/etch/tui"
	"etch/deck"
	"etch/storage"
)

type readOptions struct {
	takeaways, cards, diff bool
}

func newReadCmd(a *app) *cobra.Command {
	var opt readOptions
	cmd := &cobra.Command{
		Use:               "read POST",
		Short:             "Read a post, its takeaways or its cards",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: a.completePosts,
		RunE: func(cmd *cobra.Command, args []string) error {
			return runRead(cmd.Context(), a, args[0], opt)
		},
	}
	f := cmd.Flags()
	f.BoolVar(&opt.takeaways, "takeaways", false, "only the key takeaways: the cheat sheet for the night before")
	f.BoolVar(&opt.cards, "cards", false, "only the questions and answers")
	f.BoolVar(&opt.diff, "diff", false, "how your edited copy differs from the built-in post")
	cmd.MarkFlagsMutuallyExclusive("takeaways", "cards", "diff")
	return cmd
}

func runRead(ctx context.Context, a *app, slug string, opt readOptions) error {
	store, err := a.open(ctx, looking)
	if err != nil {
		return err
	}
	body, row, err := store.PostBody(ctx, slug)
	if err != nil {
		return err
	}
	if opt.diff {
		return printDiff(a.out, body, row)
	}
	if a.hasScreen() && !opt.takeaways && !opt.cards {
		return a.runScreens(ctx, store, func(env tui.Env) tui.Screen { return tui.NewRead(env, slug) })
	}
	post, problems := deck.ParseStored(row.Path, []byte(body))
	if post == nil {
		return problems[0]
	}
	if a.flags.json {
		return a.printPostJSON(post, row)
	}
	md := "# " + post.Title + "\n\n" + post.Prose()
	if opt.takeaways {
		md = "# " + post.Title + "\n"
		for _, t := range post.Takeaways {
			md += "\n- " + t.Heading
		}
	}
	if opt.cards {
		return printCards(a.out, post, a.width())
	}
	_, err = fmt.Fprintln(a.out, strings.Join(deck.Render(md, a.width(), deck.Plain), "\n"))
	return err
}

// printCards prints a post's cards as one revises them: the answer below its
// question, and a cloze with its deletions in brackets.
func printCards(out io.Writer, post *deck.Post, width int) error {
	text := strings.Join(deck.Render("# "+post.Title, width, deck.Plain), "\n")
	for _, n := range post.Notes {
		letter := "Q"
		if n.Kind == deck.Cloze {
			letter = "C"
		}
		text += "\n\n" + line.Side(letter, deck.Marked(n.Front), width)
		if n.Back != "" {
			text += "\n" + line.Side("A", n.Back, width)
		}
	}
	_, err := fmt.Fprintln(out, text)
	return err
}

func (a *app) printPostJSON(post *deck.Post, row storage.PostRow) error {
	type takeaway struct {
		Heading string `json:"heading"`
		Line    int    `json:"line"`
	}
	out := struct {
		Schema    string     `json:"schema"`
		Post      string     `json:"post"`
		Title     string     `json:"title"`
		Topic     string     `json:"topic"`
		Library   string     `json:"library"`
		File      string     `json:"file"`
		Takeaways []takeaway `json:"takeaways"`
		Prose     string     `json:"prose"`
	}{"etch.read/1", row.Slug, post.Title, post.Topic, row.Library, row.Path, []takeaway{}, post.Prose()}
	for _, t := range post.Takeaways {
		out.Takeaways = append(out.Takeaways, takeaway{t.Heading, t.Line})
	}
	return a.encode(out)
}

// printDiff compares the reader's copy of a built-in post with the built-in
// one.
func printDiff(out io.Writer, body string, row storage.PostRow) error {
	if row.Library != deck.BuiltInPath {
		return usage("it compares posts of the built-in library with your edited copy", "post %q is not in the built-in library", row.Slug)
	}
	original, err := fs.ReadFile(deck.BuiltIn().FS, row.Path)
	if err != nil {
		return fmt.Errorf("read the built-in post: %w", err)
	}
	// The copy as it stands, even where an error keeps it from being compiled.
	if copied, err := os.ReadFile(overlayPath(row.Path)); err == nil {
		body = string(copied)
	}
	if bytes.Equal(original, []byte(body)) {
		_, err := fmt.Fprintln(out, "no difference: this is the built-in post")
		return err
	}
	_, err = out.Write(diff.Diff("built-in "+row.Path, original, "your "+row.Path, []byte(body)))
	return err
}

// filePath is where a card's text stands, as a user would open it.
func filePath(c deck.Card) string {
	if c.Library == deck.BuiltInPath {
		if path := overlayPath(c.Path); fileExists(path) {
			return path
		}
		return deck.BuiltInPath + ":" + c.Path
	}
	return filepath.Join(c.Library, filepath.FromSlash(c.Path))
}

func fileExists(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// readPost parses the last good text of a post.
func readPost(ctx context.Context, store *storage.Store, slug string) (*deck.Post, error) {
	body, row, err := store.PostBody(ctx, slug)
	if err != nil {
		return nil, err
	}
	post, problems := deck.ParseStored(row.Path, []byte(body))
	if post == nil {
		return nil, problems[0]
	}
	return post, nil
}
