package world

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"enisim.alt/migrations"
	"enisim.alt/store"
)

// Errors of a snapshot that cannot be restored or deleted. Nothing was written.
var (
	// ErrNoSnapshot is returned when the account has no snapshot of that name.
	ErrNoSnapshot = errors.New("world: no such snapshot")
	// ErrOldSnapshot is returned when the snapshot was saved under another schema.
	ErrOldSnapshot = errors.New("world: snapshot of another schema")
)

// Snapshot describes the saved state of an account: all its resources, without its keys, users and
// quotas.
type Snapshot struct {
	AccountID, Name string
	Resources       int // number of VPCs, VSwitches, groups, instances, interfaces, data disks, EIPs and key pairs
	CreatedAt       time.Time
}

// snapshotTable is one of the tables that hold the resources of an account.
type snapshotTable struct {
	name  string
	owner string // the column with the account's id
}

var snapshotTables = []snapshotTable{
	{"instance_types", "owner_id"},
	{"vpcs", "account_id"},
	{"vswitches", "account_id"},
	{"security_groups", "account_id"},
	{"instances", "account_id"},
	{"network_interfaces", "account_id"},
	{"attachments", "account_id"},
	{"private_ip_addresses", "account_id"},
	{"network_interface_security_groups", "account_id"},
	{"ip_prefixes", "account_id"},
	{"security_group_rules", "account_id"},
	{"route_tables", "account_id"},
	{"route_table_associations", "account_id"},
	{"route_entries", "account_id"},
	{"key_pairs", "account_id"},
	{"disks", "account_id"},
	{"eips", "account_id"},
	{"eip_associations", "account_id"},
}

// The statements of each table. They are formatted with names from snapshotTables only. Their
// arguments are the account and the snapshot. A piece has at most a thousand rows.
const (
	saveRows = `
		INSERT INTO snapshot_rows (account_id, snapshot_name, of_table, piece, content)
		SELECT $1, $2, '%[1]s', piece, jsonb_agg(content)
		FROM (SELECT to_jsonb(t) AS content, row_number() OVER () / 1000 AS piece FROM %[1]s t WHERE t.%[2]s = $1) saved
		GROUP BY piece`

	restoreRows = `
		INSERT INTO staged_%[1]s
		SELECT r.*
		FROM snapshot_rows s
		CROSS JOIN jsonb_populate_recordset(NULL::%[1]s, s.content) r
		WHERE s.account_id = $1 AND s.snapshot_name = $2 AND s.of_table = '%[1]s'`
)

// saveSQL returns the statement that saves the rows of an account.
func (t snapshotTable) saveSQL() string { return fmt.Sprintf(saveRows, t.name, t.owner) }

// restoreSQL returns the statement that copies the saved rows into the staging table.
func (t snapshotTable) restoreSQL() string { return fmt.Sprintf(restoreRows, t.name) }

// SaveSnapshot saves the resources of an account, in place of an older snapshot of the same name.
// It reads all tables in one database snapshot, and takes no lock that a request would wait for.
func SaveSnapshot(ctx context.Context, s *store.Store, accountID, name string, now time.Time) (Snapshot, error) {
	out := Snapshot{AccountID: accountID, Name: name, CreatedAt: now}
	err := s.LargeTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead}, func(tx pgx.Tx) error {
		// First replace the row of the snapshot, then save the rows of each table.
		if _, err := tx.Exec(ctx, `
			DELETE FROM snapshots WHERE account_id = $1 AND name = $2`, accountID, name); err != nil {
			return err
		}
		if err := tx.QueryRow(ctx, `
			INSERT INTO snapshots (account_id, name, schema, resources, created_at)
			SELECT $1, $2, $3,
			       (SELECT count(*) FROM vpcs WHERE account_id = $1)
			           + (SELECT count(*) FROM vswitches WHERE account_id = $1)
			           + (SELECT count(*) FROM security_groups WHERE account_id = $1)
			           + (SELECT count(*) FROM instances WHERE account_id = $1)
			           + (SELECT count(*) FROM network_interfaces WHERE account_id = $1)
			           + (SELECT count(*) FROM disks WHERE account_id = $1)
			           + (SELECT count(*) FROM eips WHERE account_id = $1)
			           + (SELECT count(*) FROM key_pairs WHERE account_id = $1),
			       $4
			FROM accounts WHERE id = $1
			RETURNING resources`, accountID, name, migrations.Hash(), now).Scan(&out.Resources); err != nil {
			if errors.Is(err, pgx.ErrNoRows) {
				return ErrNoAccount
			}
			return err
		}
		for _, table := range snapshotTables {
			if _, err := tx.Exec(ctx, table.saveSQL(), accountID, name); err != nil {
				return fmt.Errorf("save %s: %w", table.name, err)
			}
		}
		return recordSnapshot(ctx, tx, "SaveSnapshot", accountID, now, "", name)
	})
	if err != nil {
		return Snapshot{}, fmt.Errorf("save snapshot: %w", err)
	}
	return out, nil
}

// RestoreSnapshot makes an account's resources equal to a snapshot, with the same locks and steps
// as Apply. Rows that exist are updated, not replaced, so that a request that waits for one
// sees the restored state. Keys, users and quotas do not change. Client tokens are deleted, because
// their saved answers may refer to deleted resources.
func RestoreSnapshot(ctx context.Context, s *store.Store, accountID, name string, now time.Time) (Applied, error) {
	var written changeCounter
	err := s.LargeTx(ctx, pgx.TxOptions{}, func(tx pgx.Tx) error {
		// First find the snapshot. Its lock keeps it from being deleted or replaced.
		var schema string
		if err := tx.QueryRow(ctx, `
			SELECT schema FROM snapshots WHERE account_id = $1 AND name = $2 FOR SHARE`,
			accountID, name).Scan(&schema); err != nil {
			if errors.Is(err, pgx.ErrNoRows) {
				return ErrNoSnapshot
			}
			return err
		}
		if schema != migrations.Hash() {
			return ErrOldSnapshot
		}
		// Then stage the account, because lockWorld locks the staged accounts.
		if err := createNewStaging(ctx, tx); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `INSERT INTO staged_accounts SELECT * FROM accounts WHERE id = $1`,
			pgx.QueryExecModeExec, accountID); err != nil {
			return err
		}
		if err := lockWorld(ctx, tx); err != nil {
			return err
		}
		// Then stage the stored keys and users, which makes the steps leave them unchanged. This
		// has to happen under the locks.
		for _, sql := range []string{
			`INSERT INTO staged_ram_users SELECT * FROM ram_users WHERE account_id = $1`,
			`INSERT INTO staged_access_keys SELECT * FROM access_keys WHERE account_id = $1`,
		} {
			if _, err := tx.Exec(ctx, sql, pgx.QueryExecModeExec, accountID); err != nil {
				return err
			}
		}
		// Last stage the saved rows, and change the tables.
		if err := stageSnapshot(ctx, tx, accountID, name, now); err != nil {
			return err
		}
		if err := runWorldSteps(ctx, tx, &written, new(progress)); err != nil {
			return err
		}
		return recordSnapshot(ctx, tx, "RestoreSnapshot", accountID, now, "", name)
	})
	if err != nil {
		return Applied{}, fmt.Errorf("restore snapshot: %w", err)
	}
	applied := Applied{Tables: written.changes}
	if applied.isLarge() {
		s.Analyze(ctx)
	}
	return applied, nil
}

// stageSnapshot copies the saved rows of an account into the staging tables. It leaves out attachments
// whose detach is due by the account's time at the real time now: their interfaces count in no group by them.
func stageSnapshot(ctx context.Context, tx pgx.Tx, accountID, name string, now time.Time) error {
	for _, table := range snapshotTables {
		if _, err := tx.Exec(ctx, table.restoreSQL(), pgx.QueryExecModeExec, accountID, name); err != nil {
			return fmt.Errorf("stage %s: %w", table.name, err)
		}
	}
	_, err := tx.Exec(ctx, `
		DELETE FROM staged_attachments WHERE next_status = 'Available' AND settles_at <= account_now($1, $2)`,
		pgx.QueryExecModeExec, accountID, now)
	return err
}

// Snapshots returns the snapshots of an account, ordered by name.
func Snapshots(ctx context.Context, s *store.Store, accountID string) ([]Snapshot, error) {
	return store.Query(ctx, s, pgx.RowToStructByPos[Snapshot], `
		SELECT account_id, name, resources, created_at FROM snapshots WHERE account_id = $1 ORDER BY name`, accountID)
}

// DeleteSnapshot deletes a snapshot.
func DeleteSnapshot(ctx context.Context, s *store.Store, accountID, name string, now time.Time) error {
	return s.LargeTx(ctx, pgx.TxOptions{}, func(tx pgx.Tx) error {
		deleted, err := tx.Exec(ctx, `DELETE FROM snapshots WHERE account_id = $1 AND name = $2`, accountID, name)
		switch {
		case err != nil:
			return err
		case deleted.RowsAffected() == 0:
			return ErrNoSnapshot
		}
		return recordSnapshot(ctx, tx, "DeleteSnapshot", accountID, now, name, "")
	})
}
