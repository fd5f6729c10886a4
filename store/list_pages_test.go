package store_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"enisim.alt/store"
	"enisim.alt/store/storetest"
)

// The pages of a list by token and those by number are the list in its order, whatever the filters,
// even pages that are read from the end.
func TestPagesOfInterfacesAreTheListInItsOrder(t *testing.T) {
	t.Parallel()
	s, pool := openFilled(t, 4000)
	for _, sql := range []string{
		// Some interfaces are deleted, but not purged, and some are being deleted.
		`DELETE FROM attachments WHERE network_interface_id ~ '[0-4]7$'`,
		`UPDATE network_interfaces SET status = 'Deleting', next_status = 'Deleted', settles_at = '2026-11-22T10:01:00Z'
		 WHERE id ~ '[0-2]7$' AND type = 'Secondary'`,
		`UPDATE network_interfaces SET status = 'Deleting', next_status = 'Deleted', settles_at = '2026-11-22T10:01:01Z'
		 WHERE id ~ '[34]7$' AND type = 'Secondary'`,
		`UPDATE attachments SET status = 'Detaching', next_status = 'Available', settles_at = '2026-11-22T10:01:00Z'
		 WHERE network_interface_id ~ '3$'`,
		`UPDATE attachments SET status = 'Attaching', next_status = 'InUse', settles_at = '2026-11-22T10:02:00Z'
		 WHERE network_interface_id ~ '5$'`,
		`UPDATE network_interfaces SET tags = '{"team": "net"}' WHERE id ~ '[1-9]$'`,
		`UPDATE network_interfaces SET tags = '{"team": "net", "stage": "test"}' WHERE id ~ '[89]$'`,
	} {
		if _, err := pool.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	type filter = store.NetworkInterfaceFilter
	of := filter{AccountID: account, RegionID: "cn-hangzhou"}
	read := func(f filter, p store.Page) store.List[store.DescribedNetworkInterface] {
		t.Helper()
		list, err := s.DescribeNetworkInterfaces(t.Context(), listTime, f, p)
		if err != nil {
			t.Fatal(err)
		}
		return list
	}
	// First read all interfaces in one page, for a naive filter over them.
	all := read(of, store.Page{Limit: 5000}).Rows
	if len(all) < 3000 || !slices.IsSortedFunc(all, func(a, b store.DescribedNetworkInterface) int {
		return strings.Compare(a.ID, b.ID)
	}) {
		t.Fatalf("got %d interfaces, want nearly 4,000 in the order of their ids", len(all))
	}
	for _, c := range []struct {
		name    string
		set     func(*filter)
		selects func(store.DescribedNetworkInterface) bool
	}{
		{"nothing", func(*filter) {}, func(store.DescribedNetworkInterface) bool { return true }},
		{"a VPC", func(f *filter) { f.VPCID = "vpc-1" },
			func(n store.DescribedNetworkInterface) bool { return n.VPCID == "vpc-1" }},
		{"a VSwitch", func(f *filter) { f.VSwitchID = "vsw-7" },
			func(n store.DescribedNetworkInterface) bool { return n.VSwitchID == "vsw-7" }},
		{"a group", func(f *filter) { f.SecurityGroupID = "sg-7" },
			func(n store.DescribedNetworkInterface) bool {
				return n.Type == store.ENISecondary && slices.Contains(n.SecurityGroupIDs, "sg-7")
			}},
		{"a status that many have", func(f *filter) { f.Status = store.ENIInUse },
			func(n store.DescribedNetworkInterface) bool { return n.Status == store.ENIInUse }},
		{"the status of free interfaces", func(f *filter) { f.Status = store.ENIAvailable },
			func(n store.DescribedNetworkInterface) bool { return n.Status == store.ENIAvailable }},
		{"the status of attachments", func(f *filter) { f.Status = store.ENIAttaching },
			func(n store.DescribedNetworkInterface) bool { return n.Status == store.ENIAttaching }},
		{"the status of deletions", func(f *filter) { f.Status = store.ENIDeleting },
			func(n store.DescribedNetworkInterface) bool { return n.Status == store.ENIDeleting }},
		{"a tag that many have", func(f *filter) { f.Tags.Pairs = []map[string]string{{"team": "net"}} },
			func(n store.DescribedNetworkInterface) bool { return n.Tags["team"] == "net" }},
		{"two tags",
			func(f *filter) { f.Tags.Pairs = []map[string]string{{"team": "net"}, {"stage": "test"}} },
			func(n store.DescribedNetworkInterface) bool { return n.Tags["stage"] == "test" }},
		{"the keys of tags", func(f *filter) { f.Tags.Keys = []string{"team", "stage"} },
			func(n store.DescribedNetworkInterface) bool { return n.Tags["stage"] != "" }},
		{"a group and a status",
			func(f *filter) { f.SecurityGroupID, f.Status = "sg-7", store.ENIAttaching },
			func(n store.DescribedNetworkInterface) bool {
				return n.Status == store.ENIAttaching && slices.Contains(n.SecurityGroupIDs, "sg-7")
			}},
		{"a tag and a type",
			func(f *filter) {
				f.Tags.Pairs, f.Type = []map[string]string{{"stage": "test"}, {"team": "net"}}, store.ENISecondary
			},
			func(n store.DescribedNetworkInterface) bool {
				return n.Tags["stage"] == "test" && n.Type == store.ENISecondary
			}},
		{"a tag and a VSwitch",
			func(f *filter) { f.Tags.Pairs, f.VSwitchID = []map[string]string{{"team": "net"}}, "vsw-7" },
			func(n store.DescribedNetworkInterface) bool { return n.Tags["team"] == "net" && n.VSwitchID == "vsw-7" }},
		{"an instance", func(f *filter) { f.InstanceID = "i-000007" },
			func(n store.DescribedNetworkInterface) bool { return valueOr(n.InstanceID, "") == "i-000007" }},
		{"ids", func(f *filter) { f.IDs = []string{"eni-000009", "eni-000001", "eni-nowhere", "eni-000005"} },
			func(n store.DescribedNetworkInterface) bool {
				return n.ID == "eni-000001" || n.ID == "eni-000005" || n.ID == "eni-000009"
			}},
	} {
		var want []string
		for _, n := range all {
			if c.selects(n) {
				want = append(want, n.ID)
			}
		}
		if len(want) == 0 {
			t.Fatalf("by %s: got no row to compare", c.name)
		}
		f := of
		c.set(&f)
		compare := func(p store.Page, from int) {
			t.Helper()
			list := read(f, p)
			from = min(from, len(want))
			to := min(from+p.Limit, len(want))
			got := idsOf(list.Rows, func(n store.DescribedNetworkInterface) string { return n.ID })
			if !slices.Equal(got, want[from:to]) {
				t.Errorf("by %s, page %+v: got %v, want %v", c.name, p, got, want[from:to])
			}
			if more := to < len(want); list.More != more {
				t.Errorf("by %s, page %+v: got more rows after it: %t, want %t", c.name, p, list.More, more)
			}
			if p.Count && list.Total != len(want) {
				t.Errorf("by %s, page %+v: got a total of %d, want %d", c.name, p, list.Total, len(want))
			}
		}
		n := len(want)
		for _, skip := range []int{
			0, 1, n / 2, n/2 - 3, n/2 + 1, n - 10, n - 3, n - 1, n, n + 1, 2*n + 1000, 999, 1000,
		} {
			compare(store.Page{Skip: max(skip, 0), Limit: 10, Count: true}, max(skip, 0))
		}
		for _, after := range []int{0, n / 2, n - 10, n - 2, n - 1} {
			compare(store.Page{After: want[max(after, 0)], Limit: 9}, max(after, 0)+1)
		}
	}
}

// The pages of instances by number are the list in its order, from either end.
func TestPagesOfInstancesAreTheListInItsOrder(t *testing.T) {
	t.Parallel()
	s, pool := openFilled(t, 5000)
	for _, sql := range []string{
		`INSERT INTO instances (account_id, id, region_id, zone_id, network_type, instance_type_owner_id,
		     instance_type, eni_quantity, status, created_at)
		 SELECT account_id, id || '-classic', region_id, zone_id, 'classic', '',
		     instance_type, eni_quantity, 'Running', created_at
		 FROM instances WHERE id ~ '7$'`,
		`UPDATE instances SET tags = '{"team": "net"}' WHERE id ~ '[2-8]'`,
	} {
		if _, err := pool.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	type row = store.DescribedInstance
	id := func(i row) string { return i.ID }
	for name, f := range map[string]store.InstanceFilter{
		"nothing":        {},
		"any region":     {RegionID: ""},
		"a VPC":          {VPCID: "vpc-1"},
		"a VSwitch":      {VSwitchID: "vsw-7"},
		"a tag":          {Tags: store.TagFilter{Pairs: []map[string]string{{"team": "net"}}}},
		"a key of a tag": {Tags: store.TagFilter{Keys: []string{"team"}}},
	} {
		f.AccountID = account
		if name != "any region" {
			f.RegionID = "cn-hangzhou"
		}
		all, err := s.DescribeInstances(t.Context(), listTime, f, store.Page{Limit: 5000})
		want := idsOf(all.Rows, id)
		if err != nil || len(want) < 100 || !slices.IsSorted(want) {
			t.Fatalf("by %s: got %d instances, %v, want at least 100 in the order of their ids", name, len(want), err)
		}
		n := len(want)
		for _, skip := range []int{0, n / 2, n/2 + 1, 1000, n - 10, n - 3, n, n + 5} {
			got, err := s.DescribeInstances(t.Context(), listTime, f, store.Page{Skip: skip, Limit: 10, Count: true})
			from := min(skip, n)
			to := min(from+10, n)
			if err != nil || !slices.Equal(idsOf(got.Rows, id), want[from:to]) ||
				got.Total != n || got.More != (to < n) {
				t.Errorf("by %s, skip %d: got %v, a total of %d, more %t, %v, want %v, %d and %t",
					name, skip, idsOf(got.Rows, id), got.Total, got.More, err, want[from:to], n, to < n)
			}
			for _, i := range got.Rows {
				if got := len(i.NetworkInterfaces); i.VPCID != nil && got != 2 || i.VPCID == nil && got != 0 {
					t.Errorf("by %s: instance %s: got %d interfaces", name, i.ID, got)
				}
			}
		}
	}
}

// A list with a path reads an index in its order, so a page costs what its rows cost: whatever the
// size of the tables was when the plan was made, and although the plan is kept for all arguments.
func TestPathsReadAnIndexInItsOrder(t *testing.T) {
	t.Parallel()
	type (
		interfaces = store.NetworkInterfaceFilter
		instances  = store.InstanceFilter
	)
	tag := store.TagFilter{Pairs: []map[string]string{{"team": "net"}}}
	key := store.TagFilter{Keys: []string{"team"}}
	type path struct {
		sql     string
		args    []any
		setting string
		want    []string // the scans of the path, with parts of their conditions
	}
	of := func(sql string, args []any, setting string) func(want ...string) path {
		return func(want ...string) path { return path{sql, args, setting, want} }
	}
	first, deepPage := store.Page{Limit: 10}, store.Page{Limit: 10, Skip: 5000}
	statement := func(f interfaces) (string, []any, string) { return f.PageAndSetting(listTime, first) }
	ofInstances := func(f instances) (string, []any, string) { return f.PageAndSetting(listTime, first) }
	deep := func(f interfaces) (string, []any, string) { return f.PageAndSetting(listTime, deepPage) }
	const (
		tagScan = "Index Only Scan using a_resource_has_a_tag_once"
		keyScan = "Index Only Scan using resource_tags_by_key"
	)
	paths := map[string]path{
		"interfaces": of(statement(interfaces{}))("Index Only Scan using network_interfaces_of_region"),
		"interfaces, deep": of(deep(interfaces{}))("Index Only Scan using network_interfaces_of_region",
			"Index Only Scan Backward using network_interfaces_of_region"),
		"interfaces of a group": of(statement(interfaces{SecurityGroupID: "sg-7"}))(
			"Index Only Scan using network_interfaces_of_security_group"),
		"available interfaces": of(statement(interfaces{Status: store.ENIAvailable}))("Merge Left Join"),
		"interfaces in use": of(statement(interfaces{Status: store.ENIInUse}))(
			"Merge Append", "Index Only Scan using primary_network_interfaces"),
		"interfaces being attached": of(statement(interfaces{Status: store.ENIAttaching}))("an_eni_is_attached_once"),
		"interfaces being deleted": of(statement(interfaces{Status: store.ENIDeleting}))(
			"network_interfaces_that_are_deleting"),
		"interfaces by a tag":            of(statement(interfaces{Tags: tag}))(tagScan),
		"interfaces by the key of a tag": of(statement(interfaces{Tags: key}))(keyScan),
		"instances":                      of(ofInstances(instances{}))("Index Cond: ((account_id = $2) AND (id > $4))"),
		"instances by a tag":             of(ofInstances(instances{Tags: tag}))(tagScan),
		"instances by the key of a tag":  of(ofInstances(instances{Tags: key}))(keyScan),
	}
	explain := func(t *testing.T, pool *pgxpool.Pool, world string) {
		t.Helper()
		for _, name := range slices.Sorted(maps.Keys(paths)) {
			p := paths[name]
			plan := keptPlan(t, pool, p.sql, p.args, p.setting)
			for _, want := range p.want {
				if !strings.Contains(plan, want) {
					t.Errorf("%s, %s: got this plan, want %q in it:\n%s", world, name, want, plan)
				}
			}
			if strings.Contains(plan, "Seq Scan") || strings.Contains(pathOf(plan), "Sort Key: n.id") {
				t.Errorf("%s, %s: got this plan, want no sequential scan and no sort of all ids:\n%s",
					world, name, plan)
			}
		}
	}
	t.Run("small and unanalyzed tables", func(t *testing.T) {
		t.Parallel()
		pool := storetest.Pool(t)
		if _, err := pool.Exec(t.Context(), storetest.SmallWorld); err != nil {
			t.Fatal(err)
		}
		explain(t, pool, "unanalyzed")
		if _, err := pool.Exec(t.Context(), "ANALYZE resource_tags, "+filledTables); err != nil {
			t.Fatal(err)
		}
		explain(t, pool, "analyzed")
	})
	t.Run("large tables", func(t *testing.T) {
		t.Parallel()
		_, pool := openFilled(t, 10_000)
		for _, sql := range []string{
			`UPDATE network_interfaces SET tags = '{"team": "net"}' WHERE id ~ '[02468]$'`,
			`UPDATE instances SET tags = '{"team": "net"}'`,
			`VACUUM ANALYZE resource_tags, ` + filledTables,
		} {
			if _, err := pool.Exec(t.Context(), sql); err != nil {
				t.Fatal(err)
			}
		}
		explain(t, pool, "10,000 interfaces")
	})
}

// pathOf returns the part of a plan that selects the ids: from the first limit on.
func pathOf(plan string) string {
	_, path, _ := strings.Cut(plan, "Limit")
	path, _, _ = strings.Cut(path, "SubPlan")
	return path
}

// keptPlan returns the plan that a session keeps for a list with a path.
func keptPlan(t *testing.T, pool *pgxpool.Pool, sql string, args []any, setting string) string {
	t.Helper()
	tx, err := pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(t.Context()) }()
	name := fmt.Sprintf("kept_%d", rand.Uint64())
	if _, err := tx.Exec(t.Context(), setting+"; PREPARE "+name+" AS "+sql); err != nil {
		t.Fatalf("%v: %s", err, sql)
	}
	nulls := strings.TrimSuffix(strings.Repeat("NULL, ", len(args)), ", ")
	rows, _ := tx.Query(t.Context(), "EXPLAIN EXECUTE "+name+"("+nulls+")", pgx.QueryExecModeSimpleProtocol)
	lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(lines, "\n")
}
