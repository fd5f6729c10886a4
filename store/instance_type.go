package store

// CatalogueOwner is the owner of the instance types that every account sees.
const CatalogueOwner = ""

// InstanceType is an instance type with its limits. A limit that no source gives is nil and is not
// enforced.
type InstanceType struct {
	AttachableType
	Family          string   `db:"family"`
	Generation      string   `db:"generation"`
	VCPUs           int      `db:"vcpus"`
	MemoryGiB       float64  `db:"memory_gib"`
	BandwidthGbps   *float64 `db:"bandwidth_gbps"`
	PPS10k          *float64 `db:"pps_10k"`
	CPUArchitecture string   `db:"cpu_architecture"`
	QueuePairs      *int     `db:"queue_pairs"` // maximum number of queue pairs of an RDMA interface
}

// AttachableType is what attaches know of an instance type (see AttachableENI).
type AttachableType struct {
	OwnerID           string `db:"owner_id,key"` // an account, or CatalogueOwner
	ID                string `db:"id,key"`
	ENIQuantity       int    `db:"eni_quantity"` // maximum number of interfaces of one instance, with the primary one
	PrivateIPv4PerENI *int   `db:"private_ipv4_per_eni"`
	IPv6PerENI        *int   `db:"ipv6_per_eni"`
	NetworkCards      *int   `db:"network_cards"`
	ENITrunkSupported bool   `db:"eni_trunk_supported"` // whether an instance may have a trunk
	ENITotalQuantity  *int   `db:"eni_total_quantity"`  // likewise of ENIQuantity, with the members of a trunk
	HotPlug           bool   `db:"hot_plug"`            // whether a running instance may attach and detach interfaces
	IOOptimized       bool   `db:"io_optimized"`        // only such types may have secondary interfaces
	FormLimits
}

// FormLimits are the figures of a type on RDMA interfaces, queues and network cards.
type FormLimits struct {
	ERIQuantity        *int `db:"eri_quantity"`          // maximum number of RDMA interfaces of an instance
	PrimaryENIQueues   *int `db:"primary_eni_queues"`    // queues of a primary interface without a number of its own
	SecondaryENIQueues *int `db:"secondary_eni_queues"`  // likewise of any other interface
	MaxQueuesPerENI    *int `db:"max_queues_per_eni"`    // maximum number of queues of an interface
	TotalENIQueues     *int `db:"total_eni_queues"`      // likewise of all interfaces of an instance
	ENIsPerNetworkCard *int `db:"enis_per_network_card"` // maximum number of interfaces that name the same card
}

// QueuesOf returns how many queues an interface takes on an instance of the type: the number that was set for
// it, or the default of the type. It is nil if no source gives the default.
func (l FormLimits) QueuesOf(n *AttachableENI) *int {
	switch {
	case n.QueueNumber != nil:
		return n.QueueNumber
	case n.Type == ENIPrimary:
		return l.PrimaryENIQueues
	}
	return l.SecondaryENIQueues
}

// CountedQueues returns how many queues of the total of the type an interface takes. It is nil if the type has no
// total, and for a member, whose trunk has the queues.
func (l FormLimits) CountedQueues(n *AttachableENI) *int {
	if l.TotalENIQueues == nil || n.IsMember() {
		return nil
	}
	return l.QueuesOf(n)
}

// The device indexes of members are VLANs of their trunk. They begin above those of slots.
const (
	MinVLAN = 1001
	maxVLAN = 4094
	// MaxSlotsWithTrunk is the maximum number of interfaces of an instance whose type has trunks, without
	// members.
	MaxSlotsWithTrunk = MinVLAN
	// MaxMembers is the maximum number of members of a trunk, whatever the type of its instance.
	MaxMembers = maxVLAN - MinVLAN + 1
)

// MemberQuantity returns how many members the trunk of an instance may have. It is nil if the type has
// no trunks. The column member_quantity of the schema is the same.
func (t AttachableType) MemberQuantity() *int {
	if !t.ENITrunkSupported {
		return nil
	}
	members := MaxMembers
	if t.ENITotalQuantity != nil {
		members = min(max(*t.ENITotalQuantity-t.ENIQuantity, 0), members)
	}
	return &members
}

// maxMembers is MemberQuantity, and 0 for a type without trunks.
func (t AttachableType) maxMembers() int {
	if members := t.MemberQuantity(); members != nil {
		return *members
	}
	return 0
}

// Region is a region of the catalogue or of a scenario.
type Region struct {
	ID          string `db:"id,key"`
	LocalNameEn string `db:"local_name_en"`
	LocalNameZh string `db:"local_name_zh"`
}

// Zone is a zone of a region.
type Zone struct {
	ID       string `db:"id,key"`
	RegionID string `db:"region_id"`
}
