package service

import (
	"slices"
	"testing"
)

// Each rule of DescribeNetworkInterfaces answers with its error, the earlier one first.
func TestDescribeNetworkInterfacesRules(t *testing.T) {
	t.Parallel()
	valid := func() DescribeNetworkInterfacesRequest {
		return DescribeNetworkInterfacesRequest{
			RegionID: "cn-hangzhou", NetworkInterfaceIDs: many(100, "eni-1"), InstanceID: "i-1", Type: "Trunk",
			Status: "Deleting", PrimaryIPAddress: "10.0.0.1", PrivateIPAddresses: many(100, "10.0.0.2"),
			IPv6Addresses: many(100, "2408::1"), Tags: many(20, Tag{"team", ""}),
			Page: PageRequest{PageNumber: new(1), PageSize: new(1000)},
		}
	}
	type request = DescribeNetworkInterfacesRequest
	walkRules(t, describeNetworkInterfacesRules, valid, []violation[request]{
		{"no RegionId", "MissingParameterRegionId", func(r *request) { r.RegionID = "" }},
		{"RegionId", "InvalidRegionId.MalFormed", func(r *request) { r.RegionID += ";" }},
		{"InstanceId", "InvalidInstanceID.Malformed", func(r *request) { r.InstanceID = "i_1" }},
		{
			"not of their types", "InvalidParameterMaxResults, ServiceManaged",
			func(r *request) { r.Malformed = []string{"MaxResults", "ServiceManaged"} },
		},
		{
			"too many ids", "InvalidParameterNetworkInterfaceId",
			func(r *request) { r.NetworkInterfaceIDs = many(101, "eni-1") },
		},
		{"Type", "InvalidParameterType", func(r *request) { r.Type = "primary" }},
		{"Status", "InvalidParameterStatus", func(r *request) { r.Status = "Deleted" }},
		{"PrimaryIpAddress", "InvalidParameterPrimaryIpAddress", func(r *request) { r.PrimaryIPAddress = "2408::1" }},
		{
			"PrivateIpAddress", "InvalidParameterPrivateIpAddress",
			func(r *request) { r.PrivateIPAddresses = []string{"10.0.0.2", "10.0.0.256"} },
		},
		{"Ipv6Address", "InvalidParameterIpv6Address", func(r *request) { r.IPv6Addresses = []string{"fe80::1%eth0"} }},
		{"a tag without a key", "InvalidParameterTag", func(r *request) { r.Tags = []Tag{{"", "net"}} }},
		{
			"PageNumber", "InvalidOperation.InvalidEniPageNumber",
			func(r *request) { r.Page = PageRequest{PageNumber: new(0)} },
		},
		{"PageSize", "InvalidParameterPageSize", func(r *request) { r.Page = PageRequest{PageSize: new(1001)} }},
		{"NextToken", "InvalidParameterNextToken", func(r *request) { r.Page = PageRequest{NextToken: "eni-1"} }},
	})
}

// Rules with two conditions also answer for the second one: too many values.
func TestDescribeNetworkInterfacesRefusesTooManyValues(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		parameter string
		request   DescribeNetworkInterfacesRequest
	}{
		{"PrivateIpAddress", DescribeNetworkInterfacesRequest{PrivateIPAddresses: many(101, "10.0.0.2")}},
		{"Ipv6Address", DescribeNetworkInterfacesRequest{IPv6Addresses: many(101, "2408::1")}},
		{"Tag", DescribeNetworkInterfacesRequest{Tags: many(21, Tag{"team", ""})}},
	} {
		c.request.RegionID = "cn-hangzhou"
		wantError(t, c.parameter, check(describeNetworkInterfacesRules, c.request), InvalidParameter.With(c.parameter))
	}
}

// listInterfaces requests a page in the region of the test, and fails the test on an error.
func listInterfaces(t *testing.T, s *Service, req DescribeNetworkInterfacesRequest) List[NetworkInterface] {
	t.Helper()
	req.RegionID = "cn-hangzhou"
	list, err := DescribeNetworkInterfaces.Do(t.Context(), s, Caller{AccountID: listAccount}, req)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// A page by number repeats the requested number and size, and counts the whole list. A page after
// the last one is empty. No page has an interface of another account.
func TestDescribeNetworkInterfacesByNumber(t *testing.T) {
	t.Parallel()
	s, _ := openLists(t)
	for _, c := range []struct {
		request            PageRequest
		number, size, want int
	}{
		{PageRequest{}, 1, 10, 10},
		{PageRequest{PageNumber: new(1), PageSize: new(1000)}, 1, 1000, 85},
		{PageRequest{PageNumber: new(2), PageSize: new(50)}, 2, 50, 35},
		{PageRequest{PageNumber: new(85), PageSize: new(1)}, 85, 1, 1},
		{PageRequest{PageNumber: new(86), PageSize: new(1)}, 86, 1, 0},
	} {
		list := listInterfaces(t, s, DescribeNetworkInterfacesRequest{Page: c.request})
		if list.PageNumber != c.number || list.PageSize != c.size || list.TotalCount != 85 || list.NextToken != "" {
			t.Errorf("page %d of %d: got number %d, size %d, total %d and token %q, want a total of 85 and no token",
				c.number, c.size, list.PageNumber, list.PageSize, list.TotalCount, list.NextToken)
		}
		if len(list.Items) != c.want {
			t.Errorf("page %d of %d: got %d interfaces, want %d", c.number, c.size, len(list.Items), c.want)
		}
		for _, n := range list.Items {
			if n.AccountID != listAccount || (n.Type == "Secondary" && n.Name != listAccount) {
				t.Errorf("page %d of %d: got %s of account %s, named %q, want those of %s only",
					c.number, c.size, n.ID, n.AccountID, n.Name, listAccount)
			}
		}
	}
}

// Pages by token contain each interface once. The last page has no token, even if it is full.
func TestDescribeNetworkInterfacesByToken(t *testing.T) {
	t.Parallel()
	s, _ := openLists(t)
	for _, size := range []int{10, 17, 85, 500} {
		var seen []string
		pages := 0
		for token := ""; pages == 0 || token != ""; pages++ {
			list := listInterfaces(t, s, DescribeNetworkInterfacesRequest{
				Page: PageRequest{MaxResults: &size, NextToken: token},
			})
			if list.TotalCount != 0 || list.PageNumber != 0 || list.PageSize != 0 {
				t.Errorf("by %d: got total %d, number %d, size %d, want none of them",
					size, list.TotalCount, list.PageNumber, list.PageSize)
			}
			for _, n := range list.Items {
				seen = append(seen, n.ID)
			}
			token = list.NextToken
		}
		if want := (85 + size - 1) / size; pages != want {
			t.Errorf("by %d: got %d pages, want %d", size, pages, want)
		}
		if slices.Sort(seen); len(seen) != 85 || len(slices.Compact(seen)) != 85 {
			t.Errorf("by %d: got %v, want 85 interfaces without duplicates", size, seen)
		}
	}
}

// Pages by token contain each interface that exists all the time exactly once, while other
// interfaces are created and deleted.
func TestDescribeNetworkInterfacesByTokenDuringChanges(t *testing.T) {
	t.Parallel()
	s, pool := openLists(t)
	walkDuringChanges(t, pool, changingRows{
		stable: "eni-%03d-stays", temporary: "eni-%03d-passes-%s", count: 60,
		toggle: `
			WITH gone AS (
			    DELETE FROM network_interfaces WHERE account_id = $1 AND id = $2 RETURNING id
			)
			INSERT INTO network_interfaces (account_id, id, region_id, zone_id, vpc_id, vswitch_id, type, status,
			    mac_address, created_at)
			SELECT account_id, $2, region_id, zone_id, vpc_id, vswitch_id, 'Secondary', 'Available', '', created_at
			FROM network_interfaces
			WHERE account_id = $1 AND id = 'eni-001-stays' AND NOT EXISTS (SELECT FROM gone)`,
	}, func(page PageRequest) (ids []string, next string) {
		list := listInterfaces(t, s, DescribeNetworkInterfacesRequest{Type: "Secondary", Page: page})
		for _, n := range list.Items {
			ids = append(ids, n.ID)
		}
		return ids, list.NextToken
	})
}

// The list is refused to a caller without the permission, and in a region that does not exist.
func TestDescribeNetworkInterfacesAdmission(t *testing.T) {
	t.Parallel()
	s, _ := openLists(t)
	caller := Caller{AccountID: listAccount, RAMUser: "ci", Allow: []string{"ecs:DescribeInstances"}}
	_, err := DescribeNetworkInterfaces.Do(t.Context(), s, caller,
		DescribeNetworkInterfacesRequest{RegionID: "cn-hangzhou"})
	wantError(t, "a RAM user without permission", err, ForbiddenRAM)
	_, err = DescribeNetworkInterfaces.Do(t.Context(), s, Caller{AccountID: listAccount},
		DescribeNetworkInterfacesRequest{RegionID: "mars-1"})
	wantError(t, "an unknown region", err, InvalidRegionIDNotFound)
}
