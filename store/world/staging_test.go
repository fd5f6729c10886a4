package world_test

import (
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"enisim.alt/store"
	"enisim.alt/store/storetest"
	"enisim.alt/store/world"
)

// A session keeps its staging tables from one small world to the next, and no row of one world gets
// into another, also after a world that was refused. A large world and a reset get new tables,
// which are dropped. A small world of new accounts needs none.
func TestOnlySmallWorldsKeepTheirStagingTables(t *testing.T) {
	t.Parallel()
	config, err := store.Config(storetest.URL(t))
	if err != nil {
		t.Fatal(err)
	}
	config.MaxConns, config.MinConns = 1, 0
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	st := newStore(pool)
	const one, two = "1000000000000001", "1000000000000002"
	refused := smallWorld(one)
	refused.GroupMemberships[0].SecurityGroupID = "sg-nowhere"
	other := worldWithInterfaces(two, 3)
	reset := smallWorld(one)
	reset.AccessKeys, reset.RAMUsers = nil, nil
	var kept *uint32
	for _, step := range []struct {
		name       string
		apply      func() (world.Applied, error)
		refused    bool
		keeps      bool
		interfaces int // of both accounts
	}{
		{"new accounts", func() (world.Applied, error) {
			return world.Apply(t.Context(), st, &world.World{Accounts: []store.Account{
				smallWorld(one).Accounts[0], other.Accounts[0],
			}}, time.Now())
		}, false, false, 0},
		{"a small world", func() (world.Applied, error) {
			return world.Apply(t.Context(), st, smallWorld(one), time.Now())
		}, false, true, 1},
		{"a refused world", func() (world.Applied, error) {
			return world.Apply(t.Context(), st, refused, time.Now())
		}, true, true, 1},
		{"another small world", func() (world.Applied, error) {
			return world.Apply(t.Context(), st, other, time.Now())
		}, false, true, 4},
		{"a large world", func() (world.Applied, error) {
			return world.Apply(t.Context(), st, worldWithInterfaces(two, 2000), time.Now())
		}, false, false, 2001},
		{"a small world after it", func() (world.Applied, error) {
			return world.Apply(t.Context(), st, other, time.Now())
		}, false, true, 4},
		{"a reset", func() (world.Applied, error) {
			return world.Reset(t.Context(), st, reset, time.Now())
		}, false, false, 4},
	} {
		_, err := step.apply()
		if (err != nil) != step.refused {
			t.Fatalf("%s: got error %v, want an error: %t", step.name, err, step.refused)
		}
		var interfaces, staged int
		var table *uint32
		if err := pool.QueryRow(t.Context(), `
			SELECT (SELECT count(*) FROM network_interfaces), to_regclass('pg_temp.staged_accounts')::oid`,
		).Scan(&interfaces, &table); err != nil {
			t.Fatal(err)
		}
		if interfaces != step.interfaces {
			t.Errorf("after %s: got %d interfaces, want %d", step.name, interfaces, step.interfaces)
		}
		if (table != nil) != step.keeps || kept != nil && table != nil && *table != *kept {
			t.Errorf("after %s: got the staging table %v, before %v, want it kept: %t",
				step.name, table, kept, step.keeps)
		}
		kept = table
		if table == nil {
			continue
		}
		if err := pool.QueryRow(t.Context(), `SELECT count(*) FROM staged_accounts`).Scan(&staged); err != nil {
			t.Fatal(err)
		}
		if staged != 0 {
			t.Errorf("after %s: got %d staged accounts, want 0", step.name, staged)
		}
	}
}
