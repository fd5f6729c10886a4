package httpapi

import "enisim.alt/service"

type deleteRouteEntriesReply struct {
	Reply
	SuccessCount       int
	FailedCount        int
	FailedRouteEntries []failedRouteEntry
}

func newDeletedRouteEntriesResponse(deleted service.DeletedRouteEntries) any {
	return &deleteRouteEntriesReply{
		SuccessCount:       deleted.Deleted,
		FailedCount:        len(deleted.Failed),
		FailedRouteEntries: mapEach(deleted.Failed, newFailedRouteEntry),
	}
}
