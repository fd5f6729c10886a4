package service

import (
	"cmp"
	"net/netip"
	"reflect"
	"slices"
	"time"

	"enisim/store"
)

const (
	mostInstancesPerLaunch = 100
	mostDataDisks          = 16
)

// NewInstance is what RunInstances and CreateInstance both take. What is not of the network is kept and shown.
type NewInstance struct {
	RegionID                string `api:"RegionId"`
	ZoneID                  string `api:"ZoneId"`
	ImageID                 string `api:"ImageId"`
	ImageFamily             string
	InstanceType            string
	VSwitchID               string `api:"VSwitchId"`
	SecurityGroupID         string `api:"SecurityGroupId"`
	PrivateIPAddress        string `api:"PrivateIpAddress"`
	InstanceName            string // name[1,4]suffix numbers the instances
	HostName                string // the same
	Description             string
	Password                string `json:"-"` // accepted and forgotten: it must not even be hashed
	KeyPairName             string
	RAMRoleName             string `api:"RamRoleName"`
	UserData                string // Base64
	InstanceChargeType      string
	InternetChargeType      string
	InternetMaxBandwidthIn  *int // Mbit/s
	InternetMaxBandwidthOut *int // Mbit/s
	SpotStrategy            string
	CreditSpecification     string
	DeletionProtection      *bool
	SystemDisk              NewDisk
	DataDisks               []NewDisk `api:"DataDisk"`
	ResourceGroupID         string    `api:"ResourceGroupId"`
	Tags                    []Tag     `api:"Tag"`
	DryRun                  *bool
	ClientToken             string
}

// NewDisk is a disk that comes with an instance.
type NewDisk struct {
	Category           string
	Size               *int // GiB
	DiskName           string
	Description        string
	PerformanceLevel   string
	Encrypted          *bool
	DeleteWithInstance *bool
}

// LaunchInterface is an interface that comes with an instance: a new one, or an existing one by its id.
type LaunchInterface struct {
	InstanceType                   string   // Primary or Secondary
	NetworkInterfaceID             string   `api:"NetworkInterfaceId"`
	VSwitchID                      string   `api:"VSwitchId"`
	SecurityGroupID                string   `api:"SecurityGroupId"`
	SecurityGroupIDs               []string `api:"SecurityGroupIds"`
	PrimaryIPAddress               string   `api:"PrimaryIpAddress"`
	SecondaryPrivateIPAddressCount *int     `api:"SecondaryPrivateIpAddressCount"`
	IPv6AddressCount               *int     `api:"Ipv6AddressCount"`
	IPv6Addresses                  []string `api:"Ipv6Address"`
	NetworkInterfaceName           string
	Description                    string
	QueueNumber                    *int
	NetworkInterfaceTrafficMode    string
	NetworkCardIndex               *int
	DeleteOnRelease                *bool
	SourceDestCheck                *bool
}

// groups are the interface's groups, whichever way they were named.
func (i LaunchInterface) groups() []string {
	return append(given(i.SecurityGroupID), i.SecurityGroupIDs...)
}

// ipv4 is how many IPv4 addresses a new interface gets, the primary one included.
func (i LaunchInterface) ipv4() int { return 1 + valueOf(i.SecondaryPrivateIPAddressCount) }

// ipv6 is how many IPv6 addresses a new interface gets.
func (i LaunchInterface) ipv6() int { return valueOf(i.IPv6AddressCount) + len(i.IPv6Addresses) }

// found is how many IPv4 addresses are to be found for it, rather than named.
func (i LaunchInterface) found() int { return i.ipv4() - len(given(i.PrimaryIPAddress)) }

// tellsHowToCreate tells whether there is more than an existing interface takes.
func (i LaunchInterface) tellsHowToCreate() bool {
	i.InstanceType, i.NetworkInterfaceID, i.NetworkCardIndex = "", "", nil
	return !reflect.ValueOf(i).IsZero()
}

// newInstanceRules are the parameter rules that both actions have. primary is the primary interface as far as the request tells.
func newInstanceRules[R any](common func(R) NewInstance, malformed func(R) Malformed, primary func(R) LaunchInterface) []rule[R] {
	text := func(field func(NewInstance) string) func(R) string {
		return func(r R) string { return field(common(r)) }
	}
	firstName := func(name string) string { return numberedName(name, 0, 1, false) }
	return []rule[R]{
		required("RegionId", text(func(r NewInstance) string { return r.RegionID })),
		required("ImageId", func(r R) string { return common(r).ImageID + common(r).ImageFamily }),
		required("InstanceType", text(func(r NewInstance) string { return r.InstanceType })),
		{err: InvalidResourceTypeNotSupported, broken: func(r R) bool { return primary(r).VSwitchID == "" }, // it would be of the classic network
			fill: func(r R) []any { return []any{common(r).InstanceType, cmp.Or(common(r).ZoneID, common(r).RegionID)} }},
		{err: MissingNamedParameter, broken: func(r R) bool { return len(primary(r).groups()) == 0 }, fill: named[R]("SecurityGroupId")},
		readable(malformed),
		wellFormed(InvalidClientTokenValue, text(func(r NewInstance) string { return r.ClientToken }), goodClientToken),
		wellFormed(InvalidInstanceNameMalformed, text(func(r NewInstance) string { return firstName(r.InstanceName) }), goodName),
		wellFormed(InvalidHostNameMalformed, text(func(r NewInstance) string { return firstName(r.HostName) }), goodHostName),
		wellFormed(InvalidDescriptionMalformed, text(func(r NewInstance) string { return r.Description }),
			func(s string) bool { return goodDescription(s, 2, 256) }),
		wellFormed(InvalidPrivateIPMalformed, text(func(r NewInstance) string { return r.PrivateIPAddress }), func(s string) bool { return areIPv4(s) }),
		among("InstanceChargeType", text(func(r NewInstance) string { return r.InstanceChargeType }), "PostPaid", "PrePaid"),
		among("InternetChargeType", text(func(r NewInstance) string { return r.InternetChargeType }), "PayByTraffic", "PayByBandwidth"),
		among("SpotStrategy", text(func(r NewInstance) string { return r.SpotStrategy }), "NoSpot", "SpotWithPriceLimit", "SpotAsPriceGo"),
		among("CreditSpecification", text(func(r NewInstance) string { return r.CreditSpecification }), "Standard", "Unlimited"),
		within("InternetMaxBandwidthIn", 0, mostBandwidth, func(r R) *int { return common(r).InternetMaxBandwidthIn }),
		within("InternetMaxBandwidthOut", 0, mostBandwidth, func(r R) *int { return common(r).InternetMaxBandwidthOut }),
		invalid("SystemDisk.Size", func(r R) bool { return hasBadSize(common(r).SystemDisk) }),
		invalid("DataDisk", func(r R) bool {
			return len(common(r).DataDisks) > mostDataDisks || slices.ContainsFunc(common(r).DataDisks, hasBadSize)
		}),
		{err: DuplicateTagKey, broken: func(r R) bool { return repeatsTagKey(common(r).Tags) }},
		{err: InvalidTagKeyMalformed, broken: func(r R) bool { return hasBadTagKey(common(r).Tags) }},
		{err: InvalidTagValueMalformed, broken: func(r R) bool { return hasBadTagValue(common(r).Tags) }},
		{err: QuotaExceedTags, broken: func(r R) bool { return tooManyTags(common(r).Tags) }},
	}
}

// mostBandwidth is the most that an instance may have to the internet, in Mbit/s.
const mostBandwidth = 1000

func hasBadSize(d NewDisk) bool {
	const largest = 65536
	return d.Size != nil && (*d.Size < 1 || *d.Size > largest)
}

// launch is what a launch is decided on: the request and what the locks returned, settled.
type launch struct {
	NewInstance
	amount, least int               // how many instances are asked for, and how few will do
	interfaces    []LaunchInterface // of each instance, the primary one first
	*store.LaunchScene
	now   time.Time
	count int // how many there will be
}

// want is what the launch needs of the world.
func (l launch) want(accountID string) store.LaunchWant {
	want := store.LaunchWant{AccountID: accountID, RegionID: l.RegionID, ZoneID: l.ZoneID, InstanceType: l.InstanceType}
	position := map[string]int{}
	for k, i := range l.interfaces {
		if i.NetworkInterfaceID != "" {
			want.NetworkInterfaceIDs = append(want.NetworkInterfaceIDs, i.NetworkInterfaceID)
			continue
		}
		want.NewSecondary = want.NewSecondary || k > 0
		want.SecurityGroupIDs = append(want.SecurityGroupIDs, i.groups()...)
		at, known := position[i.VSwitchID]
		if !known {
			at = len(want.Addresses)
			position[i.VSwitchID] = at
			want.Addresses = append(want.Addresses, store.AddressWant{VSwitchID: i.VSwitchID})
		}
		addresses := &want.Addresses[at]
		addresses.IPv4 += l.amount * i.found()
		addresses.Named = append(addresses.Named, l.named(i)...)
	}
	return want
}

// row are the primary addresses that the caller chose for an interface of each instance, from the one that was named on.
func (l launch) row(i LaunchInterface) (row []netip.Addr) {
	for _, a := range addresses(given(i.PrimaryIPAddress)) {
		for range l.amount {
			if a.IsValid() { // behind the last address there is none
				row = append(row, a)
			}
			a = a.Next()
		}
	}
	return row
}

// named are all addresses that the caller chose for an interface.
func (l launch) named(i LaunchInterface) []netip.Addr {
	return append(l.row(i), addresses(i.IPv6Addresses)...)
}

// chosen are those of named that belong to the instances that there will be.
func (l launch) chosen(i LaunchInterface) []netip.Addr {
	row := l.row(i)
	return append(row[:min(len(row), l.count)], addresses(i.IPv6Addresses)...)
}

// fresh are the interfaces that are created.
func (l launch) fresh() []LaunchInterface {
	return slices.DeleteFunc(slices.Clone(l.interfaces), func(i LaunchInterface) bool { return i.NetworkInterfaceID != "" })
}

// existing are the interfaces that are there already, as far as they are.
func (l launch) existing() (found []*store.LaunchedENI) {
	for _, i := range l.interfaces {
		if n := l.Interfaces[i.NetworkInterfaceID]; n != nil {
			found = append(found, n)
		}
	}
	return found
}

// possible is how many instances can be made: as many as are asked for, or as many as addresses, groups and the quota have room for. If that is
// less than will do, it is what will do, and a rule tells what there is too little of.
func (l launch) possible() int {
	n := l.amount
	for vswitch, offer := range l.Offers {
		if need := l.perInstance(vswitch); need > 0 {
			n = min(n, len(offer.IPv4)/need)
		}
	}
	for _, g := range l.Groups {
		n = min(n, g.Free)
	}
	if secondary := len(l.fresh()) - 1; secondary > 0 {
		n = min(n, (l.Quota.Most-l.Quota.Count)/secondary)
	}
	first := l.interfaces[0]
	for k, a := range l.row(first) {
		if l.outside(first.VSwitchID, a) || slices.Contains(l.Offers[first.VSwitchID].Taken, a) {
			n = min(n, k)
		}
	}
	return max(n, l.least)
}

// perInstance is how many IPv4 addresses of a VSwitch are to be found for each instance.
func (l launch) perInstance(vswitch string) (need int) {
	for _, i := range l.fresh() {
		if i.VSwitchID == vswitch {
			need += i.found()
		}
	}
	return need
}

func (l launch) vswitch(i LaunchInterface) *store.VSwitch { return l.Offers[i.VSwitchID].VSwitch }

// outside tells whether an address is none that its VSwitch gives.
func (l launch) outside(vswitch string, a netip.Addr) bool {
	v := l.Offers[vswitch].VSwitch
	if v == nil || a.Is6() && v.IPv6CIDRBlock == nil {
		return true
	}
	block := v.CIDRBlock
	if a.Is6() {
		block = *v.IPv6CIDRBlock
	}
	return !givesOut(block, netip.PrefixFrom(a, a.BitLen()))
}

// launchExistenceRules: what the request names is there.
var launchExistenceRules = []rule[launch]{
	{err: InvalidImageIDNotFound, broken: func(l launch) bool { return l.ImageID != "" && !knownImage(l.ImageID) }},
	{err: InvalidInstanceTypeValueNotSupported, broken: func(l launch) bool { return l.Type == nil }},
	{err: InvalidZoneIDNotFound, broken: func(l launch) bool { return l.ZoneID != "" && !l.ZoneKnown }},
	{err: LaunchVSwitchIDNotFound, broken: func(l launch) bool {
		return slices.ContainsFunc(l.fresh(), func(i LaunchInterface) bool { return l.vswitch(i) == nil })
	}},
	{err: LaunchSecurityGroupIDNotFound, broken: func(l launch) bool {
		return slices.ContainsFunc(l.fresh(), func(i LaunchInterface) bool {
			return slices.ContainsFunc(i.groups(), func(id string) bool { _, there := l.Groups[id]; return !there })
		})
	}},
}

// launchPlaceRules: what is there fits together.
var launchPlaceRules = []rule[launch]{
	{err: IncorrectVSwitchStatus, broken: func(l launch) bool {
		return slices.ContainsFunc(l.fresh(), func(i LaunchInterface) bool { return l.vswitch(i).Status(l.now) != store.NetworkAvailable })
	}},
	{err: VSwitchZoneMismatch, broken: func(l launch) bool { return l.ZoneID != "" && l.ZoneID != l.vswitch(l.interfaces[0]).ZoneID }},
	{err: SecurityGroupVSwitchMismatch, broken: func(l launch) bool {
		return slices.ContainsFunc(l.fresh(), func(i LaunchInterface) bool {
			return slices.ContainsFunc(i.groups(), func(id string) bool { return l.Groups[id].VPCID != l.vswitch(i).VPCID })
		})
	}},
	{err: PrivateIPOutsideVSwitch, broken: func(l launch) bool {
		first := l.interfaces[0]
		return l.PrivateIPAddress != "" && slices.ContainsFunc(l.chosen(first), func(a netip.Addr) bool { return a.Is4() && l.outside(first.VSwitchID, a) })
	}},
}

// launchIPv6Rules and launchAddressRules: there are addresses. An action that has no IPv6 has only the latter.
var launchIPv6Rules = []rule[launch]{
	invalid("Ipv6AddressCount", func(l launch) bool {
		return slices.ContainsFunc(l.fresh(), func(i LaunchInterface) bool { return i.ipv6() > 0 && l.vswitch(i).IPv6CIDRBlock == nil })
	}),
	{err: InvalidVSwitchIDIPInvalid, broken: func(l launch) bool { _, stray := l.stray(); return stray != nil },
		fill: func(l launch) []any { block, stray := l.stray(); return []any{stray, block} }},
}

var launchAddressRules = []rule[launch]{
	{err: InvalidPrivateIPDuplicated, broken: func(l launch) bool {
		seen := map[netip.Addr]bool{}
		for _, i := range l.fresh() {
			for _, a := range l.chosen(i) {
				if seen[a] || slices.Contains(l.Offers[i.VSwitchID].Taken, a) {
					return true
				}
				seen[a] = true
			}
		}
		return false
	}},
	{err: QuotaExceededPrivateIP, broken: func(l launch) bool {
		for vswitch, offer := range l.Offers {
			if len(offer.IPv4) < l.count*l.perInstance(vswitch) {
				return true
			}
		}
		return false
	}},
}

// stray is the first address that is none of its VSwitch's, and the block that lacks it.
func (l launch) stray() (block netip.Prefix, stray any) {
	for _, i := range l.fresh() {
		for _, a := range l.chosen(i) {
			switch v := l.vswitch(i); {
			case !l.outside(i.VSwitchID, a):
			case a.Is6():
				return *v.IPv6CIDRBlock, a
			default:
				return v.CIDRBlock, a
			}
		}
	}
	return netip.Prefix{}, nil
}

// launchOverfillsGroup tells whether the new instances would be too many in a group.
func launchOverfillsGroup(l launch) bool {
	for _, g := range l.Groups {
		if l.count > g.Free {
			return true
		}
	}
	return false
}
