package store

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// The versions of Postgres that enisim supports. An older one is refused. A newer one is accepted,
// but nothing is known of it.
const (
	MinPostgres = 15
	MaxPostgres = 18
)

const (
	// hostTimeout limits an attempt to connect to one of several hosts, unless the URL does
	// (connect_timeout). A host that is gone must not keep a request from the next one.
	hostTimeout = 2 * time.Second
	// primaryInterval is the time between two looks at each of several hosts.
	primaryInterval = 500 * time.Millisecond
)

// errOldPrimary is returned for a connection to a primary that has been replaced. It may not know
// that yet, and would answer with old rows.
var errOldPrimary = errors.New("this primary has been replaced")

// errPooler is returned for a connection to a pooler, such as PgBouncer. Prepared statements, the settings
// of the session and advisory locks belong to a connection to Postgres, which a pooler changes at will.
var errPooler = errors.New("it is a connection pooler such as PgBouncer, not Postgres itself")

// errPostgresVersion is returned for a connection to a Postgres older than MinPostgres.
var errPostgresVersion = errors.New("too old")

// checkPostgresVersion returns an error for a Postgres older than MinPostgres. version is the parameter
// server_version, such as "15.18 (Debian 15.18-0+deb12u1)". Versions of other forms, which services
// made from Postgres may have, are accepted.
func checkPostgresVersion(version string) error {
	end := strings.IndexFunc(version, func(r rune) bool { return r < '0' || r > '9' })
	if end < 0 {
		end = len(version)
	}
	if major, err := strconv.Atoi(version[:end]); err == nil && major < MinPostgres {
		return fmt.Errorf("PostgreSQL %s is %w", version, errPostgresVersion)
	}
	return nil
}

// timeline is the timeline of a primary. Each promotion of a standby begins a new timeline, with a
// larger number. 0 is an unknown timeline, of a service that does not show it.
type timeline uint32

// timelineKey is the key of a connection's custom data with its timeline.
const timelineKey = "enisim: timeline"

// validatePrimary returns an error for a connection to a server that does not accept writes, such as
// a standby, or that is too old. pgx then tries the next host. It costs each new connection two round
// trips.
func validatePrimary(ctx context.Context, conn *pgconn.PgConn) error {
	if err := checkPostgresVersion(conn.ParameterStatus("server_version")); err != nil {
		return err
	}
	found, err := readTimeline(ctx, conn)
	if err != nil {
		return err
	}
	conn.CustomData()[timelineKey] = found
	return nil
}

// readTimeline returns the timeline of the primary to which a connection leads. The text of the
// error is for operators.
func readTimeline(ctx context.Context, conn *pgconn.PgConn) (timeline, error) {
	answer, err := readRow(ctx, conn, `
		SELECT pg_is_in_recovery() OR current_setting('transaction_read_only')::boolean, pg_backend_pid()`)
	switch {
	case err != nil:
		return 0, err
	case string(answer[1]) != strconv.FormatUint(uint64(conn.PID()), 10):
		return 0, errPooler // it gives each client a process id of its own
	case string(answer[0]) != "f":
		return 0, errors.New("it is a standby, or read-only")
	}
	// The name of a file of the write-ahead log begins with the timeline, in hexadecimal digits.
	name, err := readRow(ctx, conn, `SELECT left(pg_walfile_name(pg_current_wal_lsn()), 8)`)
	if _, refused := errors.AsType[*pgconn.PgError](err); refused {
		return 0, nil // some services do not have these functions
	}
	if err != nil {
		return 0, err
	}
	number, err := strconv.ParseUint(string(name[0]), 16, 32)
	return timeline(number), err
}

// readRow returns the only row of a query.
func readRow(ctx context.Context, conn *pgconn.PgConn, sql string) ([][]byte, error) {
	results, err := conn.Exec(ctx, sql).ReadAll()
	if err != nil {
		return nil, err
	}
	return results[0].Rows[0], nil
}

// host is an address of the database, as pgx tries it.
type host struct {
	name string
	port uint16
	tls  *tls.Config
}

// address returns the address for people.
func (h host) address() string { return net.JoinHostPort(h.name, strconv.Itoa(int(h.port))) }

// hostsOf returns the addresses of a configuration in their order. With sslmode=prefer, a host has two
// entries: with TLS and without.
func hostsOf(config *pgconn.Config) []host {
	hosts := []host{{config.Host, config.Port, config.TLSConfig}}
	for _, f := range config.Fallbacks {
		hosts = append(hosts, host{f.Host, f.Port, f.TLSConfig})
	}
	return hosts
}

// setHosts makes a configuration try these addresses.
func setHosts(config *pgconn.Config, hosts []host) {
	config.Host, config.Port, config.TLSConfig = hosts[0].name, hosts[0].port, hosts[0].tls
	config.Fallbacks = nil
	for _, h := range hosts[1:] {
		config.Fallbacks = append(config.Fallbacks,
			&pgconn.FallbackConfig{Host: h.name, Port: h.port, TLSConfig: h.tls})
	}
}

// hasSeveralHosts reports whether a configuration names more than one server.
func hasSeveralHosts(config *pgconn.Config) bool {
	for _, h := range hostsOf(config) {
		if h.name != config.Host || h.port != config.Port {
			return true
		}
	}
	return false
}

// primary follows the primary of the database across failovers. It remembers the highest timeline
// that a connection has shown, and accepts no connection of a lower one: an old primary may still
// run, for example because its agent was killed, and answer with rows that are no longer true.
//
// With several hosts it also looks at each of them regularly, because an old primary that accepts
// connections would otherwise hide the new one.
type primary struct {
	log     *slog.Logger
	config  *pgx.ConnConfig // what the pool connects with; not changed
	several bool            // whether the URL names several servers

	mu       sync.Mutex
	timeline timeline                    // the highest one that was seen
	at       host                        // where; only with several hosts
	conns    map[*pgconn.PgConn]net.Conn // those of the pool
	pool     *pgxpool.Pool               // nil until it exists
}

// followPrimary adds a primary to the configuration of a pool.
func followPrimary(config *pgxpool.Config, log *slog.Logger) *primary {
	p := &primary{log: log, config: config.ConnConfig.Copy(), several: hasSeveralHosts(&config.ConnConfig.Config),
		conns: map[*pgconn.PgConn]net.Conn{}}
	config.ConnConfig.ValidateConnect = p.validate
	if p.several {
		config.BeforeConnect = p.order
	}
	before, after := config.BeforeClose, config.AfterConnect
	config.AfterConnect = func(ctx context.Context, conn *pgx.Conn) error {
		if after != nil {
			if err := after(ctx, conn); err != nil {
				return err
			}
		}
		return p.add(conn.PgConn())
	}
	config.BeforeClose = func(conn *pgx.Conn) {
		p.remove(conn.PgConn())
		if before != nil {
			before(conn)
		}
	}
	return p
}

// attach gives the pool to its primary.
func (p *primary) attach(pool *pgxpool.Pool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.pool = pool
}

// validate is validatePrimary, and also refuses a primary that has been replaced.
func (p *primary) validate(ctx context.Context, conn *pgconn.PgConn) error {
	if err := validatePrimary(ctx, conn); err != nil {
		return err
	}
	found := conn.CustomData()[timelineKey].(timeline)
	p.advance(found, host{})
	p.mu.Lock()
	defer p.mu.Unlock()
	if found != 0 && found < p.timeline {
		return fmt.Errorf("%w: it is on timeline %d, and the cluster on %d (if it was restored from a backup on "+
			"purpose, restart enisim)", errOldPrimary, found, p.timeline)
	}
	return nil
}

// order makes a connection of the pool try the known primary first.
func (p *primary) order(_ context.Context, config *pgx.ConnConfig) error {
	p.mu.Lock()
	at := p.at
	p.mu.Unlock()
	if at.name == "" {
		return nil
	}
	hosts := hostsOf(&config.Config)
	first := make([]host, 0, len(hosts))
	var rest []host
	for _, h := range hosts {
		if h.name == at.name && h.port == at.port {
			first = append(first, h)
		} else {
			rest = append(rest, h)
		}
	}
	setHosts(&config.Config, append(first, rest...))
	return nil
}

// add registers a connection of the pool. It returns an error if its primary was replaced meanwhile.
func (p *primary) add(conn *pgconn.PgConn) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if found := conn.CustomData()[timelineKey].(timeline); found != 0 && found < p.timeline {
		return errOldPrimary
	}
	wire := conn.Conn()
	if encrypted, ok := wire.(*tls.Conn); ok {
		wire = encrypted.NetConn() // closed without an alert, for which it might wait
	}
	p.conns[conn] = wire
	return nil
}

// remove forgets a connection that will be closed.
func (p *primary) remove(conn *pgconn.PgConn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.conns, conn)
}

// advance takes note of a primary's timeline. If it is higher than the one before, the connections of
// the pool are closed at once: they lead to the old primary. Statements in progress fail, and a commit in
// progress has an unknown outcome, as with any lost connection.
func (p *primary) advance(found timeline, at host) {
	p.mu.Lock()
	if at.name != "" && found >= p.timeline {
		p.at = at
	}
	if found <= p.timeline {
		p.mu.Unlock()
		return
	}
	before := p.timeline
	p.timeline = found
	old := p.conns
	p.conns = map[*pgconn.PgConn]net.Conn{}
	pool := p.pool
	p.mu.Unlock()
	for _, conn := range old {
		_ = conn.Close() // it is of no use any more
	}
	if pool != nil {
		pool.Reset()
	}
	if before != 0 {
		p.log.Warn("the database has a new primary; connections to the old one are closed", "timeline", found,
			"timeline_before", before, "connections", len(old))
	}
}

// follow looks at each of several hosts until ctx ends. With a single host it returns at once.
func (p *primary) follow(ctx context.Context) {
	p.watchEach(func(w *watch) {
		for ctx.Err() == nil {
			w.look(ctx)
			select {
			case <-ctx.Done():
			case <-time.After(primaryInterval):
			}
		}
	})
}

// find looks once at each of several hosts, all at the same time. So a server that starts does not
// take an old primary for the present one.
func (p *primary) find(ctx context.Context) {
	p.watchEach(func(w *watch) { w.look(ctx) })
}

// watchEach calls f with a watch of each of several servers, all at the same time, and waits for all calls. With a
// single host it returns at once.
func (p *primary) watchEach(f func(w *watch)) {
	if !p.several {
		return
	}
	var watching sync.WaitGroup
	for _, hosts := range p.servers() {
		watching.Go(func() {
			w := watch{primary: p, hosts: hosts}
			defer w.close()
			f(&w)
		})
	}
	watching.Wait()
}

// servers returns the hosts by server: the entries of one server differ in TLS only.
func (p *primary) servers() [][]host {
	var servers [][]host
	for _, h := range hostsOf(&p.config.Config) {
		last := len(servers) - 1
		if last >= 0 && servers[last][0].name == h.name && servers[last][0].port == h.port {
			servers[last] = append(servers[last], h)
			continue
		}
		servers = append(servers, []host{h})
	}
	return servers
}

// watch looks at one server, by a connection of its own.
type watch struct {
	primary *primary
	hosts   []host
	conn    *pgconn.PgConn // nil: not connected
}

// look asks the server whether it is a primary, and reports that to the primary. A server that does not
// answer in time is asked again at the next look, by a new connection.
func (w *watch) look(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, hostTimeout)
	defer cancel()
	if w.conn == nil {
		config := w.primary.config.Copy()
		setHosts(&config.Config, w.hosts)
		config.ValidateConnect = nil // a standby is looked at too
		conn, err := pgconn.ConnectConfig(ctx, &config.Config)
		if err != nil {
			return
		}
		w.conn = conn
	}
	found, err := readTimeline(ctx, w.conn)
	if err != nil && w.conn.IsClosed() {
		w.conn = nil
	}
	if err == nil && found != 0 {
		w.primary.advance(found, w.hosts[0])
	}
}

// close closes the connection.
func (w *watch) close() {
	if w.conn == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), hostTimeout)
	defer cancel()
	_ = w.conn.Close(ctx) // nothing is lost with it
}

// FollowPrimary looks for a new primary at each host of the URL until ctx ends. It returns at once if
// the URL names a single host: then the host decides which server is the primary.
func (s *Store) FollowPrimary(ctx context.Context) {
	if s.primary != nil {
		s.primary.follow(ctx)
	}
}
