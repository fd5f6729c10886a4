package check

import (
	"cmp"
	"context"
	"errors"
	"math"
	"slices"
)

// episode is a stretch of one interface's history that begins and ends while no call on it is under way, in places that every order agrees on. Episodes of
// one interface therefore say nothing about each other.
type episode struct {
	eni        int
	start, end int // places
	ops        []op
	from, to   int64
}

// solo tells whether the episode is one call, alone with its interface from its invoke to its end.
func (e *episode) solo() bool { return len(e.ops) == 1 }

// forever is the patience that grants an unknown operation all the time that there is.
const forever = -1

// episodes cuts the history of each interface. An unknown operation is granted an effect until so many later calls on its interface, begun after its client
// gave up, have been answered: with patience forever that is exact, with less it is a guess that mostly holds and keeps the pieces small.
func (w *world) episodes(patience int) []episode {
	byENI := make([][]op, len(w.start))
	for _, o := range w.ops {
		byENI[o.eni] = append(byENI[o.eni], o)
	}
	var out []episode
	for eni, ops := range byENI {
		slices.SortStableFunc(ops, func(a, b op) int { return cmp.Compare(a.from, b.from) })
		bound(ops, patience)
		start := w.start[eni]
		for _, e := range episodesOf(eni, ops, start) {
			if e.ops = withoutRepeats(e); len(e.ops) == 0 {
				continue
			}
			if settled := settle(e); len(settled) < len(e.ops) || !slices.ContainsFunc(settled, func(o op) bool { return o.maybe }) {
				out = append(out, episodesOf(eni, settled, e.start)...)
			} else {
				out = append(out, e)
			}
		}
	}
	return out
}

// episodesOf cuts the operations of one interface, which are in the order of their invokes.
func episodesOf(eni int, ops []op, start int) []episode {
	var out []episode
	for len(ops) > 0 {
		n, end := cut(ops, start)
		e := episode{eni: eni, start: start, end: end, ops: ops[:n:n], from: ops[0].from}
		for _, o := range e.ops {
			e.to = max(e.to, o.to)
		}
		if end == unsure {
			e.to = endless
		}
		out = append(out, e)
		ops, start = ops[n:], end
	}
	return out
}

// withoutRepeats returns the operations of an episode. A single one that only repeats what is so changes nothing: an answered one tells where its interface is,
// and one of unknown outcome tells nothing.
func withoutRepeats(e episode) []op {
	if !e.solo() || !e.ops[0].isRepeated(e.start) {
		return e.ops
	}
	o := e.ops[0]
	if o.maybe {
		return nil
	}
	o.repeats = false
	o.kind = free
	if e.start != nowhere {
		o.kind = on
	}
	return []op{o}
}

// settle finds out which operations of unknown outcome cannot have happened, and leaves them out, and which must have, as what is told of their interface
// alone proves. It returns the operations of the episode.
func settle(e episode) []op {
	ops := e.ops
	for k := 0; k < len(ops); k++ {
		if !ops[k].maybe {
			continue
		}
		without := slices.Delete(slices.Clone(ops), k, k+1)
		if !explained(e, without) {
			ops = slices.Clone(ops)
			ops[k].maybe = false
			continue
		}
		with := slices.Clone(ops)
		with[k].maybe = false
		if !explained(e, with) {
			ops = without
			k--
		}
	}
	return ops
}

// explained tells whether operations on one interface have an order that explains all answers, as far as instances have places without end.
func explained(e episode, ops []op) bool {
	ops = slices.Clone(ops)
	p := &piece{index: map[int]int{}}
	last := int64(0)
	for _, o := range ops {
		if o.to != endless {
			last = max(last, o.to)
		}
		last = max(last, o.from)
	}
	for k := range ops {
		o := &ops[k]
		if o.kind == full {
			o.kind = free
		}
		if o.to == endless && !o.maybe {
			o.to = last
		}
		if _, there := p.index[o.instance]; o.counts() && !there {
			p.index[o.instance] = len(p.instances)
			p.instances = append(p.instances, place{instance: o.instance, limit: math.MaxInt, held: 1})
		}
	}
	p.episodes = []episode{{eni: e.eni, start: e.start, end: unsure, ops: ops}}
	_, err := p.order(context.Background(), fewWays)
	stuck := errStuck{}
	return !errors.As(err, &stuck) || stuck.narrowed
}

// bound gives each unknown operation its end.
func bound(ops []op, patience int) {
	if patience == forever {
		return
	}
	for k := range ops {
		o := &ops[k]
		if !o.maybe {
			continue
		}
		ended := max(o.from, int64(o.operation.Ended))
		left := patience
		if left == 0 && o.operation.Ended != 0 {
			o.to = ended
			continue
		}
		for _, later := range ops[k+1:] {
			if !later.maybe && later.from > ended {
				if left--; left == 0 {
					o.to = max(ended, later.to)
					break
				}
			}
		}
	}
}

// cut finds the first episode of the operations of one interface, which are in the order of their invokes: how many operations it has and where it ends;
// unsure if that is the end of the history and open.
func cut(ops []op, start int) (n, end int) {
	to := int64(-1)
	settled := newSettling(start)
	for k, o := range ops {
		if k > 0 && o.from > to {
			if end = settled.place(); end != unsure {
				return k, end
			}
		}
		to = max(to, o.to)
		settled.add(o)
	}
	if to == endless {
		return len(ops), unsure
	}
	return len(ops), settled.place()
}

// settling tells where an interface is after operations that have all ended, if every order of them agrees.
type settling struct {
	start     int
	unknown   bool  // one is of unknown outcome
	net       int   // attaches less detaches
	target    int   // where the attaches go; unsure if to several
	last      int64 // the latest end of what changes something
	certain   int   // where an operation that began after all the others had ended has put it, or seen it; unsure without one
	attaching bool
	detaching bool
	repeats   bool // a change may be one that changes nothing, so net says nothing
}

func newSettling(start int) settling {
	return settling{start: start, target: nowhere, certain: unsure, last: -1}
}

func (s *settling) add(o op) {
	if place, tells := o.after(); tells && o.from > s.last {
		s.certain = place
	} else if o.changes() {
		s.certain = unsure
	}
	if !o.changes() {
		return
	}
	s.last = max(s.last, o.to)
	s.unknown = s.unknown || o.maybe
	s.repeats = s.repeats || o.repeats
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
		s.target = unsure
	}
}

// after is where the interface is right after the operation, if that is one place.
func (o *op) after() (place int, tells bool) {
	switch {
	case o.maybe:
		return unsure, false
	case o.kind == attach, o.kind == on:
		return o.instance, true
	case o.kind == detach, o.kind == free, o.kind == full:
		return nowhere, true
	}
	return unsure, false
}

func (s *settling) place() int {
	net := s.net
	if s.start >= 0 {
		net++
	}
	switch {
	case s.certain != unsure:
		return s.certain
	case s.unknown || s.start == unsure:
		return unsure
	case s.repeats && s.attaching && s.detaching:
		return unsure
	case s.repeats && s.attaching:
		return s.target
	case s.repeats:
		return nowhere
	case net == 0:
		return nowhere
	case net == 1 && s.attaching:
		return s.target // unsure if the attaches go to several instances
	case net == 1:
		return s.start
	}
	return unsure // a contradiction, which the sweep finds
}
