package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"enisim.alt/service"
	"enisim.alt/service/worldtest"
	"enisim.alt/store/pglocal"
	"enisim.alt/store/storetest"
)

// lifeRace is a load on two servers whose calls create interfaces or assign addresses.
type lifeRace struct {
	quota     int    // of interfaces
	cidrBlock string // of the VSwitch
	mix       string
	dropGuard string // SQL that removes the constraint behind the lock; "" if there is none
}

var (
	// The quota leaves one interface for all clients at most times, and the VSwitch has plenty of addresses.
	quotaRace = lifeRace{5, "10.0.0.0/24", "create=3,delete=2", ""}
	// The VSwitch has 60 addresses, and the quota is never reached.
	addressRace = lifeRace{1000, "10.0.0.0/26", "create=2,delete=1,assign=4,unassign=3",
		`ALTER TABLE private_ip_addresses DROP CONSTRAINT an_address_is_given_once_in_a_vswitch CASCADE`}
)

// run puts the load on two servers of a build that share a database, and checks its history.
func (r lifeRace) run(t *testing.T, postgres *pglocal.Server, binary string, seed int) raceResult {
	t.Helper()
	url := newDatabase(t, postgres)
	if r.dropGuard != "" {
		conn, err := pgx.Connect(t.Context(), url)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close(t.Context())
		if _, err := conn.Exec(t.Context(), r.dropGuard); err != nil {
			t.Fatal(err)
		}
	}
	world := worldtest.New("1000000000000001",
		worldtest.Set("quotas", map[string]int{"network_interfaces_per_region": r.quota})).
		AccessKey("LTAIcrash").VPC("vpc-main", "10.0.0.0/8").VSwitch("vsw-h", "cn-hangzhou-h", r.cidrBlock).
		SecurityGroup("sg-main").String()
	args := []string{"--database-url", url, "--delete-delay", "0", "--log-level", "error"}
	first := startBinary(t, binary, append(args, "--scenario", file(t, world))...)
	second := startBinary(t, binary, args...)
	path := filepath.Join(t.TempDir(), "history.jsonl")
	if _, stderr, exit := output(t, "load", "--endpoint", first.endpoint, "--endpoint", second.endpoint,
		"--access-key-id", "LTAIcrash", "--access-key-secret", "s", "--allow-unknown", "--clients", "16",
		"--mix", r.mix, "--requests", "3000", "--duration", "20s", "--seed", strconv.Itoa(seed),
		"--history", path); exit != 0 {
		t.Fatalf("load: exit code %d: %s", exit, stderr)
	}
	addQuota(t, path, r.quota)
	var result raceResult
	stdout, stderr, exit := output(t, "check", path)
	result.verdict, result.exit = stdout+stderr, exit
	for _, c := range readHistory(t, path).Changes {
		if c.Error == service.InternalError.Code {
			result.failed++
		}
	}
	return result
}

// addQuota adds the line of the quota to a history, because the API does not tell it.
func addQuota(t *testing.T, path string, limit int) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, _ := bytes.Cut(text, []byte("\n"))
	text = fmt.Appendf(nil, "%s\n{\"type\":\"quota\",\"limit\":%d}\n%s", head, limit, rest)
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

// The locks of the account and of the VSwitch keep the quota, and give an address to one interface,
// even without the constraint on addresses. A build without one of these locks is caught by enisim
// check within thousands of calls. The constraint would turn the second error into failed
// transactions.
func TestSabotageOfInterfacesIsCaught(t *testing.T) {
	storetest.SkipInShortRuns(t)
	t.Parallel()
	postgres, err := pglocal.Start(t.Context(),
		pglocal.Options{DataDir: dataDir(t), Settings: map[string]string{"fsync": "off"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := postgres.Stop(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	for _, c := range []struct {
		tag   string
		races []lifeRace
		want  string // in the contradiction; "" if there is none
	}{
		{"", []lifeRace{quotaRace, addressRace}, ""},
		{"sabotage_account_lock", []lifeRace{quotaRace}, "the quota of interfaces is 5"},
		{"sabotage_vswitch_lock", []lifeRace{addressRace}, "no order of the calls on address"},
	} {
		t.Run("tag "+c.tag, func(t *testing.T) {
			t.Parallel()
			binary := build(t, c.tag)
			for _, race := range c.races {
				result := race.run(t, postgres, binary, 1)
				// The scheduler decides whether the transactions of the two servers overlap.
				for seed := 2; c.tag != "" && result.exit == 0 && seed <= maxRounds; seed++ {
					result = race.run(t, postgres, binary, seed)
				}
				t.Logf("%d calls failed; %s", result.failed, result.verdict)
				if c.tag == "" && (result.exit != 0 || result.failed > 0) {
					t.Errorf("unchanged build: got exit code %d of check and %d calls that failed, want 0 and 0: %s",
						result.exit, result.failed, result.verdict)
				}
				if c.tag != "" && (result.exit != exitFailure || !strings.Contains(result.verdict, c.want)) {
					t.Errorf("got exit code %d of check, want %d and %q: %s", result.exit, exitFailure, c.want,
						result.verdict)
				}
			}
		})
	}
}
