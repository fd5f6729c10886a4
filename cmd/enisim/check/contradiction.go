package check

import (
	"context"
	"errors"
	"slices"

	"github.com/anishathalye/porcupine"

	"enisim/cmd/enisim/history"
)

// Contradiction is a small part of a history that no order explains. Whatever else happened, it cannot have happened so.
type Contradiction struct {
	world   *world
	piece   *piece
	goal    *op           // the operation at whose end all orders fail
	holders map[int][]int // by instance of the world: the interfaces that are certainly on it then
	judge   *judge
	info    porcupine.LinearizationInfo // how far porcupine came
}

// contradiction finds a small part of a piece that cannot be, given where the piece's order is stuck. It is nil if porcupine does not agree.
//
// Every part is a relaxation: each order of the whole is one of the part. Calls that begin before the part may have happened before it, calls that end after it
// may happen after it, and interfaces that are left out may be on an instance or not, whichever an answer needs.
func (w *world) contradiction(ctx context.Context, episodes []episode, p *piece, goal *op) *Contradiction {
	var begins []int64
	for _, e := range p.episodes {
		for _, o := range e.ops {
			if o.from <= goal.from {
				begins = append(begins, o.from)
			}
		}
	}
	slices.Sort(begins)
	for back := 1; ; back *= 2 {
		since := begins[max(0, len(begins)-back)]
		part := w.window(episodes, p, since, goal)
		if part.contradicts(ctx) {
			small := part.smallest(ctx, goal.eni)
			j := w.judge(small)
			result, info := j.ask(ctx)
			if result == porcupine.Illegal {
				return &Contradiction{w, small, goal, w.holders(episodes, p, part, small, since), j, info}
			}
		}
		if since == begins[0] || ctx.Err() != nil {
			return nil
		}
	}
}

// window is the part of a piece from a moment to the end of an operation.
func (w *world) window(episodes []episode, p *piece, since int64, goal *op) *piece {
	held := w.heldAt(episodes, p, since)
	var kept []episode
	open := map[int]bool{} // interfaces whose place at since is unsure
	for _, e := range p.episodes {
		if e.to < since || e.from > goal.to {
			continue
		}
		part := episode{eni: e.eni, start: e.start, end: unsure}
		if e.from < since {
			part.start = unsure
			open[e.eni] = true
		}
		for _, o := range e.ops {
			early, late := o.from < since, o.to > goal.to
			switch {
			case o.from > goal.to || o.to < since:
				continue
			case (early || late) && !o.changes():
				continue
			case early || late:
				o.maybe = true
				if late {
					o.to = endless
				}
			}
			part.ops = append(part.ops, o)
		}
		if len(part.ops) > 0 {
			kept = append(kept, part)
		}
	}
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

// mayBeOn tells whether an interface whose place is unsure may be on an instance.
func (w *world) mayBeOn(p *piece, eni, instance int) bool {
	for _, e := range p.episodes {
		if e.eni != eni {
			continue
		}
		if e.start == instance || slices.ContainsFunc(e.ops, func(o op) bool { return o.kind == attach && o.instance == instance }) {
			return true
		}
	}
	return false
}

// places tells where the interfaces are at a moment; unsure where an episode of the piece is under way. Other episodes bring no interface to the piece's
// instances and take none from them.
func (w *world) places(episodes []episode, p *piece, at int64) []int {
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
			places[e.eni] = unsure
		}
	}
	return places
}

// heldAt tells how many interfaces each instance certainly holds at a moment.
func (w *world) heldAt(episodes []episode, p *piece, at int64) []int {
	held := make([]int, len(w.limit))
	for i, instance := range w.history.Instances {
		held[i] = instance.Held
	}
	for _, place := range w.places(episodes, p, at) {
		if place >= 0 {
			held[place]++
		}
	}
	return held
}

// holders names the interfaces that are on the instances of a part when it begins, without those that its smallest form leaves out.
func (w *world) holders(episodes []episode, p, part, small *piece, at int64) map[int][]int {
	out := map[int][]int{}
	for eni, place := range w.places(episodes, p, at) {
		if place < 0 || part.place(place) == nil || part.moves(eni) && !small.moves(eni) {
			continue
		}
		out[place] = append(out[place], eni)
	}
	return out
}

// sight is the last operation before a moment that put an interface where it is, or else saw it there; nil if it was there from the start.
func (w *world) sight(eni, place int, before int64) *history.Operation {
	var found *op
	for k := range w.ops {
		o := &w.ops[k]
		if at, tells := o.after(); o.eni == eni && tells && at == place && o.to < before && (found == nil || o.changes() || !found.changes()) {
			found = o
		}
	}
	if found == nil {
		return nil
	}
	return found.operation
}

// moves tells whether the piece has operations on an interface.
func (p *piece) moves(eni int) bool {
	return slices.ContainsFunc(p.episodes, func(e episode) bool { return e.eni == eni })
}

// begin is when the first operation of a piece begins.
func (p *piece) begin() int64 {
	first := int64(endless)
	for _, e := range p.episodes {
		for _, o := range e.ops {
			first = min(first, o.from)
		}
	}
	return first
}

// place is an instance of the piece, by its index in the world; nil if it has none of that.
func (p *piece) place(instance int) *place {
	if i, there := p.index[instance]; there {
		return &p.instances[i]
	}
	return nil
}

// contradicts tells whether no order is found.
func (p *piece) contradicts(ctx context.Context) bool {
	_, err := p.order(ctx, 500)
	return errors.As(err, new(errStuck))
}

// smallest leaves out of a contradiction what it does not need: interfaces, and answers that changed nothing.
func (p *piece) smallest(ctx context.Context, eni int) *piece {
	var interfaces []int
	for _, e := range p.episodes {
		if e.eni != eni && !slices.Contains(interfaces, e.eni) {
			interfaces = append(interfaces, e.eni)
		}
	}
	p = shrink(ctx, p, interfaces, (*piece).withoutInterfaces)
	var answers []int
	for _, o := range p.operations() {
		if !o.changes() {
			answers = append(answers, o.operation.ID)
		}
	}
	return shrink(ctx, p, answers, (*piece).withoutOperations)
}

// shrink leaves out as many of the given things as it can, halves first, while the piece still contradicts itself.
func shrink(ctx context.Context, p *piece, things []int, without func(*piece, []int) *piece) *piece {
	for size := len(things); size > 0; size /= 2 {
		for first := 0; first < len(things); {
			some := things[first:min(first+size, len(things))]
			if smaller := without(p, some); ctx.Err() == nil && smaller.contradicts(ctx) {
				p = smaller
				things = slices.Delete(slices.Clone(things), first, first+len(some))
			} else {
				first += size
			}
		}
	}
	return p
}

// withoutInterfaces leaves out interfaces: they may be where they are wanted.
func (p *piece) withoutInterfaces(left []int) *piece {
	out := &piece{index: p.index, instances: slices.Clone(p.instances)}
	for _, e := range p.episodes {
		if !slices.Contains(left, e.eni) {
			out.episodes = append(out.episodes, e)
		}
	}
	for _, eni := range left {
		start := unsure
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
				return e.eni == eni && slices.ContainsFunc(e.ops, func(o op) bool { return o.kind == attach && o.instance == q.instance })
			}) {
				q.others++
			}
		}
	}
	return out
}

// withoutOperations leaves out operations that change nothing.
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

// operations lists the operations of a piece.
func (p *piece) operations() []*op {
	var out []*op
	for k := range p.episodes {
		for j := range p.episodes[k].ops {
			out = append(out, &p.episodes[k].ops[j])
		}
	}
	return out
}
