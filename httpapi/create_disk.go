package httpapi

type createDiskReply struct {
	Reply
	DiskId  string
	OrderId string // of a subscription disk
}

func newCreatedDiskResponse(id string) any { return &createDiskReply{DiskId: id} }
