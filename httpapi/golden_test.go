package httpapi_test

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode"

	"github.com/jackc/pgx/v5/pgxpool"

	"enisim.alt/httpapi"
	"enisim.alt/service"
	"enisim.alt/service/worldtest"
	"enisim.alt/store"
	"enisim.alt/store/storetest"
)

var update = flag.Bool("update", false, "update the golden files from the server's replies")

// goldenCase is a request whose reply is kept in testdata/golden/<action>/<name>.xml and .json. The
// case of an error is named after its code.
type goldenCase struct {
	name    string
	world   string   // the text of a scenario; "": testdata/scenarios/attach-errors.yaml
	version string   // "": as httpapi.VersionOf has it
	key     string   // "": goldenKey, which every world needs
	pairs   []string // parameters beside the common ones
	in      func(*goldenWorld) *httptest.Server
}

// goldenAccount and goldenKey are the account of testdata/scenarios/attach-errors.yaml and its key.
// Each golden world has them.
const (
	goldenAccount = "1000000000000003"
	goldenKey     = "LTAIattacherrors001"
)

// expired makes a key expire before all golden requests.
var expired = worldtest.Set("expires_at", "2020-01-01T00:00:00Z")

// also returns the parameters with more of them.
func also(pairs []string, more ...string) []string { return append(slices.Clone(pairs), more...) }

// inRegion returns parameters with the region of the golden world.
func inRegion(more ...string) []string { return append([]string{"RegionId", "cn-hangzhou"}, more...) }

// goldenCases are the cases of all areas, each from a file of its own. The cases of an action run
// in their order. Only the last case of a world has an effect, or the ones that the next build on,
// so that the earlier ones find the initial world.
var goldenCases = withFurther(merged(
	addressesGolden,
	attachmentGolden,
	catalogueGolden,
	describeGolden,
	disksGolden,
	eipGolden,
	instanceReadsGolden, instanceSettingsGolden,
	instancesLifeGolden,
	keyPairsGolden,
	networkInterfacesGolden,
	routesGolden,
	securityGroupsGolden,
	stsGolden, aroundGolden,
	tagsGolden,
	vpcGolden,
), formsGolden, map[string][]goldenCase{"AttachNetworkInterface": formsOfAttaches})

// merged returns the cases of all areas. An action belongs to one area.
func merged(areas ...map[string][]goldenCase) map[string][]goldenCase {
	all := map[string][]goldenCase{}
	for _, area := range areas {
		for action, cases := range area {
			if _, twice := all[action]; twice {
				panic(action + " is in two areas")
			}
			all[action] = cases
		}
	}
	return all
}

// goldenRequestID is the RequestId of all golden requests.
const goldenRequestID = "473469C7-AA6F-4DC5-B3DB-A3DC0DE3C83E"

// goldenTime is the server's time for all golden requests.
var goldenTime = time.Date(2026, 11, 22, 10, 15, 30, 0, time.UTC)

// goldenWorld makes servers on databases with a world: one for each fault, and one for all cases
// without a fault.
type goldenWorld struct {
	t        *testing.T
	scenario string
	reads    bool // whether the requests change nothing, so that they can use a shared server
	usual    *httptest.Server
	shared   *sharedWorlds
	pools    map[*httptest.Server]*pgxpool.Pool // of the servers that it has started
}

// readsOnly matches actions that only read.
var readsOnly = regexp.MustCompile(`^(Describe|List|Get)`)

// sharedWorlds are worlds that no request changes, so all cases with the same world can share one.
// A database for each case would take most of the time of the golden tests.
type sharedWorlds struct {
	t       *testing.T // outlives the tests that share
	mu      sync.Mutex
	worlds  map[string]*sharedWorld
	sources map[string]string // the address of a database with each scenario
	turns   sync.Map          // a lock for each server, because writes that meet at a row may conflict
}

type sharedWorld struct {
	once   sync.Once
	server *httptest.Server
	pool   *pgxpool.Pool
}

// newSharedWorlds returns no worlds yet, which exist until the test ends.
func newSharedWorlds(t *testing.T) *sharedWorlds {
	return &sharedWorlds{t: t, worlds: map[string]*sharedWorld{}, sources: map[string]string{}}
}

// takeTurn waits until no other request that takes turns uses the server. The request ends its turn.
func (s *sharedWorlds) takeTurn(server *httptest.Server) (end func()) {
	turn, _ := s.turns.LoadOrStore(server, &sync.Mutex{})
	turn.(*sync.Mutex).Lock()
	return turn.(*sync.Mutex).Unlock
}

// get returns the shared world with a name. start makes it at the first call.
func (s *sharedWorlds) get(name, scenario string,
	start func(*goldenWorld) (*httptest.Server, *pgxpool.Pool)) *sharedWorld {
	key := name + ": " + scenario
	s.mu.Lock()
	world := s.worlds[key]
	if world == nil {
		world = &sharedWorld{}
		s.worlds[key] = world
	}
	s.mu.Unlock()
	world.once.Do(func() { world.server, world.pool = start(&goldenWorld{t: s.t, scenario: scenario, shared: s}) })
	return world
}

// server returns the API on a database with the scenario, after some SQL. Requests that change
// nothing share the server.
func (g *goldenWorld) server(options service.Options, sql string) (*httptest.Server, *pgxpool.Pool) {
	g.t.Helper()
	if g.reads {
		world := g.shared.get(fmt.Sprintf("%+v after %s", options, sql), g.scenario,
			func(g *goldenWorld) (*httptest.Server, *pgxpool.Pool) { return g.server(options, sql) })
		return world.server, world.pool
	}
	return g.start(options, sql)
}

// start starts the API on a database with the scenario, after some SQL. It waits for locks without
// a timeout, because the session of a failed request may end after its reply.
func (g *goldenWorld) start(options service.Options, sql string) (*httptest.Server, *pgxpool.Pool) {
	g.t.Helper()
	pool := patient(g.t, g.database())
	if _, err := pool.Exec(g.t.Context(), sql); err != nil {
		g.t.Fatal(err)
	}
	return g.serverOn(pool, options), pool
}

// database returns a database with the scenario.
func (g *goldenWorld) database() *pgxpool.Pool {
	g.t.Helper()
	return storetest.Copy(g.t, g.shared.source(g.scenario))
}

// source returns the address of a database with a scenario, which is there to be copied. Applying
// the scenario to each database would take most of the time of the golden tests.
func (s *sharedWorlds) source(scenario string) string {
	s.t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.sources[scenario] == "" {
		text := scenario
		if text == "" {
			read, err := os.ReadFile(filepath.Join("..", "testdata", "scenarios", "attach-errors.yaml"))
			if err != nil {
				s.t.Fatal(err)
			}
			text = string(read)
		}
		address := storetest.URL(s.t)
		config, err := store.Config(address)
		if err != nil {
			s.t.Fatal(err)
		}
		pool, err := pgxpool.NewWithConfig(s.t.Context(), config)
		if err != nil {
			s.t.Fatal(err)
		}
		worldtest.Apply(s.t, store.New(pool, slog.New(slog.DiscardHandler)), goldenTime, text)
		pool.Close()
		s.sources[scenario] = address
	}
	return s.sources[scenario]
}

// serverOn starts the API on a database.
func (g *goldenWorld) serverOn(pool *pgxpool.Pool, options service.Options) *httptest.Server {
	st := store.New(pool, slog.New(slog.DiscardHandler))
	options.Now = func() time.Time { return goldenTime }
	options.Random = rand.NewChaCha8([32]byte{}) // so that each server makes the same ids in the same order
	options.AttachDelay, options.DetachDelay = time.Second, time.Second
	options.Refusals = service.AllRefusals // so that each rule says what it saw
	server := httptest.NewServer(httpapi.New(service.New(st, options), httpapi.Options{
		Log:          slog.New(slog.DiscardHandler),
		Signature:    httpapi.IdentifyOnly,
		NewRequestID: func() string { return goldenRequestID },
	}))
	g.t.Cleanup(server.Close)
	if g.pools == nil {
		g.pools = map[*httptest.Server]*pgxpool.Pool{}
	}
	g.pools[server] = pool
	return server
}

// impatient returns a pool on the same database with a short lock timeout, for tests that hold a
// lock until their end.
func impatient(t *testing.T, pool *pgxpool.Pool) *pgxpool.Pool {
	t.Helper()
	return withSettings(t, pool, map[string]string{
		"lock_timeout": "100ms", "idle_in_transaction_session_timeout": "0", // the test may hold a lock for long
	})
}

// patient returns a pool on the same database without a lock timeout, for tests in which a session
// waits until others have been answered.
func patient(t *testing.T, pool *pgxpool.Pool) *pgxpool.Pool {
	t.Helper()
	return withSettings(t, pool, map[string]string{
		"lock_timeout": "0", "statement_timeout": "0", "idle_in_transaction_session_timeout": "0",
	})
}

// withSettings returns a pool on the same database with other settings of Postgres.
func withSettings(t *testing.T, pool *pgxpool.Pool, settings map[string]string) *pgxpool.Pool {
	t.Helper()
	config := pool.Config()
	maps.Copy(config.ConnConfig.RuntimeParams, settings)
	other, err := pgxpool.NewWithConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(other.Close)
	return other
}

// whole returns the world without a fault, which the actions that only read share.
func (g *goldenWorld) whole() *sharedWorld {
	return g.shared.get("whole", g.scenario,
		func(g *goldenWorld) (*httptest.Server, *pgxpool.Pool) { return g.start(service.Options{}, "") })
}

// ordinary returns the server of cases without a fault.
func ordinary(g *goldenWorld) *httptest.Server {
	if g.reads {
		return g.whole().server
	}
	if g.usual == nil {
		g.usual, _ = g.server(service.Options{}, "")
	}
	return g.usual
}

// closedToRAM returns a server that refuses all RAM users, whatever they are allowed.
func closedToRAM(g *goldenWorld) *httptest.Server {
	server, _ := g.server(service.Options{ClosedToRAM: httpapi.ActionNames()}, "")
	return server
}

// broken returns a server whose database lacks a column, as after a manual migration that failed.
func broken(g *goldenWorld) *httptest.Server {
	server, _ := g.server(service.Options{}, `
		ALTER TABLE network_interfaces RENAME COLUMN type TO kind;
		DROP VIEW whole_network_interfaces`)
	return server
}

// locked makes a server whose instances are locked for longer than a caller waits.
var locked = holding(lockInstances)

// holding returns a server on a database where a session holds locks for longer than a caller waits.
// The callers have a short lock timeout. All cases share the server, because none gets the locks.
func holding(statements ...string) func(*goldenWorld) *httptest.Server {
	name := "locks: " + strings.Join(statements, "; ")
	return func(g *goldenWorld) *httptest.Server {
		return g.shared.get(name, g.scenario, func(g *goldenWorld) (*httptest.Server, *pgxpool.Pool) {
			pool := impatient(g.t, g.database())
			hold(g.t, pool, statements...)
			return g.serverOn(pool, service.Options{}), pool
		}).server
	}
}

// withoutDatabase returns a server that has lost its database. It is not shared, because a server
// remembers a key for one second only.
func withoutDatabase(g *goldenWorld) *httptest.Server {
	pool := impatient(g.t, g.whole().pool)
	server := g.serverOn(pool, service.Options{})
	// First fill the caches of keys and regions.
	get(g.t, server, "/?Action=AttachNetworkInterface&Version=2014-05-26&AccessKeyId="+goldenKey+
		"&RegionId=cn-hangzhou&InstanceId=i-not-found&NetworkInterfaceId=eni-ok")
	pool.Close()
	return server
}

// throttled returns a server whose throttle has allowed the only call.
func throttled(g *goldenWorld) *httptest.Server {
	server, _ := g.server(service.Options{}, `
		INSERT INTO disturbances (id, kind, rule, created_at)
		VALUES ('throttle-1', 'throttle', '{"limits": [{"per_second": 0.001, "burst": 1}]}', '2026-11-22')`)
	get(g.t, server, "/?Action=DescribeRegions&Version=2014-05-26&AccessKeyId="+goldenKey)
	return server
}

// Each reply and each error code of each action equals its golden file, in XML and JSON.
func TestGolden(t *testing.T) {
	storetest.SkipInShortRuns(t)
	t.Parallel()
	shared := newSharedWorlds(t)
	for action, cases := range goldenCases {
		for _, format := range []string{"xml", "json"} {
			t.Run(action+"/"+format, func(t *testing.T) {
				t.Parallel()
				reads := readsOnly.MatchString(action)
				worlds := map[string]*goldenWorld{}
				for _, c := range cases {
					if worlds[c.world] == nil {
						worlds[c.world] = &goldenWorld{t: t, scenario: c.world, reads: reads, shared: shared}
					}
					path := filepath.Join("..", "testdata", "golden", action, c.name+"."+format)
					switch {
					case c.in == nil:
						compare(t, path, goldenReply(t, ordinary(worlds[c.world]), action, format, c))
					case reads || !c.isRefused():
						compare(t, path, goldenReply(t, c.in(worlds[c.world]), action, format, c))
					default:
						server := c.in(&goldenWorld{t: t, scenario: c.world, reads: true, shared: shared})
						compare(t, path, refusedReply(t, shared, server, action, format, c))
					}
				}
			})
		}
	}
}

// isRefused reports whether the reply of a case is an error, whose code is then the name.
func (c goldenCase) isRefused() bool { return unicode.IsUpper(rune(c.name[0])) }

// refusedReply returns the reply to a refused write, which changes nothing in a shared world.
func refusedReply(t *testing.T, shared *sharedWorlds, server *httptest.Server, action, format string,
	c goldenCase) string {
	t.Helper()
	defer shared.takeTurn(server)()
	reply := goldenReply(t, server, action, format, c)
	if strings.HasPrefix(reply, "200 ") {
		t.Errorf("%s: got a success, which may have changed the world of other cases", c.name)
	}
	return reply
}

// goldenReply returns the status, content type and body of a reply.
func goldenReply(t *testing.T, server *httptest.Server, action, format string, c goldenCase) string {
	t.Helper()
	key := c.key
	if key == "" {
		key = goldenKey
	}
	version := c.version
	if version == "" {
		version = httpapi.VersionOf(action)
	}
	query := url.Values{"Action": {action}, "Version": {version}, "AccessKeyId": {key},
		"Format": {strings.ToUpper(format)}}
	for i := 0; i < len(c.pairs); i += 2 {
		query.Set(c.pairs[i], c.pairs[i+1])
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+"/?"+query.Encode(), nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Host = "ecs.cn-hangzhou.aliyuncs.com"
	response, err := server.Client().Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return formatReply(response.Status, response.Header, body)
}

// newKey matches what each new key pair has of its own.
var newKey = regexp.MustCompile(
	`(?s)(KeyPairFingerPrint\W+)[0-9a-f:]{47}(.*?PrivateKeyBody\W+)-----BEGIN.*?END RSA PRIVATE KEY-----`)

// formatReply formats a reply as a golden file has it, without a new key.
func formatReply(status string, header http.Header, body []byte) string {
	body = newKey.ReplaceAll(body, []byte("${1}FINGERPRINT${2}PRIVATE KEY"))
	return status + "\nContent-Type: " + header.Get("Content-Type") + "\n\n" + string(body) + "\n"
}

// compare compares a reply with its golden file, or updates the file.
func compare(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v (make golden writes it)", err)
	}
	if got != string(want) {
		t.Errorf("%s\ngot:\n%s\nwant:\n%s", path, got, want)
	}
}

// Each row of a contract with the decision rule or gateway has a golden file, the file of an error
// has its code, and each file has a case.
func TestGoldenFilesCoverTheContracts(t *testing.T) {
	t.Parallel()
	for action, cases := range goldenCases {
		var names, expected []string
		for _, c := range cases {
			names = append(names, c.name)
			expected = append(expected, c.name+".json", c.name+".xml")
		}
		for _, code := range decided(t, action) {
			if !slices.Contains(names, code) {
				t.Errorf("%s: got no golden file of %s", action, code)
			}
		}
		entries, err := os.ReadDir(filepath.Join("..", "testdata", "golden", action))
		if err != nil {
			t.Fatal(err)
		}
		for _, entry := range entries {
			text, err := os.ReadFile(filepath.Join("..", "testdata", "golden", action, entry.Name()))
			if err != nil {
				t.Fatal(err)
			}
			code, _, _ := strings.Cut(entry.Name(), ".json")
			code, _, _ = strings.Cut(code, ".xml")
			switch {
			case !slices.Contains(expected, entry.Name()):
				t.Errorf("%s/%s: got a file without a case", action, entry.Name())
			case strings.HasPrefix(string(text), "200 "):
			case !strings.Contains(string(text), `"Code":"`+code+`"`) &&
				!strings.Contains(string(text), "<Code>"+code+"</Code>"):
				t.Errorf("%s/%s: got another reply, want one with code %s", action, entry.Name(), code)
			}
		}
	}
}

// decided returns the codes of a contract with the decision rule or gateway.
func decided(t *testing.T, action string) (codes []string) {
	t.Helper()
	f, err := os.Open(filepath.Join("..", "testdata", "contract", action+".tsv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if column := strings.Split(lines.Text(), "\t"); column[3] == "rule" || column[3] == "gateway" {
			codes = append(codes, column[1])
		}
	}
	return codes
}

// lockInstances locks all instances.
const lockInstances = `SELECT FROM instances FOR UPDATE`

// hold runs statements that take locks, in their order, and keeps the locks until the test ends.
func hold(t *testing.T, pool *pgxpool.Pool, statements ...string) {
	t.Helper()
	tx, err := pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tx.Rollback(context.WithoutCancel(t.Context())) })
	for _, statement := range statements {
		if _, err := tx.Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
}
