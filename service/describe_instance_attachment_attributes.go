package service

import (
	"context"
	"slices"

	"enisim/store"
)

// DescribeInstanceAttachmentAttributes is the request for the private pools that instances were
// started from.
type DescribeInstanceAttachmentAttributes struct {
	RegionID    string       `api:"RegionId"`
	InstanceIDs JSONList     `api:"InstanceIds"`
	Page        NumberedPage `api:",inline"`
	Malformed   Malformed
}

var attachmentAttributePages = paging{list: "instance attachment attributes", maxPageSize: 100, defaultPageSize: 10}

var describeInstanceAttachmentAttributesRules = slices.Concat([]rule[DescribeInstanceAttachmentAttributes]{
	required("RegionId", func(r DescribeInstanceAttachmentAttributes) string { return r.RegionID }),
	validLists(func(r DescribeInstanceAttachmentAttributes) Malformed { return r.Malformed }, "InstanceIds"),
	readable(func(r DescribeInstanceAttachmentAttributes) Malformed { return r.Malformed }),
	{
		err:         MissingNamedParameter,
		violated:    func(r DescribeInstanceAttachmentAttributes) bool { return r.InstanceIDs == nil },
		messageArgs: nameArg[DescribeInstanceAttachmentAttributes]("InstanceIds"),
	},
	invalid("InstanceIds", func(r DescribeInstanceAttachmentAttributes) bool { return len(r.InstanceIDs) > maxListed }),
}, validNumberedPage(attachmentAttributePages, func(r DescribeInstanceAttachmentAttributes) NumberedPage {
	return r.Page
}))

// DescribeInstanceAttachmentAttributes lists the caller's instances, by id. None was started from a
// private pool.
func (s *Service) DescribeInstanceAttachmentAttributes(
	ctx context.Context, caller Caller, req DescribeInstanceAttachmentAttributes,
) (List[Instance], error) {
	if err := check(describeInstanceAttachmentAttributesRules, req); err != nil {
		return List[Instance]{}, err
	}
	if err := s.admit(ctx, caller, "ecs:DescribeInstanceAttachmentAttributes", req.RegionID); err != nil {
		return List[Instance]{}, err
	}
	return s.readInstances(
		ctx,
		caller,
		store.InstanceFilter{RegionID: req.RegionID, IDs: req.InstanceIDs},
		attachmentAttributePages,
		req.Page.request(),
	)
}
