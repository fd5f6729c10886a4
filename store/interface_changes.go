package store

import (
	"net/netip"
	"slices"
	"strings"
)

// TakeChanges returns what the batch has changed since the last call.
func (b *InterfaceBatch) TakeChanges() []Change {
	taken := b.log
	b.log = nil
	return taken
}

// logCreation logs the fields of a new interface that other resources depend on.
func (b *InterfaceBatch) logCreation(n NewNetworkInterface) {
	b.log = append(b.log, CreationOfInterface(n)...)
}

// CreationOfInterface returns the changes that make a new interface.
func CreationOfInterface(n NewNetworkInterface) []Change {
	return slices.Concat(NewChanges(n.ID,
		"Status", n.Status,
		"Type", n.Type,
		"InstanceId", valueOrEmpty(n.InstanceID),
		"DeviceIndex", formatIndex(n.DeviceIndex),
		"NetworkCardIndex", formatIndex(n.NetworkCardIndex),
		"VpcId", n.VPCID,
		"VSwitchId", n.VSwitchID,
		"SecurityGroupIds", strings.Join(n.SecurityGroupIDs, ","),
		"NetworkInterfaceName", n.Name,
	), addressChanges(n.ID, nil, addressesOf(n.Addresses), nil, n.Prefixes), TagChanges(n.ID, nil, nil, n.Tags))
}

// NewChanges returns the changes that give fields of a new resource their values. It takes pairs of a
// field and its value, and leaves out empty values.
func NewChanges(resourceID string, fields ...string) []Change {
	changes := make([]Change, 0, len(fields)/2)
	for k := 0; k+1 < len(fields); k += 2 {
		if fields[k+1] != "" {
			changes = append(changes, Change{Resource: resourceID, Field: fields[k], To: fields[k+1]})
		}
	}
	return changes
}

// GroupsChange returns the change of an interface that is in other security groups than before, or
// none.
func GroupsChange(eniID string, before, after []string) []Change {
	if slices.Equal(before, after) {
		return nil
	}
	return []Change{{
		Resource: eniID, Field: "SecurityGroupIds", From: strings.Join(before, ","), To: strings.Join(after, ","),
	}}
}

// addressChanges returns the changes of an interface that loses some addresses and prefixes and gets
// others.
func addressChanges(
	eniID string, releasedAddresses, addresses []netip.Addr, releasedPrefixes, prefixes []netip.Prefix,
) (changes []Change) {
	add := func(field, from, to string) {
		if from+to != "" {
			changes = append(changes, Change{Resource: eniID, Field: field, From: from, To: to})
		}
	}
	add("IpAddresses", joined(releasedAddresses), joined(addresses))
	add("IpPrefixes", joined(releasedPrefixes), joined(prefixes))
	return changes
}

// addressesOf returns the addresses of rows.
func addressesOf(rows []PrivateIPAddress) []netip.Addr {
	addresses := make([]netip.Addr, len(rows))
	for k, a := range rows {
		addresses[k] = a.Address
	}
	return addresses
}

// joined returns the texts of some values, with commas between them.
func joined[T interface{ String() string }](values []T) string {
	texts := make([]string, len(values))
	for k, v := range values {
		texts[k] = v.String()
	}
	return strings.Join(texts, ",")
}

// logAddresses logs addresses and prefixes that an interface loses or gets.
func (b *InterfaceBatch) logAddresses(
	eniID string, released, assigned []netip.Addr, releasedPrefixes, prefixes []netip.Prefix,
) {
	b.releaseEIPs(eniID, func(e DescribedEIP) bool { return slices.Contains(released, *e.PrivateIPAddress) })
	b.log = append(b.log, addressChanges(eniID, released, assigned, releasedPrefixes, prefixes)...)
}

// releaseEIPs takes the EIPs of an interface that match off their addresses. The row of an association goes
// with its address.
func (b *InterfaceBatch) releaseEIPs(eniID string, matches func(DescribedEIP) bool) {
	n := b.enis[eniID]
	if n == nil { // a new interface
		return
	}
	var kept, released []DescribedEIP
	for _, e := range n.eips {
		if matches(e) {
			released = append(released, e)
		} else {
			kept = append(kept, e)
		}
	}
	n.eips = kept
	b.log = append(b.log, releasesOf(released, b.now)...)
}

// logDeletion logs that an interface is deleted, or will be.
func (b *InterfaceBatch) logDeletion(n NetworkInterface, status string, end *Ending) {
	b.releaseEIPs(n.ID, func(DescribedEIP) bool { return true })
	change := Change{Resource: n.ID, Field: "Status", From: n.Status, To: status}
	if end != nil && !end.Never {
		change.Then, change.DueAt = ENIDeleted, &end.At
	}
	b.log = append(b.log, change)
	if status == ENIDeleted { // so that the event is one of its VSwitch, which has its addresses again
		b.log = append(b.log, Change{Resource: n.ID, Field: "VSwitchId", From: n.VSwitchID})
	}
}
