package store

import "slices"

// freeDeviceIndex returns the lowest device index that no interface on the scene's instance has.
func (s *AttachScene) freeDeviceIndex() int {
	taken := make([]bool, len(s.instance.held)+2)
	for _, n := range s.instance.held {
		if *n.DeviceIndex < len(taken) && !n.hasLeft(s.now) {
			taken[*n.DeviceIndex] = true
		}
	}
	return 1 + slices.Index(taken[1:], false) // 0 is the primary interface's
}

// Attach attaches the scene's interface to the scene's instance. It is Attaching, and in the end InUse,
// or Available again if the attach fails. Until then it has its slot, and counts against the limits of
// groups.
func (s *AttachScene) Attach(networkCardIndex *int, end *Ending) {
	// First settle the rows of the interfaces that have left the instance, which frees their device
	// indexes.
	index := s.freeDeviceIndex()
	for _, n := range s.instance.held {
		if n.hasLeft(s.now) {
			s.batch.set(n, n.Settled(s.now))
		}
	}
	// Then count the instance in the groups of the interface, as far as it is not in them already.
	for _, group := range s.eni.groups {
		if s.instance.staysIn(group) {
			continue
		}
		departing := s.instance.departures[group]
		if departing == nil {
			s.batch.acquireCapacity(s.ENI.AccountID, group)
		}
		switch {
		case end.fails(): // it leaves the group again
			last := end.At
			if departing != nil && departing.at.After(last) {
				last = departing.at
			}
			s.instance.departures[group] = &departure{at: last, written: true}
		case departing != nil: // it keeps the capacity that it was about to release
			s.instance.departures[group] = nil
		}
	}
	// Last change the row of the interface.
	n := *s.ENI
	n.Status, n.NextStatus, n.SettlesAt = end.attaching()
	n.InstanceID, n.InstanceENIQuantity = &s.Instance.ID, &s.Instance.ENIQuantity
	n.DeviceIndex, n.NetworkCardIndex = &index, networkCardIndex
	s.batch.set(s.eni, n)
}
