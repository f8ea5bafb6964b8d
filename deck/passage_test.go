package deck

import (
	"fmt"
	"strings"
	"testing"
)

const passagePost = `---
title: Leases
tags: [storage]
---
Opening words.

## A lease ends by itself

The holder may die.


It need not be told.

<!-- card lease-end why core -->
Q: Why does a lease need no release?

A: It ends by itself.

## A token fences a late writer

<!-- card fence core -->
Q: What stops a writer that wakes up late?

A: A fencing token.

---

The storage compares tokens.
`

func TestPassage(t *testing.T) {
	post, problems := Parse("leases.md", []byte(passagePost))
	if len(problems) > 0 {
		t.Fatal(problems[0])
	}
	if got, want := post.Passage(post.Notes[0].Line), "## A lease ends by itself\n\nThe holder may die.\n\nIt need not be told."; got != want {
		t.Errorf("passage before the card = %q, want %q", got, want)
	}
	if got, want := post.Passage(post.Notes[1].Line), "## A token fences a late writer\n\nThe storage compares tokens."; got != want {
		t.Errorf("passage of a card that leads its section = %q, want %q", got, want)
	}
	want := "Opening words.\n\n## A lease ends by itself\n\nThe holder may die.\n\nIt need not be told.\n\n## A token fences a late writer\n\nThe storage compares tokens."
	if got := post.Prose(); got != want {
		t.Errorf("prose = %q, want %q", got, want)
	}
}

func TestParts(t *testing.T) {
	post, problems := Parse("leases.md", []byte(passagePost+"\n<!-- card last core -->\nQ: Which tokens?\n\nA: Those that grow.\n\nQ: And none?\n\nA: None.\n"))
	if len(problems) > 0 {
		t.Fatal(problems[0])
	}
	var got []string
	for _, part := range post.Parts() {
		got = append(got, fmt.Sprintf("%d %q %d", part.Takeaway, part.Prose, len(part.Notes)))
	}
	want := []string{
		`-1 "Opening words." 0`,
		`0 "## A lease ends by itself\n\nThe holder may die.\n\nIt need not be told." 1`,
		`1 "## A token fences a late writer" 1`,
		`1 "The storage compares tokens." 2`,
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("parts\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestPartsLoseNothing: every note of the built-in posts stands in one part,
// and the parts' prose is the post's.
func TestPartsLoseNothing(t *testing.T) {
	for _, post := range libraryPosts(t) {
		var prose []string
		notes := 0
		for _, part := range post.Parts() {
			notes += len(part.Notes)
			if part.Prose != "" {
				prose = append(prose, part.Prose)
			}
		}
		if got := strings.Join(prose, "\n\n"); got != post.Prose() || notes != len(post.Notes) {
			t.Errorf("%s: %d notes of %d, prose\n%s\nwant\n%s", post.Slug, notes, len(post.Notes), got, post.Prose())
		}
	}
}

// TestProseOfALargeDeck: an imported deck is one post of any size, and its
// prose takes one walk over its lines, not one for each note.
func TestProseOfALargeDeck(t *testing.T) {
	const notes = 50_000
	post, problems := ParseStored("deck.md", []byte("# Deck\n\nWords.\n\n"+strings.Repeat("Q: one\nA: two\n---\n", notes)))
	if post == nil || len(post.Notes) != notes {
		t.Fatalf("not read: %v", problems)
	}
	if got := post.Passage(post.Notes[notes-1].Line); got != "# Deck\n\nWords." {
		t.Errorf("passage %.40q", got)
	}
	if got := post.Minutes(); got != 1 {
		t.Errorf("%d minutes", got)
	}
}
