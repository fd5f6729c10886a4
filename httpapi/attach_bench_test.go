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
	"enisim/httpapi/signature"
	"enisim/service"
	"enisim/service/worldtest"
)

// BenchmarkAttachWithoutNetwork is for profiles of the server. Callers attach and detach in turn,
// each its own interface, with verified V1 signatures, by direct calls of the handler. The cost of
// signing is included; the network and the client's reading are not.
func BenchmarkAttachWithoutNetwork(b *testing.B) {
	for _, callers := range []int{1, 64} {
		b.Run(fmt.Sprintf("callers=%d", callers), func(b *testing.B) {
			s := serve(b, world().
				Instance("i-{n}", worldtest.Count(callers)).
				NetworkInterface("eni-{n}", worldtest.Count(callers)), service.Options{})
			api := httpapi.New(s.service, httpapi.Options{Log: slog.New(slog.DiscardHandler)})
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
