package service

import "enisim.alt/store"

// formInput is an interface that an instance holds or is about to hold, beside its other ones, as far as the
// type of the instance limits RDMA interfaces and queues.
type formInput struct {
	typ         *store.AttachableType
	isRDMA      bool
	queueNumber *int // nil unless it was set
	counted     int  // queues of the interface that count against the total of the type
	rdma        int  // number of RDMA interfaces of the instance, without this one
	queues      int  // number of queues of the instance, without those of this one
}

// newFormInput returns the input of an interface that is alone on an instance.
func newFormInput(typ *store.AttachableType, eni *store.AttachableENI) formInput {
	return formInput{
		typ: typ, isRDMA: eni.TrafficMode == store.TrafficHighPerformance, queueNumber: eni.QueueNumber,
		counted: valueOf(typ.CountedQueues(eni)),
	}
}

// beside returns the input with what the other interfaces of the instance take.
func (f formInput) beside(rdma, queues int) formInput {
	f.rdma, f.queues = rdma, queues
	return f
}

// queuesOnInstance returns how many queues the instance would have in all.
func (f formInput) queuesOnInstance() int { return f.queues + f.counted }

// hasTooManyRDMA reports whether the instance would have more RDMA interfaces than the type allows.
func (f formInput) hasTooManyRDMA() bool { return f.isRDMA && exceeds(f.rdma+1, f.typ.ERIQuantity) }

// hasTooManyQueues reports whether the interface would have more queues than the type allows.
func (f formInput) hasTooManyQueues() bool {
	return f.queueNumber != nil && exceeds(*f.queueNumber, f.typ.MaxQueuesPerENI)
}

// exceedsTotal reports whether the instance would have more queues than the type allows.
func (f formInput) exceedsTotal() bool { return exceeds(f.queuesOnInstance(), f.typ.TotalENIQueues) }

// firstOverLimit returns the first of the interfaces of an instance with which it exceeds a limit of its type, with
// what the interfaces before it take; or the last one if none does.
func firstOverLimit(typ *store.AttachableType, enis []*store.AttachableENI) (f formInput) {
	rdma, queues := 0, 0
	for _, eni := range enis {
		f = newFormInput(typ, eni).beside(rdma, queues)
		if f.hasTooManyRDMA() || f.hasTooManyQueues() || f.exceedsTotal() {
			break
		}
		if f.isRDMA {
			rdma++
		}
		queues += f.counted
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
			return f.isRDMA && f.typ.ERIQuantity != nil && *f.typ.ERIQuantity == 0
		})},
		{err: HighPerformanceLimitExceeded, violated: violated(formInput.hasTooManyRDMA)},
	}, queueRules(input)...)
}

// queueRules returns the rules of formRules on queues.
func queueRules[T any](input func(T) (formInput, bool)) []rule[T] {
	violated := ofForms(input)
	return []rule[T]{
		{
			err:      MaxEniQueueNumberExceeded,
			violated: violated(formInput.hasTooManyQueues),
			messageArgs: func(r T) []any {
				f, _ := input(r)
				return []any{*f.queueNumber, f.typ.ID, *f.typ.MaxQueuesPerENI}
			},
		},
		{
			err:      ExceedInstanceTypeQueueNumber,
			violated: violated(formInput.exceedsTotal),
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
