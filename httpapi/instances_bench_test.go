package httpapi_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"enisim.alt/httpapi"
	"enisim.alt/httpapi/signature"
	"enisim.alt/service"
	"enisim.alt/service/worldtest"
)

// BenchmarkInstancesWithoutNetwork is for profiles of the server: pages of 100 instances with two
// interfaces each, by direct calls of the handler.
func BenchmarkInstancesWithoutNetwork(b *testing.B) {
	s := serve(b, world().Instance("i-{n}", worldtest.Count(100)).
		NetworkInterface("eni-{n}", worldtest.Count(100), worldtest.AttachedTo("i-{n}")), service.Options{})
	api := httpapi.New(s.service, httpapi.Options{Log: slog.New(slog.DiscardHandler)})
	signer := signature.NewSignerV1("test-secret")
	b.ReportAllocs()
	for n := 0; b.Loop(); n++ {
		query := signer.Query(http.MethodPost, []signature.Parameter{
			{Name: "AccessKeyId", Value: accessKey}, {Name: "Format", Value: "JSON"},
			{Name: "RegionId", Value: "cn-hangzhou"}, {Name: "Version", Value: "2014-05-26"},
			{Name: "SignatureMethod", Value: signature.MethodV1},
			{Name: "SignatureVersion", Value: signature.VersionV1}, {Name: "SignatureNonce", Value: fmt.Sprint(n)},
			{Name: "Timestamp", Value: time.Now().UTC().Format(signature.TimeFormat)},
			{Name: "Action", Value: "DescribeInstances"}, {Name: "MaxResults", Value: "100"},
		})
		reply := httptest.NewRecorder()
		api.ServeHTTP(reply, httptest.NewRequestWithContext(b.Context(), http.MethodPost, "/?"+string(query), nil))
		if reply.Code != http.StatusOK {
			b.Fatalf("got status %d: %s", reply.Code, reply.Body)
		}
		b.ReportMetric(float64(reply.Body.Len()), "bytes")
	}
}
