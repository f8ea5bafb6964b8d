// Command etch is a spaced-repetition app for the terminal.
package main

import (
	"os"

	_ "etch/cmd/etch/early" // before bubbletea, see there
)

func main() {
	os.Exit(run(os.Args[1:], systemEnv()))
}
