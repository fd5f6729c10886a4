package scenario

import (
	"fmt"
	"strings"

	"enisim.alt/store"
)

// Summary returns one line with the numbers of the scenario's resources, without those of which
// there are none.
func (sc *Scenario) Summary() string {
	w := sc.world
	primary := 0
	for i := range w.NetworkInterfaces {
		if w.NetworkInterfaces[i].Type == store.ENIPrimary {
			primary++
		}
	}
	custom := 0
	for i := range w.RouteTables {
		if w.RouteTables[i].Type == store.RouteCustom {
			custom++
		}
	}
	own := map[string]bool{} // each account has its copy of the file's types
	for i := range w.InstanceTypes {
		own[w.InstanceTypes[i].ID] = true
	}
	var parts []string
	for _, part := range []struct {
		count     int
		one, many string
	}{
		{len(w.Accounts), "account", "accounts"},
		{len(w.AccessKeys), "access key", "access keys"},
		{len(w.RAMUsers), "RAM user", "RAM users"},
		{len(w.Regions), "new region", "new regions"},
		{len(w.Zones), "new zone", "new zones"},
		{len(own), "instance type", "instance types"},
		{len(w.VPCs), "VPC", "VPCs"},
		{len(w.VSwitches), "VSwitch", "VSwitches"},
		{custom, "custom route table", "custom route tables"},
		{len(w.RouteEntries), "route entry", "route entries"},
		{len(w.SecurityGroups), "security group", "security groups"},
		{len(w.Instances), "instance", "instances"},
		{len(w.NetworkInterfaces), "network interface", "network interfaces"},
	} {
		switch part.count {
		case 0:
		case 1:
			parts = append(parts, "1 "+part.one)
		default:
			parts = append(parts, fmt.Sprintf("%d %s", part.count, part.many))
		}
	}
	if primary > 0 {
		parts[len(parts)-1] += fmt.Sprintf(" (%d primary)", primary)
	}
	switch n := len(w.EIPs); n {
	case 0:
	case 1:
		parts = append(parts, "1 EIP")
	default:
		parts = append(parts, fmt.Sprintf("%d EIPs", n))
	}
	switch n := len(w.KeyPairs); n {
	case 0:
	case 1:
		parts = append(parts, "1 key pair")
	default:
		parts = append(parts, fmt.Sprintf("%d key pairs", n))
	}
	switch n := len(w.Disks); n {
	case 0:
	case 1:
		parts = append(parts, "1 data disk")
	default:
		parts = append(parts, fmt.Sprintf("%d data disks", n))
	}
	if len(parts) == 0 {
		return "nothing"
	}
	return strings.Join(parts, ", ")
}
