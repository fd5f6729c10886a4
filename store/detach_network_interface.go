package store

import "time"

// Detach takes the scene's interface off the scene's instance: Detaching until settlesAt, when it is Available, and until then it holds its place;
// Available at once if that is nil.
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
		if s.instance.stays(group) {
			continue
		}
		if last := s.instance.leavesAt(group, s.batch.now); !last.IsZero() {
			s.instance.leavers[group] = &leaver{at: last, written: true}
		} else {
			s.batch.giveBackPlace(n.AccountID, group)
		}
	}
}
