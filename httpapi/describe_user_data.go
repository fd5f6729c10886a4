package httpapi

import "enisim.alt/service"

type describeUserDataReply struct {
	Reply
	RegionId   string
	InstanceId string
	UserData   string
}

func newUserDataResponse(i service.Instance) any {
	return &describeUserDataReply{RegionId: i.RegionID, InstanceId: i.ID, UserData: i.Attributes.UserData}
}
