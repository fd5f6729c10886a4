package httpapi_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"enisim.alt/httpapi"
	"enisim.alt/httpapi/metrics"
	"enisim.alt/httpapi/signature"
	"enisim.alt/service"
	"enisim.alt/service/worldtest"
	"enisim.alt/store/storetest"
)

// BenchmarkAttachWithoutNetwork is for profiles of the server. Callers attach and detach in turn,
// each its own interface, with verified V1 signatures, by direct calls of the handler. The cost of
// signing is included; the network and the client's reading are not. It runs without and with metrics, and
// with traces of all requests, which are made and not exported.
func BenchmarkAttachWithoutNetwork(b *testing.B) {
	for _, c := range []struct {
		callers          int
		measured, traced bool
	}{{1, false, false}, {1, true, false}, {1, true, true}, {64, false, false}, {64, true, false}, {64, true, true}} {
		b.Run(fmt.Sprintf("callers=%d,metrics=%t,traces=%t", c.callers, c.measured, c.traced), func(b *testing.B) {
			callers, options := c.callers, httpapi.Options{Log: slog.New(slog.DiscardHandler)}
			var serviceOptions service.Options
			if c.measured {
				options.Metrics = metrics.New(metrics.Build{})
				serviceOptions.Observe = options.Metrics.Observer()
			}
			pool := storetest.Pool(b)
			if c.traced {
				provider := sdktrace.NewTracerProvider(sdktrace.WithBatcher(tracetest.NewNoopExporter()))
				pool = tracedPool(b, provider)
				options.Traces, serviceOptions.Traces = provider, provider
			}
			s := serveOn(b, pool, world().
				Instance("i-{n}", worldtest.Count(callers)).
				NetworkInterface("eni-{n}", worldtest.Count(callers)), serviceOptions)
			api := httpapi.New(s.service, options)
			var work sync.WaitGroup
			b.ReportAllocs()
			b.ResetTimer()
			for k := range callers {
				work.Go(func() {
					signer := signature.NewSignerV1("test-secret")
					for n := k; n < b.N; n += callers {
						query := signer.Query(http.MethodPost, []signature.Parameter{
							{Name: "AccessKeyId", Value: accessKey}, {Name: "Format", Value: "JSON"},
							{Name: "RegionId", Value: "cn-hangzhou"}, {Name: "Version", Value: "2014-05-26"},
							{Name: "SignatureMethod", Value: signature.MethodV1},
							{Name: "SignatureVersion", Value: signature.VersionV1},
							{Name: "SignatureNonce", Value: fmt.Sprint(k, "-", n)},
							{Name: "Timestamp", Value: time.Now().UTC().Format(signature.TimeFormat)},
							{Name: "Action", Value: []string{"AttachNetworkInterface",
								"DetachNetworkInterface"}[n/callers%2]},
							{Name: "InstanceId", Value: fmt.Sprintf("i-%d", k+1)},
							{Name: "NetworkInterfaceId", Value: fmt.Sprintf("eni-%d", k+1)},
						})
						reply := httptest.NewRecorder()
						api.ServeHTTP(reply, httptest.NewRequestWithContext(b.Context(), http.MethodPost,
							"/?"+string(query), nil))
						if reply.Code != http.StatusOK {
							b.Errorf("got status %d: %s", reply.Code, reply.Body)
							return
						}
					}
				})
			}
			work.Wait()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "requests/s")
		})
	}
}
