package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// Errors of ApplyWorld and its variants for what no constraint can check. Nothing was written. The
// error text names the key, zone or account.
var (
	// ErrAccessKeyTaken is returned when an access key of the world belongs to an account outside
	// it.
	ErrAccessKeyTaken = errors.New("store: access key belongs to another account")
	// ErrZoneElsewhere is returned when a zone that the world declares exists in another region.
	ErrZoneElsewhere = errors.New("store: zone lies in another region")
	// ErrAccountTaken is returned when an account to create exists.
	ErrAccountTaken = errors.New("store: account exists")
	// ErrNoAccount is returned when an account to reset, or to save a snapshot of, does not exist.
	ErrNoAccount = errors.New("store: account does not exist")
)

// Applied counts the rows that ApplyWorld wrote, for each table that it changed.
type Applied struct {
	Tables []TableChange
}

// TableChange counts the rows of one table that were written.
type TableChange struct {
	Table                      string
	Inserted, Updated, Deleted int64
}

// String renders for each table how many rows are new, changed and gone.
func (a Applied) String() string {
	if len(a.Tables) == 0 {
		return "nothing to change"
	}
	parts := make([]string, 0, len(a.Tables))
	for _, t := range a.Tables {
		parts = append(parts, fmt.Sprintf("%s: %d new, %d changed, %d gone", t.Table, t.Inserted, t.Updated, t.Deleted))
	}
	return strings.Join(parts, "\n")
}

// Total returns the sum over all tables.
func (a Applied) Total() TableChange {
	var sum TableChange
	for _, t := range a.Tables {
		sum.Inserted += t.Inserted
		sum.Updated += t.Updated
		sum.Deleted += t.Deleted
	}
	return sum
}

// ApplyWorld makes every account of the world equal to it, in one transaction. It does not change
// other accounts. Applying the same world again writes nothing: a transient row that is not yet due
// keeps its due time. The location of a resource (its region, zone, VPC or VSwitch) never changes
// in the real cloud. So a resource with another location counts as another resource with the same
// id: it is deleted and inserted.
//
// It locks the ids of the accounts first, so that at most one ApplyWorld of an account runs at a
// time. Then it takes row locks in the lock order. So an attach in flight ends before its rows are
// compared, and a later one sees the new world. An error leaves everything unchanged. The exception
// is ErrOutcomeUnknown, after which it is safe to apply the world again.
func (s *Store) ApplyWorld(ctx context.Context, w *World, now time.Time) (Applied, error) {
	return s.applyWorldInMode(ctx, w, now, replaceAccounts, nil)
}

// ApplyWorldWithProgress is ApplyWorld with reports of its progress. It calls onProgress from one
// goroutine at a time.
func (s *Store) ApplyWorldWithProgress(ctx context.Context, w *World, now time.Time, onProgress func(Progress),
) (Applied, error) {
	return s.applyWorldInMode(ctx, w, now, replaceAccounts, onProgress)
}

// CreateWorld is ApplyWorld for accounts that do not exist yet. If one exists, it returns
// ErrAccountTaken.
func (s *Store) CreateWorld(ctx context.Context, w *World, now time.Time) (Applied, error) {
	return s.applyWorldInMode(ctx, w, now, createAccounts, nil)
}

// ResetWorld is ApplyWorld for accounts that exist. They keep their identity: name, quota, access
// keys, and the RAM users that have access keys. The world must have no access keys of its own. If
// an account does not exist, it returns ErrNoAccount.
func (s *Store) ResetWorld(ctx context.Context, w *World, now time.Time) (Applied, error) {
	return s.applyWorldInMode(ctx, w, now, resetAccounts, nil)
}

// applyMode says which accounts of a world may exist already.
type applyMode int

const (
	replaceAccounts applyMode = iota // they may exist or not
	createAccounts                   // they must not exist
	resetAccounts                    // they must exist, and keep their identity
)

// applyWorldInMode applies a world in a transaction of its own, and then refreshes the planner's
// statistics if much has changed.
func (s *Store) applyWorldInMode(
	ctx context.Context, w *World, now time.Time, mode applyMode, onProgress func(Progress),
) (Applied, error) {
	var applied Applied
	p := newProgress(w, onProgress)
	err := s.largeTx(ctx, pgx.TxOptions{}, func(tx pgx.Tx) (err error) {
		applied, err = applyWorld(ctx, tx, w, now, mode, p)
		return err
	})
	if err != nil {
		return Applied{}, fmt.Errorf("apply world: %w", err)
	}
	s.analyzeIfLarge(ctx, applied)
	p.finish()
	return applied, nil
}

// largeTx runs fn in a transaction whose timeouts suit a large world.
func (s *Store) largeTx(ctx context.Context, options pgx.TxOptions, fn func(pgx.Tx) error) error {
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
	if _, err := tx.Exec(ctx, applySettings); err != nil {
		return classify(err, conn.Conn())
	}
	if err := fn(tx); err != nil {
		return classify(err, conn.Conn())
	}
	return commitWorld(ctx, tx)
}

// analyzeIfLarge refreshes the planner's statistics at once if many rows have changed. Until
// Postgres did that by itself, a plan might read all rows of an account.
func (s *Store) analyzeIfLarge(ctx context.Context, applied Applied) {
	if sum := applied.Total(); sum.Inserted+sum.Updated+sum.Deleted < minRowsToAnalyze {
		return
	}
	if _, err := s.pool.Exec(context.WithoutCancel(ctx), analyze); err != nil {
		s.log.WarnContext(ctx, "the applied world could not be analyzed; queries may be slow for a minute",
			"error", err)
	}
}

// minRowsToAnalyze is the number of changed rows that is worth an ANALYZE, which costs at least 20
// ms.
const minRowsToAnalyze = 100

const analyze = `
	ANALYZE vpcs, vswitches, security_groups, instances, network_interfaces, private_ip_addresses, network_interface_security_groups`

// commitWorld commits a transaction of pgx. Like Tx.commit, it reports an unknown outcome unless
// Postgres has clearly confirmed the commit.
func commitWorld(ctx context.Context, tx pgx.Tx) error {
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

// applySettings are the settings of a transaction that applies a world. A large world takes longer
// than any request may, and its joins need more memory than the default of Postgres. The lock
// timeout is longer than that of a request, but limited: a transaction that holds a lock for half a
// minute is stuck.
const applySettings = `
	SET LOCAL statement_timeout = '15min';
	SET LOCAL lock_timeout = '30s';
	SET LOCAL work_mem = '64MB'`

// applyWorld applies a world within a transaction.
func applyWorld(ctx context.Context, tx pgx.Tx, w *World, now time.Time, mode applyMode, p *progress) (Applied, error) {
	// First copy the world into the staging tables, before any lock, so that requests wait as short
	// as possible. Then lock the accounts with all their rows.
	if err := stageWorld(ctx, copyingTx{tx, p}, w, now); err != nil {
		return Applied{}, err
	}
	if err := lockWorld(ctx, tx); err != nil {
		return Applied{}, err
	}
	if err := prepareAccounts(ctx, tx, now, mode); err != nil {
		return Applied{}, err
	}
	// Then settle the rows that are due, so that only differences that callers would see count as
	// changes. Last, make the tables equal to the staging tables.
	for _, sql := range settleWorld {
		// Without a cached plan, because it would refer to a staging table that is dropped at
		// commit.
		if _, err := tx.Exec(ctx, sql, pgx.QueryExecModeExec, now); err != nil {
			return Applied{}, err
		}
	}
	var written changeCounter
	if err := runWorldSteps(ctx, tx, &written, p); err != nil {
		return Applied{}, err
	}
	return Applied{Tables: written.changes}, nil
}

// lockWorld locks the staged accounts with all their rows, in the lock order.
func lockWorld(ctx context.Context, tx pgx.Tx) error {
	_, err := execInOneTrip(ctx, tx, []string{
		lockAccountIDs, lockClientTokens, lockAccounts, lockVPCs, lockVSwitches, lockInstances,
		lockNetworkInterfaces, lockSecurityGroups, lockDepartures, lockCapacity,
	})
	return err
}

// prepareAccounts prepares the locked accounts for the world, and checks that they exist or not, as
// mode requires.
func prepareAccounts(ctx context.Context, tx pgx.Tx, now time.Time, mode applyMode) error {
	// First delete the accounts that have expired, because they no longer exist for any caller.
	rows, _ := tx.Query(ctx, expiredAccounts, pgx.QueryExecModeExec, now) // CollectRows returns its error too
	expired, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err
	}
	for _, id := range expired {
		for _, sql := range slices.Concat(deleteContents, deleteAccount) {
			if _, err := tx.Exec(ctx, sql, id); err != nil {
				return err
			}
		}
	}
	// Then check the rest, and copy the identity that a reset keeps into the staging tables.
	switch mode {
	case replaceAccounts: // whether they exist or not
	case createAccounts:
		return failIfFound(ctx, tx, ErrAccountTaken, `
			SELECT s.id FROM staged_accounts s WHERE EXISTS (SELECT FROM accounts a WHERE a.id = s.id) ORDER BY s.id LIMIT 1`)
	case resetAccounts:
		if err := failIfFound(ctx, tx, ErrNoAccount, `
			SELECT s.id FROM staged_accounts s WHERE NOT EXISTS (SELECT FROM accounts a WHERE a.id = s.id) ORDER BY s.id LIMIT 1`); err != nil {
			return err
		}
		for _, sql := range []string{lockAccessKeys, keepAccounts, keepAccessKeys, keepRAMUsers} {
			if _, err := tx.Exec(ctx, sql, pgx.QueryExecModeExec); err != nil {
				return err
			}
		}
	}
	return nil
}

// verifyZones returns ErrZoneElsewhere if a staged zone exists in another region.
func verifyZones(ctx context.Context, tx pgx.Tx) error {
	return failIfFound(ctx, tx, ErrZoneElsewhere, `
		SELECT s.id FROM staged_zones s JOIN zones z ON z.id = s.id
		WHERE z.region_id <> s.region_id ORDER BY s.id LIMIT 1`)
}

// verifyAccessKeys returns ErrAccessKeyTaken if a staged access key belongs to another account.
func verifyAccessKeys(ctx context.Context, tx pgx.Tx) error {
	return failIfFound(ctx, tx, ErrAccessKeyTaken, `
		SELECT s.id FROM staged_access_keys s JOIN access_keys k ON k.id = s.id
		WHERE k.account_id <> s.account_id ORDER BY s.id LIMIT 1`)
}

// failIfFound returns an error with reason and the id that the query finds, or nil if it finds
// none.
func failIfFound(ctx context.Context, tx pgx.Tx, reason error, sql string) error {
	var id string
	err := tx.QueryRow(ctx, sql, pgx.QueryExecModeExec).Scan(&id)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return nil
	case err != nil:
		return err
	}
	return fmt.Errorf("%w: %s", reason, id)
}
