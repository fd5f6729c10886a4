package load

import (
	"bytes"
	"cmp"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/valyala/fasthttp"

	"enisim.alt/cmd/enisim/history"
	"enisim.alt/httpapi"
	"enisim.alt/httpapi/signature"
)

// Target is an endpoint and the key to call it with.
type Target struct {
	Endpoint        string // http://host:port, or https://
	Region          string // RegionId of every request
	AccessKeyID     string
	AccessKeySecret string
	SecurityToken   string        // of a temporary key
	SignatureV3     bool          // sign with V3 (default: V1)
	Insecure        bool          // accept any certificate
	Timeout         time.Duration // of one request, from when it is sent; 0: none
}

// connections are the connections to a target, which its clients share. There is at most one for
// each client. No request is sent a second time on another connection, because a server that breaks
// a connection may have executed the request.
type connections struct {
	target    Target
	host      *fasthttp.HostClient
	authority string // host and port for the Host header
	url       string // up to the query
}

// errNotConnected is returned when no connection could be opened, so the request was not sent.
type errNotConnected struct{ error }

func (e errNotConnected) Unwrap() error { return e.error }

// maxIdle is how long a connection may be idle. Servers close connections that are idle for longer
// (enisim after two minutes), and a request that is sent at that moment is lost.
const maxIdle = time.Minute

// newConnections returns a pool of at most maxConnections connections to a target. They are opened
// when they are used.
func newConnections(t Target, maxConnections int) (*connections, error) {
	endpoint, err := url.Parse(t.Endpoint)
	if err != nil || endpoint.Host == "" || endpoint.Scheme != "http" && endpoint.Scheme != "https" {
		return nil, fmt.Errorf("the endpoint %q is not http://host:port", t.Endpoint)
	}
	secure := endpoint.Scheme == "https"
	return &connections{
		target:    t,
		authority: endpoint.Host,
		url:       endpoint.Scheme + "://" + endpoint.Host + "/?",
		host: &fasthttp.HostClient{
			Addr:      fasthttp.AddMissingPort(endpoint.Host, secure),
			IsTLS:     secure,
			TLSConfig: &tls.Config{InsecureSkipVerify: t.Insecure, ServerName: endpoint.Hostname()},
			MaxConns:  maxConnections,
			// A connection that was just dropped still counts for a short time.
			MaxConnWaitTimeout:        time.Second,
			MaxIdleConnDuration:       maxIdle,
			MaxIdemponentCallAttempts: 1,
			NoDefaultUserAgentHeader:  true,
			DisablePathNormalizing:    true,
			Dial: func(address string) (net.Conn, error) {
				conn, err := (&net.Dialer{Timeout: t.Timeout}).Dial("tcp", address)
				if err != nil {
					return nil, errNotConnected{err}
				}
				return conn, nil
			},
		},
	}, nil
}

// close closes the idle connections.
func (c *connections) close() { c.host.CloseIdleConnections() }

// sender sends the requests of one client, one at a time. Its buffers are reused.
type sender struct {
	*connections
	signer     *signature.SignerV1
	request    fasthttp.Request
	response   fasthttp.Response
	parameters []signature.Parameter
	uri        []byte
	nonce      []byte // a prefix of this sender, and a number
	nonceStem  int
	sent       uint64
	// Versions of the actions. They are cached, because a lookup builds the whole table of actions.
	versions  map[string]string
	second    int64 // the second that timestamp holds
	timestamp string
}

// newSender returns a sender for one client.
func (c *connections) newSender() *sender {
	s := &sender{connections: c, signer: signature.NewSignerV1(c.target.AccessKeySecret),
		nonce: []byte(uuid.NewString() + "-"), versions: map[string]string{}}
	s.nonceStem = len(s.nonce)
	return s
}

// reply is the answer to a request. The body is valid until the next request.
type reply struct {
	status int // 0: no answer
	body   []byte
	fault  string // the id of the fault that touched the answer; "": none
	err    error  // the reason for no answer
}

// send signs and sends an operation and waits for the answer.
func (s *sender) send(op Operation) reply {
	s.prepare(op)
	if t := s.target.Timeout; t > 0 {
		s.request.SetTimeout(t)
	}
	if err := s.host.Do(&s.request, &s.response); err != nil {
		return reply{err: err}
	}
	return reply{
		status: s.response.StatusCode(), body: s.response.Body(),
		fault: string(s.response.Header.Peek(httpapi.HeaderFault)),
	}
}

// prepare builds and signs the request.
func (s *sender) prepare(op Operation) {
	// First the parameters of the operation.
	s.parameters = append(s.parameters[:0], op.Parameters...)
	if op.Instance != "" {
		s.parameters = append(s.parameters, signature.Parameter{Name: "InstanceId", Value: op.Instance})
	}
	if op.Trunk != "" {
		s.parameters = append(s.parameters, signature.Parameter{Name: "TrunkNetworkInstanceId", Value: op.Trunk})
	}
	if op.Interface != "" {
		name := "NetworkInterfaceId"
		if op.Action == history.Describe {
			name = "NetworkInterfaceId.1"
		}
		s.parameters = append(s.parameters, signature.Parameter{Name: name, Value: op.Interface})
	}
	s.parameters = append(s.parameters, signature.Parameter{Name: "RegionId", Value: s.target.Region})
	// Then the nonce and the timestamp, which both signature versions need.
	s.sent++
	s.nonce = strconv.AppendUint(s.nonce[:s.nonceStem], s.sent, 36)
	if now := time.Now(); now.Unix() != s.second {
		s.second, s.timestamp = now.Unix(), now.UTC().Format(signature.TimeFormat)
	}
	s.request.Header.SetMethod(http.MethodPost)
	if s.target.SignatureV3 {
		s.signV3(op)
		return
	}
	// Then the parameters of signature V1, and the signature over all of them.
	s.parameters = append(s.parameters,
		signature.Parameter{Name: "AccessKeyId", Value: s.target.AccessKeyID},
		signature.Parameter{Name: "Action", Value: op.Action},
		signature.Parameter{Name: "Format", Value: "JSON"},
		signature.Parameter{Name: "SignatureMethod", Value: signature.MethodV1},
		signature.Parameter{Name: "SignatureNonce", Value: string(s.nonce)},
		signature.Parameter{Name: "SignatureVersion", Value: signature.VersionV1},
		signature.Parameter{Name: "Timestamp", Value: s.timestamp},
		signature.Parameter{Name: "Version", Value: s.version(op.Action)},
	)
	if s.target.SecurityToken != "" {
		s.parameters = append(s.parameters, signature.Parameter{Name: "SecurityToken", Value: s.target.SecurityToken})
	}
	s.uri = append(append(s.uri[:0], s.url...), s.signer.Query(http.MethodPost, s.parameters)...)
	s.request.SetRequestURIBytes(s.uri)
}

// version returns the API version of an action.
func (s *sender) version(action string) string {
	version, known := s.versions[action]
	if !known {
		version = httpapi.VersionOf(action)
		s.versions[action] = version
	}
	return version
}

// signV3 builds a request with signature V3. It uses the package's general functions; V3 has no
// fast path.
func (s *sender) signV3(op Operation) {
	query := url.Values{}
	for _, p := range s.parameters {
		query.Set(p.Name, p.Value)
	}
	signed := signature.RequestV3{Method: http.MethodPost, Host: s.authority, Query: query, Header: http.Header{
		signature.HeaderAction:  {op.Action},
		signature.HeaderVersion: {s.version(op.Action)},
		signature.HeaderDate:    {s.timestamp},
		signature.HeaderNonce:   {string(s.nonce)},
	}}
	if s.target.SecurityToken != "" {
		signed.Header.Set(signature.HeaderSecurityToken, s.target.SecurityToken)
	}
	signed.Sign(s.target.AccessKeyID, s.target.AccessKeySecret)
	for name, values := range signed.Header {
		s.request.Header.Set(name, values[0])
	}
	s.request.Header.Set("Accept", "application/json")
	s.request.SetRequestURI(s.url + query.Encode())
}

// faultedCode is what the code begins with of a refusal that a fault touched.
const faultedCode = "Fault."

// outcome returns what a reply proves about its operation. A 5xx is unknown even if it has a code:
// an answer about a failure does not prove that there was no effect.
func (r reply) outcome() (outcome history.Outcome, code string) {
	switch {
	case r.err != nil:
		return history.Unknown, failureCode(r.err)
	case r.status == http.StatusOK:
		return history.OK, ""
	}
	code = errorCode(r.body)
	if code == "" {
		code = "HTTP " + strconv.Itoa(r.status)
	}
	if r.fault != "" { // the code need not be true of the rows
		code = faultedCode + code
	}
	if r.status >= 400 && r.status < 500 {
		return history.Fail, code
	}
	return history.Unknown, code
}

// failureCode returns the code for a request without an answer.
func failureCode(err error) string {
	switch {
	case errors.As(err, new(errNotConnected)), errors.Is(err, fasthttp.ErrNoFreeConns),
		errors.As(err, new(*tls.CertificateVerificationError)):
		return NotConnected
	case errors.Is(err, fasthttp.ErrTimeout), isTimeout(err):
		return Timeout
	}
	return ConnectionLost
}

// isTimeout reports whether an error is a timeout.
func isTimeout(err error) bool {
	var timeout interface{ Timeout() bool }
	return errors.As(err, &timeout) && timeout.Timeout()
}

// errorCode returns the code of an API error. It searches for the key instead of parsing the whole
// body, because a load can have many refusals.
func errorCode(body []byte) string {
	const key = `"Code":"`
	_, rest, found := bytes.Cut(body, []byte(key))
	if !found {
		return ""
	}
	code, _, found := bytes.Cut(rest, []byte(`"`))
	if !found {
		return ""
	}
	return string(code)
}

// parseDescribe returns the status and the instance in the answer to a describe of one interface, or the
// trunk of a member; both are "" if it was not listed.
func parseDescribe(body []byte) (status, on string, err error) {
	var answer struct {
		NetworkInterfaceSets struct {
			NetworkInterfaceSet []struct {
				Status, InstanceId string
				Attachment         struct{ TrunkNetworkInterfaceId string }
			}
		}
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return "", "", err
	}
	for _, n := range answer.NetworkInterfaceSets.NetworkInterfaceSet {
		return n.Status, cmp.Or(n.Attachment.TrunkNetworkInterfaceId, n.InstanceId), nil
	}
	return "", "", nil
}

// Endpoint returns an endpoint as a URL: with http:// if it has no scheme, and without a slash at
// the end.
func Endpoint(text string) string {
	text = strings.TrimSuffix(text, "/")
	if !strings.Contains(text, "://") {
		text = "http://" + text
	}
	return text
}
