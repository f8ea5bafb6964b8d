package anki

import (
	"bytes"
	"cmp"
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"strings"
)

// What the row of col holds as JSON. Anki fails on a key that it needs and
// that is missing or null, so every list is made here, never nil, and every
// key of Anki's is there even if etch has nothing to say about it.

// object is one JSON object; encoding/json writes its keys sorted.
type object map[string]any

// encode returns v as Anki writes JSON: without escaped angle brackets.
func encode(v any) (string, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return strings.TrimSuffix(b.String(), "\n"), err
}

func confJSON(c *Collection) object {
	next := int64(1)
	for i := range c.Cards {
		if c.Cards[i].State == New {
			next = max(next, c.Cards[i].Due+1)
		}
	}
	conf := object{
		// Without it the file is one of the first scheduler, and its ratings
		// are shifted.
		"schedVer": 2, "sched2021": true,
		"rollover": c.Rollover, "curDeck": 1, "activeDecks": []int{1}, "nextPos": next, "newSpread": 0, "collapseTime": 1200,
		"timeLim": 0, "estTimes": true, "dueCounts": true, "curModel": int64(0), "sortType": "noteFld", "sortBackwards": false,
		"addToCur": true, "dayLearnFirst": false,
	}
	if len(c.NoteTypes) > 0 {
		conf["curModel"] = c.NoteTypes[0].ID
	}
	if c.HasWest {
		conf["creationOffset"] = c.West
	}
	if c.FSRS {
		conf["fsrs"] = true
	}
	return conf
}

func modelsJSON(types []NoteType) object {
	models := object{}
	for i := range types {
		models[strconv.FormatInt(types[i].ID, 10)] = modelObject(&types[i])
	}
	return models
}

func modelObject(t *NoteType) object {
	kind := 0
	if t.Cloze {
		kind = 1
	}
	fields, templates, req := []object{}, []object{}, [][]any{}
	for i, f := range t.Fields {
		fields = append(fields, object{
			"id": idOrNull(f.ID), "name": f.Name, "ord": i, "sticky": f.Sticky, "rtl": f.RTL, "font": cmp.Or(f.Font, defaultFont), "size": cmp.Or(f.Size, defaultSize),
			"description": f.Description, "plainText": f.PlainText, "collapsed": f.Collapsed, "excludeFromSearch": f.Unsearched, "tag": f.Tag,
			"preventDeletion": f.PreventDeletion,
		})
	}
	for i, p := range t.Templates {
		templates = append(templates, object{
			"id": idOrNull(p.ID), "name": p.Name, "ord": i, "qfmt": p.Front, "afmt": p.Back,
			"bqfmt": p.BrowserFront, "bafmt": p.BrowserBack, "did": nil, "bfont": p.BrowserFont, "bsize": p.BrowserSize,
		})
		// Which fields must be filled; only old clients look at it.
		req = append(req, []any{i, "any", []int{0}})
	}
	o := object{
		"id": t.ID, "name": t.Name, "type": kind, "mod": t.Mod, "usn": -1, "sortf": t.SortField, "did": nil,
		"tmpls": templates, "flds": fields, "css": t.CSS, "latexPre": t.LatexPre, "latexPost": t.LatexPost, "latexsvg": t.LatexSVG, "req": req,
		"vers": []int{}, "tags": []string{},
	}
	if t.Stock != 0 {
		o["originalStockKind"] = t.Stock
	}
	if t.Original != 0 {
		o["originalId"] = t.Original
	}
	return o
}

func idOrNull(id int64) any {
	if id == 0 {
		return nil
	}
	return id
}

func decksJSON(decks []Deck) object {
	all := object{}
	for _, d := range decks {
		all[strconv.FormatInt(d.ID, 10)] = deckObject(&d)
	}
	return all
}

func deckObject(d *Deck) object {
	none := []int{0, 0}
	o := object{
		"id": d.ID, "mod": 0, "name": d.Name, "usn": -1, "lrnToday": none, "revToday": none, "newToday": none, "timeToday": none,
		"collapsed": false, "browserCollapsed": false, "desc": d.Description,
	}
	if d.Filtered {
		o["dyn"] = 1
		// The search is not known: one that finds nothing keeps the cards
		// from being exchanged when the deck is built again.
		o["terms"] = [][]any{{"deck:none", 100, 0}}
		o["resched"], o["separate"], o["delays"], o["previewDelay"] = true, true, nil, 10
		return o
	}
	o["dyn"], o["conf"], o["extendNew"], o["extendRev"] = 0, d.Preset, 0, 0
	return o
}

func presetsJSON(presets []Preset) object {
	all := object{}
	for i := range presets {
		all[strconv.FormatInt(presets[i].ID, 10)] = presetObject(&presets[i])
	}
	return all
}

func presetObject(p *Preset) object {
	leech := 1 // tag only
	if p.LeechSuspends {
		leech = 0
	}
	w4, w5, w6 := weightLists(p.Weights)
	return object{
		"id": p.ID, "mod": p.Mod, "name": p.Name, "usn": -1, "maxTaken": 60, "autoplay": true, "timer": 0, "replayq": true, "dyn": false,
		"new": object{
			"bury": p.BurySiblings, "delays": list(p.LearningSteps), "initialFactor": 2500, "ints": []int{1, 4, 0}, "order": 1, "perDay": p.NewPerDay,
		},
		"rev": object{
			"bury": p.BurySiblings, "ease4": 1.3, "ivlFct": 1, "maxIvl": p.MaximumInterval, "perDay": p.ReviewsPerDay, "hardFactor": 1.2,
		},
		"lapse": object{
			"delays": list(p.RelearningSteps), "leechAction": leech, "leechFails": p.LeechThreshold, "minInt": 1, "mult": 0,
		},
		"newMix": 0, "newPerDayMinimum": 0, "interdayLearningMix": 0, "reviewOrder": 0, "newSortOrder": 0, "newGatherPriority": 0,
		"buryInterdayLearning": false, "fsrsWeights": w4, "fsrsParams5": w5, "fsrsParams6": w6, "desiredRetention": p.DesiredRetention,
		"ignoreRevlogsBeforeDate": "", "easyDaysPercentages": []float64{1, 1, 1, 1, 1, 1, 1}, "stopTimerOnAnswer": false,
		"secondsToShowQuestion": 0, "secondsToShowAnswer": 0, "questionAction": 0, "answerAction": 0, "waitForAudio": true,
		"sm2Retention": 0.9, "weightSearch": "",
	}
}

// list makes an empty list of none.
func list(f []float64) []float64 {
	if f == nil {
		return []float64{}
	}
	return f
}

// weightLists says which of Anki's three lists weights go to. FSRS-5's go to
// that of FSRS-6 too, with the two values that make it compute the same:
// Anki's options screen shows only the newest list, and wipes the others when
// that is empty.
func weightLists(w []float64) (w4, w5, w6 []float64) {
	none := []float64{}
	switch len(w) {
	case 17:
		return w, none, none
	case 19:
		return none, w, append(slices.Clone(w), 0, 0.5)
	case 21:
		return none, none, w
	default:
		return none, none, none
	}
}

// cardDataJSON is the column "data" of a card, "" if there is nothing to say.
// Anki repairs a card that was answered and does not say when: last is the
// time in unix seconds if the card has none.
func cardDataJSON(c *Card, last int64) string {
	b := []byte{'{'}
	add := func(key string, f float64, places int) {
		if len(b) > 1 {
			b = append(b, ',')
		}
		b = append(append(append(b, '"'), key...), '"', ':')
		b = strconv.AppendFloat(b, round(f, places), 'f', -1, 64)
	}
	if c.Pos >= 0 {
		add("pos", float64(c.Pos), 0)
	}
	if m := c.Memory; m != nil {
		add("s", m.Stability, 4)
		add("d", m.Difficulty, 3)
		if m.Retention > 0 {
			add("dr", m.Retention, 2)
		}
		if m.Decay > 0 {
			add("decay", m.Decay, 3)
		}
		if m.LastReview > 0 {
			last = m.LastReview
		}
	}
	if last > 0 && c.State != New {
		add("lrt", float64(last), 0)
	}
	if len(b) == 1 {
		return ""
	}
	return string(append(b, '}'))
}

// round rounds to so many decimal places.
func round(f float64, places int) float64 {
	p := math.Pow10(places)
	return math.Round(f*p) / p
}
