package service

import (
	"errors"
	"testing"
	"time"

	"enisim.alt/store"
)

// joinCase has all inputs of the rules of a join.
type joinCase struct {
	req       JoinSecurityGroupRequest
	admission admissionInput
	scene     *store.JoinScene
}

// validJoin returns a case that violates no rule.
func validJoin(req JoinSecurityGroupRequest) *joinCase {
	return &joinCase{
		req: req,
		admission: admissionInput{
			caller: Caller{AccountID: "1000000000000001"}, action: "ecs:JoinSecurityGroup", regionKnown: true,
		},
		scene: &store.JoinScene{
			Instance: &store.Instance{AttachableInstance: store.AttachableInstance{
				ID: "i-1", Status: store.InstanceRunning,
			}},
			ENI: &store.NetworkInterface{AttachableENI: store.AttachableENI{
				ID: "eni-1", VPCID: "vpc-1", Status: store.ENIInUse, InstanceID: new("i-1"),
			}},
			Joined: []store.JoinedGroup{{ID: "sg-0", Type: store.GroupNormal, Position: 1}},
			Group:  &store.GroupScene{ID: "sg-1", VPCID: "vpc-1", Type: store.GroupNormal, Free: 1},
		},
	}
}

// A join names an instance or an interface.
var (
	joinOfInstance = JoinSecurityGroupRequest{SecurityGroupID: "sg-1", InstanceID: "i-1"}
	joinOfENI      = JoinSecurityGroupRequest{
		RegionID: "cn-hangzhou", SecurityGroupID: "sg-1", NetworkInterfaceID: "eni-1",
	}
)

// check applies the three tables in the order in which the action does.
func (c *joinCase) check() error {
	if err := check(joinParameterRules, c.req); err != nil {
		return err
	}
	if err := check(admissionRules, c.admission); err != nil {
		return err
	}
	return check(joinSecurityGroupRules, membershipInput{c.req, c.scene})
}

// joinViolations has a violation for each rule, in the order of the rules: violation k makes a
// valid case violate rule k.
var joinViolations = []struct {
	name    string
	want    *Error
	valid   JoinSecurityGroupRequest
	violate func(*joinCase)
}{
	{"no SecurityGroupId", MissingNamedParameter, joinOfInstance, func(c *joinCase) { c.req.SecurityGroupID = "" }},
	{
		"both", EniIDAndInstanceIDConflict, joinOfInstance,
		func(c *joinCase) { c.req.InstanceID, c.req.NetworkInterfaceID = "i-1", "eni-1" },
	},
	{
		"neither", MissingNamedParameter, joinOfInstance,
		func(c *joinCase) { c.req.InstanceID, c.req.NetworkInterfaceID = "", "" },
	},
	{"no RegionId", MissingRegionID, joinOfENI, func(c *joinCase) { c.req.RegionID = "" }},

	{"region", InvalidRegionIDNotFound, joinOfInstance, func(c *joinCase) { c.admission.regionKnown = false }},
	{"account", AbsInvalidAccountNotFound, joinOfInstance, func(c *joinCase) { c.admission.caller.Expired = true }},
	{"closed to RAM", ForbiddenNotSupportRAM, joinOfInstance, func(c *joinCase) {
		c.admission.caller.RAMUser, c.admission.closedToRAM, c.admission.caller.Allow = "ci", true, []string{"*"}
	}},
	{
		"not allowed", ForbiddenRAM, joinOfInstance,
		func(c *joinCase) { c.admission.caller.RAMUser, c.admission.caller.Allow = "ci", nil },
	},

	{"instance", InvalidInstanceIDNotFound, joinOfInstance, func(c *joinCase) { c.scene.Instance = nil }},
	{"interface", InvalidEniIDNotFound, joinOfENI, func(c *joinCase) { c.scene.ENI = nil }},
	{"group", InvalidSecurityGroupIDNotFound, joinOfInstance, func(c *joinCase) { c.scene.Group = nil }},
	{"an attach came between", OperationConflict, joinOfENI, func(c *joinCase) { c.scene.ENI.InstanceID = new("i-2") }},
	{"service-managed", EniServiceManaged, joinOfENI, func(c *joinCase) { c.scene.ENI.ServiceManaged = true }},
	{
		"instance status", IncorrectInstanceStatus, joinOfInstance,
		func(c *joinCase) { c.scene.Instance.Status = store.InstanceStarting },
	},
	{"interface status", InvalidEniState, joinOfENI, func(c *joinCase) { c.scene.ENI.Status = store.ENIDetaching }},
	{
		"VPC of the instance", InvalidInstanceIDMismatch, joinOfInstance,
		func(c *joinCase) { c.scene.Group.VPCID = "vpc-2" },
	},
	{"VPC of the interface", VpcMismatch, joinOfENI, func(c *joinCase) { c.scene.Group.VPCID = "vpc-2" }},
	{"member", InvalidInstanceIDAlreadyExists, joinOfInstance, func(c *joinCase) { c.scene.Joined[0].ID = "sg-1" }},
	{"types", MultiGroupTypeOnJoin, joinOfInstance, func(c *joinCase) { c.scene.Joined[0].Type = "another" }},
	{"ten groups", InstanceSecurityGroupLimitExceeded, joinOfInstance, func(c *joinCase) {
		for len(c.scene.Joined) < maxSecurityGroups {
			c.scene.Joined = append(c.scene.Joined, c.scene.Joined[0])
		}
	}},
	{"full group", SecurityGroupInstanceLimitExceeded, joinOfInstance, func(c *joinCase) { c.scene.Group.Free = 0 }},
	{"full enterprise group", NetworkInterfaceCountExceeded, joinOfInstance, func(c *joinCase) {
		c.scene.Group.Free, c.scene.Group.Type, c.scene.Joined[0].Type = 0, store.GroupEnterprise, store.GroupEnterprise
	}},
}

// Each rule of a join answers with its error.
func TestJoinRules(t *testing.T) {
	t.Parallel()
	for _, valid := range []JoinSecurityGroupRequest{joinOfInstance, joinOfENI} {
		if err := validJoin(valid).check(); err != nil {
			t.Fatalf("a valid join %+v: got %v, want no error", valid, err)
		}
	}
	got := len(joinViolations)
	if want := len(joinParameterRules) + len(admissionRules) + len(joinSecurityGroupRules); got != want {
		t.Fatalf("violations: got %d, want %d, one for each rule", got, want)
	}
	for _, s := range joinViolations {
		c := validJoin(s.valid)
		s.violate(c)
		if err := c.check(); !errors.Is(err, s.want) {
			t.Errorf("%s: got %v, want %s", s.name, err, s.want.Code)
		}
	}
}

// If two rules are violated, the earlier one answers. Some pairs cannot be violated together: a
// request names an instance or an interface, a missing row has no status, and a group has one type.
func TestJoinRulesInOrder(t *testing.T) {
	t.Parallel()
	violates := func(k int, valid JoinSecurityGroupRequest) bool {
		c := validJoin(valid)
		joinViolations[k].violate(c)
		return errors.Is(c.check(), joinViolations[k].want)
	}
	pairs := 0
	for i, earlier := range joinViolations {
		for k, later := range joinViolations {
			if k <= i || earlier.want == SecurityGroupInstanceLimitExceeded {
				continue
			}
			for _, valid := range []JoinSecurityGroupRequest{joinOfInstance, joinOfENI} {
				c := validJoin(valid)
				later.violate(c)
				if !violates(i, valid) || !violates(k, valid) || c.scene.ENI == nil || c.scene.Instance == nil ||
					c.scene.Group == nil {
					continue
				}
				pairs++
				earlier.violate(c)
				if err := c.check(); !errors.Is(err, earlier.want) {
					t.Errorf("%s, then %s: got %v, want %s", later.name, earlier.name, err, earlier.want.Code)
				}
			}
		}
	}
	if pairs < 250 {
		t.Errorf("pairs of rules: got %d, want at least 250", pairs)
	}
}

// Cases that are just within the limits of a rule are accepted.
func TestJoinRulesAcceptBoundaryCases(t *testing.T) {
	t.Parallel()
	due := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	for _, s := range []struct {
		name   string
		valid  JoinSecurityGroupRequest
		change func(*joinCase)
	}{
		{"a stopped instance", joinOfInstance, func(c *joinCase) { c.scene.Instance.Status = store.InstanceStopped }},
		{
			"a full group that the instance is in", joinOfInstance,
			func(c *joinCase) { c.scene.Group.Free, c.scene.Group.HasInstance = 0, true },
		},
		{"a free interface and a full group", joinOfENI, func(c *joinCase) {
			c.scene.Instance, c.scene.Group.Free = nil, 0
			c.scene.ENI.InstanceID, c.scene.ENI.Status = nil, store.ENIAvailable
		}},
		{"an interface whose detach from a starting instance is due", joinOfENI, func(c *joinCase) {
			c.scene.ENI.Status = store.ENIDetaching
			c.scene.ENI.NextStatus, c.scene.ENI.SettlesAt = new(store.ENIAvailable), &due
			c.scene.Instance.Status = store.InstanceStarting
			c.scene.Group.Free = 0
			c.scene.Settle(due)
		}},
		{"the tenth group", joinOfInstance, func(c *joinCase) {
			for len(c.scene.Joined) < maxSecurityGroups-1 {
				c.scene.Joined = append(c.scene.Joined, c.scene.Joined[0])
			}
		}},
	} {
		c := validJoin(s.valid)
		s.change(c)
		if err := c.check(); err != nil {
			t.Errorf("%s: got %v, want no error", s.name, err)
		}
	}
	classic := validJoin(joinOfInstance)
	classic.scene.ENI, classic.scene.Joined = nil, nil
	if err := classic.check(); !errors.Is(err, InvalidInstanceIDMismatch) {
		t.Errorf("a classic instance: got %v, want %s", err, InvalidInstanceIDMismatch.Code)
	}
	err := check(leaveRules, membershipInput{classic.req, classic.scene})
	if !errors.Is(err, InvalidSecurityGroupAssociation) {
		t.Errorf("a classic instance leaves: got %v, want %s", err, InvalidSecurityGroupAssociation.Code)
	}
}
