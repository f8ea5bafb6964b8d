package storage

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"etch/deck"
)

// importedKey is the explicit id of an imported note. It depends on the guid
// alone, so that two machines agree.
func importedKey(n *IncomingNote) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "anki\x00%s\x00%d", n.GUID, n.Ord))
	return "anki-" + hex.EncodeToString(sum[:6])
}

// freeKey returns the explicit id of a new note: one that no other note has,
// as one has whose ord this note has now.
func (im *importer) freeKey(n *IncomingNote) string {
	key := importedKey(n)
	if im.keys[key] {
		other := *n
		other.GUID = fmt.Sprintf("%s\x00%d", n.GUID, n.Cards[0].AnkiID)
		key = importedKey(&other)
	}
	return key
}

// parseAlone parses the text of one note as a post of its own, so that one bad
// note does not cost its deck.
func parseAlone(text string) (deck.Note, string) {
	post, problems := deck.ParseStored("note", []byte(noteHead+text+"\n"))
	switch {
	case len(problems) > 0:
		return deck.Note{}, problems[0].Msg
	case len(post.Notes) != 1:
		return deck.Note{}, fmt.Sprintf("its text reads as %d cards", len(post.Notes))
	}
	return post.Notes[0], ""
}

const noteHead = "---\ntitle: x\n---\n"

// place writes a note into its post: where it stood, or at the end.
func (im *importer) place(in *IncomingDeck, a *arrival) {
	block := slices.Concat([]string{cardComment(a)}, strings.Split(a.Text, "\n"))
	if a.note != nil {
		for _, p := range im.posts {
			if p.id == a.note.post && p.replace(a.key, block) {
				return
			}
		}
	}
	p := im.postFor(in.Name)
	p.changed = true
	p.lines = append(append(p.lines, block...), "")
}

// cardComment names a note, and its tags that can stand there.
func cardComment(a *arrival) string {
	var tags []string
	for _, t := range a.Tags {
		if t = strings.Map(tagRune, plainLine(t)); strings.TrimSpace(t) != "" {
			tags = append(tags, t)
		}
	}
	if len(tags) == 0 {
		return "<!-- card " + a.key + " -->"
	}
	return "<!-- card " + a.key + ` tags="` + strings.Join(tags, ",") + `" -->`
}

// tagRune drops what would end a tag or the comment around it.
func tagRune(r rune) rune {
	if strings.ContainsRune(`",<>`, r) {
		return -1
	}
	return r
}

// replace puts a block in the place of the note with the key.
func (p *keptPost) replace(key string, block []string) bool {
	if p.parsed == nil {
		p.parsed = make(map[string]deck.Note)
		if post, _ := deck.ParseStored(p.path, []byte(strings.Join(p.lines, "\n"))); post != nil {
			for _, n := range post.Notes {
				p.parsed[n.Key] = n
			}
		}
	}
	n, ok := p.parsed[key]
	if !ok {
		return false
	}
	// Line numbers stay: what the block has more than its place goes into one
	// line, which is split again when the text is joined.
	p.lines[n.First-1] = strings.Join(block, "\n")
	for at := n.First; at < n.Last; at++ {
		p.lines[at] = dropped
	}
	p.changed = true
	return true
}

// dropped marks a line that is left out; no text of a post can hold it.
const dropped = "\x00"

func (p *keptPost) text() string {
	lines := slices.DeleteFunc(p.lines, func(l string) bool { return l == dropped })
	return strings.Join(lines, "\n")
}

// postFor returns the post of a deck, a new one if there is none. A deck that
// was forgotten comes back to its place.
func (im *importer) postFor(name string) *keptPost {
	title := cmp.Or(plainLine(name), "Default")
	if im.titled == nil {
		im.titled = make(map[string]*keptPost)
		for _, p := range slices.Backward(im.posts) {
			im.titled[p.title] = p
		}
	}
	if p := im.titled[title]; p != nil {
		return p
	}
	topic := title
	for level := range strings.SplitSeq(title, "::") {
		if level = strings.TrimSpace(level); level != "" {
			topic = level
			break
		}
	}
	p := &keptPost{title: title, path: im.forgotten[title], lines: []string{
		"---", "title: " + yamlText(title), "tags: [" + yamlText(topic) + "]", "---", "",
	}}
	if p.path == "" {
		p.path = im.freePath(title)
	}
	im.posts, im.titled[title] = append(im.posts, p), p
	return p
}

// plainLine returns a text as one line that any place of a post can hold.
func plainLine(s string) string {
	return strings.Join(strings.Fields(strings.Map(func(r rune) rune {
		if r == deck.Open || r == deck.Close || r == deck.Attrs {
			return -1
		}
		return r
	}, deck.CleanLine(s))), " ")
}

// yamlText quotes a text for YAML.
func yamlText(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

// freePath makes a file name of a deck's name.
func (im *importer) freePath(title string) string {
	words := strings.FieldsFunc(strings.ToLower(title), func(r rune) bool {
		return !('a' <= r && r <= 'z' || '0' <= r && r <= '9')
	})
	name := strings.Join(words, "-")
	if name = strings.Trim(name[:min(len(name), 60)], "-"); name == "" {
		name = "deck"
	}
	if im.suffixes == nil {
		im.suffixes = make(map[string]int)
	}
	slug := name
	for i := max(2, im.suffixes[name]); im.slugs[slug]; i++ {
		slug = fmt.Sprintf("%s-%d", name, i)
		im.suffixes[name] = i + 1
	}
	im.slugs[slug] = true
	return slug + ".md"
}
