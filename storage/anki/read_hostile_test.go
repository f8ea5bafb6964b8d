package anki

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha1"
	"database/sql"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"
)

// entry is one entry of a zip file.
type entry struct {
	name   string
	data   []byte
	method uint16
}

// hostile is a package to be made, and what must become of it. The zero value
// with a name is small() as Legacy2, and opens without a problem.
type hostile struct {
	name   string
	latest bool                // a schema 18 database, zstd, the list of media in protobuf
	sql    string              // run on the database
	db     func([]byte) []byte // changes the file
	meta   string              // instead of the right one; "-" for none
	media  []byte              // instead of the right list
	noList bool
	files  []entry             // added; by default 0 and 1
	pack   func([]byte) []byte // changes the database's entry, after zstd
	zip    func([]byte) []byte // changes the file
	lim    Limits
	now    int64 // unix seconds

	err      error
	problems map[string]int // Why to Count
	check    func(*testing.T, *Package)
}

// make writes the package.
func (h hostile) make(t testing.TB) string {
	t.Helper()
	entries := []entry{{name: "meta", data: []byte{8, 2}}, {name: "collection.anki21", method: zip.Deflate}, {name: "media", data: []byte(`{"0":"p.png","1":"ö.mp3"}`)}}
	if h.latest {
		entries[0].data, entries[1].name = []byte{8, 3}, "collection.anki21b"
		entries[2].data = mediaList(mediaLine{"p.png", 4, sum("\x89PNG")}, mediaLine{"ö.mp3", 3, sum("ID3")})
	}
	if h.meta != "" {
		entries[0].data = []byte(h.meta)
	}
	if h.media != nil {
		entries[2].data = h.media
	}
	entries[1].data = h.database(t)
	files := h.files
	if files == nil {
		files = []entry{{name: "0", data: []byte("\x89PNG")}, {name: "1", data: []byte("ID3")}}
	}
	if h.latest {
		entries[1].data, entries[2].data = squeeze(entries[1].data), squeeze(entries[2].data)
		for i := range files {
			if files[i].method == 0 {
				files[i].data = squeeze(files[i].data)
			}
		}
	}
	if h.pack != nil {
		entries[1].data = h.pack(entries[1].data)
	}
	if h.noList {
		entries = entries[:2]
	}
	if h.meta == "-" {
		entries = entries[1:]
	}
	b := zipOf(t, append(entries, files...))
	if h.zip != nil {
		b = h.zip(b)
	}
	path := filepath.Join(t.TempDir(), "hostile.apkg")
	noError(t, os.WriteFile(path, b, 0o600))
	return path
}

// database returns the bytes of the database.
func (h hostile) database(t testing.TB) []byte {
	b := bytes.Clone(schema11DB(t))
	if h.latest {
		b = schema18(t)
	}
	if h.sql != "" {
		path := filepath.Join(t.TempDir(), "h.db")
		noError(t, os.WriteFile(path, b, 0o600))
		runSQL(t, path, h.sql)
		var err error
		b, err = os.ReadFile(path)
		noError(t, err)
	}
	if h.db != nil {
		b = h.db(b)
	}
	return b
}

func runSQL(t testing.TB, path, text string) {
	t.Helper()
	db := sql.OpenDB(connector{fileDSN(path, url.Values{})})
	db.SetMaxOpenConns(1)
	defer db.Close()
	if _, err := db.Exec(text); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
}

// schema11DB is the database of small(), made once.
func schema11DB(t testing.TB) []byte {
	smallOnce.Do(func() {
		path := filepath.Join(t.TempDir(), "small.db")
		noError(t, writeDatabase(context.Background(), path, sorted(small())))
		var err error
		smallDB, err = os.ReadFile(path)
		noError(t, err)
	})
	return smallDB
}

var (
	smallOnce sync.Once
	smallDB   []byte
)

// schema18 is the database of a fixture.
func schema18(t testing.TB) []byte {
	z, err := zip.OpenReader("testdata/latest-sched.apkg")
	noError(t, err)
	defer z.Close()
	r, err := z.Open("collection.anki21b")
	noError(t, err)
	d, err := zstd.NewReader(r)
	noError(t, err)
	defer d.Close()
	b, err := io.ReadAll(d)
	noError(t, err)
	return b
}

func zipOf(t testing.TB, entries []entry) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, e := range entries {
		if e.method == 99 { // as it is, under a method that nobody knows
			w, err := z.CreateRaw(&zip.FileHeader{Name: e.name, Method: 99, CompressedSize64: uint64(len(e.data)), UncompressedSize64: uint64(len(e.data))})
			noError(t, err)
			w.Write(e.data)
			continue
		}
		w, err := z.CreateHeader(&zip.FileHeader{Name: e.name, Method: e.method})
		noError(t, err)
		_, err = w.Write(e.data)
		noError(t, err)
	}
	noError(t, z.Close())
	return b.Bytes()
}

func squeeze(b []byte) []byte {
	e, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1))
	if err != nil {
		panic(err)
	}
	defer e.Close()
	return e.EncodeAll(b, nil)
}

type mediaLine struct {
	name string
	size uint64
	sha1 []byte
}

func sum(s string) []byte { h := sha1.Sum([]byte(s)); return h[:] }

func mediaList(lines ...mediaLine) []byte {
	field := func(b []byte, num int, data []byte) []byte {
		b = binary.AppendUvarint(append(b, byte(num<<3|2)), uint64(len(data)))
		return append(b, data...)
	}
	var out []byte
	for _, l := range lines {
		m := field(nil, 1, []byte(l.name))
		m = binary.AppendUvarint(append(m, 2<<3), l.size)
		out = field(out, 1, field(m, 3, l.sha1))
	}
	return out
}

// one is a Problem that one row has.
func one(why string) map[string]int { return map[string]int{why: 1} }

// The reasons of Problems that the table names often.
const (
	badName    = "media with a name that no file should have"
	noFile     = "media that are listed and not in the package"
	wrongMedia = "media that are not what the list says"
	noMedia    = "a list of media that cannot be read: no media"
	cutList    = "a list of media that ends early: taken as far as it goes"
	badNumber  = "cards with a number that is negative or too large: set to the nearest"
	badMemory  = "cards with an impossible memory state: without one"
	bare       = "notes without cards: kept"
	noType     = "notes of an unknown type"
	noNote     = "cards without a note"
	noCard     = "reviews of cards that are not in the package"
	partGone   = "presets with a part that is missing: Anki's defaults for it"
)

func mediaNames(want ...string) func(*testing.T, *Package) {
	return func(t *testing.T, p *Package) {
		t.Helper()
		var got []string
		for _, m := range p.Media {
			got = append(got, m.Name)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("media: %s", d)
		}
	}
}

func flip(b []byte, at int) []byte { b[at] ^= 0xff; return b }

func containers(t *testing.T) []hostile {
	databaseSize := int64(len(hostile{}.database(t)))
	return []hostile{
		{name: "legacy2"},
		{name: "latest", latest: true},
		{name: "legacy1", meta: "-", zip: func(b []byte) []byte {
			return bytes.ReplaceAll(b, []byte("collection.anki21"), []byte("collection.anki2x"))
		}, err: ErrNotPackage},
		{name: "text", zip: func([]byte) []byte { return []byte("no package, but a text") }, err: ErrNotPackage},
		{name: "empty file", zip: func([]byte) []byte { return nil }, err: ErrNotPackage},
		{name: "a zip of something else", meta: "-", zip: func([]byte) []byte {
			var b bytes.Buffer
			z := zip.NewWriter(&b)
			z.Create("word/document.xml")
			z.Close()
			return b.Bytes()
		}, err: ErrNotPackage},
		{name: "cut in the middle", zip: func(b []byte) []byte { return b[:len(b)/2] }, err: ErrDamaged},
		{name: "cut at the end", zip: func(b []byte) []byte { return b[:len(b)-1] }, err: ErrDamaged},
		{name: "cut to 2 bytes", zip: func(b []byte) []byte { return b[:2] }, err: ErrDamaged},
		{name: "two databases of a name", files: []entry{{name: "collection.anki21"}}, err: ErrDamaged},
		{name: "two media of a number", files: []entry{{name: "0"}, {name: "0"}}, err: ErrDamaged},
		{name: "entries at the cap", lim: Limits{Entries: 5}},
		{name: "entries over the cap", lim: Limits{Entries: 4}, err: ErrTooLarge},
		{name: "a directory far over the cap", lim: Limits{Entries: 10}, files: many(5000), err: ErrTooLarge},
		{name: "meta 0", meta: "\x08\x00", err: ErrNewer},
		{name: "meta without a version", meta: "\x10\x02", err: ErrNewer},
		{name: "meta 4", meta: "\x08\x04", err: ErrNewer},
		{name: "meta huge", meta: "\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", err: ErrNewer},
		{name: "meta cut", meta: "\x08", err: ErrDamaged},
		{name: "meta of 1 KiB", meta: "\x08\x02\x12\xf9\x07" + strings.Repeat("x", 1017) + "\x18\x01"},
		{name: "meta over 1 KiB", meta: "\x08\x02\x12\xfa\x07" + strings.Repeat("x", 1018) + "\x18\x01", err: ErrTooLarge},
		{name: "meta 1 and no such database", meta: "\x08\x01", err: ErrDamaged},
		{name: "meta 3 and no such database", meta: "\x08\x03", err: ErrDamaged},
		{name: "no meta", meta: "-"},
		{name: "deflate broken", zip: func(b []byte) []byte { return flip(b, bytes.Index(b, []byte("collection.anki21"))+60) }, err: ErrDamaged},
		{
			name: "a packing that nobody knows", latest: true, files: []entry{{name: "0", method: 99, data: []byte("x")}},
			problems: map[string]int{"media that are damaged": 1, noFile: 1}, check: mediaNames(),
		},
		{
			name: "paths as entries", files: []entry{{name: "../x"}, {name: `C:\x`}, {name: "/etc/x"}, {name: ".."}, {name: "a/"}, {name: ""}, {name: "x\x00y"}},
			problems: map[string]int{noFile: 2}, check: mediaNames(),
		},
		{name: "zstd cut", latest: true, pack: func(b []byte) []byte { return b[:len(b)/2] }, err: ErrDamaged},
		{name: "zstd that is none", latest: true, pack: func([]byte) []byte { return []byte("SQLite format 3\x00") }, err: ErrDamaged},
		{name: "zstd of nothing", latest: true, pack: func([]byte) []byte { return nil }, err: ErrDamaged},
		{name: "zstd with a window of 256 MiB", latest: true, pack: func([]byte) []byte { return []byte("\x28\xb5\x2f\xfd\x00\x90\x01\x00\x00") }, err: ErrTooLarge},
		{name: "database at the cap", lim: Limits{DatabaseBytes: databaseSize}},
		{name: "database over the cap", lim: Limits{DatabaseBytes: databaseSize - 1}, err: ErrTooLarge},
		{name: "zip bomb", db: func([]byte) []byte { return make([]byte, 64<<20) }, lim: Limits{DatabaseBytes: 1 << 20}, err: ErrTooLarge},
		{name: "zstd bomb", latest: true, db: func([]byte) []byte { return make([]byte, 64<<20) }, lim: Limits{DatabaseBytes: 1 << 20}, err: ErrTooLarge},
	}
}

func many(n int) []entry {
	list := make([]entry, n)
	for i := range list {
		list[i].name = strconv.Itoa(i + 100)
	}
	return list
}

func databases() []hostile {
	list := []hostile{
		{name: "text", db: func([]byte) []byte { return bytes.Repeat([]byte("no database"), 1000) }, err: ErrDamaged},
		{name: "nothing", db: func([]byte) []byte { return nil }, err: ErrDamaged},
		{name: "cut", db: func(b []byte) []byte { return b[:len(b)/2] }, err: ErrDamaged},
		{name: "a page of zeros", db: func(b []byte) []byte { clear(b[2*4096 : 3*4096]); return b }, err: ErrDamaged},
		{name: "page size 0", db: func(b []byte) []byte { b[16], b[17] = 0, 0; return b }, err: ErrDamaged},
		{name: "page size 3", db: func(b []byte) []byte { b[16], b[17] = 0, 3; return b }, err: ErrDamaged},
		{name: "schema that is no table", db: func(b []byte) []byte { b[100] = 2; return b }, err: ErrDamaged},
		{name: "schema that contains itself", db: selfPointing, err: ErrDamaged},
		{name: "schema of a page far away", db: func(b []byte) []byte { b = selfPointing(b); binary.BigEndian.PutUint32(b[108:], 1<<31); return b }, err: ErrDamaged},
		{name: "schema with a cell outside", db: func(b []byte) []byte { b[108], b[109] = 0xff, 0xff; return b }, err: ErrDamaged},
		{name: "schema with too many cells", db: func(b []byte) []byte { b[103], b[104] = 0xff, 0xff; return b }, err: ErrDamaged},
		{name: "a wide schema", sql: "begin;" + repeat("create table t%d (a);", 2100) + "commit", err: ErrTooLarge},
		{name: "a long statement", sql: "create table t (a /*" + strings.Repeat("x", 300<<10) + "*/);", err: ErrDamaged},
		{name: "trigger", sql: "create trigger t after insert on notes begin delete from cards; end", err: ErrUnsafe},
		{name: "view", sql: "create view v as select 1", err: ErrUnsafe},
		{name: "view named notes", sql: "drop table notes; create view notes as select 1 id, 'g' guid, 101 mid, 0 mod, '' tags, 'a' || x'1f' || 'b' flds", err: ErrUnsafe},
		{name: "virtual table", sql: "create virtual table v using fts5(a)", err: ErrUnsafe},
		{name: "computed column", sql: "create table t (a, b generated always as (hex(zeroblob(a))))", err: ErrUnsafe},
		{name: "computed column, short", sql: "create table t (a, b AS (a))", err: ErrUnsafe},
		{name: "check", sql: "create table t (a CHECK (length(zeroblob(a)) > 0))", err: ErrUnsafe},
		{name: "index of an expression", sql: "create index i on notes (length(flds))", err: ErrUnsafe},
		{name: "index of some rows", sql: "create index i on cards (odid) where odid != 0"},
		{name: "words in comments and names", sql: "create table t (\"check\", [as] /* check */, `generated` -- as\n)"},
		{name: "other tables", sql: "create table mine (a); insert into mine values (zeroblob(100000)); analyze"},
		{name: "no reviews table", sql: "drop table revlog", err: ErrDamaged},
		{name: "no col table", sql: "drop table col", err: ErrDamaged},
		{name: "no row in col", sql: "delete from col", err: ErrDamaged},
		{name: "two rows in col", sql: "insert into col select 2, crt, mod, scm, 19, dty, usn, ls, conf, models, decks, dconf, tags from col"},
		{name: "a column is missing", sql: "alter table revlog rename column lastIvl to x", err: ErrDamaged},
		{name: "a table of a newer schema is missing", latest: true, sql: "drop table templates", err: ErrDamaged},
		{
			name: "id that is no key", sql: "alter table notes rename to o; create table notes (id, guid, mid, mod, tags, flds); insert into notes select id, guid, mid, mod, tags, flds from o; insert into notes select id, 'x', mid, mod, tags, flds from o; drop table o",
			problems: map[string]int{"notes with the id of another": 3},
		},
		{name: "quick check", db: breakTree, err: ErrDamaged},
		{name: "UTF-16", db: nil, sql: "pragma encoding = 'UTF-16'"},
	}
	for ver, err := range map[int]error{0: ErrUnsupported, -1: ErrUnsupported, 10: ErrUnsupported, 12: ErrUnsupported, 13: ErrUnsupported, 14: ErrUnsupported, 19: ErrNewer, 99: ErrNewer} {
		list = append(list, hostile{name: fmt.Sprint("schema ", ver), sql: fmt.Sprint("update col set ver = ", ver), err: err})
	}
	for _, ver := range []int{15, 16, 17, 18} {
		list = append(list, hostile{name: fmt.Sprint("schema ", ver), latest: true, sql: fmt.Sprint("update col set ver = ", ver)})
	}
	return append(list, hostile{name: "schema 18 by name alone", sql: "update col set ver = 18", err: ErrDamaged})
}

// selfPointing makes the first page a node whose child is itself.
func selfPointing(b []byte) []byte {
	b[100] = 5
	binary.BigEndian.PutUint16(b[103:], 0)
	binary.BigEndian.PutUint32(b[108:], 1)
	return b
}

// breakTree makes the row ids of a leaf unordered: a table page that is a
// leaf with more than one cell swaps its first two pointers.
func breakTree(b []byte) []byte {
	for at := 4096; at < len(b); at += 4096 {
		if p := b[at:]; p[0] == 13 && binary.BigEndian.Uint16(p[3:]) > 1 {
			p[8], p[9], p[10], p[11] = p[10], p[11], p[8], p[9]
			return b
		}
	}
	panic("no such page")
}

func repeat(format string, n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format, i)
	}
	return b.String()
}

func rows() []hostile {
	cardOne := "where id = 1700000000601"
	atCard := func(f func(Card) bool) func(*testing.T, *Package) {
		return func(t *testing.T, p *Package) {
			if c := p.Cards[0]; !f(c) {
				t.Errorf("card %+v, memory %+v", c, c.Memory)
			}
		}
	}
	counts := func(notes, cards, reviews int) func(*testing.T, *Package) {
		return func(t *testing.T, p *Package) {
			if len(p.Notes) != notes || len(p.Cards) != cards || len(p.Reviews) != reviews {
				t.Errorf("%d notes, %d cards, %d reviews; want %d, %d, %d", len(p.Notes), len(p.Cards), len(p.Reviews), notes, cards, reviews)
			}
		}
	}
	data := func(s string) string { return "update cards set data = '" + s + "' " + cardOne }
	noMemory := atCard(func(c Card) bool { return c.Memory == nil })
	return []hostile{
		{name: "notes at the cap", lim: Limits{Notes: 3, Cards: 5, Reviews: 4}},
		{name: "notes over the cap", lim: Limits{Notes: 2}, err: ErrTooLarge},
		{name: "cards over the cap", lim: Limits{Cards: 4}, err: ErrTooLarge},
		{name: "reviews over the cap", lim: Limits{Reviews: 3}, err: ErrTooLarge},
		{name: "text at the cap", lim: Limits{TextBytes: 67}},
		{name: "text over the cap", lim: Limits{TextBytes: 66}, err: ErrTooLarge},
		{name: "field at the cap", lim: Limits{FieldBytes: 34}},
		{name: "field over the cap", lim: Limits{FieldBytes: 33}, problems: map[string]int{"notes with a field that is too long, or with none": 1, noNote: 2}},
		{
			name: "note of 16 fields", lim: Limits{FieldBytes: 34}, sql: "update notes set flds = zeroblob(16*34+1) where id = 1700000000502",
			problems: map[string]int{"notes with a field that is too long, or with none": 1, noNote: 1}, check: counts(2, 4, 4),
		},
		{name: "unknown type", sql: "update notes set mid = 9 where id = 1700000000502", problems: map[string]int{noType: 1, noNote: 1}, check: counts(2, 4, 4)},
		{
			name: "too few fields", sql: "update notes set flds = 'q' where id = 1700000000502", problems: one("notes with fewer fields than their type: the others are empty"),
			check: func(t *testing.T, p *Package) {
				if d := cmp.Diff([]string{"q", ""}, p.Notes[1].Fields); d != "" {
					t.Error(d)
				}
			},
		},
		{
			name: "too many fields", sql: "update notes set flds = 'a' || x'1f' || 'b' || x'1f' || 'c' where id = 1700000000502", problems: one("notes with more fields than their type: joined to the last"),
			check: func(t *testing.T, p *Package) {
				if d := cmp.Diff([]string{"a", "b<br>c"}, p.Notes[1].Fields); d != "" {
					t.Error(d)
				}
			},
		},
		{name: "guid twice", sql: "update notes set guid = 'one' where id = 1700000000502", problems: map[string]int{"notes with the guid of another": 1, noNote: 1}, check: counts(2, 4, 4)},
		{
			name: "no guid", sql: "update notes set guid = '' where id < 1700000000503", problems: map[string]int{"notes without a guid: made from the id": 2},
			check: func(t *testing.T, p *Package) {
				if p.Notes[0].GUID != "note:1700000000501" || p.Notes[1].GUID != "note:1700000000502" {
					t.Error(p.Notes[0].GUID, p.Notes[1].GUID)
				}
			},
		},
		{name: "guid of 2 KiB", sql: "update notes set guid = hex(zeroblob(1024)) where id = 1700000000502", problems: one("notes without a guid: made from the id")},
		{name: "tags of 65 KiB", sql: "update notes set tags = hex(zeroblob(33000)) where id = 1700000000502", problems: one("notes whose tags are too long, or missing: without tags")},
		{name: "tags with the wide space", sql: "update notes set tags = 'a　b  c' where id = 1700000000502", check: func(t *testing.T, p *Package) {
			if d := cmp.Diff([]string{"a", "b", "c"}, p.Notes[1].Tags); d != "" {
				t.Error(d)
			}
		}},
		{
			name: "bytes that are not UTF-8", sql: "update notes set flds = cast(x'61ff1f6200' as text), tags = cast(x'20c320' as text) where id = 1700000000502",
			problems: map[string]int{"text that is not UTF-8, or with NUL: replaced": 3}, check: func(t *testing.T, p *Package) {
				if d := cmp.Diff([]string{"a\uFFFD", "b"}, p.Notes[1].Fields); d != "" {
					t.Error(d)
				}
			},
		},
		{name: "time of 1e18", sql: "update notes set mod = 1000000000000000000 where id = 1700000000502", problems: one("notes with an impossible time: set to the nearest")},
		{name: "cloze without cards", sql: "delete from cards where nid = 1700000000503", problems: one(bare), check: counts(3, 3, 4)},
		{name: "card without a note", sql: "delete from notes where id = 1700000000501", problems: map[string]int{noNote: 2, noCard: 4}, check: counts(2, 3, 0)},
		{name: "ivl -5", sql: "update cards set ivl = -5 " + cardOne, problems: one(badNumber), check: atCard(func(c Card) bool { return c.Interval == 0 })},
		{name: "ivl 12.7", sql: "update cards set ivl = 12.7 " + cardOne, check: atCard(func(c Card) bool { return c.Interval == 12 })},
		{name: "ivl text", sql: "update cards set ivl = 'x' " + cardOne, check: atCard(func(c Card) bool { return c.Interval == 0 })},
		{name: "ivl infinite", sql: "update cards set ivl = 9e999 " + cardOne, problems: one(badNumber), check: atCard(func(c Card) bool { return c.Interval == maxInt32 })},
		{name: "factor 65536", sql: "update cards set factor = 65536 " + cardOne, problems: one(badNumber), check: atCard(func(c Card) bool { return c.Factor == 65535 })},
		{name: "left 2002", sql: "update cards set left = 2002 " + cardOne, check: atCard(func(c Card) bool { return c.Left == 2 })},
		{name: "due beyond 32 bits", sql: "update cards set due = 99999999999 " + cardOne, problems: one("cards with an impossible due: set to 0"), check: atCard(func(c Card) bool { return c.Due == 0 })},
		{name: "flags 0xff", sql: "update cards set flags = 255 " + cardOne, check: atCard(func(c Card) bool { return c.Flag == 7 })},
		{name: "type 9", sql: "update cards set type = 9 " + cardOne, problems: one("cards in an unknown state: made new"), check: atCard(func(c Card) bool { return c.State == New && c.Queue == NewQueue && c.Interval == 0 && c.Due == 0 })},
		{name: "queue 5", sql: "update cards set queue = 5 " + cardOne, problems: one("cards in an unknown state: made new")},
		{name: "ord -1", sql: "update cards set ord = -1 " + cardOne, problems: map[string]int{"cards of a template that their note type does not have": 1, noCard: 3}, check: counts(3, 4, 1)},
		{name: "ord 2", sql: "update cards set ord = 2 " + cardOne, problems: map[string]int{"cards of a template that their note type does not have": 1, noCard: 3}},
		{name: "cloze 65536", sql: "update cards set ord = 65536 where id = 1700000000605", problems: one("cards of a template that their note type does not have")},
		{name: "two cards of a template", sql: "update cards set ord = 0 where id = 1700000000602", problems: map[string]int{"cards with the id, or the note and template, of another": 1, noCard: 1}},
		{name: "unknown deck", sql: "update cards set did = 99 " + cardOne, problems: one("cards of an unknown deck: put into deck 1"), check: atCard(func(c Card) bool { return c.Deck == 1 })},
		{name: "unknown home deck", sql: "update cards set odid = 99 " + cardOne, problems: one("cards from an unknown deck: put into deck 1"), check: atCard(func(c Card) bool { return c.HomeDeck == 1 })},
		{name: "data no JSON", sql: data("{pos:1"), problems: one("cards with data that is not JSON: ignored"), check: noMemory},
		{name: "data NaN", sql: data(`{"s":NaN,"d":5}`), problems: one("cards with data that is not JSON: ignored"), check: noMemory},
		{name: "data NaN as text", sql: data(`{"s":"NaN","d":5}`), problems: one(badMemory), check: noMemory},
		{name: "data 1e999", sql: data(`{"s":1e999,"d":5}`), problems: one(badMemory), check: noMemory},
		{name: "data s -1", sql: data(`{"s":-1,"d":5}`), problems: one(badMemory), check: noMemory},
		{name: "data s 1e9", sql: data(`{"s":1e9,"d":5}`), problems: one(badMemory), check: noMemory},
		{name: "data d 50", sql: data(`{"s":1,"d":50}`), problems: one(badMemory), check: noMemory},
		{name: "data s alone", sql: data(`{"s":1,"pos":4}`), check: atCard(func(c Card) bool { return c.Memory == nil && c.Pos == 4 })},
		{name: "data null", sql: data(`{"s":null,"d":null,"pos":null,"lrt":null}`), check: atCard(func(c Card) bool { return c.Memory == nil && c.Pos == -1 })},
		{name: "data dr 7", sql: data(`{"s":1,"d":5,"dr":7,"lrt":5}`), problems: one("cards with an impossible retention, decay or time: ignored"), check: atCard(func(c Card) bool { return *c.Memory == Memory{Stability: 1, Difficulty: 5} })},
		{name: "data as numbers in text", sql: data(`{"s":"1.5","d":"5","pos":"3"}`), check: atCard(func(c Card) bool { return *c.Memory == Memory{Stability: 1.5, Difficulty: 5} && c.Pos == 3 })},
		{name: "data deep", sql: data(strings.Repeat("[", 2000)), problems: one("cards with data that is not JSON: ignored"), check: noMemory},
		{name: "data of 5 KiB", sql: data(`{"s":1,"d":5,"cd":"` + strings.Repeat("x", 5000) + `"}`), check: noMemory},
		{name: "data NULL", sql: "pragma writable_schema = 1; update sqlite_master set sql = replace(sql, 'data text NOT NULL', 'data text') where name = 'cards'; pragma writable_schema = reset; update cards set data = null " + cardOne, check: noMemory},
		{name: "ease 5", sql: "update revlog set ease = 5 where id = 1700000050001", problems: one("reviews with an unknown rating or kind"), check: counts(3, 5, 3)},
		{name: "ease -1", sql: "update revlog set ease = -1 where id = 1700000050001", problems: one("reviews with an unknown rating or kind")},
		{name: "kind 6", sql: "update revlog set type = 6 where id = 1700000050001", problems: one("reviews with an unknown rating or kind")},
		{name: "review factor -1", sql: "update revlog set factor = -1, time = -4 where id = 1700000050001", problems: map[string]int{"reviews with a number that is negative or too large: set to the nearest": 2}},
		{name: "review of 1969", sql: "update revlog set id = -5 where id = 1700000050001", problems: one("reviews at an impossible time"), check: counts(3, 5, 3)},
		{name: "ids a day ahead", now: 1700000100 - 86400},
		{name: "ids more than a day ahead", now: 1700000099 - 86400, problems: one("reviews at an impossible time"), check: counts(3, 5, 3)},
		{
			name: "all ids of the future", now: 1600000000, problems: map[string]int{"notes with an impossible id: another was given": 3, "cards with an impossible id: another was given": 5, "reviews at an impossible time": 4},
			check: func(t *testing.T, p *Package) {
				if p.Notes[0].ID != 1 || p.Notes[0].GUID != "one" || p.Cards[1].ID != 2 || p.Cards[1].Note != 1 || p.Cards[4].Note != 3 {
					t.Errorf("notes %+v, cards %+v", p.Notes, p.Cards)
				}
			},
		},
		{
			name: "one id of the future, one of the past", now: 1700001000,
			sql:      "update notes set id = 9100000000000 where guid = 'one'; update cards set nid = 9100000000000 where nid = 1700000000501; update cards set id = 9200000000000 where id = 1700000000601; update revlog set cid = 9200000000000 where cid = 1700000000601; update cards set id = -7 where id = 1700000000602; update revlog set cid = -7 where cid = 1700000000602",
			problems: map[string]int{"notes with an impossible id: another was given": 1, "cards with an impossible id: another was given": 2},
			check: func(t *testing.T, p *Package) {
				want := small()
				want.Notes[0].ID = 1700000000000
				want.Cards[0].ID, want.Cards[1].ID = 1700000000001, 1700000000000
				want.Cards[0].Note, want.Cards[1].Note = 1700000000000, 1700000000000
				want.Cards[0], want.Cards[1] = want.Cards[1], want.Cards[0]
				for i := range want.Reviews {
					want.Reviews[i].Card = map[bool]int64{true: 1700000000001, false: 1700000000000}[want.Reviews[i].Card == 1700000000601]
				}
				equalCollection(t, want, &p.Collection)
			},
		},
		{name: "first scheduler", sql: "update col set conf = '{}'", check: func(t *testing.T, p *Package) {
			eases := []int{p.Reviews[0].Ease, p.Reviews[1].Ease, p.Reviews[2].Ease, p.Reviews[3].Ease}
			if d := cmp.Diff([]int{4, 1, 0, 2}, eases); d != "" || p.Scheduler != 1 || p.HasWest || p.Rollover != 4 {
				t.Errorf("scheduler %d: %s", p.Scheduler, d)
			}
		}},
		{name: "first scheduler, relearning", sql: "update col set conf = '{\"schedVer\":1}'; update cards set type = 2 where id = 1700000000602", check: func(t *testing.T, p *Package) {
			if p.Cards[1].State != Relearning {
				t.Error(p.Cards[1].State)
			}
		}},
		{name: "first scheduler, all new", sql: "update col set conf = '{}'; update cards set queue = 0, type = 0", check: func(t *testing.T, p *Package) {
			if p.Reviews[0].Ease != 3 {
				t.Error(p.Reviews[0].Ease)
			}
		}},
	}
}

func settings() []hostile {
	conf := func(s string) string { return "update col set conf = '" + s + "'" }
	types := func(n int) func(*testing.T, *Package) {
		return func(t *testing.T, p *Package) {
			if len(p.NoteTypes) != n {
				t.Errorf("%d note types, want %d", len(p.NoteTypes), n)
			}
		}
	}
	deep := strings.Repeat(`{"a":`, 20000)
	allGone := map[string]int{noType: 3, noNote: 5, noCard: 4}
	list := []hostile{
		{name: "settings at the cap", lim: Limits{SettingsBytes: 4000}},
		{name: "settings over the cap", lim: Limits{SettingsBytes: 1000}, err: ErrTooLarge},
		{name: "parts at the cap", lim: Limits{Settings: 7}},
		{name: "parts over the cap", lim: Limits{Settings: 6}, err: ErrTooLarge},
		{name: "decks over the cap", lim: Limits{Settings: 3}, err: ErrTooLarge},
		{name: "rows over the cap", latest: true, lim: Limits{Settings: 3}, err: ErrTooLarge},
		{name: "configuration null", sql: conf("null"), problems: one("a configuration that is no JSON object: Anki's defaults")},
		{name: "configuration empty", sql: conf(""), problems: one("a configuration that is no JSON object: Anki's defaults")},
		{name: "configuration deep", sql: conf(deep), problems: one("a configuration that is no JSON object: Anki's defaults")},
		{
			name: "configuration NULL", sql: "pragma writable_schema = 1; update sqlite_master set sql = replace(sql, 'conf text NOT NULL', 'conf text') where name = 'col'; pragma writable_schema = reset; update col set conf = null",
			problems: one("a configuration that is no JSON object: Anki's defaults"),
		},
		{name: "messages over the cap", latest: true, lim: Limits{SettingsBytes: 800}, err: ErrTooLarge},
		{name: "values null", sql: conf(`{"schedVer":null,"rollover":null,"creationOffset":null,"fsrs":null}`), check: func(t *testing.T, p *Package) {
			if p.Scheduler != 1 || p.Rollover != 4 || p.HasWest || p.FSRS {
				t.Errorf("%+v", p.Collection)
			}
		}},
		{name: "values as text", sql: conf(`{"schedVer":"2","rollover":"5","creationOffset":"-60.0","fsrs":true}`), check: func(t *testing.T, p *Package) {
			if p.Scheduler != 2 || p.Rollover != 5 || p.West != -60 || !p.FSRS {
				t.Errorf("%+v", p.Collection)
			}
		}},
		{name: "values impossible", sql: conf(`{"schedVer":2,"rollover":24,"creationOffset":1e300}`), problems: map[string]int{"an impossible hour at which days begin: 4": 1}},
		{name: "zone impossible", sql: conf(`{"schedVer":2,"creationOffset":100000}`), problems: one("an impossible time zone: ignored")},
		{name: "created 1e18", sql: "update col set crt = 1000000000000000000", problems: one("an impossible time of creation: set to the nearest")},
		{name: "note types null", sql: "update col set models = 'null'", err: ErrDamaged},
		{name: "note types empty", sql: "update col set models = ''", err: ErrDamaged},
		{name: "note types a list", sql: "update col set models = '[]'", err: ErrDamaged},
		{name: "note types deep", sql: "update col set models = '" + deep + "'", err: ErrDamaged},
		{name: "note types none", sql: "update col set models = '{}'", problems: allGone, check: types(0)},
		{name: "note types all null", sql: `update col set models = '{"101":null,"102":null}'`, problems: merge(allGone, map[string]int{"note types that are not as they should be": 2}), check: types(0)},
		{name: "note type without fields", sql: `update col set models = json_remove(models, '$.102.flds')`, problems: map[string]int{"note types without fields or templates": 1, noType: 1, noNote: 2}, check: types(1)},
		{name: "note type with fields null", sql: `update col set models = json_set(models, '$.101.flds', json('[null,null]'), '$.101.tmpls', json('[null,null]'))`, problems: map[string]int{"fields or templates without a name: numbered": 4}, check: types(2)},
		{name: "note type sorted by field 9", sql: `update col set models = json_set(models, '$.101.sortf', 9)`, problems: one("note types that are sorted by a field they do not have: by the nearest")},
		{name: "note types with one id", sql: `update col set models = json_set(models, '$.102.id', 101)`, problems: map[string]int{"note types with the id of another": 1, noType: 1, noNote: 2}},
		{name: "note type with its id as text", sql: `update col set models = json_set(models, '$.102.id', '102')`},
		{name: "note types of one name", sql: `update col set models = json_set(models, '$.102.name', 'Basic')`, check: types(2)},
		{name: "a key twice", sql: `update col set models = '{"101":null,' || substr(models, 2)`},
		{name: "decks null", sql: "update col set decks = 'null'", problems: map[string]int{"decks that are no JSON object: none": 1, "cards of an unknown deck: put into deck 1": 3, "cards from an unknown deck: put into deck 1": 1}},
		{name: "decks all null", sql: `update col set decks = '{"1":null}'`, problems: map[string]int{"decks that are not as they should be": 1, "cards of an unknown deck: put into deck 1": 3, "cards from an unknown deck: put into deck 1": 1}},
		{name: "deck without a name", sql: `update col set decks = json_set(decks, '$.301.name', '::')`, problems: one("decks without a name: named by their id")},
		{name: "deck with an unknown preset", sql: `update col set decks = json_set(decks, '$.301.conf', 77)`, problems: one("decks with an unknown preset: preset 1")},
		{name: "presets null", sql: "update col set dconf = 'null'", problems: map[string]int{"presets that are no JSON object: Anki's defaults": 1, "decks with an unknown preset: preset 1": 1}},
		{name: "preset without a section", sql: `update col set dconf = json_set(dconf, '$.401.new', null)`, problems: one(partGone), check: func(t *testing.T, p *Package) {
			if p.Presets[1].NewPerDay != 20 || p.Presets[1].ReviewsPerDay != 9 {
				t.Errorf("%+v", p.Presets[1])
			}
		}},
		{name: "preset with a null in a section", sql: `update col set dconf = json_set(dconf, '$.401.new.ints', null)`, problems: one(partGone), check: func(t *testing.T, p *Package) {
			if p.Presets[1].NewPerDay != 20 {
				t.Errorf("%+v", p.Presets[1])
			}
		}},
		{name: "18 weights", sql: `update col set dconf = json_set(dconf, '$.401.fsrsParams6', json('[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]'))`, problems: one("presets with an impossible list of weights: the defaults")},
		{name: "weights null", sql: `update col set dconf = json_set(dconf, '$.401.fsrsParams6', null, '$.401.fsrsParams5', null, '$.401.fsrsWeights', null)`, check: func(t *testing.T, p *Package) {
			if p.Presets[1].Weights != nil {
				t.Errorf("%+v", p.Presets[1])
			}
		}},
		{name: "retention 0.5", sql: `update col set dconf = json_set(dconf, '$.401.desiredRetention', 0.5)`, check: func(t *testing.T, p *Package) {
			if p.Presets[1].DesiredRetention != 0.9 {
				t.Errorf("%+v", p.Presets[1])
			}
		}},
		{name: "steps -1 and huge", sql: `update col set dconf = json_set(dconf, '$.401.new.delays', json('[-1,1e300,5]'))`, problems: one("presets with an impossible step: left out"), check: func(t *testing.T, p *Package) {
			if d := cmp.Diff([]float64{5}, p.Presets[1].LearningSteps); d != "" {
				t.Error(d)
			}
		}},
		{name: "huge numbers", sql: `update col set dconf = json_set(dconf, '$.401.new.perDay', 1e300, '$.401.rev.maxIvl', 99999999999, '$.401.mod', 9223372036854775807)`, problems: one("presets with an impossible time: set to the nearest"), check: func(t *testing.T, p *Package) {
			if p.Presets[1].NewPerDay != 0 || p.Presets[1].MaximumInterval != maxInt32 {
				t.Errorf("%+v", p.Presets[1])
			}
		}},
		{name: "cut messages", latest: true, sql: "update notetypes set config = x'0a05'; update deck_config set config = x'ff'; update templates set config = x'0a'", problems: map[string]int{
			"settings that are cut off: taken as far as they go": 2 + 2 + 10, "cards of a template that their note type does not have": 4, noCard: 22,
		}},
	}
	return list
}

func merge(a, b map[string]int) map[string]int {
	m := map[string]int{}
	for k, v := range a {
		m[k] = v
	}
	for k, v := range b {
		m[k] = v
	}
	return m
}

func media() []hostile {
	long := strings.Repeat("x", 300)
	legacy := func(m map[string]any) []byte {
		b, _ := json.Marshal(m)
		return b
	}
	list := []hostile{
		{name: "no list", noList: true, check: mediaNames()},
		{name: "list {}", media: []byte("{}"), check: mediaNames()},
		{name: "list of 0 bytes", media: []byte{}, problems: one(noMedia), check: mediaNames()},
		{name: "list null", media: []byte("null"), problems: one(cutList), check: mediaNames()},
		{name: "list cut", media: []byte(`{"0":"p.png","1":"ö`), problems: one(cutList), check: mediaNames("p.png")},
		{name: "list with a number", media: []byte(`{"0":7,"1":"ö.mp3"}`), problems: one(badName), check: mediaNames("ö.mp3")},
		{name: "list deep", media: []byte(`{"0":` + strings.Repeat("[", 20000)), problems: one(cutList), check: mediaNames()},
		{
			name: "gaps and keys that are no numbers", media: []byte(`{"7":"g.png","x":"x.png","1":"ö.mp3"}`), files: []entry{{name: "1", data: []byte("ID3")}, {name: "7", data: []byte("g")}},
			problems: one(noFile), check: mediaNames("g.png", "ö.mp3"),
		},
		{name: "the database as a picture", media: []byte(`{"meta":"m","0":"p.png"}`), check: mediaNames("m", "p.png")},
		{name: "a name twice", media: []byte(`{"0":"p.png","1":"p.png"}`), problems: one("media with the name of another"), check: mediaNames("p.png")},
		{name: "names not UTF-8", media: []byte("{\"0\":\"a\xff.png\"}"), check: mediaNames("a\uFFFD.png")},
		{name: "list at the cap", lim: Limits{MapBytes: 26}},
		{name: "list over the cap", lim: Limits{MapBytes: 25}, err: ErrTooLarge},
		{name: "file at the cap", lim: Limits{MediaBytes: 4}},
		{name: "file over the cap", lim: Limits{MediaBytes: 3}, problems: one("media that are too large"), check: mediaNames("ö.mp3")},
		{name: "all files at the cap", lim: Limits{AllMediaBytes: 7}},
		{name: "all files over the cap", lim: Limits{AllMediaBytes: 6}, err: ErrTooLarge},
		{name: "a bomb", lim: Limits{MediaBytes: 1 << 20}, files: []entry{{name: "0", data: make([]byte, 32<<20), method: zip.Deflate}, {name: "1", data: []byte("ID3")}}, problems: one("media that are too large"), check: mediaNames("ö.mp3")},
		{name: "a zstd bomb", latest: true, lim: Limits{MediaBytes: 1 << 20}, files: []entry{{name: "0", data: make([]byte, 32<<20)}, {name: "1", data: []byte("ID3")}}, problems: one("media that are too large"), check: mediaNames("ö.mp3")},
		{name: "wrong sha1", latest: true, media: mediaList(mediaLine{"p.png", 4, sum("x")}, mediaLine{"ö.mp3", 3, sum("ID3")}), problems: one(wrongMedia), check: mediaNames("ö.mp3")},
		{name: "wrong size", latest: true, media: mediaList(mediaLine{"p.png", 5, sum("\x89PNG")}, mediaLine{"ö.mp3", 3, sum("ID3")}), problems: one(wrongMedia), check: mediaNames("ö.mp3")},
		{name: "no sha1", latest: true, media: mediaList(mediaLine{"p.png", 4, nil}, mediaLine{"ö.mp3", 3, sum("ID3")}), check: mediaNames("p.png", "ö.mp3")},
		{name: "more lines than files", latest: true, media: mediaList(mediaLine{"p.png", 4, nil}, mediaLine{"ö.mp3", 3, nil}, mediaLine{"c", 1, nil}), problems: one(noFile), check: mediaNames("p.png", "ö.mp3")},
		{name: "list of the new form cut", latest: true, media: mediaList(mediaLine{"p.png", 4, nil}, mediaLine{"ö.mp3", 3, nil})[:15], problems: one(cutList), check: mediaNames("p.png")},
		{name: "list of the new form with a broken line", latest: true, media: append([]byte("\x0a\x01\xff"), mediaList(mediaLine{"ö.mp3", 3, nil})...), problems: one(cutList), check: mediaNames("ö.mp3")},
		{name: "new list at the cap", latest: true, lim: Limits{MapBytes: int64(len(mediaList(mediaLine{"p.png", 4, sum("")}, mediaLine{"ö.mp3", 3, sum("")})))}},
		{name: "new list over the cap", latest: true, lim: Limits{MapBytes: int64(len(mediaList(mediaLine{"p.png", 4, sum("")}, mediaLine{"ö.mp3", 3, sum("")}))) - 1}, err: ErrTooLarge},
		{name: "a file with a broken sum", zip: func(b []byte) []byte { return flip(b, bytes.Index(b, []byte("\x89PNG"))+1) }, problems: one("media that are damaged"), check: mediaNames("ö.mp3")},
	}
	for _, name := range []string{"../x", `..\x`, `C:\x`, "C:x", "/x", "a/b", "..", ".", "", "a\x00b", "a\nb", "\x1b[2Jx", long} {
		list = append(list, hostile{name: fmt.Sprintf("name %.10q", name), media: legacy(map[string]any{"0": name, "1": "ö.mp3"}), problems: one(badName), check: mediaNames("ö.mp3")})
		list = append(list, hostile{
			name: fmt.Sprintf("new name %.10q", name), latest: true, media: mediaList(mediaLine{name, 4, nil}, mediaLine{"ö.mp3", 3, nil}),
			problems: one(badName), check: mediaNames("ö.mp3"),
		})
	}
	return append(list, hostile{name: "name of 255 bytes", media: legacy(map[string]any{"0": long[:255], "1": "ö.mp3"}), check: mediaNames(long[:255], "ö.mp3")})
}

func TestHostile(t *testing.T) {
	for group, list := range map[string][]hostile{"container": containers(t), "database": databases(), "rows": rows(), "settings": settings(), "media": media()} {
		for _, h := range list {
			t.Run(group+"/"+h.name, h.run)
		}
	}
}

func (h hostile) run(t *testing.T) {
	temp := t.TempDir()
	opt := Options{Temp: temp, Limits: h.lim}
	if h.now != 0 {
		opt.Now = time.Unix(h.now, 0)
	}
	p, err := Open(context.Background(), h.make(t), opt)
	empty(t, temp)
	if !errors.Is(err, h.err) || (err == nil) != (h.err == nil) {
		t.Fatalf("error %v, want %v", err, h.err)
	}
	if err != nil {
		return
	}
	defer p.Close()
	got, want := map[string]int{}, map[string]int{}
	for _, q := range p.Problems {
		got[q.Why] = q.Count
		if len(q.Examples) == 0 || len(q.Examples) > examples {
			t.Errorf("%s: %d examples", q.Why, len(q.Examples))
		}
	}
	for why, n := range h.problems {
		want[why] = n
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("problems: %s", d)
	}
	if h.check != nil {
		h.check(t, p)
	} else if h.problems == nil && !h.latest {
		equalCollection(t, small(), &p.Collection)
	}
	consistent(t, p)
}

// consistent fails if a reference in a package does not hold, or something is
// out of its order.
func consistent(t testing.TB, p *Package) {
	t.Helper()
	types, decks, presets, notes, cards := map[int64]*NoteType{}, map[int64]bool{}, map[int64]bool{}, map[int64]*NoteType{}, map[int64]bool{}
	guids, names := map[string]bool{}, map[string]bool{}
	for _, s := range p.Presets {
		if presets[s.ID] || !validWeights(s.Weights) || s.NewPerDay < 0 {
			t.Errorf("preset %+v", s)
		}
		presets[s.ID] = true
	}
	for i := range p.NoteTypes {
		n := &p.NoteTypes[i]
		if types[n.ID] != nil || n.SortField < 0 || n.SortField >= len(n.Fields) || len(n.Templates) == 0 {
			t.Errorf("note type %+v", n)
		}
		types[n.ID] = n
	}
	for _, d := range p.Decks {
		if decks[d.ID] || d.Name == "" || !d.Filtered && !presets[d.Preset] {
			t.Errorf("deck %+v", d)
		}
		decks[d.ID] = true
	}
	var last int64
	for _, n := range p.Notes {
		if n.ID <= last || n.GUID == "" || guids[n.GUID] || types[n.Type] == nil || len(n.Fields) != len(types[n.Type].Fields) {
			t.Errorf("note %+v", n)
		}
		last, guids[n.GUID], notes[n.ID] = n.ID, true, types[n.Type]
	}
	last = 0
	for _, c := range p.Cards {
		if c.ID <= last || notes[c.Note] == nil || !decks[c.Deck] || c.HomeDeck != 0 && !decks[c.HomeDeck] || c.Interval < 0 || c.Memory != nil && !(c.Memory.Stability > 0) {
			t.Errorf("card %+v", c)
		}
		last, cards[c.ID] = c.ID, true
	}
	last = 0
	for _, r := range p.Reviews {
		if r.ID <= last || !cards[r.Card] || r.Ease < 0 || r.Ease > 4 {
			t.Errorf("review %+v", r)
		}
		last = r.ID
	}
	for _, m := range p.Media {
		if badMediaName(m.Name) != "" || names[m.Name] {
			t.Errorf("media %q", m.Name)
		}
		names[m.Name] = true
		if b := content(t, m); int64(len(b)) != m.Size {
			t.Errorf("media %q has %d bytes, not %d", m.Name, len(b), m.Size)
		}
	}
}

func TestOpenOtherFiles(t *testing.T) {
	dir := t.TempDir()
	if _, err := Open(context.Background(), filepath.Join(dir, "none.apkg"), Options{}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing file: %v", err)
	}
	if _, err := Open(context.Background(), dir, Options{}); !errors.Is(err, ErrNotPackage) {
		t.Errorf("a folder: %v", err)
	}
	if _, err := Open(context.Background(), "testdata/full.colpkg", Options{Temp: filepath.Join(dir, "none")}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no folder for temporary files: %v", err)
	}
}

// TestLegacy1 is a package with the oldest name alone, as genanki writes it.
func TestLegacy1(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.apkg")
	noError(t, os.WriteFile(path, zipOf(t, []entry{{name: "collection.anki2", data: hostile{}.database(t)}}), 0o600))
	p := open(t, path, Options{})
	want := small()
	want.Version, want.Media = Legacy1, nil
	equalCollection(t, want, &p.Collection)
}

// TestCanceled cancels at every place that looks at the context.
func TestCanceled(t *testing.T) {
	temp := t.TempDir()
	for _, name := range fixtures {
		done := false
		for left := int64(0); !done && left < 2000; left += 1 + left/8 {
			p, err := Open(newCountdown(left), filepath.Join("testdata", name), Options{Temp: temp})
			empty(t, temp)
			if done = err == nil; done {
				p.Close()
			} else if !errors.Is(err, context.Canceled) {
				t.Fatalf("%s after %d looks: %v", name, left, err)
			}
		}
		if !done {
			t.Errorf("%s never opened", name)
		}
	}
}

// TestAnyValue puts every kind of value at every place of the JSON: whatever
// comes is a package whose references hold, or ErrDamaged.
func TestAnyValue(t *testing.T) {
	base := hostile{}.database(t)
	path := filepath.Join(t.TempDir(), "any.db")
	noError(t, os.WriteFile(path, base, 0o600))
	texts := map[string]string{}
	db := openRaw(t, path)
	for _, column := range []string{"conf", "models", "decks", "dconf"} {
		var s string
		noError(t, db.QueryRow("select "+column+" from col").Scan(&s))
		texts[column] = s
	}
	for column, text := range texts {
		var tree any
		noError(t, json.Unmarshal([]byte(text), &tree))
		for i, variant := range variants(tree) {
			b, err := json.Marshal(variant)
			noError(t, err)
			r := &reader{lim: Limits{}.orDefaults(), p: &Package{}}
			one := map[string]string{}
			for k, v := range texts {
				one[k] = v
			}
			one[column] = string(b)
			if err := r.takeJSON(one["conf"], one["models"], one["decks"], one["dconf"]); err != nil && !errors.Is(err, ErrDamaged) {
				t.Fatalf("%s %d: %v", column, i, err)
			}
			consistent(t, r.p)
		}
	}
}

// variants returns the tree with each of its nodes replaced by each of a few
// values.
func variants(tree any) []any {
	values := []any{nil, []any{}, map[string]any{}, "", "x", -1, 1e99, true, []any{nil}, map[string]any{"x": nil}}
	list := append([]any{}, values...)
	switch node := tree.(type) {
	case map[string]any:
		for key, child := range node {
			for _, v := range variants(child) {
				copied := map[string]any{}
				for k, c := range node {
					copied[k] = c
				}
				copied[key] = v
				list = append(list, copied)
			}
		}
	case []any:
		for i, child := range node {
			for _, v := range variants(child) {
				copied := append([]any{}, node...)
				copied[i] = v
				list = append(list, copied)
			}
		}
	}
	return list
}
