package service

import (
	"context"
	"errors"
	"fmt"
	"net"
	"runtime"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"enisim.alt/service/worldtest"
	"enisim.alt/store"
)

// The tests of this file hold for each action that runs in lanes.

// laneAction is such an action.
type laneAction struct {
	name string
	// run sends the k-th request, from 1, which succeeds and does not disturb the others.
	run func(ctx context.Context, l *laneTest, k int) error
	// refuse sends a request that is refused with refusal.
	refuse  func(ctx context.Context, l *laneTest) error
	refusal *Error
	// decide sends a request that changes nothing, and calls a function when it is decided.
	decide func(ctx context.Context, l *laneTest, when func()) error
	// done reports whether the k-th request has taken effect, as SQL.
	done string
}

// laneActionsWorld has free interfaces eni-1 to eni-5, and attached interfaces on-1 to on-5 with a
// secondary address 10.0.1.k each.
func laneActionsWorld() *worldtest.World {
	w := worldtest.New(laneAccount).
		VPC("vpc-1", "10.0.0.0/8").
		VSwitch("vsw-h", "cn-hangzhou-h", "10.0.0.0/16").
		SecurityGroup("sg-main").
		Instance("i-{n}", worldtest.Count(5), worldtest.Type("ecs.four.slots")).
		NetworkInterface("eni-{n}", worldtest.Count(5)).
		InstanceType("ecs.four.slots", 4)
	for k := range 5 {
		w.NetworkInterface(fmt.Sprintf("on-%d", k+1), worldtest.AttachedTo(fmt.Sprintf("i-%d", k+1)),
			worldtest.Set("private_ip_addresses", []string{fmt.Sprint("10.0.0.", 100+k), fmt.Sprint("10.0.1.", k+1)}))
	}
	return w
}

func laneCall[Request, Answer any](
	action *Action[Request, Answer], request func(k int) Request,
) func(context.Context, *laneTest, int) error {
	return func(ctx context.Context, l *laneTest, k int) error {
		_, err := action.Do(ctx, l.Service, Caller{AccountID: laneAccount}, request(k))
		return err
	}
}

// decideAttachment and decideInterface send a request that does nothing but to call a function.
func decideAttachment(ctx context.Context, l *laneTest, when func()) error {
	want := store.Attachment{
		AccountID: laneAccount, RegionID: "cn-hangzhou", InstanceID: "i-5", NetworkInterfaceID: "eni-5",
	}
	return l.changeAttachment(ctx, Caller{AccountID: want.AccountID}, want, func(*store.AttachScene, time.Time) error {
		when()
		return nil
	})
}

func decideInterface(change store.InterfaceChange) func(context.Context, *laneTest, func()) error {
	return func(ctx context.Context, l *laneTest, when func()) error {
		_, err := changeInterface(ctx, l.Service, Caller{AccountID: laneAccount}, idempotentCall{},
			interfaceChange[Empty]{
				InterfaceChange: change,
				decide: func(*store.InterfaceBatch, interfaceInput) (Empty, error) {
					when()
					return Empty{}, nil
				},
			})
		return err
	}
}

// laneActions are all actions that run in lanes.
func laneActions() []laneAction {
	const region = "cn-hangzhou"
	attach := func(k int) AttachNetworkInterfaceRequest {
		return AttachNetworkInterfaceRequest{
			RegionID: region, InstanceID: fmt.Sprint("i-", k), NetworkInterfaceID: fmt.Sprint("eni-", k),
		}
	}
	detach := func(k int) DetachNetworkInterfaceRequest {
		return DetachNetworkInterfaceRequest{
			RegionID: region, InstanceID: fmt.Sprint("i-", k), NetworkInterfaceID: fmt.Sprint("on-", k),
		}
	}
	create := func(vswitch, name string) CreateNetworkInterfaceRequest {
		return CreateNetworkInterfaceRequest{
			RegionID: region, VSwitchID: vswitch, SecurityGroupID: "sg-main", Name: name, ClientToken: name,
		}
	}
	assign := func(k int) AssignPrivateIPAddressesRequest {
		return AssignPrivateIPAddressesRequest{
			RegionID: region, NetworkInterfaceID: fmt.Sprint("eni-", k),
			PrivateIPAddresses: []string{fmt.Sprint("10.0.2.", k)},
		}
	}
	unassign := func(k int) UnassignPrivateIPAddressesRequest {
		return UnassignPrivateIPAddressesRequest{
			RegionID: region, NetworkInterfaceID: fmt.Sprint("on-", k),
			PrivateIPAddresses: []string{fmt.Sprint("10.0.1.", k)},
		}
	}
	want := store.AddressWant{VSwitchID: "vsw-h"}
	creating := decideInterface(store.InterfaceChange{RegionID: region, Assigns: &want})
	releasing := decideInterface(store.InterfaceChange{RegionID: region, NetworkInterfaceID: "eni-5", Deletes: true})
	refuse := func(run func(context.Context, *laneTest, int) error) func(context.Context, *laneTest) error {
		return func(ctx context.Context, l *laneTest) error { return run(ctx, l, 99) } // interface 99 does not exist
	}
	actions := []laneAction{
		{
			name:    "AttachNetworkInterface",
			run:     laneCall(AttachNetworkInterface, attach),
			refusal: InvalidEcsIDNotFound,
			decide:  decideAttachment,
			done:    `SELECT EXISTS (SELECT FROM attachments WHERE network_interface_id = 'eni-' || $1)`,
		},
		{
			name:    "DetachNetworkInterface",
			run:     laneCall(DetachNetworkInterface, detach),
			refusal: InvalidEcsIDNotFound,
			decide:  decideAttachment,
			done:    `SELECT NOT EXISTS (SELECT FROM attachments WHERE network_interface_id = 'on-' || $1)`,
		},
		{
			name: "CreateNetworkInterface",
			run: laneCall(CreateNetworkInterface, func(k int) CreateNetworkInterfaceRequest {
				return create("vsw-h", fmt.Sprint("new-", k))
			}),
			refuse: func(ctx context.Context, l *laneTest) error {
				return laneCall(CreateNetworkInterface, func(int) CreateNetworkInterfaceRequest {
					return create("vsw-none", "")
				})(ctx, l, 0)
			},
			refusal: InvalidVSwitchIDNotFound,
			decide:  creating,
			done:    `SELECT EXISTS (SELECT FROM network_interfaces WHERE name = 'new-' || $1)`,
		},
		{
			name: "DeleteNetworkInterface",
			run: laneCall(DeleteNetworkInterface, func(k int) DeleteNetworkInterfaceRequest {
				return DeleteNetworkInterfaceRequest{RegionID: region, NetworkInterfaceID: fmt.Sprint("eni-", k)}
			}),
			refusal: InvalidEniIDForbidden,
			decide:  releasing,
			done:    `SELECT NOT EXISTS (SELECT FROM network_interfaces WHERE id = 'eni-' || $1)`,
		},
		{
			name:    "AssignPrivateIpAddresses",
			run:     laneCall(AssignPrivateIPAddresses, assign),
			refusal: InvalidEniIDNotFound,
			decide:  creating,
			done:    `SELECT EXISTS (SELECT FROM private_ip_addresses WHERE host(address) = '10.0.2.' || $1)`,
		},
		{
			name:    "UnassignPrivateIpAddresses",
			run:     laneCall(UnassignPrivateIPAddresses, unassign),
			refusal: InvalidEniIDNotFound,
			decide:  releasing,
			done:    `SELECT NOT EXISTS (SELECT FROM private_ip_addresses WHERE host(address) = '10.0.1.' || $1)`,
		},
	}
	for i := range actions {
		if actions[i].refuse == nil {
			actions[i].refuse = refuse(actions[i].run)
		}
	}
	return actions
}

// forEachLaneAction runs a test for each action that runs in lanes. The first request of the action
// is paused, so that the next ones share a batch.
func forEachLaneAction(
	t *testing.T, test func(t *testing.T, a laneAction, l *laneTest, release func()),
) {
	t.Helper()
	for _, a := range laneActions() {
		t.Run(a.name, func(t *testing.T) {
			t.Parallel()
			l := newLaneTest(t, laneActionsWorld(), Options{})
			release, first := l.pause(t, func() error { return a.run(t.Context(), l, 1) })
			test(t, a, l, func() {
				t.Helper()
				release()
				if err := first(); err != nil {
					t.Errorf("the first: got %v, want no error", err)
				}
			})
		})
	}
}

// done returns the requests that have taken effect.
func (l *laneTest) done(t *testing.T, a laneAction) (done []int) {
	t.Helper()
	for k := 1; k <= 5; k++ {
		var found bool
		if err := l.pool.QueryRow(t.Context(), a.done, fmt.Sprint(k)).Scan(&found); err != nil {
			t.Fatal(err)
		}
		if found {
			done = append(done, k)
		}
	}
	return done
}

// expectDone compares which requests have taken effect.
func (l *laneTest) expectDone(t *testing.T, a laneAction, want ...int) {
	t.Helper()
	if got := l.done(t, a); !slices.Equal(got, want) {
		t.Errorf("requests that have taken effect: got %v, want %v", got, want)
	}
}

// Requests that come during a transaction run in one batch, where a refusal concerns one of them.
func TestRequestsOfEachActionShareABatch(t *testing.T) {
	t.Parallel()
	forEachLaneAction(t, func(t *testing.T, a laneAction, l *laneTest, release func()) {
		two := l.enqueue(t, func() error { return a.run(t.Context(), l, 2) })
		refused := l.enqueue(t, func() error { return a.refuse(t.Context(), l) })
		three := l.enqueue(t, func() error { return a.run(t.Context(), l, 3) })
		release()
		if err := errors.Join(two(), three()); err != nil {
			t.Errorf("got %v, want no error", err)
		}
		if err := refused(); !errors.Is(err, a.refusal) {
			t.Errorf("the refused one: got %v, want %v", err, a.refusal)
		}
		l.expectBatches(t, 1, 3)
		l.expectDone(t, a, 1, 2, 3)
	})
}

// A request whose caller has disconnected is not run.
func TestARequestOfADisconnectedCallerIsSkipped(t *testing.T) {
	t.Parallel()
	forEachLaneAction(t, func(t *testing.T, a laneAction, l *laneTest, release func()) {
		ctx, disconnect := context.WithCancel(t.Context())
		gone := l.enqueue(t, func() error { return a.run(ctx, l, 2) })
		connected := l.enqueue(t, func() error { return a.run(t.Context(), l, 3) })
		disconnect()
		if err := gone(); !errors.Is(err, context.Canceled) {
			t.Errorf("disconnected while queued: got %v, want context.Canceled before the lane is free", err)
		}
		release()
		if err := connected(); err != nil {
			t.Errorf("the other caller: got %v, want no error", err)
		}
		if err := a.run(ctx, l, 4); !errors.Is(err, context.Canceled) { // would be the leader
			t.Errorf("disconnected before it enters an idle lane: got %v, want context.Canceled", err)
		}
		l.expectBatches(t, 1, 1)
		l.expectDone(t, a, 1, 3)
	})
}

// If the check of a request panics, only this request fails.
func TestAPanicInABatchFailsOneRequest(t *testing.T) {
	t.Parallel()
	forEachLaneAction(t, func(t *testing.T, a laneAction, l *laneTest, release func()) {
		broken := l.enqueue(t, func() (err error) {
			defer func() {
				if value := recover(); value != nil {
					err = fmt.Errorf("caught: %v", value)
				}
			}()
			return a.decide(t.Context(), l, func() { panic("boom") })
		})
		fine := l.enqueue(t, func() error { return a.run(t.Context(), l, 2) })
		release()
		if err := fine(); err != nil {
			t.Errorf("the other request: got %v, want no error", err)
		}
		if err := broken(); err == nil || err.Error() != "caught: boom" {
			t.Errorf("the request that panics: got %v, want its own panic", err)
		}
		l.expectDone(t, a, 1, 2)
	})
}

// The requests of a batch that fails run again one by one.
func TestRequestsOfAFailedBatchRunAlone(t *testing.T) {
	t.Parallel()
	forEachLaneAction(t, func(t *testing.T, a laneAction, l *laneTest, release func()) {
		l.mu.Lock()
		l.failure = errors.New("the database has failed the batch")
		l.mu.Unlock()
		two := l.enqueue(t, func() error { return a.run(t.Context(), l, 2) })
		refused := l.enqueue(t, func() error { return a.refuse(t.Context(), l) })
		three := l.enqueue(t, func() error { return a.run(t.Context(), l, 3) })
		release()
		if err := errors.Join(two(), three()); err != nil {
			t.Errorf("got %v, want no error", err)
		}
		if err := refused(); !errors.Is(err, a.refusal) {
			t.Errorf("the refused one: got %v, want %v", err, a.refusal)
		}
		l.expectBatches(t, 1, 3, 1, 1, 1)
		l.expectDone(t, a, 1, 2, 3)
	})
}

// If the answer to the commit of a batch is lost, each of its requests gets an unknown outcome.
// None is reported as done or refused, and none runs again.
func TestAnUnknownOutcomeOfABatchIsThatOfEachRequest(t *testing.T) {
	t.Parallel()
	for _, a := range laneActions() {
		t.Run(a.name, func(t *testing.T) {
			t.Parallel()
			var armed atomic.Bool
			lossy := wrapConns(func(c net.Conn) net.Conn { return lossyConn{c, &armed} })
			l := newLaneTest(t, laneActionsWorld(), Options{}, lossy)
			release, first := l.pause(t, func() error { return a.run(t.Context(), l, 1) })
			done := l.enqueue(t, func() error { return a.run(t.Context(), l, 2) })
			refused := l.enqueue(t, func() error { return a.refuse(t.Context(), l) })
			// This runs between the locks and the commit.
			arming := l.enqueue(t, func() error { return a.decide(t.Context(), l, func() { armed.Store(true) }) })
			release()
			if err := first(); err != nil {
				t.Errorf("the request of the batch before: got %v, want no error", err)
			}
			for name, answer := range map[string]func() error{
				"a request with an effect": done, "a refused one": refused, "one without writes": arming,
			} {
				if err := answer(); !errors.Is(err, store.ErrOutcomeUnknown) {
					t.Errorf("%s: got %v, want ErrOutcomeUnknown", name, err)
				}
			}
			l.expectBatches(t, 1, 3)
			// Postgres may still be working on the commit, because the answers before it are lost too.
			want := []int{1, 2}
			for deadline := time.Now().Add(time.Minute); !slices.Equal(l.done(t, a), want); runtime.Gosched() {
				if time.Now().After(deadline) {
					t.Fatalf("requests that have taken effect: got %v, want %v, because the batch was committed",
						l.done(t, a), want)
				}
			}
		})
	}
}
