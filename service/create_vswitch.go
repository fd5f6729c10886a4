package service

import (
	"context"
	"net/netip"
	"slices"
	"time"

	"enisim/store"
)

// CreateVSwitch is the request for a new VSwitch, with a block that it names or with one of a size.
type CreateVSwitch struct {
	RegionID      string `api:"RegionId"`
	ZoneID        string `api:"ZoneId"`
	VPCID         string `api:"VpcId"`
	CIDRBlock     string `api:"CidrBlock"`
	CIDRMask      *int   `api:"CidrMask"`
	VSwitchName   string
	Description   string
	IPv6CIDRBlock *int  `api:"Ipv6CidrBlock"` // which /64 of the VPC's IPv6 block
	Tags          []Tag `api:"Tag"`
	ClientToken   string
	Malformed     Malformed
}

// mostVSwitches is how many VSwitches a VPC may have.
const mostVSwitches = 150

var createVSwitchParameterRules = slices.Concat([]rule[CreateVSwitch]{
	required("ZoneId", func(r CreateVSwitch) string { return r.ZoneID }),
	required("VpcId", func(r CreateVSwitch) string { return r.VPCID }),
	readable(func(r CreateVSwitch) Malformed { return r.Malformed }),
	{err: MissingNamedParameter, broken: func(r CreateVSwitch) bool { return r.CIDRBlock == "" && r.CIDRMask == nil },
		fill: named[CreateVSwitch]("CidrBlock")},
	invalid("CidrMask", func(r CreateVSwitch) bool { return r.CIDRBlock != "" && r.CIDRMask != nil }),
	within("CidrMask", largestBlock, smallestVSwitch, func(r CreateVSwitch) *int { return r.CIDRMask }),
	wellFormed(InvalidCIDRBlockMalformed, func(r CreateVSwitch) string { return r.CIDRBlock }, func(text string) bool {
		_, ok := ipv4Block(text)
		return ok
	}),
	wellFormed(InvalidVSwitchCIDRBlock, func(r CreateVSwitch) string { return r.CIDRBlock }, func(text string) bool {
		block, _ := ipv4Block(text)
		return block.Bits() >= largestBlock && block.Bits() <= smallestVSwitch && !overlapsAny(block, store.ReservedBlocks)
	}),
	within("Ipv6CidrBlock", 0, 255, func(r CreateVSwitch) *int { return r.IPv6CIDRBlock }),
},
	goodVPCTexts(func(r CreateVSwitch) string { return r.VSwitchName }, func(r CreateVSwitch) string { return r.Description }),
	goodVPCTags(func(r CreateVSwitch) []Tag { return r.Tags }),
	[]rule[CreateVSwitch]{wellFormed(InvalidClientTokenValue, func(r CreateVSwitch) string { return r.ClientToken }, goodClientToken)},
)

// newVSwitch is what a creation is decided on.
type newVSwitch struct {
	CreateVSwitch
	*store.CreateVSwitchScene
	now time.Time
}

// bits is how large the VSwitch is to be.
func (n newVSwitch) bits() int {
	if n.CIDRMask != nil {
		return *n.CIDRMask
	}
	block, _ := ipv4Block(n.CIDRBlock)
	return block.Bits()
}

// block is the block that the VSwitch gets: the one named, or the first of its size that is free. It is not free when others have a part of it.
func (n newVSwitch) block() (block netip.Prefix, free bool) {
	taken := ipv4Blocks(n.Siblings)
	if n.CIDRMask != nil {
		return firstFree(n.VPC.CIDRBlock, *n.CIDRMask, slices.Concat(taken, store.ReservedBlocks))
	}
	block, _ = ipv4Block(n.CIDRBlock)
	return block, !overlapsAny(block, taken)
}

// ipv6Block is the IPv6 block that the VSwitch gets; nil for none.
func (n newVSwitch) ipv6Block() *netip.Prefix {
	if n.IPv6CIDRBlock == nil {
		return nil
	}
	block, _ := ipv6Subnet(*n.VPC.IPv6CIDRBlock, *n.IPv6CIDRBlock)
	return &block
}

func ipv4Blocks(vswitches []store.VSwitch) []netip.Prefix {
	var blocks []netip.Prefix
	for _, v := range vswitches {
		blocks = append(blocks, v.CIDRBlock)
	}
	return blocks
}

// ipv6Blocks are the IPv6 blocks of VSwitches, without the one of an id.
func ipv6Blocks(vswitches []store.VSwitch, without string) []netip.Prefix {
	var blocks []netip.Prefix
	for _, v := range vswitches {
		if v.IPv6CIDRBlock != nil && v.ID != without {
			blocks = append(blocks, *v.IPv6CIDRBlock)
		}
	}
	return blocks
}

// lacksSubnet tells whether a VPC's IPv6 block has no part of a number.
func lacksSubnet(block *netip.Prefix, number *int) bool {
	if number == nil {
		return false
	}
	if block == nil {
		return true
	}
	_, ok := ipv6Subnet(*block, *number)
	return !ok
}

var createVSwitchRules = []rule[newVSwitch]{
	{err: InvalidVpcIDNotFound, broken: func(n newVSwitch) bool { return n.VPC == nil }},
	{err: ZoneNotExist, broken: func(n newVSwitch) bool { return !n.ZoneKnown }},
	{err: IncorrectVpcStatus, broken: func(n newVSwitch) bool { return n.VPC.Status(n.now) != store.NetworkAvailable }},
	{err: InvalidVSwitchCIDRBlock, broken: func(n newVSwitch) bool {
		block, _ := n.block()
		return n.bits() < n.VPC.CIDRBlock.Bits() || (n.CIDRBlock != "" && !liesIn(block, n.VPC.CIDRBlock))
	}},
	invalid("Ipv6CidrBlock", func(n newVSwitch) bool { return lacksSubnet(n.VPC.IPv6CIDRBlock, n.IPv6CIDRBlock) }),
	{err: InvalidCIDRBlockOverlapped, broken: func(n newVSwitch) bool { _, free := n.block(); return !free }},
	{err: InvalidCIDRBlockOverlapped, broken: func(n newVSwitch) bool {
		block := n.ipv6Block()
		return block != nil && overlapsAny(*block, ipv6Blocks(n.Siblings, ""))
	}},
	{err: QuotaExceededVSwitch, broken: func(n newVSwitch) bool { return len(n.Siblings) >= mostVSwitches }},
}

// CreateVSwitch creates a VSwitch in a VPC and answers its id. It is Pending, and Available after the create delay. Its resource group is the VPC's.
func (s *Service) CreateVSwitch(ctx context.Context, caller Caller, req CreateVSwitch) (string, error) {
	if err := check(createVSwitchParameterRules, req); err != nil {
		return "", err
	}
	if err := s.admit(ctx, caller, "vpc:CreateVSwitch", req.RegionID); err != nil {
		return "", err
	}
	return once(ctx, s, caller, idempotent{"CreateVSwitch", req.ClientToken, req}, func(tx *store.Tx) (string, error) {
		scene, err := tx.LockForCreateVSwitch(ctx, caller.AccountID, req.RegionID, req.VPCID, req.ZoneID)
		if err != nil {
			return "", err
		}
		vswitch := newVSwitch{req, scene, s.moment()}
		if err := check(createVSwitchRules, vswitch); err != nil {
			return "", err
		}
		block, _ := vswitch.block()
		id := s.newID("vsw-", scene.VPC.RegionID)
		tx.InsertVSwitch(store.VSwitch{
			AccountID:       caller.AccountID,
			ID:              id,
			VPCID:           scene.VPC.ID,
			RegionID:        scene.VPC.RegionID,
			ZoneID:          req.ZoneID,
			CIDRBlock:       block,
			IPv6CIDRBlock:   vswitch.ipv6Block(),
			Name:            req.VSwitchName,
			Description:     req.Description,
			ResourceGroupID: scene.VPC.ResourceGroupID,
			Tags:            tagMap(req.Tags),
			CreatedAt:       vswitch.now,
			AvailableAt:     s.availableAt(vswitch.now),
		})
		return id, nil
	})
}
