package deck

import "strings"

// Prose returns the post's Markdown as a reader enjoys it: without front
// matter, cards and their metadata.
func (p *Post) Prose() string { return p.prose(0, 1<<30) }

// Minutes is how long reading the prose takes, at 230 words a minute; at least
// one.
func (p *Post) Minutes() int {
	words := len(strings.Fields(p.Prose()))
	return max(1, (words+115)/230)
}

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
	notes := p.Notes // from the first that does not end before the line
	atCard := false  // nothing but blank lines since a card
	for i, line := range strings.Split(p.Body, "\n") {
		n := i + 1
		for len(notes) > 0 && notes[0].Last < n {
			notes, atCard = notes[1:], true
		}
		inCard := len(notes) > 0 && notes[0].First <= n
		if n < p.BodyLine || n < first || n >= next || inCard {
			continue
		}
		line = strings.TrimRight(line, " \t")
		if atCard && line == "---" { // it ends the card
			continue
		}
		atCard = atCard && line == ""
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

// Part is a stretch of a post's prose and the cards that stand behind it.
type Part struct {
	Takeaway int    // of which section; -1 before the first
	Prose    string // Markdown; "" when the cards lead their section
	Notes    []Note
}

// Parts returns the post as a reader meets it: prose, the cards that ask for
// it, more prose. A part never goes over the heading of a takeaway, and prose
// behind a card begins another.
func (p *Post) Parts() []Part {
	var parts []Part
	var kept []string
	part := Part{Takeaway: -1}
	begin := func(takeaway int) {
		part.Prose = strings.Trim(strings.Join(kept, "\n"), "\n")
		if part.Prose != "" || len(part.Notes) > 0 {
			parts = append(parts, part)
		}
		part, kept = Part{Takeaway: takeaway}, nil
	}
	notes, takeaways := p.Notes, p.Takeaways
	for i, line := range strings.Split(p.Body, "\n") {
		n := i + 1
		if len(takeaways) > 0 && takeaways[0].Line == n {
			begin(len(p.Takeaways) - len(takeaways))
			takeaways = takeaways[1:]
		}
		for len(notes) > 0 && notes[0].First <= n { // a note's other lines are skipped below
			part.Notes, notes = append(part.Notes, notes[0]), notes[1:]
		}
		line = strings.TrimRight(line, " \t")
		atCard := len(part.Notes) > 0
		switch {
		case n < p.BodyLine, atCard && n <= part.Notes[len(part.Notes)-1].Last:
			continue
		case atCard && (line == "" || line == "---"): // what ends a card
			continue
		case atCard:
			begin(part.Takeaway)
		}
		if line != "" || len(kept) > 0 && kept[len(kept)-1] != "" {
			kept = append(kept, line)
		}
	}
	begin(-1)
	return parts
}
