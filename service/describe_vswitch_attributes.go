package service

import (
	"context"

	"enisim.alt/store"
)

// DescribeVSwitchAttributesRequest is the request for one VSwitch.
type DescribeVSwitchAttributesRequest struct {
	RegionID  string `api:"RegionId"`
	VSwitchID string `api:"VSwitchId"`
}

var describeVSwitchAttributesRules = []rule[DescribeVSwitchAttributesRequest]{
	required[DescribeVSwitchAttributesRequest]("VSwitchId"),
}

// DescribeVSwitchAttributes returns a VSwitch in its current state, or nil and no error if there is
// none. Clients wait for that answer after a deletion.
var DescribeVSwitchAttributes = newAction(Action[DescribeVSwitchAttributesRequest, *VSwitch]{
	permission: "vpc:DescribeVSwitchAttributes",
	parameters: describeVSwitchAttributesRules,
	run:        (*Service).describeVSwitchAttributes,
})

func (s *Service) describeVSwitchAttributes(
	ctx context.Context, caller Caller, req DescribeVSwitchAttributesRequest,
) (*VSwitch, error) {
	read, err := s.store.DescribeVSwitches(ctx, s.timeOf(caller), store.VSwitchFilter{
		AccountID: caller.AccountID, RegionID: req.RegionID, ID: req.VSwitchID,
	}, store.Page{Limit: 1})
	if err != nil || len(read.Rows) == 0 {
		return nil, err
	}
	return &read.Rows[0], nil
}
