// Package anki reads and writes Anki's packages (.apkg and .colpkg) and its
// text files, and turns Anki's HTML into Markdown and back.
//
// What a file holds goes into and comes out of a [Collection], in Anki's own
// units; [Export] and [Import] turn that into what package storage gives and
// takes.
//
//	anki.go       what a collection holds
//	read*.go      packages in
//	write*.go     packages out
//	text*.go      tab- and comma-separated files with Anki's headers
//	export.go     from etch's cards to a collection
//	import*.go    from a collection to etch's notes and log
//	notetype.go   the note types of etch
//	template.go   what a card of a custom note type shows
//	field/        a field's HTML to Markdown and back
package anki

import "io"

// Collection is what a package holds. Ids are unix milliseconds of creation
// unless something else is said; usn columns, colours of the browser and the
// like are left out.
type Collection struct {
	Version   Version
	Created   int64 // unix seconds: day 0 of the due numbers of reviews
	West      int   // minutes west of UTC at Created; Berlin in winter is -60
	HasWest   bool  // the file says West
	Rollover  int   // hour at which a day begins, 0..23; 4 when the file does not say
	Scheduler int   // schedVer, 1 or 2; a file that does not say has 1. Rows that were read are those of 2
	FSRS      bool  // the switch for the whole collection; only a .colpkg has it

	NoteTypes []NoteType
	Decks     []Deck
	Presets   []Preset
	Notes     []Note
	Cards     []Card
	Reviews   []Review
	Media     []Media
}

// Version is the kind of container.
type Version int

// The versions; Anki calls them so.
const (
	Legacy1 Version = 1 // collection.anki2, schema 11
	Legacy2 Version = 2 // collection.anki21, schema 11
	Latest  Version = 3 // collection.anki21b, zstd, schema 15 to 18
)

// NoteType says which fields a note has and how its cards are drawn.
type NoteType struct {
	ID        int64
	Name      string
	Cloze     bool
	Mod       int64 // unix seconds
	SortField int   // index of the field that a list of notes is sorted by
	Fields    []Field
	Templates []Template
	CSS       string

	LatexPre, LatexPost string `json:",omitempty"` // around each formula
	LatexSVG            bool   `json:",omitempty"` // formulas become SVG, else PNG
	Stock               int    `json:",omitempty"` // which of Anki's own types it was made from; 0 for none
	Original            int64  `json:",omitempty"` // id of the type that Anki made it from when one with other fields came, else 0
}

// Field is one named field of a note type. ID is what Anki matches fields by;
// 0 when the file has none. What is not zero of the rest differs from what Anki
// gives a new field; it matters to Anki's editor alone.
type Field struct {
	ID   int64
	Name string

	Font            string `json:",omitempty"` // "" for Arial
	Size            int    `json:",omitempty"` // 0 for 20
	RTL             bool   `json:",omitempty"`
	Sticky          bool   `json:",omitempty"`
	PlainText       bool   `json:",omitempty"`
	Collapsed       bool   `json:",omitempty"`
	Unsearched      bool   `json:",omitempty"`
	PreventDeletion bool   `json:",omitempty"`
	Description     string `json:",omitempty"`
	Tag             *int   `json:",omitempty"` // the place that the field has in one of Anki's own types
}

// Template draws one card of a note. ID as in [Field].
type Template struct {
	ID          int64
	Name        string
	Front, Back string // HTML with {{fields}}

	BrowserFront, BrowserBack string `json:",omitempty"` // how Anki's browser draws it, if not the same
	BrowserFont               string `json:",omitempty"`
	BrowserSize               int    `json:",omitempty"`
}

// Deck is a deck; "a::b" is the name of one below a.
type Deck struct {
	ID          int64
	Name        string
	Description string
	Filtered    bool  // its cards are borrowed from other decks
	Preset      int64 // of an ordinary deck
}

// Preset is a group of deck options.
type Preset struct {
	ID               int64
	Name             string
	Mod              int64     // unix seconds
	LearningSteps    []float64 // minutes
	RelearningSteps  []float64 // minutes
	NewPerDay        int
	ReviewsPerDay    int
	MaximumInterval  int       // days
	LeechThreshold   int       // lapses
	LeechSuspends    bool      // else it only tags
	BurySiblings     bool      // of reviews
	Weights          []float64 // in force: none (defaults), 17 (FSRS-4.5), 19 (FSRS-5) or 21 (FSRS-6)
	DesiredRetention float64   // 0.7..0.99
}

// Note is a note: what a card is made from.
type Note struct {
	ID     int64
	GUID   string
	Type   int64 // id of the note type
	Mod    int64 // unix seconds
	Tags   []string
	Fields []string // HTML, one for each field of the type
}

// CardState is where a card is in its life.
type CardState int

// The states of a card; Anki's column "type".
const (
	New        CardState = 0
	Learning   CardState = 1
	Reviewing  CardState = 2
	Relearning CardState = 3
)

// Queue is where a card waits.
type Queue int

// The queues; a card keeps its state while it is suspended or buried.
const (
	UserBuried    Queue = -3
	SiblingBuried Queue = -2
	Suspended     Queue = -1
	NewQueue      Queue = 0
	LearnQueue    Queue = 1 // due is unix seconds
	ReviewQueue   Queue = 2 // due is a day number
	DayLearnQueue Queue = 3 // due is a day number
	PreviewQueue  Queue = 4
)

// Card is one card of a note.
type Card struct {
	ID       int64
	Note     int64
	Deck     int64
	Ord      int   // index of the template, or the number of the cloze less 1
	Mod      int64 // unix seconds
	State    CardState
	Queue    Queue
	Due      int64 // a new card's position, a day number since Created, or unix seconds
	Interval int   // days
	Factor   int   // ease in tenths of a percent
	Reps     int
	Lapses   int
	Left     int   // learning steps that are left, modulo 1000
	HomeDeck int64 // odid: where a card of a filtered deck comes from, else 0
	HomeDue  int64 // odue: its due there
	Flag     int   // 0 for none, 1..7

	Memory *Memory // FSRS's state, nil if the card has none
	Pos    int     // the position it had when new; -1 when not known
}

// Memory is what FSRS knows of a card.
type Memory struct {
	Stability  float64 // days
	Difficulty float64 // 1..10
	Retention  float64 // desired when last answered, 0..1; 0 when not known
	Decay      float64 // positive, 0 when not known
	LastReview int64   // unix seconds; 0 when not known
}

// ReviewKind is what a row of the log is.
type ReviewKind int

// The kinds; Anki's column "type". For a rated row it is the state before the
// answer.
const (
	Learned     ReviewKind = 0 // new or learning
	Reviewed    ReviewKind = 1
	Relearned   ReviewKind = 2
	Early       ReviewKind = 3 // in a filtered deck; crammed if factor is 0
	Manual      ReviewKind = 4 // not rated: reset if factor is 0, else a due date was set
	Rescheduled ReviewKind = 5 // not rated
)

// Review is one row of the log.
type Review struct {
	ID           int64 // unix milliseconds of the answer
	Card         int64
	Ease         int // 1 again, 2 hard, 3 good, 4 easy; 0 when nobody answered
	Interval     int // > 0 days, < 0 seconds
	LastInterval int // as Interval
	Factor       int // tenths of a percent, or under FSRS ((difficulty-1)/9+0.1)*1000
	Millis       int // time taken
	Kind         ReviewKind
}

// Media is one file that fields refer to by its name.
type Media struct {
	Name string
	Size int64 // bytes, as the package says

	// Open opens the contents. Those of a package can be read until it is
	// closed; whoever writes one provides them.
	Open func() (io.ReadCloser, error)
}
