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

	"enisim.alt/cmd/enisim/history"
	"enisim.alt/cmd/enisim/load"
	"enisim.alt/httpapi/signature"
)

// The steady tenant sends a few requests at a constant rate. Its latency should stay close to that
// without other tenants, whatever they do.
const (
	steadyAccount    = "1000000000000002"
	steadyKey        = "LTAIbench0000000002"
	steadyClients    = 16
	steadyRate       = 100 // requests a second
	steadyPairs      = 64
	noisySize        = 20_000 // interfaces of the noisy neighbour
	appliedSize      = 100_000
	lockedInstance   = "i-spread-1"
	noisyConnectTime = 3 * time.Second // time for the noisy clients to connect
)

// noisyLoad is the load of the noisy neighbour, beside the steady one.
type noisyLoad struct {
	name    string
	clients int
	rate    float64 // requests due each second; 0: a closed load
	plan    func(n int) load.Operation
}

// noisyLoads are the loads of the noisy neighbour, by their names on this program's command line.
var noisyLoads = map[string]noisyLoad{
	"locked": {name: "64 clients attach to an instance whose row somebody keeps locked", clients: 64,
		plan: func(n int) load.Operation {
			return load.Operation{Action: history.Attach, Instance: lockedInstance,
				Interface: fmt.Sprint("eni-spread-", n%1000+1)}
		}},
	"creators": {name: "300 clients create interfaces", clients: 300, plan: func(int) load.Operation {
		return load.Operation{Action: "CreateNetworkInterface", Parameters: []signature.Parameter{
			{Name: "VSwitchId", Value: "vsw-1"}, {Name: "SecurityGroupId", Value: "sg-one"},
			{Name: "ClientToken", Value: uuid.NewString()},
		}}
	}},
	"readers": {name: "1,000 clients read pages of 100 interfaces", clients: 1000, plan: func(n int) load.Operation {
		return load.Operation{Action: history.Describe, Parameters: []signature.Parameter{
			{Name: "PageNumber", Value: strconv.Itoa(n%100 + 1)}, {Name: "PageSize", Value: "100"},
		}}
	}},
	"attachers": {name: "1,000 clients attach", clients: 1000, plan: func(n int) load.Operation {
		return load.Operation{Action: history.Attach, Instance: fmt.Sprint("i-spread-", n%5000+1),
			Interface: fmt.Sprint("eni-spread-", n%5000+1)}
	}},
	"applying": {name: "a scenario of 100,000 interfaces is applied, and 64 clients attach", clients: 64,
		plan: func(n int) load.Operation {
			return load.Operation{Action: history.Attach, Instance: fmt.Sprint("i-spread-", n%5000+1),
				Interface: fmt.Sprint("eni-spread-", n%5000+1)}
		}},
}

// neighbourWorld returns a world with a steady tenant and a noisy neighbour.
func neighbourWorld(interfaces int) string {
	noisy, typed, _ := strings.Cut(scaleWorld(interfaces), "instance_types:")
	noisy = withQuota(noisy)
	steady, _, _ := strings.Cut(scaleWorld(2*steadyPairs), "instance_types:")
	_, steady, _ = strings.Cut(steady, "accounts:\n")
	steady = strings.NewReplacer("1000000000000001", steadyAccount, keyID, steadyKey).Replace(steady)
	return noisy + steady + "instance_types:" + typed
}

// neighboursTable measures the steady tenant alone and beside each noisy load. The clients of the
// noisy neighbour run in a process of low priority, because real ones would run on other machines.
func (b *bench) neighboursTable(ctx context.Context, noisy []string) (err error) {
	s, _, err := b.serveApplied(ctx, "neighbours", neighbourWorld(noisySize))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	printHeading(fmt.Sprintf("Neighbours: a steady tenant that sends %d requests a second (attach, detach, describe), "+
		"alone and beside a noisy neighbour.", steadyRate),
		"what the neighbour does", "alone p50 / p99 / p99.9 ms", "beside p50 / p99 / p99.9 ms", "p99 ratio",
		"failed requests of the steady tenant", "answers to the neighbour a second", "of these refused", "server MiB")
	for _, word := range noisy {
		alone, err := b.measureSteady(ctx, s)
		if err != nil {
			return err
		}
		beside, other, err := b.measureBesideNoisy(ctx, s, word)
		if err != nil {
			return fmt.Errorf("%s: %w", word, err)
		}
		memory, err := s.peakMemory()
		if err != nil {
			return err
		}
		b.recordMemory(memory)
		if word == "attachers" {
			b.recordRatio("polite", "ms", float64(beside.latency.p99.Microseconds())/1000,
				float64(beside.latency.p99)/float64(alone.latency.p99))
		}
		printRow(noisyLoads[word].name, alone.latency.String(), beside.latency.String(),
			formatRatio(float64(beside.latency.p99)/float64(alone.latency.p99)),
			fmt.Sprint(beside.failed), formatRate(other.Rate), formatRate(other.Refused), fmt.Sprintf("%.0f", memory))
	}
	return nil
}

// measureSteady measures the steady tenant. Each client attaches its own interface, reads it,
// detaches it and reads it again.
func (b *bench) measureSteady(ctx context.Context, s *server) (measurement, error) {
	plan := func(client int) load.Next {
		step, first := 0, client*steadyPairs/steadyClients
		return func(load.Result) (load.Operation, bool) {
			n := first + step/4%(steadyPairs/steadyClients) + 1
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
	target.AccessKeyID = steadyKey
	if err := b.detachAll(ctx, s.url); err != nil {
		return measurement{}, err
	}
	summary, err := load.Run{Targets: []load.Target{target}, Clients: steadyClients, Rate: steadyRate,
		Duration: 2 * b.length, Plan: plan}.Do(ctx)
	if err != nil {
		return measurement{}, err
	}
	return newMeasurement(summary, summary.Total()), nil
}

// noisyResult is the output of the noisy process: answers a second.
type noisyResult struct{ Rate, Refused float64 }

// measureBesideNoisy measures the steady tenant while another process of this program sends a
// noisy load.
func (b *bench) measureBesideNoisy(
	ctx context.Context, s *server, word string,
) (m measurement, other noisyResult, err error) {
	// First start the lock or the apply, if the load has one.
	disturbance, stopDisturbance := context.WithCancel(ctx)
	defer stopDisturbance()
	disturbanceEnded := make(chan error, 1)
	switch word {
	case "locked":
		var conn *pgx.Conn
		if conn, err = pgx.Connect(ctx, s.url); err != nil {
			return m, other, err
		}
		defer func() { err = errors.Join(err, conn.Close(context.WithoutCancel(ctx))) }()
		lock := `SELECT FROM instances WHERE account_id = '1000000000000001' AND id = '` + lockedInstance +
			`' FOR UPDATE`
		if _, err := conn.Exec(ctx, "BEGIN; "+lock); err != nil {
			return m, other, err
		}
		disturbanceEnded <- nil
	case "applying":
		file, err := b.writeFile("applied.yaml", scaleWorld(appliedSize))
		if err != nil {
			return m, other, err
		}
		go func() {
			_, err := b.apply(disturbance, s.url, file)
			if disturbance.Err() != nil {
				err = nil // it was cut off, which changes nothing
			}
			disturbanceEnded <- err
		}()
	default:
		disturbanceEnded <- nil
	}

	// Then start the noisy clients, and measure the steady ones once these are connected.
	self, err := os.Executable()
	if err != nil {
		return m, other, err
	}
	cmd := exec.CommandContext(ctx, self, "--neighbour", word, "--endpoint", s.target.Endpoint)
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
	case <-time.After(noisyConnectTime):
		m, err = b.measureSteady(ctx, s)
	case <-ctx.Done():
		err = ctx.Err()
	}
	// Last, stop everything and read the result of the noisy clients.
	stopDisturbance()
	err = errors.Join(err, cmd.Process.Signal(syscall.SIGTERM))
	err = errors.Join(err, json.NewDecoder(out).Decode(&other), cmd.Wait(), <-disturbanceEnded)
	return m, other, err
}

// runNoisy sends a noisy load until it is interrupted, and prints its result.
func runNoisy(ctx context.Context, word, endpoint string) error {
	const lowest = 19
	if err := syscall.Setpriority(syscall.PRIO_PROCESS, 0, lowest); err != nil {
		return err
	}
	g, ok := noisyLoads[word]
	if !ok {
		return fmt.Errorf("--neighbour %s: there is no such load", word)
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
		Endpoint: endpoint, Region: "cn-hangzhou", AccessKeyID: keyID, AccessKeySecret: keySecret,
		Timeout: 30 * time.Second,
	}
	summary, err := load.Run{Targets: []load.Target{target}, Clients: g.clients, Rate: g.rate, Duration: longest,
		Plan: plan}.Do(ctx)
	if err != nil {
		return err
	}
	total := summary.Total()
	return json.NewEncoder(os.Stdout).Encode(noisyResult{Rate: summary.Rate(total.Count()),
		Refused: summary.Rate(total.Refused + total.Unknown)})
}
