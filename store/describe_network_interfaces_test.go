package store_test

import (
	"context"
	"log/slog"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"enisim.alt/store"
	"enisim.alt/store/storetest"
)

// Each filter of DescribeNetworkInterfaces selects exactly its rows, alone and combined with
// others, and each row comes complete. The expected rows are computed in Go. No row of another
// account or region appears, although all of them use the same ids and addresses.
func TestDescribeNetworkInterfacesFilters(t *testing.T) {
	t.Parallel()
	s, world := openListWorld(t)
	type (
		filter = store.NetworkInterfaceFilter
		row    = store.DescribedNetworkInterface
	)
	id := func(d row) string { return d.ID }
	for _, place := range [][2]string{
		{account, "cn-hangzhou"}, {account, "cn-beijing"}, {"1000000000000002", "cn-hangzhou"},
	} {
		t.Run(place[0]+"/"+place[1], func(t *testing.T) {
			t.Parallel()
			rows := world.interfaces(place[0], place[1])
			addresses := func(which func(store.PrivateIPAddress) bool) func(row) []netip.Addr {
				return func(d row) (out []netip.Addr) {
					for _, a := range d.Addresses {
						if which(a) {
							out = append(out, a.Address)
						}
					}
					return out
				}
			}
			filters := slices.Concat(
				byText("id", rows, func(f *filter, v string) { f.IDs = []string{v, "eni-nowhere"} }, id),
				byText("instance", rows, func(f *filter, v string) { f.InstanceID = v },
					func(d row) string { return valueOr(d.InstanceID, "") }),
				byText("VPC", rows, func(f *filter, v string) { f.VPCID = v }, func(d row) string { return d.VPCID }),
				byText("VSwitch", rows, func(f *filter, v string) { f.VSwitchID = v },
					func(d row) string { return d.VSwitchID }),
				byAnyText("group", rows, func(f *filter, v string) { f.SecurityGroupID = v }, func(d row) []string {
					if d.Type == store.ENIPrimary {
						return nil
					}
					return d.SecurityGroupIDs
				}),
				byText("type", rows, func(f *filter, v string) { f.Type = v }, func(d row) string { return d.Type }),
				byText("status", rows, func(f *filter, v string) { f.Status = v },
					func(d row) string { return d.Status }),
				byText("name", rows, func(f *filter, v string) { f.Name = v }, func(d row) string { return d.Name }),
				[]listFilter[filter, row]{
					{
						"managed", "true", func(f *filter) { f.ServiceManaged = new(true) },
						func(d row) bool { return d.ServiceManaged },
					},
					{
						"managed", "false", func(f *filter) { f.ServiceManaged = new(false) },
						func(d row) bool { return !d.ServiceManaged },
					},
				},
				byText("resource group", rows, func(f *filter, v string) { f.ResourceGroupID = v },
					func(d row) string { return d.ResourceGroupID }),
				byAddress("primary", world.addresses(), func(f *filter, v []netip.Addr) { f.PrimaryIPs = v },
					addresses(func(a store.PrivateIPAddress) bool { return a.Address.Is4() && a.IsPrimary })),
				byAddress("secondary", world.addresses(), func(f *filter, v []netip.Addr) { f.SecondaryIPs = v },
					addresses(func(a store.PrivateIPAddress) bool { return a.Address.Is4() && !a.IsPrimary })),
				byAddress("IPv6", world.addresses(), func(f *filter, v []netip.Addr) { f.IPv6Addresses = v },
					addresses(func(a store.PrivateIPAddress) bool { return a.Address.Is6() })),
				byTags(func(f *filter, v store.TagFilter) { f.Tags = v },
					func(d row) map[string]string { return d.Tags }),
			)
			walkFilters(t, rows, filters, id, func(f filter, p store.Page) (store.List[row], error) {
				f.AccountID, f.RegionID = place[0], place[1]
				return s.DescribeNetworkInterfaces(t.Context(), listTime, f, p)
			})
		})
	}
}

// A list does not wait for a transaction that has locked its rows, and returns their committed
// values.
func TestDescribeWaitsForNoLock(t *testing.T) {
	t.Parallel()
	s, pool := open(t)
	// Instances are counted by their primary interfaces, so each has one.
	for _, sql := range []string{
		`DELETE FROM network_interfaces WHERE id = 'eni-2'`,
		`INSERT INTO network_interfaces (account_id, id, region_id, zone_id, vpc_id, vswitch_id, type, status,
		     primary_of, mac_address, created_at)
		 VALUES ('1000000000000001', 'eni-20', 'cn-hangzhou', 'cn-hangzhou-h', 'vpc-2', 'vsw-2', 'Primary', 'InUse',
		     'i-2', '00:16:3e:00:00:20', '2026-11-22')`,
	} {
		if _, err := pool.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	tx, err := pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(t.Context())) }()
	for _, sql := range []string{
		`SELECT FROM accounts FOR UPDATE`,
		`SELECT FROM instances FOR UPDATE`,
		`SELECT FROM network_interfaces FOR UPDATE`,
		`SELECT FROM security_groups FOR UPDATE`,
		`UPDATE network_interfaces SET name = 'not committed'`,
	} {
		if _, err := tx.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	// The locks are held until the end of the test, so a list that waited would end with
	// ErrLockTimeout.
	interfaces, err := s.DescribeNetworkInterfaces(t.Context(), listTime,
		store.NetworkInterfaceFilter{AccountID: account, RegionID: "cn-hangzhou"}, store.Page{Limit: 10, Count: true})
	if err != nil || interfaces.Total != 4 || interfaces.Rows[0].Name != "" {
		t.Errorf("locked interfaces: got %+v, %v, want four without a name", interfaces, err)
	}
	instances, err := s.DescribeInstances(t.Context(), listTime,
		store.InstanceFilter{AccountID: account, RegionID: "cn-hangzhou"}, store.Page{Limit: 10, Count: true})
	if err != nil || instances.Total != 2 || len(instances.Rows[0].NetworkInterfaces) != 2 {
		t.Errorf("locked instances: got %+v, %v, want two, the first with two interfaces", instances, err)
	}
}

// The filters that clients use for polling find their rows by an index.
func TestDescribeNetworkInterfacesUsesIndexes(t *testing.T) {
	t.Parallel()
	_, pool := openFilled(t, 10_000)
	type filter = store.NetworkInterfaceFilter
	for _, c := range []struct {
		by   string
		set  func(*filter)
		want string // a part of the index condition on network_interfaces
	}{
		{"ids", func(f *filter) { f.IDs = []string{"eni-000007", "eni-000008"} }, "id = ANY"},
		{"instance", func(f *filter) { f.InstanceID = "i-000007" }, "instance_id = 'i-000007'"},
		{"VSwitch", func(f *filter) { f.VSwitchID = "vsw-7" }, "vswitch_id = 'vsw-7'"},
		{"group", func(f *filter) { f.SecurityGroupID = "sg-7" }, "security_group_id = 'sg-7'"},
		{
			"primary address", func(f *filter) { f.PrimaryIPs = []netip.Addr{netip.MustParseAddr("10.7.0.7")} },
			"id = ANY",
		},
		{
			"tag, type and VPC",
			func(f *filter) { f.Tags.Pairs, f.Type, f.VPCID = []map[string]string{{"a": "b"}}, "Secondary", "vpc-1" },
			"kind = 'network interface'",
		},
		{
			"tag and group",
			func(f *filter) { f.Tags.Pairs, f.SecurityGroupID = []map[string]string{{"a": "b"}}, "sg-7" },
			"security_group_id = 'sg-7'",
		},
	} {
		f := filter{AccountID: account, RegionID: "cn-hangzhou"}
		c.set(&f)
		// An unnamed statement is planned for its arguments, as in a list.
		page, args := f.PageStatement(listTime, store.Page{Limit: 10})
		rows, _ := pool.Query(t.Context(), "EXPLAIN "+page, append([]any{pgx.QueryExecModeCacheDescribe}, args...)...)
		plan, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			t.Fatal(err)
		}
		if text := strings.Join(plan, "\n"); strings.Contains(text, "Seq Scan on network_interfaces") ||
			!regexp.MustCompile(`Index Cond: .*`+c.want).MatchString(text) {
			t.Errorf("by %s: got this plan, want the index condition %q and no scan of all interfaces:\n%s",
				c.by, c.want, text)
		}
	}
}

// Postgres plans a list with several filters anew, even after many runs on a connection. It may reuse
// a plan only if keys find the rows of the list, or if the list reads an index in its order.
func TestOnlyListsByKeysAndPathsReuseAPlan(t *testing.T) {
	t.Parallel()
	type filter = store.NetworkInterfaceFilter
	for _, c := range []struct {
		by              string
		filter          filter
		generic, custom int
	}{
		{"nothing", filter{}, 10, 0},
		{"a group", filter{SecurityGroupID: "sg-1"}, 10, 0},
		{"a tag", filter{Tags: store.TagFilter{Keys: []string{"team"}}}, 10, 0},
		{"a name", filter{Name: "web"}, 0, 10},
		{"a status and tags", filter{Status: store.ENIInUse, Tags: store.TagFilter{Keys: []string{"team"}}}, 0, 10},
		{"ids", filter{IDs: []string{"eni-1"}}, 10, 0},
		{"an instance", filter{InstanceID: "i-1"}, 10, 0},
		{"an address", filter{PrimaryIPs: []netip.Addr{netip.MustParseAddr("10.0.0.1")}}, 10, 0},
	} {
		t.Run(c.by, func(t *testing.T) {
			t.Parallel()
			s, pool := open(t, func(c *pgxpool.Config) {
				c.MaxConns = 1
				// Postgres may choose generic plans by itself.
				c.ConnConfig.RuntimeParams["plan_cache_mode"] = "force_generic_plan"
			})
			c.filter.AccountID, c.filter.RegionID = account, "cn-hangzhou"
			for range 10 {
				if _, err := s.DescribeNetworkInterfaces(t.Context(), listTime, c.filter,
					store.Page{Limit: 10}); err != nil {
					t.Fatal(err)
				}
			}
			var generic, custom int
			if err := pool.QueryRow(t.Context(), `
				SELECT generic_plans, custom_plans FROM pg_prepared_statements
				WHERE statement LIKE '%settled_network_interfaces%'
				    AND statement NOT LIKE '%pg_prepared_statements%'`).Scan(&generic, &custom); err != nil {
				t.Fatal(err)
			}
			if generic != c.generic || custom != c.custom {
				t.Errorf("ten runs: got %d with a generic plan and %d with a custom plan, want %d and %d",
					generic, custom, c.generic, c.custom)
			}
		})
	}
}

// A session prepares only a few statements, however callers combine filters. Each prepared
// statement takes up to 100 KB of the session's memory.
func TestCallersDoNotFillSessionsWithStatements(t *testing.T) {
	t.Parallel()
	s, pool := open(t, func(c *pgxpool.Config) { c.MaxConns = 1 })
	const filters = 8
	for set := range 1 << filters {
		f := store.NetworkInterfaceFilter{AccountID: account, RegionID: "cn-hangzhou"}
		for k, field := range []*string{
			&f.InstanceID, &f.VPCID, &f.VSwitchID, &f.SecurityGroupID, &f.Type, &f.Status, &f.Name, &f.ResourceGroupID,
		} {
			if set>>k&1 == 1 {
				*field = "x"
			}
		}
		for _, p := range []store.Page{{Limit: 10, Count: true}, {Limit: 10, After: "eni-0"}} {
			if _, err := s.DescribeNetworkInterfaces(t.Context(), listTime, f, p); err != nil {
				t.Fatal(err)
			}
		}
	}
	var statements int
	if err := pool.QueryRow(t.Context(), `
		SELECT count(*) FROM pg_prepared_statements
		WHERE statement LIKE '%network_interfaces%'
		    AND statement NOT LIKE '%pg_prepared_statements%'`).Scan(&statements); err != nil {
		t.Fatal(err)
	}
	// A count and a page: without filters, for each filter alone, and for several. The interfaces of
	// an instance are not counted.
	if want := 2*(filters+2) - 1; statements != want {
		t.Errorf("%d sets of filters: got %d prepared statements, want %d", 1<<filters, statements, want)
	}
}

// The total counts the interfaces that exist at the time of the list. A row whose deletion is due
// does not count, although it is still stored.
func TestTheTotalOfInterfacesExcludesDeletedOnes(t *testing.T) {
	t.Parallel()
	s, pool := open(t)
	for _, c := range []struct {
		settles time.Time
		want    int
	}{
		{listTime.Add(time.Second), 4}, // its deletion is not due yet
		{listTime, 3},
	} {
		if _, err := pool.Exec(t.Context(), `
			UPDATE network_interfaces SET status = 'Deleting', next_status = 'Deleted', settles_at = $1
			WHERE id = (SELECT min(id) FROM whole_network_interfaces WHERE instance_id IS NULL)`,
			c.settles); err != nil {
			t.Fatal(err)
		}
		got, err := s.DescribeNetworkInterfaces(t.Context(), listTime,
			store.NetworkInterfaceFilter{AccountID: account, RegionID: "cn-hangzhou"},
			store.Page{Limit: 10, Count: true})
		if err != nil || got.Total != c.want || len(got.Rows) != c.want {
			t.Errorf("deletion due at %v: got %d rows of %d, error %v, want %d",
				c.settles, len(got.Rows), got.Total, err, c.want)
		}
	}
}

// filledTables are the tables that openFilled fills. ANALYZE without names would also analyze
// catalogues that all databases share, and wait for another test that analyzes them.
const filledTables = `accounts, vpcs, vswitches, security_groups, instances, network_interfaces, attachments,
	private_ip_addresses, network_interface_security_groups`

// openFilled returns a store on a database in which an account has n interfaces: two on each
// instance, spread evenly over 20 VSwitches and 20 groups.
func openFilled(t testing.TB, n int) (*store.Store, *pgxpool.Pool) {
	t.Helper()
	pool := storetest.Pool(t)
	fill := []string{
		`SET LOCAL statement_timeout = 0`,
		`INSERT INTO accounts (id, created_at) VALUES ('1000000000000001', '2026-11-22')`,
		`INSERT INTO vpcs (account_id, id, region_id, cidr_block, created_at)
		 VALUES ('1000000000000001', 'vpc-1', 'cn-hangzhou', '10.0.0.0/8', '2026-11-22')`,
		`INSERT INTO vswitches (account_id, id, vpc_id, region_id, zone_id, cidr_block, created_at)
		 SELECT '1000000000000001', 'vsw-' || k, 'vpc-1', 'cn-hangzhou', 'cn-hangzhou-h',
		     ('10.' || k || '.0.0/16')::cidr, '2026-11-22'
		 FROM generate_series(0, 19) k`,
		`INSERT INTO security_groups (account_id, id, vpc_id, region_id, instance_limit, created_at)
		 SELECT '1000000000000001', 'sg-' || k, 'vpc-1', 'cn-hangzhou', 100000, '2026-11-22'
		 FROM generate_series(0, 19) k`,
		`
			INSERT INTO instances (account_id, id, region_id, zone_id, vpc_id, vswitch_id, instance_type_owner_id,
			    instance_type, eni_quantity, status, created_at)
		 SELECT '1000000000000001', 'i-' || lpad(k::text, 6, '0'), 'cn-hangzhou', 'cn-hangzhou-h', 'vpc-1',
		     'vsw-' || k % 20, '', 'ecs.g6.xlarge', 3, 'Running', '2026-11-22'
		 FROM generate_series(0, ` + strconv.Itoa(n/2-1) + `) k`,
		`INSERT INTO network_interfaces (account_id, id, region_id, zone_id, vpc_id, vswitch_id, type, status,
		     primary_of, mac_address, created_at)
		 SELECT account_id, 'eni-' || lpad((2 * substr(id, 3)::int + k)::text, 6, '0'), region_id, zone_id, vpc_id,
		        vswitch_id, CASE k WHEN 0 THEN 'Primary' ELSE 'Secondary' END,
		        CASE k WHEN 0 THEN 'InUse' ELSE 'Available' END,
		        CASE k WHEN 0 THEN id END, '', created_at
		 FROM instances, generate_series(0, 1) k`,
		`INSERT INTO attachments (account_id, network_interface_id, instance_id, vpc_id, zone_id,
		     instance_eni_quantity, device_index, status)
		 SELECT account_id, 'eni-' || lpad((2 * substr(id, 3)::int + 1)::text, 6, '0'), id, vpc_id, zone_id,
		        eni_quantity, 1, 'InUse'
		 FROM instances`,
		`INSERT INTO private_ip_addresses (account_id, vswitch_id, address, network_interface_id, is_primary)
		 SELECT account_id, vswitch_id, ('10.' || substr(vswitch_id,
		     5) || '.0.0')::inet + row_number() OVER (PARTITION BY vswitch_id ORDER BY id), id, true
		 FROM network_interfaces`,
		`
			INSERT INTO network_interface_security_groups (account_id, network_interface_id, security_group_id, vpc_id,
			    position)
		 SELECT account_id, id, 'sg-' || substr(vswitch_id, 5), vpc_id, 0 FROM network_interfaces`,
	}
	err := pgx.BeginFunc(t.Context(), pool, func(tx pgx.Tx) error {
		for _, sql := range fill {
			// The next statement has foreign keys to these rows. Their checks need plans for the
			// new size.
			if _, err := tx.Exec(t.Context(), sql+"; ANALYZE "+filledTables); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return store.New(pool, slog.New(slog.DiscardHandler)), pool
}

// BenchmarkDescribeNetworkInterfaces measures a page by each kind of filter in an account of
// 100,000 interfaces. The tables are vacuumed first, as autovacuum would do within a minute: a
// count by an index alone needs that.
func BenchmarkDescribeNetworkInterfaces(b *testing.B) {
	s, pool := openFilled(b, 100_000)
	if _, err := pool.Exec(b.Context(), "VACUUM ANALYZE "+filledTables); err != nil {
		b.Fatal(err)
	}
	type filter = store.NetworkInterfaceFilter
	for _, c := range []struct {
		by   string
		set  func(*filter)
		page store.Page
	}{
		{"id", func(f *filter) { f.IDs = []string{"eni-050000"} }, store.Page{Limit: 10, Count: true}},
		{"instance", func(f *filter) { f.InstanceID = "i-025000" }, store.Page{Limit: 10, Count: true}},
		{"VSwitch", func(f *filter) { f.VSwitchID = "vsw-7" }, store.Page{Limit: 500}},
		{"group", func(f *filter) { f.SecurityGroupID = "sg-7" }, store.Page{Limit: 500}},
		{
			"primary address", func(f *filter) { f.PrimaryIPs = []netip.Addr{netip.MustParseAddr("10.7.0.7")} },
			store.Page{Limit: 10, Count: true},
		},
		{"status", func(f *filter) { f.Status = store.ENIAttaching }, store.Page{Limit: 500}},
		{"nothing, by token", func(*filter) {}, store.Page{Limit: 500, After: "eni-050000"}},
		{"nothing, by number", func(*filter) {}, store.Page{Limit: 10, Count: true}},
		{"nothing, last number", func(*filter) {}, store.Page{Limit: 1000, Skip: 99_000, Count: true}},
	} {
		b.Run(c.by, func(b *testing.B) {
			f := filter{AccountID: account, RegionID: "cn-hangzhou"}
			c.set(&f)
			for b.Loop() {
				if _, err := s.DescribeNetworkInterfaces(b.Context(), listTime, f, c.page); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
