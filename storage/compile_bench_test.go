package storage

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"etch/deck"
)

// manyPosts writes 10,000 cards in 500 files.
func manyPosts(b *testing.B) deck.Library {
	b.Helper()
	dir := b.TempDir()
	for f := range 500 {
		var text strings.Builder
		fmt.Fprintf(&text, "---\ntitle: Topic %d\ntags: [topic%d]\n---\n\n", f, f%10)
		for i := range 20 {
			fmt.Fprintf(&text, "Q: Why does part %d of system %d need mechanism %d?\n\nA: Without it, node %d would lose write %d on failover.\n\n", i, f, f*20+i, f, i)
		}
		noError(b, os.WriteFile(filepath.Join(dir, fmt.Sprintf("topic%d.md", f)), []byte(text.String()), 0o644))
	}
	return deck.Library{Kind: deck.KindFolder, Path: dir, FS: os.DirFS(dir)}
}

func BenchmarkCompileCold10k(b *testing.B) {
	lib := manyPosts(b)
	b.ReportAllocs()
	for b.Loop() {
		s := newStore(b)
		r, err := s.Compile(context.Background(), []deck.Library{lib}, CompileOptions{Now: monday})
		if err != nil || r.New != 10_000 {
			b.Fatal(r.New, err)
		}
	}
}

func BenchmarkCompileUnchanged10k(b *testing.B) {
	lib := manyPosts(b)
	s := newStore(b)
	compileAt(b, s, CompileOptions{}, lib)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.Compile(context.Background(), []deck.Library{lib}, CompileOptions{Now: monday}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkCompileOneEdit10k compiles after one of 500 files has changed.
func BenchmarkCompileOneEdit10k(b *testing.B) {
	lib := manyPosts(b)
	s := newStore(b)
	compileAt(b, s, CompileOptions{}, lib)
	name := filepath.Join(lib.Path, "topic7.md")
	text, err := os.ReadFile(name)
	noError(b, err)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		noError(b, os.WriteFile(name, []byte(strings.Replace(string(text), "failover", fmt.Sprint("failover", i), 1)), 0o644))
		r, err := s.Compile(context.Background(), []deck.Library{lib}, CompileOptions{Now: monday})
		if err != nil || r.Edited != 1 && i > 0 {
			b.Fatal(r.Edited, err)
		}
	}
}
