package check

import (
	"cmp"
	"slices"
)

// piece is a part of a history that may be decided by itself: episodes, and the instances whose places they take, give back or find taken.
type piece struct {
	instances []place
	index     map[int]int // of an instance of the world: where it stands in instances
	episodes  []episode   // in the order of their beginnings
}

// place is an instance in a piece.
type place struct {
	instance int // index in the world
	limit    int
	held     int // at the beginning
	others   int // how many more it may hold at any time, in a window that leaves interfaces out
}

// union is a set of disjoint sets.
type union []int

func newUnion(n int) union {
	u := make(union, n)
	for i := range u {
		u[i] = i
	}
	return u
}

func (u union) find(i int) int {
	for u[i] != i {
		u[i] = u[u[i]]
		i = u[i]
	}
	return i
}

func (u union) join(i, j int) { u[u.find(i)] = u.find(j) }

// counts tells whether the operation depends on or changes how many interfaces its instance holds.
func (o *op) counts() bool { return o.changes() || o.kind == full }

// pieces puts together the episodes that share an instance, and cuts again wherever none of them is under way: there each instance holds what every
// order agrees on.
func (w *world) pieces(episodes []episode) []*piece {
	u := newUnion(len(w.limit) + len(episodes)) // instances, then episodes
	for k, e := range episodes {
		for _, o := range e.ops {
			if o.counts() {
				u.join(len(w.limit)+k, o.instance)
			}
		}
	}
	groups := map[int][]episode{}
	var roots []int
	for k, e := range episodes {
		root := u.find(len(w.limit) + k)
		if groups[root] == nil {
			roots = append(roots, root)
		}
		groups[root] = append(groups[root], e)
	}
	held := slices.Clone(w.held)
	var out []*piece
	for _, root := range roots {
		group := groups[root]
		slices.SortStableFunc(group, func(a, b episode) int { return cmp.Compare(a.from, b.from) })
		for len(group) > 0 {
			n, to := 1, group[0].to
			for n < len(group) && group[n].from <= to {
				to = max(to, group[n].to)
				n++
			}
			out = append(out, w.piece(group[:n:n], held))
			for _, e := range group[:n] {
				if e.start >= 0 {
					held[e.start]--
				}
				if e.end >= 0 {
					held[e.end]++
				}
			}
			group = group[n:]
		}
	}
	return out
}

// piece makes a piece of episodes, while the instances hold so many interfaces.
func (w *world) piece(episodes []episode, held []int) *piece {
	p := &piece{index: map[int]int{}, episodes: episodes}
	for _, e := range episodes {
		for _, o := range e.ops {
			if _, there := p.index[o.instance]; o.counts() && !there {
				p.index[o.instance] = len(p.instances)
				p.instances = append(p.instances, place{instance: o.instance, limit: w.limit[o.instance], held: held[o.instance]})
			}
		}
	}
	return p
}
