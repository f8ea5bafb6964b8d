package tui

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"etch/deck"
	"etch/scheduler"
)

// desk is a bench with a home and a post to read. What the home says of the
// day is what the real session has.
type desk struct {
	*bench
	post   *deck.Post
	pinned []string
	facts  func(*Home) // changes what the home says, if there is one
	homes  int
}

func (d *desk) Home(ctx context.Context) (Home, error) {
	d.homes++
	sess, _, err := d.Session(ctx, scheduler.SessionOptions{})
	if err != nil {
		return Home{}, err
	}
	h := d.home
	h.Posts = slices.Clone(h.Posts)
	h.Counts, h.Left, h.Backlog = sess.Counts(), sess.Left(), sess.Backlog()
	if d.facts != nil {
		d.facts(&h)
	}
	return h, nil
}

func (d *desk) Post(context.Context, string) (*deck.Post, error) {
	if d.post == nil {
		return nil, errors.New("no such post")
	}
	return d.post, nil
}

func (d *desk) Pin(_ context.Context, slug string, on bool) error {
	if d.fail != nil {
		return d.fail
	}
	d.pinned = append(d.pinned, fmt.Sprint(slug, " ", on))
	for i := range d.home.Posts {
		if d.home.Posts[i].Slug == slug {
			d.home.Posts[i].Pinned = on
		}
	}
	return nil
}

// newDesk has new cards and reviews that are due on monday.
func newDesk(t *testing.T, fresh, due int, change func(*scheduler.Settings)) *desk {
	t.Helper()
	d := &desk{bench: newBench(t, fresh, due, change)}
	d.home = laterHome(d.bench)
	for i, mature := range []int{12, 2, 0, 1} {
		d.home.Posts[i].Mature = mature
	}
	d.post = parsed(t, leasesPost)
	d.env.Posts = d
	return d
}

func parsed(t *testing.T, text string) *deck.Post {
	t.Helper()
	post, problems := deck.Parse("leases.md", []byte(text))
	if post == nil {
		t.Fatal(problems[0])
	}
	return post
}

func (d *desk) open(t *testing.T, keys ...string) *pumped {
	t.Helper()
	return pumpWith(t, d.clock, NewHome(d.env), keys...)
}

func firstDay(h *Home) {
	h.FirstRun, h.Studied, h.Done, h.NextDueDay, h.Tomorrow = true, 0, 0, 0, 0
	for i := range h.Posts {
		h.Posts[i].Seen, h.Posts[i].CoreSeen, h.Posts[i].Due, h.Posts[i].Mature = 0, 0, 0, 0
	}
}

func manyPosts(h *Home) {
	h.Posts = nil
	topics := []string{"caching", "databases", "networking", "consensus", "messaging", "分散システム", "scaling", "storage"}
	for i := range 60 {
		h.Posts = append(h.Posts, PostLine{
			Slug: fmt.Sprint("p", i), Title: fmt.Sprintf("Post %d on 一致性哈希 and a title that goes on and on", i),
			Topic: topics[i%len(topics)], Cards: 24, Core: 10, Seen: i % 25, Mature: i % 25 / 2, Due: i % 3,
		})
	}
}

var homeLooks = []struct {
	name string
	open func(*testing.T) *pumped
}{
	{"today", func(t *testing.T) *pumped { return newDesk(t, 3, 5, nil).open(t) }},
	{"budget", func(t *testing.T) *pumped { return newDesk(t, 3, 143, nil).open(t, "m", "m") }},
	{"budget-all", func(t *testing.T) *pumped { return newDesk(t, 3, 5, nil).open(t, "m", "m") }},
	{"minutes", func(t *testing.T) *pumped { // of the setting
		return newDesk(t, 3, 143, func(s *scheduler.Settings) { s.MinutesPerDay = 20 }).open(t)
	}},
	{"minutes-over", func(t *testing.T) *pumped {
		d := newDesk(t, 3, 143, func(s *scheduler.Settings) { s.MinutesPerDay = 20 })
		d.past = nil
		for i := range 20 {
			d.answer(deck.CardID(fmt.Sprintf("due%02d", i)), monday, scheduler.Good, time.Minute)
		}
		return d.open(t)
	}},
	{"break", func(t *testing.T) *pumped {
		d := newDesk(t, 3, 143, func(s *scheduler.Settings) { s.ReviewsPerDay = 60 })
		d.home.Studied, d.home.Done = 0, 0
		return d.open(t)
	}},
	{"break-budget", func(t *testing.T) *pumped {
		d := newDesk(t, 3, 143, func(s *scheduler.Settings) { s.ReviewsPerDay = 60 })
		return d.open(t, "m")
	}},
	{"chosen", func(t *testing.T) *pumped { return newDesk(t, 3, 5, nil).open(t, "j", "j") }},
	{"pinned", func(t *testing.T) *pumped { return newDesk(t, 3, 5, nil).open(t, "j", "p") }},
	{"done", func(t *testing.T) *pumped {
		d := newDesk(t, 0, 0, nil)
		d.addLater("later", 1)
		return d.open(t)
	}},
	{"later", func(t *testing.T) *pumped { // a learning card
		d := newDesk(t, 0, 0, nil)
		d.addLater("later", 1)
		d.home.NextDue, d.home.Next = monday.Add(140*time.Minute), nil
		return d.open(t)
	}},
	{"first-run", func(t *testing.T) *pumped {
		d := newDesk(t, 10, 0, nil)
		d.facts = firstDay
		return d.open(t)
	}},
	{"empty", func(t *testing.T) *pumped {
		d := newDesk(t, 0, 0, nil)
		d.facts = func(h *Home) { *h = Home{FirstRun: true} }
		return d.open(t)
	}},
	{"many", func(t *testing.T) *pumped {
		d := newDesk(t, 3, 5, nil)
		d.facts = manyPosts
		return d.open(t)
	}},
	{"many-end", func(t *testing.T) *pumped {
		d := newDesk(t, 3, 5, nil)
		d.facts = manyPosts
		return d.open(t, "G", "k")
	}},
	{"error", func(t *testing.T) *pumped {
		d := newDesk(t, 3, 5, nil)
		d.failLoad = errors.New("the database is locked by another program")
		return d.open(t)
	}},
}

func TestHomeCountsTheDaysToTheInterview(t *testing.T) {
	today := newDesk(t, 3, 5, nil).sched.Day(monday)
	for want, day := range map[string]scheduler.Day{
		"interview in 35 days": today + 35, "interview tomorrow": today + 1, "interview today": today,
	} {
		newDesk(t, 3, 5, func(s *scheduler.Settings) { s.InterviewDate = day }).open(t).shows(want)
	}
	for _, day := range []scheduler.Day{0, today - 1} {
		newDesk(t, 3, 5, func(s *scheduler.Settings) { s.InterviewDate = day }).open(t).hides("interview")
	}
}

func TestHomeLooks(t *testing.T) {
	for _, look := range homeLooks {
		for _, size := range sizes {
			name := fmt.Sprintf("home-%s-%dx%d", look.name, size[0], size[1])
			t.Run(name, func(t *testing.T) {
				p := look.open(t).resize(size[0], size[1]).golden(name)
				if strings.Contains(p.view(), "\x1b") {
					t.Error("there is an escape sequence without colour")
				}
			})
		}
	}
}

func TestHomeInColour(t *testing.T) {
	d := newDesk(t, 3, 5, nil)
	d.env.Style = Style{Color: true}
	d.open(t, "j").golden("home-color")
	d = newDesk(t, 3, 143, func(s *scheduler.Settings) { s.ReviewsPerDay = 60 })
	d.env.Style = Style{Color: true}
	if view := d.open(t).golden("home-break-color").view(); strings.Contains(view, "\x1b[31m") || strings.Contains(view, ";31m") {
		t.Error("a backlog is shown in red")
	}
}

// TestChosenIsSeen: on no screen does a key move a cursor that nobody sees.
func TestChosenIsSeen(t *testing.T) {
	d := newDesk(t, 3, 5, nil)
	d.facts = manyPosts
	for _, size := range [][2]int{{20, 6}, {40, 8}, {40, 15}, {60, 12}, {80, 24}, {120, 40}} {
		p := d.open(t).resize(size[0], size[1])
		for _, key := range []string{"j", "j", "pgdown", "G", "pgup", "k", "pgdown", "pgdown"} {
			if view := p.press(key).view(); strings.Count("\n"+view, "\n  > ")+strings.Count("\n"+view, "\n> ") != 1 {
				t.Errorf("%v after %q: the chosen post is not seen\n%s", size, key, view)
			}
		}
	}
}

func TestHomeLeadsEverywhere(t *testing.T) {
	for _, look := range []struct{ key, want string }{
		{"space", "show the answer"},
		{"enter", "show the answer"},
		{"r", "show the answer"},
		{"o", "Leases, and the tokens"},
		{"l", "Leases, and the tokens"},
		{"?", "keys: home"},
		{",", "settings"},
		{"c", "cram"},
		{"s", "answer"},
		{"a", "answer"},
	} {
		p := newDesk(t, 3, 5, nil).open(t, look.key)
		if len(p.stack) != 2 {
			t.Errorf("%q opens nothing", look.key)
			continue
		}
		p.shows(look.want).press("esc").shows("Today: 8 cards")
	}
	newDesk(t, 3, 5, nil).open(t, "/").shows("query:").press("esc").shows("cards").press("esc").shows("Today: 8 cards")
	for _, keys := range [][]string{{"q"}, {"esc"}, {"ctrl+c"}, {"ctrl+d"}, {"j", "q"}, {"j", "esc", "esc"}, {"j", "ctrl+c"}} {
		if p := newDesk(t, 3, 5, nil).open(t, keys...); !p.ended {
			t.Errorf("%q does not leave", keys)
		}
	}
	newDesk(t, 3, 5, nil).open(t, "paste:q", "j", "esc").shows("Today: 8 cards")
}

func TestEnterReadsTheChosenPost(t *testing.T) {
	p := newDesk(t, 3, 5, nil).open(t, "j", "enter").shows("Leases, and the tokens").press("q").shows("> ")
	if slug := p.press("j", "o").top().(*read).slug; slug != "caching-strategies" {
		t.Errorf("it reads %q", slug)
	}
}

func TestFirstRunReadsFirst(t *testing.T) {
	d := newDesk(t, 10, 0, nil)
	d.facts = firstDay
	d.home.Next.Slug = "leases"
	p := d.open(t).shows("Begin with Database Indexing", "read it (5 min), then its 8 core cards")
	if slug := p.press("enter").shows("Leases, and the tokens").top().(*read).slug; slug != "leases" {
		t.Errorf("it reads %q", slug)
	}
	p.press("enter").shows("show the answer")
}

func TestHomePins(t *testing.T) {
	d := newDesk(t, 3, 5, nil)
	p := d.open(t, "j", "p").shows("> ^ Consistent Hashing", "Pinned", "p unpin").press("p").shows("No longer pinned").hides("^ ")
	if got := fmt.Sprint(d.pinned); got != "[consistent-hashing true consistent-hashing false]" {
		t.Errorf("pinned %s", got)
	}
	d.fail = errors.New("the disk is full")
	p.press("p").shows("could not be pinned: the disk is full")
}

func TestHomeBudget(t *testing.T) {
	d := newDesk(t, 3, 143, nil)
	p := d.open(t).shows("Today: 146 cards").press("m").shows("5 minutes: 24 of 146 cards")
	p.press("space")
	if r, ok := p.top().(*review); !ok || r.asked.Time != 5*time.Minute || r.sess.Counts().Due != 24 {
		t.Errorf("the session is not cut to 5 minutes: %+v", r.sess.Counts())
	}
	p.press("q").shows("5 minutes").press("-").shows("Today: 146 cards").press("-").shows("60 minutes: all 146 cards")
}

// TestHomeTakesKeysInOnePiece: a slow line delivers several presses at once.
func TestHomeTakesKeysInOnePiece(t *testing.T) {
	d := newDesk(t, 3, 5, nil)
	d.facts = manyPosts
	p := d.open(t, "jjj")
	if at := p.top().(*home).list.at; at != 2 {
		t.Errorf("jjj moves to row %d, want 2", at)
	}
	p.press("kk")
	if at := p.top().(*home).list.at; at != 0 {
		t.Errorf("kk moves to row %d, want 0", at)
	}
	p.press("mm").shows("10 minutes")
	if p.press("oo"); len(p.stack) != 2 {
		t.Errorf("oo leaves %d screens, want one more", len(p.stack))
	}
}

// TestHomeIsFresh: facts are read again when the home is shown again, and at a
// key if the program stood open for long.
func TestHomeIsFresh(t *testing.T) {
	d := newDesk(t, 3, 5, nil)
	p := d.open(t)
	if d.homes != 1 {
		t.Errorf("the home is read %d times to show it once", d.homes)
	}
	p.press("space", "space", "3", "q").shows("Today: 7 cards")
	before := d.homes
	p.press("j", "k")
	if d.homes != before {
		t.Error("every key reads the home again")
	}
	d.clock.advance(25 * time.Hour)
	p.press("j")
	if d.homes != before+1 {
		t.Error("a day later the home still shows yesterday")
	}
}

// TestStudyIgnoresTheDaysLimit: who asks for a post by name gets its core
// cards, even if today's new cards are used up.
func TestStudyIgnoresTheDaysLimit(t *testing.T) {
	d := newDesk(t, 3, 0, func(s *scheduler.Settings) { s.NewPerDay = 0 })
	p := d.open(t).shows("all done", "Database Indexing").press("s")
	if r := p.top().(*review); r.asked.New == nil || *r.asked.New != 8 || r.sess.Counts().New != 3 {
		t.Errorf("new cards %v", r.asked.New)
	}
}

// TestHomeAndReadFit: whatever is pressed, no line is ever too wide and no
// screen too high.
func TestHomeAndReadFit(t *testing.T) {
	keys := []string{"j", "k", "G", "g", "m", "-", "p", "o", "q", "t", "c", "/", "l", "e", "a", "enter", "n", "N", "space", "pgdown", "pgup", "?", "esc", "s", "1", "漢"}
	rapid.Check(t, func(rt *rapid.T) {
		d := newDesk(t, rapid.IntRange(0, 3).Draw(rt, "new"), rapid.IntRange(0, 9).Draw(rt, "due"), func(s *scheduler.Settings) {
			s.ReviewsPerDay = rapid.IntRange(0, 9).Draw(rt, "limit")
			s.MinutesPerDay = rapid.IntRange(0, 1).Draw(rt, "minutes")
		})
		switch rapid.IntRange(0, 3).Draw(rt, "state") {
		case 1:
			d.facts = manyPosts
		case 2:
			d.facts = firstDay
		case 3:
			d.facts = func(h *Home) { *h = Home{FirstRun: true} }
		}
		d.env.Style.Color = rapid.Bool().Draw(rt, "colour")
		var s screen = NewRead(d.env, "leases")
		if rapid.Bool().Draw(rt, "home") {
			s = NewHome(d.env)
		}
		p := pumpWith(t, d.clock, s)
		for range rapid.IntRange(1, 25).Draw(rt, "steps") {
			if p.ended {
				return
			}
			if rapid.Bool().Draw(rt, "resize") {
				p.resize(rapid.IntRange(20, 130).Draw(rt, "width"), rapid.IntRange(6, 45).Draw(rt, "height"))
			}
			p.press(rapid.SampledFrom(keys).Draw(rt, "key")) // view checks the size
		}
	})
}

// TestFirstRunOffersWhatEnterOpens: the chosen post, once there is one.
func TestFirstRunOffersWhatEnterOpens(t *testing.T) {
	d := newDesk(t, 60, 0, func(s *scheduler.Settings) { s.NewPerDay = 60 })
	d.facts = firstDay
	p := d.open(t).shows("Begin with Database Indexing.").press("j").shows("Begin with Consistent Hashing.", "> ").hides("Begin with Database")
	p.press("esc").shows("Begin with Database Indexing.", "the cards at once: 60 cards")
	p.press("m").shows("the cards at once, in 5 minutes: 10 cards")
	newDesk(t, 3, 5, nil).open(t).shows("next post: Database Indexing").press("j").shows("chosen post: Consistent Hashing.").hides("next post")
}

// TestEve: so near the interview no new cards come; the home says so, and what
// else there is to do.
func TestEve(t *testing.T) {
	for days, eve := range map[scheduler.Day]bool{-1: false, 0: true, 1: true, 2: false} {
		d := newDesk(t, 3, 5, nil)
		today := d.sched.Day(monday)
		d = newDesk(t, 3, 5, func(s *scheduler.Settings) { s.InterviewDate = today + days })
		p := d.open(t)
		if !eve {
			p.shows("Today: 8 cards", "next post").hides("No new cards", "c cram")
			continue
		}
		p.shows("Today: 5 cards", "No new cards so near the interview", "c  cram: weakest first", "its takeaways", "c cram").hides("next post", "3 new")
		p.press("s").shows("new 3") // who asks for a post by name gets it
		p = d.review(scheduler.SessionOptions{}).shows("new 0", "due 5")
		for range 5 {
			p.press("space", "3")
		}
		p.shows("Done for now.").hides("next post")
	}
}

// TestNoCardsToStudy: a post without cards offers none.
func TestNoCardsToStudy(t *testing.T) {
	d := newDesk(t, 3, 5, nil)
	d.home.Posts[0].Cards = 0
	p := d.open(t, "j").hides("s study").press("s").shows(noCards)
	d.post = parsed(t, "# Prose\n\n## Only words\n\nThere is nothing to ask here.\n")
	p = p.press("enter").shows("Only words", "t takeaways").hides("study", "c cards")
	for _, key := range []string{"enter", "s", "c"} {
		if p.press(key).shows(noCards, "t takeaways"); len(p.stack) != 2 {
			t.Errorf("%s opens a screen", key)
		}
		p.press("j").hides(noCards)
	}
}
