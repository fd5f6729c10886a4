package check

import (
	"container/heap"
	"slices"
)

// reach finds the ways that lead from one to the end of an operation that has not happened in it, by letting only such operations happen that may help: first
// those that help most directly.
func (s *sweep) reach(from *way, goal int) []*way {
	var out []*way
	seen := map[string]bool{}
	todo := &detours{{way: from}}
	for todo.Len() > 0 {
		d := heap.Pop(todo).(detour)
		if d.way.has(goal) {
			if out = append(out, d.way); len(out) > s.width {
				s.narrowed = true
				break
			}
			continue
		}
		for k, n := range s.helpful(d.way, goal) {
			next := d.way.clone()
			s.happen(next, n)
			if key := next.key(); !seen[key] {
				seen[key] = true
				heap.Push(todo, detour{next, d.cost + 1 + k})
			}
		}
		if len(seen) > 64*s.width {
			s.narrowed = true
			break
		}
	}
	return s.lazy(out)
}

// detour is a way and how far it has gone from what was asked for.
type detour struct {
	way  *way
	cost int
}

// detours are a heap, the shortest first.
type detours []detour

func (d detours) Len() int           { return len(d) }
func (d detours) Less(i, j int) bool { return d[i].cost < d[j].cost }
func (d detours) Swap(i, j int)      { d[i], d[j] = d[j], d[i] }
func (d *detours) Push(x any)        { *d = append(*d, x.(detour)) }
func (d *detours) Pop() any {
	last := (*d)[len(*d)-1]
	*d = (*d)[:len(*d)-1]
	return last
}

// helpful lists the operations that may happen next in a way and may help the goal to happen, or help something that would come too late after it. It follows
// what each needs:
//
//   - all calls on one interface depend on each other;
//   - an attach needs a place: a detach gives one;
//   - a refusal for a full instance needs it full: an attach takes a place, and a detach would come in its way.
//
// Operations on other interfaces that are neither may as well happen later.
func (s *sweep) helpful(v *way, goal int) []int {
	var out []int
	met := make([]uint64, len(v.done))
	queue := make([]int, 0, 8)
	meet := func(n int) {
		if !v.has(n) && met[n/64]&(1<<(n%64)) == 0 {
			met[n/64] |= 1 << (n % 64)
			queue = append(queue, n)
		}
	}
	meet(goal)
	for len(queue) > 0 {
		n := queue[0]
		queue = queue[1:]
		o := &s.slots[n]
		if o.changes() && s.fits(v, n) {
			out = append(out, n)
		}
		if !o.solo {
			s.together(v, o.home, meet)
		}
		switch {
		case o.kind == attach && int(v.held[o.local]) >= s.piece.instances[o.local].limit:
			s.providers(v, detach, o.local, meet)
		case o.kind == attach && int(v.held[o.local]) == s.piece.instances[o.local].limit-1:
			for _, k := range s.active { // the last place: who has yet to come and go takes it first
				if visitor := &s.slots[k]; visitor.kind == detach && visitor.local == o.local && !visitor.solo && int(v.at[visitor.home]) != visitor.instance {
					meet(k)
				}
			}
		case o.kind == detach:
			for _, k := range s.active {
				if s.slots[k].kind == full && s.slots[k].local == o.local {
					meet(k)
				}
			}
		case o.kind == full && int(v.held[o.local])+s.piece.instances[o.local].others < s.piece.instances[o.local].limit:
			s.providers(v, attach, o.local, meet)
		}
	}
	return out
}

// together meets the calls on one interface that are under way. Of those that ask for the same only the one that ends first.
func (s *sweep) together(v *way, home int, meet func(int)) {
	type same struct {
		kind     kind
		instance int
		maybe    bool
	}
	var first []same
	for _, k := range s.active {
		if o := &s.slots[k]; o.home == home && !v.has(k) {
			if o.changes() {
				this := same{o.kind, o.instance, o.maybe}
				if slices.Contains(first, this) {
					continue
				}
				first = append(first, this)
			}
			meet(k)
		}
	}
}

// providers meets the operations of a kind on an instance. Of those that are alone with their interfaces only the one that ends first: they differ in
// nothing else.
func (s *sweep) providers(v *way, k kind, local int, meet func(int)) {
	var certain, maybe bool
	for _, n := range s.active {
		o := &s.slots[n]
		if o.kind != k || o.local != local || v.has(n) {
			continue
		}
		if o.solo {
			first := &certain
			if o.maybe {
				first = &maybe
			}
			if *first || !s.fits(v, n) && k == detach {
				continue
			}
			*first = true
		}
		meet(n)
	}
}

// lazy leaves out ways in which more has happened than in another one and nothing was gained by it.
func (s *sweep) lazy(ways []*way) []*way {
	if len(ways) < 2 {
		return ways
	}
	out := ways[:0:0]
	for i, v := range ways {
		worse := false
		for j, better := range ways {
			if i != j && s.dominates(better, v) {
				worse = true
				break
			}
		}
		if !worse {
			out = append(out, v)
		}
	}
	return out
}

// dominates tells whether all that may follow v may also follow a: in a, the same has happened without some calls that are alone with their interfaces and
// may still happen, and no fewer answers are explained.
func (s *sweep) dominates(a, v *way) bool {
	better := false
	for _, k := range s.active {
		o := &s.slots[k]
		switch {
		case a.has(k) == v.has(k):
		case o.changes() && v.has(k) && o.solo:
			better = true
		case !o.changes() && a.has(k):
			better = true
		default:
			return false
		}
	}
	return better
}
