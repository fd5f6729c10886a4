package service

import (
	"context"
	"errors"
	"maps"
	"testing"

	"enisim.alt/store"
)

// A deletion does not depend on whether another request of its batch changes the addresses of the
// same interface. That request is refused if another transaction is changing them.
func TestADeletionIsIndependentOfOtherRequestsForItsInterface(t *testing.T) {
	t.Parallel()
	l := newLaneTest(t, laneActionsWorld(), Options{})
	caller := Caller{AccountID: laneAccount}
	del := func(eni string) error {
		_, err := DeleteNetworkInterface.Do(t.Context(), l.Service, caller,
			DeleteNetworkInterfaceRequest{RegionID: "cn-hangzhou", NetworkInterfaceID: eni})
		return err
	}
	unassign := func() error {
		_, err := UnassignPrivateIPAddresses.Do(t.Context(), l.Service, caller, UnassignPrivateIPAddressesRequest{
			RegionID: "cn-hangzhou", NetworkInterfaceID: "eni-2", PrivateIPAddresses: []string{"10.0.1.1"},
		})
		return err
	}
	release, first := l.pause(t, func() error { return del("eni-1") })
	refused, deleted := l.enqueue(t, unassign), l.enqueue(t, func() error { return del("eni-2") })
	err := l.store.InTx(t.Context(), func(tx *store.Tx) error {
		now := l.Now()
		if _, err := tx.NewInterfaceBatch(t.Context(), laneAccount, nil, []string{"eni-2"}, now, now); err != nil {
			return err
		}
		release()
		if err := refused(); !errors.Is(err, EcsTaskConflict) {
			t.Errorf("unassign: got %v, want %v, because another transaction has the lock", err, EcsTaskConflict)
		}
		if err := errors.Join(first(), deleted()); err != nil {
			t.Errorf("delete: got %v, want no error", err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	l.expectBatches(t, 1, 2)
}

// The second of two concurrent requests that change the addresses of an interface is refused. While
// it finds out whether its token has an answer, it does not hold the lock that the first one needs.
func TestARefusedRequestWithATokenDoesNotLockTheAddresses(t *testing.T) {
	t.Parallel()
	l := newLaneTest(t, laneActionsWorld(), Options{})
	_, leave := l.interfaceLanes.enterAddresses(store.ResourceID{AccountID: laneAccount, ID: "eni-1"})
	defer leave()
	decided := false
	_, err := changeInterface(t.Context(), l.Service, Caller{AccountID: laneAccount},
		idempotentCall{action: "AssignPrivateIpAddresses", token: "mine"},
		interfaceChange[Empty]{
			InterfaceChange: store.InterfaceChange{RegionID: "cn-hangzhou", NetworkInterfaceID: "eni-1"},
			assigns:         func(*store.VSwitch) *store.AddressWant { return nil },
			decide: func(_ *store.InterfaceBatch, c interfaceInput) (Empty, error) {
				decided = true
				if !c.busy {
					t.Error("the request is not known to be the second one")
				}
				return Empty{}, l.store.InTx(t.Context(), func(tx *store.Tx) error { // the first one
					now := l.Now()
					rows, err := tx.NewInterfaceBatch(t.Context(), laneAccount, nil, []string{"eni-1"}, now, now)
					if err == nil && rows.VSwitchOf("eni-1") == nil {
						t.Error("the first request finds that another transaction changes the addresses")
					}
					return err
				})
			},
		})
	if err != nil || !decided {
		t.Errorf("got error %v, decided: %t", err, decided)
	}
}

// A request of a batch that failed runs again. If its token has an answer by then, it gets that
// answer, and nothing of what the failed batch had decided.
func TestARepeatGetsNothingOfAFailedBatch(t *testing.T) {
	t.Parallel()
	l := newLaneTest(t, laneActionsWorld(), Options{})
	l.interfaceLanes.releasing.run = func(_ context.Context, batch []*laneRequest[interfaceWork], _ bool) error {
		work := batch[0].work
		return errors.Join(work.decide(nil, interfaceInput{}), work.repeat([]byte(`{"stored": "1"}`)))
	}
	got, err := changeInterface(t.Context(), l.Service, Caller{AccountID: laneAccount}, idempotentCall{},
		interfaceChange[map[string]string]{
			InterfaceChange: store.InterfaceChange{NetworkInterfaceID: "eni-1", Deletes: true},
			decide: func(*store.InterfaceBatch, interfaceInput) (map[string]string, error) {
				return map[string]string{"decided": "1"}, nil
			},
		})
	if want := map[string]string{"stored": "1"}; err != nil || !maps.Equal(got, want) {
		t.Errorf("got %v, error %v, want %v", got, err, want)
	}
}

// A deletion that waits for the lock of its interface makes other deletions wait only for a short
// time: then it waits alone.
func TestADeletionThatWaitsDoesNotBlockTheLane(t *testing.T) {
	t.Parallel()
	l := newLaneTest(t, laneActionsWorld(), Options{})
	del := func(eni string) func() error {
		return func() error {
			_, err := DeleteNetworkInterface.Do(t.Context(), l.Service, Caller{AccountID: laneAccount},
				DeleteNetworkInterfaceRequest{RegionID: "cn-hangzhou", NetworkInterfaceID: eni})
			return err
		}
	}
	unlock := l.lockRows(t, `SELECT FROM network_interfaces WHERE id = 'eni-1' FOR UPDATE`)
	blocked := l.startBlocked(t, del("eni-1"))
	other := l.enqueue(t, del("eni-2"))
	if err := other(); err != nil {
		t.Errorf("the other deletion: got %v, want no error", err)
	}
	unlock()
	if err := blocked(); err != nil {
		t.Errorf("the deletion that waited: got %v, want no error, because it still waits", err)
	}
}
