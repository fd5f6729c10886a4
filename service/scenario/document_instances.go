package scenario

import (
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"enisim/store"
)

func (o *object) copies() copies {
	count := o.integer("count")
	_, present := o.fields["count"] // a bad count is one all the same: its placeholders are no second mistake
	return copies{count: max(count.value, 1), counted: present}
}

func (r *reader) instance(node ast.Node) (instanceEntry, bool) {
	o := r.object(node, instanceMapping)
	if o == nil {
		return instanceEntry{}, false
	}
	e := instanceEntry{
		at:             o.at,
		copies:         o.copies(),
		id:             o.text("id"),
		typ:            o.text("type"),
		classic:        o.choice("network_type").value == store.NetworkTypeClassic,
		zone:           o.text("zone"),
		vswitch:        o.text("vswitch"),
		groups:         o.texts("security_groups"),
		privateAddress: o.text("private_ip_address"),
		hostName:       o.text("host_name"),
		status:         o.choice("status"),
		settlesIn:      o.duration("settles_in"),
		settlesTo:      o.choice("settles_to"),
		runsIn:         o.duration("runs_in"),
		attributes:     o.instanceAttributes(),
		dataDisks:      readList(o, "data_disks", r.dataDisk),
		commonFields:   o.commonFields(),
	}
	e.primary.deleteOnRelease = true
	if primary, _ := o.node("primary_network_interface"); primary != nil {
		e.primary = r.primaryInterface(primary)
	}
	if disk, _ := o.node("system_disk"); disk != nil {
		e.attributes.SystemDisk = r.systemDisk(disk)
	}
	e.checkSettling(o)
	switch {
	case !e.classic:
		o.require("vswitch", "security_groups")
		o.refuseKey(
			"zone",
			`it lies in the zone of its vswitch; only an instance with network_type: classic names a zone`,
		)
	default:
		o.require("zone")
		for _, key := range []string{"vswitch", "security_groups", "private_ip_address", "primary_network_interface"} {
			o.refuseKey(key, "a classic instance lies in no VPC")
		}
	}
	o.finish()
	return e, true
}

func (r *reader) primaryInterface(node ast.Node) primaryEntry {
	o := r.object(node, primaryMapping)
	if o == nil {
		return primaryEntry{}
	}
	e := primaryEntry{
		id:                 o.text("id"),
		secondaryAddresses: o.texts("secondary_private_ip_addresses"),
		interfaceFields:    o.interfaceFields(),
	}
	o.finish()
	return e
}

func (o *object) interfaceFields() interfaceFields {
	return interfaceFields{
		secondaryCount:  o.integer("secondary_private_ip_address_count").value,
		ipv6Addresses:   o.texts("ipv6_addresses"),
		ipv6Count:       o.integer("ipv6_address_count").value,
		primaryIPv6:     o.boolean("primary_ipv6"),
		prefixes:        slices.Concat(o.texts("ipv4_prefixes"), o.texts("ipv6_prefixes")),
		macAddress:      o.text("mac_address"),
		networkCard:     o.integer("network_card_index"),
		queueNumber:     o.integer("queue_number"),
		deleteOnRelease: o.boolean("delete_on_release"),
		sourceDestCheck: o.boolean("source_dest_check"),
		attributes: store.NetworkInterfaceAttributes{
			TCPEstablishedTimeout:       o.integer("tcp_established_timeout").value,
			TCPClosedAndTimeWaitTimeout: o.integer("tcp_closed_and_time_wait_timeout").value,
			UDPTimeout:                  o.integer("udp_timeout").value,
			RxQueueSize:                 o.integer("rx_queue_size").value,
			TxQueueSize:                 o.integer("tx_queue_size").value,
		},
		commonFields: o.commonFields(),
	}
}

func (o *object) instanceAttributes() store.InstanceAttributes {
	return store.InstanceAttributes{
		ImageID:                 o.text("image").value,
		KeyPairName:             o.text("key_pair").value,
		RAMRoleName:             o.text("ram_role").value,
		UserData:                o.text("user_data").value,
		InstanceChargeType:      o.text("instance_charge_type").value,
		InternetChargeType:      o.text("internet_charge_type").value,
		InternetMaxBandwidthIn:  o.integer("internet_max_bandwidth_in").value,
		InternetMaxBandwidthOut: o.integer("internet_max_bandwidth_out").value,
		SpotStrategy:            o.text("spot_strategy").value,
		CreditSpecification:     o.text("credit_specification").value,
		StoppedMode:             o.text("stopped_mode").value,
		DeletionProtection:      o.boolean("deletion_protection"),
	}
}

func (o *object) disk() store.Disk {
	return store.Disk{
		Name:                o.text("name").value,
		Description:         o.text("description").value,
		Category:            o.text("category").value,
		PerformanceLevel:    o.text("performance_level").value,
		SizeGiB:             o.integer("size_gib").value,
		Encrypted:           o.boolean("encrypted"),
		KeepWithoutInstance: !o.boolean("delete_with_instance"),
		Tags:                o.tags("tags"),
	}
}

func (r *reader) systemDisk(node ast.Node) store.Disk {
	o := r.object(node, systemDiskMapping)
	if o == nil {
		return store.Disk{}
	}
	disk := o.disk()
	o.finish()
	return disk
}

func (r *reader) dataDisk(node ast.Node) (diskEntry, bool) {
	o := r.object(node, dataDiskMapping)
	if o == nil {
		return diskEntry{}, false
	}
	e := diskEntry{id: o.text("id"), disk: o.disk()}
	o.finish()
	return e, true
}

// checkSettling reports a target of a transient status without its time.
func (e *instanceEntry) checkSettling(o *object) {
	if e.settlesTo.given {
		o.require("settles_in")
	}
	switch toStarting := e.settlesTo.value == store.InstanceStarting; {
	case toStarting:
		o.require("runs_in")
	case e.runsIn.given:
		o.add(
			e.runsIn.at,
			"it is for an instance that starts once it is there: settles_to: Starting",
			"runs_in needs settles_to: Starting",
		)
	}
	if e.runsIn.given && e.runsIn.value < e.settlesIn.value {
		o.add(
			e.runsIn.at,
			"",
			"runs_in %s is before settles_in %s; both count from the moment when the file is applied",
			e.runsIn.value,
			e.settlesIn.value,
		)
	}
}

// refuseKey reports a known key that has no meaning here.
func (o *object) refuseKey(key, why string) {
	if field, present := o.fields[key]; present {
		o.add(field.key, why, "%s does not go with the network_type of this instance", key)
	}
}

func (r *reader) networkInterface(node ast.Node) (interfaceEntry, bool) {
	o := r.object(node, interfaceMapping)
	if o == nil {
		return interfaceEntry{}, false
	}
	e := interfaceEntry{
		at:               o.at,
		copies:           o.copies(),
		id:               o.text("id"),
		vswitch:          o.text("vswitch"),
		groups:           o.texts("security_groups"),
		attachedTo:       o.text("attached_to"),
		deviceIndex:      o.integer("device_index"),
		status:           o.choice("status"),
		settlesIn:        o.duration("settles_in"),
		settlesTo:        o.choice("settles_to"),
		privateAddresses: o.texts("private_ip_addresses"),
		serviceManaged:   o.boolean("service_managed"),
		interfaceFields:  o.interfaceFields(),
	}
	if e.settlesTo.given {
		o.require("settles_in")
	}
	if e.deviceIndex.given || e.networkCard.given {
		o.require("attached_to")
	}
	o.finish()
	return e, true
}

func (r *reader) instanceType(node ast.Node) (typeEntry, bool) {
	o := r.object(node, typeMapping)
	if o == nil {
		return typeEntry{}, false
	}
	e := typeEntry{
		id:              o.text("id"),
		family:          o.text("family").value,
		vcpus:           o.integer("vcpus").value,
		memoryGiB:       o.number("memory_gib").value,
		eniQuantity:     o.integer("eni_quantity").value,
		ipv4PerENI:      o.integer("private_ipv4_per_eni"),
		ipv6PerENI:      o.integer("ipv6_per_eni"),
		networkCards:    o.integer("network_cards"),
		cpuArchitecture: o.choice("cpu_architecture").value,
		hotPlug:         o.boolean("hot_plug"),
		ioOptimized:     o.boolean("io_optimized"),
	}
	if e.eniQuantity == 0 {
		e.eniQuantity = maxInteger - 1 // reported above; its interfaces are not to blame
	}
	if e.family == "" {
		e.family = defaultFamily(e.id.value)
	}
	o.finish()
	return e, true
}

// defaultFamily returns the family of a type that sets none: its id up to the last dot.
func defaultFamily(id string) string {
	if i := strings.LastIndex(id, "."); i >= 0 {
		return id[:i]
	}
	return id
}
