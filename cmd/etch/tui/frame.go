package tui

import (
	"strings"

	"github.com/charmbracelet/x/ansi"

	"etch/deck"
)

const (
	maxFrame = 100 // columns that a screen takes at most
	maxProse = 80  // columns after which prose is hard to read
)

// frame is the room of one screen: a head, a body that scrolls, and a foot
// that always stands at the bottom, so that the eye finds it.
type frame struct {
	width, height int
	left          string // the margin of heads and feet
	indent        string // the margin of the body
}

// newFrame lays out a terminal of the given size.
func newFrame(width, height int) frame {
	f := frame{width: max(1, min(width, maxFrame)), height: max(1, height)}
	if f.width >= 30 { // below that each column counts
		f.left, f.indent = " ", "  "
	}
	return f
}

// inner is the width of a line in the head or the foot.
func (f frame) inner() int { return max(1, f.width-2*len(f.left)) }

// text is the width of the body's widest line; prose is narrower.
func (f frame) text() int  { return max(1, f.width-len(f.indent)-len(f.left)) }
func (f frame) prose() int { return min(f.text(), maxProse) }

// short reports whether the screen is too low for rules that only please.
func (f frame) short() bool { return f.height < 12 }

// line is a line of the head or the foot.
func (f frame) line(text string) string { return f.left + text }

// ends is a line with something at both ends.
func (f frame) ends(left, right string) string {
	if right == "" {
		return f.line(ansi.Truncate(left, f.inner(), "…"))
	}
	return f.line(spread(left, right, f.inner()))
}

// rule is a line across the screen with a label and, at its end, the place in
// the text below or above it.
func (f frame) rule(style Style, label, place string) string {
	if place == "" {
		return f.line(style.dim(rule(label, f.inner())))
	}
	width := f.inner() - ansi.StringWidth(place) - 1
	if width < ansi.StringWidth(label)+5 {
		label = ""
	}
	return f.line(style.dim(rule(label, max(1, width))) + " " + place)
}

// prosed wraps one line of plain text for the body.
func (f frame) prosed(text string) []string {
	return f.indented(wrapWords(deck.CleanLine(text), f.prose()))
}

// wrapWords breaks text at blanks, and in a word only where it is too long for
// a line: neither a date nor a flag such as --plain is torn.
func wrapWords(text string, width int) []string {
	lines := []string{""}
	for _, word := range strings.Fields(text) {
		last := &lines[len(lines)-1]
		switch room := width - ansi.StringWidth(*last) - 1; {
		case *last == "":
			*last = word
		case ansi.StringWidth(word) <= room:
			*last += " " + word
			continue
		default:
			lines = append(lines, word)
		}
		parts := strings.Split(ansi.Hardwrap(word, width, false), "\n")
		lines = append(lines[:len(lines)-1], parts...)
	}
	return lines
}

// indented puts drawn lines into the body.
func (f frame) indented(lines []string) []string {
	out := make([]string, len(lines))
	for i, line := range lines {
		if line != "" {
			out[i] = f.indent + line
		}
	}
	return out
}

// markdown draws Markdown for the body, its wide code shifted as the scroller
// says. Prose stays narrow; only where that would cut code off is the whole
// width taken.
func (f frame) markdown(md string, style Style, s *scroller) []string {
	lines, most := deck.RenderScreen(md, f.prose(), s.left, style)
	if most > 0 && f.text() > f.prose() {
		lines, most = deck.RenderScreen(md, f.text(), s.left, style)
	}
	s.wide = max(s.wide, most)
	return f.indented(lines)
}

// room is how many lines a head and a foot leave for the body.
func (f frame) room(head, foot []string) int { return max(0, f.height-len(head)-len(foot)) }

// screen puts the three parts together, in the frame's size exactly: the foot
// stays at the bottom, and what has no room is left out from the body first
// and then from the head.
func (f frame) screen(head, body, foot []string) string {
	lines := make([]string, 0, f.height)
	lines = append(lines, head[:min(len(head), max(0, f.height-len(foot)))]...)
	room := max(0, f.height-len(lines)-len(foot))
	lines = append(lines, body[:min(len(body), room)]...)
	for len(lines)+len(foot) < f.height {
		lines = append(lines, "")
	}
	lines = append(lines, foot...)
	lines = lines[:min(len(lines), f.height)]
	for i, line := range lines {
		if ansi.StringWidth(line) > f.width {
			lines[i] = ansi.Truncate(line, f.width, "…")
		}
	}
	return strings.Join(lines, "\n")
}

// hint is a key and what it does.
type hint struct{ key, does string }

func (h hint) width() int { return ansi.StringWidth(h.key) + 1 + ansi.StringWidth(h.does) }

func (h hint) draw(style Style) string { return style.bold(h.key) + " " + h.does }

// hints draws as many hints as fit, and the last one in any case: it leads to
// all the others.
func hints(style Style, width int, all ...hint) string {
	if len(all) == 0 {
		return ""
	}
	last := all[len(all)-1]
	used := last.width()
	drawn := make([]string, 0, len(all))
	for _, h := range all[:len(all)-1] {
		if used+2+h.width() > width {
			break
		}
		used += 2 + h.width()
		drawn = append(drawn, h.draw(style))
	}
	return strings.Join(append(drawn, last.draw(style)), "  ")
}

// keyRows is a row of keys, and a second one where there is height for it but
// no width.
func (f frame) keyRows(style Style, all ...hint) []string {
	if !f.stacked() {
		return []string{f.line(hints(style, f.inner(), all...))}
	}
	n, used := 0, -2
	for n < len(all)-1 && used+2+all[n].width() <= f.inner() {
		used += 2 + all[n].width()
		n++
	}
	return []string{f.line(hints(style, f.inner(), all[:n]...)), f.line(hints(style, f.inner(), all[n:]...))}
}
