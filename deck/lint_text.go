package deck

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	east "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// lintText is one side of a card, read once for all rules.
type lintText struct {
	md    string // as written, a deletion between Open and Close
	plain string // without Markdown's marks; one block a line
	// prose is plain with each code span, code block and bare address replaced
	// by codeMark: rules of grammar have no business in code.
	prose     string
	words     []string // of plain: lower case, without the punctuation around them
	sentences []sentence
	lists     []mdList // the top-level ones
	code      []string // the lines of code blocks and diagrams
	html      string   // the first tag outside code, or ""
	backtick  bool     // one opens nothing
	blanks    string   // the first text with a stray blank, or ""
}

// mdList is a top-level list; nested items count as items.
type mdList struct {
	ordered bool
	items   int
}

// sentence is a part of the prose up to a mark that ends it.
type sentence struct {
	toks   []tok
	asks   bool // ends in a question mark
	quoted bool // the mark stands inside quotation marks
}

// tok is one word of a sentence.
type tok struct {
	raw  string // as written, with the punctuation around it
	word string // lower case, without it
}

// codeMark stands in prose where code stood.
const codeMark = "\ufffc"

// lintParser reads Markdown as GitHub does, as far as the rules care.
var lintParser = goldmark.New(goldmark.WithExtensions(extension.Table, extension.Strikethrough, extension.TaskList)).Parser()

// readMarkdown reads all of a text but its words and sentences: a cloze is
// first taken apart. See finish.
func readMarkdown(md string) lintText {
	t := lintText{md: md}
	r := mdReader{t: &t, src: []byte(md), codeAt: map[int]bool{}}
	// The walk's function never fails.
	_ = ast.Walk(lintParser.Parse(text.NewReader(r.src)), r.visit)
	t.plain, t.prose = r.plain.String(), r.prose.String()
	r.trailingBlanks()
	return t
}

// finish fills in words and sentences.
func (t *lintText) finish() {
	t.words = wordsOf(t.plain)
	t.sentences = sentencesOf(t.prose)
}

// cloze takes the text of a cloze apart: the question with every deletion
// open, and the whole.
func (t *lintText) cloze() (q, a lintText) {
	q, a = *t, *t
	open := func(ClozeDeletion) string { return Hidden }
	keep := func(d ClozeDeletion) string { return d.Text }
	q.plain, q.prose = mapDeletions(t.plain, open), mapDeletions(t.prose, open)
	a.plain, a.prose = mapDeletions(t.plain, keep), mapDeletions(t.prose, keep)
	q.finish()
	a.finish()
	return q, a
}

// mdReader walks the tree of one text.
type mdReader struct {
	t            *lintText
	src          []byte
	plain, prose strings.Builder
	codeAt       map[int]bool // where lines of code blocks begin in src
}

func (r *mdReader) visit(n ast.Node, entering bool) (ast.WalkStatus, error) {
	if !entering {
		return ast.WalkContinue, nil
	}
	if n.Type() == ast.TypeBlock && n.Kind() != ast.KindDocument {
		r.newLine(n)
	}
	switch n := n.(type) {
	case *ast.Text:
		r.text(n)
	case *ast.String:
		r.write(string(n.Value))
	case *ast.CodeSpan:
		r.plain.WriteString(codeText(n, r.src))
		r.prose.WriteString(codeMark)
		return ast.WalkSkipChildren, nil
	case *ast.AutoLink:
		r.plain.Write(n.Label(r.src))
		r.prose.WriteString(codeMark)
	case *ast.FencedCodeBlock, *ast.CodeBlock:
		r.codeBlock(n)
	case *ast.RawHTML:
		r.tag(string(n.Segments.Value(r.src)))
	case *ast.HTMLBlock:
		r.tag(string(n.Lines().Value(r.src)))
	case *ast.List:
		if n.Parent().Kind() == ast.KindDocument {
			r.t.lists = append(r.t.lists, mdList{ordered: n.IsOrdered()})
		}
	case *ast.ListItem:
		if k := len(r.t.lists); k > 0 && !inQuote(n) {
			r.t.lists[k-1].items++
		}
	}
	return ast.WalkContinue, nil
}

// newLine begins a line for a block, except where the block shares one: cells
// of a row, and the text of an item.
func (r *mdReader) newLine(n ast.Node) {
	sep := "\n"
	if n.Kind() == east.KindTableCell && n.PreviousSibling() != nil {
		sep = " "
	}
	for _, b := range []*strings.Builder{&r.plain, &r.prose} {
		if s := b.String(); s != "" && !strings.HasSuffix(s, "\n") {
			b.WriteString(sep)
		}
	}
}

func (r *mdReader) text(n *ast.Text) {
	raw := n.Segment.Value(r.src)
	r.t.backtick = r.t.backtick || hasBareBacktick(raw)
	if r.t.blanks == "" && strayBlank(string(raw)) {
		r.t.blanks = string(raw)
	}
	r.write(string(util.ResolveEntityNames(util.ResolveNumericReferences(util.UnescapePunctuations(raw)))))
	switch {
	case n.HardLineBreak():
		r.write("\n")
	case n.SoftLineBreak():
		r.write(" ")
	}
}

func (r *mdReader) write(s string) {
	r.plain.WriteString(s)
	r.prose.WriteString(s)
}

func (r *mdReader) codeBlock(n ast.Node) {
	lines := n.Lines()
	for i := range lines.Len() {
		seg := lines.At(i)
		r.codeAt[lineStart(r.src, seg.Start)] = true
		line := strings.TrimRight(string(seg.Value(r.src)), "\n")
		r.t.code = append(r.t.code, line)
		r.plain.WriteString(line + "\n")
	}
	r.prose.WriteString(codeMark + "\n")
}

// tag notes HTML that shows nothing on a terminal. Comments may stay: no
// reader misses them.
func (r *mdReader) tag(html string) {
	if r.t.html == "" && !strings.HasPrefix(strings.TrimSpace(html), "<!--") {
		r.t.html = firstLineOf(strings.TrimSpace(html))
	}
}

// trailingBlanks looks for blanks at the end of lines, which no tree shows.
// Two of them before another line of text are Markdown's hard line break.
func (r *mdReader) trailingBlanks() {
	at := 0
	for line := range strings.SplitSeq(r.t.md, "\n") {
		end := at + len(line)
		text := strings.TrimRight(line, " \t")
		hardBreak := line == text+"  " && text != "" && end < len(r.src)
		if r.t.blanks == "" && text != line && !hardBreak && !r.codeAt[at] {
			r.t.blanks = line
		}
		at = end + 1
	}
}

// lineStart returns the offset of the line that holds offset i.
func lineStart(src []byte, i int) int {
	for i > 0 && src[i-1] != '\n' {
		i--
	}
	return i
}

// codeText returns the text below an inline node.
func codeText(n ast.Node, src []byte) string {
	var b strings.Builder
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		if t, ok := c.(*ast.Text); ok {
			b.Write(t.Segment.Value(src))
		}
	}
	return strings.ReplaceAll(b.String(), "\n", " ")
}

// inQuote reports whether an item belongs to a list inside a quotation, which
// is no top-level list.
func inQuote(n ast.Node) bool {
	for p := n.Parent(); p != nil; p = p.Parent() {
		if p.Kind() == ast.KindBlockquote {
			return true
		}
	}
	return false
}

// hasBareBacktick reports whether raw text, which is no code span, holds a
// backtick that is not escaped.
func hasBareBacktick(raw []byte) bool {
	for i, c := range raw {
		if c == '`' && (i == 0 || raw[i-1] != '\\') {
			return true
		}
	}
	return false
}

// strayBlank reports whether raw text holds two blanks in a row, or one before
// a mark that belongs to the word.
func strayBlank(raw string) bool {
	if strings.Contains(strings.TrimSpace(raw), "  ") {
		return true
	}
	for i := 1; i < len(raw); i++ {
		if raw[i-1] == ' ' && strings.IndexByte(",;:?!.", raw[i]) >= 0 && (i+1 == len(raw) || raw[i+1] == ' ') {
			return true
		}
	}
	return false
}

// firstLineOf returns the text's first line that holds anything.
func firstLineOf(s string) string {
	line, _, _ := strings.Cut(strings.TrimLeft(s, " \t\n"), "\n")
	return strings.TrimSpace(line)
}

// wordsOf splits text into words: whatever stands between blanks and holds a
// letter or a digit.
func wordsOf(s string) []string {
	var out []string
	for f := range strings.FieldsSeq(s) {
		if hasWord(f) {
			out = append(out, bareWord(f))
		}
	}
	return out
}

// hasWord reports whether s holds a letter or a digit.
func hasWord(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }) >= 0
}

// bareWord returns a word in lower case without the punctuation around it.
func bareWord(f string) string {
	return strings.ToLower(strings.TrimFunc(f, isAround))
}

// isAround reports whether r is punctuation that may stand around a word.
func isAround(r rune) bool {
	return strings.ContainsRune(".,;:?!\"'()[]{}*_`\u2026\u201c\u201d\u2018\u2019\u00ab\u00bb", r) || r == Open || r == Close
}

// sentencesOf splits prose at the marks that end a sentence and at the ends of
// lines.
func sentencesOf(prose string) []sentence {
	var out []sentence
	for line := range strings.SplitSeq(prose, "\n") {
		var s sentence
		fields := strings.Fields(line)
		for i, f := range fields {
			s.add(f)
			next := ""
			if i+1 < len(fields) {
				next = fields[i+1]
			}
			if asks, ends := sentenceEnd(f, next); ends {
				s.asks, s.quoted = asks, asks && quotedMark(f)
				out = appendSentence(out, s)
				s = sentence{}
			}
		}
		out = appendSentence(out, s)
	}
	return out
}

func appendSentence(out []sentence, s sentence) []sentence {
	if len(s.toks) == 0 {
		return out
	}
	return append(out, s)
}

// add appends a word. Punctuation that stands alone is joined to the word
// before it, so that a dash still parts two clauses.
func (s *sentence) add(field string) {
	if hasWord(field) || strings.Contains(field, codeMark) || strings.Contains(field, "%") {
		s.toks = append(s.toks, tok{raw: field, word: bareWord(field)})
	} else if k := len(s.toks); k > 0 {
		s.toks[k-1].raw += field
	}
}

// closers may stand between the mark that ends a sentence and the blank.
const closers = "\"')]*_\u201d\u2019\u00bb"

// sentenceEnd reports whether a sentence ends with the field and whether it
// asks. A full stop before a small letter is an abbreviation's.
func sentenceEnd(field, next string) (asks, ends bool) {
	mark, _ := utf8.DecodeLastRuneInString(strings.TrimRight(field, closers))
	switch mark {
	case '?':
		return true, true
	case '!':
		return false, true
	case '.':
		r, _ := utf8.DecodeRuneInString(strings.TrimLeft(next, "\"'(\u201c\u2018"))
		return false, !unicode.IsLower(r) && !abbreviations[bareWord(field)]
	}
	return false, false
}

// abbreviations keep their full stop inside a sentence. Those that are units or
// words, such as ms and no, end one more often than not.
var abbreviations = wordSet("e.g i.e vs cf approx ca incl resp fig ch vol al dr mr mrs jan feb mar apr jun jul aug sep sept oct nov dec")

// quotedMark reports whether the question mark of the field stands inside
// quotation marks.
func quotedMark(field string) bool {
	_, after, _ := strings.Cut(field[strings.LastIndexByte(field, '?'):], "?")
	return strings.ContainsAny(after, "\"\u201d\u00bb")
}

// words returns the sentence's words.
func (s *sentence) words() []string {
	out := make([]string, len(s.toks))
	for i, t := range s.toks {
		out[i] = t.word
	}
	return out
}

// word returns the i-th word, or "" where there is none.
func (s *sentence) word(i int) string {
	if i < 0 || i >= len(s.toks) {
		return ""
	}
	return s.toks[i].word
}

// has reports whether one of the sentence's words is in the set.
func (s *sentence) has(set map[string]bool) bool { return s.index(set, 0) >= 0 }

// index returns the index of the first word from i that is in the set, or -1.
func (s *sentence) index(set map[string]bool, i int) int {
	for ; i < len(s.toks); i++ {
		if set[s.toks[i].word] {
			return i
		}
	}
	return -1
}

// clauses returns the indexes where the sentence begins and where it goes on
// after one of the marks.
func (s *sentence) clauses(marks string) []int {
	out := []int{0}
	for i := 1; i < len(s.toks); i++ {
		raw := strings.TrimRight(s.toks[i-1].raw, closers)
		if r, _ := utf8.DecodeLastRuneInString(raw); raw != "" && strings.ContainsRune(marks, r) {
			out = append(out, i)
		}
	}
	return out
}

// asking returns the last sentence that asks, or nil.
func (t *lintText) asking() *sentence {
	for i := len(t.sentences) - 1; i >= 0; i-- {
		if t.sentences[i].asks {
			return &t.sentences[i]
		}
	}
	return nil
}

// has reports whether one of the prose's words is in the set.
func (t *lintText) has(set map[string]bool) bool {
	for i := range t.sentences {
		if t.sentences[i].has(set) {
			return true
		}
	}
	return false
}

// hasCode reports whether the text shows code or a diagram.
func (t *lintText) hasCode() bool { return strings.Contains(t.prose, codeMark) }

// wordSet makes a set of the words in s.
func wordSet(s string) map[string]bool {
	set := map[string]bool{}
	for w := range strings.FieldsSeq(s) {
		set[w] = true
	}
	return set
}

// hasPhrase reports whether the words follow each other somewhere in text.
func hasPhrase(text []string, phrase ...string) bool {
	for i := 0; i+len(phrase) <= len(text); i++ {
		if equalWords(text[i:i+len(phrase)], phrase) {
			return true
		}
	}
	return false
}

func equalWords(a, b []string) bool {
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}
