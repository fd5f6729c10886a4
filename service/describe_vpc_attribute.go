package service

import (
	"context"

	"enisim/store"
)

// DescribeVPCAttribute is the request for one VPC.
type DescribeVPCAttribute struct {
	RegionID string `api:"RegionId"`
	VPCID    string `api:"VpcId"`
}

var describeVPCAttributeParameterRules = []rule[DescribeVPCAttribute]{
	required("VpcId", func(r DescribeVPCAttribute) string { return r.VPCID }),
}

var describeVPCAttributeRules = []rule[[]VPC]{
	{err: InvalidVpcIDNotFound, violated: func(found []VPC) bool { return len(found) == 0 }},
}

// DescribeVPCAttribute returns a VPC in its current state.
func (s *Service) DescribeVPCAttribute(ctx context.Context, caller Caller, req DescribeVPCAttribute) (VPC, error) {
	if err := check(describeVPCAttributeParameterRules, req); err != nil {
		return VPC{}, err
	}
	if err := s.admit(ctx, caller, "vpc:DescribeVpcAttribute", req.RegionID); err != nil {
		return VPC{}, err
	}
	read, err := s.store.DescribeVPCs(ctx, s.now(), store.VPCFilter{
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
