package changes

import (
	"cmp"
	"math"
	"slices"
	"time"

	"enisim.alt/cmd/enisim/history"
)

// span is a time during which something is counted. It is empty if to is before from.
type span struct{ from, to int64 }

// use is something that a limit counts: an interface, or an address.
type use struct {
	possible span // it may be there
	certain  span // it is there in every order
	call     *history.Change
}

// newUse returns the use of an effect, which some calls may end. surely reports whether a call of 200
// ends the use in every order.
func newUse(e *effect, ends []*history.Change, surely func(*history.Change) bool) use {
	u := use{possible: span{e.from, endless}, certain: span{e.to, endless}, call: e.calls[0]}
	if e.uncertain {
		u.certain = span{1, 0}
	}
	for _, c := range ends {
		u.certain.to = min(u.certain.to, int64(c.Invoked)-1)
		if c.Outcome == history.OK && surely(c) {
			u.possible.to = min(u.possible.to, int64(c.Ended))
		}
	}
	return u
}

// checkCounts checks the quota, and the capacity of each VSwitch.
func (m *model) checkCounts() *Contradiction {
	if q := m.history.Quota; q != nil {
		refusals := m.refusalsOf(func(c *history.Change) bool { return c.Code == codeQuota })
		if c := checkLimit("quota of interfaces", q.Limit, q.Held, m.interfaceUses(), refusals); c != nil {
			return c
		}
	}
	for _, v := range m.history.VSwitches {
		refusals := m.refusalsOf(func(c *history.Change) bool {
			return c.Code == codeNotEnough && m.vswitchOf(c) == v.ID
		})
		if c := checkLimit("capacity of "+v.ID, v.Capacity, v.Held, m.addressUses(v.ID), refusals); c != nil {
			return c
		}
	}
	return nil
}

// always is for calls each of which ends a use.
func always(*history.Change) bool { return true }

// deletionsOf returns the deletions of an interface.
func (m *model) deletionsOf(eni string) []*history.Change {
	return slices.DeleteFunc(slices.Clone(m.releases[eni]),
		func(c *history.Change) bool { return c.Action != history.Delete })
}

// interfaceUses returns the uses of the quota.
func (m *model) interfaceUses() (uses []use) {
	for _, e := range m.effects {
		if e.creates {
			uses = append(uses, newUse(e, m.deletionsOf(e.eni), always))
		}
	}
	return uses
}

// addressUses returns the uses of the capacity of a VSwitch.
func (m *model) addressUses(vswitchID string) (uses []use) {
	for _, e := range m.effects {
		if e.vswitch != vswitchID {
			continue
		}
		for _, a := range e.addresses {
			// A release of the address may be one of an earlier assignment, unless it began after this one.
			ends := slices.DeleteFunc(slices.Clone(m.releases[e.eni]), func(c *history.Change) bool {
				return c.Action != history.Delete && (!slices.Contains(c.Named, a) || until(c) < e.from)
			})
			uses = append(uses, newUse(e, ends, func(c *history.Change) bool {
				return c.Action == history.Delete || int64(c.Invoked) >= e.to
			}))
		}
		for range e.count {
			uses = append(uses, newUse(e, m.deletionsOf(e.eni), always))
		}
	}
	return uses
}

// refusal is a call that was refused because its wish exceeds what a limit leaves.
type refusal struct {
	call   *history.Change
	wanted int
}

// refusalsOf returns the refusals that fulfil a condition.
func (m *model) refusalsOf(condition func(*history.Change) bool) (list []refusal) {
	for _, c := range m.refusals {
		switch {
		case !condition(c):
		case c.Action == history.Create && len(c.Named) > 0 && c.Code == codeNotEnough:
			list = append(list, refusal{c, 0})
		case c.Action == history.Create:
			list = append(list, refusal{c, 1})
		default:
			list = append(list, refusal{c, c.Count})
		}
	}
	return list
}

// checkLimit checks that no more is counted than a limit at any moment, and that each refusal has a
// moment at which its wish may have exceeded the limit.
func checkLimit(name string, limit, held int, uses []use, refusals []refusal) *Contradiction {
	certain, possible := make([]span, len(uses)), make([]span, len(uses))
	for k, u := range uses {
		certain[k], possible[k] = u.certain, u.possible
	}
	if most, at := newCounts(certain).max(0, endless); held+most > limit {
		var calls []*history.Change
		for _, u := range uses {
			if u.certain.from <= at && at <= u.certain.to {
				calls = append(calls, u.call)
			}
		}
		return newContradiction(calls, "the %s is %d, and %d are in use at %s, those of these calls among them.", name,
			limit, held+most, seconds(time.Duration(at)))
	}
	counts := newCounts(possible)
	for _, r := range refusals {
		if most, _ := counts.max(int64(r.call.Invoked), int64(r.call.Ended)); held+most+r.wanted <= limit {
			return newContradiction([]*history.Change{r.call}, "the %s is %d, and at most %d can have been in use "+
				"while op %d asked for %d more.", name, limit, held+most, r.call.ID, r.wanted)
		}
	}
	return nil
}

// counts are the numbers of spans at each time.
type counts struct {
	times []int64
	after []int // from times[k] until before times[k+1]
}

// newCounts counts spans.
func newCounts(spans []span) counts {
	type change struct {
		time int64
		by   int
	}
	changes := []change{{math.MinInt64, 0}}
	for _, s := range spans {
		if s.to < s.from {
			continue
		}
		changes = append(changes, change{s.from, 1})
		if s.to != endless {
			changes = append(changes, change{s.to + 1, -1})
		}
	}
	slices.SortFunc(changes, func(a, b change) int { return cmp.Compare(a.time, b.time) })
	var c counts
	n := 0
	for _, d := range changes {
		n += d.by
		if last := len(c.times) - 1; last >= 0 && c.times[last] == d.time {
			c.after[last] = n
			continue
		}
		c.times, c.after = append(c.times, d.time), append(c.after, n)
	}
	return c
}

// max returns the largest count in a time, and the first moment at which it is reached.
func (c counts) max(from, to int64) (most int, at int64) {
	k, found := slices.BinarySearch(c.times, from)
	if !found {
		k--
	}
	most, at = c.after[k], from
	for k++; k < len(c.times) && c.times[k] <= to; k++ {
		if c.after[k] > most {
			most, at = c.after[k], c.times[k]
		}
	}
	return most, at
}
