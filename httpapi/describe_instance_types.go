package httpapi

import (
	"cmp"
	"math"

	"enisim.alt/service"
)

type describeInstanceTypesReply struct {
	Reply
	NextToken     string
	InstanceTypes struct{ InstanceType []instanceType }
}

// instanceType is an instance type in replies. A figure that no source gives is 0, "" or false,
// because clients read it in any case. A field is left out only if captured answers lack it for a
// type that has none.
type instanceType struct {
	InstanceTypeId              string
	InstanceTypeFamily          string
	InstanceFamilyLevel         string
	InstanceCategory            string
	CpuArchitecture             string // X86 or ARM
	CpuCoreCount                int
	CpuOptions                  instanceTypeCPUOptions
	CpuSpeedFrequency           float64 // GHz
	CpuTurboFrequency           float64 // GHz
	PhysicalProcessorModel      string
	MemorySize                  float64 // GiB
	GPUAmount                   int
	GPUSpec                     string
	GPUMemorySize               float64 `json:",omitempty" xml:",omitempty"` // GiB
	LocalStorageAmount          int     `json:",omitempty" xml:",omitempty"`
	LocalStorageCapacity        int     `json:",omitempty" xml:",omitempty"` // GiB
	LocalStorageCategory        string
	DiskQuantity                int
	NvmeSupport                 string
	SupportedBootModes          struct{ SupportedBootMode []string }
	BaselineCredit              int `json:",omitempty" xml:",omitempty"`
	InitialCredit               int `json:",omitempty" xml:",omitempty"`
	EniQuantity                 int
	EniTotalQuantity            int
	EniTrunkSupported           bool
	EniPrivateIpAddressQuantity int
	EniIpv6AddressQuantity      int
	EriQuantity                 int
	PrimaryEniQueueNumber       int
	SecondaryEniQueueNumber     int
	MaximumQueueNumberPerEni    int
	TotalEniQueueQuantity       int
	QueuePairNumber             int           `json:",omitempty" xml:",omitempty"`
	NetworkCardQuantity         int           `json:",omitempty" xml:",omitempty"`
	NetworkCards                *networkCards `json:",omitempty" xml:",omitempty"`
	InstanceBandwidthRx         int           // kbit/s
	InstanceBandwidthTx         int           // kbit/s
	InstancePpsRx               int
	InstancePpsTx               int
	JumboFrameSupport           bool
	NetworkEncryptionSupport    bool
	NetworkInfo                 struct{ BandwidthWeighting struct{} }
	Clock                       struct{}
	EnhancedNetwork             struct{}
}

// instanceTypeCPUOptions is empty, because no source gives the figures.
type instanceTypeCPUOptions struct {
	Core                     int
	CoreFactor               int
	ThreadsPerCore           int
	HyperThreadingAdjustable bool
	SupportedTopologyTypes   struct{ SupportedTopologyType []string }
}

type networkCards struct{ NetworkCardInfo []networkCardInfo }

type networkCardInfo struct{ NetworkCardIndex int }

func newInstanceTypesResponse(list service.List[service.InstanceType]) any {
	reply := &describeInstanceTypesReply{NextToken: list.NextToken}
	reply.InstanceTypes.InstanceType = mapEach(list.Items, newInstanceType)
	return reply
}

func newInstanceType(t service.InstanceType) instanceType {
	d := service.DetailsOf(t)
	out := instanceType{
		InstanceTypeId:              t.ID,
		InstanceTypeFamily:          t.Family,
		InstanceFamilyLevel:         d.FamilyLevel,
		InstanceCategory:            d.Category,
		CpuArchitecture:             "X86",
		CpuCoreCount:                t.VCPUs,
		CpuSpeedFrequency:           valueOrZero(d.CPUFrequencyGHz),
		CpuTurboFrequency:           valueOrZero(d.CPUTurboFrequencyGHz),
		PhysicalProcessorModel:      d.PhysicalProcessorModel,
		MemorySize:                  t.MemoryGiB,
		GPUAmount:                   valueOrZero(d.GPUAmount),
		GPUSpec:                     d.GPUSpec,
		GPUMemorySize:               valueOrZero(d.GPUMemoryGiB),
		LocalStorageAmount:          valueOrZero(d.LocalStorageAmount),
		LocalStorageCapacity:        valueOrZero(d.LocalStorageCapacityGiB),
		LocalStorageCategory:        d.LocalStorageCategory,
		DiskQuantity:                valueOrZero(d.DiskQuantity),
		NvmeSupport:                 d.NVMeSupport,
		BaselineCredit:              valueOrZero(d.BaselineCredit),
		InitialCredit:               valueOrZero(d.InitialCredit),
		EniQuantity:                 t.ENIQuantity,
		EniTotalQuantity:            totalInterfaces(t),
		EniTrunkSupported:           t.ENITrunkSupported,
		EniPrivateIpAddressQuantity: valueOrZero(t.PrivateIPv4PerENI),
		EniIpv6AddressQuantity:      valueOrZero(t.IPv6PerENI),
		EriQuantity:                 valueOrZero(t.ERIQuantity),
		PrimaryEniQueueNumber:       valueOrZero(t.PrimaryENIQueues),
		SecondaryEniQueueNumber:     valueOrZero(t.SecondaryENIQueues),
		MaximumQueueNumberPerEni:    valueOrZero(t.MaxQueuesPerENI),
		TotalEniQueueQuantity:       valueOrZero(t.TotalENIQueues),
		QueuePairNumber:             valueOrZero(t.QueuePairs),
		InstanceBandwidthRx:         valueOrZero(d.BandwidthRxKbps),
		InstanceBandwidthTx:         valueOrZero(d.BandwidthTxKbps),
		InstancePpsRx:               valueOrZero(d.PPSRx),
		InstancePpsTx:               valueOrZero(d.PPSTx),
		JumboFrameSupport:           d.JumboFrameSupport,
	}
	if t.CPUArchitecture == "arm64" {
		out.CpuArchitecture = "ARM"
	}
	out.CpuOptions.SupportedTopologyTypes.SupportedTopologyType = []string{}
	out.SupportedBootModes.SupportedBootMode = []string{}
	if cards := valueOrZero(t.NetworkCards); cards > 0 {
		out.NetworkCardQuantity, out.NetworkCards = cards, &networkCards{}
		for index := range cards {
			out.NetworkCards.NetworkCardInfo = append(out.NetworkCards.NetworkCardInfo, networkCardInfo{index})
		}
	}
	kbps, pps := int(math.Round(valueOrZero(t.BandwidthGbps)*1_024_000)), int(math.Round(valueOrZero(t.PPS10k)*10_000))
	out.InstanceBandwidthRx = cmp.Or(out.InstanceBandwidthRx, kbps)
	out.InstanceBandwidthTx = cmp.Or(out.InstanceBandwidthTx, kbps)
	out.InstancePpsRx = cmp.Or(out.InstancePpsRx, pps)
	out.InstancePpsTx = cmp.Or(out.InstancePpsTx, pps)
	return out
}

// totalInterfaces returns how many interfaces an instance of a type may have, with the members of its trunk.
func totalInterfaces(t service.InstanceType) int {
	return max(valueOrZero(t.ENITotalQuantity), t.ENIQuantity+valueOrZero(t.MemberQuantity()))
}

// valueOrZero returns a figure, or 0 if no source gives it.
func valueOrZero[Figure int | float64](figure *Figure) Figure {
	if figure == nil {
		return 0
	}
	return *figure
}
