package httpapi

import "enisim.alt/service"

type powerResultsReply struct {
	Reply
	InstanceResponses struct{ InstanceResponse []instanceResponse }
}

// instanceResponse is what has become of one instance. Code is 200 if it was changed.
type instanceResponse struct{ InstanceId, Code, Message, PreviousStatus, CurrentStatus string }

func newPowerResultsResponse(results []service.PowerResult) any {
	reply := &powerResultsReply{}
	reply.InstanceResponses.InstanceResponse = mapEach(results, func(r service.PowerResult) instanceResponse {
		out := instanceResponse{r.InstanceID, "200", "success", r.Before, r.After}
		if r.Refusal != nil {
			out.Code, out.Message = r.Refusal.Code, r.Refusal.Message
		}
		return out
	})
	return reply
}
