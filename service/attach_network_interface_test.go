package service

import (
	"errors"
	"testing"

	"enisim.alt/store"
)

// attachCase has all inputs of the rules of an attach.
type attachCase struct {
	req       AttachNetworkInterfaceRequest
	quotas    store.Quotas
	admission admissionInput
	scene     *store.AttachScene
}

// nameTrunk makes the case one of a member. The trunk is valid unless a violation has changed it.
func (c *attachCase) nameTrunk() *store.AttachableENI {
	c.req.TrunkNetworkInstanceID, c.quotas.Trunking = "eni-trunk", true
	if n := c.scene.ENI; n != nil && n.Type == store.ENITrunk {
		n.Type = store.ENISecondary
	}
	if c.scene.Trunk == nil {
		c.scene.Trunk = &store.AttachableENI{
			ID: "eni-trunk", Type: store.ENITrunk, Status: store.ENIInUse, InstanceID: new("i-1"),
		}
	}
	return c.scene.Trunk
}

// attachTrunk makes the case one of a trunk.
func (c *attachCase) attachTrunk(supported bool) {
	if c.scene.ENI != nil && c.scene.Type != nil {
		c.scene.ENI.Type, c.scene.Type.ENITrunkSupported = store.ENITrunk, supported
	}
}

// attachRDMA makes the case one of an RDMA interface and a stopped instance.
func (c *attachCase) attachRDMA() {
	c.scene.ENI.TrafficMode, c.scene.Instance.Status = store.TrafficHighPerformance, store.InstanceStopped
}

// validAttach returns a case that violates no rule.
func validAttach() *attachCase {
	vpc := "vpc-1"
	return &attachCase{
		req: AttachNetworkInterfaceRequest{
			RegionID: "cn-hangzhou", NetworkInterfaceID: "eni-1", InstanceID: "i-1",
		},
		admission: admissionInput{
			caller: Caller{AccountID: "1000000000000001"}, action: "ecs:AttachNetworkInterface", regionKnown: true,
		},
		scene: &store.AttachScene{
			Instance: &store.AttachableInstance{
				ID: "i-1", ZoneID: "cn-hangzhou-h", VPCID: &vpc, Status: store.InstanceRunning,
			},
			Type: &store.AttachableType{
				ID: "ecs.g6.large", ENIQuantity: 2, PrivateIPv4PerENI: new(6), IPv6PerENI: new(1), HotPlug: true,
				IOOptimized: true,
			},
			ENI: &store.AttachableENI{
				ID: "eni-1", ZoneID: "cn-hangzhou-h", VPCID: vpc, Type: store.ENISecondary, Status: store.ENIAvailable,
				TrafficMode: store.TrafficStandard,
			},
			IPv4:   1,
			Held:   1,
			Groups: []store.GroupScene{{ID: "sg-1", Free: 1}},
		},
	}
}

// check applies the three tables in the order in which the action does.
func (c *attachCase) check() error {
	if err := checkQuotas(attachParameterRules, c.req, c.quotas); err != nil {
		return err
	}
	if err := check(attachAdmissionRules, c.admission); err != nil {
		return err
	}
	return check(attachRules, attachInput{c.req, c.scene})
}

// attachViolations has a violation for each rule, in the order of the rules: violation k makes a
// valid case violate rule k.
var attachViolations = []struct {
	name    string
	want    *Error
	violate func(*attachCase)
}{
	{"P1 no RegionId", MissingParameter, func(c *attachCase) { c.req.RegionID = "" }},
	{"P1 no NetworkInterfaceId", MissingParameter, func(c *attachCase) { c.req.NetworkInterfaceID = "" }},
	{"P1 no InstanceId", MissingParameter, func(c *attachCase) { c.req.InstanceID = "" }},
	{"P2 trunk", UnsupportedParameter, func(c *attachCase) { c.nameTrunk(); c.quotas.Trunking = false }},
	{"P3 instance id", InvalidInstanceIDMalformed, func(c *attachCase) { c.req.InstanceID = "i-1;" }},
	{"P3 ENI id", InvalidEniID, func(c *attachCase) { c.req.NetworkInterfaceID = "eni_1" }},
	{"P3 trunk id", InvalidEniID, func(c *attachCase) { c.nameTrunk(); c.req.TrunkNetworkInstanceID = "eni_1" }},
	{"P4 not an integer", InvalidParameter, func(c *attachCase) { c.req.Malformed = []string{"NetworkCardIndex"} }},
	{"P4 negative", InvalidParameter, func(c *attachCase) { c.req.NetworkCardIndex = new(-1) }},
	{"P4 no cards", UserNotSupportNetworkCard, func(c *attachCase) {
		c.req.NetworkCardIndex, c.quotas.WithoutNetworkCards = new(0), true
	}},

	{"P5 region", InvalidRegionIDNotFound, func(c *attachCase) { c.admission.regionKnown = false }},
	{"A1 account", AbsInvalidAccountNotFound, func(c *attachCase) { c.admission.caller.Expired = true }},
	{"A2 closed to RAM", ForbiddenNotSupportRAM, func(c *attachCase) {
		c.admission.caller.RAMUser, c.admission.closedToRAM, c.admission.caller.Allow = "ci", true, []string{"*"}
	}},
	{
		"A2 not allowed", ForbiddenSubUser,
		func(c *attachCase) { c.admission.caller.RAMUser, c.admission.caller.Allow = "ci", nil },
	},

	{"E2 instance", InvalidEcsIDNotFound, func(c *attachCase) { c.scene.Instance, c.scene.Type = nil, nil }},
	{"E1 ENI", InvalidEniIDNotFound, func(c *attachCase) { c.scene.ENI = nil }},
	{"E1 trunk", InvalidEniIDNotFound, func(c *attachCase) { c.nameTrunk(); c.scene.Trunk = nil }},
	{"T2 service-managed", EniServiceManaged, func(c *attachCase) { c.scene.ENI.ServiceManaged = true }},
	{"T1 primary", InvalidEniType, func(c *attachCase) { c.scene.ENI.Type = store.ENIPrimary }},
	{"S1 trunk with members", HasMemberEniAttached, func(c *attachCase) {
		c.attachTrunk(true)
		c.scene.TrunkOf, c.scene.Members = c.scene.ENI.ID, 1
	}},
	{"T1 no trunk", EniTypeNotSupportTrunking, func(c *attachCase) { c.nameTrunk().Type = store.ENISecondary }},
	{"S1 S4 ENI state", InvalidEniState, func(c *attachCase) { c.scene.ENI.Status = store.ENIInUse }},
	{"S1 trunk state", InvalidTrunkEniStatus, func(c *attachCase) { c.nameTrunk().Status = store.ENIAttaching }},
	{"S4 trunk elsewhere", EniNotBelongTrunk, func(c *attachCase) {
		t := c.nameTrunk()
		t.Status, t.InstanceID = store.ENIInUse, new("i-2")
	}},
	{"G1 generation", InvalidGeneration, func(c *attachCase) { c.scene.Type.IOOptimized = false }},
	{"S2 instance state", InvalidEcsState, func(c *attachCase) { c.scene.Instance.Status = store.InstanceStarting }},
	{
		"S2b hot-plug", HotPlugNotSupport,
		func(c *attachCase) { c.scene.Type.HotPlug, c.scene.Instance.Status = false, store.InstanceRunning },
	},
	{"S2b RDMA", EniHotPlugNotSupported, func(c *attachCase) {
		c.attachRDMA()
		c.scene.Instance.Status = store.InstanceRunning
	}},
	{"S3 VPC", VpcMismatch, func(c *attachCase) { c.scene.ENI.VPCID = "vpc-2" }},
	{"S6 zone", AvailabilityZoneMismatch, func(c *attachCase) { c.scene.ENI.ZoneID = "cn-hangzhou-i" }},
	{"Q6 type", InstanceTypeNotSupportEniTrunking, func(c *attachCase) { c.attachTrunk(false) }},
	{"Q4 network card", NetworkCardIndexInvalid, func(c *attachCase) { c.req.NetworkCardIndex = new(9) }},
	{"Q1 IPv4", Ipv4CountExceeded, func(c *attachCase) { c.scene.IPv4 = 7 }},
	{"Q2 no IPv6", Ipv6NotSupport, func(c *attachCase) { c.scene.IPv6, c.scene.Type.IPv6PerENI = 1, new(0) }},
	{"Q2 IPv6", Ipv6CountExceeded, func(c *attachCase) { c.scene.IPv6, c.scene.Type.IPv6PerENI = 2, new(1) }},
	{"Q6 second trunk", TrunkingIsNotAllowed, func(c *attachCase) { c.attachTrunk(true); c.scene.TrunkOf = "eni-t" }},
	{"S5 limit", EniPerInstanceLimitExceeded, func(c *attachCase) { c.scene.Type.ENIQuantity = 1 }},
	{"S5 network card", EniPerInstanceLimitExceeded, func(c *attachCase) {
		c.req.NetworkCardIndex, c.scene.Type.NetworkCards = new(1), new(2)
		c.scene.Type.ENIsPerNetworkCard, c.scene.OnCard = new(3), 3
	}},
	{"Q5 no RDMA", InstanceTypeNotSupportHighPerformance, func(c *attachCase) {
		c.attachRDMA()
		c.scene.Type.ERIQuantity = new(0)
	}},
	{"Q5 RDMA", HighPerformanceLimitExceeded, func(c *attachCase) {
		c.attachRDMA()
		c.scene.Type.ERIQuantity, c.scene.RDMA = new(1), 1
	}},
	{"Q5 queues of an ENI", MaxEniQueueNumberExceeded, func(c *attachCase) {
		c.scene.ENI.QueueNumber, c.scene.Type.MaxQueuesPerENI = new(9), new(8)
	}},
	{"Q5 queues of all", ExceedInstanceTypeQueueNumber, func(c *attachCase) {
		c.scene.Queues, c.scene.Type.TotalENIQueues, c.scene.Type.SecondaryENIQueues = 7, new(8), new(2)
	}},
	{"Q3 security group", SecurityGroupInstanceLimit, func(c *attachCase) { c.scene.Groups[0].Free = 0 }},
}

// Each rule of an attach answers with its error.
func TestAttachRules(t *testing.T) {
	t.Parallel()
	if err := validAttach().check(); err != nil {
		t.Fatalf("a valid attach: got %v, want no error", err)
	}
	if got, want := len(attachViolations), len(attachParameterRules)+len(admissionRules)+len(attachRules); got != want {
		t.Fatalf("violations: got %d, want %d, one for each rule", got, want)
	}
	for _, s := range attachViolations {
		c := validAttach()
		s.violate(c)
		if err := c.check(); !errors.Is(err, s.want) {
			t.Errorf("%s: got %v, want %s", s.name, err, s.want.Code)
		}
	}
}

// A trunk takes as many members as the type has interfaces beyond its own limit. A trunk is no member.
func TestAttachRulesOfMembers(t *testing.T) {
	t.Parallel()
	for _, s := range []struct {
		name   string
		want   *Error
		change func(*attachCase)
	}{
		{"a full trunk", EniPerInstanceLimitExceeded, func(c *attachCase) {
			c.nameTrunk()
			c.scene.Type.ENITrunkSupported, c.scene.Type.ENITotalQuantity, c.scene.Members = true, new(5), 3
		}},
		{"a trunk as a member", EniTypeNotSupportTrunking, func(c *attachCase) {
			c.nameTrunk()
			c.attachTrunk(true)
		}},
	} {
		c := validAttach()
		s.change(c)
		if err := c.check(); !errors.Is(err, s.want) {
			t.Errorf("%s: got %v, want %s", s.name, err, s.want.Code)
		}
	}
}

// If two rules are violated, the earlier one answers.
func TestAttachRulesInOrder(t *testing.T) {
	t.Parallel()
	for i, earlier := range attachViolations {
		for _, later := range attachViolations[i+1:] {
			c := validAttach()
			later.violate(c)
			earlier.violate(c)
			if err := c.check(); !errors.Is(err, earlier.want) {
				t.Errorf("%s, then %s: got %v, want %s", later.name, earlier.name, err, earlier.want.Code)
			}
		}
	}
}

// Cases that are just within the limits of a rule are accepted.
func TestAttachRulesAcceptBoundaryCases(t *testing.T) {
	t.Parallel()
	for _, s := range []struct {
		name   string
		change func(*attachCase)
	}{
		{"a classic id without prefix", func(c *attachCase) { c.req.InstanceID = "AY121018033933eae8" }},
		{"a RAM user that is allowed", func(c *attachCase) {
			c.admission.caller.RAMUser, c.admission.caller.Allow = "ci", []string{"ecs:Attach*"}
		}},
		{"a stopped instance", func(c *attachCase) { c.scene.Instance.Status = store.InstanceStopped }},
		{
			"a stopped instance without hot-plug",
			func(c *attachCase) { c.scene.Type.HotPlug, c.scene.Instance.Status = false, store.InstanceStopped },
		},
		{
			"a network card that exists",
			func(c *attachCase) { c.req.NetworkCardIndex, c.scene.Type.NetworkCards = new(1), new(2) },
		},
		{"the last place of a network card", func(c *attachCase) {
			c.req.NetworkCardIndex, c.scene.Type.NetworkCards = new(1), new(2)
			c.scene.Type.ENIsPerNetworkCard, c.scene.OnCard = new(3), 2
		}},
		{"the last RDMA ENI", func(c *attachCase) {
			c.attachRDMA()
			c.scene.Type.ERIQuantity, c.scene.RDMA = new(2), 1
		}},
		{"an RDMA ENI of a type without figures", func(c *attachCase) { c.attachRDMA(); c.scene.RDMA = 99 }},
		{"the last queues", func(c *attachCase) {
			c.scene.ENI.QueueNumber, c.scene.Queues = new(8), 8
			c.scene.Type.MaxQueuesPerENI, c.scene.Type.TotalENIQueues = new(8), new(16)
		}},
		{"queues of a type without a default", func(c *attachCase) {
			c.scene.Queues, c.scene.Type.TotalENIQueues = 8, new(8)
		}},
		{"a member of an instance without queues left", func(c *attachCase) {
			c.nameTrunk()
			c.scene.Queues, c.scene.Type.TotalENIQueues, c.scene.Type.SecondaryENIQueues = 8, new(8), new(2)
			c.scene.Type.ENITrunkSupported = true
		}},
		{"as many addresses as the type takes", func(c *attachCase) { c.scene.IPv4, c.scene.IPv6 = 6, 1 }},
		{"unknown limits of the type", func(c *attachCase) {
			c.scene.Type.PrivateIPv4PerENI, c.scene.Type.IPv6PerENI, c.scene.IPv4, c.scene.IPv6 = nil, nil, 99, 99
		}},
		{
			"a full group that the instance is in",
			func(c *attachCase) { c.scene.Groups[0].Free, c.scene.Groups[0].HasInstance = 0, true },
		},
		{"a trunk", func(c *attachCase) { c.attachTrunk(true) }},
		{"a member of a full instance", func(c *attachCase) {
			c.nameTrunk()
			c.scene.Held, c.scene.Members = 2, 2
			c.scene.Type.ENITrunkSupported, c.scene.Type.ENITotalQuantity = true, new(5)
		}},
		{"a trunk beside members", func(c *attachCase) { c.attachTrunk(true); c.scene.Members = 99 }},
		{"an ENI without groups", func(c *attachCase) { c.scene.Groups = nil }},
	} {
		c := validAttach()
		s.change(c)
		if err := c.check(); err != nil {
			t.Errorf("%s: got %v, want no error", s.name, err)
		}
	}
}
