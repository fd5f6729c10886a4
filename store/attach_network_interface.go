package store

import (
	"slices"
	"time"
)

// freeDeviceIndex is the lowest device index that nothing on the scene's instance has.
func (s *AttachScene) freeDeviceIndex() int {
	taken := make([]bool, len(s.instance.held)+2)
	for _, n := range s.instance.held {
		if *n.DeviceIndex < len(taken) && !n.left(s.batch.now) {
			taken[*n.DeviceIndex] = true
		}
	}
	return 1 + slices.Index(taken[1:], false) // 0 is the primary interface's
}

// Attach puts the scene's interface on the scene's instance: Attaching until settlesAt, when it is InUse; InUse at once if that is nil. Rows of
// interfaces that have left the instance are settled along the way, which frees their device indexes.
func (s *AttachScene) Attach(networkCardIndex *int, settlesAt *time.Time) {
	index := s.freeDeviceIndex()
	for _, n := range s.instance.held {
		if n.left(s.batch.now) {
			s.batch.set(n, n.Settled(s.batch.now))
		}
	}
	for _, group := range s.eni.groups {
		switch {
		case s.instance.stays(group):
		case s.instance.leavers[group] != nil: // it keeps the place that it was about to give back
			s.instance.leavers[group] = nil
		default:
			s.batch.takePlace(s.ENI.AccountID, group)
		}
	}
	n := *s.ENI
	n.Status, n.NextStatus, n.SettlesAt = ENIInUse, nil, nil
	if settlesAt != nil {
		n.Status, n.NextStatus, n.SettlesAt = ENIAttaching, new(ENIInUse), settlesAt
	}
	n.InstanceID, n.InstanceENIQuantity, n.DeviceIndex, n.NetworkCardIndex = &s.Instance.ID, &s.Instance.ENIQuantity, &index, networkCardIndex
	s.batch.set(s.eni, n)
}
