package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"enisim/cmd/enisim/history"
	"enisim/cmd/enisim/load"
	"enisim/httpapi/signature"
)

// loadTable compares pgbench and HTTP at each client count.
func (b *bench) loadTable(ctx context.Context, clients []int) (err error) {
	url, err := b.database(ctx, "load")
	if err != nil {
		return err
	}
	s, err := b.serveWorld(ctx, url, "load.yaml", loadWorld())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	each, err := b.serve(ctx, url, "--lanes=-1") // the same server without lanes
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, each.stop()) }()
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close(ctx)) }()

	heading("Attach and detach in turn: operations a second, ratio to pgbench, and p50 / p99 / p99.9 in ms. Each transaction is durable, each signature (V1) verified.",
		"clients", "pgbench", "pgbench ms", "**HTTP**", "**ratio**", "HTTP ms", "p50 ratio", "requests a commit", "transaction each", "lanes to that",
		"one group", "to HTTP", "joining one group", "to HTTP", "one hot instance", "to HTTP", "hot ms", "server MiB")
	for _, n := range clients {
		straight, err := pgbench(ctx, b.pgbench, url, b.dir, n, b.length)
		if err != nil {
			return err
		}
		if _, err := conn.Exec(ctx, free); err != nil {
			return err
		}
		cells := make([]measured, 5)
		for k, l := range []struct {
			server *server
			plan   load.Plan
		}{
			{s, turns(n, pairs, 0, numbered("i-spread-"), numbered("eni-spread-"))},
			{each, turns(n, pairs, 0, numbered("i-spread-"), numbered("eni-spread-"))},
			{s, turns(n, pairs, 0, numbered("i-group-"), numbered("eni-group-"))},
			{s, turns(n, pairs, 0, numbered("i-join-"), numbered("eni-join-"))},
			{s, turns(n, n, 0, func(int) string { return "i-hot" }, numbered("eni-hot-"))},
		} {
			before, err := commits(ctx, conn)
			if err != nil {
				return err
			}
			if cells[k], err = b.measure(ctx, l.server, n, l.plan); err != nil {
				return err
			}
			after, err := commits(ctx, conn)
			if err != nil {
				return err
			}
			// The commits of the moment before count too, as its operations do.
			cells[k].perCommit = cells[k].rate * (b.warm + b.length).Seconds() / float64(after-before)
			if _, err := conn.Exec(ctx, free); err != nil { // where the run ended between an attach and its detach
				return err
			}
			if f := cells[k].failed; f > 0 {
				return fmt.Errorf("%d clients, load %d: %d operations failed", n, k, f)
			}
		}
		memory, err := s.memory()
		if err != nil {
			return err
		}
		http, each, group, join, hot := cells[0], cells[1], cells[2], cells[3], cells[4]
		row(strconv.Itoa(n), rate(straight.rate), straight.latency.String(),
			"**"+rate(http.rate)+"**", "**"+ratio(http.rate/straight.rate)+"**", http.latency.String(), ratio(float64(http.latency.p50)/float64(straight.latency.p50)),
			fmt.Sprintf("%.1f", http.perCommit), rate(each.rate), ratio(http.rate/each.rate),
			rate(group.rate), ratio(group.rate/http.rate), rate(join.rate), ratio(join.rate/http.rate),
			rate(hot.rate), ratio(hot.rate/http.rate), hot.latency.String(), fmt.Sprintf("%.0f", memory))
	}
	return b.printCosts(ctx)
}

// free takes off what a run left attached, with its place in a group, so that the next one finds all interfaces free.
const free = `
	UPDATE network_interfaces
	SET status = 'Available', instance_id = NULL, instance_eni_quantity = NULL, device_index = NULL
	WHERE type = 'Secondary' AND instance_id IS NOT NULL;
	SELECT count_places(array_agg(id)) FROM accounts`

// serveWorld serves a database with a world in it.
func (b *bench) serveWorld(ctx context.Context, url, name, text string) (*server, error) {
	file, err := b.write(name, text)
	if err != nil {
		return nil, err
	}
	return b.serve(ctx, url, "--scenario", file)
}

// serveApplied serves a database of its own with a large world in it, which is applied before the server starts.
func (b *bench) serveApplied(ctx context.Context, name, text string) (_ *server, applied time.Duration, err error) {
	url, err := b.database(ctx, name)
	if err != nil {
		return nil, 0, err
	}
	file, err := b.write(name+".yaml", text)
	if err != nil {
		return nil, 0, err
	}
	if applied, err = b.apply(ctx, url, file); err != nil {
		return nil, 0, err
	}
	s, err := b.serve(ctx, url)
	return s, applied, err
}

// scaleTable measures the same load in worlds of different sizes.
func (b *bench) scaleTable(ctx context.Context, sizes []int) error {
	const clients = 64
	heading(fmt.Sprintf("Scale: attach and detach in turn by %d clients, all over a world of so many interfaces.", clients),
		"interfaces", "applied in", "operations a second", "to the first", "p50 / p99 / p99.9 ms", "server MiB")
	var first float64
	for _, size := range sizes {
		s, applied, err := b.serveApplied(ctx, fmt.Sprint("scale_", size), scaleWorld(size))
		if err != nil {
			return err
		}
		m, err := b.measure(ctx, s, clients, turns(clients, size/2, 1, numbered("i-spread-"), numbered("eni-spread-")))
		if err != nil {
			return errors.Join(err, s.stop())
		}
		memory, err := s.memory()
		if err := errors.Join(err, s.stop()); err != nil {
			return err
		}
		if m.failed > 0 {
			return fmt.Errorf("%d interfaces: %d operations failed", size, m.failed)
		}
		if first == 0 {
			first = m.rate
		}
		row(strconv.Itoa(size), applied.Round(100*time.Millisecond).String(), rate(m.rate), ratio(m.rate/first), m.latency.String(), fmt.Sprintf("%.0f", memory))
	}
	return nil
}

// readsTable measures lists while attaches run.
func (b *bench) readsTable(ctx context.Context) (err error) {
	const readers, writers, size = 8, 32, 100_000
	s, _, err := b.serveApplied(ctx, "reads", scaleWorld(size))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	heading(fmt.Sprintf("Reads: DescribeNetworkInterfaces by %d clients in a world of %d interfaces, alone, and while %d clients attach and detach.", readers, size, writers),
		"read", "alone, a second", "p50 / p99 / p99.9 ms", "beside attaches, a second", "p50 / p99 / p99.9 ms", "attaches and detaches a second")
	for _, r := range []struct {
		name string
		op   func(n int) load.Operation
	}{
		{"one, by its id", func(n int) load.Operation {
			return load.Operation{Action: history.Describe, Interface: fmt.Sprint("eni-spread-", n)}
		}},
		{"those of an instance", func(n int) load.Operation {
			return load.Operation{Action: history.Describe, Instance: fmt.Sprint("i-spread-", n)}
		}},
		{"a page of 100", func(n int) load.Operation {
			return load.Operation{Action: history.Describe, Parameters: []signature.Parameter{
				{Name: "PageNumber", Value: strconv.Itoa(n%100 + 1)}, {Name: "PageSize", Value: "100"},
			}}
		}},
	} {
		reads := func(client int) load.Next {
			step := client
			return func(load.Result) (load.Operation, bool) {
				step += readers
				return r.op(step*7919%(size/2) + 1), true
			}
		}
		alone, err := b.measure(ctx, s, readers, reads)
		if err != nil {
			return err
		}
		writing, stop := context.WithCancel(ctx)
		var wrote *load.Summary
		var writeErr error
		done := make(chan struct{})
		go func() {
			defer close(done)
			plan := turns(writers, size/2, 1, numbered("i-spread-"), numbered("eni-spread-"))
			wrote, writeErr = load.Run{Targets: []load.Target{s.target}, Clients: writers, Plan: plan}.Do(writing)
		}()
		beside, err := b.measure(ctx, s, readers, reads)
		stop()
		<-done
		if err := errors.Join(err, writeErr); err != nil {
			return err
		}
		if alone.failed+beside.failed > 0 {
			return fmt.Errorf("%s: %d reads failed", r.name, alone.failed+beside.failed)
		}
		if err := b.forget(ctx, s.url); err != nil {
			return err
		}
		row(r.name, rate(alone.rate), alone.latency.String(), rate(beside.rate), beside.latency.String(), rate(wrote.Rate(wrote.Total().Count())))
	}
	return nil
}

// forget takes off what a run left attached.
func (b *bench) forget(ctx context.Context, url string) (err error) {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close(ctx)) }()
	_, err = conn.Exec(ctx, free)
	return err
}
