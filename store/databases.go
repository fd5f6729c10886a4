package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// CreateDatabase makes a database on the server at a URL, whose user must be allowed to: a copy of another one, or an empty one where the original is "".
// Nobody may be connected to the original.
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
			sql += ` STRATEGY file_copy` // the faster way where it does not wait for the disk once for each of some 300 files
		}
		_, err := conn.Exec(ctx, sql)
		return err
	})
}

// DropDatabase drops a database of the server at a URL, and ends the sessions in it. One that is not there is well.
func DropDatabase(ctx context.Context, url, name string) error {
	return administer(ctx, url, func(conn *pgx.Conn) error {
		_, err := conn.Exec(ctx, `DROP DATABASE IF EXISTS `+pgx.Identifier{name}.Sanitize()+` WITH (FORCE)`)
		return err
	})
}

// DatabasesWith lists the databases of the server at a URL whose name begins so, and in which nobody is.
func DatabasesWith(ctx context.Context, url, prefix string) ([]string, error) {
	var names []string
	err := administer(ctx, url, func(conn *pgx.Conn) error {
		rows, _ := conn.Query(ctx, `
			SELECT datname FROM pg_database
			WHERE starts_with(datname, $1) AND NOT EXISTS (SELECT FROM pg_stat_activity s WHERE s.datname = pg_database.datname)
			ORDER BY datname`, prefix) // CollectRows reports the error of the query too
		var err error
		names, err = pgx.CollectRows(rows, pgx.RowTo[string])
		return err
	})
	return names, err
}

// administer does something about databases on a connection of its own, as none of these statements goes in a transaction.
func administer(ctx context.Context, url string, do func(*pgx.Conn) error) error {
	pool, err := Config(url)
	if err != nil {
		return err
	}
	config := pool.ConnConfig
	delete(config.RuntimeParams, "statement_timeout") // files are copied and removed, and others may be in line
	delete(config.RuntimeParams, "lock_timeout")
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return fmt.Errorf("connect to the database: %w", err)
	}
	defer conn.Close(context.WithoutCancel(ctx))
	err = do(conn)
	var pg *pgconn.PgError
	if errors.As(err, &pg) && pg.Code == "42501" { // insufficient_privilege
		return fmt.Errorf("%w (let the user make databases: ALTER ROLE %s CREATEDB)", err, pgx.Identifier{config.User}.Sanitize())
	}
	return err
}
