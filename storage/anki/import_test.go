package anki

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"etch/deck"
	"etch/scheduler"
	"etch/storage"
)

// monday is 8 in the morning of a study day.
var monday = time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)

// tb is what fixtures need of *testing.T and *rapid.T.
type tb interface {
	Helper()
	Fatalf(format string, args ...any)
}

func ok(t tb, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%v", err)
	}
}

func newStore(t testing.TB, loc *time.Location) *storage.Store {
	t.Helper()
	s, err := storage.Open(context.Background(), filepath.Join(t.TempDir(), "etch.db"), storage.Options{Now: monday, Location: loc})
	ok(t, err)
	t.Cleanup(func() { s.Close() })
	return s
}

func healthy(t tb, s *storage.Store) {
	t.Helper()
	findings, err := s.Doctor(context.Background())
	ok(t, err)
	if len(findings) > 0 {
		t.Fatalf("doctor: %q", findings)
	}
}

// into imports a collection and checks the database.
func into(t tb, s *storage.Store, c *Collection) (storage.ImportReport, []Problem) {
	t.Helper()
	in, problems, err := Import(context.Background(), c, ImportOptions{Scheduler: s.Scheduler(), Progress: true})
	ok(t, err)
	r, err := s.Import(context.Background(), in, storage.ImportOptions{Now: monday})
	ok(t, err)
	healthy(t, s)
	return r, problems
}

// contentOf reads everything, with the log.
func contentOf(t tb, s *storage.Store) *storage.Content {
	t.Helper()
	c, err := s.Content(context.Background(), storage.ContentFilter{Log: true})
	ok(t, err)
	return c
}

// cardsOf finds cards by Anki's ids.
func cardsOf(t tb, s *storage.Store) map[int64]storage.ContentCard {
	t.Helper()
	cards := make(map[int64]storage.ContentCard)
	for _, n := range contentOf(t, s).Notes {
		for _, c := range n.Cards {
			cards[c.AnkiID] = c
		}
	}
	return cards
}

func kinds(t tb, s *storage.Store) map[scheduler.Kind]int {
	t.Helper()
	entries, err := s.Entries(context.Background(), "")
	ok(t, err)
	got := make(map[scheduler.Kind]int)
	for _, e := range entries {
		got[e.Kind]++
	}
	return got
}

// The packages that Anki wrote, through a real database: every card stands
// where it stood in Anki.
func TestImportOfFixtures(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	ok(t, err)
	want := readExpected(t)
	var replay struct {
		Replay map[int64]struct{ S, D float64 } `json:"anki_replay"`
	}
	b, err := os.ReadFile("testdata/expected.json")
	ok(t, err)
	ok(t, json.Unmarshal(b, &replay))
	for _, name := range fixtures {
		t.Run(name, func(t *testing.T) {
			s := newStore(t, berlin)
			p := open(t, filepath.Join("testdata", name), Options{Now: time.Unix(1795196463, 0)})
			r, problems := into(t, s, &p.Collection)
			told := 2
			if slices.ContainsFunc(p.Presets, func(p Preset) bool { return len(p.Weights) > 0 }) {
				told = 3 // the weights that stay in Anki
			}
			nosched := strings.Contains(name, "nosched")
			if nosched {
				if len(problems) != 3 || !strings.Contains(problems[0].Why, "no progress") {
					t.Errorf("%+v", problems)
				}
				problems, told = problems[1:], 2
			}
			if r.New != 20 || r.Cards != 24 || len(r.Skipped) > 0 || len(problems) != told || problems[0].Why != "picture" || problems[1].Why != "formula as its source" {
				t.Errorf("%+v %+v", r, problems)
			}
			posts, err := s.Posts(t.Context(), 0)
			ok(t, err)
			titles := []string{}
			for _, p := range posts {
				titles = append(titles, p.Title)
			}
			slices.Sort(titles)
			if nosched {
				if len(kinds(t, s)) != 0 || !slices.Equal(titles, []string{"Filtered now", "System Design::Messaging", "System Design::Storage"}) {
					t.Errorf("%v in %q", kinds(t, s), titles)
				}
				return
			}
			if !slices.Equal(titles, []string{"System Design::Messaging", "System Design::Storage"}) {
				t.Errorf("decks %q", titles)
			}
			if got := kinds(t, s); !maps.Equal(got, map[scheduler.Kind]int{"rate": 148, "forget": 2, "due": 1, "suspend": 1, "flag": 1}) {
				t.Errorf("rows %v", got)
			}
			cards := cardsOf(t, s)
			day0 := scheduler.Calendar{Location: berlin}.Day(time.Unix(want.Crt, 0))
			for _, c := range want.Sched {
				checkFixtureCard(t, c, cards[c.ID], day0)
			}
			near := func(deckName string) {
				t.Helper()
				cards := cardsOf(t, s)
				for _, c := range want.Sched {
					r, ok := replay.Replay[c.ID]
					m := cards[c.ID].Memory
					if !ok || !strings.HasSuffix(c.Deck, deckName) && !(deckName == "Storage" && c.Odid != 0) {
						continue
					}
					if math.Abs(m.Stability-r.S) > 0.01*r.S || math.Abs(m.Difficulty-r.D) > 0.01*r.D {
						t.Errorf("%s card %d: s %.4f d %.4f, Anki %.4f %.4f", deckName, c.ID, m.Stability, m.Difficulty, r.S, r.D)
					}
				}
			}
			near("Storage")
			for _, preset := range p.Presets {
				if preset.Name == "Messaging FSRS" {
					ok(t, s.Set(t.Context(), "weights", strings.Trim(fmt.Sprint(preset.Weights), "[]"), monday))
				}
			}
			near("Messaging")
			before := cardsOf(t, s)
			if r, _ := into(t, s, &p.Collection); r.Unchanged != 20 || r.Rows+r.Cards != 0 {
				t.Errorf("again: %+v", r)
			}
			for id, c := range cardsOf(t, s) {
				if !storage.SameMemory(c.Memory, before[id].Memory) {
					t.Errorf("card %d changed", id)
				}
			}
		})
	}
}

func checkFixtureCard(t *testing.T, want expectedCard, got storage.ContentCard, day0 scheduler.Day) {
	t.Helper()
	m := got.Memory
	due := want.Due
	if want.Odid != 0 {
		due = want.Odue
	}
	if int(m.State) != want.Type || m.Suspended != (want.Queue == -1) || (m.Flag != "") != (want.Flags > 0) {
		t.Errorf("card %d: %s suspended %v flag %q, want %+v", want.ID, m.State, m.Suspended, m.Flag, want)
	}
	switch {
	case want.Type == 0:
		if m.Reps != 0 || !m.DueAt.IsZero() || m.Stability != 0 {
			t.Errorf("card %d is new: %+v", want.ID, m)
		}
		return
	case want.Type == 2:
		if m.DueDay != day0+scheduler.Day(due) || m.Interval != want.Ivl {
			t.Errorf("card %d: due %s after %d, want %s after %d", want.ID, m.DueDay, m.Interval, day0+scheduler.Day(due), want.Ivl)
		}
	case due > 1e9:
		if m.DueAt.Unix() != due {
			t.Errorf("card %d: due at %s, want %s", want.ID, m.DueAt, time.Unix(due, 0))
		}
	default:
		if got := (scheduler.Calendar{Location: time.FixedZone("", 3600), Rollover: 4}).Day(m.DueAt); got != day0+scheduler.Day(due) {
			t.Errorf("card %d: due on %s, want %s", want.ID, got, day0+scheduler.Day(due))
		}
	}
	if m.Reps < 1 || m.Lapses != want.Lapses {
		t.Errorf("card %d: %d answers, %d lapses, want %d and %d", want.ID, m.Reps, m.Lapses, want.Reps, want.Lapses)
	}
	var data struct{ LRT int64 }
	ok(t, json.Unmarshal([]byte(want.Data), &data))
	if m.Last.Unix() != data.LRT {
		t.Errorf("card %d: last answered %s, want %s", want.ID, m.Last, time.Unix(data.LRT, 0).UTC())
	}
}

// A collection made by hand: one note, one card, in UTC, day 0 on 2026-11-01.
func oneCard(card Card, reviews ...Review) *Collection {
	card.ID, card.Note, card.Deck = 1700000000001, 1700000000000, 1
	if card.Mod == 0 {
		card.Mod = monday.Unix()
	}
	for i := range reviews {
		reviews[i].Card = card.ID
	}
	return &Collection{
		Created: time.Date(2026, 11, 1, 4, 0, 0, 0, time.UTC).Unix(), HasWest: true, Rollover: 4, Scheduler: 2,
		NoteTypes: []NoteType{{ID: 5, Name: "Basic", Fields: []Field{{Name: "Front"}, {Name: "Back"}}, Templates: []Template{{Name: "Card 1", Front: "{{Front}}", Back: "{{FrontSide}}<hr id=answer>{{Back}}"}}}},
		Decks:     []Deck{{ID: 1, Name: "Default"}, {ID: 2, Name: "Home"}, {ID: 3, Name: "Filtered", Filtered: true}},
		Notes:     []Note{{ID: card.Note, GUID: "g", Type: 5, Mod: monday.Unix() - 86400, Fields: []string{"One?", "1."}}},
		Cards:     []Card{card}, Reviews: reviews,
	}
}

// on is 10 o'clock of a day of November.
func on(day int) int64 { return time.Date(2026, 11, day, 10, 0, 0, 0, time.UTC).UnixMilli() }

// TestImportedHistories is the table of histories that are not plain.
func TestImportedHistories(t *testing.T) {
	day0 := scheduler.Calendar{Location: time.UTC}.Day(time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC))
	learned := func(day int) []Review {
		return []Review{
			{ID: on(day), Ease: 3, Interval: -600, Factor: 224, Millis: 5000},
			{ID: on(day) + 600_000, Ease: 3, Interval: 2, LastInterval: -600, Factor: 224, Millis: 5000},
		}
	}
	reset := Review{Kind: Manual}
	at := func(r Review, ms int64) Review { r.ID = ms; return r }
	reviewing := Card{State: Reviewing, Queue: ReviewQueue, Due: 25, Interval: 6, Factor: 2500, Reps: 3}
	memory := &Memory{Stability: 7.5, Difficulty: 4.25, LastReview: on(19) / 1000}
	tests := []struct {
		name    string
		card    Card
		reviews []Review
		rows    string // kinds in order
		state   scheduler.State
		due     int // day number
		reps    int
		s, d    float64 // 0: whatever is computed, but more than 0
		told    string
	}{
		{"plain", reviewing, append(learned(17), Review{ID: on(19), Ease: 3, Interval: 6, Factor: 224, Kind: Reviewed}), "rate rate rate", scheduler.Review, 25, 3, 0, 0, ""},
		{"never answered", Card{Due: 4}, nil, "", scheduler.New, 0, 0, 0, 0, "no progress"},
		{"never answered, and suspended", Card{Due: 4, Queue: Suspended}, nil, "suspend", scheduler.New, 0, 0, 0, 0, ""},
		{
			"reset in the middle", reviewing, slices.Concat(learned(3), []Review{at(reset, on(10))}, learned(17), []Review{{ID: on(19), Ease: 3, Interval: 6, Factor: 224, Kind: Reviewed}}),
			"rate rate forget rate rate rate", scheduler.Review, 25, 3, 0, 0, "",
		},
		{"reset at the end", Card{Due: 9}, slices.Concat(learned(3), []Review{at(reset, on(10))}), "rate rate forget", scheduler.New, 0, 0, 0, 0, ""},
		{"reset, not said", Card{Due: 9}, learned(3), "rate rate forget", scheduler.New, 0, 0, 0, 0, ""},
		{
			"learned anew, not said", reviewing, slices.Concat(learned(3), []Review{{ID: on(5), Ease: 3, Interval: 4, Factor: 224, Kind: Reviewed}}, learned(17)),
			"rate rate rate forget rate rate", scheduler.Review, 25, 2, 0, 0, "",
		},
		{
			"cut off, with s and d",
			Card{State: Reviewing, Queue: ReviewQueue, Due: 25, Interval: 6, Factor: 2500, Reps: 9, Lapses: 2, Memory: memory},
			[]Review{{ID: on(12), Ease: 3, Interval: 7, Factor: 224, Kind: Reviewed}, {ID: on(19), Ease: 3, Interval: 6, Factor: 224, Kind: Reviewed}},
			"rate rate seed", scheduler.Review, 25, 9, 7.5, 4.25, "taken as it is",
		},
		{
			"due date of a new card set by hand, then answered",
			Card{State: Reviewing, Queue: ReviewQueue, Due: 25, Interval: 6, Factor: 2500, Reps: 1, Memory: &Memory{Stability: 8.25, Difficulty: 4.25, LastReview: on(19) / 1000}},
			[]Review{{ID: on(9), Interval: 10, Factor: 2500, Kind: Manual}, {ID: on(19) + 123, Ease: 4, Interval: 6, LastInterval: 10, Factor: 224, Kind: Reviewed}},
			"rate seed", scheduler.Review, 25, 1, 8.25, 4.25, "taken as it is",
		},
		{
			"likewise, and failed",
			Card{State: Relearning, Queue: LearnQueue, Due: on(19)/1000 + 740, Interval: 1, Left: 1, Factor: 2500, Reps: 1, Lapses: 1, Memory: &Memory{Stability: 0.212, Difficulty: 7.5, LastReview: on(19) / 1000}},
			[]Review{{ID: on(19) + 123, Ease: 1, Interval: -600, LastInterval: 10, Factor: 824, Kind: Reviewed}},
			"rate seed", scheduler.Relearning, 18, 1, 0.212, 7.5, "taken as it is",
		},
		{"no log, s and d", Card{State: Reviewing, Queue: ReviewQueue, Due: 25, Interval: 6, Factor: 2500, Reps: 9, Memory: memory}, nil, "seed", scheduler.Review, 25, 9, 7.5, 4.25, "taken as it is"},
		{"no log, s and d out of range", Card{State: Reviewing, Queue: ReviewQueue, Due: 25, Interval: 6, Factor: 2500, Reps: 9, Memory: &Memory{Stability: 1e9, Difficulty: 50}}, nil, "seed", scheduler.Review, 25, 9, 6, 0, "taken as it is"},
		{"no log, interval and ease", Card{State: Reviewing, Queue: ReviewQueue, Due: 30, Interval: 40, Factor: 1300, Reps: 9}, nil, "seed", scheduler.Review, 30, 9, 40, 0, "taken as it is"},
		{"no log, no ease", Card{State: Reviewing, Queue: ReviewQueue, Due: 30, Interval: 40}, nil, "seed", scheduler.Review, 30, 0, 40, 0, "taken as it is"},
		{"no log, negative interval", Card{State: Reviewing, Queue: ReviewQueue, Due: 30, Interval: -40, Factor: 2500}, nil, "", scheduler.New, 0, 0, 0, 0, ""},
		{"overdue", Card{State: Reviewing, Queue: ReviewQueue, Due: -50, Interval: 6, Factor: 2500}, nil, "seed", scheduler.Review, -50, 0, 6, 0, "taken as it is"},
		{"due in a hundred years", Card{State: Reviewing, Queue: ReviewQueue, Due: 36525, Interval: 36500, Factor: 2500}, nil, "seed", scheduler.Review, 36525, 0, 36500, 0, "taken as it is"},
		{
			"crammed in between", reviewing, slices.Concat(learned(17), []Review{{ID: on(18), Ease: 1, Kind: Early}, {ID: on(19), Ease: 3, Interval: 6, Factor: 224, Kind: Reviewed}}),
			"rate rate rate", scheduler.Review, 25, 3, 0, 0, "",
		},
		{"early, with a new interval", reviewing, append(learned(17), Review{ID: on(19), Ease: 3, Interval: 6, Factor: 224, Kind: Early}), "rate rate rate", scheduler.Review, 25, 3, 0, 0, ""},
		{"due date set by hand", reviewing, append(learned(17), Review{ID: on(19), Interval: 6, Factor: 224, Kind: Manual}), "rate rate due", scheduler.Review, 25, 2, 0, 0, ""},
		{"rescheduled", reviewing, append(learned(17), Review{ID: on(19), Interval: 6, Factor: 224, Kind: Rescheduled}), "rate rate due", scheduler.Review, 25, 2, 0, 0, ""},
		{"in a filtered deck", Card{State: Reviewing, Queue: ReviewQueue, Due: -100000, HomeDue: 25, HomeDeck: 2, Deck: 3, Interval: 6, Factor: 2500}, learned(17), "rate rate", scheduler.Review, 25, 2, 0, 0, ""},
		{"buried", Card{State: Reviewing, Queue: UserBuried, Due: 25, Interval: 6}, learned(17), "rate rate", scheduler.Review, 25, 2, 0, 0, ""},
		{"suspended", Card{State: Reviewing, Queue: Suspended, Due: 25, Interval: 6}, learned(17), "rate rate suspend", scheduler.Review, 25, 2, 0, 0, ""},
		{"ratings out of range", reviewing, append(learned(17), Review{ID: on(18), Ease: 7, Interval: 9, Kind: Reviewed}, Review{ID: on(19), Ease: -1, Interval: 9, Kind: Reviewed}), "rate rate", scheduler.Review, 25, 2, 0, 0, ""},
		{"times out of range", reviewing, []Review{{ID: on(17), Ease: 3, Interval: 2, Factor: 224, Millis: -5}, {ID: on(19), Ease: 3, Interval: 6, Factor: 224, Kind: Reviewed, Millis: 9e8}}, "rate rate", scheduler.Review, 25, 2, 0, 0, ""},
		{"answers in the future", reviewing, learned(28), "rate rate", scheduler.Review, 25, 2, 0, 0, ""},
		{"a step of a day", Card{State: Learning, Queue: DayLearnQueue, Due: 24, Left: 1}, []Review{{ID: on(23), Ease: 3, Interval: 1, Factor: 224}}, "rate", scheduler.Learning, 24, 1, 0, 0, ""},
		{"in a step", Card{State: Learning, Queue: LearnQueue, Due: on(23)/1000 + 600, Left: 1}, []Review{{ID: on(23), Ease: 3, Interval: -600, Factor: 224}}, "rate", scheduler.Learning, 22, 1, 0, 0, ""},
		{"suspended in a step", Card{State: Learning, Queue: Suspended, Due: on(23)/1000 + 600, Left: 1}, []Review{{ID: on(23), Ease: 3, Interval: -600, Factor: 224}}, "rate suspend", scheduler.Learning, 22, 1, 0, 0, ""},
		{
			"relearning",
			Card{State: Relearning, Queue: LearnQueue, Due: on(23)/1000 + 600, Left: 1, Interval: 1, Lapses: 1, Factor: 2500},
			append(learned(17), Review{ID: on(23), Ease: 1, Interval: -600, Factor: 400, Kind: Reviewed}), "rate rate rate", scheduler.Relearning, 22, 3, 0, 0, "",
		},
		{"more steps left than there are", Card{State: Learning, Queue: LearnQueue, Due: on(23)/1000 + 600, Left: 77}, []Review{{ID: on(23), Ease: 1, Interval: -60, Factor: 400}}, "rate", scheduler.Learning, 22, 1, 0, 0, ""},
		{"learning without a log", Card{State: Learning, Queue: LearnQueue, Due: on(23)/1000 + 600, Left: 2}, nil, "", scheduler.New, 0, 0, 0, 0, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newStore(t, time.UTC)
			c := oneCard(tt.card, tt.reviews...)
			if tt.card.Deck != 0 {
				c.Cards[0].Deck = tt.card.Deck
			}
			r, problems := into(t, s, c)
			if r.New != 1 || len(r.Skipped) > 0 {
				t.Fatalf("%+v", r)
			}
			var why []string
			for _, p := range problems {
				why = append(why, p.Why)
			}
			if got := strings.Join(why, " "); !strings.Contains(got, tt.told) || tt.told == "" && got != "" {
				t.Errorf("told %q, want %q", got, tt.told)
			}
			entries, err := s.Entries(t.Context(), "")
			ok(t, err)
			var rows []string
			for _, e := range entries {
				rows = append(rows, string(e.Kind))
			}
			if got := strings.Join(rows, " "); got != tt.rows {
				t.Errorf("rows %s, want %s", got, tt.rows)
			}
			notes := contentOf(t, s).Notes
			m := notes[0].Cards[0].Memory
			if m.State != tt.state || m.Reps != tt.reps {
				t.Errorf("%s after %d answers, want %s after %d", m.State, m.Reps, tt.state, tt.reps)
			}
			due := m.DueDay - day0
			if m.State != scheduler.Review {
				due = scheduler.Calendar{Location: time.UTC, Rollover: 4}.Day(m.DueAt) - day0
			}
			if m.State != scheduler.New && int(due) != tt.due {
				t.Errorf("due on day %d, want %d", due, tt.due)
			}
			if m.State == scheduler.New != (m.Stability == 0) || tt.s > 0 && m.Stability != tt.s || tt.d > 0 && m.Difficulty != tt.d {
				t.Errorf("s %v d %v, want %v %v", m.Stability, m.Difficulty, tt.s, tt.d)
			}
			if set := s.Scheduler().Settings(); m.Step < 0 || m.Step >= max(1, len(set.LearningSteps)) {
				t.Errorf("step %d", m.Step)
			}
			if want := map[bool]string{true: "Home", false: "Default"}[tt.card.HomeDeck != 0]; notes[0].Title != want {
				t.Errorf("in deck %q, want %q", notes[0].Title, want)
			}
			for _, r := range s.Scheduler().Preview(notes[0].Cards[0].ID, m, monday) { // and it goes on from there
				if r.Stability <= 0 || math.IsNaN(r.Stability) {
					t.Errorf("then %+v", r)
				}
			}
			if r, _ := into(t, s, c); r.Rows+r.New+r.Updated != 0 {
				t.Errorf("again: %+v", r)
			}
		})
	}
}

// Only weights that are not ours are told of as left behind.
func TestImportTellsOfForeignWeights(t *testing.T) {
	nearly, other := scheduler.DefaultWeights(), scheduler.DefaultWeights()
	for i := range nearly {
		nearly[i] = float64(float32(nearly[i])) // as Anki keeps them
	}
	other[3] *= 1.01
	for _, tt := range []struct {
		name    string
		weights []float64
		told    bool
	}{{"none", nil, false}, {"ours", nearly, false}, {"others", other, true}, {"of FSRS-5", other[:19], true}} {
		c := oneCard(Card{Due: 1}, Review{ID: on(17), Kind: Manual})
		c.Presets = []Preset{{ID: 1, Name: "Hard", Weights: tt.weights}}
		_, problems := into(t, newStore(t, time.UTC), c)
		if told := len(problems) == 1 && strings.Contains(problems[0].Why, "weights"); told != tt.told || len(problems) > 1 {
			t.Errorf("%s: told %v", tt.name, problems)
		}
	}
}

// A card whose state was taken as it is goes on from there: a later import
// brings its answers and no second state, and stands where Anki has it.
func TestImportOfAnswersToAStateWithoutHistory(t *testing.T) {
	s := newStore(t, time.UTC)
	c := oneCard(Card{State: Reviewing, Queue: ReviewQueue, Due: 25, Interval: 6, Factor: 2500, Reps: 1, Memory: &Memory{Stability: 8.25, Difficulty: 4.25, LastReview: on(19) / 1000}},
		Review{ID: on(19) + 123, Ease: 4, Interval: 6, LastInterval: 10, Factor: 224, Kind: Reviewed})
	into(t, s, c)
	before := contentOf(t, s).Notes[0].Cards[0].Memory
	item := scheduler.Entry{Kind: scheduler.Rate, Rating: scheduler.Good, At: time.UnixMilli(on(22)).UTC(), Day: before.LastDay + 3}
	want := s.Scheduler().Apply(before, item)
	card := &c.Cards[0]
	card.Due, card.Interval, card.Reps, card.Memory = 44, 22, 2, &Memory{Stability: want.Stability, Difficulty: want.Difficulty, LastReview: on(22) / 1000}
	c.Reviews = append(c.Reviews, Review{ID: on(22), Card: card.ID, Ease: 3, Interval: 23, LastInterval: 6, Factor: 224, Kind: Reviewed})
	for _, rows := range []int{1, 0} {
		r, _ := into(t, s, c)
		m := contentOf(t, s).Notes[0].Cards[0].Memory
		if r.Rows != rows || m.Reps != 2 || m.Interval != 22 || m.Stability != want.Stability || m.Difficulty != want.Difficulty {
			t.Errorf("%d rows, want %d: %+v", r.Rows, rows, m)
		}
	}
	if got := kinds(t, s); got["seed"] != 1 {
		t.Errorf("rows %v", got)
	}
}

// A due day that was moved in Anki without a row in its log is taken, unless
// something was decided here of which Anki does not know.
func TestImportOfAMovedDueDay(t *testing.T) {
	card := Card{State: Reviewing, Queue: ReviewQueue, Due: 25, Interval: 6, Factor: 2500, Reps: 1, Mod: on(19) / 1000}
	review := Review{ID: on(19), Ease: 3, Interval: 6, Factor: 224}
	day0 := scheduler.Calendar{Location: time.UTC}.Day(time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC))
	s := newStore(t, time.UTC)
	bring := func(what string, rows, due, days int) {
		t.Helper()
		c := oneCard(card, review)
		for _, want := range []int{rows, 0} {
			r, _ := into(t, s, c)
			m := contentOf(t, s).Notes[0].Cards[0].Memory
			if r.Rows != want || m.DueDay != day0+scheduler.Day(due) || m.Interval != days || m.Reps != 1 {
				t.Errorf("%s: %d rows, want %d; due %d after %d, want %d after %d", what, r.Rows, want, m.DueDay-day0, m.Interval, due, days)
			}
		}
	}
	bring("answered", 1, 25, 6)
	card.Mod += 60
	bring("touched", 0, 25, 6)
	old := card
	card.Mod, card.Due, card.Interval = card.Mod+60, 28, 9
	bring("postponed", 1, 28, 9)
	card.Mod, card.Due, card.Interval = card.Mod+60, 23, 4
	bring("advanced", 1, 23, 4)
	newest := card
	card = old
	bring("an old package", 0, 23, 4)
	card = newest
	card.Mod, card.Due, card.HomeDue, card.HomeDeck = card.Mod+60, -100000, 30, 2
	bring("in a filtered deck", 0, 23, 4)
	id := contentOf(t, s).Notes[0].Cards[0].ID
	at := time.UnixMilli(on(20)).UTC()
	_, err := s.Merge(t.Context(), []scheduler.Entry{{
		ID: "here", Act: "here", Card: id, Kind: scheduler.SetDue, At: at, Day: s.Scheduler().Day(at), Source: scheduler.FromEtch,
		Then: scheduler.Decision{State: scheduler.Review, Interval: 20, DueDay: day0 + 40},
	}})
	ok(t, err)
	card = newest
	card.Mod, card.Due = on(21)/1000, 33
	bring("moved here, too", 0, 40, 20)

	// An answer that Anki has and that was taken back here.
	s = newStore(t, time.UTC)
	card = old
	bring("answered", 1, 25, 6)
	id, at = contentOf(t, s).Notes[0].Cards[0].ID, time.UnixMilli(on(20)).UTC()
	row := scheduler.Entry{
		ID: "here", Act: "here", Card: id, Kind: scheduler.Rate, Rating: scheduler.Easy, At: at, Day: s.Scheduler().Day(at), Source: scheduler.FromEtch, AnkiID: on(20),
		Then: scheduler.Decision{State: scheduler.Review, Interval: 30, DueDay: day0 + 49},
	}
	void := scheduler.Entry{ID: "undo", Act: "undo", Card: id, Kind: scheduler.Void, Target: "here", At: at.Add(time.Minute), Day: row.Day, Source: scheduler.FromEtch}
	_, err = s.Merge(t.Context(), []scheduler.Entry{row, void})
	ok(t, err)
	card.Mod, card.Due, card.Interval, card.Reps = on(21)/1000, 49, 30, 2
	c := oneCard(card, review, Review{ID: on(20), Ease: 4, Interval: 30, LastInterval: 6, Factor: 124, Kind: Reviewed})
	r, _ := into(t, s, c)
	if m := contentOf(t, s).Notes[0].Cards[0].Memory; r.Rows != 0 || m.DueDay != day0+25 {
		t.Errorf("undone here: %d rows, due %d", r.Rows, m.DueDay-day0)
	}
}

// A card that was learned from new on both sides, here and in Anki, has two
// first answers and no reset between them. It comes back from another Anki as
// it went there.
func TestImportOfAHistoryThatBeginsTwice(t *testing.T) {
	s := newStore(t, time.UTC)
	library(t, s, t.TempDir(), map[string]string{"a.md": "---\ntitle: A\n---\n## B\n\nQ: One?\n\nA: 1.\n"})
	card := contentOf(t, s).Notes[0].Cards[0].ID
	answer := func(id, source string, ms int64, before scheduler.State, days int) scheduler.Entry {
		at := time.UnixMilli(ms).UTC()
		day := s.Scheduler().Day(at)
		return scheduler.Entry{
			ID: id, Act: id, Card: card, Kind: scheduler.Rate, Rating: scheduler.Good, At: at, Day: day, Source: source, AnkiID: ms,
			Before: scheduler.Belief{State: before}, Then: scheduler.Decision{State: scheduler.Review, Interval: days, DueDay: day + scheduler.Day(days)},
		}
	}
	_, err := s.Merge(t.Context(), []scheduler.Entry{
		answer("a", scheduler.FromEtch, on(3), scheduler.New, 3), answer("b", scheduler.FromEtch, on(6), scheduler.Review, 12),
		answer("anki:7:1", scheduler.FromAnki, on(10), scheduler.New, 3),
	})
	ok(t, err)
	c, _ := roundTrip(t, s, nil)
	// What Anki does there later still is taken, also that it was reset unsaid.
	last := &c.Cards[0]
	for i, want := range []string{"rate rate rate rate", "rate rate rate rate forget rate"} {
		kind := []ReviewKind{Reviewed, Learned}[i]
		c.Reviews = append(c.Reviews, Review{ID: on(17 + i), Card: last.ID, Ease: 3, Interval: 5, Factor: 224, Kind: kind})
		into(t, s, c)
		var got []string
		for _, e := range contentOf(t, s).Notes[0].Cards[0].Rows {
			got = append(got, string(e.Kind))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("rows %s, want %s", got, want)
		}
	}
}

// What a card's state came from goes to Anki and comes back without another
// state: an answer after a reset of which Anki did not know, and a state that
// nobody answered since.
func TestStatesWithoutHistoryComeBackOnce(t *testing.T) {
	s := newStore(t, time.UTC)
	review := Review{ID: on(3), Ease: 3, Interval: 6, Factor: 224}
	c := oneCard(Card{State: Reviewing, Queue: ReviewQueue, Due: 8, Interval: 6, Factor: 2500, Reps: 1}, review)
	into(t, s, c)
	card, at := contentOf(t, s).Notes[0].Cards[0].ID, time.UnixMilli(on(5)).UTC()
	_, err := s.Merge(t.Context(), []scheduler.Entry{{ID: "forget", Act: "forget", Card: card, Kind: scheduler.Forget, At: at, Day: s.Scheduler().Day(at), Source: scheduler.FromEtch}})
	ok(t, err)
	c = oneCard(Card{State: Reviewing, Queue: ReviewQueue, Due: 30, Interval: 22, Factor: 2500, Reps: 2}, review, Review{ID: on(8), Ease: 3, Interval: 22, LastInterval: 6, Factor: 224, Kind: Reviewed})
	into(t, s, c)
	roundTrip(t, s, nil)

	s = newStore(t, time.UTC)
	into(t, s, oneCard(Card{State: Reviewing, Queue: ReviewQueue, Due: 25, Interval: 6, Factor: 2500, Reps: 2, Memory: &Memory{Stability: 7.5, Difficulty: 4.25}}, Review{ID: on(3), Kind: Manual}))
	roundTrip(t, s, nil)
}

// A template that a user adds to etch's own note type makes no second note of
// a card that has its post here, wherever etch's own template stands then.
func TestImportOfATemplateAddedToEtchsOwn(t *testing.T) {
	added := Template{ID: 77, Name: "Reverse", Front: "{{Back}}", Back: "{{Front}}"}
	for own := range 2 {
		s := newStore(t, time.UTC)
		library(t, s, t.TempDir(), map[string]string{"a.md": "---\ntitle: A\n---\n## B\n\nQ: One?\n\nA: 1.\n"})
		c, _, err := Export(t.Context(), contentOf(t, s), ExportOptions{Scheduler: s.Scheduler()})
		ok(t, err)
		nt := &c.NoteTypes[0]
		nt.ID++ // of a copy that Anki made
		nt.Templates = slices.Insert(slices.Clone(nt.Templates), 1-own, added)
		c.Notes[0].Type, c.Cards[0].Ord = nt.ID, own
		second := c.Cards[0]
		second.ID, second.Ord = second.ID+1, 1-own
		c.Cards = append(c.Cards, second)
		c.Reviews = []Review{{ID: on(17), Card: c.Cards[0].ID, Ease: 3, Interval: 2, Factor: 224}}
		c.Cards[0].State, c.Cards[0].Queue, c.Cards[0].Due, c.Cards[0].Interval = Reviewing, ReviewQueue, 2, 2
		for _, rows := range []int{1, 0} {
			r, problems := into(t, s, c)
			if r.New+r.Cards != 0 || r.Mine != 1 || r.Rows != rows || len(r.Skipped) > 0 {
				t.Errorf("%+v", r)
			}
			if len(problems) != 1 || !problems[0].Skipped || !strings.Contains(problems[0].Why, "added to etch's own note types") {
				t.Errorf("told %+v", problems)
			}
		}
	}
}

// A package without scheduling has every card new and unmarked: that is not
// what they are in Anki, and takes nothing away here.
func TestImportWithoutScheduling(t *testing.T) {
	s := newStore(t, time.UTC)
	c := oneCard(Card{Queue: Suspended, Flag: 2}, Review{ID: on(3), Ease: 3, Interval: 2, Factor: 224}, Review{ID: on(4), Kind: Manual})
	into(t, s, c)
	c.Cards[0].Queue, c.Cards[0].Flag, c.Cards[0].Mod = NewQueue, 0, monday.Unix()+60
	bare := *c
	bare.Reviews = nil
	r, problems := into(t, s, &bare)
	if m := contentOf(t, s).Notes[0].Cards[0].Memory; r.Rows != 0 || !m.Suspended || m.Flag == "" {
		t.Errorf("%d rows, suspended %v, flag %q", r.Rows, m.Suspended, m.Flag)
	}
	if len(problems) != 1 || problems[0].Count != 1 || !strings.Contains(problems[0].Why, "tick 'Include scheduling information'") {
		t.Errorf("told %+v", problems)
	}
	if r, _ := into(t, s, c); r.Rows != 2 { // with scheduling, the marks are gone there
		t.Errorf("with scheduling: %d rows, want 2", r.Rows)
	}
}

// A note with several templates is a note for each of its cards.
func TestImportOfReversedNotes(t *testing.T) {
	s := newStore(t, time.UTC)
	c := oneCard(Card{}, Review{ID: on(17), Ease: 3, Interval: 2, Factor: 224})
	c.NoteTypes[0].Templates = append(c.NoteTypes[0].Templates, Template{Name: "Card 2", Front: "{{Back}}", Back: "{{FrontSide}}<hr id=answer>{{Front}}"})
	c.Cards[0].State, c.Cards[0].Queue, c.Cards[0].Interval, c.Cards[0].Due = Reviewing, ReviewQueue, 2, 18
	second := c.Cards[0]
	second.ID, second.Ord, second.State, second.Queue = second.ID+1, 1, New, NewQueue
	c.Cards = append(c.Cards, second)
	if r, _ := into(t, s, c); r.New != 2 || r.Cards != 2 || r.Rows != 1 {
		t.Errorf("%+v", r)
	}
	notes := contentOf(t, s).Notes
	if len(notes) != 2 || notes[0].GUID != "g" || notes[1].GUID != "g" || notes[0].Ord+notes[1].Ord != 1 {
		t.Fatalf("%+v", notes)
	}
	out, told := roundTrip(t, s, c)
	if len(told) > 0 || len(out.Notes) != 1 || len(out.Cards) != 2 || !slices.Equal(out.Notes[0].Fields, c.Notes[0].Fields) {
		t.Errorf("%q %+v", told, out.Notes)
	}
}

// roundTrip exports a store's content to a file, imports it into the same
// store, and fails if anything changes.
func roundTrip(t testing.TB, s *storage.Store, _ *Collection) (*Collection, []string) {
	t.Helper()
	before := contentOf(t, s)
	path := filepath.Join(t.TempDir(), "deck.apkg")
	told := exportTo(t, s, path, ExportOptions{Scheduler: s.Scheduler(), Progress: true})
	p, err := Open(context.Background(), path, Options{Now: monday.AddDate(10, 0, 0)})
	ok(t, err)
	defer p.Close()
	if len(p.Problems) > 0 {
		t.Fatalf("problems: %+v", p.Problems)
	}
	r, problems := into(t, s, &p.Collection)
	if r.New+r.Updated+r.Cards+r.Rows+r.Edited != 0 || len(r.Skipped) > 0 {
		t.Fatalf("the way back: %+v %+v", r, problems)
	}
	sameContent(t, before, contentOf(t, s))
	return &p.Collection, told
}

func sameContent(t tb, a, b *storage.Content) {
	t.Helper()
	x, err := json.Marshal(a.Notes)
	ok(t, err)
	y, err := json.Marshal(b.Notes)
	ok(t, err)
	if string(x) != string(y) {
		t.Fatalf("the content changed\nfrom %s\n  to %s", x, y)
	}
}

func exportTo(t tb, s *storage.Store, path string, opt ExportOptions) []string {
	t.Helper()
	c, told, err := Export(context.Background(), contentOf(t, s), opt)
	ok(t, err)
	f, err := os.Create(path)
	ok(t, err)
	ok(t, Write(context.Background(), f, c))
	ok(t, f.Close())
	return told
}

// library compiles a folder of posts.
func library(t tb, s *storage.Store, folder string, texts map[string]string) {
	t.Helper()
	fsys := fstest.MapFS{}
	for name, text := range texts {
		fsys[name] = &fstest.MapFile{Data: []byte(text), ModTime: monday}
	}
	_, err := s.Compile(context.Background(), []deck.Library{{Kind: deck.KindFolder, Path: folder, FS: fsys}}, storage.CompileOptions{Now: monday.AddDate(0, -1, 0)})
	ok(t, err)
}

// gone is a context that ends after some looks at it.
type gone struct {
	context.Context
	looks int
}

func (g *gone) Err() error {
	if g.looks--; g.looks < 0 {
		return context.Canceled
	}
	return nil
}

// Whatever walks over all notes stops in the middle when it is told to.
func TestTransfersAreCancelled(t *testing.T) {
	const notes = 5000
	basic := BasicType()
	c := &Collection{NoteTypes: []NoteType{basic}, Decks: []Deck{{ID: 1, Name: "D"}}}
	content := &storage.Content{}
	for i := range notes {
		id := int64(i + 1)
		c.Notes = append(c.Notes, Note{ID: id, GUID: fmt.Sprint(i), Type: basic.ID, Fields: []string{"q", "a", "", "", "", ""}})
		c.Cards = append(c.Cards, Card{ID: id, Note: id, Deck: 1})
		c.Reviews = append(c.Reviews, Review{ID: id, Card: id})
		content.Notes = append(content.Notes, storage.ContentNote{ID: deck.NoteID(fmt.Sprint("n", i)), GUID: fmt.Sprint(i), Front: "q", Back: "a", AnkiID: id})
	}
	many := &Collection{NoteTypes: []NoteType{basic}, Notes: c.Notes[:1]}
	for range notes { // the cards of one note
		many.Cards = append(many.Cards, Card{Note: 1})
	}
	s := testScheduler(t)
	imports := func(c *Collection) func(context.Context) error {
		return func(ctx context.Context) error {
			_, _, err := Import(ctx, c, ImportOptions{Scheduler: s, Progress: true})
			return err
		}
	}
	for name, run := range map[string]func(context.Context) error{
		"import":          imports(c),
		"import one note": imports(many),
		"references":      func(ctx context.Context) error { _, err := References(ctx, c); return err },
		"export": func(ctx context.Context) error {
			_, _, err := Export(ctx, content, ExportOptions{Scheduler: s})
			return err
		},
		"text": func(ctx context.Context) error { return WriteText(ctx, io.Discard, c, ',') },
	} {
		for _, looks := range []int{0, 1, 3} {
			ctx := &gone{context.Background(), looks}
			if err := run(ctx); !errors.Is(err, context.Canceled) {
				t.Errorf("%s after %d looks: %v", name, looks, err)
			}
			if ctx.looks < -3 {
				t.Errorf("%s after %d looks: %d more", name, looks, -ctx.looks)
			}
		}
		if err := run(context.Background()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Templates can make more text than fits into memory of a small package.
func TestImportOfTooMuchText(t *testing.T) {
	nt := sideType(strings.Repeat("{{F}}", maxReferences), "{{B}}")
	nt.ID = 1
	c := &Collection{NoteTypes: []NoteType{*nt}, Decks: []Deck{{ID: 1, Name: "D"}}}
	for i := range 3 {
		id := int64(i + 1)
		c.Notes = append(c.Notes, Note{ID: id, GUID: fmt.Sprint(i), Type: 1, Fields: []string{"q", "a"}})
		c.Cards = append(c.Cards, Card{ID: id, Note: id, Deck: 1})
	}
	im := newIncoming(context.Background(), c, ImportOptions{Scheduler: testScheduler(t)})
	im.left = 2 * (maxReferences + 1)
	ok(t, im.run())
	if len(im.out.Decks) != 1 || len(im.out.Decks[0].Notes) != 2 {
		t.Errorf("%d decks, want one of 2 notes", len(im.out.Decks))
	}
	if len(im.problems) != 1 || !im.problems[0].Skipped || im.problems[0].Count != 1 {
		t.Errorf("%+v", im.problems)
	}
}
