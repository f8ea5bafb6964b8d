package deck

import (
	"bytes"
	"slices"
	"strings"
	"sync"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// Markdown parses a text as cards are read: CommonMark with GitHub's tables,
// strikethrough, task lists and bare links. The tree points into the text by
// byte offset. Text that [IsUnruly] calls so must not come here.
func Markdown(source []byte) ast.Node { return markdown().Parse(text.NewReader(source)) }

// The parser holds no state between calls and may be shared. GitHub's pass over
// escaped pipes in code is left out: it takes quadratic time, and
// [canvas.codeSpan] does its work. It is made when it is first needed: `etch
// due` needs none.
var markdown = sync.OnceValue(func() parser.Parser {
	return parser.NewParser(
		parser.WithBlockParsers(parser.DefaultBlockParsers()...),
		parser.WithInlineParsers(append(parser.DefaultInlineParsers(),
			util.Prioritized(extension.NewTaskCheckBoxParser(), 0),
			util.Prioritized(extension.NewStrikethroughParser(), 500),
			util.Prioritized(extension.NewLinkifyParser(), 999),
		)...),
		parser.WithParagraphTransformers(append(parser.DefaultParagraphTransformers(),
			util.Prioritized(extension.NewTableParagraphTransformer(), 200),
		)...),
	)
})

// manuscript is a card's Markdown made ready to be drawn. The syntax tree
// points into it by byte offset, and so do the deletions; that a piece of text
// is deleted is seen from where it stands, whatever encloses it.
type manuscript struct {
	text      []byte // clean, the sentinels still in it
	deletions []extent
}

// extent is a range of bytes.
type extent struct{ start, stop int }

func newManuscript(md string) manuscript {
	clean := Clean(md)
	return manuscript{text: []byte(clean), deletions: findDeletions(clean)}
}

// findDeletions returns where the balanced pairs of sentinels stand, each
// range with its sentinels. A sentinel without its partner counts for nothing.
func findDeletions(s string) []extent {
	if !strings.ContainsRune(s, Open) {
		return nil
	}
	var out []extent
	open := -1
	for i, r := range s {
		switch {
		case r == Open:
			open = i
		case r == Close && open >= 0:
			out = append(out, extent{open, i + len(string(Close))})
			open = -1
		}
	}
	return out
}

// parse returns the syntax tree. The parser sees brackets of another kind in
// place of the sentinels: punctuation, as the author wrote it, so that
// emphasis beside it is recognised. They are as long as the sentinels, which
// keeps the offsets right.
func (m manuscript) parse() ast.Node {
	shown := m.text
	if bytes.ContainsRune(shown, Open) || bytes.ContainsRune(shown, Close) {
		shown = bytes.ReplaceAll(shown, []byte(string(Open)), []byte("⁅"))
		shown = bytes.ReplaceAll(shown, []byte(string(Close)), []byte("⁆"))
	}
	return Markdown(shown)
}

// deletionAt returns the number, from 1, of the deletion that the byte at an
// offset belongs to, or 0.
func (m manuscript) deletionAt(offset int) int {
	i, _ := slices.BinarySearchFunc(m.deletions, offset, func(d extent, at int) int {
		if d.stop <= at {
			return -1
		}
		return 1
	})
	if i < len(m.deletions) && m.deletions[i].start <= offset {
		return i + 1
	}
	return 0
}

// each calls fn for the stretches of text between two offsets, each wholly
// inside or wholly outside of a deletion, with the deletion's number or 0. The
// sentinels of deletions are left out.
func (m manuscript) each(start, stop int, fn func(text string, del int)) {
	const sentinel = len(string(Open))
	for pos := start; pos < stop; {
		if del := m.deletionAt(pos); del > 0 {
			d := m.deletions[del-1]
			from := max(pos, d.start+sentinel)
			to := min(stop, d.stop-sentinel)
			fn(string(m.text[from:max(from, to)]), del)
			pos = d.stop
			continue
		}
		next := stop
		if i := m.nextDeletion(pos); i < len(m.deletions) {
			next = min(stop, m.deletions[i].start)
		}
		fn(string(m.text[pos:next]), 0)
		pos = next
	}
}

// nextDeletion returns the index of the first deletion that starts at or after
// an offset.
func (m manuscript) nextDeletion(offset int) int {
	i, _ := slices.BinarySearchFunc(m.deletions, offset, func(d extent, at int) int { return d.start - at })
	return i
}
