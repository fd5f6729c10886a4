package prove

import (
	"context"
	"fmt"
	"time"
)

// fault is a fault that ends after a while.
type fault struct {
	kind     faultKind
	server   int           // index of the affected server, for faults of one server
	duration time.Duration // of faults that do not end by recovery
	victim   uint64        // random number that selects the process to kill
}

// faultKind is a kind of fault.
type faultKind struct {
	name string
	run  func(*proof, context.Context, fault) error
}

// faultKinds are all kinds of faults.
var faultKinds = []faultKind{
	{"server killed", (*proof).killServer},
	{"clients cut off from a server", (*proof).cutClients},
	{"requests to a server lost", (*proof).loseRequests},
	{"answers of a server lost", (*proof).loseAnswers},
	{"server cut off from Postgres", (*proof).cutServer},
	{"statements to Postgres lost", (*proof).loseStatements},
	{"results from Postgres lost", (*proof).loseResults},
	{"Postgres killed", (*proof).killPostgres},
	{"one process of Postgres killed", (*proof).killProcessOfPostgres},
	{"Postgres paused", (*proof).pausePostgres},
}

// maxFaultDuration is the maximum duration of a fault. Some faults outlast the timeout of clients.
const maxFaultDuration = clientTimeout + time.Second

// newFaults returns one fault of each kind in random order. Short faults are more likely than long
// ones.
func (p *proof) newFaults() []fault {
	var faults []fault
	for _, k := range p.kinds {
		part := p.random.Float64()
		faults = append(faults, fault{k, p.random.IntN(len(p.servers)),
			time.Duration(part * part * float64(maxFaultDuration)), p.random.Uint64()})
	}
	p.random.Shuffle(len(faults), func(i, j int) { faults[i], faults[j] = faults[j], faults[i] })
	return faults
}

// runFaults runs the faults one after the other. Before, between and after them, between operations
// run undisturbed.
func (p *proof) runFaults(ctx context.Context, faults []fault, flow *traffic, between int64) error {
	for _, f := range faults {
		if err := flow.awaitOperations(ctx, between); err != nil {
			return err
		}
		began := time.Now()
		err := flow.withFault(func() error {
			if err := f.kind.run(p, ctx, f); err != nil {
				return err
			}
			return p.awaitAnswers(ctx)
		})
		if err != nil {
			return fmt.Errorf("%s: %w", f.kind.name, err)
		}
		p.faults[f.kind.name]++
		p.logf("%s, over after %v", f.kind.name, time.Since(began).Round(time.Millisecond))
	}
	return flow.awaitOperations(ctx, between)
}

func (p *proof) killServer(_ context.Context, f fault) error {
	s := p.servers[f.server]
	if err := s.kill(); err != nil {
		return err
	}
	return s.start()
}

func (p *proof) cutClients(ctx context.Context, f fault) error {
	return p.servers[f.server].clientLink.cut(ctx, f.duration)
}

func (p *proof) loseRequests(ctx context.Context, f fault) error {
	return p.servers[f.server].clientLink.dropOneWay(ctx, upstream, f.duration)
}

func (p *proof) loseAnswers(ctx context.Context, f fault) error {
	return p.servers[f.server].clientLink.dropOneWay(ctx, downstream, f.duration)
}

func (p *proof) cutServer(ctx context.Context, f fault) error {
	return p.servers[f.server].postgresLink.cut(ctx, f.duration)
}

func (p *proof) loseStatements(ctx context.Context, f fault) error {
	return p.servers[f.server].postgresLink.dropOneWay(ctx, upstream, f.duration)
}

func (p *proof) loseResults(ctx context.Context, f fault) error {
	return p.servers[f.server].postgresLink.dropOneWay(ctx, downstream, f.duration)
}

func (p *proof) killPostgres(ctx context.Context, _ fault) error { return p.postgres.kill(ctx) }

func (p *proof) killProcessOfPostgres(ctx context.Context, f fault) error {
	return p.postgres.killProcess(ctx, f.victim)
}

func (p *proof) pausePostgres(ctx context.Context, f fault) error {
	return p.postgres.pause(ctx, f.duration)
}

// sleep waits, or returns an error when ctx ends.
func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
