// Package deck is what you learn: posts, their key takeaways, and the
// question/answer cards that ask for them.
//
// A post is Markdown (docs/FORMAT.md). [Parse] turns one file into a [Post]
// with its notes; [Lint] judges the cards; [Diff] compares what was parsed with
// what is stored, so that an edit keeps a card's history; [Render] draws
// Markdown for a terminal. Everything here is pure: no clock, no SQL, no
// terminal.
package deck

import (
	"fmt"
	"strings"
)

// NoteID names a note for ever: it is given once, at first sight, and no edit
// of the text or of the explicit id in the file changes it. Notes of the
// built-in library are "etch/<key>", notes of a user's file "<key>" or, without
// an explicit id, "h" and 16 hex digits.
type NoteID string

// CardID names a card for ever: the note's id, or "<note>~<ord>" for one
// deletion of a cloze note.
type CardID string

// Note returns the id of the note that the card belongs to. Cards of one note
// are siblings.
func (id CardID) Note() NoteID {
	note, _, _ := strings.Cut(string(id), "~")
	return NoteID(note)
}

// Card returns the id of the note's card with the given ord. Only cloze notes
// number their cards; the others have the single ord 0.
func (id NoteID) Card(kind Kind, ord int) CardID {
	if kind == Cloze {
		return CardID(fmt.Sprintf("%s~%d", id, ord))
	}
	return CardID(id)
}

// Kind is a note's mechanics: what is hidden and what is shown.
type Kind string

// The kinds. Points and Estimate are written as Q/A and read as Q/A; their
// metadata is kept for a later review screen.
const (
	Basic    Kind = "basic"
	Cloze    Kind = "cloze"
	Points   Kind = "points"
	Estimate Kind = "estimate"
)

// Type is a note's pedagogy: what sort of question it asks. The empty type is
// legal in a user's file.
type Type string

// The types of the content rubric.
const (
	Term       Type = "term"
	Why        Type = "why"
	Compare    Type = "compare"
	Scenario   Type = "scenario"
	Failure    Type = "failure"
	Number     Type = "number"
	Estimation Type = "estimation"
	FollowUp   Type = "follow-up"
)

// Types lists every type in the order of the rubric.
var Types = []Type{Term, Why, Compare, Scenario, Failure, Number, Estimation, FollowUp}

// Tier says when a card is worth its time: core is what one must know to
// survive the topic, deep is for weak topics and for afterwards.
type Tier string

// The tiers.
const (
	Core Tier = "core"
	Deep Tier = "deep"
)

// Dialect is the grammar that a file is read with; its front matter decides.
type Dialect int

const (
	// PostDialect is a file whose front matter has a title.
	PostDialect Dialect = iota
	// DeckDialect is any other file: a hashcards or repeater deck.
	DeckDialect
)

// Post is one parsed file.
type Post struct {
	Path      string // slash-separated, relative to the library's root
	Slug      string // the file's base name without .md
	Dialect   Dialect
	Title     string // front matter's title or name, else the slug
	Topic     string // the first tag, else the folder, else ""
	Tags      []string
	Requires  []string // slugs of posts to know first
	Sources   []Source
	Body      string // the whole file, with LF line ends
	BodyLine  int    // of the first line after the front matter, from 1
	Takeaways []Takeaway
	Notes     []Note // in text order
}

// Source is a reference that cards name by its key.
type Source struct{ Key, Ref string }

// Takeaway is a section of a post: its heading states one thing to take home.
type Takeaway struct {
	Heading string
	Line    int // of the heading, from 1
}

// Note is one Q/A or C block of a file. It yields one card, or one card for
// each deletion of a cloze; deletions that share a number are one card.
type Note struct {
	Key  string // the explicit id in the file, or ""
	Kind Kind
	Type Type // may be ""
	Tier Tier // "" when the file names none, which means core
	// Front and Back are Markdown without surrounding blank lines. The Front of
	// a cloze holds each deletion between [Open] and [Close]; its Back is what
	// comes after the reveal, and mostly empty.
	Front, Back string
	Tags        []string // of the note alone, without the post's
	Source      string   // a key of the post's sources, or free text
	AsOf        string   // when the facts were checked: 2026 or 2026-11
	After       string   // the key of the parent that must hold first, or ""
	Why         string   // one line that the why key shows first, or ""
	Answer      string   // reserved: the value of an estimate
	Within      string   // reserved: the tolerance of an estimate
	Waivers     []Waiver // lint warnings that the author accepts, with reasons
	Takeaway    string   // the heading of the section that it stands in, or ""
	Line        int      // of the Q: or C: marker, from 1
	First, Last int      // the lines that the card takes up, its metadata included
}

// Waiver accepts one lint warning of a card, for a reason.
type Waiver struct{ Rule, Reason string }

// The private-use runes that enclose a deletion in a cloze's text, and the one
// before its attributes, if it has any. No other text may hold them; [Parse]
// refuses a file that does.
const (
	Open  = '\uF8F0'
	Close = '\uF8F1'
	Attrs = '\uF8F2'
)

// Severity says whether a problem blocks.
type Severity int

const (
	// Warning is worth a reason or a fix; it blocks nothing by itself.
	Warning Severity = iota
	// Error keeps the file (parse) or the library (lint) from being compiled.
	Error
)

// Problem is something wrong at a place in a file. It is an error value, so
// that a single one can be returned as such.
type Problem struct {
	File     string // as the user would name it
	Line     int    // from 1; 0 when the whole file is meant
	Rule     string // "L05" for lint, "" for a parse error
	Severity Severity
	Msg      string // lower case, no full stop
	Hint     string // what to do about it, or ""
}

// Error returns "file:line: rule: message".
func (p *Problem) Error() string {
	var b strings.Builder
	b.WriteString(p.File)
	if p.Line > 0 {
		fmt.Fprintf(&b, ":%d", p.Line)
	}
	b.WriteString(": ")
	if p.Rule != "" {
		b.WriteString(p.Rule + ": ")
	}
	b.WriteString(p.Msg)
	return b.String()
}
