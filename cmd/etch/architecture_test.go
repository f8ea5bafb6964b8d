package main

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// goPackage is what `go list -json` says of one package.
type goPackage struct {
	ImportPath string
	Imports    []string
}

// TestArrows enforces the house: each package imports only what stands to its
// left, and each heavy library has one owner.
func TestArrows(t *testing.T) {
	may := map[string][]string{
		"etch/deck":               {},
		"etch/scheduler":          {"etch/deck"},
		"etch/storage":            {"etch/deck", "etch/scheduler"},
		"etch/storage/anki":       {"etch/deck", "etch/scheduler", "etch/storage", "etch/storage/anki/field"},
		"etch/storage/anki/field": {"etch/deck"},
		"etch/cmd/etch/line":      {"etch/deck", "etch/scheduler"},
		"etch/cmd/etch/tui":       {"etch/deck", "etch/scheduler"},
		"etch/cmd/etch/early":     {},
		"etch/cmd/etch":           {"etch/deck", "etch/scheduler", "etch/storage", "etch/storage/anki", "etch/cmd/etch/early", "etch/cmd/etch/line", "etch/cmd/etch/tui"},
	}
	owners := map[string][]string{
		"github.com/open-spaced-repetition/": {"etch/scheduler"},
		"modernc.org/":                       {"etch/storage", "etch/storage/anki"},
		"database/sql":                       {"etch/storage", "etch/storage/anki"},
		"github.com/yuin/goldmark":           {"etch/deck", "etch/storage/anki/field"},
		"github.com/spf13/cobra":             {"etch/cmd/etch"},
		"github.com/charmbracelet/":          {"etch/deck", "etch/cmd/etch", "etch/cmd/etch/early", "etch/cmd/etch/tui"}, // deck: x/ansi alone
		"os":                                 {"etch/storage", "etch/storage/anki", "etch/cmd/etch", "etch/cmd/etch/tui"},
	}
	for _, p := range listPackages(t) {
		allowed, known := may[p.ImportPath]
		if !known {
			t.Errorf("package %s has no place in the house: add it to this test and to docs/ARCHITECTURE.md", p.ImportPath)
			continue
		}
		for _, imp := range p.Imports {
			if strings.HasPrefix(imp, "etch/") && !slices.Contains(allowed, imp) {
				t.Errorf("%s imports %s: the arrows point the other way", p.ImportPath, imp)
			}
			for prefix, packages := range owners {
				match := imp == prefix || strings.HasSuffix(prefix, "/") && strings.HasPrefix(imp, prefix) || strings.HasPrefix(imp, prefix+"/") && prefix != "os"
				if match && !slices.Contains(packages, p.ImportPath) {
					t.Errorf("%s imports %s, which belongs to %v alone", p.ImportPath, imp, packages)
				}
			}
			if p.ImportPath == "etch/deck" && strings.HasPrefix(imp, "github.com/charmbracelet/") && imp != "github.com/charmbracelet/x/ansi" {
				t.Errorf("deck imports %s: it knows no terminal", imp)
			}
		}
	}
}

// TestTopLevel keeps the four folders the only ones with code.
func TestTopLevel(t *testing.T) {
	entries, err := os.ReadDir("../..")
	if err != nil {
		t.Fatal(err)
	}
	known := []string{"cmd", "deck", "scheduler", "storage", "docs", "go.mod", "go.sum", "README.md", "CONTRIBUTING.md", "LICENSE"}
	for _, e := range entries {
		if name := e.Name(); !strings.HasPrefix(name, ".") && !slices.Contains(known, name) {
			t.Errorf("%s does not belong at the top", name)
		}
	}
}

// TestNoClockBelowCmd: now is an argument everywhere else.
func TestNoClockBelowCmd(t *testing.T) {
	for _, dir := range []string{"../../deck", "../../scheduler", "../../storage", "line"} {
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			if !strings.HasSuffix(e.Name(), ".go") || strings.HasSuffix(e.Name(), "_test.go") {
				continue
			}
			text, err := os.ReadFile(dir + "/" + e.Name())
			if err != nil {
				t.Fatal(err)
			}
			for _, word := range []string{"time.Now(", "time.Since(", "time.Sleep("} {
				if strings.Contains(string(text), word) {
					t.Errorf("%s/%s calls %s)", dir, e.Name(), word)
				}
			}
		}
	}
}

func listPackages(t *testing.T) []goPackage {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,Imports", "./...")
	cmd.Dir = "../.."
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var packages []goPackage
	dec := json.NewDecoder(strings.NewReader(string(out)))
	for {
		var p goPackage
		err := dec.Decode(&p)
		if errors.Is(err, io.EOF) {
			return packages
		}
		if err != nil {
			t.Fatal(err)
		}
		packages = append(packages, p)
	}
}
