package service

import (
	"context"
	"slices"
	"time"

	"enisim/service/disturbance"
	"enisim/store"
)

// faultWork is a call that some faults match, in the lane that counts it.
type faultWork struct {
	faults []disturbance.Fault
	strike *disturbance.Fault // the answer: the fault that strikes the call; nil: none
}

// Strike counts a call for each fault that matches it, and returns the first of them that strikes
// it, or nil. The counts are in the database, so the n-th call of an account is the n-th over all
// servers. Calls that arrive while others are being counted share the next transaction.
// The decision is made before the action runs, and the action does not depend on it.
func (s *Service) Strike(
	ctx context.Context, caller Caller, call disturbance.Call, resources func() []string,
) (*disturbance.Fault, error) {
	matching := caller.Rules.FaultsOf(call, time.Now(), resources)
	if len(matching) == 0 {
		return nil, nil
	}
	work := &faultWork{faults: matching}
	account := store.ResourceID{AccountID: caller.AccountID, ID: caller.AccountID}
	err := s.faultLanes.runInLaneOf(
		store.Row{Kind: store.AccountRow, ResourceID: account}, newLaneRequest(ctx, caller.AccountID, work))
	if err != nil {
		return nil, err
	}
	return work.strike, nil
}

// countFaults numbers the calls of a batch in one transaction, one after the other, and decides
// which faults strike them.
func (s *Service) countFaults(ctx context.Context, batch []*laneRequest[*faultWork], wait bool) error {
	var ids []string
	for _, r := range batch {
		for _, f := range r.work.faults {
			ids = append(ids, f.ID)
		}
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
		for id, n := range matched {
			before[id] = n
		}
		for _, r := range batch {
			r.err, r.work.strike = nil, nil
			for i, f := range r.work.faults {
				if _, exists := matched[f.ID]; !exists { // it was deleted a moment ago
					continue
				}
				matched[f.ID]++
				if r.work.strike == nil && f.When.Strikes(matched[f.ID]) {
					r.work.strike = &r.work.faults[i]
					struck[f.ID]++
				}
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
