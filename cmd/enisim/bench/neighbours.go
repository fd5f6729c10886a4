package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"enisim/cmd/enisim/history"
	"enisim/cmd/enisim/load"
	"enisim/httpapi/signature"
)

// The polite tenant sends a steady trickle: whatever another tenant does, its latency should stay near what it is alone.
const (
	politeAccount = "1000000000000002"
	politeKey     = "LTAIbench0000000002"
	politeClients = 16
	politeRate    = 100 // requests a second
	politePairs   = 64
	greedySize    = 20_000 // interfaces of the greedy tenant
	appliedSize   = 100_000
	lockedRow     = "i-spread-1"
	settling      = 3 * time.Second // while the greedy clients connect
)

// greed is what the greedy tenant does beside the polite one.
type greed struct {
	name    string
	clients int
	rate    float64 // requests a second that are due; 0: each client sends its next request when the last one is answered
	plan    func(n int) load.Operation
}

// greeds are the loads of the greedy tenant, by the word that names them on this program's command line.
var greeds = map[string]greed{
	"locked": {name: "64 clients attach to an instance whose row somebody keeps locked", clients: 64, plan: func(n int) load.Operation {
		return load.Operation{Action: history.Attach, Instance: lockedRow, Interface: fmt.Sprint("eni-spread-", n%1000+1)}
	}},
	"creators": {name: "300 clients create interfaces", clients: 300, plan: func(int) load.Operation {
		return load.Operation{Action: "CreateNetworkInterface", Parameters: []signature.Parameter{
			{Name: "VSwitchId", Value: "vsw-1"}, {Name: "SecurityGroupId", Value: "sg-one"}, {Name: "ClientToken", Value: uuid.NewString()},
		}}
	}},
	"readers": {name: "1,000 clients read pages of 100 interfaces", clients: 1000, plan: func(n int) load.Operation {
		return load.Operation{Action: history.Describe, Parameters: []signature.Parameter{
			{Name: "PageNumber", Value: strconv.Itoa(n%100 + 1)}, {Name: "PageSize", Value: "100"},
		}}
	}},
	"attachers": {name: "1,000 clients attach", clients: 1000, plan: func(n int) load.Operation {
		return load.Operation{Action: history.Attach, Instance: fmt.Sprint("i-spread-", n%5000+1), Interface: fmt.Sprint("eni-spread-", n%5000+1)}
	}},
	"applying": {name: "a scenario of 100,000 interfaces is applied, and 64 clients attach", clients: 64, plan: func(n int) load.Operation {
		return load.Operation{Action: history.Attach, Instance: fmt.Sprint("i-spread-", n%5000+1), Interface: fmt.Sprint("eni-spread-", n%5000+1)}
	}},
}

// neighbourWorld has a greedy tenant and a polite one.
func neighbourWorld(interfaces int) string {
	greedy, typed, _ := strings.Cut(scaleWorld(interfaces), "instance_types:")
	greedy = strings.Replace(greedy, "    regions:\n", "    quotas: {network_interfaces_per_region: 10000000}\n    regions:\n", 1)
	polite, _, _ := strings.Cut(scaleWorld(2*politePairs), "instance_types:")
	_, polite, _ = strings.Cut(polite, "accounts:\n")
	polite = strings.NewReplacer("1000000000000001", politeAccount, keyID, politeKey).Replace(polite)
	return greedy + polite + "instance_types:" + typed
}

// neighboursTable measures the polite tenant alone and beside each kind of greed. The greedy tenant's clients run in a process of low
// priority, because in earnest they would have machines of their own.
func (b *bench) neighboursTable(ctx context.Context) (err error) {
	s, _, err := b.serveApplied(ctx, "neighbours", neighbourWorld(greedySize))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	heading(fmt.Sprintf("Neighbours: a tenant that sends %d requests a second (attach, detach, describe), alone and beside another tenant.", politeRate),
		"what the other tenant does", "alone p50 / p99 / p99.9 ms", "beside p50 / p99 / p99.9 ms", "p99 ratio", "failed of the polite", "the other's answers a second", "of these refused", "server MiB")
	for _, word := range []string{"locked", "applying", "creators", "readers", "attachers"} {
		alone, err := b.polite(ctx, s)
		if err != nil {
			return err
		}
		beside, other, err := b.besideGreed(ctx, s, word)
		if err != nil {
			return fmt.Errorf("%s: %w", word, err)
		}
		memory, err := s.memory()
		if err != nil {
			return err
		}
		row(greeds[word].name, alone.latency.String(), beside.latency.String(), ratio(float64(beside.latency.p99)/float64(alone.latency.p99)),
			fmt.Sprint(beside.failed), rate(other.Rate), rate(other.Refused), fmt.Sprintf("%.0f", memory))
	}
	return nil
}

// polite measures the polite tenant: each client attaches an interface of its own, reads it, detaches it and reads it again.
func (b *bench) polite(ctx context.Context, s *server) (measured, error) {
	plan := func(client int) load.Next {
		step, first := 0, client*politePairs/politeClients
		return func(load.Result) (load.Operation, bool) {
			n := first + step/4%(politePairs/politeClients) + 1
			op := load.Operation{Instance: fmt.Sprint("i-spread-", n), Interface: fmt.Sprint("eni-spread-", n)}
			switch step % 4 {
			case 0:
				op.Action = history.Attach
			case 2:
				op.Action = history.Detach
			default:
				op.Action, op.Instance = history.Describe, ""
			}
			step++
			return op, true
		}
	}
	target := s.target
	target.AccessKeyID = politeKey
	if err := b.forget(ctx, s.url); err != nil {
		return measured{}, err
	}
	summary, err := load.Run{Targets: []load.Target{target}, Clients: politeClients, Rate: politeRate, Duration: 2 * b.length, Plan: plan}.Do(ctx)
	if err != nil {
		return measured{}, err
	}
	total := summary.Total()
	return measured{rate: summary.Rate(total.Count()), latency: percentilesOf(total.Latency), failed: total.Refused + total.Unknown, length: summary.Elapsed}, nil
}

// greedy is what a process of greedy clients reports: answers a second.
type greedy struct{ Rate, Refused float64 }

// besideGreed measures the polite tenant while a process of this program plays the greedy one.
func (b *bench) besideGreed(ctx context.Context, s *server, word string) (m measured, other greedy, err error) {
	// First the lock or the scenario, where the greed has one.
	disturbing, end := context.WithCancel(ctx)
	defer end()
	disturbed := make(chan error, 1)
	switch word {
	case "locked":
		conn, err := pgx.Connect(ctx, s.url)
		if err != nil {
			return m, other, err
		}
		defer func() { err = errors.Join(err, conn.Close(context.WithoutCancel(ctx))) }()
		if _, err := conn.Exec(ctx, `BEGIN; SELECT FROM instances WHERE account_id = '1000000000000001' AND id = '`+lockedRow+`' FOR UPDATE`); err != nil {
			return m, other, err
		}
		disturbed <- nil
	case "applying":
		file, err := b.write("applied.yaml", scaleWorld(appliedSize))
		if err != nil {
			return m, other, err
		}
		go func() {
			_, err := b.apply(disturbing, s.url, file)
			if disturbing.Err() != nil {
				err = nil // it was cut off, which changes nothing
			}
			disturbed <- err
		}()
	default:
		disturbed <- nil
	}

	// Then the greedy clients, until the polite ones were measured.
	self, err := os.Executable()
	if err != nil {
		return m, other, err
	}
	cmd := exec.CommandContext(ctx, self, "--greed", word, "--endpoint", s.target.Endpoint)
	cmd.Stderr = os.Stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	out, err := cmd.StdoutPipe()
	if err != nil {
		return m, other, err
	}
	if err := cmd.Start(); err != nil {
		return m, other, err
	}
	select {
	case <-time.After(settling):
		m, err = b.polite(ctx, s)
	case <-ctx.Done():
		err = ctx.Err()
	}
	end()
	err = errors.Join(err, cmd.Process.Signal(syscall.SIGTERM))
	err = errors.Join(err, json.NewDecoder(out).Decode(&other), cmd.Wait(), <-disturbed)
	return m, other, err
}

// beGreedy plays the greedy tenant until it is ended, and prints what it got.
func beGreedy(ctx context.Context, word, endpoint string) error {
	const lowest = 19
	if err := syscall.Setpriority(syscall.PRIO_PROCESS, 0, lowest); err != nil {
		return err
	}
	g, ok := greeds[word]
	if !ok {
		return fmt.Errorf("--greed %s: there is no such load", word)
	}
	const longest = 10 * time.Minute
	plan := func(client int) load.Next {
		n := client
		return func(load.Result) (load.Operation, bool) {
			n += 7919
			return g.plan(n), true
		}
	}
	target := load.Target{
		Endpoint: endpoint, Region: "cn-hangzhou", AccessKeyID: keyID, AccessKeySecret: keySecret, Timeout: 30 * time.Second,
	}
	summary, err := load.Run{Targets: []load.Target{target}, Clients: g.clients, Rate: g.rate, Duration: longest, Plan: plan}.Do(ctx)
	if err != nil {
		return err
	}
	total := summary.Total()
	return json.NewEncoder(os.Stdout).Encode(greedy{Rate: summary.Rate(total.Count()), Refused: summary.Rate(total.Refused + total.Unknown)})
}
