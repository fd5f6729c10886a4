package httpapi

import "enisim.alt/service"

type createRouteEntriesReply struct {
	Reply
	SuccessCount       int
	FailedCount        int
	RouteEntryIds      []string
	FailedRouteEntries []failedRouteEntry
}

// failedRouteEntry is an entry that was not created, or not deleted. RouteEntryId is only there for a deletion.
type failedRouteEntry struct {
	RouteEntryId  string `json:",omitempty" xml:",omitempty"`
	DstCidrBlock  string
	NextHop       string
	FailedCode    string
	FailedMessage string
}

func newCreatedRouteEntriesResponse(created service.CreatedRouteEntries) any {
	return &createRouteEntriesReply{
		SuccessCount:       len(created.IDs),
		FailedCount:        len(created.Failed),
		RouteEntryIds:      mapEach(created.IDs, identity),
		FailedRouteEntries: mapEach(created.Failed, newFailedRouteEntry),
	}
}

func newFailedRouteEntry(f service.FailedRouteEntry) failedRouteEntry {
	return failedRouteEntry{f.ID, f.Destination, f.NextHop, f.Code, f.Message}
}
