package httpapi

import (
	"context"

	"enisim/service"
)

type detachNetworkInterfaceRequest struct {
	RegionId               string
	NetworkInterfaceId     string
	InstanceId             string
	TrunkNetworkInstanceId string
}

func detachNetworkInterface(s *service.Service) func(context.Context, service.Caller, detachNetworkInterfaceRequest) (any, error) {
	return func(ctx context.Context, caller service.Caller, r detachNetworkInterfaceRequest) (any, error) {
		return &Reply{}, s.DetachNetworkInterface(ctx, caller, service.DetachNetworkInterface{
			RegionID:               r.RegionId,
			NetworkInterfaceID:     r.NetworkInterfaceId,
			InstanceID:             r.InstanceId,
			TrunkNetworkInstanceID: r.TrunkNetworkInstanceId,
		})
	}
}
