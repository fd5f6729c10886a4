package httpapi

import "enisim.alt/service"

// describeInstanceAttributeReply is an instance without a list around it. Its fields have the
// values of DescribeInstances, except IoOptimized.
type describeInstanceAttributeReply struct {
	Reply
	InstanceId              string
	InstanceName            string
	HostName                string
	Description             string
	Status                  string
	RegionId                string
	ZoneId                  string
	ClusterId               string
	InstanceType            string
	Cpu                     int
	Memory                  int // MiB
	ImageId                 string
	InstanceNetworkType     string
	VpcAttributes           vpcAttributes
	VlanId                  string
	SecurityGroupIds        securityGroupIDs
	PublicIpAddress         ipAddresses
	InnerIpAddress          ipAddresses
	EipAddress              attributeEIPAddress
	InternetChargeType      string
	InternetMaxBandwidthIn  int
	InternetMaxBandwidthOut int
	InstanceChargeType      string
	CreationTime            string
	ExpiredTime             string
	StoppedMode             string
	IoOptimized             string // optimized or none
	OperationLocks          struct{ LockReason []struct{} }
	CreditSpecification     string
	SerialNumber            string
	DedicatedHostAttribute  dedicatedHostAttribute
	SecurityOptions         struct{}
	NetworkOptions          struct{}
}

type attributeEIPAddress struct {
	AllocationId       string
	IpAddress          string
	Bandwidth          int
	InternetChargeType string
}

func newInstanceAttributeResponse(described service.Instance) any {
	i := newInstanceReply(described)
	reply := &describeInstanceAttributeReply{
		InstanceId:              i.InstanceId,
		InstanceName:            i.InstanceName,
		HostName:                i.HostName,
		Description:             i.Description,
		Status:                  i.Status,
		RegionId:                i.RegionId,
		ZoneId:                  i.ZoneId,
		InstanceType:            i.InstanceType,
		Cpu:                     i.Cpu,
		Memory:                  i.Memory,
		ImageId:                 i.ImageId,
		InstanceNetworkType:     i.InstanceNetworkType,
		VpcAttributes:           i.VpcAttributes,
		SecurityGroupIds:        i.SecurityGroupIds,
		PublicIpAddress:         i.PublicIpAddress,
		InnerIpAddress:          i.InnerIpAddress,
		InternetChargeType:      i.InternetChargeType,
		InternetMaxBandwidthIn:  i.InternetMaxBandwidthIn,
		InternetMaxBandwidthOut: i.InternetMaxBandwidthOut,
		InstanceChargeType:      i.InstanceChargeType,
		CreationTime:            i.CreationTime,
		ExpiredTime:             i.ExpiredTime,
		StoppedMode:             i.StoppedMode,
		IoOptimized:             "none",
		OperationLocks:          i.OperationLocks,
		CreditSpecification:     i.CreditSpecification,
		SerialNumber:            i.SerialNumber,
	}
	if e := i.EipAddress; e.AllocationId != "" {
		reply.EipAddress = attributeEIPAddress{e.AllocationId, e.IpAddress, e.Bandwidth, e.InternetChargeType}
	}
	if i.IoOptimized {
		reply.IoOptimized = "optimized"
	}
	return reply
}
