package store

import "strings"

// A VPC has one vRouter and one system route table for life. Neither has a row: their ids follow
// from the VPC's.
const (
	vpcPrefix        = "vpc-"
	vRouterPrefix    = "vrt-"
	routeTablePrefix = "vtb-"
)

// VRouterID is the id of a VPC's vRouter.
func VRouterID(vpcID string) string { return vRouterPrefix + strings.TrimPrefix(vpcID, vpcPrefix) }

// SystemRouteTableID is the id of a VPC's system route table.
func SystemRouteTableID(vpcID string) string {
	return routeTablePrefix + strings.TrimPrefix(vpcID, vpcPrefix)
}

// vpcsOfDerived are the ids that a VPC may have to which a derived id belongs: a scenario may leave
// out the prefix of a VPC's. No id asks for none, and a text that is no such id for one that no VPC
// has.
func vpcsOfDerived(prefix, id string) []string {
	rest, derived := strings.CutPrefix(id, prefix)
	switch {
	case id == "":
		return nil
	case !derived:
		return []string{""}
	}
	return []string{vpcPrefix + rest, rest}
}

// SystemDiskID is the id of an instance's system disk, which follows from the instance's.
func SystemDiskID(instanceID string) string { return "d-" + strings.TrimPrefix(instanceID, "i-") }
