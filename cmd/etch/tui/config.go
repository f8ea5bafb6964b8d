package tui

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/huh"

	"etch/deck"
	"etch/scheduler"
)

// config is the settings in a huh form, a group of them a page. What is typed
// goes nowhere until the user has seen the list of changes and confirmed it.
//
// The form draws the fields and edits their text; going from one to the next
// is done here, at once. By itself it would take a message round for that, and
// what is typed meanwhile would land in the field before.
//
//	config.go       the settings, and what each key does
//	config_form.go  the form, its looks, and the screen
type config struct {
	env    Env
	set    scheduler.Settings // as stored
	fatal  error              // why there is no form
	values map[string]*value
	pages  []configPage
	words  configWords

	form   *huh.Form
	page   int
	field  int
	asking *huh.Form // the last question; nil before it
	save   bool      // its answer

	width  int // that the form was laid out for
	scroll scroller
	burst  burst // while the last question is asked
	notice notice
}

// value is one setting while it is edited.
type value struct {
	option scheduler.Option
	was    string
	text   string // of a setting that is typed
	on     bool   // of one that is on or off
	toggle bool
}

// now is the setting's value as text.
func (v *value) now() string {
	if !v.toggle {
		return strings.TrimSpace(v.text)
	}
	if v.on {
		return "on"
	}
	return "off"
}

// configPage is a group of settings.
type configPage struct {
	title string
	keys  []string
}

// configPages is the order in which the form asks. A setting that no page
// names comes on a last one.
var configPages = []configPage{
	{"a day", []string{"new-per-day", "reviews-per-day", "minutes-per-day", "rollover-hour"}},
	{"memory", []string{"desired-retention", "maximum-interval", "fuzz", "leech-threshold"}},
	{"steps within a day", []string{"learning-steps", "relearning-steps"}},
	{"the review", []string{"two-buttons", "bury-siblings"}},
	{"goal", []string{"interview-date", "pinned-posts"}},
}

// notInForm are settings that nobody types into a form.
var notInForm = map[string]bool{"weights": true}

// configSaved tells the screen below how many settings were changed.
type configSaved struct{ changes int }

// configWords are what a form calls itself, and the way out of it.
type configWords struct {
	name   string
	cancel string
	ask    map[string]question // instead of a setting's own name and help
}

// question asks for a setting in a person's words; name is what a list of
// changes calls it.
type question struct{ title, about, name string }

// NewConfig edits the settings.
func NewConfig(env Env) screen {
	return newConfig(env, configWords{name: "settings: ", cancel: "cancel"})
}

// newConfig edits the settings of some pages, of all of them when none is
// given.
func newConfig(env Env, words configWords, pages ...configPage) *config {
	c := &config{env: env, words: words, values: make(map[string]*value)}
	if c.set, c.fatal = env.Options.Get(env.Ctx); c.fatal != nil {
		return c
	}
	for _, o := range scheduler.Options() {
		if notInForm[o.Key] {
			continue
		}
		text, err := c.set.Get(o.Key)
		if err != nil {
			c.fatal = err
			return c
		}
		c.values[o.Key] = &value{option: o, was: text, text: text, on: text == "on", toggle: o.Range == "on or off"}
	}
	if c.pages = pages; len(pages) == 0 {
		c.pages = allPages(c.values)
	}
	c.build()
	return c
}

// allPages adds a page for the settings that none of configPages names.
func allPages(values map[string]*value) []configPage {
	named := make(map[string]bool)
	for _, p := range configPages {
		for _, key := range p.keys {
			named[key] = true
		}
	}
	var rest []string
	for _, o := range scheduler.Options() {
		if values[o.Key] != nil && !named[o.Key] {
			rest = append(rest, o.Key)
		}
	}
	if rest == nil {
		return configPages
	}
	return append(configPages[:len(configPages):len(configPages)], configPage{"more", rest})
}

// focused is the setting under the cursor.
func (c *config) focused() *value { return c.values[c.pages[c.page].keys[c.field]] }

// last reports whether the cursor is on the last field of all.
func (c *config) last() bool {
	return c.page == len(c.pages)-1 && c.field == len(c.pages[c.page].keys)-1
}

// check returns why a value is refused. It is tried on a copy of the settings.
func (c *config) check(v *value) error {
	set := c.set
	if err := set.Set(v.option.Key, v.now()); err != nil {
		return err
	}
	return set.ChangeFrom(c.set, studyDay(c.env, c.set))
}

// unknown returns the first post of a changed list of pins that there is not;
// "" for none, or where the posts cannot be read and saving will tell.
func (c *config) unknown(v *value) string {
	if v.option.Key != "pinned-posts" || v.now() == v.was {
		return ""
	}
	set := c.set
	home, err := c.env.Posts.Home(c.env.Ctx)
	if err != nil || set.Set(v.option.Key, v.now()) != nil {
		return ""
	}
	for _, slug := range set.PinnedPosts {
		known := slices.Contains(c.set.PinnedPosts, slug) ||
			slices.ContainsFunc(home.Posts, func(p PostLine) bool { return p.Slug == slug })
		if !known {
			return slug
		}
	}
	return ""
}

// changes are the settings that differ from what is stored, in the form's
// order.
func (c *config) changes() []*value {
	var changed []*value
	for _, page := range c.pages {
		for _, key := range page.keys {
			if v := c.values[key]; v.now() != v.was {
				changed = append(changed, v)
			}
		}
	}
	return changed
}

func (c *config) update(msg tea.Msg) (screen, tea.Cmd) {
	key, ok := msg.(tea.KeyMsg)
	if !ok {
		return c, nil
	}
	c.notice = notice{}
	k := key.String()
	switch {
	case k == "ctrl+c" || k == "ctrl+d":
		return c, tea.Quit
	case c.fatal != nil:
		if k == "esc" || k == "q" {
			return c, back(nil)
		}
		return c, nil
	case c.asking != nil:
		return c, c.confirmKey(key)
	}
	return c, c.formKey(key)
}

// formKey serves a key in the form.
func (c *config) formKey(msg tea.KeyMsg) tea.Cmd {
	switch k := msg.String(); k {
	case "esc":
		return back(nil)
	case "ctrl+s":
		return c.finish()
	case "enter", "tab", "down", "ctrl+j":
		if c.last() {
			return c.finish()
		}
		c.step(1)
	case "shift+tab", "up":
		c.step(-1)
	case "pgdown":
		c.turn(1)
	case "pgup":
		c.turn(-1)
	default:
		c.edit(msg)
	}
	return nil
}

// edit hands a key to the field. A switch turns with any key that a hand may
// try; y and n set it.
func (c *config) edit(msg tea.KeyMsg) {
	v := c.focused()
	if !v.toggle {
		c.form.Update(msg)
	} else {
		switch msg.String() {
		case " ", "left", "right", "h", "l":
			v.on = !v.on
		case "y":
			v.on = true
		case "n":
			v.on = false
		}
		c.form.Update(nil) // draws it anew
	}
	if err := c.check(v); err != nil { // no alarm: the value may not be finished
		c.notice = notice{v.complaint(err), false}
	}
}

// complaint says in one line what is wrong with a value. It does not name the
// setting: the screen may call it something else.
func (v *value) complaint(err error) string {
	over := ""
	if errors.Is(err, scheduler.ErrPast) {
		over = " is over"
	}
	return fmt.Sprintf("%q%s: want %s.", deck.CleanLine(v.now()), over, v.option.Range)
}

// valid reports whether the field may be left.
func (c *config) valid() bool {
	v := c.focused()
	if err := c.check(v); err != nil {
		c.notice = notice{v.complaint(err), true}
		return false
	}
	if slug := c.unknown(v); slug != "" {
		c.notice = notice{fmt.Sprintf("No post is called %q; 'etch posts' lists their names.", deck.CleanLine(slug)), true}
		return false
	}
	return true
}

// step goes to the next field or to the one before.
func (c *config) step(by int) {
	if !c.valid() {
		return
	}
	page, field := c.page, c.field+by
	switch {
	case field < 0 && page == 0:
		return
	case field < 0:
		page--
		field = len(c.pages[page].keys) - 1
	case field == len(c.pages[page].keys):
		page, field = page+1, 0
	}
	c.focus(page, field)
}

// turn goes to the next page or to the one before.
func (c *config) turn(by int) {
	if page := c.page + by; page >= 0 && page < len(c.pages) && c.valid() {
		c.focus(page, 0)
	}
}

// finish asks whether to save, if there is something to save.
func (c *config) finish() tea.Cmd {
	if !c.valid() {
		return nil
	}
	if len(c.changes()) == 0 {
		c.notice = notice{"Nothing is changed. Esc leaves.", false}
		return nil
	}
	c.ask()
	return nil
}

// confirmKey serves a key while the last question is asked.
func (c *config) confirmKey(msg tea.KeyMsg) tea.Cmd {
	k, _ := keyName(msg)
	if c.burst.drops(k, c.env.Now()) {
		c.notice = notice{ignored, false}
		return nil
	}
	switch k {
	case "y":
		return c.store()
	case "enter", "ctrl+j":
		if c.save {
			return c.store()
		}
		c.asking = nil
	case "n", "esc":
		c.asking = nil
	case "left", "right", "h", "l", "tab", "shift+tab", " ":
		c.save = !c.save
		c.asking.Update(nil)
	default:
		c.scroll.key(k)
	}
	if c.asking == nil {
		c.scroll.top = 0
	}
	return nil
}

// store saves all changes at once. Where that fails, the form stays as it is.
func (c *config) store() tea.Cmd {
	changed := make(map[string]string)
	for _, v := range c.changes() {
		changed[v.option.Key] = v.now()
	}
	if err := c.env.Options.Set(c.env.Ctx, changed); err != nil {
		c.notice = notice{fmt.Sprintf("NOT SAVED: %v.", err), true}
		return nil
	}
	return back(configSaved{len(changed)})
}
