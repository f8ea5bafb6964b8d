package tui

import (
	"fmt"
	"testing"
)

func readLooks() map[string][]string {
	return map[string][]string{
		"prose": nil, "takeaways": {"t"}, "cards": {"c"}, "search": {"/", "t", "o", "k", "e", "n", "enter"},
		"typing": {"/", "w"}, "missing": {"/", "z", "z", "enter"}, "end": {"c", "G"},
	}
}

func TestReadLooks(t *testing.T) {
	for name, keys := range readLooks() {
		for _, size := range sizes {
			t.Run(fmt.Sprintf("%s-%dx%d", name, size[0], size[1]), func(t *testing.T) {
				p := pump(t, NewRead(newDesk(t, nil).env, "leases")).resize(size[0], size[1])
				p.press(keys...).golden(fmt.Sprintf("read-%s-%dx%d", name, size[0], size[1]))
			})
		}
	}
}

func TestReadStudiesThePost(t *testing.T) {
	d := newDesk(t, nil)
	p := pumpWith(t, d.clock, NewRead(d.env, "leases"), "enter").shows("show the answer")
	if r := p.top().(*review); fmt.Sprint(r.asked.Posts) != "[leases]" {
		t.Errorf("it studies %v", r.asked.Posts)
	}
	p.press("q").shows("Leases, and the tokens")
}

func TestReadSearchGoesRound(t *testing.T) {
	d := newDesk(t, nil)
	p := pump(t, NewRead(d.env, "leases")).resize(60, 8)
	p.press("/", "l", "e", "a", "s", "e", "enter")
	first := p.view()
	p.press("n")
	if p.view() == first {
		t.Error("n stays where it is")
	}
	p.press("N")
	if p.view() != first {
		t.Errorf("N does not go back:\n%s\nwant\n%s", p.view(), first)
	}
}
