package service

import (
	"cmp"
	"context"
	"net/netip"
	"time"

	"enisim.alt/service/disturbance"
	"enisim.alt/store"
)

// lockLaunch locks the rows that a launch needs, and stores them in l, settled to the current time.
func (s *Service) lockLaunch(ctx context.Context, tx *store.Tx, caller Caller, l *launchInput) (err error) {
	l.quotas = caller.Quotas
	l.LaunchScene, err = tx.LockForLaunch(ctx, l.storeWant(caller.AccountID), s.beforeLocks(caller))
	if err != nil {
		return err
	}
	// Then the stock of where the instances would be, which only a rule limits.
	if v := l.vswitchOfPrimary(); v != nil && l.Type != nil {
		l.stock, err = lockStock(ctx, tx, caller, stockOf{l.RegionID, v.ZoneID, l.Type.ID})
		if err != nil {
			return err
		}
	}
	l.now = s.timeOf(caller)
	l.Settle(l.now)
	l.count = l.possibleCount()
	return nil
}

// newInstance returns an instance of a launch, with a new id.
func (s *Service) newInstance(l launchInput) store.Instance {
	return store.Instance{AttachableInstance: store.AttachableInstance{ID: s.newID("i-", l.RegionID)}}
}

// launch sets the status of an instance that is created at now, the k-th of its launch, from 0. It is
// Pending and starts then.
func (s *Service) launch(caller Caller, i *store.Instance, k int, now time.Time) {
	pending := s.transition(caller, disturbance.Pending, i.ID, k)
	starting := s.transition(caller, disturbance.Starting, i.ID, k)
	if pending.isInstant() {
		starting.start(i, now)
		return
	}
	pending.set(&i.AttachableInstance, now, store.InstancePending, store.InstanceStarting)
	if pending.never {
		i.StartedAt = &now // which tells it from an instance that is not to start
		return
	}
	created := pending.endsAt(now)
	i.StartedAt, i.RunningAt, i.StartFails = &created, new(starting.endsAt(created)), starting.fails
}

// addInstance adds the rows of the k-th instance of a launch, from 0, with its interfaces. i has its id
// and its status.
func (s *Service) addInstance(
	rows *store.LaunchRows, caller Caller, l launchInput, k int, uniqueSuffix bool, i store.Instance,
) {
	vswitch := l.vswitchOf(l.interfaces[0])
	i.AccountID, i.RegionID, i.ZoneID = caller.AccountID, l.RegionID, vswitch.ZoneID
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
	rows.Disks = append(rows.Disks, s.newDataDisks(l.NewInstance, i)...)
	// Then its interfaces, in the order of their device indexes: existing ones are attached, the
	// others created.
	for index, wanted := range l.interfaces {
		if n := l.Interfaces[wanted.NetworkInterfaceID]; n != nil {
			attaching := s.transition(caller, disturbance.Attaching, n.ID, index-1)
			if !attaching.fails || !attaching.isInstant() { // otherwise it has fallen back already
				existing := n.NetworkInterface
				existing.Queues = l.Type.CountedQueues(&existing.AttachableENI)
				rows.Attach(existing, i, index, wanted.NetworkCardIndex, attaching.ending(l.now))
			}
			continue
		}
		n, found := s.newLaunchedInterface(l, i, k, index)
		rows.Create(n, found)
	}
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
			TrafficMode:         cmp.Or(wanted.NetworkInterfaceTrafficMode, store.TrafficStandard),
			QueueNumber:         wanted.QueueNumber,
		},
		MACAddress:      s.newMAC(),
		DeleteOnRelease: !isFalse(wanted.DeleteOnRelease),
		SourceDestCheck: valueOf(wanted.SourceDestCheck),
		Name:            wanted.NetworkInterfaceName,
		Description:     wanted.Description,
		ResourceGroupID: i.ResourceGroupID,
		CreatedAt:       l.now,
	}
	if index == 0 {
		n.Type, n.Tags = store.ENIPrimary, i.Tags
	} else {
		n.Queues = l.Type.CountedQueues(&n.AttachableENI)
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
	return a
}

// newDataDisks returns the data disks of a new instance, which are on it from the beginning.
func (s *Service) newDataDisks(r NewInstance, i store.Instance) (disks []store.DataDisk) {
	for k, d := range r.DataDisks {
		disks = append(disks, store.DataDisk{
			AccountID:       i.AccountID,
			ID:              s.newID("d-", i.RegionID),
			RegionID:        i.RegionID,
			ZoneID:          i.ZoneID,
			InstanceID:      &i.ID,
			Slot:            new(k + 1),
			Status:          store.DiskInUse,
			ResourceGroupID: i.ResourceGroupID,
			Attributes:      newDisk(d, r.Tags),
			CreatedAt:       i.CreatedAt,
			AttachedAt:      &i.CreatedAt,
		})
	}
	return disks
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
