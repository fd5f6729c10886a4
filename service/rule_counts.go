package service

import (
	"context"
	"maps"
	"slices"

	"enisim.alt/store"
)

// countedCall is a call that matches rules which count, in the lane that numbers it.
type countedCall struct {
	ruleIDs []string // the rules that the call matches, in their order
	// numbered is called with the number of the call among those that each rule matches, from 1. A rule
	// that was deleted meanwhile has none. It returns the rule that touches the call, or "". It is pure,
	// because a batch that fails is numbered again.
	numbered func(numbers map[string]int64) (struck string)
}

// countCall numbers a call of an account for each rule that it matches. The counts are in the
// database, so the n-th call of an account is the n-th over all servers. Calls that arrive while
// others are being counted share the next transaction.
func (s *Service) countCall(ctx context.Context, accountID string, call countedCall) error {
	account := store.ResourceID{AccountID: accountID, ID: accountID}
	return s.countingLanes.runInLaneOf(
		store.Row{Kind: store.AccountRow, ResourceID: account}, newLaneRequest(ctx, accountID, call))
}

// countCalls numbers the calls of a batch in one transaction, one after the other.
func (s *Service) countCalls(ctx context.Context, batch []*laneRequest[countedCall], wait bool) error {
	var ids []string
	for _, r := range batch {
		ids = append(ids, r.work.ruleIDs...)
	}
	slices.Sort(ids)
	ids = slices.Compact(ids)
	return s.store.InTx(ctx, func(tx *store.Tx) error {
		setLockTimeout(tx, batch, wait)
		matched, err := tx.LockRuleCounts(ctx, ids)
		if err != nil {
			return err
		}
		before, struck := make(map[string]int64, len(ids)), map[string]int64{}
		maps.Copy(before, matched)
		for _, r := range batch {
			r.err = nil
			numbers := make(map[string]int64, len(r.work.ruleIDs))
			for _, id := range r.work.ruleIDs {
				if _, exists := matched[id]; exists { // otherwise it was deleted a moment ago
					matched[id]++
					numbers[id] = matched[id]
				}
			}
			if id := r.work.numbered(numbers); id != "" {
				struck[id]++
			}
		}
		for _, id := range ids {
			if n := matched[id] - before[id]; n > 0 {
				tx.AddRuleCounts(id, n, struck[id])
			}
		}
		return nil
	})
}
