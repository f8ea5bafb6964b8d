package line

import (
	"encoding/json"
	"fmt"
	"io"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// NewEncoder returns an encoder of JSON lines that a terminal may be shown: it
// escapes the control and format characters that package json leaves as they
// are, and not the characters of HTML.
func NewEncoder(w io.Writer) *json.Encoder {
	enc := json.NewEncoder(escaper{w})
	enc.SetEscapeHTML(false)
	return enc
}

// escaper escapes characters in JSON text. They stand within strings only, and
// the encoder writes whole values, so no character is cut in two.
type escaper struct{ w io.Writer }

func (e escaper) Write(p []byte) (int, error) {
	out, kept := []byte(nil), 0
	for i := 0; i < len(p); {
		if p[i] < 0x7f {
			i++
			continue
		}
		r, size := utf8.DecodeRune(p[i:])
		if r <= 0x9f || unicode.Is(unicode.Cf, r) {
			out = append(out, p[kept:i]...)
			for _, unit := range utf16.AppendRune(nil, r) {
				out = fmt.Appendf(out, `\u%04x`, unit)
			}
			kept = i + size
		}
		i += size
	}
	if _, err := e.w.Write(append(out, p[kept:]...)); err != nil {
		return 0, err
	}
	return len(p), nil
}
