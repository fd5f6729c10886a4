package service

import (
	"context"
	"slices"

	"enisim.alt/store"
)

// ModifyEIPAddressAttributeRequest is the request to change an EIP. Attributes that are empty or absent
// stay unchanged.
type ModifyEIPAddressAttributeRequest struct {
	RegionID     string `api:"RegionId"`
	AllocationID string `api:"AllocationId"`
	Bandwidth    *int   // Mbit/s
	Name         string
	Description  string
	Malformed    Malformed
}

var modifyEIPParameterRules = slices.Concat([]rule[ModifyEIPAddressAttributeRequest]{
	required[ModifyEIPAddressAttributeRequest]("AllocationId"),
	readable[ModifyEIPAddressAttributeRequest](),
}, eipTextRules[ModifyEIPAddressAttributeRequest]())

// modifyEIPInput is the request plus the locked EIP that its rules check.
type modifyEIPInput struct {
	ModifyEIPAddressAttributeRequest
	eip *store.DescribedEIP
}

var modifyEIPRules = []rule[modifyEIPInput]{
	{err: InvalidEIPNotFound, violated: func(m modifyEIPInput) bool { return m.eip == nil }},
	{err: IncorrectEIPStatus, violated: func(m modifyEIPInput) bool {
		return !oneOf(m.eip.Status, store.EIPAvailable, store.EIPInUse)
	}},
	{err: InvalidEIPBandwidth, violated: func(m modifyEIPInput) bool {
		return m.Bandwidth != nil &&
			(*m.Bandwidth < 1 || *m.Bandwidth > maxEIPBandwidth(m.eip.Attributes.InternetChargeType))
	}},
}

// ModifyEIPAddressAttribute changes the name, the description and the bandwidth of an EIP.
var ModifyEIPAddressAttribute = newAction(Action[ModifyEIPAddressAttributeRequest, Empty]{
	permission: "vpc:ModifyEipAddressAttribute",
	parameters: modifyEIPParameterRules,
	refusals:   errorsOf(modifyEIPRules),
	run:        answerless((*Service).modifyEIPAddressAttribute),
})

func (s *Service) modifyEIPAddressAttribute(
	ctx context.Context, caller Caller, req ModifyEIPAddressAttributeRequest,
) error {
	return s.store.InTx(ctx, func(tx *store.Tx) error {
		eip, err := tx.LockEIP(ctx, caller.AccountID, req.RegionID, req.AllocationID)
		if err != nil {
			return err
		}
		now := s.timeOf(caller)
		eip = settledEIP(eip, now)
		if err := check(modifyEIPRules, modifyEIPInput{req, eip}); err != nil {
			return err
		}
		after := *eip
		if req.Name != "" {
			after.Name = req.Name
		}
		if req.Description != "" {
			after.Description = req.Description
		}
		if req.Bandwidth != nil {
			after.Bandwidth = *req.Bandwidth
		}
		tx.UpdateEIP(after.EIP)
		return s.record(tx, caller, now, store.ChangesOf(eip, &after, now)...)
	})
}
