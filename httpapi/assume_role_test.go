package httpapi_test

import (
	"fmt"
	"net/url"
	"sync/atomic"
	"testing"
	"time"

	"enisim.alt/httpapi"
	"enisim.alt/service"
)

// A temporary key signs requests in each signature version until it expires, returns its identity,
// and needs its token. A day after its expiry its row is deleted.
func TestTemporaryKeyExpires(t *testing.T) {
	t.Parallel()
	var clockOffset atomic.Int64 // of the simulated clock, in ns
	s := serve(t, scenarioText(signedWorld),
		service.Options{Now: func() time.Time { return time.Now().Add(time.Duration(clockOffset.Load())) }},
		func(o *httpapi.Options) { o.Signature = httpapi.VerifySignature })
	assume := func() *unsignedRequest {
		t.Helper()
		o := newRequest()
		o.action, o.version = "AssumeRole", "2015-04-01"
		o.parameters = url.Values{
			"RoleArn": {"acs:ram::1000000000000001:role/deployer"}, "RoleSessionName": {"nightly"},
			"DurationSeconds": {"900"},
		}
		r := s.send(t, o.signV1())
		credentials, found := r.body["Credentials"].(map[string]any)
		if !found {
			t.Fatalf("AssumeRole: got %d %v, want credentials", r.status, r.body)
		}
		o = newRequest()
		o.action, o.version, o.parameters = "GetCallerIdentity", "2015-04-01", url.Values{}
		o.key, o.secret, o.token = fmt.Sprint(credentials["AccessKeyId"]), fmt.Sprint(credentials["AccessKeySecret"]),
			fmt.Sprint(credentials["SecurityToken"])
		return o
	}
	role := assume()
	expectCode := func(when, want string, change func(*unsignedRequest)) {
		t.Helper()
		for name, sign := range signers(s) {
			o, fresh := *role, newRequest()
			o.nonce, o.timestamp = fresh.nonce, fresh.timestamp
			change(&o)
			r := s.send(t, sign(&o))
			if r.code() != want {
				t.Errorf("%s, %s: got %d %v, want %q", when, name, r.status, r.body, want)
			}
			if arn := "acs:ram::1000000000000001:assumed-role/deployer/nightly"; want == ok &&
				o.action == "GetCallerIdentity" && r.body["Arn"] != arn {
				t.Errorf("%s, %s: got %v, want %s", when, name, r.body, arn)
			}
		}
	}
	noChange := func(*unsignedRequest) {}
	expectCode("new", ok, noChange)
	expectCode("new", ok, func(o *unsignedRequest) {
		o.action, o.version, o.parameters = "DescribeNetworkInterfaces", "2014-05-26",
			url.Values{"RegionId": {"cn-hangzhou"}}
	})
	expectCode("without its token", "MissingSecurityToken", func(o *unsignedRequest) { o.token = "" })
	clockOffset.Store(int64(14 * time.Minute))
	expectCode("before its expiry", ok, noChange)
	clockOffset.Store(int64(15 * time.Minute))
	expectCode("at its expiry", "InvalidSecurityToken.Expired", noChange)

	clockOffset.Store(int64(25 * time.Hour))
	assume()
	var remaining int
	if err := s.pool.QueryRow(t.Context(),
		`SELECT count(*) FROM access_keys WHERE security_token IS NOT NULL`).Scan(&remaining); err != nil ||
		remaining != 1 {
		t.Errorf("a day later: got %d temporary keys (%v), want only the new one", remaining, err)
	}
}
