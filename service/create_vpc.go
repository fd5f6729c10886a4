package service

import (
	"context"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"enisim.alt/service/disturbance"
	"enisim.alt/store"
)

// CreateVPCRequest is the request for a new VPC. An IPv6 block asks for IPv6. EnableIpv6 alone asks
// for an IPv6 block of the cloud's choice.
type CreateVPCRequest struct {
	RegionID        string `api:"RegionId"`
	CIDRBlock       string `api:"CidrBlock"`
	VPCName         string `api:"VpcName"`
	Description     string
	EnableIPv6      *bool  `api:"EnableIpv6"`
	IPv6CIDRBlock   string `api:"Ipv6CidrBlock"`
	UserCIDR        string `api:"UserCidr"` // blocks, separated by commas
	ResourceGroupID string `api:"ResourceGroupId"`
	Tags            []Tag  `api:"Tag"`
	DryRun          *bool
	ClientToken     string
	Malformed       Malformed
}

// CreatedVPC is the answer to CreateVPC.
type CreatedVPC struct {
	VPCID, VRouterID, RouteTableID, ResourceGroupID string
}

// defaultVPCBlock is the block of a VPC whose creator names none.
const defaultVPCBlock = "172.16.0.0/12"

// maxUserBlocks is how many user CIDR blocks a VPC may have.
const maxUserBlocks = 3

// block returns the block for the VPC.
func (r CreateVPCRequest) block() (netip.Prefix, bool) {
	if r.CIDRBlock == "" {
		return netip.MustParsePrefix(defaultVPCBlock), true
	}
	return parseIPv4Block(r.CIDRBlock)
}

func (r CreateVPCRequest) userBlocks() []string {
	if r.UserCIDR == "" {
		return nil
	}
	return strings.Split(r.UserCIDR, ",")
}

var createVPCParameterRules = slices.Concat(
	[]rule[CreateVPCRequest]{
		required[CreateVPCRequest]("RegionId"),
		readable[CreateVPCRequest](),
		{err: InvalidVPCCIDRBlock, violated: func(r CreateVPCRequest) bool { _, ok := r.block(); return !ok }},
		{
			err:      IllegalCIDRBlockMask,
			violated: func(r CreateVPCRequest) bool { block, _ := r.block(); return !isValidVPCMask(block) },
			messageArgs: func(r CreateVPCRequest) []any {
				block, _ := r.block()
				return []any{strconv.Itoa(block.Bits())}
			},
		},
		{
			err: InvalidVPCCIDRBlock,
			violated: func(r CreateVPCRequest) bool {
				block, _ := r.block()
				return overlapsAny(block, store.ReservedBlocks)
			},
		},
		invalid("UserCidr", func(r CreateVPCRequest) bool {
			return len(r.userBlocks()) > maxUserBlocks || slices.ContainsFunc(r.userBlocks(), func(text string) bool {
				_, ok := parseIPv4Block(text)
				return !ok
			})
		}),
		invalid("Ipv6CidrBlock", func(r CreateVPCRequest) bool {
			return isInvalidIPv6Request(r.EnableIPv6, r.IPv6CIDRBlock)
		}),
	},
	vpcTextRules[CreateVPCRequest]("VpcName"),
	vpcTagRules[CreateVPCRequest](),
	[]rule[CreateVPCRequest]{
		wellFormed[CreateVPCRequest](InvalidClientTokenValue, "ClientToken", isValidClientToken),
	},
)

// isInvalidIPv6Request reports whether the named block is not valid for a VPC, or is named although
// IPv6 is refused.
func isInvalidIPv6Request(enable *bool, block string) bool {
	_, ok := parseIPv6Block(block)
	return block != "" && (!ok || isFalse(enable))
}

// ipv6BlockFor returns the IPv6 block for a valid request: the named one, a random one, or nil for
// none.
func (s *Service) ipv6BlockFor(enable *bool, named string) *netip.Prefix {
	switch {
	case named != "":
		block, _ := parseIPv6Block(named)
		return &block
	case isTrue(enable):
		return new(s.newIPv6Block())
	}
	return nil
}

// CreateVPC creates a VPC, with its vRouter and its system route table. It is Pending, and
// Available after the create delay. A DryRun request that would succeed gets the error
// DryRunOperation.
var CreateVPC = newAction(Action[CreateVPCRequest, CreatedVPC]{
	permission: "vpc:CreateVpc",
	parameters: createVPCParameterRules,
	refusals:   errorsOf(dryRunRules),
	write:      (*Service).createVPC,
	begins:     []string{disturbance.Pending},
})

func (s *Service) createVPC(
	ctx context.Context, tx *store.Tx, caller Caller, req CreateVPCRequest,
) (CreatedVPC, error) {
	if err := check(dryRunRules, req.DryRun); err != nil {
		return CreatedVPC{}, err
	}
	now := s.timeOf(caller)
	block, _ := req.block()
	id := s.newID("vpc-", req.RegionID)
	vpc := store.VPC{
		AccountID:       caller.AccountID,
		ID:              id,
		RegionID:        req.RegionID,
		CIDRBlock:       block,
		IPv6CIDRBlock:   s.ipv6BlockFor(req.EnableIPv6, req.IPv6CIDRBlock),
		Name:            req.VPCName,
		Description:     req.Description,
		ResourceGroupID: req.ResourceGroupID,
		Tags:            tagMap(req.Tags),
		Attributes:      store.VPCAttributes{UserCIDRs: req.userBlocks()},
		CreatedAt:       now,
		AvailableAt:     s.availableAt(caller, id, now),
	}
	tx.InsertVPC(vpc)
	created := CreatedVPC{id, store.VRouterID(id), store.SystemRouteTableID(id), req.ResourceGroupID}
	return created, s.recordCreation(tx, caller, now, store.ChangesOf(nil, &vpc, now), id, vpc.Tags)
}

// availableAt returns when a network that is created now leaves Pending, or nil if it is Available
// at once.
func (s *Service) availableAt(caller Caller, id string, now time.Time) *time.Time {
	pending := s.transition(caller, disturbance.Pending, id, 0)
	if pending.isInstant() {
		return nil
	}
	return new(pending.endsAt(now))
}
