package tui

import (
	"strings"

	"github.com/charmbracelet/x/ansi"

	"etch/deck"
)

// Style colours text with the terminal's own sixteen colours, so that it reads
// well on dark and light screens alike. The zero value adds no colour. Colour
// is never the only signal.
type Style struct{ Color bool }

// The SGR parameters in use. The default foreground is used for all prose.
const (
	sgrBold    = "1"
	sgrDim     = "2"
	sgrItalic  = "3"
	sgrUnder   = "4"
	sgrReverse = "7"
	sgrRed     = "31"
	sgrGreen   = "32"
	sgrYellow  = "33"
	sgrBlue    = "34"
	sgrMagenta = "35"
	sgrCyan    = "36"
)

func (s Style) sgr(text string, codes ...string) string {
	if !s.Color || text == "" {
		return text
	}
	return "\x1b[" + strings.Join(codes, ";") + "m" + text + "\x1b[m"
}

// Paint draws Markdown's roles.
func (s Style) Paint(role deck.Role, text string) string {
	switch role {
	case deck.Heading:
		return s.sgr(text, sgrBold, sgrCyan)
	case deck.Strong:
		return s.sgr(text, sgrBold)
	case deck.Emphasis:
		return s.sgr(text, sgrItalic)
	case deck.Code, deck.CodeBlock:
		return s.sgr(text, sgrCyan)
	case deck.Link:
		return s.sgr(text, sgrUnder)
	case deck.Deletion:
		return s.sgr(text, sgrBold, sgrYellow)
	}
	return s.sgr(text, sgrDim)
}

func (s Style) bold(text string) string { return s.sgr(text, sgrBold) }
func (s Style) dim(text string) string  { return s.sgr(text, sgrDim) }

// spread puts left and right at the two ends of a line of the given width;
// left is cut where both do not fit.
func spread(left, right string, width int) string {
	room := width - ansi.StringWidth(right) - 1
	if room < 1 {
		return ansi.Truncate(left, width, "…")
	}
	left = ansi.Truncate(left, room, "…")
	return left + strings.Repeat(" ", width-ansi.StringWidth(left)-ansi.StringWidth(right)) + right
}

// rule is a line across the screen, with a label in it if there is one.
func rule(label string, width int) string {
	if label == "" {
		return strings.Repeat("─", width)
	}
	text := "── " + label + " "
	return ansi.Truncate(text+strings.Repeat("─", max(0, width-ansi.StringWidth(text))), width, "")
}
