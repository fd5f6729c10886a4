package prove

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"os/signal"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"enisim.alt/cmd/enisim/history"
	"enisim.alt/cmd/enisim/load"
	"enisim.alt/service/worldtest"
)

var failovers = flag.Int("failovers", 0, "how many failovers of a cluster to run at least; 0 leaves the test out")

// failoverKinds are the faults of a cluster.
var failoverKinds = []faultKind{
	{"primary killed", (*proof).killPrimary},
	{"switchover", (*proof).switchOver},
	{"etcd killed", (*proof).killEtcd},
	{"Patroni of the primary killed", (*proof).killPatroni},
	{"primary paused", (*proof).pausePrimary},
	{"standbys cut off from the primary", (*proof).cutStandbys},
}

// shortFailovers is up to which number of failovers a run has only the first two kinds of faults, which
// take seconds.
const shortFailovers = 2

// probed has an account beside that of the clients. Its interfaces are attached and detached all the
// time, one by each server, to measure for how long no write succeeds.
var probed = worldtest.New("1000000000000002").
	AccessKey("LTAIprobe").
	VPC("vpc-main", "10.0.0.0/8").
	VSwitch("vsw-h", "cn-hangzhou-h", "10.0.0.0/16").
	SecurityGroup("sg-main").
	Instance("i-{n}", worldtest.Count(2), worldtest.Type("ecs.three.places")).
	NetworkInterface("eni-{n}", worldtest.Count(2)).
	InstanceType("ecs.three.places", 3).
	String()

// Under failovers of a cluster of Postgres, planned and unplanned, histories are linearizable and what
// was acknowledged is there at the end. One server finds the primary by HAProxy, the other one by itself.
func TestHistoryIsLinearizableUnderFailovers(t *testing.T) {
	if *failovers == 0 {
		t.Skip("make prove-ha runs it: it needs etcd, Patroni and HAProxy")
	}
	if *seed == 0 {
		*seed = rand.Uint64()
	}
	t.Logf("seed %d", *seed)
	ctx, stop := signal.NotifyContext(t.Context(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	began := time.Now()
	p := newProof(t)
	p.startInCluster(t)
	rounds := 0
	for p.cluster.failovers < *failovers || p.operations < *operations {
		rounds++
		if err := p.round(ctx, rounds); err != nil {
			t.Fatalf("round %d, seed %d: %v\nIts files are in %s", rounds, *seed, err, p.dir)
		}
	}
	if p.unknown == 0 {
		t.Error("got no unknown outcome for any client: the failovers had no effect")
	}
	t.Logf("seed %d, %d rounds in %v\n%s\nfailovers:  %d\n%s", *seed, rounds, time.Since(began).Round(time.Second),
		p.summary(), p.cluster.failovers, p.cluster.gaps())
}

// startInCluster starts the cluster and the servers.
func (p *proof) startInCluster(t *testing.T) {
	t.Helper()
	p.cluster = startCluster(t, p.dir)
	p.database, p.kinds = p.cluster, failoverKinds
	if *failovers <= shortFailovers {
		p.kinds = failoverKinds[:shortFailovers]
	}
	p.applyWorld(t, world)
	p.applyWorld(t, probed)
	for n, url := range []string{p.cluster.urlOfProxy(), p.cluster.url()} {
		p.servers = append(p.servers, newServer(t, p.program, p.serverLog(n), url))
	}
	p.startServers(t)
}

// failover runs a function that makes the cluster change its primary, or may do so, and waits until the
// cluster is whole again and both servers have written.
func (p *proof) failover(ctx context.Context, name string, cause func(roles) error) error {
	before, err := p.cluster.roles(ctx)
	if err != nil {
		return err
	}
	if before.leader == nil || before.synchronous == nil {
		return errors.New("the cluster was not whole before the fault")
	}
	probing, err := p.startProbes(ctx)
	if err != nil {
		return err
	}
	err = cause(before)
	if err == nil {
		err = p.cluster.awaitHealthy(ctx)
	}
	if err == nil {
		err = probing.awaitWrites(ctx)
	}
	gap := probing.stop()
	if err != nil {
		return err
	}
	after, err := p.cluster.roles(ctx)
	if err != nil {
		return err
	}
	if after.leader != before.leader {
		p.cluster.failovers++
	}
	p.cluster.measured = append(p.cluster.measured, measuredGap{name, gap})
	p.logf("%s: primary %s, then %s; no write succeeded for %v", name, before.leader.name, after.leader.name,
		gap.Round(time.Millisecond))
	return nil
}

func (p *proof) killPrimary(ctx context.Context, f fault) error {
	return p.failover(ctx, f.kind.name, func(before roles) error {
		postmaster, err := findPostmaster(ctx, before.leader.data)
		if err != nil {
			return err
		}
		if err := killAll(ctx, postmaster); err != nil {
			return err
		}
		return p.cluster.awaitLeader(ctx, before.leader)
	})
}

func (p *proof) switchOver(ctx context.Context, f fault) error {
	return p.failover(ctx, f.kind.name, func(before roles) error {
		return before.leader.ask(ctx, http.MethodPost, "/switchover", map[string]string{
			"leader": before.leader.name, "candidate": before.synchronous.name,
		}, nil)
	})
}

func (p *proof) killEtcd(ctx context.Context, f fault) error {
	return p.failover(ctx, f.kind.name, func(roles) error {
		if err := p.cluster.etcd.kill(); err != nil {
			return err
		}
		err := sleep(ctx, f.duration)
		return errors.Join(err, p.cluster.etcd.start())
	})
}

// killPatroni leaves a primary without its agent. The cluster elects another one, while the old one runs
// and accepts connections.
func (p *proof) killPatroni(ctx context.Context, f fault) error {
	return p.failover(ctx, f.kind.name, func(before roles) error {
		if err := before.leader.patroni.kill(); err != nil {
			return err
		}
		err := p.cluster.awaitLeader(ctx, before.leader)
		if err == nil {
			err = sleep(ctx, f.duration)
		}
		return errors.Join(err, before.leader.patroni.start())
	})
}

// pausePrimary stops all processes of the primary until there is another one.
func (p *proof) pausePrimary(ctx context.Context, f fault) error {
	return p.failover(ctx, f.kind.name, func(before roles) error {
		postmaster, err := findPostmaster(ctx, before.leader.data)
		if err != nil {
			return err
		}
		return pauseAll(ctx, postmaster, func() error {
			return p.cluster.awaitLeader(ctx, before.leader)
		})
	})
}

func (p *proof) cutStandbys(ctx context.Context, f fault) error {
	return p.failover(ctx, f.kind.name, func(before roles) error {
		return before.leader.link.cut(ctx, f.duration)
	})
}

// measuredGap is for how long no write of a server succeeded.
type measuredGap struct {
	kind string
	gap  time.Duration
}

// gaps returns the number of faults of each kind, and the median and the longest gap.
func (c *cluster) gaps() string {
	text := ""
	for _, kind := range failoverKinds {
		var all []time.Duration
		for _, m := range c.measured {
			if m.kind == kind.name {
				all = append(all, m.gap)
			}
		}
		if len(all) == 0 {
			continue
		}
		slices.Sort(all)
		text += fmt.Sprintf("%-35s %d times, without a write for %v, at most %v\n", kind.name+":", len(all),
			all[len(all)/2].Round(100*time.Millisecond), all[len(all)-1].Round(100*time.Millisecond))
	}
	return text
}

// probes writes through each server all the time.
type probes struct {
	mu      sync.Mutex
	servers []probe
	cancel  context.CancelFunc
	ended   sync.WaitGroup
}

// probe is the writes through one server.
type probe struct {
	last    time.Time // the last successful write
	longest time.Duration
	writes  int
}

// probePause is the time between two writes through a server.
const probePause = 10 * time.Millisecond

// startProbes starts to write through each server, and returns when both have written.
func (p *proof) startProbes(ctx context.Context) (*probes, error) {
	running, cancel := context.WithCancel(ctx)
	b := &probes{servers: make([]probe, len(p.servers)), cancel: cancel}
	for n, target := range p.targets() {
		target.AccessKeyID = "LTAIprobe"
		b.ended.Go(func() {
			_, _ = load.Run{Targets: []load.Target{target}, Clients: 1, Plan: func(int) load.Next {
				attaches := false
				return func(last load.Result) (load.Operation, bool) {
					if last.Outcome == history.OK {
						b.record(n)
					}
					if err := sleep(running, probePause); err != nil {
						return load.Operation{}, false
					}
					attaches = !attaches
					action := history.Detach
					if attaches {
						action = history.Attach
					}
					return load.Operation{Action: action, Interface: fmt.Sprintf("eni-%d", n+1),
						Instance: fmt.Sprintf("i-%d", n+1)}, true
				}
			}}.Do(running)
		})
	}
	if err := b.awaitWrites(ctx); err != nil {
		b.stop()
		return nil, err
	}
	return b, nil
}

// record notes a successful write through a server.
func (b *probes) record(server int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := &b.servers[server]
	now := time.Now()
	if s.writes > 0 {
		s.longest = max(s.longest, now.Sub(s.last))
	}
	s.last = now
	s.writes++
}

// awaitWrites waits until another write through each server has succeeded.
func (b *probes) awaitWrites(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, waitTimeout,
		fmt.Errorf("no write through one of the servers succeeded within %v", waitTimeout))
	defer cancel()
	counts := func() []int {
		b.mu.Lock()
		defer b.mu.Unlock()
		var counts []int
		for _, s := range b.servers {
			counts = append(counts, s.writes)
		}
		return counts
	}
	for before := counts(); ; {
		waiting := false
		for n, writes := range counts() {
			waiting = waiting || writes == before[n]
		}
		if !waiting {
			return nil
		}
		if err := sleep(ctx, pollInterval); err != nil {
			return err
		}
	}
}

// stop ends the writes. It returns the longest time in which no write through a server succeeded.
func (b *probes) stop() time.Duration {
	b.cancel()
	b.ended.Wait()
	var longest time.Duration
	for _, s := range b.servers {
		longest = max(longest, s.longest)
	}
	return longest
}
