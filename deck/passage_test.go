package deck

import "testing"

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
	if got, want := post.Passage(post.Notes[1].Line), "## A token fences a late writer\n\n---\n\nThe storage compares tokens."; got != want {
		t.Errorf("passage of a card that leads its section = %q, want %q", got, want)
	}
	want := "Opening words.\n\n## A lease ends by itself\n\nThe holder may die.\n\nIt need not be told.\n\n## A token fences a late writer\n\n---\n\nThe storage compares tokens."
	if got := post.Prose(); got != want {
		t.Errorf("prose = %q, want %q", got, want)
	}
}
