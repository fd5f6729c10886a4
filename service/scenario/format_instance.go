package scenario

import (
	"time"

	"enisim.alt/store"
)

const aboutSettlesIn = "For a transient status: how long after being applied it moves on, such as 5s or 1m30s."

// copies is the number of resources that an entry stands for. Only an entry with a count has
// placeholders.
type copies struct {
	count   int
	counted bool
}

var countKeys = []keyOf[copies]{
	integerKey("count", func(c *copies) *copies { return c },
		"How many copies the entry stands for. In its texts {n} is the number of the copy, "+
			"{n:05} the same with five digits, {n/3} the number of its group of three.").
		from(1, maxCount).without("one, without placeholders"),
}

// instanceEntry is an instance, or several with a count.
type instanceEntry struct {
	commonFields
	copies
	at             position
	id             located[string]
	typ            located[string]
	networkType    string
	zone           located[string]
	vswitch        located[string]
	groups         []located[string]
	privateAddress located[string]
	primary        primaryEntry
	hostName       located[string]
	status         located[string]
	settlesIn      located[time.Duration]
	settlesTo      located[string]
	runsIn         located[time.Duration]
	startFails     bool
	attributes     store.InstanceAttributes
	dataDisks      []diskEntry
}

var instanceMapping = newMapping(
	mapping{
		name: "instance", what: "an instance",
		about: "An instance, which gets its primary network interface; or many, with a count.",
		needs: []need{{"settles_to", "settles_in"}},
		rules: instanceRules,
	},
	func(o *object, i *instanceEntry) { i.check(o) },
	[]keyOf[instanceEntry]{
		textKey("id", func(i *instanceEntry) *located[string] { return &i.id }, aboutCopiedID).
			isRequired().matching(copiedForm),
		textKey("type", func(i *instanceEntry) *located[string] { return &i.typ },
			"A type of the catalogue or of instance_types.").isRequired(),
	},
	within(func(i *instanceEntry) *copies { return &i.copies }, countKeys),
	[]keyOf[instanceEntry]{
		textKey("network_type", func(i *instanceEntry) *string { return &i.networkType },
			"A classic instance has a zone, and no vswitch, groups or interfaces.").
			oneOf(store.NetworkTypeVPC, store.NetworkTypeClassic).byDefault(store.NetworkTypeVPC),
		textKey("zone", func(i *instanceEntry) *located[string] { return &i.zone },
			"Of a classic instance, which needs it.").
			without("it is the zone of its vswitch"),
		textKey("vswitch", func(i *instanceEntry) *located[string] { return &i.vswitch },
			"The VSwitch of the primary interface.").without("the instance must be a classic one"),
		textsKey("security_groups", func(i *instanceEntry) *[]located[string] { return &i.groups }, aboutGroups).
			notEmpty().without("the instance must be a classic one"),
		textKey("private_ip_address", func(i *instanceEntry) *located[string] { return &i.privateAddress },
			"Of the primary interface.").without("the next free one"),
		mappingKey("primary_network_interface", primaryMapping,
			func(i *instanceEntry) *primaryEntry { return &i.primary },
			"What its primary network interface has of its own."),
		textKey("host_name", func(i *instanceEntry) *located[string] { return &i.hostName }, "Its host name.").
			written(placeAfterLabels),
		textKey("status", func(i *instanceEntry) *located[string] { return &i.status },
			"A transient status stays, unless settles_in says otherwise.").
			oneOf(store.InstanceRunning, store.InstanceStopped, store.InstancePending, store.InstanceStarting,
				store.InstanceStopping).byDefault(store.InstanceRunning),
		durationKey("settles_in", func(i *instanceEntry) *located[time.Duration] { return &i.settlesIn },
			aboutSettlesIn).without("the status stays"),
		textKey("settles_to", func(i *instanceEntry) *located[string] { return &i.settlesTo },
			"Where the status leads, with settles_in.").
			oneOf(store.InstanceRunning, store.InstanceStopped, store.InstanceStarting).
			without("Running, or Stopped from Stopping"),
		durationKey("runs_in", func(i *instanceEntry) *located[time.Duration] { return &i.runsIn },
			"With settles_to: Starting, how long after being applied it is Running; never: it stays Starting.").
			orNever(),
		booleanKey("start_fails", false, func(i *instanceEntry) *bool { return &i.startFails },
			"With settles_to: Starting, whether it is Stopped then, and not Running."),
	},
	within(func(i *instanceEntry) *store.InstanceAttributes { return &i.attributes }, attributeKeys),
	[]keyOf[instanceEntry]{
		listKey("data_disks", dataDiskMapping, func(i *instanceEntry) *[]diskEntry { return &i.dataDisks },
			"Its data disks."),
	},
	within(func(i *instanceEntry) *commonFields { return &i.commonFields }, commonKeys),
)

// notOfClassic are the keys of an instance that a classic one has no use for.
var notOfClassic = []string{"vswitch", "security_groups", "private_ip_address", "primary_network_interface"}

// instanceRules are the schema's form of check.
var instanceRules = []any{
	dict{
		"if":   whenIs("network_type", store.NetworkTypeClassic),
		"then": dict{"required": []string{"zone"}, "properties": refused(notOfClassic...)},
		"else": dict{"required": []string{"vswitch", "security_groups"}, "properties": refused("zone")},
	},
	settlesWith(nextInstanceStatus),
	dict{
		"if":   whenIs("settles_to", store.InstanceStarting),
		"then": dict{"required": []string{"runs_in"}},
		"else": dict{"properties": refused("runs_in")},
	},
	dict{
		"if": dict{"required": []string{"start_fails"}, "properties": dict{"start_fails": dict{"const": true}}},
		"then": dict{
			"required": []string{"settles_to", "runs_in"},
			"properties": dict{
				"settles_to": dict{"const": store.InstanceStarting}, "runs_in": dict{"pattern": spanForm},
			},
		},
	},
}

func (i *instanceEntry) isClassic() bool { return i.networkType == store.NetworkTypeClassic }

// check reports keys that do not go together.
func (i *instanceEntry) check(o *object) {
	i.at = o.at
	i.checkSettling(o)
	if i.isClassic() {
		o.require("zone")
		for _, key := range notOfClassic {
			o.refuseKey(key, "a classic instance lies in no VPC")
		}
		return
	}
	o.require("vswitch", "security_groups")
	o.refuseKey("zone",
		"it lies in the zone of its vswitch; only an instance with network_type: classic names a zone")
}

// checkSettling reports a runs_in that is missing, that has no meaning, or that is too early.
func (i *instanceEntry) checkSettling(o *object) {
	toStarting := i.settlesTo.value == store.InstanceStarting
	switch {
	case toStarting:
		o.require("runs_in")
	case i.runsIn.given:
		o.add(i.runsIn.at, "it is for an instance that starts once it is there: settles_to: Starting",
			"runs_in needs settles_to: Starting")
	}
	if i.startFails && (!toStarting || isNever(i.runsIn)) {
		o.add(o.fields["start_fails"].key, "",
			"start_fails needs settles_to: Starting, and a runs_in that is not never")
	}
	if i.runsIn.given && i.runsIn.value < i.settlesIn.value {
		o.add(i.runsIn.at, "",
			"runs_in %s is before settles_in %s; both count from the moment when the file is applied",
			i.runsIn.value, i.settlesIn.value)
	}
}

// refuseKey reports a known key that has no meaning here.
func (o *object) refuseKey(key, why string) {
	if field, present := o.fields[key]; present {
		o.add(field.key, why, "%s does not go with the network_type of this instance", key)
	}
}

// maxHopLimit is the documented maximum of metadata_hop_limit.
const maxHopLimit = 64

// attributeKeys are the keys of an instance that are only kept and shown.
var attributeKeys = []keyOf[store.InstanceAttributes]{
	textKey("image", func(a *store.InstanceAttributes) *string { return &a.ImageID }, "The id of its image."),
	textKey("key_pair", func(a *store.InstanceAttributes) *string { return &a.KeyPairName },
		"The name of its key pair."),
	textKey("ram_role", func(a *store.InstanceAttributes) *string { return &a.RAMRoleName },
		"The name of its RAM role."),
	textKey("user_data", func(a *store.InstanceAttributes) *string { return &a.UserData },
		"Its user data, in Base64."),
	textKey("instance_charge_type", func(a *store.InstanceAttributes) *string { return &a.InstanceChargeType },
		"Such as PostPaid or PrePaid."),
	textKey("internet_charge_type", func(a *store.InstanceAttributes) *string { return &a.InternetChargeType },
		"Such as PayByTraffic or PayByBandwidth."),
	integerKey("internet_max_bandwidth_in",
		func(a *store.InstanceAttributes) *int { return &a.InternetMaxBandwidthIn }, "In Mbit/s.").byDefault(0),
	integerKey("internet_max_bandwidth_out",
		func(a *store.InstanceAttributes) *int { return &a.InternetMaxBandwidthOut }, "In Mbit/s.").byDefault(0),
	textKey("public_ip_address", func(a *store.InstanceAttributes) *string { return &a.PublicIPAddress },
		"Its public address, which is not an EIP; not with a count.").without("it has none"),
	textKey("spot_strategy", func(a *store.InstanceAttributes) *string { return &a.SpotStrategy },
		"Such as NoSpot or SpotAsPriceGo."),
	textKey("credit_specification", func(a *store.InstanceAttributes) *string { return &a.CreditSpecification },
		"Such as Standard or Unlimited, of burstable types."),
	textKey("stopped_mode", func(a *store.InstanceAttributes) *string { return &a.StoppedMode },
		"Of its last stop: KeepCharging or StopCharging."),
	booleanKey("deletion_protection", false,
		func(a *store.InstanceAttributes) *bool { return &a.DeletionProtection },
		"Whether it refuses to be deleted."),
	textKey("metadata_endpoint", func(a *store.InstanceAttributes) *string { return &a.MetadataEndpoint },
		"Whether its metadata can be read: enabled or disabled."),
	textKey("metadata_tokens", func(a *store.InstanceAttributes) *string { return &a.MetadataTokens },
		"Whether reads of its metadata need a token: optional or required."),
	integerKey("metadata_hop_limit", func(a *store.InstanceAttributes) *int { return &a.MetadataHopLimit },
		"How far answers with its metadata go; 0 is the default.").from(0, maxHopLimit).byDefault(0),
	timeKey("auto_release_time", func(a *store.InstanceAttributes) **time.Time { return &a.AutoReleaseTime },
		"When it is to be released, which is only shown.").without("never"),
	textKey("renewal_status", func(a *store.InstanceAttributes) *string { return &a.Renewal.Status },
		"Of a subscription: AutoRenewal, Normal or NotRenewal."),
	integerKey("renewal_duration", func(a *store.InstanceAttributes) *int { return &a.Renewal.Duration },
		"For how many units it is renewed.").byDefault(0),
	textKey("renewal_period_unit", func(a *store.InstanceAttributes) *string { return &a.Renewal.PeriodUnit },
		"Week, Month or Year."),
	mappingKey("system_disk", systemDiskMapping,
		func(a *store.InstanceAttributes) *store.Disk { return &a.SystemDisk },
		"Its system disk, whose id follows from the instance's."),
}

var systemDiskMapping = newMapping(
	mapping{name: "system_disk", what: "the mapping of a system disk"}, nil, diskKeys,
)

// diskEntry is a data disk.
type diskEntry struct {
	id     located[string]
	device located[string]
	disk   store.Disk
}

var dataDiskMapping = newMapping(
	mapping{name: "data_disk", what: "a data disk"}, nil,
	[]keyOf[diskEntry]{
		textKey("id", func(d *diskEntry) *located[string] { return &d.id }, aboutID).matching(copiedForm).
			without("it is made of the instance's: the first data disk of i-web is d-web-data-1"),
		textKey("device", func(d *diskEntry) *located[string] { return &d.device }, aboutDevice).
			matching("^/dev/xvd[b-q]$").without("the first one that is free"),
	},
	within(func(d *diskEntry) *store.Disk { return &d.disk }, diskKeys),
)

// diskKeys are the keys that any disk may have.
var diskKeys = []keyOf[store.Disk]{
	textKey("name", func(d *store.Disk) *string { return &d.Name }, "Its name, as the API shows it."),
	textKey("description", func(d *store.Disk) *string { return &d.Description },
		"Its description, as the API shows it."),
	textKey("category", func(d *store.Disk) *string { return &d.Category },
		"Such as cloud_essd, which is the default."),
	textKey("performance_level", func(d *store.Disk) *string { return &d.PerformanceLevel },
		"Such as PL1, of the category cloud_essd."),
	integerKey("size_gib", func(d *store.Disk) *int { return &d.SizeGiB },
		"In GiB. 0 is the default: 40 of a system disk, 20 of a data disk.").byDefault(0),
	booleanKey("encrypted", false, func(d *store.Disk) *bool { return &d.Encrypted }, "Whether it is encrypted."),
	invertedKey("delete_with_instance", true, func(d *store.Disk) *bool { return &d.KeepWithoutInstance },
		"Whether it goes with its instance."),
	tagsKey("tags", func(d *store.Disk) *map[string]string { return &d.Tags }, "A mapping of texts, 20 at most."),
}
