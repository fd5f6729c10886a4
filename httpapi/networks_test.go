package httpapi_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"pgregory.net/rapid"

	"enisim.alt/service"
	"enisim.alt/service/worldtest"
	"enisim.alt/store"
)

// readVPC returns a VPC, and checks that both actions that describe it show the same.
func readVPC(t rapid.TB, s *server, id string) service.VPC {
	t.Helper()
	ctx := context.Background()
	one, err := service.DescribeVPCAttribute.Do(ctx, s.service, caller, service.DescribeVPCAttributeRequest{VPCID: id})
	if err != nil {
		t.Fatalf("DescribeVpcAttribute %s: %v", id, err)
	}
	list, err := service.DescribeVPCs.Do(ctx, s.service, caller,
		service.DescribeVPCsRequest{RegionID: "cn-hangzhou", VPCID: id})
	if err != nil || len(list.Items) != 1 {
		t.Fatalf("DescribeVpcs %s: got %d VPCs, %v; want one", id, len(list.Items), err)
	}
	if listed, read := vpcFields(list.Items[0]), vpcFields(one); !listed.equal(read) {
		t.Fatalf("got %+v in the list and %+v alone, want the same", listed, read)
	}
	return one
}

// readVSwitch returns a VSwitch.
func readVSwitch(t rapid.TB, s *server, id string) service.VSwitch {
	t.Helper()
	one, err := service.DescribeVSwitchAttributes.Do(context.Background(), s.service, caller,
		service.DescribeVSwitchAttributesRequest{VSwitchID: id})
	if err != nil || one == nil {
		t.Fatalf("DescribeVSwitchAttributes %s: got %v, %v; want a VSwitch", id, one, err)
	}
	return *one
}

// networkFields are the fields of a VPC or a VSwitch that a caller sets.
type networkFields struct {
	block, ipv6, name, description, group string
	tags                                  map[string]string
}

func (a networkFields) equal(b networkFields) bool {
	return maps.Equal(a.tags, b.tags) &&
		fmt.Sprint(a.block, a.ipv6, a.name, a.description, a.group) == fmt.Sprint(b.block, b.ipv6, b.name,
			b.description, b.group)
}

// blockText formats a CIDR block, or returns "" without one.
func blockText(block *netip.Prefix) string {
	if block == nil {
		return ""
	}
	return block.String()
}

func vpcFields(v service.VPC) networkFields {
	return networkFields{v.CIDRBlock.String(), blockText(v.IPv6CIDRBlock), v.Name, v.Description, v.ResourceGroupID,
		v.Tags}
}

func vswitchFields(v service.VSwitch) networkFields {
	return networkFields{v.CIDRBlock.String(), blockText(v.IPv6CIDRBlock), v.Name, v.Description, v.ResourceGroupID,
		v.Tags}
}

var (
	someText = rapid.OneOf(rapid.Just(""), rapid.StringMatching(`[a-zA-Z网 <&"]{1,20}`))
	someTags = rapid.Map(rapid.MapOfN(rapid.StringMatching(`[b-z]{1,4}`), rapid.StringMatching(`[b-z]{0,4}`), 0, 4),
		func(m map[string]string) []service.Tag {
			var tags []service.Tag
			for _, key := range slices.Sorted(maps.Keys(m)) {
				tags = append(tags, service.Tag{Key: key, Value: m[key]})
			}
			return tags
		})
)

// asMap returns tags as a map.
func asMap(tags []service.Tag) map[string]string {
	out := map[string]string{}
	for _, t := range tags {
		out[t.Key] = t.Value
	}
	return out
}

// A VPC and its VSwitches read back as they were created and changed, and nothing else changes.
func TestNetworksReadBack(t *testing.T) {
	t.Parallel()
	s := serve(t, world(), service.Options{})
	ctx := t.Context()
	rapid.Check(t, func(t *rapid.T) {
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		block := rapid.SampledFrom([]string{"", "10.0.0.0/8", "192.168.0.0/16", "172.20.0.0/16"}).Draw(t, "block")
		number := rapid.IntRange(0, 1<<20-1).Draw(t, "ipv6")
		ipv6 := netip.MustParsePrefix(fmt.Sprintf("2408:40%02x:%x:%02x00::/56", number>>12, number&0xfff,
			number&0xff)).String()
		create := service.CreateVPCRequest{
			RegionID: "cn-hangzhou", CIDRBlock: block, VPCName: someText.Draw(t, "name"),
			Description:   someText.Draw(t, "description"),
			IPv6CIDRBlock: ipv6, ResourceGroupID: someText.Draw(t, "group"), UserCIDR: "10.0.0.0/8,11.0.0.0/16",
			Tags: someTags.Draw(t, "tags"),
		}
		created, err := service.CreateVPC.Do(ctx, s.service, caller, create)
		must(err)
		vpc := networkFields{cmp.Or(block, "172.16.0.0/12"), ipv6, create.VPCName, create.Description,
			create.ResourceGroupID, asMap(create.Tags)}
		read := readVPC(t, s, created.VPCID)
		if got := vpcFields(read); !got.equal(vpc) || read.Status != "Available" ||
			!slices.Equal(read.Attributes.UserCIDRs, []string{"10.0.0.0/8", "11.0.0.0/16"}) {
			t.Fatalf("created: got %+v %v, want %+v", got, read, vpc)
		}
		if read.VRouterID() != created.VRouterID || !slices.Equal(read.RouteTableIDs, []string{created.RouteTableID}) {
			t.Fatalf("router and table: got %+v, want those of %+v", read, created)
		}

		vswitches := map[string]networkFields{}
		for range rapid.IntRange(0, 4).Draw(t, "vswitches") {
			request := service.CreateVSwitchRequest{
				VPCID: created.VPCID, ZoneID: "cn-hangzhou-h", CIDRMask: new(rapid.IntRange(20, 29).Draw(t, "mask")),
				VSwitchName: someText.Draw(t, "name"), Description: someText.Draw(t, "description"),
				Tags: someTags.Draw(t, "tags"),
			}
			if rapid.Bool().Draw(t, "with IPv6") {
				request.IPv6CIDRBlock = new(len(vswitches) * 50)
			}
			id, err := service.CreateVSwitch.Do(ctx, s.service, caller, request)
			must(err)
			read := readVSwitch(t, s, id)
			want := networkFields{read.CIDRBlock.String(), "", request.VSwitchName, request.Description, vpc.group,
				asMap(request.Tags)}
			if request.IPv6CIDRBlock != nil {
				want.ipv6 = fmt.Sprintf("2408:40%02x:%x:%x::/64", number>>12, number&0xfff,
					(number&0xff)<<8+*request.IPv6CIDRBlock)
				want.ipv6 = netip.MustParsePrefix(want.ipv6).String()
			}
			if got := vswitchFields(read); !got.equal(want) || read.CIDRBlock.Bits() != *request.CIDRMask ||
				read.FreeIPv4 != 1<<(32-*request.CIDRMask)-4 {
				t.Fatalf("created: got %+v with %d free, want %+v and a /%d", got, read.FreeIPv4, want,
					*request.CIDRMask)
			}
			vswitches[id] = want
		}

		for range rapid.IntRange(0, 4).Draw(t, "changes") {
			name, description := someText.Draw(t, "name"), someText.Draw(t, "description")
			ids := append(slices.Sorted(maps.Keys(vswitches)), created.VPCID)
			switch id := rapid.SampledFrom(ids).Draw(t, "what"); id {
			case created.VPCID:
				_, err := service.ModifyVPCAttribute.Do(ctx, s.service, caller, service.ModifyVPCAttributeRequest{
					VPCID: id, VPCName: name, Description: description, EnableIPv6: new(true),
				})
				must(err)
				vpc.name, vpc.description = cmp.Or(name, vpc.name), cmp.Or(description, vpc.description)
			default:
				change := service.ModifyVSwitchAttributeRequest{VSwitchID: id, VSwitchName: name,
					Description: description}
				want := vswitches[id]
				want.name, want.description = cmp.Or(name, want.name), cmp.Or(description, want.description)
				switch rapid.IntRange(0, 2).Draw(t, "ipv6") {
				case 1:
					change.EnableIPv6, want.ipv6 = new(false), ""
				case 2:
					change.EnableIPv6 = new(true)
				}
				_, err := service.ModifyVSwitchAttribute.Do(ctx, s.service, caller, change)
				must(err)
				if change.EnableIPv6 != nil && *change.EnableIPv6 && want.ipv6 == "" {
					want.ipv6 = blockText(readVSwitch(t, s, id).IPv6CIDRBlock)
				}
				vswitches[id] = want
			}
			read := readVPC(t, s, created.VPCID)
			if got := vpcFields(read); !got.equal(vpc) || len(read.VSwitches) != len(vswitches) {
				t.Fatalf("changed: got %+v with %d VSwitches, want %+v with %d", got, len(read.VSwitches), vpc,
					len(vswitches))
			}
			var ipv6Blocks []netip.Prefix
			for id, want := range vswitches {
				read := readVSwitch(t, s, id)
				if got := vswitchFields(read); !got.equal(want) {
					t.Fatalf("changed: got %+v, want %+v", got, want)
				}
				if read.IPv6CIDRBlock == nil {
					continue
				}
				if slices.ContainsFunc(ipv6Blocks, read.IPv6CIDRBlock.Overlaps) {
					t.Fatalf("got the block %v in two VSwitches", read.IPv6CIDRBlock)
				}
				ipv6Blocks = append(ipv6Blocks, *read.IPv6CIDRBlock)
			}
		}
	})
}

// 30 callers create VSwitches whose blocks overlap: one succeeds.
func TestRaceForOneCIDRBlock(t *testing.T) {
	t.Parallel()
	s := serve(t, world(), service.Options{})
	expect(t, race(t, 30, func(k int) (string, error) {
		r, err := s.call(t.Context(), "CreateVSwitch", "VpcId", "vpc-main", "ZoneId", "cn-hangzhou-h",
			"CidrBlock", fmt.Sprintf("10.9.0.0/%d", 16+k%8)) // each contains the smaller ones
		return r.code(), err
	}), map[string]int{ok: 1, "InvalidCidrBlock.Overlapped": 29})
	expectNoDeadlocks(t, s)
}

// 30 callers create VSwitches by size: all succeed, and their blocks do not overlap.
func TestRaceForFreeCIDRBlocks(t *testing.T) {
	t.Parallel()
	s := serve(t, world(), service.Options{})
	expect(t, race(t, 30, func(k int) (string, error) {
		r, err := s.call(t.Context(), "CreateVSwitch", "VpcId", "vpc-main", "ZoneId", "cn-hangzhou-h",
			"CidrMask", fmt.Sprint(20+k%8))
		return r.code(), err
	}), map[string]int{ok: 30})
	rows, err := s.pool.Query(t.Context(), `SELECT cidr_block FROM vswitches WHERE vpc_id = 'vpc-main'`)
	if err != nil {
		t.Fatal(err)
	}
	blocks, err := pgx.CollectRows(rows, pgx.RowTo[netip.Prefix])
	if err != nil || len(blocks) != 32 {
		t.Fatalf("got %d blocks, %v, want 32", len(blocks), err)
	}
	for i, block := range blocks {
		if slices.ContainsFunc(blocks[i+1:], block.Overlaps) {
			t.Errorf("got %v, which overlaps another of %v", block, blocks)
		}
	}
}

// 20 callers with one token create one VPC, and all get its id.
func TestRaceOfOneClientToken(t *testing.T) {
	t.Parallel()
	s := serve(t, world(), service.Options{})
	ids := race(t, 20, func(int) (string, error) {
		r, err := s.call(t.Context(), "CreateVpc", "ClientToken", "again", "VpcName", "once", "EnableIpv6", "true")
		id, _ := r.body["VpcId"].(string)
		return id, err
	})
	if len(ids) != 1 || ids[""] != 0 {
		t.Errorf("got ids %v, want one", ids)
	}
	list := s.mustCall(t, "DescribeVpcs", "VpcName", "once")
	if got := list.body["TotalCount"]; got != 1.0 {
		t.Errorf("got %v VPCs, want 1", got)
	}
}

// A deletion of a VSwitch races with a new interface in it. One of the two succeeds, so an
// interface never refers to a deleted VSwitch.
func TestRaceOfDeleteVSwitchAndNewInterface(t *testing.T) {
	t.Parallel()
	s := serve(t, world(), service.Options{})
	const created = "created"
	total := map[string]int{}
	for round := range 60 {
		id, err := service.CreateVSwitch.Do(t.Context(), s.service, caller,
			service.CreateVSwitchRequest{VPCID: "vpc-main", ZoneID: "cn-hangzhou-h", CIDRMask: new(29)})
		if err != nil {
			t.Fatal(err)
		}
		answers := race(t, 2, func(k int) (string, error) {
			if k == 0 {
				r, err := s.call(t.Context(), "DeleteVSwitch", "VSwitchId", id)
				return "delete:" + r.code(), err
			}
			// As CreateNetworkInterface does: lock the VSwitch, then insert. In odd rounds only the
			// foreign key protects the row.
			tx, err := s.pool.Begin(t.Context())
			if err != nil {
				return "", err
			}
			defer func() { _ = tx.Rollback(context.WithoutCancel(t.Context())) }()
			if round%2 == 0 {
				var found string
				err := tx.QueryRow(t.Context(), `SELECT id FROM vswitches WHERE id = $1 FOR NO KEY UPDATE`,
					id).Scan(&found)
				if errors.Is(err, pgx.ErrNoRows) {
					return "refused", nil
				}
			}
			_, err = tx.Exec(t.Context(), `
				INSERT INTO network_interfaces (account_id, id, region_id, zone_id, vpc_id, vswitch_id, type, status,
				                                mac_address, created_at)
				VALUES ($1, $2, 'cn-hangzhou', 'cn-hangzhou-h', 'vpc-main', $3, 'Secondary', 'Available',
				        '00:16:3e:00:00:01', now())`,
				account, "eni-"+id, id)
			if pg := (*pgconn.PgError)(nil); errors.As(err, &pg) && pg.Code == "23503" && round%2 == 1 {
				return "refused", nil
			}
			if err != nil {
				return "", err
			}
			return created, tx.Commit(t.Context())
		})
		first := maps.Equal(answers, map[string]int{"delete:": 1, "refused": 1})
		second := maps.Equal(answers, map[string]int{"delete:DependencyViolation": 1, created: 1})
		if !first && !second {
			t.Fatalf("round %d: got %v, want one of the two to succeed", round, answers)
		}
		for answer := range answers {
			total[answer]++
		}
	}
	t.Logf("answers: %v", total)
}

// A deletion of a VPC races with a new VSwitch in it. One of the two succeeds.
func TestRaceOfDeleteVpcAndCreateVSwitch(t *testing.T) {
	t.Parallel()
	s := serve(t, world(), service.Options{})
	total := map[string]int{}
	for round := range 60 {
		vpc, err := service.CreateVPC.Do(t.Context(), s.service, caller,
			service.CreateVPCRequest{RegionID: "cn-hangzhou"})
		if err != nil {
			t.Fatal(err)
		}
		answers := race(t, 2, func(k int) (string, error) {
			if k == 0 {
				r, err := s.call(t.Context(), "DeleteVpc", "VpcId", vpc.VPCID)
				return "delete:" + r.code(), err
			}
			r, err := s.call(t.Context(), "CreateVSwitch", "VpcId", vpc.VPCID, "ZoneId", "cn-hangzhou-h",
				"CidrMask", "24")
			return "create:" + r.code(), err
		})
		first := maps.Equal(answers, map[string]int{"delete:": 1, "create:InvalidVpcId.NotFound": 1})
		second := maps.Equal(answers, map[string]int{"delete:DependencyViolation.VSwitch": 1, "create:": 1})
		if !first && !second {
			t.Fatalf("round %d: got %v, want one of the two to succeed", round, answers)
		}
		for answer := range answers {
			total[answer]++
		}
	}
	t.Logf("answers: %v", total)
}

// 16 workers create and delete networks in one account, and none of their rows remain.
func TestConcurrentNetworkLifecycles(t *testing.T) {
	t.Parallel()
	const workers, lifecycles = 16, 4
	s := serve(t, world(), service.Options{})
	expect(t, race(t, workers, func(int) (string, error) {
		for range lifecycles {
			vpc, err := service.CreateVPC.Do(t.Context(), s.service, caller,
				service.CreateVPCRequest{RegionID: "cn-hangzhou", EnableIPv6: new(true)})
			if err != nil {
				return "", err
			}
			var ids []string
			for n := range 3 {
				id, err := service.CreateVSwitch.Do(t.Context(), s.service, caller, service.CreateVSwitchRequest{
					VPCID: vpc.VPCID, ZoneID: "cn-hangzhou-i", CIDRMask: new(24), IPv6CIDRBlock: &n,
				})
				if err != nil {
					return "", err
				}
				ids = append(ids, id)
			}
			if _, err := service.DeleteVPC.Do(t.Context(), s.service, caller,
				service.DeleteVPCRequest{VPCID: vpc.VPCID}); !errors.Is(err, service.VPCHasVSwitches) {
				return "", fmt.Errorf("a VPC with VSwitches: got %w, want VPCHasVSwitches", err)
			}
			for _, id := range ids {
				if _, err := service.DeleteVSwitch.Do(t.Context(), s.service, caller,
					service.DeleteVSwitchRequest{VSwitchID: id}); err != nil {
					return "", err
				}
			}
			if _, err := service.DeleteVPC.Do(t.Context(), s.service, caller,
				service.DeleteVPCRequest{VPCID: vpc.VPCID}); err != nil {
				return "", err
			}
		}
		return ok, nil
	}), map[string]int{ok: workers})
	var vpcs, vswitches int
	if err := s.pool.QueryRow(t.Context(),
		`SELECT (SELECT count(*) FROM vpcs), (SELECT count(*) FROM vswitches)`).Scan(&vpcs, &vswitches); err != nil {
		t.Fatal(err)
	}
	if vpcs != 1 || vswitches != 2 {
		t.Errorf("got %d VPCs and %d VSwitches, want those of the world, 1 and 2", vpcs, vswitches)
	}
	expectNoDeadlocks(t, s)
}

// New VPCs and VSwitches are Pending for exactly the delay. Actions that need them Available refuse
// them.
func TestNewNetworksArePending(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	s := serve(t, world(), service.Options{CreateDelay: time.Second, Now: func() time.Time { return now }})
	code := func(err error) string {
		code, other := codeOf(err)
		if other != nil {
			t.Fatal(other)
		}
		return code
	}
	vpc, err := service.CreateVPC.Do(t.Context(), s.service, caller, service.CreateVPCRequest{RegionID: "cn-hangzhou"})
	if err != nil {
		t.Fatal(err)
	}
	now = now.Add(time.Second - time.Microsecond)
	if got := readVPC(t, s, vpc.VPCID).Status; got != store.NetworkPending {
		t.Errorf("before the due time: got %s, want Pending", got)
	}
	create := service.CreateVSwitchRequest{VPCID: vpc.VPCID, ZoneID: "cn-hangzhou-h", CIDRMask: new(24)}
	if _, err := service.CreateVSwitch.Do(t.Context(), s.service, caller, create); code(err) != "IncorrectVpcStatus" {
		t.Errorf("a VSwitch in a pending VPC: got %v, want IncorrectVpcStatus", err)
	}
	now = now.Add(time.Microsecond)
	if got := readVPC(t, s, vpc.VPCID).Status; got != store.NetworkAvailable {
		t.Errorf("at the due time: got %s, want Available", got)
	}
	id, err := service.CreateVSwitch.Do(t.Context(), s.service, caller, create)
	if err != nil {
		t.Fatal(err)
	}
	if got := readVSwitch(t, s, id).Status; got != store.NetworkPending {
		t.Errorf("a new VSwitch: got %s, want Pending", got)
	}
	if _, err := service.DeleteVSwitch.Do(t.Context(), s.service, caller,
		service.DeleteVSwitchRequest{VSwitchID: id}); code(err) != "IncorrectVSwitchStatus" {
		t.Errorf("deletion of a pending VSwitch: got %v, want IncorrectVSwitchStatus", err)
	}
	now = now.Add(time.Second)
	if _, err := service.DeleteVSwitch.Do(t.Context(), s.service, caller,
		service.DeleteVSwitchRequest{VSwitchID: id}); err != nil {
		t.Errorf("deletion of an available VSwitch: got %v, want no error", err)
	}
}

// An interface blocks the deletion of its VSwitch while it is Deleting, and no longer.
func TestDeletedInterfacesDoNotBlockVSwitchDeletion(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	s := serve(t, world().
		NetworkInterface("eni-1", worldtest.In("vsw-i")), service.Options{Now: func() time.Time { return now }})
	if _, err := s.pool.Exec(t.Context(), `
		UPDATE network_interfaces SET status = 'Deleting', next_status = 'Deleted', settles_at = $1`,
		now.Add(time.Second)); err != nil {
		t.Fatal(err)
	}
	free := func() int { return readVSwitch(t, s, "vsw-i").FreeIPv4 }
	if got := free(); got != 65531 {
		t.Errorf("free addresses while it is Deleting: got %d, want 65531", got)
	}
	deleteVSwitch := func() error {
		_, err := service.DeleteVSwitch.Do(t.Context(), s.service, caller,
			service.DeleteVSwitchRequest{VSwitchID: "vsw-i"})
		return err
	}
	if err := deleteVSwitch(); !errors.Is(err, service.VSwitchInUse) {
		t.Errorf("while it is Deleting: got %v, want DependencyViolation", err)
	}
	now = now.Add(time.Second)
	if got := free(); got != 65532 {
		t.Errorf("free addresses after the deletion: got %d, want 65532", got)
	}
	if err := deleteVSwitch(); err != nil {
		t.Errorf("after the deletion of the interface: got %v, want no error", err)
	}
	if deleted := s.mustCall(t, "DescribeVSwitchAttributes", "VSwitchId", "vsw-i"); deleted.status != 200 ||
		deleted.body["VSwitchId"] != "" {
		t.Errorf("after the deletion of the VSwitch: got %d %v, want an empty VSwitchId", deleted.status, deleted.body)
	}
}

// IPv6 can be disabled while no VSwitch uses the block. When it is enabled again, the VPC gets
// another block.
func TestToggleIPv6OfVPC(t *testing.T) {
	t.Parallel()
	s := serve(t, world(), service.Options{})
	ipv6 := func() *netip.Prefix { return readVPC(t, s, "vpc-main").IPv6CIDRBlock }
	modify := func(enable bool) {
		t.Helper()
		if _, err := service.ModifyVPCAttribute.Do(t.Context(), s.service, caller,
			service.ModifyVPCAttributeRequest{VPCID: "vpc-main", EnableIPv6: &enable}); err != nil {
			t.Fatal(err)
		}
	}
	modify(true)
	first := ipv6()
	if first == nil || first.Bits() != 56 {
		t.Fatalf("enabled: got %v, want a /56", first)
	}
	if _, err := service.ModifyVSwitchAttribute.Do(t.Context(), s.service, caller,
		service.ModifyVSwitchAttributeRequest{VSwitchID: "vsw-h", IPv6CIDRBlock: new(7)}); err != nil {
		t.Fatal(err)
	}
	disable := service.ModifyVPCAttributeRequest{VPCID: "vpc-main", EnableIPv6: new(false)}
	_, err := service.ModifyVPCAttribute.Do(t.Context(), s.service, caller, disable)
	if !errors.Is(err, service.VPCHasVSwitches) {
		t.Errorf("with a VSwitch in the block: got %v, want DependencyViolation.VSwitch", err)
	}
	if _, err := service.ModifyVSwitchAttribute.Do(t.Context(), s.service, caller,
		service.ModifyVSwitchAttributeRequest{VSwitchID: "vsw-h", EnableIPv6: new(false)}); err != nil {
		t.Fatal(err)
	}
	modify(false)
	if got := ipv6(); got != nil {
		t.Errorf("disabled: got %v, want none", got)
	}
	modify(true)
	if got := ipv6(); got == nil || *got == *first {
		t.Errorf("enabled again: got %v, want another block than %v", got, first)
	}
}

// ECS has the actions on networks too, under its own Version. They have the same replies and need
// the same permissions.
func TestNetworkActionsWithECSVersion(t *testing.T) {
	t.Parallel()
	const ecs, vpc = "2014-05-26", "2016-04-28"
	s := serve(t, world().RAMUser("looker", "LTAIlooker", "vpc:DescribeVpcs"), service.Options{})
	for _, action := range []string{"DescribeVpcs", "DescribeVSwitches", "DescribeRouteTables"} {
		var answers []string
		for _, version := range []string{ecs, vpc} {
			r := s.mustCall(t, action, "Version", version)
			delete(r.body, "RequestId")
			answers = append(answers, encodeJSON(r.body))
		}
		if answers[0] != answers[1] || !strings.Contains(answers[0], "vpc-main") && action != "DescribeRouteTables" ||
			strings.Contains(answers[0], "Code") {
			t.Errorf("%s: got\n%s\nwant as with the Version of VPC\n%s", action, answers[0], answers[1])
		}
	}
	made := s.mustCall(t, "CreateVpc", "Version", ecs, "CidrBlock", "172.16.0.0/12")
	id, _ := made.body["VpcId"].(string)
	s.expectCode(t, ok, "ModifyVpcAttribute", "Version", ecs, "VpcId", id, "VpcName", "older")
	inside := s.mustCall(t, "CreateVSwitch", "Version", ecs, "VpcId", id, "ZoneId", "cn-hangzhou-h",
		"CidrBlock", "172.16.0.0/24")
	vswitch, _ := inside.body["VSwitchId"].(string)
	s.expectCode(t, ok, "ModifyVSwitchAttribute", "Version", ecs, "VSwitchId", vswitch, "VSwitchName", "older")
	s.expectCode(t, ok, "DeleteVSwitch", "Version", ecs, "VSwitchId", vswitch)
	s.expectCode(t, ok, "DeleteVpc", "Version", ecs, "VpcId", id)

	s.expectCode(t, ok, "DescribeVpcs", "Version", ecs, "AccessKeyId", "LTAIlooker")
	s.expectCode(t, "Forbidden.RAM", "DescribeVSwitches", "Version", ecs, "AccessKeyId", "LTAIlooker")
	// ECS does not have this action
	s.expectCode(t, "InvalidAction.NotFound", "DescribeVpcAttribute", "Version", ecs, "VpcId", "vpc-main")
	s.expectCode(t, "InvalidAction.NotFound", "DescribeInstances", "Version", vpc)
}
