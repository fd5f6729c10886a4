package world

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"enisim.alt/store"
)

// Errors of Apply and its variants for what no constraint can check. Nothing was written. The
// error text names the key, zone or account.
var (
	// ErrAccessKeyTaken is returned when an access key of the world belongs to an account outside
	// it.
	ErrAccessKeyTaken = errors.New("world: access key belongs to another account")
	// ErrZoneElsewhere is returned when a zone that the world declares exists in another region.
	ErrZoneElsewhere = errors.New("world: zone lies in another region")
	// ErrAccountTaken is returned when an account to create exists.
	ErrAccountTaken = errors.New("world: account exists")
	// ErrNoAccount is returned when an account to reset, or to save a snapshot of, does not exist.
	ErrNoAccount = errors.New("world: account does not exist")
)

// Applied counts the rows that Apply wrote, for each table that it changed.
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

// Apply makes every account of the world equal to it, its clock included, in one transaction. It does not change
// other accounts. Applying the same world again writes nothing: a transient row that is not yet due
// keeps its due time. The location of a resource (its region, zone, VPC or VSwitch) never changes
// in the real cloud. So a resource with another location counts as another resource with the same
// id: it is deleted and inserted.
//
// It locks the ids of the accounts first, so that at most one Apply of an account runs at a
// time. Then it takes row locks in the lock order. So an attach in flight ends before its rows are
// compared, and a later one sees the new world. An error leaves everything unchanged. The exception
// is ErrOutcomeUnknown, after which it is safe to apply the world again.
func Apply(ctx context.Context, s *store.Store, w *World, now time.Time) (Applied, error) {
	return applyInMode(ctx, s, w, now, replaceAccounts, nil)
}

// ApplyWithProgress is Apply with reports of its progress. It calls onProgress from one
// goroutine at a time.
func ApplyWithProgress(
	ctx context.Context, s *store.Store, w *World, now time.Time, onProgress func(Progress),
) (Applied, error) {
	return applyInMode(ctx, s, w, now, replaceAccounts, onProgress)
}

// Create is Apply for accounts that do not exist yet. If one exists, it returns
// ErrAccountTaken.
func Create(ctx context.Context, s *store.Store, w *World, now time.Time) (Applied, error) {
	return applyInMode(ctx, s, w, now, createAccounts, nil)
}

// Reset is Apply for accounts that exist. They keep their identity: name, quota, access
// keys, and the RAM users that have access keys. The world must have no access keys of its own. If
// an account does not exist, it returns ErrNoAccount.
func Reset(ctx context.Context, s *store.Store, w *World, now time.Time) (Applied, error) {
	return applyInMode(ctx, s, w, now, resetAccounts, nil)
}

// applyMode says which accounts of a world may exist already.
type applyMode int

const (
	replaceAccounts applyMode = iota // they may exist or not
	createAccounts                   // they must not exist
	resetAccounts                    // they must exist, and keep their identity
)

// applyInMode applies a world in a transaction of its own, and then refreshes the planner's
// statistics if much has changed.
func applyInMode(
	ctx context.Context, s *store.Store, w *World, now time.Time, mode applyMode, onProgress func(Progress),
) (Applied, error) {
	var applied Applied
	p := newProgress(w, onProgress)
	for {
		// First announce the clocks that change. The wait moves the time on. An account that is
		// created needs no announcement.
		if mode != createAccounts {
			err := AnnounceClocks(ctx, s, w, now, func(ctx context.Context, ids []string) error {
				now = now.Add(store.MaxIdentityAge)
				return awaitServers(ctx, ids)
			})
			if err != nil {
				return Applied{}, fmt.Errorf("announce clocks: %w", err)
			}
		}
		// Then apply the world, again if an operator has changed a clock meanwhile.
		err := s.LargeTx(ctx, pgx.TxOptions{}, func(tx pgx.Tx) (err error) {
			if applied, err = applyWorld(ctx, tx, w, now, mode, p); err != nil {
				return err
			}
			return applied.record(ctx, tx, mode.action(), w.accountIDs(), now)
		})
		if err == nil {
			break
		}
		if !errors.Is(err, errClocksChanged) {
			return Applied{}, fmt.Errorf("apply world: %w", err)
		}
	}
	if applied.isLarge() {
		s.Analyze(ctx)
	}
	p.finish()
	return applied, nil
}

// isLarge reports whether enough rows have changed to make the planner's statistics wrong.
func (a Applied) isLarge() bool {
	sum := a.Total()
	return sum.Inserted+sum.Updated+sum.Deleted >= minRowsToAnalyze
}

// minRowsToAnalyze is the number of changed rows that is worth an ANALYZE, which costs at least 20
// ms.
const minRowsToAnalyze = 100

// applyWorld applies a world within a transaction.
func applyWorld(ctx context.Context, tx pgx.Tx, w *World, now time.Time, mode applyMode, p *progress) (Applied, error) {
	// First try the short way, for accounts that do not exist.
	if applied, done, err := applyToNewAccounts(ctx, tx, w, now, mode); done || err != nil {
		return applied, err
	}
	// Then copy the world into the staging tables, before any lock, so that requests wait as short as
	// possible. Then lock the accounts with all their rows.
	times, err := readAccountTimes(ctx, tx, w.accountIDs(), now)
	if err != nil {
		return Applied{}, err
	}
	after := w.timesAfter(times)
	if err := stageWorld(ctx, copyingTx{tx, p}, w, after, mode); err != nil {
		return Applied{}, err
	}
	if err := lockWorld(ctx, tx); err != nil {
		return Applied{}, err
	}
	if err := prepareAccounts(ctx, tx, w.accountIDs(), now, mode); err != nil {
		return Applied{}, err
	}
	if err := checkClocks(ctx, tx, w, times); err != nil {
		return Applied{}, err
	}
	// Then settle the rows that are due, so that only differences that callers would see count as
	// changes. If the world sets a clock back, rows are settled that were due before. Last, make the
	// tables equal to the staging tables.
	for _, accounts := range latest(times, after).groups(w.accountIDs()) {
		for _, sql := range settleWorld {
			// Without a cached plan, because it would refer to a staging table that is dropped at
			// commit.
			if _, err := tx.Exec(ctx, sql, pgx.QueryExecModeExec, accounts.ids, accounts.now); err != nil {
				return Applied{}, err
			}
		}
	}
	var written changeCounter
	if err := runWorldSteps(ctx, tx, &written, p); err != nil {
		return Applied{}, err
	}
	if err := replaceDisturbances(ctx, tx, w, now, &written); err != nil {
		return Applied{}, err
	}
	if err := setClocks(ctx, tx, w, times, &written); err != nil {
		return Applied{}, err
	}
	return Applied{Tables: written.changes}, nil
}

// lockWorld locks the staged accounts with all their rows, in the lock order.
func lockWorld(ctx context.Context, tx pgx.Tx) error {
	_, err := execInOneTrip(ctx, tx, []string{
		lockAccountIDs, lockClientTokens, lockAccounts, lockKeyPairs, lockVPCs, lockRouteTables, lockVSwitches,
		lockInstances, lockNetworkInterfaces, lockEIPs, lockDisks, lockSecurityGroups, lockDepartures, lockCapacity,
	})
	return err
}

// prepareAccounts prepares the locked accounts for the world, and checks that they exist or not, as
// mode requires.
func prepareAccounts(ctx context.Context, tx pgx.Tx, accountIDs []string, now time.Time, mode applyMode) error {
	// First delete the accounts that have expired, because they no longer exist for any caller.
	rows, _ := tx.Query(ctx, expiredAccounts, accountIDs, now) // CollectRows returns its error too
	expired, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err
	}
	for _, id := range expired {
		if err := store.DeleteLockedAccount(ctx, tx, id); err != nil {
			return err
		}
	}
	// Then check the rest, and copy the identity that a reset keeps into the staging tables.
	switch mode {
	case replaceAccounts: // whether they exist or not
	case createAccounts:
		return failIfFound(ctx, tx, ErrAccountTaken, `
			SELECT s.id FROM staged_accounts s
			WHERE EXISTS (SELECT FROM accounts a WHERE a.id = s.id)
			ORDER BY s.id LIMIT 1`)
	case resetAccounts:
		if err := failIfFound(ctx, tx, ErrNoAccount, `
			SELECT s.id FROM staged_accounts s
			WHERE NOT EXISTS (SELECT FROM accounts a WHERE a.id = s.id)
			ORDER BY s.id LIMIT 1`); err != nil {
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
func failIfFound(ctx context.Context, tx pgx.Tx, reason error, sql string, args ...any) error {
	var id string
	err := tx.QueryRow(ctx, sql, append([]any{pgx.QueryExecModeExec}, args...)...).Scan(&id)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return nil
	case err != nil:
		return err
	}
	return fmt.Errorf("%w: %s", reason, id)
}
