package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"etch/cmd/etch/line"
	"etch/deck"
	"etch/scheduler"
	"etch/storage"
	"etch/storage/anki"
)

// The exit codes, as `etch help exit-codes` shows them.
const (
	exitOK          = 0
	exitFailure     = 1
	exitUsage       = 2
	exitContent     = 3
	exitDatabase    = 4
	exitInterrupted = 130
)

const exitCodesHelp = `Exit codes:

  0    done; also when nothing was due
  1    something failed
  2    the command line is wrong
  3    problems in the content: compile, import, doctor
  4    the database is another program's, newer than this etch, locked,
       read-only or damaged
  130  interrupted`

// failure is an error with what a user can do about it.
type failure struct {
	err  error
	code int
	hint string
	file string // bad input: where it stands
	line int
}

func (f *failure) Error() string { return f.err.Error() }
func (f *failure) Unwrap() error { return f.err }

// usage returns the failure of a wrong command line.
func usage(hint, format string, args ...any) error {
	return &failure{err: fmt.Errorf(format, args...), code: exitUsage, hint: hint}
}

// run executes one command line and returns its exit code.
func run(args []string, e env) int {
	a := newApp(e)
	ctx, stop := a.untilSignal()
	defer stop()
	root := newRootCmd(a)
	root.SetArgs(args)
	root.SetIn(e.in)
	root.SetOut(e.out)
	root.SetErr(e.err)
	err := root.ExecuteContext(ctx)
	if cerr := a.close(); err == nil {
		err = cerr
	}
	if err == nil {
		return exitOK
	}
	f := diagnose(err, ctx.Err() != nil)
	a.report(f)
	return f.code
}

// untilSignal returns a context that a signal ends.
func (a *app) untilSignal() (ctx context.Context, stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	a.ctrlC = make(chan os.Signal, 1)
	ends, kept := make(chan os.Signal, 1), make(chan os.Signal, 1)
	signal.Notify(a.ctrlC, syscall.SIGINT)
	signal.Notify(ends, syscall.SIGTERM, syscall.SIGHUP)
	signal.Notify(kept, syscall.SIGINT) // unread: without any channel it would kill the process
	go func() {
		select {
		case <-a.ctrlC:
		case <-ends:
		case <-ctx.Done():
		}
		cancel()
	}()
	return ctx, func() {
		for _, c := range []chan os.Signal{a.ctrlC, ends, kept} {
			signal.Stop(c)
		}
		cancel()
	}
}

// lend leaves the keys that send signals to an editor until back is called.
// They reach etch as well, which has to outlive them: the text is unsaved.
func (a *app) lend() (back func()) {
	unread := make(chan os.Signal, 1)
	signal.Notify(unread, syscall.SIGINT, syscall.SIGQUIT)
	signal.Stop(a.ctrlC)
	return func() {
		signal.Stop(unread) // waits for what was sent before the editor ended
		signal.Notify(a.ctrlC, syscall.SIGINT)
	}
}

// diagnose is the one place that maps errors to exit codes and hints.
func diagnose(err error, interrupted bool) *failure {
	var f *failure
	if errors.As(err, &f) && !errors.Is(err, context.Canceled) {
		return f
	}
	f = &failure{err: err, code: exitFailure}
	var place *deck.Problem
	if errors.As(err, &place) {
		f.code, f.file, f.line, f.hint = exitContent, place.File, place.Line, place.Hint
	}
	for _, known := range []struct {
		err  error
		code int
		hint string
	}{
		{context.Canceled, exitInterrupted, "every recorded answer is saved"},
		{storage.ErrForeign, exitDatabase, "name another file; nothing was changed in this one"},
		{storage.ErrNewer, exitDatabase, "update etch, or name another database with --db"},
		{storage.ErrLocked, exitDatabase, "close the program that uses the database and try again"},
		{storage.ErrGone, exitDatabase, "put the database back, or start etch again"},
		{storage.ErrDamaged, exitDatabase, "run 'etch restore' with a file of the backups folder beside the database; the damaged one is kept"},
		{storage.ErrReadOnly, exitDatabase, "check the owner and mode of the database and its folder, or name another with --db"},
		{storage.ErrDiskFull, exitFailure, "free some room; every recorded answer is saved"},
		{storage.ErrAmbiguous, exitUsage, "type more of the name"},
		{anki.ErrNotPackage, exitContent, "export the deck anew in Anki, with File > Export"},
		{anki.ErrNewer, exitContent, `in Anki's export dialog tick "Support older Anki versions", or update etch`},
		{anki.ErrUnsupported, exitContent, "export the deck anew in a release of Anki"},
		{anki.ErrDamaged, exitContent, "export the deck anew in Anki; nothing was taken in"},
		{anki.ErrTooLarge, exitContent, "export fewer decks at a time"},
		{anki.ErrUnsafe, exitContent, "export the deck anew in Anki; nothing was taken in"},
		{storage.ErrDump, exitContent, "nothing was taken in; write the file anew with 'etch export FILE.json'"},
		{storage.ErrNotFound, exitFailure, "'etch posts' and 'etch cards' list the names"},
		{storage.ErrSearch, exitUsage, storage.SearchHelp},
		{scheduler.ErrUnknownOption, exitUsage, "'etch config' lists the settings"},
		{scheduler.ErrNothing, exitFailure, "'etch log' shows what is recorded"},
		{fs.ErrExist, exitFailure, "choose another name; nothing is overwritten"},
	} {
		if errors.Is(err, known.err) {
			f.code, f.hint = known.code, known.hint
			break
		}
	}
	if interrupted {
		f.code = exitInterrupted
	}
	if interrupted || errors.Is(err, context.Canceled) { // what a driver says then is no news
		f.err = errors.New("interrupted")
	}
	return f
}

// report writes a failure to stderr, as JSON under --json.
func (a *app) report(f *failure) {
	message := deck.CleanLine(f.Error())
	if a.flags.json {
		type details struct {
			Code    int    `json:"code"`
			Message string `json:"message"`
			Hint    string `json:"hint,omitempty"`
			File    string `json:"file,omitempty"`
			Line    int    `json:"line,omitempty"`
		}
		line.NewEncoder(a.err).Encode(map[string]details{"error": {f.code, message, f.hint, f.file, f.line}})
		return
	}
	fmt.Fprintf(a.err, "etch: %s\n", message)
	if f.hint != "" {
		fmt.Fprintf(a.err, "hint: %s\n", strings.TrimSpace(f.hint))
	}
}
