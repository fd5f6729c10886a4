package store_test

import (
	"net/netip"
	"slices"
	"testing"

	"enisim.alt/store"
)

// Each filter of DescribeInstances selects exactly its rows, alone and combined with others, and
// each row comes complete. See TestDescribeNetworkInterfacesFilters.
func TestDescribeInstancesFilters(t *testing.T) {
	t.Parallel()
	s, world := openListWorld(t)
	type (
		filter = store.InstanceFilter
		row    = store.DescribedInstance
	)
	id := func(d row) string { return d.ID }
	for _, place := range [][2]string{
		{account, "cn-hangzhou"}, {account, "cn-beijing"}, {"1000000000000002", "cn-hangzhou"},
	} {
		t.Run(place[0]+"/"+place[1], func(t *testing.T) {
			t.Parallel()
			rows := world.instances(place[0], place[1])
			filters := slices.Concat(
				byText("id", rows, func(f *filter, v string) { f.IDs = []string{v, "i-nowhere"} }, id),
				byText("VPC", rows, func(f *filter, v string) { f.VPCID = v },
					func(d row) string { return valueOr(d.VPCID, "") }),
				byText("VSwitch", rows, func(f *filter, v string) { f.VSwitchID = v },
					func(d row) string { return valueOr(d.VSwitchID, "") }),
				byText("zone", rows, func(f *filter, v string) { f.ZoneID = v },
					func(d row) string { return d.ZoneID }),
				byAnyText("group", rows, func(f *filter, v string) { f.SecurityGroupID = v }, func(d row) []string {
					if len(d.NetworkInterfaces) == 0 {
						return nil
					}
					return d.NetworkInterfaces[0].SecurityGroupIDs
				}),
				byText("type", rows, func(f *filter, v string) { f.InstanceType = v },
					func(d row) string { return d.InstanceType }),
				byText("family", rows, func(f *filter, v string) { f.Family = v },
					func(d row) string { return d.Type.Family }),
				byText("status", rows, func(f *filter, v string) { f.Status = v },
					func(d row) string { return d.Status }),
				byText("network type", rows, func(f *filter, v string) { f.NetworkType = v },
					func(d row) string { return d.NetworkType }),
				byText("resource group", rows, func(f *filter, v string) { f.ResourceGroupID = v },
					func(d row) string { return d.ResourceGroupID }),
				byText("key pair", rows, func(f *filter, v string) { f.KeyPairName = v },
					func(d row) string { return d.Attributes.KeyPairName }),
				byText("RAM role", rows, func(f *filter, v string) { f.RAMRoleName = v },
					func(d row) string { return d.Attributes.RAMRoleName }),
				byAddress("primary", world.addresses(), func(f *filter, v []netip.Addr) { f.PrimaryIPs = v },
					func(d row) []netip.Addr {
						if len(d.NetworkInterfaces) == 0 {
							return nil
						}
						return []netip.Addr{d.NetworkInterfaces[0].Addresses[0].Address}
					}),
				byAddress("IPv6", world.addresses(), func(f *filter, v []netip.Addr) { f.IPv6Addresses = v },
					func(d row) (out []netip.Addr) {
						for _, n := range d.NetworkInterfaces {
							for _, a := range n.IPv6() {
								out = append(out, a.Address)
							}
						}
						return out
					}),
				byTags(func(f *filter, v store.TagFilter) { f.Tags = v },
					func(d row) map[string]string { return d.Tags }),
				[]listFilter[filter, row]{
					{
						"name", "web-%", func(f *filter) { f.NamePattern = "web-%" },
						func(d row) bool { return d.Name == "web-1" || d.Name == "web-2" },
					},
					{
						"image", "of its own", func(f *filter) { f.ImageIDs = []string{"image-1"} },
						func(d row) bool { return d.Attributes.ImageID == "image-1" },
					},
					{
						"image", "any", func(f *filter) { f.ImageIDs = []string{"image-1", ""} },
						func(row) bool { return true },
					},
					{
						"charge type", "the usual", func(f *filter) { f.ChargeTypes = []string{"PostPaid", ""} },
						func(d row) bool { return d.Attributes.InstanceChargeType == "" },
					},
					{
						"name", "of those without one, their ids", func(f *filter) { f.NamePattern = "i-%" },
						func(d row) bool { return d.Name == "" },
					},
					{
						"name", `100\%`, func(f *filter) { f.NamePattern = `100\%` },
						func(d row) bool { return d.Name == "100%" },
					},
				},
			)
			walkFilters(t, rows, filters, id, func(f filter, p store.Page) (store.List[row], error) {
				f.AccountID, f.RegionID = place[0], place[1]
				return s.DescribeInstances(t.Context(), listTime, f, p)
			})
		})
	}
}
