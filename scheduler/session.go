package scheduler

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"etch/deck"
)

// Store keeps what a session decides.
type Store interface {
	// Load returns what the queue is built from.
	Load(ctx context.Context, q Query) (Snapshot, error)
	// Record appends rows, each with the memory that it leads to, in one
	// durable transaction. It returns ErrStale, and writes nothing, when the
	// head of a card is no longer the Prev of its row; else what was done on
	// the first row's day.
	Record(ctx context.Context, rows ...Row) (Today, error)
	// Void takes back the newest action that still stands, in one durable
	// transaction. It returns ErrNothing when there is none, and ErrStale when
	// that is another act than the one given; "" takes back any. Neither writes.
	Void(ctx context.Context, st Stamp, act string) (Action, error)
}

// Query says which cards a session is about.
type Query struct {
	Now   time.Time
	Posts []string // slugs; none for all
	Tags  []string // of the post or the note; none for all
	Topic string   // of the post; "" for all
	Ahead int      // days of future reviews that count as due
	Cram  bool     // every card that was ever answered, due or not
	New   int      // how many new cards the caller can use; negative for the day's limit
	Next  bool     // instead of all these, the review that comes first after the days ahead
	Done  int      // how many reviews may be of no use to the caller, who has had them
}

// Row is one log row and the memory of its card after it.
type Row struct {
	Entry  Entry
	Memory Memory
	Leech  bool // this answer made the card a leech, or reminds of it
}

// Action is one key press that the log holds: what undo takes back.
type Action struct {
	Act     string
	Kind    Kind
	Rating  Rating
	At      time.Time
	Session string
	Items   []Item // the cards that it changed, as they are now
	Log     string // after a Void: the id of the first row that voids it
}

// Errors of a session. The last card stays on show after each of them but
// ErrStale, after which the next one is drawn; what Undo does is told there.
var (
	ErrStale     = errors.New("already answered elsewhere")
	ErrNothing   = errors.New("nothing to undo")
	ErrNotShown  = errors.New("show the answer first")
	ErrNoCard    = errors.New("no card is on show")
	ErrWrongCard = errors.New("that card is not on show")
)

// Phase says what a session shows.
type Phase int

// The phases.
const (
	Done    Phase = iota // nothing is left
	Asking               // a question is on show
	Showing              // its answer too
	Waiting              // only learning cards are left, and none is due yet
)

// SessionOptions narrow one session. The zero value studies what the day asks for.
type SessionOptions struct {
	Posts []string
	Tags  []string
	Topic string        // only posts of this topic; "" for all
	New   *int          // new cards of this run; nil for what the day's limit leaves
	Limit int           // answers of this run; 0 for no bound
	Time  time.Duration // 0 for no bound
	Ahead int           // days
	Cram  bool          // lowest recall first, and no answer is recorded
	Eager bool          // take learning cards of the learn-ahead window without a wait
	ID    string        // of the session, for its log rows
	NewID func() string // globally unique, ascending
}

// Session is one sitting: the one use case that every front end drives. It is
// not safe for concurrent use.
type Session struct {
	sched *Scheduler
	store Store
	opt   SessionOptions

	day     Day
	snap    Snapshot
	queue   Queue
	phase   Phase
	current Item
	shown   time.Time // when the current card was shown
	last    deck.CardID
	skipped []deck.CardID
	hurried map[deck.CardID]time.Time // learning cards that come without a wait, while they are due then
	crammed []crammed                 // cram: the answers behind the current card
	acts    map[string]bool
	had     map[deck.CardID]bool // answered in this session: they come ahead of their time no more
	tally   Tally
}

// Tally is what a session has done so far.
type Tally struct {
	Answers int
	ByGrade [5]int        // indexed by Rating
	New     int           // answers to new cards
	Reviews int           // answers to cards in state Review
	Passed  int           // of those, recalled: Passed/Reviews is the true retention
	Time    time.Duration // from shown to graded
}

// Counts is what is left: it ends at 0, 0, 0.
type Counts struct{ New, Learning, Due int }

// NewSession loads the day and draws the first card.
func NewSession(ctx context.Context, sched *Scheduler, store Store, opt SessionOptions, now time.Time) (*Session, error) {
	s := &Session{sched: sched, store: store, opt: opt, acts: make(map[string]bool), had: make(map[deck.CardID]bool)}
	if err := s.load(ctx, now); err != nil {
		return nil, err
	}
	if opt.Cram {
		s.beginCram(now)
	}
	s.draw(now)
	return s, nil
}

// Phase returns what is on show.
func (s *Session) Phase() Phase { return s.phase }

// Current returns the card on show, in phases Asking and Showing.
func (s *Session) Current() (Item, bool) {
	return s.current, s.phase == Asking || s.phase == Showing
}

// Counts returns what is left, the card on show included.
func (s *Session) Counts() Counts {
	if s.opt.Cram {
		return Counts{Due: len(s.cramLeft())}
	}
	c := Counts{Learning: len(s.queue.Learning) + len(s.queue.Soon)}
	for _, it := range s.queue.Main {
		if it.Memory.State == New {
			c.New++
		} else {
			c.Due++
		}
	}
	return c
}

// Left estimates the time that the rest takes, from the user's own answers.
func (s *Session) Left() time.Duration {
	if s.opt.Cram {
		return Queue{Main: s.cramLeft()}.Left(s.snap.Pace)
	}
	return s.queue.Left(s.snap.Pace)
}

// Backlog returns how many due reviews today's limit leaves for other days.
func (s *Session) Backlog() int { return s.queue.Backlog }

// Cram reports whether this session records no answers.
func (s *Session) Cram() bool { return s.opt.Cram }

// Spent reports whether this run ended at its own bound, so that cards may be
// left for another.
func (s *Session) Spent() bool {
	return s.opt.Limit > 0 && s.tally.Answers >= s.opt.Limit || s.opt.Time > 0 && s.tally.Time >= s.opt.Time
}

// Ahead returns for how many days ahead a session of the same posts and tags
// must be, to have the review that comes next after those that this one asks
// for; 0 where none would come.
func (s *Session) Ahead(ctx context.Context, now time.Time) (days int, err error) {
	snap, err := s.store.Load(ctx, Query{Now: now, Posts: s.opt.Posts, Tags: s.opt.Tags, Topic: s.opt.Topic, Ahead: s.opt.Ahead, Next: true})
	if err != nil {
		return 0, fmt.Errorf("find the next review: %w", err)
	}
	set, today := s.sched.Settings(), s.sched.Day(now)
	if snap.Today.Reviews >= set.ReviewsPerDay {
		return 0, nil
	}
	for _, it := range snap.Items {
		m, next := it.Memory, int(it.Memory.DueDay-today)
		switch {
		case m.State != Review || next <= s.opt.Ahead || m.Suspended || m.BuriedDay == today:
		case set.BurySiblings && siblingMet(snap.Seen, it.Card):
		case days == 0 || next < days:
			days = next
		}
	}
	return days, nil
}

// DayOver reports whether the minutes that the user has for a day are over, so
// that cards may be left for another.
func (s *Session) DayOver() bool {
	set := s.sched.Settings()
	return set.MinutesPerDay > 0 && s.snap.Today.Spent >= time.Duration(set.MinutesPerDay)*time.Minute
}

// Tally returns what the session has done so far.
func (s *Session) Tally() Tally { return s.tally }

// WaitUntil returns when the next learning card is due, in phase Waiting.
func (s *Session) WaitUntil() time.Time {
	if s.phase != Waiting {
		return time.Time{}
	}
	return s.queue.Soon[0].Memory.DueAt
}

// Tick leaves phase Waiting once a card is due; early takes the learning cards
// that are waiting now, one after the other, without a further wait. In any
// other phase it does nothing.
func (s *Session) Tick(now time.Time, early bool) {
	if s.phase != Waiting {
		return
	}
	s.arrange(now)
	if early {
		s.hurried = make(map[deck.CardID]time.Time, len(s.queue.Soon))
		for _, it := range s.queue.Soon {
			s.hurried[it.Card] = it.Memory.DueAt
		}
	}
	s.pick(now)
}

// Reveal shows the answer and returns what each button would do, by rating.
// A second call returns the same again.
func (s *Session) Reveal(now time.Time) ([4]Outcome, error) {
	if s.phase != Asking && s.phase != Showing {
		return [4]Outcome{}, ErrNoCard
	}
	s.phase = Showing
	return s.sched.Preview(s.current.Card, s.current.Memory, now), nil
}

// Grade records an answer and draws the next card. A row with an id is durable,
// also where drawing the next card failed after it; a cram session records
// nothing, so its rows have none.
func (s *Session) Grade(ctx context.Context, now time.Time, r Rating) (Row, error) {
	switch s.phase {
	case Asking:
		return Row{}, ErrNotShown
	case Done, Waiting:
		return Row{}, ErrNoCard
	}
	entry, memory, err := s.sched.Answer(s.current.Card, s.current.Memory, s.stamp(now), r, now.Sub(s.shown))
	if err != nil {
		return Row{}, err
	}
	row := Row{Entry: entry, Memory: memory, Leech: s.sched.leechAfter(s.current.Memory, r)}
	if s.opt.Cram {
		row = Row{Entry: Entry{Card: entry.Card, Kind: Rate, Rating: r, Took: entry.Took, Before: entry.Before}, Memory: s.current.Memory}
		s.count(row.Entry)
		s.cramNext(now, r)
		return row, nil
	}
	if err := s.record(ctx, now, row); err != nil {
		return Row{}, err
	}
	s.count(entry)
	s.snap.Seen[entry.Card.Note()], s.had[entry.Card] = entry.Card, true
	return row, s.next(ctx, now)
}

// Mark suspends, buries, flags or unflags the card on show. Flagging keeps it
// on show; after the others the next card is drawn. As with Grade, a row with an
// id is durable whatever failed after it.
func (s *Session) Mark(ctx context.Context, now time.Time, k Kind, arg string) (Row, error) {
	it, ok := s.Current()
	if !ok {
		return Row{}, ErrNoCard
	}
	entry, memory, err := s.sched.Act(it.Card, it.Memory, s.stamp(now), k, arg)
	if err != nil {
		return Row{}, err
	}
	row := Row{Entry: entry, Memory: memory}
	if err := s.record(ctx, now, row); err != nil {
		return Row{}, err
	}
	if s.opt.Cram && s.snap.Newest != nil { // another terminal may have undone all there is by now
		s.crammed = append(s.crammed, crammed{item: it, act: entry.Act, at: entry.At})
	}
	if k == Flag || k == Unflag {
		s.current.Memory = memory
		return row, nil
	}
	if s.opt.Cram {
		s.queue.Main = without(s.queue.Main, it.Card)
	}
	return row, s.next(ctx, now)
}

// Skip puts the card on show behind all that could come now. Where nothing
// else could, it is asked again.
func (s *Session) Skip(ctx context.Context, now time.Time) error {
	it, ok := s.Current()
	if !ok {
		return ErrNoCard
	}
	s.skipped = append(slices.DeleteFunc(s.skipped, func(c deck.CardID) bool { return c == it.Card }), it.Card)
	if s.opt.Cram {
		s.queue.Main = append(s.queue.Main[1:], it)
	}
	return s.next(ctx, now)
}

// Undoable returns what Undo would take back, and whether this session did it:
// a front end asks before it takes back something older. It is nil for
// nothing. In a cram session it is the newest thing done in it: a mark, or an
// answer, which has no act; and, after a mark, what another session did since.
func (s *Session) Undoable() (newest *Action, own bool) {
	if s.opt.Cram {
		return s.cramUndoable()
	}
	if s.snap.Newest == nil {
		return nil, false
	}
	return s.snap.Newest, s.acts[s.snap.Newest.Act]
}

// Undo takes back the action that Undoable returns, of this session or an
// older one, and shows its card again, revealed. Where that is no longer the
// newest one it takes back nothing and returns ErrStale, or ErrNothing; it has
// read everything again then, and keeps the card on show if it is still there.
// An answer of a cram session is taken back without the log, which never had it.
func (s *Session) Undo(ctx context.Context, now time.Time) (Action, error) {
	newest, _ := s.Undoable()
	switch {
	case s.opt.Cram && newest == nil:
		return Action{}, ErrNothing
	case s.opt.Cram && newest.Act == "":
		return s.cramBack(*newest, now), nil
	}
	var action Action
	err := ErrStale // with nothing to take back as far as is known
	if newest != nil {
		action, err = s.store.Void(ctx, s.stamp(now), newest.Act)
	}
	if errors.Is(err, ErrStale) || errors.Is(err, ErrNothing) {
		if lerr := s.Reload(ctx, now); lerr != nil {
			return Action{}, lerr
		}
		if s.snap.Newest == nil {
			err = ErrNothing
		}
	}
	if err != nil {
		return Action{}, err
	}
	if n := len(s.crammed); n > 0 && s.crammed[n-1].act == action.Act {
		s.crammed = s.crammed[:n-1]
	}
	if s.acts[action.Act] && action.Kind == Rate {
		s.uncount(action)
		delete(s.had, action.Items[0].Card)
	}
	if err := s.load(ctx, now); err != nil {
		return action, fmt.Errorf("load after undo: %w", err)
	}
	if s.opt.Cram {
		s.cramShow(action.Items[0], now)
		return action, nil
	}
	s.show(action.Items[0], now)
	s.phase = Showing
	return action, nil
}

// Reload reads the cards again, after an edit or a compile, and keeps the card
// on show if it is still there.
func (s *Session) Reload(ctx context.Context, now time.Time) error {
	it, shown := s.Current()
	phase := s.phase
	if err := s.load(ctx, now); err != nil {
		return err
	}
	if i := s.index(it.Card); shown && i >= 0 {
		// The time that went by in an editor is no time to answer.
		s.current, s.phase, s.shown = s.snap.Items[i], phase, now
		s.toFront()
		return nil
	}
	s.draw(now)
	return nil
}

func (s *Session) stamp(now time.Time) Stamp {
	id := s.opt.NewID()
	return Stamp{ID: id, Act: id, Session: s.opt.ID, At: now}
}

func (s *Session) count(e Entry) {
	s.tally.Answers++
	s.tally.ByGrade[e.Rating]++
	s.tally.Time += e.Took
	switch e.Before.State {
	case New:
		s.tally.New++
	case Review:
		s.tally.Reviews++
		if e.Rating > Again {
			s.tally.Passed++
		}
	}
}

// uncount takes an answer of this session back out of the tally; the time was
// spent all the same.
func (s *Session) uncount(a Action) {
	s.tally.Answers--
	s.tally.ByGrade[a.Rating]--
	switch a.Items[0].Memory.State {
	case New:
		s.tally.New--
	case Review:
		s.tally.Reviews--
		if a.Rating > Again {
			s.tally.Passed--
		}
	}
}

func without(items []Item, card deck.CardID) []Item {
	return slices.DeleteFunc(slices.Clone(items), func(it Item) bool { return it.Card == card })
}

// orDefault fills what a new user's log cannot tell yet.
func (p Pace) orDefault() Pace {
	if p.New == 0 {
		p.New = 20 * time.Second
	}
	if p.Learning == 0 {
		p.Learning = 10 * time.Second
	}
	if p.Review == 0 {
		p.Review = 12 * time.Second
	}
	return p
}
