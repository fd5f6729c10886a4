package service

import (
	"context"
	"slices"

	"enisim.alt/store"
)

// DescribeInstanceHistoryEventsRequest is the request for the events of the cloud that have struck instances.
// There are none here, so its filters have no effect.
type DescribeInstanceHistoryEventsRequest struct {
	RegionID                   string   `api:"RegionId"`
	InstanceID                 string   `api:"InstanceId"`
	ResourceIDs                []string `api:"ResourceId"`
	ResourceType               string
	ResourceGroupID            string   `api:"ResourceGroupId"`
	EventIDs                   []string `api:"EventId"`
	EventType                  string
	InstanceEventTypes         []string `api:"InstanceEventType"`
	EventCycleStatus           string
	InstanceEventCycleStatuses []string `api:"InstanceEventCycleStatus"`
	ImpactLevel                string
	NotBefore                  TimeRange
	EventPublishTime           TimeRange
	Tags                       []Tag       `api:"Tag"`
	Page                       PageRequest `api:",inline"`
	Malformed                  Malformed
}

var historyEventPages = paging{
	list: "history events", maxPageSize: 100, minResults: 1, maxResults: 100, defaultPageSize: 10,
}

var describeInstanceHistoryEventsRules = slices.Concat([]rule[DescribeInstanceHistoryEventsRequest]{
	required[DescribeInstanceHistoryEventsRequest]("RegionId"),
	readable[DescribeInstanceHistoryEventsRequest](),
	invalid("ResourceId", func(r DescribeInstanceHistoryEventsRequest) bool {
		return len(r.ResourceIDs) > maxListed
	}),
	invalid("EventId", func(r DescribeInstanceHistoryEventsRequest) bool { return len(r.EventIDs) > maxListed }),
	invalid("InstanceEventType", func(r DescribeInstanceHistoryEventsRequest) bool {
		return len(r.InstanceEventTypes) > maxEventTypes
	}),
	invalid("InstanceEventCycleStatus", func(r DescribeInstanceHistoryEventsRequest) bool {
		return len(r.InstanceEventCycleStatuses) > maxEventTypes
	}),
	invalid("Tag", func(r DescribeInstanceHistoryEventsRequest) bool {
		return tooManyTags(r.Tags) || lacksTagKey(r.Tags)
	}),
}, validPage[DescribeInstanceHistoryEventsRequest](historyEventPages))

// DescribeInstanceHistoryEvents lists no events.
var DescribeInstanceHistoryEvents = newAction(Action[DescribeInstanceHistoryEventsRequest, List[struct{}]]{
	permission: "ecs:DescribeInstanceHistoryEvents",
	parameters: describeInstanceHistoryEventsRules,
	run: func(
		_ *Service, _ context.Context, _ Caller, req DescribeInstanceHistoryEventsRequest,
	) (List[struct{}], error) {
		return newPage(historyEventPages, req.Page, store.List[struct{}]{}, func(struct{}) string { return "" }), nil
	},
})
