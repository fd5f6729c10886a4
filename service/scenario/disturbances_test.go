package scenario_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"enisim.alt/service/disturbance"
	"enisim.alt/service/scenario"
	"enisim.alt/store"
)

// withFaults returns a file of an account with faults, each written as a YAML mapping.
func withFaults(faults ...string) string {
	file := "enisim: 1\naccounts:\n  - id: \"" + account + "\"\n"
	if len(faults) > 0 {
		file += "    faults:\n"
	}
	for _, f := range faults {
		file += "      - " + f + "\n"
	}
	return file
}

// faultsOf returns the ids and rules of the account's faults, in their order.
func (db target) faultsOf(t testing.TB) (ids, rules []string) {
	t.Helper()
	rows, err := db.store.ListDisturbances(t.Context(), store.KindFault, account)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		ids, rules = append(ids, row.ID), append(rules, string(row.Rule))
	}
	return ids, rules
}

// The faults of a file are those of the account after it was applied, in the order of the file. Faults
// that stay as they are keep their ids, and so their counts.
func TestFaultsOfAScenario(t *testing.T) {
	t.Parallel()
	const (
		lost      = `{action: AttachNetworkInterface, when: {from: 2, to: 2}, do: {lose: "500"}}`
		throttled = `{action: "Describe*", when: {probability: 0.25, seed: 7}, do: {answer: Throttling, delay: 500ms}}`
	)
	db := newTarget(t)
	first := db.apply(t, withFaults(lost, throttled), noon)
	ids, rules := db.faultsOf(t)
	want := []string{
		`{"do": {"lose": "500"}, "when": {"to": 2, "from": 2}, "action": "AttachNetworkInterface"}`,
		`{"do": {"delay": "500ms", "answer": "Throttling"}, "when": {"seed": 7, "probability": 0.25}, "action": "Describe*"}`,
	}
	if fmt.Sprint(rules) != fmt.Sprint(want) || !strings.Contains(first.String(), "disturbances: 2 new") {
		t.Fatalf("got the rules %v and %q, want %v, 2 new", rules, first, want)
	}
	// The export gives the same world again.
	if again := db.apply(t, db.export(t, noon), noon); again.String() != "nothing to change" {
		t.Errorf("applying the export: got %q, want nothing to change", again)
	}
	if same, _ := db.faultsOf(t); fmt.Sprint(same) != fmt.Sprint(ids) {
		t.Errorf("got the ids %v after an apply without a change, want %v", same, ids)
	}
	// A changed rule, and another order, are differences.
	for _, c := range []struct {
		faults []string
		diff   string
	}{
		{[]string{lost, strings.Replace(throttled, "0.25", "0.5", 1)}, "[~ fault 2: when {probability: 0.25, seed: 7} -> {probability: 0.5, seed: 7}]"},
		{[]string{throttled}, "- fault 2]"},
		{nil, "[- fault 1 - fault 2]"},
	} {
		file := withFaults(c.faults...)
		if diff := fmt.Sprint(diffOf(t, db, file, noon)); !strings.HasSuffix(diff, c.diff) {
			t.Errorf("got the diff %s, want %s", diff, c.diff)
		}
	}
	db.apply(t, withFaults(throttled, lost), noon)
	if changed, rules := db.faultsOf(t); rules[0] != want[1] || rules[1] != want[0] || changed[0] == ids[1] {
		t.Errorf("after a change of the order: got %v with the ids %v, want the other order and new ids", rules, changed)
	}
	db.apply(t, withFaults(), noon)
	if left, _ := db.faultsOf(t); len(left) > 0 {
		t.Errorf("got the faults %v after a file without, want none", left)
	}
}

// A wrong fault is reported at its place, with a hint.
func TestWrongFaultsOfAScenario(t *testing.T) {
	t.Parallel()
	for fault, want := range map[string]string{
		`{action: AttachNetworkInterfce, do: {delay: 1s}}`:               `s.yaml:5:9: action: there is no "AttachNetworkInterfce" (did you mean "AttachNetworkInterface"?)`,
		`{do: {answer: Throttling}, wen: {first: 1}}`:                    `did you mean "when"?`,
		`{do: {anser: Throttling}}`:                                      `did you mean "answer"?`,
		`{account: "1000000000000009", do: {answer: Throttling}}`:        `leave account out`,
		`{when: {first: 1, every: 2}, do: {answer: Throttling}}`:         `when has first, every: give one of them`,
		`{when: {first: 0}, do: {answer: Throttling}}`:                   `first must be from 1 to`,
		`{do: {lose: rest}}`:                                             `did you mean "reset"?`,
		`{action: DescribeRegions, do: {answer: InvalidEniId.NotFound}}`: `no documented code of DescribeRegions`,
	} {
		_, err := scenario.Parse("s.yaml", []byte(withFaults(fault)))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", fault, err, want)
		}
	}
}

// An account of a file has at most as many rules of a kind as one that gets them one by one.
func TestRulesOfAScenarioAreBounded(t *testing.T) {
	t.Parallel()
	faults := slices.Repeat([]string{`{do: {delay: 1s}}`}, disturbance.MaxRules)
	if _, err := scenario.Parse("s.yaml", []byte(withFaults(faults...))); err != nil {
		t.Errorf("%d faults: got %v, want no error", len(faults), err)
	}
	_, err := scenario.Parse("s.yaml", []byte(withFaults(append(faults, faults[0])...)))
	if want := "account " + account + " has more than 1000 rules of the kind fault"; err == nil ||
		!strings.Contains(err.Error(), want) {
		t.Errorf("one more: got %v, want %q", err, want)
	}
}

// Any rule that the control API accepts can be exported and applied: seeds and numbers of calls may be large.
func TestLargeNumbersOfAScenario(t *testing.T) {
	t.Parallel()
	db := newTarget(t)
	db.apply(t, withFaults(
		`{when: {probability: 0.0000001, seed: -9223372036854775808}, do: {answer: Throttling}}`,
		`{when: {probability: 0.5, seed: 9223372036854775807}, do: {answer: Throttling}}`,
		`{when: {from: 1099511627775, to: 1099511627776}, do: {answer: Throttling}}`), noon)
	if again := db.apply(t, db.export(t, noon), noon); again.String() != "nothing to change" {
		t.Errorf("applying the export: got %q, want nothing to change", again)
	}
}

// The rules on the stock and the quotas of a file are those of the account, and a difference is reported
// in words. A rule that stays as it is keeps what was taken.
func TestStockAndQuotasOfAScenario(t *testing.T) {
	t.Parallel()
	file := func(quotas, stock string) string {
		return "enisim: 1\naccounts:\n  - id: \"" + account + "\"\n    quotas: {" + quotas + "}\n    stock: [" + stock + "]\n"
	}
	const g7 = `{zone: cn-hangzhou-h, instance_type: "ecs.g7.*", left: 3}`
	db := newTarget(t)
	db.apply(t, file("instances_per_region: 5, ipv6_per_network_interface: 0", g7), noon)
	if again := db.apply(t, db.export(t, noon), noon); again.String() != "nothing to change" {
		t.Errorf("applying the export: got %q, want nothing to change", again)
	}
	before, err := db.store.ListDisturbances(t.Context(), store.KindStock, account)
	if err != nil || len(before) != 1 {
		t.Fatalf("got the rules %v, %v, want one", before, err)
	}
	changed := file("instances_per_region: 6, security_groups_per_network_interface: 3", g7+", {answer: Zone.NotOnSale}")
	if got, want := fmt.Sprint(diffOf(t, db, changed, noon)), "[~ account "+account+
		": instances_per_region 5 -> 6, security_groups_per_network_interface none -> 3, ipv6_per_network_interface 0 -> none"+
		" + stock 2]"; got != want {
		t.Errorf("diff: got %s, want %s", got, want)
	}
	db.apply(t, file("instances_per_region: 6", g7), noon)
	after, err := db.store.ListDisturbances(t.Context(), store.KindStock, account)
	if err != nil || len(after) != 1 || after[0].ID != before[0].ID {
		t.Errorf("got the rules %v, %v, want only %s", after, err, before[0].ID)
	}
	for stock, want := range map[string]string{
		`{answer: OperationDenied.NoStok}`: `did you mean "OperationDenied.NoStock"?`,
		`{left: -1}`:                       "from 0 to",
		`{instance_types: ecs.g7.large}`:   `did you mean "instance_type"?`,
		`{account: "1000000000000002"}`:    "leave account out",
	} {
		if _, err := scenario.Parse("s.yaml", []byte(file("", stock))); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", stock, err, want)
		}
	}
}
