package catalogue

import (
	"reflect"
	"strings"
	"testing"
)

func TestCatalogueIsComplete(t *testing.T) {
	t.Parallel()
	zones, noHotPlug, notIOOptimized := 0, 0, 0
	for _, r := range Regions() {
		zones += len(r.Zones)
	}
	for _, typ := range InstanceTypes() {
		if !typ.HotPlug {
			noHotPlug++
		}
		if !typ.IOOptimized {
			notIOOptimized++
		}
	}
	for _, count := range []struct {
		what      string
		got, want int
	}{
		{"regions", len(Regions()), 33},
		{"zones", zones, 108},
		{"instance types", len(InstanceTypes()), 1237},
		{"types without hot-plug", noHotPlug, 30},
		{"types without I/O optimization", notIOOptimized, 20},
	} {
		if count.got != count.want {
			t.Errorf("%s: got %d, want %d", count.what, count.got, count.want)
		}
	}
}

func TestFindInstanceType(t *testing.T) {
	t.Parallel()
	want := InstanceType{
		ID: "ecs.g6.large", Family: "ecs.g6", Generation: "6", VCPUs: 2, MemoryGiB: 8, ENIQuantity: 2,
		PrivateIPv4PerENI: new(6), IPv6PerENI: new(1), ENITotalQuantity: new(2), BandwidthGbps: new(1.0), PPS10k: new(30.0),
		CPUArchitecture: "x86_64", HotPlug: true, IOOptimized: true,
	}
	if got, found := FindInstanceType("ecs.g6.large"); !found || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v, want %+v", got, found, want)
	}
	if got, found := FindInstanceType("ecs.g6.giant"); found {
		t.Errorf("an unknown type: got %+v, want none", got)
	}
	if burst, _ := FindInstanceType("ecs.t6-c1m1.large"); burst.HotPlug {
		t.Error("ecs.t6-c1m1.large: got hot-plug, want none")
	}
	old, _ := FindInstanceType("ecs.c1.small")
	if old.IOOptimized || old.PrivateIPv4PerENI != nil || old.IPv6PerENI != nil {
		t.Errorf("ecs.c1.small: got %+v, want no I/O optimization and figures that no source gives to be nil", old)
	}
}

func TestFindRegion(t *testing.T) {
	t.Parallel()
	region, found := FindRegion("cn-hangzhou")
	if !found || region.LocalNameEn != "China (Hangzhou)" {
		t.Fatalf("got %+v, %v, want China (Hangzhou)", region, found)
	}
	for _, zone := range region.Zones {
		if got, _ := RegionOfZone(zone); got != "cn-hangzhou" {
			t.Errorf("region of %s: got %q, want cn-hangzhou", zone, got)
		}
	}
	if got, found := FindRegion("cn-atlantis"); found {
		t.Errorf("an unknown region: got %+v, want none", got)
	}
}

func TestListsAreCopies(t *testing.T) {
	t.Parallel()
	InstanceTypes()[0].ID = "changed"
	if got := InstanceTypes()[0].ID; got == "changed" {
		t.Error("a caller's change reached the catalogue")
	}
}

func TestParseNamesTheMistake(t *testing.T) {
	t.Parallel()
	const (
		regions = "region_id,local_name_en,local_name_zh,zone_id\nr,R,R,r-a\n"
		header  = "instance_type,family,generation,vcpus,memory_gib,eni_quantity,private_ipv4_per_eni,ipv6_per_eni," +
			"eni_trunk_supported,bandwidth_gbps,pps_10k,network_cards,max_eni_total_incl_members,arch,source\n"
		types = header + "ecs.x.large,ecs.x,1,2,8,2,6,1,,1,30,,,x86_64,test\n"
	)
	for _, c := range []struct{ name, regions, types, noHotPlug, want string }{
		{"a zone twice", regions + "q,Q,Q,r-a\n", types, "", "zone r-a lies in r and in q"},
		{"a column missing", "region_id\nr\n", types, "", "no column local_name_en"},
		{"a figure that is none", regions, strings.Replace(types, ",2,8,2,", ",2,8,two,", 1), "", "ecs.x.large: eni_quantity"},
		{"a required figure empty", regions, strings.Replace(types, ",2,8,2,", ",,8,2,", 1), "", "a required figure is empty"},
		{"a type twice", regions, types + strings.TrimPrefix(types, header), "", "ecs.x.large is listed twice"},
		{"no hot-plug for an unknown type", regions, types, "ecs.y.large\n", "ecs.y.large is not among"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := parse(c.regions, c.types, c.noHotPlug)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want an error that says %q", err, c.want)
			}
		})
	}
}
