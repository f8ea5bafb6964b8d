package tui

import (
	"slices"
	"strings"
	"testing"

	"etch/scheduler"
)

// wideCode has a line that is wider than any screen is drawn, beside others
// that must keep their places below it.
const wideCode = "Prose that stays where it is.\n\n```\n" + wideLine + "\n            ^ from here                  ^ to here\n```"

// wideLine has 155 columns.
const wideLine = "SELECT begin_of_it, a_column_000, a_column_001, a_column_002, a_column_003, a_column_004, a_column_005, a_column_006, a_column_007 FROM t_end_of_it WHERE a"

func wideBench(t *testing.T) *bench {
	b := newBench(t, 0, 3, nil)
	for id, card := range b.texts {
		card.Answer = wideCode
		b.texts[id] = card
	}
	return b
}

// TestShift: on each screen that shows code the keys reach both ends of a line
// that is wider than the screen, and move nothing else.
func TestShift(t *testing.T) {
	wideCards := func(t *testing.T, keys ...string) *pumped {
		return pump(t, NewCards(wideBench(t).env, ""), keys...)
	}
	ask := func(t *testing.T) *bench {
		b := wideBench(t)
		for id, card := range b.texts {
			card.Question, card.Answer = card.Answer[strings.Index(card.Answer, "```"):], "No."
			b.texts[id] = card
		}
		return b
	}
	screens := map[string]func(t *testing.T) *pumped{
		"question": func(t *testing.T) *pumped { return ask(t).review(scheduler.SessionOptions{}) },
		"answer":   func(t *testing.T) *pumped { return wideBench(t).review(scheduler.SessionOptions{}, "space") },
		"why": func(t *testing.T) *pumped {
			b := wideBench(t)
			b.passage = wideCode
			return b.review(scheduler.SessionOptions{}, "space", "w")
		},
		"explain": func(t *testing.T) *pumped { return pump(t, NewExplain(ask(t).env, "due00")) },
		"read": func(t *testing.T) *pumped {
			d := newDesk(t, 3, 5, nil)
			d.post = parsed(t, "# Post\n\n## Takeaway\n\n"+wideCode+"\n\nQ: one?\nA: two\n")
			return pump(t, NewRead(d.env, "x"))
		},
		"read cards": func(t *testing.T) *pumped {
			d := newDesk(t, 3, 5, nil)
			d.post = parsed(t, "# Post\n\n## Takeaway\n\nWords.\n\nQ: one?\n\nA: "+wideCode+"\n")
			return pump(t, NewRead(d.env, "x"), "c")
		},
		"cards": func(t *testing.T) *pumped { return wideCards(t) },
		"card":  func(t *testing.T) *pumped { return wideCards(t, "enter") },
	}
	for name, open := range screens {
		t.Run(name, func(t *testing.T) {
			for _, size := range [][2]int{{40, 24}, {80, 24}, {120, 40}, {300, 100}} {
				p := open(t).resize(size[0], size[1]).shows("begin_of_it", "›", "code >").hides("t_end_of_it", "‹")
				at := p.view()
				p.press("left", "<")
				if p.view() != at {
					t.Errorf("%v: it goes to the left of the beginning\n%s", size, p.view())
				}
				p.press("right").shows("‹", "›", "code <>").hides("SELECT").press("<")
				if p.view() != at {
					t.Errorf("%v: one step on and back is another place\n%s", size, p.view())
				}
				p.press(slices.Repeat([]string{"right", ">"}, 12)...).shows("t_end_of_it WHERE a", "‹", "code <").hides("begin_of_it", "›", "code <>")
				end := p.view()
				if p.press("right"); p.view() != end {
					t.Errorf("%v: it goes beyond the end\n%s", size, p.view())
				}
				for i, line := range strings.Split(end, "\n") {
					if before := strings.Split(at, "\n")[i]; line != before && !strings.ContainsAny(line, "‹") && !strings.Contains(line, "code <") && !strings.Contains(line, "here") {
						t.Errorf("%v: line %d has moved\n%s", size, i+1, end)
					}
				}
				p.press("?").shows("Left Right").press("esc")
				if p.view() != end {
					t.Errorf("%v: the help moves it\n%s", size, p.view())
				}
				p.resize(size[0]-3, size[1]).resize(size[0], size[1]).shows("‹").press(slices.Repeat([]string{"left"}, 25)...)
				if p.view() != at {
					t.Errorf("%v: it does not come back\n%s", size, p.view())
				}
			}
		})
	}
}

// TestShiftBeginsAtTheLeft: another card, and the answer of this one.
func TestShiftBeginsAtTheLeft(t *testing.T) {
	b := wideBench(t)
	for id, card := range b.texts {
		card.Question = wideCode
		b.texts[id] = card
	}
	p := b.review(scheduler.SessionOptions{}, "right", "right").hides("SELECT")
	p.press("space").shows("SELECT").hides("‹").press("right").hides("SELECT")
	p.press("3").shows("SELECT", "Space show the answer").hides("‹")
	pump(t, NewCards(b.env, ""), "right").shows("‹").press("j").hides("‹").shows("›")
}

// TestShiftThatIsNotNeeded does nothing, and no key of it grades.
func TestShiftThatIsNotNeeded(t *testing.T) {
	b := newBench(t, 0, 3, nil)
	p := b.review(scheduler.SessionOptions{}, "space").hides("code ")
	before := p.view()
	if p.press("right", ">", "left", "<"); p.view() != before || b.rates() != 0 {
		t.Errorf("something happened:\n%s", p.view())
	}
}

// TestExplainExcerpt: what an excerpt of a question leaves out is not told of.
func TestExplainExcerpt(t *testing.T) {
	b := newBench(t, 0, 1, nil)
	card := b.texts["due00"]
	card.Question = "One.\n\nTwo.\n\n" + wideCode
	b.texts["due00"] = card
	pump(t, NewExplain(b.env, "due00"), "right").shows("One.", "…").hides("code ", "‹")
}

// TestLowScreenSparesTheRule: where code goes on is told only where there is
// room for it.
func TestLowScreenSparesTheRule(t *testing.T) {
	b := wideBench(t)
	for id := range b.texts {
		card := b.texts[id]
		card.Question = wideCode
		b.texts[id] = card
	}
	b.review(scheduler.SessionOptions{}).resize(80, 7).shows("Prose", "^ from here").hides("code >", "──")
	b.review(scheduler.SessionOptions{}).resize(80, 14).shows("code >")
}
