package tui

import "testing"

func TestHelp(t *testing.T) {
	for _, key := range []string{"esc", "q", "?", "enter", "ctrl+c"} {
		p := pump(t, newHelp(Env{}, "review", reviewHelp(true)...)).shows("keys: review", "2 and 4 are off")
		if p.press(key); !p.ended {
			t.Errorf("%s does not leave", key)
		}
	}
}

func TestHelpScrolls(t *testing.T) {
	p := pump(t, newHelp(Env{}, "review", helpGroup{"Answer", reviewHelp(false)[0].keys}, reviewHelp(false)[1]))
	p.resize(40, 8).shows("Answer", "1/", "v").press("end").hides("Answer").shows("scroll").press("home").shows("Answer")
	p.press("j", "k", "space", "pgup").shows("Answer")
}
