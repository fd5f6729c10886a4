package httpapi

import (
	"cmp"

	"github.com/google/uuid"

	"enisim.alt/service"
)

type describeInstancesReply struct {
	Reply
	pageReply
	Instances struct{ Instance []instance }
}

func newInstancesResponse(list service.List[service.Instance]) any {
	reply := &describeInstancesReply{pageReply: pageOf(list)}
	reply.Instances.Instance = mapEach(list.Items, newInstanceReply)
	return reply
}

// instance is an instance in replies. Attributes that it does not set have the values of a plain
// pay-as-you-go Linux instance without public addresses. A field without a value is empty, or
// absent if captured answers lack it.
type instance struct {
	InstanceId              string
	InstanceName            string
	HostName                string
	Description             string
	Status                  string
	RegionId                string
	ZoneId                  string
	ResourceGroupId         string
	ClusterId               string
	InstanceType            string
	InstanceTypeFamily      string
	Cpu                     int
	Memory                  int // MiB
	GPUAmount               int
	GPUSpec                 string
	ImageId                 string
	OSName                  string
	OSNameEn                string
	OSType                  string
	InstanceNetworkType     string
	VpcAttributes           vpcAttributes
	VlanId                  string
	SecurityGroupIds        securityGroupIDs
	NetworkInterfaces       struct{ NetworkInterface []instanceNetworkInterface }
	PublicIpAddress         ipAddresses
	InnerIpAddress          ipAddresses
	EipAddress              eipAddress
	InternetChargeType      string
	InternetMaxBandwidthIn  int
	InternetMaxBandwidthOut int
	InstanceChargeType      string
	CreationTime            string
	StartTime               string // of the last start; empty if there was none
	ExpiredTime             string
	AutoReleaseTime         string
	StoppedMode             string
	IoOptimized             bool
	KeyPairName             string `json:",omitempty" xml:",omitempty"`
	OperationLocks          struct{ LockReason []struct{} }
	DeletionProtection      bool
	Recyclable              bool
	DeviceAvailable         bool
	SaleCycle               string
	SpotStrategy            string
	SpotPriceLimit          float64
	CreditSpecification     string
	SerialNumber            string
	DeploymentSetId         string
	HpcClusterId            string
	Tags                    *ecsTags `json:",omitempty" xml:",omitempty"`

	MetadataOptions            metadataOptions
	CpuOptions                 instanceCPUOptions
	DedicatedHostAttribute     dedicatedHostAttribute
	DedicatedInstanceAttribute struct{ Tenancy, Affinity string }
	EcsCapacityReservationAttr struct{ CapacityReservationId, CapacityReservationPreference string }
	HibernationOptions         struct{ Configured bool }
	ImageOptions               struct{}
	PrivateDnsNameOptions      struct{}
	SecurityOptions            struct{}
	AdditionalInfo             struct{}
	ClockOptions               struct{}
}

// metadataOptions are empty until a request sets them.
type metadataOptions struct {
	HttpTokens, HttpEndpoint string
	HttpPutResponseHopLimit  int `json:",omitempty" xml:",omitempty"`
}

// instanceCPUOptions is empty, because no source gives the figures of a type.
type instanceCPUOptions struct {
	CoreCount      int
	ThreadsPerCore int
	Numa           string
}

// dedicatedHostAttribute is empty, because no instance is on a dedicated host.
type dedicatedHostAttribute struct{ DedicatedHostId, DedicatedHostName, DedicatedHostClusterId string }

// vpcAttributes are empty for a classic instance.
type vpcAttributes struct {
	VpcId            string
	VSwitchId        string
	NatIpAddress     string
	PrivateIpAddress ipAddresses
}

type ipAddresses struct{ IpAddress []string }

type eipAddress struct {
	AllocationId         string
	IpAddress            string
	Bandwidth            int
	InternetChargeType   string
	IsSupportUnassociate bool
}

// instanceNetworkInterface is an interface in an instance's reply.
type instanceNetworkInterface struct {
	NetworkInterfaceId string
	Type               string
	MacAddress         string
	PrimaryIpAddress   string
	PrivateIpSets      struct{ PrivateIpSet []privateIP }
	Ipv6Sets           *ipv6Sets       `json:",omitempty" xml:",omitempty"`
	Ipv4PrefixSets     *ipv4PrefixSets `json:",omitempty" xml:",omitempty"`
	Ipv6PrefixSets     *ipv6PrefixSets `json:",omitempty" xml:",omitempty"`
}

func newInstanceReply(i service.Instance) instance {
	a := i.Attributes
	image := service.FindImage(cmp.Or(a.ImageID, service.InstanceImageID))
	out := instance{
		InstanceId:          i.ID,
		InstanceName:        i.Name,
		HostName:            i.HostName,
		Description:         i.Description,
		Status:              i.Status,
		RegionId:            i.RegionID,
		ZoneId:              i.ZoneID,
		ResourceGroupId:     i.ResourceGroupID,
		InstanceType:        i.InstanceType,
		InstanceTypeFamily:  i.Type.Family,
		Cpu:                 i.Type.VCPUs,
		Memory:              int(i.Type.MemoryGiB * 1024),
		ImageId:             image.ID,
		OSName:              image.OSName,
		OSNameEn:            image.OSNameEn,
		OSType:              image.OSType,
		InstanceNetworkType: i.NetworkType,
		VpcAttributes:       vpcAttributes{PrivateIpAddress: ipAddresses{[]string{}}},
		SecurityGroupIds:    securityGroupIDs{[]string{}},
		PublicIpAddress:     ipAddresses{[]string{}},
		InnerIpAddress:      ipAddresses{[]string{}},
		InternetChargeType:  cmp.Or(a.InternetChargeType, "PayByTraffic"),
		InstanceChargeType:  cmp.Or(a.InstanceChargeType, service.InstanceChargeType),
		CreationTime:        i.CreatedAt.Format(timeWithMinutes),
		ExpiredTime:         "2099-12-31T15:59Z", // pay-as-you-go: never
		StoppedMode:         "Not-applicable",
		IoOptimized:         i.Type.IOOptimized,
		KeyPairName:         a.KeyPairName,
		DeletionProtection:  a.DeletionProtection,
		DeviceAvailable:     true,
		SpotStrategy:        cmp.Or(a.SpotStrategy, "NoSpot"),
		CreditSpecification: a.CreditSpecification,
		SerialNumber:        serialNumber(i),
		MetadataOptions:     metadataOptions{a.MetadataTokens, a.MetadataEndpoint, a.MetadataHopLimit},
	}
	if a.AutoReleaseTime != nil {
		out.AutoReleaseTime = a.AutoReleaseTime.UTC().Format(timeWithMinutes)
	}
	if isBurstable(i.Type.Family) {
		out.CreditSpecification = cmp.Or(a.CreditSpecification, "Standard")
	}
	if len(i.Tags) > 0 {
		out.Tags = new(newECSTags(i.Tags))
	}
	out.InternetMaxBandwidthIn = bandwidthIn(a.InternetMaxBandwidthIn, a.InternetMaxBandwidthOut)
	out.InternetMaxBandwidthOut = a.InternetMaxBandwidthOut
	if out.InstanceChargeType == "PrePaid" {
		// This is the end of the shortest subscription, because how long one is paid for is not kept.
		out.ExpiredTime = i.CreatedAt.AddDate(0, 1, 0).Format(timeWithMinutes)
	}
	if i.StartedAt != nil {
		out.StartTime = i.StartedAt.Format(timeWithMinutes)
	}
	if i.Status == "Stopped" {
		out.StoppedMode = cmp.Or(a.StoppedMode, "KeepCharging")
	}
	if i.VPCID != nil && i.VSwitchID != nil {
		out.VpcAttributes.VpcId, out.VpcAttributes.VSwitchId = *i.VPCID, *i.VSwitchID
	}
	if a.PublicIPAddress != "" {
		out.PublicIpAddress.IpAddress = []string{a.PublicIPAddress}
	}
	out.OperationLocks.LockReason = []struct{}{}
	out.NetworkInterfaces.NetworkInterface = mapEach(i.NetworkInterfaces, newInstanceNetworkInterface)
	for _, n := range i.NetworkInterfaces {
		if n.Type != "Primary" {
			continue
		}
		// The groups and address of an instance are those of its primary interface.
		out.SecurityGroupIds.SecurityGroupId = mapEach(n.SecurityGroupIDs, identity)
		if ip := n.PrimaryIP(); ip != "" {
			out.VpcAttributes.PrivateIpAddress.IpAddress = []string{ip}
		}
		for _, a := range n.Addresses {
			if e := n.EIPOn(a.Address); e != nil && a.IsPrimary {
				out.EipAddress = eipAddress{e.ID, e.IPAddress.String(), e.Bandwidth, e.InternetChargeType, true}
			}
		}
	}
	return out
}

// serialNumber returns a UUID that is derived from the instance.
func serialNumber(i service.Instance) string {
	return uuid.NewSHA1(uuid.NameSpaceURL, []byte("enisim/"+i.AccountID+"/"+i.ID)).String()
}

// isBurstable reports whether the types of a family earn credits.
func isBurstable(family string) bool { return family == "ecs.t5" || family == "ecs.t6" }

// bandwidthIn returns the inbound bandwidth: the requested one, or what captured answers show. That
// is -1 without outbound bandwidth, and 80 Mbit/s with little of it.
func bandwidthIn(in, out int) int {
	const usual = 80
	switch {
	case in > 0:
		return in
	case out == 0:
		return -1
	}
	return max(usual, out)
}

func newInstanceNetworkInterface(n service.NetworkInterface) instanceNetworkInterface {
	out := instanceNetworkInterface{
		NetworkInterfaceId: n.ID,
		Type:               n.Type,
		MacAddress:         n.MACAddress,
		PrimaryIpAddress:   n.PrimaryIP(),
	}
	if addresses := n.IPv6(); len(addresses) > 0 {
		out.Ipv6Sets = &ipv6Sets{mapEach(addresses, newIPv6)}
	}
	if prefixes := newIPv4Prefixes(n); len(prefixes.Ipv4PrefixSet) > 0 {
		out.Ipv4PrefixSets = &prefixes
	}
	if prefixes := newIPv6Prefixes(n); len(prefixes.Ipv6PrefixSet) > 0 {
		out.Ipv6PrefixSets = &prefixes
	}
	out.PrivateIpSets.PrivateIpSet = mapEach(n.IPv4(), newPrivateIP)
	return out
}
