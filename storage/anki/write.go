package anki

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strconv"
)

// errInvalid marks what the checks before a write refuse: a collection that Anki
// would refuse or repair.
var errInvalid = errors.New("not valid in Anki")

// Write writes a package that every Anki since 2.1 reads: the form Legacy2,
// with the database under the names of both legacy forms, for many other
// programs look for the older one alone. c.Version and c.Scheduler are not
// used. Deck 1 and preset 1, which Anki always has, are added if they are
// missing.
//
// Equal collections give equal bytes, in whatever order their rows are. A
// memory state is rounded as Anki does: stability to 4 places, difficulty and
// decay to 3, retention to 2.
//
// It returns an error before anything is written if Anki would not take the
// collection as it is, else those of w, of the media, of the folder for
// temporary files and the context's. What was written then is no package.
func Write(ctx context.Context, w io.Writer, c *Collection) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("write package: %w", err)
		}
	}()
	c = sorted(c)
	if err := check(c); err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "etch-anki-")
	if err != nil {
		return err
	}
	defer removeAll(dir, &err)
	db := filepath.Join(dir, "collection.db")
	if err := writeDatabase(ctx, db, c); err != nil {
		return err
	}
	z := zip.NewWriter(w)
	if err := addPart(ctx, z, "meta", memory([]byte{0x08, byte(Legacy2)})); err != nil {
		return err
	}
	if err := addDatabase(ctx, z, db); err != nil {
		return err
	}
	if err := addMedia(ctx, z, c.Media); err != nil {
		return err
	}
	return z.Close()
}

// sorted returns a copy with all rows in the order in which they are written,
// and with what Anki always has.
func sorted(c *Collection) *Collection {
	s := *c
	s.Decks, s.Presets = slices.Clone(c.Decks), slices.Clone(c.Presets)
	if !slices.ContainsFunc(s.Presets, func(p Preset) bool { return p.ID == 1 }) {
		s.Presets = append(s.Presets, defaultPreset())
	}
	if !slices.ContainsFunc(s.Decks, func(d Deck) bool { return d.ID == 1 }) {
		s.Decks = append(s.Decks, Deck{ID: 1, Name: "Default", Preset: 1})
	}
	inOrder(len(s.NoteTypes), func(i, j int) bool { return s.NoteTypes[i].ID < s.NoteTypes[j].ID }, func() any { s.NoteTypes = slices.Clone(s.NoteTypes); return s.NoteTypes })
	inOrder(len(s.Decks), func(i, j int) bool { return s.Decks[i].ID < s.Decks[j].ID }, func() any { s.Decks = slices.Clone(s.Decks); return s.Decks })
	inOrder(len(s.Presets), func(i, j int) bool { return s.Presets[i].ID < s.Presets[j].ID }, func() any { s.Presets = slices.Clone(s.Presets); return s.Presets })
	inOrder(len(s.Notes), func(i, j int) bool { return s.Notes[i].ID < s.Notes[j].ID }, func() any { s.Notes = slices.Clone(s.Notes); return s.Notes })
	inOrder(len(s.Cards), func(i, j int) bool { return s.Cards[i].ID < s.Cards[j].ID }, func() any { s.Cards = slices.Clone(s.Cards); return s.Cards })
	inOrder(len(s.Reviews), func(i, j int) bool { return s.Reviews[i].ID < s.Reviews[j].ID }, func() any { s.Reviews = slices.Clone(s.Reviews); return s.Reviews })
	inOrder(len(s.Media), func(i, j int) bool { return s.Media[i].Name < s.Media[j].Name }, func() any { s.Media = slices.Clone(s.Media); return s.Media })
	return &s
}

// inOrder sorts a list of n and keeps the order of equals. own copies the list,
// which happens only if it has to be sorted. Code for each type of row would
// make the program 150 kB larger.
func inOrder(n int, less func(i, j int) bool, own func() any) {
	for i := 1; i < n; i++ {
		if less(i, i-1) {
			sort.SliceStable(own(), less)
			return
		}
	}
}

// opener returns contents that can be read more than once.
type opener func() (io.ReadCloser, error)

func memory(b []byte) opener {
	return func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(b)), nil }
}

// summer reads on behalf of a context and sums up what it read.
type summer struct {
	ctx context.Context
	r   io.Reader
	crc uint32
	n   int64
}

func (s *summer) Read(p []byte) (int, error) {
	if err := s.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := s.r.Read(p)
	s.crc = crc32.Update(s.crc, crc32.IEEETable, p[:n])
	s.n += int64(n)
	return n, err
}

// pour copies contents to w and returns their sum and size.
func pour(ctx context.Context, w io.Writer, open opener) (crc uint32, size int64, err error) {
	in, err := open()
	if err != nil {
		return 0, 0, err
	}
	s := &summer{ctx: ctx, r: in}
	_, err = io.Copy(w, s)
	return s.crc, s.n, errors.Join(err, in.Close())
}

// header describes an entry whole, so that sizes stand before the contents:
// some readers cannot do with those after them. Its time is the first one
// that a zip file can have.
func header(name string, method uint16, crc uint32, packed, size int64) *zip.FileHeader {
	return &zip.FileHeader{
		Name: name, Method: method,
		//lint:ignore SA1019 a raw entry gets its time from nothing else
		ModifiedDate: 1<<5 | 1,
		CRC32:        crc, CompressedSize64: uint64(packed), UncompressedSize64: uint64(size),
	}
}

// addPart adds an entry as it is. Its contents are read twice.
func addPart(ctx context.Context, z *zip.Writer, name string, open opener) error {
	crc, size, err := pour(ctx, io.Discard, open)
	if err != nil {
		return err
	}
	w, err := z.CreateRaw(header(name, zip.Store, crc, size, size))
	if err != nil {
		return err
	}
	again, n, err := pour(ctx, w, open)
	if err == nil && (again != crc || n != size) {
		err = errors.New("it changed while it was read")
	}
	return err
}

// addDatabase adds the database under both names and packs it once.
func addDatabase(ctx context.Context, z *zip.Writer, path string) error {
	packed := path + ".packed"
	out, err := os.OpenFile(packed, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	f, err := flate.NewWriter(out, flate.DefaultCompression)
	if err != nil {
		return errors.Join(err, out.Close())
	}
	file := func(path string) opener {
		return func() (io.ReadCloser, error) { return os.Open(path) }
	}
	crc, size, err := pour(ctx, f, file(path))
	if err := errors.Join(err, f.Close(), out.Close()); err != nil {
		return err
	}
	info, err := os.Stat(packed)
	if err != nil {
		return err
	}
	for _, name := range []string{"collection.anki21", "collection.anki2"} {
		w, err := z.CreateRaw(header(name, zip.Deflate, crc, info.Size(), size))
		if err != nil {
			return err
		}
		if _, _, err := pour(ctx, w, file(packed)); err != nil {
			return err
		}
	}
	return nil
}

// addMedia adds the files under their numbers, and the list of their names.
// Anki does without the list if there are none, older clients do not.
func addMedia(ctx context.Context, z *zip.Writer, media []Media) error {
	names := make(map[string]string, len(media))
	for i, m := range media {
		number := strconv.Itoa(i)
		names[number] = m.Name
		if err := addPart(ctx, z, number, m.Open); err != nil {
			return fmt.Errorf("media %s: %w", show(m.Name), err)
		}
	}
	list, err := json.Marshal(names)
	if err != nil {
		return err
	}
	return addPart(ctx, z, "media", memory(list))
}
