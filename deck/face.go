package deck

import "strings"

// Hidden is what stands for the deletion that a cloze card asks for.
const Hidden = "..."

// Question returns the Markdown that a card shows before the reveal. del is
// the index of the deletion that a cloze card asks for, from 0; it is ignored
// for other kinds. The hidden deletion stays between [Open] and [Close], so
// that [Render] can mark it.
func Question(kind Kind, front string, del int) string {
	if kind != Cloze {
		return front
	}
	return mapDeletions(front, func(i int, text string) string {
		if i == del {
			return string(Open) + Hidden + string(Close)
		}
		return text
	})
}

// Answer returns the Markdown that a card shows after the reveal: the back, or
// for a cloze the whole text with the asked deletion between [Open] and
// [Close].
func Answer(kind Kind, front, back string, del int) string {
	if kind != Cloze {
		return back
	}
	return mapDeletions(front, func(i int, text string) string {
		if i == del {
			return string(Open) + text + string(Close)
		}
		return text
	})
}

// Deletions returns the texts of a cloze's deletions in text order.
func Deletions(front string) []string {
	var out []string
	mapDeletions(front, func(_ int, text string) string {
		out = append(out, text)
		return text
	})
	return out
}

// mapDeletions replaces each deletion of a cloze's text, sentinels included,
// by what fn returns for its index and inner text.
func mapDeletions(front string, fn func(i int, text string) string) string {
	var b strings.Builder
	for i := 0; ; i++ {
		before, rest, ok := strings.Cut(front, string(Open))
		b.WriteString(before)
		if !ok {
			return b.String()
		}
		text, after, ok := strings.Cut(rest, string(Close))
		b.WriteString(fn(i, text))
		if !ok {
			return b.String()
		}
		front = after
	}
}

// Bracketed returns text with each deletion mark as a bracket, for plain text.
func Bracketed(text string) string {
	return strings.NewReplacer(string(Open), "[", string(Close), "]").Replace(text)
}
