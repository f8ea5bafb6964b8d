package tui

import (
	"fmt"
	"slices"

	tea "github.com/charmbracelet/bubbletea"

	"etch/deck"
	"etch/scheduler"
)

// readMode is how much of a post the reader shows.
type readMode int

const (
	readProse     readMode = iota // the text, with a mark where cards hang
	readTakeaways                 // the headings alone: the night-before sheet
	readCards                     // the text with its questions and answers
)

// read is the pager for one post.
//
//	read.go          what it shows, and what each key does
//	read_view.go     the screen, and the post drawn for a width
//	search_input.go  the search: its input, and what it finds
type read struct {
	env     Env
	slug    string
	post    *deck.Post
	parts   []deck.Part
	minutes int      // that reading it takes
	line    PostLine // how far its cards are; the zero value if the home has none
	fatal   error
	shown   bool // it was on top before

	mode   readMode
	width  int // that lines was drawn for
	lines  []readLine
	scroll scroller
	held   *anchor // the place to keep while the size changes; nil after a key
	prose  anchor  // the place to go back to from the takeaways
	seek   bool    // the hit must come into sight
	search search
	burst  burst
	notice notice
}

// noCards is why some keys do nothing.
const noCards = "This post has no cards."

// NewRead reads a post.
func NewRead(env Env, slug string) screen {
	r := &read{env: env, slug: slug, search: newSearch()}
	r.load()
	return r
}

// load reads the post, and how many of its cards are still new.
func (r *read) load() {
	post, err := r.env.Posts.Post(r.env.Ctx, r.slug)
	if err != nil {
		r.fatal = err
		return
	}
	r.post, r.parts, r.minutes, r.fatal, r.width = post, post.Parts(), post.Minutes(), nil, 0 // drawn anew
	home, err := r.env.Posts.Home(r.env.Ctx)
	if err != nil {
		return // the text can be read all the same
	}
	for _, p := range home.Posts {
		if p.Slug == r.slug {
			r.line = p
		}
	}
}

func (r *read) update(msg tea.Msg) (screen, tea.Cmd) {
	switch msg := msg.(type) {
	case shownMsg:
		if r.shown { // a review may have taught its cards, or edited one
			r.hold()
			r.load()
		}
		r.shown = true
	case tea.WindowSizeMsg:
		r.hold()
	case tea.KeyMsg:
		r.held = nil
		return r, r.press(msg)
	}
	return r, nil
}

func (r *read) press(msg tea.KeyMsg) tea.Cmd {
	r.notice = notice{}
	k, times := keyName(msg)
	rest, ok := slashed(msg)
	switch {
	case k == "ctrl+c" || k == "ctrl+d" && !r.search.typing:
		return tea.Quit
	case r.search.typing:
		r.typed(msg)
		return nil
	case msg.Paste:
		r.notice = notice{"Pasted text does nothing here; / searches.", false}
		return nil
	case k == "esc" || k == "q":
		return back(nil)
	case k == "?":
		return open(newHelp(r.env, "read", readHelp...))
	case r.fatal != nil:
		return nil
	case ok:
		r.search.begin()
		r.typed(rest)
		return nil
	case r.burst.drops(k, r.env.Now()):
		r.notice = notice{ignored, false}
		return nil
	case len(r.post.Notes) == 0 && slices.Contains([]string{"enter", "ctrl+j", "s", "c"}, k):
		r.notice = notice{noCards, false}
		return nil
	case k == "enter" || k == "ctrl+j" || k == "s":
		return open(NewReview(r.env, studyPost(r.slug, r.line)))
	}
	for range times {
		r.move(k)
	}
	return nil
}

// move serves the keys that change what is seen.
func (r *read) move(k string) {
	switch k {
	case "t":
		r.show(readTakeaways)
	case "c":
		r.show(readCards)
	case "/":
		r.search.begin()
	case "n":
		r.find(1)
	case "N":
		r.find(-1)
	case " ", "f":
		r.scroll.key("pgdown")
	case "b":
		r.scroll.key("pgup")
	case "g":
		r.scroll.key("home")
	case "G":
		r.scroll.key("end")
	default:
		r.scroll.key(k)
	}
}

// studyPost studies one post now: first its core cards that are still new,
// however many the day has left, since the reader asks for them by name.
func studyPost(slug string, p PostLine) scheduler.SessionOptions {
	opt := scheduler.SessionOptions{Posts: []string{slug}}
	if unseen := p.Core - p.CoreSeen; unseen > 0 {
		opt.New = &unseen
	}
	return opt
}

// show changes to a mode, or from it back to the prose, and keeps the place.
func (r *read) show(mode readMode) {
	if r.mode == mode {
		mode = readProse
	}
	at := r.anchor()             // before the lines change
	if r.mode == readTakeaways { // they have a place of their own
		at = r.prose
	}
	if mode == readTakeaways {
		r.prose, at = at, anchor{}
	}
	r.mode, r.held = mode, &at
	r.draw(r.width)
}

// typed serves a key while the search is typed.
func (r *read) typed(msg tea.KeyMsg) {
	if !r.search.typed(msg) {
		return
	}
	r.search.run(r.lines)
	if r.search.query != "" {
		r.jump(r.search.from(r.scroll.top))
	}
}

// find goes to the next hit, or to the one before, round and round.
func (r *read) find(way int) {
	if r.search.query == "" {
		r.notice = notice{"Nothing is searched for yet: / begins.", false}
		return
	}
	r.jump(r.search.at + way)
}

// jump goes to one hit; the next view brings it into sight.
func (r *read) jump(hit int) {
	if r.seek = r.search.to(hit); !r.seek {
		r.notice = notice{fmt.Sprintf("%q is not in this text.", r.search.query), false}
		return
	}
	r.notice = notice{fmt.Sprintf("%d of %d: %s", r.search.at+1, len(r.search.hits), r.search.query), false}
}

var readHelp = []helpGroup{
	{"", []hint{
		{"Enter s", "study this post now: its core cards that are new, and what is due"},
		{"t", "only the takeaways, and back: the sheet for the night before"},
		{"c", "the cards in their places, and back"},
	}},
	{"", []hint{
		{"j k PgUp PgDn g G", "scroll; Space and b go a page on and back"},
		shiftHelp,
		{"/ n N", "search; the next and the one before"},
	}},
	{"In the margin", []hint{
		{"[2]", "two cards hang here; c shows them; [+] is ten or more"},
		{">", "what is searched for; / and Enter take it away"},
	}},
	{"", []hint{{"Esc q", "back"}, {"Ctrl-C Ctrl-D", "leave etch"}}},
}
