package check

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"maps"
	"slices"
)

// sweep searches for an order of a piece's operations that explains all answers. It processes the
// invokes and ends in the order of time and keeps the frontier: the candidate orders of the
// operations so far. It is lazy: an operation happens in a candidate order only when it ends, or
// when an operation that ends needs it. An operation that changes nothing happens as soon as its
// answer is right, because it never blocks another one.
//
// The results are verified elsewhere (certify, porcupine), so a bug here can cost a verdict, but
// cannot make a verdict wrong.
type sweep struct {
	piece            *piece
	slots            []slot // operations in progress, and free slots
	freeSlots        []int
	active           []int // slots in use, in the order of the ends of their operations
	open             []int // by episode slot: the number of operations of its episode that have not ended
	freeEpisodeSlots []int
	episodeSlotOf    map[int]int    // by episode, for those in progress
	slotOf           map[[2]int]int // by episode and operation, for those in progress
	nextEvent        int            // index of the next event
	frontier         []*candidateOrder
	now              int64
	maxOrders        int  // maximum number of candidate orders that are kept
	depthFirst       bool // when there are too many orders, keep those in which most has happened, not least
	truncated        bool // candidate orders were dropped because there were too many
}

// slot holds an operation in progress.
type slot struct {
	*op
	episodeSlot int  // index of its episode's interface in attachedTo
	local       int  // index of its instance in the piece; nowhere if the instance does not matter
	isolated    bool // the operation is the only one of its episode
}

// candidateOrder is the state after one possible order of the operations so far.
type candidateOrder struct {
	attachedTo []int32  // by episode slot: the instance of the interface, or nowhere or anywhere
	held       []int32  // by instance of the piece: the number of interfaces on it
	done       []uint64 // by slot, one bit each: operations in progress that have happened
	lastStep   *step
}

// step is an operation that happened, linked to the step before it.
type step struct {
	op     *op
	time   int64
	before *step
}

// hasHappened reports whether the operation in a slot has happened.
func (v *candidateOrder) hasHappened(slot int) bool { return v.done[slot/64]&(1<<(slot%64)) != 0 }

// clone returns a deep copy, except for the steps, which never change.
func (v *candidateOrder) clone() *candidateOrder {
	c := *v
	c.attachedTo, c.held, c.done = slices.Clone(v.attachedTo), slices.Clone(v.held), slices.Clone(v.done)
	return &c
}

// key returns a value that is equal for candidate orders with the same state, which have the same
// possible continuations.
func (v *candidateOrder) key() string {
	b := make([]byte, 0, 4*len(v.attachedTo)+4*len(v.held)+8*len(v.done))
	for _, at := range v.attachedTo {
		b = binary.LittleEndian.AppendUint32(b, uint32(at))
	}
	for _, held := range v.held {
		b = binary.LittleEndian.AppendUint32(b, uint32(held))
	}
	for _, done := range v.done {
		b = binary.LittleEndian.AppendUint64(b, done)
	}
	return string(b)
}

// event is the invoke or the end of an operation.
type event struct {
	time    int64
	end     bool
	episode int
	op      int
}

// events returns the invokes and ends of a piece in the order of time. At equal times invokes come
// first, because intervals are closed: two calls that touch overlap.
func (p *piece) events() []event {
	var out []event
	for k, e := range p.episodes {
		for j, o := range e.ops {
			out = append(out, event{o.from, false, k, j})
			if o.to != endless {
				out = append(out, event{o.to, true, k, j})
			}
		}
	}
	slices.SortStableFunc(out, func(a, b event) int {
		if c := cmp.Compare(a.time, b.time); c != 0 {
			return c
		}
		switch {
		case a.end == b.end:
			return 0
		case b.end:
			return -1
		}
		return 1
	})
	return out
}

// errNoOrder is returned when no candidate order can be extended past the end of an operation.
type errNoOrder struct {
	op        *op
	truncated bool // candidate orders were dropped before, so the search was incomplete
}

func (errNoOrder) Error() string { return "no order explains all answers" }

// errTimeout is returned when the context ends during a search.
var errTimeout = errors.New("out of time")

// Limits of the sweep (see piece.order).
const (
	initialOrders    = 8  // candidate orders that are kept at first
	orderGrowth      = 6  // factor of the limit, from one attempt to the next
	snapshotInterval = 64 // events from one snapshot to the next
	maxSnapshots     = 64 // maximum number of snapshots that are kept
)

// order searches for an order of the piece's operations and returns its last step. If the search
// fails, the error says at which operation. The sweep keeps few candidate orders at first. When
// none is left, it goes back to a snapshot and repeats that part with more candidate orders.
func (p *piece) order(ctx context.Context, maxOrdersAllowed int) (*step, error) {
	// First build the start: one candidate order, in which nothing has happened.
	s := &sweep{
		piece:         p,
		maxOrders:     initialOrders,
		frontier:      []*candidateOrder{{held: make([]int32, len(p.instances))}},
		episodeSlotOf: map[int]int{},
		slotOf:        map[[2]int]int{},
	}
	for i, place := range p.instances {
		s.frontier[0].held[i] = int32(place.held)
	}
	events := p.events()
	var snapshots []*sweep // the latest last
	rewind, furthest := 1, -1
	for s.nextEvent < len(events) {
		// Take a snapshot now and then, and check the time.
		if s.nextEvent%snapshotInterval == 0 {
			if ctx.Err() != nil {
				return nil, errTimeout
			}
			if snapshots = append(snapshots, s.snapshot()); len(snapshots) > maxSnapshots {
				snapshots = snapshots[1:]
			}
		}
		// Past the difficult part, return to few candidate orders.
		if s.nextEvent > furthest+snapshotInterval {
			s.maxOrders, s.depthFirst, rewind = initialOrders, false, 1
		}
		// Then process one event.
		err := s.process(ctx, events[s.nextEvent])
		if err == nil {
			s.nextEvent++
			continue
		}
		// If no order is left although some were dropped, try again from a snapshot: first the
		// other preference with the same limit, then a higher limit from twice as far back.
		noOrder := errNoOrder{}
		if !errors.As(err, &noOrder) || !s.truncated || s.maxOrders >= maxOrdersAllowed {
			return nil, err
		}
		maxOrders, depthFirst := s.maxOrders, !s.depthFirst
		if !depthFirst {
			maxOrders = min(orderGrowth*s.maxOrders, maxOrdersAllowed)
			rewind *= 2
		}
		furthest = max(furthest, s.nextEvent)
		snapshots = snapshots[:max(1, len(snapshots)-rewind)]
		s, snapshots = snapshots[len(snapshots)-1], snapshots[:len(snapshots)-1]
		s.maxOrders, s.depthFirst = maxOrders, depthFirst
	}
	return s.frontier[0].lastStep, nil
}

// snapshot returns a copy that does not change with the sweep.
func (s *sweep) snapshot() *sweep {
	c := *s
	c.slots, c.freeSlots, c.active, c.freeEpisodeSlots = slices.Clone(s.slots), slices.Clone(s.freeSlots),
		slices.Clone(s.active), slices.Clone(s.freeEpisodeSlots)
	c.open, c.episodeSlotOf, c.slotOf = slices.Clone(s.open), maps.Clone(s.episodeSlotOf), maps.Clone(s.slotOf)
	c.frontier = make([]*candidateOrder, len(s.frontier))
	for i, v := range s.frontier {
		c.frontier[i] = v.clone()
	}
	return &c
}

// process advances the sweep by one event.
func (s *sweep) process(ctx context.Context, e event) error {
	s.now = e.time
	episode := &s.piece.episodes[e.episode]
	id := [2]int{e.episode, e.op}
	episodeSlot, isOpen := s.episodeSlotOf[e.episode]
	if !e.end {
		if !isOpen {
			episodeSlot = s.openEpisode(episode)
			s.episodeSlotOf[e.episode] = episodeSlot
		}
		s.slotOf[id] = s.invoke(&episode.ops[e.op], episodeSlot, episode.isIsolated())
		return nil
	}
	if err := s.finish(ctx, s.slotOf[id]); err != nil {
		return err
	}
	delete(s.slotOf, id)
	if s.open[episodeSlot]--; s.open[episodeSlot] == 0 {
		delete(s.episodeSlotOf, e.episode)
		s.closeEpisode(episodeSlot)
	}
	return nil
}

// openEpisode assigns an episode slot to an episode and sets the start of its interface in all
// candidate orders.
func (s *sweep) openEpisode(e *episode) (episodeSlot int) {
	if n := len(s.freeEpisodeSlots); n > 0 {
		episodeSlot, s.freeEpisodeSlots = s.freeEpisodeSlots[n-1], s.freeEpisodeSlots[:n-1]
	} else {
		episodeSlot, s.open = len(s.open), append(s.open, 0)
		for _, v := range s.frontier {
			v.attachedTo = append(v.attachedTo, nowhere)
		}
	}
	s.open[episodeSlot] = len(e.ops)
	for _, v := range s.frontier {
		v.attachedTo[episodeSlot] = int32(e.start)
	}
	return episodeSlot
}

// closeEpisode frees the slot of an episode that is over. The slot gets a fixed value, so that
// equal states have equal keys.
func (s *sweep) closeEpisode(episodeSlot int) {
	for _, v := range s.frontier {
		v.attachedTo[episodeSlot] = nowhere
	}
	s.freeEpisodeSlots = append(s.freeEpisodeSlots, episodeSlot)
}

// invoke assigns a slot to an operation whose call starts. It returns the slot.
func (s *sweep) invoke(o *op, episodeSlot int, isolated bool) int {
	// First take a free slot, or add one, for which each candidate order may need another word of
	// bits.
	var n int
	if k := len(s.freeSlots); k > 0 {
		n, s.freeSlots = s.freeSlots[k-1], s.freeSlots[:k-1]
	} else {
		n = len(s.slots)
		s.slots = append(s.slots, slot{})
		if n%64 == 0 {
			for _, v := range s.frontier {
				v.done = append(v.done, 0)
			}
		}
	}
	local := nowhere
	if o.usesCount() {
		local = s.piece.index[o.instance]
	}
	s.slots[n] = slot{op: o, episodeSlot: episodeSlot, local: local, isolated: isolated}
	// Keep the active slots in the order of their ends.
	at, _ := slices.BinarySearchFunc(s.active, o.to,
		func(k int, to int64) int { return cmp.Compare(s.slots[k].to, to) })
	s.active = slices.Insert(s.active, at, n)
	// An operation that changes nothing happens now, wherever its answer is right.
	if !o.changesState() {
		for _, v := range s.frontier {
			if s.mayHappen(v, n) {
				s.apply(v, n)
			}
		}
	}
	return n
}

// finish ends an operation. Only candidate orders in which it has happened remain, except that an
// operation of unknown outcome need not have happened.
func (s *sweep) finish(ctx context.Context, n int) error {
	// First extend the candidate orders in which the operation has not happened.
	orders, uncertain := s.frontier, s.slots[n].uncertain
	if !uncertain {
		orders = nil
		for _, v := range s.frontier {
			if v.hasHappened(n) {
				orders = append(orders, v)
				continue
			}
			if ctx.Err() != nil {
				return errTimeout
			}
			orders = append(orders, s.extendUntil(v, n)...)
		}
		if len(orders) == 0 {
			return errNoOrder{s.slots[n].op, s.truncated}
		}
	}
	// Then free the slot. Its bit is cleared for the next operation that uses it.
	for _, v := range orders {
		v.done[n/64] &^= 1 << (n % 64)
	}
	s.freeSlots = append(s.freeSlots, n)
	s.active = slices.DeleteFunc(s.active, func(k int) bool { return k == n })
	s.frontier = s.prune(orders)
	return nil
}

// prune drops candidate orders that are equivalent to another one. If there are still too many, it
// keeps the first ones by rank.
func (s *sweep) prune(orders []*candidateOrder) []*candidateOrder {
	if len(orders) == 1 {
		return orders
	}
	seen := make(map[string]bool, len(orders))
	orders = slices.DeleteFunc(orders, func(v *candidateOrder) bool {
		k := v.key()
		if seen[k] {
			return true
		}
		seen[k] = true
		return false
	})
	if len(orders) > s.maxOrders {
		s.truncated = true
		slices.SortStableFunc(orders, func(a, b *candidateOrder) int { return cmp.Compare(s.rank(a), s.rank(b)) })
		orders = orders[:s.maxOrders]
	}
	return orders
}

// rank returns the sort key of prune: lower for orders in which less has happened, or more with
// depthFirst.
func (s *sweep) rank(v *candidateOrder) (n int) {
	for _, k := range s.active {
		if v.hasHappened(k) != s.depthFirst && (s.depthFirst || s.slots[k].changesState()) {
			n++
		}
	}
	return n
}

// mayHappen reports whether an operation may happen next in a candidate order.
func (s *sweep) mayHappen(v *candidateOrder, n int) bool {
	o := &s.slots[n]
	held, others, limit := 0, 0, 0
	if o.local >= 0 {
		place := &s.piece.instances[o.local]
		held, others, limit = int(v.held[o.local]), place.others, place.limit
	}
	return o.allows(int(v.attachedTo[o.episodeSlot]), held, others, limit)
}

// apply lets an operation happen, and then every operation that changes nothing and whose answer is
// now right.
func (s *sweep) apply(v *candidateOrder, n int) {
	o := &s.slots[n]
	v.done[n/64] |= 1 << (n % 64)
	v.lastStep = &step{o.op, s.now, v.lastStep}
	if !o.changesState() {
		return
	}
	to, more := o.apply(int(v.attachedTo[o.episodeSlot]))
	v.attachedTo[o.episodeSlot] = int32(to)
	v.held[o.local] += int32(more)
	for _, k := range s.active {
		if observer := &s.slots[k]; !observer.changesState() && (observer.episodeSlot == o.episodeSlot ||
			observer.local == o.local) && !v.hasHappened(k) && s.mayHappen(v, k) {
			v.done[k/64] |= 1 << (k % 64)
			v.lastStep = &step{observer.op, s.now, v.lastStep}
		}
	}
}
