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

	"enisim/httpapi/signature"
	"enisim/service"
	"enisim/service/scenario"
	"enisim/store"
	"enisim/store/storetest"
)

// Values that break what does not look out, by what they are made for.
var (
	hostileBytes = []string{"\x00", "a\x00b", "\xff", "\xed\xa0\x80"} // the last one is a lone surrogate
	hostileJSON  = []string{
		`["\u0000"]`, `["i-1\u0000"]`, `["\ud800"]`, `["\ud800\udc00", "\udfff"]`, `[null]`, `[1e309]`, `["a"`, `{}`, `[[]]`, "null",
		strings.Repeat("[", 5000), strings.Repeat(`{"a":`, 2000), `[` + strings.Repeat(`"i-1",`, 3000) + `"i-1"]`,
	}
	hostileNumbers = []string{
		"-1", "0", "2147483647", "2147483648", "-2147483649", "4294967296", "9223372036854775807", "9223372036854775808", "99999999999999999999",
		"1e309", "-1e309", "1e-400", "NaN", "Inf", "0x10", "1_000", " 1", "1.5", "٣",
	}
	hostileTexts = []string{
		"", " ", "'", `"`, "\\", "%", "%00", "\u202e", "\u2028", "true", "-1", "2147483648", "1e309", "NaN",
		"10.0.0.0/99", "::/0", "1.2.3.4.5", "0.0.0.0", "fe80::1%eth0", "::ffff:10.0.0.1", `["\u0000"]`, "*", "a,b,,c",
	}
	hostileLengths = []string{strings.Repeat("x", 60_000), strings.Repeat("中", 20_000)}
	hostileValues  = slices.Concat(hostileBytes, hostileJSON, hostileNumbers, hostileTexts, hostileLengths)
)

// hostileFor returns values for a parameter of a kind: those that have broken something, and of the others some, in turn.
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

// logLines counts the lines of a log that say ERROR, and keeps some.
type logLines struct {
	mu     sync.Mutex
	errors []string
}

func (l *logLines) Write(line []byte) (int, error) {
	if bytes.Contains(line, []byte("level=ERROR")) || bytes.Contains(line, []byte("panic")) {
		l.mu.Lock()
		l.errors = append(l.errors, string(line[:min(len(line), 1000)]))
		l.mu.Unlock()
	}
	return len(line), nil
}

// hostileAPI is the API on the world of the tenants, with a log that keeps its errors.
func hostileAPI(t *testing.T, mode SignatureMode) (*API, *logLines) {
	t.Helper()
	st := store.New(storetest.Pool(t), slog.New(slog.DiscardHandler))
	sc, err := scenario.Parse("tenants.yaml", []byte(tenants().String()))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := scenario.Apply(t.Context(), st, sc, time.Now()); err != nil {
		t.Fatal(err)
	}
	log := &logLines{}
	svc := service.New(st, service.Options{})
	return New(svc, Options{Log: slog.New(slog.NewTextHandler(log, nil)), Signature: mode, Control: Control{Open: true}}), log
}

// answerOf sends a request past the network.
func answerOf(t *testing.T, api *API, method, target, contentType, body string, header http.Header) *httptest.ResponseRecorder {
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

// Every parameter of every action is given every hostile value, beside good values of the others: the answer is a documented refusal or a right
// answer, and nothing is logged as an error.
func TestHostileValues(t *testing.T) {
	t.Parallel()
	api, log := hostileAPI(t, IdentifyOnly)
	type call struct{ version, action, parameter, value, body string }
	calls := make(chan call)
	var workers sync.WaitGroup
	for range 4 {
		workers.Go(func() {
			for c := range calls {
				answer := answerOf(t, api, http.MethodPost, "/", "application/x-www-form-urlencoded", c.body, nil)
				if answer.Code >= 500 {
					t.Errorf("%s with %s=%.80q: got %d %.300s, want a documented refusal or a right answer", c.action, c.parameter, c.value, answer.Code, answer.Body)
				}
			}
		})
	}
	walked := 0
	for version, table := range actionsByVersion() {
		// What deletes goes last, so that the others have something to act on.
		names := slices.SortedFunc(maps.Keys(table), func(a, b string) int {
			return strings.Compare(lastIfDeletes(a), lastIfDeletes(b))
		})
		for _, name := range names {
			good := url.Values{"Action": {name}, "Version": {version}, "Format": {"JSON"}, "AccessKeyId": {"LTAIown"}, "RegionId": {"cn-hangzhou"}}
			for _, p := range leaves(table[name].request, "") {
				if prefix, isID := inProduct(idKinds, version, p.lastName()); isID && !p.nested() {
					if p.kind == jsonListType {
						good.Set(p.name, `["`+prefix+`own"]`)
					} else {
						good.Set(p.name, prefix+"own")
					}
				}
			}
			also, _ := inProduct(alsoSend, version, name)
			for i := 0; i < len(also); i += 2 {
				good.Set(also[i], also[i+1])
			}
			text := reflect.TypeFor[string]()
			parameters := []leaf{{"Tag.99999999999999999999.Key", text}, {"Tag.1.Key.1.Key", text}, {"Tag..Key", text}}
			for i, p := range append(parameters, leaves(table[name].request, "")...) {
				parameter := p.name
				for _, value := range hostileFor(p.kind, i+len(name)) {
					body := url.Values{}
					maps.Copy(body, good)
					body.Del(insteadOf[name][parameter])
					body.Set(parameter, value)
					calls <- call{version, name, parameter, value, body.Encode()}
					walked++
				}
			}
		}
	}
	close(calls)
	workers.Wait()
	t.Logf("%d requests", walked)
	for i, line := range log.errors {
		if i < 10 {
			t.Errorf("the log has %s", line)
		}
	}
}

// Every list of every action has a length beyond which the action refuses it, with a documented error: nothing is dropped silently.
func TestLongListsAreRefused(t *testing.T) {
	t.Parallel()
	api, _ := hostileAPI(t, IdentifyOnly)
	for version, table := range actionsByVersion() {
		for name, act := range table {
			for _, list := range lists(act.request) {
				form := url.Values{"Action": {name}, "Version": {version}, "Format": {"JSON"}, "AccessKeyId": {"LTAIown"}, "RegionId": {"cn-hangzhou"}}
				also, _ := inProduct(alsoSend, version, name)
				for i := 0; i < len(also); i += 2 {
					form.Set(also[i], also[i+1])
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
				if answer := answerOf(t, api, http.MethodPost, "/", "application/x-www-form-urlencoded", form.Encode(), nil); answer.Code < 400 || answer.Code >= 500 {
					t.Errorf("%s with %d of %s: got %d %.200s, want a documented refusal", name, len(members), list.name, answer.Code, answer.Body)
				}
			}
		}
	}
}

// listParameter is a parameter that is a list. inner is a field of its items, if they have any.
type listParameter struct {
	name, inner string
	json        bool
}

func lists(request reflect.Type) (found []listParameter) {
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

func lastIfDeletes(name string) string {
	for _, verb := range []string{"Delete", "Revoke", "Untag", "UnTag", "Unassign", "Detach", "Leave", "Stop"} {
		if strings.HasPrefix(name, verb) {
			return "~" + name
		}
	}
	return name
}

// The gateway's own parameters and headers, in both versions, whether signatures are checked or not.
func TestHostileValuesOfTheGateway(t *testing.T) {
	t.Parallel()
	for _, mode := range []SignatureMode{IdentifyOnly, VerifySignature} {
		api, log := hostileAPI(t, mode)
		for _, value := range hostileValues {
			for _, name := range []string{
				"Action", "Version", "Format", "AccessKeyId", "Signature", "SignatureMethod", "SignatureVersion", "SignatureNonce", "Timestamp", "SecurityToken", value,
			} {
				form := url.Values{
					"Action": {"DescribeInstances"}, "Version": {ecsVersion}, "AccessKeyId": {"LTAIown"}, "RegionId": {"cn-hangzhou"}, "Signature": {"s"},
					"SignatureMethod": {signature.MethodV1}, "SignatureVersion": {signature.VersionV1}, "SignatureNonce": {"n"}, "Timestamp": {"2026-01-01T00:00:00Z"},
				}
				form.Set(name, value)
				if answer := answerOf(t, api, http.MethodPost, "/", "application/x-www-form-urlencoded", form.Encode(), nil); answer.Code >= 500 {
					t.Errorf("%.40q=%.80q: got %d %.300s", name, value, answer.Code, answer.Body)
				}
			}
			for _, name := range []string{
				"Authorization", signature.HeaderAction, signature.HeaderVersion, signature.HeaderDate, signature.HeaderNonce, signature.HeaderContentSHA256,
				signature.HeaderSecurityToken, "Content-Type", "Host",
			} {
				for _, credential := range []string{"LTAIown", value} {
					header := http.Header{
						"Authorization":        {"ACS3-HMAC-SHA256 Credential=" + credential + ",SignedHeaders=host;x-acs-action,Signature=s"},
						signature.HeaderAction: {"DescribeInstances"}, signature.HeaderVersion: {ecsVersion}, signature.HeaderDate: {"2026-01-01T00:00:00Z"},
						signature.HeaderNonce: {"n"}, signature.HeaderContentSHA256: {"0"},
					}
					header.Set(name, value)
					if answer := answerOf(t, api, http.MethodPost, "/?RegionId=cn-hangzhou", "", "a=b", header); answer.Code >= 500 {
						t.Errorf("%s: %.80q, credential %.40q: got %d %.300s", name, value, credential, answer.Code, answer.Body)
					}
				}
			}
		}
		for _, line := range log.errors {
			t.Errorf("the log has %s", line)
		}
	}
}

// The control API: parts of its paths, its query, and the fields of its bodies.
func TestHostileValuesOfTheControlAPI(t *testing.T) {
	t.Parallel()
	api, log := hostileAPI(t, IdentifyOnly)
	values := append([]string{`"\u0000"`, `"\ud800"`, `"1000000000000001\u0000"`, "[]", "1e999", strings.Repeat("[", 20_000)}, slices.Concat(hostileBytes, hostileTexts, hostileLengths)...)
	for name := range controls(nil) {
		method, path, _ := strings.Cut(name, " ")
		for _, value := range values {
			escaped := url.PathEscape(value)
			target := strings.NewReplacer(":id", escaped, ":name", escaped).Replace(controlPrefix + path)
			bodies := []string{""}
			if method == http.MethodPost {
				bodies = append(bodies, value)
				for _, field := range []string{"id", "name", "account", "ram_user", "expires_in", "temporary", "scenario", "quotas", "allow"} {
					bodies = append(bodies, `{"`+field+`": `+value+`}`, `{"`+field+`": "`+value+`"}`, `{"account": "1000000000000001", "name": "n", "`+field+`": "`+value+`"}`)
				}
			}
			for _, body := range bodies {
				for _, query := range []string{"", "?account=" + url.QueryEscape(value), "?" + value} {
					if answer := answerOf(t, api, method, target+query, "application/json", body, nil); answer.Code >= 500 {
						t.Errorf("%s %.60q%.60q %.100q: got %d %.300s", method, target, query, body, answer.Code, answer.Body)
					}
				}
			}
		}
	}
	for _, line := range log.errors {
		t.Errorf("the log has %s", line)
	}
}
