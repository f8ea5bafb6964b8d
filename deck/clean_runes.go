package deck

import "unicode"

// Runes that join or vary what stands before them.
const (
	zwnj      = '\u200c'
	zwj       = '\u200d'
	textStyle = '\ufe0e' // variation selector 15: as text
	emojiLook = '\ufe0f' // variation selector 16: as emoji
	blackFlag = '\U0001f3f4'
)

// hidden holds runes that take no room, look like a blank without being one,
// or turn the direction of text.
var hidden = &unicode.RangeTable{
	R16: []unicode.Range16{
		{Lo: 0x00ad, Hi: 0x00ad, Stride: 1}, // soft hyphen
		{Lo: 0x034f, Hi: 0x034f, Stride: 1}, // grapheme joiner
		{Lo: 0x061c, Hi: 0x061c, Stride: 1}, // Arabic letter mark
		{Lo: 0x115f, Hi: 0x1160, Stride: 1}, // Hangul fillers
		{Lo: 0x17b4, Hi: 0x17b5, Stride: 1}, // Khmer inherent vowels
		{Lo: 0x180b, Hi: 0x180f, Stride: 1}, // Mongolian selectors
		{Lo: 0x200b, Hi: 0x200f, Stride: 1}, // zero width, marks of direction
		{Lo: 0x2028, Hi: 0x202e, Stride: 1}, // separators, bidi overrides
		{Lo: 0x2060, Hi: 0x206f, Stride: 1}, // invisible operators, bidi isolates
		{Lo: 0x3164, Hi: 0x3164, Stride: 1}, // Hangul filler
		{Lo: 0xfe00, Hi: 0xfe0f, Stride: 1}, // variation selectors
		{Lo: 0xfeff, Hi: 0xfeff, Stride: 1}, // byte order mark
		{Lo: 0xffa0, Hi: 0xffa0, Stride: 1}, // halfwidth Hangul filler
		{Lo: 0xfff0, Hi: 0xfffb, Stride: 1}, // annotations
	},
	R32: []unicode.Range32{
		{Lo: 0x1bca0, Hi: 0x1bca3, Stride: 1}, // shorthand controls
		{Lo: 0x1d173, Hi: 0x1d17a, Stride: 1}, // musical controls
		{Lo: 0xe0000, Hi: 0xe0fff, Stride: 1}, // tags, variation selectors
	},
}

// visible reports whether r may stand after prev on a screen. Newline and tab
// count as visible.
func visible(prev, r rune) bool {
	switch {
	case r == '\n' || r == '\t':
		return true
	case isControl(r):
		return false
	case r <= '~':
		return true
	case r == zwj || r == zwnj:
		return takesJoiner(prev)
	case r == textStyle || r == emojiLook:
		return isEmoji(prev) || isKeycap(prev)
	case isTag(r): // spells a region after a flag, as in the flag of Wales
		return prev == blackFlag || isTag(prev)
	}
	return !unicode.Is(hidden, r)
}

// isControl reports whether r is a C0 or C1 control character or DEL.
func isControl(r rune) bool { return r < ' ' || (r >= 0x7f && r <= 0x9f) }

// isTag reports whether r is one of the tag characters of a flag.
func isTag(r rune) bool { return r >= 0xe0020 && r <= 0xe007f }

// isKeycap reports whether r can carry a keycap.
func isKeycap(r rune) bool { return r == '#' || r == '*' || (r >= '0' && r <= '9') }

// takesJoiner reports whether a joiner after prev shapes text instead of
// hiding it: after an emoji, and in the scripts from Arabic to Myanmar, Khmer
// and Mongolian, where it decides about the form of letters.
func takesJoiner(prev rune) bool {
	return isEmoji(prev) || prev == emojiLook ||
		(prev >= 0x0600 && prev <= 0x109f) || (prev >= 0x1780 && prev <= 0x18af)
}

// isEmoji reports whether r may be an emoji. It is generous: the blocks that
// hold emoji hold other symbols too, and a selector after those does no harm.
func isEmoji(r rune) bool {
	switch r {
	case 0xa9, 0xae, 0x203c, 0x2049, 0x2122, 0x2139, 0x3030, 0x303d, 0x3297, 0x3299:
		return true
	}
	return (r >= 0x2190 && r <= 0x2bff) || (r >= 0x1f000 && r <= 0x1faff)
}
