package httpapi_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"enisim.alt/httpapi"
	"enisim.alt/service"
	"enisim.alt/service/operator"
	"enisim.alt/service/worldtest"
)

// snapshotRows returns all rows that an account's snapshot keeps, each as JSON.
func snapshotRows(t testing.TB, pool *pgxpool.Pool) []string {
	t.Helper()
	var out []string
	for _, table := range []string{
		"instance_types", "vpcs", "vswitches", "security_groups", "instances", "network_interfaces",
		"private_ip_addresses",
		"network_interface_security_groups", "ip_prefixes", "security_group_rules",
	} {
		owner := "account_id"
		if table == "instance_types" {
			owner = "owner_id"
		}
		rows, err := pool.Query(t.Context(),
			fmt.Sprintf(`SELECT '%s ' || to_jsonb(t)::text FROM %s t WHERE %s = $1 ORDER BY 1`, table, table, owner),
			account)
		if err != nil {
			t.Fatal(err)
		}
		encoded, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, encoded...)
	}
	return out
}

// fullWorld returns a world with a row in every table that a snapshot keeps. The options are those
// of an instance that is stopping.
func fullWorld(options ...worldtest.Option) *worldtest.World {
	return world().
		Instance("i-1", worldtest.Type("ecs.own.test"), worldtest.Set("tags", map[string]any{"team": "net"})).
		Instance("i-2", append(options, worldtest.Type("ecs.g6.xlarge"), worldtest.Status("Stopping"))...).
		NetworkInterface("eni-{n}", worldtest.Count(20), worldtest.Groups("sg-main", "sg-small")).
		NetworkInterface("eni-on", worldtest.AttachedTo("i-1")).
		InstanceType("ecs.own.test", 3, worldtest.Set("private_ipv4_per_eni", 2), worldtest.Set("ipv6_per_eni", 1))
}

// serveSnapshots starts the API with the full world and an open control API.
func serveSnapshots(t testing.TB) *server {
	t.Helper()
	s := serve(t, fullWorld(worldtest.Set("settles_in", "1h")), service.Options{},
		func(o *httpapi.Options) { o.Control = httpapi.Control{Open: true} })
	if _, err := s.pool.Exec(t.Context(), `
		INSERT INTO ip_prefixes VALUES ('`+account+`', 'vsw-h', '10.0.9.0/28', 'eni-1');`); err != nil {
		t.Fatal(err)
	}
	if _, err := s.pool.Exec(t.Context(), `
		INSERT INTO security_group_rules (account_id, id, security_group_id, direction, ip_protocol, port_range,
		                                  policy, priority, nic_type, created_at)
		VALUES ('`+account+`', 'sgr-1', 'sg-main', 'ingress', 'TCP', '22/22',
		        'Accept', 1, 'intranet', '2026-11-22')`); err != nil {
		t.Fatal(err)
	}
	return s
}

// A restored account has exactly the rows of the snapshot. Access keys are not changed.
func TestRestoreReturnsAllRows(t *testing.T) {
	t.Parallel()
	s := serveSnapshots(t)
	before := snapshotRows(t, s.pool)
	// A VPC, two VSwitches, two groups, two instances with their primary interfaces, and 21
	// secondary interfaces.
	if status, body, _ := s.control(t, controlRequest{method: "POST", path: "/snapshots", body: `{"account": "` +
		account + `", "name": "before"}`}); status != http.StatusCreated ||
		decodeJSON(t, body)["resources"] != 30.0 {
		t.Fatalf("save: got %d %s, want 30 resources", status, body)
	}
	for _, pairs := range [][]string{
		{"DetachNetworkInterface", "InstanceId", "i-1", "NetworkInterfaceId", "eni-on"},
		{"AttachNetworkInterface", "InstanceId", "i-1", "NetworkInterfaceId", "eni-1"},
	} {
		if r := s.mustCall(t, pairs[0], pairs[1:]...); r.code() != ok {
			t.Fatalf("%v: got %v, want a success", pairs, r)
		}
	}
	for _, sql := range []string{
		`DELETE FROM security_group_rules`, `DELETE FROM ip_prefixes`,
		`DELETE FROM network_interfaces WHERE id IN ('eni-2', 'eni-3')`,
		`UPDATE instances SET name = 'renamed', tags = '{}' WHERE id = 'i-1'`,
		`INSERT INTO vpcs (account_id, id, region_id, cidr_block, created_at) VALUES ('` + account +
			`', 'vpc-new', 'cn-beijing', '10.0.0.0/8', '2026-11-22')`,
		`UPDATE vswitches SET next_host = 77`,
		`UPDATE instance_types SET eni_quantity = 9 WHERE id = 'ecs.own.test'`,
	} {
		if _, err := s.pool.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	if status, body, _ := s.control(t, controlRequest{method: "POST", path: "/keys", body: `{"account": "` + account +
		`"}`}); status != http.StatusCreated {
		t.Fatalf("key: got %d %s, want 201", status, body)
	}
	if slices.Equal(snapshotRows(t, s.pool), before) {
		t.Fatal("got the rows of the snapshot before the restore, want changed ones")
	}
	for round := range 2 {
		status, body, _ := s.control(t, controlRequest{method: "POST", path: "/snapshots/before/restore",
			body: `{"account": "` + account + `"}`})
		if status != http.StatusOK {
			t.Fatalf("restore: got %d %s, want 200", status, body)
		}
		if got := snapshotRows(t, s.pool); !slices.Equal(got, before) {
			t.Errorf("round %d\ngot:\n%s\nwant:\n%s", round, strings.Join(got, "\n"), strings.Join(before, "\n"))
		}
	}
	var keys int
	if err := s.pool.QueryRow(t.Context(), `SELECT count(*) FROM access_keys`).Scan(&keys); err != nil || keys != 2 {
		t.Errorf("got %d keys (%v), want the scenario's key and the new one", keys, err)
	}
	checkInvariants(t, s.pool)
}

// An account is restored again and again under attaches and detaches. A reader sees one of the two
// worlds: three interfaces have their name together or not at all. No answer says that an
// existing resource does not exist.
func TestRestoreUnderTraffic(t *testing.T) {
	t.Parallel()
	s := serveSnapshots(t)
	save := func(name string) {
		t.Helper()
		if status, body, _ := s.control(t, controlRequest{method: "POST", path: "/snapshots", body: `{"account": "` +
			account + `", "name": "` + name + `"}`}); status != http.StatusCreated {
			t.Fatalf("save: got %d %s, want 201", status, body)
		}
	}
	save("off")
	if _, err := s.pool.Exec(t.Context(),
		`UPDATE network_interfaces SET name = 'on' WHERE id IN ('eni-18', 'eni-19', 'eni-20')`); err != nil {
		t.Fatal(err)
	}
	save("on")

	stop := make(chan struct{})
	var traffic sync.WaitGroup
	for k := range 8 {
		traffic.Go(func() {
			random := rand.New(rand.NewPCG(3, uint64(k)))
			for {
				select {
				case <-stop:
					return
				default:
				}
				eni := fmt.Sprintf("eni-%d", random.IntN(8)+1)
				action := []string{"AttachNetworkInterface", "DetachNetworkInterface"}[random.IntN(2)]
				r, err := s.call(t.Context(), action, "InstanceId", "i-1", "NetworkInterfaceId", eni)
				if err != nil || r.status >= 500 || strings.Contains(r.code(), "NotFound") {
					t.Errorf("%s: got %v (%v), want a reply below 500 that is not NotFound", action, r, err)
				}
			}
		})
		traffic.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				r, err := s.call(t.Context(), "DescribeNetworkInterfaces", "NetworkInterfaceName", "on",
					"PageSize", "100")
				if total := r.body["TotalCount"]; err != nil || total != 0.0 && total != 3.0 {
					t.Errorf("interfaces named on: got %v (%v), want all three or none", total, err)
				}
			}
		})
	}
	for n := range 20 {
		name := []string{"off", "on"}[n%2]
		if status, body, _ := s.control(t, controlRequest{method: "POST", path: "/snapshots/" + name +
			"/restore", body: `{"account": "` + account + `"}`}); status != http.StatusOK {
			t.Errorf("restore %s: got %d %s, want 200", name, status, body)
		}
		checkInvariants(t, s.pool)
	}
	close(stop)
	traffic.Wait()
	expectNoDeadlocks(t, s)
}

// Requests with an invalid name, an unknown account or an unknown snapshot get an error with a
// hint. A snapshot of another schema is not restored.
func TestSnapshotErrors(t *testing.T) {
	t.Parallel()
	s := serveSnapshots(t)
	for _, c := range []struct {
		request controlRequest
		status  int
		hint    string
	}{
		{controlRequest{method: "POST", path: "/snapshots", body: `{"account": "1", "name": "a"}`}, 400, "16 digits"},
		{controlRequest{method: "POST", path: "/snapshots", body: `{"account": "` + account + `", "name": "a b"}`}, 400,
			"letters"},
		{controlRequest{method: "POST", path: "/snapshots", body: `{"account": "1999999999999999", "name": "a"}`}, 404,
			"no account"},
		{controlRequest{method: "POST", path: "/snapshots/nowhere/restore", body: `{"account": "` + account + `"}`},
			404, "enisim snapshot list"},
		{controlRequest{method: "DELETE", path: "/snapshots/nowhere?account=" + account}, 404, "enisim snapshot list"},
		{controlRequest{method: "GET", path: "/snapshots?account=x"}, 400, "16 digits"},
	} {
		status, body, _ := s.control(t, c.request)
		if text, _ := decodeJSON(t, body)["error"].(string); status != c.status || !strings.Contains(text, c.hint) {
			t.Errorf("%s %s: got %d %s, want %d and %q", c.request.method, c.request.path, status, body, c.status,
				c.hint)
		}
	}
	if status, _, _ := s.control(t, controlRequest{method: "POST", path: "/snapshots", body: `{"account": "` + account +
		`", "name": "old"}`}); status != http.StatusCreated {
		t.Fatal(status)
	}
	if _, err := s.pool.Exec(t.Context(), `UPDATE snapshots SET schema = 'of an older version'`); err != nil {
		t.Fatal(err)
	}
	if status, body, _ := s.control(t, controlRequest{method: "POST", path: "/snapshots/old/restore",
		body: `{"account": "` + account + `"}`}); status != http.StatusBadRequest ||
		!strings.Contains(body, "save it anew") {
		t.Errorf("a snapshot of another schema: got %d %s, want 400", status, body)
	}
	if status, _, _ := s.control(t, controlRequest{method: "DELETE", path: "/snapshots/old?account=" +
		account}); status != http.StatusNoContent {
		t.Errorf("delete: got %d, want 204", status)
	}
	if _, body, _ := s.control(t, controlRequest{method: "GET", path: "/snapshots?account=" +
		account}); !strings.Contains(body, `"snapshots":[]`) {
		t.Errorf("list: got %s, want none", body)
	}
}

// BenchmarkRestoreSnapshot restores 1,000 interfaces, all of which were attached after the
// snapshot.
func BenchmarkRestoreSnapshot(b *testing.B) {
	s := serve(b, world().
		Instance("i-{n}", worldtest.Count(334), worldtest.Type("ecs.g6.2xlarge")).
		NetworkInterface("eni-{n}", worldtest.Count(1000)), service.Options{})
	ctx := b.Context()
	svc := service.New(s.store, service.Options{})
	o := operator.New(svc)
	if _, err := o.SaveSnapshot(ctx, account, "before"); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		b.StopTimer()
		for n := range 1000 {
			if _, err := service.AttachNetworkInterface.Do(ctx, svc, service.Caller{AccountID: account},
				service.AttachNetworkInterfaceRequest{
					RegionID: "cn-hangzhou", InstanceID: fmt.Sprintf("i-%d", n/3+1),
					NetworkInterfaceID: fmt.Sprintf("eni-%d", n+1),
				}); err != nil {
				b.Fatal(err)
			}
		}
		b.StartTimer()
		if _, err := o.RestoreSnapshot(ctx, account, "before"); err != nil {
			b.Fatal(err)
		}
	}
}
