package service

import "context"

// DescribeUserData is the request for what an instance was given to run when it starts.
type DescribeUserData struct {
	RegionID   string `api:"RegionId"`
	InstanceID string `api:"InstanceId"`
}

var describeUserDataRules = []rule[DescribeUserData]{
	required("RegionId", func(r DescribeUserData) string { return r.RegionID }),
	required("InstanceId", func(r DescribeUserData) string { return r.InstanceID }),
}

// DescribeUserData shows the user data of one instance of the caller.
func (s *Service) DescribeUserData(ctx context.Context, caller Caller, req DescribeUserData) (Instance, error) {
	if err := check(describeUserDataRules, req); err != nil {
		return Instance{}, err
	}
	if err := s.admit(ctx, caller, "ecs:DescribeUserData", req.RegionID); err != nil {
		return Instance{}, err
	}
	return s.readInstance(ctx, caller, req.RegionID, req.InstanceID)
}
