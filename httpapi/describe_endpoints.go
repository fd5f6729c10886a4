package httpapi

import "enisim.alt/service"

type describeEndpointsReply struct {
	Reply
	Success   bool
	Endpoints struct{ Endpoint []endpoint }
}

// endpoint is an endpoint in replies. The real reply misspells ServiceCode too.
type endpoint struct {
	Endpoint    string
	Id          string
	Namespace   string
	SerivceCode string
	Type        string
	Protocols   struct{ Protocols []string }
}

func newEndpointsResponse(endpoints []service.Endpoint) any {
	reply := &describeEndpointsReply{Success: true}
	reply.Endpoints.Endpoint = mapEach(endpoints, func(e service.Endpoint) endpoint {
		out := endpoint{Endpoint: e.Host, Id: e.RegionID, SerivceCode: e.ServiceCode, Type: "openAPI"}
		out.Protocols.Protocols = []string{"HTTP", "HTTPS"}
		return out
	})
	return reply
}
