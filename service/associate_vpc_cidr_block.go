package service

import (
	"context"
	"net/netip"
	"slices"
	"strings"
	"time"

	"enisim.alt/store"
)

// AssociateVPCCIDRBlockRequest is the request to add a secondary IPv4 block to a VPC.
type AssociateVPCCIDRBlockRequest struct {
	RegionID           string `api:"RegionId"`
	VPCID              string `api:"VpcId"`
	SecondaryCIDRBlock string `api:"SecondaryCidrBlock"`
	SecondaryCIDRMask  *int   `api:"SecondaryCidrMask"` // of a block from an address pool, of which there are none
	IPv6CIDRBlock      string `api:"IPv6CidrBlock|Ipv6CidrBlock"`
	IPVersion          string `api:"IpVersion"`
	IPAMPoolID         string `api:"IpamPoolId"`
	Malformed          Malformed
}

func (r AssociateVPCCIDRBlockRequest) asksForIPv6() bool {
	return r.IPv6CIDRBlock != "" || strings.EqualFold(r.IPVersion, "IPV6") && r.SecondaryCIDRBlock == ""
}

var associateVPCBlockParameterRules = []rule[AssociateVPCCIDRBlockRequest]{
	required[AssociateVPCCIDRBlockRequest]("RegionId"),
	requiredOr[AssociateVPCCIDRBlockRequest](MissingVPCID, "VpcId"),
	readable[AssociateVPCCIDRBlockRequest](),
	{err: IllegalIPVersion, violated: func(r AssociateVPCCIDRBlockRequest) bool {
		return !oneOf(strings.ToUpper(r.IPVersion), "", "IPV4", "IPV6")
	}},
	{err: IPAMNotSupported, violated: func(r AssociateVPCCIDRBlockRequest) bool {
		return r.IPAMPoolID != "" || r.SecondaryCIDRMask != nil
	}},
	{err: SecondaryBlockAndIPv6, violated: func(r AssociateVPCCIDRBlockRequest) bool {
		return r.SecondaryCIDRBlock != "" && r.IPv6CIDRBlock != ""
	}},
	{err: SecondaryIPv6NotSupported, violated: AssociateVPCCIDRBlockRequest.asksForIPv6},
	requiredOr[AssociateVPCCIDRBlockRequest](MissingSecondaryBlock, "SecondaryCidrBlock"),
	wellFormed[AssociateVPCCIDRBlockRequest](RouteCIDRBlockMalformed, "SecondaryCidrBlock", isIPv4Block),
	wellFormed[AssociateVPCCIDRBlockRequest](IllegalSecondaryBlock, "SecondaryCidrBlock", isValidSecondaryBlock),
}

func isIPv4Block(text string) bool {
	_, ok := parseIPv4Block(text)
	return ok
}

// isValidSecondaryBlock reports whether a block has a valid size, and lies in no reserved range.
func isValidSecondaryBlock(text string) bool {
	const minBits = 8
	block, _ := parseIPv4Block(text)
	return block.Bits() >= minBits && block.Bits() <= maxVPCBits && block.Addr().As4()[0] != 0 &&
		!overlapsAny(block, store.ReservedBlocks)
}

// vpcBlocksInput is a block plus the locked rows that the rules check.
type vpcBlocksInput struct {
	*store.VPCBlocksScene
	block netip.Prefix
	now   time.Time
}

var associateVPCBlockRules = []rule[vpcBlocksInput]{
	{err: BlocksVPCNotFound, violated: func(v vpcBlocksInput) bool { return v.VPC == nil }},
	{err: BlocksVPCStatus, violated: func(v vpcBlocksInput) bool {
		return v.VPC.Status(v.now) != store.NetworkAvailable
	}},
	{err: SecondaryBlockRepeated, violated: func(v vpcBlocksInput) bool {
		return overlapsAny(v.block, v.VPC.Blocks())
	}},
	{err: QuotaExceededBlocks, violated: func(v vpcBlocksInput) bool {
		return len(v.VPC.SecondaryBlocks) >= store.MaxSecondaryBlocks
	}},
}

// AssociateVPCCIDRBlock adds a secondary IPv4 block to a VPC, in which its VSwitches may lie too, and returns it.
var AssociateVPCCIDRBlock = newAction(Action[AssociateVPCCIDRBlockRequest, string]{
	permission: "vpc:AssociateVpcCidrBlock",
	parameters: associateVPCBlockParameterRules,
	refusals:   errorsOf(associateVPCBlockRules),
	run:        (*Service).associateVPCCIDRBlock,
})

func (s *Service) associateVPCCIDRBlock(
	ctx context.Context, caller Caller, req AssociateVPCCIDRBlockRequest,
) (string, error) {
	block, _ := parseIPv4Block(req.SecondaryCIDRBlock)
	err := s.store.InTx(ctx, func(tx *store.Tx) error {
		scene, err := tx.LockForVPCBlocks(ctx, caller.AccountID, req.RegionID, req.VPCID)
		if err != nil {
			return err
		}
		now := s.timeOf(caller)
		if err := check(associateVPCBlockRules, vpcBlocksInput{scene, block, now}); err != nil {
			return err
		}
		after := *scene.VPC
		after.SecondaryBlocks = append(slices.Clone(after.SecondaryBlocks), block)
		tx.UpdateVPCBlocks(after)
		return s.record(tx, caller, now, store.ChangesOf(scene.VPC, &after, now)...)
	})
	return block.String(), err
}
