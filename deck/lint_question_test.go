package deck

import (
	"strings"
	"testing"
)

func TestLintQuestion(t *testing.T) {
	words := func(n int) string { return "Why does " + strings.Repeat("a ", n-3) + "group?" }
	scenario := func(front string) Note { return typed(Scenario, front, "Refuse the write.") }
	failure := func(front string) Note { return typed(Failure, front, "The write is refused.") }
	testRules(t, []lintCase{
		{"L02", true, asking("Quorum rules of a Raft group")},
		{"L02", true, asking("Order of magnitude of a disk seek")},
		{"L02", true, asking("State machines behind a Raft log")},
		{"L02", true, asking("The leader dies. The client retries.")},
		{"L02", false, asking("Name the part of a Raft group that accepts writes.")},
		{"L02", false, asking("In one sentence, state the quorum rule of Raft")},
		{"L02", false, asking("You run three nodes. Name the smallest quorum of Raft.")},
		{"L02", false, asking(`You proposed Raft; interviewer: "what if one region is lost?"`)},
		{"L02", false, asking("A partition splits three nodes. Which side goes on? Assume Raft.")},
		{"L02", false, hide("A Raft group of five survives the loss of [two] nodes.")},

		{"L03", true, asking("Which quorum?")},
		{"L03", true, asking("How many URLs? 100M/month at peak")},
		{"L03", true, asking("Name three quorums")},
		{"L03", true, hide("Raft: [quorum].")},
		{"L03", false, asking("Which quorum does Raft?")},
		{"L03", false, asking("A leader pauses past its lease. Why?")},
		{"L03", false, asking("What does `SELECT pg_sleep(1)` lock?")},

		{"L04", true, asking(words(46))},
		{"L04", true, asking("Why does " + strings.Repeat("overcommitment ", 20) + "hurt?")},
		{"L04", true, scenario(words(71))},
		{"L04", false, asking(words(45))},
		{"L04", false, scenario(words(70))},
		{"L04", false, typed(Estimation, words(46), "About 40/s.")},

		{"L07", true, asking("Is Kafka ordered for each key?")},
		{"L07", true, asking("Does the client see a stale read, and when?")},
		{"L07", true, asking("Is the log on the leader or on a follower?")},
		{"L07", true, asking("A leader dies. Will the client's write be lost?")},
		{"L07", true, asking("If the leader dies, is the client's write lost?")},
		{"L07", true, asking("When the leader dies, can a follower take over?")},
		{"L07", true, asking(`You proposed a ring; interviewer: "one key takes it all." Does the ring help?`)},
		{"L07", true, asking("You proposed a ring; interviewer: does the ring help against one hot key?")},
		{"L07", true, asking("True or false: a quorum of four survives two losses.")},
		{"L07", true, asking("Which of the following needs a quorum: A, B, C?")},
		{"L07", true, asking("Don't followers serve stale reads in Raft?")},
		{"L07", false, asking("Do the maths: how many nodes survive a loss of two?")},
		{"L07", false, asking("Which is right for a log: a tree or a queue?")},
		{"L07", true, asking("The lease lasts 80 ms. Is that enough for one round trip?")},
		{"L07", false, asking("When can a client retry, should the leader die before the commit?")},
		{"L07", false, asking("In which case, under load, is a queue of any use?")},
		{"L07", false, asking("Is a term used? A leader dies in its term: which message tells a follower?").withRule("L11")},
		{"L07", false, asking("`IS NOT NULL` in a partial index: which rows does it leave out?")},
		{"L07", false, asking("May 2025's outage took DNS down: which record was empty?")},
		{"L07", false, asking("TCP or UDP for voice: what decides?")},
		{"L07", false, asking("Write-ahead: what does a group's leader have to do first?")},
		{"L07", false, hide("Is [Raft] a consensus protocol")},

		{"L08", true, asking("Explain how a Raft leader is elected.")},
		{"L08", true, asking("In your own words, describe a Raft election.")},
		{"L08", true, asking("List all states of a Raft node.")},
		{"L08", true, asking("List the states of a Raft node.")},
		{"L08", true, asking("Name all states of a Raft node.")},
		{"L08", true, asking("Name six deployment strategies for a web service.")},
		{"L08", true, asking("What are the pros and cons of caching?")},
		{"L08", true, asking("Tell me about leases in distributed locks.")},
		{"L08", false, asking("Which fact explains why a quorum of four is no better than one of three?")},
		{"L08", false, asking("Which command lists all pods of a namespace?")},
		{"L08", false, asking("Which two headers identify and describe a cached entry?")},
		{"L08", false, asking("List the two states that a Raft node leaves on a timeout.")},
		{"L08", false, asking("Name the state that a Raft node leaves on a timeout.")},

		{"L10", true, answering("- the leader\n- nobody else")},
		{"L10", true, answering("1. The leader.\n2. Nobody else.")},
		{"L10", false, qa("Which two parts of a Raft group keep the log?", "- the leader\n- the followers")},
		{"L10", false, qa("In which 2 steps does Raft commit an entry?", "1. append\n2. acknowledge")},
		{"L10", false, answering("- the leader")},
		{"L10", false, answering("The leader - and nobody else.")},

		{"L11", true, asking("What breaks first? Which node sees it?")},
		{"L11", false, asking(`The interviewer asks: "What if it fails?" Which node sees the failure?`)},
		{"L11", false, asking("Which URL does `GET /a?b=c` share its cache entry with?")},

		{"L12", true, asking("Who elects a leader, and how?")},
		{"L12", true, asking("Which node leads the group and why does it?")},
		{"L12", true, asking("Why and how does a follower turn candidate?")},
		{"L12", true, asking("What does the circuit breaker do? Name its states.")},
		{"L12", false, scenario("Two leaders write to one disk. Which one do you stop, and why?")},
		{"L12", false, failure("Two leaders write to one disk. What breaks, and how do you see it?")},
		{"L12", false, asking("Which header tells a cache when and how to revalidate?")},
		{"L12", false, asking("Name a lock service: which property makes it safe?")},

		{"L15", true, asking("It fails when two leaders write. Which node sees the failure?")},
		{"L15", true, asking("What does it return when the key is missing?")},
		{"L15", true, asking("Why is this slow on large tables?")},
		{"L15", true, asking("Why does this protocol need a quorum?")},
		{"L15", true, asking("How does that help against hot keys?")},
		{"L15", true, asking("Which of these survives a crash of the leader?")},
		{"L15", true, asking("According to the article, why does the leader wait?")},
		{"L15", true, asking("Which lock does the post recommend for a cron job?")},
		{"L15", true, asking("In the scheme described above, who holds the lease?")},
		{"L15", true, asking("Which node is the leader in the above?")},
		{"L15", true, asking("Which lock does this section prefer for a cron job?")},
		{"L15", true, hide("They send client writes to the [leader] alone.")},
		{"L15", false, asking("A user is named in a post. Which service is told when the post mentions them?")},
		{"L15", false, hide("It is the [leader] that accepts client writes.")},
		{"L15", false, asking("Why does a leader need it when a lease runs out?")},
		{"L15", false, asking("How long does it take to elect a leader in Raft?")},
		{"L15", false, asking("Why is it hard to add a shard later?")},
		{"L15", false, asking("It is Black Friday and the cache is cold. Which queries do you shed?")},
		{"L15", false, asking("What happens above 80 % utilisation of a queue?")},
		{"L15", false, asking("Which guarantee does the layer above UDP have to add?")},
		{"L15", false, asking("A leader pauses. What does it do when it wakes?")},
		{"L15", false, asking("So that a retry is safe, what must a client send?")},
		{"L15", false, asking("Which ensures that a write survives: the log or the page?")},
		{"L15", false, asking("Why is this slow?\n\n```sql\nSELECT * FROM t ORDER BY random()\n```")},
		{"L15", false, asking("A user deletes a post. Which rows of the feed hold the post then?")},
		{"L15", false, asking("A reader opens the article page of a news site. Which cache answers?")},
		{"L15", false, asking("Which of these two goes first in Raft: append or commit?")},

		{"L26", true, asking("which node of a Raft group accepts writes?")},
		{"L26", true, hide("a Raft group's writes go to the [leader].")},
		{"L26", false, asking("gRPC sits on which version of HTTP?")},
		{"L26", false, asking("p99 latency doubles under load: which queue grows?")},
		{"L26", false, asking("etcd loses its quorum: what do reads return?")},
		{"L26", false, asking("`fsync` is off: which writes may be lost?")},
		{"L26", false, asking("\"Exactly once\" is promised by which part of Kafka?")},
		{"L26", false, hide("[leader] is what Raft calls the node that accepts writes.")},

		{"L36", true, asking("What is consistent hashing?")},
		{"L36", true, asking("What is a fencing token?")},
		{"L36", false, asking("What is the default of `fsync` in PostgreSQL?")},
		{"L36", false, asking("What is a fencing token, in one sentence?")},
		{"L36", false, asking("A lease expires while its holder sleeps. What is the danger?")},
	})
}

// withRule accepts the warning of another rule, so that a near miss of one may
// hit the other.
func (n Note) withRule(id string) Note {
	n.Waivers = append(n.Waivers, Waiver{id, "near miss of another rule"})
	return n
}
