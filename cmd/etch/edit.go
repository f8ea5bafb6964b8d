package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/charmbracelet/x/editor"
	"github.com/natefinch/atomic"
	"github.com/spf13/cobra"

	"etch/deck"
)

func newEditCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "edit CARD",
		Short: "Open a card's file in $EDITOR, then compile",
		Long: `Edit opens $EDITOR at the card and compiles what you saved; the card keeps its
history. The first edit of a built-in post copies it to $XDG_DATA_HOME/etch/posts;
'etch read POST --diff' compares the two, and deleting the copy brings the
built-in post back.`,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: a.completeCards,
		RunE:              func(cmd *cobra.Command, args []string) error { return runEdit(cmd.Context(), a, args[0]) },
	}
}

func runEdit(ctx context.Context, a *app, name string) error {
	store, err := a.open(ctx, writing)
	if err != nil {
		return err
	}
	id, err := store.FindCard(ctx, name)
	if err != nil {
		return err
	}
	card, err := store.Card(ctx, id)
	if err != nil {
		return err
	}
	path, drop, err := editable(card)
	if err != nil {
		return err
	}
	cmd, err := editor.CommandContext(ctx, "etch", path, editor.LineNumber(card.Line))
	if err != nil {
		return err
	}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = a.in, a.out, a.err
	if err := cmd.Run(); err != nil {
		return errors.Join(&failure{err: fmt.Errorf("run the editor: %w", err), code: exitFailure, hint: "set EDITOR to your editor"}, drop())
	}
	if err := drop(); err != nil {
		return err
	}
	return runCompile(ctx, a, nil, compileOptions{})
}

// editable returns the file to edit. For a built-in post that is the reader's
// copy, made now if there is none; drop takes an unchanged copy away again.
func editable(card deck.Card) (path string, drop func() error, err error) {
	keep := func() error { return nil }
	if card.Library != deck.BuiltInPath {
		return filepath.Join(card.Library, filepath.FromSlash(card.Path)), keep, nil
	}
	path = overlayPath(card.Path)
	if fileExists(path) {
		return path, keep, nil
	}
	original, err := fs.ReadFile(deck.BuiltIn().FS, card.Path)
	if err != nil {
		return "", nil, fmt.Errorf("read the built-in post: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return "", nil, err
	}
	if err := atomic.WriteFile(path, bytes.NewReader(original)); err != nil {
		return "", nil, fmt.Errorf("copy the built-in post: %w", err)
	}
	drop = func() error {
		now, err := os.ReadFile(path)
		if err != nil || !bytes.Equal(now, original) {
			return err
		}
		return os.Remove(path)
	}
	return path, drop, nil
}
