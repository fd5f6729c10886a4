package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"enisim.alt/cmd/enisim/history"
	"enisim.alt/cmd/enisim/load"
	"enisim.alt/httpapi/signature"
	"enisim.alt/service"
)

// The actions of the tables of lives, beside those of a history.
const (
	createENI       = "CreateNetworkInterface"
	deleteENI       = "DeleteNetworkInterface"
	assignAddress   = "AssignPrivateIpAddresses"
	unassignAddress = "UnassignPrivateIpAddresses"
	runInstances    = "RunInstances"
	deleteInstance  = "DeleteInstance"
)

const (
	deletionClients = 10 // calls that a tool has in progress when it deletes instances
	lifeVSwitch     = "vsw-life"
	lifeGroup       = "sg-one"
)

// lifeWorld returns a world with one VSwitch, whose interfaces and instances the loads create. It
// has an instance for each node, and an interface for each client that assigns addresses.
func lifeWorld(clients int) string {
	var w strings.Builder
	w.WriteString(withQuota(scenarioHead))
	fmt.Fprintf(&w, `            security_groups: [{id: %[1]s, type: enterprise, instance_limit: 1000000}]
            vswitches: [{id: %[2]s, zone: cn-hangzhou-h, cidr_block: 10.0.0.0/16}]
        instances:
          - {id: "i-node-{n}", count: %[3]d, type: ecs.bench.node, vswitch: %[2]s, security_groups: [%[1]s]}
        network_interfaces:
          - {id: "eni-assign-{n}", count: %[3]d, vswitch: %[2]s, security_groups: [%[1]s]}
instance_types:
  - {id: ecs.bench.node, vcpus: 2, memory_gib: 8, eni_quantity: 4, private_ipv4_per_eni: 10}
`, lifeGroup, lifeVSwitch, clients)
	return w.String()
}

// lives are two servers on the database of the tables of lives.
type lives struct {
	*bench
	instant, delayed *server // without the delays of transient statuses, and with them
	url              string  // of the database
	anchors          map[int]measurement
}

// lifeTables measures the actions that create and delete, each by itself, and then whole lives of
// nodes.
func (b *bench) lifeTables(ctx context.Context) (err error) {
	// First start two servers on one database, which has the table of pgbench too.
	l := &lives{bench: b, anchors: map[int]measurement{}}
	if l.url, err = b.database(ctx, "life"); err != nil {
		return err
	}
	if l.instant, err = b.serveWorld(ctx, l.url, "life.yaml", lifeWorld(b.sizes.clients)); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.instant.stop()) }()
	delay := b.sizes.delay.String()
	if l.delayed, err = b.serveWithDelays(ctx, l.url, "--attach-delay", delay, "--detach-delay", delay,
		"--delete-delay", delay); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.delayed.stop()) }()
	if err := execute(ctx, l.url, textbookSQL); err != nil {
		return err
	}
	// Then measure and print.
	printHeading("Lives: interfaces that are created and deleted in turn, addresses that are assigned and unassigned "+
		"in turn, and instances that are launched and deleted; one account, one VSwitch, each transaction durable.",
		"load", "clients", "pgbench", "**a second**", "**ratio**", "p50 / p99 / p99.9 ms of a call",
		"p99 to pgbench's", "answers 503", "to all", "other failures", "server MiB")
	for _, n := range b.sizes.lifeClients {
		if err := l.printAlternation(ctx, l.instant, creating, n, createAndDelete); err != nil {
			return err
		}
	}
	if err := l.printAlternation(ctx, l.delayed, "the same, Deleting for "+delay, b.sizes.clients,
		createAndDelete); err != nil {
		return err
	}
	if err := l.printAlternation(ctx, l.instant, assigning, b.sizes.clients,
		assignAndUnassign); err != nil {
		return err
	}
	if err := l.printLaunches(ctx); err != nil {
		return err
	}
	return l.nodeTables(ctx)
}

// anchor returns the measurement of pgbench at a number of clients. It is taken at its first use.
func (l *lives) anchor(ctx context.Context, clients int) (measurement, error) {
	if m, known := l.anchors[clients]; known {
		return m, nil
	}
	m, err := pgbench(ctx, l.pgbench, l.url, l.dir, clients, l.length)
	l.anchors[clients] = m
	return m, err
}

// printAlternation measures a load of two actions in turn and prints its row.
func (l *lives) printAlternation(
	ctx context.Context, s *server, name string, clients int, plan load.Plan,
) error {
	direct, err := l.anchor(ctx, clients)
	if err != nil {
		return err
	}
	m, err := l.measure(ctx, s, clients, plan)
	if err != nil {
		return err
	}
	switch {
	case s != l.instant:
	case name == assigning && clients == 64:
		l.record("assign-64", "ops/s", m.rate)
	case name == creating && clients == 64:
		l.record("create-delete-64", "ops/s", m.rate)
	case name == creating && clients == 400:
		l.record("create-400", "answers 503", float64(m.unavailable))
	}
	return l.printLife(s, name, clients, direct, m)
}

// The loads of two actions in turn.
const (
	creating  = "create and delete an interface"
	assigning = "assign and unassign an address"
)

// printLife prints a row of the first table of lives.
func (l *lives) printLife(s *server, name string, clients int, direct, m measurement) error {
	memory, err := s.peakMemory()
	if err != nil {
		return err
	}
	l.recordMemory(memory)
	printRow(name, strconv.Itoa(clients), formatRate(direct.rate), "**"+formatRate(m.rate)+"**",
		"**"+formatRatio(m.rate/direct.rate)+"**", m.latency.String(),
		formatRatio(float64(m.latency.p99)/float64(direct.latency.p99)), strconv.FormatInt(m.unavailable, 10),
		formatRatio(float64(m.unavailable)/float64(max(m.count, 1))), strconv.FormatInt(m.failed-m.unavailable, 10),
		fmt.Sprintf("%.0f", memory))
	return nil
}

// newENI returns the operation that creates an interface.
func newENI() load.Operation {
	return load.Operation{Action: createENI, Parameters: []signature.Parameter{
		{Name: "VSwitchId", Value: lifeVSwitch}, {Name: "SecurityGroupId", Value: lifeGroup},
	}}
}

// createdID returns the id in the answer to the creation of an interface.
func createdID(body []byte) string {
	var answer struct{ NetworkInterfaceId string }
	_ = json.Unmarshal(body, &answer) // without an id, the next call fails
	return answer.NetworkInterfaceId
}

// createAndDelete is a plan in which each client creates an interface and deletes it, until the
// delete succeeds.
func createAndDelete(int) load.Next {
	return func(last load.Result) (load.Operation, bool) {
		switch {
		case last.Action == createENI && last.Outcome == history.OK:
			return load.Operation{Action: deleteENI, Interface: createdID(last.Body)}, true
		case last.Action == deleteENI && last.Code == unavailable:
			return last.Operation, true
		}
		return newENI(), true
	}
}

// assignAndUnassign is a plan in which each client assigns one more address to its own interface
// and unassigns it.
func assignAndUnassign(client int) load.Next {
	eni := fmt.Sprint("eni-assign-", client+1)
	return func(last load.Result) (load.Operation, bool) {
		if last.Action == assignAddress && last.Outcome == history.OK {
			return load.Operation{Action: unassignAddress, Interface: eni, Parameters: []signature.Parameter{
				{Name: "PrivateIpAddress.1", Value: assignedAddress(last.Body)},
			}}, true
		}
		return assignOne(eni), true
	}
}

// assignOne returns the operation that assigns one more address to an interface.
func assignOne(eni string) load.Operation {
	return load.Operation{Action: assignAddress, Interface: eni, Parameters: []signature.Parameter{
		{Name: "SecondaryPrivateIpAddressCount", Value: "1"},
	}}
}

// assignedAddress returns the address in the answer to an assignment of one.
func assignedAddress(body []byte) string {
	var answer struct {
		AssignedPrivateIpAddressesSet struct {
			PrivateIpSet struct{ PrivateIpAddress []string }
		}
	}
	if json.Unmarshal(body, &answer) != nil {
		return ""
	}
	return strings.Join(answer.AssignedPrivateIpAddressesSet.PrivateIpSet.PrivateIpAddress, "")
}

// printLaunches launches many instances in one call and deletes each, again and again, and prints a
// row for either.
func (l *lives) printLaunches(ctx context.Context) error {
	var launch, deletion phase
	for started := time.Now(); launch.calls.count == 0 || time.Since(started) < l.length; {
		// First launch the instances.
		var launched []string
		if err := launch.run(ctx, l.instant, 1, []load.Operation{launchOperation(l.sizes.launched)},
			func(last load.Result) { launched = launchedIDs(last.Body) }); err != nil {
			return err
		}
		if len(launched) != l.sizes.launched {
			return fmt.Errorf("%s launched %d instances, not %d", runInstances, len(launched), l.sizes.launched)
		}
		launch.instances += len(launched)
		// Then delete each by a call of its own.
		deletions := make([]load.Operation, 0, len(launched))
		for _, id := range launched {
			deletions = append(deletions, load.Operation{Action: deleteInstance, Instance: id,
				Parameters: []signature.Parameter{{Name: "Force", Value: "true"}}})
		}
		if err := deletion.run(ctx, l.instant, deletionClients, deletions, func(load.Result) {}); err != nil {
			return err
		}
		deletion.instances += len(launched)
	}
	for _, row := range []struct {
		name    string
		clients int
		phase   *phase
	}{
		{fmt.Sprintf("RunInstances of %d with 3 interfaces each: instances", l.sizes.launched), 1, &launch},
		{"DeleteInstance of each", deletionClients, &deletion},
	} {
		direct, err := l.anchor(ctx, row.clients)
		if err != nil {
			return err
		}
		if err := l.printLife(l.instant, row.name, row.clients, direct, row.phase.measurement()); err != nil {
			return err
		}
	}
	return nil
}

// phase is what one kind of call needed, over several rounds.
type phase struct {
	calls     latencies
	instances int
	length    time.Duration
}

// run sends the operations, each once, by a number of clients. onResult gets each result, and is
// called by several clients at a time if there are several.
func (p *phase) run(
	ctx context.Context, s *server, clients int, operations []load.Operation, onResult func(load.Result),
) error {
	queue := make(chan load.Operation, len(operations))
	for _, op := range operations {
		queue <- op
	}
	close(queue)
	summary, err := load.Run{Targets: []load.Target{s.target}, Clients: clients, Plan: func(int) load.Next {
		return func(last load.Result) (load.Operation, bool) {
			if last.Outcome == history.OK {
				p.calls.add(last.Latency)
				onResult(last)
			}
			op, more := <-queue
			return op, more
		}
	}}.Do(ctx)
	if err != nil {
		return err
	}
	p.length += summary.Elapsed
	if total := summary.Total(); total.OK < int64(len(operations)) {
		return fmt.Errorf("%s: %d of %d calls succeeded: %v", operations[0].Action, total.OK, len(operations),
			total.Codes)
	}
	return nil
}

// measurement returns the cell of a phase, whose rate is that of instances.
func (p *phase) measurement() measurement {
	return measurement{rate: float64(p.instances) / p.length.Seconds(), latency: newPercentiles(p.calls.all),
		count: p.calls.count, length: p.length}
}

// launchOperation returns the operation that launches instances with three interfaces each.
func launchOperation(instances int) load.Operation {
	op := load.Operation{Action: runInstances, Parameters: []signature.Parameter{
		{Name: "Amount", Value: strconv.Itoa(instances)}, {Name: "InstanceType", Value: "ecs.bench.node"},
		{Name: "ImageId", Value: service.InstanceImageID},
	}}
	for n, kind := range []string{"Primary", "Secondary", "Secondary"} {
		prefix := fmt.Sprintf("NetworkInterface.%d.", n+1)
		op.Parameters = append(op.Parameters, signature.Parameter{Name: prefix + "InstanceType", Value: kind},
			signature.Parameter{Name: prefix + "VSwitchId", Value: lifeVSwitch},
			signature.Parameter{Name: prefix + "SecurityGroupId", Value: lifeGroup})
	}
	return op
}

// launchedIDs returns the instances in the answer to a launch.
func launchedIDs(body []byte) []string {
	var answer struct {
		InstanceIdSets struct{ InstanceIdSet []string }
	}
	_ = json.Unmarshal(body, &answer) // the caller counts the ids
	return answer.InstanceIdSets.InstanceIdSet
}
