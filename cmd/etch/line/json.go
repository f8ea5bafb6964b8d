package line

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"etch/deck"
	"etch/scheduler"
)

// Clock tells the time. A pretended one can be moved on by an input line.
type Clock interface {
	Now() time.Time
	// MoveTo sets the clock to t, which must not lie before Now. It reports
	// whether it could.
	MoveTo(t time.Time) bool
}

// request is one input line.
type request struct {
	Cmd    string           `json:"cmd"`
	Card   deck.CardID      `json:"card"`
	Rating scheduler.Rating `json:"rating"`
	Reason string           `json:"reason"` // of a flag
	Now    string           `json:"now"`    // RFC 3339, with --now only
}

type cardEvent struct {
	Event    string      `json:"event"`
	Card     deck.CardID `json:"card"`
	Post     string      `json:"post"`
	Title    string      `json:"title"`
	Topic    string      `json:"topic"`
	Kind     deck.Kind   `json:"kind"`
	State    string      `json:"state"`
	Front    string      `json:"front"`
	New      int         `json:"new"`
	Learning int         `json:"learning"`
	Due      int         `json:"due"`
	Minutes  float64     `json:"minutes"`
}

type preview struct {
	Rating   scheduler.Rating `json:"rating"`
	Interval int64            `json:"interval"` // seconds
	Due      string           `json:"due"`
}

type answerEvent struct {
	Event    string      `json:"event"`
	Card     deck.CardID `json:"card"`
	Back     string      `json:"back"`
	Source   string      `json:"source,omitempty"`
	AsOf     string      `json:"as_of,omitempty"`
	Previews []preview   `json:"previews"` // empty in a cram session
}

type recordedEvent struct {
	Event  string           `json:"event"`
	Cmd    string           `json:"cmd"`
	Card   deck.CardID      `json:"card"`
	Rating scheduler.Rating `json:"rating,omitempty"`
	Log    string           `json:"log"` // the row's id; empty for skip, and for an answer of a cram session
	Due    string           `json:"due,omitempty"`
	Leech  bool             `json:"leech,omitempty"`
}

type errorEvent struct {
	Event   string      `json:"event"`
	Code    string      `json:"code"`
	Message string      `json:"message"`
	Card    deck.CardID `json:"card,omitempty"` // on show, if any
}

type doneEvent struct {
	Event   string  `json:"event"`
	Reason  string  `json:"reason"` // empty, quit or input
	Answers int     `json:"answers"`
	Again   int     `json:"again"`
	Hard    int     `json:"hard"`
	Good    int     `json:"good"`
	Easy    int     `json:"easy"`
	New     int     `json:"new"`
	Reviews int     `json:"reviews"`
	Passed  int     `json:"passed"`
	Seconds float64 `json:"seconds"`
	Backlog int     `json:"backlog"`
}

// jsonReview is one JSON session.
type jsonReview struct {
	sess  *scheduler.Session
	cards Cards
	clock Clock
	out   *json.Encoder
	card  deck.Card // on show
}

// JSON runs a session as a protocol: one object a line in both directions. A
// bad line is answered by an error event and changes nothing.
func JSON(ctx context.Context, in io.Reader, out io.Writer, sess *scheduler.Session, cards Cards, clock Clock) error {
	r := &jsonReview{sess: sess, cards: cards, clock: clock, out: NewEncoder(out)}
	input := readLines(ctx, in)
	if more, err := r.ask(ctx); err != nil || !more {
		return err
	}
	for {
		text, ok, err := input.read(ctx)
		switch {
		case errors.Is(err, errTooLong):
			if err := r.fail("bad-line", err); err != nil {
				return err
			}
			return r.done("input") // where the next line begins is unknown
		case err != nil:
			return err
		case !ok:
			return r.done("input")
		case strings.TrimSpace(text) == "":
			continue
		}
		var req request
		if err := json.Unmarshal([]byte(text), &req); err != nil {
			if err := r.fail("bad-line", fmt.Errorf("read the line: %w", err)); err != nil {
				return err
			}
			continue
		}
		if req.Cmd == "quit" {
			return r.done("quit")
		}
		if more, err := r.serve(ctx, req); err != nil || !more {
			return err
		}
	}
}

// serve answers one request. It returns more false once the session is done.
func (r *jsonReview) serve(ctx context.Context, req request) (more bool, err error) {
	if req.Now != "" {
		t, err := time.Parse(time.RFC3339Nano, req.Now)
		if err != nil || !r.clock.MoveTo(t) {
			return true, r.fail("bad-now", errors.New("now must be an RFC 3339 time that is not before the last one, in a run with --now"))
		}
	}
	if req.Card != "" && req.Card != r.card.ID {
		return true, r.fail("wrong-card", scheduler.ErrWrongCard)
	}
	now := r.clock.Now()
	switch req.Cmd {
	case "reveal":
		return true, r.reveal(now)
	case "grade":
		if req.Card == "" {
			return true, r.fail("wrong-card", errors.New("grade must name the card on show"))
		}
		row, err := r.sess.Grade(ctx, now, req.Rating)
		return r.recorded(ctx, req.Cmd, row, err)
	case "undo":
		return r.undo(ctx, now)
	case "skip":
		err := r.sess.Skip(ctx, now)
		return r.recorded(ctx, req.Cmd, scheduler.Row{Entry: scheduler.Entry{Card: r.card.ID}}, err)
	case "bury":
		row, err := r.sess.Mark(ctx, now, scheduler.Bury, "")
		return r.recorded(ctx, req.Cmd, row, err)
	case "suspend":
		row, err := r.sess.Mark(ctx, now, scheduler.Suspend, "")
		return r.recorded(ctx, req.Cmd, row, err)
	case "flag":
		row, err := r.sess.Mark(ctx, now, scheduler.Flag, deck.CleanLine(req.Reason))
		if err != nil {
			return r.recorded(ctx, req.Cmd, row, err)
		}
		return true, r.out.Encode(recordedEvent{Event: "recorded", Cmd: req.Cmd, Card: row.Entry.Card, Log: row.Entry.ID})
	}
	return true, r.fail("bad-command", fmt.Errorf("unknown command %q", deck.CleanLine(req.Cmd)))
}

// ask writes the card on show, or the totals when nothing is left.
func (r *jsonReview) ask(ctx context.Context) (more bool, err error) {
	r.sess.Tick(r.clock.Now(), true)
	it, ok := r.sess.Current()
	if !ok {
		r.card = deck.Card{}
		return false, r.done("empty")
	}
	if r.card, err = r.cards.Card(ctx, it.Card); err != nil {
		return false, err
	}
	n := r.sess.Counts()
	return true, r.out.Encode(cardEvent{
		Event: "card", Card: it.Card, Post: r.card.Post, Title: r.card.Title, Topic: r.card.Topic, Kind: r.card.Kind,
		State: it.Memory.State.String(), Front: deck.Bracketed(r.card.Question),
		New: n.New, Learning: n.Learning, Due: n.Due, Minutes: minutes(r.sess.Left()),
	})
}

func (r *jsonReview) reveal(now time.Time) error {
	outcomes, err := r.sess.Reveal(now)
	if err != nil {
		return r.fail(code(err), err)
	}
	e := answerEvent{Event: "answer", Card: r.card.ID, Back: deck.Bracketed(r.card.Answer), Source: r.card.Source, AsOf: r.card.AsOf, Previews: []preview{}}
	for _, o := range outcomes {
		if !r.sess.Cram() { // which changes no schedule
			e.Previews = append(e.Previews, preview{Rating: o.Rating, Interval: seconds(o.Interval), Due: due(o.Decision, now.Location())})
		}
	}
	return r.out.Encode(e)
}

// stale says that another program was quicker, then shows the card that is on
// show now.
func (r *jsonReview) stale(ctx context.Context, err error) (more bool, _ error) {
	if err := r.fail("stale", err); err != nil {
		return false, err
	}
	return r.ask(ctx)
}

// recorded acknowledges what is durable now, then shows the next card.
func (r *jsonReview) recorded(ctx context.Context, cmd string, row scheduler.Row, err error) (more bool, _ error) {
	if errors.Is(err, scheduler.ErrStale) {
		return r.stale(ctx, err)
	}
	if err != nil {
		return true, r.refuse(err)
	}
	e := recordedEvent{Event: "recorded", Cmd: cmd, Card: row.Entry.Card, Rating: row.Entry.Rating, Log: row.Entry.ID, Leech: row.Leech}
	if row.Entry.Kind == scheduler.Rate && row.Entry.ID != "" {
		e.Due = due(row.Entry.Then, r.clock.Now().Location())
	}
	if err := r.out.Encode(e); err != nil {
		return false, err
	}
	return r.ask(ctx)
}

func (r *jsonReview) undo(ctx context.Context, now time.Time) (more bool, err error) {
	a, err := r.sess.Undo(ctx, now)
	if errors.Is(err, scheduler.ErrStale) {
		return r.stale(ctx, err)
	}
	if err != nil {
		if err := r.refuse(err); err != nil {
			return false, err
		}
		if it, ok := r.sess.Current(); ok && it.Card == r.card.ID {
			return true, nil
		}
		return r.ask(ctx) // it read everything again
	}
	err = r.out.Encode(recordedEvent{Event: "recorded", Cmd: "undo", Card: a.Items[0].Card, Rating: a.Rating, Log: a.Log})
	if err != nil {
		return false, err
	}
	if more, err = r.ask(ctx); err != nil || !more {
		return more, err
	}
	return true, r.reveal(now)
}

// refuse answers what the session would not do; any other error ends it.
func (r *jsonReview) refuse(err error) error {
	if c := code(err); c != "" {
		return r.fail(c, err)
	}
	return err
}

func code(err error) string {
	for _, known := range []struct {
		err  error
		code string
	}{
		{scheduler.ErrNotShown, "not-shown"},
		{scheduler.ErrNoCard, "no-card"},
		{scheduler.ErrNothing, "nothing-to-undo"},
		{scheduler.ErrRating, "bad-rating"},
		{scheduler.ErrNoChange, "no-change"},
	} {
		if errors.Is(err, known.err) {
			return known.code
		}
	}
	return ""
}

func (r *jsonReview) fail(code string, err error) error {
	return r.out.Encode(errorEvent{Event: "error", Code: code, Message: err.Error(), Card: r.card.ID})
}

func (r *jsonReview) done(reason string) error {
	t := r.sess.Tally()
	return r.out.Encode(doneEvent{
		Event: "done", Reason: reason, Answers: t.Answers,
		Again: t.ByGrade[scheduler.Again], Hard: t.ByGrade[scheduler.Hard], Good: t.ByGrade[scheduler.Good], Easy: t.ByGrade[scheduler.Easy],
		New: t.New, Reviews: t.Reviews, Passed: t.Passed, Seconds: t.Time.Seconds(), Backlog: r.sess.Backlog(),
	})
}

// seconds converts an interval: days when positive, seconds when negative.
func seconds(interval int) int64 {
	if interval < 0 {
		return int64(-interval)
	}
	return int64(interval) * 86400
}

func minutes(d time.Duration) float64 { return float64(d.Round(6*time.Second)) / float64(time.Minute) }
