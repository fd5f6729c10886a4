package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// CreateDatabase creates a database on the server at a URL, whose user must have the right to do
// so. It is a copy of the database original, or empty if original is "". No session may be
// connected to the original.
func CreateDatabase(ctx context.Context, url, name, original string) error {
	return administer(ctx, url, func(conn *pgx.Conn) error {
		sql := `CREATE DATABASE ` + pgx.Identifier{name}.Sanitize()
		if original != "" {
			sql += ` TEMPLATE ` + pgx.Identifier{original}.Sanitize()
		}
		var durable string
		if err := conn.QueryRow(ctx, `SELECT current_setting('fsync')`).Scan(&durable); err != nil {
			return err
		}
		if durable == "off" {
			// This strategy is faster, but only without fsync, which would wait for the disk once
			// for each of some 300 files.
			sql += ` STRATEGY file_copy`
		}
		_, err := conn.Exec(ctx, sql)
		return err
	})
}

// DropDatabase drops a database of the server at a URL, and ends its sessions. It is no error if
// the database does not exist.
func DropDatabase(ctx context.Context, url, name string) error {
	return administer(ctx, url, func(conn *pgx.Conn) error {
		_, err := conn.Exec(ctx, `DROP DATABASE IF EXISTS `+pgx.Identifier{name}.Sanitize()+` WITH (FORCE)`)
		return err
	})
}

// DatabasesWith returns the databases of the server at a URL whose names start with prefix and that
// have no sessions.
func DatabasesWith(ctx context.Context, url, prefix string) ([]string, error) {
	var names []string
	err := administer(ctx, url, func(conn *pgx.Conn) error {
		rows, _ := conn.Query(ctx, `
			SELECT datname FROM pg_database
			WHERE starts_with(datname, $1)
			  AND NOT EXISTS (SELECT FROM pg_stat_activity s WHERE s.datname = pg_database.datname)
			ORDER BY datname`, prefix) // CollectRows returns its error too
		var err error
		names, err = pgx.CollectRows(rows, pgx.RowTo[string])
		return err
	})
	return names, err
}

// administer calls fn with a connection of its own, because these statements cannot run in a
// transaction.
func administer(ctx context.Context, url string, fn func(*pgx.Conn) error) error {
	pool, err := Config(url)
	if err != nil {
		return err
	}
	config := pool.ConnConfig
	// No timeouts: files are copied and removed, and other such statements may come first.
	delete(config.RuntimeParams, "statement_timeout")
	delete(config.RuntimeParams, "lock_timeout")
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return fmt.Errorf("connect to the database: %w", err)
	}
	defer conn.Close(context.WithoutCancel(ctx))
	err = fn(conn)
	var pg *pgconn.PgError
	if errors.As(err, &pg) && pg.Code == "42501" { // insufficient_privilege
		return fmt.Errorf("%w (let the user make databases: ALTER ROLE %s CREATEDB)",
			err, pgx.Identifier{config.User}.Sanitize())
	}
	return err
}
