package service

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"enisim/store"
)

// RunInstances is the request for new instances, started at once, with their interfaces.
type RunInstances struct {
	NewInstance
	SecurityGroupIDs  []string `api:"SecurityGroupIds"`
	IPv6AddressCount  *int     `api:"Ipv6AddressCount"`
	IPv6Addresses     []string `api:"Ipv6Address"`
	Amount            *int     // nil: 1
	MinAmount         *int     // how few will do; nil: Amount
	UniqueSuffix      *bool
	NetworkInterfaces []LaunchInterface `api:"NetworkInterface"`
	Malformed         Malformed
}

// NewInstances are the ids of what RunInstances made.
type NewInstances struct {
	InstanceIDs []string
}

func (r RunInstances) amount() int {
	if r.Amount == nil {
		return 1
	}
	return *r.Amount
}

func (r RunInstances) least() int {
	if r.MinAmount == nil {
		return r.amount()
	}
	return *r.MinAmount
}

// topLevel is the primary interface as the parameters outside the list tell.
func (r RunInstances) topLevel() LaunchInterface {
	return LaunchInterface{
		InstanceType: store.ENIPrimary, VSwitchID: r.VSwitchID, SecurityGroupID: r.SecurityGroupID, SecurityGroupIDs: r.SecurityGroupIDs,
		PrimaryIPAddress: r.PrivateIPAddress, IPv6AddressCount: r.IPv6AddressCount, IPv6Addresses: r.IPv6Addresses,
	}
}

// listedPrimary is the primary interface as the list tells; nil: it does not.
func (r RunInstances) listedPrimary() *LaunchInterface {
	for _, i := range r.NetworkInterfaces {
		if i.InstanceType == store.ENIPrimary {
			return &i
		}
	}
	return nil
}

// primary is the primary interface: that of the list, with what it leaves open from outside the list.
func (r RunInstances) primary() LaunchInterface {
	outside, listed := r.topLevel(), r.listedPrimary()
	if listed == nil {
		return outside
	}
	primary := *listed
	if primary.VSwitchID == "" {
		primary.VSwitchID = outside.VSwitchID
	}
	if len(primary.groups()) == 0 {
		primary.SecurityGroupID, primary.SecurityGroupIDs = outside.SecurityGroupID, outside.SecurityGroupIDs
	}
	if primary.PrimaryIPAddress == "" {
		primary.PrimaryIPAddress = outside.PrimaryIPAddress
	}
	if primary.ipv6() == 0 {
		primary.IPv6AddressCount, primary.IPv6Addresses = outside.IPv6AddressCount, outside.IPv6Addresses
	}
	return primary
}

// secondary are the other interfaces of the list. One that names no VSwitch or groups has those of the primary interface.
func (r RunInstances) secondary() (others []LaunchInterface) {
	primary := r.primary()
	for _, i := range r.NetworkInterfaces {
		if i.InstanceType == store.ENIPrimary {
			continue
		}
		if i.NetworkInterfaceID == "" && i.VSwitchID == "" {
			i.VSwitchID = primary.VSwitchID
		}
		if i.NetworkInterfaceID == "" && len(i.groups()) == 0 {
			i.SecurityGroupIDs = primary.groups()
		}
		others = append(others, i)
	}
	return others
}

// launch is what is decided on, before anything is read.
func (r RunInstances) launch() launch {
	return launch{
		NewInstance: r.NewInstance, amount: r.amount(), least: r.least(),
		interfaces: append([]LaunchInterface{r.primary()}, r.secondary()...),
	}
}

var runInstancesParameterRules = slices.Concat(
	newInstanceRules(func(r RunInstances) NewInstance { return r.NewInstance }, func(r RunInstances) Malformed { return r.Malformed }, RunInstances.primary),
	[]rule[RunInstances]{
		{err: InvalidAmount, broken: func(r RunInstances) bool { return r.amount() < 1 || r.amount() > mostInstancesPerLaunch }},
		invalid("MinAmount", func(r RunInstances) bool { return r.least() < 1 || r.least() > r.amount() }),
		invalid("Ipv6Address", func(r RunInstances) bool {
			return !areIPv6(r.IPv6Addresses...) || r.topLevel().ipv6() > mostIPv6
		}),
		within("Ipv6AddressCount", 1, mostIPv6, func(r RunInstances) *int { return r.IPv6AddressCount }),
		{err: InvalidParameterConflict, broken: func(r RunInstances) bool { return r.conflict() != "" },
			fill: func(r RunInstances) []any { return []any{r.conflict()} }},
		{err: InvalidLaunchEniType, broken: func(r RunInstances) bool {
			primaries := 0
			for _, i := range r.NetworkInterfaces {
				if i.InstanceType == store.ENIPrimary {
					primaries++
				}
				if i.InstanceType != "" && !oneOf(i.InstanceType, store.ENIPrimary, store.ENISecondary) {
					return true
				}
			}
			return primaries > 1
		}},
		{err: InvalidParamNetworkInterface, broken: contradictsItself},
		{err: InvalidCreateEniParams, broken: func(r RunInstances) bool { return r.badENIParameter() != "" },
			fill: func(r RunInstances) []any { return []any{r.badENIParameter()} }},
		{err: JoinedGroupLimitExceed, broken: func(r RunInstances) bool {
			return slices.ContainsFunc(append(r.secondary(), r.primary()), func(i LaunchInterface) bool { return len(i.groups()) > mostGroups })
		}},
		{err: InvalidParamAmount, broken: func(r RunInstances) bool {
			return r.amount() > 1 && (len(r.primary().IPv6Addresses) > 0 ||
				slices.ContainsFunc(r.NetworkInterfaces, func(i LaunchInterface) bool {
					return i.NetworkInterfaceID != "" || i.PrimaryIPAddress != "" || len(i.IPv6Addresses) > 0
				}))
		}},
	})

// conflict names parameters that exclude each other; "": there are none.
func (r RunInstances) conflict() string {
	for _, i := range append(r.NetworkInterfaces, r.topLevel()) {
		switch {
		case i.SecurityGroupID != "" && len(i.SecurityGroupIDs) > 0:
			return "SecurityGroupId, SecurityGroupIds"
		case i.IPv6AddressCount != nil && len(i.IPv6Addresses) > 0:
			return "Ipv6AddressCount, Ipv6Address"
		}
	}
	return ""
}

// contradictsItself tells whether the list of interfaces says what it cannot mean: an existing interface that is to be created otherwise, or twice, or
// as the primary one; or a primary interface that is told in the list and outside of it.
func contradictsItself(r RunInstances) bool {
	seen := map[string]bool{}
	for _, i := range r.NetworkInterfaces {
		if i.NetworkInterfaceID == "" {
			continue
		}
		if i.InstanceType == store.ENIPrimary || seen[i.NetworkInterfaceID] || i.tellsHowToCreate() {
			return true
		}
		seen[i.NetworkInterfaceID] = true
	}
	outside, listed := r.topLevel(), r.listedPrimary()
	return listed != nil && (len(listed.groups()) > 0 && len(outside.groups()) > 0 ||
		listed.VSwitchID != "" && outside.VSwitchID != "" && listed.VSwitchID != outside.VSwitchID ||
		listed.PrimaryIPAddress != "" && outside.PrimaryIPAddress != "" ||
		listed.ipv6() > 0 && outside.ipv6() > 0)
}

// badENIParameter names the first parameter of an interface that is to be created that is not as it must be; "": all are.
func (r RunInstances) badENIParameter() string {
	for _, i := range r.NetworkInterfaces {
		outside := func(n *int, least, most int) bool { return n != nil && (*n < least || *n > most) }
		switch {
		case i.PrimaryIPAddress != "" && !areIPv4(i.PrimaryIPAddress):
			return "PrimaryIpAddress"
		case outside(i.SecondaryPrivateIPAddressCount, 1, mostSecondaryIPv4):
			return "SecondaryPrivateIpAddressCount"
		case outside(i.IPv6AddressCount, 1, mostIPv6):
			return "Ipv6AddressCount"
		case !areIPv6(i.IPv6Addresses...) || len(i.IPv6Addresses) > mostIPv6:
			return "Ipv6Address"
		case i.NetworkInterfaceName != "" && !goodName(i.NetworkInterfaceName):
			return "NetworkInterfaceName"
		case i.Description != "" && !goodDescription(i.Description, 2, 256):
			return "Description"
		case outside(i.QueueNumber, 1, mostQueues):
			return "QueueNumber"
		case i.NetworkInterfaceTrafficMode != "" && i.NetworkInterfaceTrafficMode != "Standard": // there are no RDMA interfaces
			return "NetworkInterfaceTrafficMode"
		}
	}
	if slices.ContainsFunc(append(r.secondary(), r.primary()), func(i LaunchInterface) bool { return repeats(i.groups()) }) {
		return "SecurityGroupIds"
	}
	return ""
}

// runInstancesRules are the rules on resources: what is named is there, fits together, and there is room.
var runInstancesRules = slices.Concat(launchExistenceRules, []rule[launch]{
	{err: InvalidEniIDForbidden, broken: func(l launch) bool { return l.missingENI() != "" },
		fill: func(l launch) []any { return []any{l.missingENI()} }},
	{err: InvalidLaunchEniID, broken: func(l launch) bool { return l.unfitENI() != "" },
		fill: func(l launch) []any { return []any{l.unfitENI()} }},
}, launchPlaceRules, launchIPv6Rules, []rule[launch]{
	{err: LaunchMultiGroupType, broken: func(l launch) bool { return mixTypes(maps.Values(l.Groups)) }},
	{err: LaunchEniElsewhere, broken: isSpread},
	{err: EniNotSupportedByType, broken: func(l launch) bool { return len(l.interfaces) > 1 && !l.Type.IOOptimized }},
	{err: NetworkCardIndexInvalid, broken: func(l launch) bool {
		return slices.ContainsFunc(l.interfaces, func(i LaunchInterface) bool {
			return i.NetworkCardIndex != nil && (*i.NetworkCardIndex < 0 || l.Type.NetworkCards == nil || *i.NetworkCardIndex >= *l.Type.NetworkCards)
		})
	}},
	{err: EniCountExceeded, broken: func(l launch) bool { return len(l.interfaces) > l.Type.ENIQuantity },
		fill: func(l launch) []any { return []any{l.Type.ENIQuantity, l.Type.ID, 0, len(l.interfaces)} }},
	{err: Ipv4CountExceeded, broken: func(l launch) bool { return exceeds(l.most(ipv4Of).count, l.Type.PrivateIPv4PerENI) },
		fill: func(l launch) []any {
			return []any{l.most(ipv4Of).name, *l.Type.PrivateIPv4PerENI, l.Type.ID, 0, l.most(ipv4Of).count}
		}},
	{err: Ipv6NotSupport, broken: func(l launch) bool {
		return l.most(ipv6Of).count > 0 && l.Type.IPv6PerENI != nil && *l.Type.IPv6PerENI == 0
	}, fill: func(l launch) []any { return []any{l.Type.ID} }},
	{err: Ipv6CountExceeded, broken: func(l launch) bool { return exceeds(l.most(ipv6Of).count, l.Type.IPv6PerENI) },
		fill: func(l launch) []any {
			return []any{l.most(ipv6Of).name, *l.Type.IPv6PerENI, l.Type.ID, 0, l.most(ipv6Of).count}
		}},
}, launchAddressRules, []rule[launch]{
	{err: MaxEniCountExceeded, broken: func(l launch) bool {
		created := l.count * (len(l.fresh()) - 1)
		return created > 0 && l.Quota.Count+created > l.Quota.Most
	}},
	{err: LaunchSecurityGroupInstanceLimit, broken: launchOverfillsGroup},
})

// missingENI is the first named interface that is not there; "": all are.
func (l launch) missingENI() string {
	for _, i := range l.interfaces {
		if i.NetworkInterfaceID != "" && l.Interfaces[i.NetworkInterfaceID] == nil {
			return i.NetworkInterfaceID
		}
	}
	return ""
}

// unfitENI is the first named interface that no instance can take as it is; "": there is none.
func (l launch) unfitENI() string {
	for _, n := range l.existing() {
		if n.ServiceManaged || n.Type != store.ENISecondary || n.Status != store.ENIAvailable {
			return n.ID
		}
	}
	return ""
}

// isSpread tells whether an interface lies in another VPC or zone than the instance.
func isSpread(l launch) bool {
	home := l.vswitch(l.interfaces[0])
	return slices.ContainsFunc(l.existing(), func(n *store.LaunchedENI) bool { return n.VPCID != home.VPCID || n.ZoneID != home.ZoneID }) ||
		slices.ContainsFunc(l.fresh(), func(i LaunchInterface) bool {
			return l.vswitch(i).VPCID != home.VPCID || l.vswitch(i).ZoneID != home.ZoneID
		})
}

// addressCount is how many addresses of a family the interface of a name has.
type addressCount struct {
	name  string
	count int
}

func ipv4Of(i LaunchInterface, n *store.LaunchedENI) int {
	if n != nil {
		return n.IPv4
	}
	return i.ipv4()
}

func ipv6Of(i LaunchInterface, n *store.LaunchedENI) int {
	if n != nil {
		return n.IPv6
	}
	return i.ipv6()
}

// most is the interface with the most addresses. One that does not exist yet goes by its name, or by its type.
func (l launch) most(of func(LaunchInterface, *store.LaunchedENI) int) (most addressCount) {
	for _, i := range l.interfaces {
		if count := of(i, l.Interfaces[i.NetworkInterfaceID]); count > most.count {
			most = addressCount{cmp.Or(i.NetworkInterfaceID, i.NetworkInterfaceName, i.InstanceType, store.ENISecondary), count}
		}
	}
	return most
}

// RunInstances creates instances and starts them: they are Pending, Starting and Running in their time. Their interfaces are created with them; an
// existing one is attached in the same transaction, so it is on an instance or there is none. With a MinAmount there may be fewer than Amount, where
// addresses, groups or the account's quota have room for no more.
func (s *Service) RunInstances(ctx context.Context, caller Caller, req RunInstances) (NewInstances, error) {
	if err := check(runInstancesParameterRules, req); err != nil {
		return NewInstances{}, err
	}
	if err := s.admit(ctx, caller, "ecs:RunInstances", req.RegionID); err != nil {
		return NewInstances{}, err
	}
	return once(ctx, s, caller, idempotent{"RunInstances", req.ClientToken, req}, func(tx *store.Tx) (NewInstances, error) {
		l := req.launch()
		if err := s.lockLaunch(ctx, tx, caller, &l); err != nil {
			return NewInstances{}, err
		}
		if err := check(runInstancesRules, l); err != nil {
			return NewInstances{}, err
		}
		if err := check(dryRunRules, req.DryRun); err != nil {
			return NewInstances{}, err
		}
		var made NewInstances
		for k := range l.count {
			made.InstanceIDs = append(made.InstanceIDs, s.makeInstance(tx, caller, l, k, isTrue(req.UniqueSuffix), s.running(l.now)))
		}
		tx.TakePlacesInGroups(l.LaunchScene, caller.AccountID, made.InstanceIDs, l.now)
		return made, nil
	})
}
