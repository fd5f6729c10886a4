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

	"enisim/migrations"
	"enisim/store"
	"enisim/store/catalogue"
)

// server is the Postgres that all tests of this process share.
type server struct {
	at     location
	url    *url.URL
	schema string // fingerprint of what the template holds

	strategy string // the end of a CREATE DATABASE that clones

	// admin holds the advisory lock that says that this schema is in use; so it stays open while the process lives. It
	// is one connection and not a pool, which would keep goroutines that leak detectors in tests complain of.
	admin *pgx.Conn

	mu sync.Mutex // held while a database is made or dropped: Postgres does one at a time fastest
}

// shared returns the server, which the first caller connects to.
var shared = sync.OnceValues(func() (*server, error) {
	ctx, cancel := context.WithTimeout(context.Background(), startPatience)
	defer cancel()
	found, err := findServer(ctx)
	if err != nil {
		return nil, err
	}
	return open(ctx, found, schemaFingerprint(), store.Migrate)
})

// schemaFingerprint changes with everything that store.Migrate puts into an empty database.
func schemaFingerprint() string {
	sum := sha256.New()
	sum.Write([]byte(migrations.Hash()))
	for _, part := range []any{catalogue.Regions(), catalogue.InstanceTypes()} {
		if err := json.NewEncoder(sum).Encode(part); err != nil {
			panic(err) // plain structs always encode, and a hash takes everything
		}
	}
	return hex.EncodeToString(sum.Sum(nil))[:fingerprintLength]
}

// buildLock is the advisory lock under which templates are made and old databases dropped. It is of the two-number kind,
// so it never is a schema's lock.
const buildLock = `(1701734761, 1)`

// open connects to a server and makes sure of the template.
func open(ctx context.Context, at location, schema string, migrate func(ctx context.Context, url string) error) (*server, error) {
	address, err := url.Parse(at.URL)
	if err != nil {
		return nil, errors.New("ENISIM_TEST_DATABASE_URL is not a URL") // the error of url.Parse would show the password
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

// chooseStrategy has files copied where that is the faster way: without fsync. Elsewhere each of some 300 files would be
// synchronised, and the default of Postgres, to write them to the log, is better. Before 15 there was no choice.
func (s *server) chooseStrategy(ctx context.Context) error {
	var copyFiles bool
	err := s.admin.QueryRow(ctx, `
		SELECT current_setting('fsync') = 'off' AND current_setting('server_version_num')::int >= 150000`).Scan(&copyFiles)
	if copyFiles {
		s.strategy = ` STRATEGY file_copy`
	}
	return err
}

// ensureTemplate makes the template under another name, so that a template is complete if it is there.
func (s *server) ensureTemplate(ctx context.Context, migrate func(ctx context.Context, url string) error) error {
	template, building := identifier(templateName(s.schema)), identifier(buildingName(s.schema))
	var exists bool
	err := s.admin.QueryRow(ctx, `SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)`, templateName(s.schema)).Scan(&exists)
	if err != nil || exists {
		return err
	}
	for _, sql := range []string{
		`DROP DATABASE IF EXISTS ` + building + ` WITH (FORCE)`, // its maker was killed
		`CREATE DATABASE ` + building,
	} {
		if _, err := s.admin.Exec(ctx, sql); err != nil {
			return err
		}
	}
	if err := migrate(ctx, s.database(buildingName(s.schema)).String()); err != nil {
		return err
	}
	for _, sql := range []string{
		`ALTER DATABASE ` + building + ` ALLOW_CONNECTIONS false`, // a session in it would be in the way of clones
		`ALTER DATABASE ` + building + ` RENAME TO ` + template,
	} {
		if _, err := s.admin.Exec(ctx, sql); err != nil {
			return err
		}
	}
	return nil
}

// clone makes a test database.
func (s *server) clone(name string) error {
	return s.execute("clone the template database", `CREATE DATABASE `+identifier(name)+` TEMPLATE `+identifier(templateName(s.schema))+s.strategy)
}

// drop drops a test database, and the sessions that a test left in it.
func (s *server) drop(name string) error {
	return s.execute("drop the test database", `DROP DATABASE IF EXISTS `+identifier(name)+` WITH (FORCE)`)
}

// execute runs a statement over a connection of its own, so that one that fails or takes too long fails one test only. Waiting for the statements of
// others does not count towards its time.
func (s *server) execute(what, sql string) (err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
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

func identifier(name string) string { return pgx.Identifier{name}.Sanitize() }

// lockOf is the advisory lock that users of a schema share.
func lockOf(schema string) int64 {
	key, err := strconv.ParseInt(schema, 16, 64)
	if err != nil {
		panic(err) // a fingerprint is made, or was matched, as hexadecimal
	}
	return key
}
