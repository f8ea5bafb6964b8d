package anki

import (
	"archive/zip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/klauspost/compress/zstd"
)

// container is the zip file around a package. Entries are found by their exact
// names and never unpacked under them.
type container struct {
	file    *os.File
	entries map[string]*zip.File
}

func (c *container) Close() error { return c.file.Close() }

// openContainer reads the directory of a zip file.
func openContainer(path string, lim Limits) (_ *container, err error) {
	// A named pipe would block in Open.
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, ErrNotPackage
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			f.Close()
		}
	}()
	entries, err := readDirectory(f, info.Size(), lim.Entries)
	if err != nil {
		return nil, err
	}
	return &container{file: f, entries: entries}, nil
}

func readDirectory(f *os.File, size int64, most int) (map[string]*zip.File, error) {
	// zip.NewReader reads as many entries as follow each other, whatever the
	// file says about their number: what it may read is capped instead. An
	// entry of Anki takes about 80 bytes.
	in := &budget{r: io.NewSectionReader(f, 0, size), left: 128<<10 + 160*int64(most), on: true}
	z, err := zip.NewReader(in, size)
	in.on = false
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) {
		return nil, directoryError(f, in, err)
	}
	if len(z.File) > most {
		return nil, fmt.Errorf("%w: %d entries, limit %d", ErrTooLarge, len(z.File), most)
	}
	entries := make(map[string]*zip.File, len(z.File))
	for _, e := range z.File {
		if entries[e.Name] != nil {
			return nil, fmt.Errorf("%w: two entries are named %s", ErrDamaged, show(e.Name))
		}
		entries[e.Name] = e
	}
	return entries, nil
}

func directoryError(f *os.File, in *budget, err error) error {
	var head [2]byte
	if _, e := f.ReadAt(head[:], 0); e != nil && !errors.Is(e, io.EOF) {
		return e
	}
	switch {
	case in.left < 0:
		return fmt.Errorf("%w: the directory of the zip file", ErrTooLarge)
	case string(head[:]) != "PK":
		return ErrNotPackage
	default:
		return damage(err)
	}
}

// budget stops a reader of a file's directory after so many bytes.
type budget struct {
	r    io.ReaderAt
	left int64
	on   bool
}

func (b *budget) ReadAt(p []byte, off int64) (int, error) {
	if !b.on {
		return b.r.ReadAt(p, off)
	}
	if b.left -= int64(len(p)); b.left < 0 {
		return 0, ErrTooLarge
	}
	return b.r.ReadAt(p, off)
}

// damage says that a file is damaged, unless the disk or the caller is to
// blame.
func damage(err error) error {
	var path *fs.PathError
	switch {
	case err == nil, errors.Is(err, ErrTooLarge), errors.Is(err, ErrDamaged), errors.Is(err, context.Canceled),
		errors.Is(err, context.DeadlineExceeded), errors.As(err, &path):
		return err
	case errors.Is(err, zstd.ErrWindowSizeExceeded), errors.Is(err, zstd.ErrDecoderSizeExceeded):
		return fmt.Errorf("%w: %w", ErrTooLarge, err)
	default:
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
}

// open returns the contents of an entry, at most max bytes of them: one more
// is ErrTooLarge. Anki's newest form has a zstd frame in each entry.
func (c *container) open(ctx context.Context, e *zip.File, packed bool, max int64) (io.ReadCloser, error) {
	in, err := e.Open()
	if err != nil {
		return nil, damage(err)
	}
	s := &stream{ctx: ctx, in: in, close: in.Close, left: max, entry: e}
	if !packed {
		return s, nil
	}
	// One goroutine and little memory: the frame comes from anywhere, and its
	// window may be large.
	z, err := zstd.NewReader(in, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(128<<20))
	if err != nil {
		in.Close()
		return nil, damage(err)
	}
	s.in = z
	s.close = func() error { z.Close(); return in.Close() }
	return s, nil
}

// read returns the contents of an entry.
func (c *container) read(ctx context.Context, e *zip.File, packed bool, max int64) ([]byte, error) {
	in, err := c.open(ctx, e, packed, max)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	return io.ReadAll(in)
}

// stream reads an entry until its cap, or until the context is done.
type stream struct {
	ctx   context.Context
	in    io.Reader
	close func() error
	left  int64
	entry *zip.File
}

func (s *stream) Read(p []byte) (int, error) {
	if err := s.ctx.Err(); err != nil {
		return 0, err
	}
	if int64(len(p)) > s.left+1 {
		p = p[:s.left+1]
	}
	n, err := s.in.Read(p)
	if int64(n) > s.left {
		return 0, fmt.Errorf("%w: entry %s, packed in %d bytes", ErrTooLarge, show(s.entry.Name), s.entry.CompressedSize64)
	}
	s.left -= int64(n)
	if err != nil && !errors.Is(err, io.EOF) {
		err = damage(err)
	}
	return n, err
}

func (s *stream) Close() error { return s.close() }

// database returns the entry with the collection, and says which form the
// package has.
func (c *container) database(ctx context.Context) (*zip.File, Version, error) {
	version, err := c.version(ctx)
	if err != nil {
		return nil, 0, err
	}
	name := map[Version]string{Legacy1: "collection.anki2", Legacy2: "collection.anki21", Latest: "collection.anki21b"}[version]
	e := c.entries[name]
	switch {
	case e != nil:
		return e, version, nil
	case c.entries["meta"] != nil:
		return nil, 0, fmt.Errorf("%w: %s is missing", ErrDamaged, name)
	default:
		return nil, 0, ErrNotPackage
	}
}

// version reads the entry "meta"; packages from before it say by their names.
func (c *container) version(ctx context.Context) (Version, error) {
	e := c.entries["meta"]
	if e == nil {
		if c.entries["collection.anki21"] != nil {
			return Legacy2, nil
		}
		return Legacy1, nil
	}
	b, err := c.read(ctx, e, false, 1<<10)
	if err != nil {
		return 0, err
	}
	var v uint64
	m := wire{b: b}
	for m.next() {
		if m.num == 1 {
			v = m.n
		}
	}
	if m.bad {
		return 0, fmt.Errorf("%w: the entry meta", ErrDamaged)
	}
	if v < uint64(Legacy1) || v > uint64(Latest) {
		return 0, fmt.Errorf("%w: version %d", ErrNewer, v)
	}
	return Version(v), nil
}
