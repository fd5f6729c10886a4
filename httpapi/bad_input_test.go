package httpapi_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"enisim.alt/httpapi"
	"enisim.alt/service"
)

// safeBuffer collects a log that concurrent requests write.
type safeBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *safeBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *safeBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

// Any bad input gets a documented API error with a RequestId. Nothing is written, and the log has
// one line for the request and no stack trace.
func TestBadInput(t *testing.T) {
	t.Parallel()
	log := &safeBuffer{}
	s := serve(t, world().
		Instance("i-1").
		NetworkInterface("eni-1"), service.Options{},
		func(o *httpapi.Options) { o.Log = slog.New(slog.NewTextHandler(log, nil)) })

	valid := url.Values{
		"Action": {"AttachNetworkInterface"}, "Version": {"2014-05-26"}, "AccessKeyId": {accessKey},
		"RegionId": {"cn-hangzhou"}, "InstanceId": {"i-1"}, "NetworkInterfaceId": {"eni-1"},
	}
	with := func(name, value string) string {
		changed := url.Values{}
		maps.Copy(changed, valid)
		changed.Set(name, value)
		return "/?" + changed.Encode()
	}
	const form = "application/x-www-form-urlencoded"
	for _, c := range []struct {
		name, method, target, contentType, body string
		status                                  int
		code                                    string
	}{
		{"no parameters", "GET", "/", "", "", 400, "MissingAction"},
		{"no action", "GET", with("Action", ""), "", "", 400, "MissingAction"},
		{"no version", "GET", with("Version", ""), "", "", 400, "MissingVersion"},
		{"no key", "GET", with("AccessKeyId", ""), "", "", 400, "MissingAccessKeyId"},
		{"unknown key", "GET", with("AccessKeyId", "LTAInobody"), "", "", 404, "InvalidAccessKeyId.NotFound"},
		{"unknown action", "GET", with("Action", "AttachNetworkInterfaces"), "", "", 404, "InvalidAction.NotFound"},
		{"unknown version", "GET", with("Version", "2013-01-10"), "", "", 400, "InvalidVersion"},
		{"unknown region", "GET", with("RegionId", "mars-1"), "", "", 404, "InvalidRegionId.NotFound"},
		{"unknown instance", "GET", with("InstanceId", "i-nobody"), "", "", 404, "InvalidEcsId.NotFound"},
		{"unknown interface", "GET", with("NetworkInterfaceId", "eni-nobody"), "", "", 404, "InvalidEniId.NotFound"},
		{"malformed instance id", "GET", with("InstanceId", "i-1' OR '1'='1"), "", "", 400,
			"InvalidInstanceID.Malformed"},
		{"a zero byte in an id", "GET", with("InstanceId", "i-1\x00"), "", "", 400, "InvalidParameter"},
		{"bytes that are not UTF-8", "GET", with("NetworkInterfaceId", "\xff\xfe"), "", "", 400, "InvalidParameter"},
		{"a zero byte in the region", "GET", with("RegionId", "cn\x00"), "", "", 400, "InvalidParameter"},
		{"a zero byte in the key", "GET", with("AccessKeyId", "LTAI\x00"), "", "", 400, "InvalidParameter"},
		{"a key that is not UTF-8", "GET", with("AccessKeyId", "\xff"), "", "", 400, "InvalidParameter"},
		{"a very long id", "GET", with("InstanceId", strings.Repeat("i", 4000)), "", "", 400,
			"InvalidInstanceID.Malformed"},
		{"an index that is not a number", "GET", with("NetworkCardIndex", "first"), "", "", 400, "InvalidParameter"},
		{"an index that is too large", "GET", with("NetworkCardIndex", "99999999999999999999"), "", "", 400,
			"InvalidParameter"},
		{"a negative index", "GET", with("NetworkCardIndex", "-1"), "", "", 400, "InvalidParameter"},
		{"a trunk", "GET", with("TrunkNetworkInstanceId", "eni-1"), "", "", 400, "UnsupportedParameter"},
		{"wrong method", "PUT", with("Format", "XML"), "", "", 403, "UnsupportedHTTPMethod"},
		{"wrong method without a body", "DELETE", "/", "", "", 403, "UnsupportedHTTPMethod"},
		{"unknown path", "GET", "/latest/meta-data", "", "", 404, "InvalidAction.NotFound"},
		{"broken percent-encoding in the query", "GET", "/?Action=%zz", "", "", 400, "InvalidParameter"},
		{"a semicolon in the query", "GET", "/?Action=a;b=c", "", "", 400, "InvalidParameter"},
		{"broken percent-encoding in the form", "POST", "/", form, "Action=%zz", 400, "InvalidParameter"},
		{"huge body", "POST", "/", form, "Action=" + strings.Repeat("a", 1<<20), 400, "InvalidParameter"},
		{"a body of another type", "POST", "/", "application/json", `{"Action":"AttachNetworkInterface"}`, 400,
			"MissingAction"},
		{"a broken content type", "POST", "/", ";;;", "Action=x", 400, "MissingAction"},
	} {
		t.Run(c.name, func(t *testing.T) {
			request, err := http.NewRequestWithContext(t.Context(), c.method, s.URL+c.target, strings.NewReader(c.body))
			if err != nil {
				t.Fatal(err)
			}
			if c.contentType != "" {
				request.Header.Set("Content-Type", c.contentType)
			}
			response, err := s.Client().Do(request)
			if err != nil {
				t.Fatal(err)
			}
			defer response.Body.Close()
			body, err := io.ReadAll(response.Body)
			if err != nil {
				t.Fatal(err)
			}
			var apiError struct{ RequestId, HostId, Code, Message, Recommend string }
			if err := xml.Unmarshal(body, &apiError); err != nil {
				t.Fatalf("got %q, want an XML error: %v", body, err)
			}
			if response.StatusCode != c.status || apiError.Code != c.code {
				t.Errorf("got %d %s, want %d %s", response.StatusCode, apiError.Code, c.status, c.code)
			}
			if apiError.RequestId == "" || apiError.RequestId != response.Header.Get("X-Acs-Request-Id") ||
				apiError.HostId == "" || apiError.Message == "" || apiError.Recommend == "" {
				t.Errorf("got %+v, want all fields of an error, and the RequestId in the header", apiError)
			}
			if !strings.Contains(log.String(), apiError.RequestId) {
				t.Errorf("got a log without RequestId %s", apiError.RequestId)
			}
		})
	}
	if got := attachments(t, s.pool)["i-1"]; got != 1 {
		t.Errorf("after all bad input: got %d interfaces on the instance, want only the primary one", got)
	}
	for _, trace := range []string{"goroutine", "panic", "SQLSTATE", "level=ERROR"} {
		if strings.Contains(log.String(), trace) {
			t.Errorf("got %q in the log, want none:\n%s", trace, log)
		}
	}
}

// The case of Format is ignored, and an error has the same fields in JSON.
func TestErrorsInJSON(t *testing.T) {
	t.Parallel()
	s := serve(t, world(), service.Options{})
	for _, format := range []string{"JSON", "json", "Json"} {
		header, body := get(t, s.Server, "/?Format="+format)
		var apiError map[string]string // SDKs require that all fields are strings
		if err := json.Unmarshal(body, &apiError); err != nil {
			t.Fatalf("Format=%s: %v", format, err)
		}
		if got, want := apiError["Code"], "MissingAction"; got != want {
			t.Errorf("Format=%s: got %s, want %s", format, got, want)
		}
		if got, want := header.Get("Content-Type"), "application/json;charset=utf-8"; got != want {
			t.Errorf("Format=%s: got content type %q, want %q", format, got, want)
		}
	}
}
