package deck

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// LintOptions says what the rules need to know beyond the posts.
type LintOptions struct {
	// Library turns on what only the built-in library must keep: every card
	// has an id, a type and a tier, every tag is one of the library's.
	Library bool
	// Known holds the slugs of posts that exist elsewhere, so that requires
	// may name them.
	Known map[string]bool
	// Index holds texts that no card may share seven consecutive words with.
	Index []string
}

// rule is one line of the rule table. It looks either at one card at a time or
// at all posts together.
type rule struct {
	id    string
	level level
	says  string // what is wrong, in the words of docs/CONTENT.md
	cure  string // what to do about it, for those findings that say nothing better
	card  func(*lintCard) finding
	posts func(*lintSet, report)
}

// level is how much a finding of a rule weighs.
type level string

const (
	blocks level = "E"   // always an Error
	warns  level = "w"   // always a Warning, which a card may waive
	both   level = "w/E" // each finding says which
)

// finding is what a rule found. The zero finding means that all is well.
type finding struct {
	msg   string
	cure  string // instead of the rule's
	worse bool   // an Error, in a rule of level both
}

// found makes a finding.
func found(format string, args ...any) finding {
	return finding{msg: fmt.Sprintf(format, args...)}
}

// report takes in a finding of a rule that looks at all posts.
type report func(place, finding)

// place is where a finding belongs: a card, or a line of a post.
type place struct {
	post *Post
	line int
	card *lintCard // nil when the post itself is meant
}

// rules is every rule, in the order of docs/CONTENT.md.
var rules = []rule{
	{
		id: "L01", level: blocks, card: emptySide, says: "a side is empty",
		cure: "write both sides, or delete the card",
	},
	{
		id: "L02", level: blocks, card: noQuestion, says: "the front is neither a question nor an imperative",
		cure: "ask one thing and end with a question mark",
	},
	{
		id: "L03", level: blocks, card: shortQuestion, says: "the question has under 4 words",
		cure: "name the subject and the shape of the answer before the question mark",
	},
	{
		id: "L04", level: blocks, card: longQuestion, says: "the question has over 45 words or 280 characters (scenario, estimation: 70 words)",
		cure: "cut the setting down to what changes the answer",
	},
	{
		id: "L05", level: both, card: longAnswer, says: "the answer is over the limit of its type / over 1.5 times",
		cure: "keep what must be recalled and what supports it; move the rest to the prose",
	},
	{
		id: "L06", level: blocks, card: hugeAnswer, says: "the answer has over 600 characters",
		cure: "split the card",
	},
	{
		id: "L07", level: blocks, card: yesNo, says: "a yes/no, true/false or multiple-choice question",
		cure: "ask why, when, which or what happens",
	},
	{
		id: "L08", level: blocks, card: unbounded, says: "explain, describe, discuss, list all, pros and cons",
		cure: "ask for the one thing that must be recalled",
	},
	{
		id: "L09", level: both, card: longList, says: "a list of over 3 items (ordered: 5) / of over 5",
		cure: "write overlapping cards, or a cloze and one card that asks what comes after X",
	},
	{
		id: "L10", level: warns, card: uncountedList, says: "the answer is a list and the question does not say how many",
		cure: `say the count: "which two ..."`,
	},
	{
		id: "L11", level: warns, card: manyQuestions, says: "several question marks",
		cure: "one retrieval a card: split it",
	},
	{
		id: "L12", level: warns, card: compound, says: "a compound question: and why, and how (not scenario, failure)",
		cure: "split it, or ask for the reason alone",
	},
	{
		id: "L13", level: blocks, card: givenAway, says: "the question contains the answer",
		cure: "reword the question, or say in the answer why",
	},
	{
		id: "L14", level: blocks, card: trueFalse, says: "the answer is true or false, yes or no",
		cure: "ask for the reason or the condition",
	},
	{
		id: "L15", level: blocks, card: dangling, says: "a dangling this, it, they, above, the article",
		cure: "name the thing: the card is asked without its post and its neighbours",
	},
	{
		id: "L16", level: warns, card: filler, says: "a filler phrase (robust, leverage, seamless, crucial ...)",
		cure: "say what it does, or cut it",
	},
	{
		id: "L17", level: warns, card: absolute, says: "always, never or guarantees without a condition",
		cure: "say when it holds",
	},
	{
		id: "L18", level: warns, card: bareNumber, says: "a number with a unit but no scope, hedge or source",
		cure: "say whether it is a default, a limit or an order of magnitude, and whose; or add source= or as_of=",
	},
	{
		id: "L19", level: warns, card: undated, says: "latest, current or modern without a version or year",
		cure: "name the version or the year",
	},
	{
		id: "L20", level: blocks, card: hiddenRune, says: "a control, bidi or zero-width character",
		cure: "delete it",
	},
	{
		id: "L21", level: blocks, card: htmlTag, says: "an HTML tag outside code",
		cure: "put it in backticks",
	},
	{
		id: "L22", level: warns, card: wideCode, says: "a code or diagram line over 76 columns",
		cure: "code is never wrapped: break the line",
	},
	{
		id: "L23", level: blocks, card: loneBacktick, says: "unbalanced backticks",
		cure: "close the code span",
	},
	{
		id: "L24", level: blocks, card: noDeletion, says: "a cloze without a deletion",
		cure: "put brackets around what must be recalled",
	},
	{
		id: "L25", level: blocks, card: unfinished, says: "TODO, TBD, FIXME or ???",
		cure: "finish the card",
	},
	{
		id: "L26", level: warns, card: lowerCase, says: "the question starts in lower case",
		cure: "start with a capital; a name that is written small goes in backticks",
	},
	{
		id: "L27", level: warns, card: strayBlanks, says: "stray blanks",
		cure: "delete them",
	},
	{
		id: "L30", level: blocks, posts: sameQuestion, says: "the same question twice, stop words aside",
		cure: "ask another scenario, or delete one of them",
	},
	{
		id: "L31", level: blocks, posts: copied, says: "seven consecutive words of the index text",
		cure: "say it in your own words",
	},
	{
		id: "L32", level: blocks, posts: broken, says: "an unknown post, tag, type, tier or parent; a missing or repeated id; a cycle; a core card after a deep one; a chain over 3",
		cure: "correct the card comment or the front matter",
	},
	{
		id: "L33", level: warns, posts: nearDuplicate, says: "almost the question, or the same first line of the answer, of a card in another post",
		cure: "let the definition live in its home post and ask another scenario here",
	},
	{
		id: "L34", level: warns, card: tall, says: "question and answer take over 16 lines at 76 columns",
		cure: "it must fit a 24-line terminal: shorten it or split it",
	},
	{
		id: "L35", level: both, says: "a waiver of a rule that does not fire / without a reason, of an unknown rule, or of an error",
		cure: "delete the waiver",
	}, // Lint itself checks it
	{
		id: "L36", level: warns, card: bareDefinition, says: "a bare what is X: its answer has no shape",
		cure: "ask for the part that matters: which, why, when, in one sentence",
	},
	{id: "S1", level: warns, posts: fewReasons, says: "under 30 % of the cards ask why, when or what happens"},
	{id: "S2", level: warns, posts: fewScenarios, says: "under 20 % of the cards are scenario or failure"},
	{id: "S3", level: warns, posts: manyDefinitions, says: "over 60 % of the cards are definitions (term) and cloze"},
	{id: "S4", level: warns, posts: sameOpener, says: "over 35 % of the questions open alike (why, which, what happens)"},
	{id: "S5", level: warns, posts: cardCount, says: "not 8 to 12 core cards, or not 15 to 30 in all once there is a deep one"},
}

// waiverRule is what problems with waivers themselves are called.
const waiverRule = "L35"

// Lint judges all posts of one library together and returns the problems in
// (file, line, rule) order; File is the post's path. The rules and how to
// satisfy them are in docs/CONTENT.md.
//
// A card may waive a warning with ok="L12 reason". A waiver without a reason,
// of an unknown rule, of an error, or of a rule that does not fire is itself a
// problem. What a severity means is the caller's business: in the built-in
// library an error blocks, in a user's folder it is advice.
func Lint(posts []*Post, opt LintOptions) []*Problem {
	set := newLintSet(posts, opt)
	l := linter{fired: map[firing]Severity{}}
	for i := range rules {
		r := &rules[i]
		if r.card != nil {
			for _, c := range set.cards {
				l.add(r, c.place(), r.card(c))
			}
		}
		if r.posts != nil {
			r.posts(set, func(p place, f finding) { l.add(r, p, f) })
		}
	}
	for _, c := range set.cards {
		l.judgeWaivers(c)
	}
	slices.SortStableFunc(l.problems, func(a, b *Problem) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Rule, b.Rule))
	})
	return l.problems
}

// linter collects the problems of one run.
type linter struct {
	problems []*Problem
	fired    map[firing]Severity // the worst finding of a rule about a card
}

// firing is one rule and one card that it found something about.
type firing struct {
	card *lintCard
	rule string
}

// add turns a finding into a problem, unless it says nothing or is waived.
func (l *linter) add(r *rule, at place, f finding) {
	if f.msg == "" {
		return
	}
	severity := Warning
	if r.level == blocks || f.worse {
		severity = Error
	}
	if at.card != nil {
		k := firing{at.card, r.id}
		l.fired[k] = max(l.fired[k], severity)
		if severity == Warning && waived(at.card.note, r.id) {
			return
		}
	}
	l.problems = append(l.problems, &Problem{
		File: at.post.Path, Line: at.line, Rule: r.id, Severity: severity,
		Msg: f.msg, Hint: cmp.Or(f.cure, r.cure),
	})
}

// waived reports whether the note accepts the rule's warnings, with a reason.
func waived(n *Note, id string) bool {
	return slices.ContainsFunc(n.Waivers, func(w Waiver) bool { return w.Rule == id && hasWord(w.Reason) })
}

// judgeWaivers reports the waivers of a card that waive nothing. It runs after
// all other rules.
func (l *linter) judgeWaivers(c *lintCard) {
	self := ruleByID(waiverRule)
	for _, w := range c.note.Waivers {
		severity, fired := l.fired[firing{c, w.Rule}]
		f := finding{worse: true}
		switch r := ruleByID(w.Rule); {
		case r == nil:
			f.msg, f.cure = fmt.Sprintf("waiver of %s, which is no rule", w.Rule), "the rules are listed in docs/CONTENT.md"
		case w.Rule == waiverRule:
			f.msg = "waiver of the rule about waivers"
		case w.Rule[0] == 'S':
			f.msg = fmt.Sprintf("waiver of %s, which judges the post and not the card", w.Rule)
		case !hasWord(w.Reason):
			f.msg, f.cure = fmt.Sprintf("waiver of %s gives no reason", w.Rule), fmt.Sprintf(`write ok="%s and the reason"`, w.Rule)
		case r.level == blocks || fired && severity == Error:
			f.msg, f.cure = fmt.Sprintf("waiver of %s, which is an error here: only warnings can be waived", w.Rule), "mend the card"
		case !fired:
			f.msg, f.worse = fmt.Sprintf("waiver of %s, which does not fire", w.Rule), false
		}
		l.add(self, c.place(), f)
	}
}

// ruleByID returns the rule with the id, or nil.
func ruleByID(id string) *rule {
	if i := slices.IndexFunc(rules, func(r rule) bool { return r.id == id }); i >= 0 {
		return &rules[i]
	}
	return nil
}

// lintSet is all posts that are judged together.
type lintSet struct {
	opt   LintOptions
	posts []*Post // by path
	cards []*lintCard
	byKey map[string]*lintCard // the first card with that id
}

// lintCard is a note and its texts as the rules want them.
type lintCard struct {
	post *Post
	note *Note
	q, a lintText // of a cloze: the text with its deletions open, and the whole text
}

func newLintSet(posts []*Post, opt LintOptions) *lintSet {
	s := &lintSet{opt: opt, posts: slices.Clone(posts), byKey: map[string]*lintCard{}}
	slices.SortStableFunc(s.posts, func(a, b *Post) int { return cmp.Compare(a.Path, b.Path) })
	for _, p := range s.posts {
		for i := range p.Notes {
			c := newLintCard(p, &p.Notes[i])
			s.cards = append(s.cards, c)
			if _, taken := s.byKey[c.note.Key]; c.note.Key != "" && !taken {
				s.byKey[c.note.Key] = c
			}
		}
	}
	return s
}

func newLintCard(p *Post, n *Note) *lintCard {
	c := &lintCard{post: p, note: n}
	if n.Kind == Cloze {
		whole := readMarkdown(cutText(n.Front))
		c.q, c.a = whole.cloze()
		if n.Back != "" {
			whole = readMarkdown(cutText(n.Front + "\n\n" + n.Back))
			_, c.a = whole.cloze()
		}
		return c
	}
	c.q, c.a = readMarkdown(cutText(n.Front)), readMarkdown(cutText(n.Back))
	c.q.finish()
	c.a.finish()
	return c
}

// maxLintText is how much of a side the rules look at. Longer ones are no
// cards, which L06 says; some rules take time quadratic in the length.
const maxLintText = 16 << 10

// cutText returns the whole lines of text that the rules look at.
func cutText(text string) string {
	if len(text) <= maxLintText {
		return text
	}
	head := text[:maxLintText]
	if i := strings.LastIndexByte(head, '\n'); i > 0 {
		head = head[:i]
	}
	return strings.ToValidUTF8(head, "")
}

// place is where a finding about the card belongs.
func (c *lintCard) place() place { return place{c.post, c.note.Line, c} }

// cloze reports whether the card is one of the cloze kind.
func (c *lintCard) cloze() bool { return c.note.Kind == Cloze }

// sides returns the texts as written, each once.
func (c *lintCard) sides() []*lintText {
	if c.cloze() {
		return []*lintText{&c.a}
	}
	return []*lintText{&c.q, &c.a}
}

// isType reports whether the card's type is one of those given.
func (c *lintCard) isType(types ...Type) bool { return slices.Contains(types, c.note.Type) }

// name is how a message speaks of the card to somebody at another place.
func (c *lintCard) name() string {
	return fmt.Sprintf("%s:%d", c.post.Path, c.note.Line)
}
