package service

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"enisim.alt/service/disturbance"
	"enisim.alt/store"
)

// RunInstancesRequest is the request to create instances with their interfaces, and to start them
// at once.
type RunInstancesRequest struct {
	NewInstance
	SecurityGroupIDs  []string `api:"SecurityGroupIds"`
	IPv6AddressCount  *int     `api:"Ipv6AddressCount"`
	IPv6Addresses     []string `api:"Ipv6Address"`
	Amount            *int     // nil: 1
	MinAmount         *int     // the minimum number of instances; nil: Amount
	UniqueSuffix      *bool
	NetworkInterfaces []LaunchInterface `api:"NetworkInterface"`
	Malformed         Malformed
}

// NewInstances is the answer to RunInstances.
type NewInstances struct {
	InstanceIDs []string
}

func (r RunInstancesRequest) amount() int {
	if r.Amount == nil {
		return 1
	}
	return *r.Amount
}

func (r RunInstancesRequest) minAmount() int {
	if r.MinAmount == nil {
		return r.amount()
	}
	return *r.MinAmount
}

// primaryFromParameters returns the primary interface as described by the parameters outside the
// list.
func (r RunInstancesRequest) primaryFromParameters() LaunchInterface {
	return LaunchInterface{
		InstanceType: store.ENIPrimary, VSwitchID: r.VSwitchID,
		SecurityGroupID: r.SecurityGroupID, SecurityGroupIDs: r.SecurityGroupIDs,
		PrimaryIPAddress: r.PrivateIPAddress, IPv6AddressCount: r.IPv6AddressCount, IPv6Addresses: r.IPv6Addresses,
	}
}

// primaryFromList returns the primary interface in the list, or nil if there is none.
func (r RunInstancesRequest) primaryFromList() *LaunchInterface {
	for _, i := range r.NetworkInterfaces {
		if i.InstanceType == store.ENIPrimary {
			return &i
		}
	}
	return nil
}

// primary returns the primary interface: the one of the list, completed by the parameters outside
// the list.
func (r RunInstancesRequest) primary() LaunchInterface {
	outside, listed := r.primaryFromParameters(), r.primaryFromList()
	if listed == nil {
		return outside
	}
	primary := *listed
	if primary.VSwitchID == "" {
		primary.VSwitchID = outside.VSwitchID
	}
	if len(primary.groupIDs()) == 0 {
		primary.SecurityGroupID, primary.SecurityGroupIDs = outside.SecurityGroupID, outside.SecurityGroupIDs
	}
	if primary.PrimaryIPAddress == "" {
		primary.PrimaryIPAddress = outside.PrimaryIPAddress
	}
	if primary.ipv6Count() == 0 {
		primary.IPv6AddressCount, primary.IPv6Addresses = outside.IPv6AddressCount, outside.IPv6Addresses
	}
	return primary
}

// secondary returns the other interfaces of the list. An interface without VSwitch or groups gets
// those of the primary interface.
func (r RunInstancesRequest) secondary() (others []LaunchInterface) {
	primary := r.primary()
	for _, i := range r.NetworkInterfaces {
		if i.InstanceType == store.ENIPrimary {
			continue
		}
		if i.NetworkInterfaceID == "" && i.VSwitchID == "" {
			i.VSwitchID = primary.VSwitchID
		}
		if i.NetworkInterfaceID == "" && len(i.groupIDs()) == 0 {
			i.SecurityGroupIDs = primary.groupIDs()
		}
		others = append(others, i)
	}
	return others
}

// launchInput returns the input of the rules before any rows are locked.
func (r RunInstancesRequest) launchInput() launchInput {
	return launchInput{
		NewInstance: r.NewInstance, amount: r.amount(), minAmount: r.minAmount(),
		interfaces: append([]LaunchInterface{r.primary()}, r.secondary()...),
	}
}

var runInstancesParameterRules = slices.Concat(
	newInstanceRules(
		func(r RunInstancesRequest) NewInstance { return r.NewInstance },
		RunInstancesRequest.primary,
	),
	[]rule[RunInstancesRequest]{
		{
			err:      InvalidAmount,
			violated: func(r RunInstancesRequest) bool { return r.amount() < 1 || r.amount() > maxInstancesPerLaunch },
		},
		invalid("MinAmount", func(r RunInstancesRequest) bool {
			return r.minAmount() < 1 || r.minAmount() > r.amount()
		}),
		invalid("Ipv6Address", func(r RunInstancesRequest) bool {
			return !allIPv6(r.IPv6Addresses...) || r.primaryFromParameters().ipv6Count() > maxIPv6
		}),
		within[RunInstancesRequest]("Ipv6AddressCount", 1, maxIPv6),
		{
			err:         InvalidParameterConflict,
			violated:    func(r RunInstancesRequest) bool { return r.conflictingParameters() != "" },
			messageArgs: func(r RunInstancesRequest) []any { return []any{r.conflictingParameters()} },
		},
		{err: InvalidLaunchEniType, violated: func(r RunInstancesRequest) bool {
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
		{err: InvalidParamNetworkInterface, violated: hasContradictoryInterfaces},
		{
			err:         InvalidCreateEniParams,
			violated:    func(r RunInstancesRequest) bool { return r.invalidENIParameter() != "" },
			messageArgs: func(r RunInstancesRequest) []any { return []any{r.invalidENIParameter()} },
		},
		byQuota(JoinedGroupLimitExceed, func(r RunInstancesRequest, q store.Quotas) bool {
			return slices.ContainsFunc(
				append(r.secondary(), r.primary()),
				func(i LaunchInterface) bool { return len(i.groupIDs()) > groupLimit(q) },
			)
		}),
		byQuota(UserNotSupportNetworkCard, func(r RunInstancesRequest, q store.Quotas) bool {
			return q.WithoutNetworkCards && slices.ContainsFunc(r.NetworkInterfaces,
				func(i LaunchInterface) bool { return i.NetworkCardIndex != nil })
		}),
		{err: InvalidParamAmount, violated: func(r RunInstancesRequest) bool {
			return r.amount() > 1 && (len(r.primary().IPv6Addresses) > 0 ||
				slices.ContainsFunc(r.NetworkInterfaces, func(i LaunchInterface) bool {
					return i.NetworkInterfaceID != "" || i.PrimaryIPAddress != "" || len(i.IPv6Addresses) > 0
				}))
		}},
	},
)

// conflictingParameters returns the names of parameters that exclude each other, or "".
func (r RunInstancesRequest) conflictingParameters() string {
	for _, i := range append(r.NetworkInterfaces, r.primaryFromParameters()) {
		switch {
		case i.SecurityGroupID != "" && len(i.SecurityGroupIDs) > 0:
			return "SecurityGroupId, SecurityGroupIds"
		case i.IPv6AddressCount != nil && len(i.IPv6Addresses) > 0:
			return "Ipv6AddressCount, Ipv6Address"
		}
	}
	return ""
}

// hasContradictoryInterfaces reports whether the list of interfaces contradicts itself. An existing
// interface must not have parameters for a new one, be listed twice, or be the primary one. The
// primary interface must not be described differently in the list and outside of it.
func hasContradictoryInterfaces(r RunInstancesRequest) bool {
	seen := map[string]bool{}
	for _, i := range r.NetworkInterfaces {
		if i.NetworkInterfaceID == "" {
			continue
		}
		if i.InstanceType == store.ENIPrimary || seen[i.NetworkInterfaceID] || i.hasCreationParameters() {
			return true
		}
		seen[i.NetworkInterfaceID] = true
	}
	outside, listed := r.primaryFromParameters(), r.primaryFromList()
	return listed != nil && (len(listed.groupIDs()) > 0 && len(outside.groupIDs()) > 0 ||
		listed.VSwitchID != "" && outside.VSwitchID != "" && listed.VSwitchID != outside.VSwitchID ||
		listed.PrimaryIPAddress != "" && outside.PrimaryIPAddress != "" ||
		listed.ipv6Count() > 0 && outside.ipv6Count() > 0)
}

// invalidENIParameter returns the name of the first invalid parameter of a new interface, or "".
func (r RunInstancesRequest) invalidENIParameter() string {
	for _, i := range r.NetworkInterfaces {
		outside := func(n *int, least, most int) bool { return n != nil && (*n < least || *n > most) }
		switch {
		case i.PrimaryIPAddress != "" && !allIPv4(i.PrimaryIPAddress):
			return "PrimaryIpAddress"
		case outside(i.SecondaryPrivateIPAddressCount, 1, maxSecondaryIPv4):
			return "SecondaryPrivateIpAddressCount"
		case outside(i.IPv6AddressCount, 1, maxIPv6):
			return "Ipv6AddressCount"
		case !allIPv6(i.IPv6Addresses...) || len(i.IPv6Addresses) > maxIPv6:
			return "Ipv6Address"
		case i.NetworkInterfaceName != "" && !isValidName(i.NetworkInterfaceName):
			return "NetworkInterfaceName"
		case i.Description != "" && !isValidDescription(i.Description, 2, 256):
			return "Description"
		case outside(i.QueueNumber, 1, maxQueues):
			return "QueueNumber"
		// A primary interface is a standard one.
		case !isTrafficMode(i.NetworkInterfaceTrafficMode),
			i.InstanceType == store.ENIPrimary && i.NetworkInterfaceTrafficMode == store.TrafficHighPerformance:
			return "NetworkInterfaceTrafficMode"
		}
	}
	if slices.ContainsFunc(
		append(r.secondary(), r.primary()),
		func(i LaunchInterface) bool { return hasDuplicates(i.groupIDs()) },
	) {
		return "SecurityGroupIds"
	}
	return ""
}

// runInstancesRules check that the resources exist, fit together, and have enough capacity.
var runInstancesRules = slices.Concat(launchExistenceRules, []rule[launchInput]{
	{err: InvalidEniIDForbidden, violated: func(l launchInput) bool { return l.missingENI() != "" },
		messageArgs: func(l launchInput) []any { return []any{l.missingENI()} }},
	{err: InvalidLaunchEniID, violated: func(l launchInput) bool { return l.unattachableENI() != "" },
		messageArgs: func(l launchInput) []any { return []any{l.unattachableENI()} }},
}, launchConsistencyRules, launchIPv6Rules, []rule[launchInput]{
	{
		err:      LaunchMultiGroupType,
		violated: func(l launchInput) bool { return haveDifferentTypes(maps.Values(l.Groups)) },
	},
	{err: LaunchEniElsewhere, violated: spansLocations},
	{
		err:      EniNotSupportedByType,
		violated: func(l launchInput) bool { return len(l.interfaces) > 1 && !l.Type.IOOptimized },
	},
	{err: NetworkCardIndexInvalid, violated: launchNamesUnusableCard},
	{err: EniCountExceeded, violated: func(l launchInput) bool { return len(l.interfaces) > l.Type.ENIQuantity },
		messageArgs: func(l launchInput) []any { return []any{l.Type.ENIQuantity, l.Type.ID, 0, len(l.interfaces)} }},
	{err: EniPerInstanceLimitExceeded, violated: launchFillsCard},
}, formRules(launchInput.forms), []rule[launchInput]{
	{
		err:         Ipv4CountExceeded,
		violated:    func(l launchInput) bool { return l.tooManyIPv4().limit != nil },
		messageArgs: func(l launchInput) []any { return l.tooManyIPv4().messageArgs(l.Type) },
	},
	{err: Ipv6NotSupport, violated: func(l launchInput) bool {
		return l.withMostAddresses(countIPv6).count > 0 && l.Type.IPv6PerENI != nil && *l.Type.IPv6PerENI == 0
	}, messageArgs: func(l launchInput) []any { return []any{l.Type.ID} }},
	{
		err:         Ipv6CountExceeded,
		violated:    func(l launchInput) bool { return l.tooManyIPv6().limit != nil },
		messageArgs: func(l launchInput) []any { return l.tooManyIPv6().messageArgs(l.Type) },
	},
}, launchAddressRules, []rule[launchInput]{
	{err: MaxEniCountExceeded, violated: func(l launchInput) bool {
		created := l.count * (len(l.newInterfaces()) - 1)
		return created > 0 && l.Quota.Count+created > l.Quota.Max
	}},
	{err: LaunchSecurityGroupInstanceLimit, violated: launchExceedsGroupCapacity},
}, launchSupplyRules)

// launchNamesUnusableCard reports whether an interface names a network card that the type does not have. The
// primary interface is on the first card.
func launchNamesUnusableCard(l launchInput) bool {
	primary := l.interfaces[0].NetworkCardIndex
	return primary != nil && *primary > 0 || slices.ContainsFunc(l.interfaces, func(i LaunchInterface) bool {
		return namesUnusableCard(i.NetworkCardIndex, l.Type.NetworkCards)
	})
}

// launchFillsCard reports whether more interfaces name a network card than the type allows.
func launchFillsCard(l launchInput) bool {
	onCard := map[int]int{0: 1}
	for _, i := range l.interfaces[1:] {
		if i.NetworkCardIndex == nil {
			continue
		}
		onCard[*i.NetworkCardIndex]++
		if exceeds(onCard[*i.NetworkCardIndex], l.Type.ENIsPerNetworkCard) {
			return true
		}
	}
	return false
}

// forms returns the first interface of an instance with which it exceeds a limit of the type on RDMA or queues,
// with the interfaces before it; or the last one if none does.
func (l launchInput) forms() (f formInput, limited bool) {
	var wanted []*store.AttachableENI
	for index, i := range l.interfaces {
		wanted = append(wanted, l.launchedForm(index, i))
	}
	return firstOverLimit(&l.Type.AttachableType, wanted), true
}

// launchedForm returns the traffic mode and the queues of an interface of a new instance.
func (l launchInput) launchedForm(index int, wanted LaunchInterface) *store.AttachableENI {
	if n := l.Interfaces[wanted.NetworkInterfaceID]; n != nil {
		return &n.AttachableENI
	}
	form := &store.AttachableENI{
		Type: store.ENISecondary, TrafficMode: wanted.NetworkInterfaceTrafficMode, QueueNumber: wanted.QueueNumber,
	}
	if index == 0 {
		form.Type = store.ENIPrimary
	}
	return form
}

// missingENI returns the first named interface that does not exist, or "".
func (l launchInput) missingENI() string {
	for _, i := range l.interfaces {
		if i.NetworkInterfaceID != "" && l.Interfaces[i.NetworkInterfaceID] == nil {
			return i.NetworkInterfaceID
		}
	}
	return ""
}

// unattachableENI returns the first named interface that cannot be attached to any instance, or "".
func (l launchInput) unattachableENI() string {
	for _, n := range l.existingInterfaces() {
		if n.ServiceManaged || n.Type != store.ENISecondary || n.Status != store.ENIAvailable {
			return n.ID
		}
	}
	return ""
}

// spansLocations reports whether an interface is in another VPC or zone than the instance.
func spansLocations(l launchInput) bool {
	primary := l.vswitchOf(l.interfaces[0])
	return slices.ContainsFunc(
		l.existingInterfaces(),
		func(n *store.LaunchedENI) bool { return n.VPCID != primary.VPCID || n.ZoneID != primary.ZoneID },
	) ||
		slices.ContainsFunc(l.newInterfaces(), func(i LaunchInterface) bool {
			return l.vswitchOf(i).VPCID != primary.VPCID || l.vswitchOf(i).ZoneID != primary.ZoneID
		})
}

// addressCount is the number of addresses of one family that the named interface has.
type addressCount struct {
	name  string
	count int
}

func countIPv4(i LaunchInterface, n *store.LaunchedENI) int {
	if n != nil {
		return n.IPv4
	}
	return i.ipv4Count()
}

func countIPv6(i LaunchInterface, n *store.LaunchedENI) int {
	if n != nil {
		return n.IPv6
	}
	return i.ipv6Count()
}

// withMostAddresses returns the interface with the most addresses. A new interface is identified by
// its name, or by its type.
func (l launchInput) withMostAddresses(count func(LaunchInterface, *store.LaunchedENI) int) (most addressCount) {
	for _, i := range l.interfaces {
		if n := count(i, l.Interfaces[i.NetworkInterfaceID]); n > most.count {
			most = addressCount{
				cmp.Or(i.NetworkInterfaceID, i.NetworkInterfaceName, i.InstanceType, store.ENISecondary),
				n,
			}
		}
	}
	return most
}

// tooManyAddresses is an interface with more addresses of a family than a limit. Its limit is nil if
// there is no such interface.
type tooManyAddresses struct {
	addressCount
	limit *int
}

func (t tooManyAddresses) messageArgs(of *store.InstanceType) []any {
	return []any{t.name, *t.limit, of.ID, 0, t.count}
}

func (l launchInput) tooManyIPv4() tooManyAddresses {
	return l.tooMany(countIPv4, l.Type.PrivateIPv4PerENI, l.quotas.IPv4PerInterface)
}

func (l launchInput) tooManyIPv6() tooManyAddresses {
	return l.tooMany(countIPv6, l.Type.IPv6PerENI, l.quotas.IPv6PerInterface)
}

// tooMany checks the interfaces against the limit of the type, and those that are created against
// the quota of the account.
func (l launchInput) tooMany(
	count func(LaunchInterface, *store.LaunchedENI) int, ofType, quota *int,
) tooManyAddresses {
	if most := l.withMostAddresses(count); exceeds(most.count, ofType) {
		return tooManyAddresses{most, ofType}
	}
	created := l
	created.interfaces = l.newInterfaces()
	if most := created.withMostAddresses(count); exceeds(most.count, quota) {
		return tooManyAddresses{most, quota}
	}
	return tooManyAddresses{}
}

// RunInstances creates instances and starts them: they are Pending, then Starting, then Running.
// Their new interfaces are created in the same transaction, and existing ones are attached in it.
// With a MinAmount there may be fewer instances than Amount, if addresses, groups, the account's
// quotas or the stock do not allow more.
var RunInstances = newAction(Action[RunInstancesRequest, NewInstances]{
	permission:    "ecs:RunInstances",
	parameters:    runInstancesParameterRules,
	refusals:      slices.Concat(errorsOf(runInstancesRules), errorsOf(dryRunRules)),
	write:         (*Service).runInstances,
	consumesToken: true,
	creates:       true,
	begins:        []string{disturbance.Pending, disturbance.Starting, disturbance.Attaching},
})

func (s *Service) runInstances(
	ctx context.Context, tx *store.Tx, caller Caller, req RunInstancesRequest,
) (NewInstances, error) {
	l := req.launchInput()
	if err := s.lockLaunch(ctx, tx, caller, &l); err != nil {
		return NewInstances{}, err
	}
	if err := check(runInstancesRules, l); err != nil {
		return NewInstances{}, err
	}
	if err := check(dryRunRules, req.DryRun); err != nil {
		return NewInstances{}, err
	}
	// The rules hold for l.count instances, so all of them are created.
	var (
		made NewInstances
		rows store.LaunchRows
	)
	for k := range l.count {
		i := s.newInstance(l)
		s.launch(caller, &i, k, l.now)
		s.addInstance(&rows, caller, l, k, isTrue(req.UniqueSuffix), i)
		made.InstanceIDs = append(made.InstanceIDs, i.ID)
	}
	tx.InsertLaunch(caller.AccountID, rows)
	tx.AcquireCapacityInGroups(l.LaunchScene, caller.AccountID, made.InstanceIDs, l.now)
	l.stock.take(tx, l.count)
	return made, s.record(tx, caller, l.now, rows.Changes(l.now)...)
}
