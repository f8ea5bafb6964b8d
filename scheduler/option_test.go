package scheduler

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// values holds for each setting what it takes, as it is written back, and what
// it refuses.
var values = map[string]struct{ good, bad []string }{
	"new-per-day":       {[]string{"0", "7", "9999"}, []string{"-1", "10000", "7.5", "", "ten"}},
	"reviews-per-day":   {[]string{"0", "50", "9999"}, []string{"-1", "10000", "NaN"}},
	"minutes-per-day":   {[]string{"0", "20", "1440"}, []string{"-5", "1441", "20m"}},
	"interview-date":    {[]string{"", "2026-12-31", "2028-02-29"}, []string{"soon", "31.12.2026", "2026-02-30", "2026-12"}},
	"desired-retention": {[]string{"0.7", "0.85", "0.99"}, []string{"0.69", "0.991", "90", "90%", "NaN", "Inf", ""}},
	"maximum-interval":  {[]string{"1", "365", "36500"}, []string{"0", "36501", "1y"}},
	"learning-steps":    {[]string{"", "1m", "1m 10m", "30s 1h", "1h30m 23h59m", "1m30s"}, []string{"10", "0s", "-1m", "24h", "1d", "1m 500ms"}},
	"relearning-steps":  {[]string{"", "5m", "1s 2h"}, []string{"5", "24h", "soon"}},
	"rollover-hour":     {[]string{"0", "5", "23"}, []string{"-1", "24", "4:00"}},
	"leech-threshold":   {[]string{"0", "4", "99"}, []string{"-1", "100"}},
	"bury-siblings":     {[]string{"on", "off"}, []string{"", "maybe", "2"}},
	"two-buttons":       {[]string{"on", "off"}, []string{"y"}},
	"fuzz":              {[]string{"on", "off"}, []string{"0.5"}},
	"pinned-posts":      {[]string{"", "raft", "raft caching"}, nil},
	"weights": {
		[]string{
			"0.212 1.2931 2.3065 8.2956 6.4133 0.8334 3.0194 0.001 1.8722 0.1666 0.796 1.4835 0.0614 0.2629 1.6483 0.6014 1.8729 0.5425 0.0912 0.0658 0.1542",
			"0.40255 1.18385 3.173 15.69105 7.1949 0.5345 1.4604 0.0046 1.54575 0.1192 1.01925 1.9395 0.11 0.29605 2.2698 0.2315 2.9898 0.51655 0.6621",
		},
		[]string{"", "1 2 3", strings.Repeat("1 ", 20), strings.Repeat("1 ", 20) + "x", strings.Repeat("NaN ", 21), strings.Repeat("1 ", 18) + "Inf"},
	},
}

func TestOptionValues(t *testing.T) {
	for _, o := range Options() {
		v, ok := values[o.Key]
		if !ok || o.Help == "" || o.Range == "" {
			t.Errorf("%s: no values to test, or no help %q or range %q", o.Key, o.Help, o.Range)
		}
		for _, text := range v.good {
			s := Defaults()
			if err := s.Set(o.Key, " "+text+"\n"); err != nil {
				t.Errorf("%s %q: %v", o.Key, text, err)
			}
			if got, err := s.Get(o.Key); err != nil || got != text {
				t.Errorf("%s %q reads back as %q (%v)", o.Key, text, got, err)
			}
			if _, err := NewScheduler(s, time.UTC); err != nil {
				t.Errorf("%s %q was taken, and makes no scheduler: %v", o.Key, text, err)
			}
		}
		for _, text := range v.bad {
			s := Defaults()
			err := s.Set(o.Key, text)
			if err == nil || !strings.Contains(err.Error(), o.Key) {
				t.Errorf("%s %q: %v, want an error that names the setting", o.Key, text, err)
			}
			if !reflect.DeepEqual(s, Defaults()) {
				t.Errorf("%s %q was refused, and changed the settings", o.Key, text)
			}
		}
	}
	if len(values) != len(Options()) {
		t.Errorf("%d settings, values for %d", len(Options()), len(values))
	}
}

func TestOptionsAreIndependent(t *testing.T) {
	for _, o := range Options() {
		s, before := Defaults(), Defaults()
		old, err := s.Get(o.Key)
		if err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(values[o.Key].good, func(text string) bool { return text != old })
		if err := s.Set(o.Key, values[o.Key].good[i]); err != nil {
			t.Fatal(err)
		}
		changed := 0
		for f := range reflect.TypeFor[Settings]().NumField() {
			if !reflect.DeepEqual(reflect.ValueOf(s).Field(f).Interface(), reflect.ValueOf(before).Field(f).Interface()) {
				changed++
			}
		}
		if changed != 1 {
			t.Errorf("%s changed %d fields, want 1", o.Key, changed)
		}
	}
}

func TestOptionSpellings(t *testing.T) {
	for _, tt := range []struct{ key, text, want string }{
		{"fuzz", "Yes", "on"},
		{"fuzz", "TRUE", "on"},
		{"fuzz", "1", "on"},
		{"fuzz", "No", "off"},
		{"fuzz", "0", "off"},
		{"learning-steps", "1m,10m", "1m 10m"},
		{"learning-steps", "60s  600s", "1m 10m"},
		{"learning-steps", "90m", "1h30m"},
		{"pinned-posts", "raft, caching", "raft caching"},
		{"desired-retention", "0.90", "0.9"},
		{"desired-retention", ".9", "0.9"},
		{"new-per-day", "007", "7"},
	} {
		s := Defaults()
		if err := s.Set(tt.key, tt.text); err != nil {
			t.Errorf("%s %q: %v", tt.key, tt.text, err)
		}
		if got, _ := s.Get(tt.key); got != tt.want {
			t.Errorf("%s %q = %q, want %q", tt.key, tt.text, got, tt.want)
		}
	}
}

func TestUnknownOption(t *testing.T) {
	s := Defaults()
	if err := s.Set("colour", "red"); !errors.Is(err, ErrUnknownOption) || !strings.Contains(err.Error(), "colour") {
		t.Errorf("set: %v, want ErrUnknownOption with the name", err)
	}
	if _, err := s.Get("Fuzz"); !errors.Is(err, ErrUnknownOption) {
		t.Errorf("get: %v, want ErrUnknownOption", err)
	}
}

// Options hands out a copy: a form that sorts it changes nothing.
func TestOptionsIsACopy(t *testing.T) {
	first := Options()[0].Key
	slices.Reverse(Options())
	if got := Options()[0].Key; got != first {
		t.Errorf("the first setting is %s now, want %s", got, first)
	}
}

// Whatever a setting holds, its text sets it again: so the database keeps it.
func TestOptionTextIsExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := Defaults()
		steps := func(label string) (waits []time.Duration) {
			return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) time.Duration {
				return time.Duration(rapid.IntRange(1, 86_399).Draw(t, "seconds")) * time.Second
			}), 0, 4).Draw(t, label)
		}
		s.LearningSteps, s.RelearningSteps = steps("learning"), steps("relearning")
		s.Retention = rapid.Float64Range(0.7, 0.99).Draw(t, "retention")
		s.InterviewDate = Day(rapid.IntRange(1, 40_000).Draw(t, "interview"))
		for i := range s.Weights {
			s.Weights[i] *= rapid.Float64Range(0.5, 2).Draw(t, "weight")
		}
		again := Defaults()
		for _, o := range Options() {
			text, err := s.Get(o.Key)
			if err != nil {
				t.Fatal(err)
			}
			if err := again.Set(o.Key, text); err != nil {
				t.Fatalf("%s %q: %v", o.Key, text, err)
			}
		}
		for _, p := range []*Settings{&s, &again} { // no steps are no steps, nil or empty
			p.LearningSteps, p.RelearningSteps = append([]time.Duration{}, p.LearningSteps...), append([]time.Duration{}, p.RelearningSteps...)
			p.PinnedPosts = append([]string{}, p.PinnedPosts...)
		}
		if !reflect.DeepEqual(s, again) {
			t.Fatalf("%+v\nreads back as\n%+v", s, again)
		}
	})
}
