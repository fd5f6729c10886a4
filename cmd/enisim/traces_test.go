package main

import (
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	common "go.opentelemetry.io/proto/otlp/common/v1"
	spans "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"

	"enisim.alt/store/storetest"
)

// receiver is a collector: it receives spans by both protocols of OTLP.
type receiver struct {
	collector.UnimplementedTraceServiceServer
	http, grpc string // its addresses

	mu       sync.Mutex
	spans    []*spans.Span
	resource map[string]string // of the last spans
	secrets  []string          // the headers "authorization" that it has received
}

// newReceiver starts a collector.
func newReceiver(t *testing.T) *receiver {
	t.Helper()
	r := &receiver{}
	overHTTP := httptest.NewServer(http.HandlerFunc(r.receive))
	t.Cleanup(overHTTP.Close)
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	overGRPC := grpc.NewServer()
	collector.RegisterTraceServiceServer(overGRPC, r)
	go func() { _ = overGRPC.Serve(listener) }() // it ends with Stop
	t.Cleanup(overGRPC.Stop)
	r.http, r.grpc = overHTTP.URL, "http://"+listener.Addr().String()
	return r
}

// receive answers an export over HTTP.
func (r *receiver) receive(w http.ResponseWriter, request *http.Request) {
	body := io.Reader(request.Body)
	if request.Header.Get("Content-Encoding") == "gzip" {
		unzipped, err := gzip.NewReader(body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		body = unzipped
	}
	encoded, err := io.ReadAll(body)
	message := &collector.ExportTraceServiceRequest{}
	if err == nil {
		err = proto.Unmarshal(encoded, message)
	}
	if err != nil || request.URL.Path != "/v1/traces" {
		http.Error(w, fmt.Sprint(request.URL.Path, ": ", err), http.StatusBadRequest)
		return
	}
	r.add(message, request.Header.Get("Authorization"))
	w.Header().Set("Content-Type", "application/x-protobuf")
}

// Export answers an export over gRPC.
func (r *receiver) Export(
	ctx context.Context, message *collector.ExportTraceServiceRequest,
) (*collector.ExportTraceServiceResponse, error) {
	sent, _ := metadata.FromIncomingContext(ctx)
	r.add(message, strings.Join(sent.Get("authorization"), ","))
	return &collector.ExportTraceServiceResponse{}, nil
}

func (r *receiver) add(message *collector.ExportTraceServiceRequest, secret string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.secrets = append(r.secrets, secret)
	for _, of := range message.ResourceSpans {
		r.resource = attributesOf(of.Resource.GetAttributes())
		for _, scope := range of.ScopeSpans {
			r.spans = append(r.spans, scope.Spans...)
		}
	}
}

// all returns the spans that have arrived.
func (r *receiver) all() []*spans.Span {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.spans)
}

// await returns the first span that matches, when it has arrived.
func (r *receiver) await(t *testing.T, what string, matches func(*spans.Span) bool) *spans.Span {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; {
		if i := slices.IndexFunc(r.all(), matches); i >= 0 {
			return r.all()[i]
		}
		if time.Now().After(deadline) {
			t.Fatalf("got %d spans, want %s", len(r.all()), what)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// awaitWithin returns the span with a name that is directly within another one, when it has arrived.
func (r *receiver) awaitWithin(t *testing.T, parent *spans.Span, name string) *spans.Span {
	t.Helper()
	return r.await(t, name+" within "+parent.Name, func(s *spans.Span) bool {
		lane := attributesOf(s.Attributes)["enisim.lane"]
		return s.Name == name && string(s.ParentSpanId) == string(parent.SpanId) && lane != "access keys"
	})
}

func attributesOf(attributes []*common.KeyValue) map[string]string {
	texts := map[string]string{}
	for _, a := range attributes {
		texts[a.Key] = a.Value.GetStringValue()
	}
	return texts
}

// linked returns the spans to which a span has links.
func linked(s *spans.Span) (ids []string) {
	for _, link := range s.Links {
		ids = append(ids, string(link.SpanId))
	}
	return ids
}

// postAction sends an action of the quick-start key, and returns the status and the request id.
func postAction(
	t *testing.T, endpoint string, header http.Header, pairs ...string,
) (status int, requestID string) {
	t.Helper()
	form := url.Values{"Version": {"2014-05-26"}, "AccessKeyId": {quickstartKey}, "RegionId": {"cn-hangzhou"}}
	for i := 0; i < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, endpoint, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	request.Header = http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}
	for name := range header {
		request.Header.Set(name, header.Get(name))
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	return response.StatusCode, response.Header.Get("X-Acs-Request-Id")
}

// callerTrace is a trace of a caller, and traceparent its span in the header of W3C.
const (
	callerTrace = "4bf92f3577b34da6a3ce929d0e0e4736"
	callerSpan  = "00f067aa0ba902b7"
	traceparent = "00-" + callerTrace + "-" + callerSpan + "-01"
)

// An attach is exported by both protocols: in the trace of its caller, with its wait, its batch, the
// transaction and each round trip. Its line in the log has the ids of the trace. A secret of the
// collector is sent to it, and logged nowhere.
func TestTracesAreExported(t *testing.T) {
	t.Parallel()
	for _, protocol := range []string{otlpHTTP, otlpGRPC} {
		t.Run(protocol, func(t *testing.T) {
			t.Parallel()
			r := newReceiver(t)
			address := map[string]string{otlpHTTP: r.http, otlpGRPC: r.grpc}[protocol]
			server := startIn(t, []string{
				"OTEL_EXPORTER_OTLP_ENDPOINT=" + strings.Replace(address, "//", "//user:collector-password@", 1),
				"OTEL_EXPORTER_OTLP_PROTOCOL=" + protocol, "OTEL_EXPORTER_OTLP_COMPRESSION=gzip",
				"OTEL_EXPORTER_OTLP_HEADERS=authorization=Bearer%20collector-secret",
				"OTEL_BSP_SCHEDULE_DELAY=50", "OTEL_SERVICE_NAME=staging", "OTEL_RESOURCE_ATTRIBUTES=zone=h,team=a",
			}, os.Args[0], "--data-dir", dataDir(t), "--signature", "identify", "--log-format", "json",
				"--log-level", "debug")
			if got, want := server.greeting["Traces"], "by OTLP, "+protocol+", to "+address; got != want {
				t.Errorf("the banner: got %q, want %q", got, want)
			}
			status, requestID := postAction(t, server.endpoint, http.Header{"Traceparent": {traceparent}},
				"Action", "AttachNetworkInterface", "InstanceId", "i-web", "NetworkInterfaceId", "eni-free-1")
			if status != http.StatusOK {
				t.Fatalf("got status %d, want 200", status)
			}
			// First the span of the request, and what is within it.
			request := r.await(t, "the attach", func(s *spans.Span) bool {
				return attributesOf(s.Attributes)["enisim.request_id"] == requestID
			})
			if got := fmt.Sprintf("%x-%x", request.TraceId, request.ParentSpanId); got != callerTrace+"-"+callerSpan ||
				request.Name != "AttachNetworkInterface" || request.Kind != spans.Span_SPAN_KIND_SERVER {
				t.Errorf("the request: got %s in %s, want the attach in the caller's span", request.Name, got)
			}
			batch := r.awaitWithin(t, request, "batch")
			wait := r.awaitWithin(t, request, "queue wait")
			if got := linked(wait); !slices.Equal(got, []string{string(batch.SpanId)}) {
				t.Errorf("the wait: got links to %x, want the batch %x", got, batch.SpanId)
			}
			transaction := r.awaitWithin(t, batch, "transaction")
			r.awaitWithin(t, transaction, "round trip: begin")
			r.awaitWithin(t, transaction, "round trip: commit")
			// Then what describes the server, and the secrets.
			r.mu.Lock()
			resource, secrets := r.resource, r.secrets
			r.mu.Unlock()
			for key, want := range map[string]string{
				"service.name": "staging", "service.version": readBuild().Version, "zone": "h", "team": "a",
			} {
				if resource[key] != want {
					t.Errorf("%s: got %q, want %q", key, resource[key], want)
				}
			}
			if len(secrets) == 0 || secrets[0] != "Bearer collector-secret" {
				t.Errorf("the collector got the secrets %q, want its own", secrets)
			}
			server.end(t, syscall.SIGTERM)
			log := server.log.String()
			if want := fmt.Sprintf(`"trace_id":"%s","span_id":"%x"`, callerTrace, request.SpanId); !slices.ContainsFunc(
				strings.Split(log, "\n"), func(line string) bool {
					return strings.Contains(line, requestID) && strings.Contains(line, want)
				}) {
				t.Errorf("got the log %s, want a line with %s and %s", log, requestID, want)
			}
			if strings.Contains(log, "collector-secret") || strings.Contains(log, "collector-password") {
				t.Errorf("got the log %s, want no secret of the collector", log)
			}
		})
	}
}

// Two callers whose requests share a batch are both linked by it, and each request names the batch.
func TestTracesOfCallersThatShareABatch(t *testing.T) {
	t.Parallel()
	r := newReceiver(t)
	database := storetest.URL(t)
	server := startIn(t, []string{
		"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=" + r.http + "/v1/traces", "OTEL_BSP_SCHEDULE_DELAY=50",
	}, os.Args[0], "--database-url", database, "--signature", "identify")
	holder, err := pgx.Connect(t.Context(), database)
	if err != nil {
		t.Fatal(err)
	}
	defer holder.Close(context.WithoutCancel(t.Context()))
	// While the row of the account is locked, the first of three creations waits for it, and the others
	// wait for the next batch. On a busy machine they may give up before that is seen.
	for attempt := 0; !shareABatch(t, server.endpoint, holder); attempt++ {
		if attempt == 10 {
			t.Fatal("got no two requests that wait for a batch, in ten attempts")
		}
	}
	batch := r.await(t, "a batch of two", func(s *spans.Span) bool { return s.Name == "batch" && len(s.Links) == 2 })
	var traces []string
	for _, link := range batch.Links {
		request := r.await(t, "a linked request", func(s *spans.Span) bool {
			return string(s.SpanId) == string(link.SpanId)
		})
		traces = append(traces, string(request.TraceId))
		wait := r.await(t, "the wait of a linked request for the batch", func(s *spans.Span) bool {
			return s.Name == "queue wait" && string(s.ParentSpanId) == string(link.SpanId) &&
				slices.Contains(linked(s), string(batch.SpanId))
		})
		if request.Name != "CreateNetworkInterface" || string(wait.TraceId) != string(request.TraceId) {
			t.Errorf("got links to %s in %x, whose wait is in %x, want the creations in their own traces",
				request.Name, request.TraceId, wait.TraceId)
		}
	}
	if traces[0] == traces[1] || !slices.Contains(traces, string(batch.TraceId)) {
		t.Errorf("got the traces %x and the batch in %x, want two, and the batch in one of them", traces, batch.TraceId)
	}
	r.awaitWithin(t, batch, "transaction")
}

// shareABatch sends three creations of three callers while the account is locked, and reports whether
// two of them have waited for the same batch.
func shareABatch(t *testing.T, endpoint string, holder *pgx.Conn) (shared bool) {
	t.Helper()
	if _, err := holder.Exec(t.Context(), `BEGIN; SELECT FROM accounts FOR UPDATE`); err != nil {
		t.Fatal(err)
	}
	answered := make(chan struct{})
	go func() {
		defer close(answered)
		var callers sync.WaitGroup
		for k := range 3 {
			callers.Go(func() {
				header := http.Header{"Traceparent": {fmt.Sprintf("00-%032x-%s-01", k+1, callerSpan)}}
				postAction(t, endpoint, header, "Action", "CreateNetworkInterface", "VSwitchId", "vsw-h",
					"SecurityGroupId", "sg-main")
			})
		}
		callers.Wait()
	}()
	for waiting := true; waiting && !shared; {
		select {
		case <-answered:
			waiting = false
		default:
			shared = strings.Contains(scrape(t, endpoint), "\nenisim_queue_length 2\n")
		}
	}
	if _, err := holder.Exec(t.Context(), `ROLLBACK`); err != nil {
		t.Fatal(err)
	}
	<-answered
	return shared
}

// scrape returns the metrics of a server.
func scrape(t *testing.T, endpoint string) string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, endpoint+"/metrics", nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	metrics, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(metrics)
}

// Without the variables of a collector, or if it is switched off, nothing is traced.
func TestTracesAreOffByDefault(t *testing.T) {
	t.Parallel()
	r := newReceiver(t)
	for name, c := range map[string]struct{ environment, args []string }{
		"by default":     {[]string{"OTEL_SERVICE_NAME=staging"}, nil},
		"off":            {[]string{"OTEL_EXPORTER_OTLP_ENDPOINT=" + r.http}, []string{"--traces", "off"}},
		"no exporter":    {[]string{"OTEL_EXPORTER_OTLP_ENDPOINT=" + r.http, "OTEL_TRACES_EXPORTER=none"}, nil},
		"a disabled SDK": {[]string{"OTEL_EXPORTER_OTLP_ENDPOINT=" + r.http, "OTEL_SDK_DISABLED=true"}, nil},
		"no sample": {[]string{"OTEL_EXPORTER_OTLP_ENDPOINT=" + r.http, "OTEL_TRACES_SAMPLER=traceidratio",
			"OTEL_TRACES_SAMPLER_ARG=0"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := startIn(t, c.environment, os.Args[0], append(c.args, "--data-dir", dataDir(t), "--signature",
				"identify")...)
			postAction(t, server.endpoint, http.Header{"Traceparent": {traceparent}}, "Action", "DescribeVpcs")
			server.end(t, syscall.SIGTERM)
			if got := r.all(); len(got) > 0 {
				t.Errorf("got %d spans, want none", len(got))
			}
			if log := server.log.String(); name != "no sample" && (strings.Contains(log, "trace_id") ||
				server.greeting["Traces"] != "") {
				t.Errorf("got the banner %v and the log %s, want no trace", server.greeting, log)
			}
		})
	}
}

// At its end a server exports the spans that it still has.
func TestTracesAreFlushedAtTheEnd(t *testing.T) {
	t.Parallel()
	r := newReceiver(t)
	server := startIn(t, []string{"OTEL_EXPORTER_OTLP_ENDPOINT=" + r.http, "OTEL_BSP_SCHEDULE_DELAY=3600000"},
		os.Args[0], "--data-dir", dataDir(t), "--signature", "identify")
	_, requestID := postAction(t, server.endpoint, nil, "Action", "DescribeInstances")
	if got := r.all(); len(got) > 0 {
		t.Fatalf("got %d spans before the end, want none", len(got))
	}
	server.end(t, syscall.SIGTERM)
	if !slices.ContainsFunc(r.all(), func(s *spans.Span) bool {
		return attributesOf(s.Attributes)["enisim.request_id"] == requestID
	}) {
		t.Errorf("got %d spans, want that of the request", len(r.all()))
	}
}

// A collector that does not answer, or is not there, neither fails nor holds up a request, nor the end
// of the server. The log says that spans are lost.
func TestRequestsDoNotDependOnTheCollector(t *testing.T) {
	t.Parallel()
	silent, released := make(chan struct{}, 100), make(chan struct{})
	mute := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		silent <- struct{}{}
		<-released
	}))
	t.Cleanup(mute.Close)
	t.Cleanup(func() { close(released) })
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	for name, c := range map[string]struct{ address, protocol string }{
		"silent": {mute.URL, otlpHTTP}, "gone": {gone.URL, otlpHTTP}, "gone, by gRPC": {gone.URL, otlpGRPC},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := startIn(t, []string{"OTEL_EXPORTER_OTLP_ENDPOINT=" + c.address,
				"OTEL_EXPORTER_OTLP_PROTOCOL=" + c.protocol, "OTEL_BSP_SCHEDULE_DELAY=1", "OTEL_BSP_MAX_QUEUE_SIZE=16"},
				os.Args[0], "--data-dir", dataDir(t), "--signature", "identify")
			// Each request has more than one span, so the queue is full for most of them.
			for k := range 100 {
				status, _ := postAction(t, server.endpoint, nil, "Action", "DescribeInstances")
				if status != http.StatusOK {
					t.Fatalf("request %d: got status %d, want 200", k, status)
				}
			}
			if name == "silent" {
				select {
				case <-silent:
				case <-time.After(time.Minute):
					t.Error("got no export, want one that waits")
				}
			}
			server.end(t, syscall.SIGTERM)
			if log := server.log.String(); !strings.Contains(log, "traces could not be exported") ||
				strings.Count(log, "requests do not wait") > 1 { // at most one a minute
				t.Errorf("got the log %s, want a line about traces that are lost", log)
			}
		})
	}
}

// blockedExporter counts the spans that it gets once it is released.
type blockedExporter struct {
	released chan struct{}
	got      int
}

func (e *blockedExporter) ExportSpans(_ context.Context, spans []sdktrace.ReadOnlySpan) error {
	<-e.released
	e.got += len(spans)
	return nil
}

func (*blockedExporter) Shutdown(context.Context) error { return nil }

// While a collector does not answer, a limited number of spans waits, and the others are dropped.
func TestWaitingSpansAreBounded(t *testing.T) {
	t.Parallel()
	exporter := &blockedExporter{released: make(chan struct{})}
	provider := newTracerProvider(exporter, nil)
	tracer := provider.Tracer("test")
	for range 10 * sdktrace.DefaultMaxQueueSize {
		_, span := tracer.Start(t.Context(), "span")
		span.End()
	}
	close(exporter.released)
	if err := provider.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	if limit := sdktrace.DefaultMaxQueueSize + 2*sdktrace.DefaultMaxExportBatchSize; exporter.got > limit {
		t.Errorf("got %d spans, want at most %d", exporter.got, limit)
	}
}

// A variable that is not valid ends the start with a message that names it, and has no secret.
func TestInvalidVariablesOfTraces(t *testing.T) {
	t.Parallel()
	on := "OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318"
	for _, c := range []struct {
		environment []string
		args        []string
		want        string
	}{
		{[]string{"OTEL_EXPORTER_OTLP_ENDPOINT=collector:4318"}, nil, "http://host:port"},
		{[]string{"OTEL_EXPORTER_OTLP_ENDPOINT=http://user:hunter2@host:port"}, nil, "http://host:port"},
		{[]string{"OTEL_EXPORTER_OTLP_ENDPOINT=http://user:hunter2@ho st", "OTEL_EXPORTER_OTLP_PROTOCOL=grpc"}, nil,
			"OTEL_EXPORTER_OTLP_ENDPOINT"},
		{[]string{on, "OTEL_EXPORTER_OTLP_PROTOCOL=http/json"}, nil, "give http/protobuf or grpc"},
		{[]string{"OTEL_TRACES_EXPORTER=zipkin"}, nil, "give otlp, console or none"},
		{[]string{on, "OTEL_TRACES_SAMPLER=sometimes"}, nil, "sampler"},
		{[]string{on, "OTEL_RESOURCE_ATTRIBUTES=hunter2"}, nil, "key=value"},
		{[]string{on, "OTEL_EXPORTER_OTLP_HEADERS=hunter2"}, nil, "headers"},
		{[]string{on, "OTEL_EXPORTER_OTLP_HEADERS=authorization=hunter2%zz"}, nil, "header"},
		{[]string{on, "OTEL_EXPORTER_OTLP_CERTIFICATE=/nowhere/ca.pem"}, nil, "/nowhere/ca.pem"},
		{[]string{"OTEL_TRACES_EXPORTER=none"}, []string{"--traces", "on"}, "--traces on"},
		{nil, []string{"--traces", "maybe"}, "--traces"},
	} {
		cmd := program(t.Context(), append([]string{"serve", "--data-dir", "/dev/null/nowhere"}, c.args...)...)
		cmd.Env = append(cmd.Env, c.environment...)
		out, _ := cmd.CombinedOutput() // the exit code says how it went
		if got := string(out); cmd.ProcessState.ExitCode() != exitUsage || !strings.Contains(got, c.want) ||
			strings.Contains(got, "hunter2") {
			t.Errorf("%q: got exit code %d, %s; want %d and a message with %q", c.environment,
				cmd.ProcessState.ExitCode(), got, exitUsage, c.want)
		}
	}
}
