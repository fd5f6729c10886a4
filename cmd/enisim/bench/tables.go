package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"enisim.alt/cmd/enisim/history"
	"enisim.alt/cmd/enisim/load"
	"enisim.alt/httpapi/signature"
)

// loadTable compares pgbench and HTTP at each number of clients.
func (b *bench) loadTable(ctx context.Context, clients []int) (err error) {
	// First start two servers on one database: the normal one, and one without batches.
	url, err := b.database(ctx, "load")
	if err != nil {
		return err
	}
	s, err := b.serveWorld(ctx, url, "load.yaml", loadWorld())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	unbatched, err := b.serve(ctx, url, "--lanes=-1")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, unbatched.stop()) }()
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close(ctx)) }()
	if _, err := conn.Exec(ctx, textbookSQL); err != nil {
		return err
	}

	printHeading("Attach and detach in turn: operations a second, ratio to pgbench, and p50 / p99 / p99.9 in ms. "+
		"Each transaction is durable, each signature (V1) verified.",
		"clients", "pgbench", "pgbench ms", "**HTTP**", "**ratio**", "HTTP ms", "p50 ratio", "requests a commit",
		"transaction each", "lanes to that",
		"one group", "to HTTP", "joining one group", "to HTTP", "one hot instance", "to HTTP", "hot ms", "server MiB")
	// Then measure pgbench and each load, for each number of clients.
	for _, n := range clients {
		direct, err := pgbench(ctx, b.pgbench, url, b.dir, n, b.length)
		if err != nil {
			return err
		}
		cells := make([]measurement, 5)
		for k, l := range []struct {
			server *server
			plan   load.Plan
		}{
			{s, alternate(n, pairs, 0, numberedID("i-spread-"), numberedID("eni-spread-"))},
			{unbatched, alternate(n, pairs, 0, numberedID("i-spread-"), numberedID("eni-spread-"))},
			{s, alternate(n, pairs, 0, numberedID("i-group-"), numberedID("eni-group-"))},
			{s, alternate(n, pairs, 0, numberedID("i-join-"), numberedID("eni-join-"))},
			{s, alternate(n, n, 0, func(int) string { return "i-hot" }, numberedID("eni-hot-"))},
		} {
			if cells[k], err = b.measureWithCommits(ctx, conn, l.server, n, l.plan); err != nil {
				return err
			}
			if f := cells[k].failed; f > 0 {
				return fmt.Errorf("%d clients, load %d: %d operations failed", n, k, f)
			}
		}
		// Then print the row.
		memory, err := s.peakMemory()
		if err != nil {
			return err
		}
		http, unbatched, group, join, hot := cells[0], cells[1], cells[2], cells[3], cells[4]
		b.recordLoad(n, direct, http, join, hot, memory)
		printRow(strconv.Itoa(n), formatRate(direct.rate), direct.latency.String(),
			"**"+formatRate(http.rate)+"**", "**"+formatRatio(http.rate/direct.rate)+"**", http.latency.String(),
			formatRatio(float64(http.latency.p50)/float64(direct.latency.p50)),
			fmt.Sprintf("%.1f", http.perCommit), formatRate(unbatched.rate), formatRatio(http.rate/unbatched.rate),
			formatRate(group.rate), formatRatio(group.rate/http.rate), formatRate(join.rate),
			formatRatio(join.rate/http.rate),
			formatRate(hot.rate), formatRatio(hot.rate/http.rate), hot.latency.String(), fmt.Sprintf("%.0f", memory))
	}
	return b.printCosts(ctx)
}

// recordLoad records the figures of the first table that have a target.
func (b *bench) recordLoad(clients int, direct, http, join, hot measurement, memory float64) {
	b.recordMemory(memory)
	switch clients {
	case 1:
		b.recordRatio("attach-1-p50", "ms", float64(http.latency.p50.Microseconds())/1000,
			float64(http.latency.p50)/float64(direct.latency.p50))
	case 64:
		b.recordRatio("join-one-group", "ops/s", join.rate, join.rate/http.rate)
		b.recordRatio("hot-instance", "ops/s", hot.rate, hot.rate/http.rate)
	}
	if clients == 64 || clients == 128 {
		b.recordRatio("attach-"+strconv.Itoa(clients), "ops/s", http.rate, http.rate/direct.rate)
	}
}

// measureWithCommits puts a load on a server, counts the requests a commit, and detaches what the
// load left attached.
func (b *bench) measureWithCommits(
	ctx context.Context, conn *pgx.Conn, s *server, clients int, plan load.Plan,
) (measurement, error) {
	before, err := countCommits(ctx, conn)
	if err != nil {
		return measurement{}, err
	}
	m, err := b.measure(ctx, s, clients, plan)
	if err != nil {
		return measurement{}, err
	}
	after, err := countCommits(ctx, conn)
	if err != nil {
		return measurement{}, err
	}
	// The commits of the warm-up are counted too, so its operations are included.
	m.perCommit = m.rate * (b.warmUp + b.length).Seconds() / float64(after-before)
	// A run may have ended between an attach and its detach.
	_, err = conn.Exec(ctx, detachAllSQL)
	return m, err
}

// detachAllSQL detaches what a run left attached and releases the capacity of the security groups,
// so that the next run finds all interfaces free.
const detachAllSQL = `
	DELETE FROM attachments;
	SELECT recount_capacity(array_agg(id)) FROM accounts`

// serveWorld starts a server with a world on a database.
func (b *bench) serveWorld(ctx context.Context, url, name, text string) (*server, error) {
	file, err := b.writeFile(name, text)
	if err != nil {
		return nil, err
	}
	return b.serve(ctx, url, "--scenario", file)
}

// serveApplied starts a server on a new database with a large world, which is applied before the
// server starts. It returns how long the apply took.
func (b *bench) serveApplied(ctx context.Context, name, text string) (_ *server, applied time.Duration, err error) {
	url, err := b.database(ctx, name)
	if err != nil {
		return nil, 0, err
	}
	file, err := b.writeFile(name+".yaml", text)
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
	printHeading(fmt.Sprintf("Scale: attach and detach in turn by %d clients, all over a world of so many interfaces.",
		clients),
		"interfaces", "applied in", "operations a second", "to the first", "p50 / p99 / p99.9 ms", "server MiB")
	var first float64
	for _, size := range sizes {
		s, applied, err := b.serveApplied(ctx, fmt.Sprint("scale_", size), scaleWorld(size))
		if err != nil {
			return err
		}
		m, err := b.measure(ctx, s, clients,
			alternate(clients, size/2, 1, numberedID("i-spread-"), numberedID("eni-spread-")))
		if err != nil {
			return errors.Join(err, s.stop())
		}
		memory, err := s.peakMemory()
		if err := errors.Join(err, s.stop()); err != nil {
			return err
		}
		if m.failed > 0 {
			return fmt.Errorf("%d interfaces: %d operations failed", size, m.failed)
		}
		if first == 0 {
			first = m.rate
		}
		b.recordMemory(memory)
		if size == sizes[len(sizes)-1] {
			b.recordRatio("scale", "ops/s", m.rate, m.rate/first)
		}
		printRow(strconv.Itoa(size), applied.Round(100*time.Millisecond).String(), formatRate(m.rate),
			formatRatio(m.rate/first), m.latency.String(), fmt.Sprintf("%.0f", memory))
	}
	return nil
}

// readsTable measures lists, alone and while attaches run.
func (b *bench) readsTable(ctx context.Context) (err error) {
	const readers, writers, size = 8, 32, 100_000
	s, _, err := b.serveApplied(ctx, "reads", scaleWorld(size))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	printHeading(fmt.Sprintf("Reads: DescribeNetworkInterfaces by %d clients in a world of %d interfaces, alone, "+
		"and while %d clients attach and detach.", readers, size, writers),
		"read", "alone, a second", "p50 / p99 / p99.9 ms", "beside attaches, a second", "p50 / p99 / p99.9 ms",
		"attaches and detaches a second")
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
		// First measure the reads alone.
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
		// Then measure them again while writers attach and detach until the reads are done.
		var beside measurement
		written, err := b.beside(ctx, s, writers,
			alternate(writers, size/2, 1, numberedID("i-spread-"), numberedID("eni-spread-")),
			func() (err error) {
				beside, err = b.measure(ctx, s, readers, reads)
				return err
			})
		if err != nil {
			return err
		}
		if alone.failed+beside.failed > 0 {
			return fmt.Errorf("%s: %d reads failed", r.name, alone.failed+beside.failed)
		}
		if err := b.detachAll(ctx, s.url); err != nil {
			return err
		}
		total := written.Total()
		printRow(r.name, formatRate(alone.rate), alone.latency.String(), formatRate(beside.rate),
			beside.latency.String(), formatRate(written.Rate(total.Count())))
	}
	return nil
}

// detachAll detaches what a run left attached.
func (b *bench) detachAll(ctx context.Context, url string) error {
	return execute(ctx, url, detachAllSQL)
}
