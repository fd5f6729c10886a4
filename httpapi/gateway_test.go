package httpapi_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"enisim.alt/httpapi"
	"enisim.alt/httpapi/signature"
	"enisim.alt/service"
	"enisim.alt/service/disturbance"
	"enisim.alt/service/operator"
	"enisim.alt/service/worldtest"
	"enisim.alt/store"
	"enisim.alt/store/storetest"
)

// gatewayWorld is the signed world with a RAM user. Its temporary keys are inserted by SQL, because
// a scenario cannot have any.
const gatewayWorld = signedWorld + `    ram_users:
      - name: looker
        allow: ["ecs:Describe*"]
        access_keys: [{id: LTAIlooker, secret: test-secret}]
`

const temporaryKeys = `
	INSERT INTO access_keys (id, account_id, secret, security_token, expires_at, created_at) VALUES
	    ('STS.valid', '1000000000000001', 'test-secret', 'the-token', '2099-01-01', '2026-11-22'),
	    ('STS.expired', '1000000000000001', 'test-secret', 'the-token', '2020-01-01', '2026-11-22')`

// gatewayRequests has a request for each row of testdata/contract/gateway.tsv with the decision
// gateway.
var gatewayRequests = map[string]struct {
	before func(*unsignedRequest)
	after  func(*signedRequest)
	broken func(*testing.T, *server) // changes the server first
}{
	"UnsupportedHTTPMethod":   {after: func(x *signedRequest) { x.method = http.MethodPut }},
	"InvalidParameter":        {after: func(x *signedRequest) { x.query.Set("Description", "\xff") }},
	"MissingAction":           {after: func(x *signedRequest) { x.query.Del("Action") }},
	"MissingVersion":          {after: func(x *signedRequest) { x.query.Del("Version") }},
	"MissingAccessKeyId":      {after: func(x *signedRequest) { x.query.Del("AccessKeyId") }},
	"MissingSignature":        {after: func(x *signedRequest) { x.query.Del("Signature") }},
	"MissingSignatureMethod":  {after: func(x *signedRequest) { x.query.Del("SignatureMethod") }},
	"MissingSignatureVersion": {after: func(x *signedRequest) { x.query.Del("SignatureVersion") }},
	"MissingSignatureNonce":   {after: func(x *signedRequest) { x.query.Del("SignatureNonce") }},
	"MissingTimestamp":        {after: func(x *signedRequest) { x.query.Del("Timestamp") }},
	"MissingParameter": {after: func(x *signedRequest) { // a V3 request without the one header that has no parameter
		x.header.Set("Authorization", "ACS3-HMAC-SHA256 Credential=LTAItest,SignedHeaders=host,Signature=00")
		for _, name := range []string{signature.HeaderAction, signature.HeaderVersion, signature.HeaderDate,
			signature.HeaderNonce} {
			x.header.Set(name, "x")
		}
		x.query.Set("Format", "JSON")
	}},
	"InvalidParamater": {after: func(x *signedRequest) { x.query.Set("SignatureMethod", "HMAC-MD5") }},
	"IncompleteSignature": {after: func(x *signedRequest) {
		x.header.Set("Authorization", "ACS3-HMAC-SHA256 x")
		x.query.Set("Format", "JSON")
	}},
	"InvalidAccessKeyId.NotFound":    {before: func(o *unsignedRequest) { o.key = "LTAInobody" }},
	"InvalidAccessKeyId.Inactive":    {before: func(o *unsignedRequest) { o.key = "LTAIinactive" }},
	"InvalidTimeStamp.Format":        {before: func(o *unsignedRequest) { o.timestamp = "now" }},
	"InvalidTimeStamp.Expired":       {before: func(o *unsignedRequest) { o.timestamp = "2020-01-01T00:00:00Z" }},
	"SignatureDoesNotMatch":          {before: func(o *unsignedRequest) { o.secret = "wrong" }},
	"MissingSecurityToken":           {before: func(o *unsignedRequest) { o.key = "STS.valid" }},
	"InvalidSecurityToken.Malformed": {before: func(o *unsignedRequest) { o.key, o.token = "STS.valid", "another" }},
	"InvalidSecurityToken.Expired": {before: func(o *unsignedRequest) {
		o.key,
			o.token = "STS.expired", "the-token"
	}},
	"SignatureNonceUsed": {before: func(o *unsignedRequest) { o.nonce = "used" },
		broken: func(t *testing.T, s *server) {
			o := newGatewayRequest("JSON")
			o.nonce = "used"
			s.send(t, o.signV1())
		}},
	"InvalidVersion":              {before: func(o *unsignedRequest) { o.version = "2013-01-10" }},
	"InvalidAction.NotFound":      {before: func(o *unsignedRequest) { o.action = "DescribeNothing" }},
	"Throttling":                  {broken: exhaust(disturbance.ThrottlingPlain)},
	"Throttling.User":             {broken: exhaust(disturbance.ThrottlingUser)},
	"Throttling.Api":              {broken: exhaust(disturbance.ThrottlingAPI)},
	"InvalidRegionId.NotFound":    {before: func(o *unsignedRequest) { o.parameters.Set("RegionId", "mars-1") }},
	"Abs.InvalidAccount.NotFound": {before: func(o *unsignedRequest) { o.key = "LTAIexpired" }},
	"Forbidden.NotSupportRAM": {before: func(o *unsignedRequest) {
		o.key, o.action = "LTAIlooker",
			"DescribeInstances"
	}},
	"Forbidden.SubUser": {before: func(o *unsignedRequest) {
		o.key, o.action, o.parameters = "LTAIlooker", "AttachNetworkInterface", attachOne()
	}},
	"Forbidden.RAM": {before: func(o *unsignedRequest) {
		o.key, o.action, o.parameters = "LTAIlooker", "DetachNetworkInterface", attachOne()
	}},
	"OperationConflict": {before: func(o *unsignedRequest) {
		o.action,
			o.parameters = "AttachNetworkInterface", attachOne()
	}, broken: func(t *testing.T, s *server) {
		hold(t, s.pool, lockInstances)
	}},
	"InternalError": {broken: func(t *testing.T, s *server) {
		if _, err := s.pool.Exec(t.Context(), `DROP FUNCTION settled_network_interfaces`); err != nil {
			t.Fatal(err)
		}
	}},
	"ServiceUnavailable": {broken: func(_ *testing.T, s *server) { s.pool.Close() }},
}

// exhaust throttles the account with an answer, and uses up its only token.
func exhaust(answer string) func(*testing.T, *server) {
	return func(t *testing.T, s *server) {
		if _, err := operator.New(s.service).SetThrottle(t.Context(), account, disturbance.Throttle{
			Limits: []disturbance.Limit{{PerSecond: 0.5, Burst: 1, Answer: answer}},
		}); err != nil {
			t.Fatal(err)
		}
		o := newGatewayRequest("JSON")
		o.nonce = "allowed"
		if r := s.send(t, o.signV1()); r.status != http.StatusOK {
			t.Fatalf("the first call: got %d %v, want 200", r.status, r.body)
		}
	}
}

// attachOne returns the parameters of an attach.
func attachOne() url.Values {
	return url.Values{"RegionId": {"cn-hangzhou"}, "InstanceId": {"i-1"}, "NetworkInterfaceId": {"eni-1"}}
}

// Each row of the gateway's contract has a decision. Each simulated row has a request that gets its
// status, code and message.
func TestGatewayContract(t *testing.T) {
	t.Parallel()
	f, err := os.Open(filepath.Join("..", "testdata", "contract", "gateway.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Scan() // the head
	rows := map[string]bool{}
	whole := gatewayDatabase(t) // a refused request changes nothing
	for lines.Scan() {
		column := strings.Split(lines.Text(), "\t")
		status, code, message, decision := column[0], column[1], column[2], column[3]
		if decision != "gateway" {
			if reason, found := strings.CutPrefix(decision, "not simulated: "); !found || reason == "" {
				t.Errorf("%s: got the decision %q, want gateway, or not simulated with a reason", code, decision)
			}
			continue
		}
		rows[code] = true
		for _, format := range []string{"xml", "json"} {
			t.Run(code+"/"+format, func(t *testing.T) {
				t.Parallel()
				c, found := gatewayRequests[code]
				if !found {
					t.Fatal("got no request for this row")
				}
				var s *server
				if c.broken == nil {
					s = gatewayServerOn(t, whole)
				} else {
					s = gatewayServer(t)
					c.broken(t, s)
				}
				o := newGatewayRequest(strings.ToUpper(format))
				if c.before != nil {
					c.before(o)
				}
				x := o.signV1()
				x.host = "ecs.cn-hangzhou.aliyuncs.com"
				if c.after != nil {
					c.after(x)
				}
				got, header, body := s.exchange(t, x)
				compare(t, filepath.Join("..", "testdata", "golden", "gateway", code+"."+format),
					formatReply(fmt.Sprintf("%d %s", got, http.StatusText(got)), header, body))
				if strconv.Itoa(got) != status {
					t.Errorf("got %d, want %s", got, status)
				}
				if retry := header.Get("Retry-After"); (retry != "") != (status == "503") {
					t.Errorf("Retry-After: got %q with status %s, want it with a 503 only", retry, status)
				}
				gotCode, gotMessage := readError(t, body)
				if gotCode != code {
					t.Errorf("got %s, want %s", gotCode, code)
				}
				wantMessage := regexp.MustCompile(`(?s)^` + strings.ReplaceAll(regexp.QuoteMeta(message), "%s", ".*") +
					`$`)
				if !wantMessage.MatchString(gotMessage) {
					t.Errorf("message: got %q, want %q", gotMessage, message)
				}
			})
		}
	}
	for code := range gatewayRequests {
		if !rows[code] {
			t.Errorf("%s: got a request, but no row of the contract", code)
		}
	}
}

// readError returns the code and the message of an error in XML or JSON.
func readError(t *testing.T, body []byte) (code, message string) {
	t.Helper()
	var gotCode struct{ Code, Message string }
	unmarshal := json.Unmarshal
	if bytes.HasPrefix(body, []byte("<")) {
		unmarshal = xml.Unmarshal
	}
	if err := unmarshal(body, &gotCode); err != nil {
		t.Fatalf("got %q: %v", body, err)
	}
	return gotCode.Code, gotCode.Message
}

// newGatewayRequest returns a valid request to the gateway's server, always the same.
func newGatewayRequest(format string) *unsignedRequest {
	o := newRequest()
	o.format, o.timestamp, o.nonce = format, goldenTime.Format(signature.TimeFormat),
		"3ee8c1b8-83d3-44af-a94f-4e0ad82fd6cf"
	return o
}

// gatewayServer starts a server with the clock of the golden files. It refuses RAM users for
// DescribeInstances. One valid request has filled its caches of keys and regions, so a broken
// database is noticed later.
func gatewayServer(t *testing.T) *server {
	t.Helper()
	return gatewayServerOn(t, gatewayDatabase(t))
}

// gatewayDatabase returns a database with the world of the gateway's tests.
func gatewayDatabase(t *testing.T) *pgxpool.Pool {
	t.Helper()
	pool := storetest.Pool(t)
	worldtest.Apply(t, store.New(pool, slog.New(slog.DiscardHandler)), time.Now(), gatewayWorld)
	if _, err := pool.Exec(t.Context(), temporaryKeys); err != nil {
		t.Fatal(err)
	}
	return pool
}

// gatewayServerOn starts a server on such a database, which has seen one nonce.
func gatewayServerOn(t *testing.T, pool *pgxpool.Pool) *server {
	t.Helper()
	st := store.New(pool, slog.New(slog.DiscardHandler))
	svc := service.New(st, service.Options{
		ClosedToRAM: []string{"ecs:DescribeInstances"},
		RealNow:     func() time.Time { return goldenTime },
	})
	s := &server{httptest.NewServer(httpapi.New(svc, httpapi.Options{
		Log:          slog.New(slog.DiscardHandler),
		NewRequestID: func() string { return "473469C7-AA6F-4DC5-B3DB-A3DC0DE3C83E" },
		Now:          func() time.Time { return goldenTime },
	})), svc, st, pool}
	t.Cleanup(s.Close)
	first := newGatewayRequest("JSON")
	first.nonce = "first"
	if r := s.send(t, first.signV1()); r.status != http.StatusOK {
		t.Fatalf("a valid request: got %d %v, want 200", r.status, r.body)
	}
	return s
}

// A temporary key is accepted with its token only, in both signature versions.
func TestTemporaryKeys(t *testing.T) {
	t.Parallel()
	s := gatewayServer(t)
	for name, sign := range signers(s) {
		o := newGatewayRequest("JSON")
		o.nonce = name
		o.key, o.token = "STS.valid", "the-token"
		if r := s.send(t, sign(o)); r.status != http.StatusOK {
			t.Errorf("%s: got %d %v, want 200", name, r.status, r.body)
		}
		o = newGatewayRequest("JSON")
		o.nonce = name + " without"
		o.key = "STS.valid"
		if r := s.send(t, sign(o)); r.code() != "MissingSecurityToken" {
			t.Errorf("%s without a token: got %d %v, want MissingSecurityToken", name, r.status, r.body)
		}
	}
}

// The reply to a V3 request is JSON, whatever Format says.
func TestV3RepliesAreJSON(t *testing.T) {
	t.Parallel()
	s := serveVerifying(t)
	o := newRequest()
	o.parameters.Set("Format", "XML")
	if r := s.send(t, o.signV3(strings.TrimPrefix(s.URL, "http://"))); r.status != http.StatusOK ||
		r.body["RequestId"] == "" {
		t.Errorf("got %d %v, want 200 in JSON", r.status, r.body)
	}
	x := newRequest().signV3(strings.TrimPrefix(s.URL, "http://"))
	x.header.Set(signature.HeaderDate, "x")
	if r := s.send(t, x); r.code() != "InvalidTimeStamp.Format" {
		t.Errorf("got %d %v, want an error in JSON", r.status, r.body)
	}
}

// If two checks of the gateway fail, the earlier one answers (docs/reference/protocol.md, section
// 5).
func TestGatewayChecksInOrder(t *testing.T) {
	t.Parallel()
	s := serveVerifying(t)
	used := newRequest()
	used.nonce = "used"
	s.send(t, used.signV1())
	checks := []struct {
		code   string
		before func(*unsignedRequest)
		after  func(*signedRequest)
	}{
		{code: "UnsupportedHTTPMethod", after: func(x *signedRequest) { x.method = http.MethodPut }},
		{code: "MissingSignatureVersion", after: func(x *signedRequest) { x.query.Del("SignatureVersion") }},
		{code: "InvalidAccessKeyId.NotFound", before: func(o *unsignedRequest) { o.key = "LTAInobody" }},
		{code: "InvalidTimeStamp.Expired", before: func(o *unsignedRequest) { o.timestamp = "2020-01-01T00:00:00Z" }},
		{code: "SignatureDoesNotMatch", before: func(o *unsignedRequest) { o.secret = "wrong" }},
		{code: "SignatureNonceUsed", before: func(o *unsignedRequest) { o.nonce = "used" }},
		{code: "InvalidVersion", before: func(o *unsignedRequest) { o.version = "2013-01-10" }},
		{code: "InvalidAction.NotFound", before: func(o *unsignedRequest) { o.action = "DescribeNothing" }},
	}
	for i, earlier := range checks {
		for _, later := range checks[i:] {
			o := newRequest()
			for _, c := range []func(*unsignedRequest){later.before, earlier.before} {
				if c != nil {
					c(o)
				}
			}
			x := o.signV1()
			for _, c := range []func(*signedRequest){later.after, earlier.after} {
				if c != nil {
					c(x)
				}
			}
			if r := s.send(t, x); r.code() != earlier.code {
				t.Errorf("%s and %s: got %q, want the first", earlier.code, later.code, r.code())
			}
		}
	}
}

// All products share one port, and the Version selects the product.
func TestProductsShareThePort(t *testing.T) {
	t.Parallel()
	s := serveVerifying(t)
	o := newRequest()
	o.version = "2016-04-28"
	if r := s.send(t, o.signV1()); r.code() != "InvalidAction.NotFound" {
		t.Errorf("an action of ECS with the Version of VPC: got %d %q, want InvalidAction.NotFound", r.status, r.code())
	}
}

// Some clients send all parameters in the form, including Action and Signature.
func TestAllParametersInForm(t *testing.T) {
	t.Parallel()
	s := serveVerifying(t)
	x := newRequest().signV1()
	x.form, x.query = x.query, url.Values{}
	if r := s.send(t, x); r.status != http.StatusOK {
		t.Errorf("got %d %v, want 200", r.status, r.body)
	}
}

// /healthz reports that the process runs, /readyz that requests are answered.
func TestProbes(t *testing.T) {
	t.Parallel()
	pool := storetest.Pool(t)
	st := store.New(pool, slog.New(slog.DiscardHandler))
	api := httpapi.New(service.New(st, service.Options{}), httpapi.Options{Log: slog.New(slog.DiscardHandler)})
	probe := func(path string) int {
		recorder := httptest.NewRecorder()
		api.ServeHTTP(recorder, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil))
		return recorder.Code
	}
	expect := func(when string, healthz, readyz int) {
		t.Helper()
		if live, ready := probe("/healthz"), probe("/readyz"); live != healthz || ready != readyz {
			t.Errorf("%s: got %d and %d, want %d and %d", when, live, ready, healthz, readyz)
		}
	}
	expect("running", 200, 200)
	recorder := httptest.NewRecorder()
	api.ServeHTTP(recorder, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/readyz", nil))
	// The Postgres of tests runs without fsync.
	if got, want := recorder.Body.String(), "ok\nrisk: fsync is off: "; !strings.HasPrefix(got, want) {
		t.Errorf("/readyz: got %q, want it to begin with %q", got, want)
	}
	api.Drain()
	expect("stopping", 200, 503)

	api = httpapi.New(service.New(st, service.Options{}), httpapi.Options{Log: slog.New(slog.DiscardHandler)})
	pool.Close()
	expect("without a database", 200, 503)
}
