package anki

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"etch/storage"
)

// The identity of our note types, as users' collections know it. It may never
// change.
func TestNoteTypesFrozen(t *testing.T) {
	var got []string
	for _, nt := range []NoteType{BasicType(), ClozeType()} {
		line := fmt.Sprintf("%d %s %v", nt.ID, nt.Name, nt.Cloze)
		for _, f := range nt.Fields {
			line += fmt.Sprintf(" %s=%d", f.Name, f.ID)
		}
		for _, c := range nt.Templates {
			line += fmt.Sprintf(" %s=%d", c.Name, c.ID)
		}
		got = append(got, line)
	}
	want := []string{
		"1795478400101 etch Basic false Front=4611200000001001 Back=4611200000001002 Takeaway=4611200000001003 " +
			"Source=4611200000001004 AsOf=4611200000001005 ID=4611200000001006 Card 1=4611200000003001",
		"1795478400102 etch Cloze true Text=4611200000002001 Extra=4611200000002002 Takeaway=4611200000002003 " +
			"Source=4611200000002004 AsOf=4611200000002005 ID=4611200000002006 Cloze=4611200000004001",
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("\n got %s\nwant %s", got[i], want[i])
		}
	}
}

// A change of the templates or the style needs a later Mod: without it no
// user's collection takes it over. Set both here.
func TestNoteTypesMod(t *testing.T) {
	const mod, sum = 1795478400, "c457bc32f616fe1c"
	h := sha256.New()
	for _, nt := range []NoteType{BasicType(), ClozeType()} {
		if nt.Mod != mod {
			t.Errorf("%s: mod %s", nt.Name, time.Unix(nt.Mod, 0).UTC())
		}
		for _, c := range nt.Templates {
			h.Write([]byte(c.Front + "\x00" + c.Back + "\x00" + nt.CSS))
		}
	}
	if got := hex.EncodeToString(h.Sum(nil)[:8]); got != sum {
		t.Errorf("templates or style have changed: %s", got)
	}
}

func TestNoteTypesTemplates(t *testing.T) {
	for _, nt := range []NoteType{BasicType(), ClozeType()} {
		if last := nt.Fields[len(nt.Fields)-1].Name; last != "ID" {
			t.Errorf("%s ends in %s", nt.Name, last)
		}
		for _, c := range nt.Templates {
			if strings.Contains(c.Front+c.Back, "{{ID}}") {
				t.Errorf("%s shows the id", nt.Name)
			}
		}
		for _, rule := range []string{".nightMode", "text-align: left; white-space: pre; overflow-x: auto", ".cloze {", "max-width: 480px", "monospace"} {
			if !strings.Contains(nt.CSS, rule) {
				t.Errorf("%s: no %q in the style", nt.Name, rule)
			}
		}
	}
}

// All forms of a package say the same of a note type, and a definition that an
// older etch stored has what a new field or template of Anki's has.
func TestNoteTypesOfAllForms(t *testing.T) {
	var first []NoteType
	for _, name := range fixtures {
		types := open(t, filepath.Join("testdata", name), Options{Now: monday}).NoteTypes
		if first == nil {
			first = types
		}
		for _, want := range first {
			at := slices.IndexFunc(types, func(n NoteType) bool { return n.ID == want.ID })
			if d := cmp.Diff(want, types[at]); d != "" {
				t.Errorf("%s: %s", name, d)
			}
		}
	}
	var old NoteType
	ok(t, json.Unmarshal([]byte(`{"ID":5,"Name":"B","Fields":[{"ID":0,"Name":"F"}],"Templates":[{"ID":0,"Name":"1","Front":"{{F}}","Back":"b"}],"CSS":""}`), &old))
	text, err := encode(modelObject(&old))
	ok(t, err)
	for _, want := range []string{`"font":"Arial","id":null,"name":"F","ord":0,"plainText":false,"preventDeletion":false,"rtl":false,"size":20,"sticky":false,"tag":null`, `"latexPre":"","latexsvg":false`} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s in %s", want, text)
		}
	}
	if again, err := json.Marshal(old); err != nil || strings.Contains(string(again), "Latex") || strings.Contains(string(again), "RTL") {
		t.Errorf("%s %v", again, err)
	}
}

func TestMediaOfNoteTypes(t *testing.T) {
	nt := NoteType{
		CSS: "@import '_a.css'; @font-face { src: url(_b.ttf), url( \"_c d.ttf\" ) } .x_y { width: 1px }",
		Templates: []Template{{
			Front: `{{F}}<img src="_e.png"><img class=x src=_f.png>`, Back: `[sound:_g.mp3]<img src="h.png"><script src='_i.js'></script>`,
			BrowserFront: `<img src="_j.png">`, BrowserBack: "{{_field}} a_b",
		}},
	}
	got := nt.media()
	slices.Sort(got)
	want := []string{"_a.css", "_b.ttf", "_c d.ttf", "_e.png", "_f.png", "_g.mp3", "_i.js", "_j.png", "h.png"}
	if got = slices.Compact(got); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// What a note type refers to comes along, under another name if that is taken,
// and goes out again with all that the type says.
func TestNoteTypesComeBack(t *testing.T) {
	s, c := newStore(t, time.UTC), oneCard(Card{})
	nt := &c.NoteTypes[0]
	nt.LatexPre, nt.LatexSVG, nt.Fields[0].RTL, nt.Fields[0].Font = "pre", true, true, "Vazir"
	nt.Templates[0].Front += `<img src="_logo.png">`
	nt.Templates[0].BrowserFront = "B"
	nt.CSS = `.card { background: url("_logo.png"), url(_other.png) }`
	names, err := References(t.Context(), c)
	ok(t, err)
	if !slices.Equal(names, []string{"_logo.png", "_other.png"}) {
		t.Fatalf("%q", names)
	}
	in, _, err := Import(t.Context(), c, ImportOptions{Scheduler: s.Scheduler(), Renamed: map[string]string{"_logo.png": "_logo-2.png"}})
	ok(t, err)
	for _, name := range []string{"_logo-2.png", "_other.png"} {
		kept, err := s.StageMedia(t.Context(), name, strings.NewReader(name))
		ok(t, err)
		in.Media = append(in.Media, kept)
	}
	_, err = s.Import(t.Context(), in, storage.ImportOptions{Now: monday})
	ok(t, err)
	out, _ := exported(t, s, false)
	want := *nt
	want.Templates = slices.Clone(nt.Templates)
	want.Templates[0].Front = strings.Replace(nt.Templates[0].Front, "_logo", "_logo-2", 1)
	want.CSS = strings.Replace(nt.CSS, "_logo", "_logo-2", 1)
	if d := cmp.Diff([]NoteType{want}, out.NoteTypes); d != "" {
		t.Error(d)
	}
	if len(out.Media) != 2 {
		t.Errorf("%+v", out.Media)
	}
	for _, m := range out.Media {
		r, err := m.Open()
		ok(t, err)
		b, err := io.ReadAll(r)
		if err != nil || string(b) != m.Name {
			t.Errorf("%s: %q %v", m.Name, b, err)
		}
		r.Close()
	}
}

// A picture with covered parts has nothing that a terminal can ask.
func TestImageOcclusionIsLeftOut(t *testing.T) {
	c := oneCard(Card{})
	c.NoteTypes[0] = NoteType{ID: 5, Name: "IO", Cloze: true, Fields: []Field{{Name: "Occlusion"}, {Name: "Image"}}, Templates: []Template{{Name: "IO", Front: "{{cloze:Occlusion}}<script>", Back: "{{cloze:Occlusion}}"}}}
	c.Notes[0].Fields = []string{"{{c1::image-occlusion:rect:left=.1:top=.1:width=.2:height=.2:oi=1}}<br>", `<img src="p.png">`}
	s := newStore(t, time.UTC)
	told := func(p Problem) bool { return p.Why == "image occlusion notes: left out" && p.Skipped }
	if r, problems := into(t, s, c); r.New != 0 || !slices.ContainsFunc(problems, told) {
		t.Errorf("%+v %+v", r, problems)
	}
}
