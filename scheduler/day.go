package scheduler

import (
	"fmt"
	"sort"
	"time"
)

// Day is a study day: the number of days from 1970-01-01 to the civil date of
// local time less the rollover hour. Where a field says so, 0 means none.
type Day int

const secondsPerDay = 24 * 60 * 60

// String returns the day as 2026-11-24.
func (d Day) String() string { return d.Date().Format(time.DateOnly) }

// Date returns midnight UTC of the day's civil date.
func (d Day) Date() time.Time { return time.Unix(int64(d)*secondsPerDay, 0).UTC() }

// ParseDay reads a day written as 2026-11-24.
func ParseDay(text string) (Day, error) {
	t, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return 0, fmt.Errorf("%q is no date such as 2026-11-24", text)
	}
	return Day(t.Unix() / secondsPerDay), nil
}

// Calendar says where and when study days begin.
type Calendar struct {
	Location *time.Location
	Rollover int // local hour, 0..23
}

// Day returns the study day of t. It reads the wall clock and counts civil
// dates: a day of 23 or 25 hours is one day, and no instant is measured
// against another.
func (c Calendar) Day(t time.Time) Day {
	local := t.In(c.Location)
	year, month, date := local.Date()
	day := Day(time.Date(year, month, date, 0, 0, 0, 0, time.UTC).Unix() / secondsPerDay)
	if local.Hour() < c.Rollover {
		day--
	}
	return day
}

// Start returns the first instant of the study day, to the second. It is
// searched for, because the rollover hour may not exist on that date, or exist
// twice: clocks change at 2 or 3 in the morning.
func (c Calendar) Start(d Day) time.Time {
	// Far enough for every zone, -12 to +14 hours, and for a date that a zone
	// skipped when it crossed the date line.
	from := d.Date().Add(-24 * time.Hour)
	n := sort.Search(4*secondsPerDay, func(sec int) bool {
		return c.Day(from.Add(time.Duration(sec)*time.Second)) >= d
	})
	return from.Add(time.Duration(n) * time.Second).In(c.Location)
}
