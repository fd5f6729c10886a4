package storetest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// maxAge is how long a test database of the current schema is kept, so that a failure can be
// investigated.
const maxAge = 24 * time.Hour

// prune drops the databases that will not be used again. The caller holds the build lock.
func (s *server) prune(ctx context.Context) error {
	rows, err := s.admin.Query(ctx, `SELECT datname FROM pg_database WHERE datname LIKE 'enisim\_%'`)
	if err != nil {
		return err
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return fmt.Errorf("list test databases: %w", err)
	}
	foreign := map[string][]string{}
	for _, name := range names {
		parsed, ok := parseName(name)
		switch {
		case !ok:
		case parsed.schema != s.schema:
			foreign[parsed.schema] = append(foreign[parsed.schema], name)
		case parsed.test && time.Since(parsed.made) > maxAge:
			if err := s.dropUnused(ctx, name); err != nil {
				return err
			}
		}
	}
	for schema, names := range foreign {
		if err := s.pruneSchema(ctx, schema, names); err != nil {
			return err
		}
	}
	return nil
}

// pruneSchema drops all databases of another schema, unless a test process holds the schema's lock.
// A test process of that schema may start at the same time. It waits for the build lock after it
// has got the schema's lock, and then creates its template again.
func (s *server) pruneSchema(ctx context.Context, schema string, names []string) (err error) {
	var free bool
	err = s.admin.QueryRow(ctx, `SELECT pg_try_advisory_lock($1)`, lockOf(schema)).Scan(&free)
	if err != nil || !free {
		return err
	}
	defer func() {
		_, unlockErr := s.admin.Exec(ctx, `SELECT pg_advisory_unlock($1)`, lockOf(schema))
		err = errors.Join(err, unlockErr)
	}()
	for _, name := range names {
		if err := s.dropUnused(ctx, name); err != nil {
			return err
		}
	}
	return nil
}

// dropUnused drops a database, unless it has a session, for example of a developer who looks for a
// bug.
func (s *server) dropUnused(ctx context.Context, name string) error {
	var sessions int
	if err := s.admin.QueryRow(ctx, `
		SELECT count(*) FROM pg_stat_activity WHERE datname = $1`, name).Scan(&sessions); err != nil {
		return err
	}
	if sessions > 0 {
		return nil
	}
	_, err := s.admin.Exec(ctx, `DROP DATABASE IF EXISTS `+identifier(name))
	var pgErr *pgconn.PgError
	if errors.As(err, &pgErr) && pgErr.Code == "55006" { // object_in_use: a session has just connected
		return nil
	}
	return err
}
