package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Limits on how long the database may keep a caller waiting. SDKs give up on an answer after 3 s, so a lock is given up before.
const (
	lockTimeout      = 2 * time.Second
	statementTimeout = 10 * time.Second
	acquireTimeout   = 2 * time.Second
	commitTimeout    = 15 * time.Second
	defaultMaxConns  = 16
)

// What can go wrong between the store and its database. The cause is wrapped for the log.
var (
	// ErrLockTimeout: another transaction held a needed row for too long. Nothing was written.
	ErrLockTimeout = errors.New("store: timed out waiting for a row lock")
	// ErrUnavailable: the database did not answer, refused the connection or ran out of time. Nothing was written.
	ErrUnavailable = errors.New("store: database unavailable")
	// ErrOutcomeUnknown: the connection was lost while the commit was under way. It may or may not have been written.
	ErrOutcomeUnknown = errors.New("store: outcome of the commit is unknown")
	// ErrAccountGone: what was written belongs to an account that is deleted, or never was. Nothing was written.
	ErrAccountGone = errors.New("store: the account does not exist")
)

// Store is the database. It is safe for concurrent use.
type Store struct {
	pool  *pgxpool.Pool
	log   *slog.Logger
	share int // of the places in a security group, the one that this process prefers, so that replicas seldom meet
	turns *turns
}

// Config parses a connection URL and sets what every connection of the pool needs: the timeouts after which Postgres itself gives up,
// and the pool's size unless the URL names one (pool_max_conns).
func Config(url string) (*pgxpool.Config, error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, hidePassword(err)
	}
	if config.MaxConns < defaultMaxConns && !namesPoolSize(url) {
		config.MaxConns = defaultMaxConns
	}
	config.ConnConfig.OnNotice = countWarnings
	for name, value := range map[string]string{
		"application_name":                    "enisim",
		"timezone":                            "UTC",
		"plan_cache_mode":                     "force_generic_plan", // planning costs more than running, but for lists (see list)
		"random_page_cost":                    "1.1",                // a hot table is in memory, however small: by its index, not past its dead rows
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

// Open connects to the database at a URL whose schema Migrate has brought up to date.
func Open(ctx context.Context, url string, log *slog.Logger) (*Store, error) {
	config, err := Config(url)
	if err != nil {
		return nil, err
	}
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	s := New(pool, log)
	if err := s.Ping(ctx); err != nil {
		pool.Close()
		return nil, err
	}
	return s, nil
}

// New makes a Store of a pool that was made from Config.
func New(pool *pgxpool.Pool, log *slog.Logger) *Store {
	return &Store{pool: pool, log: log, share: rand.IntN(8), turns: newTurns(int(pool.Config().MaxConns))}
}

// Close waits for the transactions in flight and closes the pool.
func (s *Store) Close() { s.pool.Close() }

// Ping tells whether the database answers.
func (s *Store) Ping(ctx context.Context) error {
	conn, err := s.acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	return classify(conn.Ping(ctx), conn.Conn())
}

// query runs one read outside a transaction and collects its rows.
func query[T any](ctx context.Context, s *Store, scan pgx.RowToFunc[T], sql string, args ...any) ([]T, error) {
	conn, err := s.acquire(ctx)
	if err != nil {
		return nil, err
	}
	defer conn.Release()
	rows, _ := conn.Query(ctx, sql, args...) // CollectRows reports the error of the query too
	out, err := pgx.CollectRows(rows, scan)
	return out, classify(err, conn.Conn())
}

// conn is a connection of the pool, and the turn in which it was taken.
type conn struct {
	*poolConn
	end func()
}

// poolConn has a name under which the method Conn can be promoted.
type poolConn = pgxpool.Conn

// Release gives the connection back to the pool and ends the turn.
func (c *conn) Release() {
	c.poolConn.Release()
	c.end()
}

// acquire takes a connection in the turn of the context's account. It waits a bounded time for the turn, and another for the pool,
// which may have to connect first: a full pool refuses rather than queues for ever.
func (s *Store) acquire(ctx context.Context) (*conn, error) {
	end, err := s.turns.begin(ctx)
	if err != nil {
		return nil, err
	}
	waiting, cancel := context.WithTimeout(ctx, acquireTimeout)
	defer cancel()
	c, err := s.pool.Acquire(waiting)
	if err != nil {
		end()
		if ctx.Err() != nil {
			return nil, ctx.Err() // the caller went away
		}
		return nil, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	return &conn{c, end}, nil
}

// SQLSTATEs that tell what kind of failure it was: https://www.postgresql.org/docs/current/errcodes-appendix.html
const (
	stateLockNotAvailable = "55P03"
	stateQueryCanceled    = "57014"
	stateUniqueViolation  = "23505"
	stateForeignKey       = "23503"
)

// classify sorts a failed statement into the kinds above; what it does not know (a violated constraint, a bug) stays as it is.
// A connection that is closed afterwards was lost on the way: pgx closes it on every failure that is not the server's word.
func classify(err error, conn *pgx.Conn) error {
	var pg *pgconn.PgError
	switch {
	case err == nil:
		return nil
	case errors.Is(err, context.Canceled):
		return err // the caller went away
	case errors.As(err, &pg) && pg.Code == stateLockNotAvailable:
		return fmt.Errorf("%w: %w", ErrLockTimeout, err)
	case errors.As(err, &pg) && pg.Code == stateForeignKey && strings.HasSuffix(pg.ConstraintName, "_belongs_to_an_account"):
		return fmt.Errorf("%w: %w", ErrAccountGone, err)
	case errors.As(err, &pg) && (pg.Code == stateQueryCanceled || connectionTrouble(pg)), conn.IsClosed():
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	return err
}

// connectionTrouble tells whether the server itself is going away, starting, or out of resources (classes 08, 53, 57P, 25P).
func connectionTrouble(pg *pgconn.PgError) bool {
	return pg.Severity == "FATAL" || pg.Severity == "PANIC" || hasAnyPrefix(pg.Code, "08", "53", "57P", "25P")
}
