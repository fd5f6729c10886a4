package service

import (
	"context"

	"enisim.alt/store"
)

// DescribeVPCAttributeRequest is the request for one VPC.
type DescribeVPCAttributeRequest struct {
	RegionID string `api:"RegionId"`
	VPCID    string `api:"VpcId"`
}

var describeVPCAttributeParameterRules = []rule[DescribeVPCAttributeRequest]{
	required[DescribeVPCAttributeRequest]("VpcId"),
}

var describeVPCAttributeRules = []rule[[]VPC]{
	{err: InvalidVpcIDNotFound, violated: func(found []VPC) bool { return len(found) == 0 }},
}

// DescribeVPCAttribute returns a VPC in its current state.
var DescribeVPCAttribute = newAction(Action[DescribeVPCAttributeRequest, VPC]{
	permission: "vpc:DescribeVpcAttribute",
	parameters: describeVPCAttributeParameterRules,
	refusals:   errorsOf(describeVPCAttributeRules),
	run:        (*Service).describeVPCAttribute,
})

func (s *Service) describeVPCAttribute(
	ctx context.Context, caller Caller, req DescribeVPCAttributeRequest,
) (VPC, error) {
	read, err := s.store.DescribeVPCs(ctx, s.timeOf(caller), store.VPCFilter{
		AccountID: caller.AccountID, RegionID: req.RegionID, IDs: []string{req.VPCID},
	}, store.Page{Limit: 1})
	if err != nil {
		return VPC{}, err
	}
	if err := check(describeVPCAttributeRules, read.Rows); err != nil {
		return VPC{}, err
	}
	return read.Rows[0], nil
}
