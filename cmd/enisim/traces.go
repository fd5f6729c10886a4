package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/go-logr/logr"
	"github.com/google/uuid"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/exporters/stdout/stdouttrace"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	semconv "go.opentelemetry.io/otel/semconv/v1.41.0"
	"go.opentelemetry.io/otel/trace"
	"golang.org/x/time/rate"
)

// Variables of OpenTelemetry that are read here. The SDK reads the others by itself.
const (
	otelDisabled       = "OTEL_SDK_DISABLED"
	otelExporter       = "OTEL_TRACES_EXPORTER"
	otelEndpoint       = "OTEL_EXPORTER_OTLP_ENDPOINT"
	otelTracesEndpoint = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"
	otelProtocol       = "OTEL_EXPORTER_OTLP_PROTOCOL"
	otelTracesProtocol = "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL"
)

// Protocols of OTLP.
const (
	otlpHTTP = "http/protobuf"
	otlpGRPC = "grpc"
)

const (
	// flushTimeout is how long the last spans may take at the end of a server.
	flushTimeout = 5 * time.Second
	// exportErrorPause is the time between two lines about spans that were not exported.
	exportErrorPause = time.Minute
	// maxExportError is how many bytes of such an error are logged. A collector's answer may be long.
	maxExportError = 500
)

// tracesFlags say whether a server exports traces.
type tracesFlags struct {
	Traces string `default:"auto" enum:"auto,on,off" help:"Export traces by OTLP: on, off, or auto, which is on if the environment has OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT or OTEL_TRACES_EXPORTER. The variables of OpenTelemetry say where to and how many."`
}

// traces are the traces of a server. The zero value is a server without them.
type traces struct {
	sdk         *sdktrace.TracerProvider
	description string
}

// startTraces makes what exports traces, if they are wanted. It does not connect: a collector may be
// down, then and later. It returns an error for variables that are not valid.
func (f tracesFlags) startTraces(ctx context.Context, out io.Writer, log *slog.Logger) (*traces, error) {
	wanted, err := f.wanted()
	if err != nil || !wanted {
		return &traces{}, err
	}
	// The SDK tells a logger of variables that it cannot read, and goes on without them. Here they are
	// errors.
	problems := &exportLog{log: log, sometimes: rate.Sometimes{First: 1, Interval: exportErrorPause}}
	otel.SetLogger(logr.New(problems))
	otel.SetErrorHandler(problems)
	exporter, description, err := newExporter(ctx, out)
	if err != nil {
		return nil, err
	}
	attributes, err := resource.New(ctx,
		resource.WithAttributes(semconv.ServiceName("enisim"), semconv.ServiceVersion(readBuild().Version),
			semconv.ServiceInstanceID(uuid.NewString())),
		resource.WithTelemetrySDK(),
		resource.WithFromEnv()) // last, so that OTEL_SERVICE_NAME replaces the name
	if err != nil {
		return nil, fmt.Errorf("OTEL_RESOURCE_ATTRIBUTES is not valid: give it as key=value,key=value")
	}
	t := &traces{newTracerProvider(exporter, attributes), description}
	return t, problems.started()
}

// wanted reports whether traces are exported.
func (f tracesFlags) wanted() (bool, error) {
	disabled := ""
	switch {
	case strings.EqualFold(os.Getenv(otelDisabled), "true"):
		disabled = otelDisabled + " is true"
	case os.Getenv(otelExporter) == "none":
		disabled = otelExporter + " is none"
	}
	switch {
	case f.Traces == "off":
		return false, nil
	case f.Traces == "on" && disabled != "":
		return false, errors.New("--traces on: but " + disabled + "; take one of them back")
	case f.Traces == "on":
		return true, nil
	}
	collector := cmp.Or(os.Getenv(otelExporter), os.Getenv(otelEndpoint), os.Getenv(otelTracesEndpoint))
	return disabled == "" && collector != "", nil
}

// newExporter returns the exporter that the environment asks for, and a description of it. The package
// autoexport of OpenTelemetry does the same, but brings the exporters of metrics and logs too.
func newExporter(ctx context.Context, out io.Writer) (sdktrace.SpanExporter, string, error) {
	switch name := cmp.Or(os.Getenv(otelExporter), "otlp"); name {
	case "otlp":
	case "console":
		exporter, err := stdouttrace.New(stdouttrace.WithWriter(out))
		return exporter, "on the console", err
	default:
		return nil, "", fmt.Errorf("%s is %q: give otlp, console or none", otelExporter, name)
	}
	protocol := cmp.Or(os.Getenv(otelTracesProtocol), os.Getenv(otelProtocol), otlpHTTP)
	address, err := endpoint(protocol)
	if err != nil {
		return nil, "", err
	}
	description := fmt.Sprintf("by OTLP, %s, to %s", protocol, address)
	switch protocol {
	case otlpHTTP:
		exporter, err := otlptracehttp.New(ctx)
		return exporter, description, err
	case otlpGRPC:
		exporter, err := otlptracegrpc.New(ctx)
		return exporter, description, err
	}
	return nil, "", fmt.Errorf("%s is %q: give %s or %s", otelProtocol, protocol, otlpHTTP, otlpGRPC)
}

// endpoint returns the address of the collector without a password. It returns an error if the
// environment has another form of it than the exporter takes.
func endpoint(protocol string) (string, error) {
	name, value := otelTracesEndpoint, os.Getenv(otelTracesEndpoint)
	if value == "" {
		name, value = otelEndpoint, os.Getenv(otelEndpoint)
	}
	switch {
	case value == "" && protocol == otlpGRPC:
		return "http://localhost:4317", nil
	case value == "":
		return "http://localhost:4318", nil
	}
	address, err := url.Parse(value)
	isHTTP := err == nil && (address.Scheme == "http" || address.Scheme == "https") && address.Host != ""
	if err != nil || protocol == otlpHTTP && !isHTTP {
		return "", fmt.Errorf("%s is not the address of a collector: give it as http://host:port", name)
	}
	if !isHTTP { // a target of gRPC, such as dns:///host:port
		return value, nil
	}
	return address.Scheme + "://" + address.Host, nil
}

// newTracerProvider returns what makes spans and exports them. They wait in a queue of 2,048 spans
// (OTEL_BSP_MAX_QUEUE_SIZE); while it is full, spans are dropped. OTEL_TRACES_SAMPLER says which requests
// are traced.
func newTracerProvider(exporter sdktrace.SpanExporter, attributes *resource.Resource) *sdktrace.TracerProvider {
	return sdktrace.NewTracerProvider(sdktrace.WithBatcher(exporter), sdktrace.WithResource(attributes))
}

// provider returns what makes spans, or nil.
func (t *traces) provider() trace.TracerProvider {
	if t.sdk == nil {
		return nil
	}
	return t.sdk
}

// logger returns a logger whose lines have the ids of their traces, if there are any.
func (t *traces) logger(log *slog.Logger) *slog.Logger {
	if t.sdk == nil {
		return log
	}
	return slog.New(traceHandler{log.Handler()})
}

// banner returns the line about the export, or "".
func (t *traces) banner() string {
	if t.sdk == nil {
		return ""
	}
	return "Traces    " + t.description + "\n"
}

// stop exports the last spans, within a limited time.
func (t *traces) stop(ctx context.Context, log *slog.Logger) {
	if t.sdk == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), flushTimeout)
	defer cancel()
	if err := t.sdk.Shutdown(ctx); err != nil {
		log.Warn("the last traces could not be exported", "error", clipError(err))
	}
}

// exportLog receives what the SDK says. While the server starts, it collects problems with variables.
// Later it logs some of those with the collector: requests do not depend on it.
type exportLog struct {
	log       *slog.Logger
	isStarted atomic.Bool
	problems  []string // until it is started
	sometimes rate.Sometimes
}

// started ends the start. It returns an error if there were problems.
func (l *exportLog) started() error {
	l.isStarted.Store(true)
	if len(l.problems) > 0 {
		return errors.New("a variable of OpenTelemetry is not valid: " + strings.Join(l.problems, "; "))
	}
	return nil
}

// Handle is of otel.ErrorHandler.
func (l *exportLog) Handle(err error) { l.Error(err, "") }

// Error is of logr.LogSink. Its values are left out, because they may have a header's secret, and so is
// the error of a URL, which has its password.
func (l *exportLog) Error(err error, message string, _ ...any) {
	if l.isStarted.Load() {
		l.sometimes.Do(func() {
			l.log.Warn("traces could not be exported; requests do not wait for them, and some spans are lost",
				"error", clipError(err))
		})
		return
	}
	if _, isURL := errors.AsType[*url.Error](err); isURL {
		err = nil
	}
	problem := message
	if err != nil {
		problem = strings.TrimPrefix(message+": "+clipError(err), ": ")
	}
	l.problems = append(l.problems, problem)
}

// Init is of logr.LogSink, like all below.
func (l *exportLog) Init(logr.RuntimeInfo)          {}
func (l *exportLog) Enabled(int) bool               { return false } // errors alone
func (l *exportLog) Info(int, string, ...any)       {}
func (l *exportLog) WithValues(...any) logr.LogSink { return l }
func (l *exportLog) WithName(string) logr.LogSink   { return l }

// clipError returns the text of an error, without the end of a long one.
func clipError(err error) string {
	text := err.Error()
	return text[:min(len(text), maxExportError)]
}
