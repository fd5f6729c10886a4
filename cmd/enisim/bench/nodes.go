package main

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"strconv"
	"time"

	"enisim.alt/cmd/enisim/history"
	"enisim.alt/cmd/enisim/load"
	"enisim.alt/httpapi/signature"
)

const (
	nodeInterfaces = 3 // secondary interfaces of a node
	nodeAddresses  = 9 // addresses of its pods, assigned one by one
	maxPolls       = 60
)

// node is an instance whose CNI adds interfaces and addresses, and removes them again.
type node struct {
	instance   string
	poll       time.Duration // from one look at its interfaces to the next
	until      time.Time     // a life that began before is completed
	lives      int           // completed lives
	interfaces []string      // of the current life
	last       load.Result
	err        error // the first failure, which ends the node
}

// live completes one life after the other. Each call of yield sends an operation, and last has its
// result afterwards.
func (n *node) live(yield func(load.Operation) bool) {
	for time.Now().Before(n.until) {
		n.interfaces = n.interfaces[:0]
		if !n.grow(yield) || !n.shrink(yield) {
			return
		}
		n.lives++
	}
}

// grow creates and attaches the interfaces, waits until they are in use, and assigns the addresses.
func (n *node) grow(yield func(load.Operation) bool) bool {
	for range nodeInterfaces {
		if !n.call(yield, newENI()) {
			return false
		}
		n.interfaces = append(n.interfaces, createdID(n.last.Body))
	}
	for _, id := range n.interfaces {
		if !n.call(yield, load.Operation{Action: history.Attach, Instance: n.instance, Interface: id}) {
			return false
		}
	}
	if !n.await(yield, "InUse") {
		return false
	}
	for k := range nodeAddresses {
		if !n.call(yield, assignOne(n.interfaces[k%nodeInterfaces])) {
			return false
		}
	}
	return true
}

// shrink detaches the interfaces, waits until they are available, and deletes them.
func (n *node) shrink(yield func(load.Operation) bool) bool {
	for _, id := range n.interfaces {
		if !n.call(yield, load.Operation{Action: history.Detach, Instance: n.instance, Interface: id}) {
			return false
		}
	}
	if !n.await(yield, "Available") {
		return false
	}
	for _, id := range n.interfaces {
		if !n.call(yield, load.Operation{Action: deleteENI, Interface: id}) {
			return false
		}
	}
	return true
}

// await describes the interfaces until all of them have a status.
func (n *node) await(yield func(load.Operation) bool, status string) bool {
	look := load.Operation{Action: history.Describe}
	for k, id := range n.interfaces {
		look.Parameters = append(look.Parameters,
			signature.Parameter{Name: "NetworkInterfaceId." + strconv.Itoa(k+1), Value: id})
	}
	for range maxPolls {
		if !n.call(yield, look) {
			return false
		}
		if countStatus(n.last.Body, status) == len(n.interfaces) {
			return true
		}
		time.Sleep(n.poll)
	}
	n.err = fmt.Errorf("%s: its interfaces are not %s after %d polls", n.instance, status, maxPolls)
	return false
}

// call sends an operation and reports whether it succeeded. An answer 503 had no effect, so the
// call is repeated after a pause.
func (n *node) call(yield func(load.Operation) bool, op load.Operation) bool {
	for range maxPolls {
		if !yield(op) {
			return false
		}
		switch {
		case n.last.Outcome == history.OK:
			return true
		case n.last.Code != unavailable:
			n.err = fmt.Errorf("%s: %s: %s", n.instance, op.Action, n.last.Code)
			return false
		}
		time.Sleep(n.poll)
	}
	n.err = fmt.Errorf("%s: %s: the server is overloaded after %d calls", n.instance, op.Action, maxPolls)
	return false
}

// countStatus returns how many interfaces of a list have a status.
func countStatus(body []byte, status string) int {
	var answer struct {
		NetworkInterfaceSets struct {
			NetworkInterfaceSet []struct{ Status string }
		}
	}
	_ = json.Unmarshal(body, &answer) // then none has it, and the next poll decides
	count := 0
	for _, eni := range answer.NetworkInterfaceSets.NetworkInterfaceSet {
		if eni.Status == status {
			count++
		}
	}
	return count
}

// nodesResult is the result of many nodes.
type nodesResult struct {
	measurement
	perMinute float64 // lives
	lives     int
	actions   []load.Stats
}

// measureNodes lets many nodes live at once, each one life after the other.
func (b *bench) measureNodes(ctx context.Context, s *server) (nodesResult, error) {
	nodes := make([]*node, b.sizes.clients)
	until := time.Now().Add(b.length)
	summary, err := load.Run{Targets: []load.Target{s.target}, Clients: len(nodes), Plan: func(client int) load.Next {
		n := &node{instance: fmt.Sprint("i-node-", client+1), poll: b.sizes.delay, until: until}
		nodes[client] = n
		next, _ := iter.Pull(n.live) // a run that is interrupted leaves its nodes where they are
		return func(last load.Result) (load.Operation, bool) {
			n.last = last
			return next()
		}
	}}.Do(ctx)
	if err != nil {
		return nodesResult{}, err
	}
	result := nodesResult{measurement: newMeasurement(summary, summary.Total()), actions: summary.Actions}
	for _, n := range nodes {
		if n.err != nil {
			return nodesResult{}, n.err
		}
		result.lives += n.lives
	}
	result.perMinute = float64(result.lives) / summary.Elapsed.Minutes()
	return result, nil
}

// nodeTables measures the lives of nodes on both servers: the rates, and the latencies of each
// action.
func (l *lives) nodeTables(ctx context.Context) error {
	direct, err := l.anchor(ctx, l.sizes.clients)
	if err != nil {
		return err
	}
	// First measure both servers and print their rates.
	printHeading(fmt.Sprintf("Nodes: %d at once create and attach %d interfaces, wait until they are in use, assign "+
		"%d addresses, detach, wait and delete. A poll follows the last one after %s.",
		l.sizes.clients, nodeInterfaces, nodeAddresses, l.sizes.delay),
		"transient statuses last", "nodes a minute", "to the first", "calls a node", "calls a second", "to pgbench",
		"p50 / p99 / p99.9 ms of a call", "answers 503", "to all", "server MiB")
	var results []nodesResult
	for _, row := range []struct {
		name   string
		server *server
	}{{l.sizes.delay.String(), l.delayed}, {"no time", l.instant}} {
		result, err := l.measureNodes(ctx, row.server)
		if err != nil {
			return err
		}
		memory, err := row.server.peakMemory()
		if err != nil {
			return err
		}
		results = append(results, result)
		printRow(row.name, formatRate(result.perMinute), formatRatio(result.perMinute/results[0].perMinute),
			fmt.Sprintf("%.1f", float64(result.count)/float64(max(result.lives, 1))), formatRate(result.rate),
			formatRatio(result.rate/direct.rate), result.latency.String(), strconv.FormatInt(result.unavailable, 10),
			formatRatio(float64(result.unavailable)/float64(max(result.count, 1))), fmt.Sprintf("%.0f", memory))
	}
	// Then print the latencies of each action, which both runs have in the same order.
	printHeading("The calls of these nodes.", "action", "p50 / p99 / p99.9 ms with these delays",
		"p99 to pgbench's", "without them", "p99 to pgbench's")
	for k, action := range results[0].actions {
		row := []string{action.Action}
		for _, result := range results {
			latency := newPercentiles(result.actions[k].Latency)
			row = append(row, latency.String(), formatRatio(float64(latency.p99)/float64(direct.latency.p99)))
		}
		printRow(row...)
	}
	return nil
}
