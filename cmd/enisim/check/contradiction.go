package check

import (
	"context"
	"errors"
	"slices"

	"github.com/anishathalye/porcupine"

	"enisim.alt/cmd/enisim/history"
)

// Contradiction is a small part of a history that no order explains.
type Contradiction struct {
	world     *world
	piece     *piece
	goal      *op           // the operation at whose end all orders fail
	holders   map[int][]int // by instance of the world: the interfaces that are certainly on it at the start
	reference *referenceChecker
	info      porcupine.LinearizationInfo // the partial orders that porcupine found
}

// contradiction returns a small part of a piece that has no order. The part ends with goal, the
// operation at which the sweep failed. It returns nil if porcupine does not confirm the result.
//
// Every part is a relaxation: each order of the whole is an order of the part. Calls that begin
// before the part may have happened before it, and calls that end after it may happen after it.
// Interfaces that are left out may be on an instance or not, as an answer requires.
func (w *world) contradiction(ctx context.Context, episodes []episode, p *piece, goal *op) *Contradiction {
	// First collect the times at which a window may start.
	var begins []int64
	for _, e := range p.episodes {
		for _, o := range e.ops {
			if o.from <= goal.from {
				begins = append(begins, o.from)
			}
		}
	}
	slices.Sort(begins)
	// Then try windows that start earlier and earlier. Minimize the first one without an order, and
	// let porcupine confirm the result.
	for back := 1; ; back *= 2 {
		since := begins[max(0, len(begins)-back)]
		part := w.window(episodes, p, since, goal)
		if part.hasNoOrder(ctx) {
			small := part.minimize(ctx, goal.eni)
			j := w.newReferenceChecker(small)
			result, info := j.check(ctx)
			if result == porcupine.Illegal {
				return &Contradiction{w, small, goal, w.holders(episodes, p, part, small, since), j, info}
			}
		}
		if since == begins[0] || ctx.Err() != nil {
			return nil
		}
	}
}

// window returns the part of a piece from a time to the end of an operation.
func (w *world) window(episodes []episode, p *piece, since int64, goal *op) *piece {
	held := w.heldAt(episodes, p, since)
	// First keep the episodes that overlap the window, with their operations in it.
	var kept []episode
	open := map[int]bool{} // interfaces whose instance at since is not known
	for _, e := range p.episodes {
		if e.to < since || e.from > goal.to {
			continue
		}
		part := episode{eni: e.eni, start: e.start, end: anywhere, ops: operationsWithin(e.ops, since, goal.to)}
		if e.from < since {
			part.start = anywhere
			open[e.eni] = true
		}
		if len(part.ops) > 0 {
			kept = append(kept, part)
		}
	}
	// Then count, for each instance, the interfaces that may be on it without being known.
	out := w.piece(kept, held)
	for eni := range open {
		for i := range out.instances {
			if w.mayBeOn(p, eni, out.instances[i].instance) {
				out.instances[i].others++
			}
		}
	}
	return out
}

// operationsWithin returns the operations that overlap a window. An operation that crosses its
// border may have happened outside. An observation that crosses it proves nothing and is left out.
func operationsWithin(ops []op, since, until int64) []op {
	var out []op
	for _, o := range ops {
		if o.from > until || o.to < since {
			continue
		}
		if early, late := o.from < since, o.to > until; early || late {
			if !o.changesState() {
				continue
			}
			o.uncertain = true
			if late {
				o.to = endless
			}
		}
		out = append(out, o)
	}
	return out
}

// mayBeOn reports whether an interface whose instance is not known may be on an instance.
func (w *world) mayBeOn(p *piece, eni, instance int) bool {
	for _, e := range p.episodes {
		if e.eni != eni {
			continue
		}
		if e.start == instance ||
			slices.ContainsFunc(e.ops, func(o op) bool { return o.kind == attach && o.instance == instance }) {
			return true
		}
	}
	return false
}

// interfacePlaces returns the instance of each interface at a time; anywhere while an episode of
// the piece is in progress. Episodes outside the piece do not change its instances.
func (w *world) interfacePlaces(episodes []episode, p *piece, at int64) []int {
	type key struct {
		eni  int
		from int64
	}
	inPiece := make(map[key]bool, len(p.episodes))
	for _, e := range p.episodes {
		inPiece[key{e.eni, e.from}] = true
	}
	places := slices.Clone(w.start)
	for _, e := range episodes {
		switch {
		case e.to < at:
			places[e.eni] = e.end
		case e.from < at && inPiece[key{e.eni, e.from}]:
			places[e.eni] = anywhere
		}
	}
	return places
}

// heldAt returns how many interfaces each instance certainly holds at a time.
func (w *world) heldAt(episodes []episode, p *piece, at int64) []int {
	held := make([]int, len(w.limit))
	for i, instance := range w.history.Instances {
		held[i] = instance.Held
	}
	for _, place := range w.interfacePlaces(episodes, p, at) {
		if place >= 0 {
			held[place]++
		}
	}
	return held
}

// holders returns the interfaces that are on the instances of a part at its start, without those
// that the minimized part leaves out.
func (w *world) holders(episodes []episode, p, part, small *piece, at int64) map[int][]int {
	out := map[int][]int{}
	for eni, place := range w.interfacePlaces(episodes, p, at) {
		if place < 0 || part.instanceState(place) == nil || part.hasOperationsOn(eni) && !small.hasOperationsOn(eni) {
			continue
		}
		out[place] = append(out[place], eni)
	}
	return out
}

// lastEvidence returns the last operation before a time that attached the interface where it is, or
// else observed it there. It returns nil if the interface was there from the start.
func (w *world) lastEvidence(eni, place int, before int64) *history.Operation {
	var found *op
	for k := range w.ops {
		o := &w.ops[k]
		if at, known := o.instanceAfter(); o.eni == eni && known && at == place && o.to < before &&
			(found == nil || o.changesState() || !found.changesState()) {
			found = o
		}
	}
	if found == nil {
		return nil
	}
	return found.operation
}

// hasOperationsOn reports whether the piece has operations on an interface.
func (p *piece) hasOperationsOn(eni int) bool {
	return slices.ContainsFunc(p.episodes, func(e episode) bool { return e.eni == eni })
}

// firstInvoke returns the time of the first invoke of a piece.
func (p *piece) firstInvoke() int64 {
	first := int64(endless)
	for _, e := range p.episodes {
		for _, o := range e.ops {
			first = min(first, o.from)
		}
	}
	return first
}

// instanceState returns an instance of the piece by its index in the world; nil if the piece does
// not use it.
func (p *piece) instanceState(instance int) *instanceState {
	if i, there := p.index[instance]; there {
		return &p.instances[i]
	}
	return nil
}

// hasNoOrder reports whether the search finds no order. A timeout is not such a result.
func (p *piece) hasNoOrder(ctx context.Context) bool {
	_, err := p.order(ctx, 500)
	return errors.As(err, new(errNoOrder))
}

// minimize removes what a contradiction does not need: first interfaces, then answers that changed
// nothing.
func (p *piece) minimize(ctx context.Context, eni int) *piece {
	var interfaces []int
	for _, e := range p.episodes {
		if e.eni != eni && !slices.Contains(interfaces, e.eni) {
			interfaces = append(interfaces, e.eni)
		}
	}
	p = shrink(ctx, p, interfaces, (*piece).withoutInterfaces)
	var answers []int
	for _, o := range p.operations() {
		if !o.changesState() {
			answers = append(answers, o.operation.ID)
		}
	}
	return shrink(ctx, p, answers, (*piece).withoutOperations)
}

// shrink removes as many of the given items as possible while the piece has no order. It tries
// large groups first and then halves their size.
func shrink(ctx context.Context, p *piece, things []int, without func(*piece, []int) *piece) *piece {
	for size := len(things); size > 0; size /= 2 {
		for first := 0; first < len(things); {
			some := things[first:min(first+size, len(things))]
			if smaller := without(p, some); ctx.Err() == nil && smaller.hasNoOrder(ctx) {
				p = smaller
				things = slices.Delete(slices.Clone(things), first, first+len(some))
			} else {
				first += size
			}
		}
	}
	return p
}

// withoutInterfaces returns the piece without some interfaces. Such an interface may be wherever an
// answer requires it.
func (p *piece) withoutInterfaces(left []int) *piece {
	out := &piece{index: p.index, instances: slices.Clone(p.instances)}
	for _, e := range p.episodes {
		if !slices.Contains(left, e.eni) {
			out.episodes = append(out.episodes, e)
		}
	}
	// Each of them no longer counts where it started, and may be on that instance or on any other
	// to which it was attached.
	for _, eni := range left {
		start := anywhere
		for _, e := range slices.Backward(p.episodes) {
			if e.eni == eni {
				start = e.start
			}
		}
		for i := range out.instances {
			q := &out.instances[i]
			if start == q.instance {
				q.held--
			}
			if start == q.instance || slices.ContainsFunc(p.episodes, func(e episode) bool {
				return e.eni == eni &&
					slices.ContainsFunc(e.ops, func(o op) bool { return o.kind == attach && o.instance == q.instance })
			}) {
				q.others++
			}
		}
	}
	return out
}

// withoutOperations returns the piece without some operations, which change nothing.
func (p *piece) withoutOperations(ids []int) *piece {
	out := &piece{index: p.index, instances: p.instances}
	for _, e := range p.episodes {
		e.ops = slices.DeleteFunc(slices.Clone(e.ops), func(o op) bool { return slices.Contains(ids, o.operation.ID) })
		if len(e.ops) > 0 {
			out.episodes = append(out.episodes, e)
		}
	}
	return out
}

// operations returns the operations of a piece.
func (p *piece) operations() []*op {
	var out []*op
	for k := range p.episodes {
		for j := range p.episodes[k].ops {
			out = append(out, &p.episodes[k].ops[j])
		}
	}
	return out
}
