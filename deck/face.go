package deck

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Hidden is what stands for the deletion that a cloze card asks for.
const Hidden = "..."

// ClozeDeletion is one deletion of a cloze's text.
type ClozeDeletion struct {
	Text    string
	Hint    string // what the question shows in its place, or ""
	Numbers []int  // of the cards that hide it, as the text says, from 1; none when it says nothing
	Cards   []int  // indices of the cards that hide it, from 0
}

// Deletions returns a cloze's deletions in text order. Each is a card of its
// own, unless numbers tell otherwise: deletions with the same number are one
// card. Cards are counted in the order in which their first deletion appears.
func Deletions(front string) []ClozeDeletion {
	var out []ClozeDeletion
	mapDeletions(front, func(d ClozeDeletion) string {
		out = append(out, d)
		return ""
	})
	return out
}

// ClozeTexts returns what each card of a cloze hides, in the order of
// [ClozeDeletion.Cards]; several deletions of one card are joined by a blank.
func ClozeTexts(front string) []string {
	var texts []string
	for _, d := range Deletions(front) {
		for _, card := range d.Cards {
			for len(texts) <= card {
				texts = append(texts, "")
			}
			texts[card] = strings.TrimPrefix(texts[card]+" "+d.Text, " ")
		}
	}
	return texts
}

// Question returns the Markdown that a card shows before the reveal. card is
// the index of a cloze's card, from 0; it is ignored for other kinds. What is
// hidden stands between [Open] and [Close], so that [Render] can mark it.
func Question(kind Kind, front string, card int) string {
	if kind != Cloze {
		return front
	}
	const hidden = string(Open) + Hidden + string(Close)
	text := mapDeletions(front, func(d ClozeDeletion) string {
		switch {
		case !slices.Contains(d.Cards, card):
			return d.Text
		case d.Hint != "":
			return string(Open) + Hidden + " (" + d.Hint + ")" + string(Close)
		}
		return hidden
	})
	for strings.Contains(text, hidden+hidden) { // parts of one deletion that held another
		text = strings.ReplaceAll(text, hidden+hidden, hidden)
	}
	return text
}

// Answer returns the Markdown that a card shows after the reveal: the back, or
// for a cloze the whole text, with what was asked between [Open] and [Close],
// and below it the back, if there is one.
func Answer(kind Kind, front, back string, card int) string {
	if kind != Cloze {
		return back
	}
	text := mapDeletions(front, func(d ClozeDeletion) string {
		if slices.Contains(d.Cards, card) {
			return string(Open) + d.Text + string(Close)
		}
		return d.Text
	})
	text = strings.ReplaceAll(text, string(Close)+string(Open), "")
	if back != "" {
		text += "\n\n" + back
	}
	return text
}

// Marked returns a note's front with all of its deletions between [Open] and
// [Close], so that [Render] can mark them. Attributes are left out.
func Marked(front string) string {
	return mapDeletions(front, func(d ClozeDeletion) string { return string(Open) + d.Text + string(Close) })
}

// mapDeletions replaces each deletion of a cloze's text, sentinels included,
// by what fn returns for it.
func mapDeletions(front string, fn func(ClozeDeletion) string) string {
	var b strings.Builder
	var numbers []int // of the cards so far; 0 for one without
	for {
		before, rest, ok := strings.Cut(front, string(Open))
		b.WriteString(before)
		if !ok {
			return b.String()
		}
		inner, after, ok := strings.Cut(rest, string(Close))
		d := ClozeDeletion{Text: inner}
		if text, attrs, has := strings.Cut(inner, string(Attrs)); has {
			d.Text = text
			d.Numbers, d.Hint = readAttributes(attrs)
		}
		for _, n := range d.Numbers {
			at := slices.Index(numbers, n)
			if at < 0 {
				at, numbers = len(numbers), append(numbers, n)
			}
			d.Cards = append(d.Cards, at)
		}
		if len(d.Numbers) == 0 {
			d.Cards, numbers = []int{len(numbers)}, append(numbers, 0)
		}
		b.WriteString(fn(d))
		if !ok {
			return b.String()
		}
		front = after
	}
}

// attributes is what may stand behind the bracket of a deletion.
var attributes = regexp.MustCompile(strings.NewReplacer(
	"NUMBERS", `([1-9][0-9]{0,2}(?:,[1-9][0-9]{0,2})*)`,
	"HINT", `hint="((?:[^"\\\n]|\\.)*)"`,
).Replace(`^\{(?:c=NUMBERS(?: HINT)?|HINT)\}`))

// readAttributes reads what [attributes] matched. A number given twice counts
// once.
func readAttributes(text string) (numbers []int, hint string) {
	m := attributes.FindStringSubmatch(text)
	if m == nil {
		return nil, ""
	}
	for word := range strings.SplitSeq(m[1], ",") {
		if n, err := strconv.Atoi(word); err == nil && !slices.Contains(numbers, n) {
			numbers = append(numbers, n)
		}
	}
	return numbers, unescape.Replace(m[2] + m[3])
}

var (
	unescape = strings.NewReplacer(`\\`, `\`, `\"`, `"`)
	sources  = strings.NewReplacer(string(Open), "[", string(Close), "]")
)

// Bracketed returns a text with its deletions in brackets, for plain text.
// Attributes are left out.
func Bracketed(text string) string {
	if strings.ContainsRune(text, Attrs) {
		text = mapDeletions(text, func(d ClozeDeletion) string { return "[" + d.Text + "]" })
	}
	return sources.Replace(text)
}

// withoutMarks returns a cloze's text as a reader knows it.
func withoutMarks(text string) string {
	attrs := false
	return strings.Map(func(r rune) rune {
		attrs = r == Attrs || attrs && r != Close
		if attrs || r == Open || r == Close {
			return -1
		}
		return r
	}, text)
}
