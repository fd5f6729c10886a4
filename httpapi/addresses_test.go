package httpapi_test

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"

	"enisim.alt/service"
	"enisim.alt/service/worldtest"
	"enisim.alt/store/storetest"
)

// addressWorld returns a world with a small VSwitch, and instances of a type with six IPv4
// addresses and four IPv6 addresses per interface.
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
		InstanceType("ecs.six.test", 4, worldtest.Set("vcpus", 2), worldtest.Set("memory_gib", 4),
			worldtest.Set("private_ipv4_per_eni", 6), worldtest.Set("ipv6_per_eni", 4))
}

// addressesOf returns the addresses and prefixes of an interface, from the tables.
func addressesOf(t testing.TB, s *server, eni string) []string {
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

// 40 callers assign one address or prefix each to an interface with a limit. Exactly as many
// succeed as the limit allows.
func TestRaceForAddressQuotaOfInterface(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		eni, action string
		one, prefix []string
		free        int
		refusal     string
	}{
		{"eni-hot", "AssignPrivateIpAddresses", []string{"SecondaryPrivateIpAddressCount", "1"},
			[]string{"Ipv4PrefixCount", "1"}, 5, "InvalidOperation.Ipv4CountExceeded"},
		{"eni-hot-primary", "AssignIpv6Addresses", []string{"Ipv6AddressCount", "1"}, []string{"Ipv6PrefixCount", "1"},
			4, "InvalidOperation.Ipv6CountExceeded"},
		{"eni-free", "AssignIpv6Addresses", []string{"Ipv6AddressCount", "1"}, []string{"Ipv6PrefixCount", "1"}, 10,
			"MaxEniIpv6IpsCountExceeded"},
	} {
		t.Run(c.eni+" "+c.action, func(t *testing.T) {
			t.Parallel()
			s := serve(t, addressWorld(), service.Options{})
			expect(t, race(t, 40, func(k int) (string, error) {
				pairs := c.one
				if k%2 == 0 {
					pairs = c.prefix
				}
				for {
					r, err := s.call(t.Context(), c.action, also([]string{"NetworkInterfaceId", c.eni}, pairs...)...)
					if r.code() != "Operation.Conflict" { // another change was in progress: clients retry
						return r.code(), err
					}
				}
			}), map[string]int{ok: c.free, c.refusal: 40 - c.free})
			if got := addressesOf(t, s, c.eni); len(got) != c.free+1 { // and the primary IPv4 address
				t.Errorf("got %d addresses and prefixes %v, want %d", len(got), got, c.free+1)
			}
			expectNoDeadlocks(t, s)
		})
	}
}

// A VSwitch has 12 addresses, of which 4 are in use. Of 16 callers, 8 get one each.
func TestRaceToAssignVSwitchAddresses(t *testing.T) {
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

// Of two concurrent changes of an interface's addresses, the second is refused at once with the
// code that clients retry. Another interface can be changed at the same time.
func TestConcurrentAddressChangesConflict(t *testing.T) {
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
	go func() { // waits for the lock of the VSwitch
		r, err := s.call(t.Context(), "AssignPrivateIpAddresses", "NetworkInterfaceId", "eni-free",
			"SecondaryPrivateIpAddressCount", "1")
		first <- fmt.Sprint(r.code(), err)
	}()
	storetest.AwaitLockWaits(t, s.pool, 1)
	for action, pairs := range map[string][]string{
		"AssignPrivateIpAddresses":   {"SecondaryPrivateIpAddressCount", "1"},
		"AssignIpv6Addresses":        {"Ipv6AddressCount", "1"},
		"UnassignPrivateIpAddresses": {"PrivateIpAddress.1", "10.0.9.9"},
		"UnassignIpv6Addresses":      {"Ipv6Address.1", "2001:db8:0:100::9"},
	} {
		if r := s.mustCall(t, action, also(pairs, "NetworkInterfaceId", "eni-free")...); r.status != 403 ||
			r.code() != "Operation.Conflict" {
			t.Errorf("%s during an assignment: got %d %v, want 403 Operation.Conflict", action, r.status, r.body)
		}
	}
	if r := s.mustCall(t, "UnassignPrivateIpAddresses", "NetworkInterfaceId", "eni-1",
		"PrivateIpAddress.1", "10.0.9.9"); r.code() != "InvalidIp.IpUnassigned" {
		t.Errorf("another interface: got %v, want InvalidIp.IpUnassigned", r.body)
	}
	if err := holder.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := <-first; got != fmt.Sprint(ok, nil) {
		t.Errorf("the first change: got %s, want success", got)
	}
}

// An interface with six addresses is attached to an instance whose type allows six, while a seventh
// is assigned. The later one is refused, because both check the addresses under the interface's
// lock. Only the attach locks the instance.
func TestRaceOfAttachAndAssign(t *testing.T) {
	t.Parallel()
	s := serve(t, addressWorld(), service.Options{})
	answers := make([]string, 20)
	race(t, 20, func(k int) (string, error) {
		eni, action, pairs := fmt.Sprintf("eni-%d", k/2+1),
			"AttachNetworkInterface", []string{"InstanceId", fmt.Sprintf("i-%d", k/2+1)}
		if k%2 == 0 {
			action, pairs = "AssignPrivateIpAddresses", []string{"SecondaryPrivateIpAddressCount", "1"}
		}
		r, err := s.call(t.Context(), action, also(pairs, "NetworkInterfaceId", eni)...)
		answers[k] = r.code()
		return r.code(), err
	})
	const refused = "InvalidOperation.Ipv4CountExceeded"
	for k := 0; k < 20; k += 2 {
		if pair := answers[k : k+2]; !slices.Equal(pair, []string{ok, refused}) &&
			!slices.Equal(pair, []string{refused, ok}) {
			t.Errorf("eni-%d: got %q for the assignment and the attach, want one success and one refusal", k/2+1, pair)
		}
	}
	expectNoDeadlocks(t, s)
}

// Addresses are assigned, described, counted by an attach, and unassigned. A call with one invalid
// part has no effect.
func TestAssignAndUnassignAddresses(t *testing.T) {
	t.Parallel()
	s := serve(t, addressWorld(), service.Options{})
	call := func(want, action string, pairs ...string) reply {
		t.Helper()
		r := s.mustCall(t, action, also(pairs, "NetworkInterfaceId", "eni-free")...)
		if r.code() != want {
			t.Fatalf("%s %v: got %d %v, want %q", action, pairs, r.status, r.body, want)
		}
		return r
	}
	primary := addressesOf(t, s, "eni-free")
	call("InvalidParameter.Conflict", "AssignPrivateIpAddresses", "Ipv4PrefixCount", "4",
		"PrivateIpAddress.1", "10.0.9.9")
	call(ok, "AssignPrivateIpAddresses", "PrivateIpAddress.1", "10.0.9.9")
	assigned := call(ok, "AssignPrivateIpAddresses", "Ipv4PrefixCount", "4")
	set := assigned.body["AssignedPrivateIpAddressesSet"].(map[string]any)
	blocks := set["Ipv4PrefixSet"].(map[string]any)["Ipv4Prefixes"].([]any)
	if len(blocks) != 4 {
		t.Fatalf("got %v, want four prefixes", set)
	}
	insidePrefix := netip.MustParsePrefix(blocks[0].(string)).Addr().Next().String()
	call("InvalidIp.IpAssigned", "AssignPrivateIpAddresses", "PrivateIpAddress.1", insidePrefix)
	call("InvalidIp.IpAssigned", "AssignPrivateIpAddresses", "Ipv4Prefix.1", "10.0.9.0/28")
	call("InvalidIp.IpAssigned", "AssignPrivateIpAddresses", "PrivateIpAddress.1", "10.0.9.10",
		"PrivateIpAddress.2", "10.0.9.9")

	call(ok, "AssignPrivateIpAddresses", "SecondaryPrivateIpAddressCount", "1")
	// seven: a prefix counts as one
	call("InvalidOperation.Ipv4CountExceeded", "AttachNetworkInterface", "InstanceId", "i-hot")
	call("InvalidIp.IpUnassigned", "UnassignPrivateIpAddresses", "PrivateIpAddress.1", "10.0.9.9",
		"PrivateIpAddress.2", "10.0.9.10")
	call("InvalidParameter.Conflict", "UnassignPrivateIpAddresses", "PrivateIpAddress.1", "10.0.9.9",
		"Ipv4Prefix.1", blocks[0].(string))
	call(ok, "UnassignPrivateIpAddresses", "PrivateIpAddress.1", "10.0.9.9")
	call(ok, "UnassignPrivateIpAddresses", "Ipv4Prefix.1", blocks[0].(string))
	call(ok, "AttachNetworkInterface", "InstanceId", "i-hot")

	call("InvalidParameter.Conflict", "AssignIpv6Addresses", "Ipv6AddressCount", "2",
		"Ipv6Prefix.1", "2001:db8:0:100:1::/80")
	six := call(ok, "AssignIpv6Addresses", "Ipv6AddressCount", "2")
	call(ok, "AssignIpv6Addresses", "Ipv6Prefix.1", "2001:db8:0:100:1::/80")
	v6 := six.body["Ipv6Sets"].(map[string]any)["Ipv6Address"].([]any)
	shown := s.mustCall(t, "DescribeNetworkInterfaces", "NetworkInterfaceId.1", "eni-free",
		"Ipv6Address.1", v6[1].(string))
	if shown.body["TotalCount"] != 1.0 {
		t.Errorf("got %v, want the interface with the new address", shown.body)
	}
	call("InvalidParameter.Conflict", "UnassignIpv6Addresses", "Ipv6Address.1", v6[0].(string),
		"Ipv6Prefix.1", "2001:db8:0:100:1::/80")
	call(ok, "UnassignIpv6Addresses", "Ipv6Address.1", v6[0].(string), "Ipv6Address.2", v6[1].(string))
	call(ok, "UnassignIpv6Addresses", "Ipv6Prefix.1", "2001:db8:0:100:1::/80")
	for _, block := range blocks[1:] {
		call(ok, "UnassignPrivateIpAddresses", "Ipv4Prefix.1", block.(string))
	}
	remaining := addressesOf(t, s, "eni-free")
	for _, address := range remaining {
		if !slices.Contains(primary, address) {
			call(ok, "UnassignPrivateIpAddresses", "PrivateIpAddress.1", address)
		}
	}
	call("InvalidIp.IpUnassigned", "UnassignPrivateIpAddresses", "PrivateIpAddress.1", primary[0])
	if got := addressesOf(t, s, "eni-free"); !slices.Equal(got, primary) {
		t.Errorf("at the end: got %v, want only the primary address %v", got, primary)
	}
}
