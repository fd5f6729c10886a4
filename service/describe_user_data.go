package service

import "context"

// DescribeUserDataRequest is the request for the user data of an instance, which it runs when it
// starts.
type DescribeUserDataRequest struct {
	RegionID   string `api:"RegionId"`
	InstanceID string `api:"InstanceId"`
}

var describeUserDataRules = []rule[DescribeUserDataRequest]{
	required[DescribeUserDataRequest]("RegionId"),
	required[DescribeUserDataRequest]("InstanceId"),
}

// DescribeUserData returns one instance of the caller, with its user data.
var DescribeUserData = newAction(Action[DescribeUserDataRequest, Instance]{
	permission: "ecs:DescribeUserData",
	parameters: describeUserDataRules,
	refusals:   errorsOf(instanceRules),
	run:        (*Service).describeUserData,
})

func (s *Service) describeUserData(ctx context.Context, caller Caller, req DescribeUserDataRequest) (Instance, error) {
	return s.readInstance(ctx, caller, req.RegionID, req.InstanceID)
}
