package operator

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"

	"enisim.alt/service/disturbance"
	"enisim.alt/store"
)

// maxRuleText bounds the text of a rule or a clock in an event, in bytes.
const maxRuleText = 1000

// record queues the event of an operator's command on an account, in the transaction of its change. It
// comes last in it.
func (o *Operator) record(
	ctx context.Context, tx *store.Tx, accountID, action string, changes ...store.Change,
) error {
	if len(changes) == 0 {
		return nil
	}
	return tx.AppendEvents([]store.Event{store.NewOperation(ctx, accountID, action, o.service.Now(), changes)})
}

// ruleText returns a rule as an event shows it.
func ruleText(rule any) string {
	encoded, err := json.Marshal(rule)
	if err != nil {
		return ""
	}
	if len(encoded) > maxRuleText {
		return strings.ToValidUTF8(string(encoded[:maxRuleText]), "") + "…"
	}
	return string(encoded)
}

// ruleActions are the names of the commands that add and remove rules of a kind.
var ruleActions = map[string]struct{ add, remove string }{
	store.KindFault:     {"AddFault", "RemoveFault"},
	store.KindLifecycle: {"AddLifecycle", "RemoveLifecycle"},
	store.KindThrottle:  {"SetThrottle", "ClearThrottle"},
	store.KindStock:     {"AddStock", "RemoveStock"},
}

// ruleAccount returns the account of the events of a stored rule.
func ruleAccount(d store.Disturbance) string {
	if d.AccountID == nil {
		return disturbance.AllAccounts
	}
	return *d.AccountID
}

// addedRule returns the change that adds a rule.
func addedRule(d store.Disturbance) store.Change {
	return store.Change{Resource: d.ID, Field: "Rule", To: ruleText(d.Rule)}
}

// removedRules returns the changes that remove rules.
func removedRules(removed ...store.Disturbance) (changes []store.Change) {
	for _, d := range removed {
		changes = append(changes, store.Change{Resource: d.ID, Field: "Rule", From: ruleText(d.Rule)})
	}
	return changes
}

// keyStatusChange returns the change of the status of an access key.
func keyStatusChange(id, from, to string) store.Change {
	return store.Change{Resource: id, Field: "Status", From: from, To: to}
}

// accountChanges returns the differences of two states of an account in what operators change.
func accountChanges(before, after store.Account) (changes []store.Change) {
	add := func(field, from, to string) {
		if from != to {
			changes = append(changes, store.Change{Resource: after.ID, Field: field, From: from, To: to})
		}
	}
	add("repeats", before.Repeats, after.Repeats)
	old, current := quotasView(before), quotasView(after)
	for _, quota := range []struct {
		name     string
		from, to *int
	}{
		{"network_interfaces_per_region", old.NetworkInterfacesPerRegion, current.NetworkInterfacesPerRegion},
		{"instances_per_region", old.InstancesPerRegion, current.InstancesPerRegion},
		{"security_groups_per_network_interface", old.SecurityGroupsPerInterface, current.SecurityGroupsPerInterface},
		{"private_ipv4_per_network_interface", old.IPv4PerInterface, current.IPv4PerInterface},
		{"ipv6_per_network_interface", old.IPv6PerInterface, current.IPv6PerInterface},
	} {
		add(quota.name, quotaText(quota.from), quotaText(quota.to))
	}
	return changes
}

func quotaText(quota *int) string {
	if quota == nil {
		return "" // as documented
	}
	return strconv.Itoa(*quota)
}
