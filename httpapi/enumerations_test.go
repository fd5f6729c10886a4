package httpapi_test

import (
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// refusesAValue is the form of the codes that refuse a parameter's value.
var refusesAValue = regexp.MustCompile(`^(InvalidParam|InvalidParams|InvalidParameter|UnsupportedParameter|MissingParameter|InvalidStatus|InvalidResourceType)\b|\.(Malformed|ValueNotSupported|NotSupported)$`)

// enumerated is a line of testdata/enumerations.tsv: a value that documentation or a released client has for a parameter.
type enumerated struct{ parameter, value, decision string }

// readEnumerations reads the table, by product:Action.
func readEnumerations(t *testing.T) map[string][]enumerated {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "testdata", "enumerations.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]enumerated{}
	for _, line := range strings.Split(strings.TrimSpace(string(text)), "\n")[1:] {
		column := strings.Split(line, "\t")
		out[column[0]] = append(out[column[0]], enumerated{column[1], column[2], column[4]})
	}
	return out
}

// Every value that documentation or a released client has for a parameter is accepted, or the table says why it is not.
func TestEnumeratedValues(t *testing.T) {
	t.Parallel()
	for name, values := range readEnumerations(t) {
		ram, action, _ := strings.Cut(name, ":")
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			base, server := succeeding(t, ram, action)
			for _, v := range values {
				c := base
				c.pairs = also(base.pairs, v.parameter, v.value)
				if strings.HasSuffix(v.parameter, "IpProtocol") && v.value != "TCP" && v.value != "UDP" { // which alone have ports
					c.pairs = also(c.pairs, "Permissions.1.PortRange", "-1/-1")
				}
				reply := goldenReply(t, server, action, "json", c)
				_, body, _ := strings.Cut(reply, "{")
				code, _, _ := strings.Cut(strings.TrimPrefix(body, `"RequestId":"473469C7-AA6F-4DC5-B3DB-A3DC0DE3C83E","HostId":"ecs.cn-hangzhou.aliyuncs.com","Code":"`), `"`)
				refused := !strings.HasPrefix(reply, "200 ") && refusesAValue.MatchString(code)
				reason, isRefused := strings.CutPrefix(v.decision, "refused: ")
				switch {
				case v.decision != "accepted" && (!isRefused || reason == ""):
					t.Errorf("%s=%s: got the decision %q, want accepted, or refused with a reason", v.parameter, v.value, v.decision)
				case refused != isRefused:
					t.Errorf("%s=%s is decided as %s, but the answer is %s", v.parameter, v.value, v.decision, reply)
				}
			}
		})
	}
}

// succeeding is a request of the golden files that succeeds, without a token, and a server with its world. What a value does not stop may fail for what
// an earlier one did.
func succeeding(t *testing.T, ram, action string) (goldenCase, *httptest.Server) {
	t.Helper()
	shown := strings.Replace(action, "UnTag", "Untag", 1) // another spelling of the same action
	for _, c := range goldenCases[shown] {
		text, err := os.ReadFile(filepath.Join("..", "testdata", "golden", shown, c.name+".json"))
		if err != nil || !strings.HasPrefix(string(text), "200 ") {
			continue
		}
		c.version = map[string]string{"ecs": "2014-05-26", "vpc": "2016-04-28", "sts": "2015-04-01"}[ram]
		c.pairs = also(c.pairs, "ClientToken", "")
		in := ordinary
		if c.in != nil {
			in = c.in
		}
		return c, in(&goldenWorld{t: t, scenario: c.world})
	}
	t.Fatalf("no golden file shows %s succeed", action)
	return goldenCase{}, nil
}
