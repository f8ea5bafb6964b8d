package tui

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"etch/scheduler"
)

// times names a key several times.
func times(n int, key string) []string { return slices.Repeat([]string{key}, n) }

func typeText(text string) (keys []string) {
	for _, r := range text {
		keys = append(keys, string(r))
	}
	return keys
}

// replace empties the field and types another value.
func replace(text string) []string { return append([]string{"ctrl+u"}, typeText(text)...) }

var configLooks = []struct {
	name string
	keys []string
}{
	{"first", nil},
	{"third", times(2, "tab")},
	{"memory", []string{"pgdown"}},
	{"wrong", append([]string{"pgdown"}, replace("1.5")...)},
	{"toggle", times(6, "tab")},
	{"steps", times(2, "pgdown")},
	{"review", times(3, "pgdown")},
	{"goal", append(times(4, "pgdown"), typeText("2026-12-31")...)},
	{"save", slices.Concat(replace("15"), times(4, "pgdown"), typeText("2026-12-31"), []string{"ctrl+s"})},
	{"unchanged", []string{"ctrl+s"}},
}

func TestConfigLooks(t *testing.T) {
	for _, look := range configLooks {
		for _, size := range sizes {
			name := fmt.Sprintf("config-%s-%dx%d", look.name, size[0], size[1])
			t.Run(name, func(t *testing.T) {
				p := pump(t, NewConfig(newBench(t, 0, 0, nil).env)).resize(size[0], size[1]).press(look.keys...)
				p.golden(name)
				if strings.Contains(p.view(), "\x1b") {
					t.Error("there is an escape sequence without colour")
				}
			})
		}
	}
	for _, look := range []string{"first", "toggle", "save"} {
		b := newBench(t, 0, 0, nil)
		b.env.Style.Color = true
		i := slices.IndexFunc(configLooks, func(l struct {
			name string
			keys []string
		},
		) bool {
			return l.name == look
		})
		pump(t, NewConfig(b.env), configLooks[i].keys...).golden("config-" + look + "-color")
	}
}

// TestConfigHasEverySetting: each setting is on one page, but for those that
// nobody types.
func TestConfigHasEverySetting(t *testing.T) {
	c := NewConfig(newBench(t, 0, 0, nil).env).(*config)
	seen := map[string]int{}
	for _, page := range c.pages {
		for _, key := range page.keys {
			seen[key]++
		}
	}
	for _, o := range scheduler.Options() {
		if want := 1; !notInForm[o.Key] && seen[o.Key] != want {
			t.Errorf("%s is %d times in the form", o.Key, seen[o.Key])
		}
	}
	delete(c.values, "fuzz")
	c.values["brand-new"] = &value{}
	if pages := allPages(map[string]*value{"weights": {}}); pages[len(pages)-1].title != "more" {
		t.Error("a setting that no page names is lost")
	}
}

func TestConfigSaves(t *testing.T) {
	b := newBench(t, 0, 0, nil)
	p := pump(t, NewConfig(b.env)).shows("a day", "new-per-day")
	p.press(replace("15")...).press(times(6, "enter")...).shows("fuzz").press("space", "enter")
	p.press(replace("0")...).press("ctrl+s").shows("Save these 3 changes?", "new-per-day: 10 -> 15", "fuzz: off -> on", "leech-threshold: 8 -> 0")
	if got := b.sched.Settings().NewPerDay; got != 10 {
		t.Fatalf("saved %d before the confirmation", got)
	}
	p.press("n").shows("settings: memory", "leech-threshold").press("ctrl+s", "left").shows("[back to the form]").press("enter").shows("settings: memory")
	b.fail = errors.New("the disk is full")
	p.press("ctrl+s", "y").shows("NOT SAVED: the disk is full")
	b.fail = nil
	p.press("enter")
	set := b.sched.Settings()
	if !p.ended || set.NewPerDay != 15 || !set.Fuzz || set.LeechThreshold != 0 {
		t.Errorf("ended %v, settings %+v", p.ended, set)
	}
}

func TestConfigLeaves(t *testing.T) {
	for _, key := range []string{"esc", "ctrl+c"} {
		b := newBench(t, 0, 0, nil)
		p := pump(t, NewConfig(b.env), replace("15")...).press(key)
		if !p.ended || b.sched.Settings().NewPerDay != 10 {
			t.Errorf("%s: ended %v, saved %d", key, p.ended, b.sched.Settings().NewPerDay)
		}
	}
}

func TestConfigRefuses(t *testing.T) {
	b := newBench(t, 0, 0, nil)
	p := pump(t, NewConfig(b.env)).press(replace("ten")...).shows("want 0 to 9999")
	for _, key := range []string{"enter", "shift+tab", "pgdown", "up", "ctrl+s"} {
		p.press(key).shows("want 0 to 9999", "1/5")
	}
	p.press(replace("7")...).hides("want 0").press("enter").shows("reviews-per-day")
	p.press("up", "up").shows("1/5")
	p.press(times(20, "tab")...).shows("Save this change?", "10 -> 7")
}

// TestConfigKnowsPosts: a post that there is not cannot be pinned; one that was
// pinned and is gone harms nobody.
func TestConfigKnowsPosts(t *testing.T) {
	b := newBench(t, 0, 0, func(s *scheduler.Settings) { s.PinnedPosts = []string{"gone"} })
	b.home = Home{Posts: []PostLine{{Slug: "leases"}}}
	p := pump(t, NewConfig(b.env), times(4, "pgdown")...).press("tab").shows("pinned-posts")
	p.press(replace("gone leases nope-post")...)
	for _, key := range []string{"enter", "ctrl+s", "up"} {
		p.press(key).shows(`No post is called "nope-post"; 'etch posts' lists their names.`, "> gone leases nope-post")
	}
	p.press(replace("gone leases")...).press("enter").shows("Save this change?").press("y")
	if got := b.sched.Settings().PinnedPosts; !slices.Equal(got, []string{"gone", "leases"}) {
		t.Errorf("pinned %q", got)
	}
}

// TestConfigPastDate: none can be set, but one that was stored may pass.
func TestConfigPastDate(t *testing.T) {
	goal := times(4, "pgdown")
	pump(t, NewConfig(newBench(t, 0, 0, nil).env), goal...).press(typeText("2026-11-22")...).press("enter").shows(`"2026-11-22" is over: want a day such as`, "interview-date")
	b := newBench(t, 0, 0, func(s *scheduler.Settings) { s.InterviewDate = 100 })
	pump(t, NewConfig(b.env), goal...).press("enter").shows("pinned-posts").hides("is over")
	pump(t, NewConfig(b.env), replace("15")...).press("ctrl+s").shows("Save this change?")
}

// TestConfigNamesItsKeys: what the foot says of a key is what it does there.
func TestConfigNamesItsKeys(t *testing.T) {
	p := pump(t, NewConfig(newBench(t, 0, 0, nil).env)).shows("Enter next", "PgDn next page")
	p.press(times(4, "pgdown")...).shows("Enter next", "PgUp page before").hides("PgDn")
	p.press("tab").shows("Enter done").press("enter").shows("Nothing is changed")
	p.press("up").press(typeText("2026-12-31")...).press("tab").shows("Enter save").press("enter").shows("Save this change?")
	pump(t, newWelcome(newBench(t, 0, 0, nil).env), "enter").shows("Enter done").hides("PgUp")
}

// TestConfigGoesRound: pages may be left and entered at both ends.
func TestConfigGoesRound(t *testing.T) {
	p := pump(t, NewConfig(newBench(t, 0, 0, nil).env))
	c := p.top().(*config)
	at := func(want string) {
		t.Helper()
		if got := c.form.GetFocusedField().GetKey(); got != want || c.focused().option.Key != want {
			t.Fatalf("the form is at %s and the screen at %s, want %s", got, c.focused().option.Key, want)
		}
	}
	at("new-per-day")
	p.press(times(4, "tab")...)
	at("desired-retention")
	p.press("up")
	at("rollover-hour")
	p.press("pgdown", "pgdown")
	at("learning-steps")
	p.press("pgup")
	at("desired-retention")
	p.press("pgup", "pgup")
	at("new-per-day")
	p.press(times(30, "tab")...).press("pgdown").press("esc", "pgup", "pgup", "tab", "tab", "tab")
}

func TestConfigUnreadable(t *testing.T) {
	b := newBench(t, 0, 0, nil)
	b.env.Options = brokenOptions{b}
	p := pump(t, NewConfig(b.env)).shows("cannot be read: no such file").press("x", "ctrl+s", "tab").resize(30, 6)
	if p.press("q"); !p.ended {
		t.Error("q does not leave")
	}
}

type brokenOptions struct{ Options }

func (brokenOptions) Get(context.Context) (scheduler.Settings, error) {
	return scheduler.Settings{}, errors.New("no such file")
}

func TestConfigAnyKeys(t *testing.T) {
	keys := []string{"tab", "enter", "up", "down", "shift+tab", "pgdown", "pgup", "ctrl+s", "y", "n", "left", "right", "space", "1", "0", ".", "x", "m", "你", "backspace", "ctrl+u", "home", "end", "j", "paste:1m 10m\n2h", "ctrl+s", "esc"}
	rapid.Check(t, func(rt *rapid.T) {
		b := newBench(t, 0, 0, nil)
		b.env.Style.Color = rapid.Bool().Draw(rt, "color")
		p := pump(t, NewConfig(b.env))
		c := p.top().(*config)
		for range rapid.IntRange(1, 60).Draw(rt, "presses") {
			if p.ended {
				return
			}
			if rapid.IntRange(0, 9).Draw(rt, "event") == 0 {
				p.resize(rapid.IntRange(20, 150).Draw(rt, "width"), rapid.IntRange(6, 50).Draw(rt, "height"))
				continue
			}
			p.press(rapid.SampledFrom(keys).Draw(rt, "key"))
			if got := c.form.GetFocusedField().GetKey(); got != c.focused().option.Key {
				rt.Fatalf("the form is at %s and the screen at %s", got, c.focused().option.Key)
			}
		}
	})
}

func TestConfigFitsEverywhere(t *testing.T) {
	for _, look := range configLooks {
		everySize(pump(t, NewConfig(newBench(t, 0, 0, nil).env), look.keys...))
	}
}
