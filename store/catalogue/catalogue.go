package catalogue

import (
	_ "embed"
	"fmt"
	"slices"
	"sync"
)

// Region is a region with its zones, as DescribeRegions and DescribeZones name them.
type Region struct {
	ID          string
	LocalNameEn string
	LocalNameZh string
	Zones       []string
}

// InstanceType is what a type of instance can hold. A nil figure is one that no source gives.
type InstanceType struct {
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

// Regions lists all regions, sorted by id.
func Regions() []Region { return slices.Clone(load().regions) }

// InstanceTypes lists all types, sorted by family and then by size.
func InstanceTypes() []InstanceType { return slices.Clone(load().types) }

// FindRegion looks a region up by its id.
func FindRegion(id string) (Region, bool) {
	i, found := load().regionByID[id]
	if !found {
		return Region{}, false
	}
	return load().regions[i], true
}

// FindInstanceType looks a type up by its id.
func FindInstanceType(id string) (InstanceType, bool) {
	i, found := load().typeByID[id]
	if !found {
		return InstanceType{}, false
	}
	return load().types[i], true
}

// RegionOfZone returns the region of a zone.
func RegionOfZone(zone string) (region string, found bool) {
	region, found = load().regionOfZone[zone]
	return region, found
}

//go:embed regions-zones.csv
var regionsCSV string

//go:embed instance-types.csv
var typesCSV string

//go:embed no-hot-plug.txt
var noHotPlugText string

type content struct {
	regions      []Region
	types        []InstanceType
	regionByID   map[string]int
	typeByID     map[string]int
	details      map[string]Details // by type
	regionOfZone map[string]string
}

// load parses the embedded files once. They are part of the binary, so an error in them is a bug
// that any test of the catalogue finds. This is why it panics on an error.
var load = sync.OnceValue(func() content {
	c, err := parse(regionsCSV, typesCSV, detailsCSV, noHotPlugText)
	if err != nil {
		panic(fmt.Sprintf("embedded catalogue: %v", err))
	}
	return c
})
