package store

import "slices"

// freeDeviceIndex returns the lowest device index from first on that no interface on the scene's
// instance has.
func (s *AttachScene) freeDeviceIndex(first int) int {
	taken := make([]bool, len(s.instance.held)+1)
	for _, n := range s.instance.held {
		if k := *n.DeviceIndex - first; k >= 0 && k < len(taken) && !n.hasLeft(s.now) {
			taken[k] = true
		}
	}
	return first + slices.Index(taken, false)
}

// Attach attaches the scene's interface to the scene's instance. It is Attaching, and in the end InUse,
// or Available again if the attach fails. Until then it has its slot, and counts against the limits of
// groups. With a trunk in the scene it becomes a member of it, and has a VLAN in place of a slot.
func (s *AttachScene) Attach(networkCardIndex *int, end *Ending) {
	// First settle the rows of the interfaces that have left the instance, which frees their device
	// indexes.
	first := 1 // 0 is the primary interface's
	if s.Trunk != nil {
		first = MinVLAN
	}
	index := s.freeDeviceIndex(first)
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
	switch {
	case s.Trunk != nil:
		n.TrunkID, n.MemberQuantity = &s.Trunk.ID, s.Type.MemberQuantity()
	case n.Type == ENITrunk:
		n.TrunkID, n.MemberQuantity = &s.ENI.ID, s.Type.MemberQuantity()
	}
	n.Queues = s.Type.CountedQueues(&n)
	s.batch.set(s.eni, n)
}
