package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"etch/storage"
	"etch/storage/anki"
)

type exportOptions struct {
	tags             []string
	core             bool
	progress, preset bool
}

func newExportCmd(a *app) *cobra.Command {
	var opt exportOptions
	cmd := &cobra.Command{
		Use:   "export FILE [POST...]",
		Short: "Write cards to a file: for Anki, for a table, or everything for etch",
		Long: `Export writes cards to FILE; its extension says how:

  .apkg         a package for Anki
  .csv .tsv     a table with the headers that Anki's import knows
  .json         everything, one object a line: texts, log and settings, for
                'etch import' on another machine

A package holds the cards alone, to be shared. With --progress it holds what
you have learned, too, and Anki goes on from there. Anki takes the progress of a
card once, when the card first comes: study in one program at a time, and bring
what you did in Anki back with 'etch import --progress'. Exporting again after
edits updates the cards in Anki and keeps its progress.`,
		Args:              cobra.MinimumNArgs(1),
		ValidArgsFunction: a.completeExport,
		RunE: func(cmd *cobra.Command, args []string) error {
			return runExport(cmd.Context(), a, args[0], args[1:], opt)
		},
	}
	f := cmd.Flags()
	f.StringArrayVar(&opt.tags, "tag", nil, "only cards with this `TAG`; may be repeated")
	f.BoolVar(&opt.core, "core", false, "only core cards")
	f.BoolVar(&opt.progress, "progress", false, "with what you have learned")
	f.BoolVar(&opt.preset, "preset", false, "with your settings as a group of deck options")
	cmd.RegisterFlagCompletionFunc("tag", a.completeTags)
	return cmd
}

func (a *app) completeExport(cmd *cobra.Command, args []string, toComplete string) ([]string, cobra.ShellCompDirective) {
	if len(args) == 0 {
		return []string{"apkg", "csv", "tsv", "json"}, cobra.ShellCompDirectiveFilterFileExt
	}
	return a.completePosts(cmd, args, toComplete)
}

// exported is what `etch export --json` prints.
type exported struct {
	Schema  string   `json:"schema"`
	File    string   `json:"file"`
	Notes   int      `json:"notes"`
	Cards   int      `json:"cards"`
	Reviews int      `json:"reviews"`
	Changed []string `json:"simplified"`
}

func runExport(ctx context.Context, a *app, file string, posts []string, opt exportOptions) error {
	kind, err := exportKind(file, posts, opt)
	if err != nil {
		return err
	}
	store, err := a.open(ctx, looking)
	if err != nil {
		return err
	}
	if err := a.checkFilter(ctx, store, posts, opt.tags); err != nil {
		return err
	}
	out := exported{Schema: "etch.export/1", File: file}
	if kind == ".json" {
		a.progress("writing everything to %s", file)
		err := a.writeFile(file, 0o600, func(w io.Writer) error {
			counts, err := store.Dump(ctx, w)
			out.Notes, out.Cards, out.Reviews = counts.Notes, counts.Cards, counts.Rows
			return err
		})
		if err != nil {
			return err
		}
		return a.printExported(out, opt)
	}
	a.progress("reading the cards")
	content, err := store.Content(ctx, storage.ContentFilter{Posts: posts, Tags: opt.tags, Core: opt.core, Log: opt.progress})
	if err != nil {
		return err
	}
	if len(content.Notes) == 0 {
		return &failure{err: errors.New("there are no cards to export"), code: exitFailure, hint: "'etch posts' lists what there is"}
	}
	c, notes, err := anki.Export(ctx, content, anki.ExportOptions{Scheduler: store.Scheduler(), Progress: opt.progress, Preset: opt.preset})
	if err != nil {
		return err
	}
	out.Notes, out.Cards, out.Reviews, out.Changed = len(c.Notes), len(c.Cards), len(c.Reviews), notes
	a.progress("writing %s", file)
	err = a.writeFile(file, 0o666, func(w io.Writer) error {
		switch kind {
		case ".apkg":
			return anki.Write(ctx, w, c)
		case ".csv":
			return anki.WriteText(ctx, w, c, ',')
		}
		return anki.WriteText(ctx, w, c, '\t')
	})
	if err != nil {
		return err
	}
	return a.printExported(out, opt)
}

// exportKind is the extension of the file, if the options go with it.
func exportKind(file string, posts []string, opt exportOptions) (string, error) {
	kind := strings.ToLower(filepath.Ext(file))
	name := strings.ToLower(filepath.Base(file))
	switch {
	case kind == ".colpkg" || name == "collection.apkg" || strings.HasPrefix(name, "backup-") && kind == ".apkg":
		return "", usage("write a package such as deck.apkg, which adds to the collection",
			"Anki would replace a whole collection by a file called %s", filepath.Base(file))
	case kind == ".json" && (len(posts) > 0 || len(opt.tags) > 0 || opt.core):
		return "", usage("'etch cards --json' lists chosen cards", "a .json file holds everything: no posts, --tag or --core")
	case kind != ".apkg" && (opt.progress && kind != ".json" || opt.preset):
		return "", usage("export to an .apkg file", "a %s file has no room for --progress or --preset", kind)
	case kind == ".apkg" || kind == ".csv" || kind == ".tsv" || kind == ".json":
		return kind, nil
	}
	return "", usage("for example: etch export deck.apkg", "no format for %s: want .apkg, .csv, .tsv or .json", file)
}

// checkFilter refuses posts and tags that are not there.
func (a *app) checkFilter(ctx context.Context, store *storage.Store, posts, tags []string) error {
	for _, slug := range posts {
		if _, _, err := store.PostBody(ctx, slug); err != nil {
			return err
		}
	}
	for _, tag := range tags {
		if has, err := store.HasTag(ctx, tag); err != nil {
			return err
		} else if !has {
			return usage("'etch posts --json' shows the tags", "no card has the tag %q", tag)
		}
	}
	return nil
}

// writeFile writes a file so that it is whole or as it was before. The umask
// takes from its mode, which os.CreateTemp would not let it.
func (a *app) writeFile(path string, mode fs.FileMode, write func(io.Writer) error) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("write %s: %w", path, err)
		}
	}()
	f, err := os.OpenFile(filepath.Join(filepath.Dir(path), ".etch-export-"+a.newID()), os.O_CREATE|os.O_EXCL|os.O_RDWR, mode)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(f.Name())
		}
	}()
	if err := write(f); err != nil {
		return err
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

func (a *app) printExported(out exported, opt exportOptions) error {
	if a.flags.json {
		out.Changed = orEmpty(out.Changed)
		return a.encode(out)
	}
	what := fmt.Sprintf("%s, %s", count(out.Notes, "note"), count(out.Cards, "card"))
	if out.Reviews > 0 {
		what += ", " + count(out.Reviews, "review")
	}
	if _, err := fmt.Fprintf(a.out, "%s: %s\n", out.File, what); err != nil {
		return err
	}
	if a.flags.quiet {
		return nil
	}
	for _, note := range out.Changed {
		a.say("%s", note)
	}
	if !opt.progress && !opt.preset || !strings.EqualFold(filepath.Ext(out.File), ".apkg") {
		return nil
	}
	var boxes []string
	if opt.progress {
		boxes = append(boxes, `"Import any learning progress"`)
	}
	if opt.preset {
		boxes = append(boxes, `"Import any deck presets"`)
	}
	a.say("In Anki's import dialog tick %s, and switch FSRS on in the deck options.", strings.Join(boxes, " and "))
	return nil
}
