package storage

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Media is a file that imported notes refer to by its name. Its contents lie
// in the folder "media" beside the database.
type Media struct {
	Name string // as the notes have it
	File string // in the folder, made of the contents
	Size int64  // bytes
	made bool
}

// MediaFolder is where the files of imported notes lie.
func (s *Store) MediaFolder() string { return filepath.Join(filepath.Dir(s.path), "media") }

// StageMedia stores the contents of a file for an import that follows. No part
// of the path comes from the name. Where the name is taken by other contents
// the file gets another name, as in Anki: with a piece of its hash.
func (s *Store) StageMedia(ctx context.Context, name string, r io.Reader) (Media, error) {
	m, err := s.stageMedia(ctx, name, r)
	if err != nil {
		return Media{}, fmt.Errorf("store media file %q: %w", name, err)
	}
	return m, nil
}

func (s *Store) stageMedia(ctx context.Context, name string, r io.Reader) (_ Media, err error) {
	if err := os.MkdirAll(s.MediaFolder(), 0o700); err != nil {
		return Media{}, err
	}
	root, err := os.OpenRoot(s.MediaFolder())
	if err != nil {
		return Media{}, err
	}
	defer root.Close()
	part := fmt.Sprintf("part-%d", os.Getpid())
	f, err := root.OpenFile(part, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return Media{}, err
	}
	defer func() {
		if err != nil {
			root.Remove(part)
		}
	}()
	defer f.Close()
	hash := sha256.New()
	size, err := io.Copy(io.MultiWriter(f, hash), r)
	if err != nil {
		return Media{}, err
	}
	sum := hex.EncodeToString(hash.Sum(nil))
	m := Media{Name: name, File: sum[:16] + extension(name), Size: size}
	if m.Name, err = s.freeMediaName(ctx, m, sum[:8]); err != nil {
		return Media{}, err
	}
	info, err := root.Stat(m.File)
	switch {
	case err == nil && info.Size() == size:
		return m, errors.Join(f.Close(), root.Remove(part))
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return Media{}, err
	}
	m.made = err != nil // else it was torn
	// The log of an import survives a power cut; so must what its notes show.
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return Media{}, err
	}
	return m, root.Rename(part, m.File)
}

// extension returns the name's extension if it is a plain one.
func extension(name string) string {
	ext := strings.ToLower(filepath.Ext(name))
	if len(ext) < 2 || len(ext) > 6 || strings.Trim(ext[1:], "abcdefghijklmnopqrstuvwxyz0123456789") != "" {
		return ""
	}
	return ext
}

func (s *Store) freeMediaName(ctx context.Context, m Media, piece string) (string, error) {
	var file string
	err := s.db.QueryRowContext(ctx, `SELECT file FROM media WHERE name=?`, m.Name).Scan(&file)
	switch {
	case errors.Is(err, sql.ErrNoRows) || err == nil && file == m.File:
		return m.Name, nil
	case err != nil:
		return "", explain(err)
	}
	ext := filepath.Ext(m.Name)
	return strings.TrimSuffix(m.Name, ext) + "-" + piece + ext, nil
}

// DropMedia removes staged files again, after an import that failed. Files
// that were there before stay.
func (s *Store) DropMedia(files []Media) error {
	var errs []error
	for _, m := range files {
		if m.made {
			errs = append(errs, os.Remove(filepath.Join(s.MediaFolder(), m.File)))
		}
	}
	return errors.Join(errs...)
}
