package deck

import "testing"

func TestLintWording(t *testing.T) {
	sourced := qa("How large is a Kafka segment?", "1 GB.")
	sourced.Source = "kafka-docs"
	dated := answering("The modern leader.")
	dated.AsOf = "2026"
	testRules(t, []lintCase{
		{"L16", true, answering("The robust leader.")},
		{"L16", true, answering("The leader; it is important to note that others refuse.")},
		{"L16", true, asking("Which crucial part of a Raft group accepts writes?")},
		{"L16", true, hide("A group can leverage its [leader] to order writes.")},
		{"L16", false, answering("The leader: by Postel's robustness principle it is lenient.")},
		{"L16", false, answering("The `robust` option of a leader, in order.")},

		{"L17", true, answering("The leader always wins.")},
		{"L17", true, answering("The leader never yields.")},
		{"L17", true, answering("A leader guarantees the order.")},
		{"L17", true, hide("The [leader] always wins.")},
		{"L17", false, answering("The leader always wins unless its lease has expired.")},
		{"L17", false, qa("What does a follower do when its leader is cut off?", "It never yields.")},
		{"L17", false, answering("Ordering guarantees differ; the leader does not always win.")},
		{"L17", false, answering("Never a follower, almost always a leader.")},
		{"L17", false, answering("An always-on leader.")},

		{"L18", true, qa("How large is a Kafka segment?", "1 GB.")},
		{"L18", true, qa("How long does a Raft follower wait?", "150ms.")},
		{"L18", true, hide("A segment of Kafka has [1 GB].")},
		{"L18", false, qa("How large is a Kafka segment by default?", "1 GB.")},
		{"L18", false, qa("How large is a Kafka segment?", "About 1 GB.")},
		{"L18", false, qa("How large is a Kafka segment?", "1 GB (Kafka 4.2).")},
		{"L18", false, qa("How large is a Kafka segment?", "1 GB, as of 2026.")},
		{"L18", false, qa("A disk writes 100 MB/s. How long does 1 GB take?", "10 s.")},
		{"L18", false, sourced},
		{"L18", false, typed(Scenario, "How large is a Kafka segment?", "1 GB.")},
		{"L18", false, qa("How many nodes survive in a group of five?", "3 of them.")},
		{"L18", false, qa("Which port does a DNS query use?", "Port 53, UDP first.")},

		{"L19", true, answering("The leader, in the latest Kafka.")},
		{"L19", true, answering("A modern leader.")},
		{"L19", true, asking("Which guidance does the current standard give on passwords?")},
		{"L19", true, answering("The leader, these days.")},
		{"L19", false, answering("The leader, in the latest Kafka (4.2).")},
		{"L19", false, answering("The leader of the current term, with the latest write.")},
		{"L19", false, answering("A leader; the current standard is of 2024.")},
		{"L19", false, dated},
	})
}
