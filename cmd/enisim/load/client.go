package load

import (
	"bytes"
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

	"enisim/cmd/enisim/history"
	"enisim/httpapi"
	"enisim/httpapi/signature"
)

// Target is an endpoint, and who calls it.
type Target struct {
	Endpoint        string // http://host:port, or https://
	Region          string // RegionId of every request
	AccessKeyID     string
	AccessKeySecret string
	SecurityToken   string        // of a temporary key
	SignatureV3     bool          // sign with V3 (default: V1)
	Insecure        bool          // accept any certificate
	Timeout         time.Duration // of one request, from its sending; 0: none
}

// connections to a target are shared by its clients. There are never more of them than clients, and none is used for a request a second time: what was sent to a
// server that then broke the connection may have been done.
type connections struct {
	target    Target
	host      *fasthttp.HostClient
	authority string // host and port, as a request names them
	url       string // up to the query
}

// errNotConnected says that there was no connection to send a request on.
type errNotConnected struct{ error }

func (e errNotConnected) Unwrap() error { return e.error }

// mostIdle is how long a connection may wait for its next request. Servers close those that wait for longer (enisim after two minutes), and a request
// that crosses with that is lost.
const mostIdle = time.Minute

func connect(t Target, most int) (*connections, error) {
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
			Addr:                      fasthttp.AddMissingPort(endpoint.Host, secure),
			IsTLS:                     secure,
			TLSConfig:                 &tls.Config{InsecureSkipVerify: t.Insecure, ServerName: endpoint.Hostname()},
			MaxConns:                  most,
			MaxConnWaitTimeout:        time.Second, // a connection that was just given up still counts for a moment
			MaxIdleConnDuration:       mostIdle,
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

func (c *connections) close() { c.host.CloseIdleConnections() }

// sender sends the requests of one client, one at a time, with buffers of its own.
type sender struct {
	*connections
	signer     *signature.SignerV1
	request    fasthttp.Request
	response   fasthttp.Response
	parameters []signature.Parameter
	uri        []byte
	nonce      []byte // that of this sender, and a number
	nonceStem  int
	sent       uint64
	versions   map[string]string // of actions: looking one up makes the whole table of them
	second     int64             // of the time that timestamp spells
	timestamp  string
}

func (c *connections) sender() *sender {
	s := &sender{connections: c, signer: signature.NewSignerV1(c.target.AccessKeySecret), nonce: []byte(uuid.NewString() + "-"), versions: map[string]string{}}
	s.nonceStem = len(s.nonce)
	return s
}

// reply is what came of one request. The body is good until the next.
type reply struct {
	status int // 0: no answer
	body   []byte
	err    error // why there is no answer
}

func (s *sender) send(op Operation) reply {
	s.prepare(op)
	if t := s.target.Timeout; t > 0 {
		s.request.SetTimeout(t)
	}
	if err := s.host.Do(&s.request, &s.response); err != nil {
		return reply{err: err}
	}
	return reply{status: s.response.StatusCode(), body: s.response.Body()}
}

// prepare makes and signs the request.
func (s *sender) prepare(op Operation) {
	s.parameters = append(s.parameters[:0], op.Parameters...)
	if op.Instance != "" {
		s.parameters = append(s.parameters, signature.Parameter{Name: "InstanceId", Value: op.Instance})
	}
	if op.Interface != "" {
		name := "NetworkInterfaceId"
		if op.Action == history.Describe {
			name = "NetworkInterfaceId.1"
		}
		s.parameters = append(s.parameters, signature.Parameter{Name: name, Value: op.Interface})
	}
	s.parameters = append(s.parameters, signature.Parameter{Name: "RegionId", Value: s.target.Region})
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

func (s *sender) version(action string) string {
	version, known := s.versions[action]
	if !known {
		version = httpapi.VersionOf(action)
		s.versions[action] = version
	}
	return version
}

// signV3 makes a request of V3, by the package's ordinary way: it has no hot path of its own.
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

// outcome reads a reply. A 5xx is unknown even where it has a code: what the server answers when it fails to answer proves nothing.
func (r reply) outcome() (outcome history.Outcome, code string) {
	switch {
	case r.err != nil:
		return history.Unknown, missing(r.err)
	case r.status == http.StatusOK:
		return history.OK, ""
	}
	code = errorCode(r.body)
	if code == "" {
		code = "HTTP " + strconv.Itoa(r.status)
	}
	if r.status >= 400 && r.status < 500 {
		return history.Fail, code
	}
	return history.Unknown, code
}

// missing names why an answer is missing.
func missing(err error) string {
	switch {
	case errors.As(err, new(errNotConnected)), errors.Is(err, fasthttp.ErrNoFreeConns), errors.As(err, new(*tls.CertificateVerificationError)):
		return NotConnected
	case errors.Is(err, fasthttp.ErrTimeout), isTimeout(err):
		return Timeout
	}
	return ConnectionLost
}

func isTimeout(err error) bool {
	var timeout interface{ Timeout() bool }
	return errors.As(err, &timeout) && timeout.Timeout()
}

// errorCode finds the code in an API error, without reading the whole of it.
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

// described reads the answer to a describe of one interface.
func described(body []byte) (status, on string, err error) {
	var answer struct {
		NetworkInterfaceSets struct {
			NetworkInterfaceSet []struct{ Status, InstanceId string }
		}
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return "", "", err
	}
	for _, n := range answer.NetworkInterfaceSets.NetworkInterfaceSet {
		return n.Status, n.InstanceId, nil
	}
	return "", "", nil
}

// Endpoint spells an endpoint as a URL: http:// where no scheme is given, and no slash at the end.
func Endpoint(text string) string {
	text = strings.TrimSuffix(text, "/")
	if !strings.Contains(text, "://") {
		text = "http://" + text
	}
	return text
}
