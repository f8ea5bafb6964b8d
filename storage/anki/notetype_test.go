package anki

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
	"time"
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
