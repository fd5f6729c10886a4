package httpapi

import "enisim.alt/service"

type describeEniMonitorDataReply struct {
	Reply
	TotalCount  int
	MonitorData struct{ EniMonitorData []eniMonitorData }
}

// eniMonitorData is the traffic of an interface in a period: kbit/s, and packets.
type eniMonitorData struct {
	EniId, TimeStamp                                                       string
	IntranetRx, IntranetTx, PacketRx, PacketTx, DropPacketRx, DropPacketTx string
}

func newEniMonitorDataResponse(data []service.MonitoredENI) any {
	reply := &describeEniMonitorDataReply{TotalCount: len(data)}
	reply.MonitorData.EniMonitorData = mapEach(data, func(m service.MonitoredENI) eniMonitorData {
		return eniMonitorData{m.ENIID, m.At.Format(timeWithSeconds), "0", "0", "0", "0", "0", "0"}
	})
	return reply
}
