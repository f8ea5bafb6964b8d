package deck

import "strings"

// Card is one card with its text and the place that it comes from: what a
// screen shows and a command lists.
type Card struct {
	ID       CardID
	Key      string // the explicit id in the file, or ""
	Kind     Kind
	Type     Type
	Tier     Tier
	Question string // Markdown, as [Question] returns it
	Answer   string // Markdown, as [Answer] returns it
	Front    string // the note's text; a cloze with its deletions
	Back     string
	Tags     []string // the post's and the note's
	Source   string   // the reference in full where the post names it
	AsOf     string
	Why      string
	Takeaway string // the heading of its section; it may give the answer away
	Post     string // slug
	Title    string // of the post
	Topic    string
	Library  string // the library's path; "builtin" for the built-in one
	Path     string // of the file, relative to the library
	Line     int    // of the Q: or C: marker, from 1
}

// TitleBelow returns a post's title as it is told beside its topic: the name
// of an imported deck, "a::b", begins with it.
func TitleBelow(topic, title string) string {
	if short := strings.TrimPrefix(title, topic+"::"); topic != "" && short != "" {
		return short
	}
	return title
}
