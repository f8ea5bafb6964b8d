package field

import (
	"regexp"
	"sync"
)

// lazily compiles an expression when it is first needed. All of them together
// take 3 ms, which every start of the program would pay. Inlined it would be in
// the program once for each of them.
//
//go:noinline
func lazily(expr string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expr) })
}
