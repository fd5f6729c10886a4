package check

import (
	"cmp"
	"slices"
)

// piece is a part of a history that can be decided independently: some episodes, and the instances
// whose interface counts they change or depend on.
type piece struct {
	instances []instanceState
	index     map[int]int // by instance of the world: its index in instances
	episodes  []episode   // in the order of their starts
}

// instanceState is an instance in a piece.
type instanceState struct {
	instance int // index in the world
	limit    int
	held     int // number of interfaces on it at the start of the piece
	// The number of interfaces that a window leaves out and that may be on it at any time.
	others int
}

// union is a set of disjoint sets (union-find): each element holds the index of its parent.
type union []int

// newUnion returns n sets of one element each.
func newUnion(n int) union {
	u := make(union, n)
	for i := range u {
		u[i] = i
	}
	return u
}

// find returns the representative of the set of i. It shortens the path on the way.
func (u union) find(i int) int {
	for u[i] != i {
		u[i] = u[u[i]]
		i = u[i]
	}
	return i
}

// join merges the sets of i and j.
func (u union) join(i, j int) { u[u.find(i)] = u.find(j) }

// usesCount reports whether the operation depends on the number of interfaces on its instance, or
// changes it.
func (o *op) usesCount() bool { return o.changesState() || o.kind == full }

// pieces joins the episodes that share an instance, and cuts again wherever none of them is in
// progress. At such a cut all orders agree on how many interfaces each instance holds.
func (w *world) pieces(episodes []episode) []*piece {
	// First group the episodes that depend on each other. Then cut each group where no episode is
	// in progress. held follows the counts from cut to cut.
	held := slices.Clone(w.held)
	var out []*piece
	for _, group := range w.groupByInstances(episodes) {
		slices.SortStableFunc(group, func(a, b episode) int { return cmp.Compare(a.from, b.from) })
		for len(group) > 0 {
			n := overlapping(group)
			out = append(out, w.piece(group[:n:n], held))
			moveInterfaces(group[:n], held)
			group = group[n:]
		}
	}
	return out
}

// groupByInstances returns the sets of episodes that share instances, directly or through others.
func (w *world) groupByInstances(episodes []episode) [][]episode {
	// First join each episode with the instances whose counts it uses.
	u := newUnion(len(w.limit) + len(episodes)) // instances, then episodes
	for k, e := range episodes {
		for _, o := range e.ops {
			if o.usesCount() {
				u.join(len(w.limit)+k, o.instance)
			}
		}
	}
	// Then collect the episodes of each set, in the order in which the sets are met.
	var groups [][]episode
	indexOf := map[int]int{} // by representative: its index in groups
	for k, e := range episodes {
		root := u.find(len(w.limit) + k)
		index, known := indexOf[root]
		if !known {
			index = len(groups)
			indexOf[root], groups = index, append(groups, nil)
		}
		groups[index] = append(groups[index], e)
	}
	return groups
}

// overlapping returns how many episodes, from the first one on, pass before none is in progress.
// The episodes are in the order of their starts.
func overlapping(group []episode) int {
	n, to := 1, group[0].to
	for n < len(group) && group[n].from <= to {
		to = max(to, group[n].to)
		n++
	}
	return n
}

// moveInterfaces updates the counts of instances: an episode moves its interface from its first
// instance to its last one.
func moveInterfaces(episodes []episode, held []int) {
	for _, e := range episodes {
		if e.start >= 0 {
			held[e.start]--
		}
		if e.end >= 0 {
			held[e.end]++
		}
	}
}

// piece returns a piece of the given episodes. held are the interface counts of the instances at
// its start.
func (w *world) piece(episodes []episode, held []int) *piece {
	p := &piece{index: map[int]int{}, episodes: episodes}
	for _, e := range episodes {
		for _, o := range e.ops {
			if _, there := p.index[o.instance]; o.usesCount() && !there {
				p.index[o.instance] = len(p.instances)
				p.instances = append(p.instances,
					instanceState{instance: o.instance, limit: w.limit[o.instance], held: held[o.instance]})
			}
		}
	}
	return p
}
