package storetest

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// AwaitLockWaits returns once at least n sessions of the pool's database wait for a lock.
func AwaitLockWaits(t testing.TB, pool *pgxpool.Pool, n int) {
	t.Helper()
	awaitLockWaits(t, pool, "at least", n, func(waiting int) bool { return waiting >= n })
}

// AwaitNoLockWaits returns once no session of the pool's database waits for a lock. The session of
// a caller that has disconnected may still wait, because Postgres notices that later.
func AwaitNoLockWaits(t testing.TB, pool *pgxpool.Pool) {
	t.Helper()
	awaitLockWaits(t, pool, "exactly", 0, func(waiting int) bool { return waiting == 0 })
}

// awaitLockWaits polls until enough reports true. It has a connection of its own, because the
// sessions that it waits for may use all connections of the pool. It sleeps in the database between
// two queries, so that they take no processor time from the sessions.
func awaitLockWaits(t testing.TB, pool *pgxpool.Pool, comparison string, n int, enough func(waiting int) bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), operationTimeout)
	defer cancel()
	conn, err := pgx.ConnectConfig(ctx, pool.Config().ConnConfig)
	if err != nil {
		t.Fatalf("storetest: %v", err)
	}
	defer conn.Close(context.WithoutCancel(ctx))
	for began, waiting := time.Now(), -1; ; {
		err := conn.QueryRow(ctx, `
			SELECT count(*) FROM pg_stat_activity
			WHERE datname = current_database() AND wait_event_type = 'Lock'`).Scan(&waiting)
		if err == nil && enough(waiting) {
			return
		}
		if err == nil {
			_, err = conn.Exec(ctx, `SELECT pg_sleep(0.005)`)
		}
		if err != nil {
			t.Fatalf("storetest: after %v, %d sessions wait for a lock, want %s %d: %v",
				time.Since(began), waiting, comparison, n, err)
		}
	}
}
