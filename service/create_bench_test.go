package service

import (
	"fmt"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"enisim.alt/service/worldtest"
	"enisim.alt/store"
	"enisim.alt/store/storetest"
)

// BenchmarkCreateNetworkInterface creates interfaces in one VSwitch of an account, 50 at a time.
func BenchmarkCreateNetworkInterface(b *testing.B) {
	for _, n := range []int{10, 60_000} {
		b.Run(fmt.Sprintf("beside %d", n), func(b *testing.B) {
			pool := storetest.Pool(b)
			st := store.New(pool, slog.New(slog.DiscardHandler))
			worldtest.Apply(b, st, time.Now(), fmt.Sprintf(`enisim: 1
accounts:
  - id: "1000000000000001"
    quotas: {network_interfaces_per_region: 10000000}
    regions:
      - id: cn-hangzhou
        vpcs:
          - id: vpc-1
            cidr_block: 10.0.0.0/8
            vswitches:
              - {id: vsw-1, zone: cn-hangzhou-h, cidr_block: 10.0.0.0/16}
              - {id: vsw-2, zone: cn-hangzhou-h, cidr_block: 10.16.0.0/16}
            security_groups: [{id: sg-1}]
        network_interfaces: [{id: "eni-{n}", count: %d, vswitch: vsw-1, security_groups: [sg-1]}]
`, n))
			s := New(st, Options{})
			caller := Caller{AccountID: "1000000000000001"}
			var failed atomic.Int64
			b.SetParallelism(25)
			b.ResetTimer()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					ctx, end := st.WithAccount(b.Context(), caller.AccountID)
					if _, err := CreateNetworkInterface.Do(ctx, s, caller, CreateNetworkInterfaceRequest{
						RegionID: "cn-hangzhou", VSwitchID: "vsw-2", SecurityGroupID: "sg-1",
					}); err != nil {
						failed.Add(1)
					}
					end()
				}
			})
			b.ReportMetric(float64(failed.Load()), "failed")
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "creations/s")
		})
	}
}
