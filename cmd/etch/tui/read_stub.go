package tui

// NewRead stands in until read.go is there: delete this file then.
func NewRead(env Env, slug string) screen { return newHelp(env, "read "+slug) }
