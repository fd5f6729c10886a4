package httpapi_test

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"

	"enisim/service"
	"enisim/service/worldtest"
	"enisim/store/storetest"
)

// addressWorld has instances of a type that takes six IPv4 addresses and one of IPv6 per interface, and a small VSwitch.
func addressWorld() *worldtest.World {
	return worldtest.New(account).
		AccessKey(accessKey, worldtest.Set("secret", "test-secret")).
		VPC("vpc-main", "10.0.0.0/8", worldtest.Set("ipv6_cidr_block", "2001:db8:0:100::/56")).
		VSwitch("vsw-h", "cn-hangzhou-h", "10.0.0.0/16", worldtest.Set("ipv6_cidr_block", "2001:db8:0:100::/64")).
		VSwitch("vsw-small", "cn-hangzhou-h", "10.1.0.0/28").
		SecurityGroup("sg-main").
		Instance("i-hot", worldtest.Type("ecs.six.test")).
		Instance("i-{n}", worldtest.Count(10), worldtest.Type("ecs.six.test")).
		NetworkInterface("eni-hot", worldtest.AttachedTo("i-hot")).
		NetworkInterface("eni-free").
		NetworkInterface("eni-{n}", worldtest.Count(10), worldtest.Set("secondary_private_ip_address_count", 5)).
		NetworkInterface("eni-small-{n}", worldtest.Count(4), worldtest.In("vsw-small")).
		InstanceType("ecs.six.test", 4, worldtest.Set("vcpus", 2), worldtest.Set("memory_gib", 4), worldtest.Set("private_ipv4_per_eni", 6), worldtest.Set("ipv6_per_eni", 4))
}

// held are the addresses and prefixes of an interface, as the tables say.
func held(t testing.TB, s *server, eni string) []string {
	t.Helper()
	rows, err := s.pool.Query(t.Context(), `
		SELECT host(address) FROM private_ip_addresses WHERE network_interface_id = $1
		UNION ALL
		SELECT prefix::text FROM ip_prefixes WHERE network_interface_id = $1
		ORDER BY 1`, eni)
	if err != nil {
		t.Fatal(err)
	}
	out, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// 40 callers want one more address each of an interface that has room for a few, a prefix or a single one: the type's limit is met, never passed.
func TestRaceForTheAddressesOfAnInterface(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		eni, action string
		one, prefix []string
		room        int
		refusal     string
	}{
		{"eni-hot", "AssignPrivateIpAddresses", []string{"SecondaryPrivateIpAddressCount", "1"}, []string{"Ipv4PrefixCount", "1"}, 5, "InvalidOperation.Ipv4CountExceeded"},
		{"eni-hot-primary", "AssignIpv6Addresses", []string{"Ipv6AddressCount", "1"}, []string{"Ipv6PrefixCount", "1"}, 4, "InvalidOperation.Ipv6CountExceeded"},
		{"eni-free", "AssignIpv6Addresses", []string{"Ipv6AddressCount", "1"}, []string{"Ipv6PrefixCount", "1"}, 10, "MaxEniIpv6IpsCountExceeded"},
	} {
		t.Run(c.eni+" "+c.action, func(t *testing.T) {
			t.Parallel()
			s := serve(t, addressWorld(), service.Options{})
			expect(t, race(t, 40, func(k int) (string, error) {
				what := c.one
				if k%2 == 0 {
					what = c.prefix
				}
				for {
					r, err := s.call(t.Context(), c.action, also([]string{"NetworkInterfaceId", c.eni}, what...)...)
					if r.code() != "Operation.Conflict" { // another caller's change was under way: clients repeat the call
						return r.code(), err
					}
				}
			}), map[string]int{ok: c.room, c.refusal: 40 - c.room})
			if got := held(t, s, c.eni); len(got) != c.room+1 { // and the primary IPv4 address
				t.Errorf("got %d addresses and prefixes %v, want %d", len(got), got, c.room+1)
			}
			if n := deadlocks(t, s); n != 0 {
				t.Errorf("deadlocks: got %d, want 0", n)
			}
		})
	}
}

// 12 addresses of a VSwitch can be given out, 4 are: of 16 callers 8 get one, each another one.
func TestRaceToAssignTheAddressesOfAVSwitch(t *testing.T) {
	t.Parallel()
	s := serve(t, addressWorld(), service.Options{})
	expect(t, race(t, 16, func(k int) (string, error) {
		for {
			r, err := s.call(t.Context(), "AssignPrivateIpAddresses",
				"NetworkInterfaceId", fmt.Sprintf("eni-small-%d", k%4+1), "SecondaryPrivateIpAddressCount", "1")
			if r.code() != "Operation.Conflict" {
				return r.code(), err
			}
		}
	}), map[string]int{ok: 8, "InvalidVSwitchId.IpNotEnough": 8})
}

// Of two changes of one interface's addresses that meet, the second is told so at once, with the code that clients retry. An interface beside it is changed meanwhile.
func TestTwoChangesOfAddressesMeet(t *testing.T) {
	t.Parallel()
	s := serveOn(t, patient(t, storetest.Pool(t)), addressWorld(), service.Options{})
	holder, err := s.pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = holder.Rollback(context.WithoutCancel(t.Context())) }()
	if _, err := holder.Exec(t.Context(), `SELECT FROM vswitches WHERE id = 'vsw-h' FOR UPDATE`); err != nil {
		t.Fatal(err)
	}
	first := make(chan string)
	go func() { // it waits for the VSwitch
		r, err := s.call(t.Context(), "AssignPrivateIpAddresses", "NetworkInterfaceId", "eni-free", "SecondaryPrivateIpAddressCount", "1")
		first <- fmt.Sprint(r.code(), err)
	}()
	storetest.AwaitLockWaits(t, s.pool, 1)
	for action, pairs := range map[string][]string{
		"AssignPrivateIpAddresses": {"SecondaryPrivateIpAddressCount", "1"}, "AssignIpv6Addresses": {"Ipv6AddressCount", "1"},
		"UnassignPrivateIpAddresses": {"PrivateIpAddress.1", "10.0.9.9"}, "UnassignIpv6Addresses": {"Ipv6Address.1", "2001:db8:0:100::9"},
	} {
		if r := s.mustCall(t, action, also(pairs, "NetworkInterfaceId", "eni-free")...); r.status != 403 || r.code() != "Operation.Conflict" {
			t.Errorf("%s beside an assignment: got %d %v, want 403 Operation.Conflict", action, r.status, r.body)
		}
	}
	if r := s.mustCall(t, "UnassignPrivateIpAddresses", "NetworkInterfaceId", "eni-1", "PrivateIpAddress.1", "10.0.9.9"); r.code() != "InvalidIp.IpUnassigned" {
		t.Errorf("on another interface: got %v, want its own answer", r.body)
	}
	if err := holder.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := <-first; got != fmt.Sprint(ok, nil) {
		t.Errorf("the first: got %s, want success", got)
	}
}

// An interface with six addresses is attached to an instance whose type takes six, while a seventh is assigned. Whoever comes first, the
// other is refused: both look at the addresses under the interface's lock, though only the attach locks the instance.
func TestRaceOfAttachAndAssign(t *testing.T) {
	t.Parallel()
	s := serve(t, addressWorld(), service.Options{})
	answers := make([]string, 20)
	race(t, 20, func(k int) (string, error) {
		eni, action, pairs := fmt.Sprintf("eni-%d", k/2+1), "AttachNetworkInterface", []string{"InstanceId", fmt.Sprintf("i-%d", k/2+1)}
		if k%2 == 0 {
			action, pairs = "AssignPrivateIpAddresses", []string{"SecondaryPrivateIpAddressCount", "1"}
		}
		r, err := s.call(t.Context(), action, also(pairs, "NetworkInterfaceId", eni)...)
		answers[k] = r.code()
		return r.code(), err
	})
	const refused = "InvalidOperation.Ipv4CountExceeded"
	for k := 0; k < 20; k += 2 {
		if pair := answers[k : k+2]; !slices.Equal(pair, []string{ok, refused}) && !slices.Equal(pair, []string{refused, ok}) {
			t.Errorf("eni-%d: got %q for the assignment and the attach, want one success and one refusal", k/2+1, pair)
		}
	}
	if n := deadlocks(t, s); n != 0 {
		t.Errorf("deadlocks: got %d, want 0", n)
	}
}

// Addresses come, are shown, count in an attach, and go, in one piece: a call of which one part is refused does nothing.
func TestAddressesComeAndGo(t *testing.T) {
	t.Parallel()
	s := serve(t, addressWorld(), service.Options{})
	must := func(want, action string, pairs ...string) reply {
		t.Helper()
		r := s.mustCall(t, action, also(pairs, "NetworkInterfaceId", "eni-free")...)
		if r.code() != want {
			t.Fatalf("%s %v: got %d %v, want %q", action, pairs, r.status, r.body, want)
		}
		return r
	}
	primary := held(t, s, "eni-free")
	must("InvalidParameter.Conflict", "AssignPrivateIpAddresses", "Ipv4PrefixCount", "4", "PrivateIpAddress.1", "10.0.9.9")
	must(ok, "AssignPrivateIpAddresses", "PrivateIpAddress.1", "10.0.9.9")
	assigned := must(ok, "AssignPrivateIpAddresses", "Ipv4PrefixCount", "4")
	set := assigned.body["AssignedPrivateIpAddressesSet"].(map[string]any)
	blocks := set["Ipv4PrefixSet"].(map[string]any)["Ipv4Prefixes"].([]any)
	if len(blocks) != 4 {
		t.Fatalf("got %v, want four prefixes", set)
	}
	inside := netip.MustParsePrefix(blocks[0].(string)).Addr().Next().String()
	must("InvalidIp.IpAssigned", "AssignPrivateIpAddresses", "PrivateIpAddress.1", inside)
	must("InvalidIp.IpAssigned", "AssignPrivateIpAddresses", "Ipv4Prefix.1", "10.0.9.0/28")
	must("InvalidIp.IpAssigned", "AssignPrivateIpAddresses", "PrivateIpAddress.1", "10.0.9.10", "PrivateIpAddress.2", "10.0.9.9")

	must(ok, "AssignPrivateIpAddresses", "SecondaryPrivateIpAddressCount", "1")
	must("InvalidOperation.Ipv4CountExceeded", "AttachNetworkInterface", "InstanceId", "i-hot") // seven, and a prefix counts as one
	must("InvalidIp.IpUnassigned", "UnassignPrivateIpAddresses", "PrivateIpAddress.1", "10.0.9.9", "PrivateIpAddress.2", "10.0.9.10")
	must("InvalidParameter.Conflict", "UnassignPrivateIpAddresses", "PrivateIpAddress.1", "10.0.9.9", "Ipv4Prefix.1", blocks[0].(string))
	must(ok, "UnassignPrivateIpAddresses", "PrivateIpAddress.1", "10.0.9.9")
	must(ok, "UnassignPrivateIpAddresses", "Ipv4Prefix.1", blocks[0].(string))
	must(ok, "AttachNetworkInterface", "InstanceId", "i-hot")

	must("InvalidParameter.Conflict", "AssignIpv6Addresses", "Ipv6AddressCount", "2", "Ipv6Prefix.1", "2001:db8:0:100:1::/80")
	six := must(ok, "AssignIpv6Addresses", "Ipv6AddressCount", "2")
	must(ok, "AssignIpv6Addresses", "Ipv6Prefix.1", "2001:db8:0:100:1::/80")
	v6 := six.body["Ipv6Sets"].(map[string]any)["Ipv6Address"].([]any)
	shown := s.mustCall(t, "DescribeNetworkInterfaces", "NetworkInterfaceId.1", "eni-free", "Ipv6Address.1", v6[1].(string))
	if shown.body["TotalCount"] != 1.0 {
		t.Errorf("got %v, want the interface found by its new address", shown.body)
	}
	must("InvalidParameter.Conflict", "UnassignIpv6Addresses", "Ipv6Address.1", v6[0].(string), "Ipv6Prefix.1", "2001:db8:0:100:1::/80")
	must(ok, "UnassignIpv6Addresses", "Ipv6Address.1", v6[0].(string), "Ipv6Address.2", v6[1].(string))
	must(ok, "UnassignIpv6Addresses", "Ipv6Prefix.1", "2001:db8:0:100:1::/80")
	for _, block := range blocks[1:] {
		must(ok, "UnassignPrivateIpAddresses", "Ipv4Prefix.1", block.(string))
	}
	left := held(t, s, "eni-free")
	for _, address := range left {
		if !slices.Contains(primary, address) {
			must(ok, "UnassignPrivateIpAddresses", "PrivateIpAddress.1", address)
		}
	}
	must("InvalidIp.IpUnassigned", "UnassignPrivateIpAddresses", "PrivateIpAddress.1", primary[0])
	if got := held(t, s, "eni-free"); !slices.Equal(got, primary) {
		t.Errorf("in the end: got %v, want the primary address %v alone", got, primary)
	}
}
