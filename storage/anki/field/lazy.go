package field

import (
	"regexp"
	"sync"
)

// lazily compiles an expression when it is first needed. All of them together
// take 3 ms, which every start of the program would pay.
func lazily(expr string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expr) })
}
