package service

import (
	"fmt"
	"slices"
	"testing"

	"enisim.alt/store"
)

// Each instance has a system disk. A data disk is on an instance or on none. Filters select among them, and
// pages contain each of them once.
func TestDescribeDisks(t *testing.T) {
	t.Parallel()
	s, pool := openLists(t)
	if _, err := pool.Exec(t.Context(), `
		UPDATE instances
		SET attributes = '{"InstanceChargeType": "PrePaid", "SystemDisk": {"Category": "cloud_ssd"}}',
		    resource_group_id = 'rg-1', tags = '{"team": "net"}'
		WHERE account_id = $1 AND id = 'i-001'`, listAccount); err != nil {
		t.Fatal(err)
	}
	if _, err := pool.Exec(t.Context(), `
		INSERT INTO disks (account_id, id, region_id, zone_id, instance_id, slot, status, next_status, settles_at,
		                   resource_group_id, attributes, created_at)
		VALUES
		    ($1, 'd-a', 'cn-hangzhou', 'cn-hangzhou-h', 'i-001', 1, 'In_use', NULL, NULL, 'rg-1',
		     '{"Name": "first", "Category": "cloud_ssd", "Encrypted": true}', '2026-11-22'),
		    ($1, 'd-f', 'cn-hangzhou', 'cn-hangzhou-i', NULL, NULL, 'Available', NULL, NULL, 'rg-2',
		     '{"KeepWithoutInstance": true}', '2026-11-22'),
		    ($1, 'd-l', 'cn-hangzhou', 'cn-hangzhou-h', 'i-001', 2, 'Detaching', 'Available', '2026-11-22', 'rg-2',
		     '{"KeepWithoutInstance": true}', '2026-11-22'),
		    ($1, 'd-z', 'cn-hangzhou', 'cn-hangzhou-h', 'i-001', 3, 'In_use', NULL, NULL, 'rg-1',
		     '{"KeepWithoutInstance": true, "Tags": {"team": "net"}}', '2026-11-22')`, listAccount); err != nil {
		t.Fatal(err)
	}
	var systems []string
	for k := 1; k <= 25; k++ {
		systems = append(systems, store.SystemDiskID(fmt.Sprintf("i-%03d", k)))
	}
	all := slices.Concat(systems, []string{"d-a", "d-f", "d-l", "d-z"}) // ordered by id
	inZone := slices.Concat(systems, []string{"d-a", "d-l", "d-z"})
	for _, c := range []struct {
		name    string
		request DescribeDisksRequest
		want    []string
	}{
		{"no filter", DescribeDisksRequest{}, all},
		{"ids", DescribeDisksRequest{DiskIDs: JSONList{"d-z", "d-002", "d-nowhere"}}, []string{"d-002", "d-z"}},
		{"an instance", DescribeDisksRequest{InstanceID: "i-001"}, []string{"d-001", "d-a", "d-z"}},
		{"an unknown instance", DescribeDisksRequest{InstanceID: "i-nowhere"}, nil},
		{"a zone", DescribeDisksRequest{ZoneID: "cn-hangzhou-h"}, inZone},
		{"another zone", DescribeDisksRequest{ZoneID: "cn-hangzhou-i"}, []string{"d-f"}},
		{
			"all types, categories and statuses", DescribeDisksRequest{DiskType: "all", Category: "all", Status: "All"},
			all,
		},
		{"system disks", DescribeDisksRequest{DiskType: "system", InstanceID: "i-001"}, []string{"d-001"}},
		{"data disks", DescribeDisksRequest{DiskType: "data"}, []string{"d-a", "d-f", "d-l", "d-z"}},
		{"detachable", DescribeDisksRequest{Portable: new(true)}, []string{"d-a", "d-f", "d-l", "d-z"}},
		{"not detachable", DescribeDisksRequest{Portable: new(false)}, systems},
		{"detachable system disks", DescribeDisksRequest{Portable: new(true), DiskType: "system"}, nil},
		{"data disks that are not detachable", DescribeDisksRequest{Portable: new(false), DiskType: "data"}, nil},
		{"a category", DescribeDisksRequest{Category: "cloud_ssd"}, []string{"d-001", "d-a"}},
		{
			"the default category", DescribeDisksRequest{Category: "cloud_essd"},
			slices.Concat(systems[1:], []string{"d-f", "d-l", "d-z"}),
		},
		{"in use", DescribeDisksRequest{Status: "In_use"}, slices.Concat(systems, []string{"d-a", "d-z"})},
		{"available", DescribeDisksRequest{Status: "Available"}, []string{"d-f", "d-l"}},
		{"a name", DescribeDisksRequest{DiskName: "first"}, []string{"d-a"}},
		{"encrypted", DescribeDisksRequest{Encrypted: new(true)}, []string{"d-a"}},
		{
			"not encrypted, of one instance", DescribeDisksRequest{Encrypted: new(false), InstanceID: "i-001"},
			[]string{"d-001", "d-z"},
		},
		{
			"kept without the instance", DescribeDisksRequest{DeleteWithInstance: new(false)},
			[]string{"d-f", "d-l", "d-z"},
		},
		{"a charge type", DescribeDisksRequest{DiskChargeType: "PrePaid"}, []string{"d-001", "d-a", "d-z"}},
		{"a resource group", DescribeDisksRequest{ResourceGroupID: "rg-1"}, []string{"d-001", "d-a", "d-z"}},
		{"a tag of a disk", DescribeDisksRequest{Tags: []Tag{{"team", "net"}}}, []string{"d-z"}},
		{"a tag key", DescribeDisksRequest{Tags: []Tag{{"team", ""}}}, []string{"d-z"}},
		{"a tag that no disk has", DescribeDisksRequest{Tags: []Tag{{"team", "web"}}}, nil},
		{"a snapshot", DescribeDisksRequest{SnapshotID: "s-1"}, nil},
		{"multi-attach", DescribeDisksRequest{MultiAttach: "Enabled"}, nil},
	} {
		c.request.RegionID = "cn-hangzhou"
		c.request.Page = PageRequest{PageSize: new(100)}
		list, err := DescribeDisks.Do(t.Context(), s, Caller{AccountID: listAccount}, c.request)
		if err != nil {
			t.Fatal(err)
		}
		if got := diskIDs(list.Items); !slices.Equal(got, c.want) || list.TotalCount != len(c.want) {
			t.Errorf("%s: got %v of %d, want %v", c.name, got, list.TotalCount, c.want)
		}
	}

	var walked []string
	for page := (PageRequest{MaxResults: new(10)}); ; {
		list, err := DescribeDisks.Do(t.Context(), s, Caller{AccountID: listAccount},
			DescribeDisksRequest{RegionID: "cn-hangzhou", Page: page})
		if err != nil {
			t.Fatal(err)
		}
		walked = append(walked, diskIDs(list.Items)...)
		if page.NextToken = list.NextToken; page.NextToken == "" {
			break
		}
	}
	if !slices.Equal(walked, all) {
		t.Errorf("by token: got %v, want %v", walked, all)
	}
}

func diskIDs(disks []Disk) (ids []string) {
	for _, d := range disks {
		ids = append(ids, d.ID)
	}
	return ids
}
