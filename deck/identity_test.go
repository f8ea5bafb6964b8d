package deck

import (
	"regexp"
	"testing"
)

func TestTextHash(t *testing.T) {
	base := TextHash(Basic, "What is a lease?", "A lock with an end.")
	for name, same := range map[string]string{
		"blanks": TextHash(Basic, "  What is\n a  lease?", "A lock with\tan end.\n"),
		"NFD":    TextHash(Basic, "What is a lease?", "A lock with an end."),
	} {
		if same != base {
			t.Errorf("%s change the hash", name)
		}
	}
	if TextHash(Basic, "caf\u00e9", "x") != TextHash(Basic, "cafe\u0301", "x") {
		t.Error("the two forms of é differ")
	}
	for name, other := range map[string]string{
		"case":        TextHash(Basic, "what is a lease?", "A lock with an end."),
		"punctuation": TextHash(Basic, "What is a lease", "A lock with an end."),
		"kind":        TextHash(Cloze, "What is a lease?", "A lock with an end."),
		"sides":       TextHash(Basic, "What is a lease? A", "lock with an end."),
	} {
		if other == base {
			t.Errorf("%s does not change the hash", name)
		}
	}
}

// TestAnkiGUID pins the guids: a change would duplicate every note that a user
// has in Anki.
func TestAnkiGUID(t *testing.T) {
	for id, want := range map[NoteID]string{"etch/ch-modulo-share": "y~qrapy]dl", "lease-end": "Ivm5e8fy2("} {
		got := AnkiGUID(id)
		if got != want {
			t.Errorf("guid of %s = %s, want %s", id, got, want)
		}
		if !regexp.MustCompile(`^[!-~]{8,11}$`).MatchString(got) {
			t.Errorf("guid of %s = %q", id, got)
		}
	}
}
