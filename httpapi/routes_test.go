package httpapi_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"enisim.alt/service"
	"enisim.alt/service/worldtest"
)

// routeEntries returns the custom entries of a route table, as destination, type and id of the next hop.
func (s *server) routeEntries(t *testing.T, table string) (entries []string) {
	t.Helper()
	var found struct {
		RouteEntrys struct {
			RouteEntry []struct {
				DestinationCidrBlock string
				NextHops             struct {
					NextHop []struct{ NextHopId, NextHopType string }
				}
			}
		}
	}
	r := s.mustCall(t, "DescribeRouteEntryList", "RouteTableId", table, "RouteEntryType", "Custom", "MaxResult", "100")
	text, _ := json.Marshal(r.body)
	if err := json.Unmarshal(text, &found); err != nil {
		t.Fatal(err)
	}
	for _, e := range found.RouteEntrys.RouteEntry {
		hop := e.NextHops.NextHop[0]
		entries = append(entries, e.DestinationCidrBlock+" "+hop.NextHopType+" "+hop.NextHopId)
	}
	return entries
}

// One of 40 concurrent entries with the same destination is created, whatever their next hops.
func TestRaceForOneDestination(t *testing.T) {
	t.Parallel()
	s := serve(t, world().NetworkInterface("eni-{n}", worldtest.Count(40)), service.Options{})
	expect(t, race(t, 40, func(k int) (string, error) {
		r, err := s.call(t.Context(), "CreateRouteEntry", "RouteTableId", "vtb-main", "NextHopType", ofInterface,
			"DestinationCidrBlock", "198.51.100.0/24", "NextHopId", fmt.Sprintf("eni-%d", k+1))
		return r.code(), err
	}), map[string]int{ok: 1, "InvalidCIDRBlock.Duplicate": 39})
	checkInvariants(t, s.pool)
	if n := deadlocks(t, s); n != 0 {
		t.Errorf("deadlocks: got %d, want 0", n)
	}
}

// Callers fill a table with 200 entries, of which 190 are there at first; batches count each entry.
func TestRaceForTheQuotaOfRouteEntries(t *testing.T) {
	t.Parallel()
	var entries []map[string]string
	for k := range 190 {
		entries = append(entries, map[string]string{
			"destination_cidr_block": fmt.Sprintf("203.0.113.%d/32", k), "next_hop": "i-1",
		})
	}
	s := serve(t, world().Instance("i-1").RouteTable("vtb-own", worldtest.Set("entries", entries)), service.Options{})
	answers := race(t, 30, func(k int) (string, error) {
		if k%2 == 0 {
			r, err := s.call(t.Context(), "CreateRouteEntry", "RouteTableId", "vtb-own", "NextHopId", "i-1",
				"DestinationCidrBlock", fmt.Sprintf("198.51.100.%d", k))
			return r.code(), err
		}
		r, err := s.call(t.Context(), "CreateRouteEntries", "RouteEntries.1.RouteTableId", "vtb-own",
			"RouteEntries.1.DstCidrBlock", fmt.Sprintf("198.51.100.%d", k), "RouteEntries.1.NextHop", "i-1")
		if failed, _ := json.Marshal(r.body); strings.Contains(string(failed), `"FailedCode":"QuotaExceeded"`) {
			return "QuotaExceeded", err
		}
		return r.code(), err
	})
	expect(t, answers, map[string]int{ok: 10, "QuotaExceeded": 20})
	checkInvariants(t, s.pool)
}

// 9 of 30 callers that create custom tables of a VPC get one.
func TestRaceForTheQuotaOfRouteTables(t *testing.T) {
	t.Parallel()
	s := serve(t, world(), service.Options{})
	expect(t, race(t, 30, func(int) (string, error) {
		r, err := s.call(t.Context(), "CreateRouteTable", "VpcId", "vpc-main")
		return r.code(), err
	}), map[string]int{ok: 9, "QuotaExceeded.RouteTable": 21})
	checkInvariants(t, s.pool)
}

// An entry and the deletion of its next hop: whichever comes first, the other is refused.
func TestRaceOfARouteEntryAndTheDeletionOfItsNextHop(t *testing.T) {
	t.Parallel()
	for _, hop := range []struct {
		kind, id, gone, notFound string
		deletion                 []string
	}{
		{"Instance", "i-1", "DeleteInstance", "InvalidNextHopId.NotFound",
			[]string{"InstanceId", "i-1", "Force", "true"}},
		{ofInterface, "eni-1", "DeleteNetworkInterface", "InvalidNetworkInterface.NotFound",
			[]string{"NetworkInterfaceId", "eni-1"}},
	} {
		t.Run(hop.kind, func(t *testing.T) {
			t.Parallel()
			s := serve(t, world().Instance("i-1").NetworkInterface("eni-1"), service.Options{})
			answers := race(t, 2, func(k int) (string, error) {
				action, pairs := hop.gone, hop.deletion
				if k == 0 {
					action, pairs = "CreateRouteEntry", []string{"RouteTableId", "vtb-main", "NextHopType", hop.kind,
						"DestinationCidrBlock", "198.51.100.0/24", "NextHopId", hop.id}
				}
				r, err := s.call(t.Context(), action, pairs...)
				return r.code(), err
			})
			if len(s.routeEntries(t, "vtb-main")) > 0 {
				expect(t, answers, map[string]int{ok: 1, "DependencyViolation.RouteEntry": 1})
			} else {
				expect(t, answers, map[string]int{ok: 1, hop.notFound: 1})
			}
			checkInvariants(t, s.pool)
		})
	}
}

// A VSwitch uses one of the tables that callers associate with it at the same time, or is deleted.
func TestRaceForTheRouteTableOfAVSwitch(t *testing.T) {
	t.Parallel()
	w := world().VSwitch("vsw-race", "cn-hangzhou-h", "10.200.0.0/24")
	for k := range 9 {
		w.RouteTable(fmt.Sprintf("vtb-%c", 'a'+k))
	}
	s := serve(t, w, service.Options{})
	answers := race(t, 10, func(k int) (string, error) {
		action, pairs := "DeleteVSwitch", []string{"VSwitchId", "vsw-race"}
		if k < 9 {
			action, pairs = "AssociateRouteTable", append(pairs, "RouteTableId", fmt.Sprintf("vtb-%c", 'a'+k))
		}
		r, err := s.call(t.Context(), action, pairs...)
		return r.code(), err
	})
	if answers["InvalidVSwitchId.NotFound"] == 0 {
		expect(t, answers, map[string]int{
			ok: 1, "Forbidden.VSwitchAlreadyAssociatedRouteTable": 8, "DependencyViolation.RouteTable": 1,
		})
	} else {
		expect(t, answers, map[string]int{ok: 1, "InvalidVSwitchId.NotFound": 9})
	}
	checkInvariants(t, s.pool)
}

// A next hop cannot be deleted, nor what its entry is in, until the entry is gone. An interface that outlives
// its instance does not keep the instance.
func TestRouteEntriesKeepWhatTheyReferTo(t *testing.T) {
	t.Parallel()
	s := serve(t, world().Instance("i-1", worldtest.Type("ecs.g6.2xlarge")).Instance("i-2").Instance("i-3").
		NetworkInterface("eni-goes", worldtest.AttachedTo("i-1"), worldtest.Set("delete_on_release", true)).
		NetworkInterface("eni-stays", worldtest.AttachedTo("i-1"), worldtest.Set("delete_on_release", false)).
		NetworkInterface("eni-free"), service.Options{})
	table := fmt.Sprint(s.expectCode(t, ok, "CreateRouteTable", "VpcId", "vpc-main").body["RouteTableId"])
	entry := func(table, destination, kind, hop string) string {
		t.Helper()
		return fmt.Sprint(s.expectCode(t, ok, "CreateRouteEntry", "RouteTableId", table, "NextHopType", kind,
			"DestinationCidrBlock", destination, "NextHopId", hop).body["RouteEntryId"])
	}
	goes := entry(table, "198.51.100.0/24", ofInterface, "eni-goes")
	stays := entry(table, "198.51.101.0/24", ofInterface, "eni-stays")
	free := entry("vtb-main", "198.51.100.0/24", ofInterface, "eni-free")
	two := entry("vtb-main", "198.51.101.0/24", "Instance", "i-2")
	want := []string{"198.51.100.0/24 NetworkInterface eni-free", "198.51.101.0/24 Instance i-2"}
	if got := s.routeEntries(t, "vtb-main"); !slices.Equal(got, want) {
		t.Errorf("entries: got %v, want %v", got, want)
	}
	s.expectCode(t, "DependencyViolation.RouteEntry", "DeleteInstance", "InstanceId", "i-1", "Force", "true")
	s.expectCode(t, "DependencyViolation.RouteEntry", "DeleteInstance", "InstanceId", "i-2", "Force", "true")
	s.expectCode(t, "DependencyViolation.RouteEntry", "DeleteInstances", "InstanceId.1", "i-3", "InstanceId.2", "i-1",
		"Force", "true")
	s.expectCode(t, "DependencyViolation.RouteEntry", "DeleteNetworkInterface", "NetworkInterfaceId", "eni-free")
	s.expectCode(t, "DependencyViolation.RouteEntry", "DeleteVpc", "VpcId", "vpc-main")
	s.expectCode(t, "IncorrectRouteTableStatus.RouteEntryExist", "DeleteRouteTable", "RouteTableId", table)
	s.expectCode(t, ok, "DeleteRouteEntry", "RouteEntryId", goes)
	s.expectCode(t, ok, "DeleteInstance", "InstanceId", "i-1", "Force", "true")
	s.expectCode(t, "DependencyViolation.RouteEntry", "DeleteNetworkInterface", "NetworkInterfaceId", "eni-stays")
	s.expectCode(t, ok, "DeleteRouteEntries", "RouteEntries.1.RouteEntryId", stays, "RouteEntries.2.RouteEntryId", free,
		"RouteEntries.3.RouteEntryId", two)
	s.expectCode(t, ok, "DeleteNetworkInterface", "NetworkInterfaceId", "eni-stays")
	s.expectCode(t, ok, "DeleteNetworkInterface", "NetworkInterfaceId", "eni-free")
	s.expectCode(t, ok, "DeleteInstances", "InstanceId.1", "i-3", "InstanceId.2", "i-2", "Force", "true")
	s.expectCode(t, ok, "DeleteRouteTable", "RouteTableId", table)
	checkInvariants(t, s.pool)
}

// A VSwitch shows the table that it uses, and its block makes an entry of the system in all tables. Neither a
// destination lies in a VSwitch, nor a new VSwitch around a destination.
func TestRouteTablesOfVSwitches(t *testing.T) {
	t.Parallel()
	s := serve(t, world().Instance("i-1").VSwitch("vsw-two", "cn-hangzhou-h", "10.200.0.0/24").
		RouteTable("vtb-own"), service.Options{})
	uses := func(want string, pairs ...string) {
		t.Helper()
		r := s.mustCall(t, "DescribeVSwitches", append([]string{"VSwitchId", "vsw-two"}, pairs...)...)
		text, _ := json.Marshal(r.body)
		if !strings.Contains(string(text), want) {
			t.Errorf("VSwitch: got %s, want %s", text, want)
		}
	}
	uses(`"RouteTableId":"vtb-main","RouteTableType":"System"`, "RouteTableId", "vtb-main")
	s.expectCode(t, ok, "AssociateRouteTable", "RouteTableId", "vtb-own", "VSwitchId", "vsw-two")
	uses(`"RouteTableId":"vtb-own","RouteTableType":"Custom"`, "RouteTableId", "vtb-own")
	uses(`"TotalCount":0`, "RouteTableId", "vtb-main")
	s.expectCode(t, "IncorrectRouteTableStatus", "DeleteRouteTable", "RouteTableId", "vtb-own")
	s.expectCode(t, "DependencyViolation.RouteTable", "DeleteVSwitch", "VSwitchId", "vsw-two")
	s.expectCode(t, "InvalidCidrBlock", "CreateRouteEntry", "RouteTableId", "vtb-own", "NextHopId", "i-1",
		"DestinationCidrBlock", "10.200.0.128/25")
	s.expectCode(t, ok, "CreateRouteEntry", "RouteTableId", "vtb-own", "NextHopId", "i-1",
		"DestinationCidrBlock", "10.200.2.0/25")
	s.expectCode(t, ok, "CreateRouteEntry", "RouteTableId", "vtb-own", "NextHopId", "i-1",
		"DestinationCidrBlock", "0.0.0.0/0")
	s.expectCode(t, "InvalidCidrBlock.Overlapped", "CreateVSwitch", "VpcId", "vpc-main", "ZoneId", "cn-hangzhou-h",
		"CidrBlock", "10.200.2.0/24")
	s.expectCode(t, ok, "CreateVSwitch", "VpcId", "vpc-main", "ZoneId", "cn-hangzhou-h", "CidrBlock", "10.200.3.0/24")
	s.expectCode(t, ok, "CreateVSwitch", "VpcId", "vpc-main", "ZoneId", "cn-hangzhou-h", "CidrMask", "24")
	s.expectCode(t, ok, "UnassociateRouteTable", "RouteTableId", "vtb-own", "VSwitchId", "vsw-two")
	uses(`"RouteTableId":"vtb-main","RouteTableType":"System"`)
	s.expectCode(t, ok, "DeleteVSwitch", "VSwitchId", "vsw-two")
	events := strings.Join(recordedEvents(t, s.pool), "\n")
	for _, want := range []string{
		`"to": "vtb-own", "from": "vtb-main", "field": "RouteTableId", "resource": "vsw-two"`,
		`"to": "vtb-main", "from": "vtb-own", "field": "RouteTableId", "resource": "vsw-two"`,
		`"to": "10.200.2.0/25", "from": "", "field": "DestinationCidrBlock"`,
	} {
		if !strings.Contains(events, want) {
			t.Errorf("events: got no change %s in\n%s", want, events)
		}
	}
	checkInvariants(t, s.pool)
}

// The pages of a list of entries have each entry once.
func TestPagesOfRouteEntries(t *testing.T) {
	t.Parallel()
	var entries []map[string]string
	for k := range 25 {
		entries = append(entries, map[string]string{
			"destination_cidr_block": fmt.Sprintf("203.0.113.%d/32", k), "next_hop": "i-1",
		})
	}
	s := serve(t, world().Instance("i-1").RouteTable("vtb-own", worldtest.Set("entries", entries)), service.Options{})
	seen, token := map[string]bool{}, ""
	for pages := 1; ; pages++ {
		r := s.mustCall(t, "DescribeRouteEntryList", "RouteTableId", "vtb-own", "MaxResult", "10", "NextToken", token)
		list := r.body["RouteEntrys"].(map[string]any)["RouteEntry"].([]any)
		for _, e := range list {
			seen[fmt.Sprint(e.(map[string]any)["DestinationCidrBlock"])] = true
		}
		if token = fmt.Sprint(r.body["NextToken"]); token == "" {
			if pages != 3 {
				t.Errorf("pages: got %d, want 3", pages)
			}
			break
		}
		if pages > 3 {
			t.Fatal("got a token after the last page")
		}
	}
	if len(seen) < 27 { // with the VSwitch and the services of the cloud
		t.Errorf("entries: got %d, want those of 25 customers and of the system", len(seen))
	}
}

// 5 of 20 callers that add secondary blocks to a VPC succeed.
func TestRaceForTheSecondaryBlocksOfAVPC(t *testing.T) {
	t.Parallel()
	s := serve(t, world(), service.Options{})
	expect(t, race(t, 20, func(k int) (string, error) {
		r, err := s.call(t.Context(), "AssociateVpcCidrBlock", "VpcId", "vpc-main",
			"SecondaryCidrBlock", fmt.Sprintf("192.168.%d.0/24", k))
		return r.code(), err
	}), map[string]int{ok: 5, "QuotaExceeded.VpcMultiCidr": 15})
	checkInvariants(t, s.pool)
}

// A VSwitch lies in any block of its VPC, and a block with a VSwitch stays. A mask finds room in all blocks.
func TestVSwitchesInSecondaryBlocks(t *testing.T) {
	t.Parallel()
	s := serve(t, world().VPC("vpc-small", "172.16.0.0/24").VSwitch("vsw-full", "cn-hangzhou-h", "172.16.0.0/24"),
		service.Options{})
	create := func(code string, pairs ...string) {
		t.Helper()
		s.expectCode(t, code, "CreateVSwitch",
			append([]string{"VpcId", "vpc-small", "ZoneId", "cn-hangzhou-h"}, pairs...)...)
	}
	create("InvalidParameter", "CidrBlock", "192.168.0.0/24")
	create("InvalidCidrBlock.Overlapped", "CidrMask", "24")
	block := []string{"VpcId", "vpc-small", "SecondaryCidrBlock", "192.168.0.0/23"}
	s.expectCode(t, ok, "AssociateVpcCidrBlock", block...)
	s.expectCode(t, "Duplicated.SecondaryCidrBlock", "AssociateVpcCidrBlock", block...)
	s.expectCode(t, ok, "UnassociateVpcCidrBlock", block...)
	s.expectCode(t, ok, "AssociateVpcCidrBlock", block...)
	text, _ := json.Marshal(s.mustCall(t, "DescribeVpcs", "VpcId", "vpc-small").body)
	want := `"SecondaryCidrBlocks":{"SecondaryCidrBlock":["192.168.0.0/23"]}`
	if !strings.Contains(string(text), want) {
		t.Errorf("VPC: got %s, want %s", text, want)
	}
	create(ok, "CidrBlock", "192.168.0.0/24")
	create(ok, "CidrMask", "24")
	create("InvalidCidrBlock.Overlapped", "CidrMask", "24")
	s.expectCode(t, "OperationFailed.CidrInUse", "UnassociateVpcCidrBlock", block...)
	checkInvariants(t, s.pool)
}
