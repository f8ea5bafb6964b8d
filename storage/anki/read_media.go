package anki

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha1"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// mediaFile is one line of the list of media.
type mediaFile struct {
	entry string // in the zip file
	name  string
	size  int64 // unpacked; -1 when the list does not say
	sha1  []byte
}

// readMedia reads the list and unpacks every file once: what is left in the
// package is there, whole, and within the caps.
func (r *reader) readMedia(ctx context.Context) error {
	e := r.p.file.entries["media"]
	if e == nil {
		return nil // Anki takes that for none, and so do old exporters
	}
	b, err := r.p.file.read(ctx, e, r.p.Version == Latest, r.lim.MapBytes)
	empty := len(b) == 0 && (r.p.Version != Latest || e.UncompressedSize64 == 0) // no files make an empty list in the newest form
	if errors.Is(err, ErrDamaged) || err == nil && empty {
		// The cards are worth more than the pictures.
		r.skip("a list of media that cannot be read: no media", "%v", err)
		return nil
	} else if err != nil {
		return err
	}
	each := r.mediaJSON
	if r.p.Version == Latest {
		each = r.mediaProto
	}
	files, err := r.listMedia(ctx, b, each)
	if err != nil {
		return err
	}
	return r.checkMedia(ctx, files)
}

// listMedia returns the files that the list names well and that are there.
func (r *reader) listMedia(ctx context.Context, b []byte, each func([]byte, func(mediaFile) error)) (map[string]mediaFile, error) {
	files := map[string]mediaFile{}
	lines := 0
	var stop error
	each(b, func(f mediaFile) error {
		if lines++; lines%1024 == 0 && ctx.Err() != nil {
			stop = ctx.Err()
			return stop
		}
		switch why := badMediaName(f.name); {
		case why != "":
			r.skip("media with a name that no file should have", "entry %s: %s: %s", show(f.entry), show(f.name), why)
		case r.p.file.entries[f.entry] == nil:
			r.skip("media that are listed and not in the package", "%s", show(f.name))
		default:
			f.name = r.text(f.name, "name of media entry %s", show(f.entry))
			if _, twice := files[f.name]; twice {
				r.skip("media with the name of another", "%s", show(f.name))
				return nil
			}
			files[f.name] = f
		}
		return nil
	})
	return files, stop
}

// mediaJSON walks over the legacy list, {"0":"a.png"}. It is read token by
// token: 64 MiB of it would be a GiB as a map.
func (r *reader) mediaJSON(b []byte, fn func(mediaFile) error) {
	bad := func(err error) {
		r.mend("a list of media that ends early: taken as far as it goes", "%v", err)
	}
	d := json.NewDecoder(bytes.NewReader(b))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		bad(errors.New("no JSON object"))
		return
	}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			bad(err)
			return
		}
		var name json.RawMessage
		if err := d.Decode(&name); err != nil {
			bad(err)
			return
		}
		var text string
		if json.Unmarshal(name, &text) != nil || name[0] != '"' {
			r.skip("media with a name that no file should have", "entry %s: %s", show(key.(string)), show(string(name)))
			continue
		}
		if fn(mediaFile{entry: key.(string), name: text, size: -1}) != nil {
			return
		}
	}
	if _, err := d.Token(); err != nil {
		bad(err)
	}
}

// mediaProto walks over the list of the newest form: a file's place is the
// name of its entry.
func (r *reader) mediaProto(b []byte, fn func(mediaFile) error) {
	w := wire{b: b}
	for i := 0; w.next(); {
		if w.num != 1 {
			continue
		}
		f := mediaFile{entry: strconv.Itoa(i)}
		i++
		m := wire{b: w.data}
		for m.next() {
			switch m.num {
			case 1:
				f.name = string(m.data)
			case 2:
				f.size = int64(m.n)
			case 3:
				f.sha1 = m.data
			}
		}
		w.bad = w.bad || m.bad
		if !m.bad && fn(f) != nil {
			return
		}
	}
	if w.bad {
		r.mend("a list of media that ends early: taken as far as it goes", "%d bytes", len(b))
	}
}

// badMediaName returns why a name is refused, "" if it is not. Older clients
// wrote names that Anki would not write today; only what is no plain file
// name is refused.
func badMediaName(name string) string {
	switch {
	case name == "" || name == "." || name == "..":
		return "no file's name"
	case len(name) > 255:
		return "longer than 255 bytes"
	case strings.ContainsAny(name, `/\:`):
		return "a path"
	case strings.ContainsFunc(name, func(c rune) bool { return c < ' ' || c == 0x7f }):
		return "a control character"
	}
	return ""
}

// checkMedia unpacks the files and keeps those that are whole.
func (r *reader) checkMedia(ctx context.Context, files map[string]mediaFile) error {
	names := make([]string, 0, len(files))
	for name := range files {
		names = append(names, name)
	}
	slices.Sort(names)
	var total int64
	for _, name := range names {
		f := files[name]
		e := r.p.file.entries[f.entry]
		room := r.lim.AllMediaBytes - total
		size, sum, err := r.unpack(ctx, e, min(r.lim.MediaBytes, room))
		total += size // a file that is skipped has cost as much
		switch {
		case errors.Is(err, ErrTooLarge) && room < r.lim.MediaBytes:
			return fmt.Errorf("%w: more than %d bytes of media", ErrTooLarge, r.lim.AllMediaBytes)
		case errors.Is(err, ErrTooLarge):
			r.skip("media that are too large", "%s: packed in %d bytes, limit %d", show(name), e.CompressedSize64, r.lim.MediaBytes)
		case errors.Is(err, ErrDamaged):
			r.skip("media that are damaged", "%s: %v", show(name), err)
		case err != nil:
			return err
		case f.size >= 0 && f.size != size, len(f.sha1) > 0 && !bytes.Equal(f.sha1, sum):
			r.skip("media that are not what the list says", "%s: %d bytes, listed %d", show(name), size, f.size)
		default:
			r.p.Media = append(r.p.Media, r.media(name, size, e))
		}
	}
	return nil
}

// unpack reads a file to its end and returns its size and SHA-1; of one that
// is too large, the most that it was allowed.
func (r *reader) unpack(ctx context.Context, e *zip.File, most int64) (int64, []byte, error) {
	in, err := r.p.file.open(ctx, e, r.p.Version == Latest, most)
	if err != nil {
		return 0, nil, err
	}
	defer in.Close()
	h := sha1.New()
	n, err := io.Copy(h, in)
	if errors.Is(err, ErrTooLarge) {
		n = most
	}
	return n, h.Sum(nil), err
}

// media is a file that can be read again, as often as wanted.
func (r *reader) media(name string, size int64, e *zip.File) Media {
	file, packed := r.p.file, r.p.Version == Latest
	return Media{Name: name, Size: size, Open: func() (io.ReadCloser, error) {
		// Closing the package is what ends it.
		return file.open(context.Background(), e, packed, size)
	}}
}
