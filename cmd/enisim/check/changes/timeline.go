package changes

import (
	"cmp"
	"errors"
	"slices"

	"enisim/cmd/enisim/history"
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

// errTooMany is returned when more events are in progress than a timeline can follow.
var errTooMany = errors.New("too many events in progress at a time")

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
		if !t.end(slots[e.of]) {
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
func (t *timeline) end(slot int) bool {
	// First follow each possibility until the event has happened.
	seen, ended := map[possibility]bool{}, map[possibility]bool{}
	var queue []possibility
	add := func(p possibility) {
		switch {
		case p.happened.has(slot):
			p.happened.remove(slot)
			ended[p] = true
		case !seen[p]:
			seen[p] = true
			queue = append(queue, p)
		}
	}
	for p := range t.possibilities {
		add(p)
	}
	for len(queue) > 0 {
		p := queue[len(queue)-1]
		queue = queue[:len(queue)-1]
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
	// Then drop the possibilities that differ from another one only in more uncertain events.
	t.inProgress[slot] = nil
	t.possibilities = t.withoutDominated(ended)
	return len(t.possibilities) > 0
}

// withoutDominated drops each possibility for which there is another one with the same state and the
// same certain events, and with fewer uncertain events: these can still happen later.
func (t *timeline) withoutDominated(all map[possibility]bool) map[possibility]bool {
	var uncertain eventSet
	for slot, e := range t.inProgress {
		if e != nil && e.uncertain {
			uncertain.add(slot)
		}
	}
	kept := map[possibility]bool{}
	for p := range all {
		dominated := false
		for q := range all {
			if q != p && q.dominates(p, uncertain) {
				dominated = true
				break
			}
		}
		if !dominated {
			kept[p] = true
		}
	}
	return kept
}

// dominates reports whether p has the same state and certain events as q, and all its uncertain
// ones.
func (q possibility) dominates(p possibility, uncertain eventSet) bool {
	if q.state != p.state {
		return false
	}
	for k := range q.happened {
		if (q.happened[k]^p.happened[k])&^uncertain[k] != 0 || q.happened[k]&^p.happened[k] != 0 {
			return false
		}
	}
	return true
}
