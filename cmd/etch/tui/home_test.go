package tui

import (
	"context"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"etch/deck"
	"etch/scheduler"
)

// desk is a bench whose posts can be read and pinned.
type desk struct {
	*bench
	post   *deck.Post
	pinned []string
}

func (d *desk) Post(context.Context, string) (*deck.Post, error) { return d.post, nil }

func (d *desk) Pin(_ context.Context, slug string, on bool) error {
	d.pinned = append(d.pinned, fmt.Sprint(slug, " ", on))
	for i := range d.home.Posts {
		if d.home.Posts[i].Slug == slug {
			d.home.Posts[i].Pinned = on
		}
	}
	return nil
}

func newDesk(t *testing.T, facts func(*Home)) *desk {
	t.Helper()
	d := &desk{bench: newBench(t, 3, 5, nil)}
	d.home = laterHome(d.bench)
	d.home.Counts, d.home.Left, d.home.Backlog = scheduler.Counts{New: 3, Due: 5}, 4*time.Minute, 0
	if facts != nil {
		facts(&d.home)
	}
	post, problems := deck.Parse("leases.md", []byte(leasesPost))
	if post == nil {
		t.Fatal(problems[0])
	}
	d.post = post
	d.env.Posts = d
	return d
}

const leasesPost = `---
title: Leases, and the tokens that fence late writers
tags: [storage]
---
Opening words on locks that give themselves back.

## A lease ends by itself, so a dead holder blocks nobody for long

The holder may die; it need not be told. 漢字 too.

| part | why |
|---|---|
| term | it bounds the wait |
| renewal | it keeps a live holder |

<!-- card lease-end why core -->
Q: Why does a lease need no release?

A: It ends by itself.

## A token fences a late writer

` + "```\nclient A --- lease ends --- writes with token 33 ------> storage refuses, it has seen 34\n```" + `

<!-- card fence failure core -->
Q: What stops a writer that wakes up after its lease?

A: A fencing token.

<!-- card fence-cloze term deep -->
C: The storage rejects a [token] lower than one it has seen.
`

func homeLooks() map[string]func(*testing.T) *pumped {
	with := func(facts func(*Home), keys ...string) func(*testing.T) *pumped {
		return func(t *testing.T) *pumped {
			d := newDesk(t, facts)
			return pumpWith(t, d.clock, NewHome(d.env), keys...)
		}
	}
	return map[string]func(*testing.T) *pumped{
		"today":     with(nil),
		"chosen":    with(nil, "j", "j", "m", "m"),
		"pinned":    with(nil, "j", "p"),
		"done":      with(func(h *Home) { h.Counts, h.Left = scheduler.Counts{}, 0 }),
		"break":     with(func(h *Home) { h.Backlog, h.Studied, h.Done = 143, 0, 0; h.Counts.New = 0 }),
		"first-run": with(func(h *Home) { h.FirstRun, h.Studied, h.Done = true, 0, 0; h.Counts = scheduler.Counts{New: 10} }),
		"empty":     with(func(h *Home) { *h = Home{FirstRun: true} }),
		"many": with(func(h *Home) {
			h.Posts = nil
			for i := range 60 {
				h.Posts = append(h.Posts, PostLine{Slug: fmt.Sprint("p", i), Title: fmt.Sprintf("Post %d on 分散システム and a long title of it", i), Topic: "distributed-systems", Cards: 24, Core: 10, Seen: i % 25, Due: i % 3})
			}
		}, "G", "k"),
	}
}

func TestHomeLooks(t *testing.T) {
	for name, look := range homeLooks() {
		for _, size := range sizes {
			t.Run(fmt.Sprintf("%s-%dx%d", name, size[0], size[1]), func(t *testing.T) {
				look(t).resize(size[0], size[1]).golden(fmt.Sprintf("home-%s-%dx%d", name, size[0], size[1]))
			})
		}
	}
}

func TestHomeInColour(t *testing.T) {
	d := newDesk(t, nil)
	d.env.Style = Style{Color: true}
	pump(t, NewHome(d.env), "j").golden("home-color")
}

func TestHomeLeadsEverywhere(t *testing.T) {
	d := newDesk(t, nil)
	for key, want := range map[string]string{
		"space": "show the answer", "o": "Leases, and the tokens", "/": "cards", "?": "keys: home", ",": "settings", "x": "answer", "s": "answer",
	} {
		p := pumpWith(t, d.clock, NewHome(d.env), key)
		if len(p.stack) != 2 {
			t.Errorf("%q opens nothing", key)
			continue
		}
		p.shows(want)
	}
	for _, key := range []string{"q", "esc", "ctrl+c", "ctrl+d"} {
		if p := pumpWith(t, d.clock, NewHome(d.env), key); !p.ended {
			t.Errorf("%q does not leave", key)
		}
	}
}

func TestHomePins(t *testing.T) {
	d := newDesk(t, nil)
	pumpWith(t, d.clock, NewHome(d.env), "j", "p", "p").shows("No longer pinned")
	if got := fmt.Sprint(d.pinned); got != "[consistent-hashing true consistent-hashing false]" {
		t.Errorf("pinned %s", got)
	}
}

func TestHomeBudgetReachesTheSession(t *testing.T) {
	d := newDesk(t, nil)
	p := pumpWith(t, d.clock, NewHome(d.env), "m", "space")
	r, ok := p.top().(*review)
	if !ok || r.asked.Time != 5*time.Minute {
		t.Errorf("the session may take %v, want 5 minutes", r.asked.Time)
	}
}

// TestHomeAndReadFit: whatever is pressed, no line is ever too wide and no
// screen too high.
func TestHomeAndReadFit(t *testing.T) {
	keys := []string{"j", "k", "G", "g", "m", "p", "o", "q", "t", "c", "/", "a", "enter", "n", "N", "space", "pgdown", "pgup", "?", "esc"}
	rapid.Check(t, func(rt *rapid.T) {
		d := newDesk(t, func(h *Home) { h.Backlog = 7 })
		var s screen = NewRead(d.env, "leases")
		if rapid.Bool().Draw(rt, "home") {
			s = NewHome(d.env)
		}
		p := pumpWith(t, d.clock, s)
		for range rapid.IntRange(1, 25).Draw(rt, "presses") {
			if p.ended {
				return
			}
			if rapid.IntRange(0, 5).Draw(rt, "resize") == 0 {
				p.resize(rapid.IntRange(20, 130).Draw(rt, "width"), rapid.IntRange(6, 45).Draw(rt, "height"))
			}
			p.press(rapid.SampledFrom(keys).Draw(rt, "key")) // view checks the size
		}
	})
}

func TestWelcomeComesAfterTheFirstSession(t *testing.T) {
	d := newDesk(t, func(h *Home) { h.FirstRun = true })
	p := pumpWith(t, d.clock, NewHome(d.env)).hides("interview-date")
	p.press("space")
	d.home.FirstRun = false // something was answered
	p.press("q").shows("two questions", "interview-date", "minutes-per-day").golden("home-welcome")
	p.press("esc").shows("Today")
	p.press("space", "q").hides("interview-date")
	if set := d.sched.Settings(); set.InterviewDate != 0 || set.MinutesPerDay != 0 {
		t.Errorf("skipped questions stored %v, %d minutes", set.InterviewDate, set.MinutesPerDay)
	}
}
