package deck

import (
	"archive/zip"
	"bytes"
	"cmp"
	_ "embed" // of the library
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"runtime"
	"slices"
	"sort"
	"strings"
	"sync"
	"time"

	"github.com/klauspost/compress/zstd"
)

// archive is the built-in library: the files of posts/, compressed. Raw they
// would be 6 % of the program. The zip has their names, sizes and sums, so that
// a start need not unpack anything; the texts are compressed as one, which takes
// a fifth less than one by one.
//
//go:generate go test . -run ^TestArchive$ -update
//go:embed posts.zip
var archive []byte

var posts = sync.OnceValue(func() fs.FS {
	r, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
	if err != nil {
		panic(err) // TestArchive reads it
	}
	texts := sync.OnceValues(func() ([]byte, error) {
		f, err := r.Open(allTexts)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		packed, err := io.ReadAll(f)
		if err != nil {
			return nil, err
		}
		z, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1))
		if err != nil {
			return nil, err
		}
		defer z.Close()
		return z.DecodeAll(packed, nil)
	})
	r.RegisterDecompressor(partOfTexts, func(at io.Reader) io.ReadCloser {
		all, err := texts()
		var part [8]byte
		if err == nil {
			_, err = io.ReadFull(at, part[:])
		}
		if err != nil {
			failed, end := io.Pipe()
			end.CloseWithError(err)
			return failed
		}
		start, size := binary.LittleEndian.Uint32(part[:]), binary.LittleEndian.Uint32(part[4:])
		return io.NopCloser(bytes.NewReader(all[start:][:size]))
	})
	return r
})

// A file of the archive says where it stands in all the texts, which are a
// hidden file.
const (
	partOfTexts = 0xE7C4 // a method of compression of our own
	allTexts    = ".texts"
)

// LibraryKind says where a library's posts come from.
type LibraryKind string

// The kinds of library.
const (
	KindBuiltIn LibraryKind = "builtin"
	KindFolder  LibraryKind = "folder"
	KindAnki    LibraryKind = "anki"
)

// BuiltInPath is the path of the built-in library, where a folder's library
// has an absolute path, and KeptPath that of the library whose texts are kept
// in the database alone: imported decks.
const (
	BuiltInPath = "builtin"
	KeptPath    = "imported"
)

// Library is a collection of posts: the built-in one, or one of the user's.
type Library struct {
	Kind LibraryKind
	Path string // the absolute folder; [BuiltInPath] for the built-in one
	FS   fs.FS  // its files
}

// BuiltIn returns the library that is part of the program.
func BuiltIn() Library { return Library{Kind: KindBuiltIn, Path: BuiltInPath, FS: posts()} }

// What a library may hold. A folder beyond that is a home directory that
// somebody named by mistake, not a collection of posts.
const (
	maxFolders = 16    // folders below each other
	maxPosts   = 10000 // posts
	maxEntries = 200_000
)

// ErrTooLarge says that a folder holds more than a library can.
var ErrTooLarge = errors.New("too large for a library")

// File is one post's file in a library.
type File struct {
	Path    string // slash-separated, relative to the library's root
	Size    int64
	ModTime time.Time // zero in the built-in library
	Sum     uint32    // CRC-32 of the contents, in the built-in library alone

	fsys  fs.FS
	entry fs.DirEntry
}

// Read returns the file's bytes, cut off one byte over the limit for a file,
// so that [Parse] sees and says that it is too large.
func (f File) Read() ([]byte, error) {
	r, err := f.fsys.Open(f.Path)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(io.LimitReader(r, maxFile+1))
}

// Files returns the library's Markdown files in path order. Hidden files and
// folders are left out, and so is whatever is no regular file: symbolic links
// are not followed, so a library never leaves its folder and never loops. A
// folder below the root that may not be read is an error, because its posts
// would otherwise seem to have been deleted.
func (l Library) Files() ([]File, error) {
	var files []File
	seen := 0
	err := fs.WalkDir(l.FS, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if seen++; seen > maxEntries {
			return fmt.Errorf("%w: over %d files and folders", ErrTooLarge, maxEntries)
		}
		if name != "." && strings.HasPrefix(d.Name(), ".") {
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if d.IsDir() {
			if strings.Count(name, "/") >= maxFolders {
				return fs.SkipDir
			}
			return nil
		}
		if !d.Type().IsRegular() || !strings.EqualFold(path.Ext(name), ".md") {
			return nil
		}
		if len(files) == maxPosts {
			return fmt.Errorf("%w: over %d posts", ErrTooLarge, maxPosts)
		}
		files = append(files, File{Path: name, fsys: l.FS, entry: d})
		return nil
	})
	if err == nil {
		files, err = statAll(files)
	}
	if err != nil {
		return nil, fmt.Errorf("list posts of %s: %w", l.Path, err)
	}
	sort.Slice(files, func(i, j int) bool { return files[i].Path < files[j].Path })
	return files, nil
}

// statAll fills in sizes and times, on all processors: this is most of what a
// start costs whose library has thousands of posts. Files that were deleted
// since the folder was listed are left out.
func statAll(files []File) ([]File, error) {
	errs := make([]error, len(files))
	var wg sync.WaitGroup
	share := max(64, len(files)/runtime.GOMAXPROCS(0)+1)
	for start := 0; start < len(files); start += share {
		wg.Go(func() {
			for i := start; i < min(start+share, len(files)); i++ {
				info, err := files[i].entry.Info()
				if errs[i] = err; err == nil {
					files[i].Size, files[i].ModTime = info.Size(), info.ModTime()
					if h, ok := info.Sys().(*zip.FileHeader); ok {
						files[i].Sum, files[i].ModTime = h.CRC32, time.Time{}
					}
				}
			}
		})
	}
	wg.Wait()
	kept := files[:0]
	for i, f := range files {
		switch err := errs[i]; {
		case err == nil:
			kept = append(kept, f)
		case !errors.Is(err, fs.ErrNotExist):
			return nil, err
		}
	}
	return kept, nil
}

// Overlay returns a file system in which the files of over shadow those of
// base. It is how a user's edited copy of a library post takes the place of
// the built-in one. A file of over that hides a folder of base, or the other
// way round, hides it whole.
func Overlay(base, over fs.FS) fs.FS { return overlay{base, over} }

type overlay struct{ base, over fs.FS }

func (o overlay) Open(name string) (fs.File, error) {
	if !fs.ValidPath(name) {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrInvalid}
	}
	f, err := o.over.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return o.openBase(name)
	}
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err != nil || !info.IsDir() {
		return f, err
	}
	entries, err := o.ReadDir(name)
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &mergedDir{File: f, name: name, rest: entries}, nil
}

// openBase opens a file that over does not have, unless a file of over stands
// where one of its folders would have to be.
func (o overlay) openBase(name string) (fs.File, error) {
	for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
		if info, err := fs.Stat(o.over, dir); err == nil && !info.IsDir() {
			return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
		}
	}
	return o.base.Open(name)
}

// ReadDir returns the entries of both folders, those of over first among
// equals, sorted by name.
func (o overlay) ReadDir(name string) ([]fs.DirEntry, error) {
	over, err := fs.ReadDir(o.over, name)
	if errors.Is(err, fs.ErrNotExist) {
		// Through Open, for what hides it there.
		f, err := o.openBase(name)
		if err != nil {
			return nil, err
		}
		if err := f.Close(); err != nil {
			return nil, err
		}
		return fs.ReadDir(o.base, name)
	}
	if err != nil {
		return nil, err
	}
	base, err := fs.ReadDir(o.base, name)
	if err != nil && !o.notBelowBase(name) {
		return nil, err
	}
	all := over
	for _, e := range base {
		if !slices.ContainsFunc(over, func(o fs.DirEntry) bool { return o.Name() == e.Name() }) {
			all = append(all, e)
		}
	}
	slices.SortFunc(all, func(a, b fs.DirEntry) int { return cmp.Compare(a.Name(), b.Name()) })
	return all, nil
}

// notBelowBase reports whether base has no folder of that name.
func (o overlay) notBelowBase(name string) bool {
	info, err := fs.Stat(o.base, name)
	return err != nil && errors.Is(err, fs.ErrNotExist) || err == nil && !info.IsDir()
}

// mergedDir is an open folder of an overlay.
type mergedDir struct {
	fs.File
	name string
	rest []fs.DirEntry
}

// ReadDir works as [fs.ReadDirFile] says.
func (d *mergedDir) ReadDir(n int) ([]fs.DirEntry, error) {
	if n <= 0 {
		all := d.rest
		d.rest = nil
		return all, nil
	}
	if len(d.rest) == 0 {
		return nil, io.EOF
	}
	n = min(n, len(d.rest))
	next := d.rest[:n]
	d.rest = d.rest[n:]
	return next, nil
}

// FileName returns a file of the library as a user would name it.
func (l Library) FileName(name string) string {
	if l.Kind == KindFolder {
		return strings.TrimSuffix(l.Path, "/") + "/" + name
	}
	return l.Path + ":" + name
}
