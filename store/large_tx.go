package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// LargeTx runs fn in a transaction whose timeouts suit a large world. It is for package world: an
// action uses InTx, which keeps the lock order.
func (s *Store) LargeTx(ctx context.Context, options pgx.TxOptions, fn func(pgx.Tx) error) error {
	conn, err := s.acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	tx, err := conn.BeginTx(ctx, options)
	if err != nil {
		return classify(err, conn.Conn())
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }() // does nothing after a commit
	if _, err := tx.Exec(ctx, largeTxSettings); err != nil {
		return classify(err, conn.Conn())
	}
	if err := fn(tx); err != nil {
		return classify(err, conn.Conn())
	}
	return commitLarge(ctx, tx)
}

// commitLarge commits a transaction of pgx. Like Tx.commit, it reports an unknown outcome unless
// Postgres has clearly confirmed the commit.
func commitLarge(ctx context.Context, tx pgx.Tx) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), commitTimeout)
	defer cancel()
	warnings := warningsOf(tx.Conn().PgConn())
	before := warnings.Load()
	err := tx.Commit(ctx)
	switch {
	case err == nil && warnings.Load() != before:
		return fmt.Errorf("%w: %w", ErrOutcomeUnknown, errCommitWarning)
	case err == nil, errors.Is(err, pgx.ErrTxCommitRollback):
		return err
	}
	return commitFailure(err, tx.Conn())
}

// LargeTxLockTimeout is the lock timeout of a transaction that applies a world. It is longer than that
// of a request, but limited: a transaction that holds a lock for half a minute is stuck.
const LargeTxLockTimeout = "30s"

// largeTxSettings are the settings of such a transaction. A large world takes longer than any request
// may, and its joins need more memory than the default of Postgres. It reads whole tables, unlike a
// request.
const largeTxSettings = `
	SET LOCAL statement_timeout = '15min';
	SET LOCAL lock_timeout = '` + LargeTxLockTimeout + `';
	SET LOCAL enable_seqscan = on;
	SET LOCAL work_mem = '64MB'`

// Analyze refreshes the planner's statistics of the tables that a world fills. Until Postgres did
// that by itself, a plan might read all rows of an account. A failure is only logged.
func (s *Store) Analyze(ctx context.Context) {
	if _, err := s.pool.Exec(context.WithoutCancel(ctx), analyze); err != nil {
		s.log.WarnContext(ctx, "the applied world could not be analyzed; queries may be slow for a minute",
			"error", err)
	}
}

const analyze = `
	ANALYZE vpcs, vswitches, security_groups, instances, network_interfaces, attachments, private_ip_addresses,
	        network_interface_security_groups`
