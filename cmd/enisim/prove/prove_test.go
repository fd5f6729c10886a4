package prove

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"enisim.alt/cmd/enisim/history"
	"enisim.alt/cmd/enisim/load"
	"enisim.alt/service/worldtest"
)

var (
	operations = flag.Int64("operations", 6000, "how many operations to run at least")
	seed       = flag.Uint64("seed", 0, "of the operations and the faults (default: any)")
)

const (
	clients = 64
	// maxUndisturbed is the maximum number of operations from one fault to the next, so that the
	// history of one round can be checked quickly.
	maxUndisturbed = 5000
	// waitTimeout limits waits for what is fast on an idle machine: a start, an answer, a number of
	// operations.
	waitTimeout = 5 * time.Minute
	// pollInterval is the time from one poll to the next.
	pollInterval = 20 * time.Millisecond
)

// world has 64 cells of 4 instances, each with 2 free slots, for 8 interfaces. So clients compete
// for interfaces and slots, and cells are independent. Attaching one of the eni-b interfaces adds
// its instance to a group whose limit is about the number of instances that would then be in it.
//
// Clients create interfaces in a small VSwitch, with 60 addresses. The quota leaves them 40
// interfaces.
var world = worldtest.New("1000000000000001",
	worldtest.Set("quotas", map[string]int{"network_interfaces_per_region": quota.Limit})).
	AccessKey("LTAIprove").
	VPC("vpc-main", "10.0.0.0/8").
	VSwitch("vsw-h", "cn-hangzhou-h", "10.0.0.0/16").
	VSwitch(smallVSwitch, "cn-hangzhou-h", "10.1.0.0/26").
	SecurityGroup("sg-main").
	SecurityGroup("sg-popular", worldtest.Set("instance_limit", 34)).
	Instance("i-{n}", worldtest.Count(256), worldtest.Type("ecs.three.places")).
	NetworkInterface("eni-a-{n}", worldtest.Count(256)).
	NetworkInterface("eni-b-{n}", worldtest.Count(256), worldtest.Groups("sg-popular")).
	InstanceType("ecs.three.places", 3).
	String()

// cell is the number of instances in a cell.
const cell = 4

// smallVSwitch is the VSwitch in which clients create interfaces.
const smallVSwitch = "vsw-small"

// quota is that of the account, with the interfaces that are there.
var quota = history.Quota{Limit: 552, Held: 512}

// mix is the shares of the actions. There are more creations than deletions, so that the quota and the
// VSwitch are full at times.
var mix = load.Mix{Attach: 4, Detach: 4, Describe: 2, Create: 5, Delete: 3, Assign: 4, Unassign: 2}

// database is what the servers use: a private Postgres, or a cluster.
type database interface {
	// url returns the address for enisim verify.
	url() string
	// awaitNoConnections waits until no connection of a server is left.
	awaitNoConnections(ctx context.Context) error
	// examine returns an error for what Postgres reports and no fault explains.
	examine(ctx context.Context) error
}

// proof is the state of the test: its processes and its counts so far.
type proof struct {
	logf     func(format string, args ...any)
	dir      string // all files; kept if the test fails
	program  program
	database database
	postgres *postgres // nil with a cluster
	cluster  *cluster  // nil without
	kinds    []faultKind
	servers  []*server
	random   *rand.Rand

	operations, ok, refused, unknown int64
	codes                            map[string]int64 // of what was not OK
	faults                           map[string]int   // by name
	checking, longestCheck           time.Duration
	verified                         string // last output of enisim verify
}

// Under all faults, each successful call takes effect at one point in time between its request and
// its answer. A refused call has no effect, and one with an unknown outcome may have one.
// Acknowledged changes are still there at the end.
func TestHistoryIsLinearizableUnderFaults(t *testing.T) {
	t.Parallel()
	if *seed == 0 {
		*seed = rand.Uint64()
	}
	t.Logf("seed %d", *seed)
	// An interrupted test stops its processes too.
	ctx, stop := signal.NotifyContext(t.Context(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	began := time.Now()
	p := newProof(t)
	p.startAlone(t)
	rounds := 0
	for p.operations < *operations {
		rounds++
		if err := p.round(ctx, rounds); err != nil {
			t.Fatalf("round %d, seed %d: %v\nIts files are in %s", rounds, *seed, err, p.dir)
		}
	}
	if p.unknown == 0 {
		t.Error("got no unknown outcome for any client: the faults had no effect")
	}
	t.Logf("seed %d, %d rounds in %v\n%s", *seed, rounds, time.Since(began).Round(time.Second), p.summary())
}

// summary returns the final report.
func (p *proof) summary() string {
	faults := 0
	for _, n := range p.faults {
		faults += n
	}
	return fmt.Sprintf(`operations: %d: %d ok, %d refused, %d of unknown outcome
not ok:     %s
faults:     %d: %s
check:      linearizable; %v for all rounds, %v for the longest
verify:     %s
deadlocks:  0`,
		p.operations, p.ok, p.refused, p.unknown, formatCounts(p.codes), faults, formatCounts(p.faults),
		p.checking.Round(time.Millisecond), p.longestCheck.Round(time.Millisecond), p.verified)
}

// formatCounts returns the counts in the order of their names.
func formatCounts[N int | int64](of map[string]N) string {
	var words []string
	for _, name := range slices.Sorted(maps.Keys(of)) {
		words = append(words, fmt.Sprintf("%s %d", name, of[name]))
	}
	return strings.Join(words, ", ")
}

// newProof makes the folder and builds the program.
func newProof(t *testing.T) *proof {
	t.Helper()
	dir, err := os.MkdirTemp("", "enisim-prove-")
	if err != nil {
		t.Fatal(err)
	}
	// Postgres runs as an unprivileged user, who must be able to read the folder.
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			return
		}
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return &proof{logf: t.Logf, dir: dir, program: build(t, dir), random: rand.New(rand.NewPCG(*seed, 0)),
		codes: map[string]int64{}, faults: map[string]int{}}
}

// startAlone starts one Postgres, and servers that reach it over links.
func (p *proof) startAlone(t *testing.T) {
	t.Helper()
	p.postgres = startPostgres(t, p.dir)
	p.database, p.kinds = p.postgres, faultKinds
	p.applyWorld(t, world)
	for n := range 2 {
		l := newLink(t, p.postgres.address)
		s := newServer(t, p.program, p.serverLog(n), "postgres://postgres@"+l.Listen+"/enisim?sslmode=disable")
		s.postgresLink = l
		p.servers = append(p.servers, s)
	}
	p.startServers(t)
}

// serverLog returns the path of the log of a server.
func (p *proof) serverLog(n int) string {
	return filepath.Join(p.dir, fmt.Sprintf("server-%d.log", n+1))
}

// applyWorld creates the accounts of a scenario.
func (p *proof) applyWorld(t *testing.T, world string) {
	t.Helper()
	scenario := filepath.Join(p.dir, "scenario.yaml")
	if err := os.WriteFile(scenario, []byte(world), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := p.program.run(t.Context(), "scenario", "apply", scenario, "--database-url",
		p.database.url()); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

// startServers starts the servers and waits until they are ready.
func (p *proof) startServers(t *testing.T) {
	t.Helper()
	for _, s := range p.servers {
		if err := s.start(); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.awaitAnswers(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// targets returns the servers, as clients reach them.
func (p *proof) targets() []load.Target {
	var targets []load.Target
	for _, s := range p.servers {
		targets = append(targets, load.Target{Endpoint: s.endpoint(), Region: "cn-hangzhou", AccessKeyID: "LTAIprove",
			AccessKeySecret: "s", Timeout: clientTimeout})
	}
	return targets
}

// round runs traffic through one fault of each kind, with its own history, and checks the result.
func (p *proof) round(ctx context.Context, number int) error {
	// First record the history.
	path := filepath.Join(p.dir, fmt.Sprintf("round-%d.history", number))
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	written := history.NewWriter(file, history.Header{Seed: *seed, Note: fmt.Sprintf("round %d", number)})
	err = p.record(ctx, written)
	if err := errors.Join(err, written.Close(), file.Close()); err != nil {
		return err
	}
	// Then check the history, the invariants and the log of Postgres.
	began := time.Now()
	out, err := p.program.run(ctx, "check", path)
	took := time.Since(began)
	p.checking, p.longestCheck = p.checking+took, max(p.longestCheck, took)
	if err != nil {
		return fmt.Errorf("enisim check: %w\n%s", err, out)
	}
	p.logf("%d operations, %s", p.operations, strings.TrimPrefix(out, path+": "))
	if out, err = p.program.run(ctx, "verify", "--database-url", p.database.url()); err != nil {
		return fmt.Errorf("enisim verify: %w\n%s", err, out)
	}
	p.verified = out
	if err := p.database.examine(ctx); err != nil {
		return err
	}
	return os.Remove(path)
}

// record writes the history of a round: its world, its traffic, and at the end, when nothing else
// is in progress, a describe of each interface and a list of those that clients have created.
func (p *proof) record(ctx context.Context, written *history.Writer) error {
	// First write the initial state and make the plan.
	w, err := load.Discover(ctx, p.targets()[0])
	if err != nil {
		return err
	}
	if w.VSwitches, err = load.DiscoverVSwitches(ctx, p.targets()[0]); err != nil {
		return err
	}
	w.VSwitches = slices.DeleteFunc(w.VSwitches, func(v load.VSwitch) bool { return v.ID != smallVSwitch })
	w.Tell(written)
	written.Quota(quota)
	plan, err := load.NewPlan(w,
		load.PlanOptions{Clients: clients, Mix: mix, Zipf: .5, Cell: cell, Seed: p.random.Uint64()})
	if err != nil {
		return err
	}
	// Then run the traffic and the faults side by side. The end of the faults ends the traffic.
	faults := p.newFaults()
	flow := newTraffic()
	tasks, both := errgroup.WithContext(ctx)
	tasks.Go(func() error { return p.run(both, load.Run{Plan: flow.observe(both, plan), History: written}) })
	tasks.Go(func() error {
		defer flow.stop()
		return p.runFaults(both, faults, flow, min(maxUndisturbed, *operations/int64(len(faults)+1)))
	})
	if err := errors.Join(tasks.Wait(), flow.err()); err != nil {
		return err
	}
	if err := p.describeAll(ctx, w, written); err != nil {
		return err
	}
	return p.deleteCreated(ctx, w.VSwitches[0])
}

// run puts a load on the servers and adds up its counts.
func (p *proof) run(ctx context.Context, r load.Run) error {
	r.Targets, r.Clients = p.targets(), clients
	summary, err := r.Do(ctx)
	if err != nil {
		return err
	}
	total := summary.Total()
	p.operations += total.Count()
	p.ok += total.OK
	p.refused += total.Refused
	p.unknown += total.Unknown
	for code, n := range total.Codes {
		p.codes[code] += n
	}
	return nil
}

// describeAll describes each interface once, and lists those that clients have created, when nothing
// can change any more. If a change with a 200 was lost, the history has no order.
func (p *proof) describeAll(ctx context.Context, w load.World, written *history.Writer) error {
	if err := p.quiesce(ctx); err != nil {
		return err
	}
	unknown, refused := p.unknown, p.refused
	err := p.run(ctx, load.Run{History: written, Plan: func(client int) load.Next {
		next := client
		return func(load.Result) (load.Operation, bool) {
			if next >= len(w.Interfaces) {
				return load.Operation{}, false
			}
			n := w.Interfaces[next]
			next += clients
			return load.Operation{Action: history.Describe, Interface: n.ID}, true
		}
	}})
	if err == nil {
		err = p.run(ctx, load.Run{History: written, Plan: load.ListPlan(w.VSwitches)})
	}
	if err == nil && (p.unknown != unknown || p.refused != refused) {
		err = errors.New("not every interface could be described in the end, although nothing was disturbed")
	}
	return err
}

// deleteCreated deletes the interfaces that clients have created in a VSwitch, so that the next round
// begins without them.
func (p *proof) deleteCreated(ctx context.Context, v load.VSwitch) error {
	var list struct {
		NetworkInterfaceSets struct {
			NetworkInterfaceSet []struct{ NetworkInterfaceId string }
		}
	}
	refused := p.refused
	err := p.run(ctx, load.Run{Plan: func(client int) load.Next {
		listOnce := load.ListPlan([]load.VSwitch{v})(client)
		return func(last load.Result) (load.Operation, bool) {
			if op, more := listOnce(last); more || client != 0 {
				return op, more
			}
			left := &list.NetworkInterfaceSets.NetworkInterfaceSet
			if last.Action == history.Describe && json.Unmarshal(last.Body, &list) != nil || len(*left) == 0 {
				return load.Operation{}, false
			}
			n := (*left)[0]
			*left = (*left)[1:]
			return load.Operation{Action: history.Delete, Interface: n.NetworkInterfaceId}, true
		}
	}})
	if err == nil && p.refused != refused {
		err = errors.New("not every interface could be deleted in the end, although nothing was disturbed")
	}
	return err
}

// quiesce waits until nothing is in progress. The servers answer their requests and end, and
// Postgres ends the transactions of lost connections. Then the servers start again.
func (p *proof) quiesce(ctx context.Context) error {
	for _, s := range p.servers {
		if err := s.stop(); err != nil {
			return err
		}
	}
	if err := p.database.awaitNoConnections(ctx); err != nil {
		return err
	}
	for _, s := range p.servers {
		if err := s.start(); err != nil {
			return err
		}
	}
	return p.awaitAnswers(ctx)
}

// awaitAnswers waits until each server is ready, over the path of the clients.
func (p *proof) awaitAnswers(ctx context.Context) error {
	for _, s := range p.servers {
		if err := s.awaitAnswer(ctx); err != nil {
			return err
		}
	}
	return nil
}

// program is the path of enisim, built for this test.
type program string

// build builds enisim, with the race detector if the test has it.
func build(t *testing.T, dir string) program {
	t.Helper()
	binary := filepath.Join(dir, "enisim")
	args := append([]string{"build", "-ldflags", "-s -w", "-o", binary}, buildFlags...)
	if out, err := exec.CommandContext(t.Context(), "go",
		append(args, "enisim.alt/cmd/enisim")...).CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return program(binary)
}

// run runs a command line to its end and returns its output.
func (b program) run(ctx context.Context, args ...string) (string, error) {
	out, err := exec.CommandContext(ctx, string(b), args...).CombinedOutput()
	return strings.TrimSpace(string(out)), err
}
