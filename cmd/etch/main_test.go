package main

import (
	"bufio"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"etch/storage"
)

var (
	update = flag.Bool("update", false, "rewrite the expected output of the scripts")
	kills  = flag.Int("kills", 6, "how often a review is killed")
)

// asEtch makes the test binary behave as etch itself, for tests that need a
// process of their own.
const asEtch = "TEST_BINARY_IS_ETCH"

func TestMain(m *testing.M) {
	if os.Getenv(asEtch) != "" {
		main()
	}
	testscript.Main(m, map[string]func(){"etch": main})
}

// TestScripts runs the commands as a user does: a new home each, in UTC.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		UpdateScripts:       *update,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(e *testscript.Env) error {
			e.Setenv("HOME", e.WorkDir)
			e.Setenv("XDG_DATA_HOME", filepath.Join(e.WorkDir, "data"))
			e.Setenv("ETCH_DB", filepath.Join(e.WorkDir, "etch.db"))
			e.Setenv("TZ", "UTC")
			packages, err := filepath.Abs("../../storage/anki/testdata")
			e.Setenv("PACKAGES", packages)
			return err
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"capture": capture, "scrub": scrub, "sqlite": sqlite, "damage": damage},
	})
}

// capture NAME REGEXP sets a variable to what the last stdout has matched, or
// to its first group.
func capture(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: capture NAME REGEXP")
	}
	m := regexp.MustCompile(args[1]).FindStringSubmatch(ts.ReadFile("stdout"))
	if m == nil {
		ts.Fatalf("stdout has no %s", args[1])
	}
	ts.Setenv(args[0], m[len(m)-1])
}

// scrub FILE writes the last stdout to a file, without what differs from run to
// run: row ids and measured times.
func scrub(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: scrub FILE")
	}
	text := regexp.MustCompile(`"log":"[^"]+"`).ReplaceAllString(ts.ReadFile("stdout"), `"log":"ROW"`)
	text = regexp.MustCompile(`"(seconds|minutes)":[0-9.]+`).ReplaceAllString(text, `"$1":N`)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(text), 0o644))
}

// sqlite FILE SQL runs statements on a database, which need not be etch's.
func sqlite(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: sqlite FILE SQL")
	}
	db, err := sql.Open("sqlite", ts.MkAbs(args[0]))
	ts.Check(err)
	_, err = db.Exec(args[1])
	ts.Check(errors.Join(err, db.Close()))
}

// damage FILE start|middle|end overwrites the first page, some in the middle, or
// cuts off the second half.
func damage(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: damage FILE start|middle|end")
	}
	text := []byte(ts.ReadFile(args[0]))
	switch half := len(text) / 2; args[1] {
	case "start":
		clear(text[:4096])
	case "middle":
		clear(text[half : half+64*4096])
	case "end":
		text = text[:half]
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), text, 0o600))
}

// child is one etch process that speaks JSON lines.
type child struct {
	t   *testing.T
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Scanner
}

func etchCommand(db string, args ...string) *exec.Cmd {
	self, err := os.Executable()
	if err != nil {
		panic(err)
	}
	cmd := exec.Command(self, args...)
	home := filepath.Dir(db)
	cmd.Env = append(os.Environ(), asEtch+"=1", "ETCH_DB="+db, "HOME="+home, "XDG_DATA_HOME="+home, "TZ=UTC")
	return cmd
}

func startReview(t *testing.T, db string, args ...string) *child {
	t.Helper()
	c := &child{t: t, cmd: etchCommand(db, append([]string{"review", "--json"}, args...)...)}
	var err error
	if c.in, err = c.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	c.out = bufio.NewScanner(out)
	c.out.Buffer(nil, 1<<20)
	c.cmd.Stderr = os.Stderr
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return c
}

// event reads the next event; ok is false at the end of the output.
func (c *child) event() (e map[string]any, ok bool) {
	if !c.out.Scan() {
		return nil, false
	}
	if err := json.Unmarshal(c.out.Bytes(), &e); err != nil {
		c.t.Errorf("output line %q: %v", c.out.Text(), err)
	}
	return e, true
}

func (c *child) send(format string, args ...any) error {
	_, err := fmt.Fprintf(c.in, format+"\n", args...)
	return err
}

// next reads events until a card is on show or the session is done.
func (c *child) next() (card string, events []string) {
	for {
		e, ok := c.event()
		if !ok {
			return "", events
		}
		events = append(events, fmt.Sprint(e["event"]))
		switch e["event"] {
		case "card":
			return e["card"].(string), events
		case "done":
			return "", events
		}
	}
}

func liveRows(t *testing.T, db string) int {
	t.Helper()
	store, err := storage.Open(context.Background(), db, storage.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	findings, err := store.Doctor(context.Background())
	if err != nil || len(findings) > 0 {
		t.Fatalf("doctor: %v %v", findings, err)
	}
	entries, err := store.Entries(context.Background(), "")
	if err != nil {
		t.Fatal(err)
	}
	return len(entries)
}

// TestKilledReview kills reviews at random moments: every acknowledged answer
// is in the log, at most the one in flight comes on top, and the database is
// healthy. (Invariant 12.)
func TestKilledReview(t *testing.T) {
	db := filepath.Join(t.TempDir(), "etch.db")
	rng := rand.New(rand.NewPCG(12, 12))
	recorded := 0
	for round := range *kills {
		c := startReview(t, db, "--new", "100")
		card, _ := c.next()
		for range rng.IntN(6) {
			c.send(`{"cmd":"reveal"}`)
			c.send(`{"cmd":"grade","card":%q,"rating":%d}`, card, 1+rng.IntN(4))
			var events []string
			card, events = c.next()
			recorded += strings.Count(strings.Join(events, " "), "recorded")
			if card == "" {
				break
			}
		}
		inFlight := round%2 == 1 && card != ""
		if inFlight {
			c.send(`{"cmd":"reveal"}`)
			c.send(`{"cmd":"grade","card":%q,"rating":3}`, card)
			time.Sleep(time.Duration(rng.IntN(3000)) * time.Microsecond) // anywhere within the write
		}
		c.cmd.Process.Kill()
		for {
			e, ok := c.event()
			if !ok {
				break
			}
			if e["event"] == "recorded" {
				recorded++
			}
		}
		c.cmd.Wait()
		rows := liveRows(t, db)
		if rows != recorded && !(inFlight && rows == recorded+1) {
			t.Fatalf("round %d: %d rows, %d recorded lines", round, rows, recorded)
		}
		recorded = rows
	}
	if recorded == 0 {
		t.Fatal("nothing was recorded: the test tests nothing")
	}
}

// TestTwoReviewsAtOnce lets two processes answer the same queue.
func TestTwoReviewsAtOnce(t *testing.T) {
	answers := 200
	if testing.Short() {
		answers = 40
	}
	db := filepath.Join(t.TempDir(), "etch.db")
	if out, err := etchCommand(db).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var recorded, stale [2]int
	var wg sync.WaitGroup
	for i := range 2 {
		wg.Go(func() {
			c := startReview(t, db, "--new", "500", "--limit", fmt.Sprint(answers))
			card, _ := c.next()
			for card != "" {
				c.send(`{"cmd":"reveal"}`)
				c.send(`{"cmd":"grade","card":%q,"rating":1}`, card)
				var events []string
				card, events = c.next()
				for _, e := range events {
					switch e {
					case "recorded":
						recorded[i]++
					case "error":
						stale[i]++
					}
				}
			}
			c.in.Close()
			if err := c.cmd.Wait(); err != nil {
				t.Errorf("review %d: %v", i, err)
			}
		})
	}
	wg.Wait()
	if recorded[0] != answers || recorded[1] != answers {
		t.Errorf("recorded %v, want %d each (refused as answered elsewhere: %v)", recorded, answers, stale)
	}
	if rows := liveRows(t, db); rows != recorded[0]+recorded[1] {
		t.Errorf("%d rows for %d recorded answers", rows, recorded[0]+recorded[1])
	}
}
