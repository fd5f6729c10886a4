package check

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"enisim/cmd/enisim/history"
)

// Verdict is what was decided.
type Verdict int

// The verdicts.
const (
	Linearizable Verdict = iota
	Violation
	Undecided
)

// Result is a verdict and what it rests on.
type Result struct {
	Verdict       Verdict
	Summary       string         // what the history holds, in words
	Pieces        int            // that were decided by themselves
	Contradiction *Contradiction // of a Violation
}

// patience with unknown operations (see episodes), from one attempt to the next. The last one is exact.
var patience = []int{0, 1, 8, forever}

// widest is how many ways of one piece are followed at once at most.
const widest = 2000

// Rules are what a server was asked to do otherwise.
type Rules struct {
	AcceptRepeats bool // an attach to the instance that has the interface, and a detach of one that is on none, succeed and change nothing
}

// Check decides whether a history is linearizable. An error says that the history cannot be judged; running out of ctx is Undecided.
//
// Neither verdict rests on how it was found: an order of the whole history is replayed through the model, and a contradiction is what porcupine has found
// to be one.
func Check(ctx context.Context, h *history.History, rules Rules) (Result, error) {
	w, err := compile(h, rules)
	if err != nil {
		return Result{}, err
	}
	attempts := patience
	if !slices.ContainsFunc(w.ops, func(o op) bool { return o.maybe }) {
		attempts = []int{forever}
	}
	result := Result{Summary: summary(h), Verdict: Undecided}
	for _, patience := range attempts {
		episodes := w.episodes(patience)
		pieces := w.pieces(episodes)
		result.Pieces = len(pieces)
		enough := 1
		if patience == forever {
			enough = manyFailures
		}
		orders, failures, inTime := inOrder(ctx, pieces, enough)
		if !inTime {
			return result, nil
		}
		if len(failures) == 0 {
			if err := w.certify(orders); err != nil {
				return Result{}, fmt.Errorf("enisim check contradicts itself, and nothing is decided: %w; report it with the history", err)
			}
			result.Verdict = Linearizable
			return result, nil
		}
		if patience != forever {
			continue
		}
		for _, f := range failures {
			if result.Contradiction = w.contradiction(ctx, episodes, f.piece, f.at); result.Contradiction != nil {
				result.Verdict = Violation
				return result, nil
			}
		}
	}
	return result, nil
}

// failure is a piece that has no order, or for which none was found.
type failure struct {
	piece *piece
	at    *op // at whose end all orders fail
}

// manyFailures are enough to look for a contradiction in.
const manyFailures = 100

// inOrder finds an order of each piece, until enough have none. Failures come in the order of time: where a history goes wrong, what follows is in doubt as well.
func inOrder(ctx context.Context, pieces []*piece, enough int) (orders []*step, failures []failure, inTime bool) {
	for _, p := range pieces {
		last, err := p.order(ctx, widest)
		var stuck errStuck
		switch {
		case err == nil:
			orders = append(orders, last)
		case !errors.As(err, &stuck):
			return nil, nil, false
		default:
			failures = append(failures, failure{p, stuck.op})
		}
		if len(failures) == enough {
			break
		}
	}
	slices.SortStableFunc(failures, func(a, b failure) int { return cmp.Compare(a.at.to, b.at.to) })
	return orders, failures, true
}

// summary counts what a history holds.
func summary(h *history.History) string {
	outcomes := map[history.Outcome]int{}
	for _, o := range h.Operations {
		outcomes[o.Outcome]++
	}
	return fmt.Sprintf("%d operations (%d ok, %d refused, %d of unknown outcome) on %d interfaces and %d instances",
		len(h.Operations), outcomes[history.OK], outcomes[history.Fail], outcomes[history.Unknown], len(h.Interfaces), len(h.Instances))
}
