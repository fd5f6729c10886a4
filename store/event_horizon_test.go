package store

import "testing"

// An observation that has read the transactions before another one began does not make the other's
// numbers final: their transactions may have begun in between.
func TestObservationsOfTheHorizonOverlap(t *testing.T) {
	t.Parallel()
	h := &eventHorizon{}
	early := h.begin() // and then it finds no transaction
	if got := h.observe(h.begin(), 10, []string{"3/1"}); got != 0 {
		t.Errorf("got the horizon %d, want 0: 3/1 runs", got)
	}
	if got := h.observe(early, 5, nil); got != 5 {
		t.Errorf("got the horizon %d, want 5: 3/1 may have begun since", got)
	}
	if got := h.observe(h.begin(), 11, []string{"3/1", "4/7"}); got != 5 {
		t.Errorf("got the horizon %d, want 5: 3/1 still runs", got)
	}
	if got := h.observe(h.begin(), 12, []string{"4/7"}); got != 10 {
		t.Errorf("got the horizon %d, want 10: 4/7 may have recorded 11", got)
	}
	if got := h.observe(h.begin(), 12, nil); got != 12 {
		t.Errorf("got the horizon %d, want 12", got)
	}
}
