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

// Section returns the prose of the i-th takeaway's section, its heading
// included; -1 is what stands before the first.
func (p *Post) Section(i int) string {
	first, next := p.sectionLines(i)
	return p.prose(first, next)
}

// SectionNotes returns the notes of the i-th takeaway's section; -1 are those
// before the first.
func (p *Post) SectionNotes(i int) []Note {
	first, next := p.sectionLines(i)
	var notes []Note
	for _, n := range p.Notes {
		if n.Line >= first && n.Line < next {
			notes = append(notes, n)
		}
	}
	return notes
}

// sectionLines returns the first line of a section and the one after its last.
func (p *Post) sectionLines(i int) (first, next int) {
	first, next = 1, 1<<30
	if i >= 0 {
		first = p.Takeaways[i].Line
	}
	if i+1 < len(p.Takeaways) {
		next = p.Takeaways[i+1].Line
	}
	return first, next
}
