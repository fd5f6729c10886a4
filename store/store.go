package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"go.opentelemetry.io/otel/trace"
)

// Limits on how long the database may keep a caller waiting. SDKs stop waiting for an answer after
// 3 s, so the lock timeout is shorter.
const (
	lockTimeout      = 2 * time.Second
	statementTimeout = 10 * time.Second
	acquireTimeout   = 2 * time.Second
	commitTimeout    = 15 * time.Second
	defaultMaxConns  = 16
)

// Errors of the database. Each wraps its cause for the log.
var (
	// ErrLockTimeout is returned when another transaction held a lock on a needed row for too long.
	// Nothing was written.
	ErrLockTimeout = errors.New("store: timed out waiting for a row lock")
	// ErrUnavailable is returned when the database did not answer, refused the connection or
	// reached a timeout. Nothing was written.
	ErrUnavailable = errors.New("store: database unavailable")
	// ErrOutcomeUnknown is returned when Postgres did not clearly confirm a commit, for example
	// because the connection was lost. The transaction may or may not have been committed.
	ErrOutcomeUnknown = errors.New("store: outcome of the commit is unknown")
	// ErrAccountGone is returned when a written row belongs to an account that was deleted or never
	// existed. Nothing was written.
	ErrAccountGone = errors.New("store: the account does not exist")
)

// Store gives access to the database. It is safe for concurrent use.
type Store struct {
	pool    *pgxpool.Pool
	log     *slog.Logger
	sharing *sharing
	turns   *turns // of the connections
	lists   *turns // of large lists

	creations *turns // of transactions that wait for each other anyway

	horizon eventHorizon // of the events that this process has read
	primary *primary     // nil: the pool was not opened by Open

	observer *Observer    // nil: nothing is measured
	tracer   trace.Tracer // nil: nothing is traced
}

// Config parses a connection URL and adds the settings of every connection, such as the timeouts of
// Postgres itself. It also sets the pool's size, unless the URL does (pool_max_conns). Of several hosts,
// a connection leads to the first that accepts writes, whatever target_session_attrs says.
func Config(url string) (*pgxpool.Config, error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, hidePassword(err)
	}
	if config.MaxConns < defaultMaxConns && !hasPoolSize(url) {
		config.MaxConns = defaultMaxConns
	}
	config.ConnConfig.OnNotice = countWarnings
	config.ConnConfig.ValidateConnect = validatePrimary
	if config.ConnConfig.ConnectTimeout == 0 && hasSeveralHosts(&config.ConnConfig.Config) {
		config.ConnConfig.ConnectTimeout = hostTimeout
	}
	for name, value := range map[string]string{
		"application_name": "enisim",
		"timezone":         "UTC",
		// Planning a statement costs more than running it, except for lists (see list).
		"plan_cache_mode": "force_generic_plan",
		// A busy table is in memory, so an index costs little.
		"random_page_cost": "1.1",
		// A request reads a table by its index, however small the planner takes it to be: a table of
		// a few rows may be full of dead ones a second later, and plans are kept.
		"enable_seqscan": "off",
		// The planner rates the rest of the sequential scans as so expensive that it would compile them.
		"jit":                                 "off",
		"lock_timeout":                        milliseconds(lockTimeout),
		"statement_timeout":                   milliseconds(statementTimeout),
		"idle_in_transaction_session_timeout": milliseconds(statementTimeout),
	} {
		if _, set := config.ConnConfig.RuntimeParams[name]; !set {
			config.ConnConfig.RuntimeParams[name] = value
		}
	}
	return config, nil
}

// Open connects to the database at a URL. Migrate must have brought its schema up to date. The changes
// of the pool's configuration are applied last.
func Open(ctx context.Context, url string, log *slog.Logger, changes ...func(*pgxpool.Config)) (*Store, error) {
	config, err := Config(url)
	if err != nil {
		return nil, err
	}
	for _, change := range changes {
		change(config)
	}
	primary := followPrimary(config, log)
	primary.find(ctx)
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	primary.attach(pool)
	s := New(pool, log)
	s.primary = primary
	if err := s.Ping(ctx); err != nil {
		pool.Close()
		return nil, err
	}
	return s, nil
}

// New returns a Store on a pool whose configuration comes from Config.
func New(pool *pgxpool.Pool, log *slog.Logger) *Store {
	conns, sharing := int(pool.Config().MaxConns), new(sharing)
	s := &Store{
		pool: pool, log: log,
		sharing: sharing, turns: newTurns(conns, sharing), lists: newListTurns(conns, sharing),
		creations: newCreationTurns(sharing),
	}
	if tracer, traced := pool.Config().ConnConfig.Tracer.(*roundTripTracer); traced {
		s.tracer = tracer.store
	}
	return s
}

// Close waits for the transactions in flight and closes the pool.
func (s *Store) Close() { s.pool.Close() }

// Ping returns an error if the database does not answer.
func (s *Store) Ping(ctx context.Context) error {
	conn, err := s.acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	return classify(conn.Ping(ctx), conn.Conn())
}

// Query runs one read outside a transaction and collects its rows.
func Query[T any](ctx context.Context, s *Store, scan pgx.RowToFunc[T], sql string, args ...any) ([]T, error) {
	conn, err := s.acquire(ctx)
	if err != nil {
		return nil, err
	}
	defer conn.Release()
	rows, _ := conn.Query(ctx, sql, args...) // CollectRows reports the error of the query too
	out, err := pgx.CollectRows(rows, scan)
	return out, classify(err, conn.Conn())
}

// conn is a connection of the pool, with the turn under which it was taken.
type conn struct {
	*poolConn
	endTurn func()
}

// poolConn exists for its name: a field named Conn would hide the method Conn.
type poolConn = pgxpool.Conn

// Release returns the connection to the pool and ends the turn.
func (c *conn) Release() {
	c.poolConn.Release()
	c.endTurn()
}

// acquire takes a connection when the turn of the context's account comes. It waits a limited time
// for the turn, and then a limited time for the pool, which may have to connect first. So a full
// pool refuses requests instead of queueing them forever.
func (s *Store) acquire(ctx context.Context) (_ *conn, err error) {
	ctx, span := s.startSpan(ctx, "connection")
	defer func() { endSpan(span, err) }()
	endTurn, err := s.turns.begin(ctx)
	if err != nil {
		return nil, err
	}
	acquireCtx, cancel := context.WithTimeout(ctx, acquireTimeout)
	defer cancel()
	c, err := s.pool.Acquire(acquireCtx)
	if err != nil {
		endTurn()
		if ctx.Err() != nil {
			return nil, ctx.Err() // the caller has disconnected
		}
		return nil, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	return &conn{c, endTurn}, nil
}

// SQLSTATEs by which classify distinguishes failures:
// https://www.postgresql.org/docs/current/errcodes-appendix.html
const (
	stateLockNotAvailable  = "55P03"
	stateProtocolViolation = "08P01"
	stateQueryCanceled     = "57014"
	stateUniqueViolation   = "23505"
	stateForeignKey        = "23503"
)

// classify maps the error of a statement to one of the errors above. It returns any other error as
// it is (a violated constraint, a bug). If the connection is closed afterwards, it was lost: pgx
// closes it after every failure that the server did not report itself.
func classify(err error, conn *pgx.Conn) error {
	var pg *pgconn.PgError
	switch {
	case err == nil:
		return nil
	case errors.Is(err, context.Canceled):
		return err // the caller has disconnected
	case errors.As(err, &pg) && pg.Code == stateLockNotAvailable:
		return fmt.Errorf("%w: %w", ErrLockTimeout, err)
	case errors.As(err, &pg) && pg.Code == stateForeignKey &&
		strings.HasSuffix(pg.ConstraintName, "_belongs_to_an_account"):
		return fmt.Errorf("%w: %w", ErrAccountGone, err)
	case errors.As(err, &pg) && (pg.Code == stateQueryCanceled || isServerFailure(pg)), conn.IsClosed():
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	return err
}

// isServerFailure reports whether the server itself is stopping, starting, out of resources, or no
// longer the primary (classes 08, 53, 57P, 25P; 25006).
func isServerFailure(pg *pgconn.PgError) bool {
	return pg.Severity == "FATAL" || pg.Severity == "PANIC" ||
		hasAnyPrefix(pg.Code, "08", "53", "57P", "25P", "25006")
}
