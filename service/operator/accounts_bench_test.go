package operator

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"enisim/service"
	"enisim/store"
	"enisim/store/storetest"
	"enisim/testdata/scenarios"
)

// BenchmarkAccount makes and deletes an account: an empty one, and one with the quick-start scenario.
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

// BenchmarkDeleteLargeAccount deletes an account with 75,000 instances and 300,000 interfaces. Making it takes longer: run it with -benchtime 1x.
func BenchmarkDeleteLargeAccount(b *testing.B) {
	s := newOperator(store.New(storetest.Pool(b), slog.New(slog.DiscardHandler)), service.Options{})
	var vswitches strings.Builder
	for i := range 8 {
		fmt.Fprintf(&vswitches, "              - {id: vsw-%d, zone: cn-hangzhou-h, cidr_block: 10.%d.0.0/16}\n", i+1, i)
	}
	file := `enisim: 1
accounts:
  - id: large
    regions:
      - id: cn-hangzhou
        vpcs:
          - id: vpc-main
            cidr_block: 10.0.0.0/8
            security_groups: [{id: sg-main, type: enterprise, instance_limit: 1000000}]
            vswitches:
` + vswitches.String() + `        instances:
          - {id: "i-{n:06}", count: 75000, type: ecs.g6.2xlarge, vswitch: "vsw-{n/30000}", security_groups: [sg-main]}
        network_interfaces:
          - {id: "eni-{n:06}", count: 225000, vswitch: "vsw-{n/30000}", security_groups: [sg-main], attached_to: "i-{n/3:06}"}
`
	for b.Loop() {
		b.StopTimer()
		created := mustCreateAccount(b, s, withFile(file))
		b.StartTimer()
		if err := s.DeleteAccount(b.Context(), created.ID); err != nil {
			b.Fatal(err)
		}
	}
}
