package scheduler

import (
	"testing"
	"time"
	_ "time/tzdata" // the tests need their zones on every machine

	"pgregory.net/rapid"
)

// zones are kinds of trouble: clocks that change at 2, at 3 and at midnight,
// by one hour and by half an hour, a zone of half hours, and one that skipped
// 2011-12-30.
var zones = []string{
	"UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "America/Santiago", "Pacific/Apia",
}

func zone(t interface{ Fatal(...any) }, name string) *time.Location {
	loc, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

func TestDayRollsOverAtTheHour(t *testing.T) {
	for _, tt := range []struct {
		zone     string
		rollover int
		local    string
		want     string
	}{
		{"UTC", 4, "2026-11-24 03:59:59", "2026-11-23"},
		{"UTC", 4, "2026-11-24 04:00:00", "2026-11-24"},
		{"UTC", 0, "2026-11-24 00:00:00", "2026-11-24"},
		{"UTC", 23, "2026-11-24 22:59:59", "2026-11-23"},
		{"Asia/Kolkata", 4, "2026-11-24 03:59:00", "2026-11-23"},
		{"Asia/Kolkata", 4, "2026-11-24 04:01:00", "2026-11-24"},
		{"Europe/Berlin", 4, "2026-03-29 03:59:00", "2026-03-28"}, // clocks went forward at 2
		{"Europe/Berlin", 4, "2026-03-29 04:01:00", "2026-03-29"},
		{"Europe/Berlin", 4, "2026-10-25 03:59:00", "2026-10-24"}, // clocks went back at 3
		{"Europe/Berlin", 4, "2026-10-25 04:01:00", "2026-10-25"},
		{"America/New_York", 4, "2026-03-08 03:59:00", "2026-03-07"},
		{"America/New_York", 4, "2026-03-08 04:01:00", "2026-03-08"},
		{"Australia/Lord_Howe", 4, "2026-04-05 03:59:00", "2026-04-04"},
		{"Australia/Lord_Howe", 4, "2026-04-05 04:01:00", "2026-04-05"},
		{"UTC", 4, "1969-12-31 12:00:00", "1969-12-31"},
	} {
		loc := zone(t, tt.zone)
		at, err := time.ParseInLocation(time.DateTime, tt.local, loc)
		if err != nil {
			t.Fatal(err)
		}
		if got := (Calendar{loc, tt.rollover}).Day(at.UTC()); got.String() != tt.want {
			t.Errorf("%s %s with rollover %d is %s, want %s", tt.zone, tt.local, tt.rollover, got, tt.want)
		}
	}
}

func TestStartWhereTheHourIsMissingOrTwice(t *testing.T) {
	for _, tt := range []struct {
		zone     string
		rollover int
		day      string
		want     string
	}{
		{"Europe/Berlin", 4, "2026-03-29", "2026-03-29T04:00:00+02:00"},
		{"Europe/Berlin", 2, "2026-03-29", "2026-03-29T03:00:00+02:00"}, // no 2 o'clock
		{"Europe/Berlin", 2, "2026-10-25", "2026-10-25T02:00:00+02:00"}, // the first of two
		{"Australia/Lord_Howe", 2, "2026-10-04", "2026-10-04T02:30:00+11:00"},
		{"America/Santiago", 0, "2026-09-06", "2026-09-06T01:00:00-03:00"}, // no midnight
	} {
		d, err := ParseDay(tt.day)
		if err != nil {
			t.Fatal(err)
		}
		got := Calendar{zone(t, tt.zone), tt.rollover}.Start(d).Format(time.RFC3339)
		if got != tt.want {
			t.Errorf("%s, rollover %d: %s starts %s, want %s", tt.zone, tt.rollover, tt.day, got, tt.want)
		}
	}
}

// A day begins at Start and ends before the next one, in every zone.
func TestStartAndDayAgree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cal := Calendar{zone(t, rapid.SampledFrom(zones).Draw(t, "zone")), rapid.IntRange(0, 23).Draw(t, "rollover")}
		at := time.Unix(rapid.Int64Range(1262304000, 2208988800).Draw(t, "at"), 0) // 2010 to 2040
		d := cal.Day(at)
		start, end := cal.Start(d), cal.Start(d+1)
		if at.Before(start) || !at.Before(end) {
			t.Fatalf("%s is in %s, which lasts from %s to %s", at.In(cal.Location), d, start, end)
		}
		if got := cal.Day(start); got != d {
			t.Fatalf("the start of %s, %s, is in %s", d, start, got)
		}
		if got := cal.Day(start.Add(-time.Second)); got >= d {
			t.Fatalf("a second before the start of %s, %s, is in %s", d, start, got)
		}
	})
}

func TestParseDay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := Day(rapid.IntRange(-700000, 2900000).Draw(t, "day"))
		if got, err := ParseDay(d.String()); err != nil || got != d {
			t.Fatalf("%s reads as %s (%v)", d, got, err)
		}
	})
	for _, text := range []string{"", "today", "2026-02-30", "2026-1-1", "24.11.2026", "2026-11-24 "} {
		if d, err := ParseDay(text); err == nil {
			t.Errorf("%q reads as %s", text, d)
		}
	}
}
