package service

import (
	"testing"
)

// Each rule of DescribeInstances answers with its error, the earlier one first.
func TestDescribeInstancesRules(t *testing.T) {
	t.Parallel()
	valid := func() DescribeInstancesRequest {
		return DescribeInstancesRequest{
			RegionID: "cn-hangzhou", InstanceIDs: many(100, "i-1"), PrivateIPAddresses: many(100, "10.0.0.1"),
			PublicIPAddresses: many(100, "10.0.0.1"),
			EIPAddresses:      many(100, "10.0.0.1"), InnerIPAddresses: many(100, "10.0.0.1"),
			IPv6Addresses: many(100, "2408::1"),
			Tags:          many(20, Tag{"team", ""}), Status: "Pending", InstanceNetworkType: "classic",
			InstanceChargeType: "PrePaid",
			Page:               PageRequest{PageNumber: new(1), PageSize: new(100)},
		}
	}
	type request = DescribeInstancesRequest
	walkRules(t, describeInstancesRules, valid, []violation[request]{
		{"no RegionId", "MissingParameterRegionId", func(r *request) { r.RegionID = "" }},
		{"RegionId", "InvalidRegionId.MalFormed", func(r *request) { r.RegionID += ";" }},
		{"not a list", "InvalidParameterInstanceIds", func(r *request) { r.Malformed = []string{"InstanceIds"} }},
		{"not of its type", "InvalidParameterDryRun", func(r *request) { r.Malformed = []string{"DryRun"} }},
		{"too many ids", "InvalidParameterInstanceIds", func(r *request) { r.InstanceIDs = many(101, "i-1") }},
		{
			"PrivateIpAddresses", "InvalidParameterPrivateIpAddresses",
			func(r *request) { r.PrivateIPAddresses = []string{"10.0.0"} },
		},
		{
			"PublicIpAddresses", "InvalidParameterPublicIpAddresses",
			func(r *request) { r.PublicIPAddresses = []string{""} },
		},
		{"EipAddresses", "InvalidParameterEipAddresses", func(r *request) { r.EIPAddresses = []string{"2408::1"} }},
		{
			"InnerIpAddresses", "InvalidParameterInnerIpAddresses",
			func(r *request) { r.InnerIPAddresses = []string{"10.0.0.0/8"} },
		},
		{"Ipv6Address", "InvalidParameterIpv6Address", func(r *request) { r.IPv6Addresses = []string{"10.0.0.1"} }},
		{"too many tags", "InvalidTagCount", func(r *request) { r.Tags = many(21, Tag{"team", ""}) }},
		{"a tag without a key", "InvalidParameterTag", func(r *request) { r.Tags = []Tag{{"", "net"}} }},
		{"Status", "InvalidStatus.NotFound", func(r *request) { r.Status = "running" }},
		{"InstanceNetworkType", "InvalidNetworkType.NotFound", func(r *request) { r.InstanceNetworkType = "VPC" }},
		{
			"InstanceChargeType", "InvalidInstanceChargeType.NotFound",
			func(r *request) { r.InstanceChargeType = "Spot" },
		},
		{"PageNumber", "InvalidParameterPageNumber", func(r *request) { r.Page = PageRequest{PageNumber: new(0)} }},
		{"PageSize", "InvalidParameterPageSize", func(r *request) { r.Page = PageRequest{PageSize: new(101)} }},
		{
			"NextToken", "InvalidParameterNextToken",
			func(r *request) { r.Page = PageRequest{NextToken: networkInterfacePages.token("eni-1")} },
		},
	})
}

// A filter on the default image or charge type also selects the instances that do not set it. A
// filter on something that no instance has selects none. The page fields are the same in each case.
func TestDescribeInstancesFiltersOnAttributes(t *testing.T) {
	t.Parallel()
	s, pool := openLists(t)
	if _, err := pool.Exec(t.Context(), `
		UPDATE instances SET attributes = '{"ImageID": "m-1", "KeyPairName": "ops"}' WHERE id = 'i-001';
		UPDATE instances SET attributes = '{"InstanceChargeType": "PrePaid"}' WHERE id = 'i-002';
		UPDATE instances SET attributes = '{"InstanceChargeType": "PostPaid", "ImageID": "`+InstanceImageID+`"}'
		WHERE id = 'i-003'`); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name    string
		request DescribeInstancesRequest
		want    int
	}{
		{"no filter", DescribeInstancesRequest{}, 25},
		{"the default image", DescribeInstancesRequest{ImageID: InstanceImageID}, 24},
		{"another image", DescribeInstancesRequest{ImageID: "m-1"}, 1},
		{"an image that no instance has", DescribeInstancesRequest{ImageID: "win2022"}, 0},
		{"a key pair", DescribeInstancesRequest{KeyPairName: "ops"}, 1},
		{"pay as you go", DescribeInstancesRequest{InstanceChargeType: "PostPaid"}, 24},
		{"subscription", DescribeInstancesRequest{InstanceChargeType: "PrePaid"}, 1},
		{"a public address", DescribeInstancesRequest{PublicIPAddresses: []string{"203.0.113.1"}}, 0},
		{"an EIP", DescribeInstancesRequest{EIPAddresses: []string{"203.0.113.1"}}, 0},
		{"an inner address", DescribeInstancesRequest{InnerIPAddresses: []string{"10.0.0.1"}}, 0},
		{"a name with a wildcard", DescribeInstancesRequest{InstanceName: "*01"}, 25},
		{"a name with a wildcard of LIKE", DescribeInstancesRequest{InstanceName: "1%"}, 0},
	} {
		c.request.RegionID = "cn-hangzhou"
		list, err := DescribeInstances.Do(t.Context(), s, Caller{AccountID: listAccount}, c.request)
		if err != nil {
			t.Fatal(err)
		}
		if list.TotalCount != c.want || len(list.Items) != min(c.want, 10) || list.PageNumber != 1 ||
			list.PageSize != 10 {
			t.Errorf("%s: got %d of %d on page %d of %d, want %d of %d on page 1 of 10",
				c.name, len(list.Items), list.TotalCount, list.PageNumber, list.PageSize, min(c.want, 10), c.want)
		}
	}
}

// Pages by token contain each instance once, with its interface.
func TestDescribeInstancesByToken(t *testing.T) {
	t.Parallel()
	s, _ := openLists(t)
	times := map[string]int{}
	page := PageRequest{MaxResults: new(10)}
	for {
		list, err := DescribeInstances.Do(t.Context(), s, Caller{AccountID: listAccount},
			DescribeInstancesRequest{RegionID: "cn-hangzhou", Page: page})
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range list.Items {
			times[i.ID]++
			if i.AccountID != listAccount || i.Name != listAccount || len(i.NetworkInterfaces) != 1 {
				t.Errorf("%s: got account %s, name %s and %d interfaces, want %s and one",
					i.ID, i.AccountID, i.Name, len(i.NetworkInterfaces), listAccount)
			}
		}
		if page.NextToken = list.NextToken; page.NextToken == "" {
			break
		}
	}
	for id, n := range times {
		if n != 1 {
			t.Errorf("%s: got it %d times, want once", id, n)
		}
	}
	if len(times) != 25 {
		t.Errorf("got %d instances, want 25", len(times))
	}
}

// Pages by token contain each instance that exists all the time exactly once, while other instances
// are created and deleted.
func TestDescribeInstancesByTokenDuringChanges(t *testing.T) {
	t.Parallel()
	s, pool := openLists(t)
	walkDuringChanges(t, pool, changingRows{
		stable: "i-%03d", temporary: "i-%03d-passes-%s", count: 25,
		toggle: `
			WITH gone AS (
			    DELETE FROM instances WHERE account_id = $1 AND id = $2 RETURNING id
			)
			INSERT INTO instances (account_id, id, region_id, zone_id, vpc_id, vswitch_id, instance_type_owner_id,
			    instance_type, eni_quantity, status, created_at)
			SELECT account_id, $2, region_id, zone_id, vpc_id, vswitch_id, instance_type_owner_id, instance_type,
			    eni_quantity, 'Stopped', created_at
			FROM instances
			WHERE account_id = $1 AND id = 'i-001' AND NOT EXISTS (SELECT FROM gone)`,
	}, func(page PageRequest) (ids []string, next string) {
		list, err := DescribeInstances.Do(t.Context(), s, Caller{AccountID: listAccount},
			DescribeInstancesRequest{RegionID: "cn-hangzhou", Page: page})
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range list.Items {
			ids = append(ids, i.ID)
		}
		return ids, list.NextToken
	})
}

// DryRun is checked after all other rules.
func TestDescribeInstancesDryRun(t *testing.T) {
	t.Parallel()
	s, _ := openLists(t)
	for _, c := range []struct {
		name    string
		request DescribeInstancesRequest
		want    *Error
	}{
		{
			"a valid request", DescribeInstancesRequest{RegionID: "cn-hangzhou", DryRun: new(true)},
			DryRunOperation,
		},
		{
			"a request that another rule refuses", DescribeInstancesRequest{RegionID: "mars-1", DryRun: new(true)},
			InvalidRegionIDNotFound,
		},
	} {
		_, err := DescribeInstances.Do(t.Context(), s, Caller{AccountID: listAccount}, c.request)
		wantError(t, c.name, err, c.want)
	}
}

// The wildcard of a name filter becomes that of LIKE, and the wildcards of LIKE are escaped.
func TestLikePattern(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{"": "", "web-*": "web-%", "*a*": "%a%", `100%_\`: `100\%\_\\`} {
		if got := likePattern(name); got != want {
			t.Errorf("%q: got %q, want %q", name, got, want)
		}
	}
}
