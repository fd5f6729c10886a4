package storetest

import (
	"cmp"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"enisim.alt/store"
)

const (
	// operationTimeout limits each database operation of this package. It is long enough for a busy
	// machine.
	operationTimeout = 3 * time.Minute
	// maxConns is small because many tests share one server's connections.
	maxConns = 10
	// poolSize is the parameter of a URL that only pools understand.
	poolSize = "pool_max_conns"
)

// SkipInShortRuns skips a long test whose calls run one after another. make race is a short run: where calls do
// not meet, the race detector finds nothing, and such tests would take most of its time.
func SkipInShortRuns(t testing.TB) {
	t.Helper()
	if testing.Short() {
		t.Skip("its calls run one after another, and this is a short run")
	}
}

// Pool returns a pool on a new database, configured like that of the server, so store.New accepts
// it. It has at most ten connections, unless ENISIM_TEST_DATABASE_URL sets pool_max_conns. It is
// closed after the test.
func Pool(t testing.TB) *pgxpool.Pool {
	t.Helper()
	return newPool(t, freshDatabase(t, ""))
}

// Copy returns a pool like that of Pool on a new database, which is a copy of the database at an
// address of URL. No session may use that database. Copying rows costs less than applying a world.
func Copy(t testing.TB, address string) *pgxpool.Pool {
	t.Helper()
	source, err := url.Parse(address)
	if err != nil {
		t.Fatal("storetest: not an address of URL")
	}
	return newPool(t, freshDatabase(t, strings.TrimPrefix(source.Path, "/")))
}

// newPool returns a pool on a database, which is closed after the test.
func newPool(t testing.TB, address *url.URL) *pgxpool.Pool {
	t.Helper()
	config, err := store.Config(address.String())
	if err != nil {
		t.Fatalf("storetest: %v", err)
	}
	if !address.Query().Has(poolSize) {
		config.MaxConns = maxConns
	}
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	if err != nil {
		t.Fatalf("storetest: %v", err)
	}
	t.Cleanup(func() {
		closed := make(chan struct{})
		go func() {
			pool.Close()
			close(closed)
		}()
		select {
		case <-closed:
		case <-time.After(operationTimeout):
			t.Errorf("storetest: after %v, %d connections of the pool are still in use",
				operationTimeout, pool.Stat().AcquiredConns())
		}
	})
	return pool
}

// URL returns the address of a new database. It is valid for a pool and for a single connection.
func URL(t testing.TB) string {
	t.Helper()
	return withoutPoolSize(freshDatabase(t, "")).String()
}

// withoutPoolSize returns the address without the pool's size, which a single connection would take
// for a setting of the server.
func withoutPoolSize(address *url.URL) *url.URL {
	query := address.Query()
	query.Del(poolSize)
	bare := *address
	bare.RawQuery = encode(query)
	return &bare
}

// encode is url.Values.Encode for clients of Postgres, which do not decode a plus as a space.
func encode(query url.Values) string { return strings.ReplaceAll(query.Encode(), "+", "%20") }

// freshDatabase creates the database of a test and returns its address. It is a clone of another
// database, or of the template if source is empty. It is dropped after the test, unless the test
// fails.
func freshDatabase(t testing.TB, source string) *url.URL {
	t.Helper()
	server, err := shared()
	if err != nil {
		t.Fatalf("storetest: %v", err)
	}
	name := databaseName(server.schema, t.Name(), time.Now())
	if err := server.clone(name, cmp.Or(source, templateName(server.schema))); err != nil {
		t.Fatalf("storetest: %v", err)
	}
	address := server.database(name)
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("storetest: the database is kept for a day: psql '%s' %s", address, server.at.Later)
			return
		}
		if err := server.drop(name); err != nil {
			t.Errorf("storetest: %v", err)
		}
	})
	return address
}
