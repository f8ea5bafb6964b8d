package tui

import (
	"sort"
	"strings"

	"github.com/charmbracelet/bubbles/cursor"
	"github.com/charmbracelet/bubbles/textinput"
	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/x/ansi"

	"etch/deck"
)

// search looks for text in drawn lines. Lines that stand together are searched
// as one, so that a phrase is found wherever it was broken.
type search struct {
	input  textinput.Model
	typing bool
	query  string // what is searched for; "" for nothing
	hits   []searchHit
	at     int // the hit gone to last
}

// searchHit is one place, on one line or, where it was broken, on several.
type searchHit []searchSpan

// searchSpan is the columns of a line from one up to but not including another.
type searchSpan struct{ line, from, to int }

func newSearch() search {
	s := search{input: textinput.New()}
	s.input.CharLimit = 200
	s.input.Cursor.SetMode(cursor.CursorStatic) // nothing may wake the program up
	return s
}

// begin opens the input, empty: one seldom searches for the same again.
func (s *search) begin() {
	s.typing = true
	s.input.SetValue("")
	s.input.Focus()
}

// typed serves a key in the input and reports whether a search was asked for.
func (s *search) typed(msg tea.KeyMsg) bool {
	switch msg.String() {
	case "enter", "ctrl+j":
		s.typing = false
		s.query = strings.TrimSpace(deck.CleanLine(s.input.Value()))
		return true
	case "esc":
		s.typing = false
	case "ctrl+d": // leaves a shell, so it may be pressed by habit
	default:
		s.input, _ = s.input.Update(msg)
	}
	return false
}

// run finds the query in the lines, without regard to capital letters. The hit
// gone to last stays that one as long as there are as many.
func (s *search) run(lines []readLine) {
	s.hits = nil
	defer func() { s.at = max(0, min(s.at, len(s.hits)-1)) }()
	if s.query == "" {
		return
	}
	query := strings.Join(strings.Fields(strings.ToLower(s.query)), " ")
	for first := 0; first < len(lines); {
		last := first
		for last < len(lines) && lines[last].text != "" && lines[last].block == lines[first].block {
			last++
		}
		s.hits = append(s.hits, hitsIn(query, lines[first:last], first)...)
		first = max(last, first+1)
	}
}

// hitsIn finds the query in lines that stand together. first is the number of
// the first of them.
func hitsIn(query string, lines []readLine, first int) (hits []searchHit) {
	var all strings.Builder
	starts := make([]int, len(lines)) // where each line's text begins in all
	texts := make([]string, len(lines))
	for i, line := range lines {
		if i > 0 {
			all.WriteByte(' ')
		}
		starts[i] = all.Len()
		texts[i] = strings.ToLower(ansi.Strip(line.text))
		all.WriteString(strings.TrimSpace(texts[i]))
	}
	text := all.String()
	for from := 0; ; {
		i := strings.Index(text[from:], query)
		if i < 0 {
			return hits
		}
		i += from
		from = i + len(query)
		var hit searchHit
		for l := sort.SearchInts(starts, i+1) - 1; l < len(lines) && starts[l] < from; l++ {
			trimmed := strings.TrimSpace(texts[l])
			begin, end := max(0, i-starts[l]), min(len(trimmed), from-starts[l])
			if begin >= end {
				continue
			}
			indent := ansi.StringWidth(texts[l][:len(texts[l])-len(strings.TrimLeft(texts[l], " "))])
			hit = append(hit, searchSpan{first + l, indent + ansi.StringWidth(trimmed[:begin]), indent + ansi.StringWidth(trimmed[:end])})
		}
		hits = append(hits, hit)
	}
}

// from is the first hit at a line or after it, else the first of all.
func (s *search) from(line int) int {
	for i, hit := range s.hits {
		if hit[0].line >= line {
			return i
		}
	}
	return 0
}

// to goes to a hit, round and round; there may be none.
func (s *search) to(hit int) bool {
	n := len(s.hits)
	if n == 0 {
		return false
	}
	s.at = (hit%n + n) % n
	return true
}

// on returns what was found on a line, the last columns first.
func (s *search) on(line int) (spans []searchSpan) {
	i := sort.Search(len(s.hits), func(i int) bool { return s.hits[i][len(s.hits[i])-1].line >= line })
	for ; i < len(s.hits) && s.hits[i][0].line <= line; i++ {
		for _, span := range s.hits[i] {
			if span.line == line {
				spans = append([]searchSpan{span}, spans...)
			}
		}
	}
	return spans
}

// caret draws a text while it is edited. The caret is a character of its own,
// so that it shows without colour, too, and the text around it is what fits.
func caret(input textinput.Model, style Style, room int) string {
	text := []rune(input.Value())
	at := min(input.Position(), len(text))
	before, after := deck.CleanLine(string(text[:at])), deck.CleanLine(string(text[at:]))
	if strings.HasSuffix(string(text[:at]), " ") { // a blank at the end of a line is cleaned away
		before = strings.TrimRight(before, " ") + " "
	}
	if over := ansi.StringWidth(before) + 1 - room; over > 0 {
		before = ansi.TruncateLeft(before, over, "")
	}
	return ansi.Truncate(before+style.sgr("│", sgrBold, sgrCyan)+after, room, "")
}
