package deck

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// flow is text on its way to the screen: one string, so that characters which
// combine are seen together whatever their roles, and the stretches of it that
// are painted.
type flow struct {
	b         strings.Builder
	stretches []stretch
	prev      rune // the last one written
	del       int  // the deletion that is open, or 0
}

// stretch is the text from the end of the stretch before it up to stop.
type stretch struct {
	stop int
	role Role
}

// add appends text, cleaned, that belongs to deletion del, or to none if del is
// 0. A new deletion begins with a bracket, and one that is over ends with one.
// Text may hold newlines, which end a line.
func (f *flow) add(text string, role Role, del int) {
	if del != f.del {
		f.finish()
		if del > 0 {
			f.write("[", Deletion)
			f.del = del
		}
	}
	if del > 0 {
		role = Deletion
	}
	f.write(text, role)
}

// finish ends the deletion that is still open.
func (f *flow) finish() {
	if f.del > 0 {
		f.write("]", Deletion)
		f.del = 0
	}
}

// write appends text. It is clean as far as the author's text goes, but an
// entity may have decoded to anything, and what a joiner joins may be gone.
func (f *flow) write(text string, role Role) {
	if isPlainASCII(text) && !strings.Contains(text, "\t") {
		f.b.WriteString(text)
		if text != "" {
			f.prev = rune(text[len(text)-1])
		}
	} else {
		for _, r := range text {
			if r == '\t' || r == '\r' {
				r = ' '
			}
			if r != Open && r != Close && visible(f.prev, r) {
				f.b.WriteRune(r)
				f.prev = r
			}
		}
	}
	f.tint(role)
}

// tint gives the text from the last stretch to the end a role.
func (f *flow) tint(role Role) {
	n := len(f.stretches)
	switch {
	case n > 0 && f.stretches[n-1].stop == f.b.Len():
	case n > 0 && f.stretches[n-1].role == role:
		f.stretches[n-1].stop = f.b.Len()
	default:
		f.stretches = append(f.stretches, stretch{f.b.Len(), role})
	}
}

func (f *flow) text() string { return f.b.String() }

// trimmed narrows e so that text does not end in blanks.
func (e extent) trimmed(text string) extent {
	kept := strings.TrimRightFunc(text[e.start:e.stop], unicode.IsSpace)
	return extent{e.start, e.start + len(kept)}
}

// paint returns the part e of the text with its stretches painted and without
// trailing blanks.
func (f *flow) paint(e extent, style Style) string {
	text := f.text()
	e = e.trimmed(text)
	var b strings.Builder
	pos := e.start
	for _, s := range f.stretches[f.stretchAfter(pos):] {
		if pos >= e.stop {
			break
		}
		stop := min(snap(text, pos, s.stop), e.stop)
		if stop <= pos {
			continue
		}
		part := text[pos:stop]
		if s.role != 0 {
			part = style.Paint(s.role, part)
		}
		b.WriteString(part)
		pos = stop
	}
	return b.String()
}

// stretchAfter returns the index of the first stretch that ends after pos.
func (f *flow) stretchAfter(pos int) int {
	lo, hi := 0, len(f.stretches)
	for lo < hi {
		if mid := (lo + hi) / 2; f.stretches[mid].stop > pos {
			hi = mid
		} else {
			lo = mid + 1
		}
	}
	return lo
}

// snap moves at to the end of the character that it lies in, so that no escape
// sequence comes between the parts of one. from is the start of a character.
func snap(text string, from, at int) int {
	if at >= len(text) || (text[at] < utf8.RuneSelf && text[at-1] < utf8.RuneSelf) {
		return at
	}
	for from < at {
		n, _ := character(text[from:])
		from += n
	}
	return from
}

// join appends another flow as it is.
func (f *flow) join(other *flow) {
	start := f.b.Len()
	f.b.WriteString(other.text())
	f.prev = other.prev
	for _, s := range other.stretches {
		f.stretches = append(f.stretches, stretch{start + s.stop, s.role})
	}
}
