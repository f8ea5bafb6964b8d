package deck

import (
	"bytes"
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"
	"unicode/utf8"
)

const (
	maxFile     = 1 << 20 // bytes of a file; more is not a post but a mistake
	maxProblems = 1000    // per file; a hostile file must not fill the memory
	maxExcerpt  = 40      // runes of the file's text that a message repeats
)

// Parse reads one file. path is slash-separated, relative to the library's
// root, and is what problems name. Problems come in line order, all of them in
// one run. If one of them is an [Error] the post is nil; warnings may come with
// a good post. Body, and every text in the post, has LF line ends and no byte
// order mark.
//
// Parse never panics and costs time linear in the size of src, apart from the
// front matter, which is bounded in size and depth.
func Parse(path string, src []byte) (*Post, []*Problem) {
	if len(src) > maxFile {
		r := &reporter{file: path}
		r.report(0, "split it into several posts", "the file is over 1 MiB")
		return nil, r.list
	}
	return ParseStored(path, src)
}

// ParseStored is [Parse] for a text that the database keeps, which may be of
// any size: an imported deck is one post.
func ParseStored(path string, src []byte) (*Post, []*Problem) {
	r := &reporter{file: path}
	text, ok := r.decode(src)
	if !ok {
		return nil, r.list
	}
	unreadable := len(r.list)

	lines := splitLines(text)
	fm, body := r.frontMatter(lines)
	s := &scanner{
		reporter: r,
		post:     newPost(path, text, fm),
		keys:     map[string]int{},
	}
	s.post.BodyLine = body + 1
	openFence := markFences(lines[body:])
	s.scan(lines[body:], openFence)

	// A README, a to-do list or an article for a web site is no deck: whatever
	// looks odd in it is not ours to judge.
	if !s.cards {
		r.list = r.list[:unreadable]
	}
	slices.SortStableFunc(r.list, func(a, b *Problem) int { return cmp.Compare(a.Line, b.Line) })
	if slices.ContainsFunc(r.list, func(p *Problem) bool { return p.Severity == Error }) {
		return nil, r.list
	}
	return s.post, r.list
}

// newPost fills what the path and the front matter say.
func newPost(name, body string, fm frontMatter) *Post {
	p := &Post{
		Path:     name,
		Slug:     slug(name),
		Dialect:  fm.dialect,
		Title:    fm.title,
		Tags:     fm.tags,
		Requires: fm.requires,
		Sources:  fm.sources,
		Body:     body,
	}
	if p.Title == "" {
		p.Title = p.Slug
	}
	if len(p.Tags) > 0 {
		p.Topic = p.Tags[0]
	} else if folder := path.Base(path.Dir(name)); folder != "." && folder != "/" {
		p.Topic = folder
	}
	return p
}

// slug returns the file's base name without .md.
func slug(name string) string {
	base := path.Base(name)
	if ext := path.Ext(base); strings.EqualFold(ext, ".md") && len(base) > len(ext) {
		return base[:len(base)-len(ext)]
	}
	return base
}

// reporter collects the problems of one file.
type reporter struct {
	file string
	list []*Problem
}

// report adds an error at a line. hint says what to do about it, or is "".
func (r *reporter) report(line int, hint, format string, args ...any) {
	if len(r.list) > maxProblems {
		return
	}
	if len(r.list) == maxProblems {
		format, args, hint = "too many problems; the rest is not shown", nil, ""
	}
	r.list = append(r.list, &Problem{
		File:     r.file,
		Line:     line,
		Severity: Error,
		Msg:      fmt.Sprintf(format, args...),
		Hint:     hint,
	})
}

// decode returns the text of src with LF line ends and without a byte order
// mark. ok is false when there is no point in reading on.
func (r *reporter) decode(src []byte) (text string, ok bool) {
	if bytes.HasPrefix(src, []byte("\xff\xfe")) || bytes.HasPrefix(src, []byte("\xfe\xff")) {
		r.report(1, "save it as UTF-8", "the file is UTF-16")
		return "", false
	}
	text = strings.TrimPrefix(string(src), "\ufeff")
	if i := strings.IndexByte(text, 0); i >= 0 {
		r.report(lineAt(text, i), "is it a text file?", "NUL byte")
	}
	if !utf8.ValidString(text) {
		i := invalidUTF8(text)
		r.report(lineAt(text, i), "save the file as UTF-8", "invalid UTF-8")
		text = strings.ToValidUTF8(text, "\ufffd")
	}
	if i := strings.IndexAny(text, string(Open)+string(Close)+string(Attrs)); i >= 0 {
		r.report(lineAt(text, i), "delete it", "private-use character U+F8F0, U+F8F1 or U+F8F2, which etch needs for itself")
	}
	return strings.ReplaceAll(text, "\r\n", "\n"), true
}

// invalidUTF8 returns the offset of the first byte that is not UTF-8.
func invalidUTF8(text string) int {
	for i, r := range text {
		if r == utf8.RuneError && !strings.HasPrefix(text[i:], "\ufffd") {
			return i
		}
	}
	return len(text)
}

// lineAt returns the number of the line, from 1, that the offset stands on.
func lineAt(text string, offset int) int {
	return 1 + strings.Count(text[:offset], "\n")
}

// excerpt quotes text of the file for a message: one line, nothing that could
// drive a terminal, of a sane length.
func excerpt(s string) string {
	return `"` + short(s, maxExcerpt) + `"`
}

// short returns s as one harmless line of at most limit runes.
func short(s string, limit int) string {
	if len(s) > 8*limit {
		s = strings.ToValidUTF8(s[:8*limit], "") + "…"
	}
	s = strings.Map(func(r rune) rune {
		if r == Open || r == Close || r == Attrs {
			return -1
		}
		return r
	}, CleanLine(s))
	if runes := []rune(s); len(runes) > limit {
		return string(runes[:limit-1]) + "…"
	}
	return s
}

// scanner reads the lines after the front matter, one at a time.
type scanner struct {
	*reporter
	post    *Post
	section string         // the "##" heading that the line stands under
	meta    *meta          // a card comment that waits for its card, or nil
	draft   *draft         // the card being read, or nil outside cards
	keys    map[string]int // explicit ids of this file and their lines
	cards   bool           // the file holds something meant as a card
	cut     bool           // the last question ended before its answer
}

// draft is a card whose end has not been reached.
type draft struct {
	line   int  // of the Q: or C:
	cloze  bool // else a question
	meta   *meta
	front  side
	back   side
	answer int // line of the A:, or 0
	// broken: a problem has been reported already, so that what follows from
	// it is not worth a second one.
	broken bool
	// guessed: a look-alike began it, so it is likely to hold more of them.
	guessed bool
}

// side is the lines of a question, an answer or a cloze.
type side []srcLine

// scan reads all lines. openFence is the index of the line that opens a fence
// which never ends, or -1.
func (s *scanner) scan(lines []srcLine, openFence int) {
	for _, l := range lines {
		s.line(l)
	}
	if openFence >= 0 {
		if s.draft != nil {
			s.draft.broken = true // it holds the rest of the file
		}
		s.cards = s.cards || slices.ContainsFunc(lines[openFence:], func(l srcLine) bool {
			m, _ := marker(l.text)
			return m != 0
		})
		s.report(lines[openFence].no, "close it with a line of the same marks", "code fence is not closed")
	}
	s.endCard("the file ends first")
	s.dropMeta()
}

// line reads one line: the first rule that fits decides what it is.
func (s *scanner) line(l srcLine) {
	if l.fenced {
		s.text(l)
		return
	}
	if m, rest := marker(l.text); m != 0 {
		s.cards = true
		l.text = rest
		s.marker(m, l, false)
		return
	}
	if m, found := lookAlike(l.text, s.draft != nil && !s.draft.guessed); m != 0 {
		s.cards = true
		s.report(l.no, lookAlikeHint(m, found), "%s looks like %c: but is not", excerpt(found), m)
		s.marker(m, l, true)
		return
	}
	heading, level := s.heading(l.text)
	switch {
	case isMeta(l.text):
		s.endCard(fmt.Sprintf("the card comment in line %d comes first", l.no))
		s.dropMeta()
		s.cards = s.cards || s.post.Dialect == PostDialect
		s.meta = s.parseMeta(l)
	case likeMeta(l.text):
		s.report(l.no, `write <!-- card ... --> at the start of the line`, "%s looks like a card comment but is not", excerpt(strings.TrimSpace(l.text)))
	case level > 0:
		s.endCard(fmt.Sprintf("the heading in line %d comes first", l.no))
		s.dropMeta()
		s.open(heading, level, l.no)
	case s.isRule(l.text):
		s.endCard(fmt.Sprintf("the --- in line %d comes first", l.no))
		s.dropMeta()
	case s.draft == nil && s.post.Dialect == DeckDialect && s.oneLine(l):
	default:
		s.text(l)
	}
}

// heading is [cutHeading]; in the deck dialect headings are text like any
// other.
func (s *scanner) heading(text string) (heading string, level int) {
	if s.post.Dialect != PostDialect {
		return "", 0
	}
	return cutHeading(text)
}

// isRule reports whether the line ends a card. hashcards allows blanks around
// the dashes; in a post an indented one belongs to a list.
func (s *scanner) isRule(text string) bool {
	if s.post.Dialect == DeckDialect {
		return strings.TrimSpace(text) == "---"
	}
	return strings.TrimRight(text, " \t") == "---"
}

// open begins a section. Only a "##" heading is a takeaway: the levels below
// divide it, and "#" stands above all of them.
func (s *scanner) open(heading string, level, line int) {
	switch level {
	case 1:
		s.section = ""
	case 2:
		s.section = heading
		s.post.Takeaways = append(s.post.Takeaways, Takeaway{Heading: heading, Line: line})
	}
}

// text reads a line that is no more than text.
func (s *scanner) text(l srcLine) {
	switch {
	case s.draft == nil:
		if l.fenced || !isBlank(l.text) {
			s.dropMeta()
		}
	case s.draft.answer > 0:
		s.draft.back = append(s.draft.back, l)
	default:
		s.draft.front = append(s.draft.front, l)
	}
}

// marker reads a line that begins with Q:, A: or C:; l holds what follows.
// broken says that it only looks like one, so that the card is not worth
// further problems.
func (s *scanner) marker(m byte, l srcLine, broken bool) {
	if m == 'A' {
		s.answer(l, broken)
		return
	}
	s.endCard(fmt.Sprintf("the %c: in line %d comes first", m, l.no))
	s.cut = false
	s.draft = &draft{line: l.no, cloze: m == 'C', meta: s.meta, front: side{l}, broken: broken, guessed: broken}
	s.meta = nil
}

// answer reads a line that begins with A:.
func (s *scanner) answer(l srcLine, broken bool) {
	d := s.draft
	switch {
	case d == nil:
		if !broken && !s.cut {
			s.report(l.no, "write the question before it, on a line that starts with Q:", "answer without a question")
		}
		s.draft = &draft{line: l.no, meta: s.meta, answer: l.no, broken: true}
		s.meta = nil
	case broken:
		d.broken = true
	case d.broken:
	case d.cloze && s.post.Dialect == DeckDialect:
		s.report(l.no, `a cloze needs no answer; write A\: if it is text`, "A: in a cloze card")
		d.broken = true
	case d.answer > 0:
		s.report(l.no, `write A\: if it is text, or begin the next card with Q:`, "second A: in one card")
		d.broken = true
	default:
		d.answer = l.no
		d.back = side{l}
	}
}

// oneLine reads a card of the form front::back, as repeater knows it, and
// reports whether the line is meant as one.
func (s *scanner) oneLine(l srcLine) bool {
	front, back, ok := splitOneLine(l.text)
	if !ok {
		return false
	}
	s.cards = true
	m := s.meta
	s.meta = nil
	front, back = strings.TrimSpace(front), strings.TrimSpace(back)
	if front == "" || back == "" {
		s.report(l.no, "write front::back; put :: into `code` if it is text", "one-line card with an empty side")
		return true
	}
	s.add(Note{Kind: Basic, Front: front, Back: back, Line: l.no, First: l.no, Last: l.no}, m)
	return true
}

// dropMeta reports a card comment that no card follows.
func (s *scanner) dropMeta() {
	if s.meta != nil {
		s.report(s.meta.line, "put it directly above the Q: or C: that it describes", "card comment without a card")
		s.meta = nil
	}
}

// endCard ends the card being read, if any. why says what ended it.
func (s *scanner) endCard(why string) {
	d := s.draft
	s.draft = nil
	if d == nil || d.broken {
		return
	}
	front, back := d.front.trim(), d.back.trim()
	note := Note{Kind: Basic, Line: d.line, First: d.line, Last: max(d.line, d.answer, front.last(), back.last())}
	switch {
	case d.cloze:
		note.Kind = Cloze
		note.Front, note.Back = s.cloze(front, d.line), back.text()
		if d.answer > 0 && len(back) == 0 {
			s.report(d.answer, "write it after the A:, or leave the A: out", "the answer is empty")
		}
	case d.answer == 0:
		s.cut = true
		s.report(d.line, "write the answer on a line that starts with A:", "question without an answer: %s", why)
	default:
		if len(front) == 0 {
			s.report(d.line, "write it after the Q:", "the question is empty")
		}
		if len(back) == 0 {
			s.report(d.answer, "write it after the A:", "the answer is empty")
		}
		note.Front, note.Back = front.text(), back.text()
	}
	s.add(note, d.meta)
}

// add completes a note by its comment and its section. A note with an error is
// added like any other: the post is not going to be used.
func (s *scanner) add(note Note, m *meta) {
	note.Takeaway = s.section
	if m != nil {
		s.describe(&note, m)
	}
	s.post.Notes = append(s.post.Notes, note)
}

// trim drops blank lines at both ends and blanks after the last word, and
// takes the backslash out of a literal marker such as Q\:. Blanks before the
// first word stay when they are the indentation of a line of its own.
func (s side) trim() side {
	for len(s) > 0 && isBlank(s[0].text) {
		s = s[1:]
	}
	for len(s) > 0 && isBlank(s[len(s)-1].text) {
		s = s[:len(s)-1]
	}
	out := slices.Clone(s)
	for i, l := range out {
		if !l.fenced {
			out[i].text = unescapeMarker(l.text)
		}
	}
	if n := len(out); n > 0 {
		out[n-1].text = strings.TrimRight(out[n-1].text, " \t\r")
	}
	return out
}

// last returns the number of the last line, or 0.
func (s side) last() int {
	if len(s) == 0 {
		return 0
	}
	return s[len(s)-1].no
}

// text joins the lines.
func (s side) text() string {
	var b strings.Builder
	for i, l := range s {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(l.text)
	}
	return b.String()
}
