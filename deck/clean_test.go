package deck

import (
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// attacks pairs hostile text with what may be left of it.
var attacks = []struct{ name, in, want string }{
	{"plain", "a b\n\tc", "a b\n\tc"},
	{"colour", "\x1b[31mred\x1b[0m", "red"},
	{"colour with colons", "\x1b[38:2::255:0:0mred", "red"},
	{"clear screen", "a\x1b[2J\x1b[Hb", "ab"},
	{"private mode", "a\x1b[?1049hb", "ab"},
	{"intermediate", "a\x1b[1 qb", "ab"},
	{"unfinished csi", "a\x1b[31", "a"},
	{"csi cut by a letter outside ASCII", "a\x1b[31é", "aé"},
	{"csi in csi", "\x1b\x1b[31m[31mx", "[31mx"},
	{"csi split by a control", "\x1b\x00[31mx", "[31mx"},
	{"c1 csi", "a\u009b31mb", "ab"},
	{"raw c1 byte", "a\x9b31mb", "a\uFFFD31mb"},
	{"title, bel", "a\x1b]0;evil\ab", "ab"},
	{"title, st", "a\x1b]0;evil\x1b\\b", "ab"},
	{"title, c1", "a\u009d0;evil\u009cb", "ab"},
	{"unclosed title is shown", "a\x1b]0;evil", "a0;evil"},
	{"string ends at the line", "a\x1b]0;evil\nb\a", "a0;evil\nb"},
	{"clipboard", "\x1b]52;c;cm0gLXJmIH4K\ax", "x"},
	{"link", "\x1b]8;;http://evil\x1b\\text\x1b]8;;\x1b\\", "text"},
	{"dcs", "a\x1bPq#0;2\x1b\\b", "ab"},
	{"apc", "a\x1b_Gf=100;AAAA\x1b\\b", "ab"},
	{"pm, sos", "a\x1b^x\x1b\\\x1bXy\x1b\\b", "ab"},
	{"reset", "a\x1bcb", "ab"},
	{"charset", "a\x1b(0b", "ab"},
	{"keypad", "a\x1b=\x1b>b", "ab"},
	{"lone esc", "a\x1b", "a"},
	{"esc before a newline", "a\x1b\nb", "a\nb"},
	{"bell, backspace, del, nul", "a\a\b\x7f\x00b", "ab"},
	{"overwrite", "good\revil", "good\nevil"},
	{"crlf", "a\r\nb", "a\nb"},
	{"nel and ind", "a\u0085\u0084b", "ab"},
	{"separators", "a\u2028b\u2029c", "a\nb\nc"},
	{"bidi", "a\u202eb\u202c\u2066c\u2069\u200e\u200f\u061cd", "abcd"},
	{"zero width", "p\u200ba\u200cy\u200dp\u2060a\ufeffl\u00ad", "paypal"},
	{"fillers", "a\u3164\u115f\uffa0b", "ab"},
	{"tags", "a\U000e0041\U000e0042b", "ab"},
	{"lone selectors", "a\ufe0fb\ufe01\U000e0100", "ab"},
	{"family", "👨‍👩‍👧", "👨‍👩‍👧"},
	{"heart on fire", "❤️‍🔥", "❤️‍🔥"},
	{"skin and gender", "🏃🏽‍♀️", "🏃🏽‍♀️"},
	{"keycap", "1️⃣", "1️⃣"},
	{"flag of Wales", "🏴󠁧󠁢󠁷󠁬󠁳󠁿", "🏴󠁧󠁢󠁷󠁬󠁳󠁿"},
	{"Persian", "می\u200cخواهم", "می\u200cخواهم"},
	{"combining", "e\u0301", "e\u0301"},
	{"invalid", "a\xffb\xc3", "a\uFFFDb\uFFFD"},
	{"rune split by a sequence", "\xe2\x1b[m\x82\xac", "\uFFFD\uFFFD\uFFFD"},
	{"surrogate", "\xed\xa0\x80", "\uFFFD\uFFFD\uFFFD"},
}

func TestClean(t *testing.T) {
	for _, tt := range attacks {
		t.Run(tt.name, func(t *testing.T) {
			if got := Clean(tt.in); got != tt.want {
				t.Errorf("Clean(%q) = %q, want %q", tt.in, got, tt.want)
			}
		})
	}
}

func TestCleanLine(t *testing.T) {
	if got, want := CleanLine("a\tb\r\nc\x1b[1m"), "a b c"; got != want {
		t.Errorf("CleanLine = %q, want %q", got, want)
	}
}

// checkClean fails when s still holds what Clean promises to remove.
func checkClean(t interface{ Fatalf(string, ...any) }, s string) {
	if !utf8.ValidString(s) {
		t.Fatalf("invalid UTF-8: %q", s)
	}
	for _, r := range s {
		if isControl(r) && r != '\n' && r != '\t' {
			t.Fatalf("control %U in %q", r, s)
		}
	}
	if strings.ContainsAny(s, "\u200b\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff") {
		t.Fatalf("hidden rune in %q", s)
	}
}

// Property: cleaning what is clean changes nothing, and nothing hostile is
// put together by what was removed.
func TestCleanIsIdempotent(t *testing.T) {
	var parts []string
	for _, a := range attacks {
		parts = append(parts, a.in)
		for _, r := range a.in {
			parts = append(parts, string(r))
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		s := strings.Join(rapid.SliceOf(rapid.SampledFrom(parts)).Draw(t, "parts"), "")
		once := Clean(s)
		checkClean(t, once)
		if twice := Clean(once); twice != once {
			t.Fatalf("Clean(%q) = %q", once, twice)
		}
	})
}

func FuzzClean(f *testing.F) {
	for _, a := range attacks {
		f.Add(a.in)
	}
	f.Fuzz(func(t *testing.T, s string) {
		once := Clean(s)
		checkClean(t, once)
		if twice := Clean(once); twice != once {
			t.Fatalf("Clean(%q) = %q", once, twice)
		}
	})
}
