package scenario

import (
	"regexp"
	"strings"
	"time"

	"enisim.alt/store"
	"enisim.alt/store/catalogue"
	"enisim.alt/store/world"
)

// DefaultNetworkInterfacesPerRegion is the documented quota of network interfaces.
const DefaultNetworkInterfacesPerRegion = 100

// expansion turns a document into a world. It continues after a problem, to find others. It does
// not report problems that are only consequences of reported ones. The world is used only if there
// was no problem.
type expansion struct {
	*report
	world          *world.World
	types          map[string]*store.InstanceType // that the file declares
	zones          map[string]zoneInfo
	regions        map[string]bool
	keys           map[string]position
	limits         Limits
	catalogueTypes []string // ids
	resources      int
	parts          int
	rules          map[ruleKind]int // rules so far
}

// roomForParts counts parts of resources against the limit of a file.
func (x *expansion) roomForParts(parts int, at position) bool {
	if x.parts += parts; x.parts <= x.limits.Parts {
		return true
	}
	x.beyondLimits = true
	x.add(
		at,
		"",
		"up to here the file describes %d addresses, groups, disks and types of its resources, and %d are the most",
		x.parts,
		x.limits.Parts,
	)
	return false
}

// zoneInfo is the region of a zone.
type zoneInfo struct {
	region string
	at     position // where the file declares it; zero for one of the catalogue
}

func expand(doc *document, problems *report, limits Limits) *world.World {
	x := &expansion{
		rules:  map[ruleKind]int{},
		report: problems,
		world: &world.World{
			Clocks:                    map[string]world.Clock{},
			VPCsSettleIn:              map[store.ResourceID]time.Duration{},
			VSwitchesSettleIn:         map[store.ResourceID]time.Duration{},
			InstancesSettleIn:         map[store.ResourceID]time.Duration{},
			InstancesRunIn:            map[store.ResourceID]time.Duration{},
			NetworkInterfacesSettleIn: map[store.ResourceID]time.Duration{},
			EIPsSettleIn:              map[store.ResourceID]time.Duration{},
			DisksSettleIn:             map[store.ResourceID]time.Duration{},
		},
		types:   map[string]*store.InstanceType{},
		zones:   map[string]zoneInfo{},
		regions: map[string]bool{},
		keys:    map[string]position{},
		limits:  limits,
	}
	for _, r := range catalogue.Regions() {
		x.regions[r.ID] = true
		for _, zone := range r.Zones {
			x.zones[zone] = zoneInfo{region: r.ID}
		}
	}
	for _, t := range catalogue.InstanceTypes() {
		x.catalogueTypes = append(x.catalogueTypes, t.ID)
	}
	x.instanceTypes(doc.types)
	for i := range doc.accounts {
		for j := range doc.accounts[i].regions {
			x.declareZones(&doc.accounts[i].regions[j])
		}
	}
	seen := map[string]position{}
	for i := range doc.accounts {
		a := &doc.accounts[i]
		if x.checkAccountID(a.id) {
			x.checkUnique(seen, "account", a.id.value, a.id.at)
		}
		x.account(a)
	}
	return x.world
}

var (
	accountIDForm = regexp.MustCompile(`^[0-9]{16}$`)
	userNameForm  = regexp.MustCompile(`^[0-9A-Za-z._-]{1,64}$`)
	typeIDForm    = regexp.MustCompile(`^[0-9A-Za-z.-]{1,128}$`)
	allowForm     = regexp.MustCompile(`^(\*|[0-9A-Za-z*]+:[0-9A-Za-z*]+)$`)
	macForm       = regexp.MustCompile(`^[0-9a-f]{2}(:[0-9a-f]{2}){5}$`)
)

func (x *expansion) checkAccountID(id located[string]) bool {
	if id.given && !accountIDForm.MatchString(id.value) {
		x.add(id.at, "", "an account id has 16 digits, got %q", id.value)
		return false
	}
	return id.given
}

const needsCount = "placeholders need a count in the same entry"

// maxIDLength is the maximum length of an id that the API accepts.
const maxIDLength = 128

// checkID reports an id with invalid characters.
func (x *expansion) checkID(id string, at position) bool {
	ok := id != "" && len(id) <= maxIDLength
	for i := 0; ok && i < len(id); i++ {
		c := id[i]
		ok = 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-'
	}
	if ok {
		return true
	}
	hint := ""
	if strings.Contains(id, "{n") {
		hint = needsCount
	}
	x.add(at, hint, "id %q must have 1 to 128 letters, digits and '-'", id)
	return false
}

// checkUnique reports an id that is already used.
func (x *expansion) checkUnique(seen map[string]position, what, id string, at position) bool {
	first, taken := seen[id]
	if !taken {
		seen[id] = at
		return true
	}
	x.reportDuplicate(what, id, at, first)
	return false
}

func (x *expansion) reportDuplicate(what, id string, at, first position) {
	if first == at {
		x.add(at, "give the id a {n}, so that the copies differ", "copies of this entry share the id %q", id)
		return
	}
	x.add(at, "", "%s %q is there twice, first on line %d", what, id, first.line)
}

func (x *expansion) instanceTypes(entries []typeEntry) {
	seen := map[string]position{}
	for _, e := range entries {
		if !e.id.given {
			continue
		}
		if !typeIDForm.MatchString(e.id.value) {
			x.add(e.id.at, "", "an instance type's id has letters, digits, '-' and '.', got %q", e.id.value)
			continue
		}
		if !x.checkUnique(seen, "instance type", e.id.value, e.id.at) {
			continue
		}
		if e.trunkSupported && e.eniQuantity > store.MaxSlotsWithTrunk && e.eniQuantity != maxInteger {
			x.add(e.id.at, "lower its eni_quantity", "a type with trunks holds %d interfaces at most, got %d",
				store.MaxSlotsWithTrunk, e.eniQuantity)
		}
		x.types[e.id.value] = &store.InstanceType{
			AttachableType: store.AttachableType{
				ID:                e.id.value,
				ENIQuantity:       e.eniQuantity,
				PrivateIPv4PerENI: e.ipv4PerENI.pointer(),
				IPv6PerENI:        e.ipv6PerENI.pointer(),
				NetworkCards:      e.networkCards.pointer(),
				ENITrunkSupported: e.trunkSupported,
				ENITotalQuantity:  e.totalQuantity.pointer(),
				HotPlug:           e.hotPlug,
				IOOptimized:       e.ioOptimized,
				FormLimits: store.FormLimits{
					ERIQuantity:        e.eriQuantity.pointer(),
					PrimaryENIQueues:   e.primaryQueues.pointer(),
					SecondaryENIQueues: e.secondaryQueues.pointer(),
					MaxQueuesPerENI:    e.maxQueues.pointer(),
					TotalENIQueues:     e.totalQueues.pointer(),
					ENIsPerNetworkCard: e.enisPerCard.pointer(),
				},
			},
			Family:          e.family.value,
			VCPUs:           e.vcpus,
			MemoryGiB:       e.memoryGiB,
			CPUArchitecture: e.cpuArchitecture.value,
			QueuePairs:      e.queuePairs.pointer(),
		}
	}
}

// pointer returns nil for an absent value.
func (l located[T]) pointer() *T {
	if !l.given {
		return nil
	}
	return &l.value
}

// findType returns an instance type: the file's own one, or the catalogue's.
func (x *expansion) findType(id, account string) (*store.InstanceType, bool) {
	if own, declared := x.types[id]; declared {
		t := *own
		t.OwnerID = account
		return &t, true
	}
	known, found := catalogue.FindInstanceType(id)
	if !found {
		return nil, false
	}
	t := store.NewCatalogueType(known)
	return &t, true
}

func (x *expansion) typeIDs() []string { return append(sortedKeys(x.types), x.catalogueTypes...) }

// declareZones adds the zones of a region entry. A region that lists zones exists, even if the
// catalogue does not have it.
func (x *expansion) declareZones(e *regionEntry) {
	if !e.id.given || len(e.zones) == 0 || !x.checkID(e.id.value, e.id.at) {
		return
	}
	if !x.regions[e.id.value] {
		x.regions[e.id.value] = true
		x.world.Regions = append(x.world.Regions, store.Region{ID: e.id.value})
	}
	for _, zone := range e.zones {
		if !x.checkID(zone.value, zone.at) {
			continue
		}
		known, exists := x.zones[zone.value]
		switch {
		case exists && known.region == e.id.value: // named by the catalogue, or by another account of the file
		case exists && known.at == position{}:
			x.add(zone.at, "", "zone %s lies in region %s", zone.value, known.region)
		case exists:
			x.add(zone.at, "", "zone %s is declared in region %s on line %d", zone.value, known.region, known.at.line)
		default:
			x.zones[zone.value] = zoneInfo{region: e.id.value, at: zone.at}
			x.world.Zones = append(x.world.Zones, store.Zone{ID: zone.value, RegionID: e.id.value})
		}
	}
}

func (x *expansion) account(e *accountEntry) {
	id := e.id.value
	x.world.Accounts = append(x.world.Accounts, store.Account{
		ID: id, Name: e.name, NetworkInterfacesPerRegion: e.quotas.networkInterfacesPerRegion, Repeats: e.repeats,
		Quotas: store.Quotas{
			InstancesPerRegion:         e.quotas.instancesPerRegion.pointer(),
			SecurityGroupsPerInterface: e.quotas.securityGroupsPerInterface.pointer(),
			IPv4PerInterface:           e.quotas.ipv4PerInterface.pointer(),
			IPv6PerInterface:           e.quotas.ipv6PerInterface.pointer(),
			Trunking:                   e.trunking,
			WithoutNetworkCards:        !e.cards,
		},
	})
	if !x.roomForParts(len(x.types), e.at) {
		return
	}
	for _, name := range sortedKeys(x.types) {
		t := *x.types[name]
		t.OwnerID = id
		x.world.InstanceTypes = append(x.world.InstanceTypes, t)
	}
	x.accessKeys(e.keys, id, nil)
	users := map[string]position{}
	for i := range e.users {
		x.ramUser(&e.users[i], id, users)
	}
	x.disturbances(&e.disturbances, id)
	newAccountExpansion(x, id).expandRegions(e.regions)
}

func (x *expansion) ramUser(e *userEntry, account string, seen map[string]position) {
	name := e.name.value
	if !e.name.given {
		return
	}
	if !userNameForm.MatchString(name) {
		x.add(e.name.at, "", "a RAM user's name has 1 to 64 letters, digits, '.', '_' and '-', got %q", name)
		return
	}
	if !x.checkUnique(seen, "RAM user", name, e.name.at) {
		return
	}
	user := store.RAMUser{AccountID: account, Name: name}
	for _, pattern := range e.allow {
		if !allowForm.MatchString(pattern.value) {
			x.add(
				pattern.at,
				`write "ecs:AttachNetworkInterface", "ecs:Describe*" or "*"`,
				"%q is not of the form product:Action",
				pattern.value,
			)
			continue
		}
		if !namesAnAction(pattern.value) {
			x.add(
				pattern.at,
				x.hint(pattern.value, 3*len(actionNames), func() string { return suggestPermission(pattern.value) }),
				"permission %q names no action",
				pattern.value,
			)
			continue
		}
		user.Allow = append(user.Allow, pattern.value)
	}
	x.world.RAMUsers = append(x.world.RAMUsers, user)
	x.accessKeys(e.keys, account, &name)
}

// accessKeys adds the keys of an account, or of one of its users. A key's id is unique in the whole
// world, because it alone identifies the caller.
func (x *expansion) accessKeys(entries []keyEntry, account string, user *string) {
	for _, e := range entries {
		if !e.id.given || !x.checkID(e.id.value, e.id.at) || !x.checkUnique(x.keys, "access key", e.id.value, e.id.at) {
			continue
		}
		x.world.AccessKeys = append(x.world.AccessKeys, store.AccessKey{
			ID:            e.id.value,
			AccountID:     account,
			RAMUserName:   user,
			Secret:        e.secret,
			SecurityToken: e.securityToken.pointer(),
			AssumedRole:   e.assumedRole.pointer(),
			Status:        e.status,
			ExpiresAt:     e.expiresAt,
		})
	}
}
