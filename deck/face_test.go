package deck

import (
	"fmt"
	"strings"
	"testing"
)

// marked turns «text|attributes» into a cloze's text as the parser leaves it.
var marked = strings.NewReplacer("«", string(Open), "»", string(Close), "|", string(Attrs))

func TestFacesOfACloze(t *testing.T) {
	for _, tt := range []struct{ front, want string }{
		{"no deletion", ""},
		{"«a» or «b»", "«...» or b / «a» or b\na or «...» / a or «b»\n"},
		{"«a|{c=2}» or «b» or «c|{c=2}»", "«...» or b or «...» / «a» or b or «c»\na or «...» or c / a or «b» or c\n"},
		{`«R |{hint="a rule"}» > N`, "«... (a rule)» > N / «R » > N\n"},
		{`«a|{hint="say \"b\" or \\"}»`, `«... (say "b" or \)» / «a»` + "\n"},
		// A deletion that held another one: «a «b» d».
		{"«a |{c=1}»«b|{c=1,2}»« d|{c=1}» e", "«...» e / «a b d» e\na «...» d e / a «b» d e\n"},
		{"«a|{c=1,1}»", "«...» / «a»\n"},
		{"«a|{c=9} and» x", "«...» x / «a» x\n"}, // not by the parser
		{"«a» b+extra [x]", "«...» b / «a» b\n\nextra [x]\n"},
		{"«never closed", "«...» / «never closed»\n"},
	} {
		front, back, _ := strings.Cut(marked.Replace(tt.front), "+extra")
		if back != "" {
			back = "extra" + back
		}
		var b strings.Builder
		for card := range ClozeTexts(front) {
			fmt.Fprintf(&b, "%s / %s\n", Question(Cloze, front, card), Answer(Cloze, front, back, card))
		}
		got := strings.NewReplacer(string(Open), "«", string(Close), "»").Replace(b.String())
		if got != tt.want {
			t.Errorf("%q:\ngot\n%swant\n%s", tt.front, got, tt.want)
		}
	}
}

func TestClozeTexts(t *testing.T) {
	front := marked.Replace(`«a|{c=7}» x «b» y «c|{c=7,2 hint="h"}» z`)
	if got := fmt.Sprintf("%q", ClozeTexts(front)); got != `["a c" "b" "c"]` {
		t.Errorf("texts %s", got)
	}
	if got := fmt.Sprintf("%+v", Deletions(front)); got != "[{Text:a Hint: Numbers:[7] Cards:[0]} {Text:b Hint: Numbers:[] Cards:[1]} {Text:c Hint:h Numbers:[7 2] Cards:[0 2]}]" {
		t.Errorf("deletions %s", got)
	}
	if got, want := Bracketed(front), "[a] x [b] y [c] z"; got != want {
		t.Errorf("bracketed %q, want %q", got, want)
	}
	if got, want := withoutMarks(front), "a x b y c z"; got != want {
		t.Errorf("without marks %q, want %q", got, want)
	}
}

func TestTitleBelow(t *testing.T) {
	for _, tt := range [][3]string{{"a", "a::b", "b"}, {"a", "a::b::c", "b::c"}, {"a", "ab", "ab"}, {"", "::b", "::b"}, {"a", "a::", "a::"}, {"caching", "CDN", "CDN"}} {
		if got := TitleBelow(tt[0], tt[1]); got != tt[2] {
			t.Errorf("%q below %q: %q, want %q", tt[1], tt[0], got, tt[2])
		}
	}
}

func TestMarked(t *testing.T) {
	front := marked.Replace(`«a|{c=7 hint="h"}» x «b» y`)
	if got, want := Marked(front), marked.Replace("«a» x «b» y"); got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got := Marked("no cloze [x]"); got != "no cloze [x]" {
		t.Errorf("%q", got)
	}
}
