package httpapi_test

import (
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"enisim/httpapi"
	"enisim/httpapi/signature"
	"enisim/service"
)

// signedWorld has two accounts, keys in every condition, and something to attach.
const signedWorld = `
enisim: 1
accounts:
  - id: "1000000000000001"
    access_keys:
      - {id: LTAItest000000000001, secret: test-secret}
      - {id: LTAIinactive, secret: test-secret, status: Inactive}
      - {id: LTAIexpired, secret: test-secret, expires_at: 2020-01-01T00:00:00Z}
    regions:
      - id: cn-hangzhou
        vpcs:
          - id: vpc-main
            cidr_block: 10.0.0.0/8
            vswitches: [{id: vsw-h, zone: cn-hangzhou-h, cidr_block: 10.0.0.0/16}]
            security_groups: [{id: sg-main}]
        instances: [{id: i-1, type: ecs.g6.large, vswitch: vsw-h, security_groups: [sg-main]}]
        network_interfaces: [{id: eni-1, vswitch: vsw-h, security_groups: [sg-main]}]
  - id: "1000000000000002"
    access_keys: [{id: LTAIother, secret: other-secret}]
`

// order is a request about to be signed and sent. A test changes it before the signature, or what is sent after it.
type order struct {
	method     string
	parameters url.Values // the action's own
	action     string
	version    string
	format     string // of a V1 request
	key        string
	secret     string
	token      string
	timestamp  string
	nonce      string
	inForm     bool // the action's own parameters travel in the body
}

func newOrder() *order {
	return &order{
		method: http.MethodPost, action: "DescribeNetworkInterfaces", version: "2014-05-26", format: "JSON",
		key: accessKey, secret: "test-secret",
		parameters: url.Values{"RegionId": {"cn-hangzhou"}, "NetworkInterfaceName": {"a b*c~d/e+f中"}, "NetworkInterfaceId.1": {"eni-1"}},
		timestamp:  time.Now().UTC().Format(signature.TimeFormat), nonce: uuid.NewString(),
	}
}

// sent is a request as it goes over the wire.
type sent struct {
	method string
	host   string
	query  url.Values
	form   url.Values
	header http.Header
}

// v1 signs an order in V1.
func (o *order) v1() *sent {
	s := &sent{method: o.method, query: url.Values{}, form: url.Values{}, header: http.Header{}}
	common := url.Values{
		"Action": {o.action}, "Version": {o.version}, "Format": {o.format}, "AccessKeyId": {o.key},
		"SignatureMethod": {signature.MethodV1}, "SignatureVersion": {signature.VersionV1}, "SignatureType": {""},
		"SignatureNonce": {o.nonce}, "Timestamp": {o.timestamp},
	}
	if o.token != "" {
		common.Set("SecurityToken", o.token)
	}
	all := maps.Clone(common)
	maps.Copy(all, o.parameters)
	common.Set("Signature", signature.V1(o.method, all, o.secret))
	s.query = common
	if o.inForm {
		s.form = maps.Clone(o.parameters)
	} else {
		maps.Copy(s.query, o.parameters)
	}
	return s
}

// v3 signs an order in V3.
func (o *order) v3(host string) *sent {
	s := &sent{method: o.method, query: url.Values{}, form: url.Values{}, header: http.Header{
		signature.HeaderAction: {o.action}, signature.HeaderVersion: {o.version},
		signature.HeaderDate: {o.timestamp}, signature.HeaderNonce: {o.nonce},
	}}
	if o.token != "" {
		s.header.Set(signature.HeaderSecurityToken, o.token)
	}
	body := ""
	if o.inForm {
		s.form = maps.Clone(o.parameters)
		body = s.form.Encode()
		s.header.Set("Content-Type", "application/x-www-form-urlencoded")
	} else {
		s.query = maps.Clone(o.parameters)
	}
	signature.RequestV3{Method: o.method, Host: host, Query: s.query, Header: s.header, Body: []byte(body)}.Sign(o.key, o.secret)
	return s
}

// send sends a request and returns its answer.
func (s *server) send(t testing.TB, x *sent) reply {
	t.Helper()
	status, _, text := s.exchange(t, x)
	r := reply{status: status}
	if err := json.Unmarshal(text, &r.body); err != nil {
		t.Fatalf("got %q, want JSON: %v", text, err)
	}
	return r
}

// exchange sends a request and returns its answer as it came.
func (s *server) exchange(t testing.TB, x *sent) (status int, header http.Header, body []byte) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), x.method, s.URL+"/?"+x.query.Encode(), strings.NewReader(x.form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	if x.host != "" {
		request.Host = x.host
	}
	request.Header = x.header.Clone()
	if len(x.form) > 0 && request.Header.Get("Content-Type") == "" {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	response, err := s.Client().Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, response.Header, text
}

// verifying is a server on the signed world that checks signatures.
func verifying(t testing.TB) *server {
	t.Helper()
	return serve(t, scenarioText(signedWorld), service.Options{}, func(o *httpapi.Options) { o.Signature = httpapi.VerifySignature })
}

// signers are the two versions, each with its parameters in the query and in a form.
func signers(s *server) map[string]func(*order) *sent {
	host := strings.TrimPrefix(s.URL, "http://")
	form := func(sign func(*order) *sent) func(*order) *sent {
		return func(o *order) *sent { o.inForm = true; return sign(o) }
	}
	v1, v3 := (*order).v1, func(o *order) *sent { return o.v3(host) }
	return map[string]func(*order) *sent{"V1 query": v1, "V1 form": form(v1), "V3 query": v3, "V3 form": form(v3)}
}

func TestSignedRequestsAreAccepted(t *testing.T) {
	t.Parallel()
	s := verifying(t)
	for name, sign := range signers(s) {
		for _, method := range []string{http.MethodPost, http.MethodGet} {
			o := newOrder()
			o.method = method
			if r := s.send(t, sign(o)); r.status != http.StatusOK {
				t.Errorf("%s %s: got %d %v, want 200", method, name, r.status, r.body)
			}
		}
	}
}

func TestTampering(t *testing.T) {
	t.Parallel()
	s := verifying(t)
	const mismatch = "SignatureDoesNotMatch"
	at := func(d time.Duration) string { return time.Now().UTC().Add(d).Format(signature.TimeFormat) }
	flip := func(text string) string { // one byte, to another that is as well formed
		last := text[len(text)-1]
		if last == '0' {
			return text[:len(text)-1] + "1"
		}
		return text[:len(text)-1] + "0"
	}
	for name, sign := range signers(s) {
		v3 := strings.HasPrefix(name, "V3")
		own := func(x *sent) url.Values {
			if len(x.form) > 0 {
				return x.form
			}
			return x.query
		}
		// common finds what each version calls by its own name.
		common := func(x *sent, v1, v3Name string, change func(string) string) {
			if v3 {
				x.header.Set(v3Name, change(x.header.Get(v3Name)))
			} else {
				x.query.Set(v1, change(x.query.Get(v1)))
			}
		}
		for _, c := range []struct {
			what   string
			before func(*order) // of the signature
			after  func(*sent)
			want   string
		}{
			{"a parameter's value", nil, func(x *sent) { own(x).Set("NetworkInterfaceId.1", "eni-2") }, mismatch},
			{"a parameter's name", nil, func(x *sent) {
				own(x).Set("NetworkInterfaceId.2", own(x).Get("NetworkInterfaceId.1"))
				own(x).Del("NetworkInterfaceId.1")
			}, mismatch},
			{"a parameter that is not ASCII", nil, func(x *sent) { own(x).Set("NetworkInterfaceName", "a b*c~d/e+f国") }, mismatch},
			{"a dropped parameter", nil, func(x *sent) { own(x).Del("NetworkInterfaceName") }, mismatch},
			{"an added parameter", nil, func(x *sent) { own(x).Set("VpcId", "vpc-main") }, mismatch},
			{"a parameter added on the other side", nil, func(x *sent) {
				if len(x.form) > 0 {
					x.query.Set("VpcId", "vpc-main")
				} else {
					x.form.Set("VpcId", "vpc-main")
				}
			}, mismatch},
			{"the action", nil, func(x *sent) {
				common(x, "Action", signature.HeaderAction, func(string) string { return "DescribeInstances" })
			}, mismatch},
			{"the version", nil, func(x *sent) {
				common(x, "Version", signature.HeaderVersion, func(string) string { return "2016-04-28" })
			}, mismatch},
			{"the time", nil, func(x *sent) {
				common(x, "Timestamp", signature.HeaderDate, func(string) string { return at(-time.Minute) })
			}, mismatch},
			{"the nonce", nil, func(x *sent) { common(x, "SignatureNonce", signature.HeaderNonce, flip) }, mismatch},
			{"the signature", nil, func(x *sent) {
				common(x, "Signature", "Authorization", func(text string) string {
					if v3 {
						return flip(text)
					}
					return flip(strings.TrimSuffix(text, "=")) + "="
				})
			}, mismatch},
			{"the method", nil, func(x *sent) { x.method = http.MethodGet }, mismatch},
			{"another account's key", nil, func(x *sent) {
				common(x, "AccessKeyId", "Authorization", func(text string) string { return strings.Replace(text, accessKey, "LTAIother", 1) })
				if !v3 {
					x.query.Set("AccessKeyId", "LTAIother")
				}
			}, mismatch},
			{"a wrong secret", func(o *order) { o.secret = "test-secreT" }, nil, mismatch},
			{"an unknown key", func(o *order) { o.key = "LTAInobody" }, nil, "InvalidAccessKeyId.NotFound"},
			{"an inactive key", func(o *order) { o.key = "LTAIinactive" }, nil, "InvalidAccessKeyId.Inactive"},
			{"an expired key", func(o *order) { o.key = "LTAIexpired" }, nil, "Abs.InvalidAccount.NotFound"},
			{"a clock that is slow", func(o *order) { o.timestamp = at(-15*time.Minute - 5*time.Second) }, nil, "InvalidTimeStamp.Expired"},
			{"a clock that is fast", func(o *order) { o.timestamp = at(15*time.Minute + 5*time.Second) }, nil, "InvalidTimeStamp.Expired"},
			{"a time of another form", func(o *order) { o.timestamp = "Sun, 22 Nov 2026 10:15:30 GMT" }, nil, "InvalidTimeStamp.Format"},
			{"a time with a fraction", func(o *order) { o.timestamp = time.Now().UTC().Format("2006-01-02T15:04:05.000Z") }, nil, "InvalidTimeStamp.Format"},
			{"a time with a comma", func(o *order) { o.timestamp = time.Now().UTC().Format("2006-01-02T15:04:05") + ",5Z" }, nil, "InvalidTimeStamp.Format"},
			{"a time with an hour of one digit", func(o *order) { o.timestamp = time.Now().UTC().Format("2006-01-02T") + "1:02:03Z" }, nil, "InvalidTimeStamp.Format"},
			{"a time with an offset", func(o *order) { o.timestamp = time.Now().UTC().Format("2006-01-02T15:04:05+00:00") }, nil, "InvalidTimeStamp.Format"},
			{"a token for a key without", func(o *order) { o.token = "token" }, nil, "InvalidSecurityToken.Malformed"},
		} {
			o := newOrder()
			if c.before != nil {
				c.before(o)
			}
			x := sign(o)
			if c.after != nil {
				c.after(x)
			}
			r := s.send(t, x)
			if r.code() != c.want {
				t.Errorf("%s, %s: got %d %q, want %s", name, c.what, r.status, r.code(), c.want)
			}
		}
		for _, fine := range []time.Duration{-14 * time.Minute, 14 * time.Minute} {
			o := newOrder()
			o.timestamp = at(fine)
			if r := s.send(t, sign(o)); r.status != http.StatusOK {
				t.Errorf("%s, a clock that is off by %v: got %d %s, want 200", name, fine, r.status, r.code())
			}
		}

		first := sign(newOrder())
		if r := s.send(t, first); r.status != http.StatusOK {
			t.Errorf("%s: got %d %s, want 200", name, r.status, r.code())
		}
		if r := s.send(t, first); r.code() != "SignatureNonceUsed" {
			t.Errorf("%s, a request sent twice: got %d %q, want SignatureNonceUsed", name, r.status, r.code())
		}
	}
}

// In V3 the Content-Type is signed, or does not decide how the body is read.
func TestTheContentTypeOfV3(t *testing.T) {
	t.Parallel()
	s := verifying(t)
	for _, c := range []struct {
		name, signed, sent string
		unsigned           bool
		want               string // code; "" for success
	}{
		{"a form", "application/x-www-form-urlencoded", "application/x-www-form-urlencoded", false, ""},
		{"changed on the way", "application/x-www-form-urlencoded", "application/json", false, "SignatureDoesNotMatch"},
		{"not signed", "", "application/x-www-form-urlencoded", true, ""},
		{"not signed, and changed on the way", "", "application/json", true, ""},
		{"not signed, and malformed", "", ";;;", true, ""},
		{"signed as another type, which no action takes", "application/json", "application/json", false, "MissingParameter"},
	} {
		o := newOrder()
		o.action = "DescribeNetworkInterfaceAttribute"
		body := url.Values{"RegionId": {"cn-hangzhou"}, "NetworkInterfaceId": {"eni-1"}}
		x := &sent{method: http.MethodPost, form: body, header: http.Header{
			signature.HeaderAction: {o.action}, signature.HeaderVersion: {o.version},
			signature.HeaderDate: {o.timestamp}, signature.HeaderNonce: {o.nonce},
		}}
		if !c.unsigned {
			x.header.Set("Content-Type", c.signed)
		}
		signature.RequestV3{Method: x.method, Host: strings.TrimPrefix(s.URL, "http://"), Header: x.header, Body: []byte(body.Encode())}.Sign(o.key, o.secret)
		x.header.Set("Content-Type", c.sent)
		if r := s.send(t, x); r.code() != c.want {
			t.Errorf("%s: got %d %q, want %q", c.name, r.status, r.code(), c.want)
		}
	}
}

// What only one version has.
func TestTamperingWithHeaders(t *testing.T) {
	t.Parallel()
	s := verifying(t)
	host := strings.TrimPrefix(s.URL, "http://")
	for _, c := range []struct {
		what  string
		after func(*sent)
		want  string
	}{
		{"the host", func(x *sent) { x.host = "ecs.aliyuncs.com" }, "SignatureDoesNotMatch"},
		{"the hash of the body", func(x *sent) { x.header.Set(signature.HeaderContentSHA256, strings.Repeat("0", 64)) }, "SignatureDoesNotMatch"},
		{"no hash of the body", func(x *sent) { x.header.Del(signature.HeaderContentSHA256) }, "MissingParameter"},
		{"no action", func(x *sent) { x.header.Del(signature.HeaderAction) }, "MissingAction"},
		{"no version", func(x *sent) { x.header.Del(signature.HeaderVersion) }, "MissingVersion"},
		{"no date", func(x *sent) { x.header.Del(signature.HeaderDate) }, "MissingTimestamp"},
		{"no nonce", func(x *sent) { x.header.Del(signature.HeaderNonce) }, "MissingSignatureNonce"},
		{"a token that is not signed", func(x *sent) { x.header.Set(signature.HeaderSecurityToken, "t") }, "IncompleteSignature"},
		{"a header that is not named as signed", func(x *sent) {
			x.header.Set("Authorization", strings.Replace(x.header.Get("Authorization"), "x-acs-action;", "", 1))
		}, "IncompleteSignature"},
		{"another algorithm", func(x *sent) {
			x.header.Set("Authorization", "ACS3-RSA-SHA256 Credential=a,SignedHeaders=host,Signature=b")
		}, "IncompleteSignature"},
		{"a broken header", func(x *sent) { x.header.Set("Authorization", "ACS3-HMAC-SHA256 nonsense") }, "IncompleteSignature"},
	} {
		x := newOrder().v3(host)
		c.after(x)
		if r := s.send(t, x); r.code() != c.want {
			t.Errorf("V3, %s: got %d %q, want %s", c.what, r.status, r.code(), c.want)
		}
	}
	for _, c := range []struct {
		name, value, want string
	}{
		{"SignatureMethod", "HMAC-SHA256", "InvalidParamater"},
		{"SignatureVersion", "2.0", "InvalidParamater"},
		{"Action", "", "MissingAction"},
		{"Version", "", "MissingVersion"},
		{"AccessKeyId", "", "MissingAccessKeyId"},
		{"Signature", "", "MissingSignature"},
		{"SignatureMethod", "", "MissingSignatureMethod"},
		{"SignatureVersion", "", "MissingSignatureVersion"},
		{"SignatureNonce", "", "MissingSignatureNonce"},
		{"Timestamp", "", "MissingTimestamp"},
	} {
		x := newOrder().v1()
		x.query.Set(c.name, c.value)
		r := s.send(t, x)
		if message, _ := r.body["Message"].(string); r.code() != c.want || !strings.Contains(message, c.name) {
			t.Errorf("V1, %s=%q: got %d %v, want %s that names it", c.name, c.value, r.status, r.body, c.want)
		}
	}
}

// SDKs cut the message at this mark and compare what follows with what they signed: equal means that the secret is wrong.
func TestAMismatchCarriesTheStringToSign(t *testing.T) {
	t.Parallel()
	s := verifying(t)
	const mark = "server string to sign is:"
	o := newOrder()
	o.secret = "wrong"
	x := o.v1()
	message, _ := s.send(t, x).body["Message"].(string)
	_, got, found := strings.Cut(message, mark)
	if want := signature.StringToSignV1(o.method, x.query); !found || got != want {
		t.Errorf("V1: got %q, want %q", got, want)
	}
	x = o.v3(strings.TrimPrefix(s.URL, "http://"))
	message, _ = s.send(t, x).body["Message"].(string)
	if _, got, found := strings.Cut(message, mark); !found || !strings.HasPrefix(got, signature.AlgorithmV3+"\n") {
		t.Errorf("V3: got %q, want the string to sign", got)
	}
}
