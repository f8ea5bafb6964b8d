package tui

import (
	"errors"
	"strings"
	"testing"
	"time"

	"etch/scheduler"
)

func TestEscLeavesTheTopScreenFirst(t *testing.T) {
	for _, key := range []string{"w", "?", "/", "i"} {
		p := newBench(t, 0, 2, nil).review(scheduler.SessionOptions{}, "space", key)
		if len(p.stack) != 2 {
			t.Errorf("%s opens nothing", key)
			continue
		}
		p.press("esc").shows("── answer")
		if p.press("esc"); !p.ended {
			t.Error("the second Esc does not leave")
		}
	}
}

func TestWhy(t *testing.T) {
	b := newBench(t, 0, 2, nil)
	b.review(scheduler.SessionOptions{}, "w").shows("Show the answer first")
	card := b.texts["due00"]
	card.Why = "Interviewers ask for the *share* that moves."
	b.texts["due00"], b.texts["due01"] = card, card
	p := b.review(scheduler.SessionOptions{}, "space", "w").shows("── why", "Interviewers ask", "`hash(key) % N` ties", "Esc back")
	p.press("3")
	if b.rates() != 0 {
		t.Error("a grade key graded below the passage")
	}
	b.passage = ""
	b.review(scheduler.SessionOptions{}, "space", "w").shows("nothing else")
	b.failLoad = errors.New("disk on fire")
	p.press("esc", "w").shows("The passage could not be read: disk on fire.")
}

// TestWhyOpensAtTheCard: the paragraph before the card is the last one.
func TestWhyOpensAtTheCard(t *testing.T) {
	b := newBench(t, 0, 2, nil)
	b.passage = strings.Repeat("Some prose.\n\n", 40) + "Right before the card."
	b.review(scheduler.SessionOptions{}, "space", "w").shows("Right before the card.", "^").press("home").hides("Right before").shows("v")
}

func TestEdit(t *testing.T) {
	b := newBench(t, 0, 2, nil)
	p := b.review(scheduler.SessionOptions{}, "space")
	id := p.top().(*review).card.ID
	b.edits = func() (string, error) {
		card := b.texts[id]
		card.Answer = "A new answer."
		b.texts[id] = card
		return "1 card edited; its history stays.", nil
	}
	p.press("e").shows("A new answer.", "1 card edited; its history stays.", "── answer")
	if len(p.ran) != 1 || p.top().(*review).card.ID != id {
		t.Error("it does not come back to the same card")
	}
	b.edits = func() (string, error) { return "", errors.New("post.md:7: Q without A") }
	p.press("e").shows("post.md:7: Q without A.", "A new answer.")
	b.edits = nil
	p.press("e").shows("EDITOR is not set")
	p.press("3")
	if b.rates() != 1 {
		t.Error("after an edit the card cannot be graded")
	}
}

// TestEditRemovesCard: the next one comes.
func TestEditRemovesCard(t *testing.T) {
	b := newBench(t, 0, 2, nil)
	p := b.review(scheduler.SessionOptions{}, "space")
	id := p.top().(*review).card.ID
	b.edits = func() (string, error) {
		b.item(id).Memory.Suspended = true
		for i, it := range b.cards {
			if it.Card == id {
				b.cards = append(b.cards[:i], b.cards[i+1:]...)
				break
			}
		}
		return "1 card retired.", nil
	}
	p.press("e").shows("1 card retired.", "due 1", "Space show the answer")
	if p.top().(*review).card.ID == id {
		t.Error("the card that is gone still shows")
	}
}

func TestEditorFails(t *testing.T) {
	b := newBench(t, 0, 2, nil)
	b.edits = func() (string, error) { t.Error("compiled all the same"); return "", nil }
	r := NewReview(b.env, scheduler.SessionOptions{}).(*review)
	r.view(80, 24)
	b.clock.advance(time.Second)
	_, cmd := r.update(keyMsg("e"))
	exec := cmd().(execMsg)
	r.update(exec.then(errors.New("exit status 1")))
	if text := r.view(80, 24); !strings.Contains(text, "the editor failed: exit status 1.") {
		t.Error(text)
	}
	b.drops = errors.New("the edited text is in x.md")
	r.update(exec.then(errors.New("exit status 1")))
	if text := r.view(80, 24); !strings.Contains(text, "the editor failed: exit status 1; the edited text is in x.md.") {
		t.Error(text)
	}
	if len(b.ends) != 2 || b.ends[0] == nil {
		t.Errorf("what was made for the editor is told %v: nothing takes it away", b.ends)
	}
}

func TestFilter(t *testing.T) {
	b := newBench(t, 0, 4, nil)
	card := b.texts["due01"]
	card.Topic, card.Tags, card.Title = "databases", []string{"databases"}, "Indexing"
	b.texts["due01"] = card
	b.home = Home{Posts: []PostLine{{Topic: "caching", Cards: 3, Seen: 3, Due: 3}, {Topic: "databases", Cards: 1, Seen: 1, Due: 1}, {Topic: "", Cards: 5}}}
	p := b.review(scheduler.SessionOptions{}, "/").shows("all topics (now)", "> all topics", "caching", "databases")
	p.press("end", "enter").shows("due 1", "databases > Indexing", "Only databases.")
	p.press("/").shows("databases (now)").press("esc").shows("due 1")
	p.press("space", "3").shows("Done with databases.")
	p.press("u").shows("undone: Good").hides("Undo it?")
	p.press("/", "home", "enter").shows("due 4", "All topics.")
	p.press("u").shows("There is nothing to undo")
}

// TestFilterIsByTopic: a tag of the topic's name brings no card of another
// topic, and the figures are those of the cards that come.
func TestFilterIsByTopic(t *testing.T) {
	b := newBench(t, 0, 3, nil)
	card := b.texts["due01"]
	card.Topic = "distributed-systems" // its tag is caching
	b.texts["due01"] = card
	b.home = Home{Posts: []PostLine{{Slug: "a", Topic: "caching", Cards: 9, Seen: 2, Due: 2}, {Slug: "b", Topic: "distributed-systems", Cards: 4, Seen: 1, Due: 1}}}
	p := b.review(scheduler.SessionOptions{}, "/").shows("learn+due unseen", "caching", "2      7", "distributed-systems", "1      3")
	p.press("j", "enter").shows("due 2", "Only caching.").press("space", "3", "space", "3").shows("Done with caching.", "review > caching")
	p.press("/").shows("caching (now)").press("home", "enter").shows("due 1", "All topics.")

	// A review of some tags leads back to these; they have no figures.
	b = newBench(t, 0, 3, nil)
	b.texts["due01"], b.home = card, Home{Posts: []PostLine{{Slug: "b", Topic: "distributed-systems", Cards: 4, Seen: 1, Due: 1}}}
	p = b.review(scheduler.SessionOptions{Tags: []string{"caching"}}, "/").shows("> caching (now)\n", "distributed-systems")
	p.press("end", "enter").shows("due 1", "Only distributed-systems.").press("/", "home", "enter").shows("due 3", "Only caching.")

	// A review of some posts counts these alone.
	b.home.Posts = append(b.home.Posts, PostLine{Slug: "a", Topic: "caching", Cards: 9})
	b.review(scheduler.SessionOptions{Posts: []string{"b"}}, "/").shows("all topics (now)", "distributed-systems").hides("caching")
}

// TestFilterKeepsACram: a cram that was begun at the end of a review stays one
// when a topic is chosen, or answers would be recorded that nobody meant.
func TestFilterKeepsACram(t *testing.T) {
	b := newBench(t, 0, 2, nil)
	b.home = Home{Posts: []PostLine{{Slug: "a", Topic: "caching", Cards: 2, Seen: 2, Due: 2}}}
	p := b.review(scheduler.SessionOptions{Limit: 1}, "space", "3").shows("c  cram").press("c").shows("answers are not recorded")
	n := b.rates()
	p.press("/", "end", "enter").shows("answers are not recorded", "Only caching.").press("space", "3")
	if b.rates() != n {
		t.Error("an answer of a cram is recorded")
	}
}

// TestUndoAcrossFilter: what was answered before the filter is of this sitting.
func TestUndoAcrossFilter(t *testing.T) {
	b := newBench(t, 0, 4, nil)
	b.home = Home{Posts: []PostLine{{Topic: "caching", Cards: 4, Seen: 4, Due: 4}}}
	p := b.review(scheduler.SessionOptions{}, "space", "3", "/", "j", "enter").shows("due 3")
	p.press("u").shows("undone: Good").hides("Undo it?")
	if n := len(p.top().(*review).sitting.answers); n != 0 {
		t.Errorf("%d answers still count", n)
	}
}
