package line

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"etch/deck"
	"etch/scheduler"
)

// width is where plain text wraps, in columns.
const width = 76

const plainHelp = `Enter or show: the answer. 1 again, 2 hard, 3 good, 4 easy. u undo, s skip,
w why, - bury until tomorrow, @ suspend, * mark "fix me", q quit.`

// plainReview is one plain session.
type plainReview struct {
	sess    *scheduler.Session
	cards   Cards
	now     func() time.Time
	out     io.Writer
	err     error     // of the first write that failed
	card    deck.Card // on show
	confirm bool      // the next line says whether to undo something older
}

// Plain runs a session in plain text: one event a paragraph, no colour, no
// box drawing. An empty line reveals and never grades.
func Plain(ctx context.Context, in io.Reader, out io.Writer, sess *scheduler.Session, cards Cards, now func() time.Time) error {
	p := &plainReview{sess: sess, cards: cards, now: now, out: out}
	input := readLines(ctx, in)
	if _, ok := sess.Current(); ok {
		p.print(plainHelp)
		if sess.Cram() {
			p.print("A cram: answers are not recorded.")
		}
	}
	more, err := p.ask(ctx)
	for err == nil && more && p.err == nil {
		text, ok, rerr := input.read(ctx)
		if rerr != nil {
			return rerr
		}
		if !ok {
			break
		}
		more, err = p.serve(ctx, strings.TrimSpace(text))
	}
	if err == nil {
		p.summary()
	}
	return errors.Join(err, p.err)
}

func (p *plainReview) print(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.out, format+"\n", args...)
	}
}

// serve answers one line. It returns more false once the session ends.
func (p *plainReview) serve(ctx context.Context, text string) (more bool, err error) {
	now := p.now()
	if p.confirm {
		p.confirm = false
		if text == "y" || text == "yes" {
			return p.undo(ctx, now)
		}
		p.print("Nothing was undone.")
		return p.resume(ctx)
	}
	if r, ok := parseRating(text); ok {
		row, err := p.sess.Grade(ctx, now, r)
		return p.recorded(ctx, row, err)
	}
	switch text {
	case "", "show":
		return true, p.reveal(now)
	case "q", "quit":
		return false, nil
	case "u", "undo":
		return p.askUndo(ctx, now)
	case "s", "skip":
		if err := p.sess.Skip(ctx, now); err != nil {
			return true, p.refuse(err)
		}
		if it, ok := p.sess.Current(); ok && it.Card == p.card.ID {
			p.print("No other card is ready.")
		} else {
			p.print("Skipped: it comes later in this session.")
		}
		return p.ask(ctx)
	case "-", "bury":
		row, err := p.sess.Mark(ctx, now, scheduler.Bury, "")
		return p.recorded(ctx, row, err)
	case "@", "suspend":
		row, err := p.sess.Mark(ctx, now, scheduler.Suspend, "")
		return p.recorded(ctx, row, err)
	case "*", "flag":
		if _, err := p.sess.Mark(ctx, now, scheduler.Flag, ""); err != nil {
			return true, p.refuse(err)
		}
		p.print(`Marked "fix me": 'etch cards is:flagged' lists the marked cards.`)
		return true, nil
	case "w", "why":
		return p.why(ctx, now)
	case "?", "help":
		p.print(plainHelp)
		return true, nil
	}
	p.print("%q is no command; ? lists them.", deck.CleanLine(text))
	return true, nil
}

// ask shows the next question.
func (p *plainReview) ask(ctx context.Context) (more bool, err error) {
	p.sess.Tick(p.now(), true)
	it, ok := p.sess.Current()
	if !ok {
		return false, nil
	}
	if p.card, err = p.cards.Card(ctx, it.Card); err != nil {
		return false, err
	}
	n := p.sess.Counts()
	p.print("\n[%s] new %d, learning %d, due %d, about %s", breadcrumb(p.card), n.New, n.Learning, n.Due, about(p.sess.Left()))
	p.print("%s", Side("Q", p.card.Question, width))
	return true, nil
}

// resume goes on after the session may have read everything again: it shows
// the next question unless the card on show stayed.
func (p *plainReview) resume(ctx context.Context) (more bool, err error) {
	if it, ok := p.sess.Current(); ok && it.Card == p.card.ID {
		return true, nil
	}
	return p.ask(ctx)
}

func (p *plainReview) reveal(now time.Time) error {
	if p.sess.Phase() == scheduler.Showing {
		p.print("Grade it: 1 again, 2 hard, 3 good, 4 easy.")
		return nil
	}
	outcomes, err := p.sess.Reveal(now)
	if err != nil {
		return p.refuse(err)
	}
	p.answer(outcomes)
	return nil
}

func (p *plainReview) answer(outcomes [4]scheduler.Outcome) {
	p.print("%s", Side("A", p.card.Answer, width))
	if source := reference(p.card); source != "" {
		p.print("   (%s)", source)
	}
	buttons := make([]string, len(outcomes))
	for i, o := range outcomes {
		buttons[i] = fmt.Sprintf("%d %s", o.Rating, o.Rating)
		if !p.sess.Cram() { // which changes no schedule
			buttons[i] += " " + scheduler.Span(o.Interval)
		}
	}
	p.print("%s", strings.Join(buttons, ", "))
}

func (p *plainReview) recorded(ctx context.Context, row scheduler.Row, err error) (more bool, _ error) {
	if errors.Is(err, scheduler.ErrStale) {
		p.print("That card was already answered elsewhere; nothing was recorded.")
		return p.ask(ctx)
	}
	if err != nil {
		return true, p.refuse(err)
	}
	switch row.Entry.Kind {
	case scheduler.Bury:
		p.print("Buried until tomorrow.")
	case scheduler.Suspend:
		p.print("Suspended: 'etch card resume %s' brings it back.", row.Entry.Card)
	case scheduler.Rate:
		if row.Entry.ID == "" {
			p.print("%s (not recorded)", row.Entry.Rating)
			break
		}
		p.print("%s: back in %s (%s)", row.Entry.Rating, scheduler.Span(row.Entry.Then.Interval), when(row.Entry.Then, p.now().Location()))
		if row.Leech {
			p.print("A leech: it was forgotten %d times. 'etch edit %s' rewords it; @ suspends it.", row.Memory.Lapses, row.Entry.Card)
		}
	}
	return p.ask(ctx)
}

// askUndo takes back this session's actions at once and asks about older ones.
func (p *plainReview) askUndo(ctx context.Context, now time.Time) (more bool, err error) {
	a, own := p.sess.Undoable()
	if a == nil || own {
		return p.undo(ctx, now)
	}
	p.confirmUndo(*a, now)
	return true, nil
}

func (p *plainReview) confirmUndo(a scheduler.Action, now time.Time) {
	p.confirm = true
	what := string(a.Kind)
	if a.Kind == scheduler.Rate {
		what = a.Rating.String()
	}
	p.print("Undo %q on %s of %s? (y/n)", what, a.Items[0].Card, a.At.In(now.Location()).Format("Mon 2 Jan 15:04"))
}

func (p *plainReview) undo(ctx context.Context, now time.Time) (more bool, err error) {
	_, err = p.sess.Undo(ctx, now)
	if errors.Is(err, scheduler.ErrStale) {
		newest, _ := p.sess.Undoable()
		p.print("Another etch was quicker.")
		p.confirmUndo(*newest, now)
		return true, nil
	}
	if err != nil {
		if err := p.refuse(err); err != nil {
			return true, err
		}
		return p.resume(ctx)
	}
	p.print("Undone.")
	return p.again(ctx, now)
}

// again shows the card on show with its answer.
func (p *plainReview) again(ctx context.Context, now time.Time) (more bool, err error) {
	if more, err = p.ask(ctx); err != nil || !more {
		return more, err
	}
	outcomes, err := p.sess.Reveal(now)
	if err != nil {
		return false, err
	}
	p.answer(outcomes)
	return true, nil
}

func (p *plainReview) why(ctx context.Context, now time.Time) (more bool, err error) {
	if p.sess.Phase() != scheduler.Showing {
		return true, p.refuse(scheduler.ErrNotShown)
	}
	text, err := p.cards.Passage(ctx, p.card.ID)
	switch {
	case ctx.Err() != nil:
		return false, ctx.Err()
	case err != nil:
		p.print("The passage could not be read: %s.", deck.CleanLine(err.Error()))
		return p.again(ctx, now)
	}
	if p.card.Why != "" {
		p.print("%s", deck.CleanLine(p.card.Why))
	}
	p.print("%s", strings.Join(deck.Render(text, width, deck.Plain), "\n"))
	return true, nil
}

// refuse says what the session would not do; any other error ends it.
func (p *plainReview) refuse(err error) error {
	switch {
	case errors.Is(err, scheduler.ErrNotShown):
		p.print("Show the answer first: an empty line or 'show'.")
	case code(err) != "":
		p.print("%s.", err)
	default:
		return err
	}
	return nil
}

func (p *plainReview) summary() {
	t := p.sess.Tally()
	switch {
	case p.sess.Phase() != scheduler.Done:
	case p.sess.Cram() && p.sess.Spent(): // 'etch undo' would take back an answer of before
		p.print("\nThat was this run's limit.")
	case p.sess.Cram() && t.Answers > 0:
		p.print("\nThe cram is over; its answers were not recorded.")
	case p.sess.Spent():
		p.print("\nThat was this run's limit; 'etch undo' takes back the last answer.")
	case t.Answers == 0:
		p.print("\nNothing is left for now; 'etch' says when to come back.")
	default:
		p.print("\nNothing is left for now; 'etch' says when to come back, 'etch undo' takes back the last answer.")
	}
	if t.Answers > 0 {
		p.print("Answers %d, of which again %d; %s.", t.Answers, t.ByGrade[scheduler.Again], about(t.Time))
	}
	if n := p.sess.Backlog(); n > 0 {
		p.print("%d more reviews wait for other days.", n)
	}
}

// when tells a person when a card comes back.
func when(d scheduler.Decision, zone *time.Location) string {
	if d.State == scheduler.Review {
		return d.DueDay.Date().Format("Mon 2 Jan 2006")
	}
	return d.DueAt.In(zone).Format("15:04")
}

func breadcrumb(c deck.Card) string {
	title := deck.CleanLine(c.Title)
	if c.Topic == "" || c.Topic == c.Title {
		return title
	}
	topic := deck.CleanLine(c.Topic)
	return topic + " > " + deck.TitleBelow(topic, title)
}

// reference is the line below an answer: where it comes from and when that
// was checked.
func reference(c deck.Card) string {
	parts := make([]string, 0, 2)
	if c.Source != "" {
		parts = append(parts, deck.CleanLine(c.Source))
	}
	if c.AsOf != "" {
		parts = append(parts, "checked "+deck.CleanLine(c.AsOf))
	}
	return strings.Join(parts, "; ")
}

// Side draws one side of a card in lines of at most width columns: the letter
// that names it, a colon, and the Markdown beside them.
func Side(letter, md string, width int) string {
	lines := deck.Render(md, width-3, deck.Plain)
	for i := range lines {
		if i > 0 && lines[i] != "" {
			lines[i] = "   " + lines[i]
		}
	}
	return letter + ": " + strings.Join(lines, "\n")
}

// about rounds a time to minutes as a person would say it.
func about(d time.Duration) string {
	if d < time.Minute {
		return fmt.Sprintf("%d s", int(d.Seconds()))
	}
	return fmt.Sprintf("%d min", int((d + 30*time.Second).Minutes()))
}
