package tui

import (
	"cmp"
	"fmt"
	"slices"
	"sort"
	"strings"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/x/ansi"

	"etch/deck"
)

// topicChoice is the topic that a review is narrowed to; "" for what it was
// opened for.
type topicChoice struct{ topic string }

// topicRow is one line of the filter. Its figures are those of the posts of a
// topic, which is also what choosing it asks for: a tag is more than a topic.
type topicRow struct {
	topic        string // "" for what the review was opened for
	name         string
	back, unseen int  // cards in learning or due, and never answered
	uncounted    bool // there are no figures
}

// openFilter offers the topics.
func (r *review) openFilter() tea.Cmd {
	home, err := r.env.Posts.Home(r.env.Ctx)
	if err != nil {
		r.warn("The topics could not be read: %v.", err)
		return nil
	}
	rows := topicRows(home.Posts, r.asked.Posts)
	if len(r.asked.Tags) > 0 { // of cards, which the posts do not count
		rows[0].name, rows[0].uncounted = strings.Join(r.asked.Tags, ", "), true
	}
	return r.leave(open(newFilter(r.env, rows, r.opt.Topic)))
}

// filter goes on with one topic, which takes the place of tags, or with what
// the review was opened for.
func (r *review) filter(choice topicChoice) tea.Cmd {
	opt := r.asked
	// What runs now may have been begun at the end of another: a cram must not
	// turn into a review that records, nor the other way round.
	opt.Cram, opt.Ahead = r.opt.Cram, r.opt.Ahead
	if choice.topic != "" {
		opt.Topic, opt.Tags = choice.topic, nil
	}
	before := r.sess
	cmd := r.start(opt)
	switch {
	case r.sess == before: // it failed, and said so
	case choice.topic == "" && r.subject() == "":
		r.say("All topics.")
	case choice.topic == "":
		r.say("Only %s.", r.subject())
	default:
		r.say("Only %s. / leads back.", r.subject())
	}
	return cmd
}

// topicRows sums posts up by topic, the topics with most to come first, below
// a row for all of them; only those of some posts, if any are named.
func topicRows(posts []PostLine, slugs []string) []topicRow {
	rows := []topicRow{{name: "all topics"}}
	at := make(map[string]int)
	for _, p := range posts {
		if len(slugs) > 0 && !slices.Contains(slugs, p.Slug) {
			continue
		}
		rows[0].back += p.Due
		rows[0].unseen += p.Cards - p.Seen
		if p.Topic == "" {
			continue
		}
		i, ok := at[p.Topic]
		if !ok {
			i = len(rows)
			at[p.Topic] = i
			rows = append(rows, topicRow{topic: p.Topic, name: p.Topic})
		}
		rows[i].back += p.Due
		rows[i].unseen += p.Cards - p.Seen
	}
	topics := rows[1:]
	sort.Slice(topics, func(i, j int) bool {
		return cmp.Or(cmp.Compare(topics[j].back, topics[i].back), cmp.Compare(topics[i].topic, topics[j].topic)) < 0
	})
	return rows
}

// filter is the screen that chooses a topic.
type filter struct {
	env     Env
	rows    []topicRow
	current string // the topic in force
	at      int    // the row of the cursor
	room    int    // rows that show
	burst   burst
}

func newFilter(env Env, rows []topicRow, current string) screen {
	f := &filter{env: env, rows: rows, current: current}
	f.at = max(0, slices.IndexFunc(rows, func(r topicRow) bool { return r.topic == current }))
	return f
}

func (f *filter) update(msg tea.Msg) (screen, tea.Cmd) {
	key, ok := msg.(tea.KeyMsg)
	if !ok {
		return f, nil
	}
	k, _ := keyName(key)
	if f.burst.drops(k, f.env.Now()) {
		return f, nil
	}
	switch k {
	case "ctrl+c", "ctrl+d":
		return f, tea.Quit
	case "esc", "q", "/":
		return f, back(nil)
	case "j", "down":
		f.at++
	case "k", "up":
		f.at--
	case "pgdown":
		f.at += max(1, f.room)
	case "pgup":
		f.at -= max(1, f.room)
	case "home":
		f.at = 0
	case "end":
		f.at = len(f.rows) - 1
	case "enter", " ":
		return f, back(topicChoice{f.rows[f.at].topic})
	}
	f.at = max(0, min(f.at, len(f.rows)-1))
	return f, nil
}

func (f *filter) view(width, height int) string {
	fr := newFrame(width, height)
	style := f.env.Style
	head := []string{fr.rule(style, "review one topic", "")}
	foot := []string{fr.line(hints(style, fr.inner(), hint{"Enter", "choose"}, hint{"j k", "move"}, hint{"Esc", "back"}))}
	f.room = max(1, fr.room(head, foot)-1)
	top := max(0, min(f.at-f.room/2, len(f.rows)-f.room)) // the cursor stays in sight
	body := []string{fr.indent + style.dim(f.columns(fr, "", "learn+due", "unseen"))}
	for i := top; i < min(len(f.rows), top+f.room); i++ {
		row := f.rows[i]
		body = append(body, f.row(fr, i == f.at, row))
	}
	return fr.screen(head, body, foot)
}

// row is one topic; the cursor is an arrow, and reversed where there is colour.
func (f *filter) row(fr frame, here bool, row topicRow) string {
	name := deck.CleanLine(row.name)
	if row.topic == f.current {
		name += " (now)"
	}
	back, unseen := fmt.Sprint(row.back), fmt.Sprint(row.unseen)
	if row.uncounted {
		back, unseen = "", ""
	}
	line := strings.TrimRight(f.columns(fr, name, back, unseen), " ")
	if here {
		return f.env.Style.bold(padded(">", len(fr.indent)) + line)
	}
	return fr.indent + line
}

func (f *filter) columns(fr frame, name, back, unseen string) string {
	width := max(4, min(fr.text(), 49)-17)
	return fmt.Sprintf("%s %9s %6s", padded(ansi.Truncate(name, width, "…"), width), back, unseen)
}
