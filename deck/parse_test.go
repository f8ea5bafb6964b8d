package deck

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

var updateParse = flag.Bool("update-parse", false, "write the golden files of the parser")

// post wraps a body into the post dialect; its first line is line 4.
func post(body string) string { return "---\ntitle: T\n---\n" + body }

// show renders notes compactly: deletions stand between « and ».
func show(notes []Note) string {
	var b strings.Builder
	for _, n := range notes {
		fmt.Fprintf(&b, "%s|%s|%s\n", n.Kind, n.Front, n.Back)
	}
	return strings.NewReplacer(string(Open), "«", string(Close), "»", string(Attrs), "|").Replace(b.String())
}

// list renders problems as "line: message".
func list(problems []*Problem) string {
	var b strings.Builder
	for _, p := range problems {
		fmt.Fprintf(&b, "%d: %s\n", p.Line, p.Msg)
	}
	return b.String()
}

// mustParse parses text that has no problems.
func mustParse(t *testing.T, path, text string) *Post {
	t.Helper()
	p, problems := Parse(path, []byte(text))
	if len(problems) > 0 || p == nil {
		t.Fatalf("problems in %q:\n%s", text, list(problems))
	}
	return p
}

func TestParseGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/parse/*.md")
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden files: %v", err)
	}
	for _, file := range files {
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		p := mustParse(t, filepath.ToSlash(file), string(src))
		if p.Body != string(src) {
			t.Errorf("%s: body differs from the file", file)
		}
		p.Body = ""
		var b bytes.Buffer
		enc := json.NewEncoder(&b)
		enc.SetEscapeHTML(false)
		enc.SetIndent("", "  ")
		if err := enc.Encode(p); err != nil {
			t.Fatal(err)
		}
		golden := strings.TrimSuffix(file, ".md") + ".json"
		if *updateParse {
			if err := os.WriteFile(golden, b.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), b.String()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", file, diff)
		}
	}
}

func TestParseCards(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"nothing", "", ""},
		{"prose alone", "# Read me\n\nSome words: a list\n- [ ] to do\n", ""},
		{"one card", "Q: one?\nA: 1\n", "basic|one?|1\n"},
		{"no blank after the marker", "Q:one?\nA:1", "basic|one?|1\n"},
		{"text on the next line", "Q:\none?\nA:\n\n- 1\n- 2\n\n", "basic|one?|- 1\n- 2\n"},
		{"first line keeps its indentation", "Q: one?\nA:\n    code\n", "basic|one?|    code\n"},
		{"blank lines inside stay", "Q: a\n\nb\nA: c\n\n\nd  \n", "basic|a\n\nb|c\n\n\nd\n"},
		{"hard break stays", "Q: a  \nb\nA: c", "basic|a  \nb|c\n"},
		{"cards end each other", "C: [x]\nC: [y]\nQ: a\nA: b\nC: [z]", "cloze|«x»|\ncloze|«y»|\nbasic|a|b\ncloze|«z»|\n"},
		{"rules", "Q: a\nA: b\n---\nprose\n\n---\n---\nC: [x]\n---  \n", "basic|a|b\ncloze|«x»|\n"},
		{"literal marker", "Q: a\nQ\\: b\nA: c\nA\\: d\nC\\: e\nx Q\\: f", "basic|a\nQ: b|c\nA: d\nC: e\nx Q\\: f\n"},
		{"windows path", "Q: a\nC:\\temp\nC:/temp\nA: b", "basic|a\nC:\\temp\nC:/temp|b\n"},
		{"escaped rule", "Q: a\nA: b\n\\---\nc", "basic|a|b\n\\---\nc\n"},
		{"longer and other rules are text", "Q: a\nA: b\n----\n***\nc", "basic|a|b\n----\n***\nc\n"},
		{"fence", "Q: a\nA:\n```\nQ: x\nA: y\n---\nA\\: z\n```\nb", "basic|a|```\nQ: x\nA: y\n---\nA\\: z\n```\nb\n"},
		{"fence of tildes", "Q: a\nA: b\n~~~~\n~~~\nQ: x\n~~~~ \nC: [z]", "basic|a|b\n~~~~\n~~~\nQ: x\n~~~~\ncloze|«z»|\n"},
		{"fence on the marker's line", "Q: a\nA: ```go\nC: x\n```\nC: [z]", "basic|a|```go\nC: x\n```\ncloze|«z»|\n"},
		{"fence in a list", "Q: a\nA:\n1. ```\n   Q: x\n   ```\n- b\n\n      ```\nQ: x\n      ```\nC: [z]", "basic|a|1. ```\n   Q: x\n   ```\n- b\n\n      ```\nQ: x\n      ```\ncloze|«z»|\n"},
		{"indented marks close no fence", "Q: a\nA: b\n```\n    ```\nQ: x\n   ```\nC: [z]", "basic|a|b\n```\n    ```\nQ: x\n   ```\ncloze|«z»|\n"},
		{"code span of three is no fence", "Q: a\nA: b\n```x```\nC: [z]", "basic|a|b\n```x```\ncloze|«z»|\n"},
		{"card in a fence outside cards", "```\nQ: a\n```\nC: [x]", "cloze|«x»|\n"},
		{"comment and blank lines", "<!-- card -->\n\n \nQ: a\nA: b", "basic|a|b\n"},
		{"comment ends a card", "Q: a\nA: b\n<!-- card x1 -->\nC: [y]", "basic|a|b\ncloze|«y»|\n"},
		{"other comments are text", "Q: a\nA: b\n<!-- cards -->\n", "basic|a|b\n<!-- cards -->\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := show(mustParse(t, "x.md", c.text).Notes); got != c.want {
				t.Errorf("deck: got\n%s\nwant\n%s", got, c.want)
			}
			if got := show(mustParse(t, "x.md", post(c.text)).Notes); got != c.want {
				t.Errorf("post: got\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}

// TestParseDialects has texts that mean one thing in a deck and another in a
// post.
func TestParseDialects(t *testing.T) {
	const none = "no cards"
	for _, c := range []struct{ name, text, deck, post string }{
		{"heading", "Q: a\nA: b\n## c\nd", "basic|a|b\n## c\nd\n", "basic|a|b\n"},
		{"hash without a blank", "Q: a\nA: b\n#c\n####### d\n##", "basic|a|b\n#c\n####### d\n##\n", "basic|a|b\n#c\n####### d\n##\n"},
		{"indented rule", "Q: a\nA: b\n  ---\nc", "basic|a|b\n", "basic|a|b\n  ---\nc\n"},
		{"one line", "a :: b ::c\nx\n", "basic|a|b ::c\n", none},
		{"one line with code", "what is `std::move`?::a cast\n    std::cout\n:::note\n", "basic|what is `std::move`?|a cast\n", none},
		{"no one-liner in a card", "Q: a\nA: b\nc::d", "basic|a|b\nc::d\n", "basic|a|b\nc::d\n"},
		{"one line after a rule", "Q: a\nA: b\n---\nc::d", "basic|a|b\nbasic|c|d\n", "basic|a|b\n"},
		{"image", "C: ![a](b.png) [x]", "cloze|![a](b.png) «x»|\n", "cloze|![a](b.png) «x»|\n"},
		{"image without an end", "C: [x] ![a", "cloze|«x» ![a|\n", "cloze|«x» ![a|\n"},
		{"exclamation inside", "C: [5!] is [n!]", "cloze|«5!» is «n!»|\n", "cloze|«5!» is «n!»|\n"},
		{"escape", `C: \[a\] [b\]] \x`, "cloze|[a] «b]» \\x|\n", `cloze|\[a\] «b\]» \x|` + "\n"},
		{"link", "C: [a](b) [c]", "cloze|«a»(b) «c»|\n", "cloze|[a](b) «c»|\n"},
		{"code span", "C: `a[0]` [b]", "cloze|`a«0»` «b»|\n", "cloze|`a[0]` «b»|\n"},
		{"code fence", "C: [b]\n```\na[0]\n```", "cloze|«b»\n```\na«0»\n```|\n", "cloze|«b»\n```\na[0]\n```|\n"},
		{"no link definition", "C: see\n[6]:[9]", "cloze|see\n«6»:«9»|\n", "cloze|see\n«6»:«9»|\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := show(mustParse(t, "x.md", c.text).Notes); got != c.deck {
				t.Errorf("deck: got\n%s\nwant\n%s", got, c.deck)
			}
			want := c.post
			if want == none {
				want = ""
			}
			if got := show(mustParse(t, "x.md", post(c.text)).Notes); got != want {
				t.Errorf("post: got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

func TestParsePostCloze(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"[a] and [b c]", "«a» and «b c»"},
		{"[a\nb]", "«a\nb»"},
		{"[a][b]", "«a»«b»"},
		{"[`a[0]`]", "«`a[0]`»"},
		{"``a`[0]`` [b]", "``a`[0]`` «b»"},
		{"a ` b [c]", "a ` b «c»"},
		{"\\`[c]\\`", "\\`«c»\\`"},
		{"`\\` [c]", "`\\` «c»"},
		{`\\[c]`, `\\«c»`},
		{`é\é[c]`, `é\é«c»`},
		{"[a [b]](c) [d]", "[a [b]](c) «d»"},
		{"[a](b(c)[d]) [e]", "[a](b(c)[d]) «e»"},
		{"[see [x](y)]", "«see [x](y)»"},
		{"[![a](b)](c) [d]", "[![a](b)](c) «d»"},
		{"![a [b]](c) [d]", "![a [b]](c) «d»"},
		{"![a][b] [d]", "![a][b] «d»"},
		{"![a] [d]", "![a] «d»"},
		{"![a [b]] [d]", "![a [b]] «d»"},
		{"[a](b [d]", "[a](b «d»"},
		{"[a] (b)", "«a» (b)"},
		{"<https://x.org/[y]> [d]", "<https://x.org/[y]> «d»"},
		{"a < b: [d] > c", "a < b: «d» > c"},
		{"- [d]\n- x [d]", "- «d»\n- x «d»"},
		{"x [x]", "x «x»"},
		{"[^ is xor]", "«^ is xor»"},
		{"`a\n\n` [b]", "`a\n\n` «b»"},
		{"[a]{c=2} [b]{c=1,3}", "«a|{c=2}» «b|{c=1,3}»"},
		{`[a]{hint="x \"y\" [z]"} b`, `«a|{hint="x \"y\" [z]"}» b`},
		{`[a]{c=12 hint="x"}{y}`, `«a|{c=12 hint="x"}»{y}`},
		{"[a]{} [b]{x=1} [c] {c=1} [d]{class}", "«a»{} «b»{x=1} «c» {c=1} «d»{class}"},
		{`[a]\{c=1}`, `«a»\{c=1}`},
		{"`[a]{c=2}` [b]", "`[a]{c=2}` «b»"},
		{"[a] b\n\nA: more [here]\n\n- x", "«a» b|more [here]\n\n- x"},
	} {
		p := mustParse(t, "x.md", post("C: "+c.text))
		want := "cloze|" + c.want
		if !strings.Contains(want, "|more") {
			want += "|"
		}
		if got := show(p.Notes); got != want+"\n" {
			t.Errorf("%q: got %q, want %q", c.text, got, want)
		}
	}
}

func TestFaultyAttributes(t *testing.T) {
	for _, attrs := range []string{"{c=0}", "{c=}", "{c=1,}", "{c=1 c=2}", `{c=2hint="a"}`, "{c=1000}", `{hint="a}`, `{hint=a}`, "{hint=\"a\nb\"}", `{hint="a" c=1}`, "{ c=1}", `{c=1 hint="a" }`} {
		_, problems := Parse("x.md", []byte(post("C: [a] and\n[b]"+attrs)))
		if len(problems) != 1 || !strings.Contains(problems[0].Msg, "faulty attributes of a deletion") {
			t.Errorf("%s: %v", attrs, problems)
		}
	}
}

func TestParseErrors(t *testing.T) {
	x := "\nC: [x]\n" // a healthy card, so that the file is a deck
	for _, c := range []struct{ name, text, want string }{
		{"no answer at the end", "Q: a\nb", "1: question without an answer: the file ends first\n"},
		{"no answer before a question", "Q: a\nQ: b\nA: c", "1: question without an answer: the Q: in line 2 comes first\n"},
		{"no answer before a cloze", "Q: a\nC: [b]", "1: question without an answer: the C: in line 2 comes first\n"},
		{"no answer before a rule", "Q: a\n---\nA: b", "1: question without an answer: the --- in line 2 comes first\n"},
		{"no answer before a comment", "Q: a\n<!-- card -->\nA: b\n", "1: question without an answer: the card comment in line 2 comes first\n"},
		{"answer alone", "x\nA: a\nb: c", "2: answer without a question\n"},
		{"second answer", "Q: a\nA: b\nA: c\nA: d\n", "3: second A: in one card\n"},
		{"answer in a cloze", "C: [a]\nA: c\n", "2: A: in a cloze card\n"},
		{"empty question", "Q:\n\nA: b", "1: the question is empty\n"},
		{"empty answer", "Q: a\nA:  \n \n", "2: the answer is empty\n"},
		{"both empty", "Q:\nA:", "1: the question is empty\n2: the answer is empty\n"},
		{"empty cloze", "C:\n\n---\n", "1: the cloze is empty\n"},
		{"no deletion", "C: a", "1: cloze without a deletion\n"},
		{"nested", "C: a\n[b [c] d] e", "2: deletion inside a deletion\n"},
		{"nested twice", "C: [b [c [d]]]", "1: deletion inside a deletion\n"},
		{"unclosed", "C: [a]\n\nb [c", "3: deletion is not closed\n"},
		{"unclosed around another", "C: [a [b]", "1: deletion is not closed\n"},
		{"stray", "C: [a]\nb]", "2: ] without a [\n"},
		{"empty deletion", "C: a\n[ ] b", "2: empty deletion\n"},
		{"several in one cloze", "C: a]\n[]\n[b", "1: ] without a [\n2: empty deletion\n3: deletion is not closed\n"},
		{"comment at the end", "Q: a\nA: b\n<!-- card -->", "3: card comment without a card\n"},
		{"comment before prose", "<!-- card -->\nprose" + x, "1: card comment without a card\n"},
		{"comment before a fence", "<!-- card -->\n```\n```" + x, "1: card comment without a card\n"},
		{"two comments", "<!-- card -->\n<!-- card -->" + x, "1: card comment without a card\n"},
		{"comment not closed", "<!-- card a1" + x, "1: card comment is not closed\n"},
		{"text after the comment", "<!-- card --> more" + x, "1: text after the card comment: \"more\"\n"},
		{"near-comments", "<!--card a1 -->\n  <!-- card a1 -->\n<!-- Card -->" + x, "1: \"<!--card a1 -->\" looks like a card comment but is not\n2: \"<!-- card a1 -->\" looks like a card comment but is not\n3: \"<!-- Card -->\" looks like a card comment but is not\n"},
		{"fence not closed", "Q: a\n```\nA: b\n~~~\n", "2: code fence is not closed\n"},
		{"fence hides cards", "```\nQ: a\nA: b", "1: code fence is not closed\n"},
		{"all at once", "A: x\n---\nQ: y\nC: z\nq: u\n<!-- card zz=1 -->", "1: answer without a question\n3: question without an answer: the C: in line 4 comes first\n4: cloze without a deletion\n6: unknown key \"zz=\" in the card comment\n6: card comment without a card\n"},
		{"NUL", "Q: a\nA: b\x00", "2: NUL byte\n"},
		{"bad UTF-8", "Q: \ufffd\nA: b\xff", "2: invalid UTF-8\n"},
		{"sentinel", "prose " + string(Open), "1: private-use character U+F8F0, U+F8F1 or U+F8F2, which etch needs for itself\n"},
		{"UTF-16", "\xff\xfeQ\x00", "1: the file is UTF-16\n"},
		{"encoding of a file without cards", "a\x00\nb\xff", "1: NUL byte\n2: invalid UTF-8\n"},
		{"size", strings.Repeat("x", maxFile+1), "0: the file is over 1 MiB\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, problems := Parse("dir/x.md", []byte(c.text))
			if got := list(problems); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
			if p != nil {
				t.Error("a post in spite of errors")
			}
			for _, e := range problems {
				if e.Severity != Error || e.File != "dir/x.md" || e.Rule != "" {
					t.Errorf("bad problem %+v", e)
				}
			}
		})
	}
}

func TestParsePostErrors(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"no answer before a heading", "Q: a\n# b\nA: c\nmore", "4: question without an answer: the heading in line 5 comes first\n"},
		{"comment before a heading", "<!-- card -->\n## a\nC: [x]", "4: card comment without a card\n"},
		{"comment alone", "<!-- card -->\n", "4: card comment without a card\n"},
		{"deletion over two paragraphs", "C: [a\n\nb]", "4: deletion is not closed\n6: ] without a [\n"},
		{"empty deletion", "C: a [ ] b\n[]", "4: empty deletion\n5: empty deletion\n"},
		{"nested", "C: [a] [[b] [c\n[d]]] e]", "4: deletion inside a deletion\n5: ] without a [\n"},
		{"two unclosed", "C: [a] [b\n[c", "4: deletion is not closed\n"},
		{"unclosed", "C: [a\n[b]\nc", "4: deletion is not closed\n"},
		{"task list", "C: a [b]\n- [x] c\n1. [ ] d", "5: task-list box in a cloze\n6: task-list box in a cloze\n"},
		{"footnote", "C: a[^1] [b]", "4: footnote mark in a cloze\n"},
		{"link alone", "C: a [b](c)", "4: cloze without a deletion\n"},
		{"code alone", "C: `a[0]`", "4: cloze without a deletion\n"},
		{"faults of a link are forgotten", "C: [![^1]](u) [[a] b](v)", "4: cloze without a deletion\n"},
		{"one id twice", "<!-- card ab -->\nC: [x]\n<!-- card ab -->\nC: [y]", "6: card id \"ab\" is used in line 4 already\n"},
		{"points on a cloze", "<!-- card points=true -->\nC: [x]", "4: points= or answer= on a cloze card\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, problems := Parse("x.md", []byte(post(c.text)))
			if got := list(problems); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}

func TestParseLookAlikes(t *testing.T) {
	// what is found outside cards, and what inside one; "" is nothing
	for _, c := range []struct{ text, outside, inside string }{
		{"q: a", "q:", ""},
		{"a: b", "a:", ""},
		{"c: b", "c:", ""},
		{" Q: a", " Q:", " Q:"},
		{"   A: a", "   A:", "   A:"},
		{"    Q: a", "", ""},
		{"\tQ: a", "", ""},
		{"Q : a", "Q :", "Q :"},
		{"**Q:** a", "**Q:**", "**Q:**"},
		{"**Q**: a", "**Q**:", "**Q**:"},
		{"_c_: a", "_c_:", ""},
		{"Q. a", "Q.", "Q."},
		{"Q.", "Q.", "Q."},
		{"q. a", "q.", ""},
		{"Q.E.D.", "", ""},
		{"A. Smith", "", ""},
		{"C. elegans [x]", "", ""},
		{"Question: a", "Question:", "Question:"},
		{"question: a", "question:", ""},
		{"ANSWER: a", "ANSWER:", "ANSWER:"},
		{"**Answer:** a", "**Answer:**", "**Answer:**"},
		{"Cloze: [a]", "Cloze:", "Cloze:"},
		{"Cloze: a word", "", ""},
		{"Questions: a", "", ""},
		{"Q：a", "Q：", "Q："},
		{"Q\\: a", "", ""},
		{"c:\\temp", "", ""},
		{"c:/temp", "", ""},
		{"  C:\\temp", "", ""},
		{"- A: address", "", ""},
		{"Quality: high", "", ""},
		{"a::b", "", ""},
		{"see Q: there", "", ""},
	} {
		if _, got := lookAlike(c.text, false); got != c.outside {
			t.Errorf("outside: %q: got %q, want %q", c.text, got, c.outside)
		}
		if _, got := lookAlike(c.text, true); got != c.inside {
			t.Errorf("inside: %q: got %q, want %q", c.text, got, c.inside)
		}
	}

	// One mistake is one problem, and the letter decides how to go on.
	for _, c := range []struct{ text, want string }{
		{"q: a\na: b\n", "1: \"q:\" looks like Q: but is not\n2: \"a:\" looks like A: but is not\n"},
		{"**Q:** a\n**A:** b\nmore\n\nQ: c\nA: d", "1: \"**Q:**\" looks like Q: but is not\n2: \"**A:**\" looks like A: but is not\n"},
		{"q: a\nc: d\n", "1: \"q:\" looks like Q: but is not\n2: \"c:\" looks like C: but is not\n"},
		{"Q: a\nA : b\nc\n", "2: \"A :\" looks like A: but is not\n"},
		{"Q: a\nA: b\n\nQ. c\nA: d\n", "4: \"Q.\" looks like Q: but is not\n"},
		{"Q: a\nA: b\nQuestion: c", "3: \"Question:\" looks like Q: but is not\n"},
		{"<!-- card ab -->\n Q: a\nA: b", "2: \" Q:\" looks like Q: but is not\n"},
		{"Cloze: [a]\n", "1: \"Cloze:\" looks like C: but is not\n"},
	} {
		for _, text := range []string{c.text, strings.ReplaceAll(c.text, "\n", "\r\n")} {
			_, problems := Parse("x.md", []byte(text))
			if got := list(problems); got != c.want {
				t.Errorf("%q: got\n%s\nwant\n%s", text, got, c.want)
			}
		}
	}
	p := mustParse(t, "x.md", "Q: a\nA: b\nq: c\na: d\nc: e\nquestion: f\n")
	if got, want := p.Notes[0].Back, "b\nq: c\na: d\nc: e\nquestion: f"; got != want {
		t.Errorf("inside a card: got %q, want %q", got, want)
	}
}

func TestParseMeta(t *testing.T) {
	for _, c := range []struct {
		meta string
		want Note
	}{
		{"", Note{}},
		{"  ", Note{}},
		{"raft-quorum", Note{Key: "raft-quorum"}},
		{"follow-up deep a1", Note{Key: "a1", Type: FollowUp, Tier: Deep}},
		{"core why", Note{Type: Why, Tier: Core}},
		{"tags=a,b", Note{Tags: []string{"a", "b"}}},
		{`tags="a b, c"`, Note{Tags: []string{"a b", "c"}}},
		{`source="RFC 9000, 5.1" as_of=2026 after=x1`, Note{Source: "RFC 9000, 5.1", AsOf: "2026", After: "x1"}},
		{`source=https://example.org/?a=b as_of=2026-12`, Note{Source: "https://example.org/?a=b", AsOf: "2026-12"}},
		{`why="one line"`, Note{Why: "one line"}},
		{`ok="L12 both halves; one fact"`, Note{Waivers: []Waiver{{"L12", "both halves; one fact"}}}},
		{`ok="L12 a; L05 b;S1  c"`, Note{Waivers: []Waiver{{"L12", "a"}, {"L05", "b"}, {"S1", "c"}}}},
		{`points=true`, Note{Kind: Points}},
		{`answer="40/s" within=2x`, Note{Kind: Estimate, Answer: "40/s", Within: "2x"}},
	} {
		for _, wrap := range []func(string) string{post, func(s string) string { return s }} {
			p := mustParse(t, "x.md", wrap("<!-- card "+c.meta+" -->\nQ: a\nA: b"))
			want := c.want
			if want.Kind == "" {
				want.Kind = Basic
			}
			want.Front, want.Back = "a", "b"
			got := p.Notes[0]
			got.Line, got.First, got.Last = 0, 0, 0
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%q (-want +got):\n%s", c.meta, diff)
			}
		}
	}
}

func TestParseMetaErrors(t *testing.T) {
	for _, c := range []struct{ meta, want string }{
		{"Foo", `"Foo" is no card id`},
		{"x", `"x" is no card id`},
		{"-x", `"-x" is no card id`},
		{strings.Repeat("x", 65), `"` + strings.Repeat("x", 39) + `…" is no card id`},
		{"h0123456789abcdef", `"h0123456789abcdef" is an id that etch gives itself`},
		{"aa bb", `unknown word "bb" in the card comment`},
		{"why compare", `second type in the card comment: "compare"`},
		{"core deep", `second tier in the card comment: "deep"`},
		{"source=a source=b", `second source in the card comment: "source="`},
		{"hint=x", `unknown key "hint=" in the card comment`},
		{"=x", `unknown key "=" in the card comment`},
		{"source=", `source= has no value`},
		{`source=" "`, `source= has no value`},
		{`source="a`, `source= has no closing quote`},
		{`source="a"b`, "no blank after the value of source=\n4: \"b\" is no card id"},
		{"as_of=26", `as_of= must be a year or a month such as 2026-11, not "26"`},
		{"as_of=2026-13", `as_of= must be a year or a month such as 2026-11, not "2026-13"`},
		{"after=A", `"A" is no card id`},
		{"tags=a,,b", `empty tag in tags=`},
		{`ok="no rule"`, `ok= must begin with a rule such as L12, not "no"`},
		{`ok=L12`, `ok= gives no reason for L12`},
		{`ok="L12 a; L05"`, `ok= gives no reason for L05`},
		{`ok="L12 a; L12 b"`, `second reason for L12 in ok=`},
		{"points=false", `points= must be true, not "false"`},
		{"within=2x", `within= without answer=`},
		{"points=true answer=4", `points= and answer= in one card comment`},
		{"x\x1b[31my\u202e", `"xy" is no card id`},
	} {
		_, problems := Parse("x.md", []byte(post("<!-- card "+c.meta+" -->\nQ: a\nA: b")))
		want := "4: " + c.want + "\n"
		if c.meta == "x\x1b[31my\u202e" { // the message is clean, the id is not
			want = "4: \"xy\" is no card id\n"
		}
		if got := list(problems); got != want {
			t.Errorf("%q: got\n%s\nwant\n%s", c.meta, got, want)
		}
	}
}

func TestParseSections(t *testing.T) {
	p := mustParse(t, "x.md", post("C: [a]\n## One #\n## Two ##\nC: [b]\n### Part\nC: [c]\n# Top\nC: [d]\n##\tThree C#\nC: [e]\n```\n## no\n```\n"))
	want := []Takeaway{{"One", 5}, {"Two", 6}, {"Three C#", 12}}
	if diff := cmp.Diff(want, p.Takeaways); diff != "" {
		t.Errorf("takeaways (-want +got):\n%s", diff)
	}
	var got []string
	for _, n := range p.Notes {
		got = append(got, fmt.Sprintf("%d %s", n.Line, n.Takeaway))
	}
	if diff := cmp.Diff([]string{"4 ", "7 Two", "9 Two", "11 ", "13 Three C#"}, got); diff != "" {
		t.Errorf("sections of cards (-want +got):\n%s", diff)
	}
	if p := mustParse(t, "x.md", "## One\nC: [a]\n"); p.Takeaways != nil || p.Notes[0].Takeaway != "" {
		t.Errorf("a deck has takeaways: %+v", p)
	}
}

func TestParseLinesOfCards(t *testing.T) {
	text := "<!-- card ab -->\n\nQ: a\nA:\n\nb\n\nc\n\n\n---\nC:\n[x]\n\nQ: d\nA: e\n---\nf::g\n"
	var got [][3]int
	for _, n := range mustParse(t, "x.md", text).Notes {
		got = append(got, [3]int{n.First, n.Line, n.Last})
	}
	if diff := cmp.Diff([][3]int{{1, 3, 8}, {12, 12, 13}, {15, 15, 16}, {18, 18, 18}}, got); diff != "" {
		t.Errorf("first, marker, last (-want +got):\n%s", diff)
	}
}

func TestParsePaths(t *testing.T) {
	for _, c := range []struct{ path, slug, topic string }{
		{"raft.md", "raft", ""},
		{"a/b/Raft.MD", "Raft", "b"},
		{"a/raft.txt", "raft.txt", "a"},
		{".md", ".md", ""},
		{"/raft.md", "raft", ""},
	} {
		p := mustParse(t, c.path, "C: [x]")
		if p.Path != c.path || p.Slug != c.slug || p.Title != c.slug || p.Topic != c.topic {
			t.Errorf("%s: got slug %q, title %q, topic %q", c.path, p.Slug, p.Title, p.Topic)
		}
	}
}

func TestParseLineEnds(t *testing.T) {
	src, err := os.ReadFile("testdata/parse/leases.md")
	if err != nil {
		t.Fatal(err)
	}
	want := mustParse(t, "x.md", string(src))
	for _, text := range []string{
		strings.ReplaceAll(string(src), "\n", "\r\n"),
		"\ufeff" + string(src),
		strings.TrimSuffix(string(src), "\n") + "\n\n",
	} {
		got := mustParse(t, "x.md", text)
		got.Body = want.Body
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
}

func TestParseBoundsItsProblems(t *testing.T) {
	_, problems := Parse("x.md", []byte(strings.Repeat("Q: a\n", 5000)))
	if len(problems) != maxProblems+1 {
		t.Fatalf("%d problems", len(problems))
	}
	if got := problems[maxProblems]; got.Msg != "too many problems; the rest is not shown" {
		t.Errorf("the last problem is %v", got)
	}
}

// TestParseLinear feeds what makes a careless parser quadratic: that takes
// minutes for each of these, where linear takes milliseconds.
func TestParseLinear(t *testing.T) {
	if testing.Short() {
		t.Skip("takes some seconds")
	}
	var runs strings.Builder // of backticks, each of another length
	for i := 1; runs.Len() < maxFile*3/4; i++ {
		runs.WriteString(strings.Repeat("`", i) + " ")
	}
	for _, unit := range []string{"[", "]", "[a](", "![", "![a]", "[a]", "`", "` ", "``", "<a:", "(", "](", "\\", "\n", "- [x]\n", "[x] ", "[^1]", "```\n", "---\n", "A:\n", "Q:", "C: [", " \n", "::", "*", "# a\n", "<!-- card\n", "<!-- card ", "=", "a=\"", "[\n\n", "!["} {
		for _, start := range []string{"C: ", post("C: "), post("<!-- card "), "---\ntitle: "} {
			text := start + strings.Repeat(unit, (maxFile-100)/len(unit))
			checkTime(t, unit, text)
		}
	}
	checkTime(t, "runs of backticks", post("C: "+runs.String()))
	for _, unit := range []string{"[", "- ", "? ", "{a: ", "a: [", "a:\n - ", "!!x ", "&a ", "*a ", "<<: ", "|\n", "x: y: ", "- - b\n", "[]", "\"", "k: v\n"} {
		checkTime(t, "YAML "+unit, "---\ntitle: x\n"+strings.Repeat(unit, (maxYAML-100)/len(unit))+"\n---\nC: [x]")
		checkTime(t, "YAML value "+unit, "---\ntitle: "+strings.Repeat(unit, (maxYAML-100)/len(unit))+"\n---\nC: [x]")
	}
	for _, unit := range []string{"[", "{a=", "a.", "'a'.", "{a=1},"} {
		checkTime(t, "TOML "+unit, "---\na = "+strings.Repeat(unit, (maxTOML-100)/len(unit))+"\n---\nC: [x]")
		checkTime(t, "TOML key "+unit, "---\na=1\n"+strings.Repeat(unit, (maxTOML-100)/len(unit))+"a = 1\n---\nC: [x]")
	}
}

// checkTime fails by running into the time limit of go test.
func checkTime(t *testing.T, name, text string) {
	t.Helper()
	begin := time.Now()
	Parse("x.md", []byte(text))
	if d := time.Since(begin); testing.Verbose() && d > 100*time.Millisecond {
		t.Logf("%q: %v for %d bytes", name, d, len(text))
	}
}

// TestParseRoundTrip writes generated notes as text and reads them back.
func TestParseRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		asPost := rapid.Bool().Draw(t, "post dialect")
		var want []Note
		var b strings.Builder
		if asPost {
			b.WriteString("---\ntitle: T\n---\n")
		}
		section := ""
		for i := range rapid.IntRange(0, 6).Draw(t, "notes") {
			if asPost && rapid.Bool().Draw(t, "heading") {
				section = fmt.Sprintf("Takeaway %d", i)
				fmt.Fprintf(&b, "## %s\n", section)
			}
			if rapid.Bool().Draw(t, "prose") {
				b.WriteString("---\nprose that is nobody's card\n\n")
			}
			n := drawNote(t, i)
			n.Takeaway = section
			writeNote(&b, &n)
			want = append(want, n)
		}
		text := b.String()
		if rapid.Bool().Draw(t, "CRLF") {
			text = strings.ReplaceAll(text, "\n", "\r\n")
		}
		p, problems := Parse("x.md", []byte(text))
		if len(problems) > 0 {
			t.Fatalf("problems in\n%s\n%s", text, list(problems))
		}
		if diff := cmp.Diff(want, p.Notes); diff != "" {
			t.Fatalf("text:\n%s\n(-want +got):\n%s", text, diff)
		}
	})
}

// drawNote makes up the i-th note of a file.
func drawNote(t *rapid.T, i int) Note {
	n := Note{
		Type: rapid.SampledFrom(append([]Type{""}, Types...)).Draw(t, "type"),
		Tier: rapid.SampledFrom([]Tier{"", Core, Deep}).Draw(t, "tier"),
		Why:  rapid.SampledFrom([]string{"", "because", "two words"}).Draw(t, "why"),
	}
	if rapid.Bool().Draw(t, "key") {
		n.Key = fmt.Sprintf("key-%d", i)
	}
	if rapid.Bool().Draw(t, "cloze") {
		n.Kind = Cloze
		n.Front = drawText(t, "cloze") + " " + string(Open) + drawWord(t) + string(Close) + " " + drawText(t, "rest")
		return n
	}
	n.Kind, n.Front, n.Back = Basic, drawText(t, "front"), drawText(t, "back")
	return n
}

func drawWord(t *rapid.T) string {
	return rapid.SampledFrom([]string{"a", "Q:", "x y", "é", "日本", "*b*", "1/(N+1)", "a::b", "#", "-"}).Draw(t, "word")
}

// drawText makes up some lines; the first and the last are not blank.
func drawText(t *rapid.T, label string) string {
	middle := rapid.SliceOfN(rapid.SampledFrom([]string{
		"", "- item", "    indented", "Q: literal", "A: literal", "C: literal", "C:\\temp",
		"```\nQ: in code\n---\n# no heading\nA\\: raw\n```", "~~~ go\nC: raw\n~~~", "text `code` text", "q: lower", "> quote", "| a | b |",
	}), 0, 4).Draw(t, label)
	return strings.Join(append(append([]string{drawWord(t)}, middle...), drawWord(t)+"."), "\n")
}

// writeNote writes a note the way a person would and sets its line.
func writeNote(b *strings.Builder, n *Note) {
	n.First = nextLine(b)
	defer func() { n.Last = nextLine(b) - 2 }() // before the blank line
	if n.Key != "" || n.Type != "" || n.Tier != "" || n.Why != "" {
		words := []string{"<!-- card"}
		for _, w := range []string{n.Key, string(n.Type), string(n.Tier)} {
			if w != "" {
				words = append(words, w)
			}
		}
		if n.Why != "" {
			words = append(words, fmt.Sprintf("why=%q", n.Why))
		}
		b.WriteString(strings.Join(words, " ") + " -->\n")
	}
	n.Line = nextLine(b)
	if n.Kind == Cloze {
		fmt.Fprintf(b, "C: %s\n\n", strings.NewReplacer(string(Open), "[", string(Close), "]").Replace(escapeMarkers(n.Front)))
		return
	}
	fmt.Fprintf(b, "Q: %s\nA: %s\n\n", escapeMarkers(n.Front), escapeMarkers(n.Back))
}

// nextLine is the number of the line that is written next.
func nextLine(b *strings.Builder) int { return 1 + strings.Count(b.String(), "\n") }

// escapeMarkers writes a literal marker at a line start as Q\:, except in code
// and in the first line, which follows a marker already.
func escapeMarkers(text string) string {
	lines := strings.Split(text, "\n")
	fenced := false
	for i, l := range lines {
		if strings.HasPrefix(l, "```") || strings.HasPrefix(l, "~~~") {
			fenced = !fenced
		}
		if i > 0 && !fenced && len(l) > 1 && l[1] == ':' && strings.Contains("QAC", l[:1]) && l != `C:\temp` {
			lines[i] = l[:1] + `\` + l[1:]
		}
	}
	return strings.Join(lines, "\n")
}

// checkParsed tells what must hold for any input whatever.
func checkParsed(t *testing.T, src []byte) {
	t.Helper()
	p, problems := Parse("dir/x.md", src)
	again, problems2 := Parse("dir/x.md", src)
	if diff := cmp.Diff(p, again) + cmp.Diff(problems, problems2); diff != "" {
		t.Errorf("two runs differ:\n%s", diff)
	}
	lines := bytes.Count(src, []byte("\n")) + 1
	errors, last := 0, 0
	for _, e := range problems {
		if e.Line < last || e.Line > lines || e.Line < 1 && len(src) <= maxFile {
			t.Errorf("line %d after %d, of %d: %v", e.Line, last, lines, e)
		}
		last = e.Line
		if e.Msg == "" || len(e.Msg) > 600 || Clean(e.Msg) != e.Msg || strings.ContainsAny(e.Msg, "\n\t"+string(Open)+string(Close)) {
			t.Errorf("bad message %q", e.Msg)
		}
		if e.Severity == Error {
			errors++
		}
	}
	if (p == nil) != (errors > 0) {
		t.Fatalf("post %v with %d errors", p, errors)
	}
	if p == nil {
		return
	}
	if p.Title == "" || p.Dialect == DeckDialect && len(p.Takeaways) > 0 {
		t.Errorf("bad post %+v", p)
	}
	line, last := 0, 0
	for _, n := range p.Notes {
		if n.Line <= line || n.Line > lines {
			t.Errorf("note in line %d after %d, of %d", n.Line, line, lines)
		}
		if n.First > n.Line || n.Last < n.Line || n.First <= last || n.Last > lines {
			t.Errorf("lines %d to %d around %d, after %d, of %d", n.First, n.Last, n.Line, last, lines)
		}
		line, last = n.Line, n.Last
		checkNote(t, n)
	}
	// CRLF means the same as LF.
	if !bytes.Contains(src, []byte("\r")) && len(src) < maxFile/2 {
		q, _ := Parse("dir/x.md", bytes.ReplaceAll(src, []byte("\n"), []byte("\r\n")))
		if diff := cmp.Diff(p, q); diff != "" {
			t.Errorf("CRLF differs (-LF +CRLF):\n%s", diff)
		}
	}
}

func checkNote(t *testing.T, n Note) {
	t.Helper()
	if strings.TrimSpace(n.Front) == "" {
		t.Errorf("empty front: %+v", n)
	}
	if n.Kind != Cloze {
		if strings.TrimSpace(n.Back) == "" || strings.ContainsAny(n.Front+n.Back, string(Open)+string(Close)) {
			t.Errorf("bad sides: %+v", n)
		}
		return
	}
	open, deletions := false, 0
	for _, r := range n.Front {
		switch {
		case r == Open && open, r == Close && !open:
			t.Fatalf("unbalanced sentinels: %q", n.Front)
		case r == Open:
			open = true
		case r == Close:
			open = false
			deletions++
		}
	}
	if open || deletions == 0 || strings.ContainsAny(n.Back, string(Open)+string(Close)) {
		t.Errorf("bad cloze: %+v", n)
	}
	for _, d := range Deletions(n.Front) {
		if strings.TrimSpace(d.Text) == "" {
			t.Errorf("empty deletion: %q", n.Front)
		}
	}
}

func FuzzParse(f *testing.F) {
	if src, err := os.ReadFile("testdata/parse/leases.md"); err == nil {
		f.Add(src)
	}
	for _, s := range []string{
		"", "\ufeff", "\xff\xfe", "Q: a\r\nA: b\r\n", "Q: a\nA: ```\nx\n```\n", "C: [a [b] c](d) ![e][f] `[`", "C: [a\n\n]",
		"front::back\n", ":: \n", "---\nname = \"x\"\n---\nC: [a]", "---\nname: x\ntags: [a, b]\n---\nC: [a]",
		"---\ntitle: x\nsources:\n  a: b\n---\n## H\nC: [a]", "---\ntitle: [", "---\n? [a]\n: b\ntitle: |\n  x\n---\nC: [a]",
		"---\n&a title: *a\n---\nC: [x]", "<!-- card a1 ok=\"L1 x; L2 y\" -->\nQ: a\nA: b", "<!-- card =\" -->\nC: [x]",
		"**Q:** a\n**A:** b", "q. x\n", "C: [\\]] \\", "~~~\nQ: a", post("C: [^1] - [x] <http:[a]>"), post(`C: [a]{c=1,3 hint="\\"x"}[b]{c=2}`), "Q: \uf8f0\nA: \x00",
		"<!-- card \uf8f0\x1b]0;x\a -->\nC: [x]",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		checkParsed(t, src)
	})
}

// TestParseFormatDocument keeps the example of docs/FORMAT.md true.
func TestParseFormatDocument(t *testing.T) {
	src, err := os.ReadFile("../docs/FORMAT.md")
	if err != nil {
		t.Fatal(err)
	}
	if p := mustParse(t, "docs/FORMAT.md", string(src)); len(p.Notes) > 0 {
		t.Errorf("the document itself has cards: %s", show(p.Notes))
	}
	_, rest, _ := strings.Cut(string(src), "````markdown\n")
	example, _, ok := strings.Cut(rest, "````\n")
	if !ok {
		t.Fatal("no example")
	}
	p := mustParse(t, "leases.md", example)
	if len(p.Notes) != 3 || len(p.Takeaways) != 2 || p.Notes[2].After != p.Notes[0].Key {
		t.Errorf("the example is read as %+v", p)
	}
}
