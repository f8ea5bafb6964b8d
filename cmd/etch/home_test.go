package main

import (
	"strings"
	"testing"
)

// A post without a title is called like its file, which may be anything.
func TestHomePrintsNoEscapeSequence(t *testing.T) {
	name := "evil\x1b[31m\u009b2J\u202e"
	text := today{New: 1, Topics: []topicToday{{Topic: name}}, Next: &nextPost{Post: name, Title: name}}.text()
	if strings.ContainsAny(text, "\x1b\u009b\u202e") {
		t.Errorf("%q", text)
	}
}
