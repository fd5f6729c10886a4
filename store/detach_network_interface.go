package store

import (
	"context"
	"time"
)

// DetachScene is all that decides a detach, read under the locks. A row that is missing is nil.
type DetachScene struct {
	Instance *Instance
	Type     *InstanceType // of Instance
	ENI      *NetworkInterface
}

// LockForDetach locks an instance and a network interface and reads them, in one round trip.
func (tx *Tx) LockForDetach(ctx context.Context, accountID, regionID, instanceID, eniID string) (*DetachScene, error) {
	scene := &DetachScene{}
	tx.lockInstance(accountID, regionID, instanceID, func(i Instance, t InstanceType) {
		scene.Instance, scene.Type = &i, &t
	})
	tx.lock(rankNetworkInterfaces, `
		SELECT account_id, id, type, status, next_status, settles_at, instance_id, instance_eni_quantity, device_index, service_managed
		FROM network_interfaces
		WHERE account_id = $1 AND region_id = $2 AND id = $3
		FOR NO KEY UPDATE`, accountID, regionID, eniID).
		Query(each(func(n *NetworkInterface) []any {
			return []any{&n.AccountID, &n.ID, &n.Type, &n.Status, &n.NextStatus, &n.SettlesAt,
				&n.InstanceID, &n.InstanceENIQuantity, &n.DeviceIndex, &n.ServiceManaged}
		}, func(n NetworkInterface) {
			scene.ENI = &n
		}))
	return scene, tx.send(ctx)
}

// Settle makes the scene stand as it does at now. It is pure.
func (s *DetachScene) Settle(now time.Time) {
	s.Instance, s.ENI = settledInstance(s.Instance, now), settledENI(s.ENI, now)
}

// BeginDetach queues the write that sets an interface Detaching until settlesAt, when it is Available. Until then it holds its place.
func (tx *Tx) BeginDetach(eni *NetworkInterface, settlesAt time.Time) {
	tx.write(1, `
		UPDATE network_interfaces
		SET status = 'Detaching', next_status = 'Available', settles_at = $3
		WHERE account_id = $1 AND id = $2`, eni.AccountID, eni.ID, settlesAt)
}

// DetachENI queues the write that takes an interface off its instance at once.
func (tx *Tx) DetachENI(eni *NetworkInterface) {
	tx.write(1, `
		UPDATE network_interfaces
		SET status = 'Available', next_status = NULL, settles_at = NULL,
		    instance_id = NULL, instance_eni_quantity = NULL, device_index = NULL, network_card_index = NULL
		WHERE account_id = $1 AND id = $2`, eni.AccountID, eni.ID)
}
