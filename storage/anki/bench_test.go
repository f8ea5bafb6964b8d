package anki

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"etch/scheduler"
	"etch/storage"
)

// large is a collection of n notes with ten reviews each, a fifth of them
// clozes, in n/500 decks.
func large(n int) *Collection {
	basic := NoteType{ID: 1700000000001, Name: "Basic", Fields: []Field{{Name: "Front"}, {Name: "Back"}}, Templates: []Template{{Name: "Card 1", Front: "{{Front}}", Back: "{{FrontSide}}<hr id=answer>{{Back}}"}}}
	cloze := NoteType{ID: 1700000000002, Name: "Cloze", Cloze: true, Fields: []Field{{Name: "Text"}, {Name: "Extra"}}, Templates: []Template{{Name: "Cloze", Front: "{{cloze:Text}}", Back: "{{cloze:Text}}<br>{{Extra}}"}}}
	c := &Collection{Created: time.Date(2024, 1, 1, 4, 0, 0, 0, time.UTC).Unix(), HasWest: true, Rollover: 4, Scheduler: 2, NoteTypes: []NoteType{basic, cloze}}
	for i := range max(1, n/500) {
		c.Decks = append(c.Decks, Deck{ID: 1700000000100 + int64(i), Name: fmt.Sprintf("Big::Deck %d", i), Preset: 1})
	}
	for i := range n {
		id := 1700000100000 + int64(i)*1000
		note := Note{
			ID: id, GUID: fmt.Sprintf("guid%06d", i), Type: basic.ID, Mod: id / 1000, Tags: []string{"tag" + strconv.Itoa(i%20)},
			Fields: []string{fmt.Sprintf("What does the <b>%d-th</b> part of the system promise to its <i>readers</i>?", i), fmt.Sprintf("That <code>%d</code> writes are seen in order,<br>and that none is lost.", i)},
		}
		if i%5 == 0 {
			note.Type, note.Fields[0] = cloze.ID, fmt.Sprintf("Part %d keeps {{c1::order}} for its <i>readers</i>.", i)
		}
		c.Notes = append(c.Notes, note)
		at := time.Date(2024, 1, 2+i%300, 8, 0, 0, 0, time.UTC).Add(time.Duration(i) * 20 * time.Millisecond)
		interval, kind := 0, Learned
		for j := range 10 {
			next := []int{-600, 2, 5, 12, 25, 40, 60, 80, 90, 100}[j]
			c.Reviews = append(c.Reviews, Review{ID: at.UnixMilli(), Card: id, Ease: 3, Interval: next, LastInterval: interval, Factor: 500, Millis: 6000, Kind: kind})
			if j > 0 {
				kind = Reviewed
			}
			at, interval = at.Add(time.Duration(max(1, next/2))*24*time.Hour), next
		}
		c.Cards = append(c.Cards, Card{ID: id, Note: id, Deck: c.Decks[i%len(c.Decks)].ID, Mod: id / 1000, State: Reviewing, Queue: ReviewQueue, Due: 900, Interval: 100, Factor: 2500, Reps: 10, Pos: -1})
	}
	return c
}

// peak runs f and tells what it cost: processors, and the largest resident set
// while it ran.
func peak(b *testing.B, f func()) string {
	b.Helper()
	start := spent()
	debug.FreeOSMemory()
	done, most := make(chan bool), make(chan int64)
	go func() {
		var m int64
		for {
			m = max(m, resident())
			select {
			case <-done:
				most <- m
				return
			case <-time.After(5 * time.Millisecond):
			}
		}
	}()
	f()
	close(done)
	return fmt.Sprintf("%v of the processors, at most %d MiB", (spent() - start).Round(10*time.Millisecond), <-most>>20)
}

// spent is the time of the processors so far.
func spent() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func resident() int64 {
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	pages, _ := strconv.ParseInt(strings.Fields(string(text))[1], 10, 64)
	return pages * int64(os.Getpagesize())
}

// BenchmarkLarge takes 10,000 notes with 100,000 reviews in and out again.
//
//	go test ./storage/anki -bench Large -benchtime 1x -run '^$'
func BenchmarkLarge(b *testing.B) {
	const notes = 10_000
	dir := b.TempDir()
	path := filepath.Join(dir, "large.apkg")
	var buf bytes.Buffer
	ok(b, Write(b.Context(), &buf, large(notes)))
	ok(b, os.WriteFile(path, buf.Bytes(), 0o600))
	buf = bytes.Buffer{}
	n := 0
	for b.Loop() {
		n++
		s, err := storage.Open(context.Background(), filepath.Join(dir, fmt.Sprint(n, ".db")), storage.Options{Now: monday})
		ok(b, err)
		imports := func(what string) {
			start := time.Now()
			var r storage.ImportReport
			var read time.Duration
			memory := peak(b, func() {
				p, err := Open(b.Context(), path, Options{Now: monday})
				ok(b, err)
				defer p.Close()
				in, problems, err := Import(b.Context(), &p.Collection, ImportOptions{Scheduler: s.Scheduler(), Progress: true})
				ok(b, err)
				if len(problems) > 0 {
					b.Fatalf("%+v", problems)
				}
				p.Collection = Collection{} // as the command does
				read = time.Since(start)
				r, err = s.Import(b.Context(), in, storage.ImportOptions{Now: monday})
				ok(b, err)
			})
			b.Logf("%s: %v, reading %v of it, %s: %d new, %d rows", what, time.Since(start).Round(time.Millisecond), read.Round(time.Millisecond), memory, r.New, r.Rows)
			if want := 10 * notes; r.New > 0 && r.Rows != want {
				b.Fatalf("%d rows, want %d", r.Rows, want)
			}
		}
		imports("import")
		imports("import again")
		start := time.Now()
		memory := peak(b, func() {
			content, err := s.Content(b.Context(), storage.ContentFilter{Log: true})
			ok(b, err)
			c, _, err := Export(b.Context(), content, ExportOptions{Scheduler: s.Scheduler(), Progress: true})
			ok(b, err)
			f, err := os.Create(filepath.Join(dir, "out.apkg"))
			ok(b, err)
			ok(b, Write(b.Context(), f, c))
			ok(b, f.Close())
		})
		b.Logf("export: %v, %s", time.Since(start).Round(time.Millisecond), memory)
		start = time.Now()
		memory = peak(b, func() {
			f, err := os.Create(filepath.Join(dir, "out.json"))
			ok(b, err)
			_, err = s.Dump(b.Context(), f)
			ok(b, err)
			ok(b, f.Close())
		})
		b.Logf("dump: %v, %s", time.Since(start).Round(time.Millisecond), memory)
		other, err := storage.Open(context.Background(), filepath.Join(dir, fmt.Sprint(n, "-other.db")), storage.Options{Now: monday})
		ok(b, err)
		start = time.Now()
		memory = peak(b, func() {
			f, err := os.Open(filepath.Join(dir, "out.json"))
			ok(b, err)
			defer f.Close()
			_, err = other.LoadDump(b.Context(), f, storage.LoadOptions{Now: monday})
			ok(b, err)
		})
		b.Logf("load: %v, %s", time.Since(start).Round(time.Millisecond), memory)
		rows, err := s.Cards(b.Context(), "", monday)
		ok(b, err)
		if len(rows) != notes || rows[0].Memory.State != scheduler.Review {
			b.Fatalf("%d cards", len(rows))
		}
		ok(b, s.Close())
		ok(b, other.Close())
	}
}
