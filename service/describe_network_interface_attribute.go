package service

import (
	"cmp"
	"context"

	"enisim.alt/store"
)

// DescribeNetworkInterfaceAttributeRequest is the request for one interface.
type DescribeNetworkInterfaceAttributeRequest struct {
	RegionID           string `api:"RegionId"`
	NetworkInterfaceID string `api:"NetworkInterfaceId"`
	Attribute          string // attachment (the default), connectionTrackingConfiguration, or basic
}

const attributeConnectionTracking = "connectionTrackingConfiguration"

// NetworkInterfaceAttribute is an interface, with the attribute that was asked for beyond those
// that every answer has.
type NetworkInterfaceAttribute struct {
	NetworkInterface
	ConnectionTracking *ConnectionTracking // nil unless requested; otherwise all timeouts are set
	Members            []string            // ids of the members of an attached trunk
}

var describeNetworkInterfaceAttributeRules = []rule[DescribeNetworkInterfaceAttributeRequest]{
	required[DescribeNetworkInterfaceAttributeRequest]("RegionId"),
	required[DescribeNetworkInterfaceAttributeRequest]("NetworkInterfaceId"),
	wellFormed[DescribeNetworkInterfaceAttributeRequest](InvalidRegionIDMalformed, "RegionId",
		isValidID,
	),
	among[DescribeNetworkInterfaceAttributeRequest]("Attribute", "attachment", attributeConnectionTracking, "basic"),
}

// describedNetworkInterfaceInput is the request for one interface and the rows found: one or none.
type describedNetworkInterfaceInput struct {
	DescribeNetworkInterfaceAttributeRequest
	found []NetworkInterface
}

var describedNetworkInterfaceRules = []rule[describedNetworkInterfaceInput]{
	{err: InvalidEniIDNotFound, violated: func(l describedNetworkInterfaceInput) bool { return len(l.found) == 0 },
		messageArgs: func(l describedNetworkInterfaceInput) []any { return []any{l.NetworkInterfaceID} }},
}

// Default timeouts of an interface, in seconds.
const (
	defaultTCPEstablishedTimeout       = 910
	defaultTCPClosedAndTimeWaitTimeout = 3
	defaultUDPTimeout                  = 30
)

// DescribeNetworkInterfaceAttribute returns one interface in its current state. It takes no locks.
var DescribeNetworkInterfaceAttribute = newAction(Action[
	DescribeNetworkInterfaceAttributeRequest,
	NetworkInterfaceAttribute,
]{
	permission: "ecs:DescribeNetworkInterfaceAttribute",
	parameters: describeNetworkInterfaceAttributeRules,
	refusals:   errorsOf(describedNetworkInterfaceRules),
	run:        (*Service).describeNetworkInterfaceAttribute,
})

func (s *Service) describeNetworkInterfaceAttribute(
	ctx context.Context, caller Caller, req DescribeNetworkInterfaceAttributeRequest,
) (NetworkInterfaceAttribute, error) {
	filter := store.NetworkInterfaceFilter{
		AccountID: caller.AccountID,
		RegionID:  req.RegionID,
		IDs:       []string{req.NetworkInterfaceID},
	}
	read, err := s.store.DescribeNetworkInterfaces(ctx, s.timeOf(caller), filter, store.Page{Limit: 1})
	if err != nil {
		return NetworkInterfaceAttribute{}, err
	}
	if err := check(describedNetworkInterfaceRules, describedNetworkInterfaceInput{req, read.Rows}); err != nil {
		return NetworkInterfaceAttribute{}, err
	}
	out := NetworkInterfaceAttribute{NetworkInterface: read.Rows[0]}
	if n := out.NetworkInterface; n.Type == store.ENITrunk && n.InstanceID != nil {
		members, err := s.store.DescribeNetworkInterfaces(ctx, s.timeOf(caller), store.NetworkInterfaceFilter{
			AccountID: caller.AccountID, RegionID: req.RegionID, InstanceID: *n.InstanceID, Type: store.ENIMember,
		}, store.Page{Limit: store.MaxMembers})
		if err != nil {
			return NetworkInterfaceAttribute{}, err
		}
		for _, member := range members.Rows {
			out.Members = append(out.Members, member.ID)
		}
	}
	if req.Attribute == attributeConnectionTracking {
		set := out.Attributes
		out.ConnectionTracking = &ConnectionTracking{
			TCPEstablishedTimeout: new(cmp.Or(set.TCPEstablishedTimeout, defaultTCPEstablishedTimeout)),
			TCPClosedAndTimeWaitTimeout: new(
				cmp.Or(set.TCPClosedAndTimeWaitTimeout, defaultTCPClosedAndTimeWaitTimeout),
			),
			UDPTimeout: new(cmp.Or(set.UDPTimeout, defaultUDPTimeout)),
		}
	}
	return out, nil
}
