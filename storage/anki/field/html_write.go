package field

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"

	"etch/deck"

	"golang.org/x/text/unicode/norm"
)

// kind is what an inline node is.
type kind int

const (
	element kind = iota // or the root, which has no tags
	plainText
	codeText
)

// node is a piece of a block's inline content, with the deletion that it
// belongs to.
type node struct {
	kind        kind
	open, close string // the tags of an element; one without content has no children
	text        []byte
	maths       bool // text of a formula
	del         int  // of text and empty elements, 0 for none
	children    []*node
}

// add appends text. Text that nothing parts is one node, because what Anki
// finds in it may not depend on where the parser stopped.
func (n *node) add(text string, k kind, del int) {
	if text == "" {
		return
	}
	if last := len(n.children) - 1; last >= 0 && n.children[last].kind == k && n.children[last].del == del {
		n.children[last].text = append(n.children[last].text, text...)
		return
	}
	n.children = append(n.children, &node{kind: k, text: []byte(text), del: del})
}

// element appends an element and returns it.
func (n *node) element(name, attributes string) *node {
	e := &node{open: "<" + name + attributes + ">", close: "</" + name + ">"}
	n.children = append(n.children, e)
	return e
}

// void appends an element without content.
func (n *node) void(tag string, del int) {
	n.children = append(n.children, &node{open: tag, del: del})
}

// trimNewline drops the newline at the end of code.
func (n *node) trimNewline() {
	if last := len(n.children) - 1; last >= 0 {
		n.children[last].text = bytes.TrimSuffix(n.children[last].text, []byte("\n"))
	}
}

// trimBreaks drops line breaks and blanks at both ends.
func (n *node) trimBreaks() {
	empty := func(c *node) bool { return len(bytes.TrimSpace(c.text)) == 0 }
	for len(n.children) > 0 && empty(n.children[0]) {
		n.children = n.children[1:]
	}
	for len(n.children) > 0 && empty(n.children[len(n.children)-1]) {
		n.children = n.children[:len(n.children)-1]
	}
}

// uniform returns the deletion that all of the node belongs to, 0 if none of
// it belongs to any, and -1 if it is mixed.
func (n *node) uniform() int {
	if n.kind != element || len(n.children) == 0 {
		return n.del
	}
	del := n.children[0].uniform()
	for _, c := range n.children[1:] {
		if c.uniform() != del {
			return -1
		}
	}
	return del
}

// plain returns the text of the children.
func (n *node) plain() string {
	var b strings.Builder
	n.each(func(c *node) { b.Write(c.text) })
	return b.String()
}

// take moves the children of another node to the end of n.
func (n *node) take(other *node) {
	for _, c := range other.children {
		if c.kind == element {
			n.children = append(n.children, c)
		} else {
			n.add(string(c.text), c.kind, c.del)
		}
	}
}

// formula matches what Anki's MathJax takes for a formula.
var formula = lazily(`(?s)\\\(.+?\\\)|\\\[.+?\\\]`)

// markMaths finds the formulas of a block's content and marks their text,
// which may be parted by formatting and deletions.
func (n *node) markMaths() {
	var b strings.Builder
	n.each(func(c *node) {
		if c.kind == plainText {
			b.Write(c.text)
		} else {
			b.WriteByte(0) // no formula reaches over code
		}
	})
	ranges := formula().FindAllStringIndex(b.String(), -1)
	if ranges == nil {
		return
	}
	at := 0
	n.split(&at, ranges)
}

// each calls fn for the leaves in text order.
func (n *node) each(fn func(*node)) {
	for _, c := range n.children {
		if c.kind == element && len(c.children) > 0 {
			c.each(fn)
		} else {
			fn(c)
		}
	}
}

// split parts the leaves at the bounds of formulas. at is the offset of the
// next leaf.
func (n *node) split(at *int, ranges [][]int) {
	var out []*node
	for _, c := range n.children {
		switch {
		case c.kind == plainText:
			out = append(out, c.cut(*at, ranges)...)
			*at += len(c.text)
			continue
		case c.kind == element && len(c.children) > 0:
			c.split(at, ranges)
		default:
			*at++
		}
		out = append(out, c)
	}
	n.children = out
}

// cut parts one leaf, whose text begins at an offset.
func (n *node) cut(at int, ranges [][]int) []*node {
	var out []*node
	piece := func(from, to int, maths bool) {
		if from < to {
			out = append(out, &node{kind: n.kind, text: n.text[from:to], maths: maths, del: n.del})
		}
	}
	pos := 0
	for _, r := range ranges {
		from, to := max(pos, r[0]-at), min(len(n.text), r[1]-at)
		if from >= to {
			continue
		}
		piece(pos, from, false)
		piece(from, to, true)
		pos = to
	}
	piece(pos, len(n.text), false)
	return out
}

// The ways to part two characters that mean something to Anki when they stand
// together. A comment survives Anki's editor, which would turn an entity back
// into its character; in a formula a blank does no harm and a comment would.
const (
	apart      = "<!-- -->"
	mathsApart = " "
)

// fieldWriter writes a field and keeps text from meaning something to Anki.
type fieldWriter struct {
	b      strings.Builder
	cloze  bool // in a cloze field colons mean something too
	last   byte // the last byte of text, 0 after a tag
	maths  bool // of the last text
	joined bool // the text goes on after text
}

// String returns what was written.
func (w *fieldWriter) String() string { return w.b.String() }

// tag writes markup.
func (w *fieldWriter) tag(s string) {
	w.b.WriteString(s)
	w.last, w.joined = 0, false
}

// open begins a cloze.
func (w *fieldWriter) open(s string) {
	if w.last == '{' {
		w.part()
	}
	w.tag(s)
}

// end ends a cloze or its text.
func (w *fieldWriter) end(s string) {
	if w.last == s[0] {
		w.part()
	}
	w.tag(s)
}

func (w *fieldWriter) part() {
	if w.maths {
		w.b.WriteString(mathsApart)
	} else {
		w.b.WriteString(apart)
	}
}

// text writes text, composed as Anki composes it, so that a note does not
// differ from what was sent.
func (w *fieldWriter) text(s string, maths bool) {
	s = norm.NFC.String(deck.Clean(s))
	w.maths = maths
	for i, r := range s {
		if w.must(r, s[i:]) {
			w.part()
		}
		switch {
		case r == '&':
			w.b.WriteString("&amp;")
		case r == '<':
			w.b.WriteString("&lt;")
		case r == '>':
			w.b.WriteString("&gt;")
		case i == 0 && !w.joined && r >= utf8.RuneSelf && !norm.NFC.PropertiesString(s).BoundaryBefore():
			// It would compose with the end of the tag before it.
			fmt.Fprintf(&w.b, "&#%d;", r)
		default:
			w.b.WriteRune(r)
		}
		w.last, w.joined = byte(min(r, utf8.RuneSelf)), true
	}
}

// special begins, after a bracket, what Anki reads anywhere in a field.
var special = lazily(`^\[(?i:sound:|anki:|/?latex\]|/?\${1,2}\]|\[type:)`)

// must reports whether the character r, with which rest begins, may not follow
// the last one, or needs parting from what comes. Anki reads source text, so
// it holds in code as well.
func (w *fieldWriter) must(r rune, rest string) bool {
	switch r {
	case '{', '}':
		return w.last == byte(r)
	case ':':
		return w.cloze && w.last == ':'
	case 's', 'S', 'a', 'A', 'l', 'L', '/', '$', '[':
		return w.last == '[' && special().MatchString("["+rest[:min(len(rest), 16)])
	}
	return false
}
