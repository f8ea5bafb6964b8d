package tui

import "fmt"

// scroller is a place in a text that may be longer than the screen.
type scroller struct {
	top   int // the first line that shows
	lines int // of the whole text
	room  int // lines that show
}

// fit takes over the sizes of the text and of the screen.
func (s *scroller) fit(lines, room int) {
	s.lines, s.room = lines, room
	s.top = max(0, min(s.top, s.most()))
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
	default:
		return false
	}
	s.top = max(0, min(s.top, s.most()))
	return true
}

// place tells where in the text the screen is, such as "1/2 v"; it is empty
// when all of the text shows.
func (s *scroller) place() string {
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
