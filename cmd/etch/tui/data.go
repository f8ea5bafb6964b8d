package tui

import (
	"context"
	"os/exec"
	"time"

	"etch/deck"
	"etch/scheduler"
)

// The screens read and change the world through these. Each is as small as its
// screen needs; cmd/etch stands behind them.

// Env is what every screen has at hand.
type Env struct {
	Ctx     context.Context
	Now     func() time.Time // in the user's zone
	Style   Style
	Texts   Texts
	Study   Study
	Posts   Posts
	Cards   Cards
	History History
	Options Options
}

// Texts gives cards their text.
type Texts interface {
	Card(ctx context.Context, id deck.CardID) (deck.Card, error)
	// Passage returns the prose of the post that the card comes from.
	Passage(ctx context.Context, id deck.CardID) (string, error)
}

// Study starts sessions and edits cards.
type Study interface {
	// Session begins a review. The options' ID and NewID are filled in.
	Session(ctx context.Context, opt scheduler.SessionOptions) (*scheduler.Session, *scheduler.Scheduler, error)
	// Edit returns the editor for a card's file, and what to do once it has
	// ended, well or not: compile, and say in one line what came of it.
	Edit(ctx context.Context, id deck.CardID) (cmd *exec.Cmd, done func(ended error) (string, error), err error)
	// Ended is called after each session that recorded something.
	Ended(ctx context.Context)
}

// Posts lists and reads posts.
type Posts interface {
	Home(ctx context.Context) (Home, error)
	Post(ctx context.Context, slug string) (*deck.Post, error)
	// Pin puts a post's new cards first, or takes that back.
	Pin(ctx context.Context, slug string, on bool) error
}

// Cards searches and marks cards.
type Cards interface {
	Search(ctx context.Context, query string) ([]Found, error)
	// Mark suspends, resumes, flags, unflags, buries or forgets one card, as an
	// action that undo takes back.
	Mark(ctx context.Context, id deck.CardID, kind scheduler.Kind, arg string) error
}

// History explains a card.
type History interface {
	Explain(ctx context.Context, id deck.CardID) (Explanation, error)
}

// Options reads and changes settings. Set stores all of them or none.
type Options interface {
	Get(ctx context.Context) (scheduler.Settings, error)
	Set(ctx context.Context, changes map[string]string) error
}

// Home is today, as the home screen shows it.
type Home struct {
	Counts     scheduler.Counts
	Left       time.Duration
	Backlog    int // due reviews that wait for other days
	Tomorrow   int // cards due on the next study day; 0 where it is not counted
	Done       int // answers today
	Studied    int // of the last 14 study days
	FirstRun   bool
	NextDue    time.Time     // when nothing is left; zero for a whole day or never
	NextDueDay scheduler.Day // likewise; 0 for never
	Next       *PostLine     // whose new cards come next
	Posts      []PostLine
}

// PostLine is one post in a list.
type PostLine struct {
	Slug, Title, Topic string
	Cards, Core        int
	Seen, CoreSeen     int
	Due, Mature        int
	Recall             float64 // mean probability over the seen cards, 0..1
	Pinned             bool
	Minutes            int // to read it; 0 when not known
}

// Found is one card of a search.
type Found struct {
	Card   deck.Card
	Memory scheduler.Memory
	Recall float64 // probability now, 0..1
}

// Explanation is everything that is known of one card.
type Explanation struct {
	Found
	File    string            // as the user would open it
	Rows    []scheduler.Entry // what stands, oldest first
	Buttons [4]scheduler.Outcome
	Curve   func(days float64) float64 // probability of recall, days after the last answer
}
