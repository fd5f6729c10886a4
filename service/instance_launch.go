package service

import (
	"cmp"
	"net/netip"
	"reflect"
	"slices"
	"time"

	"enisim.alt/store"
)

const (
	maxInstancesPerLaunch = 100
)

// NewInstance has the parameters that RunInstances and CreateInstance share. Those that do not
// concern the network are stored and shown, without effect.
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
	HostName                string // likewise
	Description             string
	Password                string `json:"-"` // accepted and not stored: it must not even be hashed
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

// NewDisk is a disk that is created with an instance.
type NewDisk struct {
	Category           string
	Size               *int // GiB
	DiskName           string
	Description        string
	PerformanceLevel   string
	Encrypted          *bool
	DeleteWithInstance *bool
}

// LaunchInterface is an interface of a new instance: a new one, or an existing one by its id.
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

// groupIDs returns the ids of the interface's groups, from both parameters.
func (i LaunchInterface) groupIDs() []string {
	return append(optionalList(i.SecurityGroupID), i.SecurityGroupIDs...)
}

// ipv4Count returns the number of IPv4 addresses of a new interface, including the primary one.
func (i LaunchInterface) ipv4Count() int { return 1 + valueOf(i.SecondaryPrivateIPAddressCount) }

// ipv6Count returns the number of IPv6 addresses of a new interface.
func (i LaunchInterface) ipv6Count() int { return valueOf(i.IPv6AddressCount) + len(i.IPv6Addresses) }

// ipv4ToFind returns how many of the IPv4 addresses are not named, so that free ones are needed.
func (i LaunchInterface) ipv4ToFind() int {
	return i.ipv4Count() - len(optionalList(i.PrimaryIPAddress))
}

// hasCreationParameters reports whether a parameter is set that only a new interface may have.
func (i LaunchInterface) hasCreationParameters() bool {
	i.InstanceType, i.NetworkInterfaceID, i.NetworkCardIndex = "", "", nil
	return !reflect.ValueOf(i).IsZero()
}

// newInstanceRules returns the parameter rules that both actions share. primary returns the primary
// interface of a request.
func newInstanceRules[R any](
	common func(R) NewInstance, primary func(R) LaunchInterface,
) []rule[R] {
	firstName := func(name string) string { return numberedName(name, 0, 1, false) }
	return []rule[R]{
		required[R]("RegionId"),
		{
			err:         MissingNamedParameter,
			violated:    func(r R) bool { return common(r).ImageID+common(r).ImageFamily == "" },
			messageArgs: nameArg[R]("ImageId"),
		},
		required[R]("InstanceType"),
		{
			// Without a VSwitch, the instance would be of the classic network.
			err:      InvalidResourceTypeNotSupported,
			violated: func(r R) bool { return primary(r).VSwitchID == "" },
			messageArgs: func(r R) []any {
				return []any{common(r).InstanceType, cmp.Or(common(r).ZoneID, common(r).RegionID)}
			},
		},
		{
			err:         MissingNamedParameter,
			violated:    func(r R) bool { return len(primary(r).groupIDs()) == 0 },
			messageArgs: nameArg[R]("SecurityGroupId"),
		},
		readable[R](),
		wellFormed[R](InvalidClientTokenValue, "ClientToken",
			isValidClientToken,
		),
		wellFormed[R](InvalidInstanceNameMalformed, "InstanceName", func(name string) bool {
			return isValidName(firstName(name))
		}),
		wellFormed[R](InvalidHostNameMalformed, "HostName", func(name string) bool {
			return isValidHostName(firstName(name))
		}),
		wellFormed[R](InvalidDescriptionMalformed, "Description",
			func(s string) bool { return isValidDescription(s, 2, 256) }),
		wellFormed[R](InvalidPrivateIPMalformed, "PrivateIpAddress",
			func(s string) bool { return allIPv4(s) },
		),
		among[R]("InstanceChargeType", "PostPaid", "PrePaid"),
		among[R]("InternetChargeType", "PayByTraffic", "PayByBandwidth"),
		among[R]("SpotStrategy", "NoSpot", "SpotWithPriceLimit", "SpotAsPriceGo"),
		among[R]("CreditSpecification", "Standard", "Unlimited"),
		within[R]("InternetMaxBandwidthIn", 0, maxBandwidth),
		within[R]("InternetMaxBandwidthOut", 0, maxBandwidth),
		invalid("SystemDisk.Size", func(r R) bool { return hasInvalidSize(common(r).SystemDisk) }),
		invalid("DataDisk", func(r R) bool {
			return len(common(r).DataDisks) > store.MaxDataDisks ||
				slices.ContainsFunc(common(r).DataDisks, hasInvalidSize)
		}),
		{err: DuplicateTagKey, violated: func(r R) bool { return repeatsTagKey(common(r).Tags) }},
		{err: InvalidTagKeyMalformed, violated: func(r R) bool { return hasInvalidTagKey(common(r).Tags) }},
		{err: InvalidTagValueMalformed, violated: func(r R) bool { return hasInvalidTagValue(common(r).Tags) }},
		{err: QuotaExceedTags, violated: func(r R) bool { return tooManyTags(common(r).Tags) }},
	}
}

// maxBandwidth is the maximum internet bandwidth of an instance, in Mbit/s.
const maxBandwidth = 1000

func hasInvalidSize(d NewDisk) bool {
	const maxSize = 65536
	return d.Size != nil && (*d.Size < 1 || *d.Size > maxSize)
}

// launchInput is the request plus the locked rows that its rules check, settled to the current
// time.
type launchInput struct {
	NewInstance
	amount, minAmount int               // the requested number of instances, and the minimum
	interfaces        []LaunchInterface // of each instance; the primary one comes first
	*store.LaunchScene
	quotas store.Quotas
	stock  stock
	now    time.Time
	count  int // the number of instances that will be created
}

// storeWant returns the rows and free addresses that the launch needs.
func (l launchInput) storeWant(accountID string) store.LaunchWant {
	want := store.LaunchWant{
		AccountID: accountID, RegionID: l.RegionID, ZoneID: l.ZoneID, InstanceType: l.InstanceType,
		LimitedInstances: l.quotas.InstancesPerRegion != nil, KeyPairName: l.KeyPairName,
	}
	position := map[string]int{}
	for k, i := range l.interfaces {
		if i.NetworkInterfaceID != "" {
			want.NetworkInterfaceIDs = append(want.NetworkInterfaceIDs, i.NetworkInterfaceID)
			continue
		}
		want.NewSecondary = want.NewSecondary || k > 0
		want.SecurityGroupIDs = append(want.SecurityGroupIDs, i.groupIDs()...)
		at, known := position[i.VSwitchID]
		if !known {
			at = len(want.Addresses)
			position[i.VSwitchID] = at
			want.Addresses = append(want.Addresses, store.AddressWant{VSwitchID: i.VSwitchID})
		}
		addresses := &want.Addresses[at]
		addresses.IPv4 += l.amount * i.ipv4ToFind()
		addresses.Named = append(addresses.Named, l.requestedAddresses(i)...)
	}
	return want
}

// primaryAddresses returns the primary addresses of an interface that the caller chose, one for
// each instance: the named address and those that follow it.
func (l launchInput) primaryAddresses(i LaunchInterface) (addresses []netip.Addr) {
	for _, a := range parseAddresses(optionalList(i.PrimaryIPAddress)) {
		for range l.amount {
			if a.IsValid() { // there is no address after the last one
				addresses = append(addresses, a)
			}
			a = a.Next()
		}
	}
	return addresses
}

// requestedAddresses returns all addresses of an interface that the caller chose.
func (l launchInput) requestedAddresses(i LaunchInterface) []netip.Addr {
	return append(l.primaryAddresses(i), parseAddresses(i.IPv6Addresses)...)
}

// usedAddresses returns the requested addresses for the instances that will be created.
func (l launchInput) usedAddresses(i LaunchInterface) []netip.Addr {
	row := l.primaryAddresses(i)
	return append(row[:min(len(row), l.count)], parseAddresses(i.IPv6Addresses)...)
}

// newInterfaces returns the interfaces that are to be created.
func (l launchInput) newInterfaces() []LaunchInterface {
	return slices.DeleteFunc(
		slices.Clone(l.interfaces),
		func(i LaunchInterface) bool { return i.NetworkInterfaceID != "" },
	)
}

// existingInterfaces returns the rows of the named interfaces that exist.
func (l launchInput) existingInterfaces() (found []*store.LaunchedENI) {
	for _, i := range l.interfaces {
		if n := l.Interfaces[i.NetworkInterfaceID]; n != nil {
			found = append(found, n)
		}
	}
	return found
}

// possibleCount returns how many instances can be created: the requested amount, or fewer if
// addresses, groups, quotas or the stock do not allow more. It is never less than the minimum amount. If
// that many are not possible, a rule refuses the request.
func (l launchInput) possibleCount() int {
	n := l.amount
	for vswitch, offer := range l.Offers {
		if need := l.ipv4PerInstance(vswitch); need > 0 {
			n = min(n, len(offer.IPv4)/need)
		}
	}
	for _, g := range l.Groups {
		n = min(n, g.Free)
	}
	if secondary := len(l.newInterfaces()) - 1; secondary > 0 {
		n = min(n, (l.Quota.Max-l.Quota.Count)/secondary)
	}
	if left, limited := l.Instances.Left(); limited {
		n = min(n, left)
	}
	n = l.stock.limit(n)
	first := l.interfaces[0]
	for k, a := range l.primaryAddresses(first) {
		if l.isOutside(first.VSwitchID, a) || slices.Contains(l.Offers[first.VSwitchID].Taken, a) {
			n = min(n, k)
		}
	}
	return max(n, l.minAmount)
}

// ipv4PerInstance returns how many free IPv4 addresses of a VSwitch each instance needs.
func (l launchInput) ipv4PerInstance(vswitch string) (need int) {
	for _, i := range l.newInterfaces() {
		if i.VSwitchID == vswitch {
			need += i.ipv4ToFind()
		}
	}
	return need
}

func (l launchInput) vswitchOf(i LaunchInterface) *store.VSwitch {
	return l.Offers[i.VSwitchID].VSwitch
}

// vswitchOfPrimary returns the VSwitch of the primary interface, or nil if it does not exist.
func (l launchInput) vswitchOfPrimary() *store.VSwitch {
	if offer := l.Offers[l.interfaces[0].VSwitchID]; offer != nil {
		return offer.VSwitch
	}
	return nil
}

// isOutside reports whether the VSwitch cannot assign an address.
func (l launchInput) isOutside(vswitch string, a netip.Addr) bool {
	v := l.Offers[vswitch].VSwitch
	if v == nil || a.Is6() && v.IPv6CIDRBlock == nil {
		return true
	}
	block := v.CIDRBlock
	if a.Is6() {
		block = *v.IPv6CIDRBlock
	}
	return !canAssign(block, netip.PrefixFrom(a, a.BitLen()))
}

// launchExistenceRules check that the named resources exist.
var launchExistenceRules = []rule[launchInput]{
	{
		err:      InvalidImageIDNotFound,
		violated: func(l launchInput) bool { return l.ImageID != "" && !isKnownImage(l.ImageID) },
	},
	{err: InvalidInstanceTypeValueNotSupported, violated: func(l launchInput) bool { return l.Type == nil }},
	{err: InvalidZoneIDNotFound, violated: func(l launchInput) bool { return l.ZoneID != "" && !l.ZoneKnown }},
	{err: LaunchVSwitchIDNotFound, violated: func(l launchInput) bool {
		return slices.ContainsFunc(l.newInterfaces(), func(i LaunchInterface) bool { return l.vswitchOf(i) == nil })
	}},
	{err: LaunchSecurityGroupIDNotFound, violated: func(l launchInput) bool {
		return slices.ContainsFunc(l.newInterfaces(), func(i LaunchInterface) bool {
			return slices.ContainsFunc(i.groupIDs(), func(id string) bool { _, there := l.Groups[id]; return !there })
		})
	}},
	{err: KeyPairNotFound, violated: func(l launchInput) bool { return l.KeyPairName != "" && !l.HasKeyPair }},
	{err: KeyPairOfWindows, violated: func(l launchInput) bool { return l.KeyPairName != "" && isWindows(l.ImageID) }},
}

// launchConsistencyRules check that the resources fit together.
var launchConsistencyRules = []rule[launchInput]{
	{err: IncorrectVSwitchStatus, violated: func(l launchInput) bool {
		return slices.ContainsFunc(
			l.newInterfaces(),
			func(i LaunchInterface) bool { return l.vswitchOf(i).Status(l.now) != store.NetworkAvailable },
		)
	}},
	{
		err:      VSwitchZoneMismatch,
		violated: func(l launchInput) bool { return l.ZoneID != "" && l.ZoneID != l.vswitchOf(l.interfaces[0]).ZoneID },
	},
	{err: SecurityGroupVSwitchMismatch, violated: func(l launchInput) bool {
		return slices.ContainsFunc(l.newInterfaces(), func(i LaunchInterface) bool {
			return slices.ContainsFunc(
				i.groupIDs(),
				func(id string) bool { return l.Groups[id].VPCID != l.vswitchOf(i).VPCID },
			)
		})
	}},
	{err: PrivateIPOutsideVSwitch, violated: func(l launchInput) bool {
		first := l.interfaces[0]
		return l.PrivateIPAddress != "" &&
			slices.ContainsFunc(
				l.usedAddresses(first),
				func(a netip.Addr) bool { return a.Is4() && l.isOutside(first.VSwitchID, a) },
			)
	}},
}

// launchIPv6Rules and launchAddressRules check the addresses. An action without IPv6 uses only the
// latter.
var launchIPv6Rules = []rule[launchInput]{
	invalid("Ipv6AddressCount", func(l launchInput) bool {
		return slices.ContainsFunc(
			l.newInterfaces(),
			func(i LaunchInterface) bool { return i.ipv6Count() > 0 && l.vswitchOf(i).IPv6CIDRBlock == nil },
		)
	}),
	{
		err:         InvalidVSwitchIDIPInvalid,
		violated:    func(l launchInput) bool { _, stray := l.firstOutside(); return stray != nil },
		messageArgs: func(l launchInput) []any { block, stray := l.firstOutside(); return []any{stray, block} },
	},
}

var launchAddressRules = []rule[launchInput]{
	{err: InvalidPrivateIPDuplicated, violated: func(l launchInput) bool {
		seen := map[netip.Addr]bool{}
		for _, i := range l.newInterfaces() {
			for _, a := range l.usedAddresses(i) {
				if seen[a] || slices.Contains(l.Offers[i.VSwitchID].Taken, a) {
					return true
				}
				seen[a] = true
			}
		}
		return false
	}},
	{err: QuotaExceededPrivateIP, violated: func(l launchInput) bool {
		for vswitch, offer := range l.Offers {
			if len(offer.IPv4) < l.count*l.ipv4PerInstance(vswitch) {
				return true
			}
		}
		return false
	}},
}

// firstOutside returns the first address that its VSwitch cannot assign, and the VSwitch's block.
func (l launchInput) firstOutside() (block netip.Prefix, stray any) {
	for _, i := range l.newInterfaces() {
		for _, a := range l.usedAddresses(i) {
			switch v := l.vswitchOf(i); {
			case !l.isOutside(i.VSwitchID, a):
			case a.Is6():
				return *v.IPv6CIDRBlock, a
			default:
				return v.CIDRBlock, a
			}
		}
	}
	return netip.Prefix{}, nil
}

// launchExceedsGroupCapacity reports whether a group has too little capacity for the new instances.
func launchExceedsGroupCapacity(l launchInput) bool {
	for _, g := range l.Groups {
		if l.count > g.Free {
			return true
		}
	}
	return false
}

// launchSupplyRules come last: whether the account may have so many instances, and whether they are
// in stock.
var launchSupplyRules = append([]rule[launchInput]{
	{err: QuotaExceedElasticQuota, violated: func(l launchInput) bool {
		left, limited := l.Instances.Left()
		return limited && l.count > left
	}},
}, stockRules(func(l launchInput) (stock, int) { return l.stock, l.count })...)
