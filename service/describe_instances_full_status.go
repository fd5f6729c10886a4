package service

import (
	"context"
	"slices"

	"enisim.alt/store"
)

// DescribeInstancesFullStatusRequest is the request for the statuses of instances, with their health and the
// scheduled events of the cloud. All its filters must hold; an empty one does not filter. There are no such
// events here, and every instance is well.
type DescribeInstancesFullStatusRequest struct {
	RegionID           string   `api:"RegionId"`
	InstanceIDs        []string `api:"InstanceId"`
	Status             string
	HealthStatus       string
	EventIDs           []string `api:"EventId"`
	EventType          string
	InstanceEventTypes []string     `api:"InstanceEventType"`
	NotBefore          TimeRange    // accepted, without effect: it selects among the events of an instance
	EventPublishTime   TimeRange    // accepted, without effect: likewise
	Page               NumberedPage `api:",inline"`
	Malformed          Malformed
}

// TimeRange is a range of times, as they are sent.
type TimeRange struct{ Start, End string }

// maxEventTypes is the maximum number of types of events, and of their statuses, in a request.
const maxEventTypes = 30

// InstanceHealth is the health of every instance.
const InstanceHealth = "Ok"

var fullStatusPages = paging{list: "full statuses", maxPageSize: 100, defaultPageSize: 10}

var describeInstancesFullStatusRules = slices.Concat([]rule[DescribeInstancesFullStatusRequest]{
	required[DescribeInstancesFullStatusRequest]("RegionId"),
	readable[DescribeInstancesFullStatusRequest](),
	{err: InstanceIDLimitExceeded, violated: func(r DescribeInstancesFullStatusRequest) bool {
		return len(r.InstanceIDs) > maxListed
	}},
	{err: EventIDLimitExceeded, violated: func(r DescribeInstancesFullStatusRequest) bool {
		return len(r.EventIDs) > maxListed
	}},
	invalid("InstanceEventType", func(r DescribeInstancesFullStatusRequest) bool {
		return len(r.InstanceEventTypes) > maxEventTypes
	}),
	among[DescribeInstancesFullStatusRequest]("Status", store.InstancePending, store.InstanceStarting,
		store.InstanceRunning, store.InstanceStopping, store.InstanceStopped),
	among[DescribeInstancesFullStatusRequest]("HealthStatus", InstanceHealth, "OK", "Impaired", "Warning",
		"Maintaining", "Initializing", "InsufficientData", "NotApplicable"),
}, validNumberedPage[DescribeInstancesFullStatusRequest](fullStatusPages))

// selectsNone reports whether a filter selects instances that do not exist here: with an event, or ill.
func (r DescribeInstancesFullStatusRequest) selectsNone() bool {
	return len(r.EventIDs) > 0 || r.EventType != "" || len(r.InstanceEventTypes) > 0 ||
		!oneOf(r.HealthStatus, "", InstanceHealth, "OK")
}

// DescribeInstancesFullStatus lists the caller's instances in their current state, by id.
var DescribeInstancesFullStatus = newAction(Action[DescribeInstancesFullStatusRequest, List[Instance]]{
	permission: "ecs:DescribeInstancesFullStatus",
	parameters: describeInstancesFullStatusRules,
	run: func(
		s *Service, ctx context.Context, caller Caller, req DescribeInstancesFullStatusRequest,
	) (List[Instance], error) {
		filter := store.InstanceFilter{RegionID: req.RegionID, IDs: req.InstanceIDs, Status: req.Status}
		if req.selectsNone() {
			filter.IDs = []string{}
		}
		return s.readInstances(ctx, caller, filter, fullStatusPages, req.Page.request())
	},
})
