package check

import (
	"fmt"
	"math"

	"enisim/cmd/enisim/history"
	"enisim/service"
	"enisim/store"
)

// kind is what an answered operation says. The first two change the world, the others only tell how it stood.
type kind uint8

const (
	attach    kind = iota // the interface went onto the instance
	detach                // the interface left the instance
	free                  // the interface was on no instance
	taken                 // the interface was on some instance
	on                    // the interface was on the instance
	elsewhere             // the interface was on another instance
	full                  // the interface was free and the instance had no place
	never                 // no world answers so
)

// Places of an interface other than an instance, which is an index from 0.
const (
	nowhere = -1 // free
	unsure  = -2 // anywhere: a window of a history begins without knowing
)

// endless is the end of an operation that may take effect at any later time.
const endless = math.MaxInt64

// op is an operation in the words of the model.
type op struct {
	kind      kind
	maybe     bool // of unknown outcome: it may also have no effect
	repeats   bool // the server accepts it when its effect is there already
	eni       int  // index in the world
	instance  int  // index in the world; nowhere where it does not matter
	from, to  int64
	operation *history.Operation
}

// changes tells whether the operation has an effect.
func (o *op) changes() bool { return o.kind <= detach }

// isRepeated reports whether the operation is accepted while its interface is at a place because it is there already, or has left already.
func (o *op) isRepeated(at int) bool {
	return o.repeats && (o.kind == attach && at == o.instance || o.kind == detach && at == nowhere)
}

// allows is the model: whether an answer is right while its interface is at a place and its instance holds so many interfaces of its limit. Others is how many
// more it may hold that a window of a history does not show, 0 in a whole one. The order of the rules is that of the service: the status of the
// interface comes before the limit of the instance.
func (o *op) allows(at, held, others, limit int) bool {
	if o.isRepeated(at) {
		return true
	}
	switch o.kind {
	case attach:
		return (at == nowhere || at == unsure) && held < limit
	case detach, on:
		return at == o.instance || at == unsure
	case free:
		return at == nowhere || at == unsure
	case taken:
		return at != nowhere
	case elsewhere:
		return at != nowhere && at != o.instance
	case full:
		return (at == nowhere || at == unsure) && held+others >= limit
	}
	return false
}

// move applies an operation that changes something: where its interface is afterwards, and what that adds to the instance. An interface that was not known
// to be there was not counted.
func (o *op) move(at int) (to, more int) {
	switch {
	case o.isRepeated(at):
		return at, 0
	case o.kind == attach:
		return o.instance, 1
	case at == unsure:
		return nowhere, 0
	}
	return nowhere, -1
}

// world is a history in the words of the model.
type world struct {
	history *history.History
	start   []int // where each interface is at the start
	limit   []int
	held    []int // how many interfaces each instance holds at the start
	ops     []op  // what constrains an order; other operations may stand anywhere
}

// instance and eni are ids, with their account where there is one.
func (w *world) instance(i int) string {
	return named(w.history.Instances[i].Account, w.history.Instances[i].ID)
}

func (w *world) eni(i int) string {
	return named(w.history.Interfaces[i].Account, w.history.Interfaces[i].ID)
}

func named(account, id string) string {
	if account == "" {
		return id
	}
	return account + "/" + id
}

// compile puts a history into the words of the model.
func compile(h *history.History, rules Rules) (*world, error) {
	w := &world{history: h}
	instances := map[*history.Instance]int{}
	type key struct{ account, id string }
	byID := map[key]int{}
	for k, i := range h.Instances {
		instances[i], byID[key{i.Account, i.ID}] = k, k
		w.limit, w.held = append(w.limit, i.Limit), append(w.held, i.Held)
	}
	interfaces := map[*history.Interface]int{}
	for k, n := range h.Interfaces {
		interfaces[n] = k
		at := nowhere
		if n.Instance != "" {
			at = byID[key{n.Account, n.Instance}]
			w.held[at]++
		}
		w.start = append(w.start, at)
	}
	for i, held := range w.held {
		if held > w.limit[i] {
			return nil, fmt.Errorf("instance %s holds %d interfaces at the start and its limit is %d; a history begins in a possible world: mend the lines of its world, or the server's database",
				h.Instances[i].ID, held, w.limit[i])
		}
	}
	for k := range h.Operations {
		source := &h.Operations[k]
		o := op{eni: interfaces[source.Interface], instance: nowhere, from: int64(source.Invoked), to: int64(source.Ended), operation: source}
		if source.Instance != nil {
			o.instance = instances[source.Instance]
		}
		if source.Status == store.ENIAttaching || source.Status == store.ENIDetaching {
			return nil, fmt.Errorf("op %d (line %d) saw interface %s %s; the model is of a server without delays: serve --attach-delay 0 --detach-delay 0",
				source.ID, source.Line, source.Interface.ID, source.Status)
		}
		constrains := true
		switch {
		case source.Action == history.Describe && source.Outcome == history.OK:
			at, known := byID[key{source.Interface.Account, source.On}]
			switch {
			case source.Status == store.ENIAvailable && source.On == "":
				o.kind = free
			case source.Status == store.ENIInUse && known:
				o.kind, o.instance = on, at
			default:
				o.kind = never
			}
		case source.Action == history.Describe:
			constrains = false
		case source.Outcome == history.Fail:
			o.kind, constrains = refusal(source, rules)
		default:
			o.kind = attach
			if source.Action == history.Detach {
				o.kind = detach
			}
			o.repeats = rules.AcceptRepeats
			if o.maybe = source.Outcome == history.Unknown; o.maybe {
				o.to = endless
			}
		}
		if constrains {
			w.ops = append(w.ops, o)
		}
	}
	return w, nil
}

// refusal is what a refused attach or detach tells of the world. Most codes tell nothing that the model knows of: throttling, a right that the caller lacks.
func refusal(source *history.Operation, rules Rules) (k kind, constrains bool) {
	switch {
	case rules.AcceptRepeats && source.Action == history.Attach && source.Code == service.InvalidEniState.Code:
		return elsewhere, true
	case rules.AcceptRepeats && source.Action == history.Detach && source.Code == service.InvalidEniState.Code:
		return never, true
	case source.Action == history.Attach && source.Code == service.InvalidEniState.Code:
		return taken, true
	case source.Action == history.Attach && source.Code == service.EniPerInstanceLimitExceeded.Code:
		return full, true
	case source.Action == history.Detach && source.Code == service.InvalidEniState.Code:
		return free, true
	case source.Action == history.Detach && source.Code == service.EniNotBelongEcs.Code:
		return elsewhere, true
	}
	return 0, false
}
