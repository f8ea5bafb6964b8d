package anki

import (
	"context"
	"database/sql"
	"sort"
	"strings"
)

// Schemas 15 to 18 keep the settings in tables, most of each row as a protobuf
// message. Fields of a message that is cut are taken as far as they go.

// maxName is how many bytes a name may have that is read from a table.
const maxName = 4 << 10

func (r *reader) readTables(ctx context.Context, conn *sql.Conn) error {
	for _, read := range []func(context.Context, *sql.Conn) error{r.readConfigTable, r.readTypeTables, r.readPresetTable, r.readDeckTable} {
		if err := read(ctx, conn); err != nil {
			return err
		}
	}
	r.finishSettings()
	return nil
}

func (r *reader) readConfigTable(ctx context.Context, conn *sql.Conn) error {
	conf := map[string][]byte{}
	query := "select " + text("key") + ", " + text("val") + " from config where key in ('schedVer', 'rollover', 'creationOffset', 'fsrs')"
	err := eachRow(ctx, conn, "config", r.lim.Settings, query, []any{maxName, maxName}, func(rows *sql.Rows) error {
		var key, val sql.NullString
		if err := rows.Scan(&key, &val); err != nil {
			return err
		}
		conf[key.String] = []byte(val.String)
		return nil
	})
	r.configure(func(key string) []byte { return conf[key] })
	return err
}

// part is a row of fields or templates.
type part struct {
	field    Field
	template Template
	ord      int64
}

func (r *reader) readTypeTables(ctx context.Context, conn *sql.Conn) error {
	fields, err := r.readParts(ctx, conn, "fields", func(w *wire, p *part) {
		f := &p.field
		switch w.num {
		case 1:
			f.Sticky = w.n != 0
		case 2:
			f.RTL = w.n != 0
		case 3:
			f.Font = string(w.data)
		case 4:
			f.Size = clampInt(int64(w.n))
		case 5:
			f.Description = string(w.data)
		case 6:
			f.PlainText = w.n != 0
		case 7:
			f.Collapsed = w.n != 0
		case 8:
			f.Unsearched = w.n != 0
		case 9:
			f.ID = int64(w.n)
		case 10:
			f.setTag(int64(w.n))
		case 11:
			f.PreventDeletion = w.n != 0
		}
	})
	if err != nil {
		return err
	}
	templates, err := r.readParts(ctx, conn, "templates", func(w *wire, p *part) {
		t := &p.template
		switch w.num {
		case 1:
			t.Front = string(w.data)
		case 2:
			t.Back = string(w.data)
		case 3:
			t.BrowserFront = string(w.data)
		case 4:
			t.BrowserBack = string(w.data)
		case 6:
			t.BrowserFont = string(w.data)
		case 7:
			t.BrowserSize = clampInt(int64(w.n))
		case 8:
			t.ID = int64(w.n)
		}
	})
	if err != nil {
		return err
	}
	return r.eachMessage(ctx, conn, "notetypes", "id, mtime_secs", "config", func(id, mod int64, name string, w *wire) {
		t := NoteType{ID: id, Name: name, Mod: mod}
		for w.next() {
			switch w.num {
			case 1:
				t.Cloze = w.n == 1
			case 2:
				t.SortField = clampInt(int64(w.n))
			case 3:
				t.CSS = string(w.data)
			case 5:
				t.LatexPre = string(w.data)
			case 6:
				t.LatexPost = string(w.data)
			case 7:
				t.LatexSVG = w.n != 0
			case 9:
				t.Stock = clampInt(int64(w.n))
			case 10:
				t.Original = int64(w.n)
			}
		}
		for _, p := range fields[id] {
			t.Fields = append(t.Fields, p.field)
		}
		for _, p := range templates[id] {
			t.Templates = append(t.Templates, p.template)
		}
		r.addNoteType(t)
	})
}

// readParts reads fields or templates by note type, in their order.
func (r *reader) readParts(ctx context.Context, conn *sql.Conn, table string, take func(*wire, *part)) (map[int64][]part, error) {
	parts := map[int64][]part{}
	err := r.eachMessage(ctx, conn, table, "ntid, ord", "config", func(id, ord int64, name string, w *wire) {
		p := part{ord: ord, field: Field{Name: name}, template: Template{Name: name}}
		for w.next() {
			take(w, &p)
		}
		parts[id] = append(parts[id], p)
	})
	for _, list := range parts {
		sort.SliceStable(list, func(i, j int) bool { return list[i].ord < list[j].ord })
	}
	return parts, err
}

// eachMessage calls fn for every row of a table that has two numbers, a name
// and a message.
func (r *reader) eachMessage(ctx context.Context, conn *sql.Conn, table, numbers, message string, fn func(a, b int64, name string, w *wire)) error {
	query := "select " + integers(strings.Split(numbers, ", ")...) + ", " + text("name") + ", iif(octet_length(" + message + ") <= ?, cast(" + message + " as blob), null) from " + table
	var total int64
	return eachRow(ctx, conn, table, r.lim.Settings, query, []any{maxName, r.lim.SettingsBytes}, func(rows *sql.Rows) error {
		var a, b int64
		var name sql.NullString
		var blob []byte
		if err := rows.Scan(&a, &b, &name, &blob); err != nil {
			return err
		}
		if total += int64(len(blob)); total > r.lim.SettingsBytes {
			return tooMany("bytes in "+table, int(r.lim.SettingsBytes))
		}
		w := wire{b: blob}
		fn(a, b, name.String, &w)
		if w.bad {
			r.mend("settings that are cut off: taken as far as they go", "%s, row %d", table, a)
		}
		return nil
	})
}

func (r *reader) readDeckTable(ctx context.Context, conn *sql.Conn) error {
	return r.eachMessage(ctx, conn, "decks", "id, mtime_secs", "kind", func(id, _ int64, name string, w *wire) {
		d := Deck{ID: id, Name: strings.ReplaceAll(name, "\x1f", "::")}
		for w.next() {
			switch w.num {
			case 1:
				d.takeNormal(w.data)
			case 2:
				d.Filtered = true
			}
		}
		if d.Filtered {
			d.Preset = 0
		}
		r.addDeck(d)
	})
}

// takeNormal reads what only an ordinary deck has.
func (d *Deck) takeNormal(b []byte) {
	w := wire{b: b}
	for w.next() {
		switch w.num {
		case 1:
			d.Preset = int64(w.n)
		case 4:
			d.Description = string(w.data)
		}
	}
}

func (r *reader) readPresetTable(ctx context.Context, conn *sql.Conn) error {
	return r.eachMessage(ctx, conn, "deck_config", "id, mtime_secs", "config", func(id, mod int64, name string, w *wire) {
		// A number that is 0 is not written, so nothing is the default here
		// but what Anki itself takes for 0.
		p := Preset{ID: id, Name: name, Mod: mod, LeechSuspends: true}
		var w4, w5, w6 []float64
		for w.next() {
			switch w.num {
			case 1:
				p.LearningSteps = w.floats(p.LearningSteps)
			case 2:
				p.RelearningSteps = w.floats(p.RelearningSteps)
			case 3:
				w4 = w.floats(w4)
			case 5:
				w5 = w.floats(w5)
			case 6:
				w6 = w.floats(w6)
			case 9:
				p.NewPerDay = clampInt(int64(w.n))
			case 10:
				p.ReviewsPerDay = clampInt(int64(w.n))
			case 16:
				p.MaximumInterval = clampInt(int64(w.n))
			case 21:
				p.LeechSuspends = w.n == 0
			case 22:
				p.LeechThreshold = clampInt(int64(w.n))
			case 28:
				p.BurySiblings = w.n != 0
			case 37:
				p.DesiredRetention = float(uint32(w.n))
			}
		}
		p.Weights = inForce(w6, w5, w4)
		r.addPreset(p)
	})
}
