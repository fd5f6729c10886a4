package service

import (
	"context"
	"net/netip"
	"slices"
	"time"

	"enisim.alt/service/disturbance"
	"enisim.alt/store"
)

// CreateVSwitchRequest is the request for a new VSwitch, with a named block or with the size of
// one.
type CreateVSwitchRequest struct {
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

// maxVSwitches is how many VSwitches a VPC may have.
const maxVSwitches = 150

var createVSwitchParameterRules = slices.Concat(
	[]rule[CreateVSwitchRequest]{
		required[CreateVSwitchRequest]("ZoneId"),
		required[CreateVSwitchRequest]("VpcId"),
		readable[CreateVSwitchRequest](),
		{
			err:         MissingNamedParameter,
			violated:    func(r CreateVSwitchRequest) bool { return r.CIDRBlock == "" && r.CIDRMask == nil },
			messageArgs: nameArg[CreateVSwitchRequest]("CidrBlock"),
		},
		invalid("CidrMask", func(r CreateVSwitchRequest) bool { return r.CIDRBlock != "" && r.CIDRMask != nil }),
		within[CreateVSwitchRequest]("CidrMask", minIPv4BlockBits, maxVSwitchBits),
		wellFormed[CreateVSwitchRequest](InvalidCIDRBlockMalformed, "CidrBlock",
			func(text string) bool {
				_, ok := parseIPv4Block(text)
				return ok
			},
		),
		wellFormed[CreateVSwitchRequest](InvalidVSwitchCIDRBlock, "CidrBlock",
			func(text string) bool {
				block, _ := parseIPv4Block(text)
				return block.Bits() >= minIPv4BlockBits && block.Bits() <= maxVSwitchBits &&
					!overlapsAny(block, store.ReservedBlocks)
			},
		),
		within[CreateVSwitchRequest]("Ipv6CidrBlock", 0, 255),
	},
	vpcTextRules[CreateVSwitchRequest]("VSwitchName"),
	vpcTagRules[CreateVSwitchRequest](),
	[]rule[CreateVSwitchRequest]{
		wellFormed[CreateVSwitchRequest](InvalidClientTokenValue, "ClientToken", isValidClientToken),
	},
)

// createVSwitchInput is the request plus the locked rows that its rules check.
type createVSwitchInput struct {
	CreateVSwitchRequest
	*store.CreateVSwitchScene
	now time.Time
}

// bits returns the prefix length of the VSwitch's block.
func (n createVSwitchInput) bits() int {
	if n.CIDRMask != nil {
		return *n.CIDRMask
	}
	block, _ := parseIPv4Block(n.CIDRBlock)
	return block.Bits()
}

// block returns the block for the VSwitch: the named one, or the first free one of its size. free
// is false if another VSwitch overlaps it, or if the destination of a custom route entry lies in it.
func (n createVSwitchInput) block() (block netip.Prefix, free bool) {
	taken := ipv4Blocks(n.Siblings)
	if n.CIDRMask != nil {
		within := slices.DeleteFunc(slices.Clone(n.Destinations), func(destination netip.Prefix) bool {
			return destination.Bits() < *n.CIDRMask // it does not lie in the block
		})
		taken = slices.Concat(taken, store.ReservedBlocks, within)
		for _, outer := range n.VPC.Blocks() {
			if block, free = firstFreeBlock(outer, *n.CIDRMask, taken); free && isWithin(block, outer) {
				return block, true
			}
		}
		return block, false
	}
	block, _ = parseIPv4Block(n.CIDRBlock)
	return block, !overlapsAny(block, taken) &&
		!slices.ContainsFunc(n.Destinations, func(to netip.Prefix) bool { return isWithin(to, block) })
}

// ipv6Block returns the IPv6 block for the VSwitch, or nil for none.
func (n createVSwitchInput) ipv6Block() *netip.Prefix {
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

// ipv6Blocks returns the IPv6 blocks of VSwitches, except the one with the id without.
func ipv6Blocks(vswitches []store.VSwitch, without string) []netip.Prefix {
	var blocks []netip.Prefix
	for _, v := range vswitches {
		if v.IPv6CIDRBlock != nil && v.ID != without {
			blocks = append(blocks, *v.IPv6CIDRBlock)
		}
	}
	return blocks
}

// lacksSubnet reports whether a VPC's IPv6 block has no /64 with the given number.
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

var createVSwitchRules = []rule[createVSwitchInput]{
	{err: InvalidVpcIDNotFound, violated: func(n createVSwitchInput) bool { return n.VPC == nil }},
	{err: ZoneNotExist, violated: func(n createVSwitchInput) bool { return !n.ZoneKnown }},
	{
		err:      IncorrectVpcStatus,
		violated: func(n createVSwitchInput) bool { return n.VPC.Status(n.now) != store.NetworkAvailable },
	},
	{err: InvalidVSwitchCIDRBlock, violated: func(n createVSwitchInput) bool {
		named, _ := parseIPv4Block(n.CIDRBlock)
		return !slices.ContainsFunc(n.VPC.Blocks(), func(outer netip.Prefix) bool {
			return n.bits() >= outer.Bits() && (n.CIDRBlock == "" || isWithin(named, outer))
		})
	}},
	invalid(
		"Ipv6CidrBlock",
		func(n createVSwitchInput) bool { return lacksSubnet(n.VPC.IPv6CIDRBlock, n.IPv6CIDRBlock) },
	),
	{err: InvalidCIDRBlockOverlapped, violated: func(n createVSwitchInput) bool { _, free := n.block(); return !free }},
	{err: InvalidCIDRBlockOverlapped, violated: func(n createVSwitchInput) bool {
		block := n.ipv6Block()
		return block != nil && overlapsAny(*block, ipv6Blocks(n.Siblings, ""))
	}},
	{err: QuotaExceededVSwitch, violated: func(n createVSwitchInput) bool { return len(n.Siblings) >= maxVSwitches }},
}

// CreateVSwitch creates a VSwitch in a VPC and returns its id. It is Pending, and Available after
// the create delay. Its resource group is the VPC's.
var CreateVSwitch = newAction(Action[CreateVSwitchRequest, string]{
	permission: "vpc:CreateVSwitch",
	parameters: createVSwitchParameterRules,
	refusals:   errorsOf(createVSwitchRules),
	write:      (*Service).createVSwitch,
	creates:    true,
	begins:     []string{disturbance.Pending},
})

func (s *Service) createVSwitch(
	ctx context.Context, tx *store.Tx, caller Caller, req CreateVSwitchRequest,
) (string, error) {
	scene, err := tx.LockForCreateVSwitch(ctx, caller.AccountID, req.RegionID, req.VPCID, req.ZoneID)
	if err != nil {
		return "", err
	}
	input := createVSwitchInput{req, scene, s.timeOf(caller)}
	if err := check(createVSwitchRules, input); err != nil {
		return "", err
	}
	block, _ := input.block()
	id := s.newID("vsw-", scene.VPC.RegionID)
	vswitch := store.VSwitch{
		AccountID:       caller.AccountID,
		ID:              id,
		VPCID:           scene.VPC.ID,
		RegionID:        scene.VPC.RegionID,
		ZoneID:          req.ZoneID,
		CIDRBlock:       block,
		IPv6CIDRBlock:   input.ipv6Block(),
		Name:            req.VSwitchName,
		Description:     req.Description,
		ResourceGroupID: scene.VPC.ResourceGroupID,
		Tags:            tagMap(req.Tags),
		CreatedAt:       input.now,
		AvailableAt:     s.availableAt(caller, id, input.now),
	}
	tx.InsertVSwitch(vswitch)
	return id, s.recordCreation(
		tx, caller, input.now, store.ChangesOf(nil, &vswitch, input.now), id, vswitch.Tags)
}
