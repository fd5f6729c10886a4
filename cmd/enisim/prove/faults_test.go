package prove

import (
	"context"
	"fmt"
	"time"
)

// fault is something that goes wrong, and is over after a while.
type fault struct {
	kind   kind
	server int           // the one that it is about, where it is about one
	lasts  time.Duration // where it does not last as long as the recovery
	luck   uint64        // chooses a victim
}

// kind is a kind of faults.
type kind struct {
	name string
	do   func(*proof, context.Context, fault) error
}

var kinds = []kind{
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

// longest is how long a fault lasts at most. Some outlast the patience of clients.
const longest = clientPatience + time.Second

// schedule is one fault of each kind, in any order. Short ones are as likely as long ones.
func (p *proof) schedule() []fault {
	var faults []fault
	for _, k := range kinds {
		part := p.random.Float64()
		faults = append(faults, fault{k, p.random.IntN(len(p.servers)), time.Duration(part * part * float64(longest)), p.random.Uint64()})
	}
	p.random.Shuffle(len(faults), func(i, j int) { faults[i], faults[j] = faults[j], faults[i] })
	return faults
}

// inflict has faults happen one after the other, with so many undisturbed operations before, between and after them.
func (p *proof) inflict(ctx context.Context, faults []fault, flow *traffic, between int64) error {
	for _, f := range faults {
		if err := flow.await(ctx, between); err != nil {
			return err
		}
		began := time.Now()
		err := flow.disturb(func() error {
			if err := f.kind.do(p, ctx, f); err != nil {
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
	return flow.await(ctx, between)
}

func (p *proof) killServer(_ context.Context, f fault) error {
	s := p.servers[f.server]
	if err := s.kill(); err != nil {
		return err
	}
	return s.start()
}

func (p *proof) cutClients(ctx context.Context, f fault) error {
	return p.servers[f.server].front.cut(ctx, f.lasts)
}

func (p *proof) loseRequests(ctx context.Context, f fault) error {
	return p.servers[f.server].front.silence(ctx, there, f.lasts)
}

func (p *proof) loseAnswers(ctx context.Context, f fault) error {
	return p.servers[f.server].front.silence(ctx, back, f.lasts)
}

func (p *proof) cutServer(ctx context.Context, f fault) error {
	return p.servers[f.server].back.cut(ctx, f.lasts)
}

func (p *proof) loseStatements(ctx context.Context, f fault) error {
	return p.servers[f.server].back.silence(ctx, there, f.lasts)
}

func (p *proof) loseResults(ctx context.Context, f fault) error {
	return p.servers[f.server].back.silence(ctx, back, f.lasts)
}

func (p *proof) killPostgres(ctx context.Context, _ fault) error { return p.postgres.kill(ctx) }

func (p *proof) killProcessOfPostgres(ctx context.Context, f fault) error {
	return p.postgres.killProcess(ctx, f.luck)
}

func (p *proof) pausePostgres(ctx context.Context, f fault) error {
	return p.postgres.pause(ctx, f.lasts)
}

// wait lets a fault last.
func wait(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
