package httpapi

import (
	"bytes"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"enisim.alt/httpapi/signature"
	"enisim.alt/service"
	"enisim.alt/service/scenario"
	"enisim.alt/store"
	"enisim.alt/store/storetest"
)

// Values that break careless code, by the kind of parameter they are made for.
var (
	hostileBytes = []string{"\x00", "a\x00b", "\xff", "\xed\xa0\x80"} // the last one is a lone surrogate
	hostileJSON  = []string{
		`["\u0000"]`, `["i-1\u0000"]`, `["\ud800"]`, `["\ud800\udc00", "\udfff"]`, `[null]`, `[1e309]`, `["a"`, `{}`,
		`[[]]`, "null",
		strings.Repeat("[", 5000), strings.Repeat(`{"a":`, 2000), `[` + strings.Repeat(`"i-1",`, 3000) + `"i-1"]`,
	}
	hostileNumbers = []string{
		"-1", "0", "2147483647", "2147483648", "-2147483649", "4294967296", "9223372036854775807",
		"9223372036854775808", "99999999999999999999",
		"1e309", "-1e309", "1e-400", "NaN", "Inf", "0x10", "1_000", " 1", "1.5", "٣",
	}
	hostileTexts = []string{
		"", " ", "'", `"`, "\\", "%", "%00", "\u202e", "\u2028", "true", "-1", "2147483648", "1e309", "NaN",
		"10.0.0.0/99", "::/0", "1.2.3.4.5", "0.0.0.0", "fe80::1%eth0", "::ffff:10.0.0.1", `["\u0000"]`, "*", "a,b,,c",
	}
	hostileLengths = []string{strings.Repeat("x", 60_000), strings.Repeat("中", 20_000)}
	hostileValues  = slices.Concat(hostileBytes, hostileJSON, hostileNumbers, hostileTexts, hostileLengths)
)

// hostileFor returns hostile values for a parameter of a kind: all values that have broken
// something before, and some of the others, in turn.
func hostileFor(kind reflect.Type, turn int) []string {
	some := func(n int, of []string) (chosen []string) {
		for i := range n {
			chosen = append(chosen, of[(turn*n+i)%len(of)])
		}
		return chosen
	}
	switch kind {
	case integerType:
		return append([]string{"2147483648", "-1", "9223372036854775807", "\x00"}, some(3, hostileNumbers)...)
	case jsonListType:
		return append([]string{`["\u0000"]`, `["\ud800"]`, strings.Repeat("[", 5000)}, some(4, hostileJSON)...)
	case boolType:
		return []string{"2", "\xff", ""}
	}
	return slices.Concat(some(4, hostileTexts), some(1, hostileBytes), some(1, hostileLengths))
}

// errorLog is a log that keeps its lines with level ERROR or a panic.
type errorLog struct {
	mu     sync.Mutex
	errors []string
}

func (l *errorLog) Write(line []byte) (int, error) {
	if bytes.Contains(line, []byte("level=ERROR")) || bytes.Contains(line, []byte("panic")) {
		l.mu.Lock()
		l.errors = append(l.errors, string(line[:min(len(line), 1000)]))
		l.mu.Unlock()
	}
	return len(line), nil
}

// hostileAPI returns the API on the world of the tenants, with a log that keeps its errors.
func hostileAPI(t *testing.T, mode SignatureMode) (*API, *errorLog) {
	t.Helper()
	st := store.New(storetest.Pool(t), slog.New(slog.DiscardHandler))
	sc, err := scenario.Parse("tenants.yaml", []byte(tenantsWorld().String()))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := scenario.Apply(t.Context(), st, sc, time.Now()); err != nil {
		t.Fatal(err)
	}
	log := &errorLog{}
	svc := service.New(st, service.Options{})
	return New(svc, Options{Log: slog.New(slog.NewTextHandler(log, nil)), Signature: mode,
		Control: Control{Open: true}}), log
}

// serveDirectly calls the handler without a network.
func serveDirectly(t *testing.T, api *API, method, target, contentType, body string,
	header http.Header) *httptest.ResponseRecorder {
	t.Helper()
	request := httptest.NewRequestWithContext(t.Context(), method, "/", strings.NewReader(body))
	request.Host = "127.0.0.1"
	path, query, _ := strings.Cut(target, "?")
	request.URL = &url.URL{RawQuery: query}
	var err error
	if request.URL.Path, err = url.PathUnescape(path); err != nil {
		request.URL.Path = path
	}
	request.URL.RawPath = path
	maps.Copy(request.Header, header)
	if contentType != "" {
		request.Header.Set("Content-Type", contentType)
	}
	recorder := httptest.NewRecorder()
	api.ServeHTTP(recorder, request)
	return recorder
}

// Each parameter of each action gets hostile values, with valid values of the others. The reply is
// a success or a documented error, and nothing is logged as an error.
func TestHostileValues(t *testing.T) {
	storetest.SkipInShortRuns(t)
	t.Parallel()
	api, log := hostileAPI(t, IdentifyOnly)
	type call struct{ version, action, parameter, value, body string }
	calls := make(chan call)
	var workers sync.WaitGroup
	for range 4 {
		workers.Go(func() {
			for c := range calls {
				answer := serveDirectly(t, api, http.MethodPost, "/", "application/x-www-form-urlencoded", c.body, nil)
				if answer.Code >= 500 {
					t.Errorf("%s with %s=%.80q: got %d %.300s, want a success or a documented error", c.action,
						c.parameter, c.value, answer.Code, answer.Body)
				}
			}
		})
	}
	sent := 0
	for version, table := range actionsByVersion() {
		// Actions that delete run last, so that the others find their resources.
		names := slices.SortedFunc(maps.Keys(table), func(a, b string) int {
			return strings.Compare(sortKey(a), sortKey(b))
		})
		for _, name := range names {
			valid := url.Values{"Action": {name}, "Version": {version}, "Format": {"JSON"}, "AccessKeyId": {"LTAIown"},
				"RegionId": {"cn-hangzhou"}}
			for _, p := range leaves(table[name].request, "") {
				if prefix, isID := lookUp(idPrefixes, version, p.lastName()); isID && !p.nested() {
					if p.kind == jsonListType {
						valid.Set(p.name, `["`+prefix+`own"]`)
					} else {
						valid.Set(p.name, prefix+"own")
					}
				}
			}
			required, _ := lookUp(requiredPairs, version, name)
			for i := 0; i < len(required); i += 2 {
				valid.Set(required[i], required[i+1])
			}
			text := reflect.TypeFor[string]()
			parameters := []leaf{{"Tag.99999999999999999999.Key", text}, {"Tag.1.Key.1.Key", text}, {"Tag..Key", text}}
			for i, p := range append(parameters, leaves(table[name].request, "")...) {
				parameter := p.name
				for _, value := range hostileFor(p.kind, i+len(name)) {
					body := url.Values{}
					maps.Copy(body, valid)
					body.Del(exclusiveWith[name][parameter])
					body.Set(parameter, value)
					calls <- call{version, name, parameter, value, body.Encode()}
					sent++
				}
			}
		}
	}
	close(calls)
	workers.Wait()
	t.Logf("%d requests", sent)
	for i, line := range log.errors {
		if i < 10 {
			t.Errorf("got %s in the log, want no error", line)
		}
	}
}

// Each action refuses a list that is too long with a documented error, and does not drop items
// silently.
func TestLongListsAreRefused(t *testing.T) {
	t.Parallel()
	api, _ := hostileAPI(t, IdentifyOnly)
	for version, table := range actionsByVersion() {
		for name, act := range table {
			for _, list := range listParameters(act.request) {
				form := url.Values{"Action": {name}, "Version": {version}, "Format": {"JSON"},
					"AccessKeyId": {"LTAIown"}, "RegionId": {"cn-hangzhou"}}
				required, _ := lookUp(requiredPairs, version, name)
				for i := 0; i < len(required); i += 2 {
					form.Set(required[i], required[i+1])
				}
				var members []string
				for i := range maxBoundItems - 1 {
					member := "ecs.g" + strconv.Itoa(i)
					if strings.Contains(list.name, "Address") {
						member = "10.0.1." + strconv.Itoa(i)
					}
					form.Set(fmt.Sprintf("%s.%d%s", list.name, i+1, list.inner), member)
					members = append(members, `"`+member+`"`)
				}
				if list.json {
					form.Set(list.name, "["+strings.Join(members, ",")+"]")
				}
				if answer := serveDirectly(t, api, http.MethodPost, "/", "application/x-www-form-urlencoded",
					form.Encode(), nil); answer.Code < 400 || answer.Code >= 500 {
					t.Errorf("%s with %d of %s: got %d %.200s, want a documented error", name, len(members), list.name,
						answer.Code, answer.Body)
				}
			}
		}
	}
}

// listParameter is a list parameter. inner is a field of its items, if they have any.
type listParameter struct {
	name, inner string
	json        bool
}

// listParameters returns the list parameters of a request.
func listParameters(request reflect.Type) (found []listParameter) {
	for _, f := range parameterFields(request) {
		switch {
		case f.kind == jsonListType:
			found = append(found, listParameter{f.name, "", true})
		case f.kind.Kind() == reflect.Slice && f.kind.Elem().Kind() == reflect.Struct:
			found = append(found, listParameter{f.name, "." + parameterFields(f.kind.Elem())[0].name, false})
		case f.kind.Kind() == reflect.Slice:
			found = append(found, listParameter{f.name, "", false})
		}
	}
	return found
}

// sortKey returns a key that sorts actions that delete after all others.
func sortKey(name string) string {
	for _, verb := range []string{"Delete", "Revoke", "Untag", "UnTag", "Unassign", "Detach", "Leave", "Stop"} {
		if strings.HasPrefix(name, verb) {
			return "~" + name
		}
	}
	return name
}

// The gateway's own parameters and headers get hostile values in both signature versions, with and
// without verified signatures.
func TestHostileValuesOfTheGateway(t *testing.T) {
	storetest.SkipInShortRuns(t)
	t.Parallel()
	for _, mode := range []SignatureMode{IdentifyOnly, VerifySignature} {
		api, log := hostileAPI(t, mode)
		for _, value := range hostileValues {
			for _, name := range []string{
				"Action", "Version", "Format", "AccessKeyId", "Signature", "SignatureMethod", "SignatureVersion",
				"SignatureNonce", "Timestamp", "SecurityToken", value,
			} {
				form := url.Values{
					"Action": {"DescribeInstances"}, "Version": {ecsVersion}, "AccessKeyId": {"LTAIown"},
					"RegionId": {"cn-hangzhou"}, "Signature": {"s"},
					"SignatureMethod": {signature.MethodV1}, "SignatureVersion": {signature.VersionV1},
					"SignatureNonce": {"n"}, "Timestamp": {"2026-01-01T00:00:00Z"},
				}
				form.Set(name, value)
				if answer := serveDirectly(t, api, http.MethodPost, "/", "application/x-www-form-urlencoded",
					form.Encode(), nil); answer.Code >= 500 {
					t.Errorf("%.40q=%.80q: got %d %.300s, want a status below 500", name, value, answer.Code,
						answer.Body)
				}
			}
			for _, name := range []string{
				"Authorization", signature.HeaderAction, signature.HeaderVersion, signature.HeaderDate,
				signature.HeaderNonce, signature.HeaderContentSHA256,
				signature.HeaderSecurityToken, "Content-Type", "Host",
			} {
				for _, credential := range []string{"LTAIown", value} {
					header := http.Header{
						"Authorization": {"ACS3-HMAC-SHA256 Credential=" + credential +
							",SignedHeaders=host;x-acs-action,Signature=s"},
						signature.HeaderAction: {"DescribeInstances"}, signature.HeaderVersion: {ecsVersion},
						signature.HeaderDate:  {"2026-01-01T00:00:00Z"},
						signature.HeaderNonce: {"n"}, signature.HeaderContentSHA256: {"0"},
					}
					header.Set(name, value)
					if answer := serveDirectly(t, api, http.MethodPost, "/?RegionId=cn-hangzhou", "", "a=b",
						header); answer.Code >= 500 {
						t.Errorf("%s: %.80q, credential %.40q: got %d %.300s, want a status below 500", name, value,
							credential, answer.Code, answer.Body)
					}
				}
			}
		}
		for _, line := range log.errors {
			t.Errorf("got %s in the log, want no error", line)
		}
	}
}

// The paths, queries and body fields of the control API get hostile values.
func TestHostileValuesOfTheControlAPI(t *testing.T) {
	storetest.SkipInShortRuns(t)
	t.Parallel()
	api, log := hostileAPI(t, IdentifyOnly)
	values := append([]string{`"\u0000"`, `"\ud800"`, `"1000000000000001\u0000"`, "[]", "1e999",
		strings.Repeat("[", 20_000)}, slices.Concat(hostileBytes, hostileTexts, hostileLengths)...)
	for name := range controls(nil) {
		method, path, _ := strings.Cut(name, " ")
		for _, value := range values {
			escaped := url.PathEscape(value)
			target := strings.NewReplacer(":id", escaped, ":name", escaped).Replace(controlPrefix + path)
			bodies := []string{""}
			if method == http.MethodPost {
				bodies = append(bodies, value)
				for _, field := range []string{"id", "name", "account", "ram_user", "expires_in", "temporary",
					"scenario", "quotas", "allow"} {
					bodies = append(bodies, `{"`+field+`": `+value+`}`, `{"`+field+`": "`+value+`"}`,
						`{"account": "1000000000000001", "name": "n", "`+field+`": "`+value+`"}`)
				}
			}
			for _, body := range bodies {
				for _, query := range []string{"", "?account=" + url.QueryEscape(value), "?" + value} {
					if answer := serveDirectly(t, api, method, target+query, "application/json", body,
						nil); answer.Code >= 500 {
						t.Errorf("%s %.60q%.60q %.100q: got %d %.300s, want a status below 500", method, target, query,
							body, answer.Code, answer.Body)
					}
				}
			}
		}
	}
	for _, line := range log.errors {
		t.Errorf("got %s in the log, want no error", line)
	}
}
