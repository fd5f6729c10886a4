package prove

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"enisim.alt/store"
)

// cluster is three Postgres with Patroni, an etcd, and an HAProxy before them, all on loopback.
type cluster struct {
	members [3]*member
	etcd    *daemon
	proxy   string // address at which HAProxy leads to the primary

	failovers int           // so far
	measured  []measuredGap // of each fault
}

// member is one machine of the cluster: a Patroni, which starts a Postgres.
type member struct {
	name     string
	data     string // folder of Postgres
	postgres string // address for servers
	api      string // address of Patroni
	link     *link  // through which standbys replicate from it
	patroni  *daemon
}

// clusterPrograms are what the cluster needs, from the packages etcd-server, patroni and haproxy of
// Debian.
var clusterPrograms = []string{"/usr/bin/etcd", "/usr/bin/patroni", "/usr/sbin/haproxy"}

// postgresPrograms is the folder with the programs of Postgres.
func postgresPrograms(t *testing.T) string {
	t.Helper()
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin")
	if err != nil || len(found) == 0 {
		t.Fatalf("no Postgres in /usr/lib/postgresql: %v", err)
	}
	return found[len(found)-1]
}

// startCluster starts the cluster, and stops it at the end of the test.
func startCluster(t *testing.T, dir string) *cluster {
	t.Helper()
	for _, program := range clusterPrograms {
		if _, err := os.Stat(program); err != nil {
			t.Fatalf("%v: apt-get install etcd-server patroni haproxy", err)
		}
	}
	// First etcd.
	dir = filepath.Join(dir, "cluster")
	folder(t, dir)
	c := &cluster{proxy: freeAddress(t)}
	etcd, peers := freeAddress(t), "http://"+freeAddress(t)
	c.etcd = startDaemon(t, &daemon{name: "etcd", dir: dir, log: filepath.Join(dir, "etcd.log"), args: []string{
		clusterPrograms[0], "--name", "one", "--data-dir", filepath.Join(dir, "etcd"),
		"--listen-client-urls", "http://" + etcd, "--advertise-client-urls", "http://" + etcd,
		"--listen-peer-urls", peers, "--initial-advertise-peer-urls", peers, "--initial-cluster", "one=" + peers,
		// Patroni 3.0.2 of Debian 12 uses the API of etcd 3 without comparing: when its host was paused, it takes
		// back the lock that has expired, beside another primary. By the API of etcd 2 it compares.
		"--enable-v2=true",
	}})
	// Then the members. The first to reach etcd makes the database; the others copy it.
	var backends strings.Builder
	for n := range c.members {
		m := &member{name: fmt.Sprintf("node%d", n+1), postgres: freeAddress(t), api: freeAddress(t)}
		m.data = filepath.Join(dir, m.name, "data")
		m.link = newLink(t, m.postgres)
		folder(t, filepath.Dir(m.data))
		config := filepath.Join(dir, m.name+".yaml")
		if err := os.WriteFile(config, []byte(m.config(etcd, postgresPrograms(t))), 0o600); err != nil {
			t.Fatal(err)
		}
		giveToPostgres(t, config)
		t.Cleanup(func() { m.killPostgres(t) }) // after Patroni, which stops Postgres if it can
		m.patroni = startDaemon(t, &daemon{name: "Patroni of " + m.name, dir: filepath.Dir(m.data),
			log: filepath.Join(dir, m.name+".log"), args: []string{clusterPrograms[1], config}})
		_, port, _ := net.SplitHostPort(m.api)
		fmt.Fprintf(&backends, "  server %s %s maxconn 100 check port %s\n", m.name, m.postgres, port)
		c.members[n] = m
	}
	// Then HAProxy, which asks Patroni for the primary and breaks the connections to any other member.
	config := filepath.Join(dir, "haproxy.cfg")
	if err := os.WriteFile(config, []byte(fmt.Sprintf(haproxyConfig, c.proxy, &backends)), 0o600); err != nil {
		t.Fatal(err)
	}
	giveToPostgres(t, config)
	startDaemon(t, &daemon{name: "HAProxy", dir: dir, log: filepath.Join(dir, "haproxy.log"),
		args: []string{clusterPrograms[2], "-db", "-f", config}})
	// Last, wait for all members, and make the database.
	ctx, cancel := context.WithTimeout(t.Context(), waitTimeout)
	defer cancel()
	if err := c.awaitHealthy(ctx); err != nil {
		t.Fatal(err)
	}
	if err := store.CreateDatabase(ctx, c.urlOf("postgres"), "enisim", ""); err != nil {
		t.Fatal(err)
	}
	return c
}

// folder makes a folder that belongs to the user of Postgres.
func folder(t *testing.T, path string) {
	t.Helper()
	if err := os.Mkdir(path, 0o700); err != nil {
		t.Fatal(err)
	}
	giveToPostgres(t, path)
}

// giveToPostgres makes the user of Postgres the owner of a file or folder.
func giveToPostgres(t *testing.T, path string) {
	t.Helper()
	if os.Getuid() != 0 {
		return
	}
	uid, gid, err := postgresUser()
	if err == nil {
		err = os.Chown(path, int(uid), int(gid))
	}
	if err != nil {
		t.Fatal(err)
	}
}

// config returns the configuration of Patroni. Without a leader for ttl seconds, the synchronous standby
// becomes the leader. When only Postgres has crashed, it does so at once (primary_start_timeout).
func (m *member) config(etcd, programs string) string {
	return fmt.Sprintf(`
scope: enisim
name: %[1]s
restapi: {listen: "%[2]s", connect_address: "%[2]s"}
etcd: {host: "%[3]s"}
bootstrap:
  dcs:
    ttl: 20
    loop_wait: 2
    retry_timeout: 5
    primary_start_timeout: 0
    synchronous_mode: true
    synchronous_mode_strict: true
    failsafe_mode: true
    postgresql:
      use_pg_rewind: true
      parameters:
        max_connections: 100
        shared_buffers: 64MB
        wal_keep_size: 512MB
        wal_retrieve_retry_interval: 500ms
  initdb: [{encoding: UTF8}, {locale: C}, data-checksums]
  pg_hba: [host all all 127.0.0.1/32 trust, host replication all 127.0.0.1/32 trust]
postgresql:
  listen: "%[4]s"
  connect_address: "%[5]s"
  data_dir: %[6]s
  bin_dir: %[7]s
  pgpass: %[8]s/pgpass
  parameters: {unix_socket_directories: ""}
  authentication:
    superuser: {username: postgres, password: unused}
    replication: {username: replicator, password: unused}
`, m.name, m.api, etcd, m.postgres, m.link.Listen, m.data, programs, filepath.Dir(m.data))
}

// haproxyConfig leads to the member whose Patroni says that it is the primary.
const haproxyConfig = `
global
  maxconn 400
defaults
  mode tcp
  timeout connect 2s
  timeout client 1h
  timeout server 1h
  timeout check 1s
listen primary
  bind %s
  option httpchk OPTIONS /primary
  http-check expect status 200
  default-server inter 500ms fall 2 rise 1 on-marked-down shutdown-sessions
%s`

// urlOf returns the address of a database, with all members as hosts.
func (c *cluster) urlOf(database string) string {
	var hosts []string
	for _, m := range c.members {
		hosts = append(hosts, m.postgres)
	}
	return "postgres://postgres@" + strings.Join(hosts, ",") + "/" + database + "?sslmode=disable"
}

func (c *cluster) url() string { return c.urlOf("enisim") }

// urlOfProxy returns the address of the database through HAProxy.
func (c *cluster) urlOfProxy() string {
	return "postgres://postgres@" + c.proxy + "/enisim?sslmode=disable"
}

// roles are the members that have a role, as Patroni sees it; nil if none has.
type roles struct{ leader, synchronous *member }

// roles asks any Patroni.
func (c *cluster) roles(ctx context.Context) (roles, error) {
	var problems []error
	for _, m := range c.members {
		var found struct {
			Members []struct{ Name, Role, State string }
		}
		if err := m.ask(ctx, http.MethodGet, "/cluster", nil, &found); err != nil {
			problems = append(problems, err)
			continue
		}
		var r roles
		for _, described := range found.Members {
			for _, known := range c.members {
				switch {
				case known.name != described.Name || described.State != "running" && described.State != "streaming":
				case described.Role == "leader":
					r.leader = known
				case described.Role == "sync_standby":
					r.synchronous = known
				}
			}
		}
		return r, nil
	}
	return roles{}, errors.Join(problems...)
}

// ask sends a request to Patroni and reads its answer, if that is wanted.
func (m *member) ask(ctx context.Context, method, path string, body any, answer any) error {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second) // a switchover answers when it is done
	defer cancel()
	if method == http.MethodGet {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, 2*time.Second)
		defer cancel()
	}
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, method, "http://"+m.api+path, bytes.NewReader(text))
	if err != nil {
		return err
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if answer != nil {
		return json.NewDecoder(response.Body).Decode(answer)
	}
	if response.StatusCode != http.StatusOK {
		var said bytes.Buffer
		_, _ = said.ReadFrom(response.Body)
		return fmt.Errorf("%s of %s: %s: %s", path, m.name, response.Status, said.String())
	}
	return nil
}

// awaitLeader waits until another member than the old leader leads.
func (c *cluster) awaitLeader(ctx context.Context, old *member) error {
	ctx, cancel := context.WithTimeoutCause(ctx, waitTimeout,
		fmt.Errorf("no member but %s became the leader within %v", old.name, waitTimeout))
	defer cancel()
	for {
		if r, err := c.roles(ctx); err == nil && r.leader != nil && r.leader != old {
			return nil
		}
		if err := sleep(ctx, 10*pollInterval); err != nil {
			return err
		}
	}
}

// awaitHealthy waits until there is a primary that both standbys follow, one of them synchronously.
func (c *cluster) awaitHealthy(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, waitTimeout,
		fmt.Errorf("the cluster was not whole within %v; the logs of its members may say why", waitTimeout))
	defer cancel()
	for {
		r, err := c.roles(ctx)
		if err == nil && r.leader != nil && r.synchronous != nil && r.leader.isFollowed(ctx) {
			return nil
		}
		if err := sleep(ctx, 10*pollInterval); err != nil {
			return err
		}
	}
}

// isFollowed reports whether a primary has two standbys, one of them synchronous.
func (m *member) isFollowed(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, "postgres://postgres@"+m.postgres+"/postgres?sslmode=disable")
	if err != nil {
		return false
	}
	defer conn.Close(ctx)
	var followed bool
	err = conn.QueryRow(ctx, `
		SELECT count(*) = 2 AND count(*) FILTER (WHERE sync_state IN ('sync', 'quorum')) > 0
		FROM pg_stat_replication WHERE state = 'streaming'`).Scan(&followed)
	return err == nil && followed
}

// killPostgres ends a Postgres that its Patroni has left behind.
func (m *member) killPostgres(t *testing.T) {
	ctx := context.WithoutCancel(t.Context())
	postmaster, err := findPostmaster(ctx, m.data)
	if err != nil {
		return // it has stopped
	}
	children, _ := postmaster.ChildrenWithContext(ctx)
	for _, p := range append(children, postmaster) {
		_ = sendSignal(ctx, p, syscall.SIGCONT)
	}
	if err := killAll(ctx, postmaster); err != nil {
		t.Log(err)
	}
}

// connect returns a connection to the primary.
func (c *cluster) connect(ctx context.Context) (*pgx.Conn, error) {
	config, err := store.Config(c.url())
	if err != nil {
		return nil, err
	}
	config.ConnConfig.RuntimeParams["application_name"] = "prove"
	return pgx.ConnectConfig(ctx, config.ConnConfig)
}

func (c *cluster) awaitNoConnections(ctx context.Context) error {
	conn, err := c.connect(ctx)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	return awaitNoConnections(ctx, conn)
}

// examine looks for deadlocks and violated constraints in the logs of all members. Other errors are
// those of failovers.
func (c *cluster) examine(context.Context) error {
	var problems []error
	for _, m := range c.members {
		text, err := os.ReadFile(m.patroni.log)
		if err != nil {
			return err
		}
		for line := range bytes.Lines(text) {
			if hasAny(string(line), []string{"deadlock detected", "violates"}) {
				problems = append(problems, fmt.Errorf("%s: %s", m.name, bytes.TrimSpace(line)))
			}
		}
	}
	return errors.Join(problems...)
}
