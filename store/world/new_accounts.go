package world

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

// applyToNewAccounts applies a small world within a transaction if none of its accounts exists: it
// copies the rows into their tables, without staging tables and comparisons. That takes a third of the
// statements. It reports false, and has written nothing, if an account exists or the world is large.
func applyToNewAccounts(
	ctx context.Context, tx pgx.Tx, w *World, now time.Time, mode applyMode,
) (_ Applied, done bool, err error) {
	if mode == resetAccounts || len(w.Accounts) == 0 || w.rows() > maxRowsToKeep {
		return Applied{}, false, nil
	}
	// First lock the ids of the accounts, so that nobody else creates them, and then look for them.
	ids := w.accountIDs()
	var exist bool
	batch := &pgx.Batch{}
	batch.Queue(lockNewAccountIDs, ids)
	batch.Queue(`SELECT EXISTS (SELECT FROM accounts WHERE id = ANY ($1))`, ids).QueryRow(
		func(row pgx.Row) error { return row.Scan(&exist) })
	if err := tx.SendBatch(ctx, batch).Close(); err != nil || exist {
		return Applied{}, false, err
	}
	// Then copy all rows. Nothing refers to an account that does not exist, so there are no others.
	// The account begins in real time.
	var written changeCounter
	times := &accountTimes{realTime: now}
	if err := copyWorld(ctx, tx, w, w.timesAfter(times), &written); err != nil {
		return Applied{}, false, err
	}
	if err := verifyNewRows(ctx, tx, w); err != nil {
		return Applied{}, false, err
	}
	// Last, count what is kept, and add what is in no table of the world.
	if len(w.GroupMemberships) > 0 {
		if _, err := tx.Exec(ctx, `SELECT recount_capacity($1)`, ids); err != nil {
			return Applied{}, false, err
		}
	}
	if len(w.VSwitches) > 0 {
		if _, err := tx.Exec(ctx, `SELECT recount_vswitches($1)`, ids); err != nil {
			return Applied{}, false, err
		}
	}
	if err := changeDisturbances(ctx, tx, w, nil, now, &written); err != nil {
		return Applied{}, false, err
	}
	if err := setClocks(ctx, tx, w, times, &written); err != nil {
		return Applied{}, false, err
	}
	return Applied{Tables: written.changes}, true, nil
}

// lockNewAccountIDs is lockAccountIDs for accounts that are not staged.
const lockNewAccountIDs = `
	SELECT pg_advisory_xact_lock(hashtextextended('enisim account ' || id, 0))
	FROM (SELECT id FROM unnest($1::text[]) AS id ORDER BY id) AS in_order`

// verifyNewRows returns the errors of verifyZones and verifyAccessKeys for a world that is not staged.
func verifyNewRows(ctx context.Context, tx pgx.Tx, w *World) error {
	var zones, regions []string
	for _, z := range w.Zones {
		zones, regions = append(zones, z.ID), append(regions, z.RegionID)
	}
	var keys, accounts []string
	for _, k := range w.AccessKeys {
		keys, accounts = append(keys, k.ID), append(accounts, k.AccountID)
	}
	if len(zones) > 0 {
		if err := failIfFound(ctx, tx, ErrZoneElsewhere, `
			SELECT s.id FROM unnest($1::text[], $2::text[]) AS s (id, region_id) JOIN zones z ON z.id = s.id
			WHERE z.region_id <> s.region_id ORDER BY s.id LIMIT 1`, zones, regions); err != nil {
			return err
		}
	}
	if len(keys) == 0 {
		return nil
	}
	return failIfFound(ctx, tx, ErrAccessKeyTaken, `
		SELECT s.id FROM unnest($1::text[], $2::text[]) AS s (id, account_id) JOIN access_keys k ON k.id = s.id
		WHERE k.account_id <> s.account_id ORDER BY s.id LIMIT 1`, keys, accounts)
}
