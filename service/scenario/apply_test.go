package scenario_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"pgregory.net/rapid"

	"enisim.alt/service/scenario"
	"enisim.alt/store"
	"enisim.alt/store/storetest"
	"enisim.alt/store/world"
)

var (
	noon      = time.Date(2030, 1, 1, 12, 0, 0, 0, time.UTC)
	afternoon = noon.Add(time.Hour)
)

const account = "1000000000000001"

// target is a database of its own.
type target struct {
	store *store.Store
	pool  *pgxpool.Pool
}

func newTarget(t testing.TB) target {
	t.Helper()
	pool := storetest.Pool(t)
	return target{store.New(pool, slog.New(slog.DiscardHandler)), pool}
}

// apply applies a file, and fails the test on an error.
func (db target) apply(t testing.TB, file string, now time.Time) scenario.Applied {
	t.Helper()
	applied, err := db.tryApply(t.Context(), file, now)
	if err != nil {
		t.Fatalf("apply: got error %v, want none, for\n%s", err, file)
	}
	return applied
}

// tryApply parses and applies a file.
func (db target) tryApply(ctx context.Context, file string, now time.Time) (scenario.Applied, error) {
	sc, err := scenario.Parse("s.yaml", []byte(file))
	if err != nil {
		return scenario.Applied{}, err
	}
	return scenario.Apply(ctx, db.store, sc, now)
}

// tables are the tables that a scenario fills, with the column of the account.
var tables = []struct{ name, owner string }{
	{"accounts", "id"},
	{"instance_types", "owner_id"},
	{"ram_users", "account_id"},
	{"access_keys", "account_id"},
	{"vpcs", "account_id"},
	{"vswitches", "account_id"},
	{"security_groups", "account_id"},
	{"instances", "account_id"},
	{"network_interfaces", "account_id"},
	{"attachments", "account_id"},
	{"private_ip_addresses", "account_id"},
	{"ip_prefixes", "account_id"},
	{"network_interface_security_groups", "account_id"},
	{"security_group_rules", "account_id"},
}

// dump returns all rows of an account, one row a line. Two accounts with the same resources have
// equal dumps, regardless of their ids and creation times.
func (db target) dump(t testing.TB, account string) string {
	t.Helper()
	var out strings.Builder
	for _, table := range tables {
		rows, err := db.pool.Query(t.Context(), fmt.Sprintf(`
			SELECT replace((to_jsonb(t) - 'created_at' - 'started_at')::text, $1, '')
			FROM %s t WHERE %s = $1 ORDER BY 1`, table.name, table.owner), account)
		if err != nil {
			t.Fatal(err)
		}
		lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range lines {
			fmt.Fprintf(&out, "%s %s\n", table.name, line)
		}
	}
	return out.String()
}

// value returns one value from the database.
func value[T any](t testing.TB, db target, sql string, args ...any) T {
	t.Helper()
	var v T
	if err := db.pool.QueryRow(t.Context(), sql, args...).Scan(&v); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return v
}

// before is a world with an entry of each kind that a change can affect.
const before = `enisim: 1
accounts:
  - id: "1000000000000001"
    name: before
    access_keys: [{id: LTAIowner, secret: s}, {id: LTAImoves, secret: s}]
    ram_users:
      - {name: stays, allow: ["ecs:*"]}
      - {name: goes, access_keys: [{id: LTAIuser, secret: s}]}
    regions:
      - id: cn-hangzhou
        vpcs:
          - id: vpc-1
            cidr_block: 10.0.0.0/8
            vswitches:
              - {id: vsw-a, zone: cn-hangzhou-h, cidr_block: 10.0.0.0/16}
              - {id: vsw-b, zone: cn-hangzhou-h, cidr_block: 10.1.0.0/16}
              - {id: vsw-i, zone: cn-hangzhou-i, cidr_block: 10.2.0.0/16}
            security_groups: [{id: sg-1}, {id: sg-2}]
          - id: vpc-2
            cidr_block: 172.16.0.0/12
            vswitches: [{id: vsw-c, zone: cn-hangzhou-h, cidr_block: 172.16.0.0/16}]
            security_groups: [{id: sg-3}]
        instances:
          - {id: i-1, type: own.a, vswitch: vsw-a, security_groups: [sg-1]}
          - {id: i-2, type: own.b, vswitch: vsw-a, security_groups: [sg-1, sg-2]}
          - {id: i-3, type: ecs.g6.large, vswitch: vsw-c, security_groups: [sg-3], status: Stopped}
        network_interfaces:
          - {id: eni-1, vswitch: vsw-a, security_groups: [sg-1], attached_to: i-1, private_ip_addresses: [10.0.9.1]}
          - {id: eni-2, vswitch: vsw-a, security_groups: [sg-1, sg-2], attached_to: i-1, private_ip_addresses: [10.0.9.2]}
          - {id: eni-3, vswitch: vsw-a, security_groups: [sg-1], attached_to: i-2}
          - {id: eni-4, vswitch: vsw-b, security_groups: [sg-1]}
          - {id: eni-5, vswitch: vsw-i, security_groups: [sg-2], status: Deleting}
instance_types:
  - {id: own.a, vcpus: 1, memory_gib: 1, eni_quantity: 4}
  - {id: own.b, vcpus: 1, memory_gib: 1, eni_quantity: 2}
`

// edit returns a file in which some texts are replaced.
func edit(file string, oldNew ...string) string {
	return strings.NewReplacer(oldNew...).Replace(file)
}

// changes are files that are applied after the world before.
var changes = []struct{ name, after string }{
	{"nothing", before},
	{
		"names and limits",
		edit(before, "name: before", "name: after", "[{id: sg-1}", "[{id: sg-1, instance_limit: 7, name: g}",
			"id: vpc-2", "id: vpc-2\n            name: v"),
	},
	{
		"interfaces swap instances",
		edit(before, "attached_to: i-1, private_ip_addresses: [10.0.9.1]",
			"attached_to: i-2, private_ip_addresses: [10.0.9.1]", "attached_to: i-2}", "attached_to: i-1}"),
	},
	{"interfaces swap device indexes", edit(before, "id: eni-1,", "id: eni-2,", "id: eni-2,", "id: eni-1,")},
	{"interfaces swap addresses", edit(before, "10.0.9.1", "10.0.9.2", "10.0.9.2", "10.0.9.1")},
	{"interfaces swap groups", edit(before, "[sg-1, sg-2]", "[sg-2, sg-1]")},
	{"all interfaces are detached", edit(before, ", attached_to: i-1", "", ", attached_to: i-2", "")},
	{
		"an instance is deleted, but not its interfaces",
		edit(before, "          - {id: i-1, type: own.a, vswitch: vsw-a, security_groups: [sg-1]}\n", "",
			", attached_to: i-1", ""),
	},
	{
		"instance types swap limits and instances",
		edit(before, "{id: own.a, ", "{id: own.b, ", "{id: own.b, ", "{id: own.a, ", "type: own.a", "type: own.b",
			"type: own.b", "type: own.a"),
	},
	{
		"an instance gets a type of the catalogue",
		edit(before, "type: own.a", "type: ecs.g6.2xlarge",
			"  - {id: own.a, vcpus: 1, memory_gib: 1, eni_quantity: 4}\n", ""),
	},
	{"a limit decreases to the number in use", edit(before, "eni_quantity: 4", "eni_quantity: 3")},
	{
		"an instance moves within its zone",
		edit(before, "id: i-1, type: own.a, vswitch: vsw-a", "id: i-1, type: own.a, vswitch: vsw-b"),
	},
	{
		"a VSwitch moves to another zone",
		edit(before, "id: vsw-a, zone: cn-hangzhou-h", "id: vsw-a, zone: cn-hangzhou-i"),
	},
	{"a VSwitch gets another block", edit(before, "10.0.0.0/16", "10.7.0.0/16", "10.0.9.", "10.7.9.")},
	{
		"an interface moves to another VPC",
		edit(before, "id: eni-4, vswitch: vsw-b, security_groups: [sg-1]",
			"id: eni-4, vswitch: vsw-c, security_groups: [sg-3]"),
	},
	{
		"a group moves to another VPC",
		edit(before, "{id: sg-3}", "{id: sg-2}", "[sg-3]", "[sg-2]", "{id: sg-2}", "{id: sg-3}", "[sg-1, sg-2]",
			"[sg-1, sg-3]", "[sg-2]", "[sg-3]"),
	},
	{
		"an instance becomes classic",
		edit(before, "id: i-3, type: ecs.g6.large, vswitch: vsw-c, security_groups: [sg-3]",
			"id: i-3, type: ecs.g6.large, zone: cn-hangzhou-h, network_type: classic"),
	},
	{"all resources move to another region", edit(before, "cn-hangzhou", "cn-beijing")},
	{
		"statuses",
		edit(before, "status: Stopped", "status: Starting", ", status: Deleting", "", "attached_to: i-2",
			"attached_to: i-2, status: Detaching"),
	},
	{"keys and users", edit(before, "[{id: LTAIowner, secret: s}, {id: LTAImoves, secret: s}]",
		"[{id: LTAIowner, secret: other, status: Inactive}]",
		`{name: stays, allow: ["ecs:*"]}`, `{name: stays, allow: ["vpc:*"], access_keys: [{id: LTAImoves, secret: s}, {id: LTAIuser, secret: s}]}`,
		"      - {name: goes, access_keys: [{id: LTAIuser, secret: s}]}\n", "      - {name: comes}\n")},
	{"the account becomes empty", "enisim: 1\naccounts: [{id: \"1000000000000001\"}]\n"},
}

// tenant returns the file for another account, with the same resources and other keys.
func tenant(file, id string) string {
	return edit(file, account, id, "LTAI", "LTAI"+id)
}

// After a file was applied over another one, an account is the same as one to which only that file
// was applied. This holds in both directions, and while other accounts change.
func TestApplyConverges(t *testing.T) {
	t.Parallel()
	db := newTarget(t)
	for i, c := range changes {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if c.name != "nothing" && c.after == before {
				t.Fatal("got the same file after the change, want another one")
			}
			mine, fresh := fmt.Sprintf("10000000000001%02d", i), fmt.Sprintf("10000000000002%02d", i)
			convergeTo(t, db, mine, fresh, before, c.after)
			convergeTo(t, db, mine, fresh, c.after, before)
		})
	}
}

// An account that a file creates is the same as an empty one to which the file was applied, and as many
// rows are new.
func TestApplyToANewAccountConverges(t *testing.T) {
	storetest.SkipInShortRuns(t)
	t.Parallel()
	db := newTarget(t)
	for i, c := range changes {
		const empty = "enisim: 1\naccounts: [{id: \"" + account + "\"}]\n"
		created, existing := fmt.Sprintf("10000000000001%02d", i), fmt.Sprintf("10000000000002%02d", i)
		atOnce := db.apply(t, tenant(c.after, created), noon)
		db.apply(t, tenant(empty, existing), noon)
		later := db.apply(t, tenant(c.after, existing), noon)
		if got, want := db.dump(t, created), db.dump(t, existing); got != want {
			t.Errorf("%s: got\n%s\nwant\n%s", c.name, got, want)
		}
		for _, change := range atOnce.Tables {
			if change.Updated != 0 || change.Deleted != 0 {
				t.Errorf("%s: got %+v of a new account, want only new rows", c.name, change)
			}
			if change.Table != "accounts" && change.Table != "zones" && change.Table != "regions" &&
				!slices.Contains(later.Tables, change) {
				t.Errorf("%s: got %+v, want one of %+v", c.name, change, later.Tables)
			}
		}
	}
	// Applying a file again counts anew what is kept, so look at the counts before.
	if violations, err := world.Verify(t.Context(), db.store); err != nil || len(violations) > 0 {
		t.Errorf("verify: got %v, %v, want no violation", violations, err)
	}
	for i, c := range changes {
		created := fmt.Sprintf("10000000000001%02d", i)
		if again := db.apply(t, tenant(c.after, created), noon); len(again.Tables) != 0 {
			t.Errorf("%s: applied again: got %v, want nothing to change", c.name, again)
		}
	}
}

// convergeTo applies a file, another one over it, and that one again.
func convergeTo(t testing.TB, db target, mine, fresh, from, to string) {
	t.Helper()
	db.apply(t, tenant("enisim: 1\naccounts: [{id: \""+account+"\"}]\n", fresh), noon)
	db.apply(t, tenant(to, fresh), noon)
	db.apply(t, tenant(from, mine), noon)
	db.apply(t, tenant(to, mine), afternoon)
	if got, want := db.dump(t, mine), db.dump(t, fresh); got != want {
		t.Fatalf("got\n%s\nwant\n%s\nafter applying\n%s\nand then\n%s", got, want, from, to)
	}
	if again := db.apply(t, tenant(to, mine), afternoon); len(again.Tables) != 0 {
		t.Errorf("applied again: got %v, want nothing to change", again)
	}
}

// The default of rapid, 100 draws, takes longer than all other tests. The flag -rapid.checks sets
// another number.
func init() { _ = flag.Set("rapid.checks", "40") }

// Apply converges for any two worlds. Both use the same few ids, so nearly every resource changes
// or moves.
func TestApplyConvergesForAnyWorlds(t *testing.T) {
	storetest.SkipInShortRuns(t)
	t.Parallel()
	db := newTarget(t)
	rapid.Check(t, func(rt *rapid.T) {
		from, to := drawWorld(rt, "from"), drawWorld(rt, "to")
		convergeTo(t, db, "1000000000000001", "1000000000000002", from, to)
		if t.Failed() {
			rt.FailNow()
		}
	})
}

// drawWorld draws a valid file.
func drawWorld(t *rapid.T, label string) string {
	pick := func(what string, from ...string) string { return rapid.SampledFrom(from).Draw(t, label+" "+what) }
	number := func(what string, low, high int) int { return rapid.IntRange(low, high).Draw(t, label+" "+what) }

	// There are two VPCs in two zones. The second VSwitch and the second group may be in either
	// VPC.
	type place struct{ vpc, zone string }
	places := map[string]place{
		"vsw-1": {"vpc-1", pick("zone of vsw-1", "cn-hangzhou-h", "cn-hangzhou-i")},
		"vsw-2": {pick("VPC of vsw-2", "vpc-1", "vpc-2"), pick("zone of vsw-2", "cn-hangzhou-h", "cn-hangzhou-i")},
		"vsw-3": {"vpc-2", pick("zone of vsw-3", "cn-hangzhou-h", "cn-hangzhou-i")},
	}
	groups := map[string][]string{"vpc-1": {"sg-1"}, "vpc-2": {"sg-3"}}
	vpc := pick("VPC of sg-2", "vpc-1", "vpc-2")
	groups[vpc] = append(groups[vpc], "sg-2")
	limits := map[string]int{"own.a": number("limit of own.a", 1, 4), "own.b": number("limit of own.b", 1, 4)}

	file := "enisim: 1\naccounts:\n  - id: \"" + account + "\"\n    regions:\n      - id: cn-hangzhou\n        vpcs:\n"
	for _, vpc := range []string{"vpc-1", "vpc-2"} {
		file += fmt.Sprintf("          - id: %s\n            cidr_block: 10.0.0.0/8\n            security_groups: [{id: %s}]\n            vswitches:\n",
			vpc, strings.Join(groups[vpc], "}, {id: "))
		for i, vswitch := range []string{"vsw-1", "vsw-2", "vsw-3"} {
			if places[vswitch].vpc == vpc {
				file += fmt.Sprintf("              - {id: %s, zone: %s, cidr_block: 10.%d.0.0/16}\n", vswitch,
					places[vswitch].zone, i)
			}
		}
	}
	joined := func(what string, at place) string {
		mine := rapid.Permutation(groups[at.vpc]).Draw(t, label+" groups of "+what)
		return strings.Join(mine[:number("group count of "+what, 1, len(mine))], ", ")
	}

	type host struct {
		id string
		at place
		no int // interfaces that it can still hold
	}
	var hosts []*host
	file += "        instances:\n"
	for _, id := range []string{"i-1", "i-2", "i-3"} {
		vswitch, typ := pick("VSwitch of "+id, "", "vsw-1", "vsw-2", "vsw-3"), pick("type of "+id, "own.a", "own.b")
		if vswitch == "" {
			continue
		}
		at := places[vswitch]
		hosts = append(hosts, &host{id, at, limits[typ] - 1})
		file += fmt.Sprintf("          - {id: %s, type: %s, vswitch: %s, security_groups: [%s], status: %s}\n",
			id, typ, vswitch, joined(id, at), pick("status of "+id, "Running", "Stopped", "Pending"))
	}
	file += "        network_interfaces:\n"
	order := rapid.Permutation([]string{"eni-1", "eni-2", "eni-3", "eni-4", "eni-5"}).Draw(t, label+" order")
	for _, id := range order {
		vswitch := pick("VSwitch of "+id, "", "vsw-1", "vsw-2", "vsw-3")
		if vswitch == "" {
			continue
		}
		at := places[vswitch]
		file += fmt.Sprintf("          - {id: %s, vswitch: %s, security_groups: [%s]", id, vswitch, joined(id, at))
		if len(hosts) > 0 {
			h := rapid.SampledFrom(hosts).Draw(t, label+" instance of "+id)
			if h.at == at && h.no > 0 {
				h.no--
				file += fmt.Sprintf(", attached_to: %s, status: %s", h.id,
					pick("status of "+id, "InUse", "Attaching", "Detaching"))
			}
		}
		file += "}\n"
	}
	file += "instance_types:\n"
	for _, id := range []string{"own.a", "own.b"} {
		file += fmt.Sprintf("  - {id: %s, vcpus: 1, memory_gib: 1, eni_quantity: %d}\n", id, limits[id])
	}
	return file
}

// Apply returns how many rows it has inserted, updated and deleted.
func TestApplyCountsWhatItWrites(t *testing.T) {
	t.Parallel()
	db := newTarget(t)
	if got, want := db.apply(t, network+web, noon).String(), `accounts: 1 new, 0 changed, 0 gone
vpcs: 2 new, 0 changed, 0 gone
vswitches: 4 new, 0 changed, 0 gone
security_groups: 4 new, 0 changed, 0 gone
instances: 1 new, 0 changed, 0 gone
network_interfaces: 1 new, 0 changed, 0 gone
private_ip_addresses: 1 new, 0 changed, 0 gone
network_interface_security_groups: 1 new, 0 changed, 0 gone`; got != want {
		t.Errorf("first: got\n%s\nwant\n%s", got, want)
	}
	if got, want := db.apply(t, network+web, noon).String(), "nothing to change"; got != want {
		t.Errorf("again: got %s, want %s", got, want)
	}
	changed := network + edit(web, "vswitch: vsw-h,", "vswitch: vsw-h, status: Stopped,") + `        network_interfaces:
          - {id: eni-1, vswitch: vsw-h, security_groups: [sg-main]}
`
	if got, want := db.apply(t, changed, noon).String(), `instances: 0 new, 1 changed, 0 gone
network_interfaces: 1 new, 0 changed, 0 gone
private_ip_addresses: 1 new, 0 changed, 0 gone
network_interface_security_groups: 1 new, 0 changed, 0 gone`; got != want {
		t.Errorf("changed: got\n%s\nwant\n%s", got, want)
	}
	if got, want := db.apply(t, network, noon).Total(), (world.TableChange{Deleted: 7}); got != want {
		t.Errorf("shrunk: got %+v, want %+v", got, want)
	}
}

// Apply keeps the creation time of resources that exist already.
func TestApplyKeepsCreationTimes(t *testing.T) {
	t.Parallel()
	db := newTarget(t)
	db.apply(t, before, noon)
	db.apply(t, edit(before, "status: Stopped", "status: Running", "name: before", "name: after",
		"status: Deleting", "name: kept",
		"          - {id: eni-4, ", "          - {id: eni-new, vswitch: vsw-b, security_groups: [sg-1]}\n"+
			"          - {id: eni-4, "), afternoon)
	if got := value[int](t, db, `SELECT count(*) FROM network_interfaces WHERE created_at = $1 AND id <> 'eni-new'`,
		noon); got != 8 {
		t.Errorf("interfaces of the first apply: got %d, want 8", got)
	}
	got := value[time.Time](t, db, `SELECT created_at FROM network_interfaces WHERE id = 'eni-new'`)
	if !got.Equal(afternoon) {
		t.Errorf("creation time of a new interface: got %v, want %v", got, afternoon)
	}
	if got := value[time.Time](t, db, `SELECT created_at FROM accounts WHERE id = $1`, account); !got.Equal(noon) {
		t.Errorf("creation time of the account: got %v, want %v", got, noon)
	}
}

// Apply keeps the due time of a transient status that the file still has. After that time, the file
// starts the transition again.
func TestApplyKeepsDueTimesOfTransientRows(t *testing.T) {
	t.Parallel()
	db := newTarget(t)
	file := network + edit(web, "[sg-main]", "[sg-main], status: Starting, settles_in: 5m") + `        network_interfaces:
          - {id: eni-1, vswitch: vsw-h, security_groups: [sg-main], attached_to: i-web, status: Attaching, settles_in: 1h}
          - {id: eni-2, vswitch: vsw-h, security_groups: [sg-main], status: Deleting}
`
	due := func() [2]time.Time {
		return [2]time.Time{
			value[time.Time](t, db, `SELECT settles_at FROM instances`).UTC(),
			value[time.Time](t, db, `SELECT settles_at FROM attachments WHERE network_interface_id = 'eni-1'`).UTC(),
		}
	}
	db.apply(t, file, noon)
	first := [2]time.Time{noon.Add(5 * time.Minute), noon.Add(time.Hour)}
	if got := due(); got != first {
		t.Fatalf("got due times %v, want %v", got, first)
	}
	if got := value[bool](t, db, `SELECT settles_at IS NULL FROM network_interfaces WHERE id = 'eni-2'`); !got {
		t.Error("due time of a transient status without settles_in: got one, want none")
	}
	if got := db.apply(t, file, noon.Add(time.Minute)).String(); got != "nothing to change" {
		t.Errorf("before both due times: got %s, want nothing to change", got)
	}
	later := noon.Add(10 * time.Minute) // the instance has settled, the interface has not
	if got, want := db.apply(t, file, later).Total(), (world.TableChange{Updated: 1}); got != want {
		t.Errorf("after one due time: got %+v, want %+v", got, want)
	}
	if got, want := due(), [2]time.Time{later.Add(5 * time.Minute), first[1]}; got != want {
		t.Errorf("got due times %v, want %v", got, want)
	}
}

// Apply does not change another account with the same resources.
func TestApplyChangesNoOtherAccount(t *testing.T) {
	t.Parallel()
	const other = "1000000000000002"
	db := newTarget(t)
	otherFile := edit(before, account, other, "LTAI", "LTAIother")
	db.apply(t, otherFile, noon)
	want := db.dump(t, other)
	db.apply(t, before, noon)
	db.apply(t, edit(before, "own.a", "own.c", "attached_to: i-2", "attached_to: i-1"), noon)
	db.apply(t, "enisim: 1\naccounts: [{id: \""+account+"\"}]\n", noon)
	if got := db.dump(t, other); got != want {
		t.Errorf("the other account: got\n%s\nwant\n%s", got, want)
	}
}

// Keys can move between the accounts of a file.
func TestApplyMovesKeysBetweenItsOwnAccounts(t *testing.T) {
	t.Parallel()
	const file = `enisim: 1
accounts:
  - {id: "1000000000000001", access_keys: [{id: LTAI1, secret: s}]}
  - {id: "1000000000000002", access_keys: [{id: LTAI2, secret: s}]}
`
	db := newTarget(t)
	db.apply(t, file, noon)
	db.apply(t, edit(file, "LTAI1", "LTAI2", "LTAI2", "LTAI1"), noon)
	if got, want := value[string](t, db, `SELECT account_id FROM access_keys WHERE id = 'LTAI1'`),
		"1000000000000002"; got != want {
		t.Errorf("owner of LTAI1: got %s, want %s", got, want)
	}
}

// If Apply refuses a part of a file, it writes nothing. The error does not name the account that
// has the key or the zone.
func TestApplyIsAllOrNothing(t *testing.T) {
	t.Parallel()
	db := newTarget(t)
	db.apply(t, `enisim: 1
accounts:
  - id: "1000000000000009"
    access_keys: [{id: LTAItaken, secret: theirs}]
    regions: [{id: mars-1, zones: [mars-1a]}]
`, noon)
	db.apply(t, before, noon)
	want := db.dump(t, account)
	for _, c := range []struct {
		name, file, id string
		reason         error
	}{
		{"a key of another account", edit(before, "name: before", "name: after", "LTAIowner", "LTAItaken",
			"attached_to: i-2", "attached_to: i-1"), "LTAItaken", world.ErrAccessKeyTaken},
		{"a zone of another region", edit(before, "name: before", "name: after", "id: cn-hangzhou\n",
			"id: cn-hangzhou\n        zones: [mars-1a]\n"), "mars-1a", world.ErrZoneElsewhere},
	} {
		_, err := db.tryApply(t.Context(), c.file, afternoon)
		if !errors.Is(err, c.reason) || !strings.Contains(err.Error(), c.id) {
			t.Errorf("%s: got error %v, want %v with %s", c.name, err, c.reason, c.id)
		}
		if err != nil && strings.Contains(err.Error(), "1000000000000009") {
			t.Errorf("%s: got the other account in the error %v, want no account", c.name, err)
		}
		if got := db.dump(t, account); got != want {
			t.Errorf("%s: got\n%s\nwant as before\n%s", c.name, got, want)
		}
	}
}

// Servers apply two files for one account at the same time, while callers lock its rows in the
// order of the locks. All succeed without a deadlock. The account does not exist at the start.
func TestConcurrentAppliesSucceed(t *testing.T) {
	t.Parallel()
	const appliers, rounds = 4, 5
	db := newTarget(t)
	files := []string{
		before, edit(before, "10.0.9.1", "10.0.9.2", "10.0.9.2", "10.0.9.1", "attached_to: i-2", "attached_to: i-1"),
	}
	ctx, cancel := context.WithCancel(t.Context())
	var applying, attaching sync.WaitGroup
	for range 2 {
		attaching.Go(func() { keepAttaching(ctx, t, db.pool) })
	}
	for i := range appliers {
		applying.Go(func() {
			for round := range rounds {
				if _, err := db.tryApply(t.Context(), files[(i+round)%2], noon); err != nil {
					t.Errorf("applier %d, round %d: got error %v, want none", i, round, err)
				}
			}
		})
	}
	applying.Wait()
	cancel()
	attaching.Wait()

	fresh := newTarget(t)
	fresh.apply(t, before, noon)
	db.apply(t, before, noon)
	if got, want := db.dump(t, account), fresh.dump(t, account); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if got := value[int](t, db, `SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()`); got != 0 {
		t.Errorf("deadlocks: got %d, want 0", got)
	}
}

// keepAttaching attaches a free interface again and again, like a caller. It locks the instance and
// then the interface. If one of them does not exist, it ends the transaction: to lock the interface
// without the instance, which another session may create meanwhile, could cause a deadlock.
func keepAttaching(ctx context.Context, t *testing.T, pool *pgxpool.Pool) {
	for ctx.Err() == nil {
		err := pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
			// On a busy machine an apply may hold the locks for longer than the lock timeout of the pool.
			if _, err := tx.Exec(ctx, `SET LOCAL lock_timeout = '1min'`); err != nil {
				return err
			}
			for _, sql := range []string{
				`SELECT FROM instances WHERE id = 'i-1' FOR NO KEY UPDATE`,
				`SELECT FROM network_interfaces WHERE id = 'eni-4' FOR NO KEY UPDATE`,
				`INSERT INTO attachments (account_id, network_interface_id, instance_id, vpc_id, zone_id,
				     instance_eni_quantity, device_index, status)
				 SELECT n.account_id, n.id, i.id, n.vpc_id, n.zone_id, i.eni_quantity, 3, 'InUse'
				 FROM network_interfaces n, instances i
				 WHERE n.id = 'eni-4' AND i.id = 'i-1'
				   AND NOT EXISTS (SELECT FROM attachments WHERE instance_id = 'i-1' AND device_index = 3)`,
			} {
				if tag, err := tx.Exec(ctx, sql); err != nil || tag.RowsAffected() == 0 {
					return err
				}
			}
			return nil
		})
		if err != nil && ctx.Err() == nil {
			t.Errorf("attach during the applies: got error %v, want none", err)
		}
	}
}

// The reported progress never decreases, comes in steps that a person can see, and ends at the
// total. It is the same when nothing has to be written.
func TestApplyReportsItsProgress(t *testing.T) {
	t.Parallel()
	db := newTarget(t)
	sc, err := scenario.Parse("s.yaml", []byte(largeFile(3000))) // 1000 instances
	if err != nil {
		t.Fatal(err)
	}
	for _, when := range []string{"first", "again"} {
		var steps []scenario.Progress
		if _, err := scenario.ApplyWithProgress(t.Context(), db.store, sc, noon,
			func(p scenario.Progress) { steps = append(steps, p) }); err != nil {
			t.Fatal(err)
		}
		// The instances, the interfaces with their addresses and groups, and the attachments of the
		// secondary ones.
		const rows = 1000 + 3*4000 + 3000
		copied := 0
		for i, p := range steps {
			if i > 0 && p.Done < steps[i-1].Done || p.Done > p.Total || p.Total != 11*rows {
				t.Errorf("%s, step %d: got %+v after %+v, want no less, of %d", when, i, p, steps[max(i-1, 0)], 11*rows)
			}
			if p.Done <= rows {
				copied++
			}
		}
		if copied < 13 {
			t.Errorf("%s: got %d steps for %d copied rows, want one for each thousand", when, copied, rows)
		}
		if last := steps[len(steps)-1]; last.Done != last.Total {
			t.Errorf("%s: got the last step %+v, want all done", when, last)
		}
	}
}
