package main

import (
	"fmt"
	"strings"
	"time"

	"enisim.alt/cmd/enisim/history"
	"enisim.alt/cmd/enisim/load"
)

// pairs is the number of pairs of an instance and an interface in each spread load.
const pairs = 512

// maxClients is the number of interfaces for the hot instance.
const maxClients = 256

// maxConnections is the number of connections that Postgres allows: those of pgbench with the most
// clients, and of the servers.
const maxConnections = 400 + 96

// sizes are the sizes of the tables of lives and lists, and of the mixed load.
type sizes struct {
	lifeClients []int // client counts of the load that creates and deletes
	clients     int   // number of clients of the other loads of lives, and of nodes
	launched    int   // instances that one call launches
	interfaces  int   // of the world of lists
	rounds      int   // of the table of rules
	// How long transient statuses last where they have a duration, and how often a node looks for
	// the end of one.
	delay time.Duration
}

// The access key of the worlds.
const (
	keyID     = "LTAIbench0000000001"
	keySecret = "bench-secret"
)

// scenarioHead is the start of a scenario, up to the security groups.
const scenarioHead = `enisim: 1
accounts:
  - id: "1000000000000001"
    access_keys: [{id: ` + keyID + `, secret: ` + keySecret + `}]
    regions:
      - id: cn-hangzhou
        vpcs:
          - id: vpc-main
            cidr_block: 10.0.0.0/8
`

// withQuota returns a scenario of one account with another quota of interfaces.
func withQuota(scenario string) string {
	return strings.Replace(scenario, "    regions:\n",
		"    quotas: {network_interfaces_per_region: 10000000}\n    regions:\n", 1)
}

// loadWorld returns the world of the first table. Each "spread" pair has its own security group,
// and all "group" pairs are in one. Of "join" pairs only the interfaces are in a common group, so
// each attach acquires capacity of it and each detach releases it.
func loadWorld() string {
	var w strings.Builder
	w.WriteString(scenarioHead)
	w.WriteString("            vswitches: [{id: vsw-0, zone: cn-hangzhou-h, cidr_block: 10.0.0.0/16}]\n            " +
		"security_groups:\n")
	w.WriteString("              - {id: sg-one, instance_limit: 100000}\n              - {id: sg-join, " +
		"instance_limit: 100000}\n")
	for n := range pairs {
		fmt.Fprintf(&w, "              - {id: sg-%d}\n", n)
	}
	w.WriteString("        instances:\n          - {id: i-hot, type: ecs.bench.hot, vswitch: vsw-0, " +
		"security_groups: [sg-one]}\n")
	for n := range pairs {
		fmt.Fprintf(&w,
			"          - {id: i-spread-%d, type: ecs.bench.pair, vswitch: vsw-0, security_groups: [sg-%d]}\n", n, n)
		fmt.Fprintf(&w,
			"          - {id: i-group-%d, type: ecs.bench.pair, vswitch: vsw-0, security_groups: [sg-one]}\n", n)
		fmt.Fprintf(&w, "          - {id: i-join-%d, type: ecs.bench.pair, vswitch: vsw-0, security_groups: [sg-%d]}\n",
			n, n)
	}
	w.WriteString("        network_interfaces:\n")
	for n := range pairs {
		fmt.Fprintf(&w, "          - {id: eni-spread-%d, vswitch: vsw-0, security_groups: [sg-%d]}\n", n, n)
		fmt.Fprintf(&w, "          - {id: eni-group-%d, vswitch: vsw-0, security_groups: [sg-one]}\n", n)
		fmt.Fprintf(&w, "          - {id: eni-join-%d, vswitch: vsw-0, security_groups: [sg-join]}\n", n)
	}
	for n := range maxClients {
		fmt.Fprintf(&w, "          - {id: eni-hot-%d, vswitch: vsw-0, security_groups: [sg-one]}\n", n)
	}
	fmt.Fprintf(&w, instanceTypes, maxClients+1)
	return w.String()
}

// instanceTypes is the end of a scenario.
const instanceTypes = `instance_types:
  - {id: ecs.bench.pair, vcpus: 2, memory_gib: 8, eni_quantity: 2}
  - {id: ecs.bench.hot, vcpus: 2, memory_gib: 8, eni_quantity: %d}
`

// scaleWorld returns a world of that many interfaces, half of them primary and half of them free,
// all in one security group.
func scaleWorld(interfaces int) string {
	const perVSwitch = 25_000 // instances; each takes two addresses
	instances := interfaces / 2
	var w strings.Builder
	w.WriteString(scenarioHead)
	w.WriteString("            security_groups: [{id: sg-one, type: enterprise, instance_limit: 1000000}]\n        " +
		"    vswitches:\n")
	for v := range (instances-1)/perVSwitch + 1 {
		fmt.Fprintf(&w, "              - {id: vsw-%d, zone: cn-hangzhou-h, cidr_block: 10.%d.0.0/16}\n", v+1, v)
	}
	fmt.Fprintf(&w, `        instances:
          - {id: "i-spread-{n}", count: %d, type: ecs.bench.pair, vswitch: "vsw-{n/%d}", security_groups: [sg-one]}
        network_interfaces:
          - {id: "eni-spread-{n}", count: %d, vswitch: "vsw-{n/%d}", security_groups: [sg-one]}
`, instances, perVSwitch, instances, perVSwitch)
	fmt.Fprintf(&w, instanceTypes, 2)
	return w.String()
}

// alternate returns a plan in which each client attaches one of its own interfaces and detaches it
// again, then the next one. A second run continues where the first one ended. instance and eni
// return the id of the n-th pair; pairs are numbered from first.
func alternate(clients, pairs, first int, instance, eni func(n int) string) load.Plan {
	// A stride without a common factor with the number of pairs visits all of them, but not in the
	// order in which they are stored.
	const stride = 7919
	done := make([]int, clients)
	return func(client int) load.Next {
		mine := max(pairs/clients, 1)
		return func(last load.Result) (load.Operation, bool) {
			if last.Outcome != "" {
				done[client]++
			}
			step := done[client]
			n := first + client + clients*(step/2*stride%mine)
			op := load.Operation{Action: history.Attach, Instance: instance(n), Interface: eni(n)}
			if step%2 == 1 {
				op.Action = history.Detach
			}
			return op, true
		}
	}
}

// numberedID returns a function that appends a number to a prefix.
func numberedID(prefix string) func(int) string {
	return func(n int) string { return fmt.Sprint(prefix, n) }
}
