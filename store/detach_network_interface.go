package store

// Detach detaches the scene's interface from the scene's instance. It is Detaching, and Available in
// the end. It keeps its slot until then.
func (s *AttachScene) Detach(end *Ending) {
	n := *s.ENI
	n.Status, n.NextStatus, n.SettlesAt = end.statusUntil(ENIDetaching, ENIAvailable)
	if n.Status == ENIAvailable {
		takeOff(&n)
	}
	s.setLeaving(n)
}

// setLeaving replaces the row of the scene's interface by one that leaves the scene's instance or has
// left it. The instance's departures from the groups of the interface follow.
func (s *AttachScene) setLeaving(n AttachableENI) {
	s.batch.set(s.eni, n)
	for _, group := range s.eni.groups {
		if s.instance.staysIn(group) {
			continue
		}
		if last := s.instance.departureTime(group, s.now); !last.IsZero() {
			s.instance.departures[group] = &departure{at: last, written: true}
			continue
		}
		if s.instance.departures[group] != nil {
			s.instance.departures[group] = nil
		}
		s.batch.releaseCapacity(n.AccountID, group)
	}
}

// Release ends the transition of the scene's interface now, as it would have ended, and returns its new
// status.
func (s *AttachScene) Release() (status string) {
	n := *s.ENI
	n.Status, n.NextStatus, n.SettlesAt = nextENIStatus(n), nil, nil
	if n.Status != ENIAvailable {
		s.batch.set(s.eni, n)
		return n.Status
	}
	takeOff(&n)
	s.setLeaving(n)
	return n.Status
}

// nextENIStatus returns the status of an attached interface after its transition.
func nextENIStatus(n AttachableENI) string {
	switch {
	case n.NextStatus != nil:
		return *n.NextStatus
	case n.Status == ENIDetaching: // it would never end
		return ENIAvailable
	}
	return ENIInUse
}
