package store_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"enisim.alt/store"
	"enisim.alt/store/storetest"
)

// raiseAtCommit runs a RAISE statement at each commit of a transaction that attaches an interface,
// in a deferred trigger.
func raiseAtCommit(t *testing.T, pool *pgxpool.Pool, statement string) {
	t.Helper()
	if _, err := pool.Exec(t.Context(), fmt.Sprintf(`
		CREATE OR REPLACE FUNCTION raise_at_commit() RETURNS trigger LANGUAGE plpgsql
		AS $$ BEGIN %s; RETURN NULL; END $$;
		CREATE CONSTRAINT TRIGGER raise_at_commit AFTER INSERT ON attachments
		DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION raise_at_commit()`, statement)); err != nil {
		t.Fatal(err)
	}
}

// An error that Postgres reports for the COMMIT itself makes the outcome unknown, unless its
// SQLSTATE proves a rollback.
func TestAnErrorOfTheCommitIsUnknownUnlessItProvesARollback(t *testing.T) {
	t.Parallel()
	for code, known := range map[string]bool{
		"23505": true, "23P01": true, "40001": true, "40P01": true,
		"57014": false, "57P01": false, "53100": false, "58030": false, "XX000": false, "P0001": false, "08006": false,
	} {
		t.Run(code, func(t *testing.T) {
			t.Parallel()
			s, pool := open(t)
			raiseAtCommit(t, pool, "RAISE 'raised' USING ERRCODE = '"+code+"'")
			err := attach(t.Context(), s)
			var pg *pgconn.PgError
			if !errors.As(err, &pg) || pg.Code != code {
				t.Fatalf("got %v, want SQLSTATE %s", err, code)
			}
			if got := !errors.Is(err, store.ErrOutcomeUnknown); got != known {
				t.Errorf("outcome known: got %t by %v, want %t", got, err, known)
			}
			if got, want := statusOf(t, pool, "eni-2"), store.ENIAvailable; got != want {
				t.Errorf("status: got %s, want %s", got, want)
			}
		})
	}
}

// An error of a statement before the COMMIT proves a rollback, whatever its SQLSTATE: Postgres
// skips the rest of the batch.
func TestAnErrorBeforeTheCommitIsKnown(t *testing.T) {
	t.Parallel()
	s, pool := open(t)
	raiseAtCommit(t, pool, "RAISE 'raised' USING ERRCODE = 'XX000'")
	if _, err := pool.Exec(t.Context(), `
		ALTER TABLE attachments DISABLE TRIGGER raise_at_commit;
		CREATE TRIGGER raise_at_once AFTER INSERT ON attachments
		FOR EACH ROW EXECUTE FUNCTION raise_at_commit()`); err != nil {
		t.Fatal(err)
	}
	err := attach(t.Context(), s)
	if err == nil || errors.Is(err, store.ErrOutcomeUnknown) {
		t.Errorf("got %v, want a known failure", err)
	}
}

// A COMMIT that succeeds with a warning does not confirm that the transaction is durable.
func TestAWarningAtTheCommitIsAnUnknownOutcome(t *testing.T) {
	t.Parallel()
	s, pool := open(t)
	raiseAtCommit(t, pool, "RAISE WARNING 'raised'")
	if err := attach(t.Context(), s); !errors.Is(err, store.ErrOutcomeUnknown) {
		t.Errorf("got %v, want ErrOutcomeUnknown", err)
	}
	if got, want := statusOf(t, pool, "eni-2"), store.ENIInUse; got != want {
		t.Errorf("status: got %s, want %s, for the transaction was committed", got, want)
	}
}

// When a wait for a standby is cancelled, Postgres reports a warning and a success. The rule on
// warnings exists for this case.
func TestACancelledWaitForAStandbyIsAnUnknownOutcome(t *testing.T) {
	t.Parallel()
	server, _ := startPostgres(t, map[string]string{"synchronous_standby_names": "absent"})
	admin, err := pgx.ParseConfig(server.URL())
	if err != nil {
		t.Fatal(err)
	}
	admin.RuntimeParams["synchronous_commit"] = "local" // so that only the transaction under test waits
	conn, err := pgx.ConnectConfig(t.Context(), admin)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.WithoutCancel(t.Context())) })
	for _, sql := range []string{"CREATE DATABASE standby", "ALTER DATABASE standby SET synchronous_commit = local"} {
		if _, err := conn.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	url := server.DatabaseURL("standby")
	if err := store.Migrate(t.Context(), url); err != nil {
		t.Fatal(err)
	}
	config, err := store.Config(url)
	if err != nil {
		t.Fatal(err)
	}
	prepare, err := pgx.ConnectConfig(t.Context(), config.ConnConfig)
	if err != nil {
		t.Fatal(err)
	}
	_, err = prepare.Exec(t.Context(), storetest.SmallWorld)
	if err = errors.Join(err, prepare.Close(t.Context())); err != nil {
		t.Fatal(err)
	}
	config.ConnConfig.RuntimeParams["synchronous_commit"] = "on"
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)

	answer := make(chan error, 1)
	go func() { answer <- attach(t.Context(), store.New(pool, slog.New(slog.DiscardHandler))) }()
	for cancelled := false; !cancelled; {
		if err := conn.QueryRow(t.Context(), `
			SELECT count(*) FILTER (WHERE pg_cancel_backend(pid)) > 0
			FROM pg_stat_activity WHERE datname = 'standby' AND wait_event = 'SyncRep'`).Scan(&cancelled); err != nil {
			t.Fatal(err)
		}
	}
	if err := <-answer; !errors.Is(err, store.ErrOutcomeUnknown) {
		t.Errorf("got %v, want ErrOutcomeUnknown", err)
	}
}
