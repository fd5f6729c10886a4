package scenario

import "enisim.alt/store"

// takenForms are how much the interfaces of an instance take of the limits of its type.
type takenForms struct {
	rdma   int
	queues int
	onCard map[int]int // interfaces by the network card that they name
}

// takePrimaryForms counts the queues of the primary interface of an instance.
func (x *accountExpansion) takePrimaryForms(e *instanceEntry, eni *store.NetworkInterface, i *instance) {
	x.checkCard(e.primary.networkCard, i)
	if x.checkQueues(e.primary.queueNumber, i) {
		x.takeQueues(e.at, i.typ.QueuesOf(&eni.AttachableENI), i)
	}
}

// takeForms counts the RDMA mode, the queues and the network card of an attached interface, and reports what
// the type of its instance does not have.
func (x *accountExpansion) takeForms(e *interfaceEntry, eni *store.NetworkInterface, i *instance) {
	if eni.TrafficMode == store.TrafficHighPerformance {
		i.forms.rdma++
		if limit := i.typ.ERIQuantity; limit != nil && i.forms.rdma > *limit {
			x.add(e.at, "", "instance %s is of type %s, which holds %d RDMA interfaces", i.row.ID, i.typ.ID, *limit)
		}
	}
	if e.networkCard.given && x.checkCard(e.networkCard, i) {
		x.takeCard(e.networkCard, i)
	}
	if !x.checkQueues(e.queueNumber, i) {
		return
	}
	eni.Queues = i.typ.CountedQueues(&eni.AttachableENI)
	x.takeQueues(e.at, eni.Queues, i)
}

// checkCard reports a network card that the type of an instance does not have.
func (x *accountExpansion) checkCard(card located[int], i *instance) bool {
	if cards := i.typ.NetworkCards; card.given && (cards == nil || card.value >= *cards) {
		x.add(card.at, "", "instance %s is of type %s, which has no network card %d", i.row.ID, i.typ.ID, card.value)
		return false
	}
	return true
}

// takeCard counts an interface that names a network card. The primary interface is on card 0.
func (x *accountExpansion) takeCard(card located[int], i *instance) {
	if i.forms.onCard == nil {
		i.forms.onCard = map[int]int{0: 1}
	}
	i.forms.onCard[card.value]++
	if limit := i.typ.ENIsPerNetworkCard; limit != nil && i.forms.onCard[card.value] > *limit {
		x.add(card.at, "", "instance %s is of type %s, whose network cards hold %d interfaces each",
			i.row.ID, i.typ.ID, *limit)
	}
}

// checkQueues reports a number of queues that no interface of an instance may have.
func (x *accountExpansion) checkQueues(queues located[int], i *instance) bool {
	if limit := i.typ.MaxQueuesPerENI; queues.given && limit != nil && queues.value > *limit {
		x.add(queues.at, "", "instance %s is of type %s, whose interfaces have %d queues at most, got %d",
			i.row.ID, i.typ.ID, *limit, queues.value)
		return false
	}
	return true
}

// takeQueues counts the queues of an interface against the total of the type. nil counts as none.
func (x *accountExpansion) takeQueues(at position, queues *int, i *instance) {
	if queues == nil {
		return
	}
	i.forms.queues += *queues
	if limit := i.typ.TotalENIQueues; limit != nil && i.forms.queues > *limit {
		x.add(at, "", "the interfaces of instance %s have %d queues, and those of its type %s have %d at most",
			i.row.ID, i.forms.queues, i.typ.ID, *limit)
	}
}
