package httpapi

import "enisim/service"

type describeInstanceTypesReply struct {
	Reply
	NextToken     string
	InstanceTypes struct{ InstanceType []instanceType }
}

// instanceType is an instance type in replies. A figure that no source gives is left out.
type instanceType struct {
	InstanceTypeId              string
	InstanceTypeFamily          string
	CpuArchitecture             string // X86 or ARM
	CpuCoreCount                int
	MemorySize                  float64 // GiB
	EniQuantity                 int
	EniTotalQuantity            int
	EniTrunkSupported           bool
	EniPrivateIpAddressQuantity *int `json:",omitempty" xml:",omitempty"`
	EniIpv6AddressQuantity      *int `json:",omitempty" xml:",omitempty"`
	EriQuantity                 int
	NetworkCardQuantity         int
	NetworkCards                struct{ NetworkCardInfo []networkCardInfo }
	InstanceBandwidthRx         *int `json:",omitempty" xml:",omitempty"` // kbit/s
	InstanceBandwidthTx         *int `json:",omitempty" xml:",omitempty"` // kbit/s
	InstancePpsRx               *int `json:",omitempty" xml:",omitempty"`
	InstancePpsTx               *int `json:",omitempty" xml:",omitempty"`
}

type networkCardInfo struct{ NetworkCardIndex int }

func spellInstanceTypes(list service.List[service.InstanceType]) any {
	reply := &describeInstanceTypesReply{NextToken: list.NextToken}
	reply.InstanceTypes.InstanceType = spellEach(list.Items, spellInstanceType)
	return reply
}

func spellInstanceType(t service.InstanceType) instanceType {
	out := instanceType{
		InstanceTypeId:              t.ID,
		InstanceTypeFamily:          t.Family,
		CpuArchitecture:             "X86",
		CpuCoreCount:                t.VCPUs,
		MemorySize:                  t.MemoryGiB,
		EniQuantity:                 t.ENIQuantity,
		EniTotalQuantity:            t.ENIQuantity,
		EniTrunkSupported:           t.ENITrunkSupported,
		EniPrivateIpAddressQuantity: t.PrivateIPv4PerENI,
		EniIpv6AddressQuantity:      t.IPv6PerENI,
		NetworkCardQuantity:         1,
	}
	if t.CPUArchitecture == "arm64" {
		out.CpuArchitecture = "ARM"
	}
	if t.ENITotalQuantity != nil {
		out.EniTotalQuantity = *t.ENITotalQuantity
	}
	if t.NetworkCards != nil {
		out.NetworkCardQuantity = *t.NetworkCards
	}
	out.NetworkCards.NetworkCardInfo = []networkCardInfo{}
	for index := range out.NetworkCardQuantity {
		out.NetworkCards.NetworkCardInfo = append(out.NetworkCards.NetworkCardInfo, networkCardInfo{index})
	}
	if t.BandwidthGbps != nil {
		kbps := int(*t.BandwidthGbps * 1_024_000)
		out.InstanceBandwidthRx, out.InstanceBandwidthTx = &kbps, &kbps
	}
	if t.PPS10k != nil {
		pps := int(*t.PPS10k * 10_000)
		out.InstancePpsRx, out.InstancePpsTx = &pps, &pps
	}
	return out
}
