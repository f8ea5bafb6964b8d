package deck

import (
	"slices"
	"testing"
)

func TestRanks(t *testing.T) {
	post := func(slug, topic string, requires ...string) *Post {
		return &Post{Slug: slug, Topic: topic, Requires: requires}
	}
	posts := []*Post{
		post("acid", "databases"), post("index", "databases", "acid"), post("hashing", "distributed"), post("cache", "caching"),
		post("invalidation", "caching", "cache"), post("sql", "databases"), post("limiter", "case-study", "invalidation", "nowhere"),
	}
	order := func(pinned ...string) []string {
		ranks := Ranks(posts, pinned)
		slugs := make([]string, len(posts))
		for i, r := range ranks {
			slugs[r] = posts[i].Slug
		}
		return slugs
	}
	// Depth first; within a depth one of each topic in turn.
	if got, want := order(), []string{"cache", "acid", "hashing", "sql", "invalidation", "index", "limiter"}; !slices.Equal(got, want) {
		t.Errorf("order %v, want %v", got, want)
	}
	// A pinned post comes first, right after its direct prerequisites.
	if got, want := order("limiter", "nobody"), []string{"invalidation", "limiter", "cache", "acid", "hashing", "sql", "index"}; !slices.Equal(got, want) {
		t.Errorf("pinned order %v, want %v", got, want)
	}
	if got, want := Depths(posts), []int{0, 1, 0, 0, 1, 0, 2}; !slices.Equal(got, want) {
		t.Errorf("depths %v, want %v", got, want)
	}
}

// What others build on comes first, within a topic and among topics.
func TestRanksPutGroundFirst(t *testing.T) {
	posts := []*Post{
		{Slug: "a", Topic: "ai"},
		{Slug: "b", Topic: "net"},
		{Slug: "z", Topic: "net"},
		{Slug: "x", Topic: "net", Requires: []string{"z"}},
		{Slug: "y", Topic: "ai", Requires: []string{"x", "z"}},
	}
	if got, want := Ranks(posts, nil), []int{1, 2, 0, 3, 4}; !slices.Equal(got, want) {
		t.Errorf("ranks %v, want %v", got, want)
	}
	if got, want := builtUpon(posts), []int{0, 0, 2, 1, 0}; !slices.Equal(got, want) {
		t.Errorf("built upon %v, want %v", got, want)
	}
	cycle := []*Post{{Slug: "a", Requires: []string{"b"}}, {Slug: "b", Requires: []string{"a"}}}
	if got, want := builtUpon(cycle), []int{1, 1}; !slices.Equal(got, want) {
		t.Errorf("in a cycle %v, want %v", got, want)
	}
}

func TestDepthsOfACycle(t *testing.T) {
	posts := []*Post{{Slug: "a", Requires: []string{"b"}}, {Slug: "b", Requires: []string{"a"}}, {Slug: "c", Requires: []string{"c", "b"}}}
	if got := Depths(posts); len(got) != 3 || got[2] < 1 {
		t.Errorf("depths %v", got)
	}
}

func TestNewPosSortsCoreFirst(t *testing.T) {
	in := []int64{
		NewPos(Core, 0, 0, 0), NewPos(Core, 0, 0, 1), NewPos(Core, 0, 1, 0), NewPos(Core, 1, 0, 0), NewPos(Core, 9999, 500, 300), NewPos(Deep, 0, 0, 0),
	}
	if !slices.IsSorted(in) || slices.Compact(slices.Clone(in))[len(in)-1] != in[len(in)-1] {
		t.Errorf("positions %v are not ascending", in)
	}
}
