package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"time"

	"enisim.alt/cmd/enisim/history"
	"enisim.alt/cmd/enisim/load"
)

type loadCommand struct {
	Endpoint        []string      `default:"http://127.0.0.1:8080" help:"Where the API is served; several, if they are servers on one database, share the clients."`
	AccessKeyID     string        `default:"LTAIquickstart000001" help:"Access key to sign with (default: the quick-start world's)."`
	AccessKeySecret string        `default:"quickstart-secret" help:"Its secret."`
	SecurityToken   string        `help:"The token of a temporary key." placeholder:"TOKEN"`
	Signature       string        `env:"ENISIM_LOAD_SIGNATURE" default:"v1" enum:"v1,v3" help:"How to sign: v1 or v3."`
	Region          string        `default:"cn-hangzhou" help:"Region of the world."`
	Insecure        bool          `help:"Accept any certificate, such as that of serve --tls-self-signed."`
	Timeout         time.Duration `default:"10s" help:"How long to wait for an answer; then the outcome is unknown."`

	Clients  int           `default:"64" help:"How many requests may be under way at a time."`
	Rate     float64       `help:"Open load: total requests due a second, however fast the server answers (default: closed load; each client sends when it has its answer)." placeholder:"R"`
	Duration time.Duration `help:"End after this time (default: 30s, if there is no --requests)."`
	Requests int64         `help:"End after so many requests." placeholder:"N"`

	Scenario     string   `env:"ENISIM_LOAD_SCENARIO" help:"Scenario of one account: the control API makes an account with its content for this run and deletes it afterwards (default: the world of the access key)." placeholder:"FILE"`
	ControlToken string   `help:"The --control-token of the server, for --scenario." placeholder:"TOKEN"`
	Mix          load.Mix `default:"attach=45,detach=45,describe=10" help:"Shares of the actions: attach, detach, describe, create, delete, assign, unassign."`
	Zipf         float64  `default:"0" help:"Skew: the k-th interface, and the k-th instance of a cell, are asked for in proportion to 1/k^S; 0 asks for all alike." placeholder:"S"`
	Cell         int      `default:"4" help:"Size of a cell: interfaces move among so many instances only; 0: among all of a VPC and zone."`
	Seed         uint64   `help:"The same seed on the same world repeats the operations of each client (default: random, and printed)."`

	Report       string `env:"ENISIM_LOAD_REPORT" help:"Write charts of the run, as one HTML file." type:"path" placeholder:"FILE"`
	History      string `env:"ENISIM_LOAD_HISTORY" help:"Write each request and its answer, as JSON lines for enisim check." type:"path" placeholder:"FILE"`
	AllowUnknown bool   `help:"Let calls of unknown outcome (a 5xx, or no answer) pass; without it one is enough for exit code 1, unless a --fail-if says how many may be."`

	FailIf []load.Threshold `env:"ENISIM_LOAD_FAIL_IF" sep:"none" help:"End with exit code 1 if this is so, such as p99>50ms, attach.p99>20ms, rate<1000/s, errors>1% (may be repeated)." placeholder:"CONDITION"`

	world string // description of the world
}

// Help returns the text of --help.
func (*loadCommand) Help() string {
	return `Attaches, detaches and describes what is there, from many clients at a time, and prints counts, rates,
latencies and codes. Start the server with --attach-delay 0 --detach-delay 0, or most requests find their interface on
its way. With create, delete, assign and unassign in the --mix, it also creates interfaces of its own, deletes them,
and assigns and releases their addresses; start the server with --delete-delay 0 too if the history is to be checked.

` + load.Grammar + `

Exit codes: 0 it ran and passed; 1 a threshold was broken, an outcome is unknown, or there was no run; 2 an
option is wrong; 130 it was interrupted.

Examples:

    enisim load --clients 64 --duration 30s --report report.html
    enisim load --rate 2000 --scenario testdata/scenarios/cluster.yaml --zipf 1 --history history.jsonl` +
		" --fail-if 'p99>50ms' --fail-if 'unknown>0'"
}

// Validate returns an error for options that would otherwise fail later.
func (c *loadCommand) Validate() error {
	switch {
	case c.Clients < 1 || c.Clients > 10000:
		return errors.New("--clients is from 1 to 10000")
	case c.Rate < 0 || c.Rate > 1e6:
		return errors.New("--rate is in requests a second, up to 1000000")
	case c.Duration < 0 || c.Timeout <= 0:
		return errors.New("--duration and --timeout are durations such as 30s or 5m")
	case c.Requests < 0:
		return errors.New("--requests is a number of requests")
	case c.Zipf < 0 || c.Zipf > 10:
		return errors.New("--zipf is from 0 to 10; 1 is a strong skew")
	case c.Cell < 0:
		return errors.New("--cell is a number of instances, or 0")
	}
	if c.Report != "" && c.Report == c.History {
		return errors.New("--report and --history are two files")
	}
	for _, t := range c.FailIf {
		if t.Action() != "" && !c.Mix.Has(t.Action()) {
			return fmt.Errorf("--fail-if '%s': the mix %s has no such action", t, c.Mix)
		}
	}
	return nil
}

// Run runs the command.
func (c *loadCommand) Run(ctx context.Context, s streams) error {
	// First complete the options, and check what would otherwise fail at the end of the run.
	if c.Duration == 0 && c.Requests == 0 {
		c.Duration = 30 * time.Second
	}
	if c.Seed == 0 {
		c.Seed = rand.Uint64N(1e9) + 1
	}
	if err := errors.Join(checkWritable("--report", c.Report), checkWritable("--history", c.History)); err != nil {
		return usageError{err}
	}
	// Then run the load. An interrupted run may have a summary.
	summary, err := c.load(ctx, s)
	if summary == nil {
		if ctx.Err() != nil {
			return fmt.Errorf("%w before the first request", errInterrupted)
		}
		return err
	}
	// Then print the results, write the report and judge the thresholds.
	if err := errors.Join(err, summary.Print(s.Out)); err != nil {
		return err
	}
	verdicts := c.verdicts(summary)
	if c.Report != "" {
		if err := c.writeReport(summary, verdicts); err != nil {
			return err
		}
	}
	failed := reportFailures(s.Err, verdicts)
	if summary.Interrupted {
		return fmt.Errorf("%w after %v; the figures are of that time", errInterrupted,
			summary.Elapsed.Round(time.Millisecond))
	}
	return failed
}

// checkWritable returns an error if a file cannot be written, so that a run does not fail at its
// end. It does not change an existing file and leaves no new one.
func checkWritable(flag, path string) error {
	if path == "" {
		return nil
	}
	_, err := os.Stat(path)
	isNew := errors.Is(err, fs.ErrNotExist)
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE, 0o644)
	if err != nil {
		return fmt.Errorf("%s %s cannot be written: %w; name a file in a folder that exists and is yours", flag, path,
			errors.Unwrap(err))
	}
	err = file.Close()
	if isNew {
		err = errors.Join(err, os.Remove(path))
	}
	return err
}

// load creates the world, runs the load and deletes the world. It may return both a summary and an
// error.
func (c *loadCommand) load(ctx context.Context, s streams) (summary *load.Summary, err error) {
	target := load.Target{
		Endpoint: load.Endpoint(c.Endpoint[0]), Region: c.Region,
		AccessKeyID: c.AccessKeyID, AccessKeySecret: c.AccessKeySecret, SecurityToken: c.SecurityToken,
		SignatureV3: c.Signature == "v3", Insecure: c.Insecure, Timeout: c.Timeout,
	}
	// First create an account for the run, if there is a scenario. It is deleted even if the run is
	// interrupted.
	if c.Scenario != "" {
		tenant, problem := c.newTenant(ctx, target)
		if problem != nil {
			return nil, problem
		}
		defer func() { err = errors.Join(err, tenant.Delete(context.WithoutCancel(ctx))) }()
		target = tenant.Target()
	}
	// Then list the world and make the plan.
	world, err := load.Discover(ctx, target)
	if err != nil {
		return nil, err
	}
	if c.Mix.Changes() {
		if world.VSwitches, err = load.DiscoverVSwitches(ctx, target); err != nil {
			return nil, err
		}
	}
	c.world = fmt.Sprintf("%d instances, %d interfaces", len(world.Instances), len(world.Interfaces))
	plan, err := load.NewPlan(world,
		load.PlanOptions{Clients: c.Clients, Mix: c.Mix, Zipf: c.Zipf, Cell: c.Cell, Seed: c.Seed})
	if err != nil {
		return nil, fmt.Errorf("%w: give --scenario FILE, or the key of an account that has more", err)
	}
	fmt.Fprintf(s.Err, "%s; %s, zipf %g, --seed %d\n", c.world, c.Mix, c.Zipf, c.Seed)

	// Then run the plan, with a history if one is wanted.
	run := load.Run{Targets: c.targets(target), Clients: c.Clients, Rate: c.Rate, Duration: c.Duration,
		Requests: c.Requests, Plan: plan}
	if c.History != "" {
		file, problem := os.Create(c.History)
		if problem != nil {
			return nil, problem
		}
		run.History = history.NewWriter(file, history.Header{Note: "enisim load", Seed: c.Seed})
		defer func() { err = errors.Join(err, run.History.Close(), file.Close()) }()
		world.Tell(run.History)
	}
	progress := load.NewProgress(s.Err, c.Duration, c.Requests)
	defer progress.End()
	run.Progress = progress.Show
	if summary, err = run.Do(ctx); err != nil || c.History == "" || len(world.VSwitches) == 0 {
		return summary, err
	}
	// Last, list what the load has created, so that a check of the history finds what was lost.
	_, err = load.Run{Targets: run.Targets[:1], Clients: 1, Plan: load.ListPlan(world.VSwitches),
		History: run.History}.Do(context.WithoutCancel(ctx))
	return summary, err
}

// targets returns a target for each endpoint.
func (c *loadCommand) targets(target load.Target) []load.Target {
	targets := make([]load.Target, len(c.Endpoint))
	for n, endpoint := range c.Endpoint {
		targets[n] = target
		targets[n].Endpoint = load.Endpoint(endpoint)
	}
	return targets
}

// expiryMargin is how long the account of a run lives beyond the duration of the run, if it is not
// deleted.
const expiryMargin = time.Hour

// newTenant creates an account for the run.
func (c *loadCommand) newTenant(ctx context.Context, target load.Target) (*load.Tenant, error) {
	text, err := os.ReadFile(c.Scenario)
	if err != nil {
		return nil, err
	}
	expiresIn := c.Duration + expiryMargin
	if c.Duration == 0 {
		expiresIn = 24 * time.Hour
	}
	return load.NewTenant(ctx, target, c.ControlToken, text, expiresIn)
}

// verdicts returns the verdicts of the thresholds. Unknown outcomes are not allowed, unless a flag
// or a threshold is about them.
func (c *loadCommand) verdicts(summary *load.Summary) []load.Verdict {
	thresholds := slices.Clone(c.FailIf)
	if !c.AllowUnknown && !slices.ContainsFunc(thresholds, load.Threshold.LimitsUnknown) {
		thresholds = append(thresholds, load.NoUnknown)
	}
	verdicts := make([]load.Verdict, len(thresholds))
	for n, t := range thresholds {
		verdicts[n] = t.Judge(summary)
	}
	return verdicts
}

// reportFailures prints the thresholds that the run failed, and returns errQuiet if there are any.
func reportFailures(out io.Writer, verdicts []load.Verdict) error {
	var failed error
	for _, v := range verdicts {
		if !v.Broken {
			continue
		}
		fmt.Fprintf(out, "enisim: failed: %s: %s\n", v.Threshold, v.Was)
		if v.Threshold == load.NoUnknown {
			fmt.Fprintln(out, "enisim: unknown is a 5xx or no answer; --allow-unknown takes it for no failure")
		}
		failed = errQuiet
	}
	return failed
}

// writeReport writes the report with the options of the run.
func (c *loadCommand) writeReport(summary *load.Summary, verdicts []load.Verdict) error {
	file, err := os.Create(c.Report)
	if err != nil {
		return err
	}
	about := load.About{Title: strings.Join(c.Endpoint, ", "), Verdicts: verdicts}
	add := func(name, format string, values ...any) {
		about.Facts = append(about.Facts, [2]string{name, fmt.Sprintf(format, values...)})
	}
	if c.Scenario != "" {
		add("scenario", "%s", c.Scenario)
	} else {
		add("world", "that of the access key %s", c.AccessKeyID)
	}
	add("region", "%s: %s", c.Region, c.world)
	add("clients", "%d", c.Clients)
	if c.Rate > 0 {
		add("open load", "%g requests a second are due", c.Rate)
	} else {
		add("closed load", "a client sends when it has its answer")
	}
	if c.Requests > 0 {
		add("requests", "%d", c.Requests)
	}
	if c.Duration > 0 {
		add("duration", "%v", c.Duration)
	}
	add("mix", "%s", c.Mix)
	add("zipf", "%g", c.Zipf)
	add("cell", "%d", c.Cell)
	add("seed", "%d", c.Seed)
	return errors.Join(load.Report(file, about, summary), file.Close())
}
