package tui

import (
	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/x/ansi"
)

// helpGroup is a part of the `?` screen: keys that belong together.
type helpGroup struct {
	title string
	keys  []hint
}

// help is the `?` screen that all screens share.
type help struct {
	env    Env
	title  string
	groups []helpGroup
	scroll scroller
}

// newHelp lists the keys of the screen with the given title.
func newHelp(env Env, title string, groups ...helpGroup) screen {
	return &help{env: env, title: title, groups: groups}
}

func (h *help) update(msg tea.Msg) (screen, tea.Cmd) {
	key, ok := msg.(tea.KeyMsg)
	if !ok {
		return h, nil
	}
	switch k := key.String(); k {
	case "ctrl+c", "ctrl+d":
		return h, tea.Quit
	case "esc", "q", "?", "enter":
		return h, back(nil)
	case " ":
		h.scroll.key("pgdown")
	default:
		h.scroll.key(k)
	}
	return h, nil
}

func (h *help) view(width, height int) string {
	f := newFrame(width, height)
	style := h.env.Style
	lines := h.draw(f)
	foot := []string{f.line(hints(style, f.inner(), hint{"Esc", "back"}, hint{"j k", "scroll"}))}
	h.scroll.fit(len(lines), f.height-2)
	head := []string{f.rule(style, "keys: "+h.title, h.scroll.place())}
	end := min(len(lines), h.scroll.top+max(0, h.scroll.room))
	return f.screen(head, lines[h.scroll.top:end], foot)
}

// draw lists the groups, all with their keys in one column.
func (h *help) draw(f frame) []string {
	column := 0
	for _, g := range h.groups {
		for _, k := range g.keys {
			column = max(column, ansi.StringWidth(k.key))
		}
	}
	column = min(column, f.text()/3)
	var lines []string
	for i, g := range h.groups {
		if i > 0 {
			lines = append(lines, "")
		}
		if g.title != "" {
			lines = append(lines, f.indent+h.env.Style.bold(g.title))
		}
		for _, k := range g.keys {
			lines = append(lines, h.key(f, k, column)...)
		}
	}
	return lines
}

// key is one key with what it does, wrapped beside it.
func (h *help) key(f frame, k hint, column int) []string {
	room := max(1, f.prose()-column-4)
	lines := wrapWords(k.does, room)
	for i, line := range lines {
		name := ""
		if i == 0 {
			name = h.env.Style.bold(ansi.Truncate(k.key, column, ""))
		}
		lines[i] = f.indent + "  " + padded(name, column+2) + line
	}
	return lines
}

// shiftHelp is a line of the help of all screens that show code.
var shiftHelp = hint{"Left Right", "shift wide code, as do < >; ‹ › mark where it goes on"}

// reviewHelp lists the keys of a review.
func reviewHelp(two bool) []helpGroup {
	grades := []hint{
		{"Space Enter", "show the answer, then grade it good"},
		{"1 2 3 4", "again, hard (known with effort), good, easy"},
	}
	if two {
		grades = []hint{
			{"Space Enter", "show the answer, then grade it good"},
			{"1 3", "again, good; 2 and 4 are off (setting two-buttons)"},
		}
	}
	return []helpGroup{
		{"", append(grades,
			hint{"u", "undo, again and again; asks first if it was not done here"},
			hint{"s", "skip: later in this session"})},
		{"", []hint{
			{"w", "why: the passage of the post behind the card"},
			{"i", "explain: history, memory, what each button would do"},
			{"j k PgUp PgDn", "scroll"},
			shiftHelp,
		}},
		{"", []hint{
			{"e", "edit the card in $EDITOR; it keeps its history"},
			{"*", `mark it "fix me", or take the mark off`},
			{"-", "bury it until tomorrow"},
			{"@", "suspend it until you resume it"},
		}},
		{"", []hint{
			{"/", "only one topic, or all again"},
			{"?", "this help"},
			{"q Esc", "leave; every answer is already saved"},
			{"Ctrl-C Ctrl-D", "leave etch"},
		}},
		{"", []hint{{"", "A key typed ahead, a paste and a held key never grade a card that you have not seen."}}},
	}
}

var whyHelp = []helpGroup{{"", []hint{
	{"j k PgUp PgDn", "scroll; Space goes on a page"},
	shiftHelp,
	{"Esc q w", "back to the card"},
	{"Ctrl-C Ctrl-D", "leave etch"},
}}}
