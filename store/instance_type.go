package store

// CatalogueOwner is the owner of the instance types that every account sees.
const CatalogueOwner = ""

// InstanceType is an instance type with its limits. A limit that no source gives is nil and is not
// enforced.
type InstanceType struct {
	OwnerID           string // an account, or CatalogueOwner
	ID                string
	Family            string
	Generation        string
	VCPUs             int
	MemoryGiB         float64
	ENIQuantity       int // maximum number of interfaces of one instance, with the primary one
	PrivateIPv4PerENI *int
	IPv6PerENI        *int
	ENITrunkSupported bool
	ENITotalQuantity  *int
	BandwidthGbps     *float64
	PPS10k            *float64
	NetworkCards      *int
	CPUArchitecture   string
	HotPlug           bool // whether interfaces may be attached and detached while the instance runs
	IOOptimized       bool // only such types may have secondary interfaces
}

// Region is a region of the catalogue or of a scenario.
type Region struct {
	ID          string
	LocalNameEn string
	LocalNameZh string
}

// Zone is a zone of a region.
type Zone struct {
	ID       string
	RegionID string
}
