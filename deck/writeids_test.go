package deck

import (
	"strings"
	"testing"
)

func TestWriteIDs(t *testing.T) {
	src := "# Notes\r\n\r\nQ: Why does a lease end?\r\nA: Time.\r\n\r\n<!-- card why deep -->\r\nQ: Why does a lease end, again?\r\nA: More time.\r\n\r\n<!-- card mine -->\r\nC: A [lease] ends.\r\n\r\nQ: Why\r\nA: Reserved word.\r\n"
	post, problems := Parse("a.md", []byte(src))
	if post == nil {
		t.Fatal(problems[0])
	}
	got, n := WriteIDs([]byte(src), post, func(id string) bool { return id == "why-does-a-lease-end-again" })
	want := "# Notes\r\n\r\n<!-- card why-does-a-lease-end -->\r\nQ: Why does a lease end?\r\nA: Time.\r\n\r\n<!-- card why-does-a-lease-end-again-2 why deep -->\r\nQ: Why does a lease end, again?\r\nA: More time.\r\n\r\n<!-- card mine -->\r\nC: A [lease] ends.\r\n\r\n<!-- card card-why -->\r\nQ: Why\r\nA: Reserved word.\r\n"
	if string(got) != want || n != 3 {
		t.Errorf("wrote %d ids:\n%s\nwant:\n%s", n, got, want)
	}
	again, problems := Parse("a.md", got)
	if again == nil {
		t.Fatal(problems[0])
	}
	for i, note := range again.Notes {
		old := post.Notes[i]
		if note.Front != old.Front || note.Back != old.Back || note.Type != old.Type || note.Tier != old.Tier || note.Key == "" {
			t.Errorf("note %d changed: %+v, was %+v", i, note, old)
		}
	}
	if _, n := WriteIDs(got, again, func(string) bool { return false }); n != 0 {
		t.Errorf("a second time wrote %d ids", n)
	}
}

// FuzzWriteIDs: what has been written parses, and the notes are the same.
func FuzzWriteIDs(f *testing.F) {
	f.Add("Q: a\nA: b\n\nC: [x] y\n")
	f.Add("\ufeffQ: first line\nA: b\n\n---\n<!-- card term -->\n\nQ: term\nA: c\n")
	f.Add("front::back\n\n<!-- card tags=\"a b\" -->\nQ: \u00e9\u00e9\nA: c\n")
	f.Fuzz(func(t *testing.T, src string) {
		post, _ := Parse("a.md", []byte(src))
		if post == nil {
			return
		}
		got, n := WriteIDs([]byte(src), post, func(string) bool { return false })
		again, problems := Parse("a.md", got)
		if again == nil {
			t.Fatalf("%q: %v", got, problems[0])
		}
		if len(again.Notes) != len(post.Notes) || n == 0 && string(got) != src {
			t.Fatalf("%d notes became %d, %d ids written", len(post.Notes), len(again.Notes), n)
		}
		for i := range again.Notes {
			if again.Notes[i].Front != post.Notes[i].Front || strings.TrimSpace(again.Notes[i].Key) == "" {
				t.Fatalf("note %d: %+v, was %+v", i, again.Notes[i], post.Notes[i])
			}
		}
	})
}
