package service

import (
	"slices"
	"testing"
)

func TestDescribeNetworkInterfacesRules(t *testing.T) {
	t.Parallel()
	good := func() DescribeNetworkInterfacesRequest {
		return DescribeNetworkInterfacesRequest{
			RegionID: "cn-hangzhou", NetworkInterfaceIDs: many(100, "eni-1"), InstanceID: "i-1", Type: "Trunk",
			Status:           "Deleting",
			PrimaryIPAddress: "10.0.0.1", PrivateIPAddresses: many(100, "10.0.0.2"),
			IPv6Addresses: many(100, "2408::1"),
			Tags:          many(20, Tag{"team", ""}), Page: PageRequest{PageNumber: new(1), PageSize: new(1000)},
		}
	}
	type request = DescribeNetworkInterfacesRequest
	walkRules(t, describeNetworkInterfacesRules, good, []spoiler[request]{
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

// The other half of rules that have two.
func TestDescribeNetworkInterfacesRulesAtTheirEdges(t *testing.T) {
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

// listInterfaces asks for a page in the test's region, and fails the test unless it comes.
func listInterfaces(t *testing.T, s *Service, req DescribeNetworkInterfacesRequest) List[NetworkInterface] {
	t.Helper()
	req.RegionID = "cn-hangzhou"
	list, err := DescribeNetworkInterfaces.Do(t.Context(), s, Caller{AccountID: listAccount}, req)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// Pages by number echo what was asked for and count the whole list; a page past the end is empty. Nothing of another account is on any.
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
			t.Errorf("page %d of %d: got number %d, size %d, %d in all and token %q, want 85 in all and no token",
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

// Tokens lead through the whole list once; the last page has none, even when it is full.
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
				t.Errorf("by %d: got %d in all, number %d, size %d, want none of them",
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
			t.Errorf("by %d: got %v, want 85 interfaces, each once", size, seen)
		}
	}
}

// Whoever follows tokens meets every interface that is there all the time, once.
func TestDescribeNetworkInterfacesByTokenWhileOthersComeAndGo(t *testing.T) {
	t.Parallel()
	s, pool := openLists(t)
	walkWhileOthersComeAndGo(t, pool, passing{
		stays: "eni-%03d-stays", passes: "eni-%03d-passes-%s", places: 60,
		comeOrGo: `
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

// The action is closed to whoever may not call it, and to regions that do not exist.
func TestDescribeNetworkInterfacesAdmission(t *testing.T) {
	t.Parallel()
	s, _ := openLists(t)
	_, err := DescribeNetworkInterfaces.Do(t.Context(), s, Caller{
		AccountID: listAccount, RAMUser: "ci", Allow: []string{"ecs:DescribeInstances"},
	},
		DescribeNetworkInterfacesRequest{RegionID: "cn-hangzhou"})
	wantError(t, "a RAM user without permission", err, ForbiddenRAM)
	_, err = DescribeNetworkInterfaces.Do(t.Context(), s, Caller{AccountID: listAccount},
		DescribeNetworkInterfacesRequest{RegionID: "mars-1"})
	wantError(t, "an unknown region", err, InvalidRegionIDNotFound)
}
