package main

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// beforeRules is the last commit whose attaches look up no rules.
const beforeRules = "c344130fd1c61a4e5ff29ecb7e8901c4cfaa096a"

// earlier is another build of enisim, which today's is compared with.
type earlier struct {
	program string // path of its binary; empty: there is none
	name    string // the commit or path as it was given
	missing string // why there is none
}

// findEarlier returns the build that a commit or the path of a binary names. A commit is built in a
// worktree of its own. If the history does not have beforeRules, which is the default, no build is
// returned and no error.
func (b *bench) findEarlier(ctx context.Context, name string) (earlier, error) {
	found := earlier{name: name}
	if name == "" {
		found.missing = "--before names no build"
		return found, nil
	}
	// A path has a separator, which no commit has that is named by its hash or by a tag.
	if strings.ContainsRune(name, filepath.Separator) {
		if _, err := exec.LookPath(name); err != nil {
			return earlier{}, fmt.Errorf("--before: %w", err)
		}
		found.program = name
		return found, nil
	}
	commit, err := output(ctx, "git", "rev-parse", "--verify", "--quiet", "--end-of-options", name+"^{commit}")
	switch {
	case err != nil && name == beforeRules:
		found.missing = "this is no git clone with the commit " + name +
			": run `git fetch --unshallow`, or name a commit or a binary by --before"
		return found, nil
	case err != nil:
		return earlier{}, fmt.Errorf("--before is a commit of this git clone, or a path with a %c, got %q",
			filepath.Separator, name)
	}
	found.program = filepath.Join(b.dir, "enisim-before")
	return found, b.buildCommit(ctx, commit, found.program)
}

// buildCommit builds enisim as it was at a commit.
func (b *bench) buildCommit(ctx context.Context, commit, program string) (err error) {
	tree := filepath.Join(b.dir, "before")
	if _, err := output(ctx, "git", "worktree", "add", "--quiet", "--detach", tree, commit); err != nil {
		return err
	}
	defer func() {
		_, removing := output(context.WithoutCancel(ctx), "git", "worktree", "remove", "--force", tree)
		err = errors.Join(err, removing)
	}()
	_, err = output(ctx, "go", "build", "-C", tree, "-buildvcs=false", "-o", program, "./cmd/enisim")
	return err
}

// output returns what a command prints, without the space around it. Its error has what the command
// says about it.
func output(ctx context.Context, program string, args ...string) (string, error) {
	out, err := exec.CommandContext(ctx, program, args...).Output()
	if err == nil {
		return strings.TrimSpace(string(out)), nil
	}
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		err = fmt.Errorf("%w: %s", err, strings.TrimSpace(string(exit.Stderr)))
	}
	return "", fmt.Errorf("%s %s: %w", program, strings.Join(args, " "), err)
}

// knownFlags returns those of some flags of enisim serve that a build accepts. The help does not list
// all of them, but it is not shown beside an unknown one.
func knownFlags(ctx context.Context, program string, flags []string) ([]string, error) {
	if _, err := output(ctx, program, "serve", "--help"); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(slices.Clone(flags), func(flag string) bool {
		_, err := output(ctx, program, "serve", flag, "--help")
		return err != nil
	}), nil
}

// unobserved are the flags of a server without what has the table of what is observed.
var unobserved = []string{"--no-metrics", "--no-events"}

// serveUnobserved starts a server of a build on a database of its own, which has the build's schema. It
// observes nothing, and gets only flags that the build knows.
func (b *bench) serveUnobserved(ctx context.Context, program, database, scenario string) (*server, error) {
	url, err := b.database(ctx, database)
	if err != nil {
		return nil, err
	}
	flags, err := knownFlags(ctx, program, slices.Concat(noDelays, unobserved))
	if err != nil {
		return nil, err
	}
	return b.serveProgram(ctx, program, url, append(flags, "--scenario", scenario)...)
}

// beforeTable compares attaches on a server without rules with those on a server of an earlier build.
func (b *bench) beforeTable(ctx context.Context) (err error) {
	const clients = 64
	if b.before.program == "" {
		fmt.Println("\nWithout rules, compared with the build before: left out, because " + b.before.missing + ".")
		return nil
	}
	// First start both servers.
	file, err := b.writeFile("before.yaml", loadWorld())
	if err != nil {
		return err
	}
	before, err := b.serveUnobserved(ctx, b.before.program, "before", file)
	if err != nil {
		return fmt.Errorf("%s: %w", b.before.name, err)
	}
	defer func() { err = errors.Join(err, before.stop()) }()
	today, err := b.serveUnobserved(ctx, b.enisim, "after", file)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, today.stop()) }()
	postgres, err := findPostmaster(ctx, today.url)
	if err != nil {
		return err
	}
	// Then measure pairs of runs. Each server is the first of every other pair, so that what changes
	// slowly on the machine favours neither.
	servers := [...]*server{before, today}
	var rates, costs [len(servers)][]float64
	var ratios []float64
	for pair := range 2 * b.sizes.rounds {
		for turn := range servers {
			n := (pair + turn) % len(servers)
			rate, cost, err := b.measureCost(ctx, servers[n], postgres, clients)
			if err != nil {
				return fmt.Errorf("compared with %s: %w", b.before.name, err)
			}
			rates[n], costs[n] = append(rates[n], rate), append(costs[n], cost)
		}
		ratios = append(ratios, rates[1][pair]/rates[0][pair])
	}
	printHeading(fmt.Sprintf("Without rules: attach and detach in turn by %d clients, %d pairs of runs; the median "+
		"of the rates, and of the ratios of the pairs.", clients, len(ratios)),
		"build", "operations a second", "to the one before", "ratios of the pairs",
		"processor time of an operation, µs", "to the one before")
	printRow(b.before.name, formatRate(median(rates[0])), formatRatio(1), "",
		formatRate(median(costs[0])), formatRatio(1))
	printRow("this one", formatRate(median(rates[1])), formatRatio(median(ratios)),
		fmt.Sprintf("%.2f to %.2f", slices.Min(ratios), slices.Max(ratios)),
		formatRate(median(costs[1])), formatRatio(median(costs[1])/median(costs[0])))
	b.recordRatio("disturbed-none", "ops/s", median(rates[1]), median(ratios))
	return nil
}

// measureCost attaches and detaches interfaces on a server. It returns the rate, and the processor time
// of the server and of Postgres for an operation in microseconds, which other programs of the machine
// change less than the rate.
func (b *bench) measureCost(ctx context.Context, s *server, postgres postmaster, clients int) (
	rate, cost float64, err error,
) {
	plan := attachSpread(clients)
	if _, err := b.measureFor(ctx, s, clients, b.warmUp, plan); err != nil {
		return 0, 0, err
	}
	before, err := s.processorTime(postgres)
	if err != nil {
		return 0, 0, err
	}
	m, err := b.measureFor(ctx, s, clients, b.length, plan)
	if err != nil {
		return 0, 0, err
	}
	after, err := s.processorTime(postgres)
	if err != nil {
		return 0, 0, err
	}
	if m.failed > 0 {
		return 0, 0, fmt.Errorf("%d operations failed", m.failed)
	}
	return m.rate, float64((after - before).Microseconds()) / float64(max(m.count, 1)), b.detachAll(ctx, s.url)
}

// processorTime returns the processor time of the server and of Postgres so far.
func (s *server) processorTime(postgres postmaster) (time.Duration, error) {
	own, err := readProcess(fmt.Sprintf("/proc/%d/stat", s.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	all, err := postgres.processorTime()
	return own.own + all, err
}
