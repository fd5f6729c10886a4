package sdktest

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"

	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/requests"
	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/responses"
)

func TestTypeScriptSDK(t *testing.T) {
	t.Parallel()
	s := startTypeScriptSDK(t)
	testSDK(t, s)
	for name, test := range map[string]func(*testing.T, *typeScriptSDK){
		"error object":             testTypeScriptErrorObject,
		"all fields read":          testTypeScriptReadsAllFields,
		"repeats a throttled call": testTypeScriptRepeatsThrottledCall,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, s)
		})
	}
}

// All parts of the error object have the same code and request id, and its message has all of them.
func testTypeScriptErrorObject(t *testing.T, s *typeScriptSDK) {
	c := s.client(t, serve(t, attachErrors(t)).endpoint, attachErrorsKey)
	_, err := attach(c, attachment{"cn-hangzhou", "i-ok", "eni-not-found"})
	got := s.thrown(t, err)
	if want := "ClientError"; got.Name != want {
		t.Errorf("class: got %s, want %s", got.Name, want)
	}
	if want := `InvalidEniId.NotFound: code: 404, The specified EniId "eni-not-found" is not found. request id: ` +
		requestID; got.Message != want {
		t.Errorf("message:\ngot  %s\nwant %s", got.Message, want)
	}
	if got.Data.Code != got.Code || got.Data.RequestID != got.RequestID {
		t.Errorf("in data: got %s, request %s; want the same as in the error: %s, request %s", got.Data.Code,
			got.Data.RequestID, got.Code, got.RequestID)
	}
}

// The lock file identifies packages by their hash and has no addresses, so each machine uses its
// own registry.
func TestLockFileHasNoAddresses(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join("typescript", "package-lock.json"))
	if err != nil {
		t.Fatal(err)
	}
	for n, line := range bytes.Split(text, []byte("\n")) {
		if bytes.Contains(line, []byte("://")) {
			t.Errorf("package-lock.json:%d: got %s, want no address (a setting in typescript/.npmrc)", n+1,
				bytes.TrimSpace(line))
		}
	}
}

// typeScriptSDK is @alicloud/ecs20140526 and @alicloud/vpc20160428, the SDKs that sign with V3, in
// a process of their own.
type typeScriptSDK struct {
	mu      sync.Mutex // guards the fields below
	calls   *json.Encoder
	last    int                  // number of the last call
	waiting map[int]chan outcome // calls without an outcome yet
}

// call and outcome are the lines that driver.mjs reads and writes.
type (
	call struct {
		Number  int            `json:"number"`
		Config  config         `json:"config"`
		Product string         `json:"product"`
		Action  string         `json:"action"`
		Request map[string]any `json:"request"` // named as on the wire
	}
	config struct {
		Endpoint        string `json:"endpoint"`
		Protocol        string `json:"protocol"`
		AccessKeyID     string `json:"accessKeyId"`
		AccessKeySecret string `json:"accessKeySecret"`
		ReadTimeout     int64  `json:"readTimeout"` // milliseconds

		RetryOptions *retryOptions `json:"retryOptions,omitempty"` // nil: the SDK repeats nothing
	}
	retryOptions struct {
		Retryable        bool             `json:"retryable"`
		RetryCondition   []retryCondition `json:"retryCondition"`
		NoRetryCondition []retryCondition `json:"noRetryCondition"`
	}
	retryCondition struct {
		MaxAttempts int      `json:"maxAttempts"`
		Exception   []string `json:"exception"`
		ErrorCode   []string `json:"errorCode"`
	}
	outcome struct {
		Number int
		Body   json.RawMessage
		Error  *typeScriptError
	}
)

// typeScriptError is an error that the SDK throws. Data is the body of the reply.
type typeScriptError struct {
	Name       string
	Message    string
	Code       string
	StatusCode int
	RequestID  string
	Data       struct{ RequestID, HostID, Code, Message, Recommend string }
}

func (e *typeScriptError) Error() string { return e.Name + ": " + e.Message }

// nodeForTypeScript returns the path of Node. Without Node or the SDKs the test is skipped, except
// in CI.
func nodeForTypeScript(t *testing.T) string {
	t.Helper()
	node, err := exec.LookPath("node")
	if err == nil {
		_, err = os.Stat(filepath.Join("typescript", "node_modules"))
	}
	switch {
	case err == nil:
	case os.Getenv("CI") != "":
		t.Fatalf("the TypeScript SDK needs Node and `make sdk`, which CI must have: %v", err)
	default:
		t.Skipf("the TypeScript SDK needs Node and `make sdk`: %v", err)
	}
	return node
}

// startTypeScriptSDK starts the driver, which runs until the end of the test.
func startTypeScriptSDK(t *testing.T) *typeScriptSDK {
	t.Helper()
	node := nodeForTypeScript(t)
	driver := exec.CommandContext(t.Context(), node, "driver.mjs")
	driver.Dir = "typescript"
	driver.Env = []string{} // no proxies or credentials of this environment
	var stderr bytes.Buffer
	driver.Stderr = &stderr
	stdin, err := driver.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := driver.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := driver.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = driver.Wait() // killed by the end of the test's context
		if t.Failed() && stderr.Len() > 0 {
			t.Logf("driver.mjs: %s", &stderr)
		}
	})
	s := &typeScriptSDK{calls: json.NewEncoder(stdin), waiting: map[int]chan outcome{}}
	go s.read(json.NewDecoder(stdout))
	return s
}

// read sends each outcome to its caller, until the driver ends.
func (s *typeScriptSDK) read(outcomes *json.Decoder) {
	for {
		var o outcome
		err := outcomes.Decode(&o)
		s.mu.Lock()
		if err != nil {
			for _, waiting := range s.waiting {
				close(waiting)
			}
			s.waiting = nil
			s.mu.Unlock()
			return
		}
		s.waiting[o.Number] <- o
		delete(s.waiting, o.Number)
		s.mu.Unlock()
	}
}

func (s *typeScriptSDK) client(_ *testing.T, endpoint string, k key) client {
	return typeScriptClient{s, config{endpoint, "http", k.id, k.secret, sdkTimeout.Milliseconds(), nil}}
}

func (s *typeScriptSDK) refusal(t *testing.T, err error) refusal {
	t.Helper()
	e := s.thrown(t, err)
	return refusal{e.StatusCode, e.Code, e.Data.Message, e.RequestID, e.Data.HostID, e.Data.Recommend}
}

// thrown returns the error object that the SDK threw for an API error.
func (s *typeScriptSDK) thrown(t *testing.T, err error) *typeScriptError {
	t.Helper()
	var e *typeScriptError
	if !errors.As(err, &e) || e.StatusCode == 0 {
		t.Fatalf("got %v (%T), want an API error thrown by the SDK", err, err)
	}
	return e
}

// do calls an action and decodes its response.
func (s *typeScriptSDK) do(c call, response any) error {
	result := make(chan outcome, 1)
	s.mu.Lock()
	s.last++
	c.Number = s.last
	if s.waiting == nil {
		s.mu.Unlock()
		return errDriverEnded
	}
	s.waiting[c.Number] = result
	err := s.calls.Encode(c)
	s.mu.Unlock()
	if err != nil {
		return err
	}
	o, ok := <-result
	switch {
	case !ok:
		return errDriverEnded
	case o.Error != nil:
		return o.Error
	}
	return json.Unmarshal(o.Body, response)
}

var errDriverEnded = errors.New("driver.mjs has ended")

type typeScriptClient struct {
	sdk    *typeScriptSDK
	config config
}

func (c typeScriptClient) do(request requests.AcsRequest, response responses.AcsResponse) error {
	return c.sdk.do(c.call(request), response)
}

// call converts a request of the Go SDK.
func (c typeScriptClient) call(request requests.AcsRequest) call {
	fields := wireFields(reflect.ValueOf(request).Elem())
	if region := reflect.ValueOf(request).Elem().FieldByName("RegionId"); region.IsValid() && region.String() != "" {
		fields["RegionId"] = region.String()
	}
	return call{Config: c.config, Product: strings.ToLower(request.GetProduct()), Action: request.GetActionName(),
		Request: fields}
}

// wireFields returns the set parameters in a struct of the Go SDK, by their names on the wire.
func wireFields(v reflect.Value) map[string]any {
	out := map[string]any{}
	for i := range v.NumField() {
		name := v.Type().Field(i).Tag.Get("name")
		field := v.Field(i)
		if field.Kind() == reflect.Pointer && !field.IsNil() {
			field = field.Elem()
		}
		if name == "" || field.IsZero() {
			continue
		}
		switch value := field.Interface().(type) {
		case requests.Integer:
			out[name], _ = value.GetValue()
		case requests.Boolean:
			out[name], _ = value.GetValue()
		default:
			out[name] = wireValue(field)
		}
	}
	return out
}

// wireValue returns a parameter as JSON has it.
func wireValue(v reflect.Value) any {
	switch v.Kind() {
	case reflect.Struct:
		return wireFields(v)
	case reflect.Slice:
		list := make([]any, 0, v.Len())
		for i := range v.Len() {
			list = append(list, wireValue(v.Index(i)))
		}
		return list
	}
	return v.String()
}
