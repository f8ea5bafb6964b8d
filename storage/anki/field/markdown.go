package field

import (
	"errors"
	"slices"
	"strings"

	"etch/deck"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// Limits on a field. No field that a person wrote comes near them.
const (
	maxField    = 1 << 20 // bytes of HTML that are read, without embedded files
	maxText     = 1 << 18 // bytes of Markdown that come out
	maxNesting  = 8       // lists and quotes in one another
	maxChecked  = 1 << 15 // bytes of a paragraph that is checked by drawing it
	maxColumns  = 40      // of a table
	maxDeletion = 2000    // of a cloze
)

// What a field loses on its way to Markdown.
const (
	noteUnderline   = "underline dropped"
	noteColour      = "colour dropped"
	noteSuper       = "superscript as ^"
	noteSub         = "subscript as _"
	noteRuby        = "ruby text in parentheses"
	noteHeading     = "heading as bold text"
	noteFormula     = "formula as its source"
	notePicture     = "picture"
	noteEmbedded    = "embedded picture dropped"
	noteSound       = "sound"
	noteMedia       = "embedded page dropped"
	noteScript      = "script dropped"
	noteLink        = "link without a web address dropped"
	noteHeader      = "table's first row as its header"
	noteSpan        = "merged table cells split"
	noteWideTable   = "wide table as lines"
	noteCellBlock   = "blocks in a table cell as lines"
	noteDeep        = "deep nesting flattened"
	noteLong        = "too long: cut"
	noteBroken      = "too deep to read: text only"
	noteClozeCode   = "code block with a deletion as text"
	noteNested      = "nested deletions side by side"
	noteSplit       = "deletion parted"
	noteOcclusion   = "image occlusion dropped"
	noteManyClozes  = "too many deletions: the rest is text"
	noteTaskInCloze = "check box as a character"
)

// errNoDeletion is what a cloze without anything to recall comes back with.
var errNoDeletion = errors.New("read cloze: no deletion with text in it")

// Markdown turns a field's HTML into Markdown that a Q: or A: may hold. notes
// tells what was simplified, each thing once.
//
// Lines are escaped where our grammar or Markdown would read more into them
// than Anki shows: [deck.Render] draws the field's text. Formulas keep Anki's
// own form, \( \) and \[ \], so that they survive the way back; [latex], [$]
// and [$$] become that form. A superscript is written x^2, a subscript H_2, a
// sound [sound: x.mp3](x.mp3). What one deletion of a cloze hides is literal
// text here.
func Markdown(fieldHTML string) (md string, notes []string) {
	r := &reader{}
	blocks := r.read(fieldHTML)
	w := &writer{links: r.links, left: maxText}
	md = strings.Join(w.blocks(blocks, false), "\n")
	if strings.TrimSpace(md) == "" { // of blanks that are none to HTML
		md = ""
	}
	return md, append(r.notes, missing(r.notes, w.notes)...)
}

// ClozeMarkdown does so for a cloze text and returns it in the source form of
// our grammar: [text] is a deletion, and {c=2 hint="..."} after it says the
// numbers of its cards where they are not the natural ones, and the hint.
//
// Nested deletions come out side by side, each with all its numbers. One that
// crosses blocks comes out once in each. One in a code span parts the span; a
// code block with one comes out as lines of text, since brackets in code are
// code. The hint stands at a deletion's first part.
func ClozeMarkdown(fieldHTML string) (md string, notes []string, err error) {
	r := &reader{cloze: true}
	blocks := r.read(fieldHTML)
	w := &writer{links: r.links, left: maxText, cloze: true}
	md = strings.Join(w.blocks(blocks, false), "\n")
	notes = append(r.notes, missing(r.notes, w.notes)...)
	md, parted, n := r.deletions.source(md)
	if n == 0 {
		return "", notes, errNoDeletion
	}
	if parted {
		notes = append(notes, missing(notes, []string{noteSplit})...)
	}
	return md, notes, nil
}

// missing returns those of more that are not in notes.
func missing(notes, more []string) []string {
	var out []string
	for _, n := range more {
		if !slices.Contains(notes, n) && !slices.Contains(out, n) {
			out = append(out, n)
		}
	}
	return out
}

// embedded matches a file inside an attribute, which is long and no text.
var embedded = lazily(`(?i)\bdata:[a-z0-9/+.;=-]*,[^"'\s>]*`)

// read turns the field into blocks.
func (r *reader) read(field string) []block {
	if strings.Contains(field, "data:") {
		field = embedded().ReplaceAllString(field, "data:,")
	}
	if len(field) > maxField {
		field = field[:maxField]
		r.note(noteLong)
	}
	field = strings.Map(withoutMarkers, strings.ToValidUTF8(field, "\ufffd"))
	field = r.special(field)
	if r.cloze {
		field = r.scanClozes(field)
	}
	body := &html.Node{Type: html.ElementNode, Data: "body", DataAtom: atom.Body}
	nodes, err := html.ParseFragment(strings.NewReader(field), body)
	if err != nil { // deeper than 512 elements
		r.note(noteBroken)
		r.flat(field)
	}
	for _, n := range nodes {
		r.node(n)
	}
	r.endPara()
	return r.blocks
}

// flat reads no more than the text and the line breaks.
func (r *reader) flat(field string) {
	z := html.NewTokenizer(strings.NewReader(field))
	for z.Next() != html.ErrorToken {
		t := z.Token()
		switch {
		case t.Type == html.TextToken:
			r.text(t.Data)
		case isLine[t.Data] || isParagraph[t.Data] || t.Data == "br" || t.Data == "li":
			r.line()
		}
	}
}

// Anki's own marks, which it looks for in the source of a field.
var (
	sound = lazily(`\[sound:([^\]<>]{1,300})\]`)
	latex = lazily(`(?is)\[latex\](.+?)\[/latex\]|\[\$\](.+?)\[/\$\]|\[\$\$\](.+?)\[/\$\$\]`)
)

// special reads the marks in square brackets. It must come before the entities
// are decoded, as it does in Anki: a bracket written as an entity is text.
func (r *reader) special(field string) string {
	if formula().MatchString(field) {
		r.note(noteFormula)
	}
	field = latex().ReplaceAllStringFunc(field, func(s string) string {
		r.note(noteFormula)
		m := latex().FindStringSubmatch(s)
		if m[2] != "" {
			return `\(` + m[2] + `\)`
		}
		if m[3] != "" {
			return `\[` + m[3] + `\]`
		}
		return texFormula(m[1])
	})
	return sound().ReplaceAllString(field, string(soundOpen)+"$1"+string(soundClose))
}

// texFormula turns LaTeX source into a formula of MathJax.
func texFormula(tex string) string {
	body := strings.TrimSpace(tex)
	for _, mark := range []string{"$$", "$"} {
		inner, ok := strings.CutPrefix(body, mark)
		if !ok || len(inner) < len(mark) || !strings.HasSuffix(inner, mark) {
			continue
		}
		inner = inner[:len(inner)-len(mark)]
		if inner != "" && !strings.Contains(inner, "$") {
			if mark == "$" {
				return `\(` + inner + `\)`
			}
			return `\[` + inner + `\]`
		}
	}
	return `\[` + tex + `\]`
}

// Characters that stand for what was found in the source while it is parsed.
// They lie in a private-use plane that no input keeps.
const (
	markers    = 0x100000
	clozeOpen  = markers          // and the deletion's index
	clozeClose = markers + 0x4000 // and the deletion's index
	groupMark  = markers + 0x8000 // and the group's index, in Markdown only
	soundOpen  = rune(markers + 0xff00)
	soundClose = rune(markers + 0xff01)
)

func withoutMarkers(r rune) rune {
	if r >= markers || r == deck.Open || r == deck.Close {
		return -1
	}
	return r
}
