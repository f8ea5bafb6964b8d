package storage

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// mediaFiles lists what lies in the media folder.
func mediaFiles(t testing.TB, s *Store) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(s.MediaFolder(), "*"))
	noError(t, err)
	return paths
}

func stage(t testing.TB, s *Store, name, text string) Media {
	t.Helper()
	m, err := s.StageMedia(t.Context(), name, strings.NewReader(text))
	noError(t, err)
	return m
}

// take imports nothing but media.
func take(t testing.TB, s *Store, media ...Media) {
	t.Helper()
	importAll(t, s, Incoming{Media: media})
}

// No part of a path comes from a name, whatever it is.
func TestMediaNames(t *testing.T) {
	names := map[string]string{
		"a.png": ".png", "A.PNG": ".png", "../../etc/passwd": "", "/etc/passwd": "", `..\..\x.png`: ".png", "a\x00b.png": ".png", "": "", ".": "", "..": "", "a.": "", ".png": ".png",
		strings.Repeat("x", 300) + ".jpg": ".jpg", "x." + strings.Repeat("y", 300): "", "a.p/g": "", "a.p\x00g": "", "a.png\n": "", "a.größe": "", "日本.png": ".png", "a.tar.gz": ".gz", "con.png": ".png", "a.<b>": "",
	}
	for name, ext := range names {
		s := newStore(t)
		m := stage(t, s, name, "contents")
		if m.Name != name || m.Size != 8 || !strings.HasSuffix(m.File, ext) || len(m.File) != 16+len(ext) || strings.ContainsAny(m.File, "/\\\x00") {
			t.Errorf("%q: %+v", name, m)
		}
		take(t, s, m)
		if files := mediaFiles(t, s); len(files) != 1 || filepath.Base(files[0]) != m.File {
			t.Errorf("%q: files %q", name, files)
		}
		text, err := os.ReadFile(filepath.Join(s.MediaFolder(), m.File))
		if err != nil || string(text) != "contents" {
			t.Errorf("%q: %q, %v", name, text, err)
		}
	}
}

func TestMediaModes(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no modes there")
	}
	s := newStore(t)
	m := stage(t, s, "a.png", "x")
	for path, want := range map[string]os.FileMode{s.MediaFolder(): 0o700, filepath.Join(s.MediaFolder(), m.File): 0o600} {
		info, err := os.Stat(path)
		if err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v %v, want %v", path, info.Mode(), err, want)
		}
	}
}

// A name that other contents have gets a piece of the hash, as in Anki.
func TestMediaOfOneName(t *testing.T) {
	s := newStore(t)
	first := stage(t, s, "a.png", "one")
	take(t, s, first)
	if again := stage(t, s, "a.png", "one"); again.Name != "a.png" || again.File != first.File {
		t.Errorf("the same again: %+v", again)
	}
	other := stage(t, s, "a.png", "two")
	if other.Name == "a.png" || !strings.HasPrefix(other.Name, "a-") || !strings.HasSuffix(other.Name, ".png") || other.File == first.File {
		t.Errorf("other contents: %+v", other)
	}
	take(t, s, other)
	if again := stage(t, s, "a.png", "two"); again.Name != other.Name {
		t.Errorf("other contents again: %+v, want %s", again, other.Name)
	}
	c, err := s.Content(t.Context(), ContentFilter{})
	noError(t, err)
	if len(c.Media) != 2 || filepath.Base(c.Media["a.png"]) != first.File || filepath.Base(c.Media[other.Name]) != other.File {
		t.Errorf("%+v", c.Media)
	}
	if bare := stage(t, s, "noext", "x"); bare.Name != "noext" {
		t.Errorf("%+v", bare)
	}
}

// A file that a power cut left torn is whole again after another import, and is
// not ours to drop if that fails.
func TestStageMediaMendsATornFile(t *testing.T) {
	s := newStore(t)
	m := stage(t, s, "a.png", "picture")
	take(t, s, m)
	path := filepath.Join(s.MediaFolder(), m.File)
	for _, torn := range []string{"", "pict", "picture and more"} {
		noError(t, os.WriteFile(path, []byte(torn), 0o600))
		again := stage(t, s, "a.png", "picture")
		noError(t, s.DropMedia([]Media{again}))
		if got, err := os.ReadFile(path); err != nil || string(got) != "picture" || again.Name != m.Name || again.File != m.File {
			t.Errorf("%q became %q, %v: %+v", torn, got, err, again)
		}
	}
	if files := mediaFiles(t, s); len(files) != 1 {
		t.Errorf("left %q", files)
	}
}

// What was staged for an import that failed goes; what was there before stays.
func TestDropMedia(t *testing.T) {
	s := newStore(t)
	kept := stage(t, s, "kept.png", "kept")
	take(t, s, kept)
	again, fresh, twin := stage(t, s, "again.png", "kept"), stage(t, s, "new.png", "new"), stage(t, s, "twin.gif", "new")
	noError(t, s.DropMedia([]Media{again, fresh, twin}))
	files := mediaFiles(t, s)
	if len(files) != 1 || filepath.Base(files[0]) != kept.File {
		t.Errorf("left %q, want %s", files, kept.File)
	}
	noError(t, s.DropMedia(nil))
}

type badReader struct{}

func (badReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func TestStageMediaFails(t *testing.T) {
	s := newStore(t)
	if _, err := s.StageMedia(t.Context(), "a.png", io.MultiReader(strings.NewReader("half"), badReader{})); !errors.Is(err, io.ErrUnexpectedEOF) || !strings.Contains(err.Error(), "a.png") {
		t.Errorf("%v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.StageMedia(ctx, "a.png", strings.NewReader("x")); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	if files := mediaFiles(t, s); len(files) > 0 {
		t.Errorf("left %q", files)
	}
	// A link where the folder should be leads nowhere else.
	if runtime.GOOS != "windows" {
		out := t.TempDir()
		noError(t, os.Remove(s.MediaFolder()))
		noError(t, os.WriteFile(s.MediaFolder(), nil, 0o600))
		if _, err := s.StageMedia(t.Context(), "a.png", strings.NewReader("x")); err == nil {
			t.Error("a file in the folder's place was taken for one")
		}
		if left, _ := filepath.Glob(filepath.Join(out, "*")); len(left) > 0 {
			t.Errorf("left %q", left)
		}
	}
}
