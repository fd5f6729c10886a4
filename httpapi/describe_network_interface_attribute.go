package httpapi

import "enisim.alt/service"

// describeNetworkInterfaceAttributeReply is an interface with more fields than in a list. There are no
// bandwidth limits.
type describeNetworkInterfaceAttributeReply struct {
	Reply
	networkInterfaceSet
	ConnectionTrackingConfiguration *connectionTrackingConfiguration `json:",omitempty" xml:",omitempty"`
	NetworkInterfaceTrafficConfig   networkInterfaceTrafficConfig
	EnhancedNetwork                 struct{}
	QoSConfig                       struct {
		EnableQoS bool
		QoS       struct{}
	}
	TcpOptionAddressEnabled string
}

type connectionTrackingConfiguration struct {
	TcpEstablishedTimeout       int
	TcpClosedAndTimeWaitTimeout int
	UdpTimeout                  int
}

type networkInterfaceTrafficConfig struct {
	NetworkInterfaceTrafficMode string
	QueueNumber                 int
	QueuePairNumber             int
}

func newNetworkInterfaceAttributeResponse(n service.NetworkInterfaceAttribute) any {
	reply := &describeNetworkInterfaceAttributeReply{networkInterfaceSet: newNetworkInterface(n.NetworkInterface)}
	if reply.Attachment.InstanceId != "" {
		reply.Attachment.MemberNetworkInterfaceIds = &memberNetworkInterfaceIDs{mapEach(n.Members, identity)}
	}
	if c := n.ConnectionTracking; c != nil {
		reply.ConnectionTrackingConfiguration = &connectionTrackingConfiguration{
			*c.TCPEstablishedTimeout, *c.TCPClosedAndTimeWaitTimeout, *c.UDPTimeout,
		}
	}
	reply.NetworkInterfaceTrafficConfig = networkInterfaceTrafficConfig{
		reply.NetworkInterfaceTrafficMode,
		reply.QueueNumber,
		reply.QueuePairNumber,
	}
	reply.TcpOptionAddressEnabled = "false"
	return reply
}
