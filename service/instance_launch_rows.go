package service

import (
	"context"
	"net/netip"
	"time"

	"enisim/store"
)

// lockLaunch locks the rows that a launch needs, and stores them in l, settled to the current time.
func (s *Service) lockLaunch(ctx context.Context, tx *store.Tx, caller Caller, l *launchInput) (err error) {
	l.LaunchScene, err = tx.LockForLaunch(ctx, l.storeWant(caller.AccountID), s.beforeLocks())
	if err != nil {
		return err
	}
	l.now = s.Now()
	l.Settle(l.now)
	l.count = l.possibleCount()
	return nil
}

// runningInstance returns the status fields of an instance that is created and started at now.
func (s *Service) runningInstance(now time.Time) store.Instance {
	created := now.Add(s.options.CreateDelay)
	state := s.startingInstance(created)
	if s.options.CreateDelay > 0 {
		state.Status, state.NextStatus = store.InstancePending, new(store.InstanceStarting)
		state.SettlesAt, state.RunningAt = &created, new(created.Add(s.options.StartDelay))
	}
	return state
}

// startingInstance returns the status fields of an instance that is started at now.
func (s *Service) startingInstance(now time.Time) store.Instance {
	if s.options.StartDelay == 0 {
		return store.Instance{
			AttachableInstance: store.AttachableInstance{Status: store.InstanceRunning}, StartedAt: &now,
		}
	}
	return store.Instance{
		AttachableInstance: store.AttachableInstance{
			Status:     store.InstanceStarting,
			NextStatus: new(store.InstanceRunning),
			SettlesAt:  new(now.Add(s.options.StartDelay)),
		},
		StartedAt: &now,
	}
}

// addInstance adds the rows of the k-th instance of a launch, from 0, with its interfaces. state has
// its status fields. It returns the id of the instance.
func (s *Service) addInstance(
	rows *store.LaunchRows, caller Caller, l launchInput, k int, uniqueSuffix bool, state store.Instance,
) string {
	vswitch := l.vswitchOf(l.interfaces[0])
	i := state
	i.AccountID, i.ID, i.RegionID, i.ZoneID = caller.AccountID, s.newID("i-", l.RegionID), l.RegionID, vswitch.ZoneID
	i.NetworkType, i.VPCID, i.VSwitchID = store.NetworkTypeVPC, &vswitch.VPCID, &vswitch.ID
	i.InstanceTypeOwnerID, i.InstanceType, i.ENIQuantity = l.Type.OwnerID, l.Type.ID, l.Type.ENIQuantity
	i.Name = numberedName(l.InstanceName, k, l.count, uniqueSuffix)
	if i.Name == "" {
		i.Name = i.ID
	}
	i.HostName = numberedName(l.HostName, k, l.count, uniqueSuffix)
	if i.HostName == "" {
		i.HostName = defaultHostName(i.ID)
	}
	i.Description, i.ResourceGroupID, i.Tags, i.CreatedAt = l.Description, l.ResourceGroupID, tagMap(l.Tags), l.now
	i.Attributes = s.newInstanceAttributes(l.NewInstance)
	rows.Instances = append(rows.Instances, i)
	// Then its interfaces, in the order of their device indexes: existing ones are attached, the
	// others created.
	for index, wanted := range l.interfaces {
		if n := l.Interfaces[wanted.NetworkInterfaceID]; n != nil {
			rows.Attach(n.NetworkInterface, i, index, wanted.NetworkCardIndex, dueAt(l.now, s.options.AttachDelay))
			continue
		}
		n, found := s.newLaunchedInterface(l, i, k, index)
		rows.Create(n, found)
	}
	return i.ID
}

// newLaunchedInterface returns the interface for a device index of the k-th instance. found are
// those of its addresses that it takes out of the VSwitch's offer.
func (s *Service) newLaunchedInterface(
	l launchInput, i store.Instance, k, index int,
) (n store.NewNetworkInterface, found []netip.Addr) {
	wanted := l.interfaces[index]
	offer := l.Offers[wanted.VSwitchID]
	v := offer.VSwitch
	n.NetworkInterface = store.NetworkInterface{
		AttachableENI: store.AttachableENI{
			AccountID:           i.AccountID,
			ID:                  s.newID("eni-", i.RegionID),
			RegionID:            i.RegionID,
			ZoneID:              v.ZoneID,
			VPCID:               v.VPCID,
			VSwitchID:           v.ID,
			Type:                store.ENISecondary,
			Status:              store.ENIInUse,
			InstanceID:          &i.ID,
			InstanceENIQuantity: &i.ENIQuantity,
			DeviceIndex:         &index,
			NetworkCardIndex:    wanted.NetworkCardIndex,
		},
		MACAddress:      s.newMAC(),
		QueueNumber:     wanted.QueueNumber,
		DeleteOnRelease: !isFalse(wanted.DeleteOnRelease),
		SourceDestCheck: valueOf(wanted.SourceDestCheck),
		Name:            wanted.NetworkInterfaceName,
		Description:     wanted.Description,
		ResourceGroupID: i.ResourceGroupID,
		CreatedAt:       l.now,
	}
	if index == 0 {
		n.Type, n.Tags = store.ENIPrimary, i.Tags
	}
	n.SecurityGroupIDs = wanted.groupIDs()

	// First the primary address: the named one of this instance, or the first free one. Then the
	// other IPv4 addresses.
	found, offer.IPv4 = offer.IPv4[:wanted.ipv4ToFind()], offer.IPv4[wanted.ipv4ToFind():]
	ipv4 := found
	if row := l.primaryAddresses(wanted); len(row) > 0 {
		ipv4 = append([]netip.Addr{row[k]}, found...)
	}
	for position, a := range ipv4 {
		n.Addresses = append(n.Addresses, store.PrivateIPAddress{Address: a, IsPrimary: position == 0})
	}
	// Then the IPv6 addresses: named, or random.
	ipv6 := parseAddresses(wanted.IPv6Addresses)
	for range valueOf(wanted.IPv6AddressCount) {
		ipv6 = append(ipv6, s.randomIPv6(*v.IPv6CIDRBlock))
	}
	for _, a := range ipv6 {
		n.Addresses = append(n.Addresses, store.PrivateIPAddress{Address: a})
	}
	return n, found
}

// newInstanceAttributes returns the attributes of a new instance that are stored and shown, without
// effect.
func (s *Service) newInstanceAttributes(r NewInstance) store.InstanceAttributes {
	a := store.InstanceAttributes{
		ImageID: r.ImageID, KeyPairName: r.KeyPairName, RAMRoleName: r.RAMRoleName, UserData: r.UserData,
		InstanceChargeType: r.InstanceChargeType, InternetChargeType: r.InternetChargeType,
		InternetMaxBandwidthIn:  valueOf(r.InternetMaxBandwidthIn),
		InternetMaxBandwidthOut: valueOf(r.InternetMaxBandwidthOut),
		SpotStrategy:            r.SpotStrategy, CreditSpecification: r.CreditSpecification,
		DeletionProtection: valueOf(r.DeletionProtection),
		SystemDisk:         newDisk(r.SystemDisk, r.Tags),
	}
	if a.ImageID == "" {
		a.ImageID = InstanceImageID // a family stands for its newest image
	}
	for _, d := range r.DataDisks {
		disk := newDisk(d, r.Tags)
		disk.ID = s.newID("d-", r.RegionID)
		a.DataDisks = append(a.DataDisks, disk)
	}
	return a
}

// newDisk returns a new disk. It has the tags of its instance.
func newDisk(d NewDisk, tags []Tag) store.Disk {
	disk := store.Disk{
		Name: d.DiskName, Description: d.Description, Category: d.Category, PerformanceLevel: d.PerformanceLevel,
		SizeGiB: valueOf(d.Size), Encrypted: valueOf(d.Encrypted), KeepWithoutInstance: isFalse(d.DeleteWithInstance),
	}
	if len(tags) > 0 {
		disk.Tags = tagMap(tags)
	}
	return disk
}
