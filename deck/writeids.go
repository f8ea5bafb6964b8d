package deck

import (
	"fmt"
	"strings"
	"unicode"
)

// WriteIDs gives each note of a post that has no explicit id one, made from
// the first words of its question, in a comment above it. Everything else in
// the text stays byte for byte. used reports the ids that are taken elsewhere;
// the ids given are unique in the post, too. It returns the text and how many
// ids were written.
func WriteIDs(src []byte, post *Post, used func(id string) bool) ([]byte, int) {
	given := make(map[string]bool)
	for _, n := range post.Notes {
		given[n.Key] = true
	}
	bom := ""
	text, ok := strings.CutPrefix(string(src), "\ufeff")
	if ok {
		bom = "\ufeff"
	}
	lines := strings.SplitAfter(text, "\n")
	written := 0
	for i := len(post.Notes) - 1; i >= 0; i-- { // from below, so that line numbers stay
		n := &post.Notes[i]
		if n.Key != "" {
			continue
		}
		id := readableID(Bracketed(n.Front), func(id string) bool { return given[id] || used(id) })
		given[id] = true
		written++
		at := n.First - 1
		line := lines[at]
		if n.First < n.Line && strings.HasPrefix(line, "<!-- card") {
			lines[at] = "<!-- card " + id + strings.TrimPrefix(line, "<!-- card")
			continue
		}
		end := "\n"
		if strings.HasSuffix(line, "\r\n") {
			end = "\r\n"
		}
		lines[at] = "<!-- card " + id + " -->" + end + line
	}
	return []byte(bom + strings.Join(lines, "")), written
}

// readableID makes an id of at most six words.
func readableID(text string, taken func(string) bool) string {
	words := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool {
		return r > unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r)
	})
	id := strings.Join(words[:min(len(words), 6)], "-")
	if len(id) > 48 {
		id = strings.Trim(id[:48], "-")
	}
	// An id is no type, tier or hash of the format: give it a word more.
	if len(id) < 2 || isReservedWord(id) || len(id) == 17 && id[0] == 'h' && !strings.Contains(id, "-") {
		id = "card-" + id
	}
	id = strings.Trim(id, "-")
	for first, i := id, 2; taken(id); i++ {
		id = fmt.Sprintf("%s-%d", first, i)
	}
	return id
}

func isReservedWord(id string) bool {
	for _, t := range Types {
		if id == string(t) {
			return true
		}
	}
	return id == string(Core) || id == string(Deep)
}
