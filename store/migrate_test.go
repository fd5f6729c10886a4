package store_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/sync/errgroup"

	"enisim.alt/store"
	"enisim.alt/store/storetest"
)

// migratedDatabase returns the address of a new database with the newest schema, and a plain pool on it.
func migratedDatabase(t *testing.T) (url string, pool *pgxpool.Pool) {
	t.Helper()
	url = storetest.URL(t)
	pool, err := pgxpool.New(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return url, pool
}

// emptyDatabase returns the URL of a database without tables, and a pool on it.
func emptyDatabase(t *testing.T) (string, *pgxpool.Pool) {
	t.Helper()
	url, pool := migratedDatabase(t)
	if _, err := pool.Exec(t.Context(), `DROP SCHEMA public CASCADE; CREATE SCHEMA public`); err != nil {
		t.Fatal(err)
	}
	return url, pool
}

// Servers that start at the same moment migrate one after the other, and all of them start.
func TestTenServersMigrateAnEmptyDatabaseTogether(t *testing.T) {
	t.Parallel()
	url, pool := emptyDatabase(t)
	var servers errgroup.Group
	for range 10 {
		servers.Go(func() error { return store.Migrate(t.Context(), url) })
	}
	if err := servers.Wait(); err != nil {
		t.Fatalf("got %v, want no error from any of the ten", err)
	}
	var types, zones int
	if err := pool.QueryRow(t.Context(), `
		SELECT (SELECT count(*) FROM instance_types), (SELECT count(*) FROM zones)`).Scan(&types, &zones); err != nil {
		t.Fatal(err)
	}
	if types != 1237 || zones != 108 {
		t.Errorf("the catalogue: got %d types and %d zones, want 1237 and 108", types, zones)
	}
}

// A binary refuses a database that a newer binary has migrated, and names both versions.
func TestANewerDatabaseIsRefused(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	list, err := store.Migrations(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	pool, err := pgxpool.New(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	if _, err := pool.Exec(t.Context(), `
		INSERT INTO goose_db_version (version_id, is_applied) VALUES (900, true)`); err != nil {
		t.Fatal(err)
	}
	err = store.Migrate(t.Context(), url)
	if err == nil || !strings.Contains(err.Error(), "version 900") || !strings.Contains(err.Error(), "up to") {
		t.Errorf("got %v, want a refusal that names version 900 and this binary's (%d)", err, list[len(list)-1].Version)
	}
}

// Each migration can be rolled back, and then applied again.
func TestMigrateDownAndUpAgain(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	list, err := store.Migrations(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	for _, applied := range slices.Backward(list) {
		name, err := store.MigrateDown(t.Context(), url)
		if err != nil {
			t.Fatalf("roll back %s: %v", applied.Name, err)
		}
		if name != applied.Name {
			t.Errorf("rolled back: got %q, want %q", name, applied.Name)
		}
	}
	if name, err := store.MigrateDown(t.Context(), url); name != "" || err != nil {
		t.Errorf("without migrations to roll back: got %q, %v, want no name and no error", name, err)
	}
	if err := store.Migrate(t.Context(), url); err != nil {
		t.Fatal(err)
	}
	list, err = store.Migrations(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range list {
		if !m.Applied {
			t.Errorf("%s: got pending, want applied", m.Name)
		}
	}
}

// The error about an invalid URL does not contain its password.
func TestAPasswordInABrokenURLIsNotShown(t *testing.T) {
	t.Parallel()
	for _, url := range []string{
		"postgres://u:hunter2@[::1/db", "postgres://u:hunter2@h:port/db", "host=h password=hunter2 port=x",
	} {
		_, err := store.Config(url)
		if err == nil {
			t.Errorf("%s: got no error, want one", url)
		} else if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("got the password in the error %q, want none", err)
		}
	}
}

// reverse reverses the latest migrations of a database, up to the one of this name.
func reverse(t *testing.T, url, last string) {
	t.Helper()
	for name := ""; name != last; {
		var err error
		if name, err = store.MigrateDown(t.Context(), url); err != nil || name == "" {
			t.Fatalf("got %q, %v, want the reversals up to %s", name, err, last)
		}
	}
}
