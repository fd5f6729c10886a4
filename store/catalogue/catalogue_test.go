package catalogue

import (
	"reflect"
	"strings"
	"testing"
)

// The embedded files have as many regions, zones and types as were collected, so that a lost line
// shows.
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

// A type is found by its id, with the figures of the files. A figure that no source gives is nil.
func TestFindInstanceType(t *testing.T) {
	t.Parallel()
	want := InstanceType{
		ID: "ecs.g6.large", Family: "ecs.g6", Generation: "6", VCPUs: 2, MemoryGiB: 8, ENIQuantity: 2,
		PrivateIPv4PerENI: new(6), IPv6PerENI: new(1), ENITotalQuantity: new(2),
		BandwidthGbps: new(1.0), PPS10k: new(30.0), CPUArchitecture: "x86_64", HotPlug: true, IOOptimized: true,
	}
	if got, found := FindInstanceType("ecs.g6.large"); !found || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v, want %+v", got, found, want)
	}
	if got, found := FindInstanceType("ecs.g6.giant"); found {
		t.Errorf("an unknown type: got %+v, want none", got)
	}
	if burst, _ := FindInstanceType("ecs.t6-c1m1.large"); burst.HotPlug {
		t.Error("ecs.t6-c1m1.large: got hot-plug true, want false")
	}
	old, _ := FindInstanceType("ecs.c1.small")
	if old.IOOptimized || old.PrivateIPv4PerENI != nil || old.IPv6PerENI != nil {
		t.Errorf("ecs.c1.small: got %+v, want no I/O optimization and nil for the address limits", old)
	}
}

// The details of ecs.g7.xlarge are exactly those of its captured API responses. A type that only
// the main table lists has no details.
func TestFindDetails(t *testing.T) {
	t.Parallel()
	want := Details{
		ERIQuantity: new(0), PrimaryENIQueues: new(4), SecondaryENIQueues: new(4), MaxQueuesPerENI: new(4),
		TotalENIQueues:    new(16),
		JumboFrameSupport: true, NVMeSupport: "unsupported", DiskQuantity: new(17), GPUAmount: new(0),
		CPUFrequencyGHz: new(2.7), CPUTurboFrequencyGHz: new(3.5),
		PhysicalProcessorModel: "Intel Xeon (Ice Lake) Platinum 8369B",
		BandwidthRxKbps:        new(3072000), BandwidthTxKbps: new(3072000), PPSRx: new(1100000), PPSTx: new(1100000),
		Category: "General-purpose", FamilyLevel: "EnterpriseLevel",
	}
	if got := FindDetails("ecs.g7.xlarge"); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if got := FindDetails("ecs.c6a.64xlarge"); !reflect.DeepEqual(got, Details{}) {
		t.Errorf("a type without details: got %+v, want no figures", got)
	}
	cards := map[string]int{}
	for _, typ := range InstanceTypes() {
		if typ.NetworkCards != nil {
			cards[typ.ID] = *typ.NetworkCards
		}
	}
	if len(cards) != 8 || cards["ecs.ebmgn9g.64xlarge"] != 2 || cards["ecs.g7nex.32xlarge"] != 2 {
		t.Errorf("network cards: got %v, want those of 8 types", cards)
	}
}

// A region is found by its id, and the region of a zone by the zone's id.
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

// A caller that changes a returned list does not change the catalogue.
func TestListsAreCopies(t *testing.T) {
	t.Parallel()
	InstanceTypes()[0].ID = "changed"
	if got := InstanceTypes()[0].ID; got == "changed" {
		t.Errorf("first type: got %q, want its id unchanged", got)
	}
}

// An error in one of the files is reported with the place where it is.
func TestParseReportsWhereAnErrorIs(t *testing.T) {
	t.Parallel()
	const (
		regions = "region_id,local_name_en,local_name_zh,zone_id\nr,R,R,r-a\n"
		header  = "instance_type,family,generation,vcpus,memory_gib,eni_quantity,private_ipv4_per_eni,ipv6_per_eni," +
			"eni_trunk_supported,bandwidth_gbps,pps_10k,network_cards,max_eni_total_incl_members,arch,source\n"
		types = header + "ecs.x.large,ecs.x,1,2,8,2,6,1,,1,30,,,x86_64,test\n"
	)
	const more = "instance_type,eri_quantity,network_card_quantity,primary_eni_queue_number," +
		"secondary_eni_queue_number,maximum_queue_number_per_eni,total_eni_queue_quantity,queue_pair_number," +
		"jumbo_frame_support,nvme_support,disk_quantity," +
		"gpu_amount,gpu_spec,gpu_memory_gib,local_storage_amount,local_storage_capacity_gib,local_storage_category," +
		"cpu_core_frequency_ghz,cpu_turbo_frequency_ghz,physical_processor_model,instance_bandwidth_rx_kbps," +
		"instance_bandwidth_tx_kbps,instance_pps_rx,instance_pps_tx,baseline_credit,initial_credit,instance_category," +
		"instance_family_level,source\n"
	row := func(id, eri string) string { return id + "," + eri + strings.Repeat(",", 27) + "\n" }
	for _, c := range []struct{ name, regions, types, details, noHotPlug, want string }{
		{"a zone twice", regions + "q,Q,Q,r-a\n", types, more, "", "zone r-a lies in r and in q"},
		{"a column missing", "region_id\nr\n", types, more, "", "no column local_name_en"},
		{
			"a figure that is not a number", regions, strings.Replace(types, ",2,8,2,", ",2,8,two,", 1), more, "",
			"ecs.x.large: eni_quantity",
		},
		{
			"an empty required figure", regions, strings.Replace(types, ",2,8,2,", ",,8,2,", 1), more, "",
			"a required figure is empty",
		},
		{"a type twice", regions, types + strings.TrimPrefix(types, header), more, "", "ecs.x.large is listed twice"},
		{"no hot-plug for an unknown type", regions, types, more, "ecs.y.large\n", "ecs.y.large is not among"},
		{"details without a column", regions, types, "instance_type\n", "", "no column eri_quantity"},
		{"details of an unknown type", regions, types, more + row("ecs.y.large", ""), "", "ecs.y.large is not among"},
		{
			"details twice", regions, types, more + row("ecs.x.large", "1") + row("ecs.x.large", ""), "",
			"ecs.x.large is listed twice",
		},
		{
			"a detail that is not a number", regions, types, more + row("ecs.x.large", "some"), "",
			"ecs.x.large: eri_quantity",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := parse(c.regions, c.types, c.details, c.noHotPlug)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want an error that contains %q", err, c.want)
			}
		})
	}
}
