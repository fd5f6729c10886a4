package httpapi

type allocatePublicIPAddressReply struct {
	Reply
	IpAddress string
}

func newPublicIPAddressResponse(address string) any {
	return &allocatePublicIPAddressReply{IpAddress: address}
}
