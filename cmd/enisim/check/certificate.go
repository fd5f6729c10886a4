package check

import (
	"cmp"
	"fmt"
	"slices"

	"enisim.alt/cmd/enisim/history"
)

// certify replays an order of the whole history through the model and returns an error if it is not
// valid. It checks that every operation happens once and within its call, and that every answer is
// right. A valid order proves that the history is linearizable, no matter how the order was found.
func (w *world) certify(orders []*step) error {
	// First merge the orders of the pieces by the times of their steps.
	var steps []step
	for _, last := range orders {
		first := len(steps)
		for s := last; s != nil; s = s.before {
			steps = append(steps, *s)
		}
		slices.Reverse(steps[first:])
	}
	slices.SortStableFunc(steps, func(a, b step) int { return cmp.Compare(a.time, b.time) })

	// Then replay the steps.
	at, held := slices.Clone(w.start), slices.Clone(w.held)
	happened := map[int]bool{}
	for _, s := range steps {
		o := s.op
		id := o.operation.ID
		switch {
		case happened[id]:
			return fmt.Errorf("op %d happens twice", id)
		case s.time < int64(o.operation.Invoked) ||
			o.operation.Outcome != history.Unknown && s.time > int64(o.operation.Ended):
			return fmt.Errorf("op %d happens at %d, outside of its call", id, s.time)
		}
		happened[id] = true
		count, limit := 0, 0
		if o.usesCount() {
			count, limit = held[o.instance], w.limit[o.instance]
		}
		if !o.allows(at[o.eni], count, 0, limit) {
			return fmt.Errorf("op %d does not fit where it is put", id)
		}
		if o.changesState() {
			to, more := o.apply(at[o.eni])
			at[o.eni] = to
			held[o.instance] += more
		}
	}
	// Last, check that no operation is missing.
	for _, o := range w.ops {
		if !o.uncertain && !happened[o.operation.ID] {
			return fmt.Errorf("op %d does not happen", o.operation.ID)
		}
	}
	return nil
}
