package httpapi

import "enisim/service"

type createSecurityGroupReply struct {
	Reply
	SecurityGroupId string
}

func newCreatedSecurityGroupResponse(created service.CreatedSecurityGroup) any {
	return &createSecurityGroupReply{SecurityGroupId: created.ID}
}
