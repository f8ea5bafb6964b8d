package deck

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// head is what the front matter says of a post.
type head struct {
	Dialect  Dialect
	Title    string
	Tags     []string
	Requires []string
	Sources  []Source
	Notes    int
}

func TestFrontMatter(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       head
	}{
		{"none", "", head{DeckDialect, "x", nil, nil, nil, 1}},
		{"post", "---\ntitle: \"A: b\"\n---\n", head{PostDialect, "A: b", nil, nil, nil, 1}},
		{"lists", "---\ntags:\n  - a\n  - 'b c'\nrequires: [d,\n  e]\ntitle: T\n---\n", head{PostDialect, "T", []string{"a", "b c"}, []string{"d", "e"}, nil, 1}},
		{"single tag", "---\ntags: a\ntitle: T\nrequires: []\nsources: {}\n---\n", head{PostDialect, "T", []string{"a"}, nil, nil, 1}},
		{"absent values", "---\ntags:\ntitle: T\nrequires:\nsources:\n---\n", head{PostDialect, "T", nil, nil, nil, 1}},
		{"words that YAML reads otherwise", "---\ntitle: 1984\ntags: [2026-11-01, yes, 1.50]\n---\n", head{PostDialect, "1984", []string{"2026-11-01", "yes", "1.50"}, nil, nil, 1}},
		{"sources", "---\ntitle: T\nsources:\n  b: \"x: y\"\n  a: z\n---\n", head{PostDialect, "T", nil, nil, []Source{{"b", "x: y"}, {"a", "z"}}, 1}},
		{"folded", "---\ntitle: >-\n  one\n  two\n---\n", head{PostDialect, "one two", nil, nil, nil, 1}},
		{"comment and blank lines", "---\n\n# c\ntitle : T # d\n--- \n", head{PostDialect, "T", nil, nil, nil, 1}},
		{"TOML", "---\nname = \"A: b\"\nother = 1\n---\n", head{DeckDialect, "A: b", nil, nil, nil, 1}},
		{"TOML with tags", "---\ntags = ['a', 'b']\n[more]\nx = 1\n---\n", head{DeckDialect, "x", []string{"a", "b"}, nil, nil, 1}},
		{"YAML name", "---\nname: A = b\ntags: [t]\nlayout: {a: [1]}\nTitle: no\n---\n", head{DeckDialect, "A = b", []string{"t"}, nil, nil, 1}},
		{"unknown forms are ignored in a deck", "---\nname: [a]\ntags: {a: b}\n---\n", head{DeckDialect, "x", nil, nil, nil, 1}},
		{"TOML, quoted in all ways", "---\nname='A \\ b' # why\ntags = [\n  \"a\", # one\n  'b',\n]\nname2 = 3\n---\n", head{DeckDialect, `A \ b`, []string{"a", "b"}, nil, nil, 1}},
		{"TOML escapes", "---\nname = \"a\\u00e9 \\\"b\\\"?\"\n---\n", head{DeckDialect, `aé "b"?`, nil, nil, nil, 1}},
		{"a name in a table of TOML", "---\na = 1\n[x]\nname = \"b\"\n---\n", head{DeckDialect, "x", nil, nil, nil, 1}},
		{"TOML title", "---\ntitle = \"T\"\n---\n", head{DeckDialect, "x", nil, nil, nil, 1}},
		{"empty", "---\n---\n", head{DeckDialect, "x", nil, nil, nil, 1}},
		{"rule, then prose", "---\nProse here\n\n---\nmore\n", head{DeckDialect, "x", nil, nil, nil, 1}},
		{"rule, then prose without another", "---\nProse here\n", head{DeckDialect, "x", nil, nil, nil, 1}},
		{"rule, then a card", "---\n\nQ: a\nA: b\n---\n", head{DeckDialect, "x", nil, nil, nil, 2}},
		{"marks that YAML reads otherwise", "---\ntitle: What? A\tb\ntags: [why?, ?c, a?b]\nsources: {a: http://x/?y=z}\n---\n", head{PostDialect, "What? A b", []string{"why?", "?c", "a?b"}, nil, []Source{{"a", "http://x/?y=z"}}, 1}},
		{"lines that YAML ends otherwise", "---\ntitle: a\u2028b\rc\ntags: [\ufeffd]\n---\n", head{PostDialect, "a\u2028b c", []string{"\ufeffd"}, nil, nil, 1}},
		{"anything is ignored in a deck", "---\nname: x\nb: *.md\nc: {{ d }}\ne: {f: 1, f: 2}\n---\n", head{DeckDialect, "x", nil, nil, nil, 1}},
		{"anchors are ignored in a deck", "---\nname: x\nb: &b c\nd: *b\n---\n", head{DeckDialect, "x", nil, nil, nil, 1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := mustParse(t, "x.md", c.text+"C: [a]\n")
			got := head{p.Dialect, p.Title, p.Tags, p.Requires, p.Sources, len(p.Notes)}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if len(p.Tags) > 0 && p.Topic != p.Tags[0] {
				t.Errorf("topic %q", p.Topic)
			}
		})
	}
}

func TestFrontMatterErrors(t *testing.T) {
	long := strings.Repeat("x", maxYAML)
	for _, c := range []struct{ name, text, want string }{
		{"not closed", "---\ntitle: T\n", "1: front matter is not closed\n"},
		{"not closed in a deck", "---\nname = 'T'\n", "1: front matter is not closed\n"},
		{"closed after a card", "---\ntitle: T\n\nC: [x]\n---\n", "1: front matter is not closed\n"},
		{"late", "\n---\ntitle: T\n---\n", "2: front matter must begin in the first line\n"},
		{"unknown key", "---\ntitle: T\ntag: x\n---\n", "3: unknown front matter key \"tag\"\n"},
		{"two unknown keys", "---\ntitle: T\nx: 1\ny: 2\n---\n", "3: unknown front matter key \"x\"\n4: unknown front matter key \"y\"\n"},
		{"key twice", "---\ntitle: T\ntags: a\ntags: b\n---\n", "4: front matter has the key \"tags\" twice\n"},
		{"key twice in a deck", "---\nname: T\nx: a\nx: b\n---\n", "4: front matter has the key \"x\" twice\n"},
		{"source twice", "---\ntitle: T\nsources:\n  a: b\n  a?: c\n  a?: d\n---\n", "6: sources have the key \"a?\" twice\n"},
		{"empty title", "---\ntags: a\ntitle: \"\"\n---\n", "3: the title is empty\n"},
		{"absent title", "---\ntags: a\ntitle:\n---\n", "3: the title is empty\n"},
		{"title is a list", "---\ntitle: [a]\n---\n", "2: title must be plain text\n"},
		{"title with a control character", "---\ntitle: \"a\\eb\"\n---\n", "2: title holds a control character\n"},
		{"title with a sentinel", "---\ntitle: \"a\\uF8F0b\"\n---\n", "2: title holds a control character\n"},
		{"tag is a map", "---\ntitle: T\ntags: [a, {b: c}]\n---\n", "3: an entry of tags must be plain text\n"},
		{"empty tag", "---\ntitle: T\ntags: [a, \"\"]\n---\n", "3: empty entry in tags\n"},
		{"tags are a map", "---\ntitle: T\ntags: {a: b}\n---\n", "3: tags must be plain text\n"},
		{"sources are a list", "---\ntitle: T\nsources: [a]\n---\n", "3: sources must be lines of the form key: reference\n"},
		{"empty source", "---\ntitle: T\nsources:\n  a:\n---\n", "4: source \"a\" is empty\n"},
		{"anchor", "---\ntitle: &a T\n---\n", "2: title must be plain text\n"},
		{"alias", "---\nrequires: &a [x]\ntags: *a\ntitle: T\n---\n", "2: requires must be plain text\n3: tags must be plain text\n"},
		{"alias without an anchor", "---\ntitle: T\ntags: [a,\n  *b]\n---\n", "4: an entry of tags must be plain text\n"},
		{"tag", "---\ntitle: !!str T\nrequires: !x [a]\ntags: [b, ! c]\nsources: !!map {a: b}\n---\n", "2: title must be plain text\n3: requires must be plain text\n4: an entry of tags must be plain text\n5: sources must be lines of the form key: reference\n"},
		{"no blank after the colon", "---\ntitle:T\n---\n", "2: front matter must be lines of the form key: value\n"},
		{"two documents", "---\ntitle: T\n...\na: b\n---\n", "4: front matter holds two documents\n"},
		{"source is a list", "---\ntitle: T\nsources: {a: [b]}\n---\n", "3: a source must be plain text\n"},
		{"deep", "---\ntitle: T\ntags: " + strings.Repeat("[", 17) + "\n---\n", "3: front matter is nested too deeply\n"},
		{"deep behind closing brackets", "---\ntitle: \"" + strings.Repeat("]", 20) + "\"\ntags: " + strings.Repeat("[", 17) + "\n---\n", "3: front matter is nested too deeply\n"},
		{"deep list", "---\ntitle: T\ntags:\n  " + strings.Repeat("- ", 17) + "a\n---\n", "4: front matter is nested too deeply\n"},
		{"large", "---\ntitle: " + long + "\n---\n", "1: front matter is over 64 KiB\n"},
		{"large TOML", "---\nname = \"" + long[:maxTOML] + "\"\n---\n", "1: front matter is over 4 KiB\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, problems := Parse("x.md", []byte(c.text+"C: [a]\n"))
			if got := list(problems); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
			// Without cards nobody minds.
			if !strings.Contains(c.text, "C:") {
				if p, problems := Parse("x.md", []byte(c.text)); p == nil {
					t.Errorf("without cards: %s", list(problems))
				}
			}
		})
	}
}

// TestFrontMatterSyntax has errors whose words belong to the decoders: only
// their place and their beginning are ours.
func TestFrontMatterSyntax(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"---\ntitle: T\ntags: [a\n---\n", "front matter is not valid YAML: "},
		{"---\ntitle: A: b\n---\n", "front matter is not valid YAML: "},
		{"---\nname = x\n---\n", "front matter is not valid TOML: "},
		{"---\nname = \"x\n---\n", "front matter is not valid TOML: "},
		{"---\nname = [\"x\", \"y\"]\n---\n", "front matter is not valid TOML: "},
		{"---\ntags = [1]\n---\n", "front matter is not valid TOML: "},
		{"---\nname: \"x\n---\n", "front matter is not valid YAML: "},
	} {
		_, problems := Parse("x.md", []byte(c.text+"C: [a]\n"))
		if len(problems) != 1 || !strings.HasPrefix(problems[0].Msg, c.want) {
			t.Errorf("%q: got\n%s", c.text, list(problems))
			continue
		}
		if l := problems[0].Line; l < 2 || l > 3 {
			t.Errorf("%q: line %d", c.text, l)
		}
	}
}

// TestFrontMatterLines has mistakes that the decoder reports for another line.
func TestFrontMatterLines(t *testing.T) {
	for _, c := range []struct {
		text string
		line int
	}{
		{"title: A: b\n", 2},
		{"title: \"A\" b\n", 2},
		{"title: 'A\ntags: x\n", 2},
		{"title: T\ntags: [a\nrequires: []\n", 3},
		{"tags: [a\ntitle: T\n", 2},
		{"title: T\ntags [a]\nrequires: []\n", 3},
		{"title: T\n tags: [a]\n", 3},
		{"title: T\ntags: x\n: x\n", 4},
		{"title: T\nsources:\n  a: b\n c: d\n", 5},
		{"title: T\nsources:\n  a: b\n  c: \"d\"e\n  f: g\n", 5},
		{"title: T\nsources:\n  a: b\n  c: \"d\n    \\q\"\n", 6},
		{"title: T\nsources:\n  a: b\n\tc: d\n", 5},
		{"title: T\ntags:\n  - a\n  b\n", 5},
		{"title: T\nx: |\n  y\n\n z\n", 6},
	} {
		_, problems := Parse("x.md", []byte("---\n"+c.text+"---\nC: [a]\n"))
		if len(problems) != 1 || problems[0].Line != c.line {
			t.Errorf("%q: want line %d, got\n%s", c.text, c.line, list(problems))
		}
	}
}
