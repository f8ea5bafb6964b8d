package deck

import (
	"cmp"
	"slices"
	"sort"
	"strings"
)

// planCards gives each deletion its card: the one whose number it names; the
// one whose text it has, in the same surroundings if several have it; then the
// one that it clearly is an edit of; else a new one. An ord is never given
// twice: it is the number less 1, as in Anki, where the text names one. same
// says that the text is as before.
func planCards(id NoteID, n *Note, old *StoredNote, same bool) []CardPlan {
	if same {
		if cards := cardsInUse(old); cards != nil {
			return cards
		}
	}
	p := newCardPlanner(n, old)
	if old != nil {
		p.pairNumbered()
		p.pairEqual(func(d *deletion) [3]string { return [3]string{d.hash, d.before, d.after} })
		p.pairEqual(func(d *deletion) [3]string { return [3]string{d.hash} })
		p.pairEdited(n, old)
	}
	ords := p.newOrds()
	cards := make([]CardPlan, len(p.now))
	for pos, now := range p.now {
		cards[pos] = CardPlan{Pos: pos, Hash: now.hash}
		if now.partner != nil {
			cards[pos].ID, cards[pos].Ord = now.partner.card.ID, now.partner.card.Ord
			continue
		}
		cards[pos].ID, cards[pos].Ord, cards[pos].New = id.Card(n.Kind, ords[pos]), ords[pos], true
		if slices.ContainsFunc(p.had, func(d *deletion) bool { return d.card.ID == cards[pos].ID }) {
			cards[pos].ID = id.Card(Cloze, ords[pos]) // the plain id went to a bracket when this was another kind
		}
	}
	return cards
}

// newOrds returns an ord for each deletion that is new: of its number if it
// has one, of its place in a note that had none, else the next one.
func (p *cardPlanner) newOrds() map[int]int {
	taken := make(map[int]bool)
	next := 0
	for _, had := range p.had {
		taken[had.card.Ord] = true
		next = max(next, had.card.Ord+1)
	}
	for _, now := range p.now {
		if now.number > 0 {
			next = max(next, now.number)
		}
	}
	ords := make(map[int]int)
	give := func(pos, ord int) { ords[pos], taken[ord], next = ord, true, max(next, ord+1) }
	for pos, now := range p.now {
		if now.partner == nil && now.number > 0 && !taken[now.number-1] {
			give(pos, now.number-1)
		}
	}
	for pos, now := range p.now {
		_, given := ords[pos]
		switch {
		case now.partner != nil || given:
		case p.first && !taken[pos]:
			give(pos, pos)
		default:
			give(pos, next)
		}
	}
	return ords
}

// pairNumbered pairs what has a number with the card of that number.
func (p *cardPlanner) pairNumbered() {
	for _, now := range p.now {
		for _, had := range p.had {
			if now.number > 0 && had.card.Ord == now.number-1 && had.partner == nil {
				now.partner, had.partner = had, now
			}
		}
	}
}

// cardsInUse returns the cards of a note whose text is the same as before, or
// nil if not all of them are in use.
func cardsInUse(old *StoredNote) []CardPlan {
	want := 1
	if old.Kind == Cloze {
		want = len(ClozeTexts(old.Front))
	}
	cards := make([]CardPlan, 0, want)
	for _, c := range old.Cards {
		if !c.Retired {
			cards = append(cards, CardPlan{ID: c.ID, Ord: c.Ord, Pos: c.Pos, Hash: c.Hash})
		}
	}
	sort.Slice(cards, func(i, j int) bool { return cards[i].Pos < cards[j].Pos })
	if len(cards) != want || slices.ContainsFunc(cards, func(c CardPlan) bool { return c.Pos >= want }) {
		return nil
	}
	return cards
}

// deletion is what one card of a cloze hides. A note of another kind has one
// without a text.
type deletion struct {
	pos           int
	text          string // normalised; "" when it is not known any more
	hash          string
	before, after string     // the words next to it
	number        int        // that the text gives it, 0 for none
	card          StoredCard // of a stored one
	partner       *deletion
}

// cardPlanner pairs the deletions that a note has with those that it had.
type cardPlanner struct {
	now, had         []*deletion
	first            bool   // the note had no deletions before
	nowText, hadText string // without the marks; only set for what is compared closely
}

func newCardPlanner(n *Note, old *StoredNote) *cardPlanner {
	p := &cardPlanner{now: deletionsOf(n.Kind, n.Front), first: old == nil || old.Kind != Cloze}
	if old == nil {
		return p
	}
	texts := deletionsOf(old.Kind, old.Front)
	for _, c := range old.Cards {
		d := &deletion{pos: c.Pos, hash: c.Hash, card: c}
		if !c.Retired && c.Pos < len(texts) {
			d.text, d.before, d.after = texts[c.Pos].text, texts[c.Pos].before, texts[c.Pos].after
		}
		p.had = append(p.had, d)
	}
	slices.SortFunc(p.had, func(a, b *deletion) int {
		return cmp.Or(compareBool(a.card.Retired, b.card.Retired), cmp.Compare(a.pos, b.pos), cmp.Compare(a.card.Ord, b.card.Ord))
	})
	return p
}

// opened returns a text without the marks of its deletions, normalised.
func opened(front string) string { return Normalise(withoutMarks(front)) }

// deletionsOf lists what the cards of a note hide, one for each card: the text
// of its deletions, and the words beside the first of them.
func deletionsOf(kind Kind, front string) []*deletion {
	if kind != Cloze {
		return []*deletion{{}}
	}
	var out []*deletion
	for card, text := range ClozeTexts(front) {
		out = append(out, &deletion{pos: card, text: Normalise(text), hash: ClozeHash(text)})
	}
	at, met := 0, 0
	for _, d := range Deletions(front) {
		open := at + strings.IndexRune(front[at:], Open)
		at = len(front)
		if end := strings.IndexRune(front[open:], Close); end >= 0 {
			at = open + end + len(string(Close))
		}
		for i, card := range d.Cards {
			if card < met {
				continue
			}
			met++
			out[card].before, out[card].after = edgeWord(front[max(0, open-nextTo):open], true), edgeWord(front[at:min(len(front), at+nextTo)], false)
			if len(d.Numbers) > 0 {
				out[card].number = d.Numbers[i]
			}
		}
	}
	return out
}

// nextTo is how many bytes beside a deletion are searched for a word.
const nextTo = 100

// edgeWord returns the last or the first word of a text.
func edgeWord(text string, last bool) string {
	words := strings.Fields(withoutMarks(text))
	switch {
	case len(words) == 0:
		return ""
	case last:
		return words[len(words)-1]
	}
	return words[0]
}

// pairEqual pairs deletions of equal keys in their order, those in use first.
func (p *cardPlanner) pairEqual(key func(*deletion) [3]string) {
	had := make(map[[3]string][]*deletion)
	for _, d := range p.had {
		if d.partner == nil {
			had[key(d)] = append(had[key(d)], d)
		}
	}
	for _, d := range p.now {
		if same := had[key(d)]; d.partner == nil && len(same) > 0 {
			d.partner, same[0].partner = same[0], d
			had[key(d)] = same[1:]
		}
	}
}

// maxEdited bounds the pairs of one note that are compared.
const maxEdited = 2500

// pairEdited pairs what is left where the new deletion clearly is the old one,
// edited. A card that asks for something else must not inherit a history: that
// would go unnoticed, and a new card costs little.
func (p *cardPlanner) pairEdited(n *Note, old *StoredNote) {
	type edit struct {
		now, had *deletion
		score    float64
	}
	left := func(d *deletion) bool { return d.partner != nil || d.card.Retired }
	now, had := slices.DeleteFunc(slices.Clone(p.now), left), slices.DeleteFunc(slices.Clone(p.had), left)
	if len(now)*len(had) == 0 || len(now)*len(had) > maxEdited {
		return
	}
	p.nowText, p.hadText = opened(n.Front), opened(old.Front)
	var edits []edit
	for _, n := range now {
		for _, h := range had {
			if score := p.sameDeletion(n, h); score >= sameText {
				edits = append(edits, edit{n, h, score})
			}
		}
	}
	sort.SliceStable(edits, func(i, j int) bool { return edits[i].score > edits[j].score })
	for _, e := range edits {
		if e.now.partner == nil && e.had.partner == nil {
			e.now.partner, e.had.partner = e.had, e.now
		}
	}
}

// sameDeletion says how likely it is that a deletion is an old one, edited:
// by its text and the words next to it. The only deletion of a note is it,
// whatever it says. But where the old words still stand, the brackets went to
// others.
func (p *cardPlanner) sameDeletion(now, had *deletion) float64 {
	apart := !strings.Contains(now.text, had.text) && !strings.Contains(had.text, now.text)
	if apart && strings.Count(p.nowText, had.text) >= strings.Count(p.hadText, had.text) {
		return 0
	}
	if len(p.now) == 1 && p.onlyOneInUse() {
		return 1
	}
	score := likeRunes(now.text, had.text)
	if now.before == had.before {
		score += 0.4
	}
	if now.after == had.after {
		score += 0.4
	}
	return score
}

func (p *cardPlanner) onlyOneInUse() bool {
	return !slices.ContainsFunc(p.had[1:], func(d *deletion) bool { return !d.card.Retired })
}

// likeRunes is Dice over the pairs of neighbouring letters, for texts too
// short to compare by words.
func likeRunes(a, b string) float64 {
	count := func(s string) (map[[2]rune]int, int) {
		pairs, n, prev := make(map[[2]rune]int), 0, rune(0)
		for _, r := range s {
			pairs[[2]rune{prev, r}]++
			n, prev = n+1, r
		}
		return pairs, n
	}
	inA, sizeA := count(a)
	inB, sizeB := count(b)
	common := 0
	for pair, n := range inA {
		common += min(n, inB[pair])
	}
	return 2 * float64(common) / float64(max(1, sizeA+sizeB))
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}
