// Package tui is the full-screen app: Bubble Tea screens, and huh forms for
// settings and questions. The screens hold no rules of their own: a review
// drives scheduler.Session, everything else reads through the small interfaces
// of data.go, and the caller decides what stands behind them.
//
//	program.go   the stack of screens, the keys that work everywhere, signals
//	terminal.go  raw mode and the alternate screen
//	painter.go   draws what changed, at once
//	style.go     colours, and the frame that every screen shares
package tui

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"

	tea "github.com/charmbracelet/bubbletea"
)

// screen is one full-screen view. It is a value: update returns the screen to
// go on with.
type screen interface {
	// update takes in a message. To leave, open another screen or end the
	// program, it returns one of the commands below.
	update(msg tea.Msg) (screen, tea.Cmd)
	// view draws the screen in exactly the given size or less.
	view(width, height int) string
}

// Screen is a screen to those who only hand it to Run.
type Screen = screen

// The messages by which a screen steers the program.
type (
	openMsg struct{ next screen } // put a screen on top
	backMsg struct{ result any }  // leave this one; result goes to the one below
	execMsg struct {              // hand the terminal to another program
		cmd  *exec.Cmd
		then func(error) tea.Msg
	}
)

func open(next screen) tea.Cmd { return func() tea.Msg { return openMsg{next} } }

func back(result any) tea.Cmd { return func() tea.Msg { return backMsg{result} } }

// resultMsg brings what a screen that was left has to say to the one below.
type resultMsg struct{ result any }

// shownMsg tells a screen that it is on top (again).
type shownMsg struct{}

// shell is the Bubble Tea model: the stack of screens and the terminal.
type shell struct {
	stack         []screen
	term          *terminal
	paint         *painter
	width, height int
	err           error // why the program ends, if it failed
}

// Run shows the first screen until it is left. It returns nil when the user
// quit, the context's error when a signal ended it, and otherwise what failed.
// The terminal is restored in every case.
func Run(ctx context.Context, in, out *os.File, first screen) (err error) {
	t := &terminal{in: in, out: out}
	defer func() { err = errors.Join(err, t.leave()) }() // enter may fail half way
	if err := t.enter(); err != nil {
		return err
	}
	s := &shell{stack: []screen{first}, term: t, paint: &painter{out: out}}
	s.width, s.height = t.size()
	s.paint.resize(s.width, s.height)
	p := tea.NewProgram(s, tea.WithContext(ctx), tea.WithInput(in), tea.WithOutput(out), tea.WithoutRenderer(), tea.WithoutSignalHandler())
	defer watchSize(ctx, p, t)()
	_, err = p.Run()
	switch {
	case s.err != nil:
		return s.err
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		return fmt.Errorf("run the screen: %w", err)
	}
	return nil
}

// watchSize sends the terminal's size whenever it changes.
func watchSize(ctx context.Context, p *tea.Program, t *terminal) (stop func()) {
	changed := make(chan os.Signal, 1)
	signal.Notify(changed, syscall.SIGWINCH)
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		for {
			select {
			case <-changed:
				w, h := t.size()
				p.Send(tea.WindowSizeMsg{Width: w, Height: h})
			case <-ctx.Done():
				return
			}
		}
	}()
	return func() { signal.Stop(changed); cancel() }
}

// Init shows the first screen before anything else happens.
func (s *shell) Init() tea.Cmd {
	s.draw()
	return func() tea.Msg { return shownMsg{} }
}

// Update serves what is common to all screens and hands on the rest.
func (s *shell) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	cmd := s.serve(msg)
	if len(s.stack) == 0 || s.err != nil {
		return s, tea.Quit
	}
	s.draw()
	return s, cmd
}

// View is empty: the painter has already drawn.
func (s *shell) View() string { return "" }

func (s *shell) serve(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		s.width, s.height = msg.Width, msg.Height
		s.paint.resize(msg.Width, msg.Height)
	case tea.ResumeMsg:
		return s.retake()
	case tea.KeyMsg:
		switch msg.Type {
		case tea.KeyCtrlZ:
			s.fail(s.term.leave())
			return tea.Suspend
		case tea.KeyCtrlL: // something else wrote to the terminal
			s.paint.forget()
			return nil
		}
	case execMsg:
		s.fail(s.term.leave())
		return tea.ExecProcess(msg.cmd, func(err error) tea.Msg { return ranMsg{msg.then(err)} })
	case ranMsg:
		return tea.Batch(s.retake(), func() tea.Msg { return msg.then })
	case openMsg:
		s.stack = append(s.stack, msg.next)
		return s.toTop(shownMsg{})
	case backMsg:
		if s.stack = s.stack[:len(s.stack)-1]; len(s.stack) == 0 {
			return nil
		}
		return tea.Batch(s.toTop(resultMsg(msg)), s.toTop(shownMsg{}))
	}
	return s.toTop(msg)
}

// ranMsg says that another program gave the terminal back.
type ranMsg struct{ then tea.Msg }

// fail ends the program with its first error.
func (s *shell) fail(err error) {
	if s.err == nil {
		s.err = err
	}
}

// retake takes the terminal over again, and asks for its size: it may have
// changed meanwhile.
func (s *shell) retake() tea.Cmd {
	s.fail(s.term.enter())
	s.width, s.height = s.term.size()
	s.paint.resize(s.width, s.height)
	return s.toTop(shownMsg{})
}

func (s *shell) toTop(msg tea.Msg) tea.Cmd {
	top := len(s.stack) - 1
	var cmd tea.Cmd
	s.stack[top], cmd = s.stack[top].update(msg)
	return cmd
}

func (s *shell) draw() {
	s.fail(s.paint.paint(s.stack[len(s.stack)-1].view(s.width, s.height)))
}
