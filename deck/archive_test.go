package deck

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"io"
	"io/fs"
	"os"
	"testing"

	"github.com/klauspost/compress/zstd"
)

// sourceLibrary is the library as it is written, before it is packed.
func sourceLibrary() Library {
	return Library{Kind: KindBuiltIn, Path: BuiltInPath, FS: os.DirFS("posts")}
}

// TestArchive: what is built in is what stands in posts/; -update packs it.
func TestArchive(t *testing.T) {
	files, err := sourceLibrary().Files()
	if err != nil || len(files) == 0 {
		t.Fatalf("%d posts, %v", len(files), err)
	}
	if *update {
		if err := os.WriteFile("posts.zip", pack(t, files), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	packed, err := BuiltIn().Files()
	if err != nil {
		t.Fatal(err)
	}
	stale := len(packed) != len(files)
	for i := 0; i < len(files) && !stale; i++ {
		want, err := files[i].Read()
		if err != nil {
			t.Fatal(err)
		}
		got, err := packed[i].Read()
		stale = err != nil || files[i].Path != packed[i].Path || !bytes.Equal(got, want)
	}
	if stale {
		t.Error("posts.zip is not what stands in posts/: run 'go generate ./deck'")
	}
}

// pack compresses files as one archive, the same for the same files.
func pack(t *testing.T, files []File) []byte {
	t.Helper()
	var b, texts bytes.Buffer
	z := zip.NewWriter(&b)
	z.RegisterCompressor(partOfTexts, func(w io.Writer) (io.WriteCloser, error) {
		return &partWriter{to: w, texts: &texts, start: texts.Len()}, nil
	})
	add := func(name string, method uint16, text []byte) {
		w, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: method})
		if err == nil {
			_, err = w.Write(text)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, f := range files {
		text, err := f.Read()
		if err != nil {
			t.Fatal(err)
		}
		add(f.Path, partOfTexts, text)
	}
	e, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedBestCompression), zstd.WithWindowSize(1<<20))
	if err != nil {
		t.Fatal(err)
	}
	add(allTexts, zip.Store, e.EncodeAll(texts.Bytes(), nil))
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// partWriter puts a text with the others, and its place into the archive.
type partWriter struct {
	to    io.Writer
	texts *bytes.Buffer
	start int
}

func (p *partWriter) Write(b []byte) (int, error) { return p.texts.Write(b) }

func (p *partWriter) Close() error {
	return binary.Write(p.to, binary.LittleEndian, []uint32{uint32(p.start), uint32(p.texts.Len() - p.start)})
}

// A start must not unpack the library to see that it has not changed.
func TestArchiveKnowsItsSums(t *testing.T) {
	over := os.DirFS("testdata/parse")
	lib := BuiltIn()
	lib.FS = Overlay(lib.FS, over)
	files, err := lib.Files()
	if err != nil {
		t.Fatal(err)
	}
	edited := 0
	for _, f := range files {
		if _, err := fs.Stat(over, f.Path); err == nil {
			edited++
			if f.Sum != 0 || f.ModTime.IsZero() {
				t.Errorf("%s lies in a folder: sum %d, time %v", f.Path, f.Sum, f.ModTime)
			}
		} else if f.Sum == 0 || !f.ModTime.IsZero() || f.Size == 0 {
			t.Errorf("%s is built in: sum %d, time %v, size %d", f.Path, f.Sum, f.ModTime, f.Size)
		}
	}
	if edited == 0 || edited == len(files) {
		t.Fatalf("%d of %d posts are edited copies", edited, len(files))
	}
}
