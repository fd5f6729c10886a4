package store

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"

	"enisim.alt/migrations"
)

// migrationLock is the advisory lock under which one process at a time changes the schema: "enisim"
// in ASCII.
const migrationLock = 0x656e6973696d

// MigrationStatus reports whether a migration is applied.
type MigrationStatus struct {
	Version int64
	Name    string
	Applied bool
}

// Migrate brings the schema and the catalogue of the database at a URL up to date. Servers that
// start at the same time on an empty database wait for each other here. It fails if the schema is
// newer than this binary.
func Migrate(ctx context.Context, url string) error {
	return migrating(ctx, url, func(conn *pgx.Conn, provider *goose.Provider) error {
		if err := refuseUnknown(ctx, conn, provider); err != nil {
			return err
		}
		if _, err := provider.Up(ctx); err != nil {
			return fmt.Errorf("migrate: %w", err)
		}
		return loadCatalogue(ctx, conn)
	})
}

// MigrateDown reverts the newest migration and returns its name, or "" if none is applied. The data
// of its tables and columns are lost.
func MigrateDown(ctx context.Context, url string) (string, error) {
	name := ""
	err := migrating(ctx, url, func(conn *pgx.Conn, provider *goose.Provider) error {
		if err := refuseUnknown(ctx, conn, provider); err != nil {
			return err
		}
		if version, err := provider.GetDBVersion(ctx); err != nil || version == 0 {
			return err
		}
		result, err := provider.Down(ctx)
		if err != nil {
			return fmt.Errorf("migrate down: %w", err)
		}
		name = result.Source.Path
		return nil
	})
	return name, err
}

// Migrations returns the migrations of this binary, and whether each is applied.
func Migrations(ctx context.Context, url string) ([]MigrationStatus, error) {
	var out []MigrationStatus
	err := migrating(ctx, url, func(_ *pgx.Conn, provider *goose.Provider) error {
		rows, err := provider.Status(ctx)
		for _, row := range rows {
			out = append(out, MigrationStatus{row.Source.Version, row.Source.Path, row.State == goose.StateApplied})
		}
		return err
	})
	return out, err
}

// HasSchema reports whether the database at a URL has the tables of enisim. It changes nothing.
func HasSchema(ctx context.Context, url string) (bool, error) {
	pool, err := Config(url)
	if err != nil {
		return false, err
	}
	conn, err := pgx.ConnectConfig(ctx, pool.ConnConfig)
	if err != nil {
		return false, connectFailure(pool.ConnConfig, err)
	}
	defer conn.Close(context.WithoutCancel(ctx))
	var has bool
	err = conn.QueryRow(ctx, `SELECT to_regclass('goose_db_version') IS NOT NULL`).Scan(&has)
	return has, err
}

// migrating runs fn while no other process may change the schema. The lock belongs to a connection
// of its own, so it is released when the process dies.
func migrating(ctx context.Context, url string, fn func(*pgx.Conn, *goose.Provider) error) error {
	pool, err := Config(url)
	if err != nil {
		return err
	}
	config := pool.ConnConfig
	// No timeouts: it has to wait for a migration by another server, and its own may take long.
	delete(config.RuntimeParams, "lock_timeout")
	delete(config.RuntimeParams, "statement_timeout")
	delete(config.RuntimeParams, "idle_in_transaction_session_timeout")
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return connectFailure(config, err)
	}
	defer conn.Close(context.WithoutCancel(ctx))
	if _, err := conn.Exec(ctx, `SELECT pg_advisory_lock($1)`, int64(migrationLock)); err != nil {
		return fmt.Errorf("wait for another migration: %w", err)
	}
	db := stdlib.OpenDB(*config)
	defer closeDB(db)
	provider, err := goose.NewProvider(goose.DialectPostgres, db, migrations.FS)
	if err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	return fn(conn, provider)
}

// refuseUnknown returns an error if the database has a migration that this binary does not have: it
// is newer, or was made by a development version. Otherwise a binary would serve or even migrate a
// schema that it does not know.
func refuseUnknown(ctx context.Context, conn *pgx.Conn, provider *goose.Provider) error {
	_, newest, err := provider.GetVersions(ctx) // creates the table of versions if there is none
	if err != nil {
		return fmt.Errorf("read schema version: %w", err)
	}
	known := []int64{0} // the row that marks an empty schema
	for _, source := range provider.ListSources() {
		known = append(known, source.Version)
	}
	var unknown *int64
	if err := conn.QueryRow(ctx, `
		SELECT max(version_id) FROM goose_db_version WHERE is_applied AND version_id <> ALL ($1)`, known).
		Scan(&unknown); err != nil {
		return fmt.Errorf("read schema version: %w", err)
	}
	if unknown != nil {
		return fmt.Errorf("the database has schema version %d, this binary knows versions up to %d: "+
			"run a newer enisim, or use another database "+
			"(one of a version before the first release has to be made anew)",
			*unknown, newest)
	}
	return nil
}

// closeDB closes the pool that goose has used. The pool is idle by then, so an error does not
// matter.
func closeDB(db *sql.DB) { _ = db.Close() }
