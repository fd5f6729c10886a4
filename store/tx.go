package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// rank is a place in the order in which a transaction takes its locks.
type rank int

// The lock order of the house. Rows of one table are locked by id.
const (
	rankNone rank = iota
	rankClientTokens
	rankAccounts
	rankVPCs
	rankVSwitches
	rankInstances
	rankNetworkInterfaces
	rankSecurityGroups
	rankDepartures // of security groups
	rankCapacity   // in security groups
	rankAccessKeys
)

// Tx is a transaction that talks to Postgres as rarely as it can: statements gather in an unsent batch, a read sends all
// that has gathered, and the commit rides with the last writes. One that locks, decides and writes costs two round trips.
type Tx struct {
	conn   *conn
	batch  *pgx.Batch
	begun  bool    // whether the begin was sent
	rank   rank    // of the last lock taken
	share  int     // of the places in a group, the one that this process prefers
	alarms []error // writes that touched another number of rows than they should
}

// InTx runs fn in a transaction (READ COMMITTED: the locks, not the isolation level, decide). Returning nil commits what fn queued,
// returning an error writes nothing. If fn neither reads nor writes, nothing is sent.
// A commit is not given up when ctx ends, because half a commit is worse than a late one.
func (s *Store) InTx(ctx context.Context, fn func(*Tx) error) error {
	conn, err := s.acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	tx := &Tx{conn: conn, batch: &pgx.Batch{}, share: s.share}
	finished := false
	defer func() {
		if !finished { // fn panicked, or failed: the connection goes back without an open transaction
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
		s.log.ErrorContext(ctx, "a committed write touched an unexpected number of rows; please report this", "error", alarm)
	}
	return nil
}

// queue adds a statement to the unsent batch, behind the begin.
func (tx *Tx) queue(sql string, args ...any) *pgx.QueuedQuery {
	if !tx.begun && tx.batch.Len() == 0 {
		tx.batch.Queue("begin")
	}
	return tx.batch.Queue(sql, args...)
}

// lock queues a statement that takes row locks. The order of locks is checked here, when the code runs for the first time, rather than
// in production when two transactions meet.
func (tx *Tx) lock(r rank, sql string, args ...any) *pgx.QueuedQuery {
	if r <= tx.rank {
		panic(fmt.Sprintf("store: lock of rank %d taken after rank %d", r, tx.rank))
	}
	tx.rank = r
	return tx.queue(sql, args...)
}

// SetLockTimeout queues that the transaction waits for each lock for so long at most. It stands before the first lock.
func (tx *Tx) SetLockTimeout(d time.Duration) {
	tx.queue(`SELECT set_config('lock_timeout', $1, true)`, milliseconds(max(d, time.Millisecond))) // 0 would mean for ever
}

// write queues a statement that must touch exactly want rows. The count is known only after the commit, so a difference
// is an alarm in the log; the guards are the lock and the constraints.
func (tx *Tx) write(want int64, sql string, args ...any) {
	tx.queue(sql, args...).Exec(func(tag pgconn.CommandTag) error {
		if got := tag.RowsAffected(); got != want {
			tx.alarms = append(tx.alarms, fmt.Errorf("touched %d rows, expected %d: %s", got, want, sql))
		}
		return nil
	})
}

// each reads every row of a queued query: into fields of a new T, which is then handed over.
func each[T any](fields func(*T) []any, take func(T)) func(pgx.Rows) error {
	return func(rows pgx.Rows) error {
		for rows.Next() {
			var row T
			if err := rows.Scan(fields(&row)...); err != nil {
				return err
			}
			take(row)
		}
		return rows.Err()
	}
}

// send sends what is queued, in one round trip, and hands each result to its reader.
func (tx *Tx) send(ctx context.Context) error {
	batch := tx.batch
	tx.batch = &pgx.Batch{}
	tx.begun = true
	return classify(tx.conn.SendBatch(ctx, batch).Close(), tx.conn.Conn())
}

// sendQueued is send where something is queued, and nothing otherwise.
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
	// First send the writes and the commit together. Whether the commit was reached decides what an error means: after an error
	// Postgres skips the rest of a batch, so an error of an earlier statement proves that nothing was written.
	conn := tx.conn.Conn()
	warnings := warningsOf(conn.PgConn())
	var (
		reached, committed bool
		before             int64
	)
	tx.queue("commit").Fn = func(results pgx.BatchResults) error {
		reached, before = true, warnings.Load()
		tag, err := results.Exec()
		committed = tag.String() == "COMMIT" // a transaction that failed before answers ROLLBACK
		return err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), commitTimeout)
	defer cancel()
	batch := tx.batch
	tx.batch = &pgx.Batch{}
	err := conn.SendBatch(ctx, batch).Close()

	// Then judge the outcome: a 200 is only for a commit that Postgres confirmed without reservation.
	var pg *pgconn.PgError
	switch {
	case err == nil && committed && warnings.Load() != before:
		return fmt.Errorf("%w: %w", ErrOutcomeUnknown, errCommitWarning)
	case err == nil && committed:
		return nil
	case err == nil:
		return errors.New("store: the transaction was rolled back at commit")
	case !reached && errors.As(err, &pg) && pg.Severity == "ERROR":
		tx.begun = true
		tx.rollback(ctx)
		return classify(err, conn)
	}
	return commitFailure(err, conn)
}

// rollback ends a begun transaction. If that fails the pool drops the connection, which ends it too.
func (tx *Tx) rollback(ctx context.Context) {
	if !tx.begun {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), acquireTimeout)
	defer cancel()
	if _, err := tx.conn.Exec(ctx, "rollback"); err != nil {
		_ = tx.conn.Conn().Close(ctx) // Release discards a closed connection
	}
}
