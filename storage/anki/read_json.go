package anki

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"sort"
	"strconv"
	"strings"
)

// Schema 11 keeps note types, decks, presets and the configuration as JSON in
// the one row of col. Programs that write packages take liberties with it:
// numbers come as strings and fractions, values as null. So the types below
// take what they can and are zero for the rest.

// lenientInt is a number, a fraction that is cut off, a string with one, or
// true for 1.
type lenientInt int64

func (n *lenientInt) UnmarshalJSON(b []byte) error {
	s := scalar(b)
	if i, err := strconv.ParseInt(s, 10, 64); err == nil {
		*n = lenientInt(i)
		return nil
	}
	*n = 0
	if f, err := strconv.ParseFloat(s, 64); err == nil && math.Abs(f) < 1<<62 {
		*n = lenientInt(f)
	} else if s == "true" {
		*n = 1
	}
	return nil
}

// lenientFloat is a finite number, or a string with one.
type lenientFloat float64

func (n *lenientFloat) UnmarshalJSON(b []byte) error {
	*n = 0
	if f, err := strconv.ParseFloat(scalar(b), 64); err == nil && !math.IsInf(f, 0) && !math.IsNaN(f) {
		*n = lenientFloat(f)
	}
	return nil
}

// lenientText is a string, or a number as one.
type lenientText string

func (t *lenientText) UnmarshalJSON(b []byte) error {
	*t = ""
	if b[0] == '"' || b[0] == '-' || b[0] >= '0' && b[0] <= '9' {
		*t = lenientText(scalar(b))
	}
	return nil
}

// scalar is the text of a string, or of a number or a word as it stands.
func scalar(b []byte) string {
	var s string
	if b[0] == '"' && json.Unmarshal(b, &s) == nil {
		return s
	}
	return string(b)
}

// lenientList is a list, element by element; nil for anything else.
type lenientList []json.RawMessage

func (l *lenientList) UnmarshalJSON(b []byte) error {
	var list []json.RawMessage
	if json.Unmarshal(b, &list) == nil {
		*l = list
	}
	return nil
}

// floats returns the numbers of a list; nil if there is no list.
func (l lenientList) floats() []float64 {
	if l == nil {
		return nil
	}
	out := make([]float64, len(l))
	for i, e := range l {
		var f lenientFloat
		f.UnmarshalJSON(e)
		out[i] = float64(f)
	}
	return out
}

// member is one value of a JSON object.
type member struct {
	key  string
	text json.RawMessage
}

// members returns an object's values in the order of the keys as numbers.
func (r *reader) members(text string) ([]member, error) {
	var m map[string]json.RawMessage
	if err := json.Unmarshal([]byte(text), &m); err != nil || m == nil {
		return nil, fmt.Errorf("%w: no JSON object: %s", ErrDamaged, show(text))
	}
	if len(m) > r.lim.Settings {
		return nil, tooMany("note types, decks or presets", r.lim.Settings)
	}
	out := make([]member, 0, len(m))
	for k, v := range m {
		out = append(out, member{k, v})
	}
	sort.SliceStable(out, func(i, j int) bool {
		a, b := out[i].key, out[j].key
		return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b)) < 0
	})
	return out, nil
}

// readJSON reads the settings of schema 11.
func (r *reader) readJSON(ctx context.Context, conn *sql.Conn) error {
	var conf, models, decks, dconf sql.NullString
	column := func(name string) string { return text("coalesce(" + name + ", '')") }
	query := "select " + column("conf") + ", " + column("models") + ", " + column("decks") + ", " + column("dconf") + " from col limit 1"
	most := r.lim.SettingsBytes
	if err := conn.QueryRowContext(ctx, query, most, most, most, most).Scan(&conf, &models, &decks, &dconf); err != nil {
		return err
	}
	for _, c := range []sql.NullString{conf, models, decks, dconf} {
		if !c.Valid {
			return fmt.Errorf("%w: settings of more than %d bytes", ErrTooLarge, most)
		}
	}
	return r.takeJSON(conf.String, models.String, decks.String, dconf.String)
}

// takeJSON reads the four columns.
func (r *reader) takeJSON(conf, models, decks, dconf string) error {
	r.readConf(conf)
	if err := r.readModels(models); err != nil {
		return err
	}
	if err := r.readPresets(dconf); err != nil {
		return err
	}
	if err := r.readDecks(decks); err != nil {
		return err
	}
	r.finishSettings()
	return nil
}

// readConf reads the configuration of the collection.
func (r *reader) readConf(text string) {
	var conf map[string]json.RawMessage
	if err := json.Unmarshal([]byte(text), &conf); err != nil || conf == nil {
		r.mend("a configuration that is no JSON object: Anki's defaults", "%s", show(text))
	}
	r.configure(func(key string) []byte { return conf[key] })
}

// configure takes over what the configuration says; get returns a value as
// JSON, nil if there is none.
func (r *reader) configure(get func(key string) []byte) {
	number := func(key string) (int64, bool) {
		b := get(key)
		if !json.Valid(b) || string(b) == "null" {
			return 0, false
		}
		var v lenientInt
		err := json.Unmarshal(b, &v)
		return int64(v), err == nil
	}
	r.p.Scheduler, r.p.Rollover = 1, 4
	if n, ok := number("schedVer"); ok && n >= 2 {
		r.p.Scheduler = 2
	}
	if n, ok := number("rollover"); ok && n >= 0 && n <= 23 {
		r.p.Rollover = int(n)
	} else if ok {
		r.mend("an impossible hour at which days begin: 4", "%d", n)
	}
	if n, ok := number("creationOffset"); ok && n >= -maxWest && n <= maxWest {
		r.p.West, r.p.HasWest = int(n), true
	} else if ok {
		r.mend("an impossible time zone: ignored", "%d minutes", n)
	}
	n, _ := number("fsrs")
	r.p.FSRS = n == 1
	r.p.Created = r.within(r.p.Created, 0, maxSeconds, "an impossible time of creation: set to the nearest", "%d", r.p.Created)
}

// maxWest is a day of minutes: no zone is so far from UTC.
const maxWest = 24 * 60

type modelJSON struct {
	ID     *lenientInt `json:"id"`
	Name   lenientText `json:"name"`
	Type   lenientInt  `json:"type"`
	Mod    lenientInt  `json:"mod"`
	Sort   lenientInt  `json:"sortf"`
	CSS    lenientText `json:"css"`
	Fields lenientList `json:"flds"`
	Tmpls  lenientList `json:"tmpls"`

	LatexPre  lenientText `json:"latexPre"`
	LatexPost lenientText `json:"latexPost"`
	LatexSVG  lenientInt  `json:"latexsvg"`
	Stock     lenientInt  `json:"originalStockKind"`
	Original  lenientInt  `json:"originalId"`
}

type fieldJSON struct {
	ID          lenientInt  `json:"id"`
	Name        lenientText `json:"name"`
	Font        lenientText `json:"font"`
	Size        lenientInt  `json:"size"`
	RTL         lenientInt  `json:"rtl"`
	Sticky      lenientInt  `json:"sticky"`
	Plain       lenientInt  `json:"plainText"`
	Collapsed   lenientInt  `json:"collapsed"`
	Unsearched  lenientInt  `json:"excludeFromSearch"`
	Prevent     lenientInt  `json:"preventDeletion"`
	Description lenientText `json:"description"`
	Tag         *lenientInt `json:"tag"`
}

func (f *fieldJSON) field() Field {
	out := Field{
		ID: int64(f.ID), Name: string(f.Name), Font: string(f.Font), Size: clampInt(int64(f.Size)), RTL: f.RTL != 0, Sticky: f.Sticky != 0,
		PlainText: f.Plain != 0, Collapsed: f.Collapsed != 0, Unsearched: f.Unsearched != 0, PreventDeletion: f.Prevent != 0,
		Description: string(f.Description),
	}
	if f.Tag != nil {
		out.setTag(int64(*f.Tag))
	}
	return out
}

func (f *Field) setTag(n int64) {
	tag := clampInt(n)
	f.Tag = &tag
}

type templateJSON struct {
	ID           lenientInt  `json:"id"`
	Name         lenientText `json:"name"`
	Front        lenientText `json:"qfmt"`
	Back         lenientText `json:"afmt"`
	BrowserFront lenientText `json:"bqfmt"`
	BrowserBack  lenientText `json:"bafmt"`
	BrowserFont  lenientText `json:"bfont"`
	BrowserSize  lenientInt  `json:"bsize"`
}

// readModels reads the note types. Without them no note means anything, so
// they must be there.
func (r *reader) readModels(text string) error {
	list, err := r.members(text)
	if err != nil {
		return fmt.Errorf("note types: %w", err)
	}
	parts := 0
	for _, m := range list {
		var j modelJSON
		if err := json.Unmarshal(m.text, &j); err != nil || string(m.text) == "null" {
			r.skip("note types that are not as they should be", "%s", show(m.key))
			continue
		}
		if parts += len(j.Fields) + len(j.Tmpls); parts > r.lim.Settings {
			return tooMany("fields and templates", r.lim.Settings)
		}
		t := NoteType{
			ID: jsonID(j.ID, m.key), Name: string(j.Name), Cloze: j.Type == 1, Mod: int64(j.Mod),
			SortField: int(j.Sort), CSS: string(j.CSS),
			LatexPre: string(j.LatexPre), LatexPost: string(j.LatexPost), LatexSVG: j.LatexSVG != 0, Stock: clampInt(int64(j.Stock)), Original: int64(j.Original),
		}
		for _, e := range j.Fields {
			var f fieldJSON
			json.Unmarshal(e, &f) // a field that is no object has no name, but its place
			t.Fields = append(t.Fields, f.field())
		}
		for _, e := range j.Tmpls {
			var f templateJSON
			json.Unmarshal(e, &f)
			t.Templates = append(t.Templates, Template{
				ID: int64(f.ID), Name: string(f.Name), Front: string(f.Front), Back: string(f.Back),
				BrowserFront: string(f.BrowserFront), BrowserBack: string(f.BrowserBack), BrowserFont: string(f.BrowserFont), BrowserSize: clampInt(int64(f.BrowserSize)),
			})
		}
		r.addNoteType(t)
	}
	return nil
}

// jsonID is the id in an object, else the key it stands under.
func jsonID(id *lenientInt, key string) int64 {
	if id != nil && *id != 0 {
		return int64(*id)
	}
	n, err := strconv.ParseInt(key, 10, 64)
	if err != nil {
		return 0
	}
	return n
}

type deckJSON struct {
	ID       *lenientInt `json:"id"`
	Name     lenientText `json:"name"`
	Desc     lenientText `json:"desc"`
	Filtered lenientInt  `json:"dyn"`
	Preset   lenientInt  `json:"conf"`
}

func (r *reader) readDecks(text string) error {
	list, err := r.members(text)
	if errors.Is(err, ErrTooLarge) {
		return err
	} else if err != nil {
		r.mend("decks that are no JSON object: none", "%s", show(text))
	}
	for _, m := range list {
		var j deckJSON
		if err := json.Unmarshal(m.text, &j); err != nil || string(m.text) == "null" {
			r.skip("decks that are not as they should be", "%s", show(m.key))
			continue
		}
		d := Deck{ID: jsonID(j.ID, m.key), Name: string(j.Name), Description: string(j.Desc), Filtered: j.Filtered != 0}
		if !d.Filtered {
			d.Preset = int64(j.Preset)
		}
		r.addDeck(d)
	}
	return nil
}

// presetJSON is a preset; its sections are read one by one, for Anki replaces
// one that lacks something by its defaults.
type presetJSON struct {
	ID        *lenientInt     `json:"id"`
	Name      lenientText     `json:"name"`
	Mod       lenientInt      `json:"mod"`
	New       json.RawMessage `json:"new"`
	Rev       json.RawMessage `json:"rev"`
	Lapse     json.RawMessage `json:"lapse"`
	Weights4  lenientList     `json:"fsrsWeights"`
	Weights5  lenientList     `json:"fsrsParams5"`
	Weights6  lenientList     `json:"fsrsParams6"`
	Retention lenientFloat    `json:"desiredRetention"`
}

type newJSON struct {
	Delays lenientList `json:"delays"`
	Factor *lenientInt `json:"initialFactor"`
	Ints   lenientList `json:"ints"`
	Order  *lenientInt `json:"order"`
	PerDay *lenientInt `json:"perDay"`
}

type revJSON struct {
	Ease4  *lenientFloat `json:"ease4"`
	Factor *lenientFloat `json:"ivlFct"`
	MaxIvl *lenientInt   `json:"maxIvl"`
	PerDay *lenientInt   `json:"perDay"`
	Bury   lenientInt    `json:"bury"`
}

type lapseJSON struct {
	Delays lenientList   `json:"delays"`
	Action *lenientInt   `json:"leechAction"`
	Fails  *lenientInt   `json:"leechFails"`
	MinInt *lenientInt   `json:"minInt"`
	Mult   *lenientFloat `json:"mult"`
}

func (r *reader) readPresets(text string) error {
	list, err := r.members(text)
	if errors.Is(err, ErrTooLarge) {
		return err
	} else if err != nil {
		r.mend("presets that are no JSON object: Anki's defaults", "%s", show(text))
	}
	for _, m := range list {
		var j presetJSON
		if err := json.Unmarshal(m.text, &j); err != nil || string(m.text) == "null" {
			r.skip("presets that are not as they should be", "%s", show(m.key))
			continue
		}
		p := defaultPreset()
		p.ID, p.Name, p.Mod, p.DesiredRetention = jsonID(j.ID, m.key), string(j.Name), int64(j.Mod), float64(j.Retention)
		p.Weights = inForce(j.Weights6.floats(), j.Weights5.floats(), j.Weights4.floats())
		newOK, revOK, lapseOK := p.takeNew(j.New), p.takeRev(j.Rev), p.takeLapse(j.Lapse)
		if !newOK || !revOK || !lapseOK {
			r.mend("presets with a part that is missing: Anki's defaults for it", "preset %s", show(p.Name))
		}
		r.addPreset(p)
	}
	return nil
}

// takeNew, takeRev and takeLapse take a section over if it is whole.
func (p *Preset) takeNew(b []byte) bool {
	var s newJSON
	if json.Unmarshal(b, &s) != nil || s.Delays == nil || s.Factor == nil || s.Ints == nil || s.Order == nil || s.PerDay == nil {
		return false
	}
	p.LearningSteps, p.NewPerDay = s.Delays.floats(), clampInt(int64(*s.PerDay))
	return true
}

func (p *Preset) takeRev(b []byte) bool {
	var s revJSON
	if json.Unmarshal(b, &s) != nil || s.Ease4 == nil || s.Factor == nil || s.MaxIvl == nil || s.PerDay == nil {
		return false
	}
	p.MaximumInterval, p.ReviewsPerDay, p.BurySiblings = clampInt(int64(*s.MaxIvl)), clampInt(int64(*s.PerDay)), s.Bury == 1
	return true
}

func (p *Preset) takeLapse(b []byte) bool {
	var s lapseJSON
	if json.Unmarshal(b, &s) != nil || s.Delays == nil || s.Action == nil || s.Fails == nil || s.MinInt == nil || s.Mult == nil {
		return false
	}
	p.RelearningSteps, p.LeechThreshold, p.LeechSuspends = s.Delays.floats(), clampInt(int64(*s.Fails)), *s.Action == 0
	return true
}

// clampInt cuts a number to what a column of Anki's holds.
func clampInt(n int64) int { return int(min(max(n, 0), maxInt32)) }

// defaultPreset is what Anki takes for what a file does not say.
func defaultPreset() Preset {
	return Preset{
		ID: 1, Name: "Default", LearningSteps: []float64{1, 10}, RelearningSteps: []float64{10}, NewPerDay: 20, ReviewsPerDay: 200,
		MaximumInterval: 36500, LeechThreshold: 8, DesiredRetention: 0.9,
	}
}

// inForce picks the weights that Anki uses. FSRS-5's stand in the newest list
// too, with the two values that make FSRS-6 compute the same.
func inForce(w6, w5, w4 []float64) []float64 {
	switch {
	case len(w6) == 21 && len(w5) == 19 && slices.Equal(w6, append(slices.Clone(w5), 0, 0.5)):
		return w5
	case len(w6) > 0:
		return w6
	case len(w5) > 0:
		return w5
	default:
		return w4
	}
}

// addNoteType adds a note type if notes can have it.
func (r *reader) addNoteType(t NoteType) {
	what := fmt.Sprintf("note type %d %s", t.ID, show(t.Name))
	switch {
	case t.ID == 0:
		r.skip("note types without an id", "%s", what)
		return
	case r.types[t.ID]:
		r.skip("note types with the id of another", "%s", what)
		return
	case len(t.Fields) == 0 || len(t.Templates) == 0:
		r.skip("note types without fields or templates", "%s", what)
		return
	}
	t.Name = r.text(t.Name, "%s", what)
	for _, text := range []*string{&t.CSS, &t.LatexPre, &t.LatexPost} {
		*text = r.text(*text, "%s", what)
	}
	t.Mod = r.within(t.Mod, 0, maxSeconds, "note types with an impossible time: set to the nearest", "%s", what)
	t.SortField = int(r.within(int64(t.SortField), 0, int64(len(t.Fields)-1), "note types that are sorted by a field they do not have: by the nearest", "%s", what))
	for i := range t.Fields {
		f := &t.Fields[i]
		f.Name = r.name(f.Name, i, what)
		f.Font, f.Description = r.text(f.Font, "%s", what), r.text(f.Description, "%s", what)
		if f.Font == defaultFont {
			f.Font = ""
		}
		if f.Size == defaultSize {
			f.Size = 0
		}
	}
	for i := range t.Templates {
		p := &t.Templates[i]
		p.Name = r.name(p.Name, i, what)
		for _, text := range []*string{&p.Front, &p.Back, &p.BrowserFront, &p.BrowserBack, &p.BrowserFont} {
			*text = r.text(*text, "%s", what)
		}
	}
	set(&r.types, t.ID)
	r.p.NoteTypes = append(r.p.NoteTypes, t)
}

// What Anki gives a new field.
const (
	defaultFont = "Arial"
	defaultSize = 20
)

// name gives what has no name its number.
func (r *reader) name(s string, i int, what string) string {
	if s = r.text(s, "%s", what); s == "" {
		r.mend("fields or templates without a name: numbered", "%s", what)
		s = strconv.Itoa(i + 1)
	}
	return s
}

func (r *reader) addDeck(d Deck) {
	what := fmt.Sprintf("deck %d %s", d.ID, show(d.Name))
	switch {
	case d.ID == 0:
		r.skip("decks without an id", "%s", what)
		return
	case r.decks[d.ID]:
		r.skip("decks with the id of another", "%s", what)
		return
	}
	d.Name = r.text(d.Name, "%s", what)
	d.Description = r.text(d.Description, "%s", what)
	if strings.Trim(d.Name, ": ") == "" {
		r.mend("decks without a name: named by their id", "%s", what)
		d.Name = strconv.FormatInt(d.ID, 10)
	}
	set(&r.decks, d.ID)
	r.p.Decks = append(r.p.Decks, d)
}

func (r *reader) addPreset(p Preset) {
	what := fmt.Sprintf("preset %d %s", p.ID, show(p.Name))
	switch {
	case p.ID == 0:
		r.skip("presets without an id", "%s", what)
		return
	case r.presets[p.ID]:
		r.skip("presets with the id of another", "%s", what)
		return
	}
	p.Name = r.text(p.Name, "%s", what)
	p.Mod = r.within(p.Mod, 0, maxSeconds, "presets with an impossible time: set to the nearest", "%s", what)
	if !(p.DesiredRetention >= minRetention && p.DesiredRetention <= maxRetention) {
		p.DesiredRetention = 0.9 // as Anki does, which writes none for it
	}
	p.LearningSteps, p.RelearningSteps = r.steps(p.LearningSteps, what), r.steps(p.RelearningSteps, what)
	if !validWeights(p.Weights) {
		r.mend("presets with an impossible list of weights: the defaults", "%s: %d weights", what, len(p.Weights))
		p.Weights = nil
	}
	if len(p.Weights) == 0 {
		p.Weights = nil
	}
	set(&r.presets, p.ID)
	r.p.Presets = append(r.p.Presets, p)
}

// The range of the desired retention of a preset.
const minRetention, maxRetention = 0.7, 0.99

// validWeights reports whether FSRS can be run with weights.
func validWeights(w []float64) bool {
	for _, f := range w {
		if math.IsNaN(f) || math.IsInf(f, 0) || math.Abs(f) > math.MaxFloat32 {
			return false
		}
	}
	return slices.Contains([]int{0, 17, 19, 21}, len(w))
}

// steps drops what is no time.
func (r *reader) steps(list []float64, what string) []float64 {
	ok := slices.DeleteFunc(list, func(f float64) bool { return !(f > 0 && f <= maxSteps) })
	if len(ok) != len(list) {
		r.mend("presets with an impossible step: left out", "%s", what)
	}
	if len(ok) == 0 {
		return nil
	}
	return ok
}

// maxSteps is a learning step in minutes: a hundred years.
const maxSteps = maxStability * 24 * 60

// set adds an id to a set.
func set(s *map[int64]bool, id int64) {
	if *s == nil {
		*s = map[int64]bool{}
	}
	(*s)[id] = true
}

func tooMany(what string, limit int) error {
	return fmt.Errorf("%w: more than %d %s", ErrTooLarge, limit, what)
}

// finishSettings sorts the settings and makes their references hold.
func (r *reader) finishSettings() {
	if !r.presets[1] { // Anki makes both up too
		r.addPreset(defaultPreset())
	}
	if !r.decks[1] {
		r.addDeck(Deck{ID: 1, Name: "Default", Preset: 1})
	}
	for i := range r.p.Decks {
		d := &r.p.Decks[i]
		if !d.Filtered && !r.presets[d.Preset] {
			r.mend("decks with an unknown preset: preset 1", "deck %d, preset %d", d.ID, d.Preset)
			d.Preset = 1
		}
	}
	sort.SliceStable(r.p.NoteTypes, func(i, j int) bool { return r.p.NoteTypes[i].ID < r.p.NoteTypes[j].ID })
	sort.SliceStable(r.p.Decks, func(i, j int) bool { return r.p.Decks[i].ID < r.p.Decks[j].ID })
	sort.SliceStable(r.p.Presets, func(i, j int) bool { return r.p.Presets[i].ID < r.p.Presets[j].ID })
}
