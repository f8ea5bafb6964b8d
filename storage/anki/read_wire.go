package anki

import (
	"encoding/binary"
	"math"
	"strconv"
)

// wire walks over the fields of a protobuf message:
//
//	m := wire{b: b}
//	for m.next() {
//
// It is written here because google.golang.org/protobuf costs start-up time in
// a program that hardly ever reads a package.
type wire struct {
	b   []byte
	bad bool // the message is cut or malformed; next has returned false

	num  int    // of the field
	n    uint64 // its value: a varint or a fixed one
	data []byte // its value: bytes, a string, a message or a packed list
}

// next moves to the next field and reports whether there is one.
func (w *wire) next() bool {
	w.n, w.data = 0, nil
	if len(w.b) == 0 {
		return false
	}
	tag, ok := w.varint()
	w.num = int(tag >> 3)
	if !ok || tag>>3 == 0 || tag>>3 > 1<<29-1 {
		return w.fail()
	}
	switch tag & 7 {
	case 0:
		w.n, ok = w.varint()
	case 1:
		ok = w.fixed(8)
	case 2:
		ok = w.bytes()
	case 5:
		ok = w.fixed(4)
	default: // groups are not used since proto2
		ok = false
	}
	if !ok {
		return w.fail()
	}
	return true
}

func (w *wire) fail() bool {
	w.bad, w.b, w.n, w.data = true, nil, 0, nil
	return false
}

func (w *wire) varint() (uint64, bool) {
	v, n := binary.Uvarint(w.b)
	if n <= 0 {
		return 0, false
	}
	w.b = w.b[n:]
	return v, true
}

func (w *wire) fixed(n int) bool {
	if len(w.b) < n {
		return false
	}
	if n == 4 {
		w.n = uint64(binary.LittleEndian.Uint32(w.b))
	} else {
		w.n = binary.LittleEndian.Uint64(w.b)
	}
	w.b = w.b[n:]
	return true
}

func (w *wire) bytes() bool {
	n, ok := w.varint()
	if !ok || n > uint64(len(w.b)) {
		return false
	}
	w.data, w.b = w.b[:n], w.b[n:]
	return true
}

// floats appends the field's numbers to list: packed, or one a field.
func (w *wire) floats(list []float64) []float64 {
	if w.data == nil {
		return append(list, float(uint32(w.n)))
	}
	for b := w.data; len(b) >= 4; b = b[4:] {
		list = append(list, float(binary.LittleEndian.Uint32(b)))
	}
	return list
}

// float is the shortest decimal number that is the float32: Anki's JSON says
// 0.85 where its tables have the float32 next to it.
func float(bits uint32) float64 {
	f := math.Float32frombits(bits)
	d, err := strconv.ParseFloat(strconv.FormatFloat(float64(f), 'g', -1, 32), 64)
	if err != nil {
		return float64(f)
	}
	return d
}
