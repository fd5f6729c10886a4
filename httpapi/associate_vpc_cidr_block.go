package httpapi

type associateVPCCIDRBlockReply struct {
	Reply
	CidrBlock string
	IpVersion string
}

func newAssociatedBlockResponse(block string) any {
	return &associateVPCCIDRBlockReply{CidrBlock: block, IpVersion: "IPV4"}
}
