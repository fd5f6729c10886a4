package scenario_test

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"enisim.alt/service/scenario"
	"enisim.alt/store/storetest"
)

// export returns the exported file of the account of the tests.
func (db target) export(t testing.TB, now time.Time) string {
	t.Helper()
	text, err := scenario.Export(t.Context(), db.store, account, true, now)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// checkExport exports an account and applies the file: to the same account, which it must not
// change, and to an empty one in another database, which must become equal.
func checkExport(t testing.TB, db, fresh target, now time.Time) {
	t.Helper()
	file := db.export(t, now)
	if diff := diffOf(t, db, file, now); len(diff) > 0 {
		t.Errorf("diff of the exported file: got %v, want nothing, for\n%s", diff, file)
	}
	if again := db.apply(t, file, now); len(again.Tables) > 0 {
		t.Errorf("applied to its own account: got %v, want nothing to change, for\n%s", again, file)
	}
	// The account is emptied first, because a transition under way would keep its due time.
	fresh.apply(t, "enisim: 1\naccounts: [{id: \""+account+"\"}]\n", now)
	fresh.apply(t, file, now)
	if got, want := fresh.dump(t, account), db.dump(t, account); got != want {
		t.Errorf("applied to another database: got\n%s\nwant\n%s\nfor\n%s", got, want, file)
	}
	if again := fresh.export(t, now); again != file {
		t.Errorf("exported again: got\n%s\nwant\n%s", again, file)
	}
}

// diffOf returns the differences between an account and a file.
func diffOf(t testing.TB, db target, file string, now time.Time) []scenario.Difference {
	t.Helper()
	sc, err := scenario.Parse("s.yaml", []byte(file))
	if err != nil {
		t.Fatalf("%v, for\n%s", err, file)
	}
	diff, err := scenario.Diff(t.Context(), db.store, sc, now)
	if err != nil {
		t.Fatal(err)
	}
	return diff
}

// Export and apply are inverse for a file with every key of the format.
func TestExportOfEveryKey(t *testing.T) {
	t.Parallel()
	db, fresh := newTarget(t), newTarget(t)
	db.apply(t, everyKey, noon)
	if left := diffOf(t, db, everyKey, noon); len(left) > 0 {
		t.Errorf("diff after apply: got %q, want nothing", formatted(left))
	}
	checkExport(t, db, fresh, noon.Add(time.Second/7))
}

// A data disk keeps its device, also where the disks before it leave lower ones free.
func TestExportOfDevicesWithGaps(t *testing.T) {
	t.Parallel()
	db, fresh := newTarget(t), newTarget(t)
	db.apply(t, `{"enisim": 1, "accounts": [{"id": "`+account+`", "regions": [{"id": "cn-hangzhou",
		"vpcs": [{"id": "vpc-1", "cidr_block": "10.0.0.0/8", "security_groups": [{"id": "sg-1"}],
			"vswitches": [{"id": "vsw-1", "zone": "cn-hangzhou-h", "cidr_block": "10.0.0.0/24"}]}],
		"instances": [{"id": "i-1", "type": "ecs.g6.large", "vswitch": "vsw-1", "security_groups": ["sg-1"],
			"data_disks": [{"id": "d-1", "device": "/dev/xvdc"}, {"id": "d-2", "device": "/dev/xvdd"}]}]}]}]}`, noon)
	checkExport(t, db, fresh, noon)
}

// Export and apply are inverse for the shipped scenarios.
func TestExportOfTheShippedScenarios(t *testing.T) {
	t.Parallel()
	db, fresh := newTarget(t), newTarget(t)
	for _, file := range []string{
		before, network + web, read(t, "../../testdata/scenarios/transient-states.yaml"),
		read(t, "../../testdata/scenarios/attach-errors.yaml"), read(t, "../../testdata/scenarios/quickstart.yaml"),
	} {
		db.apply(t, edit(file, "1234567890123456", account), noon)
		checkExport(t, db, fresh, noon.Add(time.Second))
	}
}

// Export and apply are inverse for any world.
func TestExportOfAnyWorld(t *testing.T) {
	storetest.SkipInShortRuns(t)
	t.Parallel()
	db, fresh := newTarget(t), newTarget(t)
	rapid.Check(t, func(rt *rapid.T) {
		db.apply(t, drawWorld(rt, "world"), noon)
		checkExport(t, db, fresh, noon)
		if t.Failed() {
			rt.FailNow()
		}
	})
}

// Names with any characters are exported so that they parse to the same names.
func TestExportKeepsAnyText(t *testing.T) {
	t.Parallel()
	db := newTarget(t)
	db.apply(t, before, noon)
	rapid.Check(t, func(rt *rapid.T) {
		name := strings.ToValidUTF8(strings.ReplaceAll(rapid.String().Draw(rt, "name"), "\x00", ""), "")
		key := strings.ReplaceAll(rapid.StringN(1, 20, -1).Draw(rt, "key of a tag"), "\x00", "x")
		if _, err := db.pool.Exec(t.Context(), `
			UPDATE network_interfaces
			SET name = $1, description = $1, tags = jsonb_build_object($2::text, $1::text)
			WHERE id = 'eni-1'`, name, key); err != nil {
			rt.Fatal(err)
		}
		file := db.export(t, noon)
		if diff := diffOf(t, db, file, noon); len(diff) > 0 {
			rt.Fatalf("got %q, want nothing to change, for\n%s", formatted(diff), file)
		}
	})
}

// The export of an account that does not exist is empty.
func TestExportOfNoAccount(t *testing.T) {
	t.Parallel()
	db := newTarget(t)
	if got := db.export(t, noon); got != "" {
		t.Errorf("got %q, want nothing", got)
	}
}

// An exported file is like one that a person would write: short, in order, and without default
// values.
func TestExportIsReadable(t *testing.T) {
	t.Parallel()
	db := newTarget(t)
	db.apply(t, `enisim: 1
accounts:
  - id: "1000000000000001"
    name: staging
    access_keys: [{id: LTAI1, secret: s}]
    regions:
      - id: cn-hangzhou
        zones: [cn-hangzhou-x]
        vpcs:
          - id: vpc-1
            cidr_block: 10.0.0.0/8
            vswitches: [{id: vsw-1, zone: cn-hangzhou-x, cidr_block: 10.0.0.0/16, name: "yes"}]
            security_groups:
              - id: sg-1
                rules:
                  - {ip_protocol: TCP, port_range: 80/80, source_cidr_ip: 0.0.0.0/0}
              - {id: sg-2}
        instances:
          - {id: i-1, type: own.type, vswitch: vsw-1, security_groups: [sg-1], tags: {team: "12"}}
        network_interfaces:
          - {id: eni-1, vswitch: vsw-1, security_groups: [sg-1, sg-2], attached_to: i-1, device_index: 2, status: Attaching, settles_in: 5s}
          - {id: eni-2, vswitch: vsw-1, security_groups: [sg-1], ipv4_prefixes: [10.0.0.16/28]}
instance_types:
  - {id: own.type, vcpus: 1, memory_gib: 0.5, eni_quantity: 3}
`, noon)
	const want = `# Account 1000000000000001 on 2030-01-01T12:00:02Z, by enisim scenario export. The secrets of its access keys are in here.
enisim: 1
accounts:
  - id: "1000000000000001"
    name: staging
    access_keys:
      - {id: LTAI1, secret: s}
    regions:
      - id: cn-hangzhou
        zones: [cn-hangzhou-x]
        vpcs:
          - id: vpc-1
            cidr_block: 10.0.0.0/8
            vswitches:
              - {id: vsw-1, name: "yes", zone: cn-hangzhou-x, cidr_block: 10.0.0.0/16}
            security_groups:
              - id: sg-1
                rules:
                  - {ip_protocol: TCP, port_range: "80/80", source_cidr_ip: 0.0.0.0/0}
              - {id: sg-2}
        instances:
          - {id: i-1, tags: {team: "12"}, type: own.type, vswitch: vsw-1, security_groups: [sg-1], private_ip_address: 10.0.0.1}
        network_interfaces:
          - {id: eni-1, vswitch: vsw-1, security_groups: [sg-1, sg-2], attached_to: i-1, device_index: 2, status: Attaching, settles_in: 3s, private_ip_addresses: [10.0.0.2]}
          - {id: eni-2, vswitch: vsw-1, security_groups: [sg-1], private_ip_addresses: [10.0.0.3], ipv4_prefixes: [10.0.0.16/28]}
instance_types:
  - {id: own.type, vcpus: 1, memory_gib: 0.5, eni_quantity: 3}
`
	if got := db.export(t, noon.Add(2*time.Second)); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
