package deck

import (
	"errors"
	"io"
	"sort"
	"strconv"
	"strings"
	"unicode"

	"go.yaml.in/yaml/v3"
)

// noDocument is the decoder's error for text behind the end of a document.
const noDocument = "did not find expected <document start>"

// parseYAML returns the documents in text that are not empty, two at most.
// Nodes know their line in the file.
func parseYAML(text string) ([]*yaml.Node, error) {
	// The empty line stands for the one with ---. Without it, the decoder would
	// leave the first line's number, which is 0 to it, out of its errors.
	dec := yaml.NewDecoder(strings.NewReader("\n" + disguise(text)))
	var docs []*yaml.Node
	for len(docs) < 2 {
		var doc yaml.Node
		err := dec.Decode(&doc)
		switch {
		case errors.Is(err, io.EOF):
			return docs, nil
		case err != nil && len(docs) == 1 && docs[0].Kind == yaml.MappingNode && strings.HasSuffix(err.Error(), noDocument):
			line, _ := cutLine(err)
			return append(docs, &yaml.Node{Line: line + 1}), nil
		case err != nil:
			return nil, err
		case len(doc.Content) == 1 && !isAbsent(doc.Content[0]):
			docs = append(docs, doc.Content[0])
		}
	}
	return docs, nil
}

// yamlError returns the line of the text, from 1, that the decoder's error is
// about, and its words.
func yamlError(text string, err error) (line int, msg string) {
	line, msg = cutLine(err)
	switch {
	case strings.HasPrefix(msg, "did not find expected ',' or "):
		return line, msg // of the bracket that is not closed, counted from 0
	case msg == "found unexpected end of stream", msg == "could not find expected ':'":
		return line - 1, msg // of the quote that is not closed, or of the key
	}
	// The decoder names the line where something begins that holds the mistake.
	// The mistake itself is in the line that brings the error about.
	lines := strings.SplitAfter(text, "\n")
	n := sort.Search(len(lines)-1, func(i int) bool {
		_, err := parseYAML(strings.Join(lines[:i+1], ""))
		if err == nil {
			return false
		}
		_, m := cutLine(err)
		return m == msg
	})
	return n + 1, msg
}

// cutLine takes the decoder's error apart.
func cutLine(err error) (line int, msg string) {
	msg = strings.TrimPrefix(err.Error(), "yaml: ")
	if rest, ok := strings.CutPrefix(msg, "line "); ok {
		if no, rest, ok := strings.Cut(rest, ": "); ok {
			line, _ = strconv.Atoi(no)
			return line, rest
		}
	}
	return 1, msg
}

// mask added to a character makes one that nobody uses and that is a letter to
// the decoder.
const mask rune = 0x100000

// What an alias begins with, and a tag of which nodes do not tell.
const (
	alias    = string('*' + mask)
	loneMark = string('!' + mask)
)

var loneMarks = strings.NewReplacer("! ", loneMark+" ", "!\n", loneMark+"\n")

// disguise masks what the decoder would refuse without a line (control
// characters and aliases without an anchor), take for the end of a line, or
// misread (a question mark in a list in brackets).
func disguise(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\r':
			return ' '
		case isMasked(r) && r != '!':
			return r + mask
		}
		return r
	}, loneMarks.Replace(text))
}

// reveal undoes disguise.
func reveal(text string) string {
	return strings.Map(func(r rune) rune {
		if isMasked(r - mask) {
			return r - mask
		}
		return r
	}, text)
}

func isMasked(r rune) bool {
	switch r {
	case '\t', '\n':
		return false
	case '?', '*', '!', '\u2028', '\u2029', '\ufeff', '\ufffe', '\uffff':
		return true
	}
	return unicode.IsControl(r)
}

// isBare reports whether the node has no anchor and no tag and is no alias.
func isBare(n *yaml.Node) bool {
	if n.Style == 0 && (strings.HasPrefix(n.Value, alias) || strings.HasPrefix(n.Value, loneMark)) {
		return false
	}
	return n.Anchor == "" && n.Style&yaml.TaggedStyle == 0
}

// isAbsent reports whether the node is a key's value that is not there.
func isAbsent(n *yaml.Node) bool {
	return n.Kind == yaml.ScalarNode && n.Tag == "!!null" && isBare(n)
}

// pair is a key and its value.
type pair struct{ key, value *yaml.Node }

// mapping returns the pairs of a mapping.
func mapping(n *yaml.Node) (pairs []pair, ok bool) {
	if n == nil || n.Kind != yaml.MappingNode || !isBare(n) {
		return nil, false
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		pairs = append(pairs, pair{n.Content[i], n.Content[i+1]})
	}
	return pairs, true
}

// repeated returns the first pair whose key was there before, or nil.
func repeated(pairs []pair) *pair {
	seen := map[string]bool{}
	for i, p := range pairs {
		if p.key.Kind != yaml.ScalarNode {
			continue
		}
		if seen[p.key.Value] {
			return &pairs[i]
		}
		seen[p.key.Value] = true
	}
	return nil
}
