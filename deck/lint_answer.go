package deck

import (
	"strings"
	"unicode"
)

// These rules look at the answer: its length, its lists, and whether anything
// was asked for.

const (
	maxAnswerRunes = 600
	maxList        = 3
	maxOrderedList = 5
	maxListError   = 5
	clozeLimit     = 25
	basicLimit     = 40
)

// answerLimits are the words that the answer of a type may have. A term is a
// basic card; a follow-up has to state its condition.
var answerLimits = map[Type]int{
	Term: basicLimit, Why: 50, Compare: 60, Failure: 60, Scenario: 70, Estimation: 80, Number: 25, FollowUp: 60,
}

// limit returns the words that the card's answer may have, and for what. Of a
// cloze the whole text counts, for that is what one reads.
func (c *lintCard) limit() (words int, of string) {
	if c.cloze() {
		return clozeLimit, "cloze"
	}
	if n, ok := answerLimits[c.note.Type]; ok {
		return n, string(c.note.Type)
	}
	return basicLimit, "a card without a type"
}

func longAnswer(c *lintCard) finding {
	limit, of := c.limit()
	n := len(c.a.words)
	if n <= limit {
		return finding{}
	}
	f := found("the answer has %d words, limit %d for %s", n, limit, of)
	if c.cloze() {
		f = found("the text has %d words, limit %d for %s", n, limit, of)
	}
	if f.worse = 2*n > 3*limit; f.worse {
		f.cure = "if prose has slipped into the card, end the card with a line of --- before it; else split it"
	}
	return f
}

func hugeAnswer(c *lintCard) finding {
	if n := runesOf(c.a.plain); n > maxAnswerRunes {
		f := found("the answer has %d characters, limit %d", n, maxAnswerRunes)
		f.cure = "split it; if prose has slipped into the card, end the card with a line of --- before it"
		return f
	}
	return finding{}
}

// longestList returns the answer's list with the most items.
func (c *lintCard) longestList() mdList {
	var longest mdList
	for _, l := range c.a.lists {
		if l.items > longest.items {
			longest = l
		}
	}
	return longest
}

func longList(c *lintCard) finding {
	l := c.longestList()
	limit := maxList
	if l.ordered {
		limit = maxOrderedList
	}
	if l.items <= limit {
		return finding{}
	}
	f := found("a list of %d, limit %d", l.items, limit)
	f.worse = l.items > maxListError
	return f
}

// minGivenAway is the letters that an answer needs for L13: a small number or
// one letter stands in many a question by chance.
const minGivenAway = 3

func givenAway(c *lintCard) finding {
	if c.cloze() {
		rest := wordsOf(c.q.plain)
		for _, text := range ClozeTexts(c.note.Front) {
			if w := wordsOf(text); tellsMuch(w) && hasPhrase(rest, w...) {
				return found("the open text already says %q", short(text, maxExcerpt))
			}
		}
		return finding{}
	}
	if tellsMuch(c.a.words) && hasPhrase(c.q.words, c.a.words...) {
		return found("the question contains the answer")
	}
	return finding{}
}

// tellsMuch reports whether the words are long enough that finding them in the
// question is no accident.
func tellsMuch(words []string) bool {
	letters := 0
	for _, w := range words {
		for _, r := range w {
			if unicode.IsLetter(r) {
				letters++
			}
		}
	}
	return letters >= minGivenAway
}

var verdicts = wordSet("true false yes no correct incorrect wrong right")

func trueFalse(c *lintCard) finding {
	if c.cloze() || len(c.a.sentences) == 0 || c.a.hasCode() {
		return finding{}
	}
	s := &c.a.sentences[0]
	first := s.word(0)
	if len(c.a.words) == 1 && verdicts[first] {
		return found("the answer is just %q", first)
	}
	if (first == "true" || first == "false") && strings.ContainsAny(s.toks[0].raw, ".,:;") {
		return found("the answer is %q", first)
	}
	return finding{}
}
