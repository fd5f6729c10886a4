package sdktest

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"enisim.alt/httpapi"
)

// ignoredParameters are parameters of the SDK that no action reads, by the reason. A parameter that
// only one action ignores has the action before it.
var ignoredParameters = map[string]string{
	"the account follows from the key": `
		OwnerId OwnerAccount ResourceOwnerId ResourceOwnerAccount SourceGroupOwnerId SourceGroupOwnerAccount
		DestGroupOwnerId DestGroupOwnerAccount Permissions.1.SourceGroupOwnerId
		Permissions.1.SourceGroupOwnerAccount Permissions.1.DestGroupOwnerId Permissions.1.DestGroupOwnerAccount
		ImageOwnerId`,
	"of the vendor's own services": `
		BusinessType Visible Arn.1.Rolearn Arn.1.RoleType Arn.1.AssumeRoleFor SystemTag.1.Key SystemTag.1.Value
		SystemTag.1.Scope NodeControllerId VlanId InnerIpAddress ClusterId UseAdditionalService
		ecs:CreateSecurityGroup/ServiceManaged InstanceMetadataTags`,
	"nothing is priced, renewed or reclaimed": `
		Period PeriodUnit AutoRenew AutoRenewPeriod AutoPay SpotDuration SpotPriceLimit SpotInterruptionBehavior
		AutoReleaseTime NeedSaleCycle Recyclable Temporary.StartTime Temporary.EndTime
		Temporary.InternetMaxBandwidthOut ModifyMode ecs:ModifyInstanceChargeType/PromotionOptions.CouponNo`,
	"read as further items of the list": `
		ecs:DescribePrice/DataDisk.2.Size ecs:DescribePrice/DataDisk.2.Category
		ecs:DescribePrice/DataDisk.2.PerformanceLevel ecs:DescribePrice/DataDisk.3.Size
		ecs:DescribePrice/DataDisk.3.Category ecs:DescribePrice/DataDisk.3.PerformanceLevel
		ecs:DescribePrice/DataDisk.4.Size ecs:DescribePrice/DataDisk.4.Category
		ecs:DescribePrice/DataDisk.4.PerformanceLevel`,
	"a made-up price does not depend on it": `
		ecs:DescribePrice/StartTime ecs:DescribePrice/AssuranceTimes
		ecs:DescribePrice/PromotionOptions.CouponNo ecs:DescribePrice/InstanceCpuCoreCount
		ecs:DescribePrice/ZoneId ecs:DescribePrice/InstanceAmount ecs:DescribePrice/InstanceTypeList.1
		ecs:DescribePrice/Platform ecs:DescribePrice/Capacity
		ecs:DescribePrice/SchedulerOptions.DedicatedHostId ecs:DescribePrice/DedicatedHostType
		ecs:DescribePrice/OfferingType ecs:DescribePrice/RecurrenceRules.1.EndHour
		ecs:DescribePrice/RecurrenceRules.1.StartHour ecs:DescribePrice/RecurrenceRules.1.RecurrenceValue
		ecs:DescribePrice/RecurrenceRules.1.RecurrenceType`,
	"offers are the same for every way to pay": `
		ecs:DescribeAvailableResource/SpotStrategy ecs:DescribeZones/SpotStrategy
		ecs:DescribeZones/InstanceChargeType ecs:DescribeRegions/InstanceChargeType Scope`,
	"hosts, clusters and pools are not simulated": `
		DedicatedHostId Tenancy Affinity HpcClusterId DeploymentSetId DeploymentSetGroupNo StorageSetId
		StorageSetPartitionNumber StorageClusterId SystemDisk.StorageClusterId
		DataDisk.1.StorageClusterId PrivatePoolOptions.Id
		PrivatePoolOptions.MatchCriteria CapacityReservationId CapacityReservationPreference
		SchedulerOptions.DedicatedHostClusterId SchedulerOptions.ManagedPrivateSpaceId Isp`,
	"launch templates are not simulated": `
		LaunchTemplateId LaunchTemplateName LaunchTemplateVersion`,
	"there is no machine to configure": `
		IoOptimized HttpEndpoint HttpTokens HttpPutResponseHopLimit SecurityEnhancementStrategy PasswordInherit
		HibernationOptions.Configured CpuOptions.Core CpuOptions.Numa CpuOptions.ThreadsPerCore
		CpuOptions.TopologyType CpuOptions.Accelerators.1 ImageOptions.LoginAsNonRoot
		ImageOptions.CurrentOSNVMeSupported OSNameEn NetworkOptions.EnableJumboFrame EnableJumboFrame
		AdditionalInfo.EnableSRIOV AdditionalInfo.Identifier AdditionalInfo.SafeMode AdditionalInfo.TargetDevice
		AdditionalInfo.PvdConfig AdditionalInfo.EnableHighDensityMode SecurityOptions.ConfidentialComputingMode
		SecurityOptions.TrustedSystemMode PrivateDnsNameOptions.HostnameType
		PrivateDnsNameOptions.EnableInstanceIdDnsARecord PrivateDnsNameOptions.EnableInstanceIdDnsAAAARecord
		PrivateDnsNameOptions.EnableIpDnsARecord PrivateDnsNameOptions.EnableIpDnsPtrRecord
		RemoteConnectionOptions.Password RemoteConnectionOptions.Type HostNames.1
		WaitForNetworkConfigurationReady RdmaIpAddresses`,
	"queues of an instance's interfaces are set one by one": `
		NetworkInterfaceQueueNumber NetworkInterface.1.QueuePairNumber NetworkInterface.1.RxQueueSize
		NetworkInterface.1.TxQueueSize`,
	"snapshots and keys of disks are not simulated": `
		DataDisk.1.SnapshotId DataDisk.1.AutoSnapshotPolicyId SystemDisk.AutoSnapshotPolicyId DataDisk.1.Device
		DataDisk.1.EncryptAlgorithm SystemDisk.EncryptAlgorithm DataDisk.1.KMSKeyId SystemDisk.KMSKeyId
		DataDisk.1.ProvisionedIops SystemDisk.ProvisionedIops DataDisk.1.BurstingEnabled
		SystemDisk.BurstingEnabled DeleteAutoSnapshot EnableAutoSnapshot EnableAutomatedSnapshotPolicy
		EnableShared ecs:CreateDisk/EncryptAlgorithm ProvisionedIops ecs:CreateDisk/BurstingEnabled
		AdvancedFeatures`,
	"disks do not change with a type": `
		ecs:ModifyInstanceSpec/SystemDisk.Category Disk.1.DiskId Disk.1.Category Disk.1.PerformanceLevel`,
	"filters on what nothing here has, or has alike": `
		Filter.1.Key Filter.1.Value Filter.2.Key Filter.2.Value Filter.3.Key Filter.3.Value Filter.4.Key
		Filter.4.Value LockReason DeviceAvailable ecs:DescribeInstances/InternetChargeType FuzzyQuery ActionType
		Usage IsSupportCloudinit ecs:DescribeImages/InstanceType ShowExpired vpc:DescribeVpcAttribute/IsDefault
		AdvancedFeature Type vpc:DescribeVSwitches/EnableIpv6`,
	"every attribute is shown": `
		AdditionalAttributes.1 IsQueryEcsCount`,
	"figures by which types are not filtered": `
		GPUSpec GpuSpecs.1 MinimumGPUAmount MaximumGPUAmount LocalStorageCategory LocalStorageCategories.1
		MinimumLocalStorageAmount MinimumLocalStorageCapacity SupportHotModify InstanceCategory
		InstanceCategories.1 InstanceFamilyLevel MinimumPrimaryEniQueueNumber MinimumSecondaryEniQueueNumber
		MinimumQueuePairNumber MinimumBaselineCredit MinimumInitialCredit MinimumCpuSpeedFrequency
		MaximumCpuSpeedFrequency MinimumCpuTurboFrequency MaximumCpuTurboFrequency PhysicalProcessorModel
		PhysicalProcessorModels.1 MinimumEriQuantity MinimumDiskQuantity NvmeSupport`,
	"an interface is named by its id": `
		ecs:DescribeNetworkInterfaceAttribute/Tag.1.Key ecs:DescribeNetworkInterfaceAttribute/Tag.1.Value`,
	"an older way to filter by tags": `
		TagFilter.1.TagKey TagFilter.1.TagValues.1`,
	"tags are taken away by their keys": `
		vpc:UntagResources/Tag.1.Key vpc:UntagResources/Tag.1.Value vpc:UnTagResources/Tag.1.Key
		vpc:UnTagResources/Tag.1.Value`,
	"pages have one size": `
		vpc:ListTagResources/MaxResults`,
	"a read has nothing to try without doing": `
		vpc:DescribeVSwitchAttributes/DryRun vpc:DescribeVSwitches/DryRun vpc:DescribeVpcAttribute/DryRun
		vpc:DescribeVpcs/DryRun`,
	"roles are assumed without a condition": `
		ExternalId`,
	"address pools, DNS names and lines of providers are not simulated": `
		Ipv4IpamPoolId Ipv4CidrMask IPv6CidrType Ipv6Isp EnableDnsHostname VpcIpv6CidrBlock`,
	"an EIP is of a region, of no pool and no order, and associated by a request of its own": `
		PublicIpAddressPoolId vpc:AllocateEipAddress/Zone ActivityId vpc:AllocateEipAddress/InstanceId
		SecurityProtectionTypes.1 vpc:AssociateEipAddress/VpcId`,
	"a second spelling, which is read too": `
		RouteEntries.1.Describption`,
	"a route table has no bandwidth, and an entry no address of its next hop": `
		vpc:CreateRouteEntry/PrivateIpAddress vpc:ModifyRouteTableAttributes/Bandwidth KbpsBandwidth ResourceUid
		ResourceBid`,
	"a VPC keeps its block, and is deleted when it is empty": `
		vpc:ModifyVpcAttribute/CidrBlock ForceDelete`,
}

// Each parameter that the SDK can send is read by its action under the same name, or is ignored for
// a listed reason.
func TestSDKParametersAreReadOrIgnored(t *testing.T) {
	t.Parallel()
	reasons := map[string]string{}
	for reason, names := range ignoredParameters {
		for name := range strings.FieldsSeq(names) {
			if reasons[name] != "" {
				t.Errorf("%s: got two reasons to ignore it, want one", name)
			}
			reasons[name] = reason
		}
	}
	used := map[string]bool{}
	for _, action := range httpapi.ActionNames() {
		model, found := models[action]
		if !found {
			t.Errorf("%s: got no model of the SDK", action)
			continue
		}
		read := httpapi.ParameterNames(action)
		for _, name := range parameterNames(reflect.TypeOf(model.request).Elem(), "") {
			if slices.Contains(read, name) {
				continue
			}
			used[name], used[action+"/"+name] = true, true
			if reasons[name] == "" && reasons[action+"/"+name] == "" {
				t.Errorf("%s: got the parameter %s, want it read or ignored for a reason", action, name)
			}
		}
	}
	for name := range reasons {
		if !used[name] {
			t.Errorf("%s: got a reason to ignore it, but no request sends it or all actions read it", name)
		}
	}
}

// parameterNames returns the parameters of a request of the SDK. Lists have their first item.
func parameterNames(request reflect.Type, prefix string) []string {
	var names []string
	for field := range request.Fields() {
		name := field.Tag.Get("name")
		if name == "" {
			continue // shared by all requests
		}
		kind := field.Type
		for kind.Kind() == reflect.Pointer {
			kind = kind.Elem()
		}
		name = prefix + name
		if kind.Kind() == reflect.Slice {
			name, kind = name+".1", kind.Elem()
		}
		if kind.Kind() == reflect.Struct {
			names = append(names, parameterNames(kind, name+".")...)
		} else {
			names = append(names, name)
		}
	}
	return names
}
