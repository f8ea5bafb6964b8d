package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	"etch/cmd/etch/tui"
	"etch/deck"
	"etch/scheduler"
	"etch/storage"
)

// hasScreen reports whether full screens can be shown: both ends are
// terminals that understand more than plain lines.
func (a *app) hasScreen() bool {
	return a.inTTY && a.outTTY && !a.flags.json && a.getenv("TERM") != "dumb" && a.getenv("TERM") != ""
}

// colour reports whether output may be coloured.
func (a *app) colour() bool { return !a.flags.noColor && a.getenv("NO_COLOR") == "" }

// runScreens shows a screen, and what it opens, until it is left; hasScreen
// must have said that there is a terminal.
func (a *app) runScreens(ctx context.Context, store *storage.Store, first func(tui.Env) tui.Screen) error {
	in, ok := a.in.(*os.File)
	out, ok2 := a.out.(*os.File)
	if !ok || !ok2 {
		return errors.New("show a screen: stdin and stdout are no terminal")
	}
	store.WaitAtMost(time.Second) // no key is served meanwhile
	d := &desk{a: a, store: store}
	err := tui.Run(ctx, in, out, first(tui.Env{
		Ctx: ctx, Now: a.now, Style: tui.Style{Color: a.colour()},
		Texts: store, Study: d, Posts: d, Cards: d, History: d, Options: d,
	}))
	for _, drop := range d.drops {
		if left := drop(); left != nil {
			a.say("%v", left)
		}
	}
	if d.recorded { // now that the terminal is free again, there is time
		a.backUp(context.WithoutCancel(ctx), store)
	}
	return err
}

// desk is what stands behind the screens: the store, and what commands do.
type desk struct {
	a        *app
	store    *storage.Store
	recorded bool           // some session recorded something
	drops    []func() error // of editors' copies of imported decks
}

// Session begins a review.
func (d *desk) Session(ctx context.Context, opt scheduler.SessionOptions) (*scheduler.Session, *scheduler.Scheduler, error) {
	opt.ID, opt.NewID = d.a.newID(), d.a.newID
	sess, err := scheduler.NewSession(ctx, d.store.Scheduler(), d.store, opt, d.a.now())
	return sess, d.store.Scheduler(), err
}

// Ended notes that there is something to back up.
func (d *desk) Ended(context.Context) { d.recorded = true }

// Edit opens a card's file and compiles it afterwards.
func (d *desk) Edit(ctx context.Context, id deck.CardID) (*exec.Cmd, func(error) (string, error), error) {
	if d.store.ReadOnly() {
		return nil, nil, errTravelling()
	}
	card, err := d.store.Card(ctx, id)
	if err != nil {
		return nil, nil, err
	}
	e, err := d.a.startEdit(ctx, d.store, card)
	if err != nil {
		return nil, nil, err
	}
	cmd, err := e.editor(ctx, card.Line)
	if err != nil {
		return nil, nil, errors.Join(err, e.drop())
	}
	if e.finish != nil {
		d.drops = append(d.drops, e.drop)
	}
	back := d.a.lend()
	done := func(ended error) (string, error) {
		back()
		if ended != nil {
			return "", e.drop()
		}
		if e.finish != nil {
			report, err := e.finish(ctx)
			return summary(report), err
		}
		if err := e.drop(); err != nil {
			return "", err
		}
		libs, err := d.a.libraries(ctx)
		if err != nil {
			return "", err
		}
		report, err := d.store.Compile(ctx, libs, storage.CompileOptions{Now: d.a.now(), Auto: true, Edited: id.Note()})
		if err != nil {
			return "", err
		}
		return summary(report), nil
	}
	return cmd, done, nil
}

// summary says in one line what an edit came to.
func summary(r storage.Report) string {
	for _, p := range r.Problems {
		if p.Severity == deck.Error {
			return deck.CleanLine(toOpen(p).Error()) + " (the last good version stays)"
		}
	}
	var did []string
	if n := r.Edited + r.Moved; n > 0 {
		did = append(did, count(n, "card")+" edited")
	}
	if r.New > 0 {
		did = append(did, count(r.New, "new card"))
	}
	if r.Retired > 0 {
		did = append(did, fmt.Sprintf("%d retired", r.Retired))
	}
	if r.Pending > 0 { // what has vanished stays until then
		did = append(did, count(r.Pending, "change")+" to look at: run 'etch compile'")
	}
	if len(did) == 0 {
		return "no card changed"
	}
	return strings.Join(did, ", ")
}

// Home gathers today.
func (d *desk) Home(ctx context.Context) (tui.Home, error) {
	now, sched := d.a.now(), d.store.Scheduler()
	sess, _, err := d.Session(ctx, scheduler.SessionOptions{})
	if err != nil {
		return tui.Home{}, err
	}
	day := sched.Day(now)
	posts, err := d.store.Posts(ctx, day)
	if err != nil {
		return tui.Home{}, err
	}
	h := tui.Home{Counts: sess.Counts(), Left: sess.Left(), Backlog: sess.Backlog(), FirstRun: true}
	if h.Studied, h.Done, err = d.store.Studied(ctx, day-13, day); err != nil {
		return h, err
	}
	if h.NextDue, h.NextDueDay, err = d.store.NextDue(ctx, now); err != nil {
		return h, err
	}
	if h.Tomorrow, err = d.store.DueOn(ctx, day+1); err != nil {
		return h, err
	}
	pinned := make(map[string]bool)
	for _, slug := range sched.Settings().PinnedPosts {
		pinned[slug] = true
	}
	next := upNext(ctx, d.store, posts)
	for _, p := range posts {
		line := tui.PostLine{
			Slug: p.Slug, Title: p.Title, Topic: p.Topic, Cards: p.Cards, Core: p.Core, Seen: p.Seen, CoreSeen: p.CoreSeen,
			Due: p.Due, Mature: p.Mature, Recall: p.Recall, Pinned: pinned[p.Slug],
		}
		h.Posts = append(h.Posts, line)
		h.FirstRun = h.FirstRun && p.Seen == 0
		if next != nil && next.Post == p.Slug {
			line.Minutes = next.Minutes
			h.Next = &line
		}
	}
	return h, nil
}

// Post reads a post.
func (d *desk) Post(ctx context.Context, slug string) (*deck.Post, error) {
	return readPost(ctx, d.store, slug)
}

// Pin puts a post's new cards first, or takes that back.
func (d *desk) Pin(ctx context.Context, slug string, on bool) error {
	var pins []string
	for _, p := range d.store.Scheduler().Settings().PinnedPosts {
		if p != slug {
			pins = append(pins, p)
		}
	}
	if on {
		pins = append([]string{slug}, pins...)
	}
	set := scheduler.Settings{PinnedPosts: pins}
	value, err := set.Get("pinned-posts")
	if err != nil {
		return err
	}
	if err := d.store.Set(ctx, "pinned-posts", value, d.a.now()); err != nil {
		return err
	}
	return d.a.reorder(ctx)
}

// Search lists cards.
func (d *desk) Search(ctx context.Context, query string) ([]tui.Found, error) {
	now := d.a.now()
	rows, err := d.store.Cards(ctx, query, now)
	if err != nil {
		return nil, err
	}
	found := make([]tui.Found, len(rows))
	for i, r := range rows {
		found[i] = tui.Found{Card: r.Card, Memory: r.Memory, Recall: d.store.Scheduler().Retrievability(r.Memory, now)}
	}
	return found, nil
}

// Mark does to a card what a review's key does.
func (d *desk) Mark(ctx context.Context, id deck.CardID, kind scheduler.Kind, arg string) error {
	row, err := d.store.CardRow(ctx, id)
	if err != nil {
		return err
	}
	stamp := scheduler.Stamp{ID: d.a.newID(), Act: d.a.newID(), Session: d.a.newID(), At: d.a.now()}
	entry, memory, err := d.store.Scheduler().Act(id, row.Memory, stamp, kind, arg)
	if err != nil {
		return err
	}
	_, err = d.store.Record(ctx, scheduler.Row{Entry: entry, Memory: memory})
	return err
}

// Explain gathers what is known of a card.
func (d *desk) Explain(ctx context.Context, id deck.CardID) (tui.Explanation, error) {
	row, err := d.store.CardRow(ctx, id)
	if err != nil {
		return tui.Explanation{}, err
	}
	entries, err := d.store.Entries(ctx, id)
	if err != nil {
		return tui.Explanation{}, err
	}
	now, sched := d.a.now(), d.store.Scheduler()
	return tui.Explanation{
		Found: tui.Found{Card: row.Card, Memory: row.Memory, Recall: sched.Retrievability(row.Memory, now)},
		File:  filePath(row.Card), Rows: scheduler.Live(entries), Buttons: sched.Preview(id, row.Memory, now),
		Curve: func(days float64) float64 { return sched.Model().Retrievability(row.Memory.Stability, days) },
	}, nil
}

// Get returns the settings.
func (d *desk) Get(context.Context) (scheduler.Settings, error) {
	return d.store.Scheduler().Settings(), nil
}

// Set stores settings, all of them or none.
func (d *desk) Set(ctx context.Context, changes map[string]string) error {
	if err := d.store.SetAll(ctx, changes, d.a.now()); err != nil {
		return err
	}
	if _, ok := changes["pinned-posts"]; ok {
		return d.a.reorder(ctx)
	}
	return nil
}
