package store

import (
	"slices"
	"time"
)

// freeDeviceIndex returns the lowest device index that no interface on the scene's instance has.
func (s *AttachScene) freeDeviceIndex() int {
	taken := make([]bool, len(s.instance.held)+2)
	for _, n := range s.instance.held {
		if *n.DeviceIndex < len(taken) && !n.hasLeft(s.batch.now) {
			taken[*n.DeviceIndex] = true
		}
	}
	return 1 + slices.Index(taken[1:], false) // 0 is the primary interface's
}

// Attach attaches the scene's interface to the scene's instance. It is Attaching until settlesAt
// and then InUse, or InUse at once if settlesAt is nil.
func (s *AttachScene) Attach(networkCardIndex *int, settlesAt *time.Time) {
	// First settle the rows of the interfaces that have left the instance, which frees their device
	// indexes.
	index := s.freeDeviceIndex()
	for _, n := range s.instance.held {
		if n.hasLeft(s.batch.now) {
			s.batch.set(n, n.Settled(s.batch.now))
		}
	}
	// Then count the instance in the groups of the interface, as far as it is not in them already.
	for _, group := range s.eni.groups {
		switch {
		case s.instance.staysIn(group):
		case s.instance.departures[group] != nil: // it keeps the capacity that it was about to release
			s.instance.departures[group] = nil
		default:
			s.batch.acquireCapacity(s.ENI.AccountID, group)
		}
	}
	// Last change the row of the interface.
	n := *s.ENI
	n.Status, n.NextStatus, n.SettlesAt = ENIInUse, nil, nil
	if settlesAt != nil {
		n.Status, n.NextStatus, n.SettlesAt = ENIAttaching, new(ENIInUse), settlesAt
	}
	n.InstanceID, n.InstanceENIQuantity = &s.Instance.ID, &s.Instance.ENIQuantity
	n.DeviceIndex, n.NetworkCardIndex = &index, networkCardIndex
	s.batch.set(s.eni, n)
}
