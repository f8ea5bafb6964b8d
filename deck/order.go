package deck

import (
	"cmp"
	"slices"
)

// Ranks orders posts for new cards. It returns each post's rank: pinned posts
// first, after the prerequisites that they name; then by depth of
// prerequisites, and within a depth one post of each topic in turn, those first
// on which the most posts build.
func Ranks(posts []*Post, pinned []string) []int {
	bySlug := make(map[string]int, len(posts))
	for i := len(posts) - 1; i >= 0; i-- {
		bySlug[posts[i].Slug] = i
	}
	depths := Depths(posts)
	order := make([]int, 0, len(posts))
	placed := make([]bool, len(posts))
	add := func(i int) {
		if !placed[i] {
			placed[i] = true
			order = append(order, i)
		}
	}
	for _, slug := range pinned {
		i, ok := bySlug[slug]
		if !ok {
			continue
		}
		for _, r := range posts[i].Requires {
			if j, ok := bySlug[r]; ok {
				add(j)
			}
		}
		add(i)
	}
	for _, i := range inTurn(posts, depths) {
		add(i)
	}
	ranks := make([]int, len(posts))
	for rank, i := range order {
		ranks[i] = rank
	}
	return ranks
}

// inTurn orders posts by depth, and within a depth takes the first of each
// topic, then the second of each, and so on; what more posts build on comes
// before what fewer do.
func inTurn(posts []*Post, depths []int) []int {
	order := make([]int, len(posts))
	for i := range order {
		order[i] = i
	}
	built := builtUpon(posts)
	slices.SortFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(depths[a], depths[b]), cmp.Compare(built[b], built[a]),
			cmp.Compare(posts[a].Topic, posts[b].Topic), cmp.Compare(posts[a].Slug, posts[b].Slug), cmp.Compare(a, b))
	})
	type group struct {
		depth int
		topic string
	}
	turn := make([]int, len(posts))
	count := make(map[group]int)
	for _, i := range order {
		g := group{depths[i], posts[i].Topic}
		turn[i] = count[g]
		count[g]++
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(depths[a], depths[b]), cmp.Compare(turn[a], turn[b]))
	})
	return order
}

// builtUpon returns for each post how many posts require it, directly or by
// way of others.
func builtUpon(posts []*Post) []int {
	bySlug := make(map[string]int, len(posts))
	for i := len(posts) - 1; i >= 0; i-- {
		bySlug[posts[i].Slug] = i
	}
	built := make([]int, len(posts))
	for i := range posts {
		seen := map[int]bool{i: true}
		for open := []int{i}; len(open) > 0; {
			p := posts[open[0]]
			open = open[1:]
			for _, r := range p.Requires {
				if j, ok := bySlug[r]; ok && !seen[j] {
					seen[j] = true
					built[j]++
					open = append(open, j)
				}
			}
		}
	}
	return built
}

// Depths returns for each post the length of the longest chain of
// prerequisites below it. Posts that are not there and cycles count nothing.
func Depths(posts []*Post) []int {
	bySlug := make(map[string]int, len(posts))
	for i := len(posts) - 1; i >= 0; i-- {
		bySlug[posts[i].Slug] = i
	}
	const unknown, busy = -1, -2
	depths := make([]int, len(posts))
	for i := range depths {
		depths[i] = unknown
	}
	var visit func(i int) int
	visit = func(i int) int {
		if depths[i] != unknown {
			return max(depths[i], 0)
		}
		depths[i] = busy
		deepest := 0
		for _, r := range posts[i].Requires {
			if j, ok := bySlug[r]; ok && depths[j] != busy {
				deepest = max(deepest, 1+visit(j))
			}
		}
		depths[i] = deepest
		return deepest
	}
	for i := range posts {
		visit(i)
	}
	return depths
}

// NewPos is the position of a card among all new cards: core before deep,
// then post by post in text order.
func NewPos(tier Tier, rank, note, card int) int64 {
	pos := int64(rank)<<32 | int64(note)<<8 | int64(min(card, 255))
	if tier == Deep {
		pos |= 1 << 60
	}
	return pos
}
