package service

import (
	"context"
	"slices"
	"strings"

	"enisim.alt/store"
)

// DescribeEndpointsRequest is the request for the host that answers for a product in a region.
type DescribeEndpointsRequest struct {
	ID          string `api:"Id"` // of the region
	ServiceCode string // of the product; "": all products
	Type        string // "": openAPI
	Namespace   string // accepted, without effect
}

// Endpoint is a host that answers for a product in a region.
type Endpoint struct{ Host, RegionID, ServiceCode string }

// endpointType is the only type of endpoint that there is here.
const endpointType = "openAPI"

// serviceCodes are the products that are answered, as the Location service names them.
var serviceCodes = []string{"ecs", "vpc", "sts", "location", "resourcemanager"}

var describeEndpointsRules = []rule[DescribeEndpointsRequest]{
	required[DescribeEndpointsRequest]("Id"),
}

// DescribeEndpoints returns the host that the request was sent to, for each product that is asked for and
// answered. SDKs ask it where to send their next requests. As in the real cloud, this needs no permission.
var DescribeEndpoints = newAction(Action[DescribeEndpointsRequest, []Endpoint]{
	permission: "location:DescribeEndpoints",
	parameters: describeEndpointsRules,
	admission:  admissionRules[1:3], // without the ones on the region and on permission
	run:        (*Service).describeEndpoints,
})

func (s *Service) describeEndpoints(
	ctx context.Context, caller Caller, req DescribeEndpointsRequest,
) (endpoints []Endpoint, err error) {
	regions, err := s.store.Regions(ctx)
	if err != nil {
		return nil, err
	}
	isKnown := slices.ContainsFunc(regions, func(r store.Region) bool { return r.ID == req.ID })
	if !isKnown || !oneOf(req.Type, "", endpointType) {
		return nil, nil
	}
	for _, code := range serviceCodes {
		if req.ServiceCode == "" || strings.EqualFold(req.ServiceCode, code) {
			endpoints = append(endpoints, Endpoint{caller.Host, req.ID, code})
		}
	}
	return endpoints, nil
}
