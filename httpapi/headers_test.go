package httpapi_test

import (
	"net/http"
	"regexp"
	"testing"

	"enisim.alt/service"
)

// All replies have the headers that were captured from the real gateway, even if no action was
// reached.
func TestAllRepliesHaveGatewayHeaders(t *testing.T) {
	t.Parallel()
	s := serve(t, world(), service.Options{})
	traceIDs := map[string]bool{}
	const query = "/?Version=2014-05-26&RegionId=cn-hangzhou&Format=JSON&AccessKeyId=" + accessKey
	for _, target := range []string{query + "&Action=DescribeVSwitches", query +
		"&Action=DescribeInstances", "/", "/nowhere"} {
		header, _ := get(t, s.Server, target)
		for name, want := range map[string]string{
			"Access-Control-Allow-Headers":  "X-Requested-With, X-Sequence, _aop_secret, _aop_signature",
			"Access-Control-Allow-Methods":  "POST, GET, OPTIONS",
			"Access-Control-Allow-Origin":   "*",
			"Access-Control-Expose-Headers": "*",
			"Access-Control-Max-Age":        "172800",
			"Connection":                    "keep-alive",
			"Vary":                          "Accept-Encoding",
		} {
			if got := header.Get(name); got != want {
				t.Errorf("%s: %s: got %q, want %q", target, name, got, want)
			}
		}
		trace := header.Get("X-Acs-Trace-Id")
		if !regexp.MustCompile(`^[0-9a-f]{32}$`).MatchString(trace) || traceIDs[trace] {
			t.Errorf("%s: X-Acs-Trace-Id: got %q, want 32 hexadecimal digits, new for each reply", target, trace)
		}
		traceIDs[trace] = true
	}

	s.Config.Handler.(interface{ Drain() }).Drain()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+"/", nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := s.Client().Do(request)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if !response.Close {
		t.Errorf("a stopping server: got %q, want Connection: close", response.Header.Get("Connection"))
	}
}
