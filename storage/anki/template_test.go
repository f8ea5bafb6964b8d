package anki

import (
	"strings"
	"testing"

	"etch/storage/anki/field"
)

// sideType returns a note type with fields F, B and X and one template.
func sideType(front, back string) *NoteType {
	return &NoteType{
		Name:      "T",
		Fields:    []Field{{Name: "F"}, {Name: "B"}, {Name: "X"}},
		Templates: []Template{{Name: "C", Front: front, Back: back}},
	}
}

func TestSides(t *testing.T) {
	const std = "{{FrontSide}}\n\n<hr id=answer>\n\n{{B}}"
	tests := []struct {
		name, front, back string
		fields            []string
		wantFront         string
		wantBack          string
	}{
		{"basic", "{{F}}", std, []string{"f", "b"}, "f", "b"},
		{"blanks in references", "{{ F }}", "{{ FrontSide }}<hr id='answer' class=x>{{ B }}", []string{"f", "b"}, "f", "b"},
		{"question repeated", "{{F}}", "{{F}}<hr id=answer>{{B}}", []string{"f", "b"}, "f", "b"},
		{"question repeated without a rule", "<p>{{F}}</p>", "<p>{{F}}</p><br>{{B}}", []string{"f", "b"}, "<p>f</p>", "b"},
		{"other rule", "{{F}}", "{{FrontSide}}<hr>{{B}}", []string{"f", "b"}, "f", "b"},
		{"answer before the rule", "{{F}}", "{{FrontSide}}{{B}}<hr id=answer>", []string{"f", "b"}, "f", "b"},
		{"nothing but the question", "{{F}}", "{{FrontSide}}", []string{"f"}, "f", ""},
		{"words of the template", "What is {{F}}?", "It is {{B}}.", []string{"f", "b"}, "What is f?", "It is b."},
		{"condition", "{{F}}{{#X}} x={{X}}{{/X}}{{^X}} no x{{/X}}", std, []string{"f", "b", "<br>&nbsp;"}, "f no x", "b"},
		{"condition on a picture", "{{F}}{{#X}} {{X}}{{/X}}", std, []string{"f", "b", `<img src="a">`}, `f <img src="a">`, "b"},
		{"conditions in one another", "{{F}}{{#B}}{{^X}}!{{/X}}{{/B}}", std, []string{"f", "b", ""}, "f!", "b"},
		{"text", "{{text:F}}", std, []string{"<b>a &lt; b</b><!-- c -->", "b"}, "a &lt; b", "b"},
		{"hint", "{{F}} {{hint:X}}", std + "{{hint:X}}", []string{"f", "b", "x"}, "f ", "bx"},
		{"type", "{{F}}\n\n{{type:B}}", "{{F}}\n\n<hr id=answer>\n\n{{type:B}}", []string{"f", "b"}, "f\n\n", "b"},
		{"type without marks", "{{F}}{{type:nc:B}}", "{{F}}<hr id=answer>{{type:nc:B}}", []string{"f", "b"}, "f", "b"},
		{"tags and deck", "{{F}} ({{Tags}}{{Deck}}{{Card}})", std, []string{"f", "b"}, "f (a bC)", "b"},
		{"speech", "{{F}}{{tts en_US:F}}", std, []string{"f", "b"}, "f", "b"},
		{"comment", "{{F}}{{! no }}", std, []string{"f", "b"}, "f", "b"},
		{"braces in a field", "{{F}}", std, []string{"{{B}}", "b"}, "{{B}}", "b"},
		{"field missing in the note", "{{F}}{{X}}", std, []string{"f"}, "f", ""},
		{"as many references as there may be", "{{F}}", "{{B}}" + strings.Repeat("{{X}}", maxReferences-1), []string{"f", "b", ""}, "f", "b"},
		{"as long as it may be", "{{F}}", "{{B}}" + strings.Repeat(" ", maxTemplate-5), []string{"f", "b"}, "f", "b"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			front, back, simple := sides(sideType(tt.front, tt.back), &Note{Fields: tt.fields, Tags: []string{"a", "b"}}, 0)
			if front != tt.wantFront || back != tt.wantBack || !simple {
				t.Errorf("%q, %q, %v; want %q, %q", front, back, simple, tt.wantFront, tt.wantBack)
			}
		})
	}
}

func TestSidesBeyond(t *testing.T) {
	for name, templates := range map[string][2]string{
		"script":                 {"{{F}}<script>x</script>", "{{B}}"},
		"handler":                {`<a onclick="x">{{F}}</a>`, "{{B}}"},
		"script on the back":     {"{{F}}", "<SCRIPT src=x></SCRIPT>{{B}}"},
		"unknown filter":         {"{{furigana:F}}", "{{B}}"},
		"unknown field":          {"{{F}}{{G}}", "{{B}}"},
		"unknown condition":      {"{{F}}{{#G}}x{{/G}}", "{{B}}"},
		"open condition":         {"{{F}}{{#X}}", "{{B}}"},
		"crossed conditions":     {"{{F}}{{#X}}{{#B}}{{/X}}{{/B}}", "{{B}}"},
		"stray end":              {"{{F}}{{/X}}", "{{B}}"},
		"other delimiters":       {"{{=<% %>=}}<%F%>", "{{B}}"},
		"empty question":         {"{{X}}", "{{B}}"},
		"question on the front":  {"{{FrontSide}}", "{{B}}"},
		"cloze of a normal type": {"{{cloze:F}}", "{{B}}"},
		"empty reference":        {"{{F}}{{}}", "{{B}}"},
		"huge":                   {strings.Repeat("{{F}}", maxReferences), "{{B}}"},
		"too long":               {"{{F}}" + strings.Repeat(" ", maxTemplate-4), "{{B}}"},
		"too long a back":        {"{{F}}", "{{B}}" + strings.Repeat(" ", maxTemplate-4)},
		"too many references":    {"{{F}}", strings.Repeat("{{X}}", maxReferences+1)},
	} {
		t.Run(name, func(t *testing.T) {
			fields := []string{"f" + strings.Repeat(" ", 5000), "b", "", "d"}
			front, back, simple := sides(sideType(templates[0], templates[1]), &Note{Fields: fields}, 0)
			if front != fields[0] || back != "<div>b</div><br><div>d</div>" || simple {
				t.Errorf("%.40q, %.40q, %v", front, back, simple)
			}
		})
	}
	if front, back, simple := sides(sideType("{{F}}", "{{B}}"), &Note{}, 7); front != "" || back != "" || simple {
		t.Errorf("no such card: %q, %q, %v", front, back, simple)
	}
}

func TestSidesReversed(t *testing.T) {
	nt := sideType("{{F}}", "{{FrontSide}}<hr id=answer>{{B}}")
	nt.Templates = append(nt.Templates, Template{Front: "{{#X}}{{B}}{{/X}}", Back: "{{FrontSide}}<hr id=answer>{{F}}"})
	front, back, simple := sides(nt, &Note{Fields: []string{"f", "b", "y"}}, 1)
	if front != "b" || back != "f" || !simple {
		t.Errorf("%q, %q, %v", front, back, simple)
	}
	if _, _, simple := sides(nt, &Note{Fields: []string{"f", "b", ""}}, 1); simple {
		t.Error("a card without a question")
	}
}

func TestSidesCloze(t *testing.T) {
	nt := &NoteType{Cloze: true, Fields: []Field{{Name: "Text"}, {Name: "Back Extra"}}}
	for _, tt := range []struct {
		name, front, back string
		wantFront         string
		wantBack          string
	}{
		{"stock", "{{cloze:Text}}", "{{cloze:Text}}<br>\n{{Back Extra}}", "a {{c2::b}}", "x"},
		{"typed", "{{cloze:Text}}{{type:cloze:Text}}", "{{cloze:Text}}{{type:cloze:Text}}<hr id=answer>{{Back Extra}}", "a {{c2::b}}", "x"},
		{"front side", "<div>{{cloze:Text}}</div>", "{{FrontSide}}<hr>{{#Back Extra}}{{Back Extra}}{{/Back Extra}}", "<div>a {{c2::b}}</div>", "x"},
		{"by number", "{{#c2}}two: {{/c2}}{{#c1}}one: {{/c1}}{{cloze:Text}}", "{{cloze:Text}}", "two: a {{c2::b}}", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			nt.Templates = []Template{{Front: tt.front, Back: tt.back}}
			front, back, simple := sides(nt, &Note{Fields: []string{"a {{c2::b}}", "x"}}, 1)
			if front != tt.wantFront || back != tt.wantBack || !simple {
				t.Errorf("%q, %q, %v", front, back, simple)
			}
		})
	}
	nt.Templates = []Template{{Front: "{{Text}}", Back: "x"}}
	if _, _, simple := sides(nt, &Note{Fields: []string{"a {{c1::b}}"}}, 0); simple {
		t.Error("no cloze in the question")
	}
}

// Our own note types are read back like any other.
func TestSidesOwn(t *testing.T) {
	basic, cloze := BasicType(), ClozeType()
	front, back, simple := sides(&basic, &Note{Fields: []string{"f", "b", "t", "", "", "id"}}, 0)
	f, _ := field.Markdown(front)
	b, _ := field.Markdown(back)
	if f != "f" || b != "b\\\nt" || !simple {
		t.Errorf("%q, %q, %v", f, b, simple)
	}
	front, back, simple = sides(&cloze, &Note{Fields: []string{"a {{c1::b}}", "", "", "", "", "id"}}, 0)
	f, _, _ = field.ClozeMarkdown(front)
	b, _ = field.Markdown(back)
	if f != "a [b]" || b != "" || !simple {
		t.Errorf("%q, %q, %v", f, b, simple)
	}
}

func FuzzSides(f *testing.F) {
	f.Add("{{#F}}{{F}}{{/F}}", "{{FrontSide}}<hr id=answer>{{hint:B}}", "f", "b", false)
	f.Add("{{cloze:F}}", "{{cloze:F}}<br>{{B}}", "{{c1::f}}", "b", true)
	f.Fuzz(func(t *testing.T, front, back, one, two string, cloze bool) {
		nt := sideType(front, back)
		nt.Cloze = cloze
		question, answer, simple := sides(nt, &Note{Fields: []string{one, two}}, 0)
		if len(question)+len(answer) > 2*(maxDrawn+len(front)+len(back)+len(one)+len(two)) {
			t.Errorf("%d bytes", len(question)+len(answer))
		}
		if !simple && question != one {
			t.Errorf("%q is not the first field", question)
		}
	})
}
