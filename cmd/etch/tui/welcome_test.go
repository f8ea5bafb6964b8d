package tui

import (
	"errors"
	"fmt"
	"testing"

	"etch/scheduler"
)

// firstSession answers a first card and comes back.
func firstSession(t *testing.T, d *desk) *pumped {
	t.Helper()
	d.facts = firstDay
	p := d.open(t).hides("When is the interview").press("space", "space", "3")
	d.facts = nil
	return p.press("q")
}

func TestWelcomeLooks(t *testing.T) {
	for _, size := range sizes {
		p := firstSession(t, newDesk(t, 3, 0, nil)).resize(size[0], size[1])
		p.golden(fmt.Sprintf("home-welcome-%dx%d", size[0], size[1]))
		p.press(typeText("2026-12-31")...).press("enter", "backspace", "2", "0", "enter")
		p.golden(fmt.Sprintf("home-welcome-save-%dx%d", size[0], size[1]))
	}
}

func TestWelcomeIsSkipped(t *testing.T) {
	for _, keys := range [][]string{{"esc"}, {"enter", "enter"}, {"ctrl+s"}, {"2", "0", "esc"}} {
		d := newDesk(t, 3, 0, nil)
		p := firstSession(t, d).shows("two questions", "When is the interview?", "How many minutes a day")
		p.press(keys...).shows("Today: ")
		p.press("space", "q").shows("Today: ").hides("When is the interview")
		if set := d.sched.Settings(); set.InterviewDate != 0 || set.MinutesPerDay != 0 {
			t.Errorf("%q: skipped questions stored %v, %d minutes", keys, set.InterviewDate, set.MinutesPerDay)
		}
	}
}

func TestWelcomeSaves(t *testing.T) {
	d := newDesk(t, 3, 0, nil)
	p := firstSession(t, d).press(typeText("2026-13-31")...).press("enter").shows("When is the interview?", `"2026-13-31": want a day such as 2026-12-31, or nothing.`).hides("interview-date")
	p.press(replace("2026-11-22")...).press("enter").shows("When is the interview?", `"2026-11-22" is over: want a day`)
	p.press(replace("2026-12-31")...).press("enter").press(replace("20")...).press("enter")
	if d.sched.Settings().MinutesPerDay != 0 {
		t.Error("saved before it was confirmed")
	}
	p.shows("Save these 2 changes?", "interview: none -> 2026-12-31", "minutes a day: 0 -> 20")
	d.fail = errors.New("the disk is full")
	p.press("y").shows("NOT SAVED: the disk is full")
	d.fail = nil
	p.press("y").shows("2 settings saved.", "Today: ")
	if set := d.sched.Settings(); set.InterviewDate.String() != "2026-12-31" || set.MinutesPerDay != 20 {
		t.Errorf("stored %v, %d minutes", set.InterviewDate, set.MinutesPerDay)
	}
}

func TestWelcomeAsksNobodyWhoKnows(t *testing.T) {
	for name, change := range map[string]func(*scheduler.Settings){
		"date":    func(s *scheduler.Settings) { s.InterviewDate = 20800 },
		"minutes": func(s *scheduler.Settings) { s.MinutesPerDay = 20 },
	} {
		t.Run(name, func(t *testing.T) { firstSession(t, newDesk(t, 3, 0, change)).shows("Today: ") })
	}
	d := newDesk(t, 3, 5, nil) // not the first session
	d.open(t, "space", "space", "3", "q").shows("Today: ").hides("When is the interview")
	d = newDesk(t, 3, 0, nil) // nothing was answered
	d.facts = firstDay
	d.open(t, "space", "q").shows("Begin with").hides("When is the interview")
}
