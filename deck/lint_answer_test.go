package deck

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestLintAnswer(t *testing.T) {
	items := func(n int, mark string) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "%s leader %c\n", mark, 'a'+i)
		}
		return b.String()
	}
	counted := func(back string) Note { return qa("Which two of three parts keep a Raft group's log?", back) }
	testRules(t, []lintCase{
		{"L06", true, typed(Estimation, "Which part of a Raft group accepts client writes?", strings.Repeat("overcommitments ", 38))},
		{"L06", false, typed(Estimation, "Which part of a Raft group accepts client writes?", strings.Repeat(" overload", 66)[1:])},

		{"L09", true, counted(items(4, "-"))},
		{"L09", true, counted(items(6, "1."))},
		{"L09", true, counted("- a leader\n  - its log\n  - its term\n- followers")},
		{"L09", false, counted(items(3, "-"))},
		{"L09", false, counted(items(5, "1."))},
		{"L09", false, counted("| node | log |\n|---|---|\n| a | 1 |\n| b | 1 |\n| c | 1 |\n| d | 1 |\n| e | 1 |\n| f | 1 |")},

		{"L13", true, qa("Kafka keeps order per partition: which unit keeps order?", "Per partition.")},
		{"L13", true, qa("TCP or UDP for a voice call: what decides?", "UDP")},
		{"L13", true, hide("TCP is a byte stream; unlike [TCP], UDP keeps boundaries.")},
		{"L13", false, qa("With N = 3 and W = 2, which smallest R overlaps every write?", "2")},
		{"L13", false, qa("Which unit of Kafka keeps order?", "The partition; across partitions none is promised.")},
		{"L13", false, qa("TCP or UDP for a voice call: what decides?", "UDP: a late sample is worthless.")},
		{"L13", false, hide("Each [partition] keeps its order, a topic of many does not.")},
		{"L13", false, hide("A majority of 3 is [2], of 5 it is [3].")},

		{"L14", true, answering("True.")},
		{"L14", true, answering("yes")},
		{"L14", true, answering("False: the leader does.")},
		{"L14", false, answering("No node but the leader.")},
		{"L14", false, qa("What does `NULL IS NULL` give in SQL?", "`TRUE`")},
		{"L14", false, answering("True leaders alone.")},
		{"L14", false, answering("Right of way belongs to the leader.")},
	})
}

func TestLintAnswerLimits(t *testing.T) {
	words := func(n int) string { return strings.TrimSpace(strings.Repeat("w ", n-1)) + " `code`" }
	front := "Which part of a Raft group accepts client writes?"
	for _, c := range []struct {
		note  Note
		limit int
	}{
		{qa(front, ""), 40},
		{typed(Term, front, ""), 40},
		{typed(Number, front, ""), 25},
		{typed(Why, front, ""), 50},
		{typed(Compare, front, ""), 60},
		{typed(Failure, front, ""), 60},
		{typed(FollowUp, front, ""), 60},
		{typed(Scenario, front, ""), 70},
		{typed(Estimation, front, ""), 80},
		{hide(""), 25},
	} {
		for _, at := range []struct {
			words int
			want  string
		}{
			{c.limit, ""},
			{c.limit + 1, "w"},
			{c.limit * 3 / 2, "w"},
			{c.limit*3/2 + 1, "E"},
		} {
			n := c.note
			if n.Kind == Cloze {
				n = hide(words(at.words-1) + " [w]")
			} else {
				n.Back = words(at.words)
			}
			got := ""
			for _, p := range Lint([]*Post{postOf("one", n)}, LintOptions{}) {
				if p.Rule != "L05" {
					continue
				}
				got = map[Severity]string{Warning: "w", Error: "E"}[p.Severity]
				if names := strings.Contains(p.Hint, "---"); names != (got == "E") {
					t.Errorf("%s %q with %d words: hint %q", n.Kind, n.Type, at.words, p.Hint)
				}
			}
			if got != at.want {
				t.Errorf("%s %q with %d words: L05 is %q, want %q", n.Kind, n.Type, at.words, got, at.want)
			}
		}
	}
}

// A list over the limit is a warning, over five an error.
func TestLintListSeverity(t *testing.T) {
	for n, want := range map[int]Severity{4: Warning, 5: Warning, 6: Error} {
		problems := Lint([]*Post{postOf("one", answering(strings.Repeat("- leader\n", n)))}, LintOptions{})
		i := slices.IndexFunc(problems, func(p *Problem) bool { return p.Rule == "L09" })
		if i < 0 || problems[i].Severity != want {
			t.Errorf("a list of %d: %v, want severity %d", n, problems, want)
		}
	}
}

// Marks are no words, code is.
func TestWordsOf(t *testing.T) {
	for text, want := range map[string][]string{
		"About 80 % (N/(N+1) for N = 4).":     {"about", "80", "n/(n+1", "for", "n", "4"},
		"Don't -- retry; back-off, e.g. 2 s.": {"don't", "retry", "back-off", "e.g", "2", "s"},
		"":                                    nil,
	} {
		if got := wordsOf(text); strings.Join(got, " ") != strings.Join(want, " ") {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	for md, want := range map[string]string{
		"**The** _leader_ - `GET /a` [here](http://x.org/y)": "the leader get /a here",
		"- a\n- b\n\n1. c":                              "a b c",
		"| h | i |\n|---|---|\n| `x\\|y` | z |":         "h i x|y z",
		"```go\nx := 1\n```\nand ![alt text](x.png)":    "x 1 and alt text",
		"a\\_b &lt;= c&nbsp;d <https://x.org> ~~gone~~": "a_b c d https://x.org gone",
		"> quoted\n> text\n\n# head":                    "quoted text head",
	} {
		side := readMarkdown(md)
		side.finish()
		if got := strings.Join(side.words, " "); got != want {
			t.Errorf("%q: %q, want %q", md, got, want)
		}
	}
}

func TestSentences(t *testing.T) {
	for prose, want := range map[string][]string{
		"One, e.g. this. Two? \"Three?\" four! Five": {"One, e.g. this.", "Two??", "\"Three?\"?", "four!", "Five"},
		"It takes 1.5 s at 3 a.m. on average. Why?":  {"It takes 1.5 s at 3 a.m. on average.", "Why??"},
		"It takes 80 ms. Why? No.":                   {"It takes 80 ms.", "Why??", "No."},
		"Line one\nline two - still two":             {"Line one", "line two- still two"},
	} {
		var got []string
		for _, s := range sentencesOf(prose) {
			var raw []string
			for _, t := range s.toks {
				raw = append(raw, t.raw)
			}
			line := strings.Join(raw, " ")
			if s.asks {
				line += "?"
			}
			got = append(got, line)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", prose, got, want)
		}
	}
}
