package service

import (
	"context"
	"slices"
	"time"

	"enisim.alt/store"
)

// ModifyVPCAttributeRequest is the request to change a VPC. Attributes that are empty or absent
// stay unchanged.
type ModifyVPCAttributeRequest struct {
	RegionID      string `api:"RegionId"`
	VPCID         string `api:"VpcId"`
	VPCName       string `api:"VpcName"`
	Description   string
	EnableIPv6    *bool  `api:"EnableIPv6"`
	IPv6CIDRBlock string `api:"Ipv6CidrBlock"`
	Malformed     Malformed
}

var modifyVPCParameterRules = slices.Concat([]rule[ModifyVPCAttributeRequest]{
	required[ModifyVPCAttributeRequest]("VpcId"),
	readable[ModifyVPCAttributeRequest](),
	invalid(
		"Ipv6CidrBlock",
		func(r ModifyVPCAttributeRequest) bool { return isInvalidIPv6Request(r.EnableIPv6, r.IPv6CIDRBlock) },
	),
}, vpcTextRules[ModifyVPCAttributeRequest]("VpcName"))

// modifyVPCInput is the request plus the locked rows that its rules check.
type modifyVPCInput struct {
	ModifyVPCAttributeRequest
	*store.ModifyVPCScene
	now time.Time
}

var modifyVPCRules = []rule[modifyVPCInput]{
	{err: InvalidVpcIDNotFound, violated: func(c modifyVPCInput) bool { return c.VPC == nil }},
	{
		err:      IncorrectVpcStatus,
		violated: func(c modifyVPCInput) bool { return c.VPC.Status(c.now) != store.NetworkAvailable },
	},
	// The IPv6 block of a VPC cannot be replaced by another one.
	invalid("Ipv6CidrBlock", func(c modifyVPCInput) bool {
		named, _ := parseIPv6Block(c.IPv6CIDRBlock)
		return c.IPv6CIDRBlock != "" && c.VPC.IPv6CIDRBlock != nil && *c.VPC.IPv6CIDRBlock != named
	}),
	{
		err:      VPCHasVSwitches,
		violated: func(c modifyVPCInput) bool { return isFalse(c.EnableIPv6) && c.IPv6HasVSwitches },
	},
}

// ModifyVPCAttribute changes the name and the description of a VPC, and adds or removes its IPv6
// block.
var ModifyVPCAttribute = newAction(Action[ModifyVPCAttributeRequest, Empty]{
	permission: "vpc:ModifyVpcAttribute",
	parameters: modifyVPCParameterRules,
	refusals:   errorsOf(modifyVPCRules),
	run:        answerless((*Service).modifyVPCAttribute),
})

func (s *Service) modifyVPCAttribute(ctx context.Context, caller Caller, req ModifyVPCAttributeRequest) error {
	return s.store.InTx(ctx, func(tx *store.Tx) error {
		scene, err := tx.LockForModifyVPC(ctx, caller.AccountID, req.RegionID, req.VPCID)
		if err != nil {
			return err
		}
		now := s.timeOf(caller)
		if err := check(modifyVPCRules, modifyVPCInput{req, scene, now}); err != nil {
			return err
		}
		vpc := *scene.VPC
		if req.VPCName != "" {
			vpc.Name = req.VPCName
		}
		if req.Description != "" {
			vpc.Description = req.Description
		}
		switch {
		case isFalse(req.EnableIPv6):
			vpc.IPv6CIDRBlock = nil
		case vpc.IPv6CIDRBlock == nil:
			vpc.IPv6CIDRBlock = s.ipv6BlockFor(req.EnableIPv6, req.IPv6CIDRBlock)
		}
		tx.UpdateVPC(&vpc)
		return s.record(tx, caller, now, store.ChangesOf(scene.VPC, &vpc, now)...)
	})
}
