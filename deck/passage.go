package deck

import (
	"slices"
	"strings"
)

// Prose returns the post's Markdown as a reader enjoys it: without front
// matter, cards and their metadata.
func (p *Post) Prose() string { return p.prose(0, 1<<30) }

// Passage returns the prose that the card at a line comes from: the heading of
// its section and the text before the card, or the whole section's text when
// the card stands before all of it.
func (p *Post) Passage(line int) string {
	first, next := 1, 1<<30
	for _, t := range p.Takeaways {
		if t.Line <= line {
			first = t.Line
		} else {
			next = min(next, t.Line)
		}
	}
	before := p.prose(first, line)
	if onlyHeading(before) {
		return p.prose(first, next)
	}
	return before
}

// prose returns the lines from first up to but not including next, less what
// is no prose.
func (p *Post) prose(first, next int) string {
	var kept []string
	for i, line := range strings.Split(p.Body, "\n") {
		n := i + 1
		inCard := slices.ContainsFunc(p.Notes, func(note Note) bool { return note.First <= n && n <= note.Last })
		if n < p.BodyLine || n < first || n >= next || inCard {
			continue
		}
		line = strings.TrimRight(line, " \t")
		if line == "" && (len(kept) == 0 || kept[len(kept)-1] == "") {
			continue
		}
		kept = append(kept, line)
	}
	return strings.TrimSpace(strings.Join(kept, "\n"))
}

func onlyHeading(text string) bool {
	heading, rest, _ := strings.Cut(text, "\n")
	return strings.HasPrefix(heading, "#") && strings.TrimSpace(rest) == "" || text == ""
}
