package field

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"etch/deck"

	"golang.org/x/net/html"
	"golang.org/x/text/unicode/norm"
)

func TestFieldHTML(t *testing.T) {
	tests := []struct{ name, md, want string }{
		{"empty", "", ""},
		{"one line", "What is it?", "What is it?"},
		{"wrapped line", "a\nb", "a b"},
		{"hard break", "a\\\nb", "a<br>b"},
		{"paragraphs", "a\n\nb", "<p>a</p><p>b</p>"},
		{"looks", "*a* **b** ~~c~~ ***d***", "<em>a</em> <strong>b</strong> <s>c</s> <em><strong>d</strong></em>"},
		{"signs", `a < b && c > d "e"`, `a &lt; b &amp;&amp; c &gt; d "e"`},
		{"entity", "&lt;b&gt; &copy; &copyright; \\&lt;", "&lt;b&gt; © &amp;copyright; &amp;lt;"},
		{"code", "`a < b`", "<code>a &lt; b</code>"},
		{"code keeps entities", "`&lt;`", "<code>&amp;lt;</code>"},
		{"fence", "```go\na := map[string]int{}\n\tb\n```", "<pre><code class=\"language-go\">a := map[string]int{}\n\tb</code></pre>"},
		{"fence of no language", "~~~\na\n\nb\n~~~", "<pre><code>a\n\nb</code></pre>"},
		{"fence of an odd language", "``` a\"b\nx\n```", "<pre><code>x</code></pre>"},
		{"indented code", "    a\n    b", "<pre><code>a\nb</code></pre>"},
		{"list", "- a\n- b\n  1. c", "<ul><li>a</li><li>b<ol><li>c</li></ol></li></ul>"},
		{"loose list", "- a\n\n- b", "<ul><li><p>a</p></li><li><p>b</p></li></ul>"},
		{"loose list of code", "- ```\n  a\n  ```\n\n- > b", `<ul class="loose"><li><pre><code>a</code></pre></li><li><blockquote><p>b</p></blockquote></li></ul>`},
		{"numbers", "3) a\n4) b", `<ol start="3" class="paren"><li>a</li><li>b</li></ol>`},
		{"tasks", "- [x] a\n- [ ] b", `<ul><li><input type="checkbox" disabled checked> a</li><li><input type="checkbox" disabled> b</li></ul>`},
		{"table", "| a | b |\n|--:|:-:|\n| `x\\|y` | 1<br>2 |", `<table><thead><tr><th style="text-align:right">a</th><th style="text-align:center">b</th></tr></thead><tbody><tr><td style="text-align:right"><code>x|y</code></td><td style="text-align:center">1<br>2</td></tr></tbody></table>`},
		{"quote", "> a\n>\n> b", "<blockquote><p>a</p><p>b</p></blockquote>"},
		{"rule", "a\n\n***", "<p>a</p><hr>"},
		{"heading", "# a", "<h1>a</h1>"},
		{"link", "[a](https://b.c/d?e=f&g)", `<a href="https://b.c/d?e=f&amp;g">a</a>`},
		{"mail", "<a@b.example>", `<a href="mailto:a@b.example">a@b.example</a>`},
		{"odd mail", "www.@w.U", `<a href="mailto:www.@w.U">www.@w.U</a>`},
		{"bare link", "see https://b.c/d.", `see <a href="https://b.c/d">https://b.c/d</a>.`},
		{"link elsewhere", "[a](../b.md) [c](javascript:x)", "a (../b.md) c (javascript:x)"},
		{"link without text", "[](https://a.b)", `<a href="https://a.b">https://a.b</a>`},
		{"picture", "![a *b*](ring-4f1c.png)", `<img src="ring-4f1c.png" alt="a b">`},
		{"picture with blanks", "![](<a b.png>)", `<img src="a b.png" alt="">`},
		{"picture that is none", "![a](javascript:x) ![](data:x)", "[image: a] [image: data:x]"},
		{"sound", "[sound: a.mp3](a.mp3)", "[sound:a.mp3]"},
		{"raw HTML is text", "a <b>c</b> <br> d", "a &lt;b&gt;c&lt;/b&gt; <br> d"},
		{"raw block is text", "<div onclick=x>\na\n</div>", `<p>&lt;div onclick=x&gt;<br>a<br>&lt;/div&gt;</p>`},
		{"comment", "a <!-- b --> c", "a  c"},
		{"comment block", "<!-- a -->\n\nb", "<p>b</p>"},
		{"script", "<script>alert(1)</script>", "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>"},
		{"braces", "{{Front}} }} a::b", "{<!-- -->{Front}<!-- -->} }<!-- -->} a::b"},
		{"Anki's brackets", "[sound:a.mp3] [latex]x[/latex] [$]x[/$] [$$]x[/$$] [[type:Back]] [anki:play:q:0]", "[<!-- -->sound:a.mp3] [<!-- -->latex]x[<!-- -->/latex] [<!-- -->$]x[<!-- -->/$] [<!-- -->$$]x[<!-- -->/$$] [<!-- -->[type:Back]] [<!-- -->anki:play:q:0]"},
		{"Anki's brackets in code", "`[sound:a.mp3]`", "<code>[<!-- -->sound:a.mp3]</code>"},
		{"formula", `\\(a_1 < }}\\)`, `\(a_1 &lt; } }\)`},
		{"formula block", `\\[x\\]`, `\[x\]`},
		{"no formula", `\(x\)`, `(x)`},
		{"dollars", "$5 and $x$", "$5 and $x$"},
		{"composed", "e\u0301", "é"},
		{"mark after a tag", "*a*\u0338", "<em>a</em>&#824;"},
		{"control characters", "a\x1b[31mb\x00c\u202ed", "abcd"},
		{"sentinels", "a" + string(deck.Open) + "b" + string(deck.Close), "ab"},
		{"unruly", strings.Repeat(">", 40) + "a", strings.Repeat("&gt;", 40) + "a"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := HTML(tt.md); got != tt.want {
				t.Errorf("HTML(%q)\n got %s\nwant %s", tt.md, got, tt.want)
			}
		})
	}
}

// bracketed puts sentinels for the brackets of a test.
func bracketed(s string) string {
	return strings.NewReplacer("⟦", string(deck.Open), "⟧", string(deck.Close)).Replace(s)
}

func TestClozeHTML(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"plain", "a ⟦b⟧ c ⟦d⟧", "a {{c1::b}} c {{c2::d}}"},
		{"formatted", "⟦**b** c⟧ *⟦d⟧*", "{{c1::<strong>b</strong> c}} {{c2::<em>d</em>}}"},
		{"part of a look", "**a ⟦b** c⟧ d", "<strong>a {{c1::b}}</strong>{{c1:: c}} d"},
		{"code in it", "⟦`f()`⟧", "{{c1::<code>f()</code>}}"},
		{"in code", "`f(⟦x⟧)`", "<code>f({{c1::x}})</code>"},
		{"in a code block", "```\na ⟦b\nc⟧ }}\n```", "<pre><code>a {{c1::b\nc}} }<!-- -->}</code></pre>"},
		{"over blocks", "a ⟦b\n\nc⟧ d", "<p>a {{c1::b}}</p><p>{{c1::c}} d</p>"},
		{"over items", "- ⟦a\n- b⟧", "<ul><li>{{c1::a}}</li><li>{{c1::b}}</li></ul>"},
		{"over cells", "| ⟦a | b⟧ |\n|---|---|", "<table><thead><tr><th>{{c1::a}}</th><th>{{c1::b}}</th></tr></thead></table>"},
		{"over lines", "⟦a\nb⟧", "{{c1::a b}}"},
		{"braces", "⟦a}⟧} {⟦{b⟧", "{{c1::a}<!-- -->}}} {<!-- -->{{c2::{b}}"},
		{"text like a cloze", "{{c1::a}} ⟦b⟧", "{<!-- -->{c1:<!-- -->:a}<!-- -->} {{c1::b}}"},
		{"colons", "⟦std::map⟧ ⟦a:⟧", "{{c1::std:<!-- -->:map}} {{c2::a:}}"},
		{"in a formula", `\\(\frac{⟦a⟧}{{b}}\\)`, `\(\frac{ {{c1::a}}}{ {b} }\)`},
		{"formula in it", `⟦\\(x^{{a}}::\\)⟧`, `{{c1::\(x^{ {a} }: :\)}}`},
		{"link", "⟦[a](https://b.c/d::e)⟧", `{{c1::<a href="https://b.c/d:&#58;e">a</a>}}`},
		{"picture", "⟦![a}}](b.png)⟧", `{{c1::<img src="b.png" alt="a&#125;&#125;">}}`},
		{"unbalanced", "a⟧ b ⟦c", "a b c"},
		{"attributes", "⟦a\uf8f2{c=2 hint=\"h\"}⟧ ⟦`b`\uf8f2{c=1}⟧", "{{c1::a}} {{c2::<code>b</code>}}"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := ClozeHTML(bracketed(tt.text), naturalNumbers); got != tt.want {
				t.Errorf("ClozeHTML(%q)\n got %s\nwant %s", tt.text, got, tt.want)
			}
		})
	}
}

func TestClozeHTMLNumbers(t *testing.T) {
	number := func(i int) ([]int, string) {
		return [][]int{{2}, {1, 3}, nil}[i], []string{"a} :: {{hint", "", "x"}[i]
	}
	got := ClozeHTML(bracketed("⟦a:⟧ ⟦b⟧ ⟦c⟧"), number)
	want := "{{c2::a:<!-- -->::a} :<!-- -->: {<!-- -->{hint}} {{c1,3::b}} c"
	if got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
	hint := func(int) ([]int, string) { return []int{1}, "h\n\x1b[1m<b>" }
	got = ClozeHTML(bracketed("⟦a\n\nb⟧"), hint)
	if want := "<p>{{c1::a::h &lt;b&gt;}}</p><p>{{c1::b}}</p>"; got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
}

// What users of other tools complain of (ANKI.md, section 6).
func TestComplaints(t *testing.T) {
	md := "Use `vector<int, int>` and `'x'` with `$HOME$`:\n\n```go\nfunc f() {\n\treturn a[\"b\"] // }} ::\n}\n```\n\nif \\\\(a < b\\\\), costs $5 & $6"
	field := HTML(md)
	cloze := ClozeHTML(bracketed("⟦map[string]struct{}{}⟧ in `{{x}}` }}"), naturalNumbers)
	tests := []struct {
		name      string
		got, want string
	}{
		{"code in one line", field, "{\n\treturn"},
		{"entities shown (2anki#1451)", field, "<code>'x'</code>"},
		{"types eaten (genanki#28)", field, "<code>vector&lt;int, int&gt;</code>"},
		{"LaTeX with < broken (genanki#105)", field, `\(a &lt; b\)`},
		{"$ in code became maths (Obsidian_to_Anki#293)", field, "<code>$HOME$</code>"},
		{"$ in text became maths", field, "costs $5 &amp; $6"},
		{"braces end a cloze (anki#1268)", cloze, "{{c1::map[string]struct{}{}<!-- -->}}"},
		{"braces in code end a cloze", cloze, "<code>{<!-- -->{x}<!-- -->}</code> }<!-- -->}"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if !strings.Contains(tt.got, tt.want) {
				t.Errorf("no %q in\n%s", tt.want, tt.got)
			}
		})
	}
}

// A text that was built to cost time costs time that grows with its size. No
// test fails on a clock.
func TestFieldHTMLHostile(t *testing.T) {
	const size = 1 << 18
	for name, unit := range map[string]string{
		"quotes": ">", "lists": "- ", "brackets": "[", "links": "[a](", "emphasis": "*a_ ", "ticks": "` `` ", "comments": "<!--", "lines": "a\n", "hard": "a\\\n",
		"tags": "<a b=\"", "items": "- a\n", "code": "```\n", "cells": "|a", "deletions": "⟦a⟧", "opens": "⟦", "ends": "⟧", "formulas": `\\(a\\) `, "half": `\\(`, "braces": "{", "looks": "⟦*a* ",
	} {
		t.Run(name, func(t *testing.T) {
			if out := ClozeHTML(bracketed(strings.Repeat(unit, size/len(unit))), naturalNumbers); len(out) > 20*size {
				t.Errorf("%d bytes", len(out))
			}
		})
	}
}

// allowed are the elements of a field and their attributes.
var allowed = map[string][]string{
	"p": nil, "br": nil, "hr": nil, "em": nil, "strong": nil, "s": nil, "code": {"class"}, "pre": nil, "blockquote": nil,
	"ul": {"class"}, "ol": {"class", "start"}, "li": nil, "input": {"type", "disabled", "checked"},
	"table": nil, "thead": nil, "tbody": nil, "tr": nil, "th": {"style"}, "td": {"style"},
	"h1": nil, "h2": nil, "h3": nil, "h4": nil, "h5": nil, "h6": nil, "a": {"href"}, "img": {"src", "alt"},
}

// ankiMarks matches what Anki reads in a field.
var ankiMarks = regexp.MustCompile(`(?i)\{\{|\}\}|\[anki:|\[/?latex\]|\[/?\${1,2}\]|\[\[type:`)

// checkField checks what holds for the field of any Markdown.
func checkField(t *testing.T, field string, cloze bool) {
	t.Helper()
	if field != norm.NFC.String(field) {
		t.Errorf("not composed: %q", field)
	}
	if deck.Clean(field) != field {
		t.Errorf("not clean: %q", field)
	}
	if m := ankiMarks.FindString(field); m != "" && !cloze {
		t.Errorf("%q in %q", m, field)
	}
	z := html.NewTokenizer(strings.NewReader(field))
	for z.Next() != html.ErrorToken {
		tok := z.Token()
		switch tok.Type {
		case html.CommentToken:
			if tok.Data != " " {
				t.Errorf("comment %q in %q", tok.Data, field)
			}
		case html.StartTagToken:
			keys, ok := allowed[tok.Data]
			if !ok {
				t.Errorf("element %q in %q", tok.Data, field)
			}
			for _, a := range tok.Attr {
				if !slices.Contains(keys, a.Key) {
					t.Errorf("attribute %q in %q", a.Key, field)
				}
				if a.Key == "href" && !isWebAddress(a.Val) || a.Key == "src" && strings.Contains(a.Val, ":") && !isWebAddress(a.Val) {
					t.Errorf("address %q in %q", a.Val, field)
				}
			}
		case html.EndTagToken:
			if _, ok := allowed[tok.Data]; !ok {
				t.Errorf("end of %q in %q", tok.Data, field)
			}
		case html.DoctypeToken, html.SelfClosingTagToken:
			t.Errorf("%v in %q", tok, field)
		}
	}
}

// seedMarkdown adds Markdown to begin fuzzing with.
func seedMarkdown(f *testing.F) {
	files, _ := filepath.Glob("../../../deck/testdata/render/*.md")
	for _, file := range files {
		src, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		for _, block := range strings.Split(string(src), "\n\n") {
			f.Add(block)
		}
	}
	for _, s := range []string{
		"{{c1::a}} }} [sound:x]", "*a*\u0338 <\u0338", `\\(a}}\\)`, "[a](https://x{{}}) ![a](b::c)", "<!--\n-->", "```a\n}}", "a&#91;latex]", "[sound: a](a)",
	} {
		f.Add(s)
	}
}

func FuzzFieldHTML(f *testing.F) {
	seedMarkdown(f)
	f.Fuzz(func(t *testing.T, md string) {
		field := HTML(md)
		checkField(t, field, false)
		if len(field) > 64*len(md)+256 {
			t.Errorf("%d bytes of %d", len(field), len(md))
		}
		back, _ := Markdown(field)
		if back != "" {
			asBack(t, back)
		}
	})
}

// The clozes of a field are those of the text: none lost, none made.
func FuzzClozeHTML(f *testing.F) {
	seedMarkdown(f)
	f.Add("a ⟦b⟧ `c ⟦d⟧` **⟦e** f⟧ ⟦g\n\nh⟧")
	f.Fuzz(func(t *testing.T, md string) {
		text := bracketed(md)
		n := len(newManuscript(deck.Clean(text)).deletions)
		field := ClozeHTML(text, naturalNumbers)
		checkField(t, field, true)
		r := &reader{cloze: true}
		r.scanClozes(field)
		for _, c := range r.deletions.clozes {
			if !c.closed || len(c.numbers) != 1 || c.hint != "" {
				t.Errorf("cloze %+v in %q of %d", c, field, n)
			}
		}
		if rest := strings.Count(field, "{{"); rest != len(r.deletions.clozes) || strings.Count(field, "}}") < rest {
			t.Errorf("%d braces, %d clozes in %q", rest, len(r.deletions.clozes), field)
		}
	})
}
