package tui

import (
	tea "github.com/charmbracelet/bubbletea"

	"etch/deck"
)

// why is the passage of the post that a card comes from. It lies over the
// review like the other side of the card, and leaves back to it.
type why struct {
	env    Env
	card   deck.Card
	text   string // Markdown
	width  int    // that lines was drawn for
	lines  []string
	scroll scroller
	opened bool
}

func newWhy(env Env, card deck.Card, text string) screen {
	return &why{env: env, card: card, text: text}
}

func (w *why) update(msg tea.Msg) (screen, tea.Cmd) {
	key, ok := msg.(tea.KeyMsg)
	if !ok {
		return w, nil
	}
	switch k := key.String(); k {
	case "ctrl+c", "ctrl+d":
		return w, tea.Quit
	case "esc", "q", "w":
		return w, back(nil)
	case "?":
		return w, open(newHelp(w.env, "why", whyHelp...))
	case " ":
		w.scroll.key("pgdown")
	default:
		w.scroll.key(k)
	}
	return w, nil
}

func (w *why) view(width, height int) string {
	f := newFrame(width, height)
	style := w.env.Style
	if f.width != w.width || w.scroll.shifted() {
		w.scroll.begin()
		w.lines, w.width = w.draw(f), f.width
	}
	foot := []string{f.line(hints(style, f.inner(), hint{"Esc", "back"}, hint{"j k", "scroll"}, hint{"?", "more"}))}
	head := []string{f.line(crumbs(w.card, f.inner()))}
	w.scroll.fit(len(w.lines), f.room(head, foot)-1)
	if !w.opened { // the paragraph before the card is the last one
		w.opened = true
		w.scroll.key("end")
	}
	head = append(head, f.rule(style, "why", w.scroll.place()))
	end := min(len(w.lines), w.scroll.top+max(0, w.scroll.room))
	return f.screen(head, w.lines[w.scroll.top:end], foot)
}

func (w *why) draw(f frame) []string {
	var lines []string
	if w.card.Why != "" {
		for _, line := range f.prosed(w.card.Why) {
			lines = append(lines, w.env.Style.bold(line))
		}
		lines = append(lines, "")
	}
	if w.text == "" {
		return append(lines, f.prosed("The post says nothing else about this card.")...)
	}
	return append(lines, f.markdown(w.text, w.env.Style, &w.scroll)...)
}
