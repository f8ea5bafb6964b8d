package field

import (
	"bytes"
	"slices"
	"strings"

	"etch/deck"
)

// What the parser sees in place of the sentinels: brackets of another kind,
// equally long, so that emphasis beside a deletion is recognised as it would
// be beside the author's brackets.
const (
	openMark  = "⁅"
	closeMark = "⁆"
)

// sentinelLen is the length of a sentinel in bytes.
const sentinelLen = len(openMark)

// manuscript is Markdown made ready for the parser, and where its deletions
// stand. That a piece of text is deleted is seen from where it stands, whatever
// encloses it.
type manuscript struct {
	text      []byte
	deletions []extent // with their sentinels
	index     []int    // of each deletion in the text's numbering
}

// extent is a range of bytes.
type extent struct{ start, stop int }

// newManuscript finds the balanced pairs of sentinels. One without its partner
// counts for nothing, but the numbering of [deck.Deletions] counts each Open.
func newManuscript(md string) manuscript {
	m := manuscript{text: []byte(md)}
	open, opens := -1, 0
	for i, r := range md {
		switch {
		case r == deck.Open:
			open = i
			opens++
		case r == deck.Close && open >= 0:
			m.deletions = append(m.deletions, extent{open, i + sentinelLen})
			m.index = append(m.index, opens)
			open = -1
		}
	}
	m.text = bytes.ReplaceAll(m.text, []byte(string(deck.Open)), []byte(openMark))
	m.text = bytes.ReplaceAll(m.text, []byte(string(deck.Close)), []byte(closeMark))
	m.dropLonely([]byte(md))
	return m
}

// dropLonely makes a sentinel without its partner invisible. Its place must
// stay taken, as offsets point behind it.
func (m manuscript) dropLonely(md []byte) {
	for i := 0; i+sentinelLen <= len(md); i++ {
		r := string(md[i : i+sentinelLen])
		if r != string(deck.Open) && r != string(deck.Close) {
			continue
		}
		d := m.deletionIndex(i)
		if d >= 0 && (m.deletions[d].start == i || m.deletions[d].stop == i+sentinelLen) {
			continue
		}
		copy(m.text[i:], zeroWidth)
	}
}

// zeroWidth is as long as a sentinel and is dropped from all text.
const zeroWidth = "\u200b"

// deletionIndex returns which of the deletions the byte at an offset belongs
// to, or -1.
func (m manuscript) deletionIndex(offset int) int {
	i, _ := slices.BinarySearchFunc(m.deletions, offset, func(d extent, at int) int {
		if d.stop <= at {
			return -1
		}
		return 1
	})
	if i < len(m.deletions) && m.deletions[i].start <= offset {
		return i
	}
	return -1
}

// deletionAt returns the number, from 1, of the deletion that the byte at an
// offset belongs to, or 0.
func (m manuscript) deletionAt(offset int) int {
	if i := m.deletionIndex(offset); i >= 0 {
		return m.index[i]
	}
	return 0
}

// each calls fn for the stretches of text between two offsets, each wholly
// inside or wholly outside of a deletion, with its number or 0. Sentinels are
// left out.
func (m manuscript) each(start, stop int, fn func(text string, del int)) {
	for pos := start; pos < stop; {
		i := m.deletionIndex(pos)
		if i >= 0 {
			d := m.deletions[i]
			from, to := max(pos, d.start+sentinelLen), min(stop, d.stop-sentinelLen)
			fn(m.slice(from, max(from, to)), m.index[i])
			pos = d.stop
			continue
		}
		next := stop
		if i := m.nextDeletion(pos); i < len(m.deletions) {
			next = min(stop, m.deletions[i].start)
		}
		fn(m.slice(pos, next), 0)
		pos = next
	}
}

func (m manuscript) slice(from, to int) string {
	return strings.ReplaceAll(string(m.text[from:to]), zeroWidth, "")
}

// nextDeletion returns which deletion is the first at or after an offset.
func (m manuscript) nextDeletion(offset int) int {
	i, _ := slices.BinarySearchFunc(m.deletions, offset, func(d extent, at int) int { return d.start - at })
	return i
}
