package main

import (
	"fmt"
	"strings"

	"enisim/cmd/enisim/history"
	"enisim/cmd/enisim/load"
)

// pairs is how many pairs of an instance and an interface each of the spread loads has.
const pairs = 512

// mostClients is the most that the hot instance has interfaces for.
const mostClients = 256

// The key of the worlds.
const (
	keyID     = "LTAIbench0000000001"
	keySecret = "bench-secret"
)

// head is the beginning of a scenario, up to the groups.
const head = `enisim: 1
accounts:
  - id: "1000000000000001"
    access_keys: [{id: ` + keyID + `, secret: ` + keySecret + `}]
    regions:
      - id: cn-hangzhou
        vpcs:
          - id: vpc-main
            cidr_block: 10.0.0.0/8
`

// loadWorld is for the loads of the first table. "spread" pairs have a group each, "group" pairs are all in one, and of "join" pairs only the interfaces are in one, so
// that each attach takes a place in it and each detach gives one back.
func loadWorld() string {
	var w strings.Builder
	w.WriteString(head)
	w.WriteString("            vswitches: [{id: vsw-0, zone: cn-hangzhou-h, cidr_block: 10.0.0.0/16}]\n            security_groups:\n")
	w.WriteString("              - {id: sg-one, instance_limit: 100000}\n              - {id: sg-join, instance_limit: 100000}\n")
	for n := range pairs {
		fmt.Fprintf(&w, "              - {id: sg-%d}\n", n)
	}
	w.WriteString("        instances:\n          - {id: i-hot, type: ecs.bench.hot, vswitch: vsw-0, security_groups: [sg-one]}\n")
	for n := range pairs {
		fmt.Fprintf(&w, "          - {id: i-spread-%d, type: ecs.bench.pair, vswitch: vsw-0, security_groups: [sg-%d]}\n", n, n)
		fmt.Fprintf(&w, "          - {id: i-group-%d, type: ecs.bench.pair, vswitch: vsw-0, security_groups: [sg-one]}\n", n)
		fmt.Fprintf(&w, "          - {id: i-join-%d, type: ecs.bench.pair, vswitch: vsw-0, security_groups: [sg-%d]}\n", n, n)
	}
	w.WriteString("        network_interfaces:\n")
	for n := range pairs {
		fmt.Fprintf(&w, "          - {id: eni-spread-%d, vswitch: vsw-0, security_groups: [sg-%d]}\n", n, n)
		fmt.Fprintf(&w, "          - {id: eni-group-%d, vswitch: vsw-0, security_groups: [sg-one]}\n", n)
		fmt.Fprintf(&w, "          - {id: eni-join-%d, vswitch: vsw-0, security_groups: [sg-join]}\n", n)
	}
	for n := range mostClients {
		fmt.Fprintf(&w, "          - {id: eni-hot-%d, vswitch: vsw-0, security_groups: [sg-one]}\n", n)
	}
	fmt.Fprintf(&w, types, mostClients+1)
	return w.String()
}

const types = `instance_types:
  - {id: ecs.bench.pair, vcpus: 2, memory_gib: 8, eni_quantity: 2}
  - {id: ecs.bench.hot, vcpus: 2, memory_gib: 8, eni_quantity: %d}
`

// scaleWorld has that many interfaces, half of them primary and half of them free, all in one group.
func scaleWorld(interfaces int) string {
	const perVSwitch = 25_000 // instances; each takes two addresses
	instances := interfaces / 2
	var w strings.Builder
	w.WriteString(head)
	w.WriteString("            security_groups: [{id: sg-one, type: enterprise, instance_limit: 1000000}]\n            vswitches:\n")
	for v := range (instances-1)/perVSwitch + 1 {
		fmt.Fprintf(&w, "              - {id: vsw-%d, zone: cn-hangzhou-h, cidr_block: 10.%d.0.0/16}\n", v+1, v)
	}
	fmt.Fprintf(&w, `        instances:
          - {id: "i-spread-{n}", count: %d, type: ecs.bench.pair, vswitch: "vsw-{n/%d}", security_groups: [sg-one]}
        network_interfaces:
          - {id: "eni-spread-{n}", count: %d, vswitch: "vsw-{n/%d}", security_groups: [sg-one]}
`, instances, perVSwitch, instances, perVSwitch)
	fmt.Fprintf(&w, types, 2)
	return w.String()
}

// turns is a plan in which each client attaches an interface of its own and takes it off again, at one of its pairs after the other; a second run goes on where the
// first one ended. instance and eni name the n-th of the pairs, which are numbered from first.
func turns(clients, pairs, first int, instance, eni func(n int) string) load.Plan {
	// A stride that has no factor in common with the number of pairs visits all of them, not in the order in which they lie.
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

// numbered names the n-th by a prefix.
func numbered(prefix string) func(int) string {
	return func(n int) string { return fmt.Sprint(prefix, n) }
}
