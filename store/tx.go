package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"go.opentelemetry.io/otel/trace"
)

// rank is a position in the order in which a transaction takes its locks.
type rank int

// The lock order. Rows of one table are locked in the order of their ids.
const (
	rankNone rank = iota
	rankClientTokens
	rankAccounts
	rankKeyPairs
	rankVPCs
	rankRouteTables
	rankVSwitches
	rankInstances
	rankNetworkInterfaces
	rankEIPs
	rankDisks
	rankSecurityGroups
	rankDepartures // from security groups
	rankCapacity   // of security groups
	rankAccessKeys
	rankDisturbances
	rankClocks
	rankTokenBuckets
)

// Tx is a transaction with few round trips to Postgres. Statements are queued in an unsent batch, a
// read sends all that is queued, and the commit is sent together with the last writes. A
// transaction that locks, decides and writes costs two round trips.
type Tx struct {
	conn   *conn
	batch  *pgx.Batch
	begun  bool    // whether the begin was sent
	locks  bool    // whether the unsent batch locks rows
	rank   rank    // rank of the last lock
	alarms []error // writes that touched an unexpected number of rows

	observer *Observer
	span     trace.Span // nil: the transaction is not traced
}

// InTx runs fn in a READ COMMITTED transaction: the locks, not the isolation level, keep it
// correct. If fn returns nil, what it has queued is committed. If fn returns an error, nothing is
// written. If fn neither reads nor writes, nothing is sent.
//
// A commit goes on when ctx ends, because a late commit is better than one with an unknown outcome.
func (s *Store) InTx(ctx context.Context, fn func(*Tx) error) (err error) {
	ctx, span := s.startSpan(ctx, "transaction")
	finished := false
	defer func() { endTransaction(span, finished, err) }()
	conn, err := s.acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	tx := &Tx{conn: conn, batch: &pgx.Batch{}, observer: s.observer, span: span}
	defer func() {
		if !finished { // fn failed or panicked: the connection must go back to the pool without an open transaction
			tx.rollback(ctx)
		}
	}()

	if err := fn(tx); err != nil {
		return err
	}
	finished = true
	if err := tx.commit(ctx); err != nil {
		return err
	}
	for _, alarm := range tx.alarms {
		s.log.ErrorContext(ctx, "a committed write touched an unexpected number of rows; please report this",
			"error", alarm)
	}
	return nil
}

// queue adds a statement to the unsent batch, after the begin.
func (tx *Tx) queue(sql string, args ...any) *pgx.QueuedQuery {
	if !tx.begun && tx.batch.Len() == 0 {
		tx.batch.Queue("begin")
	}
	return tx.batch.Queue(sql, args...)
}

// lock queues a statement that takes row locks. It panics if the statement breaks the lock order.
// So a wrong order is found when the code runs for the first time, rather than by a deadlock in
// production.
func (tx *Tx) lock(r rank, sql string, args ...any) *pgx.QueuedQuery {
	if r <= tx.rank {
		panic(fmt.Sprintf("store: lock of rank %d taken after rank %d", r, tx.rank))
	}
	tx.rank, tx.locks = r, true
	return tx.queue(sql, args...)
}

// SetLockTimeout queues the lock timeout of the transaction. It has to come before the first lock.
func (tx *Tx) SetLockTimeout(d time.Duration) {
	atLeast := max(d, time.Millisecond) // 0 would mean no timeout
	tx.queue(`SELECT set_config('lock_timeout', $1, true)`, milliseconds(atLeast))
}

// CommitWithoutFlush makes the commit not wait for the disk. If the machine of the database fails, the
// transaction may be lost.
func (tx *Tx) CommitWithoutFlush() { tx.queue(`SELECT set_config('synchronous_commit', 'off', true)`) }

// write queues a statement that must touch exactly want rows. The number of rows is known only
// after the commit, so a difference is only logged as an alarm. What prevents it are the locks and
// the constraints.
func (tx *Tx) write(want int64, sql string, args ...any) {
	tx.queue(sql, args...).Exec(func(tag pgconn.CommandTag) error {
		if got := tag.RowsAffected(); got != want {
			tx.alarms = append(tx.alarms, fmt.Errorf("touched %d rows, expected %d: %s", got, want, sql))
		}
		return nil
	})
}

// each returns a reader for a queued query. It scans every row into the fields of a new T, and
// passes it to handle.
func each[T any](fields func(*T) []any, handle func(T)) func(pgx.Rows) error {
	return func(rows pgx.Rows) error {
		for rows.Next() {
			var row T
			if err := rows.Scan(fields(&row)...); err != nil {
				return err
			}
			handle(row)
		}
		return rows.Err()
	}
}

// eachValue returns a reader for a queued query of one column. It passes every value to handle.
func eachValue[T any](handle func(T)) func(pgx.Rows) error {
	return each(func(value *T) []any { return []any{value} }, handle)
}

// appendTo returns a reader for a queued query of one column. It appends the values to list.
func appendTo[T any](list *[]T) func(pgx.Rows) error {
	return eachValue(func(value T) { *list = append(*list, value) })
}

// send sends the queued statements in one round trip, and passes each result to its reader.
func (tx *Tx) send(ctx context.Context) error {
	batch := tx.batch
	tx.batch = &pgx.Batch{}
	tx.begun = true
	if tx.locks {
		tx.locks = false
		defer tx.observer.locked(time.Now())
	}
	return classify(tx.conn.SendBatch(tx.traced(ctx), batch).Close(), tx.conn.Conn())
}

// sendQueued does the same as send, but sends nothing if nothing is queued.
func (tx *Tx) sendQueued(ctx context.Context) error {
	if tx.batch.Len() == 0 {
		return nil
	}
	return tx.send(ctx)
}

// commit sends the queued writes and the commit in one round trip.
func (tx *Tx) commit(ctx context.Context) error {
	if !tx.begun && tx.batch.Len() == 0 {
		return nil
	}
	// First send the writes and the commit together. Whether Postgres reached the commit decides
	// what an error means. After an error it skips the rest of a batch, so an error of an earlier
	// statement proves that nothing was written.
	conn := tx.conn.Conn()
	warnings := warningsOf(conn.PgConn())
	var (
		commitReached, committed bool
		warningsBefore           int64
	)
	tx.queue("commit").Fn = func(results pgx.BatchResults) error {
		commitReached, warningsBefore = true, warnings.Load()
		tag, err := results.Exec()
		committed = tag.String() == "COMMIT" // a transaction that failed before answers ROLLBACK
		return err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), commitTimeout)
	defer cancel()
	batch := tx.batch
	tx.batch = &pgx.Batch{}
	started := time.Now()
	err := conn.SendBatch(tx.traced(ctx), batch).Close()
	tx.observer.committed(started)

	// Then classify the outcome: the transaction has succeeded only if Postgres confirmed the
	// commit without a warning.
	var pg *pgconn.PgError
	switch {
	case err == nil && committed && warnings.Load() != warningsBefore:
		return fmt.Errorf("%w: %w", ErrOutcomeUnknown, errCommitWarning)
	case err == nil && committed:
		return nil
	case err == nil:
		return errors.New("store: the transaction was rolled back at commit")
	case !commitReached && errors.As(err, &pg) && pg.Severity == "ERROR":
		tx.begun = true
		tx.rollback(ctx)
		return classify(err, conn)
	}
	return commitFailure(err, conn)
}

// rollback rolls a begun transaction back. If that fails, the connection is closed, which ends the
// transaction too.
func (tx *Tx) rollback(ctx context.Context) {
	if !tx.begun {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), acquireTimeout)
	defer cancel()
	if _, err := tx.conn.Exec(tx.traced(ctx), "rollback"); err != nil {
		_ = tx.conn.Conn().Close(ctx) // Release discards a closed connection
	}
}
