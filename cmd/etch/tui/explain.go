package tui

import (
	"errors"
	"fmt"
	"io/fs"
	"os/exec"

	tea "github.com/charmbracelet/bubbletea"

	"etch/deck"
	"etch/scheduler"
)

// explain is everything that is known of one card. It shows the question but
// neither the answer nor what the card is about: a review opens it before the
// reveal, too.
type explain struct {
	env    Env
	id     deck.CardID
	it     Explanation
	fatal  error // why there is nothing to show
	leech  int   // lapses from which on a card is a leech; 0 for never
	today  scheduler.Day
	width  int // that lines was drawn for
	lines  []string
	scroll scroller
	notice notice
	edited bool // the screen below must read the card again
}

// cardChanged tells the screen below that the card was edited.
type cardChanged struct{}

// NewExplain explains a card: its history, its memory, the forgetting curve,
// and what each button would do.
func NewExplain(env Env, id deck.CardID) screen {
	e := &explain{env: env, id: id}
	e.read()
	return e
}

// read gets what is known now.
func (e *explain) read() {
	e.lines = nil
	if e.it, e.fatal = e.env.History.Explain(e.env.Ctx, e.id); e.fatal != nil {
		return
	}
	var set scheduler.Settings
	if set, e.fatal = e.env.Options.Get(e.env.Ctx); e.fatal != nil {
		return
	}
	e.leech, e.today = set.LeechThreshold, studyDay(e.env, set)
}

// studyDay is today.
func studyDay(env Env, set scheduler.Settings) scheduler.Day {
	now := env.Now()
	return scheduler.Calendar{Location: now.Location(), Rollover: set.Rollover}.Day(now)
}

func (e *explain) update(msg tea.Msg) (screen, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.KeyMsg:
		return e, e.press(msg)
	case editedMsg:
		e.edited = true
		e.read()
		e.notice = noticeOf(msg)
	}
	return e, nil
}

// noticeOf says what came of an edit.
func noticeOf(msg editedMsg) notice {
	if msg.err != nil {
		return notice{fmt.Sprintf("%v.", msg.err), true}
	}
	return notice{msg.what, false}
}

func (e *explain) press(msg tea.KeyMsg) tea.Cmd {
	e.notice = notice{}
	k, times := keyName(msg)
	for range times - 1 {
		e.scroll.key(k)
	}
	switch k {
	case "":
		e.notice = notice{ignored, false}
	case "ctrl+c", "ctrl+d":
		return tea.Quit
	case "esc", "q", "i":
		return back(e.result())
	case "?":
		return open(newHelp(e.env, "explain", explainHelp...))
	case "e":
		return e.edit()
	case " ":
		e.scroll.key("pgdown")
	case "g":
		e.scroll.key("home")
	case "G":
		e.scroll.key("end")
	default:
		e.scroll.key(k)
	}
	return nil
}

// result is what the screen below is told.
func (e *explain) result() any {
	if e.edited {
		return cardChanged{}
	}
	return nil
}

func (e *explain) edit() tea.Cmd {
	cmd, err := runEditor(e.env, e.id)
	if err != nil {
		e.notice = notice{fmt.Sprintf("The card cannot be edited: %v.", err), true}
	}
	return cmd
}

// editorFailed says so, and how to choose an editor when there is none.
func editorFailed(err error) error {
	if errors.Is(err, exec.ErrNotFound) || errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("the editor failed: %w; set EDITOR to your editor", err)
	}
	return fmt.Errorf("the editor failed: %w", err)
}

// runEditor opens $EDITOR on a card; an editedMsg says what came of it.
func runEditor(env Env, id deck.CardID) (tea.Cmd, error) {
	cmd, done, err := env.Study.Edit(env.Ctx, id)
	if err != nil {
		return nil, err
	}
	then := func(ended error) tea.Msg {
		what, err := done(ended)
		switch {
		case ended != nil && err != nil:
			err = fmt.Errorf("%w; %w", editorFailed(ended), err)
		case ended != nil:
			err = editorFailed(ended)
		}
		return editedMsg{what, err}
	}
	return func() tea.Msg { return execMsg{cmd, then} }, nil
}

var explainHelp = []helpGroup{
	{"", []hint{
		{"j k PgUp PgDn g G", "scroll; Space goes on a page"},
		shiftHelp,
		{"e", "edit the card in $EDITOR; it keeps its history"},
		{"Esc q i", "back"},
		{"Ctrl-C Ctrl-D", "leave etch"},
	}},
	{"What the numbers say", []hint{
		{"stability", "the days until the chance to recall the card falls to 90 %"},
		{"difficulty", "1 to 10: how slowly stability grows with each answer"},
		{"recall", "the chance to recall the card, as it was believed just before an answer"},
	}},
}

func (e *explain) view(width, height int) string {
	f := newFrame(width, height)
	style := e.env.Style
	if f.width != e.width || e.lines == nil || e.scroll.shifted() {
		e.redraw(f)
	}
	foot := []string{f.line(hints(style, f.inner(), hint{"Esc", "back"}, hint{"j k", "scroll"}, hint{"e", "edit"}, hint{"?", "more"}))}
	foot = append(foot, f.noticeLines(e.notice, style)...)
	title := crumbs(e.it.Card, f.inner())
	if e.fatal != nil {
		title = deck.CleanLine(string(e.id))
	}
	head := []string{f.ends(title, "")}
	e.scroll.fit(len(e.lines), f.room(head, foot)-1)
	head = append(head, f.rule(style, "explain", e.scroll.place()))
	end := min(len(e.lines), e.scroll.top+max(0, e.scroll.room))
	return f.screen(head, e.lines[e.scroll.top:end], foot)
}

// noticeLines draws a message below the keys.
func (f frame) noticeLines(n notice, style Style) []string {
	if n.text == "" {
		return nil
	}
	lines := wrapWords(deck.CleanLine(n.text), f.inner())
	lines = lines[:min(len(lines), max(1, f.height/3))]
	for i, line := range lines {
		if n.alarm {
			line = style.sgr(line, sgrBold, sgrRed)
		}
		lines[i] = f.line(line)
	}
	return lines
}

// redraw draws for another width, and keeps the part that was on the screen.
func (e *explain) redraw(f frame) {
	e.scroll.begin()
	e.lines, e.width = e.draw(f), f.width
	e.scroll.redrawn(len(e.lines))
}

func (e *explain) draw(f frame) []string {
	if e.fatal != nil {
		return f.prosed(fmt.Sprintf("The card cannot be explained: %v.", e.fatal))
	}
	lines := e.question(f)
	add := func(part []string) {
		if len(part) > 0 {
			lines = append(append(lines, ""), part...)
		}
	}
	add(e.standing(f))
	add(e.buttons(f))
	add(e.curve(f))
	add(e.history(f))
	add(e.place(f))
	return lines
}

// question is as much of the question as is needed to know it again.
func (e *explain) question(f frame) []string {
	const most = 4
	lines := f.markdown(e.it.Card.Question, e.env.Style, &e.scroll)
	if len(lines) > most {
		e.scroll.wide = 0 // an excerpt is not shifted: it may hold none of the code
		lines = f.markdown(e.it.Card.Question, e.env.Style, new(scroller))[:most-1]
		for len(lines) > 1 && lines[len(lines)-1] == "" {
			lines = lines[:len(lines)-1]
		}
		lines = append(lines, f.indent+e.env.Style.dim("…"))
	}
	return lines
}

// standing tells in words where the card stands.
func (e *explain) standing(f frame) []string {
	m := e.it.Memory
	if m.State == scheduler.New {
		lines := f.prosed("New: it was never answered.")
		return append(lines, e.marks(f)...)
	}
	text := fmt.Sprintf("%s, %s. %s, %s.", capital(m.State.String()), dueWords(m, e.today, e.env.Now()), counted(m.Reps, "answer"), counted(m.Lapses, "lapse"))
	lines := append(f.prosed(text), e.marks(f)...)
	style := e.env.Style
	for _, row := range [][3]string{
		{"stability", stability(m.Stability), "recall falls to 90 % after that"},
		{"difficulty", fmt.Sprintf("%.1f of 10", m.Difficulty), ""},
		{"recall now", chance(e.it.Recall), ""},
	} {
		line := padded(row[0], 12) + style.bold(row[1])
		if row[2] != "" && 26+len(row[2]) <= f.text() {
			line = padded(line, 26) + style.dim(row[2])
		}
		lines = append(lines, f.indent+line)
	}
	return lines
}

// marks are what keeps the card out of the reviews, or what is wrong with it.
func (e *explain) marks(f frame) []string {
	style := e.env.Style
	var lines []string
	for _, text := range markWords(e.it.Memory, e.today, e.leech) {
		for _, line := range f.prosed(text) {
			lines = append(lines, style.sgr(line, sgrYellow))
		}
	}
	return lines
}

// markWords tells in words what is marked on a card.
func markWords(m scheduler.Memory, today scheduler.Day, leech int) []string {
	var words []string
	if m.Suspended {
		words = append(words, "Suspended: it comes in no review until it is resumed.")
	}
	if m.BuriedDay != 0 && m.BuriedDay == today {
		words = append(words, "Buried until tomorrow.")
	}
	switch m.Flag {
	case "":
	case "fix me": // the mark of the key *, which gives no reason
		words = append(words, "* fix me")
	default:
		words = append(words, "* fix me: "+m.Flag)
	}
	if isLeech(m, leech) {
		words = append(words, fmt.Sprintf("A leech: forgotten %s. Rewrite it, split it or suspend it.", counted(m.Lapses, "time")))
	}
	return words
}

// isLeech reports whether a card has failed as often as the setting says.
func isLeech(m scheduler.Memory, threshold int) bool { return threshold > 0 && m.Lapses >= threshold }

// buttons are the four outcomes. Unlike in a review, each has room for what it
// makes of the memory.
func (e *explain) buttons(f frame) []string {
	style := e.env.Style
	lines := []string{f.indent + style.dim(padded("answer", 9)+padded("back in", 8)+padded("stability", 10)+"difficulty")}
	for _, o := range e.it.Buttons {
		name := padded(fmt.Sprintf("%d %s", o.Rating, capital(o.Rating.String())), 9)
		leech := ""
		if o.Leech {
			leech = "  leech"
		}
		lines = append(lines, f.indent+style.bold(name)+padded(spaced(scheduler.Span(o.Interval)), 8)+
			padded(stability(o.Stability), 10)+fmt.Sprintf("%.1f", o.Difficulty)+leech)
	}
	return lines
}

// place tells where the text comes from.
func (e *explain) place(f frame) []string {
	c := e.it.Card
	var lines []string
	for _, text := range []string{fmt.Sprintf("%s:%d", e.it.File, c.Line), "card " + string(c.ID)} {
		for _, line := range f.prosed(text) {
			lines = append(lines, e.env.Style.dim(line))
		}
	}
	return lines
}

// stability writes days; the first hundred with a decimal, because each answer
// changes them by less than a day at first.
func stability(days float64) string {
	if days < 99.95 {
		return fmt.Sprintf("%.1f days", days)
	}
	return fmt.Sprintf("%.0f days", days)
}

// chance writes a probability.
func chance(p float64) string { return fmt.Sprintf("%.0f %%", 100*p) }

// counted writes "1 answer" and "2 answers".
func counted(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
