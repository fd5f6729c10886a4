package service

import "enisim.alt/store"

// formInput is an interface that an instance holds or is about to hold, beside its other ones, as far as the
// type of the instance limits RDMA interfaces, queues and network cards.
type formInput struct {
	eni    *store.AttachableENI
	typ    *store.AttachableType
	rdma   int // number of RDMA interfaces of the instance, without eni
	queues int // number of queues of the instance, without those of eni
}

// queuesOnInstance returns how many queues the instance would have in all.
func (f formInput) queuesOnInstance() int {
	_, queues := f.counted()
	return f.queues + queues
}

// counted returns how much the interface takes of the limits of the type.
func (f formInput) counted() (rdma, queues int) {
	if f.isRDMA() {
		rdma = 1
	}
	return rdma, valueOf(f.typ.CountedQueues(f.eni))
}

// exceedsLimit reports whether a limit of the type refuses the interface.
func (f formInput) exceedsLimit() bool {
	return f.isRDMA() && exceeds(f.rdma+1, f.typ.ERIQuantity) ||
		f.eni.QueueNumber != nil && exceeds(*f.eni.QueueNumber, f.typ.MaxQueuesPerENI) ||
		exceeds(f.queuesOnInstance(), f.typ.TotalENIQueues)
}

// firstOverLimit returns the first of the interfaces of an instance with which it exceeds a limit of its type, with
// what the interfaces before it take; or the last one if none does.
func firstOverLimit(typ *store.AttachableType, enis []*store.AttachableENI) (f formInput) {
	f.typ = typ
	for k, eni := range enis {
		if k > 0 {
			rdma, queues := f.counted()
			f.rdma, f.queues = f.rdma+rdma, f.queues+queues
		}
		if f.eni = eni; f.exceedsLimit() {
			break
		}
	}
	return f
}

// formRules returns the rules on the limits of a type on RDMA interfaces and queues. A limit that no source gives
// does not bind. input returns false if there is no instance, or if the request changes nothing that these rules
// limit.
func formRules[T any](input func(T) (formInput, bool)) []rule[T] {
	violated := ofForms(input)
	return append([]rule[T]{
		{err: InstanceTypeNotSupportHighPerformance, violated: violated(func(f formInput) bool {
			return f.isRDMA() && f.typ.ERIQuantity != nil && *f.typ.ERIQuantity == 0
		})},
		{err: HighPerformanceLimitExceeded, violated: violated(func(f formInput) bool {
			return f.isRDMA() && exceeds(f.rdma+1, f.typ.ERIQuantity)
		})},
	}, queueRules(input)...)
}

// queueRules returns the rules of formRules on queues.
func queueRules[T any](input func(T) (formInput, bool)) []rule[T] {
	violated := ofForms(input)
	return []rule[T]{
		{
			err: MaxEniQueueNumberExceeded,
			violated: violated(func(f formInput) bool {
				return f.eni.QueueNumber != nil && exceeds(*f.eni.QueueNumber, f.typ.MaxQueuesPerENI)
			}),
			messageArgs: func(r T) []any {
				f, _ := input(r)
				return []any{*f.eni.QueueNumber, f.typ.ID, *f.typ.MaxQueuesPerENI}
			},
		},
		{
			err:      ExceedInstanceTypeQueueNumber,
			violated: violated(func(f formInput) bool { return exceeds(f.queuesOnInstance(), f.typ.TotalENIQueues) }),
			messageArgs: func(r T) []any {
				f, _ := input(r)
				return []any{f.queuesOnInstance(), f.typ.ID, *f.typ.TotalENIQueues}
			},
		},
	}
}

// ofForms returns the condition of a rule from one on its form. It does not hold if input returns false.
func ofForms[T any](input func(T) (formInput, bool)) func(func(formInput) bool) func(T) bool {
	return func(violated func(formInput) bool) func(T) bool {
		return func(r T) bool {
			f, limited := input(r)
			return limited && violated(f)
		}
	}
}

func (f formInput) isRDMA() bool { return f.eni.TrafficMode == store.TrafficHighPerformance }

// needsStoppedInstance reports whether an interface can be attached to and detached from an instance of this
// status only after it is stopped, because of its traffic mode.
func needsStoppedInstance(eni *store.AttachableENI, instanceStatus string) bool {
	return eni.TrafficMode == store.TrafficHighPerformance && instanceStatus != store.InstanceStopped
}

// namesUnusableCard reports whether a request names a network card that the type does not have. Most types have
// none.
func namesUnusableCard(card, cards *int) bool {
	return card != nil && (*card < 0 || cards == nil || *card >= *cards)
}
