package storage

import (
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"

	"etch/deck"
)

// ErrSearch is the error of a search word that means nothing.
var ErrSearch = errors.New("cannot search")

// SearchHelp is one line on what Cards understands.
const SearchHelp = "tag:T post:P tier:core is:due|new|learning|review|leech|flagged|suspended|buried|stale, text, and -word for the opposite; text with a colon stands in double quotes"

// search turns a query such as "tag:caching is:due -lease" into conditions
// that must all hold. Words in double quotes stay together.
func (s *Store) search(query string, now time.Time) (where string, args []any, err error) {
	for _, word := range searchWords(query) {
		cond, more, err := s.searchWord(word, now)
		if err != nil {
			return "", nil, err
		}
		if word.negated {
			cond = "NOT (" + cond + ")"
		}
		where, args = where+" AND ("+cond+")", append(args, more...)
	}
	return where, args, nil
}

func (s *Store) searchWord(word searchTerm, now time.Time) (cond string, args []any, err error) {
	key, value := word.key()
	switch key {
	case "":
	case "tag":
		const in = `SELECT 1 FROM json_each(%s) t WHERE t.value = ? COLLATE NOCASE`
		return fmt.Sprintf(`p.topic = ? COLLATE NOCASE OR EXISTS(`+in+`) OR EXISTS(`+in+`)`, "p.tags", "n.tags"), []any{value, value, value}, nil
	case "post":
		return `p.slug = ? COLLATE NOCASE`, []any{value}, nil
	case "tier":
		tier := deck.Tier(strings.ToLower(value))
		if tier != deck.Core && tier != deck.Deep {
			return "", nil, fmt.Errorf("%w for tier:%s", ErrSearch, value)
		}
		return `n.tier = ?`, []any{tier}, nil
	case "is":
		return s.searchState(strings.ToLower(value), now)
	default:
		return "", nil, fmt.Errorf("%w for %s:%s", ErrSearch, key, value)
	}
	pattern := "%" + likeEscape.Replace(word.text) + "%"
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

// searchTerm is one word of a query.
type searchTerm struct {
	text            string
	negated, quoted bool // quoted from its beginning, so that it is text in any case
}

// key returns what the word asks for and in which value; "" for text. A key is
// letters before a colon with something behind it.
func (t searchTerm) key() (key, value string) {
	key, value, found := strings.Cut(t.text, ":")
	if !found || value == "" || t.quoted || strings.ContainsFunc(key, func(r rune) bool { return !unicode.IsLetter(r) }) {
		return "", ""
	}
	return strings.ToLower(key), value
}

// searchWords splits at blanks outside double quotes, which are dropped.
func searchWords(query string) []searchTerm {
	var words []searchTerm
	var text strings.Builder
	var word searchTerm
	inside := false
	end := func(plain string) {
		if word.text = plain; plain != "" {
			words = append(words, word)
		}
		word = searchTerm{}
		text.Reset()
	}
	for _, r := range query {
		switch {
		case r == '"':
			inside = !inside
			word.quoted = word.quoted || text.Len() == 0
		case unicode.IsSpace(r) && !inside:
			end(text.String())
		case r == '-' && text.Len() == 0 && !word.quoted && !word.negated:
			word.negated = true
		default:
			text.WriteRune(r)
		}
	}
	end(strings.TrimSpace(text.String())) // of a quote that was not closed, too
	return words
}
