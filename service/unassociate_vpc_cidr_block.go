package service

import (
	"context"
	"net/netip"
	"slices"

	"enisim.alt/store"
)

// UnassociateVPCCIDRBlockRequest is the request to take a secondary IPv4 block from a VPC.
type UnassociateVPCCIDRBlockRequest struct {
	RegionID           string `api:"RegionId"`
	VPCID              string `api:"VpcId"`
	SecondaryCIDRBlock string `api:"SecondaryCidrBlock"`
	IPv6CIDRBlock      string `api:"IPv6CidrBlock|Ipv6CidrBlock"`
}

var unassociateVPCBlockParameterRules = []rule[UnassociateVPCCIDRBlockRequest]{
	required[UnassociateVPCCIDRBlockRequest]("RegionId"),
	requiredOr[UnassociateVPCCIDRBlockRequest](MissingVPCID, "VpcId"),
	{err: SecondaryBlockAndIPv6, violated: func(r UnassociateVPCCIDRBlockRequest) bool {
		return r.SecondaryCIDRBlock != "" && r.IPv6CIDRBlock != ""
	}},
	{err: SecondaryIPv6NotSupported, violated: func(r UnassociateVPCCIDRBlockRequest) bool {
		return r.IPv6CIDRBlock != ""
	}},
	requiredOr[UnassociateVPCCIDRBlockRequest](MissingSecondaryBlock, "SecondaryCidrBlock"),
	wellFormed[UnassociateVPCCIDRBlockRequest](RouteCIDRBlockMalformed, "SecondaryCidrBlock", isIPv4Block),
}

var unassociateVPCBlockRules = []rule[vpcBlocksInput]{
	{err: BlocksVPCNotFound, violated: func(v vpcBlocksInput) bool { return v.VPC == nil }},
	{err: BlocksVPCStatus, violated: func(v vpcBlocksInput) bool {
		return v.VPC.Status(v.now) != store.NetworkAvailable
	}},
	{err: SecondaryBlockNotFound, violated: func(v vpcBlocksInput) bool {
		return !slices.Contains(v.VPC.SecondaryBlocks, v.block)
	}},
	{err: SecondaryBlockInUse, violated: func(v vpcBlocksInput) bool { return overlapsAny(v.block, v.Blocks) }},
}

// UnassociateVPCCIDRBlock takes a secondary IPv4 block, in which no VSwitch lies, from a VPC.
var UnassociateVPCCIDRBlock = newAction(Action[UnassociateVPCCIDRBlockRequest, Empty]{
	permission: "vpc:UnassociateVpcCidrBlock",
	parameters: unassociateVPCBlockParameterRules,
	refusals:   errorsOf(unassociateVPCBlockRules),
	run:        answerless((*Service).unassociateVPCCIDRBlock),
})

func (s *Service) unassociateVPCCIDRBlock(
	ctx context.Context, caller Caller, req UnassociateVPCCIDRBlockRequest,
) error {
	block, _ := parseIPv4Block(req.SecondaryCIDRBlock)
	return s.store.InTx(ctx, func(tx *store.Tx) error {
		scene, err := tx.LockForVPCBlocks(ctx, caller.AccountID, req.RegionID, req.VPCID)
		if err != nil {
			return err
		}
		now := s.timeOf(caller)
		if err := check(unassociateVPCBlockRules, vpcBlocksInput{scene, block, now}); err != nil {
			return err
		}
		after := *scene.VPC
		after.SecondaryBlocks = slices.DeleteFunc(slices.Clone(after.SecondaryBlocks),
			func(other netip.Prefix) bool { return other == block })
		tx.UpdateVPCBlocks(after)
		return s.record(tx, caller, now, store.ChangesOf(scene.VPC, &after, now)...)
	})
}
