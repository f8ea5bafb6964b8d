package deck

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// These rules look at the question: whether it is one, what it asks for, and
// whether it stands on its own.

// The limits of a question. A scenario or an estimation has inputs to state.
const (
	minQuestionWords  = 4
	maxQuestionWords  = 45
	maxQuestionRunes  = 280
	maxScenarioWords  = 70
	maxAfter          = 3 // follow-ups one behind the other
	bareSubjectLength = 3 // words of X in a bare "what is X?"
)

// imperatives are the verbs that a front may order with. Those of [unbounded]
// are among them, so that such a front gets one finding and not two.
var imperatives = wordSet(`add apply arrange assign build calculate choose classify compare
	complete compute consider contrast convert correct count decide define defend derive describe
	design determine discuss distinguish draw elaborate enumerate estimate evaluate explain express
	fill find fix formulate give guess identify imagine justify list match name order outline pick
	place plan predict propose prove put quantify quote rank recall reconstruct rewrite say select
	separate show simplify sketch solve sort spell state suggest summarise summarize tell trace
	translate turn use walk work write`)

// nounBefore are words after which an imperative is in truth a noun: "order of
// magnitude", "state machine".
var nounBefore = wordSet("of machine machines store is are was")

// leadIns are words that a clause begins with which comes before the order or
// the question proper: "In one sentence, name ...".
var leadIns = wordSet(`after as assuming at because before besides beyond by despite during even
	for from given if in inside instead into like on once over please since to under unless until
	using when whenever where while with within without`)

// imperative returns the index of the verb that the sentence orders with, or
// -1.
func (s *sentence) imperative() int {
	for _, i := range s.clauses(":;,") {
		if s.word(i) == "please" || s.word(i) == "then" || s.word(i) == "now" {
			i++
		}
		afterComma := i > 0 && strings.HasSuffix(s.toks[i-1].raw, ",")
		if afterComma && !leadIns[s.word(0)] {
			continue
		}
		if imperatives[s.word(i)] && s.word(i+1) != "" && !nounBefore[s.word(i+1)] {
			return i
		}
	}
	return -1
}

func noQuestion(c *lintCard) finding {
	if c.cloze() || strings.TrimSpace(c.q.plain) == "" {
		return finding{} // an empty front is L01's
	}
	for i := range c.q.sentences {
		if s := &c.q.sentences[i]; s.asks || s.imperative() >= 0 {
			return finding{}
		}
	}
	return found("the front is neither a question nor an imperative")
}

func shortQuestion(c *lintCard) finding {
	n := 0
	switch {
	case c.cloze():
		n = len(c.a.words)
	case c.q.asking() == nil:
		n = len(c.q.words)
	default:
		// What comes after the question mark is no context: "How many URLs?
		// 100M/month".
		n = len(wordsOf(c.q.plain[:strings.LastIndexByte(c.q.plain, '?')+1]))
	}
	if n == 0 || n >= minQuestionWords {
		return finding{}
	}
	return found("the question has %s, at least %d wanted", countOf(n, "word"), minQuestionWords)
}

func longQuestion(c *lintCard) finding {
	if c.cloze() {
		return finding{} // a cloze has one text, which L05 measures
	}
	words := len(c.q.words)
	if c.isType(Scenario, Estimation) {
		if words > maxScenarioWords {
			return found("the question has %d words, limit %d for %s", words, maxScenarioWords, c.note.Type)
		}
		return finding{}
	}
	if words > maxQuestionWords {
		return found("the question has %d words, limit %d", words, maxQuestionWords)
	}
	if n := runesOf(c.q.plain); n > maxQuestionRunes {
		return found("the question has %d characters, limit %d", n, maxQuestionRunes)
	}
	return finding{}
}

// runesOf counts characters as a reader sees them: each run of blanks is one.
func runesOf(s string) int {
	return utf8.RuneCountInString(strings.Join(strings.Fields(s), " "))
}

var (
	auxiliaries = wordSet(`is are was were am do does did can could should would will shall may might
		must has have had isn't aren't wasn't weren't don't doesn't didn't can't couldn't shouldn't
		wouldn't won't hasn't haven't hadn't`)
	askers = wordSet("what which why how who whom whose where when what's who's how's")
	// orders are words after which a leading "do" or "have" is no question.
	orders = wordSet("not the nothing")
)

func yesNo(c *lintCard) finding {
	if c.cloze() {
		return finding{}
	}
	for i := range c.q.sentences {
		w := c.q.sentences[i].words()
		if hasPhrase(w, "true", "or", "false") || hasPhrase(w, "yes", "or", "no") {
			return found("a true/false question")
		}
		if hasPhrase(w, "of", "the", "following") {
			return found("a multiple-choice question: the card shows no choices")
		}
	}
	s := c.q.asking()
	if s == nil {
		return finding{}
	}
	for _, i := range s.clauses(":;,\u2014") {
		afterComma := i > 0 && strings.HasSuffix(s.toks[i-1].raw, ",")
		if afterComma && !leadIns[s.word(0)] {
			continue
		}
		// "Why: ..." has asked already, and so has "In which case, under load, is".
		if asked := s.index(askers, 0); asked >= 0 && asked < i && (asked > 0 || s.asksAt(0)) {
			break
		}
		if s.opensYesNo(i) {
			kind := "a yes/no question"
			if slices.Contains(s.words()[i:], "or") {
				kind = "a yes/no or multiple-choice question"
			}
			return found("%s: it opens with %q", kind, s.toks[i].word)
		}
	}
	return finding{}
}

// asksAt reports whether the i-th word asks. "When the leader dies, ..." leads
// in, "when does the leader die" asks.
func (s *sentence) asksAt(i int) bool {
	w := s.word(i)
	return askers[w] && (!leadIns[w] || auxiliaries[s.word(i+1)])
}

// opensYesNo reports whether the words from i on ask for a yes or a no.
func (s *sentence) opensYesNo(i int) bool {
	w, next := s.word(i), s.word(i+1)
	switch {
	case !auxiliaries[w] || next == "":
		return false
	case (w == "do" || w == "have") && orders[next]: // "Do the maths: how many ...?"
		return s.index(askers, i) < 0
	case w == "may" && next[0] >= '0' && next[0] <= '9': // the month
		return false
	}
	return true
}

var (
	essays    = wordSet("explain describe discuss elaborate enumerate summarise summarize outline")
	wholesale = wordSet("all every each the its their both some any")
	numbers   = map[string]int{
		"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7,
		"eight": 8, "nine": 9, "ten": 10, "eleven": 11, "twelve": 12,
	}
)

func unbounded(c *lintCard) finding {
	if c.cloze() {
		return finding{}
	}
	for i := range c.q.sentences {
		s := &c.q.sentences[i]
		w := s.words()
		if hasPhrase(w, "pros", "and", "cons") || hasPhrase(w, "advantages", "and", "disadvantages") {
			return found("asks for two whole lists")
		}
		v := s.imperative()
		if v < 0 {
			continue
		}
		switch verb := s.word(v); {
		case essays[verb]:
			return found("%q asks for an essay", verb)
		case verb == "tell" && hasPhrase(w, "about"):
			return found(`"tell about" asks for an essay`)
		case verb == "list" || verb == "name" || verb == "give":
			if what := s.wholesale(v + 1); what != "" {
				return found("%q asks for a whole list", verb+" "+what)
			}
		}
	}
	return finding{}
}

// wholesale returns the words that ask for everything there is, or "" when the
// order that goes on at i is bounded. A small number bounds it.
func (s *sentence) wholesale(i int) string {
	for k := i; k < i+3; k++ {
		if n := numbers[s.word(k)]; n > 0 {
			if n > maxListError {
				return s.word(k)
			}
			return ""
		}
	}
	w := s.word(i)
	if w == "all" || w == "every" || w == "each" || s.word(i-1) == "list" && wholesale[w] {
		return w
	}
	return ""
}

var countWords = wordSet(`one two three four five six seven eight nine ten eleven twelve both pair
	couple either half dozen single`)

func uncountedList(c *lintCard) finding {
	items := c.longestList().items
	if c.cloze() || items < 2 || c.q.has(countWords) {
		return finding{}
	}
	if slices.ContainsFunc(c.q.words, func(w string) bool { return strings.IndexFunc(w, unicode.IsDigit) == 0 }) {
		return finding{}
	}
	return found("the answer is a list of %d and the question does not say so", items)
}

func manyQuestions(c *lintCard) finding {
	if c.cloze() {
		return finding{}
	}
	n := 0
	for _, s := range c.q.sentences {
		if s.asks && !s.quoted { // a quoted question is the interviewer's
			n++
		}
	}
	if n < 2 {
		return finding{}
	}
	return found("%d question marks", n)
}

func compound(c *lintCard) finding {
	if c.cloze() || c.isType(Scenario, Failure) {
		return finding{}
	}
	asked := false
	for i := range c.q.sentences {
		s := &c.q.sentences[i]
		if s.asks {
			if second := s.rider(); second != "" {
				return found("a compound question: %q", second)
			}
		}
		if asked && s.imperative() == 0 {
			return found("a compound question: it asks, then orders to %s", s.word(0))
		}
		asked = asked || s.asks
	}
	return finding{}
}

// rider returns the "and why" or "and how" that a question carries on its
// back, or "". In "who knows when and how to retry" the two are one.
func (s *sentence) rider() string {
	for i := 1; i+1 < len(s.toks); i++ {
		and, w, before := s.word(i), s.word(i+1), s.word(i-1)
		if (and == "and" || and == "or") && (w == "why" || w == "how") && (!askers[before] || i == 1) {
			return and + " " + w
		}
	}
	return ""
}

func lowerCase(c *lintCard) finding {
	first, _, _ := strings.Cut(strings.TrimLeft(c.q.prose, " \n\"'(\u201c\u2018"), "\n")
	word, _, _ := strings.Cut(first, " ")
	if r, _ := utf8.DecodeRuneInString(word); !unicode.IsLower(r) {
		return finding{}
	}
	// gRPC, p99 and io_uring are written so.
	if strings.ContainsFunc(word, func(r rune) bool {
		return unicode.IsUpper(r) || unicode.IsDigit(r) || strings.ContainsRune("_/=+@.-", r)
	}) {
		return finding{}
	}
	if smallNames[bareWord(word)] {
		return finding{}
	}
	return found("the question starts with a small letter: %q", short(word, maxExcerpt))
}

// smallNames are names that begin with a small letter.
var smallNames = wordSet(`etcd etcd's kubectl kubelet kubeadm iptables nftables nginx systemd epoll
	kqueue fsync mmap npm cgroup cgroups containerd runc dbt curl git pgvector pgbouncer memcached
	jemalloc sysctl dig traceroute tcpdump vnode vnodes redis memcache`)

func bareDefinition(c *lintCard) finding {
	if c.cloze() || len(c.q.sentences) != 1 || !c.q.sentences[0].asks {
		return finding{}
	}
	w := c.q.sentences[0].words()
	if len(w) < 3 || w[0] != "what" || w[1] != "is" && w[1] != "are" {
		return finding{}
	}
	subject := w[2:]
	if subject[0] == "a" || subject[0] == "an" || subject[0] == "the" {
		subject = subject[1:]
	}
	if len(subject) == 0 || len(subject) > bareSubjectLength || slices.ContainsFunc(subject, func(w string) bool { return boundWords[w] }) {
		return finding{}
	}
	return found("a bare %q", strings.Join(w, " "))
}

// boundWords tie a subject to something, so that its question has a shape.
var boundWords = wordSet(`of for in to from with without between behind by at on per under over as
	default maximum minimum limit size cost price difference first last second`)

// The dangling references of L15.
var (
	pronouns = wordSet("it its it's this that these those they their them he she his her")
	// emptyWords are words that name nothing that a pronoun could stand for.
	emptyWords = wordSet(`a an the what which why how who whom whose where when is are was were am be do
		does did can could should would will shall may might must has have had not so and but or then
		to of in on at by for from with without as if after before while once during under over until
		unless because much many long often far soon fast exactly happens`)
	// emptyIt are words around an "it" that stands for nothing: "how long does
	// it take to", "why is it hard to".
	emptyIt  = wordSet("take takes cost costs matter matters mean means help helps pay pays make makes follow follows seem seems")
	hinges   = wordSet("to that for if when until before")
	thatLead = wordSet("so such given provided assuming suppose say now")
	// citing are verbs of a text; what a post in a feed mentions or shows is no
	// text of ours.
	citing   = wordSet("say says describe describes explain explains recommend recommends argue argues suggest suggests claim claims")
	textName = wordSet("article post section chapter")
	pointing = wordSet("the mentioned shown described listed given see explained discussed as from")
	ownText  = wordSet("article section chapter paragraph card lesson deck diagram figure table example snippet")
)

func dangling(c *lintCard) finding {
	for i := range c.q.sentences {
		if what := c.q.sentences[i].citesText(c.q.hasCode()); what != "" {
			return found("%q points outside the card", what)
		}
	}
	if len(c.q.sentences) == 0 || c.q.hasCode() {
		return finding{} // what "this" means stands there as code
	}
	// A later sentence has the first one to point to.
	s := &c.q.sentences[0]
	for i, t := range s.toks {
		if pronouns[t.word] && s.dangles(i) {
			return found("%q has nothing to point to", t.word)
		}
		if !emptyWords[t.word] {
			break
		}
	}
	return finding{}
}

// dangles reports whether the pronoun at i, before which nothing has been
// named, needs something to stand for.
func (s *sentence) dangles(i int) bool {
	switch s.word(i) {
	case "that":
		return !thatLead[s.word(i-1)]
	case "it", "it's":
		// "It is Monday", "does it take 3 s to", "is it hard to".
		if i == 0 && (s.word(0) == "it's" || s.word(1) == "is" || s.word(1) == "was") {
			return s.index(askers, 0) >= 0
		}
		empty := emptyIt[s.word(i+1)] || s.word(i-1) == "is" || s.word(i-1) == "was" || s.word(i-1) == "be"
		return !empty || s.index(hinges, i+2) < 0
	case "these", "those":
		// "Which of these comes first: A or B?" shows them.
		return len(s.clauses(":")) == 1
	case "its", "their", "his", "her":
		return i == 0 && len(s.clauses(",:;")) == 1
	}
	return true
}

// citesText returns the words that point to a text around the card, or "".
func (s *sentence) citesText(hasCode bool) string {
	for i := range s.toks {
		w, before, next := s.word(i), s.word(i-1), s.word(i+1)
		ends := i+1 == len(s.toks) || strings.ContainsAny(s.toks[i].raw[len(s.toks[i].raw)-1:], ",;:")
		switch {
		case textName[w] && before == "the" && (citing[next] || hasPhrase(s.words()[:i], "according", "to", "the")):
			return "the " + w + " " + next
		case textName[w] && before == "the" && ends && (s.word(i-2) == "in" && w != "post" || s.word(i-2) == "from" && w == "article"):
			return s.word(i-2) + " the " + w
		case (before == "this" || before == "previous") && ownText[w] && !hasCode:
			return before + " " + w
		case w == "above" && pointing[before] && !hasCode && (before != "from" && before != "as" || ends):
			return before + " above"
		}
	}
	return ""
}
