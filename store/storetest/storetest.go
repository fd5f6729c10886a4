package storetest

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"enisim/store"
)

const (
	// patience is for anything that a database is asked to do here, on a machine that has much else to do.
	patience = 3 * time.Minute
	// maxConns is small because many tests share one server's connections.
	maxConns = 10
	// poolSize is the part of a URL that only pools understand.
	poolSize = "pool_max_conns"
)

// Pool returns a pool on a fresh database, configured as the server's own (store.New accepts it). It has ten connections
// at most, unless ENISIM_TEST_DATABASE_URL says otherwise with pool_max_conns. It is closed after the test.
func Pool(t testing.TB) *pgxpool.Pool {
	t.Helper()
	address := freshDatabase(t)
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
		case <-time.After(patience):
			t.Errorf("storetest: after %v, %d connections of the pool are still in use", patience, pool.Stat().AcquiredConns())
		}
	})
	return pool
}

// URL returns the address of a fresh database, for a pool and for a single connection alike.
func URL(t testing.TB) string {
	t.Helper()
	return withoutPoolSize(freshDatabase(t)).String()
}

// withoutPoolSize removes what a single connection would take for a setting of the server.
func withoutPoolSize(address *url.URL) *url.URL {
	query := address.Query()
	query.Del(poolSize)
	bare := *address
	bare.RawQuery = encode(query)
	return &bare
}

// encode does what url.Values.Encode does, in a form that clients of Postgres read: to them a plus is a plus.
func encode(query url.Values) string { return strings.ReplaceAll(query.Encode(), "+", "%20") }

func freshDatabase(t testing.TB) *url.URL {
	t.Helper()
	server, err := shared()
	if err != nil {
		t.Fatalf("storetest: %v", err)
	}
	name := databaseName(server.schema, t.Name(), time.Now())
	if err := server.clone(name); err != nil {
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
