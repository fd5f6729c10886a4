package main

import (
	"bufio"
	"context"
	_ "embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
	"github.com/jackc/pgx/v5"
)

// The transaction of pgbench, and the schema that it needs.
var (
	//go:embed attach.sql
	attachSQL []byte
	//go:embed textbook.sql
	textbookSQL string
)

// measurement is one cell of a table.
type measurement struct {
	rate        float64       // operations a second
	latency     percentiles   // of one operation
	perCommit   float64       // operations per commit of the database; 0: not measured
	count       int64         // operations
	failed      int64         // operations without a successful answer
	unavailable int64         // of these, those with the answer 503
	length      time.Duration // of the measurement
}

// unavailable is the code of an answer 503: the server is overloaded, or its database is.
const unavailable = "ServiceUnavailable"

// percentiles are latencies of one operation.
type percentiles struct{ p50, p99, p999 time.Duration }

// newPercentiles reads the percentiles from a histogram of microseconds.
func newPercentiles(h *hdrhistogram.Histogram) percentiles {
	at := func(p float64) time.Duration { return time.Duration(h.ValueAtPercentile(p)) * time.Microsecond }
	return percentiles{at(50), at(99), at(99.9)}
}

// pgbench runs attach.sql on the database at a URL. It opens its connections before it starts to
// measure.
func pgbench(ctx context.Context, program, url, dir string, clients int, length time.Duration) (measurement, error) {
	// First write the script and build the command line.
	script := filepath.Join(dir, "attach.sql")
	if err := os.WriteFile(script, attachSQL, 0o600); err != nil {
		return measurement{}, err
	}
	config, err := pgx.ParseConfig(url)
	if err != nil {
		return measurement{}, err
	}
	prefix := filepath.Join(dir, fmt.Sprintf("pgbench-%d", clients))
	// The time includes that of opening the connections, which the rate excludes.
	limit := "--time=" + strconv.Itoa(int(length.Seconds())+clients/100)
	if length < time.Second { // pgbench measures for whole seconds
		limit = "--transactions=100"
	}
	cmd := exec.CommandContext(ctx, program, "--no-vacuum", "--protocol=prepared", "--client="+strconv.Itoa(clients),
		"--jobs="+strconv.Itoa(min(clients, 2)),
		limit, "--file="+script, "--define=clients="+strconv.Itoa(clients),
		"--define=pairs="+strconv.Itoa(pairs/clients), "--log", "--log-prefix="+prefix,
		"--host="+config.Host, "--port="+strconv.Itoa(int(config.Port)), "--username="+config.User, config.Database)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return measurement{}, fmt.Errorf("pgbench: %w\n%s", err, out)
	}
	// Then read the rate from the output, and the latencies from the logs.
	m := measurement{length: length}
	for line := range strings.Lines(string(out)) {
		if rest, found := strings.CutPrefix(line, "tps = "); found {
			number, _, _ := strings.Cut(rest, " ")
			if m.rate, err = strconv.ParseFloat(number, 64); err != nil {
				return measurement{}, fmt.Errorf("pgbench printed %q: %w", line, err)
			}
		}
	}
	if m.rate == 0 {
		return measurement{}, fmt.Errorf("pgbench printed no rate:\n%s", out)
	}
	m.latency, err = pgbenchLatencies(prefix)
	return m, err
}

// pgbenchLatencies reads the logs of a run, one file for each of its threads, and removes them. A
// log has a line for each transaction, whose third word is its latency in microseconds.
func pgbenchLatencies(prefix string) (percentiles, error) {
	files, err := filepath.Glob(prefix + ".*")
	if err != nil || len(files) == 0 {
		return percentiles{}, fmt.Errorf("pgbench left no log at %s", prefix)
	}
	all := hdrhistogram.New(1, time.Hour.Microseconds(), 3)
	for _, name := range files {
		file, err := os.Open(name)
		if err != nil {
			return percentiles{}, err
		}
		lines := bufio.NewScanner(file)
		for lines.Scan() {
			words := strings.Fields(lines.Text())
			if len(words) < 3 {
				continue
			}
			us, err := strconv.ParseInt(words[2], 10, 64)
			if err == nil {
				err = all.RecordValue(max(us, 1))
			}
			if err != nil {
				return percentiles{}, fmt.Errorf("%s: %q: %w", name, lines.Text(), err)
			}
		}
		if err := lines.Err(); err != nil {
			return percentiles{}, err
		}
		if err := file.Close(); err != nil {
			return percentiles{}, err
		}
		if err := os.Remove(name); err != nil {
			return percentiles{}, err
		}
	}
	return newPercentiles(all), nil
}
