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

// What ApplyWorld refuses beyond what constraints do. Nothing was written; the error text names the key or the zone.
var (
	// ErrAccessKeyTaken: an access key of the world belongs to an account outside it.
	ErrAccessKeyTaken = errors.New("store: access key belongs to another account")
	// ErrZoneElsewhere: a zone that the world declares is known already, in another region.
	ErrZoneElsewhere = errors.New("store: zone lies in another region")
	// ErrAccountTaken: an account that was to be made exists.
	ErrAccountTaken = errors.New("store: account exists")
	// ErrNoAccount: an account that was to be reset, or whose state was to be saved, does not exist.
	ErrNoAccount = errors.New("store: account does not exist")
)

// Applied counts the rows that ApplyWorld wrote, per table, for those tables that it touched at all.
type Applied struct {
	Tables []TableChange
}

// TableChange counts the rows of one table that were written.
type TableChange struct {
	Table                      string
	Inserted, Updated, Deleted int64
}

// String tells for each table how many rows are new, changed and gone.
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

// Total is the sum over all tables.
func (a Applied) Total() TableChange {
	var sum TableChange
	for _, t := range a.Tables {
		sum.Inserted += t.Inserted
		sum.Updated += t.Updated
		sum.Deleted += t.Deleted
	}
	return sum
}

// ApplyWorld makes every account that the world names equal to it, in one transaction, and leaves the others alone. Applying the
// same world again writes nothing: a transient row that is still on its way keeps its due time. A resource whose place changed (its
// region, zone, VPC or VSwitch, fixed for life in the real cloud) is another one of the same id: it is deleted and inserted.
//
// It takes the accounts first, one apply of an account at a time, then locks in the order of the house, so that an attach in flight ends
// before its rows are compared, and one that comes later meets the new world. An error leaves everything as it was, except
// ErrOutcomeUnknown, after which applying again is safe.
func (s *Store) ApplyWorld(ctx context.Context, w *World, now time.Time) (Applied, error) {
	return s.applyWorldFor(ctx, w, now, asTheWorldSays, nil)
}

// ApplyWorldTelling is ApplyWorld, and calls tell as it goes on, from one goroutine at a time.
func (s *Store) ApplyWorldTelling(ctx context.Context, w *World, now time.Time, tell func(Progress)) (Applied, error) {
	return s.applyWorldFor(ctx, w, now, asTheWorldSays, tell)
}

// CreateWorld is ApplyWorld for accounts that do not exist yet; one that does is ErrAccountTaken.
func (s *Store) CreateWorld(ctx context.Context, w *World, now time.Time) (Applied, error) {
	return s.applyWorldFor(ctx, w, now, freshAccounts, nil)
}

// ResetWorld is ApplyWorld for accounts that exist, and that keep what they are known by: name, quota, access keys, and the RAM users that have some.
// The world has no keys of its own. One that does not exist is ErrNoAccount.
func (s *Store) ResetWorld(ctx context.Context, w *World, now time.Time) (Applied, error) {
	return s.applyWorldFor(ctx, w, now, sameAccounts, nil)
}

// purpose is what a world is applied for.
type purpose int

const (
	asTheWorldSays purpose = iota
	freshAccounts
	sameAccounts
)

func (s *Store) applyWorldFor(ctx context.Context, w *World, now time.Time, why purpose, tell func(Progress)) (Applied, error) {
	var applied Applied
	p := newProgress(w, tell)
	err := s.largeTx(ctx, pgx.TxOptions{}, func(tx pgx.Tx) (err error) {
		applied, err = applyWorld(ctx, tx, w, now, why, p)
		return err
	})
	if err != nil {
		return Applied{}, fmt.Errorf("apply world: %w", err)
	}
	s.analyzeAfter(ctx, applied)
	p.end()
	return applied, nil
}

// largeTx runs fn in a transaction that may take as long as a large world does.
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
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }() // after a commit it does nothing
	if _, err := tx.Exec(ctx, applySettings); err != nil {
		return classify(err, conn.Conn())
	}
	if err := fn(tx); err != nil {
		return classify(err, conn.Conn())
	}
	return commitWorld(ctx, tx)
}

// analyzeAfter tells the planner of a world that changed at once, rather than when Postgres gets round to it: until then a plan may read all of
// an account.
func (s *Store) analyzeAfter(ctx context.Context, applied Applied) {
	if sum := applied.Total(); sum.Inserted+sum.Updated+sum.Deleted < manyRows {
		return
	}
	if _, err := s.pool.Exec(context.WithoutCancel(ctx), analyze); err != nil {
		s.log.WarnContext(ctx, "the applied world could not be analyzed; queries may be slow for a minute", "error", err)
	}
}

// manyRows is from where on a change is worth an analyze, which costs some 20 ms at the least.
const manyRows = 100

const analyze = `
	ANALYZE vpcs, vswitches, security_groups, instances, network_interfaces, private_ip_addresses, network_interface_security_groups`

// commitWorld commits a transaction of pgx under the same rule as Tx.commit: without a clear confirmation the outcome is unknown.
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

// A large world takes longer than any request may, and its joins more memory than Postgres grants by default. Locks are waited for longer than
// a request would, but not for ever: who holds one for half a minute is stuck.
const applySettings = `
	SET LOCAL statement_timeout = '15min';
	SET LOCAL lock_timeout = '30s';
	SET LOCAL work_mem = '64MB'`

func applyWorld(ctx context.Context, tx pgx.Tx, w *World, now time.Time, why purpose, p *progress) (Applied, error) {
	if err := stageWorld(ctx, copyingTx{tx, p}, w, now); err != nil {
		return Applied{}, err
	}
	if err := lockWorld(ctx, tx); err != nil {
		return Applied{}, err
	}
	if err := prepareAccounts(ctx, tx, now, why); err != nil {
		return Applied{}, err
	}
	for _, sql := range settleWorld {
		// Without a cached plan, which would outlive the staging table.
		if _, err := tx.Exec(ctx, sql, pgx.QueryExecModeExec, now); err != nil {
			return Applied{}, err
		}
	}
	var written tally
	if err := takeWorldSteps(ctx, tx, &written, p); err != nil {
		return Applied{}, err
	}
	return Applied{Tables: written.changes}, nil
}

// lockWorld takes the staged accounts, and all of theirs in the order of the house.
func lockWorld(ctx context.Context, tx pgx.Tx) error {
	_, err := execTogether(ctx, tx, []string{
		takeAccounts, lockClientTokens, lockAccounts, lockVPCs, lockVSwitches, lockInstances, lockNetworkInterfaces, lockSecurityGroups, lockDepartures, lockCapacity,
	})
	return err
}

// prepareAccounts makes the locked accounts what the world is applied to. One that has expired is as good as gone, so its rows go.
func prepareAccounts(ctx context.Context, tx pgx.Tx, now time.Time, why purpose) error {
	rows, _ := tx.Query(ctx, expiredAccounts, pgx.QueryExecModeExec, now) // CollectRows reports the error of the query too
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
	switch why {
	case freshAccounts:
		return refuseFirst(ctx, tx, ErrAccountTaken, `
			SELECT s.id FROM staged_accounts s WHERE EXISTS (SELECT FROM accounts a WHERE a.id = s.id) ORDER BY s.id LIMIT 1`)
	case sameAccounts:
		if err := refuseFirst(ctx, tx, ErrNoAccount, `
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

func verifyZones(ctx context.Context, tx pgx.Tx) error {
	return refuseFirst(ctx, tx, ErrZoneElsewhere, `
		SELECT s.id FROM staged_zones s JOIN zones z ON z.id = s.id
		WHERE z.region_id <> s.region_id ORDER BY s.id LIMIT 1`)
}

func verifyAccessKeys(ctx context.Context, tx pgx.Tx) error {
	return refuseFirst(ctx, tx, ErrAccessKeyTaken, `
		SELECT s.id FROM staged_access_keys s JOIN access_keys k ON k.id = s.id
		WHERE k.account_id <> s.account_id ORDER BY s.id LIMIT 1`)
}

// refuseFirst fails with reason and the id that the query finds, if it finds one.
func refuseFirst(ctx context.Context, tx pgx.Tx, reason error, sql string) error {
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
