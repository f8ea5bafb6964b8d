package deck

import (
	"regexp"
	"strings"
	"unicode"

	"go.yaml.in/yaml/v3"
)

// The decoders may cost more than linear time on nested input, so its size and
// depth are bounded before they see it. A real post has some 1 KiB.
const (
	maxYAML  = 64 << 10 // bytes
	maxTOML  = 4 << 10  // bytes; the TOML decoder's time grows with the cube
	maxDepth = 16       // of brackets, and of "- " on one line
)

// frontMatter is what the head of a file says about the whole of it.
type frontMatter struct {
	dialect  Dialect
	title    string // title or name
	tags     []string
	requires []string
	sources  []Source
}

var (
	postTitle = regexp.MustCompile(`^(?:title|"title"|'title')[ \t]*:`)
	// headLine is a first line that makes a block between two rules front
	// matter: a key, or a table of TOML. Prose between rules is prose.
	headLine = regexp.MustCompile(`^(?:(?:"[^"]*"|'[^']*'|[\pL_][\pL\pN_.-]*)[ \t]*(?::(?:[ \t]|$)|=)|\[[\w.-]+\][ \t]*$)`)
	tomlLine = regexp.MustCompile(`^(?:[^:=]*=|\[)`)
)

// frontMatter reads the front matter of a file and returns the index of the
// first line after it.
func (r *reporter) frontMatter(lines []srcLine) (fm frontMatter, body int) {
	fm.dialect = DeckDialect
	if len(lines) == 0 || !isDashes(lines[0].text) {
		r.lateFrontMatter(lines)
		return fm, 0
	}
	head, first, closed := cutHead(lines)
	switch {
	case !closed && first == "":
		return fm, 1 // a rule, then cards or nothing
	case closed && first == "":
		return fm, len(head) + 2
	case !headLine.MatchString(first) && !postTitle.MatchString(first):
		return fm, 1 // a rule, then prose
	}
	for _, l := range head {
		if postTitle.MatchString(l.text) {
			fm.dialect = PostDialect
		}
	}
	if !closed {
		r.report(1, "end it with a line ---", "front matter is not closed")
		return fm, 1
	}
	r.decodeHead(&fm, head, first)
	return fm, len(head) + 2
}

// isDashes reports whether the line can open or close front matter.
func isDashes(text string) bool { return strings.TrimSpace(text) == "---" }

// cutHead returns the lines between the first line, which is ---, and the next
// such line, and the first of them that is neither blank nor a comment. A card
// shows that the front matter was not closed.
func cutHead(lines []srcLine) (head []srcLine, first string, closed bool) {
	for i, l := range lines[1:] {
		m, _ := marker(l.text)
		switch {
		case isDashes(l.text):
			return lines[1 : 1+i], first, true
		case m != 0 || isMeta(l.text):
			return lines[1 : 1+i], first, false
		case first == "" && !isBlank(l.text) && !strings.HasPrefix(l.text, "#"):
			first = l.text
		}
	}
	return lines[1:], first, false
}

// lateFrontMatter reports a post whose front matter is not at the very start:
// as a deck it would compile to something else in silence.
func (r *reporter) lateFrontMatter(lines []srcLine) {
	i := 0
	for i < len(lines) && isBlank(lines[i].text) {
		i++
	}
	if i+1 < len(lines) && isDashes(lines[i].text) && postTitle.MatchString(lines[i+1].text) {
		r.report(lines[i].no, "delete the blank lines before it", "front matter must begin in the first line")
	}
}

// decodeHead reads the lines of the front matter into fm.
func (r *reporter) decodeHead(fm *frontMatter, lines []srcLine, first string) {
	text := side(lines).text() + "\n"
	isTOML := fm.dialect == DeckDialect && tomlLine.MatchString(first)
	limit := maxYAML
	if isTOML {
		limit = maxTOML
	}
	if len(text) > limit {
		r.report(1, "", "front matter is over %d KiB", limit>>10)
		return
	}
	if line := tooDeep(text); line > 0 {
		r.report(line+1, "", "front matter is nested too deeply")
		return
	}
	// The decoders are other people's code and the input is anybody's file: a
	// panic of theirs is a problem of this file, not the end of the program.
	defer func() {
		if p := recover(); p != nil {
			r.report(1, "", "front matter cannot be read")
		}
	}()
	if isTOML {
		r.decodeTOML(fm, text)
		return
	}
	r.decodeYAML(fm, text)
}

// tooDeep returns the first line of text, from 1, that nests deeper than
// maxDepth, or 0.
func tooDeep(text string) int {
	depth := 0
	n := 0
	for line := range strings.Lines(text) {
		n++
		dashes := 0
		for rest, ok := strings.TrimLeft(line, " "), true; ok && dashes <= maxDepth; dashes++ {
			rest, ok = strings.CutPrefix(rest, "- ")
			rest = strings.TrimLeft(rest, " ")
		}
		for i := range len(line) {
			switch line[i] {
			case '[', '{':
				depth++
			case ']', '}':
				depth = max(0, depth-1)
			}
			if depth > maxDepth || dashes > maxDepth {
				return n
			}
		}
	}
	return 0
}

// tomlKey matches a line with one of the keys that count.
var tomlKey = regexp.MustCompile(`^[ \t]*(name|tags)[ \t]*=[ \t]*`)

// decodeTOML reads hashcards' front matter: a name, and tags if there are any,
// above all tables. What else there is is none of our business. The texts and
// lists of TOML that fit on a line are YAML, too, and a decoder for all of TOML
// would be 1 % of the program.
func (r *reporter) decodeTOML(fm *frontMatter, text string) {
	lines := strings.SplitAfter(text, "\n")
	for i, line := range lines {
		if strings.HasPrefix(strings.TrimSpace(line), "[") {
			return
		}
		m := tomlKey.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		value := line[len(m[0]):]
		for n := i + 1; n < len(lines) && strings.HasPrefix(value, "[") && !strings.Contains(value, "]"); n++ {
			value += lines[n] // a list may go on
		}
		texts, ok := tomlTexts(value)
		switch {
		case !ok || m[1] == "name" && len(texts) != 1:
			r.report(r.headLine(text, i+1), "", "front matter is not valid TOML: %s must be %s", m[1], map[string]string{"name": `"text"`, "tags": `["a", "b"]`}[m[1]])
			return
		case m[1] == "name" && isPlain(texts[0]):
			fm.title = strings.TrimSpace(texts[0])
		case m[1] == "tags":
			for _, tag := range texts {
				if isPlain(tag) && !isBlank(tag) {
					fm.tags = append(fm.tags, strings.TrimSpace(tag))
				}
			}
		}
	}
}

// tomlTexts reads a quoted text, or a list of them in brackets.
func tomlTexts(value string) (texts []string, ok bool) {
	docs, err := parseYAML(value)
	if err != nil || len(docs) != 1 {
		return nil, false
	}
	nodes := []*yaml.Node{docs[0]}
	if docs[0].Kind == yaml.SequenceNode {
		nodes = docs[0].Content
	}
	for _, n := range nodes {
		if n.Kind != yaml.ScalarNode || n.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle) == 0 {
			return nil, false
		}
		texts = append(texts, reveal(n.Value))
	}
	return texts, true
}

// headLine turns a line of the front matter's text, from 1, into a line of the
// file; decoders may name a line behind the end.
func (r *reporter) headLine(text string, line int) int {
	return 1 + min(max(line, 1), strings.Count(text, "\n"))
}

// decodeYAML reads YAML front matter. In the deck dialect only name and tags
// count, and what else there is is none of our business.
func (r *reporter) decodeYAML(fm *frontMatter, text string) {
	docs, err := parseYAML(text)
	if err != nil {
		line, msg := yamlError(text, err)
		r.report(r.headLine(text, line), "", "front matter is not valid YAML: %s", short(msg, 100))
		return
	}
	d := &headDecoder{reporter: r, text: text, strict: fm.dialect == PostDialect}
	if len(docs) > 1 {
		d.fail(docs[1], "front matter holds two documents")
		return
	}
	var root *yaml.Node
	if len(docs) > 0 {
		root = docs[0]
	}
	pairs, ok := mapping(root)
	if !ok {
		d.fail(root, "front matter must be lines of the form key: value")
		return
	}
	if p := repeated(pairs); p != nil {
		r.report(r.headLine(text, p.key.Line-1), "", "front matter has the key %s twice", excerpt(reveal(p.key.Value)))
		return
	}
	for _, p := range pairs {
		d.pair(fm, p)
	}
	if d.strict && fm.title == "" && !d.failed {
		r.report(r.titleLine(text), "", "the title is empty")
	}
}

// titleLine returns the line of the file that holds the title.
func (r *reporter) titleLine(text string) int {
	n := 1
	for line := range strings.Lines(text) {
		n++
		if postTitle.MatchString(line) {
			return n
		}
	}
	return 1
}

// headDecoder turns the syntax tree of YAML front matter into fields.
type headDecoder struct {
	*reporter
	text   string
	strict bool // the post dialect: every key and every form counts
	failed bool
}

// fail reports a problem at a node, if somebody wants to know.
func (d *headDecoder) fail(n *yaml.Node, format string, args ...any) {
	d.failHint(n, "", format, args...)
}

// failHint is fail with a next step.
func (d *headDecoder) failHint(n *yaml.Node, hint, format string, args ...any) {
	if !d.strict {
		return
	}
	d.failed = true
	line := 1
	if n != nil {
		line = n.Line - 1
	}
	d.report(d.headLine(d.text, line), hint, format, args...)
}

// pair reads one key and its value.
func (d *headDecoder) pair(fm *frontMatter, p pair) {
	key, ok := d.scalar(p.key, "a key")
	if !ok {
		return
	}
	switch {
	case key == "tags":
		fm.tags = d.list(p.value, key)
	case !d.strict && key == "name", d.strict && key == "title":
		fm.title, _ = d.scalar(p.value, key)
	case !d.strict:
	case key == "requires":
		fm.requires = d.list(p.value, key)
	case key == "sources":
		fm.sources = d.sources(p.value)
	default:
		d.failHint(p.key, "the keys are title, tags, requires and sources", "unknown front matter key %s", excerpt(key))
	}
}

// scalar returns the text of a single value, as it is written for numbers and
// dates. An absent value is the empty text.
func (d *headDecoder) scalar(n *yaml.Node, what string) (string, bool) {
	if n.Kind != yaml.ScalarNode || !isBare(n) {
		d.fail(n, "%s must be plain text", what)
		return "", false
	}
	if isAbsent(n) {
		return "", true
	}
	text := reveal(n.Value)
	if n.Style == 0 {
		text = strings.ReplaceAll(text, "\t", " ")
	}
	text = strings.TrimSpace(text)
	if !isPlain(text) {
		d.fail(n, "%s holds a control character", what)
		return "", false
	}
	return text, true
}

// list returns a list of texts; a single one needs no brackets.
func (d *headDecoder) list(n *yaml.Node, what string) []string {
	if n.Kind != yaml.SequenceNode || !isBare(n) {
		if text, ok := d.scalar(n, what); ok && text != "" {
			return []string{text}
		}
		return nil
	}
	var out []string
	for _, v := range n.Content {
		text, ok := d.scalar(v, "an entry of "+what)
		if ok && text == "" {
			d.fail(v, "empty entry in %s", what)
		} else if ok {
			out = append(out, text)
		}
	}
	return out
}

// sources returns the pairs of short key and reference.
func (d *headDecoder) sources(n *yaml.Node) []Source {
	if isAbsent(n) || n.Kind == yaml.SequenceNode && len(n.Content) == 0 && isBare(n) {
		return nil
	}
	pairs, ok := mapping(n)
	if !ok {
		d.fail(n, "sources must be lines of the form key: reference")
		return nil
	}
	if p := repeated(pairs); p != nil {
		d.fail(p.key, "sources have the key %s twice", excerpt(reveal(p.key.Value)))
		return nil
	}
	var out []Source
	for _, p := range pairs {
		key, ok := d.scalar(p.key, "the key of a source")
		ref, ok2 := d.scalar(p.value, "a source")
		switch {
		case !ok || !ok2:
		case key == "" || ref == "":
			d.fail(p.key, "source %s is empty", excerpt(key))
		default:
			out = append(out, Source{Key: key, Ref: ref})
		}
	}
	return out
}

// isPlain reports whether the text can stand on one line of a screen.
func isPlain(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool {
		return unicode.IsControl(r) || r == Open || r == Close || r == Attrs
	})
}
