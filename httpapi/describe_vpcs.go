package httpapi

import (
	"net/netip"

	"enisim.alt/service"
)

type describeVPCsReply struct {
	Reply
	numberedPageReply
	Vpcs struct{ Vpc []listedVPC }
}

func newVPCsResponse(list service.List[service.VPC]) any {
	reply := &describeVPCsReply{numberedPageReply: numberedPageOf(list)}
	reply.Vpcs.Vpc = mapEach(list.Items, newListedVPC)
	return reply
}

// listedVPC is a VPC in a list, which has more fields than the reply for one VPC.
type listedVPC struct {
	vpc
	RouterTableIds struct{ RouterTableIds []string }
	NatGatewayIds  struct{ NatGatewayIds []string }
	CenStatus      string
}

func newListedVPC(v service.VPC) listedVPC {
	out := listedVPC{vpc: newVPC(v), CenStatus: "Detached"}
	out.RouterTableIds.RouterTableIds = v.RouteTableIDs
	out.NatGatewayIds.NatGatewayIds = []string{}
	return out
}

// vpc is a VPC in replies. None is a default, has gateways or DHCP options, or is attached to a CEN
// here.
type vpc struct {
	VpcId                string
	VpcName              string
	Description          string
	Status               string
	RegionId             string
	CidrBlock            string
	SecondaryCidrBlocks  struct{ SecondaryCidrBlock []string }
	UserCidrs            struct{ UserCidr []string }
	Ipv6CidrBlock        string
	Ipv6CidrBlocks       struct{ Ipv6CidrBlock []ipv6CIDRBlock }
	EnabledIpv6          bool
	VRouterId            string
	VSwitchIds           vswitchIDs
	IsDefault            bool
	DhcpOptionsSetId     string
	DhcpOptionsSetStatus string
	DnsHostnameStatus    string
	OwnerId              int64
	ResourceGroupId      string
	CreationTime         string
	Tags                 vpcTags
}

type ipv6CIDRBlock struct {
	Ipv6CidrBlock string
	Ipv6Isp       string
}

func newVPC(v service.VPC) vpc {
	out := vpc{
		VpcId:             v.ID,
		VpcName:           v.Name,
		Description:       v.Description,
		Status:            v.Status,
		RegionId:          v.RegionID,
		CidrBlock:         v.CIDRBlock.String(),
		Ipv6CidrBlock:     formatBlock(v.IPv6CIDRBlock),
		EnabledIpv6:       v.IPv6CIDRBlock != nil,
		VRouterId:         v.VRouterID(),
		VSwitchIds:        idsOfVSwitches(v),
		DnsHostnameStatus: "DISABLED",
		OwnerId:           ownerNumber(v.AccountID),
		ResourceGroupId:   v.ResourceGroupID,
		CreationTime:      v.CreatedAt.Format(timeWithSeconds),
		Tags:              newVPCTags(v.Tags),
	}
	out.SecondaryCidrBlocks.SecondaryCidrBlock = mapEach(v.SecondaryBlocks, netip.Prefix.String)
	out.UserCidrs.UserCidr = mapEach(v.Attributes.UserCIDRs, identity)
	out.Ipv6CidrBlocks.Ipv6CidrBlock = []ipv6CIDRBlock{}
	if v.IPv6CIDRBlock != nil {
		out.Ipv6CidrBlocks.Ipv6CidrBlock = []ipv6CIDRBlock{{v.IPv6CIDRBlock.String(), "BGP"}}
	}
	return out
}
