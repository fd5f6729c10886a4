package service

import (
	"errors"
	"testing"
	"time"

	"enisim/store"
)

// joinCase is everything that decides a join. A good one succeeds; a spoiler breaks one rule of it.
type joinCase struct {
	req       JoinSecurityGroupRequest
	admission admissionInput
	scene     *store.JoinScene
}

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

// The two ways of naming who joins.
var (
	joinOfInstance = JoinSecurityGroupRequest{SecurityGroupID: "sg-1", InstanceID: "i-1"}
	joinOfENI      = JoinSecurityGroupRequest{
		RegionID: "cn-hangzhou", SecurityGroupID: "sg-1", NetworkInterfaceID: "eni-1",
	}
)

func (c *joinCase) verdict() error {
	if err := check(joinParameterRules, c.req); err != nil {
		return err
	}
	if err := check(admissionRules, c.admission); err != nil {
		return err
	}
	return check(joinSecurityGroupRules, membershipInput{c.req, c.scene})
}

// joinSpoilers stand in the order of the rules: spoiler k breaks rule k of a good case.
var joinSpoilers = []struct {
	name  string
	want  *Error
	good  JoinSecurityGroupRequest
	spoil func(*joinCase)
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

func TestJoinRules(t *testing.T) {
	t.Parallel()
	for _, good := range []JoinSecurityGroupRequest{joinOfInstance, joinOfENI} {
		if err := validJoin(good).verdict(); err != nil {
			t.Fatalf("a good join %+v: got %v, want no error", good, err)
		}
	}
	got := len(joinSpoilers)
	if want := len(joinParameterRules) + len(admissionRules) + len(joinSecurityGroupRules); got != want {
		t.Fatalf("got %d spoilers for %d rules", got, want)
	}
	for _, s := range joinSpoilers {
		c := validJoin(s.good)
		s.spoil(c)
		if err := c.verdict(); !errors.Is(err, s.want) {
			t.Errorf("%s: got %v, want %s", s.name, err, s.want.Code)
		}
	}
}

// Where two rules are broken, the earlier one answers. Not every two can be: some are on instances and some on interfaces that are named, what is
// missing has no status, and a group is of one type.
func TestJoinRulesInOrder(t *testing.T) {
	t.Parallel()
	breaks := func(k int, good JoinSecurityGroupRequest) bool {
		c := validJoin(good)
		joinSpoilers[k].spoil(c)
		return errors.Is(c.verdict(), joinSpoilers[k].want)
	}
	pairs := 0
	for i, earlier := range joinSpoilers {
		for k, later := range joinSpoilers {
			if k <= i || earlier.want == SecurityGroupInstanceLimitExceeded {
				continue
			}
			for _, good := range []JoinSecurityGroupRequest{joinOfInstance, joinOfENI} {
				c := validJoin(good)
				later.spoil(c)
				if !breaks(i, good) || !breaks(k, good) || c.scene.ENI == nil || c.scene.Instance == nil ||
					c.scene.Group == nil {
					continue
				}
				pairs++
				earlier.spoil(c)
				if err := c.verdict(); !errors.Is(err, earlier.want) {
					t.Errorf("%s, then %s: got %v, want %s", later.name, earlier.name, err, earlier.want.Code)
				}
			}
		}
	}
	if pairs < 250 {
		t.Errorf("got %d pairs of rules, want most of them", pairs)
	}
}

func TestJoinRulesAtTheirEdges(t *testing.T) {
	t.Parallel()
	due := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	for _, s := range []struct {
		name   string
		good   JoinSecurityGroupRequest
		change func(*joinCase)
	}{
		{"a stopped instance", joinOfInstance, func(c *joinCase) { c.scene.Instance.Status = store.InstanceStopped }},
		{
			"a full group that the instance is in", joinOfInstance,
			func(c *joinCase) { c.scene.Group.Free, c.scene.Group.HasInstance = 0, true },
		},
		{"a free interface and a full group", joinOfENI, func(c *joinCase) {
			c.scene.Instance, c.scene.ENI.InstanceID, c.scene.ENI.Status, c.scene.Group.Free = nil, nil,
				store.ENIAvailable, 0
		}},
		{"an interface whose detach from a starting instance is due", joinOfENI, func(c *joinCase) {
			c.scene.ENI.Status, c.scene.ENI.NextStatus, c.scene.ENI.SettlesAt = store.ENIDetaching,
				new(store.ENIAvailable), &due
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
		c := validJoin(s.good)
		s.change(c)
		if err := c.verdict(); err != nil {
			t.Errorf("%s: got %v, want no error", s.name, err)
		}
	}
	classic := validJoin(joinOfInstance)
	classic.scene.ENI, classic.scene.Joined = nil, nil
	if err := classic.verdict(); !errors.Is(err, InvalidInstanceIDMismatch) {
		t.Errorf("a classic instance: got %v, want %s", err, InvalidInstanceIDMismatch.Code)
	}
	err := check(leaveRules, membershipInput{classic.req, classic.scene})
	if !errors.Is(err, InvalidSecurityGroupAssociation) {
		t.Errorf("a classic instance leaves: got %v, want %s", err, InvalidSecurityGroupAssociation.Code)
	}
}
