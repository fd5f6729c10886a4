package httpapi_test

import (
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// valueRefusal matches the error codes that refuse the value of a parameter.
var valueRefusal = regexp.MustCompile(`^(InvalidParam|InvalidParams|InvalidParameter|UnsupportedParameter|` +
	`MissingParameter|InvalidStatus|InvalidResourceType)\b|\.(Malformed|ValueNotSupported|NotSupported)$`)

// enumeratedValue is a line of testdata/enumerations.tsv: a documented value of a parameter, or one
// that a released client sends.
type enumeratedValue struct{ parameter, value, decision string }

// readEnumerations returns the lines of the table by product:Action.
func readEnumerations(t *testing.T) map[string][]enumeratedValue {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "testdata", "enumerations.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]enumeratedValue{}
	for _, line := range strings.Split(strings.TrimSpace(string(text)), "\n")[1:] {
		column := strings.Split(line, "\t")
		out[column[0]] = append(out[column[0]], enumeratedValue{column[1], column[2], column[4]})
	}
	return out
}

// Each enumerated value of a parameter is accepted, or the table has the reason for its refusal.
func TestEnumeratedValues(t *testing.T) {
	t.Parallel()
	shared := newSharedWorlds(t)
	for name, values := range readEnumerations(t) {
		ram, action, _ := strings.Cut(name, ":")
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			base, server := findSuccess(t, shared, ram, action)
			for _, v := range values {
				c := base
				c.pairs = also(base.pairs, v.parameter, v.value)
				// without ports
				if strings.HasSuffix(v.parameter, "IpProtocol") && v.value != "TCP" && v.value != "UDP" {
					c.pairs = also(c.pairs, "Permissions.1.PortRange", "-1/-1")
				}
				reply := goldenReply(t, server, action, "json", c)
				_, body, _ := strings.Cut(reply, "{")
				const beforeCode = `"RequestId":"473469C7-AA6F-4DC5-B3DB-A3DC0DE3C83E",` +
					`"HostId":"ecs.cn-hangzhou.aliyuncs.com","Code":"`
				code, _, _ := strings.Cut(strings.TrimPrefix(body, beforeCode), `"`)
				refused := !strings.HasPrefix(reply, "200 ") && valueRefusal.MatchString(code)
				reason, isRefused := strings.CutPrefix(v.decision, "refused: ")
				switch {
				case v.decision != "accepted" && (!isRefused || reason == ""):
					t.Errorf("%s=%s: got the decision %q, want accepted, or refused with a reason", v.parameter,
						v.value, v.decision)
				case refused != isRefused:
					t.Errorf("%s=%s: want the value %s, got %s", v.parameter, v.value, v.decision, reply)
				}
			}
		})
	}
}

// findSuccess returns a golden request of an action that succeeds, without its ClientToken, and a
// server with its world. An accepted value may still fail with another code, because of the effects
// of earlier requests.
func findSuccess(t *testing.T, shared *sharedWorlds, ram, action string) (goldenCase, *httptest.Server) {
	t.Helper()
	name := strings.Replace(action, "UnTag", "Untag", 1) // another spelling of the same action
	for _, c := range goldenCases[name] {
		text, err := os.ReadFile(filepath.Join("..", "testdata", "golden", name, c.name+".json"))
		if err != nil || !strings.HasPrefix(string(text), "200 ") {
			continue
		}
		c.version = map[string]string{"ecs": "2014-05-26", "vpc": "2016-04-28", "sts": "2015-04-01",
			"location": "2015-06-12", "resourcemanager": "2020-03-31"}[ram]
		c.pairs = also(c.pairs, "ClientToken", "")
		in := ordinary
		if c.in != nil {
			in = c.in
		}
		return c, in(&goldenWorld{t: t, scenario: c.world, reads: readsOnly.MatchString(action), shared: shared})
	}
	t.Fatalf("got no golden file of a successful %s", action)
	return goldenCase{}, nil
}
