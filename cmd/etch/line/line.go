// Package line reviews in lines: plain text for pipes, dumb terminals and
// screen readers, and JSON for editors and scripts. Both drive the same
// scheduler.Session and add no rules of their own. Neither grades anything
// without a line that says so; the end of the input ends the session.
package line

import (
	"bufio"
	"context"
	"errors"
	"io"
	"time"

	"etch/deck"
	"etch/scheduler"
)

// Cards gives a session's cards their text.
type Cards interface {
	Card(ctx context.Context, id deck.CardID) (deck.Card, error)
	// Passage returns the prose of the post that the card comes from.
	Passage(ctx context.Context, id deck.CardID) (string, error)
}

// maxLine is how long an input line may be, in bytes.
const maxLine = 64 << 10

// errTooLong is the error of an input line over maxLine.
var errTooLong = errors.New("an input line is over 64 KiB")

// lines reads input lines in the background, so that an interrupt ends a
// session that waits for one. The channel closes at the end of the input;
// then err tells why.
type lines struct {
	next chan string
	err  error
}

func readLines(ctx context.Context, in io.Reader) *lines {
	l := &lines{next: make(chan string)}
	go func() {
		defer close(l.next)
		scan := bufio.NewScanner(in)
		scan.Buffer(make([]byte, 0, 4096), maxLine)
		for scan.Scan() {
			select {
			case l.next <- scan.Text():
			case <-ctx.Done():
				return
			}
		}
		if l.err = scan.Err(); errors.Is(l.err, bufio.ErrTooLong) {
			l.err = errTooLong
		}
	}()
	return l
}

// read returns the next line, or ok false at the end of the input.
func (l *lines) read(ctx context.Context) (text string, ok bool, err error) {
	select {
	case text, ok = <-l.next:
		if !ok {
			return "", false, l.err
		}
		return text, true, nil
	case <-ctx.Done():
		return "", false, ctx.Err()
	}
}

// parseRating reads a rating as a digit or a word.
func parseRating(text string) (scheduler.Rating, bool) {
	for _, r := range scheduler.Ratings {
		if text == r.String() || text == string(rune('0'+int(r))) {
			return r, true
		}
	}
	return 0, false
}

// due tells when a card comes back: a study day, or an instant for a card in
// a learning step.
func due(d scheduler.Decision, zone *time.Location) string {
	if d.State == scheduler.Review {
		return d.DueDay.String()
	}
	return d.DueAt.In(zone).Format(time.RFC3339)
}
