package service

import (
	"log/slog"
	"slices"
	"testing"
	"time"

	"enisim.alt/service/worldtest"
	"enisim.alt/store"
	"enisim.alt/store/catalogue"
	"enisim.alt/store/storetest"
)

// ownTypesWorld returns an account with a region that the catalogue does not have, and with two
// types of its own. One of them has the id of a type of the catalogue.
func ownTypesWorld() *worldtest.World {
	return worldtest.New(listAccount).
		Region("moon-1", worldtest.Set("zones", []string{"moon-1a", "moon-1-b"})).
		InstanceType("ecs.g6.large", 9, worldtest.Set("vcpus", 3), worldtest.Set("memory_gib", 5.5)).
		InstanceType("ecs.tiny.test", 2)
}

// openCatalogue returns a service with ownTypesWorld and a second account.
func openCatalogue(t *testing.T) *Service {
	t.Helper()
	st := store.New(storetest.Pool(t), slog.New(slog.DiscardHandler))
	worldtest.Apply(t, st, time.Now(), ownTypesWorld().String())
	worldtest.Apply(t, st, time.Now(), worldtest.New(otherAccount).String())
	return New(st, Options{})
}

// typesOf returns all types that a request selects, page by page.
func typesOf(t *testing.T, s *Service, account string, req DescribeInstanceTypesRequest) []InstanceType {
	t.Helper()
	var all []InstanceType
	for {
		list, err := DescribeInstanceTypes.Do(t.Context(), s, Caller{AccountID: account}, req)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, list.Items...)
		if req.Page.NextToken = list.NextToken; req.Page.NextToken == "" {
			return all
		}
	}
}

func typeIDs(types []InstanceType) []string {
	ids := []string{}
	for _, t := range types {
		ids = append(ids, t.ID)
	}
	return ids
}

// Pages of any size contain each type once, in the order of their ids. A type of the account
// replaces the one of the catalogue with the same id. A page has at most 100 types.
func TestDescribeInstanceTypesByToken(t *testing.T) {
	t.Parallel()
	s := openCatalogue(t)
	all := typeIDs(typesOf(t, s, listAccount, DescribeInstanceTypesRequest{}))
	if want := len(catalogue.InstanceTypes()) + 1; len(all) != want || len(slices.Compact(slices.Clone(all))) != want {
		t.Errorf("by default: got %d types, want %d without duplicates", len(all), want)
	}
	for _, size := range []int{0, 97, 100, 101, 1600, 5000} {
		var walked []string
		pages := 0
		for token := ""; (pages == 0 || token != "") && pages <= len(all); pages++ {
			list, err := DescribeInstanceTypes.Do(t.Context(), s, Caller{AccountID: listAccount},
				DescribeInstanceTypesRequest{Page: TokenPage{MaxResults: optional(size), NextToken: token}})
			if err != nil {
				t.Fatal(err)
			}
			walked = append(walked, typeIDs(list.Items)...)
			token = list.NextToken
		}
		if !slices.Equal(walked, all) {
			t.Errorf("by %d: got %d types, want the %d of one page", size, len(walked), len(all))
		}
		perPage := 100
		if size > 0 {
			perPage = min(size, perPage)
		}
		if want := (len(all) + perPage - 1) / perPage; pages != want {
			t.Errorf("by %d: got %d pages, want %d", size, pages, want)
		}
	}
}

// optional returns a pointer to n, or nil for 0.
func optional(n int) *int {
	if n == 0 {
		return nil
	}
	return &n
}

// Only the account that defines a type gets it, in each list of types.
func TestOnlyTheOwnerGetsItsInstanceTypes(t *testing.T) {
	t.Parallel()
	s := openCatalogue(t)
	for _, c := range []struct {
		account string
		vcpus   int // of ecs.g6.large
		sees    bool
	}{
		{listAccount, 3, true},
		{otherAccount, 2, false},
	} {
		for _, own := range typesOf(t, s, c.account, DescribeInstanceTypesRequest{
			InstanceTypes: []string{"ecs.g6.large", "ecs.tiny.test"},
		}) {
			if known := DetailsOf(own).PrimaryENIQueues != nil; known == c.sees {
				t.Errorf("account %s: details of %s: got %t, want %t",
					c.account, own.ID, known, !c.sees)
			}
		}
		named := typesOf(t, s, c.account, DescribeInstanceTypesRequest{
			InstanceTypes: []string{"ecs.g6.large", "ecs.tiny.test"},
		})
		if len(named) == 0 || named[0].VCPUs != c.vcpus || (len(named) == 2) != c.sees {
			t.Errorf("account %s: got %+v, want ecs.g6.large with %d CPUs, and ecs.tiny.test: %t",
				c.account, named, c.vcpus, c.sees)
		}
		caller := Caller{AccountID: c.account}
		families, err := DescribeInstanceTypeFamilies.Do(t.Context(), s, caller,
			DescribeInstanceTypeFamiliesRequest{RegionID: "cn-hangzhou"})
		if err != nil {
			t.Fatal(err)
		}
		if got := slices.Contains(families, InstanceTypeFamily{ID: "ecs.tiny"}); got != c.sees {
			t.Errorf("account %s: family of its own type listed: got %t, want %t", c.account, got, c.sees)
		}
		zones, err := DescribeZones.Do(t.Context(), s, caller, DescribeZonesRequest{RegionID: "cn-hangzhou"})
		if err != nil {
			t.Fatal(err)
		}
		if got := slices.Contains(typeIDs(zones.Types), "ecs.tiny.test"); got != c.sees ||
			len(zones.Types) < len(catalogue.InstanceTypes()) {
			t.Errorf("account %s: got %d types in zones, its own type %t, want %t",
				c.account, len(zones.Types), got, c.sees)
		}
		available, err := DescribeAvailableResource.Do(t.Context(), s, caller,
			DescribeAvailableResourceRequest{
				RegionID: "cn-hangzhou", DestinationResource: "InstanceType", InstanceType: "ecs.tiny.test",
			})
		if err != nil {
			t.Fatal(err)
		}
		if got := len(available.Zones) > 0; got != c.sees {
			t.Errorf("account %s: its own type available: got %t, want %t", c.account, got, c.sees)
		}
	}
	// A filter does not match the type of the catalogue that the account replaces.
	if got := typesOf(t, s, listAccount, DescribeInstanceTypesRequest{
		InstanceTypes: []string{"ecs.g6.large"}, MaximumCPUCoreCount: new(2),
	}); len(got) > 0 {
		t.Errorf("ecs.g6.large with at most two CPUs, of which the account's own has three: got %+v, want none", got)
	}
}

// Each filter selects the same types as a predicate on all types.
func TestDescribeInstanceTypesFilters(t *testing.T) {
	t.Parallel()
	s := openCatalogue(t)
	all := typesOf(t, s, otherAccount, DescribeInstanceTypesRequest{})
	for _, c := range []struct {
		name    string
		request DescribeInstanceTypesRequest
		selects func(InstanceType) bool
	}{
		{
			"family", DescribeInstanceTypesRequest{InstanceTypeFamily: "ecs.g6"},
			func(t InstanceType) bool { return t.Family == "ecs.g6" },
		},
		{"families", DescribeInstanceTypesRequest{InstanceTypeFamilies: []string{"ecs.g6", "ecs.c6"}},
			func(t InstanceType) bool { return t.Family == "ecs.g6" || t.Family == "ecs.c6" }},
		{"CPUs", DescribeInstanceTypesRequest{MinimumCPUCoreCount: new(4), MaximumCPUCoreCount: new(8)},
			func(t InstanceType) bool { return t.VCPUs >= 4 && t.VCPUs <= 8 }},
		{"memory", DescribeInstanceTypesRequest{MinimumMemorySize: "0.5", MaximumMemorySize: "1.5"},
			func(t InstanceType) bool { return t.MemoryGiB >= 0.5 && t.MemoryGiB <= 1.5 }},
		{
			"interfaces", DescribeInstanceTypesRequest{MinimumENIQuantity: new(15)},
			func(t InstanceType) bool { return t.ENIQuantity >= 15 },
		},
		{"IPv4", DescribeInstanceTypesRequest{MinimumPrivateIPv4Quantity: new(30)},
			func(t InstanceType) bool { return t.PrivateIPv4PerENI != nil && *t.PrivateIPv4PerENI >= 30 }},
		{
			"IPv6", DescribeInstanceTypesRequest{MinimumIPv6Quantity: new(30)},
			func(t InstanceType) bool { return t.IPv6PerENI != nil && *t.IPv6PerENI >= 30 },
		},
		{
			"ARM", DescribeInstanceTypesRequest{CPUArchitecture: "ARM"},
			func(t InstanceType) bool { return t.CPUArchitecture == "arm64" },
		},
		{
			"X86", DescribeInstanceTypesRequest{CPUArchitectures: []string{"X86"}},
			func(t InstanceType) bool { return t.CPUArchitecture == "x86_64" },
		},
		{
			"bandwidth",
			DescribeInstanceTypesRequest{
				MinimumInstanceBandwidthRx: new(1), MinimumInstanceBandwidthTx: new(10_240_000),
			},
			func(t InstanceType) bool { return t.BandwidthGbps != nil && *t.BandwidthGbps >= 10 },
		},
		{"packets", DescribeInstanceTypesRequest{MinimumInstancePPSRx: new(1_000_000)},
			func(t InstanceType) bool { return t.PPS10k != nil && *t.PPS10k >= 100 }},
	} {
		want := typeIDs(slices.DeleteFunc(slices.Clone(all), func(t InstanceType) bool { return !c.selects(t) }))
		if got := typeIDs(typesOf(t, s, otherAccount, c.request)); !slices.Equal(got, want) || len(want) == 0 ||
			len(want) == len(all) {
			t.Errorf("%s: got %d types, want %d of %d", c.name, len(got), len(want), len(all))
		}
	}
}

// Each rule of DescribeInstanceTypes answers with its error, the earlier one first.
func TestDescribeInstanceTypesRules(t *testing.T) {
	t.Parallel()
	valid := func() DescribeInstanceTypesRequest {
		return DescribeInstanceTypesRequest{
			InstanceTypes: many(10, "ecs.g6.large"), CPUArchitecture: "ARM", CPUArchitectures: []string{"X86", "ARM"},
			MinimumMemorySize: "0.5", MaximumMemorySize: "64",
			Page: TokenPage{NextToken: instanceTypePages.token("ecs.g6.large")},
		}
	}
	type request = DescribeInstanceTypesRequest
	walkRules(t, describeInstanceTypesRules, valid, []violation[request]{
		{
			"not of its type", "InvalidParameterMinimumCpuCoreCount",
			func(r *request) { r.Malformed = []string{"MinimumCpuCoreCount"} },
		},
		{
			"too many types", "InvalidParameterInstanceTypes",
			func(r *request) { r.InstanceTypes = many(11, "ecs.g6.large") },
		},
		{
			"too many families", "InvalidParameterInstanceTypeFamilies",
			func(r *request) { r.InstanceTypeFamilies = many(101, "ecs.g6") },
		},
		{"CpuArchitecture", "InvalidParameterCpuArchitecture", func(r *request) { r.CPUArchitecture = "arm64" }},
		{
			"CpuArchitectures", "InvalidParameterCpuArchitectures",
			func(r *request) { r.CPUArchitectures = []string{"X86", "x86"} },
		},
		{"MinimumMemorySize", "InvalidParameterMinimumMemorySize", func(r *request) { r.MinimumMemorySize = "NaN" }},
		{"MaximumMemorySize", "InvalidParameterMaximumMemorySize", func(r *request) { r.MaximumMemorySize = "8 GiB" }},
		{"NextToken", "InvalidParameterNextToken", func(r *request) { r.Page.NextToken = instancePages.token("i-1") }},
	})
}

// A region that a scenario declares is there for all accounts, with its zones. Its name is its id.
func TestDeclaredRegionsAreListedForAllAccounts(t *testing.T) {
	t.Parallel()
	s := openCatalogue(t)
	caller := Caller{AccountID: otherAccount}
	regions, err := DescribeRegions.Do(t.Context(), s, caller, DescribeRegionsRequest{AcceptLanguage: "en-US"})
	if err != nil {
		t.Fatal(err)
	}
	if len(regions) != len(catalogue.Regions())+1 || !slices.Contains(regions, Region{"moon-1", "moon-1"}) ||
		!slices.Contains(regions, Region{"cn-hangzhou", "China (Hangzhou)"}) {
		t.Errorf("regions: got %v, want those of the catalogue and moon-1", regions)
	}
	zones, err := DescribeZones.Do(t.Context(), s, caller, DescribeZonesRequest{
		RegionID: "moon-1", AcceptLanguage: "en-US", Verbose: new(false),
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []Zone{{"moon-1-b", "moon-1 Zone B"}, {"moon-1a", "moon-1 Zone A"}}
	if !slices.Equal(sortedZones(zones.Zones), want) || zones.Types != nil {
		t.Errorf("zones: got %v and %d types, want %v and none", zones.Zones, len(zones.Types), want)
	}
}

func sortedZones(zones []Zone) []Zone {
	return slices.SortedFunc(slices.Values(zones), func(a, b Zone) int {
		if a.ID < b.ID {
			return -1
		}
		return 1
	})
}

// A resource is available in the zones of the region, if a type fits the request. If none fits, no
// zone is listed.
func TestDescribeAvailableResource(t *testing.T) {
	t.Parallel()
	s := openCatalogue(t)
	type request = DescribeAvailableResourceRequest
	for _, c := range []struct {
		name    string
		request request
		zones   []string
		want    []string // the values, "" for a kind without values
	}{
		{"zones", request{DestinationResource: "Zone"}, []string{"moon-1-b", "moon-1a"}, []string{""}},
		{"one zone", request{DestinationResource: "Zone", ZoneID: "moon-1a"}, []string{"moon-1a"}, []string{""}},
		{"a zone of another region", request{DestinationResource: "Zone", ZoneID: "cn-hangzhou-h"}, nil, []string{""}},
		{
			"I/O optimization", request{DestinationResource: "IoOptimized", ZoneID: "moon-1a"}, []string{"moon-1a"},
			[]string{"optimized", "none"},
		},
		{
			"I/O optimization of a type without it",
			request{DestinationResource: "IoOptimized", ZoneID: "moon-1a", InstanceType: "ecs.c1.small"},
			[]string{"moon-1a"}, []string{"none"},
		},
		{
			"a type", request{DestinationResource: "InstanceType", ZoneID: "moon-1a", InstanceType: "ecs.tiny.test"},
			[]string{"moon-1a"}, []string{"ecs.tiny.test"},
		},
		{
			"a type without I/O optimization",
			request{DestinationResource: "InstanceType", InstanceType: "ecs.c1.small"}, nil, nil,
		},
		{
			"a type without I/O optimization, by filter",
			request{
				DestinationResource: "InstanceType", ZoneID: "moon-1a", InstanceType: "ecs.c1.small",
				IOOptimized: "none",
			},
			[]string{"moon-1a"}, []string{"ecs.c1.small"},
		},
		{
			"CPUs and memory",
			request{DestinationResource: "InstanceType", ZoneID: "moon-1a", Cores: new(3), Memory: "5.5"},
			[]string{"moon-1a"}, []string{"ecs.g6.large"},
		},
		{"zones, if no type fits", request{DestinationResource: "Zone", Cores: new(3), Memory: "6"}, nil, nil},
		{"networks", request{DestinationResource: "Network", ZoneID: "moon-1a"}, []string{"moon-1a"}, []string{"vpc"}},
		{
			"system disks", request{DestinationResource: "SystemDisk", ZoneID: "moon-1a"}, []string{"moon-1a"},
			DiskCategories(),
		},
		{
			"a data disk", request{DestinationResource: "DataDisk", ZoneID: "moon-1a", DataDiskCategory: "cloud_essd"},
			[]string{"moon-1a"}, []string{"cloud_essd"},
		},
		{"dedicated hosts", request{DestinationResource: "ddh"}, nil, nil},
	} {
		c.request.RegionID = "moon-1"
		got, err := DescribeAvailableResource.Do(t.Context(), s, Caller{AccountID: listAccount}, c.request)
		if err != nil {
			t.Fatal(err)
		}
		var zones []string
		values := map[string][]string{} // by zone
		for _, z := range got.Zones {
			zones = append(zones, z.ID)
			for _, r := range z.Resources {
				values[z.ID] = append(values[z.ID], r.Value)
			}
			if !slices.Equal(values[z.ID], c.want) {
				t.Errorf("%s: got %v in %s, want %v", c.name, values[z.ID], z.ID, c.want)
			}
		}
		if slices.Sort(zones); !slices.Equal(zones, c.zones) {
			t.Errorf("%s: got the zones %v, want %v", c.name, zones, c.zones)
		}
	}
}
