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

	"etch/deck"
	"etch/storage"
	"etch/storage/anki"
)

type importOptions struct {
	progress, dryRun bool
	forget           string
	table            bool // the file is one
}

func newImportCmd(a *app) *cobra.Command {
	var opt importOptions
	cmd := &cobra.Command{
		Use:   "import FILE",
		Short: "Take in cards: from Anki, from a table, or all of another etch",
		Long: `Import takes in the cards of FILE, all of them or, when something goes wrong,
none:

  .apkg .colpkg   Anki's packages, of every version since 2.0
  .csv .tsv .txt  a table: question, answer; Anki's headers are understood
  .json           what 'etch export' wrote on another machine
  DIR             a folder of Markdown: the same as 'etch compile DIR'

Each deck becomes a post. HTML becomes Markdown; the original is kept for the
way back. With --progress the reviews come along: the log becomes the union of
both, and a card is due on the day on which it is due in Anki. Importing a file
twice changes nothing. A note that you edited here stays so until it is edited
there later.`,
		Args: func(cmd *cobra.Command, args []string) error {
			if opt.forget != "" && len(args) > 0 {
				return usage("'etch import --forget POST' alone leaves out a deck", "--forget takes no file")
			}
			if opt.forget != "" {
				return nil
			}
			return cobra.ExactArgs(1)(cmd, args)
		},
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return []string{"apkg", "colpkg", "csv", "tsv", "txt", "json"}, cobra.ShellCompDirectiveFilterFileExt
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if opt.forget != "" {
				return runForgetDeck(cmd.Context(), a, opt.forget)
			}
			return runImport(cmd.Context(), a, args[0], opt)
		},
	}
	f := cmd.Flags()
	f.BoolVar(&opt.progress, "progress", false, "with what was learned there")
	f.BoolVar(&opt.dryRun, "dry-run", false, "print what would change, and change nothing")
	f.StringVar(&opt.forget, "forget", "", "leave out the imported deck `POST` from now on; its cards are retired")
	cmd.MarkFlagsMutuallyExclusive("forget", "progress")
	cmd.MarkFlagsMutuallyExclusive("forget", "dry-run")
	return cmd
}

func runImport(ctx context.Context, a *app, file string, opt importOptions) error {
	kind := strings.ToLower(filepath.Ext(file))
	info, err := os.Stat(file)
	switch {
	case err != nil:
		var path *fs.PathError
		if errors.As(err, &path) {
			err = path.Err // which names the file again
		}
		return usage("name a file", "open %s: %w", file, err)
	case info.IsDir() && opt.progress:
		return usage("import an .apkg", "a folder has no progress in it")
	case info.IsDir():
		return runCompile(ctx, a, []string{file}, compileOptions{dryRun: opt.dryRun})
	}
	store, err := a.open(ctx, writing)
	if err != nil {
		return err
	}
	switch kind {
	case ".apkg", ".colpkg":
		return importPackage(ctx, a, store, file, opt)
	case ".csv", ".tsv", ".txt":
		return importText(ctx, a, store, file, kind, opt)
	case ".json":
		return importDump(ctx, a, store, file, opt)
	}
	return usage("Anki's File > Export writes an .apkg", "no format for %s: want .apkg, .colpkg, .csv, .tsv, .txt, .json or a folder", file)
}

func importPackage(ctx context.Context, a *app, store *storage.Store, file string, opt importOptions) error {
	a.progress("reading %s", file)
	p, err := anki.Open(ctx, file, anki.Options{Now: a.now()})
	if err != nil {
		return err
	}
	defer p.Close()
	return importCollection(ctx, a, store, &p.Collection, p.Problems, opt)
}

func importText(ctx context.Context, a *app, store *storage.Store, file, kind string, opt importOptions) error {
	if opt.progress {
		return usage("import an .apkg", "a %s file has no progress in it", kind)
	}
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	comma := '\t'
	if kind == ".csv" {
		comma = ','
	}
	name := strings.TrimSuffix(filepath.Base(file), filepath.Ext(file))
	c, notes, err := anki.ReadText(ctx, f, anki.TextOptions{Comma: comma, Deck: name})
	if err != nil {
		return &failure{err: fmt.Errorf("read %s: %w", file, err), code: exitContent, hint: "one row a card: question, answer"}
	}
	if info, err := f.Stat(); err == nil {
		for i := range c.Notes {
			c.Notes[i].Mod = info.ModTime().Unix() // rows have no dates
		}
	}
	var problems []anki.Problem
	for _, n := range notes {
		problems = append(problems, anki.Problem{Why: n, Count: 1})
	}
	opt.table = true
	return importCollection(ctx, a, store, c, problems, opt)
}

// imported is what `etch import --json` prints.
type imported struct {
	Schema    string     `json:"schema"`
	DryRun    bool       `json:"dry_run"`
	New       int        `json:"new"`
	Updated   int        `json:"updated"`
	Unchanged int        `json:"unchanged"`
	Cards     int        `json:"new_cards"`
	Reviews   int        `json:"reviews"`
	Problems  []problemJ `json:"problems"`
}

type problemJ struct {
	Why      string   `json:"why"`
	Skipped  bool     `json:"skipped"`
	Count    int      `json:"count"`
	Examples []string `json:"examples"`
}

func importCollection(ctx context.Context, a *app, store *storage.Store, c *anki.Collection, problems []anki.Problem, opt importOptions) error {
	report, more, err := takeCollection(ctx, a, store, c, opt)
	if err != nil {
		return err
	}
	return a.printImported(report, append(problems, more...), opt)
}

// takeCollection takes a collection in with its media, or neither. What it
// returns is printed by the caller: a report that cannot be printed is no
// import that failed.
func takeCollection(ctx context.Context, a *app, store *storage.Store, c *anki.Collection, opt importOptions) (report storage.ImportReport, problems []anki.Problem, err error) {
	media, renamed, err := stageMedia(ctx, store, c, opt.dryRun)
	defer func() {
		if err != nil {
			err = errors.Join(err, store.DropMedia(media))
		}
	}()
	if err != nil {
		return report, nil, err
	}
	a.progress("reading %s", count(len(c.Notes), "note"))
	var here *storage.Content
	if opt.table {
		if here, err = store.Content(ctx, storage.ContentFilter{}); err != nil {
			return report, nil, err
		}
	}
	in, problems, err := anki.Import(ctx, c, anki.ImportOptions{Scheduler: store.Scheduler(), Progress: opt.progress, Renamed: renamed, Here: here})
	if err != nil {
		return report, nil, err
	}
	in.Media = media
	*c = anki.Collection{} // which is large, and in the way
	report, err = store.Import(ctx, in, storage.ImportOptions{
		Now: a.now(), DryRun: opt.dryRun, Progress: func(now string) { a.progress("%s", now) },
	})
	return report, problems, err
}

// stageMedia stores the files that notes refer to. A file that is not in the
// package is none of ours: the note says what it misses.
func stageMedia(ctx context.Context, store *storage.Store, c *anki.Collection, dryRun bool) (staged []storage.Media, renamed map[string]string, err error) {
	renamed = make(map[string]string)
	names, err := anki.References(ctx, c)
	if err != nil {
		return nil, nil, err
	}
	wanted := make(map[string]bool)
	for _, name := range names {
		wanted[name] = true
	}
	for _, m := range c.Media {
		if dryRun || !wanted[m.Name] {
			continue
		}
		kept, err := stageOne(ctx, store, m)
		if err != nil {
			return staged, nil, err
		}
		staged = append(staged, kept)
		if kept.Name != m.Name {
			renamed[m.Name] = kept.Name
		}
	}
	return staged, renamed, nil
}

func stageOne(ctx context.Context, store *storage.Store, m anki.Media) (storage.Media, error) {
	if err := ctx.Err(); err != nil {
		return storage.Media{}, err
	}
	r, err := m.Open()
	if err != nil {
		return storage.Media{}, err
	}
	defer r.Close()
	return store.StageMedia(ctx, m.Name, io.Reader(r))
}

func (a *app) printImported(report storage.ImportReport, problems []anki.Problem, opt importOptions) error {
	for _, s := range report.Skipped {
		problems = addSkip(problems, s)
	}
	if a.flags.json {
		out := imported{
			Schema: "etch.import/1", DryRun: opt.dryRun, New: report.New, Updated: report.Updated, Unchanged: report.Unchanged,
			Cards: report.Cards, Reviews: report.Rows, Problems: []problemJ{},
		}
		for _, p := range problems {
			out.Problems = append(out.Problems, problemJ{p.Why, p.Skipped, p.Count, orEmpty(p.Examples)})
		}
		return a.encode(out)
	}
	var b strings.Builder
	verb := ""
	if opt.dryRun {
		verb = "would be "
	}
	fmt.Fprintf(&b, "%s: %s%d new, %d updated, %d unchanged\n", count(report.New+report.Updated+report.Unchanged, "note"), verb, report.New, report.Updated, report.Unchanged)
	if report.Cards > 0 {
		fmt.Fprintf(&b, "%s\n", count(report.Cards, "new card"))
	}
	if opt.progress {
		fmt.Fprintf(&b, "%s of the log\n", count(report.Rows, "new row"))
	}
	if report.Mine > 0 {
		fmt.Fprintf(&b, "%s from here: the text stays as its file has it\n", count(report.Mine, "note"))
	}
	if report.Edited > 0 {
		fmt.Fprintf(&b, "%s edited here later: kept\n", count(report.Edited, "note"))
	}
	for _, p := range problems {
		example := ""
		if len(p.Examples) > 0 {
			example = ", such as " + fitColumn(p.Examples[0], 60)
		}
		fmt.Fprintf(&b, "%6d x %s%s\n", p.Count, deck.CleanLine(p.Why), example)
	}
	_, err := io.WriteString(a.out, b.String())
	return err
}

// addSkip counts a skipped note with those of the same reason.
func addSkip(problems []anki.Problem, s storage.Skip) []anki.Problem {
	for i := range problems {
		if p := &problems[i]; p.Why == s.Why {
			p.Count++
			return problems
		}
	}
	return append(problems, anki.Problem{Why: s.Why, Skipped: true, Count: 1, Examples: []string{s.What}})
}

func runForgetDeck(ctx context.Context, a *app, slug string) error {
	store, err := a.open(ctx, writing)
	if err != nil {
		return err
	}
	n, err := store.ForgetDeck(ctx, slug, a.now())
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(a.out, "%s retired\n", count(n, "card"))
	return err
}

func importDump(ctx context.Context, a *app, store *storage.Store, file string, opt importOptions) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	a.progress("reading %s", file)
	counts, err := store.LoadDump(ctx, f, storage.LoadOptions{Now: a.now(), DryRun: opt.dryRun})
	if errors.Is(err, storage.ErrNewerDump) {
		return &failure{err: err, code: exitContent, hint: "update etch; nothing was taken in"}
	}
	if err != nil {
		return err
	}
	if a.flags.json {
		out := imported{
			Schema: "etch.import/1", DryRun: opt.dryRun, New: counts.Notes, Cards: counts.Cards, Reviews: counts.Rows, Problems: []problemJ{},
		}
		if counts.Left > 0 {
			out.Problems = append(out.Problems, problemJ{storage.LeftThere, true, counts.Left, []string{}})
		}
		return a.encode(out)
	}
	out := fmt.Sprintf("%s, %s, %s of the log, %s: new here\n", count(counts.Notes, "note"), count(counts.Cards, "card"), count(counts.Rows, "row"), count(counts.Settings, "setting"))
	if counts.Left > 0 {
		out += fmt.Sprintf("%6d x %s\n", counts.Left, storage.LeftThere)
	}
	_, err = io.WriteString(a.out, out)
	return err
}
