package anki

import (
	"crypto/sha1"
	"encoding/binary"
	"html"
	"strings"
)

// Anki finds duplicates by a sum of the first field and lists notes by their
// sort field, both without HTML. It computes the two columns itself when it
// imports; other programs read them as they are.

// checksum is the column csum of a note.
func checksum(first string) int64 {
	sum := sha1.Sum([]byte(plainField(first)))
	return int64(binary.BigEndian.Uint32(sum[:]))
}

// plainField takes the HTML out of a field: a picture or a sound becomes its
// file's name between spaces; comments, style sheets, scripts and tags go,
// and characters are decoded.
func plainField(s string) string {
	if !strings.ContainsAny(s, "<&\u00a0") {
		return s
	}
	var b strings.Builder
	t := tags{missing: map[string]bool{}}
	for s != "" {
		i := strings.IndexByte(s, '<')
		if i < 0 {
			b.WriteString(s)
			break
		}
		b.WriteString(s[:i])
		n, name := t.next(s[i:])
		if n == 0 { // no tag: the sign itself
			b.WriteByte('<')
			n = 1
		} else if name != "" {
			b.WriteString(" " + name + " ")
		}
		s = s[i+n:]
	}
	return strings.ReplaceAll(html.UnescapeString(b.String()), "\u00a0", " ")
}

// tags walks over the tags of a field. It remembers which ends are not ahead,
// or a long field of beginnings would be searched from each of them.
type tags struct{ missing map[string]bool }

// next returns the length of the tag or comment at the start of s, with all
// that goes with it, and the name of the file that it shows.
func (t *tags) next(s string) (int, string) {
	lower := func(n int) string { return strings.ToLower(s[:min(n, len(s))]) }
	for _, whole := range [][2]string{{"!--", "-->"}, {"style", "</style>"}, {"script", "</script>"}} {
		if strings.HasPrefix(lower(1+len(whole[0])), "<"+whole[0]) {
			if n := t.through(s, whole[1]); n > 0 {
				return n, ""
			}
		}
	}
	n := t.through(s, ">")
	if n == 0 {
		return 0, ""
	}
	for _, e := range []string{"img", "audio", "video", "object", "source"} {
		if isElement(lower(len(e)+2), e) {
			return n, fileOf(s[len(e)+1 : n-1])
		}
	}
	return n, ""
}

// through returns the length of s up to and with end, in any case, 0 if it is
// not there.
func (t *tags) through(s, end string) int {
	if t.missing[end] {
		return 0
	}
	for i := 0; ; i++ {
		n := strings.IndexByte(s[i:], end[0])
		if n < 0 || len(s)-i-n < len(end) {
			t.missing[end] = true
			return 0
		}
		i += n
		if strings.EqualFold(s[i:i+len(end)], end) {
			return i + len(end)
		}
	}
}

// isElement reports whether the start of a tag is that of an element.
func isElement(start, name string) bool {
	rest, ok := strings.CutPrefix(start, "<"+name)
	return ok && (rest == "" || rest[0] == '>' || rest[0] == '/' || isSpace(rest[0]))
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' }

// fileOf returns the value of the attribute src or data among a tag's.
func fileOf(attributes string) string {
	s := attributes
	for {
		s = strings.TrimLeft(s, " \t\n\r\f/")
		if s == "" {
			return ""
		}
		end := strings.IndexAny(s, "= \t\n\r\f/")
		if end < 0 {
			return ""
		}
		name := strings.ToLower(s[:end])
		s = strings.TrimLeft(s[end:], " \t\n\r\f")
		value, ok := strings.CutPrefix(s, "=")
		if !ok {
			continue
		}
		value = strings.TrimLeft(value, " \t\n\r\f")
		value, s = attribute(value)
		if name == "src" || name == "data" {
			return value
		}
	}
}

// attribute splits an attribute's value, with or without quotes, from what
// follows.
func attribute(s string) (value, rest string) {
	if s != "" && (s[0] == '"' || s[0] == '\'') {
		if i := strings.IndexByte(s[1:], s[0]); i >= 0 {
			return s[1 : i+1], s[i+2:]
		}
		return s[1:], ""
	}
	if i := strings.IndexAny(s, " \t\n\r\f"); i >= 0 {
		return s[:i], s[i:]
	}
	return s, ""
}
