package httpapi

import (
	"strconv"

	"enisim.alt/service"
)

type describeEIPAddressesReply struct {
	Reply
	numberedPageReply
	EipAddresses struct{ EipAddress []listedEIP }
}

func newEIPAddressesResponse(list service.List[service.EIP]) any {
	reply := &describeEIPAddressesReply{numberedPageReply: numberedPageOf(list)}
	reply.EipAddresses.EipAddress = mapEach(list.Items, newListedEIP)
	return reply
}

// listedEIP is an EIP in the list. None has a bandwidth package, a reservation, protection or a lock here.
type listedEIP struct {
	AllocationId                  string
	IpAddress                     string
	Status                        string
	Name                          string
	Description                   string
	Descritpion                   string //nolint:misspell // the vendor's second spelling
	InstanceId                    string
	InstanceType                  string
	InstanceRegionId              string
	PrivateIpAddress              string
	Mode                          string
	VpcId                         string
	RegionId                      string
	Bandwidth                     string
	EipBandwidth                  string
	InternetChargeType            string
	ChargeType                    string
	ISP                           string
	Netmode                       string
	Zone                          string
	BusinessStatus                string
	BizType                       string
	AllocationTime                string
	ExpiredTime                   string
	ResourceGroupId               string
	BandwidthPackageId            string
	BandwidthPackageType          string
	BandwidthPackageBandwidth     string
	SegmentInstanceId             string
	PublicIpAddressPoolId         string
	HDMonitorStatus               string
	HasReservationData            string
	ReservationActiveTime         string
	ReservationBandwidth          string
	ReservationInternetChargeType string
	ReservationOrderType          string
	DeletionProtection            bool
	SecondLimited                 bool
	ServiceManaged                int
	AvailableRegions              struct{ AvailableRegion []string }
	SecurityProtectionTypes       struct{ SecurityProtectionType []string }
	OperationLocks                struct{ LockReason []struct{} }
	Tags                          vpcTags
}

func newListedEIP(e service.EIP) listedEIP {
	out := listedEIP{
		AllocationId:       e.ID,
		IpAddress:          e.IPAddress.String(),
		Status:             e.Status,
		Name:               e.Name,
		Description:        e.Description,
		Descritpion:        e.Description, //nolint:misspell // see the field
		InstanceId:         e.InstanceID,
		InstanceType:       e.InstanceType,
		Mode:               e.Mode,
		VpcId:              e.VPCID,
		RegionId:           e.RegionID,
		Bandwidth:          strconv.Itoa(e.Bandwidth),
		EipBandwidth:       strconv.Itoa(e.Bandwidth),
		InternetChargeType: e.Attributes.InternetChargeType,
		ChargeType:         e.Attributes.InstanceChargeType,
		ISP:                e.Attributes.ISP,
		Netmode:            "public",
		BusinessStatus:     "Normal",
		AllocationTime:     e.CreatedAt.Format(timeWithSeconds),
		ResourceGroupId:    e.ResourceGroupID,
		HDMonitorStatus:    "OFF",
		HasReservationData: "false",
		Tags:               newVPCTags(e.Tags),
	}
	if e.InstanceID != "" {
		out.InstanceRegionId = e.RegionID
	}
	if e.PrivateIPAddress != nil {
		out.PrivateIpAddress = e.PrivateIPAddress.String()
	}
	out.AvailableRegions.AvailableRegion = []string{e.RegionID}
	out.SecurityProtectionTypes.SecurityProtectionType = []string{}
	out.OperationLocks.LockReason = []struct{}{}
	return out
}
