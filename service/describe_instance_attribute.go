package service

import "context"

// DescribeInstanceAttribute is the request for one instance.
type DescribeInstanceAttribute struct {
	RegionID   string `api:"RegionId"` // "": any
	InstanceID string `api:"InstanceId"`
}

var describeInstanceAttributeRules = []rule[DescribeInstanceAttribute]{
	required("InstanceId", func(r DescribeInstanceAttribute) string { return r.InstanceID }),
}

// DescribeInstanceAttribute returns one instance of the caller in its current state.
func (s *Service) DescribeInstanceAttribute(
	ctx context.Context, caller Caller, req DescribeInstanceAttribute,
) (Instance, error) {
	if err := check(describeInstanceAttributeRules, req); err != nil {
		return Instance{}, err
	}
	if err := s.admit(ctx, caller, "ecs:DescribeInstanceAttribute", req.RegionID); err != nil {
		return Instance{}, err
	}
	return s.readInstance(ctx, caller, req.RegionID, req.InstanceID)
}
