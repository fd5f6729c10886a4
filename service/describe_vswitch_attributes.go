package service

import (
	"context"

	"enisim/store"
)

// DescribeVSwitchAttributes is the request for one VSwitch.
type DescribeVSwitchAttributes struct {
	RegionID  string `api:"RegionId"`
	VSwitchID string `api:"VSwitchId"`
}

var describeVSwitchAttributesRules = []rule[DescribeVSwitchAttributes]{
	required("VSwitchId", func(r DescribeVSwitchAttributes) string { return r.VSwitchID }),
}

// DescribeVSwitchAttributes returns a VSwitch in its current state, or nil and no error if there is
// none. Clients wait for that answer after a deletion.
func (s *Service) DescribeVSwitchAttributes(
	ctx context.Context, caller Caller, req DescribeVSwitchAttributes,
) (*VSwitch, error) {
	if err := check(describeVSwitchAttributesRules, req); err != nil {
		return nil, err
	}
	if err := s.admit(ctx, caller, "vpc:DescribeVSwitchAttributes", req.RegionID); err != nil {
		return nil, err
	}
	read, err := s.store.DescribeVSwitches(ctx, s.now(), store.VSwitchFilter{
		AccountID: caller.AccountID, RegionID: req.RegionID, ID: req.VSwitchID,
	}, store.Page{Limit: 1})
	if err != nil || len(read.Rows) == 0 {
		return nil, err
	}
	return &read.Rows[0], nil
}
