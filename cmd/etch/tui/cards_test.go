package tui

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"etch/deck"
	"etch/scheduler"
)

// Search and Mark make bench Cards. It finds what holds all the words of the
// query; "is:nonsense" is an error.
func (b *bench) Search(_ context.Context, query string) ([]Found, error) {
	b.searches++
	if b.failLoad != nil {
		return nil, b.failLoad
	}
	var found []Found
	for i := range b.cards {
		it := &b.cards[i]
		card, ok := b.texts[it.Card], true
		for _, word := range strings.Fields(query) {
			if word == "is:nonsense" {
				return nil, errors.New("cannot search for is:nonsense")
			}
			ok = ok && strings.Contains(string(card.ID)+" "+card.Question+" "+card.Answer+" tag:"+card.Topic, word)
		}
		if ok {
			found = append(found, Found{Card: card, Memory: it.Memory, Recall: b.sched.Retrievability(it.Memory, b.clock.Now())})
		}
	}
	return found, nil
}

func (b *bench) Mark(_ context.Context, id deck.CardID, kind scheduler.Kind, arg string) error {
	if b.fail != nil {
		return b.fail
	}
	b.ids++
	name := fmt.Sprintf("mark-%04d", b.ids)
	entry, memory, err := b.sched.Act(id, b.item(id).Memory, scheduler.Stamp{ID: name, Act: name, Session: "marks", At: b.clock.Now()}, kind, arg)
	if err != nil {
		return err
	}
	b.log = append(b.log, entry)
	b.item(id).Memory = memory
	return nil
}

// shelf is a library as a user has it: cards in every state, some of them
// hard to draw.
func shelf(t *testing.T) *bench {
	b := newBench(t, 0, 0, func(s *scheduler.Settings) { s.LeechThreshold = 2 })
	texts := []deck.Card{
		{ID: "etch/ring-join", Question: "What does consistent hashing buy when a node joins?", Answer: textOf("x").Answer, Source: textOf("x").Source, AsOf: "2026-11", Why: "a"},
		{ID: "etch/ring-long", Question: "How is the owner of a key found on the ring?", Answer: longAnswer},
		{ID: "wide", Question: "一致性哈希在节点加入时移动多少个键？这个问题很长很长很长很长很长很长很长很长很长很长", Answer: "只有 K/N 个键"},
		{ID: "h0123456789abcdef~1", Question: "A quorum needs " + string(deck.Open) + "..." + string(deck.Close) + " of N nodes", Answer: "A quorum needs " + string(deck.Open) + "N/2+1" + string(deck.Close) + " of N nodes"},
		{ID: "hostile", Question: "\x1b[31mred\x07\nand a very" + strings.Repeat("long", 40) + "word", Answer: "\x1b]0;title\x07plain\u202eevil"},
		{ID: "ids", Question: "Why are UUIDv7 keys kinder to a B-tree than UUIDv4 ones?", Answer: "They ascend, so inserts hit the last page."},
	}
	for i := range 30 {
		texts = append(texts, deck.Card{ID: deck.CardID(fmt.Sprintf("filler-%02d", i)), Question: fmt.Sprintf("What is question number %d of the many?", i), Answer: fmt.Sprintf("Answer %d.", i)})
	}
	for i, card := range texts {
		card.Kind, card.Topic, card.Title, card.Post, card.Tier = deck.Basic, "caching", "Consistent Hashing", "consistent-hashing", deck.Core
		card.Tags, card.Library, card.Path, card.Line = []string{"caching", "distributed"}, "/home/ada/notes", "caching/consistent-hashing.md", 40+i
		b.texts[card.ID] = card
		b.cards = append(b.cards, scheduler.Item{Card: card.ID, NewPos: int64(i)})
	}
	old := monday.AddDate(0, 0, -40)
	for i, id := range []deck.CardID{"etch/ring-join", "etch/ring-long", "wide", "ids", "filler-00", "filler-01"} {
		b.answer(id, old, scheduler.Easy, 9*time.Second)
		b.answer(id, old.AddDate(0, 0, 9+6*i), scheduler.Good, 9*time.Second)
	}
	for range 2 {
		b.answer("etch/ring-long", monday.Add(-2*time.Hour), scheduler.Again, time.Second)
		b.answer("etch/ring-long", monday.Add(-2*time.Hour), scheduler.Easy, time.Second)
	}
	b.answer("h0123456789abcdef~1", monday.Add(-time.Minute), scheduler.Good, time.Second)
	b.markAt("etch/ring-long", monday, scheduler.Flag, "the code does not compile")
	b.markAt("etch/ring-long", monday, scheduler.Bury, "")
	b.markAt("ids", monday, scheduler.Suspend, "")
	b.edits = func() (string, error) { return "1 card edited", nil }
	return b
}

func browse(t *testing.T, query string, keys ...string) *pumped {
	return pump(t, NewCards(shelf(t).env, query), keys...)
}

var cardsLooks = []struct {
	name string
	open func(t *testing.T) *pumped
}{
	{"all", func(t *testing.T) *pumped { return browse(t, "") }},
	{"second", func(t *testing.T) *pumped { return browse(t, "", "j") }},
	{"third", func(t *testing.T) *pumped { return browse(t, "", "j", "j") }},
	{"last", func(t *testing.T) *pumped { return browse(t, "tag:caching", "G") }},
	{"whole", func(t *testing.T) *pumped { return browse(t, "", "j", "enter", "j", "j", "j") }},
	{"typing", func(t *testing.T) *pumped { return browse(t, "tag:caching", "/", "space", "q", "left") }},
	{"wrong", func(t *testing.T) *pumped { return browse(t, "is:nonsense") }},
	{"none", func(t *testing.T) *pumped { return browse(t, "nothing has this word") }},
	{"forget", func(t *testing.T) *pumped { return browse(t, "", "f") }},
	{"suspended", func(t *testing.T) *pumped { return browse(t, "", "@") }},
	{"help", func(t *testing.T) *pumped { return browse(t, "", "?") }},
}

func TestCardsLooks(t *testing.T) {
	for _, look := range cardsLooks {
		for _, size := range sizes {
			name := fmt.Sprintf("cards-%s-%dx%d", look.name, size[0], size[1])
			t.Run(name, func(t *testing.T) {
				p := look.open(t).resize(size[0], size[1]).golden(name)
				if strings.Contains(p.view(), "\x1b") {
					t.Error("there is an escape sequence without colour")
				}
			})
		}
	}
	for _, size := range [][2]int{{80, 24}, {120, 40}} {
		b := shelf(t)
		b.env.Style.Color = true
		pump(t, NewCards(b.env, ""), "j").resize(size[0], size[1]).golden(fmt.Sprintf("cards-color-%dx%d", size[0], size[1]))
	}
}

func TestCardsQuery(t *testing.T) {
	b := shelf(t)
	p := pump(t, NewCards(b.env, "")).shows("cards: all", "1/36")
	p.press("/").shows("query: │", "tag:T post:P").press("U", "U", "I", "D").shows("query: UUID│")
	p.press("enter").shows("cards: UUID", "1/1", "They ascend")
	p.press("/", "x", "esc").shows("cards: UUID", "1/1")
	p.press("/", "ctrl+u", "paste:is:nonsense", "enter").shows("cannot search for is:nonsense", "A query can hold")
	p.press("j", "@", "e", "i", "o", "f", "enter", "G").shows("cannot search")
	p.press("/", "ctrl+u", "q", "enter").shows("cards: q")
	if p.press("q"); !p.ended {
		t.Error("q does not leave")
	}
}

func TestCardsMoves(t *testing.T) {
	p := browse(t, "").press("j", "down").shows("3/36").press("k").shows("2/36")
	p.press("G").shows("36/36").press("j").shows("36/36").press("g").shows("1/36")
	p.press("pgdown").shows("6/36", "> Why are UUIDv7").press("pgup").shows("1/36")
	p.press("jj").shows("3/36").press("k").press("enter").hides("What is question number").press("J").shows("3/36").press("K", "esc").shows("2/36", "What does consistent")
	p.press("space").hides("sort.Search").press("K", "K", "K", "K", "K", "K", "K", "K", "K").shows("The ring is a sorted list")
}

func TestCardsMarks(t *testing.T) {
	b := shelf(t)
	p := pump(t, NewCards(b.env, ""))
	m := func() scheduler.Memory { return b.item("etch/ring-join").Memory }
	if p.press("@").shows("Suspended; @ resumes", "   S"); !m().Suspended {
		t.Error("@ did not suspend")
	}
	if p.press("@").shows("Resumed."); m().Suspended {
		t.Error("@ did not resume")
	}
	if p.press("*").shows("   *", "* takes it off"); m().Flag == "" {
		t.Error("* did not flag")
	}
	if p.press("*").shows("No longer"); m().Flag != "" {
		t.Error("* did not unflag")
	}
	if p.press("f").shows("Forget this card?").press("x").shows("Nothing was forgotten"); m().State == scheduler.New {
		t.Error("a key other than y forgot the card")
	}
	if p.press("f", "y").shows("new again", "   new"); m().State != scheduler.New {
		t.Error("y did not forget the card")
	}
	p.press("f").shows("new already")
	if p.press("-").shows("Buried until tomorrow"); m().BuriedDay == 0 {
		t.Error("- did not bury")
	}
	p.press("-").shows("so already").press("u").shows("etch undo")
	p.press("paste:@@").shows("does nothing here")
	b.fail = errors.New("the disk is full")
	p.press("@").shows("NOT SAVED: the disk is full")
	if b.searches != 1 {
		t.Errorf("%d searches: marks must not search again", b.searches)
	}
	if p.press("q"); b.ended != 1 {
		t.Error("nobody was told that something was recorded")
	}
}

func TestCardsComesBackToTheCard(t *testing.T) {
	b := shelf(t)
	p := pump(t, NewCards(b.env, ""), "j", "j", "j", "j", "j").shows("6/36", "UUIDv7")
	b.edits = func() (string, error) {
		card := b.texts["ids"]
		card.Question = "Why do ascending keys suit a B-tree?"
		b.texts["ids"] = card
		b.cards = b.cards[2:] // two others are gone
		return "1 card edited", nil
	}
	p.press("e").shows("4/34", "Why do ascending keys", "1 card edited")
	b.edits = nil
	p.press("e").shows("EDITOR is not set")
	p.press("i").shows("explain").press("esc").shows("4/34")
	p.press("i", "q", "o").press("esc").shows("4/34")
}

func TestCardsThatAreGone(t *testing.T) {
	b := shelf(t)
	p := pump(t, NewCards(b.env, ""), "G").shows("36/36")
	b.edits = func() (string, error) { b.cards = b.cards[:3]; return "33 cards retired", nil }
	p.press("e").shows("3/3", "33 cards retired")
	b.edits = func() (string, error) { b.cards = nil; return "all retired", errors.New("oh dear") }
	p.press("e").shows("oh dear").press("x").shows("There are no cards yet").press("j", "enter", "@")
}

// TestManyCards makes sure that drawing looks at the rows that show alone.
func TestManyCards(t *testing.T) {
	b := newBench(t, 10000, 0, nil)
	p := pump(t, NewCards(b.env, "")).shows("1/10000").resize(120, 40)
	start := time.Now()
	const presses = 300
	for range presses {
		p.press("j", "pgdown")
	}
	p.press("G").shows("10000/10000")
	t.Logf("%v a key", time.Since(start)/(2*presses))
	c := p.top().(*cards)
	if calls := testing.AllocsPerRun(10, func() { c.list.key("k"); c.view(120, 40) }); calls > 3000 {
		t.Errorf("%.0f allocations a key", calls)
	}
}

func TestCardsAnyKeys(t *testing.T) {
	keys := append([]string{"J", "K", "G", "o", "f", "y", "tag:caching", "is:nonsense", "left", "ctrl+u", "backspace", "delete"}, anyKey...)
	rapid.Check(t, func(rt *rapid.T) {
		b := shelf(t)
		p := pump(t, NewCards(b.env, rapid.SampledFrom([]string{"", "UUID", "nope", "is:nonsense"}).Draw(rt, "query")))
		for range rapid.IntRange(1, 40).Draw(rt, "presses") {
			if p.ended {
				return
			}
			switch rapid.IntRange(0, 9).Draw(rt, "event") {
			case 0:
				p.resize(rapid.IntRange(20, 150).Draw(rt, "width"), rapid.IntRange(6, 50).Draw(rt, "height"))
			case 1:
				b.fail = errors.New("no space left on device")
			case 2:
				b.fail = nil
			default:
				p.press(rapid.SampledFrom(keys).Draw(rt, "key"))
			}
		}
	})
}

func TestCardsFitEverywhere(t *testing.T) {
	for _, look := range cardsLooks {
		p := look.open(t)
		everySize(p)
	}
}

// everySize draws a screen at many sizes; pumped.view checks that it fits.
func everySize(p *pumped) {
	for width := 20; width <= 150; width += 1 + width/40 {
		for height := 6; height <= 45; height += 1 + height/10 {
			p.resize(width, height)
		}
	}
	for _, size := range [][2]int{{1, 1}, {5, 2}, {19, 5}} { // ugly, but no panic
		p.top().view(size[0], size[1])
	}
}
