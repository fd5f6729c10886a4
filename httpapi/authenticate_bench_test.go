package httpapi_test

import (
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"enisim.alt/httpapi"
	"enisim.alt/service"
)

// BenchmarkAuthentication compares requests whose signature is verified with requests that are only
// identified. Each is the same DescribeNetworkInterfaces by id over HTTP, from one client per
// processor. The requests are signed before the timer starts; the client's work is included.
func BenchmarkAuthentication(b *testing.B) {
	for _, mode := range []struct {
		name string
		mode httpapi.SignatureMode
	}{{"identify", httpapi.IdentifyOnly}, {"verify", httpapi.VerifySignature}} {
		s := serve(b, scenarioText(signedWorld), service.Options{},
			func(o *httpapi.Options) { o.Signature = mode.mode })
		for version, sign := range map[string]func(*unsignedRequest) *signedRequest{"V1": (*unsignedRequest).signV1,
			"V3": func(o *unsignedRequest) *signedRequest { return o.signV3(strings.TrimPrefix(s.URL, "http://")) }} {
			b.Run(fmt.Sprintf("%s/%s", mode.name, version), func(b *testing.B) {
				requests := make([]*http.Request, b.N)
				for i := range requests {
					x := sign(newRequest())
					request, err := http.NewRequestWithContext(b.Context(), x.method, s.URL+"/?"+x.query.Encode(), nil)
					if err != nil {
						b.Fatal(err)
					}
					request.Header = x.header
					requests[i] = request
				}
				var next atomic.Int64
				var clients sync.WaitGroup
				b.ReportAllocs()
				b.ResetTimer()
				for range runtime.GOMAXPROCS(0) {
					clients.Go(func() {
						for i := next.Add(1) - 1; i < int64(b.N); i = next.Add(1) - 1 {
							response, err := s.Client().Do(requests[i])
							if err != nil {
								b.Error(err)
								return
							}
							_, _ = io.Copy(io.Discard, response.Body)
							response.Body.Close()
							if response.StatusCode != http.StatusOK {
								b.Errorf("got status %d", response.StatusCode)
								return
							}
						}
					})
				}
				clients.Wait()
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "requests/s")
			})
		}
	}
}
