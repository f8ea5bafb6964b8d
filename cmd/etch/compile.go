package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"etch/deck"
	"etch/storage"
)

type compileOptions struct {
	check, strict, dryRun, writeIDs bool
	forget                          string
	link                            []string
	edited                          deck.NoteID // what an editor was opened at
}

func newCompileCmd(a *app) *cobra.Command {
	var opt compileOptions
	cmd := &cobra.Command{
		Use:   "compile [DIR...]",
		Short: "Add folders of posts, and compile all of them",
		Long: `Compile reads the built-in library and your folders and brings the cards up to
date. A card keeps its history through edits, moves and renamed files. A card
that vanished is retired, not deleted: put it back and it returns as it was.
While any file is broken, or a folder is missing, nothing is retired.

DIR adds a folder for good. When a card may or may not be an older one edited,
compile asks on a terminal; elsewhere it adds the new one, retires the old one,
and prints the 'etch compile --link OLD=NEW' that would join them.

It exits with 3 when there are problems in the content.`,
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return nil, cobra.ShellCompDirectiveFilterDirs
		},
		RunE: func(cmd *cobra.Command, dirs []string) error { return runCompile(cmd.Context(), a, dirs, opt) },
	}
	f := cmd.Flags()
	f.BoolVar(&opt.check, "check", false, "parse and lint, print every problem, touch no database")
	f.BoolVar(&opt.strict, "strict", false, "warnings count as errors, in your own folders too")
	f.BoolVar(&opt.dryRun, "dry-run", false, "print what would change, and change nothing")
	f.StringVar(&opt.forget, "forget", "", "leave out the folder `DIR` from now on; its cards are retired")
	f.StringArrayVar(&opt.link, "link", nil, "in `OLD=NEW`, treat the card NEW as an edit of the card OLD")
	f.BoolVar(&opt.writeIDs, "write-ids", false, "write an id above each card of DIR that has none")
	return cmd
}

func runCompile(ctx context.Context, a *app, dirs []string, opt compileOptions) error {
	var folders []deck.Library
	for _, dir := range dirs {
		lib, err := namedFolder(dir)
		if err != nil {
			return err
		}
		folders = append(folders, lib)
	}
	if opt.check {
		return runCheck(a, folders, opt.strict)
	}
	if opt.writeIDs && len(folders) == 0 {
		return usage("for example: etch compile --write-ids ~/notes/interview", "--write-ids wants the folder to write to")
	}
	pairings, err := parseLinks(opt.link)
	if err != nil {
		return err
	}
	store, err := a.openOnly(ctx, writing)
	if err != nil {
		return err
	}
	libs, err := a.libraries(ctx)
	if err != nil {
		return err
	}
	if err := a.firstCompile(ctx); err != nil {
		return err
	}
	co := storage.CompileOptions{Now: a.now(), DryRun: opt.dryRun, Pairings: pairings, Edited: opt.edited, Lint: a.judge(opt.strict)}
	if a.inTTY && a.errTTY && !opt.dryRun && !a.flags.json {
		co.Same = a.askSame(ctx)
	}
	if opt.forget != "" {
		if co.Forget, libs, err = forgetFolder(opt.forget, libs); err != nil {
			return err
		}
	}
	if libs, err = addFolders(libs, folders); err != nil {
		return err
	}
	if opt.writeIDs && !opt.dryRun {
		// Compile first: a note gets its id from its text before the file has one.
		if _, err := store.Compile(ctx, libs, co); err != nil {
			return err
		}
		if err := a.writeIDs(folders); err != nil {
			return err
		}
	}
	a.progress("compiling the posts of %d libraries", len(libs))
	report, err := store.Compile(ctx, libs, co)
	if err != nil {
		return err
	}
	return a.printReport(report, opt.dryRun, toldWarnings)
}

// firstCompile brings the built-in library into a new database, so that what
// a user's first compile reports is the user's.
func (a *app) firstCompile(ctx context.Context) error {
	known, err := a.store.Libraries(ctx)
	if err != nil || len(known) > 0 {
		return err
	}
	_, err = a.store.Compile(ctx, []deck.Library{builtIn()}, storage.CompileOptions{Now: a.now(), Auto: true})
	return err
}

// namedFolder is the library of a folder that a user names.
func namedFolder(dir string) (deck.Library, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return deck.Library{}, err
	}
	if abs, err = filepath.EvalSymlinks(abs); err != nil {
		return deck.Library{}, usage("name a folder of Markdown files", "open the folder: %w", err)
	}
	info, err := os.Stat(abs)
	if err != nil {
		return deck.Library{}, err
	}
	if !info.IsDir() {
		return deck.Library{}, usage("name the folder that the file is in", "%s is not a folder", dir)
	}
	return folder(abs), nil
}

// addFolders adds the folders that are new. One within another is refused: its
// cards would be compiled twice.
func addFolders(libs, folders []deck.Library) ([]deck.Library, error) {
	for _, f := range folders {
		if hasLibrary(libs, f.Path) {
			continue
		}
		for _, l := range libs {
			if l.Kind == deck.KindFolder && (within(f.Path, l.Path) || within(l.Path, f.Path)) {
				return nil, usage("'etch compile --forget "+l.Path+"' leaves that one out", "%s would compile cards of %s twice", f.Path, l.Path)
			}
		}
		libs = append(libs, f)
	}
	return libs, nil
}

// within reports whether the folder dir stands below the folder top.
func within(dir, top string) bool {
	rel, err := filepath.Rel(top, dir)
	return err == nil && filepath.IsLocal(rel)
}

func hasLibrary(libs []deck.Library, path string) bool {
	for _, l := range libs {
		if l.Path == path {
			return true
		}
	}
	return false
}

// forgetFolder takes a folder out of the libraries. It need not exist any
// more.
func forgetFolder(dir string, libs []deck.Library) (path string, rest []deck.Library, err error) {
	if path, err = filepath.Abs(dir); err != nil {
		return "", nil, err
	}
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	if !hasLibrary(libs, path) || path == deck.BuiltInPath {
		return "", nil, usage(knownFolders(libs), "%s is no folder that etch knows", dir)
	}
	for _, l := range libs {
		if l.Path != path {
			rest = append(rest, l)
		}
	}
	return path, rest, nil
}

// knownFolders says which folders there are to forget.
func knownFolders(libs []deck.Library) string {
	var paths []string
	for _, l := range libs {
		if l.Kind == deck.KindFolder {
			paths = append(paths, deck.CleanLine(l.Path))
		}
	}
	if len(paths) == 0 {
		return "there is none; 'etch compile DIR' adds one"
	}
	return "the folders are " + strings.Join(paths, ", ")
}

func parseLinks(links []string) ([]deck.Pairing, error) {
	var out []deck.Pairing
	for _, l := range links {
		before, after, ok := strings.Cut(l, "=")
		if !ok || before == "" || after == "" {
			return nil, usage("for example: --link h0123456789abcdef=lease-end", "read --link %q: want OLD=NEW", l)
		}
		out = append(out, deck.Pairing{Old: deck.NoteID(before), New: deck.NoteID(after)})
	}
	return out, nil
}

// judge lints a library. In a user's folder findings are warnings: real decks
// would fail; --strict makes errors of all.
func (a *app) judge(strict bool) func(deck.Library, []*deck.Post) []*deck.Problem {
	return func(lib deck.Library, posts []*deck.Post) []*deck.Problem {
		problems := deck.Lint(posts, deck.LintOptions{Library: lib.Kind == deck.KindBuiltIn, Known: builtInSlugs()})
		for _, p := range problems {
			switch {
			case strict:
				p.Severity = deck.Error
			case lib.Kind != deck.KindBuiltIn:
				p.Severity = deck.Warning
			}
		}
		return problems
	}
}

// runCheck parses and lints without a database: the built-in library, or the
// folders that are named.
func runCheck(a *app, folders []deck.Library, strict bool) error {
	if len(folders) == 0 {
		folders = []deck.Library{builtIn()}
	}
	var report storage.Report
	for _, lib := range folders {
		problems, cards, err := storage.Check(lib, a.judge(strict))
		if err != nil {
			return err
		}
		report.Problems = append(report.Problems, problems...)
		report.Unchanged += cards
	}
	return a.printReport(report, true, len(report.Problems))
}

// askSame asks about a doubtful pair on the terminal. The end of the input is
// no yes.
func (a *app) askSame(ctx context.Context) func(deck.Doubt) bool {
	return func(d deck.Doubt) bool {
		if ctx.Err() != nil {
			return false
		}
		a.say("%s:%d may be an older card, edited:", d.File, d.New.Line)
		a.say("  old: %s", oneLine(d.Old.Front, 100))
		a.say("  new: %s", oneLine(d.New.Front, 100))
		fmt.Fprint(a.err, "Is it the same card, which keeps its history? (y/N) ")
		answer, _ := readLine(a.in)
		return answer == "y" || answer == "yes"
	}
}

func (a *app) writeIDs(folders []deck.Library) error {
	for _, lib := range folders {
		if err := writeIDs(lib); err != nil {
			return err
		}
	}
	return nil
}

// printReport prints what changed to stdout, problems to stderr, and fails
// when a problem blocks.
func (a *app) printReport(r storage.Report, dryRun bool, warnings int) error {
	failed := 0
	for _, p := range r.Problems {
		if p.Severity == deck.Error {
			failed++
		}
	}
	if a.flags.json {
		if err := a.encode(reportJSON(r, dryRun)); err != nil {
			return err
		}
	} else {
		a.printProblems(r.Problems, warnings)
		if err := a.printChanges(r); err != nil {
			return err
		}
	}
	if failed == 0 {
		return nil
	}
	f := &failure{err: fmt.Errorf("%s in the posts", count(failed, "error")), code: exitContent, hint: "a broken file keeps its last good version; nothing was retired"}
	return f
}

// toldWarnings is how many warnings a compile tells one by one: a folder of
// notes that nobody wrote for the lint has thousands.
const toldWarnings = 10

func (a *app) printProblems(problems []*deck.Problem, warnings int) {
	if a.flags.quiet {
		return
	}
	more := 0
	for _, p := range problems {
		mark := ""
		if p.Severity == deck.Warning {
			if warnings--; warnings < 0 {
				more++
				continue
			}
			mark = "warning: "
		}
		a.say("%s%s", mark, toOpen(p).Error())
		if p.Hint != "" {
			a.say("  hint: %s", p.Hint)
		}
	}
	if more > 0 {
		a.say("and %s: 'etch compile --check DIR' lists them all", count(more, "more warning"))
	}
}

// toOpen is a problem in the file that a user can open: an error in the library
// as it came with etch is none of theirs, so it is one in their copy.
func toOpen(p *deck.Problem) *deck.Problem {
	name, ok := strings.CutPrefix(p.File, deck.BuiltInPath+":")
	if !ok || !fileExists(overlayPath(name)) {
		return p
	}
	located := *p
	located.File = overlayPath(name)
	return &located
}

// manyChanges is how many changes are listed one by one.
const manyChanges = 40

func (a *app) printChanges(r storage.Report) error {
	var b strings.Builder
	for i, c := range r.Changes {
		if i == manyChanges {
			fmt.Fprintf(&b, "... and %d more\n", len(r.Changes)-i)
			break
		}
		fmt.Fprintf(&b, "%-16s %-40s %s\n", strings.Join(c.What, "+"), fitColumn(string(c.Note), 40), place(c))
	}
	for _, d := range r.Doubts {
		fmt.Fprintf(&b, "doubtful: if %s is %s, edited: etch compile --link %s=%s\n", d.NewID, d.Old.ID, d.Old.ID, d.NewID)
	}
	fmt.Fprintf(&b, "%d new, %d edited, %d moved, %d retired, %d returned, %d unchanged\n", r.New, r.Edited, r.Moved, r.Retired, r.Returned, r.Unchanged)
	_, err := fmt.Fprint(a.out, b.String())
	return err
}

func place(c storage.Change) string {
	if c.File == "" {
		return ""
	}
	return fmt.Sprintf("%s:%d", deck.CleanLine(c.File), c.Line)
}

func reportJSON(r storage.Report, dryRun bool) any {
	type change struct {
		Note string   `json:"note"`
		What []string `json:"what"`
		File string   `json:"file,omitempty"`
		Line int      `json:"line,omitempty"`
	}
	type problem struct {
		File     string `json:"file"`
		Line     int    `json:"line,omitempty"`
		Rule     string `json:"rule,omitempty"`
		Severity string `json:"severity"`
		Message  string `json:"message"`
		Hint     string `json:"hint,omitempty"`
	}
	type doubt struct {
		Old   string  `json:"old"`
		New   string  `json:"new"`
		Score float64 `json:"score"`
	}
	out := struct {
		Schema    string    `json:"schema"`
		DryRun    bool      `json:"dry_run"`
		New       int       `json:"new"`
		Edited    int       `json:"edited"`
		Moved     int       `json:"moved"`
		Retired   int       `json:"retired"`
		Returned  int       `json:"returned"`
		Unchanged int       `json:"unchanged"`
		Changes   []change  `json:"changes"`
		Doubtful  []doubt   `json:"doubtful"`
		Problems  []problem `json:"problems"`
	}{"etch.compile/1", dryRun, r.New, r.Edited, r.Moved, r.Retired, r.Returned, r.Unchanged, []change{}, []doubt{}, []problem{}}
	for _, c := range r.Changes {
		out.Changes = append(out.Changes, change{string(c.Note), c.What, c.File, c.Line})
	}
	for _, d := range r.Doubts {
		out.Doubtful = append(out.Doubtful, doubt{string(d.Old.ID), string(d.NewID), d.Score})
	}
	for _, p := range r.Problems {
		severity := "error"
		if p.Severity == deck.Warning {
			severity = "warning"
		}
		out.Problems = append(out.Problems, problem{toOpen(p).File, p.Line, p.Rule, severity, p.Msg, p.Hint})
	}
	return out
}

// reorder gives new cards their places again after the pinned posts changed.
func (a *app) reorder(ctx context.Context) error {
	libs, err := a.libraries(ctx)
	if err != nil {
		return err
	}
	_, err = a.store.Compile(ctx, libs, storage.CompileOptions{Now: a.now(), Auto: true, Reorder: true})
	return err
}
