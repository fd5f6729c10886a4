package store

import (
	"cmp"
	"slices"
	"strconv"
)

// Changes returns what the request of a scene has changed so far.
func (s *AttachScene) Changes() []Change {
	if s.before == nil {
		return nil
	}
	before, after := s.before, &s.eni.AttachableENI
	var changes []Change
	add := func(field, from, to string) {
		if from != to {
			changes = append(changes, Change{Resource: after.ID, Field: field, From: from, To: to})
		}
	}
	// Detaching that never ended and ends now is a change too.
	if before.Status != after.Status || (before.SettlesAt == nil) != (after.SettlesAt == nil) {
		changes = append(changes, Change{
			Resource: after.ID, Field: "Status", From: before.Status, To: after.Status,
			Then: valueOrEmpty(after.NextStatus), DueAt: after.SettlesAt,
		})
	}
	add("InstanceId", valueOrEmpty(before.InstanceID), valueOrEmpty(after.InstanceID))
	add("DeviceIndex", formatIndex(before.DeviceIndex), formatIndex(after.DeviceIndex))
	add("NetworkCardIndex", formatIndex(before.NetworkCardIndex), formatIndex(after.NetworkCardIndex))
	add("TrunkNetworkInterfaceId", valueOrEmpty(before.TrunkID), valueOrEmpty(after.TrunkID))
	return changes
}

// HeldInterface is an interface that takes a slot of an instance.
type HeldInterface struct {
	NetworkInterfaceID string `json:"NetworkInterfaceId"`
	Status             string `json:"Status"`
	Type               string `json:"Type"`
}

// HeldInterfaces returns the interfaces that count against the limit of the scene's instance, by
// their slots.
func (s *AttachScene) HeldInterfaces() []HeldInterface {
	held := []HeldInterface{}
	if s.instance == nil {
		return held
	}
	var counted []*batchENI
	for _, n := range s.instance.held {
		if !n.hasLeft(s.now) {
			counted = append(counted, n)
		}
	}
	slices.SortFunc(counted, func(a, b *batchENI) int {
		return cmp.Or(cmp.Compare(*a.DeviceIndex, *b.DeviceIndex), cmp.Compare(a.ID, b.ID))
	})
	for _, n := range counted {
		settled := settledAttachableENI(&n.AttachableENI, s.now)
		held = append(held, HeldInterface{n.ID, settled.Status, n.typeInSlot()})
	}
	return held
}

// typeInSlot returns the current type of an interface on an instance. The stored type is not read with
// its slot, but a primary interface is a part of its instance, and a trunk its own trunk.
func (n *batchENI) typeInSlot() string {
	switch {
	case n.IsMember():
		return ENIMember
	case n.TrunkID != nil:
		return ENITrunk
	}
	return cmp.Or(n.Type, ENISecondary)
}

func valueOrEmpty(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// formatIndex formats an index, and none as "".
func formatIndex(n *int) string {
	if n == nil {
		return ""
	}
	return strconv.Itoa(*n)
}
