package httpapi

import "enisim.alt/service"

type describeInstancesFullStatusReply struct {
	Reply
	numberedPageReply
	InstanceFullStatusSet struct{ InstanceFullStatusType []instanceFullStatus }
}

type instanceFullStatus struct {
	InstanceId              string
	Status                  codedName
	HealthStatus            codedName
	ScheduledSystemEventSet struct{ ScheduledSystemEventType []struct{} }
}

// codedName is a name with the number that stands for it.
type codedName struct {
	Code int
	Name string
}

// instanceStatusCodes are the numbers of the statuses of instances. Our sources give that of Running only.
var instanceStatusCodes = map[string]int{"Pending": 0, "Running": 1, "Starting": 2, "Stopping": 3, "Stopped": 4}

func newInstanceFullStatusesResponse(list service.List[service.Instance]) any {
	reply := &describeInstancesFullStatusReply{numberedPageReply: numberedPageOf(list)}
	reply.InstanceFullStatusSet.InstanceFullStatusType = mapEach(list.Items,
		func(i service.Instance) instanceFullStatus {
			out := instanceFullStatus{
				InstanceId:   i.ID,
				Status:       codedName{instanceStatusCodes[i.Status], i.Status},
				HealthStatus: codedName{0, service.InstanceHealth},
			}
			out.ScheduledSystemEventSet.ScheduledSystemEventType = []struct{}{}
			return out
		})
	return reply
}
