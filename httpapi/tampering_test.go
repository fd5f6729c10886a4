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

	"enisim.alt/httpapi"
	"enisim.alt/httpapi/signature"
	"enisim.alt/service"
)

// signedWorld has two accounts, a key in each condition, and an instance and an interface to
// attach.
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

// unsignedRequest is a request before its signature. A test changes it before it is signed, or
// changes the signed request.
type unsignedRequest struct {
	method     string
	parameters url.Values // of the action
	action     string
	version    string
	format     string // of a V1 request
	key        string
	secret     string
	token      string
	timestamp  string
	nonce      string
	inForm     bool // whether the action's parameters are in the body
}

// newRequest returns a valid request.
func newRequest() *unsignedRequest {
	return &unsignedRequest{
		method: http.MethodPost, action: "DescribeNetworkInterfaces", version: "2014-05-26", format: "JSON",
		key: accessKey, secret: "test-secret",
		parameters: url.Values{"RegionId": {"cn-hangzhou"}, "NetworkInterfaceName": {"a b*c~d/e+f中"},
			"NetworkInterfaceId.1": {"eni-1"}},
		timestamp: time.Now().UTC().Format(signature.TimeFormat), nonce: uuid.NewString(),
	}
}

// signedRequest is a request as it is sent.
type signedRequest struct {
	method string
	host   string
	query  url.Values
	form   url.Values
	header http.Header
}

// signV1 signs a request in version 1.
func (o *unsignedRequest) signV1() *signedRequest {
	s := &signedRequest{method: o.method, query: url.Values{}, form: url.Values{}, header: http.Header{}}
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

// signV3 signs a request in version 3.
func (o *unsignedRequest) signV3(host string) *signedRequest {
	s := &signedRequest{method: o.method, query: url.Values{}, form: url.Values{}, header: http.Header{
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
	signature.RequestV3{Method: o.method, Host: host, Query: s.query, Header: s.header, Body: []byte(body)}.Sign(o.key,
		o.secret)
	return s
}

// send sends a request and returns the decoded reply.
func (s *server) send(t testing.TB, x *signedRequest) reply {
	t.Helper()
	status, _, text := s.exchange(t, x)
	r := reply{status: status}
	if err := json.Unmarshal(text, &r.body); err != nil {
		t.Fatalf("got %q, want JSON: %v", text, err)
	}
	return r
}

// exchange sends a request and returns the reply as it is.
func (s *server) exchange(t testing.TB, x *signedRequest) (status int, header http.Header, body []byte) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), x.method, s.URL+"/?"+x.query.Encode(),
		strings.NewReader(x.form.Encode()))
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

// serveVerifying starts a server on the signed world that verifies signatures.
func serveVerifying(t testing.TB) *server {
	t.Helper()
	return serve(t, scenarioText(signedWorld), service.Options{},
		func(o *httpapi.Options) { o.Signature = httpapi.VerifySignature })
}

// signers returns both signature versions, each with the parameters in the query and in a form.
func signers(s *server) map[string]func(*unsignedRequest) *signedRequest {
	host := strings.TrimPrefix(s.URL, "http://")
	form := func(sign func(*unsignedRequest) *signedRequest) func(*unsignedRequest) *signedRequest {
		return func(o *unsignedRequest) *signedRequest { o.inForm = true; return sign(o) }
	}
	v1, v3 := (*unsignedRequest).signV1, func(o *unsignedRequest) *signedRequest { return o.signV3(host) }
	return map[string]func(*unsignedRequest) *signedRequest{"V1 query": v1, "V1 form": form(v1), "V3 query": v3,
		"V3 form": form(v3)}
}

// A signed request is accepted in both versions, with parameters in the query or in a form, by POST
// or GET.
func TestSignedRequestsAreAccepted(t *testing.T) {
	t.Parallel()
	s := serveVerifying(t)
	for name, sign := range signers(s) {
		for _, method := range []string{http.MethodPost, http.MethodGet} {
			o := newRequest()
			o.method = method
			if r := s.send(t, sign(o)); r.status != http.StatusOK {
				t.Errorf("%s %s: got %d %v, want 200", method, name, r.status, r.body)
			}
		}
	}
}

// Each change of a signed request is refused, and so are an invalid key, time, nonce or token.
func TestTampering(t *testing.T) {
	t.Parallel()
	s := serveVerifying(t)
	const mismatch = "SignatureDoesNotMatch"
	at := func(d time.Duration) string { return time.Now().UTC().Add(d).Format(signature.TimeFormat) }
	flip := func(text string) string { // changes the last byte and keeps the form
		last := text[len(text)-1]
		if last == '0' {
			return text[:len(text)-1] + "1"
		}
		return text[:len(text)-1] + "0"
	}
	for name, sign := range signers(s) {
		v3 := strings.HasPrefix(name, "V3")
		actionParameters := func(x *signedRequest) url.Values {
			if len(x.form) > 0 {
				return x.form
			}
			return x.query
		}
		// common changes a parameter of V1, or the header of V3 with the same meaning.
		common := func(x *signedRequest, v1, v3Name string, change func(string) string) {
			if v3 {
				x.header.Set(v3Name, change(x.header.Get(v3Name)))
			} else {
				x.query.Set(v1, change(x.query.Get(v1)))
			}
		}
		for _, c := range []struct {
			name   string
			before func(*unsignedRequest) // of the signature
			after  func(*signedRequest)
			want   string
		}{
			{"a parameter's value", nil, func(x *signedRequest) {
				actionParameters(x).Set("NetworkInterfaceId.1",
					"eni-2")
			}, mismatch},
			{"a parameter's name", nil, func(x *signedRequest) {
				actionParameters(x).Set("NetworkInterfaceId.2", actionParameters(x).Get("NetworkInterfaceId.1"))
				actionParameters(x).Del("NetworkInterfaceId.1")
			}, mismatch},
			{"a parameter that is not ASCII", nil,
				func(x *signedRequest) { actionParameters(x).Set("NetworkInterfaceName", "a b*c~d/e+f国") }, mismatch},
			{"a dropped parameter", nil, func(x *signedRequest) { actionParameters(x).Del("NetworkInterfaceName") },
				mismatch},
			{"an added parameter", nil, func(x *signedRequest) { actionParameters(x).Set("VpcId", "vpc-main") },
				mismatch},
			{"a parameter added to the query of a form or the form of a query", nil, func(x *signedRequest) {
				if len(x.form) > 0 {
					x.query.Set("VpcId", "vpc-main")
				} else {
					x.form.Set("VpcId", "vpc-main")
				}
			}, mismatch},
			{"the action", nil, func(x *signedRequest) {
				common(x, "Action", signature.HeaderAction, func(string) string { return "DescribeInstances" })
			}, mismatch},
			{"the version", nil, func(x *signedRequest) {
				common(x, "Version", signature.HeaderVersion, func(string) string { return "2016-04-28" })
			}, mismatch},
			{"the time", nil, func(x *signedRequest) {
				common(x, "Timestamp", signature.HeaderDate, func(string) string { return at(-time.Minute) })
			}, mismatch},
			{"the nonce", nil, func(x *signedRequest) { common(x, "SignatureNonce", signature.HeaderNonce, flip) },
				mismatch},
			{"the signature", nil, func(x *signedRequest) {
				common(x, "Signature", "Authorization", func(text string) string {
					if v3 {
						return flip(text)
					}
					return flip(strings.TrimSuffix(text, "=")) + "="
				})
			}, mismatch},
			{"the method", nil, func(x *signedRequest) { x.method = http.MethodGet }, mismatch},
			{"another account's key", nil, func(x *signedRequest) {
				common(x, "AccessKeyId", "Authorization",
					func(text string) string { return strings.Replace(text, accessKey, "LTAIother", 1) })
				if !v3 {
					x.query.Set("AccessKeyId", "LTAIother")
				}
			}, mismatch},
			{"a wrong secret", func(o *unsignedRequest) { o.secret = "test-secreT" }, nil, mismatch},
			{"an unknown key", func(o *unsignedRequest) { o.key = "LTAInobody" }, nil, "InvalidAccessKeyId.NotFound"},
			{"an inactive key", func(o *unsignedRequest) { o.key = "LTAIinactive" }, nil,
				"InvalidAccessKeyId.Inactive"},
			{"an expired key", func(o *unsignedRequest) { o.key = "LTAIexpired" }, nil, "Abs.InvalidAccount.NotFound"},
			{"a slow clock", func(o *unsignedRequest) { o.timestamp = at(-15*time.Minute - 5*time.Second) }, nil,
				"InvalidTimeStamp.Expired"},
			{"a fast clock", func(o *unsignedRequest) { o.timestamp = at(15*time.Minute + 5*time.Second) }, nil,
				"InvalidTimeStamp.Expired"},
			{"a time of another form", func(o *unsignedRequest) { o.timestamp = "Sun, 22 Nov 2026 10:15:30 GMT" }, nil,
				"InvalidTimeStamp.Format"},
			{"a time with a fraction", func(o *unsignedRequest) {
				o.timestamp = time.Now().UTC().Format("2006-01-02T15:04:05.000Z")
			}, nil, "InvalidTimeStamp.Format"},
			{"a time with a comma", func(o *unsignedRequest) {
				o.timestamp = time.Now().UTC().Format("2006-01-02T15:04:05") + ",5Z"
			}, nil, "InvalidTimeStamp.Format"},
			{"a time with an hour of one digit",
				func(o *unsignedRequest) { o.timestamp = time.Now().UTC().Format("2006-01-02T") + "1:02:03Z" }, nil,
				"InvalidTimeStamp.Format"},
			{"a time with an offset", func(o *unsignedRequest) {
				o.timestamp = time.Now().UTC().Format("2006-01-02T15:04:05+00:00")
			}, nil, "InvalidTimeStamp.Format"},
			{"a token for a permanent key", func(o *unsignedRequest) { o.token = "token" }, nil,
				"InvalidSecurityToken.Malformed"},
		} {
			o := newRequest()
			if c.before != nil {
				c.before(o)
			}
			x := sign(o)
			if c.after != nil {
				c.after(x)
			}
			r := s.send(t, x)
			if r.code() != c.want {
				t.Errorf("%s, %s: got %d %q, want %s", name, c.name, r.status, r.code(), c.want)
			}
		}
		for _, offset := range []time.Duration{-14 * time.Minute, 14 * time.Minute} {
			o := newRequest()
			o.timestamp = at(offset)
			if r := s.send(t, sign(o)); r.status != http.StatusOK {
				t.Errorf("%s, a clock with an offset of %v: got %d %s, want 200", name, offset, r.status, r.code())
			}
		}

		first := sign(newRequest())
		if r := s.send(t, first); r.status != http.StatusOK {
			t.Errorf("%s: got %d %s, want 200", name, r.status, r.code())
		}
		if r := s.send(t, first); r.code() != "SignatureNonceUsed" {
			t.Errorf("%s, a request sent twice: got %d %q, want SignatureNonceUsed", name, r.status, r.code())
		}
	}
}

// In V3 a changed Content-Type is detected if it is signed. If it is not signed, it does not affect
// how the body is read.
func TestV3ContentType(t *testing.T) {
	t.Parallel()
	s := serveVerifying(t)
	for _, c := range []struct {
		name, signed, sent string
		unsigned           bool
		want               string // code; "" for success
	}{
		{"a form", "application/x-www-form-urlencoded", "application/x-www-form-urlencoded", false, ""},
		{"signed and changed", "application/x-www-form-urlencoded", "application/json", false, "SignatureDoesNotMatch"},
		{"not signed", "", "application/x-www-form-urlencoded", true, ""},
		{"not signed, and changed", "", "application/json", true, ""},
		{"not signed, and malformed", "", ";;;", true, ""},
		{"signed, but not a form", "application/json", "application/json", false, "MissingParameter"},
	} {
		o := newRequest()
		o.action = "DescribeNetworkInterfaceAttribute"
		body := url.Values{"RegionId": {"cn-hangzhou"}, "NetworkInterfaceId": {"eni-1"}}
		x := &signedRequest{method: http.MethodPost, form: body, header: http.Header{
			signature.HeaderAction: {o.action}, signature.HeaderVersion: {o.version},
			signature.HeaderDate: {o.timestamp}, signature.HeaderNonce: {o.nonce},
		}}
		if !c.unsigned {
			x.header.Set("Content-Type", c.signed)
		}
		signature.RequestV3{Method: x.method, Host: strings.TrimPrefix(s.URL, "http://"), Header: x.header,
			Body: []byte(body.Encode())}.Sign(o.key, o.secret)
		x.header.Set("Content-Type", c.sent)
		if r := s.send(t, x); r.code() != c.want {
			t.Errorf("%s: got %d %q, want %q", c.name, r.status, r.code(), c.want)
		}
	}
}

// Changes that are possible in one version only are refused: headers of V3, and parameters of V1.
func TestTamperingWithHeaders(t *testing.T) {
	t.Parallel()
	s := serveVerifying(t)
	host := strings.TrimPrefix(s.URL, "http://")
	for _, c := range []struct {
		name  string
		after func(*signedRequest)
		want  string
	}{
		{"the host", func(x *signedRequest) { x.host = "ecs.aliyuncs.com" }, "SignatureDoesNotMatch"},
		{"the hash of the body", func(x *signedRequest) {
			x.header.Set(signature.HeaderContentSHA256,
				strings.Repeat("0", 64))
		}, "SignatureDoesNotMatch"},
		{"no hash of the body", func(x *signedRequest) { x.header.Del(signature.HeaderContentSHA256) },
			"MissingParameter"},
		{"no action", func(x *signedRequest) { x.header.Del(signature.HeaderAction) }, "MissingAction"},
		{"no version", func(x *signedRequest) { x.header.Del(signature.HeaderVersion) }, "MissingVersion"},
		{"no date", func(x *signedRequest) { x.header.Del(signature.HeaderDate) }, "MissingTimestamp"},
		{"no nonce", func(x *signedRequest) { x.header.Del(signature.HeaderNonce) }, "MissingSignatureNonce"},
		{"a token that is not signed", func(x *signedRequest) { x.header.Set(signature.HeaderSecurityToken, "t") },
			"IncompleteSignature"},
		{"a header that is not named as signed", func(x *signedRequest) {
			x.header.Set("Authorization", strings.Replace(x.header.Get("Authorization"), "x-acs-action;", "", 1))
		}, "IncompleteSignature"},
		{"another algorithm", func(x *signedRequest) {
			x.header.Set("Authorization", "ACS3-RSA-SHA256 Credential=a,SignedHeaders=host,Signature=b")
		}, "IncompleteSignature"},
		{"a broken header", func(x *signedRequest) { x.header.Set("Authorization", "ACS3-HMAC-SHA256 nonsense") },
			"IncompleteSignature"},
	} {
		x := newRequest().signV3(host)
		c.after(x)
		if r := s.send(t, x); r.code() != c.want {
			t.Errorf("V3, %s: got %d %q, want %s", c.name, r.status, r.code(), c.want)
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
		x := newRequest().signV1()
		x.query.Set(c.name, c.value)
		r := s.send(t, x)
		if message, _ := r.body["Message"].(string); r.code() != c.want || !strings.Contains(message, c.name) {
			t.Errorf("V1, %s=%q: got %d %v, want %s with the name", c.name, c.value, r.status, r.body, c.want)
		}
	}
}

// SDKs compare the text after this mark with the string that they signed: if both are equal, the
// secret is wrong.
func TestSignatureMismatchReturnsStringToSign(t *testing.T) {
	t.Parallel()
	s := serveVerifying(t)
	const mark = "server string to sign is:"
	o := newRequest()
	o.secret = "wrong"
	x := o.signV1()
	message, _ := s.send(t, x).body["Message"].(string)
	_, got, found := strings.Cut(message, mark)
	if want := signature.StringToSignV1(o.method, x.query); !found || got != want {
		t.Errorf("V1: got %q, want %q", got, want)
	}
	x = o.signV3(strings.TrimPrefix(s.URL, "http://"))
	message, _ = s.send(t, x).body["Message"].(string)
	if _, got, found := strings.Cut(message, mark); !found || !strings.HasPrefix(got, signature.AlgorithmV3+"\n") {
		t.Errorf("V3: got %q, want the string to sign", got)
	}
}
