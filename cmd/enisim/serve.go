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
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"enisim/httpapi"
	"enisim/service"
	"enisim/service/scenario"
	"enisim/store"
	"enisim/testdata/scenarios"
)

// Limits of the HTTP server, against clients that are slow or gone. A connection that waits costs memory, but none of the database's connections:
// a request is read to its end before it takes one.
const (
	readHeaderTimeout = 10 * time.Second
	readTimeout       = 30 * time.Second // with the body
	writeTimeout      = time.Minute      // from the end of the header, so it covers the body, the database's longest and the reply
	idleTimeout       = 2 * time.Minute
	maxHeaderBytes    = 64 << 10
)

// softMemoryLimit is up to where a server lets garbage lie, in bytes: what it holds of requests at most, and some room.
const softMemoryLimit = 160 << 20

// shortestToken is the least that a --control-token has, as others may guess as often as they like.
const shortestToken = 16

type serveCommand struct {
	databaseFlags
	logFlags
	tlsFlags
	delayFlags
	Listen        string   `default:"127.0.0.1:8080" help:"Address to serve on."`
	Scenario      string   `help:"Scenario whose accounts are created at start. Accounts that exist stay as they are." placeholder:"FILE"`
	ScenarioReset bool     `help:"Make all accounts of --scenario equal to the file at every start. Changes by clients are lost."`
	Quickstart    bool     `default:"true" negatable:"" help:"Give a database without accounts the quick-start world."`
	Signature     string   `default:"verify" enum:"verify,identify" help:"verify checks signatures; identify takes the id of an access key for proof, for throw-away tests."`
	Repeats       string   `default:"refuse" enum:"accept,refuse" help:"accept makes an attach to the instance that has the interface, and a detach of one that is on none, succeed. Accounts may say otherwise."`
	Lanes         int      `hidden:"" default:"1" min:"-1" max:"64" help:"How many transactions attaches and detaches share at a time; -1: each request has its own. For comparisons."`
	ClosedToRAM   []string `name:"closed-to-ram" help:"Actions that no RAM user may call, such as ecs:AttachNetworkInterface." placeholder:"ACTION"`

	ControlToken       string `help:"Token that callers of the control API send, as Authorization: Bearer (default: none; then it is open on a loopback address, and off elsewhere)." placeholder:"TOKEN"`
	AllowQuickstartKey bool   `help:"Serve also to other machines while a key of the quick-start world, which everybody knows, is active."`
}

// signatureModes are the values of --signature.
var signatureModes = map[string]httpapi.SignatureMode{"verify": httpapi.VerifySignature, "identify": httpapi.IdentifyOnly}

// Help is shown by --help.
func (serveCommand) Help() string {
	return `Example:

    enisim serve --listen 127.0.0.1:8080 --data-dir ./state --scenario staging.yaml`
}

// Validate refuses options that could only fail later.
func (c *serveCommand) Validate() error {
	if err := cmp.Or(c.databaseFlags.Validate(), c.tlsFlags.Validate()); err != nil {
		return err
	}
	if _, err := c.address(); err != nil {
		return err
	}
	if c.ScenarioReset && c.Scenario == "" {
		return errors.New("--scenario-reset needs --scenario FILE, to which the accounts are made equal")
	}
	if c.ControlToken != "" && (len(c.ControlToken) < shortestToken || strings.ContainsFunc(c.ControlToken, func(r rune) bool { return r <= ' ' || r > '~' })) {
		return fmt.Errorf("--control-token needs at least %d characters, without spaces: openssl rand -hex 16 makes one", shortestToken)
	}
	known := httpapi.ActionNames()
	for _, name := range c.ClosedToRAM {
		if !slices.Contains(known, name) {
			return fmt.Errorf("--closed-to-ram %s: there is no such action; the actions are %s", name, strings.Join(known, ", "))
		}
	}
	return nil
}

// address is where the server will listen. A host name becomes the address that it has now.
func (c *serveCommand) address() (*net.TCPAddr, error) {
	address, err := net.ResolveTCPAddr("tcp", c.Listen)
	if err != nil {
		return nil, fmt.Errorf("--listen %s: %s (give it as host:port, such as 127.0.0.1:8080)", c.Listen, networkCause(err))
	}
	if address.IP == nil {
		address.IP = net.IPv4zero // ":8080" is every address, of both families
	}
	return address, nil
}

// Run is the command. It takes the port before it makes a database: a port that is taken must not leave a new data folder behind.
func (c *serveCommand) Run(ctx context.Context, s streams) (err error) {
	log := c.logger(s.Err)
	address, err := c.address()
	if err != nil {
		return usageError{err}
	}
	world, err := c.readScenario()
	if err != nil {
		return usageError{err}
	}
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
	db, err := c.open(ctx, log)
	if err != nil {
		return err
	}
	defer db.close(ctx, log)
	origin, err := c.prepareWorld(ctx, db, world, address, s.Err)
	if err != nil {
		return err
	}
	secure, err := c.secure(address.IP, cmp.Or(db.dir, c.DataDir))
	if err != nil {
		return err
	}
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
	}), httpapi.Options{
		Log:       log,
		Signature: signatureModes[c.Signature],
		Control:   httpapi.Control{Token: c.ControlToken, Open: address.IP.IsLoopback()},
	})
	if err := c.greet(ctx, s.Out, db, origin, listener.Addr().(*net.TCPAddr), secure); err != nil {
		return err
	}
	serving = true
	return serve(ctx, listener, secure, api, db, log)
}

// readScenario reads the file of --scenario, or nothing.
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

// prepareWorld seeds the database from the scenario, or an empty one from the quick-start world, and returns a line on what it did. It makes sure
// that published keys let nobody in from elsewhere unless that is allowed.
func (c *serveCommand) prepareWorld(ctx context.Context, db *database, sc *scenario.Scenario, address *net.TCPAddr, errOut io.Writer) (origin string, err error) {
	exposed := !address.IP.IsLoopback() && !c.AllowQuickstartKey
	now := time.Now()
	accounts, err := db.store.ListAccounts(ctx, now)
	if err != nil {
		return "", err
	}
	switch {
	case sc != nil && c.ScenarioReset:
		if _, err = applyParsed(ctx, db.store, sc, errOut); err == nil {
			origin = fmt.Sprintf("reset: %s as %s says", accountList(idsOf(sc)), c.Scenario)
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
		origin = "as it was left: " + counted(len(accounts), "account")
	}
	switch {
	case err != nil:
		return "", err
	case len(accounts) == 0:
		origin = "new world in " + cmp.Or(db.dir, db.where()) + ": " + origin
	}
	if exposed {
		return origin, refusePublishedKeys(ctx, db.store, address, now)
	}
	return origin, nil
}

// seed makes the accounts of a scenario that are missing, and returns a line on those and on the others.
func (c *serveCommand) seed(ctx context.Context, st *store.Store, sc *scenario.Scenario, errOut io.Writer) (string, error) {
	shown := newProgress(errOut, "applying "+filepath.Base(c.Scenario))
	defer shown.end()
	seeded, err := scenario.Seed(ctx, st, sc, time.Now(), func(p scenario.Progress) { shown.set(p.Done, p.Total) })
	if err != nil {
		return "", service.ExplainApply(err)
	}
	var parts []string
	if len(seeded.New) > 0 {
		parts = append(parts, fmt.Sprintf("%s made from %s", accountList(seeded.New), c.Scenario))
	}
	if len(seeded.Kept) > 0 {
		parts = append(parts, fmt.Sprintf("%s kept as left (--scenario-reset: as %s says)", accountList(seeded.Kept), c.Scenario))
	}
	return strings.Join(parts, "; "), nil
}

// idsOf returns the ids of the accounts of a scenario.
func idsOf(sc *scenario.Scenario) []string {
	var ids []string
	for _, a := range sc.World().Accounts {
		ids = append(ids, a.ID)
	}
	return ids
}

// accountList names a few accounts, and counts many.
func accountList(ids []string) string {
	switch {
	case len(ids) == 1:
		return "account " + ids[0]
	case len(ids) <= 3:
		return "accounts " + strings.Join(ids, ", ")
	}
	return counted(len(ids), "account")
}

// counted is a number of things with their name, which takes an s in the plural.
func counted(n int, thing string) string {
	if n != 1 {
		thing += "s"
	}
	return fmt.Sprintf("%d %s", n, thing)
}

// applyScenario reads a scenario and makes its accounts equal to it. How far it is shows on errOut, if it takes longer than a moment.
func applyScenario(ctx context.Context, st *store.Store, name string, text []byte, errOut io.Writer) (store.Applied, error) {
	sc, err := scenario.Parse(name, text)
	if err != nil {
		return store.Applied{}, err
	}
	return applyParsed(ctx, st, sc, errOut)
}

// applyParsed makes the accounts of a scenario equal to it.
func applyParsed(ctx context.Context, st *store.Store, sc *scenario.Scenario, errOut io.Writer) (store.Applied, error) {
	shown := newProgress(errOut, "applying "+filepath.Base(sc.Name()))
	defer shown.end()
	applied, err := scenario.ApplyTelling(ctx, st, sc, time.Now(), func(p scenario.Progress) { shown.set(p.Done, p.Total) })
	return applied, service.ExplainApply(err)
}

// greet tells a person where everything is.
func (c *serveCommand) greet(ctx context.Context, out io.Writer, db *database, origin string, address *net.TCPAddr, secure *tls.Config) error {
	key, err := keyToShow(ctx, db.store, time.Now())
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
	control := "open to programs on this machine"
	switch {
	case c.ControlToken != "":
		control = "with the token of --control-token"
	case !address.IP.IsLoopback():
		control = "off: others can reach this address, so it needs a --control-token"
	}
	if c.Signature == "identify" {
		key += ", and whoever names it is let in: --signature identify"
	}
	_, err = fmt.Fprintf(out, "API       %s://%s/\n%sControl   %s\nDatabase  %s\nWorld     %s\nKey       %s\n",
		scheme, address, certificate, control, db.where(), origin, key)
	return err
}

// keyToShow returns the quick-start key where it is good, else the one key that there is, else the number of keys.
func keyToShow(ctx context.Context, st *store.Store, now time.Time) (string, error) {
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
		return counted(count, "key") + ": enisim key list shows them", nil
	}
	return first, nil
}

func listen(ctx context.Context, address *net.TCPAddr) (*drainable, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address.String())
	if err != nil {
		return nil, fmt.Errorf("cannot listen on %s: %s (is another server running there? choose another --listen)", address, networkCause(err))
	}
	return &drainable{TCPListener: listener.(*net.TCPListener), limits: newConnections(maxConnections, maxHeaders)}, nil // that is what listening on tcp gives
}

// serve answers requests until ctx ends, and then answers all that it has taken in.
func serve(ctx context.Context, listener *drainable, secure *tls.Config, api *httpapi.API, db *database, log *slog.Logger) error {
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(softMemoryLimit)
	}
	server := &http.Server{
		Handler:           listener.limits.handler(api),
		TLSConfig:         secure,
		ConnState:         listener.count,
		ConnContext:       listener.limits.remember,
		ReadHeaderTimeout: readHeaderTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug), // connections that clients broke
	}
	tasks, ctx := errgroup.WithContext(ctx)
	tasks.Go(func() error {
		answer := server.Serve
		if secure != nil {
			answer = func(l net.Listener) error { return server.ServeTLS(l, "", "") } // the certificate is in its TLSConfig
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
	if db.local != nil {
		tasks.Go(func() error {
			db.local.Supervise(ctx)
			return nil
		})
	}
	return tasks.Wait()
}
