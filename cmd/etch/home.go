package main

import (
	"cmp"
	"context"
	"fmt"
	"sort"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"
	"github.com/spf13/cobra"

	"etch/cmd/etch/tui"
	"etch/deck"
	"etch/scheduler"
	"etch/storage"
)

// today is what the home shows.
type today struct {
	Schema   string       `json:"schema"`
	Day      string       `json:"day"`
	New      int          `json:"new"`
	Learning int          `json:"learning"`
	Due      int          `json:"due"`
	Minutes  float64      `json:"minutes"`
	Waiting  int          `json:"waiting"` // due reviews beyond today's limit
	Done     int          `json:"done"`    // answers today
	Studied  int          `json:"studied"` // of the last 14 study days
	Topics   []topicToday `json:"topics"`
	Next     *nextPost    `json:"next_post,omitempty"`
	NextDue  string       `json:"next_due,omitempty"` // when nothing is left

	eve bool // the interview is so near that no new cards come
}

type topicToday struct {
	Topic string `json:"topic"`
	Posts int    `json:"posts"`
	Cards int    `json:"cards"`
	Seen  int    `json:"seen"`
	Due   int    `json:"due"`
}

type nextPost struct {
	Post   string `json:"post"`
	Title  string `json:"title"`
	Unseen int    `json:"unseen"` // core cards that are still new
	Opened bool   `json:"opened"` // some of its core cards were seen

	Minutes int `json:"minutes"` // to read it; 0 when not known
}

// runHome shows today: what waits, how long it takes, and what comes next.
func runHome(ctx context.Context, a *app) error {
	store, err := a.open(ctx, looking)
	if err != nil {
		return err
	}
	if a.hasScreen() {
		return a.runScreens(ctx, store, tui.NewHome)
	}
	t, err := loadToday(ctx, a, store)
	if err != nil {
		return err
	}
	if a.flags.json {
		return a.encode(t)
	}
	_, err = fmt.Fprint(a.out, t.text())
	return err
}

func loadToday(ctx context.Context, a *app, store *storage.Store) (today, error) {
	now := a.now()
	sched := store.Scheduler()
	sess, err := scheduler.NewSession(ctx, sched, store, a.sessionOptions(), now)
	if err != nil {
		return today{}, err
	}
	day := sched.Day(now)
	posts, err := store.Posts(ctx, day)
	if err != nil {
		return today{}, err
	}
	studied, answers, err := store.Studied(ctx, day-13, day)
	if err != nil {
		return today{}, err
	}
	n := sess.Counts()
	t := today{
		Schema: "etch.home/1", Day: day.String(), New: n.New, Learning: n.Learning, Due: n.Due,
		Minutes: minutes(sess.Left()), Waiting: sess.Backlog(), Done: answers, Studied: studied,
		Topics: byTopic(posts), Next: upNext(ctx, store, posts),
		eve: sched.Settings().InterviewNear(day),
	}
	if n == (scheduler.Counts{}) {
		t.NextDue, err = nextDue(ctx, store, now)
	}
	return t, err
}

// nextDue tells when the next card is due once nothing is left: a day, or an
// instant for a card in a learning step; "" when none ever is.
func nextDue(ctx context.Context, store *storage.Store, now time.Time) (string, error) {
	at, day, err := store.NextDue(ctx, now)
	switch {
	case err != nil:
		return "", err
	case !at.IsZero():
		return at.In(now.Location()).Format(time.RFC3339), nil
	case day != 0:
		return day.String(), nil
	}
	return "", nil
}

func minutes(d time.Duration) float64 { return float64(d.Round(6*time.Second)) / float64(time.Minute) }

func byTopic(posts []storage.PostRow) []topicToday {
	at := make(map[string]int)
	topics := []topicToday{}
	for _, p := range posts {
		if p.Cards == 0 {
			continue
		}
		i, ok := at[p.Topic]
		if !ok {
			i = len(topics)
			at[p.Topic] = i
			topics = append(topics, topicToday{Topic: p.Topic})
		}
		topics[i].Posts++
		topics[i].Cards += p.Cards
		topics[i].Seen += p.Seen
		topics[i].Due += p.Due
	}
	sort.Slice(topics, func(i, j int) bool {
		return cmp.Or(cmp.Compare(topics[j].Due, topics[i].Due), cmp.Compare(topics[i].Topic, topics[j].Topic)) < 0
	})
	return topics
}

// upNext is the post whose core cards come next.
func upNext(ctx context.Context, store *storage.Store, posts []storage.PostRow) *nextPost {
	var best *storage.PostRow
	for i, p := range posts {
		if p.Order > 0 && (best == nil || p.Order < best.Order) {
			best = &posts[i]
		}
	}
	if best == nil {
		return nil
	}
	next := &nextPost{Post: best.Slug, Title: best.Title, Unseen: best.Core - best.CoreSeen, Opened: best.CoreSeen > 0}
	if post, err := readPost(ctx, store, best.Slug); err == nil {
		next.Minutes = post.Minutes()
	}
	return next
}

// text is the home as a person reads it.
func (t today) text() string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	left := t.New + t.Learning + t.Due
	switch {
	case left > 0:
		line("Today: %s, about %s (%d new, %d learning, %d due)", count(left, "card"), aboutMinutes(t.Minutes), t.New, t.Learning, t.Due)
	case t.NextDue != "":
		line("Today: all done. The next card is due %s.", aboutDue(t.NextDue))
	case t.Next == nil && len(t.Topics) == 0:
		line("Today: no cards yet. 'etch compile DIR' adds a folder of posts.")
	default:
		line("Today: all done.")
	}
	if t.Waiting > 0 {
		line("%d more reviews wait for other days.", t.Waiting)
	}
	if t.Done > 0 || t.Studied > 0 {
		line("%s so far today; studied on %d of the last 14 days.", count(t.Done, "answer"), t.Studied)
	}
	if t.eve {
		line("No new cards so near the interview: 'etch review --cram' asks the weakest,\n'etch read POST --takeaways' sums a post up.")
	}
	if t.Next != nil {
		verb := "Next post"
		if t.Next.Opened {
			verb = "Open post"
		}
		line("%s", broken(fmt.Sprintf("%s: %s. 'etch read %s' (%d min), then its %s.", verb, deck.CleanLine(t.Next.Title), deck.CleanLine(t.Next.Post), t.Next.Minutes, count(t.Next.Unseen, "core card")), 80))
	}
	if len(t.Topics) > 0 {
		line("")
		line("%-24s %5s %6s %6s", "topic", "due", "seen", "cards")
		for _, topic := range t.Topics {
			line("%-24s %5d %6d %6d", fitColumn(orDash(topic.Topic), 24), topic.Due, topic.Seen, topic.Cards)
		}
	}
	line("")
	line("'etch review' studies, 'etch posts' lists what there is, 'etch help' the rest.")
	return b.String()
}

// broken breaks text at blanks into lines of at most width columns; a word that
// is longer stays whole, so that it can be copied.
func broken(text string, width int) string {
	var b strings.Builder
	at := 0
	for i, word := range strings.Fields(text) {
		w := ansi.StringWidth(word)
		switch {
		case i == 0:
		case at+1+w > width:
			b.WriteByte('\n')
			at = 0
		default:
			b.WriteByte(' ')
			at++
		}
		b.WriteString(word)
		at += w
	}
	return b.String()
}

// aboutDue writes an instant as a person would, to the minute; a day stays.
func aboutDue(due string) string {
	if at, err := time.Parse(time.RFC3339, due); err == nil {
		return at.Format("2006-01-02 15:04")
	}
	return due
}

func newDueCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "due",
		Short: "Print how many cards a review would show now",
		Long: `Due prints one number: what 'etch review' would show now, within today's
limits. It only reads, creates nothing, and prints 0 without a database, so it
is safe in a shell prompt.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return runDue(cmd.Context(), a) },
	}
}

func runDue(ctx context.Context, a *app) error {
	type due struct {
		Schema   string `json:"schema"`
		Total    int    `json:"total"`
		New      int    `json:"new"`
		Learning int    `json:"learning"`
		Due      int    `json:"due"`
	}
	d := due{Schema: "etch.due/1"}
	store, err := a.open(ctx, peeking)
	switch {
	case isNotFound(err):
	case err != nil:
		return err
	default:
		sess, err := scheduler.NewSession(ctx, store.Scheduler(), store, a.sessionOptions(), a.now())
		if err != nil {
			return err
		}
		n := sess.Counts()
		d.New, d.Learning, d.Due = n.New, n.Learning, n.Due
		d.Total = n.New + n.Learning + n.Due
	}
	if a.flags.json {
		return a.encode(d)
	}
	_, err = fmt.Fprintln(a.out, d.Total)
	return err
}
