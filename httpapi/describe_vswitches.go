package httpapi

import "enisim.alt/service"

type describeVSwitchesReply struct {
	Reply
	numberedPageReply
	VSwitches struct{ VSwitch []vswitch }
}

func newVSwitchesResponse(list service.List[service.VSwitch]) any {
	reply := &describeVSwitchesReply{numberedPageReply: numberedPageOf(list)}
	reply.VSwitches.VSwitch = mapEach(list.Items, newVSwitch)
	return reply
}

// vswitch is a VSwitch in replies. None is a default, has an ACL or is shared here.
type vswitch struct {
	VSwitchId               string
	VSwitchName             string
	Description             string
	Status                  string
	VpcId                   string
	ZoneId                  string
	CidrBlock               string
	Ipv6CidrBlock           string
	EnabledIpv6             bool
	AvailableIpAddressCount int
	IsDefault               bool
	NetworkAclId            string
	RouteTable              routeTableOfVSwitch
	ShareType               string
	OwnerId                 int64
	ResourceGroupId         string
	CreationTime            string
	Tags                    vpcTags
}

type routeTableOfVSwitch struct {
	RouteTableId   string
	RouteTableType string
}

func newVSwitch(v service.VSwitch) vswitch {
	return vswitch{
		VSwitchId:               v.ID,
		VSwitchName:             v.Name,
		Description:             v.Description,
		Status:                  v.Status,
		VpcId:                   v.VPCID,
		ZoneId:                  v.ZoneID,
		CidrBlock:               v.CIDRBlock.String(),
		Ipv6CidrBlock:           formatBlock(v.IPv6CIDRBlock),
		EnabledIpv6:             v.IPv6CIDRBlock != nil,
		AvailableIpAddressCount: v.FreeIPv4,
		RouteTable:              routeTableOfVSwitch{v.RouteTableID, v.RouteTableType},
		OwnerId:                 ownerNumber(v.AccountID),
		ResourceGroupId:         v.ResourceGroupID,
		CreationTime:            v.CreatedAt.Format(timeWithSeconds),
		Tags:                    newVPCTags(v.Tags),
	}
}
