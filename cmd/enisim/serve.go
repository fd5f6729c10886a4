package main

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"enisim.alt/httpapi"
	"enisim.alt/service"
	"enisim.alt/service/operator"
	"enisim.alt/service/scenario"
	"enisim.alt/store"
	"enisim.alt/store/world"
	"enisim.alt/testdata/scenarios"
)

// Limits of the HTTP server against slow and disconnected clients. A waiting connection takes
// memory but no database connection, because a request is read to its end before it takes one.
const (
	readHeaderTimeout = 10 * time.Second
	readTimeout       = 30 * time.Second // with the body
	// From the end of the header. It covers the body, the longest time in the database, and the
	// reply.
	writeTimeout   = time.Minute
	idleTimeout    = 2 * time.Minute
	maxHeaderBytes = 64 << 10
)

// softMemoryLimit is the target of the garbage collector in bytes: the maximum that a server holds
// of requests, and some spare room.
const softMemoryLimit = 144 << 20

// minTokenLength is the minimum length of a --control-token, because others may guess as often as
// they like.
const minTokenLength = 16

type serveCommand struct {
	databaseFlags
	logFlags
	tlsFlags
	delayFlags
	eventFlags
	tracesFlags
	Listen        string   `default:"127.0.0.1:8080" help:"Address to serve on."`
	Scenario      string   `help:"Scenario whose accounts are created at start. Accounts that exist stay as they are." placeholder:"FILE"`
	ScenarioReset bool     `help:"Make all accounts of --scenario equal to the file at every start. Changes by clients are lost."`
	Quickstart    bool     `default:"true" negatable:"" help:"Give a database without accounts the quick-start world."`
	Signature     string   `default:"verify" enum:"verify,identify" help:"verify checks signatures; identify takes the id of an access key for proof, for throw-away tests."`
	Repeats       string   `default:"refuse" enum:"accept,refuse" help:"accept makes an attach to the instance that has the interface, and a detach of one that is on none, succeed. Accounts may say otherwise."`
	Lanes         int      `hidden:"" default:"1" min:"-1" max:"64" help:"How many transactions attaches and detaches share at a time; -1: each request has its own. For comparisons."`
	ClosedToRAM   []string `name:"closed-to-ram" help:"Actions that no RAM user may call, such as ecs:AttachNetworkInterface." placeholder:"ACTION"`

	MetricsListen string `help:"Address on which Prometheus may scrape /metrics without a token, such as 127.0.0.1:9090 (default: none; /metrics of --listen answers to callers of the control API)." placeholder:"HOST:PORT"`
	Metrics       bool   `hidden:"" default:"true" negatable:"" help:"Measure. Without it, for comparisons."`

	ControlToken       string `help:"Token that callers of the control API send, as Authorization: Bearer (default: none; then it is open on a loopback address, and off elsewhere)." placeholder:"TOKEN"`
	AllowQuickstartKey bool   `help:"Serve also to other machines while a key of the quick-start world, which everybody knows, is active."`
}

// signatureModes maps the values of --signature.
var signatureModes = map[string]httpapi.SignatureMode{
	"verify":   httpapi.VerifySignature,
	"identify": httpapi.IdentifyOnly,
}

// Help returns the text of --help.
func (*serveCommand) Help() string {
	return `Example:

    enisim serve --listen 127.0.0.1:8080 --data-dir ./state --scenario staging.yaml`
}

// Validate returns an error for options that would otherwise fail later.
func (c *serveCommand) Validate() error {
	if err := cmp.Or(c.databaseFlags.Validate(), c.tlsFlags.Validate()); err != nil {
		return err
	}
	if _, err := c.address(); err != nil {
		return err
	}
	if _, err := c.metricsAddress(); err != nil {
		return err
	}
	if c.ScenarioReset && c.Scenario == "" {
		return errors.New("--scenario-reset needs --scenario FILE, to which the accounts are made equal")
	}
	if c.ControlToken != "" && (len(c.ControlToken) < minTokenLength ||
		strings.ContainsFunc(c.ControlToken, func(r rune) bool { return r <= ' ' || r > '~' })) {
		return fmt.Errorf("--control-token needs at least %d characters, without spaces: openssl rand -hex 16 "+
			"makes one", minTokenLength)
	}
	if _, err := c.refusals(); err != nil {
		return err
	}
	known := httpapi.ActionNames()
	for _, name := range c.ClosedToRAM {
		if !slices.Contains(known, name) {
			return fmt.Errorf("--closed-to-ram %s: there is no such action; the actions are %s", name,
				strings.Join(known, ", "))
		}
	}
	return nil
}

// address returns the address to listen on. A host name is resolved once.
func (c *serveCommand) address() (*net.TCPAddr, error) {
	return resolve("--listen", c.Listen, "127.0.0.1:8080")
}

// metricsAddress returns the address on which metrics are served without a token, or nil.
func (c *serveCommand) metricsAddress() (*net.TCPAddr, error) {
	if c.MetricsListen == "" {
		return nil, nil
	}
	if !c.Metrics {
		return nil, errors.New("--metrics-listen needs the metrics that --no-metrics leaves out")
	}
	return resolve("--metrics-listen", c.MetricsListen, "127.0.0.1:9090")
}

// resolve returns the address of a flag.
func resolve(flag, value, example string) (*net.TCPAddr, error) {
	address, err := net.ResolveTCPAddr("tcp", value)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %s (give it as host:port, such as %s)", flag, value, networkCause(err), example)
	}
	if address.IP == nil {
		address.IP = net.IPv4zero // ":8080" means all addresses of both families
	}
	return address, nil
}

// Run runs the command. It opens the port before the database, so that a port in use does not leave
// a new data folder behind.
func (c *serveCommand) Run(ctx context.Context, s streams) (err error) {
	// First check what needs no database: the address, the scenario and the port.
	log := c.logger(s.Err)
	address, err := c.address()
	if err != nil {
		return usageError{err}
	}
	world, err := c.readScenario()
	if err != nil {
		return usageError{err}
	}
	traced, err := c.startTraces(ctx, s.Out, log)
	if err != nil {
		return usageError{err}
	}
	log = traced.logger(log)
	listener, err := listen(ctx, address)
	if err != nil {
		return err
	}
	serving := false
	defer func() {
		if !serving {
			err = errors.Join(err, listener.Close())
		}
	}()
	measured, err := c.listenForScrapes(ctx)
	if err != nil {
		return err
	}
	defer func() {
		if !serving {
			err = errors.Join(err, measured.close())
		}
	}()
	// Then open the database and create the world.
	db, err := c.openTraced(ctx, log, traced.provider())
	if err != nil {
		return err
	}
	defer db.close(ctx, log)
	if err := warnOfRisks(ctx, db.store, log); err != nil {
		return err
	}
	c.maintainEvents(ctx, db.store, log)
	origin, err := c.prepareWorld(ctx, db, world, address, s.Err)
	if err != nil {
		return err
	}
	secure, err := c.tlsConfig(address.IP, cmp.Or(db.dir, c.DataDir))
	if err != nil {
		return err
	}
	refusals, err := c.refusals()
	if err != nil {
		return usageError{err}
	}
	// Then build the API and print the banner. Only after that requests are answered.
	api := httpapi.New(service.New(db.store, service.Options{
		AttachDelay: c.AttachDelay,
		DetachDelay: c.DetachDelay,
		DeleteDelay: c.DeleteDelay,
		CreateDelay: c.CreateDelay,
		StartDelay:  c.StartDelay,
		StopDelay:   c.StopDelay,
		ClosedToRAM: c.ClosedToRAM,
		Lanes:       c.Lanes,

		AcceptRepeats: c.Repeats == store.RepeatsAccept,
		Observe:       measured.observer(),
		WithoutEvents: !c.Events,
		Refusals:      refusals,
		Traces:        traced.provider(),
	}), httpapi.Options{
		Log:       log,
		Signature: signatureModes[c.Signature],
		Control:   httpapi.Control{Token: c.ControlToken, Open: address.IP.IsLoopback()},
		Metrics:   measured.metrics,
		Traces:    traced.provider(),
	})
	err = c.printBanner(ctx, s.Out, db, origin, listener.Addr().(*net.TCPAddr), secure,
		measured.banner()+traced.banner())
	if err != nil {
		return err
	}
	serving = true
	err = c.serve(ctx, listener, secure, api, measured, db, log)
	traced.stop(ctx, log)
	return err
}

// warnOfRisks logs why an acknowledged write could be lost.
func warnOfRisks(ctx context.Context, st *store.Store, log *slog.Logger) error {
	risks, err := st.DurabilityRisks(ctx)
	if err != nil {
		return fmt.Errorf("ask the database how durable its commits are: %w", err)
	}
	for _, risk := range risks {
		log.WarnContext(ctx, "an acknowledged write could be lost", "risk", risk.Name, "because", risk.Text)
	}
	return nil
}

// readScenario reads the file of --scenario. It returns nil without one.
func (c *serveCommand) readScenario() (*scenario.Scenario, error) {
	if c.Scenario == "" {
		return nil, nil
	}
	text, err := os.ReadFile(c.Scenario)
	if err != nil {
		return nil, fmt.Errorf("--scenario: %w", err)
	}
	return scenario.Parse(c.Scenario, text)
}

// prepareWorld creates the accounts of the scenario, or the quick-start world in an empty database.
// It returns a line about what it did. It returns an error if a published key could be used from
// other machines and that is not allowed.
func (c *serveCommand) prepareWorld(
	ctx context.Context, db *database, sc *scenario.Scenario, address *net.TCPAddr, errOut io.Writer,
) (origin string, err error) {
	exposed := !address.IP.IsLoopback() && !c.AllowQuickstartKey
	now := time.Now()
	accounts, err := db.store.ListAccounts(ctx, now)
	if err != nil {
		return "", err
	}
	// First create the accounts that the flags ask for.
	switch {
	case sc != nil && c.ScenarioReset:
		if _, err = applyParsed(ctx, db.store, sc, errOut); err == nil {
			origin = fmt.Sprintf("reset: %s as %s says", accountList(accountIDs(sc)), c.Scenario)
		}
	case sc != nil:
		origin, err = c.seed(ctx, db.store, sc, errOut)
	case c.Quickstart && len(accounts) == 0 && exposed:
		return "", refuseQuickstart(address)
	case c.Quickstart && len(accounts) == 0:
		if _, err = applyScenario(ctx, db.store, "quickstart.yaml", scenarios.Quickstart, errOut); err == nil {
			origin = "the quick-start world"
		}
	case len(accounts) == 0:
		origin = "empty"
	default:
		origin = "as it was left: " + pluralize(len(accounts), "account")
	}
	switch {
	case err != nil:
		return "", err
	case len(accounts) == 0:
		origin = "new world in " + cmp.Or(db.dir, db.description()) + ": " + origin
	}
	// Then check the published keys, because a scenario may contain them.
	if exposed {
		return origin, refusePublishedKeys(ctx, db.store, address, now)
	}
	return origin, nil
}

// seed creates the missing accounts of a scenario, and returns a line about these and the others.
func (c *serveCommand) seed(
	ctx context.Context, st *store.Store, sc *scenario.Scenario, errOut io.Writer,
) (string, error) {
	shown := newProgress(errOut, "applying "+filepath.Base(c.Scenario))
	defer shown.end()
	seeded, err := scenario.Seed(ctx, st, sc, time.Now(), func(p scenario.Progress) { shown.set(p.Done, p.Total) })
	if err != nil {
		return "", operator.ExplainApply(err)
	}
	var parts []string
	if len(seeded.New) > 0 {
		parts = append(parts, fmt.Sprintf("%s made from %s", accountList(seeded.New), c.Scenario))
	}
	if len(seeded.Kept) > 0 {
		parts = append(parts,
			fmt.Sprintf("%s kept as left (--scenario-reset: as %s says)", accountList(seeded.Kept), c.Scenario))
	}
	return strings.Join(parts, "; "), nil
}

// accountIDs returns the ids of the accounts of a scenario.
func accountIDs(sc *scenario.Scenario) []string {
	var ids []string
	for _, a := range sc.World().Accounts {
		ids = append(ids, a.ID)
	}
	return ids
}

// accountList returns the ids of a few accounts, or the number of many.
func accountList(ids []string) string {
	switch {
	case len(ids) == 1:
		return "account " + ids[0]
	case len(ids) <= 3:
		return "accounts " + strings.Join(ids, ", ")
	}
	return pluralize(len(ids), "account")
}

// pluralize returns a number with a noun in the singular or plural.
func pluralize(n int, thing string) string {
	if n != 1 {
		thing += "s"
	}
	return fmt.Sprintf("%d %s", n, thing)
}

// applyScenario parses a scenario and makes its accounts equal to it. If that takes long, it shows
// the progress on errOut.
func applyScenario(
	ctx context.Context, st *store.Store, name string, text []byte, errOut io.Writer,
) (world.Applied, error) {
	sc, err := scenario.Parse(name, text)
	if err != nil {
		return world.Applied{}, err
	}
	return applyParsed(ctx, st, sc, errOut)
}

// applyParsed makes the accounts of a scenario equal to it.
func applyParsed(ctx context.Context, st *store.Store, sc *scenario.Scenario, errOut io.Writer) (world.Applied, error) {
	shown := newProgress(errOut, "applying "+filepath.Base(sc.Name()))
	defer shown.end()
	applied, err := scenario.ApplyWithProgress(ctx, st, sc, time.Now(),
		func(p scenario.Progress) { shown.set(p.Done, p.Total) })
	return applied, operator.ExplainApply(err)
}

// printBanner prints the addresses, further lines, the database, the world and a key.
func (c *serveCommand) printBanner(
	ctx context.Context, out io.Writer, db *database, origin string, address *net.TCPAddr, secure *tls.Config,
	further string,
) error {
	key, err := bannerKey(ctx, db.store, time.Now())
	if err != nil {
		return err
	}
	scheme, certificate := "http", ""
	if secure != nil {
		scheme = "https"
		certificate = "SHA-256   " + fingerprint(secure.Certificates[0]) + "\n"
		if dir := cmp.Or(db.dir, c.DataDir); c.TLSSelfSigned && dir != "" {
			certificate += "CA        " + caFile(dir) + "\n"
		}
	}
	control, console := "open to programs on this machine", fmt.Sprintf("%s://%s/console", scheme, address)
	switch {
	case c.ControlToken != "":
		control = "with the token of --control-token"
	case !address.IP.IsLoopback():
		control = "off: others can reach this address, so it needs a --control-token"
		console = "off, as the control API"
	}
	if c.Signature == "identify" {
		key += ", and a caller that names it is let in: --signature identify"
	}
	_, err = fmt.Fprintf(out,
		"API       %s://%s/\n%sConsole   %s\nControl   %s\n%sDatabase  %s\nWorld     %s\nKey       %s\n",
		scheme, address, certificate, console, control, further, db.description(), origin, key)
	return err
}

// bannerKey returns the quick-start key if it is active, otherwise the only key if there is one,
// otherwise the number of keys.
func bannerKey(ctx context.Context, st *store.Store, now time.Time) (string, error) {
	published, err := activePublishedKeys(ctx, st, now)
	if err != nil {
		return "", err
	}
	if slices.Contains(published, quickstartKey) {
		return quickstartKey, nil
	}
	first, count, err := st.FirstAccessKey(ctx, now)
	switch {
	case err != nil:
		return "", err
	case count == 0:
		return "none yet: apply a scenario, see enisim scenario --help", nil
	case count > 1:
		return pluralize(count, "key") + ": enisim key list shows them", nil
	}
	return first, nil
}

// listen opens the port of the API.
func listen(ctx context.Context, address *net.TCPAddr) (*drainListener, error) {
	return listenOn(ctx, "--listen", address, maxConnections)
}

// listenOn opens the port of a flag, for a limited number of connections.
func listenOn(ctx context.Context, flag string, address *net.TCPAddr, limit int) (*drainListener, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address.String())
	if err != nil {
		return nil, fmt.Errorf("cannot listen on %s: %s (is another server running there? choose another %s)",
			address, networkCause(err), flag)
	}
	// The type of the listener is always TCPListener for tcp.
	limits := newConnections(limit, maxHeaders)
	return &drainListener{TCPListener: listener.(*net.TCPListener), limits: limits}, nil
}

// threadsPerCore is how many goroutines run at once for each core, unless GOMAXPROCS is set. With
// one, a request waits until those that render large pages are preempted, after up to 10 ms each.
// With several, the kernel shares the cores, and gives a thread that was idle the next turn.
const threadsPerCore = 4

// garbageRatio is GOGC, unless that is set: the heap may grow to three times what is in use before
// garbage is collected. The server needs a quarter less processor time than with the default of 100,
// and hardly more than with 400. Near the soft memory limit, garbage is collected anyway.
const garbageRatio = 200

// serve answers requests until ctx ends, and then answers all requests that it has accepted.
func (c *serveCommand) serve(
	ctx context.Context, listener *drainListener, secure *tls.Config, api *httpapi.API, measured *measurements,
	db *database, log *slog.Logger,
) error {
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(softMemoryLimit)
	}
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(garbageRatio)
	}
	if os.Getenv("GOMAXPROCS") == "" {
		runtime.GOMAXPROCS(threadsPerCore * runtime.GOMAXPROCS(0))
	}
	// First configure the server.
	server := newServer(listener, api, log)
	server.TLSConfig = secure
	// Then run the tasks: the server; the drain, which starts when ctx ends or the server fails; the
	// answers to scrapes on an address of their own; the partitions of events; the search for a new primary
	// among several hosts; and the supervision of a private Postgres, which restarts it after a crash.
	tasks, ctx := errgroup.WithContext(ctx)
	tasks.Go(func() error {
		answer := server.Serve
		if secure != nil {
			answer = func(l net.Listener) error { return server.ServeTLS(l, "", "") } // the certificate is in TLSConfig
		}
		if err := answer(listener); !errors.Is(err, http.ErrServerClosed) && !errors.Is(err, net.ErrClosed) {
			return err
		}
		return nil
	})
	tasks.Go(func() error {
		<-ctx.Done()
		api.Drain()
		return listener.drain(ctx, server)
	})
	measured.serve(ctx, tasks, log)
	tasks.Go(func() error {
		c.maintainEventsUntil(ctx, db.store, log)
		return nil
	})
	tasks.Go(func() error {
		db.store.FollowPrimary(ctx)
		return nil
	})
	if db.local != nil {
		tasks.Go(func() error {
			db.local.Supervise(ctx)
			return nil
		})
	}
	return tasks.Wait()
}

// newServer returns the server of a listener. Its error log is about connections that clients broke.
func newServer(listener *drainListener, handler http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           listener.limits.handler(handler),
		ConnState:         listener.trackState,
		ConnContext:       listener.limits.connContext,
		ReadHeaderTimeout: readHeaderTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
}
