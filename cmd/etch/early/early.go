// Package early keeps the terminal quiet at start. bubbletea's package
// initialisation asks the terminal for its background colour, in every command
// of a program that links it, and waits up to five seconds for an answer that
// a silent terminal never gives. Stating a background first makes it skip the
// question. Go initialises packages that are ready in the order of their
// paths, and "etch/..." sorts before "github.com/...": this package must
// import lipgloss alone, and the module must keep its name.
//
// Nothing depends on the stated background: the screens use the terminal's own
// sixteen colours and its default foreground.
package early

import "github.com/charmbracelet/lipgloss"

func init() { lipgloss.SetHasDarkBackground(true) }
