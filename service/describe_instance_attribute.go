package service

import "context"

// DescribeInstanceAttributeRequest is the request for one instance.
type DescribeInstanceAttributeRequest struct {
	RegionID   string `api:"RegionId"` // "": any
	InstanceID string `api:"InstanceId"`
}

var describeInstanceAttributeRules = []rule[DescribeInstanceAttributeRequest]{
	required[DescribeInstanceAttributeRequest]("InstanceId"),
}

// DescribeInstanceAttribute returns one instance of the caller in its current state.
var DescribeInstanceAttribute = newAction(Action[DescribeInstanceAttributeRequest, Instance]{
	permission: "ecs:DescribeInstanceAttribute",
	parameters: describeInstanceAttributeRules,
	refusals:   errorsOf(instanceRules),
	run:        (*Service).describeInstanceAttribute,
})

func (s *Service) describeInstanceAttribute(
	ctx context.Context, caller Caller, req DescribeInstanceAttributeRequest,
) (Instance, error) {
	return s.readInstance(ctx, caller, req.RegionID, req.InstanceID)
}
