package field

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"etch/deck"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"
)

// checker is a *testing.T or a *rapid.T.
type checker interface {
	Helper()
	Errorf(format string, args ...any)
}

// drawnAs returns what a terminal of 76 columns shows of Markdown.
func drawnAs(md string) []string { return deck.Render(norm.NFC.String(md), 76, deck.Plain) }

// asBack parses Markdown as the answer of a card in a post, and returns what
// the card then holds.
func asBack(t checker, md string) string {
	t.Helper()
	post, problems := deck.Parse("a.md", []byte("---\ntitle: t\n---\nQ: q\nA: "+md+"\n"))
	if len(problems) > 0 || len(post.Notes) != 1 {
		t.Errorf("not one card: %v\n%s", problems, md)
		return md
	}
	return post.Notes[0].Back
}

// checkRound checks that a side looks the same after its way through Anki.
func checkRound(t checker, md string) {
	t.Helper()
	field := HTML(md)
	back, _ := Markdown(field)
	if back != "" {
		back = asBack(t, back)
	}
	if diff := cmp.Diff(drawnAs(md), drawnAs(back)); diff != "" {
		t.Errorf("the way through Anki changes it (-before +after):\n%s\nMarkdown:\n%s\nfield:\n%s\nback:\n%s", diff, md, field, back)
	}
}

// naturalNumbers numbers deletions as our grammar does by itself.
func naturalNumbers(i int) ([]int, string) { return []int{i + 1}, "" }

// checkClozeRound does so for a cloze text, all of whose deletions stand in
// text.
func checkClozeRound(t checker, front string) {
	t.Helper()
	field := ClozeHTML(front, naturalNumbers)
	src, notes, err := ClozeMarkdown(field)
	if err != nil {
		t.Errorf("%v\n%q\n%s", err, front, field)
		return
	}
	post, problems := deck.Parse("a.md", []byte("---\ntitle: t\n---\nC: "+src+"\n"))
	if len(problems) > 0 || len(post.Notes) != 1 {
		t.Errorf("%v\n%q\n%s\n%s", problems, front, field, src)
		return
	}
	back := post.Notes[0].Front
	if diff := cmp.Diff(drawnAs(front), drawnAs(back)); diff != "" {
		t.Errorf("the way through Anki changes it (-before +after):\n%s\n%q\n%s\n%s\n%v", diff, front, field, src, notes)
	}
	if diff := cmp.Diff(drawnTexts(front), drawnTexts(back)); diff != "" {
		t.Errorf("other deletions (-before +after):\n%s\n%s\n%s", diff, field, src)
	}
}

// drawnTexts returns what each deletion of a cloze is seen as.
func drawnTexts(front string) []string {
	var out []string
	for _, d := range deck.Deletions(front) {
		out = append(out, strings.Join(drawnAs(d.Text), "\n"))
	}
	return out
}

// Every card of the library goes through Anki and comes back looking the same.
func TestLibraryRoundTrip(t *testing.T) {
	files, err := filepath.Glob("../../../deck/posts/*.md")
	if err != nil || len(files) == 0 {
		t.Fatalf("no posts: %v", err)
	}
	cards := 0
	for _, file := range files {
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		post, problems := deck.Parse(filepath.Base(file), src)
		if len(problems) > 0 {
			t.Fatal(problems[0])
		}
		for _, n := range post.Notes {
			cards++
			if n.Kind == deck.Cloze {
				checkClozeRound(t, n.Front)
				continue
			}
			checkRound(t, n.Front)
			checkRound(t, n.Back)
		}
	}
	if cards < 50 {
		t.Errorf("only %d cards", cards)
	}
}

// notKept marks what the renderer's tests draw and HTML does not keep: blanks
// side by side, and the indentation of raw HTML.
var notKept = []string{"# ", "<script>", "Unbalanced ", "Entities:", "split."}

// What the renderer's own tests draw, all but that.
func TestRenderRoundTrip(t *testing.T) {
	files, err := filepath.Glob("../../../deck/testdata/render/*.md")
	if err != nil || len(files) == 0 {
		t.Fatalf("no files: %v", err)
	}
	for _, file := range files {
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		plain := strings.NewReplacer(string(deck.Open), "", string(deck.Close), "")
		for _, md := range strings.Split(plain.Replace(string(src)), "\n\n") {
			drawn := strings.Join(drawnAs(md), "\n")
			if slices.ContainsFunc(notKept, func(s string) bool { return strings.Contains(drawn, s) }) {
				continue
			}
			checkRound(t, strings.TrimSpace(md))
		}
	}
}

// fixture is a note that Anki wrote.
type fixture struct {
	Notetype string
	Fields   []string
}

func fixtures(t *testing.T) []fixture {
	var all struct{ Notes []fixture }
	src, err := os.ReadFile("testdata/fields.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(src, &all); err != nil {
		t.Fatal(err)
	}
	return all.Notes
}

// Fields that Anki wrote become cards of ours, and look the same after the way
// back.
func TestFixtures(t *testing.T) {
	notes := fixtures(t)
	if len(notes) != 20 {
		t.Fatalf("%d notes", len(notes))
	}
	for _, n := range notes {
		if n.Notetype == "Cloze" {
			if src, _, err := ClozeMarkdown(n.Fields[0]); err != nil {
				t.Errorf("%v: %s", err, src)
			}
			continue
		}
		for _, f := range n.Fields {
			md, _ := Markdown(f)
			asBack(t, md)
			checkRound(t, md)
		}
	}
}

// genInline draws inline Markdown.
func genInline(t *rapid.T) string {
	words := rapid.SampledFrom([]string{
		"word", "two words", "*em*", "**strong**", "**strong *em***", "`code`", "``a`b``", "~~struck~~", "a < b && c > d",
		"x_y_z", "2 * 3 * 4", "[link](https://example.com/a_(b))", "<https://go.dev/x_y>", "https://example.com/a_b?c=d&e",
		"![alt *x*](ring.png)", "![](<a b.png>)", "[rel](other.md)", `\*no\*`, "&copy;", "&lt;b&gt;", "<b>raw</b>", "日本語", "C++", "$5", "$x$",
		`\\(a_1\\)`, "{{c1::x}}", "a::b", "#1", "1. x", "- x", "Q: x", "[x] y", "~80 %", "!", "(", ")", "[", "]", "http://a.b.", "www.example.com", "a@b.example",
		"é", "`a | b`", "[sound:x.mp3]", "\\", "|", "=", "---",
	})
	return strings.Join(rapid.SliceOfN(words, 1, 6).Draw(t, "words"), rapid.SampledFrom([]string{" ", " ", "", ", ", "\n", "\\\n"}).Draw(t, "sep"))
}

// genBlock draws a block of Markdown.
func genBlock(t *rapid.T, depth int) string {
	kinds := []string{"para", "para", "code", "table", "rule"}
	if depth < 3 {
		kinds = append(kinds, "list", "list", "ordered", "quote", "tasks", "loose")
	}
	switch rapid.SampledFrom(kinds).Draw(t, "kind") {
	case "code":
		return "```go\n" + rapid.SampledFrom([]string{"x := 1\n\ty++", "a }} b {{ c :: d", "Q: x\nA: y", "  ~~~", "<int, int>", "# x\n---", "$x$ \\(y\\)"}).Draw(t, "code") + "\n```"
	case "table":
		cell := func() string {
			return strings.Join(strings.Fields(strings.ReplaceAll(genInline(t), "|", `\|`)), " ")
		}
		return fmt.Sprintf("| %s | %s |\n|:--|--:|\n| %s | %s |", cell(), cell(), cell(), cell())
	case "rule":
		return "***"
	case "list":
		return indented(genBlock(t, depth+1), "- ") + "\n" + indented(genInline(t), "- ")
	case "loose":
		return indented(genBlock(t, depth+1), "- ") + "\n\n" + indented(genBlock(t, depth+1), "- ")
	case "ordered":
		return indented(genInline(t), "7) ") + "\n" + indented(genBlock(t, depth+1), "8) ")
	case "tasks":
		return "- [x] " + strings.ReplaceAll(genInline(t), "\n", " ") + "\n- [ ] b"
	case "quote":
		return "> " + strings.ReplaceAll(genBlock(t, depth+1), "\n", "\n> ")
	}
	return genInline(t)
}

func indented(md, mark string) string {
	return mark + strings.ReplaceAll(md, "\n", "\n"+strings.Repeat(" ", len(mark)))
}

// Property: whatever Markdown our grammar takes looks the same after its way
// through Anki.
func TestRoundTripProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		md := genBlock(t, 0)
		if rapid.Bool().Draw(t, "two") {
			md += "\n\n" + genBlock(t, 0)
		}
		post, problems := deck.Parse("a.md", []byte("---\ntitle: t\n---\nQ: q\nA: x\n\n"+md+"\n"))
		if len(problems) > 0 || len(post.Notes) != 1 || strings.Contains(strings.Join(drawnAs(md), "\n"), "# ") {
			t.Skip("not of our grammar, or with a heading")
		}
		checkRound(t, post.Notes[0].Back)
	})
}

// Property: so does a cloze.
func TestClozeRoundTripProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		inner := rapid.SampledFrom([]string{"a", "two words", "**b**", "`c`", "x_y", "}", "a:", "`}}`", "a::b", "{{", "^x", "1. x", `\\(x\\)`, `\[`, "*a* b", "<https://a.b/>", "https://a.b/c", "é", "![alt](x.png)"})
		outer := rapid.SampledFrom([]string{"word", "some words", "*em*", "`code`", "- ", "\n- ", "(", "{", ":", "!", "}", "**", " ", " ", "\n", "\n\n", "\\\n", "::", "{{c1::", "}}", "`}}`", `\[x\]`, "| a | b |\n"})
		md := ""
		for range rapid.IntRange(1, 5).Draw(t, "n") {
			md += outer.Draw(t, "outer") + rapid.SampledFrom([]string{"", " "}).Draw(t, "blank") + "[" + inner.Draw(t, "inner") + "]"
		}
		post, problems := deck.Parse("a.md", []byte("---\ntitle: t\n---\nC: "+md+"\n"))
		if len(problems) > 0 || len(post.Notes) != 1 || strings.Contains(md, "  ") {
			t.Skip("not of our grammar, or with blanks side by side")
		}
		checkClozeRound(t, post.Notes[0].Front)
	})
}
