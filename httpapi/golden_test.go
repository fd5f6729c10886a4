package httpapi_test

import (
	"bufio"
	"context"
	"flag"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"enisim/httpapi"
	"enisim/service"
	"enisim/store"
	"enisim/store/storetest"
)

var update = flag.Bool("update", false, "write the golden files anew from what the server answers")

// goldenCase is a request whose reply is kept in testdata/golden/<action>/<name>.xml and .json. An error is named after its code.
type goldenCase struct {
	name  string
	key   string   // "": the account of the world
	pairs []string // parameters beside the common ones
	in    func(*goldenWorld) *httptest.Server
}

// goldenKey is the key of the world's account, testdata/scenarios/attach-errors.yaml.
const goldenKey = "LTAIattacherrors001"

// attachTo and attachENI are requests to attach: what the other side is does not matter, so it is one that is fine.
func attachTo(instance string) []string { return pair(instance, "eni-ok") }

func attachENI(eni string) []string { return pair("i-ok", eni) }

func pair(instance, eni string) []string {
	return []string{"RegionId", "cn-hangzhou", "InstanceId", instance, "NetworkInterfaceId", eni}
}

func also(pairs []string, more ...string) []string { return append(slices.Clone(pairs), more...) }

// goldenCases run in their order; only the last of an action succeeds, so that the ones before meet the world as it was made.
var goldenCases = map[string][]goldenCase{
	"AttachNetworkInterface": {
		{name: "MissingParameter", pairs: []string{"RegionId", "cn-hangzhou", "InstanceId", "i-ok"}},
		{name: "UnsupportedParameter", pairs: also(attachTo("i-ok"), "TrunkNetworkInstanceId", "eni-trunk")},
		{name: "InvalidInstanceID.Malformed", pairs: attachTo("i_ok")},
		{name: "InvalidParams.EniId", pairs: attachENI("eni_ok")},
		{name: "InvalidParameter", pairs: also(attachTo("i-ok"), "NetworkCardIndex", "first")},
		{name: "InvalidRegionId.NotFound", pairs: also(attachTo("i-ok"), "RegionId", "mars-1")},
		{name: "Abs.InvalidAccount.NotFound", key: "LTAIexpired00000001", pairs: attachTo("i-ok")},
		{name: "InvalidAccessKeyId.Inactive", key: "LTAIinactive0000001", pairs: attachTo("i-ok")},
		{name: "InvalidAccessKeyId.NotFound", key: "LTAInobody", pairs: attachTo("i-ok")},
		{name: "Forbidden.NotSupportRAM", key: "LTAIramallowed00001", pairs: attachTo("i-ok"), in: closedToRAM},
		{name: "Forbidden.SubUser", key: "LTAIramother0000001", pairs: attachTo("i-ok")},
		{name: "InvalidEcsId.NotFound", pairs: attachTo("i-not-found")},
		{name: "InvalidEniId.NotFound", pairs: attachENI("eni-not-found")},
		{name: "InvalidOperation.EniServiceManaged", pairs: attachENI("eni-eni-service-managed")},
		{name: "InvalidOperation.InvalidEniType", pairs: attachENI("eni-holder-primary")},
		{name: "InvalidOperation.InvalidEniState", pairs: attachENI("eni-invalid-eni-state-in-use")},
		{name: "InvalidOperation.InvalidGeneration", pairs: attachTo("i-invalid-generation")},
		{name: "InvalidOperation.InvalidEcsState", pairs: attachTo("i-invalid-ecs-state-starting")},
		{name: "InvalidOperation.HotPlugNotSupport", pairs: attachTo("i-hot-plug-not-support")},
		{name: "InvalidOperation.VpcMismatch", pairs: attachENI("eni-vpc-mismatch")},
		{name: "InvalidOperation.AvailabilityZoneMismatch", pairs: attachENI("eni-availability-zone-mismatch")},
		{name: "InvalidParameter.NetworkCardIndexInvalid", pairs: also(attachTo("i-ok"), "NetworkCardIndex", "0")},
		{name: "InvalidOperation.Ipv4CountExceeded", pairs: pair("i-few-addresses", "eni-ipv4-count-exceeded")},
		{name: "InvalidOperation.Ipv6NotSupport", pairs: pair("i-ipv6-not-support", "eni-ipv6")},
		{name: "InvalidOperation.Ipv6CountExceeded", pairs: pair("i-few-addresses", "eni-ipv6-count-exceeded")},
		{name: "EniPerInstanceLimitExceeded", pairs: attachTo("i-eni-per-instance-limit-exceeded")},
		{name: "SecurityGroupInstanceLimitExceed", pairs: attachENI("eni-security-group-instance-limit-exceed")},
		{name: "OperationConflict", pairs: attachTo("i-ok"), in: locked},
		{name: "InternalError", pairs: attachTo("i-ok"), in: broken},
		{name: "ServiceUnavailable", pairs: attachTo("i-ok"), in: withoutDatabase},
		{name: "success", key: "LTAIramwildcard0001", pairs: attachTo("i-ok")},
	},
	"DescribeInstances":         describeInstancesGolden,
	"DescribeNetworkInterfaces": describeNetworkInterfacesGolden,
	"DetachNetworkInterface": {
		{name: "MissingParameter", pairs: []string{"RegionId", "cn-hangzhou", "InstanceId", "i-holder"}},
		{name: "UnsupportedParameter", pairs: also(pair("i-holder", "eni-ok"), "TrunkNetworkInstanceId", "eni-trunk")},
		{name: "InvalidInstanceID.Malformed", pairs: pair("i_holder", "eni-ok")},
		{name: "InvalidParams.EniId", pairs: pair("i-holder", "eni_ok")},
		{name: "InvalidRegionId.NotFound", pairs: also(pair("i-holder", "eni-ok"), "RegionId", "mars-1")},
		{name: "Abs.InvalidAccount.NotFound", key: "LTAIexpired00000001", pairs: pair("i-holder", "eni-ok")},
		{name: "Forbidden.NotSupportRAM", key: "LTAIramallowed00001", pairs: pair("i-holder", "eni-ok"), in: closedToRAM},
		{name: "Forbidden.SubUser", key: "LTAIramallowed00001", pairs: pair("i-holder", "eni-ok")},
		{name: "InvalidEcsId.NotFound", pairs: pair("i-not-found", "eni-ok")},
		{name: "InvalidEniId.NotFound", pairs: pair("i-holder", "eni-not-found")},
		{name: "InvalidOperation.EniServiceManaged", pairs: pair("i-holder", "eni-eni-service-managed")},
		{name: "InvalidOperation.DetachPrimaryEniNotAllowed", pairs: pair("i-holder", "eni-holder-primary")},
		{name: "InvalidOperation.InvalidEniState", pairs: pair("i-holder", "eni-ipv6")},
		{name: "InvalidParameter.EniNotBelongEcs", pairs: pair("i-ok", "eni-invalid-eni-state-in-use")},
		{name: "InvalidOperation.InvalidEcsState", pairs: pair("i-holder", "eni-invalid-eni-state-in-use"), in: stopping},
		{name: "InvalidOperation.HotPlugNotSupport", pairs: pair("i-holder", "eni-invalid-eni-state-in-use"), in: withoutHotPlug},
		{name: "OperationConflict", pairs: pair("i-holder", "eni-invalid-eni-state-in-use"), in: locked},
		{name: "InternalError", pairs: pair("i-holder", "eni-invalid-eni-state-in-use"), in: broken},
		{name: "ServiceUnavailable", pairs: pair("i-holder", "eni-invalid-eni-state-in-use"), in: withoutDatabase},
		{name: "success", pairs: pair("i-holder", "eni-invalid-eni-state-in-use")},
	},
}

// goldenTime is when the golden requests are sent.
var goldenTime = time.Date(2026, 11, 22, 10, 15, 30, 0, time.UTC)

// goldenWorld makes servers on databases with the world, one for each disturbance.
type goldenWorld struct{ t *testing.T }

// server starts the API on a database in which sql was run after the scenario was applied.
func (g *goldenWorld) server(options service.Options, sql string) (*httptest.Server, *pgxpool.Pool) {
	g.t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "testdata", "scenarios", "attach-errors.yaml"))
	if err != nil {
		g.t.Fatal(err)
	}
	pool := storetest.Pool(g.t)
	st := store.New(pool, slog.New(slog.DiscardHandler))
	apply(g.t, st, goldenTime, string(text))
	if _, err := pool.Exec(g.t.Context(), sql); err != nil {
		g.t.Fatal(err)
	}
	options.Now = func() time.Time { return goldenTime }
	options.AttachDelay, options.DetachDelay = time.Second, time.Second
	server := httptest.NewServer(httpapi.New(service.New(st, options), httpapi.Options{
		Log:          slog.New(slog.DiscardHandler),
		Signature:    httpapi.IdentifyOnly,
		NewRequestID: func() string { return "473469C7-AA6F-4DC5-B3DB-A3DC0DE3C83E" },
	}))
	g.t.Cleanup(server.Close)
	return server, pool
}

func ordinary(g *goldenWorld) *httptest.Server {
	server, _ := g.server(service.Options{}, "")
	return server
}

func closedToRAM(g *goldenWorld) *httptest.Server {
	server, _ := g.server(service.Options{ClosedToRAM: []string{"ecs:AttachNetworkInterface", "ecs:DetachNetworkInterface"}}, "")
	return server
}

func stopping(g *goldenWorld) *httptest.Server {
	server, _ := g.server(service.Options{}, `UPDATE instances SET status = 'Stopping' WHERE id = 'i-holder'`)
	return server
}

func withoutHotPlug(g *goldenWorld) *httptest.Server {
	server, _ := g.server(service.Options{}, `UPDATE instance_types SET hot_plug = false WHERE id = 'ecs.g6.2xlarge'`)
	return server
}

// broken lacks a column, as after a migration by hand that went wrong.
func broken(g *goldenWorld) *httptest.Server {
	server, _ := g.server(service.Options{}, `ALTER TABLE network_interfaces RENAME COLUMN type TO kind`)
	return server
}

// locked has a session that holds the instances for longer than a caller waits.
func locked(g *goldenWorld) *httptest.Server {
	server, pool := g.server(service.Options{}, "")
	hold(g.t, pool)
	return server
}

func withoutDatabase(g *goldenWorld) *httptest.Server {
	server, pool := g.server(service.Options{}, "")
	get(g.t, server, "/?Action=AttachNetworkInterface&Version=2014-05-26&AccessKeyId="+goldenKey+
		"&RegionId=cn-hangzhou&InstanceId=i-not-found&NetworkInterfaceId=eni-ok") // the key and the region are known from now on
	pool.Close()
	return server
}

// Every reply and every error code of every action is kept, in XML and JSON.
func TestGolden(t *testing.T) {
	t.Parallel()
	for action, cases := range goldenCases {
		for _, format := range []string{"xml", "json"} {
			t.Run(action+"/"+format, func(t *testing.T) {
				t.Parallel()
				g := &goldenWorld{t}
				usual := ordinary(g)
				for _, c := range cases {
					server := usual
					if c.in != nil {
						server = c.in(g)
					}
					path := filepath.Join("..", "testdata", "golden", action, c.name+"."+format)
					compare(t, path, goldenReply(t, server, action, format, c))
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
	query := url.Values{"Action": {action}, "Version": {"2014-05-26"}, "AccessKeyId": {key}, "Format": {strings.ToUpper(format)}}
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

// hold locks every instance until the test ends.
func hold(t *testing.T, pool *pgxpool.Pool) {
	t.Helper()
	tx, err := pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tx.Rollback(context.WithoutCancel(t.Context())) })
	if _, err := tx.Exec(t.Context(), `SELECT FROM instances FOR UPDATE`); err != nil {
		t.Fatal(err)
	}
}
