package store

// CatalogueOwner is the owner of the instance types that every account sees.
const CatalogueOwner = ""

// InstanceType is an instance type with its limits. A limit that no source gives is nil and is not
// enforced.
type InstanceType struct {
	AttachableType
	Family            string   `db:"family"`
	Generation        string   `db:"generation"`
	VCPUs             int      `db:"vcpus"`
	MemoryGiB         float64  `db:"memory_gib"`
	ENITrunkSupported bool     `db:"eni_trunk_supported"`
	ENITotalQuantity  *int     `db:"eni_total_quantity"`
	BandwidthGbps     *float64 `db:"bandwidth_gbps"`
	PPS10k            *float64 `db:"pps_10k"`
	CPUArchitecture   string   `db:"cpu_architecture"`
}

// AttachableType is what attaches know of an instance type (see AttachableENI).
type AttachableType struct {
	OwnerID           string `db:"owner_id,key"` // an account, or CatalogueOwner
	ID                string `db:"id,key"`
	ENIQuantity       int    `db:"eni_quantity"` // maximum number of interfaces of one instance, with the primary one
	PrivateIPv4PerENI *int   `db:"private_ipv4_per_eni"`
	IPv6PerENI        *int   `db:"ipv6_per_eni"`
	NetworkCards      *int   `db:"network_cards"`
	HotPlug           bool   `db:"hot_plug"`     // whether a running instance may attach and detach interfaces
	IOOptimized       bool   `db:"io_optimized"` // only such types may have secondary interfaces
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
