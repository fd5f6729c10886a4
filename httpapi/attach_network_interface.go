package httpapi

import (
	"context"

	"enisim/service"
)

type attachNetworkInterfaceRequest struct {
	RegionId               string
	NetworkInterfaceId     string
	InstanceId             string
	TrunkNetworkInstanceId string
	NetworkCardIndex       *int
	Malformed
}

func attachNetworkInterface(s *service.Service) func(context.Context, service.Caller, attachNetworkInterfaceRequest) (any, error) {
	return func(ctx context.Context, caller service.Caller, r attachNetworkInterfaceRequest) (any, error) {
		return &Reply{}, s.AttachNetworkInterface(ctx, caller, service.AttachNetworkInterface{
			RegionID:               r.RegionId,
			NetworkInterfaceID:     r.NetworkInterfaceId,
			InstanceID:             r.InstanceId,
			TrunkNetworkInstanceID: r.TrunkNetworkInstanceId,
			NetworkCardIndex:       r.NetworkCardIndex,
			Malformed:              r.Malformed.Malformed,
		})
	}
}
