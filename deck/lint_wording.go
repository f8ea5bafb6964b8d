package deck

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// These rules look at the choice of words: filler, claims without a condition,
// facts without a date.

// fillers are phrases that can be cut without loss.
var fillers = phrases(
	"robust", "leverage", "leverages", "leveraging", "leveraged", "seamless", "seamlessly", "crucial",
	"crucially", "pivotal", "delve", "delves", "holistic", "holistically", "synergy", "plethora",
	"myriad", "tapestry", "utilize", "utilizes", "utilise", "utilises", "utilizing", "utilising",
	"cutting-edge", "state-of-the-art", "world-class", "game-changer", "game-changing",
	"battle-tested", "blazing", "blazingly", "ever-evolving", "furthermore", "moreover",
	"needless to say", "worth noting", "important to note", "keep in mind that", "in today's world",
	"it should be noted", "plays a vital role", "plays a key role", "plays an important role",
	"a wide range of", "a wide variety of", "at the end of the day", "paradigm shift",
	"unlock the", "unleash", "empower", "empowers", "streamline", "streamlines", "in order to",
	"due to the fact that", "in a nutshell",
)

// phrases indexes phrases by their first word.
func phrases(list ...string) map[string][][]string {
	index := map[string][][]string{}
	for _, p := range list {
		words := strings.Fields(p)
		index[words[0]] = append(index[words[0]], words)
	}
	return index
}

func filler(c *lintCard) finding {
	for _, side := range c.sides() {
		for i := range side.sentences {
			words := side.sentences[i].words()
			for k, w := range words {
				for _, p := range fillers[w] {
					if k+len(p) <= len(words) && equalWords(words[k:k+len(p)], p) {
						return found("filler: %q", strings.Join(p, " "))
					}
				}
			}
		}
	}
	return finding{}
}

var (
	// conditions are words that say when a claim holds.
	conditions = wordSet(`if when whenever unless until while once within only per under provided given
		except without during after before since because as where otherwise whose in by with for at
		on from between across than inside`)
	// settings are the conditions that a question sets for its answer.
	settings = wordSet("if when whenever unless until while once without during after before under while given with within in why")
	softened = wordSet("not almost nearly isn't doesn't don't cannot can't practically")
	// claimed are the words after which guarantees is a verb.
	claimed = wordSet("a an the that every each all no exactly any its their you")
)

func absolute(c *lintCard) finding {
	if !c.cloze() && c.q.has(settings) {
		return finding{}
	}
	for i := range c.a.sentences {
		s := &c.a.sentences[i]
		for k := range s.toks {
			w := s.word(k)
			// "Always check the ETag" is advice and no claim.
			claim := k > 0 && (w == "always" || w == "never" || w == "guarantees" && claimed[s.word(k+1)])
			if claim && !softened[s.word(k-1)] && !s.has(conditions) {
				return found("%q without a condition", w)
			}
		}
	}
	return finding{}
}

var (
	units = wordSet(`ms us µs μs ns s sec secs second seconds min mins minute minutes h hour hours day
		days week weeks month months b byte bytes kb mb gb tb pb kib mib gib tib bit bits kbit mbit gbit
		kbps mbps gbps mbit/s gbit/s gb/s mb/s rps qps tps iops req/s ops/s writes/s reads/s hz khz mhz
		ghz % percent`)
	// scopes are words that say how far a number holds, or whose it is.
	scopes = wordSet(`about around roughly approximately approx some nearly almost order magnitude
		typically typical usually often commonly default defaults limit limits max maximum min minimum
		least most up less more over under within below above between than each every rfc rfcs paper
		spec specification standard docs documentation documented measured benchmark e.g say if when
		with until after before while depending example configured recommends recommended assuming by
		only cap capped caps allows since as requires required beyond every`)
)

func bareNumber(c *lintCard) finding {
	// In those types the numbers are inputs, and what follows from them.
	if c.isType(Scenario, Failure, Estimation, FollowUp) || c.note.Source != "" || c.note.AsOf != "" {
		return finding{}
	}
	number := ""
	for i := range c.a.sentences {
		s := &c.a.sentences[i]
		for k := range s.toks {
			if number == "" {
				number = s.measure(k)
			}
		}
	}
	if number == "" || c.q.has(scopes) || c.a.has(scopes) || hasYearOrVersion(c) || strings.Contains(c.a.plain, "=") {
		return finding{}
	}
	if !c.cloze() && strings.IndexFunc(c.q.plain, unicode.IsDigit) >= 0 {
		return finding{} // it follows from the numbers of the question
	}
	return found("%q has no scope, hedge or source", number)
}

// measure returns the number with its unit that begins at the i-th word, or "".
func (s *sentence) measure(i int) string {
	w := s.word(i)
	n := 0
	for n < len(w) && (w[n] >= '0' && w[n] <= '9' || n > 0 && (w[n] == '.' || w[n] == ',')) {
		n++
	}
	if n == 0 || strings.ContainsAny(s.toks[i].raw, "~\u2248<>\u2264\u2265") {
		return ""
	}
	switch unit := w[n:]; {
	case unit == "" && units[s.word(i+1)]:
		return w + " " + s.word(i+1)
	case units[unit] || strings.HasSuffix(unit, "/s"):
		return w
	}
	return ""
}

var (
	// dated are words that always make a claim of its day.
	dated = wordSet("modern nowadays state-of-the-art")
	// newest make one before the name of a product or of a kind of release: the
	// latest write and the current leader are terms of the trade.
	newest   = wordSet("latest newest current most-recent today's")
	released = wordSet(`release releases standard standards spec specification revision draft lts
		recommendation recommendations guidance practice practices hardware cpus gpus browsers rfc
		generation price prices pricing defaults`)
	products = wordSet(`kafka redis valkey postgres postgresql mysql kubernetes tls http linux chrome
		java go python docker cassandra mongodb spark flink iceberg oauth mcp gpt claude llms llm nginx
		envoy istio android ios aws gcp azure openai elasticsearch rabbitmq`)
)

func undated(c *lintCard) finding {
	if c.note.AsOf != "" || hasYearOrVersion(c) {
		return finding{}
	}
	for _, side := range c.sides() {
		for i := range side.sentences {
			s := &side.sentences[i]
			for k := range s.toks {
				w, next := s.word(k), s.word(k+1)
				if w == "these" && next == "days" || dated[w] || newest[w] && (released[next] || products[next]) {
					return found("%q without a version or year", strings.TrimSpace(w+" "+next))
				}
			}
		}
	}
	return finding{}
}

// hasYearOrVersion reports whether the card names a year, or a product or a
// document with its number.
func hasYearOrVersion(c *lintCard) bool {
	for _, side := range c.sides() {
		for i := range side.sentences {
			s := &side.sentences[i]
			for k := range s.toks {
				if isYear(s.word(k)) || s.versioned(k) {
					return true
				}
			}
		}
	}
	return false
}

func isYear(w string) bool {
	w = strings.TrimSuffix(w, "s")
	if len(w) != 4 || w[:2] != "19" && w[:2] != "20" {
		return false
	}
	return strings.Trim(w, "0123456789") == ""
}

// versioned reports whether the word at i is a number right after a name:
// Kafka 4.2, TLS 1.3, RFC 9293, v8.
func (s *sentence) versioned(i int) bool {
	w := s.word(i)
	if len(w) > 1 && w[0] == 'v' && w[1] >= '0' && w[1] <= '9' {
		return true
	}
	if i == 0 || w == "" || w[0] < '0' || w[0] > '9' || s.measure(i) != "" {
		return false
	}
	r, _ := utf8.DecodeRuneInString(strings.TrimLeft(s.toks[i-1].raw, closers+"("))
	return unicode.IsUpper(r) && (i > 1 || s.word(0) == "rfc" || strings.Contains(w, "."))
}
