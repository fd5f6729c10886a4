package store

import (
	"context"
	"time"
)

// InstanceScene is a locked instance with its type.
type InstanceScene struct {
	Instance *Instance     // nil if there is none
	Type     *InstanceType // of Instance
}

// LockInstance locks and reads an instance, in one round trip. A regionID of "" matches any region.
func (tx *Tx) LockInstance(ctx context.Context, accountID, regionID, instanceID string) (*InstanceScene, error) {
	scene := &InstanceScene{}
	tx.lockInstance(accountID, regionID, instanceID, func(i Instance, t InstanceType) {
		scene.Instance, scene.Type = &i, &t
	})
	return scene, tx.send(ctx)
}

// LockInstances locks and reads instances, in one round trip, and returns them by their ids. An instance
// that does not exist has an empty scene. A regionID of "" matches any region.
func (tx *Tx) LockInstances(
	ctx context.Context, accountID, regionID string, ids []string,
) (map[string]*InstanceScene, error) {
	scenes := make(map[string]*InstanceScene, len(ids))
	for _, id := range ids {
		scenes[id] = &InstanceScene{}
	}
	tx.lockInstances(forNoKeyUpdate, accountID, regionID, ids, func(i Instance, t InstanceType) {
		scenes[i.ID].Instance, scenes[i.ID].Type = &i, &t
	})
	return scenes, tx.send(ctx)
}

// Settle settles the scene to now. It is pure.
func (s *InstanceScene) Settle(now time.Time) { s.Instance = settledInstance(s.Instance, now) }

// UpdateInstanceStatus queues the write of a locked instance's status, of its next statuses with
// their due times, and of its attributes. A nil StartedAt leaves the stored one unchanged.
func (tx *Tx) UpdateInstanceStatus(i Instance) {
	tx.write(1, `
		UPDATE instances
		SET status = $3, next_status = $4, settles_at = $5, running_at = $6, start_fails = $7,
		    started_at = coalesce($8, started_at), attributes = $9
		WHERE account_id = $1 AND id = $2`,
		i.AccountID, i.ID, i.Status, i.NextStatus, i.SettlesAt, i.RunningAt, i.StartFails, i.StartedAt, i.Attributes)
}
