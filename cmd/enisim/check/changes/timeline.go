package changes

import (
	"cmp"
	"errors"
	"slices"

	"enisim.alt/cmd/enisim/history"
)

// event is something that happens to one interface or to one address, at one moment from its
// invoke to its end.
type event struct {
	from, to int64
	// uncertain events may not happen at all. Their end is endless.
	uncertain bool
	// observes is set if it never changes the state.
	observes bool
	// apply returns the state after the event, or false if the event cannot happen in the state.
	apply func(state int) (int, bool)
	call  *history.Change
}

// maxInProgress is the maximum number of events in progress at a time.
const maxInProgress = 256

// eventSet is a set of events in progress.
type eventSet [maxInProgress / 64]uint64

func (s *eventSet) add(n int)      { s[n/64] |= 1 << (n % 64) }
func (s *eventSet) remove(n int)   { s[n/64] &^= 1 << (n % 64) }
func (s *eventSet) has(n int) bool { return s[n/64]&(1<<(n%64)) != 0 }

// possibility is a state that some order of the events leads to, and the events in progress that
// have happened in that order.
type possibility struct {
	state    int
	happened eventSet
}

// timeline searches for an order of events that are in progress at the same time (just-in-time
// linearization): it keeps all possibilities, and lets an event happen only when it, or another
// event, could not end otherwise.
type timeline struct {
	inProgress    [maxInProgress]*event
	possibilities map[possibility]bool
}

// maxPossibilities is the maximum number of possibilities that are followed for the end of one event.
const maxPossibilities = 200_000

// errTooMany is returned when more events are in progress than a timeline can follow.
var errTooMany = errors.New("too many calls are in progress at a time")

// explain returns nil if the events have an order that begins in one of the states. Otherwise it
// returns the event at whose end no order was left.
func explain(start []int, events []*event) (*event, error) {
	// First sort the begins and ends by time. An event that ends at the moment at which another one
	// begins overlaps with it.
	type edge struct {
		time int64
		end  bool
		of   *event
	}
	var edges []edge
	for _, e := range events {
		edges = append(edges, edge{e.from, false, e})
		if e.to != endless {
			edges = append(edges, edge{e.to, true, e})
		}
	}
	slices.SortStableFunc(edges, func(a, b edge) int {
		return cmp.Or(cmp.Compare(a.time, b.time), cmp.Compare(rankOf(a.end), rankOf(b.end)))
	})
	// Then follow them.
	t := timeline{possibilities: map[possibility]bool{}}
	for _, s := range start {
		t.possibilities[possibility{state: s}] = true
	}
	slots := map[*event]int{}
	for _, e := range edges {
		if !e.end {
			slot := slices.Index(t.inProgress[:], nil)
			if slot < 0 {
				return nil, errTooMany
			}
			slots[e.of], t.inProgress[slot] = slot, e.of
			t.observe()
			continue
		}
		switch possible, err := t.end(slots[e.of]); {
		case err != nil:
			return nil, err
		case !possible:
			return e.of, nil
		}
	}
	return nil, nil
}

// rankOf returns the order of edges at the same time: begins come first.
func rankOf(end bool) int {
	if end {
		return 1
	}
	return 0
}

// observe lets each observation happen that is right in a possibility. An observation that has
// happened restricts no order.
func (t *timeline) observe() {
	after := map[possibility]bool{}
	for p := range t.possibilities {
		after[t.observed(p)] = true
	}
	t.possibilities = after
}

func (t *timeline) observed(p possibility) possibility {
	for slot, e := range t.inProgress {
		if e == nil || !e.observes || p.happened.has(slot) {
			continue
		}
		if _, allowed := e.apply(p.state); allowed {
			p.happened.add(slot)
		}
	}
	return p
}

// end ends an event. It keeps the possibilities in which the event has happened, and reports whether
// there is one.
func (t *timeline) end(slot int) (possible bool, err error) {
	// Follow each possibility until the event has happened. Those with few events come first, so that
	// they dominate the others.
	seen, ended := t.newFrontier(), t.newFrontier()
	var queue []possibility
	add := func(p possibility) {
		switch {
		case p.happened.has(slot):
			p.happened.remove(slot)
			ended.add(p)
		case seen.add(p):
			queue = append(queue, p)
		}
	}
	for p := range t.possibilities {
		add(p)
	}
	for len(queue) > 0 {
		if len(queue) > maxPossibilities {
			return false, errTooMany
		}
		p := queue[0]
		queue = queue[1:]
		for other, e := range t.inProgress {
			if e == nil || e.observes || p.happened.has(other) {
				continue
			}
			if state, allowed := e.apply(p.state); allowed {
				next := possibility{state, p.happened}
				next.happened.add(other)
				add(t.observed(next))
			}
		}
	}
	t.inProgress[slot] = nil
	t.possibilities = map[possibility]bool{}
	for _, list := range ended.kept {
		for _, p := range list {
			t.possibilities[p] = true
		}
	}
	return len(t.possibilities) > 0, nil
}

// frontier is a set of possibilities without those that another one dominates: with the same state and
// the same certain events, no further uncertain event, and no observation less. Uncertain events can
// still happen later, and observations that have happened restrict nothing.
type frontier struct {
	uncertain, observations eventSet // of the events in progress
	kept                    map[possibility][]possibility
}

func (t *timeline) newFrontier() *frontier {
	f := &frontier{kept: map[possibility][]possibility{}}
	for slot, e := range t.inProgress {
		switch {
		case e == nil:
		case e.observes:
			f.observations.add(slot)
		case e.uncertain:
			f.uncertain.add(slot)
		}
	}
	return f
}

// add adds a possibility, unless another one dominates it, and reports that.
func (f *frontier) add(p possibility) bool {
	// Compare it with those of the same state and the same certain events.
	key := p
	for k := range key.happened {
		key.happened[k] &^= f.uncertain[k] | f.observations[k]
	}
	list := f.kept[key]
	for _, q := range list {
		if f.dominates(q, p) {
			return false
		}
	}
	f.kept[key] = append(slices.DeleteFunc(list, func(q possibility) bool { return f.dominates(p, q) }), p)
	return true
}

func (f *frontier) dominates(q, p possibility) bool {
	for k := range q.happened {
		more := q.happened[k] &^ p.happened[k] & f.uncertain[k]
		less := p.happened[k] &^ q.happened[k] & f.observations[k]
		if more|less != 0 {
			return false
		}
	}
	return true
}
