package operator

import (
	"fmt"
	"log/slog"
	"testing"
	"time"

	"enisim.alt/service"
	"enisim.alt/service/worldtest"
	"enisim.alt/store"
	"enisim.alt/store/storetest"
	"enisim.alt/testdata/scenarios"
)

// BenchmarkAccount measures the creation and the deletion of an account: of an empty one, and of
// one with the quick-start scenario.
func BenchmarkAccount(b *testing.B) {
	s := newOperator(store.New(storetest.Pool(b), slog.New(slog.DiscardHandler)), service.Options{})
	for _, c := range []struct {
		name string
		req  CreateAccountRequest
	}{
		{"empty", CreateAccountRequest{}},
		{"quickstart", withFile(string(scenarios.Quickstart))},
	} {
		b.Run(c.name, func(b *testing.B) {
			var creating time.Duration
			for b.Loop() {
				started := time.Now()
				created := mustCreateAccount(b, s, c.req)
				creating += time.Since(started)
				if err := s.DeleteAccount(b.Context(), created.ID); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(creating.Seconds()*1000/float64(b.N), "create-ms")
			b.ReportMetric((b.Elapsed()-creating).Seconds()*1000/float64(b.N), "delete-ms")
		})
	}
}

// BenchmarkDeleteLargeAccount measures the deletion of an account with 75,000 instances and 300,000
// interfaces. The creation takes longer, so run it with -benchtime 1x.
func BenchmarkDeleteLargeAccount(b *testing.B) {
	s := newOperator(store.New(storetest.Pool(b), slog.New(slog.DiscardHandler)), service.Options{})
	w := worldtest.New("large").
		VPC("vpc-main", "10.0.0.0/8").
		SecurityGroup("sg-main", worldtest.Set("type", "enterprise"), worldtest.Set("instance_limit", 1_000_000))
	for i := range 8 {
		w.VSwitch(fmt.Sprintf("vsw-%d", i+1), "cn-hangzhou-h", fmt.Sprintf("10.%d.0.0/16", i))
	}
	inVSwitch := worldtest.In("vsw-{n/30000}")
	w.Instance("i-{n:06}", worldtest.Count(75_000), worldtest.Type("ecs.g6.2xlarge"), inVSwitch).
		NetworkInterface("eni-{n:06}", worldtest.Count(225_000), inVSwitch, worldtest.AttachedTo("i-{n/3:06}"))
	req := withFile(w.String())
	for b.Loop() {
		b.StopTimer()
		created := mustCreateAccount(b, s, req)
		b.StartTimer()
		if err := s.DeleteAccount(b.Context(), created.ID); err != nil {
			b.Fatal(err)
		}
	}
}
