package tui

import (
	"fmt"
	"strings"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/x/ansi"

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
type read struct {
	env    Env
	slug   string
	post   *deck.Post
	fatal  error
	mode   readMode
	width  int // that lines was drawn for
	lines  []string
	scroll scroller

	typing bool   // a search is being typed
	query  string // what is searched for
	notice notice
}

// NewRead reads a post.
func NewRead(env Env, slug string) screen {
	r := &read{env: env, slug: slug}
	r.post, r.fatal = env.Posts.Post(env.Ctx, slug)
	return r
}

func (r *read) update(msg tea.Msg) (screen, tea.Cmd) {
	if key, ok := msg.(tea.KeyMsg); ok {
		if r.typing {
			return r, r.edit(key)
		}
		return r, r.press(key)
	}
	return r, nil
}

func (r *read) press(msg tea.KeyMsg) tea.Cmd {
	r.notice = notice{}
	k, times := keyName(msg)
	for range times - 1 {
		r.scroll.key(k)
	}
	switch k {
	case "ctrl+c", "ctrl+d":
		return tea.Quit
	case "esc", "q":
		return back(nil)
	case "?":
		return open(newHelp(r.env, "read", readHelp...))
	}
	if r.post == nil {
		return nil
	}
	switch k {
	case "enter", "s":
		return open(NewReview(r.env, scheduler.SessionOptions{Posts: []string{r.slug}}))
	case "t":
		r.show(readTakeaways)
	case "c":
		r.show(readCards)
	case "/":
		r.typing, r.query = true, ""
	case "n":
		r.find(1)
	case "N":
		r.find(-1)
	case " ":
		r.scroll.key("pgdown")
	case "g":
		r.scroll.key("home")
	case "G":
		r.scroll.key("end")
	default:
		r.scroll.key(k)
	}
	return nil
}

// show changes to a mode, or from it back to the prose.
func (r *read) show(mode readMode) {
	if r.mode == mode {
		mode = readProse
	}
	r.mode, r.width, r.scroll = mode, 0, scroller{}
}

// edit takes in a key of the search line.
func (r *read) edit(msg tea.KeyMsg) tea.Cmd {
	switch msg.Type {
	case tea.KeyCtrlC, tea.KeyCtrlD:
		return tea.Quit
	case tea.KeyEsc:
		r.typing, r.query = false, ""
	case tea.KeyEnter:
		r.typing = false
		r.find(0)
	case tea.KeyBackspace:
		if runes := []rune(r.query); len(runes) > 0 {
			r.query = string(runes[:len(runes)-1])
		}
	case tea.KeyRunes, tea.KeySpace:
		if len(r.query) < 200 {
			r.query += deck.CleanLine(string(msg.Runes))
		}
	}
	return nil
}

// find goes to the next line that holds the query: 0 from the line on top, 1
// after it, -1 before it.
func (r *read) find(way int) {
	if r.query == "" {
		r.notice = notice{"Nothing is searched for yet: / begins.", false}
		return
	}
	step := way
	if way == 0 {
		step = 1
	}
	for i, at := 0, r.scroll.top+way; i < len(r.lines); i, at = i+1, at+step {
		at = (at + len(r.lines)) % len(r.lines)
		if r.hit(r.lines[at]) {
			r.scroll.top = at
			return
		}
	}
	r.notice = notice{fmt.Sprintf("%q is not in this post.", r.query), true}
}

func (r *read) hit(line string) bool {
	return r.query != "" && !r.typing && strings.Contains(strings.ToLower(ansi.Strip(line)), strings.ToLower(r.query))
}

func (r *read) view(width, height int) string {
	f := newFrame(width, height)
	style := r.env.Style
	if r.fatal != nil {
		foot := []string{f.line(hints(style, f.inner(), hint{"Esc", "back"}))}
		return f.screen([]string{f.line("read")}, f.prosed(fmt.Sprintf("The post cannot be read: %v.", r.fatal)), foot)
	}
	if f.width != r.width {
		lines := r.draw(f)
		r.scroll.redrawn(len(lines))
		r.lines, r.width = lines, f.width
	}
	foot := r.foot(f)
	head := []string{f.ends(style.bold(deck.CleanLine(r.post.Title)), r.minutes())}
	r.scroll.fit(len(r.lines), f.room(head, foot)-1)
	head = append(head, f.rule(style, r.label(), r.place()))
	end := min(len(r.lines), r.scroll.top+max(0, r.scroll.room))
	body := make([]string, 0, end-r.scroll.top)
	for _, line := range r.lines[r.scroll.top:end] {
		if r.hit(line) && strings.HasPrefix(line, " ") { // colour is never the only signal
			line = ">" + line[1:]
		}
		body = append(body, line)
	}
	return f.screen(head, body, foot)
}

// minutes is how long reading takes, at 230 words a minute.
func (r *read) minutes() string {
	words := len(strings.Fields(r.post.Prose()))
	return fmt.Sprintf("%d min", max(1, (words+115)/230))
}

func (r *read) label() string {
	switch r.mode {
	case readTakeaways:
		return "takeaways"
	case readCards:
		return "with its cards"
	}
	return ""
}

// place is how far the end of the screen has come.
func (r *read) place() string {
	if r.scroll.most() == 0 {
		return ""
	}
	return fmt.Sprintf("%d %%", 100*min(r.scroll.lines, r.scroll.top+r.scroll.room)/r.scroll.lines)
}

func (r *read) foot(f frame) []string {
	style := r.env.Style
	switch {
	case r.typing:
		return []string{f.ends("/"+r.query+"_", "Enter find")}
	case r.notice.text != "":
		return []string{f.ends(r.notice.text, "")}
	}
	return []string{f.line(hints(style, f.inner(),
		hint{"Enter", "study it"}, hint{"Space", "on"}, hint{"t", "takeaways"}, hint{"c", "cards"}, hint{"/", "search"}, hint{"Esc", "back"}, hint{"?", "more"}))}
}

// draw draws the post in its mode, section by section.
func (r *read) draw(f frame) []string {
	if r.mode == readTakeaways {
		var md strings.Builder
		for _, t := range r.post.Takeaways {
			md.WriteString("- " + t.Heading + "\n")
		}
		return f.markdown(md.String(), r.env.Style)
	}
	lines := f.markdown(r.post.Section(-1), r.env.Style)
	lines = append(lines, r.cards(f, -1)...)
	for i := range r.post.Takeaways {
		if len(lines) > 0 {
			lines = append(lines, "")
		}
		lines = append(lines, f.markdown(r.post.Section(i), r.env.Style)...)
		lines = append(lines, r.cards(f, i)...)
	}
	return lines
}

// cards marks the cards that hang on a section, or shows them.
func (r *read) cards(f frame, section int) []string {
	notes := r.post.SectionNotes(section)
	if len(notes) == 0 {
		return nil
	}
	style := r.env.Style
	if r.mode != readCards {
		return []string{"", f.indent + style.dim("? "+plural(len(notes), "card"))}
	}
	var lines []string
	for _, n := range notes {
		lines = append(lines, "", f.indent+style.dim("? "+strings.Join(strings.Fields(string(n.Type)+" "+string(n.Tier)), " ")))
		lines = append(lines, f.markdown(deck.Question(n.Kind, n.Front, -1), style)...)
		if n.Back != "" {
			lines = append(lines, "")
			lines = append(lines, f.markdown(n.Back, style)...)
		}
	}
	return lines
}

var readHelp = []helpGroup{
	{"", []hint{
		{"Enter s", "study this post now: its cards, within the day's limits"},
		{"t", "only the takeaways, and back"},
		{"c", "the cards in their places, and back"},
	}},
	{"", []hint{
		{"j k PgUp PgDn g G", "scroll; Space goes on a page"},
		{"/ n N", "search; the next and the one before, marked with >"},
	}},
	{"", []hint{{"Esc q", "back"}, {"Ctrl-C Ctrl-D", "leave etch"}}},
}
