package anki

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

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
