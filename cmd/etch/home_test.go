package main

import (
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"
)

// A post without a title is called like its file, which may be anything.
func TestHomePrintsNoEscapeSequence(t *testing.T) {
	name := "evil\x1b[31m\u009b2J\u202e"
	text := today{New: 1, Topics: []topicToday{{Topic: name}}, Next: &nextPost{Post: name, Title: name}}.text()
	if strings.ContainsAny(text, "\x1b\u009b\u202e") {
		t.Errorf("%q", text)
	}
}

// TestHomeTextFits: the post that comes next is told in lines of at most 80
// columns, however it is called.
func TestHomeTextFits(t *testing.T) {
	for _, next := range []nextPost{
		{Post: "what-does-acid-mean", Title: "What Does ACID Mean", Unseen: 12, Minutes: 5},
		{Post: "hands-on-building-a-lakehouse-with-iceberg", Title: "Hands-On: Building a Lakehouse with Iceberg", Unseen: 12, Minutes: 12},
		{Post: "yi", Title: strings.Repeat("\u4e00\u81f4\u6027 ", 30), Unseen: 1, Opened: true},
	} {
		text := today{Next: &next, eve: true, Studied: 14, Done: 999, New: 9, Due: 9999, Minutes: 999, Waiting: 9999}.text()
		for _, line := range strings.Split(text, "\n") {
			if w := ansi.StringWidth(line); w > 80 {
				t.Errorf("%d columns: %s", w, line)
			}
		}
		if !strings.Contains(strings.ReplaceAll(text, "\n", " "), "'etch read "+next.Post+"' (") {
			t.Errorf("the post is not named:\n%s", text)
		}
	}
}
