package anki

import (
	"archive/zip"
	"bytes"
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// fakeReader has entries 0 to 2 and nothing in them.
func fakeReader() *reader {
	c := &container{entries: map[string]*zip.File{}}
	for _, name := range []string{"0", "1", "2", "meta"} {
		c.entries[name] = &zip.File{}
	}
	return &reader{lim: Limits{}.orDefaults(), p: &Package{file: c}}
}

func fuzzMedia(f *testing.F, each func(*reader) func([]byte, func(mediaFile) error)) {
	f.Fuzz(func(t *testing.T, b []byte) {
		r := fakeReader()
		files, err := r.listMedia(context.Background(), b, each(r))
		noError(t, err)
		for name, file := range files {
			if badMediaName(name) != "" || file.name != name || r.p.file.entries[file.entry] == nil {
				t.Errorf("%q: %+v", name, file)
			}
		}
		if len(r.p.Problems) > 5 {
			t.Errorf("%d problems", len(r.p.Problems))
		}
	})
}

func FuzzMediaJSON(f *testing.F) {
	for _, s := range []string{`{}`, `{"0":"p.png","1":"ö.mp3"}`, `{"0":null,"2":"../x"}`, `[]`, `{"0":{"1":[]}}`, `{"0":"a`} {
		f.Add([]byte(s))
	}
	fuzzMedia(f, func(r *reader) func([]byte, func(mediaFile) error) { return r.mediaJSON })
}

func FuzzMediaProto(f *testing.F) {
	f.Add(mediaList(mediaLine{"p.png", 4, sum("x")}, mediaLine{"..", 1, nil}))
	f.Add([]byte("\x0a\x00\x0a\xff"))
	f.Add([]byte("\x12\x02ab\x0a\x03\x0a\x01a"))
	fuzzMedia(f, func(r *reader) func([]byte, func(mediaFile) error) { return r.mediaProto })
}

func FuzzCardData(f *testing.F) {
	for _, s := range []string{"", "{}", `{"pos":12,"s":3.173,"d":5.28,"dr":0.9,"decay":0.5,"lrt":1794988800}`, `{"s":"NaN","d":1e999}`, `{"s":null}`, `[`, `{"pos":-1}`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		r, c := fakeReader(), Card{Pos: -1, State: Reviewing}
		r.readCardData(&c, sql.NullString{String: s, Valid: true})
		if c.Pos < -1 || c.Memory != nil && !(c.Memory.Stability > 0 && c.Memory.Difficulty >= 1 && c.Memory.Difficulty <= 10) {
			t.Fatalf("%+v %+v", c, c.Memory)
		}
		// What is written is read again as the same.
		if c.Memory == nil || c.Memory.Stability < 0.0001 {
			return
		}
		again := Card{Pos: -1, State: Reviewing}
		r.readCardData(&again, sql.NullString{String: cardDataJSON(&c, 0), Valid: true})
		if again.Pos != c.Pos || again.Memory == nil {
			t.Fatalf("%s: %+v", cardDataJSON(&c, 0), again)
		}
	})
}

func FuzzSettings(f *testing.F) {
	c := sorted(small())
	var seeds []string
	for _, o := range []object{confJSON(c), modelsJSON(c.NoteTypes), decksJSON(c.Decks), presetsJSON(c.Presets)} {
		s, err := encode(o)
		noError(f, err)
		seeds = append(seeds, s)
	}
	f.Add(seeds[0], seeds[1], seeds[2], seeds[3])
	f.Add("{}", "{}", "{}", "{}")
	f.Add(`{"schedVer":null}`, `{"1":{"id":"7","flds":[null],"tmpls":[{}]}}`, `{"1":{"conf":1e99}}`, `{"1":{"new":[],"fsrsParams6":[null]}}`)
	f.Fuzz(func(t *testing.T, conf, models, decks, dconf string) {
		r := fakeReader()
		if err := r.takeJSON(conf, models, decks, dconf); err != nil && !errors.Is(err, ErrDamaged) {
			t.Fatal(err)
		}
		consistent(t, r.p)
	})
}

// FuzzPackage changes bytes of a database, three for the place and one for the
// value each, and opens it as a package of both forms.
func FuzzPackage(f *testing.F) {
	old, latest := hostile{}.database(f), schema18(f)
	dir := f.TempDir()
	f.Add(false, []byte{})
	f.Add(true, []byte{0, 0, 100, 2})
	f.Add(false, []byte{0, 0, 16, 1, 0, 16, 3, 9})
	f.Fuzz(func(t *testing.T, new bool, changes []byte) {
		base, meta, name := old, []byte{8, 2}, "collection.anki21"
		if new {
			base, meta, name = latest, []byte{8, 3}, "collection.anki21b"
		}
		db := bytes.Clone(base)
		for ; len(changes) >= 4; changes = changes[4:] {
			at := int(changes[0])<<16 | int(changes[1])<<8 | int(changes[2])
			db[at%len(db)] = changes[3]
		}
		if new {
			db = squeeze(db)
		}
		fuzzOpen(t, dir, zipOf(t, []entry{{name: "meta", data: meta}, {name: name, data: db}}))
	})
}

// FuzzZip is any file.
func FuzzZip(f *testing.F) {
	dir := f.TempDir()
	f.Add([]byte("PK"))
	f.Add(zipOf(f, []entry{{name: "meta", data: []byte{8, 3}}, {name: "collection.anki21b", data: squeeze([]byte("SQLite format 3\x00"))}, {name: "media"}}))
	f.Fuzz(func(t *testing.T, b []byte) { fuzzOpen(t, dir, b) })
}

// fuzzOpen opens a file: it must be a package that holds together, or one of
// the errors that are promised.
func fuzzOpen(t *testing.T, dir string, b []byte) {
	path := filepath.Join(dir, "fuzz.apkg")
	noError(t, os.WriteFile(path, b, 0o600))
	temp := filepath.Join(dir, "temp")
	noError(t, os.MkdirAll(temp, 0o700))
	p, err := Open(context.Background(), path, Options{Temp: temp, Limits: Limits{DatabaseBytes: 8 << 20, MediaBytes: 1 << 20}})
	empty(t, temp)
	if err == nil {
		defer p.Close()
		consistent(t, p)
		return
	}
	for _, known := range []error{ErrNotPackage, ErrNewer, ErrUnsupported, ErrDamaged, ErrTooLarge, ErrUnsafe} {
		if errors.Is(err, known) {
			return
		}
	}
	t.Errorf("an unknown error: %v", err)
}
