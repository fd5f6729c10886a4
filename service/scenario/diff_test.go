package scenario_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"enisim.alt/service/scenario"
	"enisim.alt/store/storetest"
	"enisim.alt/store/world"
)

// formatted returns differences as the command prints them.
func formatted(diff []scenario.Difference) []string {
	out := make([]string, len(diff))
	for i, d := range diff {
		out[i] = d.String()
	}
	return out
}

// The diff has a line for each resource that changes, with the old and the new value of each key.
func TestDiffShowsChanges(t *testing.T) {
	t.Parallel()
	db := newTarget(t)
	const file = network + web + `        network_interfaces:
          - {id: eni-1, vswitch: vsw-h, security_groups: [sg-main]}
          - {id: eni-2, vswitch: vsw-h, security_groups: [sg-main], attached_to: i-web, status: Attaching, settles_in: 5m}
`
	first := diffOf(t, db, file, noon)
	if got, want := len(first), 1+2+4+4+1+3; got != want ||
		slices.ContainsFunc(first, func(d scenario.Difference) bool { return d.Mark != "+" }) {
		t.Errorf("an account that does not exist: got\n%s\nwant %d new resources",
			strings.Join(formatted(first), "\n"), want)
	}
	db.apply(t, file, noon)
	for _, c := range []struct {
		name, file string
		want       []string
	}{
		{"the same file", file, nil},
		{"a status and a tag", edit(file, "vswitch: vsw-h, security_groups: [sg-main]}\n        network",
			"vswitch: vsw-h, security_groups: [sg-main], status: Stopped, tags: {a: b}}\n        network"), []string{
			"~ instance i-web: tags {} -> {a: b}, status Running -> Stopped",
		}},
		{"an address, groups and an attachment", edit(file, "eni-1, vswitch: vsw-h, security_groups: [sg-main]",
			"eni-1, vswitch: vsw-h, security_groups: [sg-one, sg-main], private_ip_addresses: [10.0.0.9]"), []string{
			"~ network_interface eni-1: security_groups [sg-main] -> [sg-one, sg-main], private_ip_addresses [10.0.0.2] -> [10.0.0.9]",
			"~ network_interface eni-2: private_ip_addresses [10.0.0.3] -> [10.0.0.2]",
		}},
		{"another zone", edit(file, "eni-1, vswitch: vsw-h", "eni-1, vswitch: vsw-i"), []string{
			"+ network_interface eni-1",
			"~ network_interface eni-2: private_ip_addresses [10.0.0.3] -> [10.0.0.2]",
			"- network_interface eni-1",
		}},
		{"a transition without a due time", edit(file, "status: Attaching, settles_in: 5m", "status: Attaching"),
			[]string{
				"~ network_interface eni-2: settles_in 4m0s -> none, settles_to InUse -> none",
			}},
		{"a VPC that settles", edit(file, "id: vpc-main\n", "id: vpc-main\n            settles_in: 5s\n"), []string{
			"~ vpc vpc-main: settles_in none -> 5s",
		}},
		{"a quota and attributes", edit(file, "\"1000000000000001\"", "\"1000000000000001\"\n    repeats: accept\n    quotas: {network_interfaces_per_region: 7}", "vswitch: vsw-h, security_groups: [sg-main]}\n        network", "vswitch: vsw-h, security_groups: [sg-main], system_disk: {size_gib: 50, delete_with_instance: false}}\n        network"), []string{
			"~ account 1000000000000001: network_interfaces_per_region 100 -> 7, repeats \"\" -> accept",
			"~ instance i-web: system_disk {} -> {size_gib: 50, delete_with_instance: false}",
		}},
		{"rules", edit(file, "{id: sg-main}", "{id: sg-main, inner_access_policy: Drop, rules: [{ip_protocol: ALL, source_group: sg-one}]}"), []string{
			"~ security_group sg-main: inner_access_policy Accept -> Drop",
			"+ security_group_rule sgr-main-1",
		}},
		{"a key, a user and a region", edit(file, `"1000000000000001"`,
			"\"1000000000000001\"\n    access_keys: [{id: LTAI1, secret: hush}]\n    ram_users: [{name: u}]",
			"id: cn-hangzhou\n", "id: cn-hangzhou\n        zones: [cn-hangzhou-z]\n"), []string{
			"+ zone cn-hangzhou-z",
			"+ ram_user u",
			"+ access_key LTAI1",
		}},
		{"two accounts", file + "  - {id: \"1000000000000002\", ram_users: [{name: u}]}\n", []string{
			"+ account 1000000000000002",
			"+ ram_user u of account 1000000000000002",
		}},
	} {
		before := db.dump(t, account)
		if got := formatted(diffOf(t, db, c.file, noon.Add(time.Minute))); !slices.Equal(got, c.want) {
			t.Errorf("%s: got\n%s\nwant\n%s", c.name, strings.Join(got, "\n"), strings.Join(c.want, "\n"))
		}
		if after := db.dump(t, account); after != before {
			t.Errorf("%s: got other rows after the diff, want them unchanged:\n%s", c.name, after)
		}
	}
}

// The diff shows the transition of a VPC, although a file has no status of VPCs.
func TestDiffShowsTheTransitionOfAVPC(t *testing.T) {
	t.Parallel()
	db := newTarget(t)
	db.apply(t, edit(network, "id: vpc-main\n", "id: vpc-main\n            settles_in: 5m\n"), noon)
	want := []string{"~ vpc vpc-main: settles_in 4m0s -> none"}
	if got := formatted(diffOf(t, db, network, noon.Add(time.Minute))); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// The diff shows that a secret changes, but neither the old nor the new one.
func TestDiffShowsNoSecret(t *testing.T) {
	t.Parallel()
	db := newTarget(t)
	const file = `enisim: 1
accounts:
  - id: "1000000000000001"
    access_keys: [{id: LTAI1, secret: old-secret, security_token: old-token, expires_at: 2040-01-01T00:00:00Z}]
`
	db.apply(t, file, noon)
	got := formatted(diffOf(t, db, edit(file, "old-", "new-"), noon))
	want := []string{"~ access_key LTAI1: secret becomes another one, security_token becomes another one"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// Diff fails with the same error as Apply.
func TestDiffRefusesWhatApplyRefuses(t *testing.T) {
	t.Parallel()
	db := newTarget(t)
	db.apply(t, `enisim: 1
accounts:
  - id: "1000000000000009"
    access_keys: [{id: LTAItaken, secret: theirs}]
    regions: [{id: mars-1, zones: [mars-1a]}]
`, noon)
	for _, c := range []struct {
		file string
		want error
	}{
		{edit(before, "LTAIowner", "LTAItaken"), world.ErrAccessKeyTaken},
		{edit(before, "id: cn-hangzhou\n", "id: cn-hangzhou\n        zones: [mars-1a]\n"), world.ErrZoneElsewhere},
	} {
		sc, err := scenario.Parse("s.yaml", []byte(c.file))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := scenario.Diff(t.Context(), db.store, sc, noon); !errors.Is(err, c.want) {
			t.Errorf("diff: got error %v, want %v", err, c.want)
		}
		if _, err := scenario.Apply(t.Context(), db.store, sc, noon); !errors.Is(err, c.want) {
			t.Errorf("apply: got error %v, want %v", err, c.want)
		}
	}
}

// checkAgreement compares a diff with the changes that applying the file counts.
func checkAgreement(t testing.TB, diff []scenario.Difference, applied scenario.Applied) {
	t.Helper()
	if (len(diff) == 0) != (len(applied.Tables) == 0) {
		t.Errorf("got the diff %q, want changes as Apply counts, %v", formatted(diff), applied)
	}
	tables := map[string]world.TableChange{}
	for _, d := range diff {
		table := d.What + "s"
		if d.What == "vswitch" {
			table = "vswitches"
		}
		change := tables[table]
		change.Table = table
		switch d.Mark {
		case "+":
			change.Inserted++
		case "~":
			change.Updated++
		case "-":
			change.Deleted++
		}
		tables[table] = change
	}
	counted := map[string]world.TableChange{}
	for _, c := range applied.Tables {
		counted[c.Table] = c
	}
	for _, table := range []string{
		"regions", "zones", "accounts", "ram_users", "access_keys", "instance_types", "vpcs", "vswitches",
		"security_groups", "security_group_rules", "instances",
	} {
		if tables[table] != counted[table] && (tables[table] != world.TableChange{} ||
			counted[table] != world.TableChange{}) {
			t.Errorf("%s: got %+v in the diff, want %+v as Apply counts", table, tables[table], counted[table])
		}
	}
	// Apply also counts unchanged interfaces of instances that change their type or VSwitch,
	// because it writes them again. It counts addresses and groups apart.
	got, want := tables["network_interfaces"], counted["network_interfaces"]
	if got.Inserted != want.Inserted || got.Deleted != want.Deleted {
		t.Errorf("network_interfaces: got %+v in the diff, want %+v as Apply counts", got, want)
	}
}

// The diff has as many changes as Apply counts, and is empty afterwards.
func TestDiffAgreesWithApply(t *testing.T) {
	t.Parallel()
	for _, c := range changes {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			db := newTarget(t)
			db.apply(t, before, noon)
			for _, file := range []string{c.after, before} {
				diff := diffOf(t, db, file, afternoon)
				checkAgreement(t, diff, db.apply(t, file, afternoon))
				if left := diffOf(t, db, file, afternoon); len(left) > 0 {
					t.Errorf("afterwards: got %q, want nothing", formatted(left))
				}
			}
		})
	}
}

// The same holds for any two worlds.
func TestDiffAgreesWithApplyOnAnyWorlds(t *testing.T) {
	storetest.SkipInShortRuns(t)
	t.Parallel()
	db := newTarget(t)
	rapid.Check(t, func(rt *rapid.T) {
		db.apply(t, drawWorld(rt, "from"), noon)
		file := drawWorld(rt, "to")
		diff := diffOf(t, db, file, noon)
		checkAgreement(t, diff, db.apply(t, file, noon))
		if t.Failed() {
			rt.FailNow()
		}
	})
}
