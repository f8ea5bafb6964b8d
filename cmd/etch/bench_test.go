package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/creack/pty"

	"etch/deck"
	"etch/scheduler"
	"etch/storage"
)

// The benchmarks here time whole processes of the stripped binary, as a user
// waits for them. `.ci/bench` prints them in a table; no test asserts a time.

// strippedBinary builds etch as it is released, once a run.
var strippedBinary = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "etch-bench-")
	if err != nil {
		return "", err
	}
	bin := filepath.Join(dir, "etch")
	cmd := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", bin, ".")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build: %w\n%s", err, out)
	}
	return bin, nil
})

// studiedCards makes a database of n cards in at most 1,000 files, 9 of 10 in
// review, of which 1 in 500 is due each day: the collection of somebody who
// keeps up.
func studiedCards(b *testing.B, n int) (db string) {
	b.Helper()
	dir := filepath.Join(os.TempDir(), fmt.Sprintf("etch-bench-%d-%d", os.Getuid(), n))
	db = filepath.Join(dir, "etch.db")
	must := func(err error) {
		if err != nil {
			b.Fatal(err)
		}
	}
	posts := filepath.Join(dir, "posts")
	ctx, now := context.Background(), time.Now()
	open := func() *storage.Store {
		store, err := storage.Open(ctx, db, storage.Options{Location: time.Local, Now: now})
		must(err)
		_, err = store.Compile(ctx, []deck.Library{builtIn(), folder(posts)}, storage.CompileOptions{Now: now})
		must(err)
		return store
	}
	if _, err := os.Stat(filepath.Join(dir, "done")); err == nil {
		must(open().Close()) // the built-in library may have changed, and a killed run may have left its log of writes
		return db
	}
	must(os.RemoveAll(dir))
	must(os.MkdirAll(posts, 0o755))
	perFile := max(20, n/1000)
	for f := range n / perFile {
		var text strings.Builder
		fmt.Fprintf(&text, "---\ntitle: Topic %d\ntags: [topic%d]\n---\n\n", f, f%10)
		for i := range perFile {
			fmt.Fprintf(&text, "<!-- card t%d-c%d why core -->\nQ: Why does part %d of system %d need mechanism %d?\n\nA: Without it, node %d would lose write %d on failover.\n\n",
				f, i, i, f, f*perFile+i, f, i)
		}
		must(os.WriteFile(filepath.Join(posts, fmt.Sprintf("topic%d.md", f)), []byte(text.String()), 0o644))
	}
	store := open()
	today := store.Scheduler().Day(now)
	var rows []scheduler.Entry
	for i := range n * 9 / 10 {
		ago := scheduler.Day(1 + i%400)
		rows = append(rows, scheduler.Entry{
			ID: fmt.Sprintf("bench-%08d", i), Card: deck.CardID(fmt.Sprintf("t%d-c%d", i/perFile, i%perFile)), Kind: scheduler.Seed,
			At: now.AddDate(0, 0, -int(ago)).UTC().Truncate(time.Millisecond), Day: today - ago, Act: fmt.Sprint(i), Arg: "reps=5 lapses=0", Source: scheduler.FromImport,
			Then: scheduler.Decision{State: scheduler.Review, Interval: int(ago), DueDay: today + scheduler.Day(i%500), Stability: float64(ago) + 1, Difficulty: 5},
		})
	}
	_, err := store.Merge(ctx, rows)
	must(err)
	must(store.Close())
	must(os.WriteFile(filepath.Join(dir, "done"), nil, 0o644))
	return db
}

// report prints the median and the 99th percentile of whole runs.
func report(b *testing.B, times []time.Duration) {
	slices.Sort(times)
	ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
	b.ReportMetric(ms(times[len(times)/2]), "median-ms")
	b.ReportMetric(ms(times[len(times)*99/100]), "p99-ms")
	b.ReportMetric(0, "ns/op")
}

func benchProcess(b *testing.B, db string, args ...string) {
	b.Helper()
	bin, err := strippedBinary()
	if err != nil {
		b.Fatal(err)
	}
	var times []time.Duration
	for b.Loop() {
		cmd := exec.Command(bin, args...)
		cmd.Env = append(os.Environ(), "ETCH_DB="+db)
		start := time.Now()
		if out, err := cmd.CombinedOutput(); err != nil {
			b.Fatalf("%v\n%s", err, out)
		}
		times = append(times, time.Since(start))
	}
	report(b, times)
}

func BenchmarkVersion(b *testing.B) { benchProcess(b, "", "--version") }

func BenchmarkDue(b *testing.B) {
	for _, n := range []int{1_000, 10_000, 100_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) { benchProcess(b, studiedCards(b, n), "due") })
	}
}

// BenchmarkFirstCard times from the start of the process to the first card
// line of a JSON review.
func BenchmarkFirstCard(b *testing.B) {
	bin, err := strippedBinary()
	if err != nil {
		b.Fatal(err)
	}
	for _, n := range []int{1_000, 10_000, 100_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			db := studiedCards(b, n)
			var times []time.Duration
			for b.Loop() {
				cmd := exec.Command(bin, "review", "--json")
				cmd.Env = append(os.Environ(), "ETCH_DB="+db)
				in, err := cmd.StdinPipe()
				if err != nil {
					b.Fatal(err)
				}
				out, err := cmd.StdoutPipe()
				if err != nil {
					b.Fatal(err)
				}
				start := time.Now()
				if err := cmd.Start(); err != nil {
					b.Fatal(err)
				}
				line, err := bufio.NewReader(out).ReadString('\n')
				if err != nil || !strings.Contains(line, `"event":"card"`) {
					b.Fatalf("first line %q: %v", line, err)
				}
				times = append(times, time.Since(start))
				in.Close()
				cmd.Process.Kill()
				cmd.Wait()
			}
			report(b, times)
		})
	}
}

// BenchmarkGradeToDurable times from the grade line to its recorded line,
// within one process.
func BenchmarkGradeToDurable(b *testing.B) {
	bin, err := strippedBinary()
	if err != nil {
		b.Fatal(err)
	}
	src, err := os.ReadFile(studiedCards(b, 10_000))
	if err != nil {
		b.Fatal(err)
	}
	db := filepath.Join(b.TempDir(), "etch.db")
	if err := os.WriteFile(db, src, 0o600); err != nil {
		b.Fatal(err)
	}
	cmd := exec.Command(bin, "review", "--json", "--new", "5000")
	cmd.Env = append(os.Environ(), "ETCH_DB="+db)
	in, _ := cmd.StdinPipe()
	out, _ := cmd.StdoutPipe()
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	defer cmd.Wait()
	defer in.Close()
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 1<<20)
	next := func(event string) string {
		for lines.Scan() {
			if line := lines.Text(); strings.Contains(line, `"event":"`+event+`"`) {
				return line
			}
		}
		b.Fatalf("no %s event", event)
		return ""
	}
	cardOf := func(line string) string {
		_, rest, _ := strings.Cut(line, `"card":"`)
		id, _, _ := strings.Cut(rest, `"`)
		return id
	}
	card := cardOf(next("card"))
	var times []time.Duration
	for b.Loop() {
		fmt.Fprintln(in, `{"cmd":"reveal"}`)
		next("answer")
		start := time.Now()
		fmt.Fprintf(in, "{\"cmd\":\"grade\",\"card\":%q,\"rating\":4}\n", card)
		next("recorded")
		times = append(times, time.Since(start))
		card = cardOf(next("card"))
	}
	report(b, times)
}

// screenOf starts a full-screen review.
func screenOf(b *testing.B, db string, flags ...string) (cmd *exec.Cmd, tty *os.File) {
	b.Helper()
	bin, err := strippedBinary()
	if err != nil {
		b.Fatal(err)
	}
	cmd = exec.Command(bin, append([]string{"review"}, flags...)...)
	cmd.Env = append(os.Environ(), "ETCH_DB="+db, "TERM=xterm-256color")
	if tty, err = pty.StartWithSize(cmd, &pty.Winsize{Rows: 30, Cols: 100}); err != nil {
		b.Fatal(err)
	}
	return cmd, tty
}

// until reads what is painted until it holds the text.
func until(b *testing.B, tty *os.File, text string) {
	b.Helper()
	var seen []byte
	buf := make([]byte, 64<<10)
	for !bytes.Contains(seen, []byte(text)) {
		n, err := tty.Read(buf)
		if err != nil {
			b.Fatalf("waiting for %q: %v\n%q", text, err, seen)
		}
		seen = append(seen, buf[:n]...)
	}
}

// BenchmarkFirstPaint times from the start of the process until the first
// question stands on the terminal.
func BenchmarkFirstPaint(b *testing.B) {
	if _, err := strippedBinary(); err != nil { // built before the clock runs
		b.Fatal(err)
	}
	for _, n := range []int{1_000, 10_000, 100_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			db := studiedCards(b, n)
			var times []time.Duration
			for b.Loop() {
				start := time.Now()
				cmd, tty := screenOf(b, db)
				until(b, tty, "answer")
				times = append(times, time.Since(start))
				cmd.Process.Kill()
				cmd.Wait()
				tty.Close()
			}
			report(b, times)
		})
	}
}

// BenchmarkKeyToPaint times from a grade key until its answer is durable and
// the next question stands on the terminal. It also reports the peak memory
// and the processor time of a second without a key.
func BenchmarkKeyToPaint(b *testing.B) {
	cmd, tty := screenOf(b, studiedCards(b, 10_000), "--new", "500")
	defer cmd.Wait()
	defer tty.Close()
	until(b, tty, "show the answer")
	rest := func() { time.Sleep(120 * time.Millisecond) } // grade keys want a pause before them
	var times []time.Duration
	for b.Loop() {
		rest()
		fmt.Fprint(tty, " ")
		until(b, tty, "Again")
		rest()
		start := time.Now()
		fmt.Fprint(tty, "4")
		until(b, tty, "show the answer")
		times = append(times, time.Since(start))
	}
	report(b, times)
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", cmd.Process.Pid))
	if err != nil {
		return // not on Linux
	}
	field := func(name string) (n float64) {
		_, rest, _ := strings.Cut(string(status), name+":")
		fmt.Sscan(rest, &n)
		return n
	}
	b.ReportMetric(field("VmHWM")/1024, "peak-MiB")
	before := field("voluntary_ctxt_switches")
	time.Sleep(time.Second)
	status, _ = os.ReadFile(fmt.Sprintf("/proc/%d/status", cmd.Process.Pid))
	b.ReportMetric(field("voluntary_ctxt_switches")-before, "wakeups/s")
	cmd.Process.Kill()
}
