package scenario

import (
	"time"

	"enisim.alt/store"
)

// nextEIPStatus maps a transient status of an EIP to the status that follows it.
var nextEIPStatus = map[string]string{
	store.EIPAssociating:   store.EIPInUse,
	store.EIPUnassociating: store.EIPAvailable,
}

// associatedStatuses are the statuses of an EIP that is on an address.
var associatedStatuses = []string{store.EIPAssociating, store.EIPInUse, store.EIPUnassociating}

// eipEntry is an EIP.
type eipEntry struct {
	commonFields
	at             position
	id             located[string]
	ipAddress      located[string]
	bandwidth      int
	associatedWith located[string]
	privateAddress located[string]
	mode           string
	status         located[string]
	settlesIn      located[time.Duration]
	attributes     store.EIPAttributes
}

var eipMapping = newMapping(
	mapping{
		name: "eip", what: "an EIP", about: "An elastic IP address.",
		needs: []need{{"private_ip_address", "associated_with"}},
		rules: []any{
			dict{"if": whenIs("status", associatedStatuses...), "then": dict{"required": []string{"associated_with"}}},
			dict{
				"if":   whenIs("status", store.EIPAvailable),
				"then": dict{"properties": refused("associated_with")},
			},
			settlesWith(nextEIPStatus),
		},
	},
	func(o *object, e *eipEntry) { e.at = o.at },
	[]keyOf[eipEntry]{
		textKey("id", func(e *eipEntry) *located[string] { return &e.id }, aboutID).isRequired().matching(idForm),
		textKey("ip_address", func(e *eipEntry) *located[string] { return &e.ipAddress },
			"The public IPv4 address.").without("it follows from the id"),
		integerKey("bandwidth", func(e *eipEntry) *int { return &e.bandwidth }, "In Mbit/s.").
			from(1, maxInteger).byDefault(5),
		textKey("associated_with", func(e *eipEntry) *located[string] { return &e.associatedWith },
			"An instance or a secondary network interface of the region.").without("the EIP is free"),
		textKey("private_ip_address", func(e *eipEntry) *located[string] { return &e.privateAddress },
			"The address of the network interface that it is on.").without("the primary one"),
		textKey("mode", func(e *eipEntry) *string { return &e.mode }, "How it is associated, as the API shows it.").
			oneOf("NORMAL", "BINDED", "MULTI_BINDED").byDefault("NORMAL"),
		textKey("status", func(e *eipEntry) *located[string] { return &e.status },
			"Associating, InUse and Unassociating need associated_with, Available excludes it.").
			oneOf(store.EIPAvailable, store.EIPAssociating, store.EIPInUse, store.EIPUnassociating).
			without("InUse with associated_with, else Available"),
		durationKey("settles_in", func(e *eipEntry) *located[time.Duration] { return &e.settlesIn },
			aboutSettlesIn).without("the status stays"),
		textKey("internet_charge_type", func(e *eipEntry) *string { return &e.attributes.InternetChargeType },
			"How its traffic is paid for.").oneOf("PayByBandwidth", "PayByTraffic").byDefault("PayByBandwidth"),
		textKey("charge_type", func(e *eipEntry) *string { return &e.attributes.InstanceChargeType },
			"How it is paid for.").oneOf("PostPaid", "PrePaid").byDefault("PostPaid"),
		textKey("isp", func(e *eipEntry) *string { return &e.attributes.ISP }, "Its line.").byDefault("BGP"),
	},
	within(func(e *eipEntry) *commonFields { return &e.commonFields }, commonKeys),
)
