package service

import (
	"context"
	"slices"

	"enisim.alt/service/disturbance"
	"enisim.alt/store"
)

// stockOf is what instances need: a type in a zone.
type stockOf struct{ region, zone, instanceType string }

// stock is what the rules of an operator leave of a type in a zone. Without rules, everything is in
// stock.
type stock []stockLimit

// stockLimit is a rule and what it leaves.
type stockLimit struct {
	id     string
	answer string
	left   int
	counts bool // whether the rule has a number of instances, from which a creation takes
}

// lockStock locks the rules that limit the stock of something, and returns what they leave. It takes
// a round trip if a rule has a number of instances, and nothing otherwise.
func lockStock(ctx context.Context, tx *store.Tx, caller Caller, of stockOf) (stock, error) {
	taken, err := lockTaken(ctx, tx, caller, of)
	return caller.stock(of, taken), err
}

// lockTaken locks the rules that limit the stock of things, and returns how much was taken of each rule.
func lockTaken(ctx context.Context, tx *store.Tx, caller Caller, things ...stockOf) (map[string]int64, error) {
	var counting []string
	for _, of := range things {
		counting = append(counting, limitedIDs(caller.Rules.StockOf(of.region, of.zone, of.instanceType))...)
	}
	if len(counting) == 0 {
		return nil, nil
	}
	slices.Sort(counting)
	return tx.LockRuleCounts(ctx, slices.Compact(counting))
}

// stock returns the stock of something after so much was taken of each rule.
func (c Caller) stock(of stockOf, taken map[string]int64) stock {
	return newStock(c.Rules.StockOf(of.region, of.zone, of.instanceType), taken)
}

// limitedIDs returns the ids of those rules that have a number of instances.
func limitedIDs(rules []disturbance.Stock) (ids []string) {
	for _, r := range rules {
		if r.Left != nil {
			ids = append(ids, r.ID)
		}
	}
	return ids
}

// newStock returns what rules leave of which so much was taken. A rule that was deleted meanwhile
// is missing among the counts.
func newStock(rules []disturbance.Stock, taken map[string]int64) (out stock) {
	for _, r := range rules {
		limit := stockLimit{id: r.ID, answer: r.Answer}
		if limit.answer == "" {
			limit.answer = disturbance.AnswerNoStock
		}
		if r.Left != nil {
			n, exists := taken[r.ID]
			if !exists {
				continue
			}
			limit.left, limit.counts = max(*r.Left-int(n), 0), true
		}
		out = append(out, limit)
	}
	return out
}

// limit returns how many of n instances are in stock.
func (s stock) limit(n int) int {
	for _, l := range s {
		n = min(n, l.left)
	}
	return n
}

// refusal returns the code that answers a request for n instances, or "" if they are in stock.
func (s stock) refusal(n int) string {
	for _, l := range s {
		if l.left < n {
			return l.answer
		}
	}
	return ""
}

// take queues the writes that take n instances from the locked rules.
func (s stock) take(tx *store.Tx, n int) {
	for _, l := range s {
		if l.counts {
			tx.AddRuleCounts(l.id, int64(n), int64(n))
		}
	}
}

// addTo adds n instances to what was taken of the rules.
func (s stock) addTo(taken map[string]int64, n int) {
	for _, l := range s {
		if l.counts {
			taken[l.id] += int64(n)
		}
	}
}

// stockRules return the rules that refuse instances which are not in stock, for requests that answer
// each of the codes.
func stockRules[T any](of func(T) (stock, int)) []rule[T] {
	answering := func(code string) func(T) bool {
		return func(t T) bool { s, n := of(t); return s.refusal(n) == code }
	}
	return []rule[T]{
		{err: OperationDeniedNoStock, violated: answering(disturbance.AnswerNoStock)},
		{err: ZoneNotOnSale, violated: answering(disturbance.AnswerNotOnSale)},
		{err: ResourceTypeNotSupported, violated: answering(disturbance.AnswerTypeNotSupported)},
	}
}

// isSoldOut is violated by a request for one instance that is not in stock. It is for actions whose
// pages have only one of the codes.
func isSoldOut(s stock) bool { return s.refusal(1) != "" }
