package anki

import (
	"html"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// sides returns the HTML of a card's question and answer as the templates of
// its note type draw it. ord is the card's [Card.Ord]. The answer does not
// repeat the question: {{FrontSide}} and what stands before <hr id=answer> are
// left out. For a cloze type front is the text with its deletions in Anki's
// own form, and back the rest.
//
// simple is false where the templates go beyond fields, conditions and the
// filters text, hint, type and cloze, run a script, draw an empty question, or
// are longer than any that a person writes. front is then the first field, and
// back the others.
func sides(t *NoteType, n *Note, ord int) (front, back string, simple bool) {
	if front, back, ok := drawn(t, n, ord); ok {
		return front, back, true
	}
	front, back = plainSides(n)
	return front, back, false
}

// plainSides returns the first field and the others that hold something.
func plainSides(n *Note) (front, back string) {
	var rest []string
	for i, f := range n.Fields {
		if i == 0 {
			front = f
		} else if !isEmpty(f) {
			rest = append(rest, "<div>"+f+"</div>")
		}
	}
	return front, strings.Join(rest, "<br>")
}

// drawn returns the sides as the templates draw them, if they can be followed.
func drawn(t *NoteType, n *Note, ord int) (front, back string, ok bool) {
	at := ord
	if t.Cloze {
		at = 0 // one template draws all cards
	}
	if at < 0 || at >= len(t.Templates) {
		return "", "", false
	}
	d := &drawer{noteType: t, note: n, ord: ord}
	front, ok = d.draw(t.Templates[at].Front)
	if !ok || isEmpty(front) {
		return "", "", false
	}
	if t.Cloze && len(d.clozes) == 0 {
		return "", "", false
	}
	d.answer, d.front = true, front
	back, ok = d.draw(t.Templates[at].Back)
	if !ok {
		return "", "", false
	}
	return front, withoutQuestion(back, front), true
}

// answerRule matches the line that Anki scrolls to.
var answerRule = regexp.MustCompile(`(?i)<hr\b[^>]*\bid\s*=\s*["']?answer["']?[^>]*>`)

// withoutQuestion takes off an answer what repeats the question.
func withoutQuestion(back, front string) string {
	if at := answerRule.FindStringIndex(back); at != nil {
		if after := back[at[1]:]; !isEmpty(after) {
			return strings.TrimSpace(after)
		}
		back = answerRule.ReplaceAllString(back, "")
	}
	back = strings.TrimSpace(back)
	rest := strings.TrimPrefix(back, strings.TrimSpace(front))
	return strings.TrimSpace(leadingRule.ReplaceAllString(rest, ""))
}

// leadingRule matches what parts question and answer where no rule does.
var leadingRule = regexp.MustCompile(`(?i)^(?:\s|<br\s*/?>|<hr\b[^>]*>)+`)

// emptyField matches what counts as nothing in a condition.
var emptyField = regexp.MustCompile(`(?i)^(?:\s|&nbsp;|</?(?:br|div|p|span)\b[^>]*>)*$`)

func isEmpty(s string) bool { return emptyField.MatchString(s) }

// scripted matches what makes a template a program.
var scripted = regexp.MustCompile(`(?i)<script|javascript:|<[^>]*\son[a-z]+\s*=`)

// drawer draws the templates of one card.
type drawer struct {
	noteType *NoteType
	note     *Note
	ord      int
	answer   bool // else the question
	front    string
	clozes   []string // the fields that the question draws as clozes
}

// What is beyond these bounds no person has written. A template is read anew
// for each card, and one may name a long field as often as it likes.
const (
	maxTemplate   = 64 << 10 // bytes
	maxReferences = 1000     // of a template
	maxDrawn      = 4 << 20  // bytes of a side
)

// fieldTag matches a reference in a template.
var fieldTag = regexp.MustCompile(`(?s)\{\{(.*?)\}\}`)

// draw draws one template. ok is false if it cannot be followed.
func (d *drawer) draw(template string) (out string, ok bool) {
	if len(template) > maxTemplate || scripted.MatchString(template) || strings.Contains(template, "{{=") {
		return "", false
	}
	references := fieldTag.FindAllStringSubmatchIndex(template, maxReferences+1)
	if len(references) > maxReferences {
		return "", false
	}
	var b strings.Builder
	var open []condition
	at := 0
	for _, m := range references {
		shown := !slices.ContainsFunc(open, func(c condition) bool { return !c.holds })
		if shown {
			b.WriteString(template[at:m[0]])
		}
		at = m[1]
		name := strings.TrimSpace(template[m[2]:m[3]])
		if open, ok = d.condition(open, name); !ok {
			return "", false
		}
		if !shown || name == "" || strings.ContainsAny(name[:1], "#^/!") {
			continue
		}
		text, ok := d.reference(name)
		if !ok || b.Len()+len(text) > maxDrawn {
			return "", false
		}
		b.WriteString(text)
	}
	if len(open) > 0 {
		return "", false
	}
	b.WriteString(template[at:])
	return b.String(), true
}

// condition is an open {{#Field}} or {{^Field}}.
type condition struct {
	name  string
	holds bool
}

// condition opens or closes a condition if the reference is one.
func (d *drawer) condition(open []condition, ref string) ([]condition, bool) {
	if ref == "" {
		return open, false
	}
	name := strings.TrimSpace(ref[1:])
	switch ref[0] {
	case '#', '^':
		filled, ok := d.filled(name)
		return append(open, condition{name, filled == (ref[0] == '#')}), ok && len(open) < 100
	case '/':
		last := len(open) - 1
		if last < 0 || open[last].name != name {
			return open, false
		}
		return open[:last], true
	}
	return open, true
}

// clozeNumber matches the condition on a cloze's number.
var clozeNumber = regexp.MustCompile(`^c[0-9]+$`)

// filled reports whether a field holds something, for a condition.
func (d *drawer) filled(name string) (filled, ok bool) {
	text, ok := d.value(name)
	if !ok && d.noteType.Cloze && clozeNumber.MatchString(name) {
		return name == "c"+strconv.Itoa(d.ord+1), true
	}
	return !isEmpty(text), ok
}

// value returns a field, or what Anki itself knows by a name.
func (d *drawer) value(name string) (text string, ok bool) {
	for i, f := range d.noteType.Fields {
		if f.Name == name {
			if i < len(d.note.Fields) {
				return d.note.Fields[i], true
			}
			return "", true
		}
	}
	switch name {
	case "Tags":
		return html.EscapeString(strings.Join(d.note.Tags, " ")), true
	case "Type":
		return html.EscapeString(d.noteType.Name), true
	case "Card":
		if !d.noteType.Cloze && d.ord < len(d.noteType.Templates) {
			return html.EscapeString(d.noteType.Templates[d.ord].Name), true
		}
		return "", true
	case "Deck", "Subdeck", "CardFlag", "CardID":
		return "", true // says where the card is, not what it asks
	}
	return "", false
}

// reference draws {{filter:filter:Field}}, the last filter first.
func (d *drawer) reference(ref string) (text string, ok bool) {
	if ref == "FrontSide" {
		return "", d.answer
	}
	parts := strings.Split(ref, ":")
	name := strings.TrimSpace(parts[len(parts)-1])
	if strings.HasPrefix(ref, "tts ") || strings.HasPrefix(ref, "tts-voices:") {
		return "", true
	}
	text, ok = d.value(name)
	for _, filter := range slices.Backward(parts[:len(parts)-1]) {
		if !ok {
			return "", false
		}
		text, ok = d.filter(strings.TrimSpace(filter), name, text)
	}
	return text, ok
}

// filter applies one filter. What is to be revealed or typed stands in the
// answer only.
func (d *drawer) filter(filter, name, text string) (out string, ok bool) {
	switch filter {
	case "text":
		return html.EscapeString(stripped(text)), true
	case "hint", "type", "nc":
		if d.answer || filter == "nc" {
			return text, true
		}
		return "", true
	case "cloze":
		return d.cloze(name, text)
	}
	return "", false
}

// cloze draws a field with deletions: in the question, and in the answer only
// if the question has not shown it.
func (d *drawer) cloze(name, text string) (out string, ok bool) {
	if !d.noteType.Cloze {
		return "", false
	}
	if d.answer {
		if slices.Contains(d.clozes, name) {
			return "", true
		}
		return text, true
	}
	if !slices.Contains(d.clozes, name) {
		d.clozes = append(d.clozes, name)
	}
	return text, true
}

// anyTag matches markup.
var anyTag = regexp.MustCompile(`(?s)<!--.*?-->|<(?:style|script)\b.*?</(?:style|script)>|<[^>]*>`)

// stripped returns HTML without its markup.
func stripped(s string) string {
	return html.UnescapeString(anyTag.ReplaceAllString(s, ""))
}
