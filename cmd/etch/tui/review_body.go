package tui

import (
	"strings"

	"etch/deck"
)

// body is the card on show: drawn once for each width, so that a key press
// costs nothing, and scrolled where it is longer than the screen.
type body struct {
	frame    frame // that it was drawn for
	question []string
	answer   []string // with a line about its source; nil before the reveal
	scroll   scroller
	peek     bool // the answer has come: make sure that some of it shows
}

// reset forgets what was drawn: there is another card or another text.
func (b *body) reset() { *b = body{} }

// revealed says that the answer has come: it begins at the left.
func (b *body) revealed() { b.answer, b.peek, b.scroll.left = nil, true, 0 }

// draw brings the drawn lines up to date with the card and the width of the
// screen.
func (b *body) draw(f frame, card deck.Card, showing bool, style Style) {
	old, ruleAt := *b, len(b.question)+1
	if f.width != b.frame.width || b.scroll.shifted() {
		b.question, b.answer = nil, nil
	}
	if b.question == nil {
		b.scroll.begin()
		b.question = f.markdown(card.Question, style, &b.scroll)
	}
	if showing && b.answer == nil {
		b.answer = f.answer(card, style, &b.scroll)
	}
	if old.frame.width != 0 && f.width != old.frame.width {
		b.scroll.top = moved(old.scroll.top, ruleAt, len(old.answer), len(b.question)+1, len(b.answer))
	}
	b.frame = f
}

// fit takes over how many lines show.
func (b *body) fit(room int) {
	b.scroll.fit(b.length(), room)
	if b.peek {
		b.peekAtAnswer(room)
	}
}

// answer draws the answer and, below it, where it comes from and when that was
// checked.
func (f frame) answer(card deck.Card, style Style, s *scroller) []string {
	lines := f.markdown(card.Answer, style, s)
	parts := make([]string, 0, 2)
	if card.Source != "" {
		parts = append(parts, card.Source)
	}
	if card.AsOf != "" {
		parts = append(parts, "checked "+card.AsOf)
	}
	if len(parts) == 0 {
		return lines
	}
	lines = append(lines, "")
	for _, line := range f.prosed("(" + strings.Join(parts, "; ") + ")") {
		lines = append(lines, style.dim(line))
	}
	return lines
}

// length is the number of lines of question, blank line, rule and answer.
func (b *body) length() int {
	if b.answer == nil {
		return len(b.question)
	}
	return len(b.question) + 2 + len(b.answer)
}

// peekAtAnswer keeps the question where it is if the answer begins on the
// screen, and else scrolls just as far as is needed to see its beginning.
func (b *body) peekAtAnswer(room int) {
	b.peek = false
	ruleAt := len(b.question) + 1
	want := min(len(b.answer), max(3, room/3))
	if hidden := ruleAt + 1 + want - (b.scroll.top + room); hidden > 0 {
		b.scroll.top = min(b.scroll.top+hidden, ruleAt, b.scroll.most())
	}
}

// visible returns the lines that show. The rule above the answer stays in
// sight when it is scrolled past, because it tells the place.
func (b *body) visible(f frame, style Style) []string {
	end := min(b.scroll.top+b.scroll.room, b.length())
	lines := make([]string, 0, max(0, end-b.scroll.top))
	ruleAt := len(b.question) + 1
	for i := b.scroll.top; i < end; i++ {
		switch {
		case i < len(b.question):
			lines = append(lines, b.question[i])
		case i == ruleAt, i > ruleAt && i == b.scroll.top:
			lines = append(lines, f.rule(style, "answer", b.scroll.place()))
		case i < ruleAt:
			lines = append(lines, "")
		default:
			lines = append(lines, b.answer[i-ruleAt-1])
		}
	}
	return lines
}

// moved returns where the top line of an old drawing stands in a new one: at
// the same share of the question or of the answer.
func moved(top, oldRule, oldAnswer, newRule, newAnswer int) int {
	if top <= oldRule {
		return top * newRule / max(1, oldRule)
	}
	return newRule + (top-oldRule)*newAnswer/max(1, oldAnswer)
}
