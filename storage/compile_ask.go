package storage

import "etch/deck"

// questions are the doubtful pairs that the user is asked about. Nobody waits
// for a person within a transaction, or no other etch could record an answer:
// a compile that meets a new question gives up, and starts again with the
// answer.
type questions struct {
	ask     func(deck.Doubt) bool
	answers map[question]bool
	open    []deck.Doubt
}

type question struct {
	old  deck.NoteID
	text string
}

func questionOf(d deck.Doubt) question {
	return question{d.Old.ID, deck.TextHash(d.New.Kind, d.New.Front, d.New.Back)}
}

// same returns the user's answer, or notes that there is none yet.
func (q *questions) same(d deck.Doubt) bool {
	yes, known := q.answers[questionOf(d)]
	if !known {
		q.open = append(q.open, d)
	}
	return yes
}

// answer asks what is open.
func (q *questions) answer() {
	for _, d := range q.open {
		q.answers[questionOf(d)] = q.ask(d)
	}
	q.open = nil
}
