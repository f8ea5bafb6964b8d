package deck

import (
	"strings"
	"unicode/utf8"
)

// Control characters that begin or end an escape sequence. The C1 twins are
// the single runes that a terminal may read as ESC and a letter.
const (
	bel = '\a'
	esc = '\x1b'
	csi = '\u009b' // ESC [
	st  = '\u009c' // ESC \
)

// Clean removes from s what could drive a terminal or deceive a reader:
// control characters, whole escape sequences, bidirectional overrides and
// characters that take no room but hide text. Joiners and variation selectors
// stay where they make an emoji or a letter. Invalid UTF-8 becomes U+FFFD.
// Newlines and tabs stay; every other line ending becomes a newline.
func Clean(s string) string {
	if isPlainASCII(s) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	prev := rune(0) // the last rune that was kept
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		if n := sequenceLen(s[i:], r); n > 0 {
			i += n
			continue
		}
		i += size
		switch r {
		case '\r':
			if strings.HasPrefix(s[i:], "\n") {
				continue
			}
			r = '\n'
		case '\u2028', '\u2029': // line and paragraph separator
			r = '\n'
		}
		if visible(prev, r) {
			b.WriteRune(r)
			prev = r
		}
	}
	return b.String()
}

// CleanLine is [Clean] for text that stands on one line: each newline and tab
// becomes a blank.
func CleanLine(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' {
			return ' '
		}
		return r
	}, Clean(s))
}

// isPlainASCII reports whether s holds nothing but printable ASCII, newlines
// and tabs, which need no cleaning.
func isPlainASCII(s string) bool {
	for i := 0; i < len(s); i++ {
		if c := s[i]; (c < ' ' && c != '\n' && c != '\t') || c > '~' {
			return false
		}
	}
	return true
}

// sequenceLen returns how many bytes of s belong to the escape sequence that
// begins with its first rune r, or 0 when none begins there.
func sequenceLen(s string, r rune) int {
	if r == esc {
		return escLen(s)
	}
	if r == csi {
		return 2 + csiLen(s[2:])
	}
	if isStringIntroducer(r) {
		return 2 + stringLen(s[2:])
	}
	return 0
}

// escLen returns the length of the sequence that s, whose first byte is ESC,
// begins with.
func escLen(s string) int {
	if len(s) < 2 {
		return 1
	}
	if s[1] == '[' {
		return 2 + csiLen(s[2:])
	}
	if isStringIntroducer(rune(s[1]) + 0x40) {
		return 2 + stringLen(s[2:])
	}
	i := 1 + runLen(s[1:], ' ', '/') // such as the "(" of ESC ( B
	if i < len(s) && s[i] >= '0' && s[i] <= '~' {
		i++
	}
	return i
}

// csiLen returns the length of a control sequence after its introducer:
// parameters, intermediates and the final byte.
func csiLen(s string) int {
	i := runLen(s, '0', '?')
	i += runLen(s[i:], ' ', '/')
	if i < len(s) && s[i] >= '@' && s[i] <= '~' {
		i++
	}
	return i
}

// isStringIntroducer reports whether the C1 control r begins a string: DCS,
// SOS, OSC, PM or APC.
func isStringIntroducer(r rune) bool {
	switch r {
	case '\u0090', '\u0098', '\u009d', '\u009e', '\u009f':
		return true
	}
	return false
}

// stringLen returns the length of a control string after its introducer, up
// to and with BEL or ST. It is 0 when another control character or the end
// comes first: text after an unclosed introducer is better shown than lost,
// and each byte is looked at by one introducer only.
func stringLen(s string) int {
	for i, r := range s {
		switch {
		case r == bel:
			return i + 1
		case r == st:
			return i + 2
		case r == esc && strings.HasPrefix(s[i+1:], `\`):
			return i + 2
		case isControl(r):
			return 0
		}
	}
	return 0
}

// runLen returns how many leading bytes of s lie between lo and hi.
func runLen(s string, lo, hi byte) int {
	i := 0
	for i < len(s) && s[i] >= lo && s[i] <= hi {
		i++
	}
	return i
}
