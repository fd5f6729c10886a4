package scenario

import (
	"net/netip"
	"slices"

	"enisim.alt/store"
)

// routeTableEntry is a route table of a VPC.
type routeTableEntry struct {
	commonFields
	at          position
	id          located[string]
	kind        string
	vswitches   []located[string]
	propagation bool
	entries     []routeEntryEntry
}

// labelKeys are those of the common keys that say something of a resource without a group of its own.
var labelKeys = slices.DeleteFunc(slices.Clone(commonKeys), func(k keyOf[commonFields]) bool {
	return k.name == "resource_group"
})

var routeTableMapping = newMapping(
	mapping{
		name: "route_table", what: "a route table",
		rules: []any{dict{
			"if":   dict{"required": []string{"type"}, "properties": dict{"type": dict{"const": store.RouteSystem}}},
			"then": dict{"properties": refused("id", "vswitches")},
			"else": dict{"required": []string{"id"}},
		}},
	},
	func(o *object, r *routeTableEntry) { r.at = o.at },
	[]keyOf[routeTableEntry]{
		textKey("id", func(r *routeTableEntry) *located[string] { return &r.id },
			aboutID+"; required for a custom table").
			matching(idForm).without("that of a system table is made of the VPC's: vpc-main has vtb-main"),
		textKey("type", func(r *routeTableEntry) *string { return &r.kind },
			"Each VPC has a system table, also without an entry here.").
			oneOf(store.RouteCustom, store.RouteSystem).byDefault(store.RouteCustom),
		textsKey("vswitches", func(r *routeTableEntry) *[]located[string] { return &r.vswitches },
			"The VSwitches of the VPC that use the custom table.").
			without("all that no custom table has use the system table"),
		booleanKey("route_propagation", true, func(r *routeTableEntry) *bool { return &r.propagation },
			"Whether it takes dynamic routes, as the API shows it.").written(placeLast),
		listKey("entries", routeEntryMapping, func(r *routeTableEntry) *[]routeEntryEntry { return &r.entries },
			"Its custom entries, 200 at most.").written(placeLast),
	},
	within(func(r *routeTableEntry) *commonFields { return &r.commonFields }, labelKeys),
)

// routeEntryEntry is a custom entry of a route table.
type routeEntryEntry struct {
	commonFields
	at          position
	id          located[string]
	destination located[netip.Prefix]
	nextHop     located[string]
}

var routeEntryMapping = newMapping(
	mapping{name: "route_entry", what: "an entry of a route table"},
	func(o *object, e *routeEntryEntry) { e.at = o.at },
	[]keyOf[routeEntryEntry]{
		textKey("id", func(e *routeEntryEntry) *located[string] { return &e.id }, aboutID).matching(idForm).
			without("it is made of the table's: the first entry of vtb-web is rte-web-1"),
		ipv4BlockKey("destination_cidr_block", 0, 32,
			func(e *routeEntryEntry) *located[netip.Prefix] { return &e.destination },
			"An IPv4 block that lies in no VSwitch of the VPC, and not in 100.64.0.0/10.").isRequired(),
		textKey("next_hop", func(e *routeEntryEntry) *located[string] { return &e.nextHop },
			"An instance or a network interface of the VPC.").isRequired(),
	},
	within(func(e *routeEntryEntry) *commonFields { return &e.commonFields },
		slices.DeleteFunc(slices.Clone(labelKeys), func(k keyOf[commonFields]) bool { return k.name == "tags" })),
)

// newRouteTableEntry returns the entry of a route table without its entries. vswitches use the table.
func newRouteTableEntry(r *store.RouteTable, vswitches []string) routeTableEntry {
	e := routeTableMapping.blank
	e.commonFields = commonFieldsOf(r.Name, r.Description, "", r.Tags)
	e.kind, e.propagation, e.vswitches = r.Type, r.RoutePropagation, statedAll(vswitches)
	if r.Type == store.RouteCustom {
		e.id = stated(r.ID)
	}
	return e
}

// newRouteEntryEntry returns the entry of a custom entry. defaultID is the id that it has if the file sets
// none.
func newRouteEntryEntry(row *store.RouteEntry, defaultID string) routeEntryEntry {
	e := routeEntryMapping.blank
	e.commonFields = commonFieldsOf(row.Name, row.Description, "", nil)
	e.id, e.destination = unless(row.ID, defaultID), stated(row.DestinationCIDRBlock)
	e.nextHop = stated(row.NextHopID())
	return e
}

// saysNothing reports whether a route table is as the VPC has it without an entry in the file, apart from
// its entries.
func saysNothing(r *store.RouteTable) bool {
	return r.Type == store.RouteSystem && r.Name == "" && r.Description == "" && r.RoutePropagation && len(r.Tags) == 0
}
