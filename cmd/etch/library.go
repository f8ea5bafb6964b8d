package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/natefinch/atomic"

	"etch/deck"
)

// overlayDir holds the reader's own copies of built-in posts; a file there
// shadows the built-in one.
func overlayDir() string { return filepath.Join(dataDir(), "posts") }

func overlayPath(path string) string { return filepath.Join(overlayDir(), filepath.FromSlash(path)) }

// builtIn is the built-in library with the reader's copies laid over it.
func builtIn() deck.Library {
	lib := deck.BuiltIn()
	if info, err := os.Stat(overlayDir()); err == nil && info.IsDir() {
		lib.FS = deck.Overlay(lib.FS, os.DirFS(overlayDir()))
	}
	return lib
}

// builtInSlugs names the posts that any post may require.
func builtInSlugs() map[string]bool {
	slugs := make(map[string]bool)
	files, err := deck.BuiltIn().Files()
	if err != nil {
		return slugs // then a folder's prerequisites are warned about
	}
	for _, f := range files {
		slugs[strings.TrimSuffix(f.Path, ".md")] = true
	}
	return slugs
}

// folder is a library of the user's own posts.
func folder(path string) deck.Library {
	return deck.Library{Kind: deck.KindFolder, Path: path, FS: os.DirFS(path)}
}

// writeIDs writes an explicit id above each card of a folder that has none.
func writeIDs(lib deck.Library) error {
	files, err := lib.Files()
	if err != nil {
		return err
	}
	used := make(map[string]bool)
	posts := make(map[string]*deck.Post)
	for _, f := range files {
		text, err := f.Read()
		if err != nil {
			return err
		}
		post, _ := deck.Parse(f.Path, text)
		if post == nil {
			continue // its errors are told by the compile
		}
		posts[f.Path] = post
		for _, n := range post.Notes {
			used[n.Key] = true
		}
	}
	for _, f := range files {
		post := posts[f.Path]
		if post == nil {
			continue
		}
		path := filepath.Join(lib.Path, filepath.FromSlash(f.Path))
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		text, n := deck.WriteIDs(text, post, func(id string) bool { return used[id] })
		if n == 0 {
			continue
		}
		again, problems := deck.Parse(f.Path, text)
		if again == nil {
			return fmt.Errorf("write ids: %w", problems[0])
		}
		for _, note := range again.Notes {
			used[note.Key] = true
		}
		if err := atomic.WriteFile(path, bytes.NewReader(text)); err != nil {
			return fmt.Errorf("write ids to %s: %w", path, err)
		}
	}
	return nil
}
