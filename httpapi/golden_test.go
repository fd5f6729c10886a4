package httpapi_test

import (
	"bufio"
	"context"
	"flag"
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

	"github.com/jackc/pgx/v5/pgxpool"

	"enisim/httpapi"
	"enisim/service"
	"enisim/service/worldtest"
	"enisim/store"
	"enisim/store/storetest"
)

var update = flag.Bool("update", false, "write the golden files anew from what the server answers")

// goldenCase is a request whose reply is kept in testdata/golden/<action>/<name>.xml and .json. An error is named after its code.
type goldenCase struct {
	name    string
	world   string   // the text of a scenario; "": testdata/scenarios/attach-errors.yaml
	version string   // "": as httpapi.VersionOf has it
	key     string   // "": goldenKey, which every world needs
	pairs   []string // parameters beside the common ones
	in      func(*goldenWorld) *httptest.Server
}

// goldenKey is the key of the world's account, testdata/scenarios/attach-errors.yaml.
const goldenKey = "LTAIattacherrors001"

func also(pairs []string, more ...string) []string { return append(slices.Clone(pairs), more...) }

// inRegion is a request in the region of the golden world.
func inRegion(more ...string) []string { return append([]string{"RegionId", "cn-hangzhou"}, more...) }

// goldenCases are the areas together, each from a file of its own. The cases of an action run in their order; in a world only the last succeeds, or
// those that the next builds on, so that the ones before meet the world as it was made.
var goldenCases = merged(
	addressesGolden,
	attachmentGolden,
	catalogueGolden,
	describeGolden,
	instanceReadsGolden,
	instancesLifeGolden,
	networkInterfacesGolden,
	securityGroupsGolden,
	stsGolden,
	tagsGolden,
	vpcGolden,
)

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

// goldenTime is when the golden requests are sent.
var goldenTime = time.Date(2026, 11, 22, 10, 15, 30, 0, time.UTC)

// goldenWorld makes servers on databases with a world: one for each disturbance, and one for all cases that have none.
type goldenWorld struct {
	t        *testing.T
	scenario string
	reads    bool // whether the action only reads, so that it can share what is usual
	usual    *httptest.Server
	shared   *sharedWorlds
}

// readsOnly matches the actions that change nothing.
var readsOnly = regexp.MustCompile(`^(Describe|List|Get)`)

// sharedWorlds are worlds in which no request has an effect, so all actions can meet them: a database for each action would be most of what the
// golden files cost.
type sharedWorlds struct {
	t      *testing.T // outlives the tests that share
	mu     sync.Mutex
	worlds map[string]*sharedWorld
}

type sharedWorld struct {
	server *httptest.Server
	pool   *pgxpool.Pool
}

// get returns the shared world of a name, which start makes when it is asked for first.
func (s *sharedWorlds) get(name, scenario string, start func(*goldenWorld) (*httptest.Server, *pgxpool.Pool)) *sharedWorld {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := name + ": " + scenario
	if s.worlds[key] == nil {
		server, pool := start(&goldenWorld{t: s.t, scenario: scenario})
		s.worlds[key] = &sharedWorld{server, pool}
	}
	return s.worlds[key]
}

// server starts the API on a database in which sql was run after the scenario was applied. It waits for locks as long as it takes: the session of a
// request that failed may end after its answer.
func (g *goldenWorld) server(options service.Options, sql string) (*httptest.Server, *pgxpool.Pool) {
	g.t.Helper()
	pool := patient(g.t, g.database())
	if _, err := pool.Exec(g.t.Context(), sql); err != nil {
		g.t.Fatal(err)
	}
	return g.serverOn(pool, options), pool
}

// database returns a database to which the scenario was applied.
func (g *goldenWorld) database() *pgxpool.Pool {
	g.t.Helper()
	text := g.scenario
	if text == "" {
		read, err := os.ReadFile(filepath.Join("..", "testdata", "scenarios", "attach-errors.yaml"))
		if err != nil {
			g.t.Fatal(err)
		}
		text = string(read)
	}
	pool := storetest.Pool(g.t)
	worldtest.Apply(g.t, store.New(pool, slog.New(slog.DiscardHandler)), goldenTime, text)
	return pool
}

// serverOn starts the API on a database.
func (g *goldenWorld) serverOn(pool *pgxpool.Pool, options service.Options) *httptest.Server {
	st := store.New(pool, slog.New(slog.DiscardHandler))
	options.Now = func() time.Time { return goldenTime }
	options.Random = rand.NewChaCha8([32]byte{}) // each server makes the same ids, in the order of its cases
	options.AttachDelay, options.DetachDelay = time.Second, time.Second
	server := httptest.NewServer(httpapi.New(service.New(st, options), httpapi.Options{
		Log:          slog.New(slog.DiscardHandler),
		Signature:    httpapi.IdentifyOnly,
		NewRequestID: func() string { return "473469C7-AA6F-4DC5-B3DB-A3DC0DE3C83E" },
	}))
	g.t.Cleanup(server.Close)
	return server
}

// impatient is a pool on the same database that gives up a lock soon, for tests in which a lock is held until their end.
func impatient(t *testing.T, pool *pgxpool.Pool) *pgxpool.Pool {
	t.Helper()
	return withSettings(t, pool, map[string]string{
		"lock_timeout": "100ms", "idle_in_transaction_session_timeout": "0", // a lock is held for as long as the test needs it
	})
}

// patient is a pool on the same database that waits for a lock for as long as it takes, for tests in which somebody waits until others have been answered.
func patient(t *testing.T, pool *pgxpool.Pool) *pgxpool.Pool {
	t.Helper()
	return withSettings(t, pool, map[string]string{
		"lock_timeout": "0", "statement_timeout": "0", "idle_in_transaction_session_timeout": "0",
	})
}

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

// whole is the undisturbed world that actions share which do not change it.
func (g *goldenWorld) whole() *sharedWorld {
	return g.shared.get("whole", g.scenario, func(g *goldenWorld) (*httptest.Server, *pgxpool.Pool) { return g.server(service.Options{}, "") })
}

func ordinary(g *goldenWorld) *httptest.Server {
	if g.reads {
		return g.whole().server
	}
	if g.usual == nil {
		g.usual, _ = g.server(service.Options{}, "")
	}
	return g.usual
}

// closedToRAM has no RAM user call anything, whatever it is allowed.
func closedToRAM(g *goldenWorld) *httptest.Server {
	return g.shared.get("closed to RAM", g.scenario, func(g *goldenWorld) (*httptest.Server, *pgxpool.Pool) {
		return g.server(service.Options{ClosedToRAM: httpapi.ActionNames()}, "")
	}).server
}

// broken lacks a column, as after a migration by hand that went wrong. Only reads share it: two writes that meet at a row may answer a conflict.
func broken(g *goldenWorld) *httptest.Server {
	start := func(g *goldenWorld) (*httptest.Server, *pgxpool.Pool) {
		return g.server(service.Options{}, `ALTER TABLE network_interfaces RENAME COLUMN type TO kind`)
	}
	if g.reads {
		return g.shared.get("broken", g.scenario, start).server
	}
	server, _ := start(g)
	return server
}

// locked has a session that holds the instances for longer than a caller waits.
var locked = holding(lockInstances)

// holding has a session that holds the locks of some statements for longer than a caller waits. Nobody else calls, so callers give up soon.
func holding(statements ...string) func(*goldenWorld) *httptest.Server {
	return func(g *goldenWorld) *httptest.Server {
		pool := impatient(g.t, g.database())
		hold(g.t, pool, statements...)
		return g.serverOn(pool, service.Options{})
	}
}

// withoutDatabase has lost its database. It is a server of its own, because it remembers a key for a second only.
func withoutDatabase(g *goldenWorld) *httptest.Server {
	pool := impatient(g.t, g.whole().pool)
	server := g.serverOn(pool, service.Options{})
	get(g.t, server, "/?Action=AttachNetworkInterface&Version="+httpapi.VersionOf("AttachNetworkInterface")+"&AccessKeyId="+goldenKey+
		"&RegionId=cn-hangzhou&InstanceId=i-not-found&NetworkInterfaceId=eni-ok") // the key and the region are known from now on
	pool.Close()
	return server
}

// Every reply and every error code of every action is kept, in XML and JSON.
func TestGolden(t *testing.T) {
	t.Parallel()
	shared := &sharedWorlds{t: t, worlds: map[string]*sharedWorld{}}
	for action, cases := range goldenCases {
		for _, format := range []string{"xml", "json"} {
			t.Run(action+"/"+format, func(t *testing.T) {
				t.Parallel()
				worlds := map[string]*goldenWorld{}
				for _, c := range cases {
					if worlds[c.world] == nil {
						worlds[c.world] = &goldenWorld{t: t, scenario: c.world, reads: readsOnly.MatchString(action), shared: shared}
					}
					in := ordinary
					if c.in != nil {
						in = c.in
					}
					path := filepath.Join("..", "testdata", "golden", action, c.name+"."+format)
					compare(t, path, goldenReply(t, in(worlds[c.world]), action, format, c))
				}
			})
		}
	}
}

// goldenReply is the reply as it came: status, content type and body.
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
	query := url.Values{"Action": {action}, "Version": {version}, "AccessKeyId": {key}, "Format": {strings.ToUpper(format)}}
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
	return spellReply(response.Status, response.Header, body)
}

// spellReply is a reply as a golden file keeps it.
func spellReply(status string, header http.Header, body []byte) string {
	return status + "\nContent-Type: " + header.Get("Content-Type") + "\n\n" + string(body) + "\n"
}

// compare holds a reply to its golden file, or writes the file.
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

// No row of a contract that is decided as rule or gateway lacks a golden file, an error's file holds its code, and no file is left over.
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
				t.Errorf("%s: no golden file shows %s", action, code)
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
				t.Errorf("%s/%s: no case writes it any more", action, entry.Name())
			case strings.HasPrefix(string(text), "200 "):
			case !strings.Contains(string(text), `"Code":"`+code+`"`) && !strings.Contains(string(text), "<Code>"+code+"</Code>"):
				t.Errorf("%s/%s: is not an answer with code %s", action, entry.Name(), code)
			}
		}
	}
}

// decided are the codes that the contract of an action has decided as rule or gateway.
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

// lockInstances takes the locks of all instances.
const lockInstances = `SELECT FROM instances FOR UPDATE`

// hold takes the locks of statements, in their order, until the test ends.
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
