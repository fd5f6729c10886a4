package enisimtest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"enisim.alt/store"
	"enisim.alt/store/pglocal"
)

const urlVariable = "ENISIM_TEST_DATABASE_URL"

// settings trade durability, which tests do not need, for speed. Many tests at once have a few
// connections each.
var settings = map[string]string{
	"fsync":            "off",
	"full_page_writes": "off",
	"max_connections":  "400",
}

// maxConnections is the maximum number of connections of one server.
const maxConnections = 8

// postgres is the database server of this process, which runs while a test uses it.
type postgres struct {
	url      string          // of a database that exists
	local    *pglocal.Server // nil where the environment names one
	original string          // the database that those of the tests are copies of
}

// shared is the server of this process, and the number of its users.
var shared struct {
	mu    sync.Mutex
	users int
	*postgres
}

// acquirePostgres returns the shared server, and starts it for the first user.
func acquirePostgres(ctx context.Context) (*postgres, error) {
	shared.mu.Lock()
	defer shared.mu.Unlock()
	if shared.users == 0 {
		pg, err := startPostgres(ctx)
		if err != nil {
			return nil, err
		}
		shared.postgres = pg
	}
	shared.users++
	return shared.postgres, nil
}

// releasePostgres ends one use of the shared server.
func releasePostgres(ctx context.Context) error {
	shared.mu.Lock()
	defer shared.mu.Unlock()
	if shared.users--; shared.users > 0 {
		return nil
	}
	return shared.stop(ctx)
}

func startPostgres(ctx context.Context) (_ *postgres, err error) {
	pg := &postgres{url: os.Getenv(urlVariable), original: newName()}
	if pg.url == "" {
		dir := filepath.Join(pglocal.ScratchDir(), "enisimtest-"+strconv.Itoa(os.Getuid()))
		if pg.local, err = pglocal.Start(ctx, pglocal.Options{DataDir: dir, Settings: settings}); err != nil {
			return nil, err
		}
		pg.url = pg.local.URL()
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, pg.stop(context.WithoutCancel(ctx)))
		}
	}()
	if err := pg.dropExpired(ctx); err != nil {
		return nil, fmt.Errorf("drop what earlier tests left: %w", err)
	}
	if err := store.CreateDatabase(ctx, pg.url, pg.original, ""); err != nil {
		return nil, fmt.Errorf("make a database: %w", err)
	}
	address, err := pg.database(pg.original)
	if err != nil {
		return nil, err
	}
	return pg, store.Migrate(ctx, address)
}

// stop drops the databases of this process, and stops Postgres if no other process uses it.
func (pg *postgres) stop(ctx context.Context) error {
	err := store.DropDatabase(ctx, pg.url, pg.original)
	if pg.local != nil {
		err = errors.Join(err, pg.local.Stop(ctx))
	}
	return err
}

// database returns the address of a database on the server.
func (pg *postgres) database(name string) (string, error) {
	address, err := url.Parse(pg.url)
	if err != nil {
		return "", fmt.Errorf("%s is not a URL", urlVariable) // the error of url.Parse would show the password
	}
	address.Path = "/" + name
	address.RawQuery = strings.TrimPrefix(address.RawQuery+"&pool_max_conns="+strconv.Itoa(maxConnections), "&")
	return address.String(), nil
}

const (
	prefix = "enisimtest_"
	// retention is how long the database of a killed test is kept.
	retention = 24 * time.Hour
)

// newName returns a new name of a database, which includes the time.
func newName() string {
	return fmt.Sprintf("%s%d_%s", prefix, time.Now().Unix(), strings.ToLower(rand.Text()[:12]))
}

// dropExpired drops old databases of killed tests.
func (pg *postgres) dropExpired(ctx context.Context) error {
	names, err := store.DatabasesWith(ctx, pg.url, prefix)
	if err != nil {
		return err
	}
	for _, name := range names {
		made, _, _ := strings.Cut(strings.TrimPrefix(name, prefix), "_")
		seconds, err := strconv.ParseInt(made, 10, 64)
		if err != nil || time.Since(time.Unix(seconds, 0)) < retention {
			continue
		}
		if err := store.DropDatabase(ctx, pg.url, name); err != nil {
			return err
		}
	}
	return nil
}
