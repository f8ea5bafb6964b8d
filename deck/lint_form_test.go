package deck

import (
	"strings"
	"testing"
)

func TestLintForm(t *testing.T) {
	wide := func(n int) string {
		return "The leader, over one round trip:\n\n```\n" + strings.Repeat("-", n) + "\n```"
	}
	lines := func(n int) string { // two lines for the question, one for the blank
		return "The leader, as drawn here:\n\n```\n" + strings.Repeat("x\n", n-2) + "```"
	}
	testRules(t, []lintCase{
		{"L01", true, qa("Which part of a group accepts writes?", "  \n")},
		{"L01", true, qa(" ", "The leader.")},
		{"L01", true, qa("Which part of a group accepts writes?", "<!-- later -->")},
		{"L01", false, answering("`==`")},
		{"L01", false, answering("![the leader](raft.png)")},

		{"L20", true, answering("The lea\u200bder.")},
		{"L20", true, asking("Which part of a \u202eRaft\u202c group accepts client writes?")},
		{"L20", true, answering("The \x1b[31mleader.")},
		{"L20", false, answering("The Führer-free “leader”: 指導者, 👩\u200d💻.")},
		{"L20", false, answering("The leader,\tand it alone.\r\nNo other node.")},
		{"L20", false, hide("In a Raft group only the [leader] accepts client writes.")},

		{"L21", true, answering("The leader.<br>No other node.")},
		{"L21", true, answering("A List<String> of leaders.")},
		{"L21", true, answering("<div>\nThe leader.\n</div>")},
		{"L21", false, answering("The `List<String>` that a <!-- odd --> leader holds.")},
		{"L21", false, answering("The leader, if 2 < 3 and 3 > 2; see <https://raft.github.io>.")},
		{"L21", false, answering("```\n<b>leader</b>\n```")},

		{"L22", true, answering(wide(77))},
		{"L22", false, answering(wide(76))},
		{"L22", false, answering("The leader:" + strings.Repeat(" a", 35) + ".")},

		{"L23", true, answering("The `leader.")},
		{"L23", true, answering("The ``leader`.")},
		{"L23", false, answering("The ``lead`er``, the `leader` and a \\` alone.")},
		{"L23", false, answering("```sh\necho `date`\n```")},

		{"L24", true, hide("In a Raft group only the leader accepts client writes.")},
		{"L24", true, hide("In a Raft group only the [ ] accepts client writes.")},
		{"L24", false, hide("In a Raft group only the [leader] accepts client writes.")},

		{"L25", true, answering("TODO")},
		{"L25", true, answering("The leader (TBD).")},
		{"L25", true, answering("The leader, or what???")},
		{"L25", false, answering("The leader of a TODO app's todo queue.")},

		{"L27", true, answering("The leader , alone.")},
		{"L27", true, answering("The  leader.")},
		{"L27", true, answering("The leader. \nNo other node.")},
		{"L27", true, answering("The leader.  ")},
		{"L27", false, answering("The leader.  \nNo other node, a 3 .. 5 range, .NET aside.")},
		{"L27", false, answering("```\na  b \n```")},
		{"L27", false, answering("| node   | takes writes |\n|--------|--------------|\n| leader | yes          |")},
		{"L27", false, answering("1.  The leader.\n\n    No other node.")},

		{"L34", true, answering(lines(16))},
		{"L34", false, answering(lines(12))},
		{"L34", true, hide("The [leader] writes:\n\n```\n" + strings.Repeat("x\n", 15) + "```")},
	})
}
