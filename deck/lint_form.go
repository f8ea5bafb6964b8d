package deck

import (
	"fmt"
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// These rules look at the form of a card: its sides, marks and size.

const (
	cardColumns = 76 // what an 80-column terminal leaves
	cardLines   = 16 // what a 24-line terminal leaves for question and answer
)

func emptySide(c *lintCard) finding {
	for i, side := range c.sides() {
		if strings.TrimSpace(side.plain) == "" {
			return found("the %s is empty", []string{"question", "answer"}[i])
		}
	}
	return finding{}
}

func hiddenRune(c *lintCard) finding {
	for _, side := range c.sides() {
		prev := rune(0)
		for _, r := range side.md {
			if r != Open && r != Close && r != '\r' && !visible(prev, r) {
				return found("hidden character %U", r)
			}
			prev = r
		}
	}
	return finding{}
}

func htmlTag(c *lintCard) finding {
	for _, side := range c.sides() {
		if side.html != "" {
			return found("HTML tag %s outside code", excerpt(side.html))
		}
	}
	return finding{}
}

func wideCode(c *lintCard) finding {
	for _, side := range c.sides() {
		for _, line := range side.code {
			if w := ansi.StringWidth(strings.ReplaceAll(line, "\t", "    ")); w > cardColumns {
				return found("a code line is %d columns wide, limit %d", w, cardColumns)
			}
		}
	}
	return finding{}
}

func loneBacktick(c *lintCard) finding {
	for _, side := range c.sides() {
		if side.backtick {
			return found("a backtick has no partner")
		}
	}
	return finding{}
}

func noDeletion(c *lintCard) finding {
	if !c.cloze() {
		return finding{}
	}
	deletions := Deletions(c.note.Front)
	if len(deletions) == 0 {
		return found("the cloze hides nothing")
	}
	for _, d := range deletions {
		if strings.TrimSpace(d.Text) == "" {
			return found("an empty deletion")
		}
	}
	return finding{}
}

var (
	unfinishedWords = wordSet("TODO TBD FIXME")
	todoThings      = wordSet("app app's apps list lists service item items")
)

func unfinished(c *lintCard) finding {
	for _, side := range c.sides() {
		if strings.Contains(side.plain, "???") {
			return found("unfinished: ???")
		}
		fields := strings.Fields(side.plain)
		for i, f := range fields {
			f = strings.TrimFunc(f, isAround)
			if unfinishedWords[f] && !isTodoApp(f, fields[i+1:]) {
				return found("unfinished: %s", f)
			}
		}
	}
	return finding{}
}

// isTodoApp reports whether TODO names the favourite example of all tutorials.
func isTodoApp(word string, rest []string) bool {
	return word == "TODO" && len(rest) > 0 && todoThings[bareWord(rest[0])]
}

func strayBlanks(c *lintCard) finding {
	for _, side := range c.sides() {
		if side.blanks != "" {
			return found("a stray blank in %q", short(strings.TrimLeft(side.blanks, " "), maxExcerpt))
		}
	}
	return finding{}
}

func tall(c *lintCard) finding {
	// Most cards need not be drawn to know that they fit: without a table, and
	// but for a very long word, wrapping yields no line under half the width.
	text := c.note.Front + "\n" + c.note.Back
	if !strings.Contains(text, "|") && strings.Count(text, "\n")+1+len(text)/(cardColumns/2) <= cardLines {
		return finding{}
	}
	lines := len(Render(Answer(c.note.Kind, c.note.Front, c.note.Back, 0), cardColumns, Plain))
	if !c.cloze() { // the answer of a cloze is its question, filled in
		lines += len(Render(c.note.Front, cardColumns, Plain))
	}
	if lines > cardLines {
		return found("question and answer take %s at %d columns, limit %d", countOf(lines, "line"), cardColumns, cardLines)
	}
	return finding{}
}

// countOf returns "1 line" or "2 lines".
func countOf(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
