package service

import (
	"context"
	"errors"
	"time"

	"enisim.alt/service/disturbance"
	"enisim.alt/store"
)

// attachmentWork is an attach or a detach in the lanes.
type attachmentWork struct {
	want   store.Attachment
	header eventHeader
	clock  *disturbance.Clock                        // of the account
	decide func(*store.AttachScene, time.Time) error // the rules, and the change if no rule is violated
}

// changeAttachment runs an attach or a detach in a shared lane, chosen by its instance. If the server
// has no lanes, it runs in a transaction of its own.
func (s *Service) changeAttachment(
	ctx context.Context, caller Caller, want store.Attachment, decide func(*store.AttachScene, time.Time) error,
) error {
	work := attachmentWork{want, caller.eventHeader(), caller.Clock, decide}
	if s.withoutLanes() {
		return s.attachmentLanes.runAlone(newLaneRequest(ctx, want.AccountID, work))
	}
	return s.attachmentLanes.submit(ctx, want.AccountID, want.Rows(), work)
}

// errUnchanged makes a batch without writes roll back, because a commit would wait for the disk.
var errUnchanged = errors.New("nothing to write")

// decideAttachments decides a batch of attaches and detaches in one transaction: request k sees the
// changes of request k-1. Without wait it skips rows that another transaction has locked, and leaves
// the requests that need them undecided.
func (s *Service) decideAttachments(ctx context.Context, batch []*laneRequest[attachmentWork], wait bool) error {
	wants := make([]store.Attachment, len(batch))
	for i, r := range batch {
		wants[i] = r.work.want
	}
	err := s.store.InTx(ctx, func(tx *store.Tx) error {
		// First lock the rows.
		setLockTimeout(tx, batch, wait)
		rows, err := tx.LockForAttachments(ctx, wants, wait)
		if err != nil {
			return err
		}
		// Then decide the requests one after the other. The time is read after the locks, so that
		// times follow the order of commits. Each account has its own time.
		rows.At(s.timesOf(batch))
		var events []store.Event
		for _, r := range batch {
			scene := rows.Scene(r.work.want)
			if r.contended, r.err = scene.Contended, nil; r.contended != nil {
				continue
			}
			if r.err = r.work.decide(scene, scene.Now()); r.err != nil {
				s.observeRefusal(r.accountID, r.err)
				continue
			}
			if s.options.WithoutEvents {
				continue
			}
			if changes := scene.Changes(); len(changes) > 0 {
				event := s.newEvent(r.work.header, scene.Now(), changes)
				event.AddResource(r.work.want.InstanceID)
				events = append(events, event)
			}
		}
		if !rows.Changed() {
			return errUnchanged
		}
		tx.WriteAttachments(rows)
		return tx.AppendEvents(events)
	})
	if errors.Is(err, errUnchanged) {
		return nil
	}
	return err
}

// timesOf returns the time of each account of a batch.
func (s *Service) timesOf(batch []*laneRequest[attachmentWork]) func(accountID string) time.Time {
	realTime := s.Now()
	var own map[string]time.Time // of accounts that have a clock
	for _, r := range batch {
		if r.work.clock == nil {
			continue
		}
		if own == nil {
			own = map[string]time.Time{}
		}
		own[r.accountID] = later(own[r.accountID], r.work.clock.At(realTime))
	}
	return func(accountID string) time.Time {
		if now, found := own[accountID]; found {
			return now
		}
		return realTime
	}
}

// later returns the later of two times. Requests of one account share a batch although the account's
// clock was changed after the first of them arrived.
func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// setLockTimeout sets the lock timeout of a batch. Requests that wait for the same row do so together
// for a short time, and then each alone for the rest of its time.
func setLockTimeout[Work any](tx *store.Tx, batch []*laneRequest[Work], wait bool) {
	switch lockBy := batch[0].lockBy; {
	case len(batch) > 1 || !wait:
		tx.SetLockTimeout(batchLockTimeout)
	case !lockBy.IsZero():
		tx.SetLockTimeout(time.Until(lockBy))
	}
}
