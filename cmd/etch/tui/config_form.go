package tui

import (
	"cmp"
	"fmt"
	"io"
	"strings"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/huh"
	"github.com/charmbracelet/lipgloss"
	"github.com/charmbracelet/x/ansi"
	"github.com/muesli/termenv"

	"etch/deck"
)

// formHeight is more lines than any page has: the form draws a page whole, and
// the screen shows the part around the field.
const formHeight = 200

// build makes the form from the values.
func (c *config) build() {
	groups := make([]*huh.Group, len(c.pages))
	for i, page := range c.pages {
		fields := make([]huh.Field, len(page.keys))
		for j, key := range page.keys {
			fields[j] = c.newField(c.values[key])
		}
		groups[i] = huh.NewGroup(fields...)
	}
	c.form = newForm(c.env.Style, groups...)
	c.width = 0
}

// newField is one setting: its name, what it means and takes, and its value.
func (c *config) newField(v *value) huh.Field {
	title, about := v.option.Key, fmt.Sprintf("%s (%s)", v.option.Help, v.option.Range)
	if q, ok := c.words.ask[v.option.Key]; ok {
		title, about = q.title, q.about
	}
	if v.toggle {
		return huh.NewConfirm().Key(v.option.Key).Title(v.option.Key).Description(v.option.Help).
			Affirmative("on").Negative("off").WithButtonAlignment(lipgloss.Left).Value(&v.on)
	}
	return huh.NewInput().Key(v.option.Key).Title(title).Description(about).Prompt("> ").Value(&v.text).
		Validate(func(string) error { return c.check(v) })
}

// newForm is a form in the looks of the other screens, without keys of its own
// that would leave a field. It is never the accessible mode, which would take
// the terminal: `etch config KEY VALUE` serves there.
func newForm(style Style, groups ...*huh.Group) *huh.Form {
	form := huh.NewForm(groups...).WithAccessible(false).WithTheme(formTheme(style)).WithKeyMap(formKeys()).WithShowHelp(false).WithShowErrors(false)
	form.Init()
	return form
}

// formKeys leaves huh the keys that edit text.
func formKeys() *huh.KeyMap {
	keys := huh.NewDefaultKeyMap()
	none := key.NewBinding()
	keys.Quit = none
	keys.Input = huh.InputKeyMap{AcceptSuggestion: none, Next: none, Prev: none, Submit: none}
	keys.Confirm = huh.ConfirmKeyMap{Next: none, Prev: none, Toggle: none, Submit: none, Accept: none, Reject: none}
	return keys
}

// formTheme is huh's base theme with the sixteen colours of the terminal, or
// with none. It has a renderer of its own, so that the colours do not depend
// on what a library thinks of the terminal.
func formTheme(style Style) *huh.Theme {
	r := lipgloss.NewRenderer(io.Discard)
	r.SetColorProfile(termenv.Ascii)
	if style.Color {
		r.SetColorProfile(termenv.ANSI)
	}
	t := huh.ThemeBase()
	for _, fields := range []*huh.FieldStyles{&t.Focused, &t.Blurred} {
		fields.Base = fields.Base.Renderer(r)
		fields.Title = r.NewStyle()
		fields.Description = r.NewStyle().Faint(true)
		fields.ErrorIndicator = r.NewStyle().SetString(" !").Foreground(lipgloss.Color("1"))
		fields.TextInput.Cursor = r.NewStyle()
		fields.TextInput.CursorText = r.NewStyle()
		fields.TextInput.Text = r.NewStyle()
		fields.TextInput.Placeholder = r.NewStyle().Faint(true)
		fields.TextInput.Prompt = r.NewStyle().Faint(true)
		// The chosen button is told by its brackets, not by colour alone.
		fields.FocusedButton = r.NewStyle().Bold(true).Transform(func(s string) string { return "[" + s + "] " })
		fields.BlurredButton = r.NewStyle().Faint(true).Transform(func(s string) string { return " " + s + "  " })
	}
	t.Focused.Base = t.Focused.Base.BorderForeground(lipgloss.Color("6"))
	t.Focused.Title = t.Focused.Title.Bold(true).Foreground(lipgloss.Color("6"))
	t.Focused.TextInput.Prompt = r.NewStyle().Foreground(lipgloss.Color("6"))
	if !style.Color { // a reversed character would not show
		t.Focused.TextInput.Cursor = r.NewStyle().Transform(func(s string) string { return "│" + s })
	}
	return t
}

// layOut fits a form to a width.
func layOut(form *huh.Form, width int) {
	form.Update(tea.WindowSizeMsg{Width: width, Height: formHeight})
}

// focus goes to a field. The messages that huh returns would only blink the
// cursor, and wake the program up for it.
func (c *config) focus(page, field int) {
	for c.page < page {
		c.toEdge(len(c.pages[c.page].keys) - 1)
		c.form.NextField() // leaves the page's last field
		c.form.NextGroup()
		c.page++
		c.field = c.at()
	}
	for c.page > page {
		c.toEdge(0)
		c.form.PrevField()
		c.form.PrevGroup()
		c.page--
		c.field = c.at()
	}
	c.toEdge(field)
}

// toEdge goes to a field of the page.
func (c *config) toEdge(field int) {
	for ; c.field < field; c.field++ {
		c.form.NextField()
	}
	for ; c.field > field; c.field-- {
		c.form.PrevField()
	}
}

// at is the field of the page on which the form is.
func (c *config) at() int {
	for i, key := range c.pages[c.page].keys {
		if key == c.form.GetFocusedField().GetKey() {
			return i
		}
	}
	return 0
}

// ask lists the changes and asks whether to save them.
func (c *config) ask() {
	changed := c.changes()
	title := "Save this change?"
	if len(changed) > 1 {
		title = fmt.Sprintf("Save these %d changes?", len(changed))
	}
	c.save = true
	lines := make([]string, len(changed))
	for i, v := range changed {
		name := cmp.Or(c.words.ask[v.option.Key].name, v.option.Key)
		lines[i] = fmt.Sprintf("%s: %s -> %s", name, orNone(v.was), orNone(v.now()))
	}
	c.asking = newForm(c.env.Style, huh.NewGroup(huh.NewConfirm().Title(title).Description(strings.Join(lines, "\n")).
		Affirmative("save").Negative("back to the form").WithButtonAlignment(lipgloss.Left).Value(&c.save)))
	c.width, c.scroll.top = 0, 0
}

func orNone(text string) string {
	if text == "" {
		return "none"
	}
	return deck.CleanLine(text)
}

func (c *config) view(width, height int) string {
	f := newFrame(width, height)
	style := c.env.Style
	if c.fatal != nil {
		return f.screen([]string{f.rule(style, "settings", "")}, f.prosed(fmt.Sprintf("The settings cannot be read: %v.", c.fatal)), []string{f.line(hints(style, f.inner(), hint{"Esc", "back"}))})
	}
	form, label, place := c.form, c.words.name+c.pages[c.page].title, ""
	if len(c.pages) > 1 {
		place = fmt.Sprintf("%d/%d", c.page+1, len(c.pages))
	}
	if c.asking != nil {
		form, label, place = c.asking, c.words.name+"save", ""
	}
	if inner := max(20, min(f.text(), maxProse)); c.width != inner {
		c.width = inner
		layOut(form, inner-1) // a column is for the caret
	}
	head := []string{f.rule(style, label, place)}
	foot := c.foot(f)
	lines := f.indented(formLines(form))
	c.scroll.fit(len(lines), f.room(head, foot))
	if c.asking == nil {
		c.reveal(lines)
	}
	end := min(len(lines), c.scroll.top+max(0, c.scroll.room))
	return f.screen(head, lines[c.scroll.top:end], foot)
}

// formLines is what a form draws, without the blank space that it pads with.
func formLines(form *huh.Form) []string {
	lines := strings.Split(form.View(), "\n")
	for i, line := range lines {
		lines[i] = strings.TrimRight(line, " ")
	}
	for len(lines) > 0 && lines[len(lines)-1] == "" {
		lines = lines[:len(lines)-1]
	}
	return lines
}

// reveal scrolls as little as is needed to see the field under the cursor,
// which huh marks with a bar at its left.
func (c *config) reveal(lines []string) {
	first, last := -1, -1
	for i, line := range lines {
		if strings.HasPrefix(strings.TrimLeft(ansi.Strip(line), " "), "┃") {
			if first < 0 {
				first = i
			}
			last = i
		}
	}
	if first < 0 {
		return
	}
	top := max(c.scroll.top, last+1-c.scroll.room)
	c.scroll.top = max(0, min(top, c.scroll.most(), first))
	if c.scroll.room < last+1-first { // better its value than its name
		c.scroll.top = min(c.scroll.most(), last+1-c.scroll.room)
	}
}

// foot is the keys, what is wrong with the value, and a word on the setting
// that is not here.
func (c *config) foot(f frame) []string {
	style := c.env.Style
	keys := []hint{{"Ctrl-S", "save"}, {"Enter", "next"}, {"Shift-Tab", "back"}}
	if c.focused().toggle {
		keys[2] = hint{"Space", "on/off"}
	}
	if c.last() {
		keys[1].does = "done"
		if len(c.changes()) > 0 {
			keys[1].does = "save"
		}
	}
	switch {
	case c.page < len(c.pages)-1:
		keys = append(keys, hint{"PgDn", "next page"})
	case c.page > 0:
		keys = append(keys, hint{"PgUp", "page before"})
	}
	keys = append(keys, hint{"Esc", c.words.cancel})
	if c.asking != nil {
		keys = []hint{{"y", "save"}, {"n", "back"}}
	}
	var foot []string
	if !f.short() {
		foot = append(foot, f.rule(style, "", ""))
	}
	foot = append(foot, f.line(hints(style, f.inner(), keys...)))
	switch {
	case c.notice.text != "":
		return append(foot, f.noticeLines(c.notice, style)...)
	case f.height < 8:
		return foot
	case c.pages[c.page].title == "memory" && c.asking == nil:
		return append(foot, f.line(style.dim(ansi.Truncate("weights of the model: etch config weights", f.inner(), "…"))))
	}
	return append(foot, "")
}
