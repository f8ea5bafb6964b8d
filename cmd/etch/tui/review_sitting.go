package tui

import (
	"time"

	"etch/scheduler"
)

// sitting is what was done since the review was opened, over all sessions that
// a filter or an offer of the end screen began.
type sitting struct {
	answers  []answered
	marks    map[string]bool // acts that are no answers
	recorded bool            // the log has grown
}

// answered is one answer that stands.
type answered struct {
	act   string // "" in a cram session
	topic string
	entry scheduler.Entry
}

func (s *sitting) answered(e scheduler.Entry, topic string) {
	s.answers = append(s.answers, answered{e.Act, topic, e})
	s.recorded = s.recorded || e.ID != ""
}

func (s *sitting) marked(e scheduler.Entry) {
	if s.marks == nil {
		s.marks = make(map[string]bool)
	}
	s.marks[e.Act], s.recorded = true, true
}

// owns reports whether an action was taken in this sitting.
func (s *sitting) owns(act string) bool {
	for _, a := range s.answers {
		if a.act == act {
			return true
		}
	}
	return s.marks[act]
}

// undone forgets an action that was taken back; a cram session takes back its
// last answer.
func (s *sitting) undone(a scheduler.Action) {
	delete(s.marks, a.Act)
	for i := len(s.answers) - 1; i >= 0; i-- {
		if s.answers[i].act == a.Act {
			s.answers = append(s.answers[:i], s.answers[i+1:]...)
			break
		}
	}
	s.recorded = s.recorded || a.Act != ""
}

// figures sums the sitting up.
type figures struct {
	answers, again  int
	reviews, passed int // answers to cards that were due, and those recalled
	took            time.Duration
	weakest         topicFigures // the zero value for none
}

type topicFigures struct {
	topic          string
	answers, again int
}

// share is how much of a topic was forgotten.
func (t topicFigures) share() float64 { return float64(t.again) / float64(max(1, t.answers)) }

func (s *sitting) figures() figures {
	var f figures
	topics := make(map[string]topicFigures)
	for _, a := range s.answers {
		again := 0
		if a.entry.Rating == scheduler.Again {
			again = 1
		}
		f.answers++
		f.again += again
		f.took += a.entry.Took
		if a.entry.Before.State == scheduler.Review {
			f.reviews++
			f.passed += 1 - again
		}
		t := topics[a.topic]
		topics[a.topic] = topicFigures{a.topic, t.answers + 1, t.again + again}
	}
	f.weakest = weakest(topics)
	return f
}

// weakest is the topic with the largest share of forgotten answers, if that
// tells the topics apart: there are several, and more than one was forgotten.
func weakest(topics map[string]topicFigures) topicFigures {
	var worst topicFigures
	if len(topics) < 2 {
		return worst
	}
	for _, t := range topics {
		if t.topic == "" || t.again == 0 {
			continue
		}
		if t.share() > worst.share() || t.share() == worst.share() && t.topic < worst.topic {
			worst = t
		}
	}
	return worst
}
