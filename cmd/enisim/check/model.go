package check

import (
	"fmt"
	"math"

	"enisim.alt/cmd/enisim/history"
	"enisim.alt/service"
	"enisim.alt/store"
)

// kind is what the answer of an operation means. The first two kinds change the state; the others
// are observations.
type kind uint8

const (
	attach     kind = iota // the interface went onto the instance
	detach                 // the interface left the instance
	free                   // the interface was on no instance
	taken                  // the interface was on some instance
	on                     // the interface was on the instance
	elsewhere              // the interface was on another instance
	full                   // the interface was free and the instance was full
	impossible             // no state explains the answer
)

// Values for the instance of an interface, beside the indexes from 0.
const (
	nowhere  = -1 // free
	anywhere = -2 // not known: a window of a history starts without this information
)

// endless is the end of an operation that may take effect at any later time.
const endless = math.MaxInt64

// op is an operation of the model.
type op struct {
	kind          kind
	uncertain     bool // the outcome is unknown: it may have no effect
	acceptsRepeat bool // the server accepts it if its effect is already there
	eni           int  // index in the world
	instance      int  // index in the world; nowhere if the instance does not matter
	from, to      int64
	operation     *history.Operation
}

// changesState reports whether the operation changes the state.
func (o *op) changesState() bool { return o.kind <= detach }

// isRepeat reports whether the operation is a repeat that the server accepts: the interface is
// already attached to the instance, or already free.
func (o *op) isRepeat(at int) bool {
	return o.acceptsRepeat && (o.kind == attach && at == o.instance || o.kind == detach && at == nowhere)
}

// allows is the model. It reports whether the answer is right when the interface is on the instance
// at, and the operation's instance holds held interfaces of its limit. others is the number of
// further interfaces that may be on it but are not shown in a window; it is 0 in a whole history.
// The order of the rules is that of the service: the status of the interface comes before the limit
// of the instance.
func (o *op) allows(at, held, others, limit int) bool {
	if o.isRepeat(at) {
		return true
	}
	switch o.kind {
	case attach:
		return (at == nowhere || at == anywhere) && held < limit
	case detach, on:
		return at == o.instance || at == anywhere
	case free:
		return at == nowhere || at == anywhere
	case taken:
		return at != nowhere
	case elsewhere:
		return at != nowhere && at != o.instance
	case full:
		return (at == nowhere || at == anywhere) && held+others >= limit
	case impossible:
	}
	return false
}

// apply returns the instance of the interface after an operation that changes something, and the
// change of the count of the operation's instance. An interface that may be anywhere was not
// counted.
func (o *op) apply(at int) (to, more int) {
	switch {
	case o.isRepeat(at):
		return at, 0
	case o.kind == attach:
		return o.instance, 1
	case at == anywhere:
		return nowhere, 0
	}
	return nowhere, -1
}

// world is a history in the terms of the model.
type world struct {
	history *history.History
	start   []int // by interface: its instance at the start
	limit   []int
	held    []int // by instance: the number of interfaces on it at the start
	ops     []op  // operations that constrain an order; all others are ignored
}

// instanceName returns the id of an instance, with its account if it has one.
func (w *world) instanceName(i int) string {
	return qualifiedName(w.history.Instances[i].Account, w.history.Instances[i].ID)
}

// interfaceName returns the id of an interface, with its account if it has one.
func (w *world) interfaceName(i int) string {
	return qualifiedName(w.history.Interfaces[i].Account, w.history.Interfaces[i].ID)
}

// qualifiedName returns account/id, or the id alone without an account.
func qualifiedName(account, id string) string {
	if account == "" {
		return id
	}
	return account + "/" + id
}

// newWorld converts a history into the terms of the model.
func newWorld(h *history.History, rules Rules) (*world, error) {
	w := &world{history: h}
	indexes := newIndexes(h)
	// First the initial state: the limits, and which interface is on which instance.
	for _, i := range h.Instances {
		w.limit, w.held = append(w.limit, i.Limit), append(w.held, i.Held)
	}
	for _, n := range h.Interfaces {
		at := nowhere
		if n.Instance != "" {
			at = indexes.instanceByID[qualifiedID{n.Account, n.Instance}]
			w.held[at]++
		}
		w.start = append(w.start, at)
	}
	for i, held := range w.held {
		if held > w.limit[i] {
			return nil, fmt.Errorf("instance %s holds %d interfaces at the start and its limit is %d; a history "+
				"begins in a possible world: mend the lines of its world, or the server's database",
				h.Instances[i].ID, held, w.limit[i])
		}
	}
	// Then the operations. Only answers that say something about the state are kept.
	for k := range h.Operations {
		source := &h.Operations[k]
		if source.Status == store.ENIAttaching || source.Status == store.ENIDetaching {
			return nil, fmt.Errorf("op %d (line %d) saw interface %s %s; the model is of a server without delays: "+
				"serve --attach-delay 0 --detach-delay 0",
				source.ID, source.Line, source.Interface.ID, source.Status)
		}
		if o, constrains := newOp(source, indexes, rules); constrains {
			w.ops = append(w.ops, o)
		}
	}
	return w, nil
}

// indexes are the indexes of instances and interfaces in the world.
type indexes struct {
	instance     map[*history.Instance]int
	instanceByID map[qualifiedID]int
	eni          map[*history.Interface]int
}

// qualifiedID is an id with its account.
type qualifiedID struct{ account, id string }

// newIndexes returns the indexes of a history's instances and interfaces.
func newIndexes(h *history.History) indexes {
	x := indexes{map[*history.Instance]int{}, map[qualifiedID]int{}, map[*history.Interface]int{}}
	for k, i := range h.Instances {
		x.instance[i], x.instanceByID[qualifiedID{i.Account, i.ID}] = k, k
	}
	for k, n := range h.Interfaces {
		x.eni[n] = k
	}
	return x
}

// newOp converts an operation of a history. constrains reports whether its answer says something
// about the state.
func newOp(source *history.Operation, x indexes, rules Rules) (o op, constrains bool) {
	o = op{eni: x.eni[source.Interface], instance: nowhere, from: int64(source.Invoked), to: int64(source.Ended),
		operation: source}
	if source.Instance != nil {
		o.instance = x.instance[source.Instance]
	}
	switch {
	case source.Action == history.Describe && source.Outcome == history.OK:
		at, known := x.instanceByID[qualifiedID{source.Interface.Account, source.On}]
		switch {
		case source.Status == store.ENIAvailable && source.On == "":
			o.kind = free
		case source.Status == store.ENIInUse && known:
			o.kind, o.instance = on, at
		default:
			o.kind = impossible
		}
	case source.Action == history.Describe:
		return op{}, false
	case source.Outcome == history.Fail:
		o.kind, constrains = refusalKind(source, rules)
		return o, constrains
	default:
		o.kind = attach
		if source.Action == history.Detach {
			o.kind = detach
		}
		o.acceptsRepeat = rules.AcceptRepeats
		if o.uncertain = source.Outcome == history.Unknown; o.uncertain {
			o.to = endless
		}
	}
	return o, true
}

// refusalKind returns what a refused attach or detach says about the state. Most codes say nothing
// that the model knows, such as throttling or a missing permission.
func refusalKind(source *history.Operation, rules Rules) (k kind, constrains bool) {
	switch {
	case rules.AcceptRepeats && source.Action == history.Attach && source.Code == service.InvalidEniState.Code:
		return elsewhere, true
	case rules.AcceptRepeats && source.Action == history.Detach && source.Code == service.InvalidEniState.Code:
		return impossible, true
	case source.Action == history.Attach && source.Code == service.InvalidEniState.Code:
		return taken, true
	case source.Action == history.Attach && source.Code == service.EniPerInstanceLimitExceeded.Code:
		return full, true
	case source.Action == history.Detach && source.Code == service.InvalidEniState.Code:
		return free, true
	case source.Action == history.Detach && (source.Code == service.EniNotBelongEcs.Code ||
		source.Code == service.EniNotBelongTrunk.Code):
		return elsewhere, true
	}
	return 0, false
}
