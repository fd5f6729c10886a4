package service

import (
	"context"
	"slices"

	"enisim.alt/store"
)

// VSwitch is a VSwitch as a caller sees it. The alias is for packages that do not import the store.
type VSwitch = store.DescribedVSwitch

// DescribeVSwitchesRequest is the request for a list of VSwitches, of a region or of a VPC. All its
// filters must hold; an empty one does not filter.
type DescribeVSwitchesRequest struct {
	RegionID        string `api:"RegionId"`
	VPCID           string `api:"VpcId"`
	VSwitchID       string `api:"VSwitchId"`
	ZoneID          string `api:"ZoneId"`
	VSwitchName     string
	IsDefault       *bool
	RouteTableID    string       `api:"RouteTableId"`
	ResourceGroupID string       `api:"ResourceGroupId"`
	VSwitchOwnerID  string       `api:"VSwitchOwnerId"`
	Tags            []Tag        `api:"Tag"`
	Page            NumberedPage `api:",inline"`
	Malformed       Malformed
}

var describeVSwitchesRules = slices.Concat([]rule[DescribeVSwitchesRequest]{
	{
		err:         MissingNamedParameter,
		violated:    func(r DescribeVSwitchesRequest) bool { return r.RegionID == "" && r.VPCID == "" },
		messageArgs: nameArg[DescribeVSwitchesRequest]("RegionId"),
	},
	readable[DescribeVSwitchesRequest](),
	validTagFilter[DescribeVSwitchesRequest](),
}, validNumberedPage[DescribeVSwitchesRequest](vpcPages))

// DescribeVSwitches lists the caller's VSwitches in their current state, by id. It takes no locks.
var DescribeVSwitches = newAction(Action[DescribeVSwitchesRequest, List[VSwitch]]{
	permission: "vpc:DescribeVSwitches",
	parameters: describeVSwitchesRules,
	run:        (*Service).describeVSwitches,
})

func (s *Service) describeVSwitches(
	ctx context.Context, caller Caller, req DescribeVSwitchesRequest,
) (List[VSwitch], error) {
	var read store.List[VSwitch]
	if !isTrue(req.IsDefault) && (req.VSwitchOwnerID == "" || req.VSwitchOwnerID == caller.AccountID) {
		var err error
		if read, err = s.store.DescribeVSwitches(ctx, s.timeOf(caller), store.VSwitchFilter{
			AccountID:       caller.AccountID,
			RegionID:        req.RegionID,
			VPCID:           req.VPCID,
			ID:              req.VSwitchID,
			ZoneID:          req.ZoneID,
			Name:            req.VSwitchName,
			ResourceGroupID: req.ResourceGroupID,
			RouteTableID:    req.RouteTableID,
			Tags:            tagFilter(req.Tags),
		}, vpcPages.page(req.Page.request())); err != nil {
			return List[VSwitch]{}, err
		}
	}
	return newPage(vpcPages, req.Page.request(), read, func(v VSwitch) string { return v.ID }), nil
}
