package changes

import (
	"fmt"
	"maps"
	"slices"

	"enisim.alt/cmd/enisim/history"
)

// The states of an interface.
const (
	unborn = iota
	live
	gone
)

// The states of an address. From firstHolder on, a state is an interface, and whether the address is
// its primary one.
const (
	unassigned = iota
	foreign    // of an interface that was there at the start
	firstHolder
)

// observation returns an event that a call has seen.
func observation(c *history.Change, seen func(state int) bool) *event {
	return &event{from: int64(c.Invoked), to: until(c), observes: true, call: c,
		apply: func(state int) (int, bool) { return state, seen(state) }}
}

// interfaceEvents are the events of each interface, by its id.
type interfaceEvents map[string][]*event

// move adds an event that changes the state of an interface.
func (i interfaceEvents) move(e *event, eni string, from, to int) {
	e.apply = func(state int) (int, bool) { return to, state == from }
	i[eni] = append(i[eni], e)
}

// observe adds a call that has seen whether an interface is there.
func (i interfaceEvents) observe(c *history.Change, eni string, isLive bool) {
	i[eni] = append(i[eni], observation(c, func(state int) bool { return (state == live) == isLive }))
}

// checkInterfaces checks for each interface that it is changed only while it is there, is deleted
// once, and is in a list, or refused as unknown, only when that is so.
func (m *model) checkInterfaces() *Contradiction {
	// First the changes.
	events := interfaceEvents{}
	for _, e := range m.effects {
		here := &event{from: e.from, to: e.to, uncertain: e.uncertain, call: e.calls[0]}
		switch {
		case e.creates && e.eni != "":
			events.move(here, e.eni, unborn, live)
		case !e.creates && !e.uncertain:
			here.observes = true
			events.move(here, e.eni, live, live)
		}
	}
	for eni, calls := range m.releases {
		for _, c := range calls {
			here := &event{from: int64(c.Invoked), to: until(c), uncertain: c.Outcome == history.Unknown, call: c}
			switch {
			case c.Action == history.Delete:
				events.move(here, eni, live, gone)
			case !here.uncertain:
				events.observe(c, eni, true)
			}
		}
	}
	// Then the refusals and the lists.
	for _, c := range m.refusals {
		if c.Action != history.Create && isExplained(c) {
			events.observe(c, c.Interface, c.Code != codeNoInterface)
		}
	}
	for _, list := range m.lists {
		m.observeList(events, list)
	}
	// Last, check each interface.
	for _, eni := range slices.Sorted(maps.Keys(events)) {
		if c := m.contradictionOf(eni, []int{unborn}, events[eni]); c != nil {
			return c
		}
	}
	return nil
}

// observeList adds what a list says about each interface that was created in its VSwitch.
func (m *model) observeList(events interfaceEvents, list *history.Change) {
	listed := map[string]bool{}
	for _, f := range list.Found {
		listed[f.Interface] = true
	}
	for eni, e := range m.creations {
		if e.vswitch == list.VSwitch {
			events.observe(list, eni, listed[eni])
		}
	}
}

// contradictionOf returns a contradiction if the events of an interface or an address have no order.
func (m *model) contradictionOf(name string, start []int, events []*event) *Contradiction {
	at, err := explain(start, events)
	if err != nil {
		m.undecided = fmt.Errorf("%s: %w", name, err)
	}
	if at == nil {
		return nil
	}
	var calls []*history.Change
	for _, e := range events {
		if e.from <= at.to {
			calls = append(calls, e.call)
		}
	}
	return newContradiction(calls, "no order of the calls on %s explains op %d.", name, at.call.ID)
}

// place is an address of a VSwitch.
type place struct{ vswitch, address string }

// checkAddresses checks for each address that one interface at a time has it: from its creation or an
// assignment until the address is released or the interface is deleted.
func (m *model) checkAddresses() *Contradiction {
	addresses := m.addresses()
	held := map[string]int{}
	for _, v := range m.history.VSwitches {
		held[v.ID] = v.Held
	}
	places := slices.SortedFunc(maps.Keys(addresses), func(a, b place) int {
		return slices.Compare([]string{a.vswitch, a.address}, []string{b.vswitch, b.address})
	})
	for _, p := range places {
		start := []int{unassigned}
		if held[p.vswitch] > 0 {
			start = append(start, foreign)
		}
		name := fmt.Sprintf("address %s of %s", p.address, p.vswitch)
		if c := m.contradictionOf(name, start, m.addressEvents(p, addresses[p])); c != nil {
			return c
		}
	}
	return nil
}

// addresses returns what happens to each address that a call or an answer names.
func (m *model) addresses() map[place]*addressHistory {
	all := map[place]*addressHistory{}
	of := func(vswitch, address string) *addressHistory {
		p := place{vswitch, address}
		if all[p] == nil {
			all[p] = &addressHistory{holders: map[string]int{}}
		}
		return all[p]
	}
	for _, e := range m.effects {
		for k, a := range e.addresses {
			h := of(e.vswitch, a)
			h.acquisitions = append(h.acquisitions, acquisition{e, e.creates && k == 0})
		}
	}
	for _, calls := range m.releases {
		for _, c := range calls {
			for _, a := range c.Named {
				h := of(m.vswitchOf(c), a)
				h.calls = append(h.calls, c)
			}
		}
	}
	for _, c := range m.refusals {
		if len(c.Named) == 1 { // of several addresses, any one may be the reason
			h := of(m.vswitchOf(c), c.Named[0])
			h.calls = append(h.calls, c)
		}
	}
	// An assignment or a creation whose answer was lost for good may have got any address.
	for _, e := range m.effects {
		for p, h := range all {
			if e.count > 0 && p.vswitch == e.vswitch {
				h.acquisitions = append(h.acquisitions, acquisition{e, e.creates})
			}
		}
	}
	return all
}

// vswitchOf returns the VSwitch that a call names, or that of its interface.
func (m *model) vswitchOf(c *history.Change) string {
	if c.VSwitch != "" {
		return c.VSwitch
	}
	return m.creations[c.Interface].vswitch
}

// addressHistory is what happens to one address.
type addressHistory struct {
	holders      map[string]int // by interface: the state in which it has the address as its primary one
	acquisitions []acquisition
	calls        []*history.Change // releases and refusals that name the address
}

// acquisition is an effect that assigns an address.
type acquisition struct {
	effect  *effect
	primary bool
}

// holder returns the state in which an interface has the address.
func (h *addressHistory) holder(eni string, primary bool) int {
	if _, known := h.holders[eni]; !known {
		h.holders[eni] = firstHolder + 2*len(h.holders)
	}
	if primary {
		return h.holders[eni]
	}
	return h.holders[eni] + 1
}

// addressEvents returns the events of an address.
func (m *model) addressEvents(p place, h *addressHistory) (events []*event) {
	move := func(from, to int) func(int) (int, bool) {
		return func(state int) (int, bool) { return to, state == from }
	}
	// First the acquisitions, and the deletions of the interfaces.
	deletions := map[string]bool{}
	for _, a := range h.acquisitions {
		eni := a.effect.eni
		if eni == "" {
			eni = fmt.Sprint("\x00", a.effect.calls[0].ID) // an interface whose id nobody knows
		}
		to := h.holder(eni, a.primary)
		events = append(events, &event{from: a.effect.from, to: a.effect.to, uncertain: a.effect.uncertain,
			apply: move(unassigned, to), call: a.effect.calls[0]})
		if deletions[eni] {
			continue
		}
		deletions[eni] = true
		primary := h.holder(eni, true)
		for _, c := range m.releases[eni] {
			if c.Action != history.Delete {
				continue
			}
			events = append(events, &event{from: int64(c.Invoked), to: until(c),
				uncertain: c.Outcome == history.Unknown, call: c, apply: func(state int) (int, bool) {
					if state == primary || state == primary+1 {
						return unassigned, true
					}
					return state, true
				}})
		}
	}
	// Then the releases and the refusals.
	for _, c := range h.calls {
		secondary := h.holder(c.Interface, false)
		switch {
		case c.Outcome != history.Fail:
			events = append(events, &event{from: int64(c.Invoked), to: until(c),
				uncertain: c.Outcome == history.Unknown, apply: move(secondary, unassigned), call: c})
		case c.Code == codeUnassigned:
			events = append(events, observation(c, func(state int) bool { return state != secondary }))
		case c.Code == codeTaken, c.Code == codeTakenPrimary:
			events = append(events, observation(c, func(state int) bool { return state != unassigned }))
		case c.Action == history.Create && c.Code == codeQuota: // it comes after the check of the address
			events = append(events, observation(c, func(state int) bool { return state == unassigned }))
		}
	}
	// Last, the lists.
	for _, list := range m.lists {
		if list.VSwitch != p.vswitch {
			continue
		}
		events = append(events, m.listEvent(list, p, h))
	}
	return events
}

// listEvent returns what a list shows of an address.
func (m *model) listEvent(list *history.Change, p place, h *addressHistory) *event {
	for _, f := range list.Found {
		if !slices.Contains(f.Addresses, p.address) {
			continue
		}
		if m.creations[f.Interface] == nil {
			return observation(list, func(state int) bool { return state == foreign })
		}
		primary := h.holder(f.Interface, true)
		return observation(list, func(state int) bool { return state == primary || state == primary+1 })
	}
	return observation(list, func(state int) bool { return state == unassigned })
}
