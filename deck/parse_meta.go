package deck

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// meta is what a card comment says about the card below it.
type meta struct {
	line int
	note Note // only the fields that a comment can set
}

const metaStart = "<!-- card"

var (
	nearMeta   = regexp.MustCompile(`^[ \t]*<!--[ \t]*(?i:card)(?:[ \t]|-->|$)`)
	cardKey    = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{1,63}$`)
	derivedKey = regexp.MustCompile(`^h[0-9a-f]{16}(?:-[0-9]+)?$`) // see NoteID
	asOf       = regexp.MustCompile(`^[0-9]{4}(?:-(?:0[1-9]|1[0-2]))?$`)
	ruleID     = regexp.MustCompile(`^[LS][0-9]{1,2}$`)
	// nextWaiver is where one waiver ends and the next begins; a reason may
	// hold semicolons of its own.
	nextWaiver = regexp.MustCompile(`;[ \t]*([LS][0-9]{1,2}(?:[ \t]|$))`)
)

// isMeta reports whether the line is a card comment.
func isMeta(text string) bool {
	rest, ok := strings.CutPrefix(text, metaStart)
	return ok && (rest == "" || rest[0] == ' ' || rest[0] == '\t' || strings.HasPrefix(rest, "-->"))
}

// likeMeta reports whether the line seems to be meant as a card comment.
func likeMeta(text string) bool {
	return strings.Contains(text, "<!--") && nearMeta.MatchString(text)
}

// parseMeta reads a card comment. It never returns nil: the card below a
// faulty comment is not without one.
func (s *scanner) parseMeta(l srcLine) *meta {
	m := &meta{line: l.no}
	body, after, closed := strings.Cut(strings.TrimPrefix(l.text, metaStart), "-->")
	if !closed {
		s.report(l.no, "end it with --> on the same line", "card comment is not closed")
		return m
	}
	if !isBlank(after) {
		s.report(l.no, "begin a new line after -->", "text after the card comment: %s", excerpt(strings.TrimSpace(after)))
	}
	seen := map[string]bool{}
	for body = strings.TrimSpace(body); body != ""; body = strings.TrimLeft(body, " \t") {
		var t token
		var err error
		t, body, err = cutToken(body)
		if err == nil {
			err = m.set(t, seen)
		}
		if err != nil {
			s.report(l.no, tokenHint(t), "%v", err)
		}
	}
	s.checkReserved(m)
	return m
}

// token is one word of a card comment: a bare word, or key=value.
type token struct {
	key, value string
	keyed      bool
}

// cutToken cuts the first token off text, which begins with no blank. The rest
// is always shorter than text.
func cutToken(text string) (t token, rest string, err error) {
	end := strings.IndexAny(text, "= \t")
	if end < 0 {
		return token{value: text}, "", nil
	}
	if text[end] != '=' {
		return token{value: text[:end]}, text[end:], nil
	}
	t = token{key: text[:end], keyed: true}
	rest = text[end+1:]
	if quoted, ok := strings.CutPrefix(rest, `"`); ok {
		t.value, rest, ok = strings.Cut(quoted, `"`)
		if !ok {
			return t, "", fmt.Errorf("%s= has no closing quote", short(t.key, maxExcerpt))
		}
		if rest != "" && rest[0] != ' ' && rest[0] != '\t' {
			return t, rest, fmt.Errorf("no blank after the value of %s=", short(t.key, maxExcerpt))
		}
		return t, rest, nil
	}
	if end = strings.IndexAny(rest, " \t"); end < 0 {
		end = len(rest)
	}
	t.value = rest[:end]
	return t, rest[end:], nil
}

// set takes in one token. seen holds what the comment has set already: keys,
// and "type", "tier" and "id" for bare words.
func (m *meta) set(t token, seen map[string]bool) error {
	what, shown := t.key+"=", t.key+"="
	if !t.keyed {
		shown = t.value
		switch {
		case slices.Contains(Types, Type(t.value)):
			what = "type"
		case t.value == string(Core) || t.value == string(Deep):
			what = "tier"
		default:
			what = "id"
		}
	}
	if seen[what] {
		if what == "id" {
			return fmt.Errorf("unknown word %s in the card comment", excerpt(shown))
		}
		return fmt.Errorf("second %s in the card comment: %s", strings.TrimSuffix(what, "="), excerpt(shown))
	}
	seen[what] = true
	switch what {
	case "type":
		m.note.Type = Type(t.value)
	case "tier":
		m.note.Tier = Tier(t.value)
	case "id":
		if err := checkKey(t.value); err != nil {
			return err
		}
		m.note.Key = t.value
	default:
		return m.setKey(t)
	}
	return nil
}

// setKey takes in a key=value.
func (m *meta) setKey(t token) error {
	n := &m.note
	value := strings.TrimSpace(t.value)
	field, known := map[string]*string{
		"source": &n.Source,
		"as_of":  &n.AsOf,
		"after":  &n.After,
		"why":    &n.Why,
		"answer": &n.Answer,
		"within": &n.Within,
		"tags":   nil,
		"ok":     nil,
		"points": nil,
	}[t.key]
	if !known {
		return fmt.Errorf("unknown key %s in the card comment", excerpt(t.key+"="))
	}
	if value == "" {
		return fmt.Errorf("%s= has no value", t.key)
	}
	switch t.key {
	case "tags":
		return m.setTags(value)
	case "ok":
		return m.setWaivers(value)
	case "points":
		if value != "true" {
			return fmt.Errorf("points= must be true, not %s", excerpt(value))
		}
		n.Kind = Points
		return nil
	case "as_of":
		if !asOf.MatchString(value) {
			return fmt.Errorf("as_of= must be a year or a month such as 2026-11, not %s", excerpt(value))
		}
	case "after":
		if err := checkKey(value); err != nil {
			return err
		}
	}
	*field = value
	return nil
}

// setTags reads tags separated by commas.
func (m *meta) setTags(value string) error {
	for tag := range strings.SplitSeq(value, ",") {
		if tag = strings.TrimSpace(tag); tag == "" {
			return fmt.Errorf("empty tag in tags=")
		}
		m.note.Tags = append(m.note.Tags, tag)
	}
	return nil
}

// setWaivers reads "L12 reason", or several of them with "; " between.
func (m *meta) setWaivers(value string) error {
	for value != "" {
		one, rest := value, ""
		if cut := nextWaiver.FindStringSubmatchIndex(value); cut != nil {
			one, rest = value[:cut[0]], value[cut[2]:]
		}
		value = rest
		rule, reason, _ := strings.Cut(strings.TrimSpace(one), " ")
		if !ruleID.MatchString(rule) {
			return fmt.Errorf("ok= must begin with a rule such as L12, not %s", excerpt(rule))
		}
		if isBlank(reason) {
			return fmt.Errorf("ok= gives no reason for %s", rule)
		}
		if slices.ContainsFunc(m.note.Waivers, func(w Waiver) bool { return w.Rule == rule }) {
			return fmt.Errorf("second reason for %s in ok=", rule)
		}
		m.note.Waivers = append(m.note.Waivers, Waiver{Rule: rule, Reason: strings.TrimSpace(reason)})
	}
	return nil
}

// checkKey reports what is wrong with an explicit id.
func checkKey(key string) error {
	if !cardKey.MatchString(key) {
		return fmt.Errorf("%s is no card id", excerpt(key))
	}
	if derivedKey.MatchString(key) {
		return fmt.Errorf("%s is an id that etch gives itself", excerpt(key))
	}
	return nil
}

// checkReserved checks the keys that belong to the kinds of a later version.
func (s *scanner) checkReserved(m *meta) {
	n := &m.note
	switch {
	case n.Within != "" && n.Answer == "":
		s.report(m.line, "", "within= without answer=")
	case n.Answer != "" && n.Kind == Points:
		s.report(m.line, "keep one of them", "points= and answer= in one card comment")
	case n.Answer != "":
		n.Kind = Estimate
	}
}

// tokenHint says what a card comment may hold where the token went wrong.
func tokenHint(t token) string {
	switch t.key {
	case "":
		return "an id has 2 to 64 of a-z, 0-9 and -; a type is one of " + typeList() + "; a tier is core or deep"
	case "ok":
		return `write ok="L12 the reason"; several are separated by a semicolon`
	case "after":
		return "name the id of the card that must be known first"
	case "source", "as_of", "why", "answer", "within", "tags", "points":
		return `write key=word or key="several words"`
	}
	return "the keys are tags, source, as_of, after, why, ok, points, answer and within"
}

// typeList names the types.
func typeList() string {
	names := make([]string, len(Types))
	for i, t := range Types {
		names[i] = string(t)
	}
	return strings.Join(names, ", ")
}

// describe copies what the comment says into its note.
func (s *scanner) describe(n *Note, m *meta) {
	d := m.note
	if d.Kind != "" && n.Kind == Cloze {
		s.report(m.line, "write it as Q: and A:", "points= or answer= on a cloze card")
	} else if d.Kind == "" {
		d.Kind = n.Kind
	}
	if d.Key != "" {
		if line, used := s.keys[d.Key]; used {
			s.report(m.line, "give each card its own id", "card id %s is used in line %d already", excerpt(d.Key), line)
		} else {
			s.keys[d.Key] = m.line
		}
	}
	d.Front, d.Back, d.Takeaway = n.Front, n.Back, n.Takeaway
	d.First, d.Line, d.Last = m.line, n.Line, n.Last
	*n = d
}
