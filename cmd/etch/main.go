// Command etch is a spaced-repetition app for the terminal.
package main

import "os"

func main() {
	os.Exit(run(os.Args[1:], systemEnv()))
}
