package service

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"time"

	"enisim.alt/service/disturbance"
	"enisim.alt/store"
)

// runCase has all inputs of the rules of a launch.
type runCase struct {
	req       RunInstancesRequest
	admission admissionInput
	scene     *store.LaunchScene
	stock     stock
	quotas    store.Quotas
}

var runTime = time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)

// validRun returns a case that violates no rule.
func validRun() *runCase {
	ipv6 := netip.MustParsePrefix("2001:db8::/64")
	return &runCase{
		req: RunInstancesRequest{
			NewInstance: NewInstance{
				RegionID: "cn-hangzhou", ZoneID: "cn-hangzhou-h", ImageID: "m-1", InstanceType: "ecs.g6.xlarge",
				VSwitchID: "vsw-1", SecurityGroupID: "sg-1",
			},
			NetworkInterfaces: []LaunchInterface{{NetworkInterfaceID: "eni-1"}, {NetworkInterfaceName: "data"}},
		},
		admission: admissionInput{
			caller: Caller{AccountID: "1000000000000001"}, action: "ecs:RunInstances", regionKnown: true,
		},
		scene: &store.LaunchScene{
			Type: &store.InstanceType{AttachableType: store.AttachableType{
				ID: "ecs.g6.xlarge", ENIQuantity: 3, PrivateIPv4PerENI: new(6), IPv6PerENI: new(1), IOOptimized: true,
			}},
			ZoneKnown:  true,
			HasKeyPair: true,
			Offers: map[string]*store.AddressOffer{"vsw-1": {
				VSwitch: &store.VSwitch{
					ID: "vsw-1", VPCID: "vpc-1", ZoneID: "cn-hangzhou-h",
					CIDRBlock: netip.MustParsePrefix("10.0.0.0/24"), IPv6CIDRBlock: &ipv6,
				},
				IPv4: parseAddresses([]string{"10.0.0.1", "10.0.0.2"}),
			}},
			Quota: store.InterfaceQuota{Max: 2, Count: 1},
			Interfaces: map[string]*store.LaunchedENI{"eni-1": {
				NetworkInterface: store.NetworkInterface{AttachableENI: store.AttachableENI{
					ID: "eni-1", VPCID: "vpc-1", ZoneID: "cn-hangzhou-h", Type: store.ENISecondary,
					Status: store.ENIAvailable,
				}},
				IPv4: 1,
			}},
			Groups: map[string]store.GroupScene{"sg-1": {ID: "sg-1", VPCID: "vpc-1", Type: store.GroupNormal, Free: 1}},
		},
	}
}

// check applies the tables in the order in which the action does.
func (c *runCase) check() error {
	if err := checkQuotas(runInstancesParameterRules, c.req, c.quotas); err != nil {
		return err
	}
	if err := check(admissionRules, c.admission); err != nil {
		return err
	}
	return check(runInstancesRules, c.launch())
}

// launch returns the input of the rules on rows.
func (c *runCase) launch() launchInput {
	l := c.req.launchInput()
	l.LaunchScene, l.now, l.stock = c.scene, runTime, c.stock
	l.count = l.possibleCount()
	return l
}

func (c *runCase) vswitch() *store.VSwitch { return c.scene.Offers["vsw-1"].VSwitch }

// changeGroup changes the security group of the case.
func (c *runCase) changeGroup(change func(*store.GroupScene)) {
	g := c.scene.Groups["sg-1"]
	change(&g)
	c.scene.Groups["sg-1"] = g
}

func (c *runCase) tag(tags ...Tag) { c.req.Tags = append(c.req.Tags, tags...) }

// list adds an interface to the list of the request.
func (c *runCase) list(i LaunchInterface) {
	c.req.NetworkInterfaces = append(c.req.NetworkInterfaces, i)
}

// texts returns n different texts.
func texts(n int) (out []string) {
	for k := range n {
		out = append(out, fmt.Sprintf("sg-%d", k))
	}
	return out
}

// runViolations has a violation for each rule, in the order of the rules: violation k makes a valid
// case violate rule k.
var runViolations = []struct {
	name    string
	want    *Error
	violate func(*runCase)
}{
	{"no RegionId", MissingNamedParameter, func(c *runCase) { c.req.RegionID = "" }},
	{"no ImageId", MissingNamedParameter, func(c *runCase) { c.req.ImageID = "" }},
	{"no InstanceType", MissingNamedParameter, func(c *runCase) { c.req.InstanceType = "" }},
	{"no VSwitchId", InvalidResourceTypeNotSupported, func(c *runCase) { c.req.VSwitchID = "" }},
	{"no group", MissingNamedParameter, func(c *runCase) { c.req.SecurityGroupID, c.req.SecurityGroupIDs = "", nil }},
	{"not a number", InvalidParameter, func(c *runCase) { c.req.Malformed = Malformed{"Amount"} }},
	{"token", InvalidClientTokenValue, func(c *runCase) { c.req.ClientToken = "ü" }},
	{"name", InvalidInstanceNameMalformed, func(c *runCase) { c.req.InstanceName = "1" }},
	{"host name", InvalidHostNameMalformed, func(c *runCase) { c.req.HostName = "a..b" }},
	{"description", InvalidDescriptionMalformed, func(c *runCase) { c.req.Description = "http://" }},
	{"address", InvalidPrivateIPMalformed, func(c *runCase) { c.req.PrivateIPAddress = "10.0.0" }},
	{"charge type", InvalidParameter, func(c *runCase) { c.req.InstanceChargeType = "Free" }},
	{"internet charge type", InvalidParameter, func(c *runCase) { c.req.InternetChargeType = "Free" }},
	{"spot", InvalidParameter, func(c *runCase) { c.req.SpotStrategy = "Spot" }},
	{"credit", InvalidParameter, func(c *runCase) { c.req.CreditSpecification = "Some" }},
	{"bandwidth in", InvalidParameter, func(c *runCase) { c.req.InternetMaxBandwidthIn = new(-1) }},
	{"bandwidth out", InvalidParameter, func(c *runCase) { c.req.InternetMaxBandwidthOut = new(1001) }},
	{"system disk", InvalidParameter, func(c *runCase) { c.req.SystemDisk.Size = new(0) }},
	{"data disks", InvalidParameter, func(c *runCase) { c.req.DataDisks = make([]NewDisk, 17) }},
	{"tags", DuplicateTagKey, func(c *runCase) { c.tag(Tag{"a", ""}, Tag{"a", ""}) }},
	{"tag key", InvalidTagKeyMalformed, func(c *runCase) { c.tag(Tag{"acs:", ""}) }},
	{"tag value", InvalidTagValueMalformed, func(c *runCase) { c.tag(Tag{"v", "http://"}) }},
	{"too many tags", QuotaExceedTags, func(c *runCase) {
		for _, key := range texts(21) {
			c.tag(Tag{key, ""})
		}
	}},
	{"amount", InvalidAmount, func(c *runCase) { c.req.Amount = new(101) }},
	{"least amount", InvalidParameter, func(c *runCase) { c.req.MinAmount = new(0) }},
	{"IPv6", InvalidParameter, func(c *runCase) { c.req.IPv6Addresses = []string{"10.0.0.1"} }},
	{"IPv6 count", InvalidParameter, func(c *runCase) { c.req.IPv6AddressCount = new(0) }},
	{"groups twice", InvalidParameterConflict, func(c *runCase) { c.req.SecurityGroupIDs = []string{"sg-1"} }},
	{"type of interface", InvalidLaunchEniType, func(c *runCase) { c.list(LaunchInterface{InstanceType: "Trunk"}) }},
	{
		"existing and new", InvalidParamNetworkInterface,
		func(c *runCase) { c.list(LaunchInterface{NetworkInterfaceID: "eni-2", VSwitchID: "vsw-1"}) },
	},
	{"queues", InvalidCreateEniParams, func(c *runCase) { c.list(LaunchInterface{QueueNumber: new(0)}) }},
	{
		"eleven groups", JoinedGroupLimitExceed,
		func(c *runCase) { c.list(LaunchInterface{SecurityGroupIDs: texts(11)}) },
	},
	{"no network cards", UserNotSupportNetworkCard, func(c *runCase) {
		c.req.NetworkInterfaces[0].NetworkCardIndex, c.quotas.WithoutNetworkCards = new(0), true
	}},
	{"one interface for two", InvalidParamAmount, func(c *runCase) { c.req.Amount = new(2) }},

	{"region", InvalidRegionIDNotFound, func(c *runCase) { c.admission.regionKnown = false }},
	{"account", AbsInvalidAccountNotFound, func(c *runCase) { c.admission.caller.Expired = true }},
	{"closed to RAM", ForbiddenNotSupportRAM, func(c *runCase) {
		c.admission.caller.RAMUser, c.admission.closedToRAM, c.admission.caller.Allow = "ci", true, []string{"*"}
	}},
	{
		"not allowed", ForbiddenRAM,
		func(c *runCase) { c.admission.caller.RAMUser, c.admission.caller.Allow = "ci", nil },
	},

	{"image", InvalidImageIDNotFound, func(c *runCase) { c.req.ImageID = "none" }},
	{"type", InvalidInstanceTypeValueNotSupported, func(c *runCase) { c.scene.Type = nil }},
	{"zone", InvalidZoneIDNotFound, func(c *runCase) { c.scene.ZoneKnown = false }},
	{"VSwitch", LaunchVSwitchIDNotFound, func(c *runCase) { c.scene.Offers["vsw-1"].VSwitch = nil }},
	{"group", LaunchSecurityGroupIDNotFound, func(c *runCase) { delete(c.scene.Groups, "sg-1") }},
	{"key pair", KeyPairNotFound, func(c *runCase) { c.req.KeyPairName, c.scene.HasKeyPair = "gone", false }},
	{"key pair of Windows", KeyPairOfWindows, func(c *runCase) {
		c.req.KeyPairName, c.req.ImageID = "ops", "win2022.vhd"
	}},
	{"interface", InvalidEniIDForbidden, func(c *runCase) { delete(c.scene.Interfaces, "eni-1") }},
	{"interface in use", InvalidLaunchEniID, func(c *runCase) { c.scene.Interfaces["eni-1"].Status = store.ENIInUse }},
	{"VSwitch pending", IncorrectVSwitchStatus, func(c *runCase) { c.vswitch().AvailableAt = new(runTime.Add(1)) }},
	{"zone of the VSwitch", VSwitchZoneMismatch, func(c *runCase) { c.vswitch().ZoneID = "cn-hangzhou-i" }},
	{
		"VPC of the group", SecurityGroupVSwitchMismatch,
		func(c *runCase) { c.changeGroup(func(g *store.GroupScene) { g.VPCID = "vpc-2" }) },
	},
	{"address outside", PrivateIPOutsideVSwitch, func(c *runCase) { c.req.PrivateIPAddress = "10.0.0.253" }},
	{"no IPv6", InvalidParameter, func(c *runCase) { c.req.IPv6AddressCount, c.vswitch().IPv6CIDRBlock = new(1), nil }},
	{
		"address of an interface outside", InvalidVSwitchIDIPInvalid,
		func(c *runCase) { c.req.NetworkInterfaces[1].PrimaryIPAddress = "10.0.1.1" },
	},
	{"types of groups", LaunchMultiGroupType, func(c *runCase) {
		c.scene.Groups["sg-2"] = store.GroupScene{Type: store.GroupEnterprise, Free: 9}
	}},
	{
		"zone of the interface", LaunchEniElsewhere,
		func(c *runCase) { c.scene.Interfaces["eni-1"].ZoneID = "cn-hangzhou-i" },
	},
	{"I/O", EniNotSupportedByType, func(c *runCase) { c.scene.Type.IOOptimized = false }},
	{
		"network card", NetworkCardIndexInvalid,
		func(c *runCase) { c.req.NetworkInterfaces[0].NetworkCardIndex = new(9) },
	},
	{"places", EniCountExceeded, func(c *runCase) { c.scene.Type.ENIQuantity = 2 }},
	{"places of a card", EniPerInstanceLimitExceeded, func(c *runCase) {
		c.req.NetworkInterfaces[0].NetworkCardIndex, c.scene.Type.NetworkCards = new(0), new(1)
		c.scene.Type.ENIsPerNetworkCard = new(1)
	}},
	{"no RDMA", InstanceTypeNotSupportHighPerformance, func(c *runCase) {
		c.scene.Interfaces["eni-1"].TrafficMode, c.scene.Type.ERIQuantity = store.TrafficHighPerformance, new(0)
	}},
	{"RDMA", HighPerformanceLimitExceeded, func(c *runCase) {
		c.scene.Interfaces["eni-1"].TrafficMode, c.scene.Type.ERIQuantity = store.TrafficHighPerformance, new(1)
		c.req.NetworkInterfaces[1].NetworkInterfaceTrafficMode = store.TrafficHighPerformance
	}},
	{"queues of an interface", MaxEniQueueNumberExceeded, func(c *runCase) {
		c.req.NetworkInterfaces[1].QueueNumber, c.scene.Type.MaxQueuesPerENI = new(9), new(8)
	}},
	{"queues of all", ExceedInstanceTypeQueueNumber, func(c *runCase) {
		c.scene.Type.SecondaryENIQueues, c.scene.Type.TotalENIQueues = new(4), new(7)
	}},
	{"IPv4 of the type", Ipv4CountExceeded, func(c *runCase) { c.scene.Interfaces["eni-1"].IPv4 = 7 }},
	{
		"type without IPv6", Ipv6NotSupport,
		func(c *runCase) { c.scene.Interfaces["eni-1"].IPv6, c.scene.Type.IPv6PerENI = 1, new(0) },
	},
	{"IPv6 of the type", Ipv6CountExceeded, func(c *runCase) { c.scene.Interfaces["eni-1"].IPv6 = 2 }},
	{"address taken", InvalidPrivateIPDuplicated, func(c *runCase) {
		c.req.PrivateIPAddress, c.scene.Offers["vsw-1"].Taken = "10.0.0.9", parseAddresses([]string{"10.0.0.9"})
	}},
	{"VSwitch full", QuotaExceededPrivateIP, func(c *runCase) { c.scene.Offers["vsw-1"].IPv4 = nil }},
	{"quota", MaxEniCountExceeded, func(c *runCase) { c.scene.Quota.Count = 2 }},
	{
		"group full", LaunchSecurityGroupInstanceLimit,
		func(c *runCase) { c.changeGroup(func(g *store.GroupScene) { g.Free = 0 }) },
	},
	{"quota of instances", QuotaExceedElasticQuota, func(c *runCase) {
		c.scene.Instances = store.InstanceQuota{Max: new(3), Count: 3}
	}},
	{"sold out", OperationDeniedNoStock, func(c *runCase) {
		c.stock = stock{{answer: disturbance.AnswerNoStock}}
	}},
	{"not on sale", ZoneNotOnSale, func(c *runCase) { c.stock = stock{{answer: disturbance.AnswerNotOnSale}} }},
	{"type not on sale", ResourceTypeNotSupported, func(c *runCase) {
		c.stock = stock{{answer: disturbance.AnswerTypeNotSupported}}
	}},
}

// isError reports whether an error has the code and status of want. Some codes have several
// messages.
func isError(err error, want *Error) bool {
	var got *Error
	return errors.As(err, &got) && got.Code == want.Code && got.Status == want.Status
}

// Each rule of RunInstances answers with its error.
func TestRunInstancesRules(t *testing.T) {
	t.Parallel()
	if err := validRun().check(); err != nil {
		t.Fatalf("a valid launch: got %v, want no error", err)
	}
	rules := slices.Concat(errorsOf(runInstancesParameterRules), errorsOf(admissionRules), errorsOf(runInstancesRules))
	if len(runViolations) != len(rules) {
		t.Fatalf("violations: got %d, want %d, one for each rule", len(runViolations), len(rules))
	}
	for k, s := range runViolations {
		if s.want != rules[k] {
			t.Errorf("%s: got an expectation of %v, want the error of rule %d, %v", s.name, s.want, k, rules[k])
		}
		c := validRun()
		s.violate(c)
		if err := c.check(); !isError(err, s.want) {
			t.Errorf("%s: got %v, want %s", s.name, err, s.want.Code)
		}
	}
}

// If two rules are violated, the earlier one answers.
func TestRunInstancesRulesInOrder(t *testing.T) {
	t.Parallel()
	for i, earlier := range runViolations {
		for _, later := range runViolations[i+1:] {
			c := validRun()
			later.violate(c)
			earlier.violate(c)
			if err := c.check(); !isError(err, earlier.want) {
				t.Errorf("%s, then %s: got %v, want %s", later.name, earlier.name, err, earlier.want.Code)
			}
		}
	}
}

// Cases that are just within the limits of a rule are accepted.
func TestRunInstancesRulesAcceptBoundaryCases(t *testing.T) {
	t.Parallel()
	for _, s := range []struct {
		name   string
		change func(*runCase)
	}{
		{"an image family", func(c *runCase) { c.req.ImageID, c.req.ImageFamily = "", "acs:alibaba_cloud_linux_3" }},
		{"a primary interface from the list", func(c *runCase) {
			c.list(LaunchInterface{
				InstanceType: store.ENIPrimary, VSwitchID: "vsw-1", SecurityGroupIDs: []string{"sg-1"},
			})
			c.req.VSwitchID, c.req.SecurityGroupID = "", ""
		}},
		{"numbered names", func(c *runCase) { c.req.InstanceName, c.req.HostName = "web-[1,4]-a", "web-[1,4]-a" }},
		{"the last free address of the VSwitch", func(c *runCase) { c.req.PrivateIPAddress = "10.0.0.252" }},
		{"unknown limits of the type", func(c *runCase) {
			c.scene.Type.PrivateIPv4PerENI, c.scene.Type.IPv6PerENI = nil, nil
			c.scene.Interfaces["eni-1"].IPv4, c.scene.Interfaces["eni-1"].IPv6 = 99, 99
		}},
	} {
		c := validRun()
		s.change(c)
		if err := c.check(); err != nil {
			t.Errorf("%s: got %v, want no error", s.name, err)
		}
	}
}

// With a MinAmount, as many instances are launched as the addresses, the group and the quota allow.
func TestRunInstancesLaunchesAsManyAsPossible(t *testing.T) {
	t.Parallel()
	for _, s := range []struct {
		name   string
		change func(*runCase)
		count  int
		want   *Error
	}{
		{"capacity for all", func(*runCase) {}, 5, nil},
		{
			"addresses for three", func(c *runCase) { c.scene.Offers["vsw-1"].IPv4 = c.scene.Offers["vsw-1"].IPv4[:7] },
			3, nil,
		},
		{
			"addresses for one", func(c *runCase) { c.scene.Offers["vsw-1"].IPv4 = c.scene.Offers["vsw-1"].IPv4[:3] },
			2, QuotaExceededPrivateIP,
		},
		{"a group for four", func(c *runCase) { c.changeGroup(func(g *store.GroupScene) { g.Free = 4 }) }, 4, nil},
		{
			"a group for one", func(c *runCase) { c.changeGroup(func(g *store.GroupScene) { g.Free = 1 }) }, 2,
			LaunchSecurityGroupInstanceLimit,
		},
		{"a quota for two", func(c *runCase) { c.scene.Quota.Max = 3 }, 2, nil},
		{"a quota for one", func(c *runCase) { c.scene.Quota.Max = 2 }, 2, MaxEniCountExceeded},
		{"a quota of instances for three", func(c *runCase) {
			c.scene.Instances = store.InstanceQuota{Max: new(7), Count: 4}
		}, 3, nil},
		{"a quota of instances for one", func(c *runCase) {
			c.scene.Instances = store.InstanceQuota{Max: new(7), Count: 6}
		}, 2, QuotaExceedElasticQuota},
		{"a quota of instances that was lowered", func(c *runCase) {
			c.scene.Instances = store.InstanceQuota{Max: new(7), Count: 9}
		}, 2, QuotaExceedElasticQuota},
		{"three in stock", func(c *runCase) { c.stock = stock{{left: 4}, {left: 3}} }, 3, nil},
		{"one in stock", func(c *runCase) {
			c.stock = stock{{left: 4}, {left: 1, answer: disturbance.AnswerNotOnSale}}
		}, 2, ZoneNotOnSale},
		{"consecutive addresses with the fourth taken", func(c *runCase) {
			c.req.PrivateIPAddress, c.scene.Offers["vsw-1"].Taken = "10.0.0.20", parseAddresses([]string{"10.0.0.23"})
		}, 3, nil},
		{
			"consecutive addresses up to the end of the VSwitch",
			func(c *runCase) { c.req.PrivateIPAddress = "10.0.0.251" }, 2, nil,
		},
		{
			"consecutive addresses beyond the end of the VSwitch",
			func(c *runCase) { c.req.PrivateIPAddress = "10.0.0.252" }, 2,
			PrivateIPOutsideVSwitch,
		},
	} {
		c := validRun()
		c.req.NetworkInterfaces = c.req.NetworkInterfaces[1:]
		c.req.Amount, c.req.MinAmount = new(5), new(2)
		c.scene.Offers["vsw-1"].IPv4 = parseAddresses([]string{
			"10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4", "10.0.0.5", "10.0.0.6", "10.0.0.7", "10.0.0.8",
			"10.0.0.9", "10.0.0.10",
		})
		c.scene.Quota.Max = 100
		c.changeGroup(func(g *store.GroupScene) { g.Free = 100 })
		s.change(c)
		err := c.check()
		if s.want == nil && err != nil || s.want != nil && !isError(err, s.want) {
			t.Errorf("%s: got %v, want %v", s.name, err, s.want)
		}
		if got := c.launch().count; got != s.count {
			t.Errorf("%s: got %d instances, want %d", s.name, got, s.count)
		}
	}
}

// The name of an instance of several can have a number, as a part of the pattern or as a suffix.
func TestNumberedName(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		k, n   int
		unique bool
		want   string
	}{
		{"web", 1, 2, false, "web"},
		{"web", 1, 2, true, "web002"},
		{"web", 0, 1, true, "web"},
		{"web[1,4]-a", 0, 2, false, "web0001-a"},
		{"web[1,4]-a", 1, 2, true, "web0002-a"},
		{"web[99,2]", 1, 2, false, "web100"},
		{"web[,]", 3, 9, false, "web000003"},
		{"", 3, 9, true, ""},
	} {
		if got := numberedName(c.name, c.k, c.n, c.unique); got != c.want {
			t.Errorf("%q, %d of %d: got %q, want %q", c.name, c.k, c.n, got, c.want)
		}
	}
}

// Ids of listed, custom and old public images are accepted.
func TestImagesOfALaunch(t *testing.T) {
	t.Parallel()
	for id, want := range map[string]bool{
		InstanceImageID: true, "m-bp1f3k9x7q2m5w8r4t6y": true, "win2019_1809_x64_dtc_en-us_40G_alibase.vhd": true,
		"m-": false, ".vhd": false, "m-a b": false, "none": false, "": false,
	} {
		if got := isKnownImage(id); got != want {
			t.Errorf("%q: got %t, want %t", id, got, want)
		}
	}
}
