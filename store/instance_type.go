package store

// CatalogueOwner owns the instance types that every account sees.
const CatalogueOwner = ""

// InstanceType is what a type of instance can hold. A nil figure is one that no source gives: it
// does not bind.
type InstanceType struct {
	OwnerID           string // an account, or CatalogueOwner
	ID                string
	Family            string
	Generation        string
	VCPUs             int
	MemoryGiB         float64
	ENIQuantity       int // most interfaces of one instance, the primary one included
	PrivateIPv4PerENI *int
	IPv6PerENI        *int
	ENITrunkSupported bool
	ENITotalQuantity  *int
	BandwidthGbps     *float64
	PPS10k            *float64
	NetworkCards      *int
	CPUArchitecture   string
	HotPlug           bool // whether interfaces may come and go while the instance runs
	IOOptimized       bool // only such types take secondary interfaces
}

// Region is a region of the catalogue, or one that a scenario declared.
type Region struct {
	ID          string
	LocalNameEn string
	LocalNameZh string
}

// Zone lies in one region.
type Zone struct {
	ID       string
	RegionID string
}
