package store

import (
	"slices"
	"time"
)

// FreeDeviceIndex is the lowest device index that nothing on the scene's instance has.
func (s *AttachScene) FreeDeviceIndex() int {
	index := 1 // 0 is the primary interface's
	for slices.ContainsFunc(s.Held, func(n NetworkInterface) bool { return *n.DeviceIndex == index }) {
		index++
	}
	return index
}

// Attach puts the scene's interface on the scene's instance: Attaching until settlesAt, when it is InUse; InUse at once if that is nil. Rows of
// interfaces that have left the instance are settled along the way, which frees their device indexes.
func (s *AttachScene) Attach(networkCardIndex *int, settlesAt *time.Time) {
	index := s.FreeDeviceIndex()
	for _, n := range s.instance.held {
		if settled := n.Settled(s.batch.now); settled.Status == ENIAvailable {
			s.batch.set(n, settled)
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
