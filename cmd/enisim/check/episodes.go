package check

import (
	"cmp"
	"context"
	"errors"
	"math"
	"slices"
)

// episode is a part of one interface's history. At its start and its end no call on the interface
// is in progress, and all orders agree on the instance of the interface. Episodes of one interface
// are therefore independent of each other.
type episode struct {
	eni        int
	start, end int // instances, or nowhere or anywhere
	ops        []op
	from, to   int64
}

// isIsolated reports whether the episode is a single call.
func (e *episode) isIsolated() bool { return len(e.ops) == 1 }

// unlimited is the grace with which an operation of unknown outcome may take effect at any later
// time.
const unlimited = -1

// episodes cuts the history of each interface into episodes. An operation of unknown outcome may
// take effect until grace later calls on its interface have been answered; only calls count that
// began after its client gave up. With unlimited grace this is exact. A smaller grace is a guess
// that is mostly right and keeps the pieces small.
func (w *world) episodes(grace int) []episode {
	// First group the operations by interface.
	byENI := make([][]op, len(w.start))
	for _, o := range w.ops {
		byENI[o.eni] = append(byENI[o.eni], o)
	}
	var out []episode
	for eni, ops := range byENI {
		// Then limit the unknown operations by the grace, and cut.
		slices.SortStableFunc(ops, func(a, b op) int { return cmp.Compare(a.from, b.from) })
		boundUnknown(ops, grace)
		start := w.start[eni]
		for _, e := range splitEpisodes(eni, ops, start) {
			// Then simplify each episode, and cut it again where that made more cuts possible.
			if e.ops = withoutRepeats(e); len(e.ops) == 0 {
				continue
			}
			if resolved := resolveUnknown(e); len(resolved) < len(e.ops) ||
				!slices.ContainsFunc(resolved, func(o op) bool { return o.uncertain }) {
				out = append(out, splitEpisodes(eni, resolved, e.start)...)
			} else {
				out = append(out, e)
			}
		}
	}
	return out
}

// splitEpisodes cuts the operations of one interface, which are in the order of their invokes.
func splitEpisodes(eni int, ops []op, start int) []episode {
	var out []episode
	for len(ops) > 0 {
		n, end := firstEpisode(ops, start)
		e := episode{eni: eni, start: start, end: end, ops: ops[:n:n], from: ops[0].from}
		for _, o := range e.ops {
			e.to = max(e.to, o.to)
		}
		if end == anywhere {
			e.to = endless
		}
		out = append(out, e)
		ops, start = ops[n:], end
	}
	return out
}

// withoutRepeats returns the operations of an episode. In an episode of a single call, a repeat
// changes nothing: an answered one is replaced by the observation of its interface, and one of
// unknown outcome is dropped.
func withoutRepeats(e episode) []op {
	if !e.isIsolated() || !e.ops[0].isRepeat(e.start) {
		return e.ops
	}
	o := e.ops[0]
	if o.uncertain {
		return nil
	}
	o.acceptsRepeat = false
	o.kind = free
	if e.start != nowhere {
		o.kind = on
	}
	return []op{o}
}

// resolveUnknown returns the operations of an episode with fewer unknown outcomes. It drops
// operations that cannot have happened and makes operations certain that must have happened. The
// answers about their interface alone prove this.
func resolveUnknown(e episode) []op {
	ops := e.ops
	for k := 0; k < len(ops); k++ {
		if !ops[k].uncertain {
			continue
		}
		without := slices.Delete(slices.Clone(ops), k, k+1)
		if !isExplained(e, without) {
			ops = slices.Clone(ops)
			ops[k].uncertain = false
			continue
		}
		with := slices.Clone(ops)
		with[k].uncertain = false
		if !isExplained(e, with) {
			ops = without
			k--
		}
	}
	return ops
}

// isExplained reports whether operations on one interface have an order that explains all answers.
// It ignores the limits of instances.
func isExplained(e episode, ops []op) bool {
	// First find the last time, at which operations without an end are taken to end.
	ops = slices.Clone(ops)
	p := &piece{index: map[int]int{}}
	last := int64(0)
	for _, o := range ops {
		if o.to != endless {
			last = max(last, o.to)
		}
		last = max(last, o.from)
	}
	// Then relax what depends on limits: a refusal by a full instance says only that the interface
	// was free, and all instances are unlimited.
	for k := range ops {
		o := &ops[k]
		if o.kind == full {
			o.kind = free
		}
		if o.to == endless && !o.uncertain {
			o.to = last
		}
		if _, there := p.index[o.instance]; o.usesCount() && !there {
			p.index[o.instance] = len(p.instances)
			p.instances = append(p.instances, instanceState{instance: o.instance, limit: math.MaxInt, held: 1})
		}
	}
	// Then search. An incomplete search proves nothing.
	p.episodes = []episode{{eni: e.eni, start: e.start, end: anywhere, ops: ops}}
	_, err := p.order(context.Background(), initialOrders)
	noOrder := errNoOrder{}
	return !errors.As(err, &noOrder) || noOrder.truncated
}

// boundUnknown sets the ends of the operations of unknown outcome according to the grace.
func boundUnknown(ops []op, grace int) {
	if grace == unlimited {
		return
	}
	for k := range ops {
		o := &ops[k]
		if !o.uncertain {
			continue
		}
		ended := max(o.from, int64(o.operation.Ended))
		left := grace
		if left == 0 && o.operation.Ended != 0 {
			o.to = ended
			continue
		}
		for _, later := range ops[k+1:] {
			if !later.uncertain && later.from > ended {
				if left--; left == 0 {
					o.to = max(ended, later.to)
					break
				}
			}
		}
	}
}

// firstEpisode returns how many of the operations of one interface belong to the first episode, and
// the instance at its end. The operations are in the order of their invokes. The end is anywhere if
// the history ends before the episode does.
func firstEpisode(ops []op, start int) (n, end int) {
	to := int64(-1)
	final := newFinalState(start)
	for k, o := range ops {
		if k > 0 && o.from > to {
			if end = final.instance(); end != anywhere {
				return k, end
			}
		}
		to = max(to, o.to)
		final.add(o)
	}
	if to == endless {
		return len(ops), anywhere
	}
	return len(ops), final.instance()
}

// finalState computes the instance of an interface after operations that have all ended, if all
// orders agree on it.
type finalState struct {
	start      int
	hasUnknown bool  // an operation is of unknown outcome
	net        int   // attaches minus detaches
	target     int   // the instance of the attaches; anywhere if there are several
	last       int64 // the latest end of an operation that changes something
	// The instance that the last operation proves, if it began after all others had ended;
	// otherwise anywhere.
	lastSeen  int
	attaching bool
	detaching bool
	repeats   bool // a change may be a repeat, which changes nothing, so net proves nothing
}

// newFinalState returns the state before any operation.
func newFinalState(start int) finalState {
	return finalState{start: start, target: nowhere, lastSeen: anywhere, last: -1}
}

// add adds an operation. Operations are added in the order of their invokes.
func (s *finalState) add(o op) {
	if place, known := o.instanceAfter(); known && o.from > s.last {
		s.lastSeen = place
	} else if o.changesState() {
		s.lastSeen = anywhere
	}
	if !o.changesState() {
		return
	}
	s.last = max(s.last, o.to)
	s.hasUnknown = s.hasUnknown || o.uncertain
	s.repeats = s.repeats || o.acceptsRepeat
	if o.kind == detach {
		s.net--
		s.detaching = true
		return
	}
	s.net++
	switch {
	case !s.attaching:
		s.target, s.attaching = o.instance, true
	case s.target != o.instance:
		s.target = anywhere
	}
}

// instanceAfter returns the instance of the interface right after the operation, if there is only
// one possibility.
func (o *op) instanceAfter() (place int, known bool) {
	switch {
	case o.uncertain:
		return anywhere, false
	case o.kind == attach, o.kind == on:
		return o.instance, true
	case o.kind == detach, o.kind == free, o.kind == full:
		return nowhere, true
	}
	return anywhere, false
}

// instance returns the instance of the interface after the operations, or anywhere if orders
// disagree.
func (s *finalState) instance() int {
	net := s.net
	if s.start >= 0 {
		net++
	}
	switch {
	case s.lastSeen != anywhere:
		return s.lastSeen
	case s.hasUnknown || s.start == anywhere:
		return anywhere
	case s.repeats && s.attaching && s.detaching:
		return anywhere
	case s.repeats && s.attaching:
		return s.target
	case s.repeats:
		return nowhere
	case net == 0:
		return nowhere
	case net == 1 && s.attaching:
		return s.target // anywhere if the attaches go to several instances
	case net == 1:
		return s.start
	}
	return anywhere // a contradiction, which the sweep will find
}
