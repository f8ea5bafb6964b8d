package line

import (
	"bytes"
	"encoding/json"
	"testing"
	"unicode"

	"pgregory.net/rapid"
)

func TestEncoderEscapes(t *testing.T) {
	for in, want := range map[string]string{
		"plain <b> & é 漢":       `"plain <b> & é 漢"`,
		"\x1b[2J\x7f\u009b2J":   `"\u001b[2J\u007f\u009b2J"`,
		"a\u202eb\u200dc\ufeff": `"a\u202eb\u200dc\ufeff"`,
		"\U000e0041":            `"\udb40\udc41"`,
		"\xff":                  `"\ufffd"`,
	} {
		var out bytes.Buffer
		if err := NewEncoder(&out).Encode(in); err != nil || out.String() != want+"\n" {
			t.Errorf("%q: %s (%v), want %s", in, out.String(), err, want)
		}
	}
}

// TestEncodedIsTheSame: what is escaped reads back as it was.
func TestEncodedIsTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := map[string]string{rapid.String().Draw(t, "key"): rapid.StringOf(rapid.RuneFrom(nil, unicode.Cf, unicode.Cc, unicode.L)).Draw(t, "value")}
		var buf bytes.Buffer
		if err := NewEncoder(&buf).Encode(in); err != nil {
			t.Fatal(err)
		}
		for _, r := range buf.String() {
			if r != '\n' && unicode.In(r, unicode.Cc, unicode.Cf) {
				t.Fatalf("%U in %q", r, buf.Bytes())
			}
		}
		var back map[string]string
		if err := json.Unmarshal(buf.Bytes(), &back); err != nil {
			t.Fatal(err)
		}
		for k, v := range in {
			if back[k] != v {
				t.Fatalf("%q came back as %q", in, back)
			}
		}
	})
}
