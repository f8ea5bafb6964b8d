package tui

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/x/ansi"
)

var update = flag.Bool("update", false, "write the golden files")

// fakeClock is the only clock of these tests: it moves when told.
type fakeClock struct{ at time.Time }

func (c *fakeClock) Now() time.Time          { return c.at }
func (c *fakeClock) advance(d time.Duration) { c.at = c.at.Add(d) }

// pumped is a screen under test with the stack that it lives on. It does what
// the shell does, without a terminal.
type pumped struct {
	t             *testing.T
	stack         []screen
	width, height int
	clock         *fakeClock    // moved before each key, if there is one
	gap           time.Duration // by how much
	ended         bool          // the program was left
	ran           []execMsg     // the programs that wanted the terminal
}

// pump shows a screen at 80x24 and presses keys, named as Bubble Tea names
// them; "paste:text" pastes.
func pump(t *testing.T, s screen, keys ...string) *pumped {
	t.Helper()
	return pumpWith(t, nil, s, keys...)
}

// pumpWith is pump with a clock that moves a second before each key.
func pumpWith(t *testing.T, clock *fakeClock, s screen, keys ...string) *pumped {
	t.Helper()
	p := &pumped{t: t, stack: []screen{s}, width: 80, height: 24, clock: clock, gap: time.Second}
	p.view()
	p.send(shownMsg{})
	return p.press(keys...)
}

// press presses keys one after the other, drawing after each.
func (p *pumped) press(keys ...string) *pumped {
	p.t.Helper()
	for _, k := range keys {
		if p.clock != nil {
			p.clock.advance(p.gap)
		}
		p.send(keyMsg(k))
	}
	return p
}

// after presses a key a while after the last one.
func (p *pumped) after(gap time.Duration, key string) *pumped {
	p.t.Helper()
	p.clock.advance(gap)
	p.send(keyMsg(key))
	return p
}

// resize changes the terminal's size.
func (p *pumped) resize(width, height int) *pumped {
	p.width, p.height = width, height
	p.send(tea.WindowSizeMsg{Width: width, Height: height})
	return p
}

// send delivers a message and everything that follows from it, then draws.
func (p *pumped) send(msg tea.Msg) {
	p.t.Helper()
	p.deliver(msg)
	if !p.ended {
		p.view()
	}
}

func (p *pumped) deliver(msg tea.Msg) {
	p.t.Helper()
	if p.ended {
		return
	}
	switch msg := msg.(type) {
	case nil:
	case tea.QuitMsg:
		p.ended = true
	case tea.BatchMsg:
		for _, cmd := range msg {
			p.run(cmd)
		}
	case openMsg:
		if r, ok := msg.next.(*review); ok { // no test waits for a real timer
			r.after = noTick
		}
		p.stack = append(p.stack, msg.next)
		p.view()
		p.toTop(shownMsg{})
	case backMsg:
		p.stack = p.stack[:len(p.stack)-1]
		if p.ended = len(p.stack) == 0; !p.ended {
			p.toTop(resultMsg(msg))
			p.toTop(shownMsg{})
		}
	case execMsg:
		p.ran = append(p.ran, msg)
		p.toTop(shownMsg{})
		p.deliver(msg.then(nil))
	default:
		p.toTop(msg)
	}
}

func (p *pumped) toTop(msg tea.Msg) {
	p.t.Helper()
	top := len(p.stack) - 1
	next, cmd := p.stack[top].update(msg)
	p.stack[top] = next
	p.run(cmd)
}

func (p *pumped) run(cmd tea.Cmd) {
	p.t.Helper()
	if cmd != nil {
		p.deliver(cmd())
	}
}

// top is the screen that shows.
func (p *pumped) top() screen { return p.stack[len(p.stack)-1] }

// view draws the screen and checks that it fits.
func (p *pumped) view() string {
	p.t.Helper()
	text := p.top().view(p.width, p.height)
	checkFits(p.t, text, p.width, p.height)
	return text
}

// shows fails unless the screen holds all of the texts.
func (p *pumped) shows(texts ...string) *pumped {
	p.t.Helper()
	view := ansi.Strip(p.view())
	for _, text := range texts {
		if !strings.Contains(view, text) {
			p.t.Fatalf("the screen does not show %q:\n%s", text, view)
		}
	}
	return p
}

// hides fails if the screen holds one of the texts.
func (p *pumped) hides(texts ...string) *pumped {
	p.t.Helper()
	view := ansi.Strip(p.view())
	for _, text := range texts {
		if strings.Contains(view, text) {
			p.t.Fatalf("the screen shows %q:\n%s", text, view)
		}
	}
	return p
}

// golden compares the screen with testdata/<name>.golden; -update writes it.
func (p *pumped) golden(name string) *pumped {
	p.t.Helper()
	checkGolden(p.t, name, p.view())
	return p
}

// checkGolden compares text with a file; escape sequences are written as ␛, so
// that a golden file can be looked at.
func checkGolden(t *testing.T, name, text string) {
	t.Helper()
	path := filepath.Join("testdata", name+".golden")
	got := strings.ReplaceAll(text, "\x1b", "␛") + "\n"
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs; -update writes it\n--- got\n%s--- want\n%s", path, got, want)
	}
}

// checkFits fails if a drawn screen is larger than the terminal.
func checkFits(t *testing.T, text string, width, height int) {
	t.Helper()
	lines := strings.Split(text, "\n")
	if len(lines) > height {
		t.Fatalf("%d lines on a screen of %dx%d:\n%s", len(lines), width, height, text)
	}
	for i, line := range lines {
		if w := ansi.StringWidth(line); w > width {
			t.Fatalf("line %d has %d columns on a screen of %dx%d:\n%s", i+1, w, width, height, text)
		}
	}
}

// keyMsg makes a key press from its name.
func keyMsg(name string) tea.KeyMsg {
	if text, ok := strings.CutPrefix(name, "paste:"); ok {
		return tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune(text), Paste: true}
	}
	if name == "space" || name == " " {
		return tea.KeyMsg{Type: tea.KeySpace, Runes: []rune{' '}}
	}
	if typ, ok := keyTypes[name]; ok {
		return tea.KeyMsg{Type: typ}
	}
	return tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune(name)}
}

var keyTypes = func() map[string]tea.KeyType {
	types := make(map[string]tea.KeyType)
	for typ := tea.KeyType(-200); typ < 128; typ++ {
		if name := typ.String(); name != "" && typ != tea.KeyRunes && typ != tea.KeySpace {
			types[name] = typ
		}
	}
	return types
}()
