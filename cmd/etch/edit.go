package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/charmbracelet/x/editor"
	"github.com/natefinch/atomic"
	"github.com/spf13/cobra"

	"etch/deck"
	"etch/storage"
)

func newEditCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "edit CARD",
		Short: "Open a card's file in $EDITOR, then compile",
		Long: `Edit opens $EDITOR at the card and compiles what you saved; the card keeps its
history. The first edit of a built-in post copies it to $XDG_DATA_HOME/etch/posts;
'etch read POST --diff' compares the two, and deleting the copy brings the
built-in post back. An imported deck has no file: you edit a copy of its text.`,
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
	e, err := a.startEdit(ctx, store, card)
	if err != nil {
		return err
	}
	cmd, err := e.editor(ctx, card.Line)
	if err != nil {
		return errors.Join(err, e.drop())
	}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = a.in, a.out, a.err
	back := a.lend()
	err = cmd.Run()
	back()
	if err != nil {
		return errors.Join(&failure{err: fmt.Errorf("run the editor: %w", err), code: exitFailure, hint: "set EDITOR to your editor"}, e.drop())
	}
	if e.finish != nil {
		report, err := e.finish(ctx)
		if err != nil {
			return err
		}
		return a.printReport(report, false, toldWarnings)
	}
	if err := e.drop(); err != nil {
		return err
	}
	return runCompile(ctx, a, nil, compileOptions{edited: id.Note()})
}

// edit is a card's text on its way through the editor.
type edit struct {
	path string
	drop func() error // takes away what was made for the editor, unless it was changed
	// finish brings back the text of an imported deck, which has no file that
	// a compile would find; else nil.
	finish func(context.Context) (storage.Report, error)
}

// editor returns the editor, at a line of the text. Where etch has to end, the
// editor is asked to, which saves what it can, and killed only if it does not.
func (e *edit) editor(ctx context.Context, line int) (*exec.Cmd, error) {
	cmd, err := editor.CommandContext(ctx, "etch", e.path, editor.LineNumber(line))
	if err != nil {
		return nil, err
	}
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 5 * time.Second
	return cmd, nil
}

func (a *app) startEdit(ctx context.Context, store *storage.Store, card deck.Card) (*edit, error) {
	if card.Library == deck.KeptPath {
		return a.editDeck(ctx, store, card.Post)
	}
	path, drop, err := editable(card)
	return &edit{path: path, drop: drop}, err
}

// editDeck writes the text of an imported deck to a file beside the database.
// The file stays when its text cannot be taken.
func (a *app) editDeck(ctx context.Context, store *storage.Store, slug string) (*edit, error) {
	original, err := store.DeckText(ctx, slug)
	if err != nil {
		return nil, err
	}
	f, err := os.CreateTemp(filepath.Dir(store.Path()), "etch-edit-*.md")
	if err != nil {
		return nil, err
	}
	e := &edit{path: f.Name()}
	_, err = f.WriteString(original)
	if err = errors.Join(err, f.Close()); err != nil {
		return nil, errors.Join(err, os.Remove(e.path))
	}
	e.drop = func() error {
		now, err := os.ReadFile(e.path)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil || string(now) != original {
			return fmt.Errorf("the edited text is in %s", e.path)
		}
		return os.Remove(e.path)
	}
	e.finish = func(ctx context.Context) (report storage.Report, err error) {
		defer func() {
			if err != nil {
				err = fmt.Errorf("%w (the edited text is in %s)", err, e.path)
			}
		}()
		text, err := os.ReadFile(e.path)
		if err != nil {
			return report, err
		}
		if now, err := store.DeckText(ctx, slug); err != nil || now != original {
			return report, errors.Join(fmt.Errorf("deck %s has changed meanwhile", slug), err)
		}
		if report, err = store.EditDeck(ctx, slug, string(text), a.now()); err != nil {
			return report, err
		}
		return report, os.Remove(e.path)
	}
	return e, nil
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
		if errors.Is(err, fs.ErrNotExist) {
			return nil // deleted in the editor: the built-in post stands
		}
		if err != nil || !bytes.Equal(now, original) {
			return err
		}
		return os.Remove(path)
	}
	return path, drop, nil
}
