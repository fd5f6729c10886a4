package service

import (
	"context"
	"slices"
	"strconv"
)

// DescribeAccountAttributesRequest is the request for what an account may have and has in a region.
type DescribeAccountAttributesRequest struct {
	RegionID       string   `api:"RegionId"`
	ZoneID         string   `api:"ZoneId"`        // accepted, without effect: no figure is of a zone
	AttributeNames []string `api:"AttributeName"` // empty: all of them
}

// AccountAttribute is an attribute of an account with its values.
type AccountAttribute struct {
	Name   string
	Values []AccountAttributeValue
}

// AccountAttributeValue is a value of an attribute. DiskCategory is set where the values are of categories of
// disks.
type AccountAttributeValue struct{ Value, DiskCategory string }

// maxAttributeNames is the maximum number of attributes that a request names.
const maxAttributeNames = 8

var describeAccountAttributesRules = []rule[DescribeAccountAttributesRequest]{
	requiredOr[DescribeAccountAttributesRequest](MissingRegionOfAttributes, "RegionId"),
	invalid("AttributeName", func(r DescribeAccountAttributesRequest) bool {
		return len(r.AttributeNames) > maxAttributeNames
	}),
}

// DescribeAccountAttributes returns the attributes of the caller's account that the request names, or all of
// them. Only the number of network interfaces is a limit here; the other limits are those of a new account of
// the cloud, and nothing enforces them.
var DescribeAccountAttributes = newAction(Action[DescribeAccountAttributesRequest, []AccountAttribute]{
	permission: "ecs:DescribeAccountAttributes",
	parameters: describeAccountAttributesRules,
	run:        (*Service).describeAccountAttributes,
})

func (s *Service) describeAccountAttributes(
	ctx context.Context, caller Caller, req DescribeAccountAttributesRequest,
) ([]AccountAttribute, error) {
	usage, err := s.store.DescribeRegionUsage(ctx, caller.AccountID, req.RegionID)
	if err != nil {
		return nil, err
	}
	one := func(name, value string) AccountAttribute {
		return AccountAttribute{name, []AccountAttributeValue{{Value: value}}}
	}
	attributes := []AccountAttribute{
		one("max-security-groups", "100"),
		one("max-dedicated-hosts", "2"),
		one("max-postpaid-instance-vcpu-count", "1000"),
		one("max-spot-instance-vcpu-count", "1000"),
		one("used-postpaid-instance-vcpu-count", strconv.Itoa(usage.VCPUs)),
		one("used-spot-instance-vcpu-count", strconv.Itoa(usage.SpotVCPUs)),
		one("max-elastic-network-interfaces", strconv.Itoa(usage.MaxNetworkInterfaces)),
		one("real-name-authentication", "yes"),
		one("instance-network-type", "vpc"),
		one("max-axt-command-count", "100"),
		one("max-axt-invocation-daily", "5000"),
		{"max-postpaid-yundisk-capacity", []AccountAttributeValue{
			{"229376", "cloud_efficiency"}, {"204800", "cloud_ssd"}, {"204800", "cloud_essd"},
		}},
	}
	return slices.DeleteFunc(attributes, func(a AccountAttribute) bool {
		return len(req.AttributeNames) > 0 && !slices.Contains(req.AttributeNames, a.Name)
	}), nil
}
