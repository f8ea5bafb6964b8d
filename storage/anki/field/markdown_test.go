package field

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"etch/deck"

	"github.com/google/go-cmp/cmp"
)

func TestMarkdown(t *testing.T) {
	tests := []struct{ name, html, want, notes string }{
		{"empty", "", "", ""},
		{"nothing to see", "<div><br></div>&nbsp;<p></p>", "", ""},
		{"plain", "What is it?", "What is it?", ""},
		{"entities", "a &lt; b &amp;&amp; c &gt; d &quot;e&quot; &copy;", `a < b && c > d "e" ©`, ""},
		{"text like an entity", "&amp;lt; &amp;b &amp;copyright", `\&lt; &b \&copyright`, ""},
		{"text like HTML", "vector&lt;int, int&gt; &lt;!-- x --&gt;", `vector\<int, int> \<!-- x -->`, ""},
		{"br", "a<br>b<br/>c", "a\\\nb\\\nc", ""},
		{"two br", "a<br><br>b", "a\n\nb", ""},
		{"div", "<div>a</div><div>b</div>c", "a\\\nb\\\nc", ""},
		{"div after text", "a<div>b<br></div><div><br></div><div>c</div>", "a\\\nb\n\nc", ""},
		{"p", "<p>a</p>\n<p>b</p>c", "a\n\nb\n\nc", ""},
		{"blanks", "  a \n\t b&nbsp;&nbsp;c <br> d ", "a b c\\\nd", ""},
		{"indentation", "a<br>&nbsp; &nbsp; b<br>&nbsp;c", "a\\\n\u00a0\u00a0\u00a0\u00a0b\\\nc", ""},
		{"bold and italic", "<b>a</b> <strong>b</strong> <i>c</i> <em>d</em>", "**a** **b** *c* *d*", ""},
		{"nested looks", "<b>a <i>b</i> c</b>", "**a *b* c**", ""},
		{"blanks in looks", "x<b> a </b>y", "x **a** y", ""},
		{"look in a word", "un<b>frigging</b>believable", "un**frigging**believable", ""},
		{"look that Markdown cannot say", "un<b>(a)</b>b", "un(a)b", ""},
		{"empty look", "a<b></b>b", "ab", ""},
		{"struck", "<s>a</s> <del>b</del>", "~~a~~ ~~b~~", ""},
		{"style attribute", `<span style="font-weight: 600">a</span> <span style="font-style:italic; color: red">b</span>`, "**a** *b*", "colour dropped"},
		{"underline", "<u>a</u>", "a", "underline dropped"},
		{"colour", `<font color="#f00">a</font><mark>b</mark>`, "ab", "colour dropped"},
		{"superscript", "x<sup>2</sup> x<sup>n+1</sup> 1<sup>st</sup> a<sup>®</sup>", "x^2 x^(n+1) 1st a®", "superscript as ^"},
		{"subscript", "H<sub>2</sub>O a<sub>i,j</sub>", "H_2O a\\_(i,j)", "subscript as _"},
		{"ruby", "<ruby>漢<rp>(</rp><rt>kan</rt><rp>)</rp></ruby>", "漢(kan)", "ruby text in parentheses"},
		{"heading", "<h2>a</h2>b", "**a**\n\nb", "heading as bold text"},
		{"code", "<code>a_b*c</code> <tt>d</tt> <kbd>e</kbd>", "`a_b*c` `d` `e`", ""},
		{"code with ticks", "<code>`a` ``b``</code>", "``` `a` ``b`` ```", ""},
		{"code of several lines", "x <code>a<br>&nbsp; b</code> y", "x\n\n```\na\n  b\n```\n\ny", ""},
		{"pre", "<pre>a\n  b\n\tc\n</pre>", "```\na\n  b\n\tc\n```", ""},
		{"pre with br", "<pre><code class=\"language-go\">a<br>  b</code></pre>", "```go\na\n  b\n```", ""},
		{"highlighted", `<pre class="lang-py hl"><span class="k">def</span> <span>f</span>():<br>    <b>pass</b></pre>`, "```py\ndef f():\n    pass\n```", ""},
		{"pre of div", "<pre><div>a</div><div>b</div></pre>", "```\na\nb\n```", ""},
		{"pre with a fence", "<pre>```\nQ: x</pre>", "````\n```\nQ: x\n````", ""},
		{"list", "<ul><li>a</li><li>b<ol start=3><li>c</li></ol></li></ul>", "- a\n\n- b\n\n  3. c", ""},
		{"nested list beside its item", "<ul><li>a</li><ul><li>b</li></ul><li>c</li></ul>", "- a\n  - b\n- c", ""},
		{"list with lines", "<ul><li>a<br>b</li><li><div>c</div></li></ul>", "- a\\\n  b\n- c", ""},
		{"loose list", "<ol><li><p>a</p></li><li><p>b</p><p>c</p></li></ol>", "1. a\n\n2. b\n\n   c", ""},
		{"lists side by side", "<ul><li>a</li></ul><ul><li>b</li></ul>", "- a\n\n+ b", ""},
		{"list after text", "a:<ul><li>b</li></ul>c", "a:\n\n- b\n\nc", ""},
		{"code in a list", "<ul><li>a<pre>b</pre></li><li><pre>Q: c</pre></li></ul>", "- a\n  ```\n  b\n  ```\n-\n  ```\n  Q: c\n  ```", ""},
		{"tasks", `<ul><li><input type="checkbox" checked> a</li><li><input type=checkbox>b</li></ul>`, "- [x] a\n- [ ] b", ""},
		{"text like a task", "<ul><li>[x] a</li></ul>", `- \[x\] a`, ""},
		{"stray li", "<li>a</li><li>b</li>", "a\\\nb", ""},
		{"quote", "<blockquote>a<br>b<p>c</p></blockquote>", "> a\\\n> b\n>\n> c", ""},
		{"table", `<table><tr><th>a</th><th style="text-align: right">b</th></tr><tr><td>c</td><td>d</td></tr></table>`, "| a | b |\n|---|--:|\n| c | d |", ""},
		{"table without a header", "<table><tbody><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></tbody></table>", "| a | b |\n|---|---|\n| c |  |", "table's first row as its header"},
		{"table with blocks", "<table><tr><th>a|b</th><th><code>c|d</code></th></tr><tr><td colspan=2><div>e</div><ul><li>f</li></ul><pre>g\nh</pre></td></tr></table>", "| a\\|b | `c\\|d` |\n|---|---|\n| e<br>- f<br>`g`<br>`h` |  |", "merged table cells split; blocks in a table cell as lines"},
		{"table as a frame", "<table><tr><td>a<ul><li>b</li></ul></td></tr></table>", "a\n\n- b", ""},
		{"table in a table", "<table><tr><th>a</th><th><table><tr><td>b</td><td>c</td></tr></table></th></tr></table>", "| a | b \\| c |\n|---|---|", "blocks in a table cell as lines"},
		{"rule", "a<hr>b", "a\n\n***\n\nb", ""},
		{"link", `<a href="https://a.b/c_(d)?e&amp;f">t [x]</a>`, `[t \[x\]](<https://a.b/c_\(d\)?e\&f>)`, ""},
		{"link that shows its address", `<a href="https://a.b/c_d_">https://a.b/c_d_</a>`, "<https://a.b/c_d_>", ""},
		{"link without text", `<a href="https://a.b"></a>`, "<https://a.b>", ""},
		{"link elsewhere", `<a href="javascript:x">a</a>`, "a", "link without a web address dropped"},
		{"address in text", "see https://a.b/c_d_e (www.x_y.z)", "see <https://a.b/c_d_e> (www.x_y.z)", ""},
		{"picture", `<img src="ring-4f1c.png"> <img src="a b.png" alt="x [y]">`, `![](ring-4f1c.png) ![x \[y\]](<a b.png>)`, "picture"},
		{"embedded picture", `a<img src="data:image/png;base64,AAAA">`, "a", "embedded picture dropped"},
		{"sound", "[sound:a b.mp3]", "[sound: a b.mp3](<a b.mp3>)", "sound"},
		{"text like a sound", "&#91;sound:a.mp3] [<!-- -->sound:b.mp3]", `\[sound:a.mp3\] \[sound:b.mp3\]`, ""},
		{"MathJax", `\(L = \lambda W_1\) \[x*y\]`, `\\(L = \lambda W_1\\) \\\[x\*y\\\]`, "formula as its source"},
		{"old formulas", "[$]a_1[/$] [$$]b[/$$] [latex]$c$[/latex] [latex]\\begin{x}[/latex]", `\\(a_1\\) \\\[b\\\] \\(c\\) \\\[\begin{x}\\\]`, "formula as its source"},
		{"formula elements", `<anki-mathjax>a</anki-mathjax> <anki-mathjax block="true">b</anki-mathjax> <script type="math/tex">c</script>`, `\\(a\\) \\\[b\\\] \\(c\\)`, "formula as its source"},
		{"dropped", "a<style>b</style><script>c</script><!-- d --><title>e</title>f", "af", "script dropped"},
		{"embedded", `a<iframe src="https://x"></iframe>`, "a", "embedded page dropped"},
		{"cloze in a basic field", "{{c1::a}}", "{{c1::a}}", ""},
		{"looks of Markdown", "*a* _b_ `c` ~~d~~ [e](f) ![g](h) &lt;https://i.j&gt; \\* snake_case 2 * 3", "\\*a\\* \\_b\\_ \\`c\\` \\~\\~d\\~\\~ \\[e\\](f) \\!\\[g\\](h) \\<https://i.j> \\\\\\* snake_case 2 * 3", ""},
		{"blocks of Markdown", "# a<br>&gt; b<br>- c<br>+ d<br>* e<br>1. f<br>2) g<br>===<br>***<br>```<br>~~~<br>| h |<br>|---|", "\\# a\\\n\\> b\\\n\\- c\\\n\\+ d\\\n\\* e\\\n1\\. f\\\n2\\) g\\\n===\\\n\\*\\*\\*\\\n\\`\\`\\`\\\n\\~\\~\\~\\\n| h |\\\n\\|---|", ""},
		{"rules of Markdown", "<p>---</p><p>===</p><p>- - -</p>", "\\---\n\n\\===\n\n\\- - -", ""},
		{"markers", "Q: a<br>A: b<br>C: c<br>C:\\temp<br>Q. d<br><b>Q</b>: e<br>Question : f<br>Answer：g<br>A::b<br>q: h", "Q\\: a\\\nA\\: b\\\nC\\: c\\\nC\\:\\temp\\\nQ\\. d\\\n**Q**\\: e\\\nQuestion \\: f\\\nAnswer&#65306;g\\\nA\\::b\\\nq: h", ""},
		{"card comment", "&lt;!-- card x --&gt;", `\<!-- card x -->`, ""},
		{"backslash at a line's end", `a\<br>b\`, "a\\\\\\\nb\\\\", ""},
		{"control characters", "a\x1b[31mb&#27;[1mc\u202ed\u200be", "abcde", ""},
		{"sentinels", "a\uf8f0b&#xf8f1;c", "abc", ""},
		{"deep", strings.Repeat("<ul><li>", 10) + "a", "- - - - - - - - -\\\n                \\- a", "deep nesting flattened"},
		{"too deep to read", strings.Repeat("<div>", 600) + "a<br>b", "a\\\nb", "too deep to read: text only"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, notes := Markdown(tt.html)
			if got != tt.want {
				t.Errorf("Markdown(%q)\n got %q\nwant %q", tt.html, got, tt.want)
			}
			if joined := strings.Join(notes, "; "); joined != tt.notes {
				t.Errorf("notes %q, want %q", joined, tt.notes)
			}
			if got != "" {
				asBack(t, got)
			}
		})
	}
}

func TestClozeMarkdown(t *testing.T) {
	tests := []struct{ name, html, want, notes string }{
		{"natural numbers", "a {{c1::b}} c {{c2::d}}", "a [b] c [d]", ""},
		{"hint", `{{c1::a::h "q" \ <b>x</b> &lt;}} {{c2::b::}}`, `[a]{hint="h \"q\" \\ x <"} [b]`, ""},
		{"hint with colons", "{{c1::a::b::c}}", `[a]{hint="b::c"}`, ""},
		{"other order", "{{c2::a}} {{c1::b}}", "[a]{c=2} [b]{c=1}", ""},
		{"gap", "{{c1::a}} {{c3::b}} {{c4::d}}", "[a] [b]{c=3} [d]{c=4}", ""},
		{"same number", "{{c1::a}} {{c2::b}} {{c1::c}} {{c3::d}}", "[a]{c=1} [b] [c]{c=1} [d]", ""},
		{"late start", "{{c2::a}} {{c2::b}} {{c2::c}}", "[a]{c=2} [b]{c=2} [c]{c=2}", ""},
		{"several numbers", "{{c1,2::a}} {{c3,1::b}} {{c4::d}}", "[a]{c=1,2} [b]{c=1,3} [d]", ""},
		{"leading zero and none", "{{c01::a}} {{c0::b}}", "[a] b", ""},
		{"nested", "{{c1::a {{c2::b}} d}}", "[a ]{c=1}[b]{c=1,2}[ d]{c=1}", "deletion parted"},
		{"nested whole", "{{c1::{{c2::b}}}}", "[b]{c=1,2}", ""},
		{"nested with hints", "{{c1::a {{c2::b::i}}::h}}", `[a ]{c=1 hint="h"}[b]{c=1,2 hint="i"}`, "deletion parted"},
		{"side by side", "{{c1::a}}{{c1::b}}", "[a]{c=1}[b]{c=1}", ""},
		{"over blocks", "<p>a {{c1::b</p><ul><li>c}} d</li></ul>", "a [b]{c=1}\n\n- [c]{c=1} d", "deletion parted"},
		{"over lines", "{{c1::a<br>b}}", "[a\\\nb]", ""},
		{"lines beside it", "{{c1::<br>a<br>}}<br>b", "[a]\n\nb", ""},
		{"over cells", "<table><tr><th>{{c1::a</th><th>b}}|</th></tr></table>", "| [a]{c=1} | [b]{c=1}\\| |\n|---|---|", "deletion parted"},
		{"looks", "<b>a {{c1::b}} c</b> {{c2::<i>d</i>}}", "**a** [**b**] **c** [*d*]", ""},
		{"code span", "<code>f({{c1::x}})</code>", "`f(`[`x`]`)`", ""},
		{"code block", "<pre><code>if {{c1::x}} {<br>  y<br>}</code></pre>", "if [x] {\\\n\u00a0\u00a0y\\\n}", "code block with a deletion as text"},
		{"code block in it", "{{c1::<pre>a<br>  b</pre>}}", "[a\\\n\u00a0\u00a0b]", "code block with a deletion as text"},
		{"link in it", `{{c1::<a href="https://a.b">x</a>}}`, "[[x](https://a.b)]", ""},
		{"in a link", `<a href="https://a.b">x {{c1::y}}</a>`, "[x](https://a.b) [[y](https://a.b)]", ""},
		{"formula", `\(x^{ {{c1::a}} }\)`, `\\(x^{ [a] }\\)`, "formula as its source"},
		{"old formula", `[$]{{c1::a}}[/$]`, `\\([a]\\)`, "formula as its source"},
		{"picture", `{{c1::<img src="a.png">}}`, "[![](a.png)]", "picture"},
		{"sound", `a {{c1::[sound:a.mp3]}}`, "a [[sound: a.mp3](a.mp3)]", "sound"},
		{"brackets are text", "x[0] {{c1::y[1]}} [z](u)", `x\[0\] [y\[1\]] \[z\](u)`, ""},
		{"what follows it", "{{c1::a}}(b) {{c2::c}}{d} {{c3::e}}:", `[a]\(b) [c]\{d} [e]:`, ""},
		{"what stands before it", "wow!{{c1::a}}", `wow\![a]`, ""},
		{"not a footnote", "{{c1::^1}}", `[\^1]`, ""},
		{"not a task", "<ul><li>{{c1::x}} a</li><li>[x] b</li></ul>", "- [&#120;] a\n- \\[x\\] b", ""},
		{"check box", `<ul><li><input type="checkbox" checked>{{c1::a}}</li></ul>`, "- ☑ [a]", "check box as a character"},
		{"braces parted", "{{c1::a}<!-- -->}} :<!-- -->: {{c2::b:<!-- -->:c}}", "[a}] :: [b::c]", ""},
		{"no cloze", "{{c1::a}} &#123;{c2::b}} {{c3 ::d}} {{C4::e}} {{c5::f", "[a] {{c2::b}} {{c3 ::d}} {{C4::e}} {{c5::f", ""},
		{"empty one", "{{c1::}}{{c2::&nbsp;}} {{c3::a}}", "\u00a0\u00a0[a]{c=3}", ""},
		{"marks in an attribute", `<b title="{{c1::x}}">a</b> {{c2::b}}`, "**a** [b]{c=2}", ""},
		{"begins in a comment", "<!-- {{c1::a -->b}} {{c2::d}}", "b [d]{c=2}", ""},
		{"parted by the parser", "<table>{{c1::a<tr><td>b}}</td></tr></table>", "[a\\\nb]", ""},
		{"markers", "{{c1::Q}}: a<br>Q: {{c2::b}}", "[Q]: a\\\nQ\\: [b]", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, notes, err := ClozeMarkdown(tt.html)
			if err != nil || got != tt.want {
				t.Errorf("ClozeMarkdown(%q) error %v\n got %q\nwant %q", tt.html, err, got, tt.want)
			}
			if joined := strings.Join(notes, "; "); joined != tt.notes {
				t.Errorf("notes %q, want %q", joined, tt.notes)
			}
			checkCloze(t, got)
		})
	}
}

func TestClozeMarkdownErrors(t *testing.T) {
	for _, field := range []string{
		"", "a", "{{c1::}}", "{{c1::<br> &nbsp;}}", "{{c0::a}}", "{{c1::a", "{{c1::image-occlusion:rect:left=.1}}", "&#123;{c1::a}}",
	} {
		if md, _, err := ClozeMarkdown(field); !errors.Is(err, errNoDeletion) || md != "" {
			t.Errorf("ClozeMarkdown(%q) = %q, %v", field, md, err)
		}
	}
}

// withoutAttributes takes the attribute blocks off the source of a cloze.
func withoutAttributes(src string) string {
	var b strings.Builder
	for {
		before, after, ok := strings.Cut(src, "]{")
		b.WriteString(before)
		if !ok {
			return b.String()
		}
		b.WriteString("]")
		end, quoted := 0, false
		for ; end < len(after) && (quoted || after[end] != '}'); end++ {
			switch after[end] {
			case '\\':
				end++
			case '"':
				quoted = !quoted
			}
		}
		src = after[min(end+1, len(after)):]
	}
}

// checkCloze checks that the source of a cloze is one card without its
// attribute blocks.
func checkCloze(t *testing.T, src string) {
	t.Helper()
	src = withoutAttributes(src)
	post, problems := deck.Parse("a.md", []byte("---\ntitle: t\n---\nC: "+src+"\n"))
	if len(problems) > 0 || len(post.Notes) != 1 {
		t.Errorf("not one card: %v\n%s", problems, src)
	}
}

// A field that was built to cost time costs time that grows with its size, and
// comes out bounded. No test fails on a clock.
func TestMarkdownHostile(t *testing.T) {
	const size = 1 << 17
	for name, unit := range map[string]string{
		"lists": "<ul><li>a", "items": "<li>", "bold": "<b>a", "bolds": "<b>a</b> ", "divs": "<div>", "brackets": "[", "stars": "*a ", "ticks": "`",
		"clozes": "{{c1::a}}", "opens": "{{c1::", "ends": "}}", "colons": "{{c1::a::", "tables": "<table><tr><td>", "cells": "<td>a", "rows": "<tr><td>a", "breaks": "<br>a", "entities": "&amp;",
		"links": `<a href="https://a.b">a</a>`, "text": "a", "words": "a ", "code": "<code>a</code>", "pre": "<pre>a\n</pre>", "lines": "<pre>\n\n\n\n", "sounds": "[sound:a]",
		"latex": "[latex]", "quotes": "<blockquote>a", "comments": "<!--", "tags": "<a b=\"", "escape": "\x1b]0;", "nested": "{{c1::a<p>", "formulas": `\(a\)`, "addresses": "https://a.b/c_d ",
		"images": "<img src=a>", "styles": `<i style="color:red;font-weight:bold">a`,
	} {
		t.Run(name, func(t *testing.T) {
			field := strings.Repeat(unit, size/len(unit))
			for _, md := range []string{first(Markdown(field)), firstOf3(ClozeMarkdown(field))} {
				if len(md) > 4*maxText {
					t.Errorf("%d bytes", len(md))
				}
			}
		})
	}
}

func TestMarkdownLong(t *testing.T) {
	for name, unit := range map[string]string{"lines": "<div>a word</div>", "items": "<li>a word", "code": "<pre>a\n</pre>", "one": "a word "} {
		t.Run(name, func(t *testing.T) {
			md, notes := Markdown(strings.Repeat(unit, 2*maxField/len(unit)))
			if len(md) > maxText || !slices.Contains(notes, noteLong) {
				t.Errorf("%d bytes, notes %q", len(md), notes)
			}
			asBack(t, md+"\n\nx")
		})
	}
	md, notes := Markdown(`a<img src="data:image/png;base64,` + strings.Repeat("A", maxField) + `">b`)
	if md != "ab" || slices.Contains(notes, noteLong) {
		t.Errorf("%.40q %q", md, notes)
	}
}

func first(md string, _ []string) string             { return md }
func firstOf3(md string, _ []string, _ error) string { return md }

// seedFields adds fields to begin fuzzing with.
func seedFields(f *testing.F) {
	for _, s := range []string{
		"<ul><li>a<ol><li>b</ol></ul>", "<pre>a<br>b</pre>", "<table><tr><th>a|b<td><code>`</code></table>", "Q: a<br>A: b<div>C: c</div>",
		"{{c1::a::h}} {{c2,3::b {{c4::c}}}}", "<b>a</b><i>b</i>x<s>c</s>", "[latex]x[/latex][sound:a]", `<a href="https://x">{{c1::y}}</a><img src="a b">`,
		"<code>a{{c1::b}}c</code>", "<blockquote><ul><li><pre>```</pre></ul></blockquote>", "x<sup>2</sup>&nbsp;&nbsp;&#x1b;", "---<br>===<br>#<br># a", "~~~<br>```",
		"<ul><li><ul><li><pre>x</pre></ul></ul>", "<input type=checkbox>x", "&#xF8F0;&#x100000;", "http://a.b/c_d&amp;e; www.x.y", "<h1>a</h1><hr>", "1. a<br>2) b<br>+<br>-",
	} {
		f.Add(s)
	}
}

func FuzzMarkdown(f *testing.F) {
	seedFields(f)
	f.Fuzz(func(t *testing.T, field string) {
		md, notes := Markdown(field)
		if len(md) > 4*maxText {
			t.Errorf("%d bytes", len(md))
		}
		for i, n := range notes {
			if n == "" || slices.Contains(notes[:i], n) {
				t.Errorf("notes %q", notes)
			}
		}
		if strings.TrimSpace(md) == "" {
			return
		}
		post, problems := deck.Parse("a.md", []byte("---\ntitle: t\n---\nQ: "+md+"\n\nA: "+md+"\n"))
		if len(problems) > 0 || len(post.Notes) != 1 {
			t.Fatalf("not one card: %v\n%s", problems, md)
		}
		for _, side := range []string{post.Notes[0].Front, post.Notes[0].Back} {
			if diff := cmp.Diff(deck.Render(md, 76, deck.Plain), deck.Render(side, 76, deck.Plain)); diff != "" {
				t.Errorf("the grammar changes it:\n%s", diff)
			}
		}
		checkField(t, HTML(md), false)
		if len(field) < 400 { // longer text may be too much for the renderer to read
			checkRound(t, md)
		}
	})
}

func FuzzClozeMarkdown(f *testing.F) {
	seedFields(f)
	f.Fuzz(func(t *testing.T, field string) {
		src, _, err := ClozeMarkdown(field)
		if err != nil {
			if src != "" {
				t.Errorf("%q with %v", src, err)
			}
			return
		}
		if len(src) > 4*maxText {
			t.Errorf("%d bytes", len(src))
		}
		checkCloze(t, src)
	})
}
