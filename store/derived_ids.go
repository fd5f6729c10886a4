package store

import "strings"

// A VPC always has one vRouter and one system route table. Their ids are derived from the VPC's id. A
// vRouter has no row.
const (
	vpcPrefix        = "vpc-"
	vRouterPrefix    = "vrt-"
	routeTablePrefix = "vtb-"
)

// VRouterID returns the id of a VPC's vRouter.
func VRouterID(vpcID string) string { return vRouterPrefix + strings.TrimPrefix(vpcID, vpcPrefix) }

// SystemRouteTableID returns the id of a VPC's system route table.
func SystemRouteTableID(vpcID string) string {
	return routeTablePrefix + strings.TrimPrefix(vpcID, vpcPrefix)
}

// possibleVPCIDs returns the ids of the VPCs from which a derived id may come. There are two,
// because a scenario may leave out the prefix of a VPC's id. For no id it returns nil, which
// selects every VPC. For a text that is not a derived id it returns an id that no VPC has.
func possibleVPCIDs(prefix, id string) []string {
	rest, derived := strings.CutPrefix(id, prefix)
	switch {
	case id == "":
		return nil
	case !derived:
		return []string{""}
	}
	return []string{vpcPrefix + rest, rest}
}

// SystemDiskID returns the id of an instance's system disk, which is derived from the instance's
// id.
func SystemDiskID(instanceID string) string { return "d-" + strings.TrimPrefix(instanceID, "i-") }
