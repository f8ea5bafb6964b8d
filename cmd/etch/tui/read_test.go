package tui

import (
	"fmt"
	"strings"
	"testing"
)

const leasesPost = `---
title: Leases, and the tokens that fence late writers
tags: [storage]
---
Opening words on locks that give themselves back.

## A lease ends by itself, so a dead holder blocks nobody for long

The holder may die; it need not be told. 漢字 too. What it holds comes back when its term is over, whoever
watches the clock, and the next in line goes on.

| part | why |
|---|---|
| term | it bounds the wait |
| renewal | it keeps a live holder |

<!-- card lease-end why core -->
Q: Why does a lease need no release?

A: It ends by itself.

---

A term that is too short costs renewals; one that is too long makes the
others wait.

<!-- card lease-long failure deep -->
Q: What does a long term cost?

A: A long wait after a crash.

## A token fences a late writer

` + "```\nclient A --- lease ends --- writes with token 33 ------> storage refuses, it has seen 34\n```" + `

<!-- card fence failure core -->
Q: What stops a writer that wakes up after its lease?

A: A fencing token.

- it only grows
- the storage remembers the highest one

<!-- card fence-cloze term deep -->
C: The storage rejects a [token] lower than one it has seen.
`

var readLooks = []struct {
	name string
	keys []string
}{
	{"prose", nil},
	{"takeaways", []string{"t"}},
	{"cards", []string{"c"}},
	{"search", append(typeText("/token"), "enter", "n")},
	{"typing", typeText("/wo")},
	{"missing", append(typeText("/zz"), "enter")},
	{"end", []string{"c", "G"}},
}

func TestReadLooks(t *testing.T) {
	for _, look := range readLooks {
		for _, size := range sizes {
			name := fmt.Sprintf("read-%s-%dx%d", look.name, size[0], size[1])
			t.Run(name, func(t *testing.T) {
				p := pump(t, NewRead(newDesk(t, 3, 5, nil).env, "leases")).resize(size[0], size[1]).press(look.keys...)
				if strings.Contains(p.golden(name).view(), "\x1b") {
					t.Error("there is an escape sequence without colour")
				}
			})
		}
	}
	for _, look := range []string{"prose", "search", "cards"} {
		d := newDesk(t, 3, 5, nil)
		d.env.Style.Color = true
		for _, l := range readLooks {
			if l.name == look {
				pump(t, NewRead(d.env, "leases"), l.keys...).golden("read-" + look + "-color")
			}
		}
	}
}

// TestReadSmallest: the reader is of use on 20x6.
func TestReadSmallest(t *testing.T) {
	p := pump(t, NewRead(newDesk(t, 3, 5, nil).env, "leases")).resize(20, 6).golden("read-prose-20x6")
	p.press("space", "space").press(append(typeText("/token"), "enter")...).golden("read-search-20x6").press("t").golden("read-takeaways-20x6")
}

func TestReadStudiesThePost(t *testing.T) {
	d := newDesk(t, 3, 5, nil)
	d.home.Posts = append(d.home.Posts, PostLine{Slug: "leases", Cards: 4, Core: 2})
	p := pumpWith(t, d.clock, NewRead(d.env, "leases")).shows("Enter study its 2 core cards").press("enter").shows("show the answer")
	if r := p.top().(*review); fmt.Sprint(r.asked.Posts) != "[leases]" || r.asked.New == nil || *r.asked.New != 2 {
		t.Errorf("it studies %v, %v", r.asked.Posts, r.asked.New)
	}
	d.home.Posts[len(d.home.Posts)-1].CoreSeen = 2
	p.press("q").shows("Leases, and the tokens", "Enter study it")
	if opt := p.press("s").top().(*review).asked; opt.New != nil {
		t.Errorf("with its core seen it asks for %d new cards", *opt.New)
	}
}

// TestReadSearch: every n goes on to another hit and around, also where the
// text cannot scroll any further; N goes back.
func TestReadSearch(t *testing.T) {
	d := newDesk(t, 3, 5, nil)
	for _, size := range [][2]int{{60, 8}, {80, 24}, {120, 40}, {40, 15}, {20, 6}} {
		p := pump(t, NewRead(d.env, "leases")).resize(size[0], size[1]).press(append(typeText("/TOKEN"), "enter")...)
		hits := len(p.top().(*read).search.hits)
		if hits < 1 || size[0] >= 60 && hits != 2 { // what is cut off is not found
			t.Fatalf("%v: %d hits", size, hits)
		}
		for i := range 2 * hits {
			p.shows(fmt.Sprintf("%d of %d", i%hits+1, hits)).press("n")
		}
		p.press("N").shows(fmt.Sprintf("%d of %d", hits, hits))
		p.resize(size[0]+1, size[1]).press("N", "n").shows(fmt.Sprintf("%d of %d", hits, hits))
	}
}

// TestReadFindsWhatIsWrapped: a phrase that is broken at the end of a line.
func TestReadFindsWhatIsWrapped(t *testing.T) {
	d := newDesk(t, 3, 5, nil)
	for width := 24; width < 60; width++ {
		p := pump(t, NewRead(d.env, "leases")).resize(width, 15).press(append(typeText("/clock, and  the"), "enter")...)
		r := p.shows("1 of 1").top().(*read)
		var found strings.Builder
		for _, span := range r.search.hits[0] {
			found.WriteString(r.lines[span.line].text[span.from:span.to] + " ")
		}
		if strings.Join(strings.Fields(found.String()), " ") != "clock, and the" {
			t.Errorf("width %d: found %q", width, found.String())
		}
		if width >= 30 && !strings.Contains(p.view(), " >") {
			t.Errorf("width %d: no mark\n%s", width, p.view())
		}
	}
}

func TestReadSearchInput(t *testing.T) {
	d := newDesk(t, 3, 5, nil)
	p := pump(t, NewRead(d.env, "leases")).press("n").shows("Nothing is searched for yet")
	p.press(typeText("/q?jt")...).shows("/q?jt│").press("ctrl+d", "esc").shows("Enter study it")
	p.press("/", "paste:renewal\nx").press("backspace", "backspace", "enter").shows("1 of 2: renewal", "[1]>renewal")
	p.press("/", "enter").hides("]>")
	p.press(typeText("/" + strings.Repeat("w", 90) + "end")...).shows("wend│")
	if p.press("ctrl+c"); !p.ended {
		t.Error("ctrl+c does not leave")
	}
}

// TestReadKeepsThePlace: over another width, another mode and back.
func TestReadKeepsThePlace(t *testing.T) {
	d := newDesk(t, 3, 5, nil)
	d.post = parsed(t, leasesPost+"\n---\n"+strings.Repeat("\nMore of it, in words that fill several lines on a narrow screen and one on a wide one.\n", 20))
	p := pump(t, NewRead(d.env, "leases")).resize(40, 15).press(append(typeText("/fences a late"), "enter")...)
	r := p.top().(*read)
	r.scroll.top = r.search.hits[0][0].line
	line := func() string { return strings.Fields(strings.Split(p.view(), "\n")[2] + " -")[0] }
	for _, size := range [][2]int{{120, 15}, {20, 6}, {60, 12}, {80, 24}, {40, 15}} {
		if p.resize(size[0], size[1]); !strings.Contains(p.view(), "token") {
			t.Errorf("%v: another place\n%s", size, p.view())
		}
	}
	before := line()
	for _, keys := range [][]string{{"t", "t"}, {"c", "c"}, {"c", "t", "c", "c"}, {"t", "G", "t"}} {
		if p.press(keys...); line() != before {
			t.Errorf("%v goes elsewhere\n%s", keys, p.view())
		}
	}
}

func TestReadNothing(t *testing.T) {
	d := newDesk(t, 3, 5, nil)
	d.post = nil
	p := pump(t, NewRead(d.env, "gone")).shows("cannot be read: no such post").press("t", "c", "/", "n", "enter", "s", "G")
	if p.press("q"); !p.ended {
		t.Error("q does not leave")
	}
	for _, text := range []string{"", "Q: one?\nA: two\n\nQ: three?\nA: four\n"} {
		d.post = parsed(t, text)
		pump(t, NewRead(d.env, "x"), "t", "c", "/", "n", "enter", "n", "t", "G", "g", "space")
	}
	d.post = parsed(t, "Q: one?\nA: two\n\nQ: three?\nA: four\n")
	pump(t, NewRead(d.env, "x")).shows("[2 cards]").press("c").shows("| one?", "| four").press("t").shows("has no takeaways")
}

// TestReadHostileText: what a post says never drives the terminal.
func TestReadHostileText(t *testing.T) {
	evil := "a\x1b]0;owned\x07b\x1b[2Jc\u202ed\u009b31m"
	d := newDesk(t, 3, 5, nil)
	d.post = parsed(t, "---\ntitle: x\n---\n## "+evil+"\n\n"+evil+"\n\nQ: "+evil+"\nA: "+evil+"\n")
	d.post.Title = evil
	d.facts = func(h *Home) {
		h.Next = &PostLine{Title: evil, Topic: evil, Core: 1}
		h.Posts = []PostLine{{Title: evil, Topic: evil, Pinned: true}, {Title: evil, Topic: "b" + evil}}
	}
	for _, s := range []screen{NewRead(d.env, "leases"), NewHome(d.env)} {
		p := pump(t, s)
		for _, k := range []string{"c", "t", "/", "paste:" + evil, "enter", "n", "j", "j"} {
			if text := p.press(k).view(); strings.ContainsAny(text, "\x1b\x07\u202e\u009b\t\r") {
				t.Errorf("after %q: %q", k, text)
			}
		}
	}
}

// TestReadManyCards: the mark of ten cards or more has the room of any other.
func TestReadManyCards(t *testing.T) {
	d := newDesk(t, 3, 5, nil)
	for n, mark := range map[int]string{9: "[9] Words.", 10: "[+] Words.", 120: "[+] Words."} {
		d.post = parsed(t, "# Post\n\n## Takeaway\n\nWords.\n\n"+strings.Repeat("Q: one?\nA: two\n\n", n))
		pump(t, NewRead(d.env, "x")).shows("\n" + mark)
	}
}
