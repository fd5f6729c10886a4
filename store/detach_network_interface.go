package store

import "time"

// Detach detaches the scene's interface from the scene's instance. It is Detaching until settlesAt
// and then Available, and it keeps its slot until then. It is Available at once if settlesAt is
// nil.
func (s *AttachScene) Detach(settlesAt *time.Time) {
	n := *s.ENI
	if settlesAt != nil {
		n.Status, n.NextStatus, n.SettlesAt = ENIDetaching, new(ENIAvailable), settlesAt
	} else {
		n.Status, n.NextStatus, n.SettlesAt = ENIAvailable, nil, nil
		n.InstanceID, n.InstanceENIQuantity, n.DeviceIndex, n.NetworkCardIndex = nil, nil, nil, nil
	}
	s.batch.set(s.eni, n)
	for _, group := range s.eni.groups {
		if s.instance.staysIn(group) {
			continue
		}
		if last := s.instance.departureTime(group, s.batch.now); !last.IsZero() {
			s.instance.departures[group] = &departure{at: last, written: true}
		} else {
			s.batch.releaseCapacity(n.AccountID, group)
		}
	}
}
