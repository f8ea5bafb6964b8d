package deck

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

var roleNames = map[Role]string{
	Heading: "heading", Strong: "strong", Emphasis: "em", Code: "code",
	CodeBlock: "pre", Link: "link", Quote: "quote", ListMarker: "li",
	TableRule: "tr", Deletion: "del", Mark: "mark", Rule: "rule",
}

// tagged shows each painted text as ⟨role:text⟩.
type tagged struct{}

func (tagged) Paint(role Role, text string) string {
	return "⟨" + roleNames[role] + ":" + text + "⟩"
}

// TestRenderGolden compares each testdata/render/*.md at several widths with
// the golden file of the same name. Look at what changed before you commit it.
func TestRenderGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/render/*.md")
	if err != nil || len(files) == 0 {
		t.Fatalf("no test files: %v", err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".md")
		t.Run(name, func(t *testing.T) {
			md, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, width := range []int{20, 40, 76} {
				checkRender(t, string(md), width)
				golden(t, fmt.Sprintf("render/%s.%d.txt", name, width), edged(screen(string(md), width, 0, Plain), width))
			}
			golden(t, fmt.Sprintf("render/%s.40.tagged", name), strings.Join(screen(string(md), 40, 0, tagged{}), "\n")+"\n")
		})
	}
}

// screen draws for a screen.
func screen(md string, width, shift int, style Style) []string {
	lines, _ := RenderScreen(md, width, shift, style)
	return lines
}

// edged puts a bar at the right edge of each line, to show what is left.
func edged(lines []string, width int) string {
	var b strings.Builder
	for _, line := range lines {
		b.WriteString(line + strings.Repeat(" ", max(0, width-ansi.StringWidth(line))) + "|\n")
	}
	return b.String()
}

func TestRender(t *testing.T) {
	const o, c = string(Open), string(Close)
	tests := []struct {
		name, md string
		want     []string
	}{
		{"empty", "", nil},
		{"blank", " \n\t\n", nil},
		{"line breaks at the ends", "a<br>\n\n&#10;b", []string{"a", "", "b"}},
		{"nothing to see", "a\n\n\u200b\n\n&#8203;\n\nb", []string{"a", "", "b"}},
		{"only a comment", "<!-- x -->", nil},
		{"comment between", "a\n\n<!-- x -->\n\nb", []string{"a", "", "b"}},
		{"unclosed comment is shown", "<!-- x\ny", []string{"<!-- x", "y"}},
		{"hard break", "a\\\nb", []string{"a", "b"}},
		{"empty item", "-\n- a", []string{"*", "* a"}},
		{"nested in one line", "- - 1. a", []string{"* * 1. a"}},
		{"start", "7) a\n8) b", []string{"7) a", "8) b"}},
		{"numbers are set right", "9. a\n10. b", []string{" 9. a", "10. b"}},
		{"loose", "- a\n\n- b", []string{"* a", "", "* b"}},
		{"quote", "> a\n>\n> b", []string{"| a", "|", "| b"}},
		{"empty quote", ">", []string{"|"}},
		{"code span goes down whole", "It is run by `go test` and", []string{"It is run by", "`go test` and"}},
		{"code span with what it leans on", "It is run by (`go test`).", []string{"It is run by", "(`go test`)."}},
		{"code span at its widest", "Run this `a b c de` x", []string{"Run this `a b c de`", "x"}},
		{"code span of half a line", "Run it now: `ab cd ef` x", []string{"Run it now:", "`ab cd ef` x"}},
		{"code span too wide to go down", "Run it now: `ab cd efg` x", []string{"Run it now: `ab cd", "efg` x"}},
		{"code span that has no room whole", "aaaaaaaaaaaaaaa`b c d`", []string{"aaaaaaaaaaaaaaa`b c", "d`"}},
		{"code span in a long word", "(aaaaaaaaaa`b c`bbbbbbbbbb)", []string{"(aaaaaaaaaa`b", "c`bbbbbbbbbb)"}},
		{"code span of wide characters", "It is run by x `日本語`", []string{"It is run by x", "`日本語`"}},
		{"code span, then many", "`a b` `c d` `e f` `g h`", []string{"`a b` `c d` `e f`", "`g h`"}},
		{"code span over two lines", "It is run by the `go\ntest` and", []string{"It is run by the", "`go test` and"}},
		{"code span with a deletion", "It is run by the `go " + o + "..." + c + "`", []string{"It is run by the", "`go [...]`"}},
		{"code span", "`` a`b ``", []string{"`` a`b ``"}},
		{"tab in code", "```\n\ta\n  \tb\n```", []string{"      a", "      b"}},
		{"code as wide as the screen", "```\n12345678901234567890\n```", []string{"12345678901234567890"}},
		{"code one too wide", "```\n123456789012345678901\n```", []string{"1234567890123456789›"}},
		{"code with a wide rune at the edge", "```\n123456789012345678日日\n```", []string{"123456789012345678 ›"}},
		{"code cut in blanks", "```\n1                        2\n```", []string{"1                  ›"}},
		{"entity", "&lt; &copyright; &#27;[1m &#xF8F0; \\&lt;", []string{"< &copyright; [1m", "&lt;"}},
		{"link that shows its address", "[go.dev](https://go.dev)", []string{"go.dev"}},
		{"link to nowhere", "[a]()", []string{"a"}},
		{"struck", "~~a~~", []string{"~~a~~"}},
		{"deletion", "a " + o + "..." + c + " b", []string{"a [...] b"}},
		{"deletion in code", "`a " + o + "b" + c + "`", []string{"`a [b]`"}},
		{"deletion around code", o + "`b`" + c, []string{"[`b`]"}},
		{"deletion of emphasis", o + "**\"x\"**" + c, []string{`["x"]`}},
		{"deletion of underscores", "a " + o + "_b_" + c, []string{"a [b]"}},
		{"deletion across lines", o + "a\nb" + c, []string{"[a b]"}},
		{"deletion across blocks", o + "a\n\nb" + c + " c", []string{"[a]", "", "[b] c"}},
		{"deletion that looks like a definition", o + "6" + c + ":" + o + "9" + c, []string{"[6]:[9]"}},
		{"deletion in an address", "[a](x" + o + "y" + c + ")", []string{"a (xy)"}},
		{"deletion with a bare link", o + "at https://a.b/" + c, []string{"[at https://a.b/]"}},
		{"deletion in an autolink", "<https://a" + o + "b" + c + ">", []string{"https://a[b]"}},
		{"empty deletion", "a" + o + c + "b", []string{"a[]b"}},
		{"unbalanced", c + "a" + o + "b", []string{"ab"}},
		{"nested", o + "a" + o + "b" + c + "c" + c, []string{"a[b]c"}},
		{"long word", strings.Repeat("a", 25), []string{strings.Repeat("a", 20), "aaaaa"}},
		{"address breaks after punctuation", "https://example.com/path", []string{"https://example.com/", "path"}},
		{"crlf", "a\r\nb\rc", []string{"a b c"}},
		{
			"nesting starts again at the edge", strings.Repeat("> ", 7) + "abc def ghi",
			[]string{"| | | | |", "| | abc def ghi"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			checkRender(t, tt.md, minWidth)
			if diff := cmp.Diff(tt.want, screen(tt.md, 0, 0, Plain)); diff != "" {
				t.Errorf("RenderScreen(%q) (-want +got):\n%s", tt.md, diff)
			}
		})
	}
}

// tags marks painted text with control characters, which Render never draws
// by itself, so that they can be taken off again.
type tags struct{ t checker }

// checker is a *testing.T or a *rapid.T.
type checker interface {
	Helper()
	Fatalf(format string, args ...any)
}

func (s tags) Paint(role Role, text string) string {
	if text == "" || strings.ContainsAny(text, "\n\t\x01\x02") {
		s.t.Fatalf("painted %q", text)
	}
	if roleNames[role] == "" {
		s.t.Fatalf("painted %q with role %d", text, role)
	}
	return "\x01" + text + "\x02"
}

// checkRender checks what holds for any Markdown at any width, on a screen at
// any shift and elsewhere.
func checkRender(t checker, md string, width int) {
	t.Helper()
	lines, most := RenderScreen(md, width, 0, Plain)
	whole := Render(md, width, Plain)
	checkLines(t, whole, Render(md, width, tags{t}))
	if len(whole) != len(lines) || most == 0 && !slices.Equal(whole, lines) {
		t.Fatalf("a screen of %d columns shows something else (-whole +screen):\n%s", width, cmp.Diff(whole, lines))
	}
	for shift := 0; ; shift += max(ShiftStep, most/3) {
		lines := screen(md, width, shift, Plain)
		checkLines(t, lines, screen(md, width, shift, tags{t}))
		if len(lines) != len(whole) {
			t.Fatalf("%d lines at shift %d, else %d", len(lines), shift, len(whole))
		}
		for _, line := range lines {
			if w := ansi.StringWidth(line); w > width {
				t.Fatalf("%d columns at width %d and shift %d: %q", w, width, shift, line)
			}
		}
		if shift >= most {
			return
		}
	}
}

// checkLines checks drawn lines, and that painting them changes nothing else.
func checkLines(t checker, lines, painted []string) {
	t.Helper()
	for _, line := range lines {
		if !utf8.ValidString(line) {
			t.Fatalf("invalid UTF-8: %q", line)
		}
		if strings.ContainsFunc(line, isControl) {
			t.Fatalf("control character: %q", line)
		}
		if strings.ContainsAny(line, string(Open)+string(Close)) {
			t.Fatalf("sentinel: %q", line)
		}
		if line != strings.TrimRightFunc(line, unicode.IsSpace) {
			t.Fatalf("trailing blanks: %q", line)
		}
	}
	untag := strings.NewReplacer("\x01", "", "\x02", "")
	for i := range painted {
		painted[i] = untag.Replace(painted[i])
	}
	if diff := cmp.Diff(lines, painted); diff != "" {
		t.Fatalf("painting changes the layout (-plain +painted):\n%s", diff)
	}
}

// Property: whatever blocks and inline text are put together, the lines are
// well formed, and what a cloze asks for can be seen.
func TestRenderProperties(t *testing.T) {
	fragments := []string{
		"- ", "* ", "1. ", "99) ", "> ", "# ", "    ", "\t", "```\n", "~~~", "***\n", "---\n", "===\n",
		"\n", "\n", "\n\n", "\n\n", " ", " ", "  \n", "\\\n", "a|b\n-|:-:\n", "|", "| c |\n", "[ ] ", "[x](y z)",
		"[", "](", ")", "![", "*", "**", "_", "~~", "`", "``", "<", ">", "<b>", "<!--", "-->", "<br>", "&lt;", "&#8205;",
		"\\", string(Open), string(Close), string(Open) + "..." + string(Close), "word", "several words", "日本語", "。",
		"👩‍💻", "🇩", "🇪", "\ufe0f", "\u200d", "☎", "\u0301", "\u0600", "\u00a0", "\u3000", "\x1b[31m", "\x1b]", "\a",
		"https://example.com/a-long-address/with-parts", strings.Repeat("x", 30), "1", "-", ".",
	}
	rapid.Check(t, func(t *rapid.T) {
		md := strings.Join(rapid.SliceOfN(rapid.SampledFrom(fragments), 0, 40).Draw(t, "fragments"), "")
		width := rapid.IntRange(0, 120).Draw(t, "width")
		checkRender(t, md, max(width, minWidth))

		cloze := "a " + string(Open) + Hidden + string(Close) + " b"
		for _, prefix := range []string{"", "- ", "> ", "## ", "1. > - ", "*x* ", "    ", "|x|\n|-|\n|"} {
			drawn := strings.Join(Render(md+"\n\n"+prefix+cloze, 120, Plain), " ")
			if !strings.Contains(drawn, "[...]") {
				t.Fatalf("the deletion is not seen after %q: %q", prefix, drawn)
			}
		}
	})
}

const tooWide = "```\nif x {\n    return \"one, two, three, four\"\n\n                         // 日本語 end\n}\n```"

// TestRenderScreenShift: a block moves as one and no farther than its end, and
// marks stand where something is hidden and nowhere else.
func TestRenderScreenShift(t *testing.T) {
	tests := []struct {
		name, md string
		shift    int
		want     []string
		most     int
	}{
		{"not shifted", tooWide, 0, []string{"if x {", "    return \"one, tw›", "", "                   ›", "}"}, 18},
		{"blanks are no loss", tooWide, 2, []string{"‹x {", "  return \"one, two,›", "", "                   ›", "‹"}, 18},
		{"both edges", tooWide, 7, []string{"‹", "‹rn \"one, two, thre›", "", "                  /›", "‹"}, 18},
		{"half a wide character", tooWide, 14, []string{"‹", "‹, two, three, four\"", "", "           // 日本 ›", "‹"}, 18},
		{"the end", tooWide, 19, []string{"‹", "‹o, three, four\"", "", "       // 日本語 end", "‹"}, 18},
		{"beyond the end", tooWide, 100, []string{"‹", "‹o, three, four\"", "", "       // 日本語 end", "‹"}, 18},
		{"half a wide character, left", "```\n12345日日4567890123456789\n```", 6, []string{"‹ 日4567890123456789"}, 5},
		{"what fits stays", "prose of two lines here\n\n```\ncode\n```\n\n|a|b|\n|-|-|\n|c|d|", 7, []string{"prose of two lines", "here", "", "  code", "", "a | b", "--+--", "c | d"}, 0},
		{"a block for itself", "```\n1234567890123456789012\n```\n```\n12345678901234567890123456789\n```", 7, []string{"‹4567890123456789012", "", "‹901234567890123456›"}, 9},
		{"in a list", "- ```\n  12345678901234567890\n  ```", 2, []string{"* ‹45678901234567890"}, 2},
		{"a deletion", "```\n123456789 12345678 " + string(Open) + "..." + string(Close) + " end\n```", 8, []string{"‹ 12345678 [...] end"}, 8},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			lines, most := RenderScreen(tt.md, minWidth, tt.shift, Plain)
			if diff := cmp.Diff(tt.want, lines); diff != "" || most != tt.most {
				t.Errorf("most %d, want %d (-want +got):\n%s", most, tt.most, diff)
			}
		})
	}
}

// TestRenderLosesNothing: what does not go to a screen is whole, however wide.
func TestRenderLosesNothing(t *testing.T) {
	long := strings.Repeat("0123456789", 14) + "日本語"
	for _, tt := range []struct{ md, want string }{
		{"```\n" + long + "\n```", long},
		{"> - ```\n>   \t" + long + "\n>   ```", "| *     " + long},
		{"```\n" + string(Open) + long + string(Close) + "\n```", "[" + long + "]"},
	} {
		if diff := cmp.Diff([]string{tt.want}, Render(tt.md, 40, Plain)); diff != "" {
			t.Errorf("Render(%q) (-want +got):\n%s", tt.md, diff)
		}
	}
}

func last(lines []string) string { return lines[len(lines)-1] }

// Property: whoever shifts wide code in steps sees each of its characters.
func TestShiftsShowEverything(t *testing.T) {
	parts := []string{"a", "bc", " ", "        ", "日本", "e\u0301", "👩‍💻", "🇩🇪", "\t", "─▶", "0123456789"}
	places := []struct{ first, rest string }{{"", ""}, {"- ", "  "}, {"> ", "> "}, {"> > > > > ", "> > > > > "}}
	rapid.Check(t, func(t *rapid.T) {
		code := rapid.SliceOfN(rapid.SampledFrom(parts), 1, 60).Draw(t, "code")
		place := rapid.SampledFrom(places).Draw(t, "place")
		width := rapid.IntRange(minWidth, 60).Draw(t, "width")
		line := "x" + strings.Join(code, "") + "x"
		md := place.first + "```\n" + place.rest + line + "\n" + place.rest + "```"
		drawn := last(Render(md, width, Plain))
		seen := map[int]string{}
		_, most := RenderScreen(md, width, 0, Plain)
		prefix := strings.Index(drawn, "x")
		for shift := 0; ; shift = min(shift+ShiftStep, most) {
			text := last(screen(md, width, shift, Plain))[prefix:]
			column := shift
			for text != "" {
				size, n := character(text)
				if c := text[:size]; c != " " && c != cutLeft && c != cutRight {
					seen[column] += c
				}
				column += n
				text = text[size:]
			}
			if shift == most {
				break
			}
		}
		column := 0
		for text := drawn[prefix:]; text != ""; {
			size, n := character(text)
			if c := text[:size]; c != " " && strings.ReplaceAll(seen[column], c, "") != "" || c != " " && seen[column] == "" {
				t.Fatalf("%q in column %d of %q shows as %q", c, column, drawn, seen[column])
			}
			column += n
			text = text[size:]
		}
	})
}

// Property: a code span that takes no more than half of a line is on one.
func TestShortCodeSpansStayWhole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		width := rapid.IntRange(minWidth, 100).Draw(t, "width")
		words := rapid.SliceOfN(rapid.SampledFrom([]string{"a", "words", "`x y`", "(`go test`),", "`日 本`", "`a - b - c - d`", "`SET lock:k token NX PX 2000`"}), 1, 30).Draw(t, "words")
		md := strings.Join(words, " ")
		lines := strings.Join(screen(md, width, 0, Plain), "\n")
		if strings.ReplaceAll(lines, "\n", " ") != md {
			t.Fatalf("%q is drawn as %q", md, lines)
		}
		for _, word := range words {
			if span := strings.Trim(word, "(),"); columnsOf(span) <= min(maxKept, width/2) && strings.Count(lines, span) < strings.Count(md, span) {
				t.Fatalf("%q is broken at width %d:\n%s", span, width, lines)
			}
		}
	})
}

func FuzzRender(f *testing.F) {
	files, err := filepath.Glob("testdata/render/*.md")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		md, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(md), uint8(20))
		for _, block := range strings.Split(string(md), "\n\n") {
			f.Add(block, uint8(len(block)))
		}
	}
	for _, a := range attacks {
		f.Add(a.in, uint8(0))
	}
	f.Fuzz(func(t *testing.T, md string, width uint8) {
		checkRender(t, md, minWidth+int(width)%101)
	})
}

// The parser is shared; run with -race.
func TestRenderConcurrently(t *testing.T) {
	md := readGoldens(t)
	want := Render(md, 60, Plain)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if diff := cmp.Diff(want, Render(md, 60, Plain)); diff != "" {
				t.Error(diff)
			}
		})
	}
	wg.Wait()
}

// readGoldens returns the Markdown of all golden tests as one text.
func readGoldens(t testing.TB) string {
	files, err := filepath.Glob("testdata/render/*.md")
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, file := range files {
		md, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		b.Write(md)
		b.WriteString("\n\n")
	}
	return b.String()
}

const typicalCard = "Only the **next one** clockwise: it inherits the whole arc, so its load can double.\n" +
	"Every `hash(key)` that fell on the dead server now falls on it.\n\n" +
	"- virtual nodes even out the load\n" +
	"- replicas on the next *R* servers keep the data\n" +
	"- see [Dynamo](https://www.allthingsdistributed.com/files/amazon-dynamo-sosp2007.pdf)\n\n" +
	"```\n   s1 ---- k1 ----> s2\n    ^               |\n```\n"

func BenchmarkRender(b *testing.B) {
	table := "| a | b |\n|---|--:|\n" + strings.Repeat("| some words in a cell | 12 |\n", 8)
	for name, md := range map[string]string{
		"typical": typicalCard,
		"short":   "What does consistent hashing buy when a node joins?",
		"table":   table,
		"cjk":     strings.Repeat("日本語の文章は空白がないので、どこでも改行できます。", 10),
		"goldens": readGoldens(b),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(md)))
			for b.Loop() {
				Render(md, 76, Plain)
			}
		})
	}
}

// Hostile input of 128 KiB is drawn in time that grows no faster than it does.
// No test fails on a clock; this one only shows what takes long.
func TestRenderHostile(t *testing.T) {
	const size = 128 << 10
	for name, unit := range map[string][3]string{ // start, repeated, end
		"quotes":           {"", ">", "a"},
		"lists":            {"", "- ", "a"},
		"numbers":          {"", "1. ", "a"},
		"brackets":         {"", "[", ""},
		"links":            {"", "[a](", ""},
		"links lines":      {"", "[a](b\n", ""},
		"image":            {"", "![", "](u)"},
		"emphasis":         {"", "*a_ ", ""},
		"emphasis runs":    {"", strings.Repeat("*a_ ", 490) + "\n\n", ""},
		"link runs":        {"", strings.Repeat("[a](", 990) + "\n\n", ""},
		"ticks":            {"", "` `` ", ""},
		"comments":         {"", "<!--", ""},
		"html comments":    {"<div>\n", "<!--\n", ""},
		"tags":             {"", "<a b=\"", ""},
		"definitions":      {"", "[a]: u\n", "[a]"},
		"long address":     {"[a]: " + strings.Repeat("u", size/2) + "\n\n", "[a]", ""},
		"wide table":       {strings.Repeat("|a", 900) + "\n" + strings.Repeat("|-", 900) + "\n", "|\n", ""},
		"table":            {"a|b\n-|-\n", "`a\\|b`|c\n", ""},
		"deletions":        {"", string(Open) + "a" + string(Close), ""},
		"opens":            {"", string(Open), ""},
		"osc":              {"", "\x1b]0;", ""},
		"c1 osc":           {"", "\u009d0;", ""},
		"zalgo":            {"a", "\u0301", ""},
		"joined":           {"", "👩\u200d", ""},
		"flags":            {"", "🇩", ""},
		"long word":        {"", "a", ""},
		"blanks":           {"a", " ", "b"},
		"code":             {"```\n", "x", ""},
		"roles in a word":  {"", "*e*\u0301", ""},
		"deep blank lines": {strings.Repeat("- ", 30) + "a\n", "\n", "b"},
		"deep lines":       {strings.Repeat("- ", 30) + "a\n", strings.Repeat("  ", 30) + "b\n", ""},
		"deeper lists":     {stairs(110), strings.Repeat(" ", 230) + "b\n", ""},
		"deeper blanks":    {stairs(110), "\n", ""},
		"entities":         {"", "&amp;", ""},
		"ampersands":       {"", "&", ""},
	} {
		t.Run(name, func(t *testing.T) {
			md := unit[0] + strings.Repeat(unit[1], size/len(unit[1])) + unit[2]
			start := time.Now()
			Render(md, 40, Plain)
			if d := time.Since(start); d > 200*time.Millisecond {
				t.Logf("%v for %d KiB", d.Round(time.Millisecond), len(md)>>10)
			}
		})
	}
}

// stairs returns a list nested to a depth by indentation.
func stairs(depth int) string {
	var b strings.Builder
	for i := range depth {
		b.WriteString(strings.Repeat("  ", i) + "- a\n")
	}
	return b.String()
}
