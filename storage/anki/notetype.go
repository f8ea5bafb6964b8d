package anki

import (
	_ "embed"
	"regexp"
	"slices"
	"strings"
)

// What Anki knows our note types by. It compares note types by their ids and
// then field by field and template by template: none of these numbers, and no
// field, may ever change, or users' notes would no longer be updated and their
// collections would have to be uploaded whole. They are below 2^53, so that
// JavaScript keeps them exact.
const (
	BasicTypeID int64 = 1795478400101
	ClozeTypeID int64 = 1795478400102

	basicFieldID    int64 = 4611200000001001 // and counting
	clozeFieldID    int64 = 4611200000002001 // and counting
	basicTemplateID int64 = 4611200000003001
	clozeTemplateID int64 = 4611200000004001
)

// noteTypeMod is 2026-11-24 in unix seconds. It changes with the templates and
// the style below and with nothing else: Anki takes ours over the user's own
// edits when it is later, so it must not be the time of an export.
const noteTypeMod int64 = 1795478400

// cardStyle dresses both note types.
//
//go:embed style.css
var cardStyle string

// extras draws what belongs to the answer, small and only where it is known.
const extras = `
{{#Takeaway}}<div class="takeaway">{{Takeaway}}</div>{{/Takeaway}}
{{#Source}}<div class="source">{{Source}}</div>{{/Source}}
{{#AsOf}}<div class="source">as of {{AsOf}}</div>{{/AsOf}}`

// BasicType returns the note type of questions and answers. Its fields are
// Front, Back, Takeaway, Source, AsOf and ID, the last one for searching only.
func BasicType() NoteType {
	return NoteType{
		ID:     BasicTypeID,
		Name:   "etch Basic",
		Mod:    noteTypeMod,
		Fields: fields(basicFieldID, "Front", "Back", "Takeaway", "Source", "AsOf", "ID"),
		Templates: []Template{{
			ID:    basicTemplateID,
			Name:  "Card 1",
			Front: `<div class="side">{{Front}}</div>`,
			Back:  `{{FrontSide}}` + "\n\n<hr id=answer>\n\n" + `<div class="side">{{Back}}</div>` + extras,
		}},
		CSS: cardStyle,
	}
}

// ClozeType returns the note type of texts with deletions. Its fields are Text,
// Extra, Takeaway, Source, AsOf and ID, the last one for searching only.
func ClozeType() NoteType {
	return NoteType{
		ID:     ClozeTypeID,
		Name:   "etch Cloze",
		Cloze:  true,
		Mod:    noteTypeMod,
		Fields: fields(clozeFieldID, "Text", "Extra", "Takeaway", "Source", "AsOf", "ID"),
		Templates: []Template{{
			ID:    clozeTemplateID,
			Name:  "Cloze",
			Front: `<div class="side">{{cloze:Text}}</div>`,
			Back: `<div class="side">{{cloze:Text}}</div>` +
				"\n{{#Extra}}<hr id=answer>\n" + `<div class="side">{{Extra}}</div>{{/Extra}}` + extras,
		}},
		CSS: cardStyle,
	}
}

// ownTemplate returns the place of etch's template in a note type of etch's own
// for questions and answers, or -1 where the type is another. Users add
// templates, and Anki gives such a type another id when it comes a second time.
func ownTemplate(t *NoteType) int {
	own := slices.IndexFunc(t.Templates, func(t Template) bool { return t.ID == basicTemplateID })
	if own < 0 && t.ID == BasicTypeID {
		return 0
	}
	return own
}

// fields numbers fields from an id on.
func fields(id int64, names ...string) []Field {
	out := make([]Field, len(names))
	for i, name := range names {
		out[i] = Field{ID: id + int64(i), Name: name}
	}
	return out
}

// named matches a file in a template or a style sheet. Anki takes along those
// whose names begin with "_", for it cannot see that anything else uses them.
var named = regexp.MustCompile(`["'](_[^"'<>\n]+)["']|[(=]\s*(_[^"'()<>\s]+)`)

// media returns the names of the files that templates and style refer to.
func (t *NoteType) media() (names []string) {
	for _, text := range t.texts() {
		names = append(names, mediaOf(*text)...)
		for _, m := range named.FindAllStringSubmatch(*text, -1) {
			names = append(names, m[1]+m[2])
		}
	}
	return names
}

// texts returns what may refer to files.
func (t *NoteType) texts() []*string {
	texts := []*string{&t.CSS}
	for i := range t.Templates {
		p := &t.Templates[i]
		texts = append(texts, &p.Front, &p.Back, &p.BrowserFront, &p.BrowserBack)
	}
	return texts
}

// renamedType writes the new names of media into a note type.
func (im *incoming) renamedType(t *NoteType) *NoteType {
	if len(im.opt.Renamed) == 0 {
		return t
	}
	out := *t
	out.Templates = slices.Clone(t.Templates)
	for _, text := range out.texts() {
		*text = named.ReplaceAllStringFunc(im.rename(*text), func(found string) string {
			m := named.FindStringSubmatch(found)
			if name, ok := im.opt.Renamed[m[1]+m[2]]; ok {
				return strings.Replace(found, m[1]+m[2], name, 1)
			}
			return found
		})
	}
	return &out
}
