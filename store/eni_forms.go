package store

import "time"

// InstanceForms are the other interfaces of an instance, as far as its type limits RDMA interfaces and queues.
type InstanceForms struct {
	Type   *InstanceType // nil: the interface is on no instance
	RDMA   int           // number of RDMA interfaces
	Queues int           // number of queues that count against the total of the type
	others []AttachableENI
}

// readForms queues the read of the type of the instance that holds an interface, and of the other interfaces
// that it holds. eni is a statement that selects the id of the interface, by an account $1 and a resource $2. The
// instance has to be locked, and the interface, so that both reads find it on the same instance.
func (tx *Tx) readForms(accountID, eni, resourceID string, forms *InstanceForms) {
	tx.queue(`
		SELECT `+InstanceTypesTable.SelectList("t")+`
		FROM whole_network_interfaces n
		JOIN instances i ON i.account_id = n.account_id AND i.id = n.instance_id
		JOIN instance_types t ON t.owner_id = i.instance_type_owner_id AND t.id = i.instance_type
		WHERE n.account_id = $1 AND n.id = (`+eni+`)`, accountID, resourceID).
		Query(each(InstanceTypesTable.Targets, func(t InstanceType) { forms.Type = &t }))
	tx.queue(`
		SELECT s.device_index, s.next_status, s.settles_at, s.traffic_mode, s.queues
		FROM whole_network_interfaces n
		JOIN slots s ON s.account_id = n.account_id AND s.instance_id = n.instance_id
		WHERE n.account_id = $1 AND n.id = (`+eni+`) AND s.network_interface_id <> n.id`, accountID, resourceID).
		Query(each(func(n *AttachableENI) []any {
			return []any{&n.DeviceIndex, &n.NextStatus, &n.SettlesAt, &n.TrafficMode, &n.Queues}
		}, func(n AttachableENI) { forms.others = append(forms.others, n) }))
}

// settle counts the interfaces that are on the instance at now.
func (f *InstanceForms) settle(now time.Time) {
	for _, n := range f.others {
		if !n.hasLeft(now) {
			rdma, queues := f.Type.countForms(&n)
			f.RDMA, f.Queues = f.RDMA+rdma, f.Queues+queues
		}
	}
}

// countForms returns how much the slot of an interface takes of the limits of the type.
func (l FormLimits) countForms(slot *AttachableENI) (rdma, queues int) {
	if slot.TrafficMode == TrafficHighPerformance {
		rdma = 1
	}
	counted := slot.Queues
	if *slot.DeviceIndex == 0 && counted == nil { // the slot of a primary interface has no default
		counted = l.PrimaryENIQueues
	}
	if counted != nil {
		queues = *counted
	}
	return rdma, queues
}
