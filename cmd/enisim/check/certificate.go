package check

import (
	"cmp"
	"fmt"
	"slices"

	"enisim/cmd/enisim/history"
)

// certify replays an order of the whole history, piece by piece put together by the moments in which the operations happened, through the model and nothing else: every
// operation happens once and between its invoke and its end, and every answer is right. However the order was found, this proves it.
func (w *world) certify(orders []*step) error {
	var steps []step
	for _, last := range orders {
		first := len(steps)
		for s := last; s != nil; s = s.before {
			steps = append(steps, *s)
		}
		slices.Reverse(steps[first:])
	}
	slices.SortStableFunc(steps, func(a, b step) int { return cmp.Compare(a.time, b.time) })

	at, held := slices.Clone(w.start), slices.Clone(w.held)
	happened := map[int]bool{}
	for _, s := range steps {
		o := s.op
		id := o.operation.ID
		switch {
		case happened[id]:
			return fmt.Errorf("op %d happens twice", id)
		case s.time < int64(o.operation.Invoked) || o.operation.Outcome != history.Unknown && s.time > int64(o.operation.Ended):
			return fmt.Errorf("op %d happens at %d, outside of its call", id, s.time)
		}
		happened[id] = true
		count, limit := 0, 0
		if o.counts() {
			count, limit = held[o.instance], w.limit[o.instance]
		}
		if !o.allows(at[o.eni], count, 0, limit) {
			return fmt.Errorf("op %d does not fit where it is put", id)
		}
		if o.changes() {
			to, more := o.move(at[o.eni])
			at[o.eni] = to
			held[o.instance] += more
		}
	}
	for _, o := range w.ops {
		if !o.maybe && !happened[o.operation.ID] {
			return fmt.Errorf("op %d does not happen", o.operation.ID)
		}
	}
	return nil
}
