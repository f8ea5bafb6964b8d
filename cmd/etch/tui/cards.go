package tui

import (
	"errors"
	"fmt"

	"github.com/charmbracelet/bubbles/cursor"
	"github.com/charmbracelet/bubbles/textinput"
	tea "github.com/charmbracelet/bubbletea"

	"etch/scheduler"
)

// cards is the browser: a query, the cards that it finds, and the one under
// the cursor in full. What was found is held as it is; only the rows and the
// card that show are ever drawn, so that ten thousand cards are as quick as
// ten.
//
//	cards.go       what is found, and what each key does
//	cards_view.go  the screen
//	cards_list.go  the cursor and the rows
type cards struct {
	env   Env
	query string
	found []Found
	wrong error // why the query finds nothing
	set   scheduler.Settings
	today scheduler.Day

	list   list
	pane   pane
	whole  bool // the card takes the whole screen
	typing bool // the query is being edited
	input  textinput.Model
	forget bool // the user is asked whether to forget the card

	burst  burst
	notice notice
	marked bool // something was recorded
}

// cardsHelpLine is what a query can hold.
const cardsHelpLine = "tag:T post:P tier:core is:due (new learning review leech flagged suspended buried stale), text, and -word for the opposite"

// NewCards browses the cards that match the query; the empty one matches all.
func NewCards(env Env, query string) screen {
	c := &cards{env: env, query: query, input: textinput.New()}
	c.input.Cursor.SetMode(cursor.CursorStatic) // nothing may wake the program up
	c.search()
	return c
}

// newQuery browses all cards, and asks for a query first.
func newQuery(env Env) *cards {
	c := NewCards(env, "").(*cards)
	c.edit()
	return c
}

// search runs the query and keeps the cursor on its card where that is found
// again, and else on its row.
func (c *cards) search() {
	before, had := c.current()
	c.pane.forget()
	var err error
	if c.set, err = c.env.Options.Get(c.env.Ctx); err == nil {
		c.today = studyDay(c.env, c.set)
		c.found, err = c.env.Cards.Search(c.env.Ctx, c.query)
	}
	if c.wrong = err; err != nil {
		c.found = nil
	}
	if had {
		for i := range c.found {
			if c.found[i].Card.ID == before.Card.ID {
				c.list.at = i
			}
		}
	}
	c.list.fit(len(c.found), c.list.room)
}

// current is the card under the cursor.
func (c *cards) current() (Found, bool) {
	if c.list.at >= len(c.found) {
		return Found{}, false
	}
	return c.found[c.list.at], true
}

// refresh reads the card under the cursor again. It stays in the list even if
// the query would no longer find it, so that a key can be taken back.
func (c *cards) refresh() {
	it, ok := c.current()
	if !ok {
		return
	}
	now, err := c.env.History.Explain(c.env.Ctx, it.Card.ID)
	if err != nil {
		c.warn("The card could not be read again: %v.", err)
		return
	}
	c.found[c.list.at] = now.Found
	c.pane.forget()
}

func (c *cards) update(msg tea.Msg) (screen, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.KeyMsg:
		return c, c.press(msg)
	case resultMsg:
		if msg.result != nil {
			c.search()
		} else {
			c.refresh()
		}
	case editedMsg:
		c.search()
		c.notice = noticeOf(msg)
	}
	return c, nil
}

func (c *cards) press(msg tea.KeyMsg) tea.Cmd {
	k, times := keyName(msg)
	if k == "ctrl+c" || k == "ctrl+d" && !c.typing {
		return c.leave(tea.Quit)
	}
	c.notice = notice{}
	if c.typing {
		return c.typed(msg)
	}
	rest, slash := slashed(msg)
	switch {
	case msg.Paste:
		c.say("Pasted text does nothing here; / edits the query.")
		return nil
	case slash && !c.forget:
		c.edit()
		return c.typed(rest)
	case c.burst.drops(k, c.env.Now()):
		c.say(ignored)
		return nil
	}
	if c.forget {
		c.answerForget(k)
		return nil
	}
	moved := false
	for range times {
		moved = c.moves(k)
	}
	if moved {
		return nil
	}
	if cmd, ok := c.always(k); ok {
		return cmd
	}
	if it, ok := c.current(); ok {
		return c.cardKey(k, it)
	}
	return nil
}

// moves serves the keys that move. Small letters move in what is in front, the
// list or the whole card; capital ones in the other.
func (c *cards) moves(k string) bool {
	switch k {
	case " ":
		return c.pane.scroll.key("pgdown")
	case "J", "K":
		k = map[string]string{"J": "j", "K": "k"}[k]
		if !c.whole {
			return c.pane.scroll.key(k)
		}
		return c.list.key(k)
	case "left", "right", "<", ">":
		return c.pane.scroll.key(k)
	case "g":
		k = "home"
	case "G":
		k = "end"
	}
	if c.whole {
		return c.pane.scroll.key(k)
	}
	return c.list.key(k)
}

// always serves the keys that need no card.
func (c *cards) always(k string) (tea.Cmd, bool) {
	switch k {
	case "esc", "q":
		if c.whole {
			c.whole = false
			return nil, true
		}
		return c.leave(back(c.result())), true
	case "?":
		return open(newHelp(c.env, "cards", cardsHelp...)), true
	case "/":
		c.edit()
		return nil, true
	case "u":
		c.say("Undo with u in a review, or with 'etch undo'.")
		return nil, true
	}
	return nil, false
}

// typed serves a key while the query is edited.
func (c *cards) typed(msg tea.KeyMsg) tea.Cmd {
	switch msg.String() {
	case "enter", "ctrl+j":
		c.typing = false
		c.query = c.input.Value()
		c.list.at, c.list.top = 0, 0
		c.search()
	case "esc":
		c.typing = false
	case "ctrl+d":
		return nil
	default:
		c.input, _ = c.input.Update(msg)
	}
	return nil
}

// cardKey serves the keys that do something with the card under the cursor:
// the same ones as in a review.
func (c *cards) cardKey(k string, it Found) tea.Cmd {
	switch k {
	case "enter", "ctrl+j":
		c.whole = !c.whole
	case "@":
		if it.Memory.Suspended {
			c.mark(it, scheduler.Resume, "Resumed.")
		} else {
			c.mark(it, scheduler.Suspend, "Suspended; @ resumes it.")
		}
	case "*":
		if it.Memory.Flag != "" {
			c.mark(it, scheduler.Unflag, `No longer marked "fix me".`)
		} else {
			c.mark(it, scheduler.Flag, `Marked "fix me"; * takes it off.`)
		}
	case "-":
		c.mark(it, scheduler.Bury, "Buried until tomorrow; 'etch undo' takes that back.")
	case "f":
		if it.Memory.State == scheduler.New {
			c.say("It is new already.")
			return nil
		}
		c.forget = true
	case "e":
		cmd, err := runEditor(c.env, it.Card.ID)
		if err != nil {
			c.warn("The card cannot be edited: %v.", err)
		}
		return cmd
	case "i":
		return open(NewExplain(c.env, it.Card.ID))
	case "o":
		return open(NewRead(c.env, it.Card.Post))
	}
	return nil
}

// answerForget serves a key while the user is asked.
func (c *cards) answerForget(k string) {
	c.forget = false
	it, ok := c.current()
	switch {
	case k == "y" && ok:
		c.mark(it, scheduler.Forget, "Forgotten: it is new again; 'etch undo' takes that back.")
	default:
		c.say("Nothing was forgotten.")
	}
}

// mark records what a key does to the card, then shows the card as it is now.
func (c *cards) mark(it Found, kind scheduler.Kind, done string) {
	err := c.env.Cards.Mark(c.env.Ctx, it.Card.ID, kind, "")
	switch {
	case err == nil:
		c.marked = true
		c.say("%s", done)
	case errors.Is(err, scheduler.ErrNoChange):
		c.say("It is so already.")
	case errors.Is(err, scheduler.ErrStale):
		c.say("The card has just changed elsewhere: nothing was recorded.")
	default:
		c.warn("NOT SAVED: %v. Press the key again once that is mended, or q.", err)
		return
	}
	c.refresh()
}

// result is what the screen below is told.
func (c *cards) result() any {
	if c.marked {
		return cardChanged{}
	}
	return nil
}

// leave does what must be done before the screen is left by cmd.
func (c *cards) leave(cmd tea.Cmd) tea.Cmd {
	if c.marked {
		c.env.Study.Ended(c.env.Ctx)
		c.marked = false
	}
	return cmd
}

func (c *cards) say(format string, args ...any) {
	c.notice = notice{fmt.Sprintf(format, args...), false}
}

func (c *cards) warn(format string, args ...any) {
	c.notice = notice{fmt.Sprintf(format, args...), true}
}

var cardsHelp = []helpGroup{
	{"Find", []hint{
		{"/", "edit the query; Enter searches, Esc keeps the old one"},
		{"j k PgUp PgDn g G", "move in the list"},
		{"J K Space", "scroll the card"},
		shiftHelp,
		{"Enter", "the card on the whole screen: there j k scroll, J K go to the next card"},
	}},
	{"Do", []hint{
		{"@", "suspend the card, or resume it"},
		{"*", `mark it "fix me", or take the mark off`},
		{"-", "bury it until tomorrow"},
		{"f", "forget: it becomes new; its history stays in the log"},
		{"e", "edit it in $EDITOR; it keeps its history"},
		{"i", "explain: history, memory, what each answer would do"},
		{"o", "read its post"},
	}},
	{"Marks in the list", []hint{
		{"S * L b", "suspended, fix me, leech, buried until tomorrow"},
	}},
	{"What a query can hold (all of it must hold)", []hint{
		{"word", "in the question, the answer or the id; \"two words\" and \"a:colon\" in quotes"},
		{"tag: post:", "tag:caching, post:tcp-vs-udp"},
		{"tier:", "core or deep"},
		{"is:", "due new learning review leech flagged suspended buried stale"},
		{"-word", "the opposite, as in -tag:caching or -is:new"},
	}},
	{"", []hint{
		{"q Esc", "back"},
		{"Ctrl-C Ctrl-D", "leave etch"},
	}},
}

// edit puts the query under the caret.
func (c *cards) edit() {
	c.typing = true
	c.input.SetValue(c.query)
	c.input.CursorEnd()
	c.input.Focus()
}
