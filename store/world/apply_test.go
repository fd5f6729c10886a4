package world_test

import (
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"enisim.alt/store"
	"enisim.alt/store/storetest"
	"enisim.alt/store/world"
)

// The tests in service/scenario show what Apply does, with worlds of scenario files. The tests here
// need more than a scenario can say.

// The statements of Apply set every column of the schema, except those that are listed here. So a
// new column is not forgotten.
func TestApplySetsEachColumnOfTheSchema(t *testing.T) {
	t.Parallel()
	type column struct{ Table, Name string }
	// An update does not set the key of a row, its place, which would make it another row, and its
	// creation time.
	fixed := []string{
		"id", "name", "owner_id", "account_id", "vpc_id", "vswitch_id", "region_id", "zone_id", "network_type",
		"created_at", "started_at", "ip_address", "private_ip_address", "network_interface_id",
		"type", "route_table_id", "destination_cidr_block", "instance_id",
		"public_key", "fingerprint", "attached_at", "detached_at",
	}
	lifetimes := []column{{"accounts", "expires_at"}} // set when the account is created; not part of a scenario
	rows, err := storetest.Pool(t).Query(t.Context(), `
		SELECT table_name, column_name
		FROM information_schema.columns
		WHERE table_schema = 'public' AND is_generated = 'NEVER'
		ORDER BY 1, 2`)
	if err != nil {
		t.Fatal(err)
	}
	columns, err := pgx.CollectRows(rows, pgx.RowToStructByPos[column])
	if err != nil {
		t.Fatal(err)
	}
	inserts, updates := world.Inserts(), world.Updates()
	checked := map[string]bool{}
	for _, c := range columns {
		insert, filled := inserts[c.Table]
		if !filled {
			continue
		}
		checked[c.Table] = true
		word := regexp.MustCompile(`\b` + c.Name + `\b`)
		if !word.MatchString(insert) {
			t.Errorf("insert into %s: got no column %s, want it", c.Table, c.Name)
		}
		if update, updated := updates[c.Table]; updated && !word.MatchString(update) &&
			!slices.Contains(fixed, c.Name) && !slices.Contains(lifetimes, c) {
			t.Errorf("update of %s: got no column %s, want it", c.Table, c.Name)
		}
	}
	for table := range inserts {
		if !checked[table] {
			t.Errorf("insert into %s: got no such table in the schema", table)
		}
	}
}

// Apply stores the rows with the values of the world. It sets the creation time, and adds the delay
// of a transient status to it.
func TestApplyStoresTheValuesOfTheWorld(t *testing.T) {
	t.Parallel()
	pool := storetest.Pool(t)
	now := time.Date(2030, 1, 1, 12, 0, 0, 0, time.UTC)
	w := smallWorld("1000000000000001")
	w.NetworkInterfaces[0].NextStatus = new(store.ENIDeleted)
	w.NetworkInterfaces[0].Status = store.ENIDeleting
	w.NetworkInterfacesSettleIn = map[store.ResourceID]time.Duration{
		{AccountID: "1000000000000001", ID: "eni-1"}: time.Minute,
	}
	if _, err := world.Apply(t.Context(), newStore(pool), w, now); err != nil {
		t.Fatal(err)
	}
	var got store.NetworkInterface
	var address netip.Addr
	var block netip.Prefix
	err := pool.QueryRow(t.Context(), `
		SELECT n.id, n.status, n.next_status, n.settles_at, n.tags, n.created_at, a.address, v.cidr_block
		FROM network_interfaces n JOIN private_ip_addresses a ON a.network_interface_id = n.id
		JOIN vswitches v ON v.id = n.vswitch_id`).
		Scan(&got.ID, &got.Status, &got.NextStatus, &got.SettlesAt, &got.Tags, &got.CreatedAt, &address, &block)
	if err != nil {
		t.Fatal(err)
	}
	if got.Status != store.ENIDeleting || *got.NextStatus != store.ENIDeleted ||
		!got.SettlesAt.Equal(now.Add(time.Minute)) || !got.CreatedAt.Equal(now) {
		t.Errorf("got %+v, want Deleting, created at noon, and Deleted a minute later", got)
	}
	if got.Tags["team"] != "network" || address.String() != "10.0.0.1" || block.String() != "10.0.0.0/24" {
		t.Errorf("got tags %v, address %v, block %v, want team=network, 10.0.0.1, 10.0.0.0/24",
			got.Tags, address, block)
	}
}

// If a constraint refuses a row, Apply writes nothing. The world has an error that no scenario can
// have, as a bug could cause.
func TestApplyRefusedByAConstraintWritesNothing(t *testing.T) {
	t.Parallel()
	pool := storetest.Pool(t)
	w := smallWorld("1000000000000001")
	w.GroupMemberships[0].SecurityGroupID = "sg-nowhere"
	_, err := world.Apply(t.Context(), newStore(pool), w, time.Now())
	var violated *pgconn.PgError
	if !errors.As(err, &violated) || violated.ConstraintName != "an_eni_joins_groups_of_its_vpc_group" {
		t.Errorf("got error %v, want a violation of an_eni_joins_groups_of_its_vpc_group", err)
	}
	var accounts int
	if err := pool.QueryRow(t.Context(), `SELECT count(*) FROM accounts`).Scan(&accounts); err != nil || accounts != 0 {
		t.Errorf("got %d accounts and error %v, want none", accounts, err)
	}
}

// If another transaction has inserted an access key of the world, Apply waits for its commit, and
// then reports ErrAccessKeyTaken.
func TestApplyRefusesAKeyOfAnotherAccount(t *testing.T) {
	t.Parallel()
	pool := storetest.Pool(t)
	other, err := pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, sql := range []string{
		`INSERT INTO accounts (id, created_at) VALUES ('1000000000000002', '2030-01-01')`,
		`INSERT INTO access_keys (id, account_id, secret, created_at)
		 VALUES ('LTAI1', '1000000000000002', 's', '2030-01-01')`,
	} {
		if _, err := other.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	applied := make(chan error)
	go func() {
		_, err := world.Apply(t.Context(), newStore(pool), smallWorld("1000000000000001"), time.Now())
		applied <- err
	}()
	storetest.AwaitLockWaits(t, pool, 1)
	if err := other.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := <-applied; !errors.Is(err, world.ErrAccessKeyTaken) {
		t.Errorf("got error %v, want %v", err, world.ErrAccessKeyTaken)
	}
}

// The total of the changes is their sum over the tables, and the text has one line for each table.
func TestAppliedTotalAndText(t *testing.T) {
	t.Parallel()
	applied := world.Applied{Tables: []world.TableChange{
		{Table: "vpcs", Inserted: 1, Deleted: 2}, {Table: "instances", Updated: 3, Deleted: 4},
	}}
	if got, want := applied.Total(), (world.TableChange{Inserted: 1, Updated: 3, Deleted: 6}); got != want {
		t.Errorf("total: got %+v, want %+v", got, want)
	}
	want := "vpcs: 1 new, 0 changed, 2 gone\ninstances: 0 new, 3 changed, 4 gone"
	if got := applied.String(); got != want {
		t.Errorf("text: got\n%s\nwant\n%s", got, want)
	}
}

func newStore(pool *pgxpool.Pool) *store.Store { return store.New(pool, slog.New(slog.DiscardHandler)) }

// smallWorld returns an account with a key and one free interface.
func smallWorld(account string) *world.World {
	block := netip.MustParsePrefix("10.0.0.0/24")
	return &world.World{
		Accounts:   []store.Account{{ID: account}},
		AccessKeys: []store.AccessKey{{ID: "LTAI1", AccountID: account, Secret: "s", Status: "Active"}},
		VPCs:       []store.VPC{{AccountID: account, ID: "vpc-1", RegionID: "cn-hangzhou", CIDRBlock: block}},
		VSwitches: []store.VSwitch{{
			AccountID: account, ID: "vsw-1", VPCID: "vpc-1", RegionID: "cn-hangzhou", ZoneID: "cn-hangzhou-h",
			CIDRBlock: block,
		}},
		SecurityGroups: []store.SecurityGroup{{
			AccountID: account, ID: "sg-1", VPCID: "vpc-1", RegionID: "cn-hangzhou", Type: "normal", InstanceLimit: 10,
		}},
		NetworkInterfaces: []store.NetworkInterface{{
			AttachableENI: store.AttachableENI{
				AccountID: account,
				ID:        "eni-1",
				RegionID:  "cn-hangzhou",
				ZoneID:    "cn-hangzhou-h",
				VPCID:     "vpc-1",
				VSwitchID: "vsw-1",
				Type:      store.ENISecondary,
				Status:    store.ENIAvailable,

				TrafficMode: store.TrafficStandard,
			},
			MACAddress: "00:16:3e:00:00:01",
			Tags:       map[string]string{"team": "network"},
		}},
		PrivateIPAddresses: []store.PrivateIPAddress{{
			AccountID: account, VSwitchID: "vsw-1", Address: netip.MustParseAddr("10.0.0.1"),
			NetworkInterfaceID: "eni-1", IsPrimary: true,
		}},
		GroupMemberships: []store.GroupMembership{{
			AccountID: account, NetworkInterfaceID: "eni-1", SecurityGroupID: "sg-1", VPCID: "vpc-1",
		}},
	}
}

// Applying a large world reads few rows for each row that it writes. Postgres checks foreign keys
// with plans that the session keeps, and a plan for a small table would read a whole account for
// each row. So would one for a table that was analyzed when a world had just been emptied. The limit is far
// above what a lookup by a key reads, and far below that.
func TestApplyReadsFewRowsForEachRowOfALargeWorld(t *testing.T) {
	t.Parallel()
	const rows, maxReadPerRow = 5_000, 80
	large := worldWithInterfaces("1000000000000002", rows)
	addInstances(large, rows)
	for _, c := range []struct {
		name   string
		before []*world.World // applied one after the other
	}{
		{"after a small world", []*world.World{smallWorld("1000000000000001")}},
		{"after an emptied world", []*world.World{large, {Accounts: large.Accounts, AccessKeys: large.AccessKeys}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			config := storetest.Pool(t).Config()
			config.MaxConns = 1 // one session, which keeps its plans
			pool, err := pgxpool.NewWithConfig(t.Context(), config)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(pool.Close)
			st := newStore(pool)
			for _, w := range c.before {
				if _, err := world.Apply(t.Context(), st, w, time.Now()); err != nil {
					t.Fatal(err)
				}
				st.Analyze(t.Context())
			}
			before := rowsRead(t, pool)
			if _, err := world.Apply(t.Context(), st, large, time.Now()); err != nil {
				t.Fatal(err)
			}
			if read := rowsRead(t, pool) - before; read > maxReadPerRow*rows {
				t.Errorf("rows read for %d instances and interfaces: got %d, want at most %d for each",
					rows, read, maxReadPerRow)
			}
		})
	}
}

// rowsRead returns how many rows the only session of a pool has read.
func rowsRead(t *testing.T, pool *pgxpool.Pool) (read int) {
	t.Helper()
	// Until this call the session keeps its statistics for itself.
	if _, err := pool.Exec(t.Context(), `SELECT pg_stat_force_next_flush()`); err != nil {
		t.Fatal(err)
	}
	if err := pool.QueryRow(t.Context(), `
		SELECT sum(seq_tup_read)::bigint + (SELECT sum(idx_tup_read)::bigint FROM pg_stat_user_indexes)
		FROM pg_stat_user_tables`).Scan(&read); err != nil {
		t.Fatal(err)
	}
	return read
}

// addInstances adds instances with their primary interfaces, which have no addresses, to a world.
func addInstances(w *world.World, n int) {
	account := w.Accounts[0].ID
	vpc, vswitch := "vpc-1", "vsw-1"
	for k := range n {
		id := fmt.Sprintf("i-%d", k)
		w.Instances = append(w.Instances, store.Instance{
			AttachableInstance: store.AttachableInstance{
				AccountID: account, ID: id, RegionID: "cn-hangzhou", ZoneID: "cn-hangzhou-h", NetworkType: "vpc",
				VPCID: &vpc, ENIQuantity: 2, Status: store.InstanceRunning,
			},
			VSwitchID: &vswitch, InstanceType: "ecs.g6.large",
		})
		index, quantity := 0, 2
		w.NetworkInterfaces = append(w.NetworkInterfaces, store.NetworkInterface{
			AttachableENI: store.AttachableENI{
				AccountID: account, ID: "eni-of-" + id, RegionID: "cn-hangzhou", ZoneID: "cn-hangzhou-h", VPCID: vpc,
				VSwitchID: vswitch, Type: store.ENIPrimary, Status: store.ENIInUse, InstanceID: &id,
				InstanceENIQuantity: &quantity, DeviceIndex: &index, TrafficMode: store.TrafficStandard,
			},
		})
	}
}

// worldWithInterfaces returns an account with this many free interfaces.
func worldWithInterfaces(account string, interfaces int) *world.World {
	w := smallWorld(account)
	w.AccessKeys[0].ID = "LTAI2"
	w.Accounts[0].NetworkInterfacesPerRegion = interfaces
	w.VPCs[0].CIDRBlock = netip.MustParsePrefix("10.0.0.0/8")
	w.VSwitches[0].CIDRBlock = netip.MustParsePrefix("10.0.0.0/16")
	eni, address, membership := w.NetworkInterfaces[0], w.PrivateIPAddresses[0], w.GroupMemberships[0]
	w.NetworkInterfaces, w.PrivateIPAddresses, w.GroupMemberships = nil, nil, nil
	next := netip.MustParseAddr("10.0.0.1")
	for n := range interfaces {
		eni.ID, eni.MACAddress = fmt.Sprintf("eni-%d", n),
			fmt.Sprintf("00:16:3e:%02x:%02x:%02x", n>>16, n>>8&255, n&255)
		address.NetworkInterfaceID, address.Address = eni.ID, next
		membership.NetworkInterfaceID = eni.ID
		w.NetworkInterfaces = append(w.NetworkInterfaces, eni)
		w.PrivateIPAddresses = append(w.PrivateIPAddresses, address)
		w.GroupMemberships = append(w.GroupMemberships, membership)
		next = next.Next()
	}
	return w
}

// Attachments are compared with the staged ones by joins. With a subquery for each row, which reads a
// staging table without an index, a large unchanged world took half a minute.
func TestAttachmentsAreComparedByJoins(t *testing.T) {
	t.Parallel()
	tx, err := storetest.Pool(t).Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(t.Context()) }()
	for _, sql := range []string{world.CreateStagingTables, world.AttachmentSteps[0]} {
		if _, err := tx.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	rows, _ := tx.Query(t.Context(), "EXPLAIN "+world.AttachmentSteps[1])
	plan, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	if text := strings.Join(plan, "\n"); strings.Contains(text, "SubPlan") || !strings.Contains(text, "Join") {
		t.Errorf("got the plan\n%s\nwant joins and no subplan", text)
	}
}
