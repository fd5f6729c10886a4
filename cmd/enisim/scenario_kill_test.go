package main

import (
	"bytes"
	"context"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"enisim.alt/service/worldtest"
	"enisim.alt/store/storetest"
)

// A process is killed when it has written half of a scenario. Nothing has changed then, and the
// next process applies all of it.
func TestKillWhileAScenarioIsApplied(t *testing.T) {
	t.Parallel()
	for _, command := range [][]string{{"scenario", "apply"},
		{"serve", "--listen", "127.0.0.1:0", "--scenario-reset", "--scenario"}} {
		t.Run(command[0], func(t *testing.T) {
			t.Parallel()
			url := storetest.URL(t)
			enisim := func(args ...string) string {
				t.Helper()
				out, errOut, exit := output(t, append(args, "--database-url", url)...)
				if exit != 0 {
					t.Fatalf("%v: exit code %d: %s", args, exit, errOut)
				}
				return out
			}
			exported := func() string {
				// without the time
				_, world, _ := strings.Cut(enisim("scenario", "export", "--account", "1000000000000001"), "\n")
				return world
			}
			// In the next world everything differs. One of its keys is written in the middle of the
			// apply.
			next := file(t, worldtest.New("1000000000000001").
				AccessKey("LTAIcrash", worldtest.Set("secret", "t")).
				AccessKey("LTAIlate").
				VPC("vpc-main", "10.0.0.0/8").
				VSwitch("vsw-h", "cn-hangzhou-h", "10.0.0.0/16").
				SecurityGroup("sg-main").
				Instance("i-other-{n}", worldtest.Count(40), worldtest.Type("ecs.g6.4xlarge")).
				NetworkInterface("card-{n}", worldtest.Count(crashInterfaces)).
				String())
			enisim("scenario", "apply", file(t, crashWorld))
			before := exported()

			conn, err := pgx.Connect(t.Context(), url)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close(context.WithoutCancel(t.Context()))
			// Another transaction has inserted that key and not yet committed, so the apply has to
			// wait.
			holder, err := pgx.Connect(t.Context(), url)
			if err != nil {
				t.Fatal(err)
			}
			defer holder.Close(context.WithoutCancel(t.Context()))
			for _, sql := range []string{
				`BEGIN`,
				`INSERT INTO accounts (id, created_at) VALUES ('1000000000000009', '2030-01-01')`,
				`INSERT INTO access_keys (id, account_id, secret, created_at) VALUES ('LTAIlate', ` +
					`'1000000000000009', 's', '2030-01-01')`,
			} {
				if _, err := holder.Exec(t.Context(), sql); err != nil {
					t.Fatal(err)
				}
			}
			child := program(context.WithoutCancel(t.Context()), append(command, next, "--database-url", url)...)
			if err := child.Start(); err != nil {
				t.Fatal(err)
			}
			awaitQuery(t, conn, `
				SELECT count(*) = 1 FROM pg_stat_activity
				WHERE datname = current_database() AND wait_event_type = 'Lock' AND backend_xid IS NOT NULL`)
			if err := child.Process.Signal(syscall.SIGKILL); err != nil {
				t.Fatal(err)
			}
			_ = child.Wait() // returns an error because of the kill
			if _, err := holder.Exec(t.Context(), `ROLLBACK`); err != nil {
				t.Fatal(err)
			}
			awaitQuery(t, conn, `SELECT count(*) = 0 FROM pg_stat_activity WHERE datname = current_database() AND `+
				`application_name = 'enisim'`)

			if after := exported(); after != before {
				t.Errorf("got\n%.2000s\nwant the world from before\n%.2000s", after, before)
			}
			enisim("scenario", "apply", next)
			if out := enisim("scenario", "diff", next); out != "" {
				t.Errorf("diff after a second apply: got %s, want no difference", out)
			}
		})
	}
}

// awaitQuery repeats a query until it returns true.
func awaitQuery(t *testing.T, conn *pgx.Conn, query string) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; {
		var result bool
		if err := conn.QueryRow(t.Context(), query).Scan(&result); err != nil {
			t.Fatal(err)
		}
		switch {
		case result:
			return
		case time.Now().After(deadline):
			t.Fatalf("got false for a minute, want true: %s", query)
		}
	}
}

// After Ctrl-C during an apply, the command says that nothing was written, and this is true.
func TestInterruptWhileAScenarioIsApplied(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	world := file(t, crashWorld)
	if out, errOut, exit := output(t, "scenario", "apply", world, "--database-url", url); exit != 0 {
		t.Fatal(out, errOut)
	}
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(t.Context()))
	holder, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer holder.Close(context.WithoutCancel(t.Context()))
	if _, err := holder.Exec(t.Context(), `BEGIN; SELECT FROM accounts FOR UPDATE`); err != nil {
		t.Fatal(err)
	}
	next := file(t, worldOf(40, "ecs.g6.4xlarge", crashInterfaces-1).String())
	var errOut bytes.Buffer
	child := program(context.WithoutCancel(t.Context()), "scenario", "apply", next, "--database-url", url)
	child.Stderr = &errOut
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	awaitQuery(t, conn,
		`SELECT count(*) = 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`)
	if err := child.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	_ = child.Wait() // the exit code is checked below
	if exit := child.ProcessState.ExitCode(); exit != exitFailure || errOut.String() != "enisim: interrupted: "+
		"nothing was written, all is as it was\n" {
		t.Errorf("got exit code %d, %q; want that nothing was written", exit, errOut.String())
	}
	if _, err := holder.Exec(t.Context(), `ROLLBACK`); err != nil {
		t.Fatal(err)
	}
	if out, _, _ := output(t, "scenario", "diff", world, "--database-url", url); out != "" {
		t.Errorf("got the differences %s, want none", out)
	}
}
