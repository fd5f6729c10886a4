package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"enisim.alt/cmd/enisim/history"
	"enisim.alt/cmd/enisim/load"
	"enisim.alt/httpapi/signature"
)

// readers is the number of clients that read lists.
const readers = 8

// maxListLength is how long a list is measured, because there are many of them.
const maxListLength = 2 * time.Second

// listsWorld is a world of interfaces of three kinds, in equal parts: primary ones, a secondary one
// on each instance (eni-node-1 on i-node-1), and free ones. A part of the free ones has a tag.
type listsWorld struct{ instances, tagged, perVSwitch int }

// newListsWorld returns a world of so many interfaces.
func newListsWorld(interfaces int) listsWorld {
	const vSwitches = 200
	instances := max(interfaces/3, vSwitches)
	return listsWorld{instances: instances, tagged: max(instances/100, 100),
		perVSwitch: (instances-1)/vSwitches + 1}
}

// interfaces returns the number of interfaces.
func (l listsWorld) interfaces() int { return 3 * l.instances }

// pairs returns the number of pairs of an instance with a slot left and a free interface: i-node-1
// and eni-free-1 are the first.
func (l listsWorld) pairs() int { return l.instances - l.tagged }

// scenario returns the world as a scenario. Each VSwitch has a security group.
func (l listsWorld) scenario() string {
	var w strings.Builder
	w.WriteString(scenarioHead)
	vSwitches := (l.instances-1)/l.perVSwitch + 1
	w.WriteString("            security_groups:\n")
	for n := range vSwitches {
		fmt.Fprintf(&w, "              - {id: sg-%d, type: enterprise, instance_limit: 1000000}\n", n+1)
	}
	w.WriteString("            vswitches:\n")
	for n := range vSwitches {
		fmt.Fprintf(&w, "              - {id: vsw-%d, zone: cn-hangzhou-h, cidr_block: 10.%d.0.0/16}\n", n+1, n)
	}
	location := fmt.Sprintf(`vswitch: "vsw-{n/%[1]d}", security_groups: ["sg-{n/%[1]d}"]`, l.perVSwitch)
	fmt.Fprintf(&w, `        instances:
          - {id: "i-node-{n}", count: %[1]d, type: ecs.bench.node, %[4]s}
        network_interfaces:
          - {id: "eni-node-{n}", count: %[1]d, attached_to: "i-node-{n}", %[4]s}
          - {id: "eni-tagged-{n}", count: %[2]d, tags: {pool: bench}, %[4]s}
          - {id: "eni-free-{n}", count: %[3]d, %[4]s}
instance_types:
  - {id: ecs.bench.node, vcpus: 2, memory_gib: 8, eni_quantity: 3}
`, l.instances, l.tagged, l.pairs(), location)
	return w.String()
}

// list is a row of the tables of lists.
type list struct {
	name, result string                     // the name of its row, and that of its figure or ""
	op           func(n int) load.Operation // the n-th read
}

// pointLists are the lists of one interface or two.
func (l listsWorld) pointLists() []list {
	return []list{
		{"interfaces by an id", "describe-id", func(n int) load.Operation {
			return load.Operation{Action: history.Describe, Interface: fmt.Sprint("eni-node-", n%l.instances+1)}
		}},
		{"interfaces of an instance", "describe-instance", func(n int) load.Operation {
			return load.Operation{Action: history.Describe, Instance: fmt.Sprint("i-node-", n%l.instances+1)}
		}},
	}
}

// pageLists are the lists of a hundred. lastToken is the token of the last page of all interfaces.
func (l listsWorld) pageLists(lastToken string) []list {
	const size = "100"
	same := func(name, result, action string, parameters ...string) list {
		op := load.Operation{Action: action}
		for pair := range slices.Chunk(parameters, 2) {
			op.Parameters = append(op.Parameters, signature.Parameter{Name: pair[0], Value: pair[1]})
		}
		return list{name, result, func(int) load.Operation { return op }}
	}
	lastNumber := strconv.Itoa((l.interfaces()-1)/100 + 1)
	return []list{
		same("interfaces, the first page by token", "", history.Describe, "MaxResults", size),
		same("the last page by token", "page-token", history.Describe, "MaxResults", size, "NextToken", lastToken),
		same("the first page by number, with TotalCount", "", history.Describe, "PageSize", size, "PageNumber", "1"),
		same("the last page by number", "page-number", history.Describe, "PageSize", size, "PageNumber", lastNumber),
		same(fmt.Sprintf("by a tag that %d have", l.tagged), "page-tag", history.Describe, "MaxResults", size,
			"Tag.1.Key", "pool", "Tag.1.Value", "bench"),
		same(fmt.Sprintf("by a security group of %d secondary ones", 2*l.perVSwitch), "page-group", history.Describe,
			"MaxResults", size, "SecurityGroupId", "sg-1"),
		same(fmt.Sprintf("by a status that %d have", l.instances), "page-status", history.Describe, "MaxResults", size,
			"Status", "Available"),
		same("instances", "page-instances", "DescribeInstances", "MaxResults", size),
		same("instance types", "page-types", "DescribeInstanceTypes", "MaxResults", size),
		same("security groups", "page-groups", "DescribeSecurityGroups", "MaxResults", size),
		same("VSwitches, 50, the largest page", "page-vswitches", "DescribeVSwitches", "PageSize", "50"),
	}
}

// listsTables measures lists in a large world: the requests, and what they cost Postgres.
func (b *bench) listsTables(ctx context.Context) (err error) {
	// First apply the world. Vacuum it, so that Postgres does not do that in the background.
	world := newListsWorld(b.sizes.interfaces)
	s, _, err := b.serveApplied(ctx, "lists", world.scenario())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	if err := execute(ctx, s.url, "VACUUM (ANALYZE)"); err != nil {
		return err
	}
	postgres, err := findPostmaster(ctx, s.url)
	if err != nil {
		return err
	}
	// Then print the table of single interfaces.
	columns := []string{"list", "KiB", "requests a second", "to the first", "p50 / p99 / p99.9 ms", "p99 to the first",
		"Postgres ms a request", "to the first", "failed", "server MiB"}
	printHeading(fmt.Sprintf("Lists of one interface or two by %d clients in a world of %d interfaces. Postgres ms is "+
		"the processor time of all its processes.", readers, world.interfaces()), columns...)
	if err := b.printLists(ctx, s, postgres, world.pointLists()); err != nil {
		return err
	}
	// Then find the last page, and print the table of pages.
	walk, err := walkToLastPage(ctx, s)
	if err != nil {
		return err
	}
	printHeading(fmt.Sprintf("Pages of 100 by %d clients in the same world.", readers), columns...)
	if err := b.printLists(ctx, s, postgres, world.pageLists(walk.lastToken)); err != nil {
		return err
	}
	fmt.Printf("\nA walk by one client over all interfaces, %d a page, took %s: %.0f interfaces a second.\n",
		walkedPage, walk.took.Round(100*time.Millisecond), float64(world.interfaces())/walk.took.Seconds())
	return nil
}

// printLists measures lists and prints a row for each, with ratios to the first one.
func (b *bench) printLists(ctx context.Context, s *server, postgres postmaster, lists []list) error {
	var first measurement
	var firstCost float64
	for n, l := range lists {
		kib, err := answerSize(ctx, s, l)
		if err != nil {
			return err
		}
		m, cost, err := b.measureList(ctx, s, postgres, l)
		if err != nil {
			return err
		}
		if n == 0 {
			first, firstCost = m, cost
		}
		memory, err := s.peakMemory()
		if err != nil {
			return err
		}
		b.recordMemory(memory)
		if l.result != "" {
			b.record(l.result, "requests/s", m.rate)
		}
		printRow(l.name, fmt.Sprintf("%.1f", kib), formatRate(m.rate), formatRatio(m.rate/first.rate),
			m.latency.String(), formatRatio(float64(m.latency.p99)/float64(first.latency.p99)),
			fmt.Sprintf("%.2f", cost), formatRatio(cost/firstCost), strconv.FormatInt(m.failed, 10),
			fmt.Sprintf("%.0f", memory))
	}
	return nil
}

// answerSize returns the size of an answer in KiB. An empty list would show by it.
func answerSize(ctx context.Context, s *server, l list) (kib float64, err error) {
	_, err = load.Run{Targets: []load.Target{s.target}, Clients: 1, Requests: 1, Plan: func(int) load.Next {
		return func(last load.Result) (load.Operation, bool) {
			kib = float64(len(last.Body)) / 1024
			return l.op(1), true
		}
	}}.Do(ctx)
	return kib, err
}

// measureList measures a list. cost is the processor time of Postgres for a request, in ms.
func (b *bench) measureList(ctx context.Context, s *server, postgres postmaster, l list) (
	m measurement, cost float64, err error,
) {
	plan := readPlan(l)
	if _, err := b.measureFor(ctx, s, readers, b.warmUp, plan); err != nil {
		return m, 0, err
	}
	before, err := postgres.processorTime()
	if err != nil {
		return m, 0, err
	}
	if m, err = b.measureFor(ctx, s, readers, min(b.length, maxListLength), plan); err != nil {
		return m, 0, err
	}
	after, err := postgres.processorTime()
	return m, (after - before).Seconds() * 1000 / float64(max(m.count, 1)), err
}

// readPlan is a plan in which each client reads a list without pause.
func readPlan(l list) load.Plan {
	const stride = 7919 // reads rows far from each other, one after the other
	return func(client int) load.Next {
		step := client
		return func(load.Result) (load.Operation, bool) {
			step += readers
			return l.op(step * stride), true
		}
	}
}

// walkedPage is the size of the pages of a walk: the largest.
const walkedPage = 500

// walk is a walk over all interfaces.
type walk struct {
	took      time.Duration
	lastToken string // of the last page of 100
}

// walkToLastPage walks over all interfaces in large pages, and then over the last of these in pages
// of 100.
func walkToLastPage(ctx context.Context, s *server) (walk, error) {
	token, took, err := walkFrom(ctx, s, "", walkedPage)
	if err != nil {
		return walk{}, err
	}
	last, _, err := walkFrom(ctx, s, token, 100)
	return walk{took, last}, err
}

// walkFrom reads pages from a token to the end of the list. It returns the token of the last page.
func walkFrom(ctx context.Context, s *server, token string, size int) (last string, took time.Duration, err error) {
	summary, err := load.Run{Targets: []load.Target{s.target}, Clients: 1, Plan: func(int) load.Next {
		last = token
		return func(result load.Result) (load.Operation, bool) {
			if result.Action != "" {
				next := nextToken(result.Body)
				if result.Outcome != history.OK || next == "" {
					return load.Operation{}, false
				}
				last = next
			}
			return pageAfter(last, size), true
		}
	}}.Do(ctx)
	if err != nil {
		return "", 0, err
	}
	if total := summary.Total(); total.OK < total.Count() {
		return "", 0, fmt.Errorf("walk from page to page: %v", total.Codes)
	}
	return last, summary.Elapsed, nil
}

// pageAfter returns the operation that reads the page of a token; "" is the first page.
func pageAfter(token string, size int) load.Operation {
	op := load.Operation{Action: history.Describe, Parameters: []signature.Parameter{
		{Name: "MaxResults", Value: strconv.Itoa(size)},
	}}
	if token != "" {
		op.Parameters = append(op.Parameters, signature.Parameter{Name: "NextToken", Value: token})
	}
	return op
}

// nextToken returns the token in the answer to a list, or "". It searches for the key instead of
// parsing the page, because the reader shares the machine with the server.
func nextToken(body []byte) string {
	_, rest, _ := bytes.Cut(body, []byte(`"NextToken":"`))
	token, _, _ := bytes.Cut(rest, []byte(`"`))
	return string(token)
}
