package service

import (
	"context"
	"time"

	"enisim.alt/store"
)

// ReleaseEIPAddressRequest is the request to give up an EIP.
type ReleaseEIPAddressRequest struct {
	RegionID     string `api:"RegionId"`
	AllocationID string `api:"AllocationId"`
}

var releaseEIPParameterRules = []rule[ReleaseEIPAddressRequest]{
	required[ReleaseEIPAddressRequest]("AllocationId"),
}

var releaseEIPRules = []rule[*store.DescribedEIP]{
	{err: InvalidEIPNotFound, violated: func(e *store.DescribedEIP) bool { return e == nil }},
	{err: IncorrectEIPStatus, violated: func(e *store.DescribedEIP) bool { return e.Status != store.EIPAvailable }},
}

// ReleaseEIPAddress gives up an EIP that is associated with nothing. It is gone at once.
var ReleaseEIPAddress = newAction(Action[ReleaseEIPAddressRequest, Empty]{
	permission: "vpc:ReleaseEipAddress",
	parameters: releaseEIPParameterRules,
	refusals:   errorsOf(releaseEIPRules),
	run:        answerless((*Service).releaseEIPAddress),
})

func (s *Service) releaseEIPAddress(ctx context.Context, caller Caller, req ReleaseEIPAddressRequest) error {
	return s.store.InTx(ctx, func(tx *store.Tx) error {
		eip, err := tx.LockForReleaseEIP(ctx, caller.AccountID, req.RegionID, req.AllocationID)
		if err != nil {
			return err
		}
		now := s.timeOf(caller)
		eip = settledEIP(eip, now)
		if err := check(releaseEIPRules, eip); err != nil {
			return err
		}
		tx.DeleteEIP(eip.EIP)
		return s.record(tx, caller, now, store.ChangesOf(eip, nil, now)...)
	})
}

// settledEIP is Settled for an EIP that may be nil.
func settledEIP(e *store.DescribedEIP, now time.Time) *store.DescribedEIP {
	if e == nil {
		return nil
	}
	return new(e.Settled(now))
}
