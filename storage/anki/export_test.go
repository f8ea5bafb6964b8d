package anki

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"etch/deck"
	"etch/scheduler"
	"etch/storage"
)

const (
	lease = "Q: Why does a lease need no release by its holder?\n\nA: It ends by itself when its time is over.\n\n"
	fence = "Q: What stops a writer that wakes up after its lease?\n\nA: A fencing token, compared by the storage.\n\n"
	ring  = "C: On a ring, adding a server to N moves about [1/(N+1)] of the [keys].\n\nA: The others stay.\n\n"
)

// post returns a post's text.
func post(title, tags, cards string) string {
	return fmt.Sprintf("---\ntitle: %q\ntags: [%s]\n---\n\n%s", title, tags, cards)
}

// act records one act on a card, now is its time.
func act(t tb, s *storage.Store, card deck.CardID, now time.Time, n int, decide func(m scheduler.Memory, st scheduler.Stamp) (scheduler.Entry, scheduler.Memory, error)) {
	t.Helper()
	row, err := s.CardRow(context.Background(), card)
	ok(t, err)
	id := fmt.Sprintf("row-%d", n)
	e, m, err := decide(row.Memory, scheduler.Stamp{ID: id, Act: id, Session: "s", At: now})
	if err != nil {
		return // nothing to change
	}
	_, err = s.Record(context.Background(), scheduler.Row{Entry: e, Memory: m})
	ok(t, err)
}

func grade(t tb, s *storage.Store, card deck.CardID, now time.Time, n int, r scheduler.Rating) {
	t.Helper()
	act(t, s, card, now, n, func(m scheduler.Memory, st scheduler.Stamp) (scheduler.Entry, scheduler.Memory, error) {
		return s.Scheduler().Answer(card, m, st, r, 5*time.Second)
	})
}

func exported(t tb, s *storage.Store, progress bool) (*Collection, []string) {
	t.Helper()
	c, told, err := Export(context.Background(), contentOf(t, s), ExportOptions{Scheduler: s.Scheduler(), Progress: progress})
	ok(t, err)
	return c, told
}

func cardIDs(t tb, s *storage.Store) (ids []deck.CardID) {
	t.Helper()
	rows, err := s.Cards(context.Background(), "", monday)
	ok(t, err)
	for _, r := range rows {
		ids = append(ids, r.Card.ID)
	}
	return ids
}

// Each state that a card can be in, as Anki has it, and back.
func TestExportOfStates(t *testing.T) {
	day := 24 * time.Hour
	type do func(t tb, s *storage.Store, card deck.CardID)
	rate := func(at time.Duration, ratings ...scheduler.Rating) do {
		return func(t tb, s *storage.Store, card deck.CardID) {
			for i, r := range ratings {
				n := int(at/time.Minute)*10 + i
				grade(t, s, card, monday.Add(at+time.Duration(i)*time.Minute), n, r)
			}
		}
	}
	marked := func(kind scheduler.Kind) do {
		return func(t tb, s *storage.Store, card deck.CardID) {
			act(t, s, card, monday.Add(30*day), 90000+len(kind), func(m scheduler.Memory, st scheduler.Stamp) (scheduler.Entry, scheduler.Memory, error) {
				return s.Scheduler().Act(card, m, st, kind, "a reason")
			})
		}
	}
	setDue := func(t tb, s *storage.Store, card deck.CardID) {
		act(t, s, card, monday.Add(31*day), 95000, func(m scheduler.Memory, st scheduler.Stamp) (scheduler.Entry, scheduler.Memory, error) {
			return s.Scheduler().SetDue(card, m, st, s.Scheduler().Day(monday)+50)
		})
	}
	seed := func(t tb, s *storage.Store, card deck.CardID) {
		_, err := s.Merge(context.Background(), []scheduler.Entry{{
			ID: "seed", Act: "seed", Card: card, Kind: scheduler.Seed, At: monday, Day: s.Scheduler().Day(monday), Arg: "reps=7 lapses=2", Source: scheduler.FromImport,
			Then: scheduler.Decision{State: scheduler.Review, Stability: 12.5, Difficulty: 6.5, Interval: 12, DueDay: s.Scheduler().Day(monday) + 12},
		}})
		ok(t, err)
	}
	good, again, easy := scheduler.Good, scheduler.Again, scheduler.Easy
	tests := []struct {
		name    string
		do      []do
		want    Card // state, queue, due, left, flag; other fields are computed
		reviews string
	}{
		{"new", nil, Card{Due: 1}, ""},
		{"learning", []do{rate(0, good)}, Card{State: Learning, Queue: LearnQueue, Left: 1}, "0/3/-600"},
		{"learning, first step", []do{rate(0, again)}, Card{State: Learning, Queue: LearnQueue, Left: 2}, "0/1/-60"},
		{"review", []do{rate(0, easy)}, Card{State: Reviewing, Queue: ReviewQueue}, "0/4/+"},
		{"relearning", []do{rate(0, easy), rate(9*day, again)}, Card{State: Relearning, Queue: LearnQueue, Left: 1}, "0/4/+ 1/1/-600"},
		{"a lapse and back", []do{rate(0, easy), rate(9*day, again, good)}, Card{State: Reviewing, Queue: ReviewQueue}, "0/4/+ 1/1/-600 2/3/+"},
		{"forgotten", []do{rate(0, easy), marked(scheduler.Forget)}, Card{Due: 1}, "0/4/+ 4/0/0"},
		{"forgotten and learned", []do{rate(0, easy), marked(scheduler.Forget), rate(32*day, good)}, Card{State: Learning, Queue: LearnQueue, Left: 1}, "0/4/+ 4/0/0 0/3/-600"},
		{"due set", []do{rate(0, easy), setDue}, Card{State: Reviewing, Queue: ReviewQueue}, "0/4/+ 4/0/+"},
		{"suspended", []do{rate(0, easy), marked(scheduler.Suspend)}, Card{State: Reviewing, Queue: Suspended}, "0/4/+"},
		{"suspended, new", []do{marked(scheduler.Suspend)}, Card{Queue: Suspended, Due: 1}, ""},
		{"flagged", []do{rate(0, easy), marked(scheduler.Flag)}, Card{State: Reviewing, Queue: ReviewQueue, Flag: 1}, "0/4/+"},
		{"buried", []do{rate(0, easy), marked(scheduler.Bury)}, Card{State: Reviewing, Queue: ReviewQueue}, "0/4/+"},
		{"seeded", []do{seed}, Card{State: Reviewing, Queue: ReviewQueue}, ""},
		{"seeded and answered", []do{seed, rate(13*day, good)}, Card{State: Reviewing, Queue: ReviewQueue}, "1/3/+"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newStore(t, time.UTC)
			library(t, s, t.TempDir(), map[string]string{"a.md": post("Leases", "storage", lease)})
			card := cardIDs(t, s)[0]
			for _, do := range tt.do {
				do(t, s, card)
			}
			row, err := s.CardRow(t.Context(), card)
			ok(t, err)
			m := row.Memory
			c, told := exported(t, s, true)
			if len(told) > 0 || len(c.Cards) != 1 {
				t.Fatalf("%q %+v", told, c.Cards)
			}
			got := c.Cards[0]
			if got.State != tt.want.State || got.Queue != tt.want.Queue || got.Left != tt.want.Left || got.Flag != tt.want.Flag {
				t.Errorf("card %+v, want %+v", got, tt.want)
			}
			due, memory := got.Due, (m.State != scheduler.New)
			switch {
			case m.State == scheduler.Review:
				due = int64(scheduler.Calendar{Location: time.UTC}.Day(time.Unix(c.Created, 0))) + got.Due
				if due != int64(m.DueDay) || got.Interval != m.Interval || got.Factor != 2500 {
					t.Errorf("due %d ivl %d factor %d, memory %+v", got.Due, got.Interval, got.Factor, m)
				}
			case m.State == scheduler.New:
				if due != tt.want.Due {
					t.Errorf("position %d", due)
				}
			case due != m.DueAt.Unix():
				t.Errorf("due %d, want %d", due, m.DueAt.Unix())
			}
			if (got.Memory != nil) != memory || memory && (got.Memory.Stability != m.Stability || got.Memory.Difficulty != m.Difficulty || got.Memory.LastReview != m.Last.Unix()) {
				t.Errorf("memory %+v, want %+v", got.Memory, m)
			}
			if got.Reps != m.Reps || got.Lapses != m.Lapses {
				t.Errorf("reps %d lapses %d, want %+v", got.Reps, got.Lapses, m)
			}
			var reviews []string
			for _, r := range c.Reviews {
				interval := fmt.Sprint(r.Interval)
				if r.Interval > 0 {
					interval = "+"
				}
				reviews = append(reviews, fmt.Sprintf("%d/%d/%s", r.Kind, r.Ease, interval))
			}
			if got := strings.Join(reviews, " "); got != tt.reviews {
				t.Errorf("reviews %s, want %s", got, tt.reviews)
			}
			roundTrip(t, s, c)
			// Another machine that takes the package stands where this one does.
			other := newStore(t, time.UTC)
			into(t, other, c)
			there := contentOf(t, other).Notes[0].Cards[0].Memory
			if there.State != m.State || there.DueDay != m.DueDay || !there.DueAt.Equal(m.DueAt) || there.Suspended != m.Suspended || there.Lapses != m.Lapses ||
				math.Abs(there.Stability-m.Stability) > 1e-9 || (there.Flag != "") != (m.Flag != "") {
				t.Errorf("elsewhere %+v\n     here %+v", there, m)
			}
			// The cards alone say nothing of it.
			plain, _ := exported(t, s, false)
			if p := plain.Cards[0]; p.State != New || p.Queue != NewQueue || p.Due != 1 || p.Flag != 0 || p.Reps != 0 || p.Memory != nil || p.Pos >= 0 || len(plain.Reviews) > 0 {
				t.Errorf("without progress: %+v %+v", p, plain.Reviews)
			}
			before := contentOf(t, s)
			if r, _ := into(t, s, plain); r.Rows+r.New+r.Updated != 0 {
				t.Errorf("the cards alone came back: %+v", r)
			}
			sameContent(t, before, contentOf(t, s))
		})
	}
}

// Cards of the user's files, through a package and back, after all that can
// happen to them: no row is added and nothing changes.
func TestRoundTripProperty(t *testing.T) {
	var zones []*time.Location
	for _, name := range []string{"UTC", "Europe/Berlin", "Pacific/Kiritimati", "America/Adak"} {
		loc, err := time.LoadLocation(name)
		ok(t, err)
		zones = append(zones, loc)
	}
	fewer(t)
	rapid.Check(t, func(rt *rapid.T) {
		loc := rapid.SampledFrom(zones).Draw(rt, "zone")
		s := newStore(t, loc)
		if rapid.Bool().Draw(rt, "settings") {
			ok(rt, s.SetAll(context.Background(), map[string]string{
				"learning-steps": rapid.SampledFrom([]string{"", "1m", "1m 10m 23h59m"}).Draw(rt, "steps"), "rollover-hour": rapid.SampledFrom([]string{"0", "4", "23"}).Draw(rt, "rollover"),
				"relearning-steps": rapid.SampledFrom([]string{"", "10m", "5m 20h"}).Draw(rt, "relearning"),
			}, monday))
		}
		library(rt, s, t.TempDir(), map[string]string{"a.md": post("Leases", "storage", lease+fence), "b.md": post("Rings", "storage, keys", ring)})
		imported := oneCard(Card{State: Reviewing, Queue: ReviewQueue, Due: 25, Interval: 6, Factor: 2500}, Review{ID: on(17), Ease: 3, Interval: 2, Factor: 224}, Review{ID: on(19), Ease: 3, Interval: 6, Factor: 224, Kind: Reviewed})
		imported.Rollover = s.Scheduler().Calendar().Rollover // days are counted once, with the rollover of the time
		into(rt, s, imported)
		cards := cardIDs(rt, s)
		now := monday
		for n := range rapid.IntRange(0, 25).Draw(rt, "rows") {
			now = now.Add(rapid.SampledFrom([]time.Duration{time.Millisecond, time.Minute, 11 * time.Minute, 7 * time.Hour, 25 * time.Hour, 9 * 24 * time.Hour}).Draw(rt, "wait"))
			card := rapid.SampledFrom(cards).Draw(rt, "card")
			switch what := rapid.SampledFrom([]string{"rate", "rate", "rate", "rate", "act", "due", "undo"}).Draw(rt, "what"); what {
			case "rate":
				grade(rt, s, card, now, n, rapid.SampledFrom(scheduler.Ratings[:]).Draw(rt, "rating"))
			case "act":
				kind := rapid.SampledFrom([]scheduler.Kind{scheduler.Suspend, scheduler.Resume, scheduler.Bury, scheduler.Flag, scheduler.Unflag, scheduler.Forget}).Draw(rt, "kind")
				act(rt, s, card, now, n, func(m scheduler.Memory, st scheduler.Stamp) (scheduler.Entry, scheduler.Memory, error) {
					return s.Scheduler().Act(card, m, st, kind, "why")
				})
			case "due":
				days := rapid.IntRange(-3, 90).Draw(rt, "days")
				act(rt, s, card, now, n, func(m scheduler.Memory, st scheduler.Stamp) (scheduler.Entry, scheduler.Memory, error) {
					return s.Scheduler().SetDue(card, m, st, s.Scheduler().Day(now)+scheduler.Day(days))
				})
			case "undo":
				id := fmt.Sprintf("void-%d", n)
				s.Void(context.Background(), scheduler.Stamp{ID: id, Act: id, Session: "s", At: now}, "")
			}
		}
		before := contentOf(rt, s)
		c, _ := exported(rt, s, true)
		var b bytes.Buffer
		ok(rt, Write(context.Background(), &b, c))
		path := filepath.Join(t.TempDir(), "deck.apkg")
		ok(rt, os.WriteFile(path, b.Bytes(), 0o600))
		p, err := Open(context.Background(), path, Options{Now: now.AddDate(1, 0, 0)})
		ok(rt, err)
		defer p.Close()
		r, problems := into(rt, s, &p.Collection)
		if r.New+r.Updated+r.Cards+r.Rows != 0 || len(r.Skipped) > 0 {
			rt.Fatalf("the way back: %+v %+v", r, problems)
		}
		sameContent(rt, before, contentOf(rt, s))
		// Elsewhere, with the same settings, each card stands where it stands here.
		other := newStore(t, loc)
		for _, key := range []string{"learning-steps", "relearning-steps", "rollover-hour"} {
			v, err := s.Scheduler().Settings().Get(key)
			ok(rt, err)
			ok(rt, other.Set(context.Background(), key, v, monday))
		}
		into(rt, other, &p.Collection)
		there := cardsOf(rt, other)
		for id, here := range cardsOf(rt, s) {
			m, n := here.Memory, there[id].Memory
			if n.State != m.State || n.DueDay != m.DueDay || n.DueAt.Unix() != m.DueAt.Unix() && !overDay(s, m) || n.Suspended != m.Suspended || (n.Flag != "") != (m.Flag != "") || n.Reps != m.Reps ||
				math.Abs(n.Stability-m.Stability) > 1e-6*m.Stability && len(there[id].Rows) > 0 && there[id].Rows[0].Kind != scheduler.Seed {
				rt.Fatalf("card %d elsewhere\n     %+v\nhere %+v\nrows %+v", id, n, m, here.Rows)
			}
		}
	})
}

// fewer lets a property that writes files have fewer runs than rapid's
// hundred, unless the flag says how many.
func fewer(t *testing.T) {
	t.Helper()
	given := false
	flag.Visit(func(f *flag.Flag) { given = given || f.Name == "rapid.checks" })
	if !given {
		ok(t, flag.Set("rapid.checks", "15"))
		t.Cleanup(func() { flag.Set("rapid.checks", "100") })
	}
}

// overDay reports whether a card waits in a step for another study day: Anki
// keeps the day alone.
func overDay(s *storage.Store, m scheduler.Memory) bool {
	return s.Scheduler().Day(m.DueAt) > m.LastDay
}

func TestExportOfDecksAndTags(t *testing.T) {
	s := newStore(t, time.UTC)
	library(t, s, t.TempDir(), map[string]string{
		"a.md":     post("std::vector, and  what it costs", "c++, two words", "<!-- card lease-end why deep tags=\"größe,a b,x::y\" -->\n"+lease),
		"b.md":     post("::", "c++", fence),
		"sub/c.md": "Q: Whose?\n\nA: Mine.\n",
	})
	c, _ := exported(t, s, false)
	names := map[string]bool{}
	for _, d := range c.Decks {
		names[d.Name] = true
	}
	for _, want := range []string{"etch", "etch::c++", "etch::c++::std:vector, and  what it costs", "etch::c++:::", "etch::sub", "etch::sub::c"} {
		if !names[want] {
			t.Errorf("no deck %q in %v", want, names)
		}
	}
	for _, n := range c.Notes {
		if strings.HasPrefix(n.Fields[0], "Why") && !slices.Equal(n.Tags, []string{"a_b", "c++", "größe", "tier::deep", "two_words", "type::why", "x::y"}) {
			t.Errorf("tags %q", n.Tags)
		}
	}
	var b bytes.Buffer
	ok(t, Write(t.Context(), &b, c))
}

func TestExportOfPictures(t *testing.T) {
	s, dir := newStore(t, time.UTC), t.TempDir()
	folder := filepath.Join(dir, "notes")
	ok(t, os.MkdirAll(filepath.Join(folder, "sub"), 0o700))
	ok(t, os.WriteFile(filepath.Join(folder, "sub", "ring one.PNG"), []byte("picture"), 0o600))
	ok(t, os.WriteFile(filepath.Join(dir, "secret.png"), []byte("secret"), 0o600))
	ok(t, os.Symlink(filepath.Join(dir, "secret.png"), filepath.Join(folder, "sub", "link.png")))
	ok(t, os.Symlink(dir, filepath.Join(folder, "sub", "up")))
	tests := []struct{ src, err string }{
		{"ring%20one.PNG", ""},
		{"<ring one.PNG>", ""},
		{"https://example.org/x.png", ""},
		{"data:image/png;base64,AAAA", ""},
		{"missing.png", "missing.png"},
		{"../../secret.png", "escapes"},
		{"/etc/passwd", ""},
		{"link.png", "escapes"},
		{"up/secret.png", "escapes"},
		{"../sub", "escapes"},
	}
	for _, tt := range tests {
		library(t, s, folder, map[string]string{"sub/a.md": "Q: What is this?\n\n![a ring](" + tt.src + ")\n\nA: A ring.\n"})
		c, _, err := Export(context.Background(), contentOf(t, s), ExportOptions{Scheduler: s.Scheduler()})
		switch {
		case tt.src == "/etc/passwd":
			if err == nil && len(c.Media) > 0 {
				t.Errorf("%s was taken", tt.src)
			}
		case tt.err == "" && err != nil, tt.err != "" && (err == nil || !strings.Contains(err.Error(), tt.err)):
			t.Errorf("%s: %v, want %q", tt.src, err, tt.err)
		case strings.Contains(tt.src, "ring"):
			if len(c.Media) != 1 || !strings.HasPrefix(c.Media[0].Name, "etch-") || !strings.HasSuffix(c.Media[0].Name, ".png") || !strings.Contains(c.Notes[0].Fields[0], c.Media[0].Name) {
				t.Errorf("%s: media %+v, field %q", tt.src, c.Media, c.Notes[0].Fields[0])
			} else if string(content(t, c.Media[0])) != "picture" {
				t.Error("it is another picture")
			}
		case err == nil && len(c.Media) > 0:
			t.Errorf("%s: media %+v", tt.src, c.Media)
		}
		if err != nil && strings.Contains(err.Error(), "secret") && tt.src != "../../secret.png" && tt.src != "up/secret.png" {
			t.Errorf("%s: %v", tt.src, err)
		}
	}
}

// Equal content gives equal bytes, whenever and wherever it is written.
func TestExportIsDeterministic(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	ok(t, err)
	s := newStore(t, berlin)
	library(t, s, t.TempDir(), map[string]string{"a.md": post("Leases", "storage", lease+fence), "b.md": post("Rings", "keys", ring)})
	p := open(t, "testdata/latest-sched.apkg", Options{Now: monday})
	into(t, s, &p.Collection)
	for i, card := range cardIDs(t, s) {
		grade(t, s, card, monday.Add(time.Duration(i)*time.Hour), i, scheduler.Ratings[i%4])
	}
	var first []byte
	for range 3 {
		c, _, err := Export(context.Background(), contentOf(t, s), ExportOptions{Scheduler: s.Scheduler(), Progress: true, Preset: true})
		ok(t, err)
		var b bytes.Buffer
		ok(t, Write(t.Context(), &b, c))
		if first == nil {
			first = b.Bytes()
		}
		if !bytes.Equal(first, b.Bytes()) {
			t.Error("the bytes differ")
		}
		time.Sleep(1100 * time.Millisecond)
	}
}

// What came from Anki goes back as it came, and edits go where they belong.
func TestExportOfImportedNotes(t *testing.T) {
	types := []NoteType{
		{ID: 5, Name: "Basic", Fields: []Field{{ID: 1, Name: "Front"}, {ID: 2, Name: "Back"}, {ID: 3, Name: "Notes"}}, Templates: []Template{{ID: 4, Name: "Card 1", Front: "{{Front}}", Back: "{{FrontSide}}<hr id=answer>{{Back}}"}}},
		{ID: 6, Name: "basic", Fields: []Field{{ID: 1, Name: "Back"}, {ID: 2, Name: "Front"}}, Templates: []Template{{ID: 4, Name: "Card 1", Front: "<b>{{Front}}</b>", Back: "{{FrontSide}}<hr id=answer><i>{{Back}}</i>"}}},
		{ID: 7, Name: "Words", Fields: []Field{{Name: "Word"}, {Name: "Hint"}, {Name: "Meaning"}}, Templates: []Template{{Name: "Card 1", Front: "{{Word}} ({{Hint}})", Back: "{{FrontSide}}<hr id=answer>{{Meaning}}"}}},
		{ID: 8, Name: "Cloze", Cloze: true, Fields: []Field{{ID: 11, Name: "Text"}, {ID: 12, Name: "Back Extra"}}, Templates: []Template{{ID: 13, Name: "Cloze", Front: "{{cloze:Text}}", Back: "{{cloze:Text}}<br>\n{{Back Extra}}"}}},
		{ID: 9, Name: "Both", Fields: []Field{{Name: "Front"}, {Name: "Back"}}, Templates: []Template{{Name: "1", Front: "{{Front}}", Back: "{{Back}}"}, {Name: "2", Front: "{{Back}}", Back: "{{Front}}"}}},
	}
	tests := []struct {
		typeID int64
		fields []string
		edit   [2]string // from, to
		want   []string
		told   string
	}{
		{5, []string{"One <b>two</b>?", "Three<br>four.", "kept"}, [2]string{"Three", "Five"}, []string{"One <b>two</b>?", "Five<br>four.", "kept"}, ""},
		{6, []string{"Three.", "One?"}, [2]string{"One", "Five"}, []string{"Three.", "<strong>Five?</strong>"}, ""},
		{7, []string{"One", "Two", "Three"}, [2]string{"Three", "Five"}, []string{"One", "Two", "Three"}, "stay here"},
		{8, []string{"A {{c2::ring}} of {{c1::keys}}.", ""}, [2]string{"of", "with"}, []string{"A {{c2::ring}} with {{c1::keys}}.", ""}, ""},
		{8, []string{"A {{c1::ring}}.", "extra"}, [2]string{"extra", "other"}, []string{"A {{c1::ring}}.", "other"}, ""},
		{8, []string{"A {{c1::ring::kind \"x\"}} of {{c1::keys}} and {{c4::more}}.", ""}, [2]string{"of", "with"}, []string{"A {{c1::ring::kind \"x\"}} with {{c1::keys}} and {{c4::more}}.", ""}, ""},
		{9, []string{"One?", "Three."}, [2]string{"Q: One", "Q: Five"}, []string{"One?", "Three."}, "stay here"},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprint(tt.typeID, tt.fields), func(t *testing.T) {
			s := newStore(t, time.UTC)
			c := oneCard(Card{})
			c.NoteTypes = types
			c.Notes[0].Type, c.Notes[0].Fields, c.Notes[0].Tags = tt.typeID, tt.fields, []string{"b", "a"}
			if tt.typeID == 8 || tt.typeID == 9 {
				second := c.Cards[0]
				second.ID++
				second.Ord++
				if tt.typeID == 9 || strings.Contains(tt.fields[0], "c2") || strings.Contains(tt.fields[0], "c4") {
					if strings.Contains(tt.fields[0], "c4") {
						second.Ord = 3
					}
					c.Cards = append(c.Cards, second)
				}
			}
			// The other types come along, too.
			for i, nt := range types[:2] {
				c.Notes = append(c.Notes, Note{ID: 1800000000000 + int64(i), GUID: fmt.Sprint("x", i), Type: nt.ID, Mod: 1, Fields: []string{"f", "b", "n"}[:len(nt.Fields)]})
				c.Cards = append(c.Cards, Card{ID: 1800000000000 + int64(i), Note: 1800000000000 + int64(i), Deck: 1})
			}
			into(t, s, c)
			out, _ := roundTrip(t, s, c)
			if !slices.Equal(out.Notes[0].Fields, tt.fields) || len(out.Notes[0].Tags) != 2 {
				t.Errorf("unchanged: %q %q, want %q", out.Notes[0].Fields, out.Notes[0].Tags, tt.fields)
			}
			text, row, err := s.PostBody(t.Context(), "default")
			ok(t, err)
			edited := strings.Replace(text, tt.edit[0], tt.edit[1], 1)
			if edited == text {
				t.Fatalf("no %q in %s", tt.edit[0], text)
			}
			_, err = s.EditDeck(t.Context(), row.Slug, edited, monday.Add(time.Hour))
			ok(t, err)
			healthy(t, s)
			out, told := roundTrip(t, s, c)
			if !slices.Equal(out.Notes[0].Fields, tt.want) || !strings.Contains(strings.Join(told, " "), tt.told) || tt.told == "" && len(told) > 0 {
				t.Errorf("edited: %q, want %q; told %q", out.Notes[0].Fields, tt.want, told)
			}
			if tt.told == "" && out.Notes[0].Mod != monday.Add(time.Hour).Unix() {
				t.Errorf("mod %d", out.Notes[0].Mod)
			}
			// Anki's older version does not undo the edit.
			before := contentOf(t, s)
			if r, _ := into(t, s, c); r.Edited == 0 || r.Updated > 0 {
				t.Errorf("the old version: %+v", r)
			}
			sameContent(t, before, contentOf(t, s))
		})
	}
}
