package tui

import (
	"fmt"
	"strings"

	"etch/deck"
)

// scroller is a place in a text that may be longer than the screen, and hold
// code that is wider.
type scroller struct {
	top   int // the first line that shows
	lines int // of the whole text
	room  int // lines that show

	left  int // how far wide code is shifted, in columns
	wide  int // the largest left: the ends of its lines show
	drawn int // left, as the text was drawn
}

// begin says that the text is drawn from its beginning: what is wide in it is
// yet to be found.
func (s *scroller) begin() { s.wide, s.drawn = 0, s.left }

// shifted reports whether the text must be drawn again.
func (s *scroller) shifted() bool { return s.left != s.drawn }

// fit takes over the sizes of the text, as it was just drawn, and of the
// screen.
func (s *scroller) fit(lines, room int) {
	s.lines, s.room = lines, room
	s.top = max(0, min(s.top, s.most()))
	s.left = min(s.left, s.wide)
	s.drawn = s.left
}

// redrawn keeps the place in a text that now has another number of lines: the
// end stays the end, and else about the same part of it shows.
func (s *scroller) redrawn(lines int) {
	switch {
	case s.most() > 0 && s.top == s.most():
		s.top = lines
	case s.lines > 0:
		s.top = s.top * lines / s.lines
	}
}

// most is the largest top: the last line stands at the bottom.
func (s *scroller) most() int { return max(0, s.lines-s.room) }

// step is how far one page goes; two lines stay in sight.
func (s *scroller) step() int { return max(1, s.room-2) }

// key moves by a key press and reports whether it was one that does.
func (s *scroller) key(k string) bool {
	switch k {
	case "j", "down":
		s.top++
	case "k", "up":
		s.top--
	case "pgdown":
		s.top += s.step()
	case "pgup":
		s.top -= s.step()
	case "home":
		s.top = 0
	case "end":
		s.top = s.most()
	case "right", ">":
		s.left += deck.ShiftStep
	case "left", "<":
		s.left -= deck.ShiftStep
	default:
		return false
	}
	s.top = max(0, min(s.top, s.most()))
	s.left = max(0, min(s.left, s.wide))
	return true
}

// place tells where in the text the screen is, such as "1/2 v", and where wide
// code goes on, such as "code >"; it is empty when all of the text shows.
func (s *scroller) place() string {
	return strings.TrimSpace(s.sideways() + " " + s.page())
}

// sideways names the keys that show more of wide code.
func (s *scroller) sideways() string {
	if s.wide == 0 {
		return ""
	}
	text := "code "
	if s.left > 0 {
		text += "<"
	}
	if s.left < s.wide {
		text += ">"
	}
	return text
}

func (s *scroller) page() string {
	if s.most() == 0 {
		return ""
	}
	pages := func(lines int) int { return 1 + (lines+s.step()-1)/s.step() }
	arrows := ""
	if s.top > 0 {
		arrows += "^"
	}
	if s.top < s.most() {
		arrows += "v"
	}
	return fmt.Sprintf("%d/%d %s", pages(s.top), pages(s.most()), arrows)
}
