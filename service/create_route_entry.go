package service

import (
	"context"
	"net/netip"
	"slices"
	"time"

	"enisim.alt/store"
)

// CreateRouteEntryRequest is the request for a custom entry of a route table.
type CreateRouteEntryRequest struct {
	RegionID             string    `api:"RegionId"`
	RouteTableID         string    `api:"RouteTableId"`
	DestinationCIDRBlock string    `api:"DestinationCidrBlock"` // an address stands for its /32
	NextHopType          string    // "": Instance
	NextHopID            string    `api:"NextHopId"`
	NextHopList          []NextHop // of router interfaces, of which there are none
	RouteEntryName       string
	Description          string
	DryRun               *bool
	ClientToken          string
	Malformed            Malformed
}

// NextHop is one of several next hops of an entry.
type NextHop struct {
	NextHopID   string `api:"NextHopId"`
	NextHopType string
	Weight      string
}

// The types of next hops, and the documented ones of which there are no resources here.
const (
	nextHopInstance = "Instance"
	nextHopENI      = "NetworkInterface"
)

var otherNextHopTypes = []string{
	"HaVip", "RouterInterface", "VpnGateway", "IPv6Gateway", "NatGateway", "Attachment", "VpcPeer", "Ipv4Gateway",
	"GatewayEndpoint", "Ecr", "GatewayLoadBalancerEndpoint", "CenBasic",
}

// newRouteEntry is an entry that a request asks for.
type newRouteEntry struct {
	tableID, destination, hopType, hopID, name, description string
}

func (r CreateRouteEntryRequest) entry() newRouteEntry {
	return newRouteEntry{
		r.RouteTableID, r.DestinationCIDRBlock, r.NextHopType, r.NextHopID, r.RouteEntryName, r.Description,
	}
}

// isOfInterface reports whether the next hop is an interface, and not an instance.
func (n newRouteEntry) isOfInterface() bool { return n.hopType == nextHopENI }

// block returns the destination. ok is false if it is neither an IPv4 block nor an IPv4 address.
func (n newRouteEntry) block() (block netip.Prefix, ok bool) {
	if address, err := netip.ParseAddr(n.destination); err == nil && address.Is4() {
		return netip.PrefixFrom(address, address.BitLen()), true
	}
	return parseIPv4Block(n.destination)
}

// isIPv6 reports whether the destination is an IPv6 block or address.
func (n newRouteEntry) isIPv6() bool {
	address, err := netip.ParseAddr(n.destination)
	if block, blockErr := netip.ParsePrefix(n.destination); blockErr == nil {
		address, err = block.Addr(), nil
	}
	return err == nil && address.Is6()
}

// routeEntryShapeRules check a new entry by itself.
var routeEntryShapeRules = []rule[newRouteEntry]{
	{err: RouteIPv6NotSupported, violated: newRouteEntry.isIPv6},
	{err: RouteCIDRBlockMalformed, violated: func(n newRouteEntry) bool { _, ok := n.block(); return !ok }},
	{err: RouteCIDRBlockReserved, violated: func(n newRouteEntry) bool {
		block, _ := n.block()
		return isWithin(block, store.CloudServicesBlock)
	}},
	{err: InvalidNextHopType, violated: func(n newRouteEntry) bool {
		return !oneOf(n.hopType, append(otherNextHopTypes, "", nextHopInstance, nextHopENI)...)
	}},
	{err: NextHopTypeNotPermitted, violated: func(n newRouteEntry) bool {
		return oneOf(n.hopType, otherNextHopTypes...)
	}},
	{err: InvalidRouteEntryName, violated: func(n newRouteEntry) bool {
		return n.name != "" && !isValidVPCName(n.name)
	}},
	{err: InvalidRouteEntryDescription, violated: func(n newRouteEntry) bool {
		return n.description != "" && !isValidDescription(n.description, 1, 256)
	}},
}

var createRouteEntryParameterRules = slices.Concat(
	[]rule[CreateRouteEntryRequest]{
		required[CreateRouteEntryRequest]("RouteTableId"),
		required[CreateRouteEntryRequest]("DestinationCidrBlock"),
		readable[CreateRouteEntryRequest](),
		{err: InvalidRouterInterface, violated: func(r CreateRouteEntryRequest) bool { return len(r.NextHopList) > 0 }},
		required[CreateRouteEntryRequest]("NextHopId"),
	},
	lift(routeEntryShapeRules, CreateRouteEntryRequest.entry),
	[]rule[CreateRouteEntryRequest]{
		wellFormed[CreateRouteEntryRequest](InvalidClientTokenValue, "ClientToken", isValidClientToken),
	},
)

// routeEntryInput is a new entry plus the locked rows that its rules check.
type routeEntryInput struct {
	newRouteEntry
	*store.RouteEntriesScene
	now time.Time
}

func (n routeEntryInput) table() store.RouteTable { return n.Tables[n.tableID] }

// instance returns the instance that is the next hop, or nil.
func (n routeEntryInput) instance() *store.Instance {
	if i, found := n.Instances[n.hopID]; found && !n.isOfInterface() {
		return &i
	}
	return nil
}

// eni returns the interface that is the next hop, or nil. One that is about to go counts as none.
func (n routeEntryInput) eni() *store.NetworkInterface {
	e, found := n.ENIs[n.hopID]
	if found && n.isOfInterface() && !oneOf(e.Status, store.ENIDeleting, store.ENIDeleted) {
		return &e
	}
	return nil
}

var routeEntryRules = []rule[routeEntryInput]{
	{err: RouteTableNotFound, violated: func(n routeEntryInput) bool {
		_, found := n.Tables[n.tableID]
		return !found
	}},
	{err: IncorrectVpcStatus, violated: func(n routeEntryInput) bool {
		return n.VPCs[n.table().VPCID].Status(n.now) != store.NetworkAvailable
	}},
	{err: RouteCIDRBlockReserved, violated: func(n routeEntryInput) bool {
		destination, _ := n.block()
		return slices.ContainsFunc(n.Blocks[n.table().VPCID], func(block netip.Prefix) bool {
			return isWithin(destination, block)
		})
	}},
	{err: NextHopNotFound, violated: func(n routeEntryInput) bool { return !n.isOfInterface() && n.instance() == nil }},
	{err: NextHopENINotFound, violated: func(n routeEntryInput) bool { return n.isOfInterface() && n.eni() == nil }},
	{err: NextHopInstanceElsewhere, violated: func(n routeEntryInput) bool {
		i := n.instance()
		return i != nil && valueOf(i.VPCID) != n.table().VPCID
	}},
	{err: NextHopENIElsewhere, violated: func(n routeEntryInput) bool {
		e := n.eni()
		return e != nil && e.VPCID != n.table().VPCID
	}},
	{err: EIPTargetIncorrectStatus, violated: func(n routeEntryInput) bool {
		i := n.instance()
		return i != nil && i.Status == store.InstancePending
	}},
	{err: RouteCIDRBlockRepeated, violated: func(n routeEntryInput) bool {
		destination, _ := n.block()
		return slices.ContainsFunc(n.Entries[n.tableID], func(e store.RouteEntry) bool {
			return e.DestinationCIDRBlock == destination
		})
	}},
	{err: QuotaExceededRouteEntry, violated: func(n routeEntryInput) bool {
		return len(n.Entries[n.tableID]) >= store.MaxRouteEntries
	}},
}

// CreateRouteEntry adds a custom entry to a route table. It is Available at once.
var CreateRouteEntry = newAction(Action[CreateRouteEntryRequest, string]{
	permission: "vpc:CreateRouteEntry",
	parameters: createRouteEntryParameterRules,
	refusals:   slices.Concat(errorsOf(routeEntryRules), errorsOf(dryRunRules)),
	write:      (*Service).createRouteEntry,
	creates:    true,
})

func (s *Service) createRouteEntry(
	ctx context.Context, tx *store.Tx, caller Caller, req CreateRouteEntryRequest,
) (string, error) {
	entry := req.entry()
	scene, err := tx.LockForRouteEntries(ctx, routeEntriesWant(caller, req.RegionID, entry))
	if err != nil {
		return "", err
	}
	now := s.timeOf(caller)
	scene.Settle(now)
	input := routeEntryInput{entry, scene, now}
	if err := check(routeEntryRules, input); err != nil {
		return "", err
	}
	if err := check(dryRunRules, req.DryRun); err != nil {
		return "", err
	}
	row := s.newRouteEntryRow(caller, input)
	tx.InsertRouteEntries([]store.RouteEntry{row})
	return row.ID, s.record(tx, caller, now, store.ChangesOf(nil, &row, now)...)
}

// routeEntriesWant names the rows on which new entries depend.
func routeEntriesWant(caller Caller, regionID string, entries ...newRouteEntry) store.RouteEntriesWant {
	want := store.RouteEntriesWant{AccountID: caller.AccountID, RegionID: regionID}
	for _, n := range entries {
		want.TableIDs = append(want.TableIDs, n.tableID)
		if n.isOfInterface() {
			want.ENIIDs = append(want.ENIIDs, n.hopID)
		} else {
			want.InstanceIDs = append(want.InstanceIDs, n.hopID)
		}
	}
	return want
}

// newRouteEntryRow returns the row of a valid new entry.
func (s *Service) newRouteEntryRow(caller Caller, n routeEntryInput) store.RouteEntry {
	table := n.table()
	row := store.RouteEntry{
		AccountID:    caller.AccountID,
		ID:           s.newID("rte-", table.RegionID),
		VPCID:        table.VPCID,
		RouteTableID: table.ID,
		Name:         n.name,
		Description:  n.description,
		CreatedAt:    n.now,
	}
	row.DestinationCIDRBlock, _ = n.block()
	if n.isOfInterface() {
		row.NetworkInterfaceID = &n.hopID
	} else {
		row.InstanceID = &n.hopID
	}
	return row
}
