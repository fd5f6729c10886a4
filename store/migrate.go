package store

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"

	"enisim/migrations"
)

// migrationLock is the advisory lock under which one process at a time changes the schema: "enisim"
// in ASCII.
const migrationLock = 0x656e6973696d

// MigrationStatus tells of one migration whether it is applied.
type MigrationStatus struct {
	Version int64
	Name    string
	Applied bool
}

// Migrate brings the schema and the catalogue at a URL up to date. Servers that start together on
// an empty database wait for each other here. A database that is newer than this binary is refused.
func Migrate(ctx context.Context, url string) error {
	return migrating(ctx, url, func(conn *pgx.Conn, provider *goose.Provider) error {
		if err := refuseNewer(ctx, provider); err != nil {
			return err
		}
		if _, err := provider.Up(ctx); err != nil {
			return fmt.Errorf("migrate: %w", err)
		}
		return loadCatalogue(ctx, conn)
	})
}

// MigrateDown takes the newest migration back and returns its name, or "" when none is applied. Its
// data are lost.
func MigrateDown(ctx context.Context, url string) (string, error) {
	name := ""
	err := migrating(ctx, url, func(_ *pgx.Conn, provider *goose.Provider) error {
		if err := refuseNewer(ctx, provider); err != nil {
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

// Migrations lists the migrations of this binary and whether each is applied.
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

// HasSchema reports whether the database at a URL has tables of enisim. It changes nothing.
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

// migrating runs fn while this process alone may change the schema. The lock belongs to a
// connection of its own, so it goes with the process.
func migrating(ctx context.Context, url string, fn func(*pgx.Conn, *goose.Provider) error) error {
	pool, err := Config(url)
	if err != nil {
		return err
	}
	config := pool.ConnConfig
	delete(config.RuntimeParams, "lock_timeout") // waiting for the other server, or for a long migration, is right here
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

// refuseNewer keeps an old binary from serving, or worse migrating, a schema that it does not know.
func refuseNewer(ctx context.Context, provider *goose.Provider) error {
	database, binary, err := provider.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("read schema version: %w", err)
	}
	if database > binary {
		return fmt.Errorf("the database has schema version %d, this binary knows versions up to %d: run a newer enisim, or use another database",
			database, binary)
	}
	return nil
}

// closeDB closes the pool that goose used. It was idle by then, so there is nothing left to fail
// that matters.
func closeDB(db *sql.DB) { _ = db.Close() }
