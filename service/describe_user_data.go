package service

import "context"

// DescribeUserData is the request for the user data of an instance, which it runs when it starts.
type DescribeUserData struct {
	RegionID   string `api:"RegionId"`
	InstanceID string `api:"InstanceId"`
}

var describeUserDataRules = []rule[DescribeUserData]{
	required("RegionId", func(r DescribeUserData) string { return r.RegionID }),
	required("InstanceId", func(r DescribeUserData) string { return r.InstanceID }),
}

// DescribeUserData returns one instance of the caller, with its user data.
func (s *Service) DescribeUserData(ctx context.Context, caller Caller, req DescribeUserData) (Instance, error) {
	if err := check(describeUserDataRules, req); err != nil {
		return Instance{}, err
	}
	if err := s.admit(ctx, caller, "ecs:DescribeUserData", req.RegionID); err != nil {
		return Instance{}, err
	}
	return s.readInstance(ctx, caller, req.RegionID, req.InstanceID)
}
