package check

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"enisim.alt/cmd/enisim/check/changes"
	"enisim.alt/cmd/enisim/history"
)

// Verdict is the result of a check.
type Verdict int

// The verdicts.
const (
	Linearizable Verdict = iota
	Violation
	Undecided
)

// Result is a verdict and the evidence for it.
type Result struct {
	Verdict       Verdict
	Summary       string         // counts of the operations, interfaces and instances, as text
	Pieces        int            // the number of pieces that were decided independently
	Contradiction *Contradiction // the evidence of a Violation by attaches, detaches and describes
	// The evidence of a Violation by calls that create or delete interfaces or change their addresses.
	ChangeContradiction *changes.Contradiction
}

// graceSteps are the grace values of the attempts in their order (see world.episodes). The last one
// is exact.
var graceSteps = []int{0, 1, 8, unlimited}

// maxOrdersPerPiece is the maximum number of candidate orders that a sweep keeps.
const maxOrdersPerPiece = 2000

// Rules are the settings of the server that change which answers are correct.
type Rules struct {
	// AcceptRepeats says that a repeat succeeds and changes nothing. A repeat is an attach to the
	// instance that the interface is on already, or a detach of a free interface.
	AcceptRepeats bool
}

// Check decides whether a history is linearizable. It returns an error when the history cannot be
// checked. When ctx ends first, the verdict is Undecided.
//
// The verdicts do not depend on the search: an order of the whole history is replayed through the
// model, and a contradiction is confirmed by porcupine.
func Check(ctx context.Context, h *history.History, rules Rules) (Result, error) {
	w, err := newWorld(h, rules)
	if err != nil {
		return Result{}, err
	}
	// First choose the attempts. A history without unknown outcomes needs only the exact one.
	attempts := graceSteps
	if !slices.ContainsFunc(w.ops, func(o op) bool { return o.uncertain }) {
		attempts = []int{unlimited}
	}
	result := Result{Summary: summary(h), Verdict: Undecided}
	var undecided error
	if result.ChangeContradiction, undecided = changes.Check(h); result.ChangeContradiction != nil {
		result.Verdict = Violation
		return result, nil
	}
	for _, grace := range attempts {
		// Then cut the history into pieces and search for an order of each piece. A small grace
		// gives small pieces, which are fast to search; its orders are valid, but its failures
		// prove nothing.
		episodes := w.episodes(grace)
		pieces := w.pieces(episodes)
		result.Pieces = len(pieces)
		enough := 1
		if grace == unlimited {
			enough = maxFailures
		}
		orders, failures, inTime := orderPieces(ctx, pieces, enough)
		if !inTime {
			return result, nil
		}
		// With an order for every piece, replay the whole history through the model.
		if len(failures) == 0 {
			if err := w.certify(orders); err != nil {
				return Result{}, fmt.Errorf("enisim check contradicts itself, and nothing is decided: %w; "+
					"report it with the history", err)
			}
			if undecided == nil {
				result.Verdict = Linearizable
			}
			return result, nil
		}
		// A failure counts only in the exact attempt.
		if grace != unlimited {
			continue
		}
		// Last, search the failed pieces for a contradiction that porcupine confirms.
		for _, f := range failures {
			if result.Contradiction = w.contradiction(ctx, episodes, f.piece, f.at); result.Contradiction != nil {
				result.Verdict = Violation
				return result, nil
			}
		}
	}
	return result, nil
}

// failure is a piece for which no order was found.
type failure struct {
	piece *piece
	at    *op // the operation at whose end no candidate order was left
}

// maxFailures is the number of failures that are searched for a contradiction.
const maxFailures = 100

// orderPieces searches for an order of each piece and stops after the given number of failures. It
// returns the failures in the order of time, because after the first violation the rest of a
// history is unreliable.
func orderPieces(ctx context.Context, pieces []*piece, enough int) (orders []*step, failures []failure, inTime bool) {
	for _, p := range pieces {
		last, err := p.order(ctx, maxOrdersPerPiece)
		var noOrder errNoOrder
		switch {
		case err == nil:
			orders = append(orders, last)
		case !errors.As(err, &noOrder):
			return nil, nil, false
		default:
			failures = append(failures, failure{p, noOrder.op})
		}
		if len(failures) == enough {
			break
		}
	}
	slices.SortStableFunc(failures, func(a, b failure) int { return cmp.Compare(a.at.to, b.at.to) })
	return orders, failures, true
}

// summary returns the counts of a history as text.
func summary(h *history.History) string {
	outcomes := map[history.Outcome]int{}
	for _, o := range h.Operations {
		outcomes[o.Outcome]++
	}
	text := fmt.Sprintf("%d operations (%d ok, %d refused, %d of unknown outcome) on %d interfaces and %d instances",
		len(h.Operations), outcomes[history.OK], outcomes[history.Fail], outcomes[history.Unknown], len(h.Interfaces),
		len(h.Instances))
	if len(h.Changes) == 0 {
		return text
	}
	clear(outcomes)
	for _, c := range h.Changes {
		outcomes[c.Outcome]++
	}
	return text + fmt.Sprintf(", %d changes (%d ok, %d refused, %d of unknown outcome) in %d VSwitches", len(h.Changes),
		outcomes[history.OK], outcomes[history.Fail], outcomes[history.Unknown], len(h.VSwitches))
}
