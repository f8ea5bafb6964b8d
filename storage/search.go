package storage

import (
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
)

// ErrSearch is the error of a search word that means nothing.
var ErrSearch = errors.New("cannot search")

// SearchHelp is one line on what Cards understands.
const SearchHelp = "tag:T post:P tier:core is:due|new|learning|review|leech|flagged|suspended|buried|stale, text, and -word for the opposite"

// search turns a query such as "tag:caching is:due -lease" into conditions
// that must all hold. Words in double quotes stay together.
func (s *Store) search(query string, now time.Time) (where string, args []any, err error) {
	for _, word := range searchWords(query) {
		plain, negated := strings.CutPrefix(word, "-")
		cond, more, err := s.searchWord(plain, now)
		if err != nil {
			return "", nil, err
		}
		if negated {
			cond = "NOT (" + cond + ")"
		}
		where, args = where+" AND ("+cond+")", append(args, more...)
	}
	return where, args, nil
}

func (s *Store) searchWord(word string, now time.Time) (cond string, args []any, err error) {
	key, value, hasKey := strings.Cut(word, ":")
	switch {
	case hasKey && key == "tag":
		const in = `SELECT 1 FROM json_each(%s) t WHERE t.value = ?`
		return fmt.Sprintf(`p.topic = ? OR EXISTS(`+in+`) OR EXISTS(`+in+`)`, "p.tags", "n.tags"), []any{value, value, value}, nil
	case hasKey && key == "post":
		return `p.slug = ?`, []any{value}, nil
	case hasKey && key == "tier":
		return `n.tier = ?`, []any{value}, nil
	case hasKey && key == "is":
		return s.searchState(value, now)
	}
	pattern := "%" + likeEscape.Replace(word) + "%"
	return `n.front LIKE ? ESCAPE '\' OR n.back LIKE ? ESCAPE '\' OR n.id LIKE ? ESCAPE '\'`, []any{pattern, pattern, pattern}, nil
}

func (s *Store) searchState(state string, now time.Time) (string, []any, error) {
	day := int(s.Scheduler().Day(now))
	switch state {
	case "new":
		return `m.state=0`, nil, nil
	case "learning":
		return `m.state IN (1,3)`, nil, nil
	case "review":
		return `m.state=2`, nil, nil
	case "due":
		return `m.hidden=0 AND m.buried_day<>? AND ((m.state=2 AND m.due_day<=?) OR (m.state IN (1,3) AND m.due_at<=?))`,
			[]any{day, day, millis(now)}, nil
	case "leech":
		threshold := s.Scheduler().Settings().LeechThreshold
		return `?>0 AND m.lapses>=?`, []any{threshold, threshold}, nil
	case "flagged":
		return `m.flag<>''`, nil, nil
	case "suspended":
		return `m.suspended<>0`, nil, nil
	case "buried":
		return `m.buried_day=?`, []any{day}, nil
	case "stale": // as_of is 2026 or 2026-11: text order is time order
		return `n.as_of<>'' AND n.as_of<?`, []any{now.AddDate(-2, 0, 0).Format("2006-01")}, nil
	}
	return "", nil, fmt.Errorf("%w for is:%s", ErrSearch, state)
}

// searchWords splits at blanks outside double quotes, which are dropped.
func searchWords(query string) []string {
	var words []string
	var word strings.Builder
	quoted := false
	for _, r := range query + " " {
		switch {
		case r == '"':
			quoted = !quoted
		case unicode.IsSpace(r) && !quoted:
			if word.Len() > 0 {
				words = append(words, word.String())
				word.Reset()
			}
		default:
			word.WriteRune(r)
		}
	}
	if rest := strings.TrimSpace(word.String()); rest != "" { // a quote that was not closed
		words = append(words, rest)
	}
	return words
}
