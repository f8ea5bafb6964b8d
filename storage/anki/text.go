package anki

import (
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// What a text file may hold. Anki knows no such bounds; with these, the worst
// file takes about a gigabyte for a moment.
const (
	maxTextFile    = 64 << 20 // bytes
	maxTextField   = 1 << 20  // bytes, as read and as HTML
	maxTextRows    = 1_000_000
	maxTextColumns = 100
	maxTextHeader  = 64 << 10   // bytes of a header line
	maxTextName    = 1000       // bytes
	maxTextNames   = 10_000     // note types, decks
	maxTextParts   = 10_000_000 // fields and tags of all notes
	maxTextCards   = 2_000_000
	maxTextOrd     = 499 // what Anki gives to every cloze above 500, too

	maxTextProblems = 20
	maxTextExamples = 5
	textGuessRows   = 20      // for the separator
	textGuessBytes  = 1 << 20 // for HTML; Anki looks at five rows
)

// TextOptions says what a text file leaves open.
type TextOptions struct {
	Deck  string // the deck of a row that names none; "Default" if empty
	Comma rune   // the separator its name suggests: ',' for .csv, else '\t', which 0 means
}

// ReadText reads a text file with Anki's header lines. Each row becomes a note
// with HTML in its fields, and one new card, or one for each cloze number.
//
// The rows are read as Anki reads them, but for this: invalid UTF-8 and
// control characters are mended, plain text is not taken for HTML for any two
// angle brackets, and a column after the second is a field, not the tags, unless
// a header or its label says so. A note type is a name only: its fields are
// Front and Back (Text and Back Extra for a cloze), labels, or "Field 3".
// A numeric id is taken as a name too, since only the collection that gave
// it knows more.
//
// Ids count from 1 in the order of the rows and mean nothing elsewhere; GUID is
// "" where the file has none. The strings say what was skipped or ignored.
func ReadText(ctx context.Context, r io.Reader, opt TextOptions) (*Collection, []string, error) {
	text, err := slurpText(r)
	if err != nil {
		return nil, nil, err
	}
	var problems textProblems
	head, err := parseTextHead(text, &problems)
	if err != nil {
		return nil, nil, err
	}
	if err := head.settle(opt.Comma); err != nil {
		return nil, nil, err
	}
	rows, err := readTextRows(ctx, head.body(), &problems)
	if err != nil {
		return nil, nil, err
	}
	lay, err := newTextLayout(head, rows)
	if err != nil {
		return nil, nil, err
	}
	b := newTextBuilder(head, lay, opt.Deck)
	for i, row := range rows {
		if i%1024 == 0 && ctx.Err() != nil {
			return nil, nil, ctx.Err()
		}
		if err := b.add(row); err != nil {
			return nil, nil, err
		}
	}
	if err := b.finish(&problems); err != nil {
		return nil, nil, err
	}
	return b.c, problems.all(), nil
}

// textProblems collects what the user should know; a hostile file has only so
// much to say.
type textProblems struct {
	list []string
	more int
}

func (p *textProblems) add(format string, args ...any) {
	if len(p.list) == maxTextProblems {
		p.more++
		return
	}
	p.list = append(p.list, fmt.Sprintf(format, args...))
}

func (p *textProblems) all() []string {
	if p.more == 0 {
		return p.list
	}
	return append(p.list, fmt.Sprintf("and %d more", p.more))
}

// textQuote quotes what a message cites, shortened.
func textQuote(s string) string {
	if r := []rune(s[:min(len(s), 200)]); len(r) > 40 {
		s = string(r[:40]) + "…"
	}
	return strconv.Quote(s)
}

// slurpText returns all of r as clean text without a byte order mark.
func slurpText(r io.Reader) (string, error) {
	raw, err := io.ReadAll(io.LimitReader(r, maxTextFile+1))
	if err != nil {
		return "", fmt.Errorf("read text: %w", err)
	}
	if len(raw) > maxTextFile {
		return "", fmt.Errorf("read text: the file is over %d MiB", maxTextFile>>20)
	}
	if textIsUTF16(raw) {
		return "", errors.New("line 1: the file is UTF-16; save it as UTF-8")
	}
	return cleanText(strings.TrimPrefix(string(raw), "\ufeff")), nil
}

// textIsUTF16 tells by the byte order mark or, as every other byte of Latin text is
// zero then, by the zeros near the start.
func textIsUTF16(raw []byte) bool {
	start := string(raw[:min(len(raw), 512)])
	if strings.HasPrefix(start, "\xff\xfe") || strings.HasPrefix(start, "\xfe\xff") {
		return true
	}
	return len(start) >= 4 && strings.Count(start, "\x00")*3 > len(start)
}

// cleanText mends UTF-8, makes every line end "\n" and drops the other control
// characters but tabs.
func cleanText(s string) string {
	s = strings.ToValidUTF8(s, "\ufffd")
	if strings.Contains(s, "\r") {
		s = strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
	}
	return strings.Map(func(r rune) rune {
		if r != '\n' && r != '\t' && unicode.IsControl(r) {
			return -1
		}
		return r
	}, s)
}

// cleanTextName makes s fit to name a deck or a note type.
func cleanTextName(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' {
			return ' '
		}
		return r
	}, cleanText(s)))
}

// setTextName sets *name to s unless that is empty or too long.
func setTextName(name *string, s string) error {
	s = cleanTextName(s)
	if len(s) > maxTextName {
		return fmt.Errorf("the name %s is over %d bytes", textQuote(s), maxTextName)
	}
	if s != "" {
		*name = s
	}
	return nil
}

// The columns that are no fields.
const (
	guidColumn = iota
	typeColumn
	deckColumn
	tagsColumn
	textMetaColumns
)

// textColumn is a column that a header line names.
type textColumn struct {
	n    int // 1-based; 0 for none
	line int
}

// textHead is what the header lines say.
type textHead struct {
	sep      byte // 0 when no line says
	html     bool
	saysHTML bool
	tags     []string
	columns  string   // the labels, to be split once the separator is known
	labelled int      // the line of them
	labels   []string // of the columns
	noteType string
	deck     string
	meta     [textMetaColumns]textColumn

	rest string // the rows
	line int    // where they begin
}

// parseTextHead reads the header lines of text.
func parseTextHead(text string, problems *textProblems) (*textHead, error) {
	h := &textHead{rest: text}
	for h.line = 1; h.rest != ""; h.line++ {
		line, rest, _ := strings.Cut(h.rest, "\n")
		header, ok := strings.CutPrefix(line, "#")
		if !ok && h.line == 1 && strings.HasPrefix(line, "tags:") {
			header, ok = line, true
		}
		if !ok {
			break
		}
		if err := h.parseLine(header, problems); err != nil {
			return nil, fmt.Errorf("line %d: %w", h.line, err)
		}
		h.rest = rest
	}
	return h, nil
}

// parseLine takes one header line, without its "#". One that says nothing we
// know is a comment.
func (h *textHead) parseLine(line string, problems *textProblems) error {
	if len(line) > maxTextHeader {
		return fmt.Errorf("a header line is over %d KiB", maxTextHeader>>10)
	}
	key, value, _ := strings.Cut(line, ":")
	key = strings.Join(strings.Fields(strings.ToLower(key)), " ")
	switch key {
	case "separator":
		if h.sep = parseTextSeparator(value); h.sep == 0 {
			problems.add("line %d: separator %s is unknown, ignored", h.line, textQuote(value))
		}
	case "html":
		h.parseHTML(value, problems)
	case "tags":
		h.tags = strings.Fields(value)
	case "columns":
		h.columns, h.labelled = value, h.line
	case "notetype":
		return setTextName(&h.noteType, value)
	case "deck":
		return setTextName(&h.deck, value)
	case "if matches", "match scope":
		problems.add("line %d: %q is ignored", h.line, key)
	case "guid column":
		return h.parseColumn(guidColumn, value)
	case "notetype column":
		return h.parseColumn(typeColumn, value)
	case "deck column":
		return h.parseColumn(deckColumn, value)
	case "tags column":
		return h.parseColumn(tagsColumn, value)
	}
	return nil
}

func (h *textHead) parseHTML(value string, problems *textProblems) {
	switch strings.ToLower(trimTextFill(value)) {
	case "true":
		h.html, h.saysHTML = true, true
	case "false":
		h.html, h.saysHTML = false, true
	default:
		problems.add("line %d: html %s is neither true nor false, ignored", h.line, textQuote(value))
	}
}

func (h *textHead) parseColumn(which int, value string) error {
	n, err := strconv.Atoi(trimTextFill(value))
	if err != nil || n < 1 || n > maxTextColumns {
		return fmt.Errorf("column %s is impossible", textQuote(strings.TrimSpace(value)))
	}
	h.meta[which] = textColumn{n: n, line: h.line}
	return nil
}

// trimTextFill drops the separators with which a spreadsheet fills up a header
// line to the width of its rows.
func trimTextFill(value string) string {
	return strings.TrimSpace(strings.TrimRight(value, ",;\t "))
}

// textSeparators are the separators that Anki knows.
const textSeparators = "\t,;|: "

// textSeparatorName returns what Anki calls a separator, "" if it is none.
func textSeparatorName(sep rune) string {
	switch sep {
	case '\t':
		return "tab"
	case ',':
		return "comma"
	case ';':
		return "semicolon"
	case '|':
		return "pipe"
	case ':':
		return "colon"
	case ' ':
		return "space"
	}
	return ""
}

// parseTextSeparator takes a separator or its name; it returns 0 for none that
// Anki knows.
func parseTextSeparator(value string) byte {
	name := strings.ToLower(trimTextFill(value))
	char := strings.TrimSpace(value)
	if char == "" && value != "" {
		char = value[:1] // a tab or a space is the value itself
	}
	for _, sep := range textSeparators {
		if name == textSeparatorName(sep) || char == string(sep) {
			return byte(sep)
		}
	}
	return 0
}

// settle decides what the header lines leave open. comma is the separator that
// the file's name suggests.
func (h *textHead) settle(comma rune) error {
	if comma == 0 {
		comma = '\t'
	}
	if textSeparatorName(comma) == "" {
		return fmt.Errorf("read text: %q is no separator", comma)
	}
	if h.sep == 0 {
		h.sep = h.guessSeparator(byte(comma))
	}
	if !h.saysHTML {
		h.html = textHTMLTag.MatchString(h.rest[:min(len(h.rest), textGuessBytes)])
	}
	if h.columns != "" {
		labels, _, err := (&textRows{text: h.columns, sep: h.sep, labels: true}).next()
		if err != nil {
			return fmt.Errorf("line %d: %w", h.labelled, err)
		}
		h.labels = labels
	}
	return nil
}

// textHTMLTag finds a tag that people write into cards. Anki takes anything
// between "<" and ">" for one, and the T of List<T> is gone.
var textHTMLTag = regexp.MustCompile(`(?i)</?(?:a|b|blockquote|br|center|code|div|em|font|h[1-6]|hr|i|img|li|ol|p|pre|s|small|span|strong|sub|sup|table|tbody|td|th|tr|tt|u|ul)(?:\s+[\w-]+\s*=[^<>]*)?\s*/?>`)

// guessSeparator takes the first separator that gives all of the first rows
// the same number of columns, else one that gives each row several, else comma.
// The one that the file's name suggests goes first.
func (h *textHead) guessSeparator(comma byte) byte {
	several := comma
	found := false
	for _, sep := range []byte{comma, '\t', ';', ',', '|'} {
		least, most := h.sampleColumns(sep)
		if least < 2 {
			continue
		}
		if least == most {
			return sep
		}
		if !found {
			several, found = sep, true
		}
	}
	return several
}

// sampleColumns returns the fewest and the most columns of the first rows.
func (h *textHead) sampleColumns(sep byte) (least, most int) {
	rows := textRows{text: h.rest, sep: sep}
	for i := range textGuessRows {
		row, _, err := rows.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return 0, 0
		}
		if i == 0 {
			least = len(row)
		}
		least, most = min(least, len(row)), max(most, len(row))
	}
	return least, most
}

func (h *textHead) body() *textRows {
	return &textRows{text: h.rest, line: h.line, sep: h.sep}
}

// textRows splits text into rows, with csv's quotes, as the reader that Anki
// uses does. encoding/csv is stricter or, with LazyQuotes, takes what follows
// `"Foo" is` up to the next quote for one field, however many rows that is.
type textRows struct {
	text   string // what is left
	line   int    // of its first byte
	sep    byte
	labels bool // one row, in which "#" begins no comment

	open int // the line of a quote that was never closed
}

// next returns the next row and the line that it begins on, or io.EOF.
func (t *textRows) next() (row []string, line int, err error) {
	if !t.labels {
		t.skip()
	}
	line = t.line
	if t.text == "" {
		return nil, line, io.EOF
	}
	for more := true; more; {
		if len(row) == maxTextColumns {
			return nil, line, fmt.Errorf("more than %d columns", maxTextColumns)
		}
		var field string
		field, more = t.field()
		if len(field) > maxTextField {
			return nil, line, fmt.Errorf("column %d is over %d MiB (a quote that is never closed?)",
				len(row)+1, maxTextField>>20)
		}
		row = append(row, field)
	}
	return row, line, nil
}

// skip passes over empty lines and comments.
func (t *textRows) skip() {
	for t.text != "" && (t.text[0] == '\n' || t.text[0] == '#') {
		_, t.text, _ = strings.Cut(t.text, "\n")
		t.line++
	}
}

// field takes the next field and reports whether the row goes on after it.
func (t *textRows) field() (field string, more bool) {
	quoted, found := strings.CutPrefix(t.text, `"`)
	if !found {
		return t.plain()
	}
	start := t.line
	var b strings.Builder
	for {
		part, rest, closed := strings.Cut(quoted, `"`)
		b.WriteString(part)
		t.line += strings.Count(part, "\n")
		if b.Len() > maxTextField {
			return b.String(), false // refused anyway, so don't collect the rest of the file
		}
		if !closed {
			t.open, t.text = start, ""
			return b.String(), false
		}
		if quoted, found = strings.CutPrefix(rest, `"`); !found {
			t.text = rest
			break
		}
		b.WriteByte('"')
	}
	// Whatever stands behind the closing quote belongs to the field.
	tail, more := t.plain()
	b.WriteString(tail)
	return b.String(), more
}

// plain takes all up to the next separator or the end of the line.
func (t *textRows) plain() (field string, more bool) {
	line, rest, ended := strings.Cut(t.text, "\n")
	if i := strings.IndexByte(line, t.sep); i >= 0 {
		t.text = t.text[i+1:]
		return line[:i], true
	}
	t.text = rest
	if ended {
		t.line++
	}
	return line, false
}

// textRow is a row and the line that it begins on.
type textRow struct {
	cells []string
	line  int
}

// textBlank reports whether s shows nothing.
func textBlank(s string) bool { return strings.TrimSpace(s) == "" }

// readTextRows returns the rows that hold anything.
func readTextRows(ctx context.Context, t *textRows, problems *textProblems) ([]textRow, error) {
	var rows []textRow
	parts := 0
	for n := 0; ; n++ {
		if n%1024 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		cells, line, err := t.next()
		if errors.Is(err, io.EOF) {
			break
		}
		parts += len(cells)
		switch {
		case err != nil:
		case n == maxTextRows:
			err = fmt.Errorf("more than %d rows", maxTextRows)
		case parts > maxTextParts:
			err = errTextParts
		}
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", line, err)
		}
		if !slices.ContainsFunc(cells, func(s string) bool { return !textBlank(s) }) {
			continue
		}
		rows = append(rows, textRow{cells, line})
	}
	if t.open > 0 {
		problems.add("line %d: a quote is never closed, the rest of the file is one field", t.open)
	}
	return rows, nil
}

var errTextParts = fmt.Errorf("more than %d fields and tags in all", maxTextParts)

// textLayout says what the columns of the rows are; all are 0-based.
type textLayout struct {
	meta   [textMetaColumns]int // -1 for none
	fields []int                // in the order of the note's fields
	names  []string             // labels of the fields, "" for none
	named  int                  // so many fields there are in any case
}

// newTextLayout refuses columns that no row has and a file without a field.
func newTextLayout(h *textHead, rows []textRow) (*textLayout, error) {
	width := len(h.labels)
	for _, row := range rows {
		width = max(width, len(row.cells))
	}
	lay := &textLayout{}
	last := 0 // line of the last header that takes a column
	taken := make([]bool, max(width, maxTextColumns))
	for i, col := range h.meta {
		lay.meta[i] = col.n - 1
		if col.n == 0 {
			continue
		}
		if len(rows) > 0 && col.n > width {
			return nil, fmt.Errorf("line %d: column %d is impossible, the rows have %d", col.line, col.n, width)
		}
		if taken[col.n-1] {
			return nil, fmt.Errorf("line %d: column %d is impossible, it is taken", col.line, col.n)
		}
		taken[col.n-1] = true
		last = max(last, col.line)
	}
	lay.labelledTags(h.labels, taken)
	for i := range width {
		if !taken[i] {
			lay.fields = append(lay.fields, i)
		}
	}
	if len(lay.fields) == 0 && len(rows) > 0 {
		return nil, fmt.Errorf("line %d: no column is left for a field", last)
	}
	lay.label(h)
	return lay, nil
}

// labelledTags finds the tags by their label when no header names their column.
func (lay *textLayout) labelledTags(labels []string, taken []bool) {
	if lay.meta[tagsColumn] >= 0 {
		return
	}
	for i, label := range labels {
		if !taken[i] && i > 0 && strings.EqualFold(strings.TrimSpace(label), "tags") {
			lay.meta[tagsColumn], taken[i] = i, true
			return
		}
	}
}

// label names the fields by the labels of their columns. Fields that Anki's own
// note types have go first, as it maps columns to them by name. It does not
// where each row has a note type of its own, nor are all fields of each there.
func (lay *textLayout) label(h *textHead) {
	at := func(col int) string {
		if col < len(h.labels) {
			return strings.TrimSpace(h.labels[col])
		}
		return ""
	}
	if h.meta[typeColumn].n == 0 && !lay.stockFirst(at, textBasicFields()) {
		lay.stockFirst(at, textClozeFields())
	}
	for i, col := range lay.fields {
		lay.names = append(lay.names, cleanTextField(at(col)))
		if at(col) != "" && h.meta[typeColumn].n == 0 {
			lay.named = i + 1
		}
	}
}

// stockFirst moves the columns with the given labels to the front, if the
// first of them is there, and reports that.
func (lay *textLayout) stockFirst(label func(int) string, stock []string) bool {
	var front []int
	for _, name := range stock {
		i := slices.IndexFunc(lay.fields, func(col int) bool { return label(col) == name })
		if i < 0 && len(front) == 0 {
			return false
		}
		if i >= 0 {
			front = append(front, lay.fields[i])
		}
	}
	rest := slices.DeleteFunc(lay.fields, func(col int) bool { return slices.Contains(front, col) })
	lay.fields = append(front, rest...)
	return true
}

func textBasicFields() []string { return []string{"Front", "Back"} }

func textClozeFields() []string { return []string{"Text", "Back Extra"} }

// textBuilder makes a collection of rows.
type textBuilder struct {
	head  *textHead
	lay   *textLayout
	deck  string // of rows that name none
	c     *Collection
	types map[textTypeKey]int // to an index of c.NoteTypes
	width []int               // fields that are used, for each of c.NoteTypes
	count []int               // notes, likewise
	decks map[string]int64
	parts int

	tagged     []string        // the tags of every note
	everywhere map[string]bool // the same in lower case

	skipped  int
	examples []string // lines of some that were skipped
}

// textTypeKey is what makes a note type. One name can stand for two, as a cloze
// is told by its text where the name does not say it.
type textTypeKey struct {
	name  string
	cloze bool
}

func newTextBuilder(h *textHead, lay *textLayout, deck string) *textBuilder {
	b := &textBuilder{
		head: h, lay: lay, deck: "Default",
		c:     &Collection{Rollover: 4, Scheduler: 2},
		types: map[textTypeKey]int{},
		decks: map[string]int64{},

		everywhere: map[string]bool{},
	}
	for _, name := range []string{cleanTextName(deck), h.deck} {
		if name != "" {
			b.deck = name
		}
	}
	for _, tag := range h.tags {
		if key := strings.ToLower(tag); !b.everywhere[key] {
			b.everywhere[key] = true
			b.tagged = append(b.tagged, tag)
		}
	}
	return b
}

// add adds the note of a row and its cards.
func (b *textBuilder) add(row textRow) error {
	fields := b.fields(row)
	if len(fields) == 0 || textBlank(fields[0]) {
		b.skip(row.line)
		return nil
	}
	for i, f := range fields {
		if len(f) > maxTextField {
			return fmt.Errorf("line %d: field %d is over %d MiB as HTML", row.line, i+1, maxTextField>>20)
		}
	}
	tags := b.tags(row)
	if b.parts += len(fields) + len(tags); b.parts > maxTextParts {
		return fmt.Errorf("line %d: %w", row.line, errTextParts)
	}
	numbers := textClozeNumbers(fields[0])
	typ, err := b.noteType(b.cell(row, typeColumn), len(numbers) > 0)
	if err != nil {
		return fmt.Errorf("line %d: %w", row.line, err)
	}
	deck, err := b.deckID(b.cell(row, deckColumn))
	if err != nil {
		return fmt.Errorf("line %d: %w", row.line, err)
	}
	b.width[typ] = max(b.width[typ], len(fields))
	b.count[typ]++
	note := Note{
		ID:     int64(len(b.c.Notes) + 1),
		GUID:   b.cell(row, guidColumn),
		Type:   b.c.NoteTypes[typ].ID,
		Tags:   tags,
		Fields: fields,
	}
	b.c.Notes = append(b.c.Notes, note)
	if !b.c.NoteTypes[typ].Cloze || len(numbers) == 0 {
		numbers = []int{1} // Anki gives a cloze note without clozes one card, too
	}
	return b.addCards(note.ID, deck, numbers, row.line)
}

func (b *textBuilder) addCards(note, deck int64, numbers []int, line int) error {
	for _, n := range numbers {
		if len(b.c.Cards) == maxTextCards {
			return fmt.Errorf("line %d: more than %d cards", line, maxTextCards)
		}
		b.c.Cards = append(b.c.Cards, Card{
			ID: int64(len(b.c.Cards) + 1), Note: note, Deck: deck, Ord: n - 1, Due: note, Pos: -1,
		})
	}
	return nil
}

func (b *textBuilder) skip(line int) {
	b.skipped++
	if len(b.examples) < maxTextExamples {
		b.examples = append(b.examples, strconv.Itoa(line))
	}
}

// cell returns what a row has in a column that is no field.
func (b *textBuilder) cell(row textRow, which int) string {
	if i := b.lay.meta[which]; i >= 0 && i < len(row.cells) {
		return row.cells[i]
	}
	return ""
}

// fields returns the fields of a row as HTML, without empty ones at the end:
// how many a note has is known only when all rows are read.
func (b *textBuilder) fields(row textRow) []string {
	n := len(b.lay.fields)
	for n > 0 && (b.lay.fields[n-1] >= len(row.cells) || row.cells[b.lay.fields[n-1]] == "") {
		n--
	}
	fields := make([]string, n)
	for i := range fields {
		if col := b.lay.fields[i]; col < len(row.cells) {
			fields[i] = row.cells[col]
		}
		if !b.head.html {
			fields[i] = textToHTML(fields[i])
		}
	}
	return fields
}

// textToHTML writes plain text as HTML.
func textToHTML(s string) string {
	if !strings.ContainsAny(s, "&<>\n") {
		return s
	}
	return textEscaper.Replace(s)
}

var textEscaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "\n", "<br>")

// tags returns the file's tags, then the row's, each once whatever its case.
func (b *textBuilder) tags(row textRow) []string {
	tags := slices.Clone(b.tagged)
	own := strings.Fields(b.cell(row, tagsColumn))
	if len(own) == 0 {
		return tags
	}
	seen := map[string]bool{}
	for _, tag := range own {
		key := strings.ToLower(tag)
		if !seen[key] && !b.everywhere[key] {
			seen[key] = true
			tags = append(tags, tag)
		}
	}
	return tags
}

// noteType returns the index of a note type, which it makes when it is new.
func (b *textBuilder) noteType(cell string, hasCloze bool) (int, error) {
	name := b.head.noteType
	if err := setTextName(&name, cell); err != nil {
		return 0, err
	}
	key := textTypeKey{name, hasCloze || strings.Contains(strings.ToLower(name), "cloze")}
	if name == "" {
		key.name = "Basic"
		if hasCloze {
			key.name = "Cloze"
		}
	}
	if i, ok := b.types[key]; ok {
		return i, nil
	}
	i := len(b.c.NoteTypes)
	if i == maxTextNames {
		return 0, fmt.Errorf("more than %d note types", maxTextNames)
	}
	b.types[key] = i
	b.c.NoteTypes = append(b.c.NoteTypes, NoteType{ID: int64(i + 1), Name: key.name, Cloze: key.cloze})
	b.width = append(b.width, max(2, b.lay.named))
	b.count = append(b.count, 0)
	return i, nil
}

// deckID returns the id of a deck, which it makes when it is new.
func (b *textBuilder) deckID(cell string) (int64, error) {
	name := b.deck
	if err := setTextName(&name, cell); err != nil {
		return 0, err
	}
	if id, ok := b.decks[name]; ok {
		return id, nil
	}
	if len(b.decks) == maxTextNames {
		return 0, fmt.Errorf("more than %d decks", maxTextNames)
	}
	id := int64(len(b.decks) + 1)
	b.decks[name] = id
	b.c.Decks = append(b.c.Decks, Deck{ID: id, Name: name})
	return id, nil
}

// finish gives each note type its fields and each note all of them.
func (b *textBuilder) finish(problems *textProblems) error {
	total := 0
	for i, width := range b.width {
		total += width * b.count[i]
	}
	if total > maxTextParts {
		return fmt.Errorf("read text: %w", errTextParts)
	}
	for i := range b.c.NoteTypes {
		drawTextType(&b.c.NoteTypes[i], b.fieldNames(i))
	}
	for i, note := range b.c.Notes {
		missing := b.width[note.Type-1] - len(note.Fields)
		b.c.Notes[i].Fields = append(note.Fields, make([]string, missing)...)
	}
	if b.skipped > 0 {
		lines := strings.Join(b.examples, ", ")
		if b.skipped > len(b.examples) {
			lines += ", …"
		}
		problems.add("rows without a first field, skipped: %d (line %s)", b.skipped, lines)
	}
	if !b.head.saysHTML && b.head.html {
		problems.add("the rows look like HTML and are read so; a first line #html:false says otherwise")
	}
	return nil
}

// fieldNames names the fields of a note type. The first two of Anki's own types
// keep their names, whatever a file calls them.
func (b *textBuilder) fieldNames(typ int) []string {
	t := &b.c.NoteTypes[typ]
	stock := textBasicFields()
	if t.Cloze {
		stock = textClozeFields()
	}
	own := t.Name == "Basic" || t.Name == "Cloze"
	names := make([]string, b.width[typ])
	used := map[string]bool{}
	for i := range names {
		name := ""
		if i < len(b.lay.names) && !(own && i < len(stock)) {
			name = b.lay.names[i]
		}
		if name == "" && i < len(stock) {
			name = stock[i]
		}
		if name == "" {
			name = fmt.Sprintf("Field %d", i+1)
		}
		for used[strings.ToLower(name)] {
			name += "+" // as Anki does
		}
		used[strings.ToLower(name)] = true
		names[i] = name
	}
	return names
}

// cleanTextField makes a label fit to stand in a template, or "" if it cannot.
func cleanTextField(label string) string {
	name := strings.Map(func(r rune) rune {
		if strings.ContainsRune(`:{}"`, r) {
			return -1
		}
		return r
	}, cleanTextName(label))
	name = strings.TrimSpace(strings.TrimLeft(name, "#/^ "))
	for len(name) > 100 {
		_, size := utf8.DecodeLastRuneInString(name)
		name = strings.TrimSpace(name[:len(name)-size])
	}
	switch strings.ToLower(name) {
	case "frontside", "tags", "type", "deck", "subdeck", "card", "cardflag":
		return "" // Anki's own words in a template
	}
	return name
}

// drawTextType gives t fields and Anki's template for them; the answer shows those
// after the second, too, since no one has said what they are for.
func drawTextType(t *NoteType, names []string) {
	t.Fields = make([]Field, len(names))
	var more strings.Builder
	for i, name := range names {
		t.Fields[i].Name = name
		if i > 1 {
			fmt.Fprintf(&more, "{{#%[1]s}}<br>\n{{%[1]s}}{{/%[1]s}}", name)
		}
	}
	if t.Cloze {
		front := "{{cloze:" + names[0] + "}}"
		back := front + "<br>\n{{" + names[1] + "}}" + more.String()
		t.Templates = []Template{{Name: "Cloze", Front: front, Back: back}}
		t.CSS = ".cloze { font-weight: bold; color: blue; }\n.nightMode .cloze { color: lightblue; }\n"
		return
	}
	back := "{{FrontSide}}\n\n<hr id=answer>\n\n{{" + names[1] + "}}" + more.String()
	t.Templates = []Template{{Name: "Card 1", Front: "{{" + names[0] + "}}", Back: back}}
}

// textClozeNumbers returns the numbers of the clozes in a field, in order and each
// once. As for Anki, a cloze that is not closed is none, nor is one of number 0,
// {{c1,2::x}} is one of each, and one inside another counts.
func textClozeNumbers(field string) []int {
	if !strings.Contains(field, "{{c") {
		return nil
	}
	found := map[int]bool{}
	var open [][]int
	for field != "" {
		numbers, size := textClozeOpening(field)
		switch {
		case size > 0:
			open = append(open, numbers)
			field = field[size:]
		case len(open) > 0 && strings.HasPrefix(field, "}}"):
			for _, n := range open[len(open)-1] {
				found[n] = true
			}
			open = open[:len(open)-1]
			field = field[2:]
		default:
			field = field[1:]
		}
	}
	var numbers []int
	for n := range found {
		numbers = append(numbers, n)
	}
	slices.Sort(numbers)
	return numbers
}

// textClozeOpening returns the numbers and the length of a "{{c1,2::" that s begins
// with; the length is 0 for none.
func textClozeOpening(s string) (numbers []int, size int) {
	rest, ok := strings.CutPrefix(s, "{{c")
	if !ok {
		return nil, 0
	}
	end := strings.IndexFunc(rest, func(r rune) bool { return r != ',' && (r < '0' || r > '9') })
	if end <= 0 || !strings.HasPrefix(rest[end:], "::") {
		return nil, 0
	}
	for part := range strings.SplitSeq(rest[:end], ",") {
		n, err := strconv.Atoi(part)
		if err != nil {
			return nil, 0
		}
		if n > 0 {
			numbers = append(numbers, min(n, maxTextOrd+1))
		}
	}
	return numbers, len("{{c") + end + len("::")
}
