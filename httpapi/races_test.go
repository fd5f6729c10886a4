package httpapi_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"enisim.alt/service"
	"enisim.alt/service/worldtest"
)

// transport is how a race calls the server: the service directly, or HTTP. Each function returns
// the code of the API error, or "" for a success.
type transport struct {
	name   string
	attach func(ctx context.Context, s *server, instance, eni string) (string, error)
	detach func(ctx context.Context, s *server, instance, eni string) (string, error)
}

var transports = []transport{
	{
		"service",
		func(ctx context.Context, s *server, instance, eni string) (string, error) {
			_, err := service.AttachNetworkInterface.Do(ctx, s.service, service.Caller{AccountID: account},
				service.AttachNetworkInterfaceRequest{RegionID: "cn-hangzhou", InstanceID: instance,
					NetworkInterfaceID: eni})
			return codeOf(err)
		},
		func(ctx context.Context, s *server, instance, eni string) (string, error) {
			_, err := service.DetachNetworkInterface.Do(ctx, s.service, service.Caller{AccountID: account},
				service.DetachNetworkInterfaceRequest{RegionID: "cn-hangzhou", InstanceID: instance,
					NetworkInterfaceID: eni})
			return codeOf(err)
		},
	},
	{
		"HTTP",
		func(ctx context.Context, s *server, instance, eni string) (string, error) {
			r, err := s.call(ctx, "AttachNetworkInterface", "InstanceId", instance, "NetworkInterfaceId", eni)
			return r.code(), err
		},
		func(ctx context.Context, s *server, instance, eni string) (string, error) {
			r, err := s.call(ctx, "DetachNetworkInterface", "InstanceId", instance, "NetworkInterfaceId", eni)
			return r.code(), err
		},
	},
}

// codeOf returns the code of an API error, or any other error as it is.
func codeOf(err error) (string, error) {
	if api, ok := errors.AsType[*service.Error](err); ok {
		return api.Code, nil
	}
	return "", err
}

// race runs n callers that start together, and returns the number of each answer.
func race(t *testing.T, n int, call func(k int) (string, error)) map[string]int {
	t.Helper()
	codes := make([]string, n)
	var ready, done sync.WaitGroup
	start := make(chan struct{})
	for k := range n {
		ready.Add(1)
		done.Go(func() {
			ready.Done()
			<-start
			code, err := call(k)
			if err != nil {
				code = err.Error()
			}
			codes[k] = code
		})
	}
	ready.Wait()
	close(start)
	done.Wait()
	counts := map[string]int{}
	for _, code := range codes {
		counts[code]++
	}
	return counts
}

// expect compares the answers of a race.
func expect(t *testing.T, got, want map[string]int) {
	t.Helper()
	if !maps.Equal(got, want) {
		t.Errorf("answers: got %v, want %v (an empty code is a success)", got, want)
	}
}

// ok is the code of a success.
const ok = ""

// One of 64 concurrent attaches of an interface to different instances succeeds.
func TestRaceForOneInterface(t *testing.T) {
	t.Parallel()
	for _, w := range transports {
		t.Run(w.name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, world().
				Instance("i-{n}", worldtest.Count(64)).
				NetworkInterface("eni-1"), service.Options{AttachDelay: time.Hour})
			expect(t, race(t, 64, func(k int) (string, error) {
				return w.attach(t.Context(), s, fmt.Sprintf("i-%d", k+1), "eni-1")
			}), map[string]int{ok: 1, "InvalidOperation.InvalidEniState": 63})
			checkInvariants(t, s.pool)
		})
	}
}

// 64 callers attach to one instance with seven free slots: seven of them succeed.
func TestRaceForSlotsOfInstance(t *testing.T) {
	t.Parallel()
	for _, w := range transports {
		t.Run(w.name, func(t *testing.T) {
			t.Parallel()
			// ecs.g6.4xlarge takes 8 interfaces: the primary one and 7 more.
			s := serve(t, world().
				Instance("i-hot", worldtest.Type("ecs.g6.4xlarge")).
				NetworkInterface("eni-{n}", worldtest.Count(64)), service.Options{AttachDelay: time.Hour})
			expect(t, race(t, 64, func(k int) (string, error) {
				return w.attach(t.Context(), s, "i-hot", fmt.Sprintf("eni-%d", k+1))
			}), map[string]int{ok: 7, "EniPerInstanceLimitExceeded": 57})
			checkInvariants(t, s.pool)
			rows, err := s.pool.Query(t.Context(),
				`SELECT device_index FROM slots WHERE instance_id = 'i-hot' ORDER BY 1`)
			if err != nil {
				t.Fatal(err)
			}
			got, err := pgx.CollectRows(rows, pgx.RowTo[int])
			if want := []int{0, 1, 2, 3, 4, 5, 6, 7}; err != nil || !slices.Equal(got, want) {
				t.Errorf("device indexes: got %v, want %v (%v)", got, want, err)
			}
		})
	}
}

// 32 instances compete for the last capacity of a group with 7 of 8 instances: one of them
// succeeds.
func TestRaceForLastCapacityOfGroup(t *testing.T) {
	t.Parallel()
	for _, w := range transports {
		t.Run(w.name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, world().
				Instance("i-in-{n}", worldtest.Count(7), worldtest.Groups("sg-small")).
				Instance("i-{n}", worldtest.Count(32)).
				NetworkInterface("eni-{n}", worldtest.Count(32), worldtest.Groups("sg-main", "sg-small")).
				NetworkInterface("eni-in", worldtest.Groups("sg-small")), service.Options{AttachDelay: time.Hour})
			expect(t, race(t, 32, func(k int) (string, error) {
				return w.attach(t.Context(), s, fmt.Sprintf("i-%d", k+1), fmt.Sprintf("eni-%d", k+1))
			}), map[string]int{ok: 1, "SecurityGroupInstanceLimitExceed": 31})
			checkInvariants(t, s.pool)
			if code, err := w.attach(t.Context(), s, "i-in-1", "eni-in"); code != ok || err != nil {
				t.Errorf("an instance in the full group: got %q, %v, want a success", code, err)
			}
		})
	}
}

// An attach and a detach of one interface race, and may run in either order. Each succeeds or finds
// the wrong status.
func TestRaceOfAttachAndDetach(t *testing.T) {
	t.Parallel()
	for _, w := range transports {
		t.Run(w.name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, world().
				Instance("i-1").
				NetworkInterface("eni-1"), service.Options{})
			attached, detached := 0, 0
			for round := range 50 {
				answers := make([]string, 2)
				race(t, 2, func(k int) (code string, err error) {
					if k == 0 {
						code, err = w.attach(t.Context(), s, "i-1", "eni-1")
					} else {
						code, err = w.detach(t.Context(), s, "i-1", "eni-1")
					}
					answers[k] = code
					return code, err
				})
				for k, succeeded := range []*int{&attached, &detached} {
					switch answers[k] {
					case ok:
						*succeeded++
					case "InvalidOperation.InvalidEniState":
					default:
						t.Fatalf("round %d: got %q, want a success or InvalidEniState", round, answers[k])
					}
				}
				// Successful attaches and detaches alternate, so the difference of their numbers is
				// 0 or 1, as the tables show.
				if got, want := attachments(t, s.pool)["i-1"]-1, attached-detached; got != want {
					t.Fatalf("round %d: got %d secondary interfaces, want %d after %d attaches and %d detaches", round,
						got, want, attached, detached)
				}
			}
			if attached == 0 || detached == 0 {
				t.Errorf("got %d attaches and %d detaches, want some of each", attached, detached)
			}
			checkInvariants(t, s.pool)
		})
	}
}

// 10,000 operations on 50 instances and 200 interfaces in shared groups, with transient statuses of
// a few milliseconds, keep all invariants.
func TestConcurrentAttachesAndDetaches(t *testing.T) {
	t.Parallel()
	const callers, operations, instances, interfaces = 64, 10_000, 50, 200
	s := serve(t, world().
		Instance("i-{n}", worldtest.Count(50), worldtest.Type("ecs.g6.xlarge")).
		NetworkInterface("eni-{n}", worldtest.Count(150)).
		NetworkInterface("eni-small-{n}", worldtest.Count(50), worldtest.Groups("sg-main", "sg-small")),
		service.Options{AttachDelay: 2 * time.Millisecond, DetachDelay: 2 * time.Millisecond})
	allowed := map[string]bool{
		ok: true, "InvalidOperation.InvalidEniState": true, "InvalidParameter.EniNotBelongEcs": true,
		"EniPerInstanceLimitExceeded": true, "SecurityGroupInstanceLimitExceed": true,
	}
	total := map[string]int{}
	var mu sync.Mutex
	race(t, callers, func(k int) (string, error) {
		random := rand.New(rand.NewPCG(1, uint64(k)))
		counts := map[string]int{}
		for range operations / callers {
			w := transports[random.IntN(len(transports))]
			n := random.IntN(interfaces)
			eni := fmt.Sprintf("eni-%d", n+1)
			if n >= 150 {
				eni = fmt.Sprintf("eni-small-%d", n-149)
			}
			do := w.attach
			if random.IntN(2) == 0 {
				do = w.detach
			}
			// Each interface is used with one of two instances, so that many detaches find it
			// attached.
			code, err := do(t.Context(), s, fmt.Sprintf("i-%d", (n+random.IntN(2))%instances+1), eni)
			if err != nil {
				code = err.Error()
			}
			counts[code]++
		}
		mu.Lock()
		defer mu.Unlock()
		for code, n := range counts {
			total[code] += n
		}
		return ok, nil
	})
	for code, n := range total {
		if !allowed[code] {
			t.Errorf("got %d times %q, want only the codes of the rules", n, code)
		}
	}
	for _, code := range []string{ok, "InvalidOperation.InvalidEniState"} {
		if total[code] == 0 {
			t.Errorf("got the answers %v, want some %q", total, code)
		}
	}
	t.Logf("answers: %v", total)
	checkInvariants(t, s.pool)
	expectNoDeadlocks(t, s)
}

// deadlocks returns the number of deadlocks in the test's database. A session reports its own when
// it ends, so all other sessions are ended first.
func deadlocks(t *testing.T, s *server) (n int) {
	t.Helper()
	conn, err := pgx.ConnectConfig(t.Context(), s.pool.Config().ConnConfig)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(t.Context()))
	s.Close()
	s.pool.Close()
	for others := 1; others > 0; {
		err := conn.QueryRow(t.Context(), `
			SELECT count(*) FROM pg_stat_activity
			WHERE datname = current_database() AND pid <> pg_backend_pid()
			  AND backend_type = 'client backend'`).Scan(&others)
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := conn.QueryRow(t.Context(),
		`SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}
