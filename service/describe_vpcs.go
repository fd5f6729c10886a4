package service

import (
	"context"
	"slices"
	"strings"

	"enisim.alt/store"
)

// VPC is a VPC as a caller sees it. The alias is for packages that do not import the store.
type VPC = store.DescribedVPC

// DescribeVPCsRequest is the request for a list of VPCs. All its filters must hold; an empty one
// does not filter.
type DescribeVPCsRequest struct {
	RegionID         string `api:"RegionId"`
	VPCID            string `api:"VpcId"` // ids, separated by commas
	VPCName          string `api:"VpcName"`
	IsDefault        *bool
	ResourceGroupID  string       `api:"ResourceGroupId"`
	VPCOwnerID       string       `api:"VpcOwnerId"`
	DHCPOptionsSetID string       `api:"DhcpOptionsSetId"`
	EnableIPv6       *bool        `api:"EnableIpv6"`
	Tags             []Tag        `api:"Tag"`
	Page             NumberedPage `api:",inline"`
	Malformed        Malformed
}

// maxVPCIDs is how many VPCs a list may ask for by id.
const maxVPCIDs = 20

func (r DescribeVPCsRequest) ids() []string {
	if r.VPCID == "" {
		return nil
	}
	return strings.Split(r.VPCID, ",")
}

var describeVPCsRules = slices.Concat([]rule[DescribeVPCsRequest]{
	required[DescribeVPCsRequest]("RegionId"),
	readable[DescribeVPCsRequest](),
	invalid("VpcId", func(r DescribeVPCsRequest) bool { return len(r.ids()) > maxVPCIDs }),
	validTagFilter[DescribeVPCsRequest](),
}, validNumberedPage[DescribeVPCsRequest](vpcPages))

// selectsNone reports whether a filter selects VPCs that the caller does not have here: a default
// VPC, one of another owner, or one with DHCP options.
func (r DescribeVPCsRequest) selectsNone(caller Caller) bool {
	return isTrue(r.IsDefault) || r.DHCPOptionsSetID != "" || (r.VPCOwnerID != "" && r.VPCOwnerID != caller.AccountID)
}

// DescribeVPCs lists the caller's VPCs in their current state, by id. It takes no locks.
var DescribeVPCs = newAction(Action[DescribeVPCsRequest, List[VPC]]{
	permission: "vpc:DescribeVpcs",
	parameters: describeVPCsRules,
	run:        (*Service).describeVPCs,
})

func (s *Service) describeVPCs(ctx context.Context, caller Caller, req DescribeVPCsRequest) (List[VPC], error) {
	if req.selectsNone(caller) {
		return newPage(vpcPages, req.Page.request(), store.List[VPC]{}, vpcID), nil
	}
	return s.listVPCs(ctx, caller, req.Page, store.VPCFilter{
		AccountID:       caller.AccountID,
		RegionID:        req.RegionID,
		IDs:             req.ids(),
		Name:            req.VPCName,
		EnabledIPv6:     req.EnableIPv6,
		ResourceGroupID: req.ResourceGroupID,
		Tags:            tagFilter(req.Tags),
	})
}

// listVPCs reads a page of VPCs. Every list of VPCs or their parts uses it.
func (s *Service) listVPCs(
	ctx context.Context, caller Caller, page NumberedPage, filter store.VPCFilter,
) (List[VPC], error) {
	read, err := s.store.DescribeVPCs(ctx, s.timeOf(caller), filter, vpcPages.page(page.request()))
	if err != nil {
		return List[VPC]{}, err
	}
	return newPage(vpcPages, page.request(), read, vpcID), nil
}

func vpcID(v VPC) string { return v.ID }
