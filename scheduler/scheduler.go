// Package scheduler is when you learn: the memory model, study days, learning
// steps, the queue and the review session.
//
// It is pure: now is an argument, storage is an interface of three methods
// ([Store]), and cards are known by their id alone. The path through it is
//
//	Settings -> Scheduler -> Preview, Answer, Fold    one card
//	Snapshot -> Queue                                 which card comes next
//	Session  -> Current, Reveal, Grade, Undo          one sitting, every front end
//
// The log of [Entry] rows is the truth. [Memory] is a cache that
// [Scheduler.Fold] rebuilds from it.
package scheduler

import (
	"time"

	"etch/deck"
)

// Rating is how well a card was recalled.
type Rating int

// The ratings, in the order of their keys 1 to 4.
const (
	Again Rating = iota + 1
	Hard
	Good
	Easy
)

// Ratings lists the four in order.
var Ratings = [4]Rating{Again, Hard, Good, Easy}

var ratingNames = [...]string{"", "again", "hard", "good", "easy"}

// Valid reports whether r is one of the four ratings.
func (r Rating) Valid() bool { return r >= Again && r <= Easy }

// String returns the rating's lower-case name, or "" for an invalid one.
func (r Rating) String() string {
	if !r.Valid() {
		return ""
	}
	return ratingNames[r]
}

// State is where a card stands in its life. The values are Anki's.
type State int

// The states.
const (
	New State = iota
	Learning
	Review
	Relearning
)

var stateNames = [...]string{"new", "learning", "review", "relearning"}

// String returns the state's lower-case name, or "" for an invalid one.
func (s State) String() string {
	if s < New || s > Relearning {
		return ""
	}
	return stateNames[s]
}

// Memory is what is known about one card now. The zero value is a new card.
type Memory struct {
	Head       string    // id of the card's last live log row; recording compares and swaps it
	HeadAt     time.Time // when that row was written; zero without one
	State      State
	Step       int       // index of the current (re)learning step, from 0
	Stability  float64   // days until recall falls to 90 %; 0 while new
	Difficulty float64   // 1..10; 0 while new
	DueDay     Day       // in state Review: the study day on which it is due
	DueAt      time.Time // in states Learning and Relearning: when it is due; else zero
	Last       time.Time // when it was last rated; zero while new
	LastDay    Day       // the study day of Last
	Interval   int       // as last decided: days when > 0, seconds when < 0
	Reps       int       // ratings since the last forget
	Lapses     int       // Again in state Review since the last forget
	FirstDay   Day       // the study day of the first rating, or of the seed
	HeldDay    Day       // the first study day after FirstDay on which it was recalled; 0 before
	Suspended  bool
	BuriedDay  Day    // hidden while this is today; 0 for never
	Flag       string // why it was marked "fix me"; "" when it is not
}

// Kind is what a log row decided.
type Kind string

// The kinds of log rows.
const (
	Rate    Kind = "rate"
	Void    Kind = "void"
	Seed    Kind = "seed"
	Forget  Kind = "forget"
	SetDue  Kind = "due"
	Suspend Kind = "suspend"
	Resume  Kind = "resume"
	Bury    Kind = "bury"
	Flag    Kind = "flag"
	Unflag  Kind = "unflag"
)

// Entry is one row of the append-only log: one decision about one card.
type Entry struct {
	ID      string // globally unique: UUIDv7, or anki:<cid>:<ms>
	Card    deck.CardID
	Kind    Kind
	At      time.Time // UTC, whole milliseconds
	Zone    int       // minutes east of UTC where the decision was taken
	Day     Day       // the study day, fixed at that moment and never recomputed
	Act     string    // groups the rows of one key press; undo takes back an act
	Prev    string    // Memory.Head that the decision was taken on
	Target  string    // Void: the id of the row that it takes back
	Rating  Rating    // Rate only, else 0
	Took    time.Duration
	Before  Belief   // Rate: what was believed just before; for calibration
	Then    Decision // Rate, Seed, Forget, SetDue: where the card stands after it
	Arg     string   // Flag: the reason. Seed: "reps=N lapses=N"
	Source  string   // etch, anki or import
	Session string   // one sitting; rows of one sitting share it
	AnkiID  int64    // Anki's revlog id: At in ms, plus 1 until free; 0 lets storage choose
}

// Belief is the model's opinion of a card at the moment of an answer.
type Belief struct {
	State          State
	Stability      float64 // days; 0 while new
	Difficulty     float64 // 1..10; 0 while new
	Retrievability float64 // probability 0..1; 0 while new
}

// Decision is where a log row puts a card.
type Decision struct {
	State      State
	Step       int
	Interval   int       // days when > 0, seconds when < 0
	DueDay     Day       // state Review
	DueAt      time.Time // states Learning and Relearning
	Stability  float64   // days, with the weights of that time; information, except in a Seed
	Difficulty float64   // 1..10, likewise
}

// Sources of log rows.
const (
	FromEtch   = "etch"
	FromAnki   = "anki"
	FromImport = "import"
)
