package scheduler

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Option is one setting as a user names it.
type Option struct {
	Key   string
	Help  string // what it means, in one line
	Range string // which values it takes
	get   func(Settings) string
	set   func(*Settings, string) error
}

// ErrUnknownOption is the error of Get and Set for a key that is no setting.
var ErrUnknownOption = errors.New("unknown setting")

// Options lists the settings in the order in which a form shows them.
func Options() []Option { return slices.Clone(options) }

var options = []Option{
	number("new-per-day", "new cards a study day, over all sessions", "0 to 9999", func(s *Settings) *int { return &s.NewPerDay }),
	number("reviews-per-day", "reviews a study day, over all sessions", "0 to 9999", func(s *Settings) *int { return &s.ReviewsPerDay }),
	number("minutes-per-day", "minutes a study day; 0 for no bound", "0 to 1440", func(s *Settings) *int { return &s.MinutesPerDay }),
	{
		"interview-date", "the day you study for; no new cards on it and the day before", "a day such as 2026-12-31, or nothing",
		func(s Settings) string {
			if s.InterviewDate == 0 {
				return ""
			}
			return s.InterviewDate.String()
		},
		func(s *Settings, text string) (err error) {
			if s.InterviewDate = 0; text != "" {
				s.InterviewDate, err = ParseDay(text)
			}
			return err
		},
	},
	{
		"desired-retention", "how likely a card should still be known when it comes back", "0.70 to 0.99",
		func(s Settings) string { return strconv.FormatFloat(s.Retention, 'g', -1, 64) },
		func(s *Settings, text string) (err error) {
			s.Retention, err = strconv.ParseFloat(text, 64)
			return err
		},
	},
	number("maximum-interval", "the longest time between two reviews, in days", "1 to 36500", func(s *Settings) *int { return &s.MaximumInterval }),
	steps("learning-steps", "waits of a new card before its first day, such as: 1m 10m", func(s *Settings) *[]time.Duration { return &s.LearningSteps }),
	steps("relearning-steps", "waits of a forgotten card, such as: 10m", func(s *Settings) *[]time.Duration { return &s.RelearningSteps }),
	number("rollover-hour", "the hour at which a new study day begins, local time", "0 to 23", func(s *Settings) *int { return &s.Rollover }),
	number("leech-threshold", "lapses after which a card is called a leech; 0 for never", "0 to 99", func(s *Settings) *int { return &s.LeechThreshold }),
	toggle("bury-siblings", "show at most one card of a note a study day", func(s *Settings) *bool { return &s.BurySiblings }),
	toggle("two-buttons", "grade with two keys, again and good", func(s *Settings) *bool { return &s.TwoButtons }),
	toggle("fuzz", "spread intervals a little, so that cards learned together part", func(s *Settings) *bool { return &s.Fuzz }),
	{
		"pinned-posts", "posts whose new cards come first, with their prerequisites", "post names, separated by blanks",
		func(s Settings) string { return strings.Join(s.PinnedPosts, " ") },
		func(s *Settings, text string) error {
			s.PinnedPosts = strings.Fields(strings.ReplaceAll(text, ",", " "))
			return nil
		},
	},
	{
		"weights", "the 21 weights of the memory model (FSRS-6); 19 are widened", "numbers, separated by blanks",
		func(s Settings) string {
			words := make([]string, len(s.Weights))
			for i, w := range s.Weights {
				words[i] = strconv.FormatFloat(w, 'g', -1, 64)
			}
			return strings.Join(words, " ")
		},
		func(s *Settings, text string) error {
			s.Weights = nil
			for _, word := range strings.Fields(strings.ReplaceAll(text, ",", " ")) {
				w, err := strconv.ParseFloat(word, 64)
				if err != nil {
					return err
				}
				s.Weights = append(s.Weights, w)
			}
			return nil
		},
	},
}

// Get returns the value of the setting called key as text.
func (s Settings) Get(key string) (string, error) {
	for _, o := range options {
		if o.Key == key {
			return o.get(s), nil
		}
	}
	return "", fmt.Errorf("%w %q", ErrUnknownOption, key)
}

// Set changes the setting called key; a value that is out of range is refused
// and leaves s as it was.
func (s *Settings) Set(key, text string) error {
	for _, o := range options {
		if o.Key != key {
			continue
		}
		changed := *s
		if err := o.set(&changed, strings.TrimSpace(text)); err != nil {
			return fmt.Errorf("set %s to %q: want %s", key, text, o.Range)
		}
		if err := changed.Validate(); err != nil {
			return err
		}
		*s = changed
		return nil
	}
	return fmt.Errorf("%w %q", ErrUnknownOption, key)
}

func number(key, help, bounds string, field func(*Settings) *int) Option {
	return Option{
		key, help, bounds,
		func(s Settings) string { return strconv.Itoa(*field(&s)) },
		func(s *Settings, text string) (err error) {
			*field(s), err = strconv.Atoi(text)
			return err
		},
	}
}

func toggle(key, help string, field func(*Settings) *bool) Option {
	return Option{
		key, help, "on or off",
		func(s Settings) string {
			if *field(&s) {
				return "on"
			}
			return "off"
		},
		func(s *Settings, text string) error {
			switch strings.ToLower(text) {
			case "on", "true", "yes", "1":
				*field(s) = true
			case "off", "false", "no", "0":
				*field(s) = false
			default:
				return errors.New("neither on nor off")
			}
			return nil
		},
	}
}

func steps(key, help string, field func(*Settings) *[]time.Duration) Option {
	return Option{
		key, help, "waits of 1s to 23h59m, separated by blanks; empty for none",
		func(s Settings) string {
			words := make([]string, len(*field(&s)))
			for i, d := range *field(&s) {
				words[i] = shortDuration(d)
			}
			return strings.Join(words, " ")
		},
		func(s *Settings, text string) error {
			var waits []time.Duration
			for _, word := range strings.Fields(strings.ReplaceAll(text, ",", " ")) {
				d, err := time.ParseDuration(word)
				if err != nil {
					return err
				}
				waits = append(waits, d)
			}
			*field(s) = waits
			return nil
		},
	}
}

// shortDuration writes 10m0s as 10m and 1h0m0s as 1h.
func shortDuration(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}
