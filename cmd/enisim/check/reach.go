package check

import (
	"container/heap"
	"slices"
)

// extendUntil returns the extensions of a candidate order in which an operation has happened, so
// that the operation can end. It applies only operations that may help the goal, and tries the most
// direct ones first.
func (s *sweep) extendUntil(from *candidateOrder, goal int) []*candidateOrder {
	var out []*candidateOrder
	seen := map[string]bool{}
	queue := &searchQueue{{order: from}}
	for queue.Len() > 0 {
		// First take the cheapest order. If the goal has happened in it, it is a result.
		d := heap.Pop(queue).(searchNode)
		if d.order.hasHappened(goal) {
			if out = append(out, d.order); len(out) > s.maxOrders {
				s.truncated = true
				break
			}
			continue
		}
		// Otherwise extend it by each operation that may help, unless an equivalent order was
		// queued.
		for k, n := range s.helpfulOperations(d.order, goal) {
			next := d.order.clone()
			s.apply(next, n)
			if key := next.key(); !seen[key] {
				seen[key] = true
				heap.Push(queue, searchNode{next, d.cost + 1 + k})
			}
		}
		// Give up at a limit, and remember that the search was incomplete.
		if len(seen) > 64*s.maxOrders {
			s.truncated = true
			break
		}
	}
	return s.withoutDominated(out)
}

// searchNode is a candidate order and the cost of its extension.
type searchNode struct {
	order *candidateOrder
	cost  int
}

// searchQueue is a heap with the lowest cost first.
type searchQueue []searchNode

func (d searchQueue) Len() int           { return len(d) }
func (d searchQueue) Less(i, j int) bool { return d[i].cost < d[j].cost }
func (d searchQueue) Swap(i, j int)      { d[i], d[j] = d[j], d[i] }
func (d *searchQueue) Push(x any)        { *d = append(*d, x.(searchNode)) }
func (d *searchQueue) Pop() any {
	last := (*d)[len(*d)-1]
	*d = (*d)[:len(*d)-1]
	return last
}

// helpfulOperations returns the operations that may happen next in a candidate order and may help
// the goal to happen, or help another operation that would be too late after the goal. It follows
// the dependencies of each operation:
//
//   - All calls on one interface depend on each other.
//   - An attach needs a free slot on its instance, which a detach provides.
//   - A refusal because of a full instance needs the instance to be full. An attach contributes to
//     that, and a detach of it must wait.
//
// Operations on other interfaces that match neither case may happen later.
func (s *sweep) helpfulOperations(v *candidateOrder, goal int) []int {
	var out []int
	queued := make([]uint64, len(v.done))
	queue := make([]int, 0, 8)
	// enqueue adds an operation whose dependencies are to be followed, once.
	enqueue := func(n int) {
		if !v.hasHappened(n) && queued[n/64]&(1<<(n%64)) == 0 {
			queued[n/64] |= 1 << (n % 64)
			queue = append(queue, n)
		}
	}
	enqueue(goal)
	for len(queue) > 0 {
		n := queue[0]
		queue = queue[1:]
		o := &s.slots[n]
		// First the operation itself, if it may happen now.
		if o.changesState() && s.mayHappen(v, n) {
			out = append(out, n)
		}
		// Then the other calls on its interface.
		if !o.isolated {
			s.addSameInterface(v, o.episodeSlot, enqueue)
		}
		// Then the operations that change the count of its instance.
		if o.usesCount() {
			s.addSameInstance(v, o, enqueue)
		}
	}
	return out
}

// addSameInterface enqueues the calls in progress on one interface. Of identical calls it enqueues
// only the one that ends first.
func (s *sweep) addSameInterface(v *candidateOrder, episodeSlot int, enqueue func(int)) {
	type same struct {
		kind     kind
		instance int
		maybe    bool
	}
	var first []same
	for _, k := range s.active {
		if o := &s.slots[k]; o.episodeSlot == episodeSlot && !v.hasHappened(k) {
			if o.changesState() {
				this := same{o.kind, o.instance, o.uncertain}
				if slices.Contains(first, this) {
					continue
				}
				first = append(first, this)
			}
			enqueue(k)
		}
	}
}

// addSameInstance enqueues the calls in progress that an operation depends on because of the count
// of its instance.
func (s *sweep) addSameInstance(v *candidateOrder, o *slot, enqueue func(int)) {
	instance, held := s.piece.instances[o.local], int(v.held[o.local])
	switch {
	case o.kind == attach && held >= instance.limit:
		s.addProviders(v, detach, o.local, enqueue)
	case o.kind == attach && held == instance.limit-1:
		// This attach takes the last slot. An interface that has yet to be attached and detached
		// must use that slot before.
		for _, k := range s.active {
			if visitor := &s.slots[k]; visitor.kind == detach && visitor.local == o.local && !visitor.isolated &&
				int(v.attachedTo[visitor.episodeSlot]) != visitor.instance {
				enqueue(k)
			}
		}
	case o.kind == detach:
		for _, k := range s.active {
			if s.slots[k].kind == full && s.slots[k].local == o.local {
				enqueue(k)
			}
		}
	case o.kind == full && held+instance.others < instance.limit:
		s.addProviders(v, attach, o.local, enqueue)
	}
}

// addProviders enqueues the operations of a kind on an instance. Of isolated operations it enqueues
// only the one that ends first, because they differ in nothing else.
func (s *sweep) addProviders(v *candidateOrder, k kind, local int, enqueue func(int)) {
	var certain, uncertain bool
	for _, n := range s.active {
		o := &s.slots[n]
		if o.kind != k || o.local != local || v.hasHappened(n) {
			continue
		}
		if o.isolated {
			first := &certain
			if o.uncertain {
				first = &uncertain
			}
			if *first || !s.mayHappen(v, n) && k == detach {
				continue
			}
			*first = true
		}
		enqueue(n)
	}
}

// withoutDominated drops candidate orders in which more operations have happened than in another
// one, without any benefit.
func (s *sweep) withoutDominated(orders []*candidateOrder) []*candidateOrder {
	if len(orders) < 2 {
		return orders
	}
	out := orders[:0:0]
	for i, v := range orders {
		worse := false
		for j, better := range orders {
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

// dominates reports whether everything that may follow v may also follow a. In a, the same
// operations have happened except some isolated calls that may still happen, and at least as many
// answers are explained.
func (s *sweep) dominates(a, v *candidateOrder) bool {
	better := false
	for _, k := range s.active {
		o := &s.slots[k]
		switch {
		case a.hasHappened(k) == v.hasHappened(k):
		case o.changesState() && v.hasHappened(k) && o.isolated:
			better = true
		case !o.changesState() && a.hasHappened(k):
			better = true
		default:
			return false
		}
	}
	return better
}
