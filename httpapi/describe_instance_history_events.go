package httpapi

import "enisim.alt/service"

type describeInstanceHistoryEventsReply struct {
	Reply
	numberedPageReply
	NextToken              string
	InstanceSystemEventSet struct{ InstanceSystemEventType []struct{} }
}

func newInstanceHistoryEventsResponse(list service.List[struct{}]) any {
	reply := &describeInstanceHistoryEventsReply{numberedPageReply: numberedPageOf(list)}
	reply.InstanceSystemEventSet.InstanceSystemEventType = []struct{}{}
	return reply
}
