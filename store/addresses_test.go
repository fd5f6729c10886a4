package store_test

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"time"

	"enisim.alt/store"
	"enisim.alt/store/storetest"
)

// readOffer locks a VSwitch of the small world and returns the addresses that it offers for want.
// The transaction writes only what the function then writes.
func readOffer(t *testing.T, st *store.Store, want store.AddressWant,
	then func(*store.Tx, *store.AddressOffer)) *store.AddressOffer {
	t.Helper()
	var offer *store.AddressOffer
	err := st.InTx(t.Context(), func(tx *store.Tx) error {
		scene, err := tx.LockForLaunch(t.Context(), store.LaunchWant{
			AccountID: "1000000000000001", RegionID: "cn-hangzhou", Addresses: []store.AddressWant{want},
		}, time.Now())
		if err != nil {
			return err
		}
		offer = scene.Offers[want.VSwitchID]
		if then != nil {
			then(tx, offer)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return offer
}

func addrs(texts ...string) (out []netip.Addr) {
	for _, text := range texts {
		out = append(out, netip.MustParseAddr(text))
	}
	return out
}

func prefixes(texts ...string) (out []netip.Prefix) {
	for _, text := range texts {
		out = append(out, netip.MustParsePrefix(text))
	}
	return out
}

// An offer contains only free addresses. A /26 has 64 addresses: .0 and the last three are
// reserved, eni-1 has .1 and .40, and eni-2 has the /28 that begins at .16.
func TestOffersContainOnlyFreeAddresses(t *testing.T) {
	t.Parallel()
	pool := storetest.Pool(t)
	st := newStore(pool)
	for _, sql := range []string{storetest.SmallWorld,
		`DELETE FROM private_ip_addresses`,
		`UPDATE vswitches SET cidr_block = '10.0.0.0/26', ipv6_cidr_block = '2408:4005:3c5:1::/64' WHERE id = 'vsw-h'`,
		`INSERT INTO private_ip_addresses VALUES ('1000000000000001', 'vsw-h', '10.0.0.1', 'eni-1', true)`,
		`INSERT INTO private_ip_addresses VALUES ('1000000000000001', 'vsw-h', '10.0.0.40', 'eni-1', false)`,
		`INSERT INTO ip_prefixes VALUES ('1000000000000001', 'vsw-h', '10.0.0.16/28', 'eni-2')`,
		`INSERT INTO ip_prefixes VALUES ('1000000000000001', 'vsw-h', '2408:4005:3c5:1:8000::/80', 'eni-2')`,
		// An interface whose deletion is due no longer holds its address.
		`INSERT INTO network_interfaces (account_id, id, region_id, zone_id, vpc_id, vswitch_id, type, status,
		     next_status, settles_at, mac_address, created_at)
		 VALUES ('1000000000000001', 'eni-gone', 'cn-hangzhou', 'cn-hangzhou-h', 'vpc-1', 'vsw-h', 'Secondary',
		     'Deleting', 'Deleted', '2020-01-01', '00:16:3e:00:00:09', '2020-01-01')`,
		`INSERT INTO private_ip_addresses VALUES ('1000000000000001', 'vsw-h', '10.0.0.3', 'eni-gone', true)`,
	} {
		if _, err := pool.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}

	offer := readOffer(t, st, store.AddressWant{VSwitchID: "vsw-h", IPv4: 3, Named: addrs("10.0.0.2")}, nil)
	if want := addrs("10.0.0.3", "10.0.0.4", "10.0.0.5"); !slices.Equal(offer.IPv4, want) || len(offer.Taken) != 0 {
		t.Errorf("three beside .2: got %v, taken %v, want %v", offer.IPv4, offer.Taken, want)
	}
	if offer.VSwitch == nil || offer.VSwitch.ZoneID != "cn-hangzhou-h" ||
		offer.VSwitch.CIDRBlock.String() != "10.0.0.0/26" {
		t.Errorf("VSwitch: got %+v, want one of cn-hangzhou-h with 10.0.0.0/26", offer.VSwitch)
	}
	offer = readOffer(t, st, store.AddressWant{VSwitchID: "vsw-h", IPv4: 100}, nil)
	if got, want := len(offer.IPv4), 60-2-16; got != want {
		t.Errorf("all that is free: got %d addresses, want %d: %v", got, want, offer.IPv4)
	}
	named := addrs("10.0.0.1", "10.0.0.2", "10.0.0.17", "2408:4005:3c5:1:8000::7", "2408:4005:3c5:1::7")
	offer = readOffer(t, st, store.AddressWant{VSwitchID: "vsw-h", Named: named}, nil)
	if want := addrs("10.0.0.1", "10.0.0.17", "2408:4005:3c5:1:8000::7"); !slices.Equal(offer.Taken, want) {
		t.Errorf("named: got %v taken, want %v", offer.Taken, want)
	}
	// No /28 is free: the first and the last have reserved addresses, .16 is assigned, and .32 has
	// .40 in it.
	offer = readOffer(t, st, store.AddressWant{VSwitchID: "vsw-h", IPv4Prefixes: 2, IPv6Prefixes: 2,
		NamedBlocks: prefixes("10.0.0.16/28", "10.0.0.32/28", "2408:4005:3c5:1:8000::/80",
			"2408:4005:3c5:1:9000::/80")}, nil)
	if len(offer.IPv4Prefixes) != 0 {
		t.Errorf("/28: got %v, want none", offer.IPv4Prefixes)
	}
	if want := prefixes("2408:4005:3c5:1:8001::/80",
		"2408:4005:3c5:1:8002::/80"); !slices.Equal(offer.IPv6Prefixes, want) {
		t.Errorf("/80: got %v, want %v", offer.IPv6Prefixes, want)
	}
	if want := prefixes("10.0.0.16/28", "10.0.0.32/28",
		"2408:4005:3c5:1:8000::/80"); !slices.Equal(offer.TakenBlocks, want) {
		t.Errorf("named blocks: got %v taken, want %v", offer.TakenBlocks, want)
	}
	if offer := readOffer(t, st, store.AddressWant{VSwitchID: "vsw-nowhere", IPv4: 1}, nil); offer.VSwitch != nil ||
		offer.IPv4 != nil {
		t.Errorf("a VSwitch that does not exist: got %+v, want no offer", offer)
	}
	var taken int
	if err := pool.QueryRow(t.Context(), `
		SELECT ipv4_addresses_in_use('1000000000000001', 'vsw-h', now())`).Scan(&taken); err != nil || taken != 18 {
		t.Errorf("IPv4 addresses in use: got %d, error %v, want 18: 2 addresses and a prefix of 16", taken, err)
	}
}

// The search for an address continues after the address assigned last, and at the end of the block
// it begins at its start. So an address that was released is not assigned again at once.
func TestAddressSearchContinuesAfterTheLastAddress(t *testing.T) {
	t.Parallel()
	pool := storetest.Pool(t)
	st := newStore(pool)
	for _, sql := range []string{
		storetest.SmallWorld, `DELETE FROM private_ip_addresses`,
		`UPDATE vswitches SET cidr_block = '10.0.0.0/28' WHERE id = 'vsw-h'`,
	} {
		if _, err := pool.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	var got []netip.Addr
	for k := range 14 {
		n := store.NetworkInterface{AttachableENI: store.AttachableENI{
			AccountID: "1000000000000001", ID: fmt.Sprint("eni-new-", k),
			RegionID: "cn-hangzhou", ZoneID: "cn-hangzhou-h",
			VPCID: "vpc-1", VSwitchID: "vsw-h", Type: store.ENISecondary, Status: store.ENIAvailable,
			TrafficMode: store.TrafficStandard,
		}}
		readOffer(t, st, store.AddressWant{VSwitchID: "vsw-h", IPv4: 1}, func(tx *store.Tx, offer *store.AddressOffer) {
			got = append(got, offer.IPv4...)
			rows := store.LaunchRows{}
			rows.Create(store.NewNetworkInterface{
				NetworkInterface: n, Addresses: []store.PrivateIPAddress{{Address: offer.IPv4[0]}},
			}, offer.IPv4)
			tx.InsertLaunch(n.AccountID, rows)
		})
		if _, err := pool.Exec(t.Context(), `DELETE FROM private_ip_addresses`); err != nil { // release it at once
			t.Fatal(err)
		}
	}
	for k, a := range got {
		if want := netip.AddrFrom4([4]byte{10, 0, 0, byte(k%12 + 1)}); a != want {
			t.Errorf("address %d: got %v, want %v", k, a, want)
		}
	}
}

// While the quota of interfaces is used up, a creation does not search past many taken addresses,
// because it gets none of those behind them. Other requests do.
func TestTheSearchOfACreationEndsEarlyWithoutQuota(t *testing.T) {
	t.Parallel()
	s, pool := open(t)
	const taken = 600
	setQuota := func(quota int) {
		t.Helper()
		if _, err := pool.Exec(t.Context(), `UPDATE accounts SET network_interfaces_per_region = $2 WHERE id = $1`,
			account, quota); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := pool.Exec(t.Context(), `DELETE FROM private_ip_addresses`); err != nil {
		t.Fatal(err)
	}
	if _, err := pool.Exec(t.Context(), `
		INSERT INTO private_ip_addresses (account_id, vswitch_id, address, network_interface_id, is_primary)
		SELECT v.account_id, v.id, host(v.cidr_block::inet + n)::inet, 'eni-1', n = 1
		FROM vswitches v, generate_series(1, $1) AS n
		WHERE v.id = 'vsw-h'`, taken); err != nil {
		t.Fatal(err)
	}
	want := store.AddressWant{VSwitchID: "vsw-h", IPv4: 1}
	offered := func() (addresses []netip.Addr) {
		t.Helper()
		if err := s.InTx(t.Context(), func(tx *store.Tx) error {
			_, scene, err := lockForCreation(t, tx, want, time.Now())
			if err != nil {
				return err
			}
			if isLeft := scene.Quota.Count < scene.Quota.Max; isLeft != (len(scene.Offer.IPv4) > 0) {
				t.Errorf("%d of %d interfaces: got the offer %v", scene.Quota.Count, scene.Quota.Max, scene.Offer.IPv4)
			}
			addresses = scene.Offer.IPv4
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		return addresses
	}
	next := addrs("10.0.2.89") // the one behind the 600 taken ones
	setQuota(4)                // the small world has 3
	if got := offered(); !slices.Equal(got, next) {
		t.Errorf("with quota: got %v, want %v", got, next)
	}
	setQuota(3)
	if got := offered(); len(got) > 0 {
		t.Errorf("without quota: got %v, want none", got)
	}
	if got := readOffer(t, s, want, nil).IPv4; !slices.Equal(got, next) {
		t.Errorf("for a primary interface, without quota: got %v, want %v", got, next)
	}
	// An interface whose deletion is due does not count.
	if _, err := pool.Exec(t.Context(), `
		UPDATE network_interfaces
		SET status = 'Deleting', next_status = 'Deleted', settles_at = '2020-01-01'
		WHERE id = 'eni-2'`); err != nil {
		t.Fatal(err)
	}
	if got := offered(); !slices.Equal(got, next) {
		t.Errorf("with an interface whose deletion is due: got %v, want %v", got, next)
	}
}
