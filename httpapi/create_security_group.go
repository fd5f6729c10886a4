package httpapi

import "enisim.alt/service"

type createSecurityGroupReply struct {
	Reply
	SecurityGroupId string
}

func newCreatedSecurityGroupResponse(created service.CreatedSecurityGroup) any {
	return &createSecurityGroupReply{SecurityGroupId: created.ID}
}
