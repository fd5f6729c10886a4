package httpapi_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"enisim/httpapi"
	"enisim/httpapi/metrics"
	"enisim/httpapi/signature"
	"enisim/service"
	"enisim/service/worldtest"
)

// BenchmarkAttachWithoutNetwork is for profiles of the server. Callers attach and detach in turn,
// each its own interface, with verified V1 signatures, by direct calls of the handler. The cost of
// signing is included; the network and the client's reading are not. It runs without and with metrics.
func BenchmarkAttachWithoutNetwork(b *testing.B) {
	for _, c := range []struct {
		callers  int
		measured bool
	}{{1, false}, {1, true}, {64, false}, {64, true}} {
		b.Run(fmt.Sprintf("callers=%d,metrics=%t", c.callers, c.measured), func(b *testing.B) {
			callers, options := c.callers, httpapi.Options{Log: slog.New(slog.DiscardHandler)}
			var serviceOptions service.Options
			if c.measured {
				options.Metrics = metrics.New(metrics.Build{})
				serviceOptions.Observe = options.Metrics.Observer()
			}
			s := serve(b, world().
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
