package storetest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"sync"

	"github.com/jackc/pgx/v5"

	"enisim.alt/migrations"
	"enisim.alt/store"
	"enisim.alt/store/catalogue"
)

// server is the Postgres server that all tests of this process share.
type server struct {
	at     location
	url    *url.URL
	schema string // fingerprint of the template's contents

	cloneStrategy string // last clause of a CREATE DATABASE that clones

	// admin holds the advisory lock that marks this schema as used, so it stays open as long as the
	// process runs. It is a single connection, because a pool would have goroutines, which leak
	// detectors in tests report.
	admin *pgx.Conn

	mu sync.Mutex // held while a database is created or dropped: Postgres is fastest if it does one at a time
}

// shared returns the server. The first call connects to it.
var shared = sync.OnceValues(func() (*server, error) {
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	found, err := findServer(ctx)
	if err != nil {
		return nil, err
	}
	return open(ctx, found, schemaFingerprint(), store.Migrate)
})

// schemaFingerprint returns a hash of everything that store.Migrate writes into an empty database.
func schemaFingerprint() string {
	sum := sha256.New()
	sum.Write([]byte(migrations.Hash()))
	for _, part := range []any{catalogue.Regions(), catalogue.InstanceTypes()} {
		if err := json.NewEncoder(sum).Encode(part); err != nil {
			panic(err) // cannot happen: plain structs can always be encoded, and a hash accepts all bytes
		}
	}
	return hex.EncodeToString(sum.Sum(nil))[:fingerprintLength]
}

// buildLock is the advisory lock under which templates are created and old databases are dropped.
// Its key has two numbers, so it never equals the key of a schema.
const buildLock = `(1701734761, 1)`

// open connects to a server, and creates the template if it is missing.
func open(
	ctx context.Context, at location, schema string, migrate func(ctx context.Context, url string) error,
) (*server, error) {
	address, err := url.Parse(at.URL)
	if err != nil {
		// The error of url.Parse would show the password.
		return nil, errors.New("ENISIM_TEST_DATABASE_URL is not a URL")
	}
	s := &server{at: at, url: address, schema: schema}
	if s.admin, err = pgx.Connect(ctx, withoutPoolSize(address).String()); err != nil {
		return nil, fmt.Errorf("connect to the test server: %w", err)
	}
	if err := s.prepare(ctx, migrate); err != nil {
		return nil, errors.Join(err, s.admin.Close(ctx))
	}
	return s, nil
}

// prepare marks the schema as used, creates the template if it is missing, and prunes old
// databases.
func (s *server) prepare(ctx context.Context, migrate func(ctx context.Context, url string) error) (err error) {
	if _, err := s.admin.Exec(ctx, `SELECT pg_advisory_lock_shared($1)`, lockOf(s.schema)); err != nil {
		return fmt.Errorf("lock schema %s: %w", s.schema, err)
	}
	if _, err := s.admin.Exec(ctx, `SELECT pg_advisory_lock`+buildLock); err != nil {
		return fmt.Errorf("wait for another process to make the template: %w", err)
	}
	defer func() {
		_, unlockErr := s.admin.Exec(ctx, `SELECT pg_advisory_unlock`+buildLock)
		err = errors.Join(err, unlockErr)
	}()
	if err := s.ensureTemplate(ctx, migrate); err != nil {
		return fmt.Errorf("make the template database: %w", err)
	}
	if err := s.chooseStrategy(ctx); err != nil {
		return fmt.Errorf("read settings: %w", err)
	}
	return s.prune(ctx)
}

// chooseStrategy makes clones copy files if fsync is off, because that is faster then. With fsync,
// each of some 300 files would be synced. Then the default of Postgres is faster, which writes them
// to the WAL. Before Postgres 15 there is no choice.
func (s *server) chooseStrategy(ctx context.Context) error {
	var copyFiles bool
	err := s.admin.QueryRow(ctx, `
		SELECT current_setting('fsync') = 'off'
		   AND current_setting('server_version_num')::int >= 150000`).Scan(&copyFiles)
	if copyFiles {
		s.cloneStrategy = ` STRATEGY file_copy`
	}
	return err
}

// ensureTemplate creates the template if it is missing. It builds the template under another name
// and then renames it, so that an existing template is always complete.
func (s *server) ensureTemplate(ctx context.Context, migrate func(ctx context.Context, url string) error) error {
	template, building := identifier(templateName(s.schema)), identifier(buildingName(s.schema))
	var exists bool
	err := s.admin.QueryRow(ctx, `SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)`,
		templateName(s.schema)).Scan(&exists)
	if err != nil || exists {
		return err
	}
	// First create an empty database and migrate it.
	for _, sql := range []string{
		`DROP DATABASE IF EXISTS ` + building + ` WITH (FORCE)`, // left by a process that was killed
		`CREATE DATABASE ` + building,
	} {
		if _, err := s.admin.Exec(ctx, sql); err != nil {
			return err
		}
	}
	if err := migrate(ctx, s.database(buildingName(s.schema)).String()); err != nil {
		return err
	}
	// Then make it the template. The rename comes last, because it is what other processes look
	// for.
	for _, sql := range []string{
		`ALTER DATABASE ` + building + ` ALLOW_CONNECTIONS false`, // a session in the template would prevent clones
		`ALTER DATABASE ` + building + ` RENAME TO ` + template,
	} {
		if _, err := s.admin.Exec(ctx, sql); err != nil {
			return err
		}
	}
	return nil
}

// clone creates a test database as a copy of another database.
func (s *server) clone(name, source string) error {
	return s.execute("clone database "+source,
		`CREATE DATABASE `+identifier(name)+` TEMPLATE `+identifier(source)+s.cloneStrategy)
}

// drop drops a test database, and ends the sessions that a test has left in it.
func (s *server) drop(name string) error {
	return s.execute("drop the test database", `DROP DATABASE IF EXISTS `+identifier(name)+` WITH (FORCE)`)
}

// execute runs a statement over a connection of its own, so that a statement that fails or takes
// too long fails only one test. Its timeout does not include the wait for other statements.
func (s *server) execute(what, sql string) (err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), operationTimeout)
	defer cancel()
	conn, err := pgx.ConnectConfig(ctx, s.admin.Config())
	if err == nil {
		_, err = conn.Exec(ctx, sql)
		err = errors.Join(err, conn.Close(ctx))
	}
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

// database returns the address of a database on the server.
func (s *server) database(name string) *url.URL {
	address := *s.url
	address.Path = "/" + name
	return &address
}

// identifier quotes a name for SQL.
func identifier(name string) string { return pgx.Identifier{name}.Sanitize() }

// lockOf returns the key of the advisory lock that the users of a schema share.
func lockOf(schema string) int64 {
	key, err := strconv.ParseInt(schema, 16, 64)
	if err != nil {
		panic(err) // cannot happen: a fingerprint is always hexadecimal
	}
	return key
}
