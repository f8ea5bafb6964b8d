package anki

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// sqliteDriver is SQLite with the collation that Anki's schemas from 15 on
// name. It is a driver of its own, so that etch's database does without.
var sqliteDriver = sync.OnceValue(func() *sqlite.Driver {
	d := &sqlite.Driver{}
	// No query here sorts or searches by it: any order will do.
	d.MustRegisterCollationUtf8("unicase", func(a, b string) int {
		return strings.Compare(strings.ToLower(a), strings.ToLower(b))
	})
	return d
})

// connector opens one database file.
type connector struct{ dsn string }

func (c connector) Connect(context.Context) (driver.Conn, error) { return sqliteDriver().Open(c.dsn) }
func (c connector) Driver() driver.Driver                        { return sqliteDriver() }

// fileDSN names a file with options of SQLite's; net/url keeps ?, # and %
// whole.
func fileDSN(path string, q url.Values, pragmas ...string) string {
	q["_pragma"] = pragmas
	u := url.URL{Scheme: "file", Path: filepath.ToSlash(path), RawQuery: q.Encode()}
	return u.String()
}

// readDatabase unpacks the database into a private folder, reads all of it and
// removes it.
func (r *reader) readDatabase(ctx context.Context, temp string) (err error) {
	entry, version, err := r.p.file.database(ctx)
	if err != nil {
		return err
	}
	r.p.Version = version
	dir, err := os.MkdirTemp(temp, "etch-anki-")
	if err != nil {
		return err
	}
	defer removeAll(dir, &err)
	path := filepath.Join(dir, "collection.db")
	if path, err = filepath.Abs(path); err != nil {
		return err
	}
	in, err := r.p.file.open(ctx, entry, version == Latest, r.lim.DatabaseBytes)
	if err != nil {
		return err
	}
	err = copyTo(path, in)
	in.Close()
	if err == nil {
		err = checkSchemaTree(path)
	}
	if err != nil {
		return err
	}
	return r.withConn(ctx, path, r.readCollection)
}

// copyTo writes a new file that only its owner can read.
func copyTo(path string, in io.Reader) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, in)
	return errors.Join(err, f.Close())
}

// checkSchemaTree walks over the tree of sqlite_master before SQLite does:
// pages that point to each other can make a small file an endless schema, and
// SQLite reads that where no context reaches it. All other trees are checked
// by its own quick_check.
func checkSchemaTree(path string) error {
	const maxRows, maxRow = 2000, 256 << 10 // Anki has about 40, of less than 1 KiB
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	var head [100]byte
	if _, err := io.ReadFull(f, head[:]); err != nil || string(head[:16]) != "SQLite format 3\x00" {
		return fmt.Errorf("%w: no database in it", ErrDamaged)
	}
	size := int(binary.BigEndian.Uint16(head[16:]))
	if size == 1 {
		size = 65536
	}
	if size < 512 || size&(size-1) != 0 {
		return fmt.Errorf("%w: page size %d", ErrDamaged, size)
	}
	t := schemaTree{f: f, page: make([]byte, size), todo: []uint32{1}, seen: map[uint32]bool{}}
	for len(t.todo) > 0 {
		if err := t.visit(maxRow); err != nil {
			return fmt.Errorf("%w: the schema's tree: %w", ErrDamaged, err)
		}
		if t.rows > maxRows {
			return fmt.Errorf("%w: more than %d tables and indexes", ErrTooLarge, maxRows)
		}
	}
	return nil
}

// schemaTree is a walk over the pages of a table's tree; the numbers are those
// of SQLite's file format.
type schemaTree struct {
	f    io.ReaderAt
	page []byte
	todo []uint32
	seen map[uint32]bool
	rows int
}

// visit reads the next page and adds the pages below it.
func (t *schemaTree) visit(maxRow uint64) error {
	n := t.todo[len(t.todo)-1]
	t.todo = t.todo[:len(t.todo)-1]
	if n == 0 || t.seen[n] {
		return fmt.Errorf("page %d is used twice", n)
	}
	t.seen[n] = true
	if _, err := t.f.ReadAt(t.page, int64(n-1)*int64(len(t.page))); err != nil {
		return fmt.Errorf("page %d: %w", n, err)
	}
	head := t.page
	if n == 1 {
		head = t.page[100:]
	}
	const interior, leaf = 5, 13
	pointers := head[8:]
	switch head[0] {
	case leaf:
	case interior:
		t.todo = append(t.todo, binary.BigEndian.Uint32(head[8:]))
		pointers = head[12:]
	default:
		return fmt.Errorf("page %d has type %d", n, head[0])
	}
	for i := range int(binary.BigEndian.Uint16(head[3:])) {
		if len(pointers) < 2*i+2 {
			return fmt.Errorf("page %d is too full", n)
		}
		at := int(binary.BigEndian.Uint16(pointers[2*i:]))
		if at+4 > len(t.page) {
			return fmt.Errorf("page %d points out of itself", n)
		}
		cell := t.page[at:]
		if head[0] == interior {
			t.todo = append(t.todo, binary.BigEndian.Uint32(cell))
			continue
		}
		t.rows++
		if payload(cell) > maxRow {
			return fmt.Errorf("a row of %d bytes", payload(cell))
		}
	}
	return nil
}

// payload decodes SQLite's variable-length number, most significant part first.
func payload(b []byte) uint64 {
	var n uint64
	for _, c := range b[:min(len(b), 8)] {
		n = n<<7 | uint64(c&0x7f)
		if c < 0x80 {
			break
		}
	}
	return n
}

// withConn runs fn on a connection that can only read the file.
func (r *reader) withConn(ctx context.Context, path string, fn func(context.Context, *sql.Conn) error) (err error) {
	dsn := fileDSN(path, url.Values{"mode": {"ro"}, "immutable": {"1"}, "_defensive": {"1"}},
		"trusted_schema(0)", "query_only(1)", "cell_size_check(1)", "mmap_size(0)", "temp_store(2)")
	db := sql.OpenDB(connector{dsn})
	db.SetMaxOpenConns(1)
	defer func() {
		err = explain(ctx, errors.Join(err, db.Close()))
	}()
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	// No value may be larger than what is read of it; what a file's own
	// expressions could build is capped with that.
	most := max(2*r.lim.SettingsBytes, 64*int64(r.lim.FieldBytes), 1<<20)
	if _, err := sqlite.Limit(conn, sqlite3.SQLITE_LIMIT_LENGTH, int(min(most, 512<<20))); err != nil {
		return err
	}
	return fn(ctx, conn)
}

// explain maps SQLite's codes to this package's errors.
func explain(ctx context.Context, err error) error {
	var e *sqlite.Error
	if err == nil || ctx.Err() == nil && !errors.As(err, &e) {
		return err
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if errors.Is(err, ErrDamaged) || errors.Is(err, ErrUnsafe) || errors.Is(err, ErrTooLarge) {
		return err
	}
	switch e.Code() & 0xff {
	case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR, sqlite3.SQLITE_AUTH, sqlite3.SQLITE_MISMATCH:
		return fmt.Errorf("%w: %w", ErrDamaged, err) // an error is a table or a column that is missing
	case sqlite3.SQLITE_TOOBIG, sqlite3.SQLITE_NOMEM:
		return fmt.Errorf("%w: %w", ErrTooLarge, err)
	}
	return err
}

// readCollection reads everything but the media.
func (r *reader) readCollection(ctx context.Context, conn *sql.Conn) error {
	tables, err := checkSchema(ctx, conn)
	if err != nil {
		return err
	}
	if err := quickCheck(ctx, conn, tables, "col"); err != nil {
		return err
	}
	var ver int64
	err = conn.QueryRowContext(ctx, "select coalesce(cast(ver as integer), 0), coalesce(cast(crt as integer), 0) from col limit 1").
		Scan(&ver, &r.p.Created)
	if errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("%w: the table col is empty", ErrDamaged)
	} else if err != nil {
		return err
	}
	settings, err := r.settingsReader(ver)
	if err != nil {
		return err
	}
	needed := []string{"notes", "cards", "revlog"}
	if ver > 11 {
		needed = append(needed, "notetypes", "fields", "templates", "decks", "deck_config", "config")
	}
	if err := quickCheck(ctx, conn, tables, needed...); err != nil {
		return err
	}
	for _, read := range []func(context.Context, *sql.Conn) error{settings, r.readNotes, r.readCards, r.readReviews} {
		if err := read(ctx, conn); err != nil {
			return err
		}
	}
	return nil
}

// settingsReader picks what reads note types, decks, presets and the
// configuration. Schema 11 has them as JSON in one row, 15 to 18 in tables;
// those between were never exported whole.
func (r *reader) settingsReader(ver int64) (func(context.Context, *sql.Conn) error, error) {
	switch {
	case ver == 11:
		return r.readJSON, nil
	case ver >= 15 && ver <= 18:
		return r.readTables, nil
	case ver > 18:
		return nil, fmt.Errorf("%w: schema %d", ErrNewer, ver)
	default:
		return nil, fmt.Errorf("%w: schema %d", ErrUnsupported, ver)
	}
}

// checkSchema refuses a schema that runs code when it is read, and returns the
// names of the tables.
func checkSchema(ctx context.Context, conn *sql.Conn) ([]string, error) {
	rows, err := conn.QueryContext(ctx, `select cast(type as text), cast(name as text), coalesce(cast(rootpage as integer), 0), coalesce(cast(sql as text), '') from sqlite_master`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var tables []string
	for rows.Next() {
		var kind, name, text string
		var root int64
		if err := rows.Scan(&kind, &name, &root, &text); err != nil {
			return nil, err
		}
		if kind != "table" && kind != "index" || root <= 0 { // a virtual table has no root
			return nil, fmt.Errorf("%w: %s %s", ErrUnsafe, kind, show(name))
		}
		if word := codeIn(text, kind == "index"); word != "" {
			return nil, fmt.Errorf("%w: %s in %s %s", ErrUnsafe, word, kind, show(name))
		}
		if kind == "table" {
			tables = append(tables, strings.ToLower(name))
		}
	}
	return tables, rows.Err()
}

// codeIn returns what in the statement that made a table or an index would be
// computed when rows are read or checked: a CHECK, a computed column, an
// expression that is indexed. Such an expression can take for ever. "" if
// there is nothing.
func codeIn(sql string, index bool) string {
	calls := 0
	for i := 0; i < len(sql); {
		n, word := token(sql[i:])
		i += n
		switch strings.ToLower(word) {
		case "check", "generated", "as":
			return strings.ToUpper(word)
		case "(":
			calls++
		}
	}
	if index && calls > 1 { // the first is the list of columns
		return "an expression"
	}
	return ""
}

// token returns the length of the next token of a statement and, unless it is
// a comment, a string or a quoted name, the token.
func token(s string) (int, string) {
	until := func(end string, from int) int {
		if i := strings.Index(s[from:], end); i >= 0 {
			return from + i + len(end)
		}
		return len(s)
	}
	switch c := s[0]; {
	case strings.HasPrefix(s, "--"):
		return until("\n", 2), ""
	case strings.HasPrefix(s, "/*"):
		return until("*/", 2), ""
	case c == '\'' || c == '"' || c == '`':
		return until(string(c), 1), ""
	case c == '[':
		return until("]", 1), ""
	case !wordByte(c):
		return 1, s[:1]
	}
	n := 1
	for n < len(s) && wordByte(s[n]) {
		n++
	}
	return n, s[:n]
}

func wordByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '$' || c >= 0x80
}

// quickCheck verifies the trees of the tables that are read.
func quickCheck(ctx context.Context, conn *sql.Conn, tables []string, names ...string) error {
	for _, name := range names {
		if !slices.Contains(tables, name) {
			return fmt.Errorf("%w: the table %s is missing", ErrDamaged, name)
		}
		var result string
		if err := conn.QueryRowContext(ctx, "pragma quick_check("+name+")").Scan(&result); err != nil {
			return err
		}
		if result != "ok" {
			return fmt.Errorf("%w: %s: %s", ErrDamaged, name, show(result))
		}
	}
	return nil
}
