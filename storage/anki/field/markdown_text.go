package field

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"etch/deck"

	"github.com/yuin/goldmark/util"
)

// care is how much of a paragraph's look is kept. Markdown cannot say
// everything, such as bold in the middle of some words; where a paragraph would
// not be drawn as it was in Anki, the next level is tried.
type care int

const (
	allLooks   care = iota
	someLooks       // no bold and no italics
	plainLooks      // text alone, each sign escaped
)

// wide is a screen on which no line breaks.
const wide = 8 * maxText

// paragraph returns the lines of a paragraph.
func (w *writer) paragraph(runs []run) []string {
	runs = tidy(runs)
	if len(runs) == 0 {
		return nil
	}
	md := w.checked(runs)
	if !w.spend(md) {
		return nil
	}
	return strings.Split(md, "\n")
}

// cell returns a table cell, which is one line. What a bar must be escaped for
// does not change what the text says, so it is checked without.
func (w *writer) cell(runs []run) string {
	runs = tidy(runs)
	level := allLooks
	for ; level < plainLooks; level++ {
		if w.isRight(runs, level) {
			break
		}
	}
	in := inliner{links: w.links, level: level, cloze: w.cloze, cell: true}
	return in.write(runs)
}

// checked returns the Markdown of a paragraph with as many looks as can be.
func (w *writer) checked(runs []run) string {
	for level := allLooks; level < plainLooks; level++ {
		if w.isRight(runs, level) {
			return w.lines(runs, level)
		}
	}
	return w.lines(runs, plainLooks)
}

// isRight reports whether the paragraph is drawn as it should be.
func (w *writer) isRight(runs []run, level care) bool {
	md := w.lines(runs, level)
	if len(md) > maxChecked {
		return false
	}
	want := drawing{links: w.links}
	got := deck.Render(strings.Map(withoutGroups, md), wide, deck.Plain)
	return slices.Equal(got, want.lines(runs))
}

func withoutGroups(r rune) rune {
	if r >= markers {
		return -1
	}
	return r
}

// lines returns the Markdown of a paragraph at a level.
func (w *writer) lines(runs []run, level care) string {
	in := inliner{links: w.links, level: level, cloze: w.cloze}
	lines := strings.Split(in.write(runs), "\n")
	for i, line := range lines {
		lines[i] = guard(line, i > 0)
	}
	return strings.Join(lines, "\n")
}

// tidy makes runs ready to be written: blanks stand in runs of their own, none
// at the ends of lines, and a deletion begins and ends with something.
func tidy(runs []run) []run {
	var out []run
	for _, r := range runs {
		switch r.kind {
		case boxRun:
			out = append(out, run{text: bytes.TrimSpace(r.text), group: r.group}, run{text: []byte(" "), group: r.group})
		case wordRun, codeRun:
			out = append(out, parted(r)...)
		default:
			out = append(out, r)
		}
	}
	out = trimLines(out)
	openBlanks(out)
	return dropBlankGroups(out)
}

// parted cuts a run into its blanks and its words.
func parted(r run) []run {
	blank := run{text: []byte(" "), group: r.group, styles: r.styles}
	core := strings.Trim(string(r.text), " ")
	if core == "" {
		return []run{blank}
	}
	words := r
	words.text = []byte(core)
	out := []run{words}
	if r.text[0] == ' ' {
		out = []run{blank, words}
	}
	if r.text[len(r.text)-1] == ' ' {
		out = append(out, blank)
	}
	return out
}

func (r run) isBlank() bool { return r.kind == wordRun && string(r.text) == " " }

// trimLines drops blanks beside line ends and doubled ones, and line ends at
// the ends.
func trimLines(runs []run) []run {
	var out []run
	for _, r := range runs {
		last := len(out) - 1
		start := last < 0 || out[last].kind == breakRun
		if r.isBlank() && (start || out[last].isBlank()) || r.kind == breakRun && last < 0 {
			continue
		}
		if r.kind == breakRun && out[last].isBlank() {
			out = out[:last]
		}
		out = append(out, r)
	}
	for len(out) > 0 && (out[len(out)-1].isBlank() || out[len(out)-1].kind == breakRun) {
		out = out[:len(out)-1]
	}
	return out
}

// openBlanks leaves to each blank and line end the looks that it shares with
// what stands on both sides of it, so that a look neither begins nor ends with
// a blank.
func openBlanks(runs []run) {
	for i := 1; i < len(runs)-1; i++ {
		r, before, after := &runs[i], runs[i-1], runs[i+1]
		if !r.isBlank() && r.kind != breakRun {
			continue
		}
		looks := r.styles
		r.styles = nil
		if r.kind == breakRun && before.group != after.group {
			r.group = 0
		}
		if before.group == r.group && after.group == r.group {
			r.styles = common(looks, common(before.styles, after.styles))
		}
	}
}

// common returns the looks that two lists begin with alike.
func common(a, b []style) []style {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return slices.Clip(a[:n])
}

// dropBlankGroups makes text of deletions that hide nothing.
func dropBlankGroups(runs []run) []run {
	for i := 0; i < len(runs); {
		end := i + 1
		hides := hidesSomething(runs[i])
		for end < len(runs) && runs[end].group == runs[i].group {
			hides = hides || hidesSomething(runs[end])
			end++
		}
		if !hides {
			for j := i; j < end; j++ {
				runs[j].group = 0
			}
		}
		i = end
	}
	return runs
}

func hidesSomething(r run) bool {
	return r.kind == pictureRun || r.kind != breakRun && strings.TrimSpace(string(r.text)) != ""
}

// inliner writes the inline content of a block.
type inliner struct {
	links []string
	level care
	cloze bool
	cell  bool

	b     strings.Builder
	open  []style
	group int
}

// write returns the Markdown of tidy runs.
func (in *inliner) write(runs []run) string {
	for i := 0; i < len(runs); {
		if runs[i].group != in.group {
			in.enter(runs[i].group)
		}
		if n := in.autolink(runs[i:]); n > 0 {
			i += n
			continue
		}
		in.look(in.kept(runs[i].styles))
		var next *run
		if i+1 < len(runs) {
			next = &runs[i+1]
		}
		in.run(runs[i], next)
		i++
	}
	in.enter(0)
	return in.b.String()
}

// enter ends the open deletion, if any, and begins another, if any.
func (in *inliner) enter(group int) {
	in.look(nil)
	if in.group > 0 {
		in.b.WriteRune(deck.Close)
		in.b.WriteRune(groupMark + rune(in.group-1))
	}
	if group > 0 {
		in.b.WriteRune(deck.Open)
	}
	in.group = group
}

// kept returns the looks that are kept at this level.
func (in *inliner) kept(styles []style) []style {
	var out []style
	for _, s := range styles {
		if in.level == allLooks || in.level == someLooks && s >= strikeStyle {
			out = append(out, s)
		}
	}
	return out
}

// look ends and begins looks until those that are open are the wanted ones.
func (in *inliner) look(want []style) {
	keep := len(common(in.open, want))
	for len(in.open) > keep {
		last := in.open[len(in.open)-1]
		in.open = in.open[:len(in.open)-1]
		if last >= linkStyle {
			in.b.WriteString("](" + destination(in.links[last-linkStyle]) + ")")
		} else {
			in.b.WriteString(delimiters[last])
		}
	}
	for _, s := range want[keep:] {
		if s >= linkStyle {
			in.b.WriteString("[")
		} else {
			in.b.WriteString(delimiters[s])
		}
		in.open = append(in.open, s)
	}
}

// delimiters of the looks.
var delimiters = map[style]string{strongStyle: "**", emStyle: "*", strikeStyle: "~~"}

// isURL matches what may stand between angle brackets.
var isURL = lazily(`^(?:https?://|mailto:)[^\s<>|\\]+$`)

// autolink writes a link whose text is its address, and returns how many runs
// it takes, or 0.
func (in *inliner) autolink(runs []run) int {
	if in.level == plainLooks {
		return 0
	}
	r := runs[0]
	at := slices.IndexFunc(r.styles, func(s style) bool { return s >= linkStyle })
	if at < 0 || r.kind != wordRun || slices.Contains(in.open, r.styles[at]) {
		return 0
	}
	dest := in.links[r.styles[at]-linkStyle]
	alone := len(runs) == 1 || !slices.Contains(runs[1].styles, r.styles[at])
	if string(r.text) != dest || !alone || !isURL().MatchString(dest) {
		return 0
	}
	in.look(in.kept(slices.Delete(slices.Clone(r.styles), at, at+1)))
	in.b.WriteString("<" + dest + ">")
	return 1
}

// run writes one run.
func (in *inliner) run(r run, next *run) {
	switch r.kind {
	case wordRun:
		in.words(string(r.text), next)
	case codeRun:
		if in.level == plainLooks {
			in.words(string(r.text), next)
		} else {
			in.code(string(r.text))
		}
	case breakRun:
		if in.cell {
			in.b.WriteString("<br>")
		} else {
			in.b.WriteString("\\\n")
		}
	case pictureRun:
		in.b.WriteString("![")
		in.words(string(r.text), &run{})
		in.b.WriteString("](" + destination(r.dest) + ")")
	}
}

// code writes a code span.
func (in *inliner) code(text string) {
	if in.cell {
		text = strings.ReplaceAll(text, "|", `\|`)
	}
	ticks := strings.Repeat("`", longestRun(text, '`')+1)
	if len(ticks) > 1 {
		text = " " + text + " "
	}
	in.b.WriteString(ticks + text + ticks)
}

// simpleDestination matches addresses that need no care in parentheses.
var simpleDestination = lazily(`^[A-Za-z0-9:/.?=%#+,;@~!$_'-]+$`)

// destination writes an address as it stands in the parentheses of a link.
func destination(dest string) string {
	if simpleDestination().MatchString(dest) {
		return dest
	}
	var b strings.Builder
	b.WriteByte('<')
	for _, r := range dest {
		if strings.ContainsRune("\\<>()[]`|&", r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	b.WriteByte('>')
	return b.String()
}

// Addresses in running text, which Markdown makes a link of by itself.
var (
	bareURL   = lazily(`(?:https?|ftp)://[^\s<>|]*|www\.[^\s<>|]*`)
	safeURL   = lazily(`^[A-Za-z0-9:/.?=%#+,;@-]*$`)
	urlEnding = ".,;:!?)'\"*_~]}"
)

// words writes text so that it says what it says. next is what follows it, nil
// at the end.
func (in *inliner) words(text string, next *run) {
	if in.level == plainLooks || slices.ContainsFunc(in.open, func(s style) bool { return s >= linkStyle }) {
		in.escaped(text, next)
		return
	}
	for {
		at := bareURL().FindStringIndex(text)
		if at == nil {
			in.escaped(text, next)
			return
		}
		url := strings.TrimRight(text[at[0]:at[1]], urlEnding)
		before, after := text[:at[0]], text[at[0]+len(url):]
		follow := &run{}
		in.escaped(before, follow)
		switch {
		case safeURL().MatchString(url):
			in.b.WriteString(url)
		case isURL().MatchString(url):
			in.b.WriteString("<" + url + ">")
		default:
			in.escaped(url, follow)
		}
		if after == "" {
			return
		}
		text = after
	}
}

// escaped writes text with backslashes where Markdown, or our grammar, would
// read more into it.
func (in *inliner) escaped(text string, next *run) {
	prev := in.previous()
	for i, r := range text {
		rest := text[i+utf8.RuneLen(r):]
		if r == utf8.RuneError {
			rest = text[i+min(len(text)-i, 3):]
		}
		if r < utf8.RuneSelf && util.IsPunct(byte(r)) && in.mustEscape(r, prev, rest, next != nil && next.kind != breakRun) {
			in.b.WriteByte('\\')
		}
		in.b.WriteRune(r)
		prev = r
	}
}

// previous returns the last character that was written, or 0.
func (in *inliner) previous() rune {
	s := in.b.String()
	r, size := utf8.DecodeLastRuneInString(s)
	if r >= groupMark {
		r, _ = utf8.DecodeLastRuneInString(s[:len(s)-size])
	}
	if size == 0 {
		return 0
	}
	return r
}

// entityStart matches what may be an entity.
var entityStart = lazily(`^[#A-Za-z0-9]{1,40}(?:;|$)`)

// mustEscape reports whether the sign r needs a backslash between the
// character before it and the rest of its run, behind which more follows.
func (in *inliner) mustEscape(r, prev rune, rest string, more bool) bool {
	if in.level == plainLooks {
		return true
	}
	next, _ := utf8.DecodeRuneInString(rest)
	atEnd := rest == ""
	spaced := (prev == ' ' || prev == 0 || prev == '\n') && (next == ' ' || atEnd && !more)
	switch r {
	case '`', '[', ']':
		return true
	case '\\':
		return atEnd || next < utf8.RuneSelf && util.IsPunct(byte(next))
	case '*':
		return !spaced
	case '_':
		return !spaced && !(isWord(prev) && isWord(next) && !atEnd)
	case '~':
		return !((prev == ' ' || prev == 0) && isWord(next) && !atEnd)
	case '<':
		return atEnd && more || strings.ContainsRune("/!?", next) || next < utf8.RuneSelf && unicode.IsLetter(next)
	case '&':
		return entityStart().MatchString(rest) || atEnd && more
	case '!':
		return atEnd && more || next == '['
	case '|':
		return in.cell
	case '^':
		return prev == deck.Open
	case '(', '{':
		return prev == deck.Close
	}
	return false
}

func isWord(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

// What a line of a paragraph may not begin with.
var (
	blockStart = lazily(`^(?:#{1,6}(?:\s|$)|>|[-+*](?:\s|$)|[-=*_][-=*_ \t]*$)`)
	numberMark = lazily(`^([0-9]{1,9})([.)])(\s|$)`)
	tableRule  = lazily(`^[|:-][|: \t-]*$`)
	lookAlike  = lazily(`^([*_]*(?:Q(?i:uestion)?|A(?i:nswer)?|C(?i:loze)?)[*_]*[ \t]*)([:.：﹕∶])`)
)

// guard escapes the start of a line that would begin another block or look
// like a marker of a card.
func guard(line string, follows bool) string {
	line = strings.TrimLeft(line, " \t")
	if m := lookAlike().FindStringSubmatch(line); m != nil {
		rest := line[len(m[0]):]
		if len(m[2]) == 1 {
			return m[1] + `\` + m[2] + rest
		}
		colon, _ := utf8.DecodeRuneInString(m[2])
		return m[1] + "&#" + strconv.Itoa(int(colon)) + ";" + rest
	}
	if m := numberMark().FindStringSubmatch(line); m != nil {
		return m[1] + `\` + line[len(m[1]):]
	}
	if blockStart().MatchString(line) || follows && tableRule().MatchString(line) {
		return `\` + line
	}
	return line
}

// drawing is what deck.Render draws of runs, to check the Markdown by.
type drawing struct {
	links []string
	b     strings.Builder
	group int
	open  []style
	from  []int // where each open look begins
}

// lines returns the lines without the blanks at their ends.
func (d *drawing) lines(runs []run) []string {
	group := 0
	for _, r := range runs {
		if r.group != group {
			d.enter(group, r.group)
			group = r.group
		}
		d.look(r.styles)
		d.run(r)
	}
	d.enter(group, 0)
	var out []string
	for line := range strings.SplitSeq(d.b.String(), "\n") {
		out = append(out, strings.TrimRightFunc(line, unicode.IsSpace))
	}
	return out
}

// enter leaves a deletion, if it is in one, and goes into another, if any. The
// bracket of each is drawn even where a picture stands beside it, which itself
// is outside.
func (d *drawing) enter(from, to int) {
	d.look(nil)
	d.add("", from)
	d.add("", to)
}

func (d *drawing) run(r run) {
	text := string(r.text)
	switch r.kind {
	case wordRun:
		d.add(text, r.group)
	case codeRun:
		ticks := strings.Repeat("`", longestRun(text, '`')+1)
		if len(ticks) > 1 {
			text = " " + text + " "
		}
		d.add(ticks+text+ticks, r.group)
	case breakRun:
		d.add("\n", r.group)
	case pictureRun:
		d.add("[image: ", 0)
		if text != "" {
			d.add(text, r.group)
		} else {
			d.add(shortAddress(r.dest), 0)
		}
		d.add("]", 0)
	}
}

// add draws text that belongs to a deletion or to none.
func (d *drawing) add(text string, group int) {
	if group != d.group {
		if d.group > 0 {
			d.b.WriteString("]")
		}
		if group > 0 {
			d.b.WriteString("[")
		}
		d.group = group
	}
	d.b.WriteString(text)
}

// look ends and begins looks as [inliner.look] does; of most nothing is seen.
func (d *drawing) look(want []style) {
	keep := len(common(d.open, want))
	for len(d.open) > keep {
		last := len(d.open) - 1
		switch s := d.open[last]; {
		case s >= linkStyle:
			d.address(d.links[s-linkStyle], d.b.String()[d.from[last]:])
		case s == strikeStyle:
			d.add("~~", 0)
		}
		d.open, d.from = d.open[:last], d.from[:last]
	}
	for _, s := range want[keep:] {
		d.open, d.from = append(slices.Clip(d.open), s), append(slices.Clip(d.from), d.b.Len())
		if s == strikeStyle {
			d.add("~~", 0)
		}
	}
}

// address draws a link's address where its text does not say it.
func (d *drawing) address(dest, text string) {
	text = strings.TrimPrefix(text, "[") // of a deletion around the link
	for _, scheme := range []string{"", "http://", "https://", "mailto:"} {
		if scheme+text == dest || scheme+text+"/" == dest {
			return
		}
	}
	d.add(" ("+shortAddress(dest)+")", 0)
}

// shortAddress returns as much of an address as is drawn.
func shortAddress(dest string) string {
	const longest = 400
	if runes := []rune(dest); len(runes) > longest {
		return string(runes[:longest]) + "…"
	}
	return dest
}
