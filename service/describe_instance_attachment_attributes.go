package service

import (
	"context"
	"slices"

	"enisim.alt/store"
)

// DescribeInstanceAttachmentAttributesRequest is the request for the private pools that instances
// were started from.
type DescribeInstanceAttachmentAttributesRequest struct {
	RegionID    string       `api:"RegionId"`
	InstanceIDs JSONList     `api:"InstanceIds"`
	Page        NumberedPage `api:",inline"`
	Malformed   Malformed
}

var attachmentAttributePages = paging{list: "instance attachment attributes", maxPageSize: 100, defaultPageSize: 10}

var describeInstanceAttachmentAttributesRules = slices.Concat([]rule[DescribeInstanceAttachmentAttributesRequest]{
	required[DescribeInstanceAttachmentAttributesRequest]("RegionId"),
	validLists[DescribeInstanceAttachmentAttributesRequest]("InstanceIds"),
	readable[DescribeInstanceAttachmentAttributesRequest](),
	{
		err:         MissingNamedParameter,
		violated:    func(r DescribeInstanceAttachmentAttributesRequest) bool { return r.InstanceIDs == nil },
		messageArgs: nameArg[DescribeInstanceAttachmentAttributesRequest]("InstanceIds"),
		constraint:  presence("InstanceIds"),
	},
	invalid("InstanceIds", func(r DescribeInstanceAttachmentAttributesRequest) bool {
		return len(r.InstanceIDs) > maxListed
	}),
}, validNumberedPage[DescribeInstanceAttachmentAttributesRequest](attachmentAttributePages))

// DescribeInstanceAttachmentAttributes lists the caller's instances, by id. None was started from a
// private pool.
var DescribeInstanceAttachmentAttributes = newAction(Action[
	DescribeInstanceAttachmentAttributesRequest,
	List[Instance],
]{
	permission: "ecs:DescribeInstanceAttachmentAttributes",
	parameters: describeInstanceAttachmentAttributesRules,
	run:        (*Service).describeInstanceAttachmentAttributes,
})

func (s *Service) describeInstanceAttachmentAttributes(
	ctx context.Context, caller Caller, req DescribeInstanceAttachmentAttributesRequest,
) (List[Instance], error) {
	return s.readInstances(
		ctx,
		caller,
		store.InstanceFilter{RegionID: req.RegionID, IDs: req.InstanceIDs},
		attachmentAttributePages,
		req.Page.request(),
	)
}
