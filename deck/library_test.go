package deck

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

func TestBuiltIn(t *testing.T) {
	lib := BuiltIn()
	if lib.Kind != KindBuiltIn || lib.Path != "builtin" {
		t.Errorf("library %q at %q", lib.Kind, lib.Path)
	}
	files, err := lib.Files()
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Fatal("no posts")
	}
	for _, f := range files {
		src, err := f.Read()
		if err != nil {
			t.Fatal(err)
		}
		if int64(len(src)) != f.Size || strings.Contains(f.Path, "/") {
			t.Errorf("%s: read %d bytes of %d", f.Path, len(src), f.Size)
		}
	}
}

// paths returns the paths of files.
func paths(files []File) []string {
	var out []string
	for _, f := range files {
		out = append(out, f.Path)
	}
	return out
}

func TestFilesOfFolder(t *testing.T) {
	root := t.TempDir()
	outside := filepath.Join(t.TempDir(), "outside.md")
	write := func(name, text string) {
		t.Helper()
		name = filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(outside, []byte("Q: a\nA: b\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{
		"b.md", "a/z.md", "a/é ü.md", "A.MD", "a.md/inner.md", "c?#%20.md",
		".hidden.md", ".git/x.md", "a/.obsidian/y.md", "notes.txt", "md", "x.md.bak",
		strings.Repeat("d/", maxFolders) + "deep.md", strings.Repeat("d/", maxFolders+1) + "deeper.md",
	} {
		write(name, "Q: a\nA: b\n")
	}
	write("big.md", strings.Repeat("x", maxFile+100))
	if runtime.GOOS != "windows" {
		for link, target := range map[string]string{"link.md": outside, "loop": root, "dangling.md": filepath.Join(root, "nowhere")} {
			if err := os.Symlink(target, filepath.Join(root, link)); err != nil {
				t.Fatal(err)
			}
		}
	}
	files, err := Library{Kind: KindFolder, Path: root, FS: os.DirFS(root)}.Files()
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"A.MD", "a.md/inner.md", "a/z.md", "a/é ü.md", "b.md", "big.md", "c?#%20.md", strings.Repeat("d/", maxFolders) + "deep.md"}
	if got := paths(files); !slices.Equal(got, want) {
		t.Errorf("files %q\nwant  %q", got, want)
	}
	big := files[slices.Index(want, "big.md")]
	src, err := big.Read()
	if err != nil {
		t.Fatal(err)
	}
	if len(src) != maxFile+1 || big.Size != maxFile+100 || time.Since(big.ModTime) > time.Hour {
		t.Errorf("big file: read %d bytes, size %d, from %v", len(src), big.Size, big.ModTime)
	}
	if post, problems := Parse(big.Path, src); post != nil || len(problems) != 1 {
		t.Errorf("a file over the limit is parsed: %v", problems)
	}
	if err := os.Remove(filepath.Join(root, "b.md")); err != nil {
		t.Fatal(err)
	}
	if _, err := files[slices.Index(want, "b.md")].Read(); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("read of a deleted file: %v", err)
	}
}

func TestFilesErrors(t *testing.T) {
	if _, err := (Library{Path: "gone", FS: os.DirFS(filepath.Join(t.TempDir(), "gone"))}).Files(); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing folder: %v", err)
	}
	many := fstest.MapFS{}
	for i := range maxPosts + 1 {
		many[fmt.Sprintf("%d/%d.md", i%100, i)] = &fstest.MapFile{}
	}
	if _, err := (Library{Path: "many", FS: many}).Files(); !errors.Is(err, ErrTooLarge) {
		t.Errorf("too many posts: %v", err)
	}
	delete(many, "0/0.md")
	if files, err := (Library{Path: "many", FS: many}).Files(); err != nil || len(files) != maxPosts {
		t.Errorf("%d posts: %v", len(files), err)
	}
	if runtime.GOOS == "windows" || os.Geteuid() == 0 {
		t.Skip("nothing is unreadable here")
	}
	root := t.TempDir()
	if err := os.Mkdir(filepath.Join(root, "closed"), 0); err != nil {
		t.Fatal(err)
	}
	if _, err := (Library{Path: root, FS: os.DirFS(root)}).Files(); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("unreadable folder: %v", err)
	}
}

func TestOverlay(t *testing.T) {
	base := fstest.MapFS{
		"a.md":      {Data: []byte("base a")},
		"b.md":      {Data: []byte("base b")},
		"dir/c.md":  {Data: []byte("base c")},
		"dir/d.md":  {Data: []byte("base d")},
		"was/e.md":  {Data: []byte("hidden by a file")},
		"mine":      {Data: []byte("hidden by a folder")},
		"only/f.md": {Data: []byte("base f")},
	}
	over := fstest.MapFS{
		"b.md":     {Data: []byte("over b")},
		"dir/d.md": {Data: []byte("over d")},
		"new.md":   {Data: []byte("over new")},
		"was":      {Data: []byte("a file")},
		"mine/g":   {Data: []byte("over g")},
	}
	o := Overlay(base, over)
	want := map[string]string{
		"a.md": "base a", "b.md": "over b", "dir/c.md": "base c", "dir/d.md": "over d", "new.md": "over new",
		"was": "a file", "mine/g": "over g", "only/f.md": "base f",
	}
	names := make([]string, 0, len(want))
	for name, text := range want {
		names = append(names, name)
		got, err := fs.ReadFile(o, name)
		if err != nil || !bytes.Equal(got, []byte(text)) {
			t.Errorf("%s: %q, %v, want %q", name, got, err, text)
		}
	}
	if err := fstest.TestFS(o, names...); err != nil {
		t.Error(err)
	}
	if _, err := fs.ReadFile(o, "was/e.md"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file below a file: %v", err)
	}
	if _, err := fs.ReadDir(o, "none"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no such folder: %v", err)
	}
	files, err := Library{FS: o}.Files()
	if err != nil {
		t.Fatal(err)
	}
	if got, want := paths(files), []string{"a.md", "b.md", "dir/c.md", "dir/d.md", "new.md", "only/f.md"}; !slices.Equal(got, want) {
		t.Errorf("files %q, want %q", got, want)
	}
}

// The user has no folder of edited posts at first, and that is no error.
func TestOverlayWithoutFolder(t *testing.T) {
	gone := os.DirFS(filepath.Join(t.TempDir(), "gone"))
	base := fstest.MapFS{"a.md": {Data: []byte("a")}, "d/b.md": {Data: []byte("b")}}
	if err := fstest.TestFS(Overlay(base, gone), "a.md", "d/b.md"); err != nil {
		t.Error(err)
	}
	if err := fstest.TestFS(Overlay(gone, base), "a.md", "d/b.md"); err != nil {
		t.Error(err)
	}
}
