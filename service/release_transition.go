package service

import (
	"context"
	"time"

	"enisim.alt/service/disturbance"
	"enisim.alt/store"
)

// Released is a transition that was ended by hand: the status of the resource before and after it.
// They are the same if it was in no transition. An interface that is deleted has the status
// store.ENIDeleted.
type Released struct{ From, To string }

// ReleaseTransition ends the transition of a resource now, as it would have ended: one that never ends
// as well as one that takes long. It returns nil if the account has no such resource. It is for
// operators.
func (s *Service) ReleaseTransition(ctx context.Context, accountID, id string) (*Released, error) {
	found, err := s.store.Locate(ctx, accountID, id)
	if err != nil || found == nil {
		return nil, err
	}
	caller, err := s.operatorOf(ctx, accountID)
	if err != nil {
		return nil, err
	}
	switch found.Kind {
	case store.KindNetworkInterface:
		if found.InstanceID != nil {
			return s.releaseAttachment(ctx, caller, id, *found)
		}
		return s.releaseDeletion(ctx, caller, id, found.RegionID)
	case store.KindInstance:
		return s.releaseInstance(ctx, caller, id)
	case store.KindEIP:
		return s.releaseEIP(ctx, caller, id)
	case store.KindDisk:
		return s.releaseDisk(ctx, caller, id)
	}
	release := (*store.Tx).ReleaseVPC
	if found.Kind == store.KindVSwitch {
		release = (*store.Tx).ReleaseVSwitch
	}
	return s.releaseNetwork(ctx, caller, id, release)
}

// releaseNetwork ends the transition of a VPC or a VSwitch.
func (s *Service) releaseNetwork(
	ctx context.Context, caller Caller, id string,
	release func(*store.Tx, context.Context, string, string, time.Time) (bool, error),
) (*Released, error) {
	released := &Released{store.NetworkAvailable, store.NetworkAvailable}
	err := s.store.InTx(ctx, func(tx *store.Tx) error {
		now := s.timeOf(caller)
		pending, err := release(tx, ctx, caller.AccountID, id, now)
		if err != nil || !pending {
			return err
		}
		released.From = store.NetworkPending
		return s.record(tx, caller, now, store.Change{
			Resource: id, Field: "Status", From: released.From, To: released.To,
		})
	})
	if err != nil {
		return nil, err
	}
	return released, nil
}

// releaseEIP ends the transition of an EIP.
func (s *Service) releaseEIP(ctx context.Context, caller Caller, id string) (released *Released, err error) {
	err = s.store.InTx(ctx, func(tx *store.Tx) error {
		eip, err := tx.LockEIP(ctx, caller.AccountID, "", id)
		if err != nil || eip == nil {
			return err
		}
		now := s.timeOf(caller)
		eip = settledEIP(eip, now)
		after := eip.ReleasedTransition()
		released = &Released{eip.Status, after.Status}
		if after.Status == eip.Status {
			return nil
		}
		tx.UpdateEIPAssociation(after)
		return s.record(tx, caller, now, store.ChangesOf(eip, &after, now)...)
	})
	return released, err
}

// releaseDisk ends the transition of a data disk.
func (s *Service) releaseDisk(ctx context.Context, caller Caller, id string) (released *Released, err error) {
	err = s.store.InTx(ctx, func(tx *store.Tx) error {
		scene, err := tx.LockForDeleteDisk(ctx, caller.AccountID, id)
		if err != nil || scene.Disk == nil {
			return err
		}
		now := s.timeOf(caller)
		disk := scene.Disk.Settled(now)
		after := disk.ReleasedTransition(now)
		released = &Released{disk.Status, after.Status}
		if after.Status == disk.Status {
			return nil
		}
		tx.UpdateDiskPlace(after)
		return s.record(tx, caller, now, store.ChangesOf(&disk, &after, now)...)
	})
	return released, err
}

// operatorOf returns the caller by which an operator changes the resources of an account: it has the
// account's clock.
func (s *Service) operatorOf(ctx context.Context, accountID string) (Caller, error) {
	caller := Caller{
		AccountID: accountID, AccessKeyID: store.OperatorCaller, RequestID: store.RequestIDOf(ctx),
		action: "ReleaseTransition",
	}
	stored, _, err := s.store.FindClock(ctx, accountID, s.Now())
	if stored != nil {
		caller.Clock = new(disturbance.Clock(stored.AccountClock))
	}
	return caller, err
}

// releaseAttachment ends the transition of an interface to or from an instance, in the lanes.
func (s *Service) releaseAttachment(
	ctx context.Context, caller Caller, id string, at store.Located,
) (released *Released, err error) {
	want := store.Attachment{
		AccountID: caller.AccountID, RegionID: at.RegionID, InstanceID: *at.InstanceID, NetworkInterfaceID: id,
		Detach: true,
	}
	err = s.changeAttachment(ctx, caller, want, func(scene *store.AttachScene, now time.Time) error {
		released = nil
		if scene.ENI == nil {
			return nil
		}
		released = &Released{scene.ENI.Status, scene.ENI.Status}
		isHere := scene.Instance != nil && scene.ENI.InstanceID != nil && *scene.ENI.InstanceID == scene.Instance.ID
		if isHere && oneOf(scene.ENI.Status, store.ENIAttaching, store.ENIDetaching) {
			released.To = scene.Release()
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return released, nil
}

// releaseDeletion ends the deletion of an interface, in the lane of its account.
func (s *Service) releaseDeletion(ctx context.Context, caller Caller, id, regionID string) (*Released, error) {
	return changeInterface(ctx, s, caller, idempotentCall{}, interfaceChange[*Released]{
		InterfaceChange: store.InterfaceChange{RegionID: regionID, NetworkInterfaceID: id, Deletes: true},
		decide: func(rows *store.InterfaceBatch, c interfaceInput) (*Released, error) {
			scene := rows.DeleteScene(c.InterfaceChange)
			if scene.ENI == nil {
				return nil, nil
			}
			if scene.ENI.Status != store.ENIDeleting {
				return &Released{scene.ENI.Status, scene.ENI.Status}, nil
			}
			rows.Delete(*scene.ENI)
			return &Released{store.ENIDeleting, store.ENIDeleted}, nil
		},
	})
}

// releaseInstance ends the transition of an instance.
func (s *Service) releaseInstance(ctx context.Context, caller Caller, id string) (*Released, error) {
	released, begins, err := s.releaseInstanceAs(ctx, caller, id, nil)
	if err != nil || !begins {
		return released, err
	}
	// A new instance that never stopped being Pending begins to start only now.
	launcher, err := s.launcher(ctx, caller, id)
	if err != nil {
		return nil, err
	}
	released, _, err = s.releaseInstanceAs(ctx, caller, id, &launcher)
	return released, err
}

// releaseInstanceAs is releaseInstance with the caller by which a start is decided. Without one, begins
// reports that an instance begins to start, and nothing is changed.
func (s *Service) releaseInstanceAs(
	ctx context.Context, caller Caller, id string, launcher *Caller,
) (released *Released, begins bool, err error) {
	err = s.store.InTx(ctx, func(tx *store.Tx) error {
		scene, err := tx.LockInstance(ctx, caller.AccountID, "", id)
		if err != nil || scene.Instance == nil {
			return err
		}
		now := s.timeOf(caller)
		scene.Settle(now)
		before := *scene.Instance
		released = &Released{before.Status, before.Status}
		if isStable(&before) {
			return nil
		}
		after, ok := before.Released(now)
		if begins = !ok; begins {
			if launcher == nil {
				return nil
			}
			s.transition(*launcher, disturbance.Starting, id, 0).start(&after, now)
		}
		released.To = after.Status
		tx.UpdateInstanceStatus(after)
		return s.record(tx, caller, now, store.ChangesOf(&before, &after, now)...)
	})
	return released, begins, err
}

// launcher returns the caller by which the start of a new instance is decided that had no end of its
// Pending.
func (s *Service) launcher(ctx context.Context, caller Caller, id string) (Caller, error) {
	rows, err := s.store.DisturbancesOf(ctx, caller.AccountID)
	if err != nil {
		return Caller{}, err
	}
	if caller.Rules, err = newRules(rows); err != nil {
		return Caller{}, err
	}
	caller.lifecycles, err = s.decideLifecycles(
		ctx, caller, RunInstances.Name(), []string{disturbance.Starting}, id)
	return caller, err
}
